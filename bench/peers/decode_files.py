# SPDX-License-Identifier: Apache-2.0
"""Files for the decode suite. decode_files.py KIND FILE [CSV] [ROWS]

KIND is WRITER-CODEC for lineitem (duckdb-zstd, pyarrow-none, polars-lz4, ...) from the CSV, or the name of a column shape. Same bytes each time.
"""
import decimal
import os
import sys

import numpy
import pyarrow
import pyarrow.parquet as parquet

kind, path, *rest = sys.argv[1:]
CODECS = {"none": "uncompressed"}
TYPES = {
    "l_orderkey": "BIGINT", "l_partkey": "BIGINT", "l_suppkey": "BIGINT", "l_linenumber": "INTEGER",
    "l_quantity": "DECIMAL(15,2)", "l_extendedprice": "DECIMAL(15,2)", "l_discount": "DECIMAL(15,2)", "l_tax": "DECIMAL(15,2)",
    "l_returnflag": "VARCHAR", "l_linestatus": "VARCHAR", "l_shipdate": "DATE", "l_commitdate": "DATE", "l_receiptdate": "DATE",
    "l_shipinstruct": "VARCHAR", "l_shipmode": "VARCHAR", "l_comment": "VARCHAR",
}


def lineitem(csv):
    import duckdb

    types = ", ".join(f"'{name}': '{kind}'" for name, kind in TYPES.items())
    return f"SELECT * FROM read_csv('{csv}', header = true, columns = {{{types}}})", duckdb.connect()


def write_lineitem(writer, codec, csv):
    query, db = lineitem(csv)
    if writer == "duckdb":
        db.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet, COMPRESSION {CODECS.get(codec, codec)})")
        return
    table = db.sql(query).to_arrow_table()
    if writer == "polars":
        import polars

        polars.DataFrame(table).write_parquet(path, compression=CODECS.get(codec, codec))
    else:
        parquet.write_table(table, path, compression=codec)


def write_encrypted(csv):
    """With one key for the footer and all columns, and the same rows in the clear beside it (FILE.plain)."""
    import pyarrow.parquet.encryption as encryption

    query, db = lineitem(csv)
    table = db.sql(query).to_arrow_table()
    properties = encryption.create_encryption_properties(b"0123456789abcdef")
    parquet.write_table(table, path, compression="snappy", encryption_properties=properties)
    parquet.write_table(table, path.removesuffix(".unfinished") + ".plain", compression="snappy")


def words(count, distinct, random):
    stock = numpy.array([f"{i * 2654435761 % 4294967296:08x}-{'lorem ipsum dolor sit amet consectetur'[: i % 29]}" for i in range(distinct)], dtype=object)
    return stock[random.integers(0, distinct, count)]


def shape(count):
    """The table of a shape and how it is written."""
    random = numpy.random.Generator(numpy.random.PCG64(7))
    options = {"compression": "zstd"}
    if kind == "nested":
        lengths = random.integers(0, 9, count // 4)
        offsets = numpy.concatenate(([0], numpy.cumsum(lengths))).astype("int32")
        inner = int(offsets[-1])
        items = pyarrow.StructArray.from_arrays(
            [pyarrow.array(random.integers(0, 1 << 40, inner)), pyarrow.array(words(inner, 1000, random)), pyarrow.array(random.random(inner))],
            names=["a", "b", "c"],
        )
        made = {"id": pyarrow.array(numpy.arange(count // 4)), "items": pyarrow.ListArray.from_arrays(pyarrow.array(offsets), items)}
    elif kind == "wide":
        made = {f"c{i:04}": pyarrow.array(random.random(count // 200).astype("float32")) for i in range(2000)}
    elif kind == "strings":
        made = {"s": pyarrow.array(words(count, count, random)), "t": pyarrow.array(words(count, 100_000, random))}
        options["use_dictionary"] = False
    elif kind == "nulls":
        def half(values):
            return pyarrow.array(values, mask=random.random(count) < 0.5)

        made = {"i": half(random.integers(0, 1 << 40, count)), "d": half(random.random(count)),
                "n": half(random.integers(0, 1000, count).astype("int32")), "s": half(words(count, 1000, random))}
    elif kind == "decimal":
        cents = random.integers(-(10**9), 10**9, count)
        narrow = pyarrow.array(cents).cast(pyarrow.decimal128(19, 0))
        made = {"d9": narrow.cast(pyarrow.decimal128(38, 0)).cast(pyarrow.decimal128(10, 0)), "d18": narrow.cast(pyarrow.decimal128(18, 0), safe=False),
                "d38": narrow.cast(pyarrow.decimal128(38, 6), safe=False)}
        options |= {"use_dictionary": False, "compression": "snappy"}
    elif kind == "delta":
        made = {"i": pyarrow.array(numpy.cumsum(random.integers(0, 1000, count))), "n": pyarrow.array(random.integers(0, 100_000, count).astype("int32")),
                "s": pyarrow.array(words(count, count, random)), "p": pyarrow.array([f"https://example.org/path/{i // 7}/{i}" for i in range(count)])}
        options |= {"use_dictionary": False, "compression": "none", "column_encoding": {
            "i": "DELTA_BINARY_PACKED", "n": "DELTA_BINARY_PACKED", "s": "DELTA_LENGTH_BYTE_ARRAY", "p": "DELTA_BYTE_ARRAY"}}
    elif kind == "split":
        made = {"f": pyarrow.array(random.random(count).astype("float32")), "d": pyarrow.array(random.random(count))}
        options |= {"use_dictionary": False, "column_encoding": {"f": "BYTE_STREAM_SPLIT", "d": "BYTE_STREAM_SPLIT"}}
    elif kind == "dictionary":
        made = {"s": pyarrow.array(words(count, 1000, random)), "i": pyarrow.array(random.integers(0, 10_000, count) * 7919),
                "d": pyarrow.array(random.integers(0, 50, count) / 8), "n": pyarrow.array(random.integers(0, 2500, count).astype("int32"))}
        options["compression"] = "snappy"
    elif kind == "checksums":
        made = {"i": pyarrow.array(random.integers(0, 1 << 40, count)), "s": pyarrow.array(words(count, 1000, random))}
        options |= {"write_page_checksum": True, "compression": "snappy"}
    else:  # sorted, with a page index
        made = {"k": pyarrow.array(numpy.arange(count) * 3), "v": pyarrow.array(random.integers(0, 1 << 40, count)), "s": pyarrow.array(words(count, 100_000, random))}
        options |= {"write_page_index": True, "data_page_size": 1 << 16}
    return pyarrow.table(made), options


if kind == "encrypted":
    write_encrypted(rest[0])
elif "-" in kind:
    write_lineitem(*kind.split("-"), rest[0])
else:
    table, options = shape(int(rest[0]))
    parquet.write_table(table, path, **options)
