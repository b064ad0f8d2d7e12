# SPDX-License-Identifier: Apache-2.0
"""DataFlow, the question: which data about whom goes from where to where, for what, by what kind of access.

Input contract, version 1. Only the places are mandatory; an absent field is unknown, which is not the same as
an empty one. Knows the shape and the terms of a flow; what its facts mean is decided in ``facts.py``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime
from functools import partial
from typing import Any

from airflow_xborder.core.places import require_country, require_place, require_subdivision
from airflow_xborder.core.records import dataclass
from airflow_xborder.core.structure import build, checked, fraction
from airflow_xborder.core.vocabulary import require_term
from airflow_xborder.errors import FlowError

_frozen = partial(dataclass, frozen=True, slots=True, kw_only=True)

category = partial(require_term, "data category")
purpose_term = partial(require_term, "purpose")
mechanism_term = partial(require_term, "mechanism")
ground = partial(require_term, "ground")


_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/\-]{0,127}")


def identifier(text: str) -> str:
    """Return ``text``, which must be an identifier, and so no free text of an author's.

    :raises FlowError: for anything else.
    """
    if not _IDENTIFIER.fullmatch(text):
        raise FlowError(f"no identifier: `{text[:40]}`", hint="letters, digits and `_.:/-`, such as eu.gdpr")
    return text


def one_line(text: str) -> str:
    """Return ``text``, which must be one line that a log can show.

    :raises FlowError: for a control character, or more than 200 characters.
    """
    if len(text) > 200 or not text.isprintable():
        raise FlowError("not one line of at most 200 printable characters", hint="give the flow a short name")
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Who runs a store, and the country that can compel them."""

    party: str | None = None
    control_country: str | None = checked(require_country)


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """One end of a flow. A ``store`` is a URI as OpenLineage names data sets."""

    region: str | None = None
    country: str | None = checked(require_country)
    subdivision: str | None = checked(require_subdivision)
    store: str | None = None
    provider: Provider | None = None

    def __post_init__(self) -> None:
        if self.subdivision and self.country and self.subdivision[:2] != self.country:
            raise FlowError(f"subdivision `{self.subdivision}` is not in country `{self.country}`")

    @staticmethod
    def from_short(text: str) -> dict[str, str]:
        """Read the short form: a country or a subdivision."""
        return {"country": text[:2], "subdivision": text} if "-" in text else {"country": text}


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the data will be, by locality level: every member must be lawful."""

    storage: tuple[End, ...] | None = None
    backup: tuple[End, ...] | None = None
    processing: tuple[End, ...] | None = None
    model_training: tuple[End, ...] | None = None
    model_artifact: tuple[End, ...] | None = None
    inference: tuple[End, ...] | None = None
    access: tuple[End, ...] | None = None
    key_custody: tuple[End, ...] | None = None
    control_plane: tuple[End, ...] | None = None
    logs: tuple[End, ...] | None = None
    transit: tuple[End, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """An importer's entry on a public list, such as the EU-US Data Privacy Framework's."""

    framework: str
    covers: tuple[str, ...] | None = None
    status: str | None = None
    checked_at: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A direct or indirect owner; ``share`` is a fraction."""

    country: str = field(metadata={"check": require_country})
    share: str = field(metadata={"check": fraction})


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """An exporter or importer."""

    party: str | None = None
    country: str | None = checked(require_country)
    role: str | None = checked(partial(require_term, "role"))
    legal_roles: Mapping[str, str] | None = None
    sector: tuple[str, ...] | None = None
    on_behalf_of: str | None = None
    joint_with: tuple[str, ...] | None = None
    same_entity: bool | None = None
    same_group: bool | None = None
    subprocessors: tuple[End, ...] | None = None
    listings: tuple[Listing, ...] | None = None
    owners: tuple[Owner, ...] | None = None
    us_person: bool | None = None
    organised_in: str | None = checked(require_country)
    principal_place: str | None = checked(require_country)
    residence: str | None = checked(require_country)
    employer: str | None = None
    attributes: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subjects:
    """Whom the data is about; ``countries`` is their residence (a subdivision is allowed)."""

    countries: tuple[str, ...] | None = checked(require_place)
    nationality: tuple[str, ...] | None = checked(require_country)
    collected_in: tuple[str, ...] | None = checked(require_place)
    groups: tuple[str, ...] | None = checked(partial(require_term, "group"))
    min_age: int | None = None
    us_persons: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many people, devices or records: of this flow, or a running total (scope ``window``), of which ``window``."""

    category: str = field(metadata={"check": category})
    n: int = field()
    unit: str = "persons"
    scope: str = "this_flow"
    window: str | None = checked(partial(require_term, "count window"))

    def __post_init__(self) -> None:
        if self.scope not in ("this_flow", "window"):
            raise FlowError(f"unknown count scope `{self.scope}`", hint="use this_flow or window")
        if self.unit not in ("persons", "devices", "records"):
            raise FlowError(f"unknown count unit `{self.unit}`", hint="use persons, devices or records")
        if self.window is not None and self.scope != "window":
            raise FlowError("only a running total has a `window`", hint="say `scope: window`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifiability:
    """How identifiable people are to one recipient, where a regime knows such a thing."""

    relative_to: str | None = None
    status: str | None = None
    test: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalBasis:
    """The ground for the processing itself, in one regime."""

    regime: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mechanism:
    """A ground that somebody has on paper. What it is a ground *for* matters: one never serves as another."""

    type: str = field(metadata={"check": mechanism_term})
    ground_for: str = field(default="transfer", metadata={"check": ground})
    module: int | None = None
    reference: str | None = None
    valid_from: date | None = None
    valid_until: date | None = None

    @staticmethod
    def from_short(text: str) -> dict[str, str]:
        """Read the short form: a plain mechanism type."""
        return {"type": text}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A dated document."""

    type: str = field(metadata={"check": partial(require_term, "evidence")})
    reference: str | None = None
    issued_at: date | None = None
    valid_until: date | None = None

    @staticmethod
    def from_short(text: str) -> dict[str, str]:
        """Read the short form: a plain evidence type."""
        return {"type": text}


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """Consent of the people concerned; ``coverage`` is the share of them who gave it."""

    type: str = field(metadata={"check": mechanism_term})
    ground_for: str = field(metadata={"check": ground})
    purpose: str | None = checked(purpose_term)
    coverage: str | None = checked(fraction)
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomatedDecision:
    """What the processing decides about people by itself."""

    significant_effect: bool | None = None
    human_review: bool | None = None
    explanation: bool | None = None
    features: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What the data brings along from where it was before."""

    origin_regimes: tuple[str, ...] | None = checked(identifier)
    restrictions: tuple[str, ...] | None = checked(identifier)
    via: tuple[str, ...] | None = checked(identifier)


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFlow:
    """One movement or access. Fields as in the input contract; ``None`` is unknown, an empty tuple is none."""

    source: End
    destination: End
    flow_id: str | None = checked(one_line)
    access_mode: str = field(default="copy", metadata={"check": partial(require_term, "access mode")})
    places: Places | None = None
    exporter: Party | None = None
    importer: Party | None = None
    subjects: Subjects | None = None
    counts: tuple[Count, ...] | None = None
    data_categories: tuple[str, ...] | None = checked(category)
    identifiability: tuple[Identifiability, ...] | None = None
    purpose: str | None = checked(purpose_term)
    collected_purposes: tuple[str, ...] | None = checked(purpose_term)
    legal_basis: tuple[LegalBasis, ...] | None = None
    frequency: str | None = checked(partial(require_term, "frequency"))
    mechanisms: tuple[Mechanism, ...] | None = None
    evidence: tuple[Evidence, ...] | None = None
    safeguards: tuple[str, ...] | None = checked(partial(require_term, "safeguard"))
    consent: Consent | tuple[Consent, ...] | None = None
    retention_days: int | None = None
    automated_decision: AutomatedDecision | None = None
    provenance: Provenance | None = None
    attributes: Mapping[str, Any] | None = None
    as_of: datetime | None = None

    def __post_init__(self) -> None:
        if isinstance(self.consent, tuple) and len(self.consent) == 1:
            object.__setattr__(self, "consent", self.consent[0])  # one is one, however it is written

    @property
    def consents(self) -> tuple[Consent, ...]:
        """The consents, each for its own ground and purpose: one to special categories is none to a transfer."""
        if self.consent is None:
            return ()
        return self.consent if isinstance(self.consent, tuple) else (self.consent,)

    @classmethod
    def parse(cls, data: object) -> DataFlow:
        """Build a flow from plain data (parsed JSON or YAML).

        :raises FlowError: for an unknown key, a wrong kind of value or a missing place.
        :raises UnknownTermError: for a term, country or subdivision that the vocabulary does not have.
        """
        flow = build(cls, data)
        for name, end in (("source", flow.source), ("destination", flow.destination)):
            if not (end.region or end.country or end.store):
                raise FlowError(
                    f"{name}: no region, country or store", hint="a flow must say where it starts and ends"
                )
        return flow
