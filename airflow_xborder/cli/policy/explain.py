# SPDX-License-Identifier: Apache-2.0
"""``xborder policy explain``: a rule, a designation or the answer to a flow, for engineers or for lawyers."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_xborder.cli.output import OK, printable
from airflow_xborder.cli.policy.selection import add_packs
from airflow_xborder.core.structure import instant
from airflow_xborder.core.vocabulary import suggest
from airflow_xborder.errors import PolicyNotFoundError, XborderError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_xborder.core.compilation import Policies
    from airflow_xborder.ports.policy_store import PolicySet


def register(commands: Any) -> None:
    """Add the action."""
    parser = commands.add_parser("explain", help="a rule, a designation or a flow's answer, in plain words")
    parser.add_argument(
        "what", metavar="WHAT", help="the id of a rule, a ground or a designation, or a file with flows"
    )
    add_packs(parser)
    parser.add_argument("--for", dest="voice", choices=("engineer", "lawyer"), default="engineer")
    parser.add_argument("--as-of", metavar="T", help="decide flows for this moment (default: now)")
    parser.add_argument(
        "--catalog", metavar="FILE", help="resolve the flows' regions and stores from this catalog"
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from airflow_xborder.cli.decide import load_policy_set

    policy_set = load_policy_set(arguments)
    text = _named(arguments.what, policy_set.policies, arguments.voice)
    if text is not None:
        _print(text)
    elif Path(arguments.what).is_file():
        for answer in _answers(arguments, policy_set):
            _print(answer)
    else:
        known = {*_rules(policy_set.policies), *(row.id for row in policy_set.policies.designations)}
        message = f"no rule, designation or file `{printable(arguments.what)}`"
        raise PolicyNotFoundError(message, hint=suggest(arguments.what, known))
    return OK


def _print(text: str) -> None:
    print("\n".join(printable(line) for line in text.split("\n")))


def _rules(policies: Policies) -> dict[str, Any]:
    """Return the rules by their ids, and by those of their grounds."""
    found: dict[str, Any] = {}
    for rule in (rule for pack in policies.packs() for rule in pack.requirements):
        found.update({ground.id: rule for ground in rule.alternatives() if ground.id}, **{rule.id: rule})
    return found


def _named(name: str, policies: Policies, voice: str) -> str | None:
    from airflow_xborder.core.rule_explanation import explain_designation, explain_rule

    rule = _rules(policies).get(name)
    if rule is not None:
        return explain_rule(rule, policies, voice)
    row = next((row for row in policies.designations if row.id == name), None)
    return explain_designation(row, policies, voice) if row is not None else None


def _answers(arguments: argparse.Namespace, policy_set: PolicySet) -> Iterator[str]:
    from airflow_xborder.cli.decide import decide, read_flows
    from airflow_xborder.core.explanation import explain, explain_to_lawyer

    as_of = instant(arguments.as_of, "--as-of") if arguments.as_of else None
    for _, entry in read_flows(arguments.what):
        if isinstance(entry, XborderError):
            raise entry
        decision, flow = decide(entry, policy_set, as_of), policy_set.catalog.read_flow(entry)
        if arguments.voice == "engineer":
            yield explain(decision, flow)
        else:
            yield explain_to_lawyer(decision, flow, policy_set.policies)
