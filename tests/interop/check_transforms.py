#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What PyIceberg makes of the same values. print_transforms SEED COUNT | check_transforms.py

Each line holds a value and its transform's result as single-value bytes; both are decoded, transformed and encoded by PyIceberg.
"""
import json
import sys
from collections import Counter

from pydantic import TypeAdapter
from pyiceberg.conversions import from_bytes, to_bytes
from pyiceberg.schema import Schema
from pyiceberg.transforms import parse_transform

JSON_AS_TEXT = ("int", "long", "string")


def type_of(word, cache={}):
    if word not in cache:
        schema = {"type": "struct", "fields": [{"id": 1, "name": "c", "required": False, "type": word}]}
        cache[word] = TypeAdapter(Schema).validate_python(schema).fields[0].field_type
    return cache[word]


def main():
    seen, wrong = Counter(), []
    for line in sys.stdin:
        given = json.loads(line)
        kind, transform = type_of(given["type"]), parse_transform(given["transform"])
        raw = bytes.fromhex(given["value"])
        value = from_bytes(kind, raw)
        if to_bytes(kind, value) != raw:
            wrong.append((line, "the value's bytes", to_bytes(kind, value).hex()))
        if given["type"] in JSON_AS_TEXT and value != given["json"]:
            wrong.append((line, "the value's JSON", value))
        result = transform.transform(kind)(value)
        result_type = transform.result_type(kind)
        encoded = to_bytes(result_type, result).hex()
        if encoded != given["result"]:
            wrong.append((line, "the result", encoded))
        name = given["transform"].partition("[")[0]
        if name in ("year", "month", "day", "hour", "bucket") and transform.to_human_string(kind, result) != given["text"]:
            wrong.append((line, "the folder", transform.to_human_string(kind, result)))
        seen[name, given["type"].partition("(")[0]] += 1
    for line, what, theirs in wrong[:20]:
        print(f"{what}: PyIceberg has {theirs!r} for {line}", end="")
    print(f"{sum(seen.values())} values of {len(seen)} kinds, {len(wrong)} differ")
    return 1 if wrong or len(seen) < 36 else 0


sys.exit(main())
