#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A file system that is full: a clean error, the table as it was, and work as before once there is room."""
import contextlib
import os
import pathlib
import random
import subprocess
import sys

from command import Run, equal, run_all


@contextlib.contextmanager
def disk(folder, size):
    """A file system of `size` bytes in memory."""
    place = folder / "disk"
    place.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place], capture_output=True).returncode != 0:
        print("not run: file systems cannot be mounted here")
        sys.exit(77)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def fill(place, leave):
    """Takes all room but `leave` bytes."""
    room = os.statvfs(place)
    (place / "ballast").write_bytes(bytes(max(room.f_bavail * room.f_frsize - leave, 0)))


def state(table):
    log = sorted(path.name for path in (pathlib.Path(table) / "_delta_log").glob("*.json"))
    return log, Run("cat", table, "-o", "csv").expect(0).out


def rows(folder, name, count):
    """Of values that no encoding makes small: five bytes each."""
    path = folder / f"{name}.csv"
    draw = random.Random(name)
    path.write_text("id,v\n" + "".join(f"{i},{draw.getrandbits(40)}\n" for i in range(count)))
    return path


def every_write_on_a_full_disk_fails_cleanly(folder):
    """From no room at all to nearly enough: the place that fails goes through staging, data file and commit."""
    with disk(folder, 2 << 20) as place:
        table = place / "t"
        Run("import", rows(folder, "seed", 1000), table).expect(0)
        before = state(table)
        more = rows(folder, "more", 20000)
        failed = 0
        for leave in (0, 4096, 8192, 16384, 65536, 131072):
            for words in (("import", more, table, "--mode", "append"), ("import", more, table, "--mode", "overwrite"),
                          ("query", "UPDATE t SET v = v + 1", "--lake", place), ("query", "DELETE FROM t WHERE id % 3 = 0", "--lake", place),
                          ("import", more, place / "new")):
                fill(place, leave)
                done = Run(*words)
                if done.code not in (0, 9, 10):
                    done.fail(f"exit code {done.code} with {leave} bytes of room")
                (place / "ballast").unlink()
                if done.code == 0:
                    Run("restore", table, "0", "--yes")
                    continue
                failed += 1
                if "error[" not in done.err:
                    done.fail("no error was told")
                if words[0] == "import" and words[2] != table:
                    if (place / "new" / "_delta_log").exists() and list((place / "new" / "_delta_log").iterdir()):
                        done.fail("a table that failed to be made is there")
                    continue
                log, seen = state(table)
                equal(seen, Run("cat", f"{table}@v{len(log) - 1}", "-o", "csv").expect(0).out, "newest version")
                if sorted(seen.splitlines()) != sorted(before[1].splitlines()):
                    done.fail("the table changed")
                Run("verify", table).expect(0)
        if failed < 10:
            sys.exit(f"only {failed} writes failed: the disk was not full")
        left = [path.name for path in place.iterdir() if path.name not in ("t", "new")]
        equal(left, [], "what failed writes left beside the table")
        Run("import", rows(folder, "again", 500), table, "--mode", "append").expect(0)
        Run("count", table).expect(0, out="1500\n")
        Run("verify", table).expect(0)


run_all([every_write_on_a_full_disk_fails_cleanly])
