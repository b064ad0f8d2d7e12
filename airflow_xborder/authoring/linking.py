# SPDX-License-Identifier: Apache-2.0
"""What must hold between packs: ids are unique, what is named is there, and nothing runs in a circle.

A rule may name rules of packs that are not loaded where that changes no answer until they are (``conflicts``,
``displaces``, ``derogable_by``): those of a shipped pack, and those that its pack ``expects``. What rows and versions
say about the same days is in ``overlaps.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Any

from airflow_xborder.authoring.checking import alternatives
from airflow_xborder.authoring.overlaps import Problem, overlapping
from airflow_xborder.authoring.shipped import regime_of, shipped_ids, shipped_names
from airflow_xborder.authoring.source import Document
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.legal_orders import LegalOrders
from airflow_xborder.core.requirement import Level
from airflow_xborder.core.vocabulary import suggest
from airflow_xborder.errors import PolicyValidationError

Packs = list[Mapping[str, Any]]
_LEVELS = frozenset(level.value for level in Level)
# What may name a rule that is not loaded.
_OPEN = ("conflicts", "displaces", "derogable_by")
_CIRCLES = {"dependencies": "dependencies run", "displaces": "rules displace each other"}


def link(documents: Iterable[Mapping[str, Any]], sources: Iterable[Document] = ()) -> Policies:
    """Put packs together.

    :param sources: the documents with their positions, in the same order, for messages.
    :raises PolicyValidationError: for the first thing that does not fit together.
    """
    linker = _Linker(list(documents), list(sources))
    linker.check()
    return linker.policies


class _Linker:
    """The packs that are put together, and what they give names to."""

    def __init__(self, documents: Packs, sources: list[Document]) -> None:
        self.documents = documents
        self.policies = Policies(documents)
        self._sources = sources
        self._owners: dict[str, str] = {}
        self._kinds: dict[str, str] = {}

    def check(self) -> None:
        """Raise the first problem, at its place."""
        checks = (self._names, self._regimes, self._references, self._circles, self._attributes, self._orders)
        for find in checks:
            for problem in find():
                self._raise(problem)
        for problem in overlapping(self.documents, self.policies):
            self._raise(problem)

    def _raise(self, problem: Problem) -> None:
        error = PolicyValidationError(problem.message, hint=problem.hint, path=problem.path)
        raise self._sources[problem.document].locate(error) if self._sources else error

    def _names(self) -> Iterator[Problem]:
        packs: set[str] = set()
        for number, document in enumerate(self.documents):
            if document["pack"] in packs:
                message = f"two packs have the id `{document['pack']}`"
                yield Problem(number, ("pack",), message, "a pack is loaded once")
            packs.add(str(document["pack"]))
            for path, kind, name in _ids(document):
                if name in self._owners:
                    message = f"`{name}` is there already, in `{self._owners[name]}`"
                    yield Problem(number, path, message, "ids are unique")
                self._owners[name], self._kinds[name] = str(document["pack"]), kind

    def _regimes(self) -> Iterator[Problem]:
        """An id that begins like another regime's is taken for that regime's by whoever reads a decision."""
        regimes = {*shipped_ids(), *(str(document["pack"]) for document in self.documents)}
        for number, document in enumerate(self.documents):
            for path, _, name in _ids(document):
                owner = regime_of(name, regimes)
                if owner not in (None, document["pack"]):
                    hint = f"begin it with `{document['pack']}.` or a name of your own"
                    yield Problem(number, path, f"`{name}` looks like an id of `{owner}`", hint)

    @cached_property
    def _elsewhere(self) -> frozenset[str]:
        """The rules of shipped packs that are not loaded."""
        loaded = {document["pack"] for document in self.documents}
        return frozenset[str]().union(
            *(names.rules for pack, names in shipped_names().items() if pack not in loaded)
        )

    def _references(self) -> Iterator[Problem]:
        for number, document in enumerate(self.documents):
            for index, row in enumerate(document.get("requirements") or ()):
                for key in ("dependencies", "supersedes", *_OPEN):
                    for position, name in enumerate(row.get(key) or ()):
                        path = ("requirements", index, key, position)
                        if problem := self._reference(document, row, path, str(name)):
                            yield Problem(number, path, *problem)
            for index, row in enumerate(document.get("designations") or ()):
                if row.get("suspends") and self._kinds.get(row["suspends"]) != "designation":
                    rows = {name for name, kind in self._kinds.items() if kind == "designation"}
                    message = f"`suspends` names unknown `{row['suspends']}`"
                    hint = suggest(row["suspends"], rows) or "it names a designation"
                    yield Problem(number, ("designations", index, "suspends"), message, hint)

    def _reference(
        self, document: Mapping[str, Any], row: Mapping[str, Any], path: tuple[Any, ...], name: str
    ) -> tuple[str, str | None] | None:
        key, own = path[2], str(document["pack"])
        rules = {rule for rule, kind in self._kinds.items() if kind == "requirement"}
        if name == row["requirement_id"] and key != "dependencies":
            return f"`{key}` names the rule itself", None
        if key == "supersedes" and name in rules and self._owners[name] != own:
            message = f"`supersedes` names `{name}`, a rule of `{self._owners[name]}`"
            return message, "a rule replaces rules of its own pack; see `displaces` and `conflicts`"
        if key == "displaces" and name in rules:
            return self._displaced(row, name)
        if name in rules or (key == "derogable_by" and name in _LEVELS):
            return None
        if key not in _OPEN:
            where = "; its pack is not loaded" if name in self._elsewhere else ""
            return f"`{key}` names unknown `{name}`{where}", suggest(name, rules)
        known = {*rules, *self._elsewhere, *(document.get("expects") or ())}
        if name in known:
            return None
        if key == "derogable_by":
            known |= _LEVELS
        hint = suggest(name, known) or "announce a rule of a pack to come under `expects`"
        return f"`{key}` names unknown `{name}`", hint

    @cached_property
    def _legal_orders(self) -> LegalOrders:
        return LegalOrders(order for head in self.policies.heads for order in head.legal_orders)

    @cached_property
    def _jurisdictions(self) -> Mapping[str, str]:
        return {
            str(row["requirement_id"]): str(row["jurisdiction"])
            for document in self.documents
            for row in document.get("requirements") or ()
        }

    def _displaced(self, row: Mapping[str, Any], name: str) -> tuple[str, str | None] | None:
        here, there = str(row["jurisdiction"]), self._jurisdictions[name]
        if self._legal_orders.same(here, there):
            return None
        orders = self._legal_orders.of(there).id, self._legal_orders.of(here).id
        message = f"`displaces` names `{name}` of the legal order `{orders[0]}`, which no rule of `{orders[1]}` displaces"
        return message, "between legal orders a person decides: name it under `conflicts`"

    def _circles(self) -> Iterator[Problem]:
        for key in _CIRCLES:
            circle = _circle(self.documents, key)
            if circle:
                yield from self._at_rule(circle, key)

    def _at_rule(self, circle: list[str], key: str) -> Iterator[Problem]:
        message = f"{_CIRCLES[key]} in a circle: {' -> '.join(circle)}"
        for number, document in enumerate(self.documents):
            for index, row in enumerate(document.get("requirements") or ()):
                if row["requirement_id"] == circle[0]:
                    position = list(row[key]).index(circle[1])
                    path = ("requirements", index, key, position)
                    yield Problem(number, path, message, "leave out one of them")

    def _attributes(self) -> Iterator[Problem]:
        declared: dict[str, tuple[str, Mapping[str, Any]]] = {}
        for number, document in enumerate(self.documents):
            for name, row in (document.get("attributes") or {}).items():
                meaning = {"type": row["type"], "values": sorted(row.get("values") or ())}
                pack, first = declared.setdefault(name, (str(document["pack"]), meaning))
                if first != meaning:
                    message = f"attribute `{name}` is declared with another type or other values in `{pack}`"
                    yield Problem(number, ("attributes", name), message, "one fact has one meaning")

    def _orders(self) -> Iterator[Problem]:
        found: dict[str, str] = {}
        for number, document in enumerate(self.documents):
            head = self.policies.pack(str(document["pack"]))
            for index, order in enumerate(head.legal_orders):
                for member in sorted(order.members):
                    if found.setdefault(member, order.id) != order.id:
                        message = f"`{member}` belongs to the legal orders `{found[member]}` and `{order.id}`"
                        yield Problem(number, ("legal_orders", index, "members"), message, "to one at most")


def _ids(document: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    for number, row in enumerate(document.get("requirements") or ()):
        yield ("requirements", number, "requirement_id"), "requirement", str(row["requirement_id"])
    for path, row in alternatives(document):
        if row.get("id"):
            yield (*path, "id"), "alternative", str(row["id"])
    for number, row in enumerate(document.get("designations") or ()):
        yield ("designations", number, "id"), "designation", str(row["id"])


def _circle(documents: Packs, key: str) -> list[str] | None:
    rows = (row for document in documents for row in document.get("requirements") or ())
    needs = {str(row["requirement_id"]): tuple(row.get(key) or ()) for row in rows}
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return None
