#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tarn and Spark change the same Delta tables in turn: columns, types, properties, constraints, generated, numbered and default columns.
After each step both read the same rows; what one refuses the other refuses too.

SPEC: T-DELTA-ALTER-2 T-DELTA-ALTER-3 T-DELTA-ALTER-4 T-DELTA-RULE-1 T-DELTA-RULE-2 T-DELTA-RULE-3 T-DELTA-RULE-4 Q-SPARK-3
"""
import datetime
import decimal
import glob
import json
import os
import subprocess
import sys
import time

from engines import PEERS, not_run, scratch

try:
    from pyspark.sql import Row, SparkSession
except ImportError as why:
    not_run(why)

# who, statement ({t}: the table); "no": both must refuse it, and the table stays as it is.
COLUMNS = [
    ("tarn", "CREATE TABLE {t} (id BIGINT NOT NULL, a VARCHAR, st STRUCT(x INTEGER, y VARCHAR), l STRUCT(k INTEGER)[])"),
    ("spark", "INSERT INTO {t} VALUES (1, 'one', named_struct('x', 1, 'y', 's'), array(named_struct('k', 5)))"),
    ("tarn", "ALTER TABLE {t} ADD COLUMN b INTEGER AFTER id"),
    ("spark", "INSERT INTO {t} VALUES (2, 20, 'two', named_struct('x', 2, 'y', 't'), null)"),
    ("tarn", "ALTER TABLE {t} RENAME COLUMN a TO name"),
    ("spark", "INSERT INTO {t} VALUES (3, 30, 'three', null, array())"),
    ("tarn", "ALTER TABLE {t} ADD COLUMN st.z DATE FIRST"),
    ("tarn", "ALTER TABLE {t} DROP COLUMN st.y"),
    ("tarn", "ALTER TABLE {t} RENAME COLUMN l.element.k TO \"key of it\""),
    ("spark", "INSERT INTO {t} VALUES (4, 40, 'four', named_struct('z', date'2020-02-03', 'x', 4), array(named_struct('key of it', 6), null))"),
    ("spark", "ALTER TABLE {t} RENAME COLUMN name TO nom"),
    ("tarn", "INSERT INTO {t} (id, nom) VALUES (5, 'five')"),
    ("tarn", "ALTER TABLE {t} DROP COLUMN nom"),
    ("tarn", "ALTER TABLE {t} ADD COLUMN nom INTEGER"),
    ("spark", "UPDATE {t} SET nom = 7 WHERE id = 2"),
    ("tarn", "ALTER TABLE {t} ADD COLUMN late TIMESTAMP"),
    ("tarn", "UPDATE {t} SET late = '2021-01-01 10:00:00' WHERE id > 3"),
    ("tarn", "ALTER TABLE {t} ALTER COLUMN b TYPE BIGINT"),
    ("spark", "INSERT INTO {t} (id, b) VALUES (6, 9000000000)"),
    ("tarn", "ALTER TABLE {t} ALTER COLUMN id DROP NOT NULL"),
    ("spark", "INSERT INTO {t} (b) VALUES (1)"),
    ("spark", "DELETE FROM {t} WHERE id IS NULL"),
    ("tarn", "ALTER TABLE {t} ALTER COLUMN id SET NOT NULL"),
    ("no", "INSERT INTO {t} (b) VALUES (1)"),
    ("tarn", "ALTER TABLE {t} SET TBLPROPERTIES ('delta.appendOnly' = 'true')"),
    ("no", "DELETE FROM {t} WHERE id = 1"),
    ("spark", "ALTER TABLE {t} UNSET TBLPROPERTIES ('delta.appendOnly')"),
    ("tarn", "DELETE FROM {t} WHERE id = 1"),
]

TYPES = [
    ("tarn", "CREATE TABLE {t} (b TINYINT, s SMALLINT, i INTEGER, f FLOAT, d DECIMAL(5,2), day DATE, l INTEGER[], n INTEGER)"),
    ("spark", "INSERT INTO {t} VALUES (1, 2, 3, 1.5, 1.25, date'2020-01-02', array(1, null), 7)"),
    ("tarn", "ALTER TABLE {t} ALTER COLUMN b TYPE SMALLINT"),
    ("tarn", "ALTER TABLE {t} ALTER COLUMN b TYPE BIGINT"),
    ("tarn", "ALTER TABLE {t} ALTER COLUMN s TYPE DOUBLE"),
    ("tarn", "ALTER TABLE {t} ALTER COLUMN f TYPE DOUBLE"),
    ("tarn", "ALTER TABLE {t} ALTER COLUMN d TYPE DECIMAL(8,3)"),
    ("tarn", "ALTER TABLE {t} ALTER COLUMN day TYPE TIMESTAMP"),
    ("tarn", "ALTER TABLE {t} ALTER COLUMN l.element TYPE BIGINT"),
    ("spark", "ALTER TABLE {t} ALTER COLUMN i TYPE DECIMAL(12,2)"),
    ("spark", "INSERT INTO {t} VALUES (9000000000, 0.5, 1.25, 2.5, 99999.999, timestamp_ntz'2021-01-01 10:00:00', array(9000000000), 8)"),
    ("tarn", "INSERT INTO {t} VALUES (8000000000, 0.25, 2.25, 3.5, 1.125, '2022-01-01 11:00:00', [8000000000], 9)"),
    ("tarn", "UPDATE {t} SET n = n + 1"),
    ("spark", "UPDATE {t} SET n = n + 1 WHERE b = 1"),
]

EXPRESSIONS = [
    (
        "tarn",
        "CREATE TABLE {t} (id BIGINT GENERATED ALWAYS AS IDENTITY (START WITH 10 INCREMENT BY 5), ts TIMESTAMP WITH TIME ZONE, "
        "day DATE GENERATED ALWAYS AS (CAST(ts AS DATE)), amount DECIMAL(10,2) DEFAULT 1.50, name VARCHAR DEFAULT 'nobody', "
        "label VARCHAR GENERATED ALWAYS AS (upper(concat(name, '-', cast(amount as string)))), CONSTRAINT paid CHECK (amount > 0)) "
        "PARTITIONED BY (day)",
    ),
    ("spark", "INSERT INTO {t} (ts, name) VALUES (timestamp'2020-01-02 03:04:05', 'ann'), (timestamp'2020-01-03 23:59:59', 'bob')"),
    ("tarn", "INSERT INTO {t} (ts) VALUES ('2020-01-02 12:00:00Z')"),
    ("spark", "INSERT INTO {t} (ts, amount) VALUES (timestamp'2020-01-04 00:00:00', 7)"),
    ("no", "INSERT INTO {t} (amount) VALUES (0)"),
    ("no", "INSERT INTO {t} (amount) VALUES (NULL)"),
    ("no", "INSERT INTO {t} (id) VALUES (3)"),
    ("no", "INSERT INTO {t} (name, label) VALUES ('x', 'y')"),
    ("no", "UPDATE {t} SET amount = -1 WHERE name = 'bob'"),
    ("tarn", "UPDATE {t} SET amount = 8 WHERE name = 'bob'"),
    ("spark", "UPDATE {t} SET name = 'ANNA' WHERE name = 'ann'"),
    ("tarn", "ALTER TABLE {t} ADD CONSTRAINT named CHECK (length(name) between 2 and 9 and name not like '%!%')"),
    ("no", "INSERT INTO {t} (name) VALUES ('a!b')"),
    ("no", "INSERT INTO {t} (name) VALUES ('a')"),
    ("spark", "INSERT INTO {t} (name) VALUES ('carl')"),
    ("spark", "ALTER TABLE {t} DROP CONSTRAINT named"),
    ("tarn", "INSERT INTO {t} (name) VALUES ('d')"),
    ("tarn", "ALTER TABLE {t} ALTER COLUMN name SET DEFAULT 'somebody'"),
    ("spark", "INSERT INTO {t} (amount) VALUES (3.25)"),
    ("spark", "ALTER TABLE {t} ADD CONSTRAINT small CHECK (amount < 1000)"),
    ("no", "INSERT INTO {t} (amount) VALUES (1000)"),
    ("tarn", "DELETE FROM {t} WHERE name = 'd'"),
]

BY_SPARK = [
    (
        "spark",
        "CREATE TABLE {t} (id BIGINT, ts TIMESTAMP, year INT GENERATED ALWAYS AS (YEAR(ts)), month INT GENERATED ALWAYS AS (MONTH(ts)), "
        "hour INT GENERATED ALWAYS AS (HOUR(ts)), ym STRING GENERATED ALWAYS AS (DATE_FORMAT(ts, 'yyyy-MM')), "
        "key BIGINT GENERATED ALWAYS AS (id % 4), head STRING GENERATED ALWAYS AS (SUBSTRING(name, 1, 2)), name STRING, "
        "week TIMESTAMP GENERATED ALWAYS AS (DATE_TRUNC('week', ts)), seq BIGINT GENERATED BY DEFAULT AS IDENTITY (START WITH 100 INCREMENT BY -7)) "
        "USING delta PARTITIONED BY (year, month)",
    ),
    ("tarn", "INSERT INTO {t} (id, ts, name) VALUES (1, '2020-02-29 23:59:59.123456Z', 'abc'), (-7, '1999-12-31 00:00:00Z', 'é!x'), (NULL, NULL, NULL)"),
    ("spark", "INSERT INTO {t} (id, ts, name) VALUES (11, timestamp'2020-02-29 23:59:59.123456', 'abc'), (-17, timestamp'1999-12-31', '')"),
    ("tarn", "INSERT INTO {t} (id, ts, name, seq) VALUES (2, '2021-06-07 08:09:10Z', 'z', 5)"),
    ("tarn", "UPDATE {t} SET ts = '2022-02-02 02:02:02Z', name = 'new' WHERE id = 1"),
    ("spark", "UPDATE {t} SET ts = timestamp'2023-03-03 03:03:03', id = 21 WHERE id = 11"),
    ("no", "INSERT INTO {t} (id, key) VALUES (5, 2)"),
    ("spark", "ALTER TABLE {t} ADD CONSTRAINT c CHECK (id IS NULL OR (id <> 13 AND coalesce(abs(id), 0) < 100))"),
    ("no", "INSERT INTO {t} (id) VALUES (13)"),
    ("no", "INSERT INTO {t} (id) VALUES (-100)"),
    ("tarn", "INSERT INTO {t} (id) VALUES (14)"),
]


def session():
    jars = glob.glob(str(PEERS / "spark" / "jars" / "*.jar"))
    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.jars", ",".join(jars))
        .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
        .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .config("spark.databricks.delta.snapshotPartitions", "1")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.databricks.delta.stalenessLimit", "0")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("OFF")
    return spark


def plain(value):
    """A value of Spark's as canonical JSON has it."""
    if isinstance(value, Row):
        return {name: plain(member) for name, member in value.asDict().items()}
    if isinstance(value, list):
        return [plain(member) for member in value]
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%f")
    if isinstance(value, (datetime.date, decimal.Decimal)):
        return str(value)
    return value


def by_spark(spark, table):
    rows = spark.sql(f"SELECT * FROM delta.`{table}`").collect()
    return sorted(json.dumps(plain(row), ensure_ascii=False) for row in rows)


def without_zone(value):
    if isinstance(value, dict):
        return {name: without_zone(member) for name, member in value.items()}
    if isinstance(value, list):
        return [without_zone(member) for member in value]
    return value[:-1] if isinstance(value, str) and len(value) == 27 and value[10] == "T" and value[-1] == "Z" else value


def by_tarn(table):
    done = subprocess.run([os.environ["TARN"], "cat", table, "-o", "jsonl"], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"tarn cannot read {table}: {done.stderr}")
    return sorted(json.dumps(without_zone(json.loads(line)), ensure_ascii=False) for line in done.stdout.splitlines())


def run_tarn(table, statement):
    sql = statement.replace("{t}", f"'{table}'")
    return subprocess.run([os.environ["TARN"], "query", sql], capture_output=True, text=True)


def run_spark(spark, table, statement):
    try:
        spark.sql(statement.replace("{t}", f"delta.`{table}`")).collect()
        return None
    except Exception as why:
        return str(why)


def step(spark, table, who, statement):
    if who == "spark":
        failed = run_spark(spark, table, statement)
        if failed:
            sys.exit(f"spark: {statement}\n{failed[:2000]}")
        return
    done = run_tarn(table, statement)
    if who == "tarn" and done.returncode != 0:
        sys.exit(f"tarn: {statement}\n{done.stderr}")
    if who == "no" and done.returncode not in (4,):
        sys.exit(f"tarn ended with {done.returncode}: {statement}\n{done.stdout}{done.stderr}")
    if who == "no" and run_spark(spark, table, statement) is None:
        sys.exit(f"spark does it: {statement}")


def story(spark, folder, name, steps):
    table = str(folder / name)
    for number, (who, statement) in enumerate(steps):
        step(spark, table, who, statement)
        ours, theirs = by_tarn(table), by_spark(spark, table)
        if ours != theirs:
            sys.exit(f"{name}, step {number}, {who}: {statement}\ntarn:  {ours}\nspark: {theirs}")
    if not ours:
        sys.exit(f"{name}: no rows compared")
    print(f"{name}: {len(steps)} steps, {len(ours)} rows at the end")


def main():
    os.environ["TZ"] = "UTC"
    time.tzset()
    spark = session()
    folder = scratch()
    for name, steps in (("columns", COLUMNS), ("types", TYPES), ("expressions", EXPRESSIONS), ("by_spark", BY_SPARK)):
        story(spark, folder, name, steps)
    spark.stop()


main()
