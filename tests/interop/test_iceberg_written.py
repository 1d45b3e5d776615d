#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Iceberg tables that tarn writes: every snapshot read by PyIceberg, DuckDB and Spark with tarn's rows, which are those that went in;
all of their metadata computed again from their data (audit_iceberg.py); and Spark writes on where tarn left off.

SPEC: T-ICEBERG-ENGINES-5, T-ICEBERG-ENGINES-6

    test_iceberg_written.py [TABLE...]      run with the Python of the environment `pyiceberg`; exit code 77: it is not there
"""
import datetime
import json
import os
import pathlib
import re
import shutil
import sys
import uuid
from decimal import Decimal

from engines import HERE, IcebergReader, not_run, scratch, tarn

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
    from audit_iceberg import audit_table
except ImportError as why:
    not_run(why)

sys.path.insert(0, str(HERE.parent / "support"))
import canonical_rows  # noqa: E402
from sample_rows import sample_rows  # noqa: E402

# What an engine cannot do, as its makers say or as the corpus's notes have it.
CANNOT = {
    ("pyiceberg", "nested"): "a null list or map with a struct inside comes back empty",
    ("spark", "java_types"): "Spark has no TIME",
}

ROWS = 60


def some(i, value, every=7):
    return None if i % every == 3 else value


# PyIceberg keeps identity partitions of doubles as floats: those here are both.
def small_rows():
    """Rows for partitions: few values each, nulls, what lies before 1970 and below zero."""
    utc = datetime.timezone.utc
    moments = [datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=n) for n in
               (0, -1, 1, 86400 * 10**6 - 1, 1704067200 * 10**6, -86400 * 10**6 * 400 - 7, 1709210096789012)]
    texts = ["iceberg", "", "a/b c%=:\"'&?#+", "ümläut 漢字 😀 tail", "plain", "NULL", "null"]
    return pa.table({
        "id": pa.array(range(ROWS), pa.int64()),
        "b": pa.array([some(i, i % 2 == 0) for i in range(ROWS)], pa.bool_()),
        "i": pa.array([some(i, (i % 5 - 2) * 7) for i in range(ROWS)], pa.int32()),
        "l": pa.array([some(i, (i % 4 - 2) * 10**12 - 1) for i in range(ROWS)], pa.int64()),
        "f": pa.array([some(i, (float("nan"), -0.5, 1.25)[i % 3]) for i in range(ROWS)], pa.float32()),
        "d": pa.array([some(i, (2.5, -(2.0**70), float("inf"))[i % 3]) for i in range(ROWS)], pa.float64()),
        "dc": pa.array([some(i, Decimal((i % 5 - 2) * 1065) / 100) for i in range(ROWS)], pa.decimal128(9, 2)),
        "wide": pa.array([some(i, Decimal((i % 3 - 1) * 10**25 + 5) / 1000) for i in range(ROWS)], pa.decimal128(38, 3)),
        "dt": pa.array([some(i, datetime.date(1970, 1, 1) + datetime.timedelta(days=(0, -1, 400, 19782)[i % 4])) for i in range(ROWS)], pa.date32()),
        "ts": pa.array([some(i, moments[i % 7]) for i in range(ROWS)], pa.timestamp("us")),
        "tz": pa.array([some(i, moments[(i * 3) % 7].replace(tzinfo=utc)) for i in range(ROWS)], pa.timestamp("us", "UTC")),
        "s": pa.array([some(i, texts[i % 7], 11) for i in range(ROWS)], pa.string()),
        "x": pa.array([some(i, bytes([i % 3, 0, 255, 7])[: i % 5]) for i in range(ROWS)], pa.binary()),
    })


def java_types():
    return pa.table({
        "id": pa.array(range(ROWS), pa.int64()),
        "t": pa.array([some(i, datetime.time(i % 24, i, i, i)) for i in range(ROWS)], pa.time64("us")),
        "u": pa.ExtensionArray.from_storage(pa.uuid(), pa.array([some(i, uuid.UUID(int=(i * 0x0123456789abcdef0123456789abcdef) % 2**128).bytes)
                                                                for i in range(ROWS)], pa.binary(16))),
        "fx": pa.array([some(i, bytes([i, 0, 255, 128, 9])) for i in range(ROWS)], pa.binary(5)),
    })


def all_types():
    """All that Iceberg has a type for: small and unsigned integers are widened by the import. Milliseconds are microseconds here already."""
    rows = sample_rows().slice(0, 400)
    keep = [name for name in rows.schema.names if name not in ("u64", "t", "l", "ll", "r", "m", "lr", "ms")]
    made = rows.select(keep).append_column("ms", rows["ms"].cast(pa.timestamp("us")))
    return made.add_column(0, "id", pa.array(range(len(made)), pa.int64()))


def nested():
    rows = sample_rows().slice(0, 300).select(["l", "ll", "r", "m", "lr"])
    return rows.add_column(0, "id", pa.array(range(len(rows)), pa.int64()))


TABLES = {
    "all_types": (all_types, None),
    "nested": (nested, None),
    "java_types": (java_types, None),
    "identity": (small_rows, "b, i, l, dt, s"),
    "identity_more": (small_rows, "dc, wide, ts, tz, x"),
    "identity_floats": (small_rows, "f, d"),
    "bucket": (small_rows, "bucket(16, id), bucket(4, l), bucket(3, dc), bucket(7, dt), bucket(4, ts), bucket(4, tz), bucket(6, s), bucket(2, x)"),
    "truncate": (small_rows, "truncate(10, i), truncate(100, l), truncate(50, dc), truncate(4, s), truncate(1, x)"),
    "time_date": (small_rows, "year(dt), month(ts), day(tz)"),
    "time_hours": (small_rows, "hour(ts), hour(tz)"),
    "mixed": (small_rows, "bucket(16, id), day(ts), truncate(4, s), i"),
    "java_types_bucket": (java_types, "bucket(5, u), bucket(3, t), bucket(4, fx)"),
}
CANNOT["spark", "java_types_bucket"] = CANNOT["spark", "java_types"]


def members(line):
    return dict(map(tuple, json.loads(line)["object"]))


def changed(lines, keep, change=None):
    """Comparable rows after a DELETE or UPDATE, worked out here."""
    made = []
    for line in lines:
        row = json.loads(line)
        if keep(members(line)):
            if change:
                row["object"] = [[key, change(members(line), key, value)] for key, value in row["object"]]
            made.append(json.dumps(row, ensure_ascii=False, separators=(",", ":")))
    return sorted(made)


def history(table):
    """Snapshot ids, oldest first."""
    return [entry["version"] for entry in reversed(json.loads(tarn("log", table, "--json"))["result"])]


def newest_metadata(table):
    found = {int(re.match(r"v(\d+)\.", path.name).group(1)): path for path in (table / "metadata").glob("v*.metadata.json")}
    hint = (table / "metadata" / "version-hint.text").read_text().strip()
    if hint != str(max(found)):
        sys.exit(f"{table}: version-hint.text says {hint}, newest is {max(found)}")
    if sorted(found) != list(range(1, max(found) + 1)):
        sys.exit(f"{table}: metadata versions {sorted(found)}")
    return found[max(found)]


def read_by_tarn(table, version):
    return canonical_rows.lines(tarn("cat", table, "--version", version, "-o", "jsonl"))


def expect(got, expected, what):
    why = canonical_rows.difference(got, expected)
    if why:
        sys.exit(f"{what}: {why}")


def make(work, lake, name):
    """A table with an import, an append, a DELETE, an UPDATE and an overwrite; {snapshot: rows} worked out from what went in."""
    rows, partition = TABLES[name]
    source = rows()
    path = work / f"{name}.parquet"
    more = work / f"{name}_more.parquet"
    pq.write_table(source, path)
    pq.write_table(source.slice(10, 20), more)
    table = lake / "db" / name
    by = ["--partition-by", partition] if partition else []
    states = [canonical_rows.arrow_lines(source)]
    tarn("import", path, table, "--table-format", "iceberg", *by)
    tarn("import", more, table, "--mode", "append")
    states.append(sorted(states[0] + canonical_rows.arrow_lines(source.slice(10, 20))))
    tarn("query", f"DELETE FROM '{table}' WHERE id % 10 = 4")
    states.append(changed(states[1], lambda row: row["id"] % 10 != 4))
    tarn("query", f"UPDATE '{table}' SET id = id + 1000 WHERE id < 15")
    states.append(changed(states[2], lambda row: True, lambda row, key, value: value + 1000 if key == "id" and value < 15 else value))
    tarn("import", more, table, "--mode", "overwrite")
    states.append(canonical_rows.arrow_lines(source.slice(10, 20)))
    versions = history(table)
    if len(versions) != len(states):
        sys.exit(f"{name}: {len(versions)} snapshots, expected {len(states)}")
    for version, state in zip(versions, states):
        expect(read_by_tarn(table, version), state, f"tarn reads {name} at {version}")
    return table, dict(zip(versions, states))


def make_from_csv(work, lake):
    """Columns that must have values, a partition of a column that is not last, rows from CSV."""
    table = lake / "db" / "required"
    source = work / "required.csv"
    source.write_text("id,name,at,price\n" + "".join(f"{i},{'' if i % 4 == 1 else f'n{i % 3}'},2024-0{i % 9 + 1}-01 10:00:00,{i}.25\n" for i in range(40)))
    tarn("import", source, table, "--table-format", "iceberg", "--schema", "id BIGINT NOT NULL, name VARCHAR, at TIMESTAMP NOT NULL, price DECIMAL(10,2)",
         "--partition-by", "month(at), name")
    tarn("import", source, table, "--mode", "append")
    versions = history(table)
    rows = read_by_tarn(table, versions[-1])
    if len(rows) != 80:
        sys.exit(f"required: {len(rows)} rows")
    fields = json.loads(newest_metadata(table).read_text())["schemas"][-1]["fields"]
    if [(field["name"], field["required"]) for field in fields] != [("id", True), ("name", False), ("at", True), ("price", False)]:
        sys.exit(f"required: fields {fields}")
    return table, {version: read_by_tarn(table, version) for version in versions}


def make_flights(work, lake):
    corpus = os.environ.get("TARN_CORPUS")
    if not corpus:
        return None
    import gzip

    with gzip.open(pathlib.Path(corpus) / "real" / "nycflights13-flights.csv.gz", "rt") as file:
        lines = [next(file) for _ in range(8001)]
    source = work / "flights.csv"
    source.write_text("".join(lines))
    table = lake / "db" / "flights"
    tarn("import", source, table, "--table-format", "iceberg", "--partition-by", "carrier, day(time_hour)")
    tarn("query", f"DELETE FROM '{table}' WHERE carrier = 'UA'")
    return table, {version: read_by_tarn(table, version) for version in history(table)}


def engines_read(name, table, states, readers, work):
    metadata = newest_metadata(table)
    for version, state in states.items():
        for reader in readers:
            if (reader.engine, name) in CANNOT:
                continue
            out = work / "out"
            what = f"{reader.engine} reads {name} at {version}"
            if reader.engine == "spark":
                reader.ask(sql=f"SELECT * FROM h.db.{name} VERSION AS OF {version}", out=out)
                expect(canonical_rows.arrow_lines(pq.read_table(out)), state, what)
                shutil.rmtree(out)
            else:
                reader.ask(metadata=metadata, snapshot=version, out=out)
                expect(sorted(out.read_text().split("\n")) if state else [], state, what)
    read = [reader.engine for reader in readers if (reader.engine, name) not in CANNOT]
    print(f"{name}: {len(states)} snapshots equal in {', '.join(read)}", flush=True)


def audited(name, table):
    audit = audit_table(newest_metadata(table))
    if audit.findings:
        story = "\n  ".join(dict.fromkeys(audit.findings[:20]))
        sys.exit(f"{name}: {len(audit.findings)} of {sum(audit.checked.values())} facts are wrong\n  {story}")
    print(f"{name}: {sum(audit.checked.values())} facts of its metadata hold", flush=True)


def spark_writes_on(name, table, spark, work):
    """Spark and tarn change the table in turns."""
    state = read_by_tarn(table, history(table)[-1])
    for turn in range(2):
        spark.ask(sql=f"INSERT INTO h.db.{name} SELECT * FROM h.db.{name} WHERE id = {20 + turn}")
        state = sorted(state + [line for line in state if members(line)["id"] == 20 + turn])
        expect(read_by_tarn(table, history(table)[-1]), state, f"tarn reads {name} after Spark's INSERT")
        tarn("query", f"DELETE FROM '{table}' WHERE id = {12 + turn}")
        state = changed(state, lambda row, gone=12 + turn: row["id"] != gone)
        spark.ask(sql=f"DELETE FROM h.db.{name} WHERE id = {25 + turn}")
        state = changed(state, lambda row, gone=25 + turn: row["id"] != gone)
        expect(read_by_tarn(table, history(table)[-1]), state, f"tarn reads {name} after Spark's DELETE")
    out = work / "out"
    spark.ask(sql=f"SELECT * FROM h.db.{name}", out=out)
    expect(canonical_rows.arrow_lines(pq.read_table(out)), state, f"Spark reads {name} after both wrote")
    shutil.rmtree(out)
    print(f"{name}: tarn and Spark wrote it in turns", flush=True)


def main():
    work = scratch()
    lake = work / "lake"
    lake.mkdir()
    readers = [IcebergReader(engine, {"h": {"type": "hadoop", "warehouse": f"file://{lake}"}}) for engine in ("pyiceberg", "duckdb", "spark")]
    readers = [reader for reader in readers if reader.there]
    wanted = sys.argv[1:]
    made = [(name, lambda name=name: make(work, lake, name)) for name in TABLES]
    made += [("required", lambda: make_from_csv(work, lake)), ("flights", lambda: make_flights(work, lake))]
    for name, maker in made:
        if wanted and name not in wanted:
            continue
        table = maker()
        if table is None:
            continue
        engines_read(name, *table, readers, work)
        audited(name, table[0])
        spark = [reader for reader in readers if reader.engine == "spark"]
        if spark and name in ("mixed", "all_types"):
            spark_writes_on(name, table[0], spark[0], work)
    for reader in readers:
        reader.close()
    shutil.rmtree(work)


main()
