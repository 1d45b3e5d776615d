#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tarn and Spark delete, change, add and lay out rows of one table with deletion vectors by turns: after each step both read the same rows,
and in the end so do deltalake, DuckDB and Polars. test_delta_vectors.py [STEPS [SEED]]"""
import json
import os
import random
import subprocess
import sys

from engines import PEERS, dump, not_run, scratch, tarn

SPARK = """
import glob, json, os, sys
from pyspark.sql import SparkSession
jars = glob.glob(os.path.join(os.environ["TARN_PEERS"], "spark", "jars", "*.jar"))
spark = (SparkSession.builder.master("local[1]").config("spark.jars", ",".join(jars))
         .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
         .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
         .config("spark.sql.session.timeZone", "UTC").config("spark.ui.enabled", "false")
         .config("spark.sql.shuffle.partitions", "1").config("spark.databricks.delta.snapshotPartitions", "1").getOrCreate())
spark.sparkContext.setLogLevel("OFF")
for line in sys.stdin:
    job = json.loads(line)
    try:
        for statement in job.get("sql", []):
            spark.sql(statement)
        rows = [list(row) for row in spark.read.format("delta").load(job["table"]).orderBy("id").collect()]
        print("ANSWER " + json.dumps(rows), flush=True)
    except Exception as why:
        print("ANSWER " + json.dumps(str(why)[:2000]), flush=True)
"""


class Spark:
    def __init__(self, table):
        self.table = str(table)
        self.process = subprocess.Popen([PEERS / "spark" / "bin" / "python", "-c", SPARK], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True, env={**os.environ, "TARN_PEERS": str(PEERS)})

    def rows(self, *statements):
        """The rows of the table after these statements."""
        self.process.stdin.write(json.dumps({"table": self.table, "sql": statements}) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.startswith("ANSWER "):
                answer = json.loads(line.removeprefix("ANSWER "))
                return answer if isinstance(answer, list) else sys.exit(f"Spark fails: {statements}\n{answer}")
        sys.exit("Spark is gone")


def rows_of_tarn(table):
    return [[row["id"], row["name"], row["p"]] for row in map(json.loads, tarn("query", f"SELECT id, name, p FROM '{table}' ORDER BY id", "-o", "jsonl").splitlines())]


def step_of_tarn(table, r):
    k = r.randrange(3, 30)
    condition = r.choice([f"id % {k} = {r.randrange(k)}", f"id BETWEEN {r.randrange(900)} AND {r.randrange(900)}", f"p = 2 AND id < {r.randrange(900)}"])
    statement = r.choice([f"DELETE FROM '{table}' WHERE {condition}", f"UPDATE '{table}' SET name = 't{k}' WHERE {condition}"])
    tarn("query", statement)
    return statement


def step_of_spark(name, r, first):
    k = r.randrange(3, 30)
    return r.choice([
        f"DELETE FROM {name} WHERE id % {k} = {r.randrange(k)}",
        f"UPDATE {name} SET name = 's{k}' WHERE id % {k} = 1",
        f"INSERT INTO {name} SELECT id + {first}, concat('n', id), id % 3 FROM range(100)",
        f"MERGE INTO {name} t USING (SELECT id * {k} + 1 AS id FROM range(20)) s ON t.id = s.id WHEN MATCHED AND t.p = 1 THEN DELETE "
        "WHEN MATCHED THEN UPDATE SET name = 'm'",
        f"OPTIMIZE {name}",
        f"REORG TABLE {name} APPLY (PURGE)",
    ])


def main():
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    r = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    if not (PEERS / "spark").is_dir():
        not_run("Spark is not here")
    folder = scratch()
    table = folder / "t"
    name = f"delta.`{table}`"
    spark = Spark(table)
    spark.rows(f"CREATE TABLE {name} (id BIGINT, name STRING, p INT) USING delta PARTITIONED BY (p) TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')",
               f"INSERT INTO {name} SELECT id, concat('n', id), id % 3 FROM range(1000)")
    for step in range(steps):
        if step % 2 == 0:
            done = step_of_tarn(table, r)
            theirs = spark.rows()
        else:
            done = step_of_spark(name, r, 1000 * (step + 1))
            theirs = spark.rows(done)
        ours = rows_of_tarn(table)
        if ours != theirs:
            other = [pair for pair in zip(ours, theirs) if pair[0] != pair[1]]
            sys.exit(f"step {step}: {done}: tarn reads {len(ours)} rows, Spark {len(theirs)}; {other[:3]}")
    tarn("verify", table)
    names = " ".join(path.name for path in table.rglob("*.bin"))
    if "deletion_vector_" not in names:
        sys.exit("no deletion vector was written")
    read = 0
    for engine in ("deltalake", "polars", "duckdb"):
        out = folder / f"{engine}.parquet"
        dump(engine, table, out)
        rows = tarn("query", f"SELECT id, name, p FROM '{out}' ORDER BY id", "-o", "jsonl").splitlines()
        if [[row["id"], row["name"], row["p"]] for row in map(json.loads, rows)] != ours:
            sys.exit(f"{engine} reads {len(rows)} rows, tarn {len(ours)}, or others")
        read += 1
    print(f"{steps} steps by turns, {len(ours)} rows, read by {read + 2} engines")


main()
