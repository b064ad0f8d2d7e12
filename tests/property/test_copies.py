# SPDX-License-Identifier: Apache-2.0
"""Whatever the rows, the consents and the obligations: what lands is what may, and nothing else."""

from datetime import datetime, timedelta, timezone

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_xborder.core.decision import Obligation
from tests.copies import FILTER, Pair, pseudonym

pytestmark = pytest.mark.integration

NOW = datetime.now(timezone.utc)
CATEGORIES = {
    "id": "personal_data.account",
    "email": "personal_data.contact.email",
    "diagnosis": "personal_data.sensitive.health",
    "score": "non_personal",
}
TERMS = ["personal_data", "personal_data.contact", "personal_data.sensitive", "personal_data.account"]

texts = st.none() | st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=6)
rows = st.lists(st.tuples(st.integers(1, 4) | st.none(), texts, texts, texts), max_size=6)
hours = st.integers(-48, 48).filter(bool)
consents = st.lists(
    st.tuples(st.integers(1, 4), st.sampled_from(["ml_inference", "marketing"]), hours, st.none() | hours),
    max_size=6,
)


@pytest.fixture(scope="module")
def pair(postgres_servers):
    pair = Pair(postgres_servers)
    pair.run("eu", "CREATE TABLE users (id int, email text, diagnosis text, score text)")
    pair.run(
        "eu",
        "CREATE TABLE consents (subject_id int, purpose text, granted_at timestamptz, withdrawn_at timestamptz)",
    )
    yield pair
    pair.close()


def fill(pair, table, entries):
    with pair.eu.transaction():
        pair.eu.execute(f"TRUNCATE {table}")
        if entries:
            marks = ", ".join(["%s"] * len(entries[0]))
            pair.eu.cursor().executemany(f"INSERT INTO {table} VALUES ({marks})", entries)


def is_kind(category, term):
    return category == term or category.startswith(term + ".")


def expected(rows, consents, is_filtered, dropped, hidden):
    told = [entry for entry in consents if entry[1] == "ml_inference"]
    left = [
        (subject, withdrawn) for subject, _, _, withdrawn in told if withdrawn is not None and withdrawn < 0
    ]
    current = {
        subject
        for subject, _, granted, withdrawn in told
        if granted < 0
        and (withdrawn is None or withdrawn > 0)
        and not any(who == subject and since >= granted for who, since in left)
    }
    for row in rows:
        if is_filtered and row[0] not in current:
            continue
        landed = {}
        for (name, category), value in zip(CATEGORIES.items(), row, strict=True):
            if any(is_kind(category, term) for term in dropped):
                continue
            hide = value is not None and any(is_kind(category, term) for term in hidden)
            landed[name] = pseudonym(str(value)) if hide else value
        yield tuple(landed.items())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=rows,
    consents=consents,
    is_filtered=st.booleans(),
    dropped=st.lists(st.sampled_from(TERMS), max_size=2, unique=True),
    hidden=st.lists(st.sampled_from(TERMS), max_size=2, unique=True),
)
def test_no_row_without_consent_and_no_dropped_category_ever_lands(
    pair, rows, consents, is_filtered, dropped, hidden
):
    fill(pair, "users", rows)
    at = [
        (who, what, NOW + timedelta(hours=a), b and NOW + timedelta(hours=b)) for who, what, a, b in consents
    ]
    fill(pair, "consents", at)
    pair.run("us", "DROP TABLE IF EXISTS users, xborder_transfers")
    obligations = [FILTER] if is_filtered else []
    obligations += [Obligation("minimise_columns", (("drop", " ".join(dropped)),))] if dropped else []
    obligations += [Obligation("pseudonymise", (("categories", " ".join(hidden)),))] if hidden else []
    result = pair.copy(made=pair.plan(*obligations))
    with psycopg.connect(pair.urls["us"]) as connection:
        cursor = connection.execute("SELECT * FROM users")
        names = [column.name for column in cursor.description]
        landed = [tuple(zip(names, row, strict=True)) for row in cursor]
    wanted = list(expected(rows, consents, is_filtered, dropped, hidden))
    assert sorted(map(repr, landed)) == sorted(map(repr, wanted))
    assert (result.rows_read, result.landed.rows) == (len(rows), len(wanted))
