# SPDX-License-Identifier: Apache-2.0
import pytest

from airflow_xborder.authoring.loading import load_policies
from airflow_xborder.core.condition_syntax import parse_condition
from airflow_xborder.core.conditions import All, Any
from airflow_xborder.core.places import SETS
from airflow_xborder.core.wording import in_words, name_set


@pytest.mark.parametrize(
    ("condition", "yes", "no"),
    [
        ({"source.country": "EEA30"}, "source EEA30", "source not EEA30"),
        ({"reach.countries": {"within": "EEA30"}}, "countries reached only EEA30", "countries reached also outside EEA30"),
        ("personal_data.sensitive.health", "data personal_data.sensitive.health", "data without personal_data.sensitive.health"),
        ({"crosses_border": True}, "the data crosses a border", "the data crosses no border"),
        ({"attributes.cn.ciio": True}, "cn.ciio: yes", "cn.ciio: no"),
        ({"importer.attributes.cn.gba": True}, "importer's cn.gba: yes", "importer's cn.gba: no"),
        ({"retention_days": {"at_least": 30, "less_than": 60}}, "days of retention at least 30 and less than 60",
         "days of retention not at least 30 and less than 60"),
        ({"importer.owners": {"known": True}}, "importer owners stated", "importer owners not stated"),
        ("purpose_not_collected", "purpose not among the purposes of collection", "purpose is among the purposes of collection"),
        ({"mechanism": ["bcr_c", "bcr_p"]}, "mechanism (one of bcr_c, bcr_p)",
             "without mechanism (one of bcr_c, bcr_p)"),
        ({"mechanism": {"type": "law", "ground_for": "processing"}}, "mechanism law as a ground for processing",
         "without mechanism law as a ground for processing"),
        ({"evidence": "tia"}, "evidence tia", "without evidence tia"),
        ({"safeguard": "aggregation"}, "safeguard aggregation", "without safeguard aggregation"),
        ({"consent": {"type": "consent_explicit", "ground_for": "transfer"}}, "consent consent_explicit as a ground for transfer",
         "without consent consent_explicit as a ground for transfer"),
        ({"listed": {"framework": "eu_us_dpf"}}, "importer on the list eu_us_dpf", "importer not on the list eu_us_dpf"),
        ({"owned_by": {"countries": "CN", "at_least": "0.5"}}, "owners in CN hold 0.5 or more", "owners in CN hold less than 0.5"),
        ({"count": {"category": "telemetry", "more_than": 1000, "window": "12_months"}}, "more than 1,000 persons in 12 months (telemetry)",
         "not more than 1,000 persons in 12 months (telemetry)"),
        ({"designated": {"by": "EU", "kind": "adequacy", "place": "reach.countries", "outside": "EEA30"}},
         "all countries reached outside EEA30 with adequacy by EU", "not all countries reached outside EEA30 with adequacy by EU"),
        ({"obligation": "pseudonymise"}, "obligation pseudonymise carried out", "not obligation pseudonymise carried out"),
    ],
    ids=str,
)  # fmt: skip
def test_each_question_and_its_opposite(condition, yes, no) -> None:
    parsed = parse_condition(condition)
    assert in_words(parsed) == yes
    assert in_words(parsed, holds=False) == no
    assert in_words(parse_condition({"not": condition})) == no


class TestCompounds:
    def test_and_within_or_has_brackets(self) -> None:
        parsed = parse_condition(
            {"any": [{"all": [{"evidence": "tia"}, {"mechanism": "scc_eu"}]}, "personal_data"]}
        )
        assert in_words(parsed) == "(evidence tia and mechanism scc_eu) or data personal_data"

    def test_a_denied_and_is_an_or(self) -> None:
        parsed = parse_condition({"not": {"all": [{"evidence": "tia"}, {"mechanism": "scc_eu"}]}})
        assert in_words(parsed) == "without evidence tia or without mechanism scc_eu"

    def test_what_is_empty(self) -> None:
        assert (in_words(All(())), in_words(Any(()))) == ("always", "never")
        assert (in_words(All(()), holds=False), in_words(Any(()), holds=False)) == ("never", "always")

    def test_a_thing_is_said_once(self) -> None:
        assert in_words(parse_condition({"any": ["personal_data", "personal_data"]})) == "data personal_data"


class TestNamesOfSets:
    def test_a_named_set(self) -> None:
        assert name_set(SETS["EEA30"]) == "EEA30"

    def test_a_named_set_and_more(self) -> None:
        assert name_set(SETS["EEA30"] | {"JP"}) == "EEA30, JP"

    def test_very_many_are_not_all_named(self) -> None:
        assert name_set(f"X{number}" for number in range(9)) == "X0, X1, X2, X3, X4, X5 and 3 more"

    def test_nothing(self) -> None:
        assert name_set(()) == "nothing"


def test_every_condition_of_the_shipped_packs_has_words() -> None:
    for pack in load_policies().packs():
        for rule in pack.requirements:
            words = in_words(rule.when) + in_words(rule.constraint)
            assert not any(name in words for name in ("IsA", "Within", "HasMechanism", "Counted", "<"))
