#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""examples/http_ingest.py against a server: uploads once however often it runs, also while the server is killed and started again.

Run with the environment `serve` of tests/interop/setup.sh.
"""
import os
import pathlib
import subprocess
import sys
import threading

from command import BIRDS, SOURCE, equal, run_all
from serving import Server

try:
    import httpx  # noqa: F401
except ImportError:
    print("not run: httpx is not there (tests/interop/setup.sh serve)")
    sys.exit(77)

EXAMPLE = SOURCE / "examples" / "http_ingest.py"
sys.path.insert(0, str(EXAMPLE.parent))
from http_ingest import Lake  # noqa: E402


def uploads_once(folder):
    upload_twice("lake", "birds", "delta")


def uploads_once_into_a_catalog(folder):
    upload_twice("sqlite:///catalog.db?warehouse=warehouse", "shop.birds", "iceberg")


def upload_twice(lake, table, table_format):
    with Server(lake) as server:
        env = {**os.environ, "TARN_URL": server.hello["url"], "TARN_TOKEN": server.write}
        for again in (False, True):
            done = subprocess.run([sys.executable, EXAMPLE, BIRDS, table], env=env, capture_output=True, text=True, check=True)
            equal("they were there already" in done.stdout, again, done.stdout)
            equal("[{'rows': 10000}]" in done.stdout, True, done.stdout)
            equal(f"a table of {table_format}\n" in done.stdout, True, done.stdout)
        lake = Lake(server.hello["url"], server.read)
        try:
            lake.upload(table, BIRDS, mode="overwrite")
            sys.exit("a read token has written")
        except RuntimeError as why:
            equal("reads only" in str(why), True, str(why))


def uploads_once_through_a_crash(folder):
    """The server is killed while it works; the client goes on with the one that follows, on the same port."""
    files = []
    for i in range(40):
        path = pathlib.Path(folder) / f"part{i}.csv"
        path.write_text("id,v\n" + "".join(f"{i * 1000 + n},{n}\n" for n in range(500)))
        files.append(path)
    server = Server("lake", "--token-file", "tokens")
    port = server.url.port
    lake = Lake(server.hello["url"], server.write, tries=9)
    failed = []

    def upload():
        for path in files:
            try:
                lake.upload("t", path)
            except Exception as why:  # noqa: BLE001 - told by the main thread
                failed.append(why)

    client = threading.Thread(target=upload)
    client.start()
    for _ in range(3):
        client.join(0.15)
        server.kill()
        server = Server("lake", "--token-file", "tokens", "--port", port)
    client.join()
    equal(failed, [], "uploads that failed")
    equal(lake.query("SELECT count(*) AS n, count(DISTINCT id) AS d FROM t"), [{"n": 20000, "d": 20000}], "rows, each once")
    server.stop()


run_all([uploads_once, uploads_once_into_a_catalog, uploads_once_through_a_crash])
