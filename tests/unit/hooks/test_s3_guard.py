# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import botocore.session
import pytest

from airflow_xborder.errors import EnforcementError
from airflow_xborder.hooks.s3_guard import Kind, kind_of, parse_copy_source, require_private, uri_of


class TestKinds:
    @pytest.mark.parametrize(
        ("operation", "kind"),
        [
            ("GetObject", Kind.READ),
            ("ListObjectsV2", Kind.LOOK),
            ("HeadObject", Kind.LOOK),
            ("GetObjectTagging", Kind.LOOK),
            ("PutObject", Kind.WRITE),
            ("UploadPart", Kind.WRITE),
            ("UploadPartCopy", Kind.COPY),
            ("CopyObject", Kind.COPY),
            ("DeleteObjects", Kind.STILL),
            ("DeleteBucket", Kind.STILL),
            ("GetBucketTagging", Kind.STILL),
            ("GetObjectLockConfiguration", Kind.STILL),
            ("HeadBucket", Kind.ASK_WHERE),
            ("CreateBucket", Kind.CREATE),
        ],
    )
    def test_a_known_operation(self, operation: str, kind: Kind) -> None:
        assert kind_of(operation) is kind

    def test_every_operation_of_s3_is_known_or_refused(self) -> None:
        model = botocore.session.get_session().get_service_model("s3")
        refused = set()
        for name in model.operation_names:
            try:
                kind = kind_of(name)
            except EnforcementError:
                refused.add(name)
                continue
            # What moves data names what it moves.
            members = model.operation_model(name).input_shape.members
            assert "Bucket" in members, name
            assert kind is not Kind.COPY or "CopySource" in members
        assert {
            "PutBucketReplication",
            "PutBucketLogging",
            "ListBuckets",
            "WriteGetObjectResponse",
        } <= refused
        assert {
            "PutBucketPolicy",
            "PutBucketAcl",
            "PutObjectAcl",
            "PutBucketNotificationConfiguration",
            "DeleteBucketPolicy",
            "DeleteBucketOwnershipControls",
        } <= refused

    @pytest.mark.parametrize(
        "params",
        [
            {"ACL": "public-read"},
            {"ACL": "authenticated-read"},
            {"GrantRead": 'uri="http://acs.amazonaws.com/groups/global/AllUsers"'},
            {"RestoreRequest": {"OutputLocation": {"S3": {"BucketName": "elsewhere", "Prefix": "x"}}}},
        ],
    )
    def test_a_write_that_lets_others_read_is_refused(self, params: dict[str, object]) -> None:
        with pytest.raises(EnforcementError):
            require_private({"Bucket": "b", "Key": "k", **params})

    @pytest.mark.parametrize("params", [{}, {"ACL": "private"}, {"ACL": "bucket-owner-full-control"}])
    def test_one_for_the_owners_is_not(self, params: dict[str, object]) -> None:
        require_private({"Bucket": "b", "Key": "k", **params})

    @pytest.mark.parametrize(
        ("source", "parsed"),
        [
            ({"Bucket": "b", "Key": "k/x"}, ("b", "k/x")),
            ("b/k/x", ("b", "k/x")),
            ("/b/k%20x?versionId=1", ("b", "k x")),
        ],
    )
    def test_a_copys_source(self, source: object, parsed: tuple[str, str]) -> None:
        assert parse_copy_source(source) == parsed

    @pytest.mark.parametrize(
        "source", ["arn:aws:s3:us-east-1:1:accesspoint/a/object/k", "bucket", "", None, {"Bucket": "b"}]
    )
    def test_what_names_no_object_is_no_source(self, source: object) -> None:
        with pytest.raises(EnforcementError):
            parse_copy_source(source)

    def test_an_object_and_a_bucket_have_uris(self) -> None:
        assert (uri_of("b", "k/x"), uri_of("b", None)) == ("s3://b/k/x", "s3://b")
