# SPDX-License-Identifier: Apache-2.0
"""``--packs``: ids and paths, parted by commas; all shipped packs without it."""

from __future__ import annotations

import argparse

import pytest

from airflow_xborder.authoring.loading import shipped_ids
from airflow_xborder.cli.policy.selection import add_packs, selected_policies
from airflow_xborder.errors import PolicyNotFoundError


def selected(*words: str) -> tuple[str, ...]:
    """Return the ids of what the words select."""
    parser = argparse.ArgumentParser()
    add_packs(parser)
    return selected_policies(parser.parse_args(words)).ids


def test_without_it_all_shipped_packs_are_loaded() -> None:
    assert selected() == shipped_ids()


def test_ids_are_parted_by_commas_and_the_base_pack_is_always_there() -> None:
    assert selected("--packs", "eu.gdpr,jp.appi,") == ("base", "eu.gdpr", "jp.appi")


def test_an_unknown_one_is_not_passed_over() -> None:
    with pytest.raises(PolicyNotFoundError):
        selected("--packs", "eu.gdpr,eu.gpdr")
