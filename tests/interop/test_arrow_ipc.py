#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Arrow IPC: streams and files that pyarrow and Polars wrote are read by tarn, those that tarn wrote are read by both, value by value."""
import datetime
import decimal
import itertools
import shutil
import subprocess
import sys
import uuid

import polars
import pyarrow as pa
import pyarrow.ipc as ipc
from engines import os, same_rows, scratch, tarn
from sample_rows import sample_rows

import duckdb

WORDS = ["a", None, "", "ä word of more than twelve bytes", "b", "a"]
DECIMALS = [decimal.Decimal("1.25"), None, decimal.Decimal("-3.50"), decimal.Decimal("0"), decimal.Decimal("999.99"), None]


def every_type():
    """Six rows of every type that tarn has, as Arrow names it."""
    numbers = [1, None, 3, 0, 100, 7]
    day = datetime.date(2024, 2, 29)
    moment = datetime.datetime(2024, 2, 29, 12, 30, 1, 500000)
    moments = [moment, None, datetime.datetime(1969, 12, 31, 23, 59, 59), moment, None, moment]
    return pa.table({
        **{str(t): pa.array(numbers, t) for t in (pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64())},
        **{str(t): pa.array([1.5, None, -0.0, 0.25, 100.0, float("inf")], t) for t in (pa.float16(), pa.float32(), pa.float64())},
        **{str(t): pa.array(DECIMALS, t) for t in (pa.decimal32(7, 2), pa.decimal64(12, 2), pa.decimal128(20, 2), pa.decimal256(60, 2))},
        "bool": pa.array([True, None, False, True, False, None]),
        "null": pa.nulls(6),
        "date32": pa.array([day, None] * 3, pa.date32()),
        "date64": pa.array([day, None] * 3, pa.date64()),
        **{f"time {u}": pa.array([datetime.time(1, 2, 3), None] * 3, t)
           for u, t in (("s", pa.time32("s")), ("ms", pa.time32("ms")), ("us", pa.time64("us")), ("ns", pa.time64("ns")))},
        **{f"stamp {u} {z}": pa.array(moments, pa.timestamp(u, z)) for u, z in itertools.product(("ms", "us", "ns"), (None, "UTC", "Europe/Berlin"))},
        **{f"duration {u}": pa.array([1, None, -5, 0, 2, 3], pa.duration(u)) for u in ("s", "ms", "us", "ns")},
        "interval": pa.array([pa.MonthDayNano((1, 2, 3)), None] * 3, pa.month_day_nano_interval()),
        "string": pa.array(WORDS), "large string": pa.array(WORDS, pa.large_string()), "string view": pa.array(WORDS, pa.string_view()),
        "binary": pa.array([b"\0\xff", None, b""] * 2, pa.binary()), "binary view": pa.array([b"\0\xff", None, b"x" * 40] * 2, pa.binary_view()),
        "large binary": pa.array([b"\0\xff", None, b""] * 2, pa.large_binary()), "fixed": pa.array([b"abc", None, b"def"] * 2, pa.binary(3)),
        "uuid": pa.array([uuid.UUID(int=5).bytes, None, uuid.UUID(int=7).bytes] * 2, pa.uuid()),
        "json": pa.array(['{"a":1}', None, "[]"] * 2, pa.json_()),
        "dictionary": pa.array(WORDS).dictionary_encode(),
        "dictionary of numbers": pa.DictionaryArray.from_arrays(pa.array([1, None, 0, 1, 1, 0], pa.uint16()), pa.array([10.5, 20.5])),
        "dictionary with null": pa.DictionaryArray.from_arrays(pa.array([0, 1, 0, None, 1, 0], pa.int8()), pa.array(["x", None])),
        "runs": pa.RunEndEncodedArray.from_arrays(pa.array([2, 5, 6], pa.int16()), pa.array(["r", None, "s"])),
        "list": pa.array([[1, None], None, [], [2], [3, 4, 5], []], pa.list_(pa.int32())),
        "large list": pa.array([["a"], None, [], ["b", None], ["c"], []], pa.large_list(pa.string())),
        "fixed list": pa.array([[1, 2], None, [3, None], [4, 5], [6, 7], [8, 9]], pa.list_(pa.int64(), 2)),
        "list view": pa.array([[1, None], None, [], [2], [3, 4, 5], []], pa.list_view(pa.int32())),
        "list of dictionaries": pa.ListArray.from_arrays(pa.array([0, 2, 2, 3, 3, 3, 4], pa.int32()), pa.array(["p", "q", "p", None]).dictionary_encode()),
        "struct": pa.array([{"x": 1, "y": "one"}, None, {"x": None, "y": ""}] * 2, pa.struct([("x", pa.int64()), ("y", pa.string_view())])),
        "nested": pa.array([[{"m": [("k", [1.5])]}], None, [], [{"m": None}, None], [{"m": []}], []],
                           pa.list_(pa.struct([("m", pa.map_(pa.string(), pa.list_(pa.float64())))]))),
        "map": pa.array([[("a", 1), ("b", None)], None, []] * 2, pa.map_(pa.string(), pa.int16())),
    })


def plain(value):
    """A type's values as tarn gives them back: dictionaries, runs and views spread out, offsets of 32 bits, decimals of at least 128 bits."""
    if pa.types.is_dictionary(value) or pa.types.is_run_end_encoded(value):
        return plain(value.value_type)
    if pa.types.is_large_string(value) or pa.types.is_string_view(value):
        return pa.string()
    if pa.types.is_large_binary(value) or pa.types.is_binary_view(value):
        return pa.binary()
    if pa.types.is_decimal32(value) or pa.types.is_decimal64(value):
        return pa.decimal128(value.precision, value.scale)
    if pa.types.is_date64(value):
        return pa.date32()
    if pa.types.is_map(value):
        return pa.map_(plain(value.key_type), plain(value.item_type))
    if pa.types.is_struct(value):
        return pa.struct([pa.field(f.name, plain(f.type), f.nullable) for f in value])
    if pa.types.is_nested(value):
        return pa.list_(pa.field(value.value_field.name, plain(value.value_type), value.value_field.nullable))
    return value


def same(what, seen, meant, types=True):
    """Equal columns, by type and by value; NaN and -0.0 are told apart by their text."""
    if seen.column_names != meant.column_names or seen.num_rows != meant.num_rows:
        sys.exit(f"{what}: {seen.shape} {seen.column_names} instead of {meant.shape} {meant.column_names}")
    for name in meant.column_names:
        one, two = seen.column(name), meant.column(name)
        one.validate(full=True)
        if types and one.type != plain(two.type):
            sys.exit(f"{what}: {name} is {one.type} instead of {plain(two.type)}")
        if repr(one.to_pylist()) != repr(two.to_pylist()):
            sys.exit(f"{what}: {name}: {one.to_pylist()[:20]} instead of {two.to_pylist()[:20]}")
    print(f"{what}: {meant.num_rows} rows of {meant.num_columns} columns equal")


def read(path):
    return (ipc.open_file if path.suffix in (".arrow", ".feather") else ipc.open_stream)(path).read_all()


def write(path, table, batch=None, **options):
    opened = ipc.new_file if path.suffix == ".arrow" else ipc.new_stream
    with opened(path, table.schema, options=ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table, batch)


def foreign_pyarrow(work):
    table = every_type()
    for suffix, compression, batch in itertools.product((".arrow", ".arrows"), (None, "lz4", "zstd"), (None, 4)):
        source = work / f"pyarrow-{compression}-{batch}{suffix}"
        write(source, table, batch, compression=compression, unify_dictionaries=suffix == ".arrow")
        for target, codec in ((".arrow", "none"), (".arrows", "zstd"), (".feather", "lz4"), (".ipc", "none")):
            seen = work / f"seen{target}"
            tarn("convert", source, seen, "--codec", codec, "--force")
            same(f"{source.name} as {target}, {codec}", read(seen), table)


def foreign_odd(work):
    """Framing of old, deltas, no rows, no columns, padding of eight bytes, columns without nulls."""
    table = pa.table({"a": [1, 2, 3], "s": ["x", None, "y"]})
    legacy = {"use_legacy_format": True, "metadata_version": ipc.MetadataVersion.V4}
    not_null = pa.table({"a": [1, 2]}, pa.schema([pa.field("a", pa.int64(), False, {"k": "v"})], {"m": "n"}))
    for name, rows, options in (("legacy", table, legacy), ("none", table.slice(0, 0), {}), ("not_null", not_null, {})):
        for suffix in (".arrow", ".arrows"):
            source, seen = work / f"{name}{suffix}", work / f"{name}-seen{suffix}"
            write(source, rows, **options)
            tarn("convert", source, seen)
            same(source.name, read(seen), rows)
    if read(work / "not_null-seen.arrow").schema != not_null.schema or read(work / "not_null-seen.arrow").schema.metadata != {b"m": b"n"}:
        sys.exit("the schema with its metadata does not come back")
    growing = [["a", "b"], ["a", "b", "c"], ["a", "b", "c", "d"], ["z"]]
    batches = [pa.record_batch([pa.DictionaryArray.from_arrays(pa.array([len(words) - 1, None, 0], pa.int32()), pa.array(words))], ["d"])
               for words in growing]
    for deltas, count, suffix in ((True, 4, ".arrows"), (False, 4, ".arrows"), (True, 3, ".arrow")):
        source, seen = work / f"growing-{deltas}{suffix}", work / "growing-seen.arrow"
        opened = ipc.new_file if suffix == ".arrow" else ipc.new_stream
        with opened(source, batches[0].schema, options=ipc.IpcWriteOptions(emit_dictionary_deltas=deltas)) as writer:
            for batch in batches[:count]:
                writer.write_batch(batch)
        tarn("convert", source, seen, "--force")
        same(source.name, read(seen), pa.Table.from_batches(batches[:count]))
    empty = work / "no_columns.arrows"
    with ipc.new_stream(empty, pa.schema([])) as writer:
        writer.write_batch(pa.RecordBatch.from_struct_array(pa.array([{}, {}, {}], pa.struct([]))))
    if tarn("count", empty).strip() != "3":
        sys.exit("rows without columns are not counted")


def foreign_polars(work):
    frame = polars.DataFrame({
        "i": [1, None, 3], "f": [1.5, None, float("nan")], "s": ["x", None, "a word of more than twelve bytes"], "b": [b"\0", None, b"y" * 30],
        "l": [[1, 2], None, []], "st": [{"x": 1, "y": "q"}, None, {"x": None, "y": None}], "t": [datetime.time(1, 2), None, datetime.time(3)],
        "d": [datetime.date(2024, 2, 29), None, datetime.date(1, 1, 1)], "ts": [datetime.datetime(2024, 2, 29, 1), None, datetime.datetime(1900, 1, 1)],
        "dur": [datetime.timedelta(seconds=5), None, datetime.timedelta(days=-1)], "dec": [decimal.Decimal("1.20"), None, decimal.Decimal("-3.00")],
        "n": [None, None, None],
    }).with_columns(polars.Series("c", ["u", None, "v"], polars.Categorical), polars.Series("e", ["q", "p", None], polars.Enum(["p", "q"])),
                    polars.Series("a", [[1, 2], None, [3, 4]], polars.Array(polars.Int32, 2)))
    meant = frame.to_arrow()
    for codec, newest, stream in itertools.product(("uncompressed", "lz4", "zstd"), (True, False), (True, False)):
        source, seen = work / f"polars-{codec}-{newest}.{'arrows' if stream else 'arrow'}", work / "polars-seen.arrow"
        level = polars.CompatLevel.newest() if newest else polars.CompatLevel.oldest()
        getattr(frame, "write_ipc_stream" if stream else "write_ipc")(source, compression=codec, compat_level=level)
        tarn("convert", source, seen, "--force")
        same(source.name, read(seen), meant)


def written_for_polars(work):
    """Polars reads what tarn wrote: all rows of the sample, in both formats and all codecs."""
    rows = sample_rows()
    source = work / "sample.arrow"
    write(source, rows, 1700)
    connection = duckdb.connect()
    connection.execute("SET TimeZone='UTC'")
    connection.register("rows", rows)
    meant = work / "sample.parquet"
    tarn("convert", source, meant)
    same_rows(connection, "rows", f"'{meant}'", "sample through tarn to Parquet")
    for codec, suffix in itertools.product(("none", "lz4", "zstd"), (".arrow", ".arrows")):
        path = work / f"for-polars-{codec}{suffix}"
        tarn("convert", meant, path, "--codec", codec)
        same(f"{path.name} in pyarrow", read(path), rows)
        frame = (polars.read_ipc if suffix == ".arrow" else polars.read_ipc_stream)(path)
        connection.register("seen", frame.to_arrow())
        names = ", ".join(f'"{name}"' for name in rows.column_names if name != "m")
        same_rows(connection, f"(SELECT {names} FROM rows)", f"(SELECT {names} FROM seen)", f"{path.name} in Polars")


def pipes(work):
    """Standard output and input: `-o arrow`, and what arrives once."""
    table = every_type()
    write(work / "in.arrows", table)
    write(work / "in.arrow", table)
    out = subprocess.run([os.environ["TARN"], "cat", work / "in.arrow", "-o", "arrow"], capture_output=True, check=True).stdout
    same("cat -o arrow", ipc.open_stream(out).read_all(), table)
    for name in ("in.arrows", "in.arrow"):
        with open(work / name, "rb") as source:
            subprocess.run([os.environ["TARN"], "convert", "-", work / "piped.arrow", "--force"], stdin=source, check=True, capture_output=True)
        same(f"{name} on standard input", read(work / "piped.arrow"), table)


def main():
    work = scratch()
    foreign_pyarrow(work)
    foreign_odd(work)
    foreign_polars(work)
    written_for_polars(work)
    pipes(work)
    shutil.rmtree(work)


main()
