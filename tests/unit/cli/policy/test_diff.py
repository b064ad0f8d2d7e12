# SPDX-License-Identifier: Apache-2.0
import json
import shutil

import pytest

from airflow_xborder.authoring.loading import load_policies, shipped_folder, shipped_ids
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


SOME = ("eu.gdpr", "jp.appi", "us.ccpa", "us.dsp")


@pytest.fixture
def folder(tmp_path):
    """Some shipped packs, with the base pack."""
    packs = tmp_path / "packs"
    packs.mkdir()
    for name in ("base", *SOME):
        shutil.copy(shipped_folder() / f"{name}.yaml", packs)
    return packs


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


def test_a_folder_with_a_base_pack_of_its_own_is_a_whole_set(folder, capsys) -> None:
    _, printed = run(capsys, str(folder), ",".join(SOME))
    assert printed.out == "0 differences\n"


def test_a_release(folder, tmp_path, capsys) -> None:
    from airflow_xborder.services.release import build_release

    path = tmp_path / "release.json"
    path.write_bytes(build_release(load_policies(SOME), {"version": 1}).data)
    _, printed = run(capsys, str(path), str(folder))
    assert printed.out == "0 differences\n"


def test_the_library_is_no_other_than_itself(capsys) -> None:
    _, printed = run(capsys, str(shipped_folder()), ",".join(set(shipped_ids()) - {"base"}))
    assert printed.out == "0 differences\n"


def test_a_set_that_is_not_there(capsys) -> None:
    code, printed = run(capsys, "eu.gdpr", "eu.gdprr")
    assert code == 2
    assert "no pack or file `eu.gdprr`" in printed.err
