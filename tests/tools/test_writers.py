#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Processes that write one table at the same time: what was acknowledged is there, once, and nothing else is.

    test_writers.py [EACH]      imports of each writer (default 100)
"""
import json
import pathlib
import sys

from command import Run, equal, run_all, together

EACH = int(sys.argv[1]) if len(sys.argv) > 1 else 100
CONFLICT = 7


def put(folder, name, rows):
    path = folder / f"{name}.csv"
    path.write_text("w,n,u\n" + "".join(f"{w},{n},{u}\n" for w, n, u in rows))
    return path


def rows_of(table):
    return sorted((row["w"], row["n"], row["u"]) for row in Run("cat", table, "-o", "jsonl").expect(0).rows())


def versions_of(table):
    """The versions in the log; a gap or a file that is no version fails."""
    names = sorted(path.name for path in pathlib.Path(table, "_delta_log").iterdir() if path.suffix == ".json")
    equal(names, [f"{version:020d}.json" for version in range(len(names))], "names in the log")
    return len(names)


def added_files(table):
    found = []
    for path in pathlib.Path(table, "_delta_log").glob("*.json"):
        found += [action["add"]["path"] for action in map(json.loads, path.read_text().splitlines()) if "add" in action]
    return found


def appends_of_four_processes_all_land_once(folder):
    """Durability is full, as always with the command: each commit waits for the disk."""
    Run("import", put(folder, "seed", [(9, 0, 0)]), "t").expect(0)

    def writer(w):
        for n in range(EACH):
            Run("import", put(folder, f"w{w}", [(w, n, 0)]), "t", "--mode", "append").expect(0)

    together(*(lambda w=w: writer(w) for w in range(4)))
    equal(versions_of("t"), 4 * EACH + 1, "versions")
    equal(rows_of("t"), [(w, n, 0) for w in range(4) for n in range(EACH)] + [(9, 0, 0)], "rows")
    equal(len(set(added_files("t"))), 4 * EACH + 1, "data files, each named once")
    equal(sorted(path.name for path in pathlib.Path("t").glob("*.parquet")), sorted(added_files("t")), "files in the folder: no orphans")
    Run("verify", "t").expect(0)


def creators_of_one_table_make_it_once(folder):
    """Four imports that all find no table: one creates it, the others say that it is there."""
    codes = []

    def creator(w):
        done = Run("import", put(folder, f"w{w}", [(w, 0, 0)]), "t")
        codes.append((done.code, w))
        if done.code not in (0, CONFLICT, 11):
            done.fail("neither created nor told that the table is there")

    together(*(lambda w=w: creator(w) for w in range(4)))
    winners = [w for code, w in codes if code == 0]
    equal(len(winners), 1, "imports that created the table")
    equal(rows_of("t"), [(winners[0], 0, 0)], "rows")


def changes_beside_appends_lose_nothing(folder):
    """A change that loses against another ends with exit code 7 and has changed nothing; the sums of the others come out."""
    marked, doomed = 10, EACH
    Run("import", put(folder, "seed", [(8, n, 0) for n in range(marked)] + [(9, n, 0) for n in range(doomed)]), "t").expect(0)
    updates, deletes, removed = [], [], []

    def appender(w):
        for n in range(EACH):
            Run("import", put(folder, f"w{w}", [(w, n, 0)]), "t", "--mode", "append").expect(0)

    def changed(sql):
        """Rows that the statement has changed, or None when it lost."""
        done = Run("query", sql, "--json")
        if done.code == CONFLICT:
            return None
        return done.expect(0).json()["result"]["rows_changed"]

    def updater():
        for _ in range(EACH):
            rows = changed("UPDATE t SET u = u + 1 WHERE w = 8")
            updates.append(rows)
            if rows not in (None, marked):
                sys.exit(f"an UPDATE of {marked} rows changed {rows}")

    def deleter():
        for n in range(doomed):
            rows = changed(f"DELETE FROM t WHERE w = 9 AND n = {n}")
            deletes.append((n, rows))
            if rows not in (None, 1):
                sys.exit(f"a DELETE of one row removed {rows}")
            removed.append(changed("DELETE FROM t WHERE w = 0 AND n % 5 = 0"))

    together(lambda: appender(0), lambda: appender(1), updater, deleter)
    rows = rows_of("t")
    done = sum(1 for count in updates if count)
    equal([row for row in rows if row[0] == 8], [(8, n, done) for n in range(marked)], "rows updated, as often as acknowledged")
    equal([row[1] for row in rows if row[0] == 9], [n for n, count in deletes if count is None], "rows whose DELETE lost")
    equal([row for row in rows if row[0] == 1], [(1, n, 0) for n in range(EACH)], "rows appended beside the changes")
    equal([row for row in rows if row[0] == 0 and row[1] % 5], [(0, n, 0) for n in range(EACH) if n % 5], "rows that no DELETE names")
    equal(len([row for row in rows if row[0] == 0]), EACH - sum(count or 0 for count in removed), "rows left of those that a DELETE names")
    commits = 1 + 2 * EACH + done + sum(1 for _, count in deletes if count) + sum(1 for count in removed if count)
    equal(versions_of("t"), commits, "versions: one for each that changed something")
    Run("verify", "t").expect(0)
    print(f"  {done} of {len(updates)} updates, {sum(1 for _, c in deletes if c)} of {len(deletes)} deletes landed; the others lost cleanly")


# SPEC: Q-DML-9
def updates_of_four_processes_all_count(folder):
    """Each counts the one row up. A statement that loses a race is run again on what the winner left."""
    for name, table_format in (("d", "delta"), ("i", "iceberg")):
        Run("import", put(folder, "seed", [(0, 0, 0)]), name, "--table-format", table_format).expect(0)

        def writer(name=name):
            for _ in range(10):
                Run("query", f"UPDATE '{name}' SET n = n + 1").expect(0)

        together(*(writer for _ in range(4)))
        equal(rows_of(name), [(0, 40, 0)], f"the count in the {table_format} table")


run_all([appends_of_four_processes_all_land_once, creators_of_one_table_make_it_once, changes_beside_appends_lose_nothing,
         updates_of_four_processes_all_count])
