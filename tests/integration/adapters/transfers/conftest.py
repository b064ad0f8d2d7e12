# SPDX-License-Identifier: Apache-2.0
"""Databases for copies, new for each test."""

import pytest

from tests.copies import Pair


@pytest.fixture
def pair(postgres_servers):
    pair = Pair(postgres_servers)
    yield pair
    pair.close()


@pytest.fixture
def users(pair):
    pair.run(
        "eu",
        "CREATE TABLE users (id int PRIMARY KEY, email text, diagnosis text, score numeric(6,2))",
        "INSERT INTO users VALUES (1, 'ada@x', 'flu', 1.50), (2, 'bob@x', NULL, 2), (3, 'cyd@x', 'cold', NULL),"
        " (4, 'dan@x', 'gout', 4), (5, NULL, 'none', 5)",
        "CREATE TABLE consents (subject_id int, purpose text, granted_at timestamptz, withdrawn_at timestamptz)",
        "INSERT INTO consents VALUES (1, 'ml_inference', now() - interval '1 day', NULL),"
        " (2, 'ml_inference', now() - interval '2 days', now() - interval '1 day'),"
        " (3, 'ml_inference', now() + interval '1 day', NULL),"
        " (4, 'marketing', now() - interval '1 day', NULL),"
        " (5, 'ml_inference', now() - interval '1 day', now() + interval '1 day'),"
        " (5, 'ml_inference', now() - interval '9 days', now() - interval '8 days')",
    )
    return pair
