# SPDX-License-Identifier: Apache-2.0
"""YAML and JSON text to plain data: strict, with positions."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_xborder.authoring import source
from airflow_xborder.authoring.shipped import shipped_folder
from airflow_xborder.authoring.source import parse_document, read_document, readable
from airflow_xborder.errors import PolicyNotFoundError, PolicySyntaxError, PolicyValidationError


def parse(text: str) -> Any:
    """Return the data of a text."""
    return parse_document(text, "p.yaml").data


class TestScalars:
    @pytest.mark.parametrize(
        ("written", "read"),
        [
            ("NO", "NO"), ("no", "no"), ("yes", "yes"), ("on", "on"), ("True", "True"), ("true", True), ("false", False),
            ("null", None), ("~", None), ("", None), ("NULL", "NULL"), ("12", 12), ("-3", -3), ("012", "012"), ("0o17", "0o17"),
            ("1_000", "1_000"), ("12:30", "12:30"), ("0.93", "0.93"), ("1e3", "1e3"), (".inf", ".inf"), ("2026-11-21", "2026-11-21"),
            ("'12'", "12"), ('"true"', "true"), ("''", ""), ("202.505", "202.505"),
        ],
    )  # fmt: skip
    def test_only_what_json_would_know_is_no_text(self, written: str, read: object) -> None:
        assert parse(f"key: {written}") == {"key": read}

    def test_norway_is_no_falsehood(self) -> None:
        assert parse("covers: [NO, SE]") == {"covers": ["NO", "SE"]}

    def test_json_is_yaml(self) -> None:
        assert parse('{"a": [1, true, null, "x"], "b": {}}') == {"a": [1, True, None, "x"], "b": {}}

    def test_nothing(self) -> None:
        assert parse("") is None


class TestPositions:
    DOCUMENT = parse_document("a: 1\nb:\n  - c: 2\n    d: 3\n", "p.yaml")

    @pytest.mark.parametrize(
        ("path", "position"),
        [(("a",), (1, 1)), (("b", 0), (3, 5)), (("b", 0, "d"), (4, 5)), (("b", 0, "gone"), (3, 5)), ((), (1, 1)), (("x",), (1, 1))],
    )  # fmt: skip
    def test_a_value_stands_at_its_key(self, path: tuple[Any, ...], position: tuple[int, int]) -> None:
        assert self.DOCUMENT.position(path) == position

    def test_an_error_gets_its_place(self) -> None:
        located = self.DOCUMENT.locate(PolicyValidationError("wrong", hint="h", path=("b", 0, "d")))
        assert f"{located}" == "p.yaml:4:5: wrong (hint: h)"

    def test_an_empty_document_begins_at_its_beginning(self) -> None:
        assert parse_document("", "p.yaml").position(("a",)) == (1, 1)


@pytest.mark.parametrize(
    ("text", "message", "line", "column"),
    [
        ("a: 1\na: 2\n", "duplicate key `a`", 2, 1),
        ("a: &x 1\nb: *x\n", "anchors and aliases are not allowed", 1, 4),
        ("a: !!python/object:os.system x\n", "tags are not allowed", 1, 4),
        ("a: !own x\n", "tags are not allowed", 1, 4),
        ("? [a]\n: 1\n", "a key must be text", 1, 3),
        ("a: [1\n", "expected ',' or ']', but got '<stream end>'", 2, 1),
        ("a:\n\tb: 1\n", "found character '\\t' that cannot start any token", 2, 1),
        ("a: 1\n---\nb: 2\n", "one document a file: there is another here", 2, 1),
        ("a: *x\n", "anchors and aliases are not allowed", 1, 4),
        ("&x a: 1\n", "anchors and aliases are not allowed", 1, 1),
        ("a: !!python/object/apply:os.system [x]\n", "tags are not allowed", 1, 4),
        ("!!set {a, b}\n", "tags are not allowed", 1, 1),
        ("a: 1\nb: \x00", "the character U+0000 is not allowed", 2, 4),
        ("a: x\u202ey\n", "the character U+202E is not allowed", 1, 5),
        ('a: "x\\u202ey"\n', "the character U+202E is not allowed", 1, 4),
        ('a: "\\ud800"\n', "the character U+D800 is not allowed", 1, 4),
        ('"\\0": 1\n', "the character U+0000 is not allowed", 1, 1),
        ("\ufeffa: 1\n", "the character U+FEFF is not allowed", 1, 1),
        ("a: x\u2028y\n", "the character U+2028 is not allowed", 1, 5),
        ('a: "\\Uffffffff"\n', "not YAML or JSON", 1, 1),
        ("%YAML 3.0\n---\na: 1\n", "found incompatible YAML document (version 1.* is required)", 1, 1),
        ("a: " + "[" * 60 + "]" * 60, "nested deeper than 40", 1, 44),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_wrong_is_told_with_line_and_column(text: str, message: str, line: int, column: int) -> None:
    with pytest.raises(PolicySyntaxError) as caught:
        parse(text)
    assert (caught.value.message, caught.value.line, caught.value.column) == (message, line, column)
    assert caught.value.file == "p.yaml"


def test_ordinary_text_of_the_world_is_taken() -> None:
    words = "Datenschutz-Grundverordnung, 個人情報保護法, حماية البيانات, 👩\u200d⚖️"
    assert parse(f"a: {words}") == {"a": words}


class TestSize:
    def test_a_document_that_nobody_could_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(source, "MAX_BYTES", 10)
        with pytest.raises(PolicySyntaxError, match="larger than 10 bytes") as caught:
            parse("a: 123456789")
        assert (caught.value.hint, caught.value.line) == ("split it into several files", 1)

    def test_ten_megabytes_are_refused_before_they_are_parsed(self, tmp_path: Path) -> None:
        path = tmp_path / "p.yaml"
        path.write_bytes(b"a: 1\n" * 2_000_000)
        started = time.monotonic()
        with pytest.raises(PolicySyntaxError, match="larger than 2000000 bytes"):
            read_document(path)
        assert time.monotonic() - started < 1

    def test_more_values_than_a_reader_has_patience_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(source, "MAX_VALUES", 5)
        with pytest.raises(PolicySyntaxError, match="more than 5 values") as caught:
            parse("a: [1,\n 2, 3, 4]")
        assert (caught.value.line, caught.value.column) == (2, 5)

    @pytest.mark.parametrize(
        "text",
        [
            "a: " + "[" * 500_000,
            "".join("  " * depth + "- \n" for depth in range(700)),
            "{a: " * 300_000,
            "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n",
        ],
        ids=["sequences", "indentation", "mappings", "laughs"],
    )
    def test_a_bomb_is_cheap(self, text: str) -> None:
        started = time.monotonic()
        with pytest.raises(PolicySyntaxError):
            parse(text)
        assert time.monotonic() - started < 2

    def test_a_message_is_a_line_that_can_be_read(self) -> None:
        with pytest.raises(PolicySyntaxError) as caught:
            parse(f"? {'x' * 10_000}\n: 1\n? {'x' * 10_000}\n: 1\n")
        assert caught.value.message.startswith("duplicate key `xxx")
        assert len(caught.value.message) < 400
        assert readable("a\nb\u202e") == r"a\nb\u202e"


class TestFiles:
    def test_one_that_is_there(self, tmp_path: Path) -> None:
        path = tmp_path / "p.yaml"
        path.write_text("a: ü", encoding="utf-8")
        assert read_document(path).data == {"a": "ü"}

    def test_one_that_is_not(self, tmp_path: Path) -> None:
        with pytest.raises(PolicyNotFoundError, match="cannot read"):
            read_document(tmp_path / "gone.yaml")

    def test_one_in_another_encoding(self, tmp_path: Path) -> None:
        path = tmp_path / "p.yaml"
        path.write_bytes("a: ü".encode("latin-1"))
        with pytest.raises(PolicySyntaxError, match="not UTF-8") as caught:
            read_document(path)
        assert (caught.value.file, caught.value.hint) == (str(path), "save the file as UTF-8")
        assert (caught.value.line, caught.value.column) == (1, 4)

    def test_one_in_utf_16(self, tmp_path: Path) -> None:
        path = tmp_path / "p.yaml"
        path.write_bytes("a: ü".encode("utf-16"))
        with pytest.raises(PolicySyntaxError, match="not UTF-8"):
            read_document(path)

    def test_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(PolicyNotFoundError, match="is a folder"):
            read_document(tmp_path)

    def test_a_pipe_that_nobody_writes_to_is_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "p.yaml")
        with pytest.raises(PolicyNotFoundError, match="is no plain file"):
            read_document(tmp_path / "p.yaml")

    def test_a_device_without_an_end(self) -> None:
        with pytest.raises(PolicyNotFoundError, match="is no plain file"):
            read_document(Path("/dev/zero"))

    def test_links_lead_to_a_file_or_nowhere(self, tmp_path: Path) -> None:
        (tmp_path / "real.yaml").write_text("a: 1")
        (tmp_path / "link.yaml").symlink_to(tmp_path / "real.yaml")
        (tmp_path / "loop.yaml").symlink_to(tmp_path / "loop.yaml")
        assert read_document(tmp_path / "link.yaml").data == {"a": 1}
        with pytest.raises(PolicyNotFoundError, match="cannot read"):
            read_document(tmp_path / "loop.yaml")

    @pytest.mark.parametrize("name", ["a\0b", "x" * 5000, "p\n.yaml"])
    def test_a_name_that_no_file_has(self, name: str) -> None:
        with pytest.raises(PolicyNotFoundError) as caught:
            read_document(Path(name))
        assert "\n" not in caught.value.message and "\0" not in caught.value.message


class TestBothParsers:
    """libyaml's parser, where there is one, reads what the other reads."""

    @staticmethod
    def read(text: str, loader: Any) -> Any:
        try:
            document = source._parse(text, "p.yaml", loader)
        except (yaml.YAMLError, PolicySyntaxError, ValueError, OverflowError):
            return None
        return document.data, document.positions

    @pytest.mark.parametrize("name", ["eu.gdpr", "eu.gdpr.cases", "base"])
    def test_packs(self, name: str) -> None:
        text = (shipped_folder() / f"{name}.yaml").read_text()
        assert self.read(text, yaml.CSafeLoader) == self.read(text, yaml.SafeLoader)

    @settings(max_examples=500)
    @given(st.lists(st.sampled_from(["a", "b: ", "- ", "[", "]", "{", "}", ", ", "\n", "  ", "'", '"', "|", ">", "#", " # x", "é", "12", "?", "---", "%", "😀", "\\n"]), max_size=14).map("".join))  # fmt: skip
    def test_what_both_take_they_read_alike(self, text: str) -> None:
        fast, slow = self.read(text, yaml.CSafeLoader), self.read(text, yaml.SafeLoader)
        assert fast is None or slow is None or fast[0] == slow[0]
