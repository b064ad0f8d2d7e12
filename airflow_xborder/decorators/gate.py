# SPDX-License-Identifier: Apache-2.0
"""``@task.compliance_gate``: a gate whose flow a function returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk.bases.decorator import DecoratedOperator, task_decorator_factory

from airflow_xborder.operators.gate import ComplianceGateOperator

if TYPE_CHECKING:
    from airflow.sdk.bases.decorator import TaskDecorator


class GateDecoratedOperator(DecoratedOperator, ComplianceGateOperator):
    """A gate that asks its function for the flow when it runs."""

    template_fields: Sequence[str] = ("op_args", "op_kwargs")
    template_fields_renderers = {"op_args": "py", "op_kwargs": "py"}
    custom_operator_name = "@task.compliance_gate"
    # Its function is anybody's code: what the task declares besides is the guard's to ask about.
    xborder_enforces = False

    def execute(self, context: Any) -> None:
        """Call the function, and ask the gate about the flow that it returns; that is not rendered again."""
        from airflow.providers.common.compat.sdk import context_merge, determine_kwargs

        context_merge(context, self.op_kwargs)
        given = determine_kwargs(self.python_callable, self.op_args, context)
        self.flow = self.python_callable(*self.op_args, **given)
        super().execute(context)


def compliance_gate_task(python_callable: Callable[..., Any] | None = None, **kwargs: Any) -> TaskDecorator:
    """Make a function into a gate: it returns the flow to decide, as a mapping or a ``DataFlow``.

    :param kwargs: those of :class:`~airflow_xborder.operators.gate.ComplianceGateOperator`.
    """
    return task_decorator_factory(
        python_callable=python_callable,
        multiple_outputs=False,
        decorated_operator_class=GateDecoratedOperator,
        **kwargs,
    )
