#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""advise says what is so: every number it gives is the size of what rewrite then writes."""
import subprocess

from command import BIRDS, TARN, Run, equal, run_all


def advice(path, *words):
    return Run("advise", path, "--json", *words).expect(0).json()["result"]


def chunk_bytes(path):
    groups = Run("inspect", path, "--json").expect(0).json()["result"]["row_groups"]
    return [sum(column["total_compressed_size"] for column in columns) for columns in zip(*[group["columns"] for group in groups])]


def sizes_are_those_of_the_files(folder):
    Run("convert", BIRDS, "b.parquet", "--codec", "lz4", "--no-dictionary").expect(0)
    said = advice("b.parquet")
    equal((said["sample"]["rows"], said["sample"]["row_groups"]), (10000, [0]), "the sample is the file")
    stored = chunk_bytes("b.parquet")
    equal([column["bytes"] for column in said["columns"]], stored, "bytes now")
    equal(said["sample"]["bytes"], sum(stored), "bytes of the sample")
    options = {"profile": "--profile", "codec": "--codec", "page version": "--page-version", "page rows": "--page-rows"}
    seen = set()
    for setting in said["file"]:
        if setting["what"] in options:
            Run("rewrite", "b.parquet", "r.parquet", "--force", options[setting["what"]], setting["value"]).expect(0)
            equal((setting["bytes"], setting["file_bytes"]), (sum(chunk_bytes("r.parquet")), (folder / "r.parquet").stat().st_size),
                  f"{setting['what']} {setting['value']}")
            equal(setting["gain_percent"], round((sum(stored) - setting["bytes"]) * 100 / sum(stored), 1), "gain")
        seen.add(setting["what"])
    equal(seen >= {"profile", "codec", "page rows", "sorted by"}, True, f"what is measured: {seen}")


def encodings_are_those_of_the_files(folder):
    Run("convert", BIRDS, "b.parquet", "--codec", "snappy", "--no-dictionary").expect(0)
    said = advice("b.parquet")
    better = 0
    for number, column in enumerate(said["columns"]):
        best = column["best_encoding"]
        words = ["--column-encoding", f"{column['column']}={best}"] if best != "auto" else []
        Run("rewrite", "b.parquet", "r.parquet", "--force", *words).expect(0)
        equal(column["best_bytes"], chunk_bytes("r.parquet")[number], f"{column['column']} as {best}")
        better += best != "auto"
        equal(column["best_bytes"] <= column["default_bytes"], True, "the best is no worse than the default")
    Run("rewrite", "b.parquet", "r.parquet", "--force").expect(0)
    equal([column["default_bytes"] for column in said["columns"]], chunk_bytes("r.parquet"), "the writer's own choice")
    distinct = int(Run("query", "SELECT count(DISTINCT \"Airport Name\") AS n FROM 'b.parquet'", "-o", "csv").expect(0).out.split()[1])
    equal([column["distinct"] for column in said["columns"] if column["column"] == "Airport Name"], [distinct], "distinct values")


def the_order_is_really_sorted(folder):
    Run("convert", BIRDS, "b.parquet").expect(0)
    orders = [setting for setting in advice("b.parquet")["file"] if setting["what"] == "sorted by"]
    equal(len(orders) > 0, True, "orders")
    for order in orders:
        name = order["value"]
        query = [TARN, "query", f"SELECT * FROM 'b.parquet' ORDER BY \"{name}\"", "-o", "arrow"]
        (folder / "s.arrows").write_bytes(subprocess.run(query, capture_output=True, check=True).stdout)
        Run("convert", "s.arrows", "s.parquet", "--force", "--sorted-by", name).expect(0)
        equal(order["bytes"], sum(chunk_bytes("s.parquet")), f"sorted by {name}")


def a_sample_is_of_whole_row_groups(folder):
    Run("convert", BIRDS, "b.parquet", "--row-group-rows", "1000").expect(0)
    said = advice("b.parquet", "--sample-rows", "2500")
    equal((said["sample"]["rows"], said["sample"]["row_groups"]), (3000, [0, 3, 6]), "the sample")
    groups = Run("inspect", "b.parquet", "--json").expect(0).json()["result"]["row_groups"]
    chosen = sum(column["total_compressed_size"] for number in (0, 3, 6) for column in groups[number]["columns"])
    equal(said["sample"]["bytes"], chosen, "bytes of the sample")
    Run("advise", "b.parquet").expect(0, out="10000 of 10000 rows: 10 of 10 row groups")
    Run("advise", "b.parquet", "--sample-rows", "0").expect(2)
    Run("advise", "absent.parquet").expect(3)


def nested_columns_and_strange_names(folder):
    rows = b'{"a.b": 1, "q\\"": "x", "s": {"x": [1, 2]}, "l": [{"y": "p"}]}\n' * 50
    Run("convert", "-", "n.parquet", "--input-format", "ndjson", stdin=rows).expect(0)
    said = advice("n.parquet")
    equal([column["column"] for column in said["columns"]], ["a.b", 'q"', "s.x.list.element", "l.list.element.y"], "columns")
    equal([column["distinct"] for column in said["columns"]], [1, 1, None, None], "distinct values of plain columns")
    Run("convert", "-", "e.parquet", "--input-format", "csv", "--schema", "a BIGINT", stdin=b"a\n").expect(0)
    Run("advise", "e.parquet").expect(4, err="no rows")


if __name__ == "__main__":
    run_all([sizes_are_those_of_the_files, encodings_are_those_of_the_files, the_order_is_really_sorted, a_sample_is_of_whole_row_groups,
             nested_columns_and_strange_names])
