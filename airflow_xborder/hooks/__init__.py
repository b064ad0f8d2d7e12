# SPDX-License-Identifier: Apache-2.0
"""Hooks for connection ids that the catalog maps to regions; each is imported when it is first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_xborder.hooks.engines import get_engine
    from airflow_xborder.hooks.postgres import RegionalPostgresHook
    from airflow_xborder.hooks.s3 import RegionalS3Hook

__all__ = ["RegionalPostgresHook", "RegionalS3Hook", "get_engine"]

_MODULES = {"RegionalPostgresHook": "postgres", "RegionalS3Hook": "s3", "get_engine": "engines"}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module `{__name__}` has no `{name}`")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
