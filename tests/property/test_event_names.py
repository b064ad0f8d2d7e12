# SPDX-License-Identifier: Apache-2.0
from hypothesis import given
from hypothesis import strategies as st

from airflow_xborder.audit import layout
from airflow_xborder.audit.event import parse_event
from tests.evidence import make_event, make_task

HOSTILE = st.sampled_from(
    [
        "..",
        ".",
        "/",
        "a/b",
        "a.b",
        "a..b",
        "=none",
        "=other",
        "a=20b",
        "é",
        "日本",
        "\x00",
        "\n",
        "%2F",
        "-1",
        "x" * 400,
    ]
)
TEXT = HOSTILE | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
TASKS = st.builds(
    make_task,
    dag_id=TEXT,
    run_id=TEXT,
    task_id=TEXT,
    map_index=st.integers(-1, 3),
    try_number=st.integers(0, 3),
)
PHASES = st.sampled_from(["decision", "started", "completed"])
KEYS = st.none() | TEXT


@given(TASKS, PHASES, KEYS)
def test_every_name_is_safe_and_its_event_reads_back(task, phase, key):
    event = make_event(task=task, phase=phase, decision_key=key)
    name = event.object_name
    assert layout.is_object_name(name)
    assert all(len(part) <= 255 and part not in (".", "..") for part in name.split("/"))
    assert parse_event(event.to_bytes()) == event


@given(TASKS, TASKS, PHASES, PHASES, KEYS, KEYS)
def test_different_subjects_never_share_a_name(one, other, phase, later, key, another):
    first = make_event(task=one, phase=phase, decision_key=key)
    second = make_event(task=other, phase=later, decision_key=another)
    assert (first.object_name == second.object_name) == ((one, phase, key) == (other, later, another))


@given(TEXT, TEXT)
def test_escaping_is_one_to_one(one, other):
    for dots in (True, False):
        assert (layout.escape(one, dots=dots) == layout.escape(other, dots=dots)) == (one == other)
