# SPDX-License-Identifier: Apache-2.0
"""Ten thousand flows in a second: drawn from a seeded generator, with the terms of ``tests/generators.py``.

Three kinds: those of which anything may be missing, those of which nearly everything is known, and ordinary ones that
a law may allow. Wider than the strategies: all locality levels, further categories, places, ends with providers.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any

from airflow_xborder.core.flow import DataFlow
from airflow_xborder.core.vocabulary import KINDS
from tests import generators as g
from tests.factories import place

ALL_CATEGORIES = sorted(KINDS["data category"])
ALL_PURPOSES = sorted(KINDS["purpose"])
MODES = [
    "copy",
    "erase",
    "collect",
    "remote_access",
    "infer",
    "store",
    "replicate",
    "train",
    "publish",
    "onward",
]
PLACES = [*g.PLACES, "CA", "CA-QC", "CH", "US-IL", "US-FL", "RU", "AR", "CU"]
LEVELS = ["storage", "processing", "access", "backup", "logs", "control_plane", "key_custody", "inference"]
MECHANISMS = [
    *g.MECHANISMS,
    "contract_ds",
    "employment_law",
    "legal_claims",
    "mlat_or_cloudact_agreement",
    "certification",
]
EVIDENCE = [*g.EVIDENCE, "dpia", "ropa_entry", "retention_schedule", "anonymisation_test"]
SHARES = ["0", "0.1", "0.2", "0.25", "0.3", "0.499999999", "0.5", "1"]
_EPOCH = datetime(2022, 1, 1, tzinfo=timezone.utc)


class Flows:
    """A stream of flows that depends on nothing but its seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def moment(self) -> datetime:
        """Return a moment, often near midnight of a day on which something begins or ends."""
        if self.random.random() < 0.5:
            return _EPOCH + timedelta(hours=self.random.randrange(4000 * 24))
        day = datetime.fromisoformat(f"{self.random.choice(g.DAYS)}T00:00:00+00:00")
        return day + timedelta(hours=self.random.randint(-30, 30))

    def flow(self) -> DataFlow:
        """Return a flow of any kind."""
        kind = self.random.choice([self._any, self._known, self._known, self._ordinary, self._ordinary])
        return DataFlow.parse({key: value for key, value in kind().items() if value is not None})

    def some(self, values: list[str], most: int = 3, least: int = 0) -> list[str]:
        """Return distinct values."""
        return self.random.sample(values, min(len(values), self.random.randint(least, most)))

    def flag(self, chance: float = 0.5) -> bool:
        """Return true that often."""
        return self.random.random() < chance

    def part(self, chance: float = 0.5, **fields: Any) -> dict[str, Any]:
        """Return some of the fields, each made when it is taken."""
        return {key: make() for key, make in fields.items() if self.flag(chance)}

    def _pick(self, values: list[str]) -> Any:
        return lambda: self.random.choice(values)

    def _days(self, first: str) -> dict[str, Any]:
        return self.part(0.3, **{first: self._pick(g.DAYS), "valid_until": self._pick(g.DAYS)})

    def _end(self, places: list[str]) -> dict[str, Any]:
        end: dict[str, Any] = place(self.random.choice(places))
        if self.flag(0.2):
            end["provider"] = {"control_country": self.random.choice(g.COUNTRIES)}
        return end

    def _ends(self, most: int) -> list[dict[str, Any]]:
        return [self._end(PLACES) for _ in range(self.random.randint(0, most))]

    def _mechanism(self) -> dict[str, Any]:
        kind = {"type": self.random.choice(MECHANISMS), "ground_for": self.random.choice(g.GROUNDS)}
        return {**kind, **self._days("valid_from"), **self.part(module=lambda: self.random.randint(1, 4))}

    def _evidence(self) -> dict[str, Any]:
        return {"type": self.random.choice(EVIDENCE), **self._days("issued_at")}

    def _consent(self) -> dict[str, Any]:
        kind = self.random.choice(["consent_explicit", "consent_informed_risk"])
        more = self.part(0.3, purpose=self._pick(g.PURPOSES), coverage=self._pick(["0", "0.93", "1"]))
        return {"type": kind, "ground_for": self.random.choice(g.GROUNDS), **more}

    def _count(self) -> dict[str, Any]:
        count = {
            "category": self.random.choice(g.CATEGORIES),
            "n": self.random.choice(
                [0, 99, 100, 101, 1000, 1001, 9999, 10000, 10001, 100001, 200000, 1000001]
            ),
            "unit": self.random.choice(["persons", "persons", "devices"]),
            "scope": self.random.choice(["this_flow", "window"]),
        }
        if count["scope"] == "window":
            count |= self.part(0.4, window=self._pick(["12_months", "calendar_year", "since_start"]))
        return count

    def _listing(self) -> dict[str, Any]:
        rest = self.part(
            0.8,
            status=self._pick(["active", "active", "lapsed"]),
            covers=lambda: self.some(["hr", "non_hr"], 2),
        )
        return {"framework": "eu_us_dpf", **rest}

    def _owner(self) -> dict[str, Any]:
        return {"country": self.random.choice(g.COUNTRIES), "share": self.random.choice(SHARES)}

    def _party(self) -> dict[str, Any]:
        return self.part(
            country=self._pick(g.COUNTRIES), role=self._pick(["controller", "processor", "individual"]),
            same_entity=self.flag, same_group=self.flag, us_person=self.flag,
            listings=lambda: self._many(self._listing, 2), owners=lambda: self._many(self._owner, 3),
            subprocessors=lambda: self._ends(1), principal_place=self._pick(g.COUNTRIES),
            residence=self._pick(g.COUNTRIES), organised_in=self._pick(g.COUNTRIES),
            attributes=lambda: self.part(**{"jp.appi_operator": self.flag, "ca.pipeda_organisation": self.flag}),
        )  # fmt: skip

    def _many(self, make: Any, most: int, least: int = 0) -> list[Any]:
        return [make() for _ in range(self.random.randint(least, most))]

    def _any(self) -> dict[str, Any]:
        rest = self.part(
            data_categories=lambda: self.some([*g.CATEGORIES, *ALL_CATEGORIES], 3, 1),
            access_mode=self._pick(MODES), purpose=self._pick(ALL_PURPOSES),
            collected_purposes=lambda: self.some(g.PURPOSES), exporter=self._party, importer=self._party,
            subjects=self._subjects, counts=lambda: self._many(self._count, 3),
            mechanisms=lambda: self._many(self._mechanism, 3), evidence=lambda: self._many(self._evidence, 4),
            safeguards=lambda: self.some(g.SAFEGUARDS), consent=lambda: self._many(self._consent, 3),
            frequency=self._pick(["one_off", "occasional", "repetitive"]),
            automated_decision=lambda: self.part(significant_effect=self.flag, human_review=self.flag, explanation=self.flag),
            provenance=lambda: self.part(
                origin_regimes=lambda: self.some(["eu.gdpr", "jp.appi", "us.dsp"]), restrictions=lambda: self.some(["case-1"])),
            attributes=self._attributes,
            places=lambda: self.part(0.2, **{level: (lambda: self._ends(2)) for level in LEVELS}, model_training=lambda: [{"region": "any"}]),
            retention_days=lambda: self.random.choice([1, 30, 400, 4000]),
        )  # fmt: skip
        return {"source": self._end(PLACES), "destination": self._end(PLACES), **rest}

    def _subjects(self) -> dict[str, Any]:
        return self.part(
            countries=lambda: self.some(PLACES), us_persons=self.flag, nationality=lambda: self.some(g.COUNTRIES),
            collected_in=lambda: self.some(PLACES, 1), groups=lambda: self.some(["employee", "customer", "child"]),
            min_age=lambda: self.random.choice([10, 13, 16, 40]),
        )  # fmt: skip

    def _attributes(self) -> dict[str, Any]:
        return self.part(0.3, **{
            "us.transaction_type": self._pick(["vendor_agreement", "data_brokerage", "none_of_these", "employment_agreement"]),
            "us.dsp_exemption": self._pick(["202.505", "202.506", "202.507"]), "jp.recipient_links": self.flag,
            "source_categories": lambda: self.some(g.CATEGORIES, 3, 1),
        })  # fmt: skip

    def _known(self) -> dict[str, Any]:
        covered = ["DE", "FR", "NO", "US-VA", "US-CA", "JP"]
        places = covered if self.flag(0.7) else PLACES
        country = self._pick(g.COUNTRIES)
        return {
            "source": self._end(places), "destination": self._end(places),
            "data_categories": self.some([one for one in ALL_CATEGORIES if one not in ("data", "data.unknown")], 2, 1),
            "access_mode": self.random.choice(["copy", "copy", *MODES]),
            "purpose": self.random.choice(["analytics", "payment", *ALL_PURPOSES]),
            "exporter": {"country": country(), "role": "controller"},
            "importer": {
                "country": country(), "role": "processor", "same_entity": False, "same_group": self.flag(),
                "principal_place": country(), "organised_in": country(), "us_person": self.flag(),
                "listings": self._many(self._listing, 1), "owners": self._many(self._owner, 3),
                "attributes": {"jp.appi_operator": self.flag()}},
            "subjects": {"countries": self.some(PLACES, 2, 1), "us_persons": self.flag(), "groups": self.some(["customer", "employee"], 1)},
            "counts": [{"category": "personal_data", "n": self.random.choice([50, 5000, 200000]), "scope": "window"}],
            "automated_decision": {"significant_effect": self.flag(0.3), "human_review": self.flag(), "explanation": self.flag()},
            "mechanisms": self._many(self._mechanism, 6), "evidence": self._many(self._evidence, 8),
            "safeguards": self.some(g.SAFEGUARDS, 2), "frequency": self.random.choice(["one_off", "repetitive"]),
            "consent": self._many(self._consent, 2),
            "attributes": {"us.transaction_type": self.random.choice(["vendor_agreement", "none_of_these", "data_brokerage"])},
        }  # fmt: skip

    def _ordinary(self) -> dict[str, Any]:
        covered = ["DE", "FR", "NO", "US-VA", "US-CA", "JP"]
        source, destination = self._end(covered), self._end(covered)
        kind = {
            "data_categories": self.some(
                ["personal_data", "personal_data.contact.email", "non_personal"], 2, 1
            )
        }
        return {
            **kind, "source": source, "destination": destination,
            "purpose": self.random.choice(["analytics", "support", "payment"]),
            "exporter": {"country": source["country"], "role": "controller"},
            "importer": {"country": destination["country"], "role": "processor", "same_entity": False, "owners": [],
                         "listings": self._many(self._listing, 1), "attributes": {"jp.appi_operator": True}},
            "subjects": {"countries": self.some(["DE", "FR", "JP"], 2, 1), "us_persons": False},
            "mechanisms": [{"type": "scc_eu", "module": 2}, {"type": "equivalent_system"}][: self.random.randint(0, 2)],
            "evidence": [{"type": name} for name in self.some(EVIDENCE, 9, 4)],
            "consent": self._many(self._consent, 1),
        }  # fmt: skip
