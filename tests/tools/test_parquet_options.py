#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The options that say how a Parquet file is written: what the words mean, and that the file is then as asked."""
from command import BIRDS, Run, equal, run_all


def chunks_of(path):
    document = Run("inspect", path, "--json").expect(0).json()["result"]
    return [column for group in document["row_groups"] for column in group["columns"]], document


def typing_errors_cost_nothing(folder):
    for words, why in [
        (["--codec", "zst"], "zstd, snappy, gzip, brotli, lz4 or none"),
        (["--codec", "lz4:3"], "has no levels"),
        (["--codec", "zstd:23"], "levels of zstd are 1 to 22"),
        (["--codec", "zstd:"], "levels of zstd"),
        (["--codec", "gzip:0"], "levels of gzip are 1 to 12"),
        (["--profile", "small"], "default, compat, archive, fast"),
        (["--page-version", "3"], "from 1 to 2"),
        (["--page-size", "2GiB"], "--page-size takes a number"),
        (["--row-group-rows", "0"], "--row-group-rows takes a number"),
        (["--column-encoding", "a"], "delta_binary_packed"),
        (["--column-encoding", "a=delta"], "delta_binary_packed"),
        (["--column-codec", "a=zip"], "a codec is"),
        (["--bloom", "a=2"], "between 0 and 1"),
        (["--check", "some"], "off, metadata, full"),
        (["--nan-counts", "maybe"], "yes, no"),
        (["--float-order", "total"], "type, ieee754"),
        (["--key-value", "=b"], "KEY=VALUE"),
        (["--encoding", "a=plain"], "--column-encoding a=plain"),
        (["--no-crc=yes"], "takes no value"),
    ]:
        Run("convert", BIRDS, "b.parquet", *words).expect(2, err=why)
    Run("convert", BIRDS, "b.csv", "--page-rows", "10").expect(2, err="ends in .parquet")
    Run("convert", BIRDS, "b.parquet", "--column-codec", "Cost=none").expect(3, err='no column "Cost"')
    Run("convert", BIRDS, "b.parquet", "--sorted-by", "Cost Other DESC, Nothing").expect(3, err='no column "Nothing"')
    equal(list(folder.iterdir()), [], "what a mistake leaves behind")


def sizes_and_codecs_are_as_asked(folder):
    Run("convert", BIRDS, "b.parquet", "--codec", "ZSTD:9", "--row-group-rows", "3000").expect(0, out="10000 rows")
    columns, document = chunks_of("b.parquet")
    equal([group["num_rows"] for group in document["row_groups"]], [3000, 3000, 3000, 1000], "rows of row groups")
    equal({column["codec"] for column in columns} - {"UNCOMPRESSED"}, {"ZSTD"}, "codecs, but of what no codec helps")
    Run("convert", BIRDS, "b.parquet").expect(11)
    Run("convert", BIRDS, "b.parquet", "--force", "--codec", "snappy", "--no-page-index", "--no-dictionary").expect(0)
    columns, document = chunks_of("b.parquet")
    equal({column["codec"] for column in columns} - {"UNCOMPRESSED"}, {"SNAPPY"}, "codecs")
    equal({"column_index" in column or "offset_index" in column for column in columns}, {False}, "page indexes")
    equal(any("RLE_DICTIONARY" in column["encodings"] for column in columns), False, "dictionaries")
    Run("verify", "b.parquet").expect(0)


def a_column_is_named_by_its_path(folder):
    rows = b'{"a.b": 1, "s": {"x": 1, "y": [{"z": "p"}]}}\n' * 10
    for name in ("a.b", "s.x", "s", "s.y", "s.y.element.z", "s.y.z", "s.y.list.element.z"):
        Run("convert", "-", "t.parquet", "--input-format", "ndjson", "--force", "--column-codec", f"{name}=none", stdin=rows).expect(0)
    for name in ("a", "s.z", "s.y.element.x", "s.x.y", "s.", ".s", "a.b.c"):
        Run("convert", "-", "t.parquet", "--input-format", "ndjson", "--force", "--no-statistics=" + name, stdin=rows).expect(3, err="no column")


def columns_and_keys_are_as_asked(folder):
    Run("convert", BIRDS, "b.parquet", "--page-version", "2", "--column-encoding", "Flight Date=delta-binary-packed", "--column-codec",
        "Airport Name=lz4", "--key-value", "a=b=c", "--key-value", "e=", "--no-statistics=Cost Other", "--no-page-index=Cost Repair",
        "--statistics-size", "4", "--check", "full").expect(0)
    document = Run("inspect", "b.parquet", "--pages", "--json").expect(0).json()["result"]
    columns = {column["path"]: column for column in document["row_groups"][0]["columns"]}
    equal({pair["key"]: pair["value"] for pair in document["key_value_metadata"]}.items() >= {"a": "b=c", "e": ""}.items(), True, "keys")
    equal("DELTA_BINARY_PACKED" in columns["Flight Date"]["encodings"], True, "encoding")
    equal(columns["Airport Name"]["codec"], "LZ4_RAW", "codec")
    equal("statistics" in columns["Cost Other"] or "column_index" in columns["Cost Repair"], False, "what a column shall not have")
    equal((columns["Airport Name"]["statistics"]["min_value"]["value"], columns["Airport Name"]["statistics"]["is_min_value_exact"]),
          ("ATLA", False), "a bound that is cut")
    equal({page["type"] for column in columns.values() for page in column["pages"]} - {"DICTIONARY_PAGE"}, {"DATA_PAGE_V2"}, "pages")
    Run("convert", BIRDS, "s.parquet", "--sorted-by", "Airport Name DESC").expect(4, err="error[INVALID.sorting]")
    Run("verify", "b.parquet").expect(0)


def a_query_writes_with_them(folder):
    done = Run("query", "select 1 as a", "-o", "parquet", "--row-group-rows", "x")
    equal((done.code, "--row-group-rows" in done.err), (2, True), "a typing error")


if __name__ == "__main__":
    run_all([typing_errors_cost_nothing, sizes_and_codecs_are_as_asked, a_column_is_named_by_its_path, columns_and_keys_are_as_asked,
             a_query_writes_with_them])
