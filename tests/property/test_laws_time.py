# SPDX-License-Identifier: Apache-2.0
"""Law 2: what is dated begins and ends on its days, in its rule's calendar, and ``valid_until`` is the first change."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.decision import Decision, Outcome
from airflow_xborder.core.flow import DataFlow
from tests.deployment import NOW, Deployment
from tests.factories import decide, make_flow, make_pack, make_row
from tests.generators import flows, packs

few = settings(max_examples=60)
ZONES = ["UTC", "Asia/Tokyo", "America/Los_Angeles", "Europe/Berlin", "Pacific/Kiritimati"]
TICK = timedelta(microseconds=1)
days = st.dates(date(2021, 1, 1), date(2035, 12, 31))
zones = st.sampled_from(ZONES)


def start_of(day: date, zone: str) -> datetime:
    """Return the first moment of a day where a rule is law."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(timezone.utc)


def outcome(documents: list[dict[str, Any]], flow: DataFlow, moment: datetime) -> Outcome:
    """Return the outcome at a moment."""
    return decide(documents, flow, as_of=moment).outcome


DESIGNATED = {"designated": {"by": "EU", "kind": "adequacy", "place": "destination.country"}}
ADEQUACY = {
    "id": "t.adequacy",
    "by": "EU",
    "kind": "adequacy",
    "of": "JP",
    "citation": "c",
    "valid_from": "2020-01-01",
}


class TestBothSidesOfADay:
    """A day is inside from its first moment to its last, where the rule is law."""

    def begins(self, pack: dict[str, Any], flow: DataFlow, moment: datetime, *, allowed: bool) -> None:
        """Assert that an answer turns into ``allow``, or ceases to be it, at a moment exactly; it says so before."""
        before = decide([pack], flow, as_of=moment - TICK)
        assert before.allowed is not allowed
        assert before.valid_until == moment
        assert decide([pack], flow, as_of=moment).allowed is allowed

    @few
    @given(days, zones)
    def test_a_rule_is_law_from_its_first_day(self, day: date, zone: str) -> None:
        pack = make_pack("t", make_row(effective_date=f"{day}"), time_zone=zone)
        self.begins(pack, make_flow(), start_of(day, zone), allowed=False)

    @few
    @given(days, zones)
    def test_through_its_last(self, day: date, zone: str) -> None:
        pack = make_pack("t", make_row(expires=f"{day}"), time_zone=zone)
        self.begins(pack, make_flow(), start_of(day + timedelta(days=1), zone), allowed=True)

    @few
    @given(days, zones, st.sampled_from(["mechanism", "evidence"]), st.booleans())
    def test_a_document_counts_on_its_days(self, day: date, zone: str, kind: str, begins: bool) -> None:
        asked = {"mechanism": "bcr_c"} if kind == "mechanism" else {"evidence": "tia"}
        first = "valid_from" if kind == "mechanism" else "issued_at"
        dated = {first: f"{day}"} if begins else {"valid_until": f"{day}"}
        document = {"type": next(iter(asked.values())), **dated}
        flow = make_flow(**{"mechanisms" if kind == "mechanism" else "evidence": [document]})
        pack = make_pack("t", make_row(constraints=[asked]), time_zone=zone)
        moment = start_of(day if begins else day + timedelta(days=1), zone)
        self.begins(pack, flow, moment, allowed=begins)

    @few
    @given(days, zones, st.booleans())
    def test_a_designation_is_in_force_on_its_days(self, day: date, zone: str, begins: bool) -> None:
        row = {**ADEQUACY, **({"valid_from": f"{day}"} if begins else {"valid_until": f"{day}"})}
        pack = make_pack("t", make_row(constraints=[DESIGNATED]), time_zone=zone, designations=[row])
        moment = start_of(day if begins else day + timedelta(days=1), zone)
        self.begins(pack, make_flow("DE", "JP"), moment, allowed=begins)

    @few
    @given(days, zones)
    def test_a_suspension_ends_it_from_its_first_day(self, day: date, zone: str) -> None:
        stop = {**ADEQUACY, "id": "t.stop", "suspends": "t.adequacy", "valid_from": f"{day}"}
        pack = make_pack(
            "t", make_row(constraints=[DESIGNATED]), time_zone=zone, designations=[ADEQUACY, stop]
        )
        self.begins(pack, make_flow("DE", "JP"), start_of(day, zone), allowed=False)

    @few
    @given(days, zones, zones)
    def test_each_rule_reads_its_own_calendar(self, day: date, here: str, there: str) -> None:
        documents = [
            make_pack(name, make_row(f"{name}.rule", effective_date=f"{day}"), time_zone=zone)
            for name, zone in (("a", here), ("b", there))
        ]
        first = min(start_of(day, here), start_of(day, there))
        assert outcome(documents, make_flow(), first - TICK) is Outcome.ALLOW
        assert outcome(documents, make_flow(), first) is Outcome.DENY


class TestUntil:
    @few
    @given(packs(), flows, st.integers(0, 4000), st.lists(st.floats(0, 1), min_size=3, max_size=3))
    def test_nothing_changes_before_and_it_says_when_next(
        self, documents: list[dict[str, Any]], flow: DataFlow, day: int, parts: list[float]
    ) -> None:
        moment = datetime(2022, 1, 1, 7, tzinfo=timezone.utc) + timedelta(days=day)
        policies = Policies(documents)
        first = decide(policies, flow, as_of=moment)
        until = first.valid_until or moment + timedelta(days=20000)
        for later in [until - TICK, *(moment + (until - TICK - moment) * part for part in parts)]:
            again = decide(policies, flow, as_of=later)
            assert self.said(again) == self.said(first)
            assert again.valid_until == first.valid_until

    def said(self, decision: Decision) -> Any:
        """Return what a decision says, without clocks."""
        return decision.outcome, decision.reasons, decision.obligations, decision.duties, decision.applicable

    @settings(max_examples=25)
    @given(
        st.integers(-3, 30),
        st.sampled_from(["mechanisms", "evidence"]),
        st.sampled_from(["recorded_at", "valid_until"]),
    )
    def test_so_it_is_at_the_gate_for_every_day_of_a_register(
        self, offset: int, register: str, name: str
    ) -> None:
        day = NOW.date() + timedelta(days=offset)
        asked = self.at_the_gate(NOW, register, name, day)
        if asked.valid_until is None:
            return
        before = self.at_the_gate(asked.valid_until - TICK, register, name, day)
        assert before.outcome is asked.outcome
        # One row alone is moved; where its day lies ahead, the answer names it.
        if day > NOW.date():
            turn = day if name == "recorded_at" else day + timedelta(days=1)
            assert asked.valid_until == start_of(turn, "UTC")
            assert self.at_the_gate(asked.valid_until, register, name, day).outcome is not asked.outcome

    def at_the_gate(self, moment: datetime, register: str, name: str, day: date) -> Decision:
        """Return the answer at a moment to a flow of which one document is recorded, or ends, on a day."""
        deployment = Deployment()
        row = deployment.catalog["registers"][register][0]
        row.pop("recorded_at", None)
        row[name] = f"{day}"
        deployment.clock.moment = moment
        return deployment.decide().decision

    @pytest.mark.parametrize("hours", [0, 1, 11.999])
    def test_the_gate_reads_no_clock_but_its_own(self, hours: float) -> None:
        deployment = Deployment()
        deployment.clock.advance(hours=hours)
        asked = DataFlow.parse(
            {"source": {"region": "eu"}, "destination": {"region": "us"}, "as_of": "2020-01-01T00:00:00Z"}
        )
        decision = deployment.decide(flow=asked).decision
        assert (decision.as_of, decision.simulated) == (deployment.clock.moment, False)
