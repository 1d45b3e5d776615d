#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""SPEC: T-CHANGES-9 Change feeds that tarn writes are read by Spark and deltalake with the rows that tarn gives, and the other way round.

Also: Spark and tarn change one table in turns, and agree about every feed.
"""
import json
import shutil
import sys

import deltalake
import pyarrow as pa
from engines import SparkSql, scratch, tarn

COLUMNS = ("id", "name", "p", "_change_type", "_commit_version")


def key(row):
    return tuple((row.get(column) is not None, str(row.get(column))) for column in COLUMNS)


def sorted_rows(rows):
    return sorted((dict((column, row.get(column)) for column in COLUMNS) for row in rows), key=key)


def of_tarn(table, first, last):
    text = tarn("changes", table, "--from", first, "--to", last, "--recorded", "-o", "jsonl")
    return sorted_rows(map(json.loads, text.splitlines()))


def of_spark(spark, table, first, last):
    return sorted_rows(spark.run(f"SELECT * FROM table_changes_by_path('{table}', {first}, {last})"))


def of_deltalake(table, first, last):
    reader = deltalake.DeltaTable(str(table)).load_cdf(starting_version=first, ending_version=last)
    return sorted_rows(pa.table(reader.read_all()).to_pylist())


def check(who, ours, theirs, what):
    if ours != theirs:
        odd = [row for row in ours if row not in theirs][:3], [row for row in theirs if row not in ours][:3]
        sys.exit(f"{what}: tarn gives {len(ours)} rows, {who} {len(theirs)}; only tarn {odd[0]}, only {who} {odd[1]}")


def statements(table):
    yield f"INSERT INTO '{table}' VALUES (1, 'a', 0), (2, 'b', 0), (3, 'c', 1), (4, NULL, 1), (5, 'e', NULL)"
    yield f"UPDATE '{table}' SET name = concat(name, '!') WHERE id >= 3"
    yield f"DELETE FROM '{table}' WHERE id = 1"
    yield f"UPDATE '{table}' SET p = 2 WHERE id IN (2, 5)"
    yield f"INSERT INTO '{table}' VALUES (6, 'f', 0)"
    yield f"DELETE FROM '{table}' WHERE id = 6"
    yield f"DELETE FROM '{table}' WHERE id IN (3, 5)"
    yield f"UPDATE '{table}' SET id = id + 100"


def make(table, partitioned):
    schema = deltalake.Schema([deltalake.Field("id", "long"), deltalake.Field("name", "string"), deltalake.Field("p", "integer")])
    deltalake.DeltaTable.create(str(table), schema=schema, partition_by=["p"] if partitioned else None,
                                configuration={"delta.enableChangeDataFeed": "true"})


def main():
    work = scratch()
    spark = SparkSql()
    for partitioned in (False, True):
        table = work / f"t{int(partitioned)}"
        make(table, partitioned)
        for statement in statements(table):
            tarn("query", statement)
        last = deltalake.DeltaTable(str(table)).version()
        if last != 8:
            sys.exit(f"{table.name} is at version {last}")
        for first, end in [(v, v) for v in range(1, last + 1)] + [(1, last), (3, 7)]:
            ours = of_tarn(table, first, end)
            check("deltalake", ours, of_deltalake(table, first, end), f"{table.name} {first}..{end}")
            if spark.there and first != end:
                check("Spark", ours, of_spark(spark, table, first, end), f"{table.name} {first}..{end}")
        if spark.there:
            for turn in range(2):
                spark.run(f"UPDATE delta.`{table}` SET name = 's{turn}' WHERE id % 2 = {turn % 2}")
                tarn("query", f"INSERT INTO '{table}' VALUES ({turn}, 't', {turn % 2})")
                spark.run(f"DELETE FROM delta.`{table}` WHERE id = {turn}")
                tarn("query", f"UPDATE '{table}' SET id = id + 1 WHERE name = 's{turn}'")
            now = deltalake.DeltaTable(str(table)).version()
            check("Spark", of_tarn(table, last + 1, now), of_spark(spark, table, last + 1, now), f"{table.name} {last + 1}..{now}")
        print(f"{table.name}: feeds of {deltalake.DeltaTable(str(table)).version()} versions equal")
    spark.close()
    shutil.rmtree(work)


main()
