# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pickle
import subprocess
import sys

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_xborder import errors
from airflow_xborder.hooks.refusals import final, refusing
from airflow_xborder.outcomes import TaskOutcome, outcome_of
from tests.deployment import Deployment

DECISION = Deployment().decide().decision


def every_error() -> list[errors.XborderError]:
    """Return one error of each class of the tree."""
    kinds, found = [errors.XborderError], []
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        if kind.__module__ == errors.__name__:
            more = {"decision": DECISION} if issubclass(kind, errors._DecisionError) else {}
            found.append(kind("it is so", hint="do that", **more))
    return found


@pytest.mark.parametrize("error", every_error(), ids=lambda error: type(error).__name__)
def test_an_error_leaves_as_airflow_must_take_it(error: errors.XborderError) -> None:
    with pytest.raises(type(error), match="it is so") as caught, refusing():
        raise error
    left = caught.value
    assert isinstance(left, AirflowFailException) is (outcome_of(error) is TaskOutcome.FAIL)
    assert (left.code, left.message, left.hint) == (error.code, "it is so", "do that")
    again = pickle.loads(pickle.dumps(left))
    assert type(again) is type(left)
    assert vars(again) == vars(left)


def test_it_keeps_its_cause_and_is_made_once() -> None:
    with pytest.raises(errors.ConfigurationError) as caught, refusing(), refusing():
        raise errors.ConfigurationError("x") from KeyError("y")
    assert isinstance(caught.value.__cause__, KeyError)
    assert type(caught.value) is type(final(errors.ConfigurationError("z")))


def test_other_errors_pass() -> None:
    with pytest.raises(ValueError, match="x"), refusing():
        raise ValueError("x")


def test_the_package_loads_a_hook_when_it_is_asked_for() -> None:
    code = (
        "import sys, airflow, airflow_xborder.hooks as hooks\n"
        "heavy = {'boto3', 'psycopg', 'airflow.providers.amazon.aws.hooks.s3', 'airflow_xborder.hooks.s3'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "import airflow_xborder.operators.transfer\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "assert hooks.RegionalPostgresHook.__mro__[1].__name__ == 'PostgresHook'\n"
        "assert hooks.RegionalS3Hook.__mro__[1].__name__ == 'S3Hook'\n"
        "assert not hasattr(hooks, 'OtherHook')\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
