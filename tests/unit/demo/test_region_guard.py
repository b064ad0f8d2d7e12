# SPDX-License-Identifier: Apache-2.0
import pytest

from airflow_xborder.demo.region_guard import RegionGuard

BUCKETS = {"acme-eu": "eu-central-1", "acme-us": "us-east-1"}


def ask(
    path: str,
    *,
    method: str = "GET",
    signed: str | None = "eu-central-1",
    query: str = "",
    port="eu-central-1",
):
    """Send one request through a guard; return status, the region it names, and whether moto saw it."""
    answers: list[tuple[str, dict[str, str]]] = []

    def moto(environ, start_response):
        start_response("200 OK", [("served", "yes")])
        return [b""]

    environ = {"PATH_INFO": path, "REQUEST_METHOD": method, "QUERY_STRING": query}
    if signed is not None:
        scope = f"Credential=AKIA/20261124/{signed}/s3/aws4_request"
        environ["HTTP_AUTHORIZATION"] = f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=00"
    body = RegionGuard(moto, port, BUCKETS.get)(
        environ, lambda status, headers: answers.append((status, dict(headers)))
    )
    status, headers = answers[0]
    return int(status.split()[0]), headers.get("x-amz-bucket-region"), "served" in headers, b"".join(body)


class TestBucketElsewhere:
    def test_a_request_signed_for_another_region_is_redirected_to_the_buckets(self):
        assert ask("/acme-eu/key", method="PUT", signed="us-east-1")[:3] == (301, "eu-central-1", False)

    def test_a_request_to_the_wrong_endpoint_is_redirected_though_signed_right(self):
        assert ask("/acme-eu/key", port="us-east-1")[:3] == (301, "eu-central-1", False)

    def test_the_answer_to_head_has_no_body(self):
        assert ask("/acme-us", method="HEAD") == (301, "us-east-1", False, b"")

    def test_the_answer_to_get_names_the_code_and_the_region(self):
        body = ask("/acme-us/key")[3]
        assert b"<Code>PermanentRedirect</Code>" in body
        assert b"<Region>us-east-1</Region>" in body

    @pytest.mark.parametrize("separator", ["/", "%2F", "%2f"], ids=["plain", "escaped", "escaped lower case"])
    def test_a_presigned_address_is_read_too(self, separator):
        credential = separator.join(("AKIA", "20261124", "us-east-1", "s3", "aws4_request"))
        query = f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={credential}&X-Amz-Signature=0"
        assert ask("/acme-eu/key", signed=None, query=query)[0] == 301

    def test_any_region_may_ask_where_a_bucket_is(self):
        assert ask("/acme-us", query="location")[2]

    def test_asking_where_a_bucket_is_opens_nothing_else(self):
        assert not ask("/acme-us/key", method="PUT", query="location")[2]
        assert not ask("/acme-us/key", query="location&versionId=1")[2]


class TestNoBucketElsewhere:
    def test_the_buckets_own_region_is_served(self):
        assert ask("/acme-eu/key", method="PUT")[2]

    def test_a_new_bucket_needs_a_signature_for_this_endpoint(self):
        assert ask("/new-bucket", method="PUT")[2]
        assert ask("/new-bucket", method="PUT", signed="us-east-1")[:3] == (400, "eu-central-1", False)

    def test_a_name_taken_in_another_region_is_motos_to_refuse(self):
        assert ask("/acme-us", method="PUT")[2]

    def test_configuring_a_bucket_elsewhere_is_not_mistaken_for_making_one(self):
        assert ask("/acme-us", method="PUT", query="versioning")[:3] == (301, "us-east-1", False)

    def test_listing_buckets_needs_a_signature_for_this_endpoint(self):
        assert ask("/")[2]
        assert ask("/", signed="us-east-1")[0] == 400
