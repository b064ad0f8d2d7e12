# SPDX-License-Identifier: Apache-2.0
"""What must hold between packs, and what each breach of it gets."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_xborder.authoring.linking import link
from airflow_xborder.authoring.loading import load_document
from airflow_xborder.authoring.shipped import shipped_packs
from airflow_xborder.errors import PolicyValidationError
from tests.factories import make_pack, make_row

ROW = {"id": "t.d", "by": "EU", "kind": "adequacy", "of": "JP", "valid_from": "2020-01-01", "citation": "c"}


def fail(*documents: Any) -> PolicyValidationError:
    """Return the error that putting packs together gets."""
    with pytest.raises(PolicyValidationError) as caught:
        link(documents)
    return caught.value


class TestIds:
    def test_two_packs_of_one_id(self) -> None:
        assert fail(make_pack("t"), make_pack("t")).message == "two packs have the id `t`"

    def test_two_rules_of_one_id(self) -> None:
        error = fail(make_pack("a", make_row("r")), make_pack("b", make_row("r")))
        assert error.message == "`r` is there already, in `a`"
        assert error.path == ("requirements", 0, "requirement_id")

    def test_an_alternative_called_like_a_rule(self) -> None:
        option = {"id": "r", "needs": "personal_data"}
        error = fail(make_pack("a", make_row("r"), make_row("s", constraints=[{"any_of": [option]}])))
        assert error.message == "`r` is there already, in `a`"
        assert error.path == ("requirements", 1, "constraints", 0, "any_of", 0, "id")

    def test_ids_that_look_like_another_regimes(self) -> None:
        option = {"id": "eu.gdpr.a45", "needs": "personal_data"}
        for pack in (
            make_pack("acme", make_row("eu.gdpr.a99")),
            make_pack("acme", make_row("acme.x", constraints=[{"any_of": [option]}])),
            make_pack("acme", designations=[{**ROW, "id": "eu.gdpr.jp"}]),
        ):
            error = fail(pack)
            assert error.message.endswith("looks like an id of `eu.gdpr`")
            assert error.hint == "begin it with `acme.` or a name of your own"

    def test_the_longest_name_owns_an_id(self) -> None:
        link([make_pack("a", make_row("a.x")), make_pack("a.b", make_row("a.b.x"))])


class TestReferences:
    @pytest.mark.parametrize(
        ("fields", "message", "hint"),
        [
            ({"dependencies": ["t.rul"]}, "`dependencies` names unknown `t.rul`", "did you mean `t.rule`?"),
            ({"dependencies": ["eu.gdpr.a44"]}, "`dependencies` names unknown `eu.gdpr.a44`; its pack is not loaded", None),
            ({"supersedes": ["u.rul"]}, "`supersedes` names unknown `u.rul`", "did you mean `u.rule`?"),
            ({"supersedes": ["u.rule"]}, "`supersedes` names `u.rule`, a rule of `u`", "a rule replaces rules of its own pack; see `displaces` and `conflicts`"),
            ({"conflicts": ["u.rul"]}, "`conflicts` names unknown `u.rul`", "did you mean `u.rule`?"),
            ({"conflicts": ["nothing.like.it"]}, "`conflicts` names unknown `nothing.like.it`", "announce a rule of a pack to come under `expects`"),
            ({"displaces": ["eu.gdpr.a45"]}, "`displaces` names unknown `eu.gdpr.a45`", "did you mean `eu.gdpr.a48`?"),
            ({"derogable_by": ["nationl"]}, "`derogable_by` names unknown `nationl`", "did you mean `national`?"),
            ({"conflicts": ["t.rule"]}, "`conflicts` names the rule itself", None),
            ({"displaces": ["t.rule"]}, "`displaces` names the rule itself", None),
            ({"conflicts": ["t.d"]}, "`conflicts` names unknown `t.d`", None),
        ],
    )  # fmt: skip
    def test_a_name_of_nothing(self, fields: Any, message: str, hint: str | None) -> None:
        error = fail(
            make_pack("t", make_row(**fields), designations=[ROW]), make_pack("u", make_row("u.rule"))
        )
        assert error.message == message
        assert error.path == ("requirements", 0, next(iter(fields)), 0)
        if hint is not None:
            assert error.hint == hint

    def test_conflicts_may_name_rules_of_a_shipped_pack_that_is_not_loaded(self) -> None:
        assert link([make_pack("t", make_row(conflicts=["us.dsp.records"]))]).ids == ("t",)

    def test_conflicts_may_name_what_the_pack_expects(self) -> None:
        rule = make_row(conflicts=["acme.next"], derogable_by=["acme.next", "state"], displaces=["acme.next"])
        assert link([make_pack("t", rule, expects=["acme.next"])]).ids == ("t",)

    def test_nothing_can_depend_on_what_is_only_expected(self) -> None:
        error = fail(make_pack("t", make_row(dependencies=["acme.next"]), expects=["acme.next"]))
        assert error.message == "`dependencies` names unknown `acme.next`"

    @pytest.mark.parametrize("name", ["e", "t.rule"])
    def test_a_suspension_of_what_is_no_designation(self, name: str) -> None:
        error = fail(make_pack("t", make_row(), designations=[{**ROW, "suspends": name}]))
        assert (error.message, error.path) == (
            f"`suspends` names unknown `{name}`",
            ("designations", 0, "suspends"),
        )


class TestCircles:
    def test_dependencies(self) -> None:
        rules = (
            make_row("a", dependencies=["b"]),
            make_row("b", dependencies=["c"]),
            make_row("c", dependencies=["a"]),
        )
        error = fail(make_pack("t", *rules))
        assert error.message.startswith("dependencies run in a circle: ")
        assert error.path[0] == "requirements" and error.path[2:] == ("dependencies", 0)

    def test_a_rule_that_needs_itself(self) -> None:
        assert (
            fail(make_pack("t", make_row("a", dependencies=["a"]))).message
            == "dependencies run in a circle: a -> a"
        )

    def test_across_packs(self) -> None:
        error = fail(
            make_pack("t", make_row("a", dependencies=["b"])),
            make_pack("u", make_row("b", dependencies=["a"])),
        )
        assert "in a circle" in error.message

    def test_rules_that_displace_each_other(self) -> None:
        error = fail(make_pack("t", make_row("a", displaces=["b"]), make_row("b", displaces=["a"])))
        assert error.message.startswith("rules displace each other in a circle: ")


class TestOrders:
    BASE = load_document(shipped_packs()["base"])

    def test_no_rule_displaces_one_of_another_legal_order(self) -> None:
        one = make_pack("t", make_row("t.one", displaces=["u.two"]))
        other = make_pack("u", make_row("u.two", jurisdiction="US"), jurisdiction="US")
        error = fail(self.BASE, one, other)
        assert (
            error.message
            == "`displaces` names `u.two` of the legal order `US`, which no rule of `EU` displaces"
        )
        assert error.hint == "between legal orders a person decides: name it under `conflicts`"

    def test_inside_one_it_may(self) -> None:
        one = make_pack("t", make_row("t.one", displaces=["u.two"]))
        link([self.BASE, one, make_pack("u", make_row("u.two", jurisdiction="DE"), jurisdiction="DE")])

    def test_a_place_in_two_orders(self) -> None:
        order = {"id": "ALPS", "members": ["CH", "AT"], "levels": ["national"]}
        error = fail(self.BASE, make_pack("t", legal_orders=[order]))
        assert error.message == "`AT` belongs to the legal orders `EU` and `ALPS`"


def test_one_attribute_has_one_meaning() -> None:
    flag = {"x": {"type": "boolean", "description": "d"}}
    error = fail(
        make_pack("t", attributes=flag),
        make_pack("u", attributes={"x": {"type": "text", "description": "d"}}),
    )
    assert error.message == "attribute `x` is declared with another type or other values in `t`"
    link(
        [make_pack("t", attributes=flag), make_pack("u", attributes={"x": {**flag["x"], "description": "e"}})]
    )
