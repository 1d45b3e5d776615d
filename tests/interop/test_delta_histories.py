#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random histories of Delta logs, replayed by a few lines of Python and by tarn: live files, deletion vectors, partition values and row
counts must be equal at every version. SPEC: T-DELTA-REPLAY-1, T-DELTA-REPLAY-2, T-DELTA-REPLAY-3, T-DELTA-CHECKPOINT-3

    test_delta_histories.py PRINT_DELTA_FILES [--seed N] [--count N] [--keep]

The log is made here, with every kind of checkpoint, with compactions, with damage that something stands in for, and with old commits
cleaned away; the replay reads the commits alone, forward, as they were before anything was damaged or cleaned.
"""
import argparse
import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
import uuid

import pyarrow
import pyarrow.parquet

TEXT = pyarrow.string()
VECTOR = pyarrow.struct([("storageType", TEXT), ("pathOrInlineDv", TEXT), ("offset", pyarrow.int32()), ("sizeInBytes", pyarrow.int32()),
                         ("cardinality", pyarrow.int64())])
ADD = [("path", TEXT), ("partitionValues", pyarrow.map_(TEXT, TEXT)), ("size", pyarrow.int64()), ("modificationTime", pyarrow.int64()),
       ("dataChange", pyarrow.bool_()), ("deletionVector", VECTOR)]
STATS = [("stats", TEXT)]
PARSED = [("stats_parsed", pyarrow.struct([("numRecords", pyarrow.int64())]))]
OTHERS = [("remove", pyarrow.struct([("path", TEXT), ("deletionTimestamp", pyarrow.int64()), ("dataChange", pyarrow.bool_()), ("deletionVector", VECTOR)])),
          ("metaData", pyarrow.struct([("id", TEXT), ("format", pyarrow.struct([("provider", TEXT), ("options", pyarrow.map_(TEXT, TEXT))])),
                                       ("schemaString", TEXT), ("partitionColumns", pyarrow.list_(TEXT)), ("configuration", pyarrow.map_(TEXT, TEXT))])),
          ("protocol", pyarrow.struct([("minReaderVersion", pyarrow.int32()), ("minWriterVersion", pyarrow.int32()),
                                       ("readerFeatures", pyarrow.list_(TEXT)), ("writerFeatures", pyarrow.list_(TEXT))])),
          ("txn", pyarrow.struct([("appId", TEXT), ("version", pyarrow.int64())])),
          ("domainMetadata", pyarrow.struct([("domain", TEXT), ("configuration", TEXT), ("removed", pyarrow.bool_())]))]
SECOND = [("checkpointMetadata", pyarrow.struct([("version", pyarrow.int64()), ("tags", pyarrow.map_(TEXT, TEXT))])),
          ("sidecar", pyarrow.struct([("path", TEXT), ("sizeInBytes", pyarrow.int64()), ("modificationTime", pyarrow.int64())]))]
SCHEMA = json.dumps({"type": "struct", "fields": [{"name": name, "type": kind, "nullable": True, "metadata": {}}
                                                  for name, kind in (("id", "long"), ("p", "string"), ("q", "integer"))]})
WORDS = ["plain", "with space", "käse", "100%", "a=b", "semi;colon", "plus+", "#hash", "日本", "quote'", "dot.dot", "tab\tx", 'double"', "back\\slash"]


# ---- the replay ----

def key_of(action):
    vector = action.get("deletionVector")
    return (canonical(action["path"]), (vector["storageType"], vector["pathOrInlineDv"], vector.get("offset", -1) if vector.get("offset") is not None else -1) if vector else None)


def canonical(path):
    return "/".join(part for part in urllib.parse.unquote(path).split("/") if part not in ("", "."))


def replay(commits):
    """The live files after each commit: key -> (size, rows, partition values)."""
    live, states = {}, []
    for lines in commits:
        actions = [json.loads(line) for line in lines if line.strip()]
        for action in actions:
            if action.get("remove"):
                live.pop(key_of(action["remove"]), None)
        for action in actions:
            if action.get("add"):
                add = action["add"]
                stats = json.loads(add["stats"]) if add.get("stats") else {}
                live[key_of(add)] = (add["size"], stats.get("numRecords", -1), tuple(sorted(add["partitionValues"].items())))
        states.append(dict(live))
    return states


# ---- the history ----

class History:
    def __init__(self, chance, folder):
        self.chance, self.log = chance, folder / "_delta_log"
        self.log.mkdir(parents=True)
        self.live, self.gone, self.commits, self.names = {}, {}, [], 0
        self.txns, self.domains = {}, {}
        self.metadata = {"id": "m", "format": {"provider": "parquet", "options": {}}, "schemaString": SCHEMA, "partitionColumns": ["p", "q"], "configuration": {}}
        self.protocol = {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": ["deletionVectors", "v2Checkpoint"],
                         "writerFeatures": ["deletionVectors", "v2Checkpoint", "domainMetadata"]}

    def new_path(self):
        self.names += 1
        word = self.chance.choice(WORDS)
        raw = f"{self.chance.choice(['', 'p=1/', 'deep/er/'])}{word} {self.names}.parquet"
        return urllib.parse.quote(raw, safe=self.chance.choice(["/", "/=;'"]))

    def vector(self):
        kind = self.chance.choice(["u", "i", "p"])
        made = {"storageType": kind, "pathOrInlineDv": "".join(self.chance.choices("abcdefghijklmnopqrstuvwxyz0123456789.-:+=^!/*?&<>()[]{}@%$#", k=20)),
                "sizeInBytes": 36, "cardinality": 0}
        return made | ({"offset": self.chance.choice([1, 1, 70000])} if kind != "i" else {})

    def add_of(self, path, vector=None):
        chance = self.chance
        add = {"path": path, "partitionValues": {"p": chance.choice([None, "", "x", *WORDS]), "q": chance.choice([None, "1", "-7"])},
               "size": chance.randrange(1, 1 << 40), "modificationTime": chance.randrange(1 << 41), "dataChange": True}
        if chance.random() < 0.8:
            statistics = {"numRecords": chance.randrange(1 << 30), "minValues": {"id": chance.randrange(100)}, "nullCount": {"id": 0}}
            if chance.random() < 0.2:
                statistics = dict(reversed(statistics.items()))
            add["stats"] = json.dumps(statistics, separators=chance.choice([(",", ":"), (", ", ": ")]))
        if vector:
            add["deletionVector"] = vector
        if chance.random() < 0.1:
            add["tags"] = {"k": "v"}
        if chance.random() < 0.05:
            add["unknown"] = {"nested": [1, None, "x"]}
        return add

    def remove_of(self, add):
        return {key: add[key] for key in ("path", "deletionVector") if key in add} | {"deletionTimestamp": 1, "dataChange": True}

    def actions(self):
        """Of one commit; a path is named once."""
        chance, made, touched = self.chance, [], set()
        for _ in range(chance.choice([0, 1, 1, 2, 3, 5, 20])):
            kind = chance.random()
            picked = chance.choice(list(self.live.values())) if self.live else None
            if picked is not None and canonical(picked["path"]) in touched:
                continue
            if kind < 0.5 or picked is None:
                again = chance.choice(list(self.gone.values())) if self.gone and chance.random() < 0.3 else None
                path = again["path"] if again else self.new_path()
                if canonical(path) in touched or any(key[0] == canonical(path) for key in self.live):
                    continue
                made.append({"add": self.add_of(path, self.vector() if chance.random() < 0.2 else None)})
                touched.add(canonical(path))
            elif kind < 0.7:
                made.append({"remove": self.remove_of(picked)})
            elif kind < 0.85:  # rows deleted: the same path with another vector
                made += [{"remove": self.remove_of(picked)}, {"add": self.add_of(picked["path"], self.vector())}]
            elif kind < 0.92:  # the same key with other facts
                made.append({"add": self.add_of(picked["path"], picked.get("deletionVector"))})
            else:  # taken out and put back in one commit: it stays
                both = [{"remove": self.remove_of(picked)}, {"add": self.add_of(picked["path"], picked.get("deletionVector"))}]
                made += both if chance.random() < 0.5 else both[::-1]
            if picked is not None and kind >= 0.5:
                touched.add(canonical(picked["path"]))
        if chance.random() < 0.2:
            made.append({"txn": {"appId": chance.choice("ab"), "version": len(self.commits)}})
        if chance.random() < 0.1:
            made.append({"domainMetadata": {"domain": chance.choice("de"), "configuration": "{}", "removed": chance.random() < 0.3}})
        if self.commits and chance.random() < 0.1:
            self.metadata = self.metadata | {"configuration": {"k": str(len(self.commits))}}
            made.append({"metaData": self.metadata})
        if chance.random() < 0.1:
            made.append({"futureAction": {"x": [1, {"y": None}]}})
        if chance.random() < 0.7:
            chance.shuffle(made)
        return [{"commitInfo": {"operation": "WRITE", "timestamp": 1}}] * (chance.random() < 0.7) + made

    def commit(self):
        chance = self.chance
        made = ([{"protocol": self.protocol}, {"metaData": self.metadata}] if not self.commits else []) + self.actions()
        for action in made:
            if "remove" in action:
                self.gone[key_of(action["remove"])] = self.live.pop(key_of(action["remove"]), action["remove"])
        for action in made:
            if "add" in action:
                self.live[key_of(action["add"])] = action["add"]
            if "txn" in action:
                self.txns[action["txn"]["appId"]] = action["txn"]
            if "domainMetadata" in action:
                self.domains[action["domainMetadata"]["domain"]] = action["domainMetadata"]
        separators = chance.choice([(",", ":"), (",", ":"), (", ", ": ")])
        lines = [json.dumps(action, separators=separators, ensure_ascii=chance.random() < 0.5) for action in made] or ["{}"]
        (self.log / f"{len(self.commits):020d}.json").write_text("\n".join(lines) + chance.choice(["\n", "", "\n\n"]))
        self.commits.append(lines)

    # ---- checkpoints ----

    def rows(self):
        """File actions, and what is not files, of the newest version. Adds alone know their statistics."""
        files = [{"add": add} for add in self.live.values()] + [{"remove": self.remove_of(gone)} for key, gone in self.gone.items() if key not in self.live]
        self.chance.shuffle(files)
        rest = [{"protocol": self.protocol}, {"metaData": self.metadata}, *({"txn": txn} for txn in self.txns.values()),
                *({"domainMetadata": domain} for domain in self.domains.values() if not domain["removed"])]
        return files, rest

    def write(self, name, rows, second=False):
        chance = self.chance
        structs = chance.choice(["json", "both", "struct"])
        fields = ADD + (STATS if structs != "struct" else []) + (PARSED if structs != "json" else [])
        groups = [("add", pyarrow.struct(fields))] + OTHERS + (SECOND if second else [])
        chance.shuffle(groups)
        made = []
        for row in rows:
            (kind, value), = row.items()
            value = dict(value)
            if kind == "add":
                value["partitionValues"] = list(value["partitionValues"].items())
                if structs != "json":
                    value["stats_parsed"] = {"numRecords": json.loads(value["stats"])["numRecords"]} if value.get("stats") else None
            if kind == "metaData":
                value = value | {"configuration": list(value["configuration"].items()), "format": {"provider": "parquet", "options": []}}
            if kind == "checkpointMetadata":
                value["tags"] = list(value["tags"].items()) if value.get("tags") is not None else None
            made.append({kind: value})
        path = self.log / name
        path.parent.mkdir(exist_ok=True)
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(made, pyarrow.schema(groups)), path, row_group_size=chance.choice([3, 50, 10000]),
                                    compression=chance.choice(["snappy", "zstd", "none", "gzip"]), use_dictionary=chance.random() < 0.5,
                                    data_page_version=chance.choice(["1.0", "2.0"]))
        return path

    def sidecars(self, version, files):
        names = [f"{version:020d}.checkpoint.{i}.{uuid.UUID(int=self.chance.getrandbits(128))}.parquet" for i in range(self.chance.randrange(1, 4))]
        for i, name in enumerate(names):
            self.write(f"_sidecars/{name}", files[i::len(names)])
        return [{"sidecar": {"path": name, "sizeInBytes": 1, "modificationTime": 1}} for name in names]

    def checkpoint(self):
        version, chance = len(self.commits) - 1, self.chance
        files, rest = self.rows()
        kind = chance.choice(["classic", "parts", "json", "json sidecars", "parquet", "parquet sidecars", "classic sidecars"])
        unique = uuid.UUID(int=chance.getrandbits(128))
        adds = sum("add" in row for row in files)
        second = {"checkpointMetadata": {"version": version, "tags": chance.choice([None, {"numOfAddFiles": str(adds)}])}}
        if kind == "classic":
            made = self.write(f"{version:020d}.checkpoint.parquet", rest + files)
        elif kind == "parts":
            parts, every = chance.randrange(2, 5), rest + files
            chance.shuffle(every)
            for i in range(parts):
                made = self.write(f"{version:020d}.checkpoint.{i + 1:010d}.{parts:010d}.parquet", every[i::parts])
        else:
            rows = [second, *rest, *(self.sidecars(version, files) if "sidecars" in kind else files)]
            chance.shuffle(rows)
            if kind.startswith("json"):
                made = self.log / f"{version:020d}.checkpoint.{unique}.json"
                made.write_text("".join(json.dumps(row) + "\n" for row in rows))
            else:
                made = self.write(f"{version:020d}.checkpoint.{f'{unique}.' if kind.startswith('parquet') else ''}parquet", rows, second=True)
        if chance.random() < 0.7:
            hint = {"version": chance.choice([version, version, max(0, version - 1), version + 3]), "size": chance.randrange(100)}
            (self.log / "_last_checkpoint").write_text(chance.choice([json.dumps(hint), json.dumps(hint), json.dumps(hint)[:9]]))
        return version, made

    def damage(self, made):
        bytes_ = made.read_bytes()
        how = self.chance.choice(["cut", "empty", "garbage", "gone"])
        if how == "gone":
            made.unlink()
        else:
            made.write_bytes({"cut": bytes_[:self.chance.randrange(len(bytes_) - 1)], "empty": b"", "garbage": b"PAR1 garbage PAR1"}[how])

    def compact(self):
        """Of some commits one file, reconciled forward."""
        last = len(self.commits) - 1
        first = self.chance.randrange(max(0, last - 6), last) if last > 0 else 0
        if first == last:
            return
        newest = {}
        for lines in self.commits[first:last + 1]:
            actions = [json.loads(line) for line in lines]
            for action in sorted(actions, key=lambda action: "add" in action):  # in one commit the add counts
                kind = next(iter(action), None)
                if kind in ("add", "remove"):
                    newest[key_of(action[kind])] = action
                elif kind in ("protocol", "metaData"):
                    newest[kind] = action
                elif kind in ("txn", "domainMetadata"):
                    newest[kind, action[kind].get("appId") or action[kind].get("domain")] = action
        lines = [json.dumps(action) for action in newest.values()] or ["{}"]
        (self.log / f"{first:020d}.{last:020d}.compacted.json").write_text("\n".join(lines) + "\n")


def make(chance, folder):
    """A history; the versions that must be readable."""
    history = History(chance, folder)
    sound = []
    for _ in range(chance.randrange(3, 25)):
        history.commit()
        if chance.random() < 0.3:
            version, made = history.checkpoint()
            if chance.random() < 0.25:
                history.damage(made)
            else:
                sound.append(version)
        if chance.random() < 0.3:
            history.compact()
    oldest = 0
    if sound and chance.random() < 0.4:  # the log is cleaned: what is below a checkpoint goes
        oldest = chance.choice(sound)
        for version in range(oldest):
            for path in history.log.glob(f"{version:020d}.*"):
                path.unlink()
    return history, oldest


def check(program, seed, folder):
    chance = random.Random(seed)
    history, oldest = make(chance, folder)
    states = replay(history.commits)
    done = subprocess.run([program, str(folder), "0", str(len(states) - 1)], capture_output=True, text=True)
    if done.returncode != 0:
        return f"exit code {done.returncode}: {done.stderr[-500:]}"
    told, lines = [], done.stdout.splitlines()
    for line in map(json.loads, lines):
        if "status" in line:
            told.append((line, {}))
        else:
            key = (line["path"], (line["storage"], line["place"], line["offset"]) if "storage" in line else None)
            if key in told[-1][1]:
                return f"version {told[-1][0]['version']}: {key} stands twice"
            told[-1][1][key] = (line["size"], line["rows"], tuple(sorted(line["partition"].items())))
    for head, files in told:
        version = head["version"]
        if version < oldest and head["status"] in ("NOT_FOUND", "CORRUPT"):
            continue
        if head["status"] != "OK":
            return f"version {version} {head['how']}: {head['status']}"
        if files != states[version]:
            missing, more = {k: v for k, v in states[version].items() if files.get(k) != v}, {k: v for k, v in files.items() if states[version].get(k) != v}
            return f"version {version} {head['how']}: lacks {list(missing.items())[:2]}, has {list(more.items())[:2]}"
    if told[-1][0]["how"] != "refreshed":
        return "nothing was refreshed"
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--keep", action="store_true", help="leave the table of a failure")
    wanted = parser.parse_args()
    for seed in range(wanted.seed, wanted.seed + wanted.count):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="tarn-history-"))
        story = check(wanted.program, seed, folder / "t")
        if story is not None:
            print(f"seed {seed}: {story}\n{folder if wanted.keep else ''}")
        if story is None or not wanted.keep:
            shutil.rmtree(folder)
        if story is not None:
            sys.exit(1)
    print(f"{wanted.count} histories from seed {wanted.seed}: equal at every version")


main()
