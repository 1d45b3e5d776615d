#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files of the corpus, written again by tarn, are to DuckDB and pyarrow what the files were that they were made of: value by value."""
import datetime
import json
import math
import os
import pathlib
import shutil
import subprocess
import sys

import duckdb
import pyarrow.parquet as pq
from engines import not_run, scratch

# What the command line does not convert, and why.
REFUSED = {
    "AUTH.key_missing": "no keys are given",
    "CORRUPT.utf8": "strings that are none, unless they are asked for",
    "UNSUPPORTED.timestamp.range": "timestamps outside of microseconds, which the command line computes with",
    "INVALID.schema": "groups without members, files without columns",
    "INVALID.null_in_required": "null keys of maps",
}

# Files that an engine gives differently, and why.
OTHER = {
    ("duckdb", "hyparquet/strings.parquet"): "text on fixed length, which DuckDB shows as bytes, becomes text",
    ("duckdb", "parquet-testing/data/unknown-logical-type.parquet"): "its key ARROW:schema calls bytes geometries that are none",
}


def plain(value):
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else (value, math.copysign(1, value))
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:  # the command line leaves out zones that are not UTC
        value = value.astimezone(datetime.timezone.utc)
    if isinstance(value, (datetime.datetime, datetime.time)):  # what only a converted type says is an instant, as the specification has it
        return value.replace(tzinfo=None)
    if isinstance(value, str) and value.endswith("+00"):  # times that Python does not have come as texts
        return value[:-3]
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return value


def by_duckdb(path):
    return [plain(row) for row in duckdb.connect().execute(f"SELECT * FROM read_parquet('{path}', hive_partitioning=false)").fetchall()]


def by_pyarrow(path):
    table = pq.read_table(path)
    return [plain(table.column(i).to_pylist()) for i in range(table.num_columns)]


def is_compared(engine, entry, path):
    """INT96 is not written: few engines know what it becomes. pyarrow shows how variants are stored."""
    if entry["engines"].get(engine) != "ok" or (engine, entry["path"]) in OTHER or (engine == "pyarrow" and "variant" in str(entry["files"])):
        return False
    schema = pq.ParquetFile(path).schema
    return all(schema.column(i).physical_type != "INT96" for i in range(len(schema)))


def differences(engine, read, entry, path, again):
    try:
        if not is_compared(engine, entry, path):
            return None
        before = read(path)
    except Exception:  # what the engine made of the old file is no matter here
        return None
    try:
        after = read(again)
    except Exception as error:
        return str(error)[:300]
    odd = [(a, b) for a, b in zip(before, after) if a != b]
    return str(odd[0])[:400] if odd else "" if len(before) == len(after) else f"{len(after)} instead of {len(before)}"


def main():
    if "TARN_CORPUS" not in os.environ:
        not_run("TARN_CORPUS is not set")
    corpus = pathlib.Path(os.environ["TARN_CORPUS"]) / "parquet"
    folder = scratch()
    counts, failures = {"duckdb": 0, "pyarrow": 0}, 0
    for line in (corpus / "expected" / "index.jsonl").read_text().splitlines():
        entry = json.loads(line)
        if entry["must"] != "read" or (entry["rows"] or 0) > 20000:
            continue
        done = subprocess.run([os.environ["TARN"], "convert", corpus / entry["path"], folder / "again.parquet", "--force"], capture_output=True, text=True)
        if done.returncode != 0:
            if not any(f"error[{name}]" in done.stderr for name in REFUSED):
                print(f"{entry['path']}: {done.stderr[-300:]}")
                failures += 1
            continue
        for engine, read in (("duckdb", by_duckdb), ("pyarrow", by_pyarrow)):
            found = differences(engine, read, entry, corpus / entry["path"], folder / "again.parquet")
            if found:
                print(f"{engine}: {entry['path']}: {found}", flush=True)
                failures += 1
            elif found is not None:
                counts[engine] += 1
    shutil.rmtree(folder)
    print(", ".join(f"{engine}: {count} files equal" for engine, count in counts.items()))
    if failures != 0 or min(counts.values()) < 100:
        sys.exit(1)


main()
