#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Damages the files of a table, one at a time, and reads it: the rows of one of its versions or a clean error, nothing else.

    attack_tables.py [RUNS [SEED [delta|iceberg|TABLE]]]      default: 100 runs from seed 1 on a Delta table made here

Each run copies the table, damages one file as its seed says (bits turned, a run of bytes overwritten, cut short, lengthened, emptied,
removed) and runs cat, count, log and verify on it. A crash, a hang, a message of a sanitizer, exit code 1 and an exit code that is no
error of stored bytes fail the run, and so do other rows than some version has when it is a data file that was damaged: tarn's pages
have checksums. A TABLE of another writer may have none, and a log has none: a turned bit in it may name another table, which is read as it stands.
"""
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

from command import TARN, Run

CLEAN = {0, 3, 4, 5, 6, 9, 10, 12}


def make(folder, table_format):
    """A table with partitions, checkpoint-free history, removed rows and every file that tarn writes."""
    source = folder / "a.csv"
    table = folder / "origin"
    for start in (0, 200, 400):
        source.write_text("id,part,name,x\n" + "".join(f"{i},{i % 2},name {i % 37},{i}.5\n" for i in range(start, start + 200)))
        new = ["--table-format", table_format, "--partition-by", "part"] if start == 0 else []
        Run("import", source, table, "--mode", "append", *new).expect(0)
    Run("query", "DELETE FROM origin WHERE id % 10 = 3", "--lake", folder).expect(0)
    Run("query", "UPDATE origin SET name = 'changed' WHERE id < 20", "--lake", folder).expect(0)
    Run("import", source, table, "--mode", "append").expect(0)
    return table


def damage(random_, path):
    """Damages one file; what was done, in words."""
    whole = bytearray(path.read_bytes())
    kind = random_.choice(("bit", "bit", "bit", "bits", "bytes", "cut", "longer", "empty", "removed", "doubled"))
    at = random_.randrange(len(whole)) if whole else 0
    if kind == "removed":
        path.unlink()
        return kind
    if kind == "bit" and whole:
        whole[at] ^= 1 << random_.randrange(8)
    elif kind == "bits":
        for _ in range(8 if whole else 0):
            whole[random_.randrange(len(whole))] ^= 1 << random_.randrange(8)
    elif kind == "bytes":
        length = random_.randrange(1, 17)
        whole[at:at + length] = bytes(random_.choice((0, 0xFF, 0x7F, 0x30, random_.randrange(256))) for _ in whole[at:at + length])
    elif kind == "cut":
        del whole[at:]
    elif kind == "longer":
        whole += random_.randbytes(random_.randrange(1, 64))
    elif kind == "empty":
        whole.clear()
    elif kind == "doubled":
        whole[at:at] = whole[at:at + random_.randrange(1, 200)]
    path.write_bytes(whole)
    return f"{kind} at {at}"


def ask(*arguments):
    """Code and output; a sanitizer's word, a signal and a hang are faults."""
    try:
        done = subprocess.run([TARN, *map(str, arguments)], capture_output=True, timeout=30)
    except subprocess.TimeoutExpired:
        return None, b"", "hangs"
    err = done.stderr.decode(errors="replace")
    if done.returncode not in CLEAN or "Sanitizer" in err or "runtime error" in err:
        return None, done.stdout, f"exit code {done.returncode}\n{err[:3000]}"
    if done.returncode not in (0, 12) and "error[" not in err:
        return None, done.stdout, f"exit code {done.returncode} without an error: {err}"
    return done.returncode, done.stdout, err


def attack(origin, folder, seed, allowed, checked):
    """One run; None or what went wrong."""
    random_ = random.Random(seed)
    table = folder / "table"
    shutil.rmtree(table, ignore_errors=True)
    shutil.copytree(origin, table)
    victim = random_.choice(sorted(path for path in table.rglob("*") if path.is_file()))
    what = f"{victim.relative_to(table)}: {damage(random_, victim)}"
    is_data = checked and not {"_delta_log", "metadata"} & set(victim.relative_to(table).parts)
    for arguments in (("cat", table, "-o", "jsonl"), ("count", table), ("count", table, "--where", "id >= 100"), ("log", table), ("verify", table)):
        code, out, story = ask(*arguments)
        if code is None:
            return f"{what}\n  tarn {arguments[0]}: {story}"
        if arguments[0] == "cat" and code == 0 and is_data and sorted(out.splitlines()) not in allowed:
            return f"{what}\n  tarn cat: rows that no version has"
    return None


def campaign(runs, first, origin, folder, checked):
    versions = [commit["version"] for commit in Run("log", origin, "--json").expect(0).json()["result"]]
    read = [ask("cat", origin, "--version", version, "-o", "jsonl") for version in versions]
    allowed = [sorted(out.splitlines()) for code, out, _ in read if code == 0]
    if not allowed:
        sys.exit(f"{origin} is no table that can be read")
    failed = 0
    for seed in range(first, first + runs):
        story = attack(origin, folder, seed, allowed, checked)
        if story:
            failed += 1
            print(f"seed {seed}: {story}", flush=True)
    print(f"{runs} runs from seed {first} against {len(allowed)} versions, {failed} failed")
    return failed


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="tarn-attack-") as scratch:
        scratch = pathlib.Path(scratch)
        given = [int(word) for word in sys.argv[1:3]]
        what = sys.argv[3] if len(sys.argv) > 3 else "delta"
        own = what in ("delta", "iceberg")
        origin = make(scratch, what) if own else pathlib.Path(what)
        sys.exit(1 if campaign(given[0] if given else 100, given[1] if len(given) > 1 else 1, origin, scratch, own) else 0)
