#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`tarn serve` over real connections: every endpoint and form, tokens, limits, clients that are slow, gone or many, kill -9 under load.

    test_serve.py [NAME...]     the tests of these names; none: all
"""
import concurrent.futures
import gzip
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

from command import BIRDS, Run, equal, run_all
from serving import Server

CSV = "id,name\n1,a\n2,b\n"


def until(what, condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def files_of(folder):
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


# ---- endpoints and forms


def takes_every_form(folder):
    Run("convert", BIRDS, folder / "birds.parquet").expect(0)
    with Server("lake") as server:
        first = server.ingest("csv", CSV).expect(201).json()
        equal((first["table"], first["version"], first["rows"], first["created"], first["replayed"]), ("csv", 0, 2, True, False), "first")
        equal(server.ingest("csv", CSV).expect(200).json()["created"], False, "second")
        server.ingest("csv", gzip.compress(CSV.encode()), headers={"Content-Encoding": "gzip"}).expect(200)
        server.ingest("csv", CSV.replace(",", "\t"), "text/tab-separated-values").expect(200)
        server.ingest("csv", "id,name\n3,\xe9\n".encode("latin1"), "text/csv; charset=iso-8859-1").expect(200)
        server.ingest("csv", "name,id\nz,9\n").expect(200)  # columns go by name
        server.ingest("csv", '[{"id": 4, "name": "json"}, {"id": 5}]', "application/json").expect(200)
        server.ingest("csv", '{"id": 6}\n{"name": "nd"}\n', "application/x-ndjson").expect(200)
        server.ingest("csv", "id,name\n7,x\n", "application/octet-stream").expect(200)
        equal(server.rows("SELECT count(*) AS n, count(id) AS i, count(name) AS m FROM csv"), [{"n": 15, "i": 14, "m": 13}], "rows of all")
        equal(server.rows("SELECT name FROM csv WHERE id = 3"), [{"name": "é"}], "latin1")
        server.ingest("birds", (folder / "birds.parquet").read_bytes(), "application/vnd.apache.parquet").expect(201)
        equal(server.rows("SELECT count(*) AS n FROM birds"), [{"n": 10000}], "Parquet")
        equal(server.ingest("ns.t", CSV).expect(201).json()["table"], "ns.t", "a name in a namespace")
        equal(server.rows("SELECT count(*) AS n FROM ns.t"), [{"n": 2}], "rows in a namespace")
        stream = server.query("SELECT * FROM csv", format="arrow").expect(200)
        equal(stream.headers["Content-Type"], "application/vnd.apache.arrow.stream", "type of a stream")
        equal(server.ingest("arrow", stream.body, "application/vnd.apache.arrow.stream").expect(201).json()["rows"], 15, "Arrow")
        equal(server.query("SELECT * FROM arrow", format="csv").body, server.query("SELECT * FROM csv", format="csv").body, "rows through Arrow")
        form = (
            '--Bound\r\nContent-Disposition: form-data; name="f"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\nid,name\n1,a\n\r\n'
            '--Bound\r\nContent-Disposition: form-data; name="g"; filename="b.csv"\r\n\r\nid,name\n2,b\n3,c\n\r\n--Bound--\r\n'
        )
        equal(server.ingest("form", form, "multipart/form-data; boundary=Bound").expect(201).json()["rows"], 3, "a form of two files")
        equal(server.ask("GET", "/tables", token="read").expect(200).json()["tables"][1], {"name": "birds", "format": "delta"}, "tables")
        equal([t["name"] for t in server.ask("GET", "/tables").json()["tables"]], ["arrow", "birds", "csv", "form", "ns.t"], "names of tables")
        about = server.ask("GET", "/tables/csv", token="read").expect(200).json()
        equal([c["name"] for c in about["columns"]], ["id", "name"], "columns")
        equal((about["version"], about["rows"]), (8, 15), "table")
        equal(server.ask("GET", "/tables/csv", version=0).expect(200).json()["rows"], 2, "an old version")
        equal(len(server.ask("GET", "/tables/csv/history", token="read").expect(200).json()["commits"]), 9, "history")
        equal(len(server.ask("GET", "/tables/csv/history", limit=2).expect(200).json()["commits"]), 2, "a part of history")
        equal(server.ask("HEAD", "/tables/csv").expect(200).body, b"", "HEAD")
        server.ask("GET", "/tables/nothing").expect(404, "table")
        server.ask("GET", "/tables/csv", version=99).expect(404)
        equal(server.spooled(), [], "files left in the spool")
    Run("verify", "lake/csv").expect(0)
    equal(list((folder / "lake").glob(".tarn-tmp")), [], "the spool's folder")


def answers_in_every_form(folder):
    with Server("lake") as server:
        server.ingest("t", CSV).expect(201)
        sql = "SELECT * FROM t ORDER BY id"
        whole = server.query(sql).expect(200)
        equal(whole.headers["Content-Type"], "application/json", "type")
        equal(whole.json()["columns"], [{"name": "id", "type": "BIGINT"}, {"name": "name", "type": "VARCHAR"}], "columns")
        equal((whole.json()["rows"], whole.json()["row_count"]), ([{"id": 1, "name": "a"}, {"id": 2, "name": "b"}], 2), "rows")
        equal(server.query(sql, format="csv").expect(200).body, CSV.encode(), "csv")
        equal(server.query(sql, format="ndjson").expect(200).body, b'{"id":1,"name":"a"}\n{"id":2,"name":"b"}\n', "ndjson")
        for accept, kind in [
            ("text/csv", "text/csv"),
            ("application/x-ndjson, */*;q=0.1", "application/x-ndjson"),
            ("text/csv;q=0.5, application/json", "application/json"),
            ("text/*", "text/csv"),
            ("*/*", "application/json"),
        ]:
            answer = server.ask("GET", "/query", token="read", headers={"Accept": accept}, sql=sql).expect(200)
            equal(answer.headers.get_content_type(), kind, f"Accept: {accept}")
        server.ask("GET", "/query", headers={"Accept": "image/png"}, sql=sql).expect(406)
        asked = {"sql": "SELECT name FROM t WHERE id = :n AND name <> :no AND :yes", "params": {"n": 2, "no": "é\u20ac\U0001f600", "yes": True}}
        json_type = {"Content-Type": "application/json"}
        equal(server.ask("POST", "/query", json.dumps(asked), "read", json_type).expect(200).json()["rows"], [{"name": "b"}], "parameters")
        asked = {"sql": "SELECT ? + ? AS n", "params": [1.5, 2]}
        equal(server.ask("POST", "/query", json.dumps(asked), "read", json_type).expect(200).json()["rows"], [{"n": 3.5}], "in order")
        for body in ['{"sql":"SELECT 1","x":1}', '{"sql":1}', "{}", "[]", "", '{"sql":"SELECT 1"} x', '{"sql":"\\ud800"}', '{"sql":"a\\u0000"}',
                     '{"sql":"SELECT 1","sql":"SELECT 2"}', '{"sql":"x","params":{"a":[1]}}', '{"sql":"x","params":{"a":01}}',
                     '{"sql":"x","params":{"a":1e999}}', '{"sql":"x', '{"sql":"x","params":{"a":1,"a":2}}']:
            server.ask("POST", "/query", body, "read", json_type).expect(400)
        server.ask("POST", "/query", b'{"sql":"SELECT \xff"}', "read", json_type).expect(400, "json")
        server.ask("POST", "/query", "{}", "read", {"Content-Type": "text/plain"}).expect(415)
        server.query("SELEC 1").expect(400)
        server.query("SELECT 1; SELECT 2").expect(400)
        server.query("  -- nothing").expect(400)
        server.query("SELECT * FROM nothing").expect(404)
        server.ask("GET", "/query", token="read").expect(400, "parameter")
        server.query("SELECT 1", nonsense="1").expect(400, "parameter")
        server.query("SELECT 1", format="xml").expect(400, "parameter")
        equal(server.ask("GET", "/query?sql=SELECT%20%00", token="read").status, 400, "NUL")


def changes_with_a_write_token_only(folder):  # SPEC: H-QUERY-1
    with Server("lake") as server:
        server.ingest("t", CSV).expect(201)
        change = json.dumps({"sql": "DELETE FROM t WHERE id = 1"})
        json_type = {"Content-Type": "application/json"}
        server.ask("POST", "/query", change, "read", json_type).expect(403, "scope")
        server.query("DELETE FROM t", token="write").expect(403, "scope")  # GET
        equal(server.ask("POST", "/query", change, "write", json_type).expect(200).json(),
              {"statement": "DELETE", "rows_changed": 1, "version": 1}, "a change")
        server.ask("POST", "/query", json.dumps({"sql": "DELETE FROM t; DELETE FROM t"}), "write", json_type).expect(400)
        equal(server.rows("SELECT id FROM t"), [{"id": 2}], "rows after")
        made = {"sql": "CREATE TABLE u AS SELECT id * 2 AS d FROM t"}
        equal(server.ask("POST", "/query", json.dumps(made), "write", json_type).expect(200).json()["statement"], "CREATE", "CREATE")


def reaches_nothing_beside_the_lake(folder):
    (folder / "secret.csv").write_text("word\ncanary\n")
    Run("import", folder / "secret.csv", "beside").expect(0)
    with Server("lake") as server:
        (folder / "lake" / "file.csv").write_text("word\ncanary\n")
        server.ingest("t", CSV).expect(201)
        names = ["'../secret.csv'", f"'{folder}/secret.csv'", "'file.csv'", "'*.csv'", '"../beside"', '"..".beside', "'file:///etc/passwd'",
                 "'sqlite:///x.db#t'", '"file.csv"', "t._delta_log", "'.tarn-tmp'", '".tarn-tmp"']
        for name in names:
            answer = server.query(f"SELECT * FROM {name}", token="write")
            equal(answer.status in (400, 403, 404) and b"canary" not in answer.body, True, f"{name}: {answer.status} {answer.body}")
        json_type = {"Content-Type": "application/json"}
        for sql in ["CREATE TABLE '../x' AS SELECT 1 AS a", "INSERT INTO t SELECT 1, word FROM '../secret.csv'", "DELETE FROM '../beside'",
                    'CREATE TABLE t.below AS SELECT 1 AS a', 'CREATE TABLE "../x" AS SELECT 1 AS a']:
            equal(server.ask("POST", "/query", json.dumps({"sql": sql}), "write", json_type).status, 403, sql)
        for path in ["/ingest/..%2fx", "/ingest/../x", "/ingest/.hidden", "/ingest/_x", "/ingest/a..b", "/ingest/t._delta_log", "/ingest/t.below",
                     "/ingest/a%00b", "/ingest/x.metadata.json", "/ingest/%2e%2e",
                      "/ingest/", "/ingest/a/b", "/ingest/" + "a" * 201, "/tables/..%2fbeside", "/ingest/%C3%A9"]:
            verb = "POST" if path.startswith("/ingest") else "GET"
            answer = server.ask(verb, path, CSV, headers={"Content-Type": "text/csv"})
            equal(answer.status in (400, 403, 404), True, f"{path}: {answer.status}")
        equal(sorted(p.name for p in folder.iterdir()), ["beside", "lake", "secret.csv", "serve.err"], "what is beside the lake")
        equal(str(folder) in server.query("SELECT * FROM nothing").body.decode(), False, "the lake's folder in an error")


def keeps_modes_and_schemas(folder):  # SPEC: H-INGEST-1
    with Server("lake") as server:
        server.ingest("t", CSV).expect(201)
        before = files_of(folder / "lake")
        for body, kind in [("id,other\n1,a\n", "text/csv"), ("id\n1\n", "text/csv"), ("id,name\nx,y\n", "text/csv"), ("", "text/csv"),
                           ('{"id": "x"}', "application/json"), ('{"id": 1, "z": 2}', "application/json"), ("{", "application/json"),
                           ("PAR1xxxxPAR1", "application/vnd.apache.parquet"), ("nonsense", "application/vnd.apache.parquet")]:
            equal(server.ingest("t", body, kind).status, 400, f"{kind} {body!r}")
        server.ingest("t", CSV, "application/x-www-form-urlencoded").expect(415)
        server.ingest("t", CSV, headers={"Content-Encoding": "br"}).expect(415)
        server.ingest("t", CSV, headers={"Content-Encoding": "gzip"}).expect(400)
        server.ingest("t", CSV, "multipart/form-data").expect(415)
        server.ingest("t", CSV, "multipart/form-data; boundary=Bound").expect(400, "form")
        server.ingest("t", CSV, mode="error").expect(409, "table")
        server.ingest("t", CSV, mode="replace").expect(400, "parameter")
        server.ingest("t", CSV, table_format="hudi").expect(400, "parameter")
        # A mistake behind many good rows: what was staged by then goes.
        late = "id,name\n" + "1,a\n" * 200000 + "2,b,c,d\n"
        late_json = '{"id": 1, "name": "x"}\n' * 100000 + '{"id": '
        for name in ["t", "new", "ns.new"]:
            server.ingest(name, "PAR1xxxxPAR1", "application/vnd.apache.parquet").expect(400)
            server.ingest(name, late).expect(400)
            server.ingest(name, late_json, "application/x-ndjson").expect(400)
        equal(files_of(folder / "lake"), before, "files after failed requests")
        equal([t["name"] for t in server.ask("GET", "/tables").json()["tables"]], ["t"], "tables after failed requests")
        equal(server.ingest("t", "id,name\n7,g\n", mode="overwrite").expect(200).json()["version"], 1, "overwrite")
        equal(server.rows("SELECT * FROM t"), [{"id": 7, "name": "g"}], "rows after overwrite")
        equal(server.ingest("e", CSV, mode="error").expect(201).json()["rows"], 2, "mode error for a new table")
        # A later row needs a wider type than the sample showed.
        rows = "n\n" + "1\n" * 30000 + "2.5\n"
        equal(server.ingest("wide", rows).expect(201).json()["rows"], 30001, "widened")


# ---- who may


def asks_for_tokens(folder):  # SPEC: H-AUTH-1
    with Server("lake", "--verbose") as server:
        paths = [("GET", "/tables"), ("GET", "/query?sql=SELECT%201"), ("POST", "/query"), ("POST", "/ingest/t"), ("GET", "/tables/t"),
                 ("GET", "/tables/t/history"), ("GET", "/metrics")]
        for method, path in paths:
            for token in [None, "", "x", server.read[:-1], server.read + "x", server.write.lower()]:
                answer = server.ask(method, path, b"{}" if method == "POST" else None, token).expect(401, "token")
                equal(answer.headers["WWW-Authenticate"], 'Bearer realm="tarn"', "WWW-Authenticate")
        server.ask("POST", "/ingest/t", CSV, "read", {"Content-Type": "text/csv"}).expect(403, "scope")
        for path in ["/", "/page.js", "/page.css", "/healthz", "/openapi.json"]:
            answer = server.ask("GET", path, token=None).expect(200)
            equal(answer.headers["X-Content-Type-Options"], "nosniff", "nosniff")
        for headers in [{"Host": "evil.example"}, {"Host": "evil.example:80"}, {"Host": "localhost.evil.example"}, {"Origin": "http://evil.example"},
                        {"Origin": "null"}, {"Origin": f"https://{server.url.netloc}"}]:
            equal(server.ask("GET", "/tables", headers=headers).status, 403, str(headers))
        for headers in [{"Host": "localhost:1"}, {"Host": "127.0.0.1"}, {"Origin": f"http://{server.url.netloc}"}]:
            equal(server.ask("GET", "/tables", headers=headers).status, 200, str(headers))
        said = server.errors.read_text()
        equal(server.read in said or server.write in said, False, "a token in the log")
        equal("/tables 401" in said, True, "the log")
    # Kept as hashes, made once, good after a restart.
    with Server("lake", "--token-file", "tokens") as server:
        read, write = server.read, server.write
        kept = (folder / "tokens").read_text()
        equal((read in kept, write in kept, os.stat("tokens").st_mode & 0o777), (False, False, 0o600), "the token file")
    with Server("lake", "--token-file", "tokens") as server:
        equal(server.read, None, "tokens shown again")
        server.ask("GET", "/tables", token=read).expect(200)
        server.ingest("t", CSV, headers={"Authorization": f"Bearer {write}"}, token=None).expect(201)
    (folder / "bad").write_text("write " + write + "\n")
    run = Run("serve", "lake", "--port", "0", "--token-file", "bad").expect(4, err="line 1")
    equal(write in run.err, False, "a token in a message")


def does_not_listen_to_the_world(folder):
    Run("serve", "lake", "--address", "0.0.0.0", "--port", "0").expect(4, err="--insecure")
    Run("serve", "lake", "--tls-cert", "x").expect(2)
    Run("serve", "lake", "--port", "70000").expect(2)
    Run("serve", "lake", "--max-body", "big").expect(2)
    with Server("lake", "--address", "0.0.0.0", "--insecure") as server:
        server.ask("GET", "/tables", headers={"Host": "lake.example"}).expect(200)
        server.ask("GET", "/tables", headers={"Host": "lake.example", "Origin": "http://evil.example"}).expect(403, "origin")
    Run("import", BIRDS, "birds").expect(0)
    Run("serve", "birds", "--port", "0").expect(4, err="is a table")
    if shutil.which("openssl"):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem", "-out",
                        "cert.pem", "-days", "2", "-subj", "/CN=localhost"], check=True, capture_output=True)
        with Server("lake", "--address", "0.0.0.0", "--tls-cert", "cert.pem", "--tls-key", "key.pem") as server:
            equal(server.url.scheme, "https", "scheme")
            server.ingest("tls", CSV).expect(201)
            server.ingest("tls", "id,name\n" + "1,abcdefgh\n" * 300000).expect(200)
            equal(len(server.query("SELECT * FROM tls", format="csv").expect(200).body) > 3000000, True, "a large answer")
        Run("serve", "lake", "--port", "0", "--tls-cert", "key.pem", "--tls-key", "cert.pem").expect(9)


# ---- limits and clients that behave badly


def keeps_limits(folder):  # SPEC: H-LIMIT-1 H-QUERY-2
    with Server("lake", "--max-body", "1MB", "--row-limit", "1000", "--memory-limit", "64MiB") as server:
        big = "id,name\n" + "1,abcdefghij\n" * 100000
        server.ingest("t", big).expect(413, "body")
        server.ask("POST", "/ingest/t", (big[i:i + 50000].encode() for i in range(0, len(big), 50000)),
                   headers={"Content-Type": "text/csv", "Transfer-Encoding": "chunked"}).expect(413, "body")
        bad = server.socket()
        bad.sendall(f"POST /ingest/t HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {server.write}\r\nContent-Type: text/csv\r\n"
                    "Content-Length: 99999999999999999999999\r\n\r\n".encode())
        equal(bad.recv(20)[9:10], b"4", "an absurd length")
        bad.close()
        server.ask("POST", "/ingest/t", (chunk.encode() for chunk in ["id,na", "me\n1,", "a\n"]),
                   headers={"Content-Type": "text/csv", "Transfer-Encoding": "chunked"}).expect(201)
        equal(server.spooled(), [], "files left in the spool")
        for i in range(3):
            server.ingest("rows", "id,name\n" + "".join(f"{n},abc\n" for n in range(500))).expect(201 if i == 0 else 200)
        server.query("SELECT * FROM rows").expect(422, "rows")
        equal(len(server.rows("SELECT * FROM rows LIMIT 1000")), 1000, "as many rows as may be")
        # A small body that unpacks to a large one stays within the memory limit, or is refused; the server lives.
        bomb = gzip.compress(b"a\n" + b"x" * 400_000_000)
        equal(server.ingest("bomb", bomb, headers={"Content-Encoding": "gzip"}).status in (400, 413, 422), True, "a bomb")
        server.ask("GET", "/healthz").expect(200)
    with Server("lake", "--time-limit", "1") as server:
        endless = gzip.compress(b"a,b\n") + 200 * gzip.compress(b"1,2\n" * 1000000)
        begun = time.monotonic()
        server.ingest("endless", endless, headers={"Content-Encoding": "gzip"}).expect(422, "time")
        equal(time.monotonic() - begun < 40, True, "stopped in time")
        equal((folder / "lake" / "endless").exists(), False, "a table of a request that took too long")
        equal(server.spooled(), [], "files left in the spool")
    with Server("lake", "--max-body", "20KB") as server:
        server.query("SELECT * FROM rows").expect(422, "answer")


def waits_for_nobody(folder):  # SPEC: H-LIMIT-1
    with Server("lake", "--time-limit", "2") as server:
        head = f"POST /ingest/t HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {server.write}\r\nContent-Type: text/csv\r\n"
        half = server.socket()
        half.sendall((head + "Content-Length: 1000\r\n\r\nid,name\n1,").encode())
        drip = server.socket()
        drip.sendall((head + "Content-Length: 1000\r\n\r\n").encode())
        begun = time.monotonic()
        until("a body in the spool", server.spooled)
        half.settimeout(30)
        equal(half.recv(30)[:12], b"HTTP/1.1 408", "half a body")
        equal(time.monotonic() - begun < 20, True, "in time")
        end = time.monotonic() + 30
        try:  # a byte now and then does not help
            while time.monotonic() < end:
                drip.sendall(b"1")
                time.sleep(0.1)
        except OSError:
            pass
        equal(time.monotonic() < end, True, "the slow client is cut off")
        until("an empty spool", lambda: not server.spooled(), 30)
        equal(server.ask("GET", "/tables").json()["tables"], [], "tables of half requests")
        server.ask("GET", "/healthz").expect(200)
    with Server("lake") as server:  # gone in the middle
        for _ in range(20):
            gone = server.socket()
            gone.sendall(f"POST /ingest/t HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {server.write}\r\nContent-Type: text/csv\r\n"
                         "Content-Length: 1000000\r\n\r\nid,name\n1,a\n".encode())
            gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            gone.close()
        for garbage in [b"\0\0\0\0", b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET / HTTP/9.9\r\n\r\n", b"A" * 300000]:
            bad = server.socket()
            try:
                bad.sendall(garbage)
                bad.shutdown(socket.SHUT_WR)
                bad.recv(1000)
            except OSError:
                pass
            bad.close()
        until("an empty spool", lambda: not server.spooled(), 30)
        equal(server.ask("GET", "/tables").json()["tables"], [], "tables")
        kept = server.connection()  # one connection, many requests, refusals between them
        for i in range(20):
            server.ask("GET", "/tables/nothing" if i % 2 else "/tables", connection=kept)
            server.ask("POST", "/ingest/t", CSV, headers={"Content-Type": "text/nonsense"}, connection=kept).expect(415)
        kept.close()


# ---- many at once


def loses_none_of_many(folder):  # SPEC: H-INGEST-3
    with Server("lake") as server:
        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            done = list(pool.map(lambda i: server.ingest("t", f"id,part\n{i},a\n{i},b\n"), range(32)))
        equal(sorted({a.status for a in done}), [200, 201], "answers")
        equal(sum(a.status == 201 for a in done), 1, "one made the table")
        equal(sorted(a.json()["version"] for a in done), list(range(32)), "versions")
        equal(server.rows("SELECT count(*) AS n, count(DISTINCT id) AS d FROM t"), [{"n": 64, "d": 32}], "rows")
        with concurrent.futures.ThreadPoolExecutor(16) as pool:  # changes, reads and ingests of one table at once
            json_type = {"Content-Type": "application/json"}
            jobs = [pool.submit(server.ingest, "t", f"id,part\n{i},c\n") for i in range(100, 116)]
            jobs += [pool.submit(server.query, "SELECT count(*) AS n FROM t") for _ in range(16)]
            jobs += [pool.submit(server.ask, "POST", "/query", json.dumps({"sql": f"DELETE FROM t WHERE id = {i}"}), "write", json_type)
                     for i in range(4)]
            statuses = [job.result().status for job in jobs]
        equal(set(statuses) <= {200, 409}, True, f"answers {statuses}")
        equal(server.rows("SELECT count(*) AS n FROM t WHERE part = 'c'"), [{"n": 16}], "rows beside changes")
        with concurrent.futures.ThreadPoolExecutor(8) as pool:  # new tables that fail and tables that do not, of one name
            jobs = [pool.submit(server.ingest, "race", CSV if i % 2 else "PAR1", "text/csv" if i % 2 else "application/vnd.apache.parquet")
                    for i in range(16)]
            equal([job.result().status in ((200, 201) if i % 2 else (400,)) for i, job in enumerate(jobs)], [True] * 16, "a race")
        equal(server.rows("SELECT count(*) AS n FROM race"), [{"n": 16}], "rows of the race")
        text = server.ask("GET", "/metrics", token="read").expect(200).body.decode()
        equal('tarn_http_requests_total{route="ingest",status="201"} 2' in text, True, "metrics")
    Run("verify", "lake/t").expect(0)


def does_once_what_has_a_key(folder):  # SPEC: H-INGEST-2
    with Server("lake") as server:
        first = server.ingest("t", CSV, key="k-1").expect(201).json()
        again = server.ingest("t", CSV, key="k-1").expect(200).json()
        equal((again["version"], again["rows"], again["replayed"]), (first["version"], first["rows"], True), "again")
        server.ingest("t", "id,name\n3,c\n", key="k-1").expect(422, "idempotency_key")
        server.ingest("t", CSV, key="k-1", mode="overwrite").expect(422, "idempotency_key")
        server.ingest("t", CSV, "text/tab-separated-values", key="k-1").expect(422, "idempotency_key")
        server.ingest("t", CSV, key="k-2", mode="error").expect(409, "table")
        equal(server.ingest("t", CSV, key="k-2").expect(200).json()["replayed"], False, "a refused key is free")
        server.ingest("u", CSV, key="k-1").expect(201)  # keys are of a table
        for key in ["", "a b", "x" * 256, 'a"b', "a\\b"]:
            equal(server.ingest("t", CSV, headers={"Idempotency-Key": key}).status, 400, f"key {key!r}")
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            done = list(pool.map(lambda _: server.ingest("new", CSV, key="same"), range(16)))
        equal(sorted(a.status for a in done), [200] * 15 + [201], "one key at once")
        equal(sum(not a.json()["replayed"] for a in done), 1, "done once")
        equal({a.json()["version"] for a in done}, {0}, "one version")
        equal(server.rows("SELECT count(*) AS n FROM new"), [{"n": 2}], "rows")
        before = server.rows("SELECT count(*) AS n FROM t")
    with Server("lake") as server:
        equal(server.ingest("t", CSV, key="k-1").expect(200).json()["replayed"], True, "after a restart")
        equal(server.rows("SELECT count(*) AS n FROM t"), before, "rows")


# ---- the end


def ends_with_what_it_began(folder):  # SPEC: H-END-1
    for _ in range(3):
        shutil.rmtree("lake", ignore_errors=True)
        with Server("lake") as server:
            answers = []
            bodies = [f"id,v\n" + "".join(f"{i},{n}\n" for n in range(20000)) for i in range(24)]

            def send(body):
                try:
                    answers.append((body, server.ingest("t", body).status))
                except OSError:
                    answers.append((body, None))  # not begun, or refused by closing

            threads = [threading.Thread(target=send, args=(body,)) for body in bodies]
            for thread in threads:
                thread.start()
            time.sleep(0.15)
            server.stop()
            for thread in threads:
                thread.join()
        done = [body for body, status in answers if status in (200, 201)]
        equal({status for _, status in answers} <= {200, 201, 503, None}, True, f"answers {[s for _, s in answers]}")
        equal(len(done) > 0, True, "something was begun")
        equal(int(Run("count", "lake/t").expect(0).out), 20000 * len(done), "rows of what was acknowledged, and no others")
        equal(list((folder / "lake").glob(".tarn-tmp")), [], "the spool's folder")


def kill_under_load(lake, table, rounds):
    """Eight clients ingest while the server is killed and started again: what was acknowledged is there, and nothing by half."""
    acknowledged = set()
    sent = set()
    for round_ in range(rounds):
        server = Server(lake)
        stop = threading.Event()

        def load(worker):
            n = 0
            while not stop.is_set():
                id_ = (round_ * 100 + worker) * 100000 + n
                n += 1
                sent.add(id_)
                try:
                    if server.ingest(table, f"id,v\n{id_},x\n{id_},y\n").status in (200, 201):
                        acknowledged.add(id_)
                except OSError:
                    return

        threads = [threading.Thread(target=load, args=(worker,)) for worker in range(8)]
        for thread in threads:
            thread.start()
        time.sleep(0.4 + 0.13 * round_)
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        stop.set()
        for thread in threads:
            thread.join()
    with Server(lake) as server:
        equal(server.spooled(), [], "what killed servers left in the spool")
        rows = server.query(f"SELECT id, count(*) AS n FROM {table} GROUP BY id").expect(200).json()["rows"]
    found = {row["id"] for row in rows}
    equal(acknowledged - found, set(), "acknowledged and lost")
    equal(found - sent, set(), "never sent")
    equal({row["n"] for row in rows}, {2}, "half requests")
    print(f"  {len(acknowledged)} acknowledged, {len(found)} in the table, {len(sent)} sent")


def loses_nothing_to_kill_9(folder):  # SPEC: H-END-1
    kill_under_load("lake", "t", 5)
    Run("verify", "lake/t").expect(0)


def serves_iceberg_in_a_catalog(folder):
    lake = f"sqlite:///{folder}/catalog.db?warehouse={folder}/warehouse"
    if Run("query", "SHOW TABLES", "--lake", lake).code == 6:
        return print("  not run: built without the SQL catalog")
    with Server(lake) as server:
        server.ingest("ns.t", CSV, key="k").expect(201)
        equal(server.ingest("ns.t", CSV, key="k").expect(200).json()["replayed"], True, "again")
        server.ingest("ns.t", "id,name\n3,c\n", key="k").expect(422, "idempotency_key")
        equal(server.rows("SELECT * FROM ns.t ORDER BY id"), [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}], "rows")
        equal(server.ask("GET", "/tables").json()["tables"], [{"name": "ns.t", "format": "iceberg"}], "tables")
        old = server.ask("GET", "/tables/ns.t").expect(200).json()["version"]
        server.ingest("ns.t", "id,name\n9,z\n", mode="overwrite").expect(200)
        equal(server.rows("SELECT id FROM ns.t"), [{"id": 9}], "rows after overwrite")
        equal(server.ask("GET", "/tables/ns.t", version=old).expect(200).json()["rows"], 2, "an old version")
        equal(len(server.ask("GET", "/tables/ns.t/history").expect(200).json()["commits"]), 2, "history")
        server.ingest("ns.t", "id,other\n1,a\n").expect(400, "column")
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            done = list(pool.map(lambda i: server.ingest("ns.many", f"id\n{i}\n").status, range(16)))
        equal(sorted(done), [200] * 15 + [201], "answers")
        equal(server.rows("SELECT count(*) AS n, count(DISTINCT id) AS d FROM ns.many"), [{"n": 16, "d": 16}], "rows of many")
        answer = server.query("SELECT * FROM 'catalog.db'")
        equal(answer.status, 403, "the catalog's file")
    kill_under_load(lake, "ns.killed", 2)
    with Server("lake") as server:  # Iceberg in a folder
        equal(server.ingest("ice", CSV, table_format="iceberg").expect(201).json()["created"], True, "a new table")
        server.ingest("ice", CSV).expect(200)
        equal(server.ask("GET", "/tables/ice").json()["format"], "iceberg", "format")
        equal(server.rows("SELECT count(*) AS n FROM ice"), [{"n": 4}], "rows")


def describes_itself(folder):
    with Server("lake") as server:
        api = server.ask("GET", "/openapi.json", token=None).expect(200).json()
        equal(api["openapi"], "3.1.0", "OpenAPI")
        for path, item in api["paths"].items():
            there = path.replace("{table}", "t")
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE"]:
                answer = server.ask(method, there, b"" if method != "GET" else None)
                known = method.lower() in item
                equal(answer.status != 405, known, f"{method} {path}")
                if known:
                    equal(str(answer.status) in item[method.lower()]["responses"], True, f"{method} {path}: {answer.status}")
                else:
                    equal(set(answer.headers["Allow"].lower().split(", ")), set(item), "Allow")
        equal(server.ask("OPTIONS", "/tables").status, 405, "OPTIONS")
        server.ask("GET", "/nothing").expect(404, "path")


TESTS = [
    takes_every_form, answers_in_every_form, changes_with_a_write_token_only, reaches_nothing_beside_the_lake, keeps_modes_and_schemas,
    asks_for_tokens, does_not_listen_to_the_world, keeps_limits, waits_for_nobody, loses_none_of_many, does_once_what_has_a_key,
    ends_with_what_it_began, loses_nothing_to_kill_9, serves_iceberg_in_a_catalog, describes_itself,
]
run_all([test for test in TESTS if len(sys.argv) == 1 or test.__name__ in sys.argv])
