# SPDX-License-Identifier: Apache-2.0
import json

import pytest

from airflow_xborder.demo.airflow import AirflowSettings, make_environment


@pytest.fixture
def settings(tmp_path):
    return AirflowSettings(
        home=tmp_path / "home",
        bundles={"first": tmp_path / "a", "second": tmp_path / "b"},
        connections={"pg_eu": "postgres://u:p@127.0.0.1:1/appdb"},
        options={"catalog": "/etc/xborder/catalog.yaml", "enforcement": "enforce"},
        users={"dana": "op", "vera": "viewer"},
        env={"AIRFLOW__CORE__PARALLELISM": "2"},
    )


def test_connections_and_options_become_variables(settings):
    environment = make_environment(settings)
    assert environment["AIRFLOW_CONN_PG_EU"] == "postgres://u:p@127.0.0.1:1/appdb"
    assert environment["AIRFLOW__XBORDER__CATALOG"] == "/etc/xborder/catalog.yaml"
    assert environment["AIRFLOW__XBORDER__ENFORCEMENT"] == "enforce"


def test_each_bundle_keeps_its_name(settings):
    bundles = json.loads(make_environment(settings)["AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"])
    assert [(bundle["name"], bundle["kwargs"]["path"][-1]) for bundle in bundles] == [
        ("first", "a"),
        ("second", "b"),
    ]


def test_users_are_named_and_their_passwords_are_for_the_owner_of_the_folder_only(settings):
    environment = make_environment(settings)
    assert environment["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"] == "dana:op,vera:viewer"
    file = settings.home / "passwords.json"
    assert file.stat().st_mode & 0o077 == 0
    passwords = json.loads(file.read_text())
    assert sorted(passwords) == ["dana", "vera"]
    assert passwords["dana"] != passwords["vera"]


def test_the_callers_own_variables_have_the_last_word(settings):
    assert make_environment(settings)["AIRFLOW__CORE__PARALLELISM"] == "2"


def test_nothing_of_another_airflow_or_of_a_real_cloud_account_gets_in(settings, monkeypatch):
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")
    monkeypatch.setenv("AIRFLOW_CONN_PROD", "postgres://prod")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    environment = make_environment(settings)
    assert environment["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    assert "AIRFLOW_CONN_PROD" not in environment
    assert "AWS_SECRET_ACCESS_KEY" not in environment


def test_it_listens_on_loopback_and_reports_nothing(settings):
    environment = make_environment(settings)
    assert environment["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert environment["AIRFLOW__USAGE_DATA_COLLECTION__ENABLED"] == "False"


def test_the_default_database_is_a_file_in_the_home_folder(settings):
    address = make_environment(settings)["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]
    assert address == f"sqlite:///{settings.home}/airflow.db"
