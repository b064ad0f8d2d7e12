# SPDX-License-Identifier: Apache-2.0
"""Which part of the packs applies to a flow, and what it brings along."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.instantiation import Instance, failure, instantiate
from tests.factories import TODAY, Exploding, make_facts, make_pack, make_row

FAR = [{"source.country": "JP"}]


def instance(
    *documents: dict[str, Any], as_of: datetime = TODAY, complete: bool = True, **fields: Any
) -> Instance:
    """Instantiate packs for a flow."""
    return instantiate(Policies(documents), make_facts(complete=complete, **fields), as_of)


def applied(found: Instance) -> list[str]:
    """Return the ids of what applies or may apply, sorted."""
    return sorted(entry.requirement.id for entry in found.applied)


class TestConnections:
    def test_known_not_known_and_unknown(self) -> None:
        documents = [
            make_pack("always", make_row("always.r")),
            make_pack("far", make_row("far.r"), connects=FAR),
            make_pack("unknown", make_row("unknown.r"), connects=[{"subjects.countries": "DE"}]),
        ]
        found = instance(*documents, complete=False)
        assert applied(found) == ["always.r"]
        assert found.considered == {"always": False}
        assert found.not_considered.keys() == {"far"}
        assert found.unconnected == {"unknown": ("subjects.countries",)}
        assert instance(*documents).not_considered.keys() == {"far", "unknown"}

    def test_a_regime_tells_whether_it_is_a_transfer(self) -> None:
        found = instance(make_pack("t", transfer={"crosses_border": True}))
        assert found.considered == {"t": True}

    def test_a_transfer_that_may_be_one_is_not_called_one(self) -> None:
        assert instance(make_pack("t", transfer={"importer.same_group": True})).considered == {"t": False}


class TestDependencies:
    def test_they_are_pulled_in_transitively_from_packs_that_nothing_connects(self) -> None:
        found = instance(
            make_pack("a", make_row("a.r", dependencies=["b.r"])),
            make_pack("b", make_row("b.r", dependencies=["c.r"]), make_row("b.other"), connects=FAR),
            make_pack("c", make_row("c.r"), connects=FAR),
        )
        assert applied(found) == ["a.r", "b.r", "c.r"]
        assert found.considered == {"a": False, "b": False, "c": False}
        assert found.not_considered == {}

    def test_one_that_does_not_apply_brings_nothing(self) -> None:
        found = instance(
            make_pack("a", make_row("a.r", dependencies=["b.r"])),
            make_pack(
                "b", make_row("b.r", when={"crosses_border": False}, dependencies=["c.r"]), connects=FAR
            ),
            make_pack("c", make_row("c.r"), connects=FAR),
        )
        assert applied(found) == ["a.r"]
        assert found.not_considered.keys() == {"b", "c"}

    def test_what_is_asked_already_is_not_asked_twice(self) -> None:
        found = instance(make_pack("a", make_row("a.r", dependencies=["a.s"]), make_row("a.s")))
        assert applied(found) == ["a.r", "a.s"]

    def test_a_pack_that_may_be_connected_stays_so(self) -> None:
        found = instance(
            make_pack("a", make_row("a.r", dependencies=["b.r"])),
            make_pack("b", make_row("b.r"), connects=[{"subjects.countries": "DE"}]),
            complete=False,
        )
        assert applied(found) == ["a.r", "b.r"]
        assert found.unconnected.keys() == {"b"}
        assert found.considered == {"a": False}


class TestCalendars:
    @pytest.mark.parametrize(
        ("zone", "moment", "applies"),
        [
            ("Asia/Tokyo", "2026-12-31T14:59:59", False),
            ("Asia/Tokyo", "2026-12-31T15:00:00", True),
            ("America/Los_Angeles", "2027-01-01T07:59:59", False),
            ("America/Los_Angeles", "2027-01-01T08:00:00", True),
        ],
    )
    def test_a_day_begins_where_the_rule_is_law(self, zone: str, moment: str, applies: bool) -> None:
        as_of = datetime.fromisoformat(moment).replace(tzinfo=timezone.utc)
        pack = make_pack("t", make_row(effective_date="2027-01-01"), time_zone=zone)
        found = instance(pack, as_of=as_of)
        assert bool(found.applied) is applies
        before = instance(pack, as_of=as_of - timedelta(days=9))
        assert (found.states != before.states) is applies

    def test_when_something_turns(self) -> None:
        rule = make_row(effective_date="2027-01-01", expires="2028-12-31")
        found = instance(make_pack("t", rule, time_zone="Asia/Tokyo"))
        assert found.turns == {
            datetime(2026, 12, 31, 15, tzinfo=timezone.utc),
            datetime(2028, 12, 31, 15, tzinfo=timezone.utc),
        }

    def test_documents_and_connecting_factors_turn_too(self) -> None:
        dated = [{"type": "tia", "valid_until": "2026-12-31"}, {"type": "dpia", "valid_until": "2027-12-31"}]
        found = instance(
            make_pack("t", make_row(constraints=[{"evidence": "tia"}]), connects=["personal_data", {"evidence": "dpia"}]),
            evidence=dated,
        )  # fmt: skip
        assert found.turns == {
            datetime(2027, 1, 1, tzinfo=timezone.utc),
            datetime(2028, 1, 1, tzinfo=timezone.utc),
        }


class TestSuperseding:
    ROWS = (make_row("t.old"), make_row("t.new", supersedes=["t.old"], effective_date="2027-01-01"))

    @pytest.mark.parametrize(("year", "in_force"), [(2026, "t.old"), (2027, "t.new")])
    def test_the_newer_rule_takes_over_on_its_first_day(self, year: int, in_force: str) -> None:
        found = instance(make_pack("t", *self.ROWS), as_of=datetime(year, 6, 1, tzinfo=timezone.utc))
        assert applied(found) == [in_force]


class TestThresholds:
    COUNT = {"count": {"category": "personal_data", "more_than": 10, "window": "12_months"}}

    def test_they_are_noted_with_what_cures_nothing(self) -> None:
        rule = make_row(when=self.COUNT, not_cured_by=["anonymisation"])
        found = instance(
            make_pack("t", rule, transfer=self.COUNT), counts=[{"category": "personal_data", "n": 11}]
        )
        assert found.thresholds == {
            "personal_data persons >= 11 in 12_months []": "true",
            "personal_data persons >= 11 in 12_months [anonymisation]": "true",
        }


class TestErrors:
    """What goes wrong outside any one rule is noted for the regime, or for all."""

    def broken(self, part: str, method: str) -> Instance:
        """Instantiate a pack of which one part fails."""
        policies = Policies([make_pack("t", make_row())])
        failing = {part: Exploding(method, ValueError("odd"))}
        if part == "connects":
            policies.__dict__["heads"] = (replace(policies.heads[0], **failing),)
        else:
            policies._packs["t"] = replace(policies.pack("t"), **failing)
        found = instantiate(policies, make_facts(), TODAY)
        assert found.turns == set()
        return found

    @pytest.mark.parametrize(
        ("part", "method"),
        [
            ("connects", "truth"),
            ("connects", "boundaries"),
            ("transfer", "truth"),
            ("transfer", "boundaries"),
        ],
    )
    def test_in_a_regime(self, part: str, method: str) -> None:
        assert self.broken(part, method).errors == {"t": "odd"}

    def test_in_what_a_rule_depends_on(self) -> None:
        assert instance(make_pack("t", make_row(dependencies=["gone"]))).errors == {"policies": "'gone'"}

    def test_a_rule_keeps_its_own(self) -> None:
        policies = Policies([make_pack("t", make_row())])
        pack = policies.pack("t")
        broken = replace(pack.requirements[0], when=Exploding("truth", ValueError("odd")))
        policies._packs["t"] = replace(pack, requirements=(broken,))
        found = instantiate(policies, make_facts(), TODAY)
        assert [entry.error for entry in found.applied] == ["odd"]
        assert found.errors == {}


def test_an_error_always_says_something() -> None:
    assert failure(ValueError("odd")) == "odd"
    assert failure(ZeroDivisionError()) == "ZeroDivisionError"
