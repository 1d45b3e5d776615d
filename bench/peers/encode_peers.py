# SPDX-License-Identifier: Apache-2.0
"""Rows in memory to a Parquet file by a peer. encode_peers.py ENGINE SOURCE TARGET THREADS REPEAT [--codec zstd|snappy|none]

ENGINE is pyarrow, duckdb, duckdb_v2 or polars; without a codec each takes its own default. SOURCE is the Arrow IPC file that tarn gets
too. Before the clock starts it is loaded into the form that the engine writes fastest from: a table of pyarrow's, a table in DuckDB's
memory, a frame of Polars'. Once without counting, then REPEAT times; the median is told, and what memory the writing took beside the rows.
"""
import argparse
import gc
import json
import os
import statistics
import time

parser = argparse.ArgumentParser()
for name in ("engine", "source", "target", "threads", "repeat"):
    parser.add_argument(name)
parser.add_argument("--codec", default="")
arguments = parser.parse_args()
threads = int(arguments.threads)
os.environ["POLARS_MAX_THREADS"] = arguments.threads
os.environ["OMP_NUM_THREADS"] = arguments.threads

import pyarrow  # noqa: E402

pyarrow.set_cpu_count(threads)


def load():
    with pyarrow.OSFile(arguments.source) as file:
        return pyarrow.ipc.open_file(file).read_all()


def resident(field):
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(field))


if arguments.engine == "pyarrow":
    import pyarrow.parquet as parquet

    version = f"pyarrow {pyarrow.__version__}"
    table = load()
    options = {"compression": arguments.codec} if arguments.codec else {}

    def work():
        parquet.write_table(table, arguments.target, **options)

elif arguments.engine.startswith("duckdb"):
    import duckdb

    version = f"duckdb {duckdb.__version__}" + (" parquet v2" if arguments.engine == "duckdb_v2" else "")
    db = duckdb.connect()
    db.execute(f"SET threads = {threads}")
    rows = load()
    db.execute("CREATE TABLE rows AS SELECT * FROM rows")
    rows = None
    choices = ["FORMAT parquet"]
    if arguments.engine == "duckdb_v2":
        choices.append("PARQUET_VERSION v2")
    if arguments.codec:
        choices.append(f"COMPRESSION {'uncompressed' if arguments.codec == 'none' else arguments.codec}")

    def work():
        db.execute(f"COPY main.rows TO '{arguments.target}' ({', '.join(choices)})")

else:
    import polars

    version = f"polars {polars.__version__}"
    frame = polars.DataFrame(load())
    options = {"compression": "uncompressed" if arguments.codec == "none" else arguments.codec} if arguments.codec else {}

    def work():
        frame.write_parquet(arguments.target, **options)


gc.collect()
with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
    file.write("5")
before = resident("VmRSS")
spent, cpu = [], []
for _ in range(int(arguments.repeat) + 1):
    gc.collect()
    gc.disable()
    begun, cpu_begun = time.perf_counter_ns(), time.process_time_ns()
    work()
    spent.append(time.perf_counter_ns() - begun)
    cpu.append(time.process_time_ns() - cpu_begun)
    gc.enable()
counted = slice(1, None) if len(spent) > 1 else slice(None)
print(
    json.dumps(
        {
            "work_ns": int(statistics.median_low(spent[counted])),
            "work_cpu_ns": int(statistics.mean(cpu[counted])),
            "work_rss_bytes": resident("VmHWM") - before,
            "version": version,
        }
    )
)
