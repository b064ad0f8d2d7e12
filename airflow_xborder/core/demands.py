# SPDX-License-Identifier: Apache-2.0
"""Demands: what a rule asks of the handling of data, in a form in which two rules can be seen to point opposite ways.

Keep and erase, store here and only there, disclose and withhold: such duties are conflicts, never settled by
strictness (law 6). Says which pairs oppose each other by themselves; whether both apply is asked elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator

from airflow_xborder.core.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Demands:
    """What one rule demands; ``None`` where it demands nothing of that kind.

    :param keep_days: the data, or records that contain it, are kept for at least so many days.
    :param erase_days: it is gone at most so many days after it is no longer needed, or its person asks.
    :param store_in: it may be stored in no place but these.
    :param copy_in: a copy of it lies in one of these.
    :param keep_out_of: it may be stored or used in none of these.
    :param disclosure: ``disclose`` or ``withhold``, when somebody with power over the holder asks for it.
    """

    keep_days: int | None = None
    erase_days: int | None = None
    store_in: frozenset[str] | None = None
    copy_in: frozenset[str] | None = None
    keep_out_of: frozenset[str] | None = None
    disclosure: str | None = None


NOTHING = Demands()


def opposed(a: Demands, b: Demands) -> tuple[str, ...]:
    """Return the kinds of opposition between two rules' demands, sorted; the order of the two does not matter.

    Kinds: ``retention`` (one keeps longer than the other allows), ``storage`` (no place satisfies both) and
    ``disclosure``.
    """
    return tuple(sorted({kind for pair in ((a, b), (b, a)) for kind in _opposed(*pair)}))


def _opposed(a: Demands, b: Demands) -> Iterator[str]:
    if a.keep_days is not None and b.erase_days is not None and a.keep_days > b.erase_days:
        yield "retention"
    if a.store_in is not None and b.store_in is not None and not a.store_in & b.store_in:
        yield "storage"
    if a.store_in is not None and b.copy_in is not None and not a.store_in & b.copy_in:
        yield "storage"
    if b.keep_out_of is not None and any(
        places is not None and places <= b.keep_out_of for places in (a.store_in, a.copy_in)
    ):
        yield "storage"
    if (a.disclosure, b.disclosure) == ("disclose", "withhold"):
        yield "disclosure"
