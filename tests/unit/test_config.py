# SPDX-License-Identifier: Apache-2.0
"""The options of ``[xborder]``: their defaults, and values that they cannot have."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import airflow  # noqa: F401  (it loads our cluster policy)
import pytest

from airflow_xborder.config import Options, read_enforcement, read_options
from airflow_xborder.errors import ConfigurationError
from airflow_xborder.provider_info import get_provider_info

DESCRIBED = get_provider_info()["config"]["xborder"]["options"]


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in DESCRIBED:
        monkeypatch.delenv(f"AIRFLOW__XBORDER__{name.upper()}", raising=False)


def put(monkeypatch: pytest.MonkeyPatch, **values: str) -> Options:
    for name, value in values.items():
        monkeypatch.setenv(f"AIRFLOW__XBORDER__{name.upper()}", value)
    return read_options()


def test_every_option_is_described_and_every_description_is_of_one():
    assert {field.name for field in fields(Options)} == DESCRIBED.keys()


def test_the_defaults_record_and_stop_nothing_and_trust_nobody(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert read_options() == Options(
        catalog=None, release=None, release_key=None, max_staleness=3600.0, packs=(), enforcement="shadow", on_opaque="observe",
        on_gap="review", engines=("native",), ledger_timeout=10.0, trust_dag_claims=False, worker_region=None,
        keys=None, cache=Path("/caches/xborder"),
    )  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ["enforcement", "on_opaque", "on_gap", "engines", "ledger_timeout", "max_staleness", "trust_dag_claims"],
)
def test_a_described_default_is_the_one_that_is_used(monkeypatch, name):
    assert put(monkeypatch, **{name: DESCRIBED[name]["default"]}) == read_options()


def test_lists_are_separated_by_blanks_or_commas(monkeypatch):
    options = put(
        monkeypatch, packs="eu.gdpr, us.dsp  mine.yaml", engines="native,opa:http://o:1/v1/data/a/b"
    )
    assert options.packs == ("eu.gdpr", "us.dsp", "mine.yaml")
    assert options.engines == ("native", "opa:http://o:1/v1/data/a/b")


def test_the_final_newline_of_a_command_is_no_part_of_a_value(monkeypatch):
    assert put(monkeypatch, release="s3://bucket/release\n").release == "s3://bucket/release"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("enforcement", "on"),
        ("on_gap", "allow"),
        ("on_opaque", "ignore"),
        ("trust_dag_claims", "sure"),
        ("ledger_timeout", "soon"),
        ("ledger_timeout", "0"),
        ("ledger_timeout", "-1"),
        ("ledger_timeout", "nan"),
        ("ledger_timeout", "inf"),
        ("ledger_timeout", "301"),
        ("max_staleness", "0"),
        ("max_staleness", "604801"),
    ],
)
def test_a_value_that_an_option_cannot_have_names_the_option_and_itself(monkeypatch, name, value):
    with pytest.raises(ConfigurationError, match=rf"\[xborder\] {name}.*`{value}`"):
        put(monkeypatch, **{name: value})


def test_enforcement_is_read_whatever_the_others_are(monkeypatch):
    monkeypatch.setenv("AIRFLOW__XBORDER__LEDGER_TIMEOUT", "soon")
    monkeypatch.setenv("AIRFLOW__XBORDER__ENFORCEMENT", "OFF")
    assert read_enforcement() == "off"
