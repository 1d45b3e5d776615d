#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every statement of flights.sql: tarn over a table that it imported from the CSV, DuckDB over the CSV itself; the rows must be equal.

    check_sql_duckdb.py TARN CSV [STATEMENTS]

TARN is the command, CSV the flights of nycflights13 (TARN_CORPUS/real/nycflights13-flights.csv.gz). Doubles may differ in their last
digits, since sums of doubles depend on the order; everything else is compared exactly, in the order given.
"""
import datetime
import decimal
import json
import math
import os
import subprocess
import sys
import tempfile

import duckdb


def same(ours, theirs):
    if theirs is None or ours is None:
        return ours is None and theirs is None
    if isinstance(theirs, bool):
        return ours is theirs
    if isinstance(theirs, float):
        value = float(ours)
        return math.isclose(value, theirs, rel_tol=1e-9, abs_tol=1e-12) or (math.isnan(value) and math.isnan(theirs))
    if isinstance(theirs, (int, decimal.Decimal)):
        return decimal.Decimal(str(ours)) == decimal.Decimal(theirs)
    if isinstance(theirs, datetime.datetime):
        text = str(ours).replace("T", " ").rstrip("Z")
        stamp = datetime.datetime.fromisoformat(text)
        return stamp == theirs.replace(tzinfo=None)
    if isinstance(theirs, datetime.date):
        return str(ours)[:10] == theirs.isoformat()
    return str(ours) == str(theirs)


def main():
    tarn, csv = sys.argv[1], sys.argv[2]
    here = os.path.dirname(os.path.abspath(__file__))
    path = sys.argv[3] if len(sys.argv) > 3 else os.path.join(here, "flights.sql")
    with open(path, encoding="utf-8") as file:
        statements = [line.strip() for line in file if line.strip()]
    con = duckdb.connect()
    con.execute("SET timezone = 'UTC'")
    # NA is null in typed columns only; tailnum is text, where tarn keeps what is written.
    con.execute(f"CREATE TABLE flights AS SELECT * REPLACE (coalesce(tailnum, 'NA') AS tailnum) FROM read_csv('{csv}', nullstr = 'NA')")
    failures = 0
    with tempfile.TemporaryDirectory() as lake:
        subprocess.run([tarn, "import", csv, os.path.join(lake, "flights")], check=True, stdout=subprocess.DEVNULL)
        for statement in statements:
            run = subprocess.run([tarn, "query", "--lake", lake, "-o", "jsonl", statement], capture_output=True, text=True, check=False)
            theirs = con.execute(statement).fetchall()
            if run.returncode != 0:
                problem = run.stderr.strip()
            else:
                ours = [list(json.loads(line, parse_float=str).values()) for line in run.stdout.splitlines()]
                problem = None
                if len(ours) != len(theirs):
                    problem = f"{len(ours)} rows, DuckDB has {len(theirs)}"
                for a, b in zip(ours, theirs):
                    if problem is None and not all(same(x, y) for x, y in zip(a, b)):
                        problem = f"{a}\n  DuckDB: {list(b)}"
            if problem is not None:
                failures += 1
                print(f"DIFFERS: {statement}\n  {problem}")
    print(f"{len(statements) - failures} of {len(statements)} statements give DuckDB's rows")
    return 1 if failures or not statements else 0


if __name__ == "__main__":
    sys.exit(main())
