# SPDX-License-Identifier: Apache-2.0
"""What is written for drawing tools is what they read, whatever a node is called."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest

from airflow_xborder.authoring.loading import load_policies
from airflow_xborder.core.drawing import around, to_dot, to_json, to_mermaid
from airflow_xborder.core.graph import KINDS, ComplianceGraph, Edge, Node

GRAPH = ComplianceGraph(load_policies(["eu.gdpr", "jp.appi", "us.ccpa", "us.dsp"]))
# Graphviz takes minutes over the many adequacy decisions.
DRAWN = ComplianceGraph(load_policies(["jp.appi", "us.dsp"]))
A, B = Node("requirement", 'a"b\\c'), Node("trigger", "x=<1>;#[y]|\n")
ODD = (Edge(B, "triggers", A),)


class TestAround:
    def test_what_a_rule_rests_on_is_followed(self) -> None:
        found = around(GRAPH, Node("requirement", "eu.gdpr.a44"))
        ends = {str(end) for edge in found for end in (edge.source, edge.target)}
        assert {"requirement:purpose_limitation", "constraint:eu.gdpr.a46.scc", "mechanism:scc_eu"} <= ends
        assert "requirement:us.dsp.records" not in ends

    def test_of_a_ground_the_rules_that_need_it_are_next(self) -> None:
        found = around(GRAPH, Node("mechanism", "cisa_controls"))
        assert {str(edge.source) for edge in found} == {"constraint:us.dsp.restricted"}


class TestDot:
    if shutil.which("dot"):  # nobody needs Graphviz to develop; where it is, it has the last word

        @pytest.mark.parametrize("edges", [DRAWN.edges, ODD], ids=["shipped", "odd"])
        def test_graphviz_reads_it(self, edges: tuple[Edge, ...]) -> None:
            text = to_dot((), edges)
            result = subprocess.run(
                ["dot", "-Tplain"], input=text, capture_output=True, text=True, timeout=50
            )
            assert result.returncode == 0, result.stderr
            drawn = [line for line in result.stdout.splitlines() if line.startswith("edge ")]
            assert len(drawn) == len(edges)

    def test_names_are_quoted(self) -> None:
        assert '"requirement:a\\"b\\\\c" [label="a\\"b\\\\c", shape=box' in to_dot((A,), ())

    def test_every_line_is_a_statement(self) -> None:
        quoted = r'"(?:[^"\\]|\\.)*"'
        statement = re.compile(rf"  {quoted}(?: -> {quoted})? \[(?:\w+=(?:{quoted}|\w+)(?:, )?)+\];")
        head, rank, style, *lines, end = to_dot(GRAPH.nodes, [*GRAPH.edges, *ODD]).split("\n")
        assert (head, rank, end) == ("digraph compliance {", "  rankdir=LR;", "}") and style.startswith(
            "  node ["
        )
        assert [line for line in lines if not statement.fullmatch(line)] == []


class TestMermaid:
    def test_every_line_is_a_node_an_edge_or_a_class(self) -> None:
        head, *lines = to_mermaid(GRAPH.nodes, [*GRAPH.edges, *ODD]).split("\n")
        assert head == "flowchart LR"
        kinds = "|".join(KINDS)
        node = re.compile(rf'  (n\d+)\["(?:[\w .,=+/-]|#\d+;)*"\]:::(?:{kinds})')
        edge = re.compile(r"  (n\d+) -->\|[a-z-]+\| (n\d+)")
        style = re.compile(rf"  classDef (?:{kinds}) fill:#[0-9a-f]{{6}},stroke:#555,color:#000")
        nodes = {found[1] for line in lines if (found := node.fullmatch(line))}
        edges = [found for line in lines if (found := edge.fullmatch(line))]
        styles = [line for line in lines if style.fullmatch(line)]
        assert len(nodes) + len(edges) + len(styles) == len(lines)
        assert len(edges) == len(GRAPH.edges) + 1
        assert all({found[1], found[2]} <= nodes for found in edges)

    def test_odd_signs_are_numbers(self) -> None:
        assert '["a#34;b#92;c"]' in to_mermaid((A,), ())


def test_json_has_every_node_and_edge() -> None:
    found = json.loads(to_json(GRAPH.nodes, GRAPH.edges))
    assert [row["name"] for row in found["nodes"]] == [str(node) for node in GRAPH.nodes]
    assert len(found["edges"]) == len(GRAPH.edges)
    assert {edge["source"] for edge in found["edges"]} <= {row["name"] for row in found["nodes"]}
