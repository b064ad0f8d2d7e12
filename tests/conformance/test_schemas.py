# SPDX-License-Identifier: Apache-2.0
"""The schemas that are kept beside the packs are those of today, and everything that is shipped is what they say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from airflow_xborder.authoring.schemas import SCHEMAS, make_schema
from airflow_xborder.authoring.source import parse_document, read_document
from airflow_xborder.cli.policy.schema import schema_text

POLICIES = Path(__file__).resolve().parents[2] / "policies"
DOCUMENTS = sorted([*POLICIES.glob("packs/*.yaml"), *POLICIES.glob("examples/*.yaml")])


def complaints(name: str, data: Any) -> list[str]:
    """Return what a schema has against a document."""
    schema = json.loads((POLICIES / "schemas" / f"{name}.json").read_text())
    return [
        f"{list(error.absolute_path)}: {error.message}" for error in Draft7Validator(schema).iter_errors(data)
    ]


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_file_is_the_schema_of_today(name: str) -> None:
    """After a change: ``xborder policy schema --to policies/schemas``."""
    assert (POLICIES / "schemas" / f"{name}.json").read_text() == schema_text(make_schema(name))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_what_is_shipped_is_what_its_schema_says(path: Path) -> None:
    name = "cases" if path.name.endswith(".cases.yaml") else "pack"
    assert complaints(name, read_document(path).data) == []


def test_the_examples_of_the_pages_are_too() -> None:
    pack, cases = re.findall(r"```yaml\n(.*?)```", (POLICIES / "README.md").read_text(), re.DOTALL)[:2]
    page = (POLICIES.parent / "docs" / "reference" / "catalog.md").read_text()
    catalog = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)[0]
    for name, text in (("pack", pack), ("cases", cases), ("catalog", catalog)):
        assert complaints(name, parse_document(text, name).data) == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_an_editor_that_knows_more_kinds_of_scalars_takes_it_too(path: Path) -> None:
    """Editors read YAML 1.2, in which a day is text, but 1.5 a number: only shares may be written so."""
    loader = type("Editor", (yaml.SafeLoader,), {})
    loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in found if "timestamp" not in tag and not (first in "yYnNoO" and "bool" in tag)]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }  # fmt: skip
    name = "cases" if path.name.endswith(".cases.yaml") else "pack"
    found = complaints(name, yaml.load(path.read_text(), Loader=loader))
    assert found == []
