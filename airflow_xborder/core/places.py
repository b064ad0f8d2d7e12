# SPDX-License-Identifier: Apache-2.0
"""Countries and sets of countries: which there are, and what lies in what.

Countries are ISO 3166-1 alpha-2, subdivisions ISO 3166-2 (`US-IL`). A set is a fixed group that rules name
(`EEA30`); statements that one jurisdiction makes about another, such as adequacy, are dated and live in
``designations.py``; where a cloud region lies says ``cloud_regions.py``. The country table is checked against
pycountry in CI.
"""

from __future__ import annotations

import re

from airflow_xborder.core.vocabulary import suggest
from airflow_xborder.errors import UnknownTermError

COUNTRIES: frozenset[str] = frozenset(
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT
    BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH
    ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT
    HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS
    LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI
    NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG
    SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG
    UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
    XK
    """.split()
)

_EU27 = frozenset("AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE".split())
SETS: dict[str, frozenset[str]] = {
    "EU27": _EU27,
    # EEA Joint Committee Decision 154/2018 brought the GDPR into the EEA Agreement.
    "EEA30": _EU27 | {"IS", "LI", "NO"},
    # 28 CFR 202.601; Hong Kong and Macao count as China there.
    "US_DSP_CONCERN": frozenset({"CN", "HK", "MO", "CU", "IR", "KP", "RU", "VE"}),
    "US_PADFAA": frozenset({"CN", "IR", "KP", "RU"}),
    # The EU's outermost regions that ISO 3166 gives a code of their own (TFEU Art. 355(1)). EU law is law there, and
    # a rule about the EEA means them only if it names this set too.
    "EU_OUTERMOST": frozenset("GF GP MF MQ RE YT".split()),
    # Members of the Global CBPR Forum, those of APEC's system too; its associates are not among them. To be in one of
    # these countries is no mechanism: the recipient must hold a certificate. Not confirmed.
    "CBPR_GLOBAL": frozenset("AU CA JP KR MX PH SG TW US".split()),
    # 18 USC 2523: with the United Kingdom from 2022-10-03, with Australia from 2024-01-31. Not confirmed.
    "CLOUDACT_PARTNERS": frozenset({"AU", "GB"}),
    # Greater Bay Area. Of Guangdong nine cities only, which ISO 3166 has no codes for: a rule must ask for the city too.
    "GBA": frozenset({"CN-GD", "HK", "MO"}),
    # Parties of Council of Europe Convention 108 (not of 108+): its members, the Russian Federation, and eight that
    # never were members. Not confirmed.
    "CONV108": frozenset(
        """
        AD AL AM AT AZ BA BE BG CH CY CZ DE DK EE ES FI FR GB GE GR HR HU IE IS IT LI LT LU LV MC MD ME MK MT NL NO PL
        PT RO RS SE SI SK SM TR UA
        RU AR CV MA MU MX SN TN UY
        """.split()
    ),
}
# A legal order that is no country, and the set its law reaches.
ORDERS: dict[str, str] = {"EU": "EEA30"}

# International organisations that designations name; no flow ends at one.
ORGANISATIONS: frozenset[str] = frozenset({"EPO"})

_SUBDIVISION = re.compile(r"[A-Z]{2}-[A-Z0-9]{1,3}")


def require_country(country: str) -> str:
    """Return ``country``, which must be an ISO 3166-1 alpha-2 code.

    :raises UnknownTermError: for anything else; the two usual slips are named in the hint.
    """
    if country not in COUNTRIES:
        slips = {"UK": "GB", "EL": "GR", "EU": "one of its member states"}
        hint = f"use {slips[country]}" if country in slips else "use an ISO 3166-1 alpha-2 code, such as DE"
        raise UnknownTermError(f"unknown country `{country}`", hint=hint)
    return country


def require_subdivision(subdivision: str) -> str:
    """Return ``subdivision``, which must look like an ISO 3166-2 code of a known country.

    :raises UnknownTermError: for anything else.
    """
    if not _SUBDIVISION.fullmatch(subdivision) or subdivision[:2] not in COUNTRIES:
        raise UnknownTermError(
            f"unknown subdivision `{subdivision}`", hint="use an ISO 3166-2 code, such as US-IL"
        )
    return subdivision


def require_place(place: str) -> str:
    """Return ``place``, which must be a country or a subdivision.

    :raises UnknownTermError: for anything else.
    """
    return require_subdivision(place) if "-" in place else require_country(place)


def members(name: str) -> frozenset[str]:
    """Return the places that ``name`` stands for: a set, a legal order, a country or a subdivision.

    :raises UnknownTermError: for an unknown name.
    """
    if name in SETS:
        return SETS[name]
    if name in ORDERS:
        return SETS[ORDERS[name]]
    if name in COUNTRIES or (_SUBDIVISION.fullmatch(name) and name[:2] in COUNTRIES):
        return frozenset({name})
    raise UnknownTermError(f"unknown jurisdiction `{name}`", hint=suggest(name, {*SETS, *ORDERS, *COUNTRIES}))
