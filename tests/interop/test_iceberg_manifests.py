#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Manifests and manifest lists, both ways, beside fastavro, PyIceberg and Iceberg Java.

    test_iceberg_manifests.py DUMP_MANIFEST WRITE_MANIFESTS FOLDER

Every manifest of the corpus holds for tarn what it holds for fastavro, field by field. What tarn wrote (WRITE_MANIFESTS) is read by fastavro,
PyIceberg and Iceberg Java with the values that tarn itself reads back, and its schemas are those of Iceberg Java.
"""
import datetime
import decimal
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import uuid

import fastavro
import fastavro._read
import pyarrow
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.manifest import read_manifest_list

from engines import PEERS

# Iceberg Java writes a fixed partition value as bytes against its own schema: only Iceberg's own readers know.
NOT_FOR_FASTAVRO = ["part_identity_fixed_java"]

ENTRY = {0: "status", 1: "snapshot_id", 3: "sequence_number", 4: "file_sequence_number"}
FILE = {134: "content", 100: "file_path", 101: "file_format", 103: "record_count", 104: "file_size_in_bytes", 108: "column_sizes",
        109: "value_counts", 110: "null_value_counts", 137: "nan_value_counts", 125: "lower_bounds", 128: "upper_bounds",
        131: "key_metadata", 132: "split_offsets", 135: "equality_ids", 140: "sort_order_id", 142: "first_row_id",
        143: "referenced_data_file", 144: "content_offset", 145: "content_size_in_bytes"}
LIST = {500: "manifest_path", 501: "manifest_length", 502: "partition_spec_id", 517: "content", 515: "sequence_number",
        516: "min_sequence_number", 503: "added_snapshot_id", 504: "added_files_count", 505: "existing_files_count",
        506: "deleted_files_count", 512: "added_rows_count", 513: "existing_rows_count", 514: "deleted_rows_count", 507: "partitions",
        519: "key_metadata", 520: "first_row_id"}
SUMMARY = {509: "contains_null", 518: "contains_nan", 510: "lower_bound", 511: "upper_bound"}
# What tarn says where a file of version 1 says nothing.
DEFAULTS = {"content": 0}
LIST_DEFAULTS = {"content": 0, "sequence_number": 0, "min_sequence_number": 0}


def zstandard_block(stream):
    """fastavro wants another package for the codec; pyarrow, which is there, unpacks it too."""
    packed = pyarrow.py_buffer(fastavro.schemaless_reader(stream, "bytes", None))
    return io.BytesIO(pyarrow.input_stream(packed, compression="zstd").read())


def snappy_block(stream):
    packed = fastavro.schemaless_reader(stream, "bytes", None)
    size = shift = 0
    for byte in packed:  # what snappy begins with
        size |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    return io.BytesIO(pyarrow.decompress(packed[:-4], decompressed_size=size, codec="snappy", asbytes=True))


fastavro._read.BLOCK_READERS.update(zstandard=zstandard_block, snappy=snappy_block)


def simple(value):
    """A value in the form of dump_manifest."""
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, list) and value and isinstance(value[0], dict) and set(value[0]) == {"key", "value"}:
        return [[simple(pair["key"]), simple(pair["value"])] for pair in value]
    if isinstance(value, list):
        return [simple(item) for item in value]
    return value


def raw(schema):
    """The schema without logical types, so that fastavro gives what is stored."""
    if isinstance(schema, dict):
        return {key: raw(value) for key, value in schema.items() if key != "logicalType"}
    return [raw(item) for item in schema] if isinstance(schema, list) else schema


def fields_of(schema):
    if isinstance(schema, list):
        schema = next(branch for branch in schema if branch != "null")
    return schema["fields"]


def pick(fields, values, names):
    found = {names[field["field-id"]]: simple(values[field["name"]]) for field in fields if field.get("field-id") in names}
    return {name: found.get(name) for name in names.values()}


def stored(value):
    """A partition value as dump_manifest has it."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        return "0x" + value.encode().hex()
    if isinstance(value, float) and value != value:
        return "NaN"
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    return simple(value)


def by_fastavro(path):
    """(kind, lines) as dump_manifest prints them."""
    content = path.read_bytes()
    schema = json.loads(fastavro.reader(io.BytesIO(content)).metadata["avro.schema"])
    lines = []
    if any(field.get("field-id") == 500 for field in schema["fields"]):
        for record in fastavro_records(content, schema):
            line = pick(schema["fields"], record, LIST)
            for name, value in LIST_DEFAULTS.items():
                line[name] = value if line[name] is None else line[name]
            line["added_snapshot_id"] = line["added_snapshot_id"] or 0
            partitions = next((field for field in schema["fields"] if field.get("field-id") == 507), None)
            if partitions is not None and record[partitions["name"]] is not None:
                array = next(branch for branch in partitions["type"] if branch != "null") if isinstance(partitions["type"], list) else partitions["type"]
                line["partitions"] = [pick(fields_of(array["items"]), item, SUMMARY) for item in record[partitions["name"]]]
            lines.append(line)
        return "list", lines
    file_field = next(field for field in schema["fields"] if field.get("field-id") == 2)
    file_fields = fields_of(file_field["type"])
    partition = next((field for field in file_fields if field.get("field-id") == 102), None)
    for record in fastavro_records(content, schema):
        line = pick(schema["fields"], record, ENTRY)
        file = record[file_field["name"]]
        line.update(pick(file_fields, file, FILE))
        for name, value in DEFAULTS.items():
            line[name] = value if line[name] is None else line[name]
        line["partition"] = []
        if partition is not None:
            line["partition"] = [[field["field-id"], stored(file[partition["name"]][field["name"]])]
                                 for field in fields_of(partition["type"])]
        lines.append(line)
    return "manifest", lines


def fastavro_records(content, schema):
    """The records with the values as stored: logical types are undone by reading with a schema that has none."""
    reader = fastavro.block_reader(io.BytesIO(content))
    plain = fastavro.parse_schema(raw(schema), _force=True)
    for block in reader:
        data = block.bytes_.getvalue() if hasattr(block.bytes_, "getvalue") else block.bytes_
        stream = io.BytesIO(data)
        for _ in range(block.num_records):
            yield fastavro.schemaless_reader(stream, plain, None)


def by_tarn(dump, paths):
    """{path: (kind, lines)}"""
    found = {}
    done = subprocess.run([dump, *map(str, paths)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"dump_manifest: {done.stderr[-2000:]}")
    for text in done.stdout.splitlines():
        line = json.loads(text)
        if "file" in line and "kind" in line:
            lines = []
            found[pathlib.Path(line["file"])] = (line["kind"], lines)
        else:
            lines.append(line)
    return found


def same(path, left, right):
    if left == right:
        return
    for number, (a, b) in enumerate(zip(left[1], right[1])):
        for key in a:
            if a[key] != b.get(key):
                sys.exit(f"{path}, entry {number}, {key}: tarn {a[key]!r}, fastavro {b.get(key)!r}")
    sys.exit(f"{path}: tarn has {left[0]} of {len(left[1])} entries, fastavro {right[0]} of {len(right[1])}")


def check_corpus(dump):
    corpus = os.environ.get("TARN_CORPUS")
    if not corpus:
        print("not run: no corpus")
        return
    paths = sorted(path for path in pathlib.Path(corpus, "iceberg").rglob("*.avro") if path.parent.name == "metadata" or "icebird" in str(path))
    paths = [path for path in paths if is_metadata(path)]
    read = by_tarn(dump, paths)
    compared = 0
    for path in paths:
        if not any(name in str(path) for name in NOT_FOR_FASTAVRO):
            same(path, read[path], by_fastavro(path))
            compared += len(read[path][1])
    if compared < 1000:
        sys.exit(f"only {compared} entries were compared")
    print(f"{len(paths)} manifests and lists, {compared} entries are those of fastavro")


def is_metadata(path):
    schema = json.loads(fastavro.reader(io.BytesIO(path.read_bytes())).metadata["avro.schema"])
    ids = {field.get("field-id") for field in schema["fields"]}
    return 500 in ids or 2 in ids


def plain(value):
    """A partition value of PyIceberg in the form of dump_manifest; dates and times come as numbers already."""
    if isinstance(value, uuid.UUID):
        return "0x" + value.bytes.hex()
    if isinstance(value, decimal.Decimal):
        return value
    return stored(value)


def check_written(dump, write, folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    subprocess.run([write, str(folder)], check=True)
    paths = sorted(folder.glob("*.avro"))
    read = by_tarn(dump, paths)
    for path in paths:
        same(path, read[path], by_fastavro(path))
    io_files = PyArrowFileIO()
    seen = 0
    for path in paths:
        if read[path][0] != "list":
            continue
        manifests = list(read_manifest_list(io_files.new_input(str(path))))
        for line, manifest in zip(read[path][1], manifests, strict=True):
            for name in ("manifest_path", "manifest_length", "partition_spec_id", "sequence_number", "min_sequence_number",
                         "added_snapshot_id", "added_files_count", "existing_files_count", "deleted_files_count", "added_rows_count",
                         "existing_rows_count", "deleted_rows_count", "key_metadata"):
                expect(path, name, line[name], simple(getattr(manifest, name)))
            expect(path, "content", line["content"], int(manifest.content))
            for summary, theirs in zip(line["partitions"] or [], manifest.partitions or [], strict=True):
                for name in SUMMARY.values():
                    expect(path, name, summary[name], simple(getattr(theirs, name)))
            entries = manifest.fetch_manifest_entry(io_files, discard_deleted=False)
            for mine, theirs in zip(read[pathlib.Path(manifest.manifest_path)][1], entries, strict=True):
                check_entry(manifest.manifest_path, line, mine, theirs)
                seen += 1
    if seen == 0:
        sys.exit("PyIceberg read nothing")
    check_schemas(paths)
    check_java(folder, read)
    print(f"{len(paths)} written files, {seen} entries are the same to fastavro and PyIceberg")


def check_entry(path, manifest, mine, theirs):
    file = theirs.data_file
    expect(path, "status", mine["status"], int(theirs.status))
    expect(path, "snapshot_id", mine["snapshot_id"] if mine["snapshot_id"] is not None else manifest["added_snapshot_id"], theirs.snapshot_id)
    number = mine["sequence_number"] if mine["sequence_number"] is not None else manifest["sequence_number"]
    expect(path, "sequence_number", number, theirs.sequence_number)
    for name in ("file_path", "record_count", "file_size_in_bytes", "split_offsets", "equality_ids", "sort_order_id"):
        expect(path, name, mine[name], simple(getattr(file, name)))
    expect(path, "content", mine["content"], int(file.content))
    expect(path, "file_format", mine["file_format"].upper(), file.file_format.value)
    for name in ("column_sizes", "value_counts", "null_value_counts", "nan_value_counts", "lower_bounds", "upper_bounds"):
        theirs_map = getattr(file, name)
        expect(path, name, dict(map(tuple, mine[name])) if mine[name] is not None else None,
               {key: simple(value) for key, value in theirs_map.items()} if theirs_map is not None else None)
    for (field, value), partition in zip(mine["partition"], list(file.partition), strict=True):
        if isinstance(partition, decimal.Decimal):
            sign, digits, exponent = partition.as_tuple()
            unscaled = int("".join(map(str, digits))) * (-1 if sign else 1)
            expect(path, f"partition {field}", int.from_bytes(bytes.fromhex(value[2:]), "big", signed=True), unscaled)
        else:
            expect(path, f"partition {field}", value, plain(partition))


def check_schemas(paths):
    """tarn's schemas beside those of a Java manifest of the corpus, word by word but for the partition tuple."""
    corpus = os.environ.get("TARN_CORPUS")
    if not corpus:
        return
    java = pathlib.Path(corpus, "iceberg", "engines", "part_java_types", "table", "metadata")

    def words(path):
        metadata = fastavro.reader(io.BytesIO(path.read_bytes())).metadata
        return [without_partition(json.loads(metadata[key])) for key in ("avro.schema", "iceberg.schema")]

    def without_partition(schema):
        if isinstance(schema, dict):
            if schema.get("field-id") == 102 or schema.get("id") == 102:
                return schema["name"]
            return [(key, without_partition(value)) for key, value in schema.items()]
        return [without_partition(item) for item in schema] if isinstance(schema, list) else schema

    for mine, theirs in (("data.avro", "*-m0.avro"), ("list.avro", "snap-*.avro")):
        expected = words(sorted(java.glob(theirs))[0])
        written = words(next(path for path in paths if path.name == mine))
        # In Avro's JSON the order of attributes is Java's too; in Iceberg's only what is said counts.
        expect(mine, "avro.schema", json.dumps(written[0]), json.dumps(expected[0]))
        expect(mine, "iceberg.schema", json.dumps(written[1]), json.dumps(expected[1]))


JAVA = """
import glob, json, sys
from py4j.java_gateway import JavaObject
from pyspark.sql import SparkSession
def hexed(buffer):
    return "0x" + bytes(iceberg.util.ByteBuffers.toByteArray(buffer)).hex()
folder, jars, metadata = sys.argv[1:]
spark = (SparkSession.builder.master("local[1]").config("spark.jars", ",".join(glob.glob(jars + "/*.jar")))
         .config("spark.ui.enabled", "false").getOrCreate())
spark.sparkContext.setLogLevel("OFF")
iceberg = spark._jvm.org.apache.iceberg
io = iceberg.hadoop.HadoopFileIO(spark._jsc.hadoopConfiguration())
table = iceberg.BaseTable(iceberg.StaticTableOperations(metadata, io), "t")
anything = spark._jvm.java.lang.Class.forName("java.lang.Object")
for manifest in table.currentSnapshot().allManifests(io):
    read = iceberg.ManifestFiles.read if manifest.content().toString() == "DATA" else iceberg.ManifestFiles.readDeleteManifest
    entries = read(manifest, io, table.specs()).iterator()
    while entries.hasNext():
        file = entries.next()
        partition = file.partition()
        values = []
        for i in range(partition.size()):
            value = partition.get(i, anything)
            if isinstance(value, JavaObject) and "ByteBuffer" in value.getClass().getName():
                value = hexed(value)
            elif value is not None and not isinstance(value, (bool, int, float, str)):
                value = str(value)
            values.append(value)
        counts, bounds = file.valueCounts(), file.lowerBounds()
        print("ENTRY " + json.dumps({
            "file_path": str(file.path()), "partition": values,
            "record_count": file.recordCount(), "file_size_in_bytes": file.fileSizeInBytes(),
            "sequence_number": file.dataSequenceNumber(), "file_sequence_number": file.fileSequenceNumber(),
            "value_counts": None if counts is None else {str(key): counts[key] for key in counts},
            "lower_bounds": None if bounds is None else {str(key): hexed(bounds[key]) for key in bounds},
            "equality_ids": None if file.equalityFieldIds() is None else list(file.equalityFieldIds())}))
"""

# The types of the tuple in write_manifests.c, and how Java shows its values.
JAVA_TYPES = ["boolean", "int", "long", "float", "double", "decimal(9,2)", "decimal(38,10)", "date", "time", "timestamp", "timestamptz",
              "string", "uuid", "binary", "fixed[5]", "decimal(9,2)", "uuid"]
JAVA_NAMES = ["b", "i", "l", "f", "d", "dc", "wide dc", "dt", "t.t", "ts", "tz", "s", "1u", "bin", "fx", "dc2", "u2"]
JAVA_VALUES = [True, -7, -(2**63), 1.5, -0.25, "-123.45", "182746223118.7369066773", 19000, 86399999999, -1, 1700000000000000, "a\u00e4/b",
               "30313233-3435-3637-3839-616263646566", "0xff01fe", "0x6669786564", "9999999.99", "66656463-6261-3938-3736-353433323130"]


def check_java(folder, read):
    """Iceberg Java reads the same entries through a table's metadata that names the written list."""
    python, jars = PEERS / "spark" / "bin" / "python", PEERS / "spark" / "iceberg-jars"
    if not python.exists() or not jars.exists():
        print("not run: no Spark with Iceberg's jars")
        return
    spec = [{"name": name, "transform": "identity", "source-id": i + 1, "field-id": 1000 + i} for i, name in enumerate(JAVA_NAMES)]
    schema = [{"id": i + 1, "name": f"c{i}", "required": False, "type": kind} for i, kind in enumerate(JAVA_TYPES)]
    metadata = {
        "format-version": 2, "table-uuid": "9c12d441-03fe-4693-9a96-a0705ddf69c1", "location": str(folder), "last-sequence-number": 9,
        "last-updated-ms": 1600000000000, "last-column-id": 100, "current-schema-id": 0,
        "schemas": [{"type": "struct", "schema-id": 0, "fields": schema}], "default-spec-id": 1,
        "partition-specs": [{"spec-id": 0, "fields": []}, {"spec-id": 1, "fields": spec}], "last-partition-id": 1050,
        "default-sort-order-id": 0, "sort-orders": [{"order-id": 0, "fields": []}], "properties": {}, "current-snapshot-id": 77,
        "snapshots": [{"snapshot-id": 77, "timestamp-ms": 1600000000000, "sequence-number": 9, "summary": {"operation": "append"},
                       "manifest-list": str(folder / "list.avro"), "schema-id": 0}]}
    path = folder / "v1.metadata.json"
    path.write_text(json.dumps(metadata))
    done = subprocess.run([python, "-c", JAVA, str(folder), str(jars), str(path)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"Iceberg Java does not read what tarn wrote: {done.stderr[-3000:]}")
    theirs = [json.loads(line[6:]) for line in done.stdout.splitlines() if line.startswith("ENTRY ")]
    # Java's reader passes over entries that are deleted.
    mine = [entry for name in ("data.avro", "deletes.avro") for entry in read[folder / name][1] if entry["status"] != 2]
    for line, entry in zip(mine, theirs, strict=True):
        for key in ("file_path", "record_count", "file_size_in_bytes", "equality_ids"):
            expect("Java", key, line[key], entry[key])
        for key in ("sequence_number", "file_sequence_number"):
            expect("Java", key, 9 if line[key] is None else line[key], entry[key])
        for key in ("value_counts", "lower_bounds"):
            expect("Java", key, None if line[key] is None else {str(field): value for field, value in line[key]}, entry[key])
        if any(value is not None for _, value in line["partition"]):
            expect("Java", "partition", JAVA_VALUES, entry["partition"])
        else:
            expect("Java", "partition", [None] * len(line["partition"]), entry["partition"])
    print(f"{len(theirs)} entries are the same to Iceberg Java")


def expect(path, what, mine, theirs):
    if isinstance(theirs, (datetime.date, datetime.datetime)) or mine != theirs:
        sys.exit(f"{path}, {what}: tarn {mine!r}, the other reader {theirs!r}")


# SPEC: T-ICEBERG-MANIFEST-1 T-ICEBERG-LIST-1 T-ICEBERG-MANIFEST-WRITE-1 T-ICEBERG-MANIFEST-WRITE-2 T-ICEBERG-MANIFEST-WRITE-4
def main():
    dump, write, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    check_corpus(dump)
    check_written(dump, write, folder)


main()
