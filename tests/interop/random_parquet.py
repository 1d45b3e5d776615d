#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random Parquet files of pyarrow, Polars and DuckDB: tarn reads the rows that were written, and so do the three.

    random_parquet.py --seed 1 --count 60

Types, nesting, nulls, value patterns, encodings, codecs, page versions and sizes, row groups are drawn from the seed; file number N is the
same in every run (`--only N` makes that one alone, and keeps it). What tarn reads must be what pyarrow reads, in order, and what was
written. DuckDB and Polars are asked too: an engine that refuses a file, or that alone reads other values (DuckDB makes decimals of over 38
digits DOUBLE), is counted and listed.
"""
import argparse
import collections
import decimal
import os
import pathlib
import random
import shutil
import subprocess
import sys

import duckdb
import numpy
import polars
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from canonical_rows import arrow_lines  # noqa: E402
from engines import scratch, tarn  # noqa: E402

INTS = [pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()]
FLOATS = [pa.float16(), pa.float32(), pa.float64()]
TEXTS = [pa.string(), pa.binary(), pa.large_string()]
TIMES = [pa.date32(), pa.time32("ms"), pa.time64("us"), pa.time64("ns"), pa.timestamp("ms"), pa.timestamp("us"), pa.timestamp("ns"),
         pa.timestamp("us", "UTC"), pa.timestamp("ms", "UTC")]


def draw_leaf(draw):
    kind = draw.random()
    if kind < 0.30:
        return draw.choice(INTS)
    if kind < 0.42:
        return draw.choice(FLOATS)
    if kind < 0.62:
        return draw.choice(TEXTS)
    if kind < 0.80:
        return draw.choice(TIMES)
    if kind < 0.92:
        precision = draw.randint(1, 38)
        return pa.decimal128(precision, draw.randint(0, precision))
    return draw.choice([pa.bool_(), pa.bool_(), pa.binary(draw.randint(1, 20)), pa.decimal256(draw.randint(39, 76), 5)])


def draw_type(draw, depth=0):
    if depth < 3 and draw.random() < 0.25:
        shape = draw.random()
        if shape < 0.5:
            return pa.list_(pa.field("element", draw_type(draw, depth + 1), nullable=draw.random() < 0.8))
        if shape < 0.8:
            return pa.struct([pa.field(f"m{i}", draw_type(draw, depth + 1), nullable=draw.random() < 0.7)
                              for i in range(draw.randint(1, 3))])
        return pa.map_(draw.choice([pa.string(), pa.int32(), pa.date32()]), draw_type(draw, depth + 1))
    return draw_leaf(draw)


def draw_integer(draw, low, high, pattern, i):
    if pattern == "steps":
        return max(low, min(high, low // 2 + i * 3))
    if pattern == "few":
        return max(low, min(high, draw.randrange(5)))
    if pattern == "edge" and draw.random() < 0.3:
        return draw.choice([low, high])
    return draw.randint(max(low, -1000), min(high, 1000)) if pattern == "small" else draw.randint(low, high)


def draw_float(draw, pattern, i):
    if pattern == "edge" and draw.random() < 0.3:
        return draw.choice([float("nan"), float("inf"), float("-inf"), 0.0, -0.0])
    return {"steps": i * 0.25, "few": draw.randrange(5) / 2}.get(pattern, draw.uniform(-1000, 1000))


def draw_bytes(draw, pattern, i):
    if pattern == "steps":
        return f"name-{i:06d}".encode()
    if pattern == "few":
        return draw.choice([b"", b"a", b"red", b"green and blue", "größe".encode()])
    return bytes(draw.choices(b"abcdefghij \xc3\xa9"[:11], k=draw.randrange(0, 300 if pattern == "edge" else 30)))


def draw_value(draw, kind, pattern, i):
    """A value of a leaf as Python has it; times as ticks."""
    if pa.types.is_boolean(kind):
        return draw.random() < 0.5 if pattern != "few" else i % 100 < 90
    if pa.types.is_integer(kind):
        bits = kind.bit_width
        signed = pa.types.is_signed_integer(kind)
        return draw_integer(draw, -(1 << (bits - 1)) if signed else 0, (1 << (bits - 1 if signed else bits)) - 1, pattern, i)
    if pa.types.is_floating(kind):
        return draw_float(draw, pattern, i)
    if pa.types.is_decimal(kind):
        whole = draw_integer(draw, -(10**kind.precision - 1), 10**kind.precision - 1, pattern, i)
        return decimal.Context(prec=80).scaleb(decimal.Decimal(whole), -kind.scale)
    if pa.types.is_date32(kind):
        return draw_integer(draw, -700000, 2900000, pattern, i)
    if pa.types.is_time(kind):
        per_day = {"ms": 86400 * 10**3, "us": 86400 * 10**6, "ns": 86400 * 10**9}[kind.unit]
        return abs(draw_integer(draw, 0, per_day - 1, pattern, i)) % per_day
    if pa.types.is_timestamp(kind):
        reach = {"ms": 2**47, "us": 2**57, "ns": 2**62}[kind.unit]
        return draw_integer(draw, -reach, reach, pattern, i)
    value = draw_bytes(draw, pattern, i)
    if pa.types.is_fixed_size_binary(kind):
        return (value * kind.byte_width + b"\0" * kind.byte_width)[:kind.byte_width]
    return value.decode() if pa.types.is_string(kind) or pa.types.is_large_string(kind) else value


def draw_keys(draw, kind, sizes, pattern):
    """Keys of maps of these sizes, distinct within each: engines disagree about what a key that stands twice means."""
    keys = []
    for size in sizes:
        own = set()
        for attempt in range(size * 20):
            if len(own) < size:
                own.add(draw_value(draw, kind, "wide" if attempt > size else pattern, len(keys) + attempt))
        keys += sorted(own)
        if len(own) < size:
            raise ValueError("too few distinct keys")
    return pa.array(keys, pa.int32()).cast(kind) if pa.types.is_date32(kind) else pa.array(keys, kind)


def draw_array(draw, field, rows, nulls, pattern):
    kind = field.type
    is_null = [field.nullable and draw.random() < nulls for _ in range(rows)]
    mask = pa.array(is_null, pa.bool_())
    if pa.types.is_struct(kind):
        children = [draw_array(draw, child, rows, nulls, pattern) for child in kind]
        return pa.StructArray.from_arrays(children, fields=list(kind), mask=mask) if rows else pa.array([], kind)
    if pa.types.is_list(kind) or pa.types.is_map(kind):
        sizes = [0 if null else draw.choice([0, 1, 1, 2, 5]) for null in is_null]
        offsets = [0]
        for size in sizes:
            offsets.append(offsets[-1] + size)
        offsets = pa.array([None if i < rows and is_null[i] else offset for i, offset in enumerate(offsets)], pa.int32())
        total = sum(sizes)
        if pa.types.is_list(kind):
            return pa.ListArray.from_arrays(offsets, draw_array(draw, kind.value_field, total, nulls, pattern), type=kind)
        keys = draw_keys(draw, kind.key_type, sizes, pattern)
        return pa.MapArray.from_arrays(offsets, keys, draw_array(draw, kind.item_field, total, nulls, pattern)).cast(kind)
    values = [None if null else draw_value(draw, kind, pattern, i) for i, null in enumerate(is_null)]
    if pa.types.is_float16(kind):
        return pa.array([None if value is None else numpy.float16(value) for value in values], kind)
    if pa.types.is_date32(kind) or pa.types.is_time32(kind):
        return pa.array(values, pa.int32()).cast(kind)
    if pa.types.is_time64(kind) or pa.types.is_timestamp(kind):
        return pa.array(values, pa.int64()).cast(kind)
    return pa.array(values, kind)


def draw_table(draw, simple):
    """`simple`: types that every engine can write and gives back as they are."""
    rows = draw.choice([0, 1, 7, 100, 1000, 3000])
    fields = []
    for i in range(draw.randint(1, 6)):
        kind = draw_type(draw)
        while simple and ("map" in str(kind) or "decimal256" in str(kind) or "halffloat" in str(kind) or "time32" in str(kind)
                          or "time64[ns]" in str(kind) or "fixed_size" in str(kind) or "large" in str(kind)):
            kind = draw_type(draw)
        fields.append(pa.field(f"c{i}", kind, nullable=simple or draw.random() < 0.8))
    columns = [draw_array(draw, field, rows, draw.choice([0, 0.02, 0.5, 1.0]) if field.nullable else 0,
                          draw.choice(["steps", "few", "small", "edge", "wide"])) for field in fields]
    return pa.Table.from_arrays(columns, schema=pa.schema(fields))


def leaves(field, prefix=""):
    """(path in the file, type) of each leaf."""
    path = prefix + field.name
    kind = field.type
    if pa.types.is_struct(kind):
        return [leaf for child in kind for leaf in leaves(child, path + ".")]
    if pa.types.is_list(kind):
        return leaves(pa.field("element", kind.value_type), path + ".list.")
    if pa.types.is_map(kind):
        return leaves(pa.field("key", kind.key_type), path + ".key_value.") + leaves(pa.field("value", kind.item_type), path + ".key_value.")
    return [(path, kind)]


def draw_encoding(draw, kind):
    if pa.types.is_boolean(kind):
        return draw.choice(["PLAIN", "RLE"])
    if pa.types.is_decimal(kind) or pa.types.is_fixed_size_binary(kind):
        return draw.choice(["PLAIN", "DELTA_BYTE_ARRAY", "BYTE_STREAM_SPLIT"])
    if pa.types.is_float16(kind):
        return draw.choice(["PLAIN", "BYTE_STREAM_SPLIT"])
    if pa.types.is_floating(kind):
        return draw.choice(["PLAIN", "BYTE_STREAM_SPLIT"])
    if kind in TEXTS:
        return draw.choice(["PLAIN", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"])
    return draw.choice(["PLAIN", "DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"])


def by_pyarrow(draw, path):
    table = draw_table(draw, False)
    use_dictionary = draw.random() < 0.5
    options = {}
    if not use_dictionary:
        options["column_encoding"] = {path_in_file: draw_encoding(draw, kind) for field in table.schema for path_in_file, kind in leaves(field)}
    pq.write_table(table, path, use_dictionary=use_dictionary, compression=draw.choice(["none", "snappy", "gzip", "brotli", "lz4", "zstd"]),
                   data_page_version=draw.choice(["1.0", "2.0"]), row_group_size=draw.choice([100, 1000, 5000]),
                   data_page_size=draw.choice([64, 1024, 20000]), write_batch_size=draw.choice([1, 50, 1024]),
                   write_page_index=draw.random() < 0.5, write_page_checksum=draw.random() < 0.5,
                   store_decimal_as_integer=draw.random() < 0.5, store_schema=draw.random() < 0.5,
                   dictionary_pagesize_limit=draw.choice([200, 1 << 20]), **options)
    return table


def by_polars(draw, path):
    table = draw_table(draw, True)
    polars.from_arrow(table).write_parquet(path, compression=draw.choice(["uncompressed", "snappy", "gzip", "brotli", "lz4", "zstd"]),
                                           row_group_size=draw.choice([100, 1000, 5000]), data_page_size=draw.choice([500, 20000]))
    return None


def by_duckdb(draw, path):
    table = draw_table(draw, True)
    connection = duckdb.connect()
    connection.execute("SET TimeZone='UTC'")
    connection.register("given", table)
    codec = draw.choice(["uncompressed", "snappy", "gzip", "brotli", "lz4_raw", "zstd"])
    version = draw.choice(["V1", "V2"])
    connection.execute(f"COPY given TO '{path}' (FORMAT parquet, CODEC '{codec}', PARQUET_VERSION {version}, ROW_GROUP_SIZE 2048)")
    return None


WRITERS = [by_pyarrow, by_pyarrow, by_pyarrow, by_polars, by_duckdb]


def seen_by_tarn(path):
    out = path.with_suffix(".arrows")
    with open(out, "wb") as file:
        done = subprocess.run([os.environ["TARN"], "cat", "-o", "arrow", str(path)], stdout=file, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        return None, done.stderr.strip()
    with pa.ipc.open_stream(out) as reader:
        return reader.read_all(), None


def seen_by_duckdb(path):
    connection = duckdb.connect()
    connection.execute("SET TimeZone='UTC'")
    return connection.execute(f"SELECT * FROM read_parquet('{path}', binary_as_string=false)").to_arrow_table()


def seen_by_polars(path):
    return polars.read_parquet(path).to_arrow()


def ask(engine, path, schema):
    """Comparable rows as an engine reads them, in the types that pyarrow sees; or why not."""
    try:
        table = engine(path)
        try:
            table = table.cast(schema)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            pass  # members that may not be null below structs that are: Arrow will not cast those, and need not
        return arrow_lines(table), None
    except BaseException as problem:  # noqa: BLE001: whatever a foreign engine raises, a panic too, is its answer
        if isinstance(problem, (KeyboardInterrupt, SystemExit)):
            raise
        return None, f"{type(problem).__name__}: {problem}".split("\n")[0][:160]


def check(number, seed, folder, counts, odd):
    draw = random.Random(seed * 1000003 + number)
    writer = draw.choice(WRITERS)
    path = folder / f"{number}.parquet"
    try:
        written = writer(draw, path)
    except Exception as problem:  # noqa: BLE001: a writer that cannot write this is none for it
        counts[f"{writer.__name__} refused to write"] += 1
        odd.append(f"{number}: {writer.__name__}: {str(problem).splitlines()[0][:160]}")
        return True
    try:
        reference = pq.read_table(path)
    except Exception as problem:  # noqa: BLE001
        counts["pyarrow refused"] += 1
        odd.append(f"{number}: pyarrow refused: {str(problem).splitlines()[0][:160]}")
        reference = written
        if written is None:
            return True
    if written is not None and arrow_lines(reference) != arrow_lines(written):
        counts["pyarrow alone with other values"] += 1
        odd.append(f"{number}: pyarrow alone with other values")
        reference = written
    ours, why = seen_by_tarn(path)
    if ours is None:
        print(f"file {number} of {writer.__name__}: tarn: {why}\n  {reference.schema}")
        return False
    got, expected = arrow_lines(ours), arrow_lines(reference)
    if got != expected:
        differing = [(a, b) for a, b in zip(got, expected) if a != b][:1]
        print(f"file {number} of {writer.__name__}: tarn reads {len(got)} rows, pyarrow {len(expected)}; {str(differing)[:1000]}\n{reference.schema}")
        return False
    counts["tarn equal"] += 1
    for name, engine in (("duckdb", seen_by_duckdb), ("polars", seen_by_polars)):
        theirs, why = ask(engine, path, reference.schema)
        verdict = "refused" if theirs is None else "equal" if theirs == got else "alone with other values"
        counts[f"{name} {verdict}"] += 1
        if verdict != "equal":
            if theirs is not None:
                why = " against ".join(next((f"{a[:150]} ", f"{b[:150]}") for a, b in zip(theirs + [""], got) if a != b))
            odd.append(f"{number}: {name} {verdict}: {why}")
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--only", type=int)
    parser.add_argument("--list", action="store_true", help="list what other engines refuse or read otherwise")
    options = parser.parse_args()
    folder = scratch()
    counts, odd, wrong = collections.Counter(), [], 0
    for number in [options.only] if options.only is not None else range(options.count):
        wrong += not check(number, options.seed, folder, counts, odd)
    print(f"{wrong} wrong of {options.count}; " + ", ".join(f"{what}: {count}" for what, count in sorted(counts.items())))
    if options.list:
        print("\n".join(odd))
    if options.only is None and wrong == 0:
        shutil.rmtree(folder)
    else:
        print(f"kept in {folder}")
    if counts["duckdb equal"] == 0 or counts["polars equal"] == 0:
        sys.exit("an engine agreed with nothing: it was not compared")
    sys.exit(wrong != 0)


main()
