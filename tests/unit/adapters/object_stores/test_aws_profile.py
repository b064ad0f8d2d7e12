# SPDX-License-Identifier: Apache-2.0
import builtins

import pytest

from airflow_xborder.adapters.object_stores.aws_profile import profile_credentials
from airflow_xborder.errors import ConfigurationError, MissingDependencyError


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    """An AWS configuration with one profile that has keys and one that has none."""
    credentials, config = tmp_path / "credentials", tmp_path / "config"
    credentials.write_text(
        "[auditor]\naws_access_key_id = a\naws_secret_access_key = b\naws_session_token = c\n"
    )
    config.write_text("[profile empty]\nregion = eu-central-1\n")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("BOTO_CONFIG", str(tmp_path / "none"))


def test_the_keys_of_the_profile_are_given_with_a_time_to_ask_again():
    given = profile_credentials("auditor")()
    assert (given["access_key_id"], given["secret_access_key"], given["token"]) == ("a", "b", "c")
    assert given["expires_at"].utcoffset() is not None


def test_a_profile_that_is_not_there_is_named():
    with pytest.raises(ConfigurationError, match="the AWS profile `nobody` cannot be used"):
        profile_credentials("nobody")


def test_a_profile_without_credentials_is_named():
    with pytest.raises(ConfigurationError, match="the AWS profile `empty` gives no credentials"):
        profile_credentials("empty")


def test_without_botocore_a_person_is_told(monkeypatch):
    real = builtins.__import__

    def missing(name, *arguments, **options):
        if name.startswith("botocore"):
            raise ImportError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(MissingDependencyError, match="needs the package `botocore`"):
        profile_credentials("auditor")
