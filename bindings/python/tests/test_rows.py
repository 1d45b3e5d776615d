# SPDX-License-Identifier: Apache-2.0
"""Statements: their rows as Python objects, parameters, one statement at a time, looks at them."""

import datetime
import decimal
import math
import uuid

import pytest

import tarn

UTC = datetime.timezone.utc

# SPEC: B-PY-4
VALUES = [
    ("NULL", None),
    ("TRUE", True),
    ("CAST(-7 AS TINYINT)", -7),
    ("CAST(40000 AS USMALLINT)", 40000),
    ("CAST(4000000000 AS UINTEGER)", 4000000000),
    ("9223372036854775807", 2**63 - 1),
    ("CAST(18446744073709551615 AS UBIGINT)", 2**64 - 1),
    ("CAST(1.5 AS FLOAT)", 1.5),
    ("1e300", 1e300),
    ("CAST('inf' AS DOUBLE)", math.inf),
    ("12.340", decimal.Decimal("12.340")),
    ("CAST('-0.01' AS DECIMAL(4,2))", decimal.Decimal("-0.01")),
    ("CAST('99999999999999999999999999999999999.999' AS DECIMAL(38,3))", decimal.Decimal("99999999999999999999999999999999999.999")),
    ("'δ\U0001f426'", "δ\U0001f426"),
    ("''", ""),
    ("CAST('a\\x00b' AS BLOB)", b"a\x00b"),
    ("DATE '0001-01-01'", datetime.date(1, 1, 1)),
    ("DATE '9999-12-31'", datetime.date(9999, 12, 31)),
    ("TIMESTAMP '1969-12-31 23:59:59.999999'", datetime.datetime(1969, 12, 31, 23, 59, 59, 999999)),
    ("CAST('2024-02-29 12:00:00+02:00' AS TIMESTAMP WITH TIME ZONE)", datetime.datetime(2024, 2, 29, 10, tzinfo=UTC)),
    ("CAST('23:59:59.5' AS TIME)", datetime.time(23, 59, 59, 500000)),
    ("INTERVAL '1 month 2 days 3 seconds'", (1, 2, 3000000000)),
    ("[1, NULL, 3]", [1, None, 3]),
]


@pytest.mark.parametrize(("sql", "value"), VALUES, ids=[sql for sql, _ in VALUES])
def test_a_value_becomes_its_python_object(sql, value):
    (row,) = tarn.sql(f"SELECT {sql} AS v").rows()
    assert row == (value,)
    assert type(row[0]) is type(value)


def test_what_python_cannot_hold_is_an_error():
    for sql in ("CAST('2024-01-01 00:00:00.000000001' AS TIMESTAMP_NS)", "DATE '9999-12-31' + 366", "TIMESTAMP '9999-12-31 00:00:00' + INTERVAL 1 YEAR"):
        with pytest.raises(ValueError, match="through Arrow"):
            tarn.sql(f"SELECT {sql}").rows()


# SPEC: B-PY-4
PARAMETERS = [
    None,
    True,
    -5,
    2**63 - 1,
    -(2**63),
    1.25,
    "O'Neil; DROP TABLE t --",
    "nul \x00 inside",
    b"\x00\xff",
    decimal.Decimal("-123.4500"),
    decimal.Decimal("1E+3"),
    datetime.date(2024, 2, 29),
    datetime.datetime(2024, 2, 29, 1, 2, 3, 4),
    datetime.datetime(2024, 2, 29, 1, 2, 3, 4, datetime.timezone(datetime.timedelta(hours=-5, minutes=-30))),
    datetime.time(1, 2, 3, 4),
    uuid.UUID("12345678-1234-5678-1234-567812345678"),
]


@pytest.mark.parametrize("value", PARAMETERS, ids=repr)
def test_a_parameter_comes_back_as_it_was(value):
    assert tarn.sql("SELECT :v AS v, ? AS w", value, v=value).rows() == [(value, value)]


def test_large_integers_become_decimals():
    assert tarn.sql("SELECT ?", 10**38 - 1).rows() == [(decimal.Decimal(10**38 - 1),)]
    with pytest.raises(OverflowError):
        tarn.sql("SELECT ?", 10**38)
    with pytest.raises(OverflowError):
        tarn.sql("SELECT ?", decimal.Decimal("1e-39"))
    assert tarn.sql("SELECT ? IS NOT NULL", datetime.timedelta(days=-1, seconds=5)).rows() == [(True,)]


def test_parameters_that_are_wrong_are_said_to_be():
    with pytest.raises(TypeError, match="object"):
        tarn.sql("SELECT ?", object())
    with pytest.raises(tarn.InvalidError) as missing:
        tarn.sql("SELECT :a + :b", a=1)
    assert missing.value.detail == "parameter"
    with pytest.raises(UnicodeEncodeError):
        tarn.sql("SELECT ?", "\ud800")
    with pytest.raises(ValueError):
        tarn.sql("SELECT \x00 1")


def test_a_select_runs_anew_for_each_reader(tmp_path):  # SPEC: B-PY-6
    path = str(tmp_path / "t")
    tarn.write(path, tarn.sql("SELECT 1 AS a"))
    rows = tarn.sql(f"SELECT a FROM '{path}' ORDER BY a")
    assert rows.rows() == [(1,)]
    tarn.write(path, tarn.sql("SELECT 2 AS a"), "append")
    assert rows.rows() == [(1,), (2,)]
    assert rows.dicts() == [{"a": 1}, {"a": 2}]
    assert list(rows) == [(1,), (2,)]


def test_a_statement_that_changes_runs_once(tmp_path):  # SPEC: B-PY-6
    path = tmp_path / "t"
    made = tarn.sql(f"CREATE TABLE '{path}' AS SELECT * FROM (VALUES (1), (2), (3)) v(a)")
    assert (made.version, made.rows_changed, made.rows()) == (0, 3, [])
    gone = tarn.sql(f"DELETE FROM '{path}' WHERE a > :a", a=1)
    assert (gone.version, gone.rows_changed, len(gone.schema)) == (1, 2, 0)
    assert gone.rows() == [] and repr(gone) == "<tarn.Rows: 2 rows changed, version 1>" == str(gone)
    assert "2 rows changed" in gone._repr_html_()
    with pytest.raises(tarn.InvalidError) as refused:
        gone.__arrow_c_stream__()
    assert refused.value.detail == "no_rows"
    assert tarn.table(path).version == 1


def test_one_statement_at_a_time(tmp_path):  # SPEC: B-PY-6
    path = tmp_path / "t"
    with pytest.raises(tarn.InvalidError):
        tarn.sql(f"CREATE TABLE '{path}' AS SELECT 1 AS a; SELECT 2")
    assert not path.exists()
    assert tarn.sql("SELECT 1; -- and nothing else\n;").rows() == [(1,)]


def test_what_is_wrong_shows_when_it_is_made():
    with pytest.raises(tarn.NotFoundError) as absent:
        tarn.sql("SELECT nope FROM (VALUES (1)) t(a)")
    assert absent.value.detail == "column" and absent.value.offset == 7
    rows = tarn.sql("SELECT 1 // a AS q FROM (VALUES (1), (0)) t(a)")
    with pytest.raises(tarn.InvalidError) as met:
        rows.rows()
    assert met.value.detail == "division_by_zero"


def test_a_look(tmp_path):
    rows = tarn.sql("SELECT * FROM (VALUES (1, '<b>&'), (2, NULL)) t(id, \"na\"\"me\")")
    assert repr(rows) == '<tarn.Rows: id INTEGER, na"me VARCHAR>'
    html = rows._repr_html_()
    assert "&lt;b&gt;&amp;" in html and "<i>null</i>" in html and "<b>" not in html
    assert "na&quot;me" in html
    assert str(rows).splitlines()[-1].split() == ["2", "NULL"]
    assert rows.schema.fields == [("id", "INTEGER", True), ('na"me', "VARCHAR", True)]
    path = tmp_path / "many.csv"
    path.write_text("n\n" + "\n".join(str(n) for n in range(100)) + "\n")
    many = tarn.read_csv(path)
    assert many._repr_html_().count("<tr>") == 21 and "the first 20 rows" in many._repr_html_()
    assert str(many).endswith("(the first 20 rows)")
    assert str(tarn.sql("SELECT ? AS long", "x" * 1000)).splitlines()[-1].endswith("…")


def test_objects_are_not_made_by_hand():
    with pytest.raises(TypeError):
        tarn.Schema()
    with pytest.raises(TypeError):
        tarn.Rows(None, "SELECT 1")
    with pytest.raises(TypeError):
        tarn.Rows()
    env = tarn.Env(threads=1)
    for wrong in ({"parameters": 5}, {"frames": [1]}, {"file": "x"}, {"file": {}}, {"file": {"path": 7}}, {"parameters": {1: 2}}, {"lake": 3}):
        with pytest.raises(TypeError):
            tarn.Rows(env, "SELECT 1", **wrong)
    for wrong in ({"threads": -1}, {"memory_limit": -1}, {"threads": 100_000}):
        with pytest.raises(ValueError):
            tarn.Env(**wrong)


def test_memory_is_given_back_and_kept_to_its_limit(tmp_path):
    env = tarn.Env(threads=1)
    rows = env.sql("SELECT * FROM (VALUES (1, 'a'), (2, 'b')) t(a, b)")
    assert rows.rows() == [(1, "a"), (2, "b")]
    capsule = rows.__arrow_c_stream__()
    assert env.memory()[0] > 0
    del rows, capsule
    assert env.memory()[0] == 0 < env.memory()[1]
    with pytest.raises(tarn.LimitError) as limit:
        tarn.Env(memory_limit=200_000).sql("SELECT repeat('x', 1000000)").rows()
    assert limit.value.code == "LIMIT"


def test_a_lake_resolves_bare_names(tmp_path):
    env = tarn.Env(lake=tmp_path)
    env.write(tmp_path / "birds", env.sql("SELECT 'teal' AS name"))
    assert env.sql("SELECT name FROM birds").rows() == [("teal",)]
    assert env.sql("SHOW TABLES").rows() == [("birds",)]
