# SPDX-License-Identifier: Apache-2.0
"""What a folder of Parquet files holds, in one line that is equal when the tables are: rows, values, and sums of numbers by column."""
import sys

import duckdb

connection = duckdb.connect()
source = f"read_parquet('{sys.argv[1]}/**/*.parquet', hive_partitioning = false)"
columns = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
parts = ["count(*)"]
for name, kind, *_ in columns:
    quoted = '"' + name.replace('"', '""') + '"'
    parts.append(f"count({quoted})")
    if kind in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE") or kind.startswith("DECIMAL"):
        parts.append(f"sum({quoted}::DECIMAL(38, 4))")
    elif kind == "DATE":
        parts.append(f"sum(epoch({quoted})::DECIMAL(38, 4))")
    elif kind == "VARCHAR":
        parts.append(f"sum(strlen({quoted}))")
values = connection.execute(f"SELECT {', '.join(parts)} FROM {source}").fetchone()
print(" ".join(str(value) for value in values))
