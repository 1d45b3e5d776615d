#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""schemathesis asks `tarn serve` whatever its OpenAPI description allows and forbids: no 5xx, no answer that is not described.

    test_serve_schemathesis.py [--budget SECONDS] [--seed N]

Needs the environment `serve` of tests/interop/setup.sh; without it the test is not run (77).
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

from command import BIRDS, SOURCE
from serving import Server

# What is left out: a text that the schema allows need not be SQL, nor CSV that fits a table; no schema can say so.
LEFT_OUT = "positive_data_acceptance"

parser = argparse.ArgumentParser()
parser.add_argument("--budget", type=int, default=25)
parser.add_argument("--seed", type=int, default=1)
given = parser.parse_args()

peers = pathlib.Path(os.environ.get("TARN_PEERS", SOURCE / "build" / "peers"))
tool = peers / "serve" / "bin" / "schemathesis"
if not tool.exists():
    print(f"not run: {tool} is not there (tests/interop/setup.sh serve)")
    sys.exit(77)

with tempfile.TemporaryDirectory(prefix="tarn-serve-") as folder:
    os.chdir(folder)
    with Server("lake", "--time-limit", "20") as server:
        server.ingest("t", BIRDS.read_bytes()).expect(201)
        server.ingest("ns.u", "a,b\n1,x\n").expect(201)
        done = subprocess.run(
            [tool, "run", server.hello["url"] + "/openapi.json", "--header", f"Authorization: Bearer {server.write}", "--exclude-checks",
             LEFT_OUT, "--max-time", str(given.budget), "--seed", str(given.seed), "--continue-on-failure",
             "--request-timeout", "30", "--warnings", "off"],
            check=False,
        )
        server.ask("GET", "/healthz").expect(200)
        server.query("SELECT count(*) AS n FROM ns.u").expect(200)
        refused = server.ask("GET", "/metrics").body.decode()
    os.chdir("/")
broken = [line for line in refused.splitlines() if 'status="5' in line and 'status="503"' not in line]
print("\n".join(broken))
sys.exit(1 if done.returncode != 0 or broken else 0)
