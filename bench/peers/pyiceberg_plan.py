# SPDX-License-Identifier: Apache-2.0
"""PyIceberg: which data files a scan reads. THREADS METADATA_FILE [PREDICATE]. Prints the time from the metadata file to the last of them."""
import json
import os
import sys
import time

threads, metadata, *predicate = sys.argv[1:]
os.environ["PYICEBERG_MAX_WORKERS"] = threads
import pyiceberg  # noqa: E402  (reads the variable)
from pyiceberg.expressions import AlwaysTrue  # noqa: E402
from pyiceberg.table import StaticTable  # noqa: E402

StaticTable  # imports are not measured
begun, cpu = time.perf_counter_ns(), time.process_time_ns()
table = StaticTable.from_metadata(metadata)
files = [task.file for task in table.scan(row_filter=predicate[0] if predicate and predicate[0] else AlwaysTrue()).plan_files()]
spent, cpu = time.perf_counter_ns() - begun, time.process_time_ns() - cpu
answer = f"{len(files)} files, {sum(file.file_size_in_bytes for file in files)} bytes, {sum(file.record_count for file in files)} rows"
print(json.dumps({"work_ns": spent, "work_cpu_ns": cpu, "answer": answer, "version": f"PyIceberg {pyiceberg.__version__}"}))
