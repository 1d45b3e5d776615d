# SPDX-License-Identifier: Apache-2.0
"""DuckDB: a CSV file parsed, every column aggregated. CSV THREADS REPEAT. Once without counting, then REPEAT times; the median is told."""
import json
import statistics
import sys
import time

import duckdb

source, threads, repeat = sys.argv[1:]
db = duckdb.connect()
db.execute(f"SET threads = {int(threads)}")
names = [row[0] for row in db.execute(f"DESCRIBE SELECT * FROM read_csv('{source}')").fetchall()]
query = "SELECT " + ", ".join(f'max("{name}")' for name in names) + f" FROM read_csv('{source}')"
spent, cpu = [], []
for _ in range(int(repeat) + 1):
    begun, cpu_begun = time.perf_counter_ns(), time.process_time_ns()
    answer = db.execute(query).fetchall()
    spent.append(time.perf_counter_ns() - begun)
    cpu.append(time.process_time_ns() - cpu_begun)
counted = slice(1, None) if len(spent) > 1 else slice(None)
print(json.dumps({"work_ns": int(statistics.median_low(spent[counted])), "work_cpu_ns": int(statistics.mean(cpu[counted])),
                  "answer": str(answer), "version": f"DuckDB {duckdb.__version__}"}))
