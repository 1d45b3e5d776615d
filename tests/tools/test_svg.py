#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""inspect --svg: a well-formed document whose drawings stand for every byte of the chunks, small for any file, the same for the same file."""
import sys
import xml.etree.ElementTree as tree

from command import BIRDS, SOURCE, Run, equal, run_all

GOLDEN = SOURCE / "tests" / "data" / "nested.svg"
SEED = SOURCE / "tests" / "fuzz" / "corpus" / "fuzz_parquet_file" / "nested_723"
SPACE = "{http://www.w3.org/2000/svg}"


def draw(path):
    return Run("inspect", path, "--svg").expect(0).out


def drawn_bytes(svg):
    return sum(int(group.get("data-bytes")) for group in tree.fromstring(svg).iter(SPACE + "g") if group.get("data-bytes"))


def stored_bytes(path):
    groups = Run("inspect", path, "--json").expect(0).json()["result"]["row_groups"]
    return sum(column["total_compressed_size"] for group in groups for column in group["columns"])


def every_byte_is_drawn_once(folder):
    Run("convert", BIRDS, "b.parquet", "--row-group-rows", "3000", "--page-rows", "300").expect(0)
    svg = draw("b.parquet")
    equal(drawn_bytes(svg), stored_bytes("b.parquet"), "bytes")
    equal(svg, draw("b.parquet"), "the second drawing")
    groups = [group for group in tree.fromstring(svg).iter(SPACE + "g") if group.get("data-column")]
    equal({int(group.get("data-row-group")) for group in groups}, {0, 1, 2, 3}, "row groups")
    document = Run("inspect", "b.parquet", "--json").expect(0).json()["result"]
    widths = {}
    for group in groups:
        number, column = int(group.get("data-row-group")), int(group.get("data-column"))
        stored = document["row_groups"][number]["columns"][column]["total_compressed_size"]
        equal(int(group.get("data-bytes")), stored, f"row group {number}, column {column}")
        widths[number] = widths.get(number, 0) + sum(float(rect.get("width")) for rect in group.iter(SPACE + "rect"))
    sizes = {number: sum(c["total_compressed_size"] for c in group["columns"]) for number, group in enumerate(document["row_groups"])}
    for number in widths:  # to scale: rounding is below a hundredth of a unit a rectangle
        expected = widths[0] * sizes[number] / sizes[0]
        equal(abs(widths[number] - expected) < 2, True, f"width of row group {number}: {widths[number]}, to scale {expected}")


def names_are_escaped(folder):
    rows = '{"<a&b>\\"": 1, "tab\\tline\\n": "x", "漢字 ümlaut": 2.5, "]]>": true}\n' * 20
    Run("convert", "-", "n<&>.parquet", "--input-format", "ndjson", stdin=rows.encode()).expect(0)
    svg = draw("n<&>.parquet")
    words = " ".join(text for text in tree.fromstring(svg).itertext())
    for name in ('<a&b>"', "漢字 ümlaut", "]]>", "n<&>.parquet"):
        equal(name in words, True, name)
    equal("http" in svg.replace("http://www.w3.org/2000/svg", ""), False, "something outside of the document")


def large_files_stay_small(folder):
    names = ",".join(f"c{i}" for i in range(700))
    lines = "\n".join(",".join(str(row * i % 97) for i in range(700)) for row in range(120))
    Run("convert", "-", "w.parquet", "--input-format", "csv", "--row-group-rows", "2", stdin=f"{names}\n{lines}\n".encode()).expect(0)
    svg = draw("w.parquet")
    equal(drawn_bytes(svg), stored_bytes("w.parquet"), "bytes")
    equal(len(svg) < 1_500_000, True, f"{len(svg)} bytes for 42,000 chunks")
    Run("convert", BIRDS, "p.parquet", "--page-rows", "7").expect(0)
    svg = draw("p.parquet")
    equal(drawn_bytes(svg), stored_bytes("p.parquet"), "bytes")
    equal(len(svg) < 400_000, True, f"{len(svg)} bytes for 20,000 pages")


def a_small_file_is_drawn_so(folder):
    (folder / "nested.parquet").write_bytes(SEED.read_bytes()[1:] if SEED.read_bytes()[:4] != b"PAR1" else SEED.read_bytes())
    svg = draw("nested.parquet")
    equal(drawn_bytes(svg), stored_bytes("nested.parquet"), "bytes")
    if "--write" in sys.argv:
        GOLDEN.write_text(svg)
    equal(svg == GOLDEN.read_text(), True, f"the drawing of {SEED.name} (write it anew with --write, and look at it)")


def what_cannot_be_drawn(folder):
    Run("inspect", "absent.parquet", "--svg").expect(3)
    Run("inspect", BIRDS, "--svg").expect(5)
    Run("convert", "-", "e.parquet", "--input-format", "csv", "--schema", "a BIGINT", stdin=b"a\n").expect(0)
    equal(drawn_bytes(draw("e.parquet")), 0, "a file without rows")
    Run("inspect", "e.parquet", "--svg", "--json").expect(2, out="without --json")


if __name__ == "__main__":
    run_all([every_byte_is_drawn_once, names_are_escaped, large_files_stay_small, a_small_file_is_drawn_so, what_cannot_be_drawn])
