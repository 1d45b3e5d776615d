# SPDX-License-Identifier: Apache-2.0
"""Makes the log of a Delta table with many files, none of which exists: delta_log.py COMMIT_FILE KIND COUNT.

COMMIT_FILE is the newest commit, TABLE/_delta_log/<version>.json; the table is made around it. Kinds:
  json        one commit with COUNT adds without statistics, about 150 bytes each
  checkpoint  a checkpoint of COUNT adds with statistics (paths with a UUID, statistics of about 350 bytes), and one commit behind it
  struct      the same with statistics as columns (stats_parsed) beside the text
  commits     COUNT commits of one file each, all in the log, and a checkpoint at nine tenths of them
Everything is the same each time. Needs pyarrow but for json.
"""
import json
import pathlib
import random
import sys
import uuid

FIELDS = [("id", "long"), ("name", "string"), ("price", "double"), ("at", "timestamp")]
SCHEMA = json.dumps({"type": "struct", "fields": [{"name": name, "type": kind, "nullable": True, "metadata": {}} for name, kind in FIELDS]})
PROTOCOL = {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}
METADATA = {"metaData": {"id": "b0b0b0b0-0000-4000-8000-000000000000", "format": {"provider": "parquet", "options": {}}, "schemaString": SCHEMA,
                         "partitionColumns": [], "configuration": {}, "createdTime": 1700000000000}}
STATED = 10  # ids a file


def path_of(number, chance):
    return f"part-{number % 200:05d}-{uuid.UUID(int=chance.getrandbits(128), version=4)}-c000.snappy.parquet"


def statistics_of(number):
    low, high = number * STATED, number * STATED + STATED - 1
    day = number % 28 + 1
    return {"numRecords": STATED,
            "minValues": {"id": low, "name": f"{low:012d} some name of it", "price": number % 1000 + 0.25, "at": f"2024-01-{day:02d}T00:00:00.000Z"},
            "maxValues": {"id": high, "name": f"{high:012d} some name of it", "price": number % 1000 + 9.75, "at": f"2024-01-{day:02d}T23:59:59.999Z"},
            "nullCount": {"id": 0, "name": number % 3, "price": 0, "at": 0}}


def write_json(commit, count):
    chance = random.Random(1)
    with open(commit, "w") as file:
        print(json.dumps(PROTOCOL), json.dumps(METADATA), sep="\n", file=file)
        for i in range(count):
            file.write(f'{{"add":{{"path":"{path_of(i, chance)}","partitionValues":{{}},"size":{1000 + i},"modificationTime":{1700000000000 + i},"dataChange":true}}}}\n')


def write_checkpoint(folder, version, count, structs):
    import pyarrow
    import pyarrow.parquet
    text = pyarrow.string()
    bounds = pyarrow.struct([("id", pyarrow.int64()), ("name", text), ("price", pyarrow.float64()), ("at", pyarrow.timestamp("us", "UTC"))])
    nulls = pyarrow.struct([(name, pyarrow.int64()) for name, _ in FIELDS])
    parsed = [("stats_parsed", pyarrow.struct([("numRecords", pyarrow.int64()), ("minValues", bounds), ("maxValues", bounds), ("nullCount", nulls)]))]
    add = pyarrow.struct([("path", text), ("partitionValues", pyarrow.map_(text, text)), ("size", pyarrow.int64()), ("modificationTime", pyarrow.int64()),
                          ("dataChange", pyarrow.bool_()), ("stats", text)] + (parsed if structs else []))
    protocol = pyarrow.struct([("minReaderVersion", pyarrow.int32()), ("minWriterVersion", pyarrow.int32())])
    metadata = pyarrow.struct([("id", text), ("format", pyarrow.struct([("provider", text), ("options", pyarrow.map_(text, text))])), ("schemaString", text),
                               ("partitionColumns", pyarrow.list_(text)), ("configuration", pyarrow.map_(text, text)), ("createdTime", pyarrow.int64())])
    remove = pyarrow.struct([("path", text), ("deletionTimestamp", pyarrow.int64()), ("dataChange", pyarrow.bool_())])
    txn = pyarrow.struct([("appId", text), ("version", pyarrow.int64())])
    schema = pyarrow.schema([("txn", txn), ("add", add), ("remove", remove), ("metaData", metadata), ("protocol", protocol)])
    chance = random.Random(1)
    described = METADATA["metaData"] | {"format": {"provider": "parquet", "options": []}, "configuration": []}
    with pyarrow.parquet.ParquetWriter(folder / f"{version:020d}.checkpoint.parquet", schema, compression="zstd") as writer:
        writer.write_table(pyarrow.Table.from_pylist([{"protocol": PROTOCOL["protocol"]}, {"metaData": described}], schema))
        for begin in range(0, count, 125000):
            rows = []
            for i in range(begin, min(begin + 125000, count)):
                statistics = statistics_of(i)
                row = {"path": path_of(i, chance), "partitionValues": [], "size": 1000 + i, "modificationTime": 1700000000000 + i, "dataChange": False,
                       "stats": json.dumps(statistics, separators=(",", ":"))}
                if structs:
                    import datetime
                    for side in ("minValues", "maxValues"):
                        statistics[side] = statistics[side] | {"at": datetime.datetime.fromisoformat(statistics[side]["at"].replace("Z", "+00:00"))}
                    row["stats_parsed"] = statistics
                rows.append({"add": row})
            writer.write_table(pyarrow.Table.from_pylist(rows, schema))
    (folder / "_last_checkpoint").write_text(json.dumps({"version": version, "size": count + 2}))


def add_line(number, chance):
    return json.dumps({"add": {"path": path_of(number, chance), "partitionValues": {}, "size": 1000 + number, "modificationTime": 1700000000000 + number,
                               "dataChange": True, "stats": json.dumps(statistics_of(number), separators=(",", ":"))}}, separators=(",", ":")) + "\n"


def write_commits(folder, count):
    chance = random.Random(1)
    for version in range(count):
        begin = json.dumps(PROTOCOL) + "\n" + json.dumps(METADATA) + "\n" if version == 0 else ""
        (folder / f"{version:020d}.json").write_text(begin + add_line(version, chance))
    if count >= 100:
        write_checkpoint(folder, count * 9 // 10 - 1, count * 9 // 10, False)


def main():
    commit, kind, count = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2], int(sys.argv[3])
    folder = commit.parent
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "json":
        write_json(commit, count)
    elif kind == "commits":
        write_commits(folder, count)
    else:
        write_checkpoint(folder, 0, count, kind == "struct")
        (folder / f"{1:020d}.json").write_text(add_line(count, random.Random(2)))


main()
