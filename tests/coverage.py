#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How much of the layers the tests reach: lines run, and branches taken at least once.

    tests/coverage.py                   the table of the counts that lie under build/coverage, lowest file first
    tests/coverage.py --run             builds the preset `coverage`, forgets old counts, runs the tests, then the table
    tests/coverage.py --missing FILE    the lines of a file on which a branch was never taken, or which never ran

What is counted is the source: a line that is compiled into several objects counts once a function, and is reached when any of them
reached it. Tests: every one but interop, campaign and long; those over the corpus only with TARN_CORPUS set.
"""
import argparse
import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
GATE = {"lines": 95.0, "branches": 90.0}


def run_tests(build, jobs):
    subprocess.run(["cmake", "--preset", "coverage"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", str(build), f"-j{jobs}"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    for old in build.rglob("*.gcda"):
        old.unlink()
    done = subprocess.run(["ctest", "--test-dir", str(build), f"-j{jobs}", "-R", "^(format|reader|writer|txlog|query|conformance|fuzz)/",
                           "-LE", "interop|campaign|long", "--timeout", "3000", "--output-on-failure"], cwd=ROOT)
    return done.returncode


def objects(build, layers):
    for layer in layers:
        yield from sorted((build / layer).rglob("*.gcno"))


def read_counts(build, layers, gcov):
    """{file: {(line, function): [count, [branch counts]]}}"""
    files = collections.defaultdict(dict)
    notes = list(objects(build, layers))
    if not notes:
        sys.exit(f"coverage: there is nothing built under {build}")
    for first in range(0, len(notes), 16):
        out = subprocess.run([gcov, "--json-format", "--stdout", "--branch-probabilities", *map(str, notes[first:first + 16])],
                             capture_output=True, text=True, check=True, cwd=build).stdout
        for text in out.splitlines():
            if not text.startswith("{"):
                continue
            unit = json.loads(text)
            for entry in unit["files"]:
                path = pathlib.Path(os.path.realpath(os.path.join(unit["current_working_directory"], entry["file"])))
                if not path.is_file() or not path.is_relative_to(ROOT) or path.relative_to(ROOT).parts[0] not in layers:
                    continue
                add_lines(files[str(path.relative_to(ROOT))], entry["lines"])
    return files


def add_lines(lines, entries):
    for entry in entries:
        branches = [branch["count"] for branch in entry["branches"]]
        key = (entry["line_number"], entry.get("function_name", ""))
        known = lines.setdefault(key, [0, []])
        known[0] += entry["count"]
        if len(known[1]) == len(branches):
            known[1] = [a + b for a, b in zip(known[1], branches)]
        elif sum(b > 0 for b in branches) >= sum(b > 0 for b in known[1]):
            known[1] = branches  # the compiler made another shape of it in this object


def figures(lines):
    by_line = collections.defaultdict(int)
    for (line, _), (count, _) in lines.items():
        by_line[line] += count
    branches = [b for _, taken in lines.values() for b in taken]
    return len(by_line), sum(c > 0 for c in by_line.values()), len(branches), sum(b > 0 for b in branches)


def percent(part, whole):
    return 100.0 if whole == 0 else 100.0 * part / whole


def show(name, lines, ran, branches, taken):
    print(f"{percent(taken, branches):6.1f} % {branches - taken:5} of {branches:6} branches   "
          f"{percent(ran, lines):6.1f} % {lines - ran:5} of {lines:6} lines   {name}")


def table(files, layers):
    rows = {name: figures(lines) for name, lines in files.items()}
    print("  taken  never                       run  never")
    for name in sorted(rows, key=lambda n: (percent(rows[n][3], rows[n][2]), n)):
        show(name, *rows[name])
    short = False
    for layer in [*layers, "all"]:
        sums = [sum(r[i] for n, r in rows.items() if layer == "all" or n.startswith(layer + "/")) for i in range(4)]
        show(layer, *sums)
        short |= layer != "all" and (percent(sums[1], sums[0]) < GATE["lines"] or percent(sums[3], sums[2]) < GATE["branches"])
    return short


def show_missing(name, lines):
    text = (ROOT / name).read_text().splitlines()
    for (line, function), (count, branches) in sorted(lines.items()):
        untaken = [i for i, b in enumerate(branches) if b == 0]
        if count == 0 or untaken:
            what = "never ran" if count == 0 else f"branch {','.join(map(str, untaken))} of {len(branches)}"
            print(f"{name}:{line}: [{function}] {what}: {text[line - 1].strip()}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=str(ROOT / "build" / "coverage"), type=pathlib.Path)
    parser.add_argument("--layers", default="format,reader")
    parser.add_argument("--run", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--missing", nargs="+", metavar="FILE", help="files (endings of their paths), or 'all'")
    options = parser.parse_args()
    gcov = shutil.which("gcov-12") or shutil.which("gcov")
    if gcov is None:
        sys.exit("coverage: gcov is not installed")
    build = options.build.resolve()
    layers = options.layers.split(",")
    failed = run_tests(build, options.jobs) if options.run else 0
    files = read_counts(build, layers, gcov)
    if options.missing:
        for name in sorted(files):
            if options.missing == ["all"] or any(name.endswith(ending) for ending in options.missing):
                show_missing(name, files[name])
        return 0
    short = table(files, layers)
    if failed:
        print("coverage: tests failed", file=sys.stderr)
    elif short:
        print(f"coverage: below {GATE['lines']:.0f} % of lines or {GATE['branches']:.0f} % of branches", file=sys.stderr)
    return 1 if failed or short else 0


if __name__ == "__main__":
    sys.exit(main())
