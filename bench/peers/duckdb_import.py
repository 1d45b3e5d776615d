# SPDX-License-Identifier: Apache-2.0
"""DuckDB: CSV to one Parquet file. THREADS CSV PARQUET. Prints the time of the statement alone."""
import json
import sys
import time

import duckdb

threads, source, target = sys.argv[1:]
connection = duckdb.connect()
connection.execute(f"SET threads = {int(threads)}")
connection.execute("SET preserve_insertion_order = true")
begun, cpu = time.perf_counter_ns(), time.process_time_ns()
connection.execute(
    f"COPY (SELECT * FROM read_csv('{source}', nullstr = ['', 'NA'])) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
print(json.dumps({"work_ns": time.perf_counter_ns() - begun, "work_cpu_ns": time.process_time_ns() - cpu,
                  "version": f"DuckDB {duckdb.__version__}"}))
