#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Iceberg tables that tarn partitioned by every transform: random predicates find the same rows with and without pruning as in PyIceberg,
and tarn reads no file that PyIceberg passes over. Runs in PyIceberg's environment."""
import csv
import datetime
import glob
import json
import pathlib
import random
import re
import sys
import tempfile

from engines import tarn
from pyiceberg.table import StaticTable

SPECS = ["bucket(5, id)", "truncate(40, id)", "id", "bucket(4, name)", "truncate(2, name)", "name", "bucket(3, d), year(d)", "month(d)",
         "day(d)", "bucket(6, ts)", "year(ts), truncate(1, name)", "month(ts)", "day(ts)", "truncate(300, dc)", "bucket(4, dc)", "hour(at)"]
COLUMNS = "id BIGINT, name VARCHAR, d DATE, ts TIMESTAMP, dc DECIMAL(9,2), at TIMESTAMP WITH TIME ZONE"
ROWS, PREDICATES = 300, 12
EPOCH = datetime.datetime(1969, 12, 1)


def random_row(pick):
    ts = EPOCH + datetime.timedelta(seconds=pick.randint(0, 60 * 86400), microseconds=pick.choice([0, 1, 999999]))
    row = {"id": pick.randint(-100, 100), "name": pick.choice("abü€") + pick.choice(["", "x", "yz", "ü"]) + str(pick.randint(0, 3)),
           "d": (EPOCH + datetime.timedelta(days=pick.randint(-40, 40))).date(), "ts": ts, "dc": f"{pick.randint(-900, 900) / 100:.2f}",
           "at": EPOCH + datetime.timedelta(hours=pick.randint(0, 30), seconds=pick.randint(0, 3599))}
    if pick.random() < 0.3:
        row[pick.choice(list(row))] = None
    return row


def literals(column, value):
    """The value as tarn and as PyIceberg write it."""
    if column in ("id", "dc"):
        return str(value), str(value)
    if column == "ts":
        return f"TIMESTAMP '{value.isoformat(' ')}'", f"'{value.isoformat()}'"
    if column == "at":
        return f"TIMESTAMPTZ '{value.isoformat(' ')}+00'", f"'{value.isoformat()}+00:00'"
    return (f"DATE '{value}'", f"'{value}'") if column == "d" else (f"'{value}'", f"'{value}'")


def random_predicate(pick, rows, columns):
    column = pick.choice(columns)
    values = [row[column] for row in pick.sample(rows, 20) if row[column] is not None]
    kind = pick.choice(["=", "=", "in", "<", "<=", ">", ">=", "<>", "null", "and"] + (["like"] if column == "name" else []))
    one = literals(column, values[0])
    if kind == "null":
        return (f"{column} IS NULL",) * 2
    if kind == "like":
        return (f"name LIKE '{values[0][:2]}%'",) * 2
    if kind == "in":
        some = [literals(column, value) for value in values[:3]]
        return tuple(f"{column} IN ({', '.join(words[side] for words in some)})" for side in (0, 1))
    if kind == "and":
        other = literals(column, values[1])
        return tuple(f"{column} >= {one[side]} AND {column} < {other[side]}" for side in (0, 1))
    return tuple(f"{column} {kind if side == 0 or kind != '<>' else '!='} {one[side]}" for side in (0, 1))


def count(table, predicate, *options):
    answer = json.loads(tarn("query", f"SELECT count(*) AS n FROM '{table}' WHERE {predicate}", "--json", *options))
    return answer["result"]["rows"][0]["n"], answer["stats"]["files"]


def main():
    pick = random.Random(11)
    passed, all_files = 0, 0
    with tempfile.TemporaryDirectory() as work:
        source = pathlib.Path(work) / "rows.csv"
        rows = [random_row(pick) for _ in range(ROWS)]
        with open(source, "w", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows({key: f"{value.isoformat(' ')}+00" if key == "at" and value else value for key, value in row.items()} for row in rows)
        for number, spec in enumerate(SPECS):
            table = pathlib.Path(work) / f"t{number}"
            tarn("import", source, table, "--table-format", "iceberg", "--partition-by", spec, "--schema", COLUMNS)
            theirs = StaticTable.from_metadata(sorted(glob.glob(f"{table}/metadata/*.metadata.json"))[-1])
            files = len(list(theirs.scan().plan_files()))
            columns = [column for column in rows[0] if column in re.findall(r"\w+", spec)]
            for _ in range(PREDICATES):
                ours, expression = random_predicate(pick, rows, columns)
                pruned, read = count(table, ours)
                whole, _ = count(table, ours, "--no-prune")
                scan = theirs.scan(row_filter=expression)
                expected, planned = scan.to_arrow().num_rows, len(list(scan.plan_files()))
                if not pruned == whole == expected:
                    sys.exit(f"{spec}: {ours}: {pruned} rows with pruning, {whole} without, PyIceberg {expected}")
                if read > planned:
                    sys.exit(f"{spec}: {ours}: tarn reads {read} of {files} files, PyIceberg {planned}")
                passed += files - read
                all_files += files
    print(f"{len(SPECS)} tables, {len(SPECS) * PREDICATES} predicates: {passed} of {all_files} files passed over")
    return 0 if passed * 3 > all_files else 1


sys.exit(main())
