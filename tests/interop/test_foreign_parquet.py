#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Parquet files that pyarrow, Polars, DuckDB and Spark wrote are read by tarn; DuckDB compares what tarn saw with what is in the file."""
import itertools
import shutil
import subprocess
import sys

import duckdb
import polars
import pyarrow.parquet as pq
from engines import PEERS, same_rows, scratch, tarn
from sample_rows import sample_rows

def by_pyarrow(work, rows):
    for codec, version, dictionary in itertools.product(("none", "snappy", "zstd", "lz4"), ("1.0", "2.0"), (True, False)):
        path = work / f"pyarrow-{codec}-{version}-{dictionary}.parquet"
        pq.write_table(rows, path, compression=codec, data_page_version=version, use_dictionary=dictionary, row_group_size=1700,
                       data_page_size=4000, write_page_checksum=codec == "zstd", write_page_index=dictionary)
        yield path


def by_polars(work, rows):
    for codec in ("uncompressed", "zstd", "snappy", "lz4"):
        path = work / f"polars-{codec}.parquet"
        polars.from_arrow(rows.drop_columns(["m"])).write_parquet(path, compression=codec, row_group_size=1700)
        yield path


def by_duckdb(work, connection):
    for codec in ("uncompressed", "zstd", "snappy", "lz4_raw"):
        path = work / f"duckdb-{codec}.parquet"
        source = work / "pyarrow-none-1.0-True.parquet"
        connection.execute(f"COPY (SELECT * FROM '{source}') TO '{path}' (FORMAT parquet, CODEC '{codec}', ROW_GROUP_SIZE 2048)")
        yield path


SPARK = """
import sys
from pyspark.sql import SparkSession
spark = (SparkSession.builder.master("local[1]").config("spark.sql.session.timeZone", "UTC").config("spark.ui.enabled", "false")
         .config("spark.sql.legacy.parquet.nanosAsLong", "true").getOrCreate())
spark.sparkContext.setLogLevel("ERROR")
rows = spark.read.parquet(sys.argv[1])
rows.coalesce(1).write.parquet(sys.argv[2] + "/int96")
spark.conf.set("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
spark.conf.set("spark.sql.parquet.writeLegacyFormat", "true")
rows.coalesce(1).write.parquet(sys.argv[2] + "/legacy")
"""


def by_spark(work, rows):
    source, folder = work / "for-spark.parquet", work / "spark"
    pq.write_table(rows.drop_columns(["u64", "t", "m"]), source)
    done = subprocess.run([PEERS / "spark" / "bin" / "python", "-c", SPARK, source, folder], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"Spark cannot write: {done.stderr[-2000:]}")
    yield from sorted(folder.glob("*/*.parquet"))


def main():
    work = scratch()
    connection = duckdb.connect()
    connection.execute("SET TimeZone='UTC'")
    rows = sample_rows()
    files = itertools.chain(by_pyarrow(work, rows), by_polars(work, rows), by_duckdb(work, connection),
                            by_spark(work, rows) if (PEERS / "spark").is_dir() else [])
    for number, path in enumerate(files):
        seen = work / f"seen-{number}.parquet"
        tarn("convert", path, seen)
        same_rows(connection, f"'{path}'", f"'{seen}'", path.relative_to(work))
    shutil.rmtree(work)


main()
