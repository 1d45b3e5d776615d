# SPDX-License-Identifier: Apache-2.0
"""What the interop tests share: where the engines and tarn are, running them, comparing rows by value."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PEERS = pathlib.Path(os.environ.get("TARN_PEERS", HERE.parent.parent / "build" / "peers"))
ENVIRONMENT = {"deltalake": "peers", "polars": "peers", "duckdb": "duckdb-lake", "spark": "spark", "pyiceberg": "pyiceberg"}


def not_run(why):
    """Ends a test that cannot run here: never green. CTest's SKIP_RETURN_CODE."""
    print(f"not run: {why}")
    sys.exit(77)


def tarn(*arguments, expect=0):
    """Runs the command; its stdout. A different exit code fails the test."""
    done = subprocess.run([os.environ["TARN"], *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != expect:
        sys.exit(f"tarn {' '.join(map(str, arguments))}: exit code {done.returncode}, expected {expect}\n{done.stdout[-500:]}{done.stderr[-2000:]}")
    return done.stdout


def dump(engine, table, out, version=None):
    """What a foreign engine reads, as a Parquet file (Spark: a folder of them)."""
    python = PEERS / ENVIRONMENT[engine] / "bin" / "python"
    command = [python, HERE / "dump_table.py", engine, table, out] + ([str(version)] if version is not None else [])
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, env={**os.environ, "TARN_PEERS": str(PEERS)})
    if done.returncode != 0:
        sys.exit(f"{engine} cannot read {table}:\n{done.stderr[-3000:]}")


class IcebergReader:
    """An engine that stays up and reads one Iceberg table after the other (read_iceberg.py)."""

    def __init__(self, engine, catalogs=None):
        self.engine = engine
        python = PEERS / ENVIRONMENT[engine] / "bin" / "python"
        self.there = python.exists()
        if self.there:
            environment = {**os.environ, "TARN_PEERS": str(PEERS), "SPARK_CATALOGS": json.dumps(catalogs or {})}
            self.process = subprocess.Popen([python, HERE / "read_iceberg.py", engine], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=subprocess.DEVNULL, text=True, env=environment)

    def ask(self, **job):
        """The answer; what the engine cannot do ends the test."""
        answer = self.try_to(**job)
        if "error" in answer:
            sys.exit(f"{self.engine} fails: {job}\n  {answer['error']}")
        return answer

    def try_to(self, **job):
        self.process.stdin.write(json.dumps({key: str(value) if isinstance(value, pathlib.Path) else value for key, value in job.items()}) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        return json.loads(answer) if answer else {"error": "the engine ended"}

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class SparkSql:
    """Spark with Delta, which stays up and runs one statement after the other (spark_sql.py)."""

    def __init__(self):
        python = PEERS / "spark" / "bin" / "python"
        self.there = python.exists()
        if self.there:
            self.process = subprocess.Popen([python, HERE / "spark_sql.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                            text=True, env={**os.environ, "TARN_PEERS": str(PEERS)})

    def try_to(self, statement):
        """The rows, or {"error": ...}. A column that is null is not in its row."""
        self.process.stdin.write(json.dumps(statement) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        return json.loads(answer) if answer else {"error": "Spark ended"}

    def run(self, statement):
        """The rows; what Spark cannot do ends the test."""
        answer = self.try_to(statement)
        if isinstance(answer, dict):
            sys.exit(f"Spark fails: {statement}\n  {answer['error']}")
        return answer

    def close(self):
        if self.there:
            self.process.stdin.close()
            self.process.wait()


def same_rows(connection, left, right, what):
    """Both relations hold the same rows, as multisets: compared value by value inside DuckDB, both ways."""
    counts = [connection.execute(f"SELECT count(*) FROM {side}").fetchone()[0] for side in (left, right)]
    if counts[0] != counts[1]:
        sys.exit(f"{what}: {counts[0]} rows against {counts[1]}")
    for a, b in ((left, right), (right, left)):
        odd = connection.execute(f"SELECT * FROM (SELECT * FROM {a} EXCEPT ALL SELECT * FROM {b}) LIMIT 3").fetchall()
        if odd:
            sys.exit(f"{what}: only on one side: {odd}")
    if counts[0] == 0:
        sys.exit(f"{what}: no rows compared")
    print(f"{what}: {counts[0]} rows equal")


def scratch():
    return pathlib.Path(tempfile.mkdtemp(prefix="tarn-interop-"))
