#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tables after each kind of maintenance, read by deltalake, DuckDB and Spark: the rows are what they were; Spark then writes on.

The tables are deltalake's: many small appends, as a stream makes them.
"""
import json
import pathlib
import sys

from engines import PEERS, SparkSql, dump, not_run, same_rows, scratch, tarn

try:
    import deltalake
    import duckdb
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError as why:
    not_run(why)

APPENDS = 30
EACH = 50


def rows_of(first, count):
    ids = list(range(first, first + count))
    return pa.table({"id": pa.array(ids, pa.int64()), "name": [None if i % 11 == 0 else f"name {i * 7919 % 1000}" for i in ids],
                     "price": pa.array([i / 8 for i in ids], pa.float64()), "part": pa.array([i % 3 for i in ids], pa.int32())})


class Judges:
    def __init__(self, work):
        self.work = work
        self.connection = duckdb.connect()
        self.number = 0
        self.spark = SparkSql()

    def spark_reads(self, table, wanted, what):
        """One session for all: it takes long to start."""
        rows = self.connection.execute(f"SELECT * FROM '{wanted}'").to_arrow_table().to_pylist()
        ours = sorted(json.dumps({k: v for k, v in row.items() if v is not None}, sort_keys=True) for row in rows)
        theirs = sorted(json.dumps({k: v for k, v in row.items() if v is not None}, sort_keys=True)
                        for row in self.spark.run(f"SELECT * FROM delta.`{table}`"))
        if ours != theirs:
            sys.exit(f"{what}, spark: {len(theirs)} rows against {len(ours)}, or others: {[r for r in theirs if r not in ours][:2]}")
        print(f"{what}, spark: {len(ours)} rows equal", flush=True)

    def check(self, table, wanted, what):
        """Every engine reads the wanted rows, a Parquet file."""
        columns = self.connection.execute(f"DESCRIBE SELECT * FROM '{wanted}'").fetchall()
        typed = ", ".join(f'CAST("{name}" AS {kind}) AS "{name}"' for name, kind, *_ in columns)
        if self.spark.there:
            self.spark_reads(table, wanted, what)
        for engine in ("tarn", "deltalake", "duckdb"):
            self.number += 1
            out = self.work / f"read-{self.number}.parquet"
            if engine == "tarn":
                tarn("export", table, out)
            elif (PEERS / {"deltalake": "peers", "duckdb": "duckdb-lake"}[engine]).exists():
                dump(engine, table, out)
            else:
                continue
            same_rows(self.connection, f"(SELECT {typed} FROM '{wanted}')", f"(SELECT {typed} FROM '{out}')", f"{what}, {engine}")

    def keep(self, table):
        """The rows of a table as they are now."""
        self.number += 1
        out = self.work / f"kept-{self.number}.parquet"
        tarn("export", table, out)
        return out


def result(*arguments):
    return json.loads(tarn(*arguments, "--json"))["result"]


def main():
    work = scratch()
    judges = Judges(work)
    table = work / "stream"
    for n in range(APPENDS):
        deltalake.write_deltalake(str(table), rows_of(n * EACH, EACH), mode="append", partition_by=["part"])
    wanted = judges.keep(table)

    plan = result("optimize", table, "--dry-run")
    done = result("optimize", table)
    if done["files_added"] != 3 or done["files_removed"] != plan["files_removed"] or done["rows"] != APPENDS * EACH:
        sys.exit(f"optimize: {done}")
    judges.check(table, wanted, "optimize")
    result("optimize", table, "--zorder", "name,price", "--target-size", "8KiB")
    judges.check(table, wanted, "zorder")

    # What was taken out goes; what is live stays.
    gone = result("vacuum", table, "--retain", "0h", "--force", "--yes")
    if gone["files"] != 3 * APPENDS + 3:
        sys.exit(f"vacuum: {gone['files']} files")
    judges.check(table, wanted, "vacuum")
    tarn("restore", table, "5", "--yes", expect=3)  # its files are gone

    # Restore, and undo, which brings everything back.
    deltalake.DeltaTable(str(table)).delete("id % 2 = 0")
    before = deltalake.DeltaTable(str(table)).version() - 1
    tarn("restore", table, str(before), "--yes")
    judges.check(table, wanted, "restore")

    clone = work / "clone"
    result("clone", table, clone)
    judges.check(clone, wanted, "clone")
    deltalake.write_deltalake(str(table), rows_of(100000, EACH), mode="append", partition_by=["part"])
    again = result("clone", table, clone)
    if again["files_copied"] != 3:
        sys.exit(f"clone again: {again}")
    judges.check(clone, judges.keep(table), "clone again")

    # A folder that pyarrow made, with what Hive's names need to be decoded.
    folder = work / "folder"
    plain = rows_of(0, 200).append_column("where", pa.array([["a b", "c/d", "e=f", None][i % 4] for i in range(200)]))
    pq.write_to_dataset(plain, folder, partition_cols=["where"])
    expected = work / "folder.parquet"
    pq.write_table(plain, expected)
    if result("adopt", folder)["rows"] != 200:
        sys.exit("adopt: rows")
    judges.check(folder, expected, "adopt")

    spark = judges.spark
    if not spark.there:
        return
    for target in (table, clone, folder):
        name = f"delta.`{target}`"
        spark.run(f"INSERT INTO {name} SELECT * FROM {name} WHERE id % 10 = 3")
        spark.run(f"DELETE FROM {name} WHERE id % 10 = 4")
        spark.run(f"OPTIMIZE {name}")
        judges.check(target, judges.keep(target), f"{pathlib.Path(target).name} after Spark")
    tarn("optimize", table)
    judges.check(table, judges.keep(table), "optimize after Spark")
    spark.close()


main()
