# SPDX-License-Identifier: Apache-2.0
"""Where a cloud region lies: ``aws:eu-central-1``, ``gcp:europe-west3``, ``azure:germanywestcentral``.

Tables, and nothing is guessed: the numbers and compass points in names follow no rule. A location that spans several
regions (``gcp:eu``, an inference profile, a content network) never stands for one country: it is any of ``members``,
or may be anywhere. Loaded only where a catalog names a cloud region. Sources: botocore's list of regions, Google's
list of locations, Azure's service tags, all of 2026; the subdivisions follow from the cities they name.
"""

from __future__ import annotations

from typing import NamedTuple

from airflow_xborder.core.places import SETS
from airflow_xborder.core.vocabulary import suggest
from airflow_xborder.errors import UnknownTermError


class CloudLocation(NamedTuple):
    """Where a cloud region is. Without a ``country`` it is any of ``members``, and without those it may be anywhere.

    :param confirmed: whether the provider's own list says so; if not, somebody should look before relying on it.
    """

    country: str | None
    subdivision: str | None = None
    members: frozenset[str] = frozenset()
    confirmed: bool = True


AWS: dict[str, str] = {
    "us-east-1": "US-VA", "us-east-2": "US-OH", "us-west-1": "US-CA", "us-west-2": "US-OR", "ca-central-1": "CA-QC",
    "ca-west-1": "CA-AB", "mx-central-1": "MX-QUE", "sa-east-1": "BR-SP", "sa-west-1": "CL-RM", "af-south-1": "ZA-WC",
    "ap-east-1": "HK", "ap-east-2": "TW-TPE", "ap-northeast-1": "JP-13", "ap-northeast-2": "KR-11",
    "ap-northeast-3": "JP-27", "ap-south-1": "IN-MH", "ap-south-2": "IN-TS", "ap-southeast-1": "SG",
    "ap-southeast-2": "AU-NSW", "ap-southeast-3": "ID-JB", "ap-southeast-4": "AU-VIC", "ap-southeast-5": "MY-10",
    "ap-southeast-6": "NZ-AUK", "ap-southeast-7": "TH-10", "cn-north-1": "CN-BJ", "cn-northwest-1": "CN-NX",
    "eu-central-1": "DE-HE", "eu-central-2": "CH-ZH", "eu-north-1": "SE-AB", "eu-south-1": "IT-25", "eu-south-2": "ES-AR",
    "eu-west-1": "IE-L", "eu-west-2": "GB-ENG", "eu-west-3": "FR-IDF", "il-central-1": "IL-TA", "me-south-1": "BH",
    "me-central-1": "AE", "me-west-1": "SA", "us-gov-west-1": "US-OR", "us-gov-east-1": "US-OH",
    "eusc-de-east-1": "DE-BB",
    # Of other governments' services only the country is told, of the European one not even that.
    "us-iso-east-1": "US", "us-iso-west-1": "US", "us-isob-east-1": "US", "us-isob-west-1": "US",
    "us-isof-east-1": "US", "us-isof-south-1": "US",
}  # fmt: skip

GOOGLE: dict[str, str] = {
    "africa-south1": "ZA-GP", "asia-east1": "TW-CHA", "asia-east2": "HK", "asia-northeast1": "JP-13",
    "asia-northeast2": "JP-27", "asia-northeast3": "KR-11", "asia-south1": "IN-MH", "asia-south2": "IN-DL",
    "asia-southeast1": "SG", "asia-southeast2": "ID-JK", "asia-southeast3": "TH-10", "australia-southeast1": "AU-NSW",
    "australia-southeast2": "AU-VIC", "europe-central2": "PL-14", "europe-north1": "FI-09", "europe-north2": "SE-AB",
    "europe-southwest1": "ES-MD", "europe-west1": "BE-WHT", "europe-west2": "GB-ENG", "europe-west3": "DE-HE",
    "europe-west4": "NL-GR", "europe-west6": "CH-ZH", "europe-west8": "IT-25", "europe-west9": "FR-IDF",
    "europe-west10": "DE-BE", "europe-west12": "IT-21", "me-central1": "QA-DA", "me-central2": "SA-04", "me-west1": "IL-TA",
    "northamerica-northeast1": "CA-QC", "northamerica-northeast2": "CA-ON", "northamerica-south1": "MX-QUE",
    "southamerica-east1": "BR-SP", "southamerica-west1": "CL-RM", "us-central1": "US-IA", "us-east1": "US-SC",
    "us-east4": "US-VA", "us-east5": "US-OH", "us-south1": "US-TX", "us-west1": "US-OR", "us-west2": "US-CA",
    "us-west3": "US-UT", "us-west4": "US-NV",
}  # fmt: skip

AZURE: dict[str, str] = {
    "eastus": "US-VA", "eastus2": "US-VA", "eastus3": "US-GA", "centralus": "US-IA", "northcentralus": "US-IL",
    "southcentralus": "US-TX", "southcentralus2": "US-TX", "westcentralus": "US-WY", "westus": "US-CA", "westus2": "US-WA",
    "westus3": "US-AZ", "southeastus": "US", "southeastus3": "US", "southeastus5": "US", "southwestus": "US",
    "northeastus5": "US", "canadacentral": "CA-ON", "canadaeast": "CA-QC", "mexicocentral": "MX-QUE", "brazilsouth": "BR-SP",
    "brazilsoutheast": "BR-RJ", "chilecentral": "CL-RM", "australiaeast": "AU-NSW", "australiasoutheast": "AU-VIC",
    "australiacentral": "AU-ACT", "australiacentral2": "AU-ACT", "newzealandnorth": "NZ-AUK", "eastasia": "HK",
    "southeastasia": "SG", "japaneast": "JP-13", "japanwest": "JP-27", "koreacentral": "KR-11", "koreasouth": "KR-26",
    "taiwannorth": "TW-TPE", "taiwannorthwest": "TW-TPE", "centralindia": "IN-MH", "southindia": "IN-TN",
    "westindia": "IN-MH", "jioindiawest": "IN-GJ", "jioindiacentral": "IN-MH", "indiasouthcentral": "IN-TS",
    "northeurope": "IE-L", "westeurope": "NL-NH", "uksouth": "GB-ENG", "ukwest": "GB-WLS", "francecentral": "FR-IDF",
    "francesouth": "FR-PAC", "germanywestcentral": "DE-HE", "germanynorth": "DE-BE", "switzerlandnorth": "CH-ZH",
    "switzerlandwest": "CH-GE", "norwayeast": "NO-03", "norwaywest": "NO-11", "swedencentral": "SE-X", "swedensouth": "SE-M",
    "denmarkeast": "DK-84", "polandcentral": "PL-14", "italynorth": "IT-25", "spaincentral": "ES-MD", "austriaeast": "AT-9",
    "belgiumcentral": "BE-BRU", "uaenorth": "AE-DU", "uaecentral": "AE-AZ", "qatarcentral": "QA-DA", "israelcentral": "IL",
    "saudiarabiaeast": "SA-04", "southafricanorth": "ZA-GP", "southafricawest": "ZA-WC", "indonesiacentral": "ID-JK",
    "malaysiawest": "MY-14", "chinaeast": "CN-SH", "chinaeast2": "CN-SH", "chinaeast3": "CN", "chinanorth": "CN-BJ",
    "chinanorth2": "CN-BJ", "chinanorth3": "CN-HE", "usgovvirginia": "US-VA", "usgovtexas": "US-TX", "usgovarizona": "US-AZ",
    "usdodeast": "US-VA", "usdodcentral": "US-IA",
    # As service tags call them.
    "northeurope2": "IE", "centralfrance": "FR-IDF", "southfrance": "FR-PAC", "germanywc": "DE-HE", "germanyn": "DE-BE",
    "switzerlandn": "CH-ZH", "switzerlandw": "CH-GE", "norwaye": "NO-03", "norwayw": "NO-11", "brazilse": "BR-RJ",
    "chilec": "CL-RM", "israelnorthwest": "IL", "malaysiasouth": "MY",
}  # fmt: skip

_REGIONS = {"aws": AWS, "gcp": GOOGLE, "azure": AZURE}
# Named by people or in public lists, and in none of the providers' own lists that were looked at.
_UNCONFIRMED = frozenset(
    {f"azure:{name}" for name in AZURE if name.startswith(("china", "usgov", "usdod"))}
    | {f"aws:{name}" for name in AWS if name.startswith("us-iso")}
    | {"azure:saudiarabiaeast", "azure:indiasouthcentral", "azure:malaysiasouth", "azure:israelnorthwest"}
)


def _countries(table: dict[str, str], start: str) -> frozenset[str]:
    return frozenset(place[:2] for name, place in table.items() if name.startswith(start))


_ANYWHERE: frozenset[str] = frozenset()
# Of a geography that a provider does not spell out, every country in which it has a region: rather more than less.
SPREAD: dict[str, frozenset[str]] = {
    "aws:aws-global": _ANYWHERE, "aws:aws-cn-global": _ANYWHERE, "aws:aws-us-gov-global": _ANYWHERE,
    "aws:aws-iso-global": _ANYWHERE, "aws:aws-iso-b-global": _ANYWHERE, "aws:aws-iso-e-global": _ANYWHERE,
    "aws:aws-iso-f-global": _ANYWHERE, "aws:eu-isoe-west-1": _ANYWHERE,
    "gcp:global": _ANYWHERE, "gcp:us": frozenset({"US"}), "gcp:eu": SETS["EU27"], "gcp:asia": _countries(GOOGLE, "asia-"),
    "gcp:asia1": frozenset({"JP"}), "gcp:nam4": frozenset({"US"}), "gcp:nam5": frozenset({"US"}),
    "gcp:eur3": frozenset({"BE", "FI", "NL"}), "gcp:eur4": frozenset({"FI", "NL"}),
    "azure:global": _ANYWHERE,
    "bedrock:us": _countries(AWS, "us-"), "bedrock:eu": _countries(AWS, "eu-"), "bedrock:apac": _countries(AWS, "ap-"),
    "bedrock:global": _ANYWHERE,
    "azure-openai:global-standard": _ANYWHERE, "azure-openai:data-zone-us": frozenset({"US"}),
    "azure-openai:data-zone-eu": SETS["EU27"],
    "vertex:global": _ANYWHERE, "vertex:us": frozenset({"US"}), "vertex:eu": SETS["EU27"],
    "edge:cloudfront": _ANYWHERE, "edge:front-door": _ANYWHERE, "edge:cloudflare": _ANYWHERE,
    "saas:unpinned": _ANYWHERE,
}  # fmt: skip


def cloud_regions() -> frozenset[str]:
    """Return every name that ``locate_cloud_region`` knows."""
    return frozenset(f"{cloud}:{name}" for cloud, table in _REGIONS.items() for name in table) | SPREAD.keys()


def locate_cloud_region(cloud: str) -> CloudLocation:
    """Return where a cloud region such as ``aws:eu-central-1`` is.

    :raises UnknownTermError: for a region that no table has, with the nearest name as its hint.
    """
    if cloud in SPREAD:
        return CloudLocation(None, members=SPREAD[cloud], confirmed=False)
    provider, _, name = cloud.partition(":")
    place = _REGIONS.get(provider, {}).get(name)
    if place is None:
        raise UnknownTermError(f"unknown cloud region `{cloud}`", hint=_hint(cloud))
    return CloudLocation(
        place[:2], place if "-" in place else None, frozenset({place}), cloud not in _UNCONFIRMED
    )


def _hint(cloud: str) -> str:
    """Name the nearest region, in the same cloud if there is one; case, and a missing cloud, are usual slips."""
    known, given = cloud_regions(), cloud.lower()
    provider, colon, name = given.partition(":")
    bare = [entry for entry in sorted(known) if entry.partition(":")[2] == (name if colon else provider)]
    if given in known or bare:
        return f"did you mean `{given if given in known else bare[0]}`?"
    same = {entry for entry in known if entry.startswith(f"{provider}:")}
    return suggest(given, same or set(known)) or "write it as `aws:eu-central-1`"
