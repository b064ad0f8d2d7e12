# SPDX-License-Identifier: Apache-2.0
import hashlib
import re

from airflow_xborder.demo.data import make_consents, make_patients, make_people


class TestPeople:
    def test_the_same_seed_gives_the_same_people_on_every_python(self):
        digest = hashlib.sha256(repr(list(make_people(1000))).encode()).hexdigest()
        assert digest == "ea137e556f0fca3bc8ed0cd758f4eec4d8876c36cb47850dc6509a155a69c179"

    def test_another_seed_gives_others(self):
        assert list(make_people(5)) != list(make_people(5, seed=1))

    def test_nobody_has_an_address_that_could_exist(self):
        assert all(re.fullmatch(r"[a-z]+\.[a-z]+\.\d+@example\.org", str(row[2])) for row in make_people(500))

    def test_ids_are_unique_and_everybody_lives_in_the_eu(self):
        rows = list(make_people(2000))
        assert len({row[0] for row in rows}) == 2000
        assert {row[3] for row in rows} == {"DE", "FR", "NL", "ES", "IT", "AT", "IE"}


class TestConsents:
    def test_about_four_in_five_stand(self):
        subjects = [f"H-{number}" for number in range(20_000)]
        standing = [row for row in make_consents(subjects) if row[3] is None]
        assert 0.78 < len(standing) / len(subjects) < 0.82

    def test_some_were_withdrawn_after_they_were_given(self):
        withdrawn = [row for row in make_consents(map(str, range(5000))) if row[3] is not None]
        assert withdrawn
        assert all(row[3] > row[2] for row in withdrawn)

    def test_who_never_agreed_has_no_row(self):
        subjects = list(map(str, range(1000)))
        assert len({row[0] for row in make_consents(subjects)}) < len(subjects)


class TestPatients:
    def test_the_measurements_are_the_published_ones(self):
        columns, rows = make_patients()
        assert len(rows) == 569
        assert len(columns) == 33
        first = dict(zip(columns, rows[0], strict=True))
        assert (first["mean_radius"], first["mean_texture"], first["diagnosis"]) == (
            17.99,
            10.38,
            "malignant",
        )
        assert sum(row[-1] == "benign" for row in rows) == 357

    def test_ids_are_generated(self):
        _, rows = make_patients()
        assert [row[0] for row in rows[:2]] == ["P-00000", "P-00001"]
