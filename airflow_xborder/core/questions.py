# SPDX-License-Identifier: Apache-2.0
"""Single questions about facts as plain data, for engines outside this process; ``flattening.py`` combines them.

A question is a mapping: ``op`` names the rule that answers it, the rest is what the rule needs. What a condition
reads from who asks it is written into it: the time zone of a dated question, the data categories whose names tell
nothing to a rule that their safeguard does not cure, whether a complete row's silence means "none" (``closed``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from airflow_xborder.core import comparisons as f
from airflow_xborder.core import grounds as g
from airflow_xborder.core.conditions import Condition
from airflow_xborder.core.designations import Designation
from airflow_xborder.core.kinds import CURED_NAMES
from airflow_xborder.core.records import dataclass
from airflow_xborder.core.requirement import Discharge
from airflow_xborder.errors import PolicyValidationError

Row: TypeAlias = Mapping[str, Any]
SetId: TypeAlias = Callable[[frozenset[str]], str]
# What a look-up of the facts in an index answers; the rest is asked one by one, where an answer is needed.
LOOKED_UP = frozenset(
    {"absent", "covered", "every", "evidence", "is", "kind", "known", "mechanism", "safeguard", "some"}
)
# Shares are decimals of at most nine places; as whole numbers of the last place they add up exactly.
SHARE_UNIT = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Who asks. ``muted`` is set under a negation: what does not hold obliges to nothing."""

    zone: str
    connecting: bool = False
    uncured: frozenset[str] = frozenset()
    muted: bool = False

    @property
    def untelling(self) -> dict[str, bool]:
        """The data categories named after a safeguard that cures nothing here."""
        return {name: True for name, cure in sorted(CURED_NAMES.items()) if cure in self.uncured}


def question(condition: Condition, view: View, set_id: SetId) -> Row:
    """Return a condition without parts as plain data.

    :param set_id: gives a set of terms its id.
    :raises PolicyValidationError: for a condition that another engine could not ask.
    """
    make = _QUESTIONS.get(type(condition))
    if make is None:
        raise PolicyValidationError(f"no other engine can ask `{type(condition).__name__}`")
    return {key: value for key, value in make(condition, view, set_id).items() if value not in (None, {})}


def _some(condition: f.In, view: View, set_id: SetId) -> Row:
    return {"op": "some", **_path(condition.path, view), "set": set_id(condition.values)}


def _every(condition: f.Within, view: View, set_id: SetId) -> Row:
    return {"op": "every", **_path(condition.path, view), "set": set_id(condition.values)}


def _path(path: str, view: View) -> Row:
    return {"path": path, "closed": view.connecting}


def _is(condition: f.Is, view: View, _: SetId) -> Row:
    return {"op": "is", **_path(condition.path, view), "expected": condition.expected}


def _kind(condition: f.IsA, view: View, _: SetId) -> Row:
    return {"op": "kind", "kind": condition.kind, "uncured": view.untelling}


def _number(condition: f.Compare, view: View, _: SetId) -> Row:
    bounds = {"at_least": condition.at_least, "less_than": condition.less_than}
    return {"op": "number", **_path(condition.path, view), **bounds}


def _known(condition: f.Known, view: View, _: SetId) -> Row:
    return {"op": "known", **_path(condition.path, view)}


def _not_among(condition: f.NotAmong, view: View, _: SetId) -> Row:
    return {"op": "not_among", **_path(condition.path, view), "other": condition.other}


def _mechanism(condition: g.HasMechanism, view: View, set_id: SetId) -> Row:
    types = {"set": set_id(condition.types), "ground_for": condition.ground_for}
    return {"op": "mechanism", **types, "zone": view.zone, "closed": view.connecting}


def _evidence(condition: g.HasEvidence, view: View, _: SetId) -> Row:
    return {"op": "evidence", "type": condition.type, "zone": view.zone}


def _safeguard(condition: g.HasSafeguard, view: View, _: SetId) -> Row:
    if condition.type in view.uncured:
        return {"op": "constant", "answer": 0}
    return {"op": "safeguard", "type": condition.type}


def _consent(condition: g.HasConsent, _: View, set_id: SetId) -> Row:
    return {"op": "consent", "set": set_id(condition.types), "ground_for": condition.ground_for}


def _listed(condition: g.Listed, _: View, __: SetId) -> Row:
    return {"op": "listed", "framework": condition.framework}


def _owned(condition: g.OwnedBy, _: View, set_id: SetId) -> Row:
    share = int(Decimal(condition.share) * SHARE_UNIT)
    return {"op": "owned", "set": set_id(condition.countries), "at_least": share}


def _counted(condition: g.Counted, view: View, _: SetId) -> Row:
    bound = {"categories": list(condition.categories), "unit": condition.unit, "bound": condition.bound}
    return {"op": "counted", **bound, "window": condition.window, "uncured": view.untelling}


def _discharge(condition: Discharge, view: View, _: SetId) -> Row:
    row = {"op": "constant", "answer": 2}
    if view.muted:
        return row
    obligation = condition.obligation
    return {**row, "obligations": [{"type": obligation.type, "parameters": dict(obligation.parameters)}]}


_QUESTIONS: dict[type[Condition], Callable[[Any, View, SetId], Row]] = {
    f.In: _some, f.Within: _every, f.Is: _is, f.IsA: _kind, f.Compare: _number, f.Known: _known,
    f.NotAmong: _not_among, g.HasMechanism: _mechanism, g.HasEvidence: _evidence, g.HasSafeguard: _safeguard,
    g.HasConsent: _consent, g.Listed: _listed, g.OwnedBy: _owned, g.Counted: _counted, Discharge: _discharge,
}  # fmt: skip


def covered(condition: g.Designated, view: View, places: str) -> Row:
    """Ask whether every place is outside the question, or one that somebody designated at any time."""
    return {"op": "covered", **_path(condition.path, view), "set": places}


def absent(condition: g.Designated, view: View, places: str) -> Row:
    """Ask whether none of the places is one of these; never unknown."""
    return {"op": "absent", **_path(condition.path, view), "set": places}


def in_force(row: Designation, condition: g.Designated, view: View, places: str) -> Row:
    """Ask whether a designation is valid and not suspended; its warning counts once for each place concerned."""
    asked = {"op": "in_force", "designation": row.id, "zone": view.zone}
    if row.warning is None or view.muted:
        return asked
    return {**asked, "warning": row.warning, **_path(condition.path, view), "set": places}
