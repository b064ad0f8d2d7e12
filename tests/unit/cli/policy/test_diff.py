# SPDX-License-Identifier: Apache-2.0
import json

import pytest

from airflow_xborder.authoring.loading import shipped_folder
from airflow_xborder.cli.main import main

SUSPENSION = {
    "pack": "acme.watch", "jurisdiction": "EU", "title": "what may come", "version": "1", "last_checked": "2026-11-21",
    "notice": "Not legal advice.",
    "designations": [
        {"id": "acme.dpf.suspended", "by": "EU", "kind": "adequacy", "of": "US", "suspends": "eu.adequacy.us", "valid_from": "2027-03-01", "citation": "c"}
    ],
}  # fmt: skip


@pytest.fixture
def new(tmp_path):
    path = tmp_path / "watch.json"
    path.write_text(json.dumps(SUSPENSION))
    return f"eu.gdpr,{path}"


def run(capsys, *arguments):
    code = main(["policy", "diff", *arguments])
    return code, capsys.readouterr()


def test_a_suspension_and_what_follows_from_it(new, capsys) -> None:
    code, printed = run(capsys, "eu.gdpr", new, "--as-of", "2027-03-02")
    assert code == 0
    assert "designation acme.dpf.suspended added\n  suspends eu.adequacy.us from 2027-03-01" in printed.out
    assert "after this change, on 2027-03-02:" in printed.out
    assert "EEA30 → US to an importer on the list eu_us_dpf" in printed.out
    assert "mechanism scc_eu and evidence tia" in printed.out


def test_on_the_day_before_nothing_follows(new, capsys) -> None:
    _, printed = run(capsys, "eu.gdpr", new, "--as-of", "2027-02-28")
    assert "after this change" not in printed.out


def test_as_json_and_without_flows(new, capsys) -> None:
    _, printed = run(capsys, "eu.gdpr", new, "--no-flows", "--format", "json")
    report = json.loads(printed.out)
    assert {"kind": "pack", "id": "acme.watch", "what": "added", "details": []} in report["changes"]
    assert report["consequences"] == []


def test_a_folder_with_a_base_pack_of_its_own_is_a_whole_set(capsys) -> None:
    _, printed = run(capsys, str(shipped_folder()), ",".join(("eu.gdpr", "jp.appi", "us.ccpa", "us.dsp")))
    assert printed.out == "0 differences\n"


def test_a_release(tmp_path, capsys) -> None:
    from airflow_xborder.authoring.loading import load_policies
    from airflow_xborder.services.release import build_release

    path = tmp_path / "release.json"
    path.write_bytes(build_release(load_policies(), {"version": 1}).data)
    _, printed = run(capsys, str(path), str(shipped_folder()))
    assert printed.out == "0 differences\n"


def test_a_set_that_is_not_there(capsys) -> None:
    code, printed = run(capsys, "eu.gdpr", "eu.gdprr")
    assert code == 2
    assert "no pack or file `eu.gdprr`" in printed.err
