# SPDX-License-Identifier: Apache-2.0
"""Polars: CSV to one Parquet file, streaming. THREADS CSV PARQUET. Prints the time of the query alone."""
import json
import os
import sys
import time

threads, source, target = sys.argv[1:]
os.environ["POLARS_MAX_THREADS"] = threads
import polars  # noqa: E402  (reads the variable once)

begun, cpu = time.perf_counter_ns(), time.process_time_ns()
polars.scan_csv(source, null_values=["", "NA"], try_parse_dates=True).sink_parquet(target, compression="zstd")
print(json.dumps({"work_ns": time.perf_counter_ns() - begun, "work_cpu_ns": time.process_time_ns() - cpu,
                  "version": f"Polars {polars.__version__}"}))
