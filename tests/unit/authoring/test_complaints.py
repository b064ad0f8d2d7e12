# SPDX-License-Identifier: Apache-2.0
"""What a model refuses is told in words of the document, never of the program."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_xborder.authoring.complaints import validate_data
from airflow_xborder.authoring.documents import PackDocument
from airflow_xborder.errors import PolicyValidationError
from tests.factories import make_pack, make_row


def complaint(data: object) -> PolicyValidationError:
    """Return what is wrong with a pack."""
    with pytest.raises(PolicyValidationError) as caught:
        validate_data(PackDocument, data, ("before",))
    return caught.value


@pytest.mark.parametrize(
    ("fields", "message", "path"),
    [
        ({"title": 1}, "`title` should be text, got `1`", ("title",)),
        ({"title": True}, "`title` should be text, got `true`", ("title",)),
        ({"title": None}, "`title` should be text, got nothing", ("title",)),
        ({"title": "x" * 2001}, "`title` is longer than 2000 characters", ("title",)),
        ({"title": ""}, "`title` is empty", ("title",)),
        ({"covers": "DE"}, "`covers` should be a list, got `DE`", ("covers",)),
        ({"attributes": []}, "`attributes` should be a mapping, got a list", ("attributes",)),
        ({"attributes": {"a b": {"type": "text", "description": "d"}}}, "`a b` cannot be `a b`", ("attributes", "a b")),
        ({"definitions": {"__proto__": "personal_data"}}, "`__proto__` cannot be `__proto__`", ("definitions", "__proto__")),
        ({"last_checked": "\u0662\u0660\u0662\u0666-11-21"}, "`last_checked` cannot be `\u0662\u0660\u0662\u0666-11-21`", ("last_checked",)),
        ({"designations": [3]}, "`designations` should be a mapping, got `3`", ("designations", 0)),
        ({"requirements": [make_row(demands={"keep_days": "1.5"})]}, "`keep_days` should be a whole number, got `1.5`", ("requirements", 0, "demands", "keep_days")),
        ({"requirements": [make_row(demands={"keep_days": "nan"})]}, "`keep_days` should be a whole number, got `nan`", ("requirements", 0, "demands", "keep_days")),
        ({"requirements": [make_row(demands={"keep_days": -1})]}, "`keep_days` cannot be less than 0, got `-1`", ("requirements", 0, "demands", "keep_days")),
        ({"requirements": [make_row(review_required="yes")]}, "`review_required` should be true or false, got `yes`", ("requirements", 0, "review_required")),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_in_words_of_the_document(
    fields: dict[str, Any], message: str, path: Any
) -> None:
    error = complaint({**make_pack("t"), **fields})
    assert (error.message, error.path) == (message, ("before", *path))


@pytest.mark.parametrize("data", [[], "x", 3, True])
def test_what_is_no_mapping(data: object) -> None:
    assert complaint(data).message.startswith("`document` should be a mapping, got ")


@pytest.mark.parametrize(
    "name",
    ["../../x", "/etc/passwd", "a/b", "a\\b", "__proto__", ".hidden", "-rf", "a b", "a\nb", "a\tb", "x" * 101, "", "%2e%2e", "\u0430cme", "acmé", "a:b", "${x}", "a;b", "<b>"],
)  # fmt: skip
def test_an_id_is_plain_ascii(name: str) -> None:
    error = complaint({**make_pack("t"), "pack": name})
    assert error.path == ("before", "pack")
    assert error.hint is not None and "ASCII" in error.hint


def test_the_nearest_known_key_is_named() -> None:
    error = complaint({**make_pack("t"), "requirements": [make_row(constrains=[])]})
    assert (error.message, error.hint) == ("unknown key `constrains`", "did you mean `constraints`?")
