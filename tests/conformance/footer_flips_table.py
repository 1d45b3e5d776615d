#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPEC: P-HOSTILE-5
"""docs/footer-flips.md is what footer_flips prints. footer_flips_table.py PROGRAM PAGE [--write]

Without --write only every 7th bit is flipped, and the shares are held against those of the page (2 points of difference are let pass).
"""
import os
import re
import subprocess
import sys

HEAD = """# Flips in footers

A Parquet footer has no checksum. This table says what comes of it: every bit of the footer of files of many writers was flipped, one at a
time, and the file read, all columns. *Refused*: a clean error. *Harmless*: the rows that were written.
*Renamed*: a column or a field has another name. *Wrong*: other rows, and no error. Never a crash, a hang, or an error that is not one of damaged files.

What stays unseen are texts that nothing else says again (names of columns), types that differ in what the bytes mean, counts that
nothing contradicts. tarn's own files carry a checksum in the footer, which readers that do not know it pass over: there every flip is
refused.

"""


def rows_of(text):
    found = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 7 and cells[1].isdigit():
            found[cells[0]] = (int(cells[1]), [float(re.search(r"\(([\d.]+) %", cell)[1]) for cell in cells[3:]])
    return found


def main():
    program, page = sys.argv[1:3]
    write = sys.argv[3:] == ["--write"]
    corpus = os.environ.get("TARN_CORPUS", "")
    if not corpus or not os.path.isdir(os.path.join(corpus, "parquet")):
        print("no corpus: set TARN_CORPUS")
        return 77
    ran = subprocess.run([program, corpus, "1" if write else "7"], capture_output=True, text=True)
    if ran.returncode:
        sys.exit(ran.stdout + ran.stderr)
    if write:
        with open(page, "w") as out:
            out.write(HEAD + ran.stdout)
        return 0
    with open(page) as file:
        expected = rows_of(file.read())
    got = rows_of(ran.stdout)
    bad = [f"{name}: not in both" for name in expected.keys() ^ got.keys()]
    for name in expected.keys() & got.keys():
        if expected[name][0] != got[name][0] or any(abs(a - b) > 2 for a, b in zip(expected[name][1], got[name][1])):
            bad.append(f"{name}: the page says {expected[name]}, now {got[name]}")
    if bad:
        sys.exit("\n".join(bad) + f"\nrun {sys.argv[0]} {program} {page} --write")
    print(f"{len(got)} rows as the page has them")
    return 0


sys.exit(main())
