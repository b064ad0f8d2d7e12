# SPDX-License-Identifier: Apache-2.0
from datetime import datetime, timedelta, timezone
from enum import Enum
from types import MappingProxyType

import pytest

from airflow_xborder.audit import canonical


class Colour(str, Enum):
    RED = "red"


def nested(levels):
    value = 0
    for _ in range(levels):
        value = [value]
    return value


class TestEncode:
    def test_keys_are_sorted_and_nothing_is_padded(self):
        assert (
            canonical.encode({"b": [1, True, None], "a": "é\n\u007f"})
            == '{"a":"é\\n\u007f","b":[1,true,null]}'.encode()
        )

    def test_tuples_and_read_only_mappings_count_as_lists_and_objects(self):
        assert canonical.encode(MappingProxyType({"a": (1, (2,))})) == b'{"a":[1,[2]]}'

    @pytest.mark.parametrize(
        ("value", "message"),
        [
            pytest.param({"a": [1.0]}, r"`\$\.a\[0\]` is a float", id="float"),
            pytest.param({"a": float("nan")}, "float", id="not a number"),
            pytest.param(2**53, "beyond 2\\^53", id="large integer"),
            pytest.param(-(2**53), "beyond 2\\^53", id="large negative integer"),
            pytest.param({"é": 1}, "must be ASCII", id="foreign key"),
            pytest.param({1: 1}, "must be ASCII", id="key that is a number"),
            pytest.param(["\ud800"], "lone surrogate", id="lone surrogate"),
            pytest.param(Colour.RED, "neither text", id="text that is more than text"),
            pytest.param({"a": b""}, r"`\$\.a` is neither", id="bytes"),
            pytest.param({1, 2}, "neither", id="set"),
            pytest.param(nested(canonical.MAX_DEPTH + 1), "levels deep", id="too deep"),
        ],
    )
    def test_what_has_no_canonical_form_is_refused_by_place(self, value, message):
        with pytest.raises(ValueError, match=message):
            canonical.encode(value)

    @pytest.mark.parametrize(
        "value", [canonical.MAX_INTEGER, -canonical.MAX_INTEGER, nested(canonical.MAX_DEPTH)]
    )
    def test_the_largest_that_is_allowed_survives(self, value):
        assert canonical.decode(canonical.encode(value)) == value


class TestDecode:
    @pytest.mark.parametrize(
        "data",
        [
            pytest.param(b'{"a":1,"a":1}', id="doubled key"),
            pytest.param(b'{"b":1,"a":1}', id="unsorted"),
            pytest.param(b"[1, 2]", id="spaces"),
            pytest.param(b'"\\u0041"', id="needless escape"),
            pytest.param(b"1.0", id="float"),
            pytest.param(b"NaN", id="not a number"),
            pytest.param(b"-0", id="minus zero"),
            pytest.param(b"1e2", id="exponent"),
            pytest.param(b"9" * 5000, id="number without end"),
            pytest.param(b"\xff", id="not UTF-8"),
            pytest.param(b"\xef\xbb\xbf1", id="byte order mark"),
            pytest.param(b"", id="nothing"),
            pytest.param(b"{", id="torn"),
            pytest.param(b"[" * 100_000, id="nested without end"),
            pytest.param(b"[" * 500 + b"]" * 500, id="nested too deeply"),
        ],
    )
    def test_other_bytes_are_refused(self, data):
        with pytest.raises(ValueError, match=r"JSON|float|levels|2\^53"):
            canonical.decode(data)


class TestInstants:
    def test_a_moment_is_written_in_utc_with_microseconds(self):
        moment = datetime(2026, 11, 21, 10, 30, tzinfo=timezone(timedelta(hours=1)))
        assert canonical.format_instant(moment) == "2026-11-21T09:30:00.000000Z"
        assert canonical.parse_instant("2026-11-21T09:30:00.000000Z") == moment

    def test_a_moment_without_a_zone_is_refused(self):
        with pytest.raises(ValueError, match="time zone"):
            canonical.format_instant(datetime(2026, 11, 21))

    @pytest.mark.parametrize(
        "text",
        ["2026-11-21T09:30:00Z", "2026-11-21T09:30:00.000000+00:00", "2026-02-30T09:30:00.000000Z", ""],
    )
    def test_other_forms_are_refused(self, text):
        with pytest.raises(ValueError, match=r"moment|day|range"):
            canonical.parse_instant(text)
