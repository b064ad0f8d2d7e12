# SPDX-License-Identifier: Apache-2.0
import json

import pytest

from airflow_xborder.cli.main import main
from tests.factories import make_pack, make_row


def run(capsys, *arguments):
    code = main(["policy", "conflicts", *arguments])
    return code, capsys.readouterr().out


SOME = ("--packs", "eu.gdpr,jp.appi,us.ccpa,us.dsp")


def test_the_pair_of_some_packs(capsys) -> None:
    code, out = run(capsys, *SOME)
    assert code == 0
    assert "eu.gdpr.erasure against us.dsp.records: declared, retention" in out
    assert "between two legal orders: a person decides" in out
    assert "from 2025-04-08" in out
    assert "note: eu.gdpr.a48 declares a conflict with us.cloudact, whose pack is not loaded" in out
    assert out.splitlines()[-1] == "1 conflicts"


def test_as_json(capsys) -> None:
    code, out = run(capsys, "--format", "json", *SOME)
    report = json.loads(out)
    (found,) = report["conflicts"]
    assert code == 0
    assert found["requirements"] == ["eu.gdpr.erasure", "us.dsp.records"]
    assert (found["kinds"], found["between"], found["prevails"]) == (
        ["declared", "retention"],
        "sovereigns",
        None,
    )
    assert (found["from"], found["until"], found["real"]) == ("2025-04-08", None, True)
    assert "data personal_data" in found["always"]
    assert {"requirement": "eu.gdpr.a48", "other": "us.cloudact"} in report["waiting"]


@pytest.fixture
def packs(tmp_path):
    order = [{"id": "EU", "members": ["EEA30"], "levels": ["supranational", "national"]}]
    rows = [
        make_row("t.keep", effect="duty", level="supranational", demands={"keep_days": 90}, expires="2028-01-31", constraints=[{"evidence": "tia"}]),
        make_row("t.erase", effect="duty", demands={"erase_days": 30}, constraints=[{"evidence": "tia"}]),
        make_row("t.here", when={"source.country": "DE"}, conflicts=["t.there"]),
        make_row("t.there", when={"source.country": "US"}),
    ]  # fmt: skip
    path = tmp_path / "t.json"
    path.write_text(json.dumps(make_pack("t", *rows, legal_orders=order)))
    return str(path)


def test_inside_an_order_the_one_that_prevails_is_named(packs, capsys) -> None:
    _, out = run(capsys, "--packs", packs)
    assert "t.keep prevails by its level" in out
    assert "from 2020-01-01 until 2028-01-31" in out


def test_a_declared_pair_that_never_meets_is_a_warning(packs, capsys) -> None:
    _, out = run(capsys, "--packs", packs)
    assert "warning: t.here and t.there declare a conflict, and can never apply to one flow" in out


def test_what_is_over_is_left_out(packs, capsys) -> None:
    _, out = run(capsys, "--packs", packs, "--since", "2028-02-01")
    assert "t.keep" not in out


def test_a_date_that_is_none(capsys) -> None:
    assert main(["policy", "conflicts", "--since", "soon"]) == 2
    assert "--since" in capsys.readouterr().err
