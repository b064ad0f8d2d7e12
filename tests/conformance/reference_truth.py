# SPDX-License-Identifier: Apache-2.0
"""Three values, written naively: true, false, and None for unknown; and what a status asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Truth = bool | None


def conjoin(truths: Iterable[Truth]) -> Truth:
    truths = list(truths)
    return False if False in truths else None if None in truths else True


def disjoin(truths: Iterable[Truth]) -> Truth:
    truths = list(truths)
    return True if True in truths else None if None in truths else False


def negate(truth: Truth) -> Truth:
    return None if truth is None else not truth


ORDER = ["allow", "review", "deny"]


def outcome_of(row: Mapping[str, Any], status: str) -> str:
    effect = row.get("effect", "require")
    on_unmet = row.get("on_unmet", {"review": "review", "duty": "track"}.get(effect, "deny"))
    if status == "met":
        return "allow"
    if status == "unmet":
        return "allow" if on_unmet == "track" else on_unmet
    return "allow" if on_unmet == "track" else "review"
