# SPDX-License-Identifier: Apache-2.0
"""The library that evaluates Rego in this process: policies and JSON in, JSON out, every failure ours and one line.

It goes by JSON alone: a Python ``False`` given as an object has been taken for a number by others of its family, and
a number is truthy in Rego. What it makes must stay on the thread that made it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_xborder.adapters.engines.company_policy import UNDEFINED
from airflow_xborder.errors import ConfigurationError, EngineUnavailableError, MissingDependencyError

if TYPE_CHECKING:
    import regorus

NO_RULE = "not a valid rule path"
_UNDEFINED = '"<undefined>"'
# The library has these and does not do what they are for: it quietly gives no value, or always the same. Under a `not`
# that would allow.
_HOLLOW = re.compile(r"\b(http\s*\.\s*send|net\s*\.\s*lookup_ip_addr|opa\s*\.\s*runtime|rand\s*\.\s*intn)\b")


@dataclass(frozen=True, slots=True)
class Sources:
    """The texts of a policy, by the names of their files, and the syntax that they are in."""

    texts: tuple[tuple[str, str], ...]
    old_syntax: bool = False

    @property
    def digest(self) -> str:
        """What tells this policy from others: SHA-256, shortened; where its files lie does not matter."""
        texts = [[Path(name).name, text] for name, text in self.texts]
        return hashlib.sha256(json.dumps([texts, self.old_syntax]).encode()).hexdigest()[:16]

    def load(self) -> Evaluator:
        """Return an evaluator for this thread.

        :raises MissingDependencyError: without the extra.
        :raises ConfigurationError: for a text that the library cannot parse.
        """
        return Evaluator(self)


class Evaluator:
    """A loaded policy, for one thread."""

    def __init__(self, sources: Sources) -> None:
        try:
            import regorus
        except ImportError as error:
            raise MissingDependencyError(
                "the Rego engine needs an extra that is not installed",
                hint="pip install 'airflow-provider-xborder[rego]'",
            ) from error
        self._engine = regorus.Engine()
        self._engine.set_rego_v0(sources.old_syntax)
        for name, text in sources.texts:
            _add(self._engine, name, text, old_syntax=sources.old_syntax)

    @property
    def packages(self) -> list[str]:
        """The packages of the policy, as ``data.crossborder``."""
        return sorted(self._engine.get_packages())

    def value(self, rule: str, asked: Mapping[str, Any]) -> object:
        """Return the value of a rule, such as ``data.crossborder.allow``, for an input; ``UNDEFINED`` if it has none.

        :raises EngineUnavailableError: if evaluating it fails.
        """
        with _failures():
            self._engine.set_input_json(json.dumps(asked, allow_nan=False))
            text = self._engine.eval_rule_as_json(rule)
        # A rule whose value is this very text is no Boolean either.
        if text == _UNDEFINED:
            return UNDEFINED
        try:
            return json.loads(text)
        except (ValueError, TypeError, RecursionError) as error:
            raise EngineUnavailableError(f"Rego's answer at `{rule}` is no JSON") from error


def read_sources(paths: Sequence[str | Path], *, old_syntax: bool = False) -> Sources:
    """Read files, and folders of them, without tests; the same files are always the same policy.

    :raises ConfigurationError: if one cannot be read or calls what the library cannot do, or none is Rego.
    """
    files: dict[Path, None] = {}
    for path in map(Path, paths):
        inside = [*sorted(path.rglob("*.rego")), *sorted(path.rglob("*.json"))] if path.is_dir() else [path]
        files.update(dict.fromkeys(entry for entry in inside if not entry.name.endswith("_test.rego")))
    if not any(file.suffix == ".rego" for file in files):
        raise ConfigurationError(
            f"no Rego policy at `{', '.join(map(str, paths))}`", hint="name a .rego file or a folder of them"
        )
    texts = tuple((str(file), _text(file)) for file in files)
    for name, text in texts:
        if name.endswith(".rego") and (call := _HOLLOW.search(text)):
            raise ConfigurationError(
                f"`{name}` calls `{call[0]}`, which the embedded Rego cannot",
                hint="ask an OPA server instead",
            )
    return Sources(texts, old_syntax)


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise ConfigurationError(f"cannot read the Rego policy `{file}`: {why}") from error


def _add(engine: regorus.Engine, name: str, text: str, *, old_syntax: bool) -> None:
    try:
        with _failures():
            if name.endswith(".json"):
                engine.add_data_json(text)
            else:
                engine.add_policy(name, text)
    except EngineUnavailableError as error:
        hint = None if old_syntax else "for the syntax from before OPA 1.0, write rego-v0: instead of rego:"
        raise ConfigurationError(f"`{name}` cannot be used: {error.message}", hint=hint) from error


@contextmanager
def _failures() -> Iterator[None]:
    """Raise ours for whatever the library raises; its texts can be pages long, with a stack of its own."""
    try:
        yield
    except (RuntimeError, ValueError, TypeError) as error:
        raise EngineUnavailableError(f"Rego cannot evaluate the policy: {_gist(error)}") from error
    except BaseException as error:  # a panic of the library is no Exception
        if type(error).__module__ != "pyo3_runtime":
            raise
        raise EngineUnavailableError(f"Rego failed: {_gist(error)}") from error


def _gist(error: BaseException) -> str:
    lines = str(error).partition("Stack backtrace:")[0].splitlines()
    where = next((line.strip(" ->") for line in lines if line.startswith("-->")), "")
    what = next((line for line in lines if line.startswith("error: ")), "") or " ".join(lines)
    return ": ".join(filter(None, (where, what.removeprefix("error: ").strip())))
