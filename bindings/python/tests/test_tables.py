# SPDX-License-Identifier: Apache-2.0
"""Tables: writing, changing, former versions, history, and text of strangers."""

import datetime
import json
import os
import pathlib
import shutil
import types

import pytest

import tarn
from conftest import peer

UTC = datetime.timezone.utc


def test_a_table_and_its_versions(birds):  # SPEC: B-PY-8
    table = tarn.table(birds)
    assert (table.version, table.format, table.path) == (2, "delta", birds)
    assert sorted(table.scan(["id", "name"], "name IS NOT NULL").rows()) == [(1, "teal"), (3, "white stork")]
    assert sorted(table.scan("id", version=0).rows()) == [(1,), (2,), (3,), (4,)]
    assert sorted(table.scan("id", version=1, where="name LIKE '%o%'").rows()) == [(3,)]
    former = tarn.table(birds, version=1)
    assert former.version == 1 and len(former.scan().rows()) == 3
    assert repr(table) == f"<tarn.Table {birds!r}: delta, version 2, 3 rows>"
    assert "white stork" in table._repr_html_()
    facts = table.info()
    assert (facts["rows"], facts["files"], facts["partition_by"]) == (3, len(table.files()), [])


def test_history(birds):
    history = tarn.table(birds).history()
    assert [(commit["version"], commit["operation"]) for commit in history] == [(2, "UPDATE"), (1, "DELETE"), (0, "CREATE TABLE AS SELECT")]
    assert history[1]["metrics"]["numDeletedRows"] == "1" and history[2]["rows_added"] == 4
    assert history[1]["parameters"]["predicate"]
    assert history[0]["timestamp"] >= history[2]["timestamp"] and history[0]["timestamp"].tzinfo is UTC
    assert [commit["version"] for commit in tarn.table(birds).history(limit=1)] == [2]


def test_travel_by_time(birds):
    table = tarn.table(birds)
    first = table.history()[-1]["timestamp"]
    for moment in (first, first.replace(tzinfo=None), first.isoformat()):
        assert len(table.scan(as_of=moment).rows()) == 4
        assert tarn.table(birds, as_of=moment).version == 0
    with pytest.raises(tarn.Error):
        tarn.table(birds, as_of=datetime.datetime(2000, 1, 1))
    with pytest.raises(tarn.NotFoundError):
        table.scan(version=99)
    for wrong in (-1, -5):
        with pytest.raises((ValueError, tarn.NotFoundError)):
            table.scan(version=wrong)
    with pytest.raises(ValueError):
        tarn.table(birds, version=1, as_of=first)


def test_a_scan_is_of_one_version(birds):  # SPEC: B-PY-8
    table = tarn.table(birds)
    rows = table.scan()
    before = rows.rows()
    table.delete()
    assert rows.rows() == before and table.scan().rows() == []


def test_changes(birds):
    table = tarn.table(birds)
    changed = table.update({"kg": 1.5, "name": ":name"}, "id = :id", {"name": "O'Neil", "id": 4})
    assert (changed.rows_changed, changed.version) == (1, 3)
    assert table.scan(["name", "kg"], "id = 4").rows() == [("O'Neil", 1.5)]
    assert table.update({"kg": None}).rows_changed == 3
    assert table.delete("name = :n", types.MappingProxyType({"n": "O'Neil"})).rows_changed == 1
    assert table.delete("id = 77").rows_changed == 0
    assert table.restore(0) == table.version
    assert len(table.scan().rows()) == 4
    with pytest.raises(tarn.InvalidError):
        table.update({})
    for former in (tarn.table(birds, version=0), tarn.table(birds, as_of=datetime.datetime.now(UTC))):
        for change in (former.delete, lambda former=former: former.update({"id": 1}), lambda former=former: former.restore(0)):
            with pytest.raises(tarn.InvalidError):
                change()


# SPEC: B-PY-8
BREAKING_OUT = [
    "1 = 1; DROP TABLE t",
    "1 = 1) OR (1 = 1",
    "1 = 1)",
    "1 = 1 UNION SELECT 1",
    "1 = 1 ORDER BY id",
    "1 = 1 /*",
    "'",
    '"',
    "",
    " -- nothing",
    "(1 = 1",
    "id = 1, name = 'x'",
    "SELECT 1",
    "\x00",
]


@pytest.mark.parametrize("text", BREAKING_OUT, ids=repr)
def test_an_expression_cannot_leave_its_place(birds, text):
    table = tarn.table(birds)
    for action in (table.delete, lambda text: table.scan(where=text), lambda text: table.update({"id": "1"}, text), lambda text: table.update({"id": text})):
        with pytest.raises((tarn.InvalidError, tarn.UnsupportedError, ValueError)):
            action(text)
    assert table.version == 2


def test_a_comment_ends_with_its_expression(birds):
    assert tarn.table(birds).scan("id", "id = 1 -- or all of them").rows() == [(1,)]


@pytest.mark.parametrize("name", ["it's", 'quo"te', "semi;colon", "sp ace", "at@v0", "-- x", "δ", "100%", "back\\slash"])
def test_names_are_only_names(tmp_path, name):  # SPEC: B-PY-8
    path = tmp_path / name
    column = f"{name}.c"
    quoted = '"' + column.replace('"', '""') + '"'
    tarn.write(path, tarn.sql(f"SELECT 1 AS {quoted}, 'x' AS b"))
    table = tarn.table(path)
    assert table.schema.names == [column, "b"]
    assert table.scan([column]).rows() == [(1,)]
    assert table.update({column: 2}).rows_changed == 1
    assert tarn.write(path, tarn.sql(f"SELECT 3 AS {quoted}, 'y' AS b"), "append")["version"] == 2
    assert sorted(table.scan([column]).rows()) == [(2,), (3,)]
    assert table.delete(f"{quoted} = 3").rows_changed == 1
    assert [commit["version"] for commit in table.history()] == [3, 2, 1, 0]


def test_modes(tmp_path):  # SPEC: B-PY-9
    path = tmp_path / "t"
    one, two = tarn.sql("SELECT 1 AS a"), tarn.sql("SELECT 2 AS a")
    assert tarn.write(path, one) == {"version": 0, "rows": 1, "files": 1, "bytes": pytest.approx(400, abs=400)}
    with pytest.raises(tarn.ExistsError) as exists:
        tarn.write(path, two)
    assert exists.value.path == str(path)
    assert tarn.write(path, two, "append")["version"] == 1
    assert tarn.write(path, two, mode="overwrite")["version"] == 2
    assert tarn.table(path).scan().rows() == [(2,)]
    with pytest.raises(ValueError, match="upsert"):
        tarn.write(path, two, "upsert")
    with pytest.raises(tarn.InvalidError) as other:
        tarn.write(path, two, "append", table_format="iceberg")
    assert other.value.detail == "table_format"
    with pytest.raises((tarn.UnsupportedError, tarn.InvalidError)):
        tarn.write(tmp_path / "x", two, table_format="hudi")
    assert not (tmp_path / "x").exists()
    with pytest.raises(TypeError, match="__arrow_c_stream__"):
        tarn.write(tmp_path / "x", [1, 2])


def test_columns_are_matched_by_name_and_cast(tmp_path):  # SPEC: B-PY-9
    path = tmp_path / "t"
    tarn.sql(f"CREATE TABLE '{path}' (id BIGINT NOT NULL, name VARCHAR, d DATE)")
    tarn.write(path, tarn.sql("SELECT '2024-02-29' AS D, CAST(7 AS TINYINT) AS id"), "append")
    assert tarn.table(path).scan().rows() == [(7, None, datetime.date(2024, 2, 29))]
    for sql, detail in (("SELECT 1 AS id, 2 AS more", "column"), ("SELECT 'x' AS name", "column"), ("SELECT 'x' AS id", "conversion"), ("SELECT NULL AS id", None)):
        with pytest.raises(tarn.InvalidError) as refused:
            tarn.write(path, tarn.sql(sql), "append")
        assert detail is None or refused.value.detail == detail
    assert tarn.table(path).version == 1 and len(list(path.glob("*.parquet"))) == 1


def test_partitions(tmp_path):
    path = tmp_path / "t"
    rows = tarn.sql("SELECT * FROM (VALUES (1, 'a'), (2, 'b'), (3, 'a')) t(id, part)")
    tarn.write(path, rows, partition_by="part")
    table = tarn.table(path)
    assert table.info()["partition_by"] == ["part"]
    files = table.files()
    assert sorted((file["partition"]["part"], file["rows"]) for file in files) == [("a", 2), ("b", 1)]
    assert all((path / file["path"]).stat().st_size == file["size"] for file in files)
    assert all(json.loads(file["statistics"])["numRecords"] == file["rows"] for file in files)
    assert sorted(table.scan("id", "part = 'a'").rows()) == [(1,), (3,)]
    with pytest.raises(tarn.Error):
        tarn.write(tmp_path / "x", rows, partition_by=["nope"])


def test_a_commit_is_made_once_for_an_application(tmp_path):
    path = tmp_path / "t"
    rows = tarn.sql("SELECT 1 AS a")
    tarn.write(path, rows, app_id="loader", app_version=1, user_metadata="from the test")
    assert tarn.table(path).history()[0]["user_metadata"] == "from the test"
    tarn.write(path, rows, "append", app_id="loader", app_version=2)
    with pytest.raises(tarn.ExistsError) as again:
        tarn.write(path, rows, "append", app_id="loader", app_version=2)
    assert again.value.detail == "app_transaction" and tarn.table(path).version == 1


def test_iceberg(tmp_path):
    path = tmp_path / "t"
    rows = tarn.sql("SELECT * FROM (VALUES (1, 'a'), (2, 'b')) t(id, name)")
    assert tarn.write(path, rows, table_format="iceberg", partition_by=["bucket(4, id)"])["rows"] == 2
    table = tarn.table(path)
    assert table.format == "iceberg" and sorted(table.scan().rows()) == [(1, "a"), (2, "b")]
    first, scan = table.version, table.scan("id")
    tarn.write(path, rows, "append")
    assert len(table.scan().rows()) == 4 and len(table.scan(version=first).rows()) == 2 == len(scan.rows())
    assert table.delete("id = 1").rows_changed == 2
    assert table.update({"name": "upper(name)"}).rows_changed == 2
    assert table.scan().rows() == [(2, "B"), (2, "B")]
    assert [commit["version"] for commit in table.history()][-1] == first and len(table.history()) >= 4
    assert sum(file["rows"] for file in table.files()) == 2 and table.info()["rows"] == 2
    assert tarn.write(path, tarn.sql("SELECT 7 AS id"), "overwrite")["version"] == table.version
    assert table.scan().rows() == [(7, None)]
    table.restore(first)
    assert sorted(table.scan().rows()) == [(1, "a"), (2, "b")]
    with pytest.raises(tarn.InvalidError) as other:
        tarn.write(path, rows, "append", table_format="delta")
    assert other.value.detail == "table_format"


def test_iceberg_tables_of_others():
    corpus = os.environ.get("TARN_CORPUS")
    case = pathlib.Path(corpus or "/nowhere") / "iceberg/engines/branches_tags"
    if not case.exists():
        pytest.skip("not run: TARN_CORPUS is not set")
    facts = json.loads((case / "case.json").read_text())

    def rows(view):
        return len((case / facts["views"][view]["rows"]).read_text().splitlines())

    table = tarn.table(case / "table")
    assert (table.format, table.version) == ("iceberg", facts["current_snapshot_id"])
    assert len(table.scan().rows()) == rows("main") == table.info()["rows"]
    for snapshot in facts["snapshots"]:
        assert len(table.scan(version=snapshot["id"]).rows()) == rows(snapshot["view"])
    for name, ref in facts["refs"].items():
        assert tarn.table(case / "table", ref=name).version == ref["snapshot_id"]
    with pytest.raises(tarn.NotFoundError):
        tarn.table(case / "table", ref="nope")
    with pytest.raises(tarn.UnsupportedError) as refused:
        tarn.table(case.parent / "dv_basic/table").scan()
    assert refused.value.detail == "iceberg.format_version.3"


def test_others_read_it(birds):
    deltalake = peer("deltalake")
    table = deltalake.DeltaTable(birds)
    assert (table.version(), sorted(tarn.sql("SELECT id FROM t", t=table.to_pyarrow_table()).rows())) == (2, [(1,), (3,), (4,)])


def test_files(tmp_path):
    csv = tmp_path / "a.csv"
    csv.write_text("id;name;when\n1;teal;29.02.2024\n2;-;01.03.2024\n")
    rows = tarn.read_csv(csv, nulls=["-"], where="id >= :least", params={"least": 1})
    assert rows.rows() == [(1, "teal", datetime.date(2024, 2, 29)), (2, None, datetime.date(2024, 3, 1))]
    assert tarn.read_csv(csv, ["name"], all_varchar=True, header=True, delimiter=";", nulls=["-"]).rows() == [("teal",), (None,)]
    assert tarn.read_csv(csv, types="id VARCHAR, name VARCHAR, w VARCHAR", skip=1, header=False, delimiter=";").rows()[0] == ("1", "teal", "29.02.2024")
    assert rows.rows() == rows.rows()
    lines = tmp_path / "b.json"
    lines.write_text('{"id": 1, "tags": ["x"]}\n{"id": 2, "tags": []}\n')
    assert tarn.read_json(lines, where="id = 1").rows() == [(1, ["x"])]
    document = tmp_path / "c.json"
    document.write_text('{"n": 2, "features": [{"a": 1}, {"a": 2}]}')
    assert tarn.read_json(document, records="features").rows() == [(1,), (2,)]
    tarn.write(tmp_path / "t", tarn.sql("SELECT 5 AS a"))
    (file,) = (tmp_path / "t").glob("*.parquet")
    shutil.copy(file, tmp_path / "p1.parquet")
    shutil.copy(file, tmp_path / "p2.parquet")
    assert tarn.read_parquet(tmp_path / "p1.parquet").rows() == [(5,)]
    assert tarn.read_parquet(tmp_path / "p*.parquet", "a").rows() == [(5,), (5,)]
    with pytest.raises(tarn.CorruptError):
        tarn.read_parquet(csv)
    with pytest.raises(tarn.UnsupportedError):
        tarn.read_csv(tmp_path / "*.csv", header=True)
    with pytest.raises(tarn.NotFoundError):
        tarn.read_csv(tmp_path / "none.csv")
    for wrong in ({"delimiter": ";;"}, {"skip": -1}, {"nulls": [1]}, {"encoding": 8}):
        with pytest.raises((TypeError, ValueError, OverflowError)):
            tarn.read_csv(csv, **wrong)
    here = os.getcwd()
    try:
        os.chdir(tmp_path)
        assert len(tarn.read_csv("a.csv").rows()) == 2
        assert len(tarn.read_csv(pathlib.Path("a.csv")).rows()) == 2
    finally:
        os.chdir(here)
