# SPDX-License-Identifier: Apache-2.0
"""The 30 jurisdictions of the made-up world, and what is common to law and flows there."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_xborder.core.vocabulary_terms import CATEGORIES


@dataclass(frozen=True, slots=True, kw_only=True)
class Jurisdiction:
    """One whose law is a pack.

    :param code: whose law it is: a legal order, a country or a state.
    :param home: the places inside which nothing crosses its border.
    :param clauses: the mechanism that its law knows as standard clauses, or the like.
    """

    code: str
    home: str
    time_zone: str
    clauses: str

    @property
    def pack(self) -> str:
        """The id of its pack."""
        return f"bench.{self.code.lower().replace('-', '_')}"

    @property
    def country(self) -> str:
        """A country in which flows of this jurisdiction start or end."""
        return "DE" if self.code == "EU" else self.code[:2]

    @property
    def is_state(self) -> bool:
        """Whether it is a part of a country, which only the residence of people ties to a flow."""
        return "-" in self.code


_ROWS = """
EU EEA30 Europe/Brussels scc_eu | US US America/New_York global_cbpr | US-CA US America/Los_Angeles service_provider_contract
US-TX US America/Chicago service_provider_contract | GB GB Europe/London idta | CH CH Europe/Zurich scc_sa
JP JP Asia/Tokyo equivalent_system | KR KR Asia/Seoul certification | CN CN Asia/Shanghai cn_scc
IN IN Asia/Kolkata global_cbpr | BR BR America/Sao_Paulo anpd_scc | CA CA America/Toronto global_cbpr
AU AU Australia/Sydney equivalent_system | NZ NZ Pacific/Auckland equivalent_system | SG SG Asia/Singapore asean_mcc
TW TW Asia/Taipei apec_cbpr | TH TH Asia/Bangkok asean_mcc | ID ID Asia/Jakarta asean_mcc
MY MY Asia/Kuala_Lumpur asean_mcc | VN VN Asia/Ho_Chi_Minh asean_mcc | PH PH Asia/Manila asean_mcc
TR TR Europe/Istanbul kvkk_sc | IL IL Asia/Jerusalem adhoc_clauses_approved | AE AE Asia/Dubai difc_scc
SA SA Asia/Riyadh sa_scc | ZA ZA Africa/Johannesburg adhoc_clauses_approved | NG NG Africa/Lagos adhoc_clauses_approved
KE KE Africa/Nairobi adhoc_clauses_approved | MX MX America/Mexico_City ripd_mcc | AR AR America/Argentina/Buenos_Aires ar_scc
"""
JURISDICTIONS = tuple(
    Jurisdiction(code=code, home=home, time_zone=zone, clauses=clauses)
    for code, home, zone, clauses in (
        row.split() for row in _ROWS.replace("\n", "|").split("|") if row.strip()
    )
)
COUNTRIES = tuple(one.code for one in JURISDICTIONS if not one.is_state and one.code != "EU")
SECTORS = (
    "health_provider", "insurer", "bank", "payments", "telecom", "retailer", "school", "platform", "media", "carrier",
    "energy", "public_body",
)  # fmt: skip
# What laws of a sector are about: the finest categories, since wider ones would make every law apply to every flow.
LEAVES = tuple(
    name
    for name in CATEGORIES
    if name.startswith("personal_data.") and not any(other.startswith(f"{name}.") for other in CATEGORIES)
    and name != "personal_data.pseudonymised"
)  # fmt: skip
