#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes tests/data/iceberg_judged.tsv: what the corpus's tables without expected rows hold, as foreign engines read them.

    judge_iceberg_corpus.py      run with the Python of the environment `pyiceberg`; needs TARN_CORPUS, `duckdb-lake` and `spark`

A line: metadata file, snapshot id or "main", rows, digest, engines that gave it. A view on which engines differ has no line.
"""
import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import pyarrow.parquet
from engines import HERE, PEERS

sys.path.insert(0, str(HERE.parent / "support"))
import canonical_rows  # noqa: E402

ICEBERG = pathlib.Path(os.environ["TARN_CORPUS"]) / "iceberg"
ROOT = ICEBERG / "duckdb-iceberg"  # locations are relative to it
ENVIRONMENT = {"pyiceberg": "pyiceberg", "duckdb": "duckdb-lake", "spark": "spark"}


def views():
    """(metadata file, snapshot or None, recorded location) of all that parses."""
    for path in sorted([*ROOT.rglob("*metadata.json"), *(ICEBERG / "icebird" / "hyperparam-iceberg").rglob("*metadata.json")]):
        if "generated_bounds" in path.parts:  # its data files are in no place that exists
            continue
        raw = path.read_bytes()
        try:
            metadata = json.loads(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw)
        except ValueError:
            continue
        for snapshot in [None, *(one["snapshot-id"] for one in metadata.get("snapshots", []))]:
            yield path, snapshot, metadata["location"]


def job(engine, path, snapshot, location, out):
    """How an engine is told where the files are."""
    made = {"metadata": str(path), "snapshot": snapshot, "from": location.removeprefix("./"), "to": str(path.parent.parent)}
    if engine != "pyiceberg" and location.startswith("data/"):  # as recorded, seen from ROOT
        made = {"metadata": os.path.relpath(path, ROOT), "snapshot": snapshot}
    if engine == "spark":
        made["out"] = str(out)
    return made


def ask(engine, wanted, scratch):
    jobs = [job(engine, *view, scratch / str(i)) for i, view in enumerate(wanted)]
    command = [str(PEERS / ENVIRONMENT[engine] / "bin" / "python"), str(HERE / "read_iceberg.py"), engine]
    done = subprocess.run(command, input="\n".join(map(json.dumps, jobs)), stdout=subprocess.PIPE, text=True, cwd=ROOT, check=True,
                          env={**os.environ, "TARN_PEERS": str(PEERS)})
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    for i, answer in enumerate(answers):
        if engine == "spark" and "error" not in answer:
            rows = canonical_rows.arrow_lines(pyarrow.parquet.read_table(scratch / str(i)))
            answers[i] = {"rows": len(rows), "digest": canonical_rows.digest(rows)}
    return answers


def main():
    wanted = list(views())
    with tempfile.TemporaryDirectory(prefix="tarn-judge-") as scratch:
        said = {engine: ask(engine, wanted, pathlib.Path(scratch)) for engine in ENVIRONMENT}
    lines = []
    for i, (path, snapshot, _) in enumerate(wanted):
        # DuckDB renames columns whose names differ in case only.
        by = {engine: (answers[i]["rows"], answers[i]["digest"]) for engine, answers in said.items() if "error" not in answers[i]
              and not (engine == "duckdb" and "case_sensitive_names" in path.parts)}
        name = f"{path.relative_to(ICEBERG)}\t{snapshot or 'main'}"
        if len(set(by.values())) == 1:
            rows, digest = next(iter(by.values()))
            lines.append(f"{name}\t{rows}\t{digest}\t{','.join(by)}")
        else:
            print(f"no verdict: {name}: {by}")
    (HERE.parent / "data" / "iceberg_judged.tsv").write_text("".join(line + "\n" for line in lines))
    print(f"{len(lines)} of {len(wanted)} views judged")


main()
