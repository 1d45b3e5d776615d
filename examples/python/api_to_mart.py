# SPDX-License-Identifier: Apache-2.0
"""API to staging to mart, with incremental loads.

    python api_to_mart.py URL LAKE

Each run asks the API for what changed since the newest row in staging, less a lookback for rows that come late, appends what staging does
not have yet, and makes the mart anew by SQL. It may be run at any time, again after a failure, or twice at once: nothing is lost, nothing
stands twice.

Needs tarn alone. Landing keeps the API's answers as they were, staging all states of all orders, the mart what people look at.
"""

import json
import pathlib
import sys
import urllib.parse
import urllib.request
import uuid

import tarn

LOOKBACK = "1 day"  # the API may still show changes that are so much older than its newest
TYPES = "id BIGINT, updated_at TIMESTAMP WITH TIME ZONE, country VARCHAR, status VARCHAR, amount DECIMAL(12,2)"
MART = pathlib.Path(__file__).with_name("mart.sql")


def watermark(staging):
    """From when on to ask, as the API writes times; None: from the beginning."""
    if staging is None:
        return None
    ((since,),) = tarn.sql(f"SELECT max(updated_at) - INTERVAL '{LOOKBACK}' FROM staging", staging=staging).rows()
    return since.strftime("%Y-%m-%dT%H:%M:%SZ")


def fetch(url, since):
    """All pages of what changed."""
    page = 0
    while page is not None:
        query = {"page": page} if since is None else {"page": page, "updated_since": since}
        with urllib.request.urlopen(f"{url}/orders?{urllib.parse.urlencode(query)}") as response:
            answer = json.load(response)
        yield from answer["orders"]
        page = answer["next_page"]


def land(orders, folder, name):
    """The API's rows as a file of its own, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}-{uuid.uuid4()}.json"
    part = file.with_suffix(".tmp")
    part.write_text("".join(json.dumps(order) + "\n" for order in orders))
    return part.rename(file)


def load(url, lake):
    """Appends what staging does not have; how many rows."""
    path = lake / "staging"
    try:
        staging = tarn.table(path)
    except tarn.NotFoundError:
        staging = None
    batch = 0 if staging is None else staging.version + 1
    since = watermark(staging)
    known = set()
    if since is not None:
        known = set(staging.scan(["id", "updated_at"], "updated_at >= CAST(:since AS TIMESTAMP WITH TIME ZONE)", params={"since": since}))

    fetched = list(fetch(url, since))
    if not fetched:
        return 0
    landed = land(fetched, lake / "landing", f"orders-{batch:06}")
    rows = tarn.read_json(landed, types=TYPES)
    keys = [(row["id"], row["updated_at"]) for row in rows.dicts()]
    fresh = [order for order, key in zip(fetched, keys) if key not in known]
    if not fresh:
        return 0
    landed = land(fresh, lake / "landing", f"orders-{batch:06}-new")
    try:  # the number of the batch makes it land once: who comes second has nothing to add
        tarn.write(path, tarn.read_json(landed, types=TYPES), "append", app_id="orders-api", app_version=batch)
    except tarn.ExistsError as done:
        if done.detail != "app_transaction":
            raise
        return 0
    return len(fresh)


def build(lake):
    """The mart, replaced as one commit."""
    rows = tarn.sql(MART.read_text(), staging=tarn.table(lake / "staging"))
    return tarn.write(lake / "mart", rows, "overwrite")["rows"]


def main(url, lake):
    lake = pathlib.Path(lake)
    print(f"staging: {load(url, lake)} new rows")
    print(f"mart: {build(lake)} rows")
    print(tarn.table(lake / "mart").scan())


if __name__ == "__main__":
    main(*sys.argv[1:])
