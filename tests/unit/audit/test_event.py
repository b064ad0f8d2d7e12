# SPDX-License-Identifier: Apache-2.0
import json
from dataclasses import FrozenInstanceError, replace
from datetime import datetime, timedelta, timezone

import pytest

from airflow_xborder.audit.event import Event, TaskKey, parse_event, same_but_for_clocks
from airflow_xborder.errors import LedgerIntegrityError
from tests.evidence import NOON, make_event, make_task


def changed(event, **fields):
    """Return the bytes of ``event`` with fields replaced behind the constructor's back."""
    record = json.loads(event.to_bytes()) | fields
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class TestEvent:
    def test_every_field_is_in_the_bytes(self):
        record = json.loads(make_event(withheld=("b", "a", "b"), crossing_id="c1").to_bytes())
        assert record == {
            "schema": 1,
            "kind": "decision",
            "phase": "decision",
            "region": "eu",
            "event_id": "event-1",
            "occurred_at": "2026-11-21T12:00:00.000000Z",
            "task": {
                "dag_id": "users_to_us",
                "run_id": "manual__1",
                "task_id": "move",
                "map_index": -1,
                "try_number": 1,
            },
            "sequence": 1,
            "decision_key": "ab" * 32,
            "decision_id": "decision-1",
            "crossing_id": "c1",
            "withheld": ["a", "b"],
            "body": {"outcome": "allow"},
        }

    def test_the_clock_of_another_zone_gives_the_same_bytes(self):
        there = NOON.astimezone(timezone(timedelta(hours=9)))
        assert make_event(occurred_at=there).to_bytes() == make_event().to_bytes()

    def test_a_recorded_fact_cannot_be_changed_through_the_callers_own_objects(self):
        body = {"list": [1], "inner": {"a": 1}}
        event = make_event(body=body)
        before = event.to_bytes()
        body["list"].append(2)
        body["inner"]["a"] = 2
        assert event.to_bytes() == before
        with pytest.raises(FrozenInstanceError):
            event.kind = "other"

    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            pytest.param({"kind": "Decision!"}, "no kind", id="kind"),
            pytest.param({"phase": "a.b"}, "no phase", id="phase with a dot"),
            pytest.param({"region": "e/u"}, "no region", id="region"),
            pytest.param({"event_id": ""}, "no event id", id="event id"),
            pytest.param({"decision_key": ""}, "not empty", id="empty key"),
            pytest.param({"decision_id": 5}, "must be text", id="id that is a number"),
            pytest.param({"sequence": 0}, "numbered from 1", id="number zero"),
            pytest.param({"sequence": True}, "numbered from 1", id="number that is a boolean"),
            pytest.param({"occurred_at": datetime(2026, 1, 1)}, "time zone", id="clock without a zone"),
            pytest.param({"body": {"share": 0.2}}, "`body.share` is a float", id="float in the body"),
        ],
    )
    def test_what_is_no_event_is_refused(self, fields, message):
        with pytest.raises(ValueError, match=message):
            make_event(**fields)

    @pytest.mark.parametrize(
        "fields",
        [
            pytest.param({"dag_id": ""}, id="no DAG"),
            pytest.param({"run_id": 5}, id="run that is a number"),
            pytest.param({"map_index": -2}, id="map index"),
            pytest.param({"try_number": -1}, id="try"),
            pytest.param({"map_index": True}, id="map index that is a boolean"),
        ],
    )
    def test_what_is_no_try_is_refused(self, fields):
        with pytest.raises(ValueError, match=r"task key|no such try"):
            make_task(**fields)


class TestName:
    def test_it_says_which_try_and_which_step(self):
        assert make_event().object_name == (
            f"events/users_to_us/manual__1/move.-1.1.decision.{'ab' * 32}.json"
        )

    def test_it_does_not_depend_on_ids_and_clocks(self):
        later = make_event(
            event_id="event-2", decision_id="decision-2", occurred_at=NOON + timedelta(1), sequence=3, body={}
        )
        assert later.object_name == make_event().object_name

    def test_without_a_decision_key_it_is_another(self):
        assert make_event(decision_key=None).object_name.endswith("move.-1.1.decision.=none.json")
        assert make_event(decision_key="=none").object_name.endswith(".=3Dnone.json")

    def test_outside_a_task_the_event_id_names_it(self):
        assert make_event(task=None).object_name == "events/=other/decision.decision.event-1.json"

    def test_no_dag_can_take_the_place_of_events_outside_tasks(self):
        assert make_event(task=make_task(dag_id="=other")).object_name.startswith("events/=3Dother/")


class TestParse:
    def test_stored_bytes_read_back(self):
        for event in (make_event(), make_event(task=None, decision_key=None, body={"ä".encode().hex(): "é"})):
            assert parse_event(event.to_bytes()) == event

    @pytest.mark.parametrize(
        "data",
        [
            pytest.param(b"", id="nothing"),
            pytest.param(b"[]", id="a list"),
            pytest.param(make_event().to_bytes()[:-1], id="torn"),
            pytest.param(make_event().to_bytes() + b"\n", id="one byte more"),
            pytest.param(changed(make_event(), schema=2), id="newer schema"),
            pytest.param(changed(make_event(), schema=True), id="schema that is a boolean"),
            pytest.param(changed(make_event(), extra=1), id="unknown field"),
            pytest.param(changed(make_event(), task=1), id="task that is none"),
            pytest.param(changed(make_event(), task={"dag_id": "a"}), id="task without a run"),
            pytest.param(changed(make_event(), task={**make_task().to_json(), "x": 1}), id="task with more"),
            pytest.param(changed(make_event(), occurred_at=1), id="clock that is a number"),
            pytest.param(
                changed(make_event(), occurred_at="2026-11-21T12:00:00Z"), id="clock in another form"
            ),
            pytest.param(changed(make_event(), kind=1), id="kind that is a number"),
            pytest.param(changed(make_event(), withheld=["b", "a"]), id="unsorted list"),
            pytest.param(changed(make_event(), withheld="a"), id="text for a list"),
            pytest.param(changed(make_event(), body=[]), id="body that is a list"),
        ],
    )
    def test_other_bytes_are_no_event(self, data):
        with pytest.raises(LedgerIntegrityError, match="not an event"):
            parse_event(data)

    def test_a_missing_field_is_no_event(self):
        record = json.loads(make_event().to_bytes())
        for name in record:
            rest = {key: value for key, value in record.items() if key != name}
            data = json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()
            with pytest.raises(LedgerIntegrityError, match="not an event"):
                parse_event(data)


class TestSameButForClocks:
    def test_ids_clocks_and_the_number_do_not_count(self):
        body = {"decision": {"decision_id": "1", "evaluated_at": "x", "as_of": "y", "outcome": "allow"}}
        again = {"decision": {"decision_id": "2", "evaluated_at": "z", "as_of": "w", "outcome": "allow"}}
        one = make_event(body={**body, "list": [body]}, crossing_id="c1")
        other = make_event(
            body={**again, "list": [again]},
            crossing_id="c2",
            event_id="event-2",
            decision_id="decision-2",
            occurred_at=NOON + timedelta(1),
            sequence=7,
        )
        assert same_but_for_clocks(one, other)

    @pytest.mark.parametrize(
        "fields",
        [
            {"body": {"outcome": "deny"}},
            {"kind": "transfer"},
            {"phase": "started"},
            {"region": "us"},
            {"decision_key": "cd" * 32},
            {"withheld": ("email",)},
            {"task": make_task(try_number=2)},
            {"task": None},
        ],
        ids=lambda fields: next(iter(fields)),
    )
    def test_everything_else_counts(self, fields):
        assert not same_but_for_clocks(make_event(), make_event(**fields))

    def test_replace_keeps_an_event_valid(self):
        assert isinstance(replace(make_event(), sequence=2), Event)
        assert isinstance(make_event().task, TaskKey)
