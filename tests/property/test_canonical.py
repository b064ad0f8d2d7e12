# SPDX-License-Identifier: Apache-2.0
import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from airflow_xborder.audit import canonical

KEYS = st.text(st.characters(max_codepoint=127), max_size=8)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-canonical.MAX_INTEGER, canonical.MAX_INTEGER)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
)
RECORDS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(RECORDS)
def test_the_bytes_are_those_of_the_reference_implementation_of_rfc_8785(record):
    assert canonical.encode(record) == rfc8785.dumps(record)


@given(RECORDS)
def test_what_is_written_reads_back_the_same(record):
    assert canonical.decode(canonical.encode(record)) == record


@given(st.dictionaries(KEYS, SCALARS, max_size=6), st.randoms(use_true_random=False))
def test_equal_records_have_equal_bytes_in_whatever_order_they_were_made(record, random):
    items = list(record.items())
    random.shuffle(items)
    assert canonical.encode(dict(items)) == canonical.encode(record)


@given(RECORDS, RECORDS)
def test_unequal_records_have_unequal_bytes(one, other):
    # `1 == True` in Python, and in JSON they are not the same.
    if json.dumps(one, sort_keys=True) != json.dumps(other, sort_keys=True):
        assert canonical.encode(one) != canonical.encode(other)


@given(RECORDS)
def test_other_spellings_of_a_record_are_refused(record):
    for spelling in (json.dumps(record, indent=1), json.dumps(record) + " "):
        data = spelling.encode()
        if data != canonical.encode(record):
            with pytest.raises(ValueError, match="JSON"):
                canonical.decode(data)
