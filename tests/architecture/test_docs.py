# SPDX-License-Identifier: Apache-2.0
"""The pages say what the code does: nothing of the public surface is missing in them, and they name nothing that is not."""

from __future__ import annotations

import argparse
import inspect
import os
import re
import subprocess
import sys
from dataclasses import fields
from itertools import combinations
from pathlib import Path
from typing import get_args

import pytest

from airflow_xborder import __version__, errors
from airflow_xborder.audit.findings import FindingKind
from airflow_xborder.authoring import catalog as documents
from airflow_xborder.authoring.cases import ExpectationDocument
from airflow_xborder.authoring.loading import load_policies, shipped_folder
from airflow_xborder.cli import main, output
from airflow_xborder.core import catalog
from airflow_xborder.core.conflicts import find_conflicts
from airflow_xborder.core.explanation import TEMPLATES
from airflow_xborder.core.flow import Party
from airflow_xborder.core.law_pages import law_pages
from airflow_xborder.core.vocabulary_terms import OBLIGATIONS
from airflow_xborder.outcomes import outcome_of
from airflow_xborder.provider_info import get_provider_info
from airflow_xborder.services.obligations import DISCHARGED
from airflow_xborder.services.recording import FAR_SIDE_WITHHELD
from tests.architecture.source import ROOT, relative
from tests.deployment import Deployment
from tests.tools.snippets import blocks, prose, rows, sections

DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
RECORDS = sorted((DOCS / "adr").glob("*.md"))
PAGES = sorted(
    {ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "policies" / "README.md", *DOCS.rglob("*.md")}
)
CODE = re.compile(r"`([^`]+)`")


def bare(cell: str) -> str:
    """Return what a cell holds in code marks, or the cell."""
    found = CODE.findall(cell)
    return found[0] if found else cell


def column(text: str, number: int = 0) -> list[str]:
    """Return one column of all tables of a text."""
    return [bare(row[number]) for row in rows(text)]


class TestErrors:
    PAGE = REFERENCE / "errors.md"
    CLASSES = {
        name: kind
        for name, kind in vars(errors).items()
        if inspect.isclass(kind) and issubclass(kind, errors.XborderError) and not name.startswith("_")
    }

    def test_each_class_has_a_row_with_its_code_outcome_and_exit_code(self):
        told = {bare(row[0]): (bare(row[1]), row[2], row[3]) for row in rows(self.PAGE.read_text())}
        real = {}
        for name, kind in self.CLASSES.items():
            error = kind.__new__(kind)
            real[name] = (kind.code, outcome_of(error).value, str(output.exit_code(error)))
        assert told == real

    def test_no_page_names_an_error_that_there_is_not(self):
        named = {name for page in PAGES for name in re.findall(r"\b[A-Z]\w+Error\b", page.read_text())}
        assert named <= set(self.CLASSES)


class TestConfiguration:
    PAGE = REFERENCE / "configuration.md"
    OPTIONS = get_provider_info()["config"]["xborder"]["options"]

    def test_each_option_has_a_row_that_says_what_airflow_is_told(self):
        told = {bare(row[0]): (row[1], bare(row[2]), row[3]) for row in rows(self.PAGE.read_text())}
        real = {
            name: (
                option["type"],
                option["default"] or "none",
                f"{option['description']} Example: `{option['example']}`",
            )
            for name, option in self.OPTIONS.items()
        }
        assert told == real

    def test_no_page_names_an_option_that_there_is_not(self):
        named = set()
        for page in PAGES:
            text = page.read_text()
            named |= {name.lower() for name in re.findall(r"AIRFLOW__XBORDER__([A-Z_]+)", text)}
            named |= set(re.findall(r"`\[xborder\] (\w+)", text))
            for block in blocks(page):
                if block.language == "ini":
                    named |= set(re.findall(r"^(\w+) =", block.text, re.MULTILINE))
        assert len(named) > 5
        assert named <= set(self.OPTIONS)


def parsers() -> dict[str, argparse.ArgumentParser]:
    """Return the parser of every command and sub-command, by its words."""
    found: dict[str, argparse.ArgumentParser] = {}
    for command in main.COMMANDS:
        # Only the command that is asked for has its arguments.
        found[command] = children(main._parser([command]))[command]
        below = children(found[command])
        found.update({f"{command} {name}": parser for name, parser in below.items()})
    return found


def children(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the parsers of the commands directly below one."""
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return {name: below for group in groups for name, below in group.choices.items()}


class TestCommandLine:
    PAGE = REFERENCE / "cli.md"
    PARSERS = parsers()

    @pytest.mark.parametrize("command", ["", *sorted(PARSERS)])
    def test_each_command_has_a_section_with_its_help(self, command, monkeypatch):
        monkeypatch.setenv("COLUMNS", "100")
        parser = self.PARSERS[command] if command else main._parser([])
        text = sections(self.PAGE)[f"xborder {command}" if command else "Command line"]
        shown = re.search(r"```text\n(.*?)```", text, re.DOTALL)
        assert shown, command
        assert shown[1].split() == parser.format_help().split()

    def test_no_section_is_about_a_command_that_there_is_not(self):
        named = {name.removeprefix("xborder ") for name in sections(self.PAGE) if name.startswith("xborder")}
        assert named == set(self.PARSERS)

    def test_no_page_calls_a_command_that_there_is_not(self):
        call = re.compile(r"(?:`|^|\| )xborder ([a-z]+)(?: ([a-z]+))?", re.MULTILINE)
        called = [(page.name, *words) for page in PAGES for words in call.findall(page.read_text())]
        assert len(called) > 10
        for page, command, word in called:
            assert command in main.COMMANDS, (page, command)
            below = children(self.PARSERS[command])
            assert not word or not below or word in below, (page, command, word)

    def test_each_exit_code_is_explained(self):
        codes = {
            str(value) for name, value in vars(output).items() if name.isupper() and isinstance(value, int)
        }
        told = {row[0] for row in rows(sections(self.PAGE)["Command line"])}
        assert told == {*codes, "130"}

    def test_each_kind_of_finding_is_explained(self):
        told = column(sections(self.PAGE)["xborder ledger verify"])
        assert sorted(told) == sorted(kind.value for kind in FindingKind)


class TestObligations:
    TABLE = rows((REFERENCE / "obligations.md").read_text())

    def test_each_type_has_a_row(self):
        assert [bare(row[0]) for row in self.TABLE] == list(OBLIGATIONS)

    def test_it_says_who_carries_it_out(self):
        told = {bare(row[0]) for row in self.TABLE if row[2] != "nobody"}
        assert told == DISCHARGED


class TestReasons:
    TABLE = rows((REFERENCE / "reasons.md").read_text())

    def test_each_template_has_a_row_with_its_sentence_and_a_kind(self):
        told = {bare(row[0]): row[2] for row in self.TABLE if row[2] in TEMPLATES.values()}
        assert told == TEMPLATES

    def test_each_kind_has_a_row(self):
        kinds = [bare(row[0]) for row in self.TABLE if row[2] not in TEMPLATES.values()]
        assert kinds == list(reason_kinds())
        used = {bare(row[1]) for row in self.TABLE if row[2] in TEMPLATES.values()}
        assert used == set(kinds)


def reason_kinds() -> tuple[str, ...]:
    """Return the kinds of reason that a case may expect: all there are."""
    listed = next(
        kind for kind in get_args(ExpectationDocument.model_fields["reasons"].annotation) if get_args(kind)
    )
    return get_args(get_args(listed)[0])


class TestCatalog:
    SECTIONS = sections(REFERENCE / "catalog.md")

    @pytest.mark.parametrize(
        ("section", "model"),
        [
            ("The whole", documents.CatalogDocument),
            ("Region", documents.RegionDocument),
            ("Store", documents.StoreDocument),
            ("Data set", documents.DatasetDocument),
            ("Subjects", documents.AudienceDocument),
            ("Consent", documents.ConsentDocument),
            ("Registers", documents.RegistersDocument),
        ],
    )
    def test_each_field_has_a_row(self, section, model):
        assert column(self.SECTIONS[section]) == list(model.model_fields)

    def test_each_fact_about_a_party_has_a_row(self):
        assert column(self.SECTIONS["Party"]) == [field.name for field in fields(Party)]

    @pytest.mark.parametrize(
        "row", [catalog.RegisteredMechanism, catalog.RegisteredEvidence, catalog.RegisteredDecision]
    )
    def test_each_field_of_a_register_is_named(self, row):
        assert {field.name for field in fields(row)} <= set(CODE.findall(self.SECTIONS["Registers"]))


class TestEvents:
    PAGE = REFERENCE / "event-schema.md"

    def test_each_field_of_an_event_and_of_a_decision_in_it_has_a_row(self):
        deployment = Deployment()
        deployment.decide()
        (event,) = deployment.events("eu")
        tables = [table for table in re.split(r"\n\n", self.PAGE.read_text()) if table.startswith("| field ")]
        assert [sorted(column(table)) for table in tables] == [
            sorted(event.to_json()),
            sorted(event.body["decision"]),
        ]
        assert set(event.body) == {"point", "flow", "decision"}

    def test_it_names_what_the_far_side_does_not_hear(self):
        assert set(FAR_SIDE_WITHHELD) <= set(CODE.findall(self.PAGE.read_text()))


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
class TestRecords:
    def test_it_has_its_parts(self, record):
        text = record.read_text()
        number = int(record.name[:4])
        assert re.match(rf"# {number}\. .+\n\nDate: 20\d\d-\d\d-\d\d\n", text)
        headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
        assert headings[:4] == ["Status", "Context", "Decision", "Consequences"]
        assert {"Alternatives", "Drawbacks"} <= set(headings)

    def test_it_is_about_a_page(self, record):
        assert 200 < len(record.read_text().split()) < 700


def test_no_two_records_have_one_number():
    numbers = [record.name[:4] for record in RECORDS]
    assert len(set(numbers)) == len(numbers)


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in sections(page)}


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_each_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), f"{relative(page)}: {target}"
        assert not anchor or anchor in anchors(found), f"{relative(page)}: {target}"


def test_each_page_is_in_the_index():
    top = DOCS / "README.md"
    linked = {
        (index.parent / target).resolve()
        for index in (top, *REFERENCE.glob("*/README.md"))
        for target in re.findall(r"\]\(([^)\s]+)\)", index.read_text())
    }
    ours = {page for page in DOCS.rglob("*.md") if page.parent.name != "adr" and page != top}
    assert ours - linked == set()


def test_the_pages_of_the_law_are_those_of_the_packs_of_today():
    """After a change of a pack or a term: ``xborder law pages --to docs/reference/law``."""
    committed = {path.name: path.read_text() for path in (REFERENCE / "law").glob("*")}
    assert committed == law_pages(load_policies())


class TestKnownConflicts:
    TABLE = rows(sections(DOCS / "explanation" / "conflicts.md")["The known pairs"])

    def test_each_rule_that_is_named_is_in_a_pack(self):
        rules = {rule.id for pack in load_policies().packs() for rule in pack.requirements}
        named = {name for _, packs, _ in self.TABLE for name in CODE.findall(packs)}
        assert len(named) > 40
        assert named <= rules

    def test_what_is_said_to_be_found_is_found_and_nothing_else(self):
        real = {
            frozenset((conflict.first, conflict.second)): conflict.kinds
            for conflict in find_conflicts(load_policies()).conflicts
            if conflict.is_real
        }
        for clash, packs, becomes in self.TABLE:
            if becomes.startswith("found"):
                pairs = re.findall(r"`([^`]+)` against `([^`]+)`", packs)
                assert pairs, clash
                assert all(bare(becomes) in real.get(frozenset(pair), ()) for pair in pairs), clash
            else:
                assert becomes.startswith(("no conflict: ", "one side: ")), clash
                assert not any(map(real.get, map(frozenset, combinations(CODE.findall(packs), 2)))), clash


def test_each_make_target_that_a_page_names_is_in_the_makefile():
    targets = set(re.findall(r"^([a-z-]+)(?: [a-z-]+)*:", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        target
        for page in PAGES
        for target in re.findall(r"(?:`|^)make ([a-z-]+)", page.read_text(), re.MULTILINE)
    }
    assert {"demo", "test", "bench"} <= named
    assert named <= targets


def test_the_readme_has_its_parts_and_each_fits_on_a_screen():
    parts = re.split(r"^## ", (ROOT / "README.md").read_text(), flags=re.MULTILINE)
    assert len(parts) == 9
    assert {part.split("\n")[0]: part.count("\n") for part in parts if part.count("\n") > 60} == {}


class TestLibrary:
    """What the front page says of the packs: exact numbers of rules, and of cases the hundreds."""

    def test_the_readme_counts_what_there_is(self):
        packs = [pack for pack in load_policies().packs() if pack.jurisdiction != "base"]
        countries = {pack.jurisdiction[:2] for pack in packs} - {"EU"}
        dated = sum(len(pack.designations) for pack in load_policies().packs())
        rules = sum(len(pack.requirements) for pack in load_policies().packs())
        said = f"rules of {len(packs)} regimes of {len(countries)} countries and the EU: {rules} rules and {dated} dated statements"
        assert said in " ".join((ROOT / "README.md").read_text().split())

    def test_there_are_as_many_cases_as_it_says(self):
        found = re.search(r"held by ([\d,]+) cases", (ROOT / "README.md").read_text())
        cases = sum(
            len(re.findall(r"^ *- case: ", path.read_text(), re.MULTILINE))
            for path in shipped_folder().glob("*.cases.yaml")
        )
        assert found
        assert int(found[1].replace(",", "")) <= cases < int(found[1].replace(",", "")) + 100


def test_the_changelog_tells_the_version_and_what_changes_behaviour():
    text = (ROOT / "CHANGELOG.md").read_text()
    assert f"## [{__version__}]" in text
    assert "### Behaviour changes" in text


def test_the_command_itself_prints_what_the_page_says():
    shown = re.search(r"```text\n(.*?)```", sections(REFERENCE / "cli.md")["xborder decide"], re.DOTALL)
    argv = [sys.executable, "-m", "airflow_xborder", "decide", "--help"]
    environment = {**os.environ, "COLUMNS": "100"}
    result = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=60)
    assert shown
    assert result.stdout.split() == shown[1].split()
