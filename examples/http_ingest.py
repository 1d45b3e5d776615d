#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""CSV upload to a queryable Iceberg table over HTTP: a client of `tarn serve`, with httpx.

    mkdir lake
    tarn serve 'sqlite:///lake/catalog.db?warehouse=lake'               # shows its address and two tokens
    TARN_URL=http://127.0.0.1:8080 TARN_TOKEN=... examples/http_ingest.py orders.csv shop.orders

What a web application would do: upload what a user gave it, once, whatever the network does; then ask for a summary. The table is in a catalog
that PyIceberg and Spark use too; over `tarn serve lake`, a folder, the same makes Delta tables. Needs httpx.
"""
import hashlib
import os
import pathlib
import sys
import time

import httpx


class Lake:
    """A lake behind `tarn serve`. Errors are exceptions with the server's message."""

    def __init__(self, url, token, tries=5):
        self.client = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=120)
        self.tries = tries

    def _ask(self, method, path, **request):
        for attempt in range(self.tries):
            try:
                answer = self.client.request(method, path, **request)
                if answer.status_code != 503:
                    break
            except httpx.TransportError:  # sent or not, arrived or not: the key makes it safe to ask again
                if attempt + 1 == self.tries:
                    raise
            time.sleep(0.2 * 2**attempt)
        if answer.is_error:
            raise RuntimeError(f"{answer.status_code}: {answer.json()['error']['message']}")
        return answer

    def upload(self, table, path, mode="append"):
        """A file into a table, exactly once: its name and content are the key."""
        content = pathlib.Path(path).read_bytes()
        key = hashlib.sha256(content).hexdigest()
        files = {"file": (pathlib.Path(path).name, content)}
        return self._ask("POST", f"/ingest/{table}", params={"mode": mode}, headers={"Idempotency-Key": key}, files=files).json()

    def query(self, sql, **params):
        return self._ask("POST", "/query", json={"sql": sql, "params": params}).json()["rows"]

    def tables(self):
        return [table["name"] for table in self._ask("GET", "/tables").json()["tables"]]

    def describe(self, table):
        return self._ask("GET", f"/tables/{table}").json()


def main():
    path, table = sys.argv[1:3]
    lake = Lake(os.environ["TARN_URL"], os.environ["TARN_TOKEN"])
    done = lake.upload(table, path)
    print(f"{table}: version {done['version']}, {done['rows']} rows" + (" (they were there already)" if done["replayed"] else ""))
    about = lake.describe(table)
    print(f"a table of {about['format']}")
    for column in about["columns"]:
        print(f"  {column['name']} {column['type']}")
    print(f"tables: {', '.join(lake.tables())}")
    print(lake.query(f"SELECT count(*) AS rows FROM {table} WHERE 1 = :one", one=1))


if __name__ == "__main__":
    main()
