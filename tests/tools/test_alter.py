#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tarn create, tarn alter, and imports that change what the table is.

SPEC: T-DELTA-ALTER-9 Q-ALTER-1
"""
from command import Run, run_all


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


run_all([create_and_alter, imports_merge_and_overwrite_schemas])
