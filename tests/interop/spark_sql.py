#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Spark with Delta runs statements: each a line of JSON text on stdin, its rows (a list of objects) or {"error": ...} a line on stdout.

Run with the Python of the environment `spark`; engines.SparkSql speaks to it.
"""
import glob
import json
import os
import sys


def main():
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what Spark prints is no answer
    from pyspark.sql import SparkSession

    jars = glob.glob(os.path.join(os.environ["TARN_PEERS"], "spark", "jars", "*.jar"))
    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.jars", ",".join(jars))
        .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
        .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.databricks.delta.snapshotPartitions", "1")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    for line in sys.stdin:
        try:
            answer = [json.loads(row) for row in spark.sql(json.loads(line)).toJSON().collect()]
        except Exception as why:  # whatever it is, the test says it
            answer = {"error": str(why)[:2000]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


main()
