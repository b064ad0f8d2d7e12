# SPDX-License-Identifier: Apache-2.0
"""Which movements an access is: asked here of a recorder, in the order in which the gate would hear them."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from airflow_xborder.core.catalog import Catalog
from airflow_xborder.hooks import access
from airflow_xborder.services.scopes import open_scope, stores_read
from tests.deployment import CATALOG, Deployment

EU, US = "postgres://pg-eu:5432/appdb", "postgres://pg-us:5432/appdb"
PEOPLE, PATIENTS = f"{EU}.public.people", f"{EU}.public.patients"
COPY = f"{US}.public.people"


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str | None, str | None]]]:
    """Return the movements that are asked about, all allowed."""
    data = deepcopy(CATALOG)
    data["datasets"].append({"match": COPY, "categories": {"email": "personal_data.contact.email"}})
    movements: list[tuple[str | None, str | None]] = []
    monkeypatch.setattr(access.runtime, "catalog", lambda: Catalog(data))
    monkeypatch.setattr(access, "require_worker_region", lambda: "eu")
    monkeypatch.setattr(
        access, "require_movement", lambda entry: movements.append((entry.source, entry.destination))
    )
    access.forget_accesses()
    yield movements
    access.forget_accesses()


def make_scope(*stores: str) -> Any:
    return open_scope(Deployment().decide().decision, frozenset(stores))


class TestUnits:
    @pytest.mark.parametrize(
        ("uri", "units"),
        [
            pytest.param(PEOPLE, (PEOPLE,), id="a-described-object"),
            pytest.param(EU, (PEOPLE, PATIENTS), id="a-store-is-all-that-is-in-it"),
            pytest.param("s3://dark", ("s3://dark",), id="a-store-of-which-nothing-is-known"),
            pytest.param(f"{EU}.public.other", (EU,), id="an-object-that-nobody-described"),
            pytest.param("s3://elsewhere/x", ("s3://elsewhere/x",), id="a-store-that-nobody-has"),
        ],
    )
    def test_what_an_access_is_about(self, uri: str, units: tuple[str, ...]) -> None:
        assert access.units(access.runtime.catalog(), uri) == units

    def test_a_pattern_stands_for_the_object_that_may_name_a_person(self) -> None:
        catalog = Catalog(
            {
                **deepcopy(CATALOG),
                "stores": {"s3://b": {"region": "eu"}},
                "datasets": [{"match": "s3://b/users/*", "categories": {"x": "personal_data"}}],
            }
        )
        assert access.units(catalog, "s3://b/users/ada.json") == ("s3://b/users/*",)
        assert access.units(catalog, "s3://b") == ("s3://b/users/*",)


class TestReading:
    def test_each_data_set_goes_to_this_worker(self, asked: list[Any]) -> None:
        access.require_read(EU)
        assert asked == [(PEOPLE, None), (PATIENTS, None)]
        assert stores_read() == (PEOPLE, PATIENTS)

    def test_a_read_that_is_refused_is_not_remembered(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(_: Any) -> None:
            raise PermissionError

        monkeypatch.setattr(access, "require_movement", refuse)
        with pytest.raises(PermissionError):
            access.require_read(PEOPLE)
        assert stores_read() == ()

    def test_in_a_scope_it_only_counts(self, asked: list[Any]) -> None:
        with make_scope(PEOPLE) as scope:
            access.require_read(PEOPLE)
        assert (asked, scope.touched, stores_read()) == ([], {PEOPLE: 1}, (PEOPLE,))

    def test_what_a_scope_does_not_have_is_asked_about(self, asked: list[Any]) -> None:
        with make_scope(PEOPLE):
            access.require_read(EU)
        assert asked == [(PATIENTS, None)]


class TestWriting:
    def test_all_that_was_read_goes_there(self, asked: list[Any]) -> None:
        access.require_read(EU)
        asked.clear()
        access.require_write(COPY)
        assert asked == [(PEOPLE, COPY), (PATIENTS, COPY)]

    def test_what_returns_to_its_store_crosses_nothing(self, asked: list[Any]) -> None:
        access.require_read(PEOPLE)
        asked.clear()
        access.require_write(PATIENTS)
        assert asked == []

    def test_what_was_made_here_is_what_the_place_next_door_says(self, asked: list[Any]) -> None:
        access.require_write(PEOPLE)
        assert asked == [(PEOPLE, PEOPLE)]

    def test_what_was_made_here_is_unknown_across_a_border(self, asked: list[Any]) -> None:
        access.require_write(COPY)
        assert asked == [(None, COPY)]

    def test_a_look_is_no_content_that_could_have_become_it(self, asked: list[Any]) -> None:
        access.require_read(COPY, content=False)
        access.require_write(COPY)
        assert asked == [(COPY, None), (None, COPY)]


class TestConnections:
    def test_one_is_a_read_and_a_write_of_everything(self, asked: list[Any]) -> None:
        access.require_read(PEOPLE)
        access.require_connection_to(US)
        assert asked == [(PEOPLE, None), (PEOPLE, COPY), (COPY, None)]

    def test_what_is_read_later_may_leave_through_it(self, asked: list[Any]) -> None:
        access.require_connection_to(US)
        asked.clear()
        access.require_read(PEOPLE)
        assert asked == [(PEOPLE, None), (PEOPLE, COPY)]

    def test_one_that_a_scope_covers_is_a_way_out_too(self, asked: list[Any]) -> None:
        with make_scope(COPY):
            access.require_connection_to(US)
        assert asked == []
        access.require_read(PATIENTS)
        assert asked == [(PATIENTS, None), (PATIENTS, COPY)]


class TestScopes:
    """A scope is about its own movement, and what else this process has read is none of it."""

    def test_what_was_read_outside_may_not_leave_through_it(self, asked: list[Any]) -> None:
        access.require_read(PATIENTS)
        asked.clear()
        with make_scope(PEOPLE, COPY):
            access.require_read(PEOPLE)
            access.require_write(COPY)
        assert asked == [(PATIENTS, COPY)]

    def test_nor_through_a_connection_that_it_covers(self, asked: list[Any]) -> None:
        access.require_read(PATIENTS)
        asked.clear()
        with make_scope(PEOPLE, COPY):
            access.require_connection_to(US)
        assert asked == [(PATIENTS, COPY)]

    def test_what_is_read_in_it_may_not_leave_another_way(self, asked: list[Any]) -> None:
        access.require_connection_to(US)
        asked.clear()
        with make_scope(PEOPLE):
            access.require_read(PEOPLE)
        assert asked == [(PEOPLE, COPY)]

    def test_its_own_movement_is_not_asked_about_again(self, asked: list[Any]) -> None:
        with make_scope(PEOPLE, COPY):
            access.require_read(PEOPLE)
            access.require_connection_to(US)
            access.require_write(COPY)
        assert asked == []


class TestCopies:
    def test_one_is_a_flow_from_store_to_store(self, asked: list[Any]) -> None:
        access.require_copy(PEOPLE, COPY)
        assert asked == [(PEOPLE, COPY)]
        assert stores_read() == ()

    def test_a_scope_of_one_end_is_not_enough(self, asked: list[Any]) -> None:
        with make_scope(PEOPLE):
            access.require_copy(PEOPLE, COPY)
        with make_scope(PEOPLE, COPY):
            access.require_copy(PEOPLE, COPY)
        assert asked == [(PEOPLE, COPY)]


@pytest.mark.parametrize(
    ("writes", "movement"), [(False, (PEOPLE, "link:anybody")), (True, ("link:anybody", PEOPLE))]
)
def test_a_link_is_a_flow_from_or_to_nobody_knows_where(
    asked: list[Any], writes: bool, movement: tuple[str, str]
) -> None:
    access.require_link(PEOPLE, writes=writes)
    assert asked == [movement]


def test_a_store_that_a_wide_row_describes_is_still_all_that_is_in_it() -> None:
    rows = [{"match": match, "categories": {}} for match in ("s3://b/*", "s3://b/users/*")]
    catalog = Catalog({**deepcopy(CATALOG), "stores": {"s3://b": {"region": "eu"}}, "datasets": rows})
    assert access.units(catalog, "s3://b") == ("s3://b/*", "s3://b/users/*")
    assert access.units(catalog, "s3://b/readme") == ("s3://b/*",)
