# SPDX-License-Identifier: Apache-2.0
"""The examples do what they say."""

import datetime
import decimal
import importlib.util
import pathlib
import threading

import pytest

import tarn
from conftest import peer, run_python

ROOT = pathlib.Path(__file__).resolve().parents[3]
EXAMPLES = ROOT / "examples/python"


def example(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def api():
    server = example("orders_api").make_server()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield server
    server.shutdown()
    server.server_close()


FIRST = [
    (datetime.date(2026, 3, 1), "DK", 2, decimal.Decimal("140.49")),
    (datetime.date(2026, 3, 1), "SE", 1, decimal.Decimal("80.00")),
    (datetime.date(2026, 3, 2), "SE", 1, decimal.Decimal("45.25")),
]


def test_api_to_staging_to_mart(api, tmp_path):
    pipeline = example("api_to_mart")
    assert (pipeline.load(api.url, tmp_path), pipeline.build(tmp_path)) == (5, 3)
    assert len(api.asked) == 2  # two pages
    assert tarn.table(tmp_path / "mart").scan().rows() == FIRST

    # again: only the window of the lookback is asked for, and nothing is new
    api.asked.clear()
    assert (pipeline.load(api.url, tmp_path), pipeline.build(tmp_path)) == (0, 3)
    assert "updated_since=2026-03-01T12%3A15%3A00Z" in api.asked[0]
    assert tarn.table(tmp_path / "staging").version == 0
    assert tarn.table(tmp_path / "mart").scan().rows() == FIRST

    # an order changes, one is new, one comes late but within the lookback
    api.orders.append({"id": 2, "updated_at": "2026-03-03T08:00:00Z", "country": "SE", "status": "cancelled", "amount": 80.00})
    api.orders.append({"id": 6, "updated_at": "2026-03-03T09:00:00Z", "country": "NO", "status": "paid", "amount": 10.00})
    api.orders.append({"id": 7, "updated_at": "2026-03-02T06:00:00Z", "country": "DK", "status": "paid", "amount": 1.00})
    assert pipeline.load(api.url, tmp_path) == 3
    assert pipeline.load(api.url, tmp_path) == 0
    pipeline.build(tmp_path)
    assert tarn.table(tmp_path / "mart").scan().rows() == [
        FIRST[0],
        (datetime.date(2026, 3, 2), "DK", 1, decimal.Decimal("1.00")),
        FIRST[2],
        (datetime.date(2026, 3, 3), "NO", 1, decimal.Decimal("10.00")),
    ]
    assert len(tarn.table(tmp_path / "staging").scan().rows()) == 8
    assert tarn.table(tmp_path / "mart").scan(version=0).rows() == FIRST


def test_two_runs_at_once_add_each_row_once(api, tmp_path):
    pipeline = example("api_to_mart")
    pipeline.load(api.url, tmp_path)
    api.orders.append({"id": 9, "updated_at": "2026-03-04T00:00:00Z", "country": "DK", "status": "paid", "amount": 5.00})
    failures, loaded = [], []

    def run():
        try:
            loaded.append(pipeline.load(api.url, tmp_path))
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == [] and sorted(row[0] for row in tarn.table(tmp_path / "staging").scan(["id"]).rows()) == [1, 2, 3, 4, 5, 9]


def test_the_notebook(tmp_path):
    peer("polars"), peer("duckdb"), peer("pyarrow")
    script = (EXAMPLES / "notebook.py").read_text()
    out = run_python(script, ROOT / "tests/data/birdstrikes.csv", tmp_path)
    assert "475 rows changed in version 1" in out and "475 rows said DC in version 0" in out
    assert "[(3,)]" in out and "Large" in out
    assert len(tarn.table(tmp_path / "worst_airports").scan().rows()) == 10
    assert sum(row[1] for row in tarn.table(tmp_path / "by_month").scan().rows()) == len(
        tarn.table(tmp_path / "strikes").scan(["Flight Date"], '"Cost Total $" > 0').rows()
    )
