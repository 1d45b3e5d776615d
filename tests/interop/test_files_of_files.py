#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files that tarn makes of the pages of pyarrow's, DuckDB's, Polars' and its own files are read by pyarrow, DuckDB and Polars, with the rows of
the sources; statistics and indexes still prune, and bloom filters still find."""
import json
import shutil
import sys

import duckdb
import polars
import pyarrow as pa
import pyarrow.parquet as pq
from engines import same_rows, scratch, tarn
from sample_rows import sample_rows


def written(work, rows, connection):
    """Files of each writer: their names by writer. All files of one writer have one schema."""
    files = {"pyarrow": [], "duckdb": [], "polars": [], "tarn": []}
    halves = [rows.slice(0, 3000), rows.slice(3000)]
    for number, half in enumerate(halves):
        path = work / f"pyarrow-{number}.parquet"
        pq.write_table(half, path, compression=("snappy", "zstd")[number], data_page_version=("1.0", "2.0")[number], row_group_size=1700,
                       data_page_size=4000, write_page_index=True, use_dictionary=number == 0, write_page_checksum=number == 1)
        files["pyarrow"].append(path)
        tarn("convert", path, work / f"tarn-{number}.parquet", "--row-group-rows", 1100, "--page-rows", 200)
        files["tarn"].append(work / f"tarn-{number}.parquet")
        connection.execute(f"COPY (SELECT * FROM '{path}') TO '{work}/duckdb-{number}.parquet' (FORMAT parquet, CODEC 'zstd', ROW_GROUP_SIZE 2048)")
        files["duckdb"].append(work / f"duckdb-{number}.parquet")
        polars.from_arrow(half.drop_columns(["m"])).write_parquet(work / f"polars-{number}.parquet", compression="zstd", row_group_size=1700)
        files["polars"].append(work / f"polars-{number}.parquet")
    return files


def check(condition, what):
    if not condition:
        sys.exit(what)


def same_statistics(merged, sources):
    """What pyarrow sees of each chunk is what it saw before."""
    after = pq.ParquetFile(merged).metadata
    number = 0
    for source in sources:
        before = pq.ParquetFile(source).metadata
        for group in range(before.num_row_groups):
            for column in range(before.num_columns):
                a, b = before.row_group(group).column(column), after.row_group(number).column(column)
                for fact in ("path_in_schema", "compression", "encodings", "num_values", "total_compressed_size", "total_uncompressed_size",
                             "has_column_index", "has_offset_index"):
                    check(getattr(a, fact) == getattr(b, fact), f"{merged}: {fact} of {a.path_in_schema} in row group {number}")
                x, y = (c.statistics and (c.statistics.has_min_max, repr(c.statistics.min), repr(c.statistics.max), c.statistics.null_count)
                        for c in (a, b))
                check(x == y, f"{merged}: statistics of {a.path_in_schema} in row group {number}: {x} became {y}")
            number += 1
    check(number == after.num_row_groups, f"{merged}: row groups")


def readers_agree(connection, merged, sources):
    both = ", ".join(f"'{source}'" for source in sources)
    same_rows(connection, f"read_parquet([{both}])", f"'{merged}'", f"{merged.name} in DuckDB")
    expected = pa.concat_tables([pq.read_table(source) for source in sources])
    seen = pq.read_table(merged)
    connection.register("expected_rows", expected)
    connection.register("seen_rows", seen)
    same_rows(connection, "expected_rows", "seen_rows", f"{merged.name} in pyarrow")
    flat = [name for name in expected.schema.names if name not in ("m", "lr", "ll")]
    left = polars.concat([polars.read_parquet(source, columns=flat) for source in sources])
    check(left.equals(polars.read_parquet(merged, columns=flat)), f"{merged.name} in Polars: other rows")
    print(f"{merged.name} in Polars: {left.height} rows equal")


def filters_still_find(connection, merged):
    """Every value of a column is found by equality, whatever is skipped for it; one that is not there is not."""
    for column, values in (("i64", [2**63 - 1, -(2**63 - 2), 2**63 - 1 - 4000]), ("few", ["red", "", "blue"])):
        for value in values:
            all_rows = connection.execute(f"SELECT count(*) FROM (SELECT {column} AS c FROM '{merged}' OFFSET 0) WHERE c::VARCHAR = ?",
                                          [str(value)]).fetchone()[0]
            found = connection.execute(f"SELECT count(*) FROM '{merged}' WHERE {column} = ?", [value]).fetchone()[0]
            seen = json.loads(tarn("query", f"SELECT count(*) AS n FROM '{merged}' WHERE {column} = {value!r}", "-o", "jsonl"))["n"]
            check(found == all_rows == seen and found > 0, f"{merged}: {column} = {value}: {found} of {all_rows}, tarn {seen}")
        check(connection.execute(f"SELECT count(*) FROM '{merged}' WHERE few = 'violet'").fetchone()[0] == 0, "a value that is not there")


def blooms(connection, path):
    return connection.execute(f"SELECT count(*) FROM parquet_metadata('{path}') WHERE bloom_filter_offset IS NOT NULL").fetchone()[0]


def main():
    work = scratch()
    connection = duckdb.connect()
    connection.execute("SET TimeZone='UTC'")
    rows = sample_rows()
    files = written(work, rows, connection)
    for writer, sources in files.items():
        merged = work / f"merged-{writer}.parquet"
        tarn("concat", *sources, merged)
        tarn("verify", merged)
        same_statistics(merged, sources)
        readers_agree(connection, merged, sources)
        filters_still_find(connection, merged)
        check(blooms(connection, merged) == sum(blooms(connection, source) for source in sources), f"{merged}: bloom filters")
    check(blooms(connection, work / "merged-duckdb.parquet") > 0, "DuckDB wrote no bloom filters to be moved")

    for writer, sources in files.items():
        renamed = work / f"renamed-{writer}.parquet"
        tarn("rewrite", sources[0], renamed, "--rename", "i64=number", "--rename", "r.y.z=deep", "--set", "k=v")
        tarn("verify", renamed)
        same_rows(connection, f"(SELECT i64 AS number FROM '{sources[0]}')", f"(SELECT number FROM '{renamed}')", f"{renamed.name} in DuckDB")
        check(pq.read_table(renamed).column("number").equals(pq.read_table(sources[0]).column("i64")), f"{renamed.name} in pyarrow")
        check(pq.ParquetFile(renamed).metadata.metadata[b"k"] == b"v", f"{renamed.name}: the key")
        check(polars.read_parquet(renamed, columns=["number"])["number"].equals(polars.read_parquet(sources[0], columns=["i64"])["i64"].alias("number")),
              f"{renamed.name} in Polars")

    appended = work / "appended.parquet"
    shutil.copy(files["tarn"][0], appended)
    tarn("append", files["tarn"][1], files["tarn"][0], appended, "--codec", "snappy", "--row-group-rows", 700)
    tarn("verify", appended)
    readers_agree(connection, appended, [files["tarn"][0], files["tarn"][1], files["tarn"][0]])
    filters_still_find(connection, appended)
    shutil.rmtree(work)


main()
