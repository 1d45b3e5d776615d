# SPDX-License-Identifier: Apache-2.0
"""The stubs say what there is, and what they say can be used."""

import os
import subprocess
import sys

import pytest

import tarn
from conftest import peer

USE = """
import tarn
rows: tarn.Rows = tarn.sql("SELECT :a", a=1)
first: tuple[object, ...] = rows.rows()[0]
table = tarn.Env(threads=1, lake="x").table("t", version=3)
written = tarn.write("t", rows, "append", partition_by=["a"])
number: int = written["version"] + table.version
tarn.write("u", table.scan(["a"], "a > :n", params={"n": 1}), table_format="iceberg")
try:
    table.delete("a = 1")
except tarn.ConflictError as error:
    place: str | None = error.path
"""
MISUSE = ['tarn.sql(1)', 'tarn.write("t", [1])', 'tarn.write("t", tarn.sql("SELECT 1"), "upsert")', 'tarn.table("t").scan(where=1)']


def mypy(*args, cwd):
    peer("mypy")
    folder = os.path.dirname(os.path.dirname(tarn.__file__))
    return subprocess.run(
        [sys.executable, "-m", *args], cwd=cwd, env={**os.environ, "MYPYPATH": folder, "PYTHONPATH": folder}, capture_output=True, text=True, check=False
    )  # fmt: skip


def test_stubs_are_as_the_module(tmp_path):
    allowed = tmp_path / "allowed"
    allowed.write_text("tarn\\._tarn\ntarn\\._display\ntarn\\.[A-Za-z]*\\.__new__\ntarn\\.[A-Za-z]*\\.__init__\ntarn\\.Env\\..*\ntarn\\.Rows\n")
    done = mypy("mypy.stubtest", "tarn", "--allowlist", str(allowed), "--ignore-unused-allowlist", "--ignore-missing-stub", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_stubs_can_be_used(tmp_path):
    (tmp_path / "use.py").write_text(USE)
    done = mypy("mypy", "--strict", "use.py", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    (tmp_path / "misuse.py").write_text("import tarn\n" + "\n".join(MISUSE) + "\n")
    done = mypy("mypy", "--strict", "misuse.py", cwd=tmp_path)
    assert all(f"misuse.py:{line}: error" in done.stdout for line in range(2, 2 + len(MISUSE))), done.stdout


@pytest.mark.parametrize("name", ["sql", "table", "write", "read_parquet", "read_csv", "read_json", "Env", "Table", "Rows", "Error"])
def test_everything_says_what_it_does(name):
    assert getattr(tarn, name).__doc__
