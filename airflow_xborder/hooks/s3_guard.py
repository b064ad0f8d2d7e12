# SPDX-License-Identifier: Apache-2.0
"""Asks before every S3 call of a session's clients, and refuses what would take it to another region.

Installed on the botocore session, so that it is in every client, resource and paginator made from it, and in
presigned addresses. botocore follows a redirect to another region by itself and sends the body again
(``S3RegionRedirectorv2``); here a call goes to the region of its bucket or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any
from urllib.parse import unquote

from botocore.utils import S3RegionRedirectorv2

from airflow_xborder.errors import EnforcementError, RegionMismatchError
from airflow_xborder.hooks import access, places, regions
from airflow_xborder.hooks.refusals import refusing

_READS = ("GetObject", "SelectObject")
_LOOKS = ("GetObjectAcl", "GetObjectAttributes", "GetObjectLegalHold", "GetObjectRetention", "GetObjectTagging",
          "HeadObject", "ListObject", "ListParts", "ListMultipartUploads")  # fmt: skip
_WRITES = (
    "PutObject", "UploadPart", "CopyObject", "CreateMultipartUpload", "CompleteMultipartUpload", "RestoreObject",
)  # fmt: skip
_STILL = ("AbortMultipartUpload", "DeleteObject", "GetBucket", "DeleteBucketTagging", "PutBucketTagging", "PutBucketVersioning",
          "GetPublicAccessBlock", "GetObjectLockConfiguration")  # fmt: skip
_ASKS_WHERE = frozenset({"GetBucketLocation", "HeadBucket"})
# A public object is readable everywhere; who may read it is for an officer to say.
_NEVER = frozenset({"PutObjectAcl", "PutObjectLockConfiguration"})
_OWNERS_ALONE = frozenset({"private", "bucket-owner-read", "bucket-owner-full-control"})
_SERVICES = frozenset({"s3", "sts", "iam"})
_CLOUD = "xborder_cloud"
_REDIRECTS = frozenset({301, 302, 307})
_WRONG_REGION = frozenset(
    {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}
)


class Kind(Enum):
    """What an operation does with people's data: it reads it, looks at its names and sizes, writes it, or none moves."""

    READ = "read"
    LOOK = "look"
    WRITE = "write"
    COPY = "copy"
    STILL = "still"
    ASK_WHERE = "ask where"
    CREATE = "create"


# The first that fits counts.
_KINDS = ((_STILL, Kind.STILL), (_LOOKS, Kind.LOOK), (_READS, Kind.READ), (_WRITES, Kind.WRITE))


def kind_of(operation: str) -> Kind:
    """Return what an S3 operation does.

    :raises EnforcementError: for one that could let data out in a way that nobody can follow from here
        (replication, logging, notifications, access lists), and for one that is not known.
    """
    if operation in _ASKS_WHERE:
        return Kind.ASK_WHERE
    if operation == "CreateBucket":
        return Kind.CREATE
    if operation == "DeleteBucket":  # not all that begins so: without its policy a bucket may be open
        return Kind.STILL
    if operation in ("CopyObject", "UploadPartCopy"):
        return Kind.COPY
    if operation not in _NEVER:
        for names, kind in _KINDS:
            if operation.startswith(names):
                return kind
    raise EnforcementError(
        f"a regional hook does not do `{operation}`", hint="that is for whoever administers the bucket"
    )


def require_private(params: Mapping[str, Any]) -> None:
    """Raise where a call, besides what it does, opens an object to others or sends a part of it to another bucket.

    :raises EnforcementError: for an access list or a grant to more than the owners, and for an output location.
    """
    if params.get("ACL", "private") not in _OWNERS_ALONE or any(name.startswith("Grant") for name in params):
        raise EnforcementError(
            "a regional hook lets nobody else read what it writes", hint="leave out `ACL` and grants"
        )
    if "OutputLocation" in (params.get("RestoreRequest") or {}):
        raise EnforcementError("a regional hook sends no results of a restore to a bucket")


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Guard:
    """The handlers of one hook's sessions.

    :param purpose: what the data is for, as the catalog calls it.
    :param client_for: returns a client for an AWS region, to ask a bucket where it is.
    """

    connection_id: str
    client_for: Callable[[str], Any]
    purpose: str | None = None

    def install(self, session: Any) -> None:
        """Put the guard into a boto3 session, before everything that is there."""
        session.events.register_first("provide-client-params", self.before_call)
        session.events.register_last("before-sign.s3", self.before_sign)
        session.events.register_first("needs-retry.s3", self.after_answer)
        session.events.register_last("creating-client-class.s3", _refuse_posts)

    def before_call(self, params: Mapping[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        """Raise unless a call may be made."""
        with refusing():
            service = model.service_model.service_name
            if service not in _SERVICES:
                raise EnforcementError(f"the session of a regional S3 hook is not for `{service}`")
            if service == "s3":
                self._require(kind_of(model.name), params, context)

    def before_sign(self, request: Any, region_name: str | None, **_: Any) -> None:
        """Raise unless a request, or an address made for somebody else, is signed for the region of its bucket."""
        signing = request.context.get("signing") or {}
        region = signing.get("region") or region_name
        expected = request.context.get(_CLOUD)
        if f"aws:{region}" != expected:
            with refusing():
                raise RegionMismatchError(
                    f"the request is signed for `aws:{region}`, and the catalog has its bucket in `{expected}`",
                    hint="use the connection of that region, or set its `region_name`",
                )

    def after_answer(self, response: Any, **_: Any) -> None:
        """Raise where botocore would try the call again in another region."""
        if response is None:
            return
        answer, parsed = response
        status, code = getattr(answer, "status_code", None), parsed.get("Error", {}).get("Code")
        headers = parsed.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        if status in _REDIRECTS or code in _WRONG_REGION:
            where = headers.get("x-amz-bucket-region") or parsed.get("Error", {}).get("Region") or "another"
            with refusing():
                raise RegionMismatchError(
                    f"the store answers that the bucket belongs to region `{where}`",
                    hint="correct the catalog",
                )

    def _require(self, kind: Kind, params: Mapping[str, Any], context: dict[str, Any]) -> None:
        require_private(params)
        target = self._target(params, context)
        context[_CLOUD] = target.cloud
        if kind is Kind.CREATE:
            _require_created_there(target, params)
        if kind in (Kind.ASK_WHERE, Kind.CREATE):
            return
        uri = uri_of(params["Bucket"], params.get("Key"))
        if context.get("is_presign_request") and kind is not Kind.STILL:
            # The call is somebody else's, later, from a place that nobody knows.
            access.require_link(uri, self.purpose, writes=kind in (Kind.WRITE, Kind.COPY))
        elif kind in (Kind.READ, Kind.LOOK):
            access.require_read(uri, self.purpose, content=kind is Kind.READ)
        elif kind is Kind.WRITE:
            access.require_write(uri, self.purpose)
        elif kind is Kind.COPY:
            self._require_copy(params.get("CopySource"), uri)
        self._require_place(target)

    def _require_copy(self, copied: object, uri: str) -> None:
        bucket, key = parse_copy_source(copied)
        source = regions.bucket_target(self.connection_id, bucket)
        access.require_copy(uri_of(bucket, key), uri, self.purpose)
        self._require_place(source)

    def _require_place(self, target: regions.Target) -> None:
        if not places.is_checked(target):
            region = (target.cloud or "").removeprefix("aws:")
            places.require_bucket_place(target, self.client_for(region))

    def _target(self, params: Mapping[str, Any], context: Mapping[str, Any]) -> regions.Target:
        bucket = params.get("Bucket")
        if not isinstance(bucket, str):
            raise EnforcementError("a regional hook makes no call that names no bucket")
        regions.require_mapped(self.connection_id)
        target = regions.bucket_target(self.connection_id, bucket)
        config = context.get("client_config")
        if (getattr(config, "s3", None) or {}).get("use_accelerate_endpoint"):
            raise EnforcementError("an accelerated transfer enters the network anywhere in the world")
        region = context.get("client_region")
        if region is not None and target.cloud is not None and f"aws:{region}" != target.cloud:
            raise RegionMismatchError(
                f"the client is for `aws:{region}`, and the catalog has the bucket `{bucket}` in `{target.cloud}`",
                hint="use the connection of that region, or set its `region_name`",
            )
        return target


def parse_copy_source(copied: object) -> tuple[str, str]:
    """Return bucket and key of what a copy names as its source.

    :raises EnforcementError: for an access point, or what names no object.
    """
    if isinstance(copied, Mapping):
        bucket, key = copied.get("Bucket"), copied.get("Key")
    else:
        bucket, _, key = unquote(str(copied).split("?", 1)[0]).removeprefix("/").partition("/")
    if not bucket or not key or str(bucket).startswith("arn:"):
        raise EnforcementError("a regional hook copies only what is named by bucket and key")
    return str(bucket), str(key)


def uri_of(bucket: str, key: object) -> str:
    """Return the URI of an object, or of the bucket for a call that names none."""
    return f"s3://{bucket}/{key}" if key else f"s3://{bucket}"


def forget_redirector(client: Any) -> Any:
    """Return an S3 client that no longer follows redirects to other regions."""
    # botocore keeps no name for its redirector; the emitter's own table is the one place where it can be found.
    for event in ("needs-retry.s3", "before-endpoint-resolution.s3", "before-parameter-build.s3"):
        for handler in client.meta.events._emitter._handlers.prefix_search(event):
            if isinstance(getattr(handler, "__self__", None), S3RegionRedirectorv2):
                client.meta.events.unregister(event, handler)
    return client


def _require_created_there(target: regions.Target, params: Mapping[str, Any]) -> None:
    constraint = (params.get("CreateBucketConfiguration") or {}).get("LocationConstraint")
    place = {None: "us-east-1", "EU": "eu-west-1"}.get(constraint, constraint)
    if f"aws:{place}" != target.cloud:
        raise RegionMismatchError(
            f"the bucket would be made in `aws:{place}`, and the catalog has it in `{target.cloud}`"
        )


def _refuse_posts(class_attributes: dict[str, Any], **_: Any) -> None:
    def generate_presigned_post(self: Any, *args: Any, **kwargs: Any) -> None:
        """Refuse: nobody could ask about what is posted with it later."""
        with refusing():
            raise EnforcementError("a regional hook signs no forms", hint="use generate_presigned_url")

    class_attributes["generate_presigned_post"] = generate_presigned_post
