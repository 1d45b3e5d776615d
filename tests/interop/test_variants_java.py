#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""VARIANT columns that tarn shredded are put together again by parquet-java (through Spark): the same JSON as of the column that was not
shredded, which DuckDB made."""
import json
import shutil
import subprocess
import sys

import duckdb
from engines import PEERS, not_run, scratch, tarn

ROWS = """SELECT i AS id, CASE WHEN i % 13 = 5 THEN NULL WHEN i % 40 = 7 THEN '[1,2,"x"]'::JSON::VARIANT WHEN i % 40 = 9 THEN '"text"'::JSON::VARIANT
  WHEN i % 80 = 12 THEN DATE '2024-02-29'::VARIANT WHEN i % 80 = 13 THEN 1.50::DECIMAL(9, 2)::VARIANT WHEN i % 80 = 14 THEN '{}'::JSON::VARIANT
  ELSE ('{"id":' || (i * 37) || ',"name":"n' || (i % 50) || '","tags":["a","t' || (i % 9) || '"],"at":{"x":' || (i % 7) || '.25,"ok":true},"mixed":'
        || (CASE WHEN i % 2 = 0 THEN '1' ELSE '"s"' END) || '}')::JSON::VARIANT END AS v FROM range(2000) r(i)"""

SPARK = """
import json, sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config("spark.sql.variant.allowReadingShredded", "true").getOrCreate()
spark.sparkContext.setLogLevel("ERROR")
for path in sys.argv[1:]:
    rows = spark.read.schema("id BIGINT, v VARIANT").parquet(path).selectExpr("id", "to_json(v) AS v").orderBy("id").collect()
    with open(path + ".jsonl", "w") as out:
        for row in rows:
            out.write(json.dumps([row.id, None if row.v is None else json.loads(row.v)], sort_keys=True) + "\\n")
"""


def main():
    python = PEERS / "spark" / "bin" / "python"
    if not python.exists():
        not_run("Spark is not installed: tests/interop/setup.sh spark")
    work = scratch()
    duckdb.execute(f"COPY ({ROWS}) TO '{work}/source.parquet'")
    ways = {"plain": "v=no", "inferred": "v", "given": "v=STRUCT(id BIGINT, tags VARCHAR[], at STRUCT(x DOUBLE), mixed VARCHAR, none DATE)"}
    for name, way in ways.items():
        tarn("convert", work / "source.parquet", work / f"{name}.parquet", "--shred", way)
    done = subprocess.run([python, "-c", SPARK, *(work / f"{name}.parquet" for name in ways)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"parquet-java cannot read what tarn wrote: {done.stderr[-3000:]}")
    plain = (work / "plain.parquet.jsonl").read_text()
    assert plain.count("\n") == 2000 and json.loads(plain.splitlines()[0])[1]["name"] == "n0", plain[:200]
    for name in ways:
        if (work / f"{name}.parquet.jsonl").read_text() != plain:
            sys.exit(f"{name}: other variants than those that are not shredded")
        print(f"{name}: 2000 variants equal")
    shutil.rmtree(work)


main()
