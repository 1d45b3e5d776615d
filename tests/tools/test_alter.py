#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tarn create, tarn alter, and imports that change what the table is.

SPEC: T-DELTA-ALTER-9 Q-ALTER-1 T-DELTA-RULE-1 T-DELTA-RULE-2 T-DELTA-RULE-3 T-DELTA-RULE-4
"""
import os
import pathlib
import shutil

from command import Run, equal, run_all


def create_and_alter(folder):
    Run("create", "t", "id BIGINT NOT NULL, name VARCHAR DEFAULT 'x'", "--partition-by", "id").expect(0, out="created, version 0")
    Run("alter", "t", "ADD COLUMN late DATE").expect(0, out="altered, version 1")
    Run("query", "INSERT INTO t (id) VALUES (1)").expect(0)
    Run("alter", "t", "ADD CONSTRAINT two CHECK (id > 1)").expect(4, err="break the constraint")
    Run("cat", "t", "-o", "csv").expect(0, out="1,x,")
    Run("alter", "t", "DROP TABLE").expect(4)
    Run("alter", "nowhere", "ADD COLUMN late DATE").expect(3)


def imports_merge_and_overwrite_schemas(folder):
    (folder / "a.csv").write_text("id,a\n1,x\n")
    (folder / "b.csv").write_text("b,id\n2.5,2\n")
    Run("import", "a.csv", "t").expect(0)
    Run("import", "b.csv", "t", "--mode", "append").expect(4)
    Run("import", "b.csv", "t", "--mode", "append", "--merge-schema").expect(0)
    Run("query", "SELECT * FROM t ORDER BY id", "-o", "csv").expect(0, out="id,a,b\n1,x,\n2,,2.5\n")
    Run("import", "b.csv", "t", "--mode", "append", "--overwrite-schema").expect(2)
    Run("import", "b.csv", "t", "--mode", "overwrite", "--overwrite-schema", "--partition-by", "id").expect(0)
    Run("query", "SELECT * FROM t", "-o", "csv").expect(0, out="b,id\n2.5,2\n")
    Run("query", "SELECT * FROM t VERSION AS OF 1 ORDER BY id", "-o", "csv").expect(0, out="id,a,b\n1,x,\n2,,2.5\n")


# Tables that Spark and delta-rs made: what may be written to them, and what their writers refused.
WRITES = [
    ("generated-columns", "(id, ts) VALUES (77, '2024-05-06 07:08:09Z')", 0, "id = 77", {"d": "2024-05-06", "twice": 154, "up": "K77"}),
    ("generated-columns", "(id, twice) VALUES (77, 3)", 4, None, None),
    ("identity-columns", "(s) VALUES ('new')", 0, "s = 'new'", {"id": 12, "k": 30}),
    ("identity-columns", "(id) VALUES (1)", 4, None, None),
    ("column-defaults", "(id) VALUES (99)", 0, "id = 99", {"s": "new", "d": "2020-02-02", "n": None, "x": "xx"}),
    ("nullability-constraints", "(id, amount) VALUES (1, 0)", 4, None, None),
    ("nullability-constraints", "(id, amount) VALUES (77, 1)", 0, "id = 77", {"amount": "1.00"}),
    ("rs-zorder-constraint", "(id) VALUES (-1)", 4, None, None),
    ("rs-zorder-constraint", "(id) VALUES (7777)", 0, "id = 7777", {"k": None}),
    ("append-only", "(id) VALUES (7777)", 0, "id = 7777", {}),
]


def tables_of_others_are_written_by_their_rules(folder):
    corpus = os.environ.get("TARN_CORPUS")
    if not corpus:
        print("not run: TARN_CORPUS is not set")
        return
    for number, (case, rows, code, where, expected) in enumerate(WRITES):
        table = f"{case}-{number}"
        shutil.copytree(pathlib.Path(corpus) / "delta" / "engines" / case / "table", folder / table, copy_function=shutil.copyfile)
        for place in [folder / table, *(folder / table).rglob("*")]:
            place.chmod(0o755 if place.is_dir() else 0o644)
        Run("query", f"INSERT INTO '{table}' {rows}").expect(code)
        if expected is not None:
            row = Run("query", f"SELECT * FROM '{table}' WHERE {where}", "-o", "jsonl").expect(0).rows()[0]
            equal({name: row[name] for name in expected}, expected, table)
    Run("query", f"DELETE FROM 'append-only-{len(WRITES) - 1}' WHERE id = 1").expect(4, err="append-only")


run_all([tables_of_others_are_written_by_their_rules, create_and_alter, imports_merge_and_overwrite_schemas])
