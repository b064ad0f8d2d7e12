# SPDX-License-Identifier: Apache-2.0
"""Records behave as the standard frozen dataclasses with slots do."""

from __future__ import annotations

import dataclasses
import pickle
from typing import Any

import pytest

from airflow_xborder.core.flow import DataFlow, Mechanism
from airflow_xborder.core.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A record with a default, a factory and a check."""

    name: str
    size: int = 1
    tags: list[str] = dataclasses.field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("no name")


@dataclass(frozen=True, slots=True)
class Pair:
    """A record that takes its fields in order."""

    left: int
    right: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Longer(Named):
    """A record on top of another."""

    length: int = 7


@dataclasses.dataclass(frozen=True, slots=True)
class Standard:
    """What the standard library makes."""

    left: int
    right: int = 2


def test_defaults_and_factories_fill_what_is_not_given() -> None:
    one, other = Named(name="a"), Named(name="b")
    assert (one.size, one.tags) == (1, [])
    assert one.tags is not other.tags


def test_a_record_cannot_be_changed() -> None:
    record = Named(name="a")
    with pytest.raises(dataclasses.FrozenInstanceError):
        record.name = "b"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del record.name
    assert not hasattr(record, "__dict__")


def test_checks_run() -> None:
    with pytest.raises(ValueError, match="no name"):
        Named(name="")


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: Named(), id="missing"),  # type: ignore[call-arg]
        pytest.param(lambda: Named(name="a", colour=1), id="unknown"),  # type: ignore[call-arg]
        pytest.param(lambda: Named("a"), id="positional-where-named"),  # type: ignore[misc]
        pytest.param(lambda: Pair(1, 2, 3), id="too-many"),  # type: ignore[call-arg]
        pytest.param(lambda: Pair(1, left=1), id="twice"),  # type: ignore[misc]
        pytest.param(lambda: dataclass(frozen=True)(type("X", (), {})), id="without-slots"),
    ],
)
def test_what_the_standard_one_refuses_is_refused(make: Any) -> None:
    with pytest.raises(TypeError):
        make()


def test_equality_hash_and_repr_are_by_value() -> None:
    assert Pair(1) == Pair(1, 2) == Pair(left=1, right=2)
    assert Pair(1) != Pair(2)
    assert Pair(1) != Standard(1)
    assert hash(Pair(1)) == hash(Pair(1)) == hash(Standard(1))
    assert repr(Pair(1)) == repr(Standard(1)).replace("Standard", "Pair")
    assert {Pair(1), Pair(1)} == {Pair(1)}


def test_the_tools_of_dataclasses_work() -> None:
    assert [field.name for field in dataclasses.fields(Longer)] == ["name", "size", "tags", "length"]
    assert dataclasses.replace(Pair(1), right=9) == Pair(1, 9)
    assert dataclasses.is_dataclass(Pair(1))
    assert Longer(name="a", length=3).length == 3


def test_records_survive_pickling() -> None:
    flow = DataFlow.parse({"source": "DE", "destination": "US-VA", "mechanisms": ["scc_eu"]})
    for record in (Named(name="a", tags=["x"]), Pair(4), Longer(name="b"), flow, Mechanism(type="scc_eu")):
        assert pickle.loads(pickle.dumps(record)) == record


def test_patterns_match() -> None:
    match Pair(1, 5):
        case Pair(left=1, right=right):
            assert right == 5
        case _:
            pytest.fail("the pattern did not match")
