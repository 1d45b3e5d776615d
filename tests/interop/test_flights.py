#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The flights of 2013 become a Delta table; deltalake, Polars, DuckDB and Spark read it with the values of the CSV."""
import os
import pathlib
import shutil
import sys

import duckdb
from engines import dump, not_run, same_rows, scratch, tarn

CORPUS = os.environ.get("TARN_CORPUS")
if not CORPUS:
    not_run("TARN_CORPUS is not set")
SOURCE = pathlib.Path(CORPUS) / "real" / "nycflights13-flights.csv.gz"


def main():
    work = scratch()
    table = work / "lake" / "flights"
    tarn("import", SOURCE, table)
    connection = duckdb.connect()
    connection.execute("SET TimeZone='UTC'")
    # NA is null in columns of numbers and times, and a text in columns of text: DuckDB only knows one of the two for all columns.
    connection.execute(f"CREATE TABLE raw AS SELECT * FROM read_csv('{SOURCE}', nullstr='NA', sample_size=-1)")
    texts = [name for name, kind, *_ in connection.execute("DESCRIBE raw").fetchall() if kind == "VARCHAR"]
    kept = ", ".join(f"coalesce({name}, 'NA') AS {name}" for name in texts)
    connection.execute(f"CREATE VIEW flights AS SELECT * REPLACE ({kept}) FROM raw")
    schema = {name: kind for name, kind, *_ in connection.execute("DESCRIBE flights").fetchall()}
    columns = ", ".join(f'CAST("{name}" AS {kind}) AS "{name}"' for name, kind in schema.items())
    engines = sys.argv[1:] or ["deltalake", "polars", "duckdb", "spark"]
    for engine in engines:
        out = work / f"{engine}.parquet"
        dump(engine, table, out)
        files = f"read_parquet('{out}/*.parquet')" if out.is_dir() else f"read_parquet('{out}')"
        same_rows(connection, "flights", f"(SELECT {columns} FROM {files})", engine)
    shutil.rmtree(work)


main()
