# SPDX-License-Identifier: Apache-2.0
"""A first pack of a regime, with its cases: right as it stands, and commented where somebody has to think."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from airflow_xborder.authoring.cases import Decide
from airflow_xborder.authoring.complaints import validate_data
from airflow_xborder.authoring.documents import Id, Strict
from airflow_xborder.authoring.linking import link
from airflow_xborder.authoring.loading import load_policies, validate_pack
from airflow_xborder.authoring.source import parse_document
from airflow_xborder.core.combining import Frame
from airflow_xborder.core.condition_syntax import place_set
from airflow_xborder.core.facts import normalise
from airflow_xborder.core.flow import DataFlow
from airflow_xborder.core.places import SETS
from airflow_xborder.errors import PolicyValidationError

_PACK = """\
# The rules of {regime}. What stands here is a first rule to replace: the whole format is described in policies/README.md.
pack: {regime}
jurisdiction: {jurisdiction}
title: {regime}, a law or a policy to be named
version: "1"
# The day on which somebody last compared this file with the law.
last_checked: {today}
notice: Not legal advice. Facts in our own words, with their citation; the cited text is what counts.
# In which a day begins: a name of the IANA database, such as Europe/Berlin.
time_zone: UTC
# The places whose law this pack answers for: remove it if other packs must speak for them too.
covers: [{jurisdiction}]
definitions:
  leaves: {leaves}
# Any of these ties a flow to the pack; where none can be true, no rule below is asked.
connects:
  - all:
      - personal_data
      - any:
          - source.place: {jurisdiction}
          - subjects.countries: {jurisdiction}
# When this regime calls a flow a transfer.
transfer: {{all: [personal_data, leaves]}}
requirements:
  - requirement_id: {regime}.abroad
    description: Personal data leaves {jurisdiction} only on a ground that the law names.
    # The article it follows from, and where that can be read.
    citation: {regime}, the article to be named
    # constitutional, treaty, supranational, national, state, industry or company
    level: {level}
    when: {{all: [personal_data, leaves]}}
    constraints:
      # Grounds that replace each other; all entries of `constraints` must be met.
      - any_of:
          - id: {regime}.abroad.consent
            citation: {regime}, the paragraph to be named
            needs: {{consent: {{type: consent_explicit, ground_for: transfer}}}}
          - id: {regime}.abroad.reviewed
            citation: {regime}, the paragraph to be named
            needs: {{evidence: legal_counsel_review}}
    # deny, review or track
    on_unmet: review
    effective_date: {today}
    # confirmed once somebody has compared it with its source; until then a person is asked to check it.
    confidence: unconfirmed
    review_required: true
"""
_CASES = """\
# Flows with the answers that they must get, decided with all shipped packs and the one beside: `xborder policy test FILE`.
# Every rule needs a case that meets it and one that does not; every ground one that has it.
as_of: {today}
cases:
"""


class _Name(Strict):
    regime: Id


@dataclass(frozen=True, slots=True)
class Skeleton:
    """The texts of a new pack and of its cases."""

    pack: str
    cases: str


def make_skeleton(regime: str, jurisdiction: str, now: datetime, decide: Decide) -> Skeleton:
    """Make a first pack of a regime, and cases with the answers that the packs of today give.

    :raises PolicyValidationError: for a name that no pack may have, or a place that there is not.
    """
    validate_data(_Name, {"regime": regime})
    members = place_set(jurisdiction, ("jurisdiction",))
    pack = _pack_text(regime, jurisdiction, len(members) > 1, now)
    shipped = load_policies()
    if regime in shipped.ids:
        raise PolicyValidationError(f"`{regime}` is a shipped pack", hint="choose another name")
    policies = link([*shipped.documents, validate_pack(parse_document(pack, f"{regime}.yaml"))])
    midnight = datetime(now.year, now.month, now.day, tzinfo=timezone.utc)
    frame = Frame(decision_id="new", as_of=midnight, evaluated_at=midnight, simulated=True, engine="native")
    text = _CASES.format(today=f"{now:%Y-%m-%d}")
    for what, status, flow in _flows(jurisdiction, members):
        outcome = decide(policies, normalise(DataFlow.parse(flow), complete=True), frame).outcome.value
        expected = f"{{outcome: {outcome}, requirements: {{{regime}.abroad: {status}}}}}"
        text += f"  - case: {what}\n    flow: {json.dumps(flow)}\n    expect: {expected}\n"
    return Skeleton(pack, text)


def _pack_text(regime: str, jurisdiction: str, is_set: bool, now: datetime) -> str:
    within = f"{{not: {{reach.countries: {{within: {jurisdiction}}}}}}}"
    # Of a part of a country only the place that is named tells where the data is.
    leaves = f"{{not: {{destination.place: {jurisdiction}}}}}" if "-" in jurisdiction else within
    level = "supranational" if is_set else "state" if "-" in jurisdiction else "national"
    return _PACK.format(
        regime=regime, jurisdiction=jurisdiction, leaves=leaves, level=level, today=f"{now:%Y-%m-%d}"
    )


def _flows(jurisdiction: str, members: frozenset[str]) -> list[tuple[str, str, dict[str, Any]]]:
    home = min(members)
    abroad = next(place for place in ("FR", "JP", "DE") if place not in members and place != jurisdiction[:2])
    flow: dict[str, Any] = {
        "source": home,
        "destination": abroad,
        "data_categories": ["personal_data.contact.email"],
    }
    if home[:2] in SETS["EEA30"] and abroad not in SETS["EEA30"]:
        flow |= {"mechanisms": ["scc_eu"], "evidence": ["tia"]}
    consent = {"type": "consent_explicit", "ground_for": "transfer", "coverage": "1"}
    reviewed = [*flow.get("evidence", ()), "legal_counsel_review"]
    return [
        ("on no ground", "unmet", flow),
        ("with consent", "met", {**flow, "consent": consent}),
        ("looked at by a lawyer", "met", {**flow, "evidence": reviewed}),
        ("inside", "not_applicable", {**flow, "destination": home}),
    ]
