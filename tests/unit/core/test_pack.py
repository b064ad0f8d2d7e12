# SPDX-License-Identifier: Apache-2.0
"""Pack documents to packs."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from airflow_xborder.core.conditions import All
from airflow_xborder.core.pack import Head, read_designations, read_head, read_pack
from airflow_xborder.errors import PolicyValidationError
from tests.factories import make_pack, make_row

ROW = {"id": "d", "by": "EU", "kind": "adequacy", "of": "JP", "valid_from": "2020-01-01", "citation": "c"}


class TestReading:
    def test_a_head_is_the_beginning_of_its_pack(self) -> None:
        document = make_pack(
            "t", make_row(), connects=[{"source.country": "DE"}], attributes={"x": {"type": "text"}}
        )
        pack, head = read_pack(document), read_head(document)
        assert isinstance(pack, Head)
        assert all(getattr(pack, name) == getattr(head, name) for name in Head.__slots__)

    def test_without_factors_it_always_connects(self) -> None:
        assert read_pack(make_pack("t")).connects == All(())

    def test_defaults(self) -> None:
        document = {"pack": "t", "jurisdiction": "EU", "last_checked": "2026-11-21"}
        pack = read_pack(document)
        assert (pack.title, pack.version, pack.time_zone, pack.covers, pack.transfer) == (
            "t",
            "0",
            "UTC",
            frozenset(),
            None,
        )
        assert pack.last_checked == date(2026, 11, 21)

    def test_definitions_serve_everywhere(self) -> None:
        document = make_pack(
            "t", make_row(when="d", constraints=["d", {"any_of": ["d", {"needs": "d"}]}]),
            definitions={"d": {"evidence": "tia"}}, connects=["d"], transfer="d", designations=[{**ROW, "scope": "d"}],
        )  # fmt: skip
        pack = read_pack(document)
        assert pack.transfer == pack.connects.parts()[0] == pack.designations[0].scope  # type: ignore[index]
        assert read_designations(document) == pack.designations

    def test_the_thresholds_of_a_transfer(self) -> None:
        pack = read_pack(
            make_pack(
                "t", transfer={"count": {"category": "telemetry", "more_than": 5, "window": "12_months"}}
            )
        )
        assert [counted.bound for counted in pack.transfer_thresholds] == [6]

    def test_a_designation_of_a_set_or_of_an_organisation(self) -> None:
        rows = read_designations(
            make_pack("t", designations=[{**ROW, "of": "EEA30"}, {**ROW, "id": "e", "of": "EPO"}])
        )
        assert [len(row.places) for row in rows] == [30, 1]

    def test_coverage(self) -> None:
        row = {
            "places": ["US-TX"],
            "status": "rule_known",
            "categories": ["telemetry"],
            "reviewed_at": "2026-01-01",
            "note": "n",
        }
        found = read_head(make_pack("t", coverage=[row])).coverage[0]
        assert (found.places, found.categories, found.reviewed_at) == (
            {"US-TX"},
            ("telemetry",),
            date(2026, 1, 1),
        )


@pytest.mark.parametrize(
    ("fields", "message", "path"),
    [
        ({"connects": ["x y"]}, "unknown trigger", ("connects", 0)),
        ({"transfer": {"x": 1}}, "unknown fact", ("transfer", "x")),
        ({"covers": ["DE", "XX"]}, "unknown jurisdiction", ("covers", 1)),
        ({"last_checked": "2026-02-30"}, "expected a date", ("last_checked",)),
        ({"designations": [{**ROW, "of": "XX"}]}, "unknown jurisdiction", ("designations", 0, "of")),
        ({"designations": [{**ROW, "by": "XX"}]}, "unknown jurisdiction", ("designations", 0, "by")),
        ({"designations": [{**ROW, "valid_until": "soon"}]}, "expected a date", ("designations", 0, "valid_until")),
        ({"designations": [{**ROW, "scope": {"x": 1}}]}, "unknown fact", ("designations", 0, "scope", "x")),
        ({"designations": [{**ROW, "scope": {"any": [{"designated": {"by": "EU", "kind": "adequacy", "place": "reach"}}]}}]},
         "a scope cannot ask for designations", ("designations", 0, "scope")),
        ({"coverage": [{"places": ["DE"], "status": "rule_known", "categories": ["x"]}]}, "unknown data category", ("coverage", 0, "categories")),
        ({"requirements": [make_row(when="x y")]}, "unknown trigger", ("requirements", 0, "when")),
        ({"requirements": [make_row(triggers=["personal_data", "x y"])]}, "unknown trigger", ("requirements", 0, "triggers", 1)),
        ({"requirements": [make_row(constraints=["x y"])]}, "unknown trigger", ("requirements", 0, "constraints", 0)),
        ({"requirements": [make_row(constraints=[{"any_of": []}])]}, "needs a list of alternatives", ("requirements", 0, "constraints", 0)),
        ({"requirements": [make_row(constraints=[{"any_of": [{"needs": "support", "idd": "a"}]}])]}, "unknown key `idd`",
         ("requirements", 0, "constraints", 0, "any_of", 0, "idd")),
        ({"requirements": [make_row(not_cured_by=["magic"])]}, "unknown safeguard", ("requirements", 0, "not_cured_by")),
        ({"requirements": [make_row(obligations=["magic"])]}, "unknown obligation", ("requirements", 0, "obligations", 0)),
        ({"requirements": [make_row(effective_date="2026-13-01")]}, "expected a date", ("requirements", 0, "effective_date")),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(
    fields: dict[str, Any], message: str, path: tuple[Any, ...]
) -> None:
    with pytest.raises(PolicyValidationError, match=message) as caught:
        read_pack(make_pack("t", **fields))
    assert caught.value.path == path
