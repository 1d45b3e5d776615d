#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Foreign readers read the files of write_samples: every value, null and level compared, statistics recomputed from the values.

    check_parquet_written.py FOLDER     run with the Python of the environment that has pyarrow, duckdb, polars
"""
import decimal
import json
import math
import pathlib
import struct
import sys

import duckdb
import polars
import pyarrow
import pyarrow.compute
import pyarrow.parquet
from arrow_values import DAY, UNIT, canonical, same

failures = []


def fail(text):
    failures.append(text)
    print("FAILED:", text)


def expected_of(value, kind):
    """A value of the JSON lines in the same form; the file's Arrow type says the unit."""
    if value is None:
        return None
    types = pyarrow.types
    if isinstance(kind, pyarrow.BaseExtensionType):
        return expected_of(value, kind.storage_type)
    if types.is_timestamp(kind) or types.is_time(kind):
        return value * UNIT[kind.unit]
    if types.is_date(kind):
        return value * DAY
    if types.is_struct(kind):
        return [expected_of(member, kind.field(i).type) for i, member in enumerate(value)]
    if types.is_map(kind):
        return [[expected_of(key, kind.key_type), expected_of(item, kind.item_type)] for key, item in value]
    if types.is_list(kind):
        return [expected_of(element, kind.value_type) for element in value]
    return value


def compare(what, rows, schema, table):
    if table.num_rows != len(rows):
        return fail(f"{what}: {table.num_rows} rows, expected {len(rows)}")
    for i, field in enumerate(schema):
        got = canonical(table.column(i))
        for row, value in enumerate(got):
            expected = expected_of(rows[row][i], field.type)
            if not same(expected, value):
                fail(f"{what}: column {field.name} row {row}: {value!r}, expected {expected!r}")
                break
    return None


def with_pyarrow(path):
    return pyarrow.parquet.read_table(path, page_checksum_verification=True)


def with_polars(path):
    return polars.read_parquet(path).to_arrow()


def with_duckdb(path):
    return duckdb.connect().execute(f"SELECT * FROM read_parquet('{path}')").to_arrow_table()


READERS = {"pyarrow": with_pyarrow, "duckdb": with_duckdb, "polars": with_polars}

# What a reader cannot do, with its own words; everything else is a failure.
KNOWN = {}


# ---- statistics ----


def order_key(value, column):
    """Orders as parquet.thrift's TYPE_ORDER does."""
    if isinstance(value, str) and value.startswith("0x") and "dec" not in column:
        return bytes.fromhex(value[2:])
    if isinstance(value, str):
        return value.encode()
    return value


def check_statistics(path, rows, schema):
    """Null counts exact; bounds exact or, of long values, around them."""
    footer = pyarrow.parquet.ParquetFile(path).metadata
    first = 0
    for g in range(footer.num_row_groups):
        group = footer.row_group(g)
        part = rows[first : first + group.num_rows]
        first += group.num_rows
        if group.num_columns != len(schema):
            continue  # nested: leaves are not columns
        for i, field in enumerate(schema):
            chunk = group.column(i)
            values = [row[i] for row in part]
            present = [v for v in values if v is not None]
            stats = chunk.statistics
            where = f"{path.name}: group {g} column {field.name}"
            if stats is None:
                fail(f"{where}: no statistics")
                continue
            if stats.null_count != len(values) - len(present):
                fail(f"{where}: null count {stats.null_count}, expected {len(values) - len(present)}")
            check_bounds(where, field, present, stats)


def check_bounds(where, field, present, stats):
    name = field.name
    if name.startswith("f") and name[1:].isdigit():
        numbers = [struct.unpack(">d", bytes.fromhex(v))[0] for v in present if v != "nan"]
        if name == "f16":
            return  # pyarrow gives halves as raw bytes: covered by the unit tests
        if not numbers:
            if stats.has_min_max:
                fail(f"{where}: bounds {stats.min} {stats.max} of no number")
            return
        low, high = min(numbers), max(numbers)
        if stats.min != low or stats.max != high:
            fail(f"{where}: bounds {stats.min} {stats.max}, expected {low} {high}")
        if (low == 0 and math.copysign(1, stats.min) > 0) or (high == 0 and math.copysign(1, stats.max) < 0):
            fail(f"{where}: zero bounds of the wrong sign")
        return
    if not present:
        if stats.has_min_max:
            fail(f"{where}: bounds without values")
        return
    if not stats.has_min_max:
        if name != "fixed100":  # values of fixed width over 64 bytes have no bounds
            fail(f"{where}: no bounds")
        return
    if name.startswith("dec"):
        numbers = [int(v) for v in present]
        scale = field.type.scale
        got = [int(bound.scaleb(scale)) for bound in (stats.min, stats.max)]
        if got != [min(numbers), max(numbers)]:
            fail(f"{where}: bounds {got}, expected {min(numbers)} {max(numbers)}")
        return
    if isinstance(present[0], (int, bool)):
        raw = [stats.min_raw, stats.max_raw]
        low, high = min(present), max(present)
        if name in ("u32", "u64"):
            raw = [v % (1 << int(name[1:])) for v in raw]
        if raw != [low, high]:
            fail(f"{where}: bounds {raw}, expected {low} {high}")
        return
    keys = [order_key(v, name) for v in present]
    low, high = (b.encode() if isinstance(b, str) else bytes(b) for b in (stats.min_raw, stats.max_raw))
    if low > min(keys) or high < max(keys):
        fail(f"{where}: bounds do not enclose the values")
    if len(min(keys)) <= 64 and low != min(keys):
        fail(f"{where}: short minimum is not exact")
    if len(max(keys)) <= 64 and high < max(keys):
        fail(f"{where}: short maximum is too low")


def check_pruning(path, rows, schema):
    """A reader that prunes by our statistics and page index finds what is there."""
    for i, field in enumerate(schema):
        if field.name not in ("i32", "i64", "u64", "string", "dec9", "dec38", "date", "id"):
            continue
        present = sorted({json.dumps(row[i]) for row in rows if row[i] is not None})
        for text in present[:: max(1, len(present) // 3)]:
            value = json.loads(text)
            count = sum(1 for row in rows if row[i] == value)
            connection = duckdb.connect()
            if field.name == "string":
                literal = "'" + value.replace("'", "''") + "'"
            elif field.name == "date":
                literal = f"(DATE '1970-01-01' + ({value})::INTEGER)"
            elif field.name.startswith("dec"):
                scale = field.type.scale
                literal = f"CAST('{decimal.Decimal(value).scaleb(-scale):f}' AS DECIMAL({field.type.precision},{scale}))"
            else:
                literal = str(value)
            sql = f"SELECT count(*) FROM read_parquet('{path}') WHERE \"{field.name}\" = {literal}"
            found = connection.execute(sql).fetchone()[0]
            if found != count:
                fail(f"{path.name}: {field.name} = {value}: {found} rows with pruning, expected {count}")


def check_file(path):
    rows = [json.loads(line) for line in path.with_suffix(".jsonl").read_text().splitlines()]
    schema = pyarrow.parquet.read_schema(path)
    for name, reader in READERS.items():
        what = f"{path.stem} with {name}"
        try:
            table = reader(path)
        except Exception as error:  # pylint: disable=broad-except
            known = KNOWN.get((name, path.stem))
            if known is None or known not in str(error):
                fail(f"{what}: {type(error).__name__}: {str(error)[:300]}")
            continue
        compare(what, rows, schema, table)
    if "bare" not in path.stem:
        check_statistics(path, rows, schema)
        check_pruning(path, rows, schema)
    return len(rows)


def main():
    files = sorted(pathlib.Path(sys.argv[1]).glob("*.parquet"))
    rows = sum(check_file(path) for path in files)
    if not files or rows == 0:
        sys.exit("nothing was compared")
    print(f"{len(files)} files, {rows} rows, {len(READERS)} readers, {len(failures)} failures")
    sys.exit(1 if failures else 0)


main()
