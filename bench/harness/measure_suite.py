# SPDX-License-Identifier: Apache-2.0
"""Runs a suite: every engine on the same file and processors, round by round in alternating order, each run by tarn-bench-measure.

Writes results.json, then the report. Exit code: 0 done; 1 an engine failed or the answers differ; 77 the baseline or every peer is
absent, so that nothing was compared.
"""
import argparse
import hashlib
import json
import os
import pathlib
import platform
import random
import shutil
import statistics
import subprocess
import sys
import time
import tomllib

import report

BENCH = pathlib.Path(__file__).resolve().parent.parent
RESAMPLES = 4000
STEADY = 0.10  # the machine's own limits may move so much, from before the suite to after it
RUN_SECONDS = 900
ROUNDS_TO_JUDGE = 5  # fewer have no spread to speak of


class Failed(Exception):
    """A message for the user; the suite ends."""


def fill(words, values):
    """The words of a command with {names} replaced. No other braces occur in suites."""
    try:
        return [word.format(**values) for word in words]
    except KeyError as missing:
        raise Failed(f"the suite names {missing}, which has no value") from None


def lacking(part, values):
    """Why an engine, a data set or an answer cannot be had here; None if it can."""
    if "needs" not in part:
        return None
    path = fill([part["needs"]], values)[0]
    return None if os.path.exists(path) else f"{path} is not there"


def last_json(text):
    """What a command reports of itself: an object on its last line, if it does."""
    line = text.strip().rpartition("\n")[2]
    if not line.startswith("{"):
        return {}
    try:
        return json.loads(line)
    except json.JSONDecodeError:
        return {}


class Machine:
    """Where commands run: which processors, how they are measured, what the machine itself can do."""

    def __init__(self, build, work, cpus):
        self.build, self.work, self.cpus = build, work, cpus

    def run(self, command):
        """One measured run: what it cost and what it said."""
        result = self.work / "measured.json"
        result.unlink(missing_ok=True)
        launcher = [str(self.build / "bench/tarn-bench-measure"), "--result", str(result), "--cpus", ",".join(map(str, self.cpus)), "--"]
        try:
            done = subprocess.run(launcher + command, capture_output=True, text=True, timeout=RUN_SECONDS, cwd=self.work, check=False)
        except subprocess.TimeoutExpired:
            raise Failed(f"{' '.join(command)}: longer than {RUN_SECONDS} s") from None
        if done.returncode != 0:
            raise Failed(f"the launcher failed: {done.stderr.strip()}")
        cost = json.loads(result.read_text())
        if cost["exit"] != 0:
            raise Failed(f"{' '.join(command)}: exit code {cost['exit']}, signal {cost['signal']}\n{done.stderr.strip()[-2000:]}")
        said = last_json(done.stdout)
        cost |= {key: said[key] for key in ("work_ns", "work_cpu_ns", "work_rss_bytes", "bytes") if key in said}
        return cost, said

    def sentinel(self):
        """Two quick limits in GB/s: a machine that changes under a suite is no machine to compare on."""
        rates = {}
        for limit in ("copy", "unzstd"):
            best = 0
            for _ in range(3):
                _, said = self.run([str(self.build / "bench/tarn-bench-limits"), limit, "--mib", "16", "--rounds", "16"])
                best = max(best, said["bytes"] / said["work_ns"])
            rates[limit] = round(best, 3)
        return rates


def describe_machine(cpus):
    model = "unknown"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {"processor": model, "processors": os.cpu_count(), "used": cpus, "memory_bytes": memory, "kernel": platform.release()}


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def prepare_data(suite, values, folder):
    """Makes the files that are missing. Per data set: its facts, or why it is absent."""
    made = {}
    for name, data in suite.get("data", {}).items():
        why = lacking(data, values)
        if why:
            made[name] = {"absent": why}
            continue
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / fill([data["file"]], values)[0]
        if not path.exists():
            print(f"making {path.name}", flush=True)
            unfinished = path.with_name(path.name + ".unfinished")
            done = subprocess.run(fill(data["make"], values | {"file": str(unfinished), "folder": str(folder)}), check=False)
            if done.returncode != 0:
                raise Failed(f"data {name}: {data['make'][0]} ended with exit code {done.returncode}")
            unfinished.rename(path)
        made[name] = {"file": path.name, "path": str(path), "bytes": path.stat().st_size, "sha256": sha256(path)}  # and it is cached
    return made


def size_of(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


class Case:
    """One case of a suite on the engines that are there."""

    def __init__(self, machine, suite, case, engines, values):
        self.machine, self.suite, self.engines = machine, suite, engines
        self.values = values | {key: value for key, value in case.items() if key != "data"}
        self.runs = {engine: [] for engine in engines}
        self.facts = {engine: {} for engine in engines}

    def run_once(self, engine):
        """Into an empty folder, after what earlier runs left to write has been written."""
        out = self.machine.work / "out"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        os.sync()
        values = self.values | {"out": str(out)}
        cost, said = self.machine.run(fill(self.suite["engine"][engine]["command"], values))
        cost["written_bytes"] = size_of(out)
        return cost, said, values

    def warm_up(self):
        """A run of each that does not count, and whose answer does."""
        for engine in self.engines:
            _, said, values = self.run_once(engine)
            spec = self.suite["engine"][engine]
            self.facts[engine]["version"] = said.get("version") or version_of(spec, values)
            answer = said.get("answer")
            if "answer" in self.suite and not lacking(self.suite["answer"], values):
                command = fill(self.suite["answer"]["command"], values)
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                if done.returncode != 0:
                    raise Failed(f"the answer of {engine} cannot be read: {done.stderr.strip()[-2000:]}")
                answer = done.stdout.strip()
            self.facts[engine]["answer"] = answer
        compared = [self.facts[e]["answer"] for e in self.engines if self.suite["engine"][e].get("same_answer", True)]
        if len(set(compared)) > 1:
            lines = "\n".join(f"  {engine}: {self.facts[engine]['answer']}" for engine in self.engines)
            raise Failed(f"the answers differ, so the times mean nothing:\n{lines}")

    def measure(self, rounds):
        """Every engine in every round; the order turns round from one to the next, so that none always follows the same other."""
        for number in range(rounds):
            turn = number // 2 % len(self.engines)
            order = self.engines[turn:] + self.engines[:turn]
            for engine in order if number % 2 == 0 else reversed(order):
                cost, _, _ = self.run_once(engine)
                self.runs[engine].append(cost)


def version_of(spec, values):
    if "version" not in spec:
        return None
    done = subprocess.run(fill(spec["version"], values), capture_output=True, text=True, check=False)
    return done.stdout.strip().partition("\n")[0] or None


def compared_ns(run):
    """What counts as a run's time: its own work where it tells that apart from its start, else all of it."""
    return run.get("work_ns", run["wall_ns"])


def ratio(theirs, ours):
    """Their median over ours, with the 95 % interval of a bootstrap over rounds: a round is one pair, so both sides are drawn together."""
    point = statistics.median(theirs) / statistics.median(ours)
    drawn = random.Random(1)
    rounds = range(len(ours))
    points = []
    for _ in range(RESAMPLES):
        sample = drawn.choices(rounds, k=len(ours))
        points.append(statistics.median(theirs[i] for i in sample) / statistics.median(ours[i] for i in sample))
    points.sort()
    low, high = points[int(RESAMPLES * 0.025)], points[int(RESAMPLES * 0.975) - 1]
    paired = sorted(t / o for t, o in zip(theirs, ours))
    verdict = "undecided"
    if len(ours) >= ROUNDS_TO_JUDGE and (low > 1 or high < 1):
        verdict = "faster" if low > 1 else "slower"
    return {"point": round(point, 4), "low": round(low, 4), "high": round(high, 4), "least_pair": round(paired[0], 4),
            "greatest_pair": round(paired[-1], 4), "baseline_is": verdict}


def summary(case, baseline):
    """The results of a case, by engine."""
    engines = {}
    for engine, runs in case.runs.items():
        times = [compared_ns(run) for run in runs]
        entry = case.facts[engine] | {
            "median_ns": int(statistics.median(times)), "least_ns": min(times), "greatest_ns": max(times),
            "median_wall_ns": int(statistics.median(run["wall_ns"] for run in runs)),
            "median_cpu_ns": int(statistics.median(run.get("work_cpu_ns", run["user_ns"] + run["system_ns"]) for run in runs)),
            "peak_rss_bytes": max(run.get("work_rss_bytes", run["peak_rss_bytes"]) for run in runs), "written_bytes": runs[-1]["written_bytes"], "runs": runs}
        if "bytes" in runs[0]:
            entry["bytes_per_run"] = runs[0]["bytes"]
        if baseline in case.runs and engine != baseline:
            entry["ratio"] = ratio(times, [compared_ns(run) for run in case.runs[baseline]])
        engines[engine] = entry
    return engines


def choose_engines(suite, wanted, values):
    """Those that run, and why the others do not."""
    baseline = suite.get("baseline")
    names = suite["engines"]
    if wanted not in ("auto", ""):
        asked = [] if wanted == "none" else wanted.split(",")
        unknown = [name for name in asked if name not in names]
        if unknown:
            raise Failed(f"the suite has no engine {', '.join(unknown)}; it has {', '.join(names)}")
        names = [name for name in names if name == baseline or baseline is None or name in asked]
    absent = {name: why for name in names if (why := lacking(suite["engine"][name], values))}
    return [name for name in names if name not in absent], absent


def run_suite(suite, arguments, machine, values, out):
    results = {"suite": suite["name"], "title": suite["title"], "baseline": suite.get("baseline"), "measured": suite["measured"],
               "excluded": suite["excluded"], "begun": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "threads": len(machine.cpus),
               "cache": "warm: one run of each engine came before those that count", "rounds": arguments.runs or suite["runs"],
               "machine": describe_machine(machine.cpus)}
    engines, results["absent"] = choose_engines(suite, arguments.peers, values)
    for name, why in results["absent"].items():
        print(f"{name}: absent, {why}")
    results["data"] = prepare_data(suite, values, arguments.data)
    before = machine.sentinel()
    results["cases"] = []
    for case in suite["case"]:
        case = case | {"name": case["name"].format(**values)}
        data = results["data"].get(case.get("data"), {})
        if "absent" in data:
            print(f"{case['name']}: not run, {data['absent']}")
            results["cases"].append({"name": case["name"], "absent": data["absent"]})
            continue
        print(f"{case['name']}: {', '.join(engines)}", flush=True)
        running = Case(machine, suite, case, engines, values | {"data": data.get("path", "")})
        running.warm_up()
        running.measure(results["rounds"])
        results["cases"].append({"name": case["name"], "data": case.get("data"), "engines": summary(running, results["baseline"])})
    after = machine.sentinel()
    drift = max(abs(after[limit] / before[limit] - 1) for limit in before)
    results["sentinel"] = {"unit": "GB/s", "before": before, "after": after, "drift": round(drift, 3), "steady": drift <= STEADY}
    for data in results["data"].values():
        data.pop("path", None)
    report.write(results, out)
    return results


def read_suite(name):
    path = pathlib.Path(name) if name.endswith(".toml") else BENCH / "suites" / f"{name}.toml"
    if not path.exists():
        known = ", ".join(sorted(one.stem for one in (BENCH / "suites").glob("*.toml")))
        raise Failed(f"no suite {name}; there are {known}")
    return tomllib.loads(path.read_text()) | {"name": path.stem}


def read_arguments():
    parser = argparse.ArgumentParser(prog="bench/run.sh", description="Runs tarn and its peers side by side and reports ratios.")
    parser.add_argument("--suite", required=True, help="limits, import, self, or a .toml file")
    parser.add_argument("--peers", default="auto", help="engines beside the baseline, with commas; none; default: all that are there")
    parser.add_argument("--runs", type=int, help="rounds that count (default: the suite's)")
    parser.add_argument("--out", type=pathlib.Path, help="folder of the results (default: build/bench/SUITE)")
    parser.add_argument("--threads", type=int, help="threads of every engine, and processors (default: all)")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a value of the suite, as scale=1")
    parser.add_argument("--data", type=pathlib.Path, help="where data is made and kept (default: build/bench/data)")
    parser.add_argument("--build", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    arguments = read_arguments()
    suite = read_suite(arguments.suite)
    root = BENCH.parent
    allowed = sorted(os.sched_getaffinity(0))
    cpus = allowed[:arguments.threads] if arguments.threads else allowed
    if arguments.runs is not None and arguments.runs < 1 or arguments.threads is not None and arguments.threads > len(allowed):
        raise Failed(f"--runs is at least 1, --threads at most {len(allowed)} here")
    out = (arguments.out or root / "build/bench" / suite["name"]).resolve()
    arguments.data = (arguments.data or root / "build/bench/data").resolve()
    work = out / "work"
    work.mkdir(parents=True, exist_ok=True)
    for name in ("results.json", "results.md", "ratios.svg"):  # a suite that fails must not leave those of an earlier one
        (out / name).unlink(missing_ok=True)
    build = arguments.build.resolve()
    values = {"bench": str(BENCH), "build": str(build), "tarn": str(build / "tools/tarn"), "threads": str(len(cpus)),
              "peers": os.path.abspath(os.environ.get("TARN_PEERS") or root / "build/peers"),
              "data_folder": str(arguments.data), "corpus": os.path.abspath(os.environ["TARN_CORPUS"]) if os.environ.get("TARN_CORPUS") else "$TARN_CORPUS"}
    values |= suite.get("values", {}) | dict(one.split("=", 1) for one in arguments.set)
    try:
        results = run_suite(suite, arguments, Machine(build, work, cpus), values, out)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print((out / "results.md").read_text())
    print(f"{out}: results.json, results.md, ratios.svg")
    compared = any("ratio" in entry for case in results["cases"] for entry in case.get("engines", {}).values())
    return 0 if compared or results["baseline"] is None or arguments.peers == "none" else 77


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        print(f"bench: {failure}", file=sys.stderr)
        sys.exit(1)
    except (KeyboardInterrupt, BrokenPipeError):
        sys.stdout = None  # nobody listens
        sys.exit(130)
