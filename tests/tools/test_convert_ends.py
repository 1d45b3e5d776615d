#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tarn convert that is killed with SIGKILL, or whose disk is full: the destination is not there or whole, and what stays is named a temporary."""
import contextlib
import os
import random
import re
import resource
import signal
import subprocess
import sys
import time

from command import TARN, Run, equal, run_all

KILLS = int(sys.argv[1]) if len(sys.argv) > 1 else 20
ROWS = 200000
STEP = 64 << 10
TEMPORARY = re.compile(r"^\.out\.parquet\.[0-9a-f-]{36}\.tmp$")
WORDS = ["--row-group-rows", "20000", "--codec", "none", "--no-dictionary"]


def make_rows(folder, rows=ROWS):
    draw = random.Random(7)
    with open(folder / "rows.csv", "w") as out:
        out.write("id,n,t\n")
        out.writelines(f"{i},{draw.randrange(1 << 60)},{draw.randrange(1 << 80):x}\n" for i in range(rows))


def others(place):
    return sorted(path.name for path in place.iterdir() if path.name not in ("out.parquet", "ballast"))


def check_whole(path, rows, keys=()):
    Run("verify", path, *keys).expect(0)
    Run("count", path, *keys).expect(0, out=f"{rows}\n")


def start(folder, place, words):
    return subprocess.Popen([TARN, "convert", folder / "rows.csv", place / "out.parquet", "--force", *words],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def clean(place):
    """As docs/commit.md says: with no writer at work, temporaries may be removed by their name."""
    for name in others(place):
        equal(bool(TEMPORARY.match(name)), True, f"{name} is named as a temporary")
        (place / name).unlink()


def killed_convert_leaves_no_half_file(folder):  # SPEC: P-FILE-WRITE-8
    """At random moments, over no file and over an older one, in clear and encrypted."""
    make_rows(folder)
    (folder / "keys.json").write_text('{"keys": {"footer": "' + "30" * 16 + '"}}')
    minimal = "minimal" in Run("--version").out
    ways = [([], ())] + ([] if minimal else [(["--encrypt", folder / "keys.json"], ("--key-file", folder / "keys.json"))])
    draw = random.Random(1)
    for more, keys in ways:
        place = folder / f"place{len(more)}"
        place.mkdir()
        out = place / "out.parquet"
        begun = time.monotonic()
        equal(start(folder, place, WORDS + more).wait(), 0, "a convert that nobody disturbs")
        whole = time.monotonic() - begun
        size = out.stat().st_size
        equal(size > 4 << 20, True, "a file of some MB")
        killed = half = left = 0
        while killed < KILLS:
            out.unlink(missing_ok=True)
            older = killed % 2 == 1
            if older:
                out.write_bytes(b"older")
            job = start(folder, place, WORDS + more)
            time.sleep(draw.uniform(0, whole * 1.1))
            job.send_signal(signal.SIGKILL)
            acknowledged = job.wait() == 0
            killed += not acknowledged
            left += len(others(place))
            clean(place)
            if out.exists() and out.read_bytes() != b"older":
                check_whole(out, ROWS, keys)
                half += not acknowledged
            else:
                equal(acknowledged, False, "a convert that said it was done")
                equal(out.exists(), older, "the older file")
        print(f"  {killed} killed, {half} of them behind the commit, {left} temporaries left")


def killed_at_every_size(folder):  # SPEC: P-FILE-WRITE-8
    """At chosen points: when the temporary has got to each megabyte."""
    make_rows(folder)
    place = folder / "place"
    place.mkdir()
    seen = 0
    for goal in range(0, 6 << 20, 1 << 20):
        job = start(folder, place, WORDS)
        while job.poll() is None:
            sizes = [path.stat().st_size for path in place.iterdir() if TEMPORARY.match(path.name) and path.exists()]
            if sizes and sizes[0] >= goal:
                job.send_signal(signal.SIGKILL)
                break
        if job.wait() == 0:
            check_whole(place / "out.parquet", ROWS)
            (place / "out.parquet").unlink()
        else:
            seen += 1
            equal((place / "out.parquet").exists(), False, "a file of a writer that was killed")
            equal(len(others(place)), 1, "temporaries")
        clean(place)
    equal(seen > 2, True, "kills while the file was written")


@contextlib.contextmanager
def disk(folder, size):
    """A file system of `size` bytes in memory; None where there is none to be had."""
    place = folder / "disk"
    place.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place], capture_output=True).returncode != 0:
        yield None
        return
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def full_disk_leaves_nothing(folder):  # SPEC: P-FILE-WRITE-8
    """Room for each multiple of 64 KiB, from none to enough: an error that says so, no file, no temporary."""
    make_rows(folder, 40000)
    Run("convert", folder / "rows.csv", folder / "whole.parquet", *WORDS).expect(0)
    size = (folder / "whole.parquet").stat().st_size
    with disk(folder, size + (1 << 20)) as place:
        if place is None:
            print("  no file system can be mounted here: file sizes are limited instead")
            return
        for room in range(0, size + STEP, STEP):
            state = os.statvfs(place)
            (place / "ballast").write_bytes(bytes(max(state.f_bavail * state.f_frsize - room, 0)))
            done = Run("convert", folder / "rows.csv", place / "out.parquet", *WORDS)
            if done.code == 0:
                check_whole(place / "out.parquet", 40000)
                equal((place / "out.parquet").read_bytes() == (folder / "whole.parquet").read_bytes(), True, "the same bytes")
                (place / "out.parquet").unlink()
            else:
                done.expect(9, err="error[IO.")
                equal((place / "out.parquet").exists(), False, f"a file with {room} bytes of room")
            equal(others(place), [], f"what is left with {room} bytes of room")
            (place / "ballast").unlink()


def limited_size_leaves_nothing(folder):  # SPEC: P-FILE-WRITE-8
    """The same by a limit of the process on the sizes of its files, without a signal."""
    make_rows(folder, 40000)
    place = folder / "place"
    place.mkdir()
    limit, failed = 0, 0

    def limited():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    while True:
        done = subprocess.run([TARN, "convert", folder / "rows.csv", place / "out.parquet", *WORDS], capture_output=True, preexec_fn=limited)
        equal(others(place), [], f"what is left with files of at most {limit} bytes")
        if done.returncode == 0:
            break
        failed += 1
        equal((done.returncode, b"error[IO." in done.stderr), (9, True), "exit code and error")
        equal((place / "out.parquet").exists(), False, f"a file with at most {limit} bytes")
        limit += STEP
    check_whole(place / "out.parquet", 40000)
    equal(failed > 10, True, "limits that were too small")


run_all([killed_convert_leaves_no_half_file, killed_at_every_size, full_disk_leaves_nothing, limited_size_leaves_nothing])
