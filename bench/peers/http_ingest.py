# SPDX-License-Identifier: Apache-2.0
"""A client of `tarn serve` on loopback. TARN THREADS CSV LAKE TIMES. Prints the time from the first byte sent to the last acknowledgement."""
import http.client
import json
import os
import subprocess
import sys
import time

tarn, threads, source, lake, times = sys.argv[1:]
command = [tarn, "serve", lake, "--port", "0", "--threads", threads, "--max-body", "1TB", "--json"]
server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
hello = json.loads(server.stdout.readline())["result"]
host = hello["url"].partition("://")[2]
headers = {"Authorization": "Bearer " + hello["write_token"], "Content-Type": "text/csv", "Content-Length": str(os.path.getsize(source))}
connection = http.client.HTTPConnection(host)
connection.blocksize = 1 << 20
connection.connect()
begun = time.perf_counter_ns()
for _ in range(int(times)):
    with open(source, "rb") as body:
        connection.request("POST", "/ingest/t", body, headers)
        answer = connection.getresponse()
        said = answer.read()
        if answer.status not in (200, 201):
            sys.exit(f"{answer.status}: {said!r}")
spent = time.perf_counter_ns() - begun
connection.request("GET", "/healthz")
version = json.loads(connection.getresponse().read())["version"]
server.terminate()
server.wait()
print(json.dumps({"work_ns": spent, "version": f"tarn serve {version}"}))
