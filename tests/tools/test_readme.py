#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""README's transcript is what tools/quickstart.sh prints. Times and sizes, which differ from run to run, are masked.

    test_readme.py           compares
    test_readme.py --write   puts the transcript into README.md, between its marks
"""
import os
import re
import subprocess
import sys

from command import SOURCE

BEGIN, END = "<!-- transcript -->\n```\n", "```\n<!-- end of transcript -->"


def transcript():
    done = subprocess.run(["bash", SOURCE / "tools" / "quickstart.sh", "--transcript"], capture_output=True, text=True, env=os.environ)
    if done.returncode != 0:
        sys.exit(f"the quickstart failed: {done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return done.stdout.strip() + "\n"


def masked(text):
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "TIME", text)
    return re.sub(r"\d+ bytes", "N bytes", text)


def main():
    readme = SOURCE / "README.md"
    text = readme.read_text()
    begin, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    now = transcript()
    if "--write" in sys.argv:
        readme.write_text(text[:begin] + now + text[end:])
    elif masked(now) != masked(text[begin:end]):
        sys.exit(f"README's transcript is not what the quickstart prints (tests/tools/test_readme.py --write):\n{now}")
    else:
        print("1 passed, 0 failed")


main()
