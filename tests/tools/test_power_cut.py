#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Power cuts: what a disk holds at a random moment is mounted again; every acknowledged import is there, the one under way whole or not.

The disk is an image with ext4 on it, mounted with no writing back of its own accord while the test lasts, so that the image holds what was
synced and nothing else. At each cut the importer is stopped (SIGSTOP), so that nothing is written while the image is copied.
"""
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

from command import TARN, Run, equal, run_all

CUTS = int(sys.argv[1]) if len(sys.argv) > 1 else 30


def call(*words):
    subprocess.run([str(word) for word in words], check=True, capture_output=True)


def mount(image, place):
    place.mkdir(exist_ok=True)
    call("mount", "-o", "loop,commit=300", image, place)


def can_mount(folder):
    if os.geteuid() != 0 or not os.path.exists("/dev/loop-control") or not shutil.which("mkfs.ext4"):
        return False
    image = folder / "probe"
    with open(image, "wb") as file:
        file.truncate(8 << 20)
    try:
        call("mkfs.ext4", "-q", "-F", image)
        mount(image, folder / "probed")
        call("umount", folder / "probed")
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def stop(job):
    """Stops the process; returns once it does not run any more, or has ended."""
    job.send_signal(signal.SIGSTOP)
    while job.poll() is None:
        state = pathlib.Path(f"/proc/{job.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        if state in "TZ":
            return
        time.sleep(0.0005)


def rows_after_the_cut(folder, copy):
    """The ids in the table that comes up after the cut, proven by verify; None when no table is there."""
    place = folder / "after"
    mount(copy, place)
    try:
        if (place / "unsynced").exists() and (place / "unsynced").read_bytes() == b"x" * 100:
            sys.exit("bytes that nobody synced outlived the cut: the cut proves nothing")
        if Run("count", place / "t").code == 3:
            return None
        Run("verify", place / "t").expect(0)
        return sorted(row["id"] for row in Run("cat", place / "t", "-o", "jsonl").expect(0).rows())
    finally:
        call("umount", place)


def acknowledged_imports_outlive_a_power_cut(folder):
    image, copy, place = folder / "disk", folder / "copy", folder / "before"
    with open(image, "wb") as file:
        file.truncate(24 << 20)
    call("mkfs.ext4", "-q", "-F", image)
    mount(image, place)
    random_ = random.Random(1)
    acknowledged, cut_short, whole = 0, 0, 0.02
    try:
        for cut in range(CUTS):
            source = folder / "row.csv"
            source.write_text(f"id,name\n{acknowledged},row {acknowledged}\n")
            if cut and cut % 10 == 0: # the ten-second-old pages would be written back one day
                call("umount", place)
                mount(image, place)
            (place / "unsynced").write_bytes(b"x" * 100)
            begun = time.monotonic()
            job = subprocess.Popen([TARN, "import", str(source), str(place / "t"), "--mode", "append"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            if cut % 3:
                time.sleep(random_.uniform(0, whole))
            else:
                job.wait()
            stop(job)
            done = job.poll() == 0
            call("cp", "--sparse=always", image, copy)
            job.send_signal(signal.SIGCONT)
            story = job.communicate()[1].decode()
            equal(job.returncode, 0, f"exit code of an import\n{story}")
            if done:
                whole = (whole + time.monotonic() - begun) / 2
            (place / "unsynced").unlink()
            least = acknowledged + done
            rows = rows_after_the_cut(folder, copy)
            found = len(rows or [])
            equal(rows or [], list(range(found)), "rows after the cut")
            if not least <= found <= acknowledged + 1:
                sys.exit(f"{found} imports after the cut, {least} were acknowledged")
            cut_short += not done
            acknowledged += 1
    finally:
        call("umount", place)
    print(f"  {CUTS} cuts, {cut_short} of them during an import")


def main(folder):
    if not can_mount(folder):
        print("not run: loop devices cannot be mounted here")
        sys.exit(77)
    acknowledged_imports_outlive_a_power_cut(folder)


run_all([main])
