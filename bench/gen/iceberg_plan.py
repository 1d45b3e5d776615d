# SPDX-License-Identifier: Apache-2.0
"""Makes the metadata of an Iceberg table with many files, none of which exists: iceberg_plan.py METADATA_FILE MANIFESTS FILES_EACH.

One manifest a day, as a table has that is loaded daily; eight columns with counts and bounds, manifests packed with deflate, as Java
writes them by default. Ids ascend over the files, so that bounds tell them apart where partitions do not. Needs fastavro.
"""
import json
import pathlib
import struct
import sys
import uuid

import fastavro

FIRST_DAY = 18262  # 2020-01-01
ROWS = 50000
SNAPSHOT = 4000000000000000001
COLUMNS = [("id", "long"), ("ts", "timestamptz"), ("carrier", "string"), ("origin", "string"), ("delay", "int"), ("price", "double"),
           ("note", "string"), ("flag", "boolean")]
SCHEMA = {"type": "struct", "schema-id": 0,
          "fields": [{"id": i + 1, "name": name, "required": False, "type": kind} for i, (name, kind) in enumerate(COLUMNS)]}
SPEC = [{"name": "ts_day", "transform": "day", "source-id": 2, "field-id": 1000}]


def map_of(key, value, kind):
    return {"type": "array", "logicalType": "map", "items": {"type": "record", "name": f"k{key}_v{value}", "fields": [
        {"name": "key", "type": "int", "field-id": key}, {"name": "value", "type": kind, "field-id": value}]}}


def field(number, name, kind, optional=True):
    made = {"name": name, "type": ["null", kind] if optional else kind, "field-id": number}
    return made | ({"default": None} if optional else {})


ENTRY = {"type": "record", "name": "manifest_entry", "fields": [
    field(0, "status", "int", False), field(1, "snapshot_id", "long"), field(3, "sequence_number", "long"), field(4, "file_sequence_number", "long"),
    field(2, "data_file", {"type": "record", "name": "r2", "fields": [
        field(134, "content", "int", False), field(100, "file_path", "string", False), field(101, "file_format", "string", False),
        field(102, "partition", {"type": "record", "name": "r102", "fields": [field(1000, "ts_day", {"type": "int", "logicalType": "date"})]}, False),
        field(103, "record_count", "long", False), field(104, "file_size_in_bytes", "long", False),
        field(108, "column_sizes", map_of(117, 118, "long")), field(109, "value_counts", map_of(119, 120, "long")),
        field(110, "null_value_counts", map_of(121, 122, "long")), field(137, "nan_value_counts", map_of(138, 139, "long")),
        field(125, "lower_bounds", map_of(126, 127, "bytes")), field(128, "upper_bounds", map_of(129, 130, "bytes")),
        field(131, "key_metadata", "bytes"), field(132, "split_offsets", {"type": "array", "items": "long", "element-id": 133}),
        field(135, "equality_ids", {"type": "array", "items": "int", "element-id": 136}), field(140, "sort_order_id", "int")]}, False)]}

LISTED = {"type": "record", "name": "manifest_file", "fields": [
    field(500, "manifest_path", "string", False), field(501, "manifest_length", "long", False), field(502, "partition_spec_id", "int", False),
    field(517, "content", "int", False), field(515, "sequence_number", "long", False), field(516, "min_sequence_number", "long", False),
    field(503, "added_snapshot_id", "long", False), field(504, "added_files_count", "int", False), field(505, "existing_files_count", "int", False),
    field(506, "deleted_files_count", "int", False), field(512, "added_rows_count", "long", False), field(513, "existing_rows_count", "long", False),
    field(514, "deleted_rows_count", "long", False),
    field(507, "partitions", {"type": "array", "element-id": 508, "items": {"type": "record", "name": "r508", "fields": [
        field(509, "contains_null", "boolean", False), field(518, "contains_nan", "boolean"), field(510, "lower_bound", "bytes"),
        field(511, "upper_bound", "bytes")]}}),
    field(519, "key_metadata", "bytes")]}


def entries(location, manifest, count):
    day = FIRST_DAY + manifest
    for i in range(count):
        number = manifest * count + i
        start = day * 86400 * 10**6 + i * (86400 * 10**6 // count)
        texts = [f"carrier {i % 16:02d}", f"origin {i % 300:03d}", f"note {number:09d} a"]
        least = [struct.pack("<q", number * ROWS), struct.pack("<q", start), texts[0].encode(), b"AAA", struct.pack("<i", -60), struct.pack("<d", 1.25),
                 texts[2].encode()[:16], b"\x00"]
        most = [struct.pack("<q", number * ROWS + ROWS - 1), struct.pack("<q", start + 80 * 10**6), texts[0].encode(), b"ZZZ", struct.pack("<i", 1440),
                struct.pack("<d", 999.5 + i), b"note~", b"\x01"]
        each = range(1, len(COLUMNS) + 1)
        yield {"status": 1, "snapshot_id": SNAPSHOT, "sequence_number": None, "file_sequence_number": None, "data_file": {
            "content": 0, "file_path": f"{location}/data/ts_day={day}/{i:05d}-{manifest}-{uuid.UUID(int=number)}-00001.parquet", "file_format": "PARQUET",
            "partition": {"ts_day": day}, "record_count": ROWS, "file_size_in_bytes": 1000000 + number,
            "column_sizes": [{"key": c, "value": 100000 + number % 1000 + c} for c in each], "value_counts": [{"key": c, "value": ROWS} for c in each],
            "null_value_counts": [{"key": c, "value": 0} for c in each], "nan_value_counts": [{"key": 6, "value": 0}],
            "lower_bounds": [{"key": c, "value": value} for c, value in zip(each, least)],
            "upper_bounds": [{"key": c, "value": value} for c, value in zip(each, most)],
            "key_metadata": None, "split_offsets": [4], "equality_ids": None, "sort_order_id": 0}}


def write(path, schema, records, metadata):
    with open(path, "wb") as file:
        fastavro.writer(file, schema, records, codec="deflate", metadata=metadata, sync_interval=64000)
    return path.stat().st_size


def main():
    target, manifests, each = pathlib.Path(sys.argv[1]).resolve(), int(sys.argv[2]), int(sys.argv[3])
    folder = target.parent
    folder.mkdir(parents=True, exist_ok=True)
    location = str(folder.parent)
    entry, listed = fastavro.parse_schema(ENTRY), fastavro.parse_schema(LISTED)
    facts = {"schema": json.dumps(SCHEMA), "schema-id": "0", "partition-spec": json.dumps(SPEC), "partition-spec-id": "0", "format-version": "2",
             "content": "data"}
    rows = []
    for m in range(manifests):
        path = folder / f"{uuid.UUID(int=m)}-m0.avro"
        length = write(path, entry, entries(location, m, each), facts)
        day = struct.pack("<i", FIRST_DAY + m)
        rows.append({"manifest_path": str(path), "manifest_length": length, "partition_spec_id": 0, "content": 0, "sequence_number": 1,
                     "min_sequence_number": 1, "added_snapshot_id": SNAPSHOT, "added_files_count": each, "existing_files_count": 0,
                     "deleted_files_count": 0, "added_rows_count": each * ROWS, "existing_rows_count": 0, "deleted_rows_count": 0,
                     "partitions": [{"contains_null": False, "contains_nan": False, "lower_bound": day, "upper_bound": day}], "key_metadata": None})
    manifest_list = folder / f"snap-{SNAPSHOT}-1-{uuid.UUID(int=0)}.avro"
    write(manifest_list, listed, rows, {"snapshot-id": str(SNAPSHOT), "parent-snapshot-id": "null", "sequence-number": "1", "format-version": "2"})
    summary = {"operation": "append", "added-data-files": str(manifests * each), "total-data-files": str(manifests * each),
               "total-records": str(manifests * each * ROWS)}
    target.write_text(json.dumps({
        "format-version": 2, "table-uuid": str(uuid.UUID(int=7)), "location": location, "last-sequence-number": 1, "last-updated-ms": 1700000000000,
        "last-column-id": len(COLUMNS), "current-schema-id": 0, "schemas": [SCHEMA], "default-spec-id": 0,
        "partition-specs": [{"spec-id": 0, "fields": SPEC}], "last-partition-id": 1000, "default-sort-order-id": 0,
        "sort-orders": [{"order-id": 0, "fields": []}], "properties": {}, "current-snapshot-id": SNAPSHOT,
        "refs": {"main": {"snapshot-id": SNAPSHOT, "type": "branch"}},
        "snapshots": [{"sequence-number": 1, "snapshot-id": SNAPSHOT, "timestamp-ms": 1700000000000, "summary": summary,
                       "manifest-list": str(manifest_list), "schema-id": 0}],
        "snapshot-log": [{"timestamp-ms": 1700000000000, "snapshot-id": SNAPSHOT}], "metadata-log": []}))


main()
