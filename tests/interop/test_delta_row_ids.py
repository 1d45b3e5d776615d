#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""SPEC: T-DELTA-ROWS-6 Spark and tarn change tables that keep the ids of rows, in turns: both see the same ids and row commit versions."""
import json
import shutil
import sys

from engines import SparkSql, not_run, scratch, tarn

COLUMNS = ("id", "name", "row_id", "version")
QUERY = "SELECT id, name, _metadata.row_id AS row_id, _metadata.row_commit_version AS version FROM {}"


def rows_of(rows):
    return sorted(tuple(str(row.get(column)) for column in COLUMNS) for row in rows)


def check(spark, table, what):
    """Both see the same, and no row has changed its id. The ids of all rows, by the column id, which no statement changes."""
    ours = rows_of(map(json.loads, tarn("query", QUERY.format(f"'{table}'"), "-o", "jsonl").splitlines()))
    theirs = rows_of(spark.run(QUERY.format(f"delta.`{table}`")))
    if ours != theirs or not ours:
        sys.exit(f"{table.name} after {what}: tarn sees {ours[:5]}, Spark {theirs[:5]}")
    return {row[0]: row[2] for row in ours}


def keeps(before, after, what):
    for row, number in after.items():
        if before.get(row, number) != number:
            sys.exit(f"after {what} row {row} has id {number}, it had {before[row]}")
    if len(set(after.values())) != len(after):
        sys.exit(f"after {what} ids stand twice")


def main():
    spark = SparkSql()
    if not spark.there:
        not_run("Spark is not there")
    work = scratch()
    for vectors in ("false", "true"):
        table = work / f"vectors_{vectors}"
        spark.run(f"CREATE TABLE delta.`{table}` (id BIGINT, name STRING) USING delta "
                  f"TBLPROPERTIES ('delta.enableRowTracking' = 'true', 'delta.enableDeletionVectors' = '{vectors}')")
        ids = {}
        steps = [
            ("tarn", f"INSERT INTO '{table}' VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd'), (5, 'e')"),
            ("tarn", f"UPDATE '{table}' SET name = 'B' WHERE id = 2"),
            ("spark", f"INSERT INTO delta.`{table}` VALUES (6, 'f'), (7, 'g')"),
            ("spark", f"UPDATE delta.`{table}` SET name = concat(name, '!') WHERE id IN (1, 7)"),
            ("tarn", f"DELETE FROM '{table}' WHERE id IN (3, 6)"),
            ("tarn", f"UPDATE '{table}' SET name = upper(name) WHERE id > 3"),
            ("optimize", str(table)),
            ("spark", f"DELETE FROM delta.`{table}` WHERE id = 4"),
            ("tarn", f"INSERT INTO '{table}' VALUES (8, 'h')"),
        ]
        for who, what in steps:
            if who == "spark":
                spark.run(what)
            elif who == "optimize":
                tarn("optimize", what)
            else:
                tarn("query", what)
            now = check(spark, table, what)
            keeps(ids, now, what)
            ids.update(now)
        print(f"{table.name}: {len(steps)} steps, ids of {len(ids)} rows")
    spark.close()
    shutil.rmtree(work)


main()
