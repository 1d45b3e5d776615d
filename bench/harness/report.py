# SPDX-License-Identifier: Apache-2.0
"""results.json, results.md and ratios.svg of a suite.

Run alone, with the folder of a results.json, it writes the other two again.
"""
import json
import math
import pathlib
import sys
from xml.sax.saxutils import escape

WIN, LOSS, UNDECIDED = "#1a7f37", "#cf222e", "#6e7781"
INK, FAINT = "#1f2328", "#d0d7de"
UNSTEADY = "The machine was not steady: its own limits moved by more than 10 %. Run again before believing these ratios."
ROW, LEFT, WIDTH, PLOT = 26, 300, 900, 440


def milliseconds(nanoseconds):
    value = nanoseconds / 1e6
    return f"{value:.1f} ms" if value < 1000 else f"{value / 1000:.2f} s"


def megabytes(count):
    return f"{count / 1e6:.1f} MB" if count else ""


def rate(entry, key="median_ns"):
    """GB/s, for commands that say how many bytes their work was."""
    return entry["bytes_per_run"] / entry[key]


def label(engines, name):
    """The engine's version says its name too, unless several of the case have the same."""
    version = engines[name]["version"]
    alone = sum(entry["version"] == version for entry in engines.values()) == 1
    return name if not version else version if alone else f"{name} ({version})"


def size_text(engines, name, baseline):
    """What was written, and how many times the baseline's it is."""
    written, ours = engines[name]["written_bytes"], engines.get(baseline, {}).get("written_bytes", 0)
    if not written or not ours or name == baseline:
        return megabytes(written)
    return f"{megabytes(written)}, x {written / ours:.3f}"


def ratio_text(entry):
    if "ratio" not in entry:
        return "baseline"
    found = entry["ratio"]
    text = f"{found['point']:.2f} ({found['low']:.2f} to {found['high']:.2f})"
    return f"**{text}**" if found["baseline_is"] == "faster" else f"{text}, {found['baseline_is']}"


def table(results):
    """One line an engine and case."""
    compared = results["baseline"] is not None
    head = ["case", "engine", "time, median", "least to greatest", "CPU", "peak memory", "written"]
    head.append(f"{results['baseline']} is faster by (95 %)" if compared else "GB/s")
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for case in results["cases"]:
        if "absent" in case:
            lines.append(f"| {case['name']} | not run: {case['absent']} |" + " |" * (len(head) - 2))
            continue
        for name, entry in case["engines"].items():
            spread = f"{milliseconds(entry['least_ns'])} to {milliseconds(entry['greatest_ns'])}"
            if compared:
                last = ratio_text(entry) if results["baseline"] in case["engines"] else "not compared"
            else:
                last = f"{rate(entry):.2f}"
            cells = [case["name"], label(case["engines"], name), milliseconds(entry["median_ns"]), spread,
                     milliseconds(entry["median_cpu_ns"]), megabytes(entry["peak_rss_bytes"]),
                     size_text(case["engines"], name, results["baseline"]), last]
            lines.append("| " + " | ".join(cells) + " |")
    return lines


def markdown(results):
    machine, sentinel = results["machine"], results["sentinel"]
    warning = [] if sentinel["steady"] else [f"**{UNSTEADY}**", ""]
    lines = [f"# {results['title']}", ""] + warning + table(results) + [""]
    lines.append(f"- Measured: {results['measured']}.")
    lines += [f"- Left out: {what}." for what in results["excluded"]]
    lines += [f"- Absent: {name} ({why})." for name, why in results["absent"].items()]
    for name, data in results["data"].items():
        if "file" in data:
            lines.append(f"- Data {name}: {data['file']}, {data['bytes']} bytes, SHA-256 {data['sha256']}.")
    lines.append(f"- {results['rounds']} rounds, {results['threads']} threads on processors {machine['used']}; cache {results['cache']}.")
    lines.append(f"- {machine['processor']}, {machine['memory_bytes'] / 2**30:.0f} GiB, Linux {machine['kernel']}; {results['begun']}.")
    before = ", ".join(f"{name} {value}" for name, value in sentinel["before"].items())
    after = ", ".join(f"{name} {value}" for name, value in sentinel["after"].items())
    lines.append(f"- The machine's own limits in GB/s before: {before}; after: {after}.")
    lines.append("- Time and CPU are those of the work where a command tells them apart from its start; peak memory is the process's, or"
                 " what the work took beside its source where a command tells that.")
    lines.append("- Written: bytes in the file system, and how many times the baseline's they are.")
    if results["baseline"] is not None:
        lines.append("- A ratio is the engine's median over the baseline's; bold: the baseline is faster and the interval excludes 1.")
    return "\n".join(lines) + "\n"


class Drawing:
    """A chart of rows on a logarithmic axis: a point with its interval each."""

    def __init__(self, title, rows, unit, warning):
        self.rows = rows
        ends = [value for row in rows for value in (row["low"], row["high"])] + ([1.0] if unit == "x" else [])
        self.low = 2.0 ** math.floor(math.log2(min(ends)) - 0.01) if ends else 0.5
        self.high = 2.0 ** math.ceil(math.log2(max(ends)) + 0.01) if ends else 2.0
        self.height = 70 + ROW * max(1, len(rows)) + 48
        self.warning = warning
        self.parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{self.height}" '
                      f'viewBox="0 0 {WIDTH} {self.height}" font-family="sans-serif" font-size="13">',
                      f"<title>{escape(title)}</title>", f'<rect width="{WIDTH}" height="{self.height}" fill="#ffffff"/>']
        self.text(16, 26, title, size=16)
        self.axis(unit)

    def x(self, value):
        return LEFT + PLOT * math.log(value / self.low) / math.log(self.high / self.low)

    def text(self, x, y, words, anchor="start", size=13, fill=INK):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{fill}">{escape(words)}</text>')

    def line(self, x1, y1, x2, y2, stroke, width=1):
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{stroke}" stroke-width="{width}"/>')

    def axis(self, unit):
        bottom = self.height - 42
        tick = self.low
        while tick <= self.high * 1.001:
            strong = unit == "x" and tick == 1
            self.line(self.x(tick), 44, self.x(tick), bottom, INK if strong else FAINT, 1.5 if strong else 1)
            self.text(self.x(tick), bottom + 16, f"{tick:g}{'' if unit == 'x' else ' ' + unit}", "middle", 11)
            tick *= 2

    def draw(self):
        for number, row in enumerate(self.rows):
            y = 60 + ROW * number
            self.text(LEFT - 12, y + 4, row["name"], "end")
            self.line(self.x(row["low"]), y, self.x(row["high"]), y, row["colour"], 3)
            self.parts.append(f'<circle cx="{self.x(row["point"]):.1f}" cy="{y}" r="5" fill="{row["colour"]}"/>')
            self.text(LEFT + PLOT + 12, y + 4, row["label"], fill=row["colour"])
        if self.warning:
            self.text(16, self.height - 2, self.warning, size=11, fill=LOSS)
        if not self.rows:
            self.text(LEFT, 64, "nothing was compared", fill=UNDECIDED)
        return "\n".join(self.parts + ["</svg>"]) + "\n"


def ratio_rows(results):
    colours = {"faster": WIN, "slower": LOSS, "undecided": UNDECIDED}
    rows = []
    for case in results["cases"]:
        for name, entry in case.get("engines", {}).items():
            if "ratio" in entry:
                found = entry["ratio"]
                rows.append({"name": f"{case['name']}: {label(case['engines'], name)}", "colour": colours[found["baseline_is"]],
                             "label": f"{found['point']:.2f} ({found['low']:.2f} to {found['high']:.2f})",
                             "point": found["point"], "low": found["low"], "high": found["high"]})
    return rows


def rate_rows(results):
    rows = []
    for case in results["cases"]:
        for entry in case.get("engines", {}).values():
            point, low, high = rate(entry), rate(entry, "greatest_ns"), rate(entry, "least_ns")
            rows.append({"name": case["name"], "colour": INK, "label": f"{point:.2f} ({low:.2f} to {high:.2f})",
                         "point": point, "low": low, "high": high})
    return rows


def svg(results):
    warning = "" if results["sentinel"]["steady"] else UNSTEADY
    if results["baseline"] is None:
        return Drawing(f"{results['title']}: GB/s, median, least to greatest", rate_rows(results), "GB/s", warning).draw()
    title = f"{results['title']}: how many times faster {results['baseline']} is, 95 % (left of 1: slower)"
    return Drawing(title, ratio_rows(results), "x", warning).draw()


def write(results, folder):
    (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    (folder / "results.md").write_text(markdown(results))
    (folder / "ratios.svg").write_text(svg(results))


if __name__ == "__main__":
    where = pathlib.Path(sys.argv[1])
    write(json.loads((where / "results.json").read_text()), where)
