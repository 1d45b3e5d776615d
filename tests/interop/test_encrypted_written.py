#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files that tarn encrypts are opened by pyarrow (parquet-cpp) and parquet-java with equal rows, and by neither with a wrong key.

SPEC: P-CRYPT-WRITE-1, P-CRYPT-WRITE-4, P-CRYPT-WRITE-5, P-CRYPT-WRITE-6, P-CRYPT-WRITE-7."""
import json
import shutil
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe
from engines import PEERS, not_run, scratch, tarn

ROWS = 20000
KEYS = {128: b"0123456789012345", 192: b"012345678901234567890123", 256: b"01234567890123456789012345678901"}
COLUMN_KEYS = {"a": b"abcdefghijklmnop", "t": b"abcdefghijklmnopqrstuvwxyz012345"}


def material(name, footer):
    """Key metadata as parquet-cpp's and parquet-java's key tools write them; the key itself is what the KMS below unwraps."""
    return json.dumps({"keyMaterialType": "PKMT1", "internalStorage": True, "isFooterKey": footer, "kmsInstanceID": "DEFAULT",
                       "kmsInstanceURL": "DEFAULT", "masterKeyID": name, "wrappedDEK": name, "doubleWrapping": False})


class Kms(pe.KmsClient):
    """Knows the data keys by name."""

    def __init__(self, keys):
        super().__init__()
        self.keys = keys

    def wrap_key(self, key_bytes, master_key_identifier):
        raise NotImplementedError

    def unwrap_key(self, wrapped_key, master_key_identifier):
        return self.keys[master_key_identifier]


def source_rows():
    return pa.table({
        "a": pa.array(range(ROWS), pa.int64()),
        "b": pa.array([None if i % 5 == 0 else i / 7 for i in range(ROWS)], pa.float64()),
        "t": pa.array([None if i % 11 == 0 else f"text {i % 50}" for i in range(ROWS)], pa.string()),
        "l": pa.array([list(range(i % 4)) for i in range(ROWS)], pa.list_(pa.int32())),
    })


class Way:
    def __init__(self, name, bits, algorithm, footer, columns, prefix=None, apart=False, version=1, bloom=False):
        self.name, self.bits, self.algorithm, self.footer, self.columns = name, bits, algorithm, footer, columns
        self.prefix, self.apart, self.version, self.bloom = prefix, apart, version, bloom

    def key_file(self):
        names = {"footer": material("footer", True), **{column: material(column, False) for column in COLUMN_KEYS}}
        keys = {names["footer"]: KEYS[self.bits].hex()}
        encryption = {"algorithm": self.algorithm, "footer": self.footer, "footer_key": names["footer"]}
        if self.columns:
            keys.update({names[column]: key.hex() for column, key in COLUMN_KEYS.items()})
            encryption["columns"] = {column: names[column] for column in COLUMN_KEYS}
        if self.prefix:
            encryption["aad_prefix"] = "apart" if self.apart else "stored"
        return {"keys": keys, "aad_prefix": self.prefix, "encryption": encryption}


def ways():
    for bits in KEYS:
        for algorithm in ("AES_GCM_V1", "AES_GCM_CTR_V1"):
            for footer in ("encrypted", "plain"):
                for columns in (False, True):
                    name = f"{bits}_{algorithm}_{footer}_{'columns' if columns else 'uniform'}"
                    yield Way(name, bits, algorithm, footer, columns, bloom=bits == 192)
    for footer in ("encrypted", "plain"):
        yield Way(f"prefix_{footer}", 128, "AES_GCM_V1", footer, False, "orders-2026")
        yield Way(f"apart_{footer}", 256, "AES_GCM_CTR_V1", footer, False, "orders-2026", apart=True)
        yield Way(f"pages_v2_{footer}", 128, "AES_GCM_V1", footer, False, version=2)


def pyarrow_properties(way, footer_key):
    if not way.columns:
        return pe.create_decryption_properties(footer_key, aad_prefix=way.prefix.encode() if way.apart else None)
    factory = pe.CryptoFactory(lambda _: Kms({"footer": footer_key, **COLUMN_KEYS}))
    return factory.file_decryption_properties(pe.KmsConnectionConfig(), pe.DecryptionConfiguration())


def check_pyarrow(way, path, rows):
    read = pq.ParquetFile(path, decryption_properties=pyarrow_properties(way, KEYS[way.bits]), page_checksum_verification=True).read()
    if not read.equals(rows):
        sys.exit(f"{way.name}: pyarrow reads other rows")
    wrong = bytes([KEYS[way.bits][0] ^ 1]) + KEYS[way.bits][1:]
    try:
        pq.ParquetFile(path, decryption_properties=pyarrow_properties(way, wrong)).read()
    except (OSError, ValueError):
        return
    sys.exit(f"{way.name}: pyarrow reads it with a wrong key")


JAVA = """
import json, sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
spark.sparkContext.setLogLevel("OFF")
jvm = spark._jvm
crypto, hadoop = jvm.org.apache.parquet.crypto, jvm.org.apache.parquet.hadoop

def properties(way, footer_key):
    builder = crypto.FileDecryptionProperties.builder().withFooterKey(footer_key)
    if way["columns"]:
        keys = jvm.java.util.HashMap()
        for name, key in way["columns"].items():
            path = hadoop.metadata.ColumnPath.fromDotString(name)
            keys.put(path, crypto.ColumnDecryptionProperties.builder(path).withKey(bytearray(key.encode())).build())
        builder = builder.withColumnKeys(keys)
    if way["prefix"]:
        builder = builder.withAADPrefix(bytearray(way["prefix"].encode()))
    return builder.build()

def checksum(way, footer_key):
    support = hadoop.example.GroupReadSupport()
    path = jvm.org.apache.hadoop.fs.Path(way["path"])
    reader = hadoop.ParquetReader.builder(support, path).withDecryption(properties(way, footer_key)).usePageChecksumVerification(True).build()
    rows = total = texts = 0
    while rows < way["rows"] + 1:
        group = reader.read()
        if group is None:
            break
        rows += 1
        total += group.getLong("a", 0)
        texts += len(group.getString("t", 0)) if group.getFieldRepetitionCount("t") else 0
    reader.close()
    return [rows, total, texts]

for way in json.load(open(sys.argv[1])):
    key = way["footer_key"].encode()
    try:
        got = checksum(way, bytearray(key))
    except Exception as failure:
        got = str(failure)[-2000:]
    try:
        checksum(way, bytearray(bytes([key[0] ^ 1]) + key[1:]))
        wrong = "read"
    except Exception:
        wrong = "refused"
    print("RESULT " + json.dumps([way["name"], got, wrong]), flush=True)
"""


def check_java(written, rows):
    python = PEERS / "spark" / "bin" / "python"
    if not python.exists():
        not_run("Spark is not installed: tests/interop/setup.sh spark")
    work = written[0][1].parent
    jobs = [{"name": way.name, "path": str(path), "footer_key": KEYS[way.bits].decode(), "prefix": way.prefix if way.apart else None,
             "columns": {name: key.decode() for name, key in COLUMN_KEYS.items()} if way.columns else None, "rows": len(rows)}
            for way, path in written]
    (work / "jobs.json").write_text(json.dumps(jobs))
    done = subprocess.run([python, "-c", JAVA, work / "jobs.json"], capture_output=True, text=True)
    answers = [json.loads(line[7:]) for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if len(answers) != len(jobs):
        sys.exit(f"parquet-java ended after {len(answers)} of {len(jobs)} files: {done.stderr[-3000:]}")
    few = rows.to_pydict()
    expected = [len(rows), sum(few["a"]), sum(len(text) for text in few["t"] if text is not None)]
    for name, got, wrong in answers:
        if got != expected:
            sys.exit(f"{name}: parquet-java reads {got}, not {expected}")
        if wrong != "refused":
            sys.exit(f"{name}: parquet-java reads it with a wrong key")
    print(f"parquet-java: {len(answers)} files of {len(rows)} rows")


def write(way, source, out):
    (out.parent / f"{way.name}.json").write_text(json.dumps(way.key_file()))
    options = ["--page-version", str(way.version), "--row-group-rows", str(max(way_rows(source) // 3, 1)), "--page-rows", "500"]
    tarn("convert", source, out, "--encrypt", out.parent / f"{way.name}.json", *options, *(["--bloom", "*"] if way.bloom else []))
    tarn("verify", out, "--key-file", out.parent / f"{way.name}.json")


def way_rows(source):
    return pq.ParquetFile(source).metadata.num_rows


def main():
    work = scratch()
    rows = source_rows()
    pq.write_table(rows, work / "source.parquet")
    pq.write_table(rows.slice(0, 60), work / "few.parquet")
    count = 0
    java = []
    for way in ways():
        path = work / f"{way.name}.parquet"
        write(way, work / "source.parquet", path)
        check_pyarrow(way, path, rows)
        count += 1
        if way.version == 1:  # parquet-java leaves the levels of version 2 in clear, parquet-cpp does not: tarn writes the latter
            small = work / f"{way.name}.few.parquet"
            write(way, work / "few.parquet", small)
            java.append((way, small))
    print(f"pyarrow: {count} files of {ROWS} rows")
    check_java(java, rows.slice(0, 60))
    shutil.rmtree(work)


main()
