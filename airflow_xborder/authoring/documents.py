# SPDX-License-Identifier: Apache-2.0
"""The shape of a pack document, as people write it. What its conditions mean is checked by ``core/pack.py``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,99}$")]
Day = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=2000)]


def described(name: str) -> WithJsonSchema:
    """Say by which definition of ``schemas.py`` an editor describes a value; reading checks it further on."""
    return WithJsonSchema({"x-definition": name})


PlaceName = Annotated[Id, described("place")]
Category = Annotated[Id, described("data_category")]
ConditionData = Annotated[Any, described("condition")]
Obligation = Annotated[Any, described("obligation")]
Confidence = Literal["confirmed", "recalled", "mixed", "unconfirmed"]


class Strict(BaseModel):
    """No unknown key, no conversion of kinds."""

    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True)


class DemandsDocument(Strict):
    """What a rule demands of the handling of data, so that opposite duties can be found."""

    keep_days: Annotated[int, Field(ge=0)] | None = None
    erase_days: Annotated[int, Field(ge=0)] | None = None
    store_in: list[PlaceName] | None = None
    copy_in: list[PlaceName] | None = None
    keep_out_of: list[PlaceName] | None = None
    disclosure: Literal["disclose", "withhold"] | None = None


class AlternativeDocument(Strict):
    """One ground among several that replace each other."""

    id: Id | None = None
    citation: Text | None = None
    needs: ConditionData
    obligations: list[Obligation] = []
    warnings: list[Text] = []


class RequirementDocument(Strict):
    """One legal rule. The user's first format is a subset: a plain trigger list means all of them."""

    requirement_id: Annotated[Id, Field(validation_alias=AliasChoices("requirement_id", "id"))]
    jurisdiction: Annotated[Id, described("jurisdiction")] | None = None
    description: Text
    citation: Text | None = None
    source: Text | None = None
    level: (
        Literal["constitutional", "treaty", "supranational", "national", "state", "industry", "company"]
        | None
    ) = None
    triggers: list[Annotated[Text, described("name")]] = []
    when: Annotated[dict[str, Any] | Text, described("condition")] | None = None
    effect: (
        Literal["forbid", "require", "local_copy", "local_only", "approval", "assessment", "review", "duty"]
        | None
    ) = None
    constraints: list[Annotated[Any, described("constraint")]] = []
    on_unmet: Literal["deny", "review", "track"] | None = None
    obligations: list[Obligation] = []
    duty: Id | None = None
    demands: DemandsDocument | None = None
    warnings: list[Text] = []
    remediation: list[Text] = []
    dependencies: list[Id] = []
    conflicts: list[Id] = []
    not_cured_by: list[Annotated[Id, described("safeguard")]] = []
    derogable_by: list[Id] = []
    displaces: list[Id] = []
    supersedes: list[Id] = []
    effective_date: Day
    expires: Day | None = None
    last_updated: Day | None = None
    confidence: Confidence | None = None
    review_required: bool | None = None


class DesignationDocument(Strict):
    """One dated statement that a jurisdiction makes about another."""

    id: Id
    by: PlaceName
    kind: Literal["adequacy", "equivalence", "country_of_concern", "membership"]
    of: Annotated[Id, described("designated")]
    valid_from: Day
    valid_until: Day | None = None
    recorded_at: Day | None = None
    citation: Text
    source: Text | None = None
    confidence: Confidence | None = None
    scope: Annotated[dict[str, Any] | Text, described("condition")] | None = None
    warning: Text | None = None
    suspends: Id | None = None


class CoverageDocument(Strict):
    """What is known of places without a pack."""

    places: list[PlaceName]
    status: Literal["no_rule_known", "rule_known"]
    categories: list[Category] = []
    reviewed_at: Day
    note: Text


class AttributeDocument(Strict):
    """A fact that this pack declares, so that flows may state it."""

    type: Literal["text", "boolean", "number", "categories"]
    values: list[Text] = []
    description: Text


class LegalOrderDocument(Strict):
    """Which jurisdictions make up one legal order, and its levels from the highest down."""

    id: Id
    members: list[PlaceName]
    levels: list[
        Literal["constitutional", "treaty", "supranational", "national", "state", "industry", "company"]
    ]


class PackDocument(Strict):
    """One regime."""

    pack: Id
    jurisdiction: Annotated[Id, described("jurisdiction")]
    title: Text
    version: Text
    last_checked: Day
    notice: Text
    time_zone: Text = "UTC"
    covers: list[PlaceName] = []
    expects: list[Id] = []
    attributes: dict[Id, AttributeDocument] = {}
    definitions: dict[Id, ConditionData] = {}
    connects: list[ConditionData] = []
    transfer: Annotated[dict[str, Any] | Text, described("condition")] | None = None
    designations: list[DesignationDocument] = []
    coverage: list[CoverageDocument] = []
    legal_orders: list[LegalOrderDocument] = []
    requirements: list[RequirementDocument] = []
