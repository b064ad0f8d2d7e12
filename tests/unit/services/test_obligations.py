# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_xborder.core.catalog import ConsentTable
from airflow_xborder.core.decision import Obligation
from airflow_xborder.core.truth import Truth
from airflow_xborder.core.vocabulary import KINDS, UNCATEGORISED, is_a
from airflow_xborder.errors import ObligationError
from airflow_xborder.services.obligations import ConsentSpec, plan
from airflow_xborder.services.tables import Column, TableName, TableSpec

CATEGORIES = {
    "id": "personal_data.account",
    "email": "personal_data.contact.email",
    "diagnosis": "personal_data.sensitive.health",
    "notes": "personal_data.sensitive",
    "region": "non_personal",
}
CONSENT = ConsentSpec(table=TableName("public", "consents"), subject="id")


def make_table(*names):
    return TableSpec(
        TableName("public", "users"), tuple(Column(name, "text") for name in names or CATEGORIES)
    )


def make_plan(*obligations, **changes):
    given = {"table": make_table(), "categories": CATEGORIES, "consent": CONSENT, "columns": None, **changes}
    return plan(obligations=obligations, **given)


def obligation(kind, **parameters):
    return Obligation(kind, tuple(sorted(parameters.items())))


def names(made):
    return [planned.column.name for planned in made.columns]


class TestColumns:
    def test_without_obligations_everything_goes_as_it_is(self):
        made = make_plan()
        assert names(made) == list(CATEGORIES)
        assert (made.dropped, made.pseudonymised, made.purposes, made.consent) == ((), (), (), None)

    def test_a_category_is_dropped_with_its_kinds_and_with_what_may_be_one(self):
        made = make_plan(obligation("minimise_columns", drop="personal_data.sensitive.health"))
        assert made.dropped == ("diagnosis", "notes")

    def test_several_categories_are_dropped(self):
        made = make_plan(
            obligation("minimise_columns", drop="personal_data.contact  personal_data.sensitive")
        )
        assert names(made) == ["id", "region"]

    def test_only_what_surely_is_of_a_category_is_kept(self):
        kept = "non_personal personal_data.sensitive.health"
        assert names(make_plan(obligation("minimise_columns", keep=kept))) == ["diagnosis", "region"]

    def test_keeping_in_two_obligations_keeps_what_both_keep(self):
        made = make_plan(
            obligation("minimise_columns", keep="non_personal personal_data.account"),
            obligation("minimise_columns", keep="non_personal personal_data.contact"),
        )
        assert names(made) == ["region"]

    def test_dropping_beats_keeping(self):
        made = make_plan(obligation("minimise_columns", keep="personal_data", drop="personal_data.sensitive"))
        assert names(made) == ["id", "email"]

    def test_nothing_left_is_an_error(self):
        with pytest.raises(ObligationError, match=r"no column of `public\.users` may leave"):
            make_plan(obligation("minimise_columns", drop="personal_data non_personal"))

    def test_categories_are_pseudonymised_with_their_kinds(self):
        made = make_plan(obligation("pseudonymise", categories="personal_data.contact personal_data.account"))
        assert made.pseudonymised == ("id", "email")

    def test_chosen_columns_keep_their_order_and_come_once(self):
        assert names(make_plan(columns=["region", "id", "region"])) == ["region", "id"]

    def test_a_missing_column_is_named(self):
        with pytest.raises(ObligationError, match=r"has no column `emial`.*did you mean `email`"):
            make_plan(columns=["emial"])

    def test_unclassified_columns_are_all_named(self):
        table = make_table(*CATEGORIES, "nickname", "note")
        with pytest.raises(ObligationError, match=r"does not classify `nickname`, `note` of `public\.users`"):
            make_plan(table=table)

    @pytest.mark.parametrize("term", sorted(UNCATEGORISED))
    def test_classified_as_unknown_is_not_classified(self, term):
        with pytest.raises(ObligationError, match="does not classify `email`"):
            make_plan(categories={**CATEGORIES, "email": term})

    def test_an_unclassified_column_that_stays_is_no_trouble(self):
        assert names(make_plan(table=make_table("id", "nickname"), columns=["id"])) == ["id"]


class TestTerms:
    @pytest.mark.parametrize(
        "entry",
        [
            obligation("minimise_columns", drop="personal_data.sensitve"),
            obligation("minimise_columns", keep="personal_data nonsense"),
            obligation("pseudonymise", categories="user.email"),
        ],
        ids=["drop", "keep", "pseudonymise"],
    )
    def test_a_term_that_does_not_exist_holds_nothing_back_and_is_an_error(self, entry):
        with pytest.raises(ObligationError, match="unknown data category"):
            make_plan(entry)

    def test_so_is_one_in_the_catalog(self):
        with pytest.raises(ObligationError, match="column `email`: unknown data category `mail`"):
            make_plan(categories={**CATEGORIES, "email": "mail"})

    @pytest.mark.parametrize("kind", sorted(KINDS["obligation"] - {"filter_rows_by_consent", "minimise_columns", "pseudonymise"}))  # fmt: skip
    def test_an_obligation_that_a_copy_cannot_carry_out_is_named(self, kind):
        with pytest.raises(ObligationError, match=f"the obligation `{kind}` cannot be carried out"):
            make_plan(obligation(kind, days="30"))

    @pytest.mark.parametrize(
        ("entry", "message"),
        [
            (obligation("minimise_columns"), "expected `drop` or `keep`"),
            (obligation("minimise_columns", drop=" "), "expected `drop` or `keep`"),
            (obligation("minimise_columns", dorp="personal_data"), "unknown parameter `dorp`"),
            (obligation("pseudonymise"), "expected `categories`"),
            (obligation("filter_rows_by_consent"), "expected `purpose`"),
            (obligation("filter_rows_by_consent", purpose=""), "expected `purpose`"),
        ],
    )
    def test_parameters_must_be_those_of_the_obligation(self, entry, message):
        with pytest.raises(ObligationError, match=message):
            make_plan(entry)


class TestConsent:
    def test_each_purpose_needs_consent_in_any_of_its_spellings(self):
        consent = ConsentSpec(
            table=CONSENT.table, subject="id", spellings={"ml_inference": ("model_inference", "ml_inference")}
        )
        made = make_plan(
            obligation("filter_rows_by_consent", purpose="ml_inference"),
            obligation("filter_rows_by_consent", purpose="advertising"),
            obligation("filter_rows_by_consent", purpose="ml_inference"),
            consent=consent,
        )
        assert made.purposes == (("advertising",), ("ml_inference", "model_inference"))
        assert made.consent == consent

    def test_the_catalogs_row_gives_the_table_and_its_aliases_the_spellings(self):
        row = ConsentTable(table='crm."Consents"', subject="id", key="person")
        made = ConsentSpec.of(row, {"scoring": "ml_inference", "model_inference": "ml_inference"})
        assert (made.table, made.subject, made.key) == (TableName("crm", "Consents"), "id", "person")
        assert (made.purpose, made.granted_at, made.withdrawn_at) == ("purpose", "granted_at", "withdrawn_at")
        assert made.spellings == {"ml_inference": ("model_inference", "scoring")}

    def test_no_consent_table_is_an_error(self):
        with pytest.raises(ObligationError, match="names no consent table"):
            make_plan(obligation("filter_rows_by_consent", purpose="ml_inference"), consent=None)

    def test_no_subject_column_is_an_error(self):
        with pytest.raises(ObligationError, match=r"has no column `id` to look up consent by"):
            make_plan(obligation("filter_rows_by_consent", purpose="ml_inference"), table=make_table("email"))

    def test_the_subject_column_may_itself_stay(self):
        made = make_plan(
            obligation("filter_rows_by_consent", purpose="ml_inference"),
            obligation("minimise_columns", drop="personal_data.account"),
        )
        assert "id" in made.dropped
        assert made.consent is not None


class TestDigest:
    def test_equal_plans_are_equal_and_any_change_shows(self):
        filtered = obligation("filter_rows_by_consent", purpose="ml_inference")
        made = [
            make_plan(),
            make_plan(columns=["id"]),
            make_plan(obligation("pseudonymise", categories="personal_data.contact")),
            make_plan(filtered),
            make_plan(filtered, consent=ConsentSpec(table=TableName("crm", "consents"), subject="id")),
        ]
        assert len({entry.digest for entry in made}) == len(made)
        assert make_plan(filtered).digest == make_plan(filtered).digest


TERMS = sorted(KINDS["data category"] - UNCATEGORISED)


@given(columns=st.lists(st.sampled_from(TERMS), min_size=1, max_size=6), drop=st.sampled_from(TERMS))
def test_no_column_that_may_be_of_a_dropped_category_leaves(columns, drop):
    categories = {f"c{number}": term for number, term in enumerate(columns)}
    try:
        made = plan(
            make_table(*categories), [obligation("minimise_columns", drop=drop)], categories, None, None
        )
    except ObligationError:
        assert all(is_a(term, drop) is not Truth.FALSE for term in columns)
    else:
        assert all(is_a(planned.category, drop) is Truth.FALSE for planned in made.columns)
        assert {*names(made), *made.dropped} == set(categories)
