#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Eight processes that write one Iceberg table at the same time, in a folder and through a SQL catalog, some of them killed in the middle:
what was acknowledged is there, once, and nothing else is but what a killed one had committed.

SPEC: T-ICEBERG-ENGINES-8

    test_iceberg_writers.py [EACH]      imports of each writer (default 12)
"""
import json
import pathlib
import random
import sqlite3
import subprocess
import sys
import time

from command import TARN, Run, equal, run_all, together

EACH = int(sys.argv[1]) if len(sys.argv) > 1 else 12
WRITERS = 8
KILLS = 25
CONFLICT = 7


def put(folder, name, rows):
    path = folder / f"{name}.csv"
    path.write_text("w,n\n" + "".join(f"{w},{n}\n" for w, n in rows))
    return path


class Table:
    """Where it is: a folder, or a name in a catalog."""

    def __init__(self, folder, catalog):
        self.folder, self.catalog = folder, folder / "catalog.db" if catalog else None
        self.name = "ns.t" if catalog else str(folder / "t")
        self.lake = ["--lake", f"sqlite:///{self.catalog}?warehouse={folder / 'wh'}"] if catalog else []

    def run(self, command, *words):
        return Run(command, *words, *self.lake)

    def rows(self):
        return sorted((row["w"], row["n"]) for row in self.run("cat", self.name, "-o", "jsonl").expect(0).rows())

    def metadata(self):
        """The newest metadata file; the table's own word for it."""
        if self.catalog:
            with sqlite3.connect(self.catalog) as database:
                location, = database.execute("SELECT metadata_location FROM iceberg_tables WHERE table_name = 't'").fetchone()
            return pathlib.Path(location.removeprefix("file://"))
        return max((self.folder / "t" / "metadata").glob("v*.metadata.json"), key=lambda path: int(path.name[1:].split(".")[0]))

    def snapshots(self):
        return json.loads(self.metadata().read_text())["snapshots"]


def appends_all_land_once(folder, catalog):
    table = Table(folder, catalog)
    table.run("import", put(folder, "seed", [(99, 0)]), table.name, "--table-format", "iceberg").expect(0)

    def writer(w):
        for n in range(EACH):
            table.run("import", put(folder, f"w{w}", [(w, n)]), table.name, "--mode", "append").expect(0)

    together(*(lambda w=w: writer(w) for w in range(WRITERS)))
    equal(table.rows(), [(w, n) for w in range(WRITERS) for n in range(EACH)] + [(99, 0)], "rows")
    snapshots = table.snapshots()
    equal(len(snapshots), WRITERS * EACH + 1, "snapshots")
    equal([one["sequence-number"] for one in snapshots], list(range(1, len(snapshots) + 1)), "sequence numbers")
    equal([one.get("parent-snapshot-id") for one in snapshots[1:]], [one["snapshot-id"] for one in snapshots[:-1]], "parents")
    equal(snapshots[-1]["summary"]["total-records"], str(len(snapshots)), "rows, by the last summary")
    table.run("verify", table.name).expect(0)


def appends_in_a_folder_all_land_once(folder):
    appends_all_land_once(folder, False)


def appends_through_a_catalog_all_land_once(folder):
    appends_all_land_once(folder, True)


def creators_make_a_table_once(folder):
    for catalog in (False, True):
        table = Table(folder, catalog)
        codes = []

        def creator(w):
            done = table.run("import", put(folder, f"w{w}", [(w, 0)]), table.name, "--table-format", "iceberg")
            codes.append((done.code, w))
            if done.code not in (0, CONFLICT, 11):
                done.fail("neither created nor told that the table is there")

        together(*(lambda w=w: creator(w) for w in range(4)))
        winners = [w for code, w in codes if code == 0]
        equal(len(winners), 1, "imports that created the table")
        equal(table.rows(), [(winners[0], 0)], "rows")


def changes_beside_appends_lose_nothing(folder):
    """A DELETE that loses against another ends with exit code 7 and has removed nothing."""
    for catalog in (False, True):
        table = Table(folder, catalog)
        table.run("import", put(folder, "seed", [(9, n) for n in range(EACH)]), table.name, "--table-format", "iceberg", "--partition-by", "w").expect(0)
        gone, lost = [], []

        def appender(w):
            for n in range(EACH):
                table.run("import", put(folder, f"w{w}", [(w, n)]), table.name, "--mode", "append").expect(0)

        def deleter():
            for n in range(EACH):
                name = table.name if catalog else f"'{table.name}'"
                done = table.run("query", f"DELETE FROM {name} WHERE w = 9 AND n = {n}", "--json")
                (lost if done.code == CONFLICT else gone).append(n)
                if done.code != CONFLICT:
                    equal(done.expect(0).json()["result"]["rows_changed"], 1, "rows that a DELETE removed")

        together(lambda: appender(0), lambda: appender(1), deleter)
        rows = table.rows()
        equal([row for row in rows if row[0] != 9], [(w, n) for w in range(2) for n in range(EACH)], "rows appended beside the deletes")
        equal([n for w, n in rows if w == 9], sorted(lost), "rows whose DELETE lost")
        print(f"  {len(gone)} of {EACH} deletes landed; the others lost cleanly")


def killed_writers_leave_whole_commits(folder):
    """Appends that are killed at any moment: all of a commit or nothing of it, and what was acknowledged stays."""
    for catalog in (False, True):
        table = Table(folder, catalog)
        table.run("import", put(folder, "seed", [(0, 0)]), table.name, "--table-format", "iceberg").expect(0)
        begun = time.monotonic()
        table.run("import", put(folder, "one", [(1, n) for n in range(50)]), table.name, "--mode", "append").expect(0)
        whole = time.monotonic() - begun
        random_ = random.Random(7)
        expected, killed, landed, turn = {0: 1, 1: 50}, 0, 0, 2
        while killed < KILLS:
            source = put(folder, "next", [(turn, n) for n in range(50)])
            job = subprocess.Popen([TARN, "import", source, table.name, "--mode", "append", *table.lake], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(random_.uniform(0, whole * 1.2))
            job.kill()
            acknowledged = job.wait() == 0
            killed += not acknowledged
            counts = {}
            for w, _ in table.rows():
                counts[w] = counts.get(w, 0) + 1
            if acknowledged or turn in counts:
                expected[turn] = 50
                landed += not acknowledged
            equal(counts, expected, "rows of each import after a kill")
            turn += 1
        table.run("verify", table.name).expect(0)
        print(f"  {'catalog' if catalog else 'folder'}: {killed} killed, {landed} of them behind their commit")


if __name__ == "__main__":
    run_all([appends_in_a_folder_all_land_once, appends_through_a_catalog_all_land_once, creators_make_a_table_once,
             changes_beside_appends_lose_nothing, killed_writers_leave_whole_commits])
