# SPDX-License-Identifier: Apache-2.0
"""A Parquet file read by a peer into the consumer that tarn uses too. decode_peers.py ENGINE MODE FILE THREADS REPEAT FOLD [--columns a,b] [--where COLUMN INTEGER] [--key TEXT], the last of pyarrow only

ENGINE is pyarrow, duckdb or polars; MODE as in decode.c. Each gives an Arrow C stream in its own documented way: pyarrow's iter_batches,
DuckDB's reader of record batches, Polars' frame. Once without counting, then REPEAT times; the median is told. Start and imports are
left out, as are the interpreter's collections of garbage.
"""
import argparse
import ctypes
import gc
import json
import os
import statistics
import time

parser = argparse.ArgumentParser()
for name in ("engine", "mode", "file", "threads", "repeat", "fold"):
    parser.add_argument(name)
parser.add_argument("--columns")
parser.add_argument("--where", nargs=2)
parser.add_argument("--key")
arguments = parser.parse_args()
columns = arguments.columns.split(",") if arguments.columns else None
threads = int(arguments.threads)
os.environ["POLARS_MAX_THREADS"] = arguments.threads
os.environ["OMP_NUM_THREADS"] = arguments.threads

fold = ctypes.CDLL(arguments.fold)
pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
pointer_of.restype, pointer_of.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
fold.tarn_bench_fold_stream.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t)
answer = ctypes.create_string_buffer(4096)


def consume(made):
    """Folds what offers an Arrow stream."""
    capsule = made.__arrow_c_stream__()
    if fold.tarn_bench_fold_stream(pointer_of(capsule, b"arrow_array_stream"), answer, len(answer)) != 0:
        raise SystemExit(answer.value.decode())


if arguments.engine == "pyarrow":
    import pyarrow
    import pyarrow.compute
    import pyarrow.parquet as parquet

    pyarrow.set_cpu_count(threads)
    version = f"pyarrow {pyarrow.__version__}"
    decryption = {}
    if arguments.key:
        import pyarrow.parquet.encryption as encryption

        decryption = {"decryption_properties": encryption.create_decryption_properties(arguments.key.encode())}

    def stream():
        file = parquet.ParquetFile(arguments.file, page_checksum_verification=True, **decryption)
        batches = file.iter_batches(batch_size=65536, columns=columns, use_threads=threads > 1)
        schema = file.schema_arrow
        schema = schema if columns is None else pyarrow.schema([schema.field(name) for name in columns])
        consume(pyarrow.RecordBatchReader.from_batches(schema, batches))

    def table():
        return parquet.read_table(arguments.file, columns=columns, use_threads=threads > 1, page_checksum_verification=True)

    def lookup():
        column, wanted = arguments.where
        consume(parquet.read_table(arguments.file, filters=[(column, "=", int(wanted))], use_threads=threads > 1))

elif arguments.engine == "duckdb":
    import duckdb

    version = f"duckdb {duckdb.__version__}"
    db = duckdb.connect()
    db.execute(f"SET threads = {threads}")
    db.execute("SET produce_arrow_string_view = true")
    source = f"read_parquet('{arguments.file}')"
    query = f"SELECT {', '.join(columns) if columns else '*'} FROM {source}"

    def stream():
        consume(db.sql(query).to_arrow_reader(65536))

    def table():
        return db.sql(query).to_arrow_table()

    def lookup():
        column, wanted = arguments.where
        consume(db.sql(f"{query} WHERE {column} = {int(wanted)}").to_arrow_reader(65536))

else:
    import polars

    version = f"polars {polars.__version__}"

    def stream():
        consume(table())

    def table():
        made = polars.scan_parquet(arguments.file)
        return (made if columns is None else made.select(columns)).collect()

    def lookup():
        column, wanted = arguments.where
        consume(polars.scan_parquet(arguments.file).filter(polars.col(column) == int(wanted)).collect())


work = {"stream": stream, "arrow": stream, "table": table, "lookup": lookup}[arguments.mode]
spent, cpu = [], []
for number in range(int(arguments.repeat) + 1):
    gc.collect()
    gc.disable()
    begun, cpu_begun = time.perf_counter_ns(), time.process_time_ns()
    made = work()
    spent.append(time.perf_counter_ns() - begun)
    cpu.append(time.process_time_ns() - cpu_begun)
    gc.enable()
    if arguments.mode == "table" and number == 0:
        consume(made)
    made = None
counted = slice(1, None) if len(spent) > 1 else slice(None)
print(
    json.dumps(
        {
            "work_ns": int(statistics.median_low(spent[counted])),
            "work_cpu_ns": int(statistics.mean(cpu[counted])),
            "answer": answer.value.decode(),
            "version": version,
        }
    )
)
