# SPDX-License-Identifier: Apache-2.0
"""The graph as text that drawing tools read: DOT for Graphviz, Mermaid for web pages, JSON for everything else.

Only says what there is; where it is put is the tools' work.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from airflow_xborder.core.graph import KINDS, ComplianceGraph, Edge, Node

_SHAPES = {
    "requirement": "box", "trigger": "cds", "constraint": "ellipse", "mechanism": "note", "jurisdiction": "house",
    "category": "folder", "designation": "component",
}  # fmt: skip
_COLOURS = {
    "requirement": "#cfe2ff", "trigger": "#fff3cd", "constraint": "#e2e3e5", "mechanism": "#d1e7dd",
    "jurisdiction": "#f8d7da", "category": "#ffe5d0", "designation": "#e0cffc",
}  # fmt: skip
# Followed from a node: what it rests on. Of what has an effect on it, only the next is shown.
_RESTS_ON = ("depends-on", "satisfied-by", "supersedes")


def around(graph: ComplianceGraph, node: Node) -> tuple[Edge, ...]:
    """Return the edges around a node: all that it rests on, however far, and what is next to it."""
    found = {edge for edge in graph.edges if node in (edge.source, edge.target)}
    waiting, seen = [node], {node}
    while waiting:
        here = waiting.pop()
        for edge in graph.edges:
            if edge.source == here and edge.kind in _RESTS_ON:
                found.add(edge)
                if edge.target not in seen:
                    seen.add(edge.target)
                    waiting.append(edge.target)
    return tuple(sorted(found))


def _ends(nodes: Iterable[Node], edges: Iterable[Edge]) -> list[Node]:
    return sorted({*nodes, *(end for edge in edges for end in (edge.source, edge.target))})


def to_dot(nodes: Iterable[Node], edges: Iterable[Edge]) -> str:
    """Return a graph in the DOT language (graphviz.org)."""
    edges = sorted(edges)
    lines = ["digraph compliance {", "  rankdir=LR;", '  node [style=filled, fontname="sans-serif"];']
    for node in _ends(nodes, edges):
        style = f'shape={_SHAPES[node.kind]}, fillcolor="{_COLOURS[node.kind]}"'
        lines.append(f"  {_quoted(str(node))} [label={_quoted(node.id)}, {style}];")
    lines += [
        f"  {_quoted(str(edge.source))} -> {_quoted(str(edge.target))} [label={_quoted(edge.kind)}];"
        for edge in edges
    ]
    return "\n".join([*lines, "}"])


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def to_mermaid(nodes: Iterable[Node], edges: Iterable[Edge]) -> str:
    """Return a graph as a Mermaid flowchart (mermaid.js.org), as GitHub shows it in a page."""
    edges = sorted(edges)
    ends = _ends(nodes, edges)
    names = {node: f"n{number}" for number, node in enumerate(ends)}
    lines = ["flowchart LR"]
    lines += [f'  {names[node]}["{_entities(node.id)}"]:::{node.kind}' for node in ends]
    lines += [f"  {names[edge.source]} -->|{edge.kind}| {names[edge.target]}" for edge in edges]
    used = {node.kind for node in ends}
    lines += [
        f"  classDef {kind} fill:{_COLOURS[kind]},stroke:#555,color:#000" for kind in KINDS if kind in used
    ]
    return "\n".join(lines)


def _entities(text: str) -> str:
    """Return a label in which only letters, digits and a few signs stand for themselves."""
    return "".join(char if char.isalnum() or char in " ._-,=+/" else f"#{ord(char)};" for char in text)


def to_json(nodes: Iterable[Node], edges: Iterable[Edge]) -> str:
    """Return a graph as JSON: nodes with kind and id, edges with the names of their ends."""
    edges = sorted(edges)
    rows = [{"name": str(node), "kind": node.kind, "id": node.id} for node in _ends(nodes, edges)]
    links = [{"source": str(edge.source), "kind": edge.kind, "target": str(edge.target)} for edge in edges]
    return json.dumps({"nodes": rows, "edges": links}, indent=1)
