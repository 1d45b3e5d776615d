#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Parquet files that pyarrow, Polars, DuckDB and Spark wrote are read by tarn; DuckDB compares what tarn saw with what is in the file."""
import datetime
import decimal
import itertools
import shutil
import subprocess
import sys

import duckdb
import polars
import pyarrow as pa
import pyarrow.parquet as pq
from engines import HERE, PEERS, same_rows, scratch, tarn

ROWS = 5000


def table():
    """Rows of every type that the reader has, with nulls at every level, repeated and unique values, extremes."""

    def some(i, value, every=7):
        return None if i % every == 3 else value

    utc = datetime.timezone.utc
    epoch = datetime.datetime(1970, 1, 1)
    columns = {
        "b": pa.array([some(i, i % 3 == 0) for i in range(ROWS)], pa.bool_()),
        "i8": pa.array([some(i, i % 256 - 128) for i in range(ROWS)], pa.int8()),
        "i16": pa.array([some(i, i * 13 % 65536 - 32768) for i in range(ROWS)], pa.int16()),
        "i32": pa.array([some(i, (i * 429496) % 2**32 - 2**31) for i in range(ROWS)], pa.int32()),
        "i64": pa.array([(-1) ** i * (2**63 - 1 - i) for i in range(ROWS)], pa.int64()),
        "u8": pa.array([some(i, i % 256) for i in range(ROWS)], pa.uint8()),
        "u16": pa.array([some(i, i * 13 % 65536) for i in range(ROWS)], pa.uint16()),
        "u32": pa.array([some(i, 2**32 - 1 - i) for i in range(ROWS)], pa.uint32()),
        "u64": pa.array([some(i, 2**64 - 1 - i) for i in range(ROWS)], pa.uint64()),
        "f32": pa.array([some(i, float("nan") if i % 50 == 0 else i / 8) for i in range(ROWS)], pa.float32()),
        "f64": pa.array([some(i, float("inf") if i % 50 == 0 else -0.0 if i % 51 == 0 else i / 3) for i in range(ROWS)], pa.float64()),
        "s": pa.array([some(i, f"Straße {i} 漢字 🦆") for i in range(ROWS)], pa.string()),
        "few": pa.array([some(i, ("red", "green", "", "blue")[i % 4]) for i in range(ROWS)], pa.string()),
        "bin": pa.array([some(i, bytes([i % 256, 0, 255])) for i in range(ROWS)], pa.binary()),
        "d9": pa.array([some(i, decimal.Decimal(i - 2500) / 100) for i in range(ROWS)], pa.decimal128(9, 2)),
        "d38": pa.array([some(i, decimal.Decimal(10**30 + i) / 1000) for i in range(ROWS)], pa.decimal128(38, 3)),
        "day": pa.array([some(i, datetime.date(1582, 10, 15) + datetime.timedelta(days=i * 30)) for i in range(ROWS)], pa.date32()),
        "ms": pa.array([some(i, epoch + datetime.timedelta(milliseconds=i * 1001)) for i in range(ROWS)], pa.timestamp("ms")),
        "us": pa.array([some(i, epoch - datetime.timedelta(microseconds=i * 10**9 + 1)) for i in range(ROWS)], pa.timestamp("us")),
        "at": pa.array([some(i, (epoch + datetime.timedelta(hours=i)).replace(tzinfo=utc)) for i in range(ROWS)], pa.timestamp("us", "UTC")),
        "t": pa.array([some(i, datetime.time(i % 24, i % 60, i % 60, i)) for i in range(ROWS)], pa.time64("us")),
        "l": pa.array([some(i, [some(j, j * i, 5) for j in range(i % 6)]) for i in range(ROWS)], pa.list_(pa.int64())),
        "ll": pa.array([some(i, [[f"{i}", None], [], None][: i % 4]) for i in range(ROWS)], pa.list_(pa.list_(pa.string()))),
        "r": pa.array([some(i, {"x": some(i, i, 5), "y": {"z": f"z{i % 10}"}}) for i in range(ROWS)],
                      pa.struct([("x", pa.int32()), ("y", pa.struct([("z", pa.string())]))])),
        "m": pa.array([some(i, [(f"k{j}", some(j, j, 4)) for j in range(i % 4)]) for i in range(ROWS)], pa.map_(pa.string(), pa.int32())),
        "lr": pa.array([some(i, [{"a": j, "b": [f"{j}"] * (j % 3)} for j in range(i % 3)]) for i in range(ROWS)],
                       pa.list_(pa.struct([("a", pa.int64()), ("b", pa.list_(pa.string()))]))),
    }
    return pa.table(columns)


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
    rows = table()
    files = itertools.chain(by_pyarrow(work, rows), by_polars(work, rows), by_duckdb(work, connection),
                            by_spark(work, rows) if (PEERS / "spark").is_dir() else [])
    for number, path in enumerate(files):
        seen = work / f"seen-{number}.parquet"
        tarn("convert", path, seen)
        same_rows(connection, f"'{path}'", f"'{seen}'", path.relative_to(work))
    shutil.rmtree(work)


main()
