# SPDX-License-Identifier: Apache-2.0
import base64

import pytest

from airflow_xborder.audit.note import ED25519, PublicKey, parse_note, parse_public_key, sign_note
from airflow_xborder.errors import LedgerIntegrityError

KEY = PublicKey(name="xborder-ledger", algorithm=ED25519, key=bytes(32))
TEXT = "first\n\nthird\n"


def fake_sign(message):
    return b"signed " + message[:5]


def fake_verify(message, signature):
    return signature == fake_sign(message)


def signed():
    return sign_note(TEXT, KEY.name, KEY.key_id, fake_sign)


class TestNotes:
    def test_a_note_reads_back_and_is_signed(self):
        note = parse_note(signed())
        assert note.text == TEXT
        assert note.is_signed(KEY.name, KEY.key_id, fake_verify)

    def test_another_keys_name_or_id_is_no_signature(self):
        note = parse_note(signed())
        assert not note.is_signed("other", KEY.key_id, fake_verify)
        assert not note.is_signed(KEY.name, b"abcd", fake_verify)
        assert not note.is_signed(KEY.name, KEY.key_id, lambda message, signature: False)

    def test_other_keys_may_sign_beside_it_but_no_key_twice(self):
        data = signed()
        line = data.rpartition(b"\n\n")[2]
        other = b"\xe2\x80\x94 witness " + base64.b64encode(b"abcdsignature") + b"\n"
        assert parse_note(data + other).is_signed(KEY.name, KEY.key_id, fake_verify)
        assert not parse_note(data + line).is_signed(KEY.name, KEY.key_id, fake_verify)

    @pytest.mark.parametrize("text", ["no end", "", "bell\a\n", "carriage\r\n"])
    def test_a_text_that_cannot_be_told_from_its_frame_is_not_signed(self, text):
        with pytest.raises(ValueError, match="ends in a newline"):
            sign_note(text, KEY.name, KEY.key_id, fake_sign)

    @pytest.mark.parametrize(
        "data",
        [
            pytest.param(b"", id="nothing"),
            pytest.param(b"text\n", id="no signatures"),
            pytest.param(b"text\n\n", id="no signature lines"),
            pytest.param(b"\xff\n\n", id="not UTF-8"),
            pytest.param(signed()[:-1], id="torn"),
            pytest.param(signed() + b"\n", id="one line more"),
            pytest.param(signed().replace("—".encode(), b"-"), id="another dash"),
            pytest.param(signed().replace(b"first", b"fi\x00st"), id="control character"),
            pytest.param(b"a\n\n\xe2\x80\x94 key YWJjZA==\n", id="key id without signature"),
            pytest.param(b"a\n\n\xe2\x80\x94 key YWJjZGU\n", id="base64 without padding"),
            pytest.param(b"a\n\n\xe2\x80\x94 key YWJjZGV=\n", id="base64 with spare bits set"),
        ],
    )
    def test_other_bytes_are_no_note(self, data):
        with pytest.raises(LedgerIntegrityError, match="not a signed note"):
            parse_note(data)


class TestPublicKeys:
    def test_a_key_reads_back_from_its_line(self):
        assert parse_public_key(KEY.to_line()) == KEY
        assert parse_public_key(f"{KEY.to_line()}\n") == KEY

    @pytest.mark.parametrize(
        "line", ["", "name", "name+00000000", "name+00000000+", "name+00000000+!", "name+00000000+AA=="]
    )
    def test_other_lines_are_no_key(self, line):
        with pytest.raises(ValueError, match="key"):
            parse_public_key(line)

    @pytest.mark.parametrize("name", ["", "a b", "a+b", "a\n"])
    def test_a_name_that_would_break_the_line_is_refused(self, name):
        with pytest.raises(ValueError, match="cannot name a key"):
            PublicKey(name=name, algorithm=ED25519, key=bytes(32))
