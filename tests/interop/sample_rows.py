# SPDX-License-Identifier: Apache-2.0
"""Rows of every type, for the interop tests: the same each time."""
import datetime
import decimal

import pyarrow as pa

ROWS = 5000


def sample_rows():
    """Rows of every type that the reader has, with nulls at every level, repeated and unique values, extremes."""

    def some(i, value, every=7):
        return None if i % every == 3 else value

    utc = datetime.timezone.utc
    epoch = datetime.datetime(1970, 1, 1)
    columns = {
        "b": pa.array([some(i, i % 3 == 0) for i in range(ROWS)], pa.bool_()),
        "i8": pa.array([some(i, i % 256 - 128) for i in range(ROWS)], pa.int8()),
        "i16": pa.array([some(i, i * 13 % 65536 - 32768) for i in range(ROWS)], pa.int16()),
        "i32": pa.array([some(i, (i * 858993) % 2**32 - 2**31) for i in range(ROWS)], pa.int32()),
        "i64": pa.array([(-1) ** i * (2**63 - 1 - i) for i in range(ROWS)], pa.int64()),
        "u8": pa.array([some(i, i % 256) for i in range(ROWS)], pa.uint8()),
        "u16": pa.array([some(i, i * 13 % 65536) for i in range(ROWS)], pa.uint16()),
        "u32": pa.array([some(i, 2**32 - 1 - i) for i in range(ROWS)], pa.uint32()),
        "u64": pa.array([some(i, 2**64 - 1 - i) for i in range(ROWS)], pa.uint64()),
        "f32": pa.array([some(i, float("nan") if i % 50 == 0 else i / 8) for i in range(ROWS)], pa.float32()),
        "f64": pa.array([some(i, float("inf") if i % 50 == 0 else -0.0 if i % 51 == 0 else i / 3) for i in range(ROWS)], pa.float64()),
        "s": pa.array([some(i, f"Straße {i} 漢字 🦆") for i in range(ROWS)], pa.string()),
        "few": pa.array([some(i, ("red", "green", "", "blue")[i % 4]) for i in range(ROWS)], pa.string()),
        "bin": pa.array([some(i, bytes([i % 256, 0, 255])) for i in range(ROWS)], pa.binary()),
        "d9": pa.array([some(i, decimal.Decimal(i - 2500) / 100) for i in range(ROWS)], pa.decimal128(9, 2)),
        "d38": pa.array([some(i, decimal.Decimal(10**30 + i) / 1000) for i in range(ROWS)], pa.decimal128(38, 3)),
        "day": pa.array([some(i, datetime.date(1582, 10, 15) + datetime.timedelta(days=i * 30)) for i in range(ROWS)], pa.date32()),
        "ms": pa.array([some(i, epoch + datetime.timedelta(milliseconds=i * 1001)) for i in range(ROWS)], pa.timestamp("ms")),
        "us": pa.array([some(i, epoch - datetime.timedelta(microseconds=i * 10**9 + 1)) for i in range(ROWS)], pa.timestamp("us")),
        "at": pa.array([some(i, (epoch + datetime.timedelta(hours=i)).replace(tzinfo=utc)) for i in range(ROWS)], pa.timestamp("us", "UTC")),
        "t": pa.array([some(i, datetime.time(i % 24, i % 60, i % 60, i)) for i in range(ROWS)], pa.time64("us")),
        "l": pa.array([some(i, [some(j, j * i, 5) for j in range(i % 6)]) for i in range(ROWS)], pa.list_(pa.int64())),
        "ll": pa.array([some(i, [[f"{i}", None], [], None][: i % 4]) for i in range(ROWS)], pa.list_(pa.list_(pa.string()))),
        "r": pa.array([some(i, {"x": some(i, i, 5), "y": {"z": f"z{i % 10}"}}) for i in range(ROWS)],
                      pa.struct([("x", pa.int32()), ("y", pa.struct([("z", pa.string())]))])),
        "m": pa.array([some(i, [(f"k{j}", some(j, j, 4)) for j in range(i % 4)]) for i in range(ROWS)], pa.map_(pa.string(), pa.int32())),
        "lr": pa.array([some(i, [{"a": j, "b": [f"{j}"] * (j % 3)} for j in range(i % 3)]) for i in range(ROWS)],
                       pa.list_(pa.struct([("a", pa.int64()), ("b", pa.list_(pa.string()))]))),
    }
    return pa.table(columns)
