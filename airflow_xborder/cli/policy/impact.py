# SPDX-License-Identifier: Apache-2.0
"""``xborder policy impact``: what hangs on a requirement, a designation or another node, and what a change breaks."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_xborder.cli.output import OK, json_line, printable
from airflow_xborder.cli.policy.selection import add_packs
from airflow_xborder.errors import ConfigurationError, PolicyNotFoundError, XborderError

if TYPE_CHECKING:
    from datetime import datetime

    from airflow_xborder.core.catalog import Catalog
    from airflow_xborder.core.compilation import Policies
    from airflow_xborder.core.decision import Decision
    from airflow_xborder.core.impact import Change, Impact, Touched
    from airflow_xborder.ports.policy_store import PolicySet

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SupposedSet:
    """A policy set as it would be: no release has it."""

    policies: Policies
    catalog: Catalog

    @property
    def digest(self) -> str:
        """The digest of its packs."""
        return self.policies.digest


def register(commands: Any) -> None:
    """Add the action."""
    parser = commands.add_parser("impact", help="find what hangs on a node, and what a change of it breaks")
    parser.add_argument(
        "node",
        metavar="NODE",
        help="a requirement, a ground of one, a designation, mechanism, data category, jurisdiction or pack",
    )
    change = parser.add_mutually_exclusive_group()
    change.add_argument("--suspend-on", metavar="DATE", help="the first day on which it no longer holds")
    change.add_argument("--expire-on", metavar="DATE", help="the last day on which it holds")
    change.add_argument("--remove", action="store_true", help="as if it had never been there")
    change.add_argument(
        "--replace", "--add", metavar="FILE", help="this pack instead of the one of its id, or besides"
    )
    add_packs(parser)
    parser.add_argument(
        "--catalog",
        metavar="FILE",
        help="decide each of its datasets to each of its regions, before and after",
    )
    parser.add_argument(
        "--flows", metavar="FILE", help="decide these flows before and after, as `decide` reads them"
    )
    parser.add_argument(
        "--as-of", metavar="T", help="decide for this moment (default: the change's first day, or now)"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from airflow_xborder.cli.decide import load_policy_set
    from airflow_xborder.core.impact import find_node, impact_of

    before = load_policy_set(arguments)
    change, after = _change(arguments), _with_pack(arguments, before)
    # A pack that comes in may bring the node.
    there = after if after is not None and not _knows(before.policies, arguments.node) else before
    found = impact_of(there.policies, find_node(there.policies, arguments.node))
    if after is None and change is not None:
        after = SupposedSet(change.apply(before.policies, found.node), before.catalog)
    if after is None and arguments.flows:
        raise ConfigurationError(
            "flows are decided before and after a change", hint="say which, as --suspend-on"
        )
    answers = list(_answers(arguments, before, after, change)) if after is not None else []
    if arguments.format == "json":
        day = change.first_day() if change else None
        record = {**asdict(found), "from": day.isoformat() if day else None, "flows": answers}
        print(json_line(record))
    else:
        print("\n".join(printable(line) for line in _as_text(found, change, answers)))
    return OK


def _change(arguments: argparse.Namespace) -> Change | None:
    from airflow_xborder.core.impact import Change
    from airflow_xborder.core.structure import instant

    for action in ("suspend", "expire"):
        given = getattr(arguments, f"{action}_on")
        if given:
            return Change(action, instant(given, f"--{action}-on").date())
    return Change("remove") if arguments.remove else None


def _with_pack(arguments: argparse.Namespace, before: PolicySet) -> PolicySet | None:
    if not arguments.replace:
        return None
    from airflow_xborder.authoring.loading import link, load_document

    new = load_document(Path(arguments.replace))
    others = [document for document in before.policies.documents if document["pack"] != new["pack"]]
    return SupposedSet(link([*others, new]), before.catalog)


def _knows(policies: Policies, name: str) -> bool:
    from airflow_xborder.core.impact import find_node

    try:
        find_node(policies, name)
    except PolicyNotFoundError:
        return False
    return True


def _answers(
    arguments: argparse.Namespace, before: PolicySet, after: PolicySet, change: Change | None
) -> Iterator[Answer]:
    """Yield the flows of which the answer changes, or that cannot be decided."""
    from airflow_xborder.core.structure import instant

    as_of = instant(arguments.as_of, "--as-of") if arguments.as_of else change.moment() if change else None
    for name, entry in _flows(arguments, before):
        answer = _compared(entry, before, after, as_of)
        if answer is not None:
            yield {"flow": name, **answer}


def _compared(entry: object, before: PolicySet, after: PolicySet, as_of: datetime | None) -> Answer | None:
    from airflow_xborder.cli.decide import decide

    try:
        if isinstance(entry, XborderError):
            raise entry
        old, new = decide(entry, before, as_of), decide(entry, after, as_of)
    except XborderError as error:
        return {"error": str(error)}
    if _essence(old) == _essence(new):
        return None
    return {
        "before": old.outcome.value,
        "after": new.outcome.value,
        "why": [reason.text for reason in new.reasons if reason not in old.reasons],
        "no_longer": [reason.text for reason in old.reasons if reason not in new.reasons],
        "remedies": [f"{remedy.change} -> {remedy.makes.value}" for remedy in new.remediations],
    }


def _essence(decision: Decision) -> tuple[object, ...]:
    return decision.outcome, decision.reasons, decision.obligations


def _flows(arguments: argparse.Namespace, policies: PolicySet) -> Iterator[tuple[str, object]]:
    if arguments.flows:
        from airflow_xborder.cli.decide import read_flows

        for number, entry in read_flows(arguments.flows):
            named = entry.get("flow_id") if isinstance(entry, dict) else None
            yield str(named or f"flow {number}"), entry
    if arguments.catalog:
        yield from _catalog_flows(policies)


def _catalog_flows(policies: PolicySet) -> Iterator[tuple[str, object]]:
    catalog = policies.catalog
    for dataset, region in product(catalog.datasets, sorted(catalog.regions)):
        for purpose in dataset.purposes or (None,):
            # A pattern stands for any object that it matches.
            entry: dict[str, Any] = {
                "source": {"store": dataset.match.replace("*", "x")},
                "destination": {"region": region},
            }
            if purpose:
                entry["purpose"] = purpose
            yield f"{dataset.match} to {region}{f' for {purpose}' if purpose else ''}", entry


def _as_text(found: Impact, change: Change | None, answers: list[Answer]) -> Iterator[str]:
    day = change.first_day() if change else None
    when = f" from {day} on" if day else ""
    what = {"suspend": "suspended", "expire": "expired", "remove": "removed"}.get(
        change.action if change else ""
    )
    heading = f"{found.node.kind} {found.node.id}"
    yield f"{heading}, {what}{when}" if what else heading
    if not found.touched:
        yield "  no requirement asks for it"
    for touched in found.touched:
        yield from _touched_as_text(touched, when)
    if found.also:
        yield f"  other designations about the same places: {', '.join(found.also)}"
    for answer in answers:
        yield from _answer_as_text(answer)
    yield f"{len(found.touched)} requirements, {len(answers)} answers to flows change"


def _touched_as_text(touched: Touched, when: str) -> Iterator[str]:
    yield f"  {touched.id} ({touched.citation})"
    for way in touched.lost:
        yield f"    rests on it through {way.id} ({way.citation})"
    if touched.instead:
        yield f"    needed instead{when}, one of:"
        for way in touched.instead:
            yield f"      {way.id} ({way.citation}): {way.needs}"
    elif touched.lost:
        yield "    and has no other ground"
    if "when" in touched.asked:
        yield "    whether it applies depends on it"
    if "constraints" in touched.asked:
        yield "    asks for it in its constraints"
    if touched.dependents:
        yield f"    rules that rest on this one: {', '.join(touched.dependents)}"


def _answer_as_text(answer: Answer) -> Iterator[str]:
    if "error" in answer:
        yield f"  {answer['flow']}: cannot be decided: {answer['error']}"
        return
    yield f"  {answer['flow']}: {answer['before']} -> {answer['after']}"
    yield from (f"    because {text}" for text in answer["why"])
    yield from (f"    remedy: {text}" for text in answer["remedies"])
