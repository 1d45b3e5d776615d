#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The flights of 2013 become a Delta table; deltalake, Polars, DuckDB and Spark read it with the values of the CSV; SQL answers as DuckDB."""
import json
import os
import pathlib
import shutil
import sys

import duckdb
from engines import HERE, dump, not_run, rows_of, same_rows, scratch, tarn

CORPUS = os.environ.get("TARN_CORPUS")
if not CORPUS:
    not_run("TARN_CORPUS is not set")
SOURCE = pathlib.Path(CORPUS) / "real" / "nycflights13-flights.csv.gz"


def normal(value):
    """Values of both sides in one form: numbers by value, everything else as text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float):
        return "NaN" if value != value else round(value, 9) + 0.0
    if isinstance(value, int):
        return value
    if isinstance(value, (list, tuple)):
        return [normal(one) for one in value]
    text = str(value)
    try:
        return round(float(text), 9) + 0.0
    except ValueError:
        return text.replace("T", " ").removesuffix("Z").removesuffix("+00:00").removesuffix(".000000")


def compare_statements(connection, lake):
    """Each line of flights.sql, by tarn over the table and by DuckDB over the CSV."""
    statements = [line for line in (HERE / "flights.sql").read_text().splitlines() if line.strip() and not line.startswith("--")]
    wrong = 0
    for sql in statements:
        expected = [[normal(v) for v in row] for row in connection.execute(sql).fetchall()]
        got = [[normal(v) for v in row.values()] for row in rows_of("query", sql, "--lake", lake)]
        if "order by" not in sql.lower():
            expected.sort(key=json.dumps)
            got.sort(key=json.dumps)
        if expected != got:
            wrong += 1
            print(f"{sql}\n  DuckDB: {expected[:5]}\n  tarn:   {got[:5]}")
    if wrong:
        sys.exit(f"{wrong} statements are answered otherwise")
    if len(statements) < 40:
        sys.exit(f"only {len(statements)} statements")
    print(f"{len(statements)} statements answered as DuckDB does")


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
    engines = [word for word in sys.argv[1:] if word != "none"] if sys.argv[1:] else ["deltalake", "polars", "duckdb", "spark"]
    for engine in engines:
        out = work / f"{engine}.parquet"
        dump(engine, table, out)
        files = f"read_parquet('{out}/*.parquet')" if out.is_dir() else f"read_parquet('{out}')"
        same_rows(connection, "flights", f"(SELECT {columns} FROM {files})", engine)
    compare_statements(connection, work / "lake")
    shutil.rmtree(work)


main()
