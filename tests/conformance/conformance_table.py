#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/conformance.md: what tarn and other readers make of every file of the corpus. conformance_table.py SOURCE_DIR BUILD_DIR [--write]

BUILD_DIR/conformance.tsv is written by test_parquet_conformance; what the peers make of a file stands in the corpus's index.
Without the corpus or the results there is nothing to compare: exit code 77.
"""
import json
import os
import pathlib
import sys

PEERS = ["pyarrow", "duckdb", "polars", "datafusion", "hyparquet", "parquet-java", "carquet"]
HEAD = """# Conformance

What tarn and other readers make of every Parquet file of the conformance corpus. Printed by
`tests/conformance/conformance_table.py . BUILD_DIR --write` from what `test_parquet_conformance` found; a test compares.

- *read*: the file is right, and all rows must come as expected. *fail*: a clean error is the only right answer. *either*: rows or an error.
- tarn: `equal` (every value of every row, or the digest of every column), `refused` with the error's code, `unsupported` by name.
- `exception`: `impala/data/bad_parquet_data.parquet` counts as damaged in the corpus and is not: it holds three rows, which every reader gives.
- peers: `ok`, `diff` (other rows), `error`. For *fail*, `ok` means that the reader returns data from a file that is damaged.

Readers: {engines}.
"""
VERSIONS = "pyarrow 26.0.1, duckdb 2.0.0, polars 2.1.0, datafusion 55.0.0 (arrow-rs), hyparquet 1.31.5, parquet-java 1.18.1, carquet 0.7.2"


def verdict(must, answer):
    """Is what a reader made of a file right?"""
    kind = answer.split(":")[0]
    if must == "fail":
        return kind in ("error", "refused")
    if must == "read":
        return kind in ("ok", "equal")
    return kind in ("ok", "equal", "error", "refused")


def page(index, results):
    files = [(entry["path"].removeprefix("../"), entry) for entry in index]
    folders = sorted({"/".join(path.split("/")[:2]) if path.startswith("parquet-testing/") else path.split("/")[0] for path, _ in files})
    text = HEAD.format(engines=VERSIONS)
    text += "\n## Files handled rightly\n\n| files | number | tarn | " + " | ".join(PEERS) + " |\n|---|---" + "|---" * (len(PEERS) + 1) + "|\n"

    def line(name, chosen):
        columns = [sum(verdict(entry["must"], results[path]) for path, entry in chosen)]
        columns += [sum(verdict(entry["must"], entry["engines"].get(peer, "error")) for _, entry in chosen) for peer in PEERS]
        return f"| {name} | {len(chosen)} | " + " | ".join(str(column) for column in columns) + " |\n"

    for must in ("read", "fail", "either"):
        text += line(f"*{must}*", [file for file in files if file[1]["must"] == must])
    for folder in folders:
        text += line(f"`{folder}`", [file for file in files if file[0].startswith(folder + "/")])
    text += "\n## Every file\n\n| file | must | tarn | " + " | ".join(PEERS) + " |\n|---|---|---" + "|---" * len(PEERS) + "|\n"
    for path, entry in sorted(files):
        answers = [entry["engines"].get(peer, "-").split(":")[0] for peer in PEERS]
        text += f"| `{path}` | {entry['must']} | {results[path]} | " + " | ".join(answers) + " |\n"
    return text


def main():
    root, build = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    corpus = os.environ.get("TARN_CORPUS")
    found = build / "conformance.tsv"
    if not corpus or not found.exists():
        print("not run: no corpus, or no results")
        sys.exit(77)
    index = [json.loads(line) for line in (pathlib.Path(corpus) / "parquet/expected/index.jsonl").read_text().splitlines()]
    results = dict(line.split("\t") for line in found.read_text().splitlines())
    text = page(index, results)
    path = root / "docs/conformance.md"
    if "--write" in sys.argv:
        path.write_text(text)
    elif not path.exists() or path.read_text() != text:
        sys.exit(f"docs/conformance.md is not what the conformance test found: run {sys.argv[0]} {root} {build} --write")


main()
