#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Deliberately broken builds, each of which the tests must catch: tests of the tests.

    tests/mutants/run.py [--only NAME] [--budget 60m] [--resume] [--write]

Every entry of mutants.toml changes one place of the library. It is built in a tree of its own (build/mutants), and the tests that are named are
run: a mutant that none of them catches is a failure. What was found is kept in results.tsv beside this script; --resume leaves out what stands
there for the same change, --write prints the table into docs/mutants.md. Needs Python 3.11 or later, its standard library only.
"""
import argparse
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TREE = ROOT / "build" / "mutants" / "tree"
BUILD = ROOT / "build" / "mutants" / "build"
RESULTS = HERE / "results.tsv"
PAGE = ROOT / "docs" / "mutants.md"
HEADER = """# Broken builds, and the tests that catch them

Each of these changes breaks one promise of the library. `tests/mutants/run.py` makes them one after the other, builds, and runs tests: the last column
names those that failed (at most three). A change that no test notices would say that the promise is not tested.

| change | breaks | caught by |
|---|---|---|
"""


def sh(command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def seconds(text):
    number, unit = re.fullmatch(r"(\d+)([smh]?)", text).groups()
    return int(number) * {"": 1, "s": 1, "m": 60, "h": 3600}[unit]


def make_tree():
    """A copy of the tree as git knows it, with the files that it does not track yet and does not ignore."""
    listed = sh(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT).stdout
    names = {name for name in listed.split("\0") if name and (ROOT / name).is_file()}
    for name in names:
        source, target = ROOT / name, TREE / name
        if not target.exists() or source.read_bytes() != target.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    for path in TREE.rglob("*"):
        if path.is_file() and str(path.relative_to(TREE)) not in names:
            path.unlink()
    if not (BUILD / "build.ninja").exists():
        # asserts of the tests count, speed as well: some of them enumerate much
        done = sh(["cmake", "-S", TREE, "-B", BUILD, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=RelWithDebInfo",
                   *([f"-DCMAKE_C_COMPILER_LAUNCHER={os.environ['TARN_COMPILER_LAUNCHER']}"] if "TARN_COMPILER_LAUNCHER" in os.environ else [])])
        if done.returncode != 0:
            sys.exit(f"cannot configure: {done.stderr[-2000:]}")


def build():
    done = sh(["cmake", "--build", BUILD, "-j", str(os.cpu_count())])
    return done.returncode == 0, done.stdout[-2000:]


def run_tests(tests):
    """The names of the tests that failed. Not run (77) is no failure."""
    done = sh(["ctest", "--test-dir", BUILD, "-R", tests, "-j", str(os.cpu_count()), "--timeout", "300"])
    if "No tests were found" in done.stdout + done.stderr:
        sys.exit(f"no test is called {tests}")
    return re.findall(r"^\s*\d+ - (\S+) \((?:Failed|Timeout|SEGFAULT|Subprocess aborted|SIGTRAP|ILLEGAL)", done.stdout, re.M)


def key_of(mutant):
    return hashlib.sha256(repr(sorted(mutant.items())).encode()).hexdigest()[:12]


def try_mutant(mutant):
    path = TREE / mutant["file"]
    sound = path.read_text()
    if sound.count(mutant["old"]) != 1:
        return f"its text stands {sound.count(mutant['old'])} times in {mutant['file']}", []
    path.write_text(sound.replace(mutant["old"], mutant["new"]))
    try:
        built, output = build()
        if not built:
            return f"does not build: {output}", []
        return None, run_tests(mutant["tests"])
    finally:
        path.write_text(sound)


def load_results():
    if not RESULTS.exists():
        return {}
    rows = (line.split("\t") for line in RESULTS.read_text().splitlines()[1:])
    return {name: (key, caught) for name, key, caught in rows}


def store_results(results, order):
    lines = [f"{name}\t{results[name][0]}\t{results[name][1]}" for name in order if name in results]
    RESULTS.write_text("name\tchange\tcaught by\n" + "\n".join(lines) + "\n")


def write_page(mutants, results):
    lines = [f"| `{m['name']}` | {m['breaks']} | {results.get(m['name'], ('', 'not run'))[1] or '**nothing**'} |" for m in mutants]
    PAGE.write_text(HEADER + "\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only")
    parser.add_argument("--budget", default="24h")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    mutants = tomllib.loads((HERE / "mutants.toml").read_text())["mutant"]
    results, end, missed = load_results(), time.monotonic() + seconds(options.budget), []
    chosen = [m for m in mutants if options.only in (None, m["name"])]
    chosen = [m for m in chosen if not (options.resume and results.get(m["name"], ("",))[0] == key_of(m))]
    if chosen:
        make_tree()
        built, output = build()
        if not built:
            sys.exit(f"the tree itself does not build: {output}")
        sound = {m["tests"] for m in chosen}
        failing = [test for tests in sorted(sound) for test in run_tests(tests)]
        if failing:
            sys.exit(f"these tests fail without any change: {failing}")
    for mutant in chosen:
        if time.monotonic() > end:
            print("the budget is spent: --resume goes on")
            break
        fault, caught = try_mutant(mutant)
        if fault is not None:
            sys.exit(f"{mutant['name']}: {fault}")
        results[mutant["name"]] = (key_of(mutant), ", ".join(caught[:3]))
        print(f"{mutant['name']}: {'caught by ' + ', '.join(caught) if caught else 'NOT CAUGHT'}", flush=True)
        missed += [] if caught else [mutant["name"]]
        store_results(results, [m["name"] for m in mutants])
    if options.write:
        write_page(mutants, results)
    sys.exit(f"not caught: {', '.join(missed)}" if missed else 0)


main()
