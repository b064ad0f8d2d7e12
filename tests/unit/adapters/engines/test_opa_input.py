# SPDX-License-Identifier: Apache-2.0
import pytest

from airflow_xborder.adapters.engines.opa_input import Naming, everybody_agreed, somebody_agreed
from airflow_xborder.core.flow import DataFlow
from airflow_xborder.errors import ConfigurationError

ALIASES = {"regions": {"eu": "EU", "us": "US", "JP": "APAC"}, "purposes": {"ml_inference": "model_inference"}}


def make_flow(**changes):
    flow = {"source": {"region": "eu", "country": "DE"}, "destination": {"region": "us", "country": "US"}}
    return DataFlow.parse({**flow, "purpose": "ml_inference", **changes})


def make_consent(**changes):
    consent = {"type": "consent_explicit", "ground_for": "transfer", "purpose": "ml_inference"}
    return {"consent": {**consent, **changes}}


def reached(flow, aliases=ALIASES):
    return [request["region_to"] for request in Naming(aliases).requests(flow)]


class TestNames:
    def test_aliases_translate_regions_and_purposes(self):
        assert Naming(ALIASES).requests(make_flow()) == [
            {"region_from": "EU", "region_to": "US", "purpose": "model_inference"}
        ]

    def test_without_an_alias_our_own_names_stand(self):
        assert Naming({}).requests(make_flow()) == [
            {"region_from": "eu", "region_to": "us", "purpose": "ml_inference"}
        ]

    def test_a_country_can_have_an_alias_and_else_is_its_own_name(self):
        assert reached(make_flow(destination={"country": "JP"})) == ["APAC"]
        assert reached(make_flow(destination={"country": "BR"})) == ["BR"]

    def test_a_subdivision_comes_before_its_country(self):
        assert reached(make_flow(destination={"country": "US", "subdivision": "US-IL"})) == ["US-IL"]

    def test_an_unknown_purpose_is_left_out(self):
        assert "purpose" not in Naming(ALIASES).requests(make_flow(purpose=None))[0]

    def test_an_unknown_kind_of_alias_is_refused(self):
        with pytest.raises(
            ConfigurationError, match=r"unknown kind of alias `region`.*did you mean `regions`"
        ):
            Naming({"region": {"eu": "EU"}})


class TestPlaces:
    def test_every_further_place_is_asked_about_once(self):
        places = {"processing": [{"country": "US"}, {"country": "IN"}], "access": [{"country": "IN"}]}
        assert reached(make_flow(places=places)) == ["US", "IN"]

    def test_a_place_that_is_just_an_end_is_called_as_that_end(self):
        flow = make_flow(
            destination={"region": "eu", "country": "DE"}, places={"storage": [{"country": "DE"}]}
        )
        assert reached(flow) == ["EU"]

    def test_the_state_of_an_end_is_not_its_whole_country(self):
        flow = make_flow(
            destination={"region": "us", "country": "US", "subdivision": "US-CA"},
            places={"storage": [{"country": "US"}]},
        )
        assert reached(flow, {"regions": {"us": "CALIFORNIA"}}) == ["CALIFORNIA", "US"]

    def test_transit_and_keys_reach_nobody(self):
        places = {"transit": [{"country": "CN"}], "key_custody": [{"country": "CN"}]}
        assert reached(make_flow(places=places)) == ["US"]

    def test_ends_that_nobody_can_name_are_told(self):
        flow = make_flow(
            destination={"store": "s3://who-knows"}, places={"access": [{"country": "DE"}, {"region": None}]}
        )
        assert Naming(ALIASES).unnamed(flow) == ("destination", "places.access[1]")


class TestConsent:
    @pytest.mark.parametrize(
        ("changes", "everybody", "somebody"),
        [
            (make_consent(coverage="1"), True, True),
            (make_consent(coverage="1.0"), True, True),
            (make_consent(coverage="0.999999999"), False, True),
            (make_consent(coverage="0"), False, False),
            (make_consent(coverage="0.0"), False, False),
            (make_consent(), False, True),
            (make_consent(coverage="1", purpose="marketing"), False, False),
            ({}, False, False),
        ],
        ids="full full-as-decimal almost none none-as-decimal unknown other-purpose no-consent".split(),
    )
    def test_only_full_coverage_for_this_purpose_is_everybody(self, changes, everybody, somebody):
        flow = make_flow(**changes)
        assert (everybody_agreed(flow), somebody_agreed(flow)) == (everybody, somebody)

    @pytest.mark.parametrize(
        ("coverages", "everybody", "somebody"),
        [(["1", "1"], True, True), (["1", "0.5"], False, True), (["1", None], False, True), (["0", None], False, False)],
    )  # fmt: skip
    def test_of_several_consents_for_this_purpose_the_least_counts(self, coverages, everybody, somebody):
        consents = [make_consent(coverage=coverage)["consent"] for coverage in coverages]
        other = make_consent(purpose="marketing", coverage="0")["consent"]
        flow = make_flow(consent=[*consents, other])
        assert (everybody_agreed(flow), somebody_agreed(flow)) == (everybody, somebody)

    def test_consent_for_a_purpose_does_not_count_where_the_purpose_is_unknown(self):
        assert not everybody_agreed(make_flow(purpose=None, **make_consent(coverage="1")))
