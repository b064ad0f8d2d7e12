# SPDX-License-Identifier: Apache-2.0
import pytest

from airflow_xborder.audit import layout


class TestEscape:
    @pytest.mark.parametrize(
        ("text", "part"),
        [
            ("users_to_us-1.2", "users_to_us-1.2"),
            ("a b/c", "a=20b=2Fc"),
            ("é", "=C3=A9"),
            ("..", "=2E."),
            (".tmp", "=2Etmp"),
            ("=other", "=3Dother"),
            ("manual__2026-11-21T00:00:00+00:00", "manual__2026-11-21T00=3A00=3A00=2B00=3A00"),
        ],
    )
    def test_foreign_characters_become_hex(self, text, part):
        assert layout.escape(text) == part

    def test_dots_can_be_escaped_too(self):
        assert layout.escape("a.b", dots=False) == "a=2Eb"

    def test_what_is_too_long_ends_in_a_digest(self):
        one, other = layout.escape("x" * 300), layout.escape("x" * 301)
        assert one != other
        assert one.startswith("x" * 12 + "=x")
        assert len(one) == len(other) == 78


class TestNames:
    @pytest.mark.parametrize("name", ["a", "events/a.b/c=20d", "log/checkpoints/000000000001"])
    def test_good_names_pass(self, name):
        assert layout.require_object_name(name) == name

    @pytest.mark.parametrize(
        "name",
        ["", "/a", "a/", "a//b", "../a", "a/../b", ".tmp/a", "a b", "a\nb", "é", "a\\b", "a" * 901, "a\n"],
    )
    def test_names_that_could_leave_their_place_are_refused(self, name):
        assert not layout.is_object_name(name)
        with pytest.raises(ValueError, match="no name of a ledger object"):
            layout.require_object_name(name)

    def test_numbers_and_digests_read_back(self):
        assert layout.checkpoint_number(layout.checkpoint_name(7)) == 7
        assert layout.checkpoint_number("log/checkpoints/7") is None
        assert layout.segment_digest(layout.segment_name(7, "ab" * 32)) == "ab" * 32
        assert layout.segment_digest("log/segments/7") is None
        assert layout.key_name(b"\x01\x02\x03\x04") == "log/keys/01020304.pub"
