# SPDX-License-Identifier: Apache-2.0
"""The people of the demo: one table of real measurements, one large invented one, and what they agreed to.

``patients`` holds the Wisconsin diagnostic breast-cancer measurements that scikit-learn ships (569 real tumours),
under generated patient ids. ``people`` is invented throughout, and shows it: the names are made of fruit and
weather, the addresses end in ``example.org``. ``consents`` says who agreed to what, and when it was withdrawn;
about four in five agreements stand. The same seed gives the same rows on every Python: only
``random.Random.random`` is used, whose sequence is guaranteed.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, TypeVar

from airflow_xborder.errors import MissingDependencyError

if TYPE_CHECKING:
    import psycopg
    from psycopg.sql import Composed

    Connection = psycopg.Connection[tuple[object, ...]]

PEOPLE = 100_000
CONSENT_PURPOSE = "ml_inference"
_SEED = 20_261_124
_GRANTED = 0.84
_WITHDRAWN = 0.05  # of those granted, so that about 80 % stand
_FIRST_CONSENT = datetime(2025, 1, 1, tzinfo=timezone.utc)
_CONSENT_MINUTES = 600 * 24 * 60

_FIRST_NAMES = (
    "Apple",
    "Cherry",
    "Damson",
    "Elder",
    "Fig",
    "Guava",
    "Hazel",
    "Lime",
    "Mango",
    "Olive",
    "Plum",
)
_LAST_NAMES = ("Breeze", "Drizzle", "Fog", "Frost", "Hail", "Mist", "Monsoon", "Rainbow", "Sleet", "Thunder")
_COUNTRIES = ("DE", "DE", "DE", "FR", "FR", "NL", "ES", "IT", "AT", "IE")

_Item = TypeVar("_Item")
Row = tuple[object, ...]

_PEOPLE_COLUMNS = {
    "person_id": "text PRIMARY KEY",
    "full_name": "text NOT NULL",
    "email": "text NOT NULL",
    "country": "char(2) NOT NULL",
    "birth_year": "smallint NOT NULL",
    "postcode": "text NOT NULL",
    "monthly_spend": "numeric(8, 2) NOT NULL",
    "visits": "integer NOT NULL",
}
_CONSENT_COLUMNS = {
    "subject_id": "text NOT NULL",
    "purpose": "text NOT NULL",
    "granted_at": "timestamptz NOT NULL",
    "withdrawn_at": "timestamptz",
    "PRIMARY KEY": "(subject_id, purpose)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedTable:
    """What was loaded: how many people, and how many of them agreed and still do."""

    rows: int
    consented: int


def make_people(count: int = PEOPLE, *, seed: int = _SEED) -> Iterator[Row]:
    """Yield invented people, in the order of the columns of ``people``."""
    source = random.Random(seed)
    for number in range(count):
        first, last = _pick(source, _FIRST_NAMES), _pick(source, _LAST_NAMES)
        yield (
            f"H-{number:07d}",
            f"{first} {last}",
            f"{first}.{last}.{number}@example.org".lower(),
            _pick(source, _COUNTRIES),
            1935 + int(source.random() * 72),
            f"{int(source.random() * 100_000):05d}",
            f"{source.random() * 900:.2f}",
            int(source.random() * 60),
        )


def make_consents(subjects: Iterable[str], *, seed: int = _SEED) -> Iterator[Row]:
    """Yield consents for model inference; a subject without a row never agreed."""
    source = random.Random(seed + 1)
    for subject in subjects:
        granted, withdrawn, minute, later = (source.random() for _ in range(4))
        if granted >= _GRANTED:
            continue
        at = _FIRST_CONSENT + timedelta(minutes=int(minute * _CONSENT_MINUTES))
        until = at + timedelta(days=1 + int(later * 60)) if withdrawn < _WITHDRAWN else None
        yield subject, CONSENT_PURPOSE, at, until


def make_patients(*, seed: int = _SEED) -> tuple[dict[str, str], list[Row]]:
    """Return the columns and rows of ``patients``: scikit-learn's measurements under generated ids.

    :raises MissingDependencyError: scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_breast_cancer
    except ImportError as error:
        raise MissingDependencyError(
            "the patients' table comes with `scikit-learn`, which is not installed",
            hint="install the extra `demo`",
        ) from error
    table = load_breast_cancer()
    source = random.Random(seed + 2)
    measurements = {str(name).replace(" ", "_"): "double precision NOT NULL" for name in table.feature_names}
    columns = {
        "patient_id": "text PRIMARY KEY",
        "country": "char(2) NOT NULL",
        **measurements,
        "diagnosis": "text NOT NULL",
    }
    rows: list[Row] = [
        (f"P-{number:05d}", _pick(source, _COUNTRIES), *map(float, values), str(table.target_names[target]))
        for number, (values, target) in enumerate(zip(table.data, table.target, strict=True))
    ]
    return columns, rows


def make_model_weights() -> dict[str, float]:
    """Return a logistic model of the diagnosis: a weight for each mean measurement, and the ``intercept``.

    Fitted to scikit-learn's public table, not to any patient; scaling is folded into the weights.

    :raises MissingDependencyError: scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_breast_cancer
        from sklearn.linear_model import LogisticRegression
        from sklearn.preprocessing import StandardScaler
    except ImportError as error:
        raise MissingDependencyError(
            "the model of the demo is made with `scikit-learn`, which is not installed",
            hint="install the extra `demo`",
        ) from error
    table = load_breast_cancer()
    chosen = [index for index, name in enumerate(table.feature_names) if str(name).startswith("mean ")]
    scaler = StandardScaler().fit(table.data[:, chosen])
    model = LogisticRegression().fit(scaler.transform(table.data[:, chosen]), table.target == 0)
    slopes = model.coef_[0] / scaler.scale_
    names = [str(table.feature_names[index]).replace(" ", "_") for index in chosen]
    weights = {name: float(slope) for name, slope in zip(names, slopes, strict=True)}
    return {**weights, "intercept": float(model.intercept_[0] - (slopes * scaler.mean_).sum())}


def load_model(connection: Connection) -> None:
    """Create what the model needs where it runs: ``model_weights``, and an empty ``inference_log``."""
    with connection.transaction():
        connection.execute(
            "CREATE TABLE model_weights (feature text PRIMARY KEY, weight double precision NOT NULL)"
        )
        connection.execute(
            "CREATE TABLE inference_log (patient_id text PRIMARY KEY, predicted text NOT NULL,"
            " probability double precision NOT NULL, model text NOT NULL, predicted_at timestamptz NOT NULL)"
        )
        _copy(connection, "model_weights", list(make_model_weights().items()))


def load_patients(connection: Connection) -> LoadedTable:
    """Create and fill ``patients`` and their rows of ``consents``."""
    columns, rows = make_patients()
    return _load(connection, "patients", columns, rows)


def load_people(connection: Connection, *, count: int = PEOPLE) -> LoadedTable:
    """Create and fill ``people`` and their rows of ``consents``."""
    return _load(connection, "people", _PEOPLE_COLUMNS, list(make_people(count)))


def _load(connection: Connection, table: str, columns: dict[str, str], rows: Sequence[Row]) -> LoadedTable:
    consents = list(make_consents(str(row[0]) for row in rows))
    with connection.transaction():
        connection.execute(_create(table, columns))
        connection.execute(_create("consents", _CONSENT_COLUMNS))
        _copy(connection, table, rows)
        _copy(connection, "consents", consents)
    return LoadedTable(rows=len(rows), consented=sum(row[3] is None for row in consents))


def _create(table: str, columns: dict[str, str]) -> Composed:
    from psycopg import sql

    parts = [
        sql.SQL(" ").join((sql.SQL(name) if name.isupper() else sql.Identifier(name), sql.SQL(kind)))
        for name, kind in columns.items()
    ]
    return sql.SQL("CREATE TABLE IF NOT EXISTS {} ({})").format(
        sql.Identifier(table), sql.SQL(", ").join(parts)
    )


def _copy(connection: Connection, table: str, rows: Iterable[Row]) -> None:
    from psycopg import sql

    with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as copy:
        for row in rows:
            copy.write_row(row)


def _pick(source: random.Random, items: Sequence[_Item]) -> _Item:
    return items[int(source.random() * len(items))]
