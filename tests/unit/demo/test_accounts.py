# SPDX-License-Identifier: Apache-2.0
import os

import pytest

from airflow_xborder.demo.accounts import (
    Account,
    first_closed_folder,
    make_folder,
    require_open,
    unprivileged_account,
)
from airflow_xborder.errors import ConfigurationError

# Nobody of this number exists, so it owns nothing and is in no group.
STRANGER = Account(name="stranger", uid=54_321, gid=54_321)


@pytest.fixture
def open_folder(tmp_path_factory):
    """A folder that anybody can reach: pytest's own are closed to others."""
    folder = tmp_path_factory.mktemp("open")
    for path in (folder, *folder.parents):
        if path.stat().st_uid == os.geteuid() and not path.stat().st_mode & 0o001:
            path.chmod(path.stat().st_mode | 0o011)
    return folder


def test_a_folder_closed_to_the_account_is_found_and_named(open_folder):
    inner = open_folder / "closed" / "inner"
    inner.mkdir(parents=True)
    assert first_closed_folder(inner, STRANGER) is None
    (open_folder / "closed").chmod(0o700)
    assert first_closed_folder(inner, STRANGER) == open_folder / "closed"
    with pytest.raises(ConfigurationError, match=f"folder `{open_folder}/closed` is closed to `stranger`"):
        require_open(inner, STRANGER)


def test_a_folder_that_is_not_there_yet_is_judged_by_its_parents(open_folder):
    (open_folder / "closed").mkdir(mode=0o700)
    assert first_closed_folder(open_folder / "closed" / "later", STRANGER) == open_folder / "closed"
    assert first_closed_folder(open_folder / "later", STRANGER) is None


def test_without_another_account_every_folder_will_do(tmp_path):
    tmp_path.chmod(0o000)
    assert first_closed_folder(tmp_path, None) is None
    tmp_path.chmod(0o700)


def test_another_account_is_needed_for_root_only():
    account = unprivileged_account()
    assert (account is None) == (os.geteuid() != 0)
    assert account is None or account.uid != 0


def test_a_folder_made_for_an_account_is_its_alone(open_folder):
    account = unprivileged_account()
    status = make_folder(open_folder / "data", account).stat()
    assert status.st_mode & 0o077 == 0
    assert status.st_uid == (os.geteuid() if account is None else account.uid)
