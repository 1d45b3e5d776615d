# SPDX-License-Identifier: Apache-2.0
"""Arrow arrays as plain values that compare alike whatever engine made them, for the interop tests."""
import decimal
import struct

import pyarrow

UNIT = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
DAY = 86400 * 10**9
decimal.getcontext().prec = 100


def float_bits(value):
    if value != value:
        return "nan"
    return struct.pack(">d", value).hex()


def canonical(array):
    """An Arrow array as plain values: times in nanoseconds, decimals unscaled, floats as bits, binaries as hex."""
    if isinstance(array, pyarrow.ChunkedArray):
        return [value for chunk in array.chunks for value in canonical(chunk)]
    if isinstance(array, pyarrow.ExtensionArray):
        return canonical(array.storage)
    kind = array.type
    types = pyarrow.types
    if types.is_dictionary(kind):
        return canonical(array.dictionary_decode())
    if types.is_timestamp(kind) or types.is_time64(kind):
        return scaled(array.cast(pyarrow.int64()), UNIT[kind.unit])
    if types.is_time32(kind):
        return scaled(array.cast(pyarrow.int32()), UNIT[kind.unit])
    if types.is_date32(kind):
        return scaled(array.cast(pyarrow.int32()), DAY)
    if types.is_decimal(kind):
        return [None if v is None else str(int(v.scaleb(kind.scale))) for v in array.to_pylist()]
    if types.is_floating(kind):
        return [None if v is None else float_bits(float(v)) for v in array.to_pylist()]
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind) or str(kind) == "binary_view":
        return [None if v is None else "0x" + v.hex() for v in array.to_pylist()]
    if types.is_struct(kind):
        members = [canonical(member) for member in array.flatten()]
        valid = array.is_valid().to_pylist()
        return [list(row) if ok else None for ok, row in zip(valid, zip(*members))]
    if types.is_map(kind):
        keys = canonical(array.keys)
        items = canonical(array.items)
        pairs = [list(pair) for pair in zip(keys, items)]
        return cut(array, pairs)
    if types.is_list(kind) or types.is_large_list(kind):
        return cut(array, canonical(array.values))
    return array.to_pylist()


def cut(array, values):
    offsets = array.offsets.to_pylist()
    valid = array.is_valid().to_pylist()
    return [values[offsets[i] : offsets[i + 1]] if valid[i] else None for i in range(len(array))]


def scaled(array, by):
    return [None if v is None else v * by for v in array.to_pylist()]


def same(expected, got):
    """Some readers give a UUID as text, and the text of ENUM or JSON as bytes."""
    if expected == got:
        return True
    if isinstance(expected, str) and isinstance(got, str) and expected.startswith("0x"):
        return expected[2:] == got.replace("-", "")
    if isinstance(expected, str) and isinstance(got, str) and got.startswith("0x"):
        return got == "0x" + expected.encode().hex()
    if isinstance(expected, list) and isinstance(got, list):
        return len(expected) == len(got) and all(same(a, b) for a, b in zip(expected, got))
    return False
