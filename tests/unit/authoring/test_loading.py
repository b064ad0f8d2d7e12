# SPDX-License-Identifier: Apache-2.0
"""Packs from files: what loads, and what each slip gets with file, line, column and suggestion."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from airflow_xborder.authoring.loading import (
    load_document,
    load_policies,
    read_packs,
    shipped_folder,
    shipped_ids,
    validate_pack,
)
from airflow_xborder.authoring.source import parse_document
from airflow_xborder.core.decision import Decision, Outcome
from airflow_xborder.errors import PolicyError, PolicyNotFoundError, PolicyValidationError
from tests.factories import decide, make_pack, make_row

PACK = """\
pack: acme
jurisdiction: EU
title: company policy
version: "1"
last_checked: 2026-11-21
notice: Not legal advice.
requirements:
  - requirement_id: acme.stay
    jurisdiction: EU
    description: Customer data stays in the EEA.
    when: {all: [personal_data, {not: {reach.countries: {within: EEA30}}}]}
    effect: forbid
    level: company
    effective_date: 2026-01-01
"""
# The example of the user's guide, unchanged.
EXAMPLE = """\
{"requirement_id": "gdpr_article_22", "jurisdiction": "EU", "description": "Right not to be subject to automated decision-making",
 "triggers": ["automated_decision", "significant_effect"], "constraints": ["human_review_required", "explainability_required"],
 "conflicts": [], "dependencies": ["data_minimization", "purpose_limitation"], "effective_date": "2018-05-25", "last_updated": "2023-01-01"}
"""


def wrong(text: str) -> PolicyError:
    """Return the error that a pack's text gets."""
    with pytest.raises(PolicyError) as caught:
        validate_pack(parse_document(text, "acme.yaml"))
    return caught.value


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder that packs are shipped in."""
    folder = tmp_path / "shipped"
    folder.mkdir()
    monkeypatch.setattr("airflow_xborder.authoring.shipped.shipped_folder", lambda: folder)
    return folder


def ship(folder: Path, **needs: list[str]) -> None:
    """Ship packs with a rule ``PACK.r`` each, which depends on the named ones, and a base pack without any."""
    for name, rules in {"base": [], **needs}.items():
        pack = make_pack(name, make_row(f"{name}.r", dependencies=rules))
        (folder / f"{name}.json").write_text(json.dumps(pack))


class TestSelection:
    def test_by_default_all_shipped_packs(self) -> None:
        assert load_policies().ids == shipped_ids()
        assert {"base", "eu.gdpr", "jp.appi", "us.ccpa", "us.dsp"} < set(shipped_ids())
        files = {path.name.removesuffix(".yaml") for path in shipped_folder().glob("*.yaml")}
        assert set(shipped_ids()) == {name for name in files if not name.endswith(".cases")}
        assert shipped_folder().is_dir()

    def test_the_base_pack_is_always_there(self) -> None:
        assert load_policies([]).ids == ("base",)
        assert (
            load_policies(["eu.gdpr"]).ids
            == load_policies(["base", "eu.gdpr", "eu.gdpr"]).ids
            == ("base", "eu.gdpr")
        )

    @pytest.mark.parametrize("pack_id", shipped_ids())
    def test_each_shipped_pack_loads_alone(self, pack_id: str) -> None:
        assert {"base", pack_id} <= set(load_policies([pack_id]).ids)

    def test_a_shipped_pack_brings_what_its_rules_rest_on(self) -> None:
        together = load_policies(["eu.ai_act"])
        assert together.ids == ("base", "eu.ai_act", "eu.gdpr")
        assert together.digest == load_policies(["eu.gdpr", "eu.ai_act"]).digest

    def test_to_the_end_and_once(self, shipped: Path) -> None:
        ship(shipped, a=["b.r"], b=["c.x.r"], c=[], **{"c.x": ["b.r", "base.r"]})
        assert [source.data["pack"] for source in read_packs(["a"])] == ["base", "a", "b", "c.x"]

    def test_a_pack_of_ones_own_stands_in_for_the_shipped_one_of_its_id(
        self, shipped: Path, tmp_path: Path
    ) -> None:
        ship(shipped, a=["b.r"], b=[])
        own = tmp_path / "mine.json"
        own.write_text(json.dumps(make_pack("b", make_row("b.r"), version="mine")))
        assert load_policies(["a", str(own)]).pack("b").version == "mine"

    def test_a_pack_of_ones_own_names_what_it_needs(self, tmp_path: Path) -> None:
        path = tmp_path / "own.json"
        path.write_text(json.dumps(make_pack("own", make_row("own.r", dependencies=["eu.gdpr.a9"]))))
        with pytest.raises(PolicyValidationError, match=r"`eu\.gdpr\.a9`; its pack is not loaded"):
            load_policies([str(path)])
        assert "eu.gdpr" in load_policies([str(path), "eu.gdpr"]).ids

    def test_files_and_folders(self, tmp_path: Path) -> None:
        (tmp_path / "acme.yaml").write_text(PACK)
        (tmp_path / "acme.cases.yaml").write_text("as_of: 2026-11-21\ncases: []\n")
        (tmp_path / "notes.txt").write_text("nothing")
        assert load_policies([str(tmp_path / "acme.yaml")]).ids == ("acme", "base")
        assert load_policies([str(tmp_path)]).ids == ("acme", "base")

    def test_an_id_that_is_not_shipped(self) -> None:
        with pytest.raises(PolicyNotFoundError, match=r"no pack or file `eu.gpdr`") as caught:
            load_policies(["eu.gpdr"])
        assert caught.value.hint == "did you mean `eu.gdpr`?"
        with pytest.raises(PolicyNotFoundError) as caught:
            load_policies(["zzzzzz"])
        assert caught.value.hint == "see policies/packs"

    def test_the_documents_are_plain_data(self) -> None:
        documents = load_policies().documents
        assert json.loads(json.dumps(documents)) == documents


class TestExample:
    """The user's first format loads unchanged and does its work."""

    def decide(self, tmp_path: Path, **decision: Any) -> Decision:
        """Decide with the example and the shipped packs but the EU's own."""
        path = tmp_path / "gdpr_article_22.json"
        path.write_text(EXAMPLE)
        policies = load_policies([str(path), "us.dsp", "eu.gdpr"])
        ground = [{"type": "contract_ds", "ground_for": "automated_decision"}]
        return decide(
            policies, purpose="automated_decision", automated_decision=decision or None, mechanisms=ground
        )

    @pytest.mark.parametrize(
        ("decision", "outcome", "status"),
        [
            ({"significant_effect": True, "human_review": True, "explanation": True}, Outcome.ALLOW, "met"),
            ({"significant_effect": True, "human_review": True, "explanation": False}, Outcome.DENY, "unmet"),
            ({"significant_effect": True, "human_review": False, "explanation": True}, Outcome.DENY, "unmet"),
            ({"significant_effect": True, "human_review": True}, Outcome.REVIEW, "unknown"),
            ({"significant_effect": False}, Outcome.ALLOW, None),
            ({}, Outcome.REVIEW, "unknown"),
        ],
    )
    def test_it_is_evaluated(
        self, tmp_path: Path, decision: dict[str, bool], outcome: Outcome, status: str | None
    ) -> None:
        found = self.decide(tmp_path, **decision)
        statuses = {entry.requirement_id: entry.status for entry in found.applicable}
        assert found.outcome is outcome
        assert statuses.get("gdpr_article_22") == status

    def test_it_is_a_pack_of_its_own_that_its_places_connect(self, tmp_path: Path) -> None:
        path = tmp_path / "example.json"
        path.write_text(EXAMPLE)
        policies = load_policies([str(path)])
        assert policies.ids == ("base", "requirement.gdpr_article_22")
        elsewhere = decide(policies, source="US", destination="JP")
        assert [name for name, _ in elsewhere.not_considered] == ["requirement.gdpr_article_22"]

    def test_its_slips_are_told_with_their_place(self, tmp_path: Path) -> None:
        error = wrong(EXAMPLE.replace('"automated_decision",', '"automated_decison",'))
        assert (error.message, error.hint) == (
            "unknown trigger or constraint `automated_decison`",
            "did you mean `automated_decision`?",
        )
        assert (error.line, error.column) == (2, 15)

    def test_a_jurisdiction_that_is_none(self) -> None:
        error = wrong(EXAMPLE.replace('"EU"', '"EUU"'))
        assert (error.message, error.hint, error.line) == (
            "unknown jurisdiction `EUU`",
            "did you mean `EU`?",
            1,
        )

    def test_what_it_depends_on_must_be_there(self, tmp_path: Path) -> None:
        path = tmp_path / "example.json"
        path.write_text(EXAMPLE.replace("data_minimization", "data_minimisation"))
        with pytest.raises(PolicyValidationError) as caught:
            load_policies([str(path)])
        assert caught.value.hint == "did you mean `data_minimization`?"
        assert (caught.value.file, caught.value.line, caught.value.column) == (str(path), 3, 36)


@pytest.mark.parametrize(
    ("old", "new", "message", "hint", "place"),
    [
        ("notice:", "notce:", "unknown key `notce`", "did you mean `notice`?", (6, 1)),
        ("    effect:", "    efect:", "unknown key `efect`", "did you mean `effect`?", (12, 5)),
        ("title: company policy\n", "", "`title` is missing", None, (1, 1)),
        ("    effective_date: 2026-01-01\n", "", "`effective_date` is missing", None, (8, 5)),
        ("effect: forbid", "effect: forbidd", "unknown `effect`: `forbidd`", "did you mean `forbid`?", (12, 5)),
        ("level: company", "level: q", "unknown `level`: `q`", None, (13, 5)),
        ("2026-01-01", "1.1.2026", "`effective_date` cannot be `1.1.2026`", "write it as 2026-11-21", (14, 5)),
        ("2026-01-01", "2026-02-30", "expected a date, got `2026-02-30`", "write it as 2026-11-21", (14, 5)),
        ("acme.stay", "acme stay", "`requirement_id` cannot be `acme stay`", "ASCII letters and digits, `.`, `_` and `-`, beginning with a letter or digit, at most 100", (8, 5)),
        ("personal_data,", "personal_dta,", "unknown trigger or constraint `personal_dta`", "did you mean `personal_data`?", (11, 18)),
        ("reach.countries", "reach.country", "unknown fact `reach.country`", "did you mean `reach.countries`?", (11, 40)),
        ("EEA30", "EEA31", "unknown jurisdiction `EEA31`", "did you mean `EEA30`?", (11, 58)),
        ("    jurisdiction: EU\n", "    jurisdiction: UK\n", "unknown jurisdiction `UK`", None, (9, 5)),
        ("version:", "time_zone: Europe/Berln\nversion:", "unknown time zone `Europe/Berln`", None, (4, 1)),
        ("version: \"1\"", "version: 1", "`version` should be text, got `1`", "put it in quotes", (4, 1)),
        ("requirements:", "requirements: 3\nx:", "unknown key `x`", None, (8, 1)),
        ("effect: forbid", "effect: forbid\n    constraints: [{attributes.acme.ok: true}]", "attribute `acme.ok` is not declared", "declare it under `attributes`", (13, 20)),
        ("effect: forbid", "effect: forbid\n    constraints: [{importer.attributes.acme.ok: true}]", "attribute `acme.ok` is not declared", "declare it under `attributes`", (13, 20)),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_pack_is_told_with_its_place(
    old: str, new: str, message: str, hint: str | None, place: tuple[int, int]
) -> None:
    assert old in PACK
    error = wrong(PACK.replace(old, new, 1))
    assert error.message == message
    assert (error.file, error.line, error.column) == ("acme.yaml", *place)
    if hint is not None:
        assert error.hint == hint


@pytest.mark.parametrize("text", ["", "[]", "3", "requirements: 3"])
def test_what_is_no_pack_at_all(text: str) -> None:
    assert wrong(text).line == 1


def test_a_pack_may_be_json(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text(json.dumps(make_pack("t", make_row())))
    assert load_document(path)["pack"] == "t"


class TestTogether:
    def test_what_does_not_fit_together_is_told_with_its_place(self, tmp_path: Path) -> None:
        path = tmp_path / "acme.yaml"
        path.write_text(f"{PACK}    dependencies: [purpose_limitatio]\n")
        with pytest.raises(PolicyValidationError) as caught:
            load_policies([str(path)])
        assert (caught.value.file, caught.value.line, caught.value.column) == (str(path), 15, 20)
        assert caught.value.hint == "did you mean `purpose_limitation`?"

    @pytest.mark.parametrize("name", ["a\0b", "x" * 5000, "../../etc/none", "p\nq"])
    def test_a_name_that_is_neither_pack_nor_file(self, name: str) -> None:
        with pytest.raises(PolicyNotFoundError) as caught:
            load_policies([name])
        assert len(caught.value.message) < 400 and caught.value.message.isprintable()

    def test_a_pipe_given_as_a_pack_is_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "p.yaml")
        for selection in (str(tmp_path / "p.yaml"), str(tmp_path)):
            with pytest.raises(PolicyNotFoundError, match="is no plain file"):
                load_policies([selection])


def test_a_dated_flip_changes_every_answer_after_it_and_nothing_else(tmp_path: Path) -> None:
    """One row in a file beside the packs suspends the adequacy of the US, from a day on."""
    from datetime import datetime, timezone

    row = {
        "id": "acme.dpf",
        "by": "EU",
        "kind": "adequacy",
        "of": "US",
        "valid_from": "2027-03-01",
        "citation": "c",
        "suspends": "eu.adequacy.us",
    }
    path = tmp_path / "flip.json"
    path.write_text(json.dumps({**make_pack("acme", covers=[]), "designations": [row]}))
    policies = load_policies(["eu.gdpr", "us.dsp", str(path)])
    flow: dict[str, Any] = {
        "destination": "US-VA",
        "importer": {
            "country": "US",
            "listings": [{"framework": "eu_us_dpf", "covers": ["non_hr"], "status": "active"}],
        },
    }
    # The day begins in Brussels.
    before = decide(policies, as_of=datetime(2027, 2, 28, 22, 59, tzinfo=timezone.utc), **flow)
    after = decide(policies, as_of=datetime(2027, 2, 28, 23, tzinfo=timezone.utc), **flow)
    assert (before.outcome, after.outcome) == (Outcome.ALLOW, Outcome.DENY)
    assert before.valid_until == datetime(2027, 2, 28, 23, tzinfo=timezone.utc)
    assert before.decision_key != after.decision_key
