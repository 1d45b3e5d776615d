#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Foreign engines leave out rows by what tarn's files say of them: with statistics, page indexes and bloom filters used, a filter gives the
rows that it gives over the same table in memory. DuckDB also asks tarn's bloom filters for values that are there and for others."""
import datetime
import decimal
import os
import pathlib
import random
import struct
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from engines import not_run, tarn

try:
    import duckdb
    import polars
    import pyarrow
    import pyarrow.compute as pc
    import pyarrow.dataset
    import pyarrow.parquet
except ImportError as error:
    not_run(f"no {error.name}")

ROWS = 6000
draw = random.Random(11)
LONG = "the beginning that all of these have in common, and which is longer than any bound that is kept, "
FORMS = {
    "default": [],
    "small pages": ["--page-rows", "200", "--row-group-rows", "1500"],
    "short bounds": ["--page-rows", "200", "--row-group-rows", "1500", "--statistics-size", "3", "--no-dictionary"],
    "total order": ["--page-rows", "200", "--row-group-rows", "1500", "--float-order", "ieee754"],
    "filters": ["--row-group-rows", "1500", "--no-dictionary"]
    + [word for name in ("text", "long", "i32", "u64", "bytes", "day") for word in ("--bloom", name)],
    "filters of dictionaries": ["--row-group-rows", "1500", "--bloom", "few", "--bloom", "text"],
}


def with_nulls(values, share=0.1):
    """With stretches of nulls, so that pages come about that hold nothing else."""
    return [None if draw.random() < share or 2000 <= i < 2450 else value for i, value in enumerate(values)]


def make_table():
    floats = [draw.choice([float("nan"), 0.0, -0.0, float("inf"), -float("inf")]) if draw.random() < 0.2 else draw.uniform(-50, 50) for _ in range(ROWS)]
    floats[3000:3400] = [float("nan")] * 400
    return pyarrow.table({
        "id": pyarrow.array(range(ROWS), pyarrow.int64()),
        "up": pyarrow.array([i // 7 for i in range(ROWS)], pyarrow.int32()),
        "down": pyarrow.array(with_nulls([-i for i in range(ROWS)]), pyarrow.int64()),
        "i32": pyarrow.array(with_nulls([draw.randrange(-2**31, 2**31) for _ in range(ROWS)]), pyarrow.int32()),
        "u64": pyarrow.array(with_nulls([draw.randrange(2**64) for _ in range(ROWS)]), pyarrow.uint64()),
        "u8": pyarrow.array(with_nulls([draw.randrange(256) for _ in range(ROWS)]), pyarrow.uint8()),
        "f64": pyarrow.array(with_nulls(floats), pyarrow.float64()),
        "f32": pyarrow.array(with_nulls(floats), pyarrow.float32()),
        "dec9": pyarrow.array(with_nulls([decimal.Decimal(draw.randrange(-10**9, 10**9)).scaleb(-2) for _ in range(ROWS)]), pyarrow.decimal128(11, 2)),
        "dec30": pyarrow.array(with_nulls([decimal.Decimal(draw.randrange(-10**29, 10**29)).scaleb(-4) for _ in range(ROWS)]), pyarrow.decimal128(30, 4)),
        "day": pyarrow.array(with_nulls([datetime.date(2000, 1, 1) + datetime.timedelta(draw.randrange(9000)) for _ in range(ROWS)]), pyarrow.date32()),
        "moment": pyarrow.array(with_nulls([draw.randrange(-10**15, 10**15) for _ in range(ROWS)]), pyarrow.timestamp("us")),
        "truth": pyarrow.array(with_nulls([i > 4000 for i in range(ROWS)]), pyarrow.bool_()),
        "text": pyarrow.array(with_nulls([draw.choice(["", "a", "é", "€", "😀", "z"]) + str(draw.randrange(10**6)) for _ in range(ROWS)]), pyarrow.string()),
        "long": pyarrow.array(with_nulls([LONG + str(draw.randrange(10**6)) for _ in range(ROWS)]), pyarrow.string()),
        "few": pyarrow.array(with_nulls([f"group {draw.randrange(9) + i // 1000 * 3}" for i in range(ROWS)]), pyarrow.string()),
        "bytes": pyarrow.array(with_nulls([draw.choice([b"\xff" * 80, b"", struct.pack(">Q", draw.randrange(2**64))]) for _ in range(ROWS)]), pyarrow.binary()),
    })


def literals(table, name):
    """Some values of the column, some between them, the outermost."""
    values = [value for value in table.column(name).to_pylist() if value is not None and value == value]
    some = draw.sample(values, 4) + [min(values), max(values)]
    if name in ("f64", "f32"):
        some += [0.0, -0.0, 1e9]
    elif isinstance(some[0], int) and name != "u8":
        some += [some[0] + 1, some[1] - 1 if some[1] > 0 else some[1] + 1]
    elif isinstance(some[0], str):
        some += [some[0] + "x", some[1][:3], LONG]
    return some


def ids(table):
    return sorted(table.column("id").to_pylist())


def check_arrow(what, path, table):
    """pyarrow's datasets rule out row groups by statistics."""
    data = pyarrow.dataset.dataset(path, format="parquet")
    compared = 0
    for name in table.column_names[1:]:
        field = pc.field(name)
        filters = [field.is_null(), field.is_valid()]
        for value in literals(table, name) if name != "truth" else [True, False]:
            scalar = pc.scalar(pyarrow.scalar(value, table.schema.field(name).type))
            filters += [field == scalar, field < scalar, field >= scalar, field != scalar]
        for condition in filters:
            expected = ids(table.filter(condition))
            got = ids(data.to_table(columns=["id"], filter=condition))
            if expected != got:
                sys.exit(f"{what}: pyarrow has {len(got)} rows for {condition}, expected {len(expected)}")
            compared += 1
    return compared


def check_duckdb(what, path, table):
    """DuckDB rules out row groups by statistics and bloom filters. Values are given as columns of one row: their types are right then."""
    connection = duckdb.connect()
    connection.register("memory", table)
    compared = 0
    for name in table.column_names[1:]:
        conditions = [(f"{name} IS NULL", []), (f"{name} IS NOT NULL", [])]
        kind = connection.execute(f"SELECT typeof({name}) FROM memory LIMIT 1").fetchone()[0]
        for value in literals(table, name) if name != "truth" else [True, False]:
            conditions += [(f"{name} {operator} CAST(? AS {kind})", [value]) for operator in ("=", "<", ">", "<>")]
        if name in ("f64", "f32"):
            conditions += [(f"{name} = 'NaN'::{kind}", []), (f"{name} > 40", []), (f"NOT isnan({name})", [])]
        for condition, values in conditions:
            query = f"SELECT id FROM {{}} WHERE {condition} ORDER BY id"
            expected = connection.execute(query.format("memory"), values).fetchall()
            got = connection.execute(query.format(f"read_parquet('{path}')"), values).fetchall()
            if expected != got:
                sys.exit(f"{what}: DuckDB has {len(got)} rows for {condition} {values}, expected {len(expected)}")
            compared += 1
    return compared


def check_polars(what, path, table):
    frame = polars.from_arrow(table)
    lazy = polars.scan_parquet(path)
    compared = 0
    for name in table.column_names[1:]:
        column = polars.col(name)
        conditions = [column.is_null(), column.is_not_null()]
        for value in literals(table, name) if name != "truth" else [True, False]:
            literal = polars.lit(value, dtype=frame.schema[name])
            conditions += [column == literal, column < literal, column > literal]
        for condition in conditions:
            expected = frame.filter(condition)["id"].to_list()
            got = sorted(lazy.filter(condition).select("id").collect()["id"].to_list())
            if expected != got:
                sys.exit(f"{what}: Polars has {len(got)} rows for {condition}, expected {len(expected)}")
            compared += 1
    return compared


def check_filters(path, table, names):
    """No value that is there is denied, and few that are not are let through."""
    connection = duckdb.connect()
    for name in names:
        kind = table.schema.field(name).type
        groups = [table.slice(first, 1500).column(name).drop_null() for first in range(0, ROWS, 1500)]
        passed = asked = 0
        for number in range(60):
            group = draw.randrange(len(groups))
            value = draw.choice(groups[group]).as_py()
            denied = dict(connection.execute("SELECT row_group_id, bloom_filter_excludes FROM parquet_bloom_probe(?, ?, ?)", [path, name, value]).fetchall())
            if len(denied) != len(groups) or denied[group]:
                sys.exit(f"DuckDB: the filter of {name} denies {value!r} of row group {group}: {denied}")
            absent = f"absent {number}" if pyarrow.types.is_string(kind) else draw.randrange(2**31)
            answers = connection.execute("SELECT row_group_id, bloom_filter_excludes FROM parquet_bloom_probe(?, ?, ?)", [path, name, absent]).fetchall()
            passed += sum(not denied for _, denied in answers)
            asked += len(answers)
        if passed * 20 > asked:
            sys.exit(f"DuckDB: the filter of {name} lets {passed} of {asked} absent values through")
        print(f"filter of {name}: 60 values found, {asked - passed} of {asked} absent ones denied")


def main():
    table = make_table()
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "source.arrow")
        with pyarrow.ipc.new_file(source, table.schema) as out:
            out.write_table(table, max_chunksize=1000)
        for number, (what, options) in enumerate(FORMS.items()):
            path = os.path.join(folder, f"{number}.parquet")
            tarn("convert", source, path, *options)
            tarn("verify", path)
            compared = check_arrow(what, path, table) + check_duckdb(what, path, table) + check_polars(what, path, table)
            print(f"{what}: {compared} filters give the same rows")
            if what == "filters":
                check_filters(path, table, ("text", "long", "i32"))
            if what == "filters of dictionaries":
                check_filters(path, table, ("few", "text"))


main()
