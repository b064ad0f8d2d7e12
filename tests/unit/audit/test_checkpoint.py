# SPDX-License-Identifier: Apache-2.0
import pytest

from airflow_xborder.audit.checkpoint import Checkpoint, parse_checkpoint
from airflow_xborder.errors import LedgerIntegrityError
from tests.evidence import NOON


def make_checkpoint(**overrides):
    fields = {
        "region": "eu",
        "location": "s3://acme-ledger-eu",
        "size": 3,
        "root": bytes(range(32)),
        "number": 2,
        "previous": "ab" * 32,
        "segment": "cd" * 32,
        "sealed_at": NOON,
    }
    return Checkpoint(**{**fields, **overrides})


def test_the_text_names_region_and_place_first():
    assert make_checkpoint().to_text() == (
        "xborder/eu/s3://acme-ledger-eu\n"
        "3\n"
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
        "number 2\n"
        f"previous {'ab' * 32}\n"
        f"segment {'cd' * 32}\n"
        "sealed_at 2026-11-21T12:00:00.000000Z\n"
    )


@pytest.mark.parametrize(
    "checkpoint",
    [
        make_checkpoint(),
        make_checkpoint(number=1, previous=None, segment=None, size=0),
        make_checkpoint(location="/srv/ledgers/eu with space/é"),
    ],
    ids=["full", "first and silent", "folder"],
)
def test_a_checkpoint_reads_back(checkpoint):
    assert parse_checkpoint(checkpoint.to_text()) == checkpoint


@pytest.mark.parametrize(
    "fields",
    [
        {"region": "e/u"},
        {"location": ""},
        {"location": "a\nb"},
        {"root": b"short"},
        {"number": 0},
        {"size": -1},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_what_could_not_be_read_back_is_not_written(fields):
    with pytest.raises(ValueError, match="cannot be written"):
        make_checkpoint(**fields).to_text()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("xborder/eu/", "xborder/eu", id="no place"),
        pytest.param("3\n", "03\n", id="leading zero"),
        pytest.param("Hh8=", "Hh9=", id="spare bits of the root"),
        pytest.param("number 2", "number two", id="number"),
        pytest.param("previous ab", "previous AB", id="upper case digest"),
        pytest.param("12:00:00", "25:00:00", id="no such hour"),
        pytest.param("Z\n", "Z\nextra 1\n", id="a line more"),
    ],
)
def test_another_text_is_no_checkpoint(old, new):
    text = make_checkpoint().to_text()
    assert old in text
    with pytest.raises(LedgerIntegrityError, match="not a checkpoint"):
        parse_checkpoint(text.replace(old, new, 1))
