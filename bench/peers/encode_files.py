# SPDX-License-Identifier: Apache-2.0
"""Rows for the encode suites, as an Arrow IPC file without compression that every engine loads into memory. encode_files.py KIND FILE [SOURCE] [ROWS]

KIND is lineitem or flights (from a CSV), hits (from ClickBench's sample) or the name of a shape that is made up. Same rows each time.
"""
import json
import sys

import numpy
import pyarrow
import pyarrow.feather

kind, path, *rest = sys.argv[1:]
BATCH = 65536
LINEITEM = {
    "l_orderkey": "BIGINT", "l_partkey": "BIGINT", "l_suppkey": "BIGINT", "l_linenumber": "INTEGER",
    "l_quantity": "DECIMAL(15,2)", "l_extendedprice": "DECIMAL(15,2)", "l_discount": "DECIMAL(15,2)", "l_tax": "DECIMAL(15,2)",
    "l_returnflag": "VARCHAR", "l_linestatus": "VARCHAR", "l_shipdate": "DATE", "l_commitdate": "DATE", "l_receiptdate": "DATE",
    "l_shipinstruct": "VARCHAR", "l_shipmode": "VARCHAR", "l_comment": "VARCHAR",
}


def lineitem(csv):
    import duckdb

    types = ", ".join(f"'{name}': '{type}'" for name, type in LINEITEM.items())
    return duckdb.sql(f"SELECT * FROM read_csv('{csv}', header = true, columns = {{{types}}})").to_arrow_table()


def flights(csv):
    import duckdb

    return duckdb.sql(f"SELECT * FROM read_csv('{csv}', nullstr = ['', 'NA'])").to_arrow_table()


def hits(sample, rows):
    """The sample, then rows of it drawn anew with the columns that tell visits apart (identifiers, hashes, times) moved."""
    import pyarrow.parquet as parquet

    table = parquet.read_table(sample)
    if rows <= table.num_rows:
        return table
    random = numpy.random.Generator(numpy.random.PCG64(11))
    more = table.take(pyarrow.array(numpy.sort(random.integers(0, table.num_rows, rows - table.num_rows))))
    for name in ("WatchID", "UserID", "FUniqID", "URLHash", "RefererHash", "EventTime", "ClientEventTime", "ClientIP", "RemoteIP"):
        at = more.schema.get_field_index(name)
        if at < 0:
            continue
        field = more.schema.field(at)
        width = 64 if field.type.bit_width == 64 else 32
        numbers = more.column(at).combine_chunks().view(pyarrow.int64() if width == 64 else pyarrow.int32()).to_numpy(zero_copy_only=False)
        step = random.integers(0, 3600 if "Time" in name else 1 << 20, len(numbers)).astype(numbers.dtype)
        more = more.set_column(at, field, pyarrow.array(numbers + step).view(field.type))
    return pyarrow.concat_tables([table, more])


def events(count):
    """Events as an application logs them: JSON documents, typed, with lists, objects and members that are not always there."""
    random = numpy.random.Generator(numpy.random.PCG64(13))
    names = ["page_view", "click", "search", "purchase", "login", "logout", "error", "scroll"]
    weights = numpy.array([40, 25, 12, 3, 5, 5, 2, 8]) / 100
    kinds = random.choice(len(names), count, p=weights)
    millis = 1_700_000_000_000 + numpy.cumsum(random.integers(0, 40, count))
    users = random.zipf(1.3, count) % 200_000
    rows = []
    for i in range(count):
        name = names[kinds[i]]
        row = {"id": f"{i:08x}-{int(users[i]):06x}", "at": int(millis[i]), "type": name, "user": {"id": int(users[i]), "plan": ["free", "pro", None][int(users[i]) % 3]},
               "tags": [f"t{int(t)}" for t in random.integers(0, 40, int(kinds[i]) % 4)], "url": f"https://shop.example/{name}/{int(users[i]) % 5000}?ref={i % 97}"}
        if name == "purchase":
            row["items"] = [{"sku": f"SKU-{int(sku):05}", "quantity": int(sku) % 5 + 1, "price": round(int(sku) * 0.37, 2)} for sku in random.integers(0, 3000, 1 + i % 4)]
        if name == "error":
            row["error"] = {"code": int(random.integers(400, 600)), "message": f"could not reach host-{i % 50}.internal"}
        rows.append(json.dumps(row))
    import io

    import pyarrow.json

    return pyarrow.json.read_json(io.BytesIO("\n".join(rows).encode()), read_options=pyarrow.json.ReadOptions(block_size=1 << 30))


def made_up(count):
    random = numpy.random.Generator(numpy.random.PCG64(17))
    if kind == "floats":
        columns = {"uniform": random.random(count), "normal": random.normal(size=count), "single": random.random(count).astype("float32"),
                   "price": numpy.round(random.gamma(2.0, 20.0, count), 2), "sensor": numpy.round(20 + numpy.cumsum(random.normal(size=count)) / 50, 3)}
        return pyarrow.table(columns)
    if kind == "uuids":
        raw = random.bytes(16 * count)
        binary = pyarrow.Array.from_buffers(pyarrow.binary(16), count, [None, pyarrow.py_buffer(raw)])
        texts = [f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}" for h in (raw[i * 16 : i * 16 + 16].hex() for i in range(count))]
        return pyarrow.table({"binary": binary, "text": texts})
    gaps = random.integers(1, 20, count)
    return pyarrow.table({"dense": numpy.arange(count), "sparse": numpy.cumsum(gaps), "repeated": numpy.repeat(numpy.arange(count // 4 + 1), 4)[:count],
                          "time": 1_600_000_000_000_000 + numpy.cumsum(gaps * 1000), "code": [f"ORD-{i:010}" for i in range(count)]})


def plain(type):
    """Texts and binaries with 32-bit offsets, nothing dictionary-encoded: the layout that every engine takes as it is."""
    if pyarrow.types.is_dictionary(type):
        return plain(type.value_type)
    if pyarrow.types.is_large_string(type) or pyarrow.types.is_string_view(type):
        return pyarrow.string()
    if pyarrow.types.is_large_binary(type) or pyarrow.types.is_binary_view(type):
        return pyarrow.binary()
    return type


if kind == "lineitem":
    table = lineitem(rest[0])
elif kind == "flights":
    table = flights(rest[0])
elif kind == "hits":
    table = hits(rest[0], int(rest[1]))
elif kind == "events":
    table = events(int(rest[0]))
else:
    table = made_up(int(rest[0]))
schema = pyarrow.schema([pyarrow.field(field.name, plain(field.type), field.nullable) for field in table.schema])
table = table.cast(schema).combine_chunks()
with pyarrow.OSFile(path, "wb") as file, pyarrow.ipc.new_file(file, schema) as writer:
    writer.write_table(table, max_chunksize=BATCH)
