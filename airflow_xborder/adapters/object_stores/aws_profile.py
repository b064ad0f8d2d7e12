# SPDX-License-Identifier: Apache-2.0
"""Credentials of a named AWS profile (``AWS_PROFILE``): files, single sign-on, assumed roles, as botocore reads them.

For people at a command line. Keys in the environment and roles of a machine need none of this.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from airflow_xborder.errors import ConfigurationError, MissingDependencyError

_FRESH = timedelta(minutes=10)


def profile_credentials(profile: str) -> Callable[[], dict[str, object]]:
    """Return a callable that gives the profile's credentials, refreshed when it is called.

    :raises ConfigurationError: there is no such profile, or it gives no credentials.
    :raises MissingDependencyError: botocore is not installed.
    """
    try:
        from botocore.exceptions import BotoCoreError
        from botocore.session import Session
    except ImportError as error:
        raise MissingDependencyError(
            "an AWS profile needs the package `botocore`", hint="pip install boto3, or set AWS_ACCESS_KEY_ID"
        ) from error
    try:
        credentials = Session(profile=profile).get_credentials()
    except BotoCoreError as error:
        raise ConfigurationError(f"the AWS profile `{profile}` cannot be used: {error}") from error
    if credentials is None:
        raise ConfigurationError(f"the AWS profile `{profile}` gives no credentials")

    def provide() -> dict[str, object]:
        frozen = credentials.get_frozen_credentials()
        return {
            "access_key_id": frozen.access_key,
            "secret_access_key": frozen.secret_key,
            "token": frozen.token,
            "expires_at": datetime.now(timezone.utc) + _FRESH,
        }

    return provide
