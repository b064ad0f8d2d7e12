# SPDX-License-Identifier: Apache-2.0
"""Whatever is wrong with a pack, the command line says it once, with file, line and column, and exits 2."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from airflow_xborder.cli.main import main

HEAD = """\
pack: t
jurisdiction: EU
title: t
version: "1"
last_checked: 2026-11-21
notice: n
"""
RULE = """\
requirements:
  - requirement_id: t.rule
    description: d
    effective_date: 2026-01-01
"""
ROW = "{id: %s, by: EU, kind: adequacy, of: JP, valid_from: 2026-01-01, citation: c%s}"
LAUGHS = "".join(f"  d{n}: {{any: [d{n - 1}, d{n - 1}]}}\n" for n in range(1, 30))
WRONG: dict[str, str | bytes] = {
    "cyclic dependencies": f"{HEAD}{RULE}    dependencies: [t.rule]\n",
    "a conflict that names nothing": f"{HEAD}{RULE}    conflicts: [t.nothing]\n",
    "a dependency that names nothing": f"{HEAD}{RULE}    dependencies: [t.nothing]\n",
    "displaces nothing": f"{HEAD}{RULE}    displaces: [t.nothing]\n",
    "derogable by nothing": f"{HEAD}{RULE}    derogable_by: [t.nothing]\n",
    "supersedes nothing": f"{HEAD}{RULE}    supersedes: [t.nothing]\n",
    "supersedes another regime's rule": f"{HEAD}{RULE}    supersedes: [purpose_limitation]\n",
    "displaces across legal orders": f"{HEAD}{RULE}    displaces: [purpose_limitation]\n",
    "suspends nothing": f"{HEAD}designations:\n  - {ROW % ('t.d', ', suspends: t.e')}\n",
    "contradictory designations": f"{HEAD}designations:\n  - {ROW % ('t.d', '')}\n  - {ROW % ('t.e', ', scope: personal_data')}\n",
    "overlapping validity": f"{HEAD}designations:\n  - {ROW % ('t.d', ', valid_until: 2026-06-30')}\n  - {ROW % ('t.e', '')}\n",
    "ends before it begins": f"{HEAD}designations:\n  - {ROW % ('t.d', ', valid_until: 2025-12-31')}\n",
    "expires before it is effective": f"{HEAD}{RULE}    expires: 2025-12-31\n",
    "a threshold without a window": f"{HEAD}{RULE}    when: {{count: {{category: personal_data, more_than: 3}}}}\n",
    "a fact of another regime": f"{HEAD}{RULE}    when: {{attributes.jp.not_handled: true}}\n",
    "a definition of another regime": f"{HEAD}{RULE}    when: special_category\n",
    "an id of another regime": f"{HEAD}{RULE.replace('t.rule', 'eu.gdpr.a99')}",
    "ten megabytes": HEAD + "# x\n" * 2_500_000,
    "a YAML bomb": f"{HEAD}covers: &a [DE]\nexpects: [*a, *a]\n",
    "a bomb of definitions": f"{HEAD}definitions:\n  d0: personal_data\n{LAUGHS}{RULE}    when: d29\n",
    "deep nesting": f"{HEAD}{RULE}    when: {'{not: ' * 5000}personal_data{'}' * 5000}\n",
    "a duplicate key": f"{HEAD}title: again\n",
    "no UTF-8": HEAD.encode() + b"covers: [\xe4]\n",
    "UTF-16": HEAD.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + HEAD.encode(),
    "NUL": f"{HEAD}covers: [\0]\n",
    "a path as an id": HEAD.replace("pack: t", "pack: ../../x"),
    "a turned id": HEAD.replace("pack: t", "pack: \u202et"),
    "an escaped control character": HEAD.replace("title: t", 'title: "t\\u0007"'),
    "a prototype": f"{HEAD}definitions:\n  __proto__: personal_data\n",
    "an id of ten thousand letters": HEAD.replace("pack: t", f"pack: {'t' * 10_000}"),
    "a letter that looks like another": HEAD.replace("pack: t", "pack: \u0430cme"),
    "an object of Python": HEAD.replace("title: t", "title: !!python/object/apply:os.getcwd []"),
    "a day that no calendar has": f"{HEAD}{RULE.replace('2026-01-01', '2026-02-30')}",
    "no number": f"{HEAD}{RULE}    demands: {{keep_days: .nan}}\n",
    "a broken number": f"{HEAD}{RULE}    when: {{retention_days: {{at_least: 1.5}}}}\n",
    "nothing": b"",
    "no mapping": "- a\n",
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_it_is_refused_with_one_error_at_its_place(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "pack.yaml"
    text = WRONG[what]
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    started = time.monotonic()
    assert main(["policy", "lint", "--packs", str(path)]) == 2
    assert time.monotonic() - started < 5
    out, err = capsys.readouterr()
    assert out == ""
    error, *hints = err.splitlines()
    assert re.match(rf"error: {re.escape(str(path))}:\d+:\d+: .+", error), error
    assert len(hints) <= 1 and all(hint.startswith("hint: ") for hint in hints)
    assert all(line.isprintable() for line in err.splitlines())
    assert max(map(len, err.splitlines())) < 600
