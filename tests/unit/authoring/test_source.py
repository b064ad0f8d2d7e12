# SPDX-License-Identifier: Apache-2.0
"""YAML and JSON text to plain data: strict, with positions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_xborder.authoring import source
from airflow_xborder.authoring.source import parse_document, read_document
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
        ("a: 1\n---\nb: 2\n", "but found another document", 2, 1),
        ("a: " + "[" * 60 + "]" * 60, "nested deeper than 40", 1, 44),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_wrong_is_told_with_line_and_column(text: str, message: str, line: int, column: int) -> None:
    with pytest.raises(PolicySyntaxError) as caught:
        parse(text)
    assert (caught.value.message, caught.value.line, caught.value.column) == (message, line, column)
    assert caught.value.file == "p.yaml"


def test_text_with_odd_characters() -> None:
    with pytest.raises(PolicySyntaxError, match="not YAML or JSON"):
        parse("a: \x00")


def test_a_document_that_nobody_could_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MAX_CHARACTERS", 10)
    with pytest.raises(PolicySyntaxError, match="more than 10 characters") as caught:
        parse("a: 123456789")
    assert caught.value.hint == "split it into packs"


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
