# SPDX-License-Identifier: Apache-2.0
"""What a rule that applies says: status, what is missing, ways, obligations, warnings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.evaluation import Finding, evaluate
from tests.factories import TODAY, Exploding, make_facts, make_pack, make_row


def finding(row: dict[str, Any], **fields: Any) -> Finding:
    """Return what one rule says of a flow."""
    found = evaluate(Policies([make_pack("t", row)]), make_facts(**fields), TODAY).findings
    assert len(found) == 1
    return found[0]


class TestStatus:
    @pytest.mark.parametrize(
        ("row", "fields", "status"),
        [
            ({"constraints": [{"evidence": "tia"}]}, {"evidence": ["tia"]}, "met"),
            ({"constraints": [{"evidence": "tia"}]}, {}, "unmet"),
            ({"constraints": [{"listed": {"framework": "eu_us_dpf"}}]}, {}, "unknown"),
            ({"when": {"importer.same_group": True}}, {}, "unknown_applicability"),
            ({}, {}, "unmet"),
        ],
    )
    def test_status(self, row: dict[str, Any], fields: dict[str, Any], status: str) -> None:
        assert finding(make_row(**row), **fields).status == status

    def test_a_rule_that_does_not_apply_says_nothing(self) -> None:
        policies = Policies([make_pack("t", make_row(when={"crosses_border": False}))])
        assert evaluate(policies, make_facts(), TODAY).findings == []

    def test_what_is_missing(self) -> None:
        assert finding(make_row(when={"importer.same_group": True})).missing == ("importer.same_group",)
        unknown = finding(make_row(constraints=[{"listed": {"framework": "eu_us_dpf"}}, {"evidence": "tia"}]))
        assert (unknown.status, unknown.unmet) == ("unmet", ("listing eu_us_dpf", "evidence tia"))
        assert unknown.ways == (("listing eu_us_dpf", "evidence tia"),)

    def test_of_an_unknown_constraint(self) -> None:
        unknown = finding(
            make_row(constraints=[{"any_of": [{"listed": {"framework": "eu_us_dpf"}}, {"evidence": "tia"}]}])
        )
        assert (unknown.status, unknown.missing) == ("unknown", ("importer.listings",))
        assert unknown.ways == (("listing eu_us_dpf",), ("evidence tia",))


class TestStrings:
    def test_a_rule_that_is_met_owes_what_it_and_its_grounds_owe(self) -> None:
        row = make_row(
            constraints=[{"any_of": [{"needs": "personal_data", "obligations": ["generalise"], "warnings": ["w"]}]}],
            obligations=["pseudonymise"], warnings=["v"], effect="local_copy",
        )  # fmt: skip
        found = finding(row)
        assert [entry.type for entry in found.obligations] == [
            "pseudonymise",
            "generalise",
            "keep_local_copy",
        ]
        assert found.warnings == ("v", "w")

    def test_one_that_is_not_met_owes_nothing(self) -> None:
        found = finding(
            make_row(constraints=[{"evidence": "tia"}], obligations=["pseudonymise"], warnings=["v"])
        )
        assert (found.obligations, found.warnings) == ((), ())


class TestErrors:
    @pytest.mark.parametrize(
        ("part", "method"), [("when", "truth"), ("constraint", "truth"), ("constraint", "boundaries")]
    )
    def test_an_error_in_a_rule_is_a_finding(self, part: str, method: str) -> None:
        policies = Policies([make_pack("t", make_row())])
        pack = policies.pack("t")
        broken = replace(pack.requirements[0], **{part: Exploding(method, ValueError("odd"))})
        policies._packs["t"] = replace(pack, requirements=(broken,))
        evaluation = evaluate(policies, make_facts(), TODAY)
        evaluation.settle()
        found = evaluation.findings
        assert [(entry.status, entry.error) for entry in found] == [("error", "odd")]

    def test_an_error_while_looking_for_gaps_is_noted(self) -> None:
        policies = Policies([make_pack("t")])
        policies.__dict__["heads"] = (replace(policies.heads[0], covers=None),)
        found = evaluate(policies, make_facts(), TODAY)
        assert found.gaps == []
        assert found.instance.errors["policies"]
