#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPEC: P-META-1 P-META-2 P-META-3 P-META-4
"""`tarn inspect --json --pages` against the expected metadata of the corpus: schema, row groups, chunks, statistics, histograms, pages.

compare_metadata.py [CORPUS]; TARN is the tool. Exit code 77: no corpus. Stored bounds are decoded here, from their bytes, so that the
comparison does not rest on tarn's own reading of them.
"""
import datetime
import json
import os
import pathlib
import struct
import subprocess
import sys
from decimal import Decimal, localcontext

TARN = os.environ.get("TARN", "build/dev/tools/tarn")
def text_of_days(days):
    """A civil date of any year, from days since 1970-01-01."""
    era_days = days + 719468
    era = era_days // 146097
    day_of_era = era_days - era * 146097
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted + 2) // 5 + 1
    month = shifted + 3 if shifted < 10 else shifted - 9
    year = year_of_era + era * 400 + (month <= 2)
    sign = "-" if year <= 0 else "+" if year > 9999 else ""
    return f"{sign}{abs(year):04d}-{month:02d}-{day:02d}"


def text_of_time(units, digits):
    sign = "-" if units < 0 else ""
    units = abs(units)
    seconds, fraction = divmod(units, 10 ** digits)
    return f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{fraction:0{digits}d}"


def text_of_timestamp(units, digits, utc):
    seconds, fraction = divmod(units, 10 ** digits)
    days, seconds = divmod(seconds, 86400)
    zone = "Z" if utc else ""
    return f"{text_of_days(days)}T{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{fraction:0{digits}d}{zone}"


def float_of(number):
    return "NaN" if number != number else "Infinity" if number == float("inf") else "-Infinity" if number == float("-inf") else number


def decimal_text(unscaled, scale):
    digits = f"{abs(unscaled):0{scale + 1}d}"
    sign = "-" if unscaled < 0 else ""
    return sign + (digits[:-scale] + "." + digits[-scale:] if scale else digits)


DIGITS = {"MILLIS": 3, "MICROS": 6, "NANOS": 9}


def annotation(element):
    """(name, parameters) of the logical type, or of the converted type where there is no logical one."""
    logical = element.get("logical_type")
    if logical:
        return logical["name"], logical
    converted = element.get("converted_type", "")
    if converted == "DECIMAL":
        return "DECIMAL", {"precision": element.get("precision", 0), "scale": element.get("scale", 0)}
    if converted.startswith(("TIME_", "TIMESTAMP_")):
        name, unit = converted.rsplit("_", 1)
        return name, {"unit": unit, "is_adjusted_to_utc": True}
    if converted.startswith(("INT_", "UINT_")):
        return "INTEGER", {"bit_width": int(converted.split("_")[1]), "is_signed": converted[0] == "I"}
    return {"UTF8": "STRING"}.get(converted, converted), {}


def canonical(stored, element):
    """A bound as the corpus writes values (CANONICAL.md)."""
    raw = bytes.fromhex(stored)
    physical = element["type"]
    name, parameters = annotation(element)
    if physical == "BOOLEAN":
        return raw[0] != 0
    if physical in ("FLOAT", "DOUBLE"):
        return float_of(struct.unpack("<f" if physical == "FLOAT" else "<d", raw)[0])
    if physical == "INT96":
        nanos, day = struct.unpack("<qi", raw)
        return text_of_timestamp((day - 2440588) * 86400 * 10 ** 9 + nanos, 9, True)
    if physical in ("INT32", "INT64"):
        signed = not (name == "INTEGER" and not parameters["is_signed"])
        number = int.from_bytes(raw, "little", signed=signed)
        if name == "DECIMAL":
            return decimal_text(number, parameters.get("scale", 0))
        if name == "DATE":
            return text_of_days(number)
        if name == "TIME":
            return text_of_time(number, DIGITS[parameters["unit"]])
        if name == "TIMESTAMP":
            return text_of_timestamp(number, DIGITS[parameters["unit"]], parameters["is_adjusted_to_utc"])
        return number
    if name == "DECIMAL":
        return decimal_text(int.from_bytes(raw, "big", signed=True), parameters.get("scale", 0))
    if name == "FLOAT16":
        return float_of(struct.unpack("<e", raw)[0])
    if name == "UUID":
        digits = raw.hex()
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    if name == "TIMESTAMP" and len(raw) == 12:
        return text_of_timestamp(int.from_bytes(raw, "little", signed=True), DIGITS[parameters["unit"]], parameters["is_adjusted_to_utc"])
    if name == "INTERVAL":
        months, days, millis = struct.unpack("<III", raw)
        return {"months": months, "days": days, "millis": millis}
    if name in ("STRING", "ENUM", "JSON"):
        try:
            return raw.decode()
        except UnicodeDecodeError:
            pass
    return "0x" + raw.hex()


def same(expected, got):
    """Equal, floats by their bits (1 and 1.0 are one number)."""
    if isinstance(expected, bool) or isinstance(got, bool):
        return expected is got
    if isinstance(expected, (int, float)) and isinstance(got, (int, float)):
        return struct.pack("<d", expected) == struct.pack("<d", got) if isinstance(got, float) or isinstance(expected, float) else expected == got
    return expected == got


class Differences(list):
    def check(self, where, expected, got):
        if not same(expected, got):
            self.append(f"{where}: expected {json.dumps(expected)[:120]}, got {json.dumps(got)[:120]}")


def tree_of(elements):
    children = {}
    for number, element in enumerate(elements):
        if number:
            children.setdefault(element["parent"], []).append(number)
    return children


def compare_logical(out, where, expected, element):
    got = element.get("logical_type")
    if expected is None:
        out.check(where + " logical", None, got and got["name"])
        return
    if got is None:
        out.append(f"{where}: no logical type, expected {expected}")
        return
    for theirs, ours in (("type", "name"), ("unit", "unit"), ("utc", "is_adjusted_to_utc"), ("precision", "precision"), ("scale", "scale"),
                         ("bits", "bit_width"), ("signed", "is_signed"), ("specification_version", "specification_version"), ("crs", "crs")):
        if theirs in expected:
            out.check(f"{where} logical {theirs}", expected[theirs], got.get(ours))
    if "algorithm" in expected:
        names = ["SPHERICAL", "VINCENTY", "THOMAS", "ANDOYER", "KARNEY"]
        algorithm = got.get("algorithm")
        out.check(f"{where} logical algorithm", expected["algorithm"], names.index(algorithm) if algorithm in names else algorithm)


def compare_schema(out, expected, elements, children, number, where):
    got = children.get(number, [])
    out.check(f"{where} children", len(expected), len(got))
    for one, index in zip(expected, got):
        element = elements[index]
        place = f"{where}/{one['name']}"
        out.check(place + " name", one["name"], element["name"])
        out.check(place + " repetition", one["repetition"], element.get("repetition_type", "").lower())
        for theirs, ours in (("type_length", "type_length"), ("precision", "precision"), ("scale", "scale"), ("field_id", "field_id")):
            if theirs in one:
                out.check(f"{place} {theirs}", one[theirs], element.get(ours))
        if "converted" in one:
            out.check(place + " converted", one["converted"], element.get("converted_type"))
        compare_logical(out, place, one.get("logical"), element)
        if "physical" in one:
            out.check(place + " physical", one["physical"], element.get("type"))
            out.check(place + " max_def", one["max_def"], element.get("max_definition_level"))
            out.check(place + " max_rep", one["max_rep"], element.get("max_repetition_level"))
        compare_schema(out, one.get("children", []), elements, children, index, place)


def compare_statistics(out, where, expected, got, element):
    if expected is None:
        out.check(where, None, got)
        return
    got = got or {}
    for theirs, ours in (("min", "min_value"), ("max", "max_value"), ("legacy_min", "min"), ("legacy_max", "max")):
        bound = got.get(ours)
        out.check(f"{where} {theirs}", expected[theirs], None if bound is None else canonical(bound["bytes"], element))
    for theirs, ours in (("min_exact", "is_min_value_exact"), ("max_exact", "is_max_value_exact"), ("null_count", "null_count"),
                         ("distinct_count", "distinct_count"), ("nan_count", "nan_count")):
        out.check(f"{where} {theirs}", expected[theirs], got.get(ours))


KINDS = {"DATA_PAGE": "v1", "DATA_PAGE_V2": "v2", "DICTIONARY_PAGE": "dict", "INDEX_PAGE": "index"}


def compare_pages(out, where, expected, got):
    pages = [[KINDS[p["type"]], p["num_values"], p["encoding"], p["offset"], p["header_size"] + p["compressed_size"], "crc_ok" in p]
             for p in got]
    if "..." in expected or "." in expected or any(isinstance(p, str) for p in expected):  # long lists are cut in the middle
        expected = [p for p in expected if not isinstance(p, str)]
        for page in expected:
            if page not in pages:
                out.append(f"{where}: no page {page}")
        return
    out.check(where, expected, pages)


def compare_chunk(out, where, expected, got, element):
    if expected["encrypted"] or "unreadable" in got:
        return
    for theirs, ours in (("path", "path"), ("codec", "codec"), ("num_values", "num_values"), ("uncompressed", "total_uncompressed_size"),
                         ("compressed", "total_compressed_size"), ("data_page_offset", "data_page_offset"),
                         ("dictionary_page_offset", "dictionary_page_offset")):
        out.check(f"{where} {theirs}", expected[theirs], got.get(ours))
    out.check(where + " encodings", sorted(set(expected["encodings"])), sorted(set(got["encodings"])))
    for theirs, ours in (("offset_index", "offset_index"), ("column_index", "column_index"), ("bloom_filter", "bloom_filter"),
                         ("encoding_stats", "encoding_stats"), ("geo_statistics", "geospatial_statistics")):
        out.check(f"{where} {theirs}", expected[theirs], ours in got)
    compare_statistics(out, where + " statistics", expected["statistics"], got.get("statistics"), element)
    sizes = expected["size_statistics"]
    if sizes is None:
        out.check(where + " size_statistics", None, got.get("size_statistics") or None)  # some writers leave the struct empty
    else:
        ours = got.get("size_statistics", {})
        out.check(where + " unencoded bytes", sizes["unencoded_bytes"], ours.get("unencoded_byte_array_data_bytes"))
        out.check(where + " repetition histogram", sizes["rep_histogram"] or None, ours.get("repetition_level_histogram") or None)
        out.check(where + " definition histogram", sizes["def_histogram"] or None, ours.get("definition_level_histogram") or None)
    if expected["pages"] is not None:
        compare_pages(out, where + " pages", expected["pages"], got["pages"])


def compare_key_values(out, expected, got):
    pairs = [(pair["key"], pair.get("value")) for pair in got]
    out.check("keys", [pair[0] for pair in expected], [pair[0] for pair in pairs])
    for (name, value), (_, ours) in zip(expected, pairs):
        cut = isinstance(value, str) and value.endswith(" bytes") and value[:-6].isdigit()  # long values by their size only
        out.check(f"key {name}", int(value[:-6]) if cut else value, len((ours or "").encode()) if cut else ours)


def compare(expected, got):
    out = Differences()
    elements = got["schema"]
    leaves = [element for element in elements if "column" in element]
    for name in ("version", "num_rows"):
        out.check(name, expected[name], got[name])
    out.check("created_by", expected["created_by"] or "", got["created_by"])
    out.check("encrypted", expected["encrypted"], "encryption_algorithm" in got or got["footer_encrypted"])
    compare_key_values(out, expected["key_value"], got["key_value_metadata"])
    orders = [leaf.get("column_order") for leaf in leaves]
    out.check("column_orders", expected["column_orders"], None if all(order is None for order in orders) else orders)
    compare_schema(out, expected["schema"], elements, tree_of(elements), 0, "")
    out.check("row groups", len(expected["row_groups"]), len(got["row_groups"]))
    for number, (one, two) in enumerate(zip(expected["row_groups"], got["row_groups"])):
        for name in ("num_rows", "total_byte_size", "total_compressed_size", "ordinal"):
            out.check(f"row group {number} {name}", one[name], two.get(name))
        sorting = [[c["column_idx"], c["descending"], c["nulls_first"]] for c in two.get("sorting_columns", [])]
        out.check(f"row group {number} sorting", one["sorting_columns"] or [], sorting)
        out.check(f"row group {number} columns", len(one["columns"]), len(two["columns"]))
        for leaf, (expected_chunk, chunk) in enumerate(zip(one["columns"], two["columns"])):
            compare_chunk(out, f"row group {number} {expected_chunk['path']}", expected_chunk, chunk, leaves[leaf])
    return out


def main():
    corpus = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("TARN_CORPUS", "")
    root = pathlib.Path(corpus) / "parquet"
    if not corpus or not root.is_dir():
        print("no corpus: set TARN_CORPUS")
        return 77
    expected_root = root / "expected"
    files = sorted(expected_root.rglob("*.meta.json"))
    wrong = compared = unread = 0
    for meta in files:
        name = str(meta.relative_to(expected_root))[:-len(".meta.json")]
        keys = [path for path in (expected_root / f"{name}.keys.json", root / f"{name}.keys.json") if path.exists()]
        options = ["--key-file", str(keys[0])] if keys else []
        ran = subprocess.run([TARN, "inspect", "--json", "--pages", *options, str(root / name)], capture_output=True, text=True, errors="replace")
        document = json.loads(ran.stdout)
        if not document["ok"]:
            if json.loads(meta.read_text())["encrypted"]:
                unread += 1  # without keys
            else:
                wrong += 1
                print(f"{name}: {document['error']}")
            continue
        differences = compare(json.loads(meta.read_text()), document["result"])
        compared += 1
        if differences:
            wrong += 1
            print(f"{name}: {len(differences)} differences")
            for line in differences[:6]:
                print("    " + line)
    print(f"{compared} files compared, {wrong} differ, {unread} encrypted ones not read")
    return 1 if wrong or compared < 60 else 0


if __name__ == "__main__":
    sys.exit(main())
