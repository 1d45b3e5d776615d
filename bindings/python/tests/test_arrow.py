# SPDX-License-Identifier: Apache-2.0
"""Data across the border, both ways, with whatever knows Arrow; and the protocol itself."""

import datetime
import decimal
import gc

import pytest

import tarn
from conftest import peer, run_python

SQL = """SELECT * FROM (VALUES (1, 'teal', 0.25e0, DATE '2024-02-29', TIMESTAMP '2024-02-29 01:02:03.000004', TRUE),
                               (2, NULL, NULL, NULL, NULL, NULL),
                               (3, 'tern', -1.5e0, DATE '1960-01-01', TIMESTAMP '1960-01-01 00:00:00', FALSE)) t(i, s, f, d, t, b)"""
ROWS = [
    (1, "teal", 0.25, datetime.date(2024, 2, 29), datetime.datetime(2024, 2, 29, 1, 2, 3, 4), True),
    (2, None, None, None, None, None),
    (3, "tern", -1.5, datetime.date(1960, 1, 1), datetime.datetime(1960, 1, 1), False),
]


# ---- out, and back in ----


def to_pyarrow():
    return peer("pyarrow").table(tarn.sql(SQL))


def to_polars():
    return peer("polars").DataFrame(tarn.sql(SQL))


def to_pandas():
    pandas = peer("pandas")
    if hasattr(pandas.DataFrame, "from_arrow"):
        return pandas.DataFrame.from_arrow(tarn.sql(SQL))
    return peer("pyarrow").table(tarn.sql(SQL)).to_pandas(types_mapper=pandas.ArrowDtype)


def to_duckdb():
    duckdb = peer("duckdb")
    peer("pyarrow")
    birds = tarn.sql(SQL)
    return duckdb.sql("SELECT * FROM birds ORDER BY i")


def to_nanoarrow():
    return peer("nanoarrow").Array(tarn.sql(SQL))


PEERS = [to_pyarrow, to_polars, to_pandas, to_duckdb, to_nanoarrow]


@pytest.mark.parametrize("convert", PEERS, ids=lambda convert: convert.__name__[3:])
def test_rows_go_out_and_come_back(convert, tmp_path):  # SPEC: B-PY-5
    frame = convert()
    assert tarn.sql("SELECT * FROM frame ORDER BY i", frame=frame).rows() == ROWS
    tarn.write(tmp_path / "t", convert())
    assert sorted(tarn.table(tmp_path / "t").scan().rows()) == ROWS


def test_what_peers_see_is_what_there_is():
    assert [tuple(row.values()) for row in to_pyarrow().to_pylist()] == ROWS
    assert to_polars().rows() == ROWS
    assert to_duckdb().fetchall() == ROWS
    assert to_pandas()["i"].tolist() == [1, 2, 3]
    assert [tuple(row.values()) for row in to_nanoarrow().to_pylist()] == ROWS


def test_a_table_is_a_frame(birds):
    pyarrow = peer("pyarrow")
    table = tarn.table(birds)
    assert sorted(pyarrow.table(table)["id"].to_pylist()) == [1, 3, 4]
    assert pyarrow.schema(table).names == ["id", "name", "kg"]
    assert pyarrow.schema(table.schema) == pyarrow.schema(table)
    assert tarn.sql("SELECT count(*) FROM t WHERE t.id > 1", t=table).rows() == [(2,)]
    if tuple(map(int, pyarrow.__version__.split(".")[:1])) >= (15,):
        assert pyarrow.RecordBatchReader.from_stream(table).read_all().num_rows == 3


def test_many_types_survive(tmp_path):
    pa = peer("pyarrow")
    nested = pa.struct([("a", pa.int64()), ("b", pa.list_(pa.string()))])
    table = pa.table(
        {
            "u8": pa.array([1, None, 255], pa.uint8()),
            "i16": pa.array([-1, None, 5], pa.int16()),
            "dec": pa.array([decimal.Decimal("1.25"), None, decimal.Decimal("-3.00")], pa.decimal128(12, 2)),
            "large": pa.array(["x", None, "z" * 100], pa.large_string()),
            "dict": pa.array(["a", "b", "a"]).dictionary_encode(),
            "bin": pa.array([b"\0", None, b""], pa.binary()),
            "ts": pa.array([1, None, 3], pa.timestamp("us", "UTC")),
            "ms": pa.array([1, None, 3], pa.timestamp("ms")),
            "list": pa.array([[1, None], None, []], pa.list_(pa.int32())),
            "struct": pa.array([{"a": 1, "b": ["x"]}, None, {"a": None, "b": None}], nested),
            "map": pa.array([[("k", 1)], None, []], pa.map_(pa.string(), pa.int64())),
        }
    )
    rows = tarn.sql("SELECT * FROM t", t=table)
    back = pa.table(rows)
    for name in table.column_names:
        expected = table[name].cast(pa.string()) if name in ("dict", "large") else table[name]
        assert back[name].to_pylist() == expected.to_pylist(), name
        if name != "map":
            assert [row[name] for row in rows.dicts()] == expected.to_pylist(), name
    assert rows.dicts()[0]["map"] == [("k", 1)]
    sliced = table.slice(1, 2)
    assert pa.table(tarn.sql("SELECT * FROM t", t=sliced))["i16"].to_pylist() == [None, 5]
    path = tmp_path / "t"
    tarn.write(path, table.drop_columns(["u8", "ms"]))
    read = pa.table(tarn.table(path))
    assert read["struct"].to_pylist() == table["struct"].to_pylist() and read["map"].to_pylist() == table["map"].to_pylist()


def test_types_that_a_table_lacks_are_narrowed(tmp_path):
    pa = peer("pyarrow")
    path = tmp_path / "t"
    tarn.write(path, pa.table({"u": pa.array([2**64 - 1], pa.uint64()), "n": pa.array([1_700_000_000_000_001_000], pa.timestamp("ns"))}))
    ((u, n),) = tarn.table(path).scan().rows()
    assert u == 2**64 - 1 and n == datetime.datetime(2023, 11, 14, 22, 13, 20, 1)


# ---- the protocol ----


def test_capsules(birds):  # SPEC: B-PY-5
    rows = tarn.sql(SQL)
    stream = rows.__arrow_c_stream__()
    assert "arrow_array_stream" in repr(stream)
    assert "arrow_schema" in repr(rows.schema.__arrow_c_schema__())
    na = peer("nanoarrow")
    first = na.ArrayStream(stream).read_all()
    assert len(first) == 3
    with pytest.raises(Exception):  # moved out: the capsule has nothing left
        na.ArrayStream(stream).read_all()
    assert len(na.ArrayStream(rows).read_all()) == 3
    assert na.c_schema(rows.schema).n_children == 6


def test_capsules_that_nobody_takes_free_what_they_hold():  # SPEC: B-PY-5
    env = tarn.Env(threads=1)
    rows = env.sql(SQL)
    schema = rows.schema
    for _ in range(20):
        rows.__arrow_c_stream__()
        schema.__arrow_c_schema__()
    del rows, schema
    gc.collect()
    assert env.memory()[0] == 0


def test_a_requested_schema(birds):  # SPEC: B-PY-5
    pa = peer("pyarrow")
    rows = tarn.sql("SELECT 1 AS i, 'x' AS s")
    for wanted, got in ((pa.large_string(), pa.large_string()), (pa.string(), pa.string()), (pa.int64(), pa.string())):
        schema = pa.schema([("i", pa.int32()), ("s", wanted)])
        capsule = rows.__arrow_c_stream__(requested_schema=schema.__arrow_c_schema__())
        reader = pa.RecordBatchReader._import_from_c_capsule(capsule)
        assert reader.schema.field("s").type == got and reader.read_all().to_pylist() == [{"i": 1, "s": "x"}]
    with pytest.raises(ValueError):
        rows.__arrow_c_stream__(pa.schema([("i", pa.int32())]).__arrow_c_schema__())
    with pytest.raises(ValueError):
        rows.__arrow_c_stream__(rows.__arrow_c_stream__())
    with pytest.raises(ValueError):
        rows.__arrow_c_stream__("no capsule")


def test_an_array_is_a_stream_of_one(tmp_path):
    pa = peer("pyarrow")
    batch = pa.record_batch({"a": [1, 2, 3]})

    class Array:
        def __arrow_c_array__(self, requested_schema=None):
            return batch.__arrow_c_array__(requested_schema)

    assert tarn.sql("SELECT sum(a) AS s FROM x", x=Array()).rows() == [(6,)]
    tarn.write(tmp_path / "t", Array())
    assert tarn.table(tmp_path / "t").info()["rows"] == 3


def test_what_is_no_stream_is_refused(tmp_path):
    class Wrong:
        def __init__(self, answer):
            self.answer = answer

        def __arrow_c_stream__(self, requested_schema=None):
            return self.answer

    class Raising:
        def __arrow_c_stream__(self, requested_schema=None):
            raise KeyError("of the producer")

    for wrong in (Wrong(None), Wrong(5), Wrong("x"), Wrong(tarn.sql("SELECT 1").schema.__arrow_c_schema__())):
        with pytest.raises((TypeError, ValueError)):
            tarn.write(tmp_path / "t", wrong)
    with pytest.raises(KeyError, match="of the producer"):
        tarn.sql("SELECT * FROM x", x=Raising())
    with pytest.raises(TypeError):
        tarn.write(tmp_path / "t", tarn.Rows)
    pa = peer("pyarrow")
    with pytest.raises(tarn.InvalidError):  # no rows of columns
        tarn.write(tmp_path / "t", pa.chunked_array([[1, 2]]))
    assert not (tmp_path / "t").exists() or tarn.sql("SHOW TABLES").rows() is not None


def failing_reader(pa, good):
    def batches():
        yield from (pa.record_batch({"a": list(range(1000))}) for _ in range(good))
        raise RuntimeError("the producer ran dry")

    return pa.RecordBatchReader.from_batches(pa.schema([("a", pa.int64())]), batches())


def test_a_failing_producer_is_heard(tmp_path):  # SPEC: B-PY-10
    pa = peer("pyarrow")
    with pytest.raises(tarn.Error, match="the producer ran dry"):
        tarn.sql("SELECT sum(a) FROM x", x=failing_reader(pa, 3)).rows()
    with pytest.raises(tarn.Error, match="the producer ran dry"):
        tarn.write(tmp_path / "t", failing_reader(pa, 3))
    with pytest.raises(tarn.NotFoundError):
        tarn.table(tmp_path / "t")
    tarn.write(tmp_path / "u", pa.table({"a": [1]}))
    with pytest.raises(tarn.Error, match="the producer ran dry"):
        tarn.write(tmp_path / "u", failing_reader(pa, 0), "append")
    assert tarn.table(tmp_path / "u").version == 0 and len(list((tmp_path / "u").glob("*.parquet"))) == 1


def test_a_consumer_hears_what_failed():
    pa = peer("pyarrow")
    rows = tarn.sql("SELECT 1 // a AS q FROM (VALUES (0)) t(a)")
    with pytest.raises(Exception, match="division_by_zero"):
        pa.table(rows)
    with pytest.raises(tarn.InvalidError) as through:  # a stream of tarn's into tarn keeps the whole error
        tarn.sql("SELECT * FROM x", x=rows).rows()
    assert through.value.detail == "division_by_zero"


def test_a_stream_is_read_once():
    pa = peer("pyarrow")
    reader = pa.RecordBatchReader.from_batches(pa.schema([("a", pa.int64())]), [pa.record_batch({"a": [1]})])
    rows = tarn.sql("SELECT * FROM x", x=reader)
    over = tarn.sql("SELECT * FROM y", y=rows)
    assert "<td>" not in rows._repr_html_() + over._repr_html_() and "read once" in str(over)  # a look takes nothing away
    assert rows.rows() == [(1,)]
    assert rows.rows() == []  # the reader has no more
    for again in (pa.table({"a": [7]}), tarn.sql("SELECT 7 AS a")):
        over = tarn.sql("SELECT * FROM y", y=again)
        assert "<td>7</td>" in over._repr_html_() and over.rows() == over.rows() == [(7,)]


# ---- lifetimes ----


def test_a_stream_outlives_everything_that_made_it(birds):  # SPEC: B-PY-7
    peer("pyarrow")
    assert (
        run_python(
            """
            import gc, sys, pyarrow, tarn
            env = tarn.Env(threads=2)
            capsule = env.table(sys.argv[1]).scan().__arrow_c_stream__()
            schema = env.table(sys.argv[1]).schema.__arrow_c_schema__()
            del env
            for name in [name for name in sys.modules if name.startswith("tarn")]:
                del sys.modules[name]
            del tarn
            gc.collect()
            table = pyarrow.RecordBatchReader._import_from_c_capsule(capsule).read_all()
            del capsule
            gc.collect()
            print(sorted(table["id"].to_pylist()), len(pyarrow.Schema._import_from_c_capsule(schema)))
            """,
            birds,
        )
        == "[1, 3, 4] 3\n"
    )


def test_rows_outlive_their_frames():
    pa = peer("pyarrow")
    frame = pa.table({"a": [1, 2]})
    rows = tarn.sql("SELECT a FROM x", x=frame)
    stream = rows.__arrow_c_stream__()
    del frame, rows
    gc.collect()
    assert pa.RecordBatchReader._import_from_c_capsule(stream).read_all()["a"].to_pylist() == [1, 2]
