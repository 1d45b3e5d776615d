#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""rewrite, merge and append: what moves with its pages and what stays, names and keys, and that a file is replaced at once or not at all."""
import json
import os

from command import BIRDS, SOURCE, Run, equal, run_all

def anatomy(path):
    return Run("inspect", path, "--pages", "--json").expect(0).json()["result"]


def rows_of(path):
    return Run("cat", path, "-o", "jsonl", "--max-rows", "0").expect(0).out


def chunk_facts(column):
    """All that inspect tells of a chunk, its pages and its indexes, places relative to the chunk's begin."""
    begin = min(offset for offset in (column.get("data_page_offset"), column.get("dictionary_page_offset")) if offset)

    def relative(value):
        if isinstance(value, dict):
            return {key: value[key] - begin if key.endswith("offset") and isinstance(value[key], int) and value[key] else relative(value[key])
                    for key in value if key not in ("path", "offset_index", "column_index", "bloom_filter")}
        return [relative(item) for item in value] if isinstance(value, list) else value

    return relative(column)


def groups_facts(path):
    return [(group["num_rows"], group["total_byte_size"], group.get("sorting_columns"), [chunk_facts(column) for column in group["columns"]])
            for group in anatomy(path)["row_groups"]]


def same_groups(got, expected, what):
    """As equal, but names what differs: the whole would fill pages."""
    equal(len(got), len(expected), what + ": row groups")
    for number, (a, b) in enumerate(zip(got, expected)):
        equal(a[:3], b[:3], f"{what}: row group {number}")
        for x, y in zip(a[3], b[3]):
            for key in x.keys() | y.keys():
                equal(x.get(key), y.get(key), f"{what}: row group {number}, {key}")


def make(path, *words):
    Run("convert", BIRDS, path, "--row-group-rows", "3000", "--page-rows", "500", *words).expect(0)


def a_merge_keeps_every_chunk(folder):
    make("a.parquet")
    make("b.parquet", "--codec", "snappy")
    Run("concat", "a.parquet", "b.parquet", "m.parquet").expect(0, out="20000 rows in 8 row groups")
    same_groups(groups_facts("m.parquet"), groups_facts("a.parquet") + groups_facts("b.parquet"), "merged")
    equal([group["ordinal"] for group in anatomy("m.parquet")["row_groups"]], list(range(8)), "ordinals")
    equal(rows_of("m.parquet"), rows_of("a.parquet") + rows_of("b.parquet"), "rows")
    Run("verify", "m.parquet").expect(0)
    Run("concat", "a.parquet", "b.parquet", "m.parquet").expect(11, err="--force")
    Run("concat", "[ab].parquet", "m.parquet", "--force").expect(0, out="20000 rows")
    Run("concat", "a.parquet", "b.parquet", "a.parquet", "--force", "--drop-index").expect(0)
    equal(any("offset_index" in column or "offset_index_offset" in column for group in anatomy("a.parquet")["row_groups"]
              for column in group["columns"]), False, "page indexes")
    equal(rows_of("a.parquet"), rows_of("m.parquet"), "a file merged into itself")
    Run("verify", "a.parquet").expect(0)


def columns_may_stand_in_another_order(folder):
    Run("query", "select 1 as a, 'x' as b, 1.5 as c", "-o", "jsonl").expect(0)
    Run("convert", "-", "a.parquet", "--input-format", "ndjson", stdin=b'{"a":1,"s":{"x":1,"y":"p"}}\n').expect(0)
    Run("convert", "-", "b.parquet", "--input-format", "ndjson", stdin=b'{"s":{"y":"q","x":2},"a":2}\n').expect(0)
    Run("concat", "a.parquet", "b.parquet", "m.parquet").expect(0)
    equal(rows_of("m.parquet"), '{"a":1,"s":{"x":1,"y":"p"}}\n{"a":2,"s":{"x":2,"y":"q"}}\n', "rows by name")
    Run("verify", "m.parquet").expect(0)
    Run("convert", "-", "c.parquet", "--input-format", "ndjson", stdin=b'{"a":"1","s":{"x":1,"y":"p"}}\n').expect(0)
    Run("concat", "a.parquet", "c.parquet", "n.parquet").expect(4, err='the column "a" is stored as different types')
    Run("convert", "-", "d.parquet", "--input-format", "ndjson", stdin=b'{"b":1,"s":{"x":1,"y":"p"}}\n').expect(0)
    Run("concat", "a.parquet", "d.parquet", "n.parquet").expect(4, err='the column "a" is not in all files')
    Run("concat", "a.parquet", "absent.parquet", "n.parquet").expect(3)
    equal(os.path.exists("n.parquet"), False, "a file that could not be")


def other_names_leave_the_pages_alone(folder):
    make("a.parquet", "--key-value", "note=old")
    before = open("a.parquet", "rb").read()
    pages = anatomy("a.parquet")["file_size"] - anatomy("a.parquet")["footer_size"] - 8
    Run("rewrite", "a.parquet", "b.parquet", "--rename", "Cost Other=other costs", "--rename", "Cost Repair=Cost Other", "--set", "note=new",
        "--set", "more=a=b", "--field-id", "Wildlife Size=7").expect(0)
    after = open("b.parquet", "rb").read()
    equal(after[:pages] == before[:pages], True, "the bytes before the footer")
    document = anatomy("b.parquet")
    names = [element["name"] for element in document["schema"] if "column" in element]
    equal(names[10:12], ["other costs", "Cost Other"], "names")
    equal([element.get("field_id") for element in document["schema"] if element["name"] == "Wildlife Size"], [7], "field id")
    keys = {pair["key"]: pair["value"] for pair in document["key_value_metadata"]}
    equal((keys["note"], keys["more"]), ("new", "a=b"), "keys")
    same_groups(groups_facts("b.parquet"), groups_facts("a.parquet"), "renamed")
    Run("verify", "b.parquet").expect(0)
    Run("rewrite", "b.parquet", "--unset", "note", "--unset", "gone", "--field-id", "Wildlife Size=none").expect(0, err='no key "gone"')
    keys = {pair["key"] for pair in anatomy("b.parquet")["key_value_metadata"]}
    equal("note" in keys, False, "a key that is removed")


def what_cannot_be_renamed(folder):
    Run("convert", "-", "a.parquet", "--input-format", "ndjson", stdin=b'{"a":1,"B":2,"l":[{"x":1}]}\n' * 2).expect(0)
    for rename, code, why in [
        ("c=d", 3, 'no column "c"'),
        ("a=B", 4, 'two columns "B"'),
        ("a=b", 4, 'two columns "b"'),
        ("a=", 4, "cannot be the name"),
        ("l.list=x", 4, "list, map or variant"),
        ("l.list.element=x", 4, "list, map or variant"),
    ]:
        Run("rewrite", "a.parquet", "--rename", rename).expect(code, err=why)
    Run("rewrite", "a.parquet", "--rename", "l.list.element.x=y", "--rename", "a=B", "--rename", "B=a").expect(0)
    equal(rows_of("a.parquet"), '{"B":1,"a":2,"l":[{"y":1}]}\n' * 2, "swapped names")
    Run("rewrite", "a.parquet", "--rename", "a").expect(2)
    Run("rewrite", "a.parquet", "--rename", "a=b", "--codec", "snappy").expect(2, err="one after the other")
    Run("rewrite", "a.parquet", "--set", "tarn.footer.checksum=1").expect(4)
    Run("verify", "a.parquet").expect(0)


def schemas_by_name_go_with_a_rename(folder):
    Run("convert", "-", "a.parquet", "--input-format", "ndjson", stdin=b'{"a":1}\n').expect(0)
    Run("rewrite", "a.parquet", "b.parquet", "--set", "k=v").expect(0)
    Run("rewrite", "b.parquet", "--set", "pandas={}", "--set", "own=x").expect(0)
    Run("rewrite", "b.parquet", "--field-id", "a=3").expect(0)
    Run("rewrite", "b.parquet", "--rename", "a=b").expect(0, err='the key "pandas" tells of columns by their old names')
    keys = {pair["key"] for pair in anatomy("b.parquet")["key_value_metadata"]}
    equal(("pandas" in keys, "own" in keys, "k" in keys), (False, True, True), "dropped with a rename, and kept")


def keys_are_the_first_files(folder):
    for name, value in (("a", "1"), ("b", "2"), ("c", "1")):
        Run("convert", "-", f"{name}.parquet", "--input-format", "ndjson", stdin=b'{"a":1}\n').expect(0)
        Run("rewrite", f"{name}.parquet", "--set", f"k={value}").expect(0)
    Run("rewrite", "c.parquet", "--set", "only=c").expect(0)
    done = Run("concat", "a.parquet", "b.parquet", "c.parquet", "m.parquet").expect(0, err='b.parquet: its value of the key "k" is not kept')
    equal('c.parquet: its value of the key "only"' in done.err and 'c.parquet: its value of the key "k"' not in done.err, True, "notes")
    equal([pair for pair in anatomy("m.parquet")["key_value_metadata"] if pair["key"] == "k"], [{"key": "k", "value": "1"}], "the first's")


def rows_are_appended(folder):
    make("a.parquet")
    before = open("a.parquet", "rb").read()
    first = groups_facts("a.parquet")
    rows = rows_of("a.parquet")
    pages = anatomy("a.parquet")["file_size"] - anatomy("a.parquet")["footer_size"] - 8
    Run("append", BIRDS, "a.parquet", "--row-group-rows", "6000", "--codec", "snappy").expect(0, out="20000 rows in 6 row groups")
    equal(open("a.parquet", "rb").read()[:pages] == before[:pages], True, "the old pages")
    after = groups_facts("a.parquet")
    same_groups(after[:4], first, "the old row groups")
    equal([group[0] for group in after[4:]], [6000, 4000], "the new row groups")
    equal(rows_of("a.parquet"), rows + rows, "rows")
    Run("verify", "a.parquet").expect(0)
    Run("append", "-", "a.parquet", "--input-format", "ndjson", stdin=b'{"a":1}\n').expect(4, err="1 columns")
    equal(rows_of("a.parquet"), rows + rows, "rows after a failure")
    equal([name for name in os.listdir(".") if name != "a.parquet"], [], "what a failure leaves")


def appended_rows_are_found_by_name(folder):
    Run("convert", "-", "a.parquet", "--input-format", "ndjson", stdin=b'{"a":1,"b":"x"}\n').expect(0)
    Run("convert", "-", "b.parquet", "--input-format", "ndjson", stdin=b'{"b":"y","a":2}\n').expect(0)
    Run("append", "b.parquet", "a.parquet").expect(0, out="2 rows")
    (folder / "c.csv").write_text("b,a\nz,3\n")
    Run("append", "c.csv", "b.parquet", "a.parquet").expect(0, out="4 rows")
    equal(rows_of("a.parquet"), '{"a":1,"b":"x"}\n{"a":2,"b":"y"}\n{"a":3,"b":"z"}\n{"a":2,"b":"y"}\n', "rows")
    (folder / "d.csv").write_text("b,a\nz,word\n")
    Run("append", "d.csv", "a.parquet").expect(4)
    Run("append", "a.parquet", "none.parquet").expect(3)
    Run("verify", "a.parquet").expect(0)


def rows_are_written_anew(folder):
    make("a.parquet")
    rows = rows_of("a.parquet")
    Run("rewrite", "a.parquet", "b.parquet", "--row-group-rows", "100000", "--codec", "zstd:12").expect(0, out="10000 rows in 1 row group,")
    equal(rows_of("b.parquet"), rows, "rows")
    equal(rows_of("a.parquet"), rows, "the source")
    Run("rewrite", "a.parquet", "b.parquet").expect(11)
    done = Run("rewrite", "a.parquet", "--json").expect(0).json()
    equal((done["result"]["rows"], done["result"]["row_groups"]), (10000, 1), "document")
    equal(rows_of("a.parquet"), rows, "in place")
    whole = bytearray((folder / "a.parquet").read_bytes())
    whole[len(whole) // 3] ^= 1
    (folder / "a.parquet").write_bytes(whole)
    Run("rewrite", "a.parquet").expect(5)
    equal((folder / "a.parquet").read_bytes() == bytes(whole), True, "a file whose rewriting failed")


def what_was_secret_stays_so(folder):  # SPEC: P-COPY-13
    if "minimal" in Run("--version").out:
        return
    secret = SOURCE / "tests" / "fuzz" / "corpus" / "fuzz_encrypted" / "mode8"
    (folder / "s.parquet").write_bytes(secret.read_bytes()[1:])
    keys = {"footer": b"0123456789012345".hex(), "col:a": b"abcdefghijklmnop".hex(), "kt": b"abcdefghijklmnopqrstuvwxyz012345".hex()}
    (folder / "keys.json").write_text(json.dumps({"keys": keys}))
    Run("rewrite", "s.parquet", "p.parquet").expect(9, err="AUTH")
    Run("rewrite", "s.parquet", "p.parquet", "--key-file", "keys.json").expect(4, err="error[INVALID.decrypt]")
    for words in (["concat", "s.parquet", "p.parquet"], ["rewrite", "s.parquet", "--set", "a=b"], ["rewrite", "s.parquet", "--drop-index"]):
        Run(*words, "--key-file", "keys.json").expect(6, err="error[UNSUPPORTED.copy.encrypted]")
    equal(os.path.exists("p.parquet"), False, "a file that could not be")
    Run("rewrite", "s.parquet", "p.parquet", "--key-file", "keys.json", "--decrypt").expect(0)
    equal(len(Run("cat", "p.parquet", "-o", "jsonl").expect(0).rows()), 60, "rows without a key")
    Run("append", "p.parquet", "s.parquet", "--key-file", "keys.json").expect(6, err="copy.encrypted")


if __name__ == "__main__":
    run_all([a_merge_keeps_every_chunk, columns_may_stand_in_another_order, other_names_leave_the_pages_alone, what_cannot_be_renamed,
             schemas_by_name_go_with_a_rename, keys_are_the_first_files, rows_are_appended, appended_rows_are_found_by_name,
             rows_are_written_anew, what_was_secret_stays_so])
