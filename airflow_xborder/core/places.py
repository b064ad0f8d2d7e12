# SPDX-License-Identifier: Apache-2.0
"""Countries, sets of countries and cloud regions: which there are, and what lies in what.

Countries are ISO 3166-1 alpha-2, subdivisions ISO 3166-2 (`US-IL`). A set is a fixed group that rules name
(`EEA30`); statements that one jurisdiction makes about another, such as adequacy, are dated and live in
``designations.py``. The country table is checked against pycountry, the regions against botocore, in CI.
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
}
# A legal order that is no country, and the set its law reaches.
ORDERS: dict[str, str] = {"EU": "EEA30"}

# International organisations that designations name; no flow ends at one.
ORGANISATIONS: frozenset[str] = frozenset({"EPO"})

# region -> country, subdivision; a region of its own that no pattern may guess.
AWS_REGIONS: dict[str, tuple[str, str | None]] = {
    "us-east-1": ("US", "US-VA"), "us-east-2": ("US", "US-OH"), "us-west-1": ("US", "US-CA"),
    "us-west-2": ("US", "US-OR"), "ca-central-1": ("CA", "CA-QC"), "ca-west-1": ("CA", "CA-AB"),
    "mx-central-1": ("MX", "MX-QUE"), "sa-east-1": ("BR", "BR-SP"), "sa-west-1": ("CL", "CL-RM"),
    "af-south-1": ("ZA", "ZA-WC"), "ap-east-1": ("HK", None), "ap-east-2": ("TW", "TW-TPE"),
    "ap-northeast-1": ("JP", "JP-13"), "ap-northeast-2": ("KR", "KR-11"), "ap-northeast-3": ("JP", "JP-27"),
    "ap-south-1": ("IN", "IN-MH"), "ap-south-2": ("IN", "IN-TS"), "ap-southeast-1": ("SG", None),
    "ap-southeast-2": ("AU", "AU-NSW"), "ap-southeast-3": ("ID", "ID-JB"), "ap-southeast-4": ("AU", "AU-VIC"),
    "ap-southeast-5": ("MY", "MY-10"), "ap-southeast-6": ("NZ", "NZ-AUK"), "ap-southeast-7": ("TH", "TH-10"),
    "cn-north-1": ("CN", "CN-BJ"), "cn-northwest-1": ("CN", "CN-NX"), "eu-central-1": ("DE", "DE-HE"),
    "eu-central-2": ("CH", "CH-ZH"), "eu-north-1": ("SE", "SE-AB"), "eu-south-1": ("IT", "IT-25"),
    "eu-south-2": ("ES", "ES-AR"), "eu-west-1": ("IE", "IE-L"), "eu-west-2": ("GB", "GB-ENG"),
    "eu-west-3": ("FR", "FR-IDF"), "il-central-1": ("IL", "IL-TA"), "me-south-1": ("BH", None),
    "me-central-1": ("AE", None), "me-west-1": ("SA", None), "us-gov-west-1": ("US", "US-OR"),
    "us-gov-east-1": ("US", "US-OH"), "eusc-de-east-1": ("DE", "DE-BB"),
}  # fmt: skip

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


def locate_cloud_region(cloud: str) -> tuple[str, str | None]:
    """Return country and subdivision of a cloud region such as ``aws:eu-central-1``.

    :raises UnknownTermError: for a region that the table does not have: a name is never guessed.
    """
    provider, _, region = cloud.partition(":")
    if provider != "aws" or region not in AWS_REGIONS:
        hint = suggest(region, set(AWS_REGIONS)) or "write it as `aws:eu-central-1`"
        raise UnknownTermError(f"unknown cloud region `{cloud}`", hint=hint)
    return AWS_REGIONS[region]
