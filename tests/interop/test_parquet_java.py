#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Parquet files that tarn wrote, of every type and codec, are read by parquet-java (through Spark) with equal values."""
import shutil
import subprocess
import sys

import duckdb
import pyarrow.parquet as pq
from engines import PEERS, not_run, same_rows, scratch, tarn
from sample_rows import sample_rows

# u64 and times are types that Spark has no word for.
UNKNOWN_TO_SPARK = ["u64", "t"]

SPARK = """
import sys
from pyspark.sql import SparkSession
spark = (SparkSession.builder.master("local[1]").config("spark.sql.session.timeZone", "UTC").config("spark.ui.enabled", "false")
         .config("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS").getOrCreate())
spark.sparkContext.setLogLevel("ERROR")
for path in sys.argv[1:]:
    spark.read.parquet(path).coalesce(1).write.parquet(path + ".java")
"""


def main():
    python = PEERS / "spark" / "bin" / "python"
    if not python.exists():
        not_run("Spark is not installed: tests/interop/setup.sh spark")
    work = scratch()
    source = work / "source.parquet"
    pq.write_table(sample_rows().drop_columns(UNKNOWN_TO_SPARK), source)
    written = []
    for codec in ("zstd", "snappy", "lz4", "none"):
        written.append(work / f"{codec}.parquet")
        tarn("convert", source, written[-1], "--codec", codec)
    done = subprocess.run([python, "-c", SPARK, *written], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"parquet-java cannot read what tarn wrote: {done.stderr[-3000:]}")
    connection = duckdb.connect()
    connection.execute("SET TimeZone='UTC'")
    columns = [name for name, *_ in connection.execute(f"DESCRIBE SELECT * FROM '{source}'").fetchall()]
    kinds = {name: kind for name, kind, *_ in connection.execute(f"DESCRIBE SELECT * FROM '{source}'").fetchall()}
    same_types = ", ".join(f'CAST("{name}" AS {kinds[name]}) AS "{name}"' for name in columns)
    for path in written:
        same_rows(connection, f"'{source}'", f"(SELECT {same_types} FROM read_parquet('{path}.java/*.parquet'))", path.name)
    shutil.rmtree(work)


main()
