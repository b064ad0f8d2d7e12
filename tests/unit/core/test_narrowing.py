# SPDX-License-Identifier: Apache-2.0
"""That nothing possible is refused is a law (tests/property/test_overlap.py); here: what is found to be impossible."""

import pytest

from airflow_xborder.core.condition_syntax import parse_condition
from airflow_xborder.core.narrowing import EVERYTHING, Literal, Voice


def narrow(*asked, voices=None):
    found = EVERYTHING
    for number, (condition, holds) in enumerate(asked):
        voice = voices[number] if voices else Voice()
        found = found and found.narrow(Literal(parse_condition(condition), holds, voice))
    return found


IMPOSSIBLE = [
    [({"source.country": "DE"}, True), ({"source.country": "EEA30"}, False)],
    [({"source.country": "DE"}, True), ({"source.country": "FR"}, True)],
    [({"purpose": "support"}, True), ({"purpose": {"within": "audit"}}, True)],
    [({"frequency": {"within": "one_off"}}, True), ({"frequency": {"within": "one_off"}}, False)],
    [({"reach.countries": "JP"}, True), ({"reach.countries": {"within": "EEA30"}}, True)],
    [({"reach.countries": {"within": "DE"}}, True), ({"reach.countries": {"within": "EEA30"}}, False)],
    [({"destination.country": "US"}, True), ({"reach.countries": {"within": "EEA30"}}, True)],
    [({"destination.country": "CN"}, True), ({"reach": "CN"}, False)],
    [({"importer.country": "CN"}, True), ({"reach": "CN"}, False)],
    [({"subjects.countries": "US-CA"}, True), ({"subjects.countries": "US"}, False)],
    [({"crosses_border": True}, True), ({"crosses_border": True}, False)],
    [({"crosses_border": True}, True), ({"crosses_border": False}, True)],
    [({"retention_days": {"at_least": 60}}, True), ({"retention_days": {"less_than": 30}}, True)],
    [({"retention_days": {"at_least": 60}}, True), ({"retention_days": {"at_least": 30}}, False)],
    [({"importer.role": {"known": True}}, False), ({"importer.role": "processor"}, True)],
    [({"crosses_border": True}, True), ({"crosses_border": {"known": True}}, False)],
    [("personal_data.sensitive.health", True), ("personal_data", False)],
    [({"data_categories": "telemetry"}, True), ("personal_data", False)],
    [({"mechanism": "scc_eu"}, True), ({"mechanism": ["scc_eu", "bcr_c"]}, False)],
    [({"evidence": "tia"}, True), ({"evidence": "tia"}, False)],
    [({"safeguard": "aggregation"}, True), ({"safeguard": "aggregation"}, False)],
    [({"consent": {"type": "consent_explicit", "ground_for": "transfer"}}, True),
     ({"consent": {"type": "consent_explicit", "ground_for": "transfer"}}, False)],
    [({"listed": {"framework": "eu_us_dpf"}}, True), ({"listed": {"framework": "eu_us_dpf"}}, False)],
    [({"owned_by": {"countries": "CN", "at_least": "0.5"}}, True), ({"owned_by": {"countries": "US_DSP_CONCERN", "at_least": "0.2"}}, False)],
    [({"count": {"category": "personal_data.sensitive.health", "more_than": 1000, "window": "12_months"}}, True),
     ({"count": {"category": "personal_data", "more_than": 100, "window": "12_months"}}, False)],
    [({"count": {"category": "personal_data.sensitive.health", "more_than": 1000, "window": "12_months"}}, True),
     ("personal_data.sensitive", False)],
]  # fmt: skip
POSSIBLE = [
    [({"reach.countries": "JP"}, True), ({"reach.countries": "US"}, True)],
    [({"reach.countries": {"within": "EEA30"}}, False), ({"reach.countries": "DE"}, True)],
    [({"purpose": "support"}, True), ({"purpose": {"known": True}}, False)],
    [({"subjects.countries": "US"}, True), ({"subjects.countries": "US-CA"}, False)],
    [("personal_data", True), ("personal_data.sensitive.health", False)],
    [({"crosses_border": True}, False), ({"crosses_border": False}, False)],
    [({"mechanism": ["scc_eu", "bcr_c"]}, True), ({"mechanism": "scc_eu"}, False)],
    [({"mechanism": "scc_eu"}, True), ({"mechanism": {"type": "scc_eu", "ground_for": "processing"}}, False)],
    [({"owned_by": {"countries": "CN", "at_least": "0.2"}}, True), ({"owned_by": {"countries": "CN", "at_least": "0.5"}}, False)],
    [({"count": {"category": "personal_data", "more_than": 1000, "window": "12_months"}}, True),
     ({"count": {"category": "personal_data", "more_than": 1000, "window": "this_flow"}}, False)],
    [({"retention_days": {"at_least": 30}}, True), ({"retention_days": {"at_least": 60}}, False)],
]  # fmt: skip


@pytest.mark.parametrize("asked", IMPOSSIBLE, ids=str)
def test_what_no_flow_can_be(asked) -> None:
    assert narrow(*asked) is None
    assert narrow(*reversed(asked)) is None


@pytest.mark.parametrize("asked", POSSIBLE, ids=str)
def test_what_a_flow_can_be(asked) -> None:
    assert narrow(*asked) is not None


class TestWhoAsks:
    def test_a_document_may_be_valid_in_one_calendar_and_not_in_another(self) -> None:
        asked = [({"evidence": "tia"}, True), ({"evidence": "tia"}, False)]
        assert narrow(*asked, voices=[Voice("Asia/Tokyo"), Voice("UTC")]) is not None

    def test_where_silence_counts_a_fact_that_nobody_states_is_neither_yes_nor_no(self) -> None:
        silent = Voice(connecting=True)
        asked = [({"importer.same_group": True}, False), ({"importer.same_group": {"known": True}}, False)]
        assert narrow(*asked, voices=[silent, Voice()]) is not None
