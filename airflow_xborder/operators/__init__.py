# SPDX-License-Identifier: Apache-2.0
"""Operators that ask the gate; each is imported when it is first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_xborder.operators.gate import ComplianceGateOperator
    from airflow_xborder.operators.transfer import RegionalTransferOperator

__all__ = ["ComplianceGateOperator", "RegionalTransferOperator"]

_MODULES = {"ComplianceGateOperator": "gate", "RegionalTransferOperator": "transfer"}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module `{__name__}` has no `{name}`")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
