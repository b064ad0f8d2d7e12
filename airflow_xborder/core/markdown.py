# SPDX-License-Identifier: Apache-2.0
"""Markdown for generated pages: text that is never taken for markup, tables, and conditions as nested lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from airflow_xborder.core.conditions import All, Any, Condition, Not
from airflow_xborder.core.requirement import Alternative
from airflow_xborder.core.wording import WHOLE, in_words, stated_test

_LONG = 100
Row = Sequence[str]
Terms = Mapping[Condition, tuple[str, bool]]
"""Conditions that a page tells elsewhere: the Markdown that stands for each, and whether it says that it holds."""
_NO_TERMS: Terms = {}


def condition_list(condition: Condition, depth: int = 0, terms: Terms = _NO_TERMS) -> Iterator[str]:
    """Yield a condition as a list: one entry where it is short, else one for each of its parts."""
    yield from _branch(*_plain(condition, True), depth, terms)


def own_words(condition: Condition, depth: int, terms: Terms) -> Iterator[str]:
    """Yield a condition that is one of the terms itself, in the words of the others."""
    inner, holds = _plain(condition, True)
    yield from _branch(inner, holds, depth, {key: term for key, term in terms.items() if key != inner})


def term(condition: Condition, text: str) -> Terms:
    """Return the entry of a condition among ``Terms``; none for one that a line holds as it is."""
    inner, holds = _plain(condition, True)
    return {} if _is_short(inner, holds) else {inner: (text, holds)}


def _branch(condition: Condition, holds: bool, depth: int, terms: Terms) -> Iterator[str]:
    start = "  " * depth
    if condition in terms:
        text, sense = terms[condition]
        yield f"{start}- {'' if holds is sense else 'not '}{text}"
    elif _is_short(condition, holds):
        yield f"{start}- {escaped(in_words(condition, holds=holds, most=WHOLE))}"
    else:
        all_of = isinstance(condition, All) is holds
        yield f"{start}- {'all' if all_of else 'any'} of this:"
        for part, stands in _flat(condition, holds, all_of, terms):
            yield from _branch(part, stands, depth + 1, terms)


def _is_short(condition: Condition, holds: bool) -> bool:
    return not _is_list(condition) or len(in_words(condition, holds=holds, most=WHOLE)) <= _LONG


def _is_list(condition: Condition) -> bool:
    return isinstance(condition, (All, Any)) and stated_test(condition) is None


def _plain(condition: Condition, holds: bool) -> tuple[Condition, bool]:
    """Take off what only wraps a condition: a negation, a name, a list of one."""
    parts = tuple(condition.parts())
    while len(parts) == 1 and isinstance(condition, (Not, Alternative, All, Any)):
        holds = holds is not isinstance(condition, Not)
        condition = parts[0]
        parts = tuple(condition.parts())
    return condition, holds


def _flat(condition: Condition, holds: bool, all_of: bool, terms: Terms) -> Iterator[tuple[Condition, bool]]:
    """Yield the parts of a condition, and those of parts that are of the same kind in their stead."""
    for part in condition.parts():
        inner, stands = _plain(part, holds)
        if inner not in terms and _is_list(inner) and (isinstance(inner, All) is stands) is all_of:
            yield from _flat(inner, stands, all_of, terms)
        else:
            yield inner, stands


def link(text: str, address: str | None) -> str:
    """Return text that leads to an address of the web; another address, which nobody can follow, is told instead."""
    if not address:
        return escaped(text)
    if not address.startswith(("https://", "http://")):
        return escaped(f"{text} ({address})")
    return f"[{escaped(text)}]({_encoded(address)})"


def bare_link(address: str) -> str:
    """Return an address as a link to itself."""
    return f"<{_encoded(address)}>" if address.startswith(("https://", "http://")) else escaped(address)


def _encoded(address: str) -> str:
    for char, code in ((" ", "%20"), ("(", "%28"), (")", "%29"), ("<", "%3C"), (">", "%3E"), ("|", "%7C")):
        address = address.replace(char, code)
    return address


def bullet(key: str, text: str) -> str:
    """Return a list entry with its subject in bold."""
    return f"- **{escaped(key)}**: {escaped(text)}"


def escaped(text: str) -> str:
    """Return text in which nothing is markup, as one line that a table can hold."""
    text = " ".join(text.split())
    for char in ("\\", "|", "*", "<", "["):
        text = text.replace(char, f"\\{char}")
    return text


def anchor(heading: str) -> str:
    """Return a heading's anchor, as GitHub makes it."""
    kept = (char for char in heading.lower() if char.isalnum() or char in "_- ")
    return "".join(kept).replace(" ", "-")


def table(heading: Row, rows: Iterable[Row]) -> Iterator[str]:
    """Yield a table; its cells are Markdown already."""
    for number, row in enumerate((heading, *rows)):
        yield f"| {' | '.join(row)} |"
        if number == 0:
            yield f"|{' --- |' * len(heading)}"


def page_text(lines: Iterable[str]) -> str:
    """Return lines as the text of a file."""
    return "\n".join(line.rstrip() for line in lines) + "\n"
