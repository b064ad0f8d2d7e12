# SPDX-License-Identifier: Apache-2.0
"""Where a store really is: asked of the store itself, compared with the catalog, remembered for this process.

A bucket tells its region. A database tells it by a setting that only its owner can make
(``ALTER DATABASE appdb SET xborder.region = 'eu'``), which is read from the system catalogue, since a session could
set the same name for itself. Both tell the time: a worker and a store that disagree by more than five minutes would
disagree about which law is in force.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from airflow_xborder.errors import (
    ConfigurationError,
    EvaluationError,
    RegionMismatchError,
    StoreUnavailableError,
)
from airflow_xborder.hooks.asking import now
from airflow_xborder.hooks.regions import Target

MAX_SKEW = timedelta(minutes=5)
SETTING = "xborder.region"

_DATABASE = """
    select pg_catalog.current_database(), pg_catalog.clock_timestamp(), (
        select pg_catalog.split_part(entry, '=', 2)
          from pg_catalog.pg_db_role_setting s
          join pg_catalog.pg_database d on d.oid operator(pg_catalog.=) s.setdatabase,
               pg_catalog.unnest(s.setconfig) entry
         where d.datname operator(pg_catalog.=) pg_catalog.current_database()
           and s.setrole operator(pg_catalog.=) 0
           and pg_catalog.lower(pg_catalog.split_part(entry, '=', 1)) operator(pg_catalog.=) 'xborder.region')
"""
_LOCK = threading.Lock()
_checked: set[Target] = set()


def forget_places() -> None:
    """Start anew, as a new process would."""
    with _LOCK:
        _checked.clear()


def is_checked(target: Target) -> bool:
    """Tell whether this process has found a store where the catalog has it."""
    with _LOCK:
        return target in _checked


def require_database_place(target: Target, connection: Any, name: str) -> None:
    """Raise unless an open connection leads to the database that the catalog means.

    :param name: the database's name.
    :raises RegionMismatchError: if it is another database, or says that it is in another region.
    :raises ConfigurationError: if it does not say where it is.
    :raises EvaluationError: if its clock and ours disagree.
    """
    from psycopg.rows import tuple_row

    with connection.cursor(row_factory=tuple_row) as cursor:
        cursor.execute(_DATABASE)
        database, moment, marker = cursor.fetchone()
    connection.rollback()
    if database != name:
        raise RegionMismatchError(
            f"`{target.store}` is the database `{database}`", hint="a pooler may lead elsewhere"
        )
    if marker is None:
        raise ConfigurationError(
            f"`{target.store}` does not say where it is",
            hint=f"its owner runs: ALTER DATABASE \"{name}\" SET {SETTING} = '{target.region}'",
        )
    if marker != target.region:
        raise RegionMismatchError(
            f"`{target.store}` is in `{marker}`, and the catalog has it in `{target.region}`",
            hint="correct the catalog, or the database's setting if it did not move",
        )
    _accept(target, moment)


def require_bucket_place(target: Target, client: Any) -> None:
    """Raise unless a bucket is in the cloud region that the catalog says.

    :raises RegionMismatchError: if it is elsewhere.
    :raises ConfigurationError: if the catalog does not say, or the bucket is not there or does not tell us.
    :raises StoreUnavailableError: if the endpoint does not answer.
    """
    bucket = target.store.removeprefix("s3://")
    if target.cloud is None:
        raise ConfigurationError(
            f"the region `{target.region}` has no `cloud`, so nobody can compare where `{target.store}` is",
            hint="name the cloud region in the catalog, such as `aws:eu-central-1`",
        )
    place, moment = _ask_bucket(client, bucket)
    if f"aws:{place}" != target.cloud:
        raise RegionMismatchError(
            f"the bucket `{bucket}` is in `aws:{place}`, and the catalog has it in `{target.cloud}`",
            hint="correct the catalog, or move the data to a bucket of the right region",
        )
    _accept(target, moment)


def _ask_bucket(client: Any, bucket: str) -> tuple[str, datetime | None]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer = client.get_bucket_location(Bucket=bucket)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code")
        if code in ("NoSuchBucket", "404"):
            raise ConfigurationError(
                f"there is no bucket `{bucket}`", hint="create it or correct the catalog"
            ) from error
        if code in ("AccessDenied", "AllAccessDisabled", "403"):
            raise ConfigurationError(
                f"the bucket `{bucket}` does not tell where it is", hint="grant s3:GetBucketLocation"
            ) from error
        raise StoreUnavailableError(f"the bucket `{bucket}` cannot be asked where it is: {code}") from error
    except BotoCoreError as error:
        raise StoreUnavailableError(f"the bucket `{bucket}` cannot be asked where it is: {error}") from error
    # S3 API reference, GetBucketLocation: the oldest region has no name, and the second oldest an old one.
    place = {None: "us-east-1", "": "us-east-1", "EU": "eu-west-1"}.get(
        answer.get("LocationConstraint"), answer.get("LocationConstraint")
    )
    date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    return str(place), parsedate_to_datetime(date) if date else None


def _accept(target: Target, moment: datetime | None) -> None:
    if moment is not None and abs(moment - now()) > MAX_SKEW:
        raise EvaluationError(
            f"the clocks of `{target.store}` and of this worker are {abs(moment - now())} apart",
            hint="synchronise them; which law is in force is a matter of time",
        )
    with _LOCK:
        _checked.add(target)
