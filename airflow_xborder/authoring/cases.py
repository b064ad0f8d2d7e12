# SPDX-License-Identifier: Apache-2.0
"""Cases: example flows with the answer that a pack must give, beside the pack, and which rules they put to the test.

Who decides is passed in, since only an engine may evaluate. A case that fails is a value; a case file that cannot
be read is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from airflow_xborder.authoring.documents import Day, Id, Strict, Text, described
from airflow_xborder.authoring.loading import load_policies, shipped_folder, shipped_ids, validate
from airflow_xborder.authoring.shipped import CASES_SUFFIX, PACK_SUFFIXES, shipped_names
from airflow_xborder.authoring.source import Document, Place, read_document
from airflow_xborder.core.combining import Frame
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.conditions import Any as AnyOf
from airflow_xborder.core.conditions import Condition
from airflow_xborder.core.decision import Decision
from airflow_xborder.core.facts import Facts, normalise
from airflow_xborder.core.flow import DataFlow
from airflow_xborder.core.requirement import Discharge, Requirement
from airflow_xborder.core.structure import instant
from airflow_xborder.core.vocabulary import suggest
from airflow_xborder.errors import FlowError, PolicyNotFoundError, PolicyValidationError

Decide: TypeAlias = Callable[[Policies, Facts, Frame], Decision]
Load: TypeAlias = Callable[["tuple[str, ...] | None"], Policies]
Status: TypeAlias = Literal["met", "unmet", "unknown", "not_applicable"]


class ExpectationDocument(Strict):
    """What must be in the answer; more may be, except that the outcome is exact."""

    outcome: Literal["allow", "review", "deny"]
    transfer: bool | None = None
    requirements: dict[Id, Status] = {}
    reasons: list[Literal["unmet", "missing_fact", "gap", "conflict", "restriction", "error"]] | None = None
    citations: list[Text] = []
    gaps: list[Id] = []
    missing: list[Text] = []
    obligations: list[Id] = []
    duties: dict[Id, Literal["met", "open"]] = {}
    warnings: list[Text] = []
    not_considered: list[Id] = []


class CaseDocument(Strict):
    """One flow on one day."""

    case: Text
    as_of: Day | None = None
    complete: bool = True
    flow: Annotated[dict[str, Any], described("flow")]
    expect: ExpectationDocument


class CasesDocument(Strict):
    """A file of cases. ``as_of`` is the day of those that name none; ``packs`` are all shipped ones, unless said."""

    as_of: Day
    packs: list[Text] | None = None
    cases: list[CaseDocument]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """How one case went. ``failures`` are sentences; ``claims`` what the case says of requirements."""

    file: str
    line: int
    case: str
    failures: tuple[str, ...]
    claims: tuple[tuple[str, Status], ...]
    facts: Facts
    as_of: datetime
    decision: Decision

    @property
    def passed(self) -> bool:
        """Whether the answer was the expected one."""
        return not self.failures


@dataclass(frozen=True, slots=True)
class Untested:
    """A requirement without a case that meets it, or without one that does not; ``lacks`` says which."""

    requirement_id: str
    lacks: tuple[str, ...]


def run_cases(paths: Iterable[Path], decide: Decide) -> list[CaseResult]:
    """Run the cases of files, or of all case files in folders, in the order written.

    :raises PolicyError: for a file that is no case file, or names an unknown term; with file, line and column.
    """
    load = lru_cache(maxsize=2)(load_policies)  # most files are run with the same packs
    files = [file for path in paths for file in case_files(path)]
    return [result for file in files for result in _run_file(file, decide, load)]


def pack_beside(path: Path) -> Path | None:
    """Return the file of the pack that a case file stands beside, if there is one."""
    stem = path.name.removesuffix(CASES_SUFFIX)
    candidates = (path.with_name(f"{stem}{suffix}") for suffix in PACK_SUFFIXES)
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def untested(policies: Policies, results: Iterable[CaseResult]) -> list[Untested]:
    """Return the requirements that lack a passing case on one of their two sides, ordered by id."""
    claims = {claim for result in results if result.passed for claim in result.claims}
    found = []
    for requirement in (rule for pack in policies.packs() for rule in pack.requirements):
        sides = sides_of(requirement)
        lacks = tuple(side for side in sides if (requirement.id, side) not in claims)
        if lacks:
            found.append(Untested(requirement.id, lacks))
    return sorted(found, key=lambda entry: entry.requirement_id)


def sides_of(requirement: Requirement) -> tuple[Status, Status]:
    """Return what a rule can be, of which cases show both.

    A rule that forbids outright has no way to be met, and one that only owes obligations none not to be: there, a
    case to which it does not apply counts.
    """
    if requirement.constraint == AnyOf(()):
        return "not_applicable", "unmet"
    return ("not_applicable", "met") if _only_owes(requirement.constraint) else ("met", "unmet")


def _only_owes(condition: Condition) -> bool:
    parts = list(condition.parts())
    return all(_only_owes(part) for part in parts) if parts else isinstance(condition, Discharge)


def case_files(path: Path) -> list[Path]:
    """Return the case files that a path stands for: itself, or those in a folder, however deep.

    :raises PolicyNotFoundError: if there is nothing.
    """
    if path.is_dir():
        return sorted(path.rglob(f"*{CASES_SUFFIX}"))
    if not path.is_file():
        raise PolicyNotFoundError(f"no case file `{path}`")
    return [path]


def _run_file(path: Path, decide: Decide, load: Load) -> Iterator[CaseResult]:
    document = read_document(path)
    model: CasesDocument = validate(CasesDocument, document)
    policies = load(_selection(path, model))
    default = _day(model.as_of, ("as_of",), document)
    for number, case in enumerate(model.cases):
        place = ("cases", number)
        moment = _day(case.as_of, (*place, "as_of"), document) if case.as_of else default
        _require_known_rules(case.expect, policies, (*place, "expect"), document)
        try:
            facts = _facts(case, policies)
        except FlowError as error:
            wrong = PolicyValidationError(error.message, hint=error.hint, path=(*place, "flow"))
            raise document.locate(wrong) from None
        frame = Frame(decision_id="case", as_of=moment, evaluated_at=moment, simulated=True, engine="native")
        decision = decide(policies, facts, frame)
        yield CaseResult(
            file=str(path),
            line=document.position(place)[0],
            case=case.case,
            failures=tuple(_failures(case.expect, decision)),
            claims=tuple(case.expect.requirements.items()),
            facts=facts,
            as_of=moment,
            decision=decision,
        )


def _day(text: str, path: Place, document: Document) -> datetime:
    try:
        return instant(text, "as_of")
    except FlowError as error:
        wrong = PolicyValidationError(error.message, hint=error.hint, path=path)
        raise document.locate(wrong) from None


def _require_known_rules(
    expected: ExpectationDocument, policies: Policies, place: Place, document: Document
) -> None:
    """Refuse a rule that there is not: that it is `not_applicable` would always be true."""
    for key, names in (("requirements", expected.requirements), ("duties", expected.duties)):
        for name in names:
            # A rule of a shipped pack that the file leaves out is known not to apply.
            if name not in policies.owners and name not in (shipped := _shipped_rules()):
                hint = suggest(name, {*policies.owners, *shipped})
                message, where = f"unknown requirement `{name}`", (*place, key, name)
                raise document.locate(PolicyValidationError(message, hint=hint, path=where))


def _shipped_rules() -> frozenset[str]:
    return frozenset[str]().union(*(names.rules for names in shipped_names().values()))


def _selection(path: Path, model: CasesDocument) -> tuple[str, ...] | None:
    if model.packs is not None:
        return tuple(model.packs)
    beside = pack_beside(path)
    if path.parent.resolve() == shipped_folder().resolve() or beside is None:
        return None
    return (*shipped_ids(), str(beside))


def _facts(case: CaseDocument, policies: Policies) -> Facts:
    flow = DataFlow.parse(case.flow)
    policies.require_known(flow)
    return normalise(flow, complete=case.complete)


def _failures(expected: ExpectationDocument, decision: Decision) -> Iterator[str]:
    if decision.outcome.value != expected.outcome:
        because = "; ".join(reason.text for reason in decision.reasons) or "nothing speaks against it"
        yield f"expected {expected.outcome}, got {decision.outcome.value}: {because}"
    if expected.transfer not in (None, decision.is_transfer):
        yield f"expected is_transfer {expected.transfer}, got {decision.is_transfer}".lower()
    yield from _statuses(expected, decision)
    kinds = sorted({reason.kind for reason in decision.reasons})
    if expected.reasons is not None and sorted(set(expected.reasons)) != kinds:
        yield f"expected reasons of kind {expected.reasons}, got {kinds}"
    duties = {duty.because: duty.state for duty in decision.duties}
    for name, state in expected.duties.items():
        if duties.get(name) != state:
            yield f"expected duty {name} to be {state}, got {duties.get(name, 'none')}"
    yield from _absent(expected, decision)


def _statuses(expected: ExpectationDocument, decision: Decision) -> Iterator[str]:
    statuses = {entry.requirement_id: entry.status for entry in decision.applicable}
    for name, status in expected.requirements.items():
        found = statuses.get(name, "not_applicable")
        if found != status:
            yield f"expected {name} to be {status}, got {found}"


def _absent(expected: ExpectationDocument, decision: Decision) -> Iterator[str]:
    places = {dict(reason.parameters).get("place") for reason in decision.reasons if reason.kind == "gap"}
    said = {
        "citation": (expected.citations, {violation.citation for violation in decision.violations}),
        "gap": (expected.gaps, {place for place in places if place}),
        "missing fact": (expected.missing, set(decision.missing_facts)),
        "obligation": (expected.obligations, {obligation.type for obligation in decision.obligations}),
        "not considered": (expected.not_considered, {regime for regime, _ in decision.not_considered}),
    }
    for kind, (wanted, there) in said.items():
        for name in wanted:
            if name not in there:
                yield f"expected {kind} {name}, got {sorted(there)}"
    for text in expected.warnings:
        if not any(text in warning for warning in decision.warnings):
            yield f"expected a warning with `{text}`, got {list(decision.warnings)}"
