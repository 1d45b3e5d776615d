#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Foreign engines read Iceberg tables: run with the Python of the engine's environment, jobs as JSON lines on stdin.

    read_iceberg.py pyiceberg|duckdb|polars|spark

A job: {"metadata": FILE, "snapshot": ID or null, "from": LOCATION, "to": FOLDER, "out": FILE}; all but the first are optional. `from` and
`to`: files that the table names below LOCATION lie below FOLDER. Spark also takes {"sql": ..., "out": FILE}, and a folder as "metadata".
The answer, a line each: {"rows": n, "digest": ..} or {"error": ...}; with `out` the comparable rows go there (from Spark: Parquet files).
"""
import glob
import json
import os
import pathlib
import sys
import sysconfig

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import canonical_rows  # noqa: E402


def with_pyiceberg(job):
    import pyiceberg.io.pyarrow as io
    from pyiceberg.table import StaticTable

    class Moved(io.PyArrowFileIO):
        """Reads a table that lies elsewhere than it says."""

        def new_input(self, location):
            if job.get("from") and location.startswith(job["from"]):
                location = job["to"] + location[len(job["from"]):]
            return super().new_input(location)

    io.Moved = Moved  # found by its name
    table = StaticTable.from_metadata(job["metadata"], {"py-io-impl": "pyiceberg.io.pyarrow.Moved"})
    return table.scan(snapshot_id=job.get("snapshot")).to_arrow()


CONNECTION = []


def duckdb_connection():
    import duckdb

    if not CONNECTION:
        CONNECTION.append(duckdb.connect())
        CONNECTION[0].execute("SET TimeZone='UTC'")
        for name in ("avro", "iceberg"):
            pattern = os.path.join(sysconfig.get_paths()["purelib"], f"duckdb_extension_{name}/extensions/*/{name}.duckdb_extension")
            CONNECTION[0].execute(f"LOAD '{glob.glob(pattern)[0]}'")
    return CONNECTION[0]


def with_duckdb(job):
    where, options = job["metadata"], ""
    if job.get("from"):  # a table that was moved is found by its folder only
        path = pathlib.Path(where)
        where = path.parent.parent
        name = path.name.removesuffix(".metadata.json")
        options = f", allow_moved_paths = true, version = '{name}', version_name_format = '%s%s.metadata.json'"
        if name.endswith(".gz"):
            options = options.replace(name, name[:-3]) + ", metadata_compression_codec = 'gzip'"
    if job.get("snapshot"):
        options += f", snapshot_from_id = {job['snapshot']}"
    return duckdb_connection().execute(f"SELECT * FROM iceberg_scan('{where}'{options})").to_arrow_table()


def with_polars(job):
    import polars

    frame = polars.scan_iceberg(job["metadata"], snapshot_id=job.get("snapshot"))
    return frame.collect().to_arrow(compat_level=polars.CompatLevel.oldest())


def spark_session():
    """Catalogs by name and warehouse in the environment: SPARK_CATALOGS={"h": {"type": "hadoop", "warehouse": ...}, ...}."""
    from pyspark.sql import SparkSession

    jars = glob.glob(os.path.join(os.environ["TARN_PEERS"], "spark", "iceberg-jars", "*.jar"))
    builder = (
        SparkSession.builder.master("local[1]")
        .config("spark.jars", ",".join(jars))
        .config("spark.sql.extensions", "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
        .config("spark.sql.codegen.wholeStage", "false")
        .config("spark.sql.codegen.factoryMode", "NO_CODEGEN")
        .config("spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1")
        .config("spark.sql.catalogImplementation", "in-memory")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.shuffle.partitions", "1")
    )
    for name, options in json.loads(os.environ.get("SPARK_CATALOGS", "{}")).items():
        builder = builder.config(f"spark.sql.catalog.{name}", "org.apache.iceberg.spark.SparkCatalog")
        for key, value in {"cache-enabled": "false", **options}.items():
            builder = builder.config(f"spark.sql.catalog.{name}.{key}", value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    return spark


def run_spark(job, spark):
    if "sql" in job:
        rows = spark.sql(job["sql"])
    else:
        reader = spark.read.format("iceberg")
        if job.get("snapshot"):
            reader = reader.option("versionAsOf", str(job["snapshot"]))
        rows = reader.load(job["metadata"])
    if job.get("out"):
        rows.coalesce(1).write.mode("overwrite").parquet(job["out"])
        return {"rows": None}
    return {"rows": [[str(value) for value in row] for row in rows.collect()]}


def run_arrow(job, read):
    rows = canonical_rows.arrow_lines(read(job))
    if job.get("out"):
        pathlib.Path(job["out"]).write_text("\n".join(rows), encoding="utf-8")
    return {"rows": len(rows), "digest": canonical_rows.digest(rows)}


ENGINES = {"pyiceberg": with_pyiceberg, "duckdb": with_duckdb, "polars": with_polars}


def main():
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what an engine prints is no answer
    engine = sys.argv[1]
    lent = spark_session() if engine == "spark" else ENGINES[engine]
    for line in sys.stdin:
        job = json.loads(line)
        try:
            answer = run_spark(job, lent) if engine == "spark" else run_arrow(job, lent)
        except Exception as why:  # whatever an engine ends with is its answer
            answer = {"error": f"{type(why).__name__}: {why}"[:400]}
        print(json.dumps(answer), file=answers, flush=True)


main()
