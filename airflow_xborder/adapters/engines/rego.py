# SPDX-License-Identifier: Apache-2.0
"""The embedded Rego engine: a company's own policy evaluated in this process, without a server (extra ``rego``).

The policy is asked and its answers are read as OPA's are (``company_policy.py``). Its evaluator is not OPA's
(``rego_library.py``), so it is tested at each start (``rego_selftest.py``).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_xborder.adapters.engines.company_policy import CompanyPolicy, Said
from airflow_xborder.adapters.engines.rego_library import NO_RULE, Evaluator, Sources, read_sources
from airflow_xborder.adapters.engines.rego_selftest import require_sound_evaluator
from airflow_xborder.errors import ConfigurationError, EngineUnavailableError

if TYPE_CHECKING:
    from airflow_xborder.core.decision import Decision
    from airflow_xborder.ports.policy_engine import Question


class RegoEngine:
    """Evaluates one rule about each place that a flow reaches; all answers must be ``true``.

    The files are read once: whoever changes them restarts the process. Nothing bounds how long a rule runs.

    :param paths: files and folders of ``.rego`` and ``.json``; tests (``_test.rego``) are left out.
    :param path: the rule's path, as in ``crossborder/allow``.
    :param aliases: the policy's names for ours: ``{"regions": {"eu": "EU"}, "purposes": {"ml_inference":
        "model_inference"}}``.
    :param old_syntax: whether the files are in the syntax from before OPA 1.0.
    :raises MissingDependencyError: without the extra.
    :raises ConfigurationError: for files that cannot be read or parsed, a rule that is not in them, or a library
        that does not evaluate as OPA does.
    """

    # A rule may look at the clock, and nobody can say until when its answer holds.
    repeatable = False

    def __init__(
        self,
        paths: Sequence[str | Path],
        path: str = "crossborder/allow",
        aliases: Mapping[str, Mapping[str, str]] | None = None,
        *,
        old_syntax: bool = False,
    ) -> None:
        path = path.strip("/")
        self._rule = ".".join(["data", *path.split("/")])
        self._sources = read_sources(paths, old_syntax=old_syntax)
        require_sound_evaluator(self._selftest)
        self._require_rule(path)
        self.name = f"rego/{path}"
        self._revision = self._sources.digest
        self._threads = threading.local()
        self._policy = CompanyPolicy("Rego", self.name, path, aliases, self._ask)

    def decide(self, question: Question) -> Decision:
        """Answer one question.

        :raises EngineUnavailableError: if the rule has no value, fails, or is no Boolean.
        """
        return self.decide_many([question])[0]

    def decide_many(self, questions: Sequence[Question]) -> list[Decision]:
        """Answer several questions.

        :raises EngineUnavailableError: if one of them has no answer.
        """
        return self._policy.decide_many(questions)

    def _ask(self, inputs: Sequence[Mapping[str, Any]]) -> list[Said]:
        return [Said(self._evaluate(entry), self._revision) for entry in inputs]

    def _evaluate(self, asked: Mapping[str, Any]) -> object:
        evaluator: Evaluator | None = getattr(self._threads, "evaluator", None)
        if evaluator is None:
            evaluator = self._threads.evaluator = self._sources.load()
        try:
            return evaluator.value(self._rule, asked)
        except EngineUnavailableError:
            self._threads.evaluator = None  # whatever state a failure leaves it in, nobody asks it again
            raise

    def _selftest(self, text: str, asked: Mapping[str, Any]) -> Callable[[str], object]:
        evaluator = Sources((("selftest.rego", text),), self._sources.old_syntax).load()
        return lambda rule: evaluator.value(rule, asked)

    def _require_rule(self, path: str) -> None:
        evaluator = self._sources.load()
        try:
            evaluator.value(self._rule, {"request": {}, "flow": {}})
        except EngineUnavailableError as error:
            # Any other failure is about this input, which no flow has.
            if NO_RULE in error.message:
                raise ConfigurationError(
                    f"the Rego policy has no rule at `{path}`",
                    hint=f"it has the packages {', '.join(evaluator.packages)}",
                ) from error
