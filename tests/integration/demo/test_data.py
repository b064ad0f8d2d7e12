# SPDX-License-Identifier: Apache-2.0
import pytest

from airflow_xborder.demo.data import load_patients, load_people

pytestmark = pytest.mark.integration

STANDING = "SELECT count(*) FROM {} t JOIN consents c ON c.subject_id = t.{} AND c.withdrawn_at IS NULL"


@pytest.fixture
def connection(postgres_servers, request):
    owner = "loader"
    name = f"demo_data_{abs(hash(request.node.name))}"
    address = postgres_servers["eu"].create_database(name, owner=f"{owner}_{name}", password="x")
    import psycopg

    with psycopg.connect(address) as connection:
        yield connection


def test_what_was_loaded_is_what_is_there(connection):
    patients, people = load_patients(connection), load_people(connection, count=5_000)
    for table, key, loaded in (("patients", "patient_id", patients), ("people", "person_id", people)):
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (loaded.rows,)
        assert connection.execute(STANDING.format(table, key)).fetchone() == (loaded.consented,)
        assert 0.75 < loaded.consented / loaded.rows < 0.85


def test_a_failed_load_leaves_nothing(connection):
    load_people(connection, count=10)
    with pytest.raises(Exception, match="duplicate key"):
        load_people(connection, count=20)
    assert connection.execute("SELECT count(*) FROM people").fetchone() == (10,)
