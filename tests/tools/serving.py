# SPDX-License-Identifier: Apache-2.0
"""A running `tarn serve` for tests: started on a free port, asked over http.client, stopped or killed. Needs nothing but Python."""
import http.client
import json
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import urllib.parse

from command import TARN


class Answer:
    def __init__(self, response):
        self.status, self.headers, self.body = response.status, response.headers, response.read()

    def json(self):
        return json.loads(self.body)

    def expect(self, status, detail=None):
        if self.status != status or (detail is not None and self.json()["error"].get("detail") != detail):
            sys.exit(f"answer {self.status}, expected {status} {detail or ''}: {self.body[:1500]!r}")
        return self


class Server:
    """One server over a lake. Options are those of the command line."""

    def __init__(self, lake, *options, errors="serve.err"):
        self.lake = pathlib.Path(lake)
        self.errors = pathlib.Path(errors).absolute()
        with open(self.errors, "ab") as errors:
            self.process = subprocess.Popen(
                [TARN, "serve", str(lake), "--port", "0", *map(str, options), "--json"], stdout=subprocess.PIPE, stderr=errors, text=True
            )
        line = self.process.stdout.readline()
        if not line.startswith('{"ok":true'):
            sys.exit(f"the server does not start: {line} {self.errors.read_text()[-1500:]}")
        self.hello = json.loads(line)["result"]
        self.url = urllib.parse.urlsplit(self.hello["url"])
        self.read, self.write = self.hello.get("read_token"), self.hello.get("write_token")

    def connection(self, timeout=60):
        if self.url.scheme == "https":
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            return http.client.HTTPSConnection(self.url.hostname, self.url.port, timeout=timeout, context=context)
        return http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=timeout)

    def ask(self, method, path, body=None, token="write", headers=None, connection=None, **parameters):
        if parameters:
            path += "?" + urllib.parse.urlencode(parameters)
        given = {} if token is None else {"Authorization": "Bearer " + {"read": self.read, "write": self.write}.get(token, token)}
        own = connection or self.connection()
        own.request(method, path, body, {**given, **(headers or {})}, encode_chunked=not isinstance(body, (bytes, str, type(None))))
        answer = Answer(own.getresponse())
        if connection is None:
            own.close()
        return answer

    def ingest(self, table, body, kind="text/csv", key=None, headers=None, **parameters):
        given = {"Content-Type": kind, **({"Idempotency-Key": key} if key else {}), **(headers or {})}
        return self.ask("POST", f"/ingest/{table}", body.encode() if isinstance(body, str) else body, headers=given, **parameters)

    def query(self, sql, token="read", **parameters):
        return self.ask("GET", "/query", token=token, sql=sql, **parameters)

    def rows(self, sql):
        return self.query(sql).expect(200).json()["rows"]

    def socket(self):
        return socket.create_connection((self.url.hostname, self.url.port), timeout=30)

    def spooled(self):
        return [path for path in self.lake.glob(".tarn-tmp/*/*")]

    def stop(self, code=0):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(90) != code:
            sys.exit(f"the server ends with {self.process.returncode}: {self.errors.read_text()[-1500:]}")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if self.process.poll() is None and kind is None:
            self.stop()
        else:
            self.kill()
