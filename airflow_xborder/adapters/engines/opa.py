# SPDX-License-Identifier: Apache-2.0
"""The OPA engine: a company's own Rego, asked over REST, beside the packs.

What is asked and how an answer is read is in ``company_policy.py``; how it travels, in ``opa_rest.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from airflow_xborder.adapters.engines.company_policy import CompanyPolicy
from airflow_xborder.adapters.engines.opa_rest import Limits, OpaServer
from airflow_xborder.core.decision import Decision
from airflow_xborder.ports.policy_engine import Question


class OpaEngine:
    """Asks an OPA server about each place that a flow reaches; all answers must be ``true``.

    :param url: the server's address; ``path`` is the rule's path in its data.
    :param aliases: the policy's names for ours: ``{"regions": {"eu": "EU"}, "purposes": {"ml_inference":
        "model_inference"}}``.
    :raises ConfigurationError: for an address, path, limit or kind of alias that cannot be.
    """

    # A server reloads its bundles and data when it likes, and a policy there may look at the clock or at the network.
    repeatable = False

    def __init__(
        self,
        url: str,
        path: str = "crossborder/allow",
        aliases: Mapping[str, Mapping[str, str]] | None = None,
        limits: Limits | None = None,
    ) -> None:
        server = OpaServer(url, path, limits or Limits())
        self.name = f"opa/{server.path}"
        self._policy = CompanyPolicy("OPA", self.name, server.path, aliases, server.ask)

    def decide(self, question: Question) -> Decision:
        """Answer one question: one call, or with several places or consents to ask about, one query about all.

        :raises EngineUnavailableError: if OPA does not answer, or not with a Boolean.
        """
        return self.decide_many([question])[0]

    def decide_many(self, questions: Sequence[Question]) -> list[Decision]:
        """Answer several questions in as few calls as the server takes.

        :raises EngineUnavailableError: if one of them has no answer.
        """
        return self._policy.decide_many(questions)
