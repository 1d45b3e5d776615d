# SPDX-License-Identifier: Apache-2.0
"""deltalake: from a log to its files, and from one version to the next.

    delta_plan.py plan THREADS COMMIT_FILE      DeltaTable, and all its add actions as an Arrow table
    delta_plan.py refresh THREADS COMMIT_FILE ROUNDS   update_incremental after a commit of one file

Prints the time from opening the table to the last file, or the median of a refresh.
"""
import json
import pathlib
import statistics
import sys
import time

import deltalake
import pyarrow
import pyarrow.compute

what, threads, commit, *more = sys.argv[1:]
commit = pathlib.Path(commit)
table, version = commit.parent.parent, f"deltalake {deltalake.__version__}"


def plan():
    begun, cpu = time.perf_counter_ns(), time.process_time_ns()
    adds = pyarrow.table(deltalake.DeltaTable(table).get_add_actions(flatten=True))
    count = adds.num_rows
    size = pyarrow.compute.sum(adds["size_bytes"]).as_py() or 0
    rows = pyarrow.compute.sum(adds["num_records"]).as_py() or 0 if "num_records" in adds.column_names else 0
    spent, cpu = time.perf_counter_ns() - begun, time.process_time_ns() - cpu
    print(json.dumps({"work_ns": spent, "work_cpu_ns": cpu, "answer": f"{count} files, {size} bytes, {rows} rows", "version": version}))


def refresh(rounds):
    opened, newest, times, made = deltalake.DeltaTable(table), int(commit.name.split(".")[0]), [], []
    try:
        for i in range(rounds):
            made.append(commit.parent / f"{newest + i + 1:020d}.json")
            add = {"path": f"refreshed-{newest + i + 1}.parquet", "partitionValues": {}, "size": 1, "modificationTime": 1700000000000,
                   "dataChange": True, "stats": '{"numRecords":10}'}
            made[-1].write_text(json.dumps({"add": add}, separators=(",", ":")) + "\n")
            begun = time.perf_counter_ns()
            opened.update_incremental()
            times.append(time.perf_counter_ns() - begun)
        count = pyarrow.table(opened.get_add_actions(flatten=True)).num_rows
    finally:
        for path in made:
            path.unlink()
    print(json.dumps({"work_ns": int(statistics.median(times)), "answer": f"{count} files", "version": version}))


plan() if what == "plan" else refresh(int(more[0]))
