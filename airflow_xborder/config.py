# SPDX-License-Identifier: Apache-2.0
"""The ``[xborder]`` section of Airflow's configuration, read in this one place.

Read once a process, when the cluster policy is loaded, so that DAG code, which comes later, cannot change it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from airflow_xborder.errors import ConfigurationError

SECTION = "xborder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options, checked; each is described in ``provider_info.py``."""

    catalog: str | None
    release: str | None
    release_key: str | None
    max_staleness: float
    packs: tuple[str, ...]
    enforcement: str
    on_opaque: str
    on_gap: str
    engines: tuple[str, ...]
    ledger_timeout: float
    trust_dag_claims: bool
    worker_region: str | None
    keys: str | None
    cache: Path


def read_enforcement() -> str:
    """Read what the guard of all tasks does: ``enforce``, ``shadow`` or ``off``.

    :raises ConfigurationError: for anything else.
    """
    return _choice("enforcement", "shadow", ("enforce", "shadow", "off"))


def read_options() -> Options:
    """Read and check all options.

    :raises ConfigurationError: for a value that an option cannot have.
    """
    return Options(
        catalog=_text("catalog"),
        release=_text("release"),
        release_key=_text("release_key"),
        max_staleness=_seconds("max_staleness", "3600", most=604800),
        packs=_words("packs"),
        enforcement=read_enforcement(),
        on_opaque=_choice("on_opaque", "observe", ("observe", "review", "deny")),
        on_gap=_choice("on_gap", "review", ("review", "deny")),
        engines=_words("engines") or ("native",),
        ledger_timeout=_seconds("ledger_timeout", "10"),
        trust_dag_claims=_choice("trust_dag_claims", "false", ("true", "false")) == "true",
        worker_region=_text("worker_region"),
        keys=_text("keys"),
        cache=Path(_text("cache") or _default_cache()).expanduser(),
    )


def _default_cache() -> str:
    return str(Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "xborder")


def _text(name: str) -> str | None:
    # Imported here, since `import airflow` loads our cluster policy, which needs this module whole. Not from the
    # SDK, whose module of this name costs every process 150 ms.
    from airflow.configuration import conf

    value = conf.get(SECTION, name, fallback=None)
    # A value that comes from a command keeps its final newline.
    text = str(value).strip() if value is not None else ""
    return text if text and text != "None" else None


def _words(name: str) -> tuple[str, ...]:
    return tuple((_text(name) or "").replace(",", " ").split())


def _choice(name: str, default: str, known: tuple[str, ...]) -> str:
    value = (_text(name) or default).lower()
    if value not in known:
        raise ConfigurationError(
            f"[{SECTION}] {name}: unknown value `{value}`", hint=f"one of {', '.join(known)}"
        )
    return value


def _seconds(name: str, default: str, most: int = 300) -> float:
    text = _text(name) or default
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= most:
        raise ConfigurationError(
            f"[{SECTION}] {name}: expected seconds above 0 and up to {most}, got `{text}`"
        )
    return value
