# SPDX-License-Identifier: Apache-2.0
"""ComplianceGateOperator: a decision as a node of the graph.

It moves nothing and enforces nothing by itself: anybody may mark it "success". Whatever touches data after it asks
the gate again; the node is there so that people see what was decided, early and with its reasons. Cheap to import:
the gate comes with the first decision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.bases.skipmixin import SkipMixin

from airflow_xborder.errors import ConfigurationError, FlowDeniedError
from airflow_xborder.outcomes import airflow_outcome, refusal

if TYPE_CHECKING:
    from airflow_xborder.core.flow import DataFlow
    from airflow_xborder.services.gate import Ruling

XCOM_DECISION = "xborder_decision"


class ComplianceGateOperator(BaseOperator, SkipMixin):
    """Decide a flow; go on if it is allowed.

    ``deny`` fails the task, and no retry is used. So does ``review``. A ledger or a policy release that is out of
    reach fails it in a way that its retries may mend.

    :param flow: what is to move: a mapping in the form of the flow contract, or a ``DataFlow``; templated. Its
        documents, categories and parties are claims, which the catalog and the registers outweigh.
    :param on_deny: ``fail``, or ``skip`` to skip the direct downstream tasks instead. That is weaker: a task
        further down whose trigger rule does not mind (``all_done``, ``none_failed``) still runs.
    """

    template_fields: Sequence[str] = ("flow",)
    template_fields_renderers = {"flow": "json"}
    ui_color = "#e8f0e4"
    inherits_from_skipmixin = True
    xborder_enforces = True

    def __init__(
        self, *, flow: Mapping[str, Any] | DataFlow | None = None, on_deny: str = "fail", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.flow = flow
        self.on_deny = on_deny
        if on_deny not in ("fail", "skip"):
            raise ConfigurationError(f"on_deny: unknown value `{on_deny}`", hint="fail or skip")

    def execute(self, context: Any) -> None:
        """Ask the gate about the rendered flow.

        Nothing is returned: a decision in XCom can be edited by anybody, and is for display only.

        :raises AirflowFailException: for ``deny``, ``review``, and a flow that cannot be.
        :raises XborderError: if the question could not be answered or recorded; Airflow retries.
        """
        with airflow_outcome():
            ruling = self._decide(context)
            self._show(ruling, context)
            error = refusal(ruling)
            if error is None:
                return
            if self.on_deny == "fail" or not isinstance(error, FlowDeniedError):
                raise error
        self._skip_downstream(error, context)

    def _decide(self, context: Any) -> Ruling:
        from airflow_xborder import runtime
        from airflow_xborder.core.flow import DataFlow
        from airflow_xborder.services.gate import GateRequest
        from airflow_xborder.services.resolution import Measured

        gate = runtime.gate()
        request = GateRequest(
            flow=self.flow if isinstance(self.flow, DataFlow) else gate.read_flow(self.flow),
            point="gate",
            task=runtime.task_key(context),
            discharges=discharged_after(context["task"]),
            measured=Measured(frequency=runtime.frequency(context)),
        )
        return gate.decide(request)

    def _show(self, ruling: Ruling, context: Any) -> None:
        from airflow_xborder.core.explanation import explain

        decision = ruling.decision
        if decision.allowed:
            where = " and ".join(filter(None, (ruling.crossing.near, ruling.crossing.far)))
            self.log.info("%s", explain(decision, ruling.flow))
            self.log.info("recorded as decision %s in the ledger of %s", decision.decision_id, where)
        else:
            self.log.warning("%s", explain(decision, ruling.flow))
        context["ti"].xcom_push(key=XCOM_DECISION, value=decision.to_dict())

    def _skip_downstream(self, error: FlowDeniedError, context: Any) -> None:
        from airflow.sdk.exceptions import AirflowSkipException

        self.log.warning("denied, so what follows is skipped: %s", error)
        if context["ti"].map_index >= 0:
            # Airflow skips nothing after a single mapped instance; being skipped itself holds the rest back.
            raise AirflowSkipException(str(error))
        following = context["task"].get_direct_relatives(upstream=False)
        self.skip(ti=context["ti"], tasks=[task for task in following if not task.is_teardown])


def discharged_after(task: Any) -> frozenset[str]:
    """Return the obligations that every task directly after a gate carries out itself."""
    following = [
        getattr(operator, "operator_class", type(operator))
        for operator in task.get_direct_relatives(upstream=False)
    ]
    types = [frozenset(getattr(operator, "xborder_discharges", ())) for operator in following]
    return frozenset.intersection(*types) if types else frozenset()
