# SPDX-License-Identifier: Apache-2.0
"""Nodes, edges, the part that applies, and what a change touches."""

from __future__ import annotations

import pytest

from airflow_xborder.authoring.loading import load_policies
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.graph import EDGES, KINDS, ComplianceGraph, Edge, Node
from airflow_xborder.errors import PolicyValidationError
from tests.factories import TODAY, make_facts, make_pack, make_row

GRAPH = ComplianceGraph(load_policies(["eu.gdpr", "jp.appi", "us.ccpa", "us.dsp"]))


def rule(name: str) -> Node:
    """Return the node of a requirement."""
    return Node("requirement", name)


class TestShape:
    def test_kinds_of_nodes_and_edges(self) -> None:
        assert {node.kind for node in GRAPH.nodes} == set(KINDS)
        assert {edge.kind for edge in GRAPH.edges} == set(EDGES)
        assert list(GRAPH.nodes) == sorted(GRAPH.nodes)

    @pytest.mark.parametrize(
        ("source", "kind", "target"),
        [
            (rule("eu.gdpr.a44"), "depends-on", rule("purpose_limitation")),
            (rule("eu.gdpr.erasure"), "conflicts-with", rule("us.dsp.records")),
            (rule("eu.gdpr.a44"), "satisfied-by", Node("constraint", "eu.gdpr.a46.scc")),
            (Node("constraint", "eu.gdpr.a46.scc"), "satisfied-by", Node("mechanism", "scc_eu")),
            (Node("constraint", "eu.gdpr.a9.consent"), "satisfied-by", Node("mechanism", "consent_explicit")),
            (Node("constraint", "eu.gdpr.a45"), "satisfied-by", Node("designation", "eu.adequacy.us")),
            (Node("category", "personal_data.sensitive.health"), "triggers", rule("eu.gdpr.a9")),
            (Node("category", "personal_data.location.precise"), "triggers", rule("us.dsp.restricted")),
            (Node("trigger", "source.country=EEA30"), "triggers", rule("eu.gdpr.onward")),
            (Node("trigger", "reach.countries=JP"), "triggers", rule("jp.appi.a28")),
            (Node("designation", "eu.member.gf"), "triggers", rule("eu.gdpr.a44")),
            (Node("trigger", "automated_decision.significant_effect=true"), "triggers", rule("eu.gdpr.a22")),
            (Node("jurisdiction", "JP"), "triggers", rule("jp.appi.a28")),
            (Node("jurisdiction", "EU"), "designates", Node("designation", "eu.adequacy.jp")),
            (rule("jp.appi.a28"), "supersedes", rule("jp.appi.a24.2017")),
            (Node("designation", "jp.equivalent.eea"), "designates", Node("jurisdiction", "EEA30")),
        ],
        ids=str,
    )
    def test_an_edge_is_there(self, source: Node, kind: str, target: Node) -> None:
        assert Edge(source, kind, target) in GRAPH.edges

    def test_what_supersedes_what(self) -> None:
        policies = Policies([make_pack("t", make_row("old"), make_row("new", supersedes=["old"]))])
        assert Edge(rule("new"), "supersedes", rule("old")) in ComplianceGraph(policies).edges

    def test_names(self) -> None:
        assert str(rule("eu.gdpr.a44")) == "requirement:eu.gdpr.a44"


class TestClosure:
    CHAIN = ComplianceGraph(
        Policies(
            [
                make_pack(
                    "t", make_row("a", dependencies=["b"]), make_row("b", dependencies=["c"]), make_row("c")
                )
            ]
        )
    )

    def test_dependencies_both_ways(self) -> None:
        assert self.CHAIN.dependencies_of("a") == {"b", "c"}
        assert self.CHAIN.dependents_of("c") == {"a", "b"}
        assert self.CHAIN.dependencies_of("c") == self.CHAIN.dependents_of("a") == frozenset()

    def test_what_is_reached_twice_is_counted_once(self) -> None:
        diamond = make_pack(
            "t",
            make_row("a", dependencies=["b", "c"]),
            make_row("b", dependencies=["d"]),
            make_row("c", dependencies=["d"]),
            make_row("d"),
        )
        assert ComplianceGraph(Policies([diamond])).dependencies_of("a") == {"b", "c", "d"}

    def test_a_circle_is_named(self) -> None:
        self.CHAIN.require_acyclic()
        circle = Policies(
            [make_pack("t", make_row("a", dependencies=["b"]), make_row("b", dependencies=["a"]))]
        )
        with pytest.raises(PolicyValidationError, match=r"in a circle: (a -> b -> a|b -> a -> b)"):
            ComplianceGraph(circle).require_acyclic()


class TestInstantiation:
    def test_only_what_applies_is_left_with_what_it_depends_on(self) -> None:
        part = GRAPH.instantiate(make_facts(destination="US-VA"), TODAY)
        assert part.requirements.keys() == {
            "data_minimization", "eu.gdpr.a44", "eu.gdpr.erasure", "eu.gdpr.transparency",
        }  # fmt: skip
        assert Edge(rule("eu.gdpr.a44"), "depends-on", rule("data_minimization")) in part.edges
        assert rule("us.dsp.restricted") not in part.nodes
        assert Node("designation", "jp.equivalent.eea") not in part.nodes

    def test_what_depends_on_it_comes_from_elsewhere(self) -> None:
        far = [{"source.country": "JP"}]
        graph = ComplianceGraph(
            Policies(
                [
                    make_pack("a", make_row("a.r", dependencies=["b.r"])),
                    make_pack("b", make_row("b.r"), connects=far),
                ]
            )
        )
        assert graph.instantiate(make_facts(), TODAY).requirements.keys() == {"a.r", "b.r"}


class TestImpact:
    @pytest.mark.parametrize(
        ("node", "touched"),
        [
            (Node("designation", "eu.adequacy.us"),
             {"eu.gdpr.a44", "eu.gdpr.a46.direct", "eu.gdpr.a46.old_clauses", "eu.gdpr.a49.compelling_review", "eu.gdpr.a49.exceptional",
              "eu.gdpr.relative", "eu.gdpr.tia.supplementary", "eu.gdpr.onward"}),
            (Node("designation", "jp.equivalent.gb"), {"jp.appi.a24.2017", "jp.appi.a28", "jp.appi.a31.abroad", "jp.appi.eu_origin"}),
            (Node("mechanism", "cisa_controls"), {"us.dsp.restricted", "us.dsp.compliance"}),
            (rule("us.dsp.restricted"), {"us.dsp.restricted", "us.dsp.compliance"}),
            (Node("mechanism", "adequacy"), set()),
        ],
        ids=str,
    )  # fmt: skip
    def test_a_change_touches_the_rules_that_ask_and_those_that_rest_on_them(
        self, node: Node, touched: set[str]
    ) -> None:
        assert GRAPH.affected_by(node) == touched
