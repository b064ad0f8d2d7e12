# SPDX-License-Identifier: Apache-2.0
import json
import os
import re
import shutil
import socket

import pytest

from airflow_xborder.adapters.object_stores import open_store
from airflow_xborder.cli.main import main
from tests.evidence import append_events, make_event

MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"


@pytest.fixture
def key(tmp_path):
    assert main(["ledger", "keygen", "--out", str(tmp_path / "eu.key")]) == 0
    return tmp_path / "eu.key"


@pytest.fixture
def public(key):
    return f"{key}.pub"


@pytest.fixture
def sealed(tmp_path, key, capsys):
    """A folder with five sealed events and two that came later."""
    folder = tmp_path / "ledger"
    append_events(open_store(str(folder)), 5)
    assert main(["ledger", "seal", str(folder), "--region", "eu", "--signing-key", str(key)]) == 0
    append_events(open_store(str(folder)), 2, first=5)
    capsys.readouterr()
    return folder


def verify(folder, *options):
    return main(["ledger", "verify", str(folder), *map(str, options)])


def change(folder, pattern, old, new):
    path = next(folder.glob(pattern))
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(old, new))


class TestVerify:
    def test_an_intact_ledger_exits_0_and_its_tail_is_counted(self, sealed, public, capsys):
        assert verify(sealed, "--key", public) == 0
        out, err = capsys.readouterr()
        assert re.search(rf"^2 unverified since {MOMENT}$", out, re.MULTILINE)
        assert "checked with the key" in out
        assert out.endswith("\nintact\n")
        assert err == ""

    def test_without_a_key_it_says_that_the_key_came_from_the_ledger(self, sealed, capsys):
        assert verify(sealed) == 0
        assert "came from the ledger itself" in capsys.readouterr().out

    def test_a_tail_of_none_is_said_too(self, sealed, key, capsys):
        main(["ledger", "seal", str(sealed), "--region", "eu", "--signing-key", str(key)])
        assert verify(sealed) == 0
        assert re.search(rf"^0 unverified since {MOMENT}$", capsys.readouterr().out, re.MULTILINE)

    def test_a_finding_exits_4_and_is_named(self, sealed, public, capsys):
        change(sealed, "events/*/*/*0.json", b'"number":0', b'"number":9')
        assert verify(sealed, "--key", public) == 4
        out = capsys.readouterr().out
        assert re.search(
            r"^edit: events/\S+0\.json: its bytes are not those that were sealed$", out, re.MULTILINE
        )
        assert out.endswith("NOT INTACT: 1 findings\n")

    def test_a_planted_name_cannot_print_lines_of_its_own(self, sealed, capsys):
        (sealed / "events" / "x: y\nintact\n\x1b[2J").touch()
        (sealed / "events" / os.fsdecode(b"\xff")).touch()
        assert verify(sealed) == 4
        out = capsys.readouterr().out
        assert "insert: events/x: y\\nintact\\n\\x1b[2J: no event has such a name\n" in out
        assert "insert: events/\\udcff: no event has such a name\n" in out
        assert "\nintact\n" not in out

    def test_many_findings_are_cut_short_in_text_only(self, tmp_path, key, capsys):
        folder = tmp_path / "many"
        append_events(open_store(str(folder)), 60)
        main(["ledger", "seal", str(folder), "--region", "eu", "--signing-key", str(key)])
        shutil.rmtree(folder / "events")
        capsys.readouterr()
        assert verify(folder) == 4
        assert "and 10 more findings" in capsys.readouterr().out
        assert verify(folder, "--format", "json") == 4
        assert len(json.loads(capsys.readouterr().out)["findings"]) == 60

    def test_json_is_one_object_on_one_line(self, sealed, public, capsys):
        assert verify(sealed, "--key", public, "--format", "json") == 0
        out = capsys.readouterr().out
        assert out.count("\n") == 1
        record = json.loads(out)
        assert (record["intact"], record["size"], record["unverified"]) == (True, 5, 2)
        assert record["key"]["from"] == "given"
        verify(sealed, "--format", "json")
        assert json.loads(capsys.readouterr().out)["key"]["from"] == "ledger"

    @pytest.mark.parametrize("make", [True, False], ids=["empty", "absent"])
    def test_no_ledger_exits_2(self, tmp_path, capsys, make):
        folder = tmp_path / "none"
        if make:
            folder.mkdir()
        assert verify(folder) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err == f"error: there is no ledger at `{folder}`, or it is empty\n"
        assert folder.exists() == make

    def test_events_that_nobody_sealed_are_no_pass(self, tmp_path, capsys):
        append_events(open_store(str(tmp_path / "new")), 3)
        assert verify(tmp_path / "new") == 2
        out = capsys.readouterr().out
        assert re.search(rf"^3 unverified since {MOMENT}$", out, re.MULTILINE)
        assert out.endswith("nothing is sealed yet\n")

    def test_a_place_out_of_reach_exits_3(self, monkeypatch, capsys):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{unused.getsockname()[1]}")
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
            monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
            assert verify("s3://acme-ledger-eu/prefix") == 3
        assert "hint: check network, endpoint and credentials" in capsys.readouterr().err

    def test_a_file_where_the_ledger_should_be_exits_2(self, sealed, capsys):
        path = next(sealed.glob("log/keys/*"))
        assert verify(path) == 2
        assert "is a file" in capsys.readouterr().err

    @pytest.mark.parametrize("name", ["events", "log", "log/checkpoints", "log/segments", "log/keys"])
    def test_a_file_or_link_in_place_of_a_folder_exits_4(self, sealed, public, name, capsys):
        shutil.move(sealed / name, sealed.parent / "away")
        (sealed / name).symlink_to(sealed.parent / "away")
        assert verify(sealed, "--key", public) == 4
        (sealed / name).unlink()
        (sealed / name).touch()
        assert verify(sealed, "--key", public) == 4

    @pytest.mark.parametrize("location", ["gs://bucket/a", "s3://"])
    def test_a_place_that_is_none_exits_2(self, location, capsys):
        assert verify(location) == 2
        assert re.match(rf"error: .*`{location}`.*\nhint: ", capsys.readouterr().err)

    def test_a_planted_file_where_no_ledger_is_exits_4(self, tmp_path, capsys):
        (tmp_path / "events").mkdir()
        (tmp_path / "events" / "planted").write_text("x")
        assert verify(tmp_path) == 4
        assert capsys.readouterr().out.startswith("insert: events/planted: ")

    def test_a_key_that_is_none_exits_2(self, sealed, tmp_path, capsys):
        assert verify(sealed, "--key", tmp_path / "none.pub") == 2
        assert "cannot be read" in capsys.readouterr().err

    def test_the_key_of_another_ledger_exits_4(self, sealed, tmp_path, capsys):
        main(["ledger", "keygen", "--out", str(tmp_path / "us.key")])
        assert verify(sealed, "--key", tmp_path / "us.key.pub") == 4
        assert "bad_signature: " in capsys.readouterr().out

    def test_a_copy_of_the_folder_is_as_good(self, sealed, public, tmp_path):
        shutil.copytree(sealed, tmp_path / "copy")
        assert verify(tmp_path / "copy", "--key", public) == 0


class TestSeal:
    def test_it_says_what_it_sealed(self, sealed, key, capsys):
        assert main(["ledger", "seal", str(sealed), "--region", "eu", "--signing-key", str(key)]) == 0
        expected = r"region eu: checkpoint 2 seals 7 events, 2 of them new, root [0-9a-f]{64}\n"
        assert re.fullmatch(expected, capsys.readouterr().out)

    def test_what_is_no_event_of_the_ledger_is_named_and_exits_4(self, sealed, key, capsys):
        event = make_event(region="us", task=None)
        open_store(str(sealed)).create(event.object_name, event.to_bytes())
        assert main(["ledger", "seal", str(sealed), "--region", "eu", "--signing-key", str(key)]) == 4
        assert f"not sealed, no event of this ledger: {event.object_name}" in capsys.readouterr().out

    def test_another_region_exits_2(self, sealed, key, capsys):
        assert main(["ledger", "seal", str(sealed), "--region", "us", "--signing-key", str(key)]) == 2
        assert "is of region `eu`, not `us`" in capsys.readouterr().err

    def test_a_log_that_does_not_hold_exits_4(self, sealed, key, capsys):
        change(sealed, "log/segments/*", b"events", b"Events")
        assert main(["ledger", "seal", str(sealed), "--region", "eu", "--signing-key", str(key)]) == 4
        assert "hint: run `xborder ledger verify` on it" in capsys.readouterr().err


class TestKeygen:
    def test_it_says_who_gets_which_half(self, tmp_path, capsys):
        assert main(["ledger", "keygen", "--out", str(tmp_path / "key")]) == 0
        out = capsys.readouterr().out
        assert f"{tmp_path / 'key'}: private key" in out
        assert f"{tmp_path / 'key'}.pub: public key" in out

    def test_it_overwrites_nothing(self, key, capsys):
        before = key.read_bytes()
        assert main(["ledger", "keygen", "--out", str(key)]) == 2
        assert key.read_bytes() == before
        assert "is there already" in capsys.readouterr().err
