# SPDX-License-Identifier: Apache-2.0
"""What it takes other engines to open a Parquet file: ENGINE open|column TIMES FILE. Prints the median time of TIMES, imports left out.

open: the footer decoded (pyarrow: FileMetaData; DuckDB: count(*); Polars: the schema of a lazy scan and its number of rows).
column: opened anew and the column in the middle read, on one thread.
"""
import json
import statistics
import sys
import time

engine, what, times, path = sys.argv[1:]


def pyarrow_engine():
    import pyarrow
    import pyarrow.parquet as parquet
    pyarrow.set_cpu_count(1)
    name = parquet.read_schema(path).names

    def opened():
        metadata = parquet.read_metadata(path)
        return f"{metadata.num_columns} columns, {metadata.num_rows} rows"

    def column():
        file = parquet.ParquetFile(path)
        read = file.read(columns=[name[len(name) // 2]], use_threads=False)
        return f"{file.metadata.num_columns} columns, {file.metadata.num_rows} rows, {read.num_rows} read"
    return opened, column, f"pyarrow {pyarrow.__version__}"


def duckdb_engine():
    import duckdb
    connection = duckdb.connect()
    connection.execute("set threads=1")
    names = [row[0] for row in connection.execute(f"describe select * from '{path}'").fetchall()]

    def opened():
        rows = connection.execute(f"select count(*) from '{path}'").fetchone()[0]
        return f"{len(names)} columns, {rows} rows"

    def column():
        read = len(connection.execute(f'select "{names[len(names) // 2]}" from \'{path}\'').fetchnumpy()[names[len(names) // 2]])
        return f"{len(names)} columns, {read} rows, {read} read"
    return opened, column, f"DuckDB {duckdb.__version__}"


def polars_engine():
    import os
    os.environ["POLARS_MAX_THREADS"] = "1"
    import polars
    names = polars.read_parquet_schema(path)
    names = list(names)

    def opened():
        rows = polars.scan_parquet(path).select(polars.len()).collect().item()
        return f"{len(names)} columns, {rows} rows"

    def column():
        read = polars.read_parquet(path, columns=[names[len(names) // 2]]).height
        return f"{len(names)} columns, {read} rows, {read} read"
    return opened, column, f"Polars {polars.__version__}"


opened, column, version = {"pyarrow": pyarrow_engine, "duckdb": duckdb_engine, "polars": polars_engine}[engine]()
run = opened if what == "open" else column
spent = []
for _ in range(int(times)):
    begun = time.perf_counter_ns()
    answer = run()
    spent.append(time.perf_counter_ns() - begun)
print(json.dumps({"work_ns": int(statistics.median(spent)), "answer": answer, "version": version}))
