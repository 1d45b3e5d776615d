#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Changes that are killed with SIGKILL at random moments: the table is the version before or the version after, whole."""
import random
import subprocess
import sys
import time

from command import TARN, Run, equal, run_all

KILLS = int(sys.argv[1]) if len(sys.argv) > 1 else 15
ROWS = 20000


def content(table):
    return sorted(Run("cat", table, "-o", "csv", "--no-header").expect(0).out.splitlines())


def newest(table):
    return Run("log", table, "--json", "-n", "1").expect(0).json()["result"][0]["version"]


def killed_at_any_moment(folder, words, after):
    """Runs `words` again and again from the same rows, killed from before its first byte to behind its commit."""
    Run("import", folder / "rows.csv", "t").expect(0)
    before = content("t")
    after = after(before)
    begun = time.monotonic()
    Run(*words).expect(0)
    whole = time.monotonic() - begun
    equal(content("t"), after, "rows of a change that nobody disturbs")
    random_ = random.Random(1)
    killed = landed = 0
    while killed < KILLS:
        Run("restore", "t", "0", "--yes")
        base = newest("t")
        equal(content("t"), before, "rows after restore")
        job = subprocess.Popen([TARN, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(random_.uniform(0, whole * 1.1))
        job.kill()
        acknowledged = job.wait() == 0
        killed += not acknowledged
        version, rows = newest("t"), content("t")
        if version == base + 1:
            landed += not acknowledged
            equal(rows == after, True, f"all of the change at version {version}")
        else:
            equal(version, base, "version after a kill")
            equal(acknowledged, False, "an acknowledged change is lost")
            equal(rows == before, True, f"nothing of the change at version {version}")
    Run("verify", "t").expect(0)
    print(f"  {words[0]} {words[1][:20]}: {killed} killed, {landed} of them behind their commit")


def rows_file(folder, name, sign):
    (folder / f"{name}.csv").write_text("id,v\n" + "".join(f"{i},{sign}{i * 31 % 977}\n" for i in range(1, ROWS + 1)))


def update(folder):
    rows_file(folder, "rows", "1")
    killed_at_any_moment(folder, ["query", "UPDATE t SET v = -1 WHERE id % 2 = 0"],
                         lambda rows: sorted(row if int(row.split(",")[0]) % 2 else row.split(",")[0] + ",-1" for row in rows))


def delete(folder):
    rows_file(folder, "rows", "1")
    killed_at_any_moment(folder, ["query", "DELETE FROM t WHERE id % 2 = 0"],
                         lambda rows: [row for row in rows if int(row.split(",")[0]) % 2])


def overwrite(folder):
    rows_file(folder, "rows", "1")
    rows_file(folder, "other", "2")
    killed_at_any_moment(folder, ["import", "other.csv", "t", "--mode", "overwrite"],
                         lambda rows: sorted((folder / "other.csv").read_text().splitlines()[1:]))


def restore(folder):
    """Back and forth between few rows and many."""
    rows_file(folder, "rows", "1")
    Run("import", folder / "rows.csv", "t").expect(0)
    Run("query", "DELETE FROM t WHERE id > 10").expect(0)
    few = content("t")
    Run("restore", "t", "0", "--yes").expect(0)
    many = content("t")
    random_ = random.Random(2)
    killed = 0
    while killed < KILLS:
        base, had = newest("t"), content("t")
        goal = 1 if had == many else 0
        job = subprocess.Popen([TARN, "restore", "t", str(goal), "--yes"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(random_.uniform(0, 0.012))
        job.kill()
        acknowledged = job.wait() == 0
        killed += not acknowledged
        version, rows = newest("t"), content("t")
        if version == base + 1:
            equal(rows == (few if goal else many), True, f"version {version} is version {goal}")
        else:
            equal((version, acknowledged, rows == had), (base, False, True), "version, acknowledged, rows as before")
    Run("verify", "t").expect(0)


run_all([update, delete, overwrite, restore])
