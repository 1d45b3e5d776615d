#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The hammer of hammer.c, swung by deltalake (delta-rs): rows of N processes into one Delta table, by its Python package.

hammer_deltalake.py FOLDER [--processes N] [--commits N] [--kills N] [--seed N]

Each process appends rows with ids of its own and deletes some again; some are killed with SIGKILL and started again. Journals, accounts
and the line of JSON at the end are those of hammer.c, so that the two stand side by side. Exits 0 whatever was found: it measures a peer.
"""
import argparse
import json
import os
import random
import signal
import sys
import time

STRIDE = 1_000_000


def note(journal, what, number, value):
    os.write(journal, f"{what} {number} {value}\n".encode())


def work(folder, process, done, commits, seed):
    import pyarrow
    from deltalake import DeltaTable, write_deltalake

    chance = random.Random(seed * 7919 + process * 104729 + done)
    journal = os.open(f"{folder}/journal-{process}", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    schema = pyarrow.schema([("id", pyarrow.int64()), ("list", pyarrow.int32()), ("place", pyarrow.int32())])
    for i in range(done, commits):
        number = process * STRIDE + i
        deletes = i > 0 and chance.randrange(8) == 0
        victim = process * STRIDE + chance.randrange(i) if deletes else 0
        begun = time.monotonic()
        try:
            if deletes:
                note(journal, "d", victim, i)
                DeltaTable(f"{folder}/t").delete(f"id = {victim}")
            else:
                note(journal, "t", number, i)
                rows = pyarrow.table({"id": [number], "list": [process], "place": [0]}, schema=schema)
                write_deltalake(f"{folder}/t", rows, mode="append")
            note(journal, "e" if deletes else "a", victim if deletes else number, int((time.monotonic() - begun) * 1e6))
        except Exception as error:  # whatever it is, the change was refused
            print(f"process {process}: {str(error)[:160]}", file=sys.stderr)
            note(journal, "x", number, 0)
    os._exit(0)


def journal_of(folder, process):
    rows, done, refused, times = {}, 0, 0, []
    try:
        lines = open(f"{folder}/journal-{process}").read().splitlines()
    except FileNotFoundError:
        lines = []
    for line in lines:
        what, number, value = line.split()
        rows.setdefault(int(number), set()).add(what)
        if what == "t":
            done = int(number) % STRIDE + 1
        elif what == "d":
            done = int(value) + 1
        elif what in "ae":
            times.append(int(value))
        elif what == "x":
            refused += 1
    return rows, done, refused, times


def start(options, process, done):
    child = os.fork()
    if child == 0:
        work(options.folder, process, done, options.commits, options.seed)
    return child


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("folder")
    arguments.add_argument("--processes", type=int, default=8)
    arguments.add_argument("--commits", type=int, default=100)
    arguments.add_argument("--kills", type=int, default=0)
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()
    os.makedirs(f"{options.folder}/t/_delta_log")
    fields = [{"name": n, "type": t, "nullable": True, "metadata": {}} for n, t in (("id", "long"), ("list", "integer"), ("place", "integer"))]
    with open(f"{options.folder}/t/_delta_log/{0:020d}.json", "w") as log:
        log.write(json.dumps({"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}) + "\n")
        schema = json.dumps({"type": "struct", "fields": fields})
        log.write(json.dumps({"metaData": {"id": "5fba94ed-9794-4965-ba6e-6ee3c0d22af9", "format": {"provider": "parquet", "options": {}}, "schemaString": schema, "partitionColumns": [], "configuration": {}, "createdTime": 1}}) + "\n")
    chance = random.Random(options.seed)
    begun = time.monotonic()
    children = [start(options, p, 0) for p in range(options.processes)]
    kills = 0
    while any(children):
        time.sleep(chance.random() * 0.02)
        for p, child in enumerate(children):
            if child and os.waitpid(child, os.WNOHANG)[0] == child:
                children[p] = 0
        p = chance.randrange(options.processes)
        if children[p] and kills < options.kills:
            os.kill(children[p], signal.SIGKILL)
            os.waitpid(children[p], 0)
            kills += 1
            children[p] = start(options, p, journal_of(options.folder, p)[1])
    seconds = time.monotonic() - begun

    from deltalake import DeltaTable

    table = DeltaTable(f"{options.folder}/t")
    found = table.to_pyarrow_table().column("id").to_pylist()
    known, refused, times = {}, 0, []
    for p in range(options.processes):
        rows, _, failed, spent = journal_of(options.folder, p)
        known.update(rows)
        refused += failed
        times += spent
    present = set(found)
    times.sort()
    print(json.dumps({
        "work": "rows", "engine": "deltalake", "processes": options.processes, "kills": kills, "acknowledged": len(times), "dropped": refused,
        "lost": sum("a" in what and "d" not in what and number not in present for number, what in known.items()),
        "doubled": len(found) - len(present), "made_up": sum("t" not in known.get(number, ()) for number in present),
        "undead": sum("e" in known.get(number, ()) for number in present), "versions": table.version(), "seconds": round(seconds, 3),
        "commits_per_second": round(len(times) / seconds, 1), "p99_ms": round(times[len(times) * 99 // 100] / 1000, 1) if times else 0}))


if __name__ == "__main__":
    main()
