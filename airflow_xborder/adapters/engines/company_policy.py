# SPDX-License-Identifier: Apache-2.0
"""A company's own Rego beside the packs: how a flow is put to it, and how its answers become a decision.

Who evaluates it, a server (``opa.py``) or a library (``rego.py``), changes nothing here. The policy sees
``input.request`` in its own names (``opa_input.py``) and ``input.flow``, the whole flow, in ours. Only a Boolean
``true`` allows; ``false`` denies; everything else is no answer and raises.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timezone
from typing import Any, Final, TypeAlias

from airflow_xborder.adapters.engines.opa_input import Naming, everybody_agreed, somebody_agreed
from airflow_xborder.core.decision import Decision, Obligation, Outcome, Reason
from airflow_xborder.core.flow import DataFlow
from airflow_xborder.core.structure import plain
from airflow_xborder.errors import EngineUnavailableError
from airflow_xborder.ports.policy_engine import Question

UNDEFINED: Final = object()
"""The policy has no value at that path."""

_MAX_DETAIL = 400


@dataclass(frozen=True, slots=True)
class Said:
    """The value at the path, or ``UNDEFINED``; ``revision`` names the policies it came from, where that is known."""

    value: object
    revision: str = ""


Input: TypeAlias = dict[str, Any]
Ask: TypeAlias = Callable[[Sequence[Input]], Sequence[Said]]


@dataclass(frozen=True, slots=True)
class _Variant:
    """One request to ask about; ``filtered`` says that it supposes rows without consent to be left out."""

    request: dict[str, Any]
    filtered: bool = False


class CompanyPolicy:
    """Decides flows by asking one rule about each place that a flow reaches; all answers must be ``true``.

    :param evaluator: who evaluates it, for messages: ``OPA``.
    :param name: the engine's name; ``path`` is the rule's path, as in ``crossborder/allow``.
    :param aliases: the policy's names for ours: ``{"regions": {"eu": "EU"}, "purposes": {"ml_inference":
        "model_inference"}}``.
    :param ask: gives one answer for each input, in order, and raises EngineUnavailableError if it cannot.
    :raises ConfigurationError: for a kind of alias that does not exist.
    """

    def __init__(
        self,
        evaluator: str,
        name: str,
        path: str,
        aliases: Mapping[str, Mapping[str, str]] | None,
        ask: Ask,
    ) -> None:
        self._evaluator = evaluator
        self._name = name
        self._path = path
        self._naming = Naming(aliases or {})
        self._ask = ask

    def decide_many(self, questions: Sequence[Question]) -> list[Decision]:
        """Answer questions, all inputs of all of them in one asking.

        A flow with an end that nobody can name is for a person to review: the policy is not asked about it. Where it
        allows only because rows without consent will be left out, that is an obligation of the answer.

        :raises EngineUnavailableError: if one of them has no answer that is a Boolean.
        """
        asked = [self._variants(question) for question in questions]
        inputs = [
            {"request": variant.request, "flow": flow}
            for question, variants in zip(questions, asked, strict=True)
            for flow in ([plain(question.facts.flow)] if variants else [])
            for group in variants
            for variant in group
        ]
        answers = iter(self._ask(inputs) if inputs else ())
        # The answers come in the order of the inputs, so each question takes as many as it has asked.
        return [
            self._decide(question, [[(variant, next(answers)) for variant in group] for group in variants])
            for question, variants in zip(questions, asked, strict=True)
        ]

    def _variants(self, question: Question) -> list[list[_Variant]]:
        """Return for each place that the flow reaches what to ask about it, the strictest first."""
        flow = question.facts.flow
        if self._naming.unnamed(flow):
            return []
        everybody = everybody_agreed(flow)
        may_filter = not everybody and question.filters_rows and somebody_agreed(flow)
        return [
            [
                _Variant({**request, "consent": everybody}),
                *([_Variant({**request, "consent": True}, filtered=True)] if may_filter else []),
            ]
            for request in self._naming.requests(flow)
        ]

    def _decide(self, question: Question, answers: list[list[tuple[_Variant, Said]]]) -> Decision:
        flow = question.facts.flow
        if not answers:
            unnamed = self._naming.unnamed(flow)
            reasons = tuple(Reason("missing_fact", "missing_place", (("fact", path),)) for path in unnamed)
            return self._decision(question, Outcome.REVIEW, reasons=reasons, missing_facts=unnamed)
        revisions = {said.revision: None for group in answers for _, said in group if said.revision}
        engine = "@".join([self._name, *revisions])
        refusals, filtered = [], False
        for group in answers:
            for variant, said in group:
                allowed, why = self._read(said)
                if allowed:
                    filtered = filtered or variant.filtered
                    break
            else:
                refusals.append(self._refusal(why or _describe(variant.request)))
        if refusals:
            return self._decision(question, Outcome.DENY, engine=engine, reasons=tuple(refusals))
        obligations = self._filtering(flow) if filtered else ()
        return self._decision(question, Outcome.ALLOW, engine=engine, obligations=obligations)

    def _read(self, answer: Said) -> tuple[bool, str]:
        said = answer.value if isinstance(answer.value, dict) else {"allow": answer.value}
        value, reasons = said.get("allow", UNDEFINED), said.get("reasons", [])
        if value is UNDEFINED:
            raise EngineUnavailableError(
                f"{self._evaluator} has no answer at `{self._path}`",
                hint="is the policy loaded, with a default?",
            )
        if not isinstance(value, bool) or not _are_texts(reasons):
            raise EngineUnavailableError(
                f"{self._evaluator}'s answer at `{self._path}` is neither true nor false",
                hint="answer a Boolean, or an object with `allow` and a list of texts `reasons`",
            )
        return value, _one_line(reasons)

    def _refusal(self, detail: str) -> Reason:
        return Reason("unmet", "engine", (("engine", self._name), ("outcome", "deny"), ("detail", detail)))

    def _filtering(self, flow: DataFlow) -> tuple[Obligation, ...]:
        # Asked only where somebody agreed to this very purpose.
        return (Obligation("filter_rows_by_consent", (("purpose", flow.purpose or ""),), (self._name,)),)

    def _decision(self, question: Question, outcome: Outcome, **fields: Any) -> Decision:
        facts, frame = question.facts, question.frame
        facts_digest = facts.digest({}, frame.as_of.astimezone(timezone.utc).date())
        fields.setdefault("engine", self._name)
        return Decision(
            flow_id=facts.flow.flow_id,
            decision_id=frame.decision_id,
            decision_key=_key(question.policies.digest, facts_digest, fields["engine"]),
            outcome=outcome,
            is_transfer=False,  # what a law calls a transfer is the packs' to say
            simulated=frame.simulated,
            as_of=frame.as_of,
            evaluated_at=frame.evaluated_at,
            valid_until=None,
            policy_digest=question.policies.digest,
            facts_digest=facts_digest,
            **fields,
        )


def _describe(request: Mapping[str, Any]) -> str:
    purpose = request.get("purpose", "unknown")
    consent = "with" if request["consent"] else "without"
    return f"from {request['region_from']} to {request['region_to']}, purpose {purpose}, {consent} consent."


def _are_texts(reasons: object) -> bool:
    return isinstance(reasons, list) and all(isinstance(reason, str) for reason in reasons)


def _one_line(reasons: Any) -> str:
    text = "".join(letter if letter.isprintable() else " " for letter in "; ".join(reasons))
    return text if len(text) <= _MAX_DETAIL else f"{text[:_MAX_DETAIL]}…"


def _key(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()
