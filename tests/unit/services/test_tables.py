# SPDX-License-Identifier: Apache-2.0
import pytest

from airflow_xborder.errors import ConfigurationError
from airflow_xborder.services.tables import TableName, parse_table


@pytest.mark.parametrize(
    ("text", "schema", "name"),
    [
        ("users", "public", "users"),
        ("crm.users", "crm", "users"),
        ("CRM.Users", "crm", "users"),
        ('crm."Users"', "crm", "Users"),
        ('"a""b"."c.d; drop table x"', 'a"b', "c.d; drop table x"),
        ('ünïcode."Täble"', "ünïcode", "Täble"),
    ],
)
def test_names_are_read_as_sql_reads_them(text, schema, name):
    assert parse_table(text) == TableName(schema, name)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "a.b.c", "a..b", "users; drop table x", '"users"; drop table x', '"; drop table x', "users u",
        "users as u", "users, x", "(select 1)", "f(1)", "users join b on true", "only users", "users*", "lateral x",
        "users tablesample system (1)", "select", "$1", "1a", 'U&"d\\0061t"', '"a\0b"', "users\nwhere true",
        "(" * 5000,
    ],
)  # fmt: skip
def test_nothing_else_is_a_name(text):
    with pytest.raises(ConfigurationError) as caught:
        parse_table(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("schema", "name"), [("", "t"), ("s", ""), ("s\0", "t"), ("s", "t\0")])
def test_no_table_is_called_so(schema, name):
    with pytest.raises(ConfigurationError, match="needs a schema and a name"):
        TableName(schema, name)
