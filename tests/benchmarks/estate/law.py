# SPDX-License-Identifier: Apache-2.0
"""The law of the made-up world: one pack a jurisdiction, of as many requirements as asked for.

As real law does, it grows by special rules: the first requirement of a pack is about all transfers, the others about
one kind of data for a few purposes in one sector. So the set of 3,000 contains that of 300, and about as many
requirements apply to a flow. Shapes, definitions and dates are those of the shipped packs.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from airflow_xborder.core.vocabulary_terms import PURPOSES
from tests.benchmarks.estate.places import COUNTRIES, JURISDICTIONS, LEAVES, SECTORS, Jurisdiction

Row = dict[str, Any]
SIZES = (30, 300, 3000)
_SENSITIVE = (
    "health", "genetic", "biometric", "racial_ethnic", "political", "religion_belief", "union", "sex_life", "criminal",
)  # fmt: skip
_PAPERS = ("approval_decision", "risk_assessment", "audit_report", "pia", "dpo_review", "filing_receipt")


def make_law(size: int) -> list[Row]:
    """Return pack documents with ``size`` requirements together, as many for each jurisdiction."""
    return [_pack(one, size // len(JURISDICTIONS)) for one in JURISDICTIONS]


def _pack(of: Jurisdiction, count: int) -> Row:
    rules = [_ground(of), *(_special(of, number) for number in range(1, count))]
    return {
        "pack": of.pack,
        "jurisdiction": of.code,
        "title": f"the law of {of.code}",
        "version": "1",
        "last_checked": "2026-11-21",
        "notice": "Made up for a benchmark.",
        "time_zone": of.time_zone,
        "covers": [of.home if of.code == "EU" else of.code],
        "definitions": _definitions(of),
        "connects": _connects(of),
        "transfer": "leaves",
        "designations": _designations(of),
        "requirements": rules,
    }


def _definitions(of: Jurisdiction) -> Row:
    random = Random(f"{of.code} definitions")
    return {
        "abroad": {"not": {"reach.countries": {"within": of.home}}},
        "leaves": {
            "all": [
                "personal_data",
                "abroad",
                {"not": {"access_mode": "erase"}},
                {"not": {"all": [{"access_mode": "collect"}, {"exporter.role": "individual"}]}},
            ]
        },
        # Each regime has a meaning of "sensitive" of its own.
        "special": {"any": [f"personal_data.sensitive.{name}" for name in sorted(random.sample(_SENSITIVE, 6))]},
        "adequate": {
            "designated": {"by": of.code, "kind": "adequacy", "place": "reach.countries", "outside": of.home}
        },
        "clauses": {"all": [{"mechanism": of.clauses}, {"evidence": "tia"}]},
        "group_rules": {
            "all": [{"mechanism": ["bcr_c", "bcr_p"]}, {"importer.same_group": True}, {"evidence": "approval_decision"}]
        },
        "exempt": {"any": [{"purpose": ["legal_claims", "care_treatment"]}, {"mechanism": "vital"}]},
    }  # fmt: skip


def _connects(of: Jurisdiction) -> list[Any]:
    if of.is_state:
        return [{"all": ["personal_data", {"subjects.countries": of.code}]}]
    ties = ["source.country", "exporter.country", "subjects.countries"]
    if of.code in ("EU", "GB", "BR", "CN"):  # laws that reach whoever gets hold of the data, too
        ties += ["reach.countries", "importer.country"]
    return [{"all": ["personal_data", {"any": [{tie: of.home} for tie in ties]}]}]


def _designations(of: Jurisdiction) -> list[Row]:
    """Return six dated rows: some begin, end or are suspended around the day of the benchmark."""
    random = Random(f"{of.code} designations")
    rows: list[Row] = []
    for number, place in enumerate(random.sample([code for code in COUNTRIES if code != of.code], 6)):
        row: Row = {
            "id": f"{of.pack}.adequacy.{place.lower()}",
            "by": of.code,
            "kind": "adequacy",
            "of": place,
            "valid_from": f"{random.randint(2008, 2026)}-0{random.randint(1, 9)}-15",
            "citation": f"decision {number}",
        }
        if random.random() < 0.3:
            row["valid_until"] = f"{random.randint(2026, 2031)}-12-31"
        if random.random() < 0.3:
            row["scope"] = {"not": "special"}
        rows.append(row)
    stop = {**rows[0], "id": f"{of.pack}.stop", "suspends": rows[0]["id"], "valid_from": "2027-03-01"}
    return [*rows, {key: value for key, value in stop.items() if key not in ("valid_until", "scope")}]


def _ground(of: Jurisdiction) -> Row:
    """Return the rule on all transfers, which knows several grounds."""
    return {
        "requirement_id": f"{of.pack}.transfer",
        "jurisdiction": of.code,
        "description": "Personal data may leave only on a ground.",
        "citation": "Art. 1",
        "level": "state" if of.is_state else "supranational" if of.code == "EU" else "national",
        "when": "leaves",
        "constraints": [
            {
                "any_of": [
                    {"id": f"{of.pack}.adequate", "citation": "Art. 2", "needs": "adequate"},
                    {"id": f"{of.pack}.clauses", "citation": "Art. 3", "needs": "clauses"},
                    {"id": f"{of.pack}.group", "citation": "Art. 4", "needs": "group_rules"},
                    {
                        "id": f"{of.pack}.consent",
                        "citation": "Art. 5",
                        "needs": {"consent": {"type": "consent_explicit", "ground_for": "transfer"}},
                    },
                ]
            }
        ],
        "dependencies": ["purpose_limitation", "data_minimization"],
        "effective_date": "2018-05-25",
    }


def _special(of: Jurisdiction, number: int) -> Row:
    """Return one of the rules on a kind of data, a few purposes and a sector."""
    random = Random(f"{of.code} {number}")
    row: Row = {
        "requirement_id": f"{of.pack}.s{number}",
        "jurisdiction": of.code,
        "description": "A special rule.",
        "citation": f"Act {number}",
        "level": "state" if of.is_state else "national",
        "effective_date": f"{random.randint(2005, 2026)}-0{random.randint(1, 9)}-01",
    }
    if random.random() < 0.05 and row["effective_date"] < "2024":
        row["expires"] = f"{random.randint(2024, 2028)}-06-30"
    elif random.random() < 0.05:
        row["effective_date"] = "2027-07-01"
    return {**row, **_KINDS[number % len(_KINDS)](of, random)}


def _kinds(random: Random) -> list[str]:
    return sorted(random.sample(LEAVES, random.randint(1, 3)))


def _data(random: Random) -> Any:
    kinds = _kinds(random)
    return {"any": kinds} if len(kinds) > 1 else kinds[0]


def _purposes(random: Random) -> Row:
    return {"purpose": sorted(random.sample(sorted(PURPOSES), random.randint(3, 6)))}


def _export(of: Jurisdiction, random: Random) -> Row:
    """Return a rule that asks for a paper, or a key that stays at home, unless the flow is exempt."""
    paper = random.choice(_PAPERS)
    needs = [{"evidence": paper}, {"all": [{"safeguard": "key_in_origin"}, {"evidence": "dpo_review"}]}]
    return {
        "when": {"all": ["leaves", _data(random), _purposes(random), {"not": "exempt"}]},
        "constraints": [{"any_of": needs}],
        "on_unmet": random.choice(["deny", "review"]),
        "not_cured_by": ["pseudonymisation"],
    }


def _bulk(of: Jurisdiction, random: Random) -> Row:
    """Return a ban on bulk access from a few places, of the shape of 28 CFR 202."""
    kinds = _kinds(random)
    places = sorted(random.sample([code for code in COUNTRIES if code != of.code], 3))
    count = {"category": kinds, "more_than": random.choice([100, 1000, 10000]), "window": "12_months"}
    concern = {"any": [{"reach.countries": places}, {"owned_by": {"countries": places, "at_least": "0.5"}}]}
    return {
        "effect": "forbid",
        "when": {
            "all": ["leaves", {"any": kinds}, _purposes(random), {"count": count}, concern, {"not": "exempt"}]
        },
        "not_cured_by": ["anonymisation", "pseudonymisation", "key_in_origin"],
    }


def _local(of: Jurisdiction, random: Random) -> Row:
    """Return a rule of one sector that wants a copy at home."""
    return {
        "effect": "local_copy",
        "when": {"all": ["leaves", _data(random), {"exporter.sector": random.choice(SECTORS)}, _purposes(random)]},
        "constraints": [{"any": [{"evidence": "filing_receipt"}, {"safeguard": "region_pin"}]}],
        **({"demands": {"copy_in": [of.home]}} if random.random() < 0.2 else {}),
        "on_unmet": "review",
    }  # fmt: skip


def _work(of: Jurisdiction, random: Random) -> Row:
    """Return a rule on data about staff."""
    return {
        "when": {
            "all": [
                {"subjects.groups": ["employee", "job_applicant"]},
                _data(random),
                _purposes(random),
                {"not": {"importer.same_entity": True}},
            ]
        },
        "constraints": [{"evidence": random.choice(["notice_published", "dpia"])}, {"safeguard": "minimise"}],
        "on_unmet": random.choice(["deny", "review"]),
    }


def _decision(of: Jurisdiction, random: Random) -> Row:
    """Return a rule on decisions by machine."""
    return {
        "when": {"all": [_data(random), "automated_decision", "significant_effect", _purposes(random)]},
        "constraints": ["human_review_required", "explainability_required"],
    }


def _retention(of: Jurisdiction, random: Random) -> Row:
    """Return a duty to keep, or to erase, records of one kind."""
    demands = random.choice(
        [{"keep_days": random.choice([365, 1825, 3650])}, {"erase_days": random.choice([30, 180, 730])}]
    )
    return {
        "effect": "duty",
        "when": {"all": ["leaves", _data(random), _purposes(random)]},
        "constraints": [{"evidence": "retention_schedule"}],
        **({"demands": demands} if random.random() < 0.15 else {}),
    }  # fmt: skip


_KINDS: tuple[Callable[[Jurisdiction, Random], Row], ...] = (
    _export,
    _bulk,
    _local,
    _work,
    _decision,
    _retention,
)
