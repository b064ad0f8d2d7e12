# SPDX-License-Identifier: Apache-2.0
"""What is good stands in for what is bad; the times that this takes are tested in test_reload.py."""

from __future__ import annotations

import pytest

from airflow_xborder.adapters.policy_stores.standing import Standing
from airflow_xborder.errors import PolicySyntaxError
from tests.unit.services.test_release import make_release


def test_without_a_good_one_the_error_is_the_answer() -> None:
    found = Standing("the policies", 60)
    assert found.is_due
    error = PolicySyntaxError("broken")
    with pytest.raises(PolicySyntaxError) as caught:
        found.stand_in(error)
    assert caught.value is error
    assert found.problem is None


def test_a_good_one_stands_in_and_what_is_wrong_is_told_until_it_is_over() -> None:
    found, release = Standing("the policies", 60), make_release()
    found.looked()
    assert found.confirm(release) is release
    assert not found.is_due
    assert found.stand_in(PolicySyntaxError("broken")) is release
    assert found.problem == f"broken; release `{release.digest[:12]}…` stands in for it"
    found.confirm(release)
    assert found.problem is None
