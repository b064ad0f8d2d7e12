# SPDX-License-Identifier: Apache-2.0
"""Asks a running Airflow, as a person or a script would: over its public REST API (``/api/v2``)."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import requests

from airflow_xborder.errors import ConfigurationError

_FINISHED = ("success", "failed")
_HEALTH_KEYS = {
    "api-server": "metadatabase",
    "scheduler": "scheduler",
    "dag-processor": "dag_processor",
    "triggerer": "triggerer",
}
_POLL_SECONDS = 0.5
_TIMEOUT_SECONDS = 30.0


class AirflowClient:
    """An API session of one user.

    :param url: of the API server, without a path.
    """

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url = url
        self.user = user
        self._password = password
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy between us and loopback

    def token(self) -> str:
        """Log in and return the bearer token."""
        credentials = {"username": self.user, "password": self._password}
        answer = self._session.post(f"{self.url}/auth/token", json=credentials, timeout=_TIMEOUT_SECONDS)
        _require_ok(answer)
        return str(answer.json()["access_token"])

    def request(self, method: str, path: str, **arguments: Any) -> requests.Response:
        """Send one authenticated request, ``path`` below ``/api/v2``; any status is an answer."""
        if "Authorization" not in self._session.headers:
            self._session.headers["Authorization"] = f"Bearer {self.token()}"
        address = f"{self.url}/api/v2{path}"
        return self._session.request(method, address, timeout=_TIMEOUT_SECONDS, **arguments)

    def call(self, method: str, path: str, **arguments: Any) -> Any:
        """Send one request and return the JSON of its answer.

        :raises ConfigurationError: Airflow refused it.
        """
        answer = self.request(method, path, **arguments)
        _require_ok(answer)
        return answer.json() if answer.content else None

    def is_healthy(self, service: str) -> bool:
        """Whether Airflow reports a service (``api-server``, ``scheduler``, ...) as healthy; needs no login."""
        answer = self._session.get(f"{self.url}/api/v2/monitor/health", timeout=_TIMEOUT_SECONDS)
        if answer.status_code != 200:
            return False
        report = answer.json().get(_HEALTH_KEYS[service]) or {}
        return bool(report.get("status") == "healthy")

    def import_errors(self) -> dict[str, str]:
        """Return the DAG files that do not load, with what Python said."""
        found = self.call("GET", "/importErrors")["import_errors"]
        return {error["filename"]: error["stack_trace"] for error in found}

    def wait_for_dag(self, dag_id: str, *, limit: float = 90.0) -> None:
        """Return when the DAG processor has found a DAG.

        :raises ConfigurationError: it has not within ``limit`` seconds; names the files that do not load.
        """
        if not _poll(lambda: self.request("GET", f"/dags/{dag_id}").status_code == 200, limit):
            errors = "; ".join(
                f"{name}: {text.splitlines()[-1]}" for name, text in self.import_errors().items()
            )
            raise ConfigurationError(
                f"no DAG `{dag_id}` after {limit:.0f} s ({errors or 'no file failed to load'})"
            )

    def trigger(self, dag_id: str, *, conf: dict[str, Any] | None = None, run_id: str | None = None) -> str:
        """Start a run now; return its id."""
        now = datetime.now(timezone.utc).isoformat()
        body: dict[str, Any] = {"logical_date": now, "conf": conf or {}}
        if run_id is not None:
            body["dag_run_id"] = run_id
        return str(self.call("POST", f"/dags/{dag_id}/dagRuns", json=body)["dag_run_id"])

    def run_state(self, dag_id: str, run_id: str) -> str:
        """Return the state of a run."""
        return str(self.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}")["state"])

    def wait_for_run(self, dag_id: str, run_id: str, *, limit: float = 180.0) -> str:
        """Return the state in which a run ends.

        :raises ConfigurationError: it has not ended within ``limit`` seconds; names the states of its tasks.
        """
        if not _poll(lambda: self.run_state(dag_id, run_id) in _FINISHED, limit):
            states = {task["task_id"]: task["state"] for task in self.task_instances(dag_id, run_id)}
            raise ConfigurationError(
                f"run `{run_id}` of `{dag_id}` has not ended after {limit:.0f} s: {states}"
            )
        return self.run_state(dag_id, run_id)

    def wait_for_task(
        self, dag_id: str, run_id: str, task_id: str, *, states: tuple[str, ...], limit: float = 120.0
    ) -> str:
        """Return the state of a task once it is one of ``states``.

        :raises ConfigurationError: it is none of them within ``limit`` seconds.
        """

        def state() -> str | None:
            found = self.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}")["state"]
            return None if found is None else str(found)

        if not _poll(lambda: state() in states, limit):
            raise ConfigurationError(
                f"task `{task_id}` is `{state()}` after {limit:.0f} s, not {' or '.join(states)}"
            )
        return str(state())

    def task_instances(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Return the task instances of a run, as Airflow describes them."""
        return list(self.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances")["task_instances"])

    def log(self, dag_id: str, run_id: str, task_id: str, *, try_number: int = 1, map_index: int = -1) -> str:
        """Return the log of one try of a task, one event a line."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{try_number}"
        content = self.call("GET", path, params={"map_index": map_index, "full_content": True})["content"]
        return "\n".join(_log_line(entry) for entry in content)

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str = "return_value") -> Any:
        """Return an XCom value, or None when there is none of that key."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/{key}"
        answer = self.request("GET", path, params={"deserialize": True})
        if answer.status_code == 404:
            return None
        _require_ok(answer)
        return answer.json()["value"]

    def set_state(self, dag_id: str, run_id: str, task_id: str, state: str) -> None:
        """Mark a task ``success``, ``failed`` or ``skipped`` by hand."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}"
        self.call("PATCH", path, json={"new_state": state})

    def clear(self, dag_id: str, run_id: str, *task_ids: str) -> None:
        """Clear tasks of a run, so that they run again."""
        body = {"dag_run_id": run_id, "task_ids": list(task_ids), "dry_run": False, "only_failed": False}
        self.call("POST", f"/dags/{dag_id}/clearTaskInstances", json={**body, "reset_dag_runs": True})

    def pending_reviews(self) -> list[dict[str, Any]]:
        """Return the questions that wait for a person."""
        path = "/dags/~/dagRuns/~/hitlDetails"
        return list(self.call("GET", path, params={"response_received": False})["hitl_details"])

    def answer_review(
        self, dag_id: str, run_id: str, task_id: str, option: str, *, map_index: int = -1
    ) -> None:
        """Answer a question as this user."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/{map_index}/hitlDetails"
        self.call("PATCH", path, json={"chosen_options": [option], "params_input": {}})


def _poll(condition: Callable[[], bool], limit: float) -> bool:
    deadline = time.monotonic() + limit
    while True:
        # An API server that is busy answers late, or once not at all: that is no answer about the condition.
        with contextlib.suppress(requests.ConnectionError, requests.Timeout):
            if condition():
                return True
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)


def _require_ok(answer: requests.Response) -> None:
    if answer.status_code >= 400:
        request = f"{answer.request.method} {answer.request.path_url}"
        raise ConfigurationError(f"Airflow answered {answer.status_code} to `{request}`: {answer.text[:500]}")


def _log_line(entry: Any) -> str:
    if not isinstance(entry, dict):
        return str(entry)
    details = [f"{name}={value}" for name, value in entry.items() if name not in ("event", "timestamp")]
    return " ".join([str(entry.get("event", "")), *details])
