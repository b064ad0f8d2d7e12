# SPDX-License-Identifier: Apache-2.0
"""Every error of ours has one outcome in Airflow, and a refusal says in one line what was refused and why."""

from __future__ import annotations

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_xborder import errors
from airflow_xborder.core.decision import Outcome
from airflow_xborder.outcomes import TaskOutcome, airflow_outcome, outcome_of, refusal
from tests.deployment import Deployment, flow

PATIENTS = "postgres://pg-eu:5432/appdb.public.patients"
RETRIED = {
    errors.EvaluationError,
    errors.RegisterUnavailableError,
    errors.EngineUnavailableError,
    errors.StoreUnavailableError,
    errors.LedgerUnavailableError,
}


def kinds(base: type[errors.XborderError]) -> set[type[errors.XborderError]]:
    return {base}.union(
        *(kinds(kind) for kind in base.__subclasses__() if kind.__module__ == errors.__name__)
    )


def make(kind: type[errors.XborderError]) -> errors.XborderError:
    error = kind.__new__(kind)
    error.__setstate__(
        {
            "message": "so it is",
            "hint": "do this",
            "args": ("so it is",),
            "file": None,
            "line": None,
            "column": None,
        }
    )
    return error


@pytest.mark.parametrize("kind", sorted(kinds(errors.XborderError), key=lambda kind: kind.__name__))
def test_only_what_time_may_mend_is_retried(kind):
    expected = TaskOutcome.RETRY if kind in RETRIED else TaskOutcome.FAIL
    assert outcome_of(make(kind)) is expected


def test_an_error_that_a_retry_cannot_mend_ends_the_task():
    with pytest.raises(AirflowFailException, match="configuration: no key") as caught, airflow_outcome():
        raise errors.ConfigurationError("no key")
    assert isinstance(caught.value.__cause__, errors.ConfigurationError)


def test_one_that_it_may_mend_goes_through_as_it_is():
    with pytest.raises(errors.LedgerUnavailableError), airflow_outcome():
        raise errors.LedgerUnavailableError("down")


def test_what_is_not_ours_is_not_touched():
    with pytest.raises(ZeroDivisionError), airflow_outcome():
        raise ZeroDivisionError


class TestRefusal:
    def test_an_allow_is_none(self):
        assert refusal(Deployment().decide()) is None

    def test_a_denial_names_the_places_the_reason_and_the_cheapest_way_out(self):
        ruling = Deployment().decide(flow=flow(PATIENTS, purpose="care_treatment"))
        error = refusal(ruling)
        assert isinstance(error, errors.FlowDeniedError)
        assert error.decision is ruling.decision
        assert error.message.startswith("eu (DE-HE) → us (US-VA): ")
        cheapest = min(ruling.decision.remediations, key=lambda entry: entry.cost)
        assert error.hint == cheapest.change
        assert "\n" not in str(error)

    def test_citations_come_before_other_reasons(self):
        deployment = Deployment()
        deployment.catalog["registers"]["evidence"].clear()
        error = refusal(deployment.decide())
        assert error is not None
        assert error.message == "eu (DE-HE) → us (US-VA): Test Art. 1"

    def test_a_review_is_another_error(self):
        ruling = Deployment().decide(flow=flow("postgres://pg-eu:5432/appdb.public.nobody_knows"))
        assert ruling.decision.outcome is Outcome.REVIEW
        assert isinstance(refusal(ruling), errors.ReviewRequiredError)

    def test_a_place_that_nobody_knows_is_called_so(self):
        error = refusal(Deployment().decide(flow=flow(destination="s3://nobody/x")))
        assert error is not None
        assert "→ an unknown place: " in error.message

    def test_many_grounds_stay_one_line(self):
        deployment = Deployment()
        template = deployment.pack["requirements"][0]
        deployment.pack["requirements"] += [
            {
                **template,
                "requirement_id": f"test.r{n}",
                "citation": f"Test Art. 1{n}",
                "constraints": [{"evidence": "dpia"}],
            }
            for n in range(6)
        ]
        error = refusal(deployment.decide())
        assert error is not None
        assert error.message.endswith("; and 2 more")
