# SPDX-License-Identifier: Apache-2.0
import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from airflow_xborder.adapters.transfers import copy_text
from airflow_xborder.adapters.transfers.copy_text import Pseudonyms, count_rows, whole_rows

KEY = b"k" * 32


def pseudonym(value):
    return hmac.new(KEY, value, hashlib.sha256).hexdigest().encode()


class TestPseudonyms:
    def test_only_the_first_fields_are_replaced(self):
        chunk = b"ada\tb@x\t3\t4\nbob\tc@x\t5\t6\n"
        assert Pseudonyms(KEY, 2).replace(chunk) == (
            pseudonym(b"ada") + b"\t" + pseudonym(b"b@x") + b"\t3\t4\n"
            + pseudonym(b"bob") + b"\t" + pseudonym(b"c@x") + b"\t5\t6\n"
        )  # fmt: skip

    def test_null_stays_null_and_empty_does_not_become_it(self):
        assert Pseudonyms(KEY, 1).replace(b"\\N\n\n") == b"\\N\n" + pseudonym(b"") + b"\n"

    def test_the_value_counts_and_not_how_it_is_escaped(self):
        row = rb"a\tb\\N\nc\\.\b\f\r\v" + b"\n"
        assert Pseudonyms(KEY, 1).replace(row) == pseudonym(b"a\tb\\N\nc\\.\b\f\r\v") + b"\n"

    def test_a_value_that_reads_backslash_n_is_no_null(self):
        assert Pseudonyms(KEY, 1).replace(b"\\\\N\n") == pseudonym(b"\\N") + b"\n"

    def test_without_columns_the_chunk_is_the_same(self):
        chunk = b"a\tb\n"
        assert Pseudonyms(KEY, 0).replace(chunk) is chunk

    @given(
        st.lists(
            st.text(alphabet=st.characters(exclude_characters="\0", codec="utf-8")), min_size=1, max_size=5
        )
    )
    def test_any_value_gets_the_pseudonym_of_itself(self, values):
        escapes = {"\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\b": r"\b", "\f": r"\f", "\v": r"\v"}
        rows = ["".join(escapes.get(letter, letter) for letter in value) + "\tx" for value in values]
        replaced = Pseudonyms(KEY, 1).replace(("\n".join(rows) + "\n").encode())
        assert replaced == b"".join(pseudonym(value.encode()) + b"\tx\n" for value in values)


class TestWholeRows:
    @given(st.lists(st.binary(max_size=20), max_size=20), st.integers(1, 40))
    def test_chunks_hold_whole_rows_and_nothing_is_lost(self, blocks, size):
        blocks.append(b"\n")
        before, copy_text.CHUNK_BYTES = copy_text.CHUNK_BYTES, size
        try:
            chunks = list(whole_rows(blocks))
        finally:
            copy_text.CHUNK_BYTES = before
        assert b"".join(chunks) == b"".join(blocks)
        assert all(chunk.endswith(b"\n") for chunk in chunks)
        assert sum(map(count_rows, chunks)) == b"".join(blocks).count(b"\n")

    def test_no_rows_are_no_chunk(self):
        assert list(whole_rows([])) == []
