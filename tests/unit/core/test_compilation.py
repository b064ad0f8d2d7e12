# SPDX-License-Identifier: Apache-2.0
"""A set of packs: order, digest, lazy reading, declared attributes."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_xborder.core.compilation import Policies
from airflow_xborder.errors import FlowError
from tests.factories import decide, make_flow, make_pack, make_row

ATTRIBUTES = {
    "x.kind": {"type": "text", "values": ["a", "b"], "description": "d"},
    "x.flag": {"type": "boolean", "description": "d"},
    "x.number": {"type": "number", "description": "d"},
    "x.text": {"type": "text", "description": "d"},
    "x.terms": {"type": "categories", "description": "d"},
}


class TestPolicies:
    def test_neither_the_order_of_packs_nor_of_keys_matters(self) -> None:
        one, two = make_pack("a"), make_pack("b")
        turned = {key: one[key] for key in reversed(list(one))}
        assert Policies([one, two]).digest == Policies([two, turned]).digest
        assert Policies([one]).digest != Policies([two]).digest
        assert Policies([two, one]).ids == ("a", "b")
        assert [pack.id for pack in Policies([two, one]).packs()] == ["a", "b"]

    def test_a_pack_that_does_not_concern_a_flow_is_not_read(self) -> None:
        far = make_pack(
            "far", make_row("far.rule", when={"not a fact": 1}), connects=[{"source.country": "JP"}]
        )
        decision = decide(policies := Policies([make_pack("t"), far]))
        assert decision.allowed
        assert decision.not_considered == (
            ("far", "no connecting factor: nothing in the flow ties it to the law of far"),
        )
        assert policies._packs.keys() == {"t"}

    def test_the_owner_of_every_rule_is_known(self) -> None:
        assert Policies([make_pack("a", make_row("a.r")), make_pack("b", make_row("b.r"))]).owners == {
            "a.r": "a",
            "b.r": "b",
        }


class TestAttributes:
    POLICIES = Policies([make_pack("t", attributes=ATTRIBUTES)])

    @pytest.mark.parametrize(
        "attributes",
        [
            {}, {"x.kind": "a"}, {"x.flag": False}, {"x.number": 3}, {"x.text": "anything"}, {"x.terms": ["telemetry"]},
            {"x.terms": "telemetry"}, {"x.flag": None}, ["x.kind", "x.flag"],
        ],
        ids=str,
    )  # fmt: skip
    def test_declared_ones_are_accepted(self, attributes: Any) -> None:
        self.POLICIES.require_declared(attributes)

    @pytest.mark.parametrize(
        ("attributes", "message", "hint"),
        [
            ({"x.knd": "a"}, "attributes.x.knd: no pack declares `x.knd`", "did you mean `x.kind`?"),
            (["nothing"], "attributes.nothing: no pack declares `nothing`", None),
            ({"x.kind": "c"}, "attributes.x.kind: unknown value `c`", "one of a, b"),
            ({"x.flag": "yes"}, "attributes.x.flag: expected a boolean, got `yes`", None),
            ({"x.number": True}, "attributes.x.number: expected a number, got `True`", None),
            ({"x.text": 3}, "attributes.x.text: expected a text, got `3`", None),
            ({"x.terms": ["telemtry"]}, "attributes.x.terms: unknown data category `telemtry`", "did you mean `telemetry`?"),
        ],
        ids=str,
    )  # fmt: skip
    def test_others_are_not(self, attributes: Any, message: str, hint: str | None) -> None:
        with pytest.raises(FlowError) as caught:
            self.POLICIES.require_declared(attributes)
        assert (caught.value.message, caught.value.hint) == (message, hint)

    def test_those_of_a_flow_and_its_parties_are_checked_alike(self) -> None:
        self.POLICIES.require_known(make_flow())
        self.POLICIES.require_known(
            make_flow(attributes={"x.flag": True}, importer={"attributes": {"x.flag": False}})
        )
        with pytest.raises(FlowError, match=r"^attributes.x.flg: no pack declares"):
            self.POLICIES.require_known(make_flow(attributes={"x.flg": True}))
        with pytest.raises(FlowError, match=r"^importer.attributes.x.flg: no pack declares") as caught:
            self.POLICIES.require_known(make_flow(importer={"attributes": {"x.flg": True}}))
        assert caught.value.hint == "did you mean `x.flag`?"
