# SPDX-License-Identifier: Apache-2.0
import json

import pytest

from airflow_xborder.cli.main import main
from tests.factories import make_pack, make_row

SUSPENDED = ("eu.adequacy.us", "--suspend-on", "2027-03-01")
FLOW = {
    "flow_id": "users", "source": {"country": "DE"}, "destination": {"country": "US", "subdivision": "US-VA"}, "purpose": "support",
    "data_categories": ["personal_data.contact.email"], "exporter": {"country": "DE", "role": "controller"},
    "importer": {"country": "US", "role": "processor", "listings": [{"framework": "eu_us_dpf", "covers": ["non_hr"], "status": "active"}]},
    "subjects": {"countries": ["DE"], "us_persons": False},
}  # fmt: skip
CATALOG = """
version: 1
regions:
  eu: {cloud: "aws:eu-central-1", country: DE}
  us: {cloud: "aws:us-east-1", country: US}
stores:
  "s3://acme-eu": {region: eu}
  "s3://acme-us": {region: us}
datasets:
  - match: "s3://acme-eu/users/*"
    categories: {email: personal_data.contact.email}
    subjects: {countries: [DE], groups: [customer], complete: true}
    purposes: [support]
"""


# With these, the flow of FLOW is lawful, and no other law says anything about it.
SOME = "eu.gdpr,jp.appi,us.ccpa,us.dsp"


def run(capsys, *arguments, packs=("--packs", SOME)):
    code = main(["policy", "impact", *arguments, *packs])
    return code, capsys.readouterr()


@pytest.fixture
def flows(tmp_path):
    path = tmp_path / "flows.jsonl"
    path.write_text("\n".join(json.dumps(entry) for entry in (FLOW, {**FLOW, "flow_id": "home", "destination": {"country": "FR"}, "importer": {"country": "FR"}})))  # fmt: skip
    return str(path)


@pytest.mark.parametrize("packs", [("--packs", SOME), ()], ids=["some", "library"])
def test_the_suspension_of_the_data_privacy_framework_names_what_breaks(packs, capsys) -> None:
    code, printed = run(capsys, *SUSPENDED, packs=packs)
    assert code == 0
    assert printed.out.startswith("designation eu.adequacy.us, suspended from 2027-03-01 on\n")
    assert "rests on it through eu.gdpr.a45 (GDPR Art. 45)" in printed.out
    assert "needed instead from 2027-03-01 on, one of:" in printed.out
    assert "mechanism scc_eu and evidence tia" in printed.out


def test_flows_are_decided_before_and_after(flows, capsys) -> None:
    _, printed = run(capsys, *SUSPENDED, "--flows", flows)
    assert "users: allow -> deny" in printed.out
    assert "because GDPR Art. 44 is not met" in printed.out
    assert "remedy: attach mechanism scc_eu" in printed.out
    assert "home" not in printed.out


def test_as_json(flows, capsys) -> None:
    _, printed = run(capsys, *SUSPENDED, "--flows", flows, "--format", "json")
    report = json.loads(printed.out)
    assert report["node"] == {"kind": "designation", "id": "eu.adequacy.us"}
    assert report["from"] == "2027-03-01"
    (answer,) = report["flows"]
    assert (answer["flow"], answer["before"], answer["after"]) == ("users", "allow", "deny")


def test_the_day_before_nothing_changes(flows, capsys) -> None:
    _, printed = run(capsys, *SUSPENDED, "--flows", flows, "--as-of", "2027-02-28")
    assert "0 answers to flows change" in printed.out


def test_the_data_sets_of_a_catalog(tmp_path, capsys) -> None:
    (tmp_path / "catalog.yaml").write_text(CATALOG)
    _, printed = run(
        capsys, "eu.gdpr.a44", "--expire-on", "2027-03-01", "--catalog", str(tmp_path / "catalog.yaml")
    )
    assert "s3://acme-eu/users/* to us for support: review -> allow" in printed.out
    assert "to eu" not in printed.out


def test_a_pack_that_comes_in(tmp_path, flows, capsys) -> None:
    path = tmp_path / "t.json"
    path.write_text(json.dumps(make_pack("t", make_row("t.ban", when={"purpose": "support"}))))
    _, printed = run(capsys, "support.pack", "--replace", str(path), "--flows", flows)
    assert "nothing is called `support.pack`" in printed.err
    _, printed = run(capsys, "t.ban", "--add", str(path), "--flows", flows)
    assert printed.out.startswith("requirement t.ban\n")
    assert "users: allow -> deny" in printed.out
    _, printed = run(capsys, "EU", "--replace", str(path), "--flows", flows)
    assert "users: allow -> deny" in printed.out
    assert "home: allow -> deny" in printed.out


def test_what_cannot_be_decided_is_told(tmp_path, capsys) -> None:
    path = tmp_path / "flows.jsonl"
    path.write_text('{"flow_id": "broken", "source": {"country": "ZZ"}}')
    _, printed = run(capsys, *SUSPENDED, "--flows", str(path))
    assert "broken: cannot be decided:" in printed.out


def test_flows_without_a_change(flows, capsys) -> None:
    code, printed = run(capsys, "eu.adequacy.us", "--flows", flows)
    assert code == 2
    assert "before and after a change" in printed.err


def test_a_node_that_cannot_change(capsys) -> None:
    code, printed = run(capsys, "scc_eu", "--remove")
    assert code == 2
    assert "a mechanism cannot be changed by `remove`" in printed.err


def test_without_a_change_only_what_hangs_on_it(capsys) -> None:
    _, printed = run(capsys, "idta")
    assert (
        printed.out
        == "mechanism idta\n  no requirement asks for it\n0 requirements, 0 answers to flows change\n"
    )
