#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every type x encoding x nulls x nesting, as the columns of one file, written with every codec x page version x index and bloom filter,
and read by pyarrow, DuckDB, Polars and parquet-java (through Spark): each value compared with the rows that tarn was given.

    test_parquet_matrix.py [--all]

Without --all, one file a codec and page version, whose indexes take turns; with it all of them.
"""
import datetime
import decimal
import itertools
import shutil
import struct
import subprocess
import sys

import duckdb
import polars
import pyarrow as pa
import pyarrow.parquet as pq
from arrow_values import canonical, same
from engines import PEERS, scratch, tarn

ROWS = 150  # more than two pages of 64
CODECS = ("none", "snappy", "gzip", "brotli", "zstd", "lz4_raw")
INDEXES = {"bare": ["--no-page-index", "--no-bloom"], "index": ["--no-bloom"], "bloom": ["--bloom", "*"]}

NUMBERS = ("plain", "dictionary", "delta_binary_packed", "byte_stream_split")
FLOATS = ("plain", "dictionary", "byte_stream_split")
TEXTS = ("plain", "dictionary", "delta_length_byte_array", "delta_byte_array")
FIXED = ("plain", "dictionary", "delta_byte_array", "byte_stream_split")

EPOCH = datetime.datetime(1970, 1, 1)
UTC = datetime.timezone.utc


def half(i):
    return struct.unpack("<e", struct.pack("<e", (i - 20) / 8))[0]


# Name: Arrow's type, its i-th value (every third is the one before: dictionaries and deltas have something to find), encodings.
TYPES = {
    "bool": (pa.bool_(), lambda i: i % 3 == 1, ("plain", "rle")),
    "i8": (pa.int8(), lambda i: i * 7 % 256 - 128, NUMBERS),
    "i16": (pa.int16(), lambda i: i * 977 % 65536 - 32768, NUMBERS),
    "i32": (pa.int32(), lambda i: i * 858993459 % 2**32 - 2**31, NUMBERS),
    "i64": (pa.int64(), lambda i: (-1) ** i * (2**63 - 1 - i * i), NUMBERS),
    "u8": (pa.uint8(), lambda i: 255 - i % 256, NUMBERS),
    "u16": (pa.uint16(), lambda i: 65535 - i, NUMBERS),
    "u32": (pa.uint32(), lambda i: 2**32 - 1 - i, NUMBERS),
    "u64": (pa.uint64(), lambda i: 2**64 - 1 - i, NUMBERS),
    "f16": (pa.float16(), half, FLOATS),
    "f32": (pa.float32(), lambda i: float("-inf") if i == 9 else -0.0 if i == 5 else i / 8, FLOATS),
    "f64": (pa.float64(), lambda i: float("inf") if i == 9 else -0.0 if i == 5 else i / 7, FLOATS),
    "text": (pa.string(), lambda i: "" if i == 4 else f"prefix of {i} äß漢🦆"[: i % 17 + 8], TEXTS),
    "bytes": (pa.binary(), lambda i: bytes([i % 256, 0, 255])[: i % 4], TEXTS),
    "fixed5": (pa.binary(5), lambda i: bytes([i % 256, 0, 255, 7, i % 3]), FIXED),
    "dec9": (pa.decimal128(9, 2), lambda i: decimal.Decimal((i - 50) * 999_983).scaleb(-2), NUMBERS),
    "dec18": (pa.decimal128(18, 3), lambda i: decimal.Decimal((50 - i) * 10**15 // 3).scaleb(-3), NUMBERS),
    "dec38": (pa.decimal128(38, 4), lambda i: decimal.Decimal((50 - i) * 10**35 + i).scaleb(-4), FIXED),
    "date": (pa.date32(), lambda i: datetime.date(1582, 10, 15) + datetime.timedelta(days=i * 997), NUMBERS),
    "ms": (pa.timestamp("ms"), lambda i: EPOCH - datetime.timedelta(milliseconds=i * 10**9 + 1), NUMBERS),
    "us": (pa.timestamp("us"), lambda i: EPOCH + datetime.timedelta(microseconds=i * 10**12 + 1), NUMBERS),
    "at": (pa.timestamp("us", "UTC"), lambda i: (EPOCH + datetime.timedelta(hours=i * 1001)).replace(tzinfo=UTC), NUMBERS),
    "ns": (pa.timestamp("ns"), lambda i: (i - 40) * 10**15 + 1, NUMBERS),
    "time_ms": (pa.time32("ms"), lambda i: i * 86399999 // ROWS, NUMBERS),
    "time_us": (pa.time64("us"), lambda i: i * 86399999999 // ROWS, NUMBERS),
}
NULLS = ("required", "some", "all")
NESTINGS = ("flat", "struct", "list", "rows", "map")
# Where the leaf of a nesting is, behind the column's name.
LEAF = {"flat": "", "struct": ".x", "list": ".element", "rows": ".element.x", "map": ".value"}

# What a reader cannot do: (reader, predicate of type and encoding, its words). Each is asked once, so that the list stays true.
BYTES = ("fixed5", "dec38")
CANNOT = [
    ("duckdb", lambda kind, encoding: encoding == "byte_stream_split" and kind in (*BYTES, "f16"), "BYTE_STREAM_SPLIT"),
    ("polars", lambda kind, encoding: encoding == "byte_stream_split" and kind in BYTES, "ByteStreamSplit"),
    ("polars", lambda kind, encoding: encoding == "delta_byte_array" and kind in BYTES, "DeltaByteArray"),
    ("spark", lambda kind, encoding: encoding == "byte_stream_split", "FAILED_READ_FILE"),
]
# Types whose presence alone makes Spark refuse a file: it gets files without them.
UNKNOWN_TO_SPARK = ("f16", "time_ms", "time_us", "ns")
# A codec that Spark comes without.
NOT_IN_SPARK = "brotli"
# Which files of the short run Spark reads, by their number: it takes long.
SPARK_READS = (0, 3, 6, 8, 11)

SPARK = """
import sys
from pyspark.sql import SparkSession
spark = (SparkSession.builder.master("local[1]").config("spark.sql.session.timeZone", "UTC").config("spark.ui.enabled", "false")
         .config("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS").config("spark.driver.memory", "2g")
         .config("spark.sql.codegen.wholeStage", "false").getOrCreate())
spark.sparkContext.setLogLevel("ERROR")
for line in sys.stdin:
    vectorized, path, out, *columns = line.rstrip("\\n").split("\\t")
    spark.conf.set("spark.sql.parquet.enableVectorizedReader", vectorized)
    try:
        rows = spark.read.parquet(path)
        rows = rows.select(*[f"`{c}`" for c in columns]) if columns else rows
        rows.coalesce(1).write.option("compression", "none").parquet(out)
        print("ok", flush=True)
    except Exception as error:
        print(str(error).replace("\\n", " ")[:2000], flush=True)
"""
failures = []


def fail(text):
    failures.append(text)
    print("FAILED:", text, flush=True)


# ---- the rows ----


def leaf_value(kind, nulls, i):
    value = TYPES[kind][1](i - (i % 3 == 2))
    return None if nulls == "all" or (nulls == "some" and i % 5 == 3) else value


def column(kind, nulls, nesting):
    """The column's field and its array. `required`: nothing of it can be null; otherwise the nesting has nulls and empty lists too."""
    optional = nulls != "required"
    leaf = pa.field("x", TYPES[kind][0], optional)
    values = itertools.count()

    def one():
        return leaf_value(kind, nulls, next(values) % ROWS)

    def row(i):
        if nesting == "flat":
            return one()
        if optional and i % 7 == 5:
            return None
        if nesting == "struct":
            return {"x": one()}
        if nesting == "list":
            return [one() for _ in range(i % 4)]
        if nesting == "rows":
            return [None if optional and (i + j) % 6 == 1 else {"x": one()} for j in range(i % 3)]
        return [(f"k{j}", one()) for j in range(i % 3)]

    wrapped = {
        "flat": leaf.type,
        "struct": pa.struct([leaf]),
        "list": pa.list_(pa.field("element", leaf.type, optional)),
        "rows": pa.list_(pa.field("element", pa.struct([leaf]), optional)),
        "map": pa.map_(pa.string(), pa.field("value", leaf.type, optional)),
    }[nesting]
    return wrapped, optional, pa.array([row(i) for i in range(ROWS)], wrapped)


class Matrix:
    """The columns: `NAME` of each is kind__encoding__nulls__nesting. Columns that differ in their encoding alone share their rows."""

    def __init__(self, name, kinds):
        fields, arrays = [], []
        self.name, self.parts, self.expected, self.options = name, {}, {}, []
        for kind, nulls, nesting in itertools.product(kinds, NULLS, NESTINGS):
            wrapped, optional, array = column(kind, nulls, nesting)
            expected = canonical(array)
            for encoding in TYPES[kind][2]:
                name = "__".join((kind, encoding, nulls, nesting))
                fields.append(pa.field(name, wrapped, optional))
                arrays.append(array)
                self.parts[name] = (kind, encoding, nulls, nesting)
                self.expected[name] = expected
                self.options += ["--column-encoding", f"{name}{LEAF[nesting]}={encoding}"]
        self.table = pa.table(arrays, pa.schema(fields))

    def readable(self, reader):
        """The columns that the reader has the means for, and one for each of those that it has not."""
        rules = [(predicate, words) for who, predicate, words in CANNOT if who == reader]
        names, probes = [], {}
        for name, (kind, encoding, *_) in self.parts.items():
            hit = next((words for predicate, words in rules if predicate(kind, encoding)), None)
            if hit is None:
                names.append(name)
            else:
                probes.setdefault((kind, hit), name)
        return names, probes


# ---- the readers ----


class SparkReader:
    """parquet-java in a process that stays up; vectorized: Spark's own decoders over its pages."""

    process = None

    def __init__(self, work, vectorized):
        self.work, self.vectorized = work, vectorized
        if SparkReader.process is None:
            python = PEERS / "spark" / "bin" / "python"
            SparkReader.process = subprocess.Popen([python, "-c", SPARK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def __call__(self, path, names):
        out = self.work / "spark-out"
        shutil.rmtree(out, ignore_errors=True)
        self.process.stdin.write("\t".join(["true" if self.vectorized else "false", str(path), str(out), *names]) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        if answer != "ok":
            raise RuntimeError(answer or "Spark ended")
        return pq.read_table(out)


def with_pyarrow(path, names):
    return pq.read_table(path, columns=names, page_checksum_verification=True)


def with_polars(path, names):
    return polars.read_parquet(path, columns=names).to_arrow()


def with_duckdb(path, names):
    chosen = ", ".join(f'"{name}"' for name in names)
    connection = duckdb.connect()
    connection.execute("SET TimeZone='UTC'")
    return connection.sql(f"SELECT {chosen} FROM read_parquet('{path}')").to_arrow_table()


def plain(value):
    """Spark has unsigned 64-bit numbers as decimals."""
    if isinstance(value, str) and value.lstrip("-").isdigit():
        return int(value)
    return [plain(one) for one in value] if isinstance(value, list) else value


class Judge:
    """One reader over all files. A column that was once found right is later compared as Arrow arrays, which is fast."""

    def __init__(self, name, read, matrix):
        self.name, self.read, self.matrix = name, read, matrix
        self.names, self.probes = matrix.readable(name)
        self.accepted, self.compared = {}, 0

    def take(self, path):
        try:
            table = self.read(path, self.names)
        except Exception as error:  # pylint: disable=broad-except
            self.blame(path, error)
            return
        if table.num_rows != ROWS or table.num_columns != len(self.names):
            fail(f"{self.name}: {path.name}: {table.num_rows} rows of {table.num_columns} columns")
            return
        for name in self.names:
            got = table.column(name)
            self.compared += 1
            if name in self.accepted and got.equals(self.accepted[name]):
                continue
            values = canonical(got)
            expected = self.matrix.expected[name]
            if same(expected, values) or same(plain(expected), plain(values)):
                self.accepted.setdefault(name, got)
            else:
                row = next(i for i in range(ROWS) if not same(expected[i], values[i]))
                fail(f"{self.name}: {path.name}: {name} row {row}: {values[row]!r}, expected {expected[row]!r}")

    def blame(self, path, error):
        """Which columns is it that cannot be read?"""
        fail(f"{self.name}: {path.name}: {type(error).__name__}: {str(error)[:300]}")
        for name in self.names[:: max(1, len(self.names) // 40)]:
            try:
                self.read(path, [name])
            except Exception as alone:  # pylint: disable=broad-except
                fail(f"{self.name}: {path.name}: {name}: {type(alone).__name__}: {str(alone)[:200]}")

    def refuse(self, path):
        try:
            self.read(path, ["text__plain__required__flat"])  # which the codec makes smaller: others may be without
        except RuntimeError:
            return
        fail(f"{self.name} reads {path.name} by now: take its codec off the list")

    def ask_again(self, path):
        """What is listed as beyond the reader is so still."""
        for (kind, words), name in self.probes.items():
            try:
                self.read(path, [name])
            except Exception as error:  # pylint: disable=broad-except
                if words.lower() not in str(error).lower():
                    print(f"{self.name} fails over {name} with other words than {words}: {str(error)[:300]}")
                continue
            fail(f"{self.name} reads {name} by now: take it off the list")


def write_file(work, matrix, codec, version, index):
    path = work / f"{matrix.name}-{codec}-v{version}-{index}.parquet"
    rows = work / f"{matrix.name}.arrow"
    tarn("convert", rows, path, "--codec", codec, "--page-version", version, "--page-rows", 64, *INDEXES[index], *matrix.options)
    return path


def check_encodings(path, matrix):
    """The file has what was asked for: otherwise nothing was tested."""
    group = pq.ParquetFile(path).metadata.row_group(0)
    stored = {"dictionary": "RLE_DICTIONARY"}
    for i in range(group.num_columns):
        chunk = group.column(i)
        name, _, rest = chunk.path_in_schema.partition(".")
        kind, encoding, nulls, _ = matrix.parts[name]
        wanted = stored.get(encoding, encoding.upper())
        if nulls != "all" and not rest.endswith("key") and wanted not in chunk.encodings:
            fail(f"{path.name}: {name} ({kind}) is in {chunk.encodings}, not in {wanted}")


def main():
    work = scratch()
    every, java = Matrix("every", TYPES), Matrix("java", [kind for kind in TYPES if kind not in UNKNOWN_TO_SPARK])
    for matrix in (every, java):
        with pa.ipc.new_file(work / f"{matrix.name}.arrow", matrix.table.schema) as out:
            out.write_table(matrix.table)
    choices = list(itertools.product(CODECS, (1, 2), INDEXES))
    if "--all" not in sys.argv:
        names = list(INDEXES)
        choices = [(codec, version, names[i % 3]) for i, (codec, version) in enumerate(itertools.product(CODECS, (1, 2)))]
    judges = {every: [Judge("pyarrow", with_pyarrow, every), Judge("duckdb", with_duckdb, every), Judge("polars", with_polars, every)]}
    if (PEERS / "spark" / "bin" / "python").exists():
        judges[java] = [Judge("spark", SparkReader(work, True), java), Judge("parquet-java", SparkReader(work, False), java)]
    else:
        print("without Spark, which is not installed: tests/interop/setup.sh spark")
    for number, (codec, version, index) in enumerate(choices):
        for matrix, readers in judges.items():
            if matrix is java and "--all" not in sys.argv and number not in SPARK_READS:
                continue
            path = write_file(work, matrix, codec, version, index)
            check_encodings(path, matrix)
            for judge in readers:
                if matrix is java and codec == NOT_IN_SPARK:
                    judge.refuse(path)
                    continue
                judge.take(path)
                if number == 0:
                    judge.ask_again(path)
            path.unlink()
    for judge in itertools.chain(*judges.values()):
        print(f"{judge.name}: {judge.compared} columns compared, of {len(choices)} files")
    if failures:
        sys.exit(f"{len(failures)} failures")
    shutil.rmtree(work)


main()
