# SPDX-License-Identifier: Apache-2.0
"""The OPA engine: a company's own Rego, asked over REST, beside the packs.

The policy sees ``input.request`` in its own names (``opa_input.py``) and ``input.flow``, the whole flow, in ours.
Only a Boolean ``true`` allows; ``false`` denies; everything else is no answer and raises.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timezone
from typing import Any

from airflow_xborder.adapters.engines.opa_input import Naming, everybody_agreed, somebody_agreed
from airflow_xborder.adapters.engines.opa_rest import UNDEFINED, OpaResult, OpaServer
from airflow_xborder.core.decision import Decision, Obligation, Outcome, Reason
from airflow_xborder.core.flow import DataFlow
from airflow_xborder.core.structure import plain
from airflow_xborder.errors import EngineUnavailableError
from airflow_xborder.ports.policy_engine import Question

_MAX_DETAIL = 400


@dataclass(frozen=True, slots=True)
class _Answer:
    """One answer; ``filtered`` says that it holds only if rows without consent are left out."""

    allowed: bool
    detail: str
    revision: str
    filtered: bool = False


class OpaEngine:
    """Asks an OPA server about each place that a flow reaches; all answers must be ``true``.

    :param url: the server's address; ``path`` is the rule's path in its data.
    :param aliases: the policy's names for ours: ``{"regions": {"eu": "EU"}, "purposes": {"ml_inference":
        "model_inference"}}``.
    :param timeout: seconds, for each step of one attempt.
    :param retries: further attempts after a lost connection, a time-out or a server error.
    :raises ConfigurationError: for an address, path or kind of alias that cannot be.
    """

    def __init__(
        self,
        url: str,
        path: str = "crossborder/allow",
        aliases: Mapping[str, Mapping[str, str]] | None = None,
        timeout: float = 2.0,
        retries: int = 2,
    ) -> None:
        self._naming = Naming(aliases or {})
        self._server = OpaServer(url, path, timeout, retries)
        self.name = f"opa/{self._server.path}"

    def decide(self, question: Question) -> Decision:
        """Answer one question.

        A flow with an end that nobody can name is for a person to review: OPA is not asked about it. Where the
        policy allows only because rows without consent will be left out, that is an obligation of the answer.

        :raises EngineUnavailableError: if OPA does not answer, or not with a Boolean.
        """
        flow = question.facts.flow
        unnamed = self._naming.unnamed(flow)
        if unnamed:
            reasons = tuple(Reason("missing_fact", "missing_place", (("fact", path),)) for path in unnamed)
            return self._decision(question, Outcome.REVIEW, reasons=reasons, missing_facts=unnamed)
        answers = [self._answer(question, request) for request in self._naming.requests(flow)]
        revision = next((answer.revision for answer in answers if answer.revision), "")
        engine = f"{self.name}@{revision}" if revision else self.name
        reasons = tuple(self._refusal(answer) for answer in answers if not answer.allowed)
        if reasons:
            return self._decision(question, Outcome.DENY, engine=engine, reasons=reasons)
        obligations = self._filtering(flow) if any(answer.filtered for answer in answers) else ()
        return self._decision(question, Outcome.ALLOW, engine=engine, obligations=obligations)

    def _answer(self, question: Question, request: dict[str, Any]) -> _Answer:
        flow = question.facts.flow
        everybody = everybody_agreed(flow)
        answer = self._ask(flow, {**request, "consent": everybody})
        if answer.allowed or everybody or not (question.filters_rows and somebody_agreed(flow)):
            return answer
        filtered = self._ask(flow, {**request, "consent": True})
        return _Answer(filtered.allowed, filtered.detail, filtered.revision, filtered=True)

    def _ask(self, flow: DataFlow, request: dict[str, Any]) -> _Answer:
        result = self._server.ask({"request": request, "flow": plain(flow)})
        allowed, reasons = self._read(result)
        return _Answer(allowed, reasons or _describe(request), result.revision)

    def _read(self, result: OpaResult) -> tuple[bool, str]:
        said = result.value if isinstance(result.value, dict) else {"allow": result.value}
        value, reasons = said.get("allow", UNDEFINED), said.get("reasons", [])
        if value is UNDEFINED:
            raise EngineUnavailableError(
                f"OPA has no answer at `{self._server.path}`", hint="is the policy loaded, with a default?"
            )
        if not isinstance(value, bool) or not _are_texts(reasons):
            raise EngineUnavailableError(
                f"OPA's answer at `{self._server.path}` is neither true nor false",
                hint="answer a Boolean, or an object with `allow` and a list of texts `reasons`",
            )
        return value, _one_line(reasons)

    def _refusal(self, answer: _Answer) -> Reason:
        parameters = (("engine", self.name), ("outcome", "deny"), ("detail", answer.detail))
        return Reason("unmet", "engine", parameters)

    def _filtering(self, flow: DataFlow) -> tuple[Obligation, ...]:
        # Asked only where somebody agreed to this very purpose.
        return (Obligation("filter_rows_by_consent", (("purpose", flow.purpose or ""),), (self.name,)),)

    def _decision(self, question: Question, outcome: Outcome, **fields: Any) -> Decision:
        facts, frame = question.facts, question.frame
        facts_digest = facts.digest({}, frame.as_of.astimezone(timezone.utc).date())
        fields.setdefault("engine", self.name)
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
