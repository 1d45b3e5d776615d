# SPDX-License-Identifier: Apache-2.0
"""Does the harness tell the truth? BUILD-FOLDER. The suite `self`, whose answer is known, and suites that must fail."""
import json
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

import measure_suite

RUN = pathlib.Path(__file__).resolve().parent.parent / "run.sh"
RUNS = 5

SUITE = """
title = "broken on purpose"
baseline = "left"
engines = ["left", "right"]
runs = 1
measured = "nothing"
excluded = []
[[case]]
name = "one"
[engine.left]
command = ["echo", '{{"answer": "1"}}']
[engine.right]
command = ["{right}", '{{"answer": "2"}}']
"""


def run(build, suite, out, *more):
    command = [RUN, "--build", build, "--suite", str(suite), "--out", str(out), *more]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def expect(holds, what):
    if not holds:
        sys.exit(f"check_harness: {what}")


def check_ratios():
    """Intervals whose ends can be said beforehand."""
    twice = measure_suite.ratio([20, 40, 60, 80, 100], [10, 20, 30, 40, 50])
    expect((twice["point"], twice["low"], twice["high"], twice["baseline_is"]) == (2, 2, 2, "faster"), f"pairs of 2 give {twice}")
    half = measure_suite.ratio([10, 20, 30, 40, 50], [20, 40, 60, 80, 100])
    expect((half["point"], half["baseline_is"]) == (0.5, "slower"), f"pairs of a half give {half}")
    mixed = measure_suite.ratio([10, 30, 10, 30, 20], [20, 20, 20, 20, 20])
    expect((mixed["low"], mixed["high"], mixed["baseline_is"]) == (0.5, 1.5, "undecided"), f"better and worse in turn give {mixed}")
    few = measure_suite.ratio([20, 40], [10, 20])
    expect(few["baseline_is"] == "undecided", f"two rounds give a verdict: {few}")


def check_self(build, out):
    done = run(build, "self", out, "--runs", str(RUNS))
    expect(done.returncode == 0, f"the suite self ended with {done.returncode}: {done.stdout[-1000:]}{done.stderr[-1000:]}")
    results = json.loads((out / "results.json").read_text())
    members = {"suite", "begun", "machine", "threads", "cache", "excluded", "measured", "sentinel", "cases"}
    expect(members <= results.keys(), f"results.json lacks {members - results.keys()}")
    engines = results["cases"][0]["engines"]
    for name, entry in engines.items():
        expect(len(entry["runs"]) == RUNS, f"{name} has {len(entry['runs'])} runs")
        for one in entry["runs"]:
            expect(one["wall_ns"] >= one["work_ns"] > 0 and one["peak_rss_bytes"] > 32 << 20, f"a run that cannot be: {one}")
            expect(one["user_ns"] + one["system_ns"] > 0, f"a run without processor time: {one}")
    ratio = engines["thrice"]["ratio"]
    expect("ratio" not in engines["once"], "the baseline has a ratio to itself")
    expect(ratio["low"] <= ratio["point"] <= ratio["high"], f"the interval does not hold its point: {ratio}")
    expect(1.2 < ratio["point"] < 12, f"three times the work shows as {ratio}")
    expect("thrice" in (out / "results.md").read_text(), "results.md does not name an engine")
    expect(ElementTree.parse(out / "ratios.svg").getroot().tag.endswith("svg"), "ratios.svg is no SVG")


def check_failures(build, folder):
    for name, right, said in (("answers", "echo", "the answers differ"), ("exit", "false", "exit code 1")):
        suite = folder / f"{name}.toml"
        suite.write_text(SUITE.replace("{right}", right))
        done = run(build, suite, folder / name)
        expect(done.returncode == 1 and said in done.stderr, f"{name}: exit code {done.returncode}, {done.stderr}")
        expect(not (folder / name / "results.json").exists(), f"{name}: there are results all the same")
    absent = folder / "absent.toml"
    absent.write_text(SUITE.replace("{right}", "echo").replace("[engine.left]", '[engine.left]\nneeds = "/nonexistent"'))
    done = run(build, absent, folder / "absent")
    expect(done.returncode == 77, f"without the baseline the exit code is {done.returncode}")


check_ratios()
with tempfile.TemporaryDirectory() as scratch:
    check_self(sys.argv[1], pathlib.Path(scratch) / "self")
    check_failures(sys.argv[1], pathlib.Path(scratch))
print("the harness tells one from three, and failures from results")
