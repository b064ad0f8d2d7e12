# SPDX-License-Identifier: Apache-2.0
"""``xborder policy graph``: the compliance graph, or a part of it, for a drawing tool."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from airflow_xborder.cli.output import OK
from airflow_xborder.cli.policy.selection import add_packs
from airflow_xborder.core.structure import instant
from airflow_xborder.core.vocabulary import suggest
from airflow_xborder.errors import FlowError, PolicyNotFoundError, XborderError

if TYPE_CHECKING:
    from airflow_xborder.core.graph import ComplianceGraph, Node
    from airflow_xborder.ports.policy_store import PolicySet


def register(commands: Any) -> None:
    """Add the action."""
    parser = commands.add_parser("graph", help="the graph, or a part of it, for a drawing tool")
    add_packs(parser)
    parser.add_argument("--flow", metavar="FILE", help="only what applies to this flow, or may; - for stdin")
    parser.add_argument("--as-of", metavar="T", help="with --flow: at this moment (default: now)")
    parser.add_argument(
        "--catalog", metavar="FILE", help="with --flow: resolve regions and stores from this catalog"
    )
    parser.add_argument("--node", metavar="ID", help="only what this node rests on, and what is next to it")
    parser.add_argument("--format", choices=("dot", "mermaid", "json"), default="dot")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from airflow_xborder.cli.decide import load_policy_set
    from airflow_xborder.core import drawing
    from airflow_xborder.core.graph import ComplianceGraph

    policies = load_policy_set(arguments)
    graph = ComplianceGraph(policies.policies)
    if arguments.flow:
        graph = _applying(arguments, policies)
    nodes, edges = graph.nodes, graph.edges
    if arguments.node:
        node = _find(graph, arguments.node)
        nodes, edges = (node,), drawing.around(graph, node)
    write = {"dot": drawing.to_dot, "mermaid": drawing.to_mermaid, "json": drawing.to_json}
    print(write[arguments.format](nodes, edges))
    return OK


def _applying(arguments: argparse.Namespace, policies: PolicySet) -> ComplianceGraph:
    """Return the part of the graph that applies to the flow of a file, or may."""
    from airflow_xborder.cli.decide import pose, read_flows
    from airflow_xborder.core.facts import normalise
    from airflow_xborder.core.graph import ComplianceGraph

    entries = [entry for _, entry in read_flows(arguments.flow)]
    if len(entries) != 1:
        raise FlowError(f"expected one flow, got {len(entries)}", hint="draw one flow at a time")
    if isinstance(entries[0], XborderError):
        raise entries[0]
    as_of = instant(arguments.as_of, "--as-of") if arguments.as_of else None
    case = pose(entries[0], policies, as_of)
    whole = ComplianceGraph(policies.policies)
    names: set[str] = set()
    for part in case.parts:
        names |= whole.instantiate(
            normalise(part.flow, complete=True), case.decision.as_of
        ).requirements.keys()
    return ComplianceGraph(policies.policies, names)


def _find(graph: ComplianceGraph, name: str) -> Node:
    """Return the node of a name: `kind:id`, or the id alone where one kind has it (a rule before its constraint)."""
    from airflow_xborder.core.graph import KINDS

    found = [node for node in graph.nodes if name in (str(node), node.id)]
    if not found:
        known = {str(node) for node in graph.nodes} if ":" in name else {node.id for node in graph.nodes}
        raise PolicyNotFoundError(f"no node `{name}` in the graph", hint=suggest(name, known))
    return min(found, key=lambda node: KINDS.index(node.kind))
