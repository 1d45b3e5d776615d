#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tarn and deltalake append to one table at the same time: every row that either acknowledged is there once, for both."""
import json
import sys
import threading

from engines import not_run, scratch, tarn

try:
    import deltalake
    import pyarrow
except ImportError as why:
    not_run(why)

EACH = 20


def appended_by_tarn(folder, table, w):
    source = folder / f"{w}.csv"
    for n in range(EACH):
        source.write_text(f"w,n\n{w},{n}\n")
        tarn("import", source, table, "--mode", "append")


def appended_by_deltalake(table, w):
    for n in range(EACH):
        rows = pyarrow.table({"w": pyarrow.array([w], pyarrow.int64()), "n": pyarrow.array([n], pyarrow.int64())})
        deltalake.write_deltalake(str(table), rows, mode="append")
        if n % 7 == 6:
            deltalake.DeltaTable(str(table)).create_checkpoint()


def main():
    folder = scratch()
    table = folder / "t"
    (folder / "seed.csv").write_text("w,n\n9,0\n")
    tarn("import", folder / "seed.csv", table)
    failed = []

    def guarded(job, *arguments):
        try:
            job(*arguments)
        except (SystemExit, Exception) as why: # a thread's own end would go unseen
            failed.append(str(why))

    writers = [threading.Thread(target=guarded, args=(appended_by_tarn, folder, table, w)) for w in (0, 1)]
    writers += [threading.Thread(target=guarded, args=(appended_by_deltalake, table, w)) for w in (2, 3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    if failed:
        sys.exit(failed[0])
    expected = sorted([(w, n) for w in range(4) for n in range(EACH)] + [(9, 0)])
    seen = sorted((row["w"], row["n"]) for row in map(json.loads, tarn("cat", table, "-o", "jsonl").splitlines()))
    other = deltalake.DeltaTable(str(table)).to_pyarrow_table().to_pylist()
    for who, rows in (("tarn", seen), ("deltalake", sorted((row["w"], row["n"]) for row in other))):
        if rows != expected:
            sys.exit(f"{who} reads {len(rows)} rows, expected {len(expected)}")
    if deltalake.DeltaTable(str(table)).version() != 4 * EACH:
        sys.exit(f"version {deltalake.DeltaTable(str(table)).version()}, expected {4 * EACH}")
    tarn("verify", table)
    print(f"{len(expected)} rows of four writers, read by both")


main()
