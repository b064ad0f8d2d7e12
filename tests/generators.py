# SPDX-License-Identifier: Apache-2.0
"""Hypothesis strategies: flows of every shape that the contract allows, and small packs over them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from airflow_xborder.core.flow import DataFlow
from tests.factories import make_pack, make_row, place

PLACES = ["DE", "FR", "NO", "US", "US-CA", "US-TX", "US-VA", "JP", "GB", "BR", "CN", "HK", "IN", "KR"]
COUNTRIES = ["DE", "US", "JP", "CN", "GB", "RU"]
CATEGORIES = [
    "personal_data", "personal_data.contact.email", "personal_data.sensitive.health", "personal_data.sensitive",
    "personal_data.sensitive.genetic.genomic", "personal_data.sensitive.biometric.face", "personal_data.location.precise",
    "personal_data.financial.credit", "personal_data.employment", "personal_data.pseudonymised", "derived.embedding",
    "anonymised", "non_personal", "data.unknown", "telemetry", "government_related_us", "personal_data.device.cookie",
]  # fmt: skip
PURPOSES = [
    "analytics", "ml_inference", "automated_decision", "sale_or_brokerage", "hr_management", "advertising",
    "advertising.targeted", "foreign_authority_request", "payment",
]  # fmt: skip
MECHANISMS = ["scc_eu", "bcr_c", "cisa_controls", "no_onward_contract", "equivalent_system", "contract_ds", "care", "law"]  # fmt: skip
EVIDENCE = ["tia", "approval_decision", "dpo_review", "cisa_attestation", "audit_report", "ownership_check", "notice_published", "risk_assessment"]  # fmt: skip
SAFEGUARDS = ["key_in_origin", "pseudonymisation", "anonymisation", "minimise", "encryption_at_rest"]
GROUNDS = ["transfer", "processing", "special_category", "automated_decision"]
DAYS = ["2023-07-10", "2025-04-08", "2026-01-26", "2026-06-01", "2026-11-21", "2027-01-01", "2031-12-27"]

days = st.sampled_from(DAYS)
flags = st.booleans()
_EPOCH = datetime(2022, 1, 1, tzinfo=timezone.utc)
moments = st.one_of(
    st.integers(0, 4000 * 24).map(lambda hours: _EPOCH + timedelta(hours=hours)),
    st.tuples(days, st.integers(-30, 30)).map(
        lambda pair: datetime.fromisoformat(f"{pair[0]}T00:00:00+00:00") + timedelta(hours=pair[1])
    ),
)


def some_of(values: list[str], most: int = 3, least: int = 0) -> st.SearchStrategy[list[str]]:
    """Return lists of distinct values."""
    if not values:
        return st.just([])
    return st.lists(st.sampled_from(values), min_size=least, max_size=most, unique=True)


def maybe(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return mappings in which any field may be absent."""
    return st.fixed_dictionaries({}, optional=fields)


ends = st.sampled_from([*PLACES, "DE", "FR", "US-VA", "JP"]).map(place)
dated = maybe(valid_from=days, valid_until=days)
mechanisms = st.builds(
    lambda name, ground, dates, module: {
        "type": name,
        "ground_for": ground,
        **dates,
        **({"module": module} if module else {}),
    },
    st.sampled_from(MECHANISMS), st.sampled_from(GROUNDS), dated, st.integers(0, 4),
)  # fmt: skip
evidence = st.builds(
    lambda name, dates: {"type": name, **dates},
    st.sampled_from(EVIDENCE), maybe(issued_at=days, valid_until=days),
)  # fmt: skip
counts = st.fixed_dictionaries(
    {
        "category": st.sampled_from(CATEGORIES),
        "n": st.sampled_from([0, 99, 100, 101, 1000, 1001, 9999, 10000, 10001, 200000]),
        "unit": st.sampled_from(["persons", "devices"]),
        "scope": st.sampled_from(["this_flow", "window"]),
    }
)
listings = st.builds(
    lambda rest: {"framework": "eu_us_dpf", **rest},
    maybe(status=st.sampled_from(["active", "lapsed"]), covers=some_of(["hr", "non_hr"], 2)),
)
owners = st.fixed_dictionaries(
    {"country": st.sampled_from(COUNTRIES), "share": st.sampled_from(["0.2", "0.25", "0.5"])}
)
parties = maybe(
    country=st.sampled_from(COUNTRIES), role=st.sampled_from(["controller", "processor", "individual"]),
    same_entity=flags, same_group=flags, us_person=flags, listings=st.lists(listings, max_size=2),
    owners=st.lists(owners, max_size=2), subprocessors=st.lists(ends, max_size=2),
    principal_place=st.sampled_from(COUNTRIES), residence=st.sampled_from(COUNTRIES),
    attributes=maybe(**{"jp.appi_operator": flags}),
)  # fmt: skip
consents = st.builds(
    lambda rest, kind, ground: {"type": kind, "ground_for": ground, **rest},
    maybe(purpose=st.sampled_from(PURPOSES), coverage=st.sampled_from(["0", "0.93", "1"])),
    st.sampled_from(["consent_explicit", "consent_informed_risk"]), st.sampled_from(GROUNDS),
)  # fmt: skip
_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "access_mode": st.sampled_from(["copy", "erase", "collect", "remote_access", "infer", "store"]),
    "data_categories": some_of(CATEGORIES),
    "purpose": st.sampled_from(PURPOSES), "collected_purposes": some_of(PURPOSES),
    "exporter": parties, "importer": parties,
    "subjects": maybe(countries=some_of(PLACES), us_persons=flags, groups=some_of(["employee", "customer"])),
    "counts": st.lists(counts, max_size=3),
    "mechanisms": st.lists(mechanisms, max_size=3), "evidence": st.lists(evidence, max_size=4),
    "safeguards": some_of(SAFEGUARDS), "consent": st.one_of(consents, st.lists(consents, max_size=3)),
    "frequency": st.sampled_from(["one_off", "repetitive"]),
    "automated_decision": maybe(significant_effect=flags, human_review=flags, explanation=flags),
    "provenance": maybe(origin_regimes=some_of(["eu.gdpr", "jp.appi", "us.dsp"]), restrictions=some_of(["case-1"])),
    "attributes": maybe(**{
        "us.transaction_type": st.sampled_from(["vendor_agreement", "data_brokerage", "none_of_these"]),
        "us.dsp_exemption": st.sampled_from(["202.505", "202.506"]), "jp.recipient_links": flags,
        "source_categories": some_of(CATEGORIES),
    }),
    "places": maybe(storage=st.lists(ends, max_size=2), access=st.lists(ends, max_size=1), logs=st.just([{"region": "any"}])),
}  # fmt: skip
# Flows of which nearly everything is known, so that answers other than "review" are common.
_KNOWN: dict[str, st.SearchStrategy[Any]] = {
    "data_categories": st.one_of(
        st.sampled_from([["personal_data"], ["personal_data.contact.email"], ["non_personal"]]),
        some_of([name for name in CATEGORIES if name != "data.unknown"], 2, 1),
    ),
    "purpose": st.sampled_from(["analytics", "payment", *PURPOSES]),
    "exporter": st.sampled_from(COUNTRIES).map(lambda country: {"country": country, "role": "controller"}),
    "importer": st.builds(
        lambda country, rest: {"country": country, "role": "processor", "same_entity": False, **rest},
        st.sampled_from(COUNTRIES),
        st.fixed_dictionaries(
            {"listings": st.lists(listings, max_size=1), "owners": st.lists(owners, max_size=1), "same_group": flags}
        ),
    ),
    "subjects": st.fixed_dictionaries({"countries": some_of(PLACES, 2, 1), "us_persons": flags}),
    "counts": st.sampled_from([50, 5000, 200000]).map(lambda n: [{"category": "personal_data", "n": n, "scope": "window"}]),
    "automated_decision": st.fixed_dictionaries(
        {"significant_effect": st.sampled_from([False, False, True]), "human_review": flags, "explanation": flags}
    ),
    "mechanisms": some_of(["scc_eu", "bcr_c", "cisa_controls", "no_onward_contract", "equivalent_system", "law"]),
    "evidence": some_of(EVIDENCE, 6), "frequency": st.sampled_from(["one_off", "repetitive"]),
    "consent": st.sampled_from(GROUNDS).map(lambda ground: {"type": "consent_explicit", "ground_for": ground}),
}  # fmt: skip
_ORDINARY: dict[str, st.SearchStrategy[Any]] = {
    "data_categories": some_of(["personal_data", "personal_data.contact.email", "non_personal"], 2, 1),
    "purpose": st.sampled_from(["analytics", "support", "payment"]),
    "importer": st.fixed_dictionaries({"same_entity": flags, "owners": st.just([]), "listings": st.lists(listings, max_size=1)}),
    "mechanisms": st.sampled_from([["scc_eu"], ["scc_eu", "equivalent_system"]]),
    "evidence": some_of(EVIDENCE, 8, 4), "subjects": st.just({"countries": ["DE"], "us_persons": False}),
}  # fmt: skip


def _flow(source: Any, destination: Any, rest: dict[str, Any]) -> dict[str, Any]:
    return {"source": source, "destination": destination, **rest}


_covered = st.sampled_from(["DE", "FR", "NO", "US-VA", "US-CA", "JP"]).map(place)
flow_data = st.one_of(
    st.builds(_flow, ends, ends, maybe(**_FIELDS)),
    st.builds(_flow, ends, ends, st.fixed_dictionaries(_KNOWN)),
    st.builds(_flow, _covered, _covered, st.fixed_dictionaries(_KNOWN)),
    st.builds(_flow, _covered, _covered, st.fixed_dictionaries({}, optional=_ORDINARY)),
    st.builds(_flow, _covered, _covered, st.fixed_dictionaries(_ORDINARY)),
)
flows = flow_data.map(DataFlow.parse)

_SETS = ["EEA30", "US", "JP", "US_DSP_CONCERN"]
_TESTS = st.one_of(
    st.sampled_from(["personal_data", "personal_data.sensitive.health", "significant_effect", "purpose_not_collected"]),
    st.sampled_from(PURPOSES).map(lambda name: {"purpose": name}),
    st.sampled_from(PURPOSES).map(lambda name: {"purpose": {"within": [name, "analytics"]}}),
    st.tuples(st.sampled_from(["reach", "reach.countries", "subjects.countries", "importer.country"]), st.sampled_from(_SETS))
    .map(lambda pair: {pair[0]: pair[1]}),
    st.sampled_from(_SETS).map(lambda name: {"reach.countries": {"within": name}}),
    st.sampled_from(_SETS).map(lambda name: {"importer.principal_place": {"stated": name}}),
    st.just({"crosses_border": True}), st.just({"importer.same_group": True}), st.just({"importer.owners": {"known": True}}),
    st.just({"frequency": "one_off", "importer.role": "processor"}),
    st.sampled_from(MECHANISMS).map(lambda name: {"mechanism": name}),
    st.tuples(st.sampled_from(MECHANISMS), st.sampled_from(GROUNDS))
    .map(lambda pair: {"mechanism": {"type": pair[0], "ground_for": pair[1]}}),
    st.sampled_from(EVIDENCE).map(lambda name: {"evidence": name}),
    st.sampled_from(SAFEGUARDS).map(lambda name: {"safeguard": name}),
    st.sampled_from(GROUNDS).map(lambda name: {"consent": {"type": "consent_explicit", "ground_for": name}}),
    st.just({"listed": {"framework": "eu_us_dpf"}}),
    st.sampled_from(["0.2", "0.5"]).map(lambda share: {"owned_by": {"countries": "US_DSP_CONCERN", "at_least": share}}),
    st.tuples(some_of(CATEGORIES[1:8], 3, 1), st.sampled_from([100, 10000]))
    .flatmap(lambda pair: st.sampled_from(["12_months", "calendar_year", "this_flow"]).map(
        lambda window: {"count": {"category": pair[0], "more_than": pair[1], "window": window}})),
    st.just({"designated": {"by": "EU", "kind": "adequacy", "place": "reach.countries", "outside": "EEA30"}}),
    st.just({"obligation": "pseudonymise"}),
)  # fmt: skip
conditions = st.recursive(
    _TESTS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=5,
)
demands = st.one_of(
    conditions,
    st.lists(conditions, min_size=1, max_size=3).map(
        lambda parts: {
            "any_of": [{"id": f"g{n}", "needs": part, "warnings": ["w"][:n]} for n, part in enumerate(parts)]
        }
    ),
)


wishes = st.one_of(
    maybe(keep_days=st.sampled_from([0, 30, 365]), erase_days=st.sampled_from([0, 30, 365])),
    maybe(
        store_in=some_of(["DE", "US", "EEA30"], 2, 1), copy_in=some_of(["DE", "JP"], 1, 1), keep_out_of=some_of(["US", "EEA30"], 1, 1)
    ),
    maybe(disclosure=st.sampled_from(["disclose", "withhold"])),
)  # fmt: skip


@st.composite
def rows(draw: st.DrawFn, name: str, others: list[str]) -> dict[str, Any]:
    """Return a requirement; it may depend on and conflict with ``others``."""
    fields: dict[str, Any] = {
        "triggers": [],
        "when": draw(conditions),
        "constraints": draw(st.lists(demands, max_size=2)),
        "effect": draw(st.sampled_from(["require", "forbid", "review", "duty", "local_copy"])),
        "effective_date": draw(days),
        "dependencies": draw(some_of(others, 1)),
        "conflicts": draw(some_of(others, 1)),
        "not_cured_by": draw(some_of(["anonymisation", "pseudonymisation"])),
    }
    if draw(flags):
        fields["on_unmet"] = draw(st.sampled_from(["deny", "review", "track"]))
    if draw(flags):
        fields["expires"] = draw(days)
    if draw(flags):
        fields["demands"] = draw(wishes)
    if draw(flags):
        fields["displaces"] = draw(some_of(others, 2))
        fields["derogable_by"] = draw(some_of([*others, "national", "state"], 2))
    fields["level"] = draw(st.sampled_from(["supranational", "national", "state", "company"]))
    fields["jurisdiction"] = draw(st.sampled_from(["EU", "DE", "US", "US-CA"]))
    return make_row(name, **fields)


@st.composite
def designation_rows(draw: st.DrawFn, prefix: str) -> list[dict[str, Any]]:
    """Return designations, and perhaps a row that suspends the first."""
    found: list[dict[str, Any]] = []
    for number, of in enumerate(draw(some_of(["US", "JP", "GB", "EEA30"]))):
        row = {
            "id": f"{prefix}.{number}",
            "by": "EU",
            "kind": "adequacy",
            "of": of,
            "citation": "c",
            **draw(dated),
        }
        row.setdefault("valid_from", "2020-01-01")
        if draw(flags):
            row["scope"] = draw(_TESTS.filter(lambda test: not {"obligation", "designated"} & set(test)))
        found.append(row)
    if found and draw(flags):
        stop = {**found[0], "id": f"{prefix}.stop", "suspends": f"{prefix}.0", **draw(dated)}
        found.append(stop)
    return found


@st.composite
def packs(draw: st.DrawFn, prefix: str = "p") -> list[dict[str, Any]]:
    """Return up to three packs that refer to each other."""
    found: list[dict[str, Any]] = []
    names: list[str] = []
    for number in range(draw(st.integers(1, 3))):
        own = []
        for index in range(draw(st.integers(1, 3))):
            name = f"{prefix}{number}.r{index}"
            own.append(draw(rows(name, list(names))))
            names.append(name)
        if len(own) > 1 and draw(flags):
            own[1]["supersedes"] = [own[0]["requirement_id"]]
        fields: dict[str, Any] = {"designations": draw(designation_rows(f"{prefix}{number}.d"))}
        if draw(flags):
            fields["connects"] = draw(st.lists(conditions, min_size=1, max_size=2))
        if draw(flags):
            fields["transfer"] = draw(conditions)
        fields["time_zone"] = draw(st.sampled_from(["UTC", "Asia/Tokyo", "America/Los_Angeles"]))
        found.append(make_pack(f"{prefix}{number}", *own, **fields))
    return found
