#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""SQL catalogs in SQLite that PyIceberg and Java's JdbcCatalog made, used by tarn and them in turns: every row is accounted for.

SPEC: T-ICEBERG-ENGINES-7

    test_iceberg_catalogs.py      run with the Python of the environment `pyiceberg`; exit code 77: it is not there
"""
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
import time

from engines import HERE, IcebergReader, not_run, scratch, tarn

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyiceberg.catalog.sql import SqlCatalog
    from pyiceberg.exceptions import CommitFailedException
    from pyiceberg.partitioning import PartitionField, PartitionSpec
    from pyiceberg.schema import Schema
    from pyiceberg.transforms import BucketTransform, IdentityTransform
    from pyiceberg.types import LongType, NestedField, StringType
except ImportError as why:
    not_run(why)

import os  # noqa: E402

sys.path.insert(0, str(HERE.parent / "support"))
import canonical_rows  # noqa: E402

COMMITS = 50
KILLS = 25
ARROW = pa.schema([pa.field("id", pa.int64()), pa.field("who", pa.string())])


def lines(rows):
    return canonical_rows.arrow_lines(rows_table(rows))


def rows_table(rows):
    return pa.table({"id": pa.array([row[0] for row in rows], pa.int64()), "who": pa.array([row[1] for row in rows], pa.string())}, schema=ARROW)


def expect(got, rows, what):
    why = canonical_rows.difference(got, lines(rows))
    if why:
        sys.exit(f"{what}: {why}")


def csv(work, name, rows):
    path = work / f"{name}.csv"
    path.write_text("id,who\n" + "".join(f"{number},{who}\n" for number, who in rows))
    return path


def by_tarn(lake, table, *where):
    return canonical_rows.lines(tarn("cat", table, "-o", "jsonl", "--lake", lake, *where))


def pointer(database, table):
    with sqlite3.connect(database) as connection:
        return connection.execute("SELECT metadata_location, previous_metadata_location FROM iceberg_tables WHERE table_name = ?", (table,)).fetchone()


def in_turns_with_pyiceberg(work):
    database, warehouse = work / "catalog.db", work / "wh"
    catalog = SqlCatalog("lake", uri=f"sqlite:///{database}", warehouse=f"file://{warehouse}")
    catalog.create_namespace("sales")
    schema = Schema(NestedField(1, "id", LongType(), required=False), NestedField(2, "who", StringType(), required=False))
    spec = PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "who"), PartitionField(1, 1001, BucketTransform(4), "id_bucket"))
    catalog.create_table("sales.t", schema, partition_spec=spec)
    lake = f"sqlite:///{database}?warehouse=file://{warehouse}"
    rows, commits, turn = [], 0, 0
    while commits < COMMITS:
        before = pointer(database, "t")[0]
        new = [(turn * 10 + n, f"w{n % 2}" if n else None) for n in range(4)]
        if turn % 10 == 4:
            tarn("query", f"DELETE FROM sales.t WHERE id % 40 = {turn % 40}", "--lake", lake)
            left = [row for row in rows if row[0] % 40 != turn % 40]
        elif turn % 10 == 7:
            catalog.load_table("sales.t").delete(f"id >= {(turn - 3) * 10} and id < {(turn - 3) * 10 + 2}")
            left = [row for row in rows if not (turn - 3) * 10 <= row[0] < (turn - 3) * 10 + 2]
        elif turn % 2 == 0:
            tarn("import", csv(work, "t", [(number, "" if who is None else who) for number, who in new]), "sales.t", "--mode", "append", "--lake", lake)
            left = rows + new
        else:
            catalog.load_table("sales.t").append(rows_table(new))
            left = rows + new
        now, previous = pointer(database, "t")
        if left != rows:
            if now == before or previous != before:
                sys.exit(f"commit {turn}: the catalog points from {previous} to {now}, it was {before}")
            commits += 1
        rows = left
        expect(by_tarn(lake, "sales.t"), rows, f"tarn reads after commit {turn}")
        expect(canonical_rows.arrow_lines(catalog.load_table("sales.t").scan().to_arrow()), rows, f"PyIceberg reads after commit {turn}")
        turn += 1
    snapshots = catalog.load_table("sales.t").metadata.snapshots
    for snapshot in snapshots[::7]:
        theirs = canonical_rows.arrow_lines(catalog.load_table("sales.t").scan(snapshot_id=snapshot.snapshot_id).to_arrow())
        ours = by_tarn(lake, "sales.t", "--version", snapshot.snapshot_id)
        if ours != theirs:
            sys.exit(f"snapshot {snapshot.snapshot_id}: {canonical_rows.difference(ours, theirs)}")

    tarn("import", csv(work, "u", [(1, "a"), (2, "b")]), "fresh.u", "--lake", lake, "--partition-by", "truncate(2, who)")
    made = catalog.load_table("fresh.u")
    made.append(rows_table([(3, "c")]))
    expect(by_tarn(lake, "fresh.u"), [(1, "a"), (2, "b"), (3, "c")], "a table that tarn made and PyIceberg added to")
    if ("fresh",) not in catalog.list_namespaces() or catalog.list_tables("fresh") != [("fresh", "u")]:
        sys.exit(f"PyIceberg lists {catalog.list_namespaces()} {catalog.list_tables('fresh')}")
    print(f"PyIceberg and tarn in turns: {commits} commits, {len(rows)} rows, {len(snapshots)} snapshots")


def at_the_same_time(work):
    """tarn retries by itself; PyIceberg says that it lost, and its caller tries again."""
    database, warehouse, each = work / "race.db", work / "race", 10
    catalog = SqlCatalog("lake", uri=f"sqlite:///{database}", warehouse=f"file://{warehouse}")
    catalog.create_namespace("ns")
    catalog.create_table("ns.t", Schema(NestedField(1, "id", LongType(), required=False), NestedField(2, "who", StringType(), required=False)))
    lake = f"sqlite:///{database}?warehouse=file://{warehouse}"
    stories = []

    def ours(w):
        for n in range(each):
            tarn("import", csv(work, f"w{w}", [(n, f"w{w}")]), "ns.t", "--mode", "append", "--lake", lake)

    def theirs(w):
        mine = SqlCatalog("lake", uri=f"sqlite:///{database}", warehouse=f"file://{warehouse}")
        for n in range(each):
            while True:
                try:
                    mine.load_table("ns.t").append(rows_table([(n, f"w{w}")]))
                    break
                except CommitFailedException:
                    continue
                except Exception as why:  # SQLite's lock, worded by SQLAlchemy
                    if "locked" not in str(why):
                        raise

    def guarded(job, w):
        try:
            job(w)
        except (SystemExit, Exception) as why:
            stories.append(str(why))

    threads = [threading.Thread(target=guarded, args=(ours if w < 4 else theirs, w)) for w in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if stories:
        sys.exit(stories[0])
    rows = [(n, f"w{w}") for w in range(6) for n in range(each)]
    expect(by_tarn(lake, "ns.t"), rows, "tarn reads what six writers wrote")
    expect(canonical_rows.arrow_lines(catalog.load_table("ns.t").scan().to_arrow()), rows, "PyIceberg reads what six writers wrote")
    print(f"PyIceberg and tarn at the same time: {len(rows)} commits")


def with_java(work):
    """Java's JdbcCatalog with its first schema and with its second."""
    catalogs = {}
    for version in ("V0", "V1"):
        catalogs[version.lower()] = {"type": "jdbc", "uri": f"jdbc:sqlite:{work / version}.db", "warehouse": f"file://{work / version}", "jdbc.schema-version": version}
    spark = IcebergReader("spark", catalogs)
    if not spark.there:
        print("not run: Spark is not here")
        return
    out = work / "out"
    for name, options in catalogs.items():
        lake = f"sqlite:///{work / name.upper()}.db?warehouse={options['warehouse']}"

        def both(table, rows, what):
            expect(by_tarn(lake, table), rows, f"tarn reads, {name}, {what}")
            spark.ask(sql=f"SELECT * FROM {name}.{table}", out=out)
            expect(canonical_rows.arrow_lines(pq.read_table(out)), rows, f"Spark reads, {name}, {what}")
            shutil.rmtree(out)

        spark.ask(sql=f"CREATE NAMESPACE {name}.ns")
        spark.ask(sql=f"CREATE TABLE {name}.ns.t (id BIGINT, who STRING) USING iceberg PARTITIONED BY (bucket(3, id))")
        spark.ask(sql=f"INSERT INTO {name}.ns.t VALUES (1, 'java'), (2, NULL)")
        rows = [(1, "java"), (2, None)]
        both("ns.t", rows, "what Java wrote")
        for turn in range(3):
            tarn("import", csv(work, "j", [(turn + 10, "tarn")]), "ns.t", "--mode", "append", "--lake", lake)
            rows.append((turn + 10, "tarn"))
            spark.ask(sql=f"INSERT INTO {name}.ns.t VALUES ({turn + 20}, 'java')")
            rows.append((turn + 20, "java"))
        both("ns.t", rows, "after appends in turns")
        tarn("query", "DELETE FROM ns.t WHERE id = 20", "--lake", lake)
        spark.ask(sql=f"DELETE FROM {name}.ns.t WHERE id = 10")
        rows = [row for row in rows if row[0] not in (20, 10)]
        both("ns.t", rows, "after deletes in turns")
        tarn("import", csv(work, "j", [(7, "new")]), "made.by_tarn", "--lake", lake)
        spark.ask(sql=f"INSERT INTO {name}.made.by_tarn VALUES (8, 'java')")
        both("made.by_tarn", [(7, "new"), (8, "java")], "a table that tarn made")
        with sqlite3.connect(work / f"{name.upper()}.db") as connection:
            columns = [row[1] for row in connection.execute("PRAGMA table_info(iceberg_tables)")]
        if ("iceberg_type" in columns) != (name == "v1"):
            sys.exit(f"{name}: tarn changed the catalog's columns: {columns}")
        print(f"Java's catalog {name.upper()}: Spark and tarn in turns")
    spark.close()


def killed_writers(work):
    """Appends through a catalog, killed at random moments: PyIceberg finds every acknowledged one, whole, and no half of another."""
    database, warehouse = work / "killed.db", work / "killed"
    lake = f"sqlite:///{database}?warehouse={warehouse}&name=lake"
    each, rows, unsure, random_ = 40, [], [], random.Random(3)
    begun = time.monotonic()
    tarn("import", csv(work, "k", [(n, "w0") for n in range(each)]), "ns.t", "--lake", lake)
    whole = time.monotonic() - begun
    rows += [(n, "w0") for n in range(each)]
    for turn in range(1, KILLS + 1):
        new = [(n, f"w{turn}") for n in range(each)]
        job = subprocess.Popen([os.environ["TARN"], "import", csv(work, "k", new), "ns.t", "--mode", "append", "--lake", lake],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(random_.uniform(0, whole * 1.2))
        job.kill()
        if job.wait() == 0:
            rows += new
        else:
            unsure.append(turn)
    catalog = SqlCatalog("lake", uri=f"sqlite:///{database}", warehouse=str(warehouse))
    found = catalog.load_table("ns.t").scan().to_arrow()
    there = set(found["who"].to_pylist())
    rows += [(n, f"w{turn}") for turn in unsure if f"w{turn}" in there for n in range(each)]
    expect(canonical_rows.arrow_lines(found), rows, "PyIceberg reads after the kills")
    expect(by_tarn(lake, "ns.t"), rows, "tarn reads after the kills")
    catalog.load_table("ns.t").append(rows_table([(-1, "after")]))
    expect(by_tarn(lake, "ns.t"), rows + [(-1, "after")], "a commit after the kills")
    print(f"{len(unsure)} of {KILLS} writers killed before their answer, {len([t for t in unsure if f'w{t}' in there])} of them behind their commit")


def main():
    work = scratch()
    jobs = {job.__name__: job for job in (in_turns_with_pyiceberg, at_the_same_time, killed_writers, with_java)}
    for name in sys.argv[1:] or jobs:
        jobs[name](work)
    shutil.rmtree(work)


main()
