#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every rule of SPEC.md has a test, every tag of a test is a rule of SPEC.md. check-spec.py SOURCE_DIR"""
import pathlib
import re
import sys

TAG = re.compile(r"\b([A-Z](?:-[A-Z][A-Z0-9]*)+-\d+)\b")
RANGE = re.compile(r"\b([A-Z](?:-[A-Z][A-Z0-9]*)+)-(\d+) to (?:[A-Z](?:-[A-Z][A-Z0-9]*)+-)?(\d+)\b")


def rules(root):
    found = {}
    for path in [root / "SPEC.md"]:
        if path.exists():
            for number, line in enumerate(path.read_text().splitlines(), 1):
                match = re.match(r"\s*(?:[-*] )?\*\*([A-Z](?:-[A-Z][A-Z0-9]*)+-\d+)\*\*", line)
                if match:
                    if match[1] in found:
                        sys.exit(f"{path}:{number}: {match[1]} is defined twice, first at {found[match[1]]}")
                    found[match[1]] = f"{path.name}:{number}"
    return found


def tags(root):
    """Tags in comments of tests: a START_TEST line, or a line that says 'SPEC: ...'."""
    found = {}
    for path in [*sorted((root / "tests").rglob("*")), *sorted((root / "bindings").glob("*/tests/*"))]:
        if path.suffix in (".c", ".h", ".py", ".sh") and path.name != "check-spec.py":
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                if "START_TEST" in line or "SPEC:" in line:
                    for prefix, first, last in RANGE.findall(line):
                        for n in range(int(first), int(last) + 1):
                            found.setdefault(f"{prefix}-{n}", f"{path}:{number}")
                    for tag in TAG.findall(line):
                        found.setdefault(tag, f"{path}:{number}")
    return found


def main():
    root = pathlib.Path(sys.argv[1])
    defined, tested = rules(root), tags(root)
    bad = [f"{place}: rule {rule} has no test" for rule, place in defined.items() if rule not in tested]
    bad += [f"{place}: tag {tag} is no rule" for tag, place in tested.items() if tag not in defined]
    if bad:
        sys.exit("\n".join(bad))
    print(f"{len(defined)} rules, each with a test")


main()
