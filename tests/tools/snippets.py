# SPDX-License-Identifier: Apache-2.0
"""What the pages of README and docs hold: fenced blocks, links, headings, tables; and how their commands are run.

How a page is written so that it can be run:

- ``sh`` blocks are run, in order, in one shell; ``console`` blocks are for the reader. A block ends with exit code 0,
  or with the one that a final comment ``# exit N`` names.
- A ``yaml`` or ``python`` block whose first line is ``# a/file.yaml`` is put into that file before what follows, and
  added to it with ``# a/file.yaml, at its end``.
- A ``text`` block after an ``sh`` block holds lines of its output, in order; ``…`` stands for anything.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# ([\w./-]+\.(?:yaml|py|rego))(, at its end)?\n")
_EXIT = re.compile(r"# exit (\d+)\s*\Z")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a page, with the line on which it begins."""

    language: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Ran:
    """One shell block that was run. ``shown`` is the output that the page shows of it."""

    block: Block
    code: int
    output: str
    shown: str

    @property
    def expected(self) -> int:
        """The exit code that the page names."""
        found = _EXIT.search(self.block.text)
        return int(found[1]) if found else 0

    def missing(self) -> str | None:
        """Return the first line that the page shows and the command did not print."""
        return missing_line(self.shown, self.output)


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page."""
    text = page.read_text()
    return [Block(m[1], m[2], text.count("\n", 0, m.start()) + 1) for m in _FENCE.finditer(text)]


def prose(page: Path) -> str:
    """Return a page without its fenced blocks and comments."""
    return re.sub(r"<!--.*?-->", "", _FENCE.sub("", page.read_text()), flags=re.DOTALL)


def sections(page: Path) -> dict[str, str]:
    """Return what stands below each heading, by the heading's words."""
    parts = re.split(r"^#+ (.+)$", _unfenced_headings(page), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _unfenced_headings(page: Path) -> str:
    # A comment in a fenced block begins as a heading does.
    return _FENCE.sub(lambda m: re.sub(r"^#", r" #", m[0], flags=re.MULTILINE), page.read_text())


def rows(text: str) -> list[list[str]]:
    """Return the cells of every table in a text, headings and rules left out."""
    lines = text.splitlines()
    tables = [
        line
        for number, line in enumerate(lines)
        if line.startswith("|")
        and not re.fullmatch(r"\|[ |:-]+\|", line)
        and not re.match(r"\| ?-{3}", lines[number + 1] if number + 1 < len(lines) else "")
    ]
    return [[cell.strip() for cell in line.strip("|").split(" |")] for line in tables]


def missing_line(shown: str, output: str) -> str | None:
    """Return the first line of ``shown`` that does not come in ``output`` after those before it."""
    start = 0
    for line in shown.splitlines():
        pattern = ".*".join(map(re.escape, line.strip().split("…")))
        found = re.compile(pattern).search(output, start)
        if found is None:
            return line
        start = found.end()
    return None


def run_page(page: Path, folder: Path, environment: Mapping[str, str], limit: float) -> list[Ran]:
    """Run a page's shell blocks in a folder, in one shell that is killed at its limit."""
    kept = folder / ".blocks"
    kept.mkdir()
    script, shells = _script(blocks(page), kept)
    argv = ["bash", "-c", script]
    code, output = run_within(argv, environment, folder, limit)
    assert code == 0, f"{page.name}: {output[-3000:]}"
    return [
        Ran(block, int((kept / f"{n}.rc").read_text()), (kept / f"{n}.out").read_text(), shown)
        for n, block, shown in shells
    ]


def _script(found: Sequence[Block], kept: Path) -> tuple[str, list[tuple[int, Block, str]]]:
    lines: list[str] = []
    shells: list[tuple[int, Block, str]] = []
    for number, block in enumerate(found):
        (kept / f"{number}.in").write_text(block.text)
        place = shlex.quote(str(kept / f"{number}"))
        if block.language == "sh":
            after = found[number + 1] if number + 1 < len(found) else None
            shells.append((number, block, after.text if after and after.language == "text" else ""))
            lines.append(f"source {place}.in >{place}.out 2>&1; echo $? >{place}.rc")
        elif file := _FILE.match(block.text):
            lines.append(f"cat {place}.in {'>>' if file[2] else '>'} {shlex.quote(file[1])}")
    return "\n".join(lines), shells


def run_within(
    argv: Sequence[str], environment: Mapping[str, str], folder: Path, limit: float
) -> tuple[int, str]:
    """Run a program, and kill it with all that it started when it takes longer; return its code and what it printed."""
    process = subprocess.Popen(
        argv,
        env=dict(environment),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        raise AssertionError(f"{argv[0]} did not end within {limit} seconds\n{output[-3000:]}") from None
    return process.returncode, output
