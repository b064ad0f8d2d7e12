# SPDX-License-Identifier: Apache-2.0
"""The index over questions that a look-up answers: by fact and value, by category, by document.

What an engine outside this process does with it is in ``policies/rego/xborder/lookups.rego``: it looks the facts of a
flow up, once, instead of asking question after question.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_xborder.core.facts import Values
from airflow_xborder.core.flattening import Tables
from airflow_xborder.core.kinds import CURED_NAMES, SOURCE_CATEGORIES, term_is_a
from airflow_xborder.core.questions import LOOKED_UP, Row
from airflow_xborder.core.truth import Truth
from airflow_xborder.core.vocabulary import KINDS

ANY = "?"  # the key of what a fact that nobody stated, or not fully, leaves possible
# A question about places of designations is one about every member.
_BY_FACT = {
    "some": "some",
    "every": "every",
    "covered": "every",
    "is": "is",
    "known": "known",
    "absent": "absent",
}
# The fact that an unknown answer lacks, where it is no path.
_LACKING = {"kind": "data_categories", "mechanism": "mechanisms.module"}


def question_index(tables: Tables) -> Row:
    """Return the index of all questions of the tables that a look-up answers."""
    questions = {name: row for name, row in tables.questions.items() if row["op"] in LOOKED_UP}
    index: dict[str, Any] = {op: _by_fact(op, questions, tables) for op in sorted({*_BY_FACT.values()})}
    index["kind"] = _by_category({name: row for name, row in questions.items() if row["op"] == "kind"})
    index["evidence"], index["mechanism"], index["safeguard"] = {}, {}, {}
    for name, row in questions.items():
        for document in _documents(row, tables):
            entry = {"id": name, **{key: row[key] for key in ("zone", "ground_for", "closed") if key in row}}
            index[row["op"]].setdefault(document, []).append(name if row["op"] == "safeguard" else entry)
    index["missing"] = {
        name: _LACKING.get(row["op"]) or row["path"]
        for name, row in questions.items()
        if row["op"] in _LACKING or "path" in row
    }
    return index


def _documents(row: Row, tables: Tables) -> list[str]:
    if row["op"] == "mechanism":
        return list(tables.sets[row["set"]])
    return [row["type"]] if row["op"] in ("evidence", "safeguard") else []


def _by_fact(op: str, questions: Mapping[str, Row], tables: Tables) -> list[Row]:
    entries: dict[tuple[str, bool], dict[str, Any]] = {}
    for name, row in questions.items():
        if _BY_FACT.get(row["op"]) != op:
            continue
        key = row["path"], row["closed"]
        entry = entries.setdefault(key, {"path": key[0], "closed": key[1], "all": [], "values": {}})
        entry["all"].append(name)
        values = tables.sets[row["set"]] if "set" in row else [str(row["expected"])] if op == "is" else ()
        for value in values:
            entry["values"].setdefault(value, []).append(name)
    return [entries[key] for key in sorted(entries)]


def _by_category(questions: Mapping[str, Row]) -> Row:
    """For each category of data, which questions it answers yes, and which it leaves open.

    What derived data may be is settled where the categories of its sources are stated.
    """
    index: dict[str, Any] = {ANY: sorted(questions)}
    for term in sorted(KINDS["data category"]):
        told, untold = (
            {name: _answer(term, row, told) for name, row in questions.items()} for told in (True, False)
        )
        index[term] = {
            "certain": [name for name, answer in untold.items() if answer is Truth.TRUE],
            "possible": [name for name, answer in untold.items() if answer is not Truth.FALSE],
            "possible_with_sources": [name for name, answer in told.items() if answer is not Truth.FALSE],
        }
    return index


def _answer(term: str, row: Row, told: bool) -> Truth:
    uncured = frozenset(CURED_NAMES[name] for name in row.get("uncured", ()))
    values = Values({SOURCE_CATEGORIES: frozenset({"non_personal"})} if told else {})
    return term_is_a(values, uncured, term, row["kind"])
