# SPDX-License-Identifier: Apache-2.0
"""A Parquet file into a frame: handed over by tarn through Arrow, or read by the frame's own reader. handover.py FRAME SIDE WHAT THREADS FILE

Time counts from the call to the whole frame in memory; start and imports do not. What the frame holds is added up afterwards.
"""
import json
import os
import sys
import time

frame, side, what, threads, path = sys.argv[1:]
os.environ["POLARS_MAX_THREADS"] = threads

import pyarrow  # noqa: E402: both sides have all modules, so that memory is compared alike
import duckdb  # noqa: E402
import pandas  # noqa: E402
import polars  # noqa: E402
import tarn  # noqa: E402

pyarrow.set_cpu_count(int(threads))
COLUMNS = ["l_orderkey", "l_quantity", "l_extendedprice", "l_shipdate", "l_shipmode"]
env = tarn.Env(threads=int(threads))
db = duckdb.connect()
db.execute(f"SET threads = {threads}")


def rows():
    return env.read_parquet(path) if what == "all" else env.read_parquet(path, COLUMNS, "l_quantity < 10")


def tarn_to_polars():
    return polars.DataFrame(rows())


def own_polars():
    scan = polars.scan_parquet(path)
    return (scan if what == "all" else scan.filter(polars.col("l_quantity") < 10).select(COLUMNS)).collect()


def tarn_to_pandas():
    return pyarrow.table(rows()).to_pandas(types_mapper=pandas.ArrowDtype)


def own_pandas():
    options = {} if what == "all" else {"columns": COLUMNS, "filters": [("l_quantity", "<", 10)]}
    return pandas.read_parquet(path, dtype_backend="pyarrow", **options)


def tarn_to_duckdb():
    given = rows()  # noqa: F841: DuckDB finds it by its name
    db.execute("CREATE TABLE t AS FROM given")


def own_duckdb():
    columns = "*" if what == "all" else ", ".join(COLUMNS)
    db.execute(f"CREATE TABLE t AS SELECT {columns} FROM read_parquet(?)" + ("" if what == "all" else " WHERE l_quantity < 10"), [path])


def add_up(made):
    """Rows, and what tells whether they are the right ones; by DuckDB for all of them."""
    given = pyarrow.Table.from_pandas(made, preserve_index=False) if frame == "pandas" else made  # noqa: F841
    source = "t" if frame == "duckdb" else "given"
    return db.execute(
        f"""SELECT count(*), sum(l_orderkey), round(sum(l_quantity), 2), round(sum(l_extendedprice), 2), min(l_shipdate), max(l_shipdate),
                   sum(length(l_shipmode)) FROM {source}"""
    ).fetchone()


work = globals()[f"tarn_to_{frame}" if side == "tarn" else f"own_{frame}"]
begun, cpu = time.perf_counter_ns(), time.process_time_ns()
made = work()
spent, cpu_spent = time.perf_counter_ns() - begun, time.process_time_ns() - cpu
versions = {"polars": polars.__version__, "pandas": f"{pandas.__version__}, pyarrow {pyarrow.__version__}", "duckdb": duckdb.__version__}
print(
    json.dumps(
        {
            "work_ns": spent,
            "work_cpu_ns": cpu_spent,
            "answer": str(add_up(made)),
            "version": f"{'tarn ' + tarn.__version__ + ' to ' if side == 'tarn' else ''}{frame} {versions[frame]}",
        }
    )
)
