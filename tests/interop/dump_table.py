#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One foreign engine reads a Delta table and writes what it saw as a plain Parquet file, for comparison.

    dump_table.py ENGINE TABLE OUT [VERSION]     run with the Python of the engine's environment
"""
import glob
import os
import sys


def with_deltalake(table, out, version):
    import deltalake
    import pyarrow.parquet

    opened = deltalake.DeltaTable(table, version=version)
    try:
        rows = opened.to_pyarrow_table()
    except deltalake.exceptions.DeltaProtocolError: # of deletion vectors its own query engine knows more
        rows = pyarrow.table(deltalake.QueryBuilder().register("t", opened).execute("select * from t").read_all())
    pyarrow.parquet.write_table(rows, out)


def with_polars(table, out, version):
    import polars

    polars.read_delta(table, version=version).write_parquet(out)


def with_duckdb(table, out, version):
    import sysconfig

    import duckdb

    if version is not None:
        sys.exit("duckdb's delta_scan has no time travel here")
    connection = duckdb.connect()
    pattern = "duckdb_extension_delta/extensions/*/delta.duckdb_extension"
    extension = glob.glob(os.path.join(sysconfig.get_paths()["purelib"], pattern))[0]
    connection.execute("SET TimeZone='UTC'")
    connection.execute(f"LOAD '{extension}'")
    connection.execute(f"COPY (SELECT * FROM delta_scan('file://{table}')) TO '{out}' (FORMAT parquet)")


def with_spark(table, out, version):
    from pyspark.sql import SparkSession

    jars = glob.glob(os.path.join(os.environ["TARN_PEERS"], "spark", "jars", "*.jar"))
    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.jars", ",".join(jars))
        .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
        .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
        .config("spark.ui.enabled", "false")
        .config("spark.databricks.delta.snapshotPartitions", "1")
        .config("spark.sql.shuffle.partitions", "1")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    # Several tables in one session, since a session takes long to start: TABLE and OUT may hold commas.
    for one, to in zip(table.split(","), out.split(",")):
        reader = spark.read.format("delta")
        if version is not None:
            reader = reader.option("versionAsOf", version)
        reader.load(one).coalesce(1).write.mode("overwrite").parquet(to)
    spark.stop()


def main():
    engine, table, out = sys.argv[1:4]
    version = int(sys.argv[4]) if len(sys.argv) > 4 else None
    table = ",".join(os.path.abspath(one) for one in table.split(","))
    {"deltalake": with_deltalake, "polars": with_polars, "duckdb": with_duckdb, "spark": with_spark}[engine](table, out, version)


main()
