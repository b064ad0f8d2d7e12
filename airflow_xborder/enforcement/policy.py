# SPDX-License-Identifier: Apache-2.0
"""The cluster policy: every task of every DAG gets the guard, without any change to a DAG.

Loaded by ``import airflow`` in every process, through the ``airflow.policy`` entry point, so it does next to
nothing: it reads ``[xborder] enforcement`` once, before any DAG file runs, and attaches two small objects to each
task. What they do is in ``guard.py`` and is imported when a task runs.

What it attaches must stay as it is, to the letter: Airflow stores the source text of a task's hooks with each DAG,
so that a change here would be a new version of every DAG of the deployment.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from airflow.policies import hookimpl

from airflow_xborder import runtime

log = logging.getLogger(__name__)

ENFORCEMENT = runtime.enforcement()
_ATTRIBUTES = ("_pre_execute_hook", "_post_execute_hook")
# A class that has one of these between an operator and Airflow's own base can show one hook here and run another.
_HIDING = frozenset({*_ATTRIBUTES, "__getattribute__", "prepare_for_execution"})


class PreExecute:
    """What runs before a task: the guard, then the author's own hook."""

    __slots__ = ("author",)

    def __init__(self, author: Callable[..., Any] | None) -> None:
        self.author = author

    def __call__(self, context: Any) -> None:
        from airflow_xborder.enforcement.guard import before_execute

        before_execute(context, self.author)


class PostExecute:
    """What runs after a task: the author's own hook, then the guard."""

    __slots__ = ("author",)

    def __init__(self, author: Callable[..., Any] | None) -> None:
        self.author = author

    def __call__(self, context: Any, result: Any = None) -> None:
        from airflow_xborder.enforcement.guard import after_execute

        after_execute(context, result, self.author)


@hookimpl
def task_policy(task: Any) -> None:
    """Attach the guard to a task, whichever operator it is.

    :raises AirflowClusterPolicyViolation: where tasks are enforced and this one's operator would hide the guard;
        its DAG is then not loaded.
    """
    if ENFORCEMENT == "off":
        return
    attach(task)
    hidden = hiding_class(task)
    if hidden is None and is_attached(task):
        _start_in_worker(task)
        return
    text = f"task `{task.task_id}`: `{(hidden or type(task)).__name__}` hides the hook that guards it"
    if ENFORCEMENT == "enforce":
        raise _violation(text)
    log.warning("%s; with `[xborder] enforcement = enforce` its DAG would not be loaded", text)


def attach(task: Any) -> None:
    """Put the guard before and after a task's own hooks; a task that has it already keeps it."""
    if _is_mapped(task):
        kwargs = task.partial_kwargs
        kwargs["pre_execute"] = _wrapped(kwargs.get("pre_execute"), PreExecute)
        kwargs["post_execute"] = _wrapped(kwargs.get("post_execute"), PostExecute)
    else:
        task._pre_execute_hook = _wrapped(task._pre_execute_hook, PreExecute)
        task._post_execute_hook = _wrapped(task._post_execute_hook, PostExecute)


def is_attached(task: Any) -> bool:
    """Tell whether the guard will run with a task."""
    if _is_mapped(task):
        hooks = [task.partial_kwargs.get("pre_execute"), task.partial_kwargs.get("post_execute")]
    else:
        hooks = [getattr(task, name, None) for name in _ATTRIBUTES]
    return type(hooks[0]) is PreExecute and type(hooks[1]) is PostExecute


def hiding_class(task: Any) -> type | None:
    """Return the class of a task's operator that could hide the guard from Airflow, if there is one."""
    from airflow.sdk.bases.operator import BaseOperator

    operator = task.operator_class if _is_mapped(task) else type(task)
    foreign = [cls for cls in operator.__mro__ if not issubclass(BaseOperator, cls)]
    return next((cls for cls in foreign if _HIDING & vars(cls).keys()), None)


def _wrapped(author: Callable[..., Any] | None, kind: type[Any]) -> Any:
    return author if type(author) is kind else kind(author)


def _is_mapped(task: Any) -> bool:
    from airflow.sdk.definitions.mappedoperator import MappedOperator

    return isinstance(task, MappedOperator)


def _start_in_worker(task: Any) -> None:
    """Make a task begin in a worker: begun from its trigger, it would have moved data before anything guards it."""
    if ENFORCEMENT != "enforce" or not getattr(task, "start_from_trigger", False):
        return
    task.start_from_trigger = False
    if task.start_from_trigger:
        raise _violation(f"task `{task.task_id}` starts from its trigger, where nothing guards it")


def _violation(text: str) -> Exception:
    from airflow.exceptions import AirflowClusterPolicyViolation

    return AirflowClusterPolicyViolation(text)
