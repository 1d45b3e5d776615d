#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Iceberg tables that other engines wrote, read where they lie: the expected rows at every snapshot, or refused by name as committed.

    test_iceberg_tables.py [--write] [PART]      --write: put the outcomes down instead of holding them; PART: only cases with it in their name

SPEC: T-ICEBERG-ENGINES-1 to 4

Outcomes are in tests/data/iceberg_outcomes.tsv, one line a case and view: "equal", or the error that refuses it. Rows that are not the
expected ones are never an outcome. Expected are the corpus's rows; the digests in tests/data/iceberg_judged.tsv, on which foreign engines
agree; and for metadata files of Iceberg's own tests whether they are valid.
"""
import datetime
import gzip
import json
import os
import pathlib
import re
import sys
import tempfile

from command import SOURCE, Run

sys.path.insert(0, str(SOURCE / "tests" / "support"))
import canonical_rows  # noqa: E402

OUTCOMES = SOURCE / "tests" / "data" / "iceberg_outcomes.tsv"
JUDGED = SOURCE / "tests" / "data" / "iceberg_judged.tsv"

# Metadata files that Iceberg's own reader must take; it must refuse the others of that folder.
VALID = {"TableMetadataV1Valid", "TableMetadataV2Valid", "TableMetadataV2ValidMinimal", "TableMetadataV3ValidMinimal",
         "TableMetadataStatisticsFiles", "TableMetadataPartitionStatisticsFiles"}

# Refusals that are no missing feature: the tables are odd.
ODD = {
    "AUTH.outside_table": "files that lie in no place that the table's own location covers: add_files of another folder, s3://a beside s3://bucket",
    "CORRUPT.json.range": "a snapshot id that no 64 bits hold",
    "CORRUPT": "Iceberg's own examples of metadata that must be refused",
}


class Wrong(Exception):
    """Rows that are not the expected ones, or an end that is no clean refusal."""


def read(*arguments):
    """(comparable rows, None), (None, the error's code), or (None, None) where the predicate is no SQL for this column."""
    done = Run("cat", *arguments, "-o", "jsonl", "--no-progress")
    if done.code == 4 and "--where" in arguments:
        return None, None
    if done.code == 0:
        return canonical_rows.lines(done.out), None
    code = re.match(r"error\[([^\]]+)\]", done.err)
    if code is None or code.group(1).split(".")[0] not in ("UNSUPPORTED", "CORRUPT", "NOT_FOUND", "AUTH"):
        raise Wrong(f"exit code {done.code}: {done.err[:300]}")
    return None, code.group(1)


def outcome(expected, *arguments):
    rows, refusal = read(*arguments)
    if refusal:
        return refusal
    why = canonical_rows.difference(rows, expected)
    if why:
        raise Wrong(why)
    return "equal"


def moment(milliseconds):
    """As --as-of takes it."""
    return datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def literal(value):
    """A value of canonical JSON as SQL; None where it has no plain text there."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str) and not value.startswith("0x"):
        return "'" + value.replace("'", "''") + "'"
    return None


def predicates(rows):
    """Some about each column: its least and its greatest text, equal, below and above, and nulls."""
    columns = {}
    for row in rows:
        for name, value in json.loads(row)["object"]:
            columns.setdefault(name, []).append(literal(value))
    for name, values in columns.items():
        known = sorted(value for value in values if value is not None)
        quoted = '"' + name.replace('"', '""') + '"'
        yield f"{quoted} IS NULL"
        for value in dict.fromkeys([known[0], known[len(known) // 2], known[-1]] if known else []):
            for operator in ("=", "<", ">="):
                yield f"{quoted} {operator} {value}"


def pruning(expected, path):
    """Skipping files by partitions and bounds loses no row and adds none."""
    for predicate in predicates(expected):
        whole, refusal = read(path, "--where", predicate, "--no-prune")
        if refusal:
            return refusal
        if whole is None:  # no predicate on this type
            continue
        some, refusal = read(path, "--where", predicate)
        why = refusal or canonical_rows.difference(some, whole)
        if why:
            raise Wrong(f"{predicate}, pruned: {why}")
    return "equal"


def engine_case(folder):
    """(view, outcome) of one case: by metadata file each snapshot and ref, by folder and by time what they lead to."""
    case = json.loads((folder / "case.json").read_text())
    metadata = folder / case["metadata"]
    rows = {}
    for label, view in case["views"].items():
        if view.get("lineage"):  # columns that a query does not show
            continue
        rows[label] = canonical_rows.lines((folder / view["rows"]).read_text())
        where = ["--version", view["snapshot_id"]] if "snapshot_id" in view else ["--ref", view["ref"]] if "ref" in view else []
        yield label, lambda label=label, where=where: outcome(rows[label], metadata, *where)
    if (folder / "table" / "metadata" / "version-hint.text").exists() or case["metadata"] == newest(folder):
        yield "folder", lambda: outcome(rows["main"], folder / "table")
    yield "pruning", lambda: pruning(rows["main"], metadata)
    raw = metadata.read_bytes()
    document = json.loads(gzip.decompress(raw) if metadata.name.endswith(".gz.metadata.json") else raw)
    labels = {view["snapshot_id"]: label for label, view in case["views"].items() if "snapshot_id" in view and not view.get("lineage")}
    log = document.get("snapshot-log", [])
    for i, entry in enumerate(log):
        last = i + 1 == len(log) or log[i + 1]["timestamp-ms"] > entry["timestamp-ms"]
        if last and entry["snapshot-id"] in labels:
            label = labels[entry["snapshot-id"]]
            yield f"time-{label}", lambda label=label, at=entry["timestamp-ms"]: outcome(rows[label], metadata, "--as-of", moment(at))


def newest(folder):
    """The metadata file with the highest version, as a path in the case; None where two share it."""
    found = {}
    for path in (folder / "table" / "metadata").glob("*.metadata.json"):
        number = int(re.match(r"v?(\d+)", path.name).group(1)) if re.match(r"v?(\d+)", path.name) else -1
        found.setdefault(number, []).append(f"table/metadata/{path.name}")
    return found[max(found)][0] if len(found[max(found)]) == 1 else None


def judged_view(root, line):
    path, snapshot, count, digest, _ = line.split("\t")
    rows, refusal = read(root / path, *([] if snapshot == "main" else ["--version", snapshot]))
    if refusal:
        return refusal
    if (len(rows), canonical_rows.digest(rows)) != (int(count), digest):
        raise Wrong(f"{len(rows)} rows, expected {count}, or other ones\n  {rows[:2]}")
    return "equal"


def metadata_file(path):
    """As the only metadata file of a table."""
    with tempfile.TemporaryDirectory(prefix="tarn-metadata-") as folder:
        place = pathlib.Path(folder, "metadata")
        place.mkdir()
        (place / "v1.metadata.json").write_bytes(path.read_bytes())
        done = Run("schema", folder)
    if path.stem in VALID and done.code == 0:
        return "equal"
    code = re.match(r"error\[([^\]]+)\]", done.err)
    good = ("UNSUPPORTED", "AUTH") if path.stem in VALID else ("UNSUPPORTED", "CORRUPT")
    if code is None or code.group(1).split(".")[0] not in good:
        raise Wrong(f"exit code {done.code}: {done.err[:300]}")
    return code.group(1)


def questions(root):
    """(case, view, what to ask)."""
    for folder in sorted(path.parent for path in (root / "engines").glob("*/case.json")):
        for view, ask in engine_case(folder):
            yield f"engines/{folder.name}", view, ask
    for line in JUDGED.read_text().splitlines():
        path, snapshot = line.split("\t")[:2]
        yield path, snapshot, lambda line=line: judged_view(root, line)
    for path in sorted((root / "iceberg-java").glob("TableMetadata*.json")):
        yield f"iceberg-java/{path.name}", "schema", lambda path=path: metadata_file(path)


def main():
    if "TARN_CORPUS" not in os.environ:
        print("not run: TARN_CORPUS is not set")
        sys.exit(77)
    root = pathlib.Path(os.environ["TARN_CORPUS"], "iceberg")
    words = [word for word in sys.argv[1:] if word != "--write"]
    held = dict(line.rsplit("\t", 1) for line in OUTCOMES.read_text().splitlines()) if OUTCOMES.exists() else {}
    seen, bad, counts = {}, 0, {}
    for case, view, ask in questions(root):
        if words and words[0] not in case:
            continue
        name = f"{case}\t{view}"
        try:
            seen[name] = ask()
        except Wrong as why:
            seen[name] = "WRONG"
            bad += 1
            print(f"WRONG {case} {view}: {why}")
        if "--write" not in sys.argv and seen[name] not in ("WRONG", held.get(name)):
            bad += 1
            print(f"OTHER {case} {view}: {seen[name]}, committed is {held.get(name)}")
        odd = not seen[name].startswith(("equal", "WRONG", "UNSUPPORTED.")) and seen[name] not in ODD
        if odd and not (case.startswith("iceberg-java/") and seen[name].startswith("CORRUPT.")):
            bad += 1
            print(f"ODD {case} {view}: {seen[name]}")
        kind = "equal" if seen[name] == "equal" else "wrong" if seen[name] == "WRONG" else "refused"
        counts[kind] = counts.get(kind, 0) + 1
    if not words and "--write" not in sys.argv and held.keys() - seen.keys():
        bad += 1
        print(f"committed, but not asked: {sorted(held.keys() - seen.keys())[:3]}")
    if "--write" in sys.argv:
        merged = {**(held if words else {}), **seen}
        OUTCOMES.write_text("".join(f"{name}\t{merged[name]}\n" for name in sorted(merged) if merged[name] != "WRONG"))
    print(", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())))
    sys.exit(1 if bad or not seen else 0)


main()
