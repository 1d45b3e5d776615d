# SPDX-License-Identifier: Apache-2.0
"""One Parquet file scanned by one reader. scan_file.py READER FILE THREADS REPEAT BUILD [--query all|numbers|q6|comment]

READER is duckdb (a query), pyarrow, polars or tarn (every value into the consumer of the decode suite). FILE "tarn:ROWS.arrow" is what tarn
writes of those rows when nothing is said: it is written first, without counting. Tells what the reader's own program tells.
"""
import argparse
import gc
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

BENCH = pathlib.Path(__file__).resolve().parent
QUERIES = {
    "all": "count(*), sum(l_orderkey), sum(l_partkey), sum(l_suppkey), sum(l_linenumber), sum(l_quantity), sum(l_extendedprice), sum(l_discount),"
    " sum(l_tax), max(l_returnflag), max(l_linestatus), max(l_shipdate), max(l_commitdate), max(l_receiptdate), max(l_shipinstruct),"
    " max(l_shipmode), max(l_comment) FROM {file}",
    "numbers": "sum(l_orderkey), sum(l_partkey), sum(l_suppkey), sum(l_linenumber), sum(l_quantity), sum(l_extendedprice), sum(l_discount),"
    " sum(l_tax), max(l_shipdate), max(l_commitdate), max(l_receiptdate) FROM {file}",
    "q6": "sum(l_extendedprice * l_discount) FROM {file} WHERE l_shipdate >= DATE '1994-01-01' AND l_shipdate < DATE '1995-01-01'"
    " AND l_discount BETWEEN 0.05 AND 0.07 AND l_quantity < 24",
    "comment": "max(l_comment) FROM {file}",
}

parser = argparse.ArgumentParser()
for name in ("reader", "file", "threads", "repeat", "build"):
    parser.add_argument(name)
parser.add_argument("--query", default="all")
arguments = parser.parse_args()

path = arguments.file
if path.startswith("tarn:"):
    path = os.path.abspath("written_by_tarn.parquet")
    subprocess.run([f"{arguments.build}/bench/tarn-bench-encode", arguments.file[5:], path, "1", "0"], check=True, stdout=subprocess.DEVNULL)

if arguments.reader == "tarn":
    command = [f"{arguments.build}/bench/tarn-bench-decode", "stream", path, arguments.threads, arguments.repeat]
elif arguments.reader != "duckdb":
    command = [sys.executable, str(BENCH / "decode_peers.py"), arguments.reader, "stream", path, arguments.threads, arguments.repeat,
               f"{arguments.build}/bench/libtarn-bench-fold.so"]
else:
    command = None
if command is not None:
    sys.exit(subprocess.run(command, check=False).returncode)

import duckdb  # noqa: E402

db = duckdb.connect()
db.execute(f"SET threads = {int(arguments.threads)}")
query = "SELECT " + QUERIES[arguments.query].format(file=f"read_parquet('{path}')")
spent, cpu, answer = [], [], None
for _ in range(int(arguments.repeat) + 1):
    gc.collect()
    gc.disable()
    begun, cpu_begun = time.perf_counter_ns(), time.process_time_ns()
    answer = db.execute(query).fetchall()
    spent.append(time.perf_counter_ns() - begun)
    cpu.append(time.process_time_ns() - cpu_begun)
    gc.enable()
counted = slice(1, None) if len(spent) > 1 else slice(None)
print(
    json.dumps(
        {
            "work_ns": int(statistics.median_low(spent[counted])),
            "work_cpu_ns": int(statistics.mean(cpu[counted])),
            "answer": str(answer),
            "version": f"read by duckdb {duckdb.__version__}",
        }
    )
)
