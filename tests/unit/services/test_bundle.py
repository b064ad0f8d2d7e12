# SPDX-License-Identifier: Apache-2.0
"""The files of an OPA bundle: the same for the same policies, and no root that changes what the graph says."""

from __future__ import annotations

import gzip
import io
import json
import tarfile

import pytest

from airflow_xborder.core.compilation import Policies
from airflow_xborder.errors import PolicySyntaxError, PolicyValidationError
from airflow_xborder.services.bundle import DATA, MANIFEST, archive, make_bundle, package_of
from tests.factories import make_pack, make_row

POLICIES = Policies([make_pack("t", make_row())])
GENERIC = {"answer.rego": "package xborder\n", "answer_test.rego": "package xborder.answer_test\n"}


def test_the_manifest_names_the_policies_and_what_the_bundle_owns() -> None:
    files = make_bundle(
        POLICIES, GENERIC, {"acme/a.rego": "package acme.rules\n", "acme/b.rego": "package acme.b\n"}
    )
    manifest = json.loads(files[MANIFEST])
    assert manifest["revision"] == POLICIES.digest
    assert manifest["roots"] == ["xborder", "acme"]
    assert manifest["rego_version"] == 1


def test_the_graph_is_data_and_tests_stay_out() -> None:
    files = make_bundle(POLICIES, GENERIC)
    assert set(files) == {MANIFEST, DATA, "xborder/answer.rego"}
    assert "t.rule" in json.loads(files[DATA])["requirements"]


@pytest.mark.parametrize("package", ["xborder", "xborder.model", "xborder.mine"])
def test_a_package_of_the_bundle_itself_is_refused(package: str) -> None:
    with pytest.raises(PolicyValidationError, match="the bundle's own"):
        make_bundle(POLICIES, GENERIC, {"a.rego": f"package {package}\n"})


def test_the_package_is_read_where_it_stands() -> None:
    assert package_of("a.rego", "# package no\n\npackage acme.rules # ours\nallow := true\n") == "acme.rules"
    with pytest.raises(PolicySyntaxError, match="no package"):
        package_of("a.rego", "allow := true\n")


def test_equal_files_give_equal_archives_that_hold_them() -> None:
    files = make_bundle(POLICIES, GENERIC)
    assert archive(files.items()) == archive(files.items())
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(archive(files.items())))) as tar:
        assert {name: tar.extractfile(name).read() for name in tar.getnames()} == files  # type: ignore[union-attr]
