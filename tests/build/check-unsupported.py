#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/unsupported.md says what format/base/features.def says. check-unsupported.py SOURCE_DIR [--write]"""
import pathlib
import re
import sys

FEATURE = re.compile(r'^\s*FEATURE\("([^"]*)",\s*"([^"]*)",\s*"([^"]*)"\)', re.M)
HEAD = """# What is recognised and not there yet

An error `UNSUPPORTED` carries one of these names as its detail. The list is printed from `format/base/features.def`
(`tests/build/check-unsupported.py . --write`); a test holds its length: it only shrinks.
"""


def page(root):
    table = (root / "format/base/features.def").read_text()
    table = re.sub(r'"\s*\n\s*"', "", table)  # literals that go on in the next line
    features = FEATURE.findall(table)
    text = HEAD
    for where in sorted({where for _, where, _ in features}):
        text += f"\n## {where}\n\n| name | what |\n|---|---|\n"
        text += "".join(f"| `{name}` | {what.replace('|', chr(92) + '|')} |\n" for name, place, what in sorted(features) if place == where)
    return text


def main():
    root = pathlib.Path(sys.argv[1])
    path = root / "docs/unsupported.md"
    text = page(root)
    if "--write" in sys.argv:
        path.write_text(text)
    elif not path.exists() or path.read_text() != text:
        sys.exit(f"docs/unsupported.md is not what features.def says: run {sys.argv[0]} {root} --write")
    print(f"{text.count(chr(10) + '| `')} features")


main()
