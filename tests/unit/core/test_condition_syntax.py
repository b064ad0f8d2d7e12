# SPDX-License-Identifier: Apache-2.0
"""How conditions are written, and what each slip gets."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_xborder.core.comparisons import Compare, In, Is, IsA, Known, NotAmong, Within
from airflow_xborder.core.condition_syntax import (
    NAMES,
    PATHS,
    Definitions,
    parse_condition,
    parse_obligation,
)
from airflow_xborder.core.conditions import All, Condition, Not
from airflow_xborder.core.conditions import Any as AnyOf
from airflow_xborder.core.decision import Obligation
from airflow_xborder.core.grounds import (
    Counted,
    Designated,
    HasConsent,
    HasEvidence,
    HasMechanism,
    HasSafeguard,
    Listed,
    OwnedBy,
)
from airflow_xborder.core.places import SETS
from airflow_xborder.core.requirement import Discharge
from airflow_xborder.core.truth import Truth
from airflow_xborder.errors import PolicyValidationError
from tests.factories import EMAIL, make_case

EEA = SETS["EEA30"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("personal_data", IsA("data_categories", "personal_data")),
        ("ml_inference", In("purpose", frozenset({"ml_inference"}))),
        ("significant_effect", Is("automated_decision.significant_effect", True)),
        ("purpose_not_collected", NotAmong("purpose", "collected_purposes")),
        ({"all": []}, All(())),
        ({"any": ["personal_data"]}, AnyOf((IsA("data_categories", "personal_data"),))),
        ({"not": "personal_data"}, Not(IsA("data_categories", "personal_data"))),
        ({"source.country": "EEA30"}, In("source.country", EEA, "EEA30")),
        ({"source.country": ["DE", "US-IL"]}, In("source.country", frozenset({"DE", "US-IL"}))),
        ({"source.country": {"in": "DE"}}, In("source.country", frozenset({"DE"}), "DE")),
        ({"reach": {"within": "EU"}}, Within("reach", EEA, "EU")),
        ({"reach": {"known": True}}, Known("reach")),
        ({"importer.residence": {"stated": "CN"}}, All((Known("importer.residence"), In("importer.residence", frozenset({"CN"}), "CN")))),
        ({"importer.same_group": {"stated": True}}, All((Known("importer.same_group"), Is("importer.same_group", True)))),
        ({"importer.same_group": False}, Is("importer.same_group", False)),
        ({"data_categories": {"is_a": EMAIL}}, IsA("data_categories", EMAIL)),
        ({"data_categories": EMAIL}, In("data_categories", frozenset({EMAIL}), EMAIL)),
        ({"retention_days": {"at_least": 1, "less_than": 30}}, Compare("retention_days", 1, 30)),
        ({"attributes.x": {"at_least": 1}}, Compare("attributes.x", 1, None)),
        ({"attributes.x": True}, Is("attributes.x", True)),
        ({"importer.attributes.x": "a"}, In("importer.attributes.x", frozenset({"a"}), "a")),
        ({"importer.party": "acme"}, In("importer.party", frozenset({"acme"}), "acme")),
        ({"frequency": "one_off", "crosses_border": True}, All((In("frequency", frozenset({"one_off"}), "one_off"), Is("crosses_border", True)))),
        ({"mechanism": "scc_eu"}, HasMechanism(frozenset({"scc_eu"}))),
        ({"mechanism": {"type": ["care", "law"], "ground_for": "special_category"}}, HasMechanism(frozenset({"care", "law"}), "special_category")),
        ({"evidence": "tia"}, HasEvidence("tia")),
        ({"safeguard": "masking"}, HasSafeguard("masking")),
        ({"consent": {"type": "consent_explicit", "ground_for": "transfer"}}, HasConsent(frozenset({"consent_explicit"}), "transfer")),
        ({"listed": {"framework": "eu_us_dpf"}}, Listed("eu_us_dpf")),
        ({"owned_by": {"countries": "CN", "at_least": "0.5"}}, OwnedBy(frozenset({"CN"}), "0.5")),
        ({"count": {"category": EMAIL, "more_than": 5, "window": "12_months"}}, Counted((EMAIL,), "persons", 5, None)),
        ({"count": {"category": [EMAIL, "telemetry"], "unit": "devices", "at_least": 5, "window": "12_months"}}, Counted((EMAIL, "telemetry"), "devices", None, 5)),
        ({"designated": {"by": "EU", "kind": "adequacy", "place": "reach"}}, Designated("reach", "EU", "adequacy")),
        ({"designated": {"by": "EU", "kind": "adequacy", "place": "reach", "outside": "EU"}}, Designated("reach", "EU", "adequacy", EEA)),
        ({"obligation": "pseudonymise"}, Discharge(Obligation(type="pseudonymise"))),
        ({"obligation": {"type": "generalise", "parameters": {"k": 5}}}, Discharge(Obligation("generalise", (("k", "5"),)))),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_written_is_read(written: Any, read: Condition) -> None:
    assert parse_condition(written) == read


@pytest.mark.parametrize(
    ("written", "message", "hint", "path"),
    [
        ("personal_dat", "unknown trigger or constraint `personal_dat`", "did you mean `personal_data`?", ()),
        (3, "expected a condition, got `3`", "a name, or a mapping such as purpose: ml_inference", ()),
        ({}, "expected a condition, got `{}`", "a name, or a mapping such as purpose: ml_inference", ()),
        ({"all": "x"}, "expected a list of conditions", None, ("all",)),
        ({"any": ["personal_data", "x y"]}, "unknown trigger or constraint `x y`", None, ("any", 1)),
        ({"not": {"purpos": "support"}}, "unknown fact `purpos`", "did you mean `purpose`?", ("not", "purpos")),
        ({"purpose": "suport"}, "unknown purpose `suport`", "did you mean `support`?", ("purpose",)),
        ({"reach": "EEA31"}, "unknown jurisdiction `EEA31`", "did you mean `EEA30`?", ("reach",)),
        ({"reach": ["DE", "EEA31"]}, "unknown jurisdiction `EEA31`", "did you mean `EEA30`?", ("reach", 1)),
        ({"reach": {"within": "XX"}}, "unknown jurisdiction `XX`", None, ("reach", "within")),
        ({"reach": True}, "`reach` cannot be `True`", "`reach` is a place", ("reach",)),
        ({"importer.same_group": "yes"}, "`importer.same_group` cannot be `yes`", "`importer.same_group` is a true or false", ("importer.same_group",)),
        ({"reach": {"is_a": "personal_data"}}, "unknown test of `reach`: `is_a`", "`reach` is a place", ("reach",)),
        ({"reach": {"known": False}}, "unknown test of `reach`: `known`", "`reach` is a place", ("reach",)),
        ({"reach": {"in": "DE", "within": "FR"}}, "unknown test of `reach`: `in, within`", "`reach` is a place", ("reach",)),
        ({"retention_days": {"at_least": "1"}}, "expected a whole number that is not negative, got `1`", None, ("retention_days", "at_least")),
        ({"retention_days": {"at_least": -1}}, "expected a whole number that is not negative, got `-1`", None, ("retention_days", "at_least")),
        ({"retention_days": {}}, "unknown test of `retention_days`: ``", None, ("retention_days",)),
        ({"count": {"category": "personal_data", "at_least": 0, "window": "12_months"}}, "a threshold of 0 is always reached", "begin at 1", ("count", "at_least")),
        ({"count": {"category": "personal_data", "more_than": "1e3", "window": "12_months"}}, "expected a whole number that is not negative, got `1e3`", None, ("count", "more_than")),
        ({"listed": {"framework": ["eu_us_dpf"]}}, "expected text, got `['eu_us_dpf']`", None, ("listed", "framework")),
        ({"designated": {"by": ["EU"], "kind": "adequacy", "place": "reach"}}, "expected text, got `['EU']`", None, ("designated", "by")),
        ({"importer.party": [3]}, "expected text, got `[3]`", None, ("importer.party",)),
        ({"importer.party": []}, "expected text, got `[]`", None, ("importer.party",)),
        ({"mechanism": "scc_ue"}, "unknown mechanism `scc_ue`", "did you mean `scc_eu`?", ("mechanism",)),
        ({"mechanism": {"typ": "scc_eu"}}, "unknown key `typ`", "did you mean `type`?", ("mechanism", "typ")),
        ({"mechanism": {"ground_for": "transfer"}}, "`type` is missing", None, ("mechanism",)),
        ({"consent": "consent_explicit"}, "expected a mapping with `type`, `ground_for`", None, ("consent",)),
        ({"owned_by": {"countries": "CN", "at_least": 5}}, "expected a fraction between 0 and 1, got `5`", "write it as 0.93", ("owned_by", "at_least")),
        ({"count": {"category": EMAIL, "window": "12_months"}}, "a threshold needs either `more_than` or `at_least`", None, ("count",)),
        ({"count": {"category": EMAIL, "more_than": 1, "at_least": 1, "window": "12_months"}}, "a threshold needs either `more_than` or `at_least`", None, ("count",)),
        ({"count": {"category": EMAIL, "more_than": 1, "unit": "heads", "window": "12_months"}}, "unknown count unit `heads`", None, ("count", "unit")),
        ({"designated": {"by": "EU", "kind": "adequacy", "place": "purpose"}}, "`purpose` is no place", None, ("designated", "place")),
        ({"designated": {"by": "EU", "kind": "adequate", "place": "reach"}}, "unknown designation `adequate`", "did you mean `adequacy`?", ("designated", "kind")),
        ({"designated": {"by": "EUU", "kind": "adequacy", "place": "reach"}}, "unknown jurisdiction `EUU`", "did you mean `EU`?", ("designated", "by")),
        ({"obligation": "pseudonymize"}, "unknown obligation `pseudonymize`", "did you mean `pseudonymise`?", ("obligation",)),
        ({"obligation": {"type": "generalise", "parameters": 5}}, "expected a mapping", None, ("obligation", "parameters")),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(
    written: Any, message: str, hint: str | None, path: tuple[Any, ...]
) -> None:
    with pytest.raises(PolicyValidationError) as caught:
        parse_condition(written)
    assert (caught.value.message, caught.value.path) == (message, path)
    if hint is not None:
        assert caught.value.hint == hint


def test_every_path_can_be_asked_whether_it_is_known() -> None:
    assert all(parse_condition({path: {"known": True}}) == Known(path) for path in PATHS)


def test_an_obligation_is_met_by_whoever_carries_it_out() -> None:
    condition = parse_condition({"obligation": "pseudonymise"})
    assert condition.truth(make_case()) is Truth.TRUE
    assert list(condition.obligations(make_case())) == [parse_obligation("pseudonymise", ())]


class TestDefinitions:
    def test_they_may_use_each_other_in_any_order(self) -> None:
        names = Definitions({"b": {"not": "a"}, "a": "personal_data"})
        assert names["b"] == Not(names["a"])
        assert parse_condition({"all": ["b"]}, (), names) == All((names["b"],))

    def test_they_come_on_top_of_the_built_in_names(self) -> None:
        names = Definitions({"a": "personal_data"})
        assert set(names) == {*NAMES, "a"}
        assert len(names) == len(NAMES) + 1
        assert names["significant_effect"] == NAMES["significant_effect"]

    def test_a_name_that_is_misspelt_gets_the_nearest(self) -> None:
        with pytest.raises(PolicyValidationError) as caught:
            parse_condition("tranfer", (), Definitions({"transfer": "personal_data"}))
        assert caught.value.hint == "did you mean `transfer`?"

    @pytest.mark.parametrize("name", ["significant_effect", "personal_data", "support"])
    def test_what_has_a_meaning_keeps_it(self, name: str) -> None:
        with pytest.raises(PolicyValidationError, match="already has a meaning") as caught:
            Definitions({name: "personal_data"})[name]
        assert caught.value.path == ("definitions", name)

    def test_a_circle_is_named(self) -> None:
        names = Definitions({"a": {"not": "b"}, "b": {"any": ["c"]}, "c": "b"})
        with pytest.raises(PolicyValidationError) as caught:
            names["a"]
        assert caught.value.message == "defined by itself: b -> c -> b"
