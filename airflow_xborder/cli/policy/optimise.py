# SPDX-License-Identifier: Apache-2.0
"""``xborder policy optimise``: the cheapest controls that make flows lawful, or the rules that nothing can meet together."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_xborder.cli.output import MALFORMED, OK, REFUSED, UNAVAILABLE, json_line, printable
from airflow_xborder.cli.policy.selection import add_packs
from airflow_xborder.errors import FlowError, XborderError

if TYPE_CHECKING:
    from airflow_xborder.core.estate import EstatePlan, Member, Purchase, Verdict
    from airflow_xborder.core.offers import Prices
    from airflow_xborder.core.optimisation import Case
    from airflow_xborder.ports.policy_store import PolicySet
    from airflow_xborder.ports.solver import Solver

_LIMIT = 5000
_SECONDS = 60


def register(commands: Any) -> None:
    """Add the action."""
    parser = commands.add_parser("optimise", help="find the cheapest controls that make flows lawful")
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FLOWS",
        help="flows as JSON lines, or one flow or a list of them as JSON or YAML; - for stdin",
    )
    add_packs(parser)
    parser.add_argument(
        "--catalog", metavar="FILE", help="resolve names, and offer the catalog's other regions and parties"
    )
    parser.add_argument("--prices", metavar="FILE", help="what controls cost; beats the catalog's prices")
    parser.add_argument("--as-of", metavar="T", help="plan for this moment (default: now)")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument(
        "--solver",
        choices=("auto", "highs", "exact"),
        default="auto",
        help="who chooses for several flows; auto: highs where the extra `optimize` is installed",
    )
    parser.add_argument(
        "--limit",
        type=_positive,
        default=_LIMIT,
        metavar="N",
        help=f"how many sets of controls to decide for each flow (default: {_LIMIT})",
    )
    parser.set_defaults(run=_run)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _run(arguments: argparse.Namespace) -> int:
    from airflow_xborder.cli.decide import load_policy_set
    from airflow_xborder.core.estate import plan_estate
    from airflow_xborder.core.optimisation import Bounds

    policies = load_policy_set(arguments)
    members, errors = _members(arguments, policies)
    if not members and not errors:
        raise FlowError("no flow in the input", hint="give flows as JSON lines, or as a list in YAML or JSON")
    solver = _solver(arguments.solver)
    plan = plan_estate(members, solver.select, Bounds(decisions=arguments.limit))
    if arguments.format == "json":
        print(json_line(_as_json(plan, errors, solver.name)))
    else:
        _print_errors(errors)
        print("\n".join(_as_text(plan)))
    return _exit_code(plan, errors)


def _solver(name: str) -> Solver:
    from airflow_xborder.adapters.solvers.exact import ExactSolver
    from airflow_xborder.adapters.solvers.highs import HighsSolver, is_installed

    if name == "highs" or (name == "auto" and is_installed()):
        return HighsSolver(_SECONDS)
    return ExactSolver()


def _exit_code(plan: EstatePlan, errors: Sequence[tuple[str, XborderError]]) -> int:
    if errors:
        return MALFORMED
    without = [verdict for verdict in plan.verdicts if verdict.plan is None]
    if any(verdict.core is None for verdict in without):
        return UNAVAILABLE
    return REFUSED if without else OK


def _members(
    arguments: argparse.Namespace, policies: PolicySet
) -> tuple[list[Member], list[tuple[str, XborderError]]]:
    """Return the flows that can be read, each under a name of its own, and what is wrong with the others."""
    from airflow_xborder.cli.decide import pose
    from airflow_xborder.core.estate import Member
    from airflow_xborder.core.structure import instant

    prices = _prices(arguments.prices, policies)
    as_of = instant(arguments.as_of, "--as-of") if arguments.as_of else None
    members: dict[str, Member] = {}
    errors: list[tuple[str, XborderError]] = []
    for number, entry in enumerate(_entries(arguments.files), 1):
        try:
            if isinstance(entry, XborderError):
                raise entry
            case: Case = pose(entry, policies, as_of)
        except XborderError as error:
            errors.append((f"flow {number}", error))
            continue
        name = case.decision.flow_id or f"flow {number}"
        name = f"{name} ({number})" if name in members else name
        members[name] = Member(name, replace(case, prices=prices))
    return list(members.values()), errors


def _entries(files: Sequence[str]) -> Iterator[Any]:
    from airflow_xborder.cli.decide import read_flows

    for file in files:
        for _, entry in read_flows(file):
            if isinstance(entry, (list, tuple)):
                yield from entry
            else:
                yield entry


def _prices(file: str | None, policies: PolicySet) -> Prices:
    from airflow_xborder.core.offers import require_prices

    catalogued = policies.catalog.control_prices
    if file is None:
        return catalogued
    from airflow_xborder.authoring.source import read_document

    return {**catalogued, **require_prices(read_document(Path(file)).data)}


def _print_errors(errors: Sequence[tuple[str, XborderError]]) -> None:
    for name, error in errors:
        print(f"error in {name}: {printable(str(error))}", file=sys.stderr)


def _as_text(plan: EstatePlan) -> Iterator[str]:
    for verdict in plan.verdicts:
        yield from _verdict_text(verdict)
    if plan.purchases:
        proof = "proven the cheapest" if plan.optimal else "not proven the cheapest"
        yield f"all controls, cost {plan.cost} ({proof}):"
        for purchase in plan.purchases:
            yield f"  {purchase.cost:>4}  {purchase.words}: {', '.join(map(printable, purchase.flows))}"
    yield "not legal advice"


def _verdict_text(verdict: Verdict) -> Iterator[str]:
    name = printable(verdict.name)
    if verdict.plan is not None:
        if not verdict.plan.controls:
            yield f"{name}: allow as it is"
        else:
            yield f"{name}: {verdict.outcome.value}, allow with: {verdict.plan.words} (cost {verdict.plan.cost})"
    elif verdict.core is None:
        yield f"{name}: {verdict.outcome.value}; nothing found in {verdict.decided} tries, and not all were made"
    else:
        yield f"{name}: {verdict.outcome.value}, and no control helps. These cannot be met together:"
        yield from (f"  - {_blocker(entry.citation, entry.text)}" for entry in verdict.core.blockers)


def _blocker(citation: str, text: str) -> str:
    return text if citation in text or not text else f"{citation}: {text}"


def _as_json(plan: EstatePlan, errors: Sequence[tuple[str, XborderError]], solver: str) -> dict[str, Any]:
    return {
        "cost": plan.cost,
        "optimal": plan.optimal,
        "solver": solver,
        "controls": [_purchase_json(purchase) for purchase in plan.purchases],
        "flows": [_verdict_json(verdict) for verdict in plan.verdicts],
        "errors": [
            {"flow": name, "error": {"code": error.code, "message": error.message, "hint": error.hint}}
            for name, error in errors
        ],
    }


def _purchase_json(purchase: Purchase) -> dict[str, Any]:
    return {
        "control": purchase.control.id,
        "change": purchase.words,
        "cost": purchase.cost,
        "flows": list(purchase.flows),
    }


def _verdict_json(verdict: Verdict) -> dict[str, Any]:
    plan, core = verdict.plan, verdict.core
    return {
        "flow": verdict.name,
        "outcome": verdict.outcome.value,
        "lawful": None if plan is None and core is None else plan is not None,
        "controls": [control.id for control in plan.controls] if plan else [],
        "change": plan.words if plan and plan.controls else None,
        "cost": plan.cost if plan else None,
        "core": [{"id": b.id, "citation": b.citation, "text": b.text} for b in core.blockers] if core else [],
        "smallest": core.smallest if core else None,
        "decided": verdict.decided,
    }
