# SPDX-License-Identifier: Apache-2.0
import pytest

from airflow_xborder.audit.segment import Leaf, Segment, parse_segment
from airflow_xborder.errors import LedgerIntegrityError

SEGMENT = Segment(
    number=7,
    start=12,
    leaves=(
        Leaf(name="events/a/b", hash=bytes(32), size=10),
        Leaf(name="events/a/c", hash=bytes([1]) * 32, size=0),
    ),
)


@pytest.mark.parametrize("segment", [SEGMENT, Segment(number=1, start=0, leaves=())], ids=["two", "none"])
def test_a_segment_reads_back(segment):
    assert parse_segment(segment.to_bytes()) == segment


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(b"xborder/segment/v1", b"xborder/segment/v2", id="newer form"),
        pytest.param(b"\n7\n", b"\n07\n", id="number"),
        pytest.param(b"\n12\n", b"\n-12\n", id="start"),
        pytest.param(b" 10 ", b" 010 ", id="size"),
        pytest.param(b"events/a/b", b"log/keys/b", id="a name that is no event's"),
        pytest.param(b"events/a/b", b"events/../b", id="a name that leaves its place"),
        pytest.param(b"0" * 64, b"0" * 63, id="short hash"),
        pytest.param(b"events/a/c\n", b"events/a/c", id="torn"),
        pytest.param(b"events/a/c\n", b"events/a/c\n\n", id="empty line"),
        pytest.param(b"events/a/c", "events/a/é".encode(), id="not ASCII"),
        pytest.param(SEGMENT.to_bytes(), b"xborder/segment/v1\n", id="too short"),
    ],
)
def test_other_bytes_are_no_segment(old, new):
    data = SEGMENT.to_bytes()
    assert old in data
    with pytest.raises(LedgerIntegrityError, match="not a segment"):
        parse_segment(data.replace(old, new, 1))
