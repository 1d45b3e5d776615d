#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Delta tables that deltalake and Spark made are read by tarn with equal values at every version; then tarn and deltalake append in turns."""
import os
import shutil
import subprocess
import sys

import deltalake
import duckdb
import pyarrow as pa
from engines import PEERS, dump, same_rows, scratch, tarn
from sample_rows import sample_rows

SPARK = """
import glob, os, sys
from pyspark.sql import SparkSession
jars = glob.glob(os.path.join(os.environ["TARN_PEERS"], "spark", "jars", "*.jar"))
spark = (SparkSession.builder.master("local[1]").config("spark.jars", ",".join(jars))
         .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
         .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
         .config("spark.sql.session.timeZone", "UTC").config("spark.ui.enabled", "false")
         .config("spark.sql.shuffle.partitions", "1").config("spark.databricks.delta.snapshotPartitions", "1").getOrCreate())
spark.sparkContext.setLogLevel("ERROR")
table = f"delta.`{sys.argv[1]}`"
spark.sql(f"CREATE TABLE {table} (id BIGINT, name STRING, at TIMESTAMP, price DECIMAL(10,2), p INT) USING delta PARTITIONED BY (p)")
spark.sql(f"INSERT INTO {table} SELECT id, concat('n', id), timestamp_seconds(id * 3600), CAST(id AS DECIMAL(10,2)) / 4, id % 3 FROM range(1000)")
spark.sql(f"UPDATE {table} SET name = NULL WHERE id % 10 = 0")
spark.sql(f"DELETE FROM {table} WHERE id < 50")
spark.sql(f"ALTER TABLE {table} ADD COLUMN note STRING")
spark.sql(f"INSERT INTO {table} VALUES (5000, 'x', TIMESTAMP '2024-02-29 12:00:00.123456', 1.25, NULL, 'new')")
"""


def compare(connection, table, engine, work, version=None):
    """What tarn reads of a version against what the engine itself reads."""
    theirs, ours = work / "theirs.parquet", work / "ours.parquet"
    dump(engine, table, theirs, version)
    tarn("export", table, ours, "--force", *(["--version", version] if version is not None else []))
    there = f"read_parquet('{theirs}/*.parquet')" if theirs.is_dir() else f"'{theirs}'"
    columns = connection.execute(f"DESCRIBE SELECT * FROM '{ours}'").fetchall()
    typed = ", ".join(f'CAST("{name}" AS {kind}) AS "{name}"' for name, kind, *_ in columns)
    same_rows(connection, f"'{ours}'", f"(SELECT {typed} FROM {there})", f"{engine} {table.name} version {version}")
    shutil.rmtree(theirs) if theirs.is_dir() else theirs.unlink()


def main():
    work = scratch()
    connection = duckdb.connect()
    connection.execute("SET TimeZone='UTC'")

    # Partitioned by what has no empty text: engines differ in whether that one is null.
    rows = sample_rows().drop_columns(["u8", "u16", "u32", "u64", "t"])
    table = work / "deltalake"
    deltalake.write_deltalake(table, rows, partition_by=["b"])
    deltalake.write_deltalake(table, rows.slice(0, 700), mode="append")
    deltalake.DeltaTable(table).delete("i32 > 0")
    for version in (0, 1, 2):
        compare(connection, table, "deltalake", work, version)

    if (PEERS / "spark").is_dir():
        table = work / "spark"
        done = subprocess.run([PEERS / "spark" / "bin" / "python", "-c", SPARK, table], capture_output=True, text=True,
                              env={**os.environ, "TARN_PEERS": str(PEERS)})
        if done.returncode != 0:
            sys.exit(f"Spark cannot make its table: {done.stderr[-3000:]}")
        for version in (1, 2, 3, None):
            compare(connection, table, "spark", work, version)

    table = work / "both"
    (work / "one.csv").write_text("id,name\n1,a\n2,b\n")
    tarn("import", work / "one.csv", table)
    for turn in range(10):
        more = pa.table({"id": pa.array([turn], pa.int64()), "name": pa.array([f"d{turn}"])})
        deltalake.write_deltalake(table, more, mode="append")
        tarn("import", work / "one.csv", table, "--mode", "append")
    if tarn("count", table).strip() != "32" or deltalake.DeltaTable(table).to_pyarrow_table().num_rows != 32:
        sys.exit("tarn and deltalake in turns lost rows")
    compare(connection, table, "deltalake", work)
    shutil.rmtree(work)


main()
