# SPDX-License-Identifier: Apache-2.0
"""Rows in the canonical form of the corpus, made comparable: one text a row, equal exactly when the rows are.

From JSON lines (`lines`), as tarn and the corpus have them, or from an Arrow table (`arrow_lines`), as engines give them. Numbers are
compared by value and floats by their bits; the order of columns counts, the order of rows does not.
"""
import hashlib
import json
import math

DAY = 86400


def _plain(value):
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) < 2**53 and math.copysign(1, value) == (1 if value >= 0 else -1)
        if math.isfinite(value):
            return int(value) if whole else value
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Object):
        return {"object": [[key, _plain(member)] for key, member in value.members]}
    if isinstance(value, list):
        return [_plain(member) for member in value]
    return value


class Object:
    """A JSON object whose members keep their order and their number."""

    def __init__(self, members):
        self.members = members


def _line(row):
    return json.dumps(_plain(row), ensure_ascii=False, separators=(",", ":"))


def lines(text):
    """Comparable rows of JSON lines, sorted."""
    return sorted(_line(json.loads(line, object_pairs_hook=Object)) for line in text.split("\n") if line)


def _date(days):
    """Proleptic Gregorian, any year: days since 1970-01-01."""
    days += 719468
    era, day = divmod(days, 146097)
    year = (day - day // 1460 + day // 36524 - day // 146096) // 365
    day -= 365 * year + year // 4 - year // 100
    month = (5 * day + 2) // 153
    day -= (153 * month + 2) // 5 - 1
    month += 3 if month < 10 else -9
    year += era * 400 + (month <= 2)
    return f"{year:04d}-{month:02d}-{day:02d}" if 0 < year < 10000 else f"{'-' if year < 0 else '+' if year > 9999 else ''}{abs(year):04d}-{month:02d}-{day:02d}"


UNITS = {"s": (1, 0), "ms": (10**3, 3), "us": (10**6, 6), "ns": (10**9, 9)}


def _clock(ticks, unit):
    per, digits = UNITS[unit]
    seconds, fraction = divmod(ticks, per)
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return text + (f".{fraction:0{digits}d}" if digits else "")


def _moment(ticks, unit, utc):
    days, rest = divmod(ticks, DAY * UNITS[unit][0])
    return _date(days) + "T" + _clock(rest, unit) + ("Z" if utc else "")


def _mapped(array, function):
    return [None if value is None else function(value) for value in array]


def _values(array):
    """The canonical values of an Arrow array."""
    import pyarrow as pa

    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        if kind.extension_name == "arrow.uuid":
            import uuid

            return _mapped(array.storage.to_pylist(), lambda value: str(uuid.UUID(bytes=value)))
        return _values(array.storage)
    if pa.types.is_timestamp(kind):
        return _mapped(array.cast(pa.int64()).to_pylist(), lambda value: _moment(value, kind.unit, kind.tz is not None))
    if pa.types.is_date32(kind):
        return _mapped(array.cast(pa.int32()).to_pylist(), _date)
    if pa.types.is_time(kind):
        number = pa.int32() if kind.bit_width == 32 else pa.int64()
        return _mapped(array.cast(number).to_pylist(), lambda value: _clock(value, kind.unit))
    if pa.types.is_decimal(kind):
        return _mapped(array.to_pylist(), lambda value: f"{value:.{kind.scale}f}")
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind) or pa.types.is_fixed_size_binary(kind):
        return _mapped(array.to_pylist(), lambda value: "0x" + value.hex())
    if pa.types.is_struct(kind):
        names = [field.name for field in kind]
        children = [_values(array.field(i)) for i in range(kind.num_fields)]
        rows = zip(*children) if children else ((),) * len(array)
        return [Object(list(zip(names, row))) if valid else None for row, valid in zip(rows, array.is_valid().to_pylist())]
    if pa.types.is_map(kind):
        offsets, pairs = array.offsets.to_pylist(), [list(pair) for pair in zip(_values(array.keys), _values(array.items))]
        return [pairs[offsets[i]:offsets[i + 1]] if valid else None for i, valid in enumerate(array.is_valid().to_pylist())]
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        offsets, members = array.offsets.to_pylist(), _values(array.values)
        return [members[offsets[i]:offsets[i + 1]] if valid else None for i, valid in enumerate(array.is_valid().to_pylist())]
    return array.to_pylist()


def arrow_lines(table):
    """Comparable rows of an Arrow table, sorted."""
    made = []
    for batch in table.to_batches():
        columns = [_values(column) for column in batch.columns]
        rows = zip(*columns) if columns else ((),) * batch.num_rows
        made += [_line(Object(list(zip(table.schema.names, row)))) for row in rows]
    return sorted(made)


def digest(rows):
    """One short text for all of them."""
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:32]


def difference(got, expected):
    """None where they are equal, else the first rows that only one side has."""
    if got == expected:
        return None
    from collections import Counter

    extra, lacking = Counter(got), Counter(expected)
    extra, lacking = extra - lacking, lacking - extra
    return f"{len(got)} rows, expected {len(expected)}\n  only here  {next(iter(sorted(extra)), '-')[:600]}\n  lacking    {next(iter(sorted(lacking)), '-')[:600]}"
