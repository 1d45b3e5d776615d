#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The table of features in docs/delta.md says what txlog/delta/delta_features.def says. check-delta-features.py SOURCE_DIR [--write]"""
import pathlib
import re
import sys

FEATURE = re.compile(r'^\s*DELTA_FEATURE\("([^"]*)", (\w+), (\d), (\d), (\w+), (\w+), "([^"]*)", "([^"]*)",\s*"([^"]*)"\)', re.M)
BEGIN, END = "<!-- features: begin -->\n", "<!-- features: end -->"
KIND = {"BOTH": "readers, writers", "WRITER": "writers"}
READ = {"READS": "read", "PLAIN": "read; changes nothing for readers", "REFUSES": "refused"}
WRITE = {"WRITES": "written", "IDLE": "written where it is listed and not used", "REFUSES": "not written"}


def table(root):
    lines = ["| feature | asks | versions that imply it | reading | writing | put to use by | what |\n", "|---|---|---|---|---|---|---|\n"]
    for name, kind, reader, writer, read, write, prop, requires, what in FEATURE.findall((root / "txlog/delta/delta_features.def").read_text()):
        implied = ", ".join(word for word in (f"reader {reader}" if reader != "0" else "", f"writer {writer}" if writer != "0" else "") if word)
        what += f"; with {' and '.join(f'`{one}`' for one in requires.split())}" if requires else ""
        writing = WRITE[write] if read != "REFUSES" else "not written"
        lines.append(f"| `{name}` | {KIND[kind]} | {implied} | {READ[read]} | {writing} | {f'`{prop}`' if prop else ''} | {what} |\n")
    return "".join(lines)


def main():
    root = pathlib.Path(sys.argv[1])
    path = root / "docs/delta.md"
    page = path.read_text()
    head, rest = page.split(BEGIN)
    _, tail = rest.split(END)
    made = head + BEGIN + table(root) + END + tail
    if "--write" in sys.argv:
        path.write_text(made)
    elif page != made:
        sys.exit(f"docs/delta.md is not what delta_features.def says: run {sys.argv[0]} {root} --write")
    print(f"{made.count('| `')} features")


main()
