#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Delta tables of write_tables, read by deltalake, Polars and DuckDB: their rows are tarn's, value by value.

    check_delta_written.py FOLDER [ENGINE...]     exit code 77: none of the engines is here
"""
import glob
import json
import os
import pathlib
import struct
import sys
import sysconfig
from decimal import Decimal

import pyarrow as pa


def canonical(value, kind):
    """An Arrow scalar as the corpus's canonical JSON has it, comparable: floats by their bits."""
    if value is None:
        return None
    if pa.types.is_floating(kind):
        if value != value:
            return "NaN"
        return struct.pack(">d", value)
    if pa.types.is_decimal(kind):
        return f"{Decimal(value):.{kind.scale}f}"
    if pa.types.is_timestamp(kind):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%f").rjust(26, "0") + ("Z" if kind.tz else "")
    if pa.types.is_date(kind):
        return value.isoformat()
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind):
        return "0x" + value.hex()
    if pa.types.is_struct(kind):
        return {field.name: canonical(value[field.name], field.type) for field in kind}
    if pa.types.is_map(kind):
        return [[canonical(k, kind.key_type), canonical(v, kind.item_type)] for k, v in value]
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return [canonical(v, kind.value_type) for v in value]
    return value


def expected_value(value, kind):
    """The same for what tarn wrote, which JSON has parsed already."""
    if value is None:
        return None
    if pa.types.is_floating(kind):
        return "NaN" if value == "NaN" else struct.pack(">d", float(value))
    if pa.types.is_struct(kind):
        return {field.name: expected_value(value[field.name], field.type) for field in kind}
    if pa.types.is_map(kind):
        return [[expected_value(k, kind.key_type), expected_value(v, kind.item_type)] for k, v in value]
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return [expected_value(v, kind.value_type) for v in value]
    return value


def read_deltalake(table):
    import deltalake

    return pa.table(deltalake.QueryBuilder().register("t", deltalake.DeltaTable(table)).execute("select * from t").read_all())


def read_polars(table):
    import polars

    return polars.read_delta(table).to_arrow(compat_level=polars.CompatLevel.oldest())


def read_duckdb(table):
    import duckdb

    extension = glob.glob(os.path.join(sysconfig.get_paths()["purelib"], "duckdb_extension_delta/extensions/*/delta.duckdb_extension"))[0]
    connection = duckdb.connect()
    connection.execute("SET TimeZone='UTC'")
    connection.execute(f"LOAD '{extension}'")
    return connection.execute(f"SELECT * FROM delta_scan('file://{table}')").to_arrow_table()


ENGINES = {"deltalake": read_deltalake, "polars": read_polars, "duckdb": read_duckdb}

# What an engine cannot read, as its maintainers say.
CANNOT = {
    ("polars", "odd_names"): "Polars refuses column mapping",
    ("polars", "odd_names_whole"): "Polars refuses column mapping",
    ("duckdb", "odd_names"): "DuckDB's delta extension gives null for partition columns of tables with column mapping and field ids",
    ("polars", "nested"): "Polars has no type for maps: it gives lists of structs",
}


def check(engine, table, rows):
    arrow = ENGINES[engine](str(table))
    got = [{f.name: canonical(v, f.type) for f, v in zip(arrow.schema, row.values())} for row in arrow.to_pylist(maps_as_pydicts=None)]
    want = [{f.name: expected_value(row[f.name], f.type) for f in arrow.schema} for row in map(json.loads, rows.read_text().splitlines())]
    if list(arrow.schema.names) != list(json.loads(rows.read_text().splitlines()[0])):
        sys.exit(f"{engine}: {table.name}: columns {arrow.schema.names}")
    got.sort(key=repr)
    want.sort(key=repr)
    if got != want:
        odd = [(g, w) for g, w in zip(got, want) if g != w][:1] or [(len(got), len(want))]
        sys.exit(f"{engine}: {table.name} differs:\n  {engine} {odd[0][0]}\n  tarn {odd[0][1]}")
    if len(want) != 35:
        sys.exit(f"{table.name}: {len(want)} rows")


def main():
    folder = pathlib.Path(sys.argv[1]).resolve()
    compared = 0
    for engine in sys.argv[2:] or ENGINES:
        try:
            __import__(engine)
        except ImportError:
            print(f"not run: {engine} is not here")
            continue
        for rows in sorted(folder.glob("*.rows.jsonl")):
            table = folder / rows.name.removesuffix(".rows.jsonl")
            if (engine, table.name) in CANNOT:
                print(f"{engine}: {table.name}: {CANNOT[engine, table.name]}")
                continue
            check(engine, table, rows)
            compared += 1
            print(f"{engine}: {table.name}: equal")
    sys.exit(0 if compared else 77)


if __name__ == "__main__":
    main()
