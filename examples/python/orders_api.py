# SPDX-License-Identifier: Apache-2.0
"""A tiny API with pages, as many have it: GET /orders?updated_since=TIME&page=N gives {"orders": [...], "next_page": N + 1 or null}.

    python orders_api.py 8099           then in another terminal: python api_to_mart.py http://127.0.0.1:8099 lake
"""

import http.server
import json
import sys
import urllib.parse

PAGE = 3

ORDERS = [
    {"id": 1, "updated_at": "2026-03-01T08:00:00Z", "country": "DK", "status": "paid", "amount": 120.50},
    {"id": 2, "updated_at": "2026-03-01T09:30:00Z", "country": "SE", "status": "open", "amount": 80.00},
    {"id": 3, "updated_at": "2026-03-01T17:45:00Z", "country": "DK", "status": "paid", "amount": 19.99},
    {"id": 4, "updated_at": "2026-03-02T10:00:00Z", "country": "NO", "status": "cancelled", "amount": 300.00},
    {"id": 5, "updated_at": "2026-03-02T12:15:00Z", "country": "SE", "status": "paid", "amount": 45.25},
]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        since, page = query.get("updated_since", ""), int(query.get("page", "0"))
        found = sorted((order for order in self.server.orders if order["updated_at"] >= since), key=lambda order: order["updated_at"])
        here = found[page * PAGE : (page + 1) * PAGE]
        body = json.dumps({"orders": here, "next_page": page + 1 if len(found) > (page + 1) * PAGE else None}).encode()
        self.send_response(200 if url.path == "/orders" else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.server.asked.append(self.path)

    def log_message(self, *_):
        pass


def make_server(port=0, orders=None):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.orders, server.asked = list(ORDERS if orders is None else orders), []
    return server


if __name__ == "__main__":
    make_server(int(sys.argv[1]) if len(sys.argv) > 1 else 8099).serve_forever()
