#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Delta tables of write_tables, read by deltalake, Polars and DuckDB: their rows are tarn's, value by value.

    check_delta_written.py FOLDER [ENGINE...]     exit code 77: none of the engines is here
"""
import glob
import os
import pathlib
import sys
import sysconfig

import pyarrow as pa

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import canonical_rows  # noqa: E402


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
    ("polars", "deleted_rows_odd_names"): "Polars refuses column mapping",
    ("duckdb", "deleted_rows_odd_names"): "DuckDB's delta extension gives null for partition columns of tables with column mapping and field ids",
    ("duckdb", "odd_names"): "DuckDB's delta extension gives null for partition columns of tables with column mapping and field ids",
    ("polars", "nested"): "Polars has no type for maps: it gives lists of structs",
}


def check(engine, table, rows):
    arrow = ENGINES[engine](str(table))
    want = canonical_rows.lines(rows.read_text())
    why = canonical_rows.difference(canonical_rows.arrow_lines(arrow), want)
    if why:
        sys.exit(f"{engine}: {table.name} differs: {why}")
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
