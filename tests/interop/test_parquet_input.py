#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Arrow streams of pyarrow, of every type and layout, written by tarn as Parquet: pyarrow reads the very types and values again, by the key
ARROW:schema; DuckDB reads the values. Files with VARIANT columns that tarn shredded are read by DuckDB, value by value."""
import ctypes
import datetime
import decimal
import os
import pathlib
import shutil
import sys
import uuid

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from engines import not_run, scratch, tarn

WORDS = ["a", None, "", "ä word of more than twelve bytes", "b", "a"]
LIBRARY = pathlib.Path(os.environ["TARN_BINARY_DIR"]) / "libtarn.so"


class Text(ctypes.Structure):
    _fields_ = [("data", ctypes.c_char_p), ("size", ctypes.c_size_t)]


def text(value):
    data = str(value).encode()
    return Text(data, len(data))


def every_type():
    """Six rows of every type that pyarrow writes as Parquet itself."""
    numbers = [1, None, 3, 0, 100, 7]
    moment = datetime.datetime(2024, 2, 29, 12, 30, 1)
    moments = [moment, None, datetime.datetime(1969, 12, 31, 23, 59, 59), moment, None, moment]
    decimals = [decimal.Decimal("1.25"), None, decimal.Decimal("-3.50"), decimal.Decimal("0"), decimal.Decimal("999.99"), None]
    return pa.table({
        **{str(t): pa.array(numbers, t) for t in (pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64())},
        **{str(t): pa.array([1.5, None, -0.0, 0.25, 100.0, float("inf")], t) for t in (pa.float16(), pa.float32(), pa.float64())},
        **{str(t): pa.array(decimals, t) for t in (pa.decimal32(7, 2), pa.decimal64(12, 2), pa.decimal128(20, 2), pa.decimal256(60, 2))},
        "bool": pa.array([True, None, False, True, False, None]),
        "null": pa.nulls(6),
        "date32": pa.array([moment.date(), None] * 3, pa.date32()),
        **{f"time {u}": pa.array([datetime.time(1, 2, 3), None] * 3, t)
           for u, t in (("s", pa.time32("s")), ("ms", pa.time32("ms")), ("us", pa.time64("us")), ("ns", pa.time64("ns")))},
        **{f"stamp {u} {z}": pa.array(moments, pa.timestamp(u, z)) for u in ("s", "ms", "us", "ns") for z in (None, "UTC", "Europe/Berlin", "+01:30")},
        **{f"duration {u}": pa.array([1, None, 5, 0, 2, 3], pa.duration(u)) for u in ("s", "ms", "us", "ns")},
        "string": pa.array(WORDS), "large string": pa.array(WORDS, pa.large_string()), "string view": pa.array(WORDS, pa.string_view()),
        "binary": pa.array([b"\0\xff", None, b""] * 2, pa.binary()), "binary view": pa.array([b"\0\xff", None, b"x" * 40] * 2, pa.binary_view()),
        "large binary": pa.array([b"\0\xff", None, b""] * 2, pa.large_binary()), "fixed": pa.array([b"abc", None, b"def"] * 2, pa.binary(3)),
        "uuid": pa.array([uuid.UUID(int=5).bytes, None, uuid.UUID(int=7).bytes] * 2, pa.uuid()),
        "dictionary": pa.array(WORDS).dictionary_encode(),
        "ordered": pa.DictionaryArray.from_arrays(pa.array([1, None, 0, 1, 1, 0], pa.int32()), pa.array(["p", "q"]), ordered=True),
        "list": pa.array([[1, None], None, [], [2], [3, 4, 5], []], pa.list_(pa.int32())),
        "large list": pa.array([["a"], None, [], ["b", None], ["c"], []], pa.large_list(pa.string())),
        "fixed list": pa.array([[1, 2], None, [3, None], [4, 5], [6, 7], [8, 9]], pa.list_(pa.int64(), 2)),
        "list of dictionaries": pa.ListArray.from_arrays(pa.array([0, 2, 2, 3, 3, 3, 4], pa.int32()), pa.array(["p", "q", "p", None]).dictionary_encode()),
        "struct of dictionaries": pa.StructArray.from_arrays([pa.array(WORDS).dictionary_encode(), pa.array(WORDS[::-1]).cast(pa.large_string()).dictionary_encode()], ["a", "b"]),
        "struct": pa.array([{"x": 1, "y": "one"}, None, {"x": None, "y": ""}] * 2, pa.struct([("x", pa.int64()), ("y", pa.string_view())])),
        "durations": pa.array([[1, None], None, [], [2], [3], []], pa.list_(pa.duration("ms"))),
        "map": pa.array([[("a", 1), ("b", None)], None, []] * 2, pa.map_(pa.string(), pa.int16())),
    })


def values_alone():
    """What Parquet readers of Arrow give in a plainer layout: the values are compared, not the types."""
    return pa.table({
        "date64": pa.array([datetime.date(2024, 2, 29), None] * 3, pa.date64()),
        "runs": pa.RunEndEncodedArray.from_arrays(pa.array([2, 5, 6], pa.int16()), pa.array(["r", None, "s"])),
        "list view": pa.array([[1, None], None, [], [2], [3, 4, 5], []], pa.list_view(pa.int32())),
        "numbers in a dictionary": pa.DictionaryArray.from_arrays(pa.array([1, None, 0, 1, 1, 0], pa.uint16()), pa.array([10.5, 20.5])),
        "null in a dictionary": pa.DictionaryArray.from_arrays(pa.array([0, 1, 0, None, 1, 0], pa.int8()), pa.array(["x", None])),
    })


class Writer:
    """tarn_parquet_write_arrow, through the library's C functions."""

    def __init__(self, folder):
        self.library = ctypes.CDLL(str(LIBRARY))
        self.folder = folder
        self.env, self.store = ctypes.c_void_p(), ctypes.c_void_p()
        assert self.library.tarn_env_open(None, ctypes.byref(self.env), None) == 0
        assert self.library.tarn_store_open_local(self.env, text(folder), ctypes.c_bool(True), ctypes.byref(self.store), None) == 0

    def write(self, name, table, batch_rows=4):
        stream = (ctypes.c_void_p * 5)()
        error = (ctypes.c_char * 1024)()
        rows = ctypes.c_uint64()
        reader = pa.RecordBatchReader.from_batches(table.schema, [table.slice(i, batch_rows).combine_chunks().to_batches()[0] for i in range(0, len(table), batch_rows)])
        reader._export_to_c(ctypes.addressof(stream))
        status = self.library.tarn_parquet_write_arrow(self.store, text(name), ctypes.byref(stream), None, ctypes.byref(rows), error)
        if status != 0:
            sys.exit(f"{name}: tarn refuses it: {bytes(error)[232:].split(bytes(1))}")
        assert rows.value == len(table), rows.value
        return self.folder / name

    def close(self):
        self.library.tarn_store_close(self.store)
        self.library.tarn_env_close(self.env)


def compare(what, meant, got, types=None):
    for i, field in enumerate(meant.schema):
        if types is not None and got.schema.field(i).type != types.field(i).type:
            sys.exit(f"{what}: {field.name}: {got.schema.field(i).type} instead of {types.field(i).type}")
        if meant.column(i).to_pylist() != got.column(i).to_pylist():
            sys.exit(f"{what}: {field.name}: {got.column(i).to_pylist()} instead of {meant.column(i).to_pylist()}")
    print(f"{what}: {len(meant.schema)} columns equal")


def arrow_types(writer):
    meant = every_type()
    metadata = pa.field("int32", pa.int32(), metadata={"key of the field": "kept"})
    meant = meant.cast(meant.schema.set(meant.schema.get_field_index("int32"), metadata)).replace_schema_metadata({"key of the table": "value"})
    path = writer.write("types.parquet", meant)
    got = pq.read_table(path)
    pq.write_table(meant, path.with_suffix(".pyarrow"))
    own = pq.read_table(path.with_suffix(".pyarrow")).schema  # seconds of a day it gives as milliseconds
    compare("pyarrow, types and values", meant, got, own)
    assert got.schema.metadata[b"key of the table"] == b"value", got.schema.metadata
    assert got.schema.field("int32").metadata[b"key of the field"] == b"kept", got.schema.field("int32").metadata
    compare("pyarrow, values", values_alone(), pq.read_table(writer.write("values.parquet", values_alone())))
    rows = duckdb.execute(f"SELECT string, list, struct.x, \"fixed list\", dictionary FROM '{path}'").fetchall()
    for i, row in enumerate(rows):
        struct = meant["struct"][i].as_py()
        assert list(row) == [meant["string"][i].as_py(), meant["list"][i].as_py(), struct and struct["x"], meant["fixed list"][i].as_py(),
                             meant["dictionary"][i].as_py()], (i, row)
    print("DuckDB: values equal")
    plain = pa.table({"i": pa.array([1, 2], pa.int64()), "s": pa.array(["a", None]), "at": pa.array([0, 1], pa.timestamp("us", "UTC"))})
    assert b"ARROW:schema" not in (pq.read_metadata(writer.write("plain.parquet", plain)).metadata or {}), "a key that says nothing"


VARIANTS = """CREATE TABLE t AS SELECT i AS id, CASE WHEN i % 13 = 5 THEN NULL WHEN i % 40 = 7 THEN '[1,2,"x"]'::JSON::VARIANT
  WHEN i % 40 = 9 THEN '"text"'::JSON::VARIANT WHEN i % 40 = 11 THEN 'null'::JSON::VARIANT
  WHEN i % 80 = 12 THEN DATE '2024-02-29'::VARIANT WHEN i % 80 = 13 THEN 1.50::DECIMAL(9, 2)::VARIANT WHEN i % 80 = 14 THEN '{}'::JSON::VARIANT
  ELSE ('{"id":' || (i * 37) || ',"name":"n' || (i % 50) || '","price":' || (i % 90) || '.5,"tags":["a","t' || (i % 9) || '"],"at":{"x":' || (i % 7)
        || '.25,"ok":true},"mixed":' || (CASE WHEN i % 2 = 0 THEN '1' ELSE '"s"' END) || '}')::JSON::VARIANT END AS v FROM range(3000) r(i)"""


def variants(folder):
    connection = duckdb.connect()
    connection.execute(VARIANTS)
    connection.execute(f"COPY t TO '{folder}/by_duckdb.parquet'")
    for number, shred in enumerate((["--shred", "v"], [], ["--shred", "v=no"], ["--profile", "compat"], ["--shred", "v=VARCHAR"],
                                    ["--shred", "v=STRUCT(id BIGINT, price DOUBLE, tags VARCHAR[], at STRUCT(x DOUBLE), mixed VARCHAR, none DATE)"])):
        path = folder / f"{number}.parquet"
        tarn("convert", folder / "by_duckdb.parquet", path, *shred)
        rows, odd = connection.execute(f"""SELECT count(*), count(*) FILTER (WHERE t.v::VARCHAR IS DISTINCT FROM o.v::VARCHAR)
                                           FROM t JOIN '{path}' o USING (id)""").fetchone()
        if rows != 3000 or odd != 0:
            sys.exit(f"DuckDB, {shred}: {odd} of {rows} rows differ")
        shredded = "typed_value" in str(pq.read_schema(path).field("v").type)
        assert shredded == (number not in (2, 3)), (shred, pq.read_schema(path))
        assert pq.read_table(path).num_rows == 3000
        print(f"DuckDB, {shred}: {rows} variants equal")


def main():
    if not LIBRARY.exists():
        not_run("there is no shared library")
    folder = scratch()
    writer = Writer(folder)
    arrow_types(writer)
    writer.close()
    variants(folder)
    shutil.rmtree(folder)


main()
