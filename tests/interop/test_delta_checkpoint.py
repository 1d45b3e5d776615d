#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A copy of a table that has nothing of its log but the checkpoint that tarn wrote, and for Spark, which asks for it, the commit of its version:
deltalake, DuckDB and Spark see tarn's rows."""
import shutil

from engines import PEERS, dump, not_run, same_rows, scratch, tarn

try:
    import duckdb
except ImportError as why:
    not_run(why)


def main():
    folder = scratch()
    source = folder / "a.csv"
    source.write_text("id,name,part\n" + "".join(f"{i},row {i},{i % 3 or ''}\n" for i in range(1000)))
    tarn("import", source, folder / "t", "--partition-by", "part")
    for _ in range(2):
        tarn("import", source, folder / "t", "--mode", "append")
    tarn("query", "DELETE FROM t WHERE id < 100", "--lake", folder)
    tarn("checkpoint", folder / "t")
    copy = folder / "copy"
    shutil.copytree(folder / "t", copy)
    for path in [*(copy / "_delta_log").glob("*.json"), *(copy / "_delta_log").glob("*.crc")]:
        path.unlink()
    tarn("export", folder / "t", folder / "t.parquet")
    read = 0
    for engine, environment in (("deltalake", "peers"), ("duckdb", "duckdb-lake"), ("spark", "spark")):
        if not (PEERS / environment / "bin" / "python").exists():
            print(f"{engine}: not here")
            continue
        out = folder / engine
        if engine == "spark":
            newest = max((folder / "t" / "_delta_log").glob("*.json"))
            shutil.copy(newest, copy / "_delta_log" / newest.name)
        dump(engine, copy, out)
        found = f"{out}/*.parquet" if engine == "spark" else str(out)
        same_rows(duckdb.connect(), *(f"(SELECT id, name, part FROM read_parquet('{path}'))" for path in (folder / "t.parquet", found)),
                  f"checkpoint read by {engine}")
        read += 1
    if read == 0:
        not_run("no engine is here")
    shutil.rmtree(folder)


main()
