#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves an Iceberg table's metadata against its data: every count, bound, size, partition value and summary is computed again.

    audit_iceberg.py METADATA_FILE...       run with the Python of the environment `pyiceberg`

What Iceberg's Java writers put down is the measure: the same tool passes over the tables of Spark.
"""
import json
import math
import pathlib
import struct
import sys
from collections import Counter

import fastavro
import pyarrow.parquet as pq
from pyiceberg.conversions import from_bytes
from pyiceberg.manifest import ManifestContent, ManifestEntryStatus
from pyiceberg.table import StaticTable
from pyiceberg.types import BinaryType, DoubleType, FixedType, FloatType, StringType
from pyiceberg.utils.datetime import date_to_days, datetime_to_micros, time_to_micros

LIVE = (ManifestEntryStatus.ADDED, ManifestEntryStatus.EXISTING)


class Audit:
    """Findings of one table."""

    def __init__(self, path):
        self.path = str(path)
        self.table = StaticTable.from_metadata(self.path)
        self.metadata = self.table.metadata
        self.findings = []
        self.files = {}  # path -> facts recomputed, once
        self.checked = Counter()

    def hold(self, got, expected, what):
        self.checked[what.split(":")[0]] += 1
        if got != expected:
            self.findings.append(f"{what}: {got!r}, expected {expected!r}")

    def true(self, good, what):
        self.checked[what.split(":")[0]] += 1
        if not good:
            self.findings.append(what)


def local(location):
    return str(location).removeprefix("file://").removeprefix("file:")


def plain(value):
    """A Python value as Iceberg's transforms and conversions take it."""
    import datetime
    import uuid

    if isinstance(value, datetime.datetime):
        return datetime_to_micros(value)
    if isinstance(value, datetime.date):
        return date_to_days(value)
    if isinstance(value, datetime.time):
        return time_to_micros(value)
    if isinstance(value, uuid.UUID):
        return value.bytes
    return value


def check_metadata(audit):
    raw = json.loads(pathlib.Path(local(audit.path)).read_text())
    for key in ("format-version", "table-uuid", "location", "last-sequence-number", "last-updated-ms", "last-column-id", "schemas", "current-schema-id",
                "partition-specs", "default-spec-id", "last-partition-id", "sort-orders", "default-sort-order-id"):
        audit.true(key in raw, f"metadata: no {key}")
    snapshots = {one["snapshot-id"]: one for one in raw.get("snapshots", [])}
    audit.hold(raw["last-sequence-number"], max([one["sequence-number"] for one in snapshots.values()], default=0), "metadata: last-sequence-number")
    for one in snapshots.values():
        parent = snapshots.get(one.get("parent-snapshot-id"))
        audit.true(one["snapshot-id"] > 0, "metadata: snapshot id")
        audit.true(parent is None or parent["sequence-number"] < one["sequence-number"], "metadata: sequence number of a snapshot and its parent")
        audit.true(one["schema-id"] in [schema["schema-id"] for schema in raw["schemas"]], "metadata: schema of a snapshot")
        audit.true(one["timestamp-ms"] <= raw["last-updated-ms"], "metadata: last-updated-ms")
    current = raw.get("current-snapshot-id")
    if current in (None, -1):
        audit.hold(raw.get("refs", {}), {}, "metadata: refs of a table without snapshots")
    else:
        audit.hold(raw["refs"]["main"], {"snapshot-id": current, "type": "branch"}, "metadata: ref main")
        audit.hold(raw["snapshot-log"][-1]["snapshot-id"], current, "metadata: end of snapshot-log")
    stamps = [one["timestamp-ms"] for one in raw.get("snapshot-log", [])]
    audit.hold(stamps, sorted(stamps), "metadata: order of snapshot-log")
    stamps = [one["timestamp-ms"] for one in raw.get("metadata-log", [])]
    audit.hold(stamps, sorted(stamps), "metadata: order of metadata-log")
    for one in raw.get("metadata-log", []):
        audit.true(pathlib.Path(local(one["metadata-file"])).exists(), "metadata: a file of metadata-log")
    ids = [field.field_id for schema in audit.metadata.schemas for field in schema._lazy_id_to_field.values()]
    audit.true(raw["last-column-id"] >= max(ids, default=0), "metadata: last-column-id")


def by_path(schema):
    """Field id of each leaf by its path in Parquet."""
    return {column.path.replace(".list.", ".list."): column for column in schema}


def file_facts(audit, data_file, schema):
    """What a data file holds, by field id."""
    if data_file.file_path in audit.files:
        return audit.files[data_file.file_path]
    path = local(data_file.file_path)
    file = pq.ParquetFile(path)
    footer = file.metadata
    facts = {"rows": footer.num_rows, "bytes": pathlib.Path(path).stat().st_size, "sizes": Counter(), "values": Counter(), "splits": [], "columns": {}}
    leaves = []
    repeated = set()

    def walk(field, inside):
        import pyarrow as pa

        key = (field.metadata or {}).get(b"PARQUET:field_id")
        if pa.types.is_struct(field.type):
            for child in field.type:
                walk(child, inside)
        elif pa.types.is_map(field.type):
            walk(field.type.key_field, True)
            walk(field.type.item_field, True)
        elif pa.types.is_list(field.type) or pa.types.is_large_list(field.type):
            walk(field.type.value_field, True)
        else:
            leaves.append(int(key) if key else None)
            if inside:
                repeated.add(leaves[-1])

    for field in file.schema_arrow:
        walk(field, False)
    audit.true(None not in leaves, f"file: column without field id in {path}")
    audit.hold(len(leaves), footer.num_columns, "file: leaves")
    for group in range(footer.num_row_groups):
        row_group = footer.row_group(group)
        starts = []
        for c, field_id in enumerate(leaves):
            chunk = row_group.column(c)
            facts["sizes"][field_id] += chunk.total_compressed_size
            facts["values"][field_id] += chunk.num_values
            starts.append(chunk.data_page_offset if chunk.dictionary_page_offset is None else min(chunk.dictionary_page_offset, chunk.data_page_offset))
        facts["splits"].append(min(starts))
    table = file.read()

    def take(array, field):
        """Leaf values outside of lists, by id; a null parent is a null value."""
        import pyarrow as pa

        if pa.types.is_struct(field.type):
            for child, values in zip(field.type, array.flatten()):
                take(values, child)
        elif not pa.types.is_nested(field.type):
            facts["columns"][int(field.metadata[b"PARQUET:field_id"])] = array

    for field, column in zip(file.schema_arrow, table.columns):
        for chunk in [column.combine_chunks()]:
            take(chunk.combine_chunks() if hasattr(chunk, "combine_chunks") else chunk, field)
    facts["repeated"] = repeated
    audit.files[data_file.file_path] = facts
    return facts


def total_order(value):
    return (math.copysign(1, value), value) if isinstance(value, float) and value == 0 else value


def check_bounds(audit, where, kind, array, low, high):
    import uuid

    values = [value for value in array.to_pylist() if value is not None]
    if isinstance(kind, (FloatType, DoubleType)):
        values = [value for value in values if value == value]
    if not values:
        audit.true(low is None and high is None, f"bounds: of nothing, {where}")
        return
    audit.true(low is not None and high is not None, f"bounds: lacking, {where}: {kind} {values[:2]}")
    if low is None or high is None:
        return
    low, high = from_bytes(kind, low), from_bytes(kind, high)
    if isinstance(low, uuid.UUID):
        low, high = low.bytes, high.bytes
        values = [value.bytes if isinstance(value, uuid.UUID) else value for value in values]
    else:
        values = [plain(value) for value in values]
    least, most = min(values), max(values)
    if isinstance(kind, StringType):
        least, most = min(values, key=str.encode), max(values, key=str.encode)
        audit.hold(low, least[:16], f"bounds: lower of {where}")
        good = high == most if len(most) <= 16 else len(high) <= 16 and high.encode() > most.encode()
        audit.true(good, f"bounds: upper of {where}: {high!r} for {most!r}")
    elif isinstance(kind, BinaryType) or isinstance(kind, FixedType):
        audit.hold(low, least[:16], f"bounds: lower of {where}")
        audit.true(high == most if len(most) <= 16 else len(high) <= 16 and high > most, f"bounds: upper of {where}: {high!r} for {most!r}")
    else:
        audit.hold(low, least, f"bounds: lower of {where}")
        audit.hold(high, most, f"bounds: upper of {where}")
        if isinstance(low, float) and low == 0:
            audit.true(math.copysign(1, low) <= min(math.copysign(1, value) for value in values if value == 0), f"bounds: sign of zero, {where}")
        if isinstance(high, float) and high == 0:
            audit.true(math.copysign(1, high) >= max(math.copysign(1, value) for value in values if value == 0), f"bounds: sign of zero, {where}")


def check_file(audit, entry, spec, schema):
    data_file = entry.data_file
    where = pathlib.Path(data_file.file_path).name
    facts = file_facts(audit, data_file, schema)
    audit.hold(data_file.record_count, facts["rows"], f"file: record_count of {where}")
    audit.hold(data_file.file_size_in_bytes, facts["bytes"], f"file: size of {where}")
    if data_file.split_offsets is not None:
        audit.hold(list(data_file.split_offsets), facts["splits"], f"file: split_offsets of {where}")
    audit.hold(dict(data_file.column_sizes or {}), dict(facts["sizes"]), f"counts: column_sizes of {where}")
    for field_id, array in facts["columns"].items():
        name = f"{where} column {field_id}"
        kind = schema.find_field(field_id).field_type
        audit.hold((data_file.value_counts or {}).get(field_id), facts["values"][field_id], f"counts: values of {name}")
        audit.hold((data_file.null_value_counts or {}).get(field_id), array.null_count, f"counts: nulls of {name}")
        if isinstance(kind, (FloatType, DoubleType)):
            nans = sum(1 for value in array.to_pylist() if value is not None and value != value)
            audit.hold((data_file.nan_value_counts or {}).get(field_id), nans, f"counts: NaNs of {name}")
        check_bounds(audit, name, kind, array, (data_file.lower_bounds or {}).get(field_id), (data_file.upper_bounds or {}).get(field_id))
    for field_id in (data_file.lower_bounds or {}):
        audit.true(field_id in facts["columns"], f"bounds: of a column inside lists, {where} {field_id}")
    audit.hold(len(data_file.partition), len(spec.fields), f"partition: fields of {where}")
    for i, field in enumerate(spec.fields):
        source = schema.find_field(field.source_id).field_type
        transform = field.transform.transform(source)
        array = facts["columns"].get(field.source_id)
        if array is None:
            continue
        expected = {transform(plain(value)) for value in set(array.to_pylist())}
        audit.hold({repr(plain(data_file.partition[i]))}, {repr(plain(value)) for value in expected}, f"partition: {field.name} of {where}")


def header(path):
    with open(local(path), "rb") as file:
        reader = fastavro.reader(file)
        return dict(reader.metadata), list(reader)


def avro_shape(kind, path=""):
    """(path, type, field ids) of every part of an Avro schema but the partition tuple: what a reader by field id relies on."""
    if isinstance(kind, list):
        for one in kind:
            if one != "null":
                yield from avro_shape(one, path + "?")
    elif isinstance(kind, dict) and kind["type"] == "record":
        for field in kind["fields"]:
            if field["name"] == "partition":
                yield (path, "partition", field["field-id"])
                continue
            yield (path, field["name"], field["field-id"])
            yield from avro_shape(field["type"], f"{path}/{field['name']}")
    elif isinstance(kind, dict) and kind["type"] == "array":
        yield (path, "array", kind.get("element-id"), kind.get("logicalType"))
        yield from avro_shape(kind["items"], path + "[]")
    else:
        yield (path, kind if isinstance(kind, str) else json.dumps(kind, sort_keys=True))


def check_manifest(audit, manifest, listed, schema_by_id, like):
    """One manifest against its entry in the list; its live entries."""
    raw, _ = header(manifest.manifest_path)
    audit.hold(manifest.manifest_length, pathlib.Path(local(manifest.manifest_path)).stat().st_size, "manifest: length")
    spec = audit.table.specs()[manifest.partition_spec_id]
    audit.hold(raw.get("format-version"), "2", "manifest: format-version in its header")
    audit.hold(raw.get("content"), "data", "manifest: content in its header")
    audit.hold(raw.get("partition-spec-id"), str(manifest.partition_spec_id), "manifest: partition-spec-id in its header")
    audit.hold([(one["source-id"], one["field-id"], one["transform"], one["name"]) for one in json.loads(raw["partition-spec"])],
               [(one.source_id, one.field_id, str(one.transform), one.name) for one in spec.fields], "manifest: partition-spec in its header")
    written_with = json.loads(raw["schema"])
    schema = schema_by_id.get(written_with.get("schema-id"))
    audit.true(schema is not None, "manifest: schema in its header")
    if like is not None:
        audit.hold(sorted(map(str, avro_shape(json.loads(raw["avro.schema"])))), like["manifest"], "manifest: Avro schema")
    entries = manifest.fetch_manifest_entry(audit.table.io, discard_deleted=False)
    counts, rows = Counter(one.status for one in entries), Counter()
    sequences = []
    for one in entries:
        rows[one.status] += one.data_file.record_count
        if one.status in LIVE:
            sequences.append(one.sequence_number)
            check_file(audit, one, spec, audit.table.schema() if schema is None else schema)
        audit.true(one.sequence_number is not None and one.file_sequence_number is not None, "manifest: sequence numbers")
        audit.true(one.snapshot_id is not None, "manifest: snapshot id of an entry")
    for status, files, records in ((ManifestEntryStatus.ADDED, manifest.added_files_count, manifest.added_rows_count),
                                   (ManifestEntryStatus.EXISTING, manifest.existing_files_count, manifest.existing_rows_count),
                                   (ManifestEntryStatus.DELETED, manifest.deleted_files_count, manifest.deleted_rows_count)):
        audit.hold((files, records), (counts[status], rows[status]), f"manifest: counts of status {status}")
    if sequences:
        audit.hold(manifest.min_sequence_number, min(sequences), "manifest: min_sequence_number")
    check_summaries(audit, manifest, spec, schema or audit.table.schema(), entries)
    return [one for one in entries if one.status in LIVE], [one for one in entries if one.status == ManifestEntryStatus.DELETED]


def check_summaries(audit, manifest, spec, schema, entries):
    """The partition summaries of the list; Java makes them of all entries, removed ones too."""
    audit.hold(len(manifest.partitions or []), len(spec.fields), "list: partition summaries")
    for i, summary in enumerate(manifest.partitions or []):
        kind = spec.partition_type(schema).fields[i].field_type
        values = [one.data_file.partition[i] for one in entries]
        audit.hold(summary.contains_null, None in values, f"list: contains_null of {spec.fields[i].name}")
        known = [plain(value) for value in values if value is not None and value == value]
        if isinstance(kind, (FloatType, DoubleType)):
            audit.hold(bool(summary.contains_nan), any(value != value for value in values if value is not None), f"list: contains_nan of {spec.fields[i].name}")
        if known:
            if isinstance(kind, StringType):
                known.sort(key=str.encode)
            else:
                known.sort()
            got = [plain(from_bytes(kind, one)) for one in (summary.lower_bound, summary.upper_bound)]
            audit.hold(got, [known[0], known[-1]], f"list: bounds of {spec.fields[i].name}")
        else:
            audit.hold((summary.lower_bound, summary.upper_bound), (None, None), f"list: bounds of nothing, {spec.fields[i].name}")


def check_summary(audit, snapshot, before, now):
    """The snapshot's summary from the files that came and went."""
    added = [now[path] for path in now.keys() - before.keys()]
    removed = [before[path] for path in before.keys() - now.keys()]
    expected = {"total-data-files": len(now), "total-records": sum(one.record_count for one in now.values()),
                "total-files-size": sum(one.file_size_in_bytes for one in now.values()),
                "total-delete-files": 0, "total-position-deletes": 0, "total-equality-deletes": 0,
                "added-data-files": len(added), "added-records": sum(one.record_count for one in added),
                "added-files-size": sum(one.file_size_in_bytes for one in added),
                "deleted-data-files": len(removed), "deleted-records": sum(one.record_count for one in removed),
                "removed-files-size": sum(one.file_size_in_bytes for one in removed),
                "changed-partition-count": len({(one.spec_id, tuple(map(repr, one.partition))) for one in added + removed})}
    said = snapshot.summary.additional_properties
    for key, value in expected.items():
        if value == 0 and not key.startswith("total") and key not in said:
            continue
        audit.hold(said.get(key), str(value), f"summary: {key} of a snapshot that is '{snapshot.summary.operation.value}'")
    operation = "append" if not removed else "delete" if not added else "overwrite"
    audit.true(snapshot.summary.operation.value in (operation, "replace", "overwrite"), f"summary: operation {snapshot.summary.operation.value}, expected {operation}")


def java_shapes():
    """The Avro schemas of a table that Spark wrote, from the corpus."""
    import os

    if "TARN_CORPUS" not in os.environ:
        return None
    folder = pathlib.Path(os.environ["TARN_CORPUS"]) / "iceberg" / "engines" / "v2_types" / "table" / "metadata"
    shapes = {}
    for path in sorted(folder.glob("*.avro")):
        kind = "list" if path.name.startswith("snap-") else "manifest"
        shapes[kind] = sorted(map(str, avro_shape(json.loads(header(path)[0]["avro.schema"]))))
    return shapes


def audit_table(path):
    audit = Audit(path)
    like = java_shapes()
    check_metadata(audit)
    schema_by_id = {schema.schema_id: schema for schema in audit.metadata.schemas}
    live = {None: {}}
    for snapshot in audit.metadata.snapshots:
        raw, _ = header(snapshot.manifest_list)
        audit.hold(raw.get("snapshot-id"), str(snapshot.snapshot_id), "list: snapshot-id in its header")
        audit.hold(raw.get("parent-snapshot-id"), str(snapshot.parent_snapshot_id) if snapshot.parent_snapshot_id else "null", "list: parent-snapshot-id in its header")
        audit.hold(raw.get("sequence-number"), str(snapshot.sequence_number), "list: sequence-number in its header")
        audit.hold(raw.get("format-version"), "2", "list: format-version in its header")
        if like is not None:
            audit.hold(sorted(map(str, avro_shape(json.loads(raw["avro.schema"])))), like["list"], "list: Avro schema")
        files, paths = {}, []
        for manifest in snapshot.manifests(audit.table.io):
            audit.hold(manifest.content, ManifestContent.DATA, "list: content")
            audit.true(manifest.sequence_number <= snapshot.sequence_number, "list: sequence number of a manifest")
            for entry in check_manifest(audit, manifest, snapshot, schema_by_id, like)[0]:
                files[entry.data_file.file_path] = entry.data_file
                paths.append(entry.data_file.file_path)
        audit.hold(len(paths), len(files), "list: files, each once")
        live[snapshot.snapshot_id] = files
        if snapshot.parent_snapshot_id in live:
            check_summary(audit, snapshot, live[snapshot.parent_snapshot_id], files)
    return audit


def main():
    bad = 0
    for path in sys.argv[1:]:
        audit = audit_table(path)
        for finding in list(dict.fromkeys(audit.findings))[:30]:
            print(f"  {finding}"[:600])
        bad += len(audit.findings)
        print(f"{path}: {len(audit.metadata.snapshots)} snapshots, {sum(audit.checked.values())} facts, {len(audit.findings)} wrong")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
