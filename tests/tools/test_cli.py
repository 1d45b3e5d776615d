#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command line's contract: words, exit codes, forms of output, JSON documents, time travel, what stays when something fails."""
import json
import os
import signal
import subprocess
import time

from command import BIRDS, SOURCE, TARN, Run, equal, run_all

SEEDS = SOURCE / "tests" / "fuzz" / "corpus" / "fuzz_parquet_file"


def usage_is_exit_code_2_with_a_suggestion(folder):
    Run("imprt", "a", "b").expect(2, err="did you mean `tarn import`")
    Run("head", "--limt", "3", BIRDS).expect(2, err="did you mean --limit")
    Run("head").expect(2, err="usage: tarn head PATH")
    Run("query").expect(2)
    Run("help", "import").expect(0, out="--dry-run")
    Run("--version").expect(0, out="tarn 0.1.0")
    Run("completion", "bash").expect(0, out="complete -o filenames -F _tarn tarn")
    Run("completion", "man").expect(0, out=".SH OPTIONS")


def select_without_a_table(folder):
    Run("query", "select 1 as one, 'a' as a").expect(0, out="│ one │ a │")
    Run("query", "select 1 as one, 'a,b' as a", "-o", "csv").expect(0, out='one,a\n1,"a,b"\n')
    equal(Run("query", "select 2.50 as d, null as n, [1] is null as l", "-o", "jsonl").expect(0).rows()[0]["d"], "2.50", "decimal")


def forms_of_output(folder):
    sql = "select 1 as a, 'x|y' as b union_free".replace(" union_free", "")
    Run("query", sql, "-o", "markdown").expect(0, out="| 1 | x\\|y |")
    Run("query", "select '<b>' as t", "-o", "html").expect(0, out="&lt;b&gt;")
    Run("query", "select 7 as a", "-o", "line").expect(0, out="a = 7")
    Run("query", "select 7 as a", "-o", "tsv").expect(0, out="a\n7\n")
    Run("query", "select 7 as a", "-o", "json").expect(0, out='[{"a":7}]')
    Run("query", "select 7 as a", "-o", "nonsense").expect(2, err="the forms are")
    escaped = Run("query", "select chr(27) || '[31m' as t")
    if escaped.code == 0 and "\x1b" in escaped.out:
        escaped.fail("an escape sequence of the data reached the terminal")


def json_is_one_document(folder):
    done = Run("query", "select 1 as a", "--json").expect(0).json()
    equal((done["ok"], done["result"]["rows"]), (True, [{"a": 1}]), "document")
    failed = Run("query", "select nothing from nowhere", "--json").expect(3).json()
    equal((failed["ok"], failed["error"]["code"]), (False, "NOT_FOUND"), "error document")
    equal(Run("nonsense", "--json").code, 2, "usage with --json")


def errors_point_at_the_place(folder):
    Run("query", "select 1 +").expect(4, err="error[INVALID")
    Run("query", "select abss(1)").expect(3, err="did you mean \"abs\"")
    Run("query", "selec 1").expect(4, err="^")


def what_was_passed_over_is_told_beside_the_answer(folder):
    Run("import", BIRDS, "lake/noted").expect(0)
    log = folder / "lake" / "noted" / "_delta_log"
    (log / f"{0:020}.checkpoint.parquet").write_bytes(b"PAR1 torn")
    done = Run("query", "select count(*) as n from 'lake/noted'", "-o", "jsonl").expect(0, err="note: the checkpoint of version 0 cannot be read")
    equal(done.rows(), [{"n": 10000}], "rows beside a note")
    Run("show", "lake/noted", "--json").expect(0, err="note: ").json()


def life_of_a_table(folder):
    Run("import", BIRDS, "lake/birds").expect(0, out="10000 rows")
    Run("import", BIRDS, "lake/birds").expect(11, err="--mode append")
    Run("count", "lake/birds").expect(0, out="10000\n")
    Run("query", "DELETE FROM birds WHERE \"Wildlife Size\" = 'Small'", "--lake", "lake").expect(0, out="deleted")
    left = int(Run("count", "lake/birds").out)
    small = int(Run("count", "lake/birds@v0", "--where", "\"Wildlife Size\" = 'Small'").out)
    equal(left, 10000 - small, "rows after DELETE")
    Run("query", "UPDATE birds SET \"Speed IAS in knots\" = 0", "--lake", "lake").expect(0, out=f"updated {left} rows")
    equal(Run("query", "SELECT sum(\"Speed IAS in knots\") AS s FROM birds", "--lake", "lake", "-o", "csv").out, "s\n0\n", "sum")
    Run("count", "lake/birds", "--version", "0").expect(0, out="10000\n")
    Run("undo", "lake/birds").expect(0, out="undone")
    Run("undo", "lake/birds").expect(0, out="redone")
    Run("restore", "lake/birds", "0").expect(0, out="equal to version 0")
    Run("count", "lake/birds").expect(0, out="10000\n")
    log = Run("log", "lake/birds", "--json").expect(0).json()["result"]
    equal([line["version"] for line in log], [5, 4, 3, 2, 1, 0], "versions")
    Run("diff", "lake/birds", "0", "1").expect(0, out="removed")
    Run("diff", "lake/birds", "0", "1", "--exit-code").expect(12)
    Run("diff", "lake/birds", "0", "5", "--exit-code").expect(0)
    Run("verify", "lake/birds").expect(0)
    Run("show", "lake/birds", "0").expect(0, out="10000 rows")
    Run("count", "lake/birds@v99").expect(3, err="99")
    Run("describe", "lake/birds").expect(0, out="delta table")
    Run("schema", "lake/birds").expect(0, out="Cost Total $")


def imports_overwrite_a_part(folder):
    def rows():
        return Run("query", "SELECT a, k FROM t ORDER BY a", "--lake", ".", "-o", "jsonl").expect(0).rows()

    Run("import", "-", "t", "--partition-by", "k", stdin=b"a,k\n1,x\n2,y\n3,x\n4,z\n").expect(0)
    Run("import", "-", "t", "--mode", "overwrite-partitions", stdin=b"a,k\n10,x\n11,z\n").expect(0)
    equal(rows(), [{"a": 2, "k": "y"}, {"a": 10, "k": "x"}, {"a": 11, "k": "z"}], "partitions overwritten")
    Run("import", "-", "t", "--replace-where", "a >= 10", stdin=b"a,k\n20,y\n").expect(0)
    equal(rows(), [{"a": 2, "k": "y"}, {"a": 20, "k": "y"}], "rows replaced")
    Run("import", "-", "t", "--replace-where", "a >= 10", stdin=b"a,k\n30,y\n5,y\n").expect(4, err="does not meet the condition")
    Run("import", "-", "t", "--replace-where", "a >", stdin=b"a,k\n30,y\n").expect(4)
    Run("import", "-", "t", "--replace-where", "a > 1", "--mode", "append", stdin=b"a,k\n30,y\n").expect(2, err="--replace-where is a mode")
    Run("import", "-", "t", "--mode", "replace", stdin=b"a,k\n30,y\n").expect(2, err="overwrite-partitions")
    equal(rows(), [{"a": 2, "k": "y"}, {"a": 20, "k": "y"}], "rows after imports that failed")
    Run("import", "-", "t", "--mode", "overwrite", stdin=b"a,k\n1,w\n").expect(0)
    equal(rows(), [{"a": 1, "k": "w"}], "all overwritten")


def log_tells_rows_that_came_and_went(folder):
    Run("import", "-", "lake/t", stdin=b"id\n1\n2\n3\n4\n5\n").expect(0)
    Run("query", "DELETE FROM t WHERE id > 3", "--lake", "lake").expect(0)
    Run("query", "UPDATE t SET id = 9 WHERE id = 1", "--lake", "lake").expect(0)
    Run("query", "INSERT INTO t VALUES (6)", "--lake", "lake").expect(0)
    Run("restore", "lake/t", "0").expect(0)
    log = Run("log", "lake/t", "--json", "--reverse").expect(0).json()["result"]
    # A restore takes out files whose rows its commit does not tell: unknown, not 0.
    equal([(c["rows added"], c["rows removed"]) for c in log], [(5, 0), (0, 2), (1, 1), (1, 0), (5, None)], "rows added and removed")


def json_documents_of_tables_are_whole(folder):
    Run("import", BIRDS, "birds").expect(0)
    for command in ("show", "describe", "verify", "log", "schema"):
        good = Run(command, "birds", "--json").expect(0).json()
        equal((good["ok"], len(good["result"]) > 0), (True, True), command)
        missing = Run(command, "nothing", "--json").expect(3).json()
        equal((missing["ok"], missing["error"]["code"]), (False, "NOT_FOUND"), command)
    equal(Run("verify", "nothing").expect(3).out, "", "no table of findings")
    data = [path for path in (folder / "birds").iterdir() if path.suffix == ".parquet"][0]
    whole = bytearray(data.read_bytes())
    whole[len(whole) // 2] ^= 1
    data.write_bytes(whole)
    damaged = Run("verify", "birds", "--json").expect(12).json()
    equal((damaged["ok"], "ERROR" in [line["finding"] for line in damaged["result"]]), (True, True), "verify")
    half = Run("query", "SELECT * FROM birds", "--json").expect(5).json()
    equal((half["ok"], half["error"]["code"], "result" in half), (False, "CORRUPT", False), "a query that fails among its rows")
    data.unlink()
    Run("verify", "birds", "--json").expect(12).json()


def diff_shows_the_rows_that_differ(folder):
    lines = "id,change\n" + "".join(f"{i},x{i % 3}\n" for i in range(1000)) + "7,x1\n7,x1\n"
    Run("import", "-", "lake/t", stdin=lines.encode()).expect(0)
    Run("query", "DELETE FROM t WHERE id IN (3, 7) AND \"change\" = 'x1'", "--lake", "lake").expect(0, out="deleted 3 rows")
    Run("query", "UPDATE t SET \"change\" = 'new' WHERE id = 5", "--lake", "lake").expect(0)
    Run("query", "INSERT INTO t VALUES (5, 'x2'), (NULL, NULL)", "--lake", "lake").expect(0)
    removed = Run("diff", "lake/t", "0", "1", "--rows", "-o", "jsonl").expect(0).rows()
    equal(removed, [{"_change": "removed", "id": 7, "change": "x1"}] * 3, "a row that is there three times")
    equal(Run("diff", "lake/t", "1", "2", "--rows", "-o", "csv").out, "_change,id,change\nremoved,5,x2\nadded,5,new\n", "an update")
    Run("diff", "lake/t", "3", "2", "--rows").expect(0, out="removed")
    whole = Run("diff", "lake/t", "1", "--rows", "--json", "--exit-code").expect(12).json()["result"]
    equal(whole["columns"][0], {"name": "_change", "type": "VARCHAR"}, "the leading column")
    added = [{"_change": "added", "id": 5, "change": "new"}, {"_change": "added", "id": None, "change": None}]
    equal(sorted(whole["rows"], key=str), sorted(added, key=str), "what came back is no difference")
    Run("query", "UPDATE t SET id = id", "--lake", "lake").expect(0)
    Run("diff", "lake/t", "3", "4", "--exit-code").expect(12, out="removed")
    Run("diff", "lake/t", "3", "4", "--exit-code", "--rows").expect(0)
    equal(Run("diff", "lake/t", "3", "4", "--rows", "-o", "jsonl").out, "", "a rewritten file with equal rows")
    Run("diff", "lake/t", "0", "9", "--rows").expect(3, err="9")
    Run("diff", "lake/t", "0", "--rows", "--memory-limit", "100KB").expect(10, err="error[LIMIT")


def changes_go_version_by_version(folder):
    Run("query", "CREATE TABLE t (id BIGINT, name VARCHAR) TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true')", "--lake", "lake").expect(0)
    Run("query", "INSERT INTO t VALUES (1, 'a'), (2, 'b')", "--lake", "lake").expect(0)
    Run("query", "UPDATE t SET name = 'c' WHERE id = 2", "--lake", "lake").expect(0)
    Run("query", "DELETE FROM t WHERE id = 1", "--lake", "lake").expect(0)
    whole = Run("changes", "t", "--lake", "lake", "-o", "jsonl").expect(0).rows()
    equal([row["_commit_version"] for row in whole], [1, 1, 2, 2, 3], "all versions in order")
    last = "id,name,_change_type\n1,a,delete\n"
    equal(Run("changes", "lake/t", "--from", "v3", "--columns", "id,name,_change_type", "-o", "csv").expect(0).out, last, "the last version")
    equal(len(Run("changes", "lake/t", "--from", "1", "--to", "2", "--recorded", "-o", "jsonl").expect(0).rows()), 4, "rows of a range")
    only = Run("changes", "lake/t", "--from", "2000-01-01", "--where", "_change_type = 'insert'", "-n", "1", "-o", "jsonl").expect(0).rows()
    equal(len(only), 1, "rows of a limit")
    equal(len(Run("changes", "lake/t", "--json").expect(0).json()["result"]["rows"]), 5, "rows of the document")
    Run("changes", "lake/t", "--from", "3", "--to", "2").expect(4, err="error[INVALID.range]")
    Run("changes", "lake/t", "--from", "9").expect(4, err="error[INVALID.range]")
    Run("changes", "lake/t", "--to", "9").expect(3, err="error[NOT_FOUND.version]")
    Run("changes", "lake/nope").expect(3)


def diff_of_changed_columns_says_so(folder):
    Run("import", "-", "t", stdin=b"a,b\n1,2\n").expect(0)
    first = (folder / "t/_delta_log/00000000000000000000.json").read_text().splitlines()
    metadata = [line for line in first if line.startswith('{"metaData"')][0].replace('\\"long\\"', '\\"string\\"')
    (folder / "t/_delta_log/00000000000000000001.json").write_text(metadata + "\n")
    Run("diff", "t", "0", "1").expect(0)
    Run("diff", "t", "0", "1", "--rows").expect(4, err='column 1 is "a" BIGINT in the first and "a" VARCHAR in the second')


def read_only_changes_nothing(folder):
    Run("import", BIRDS, "birds").expect(0)
    Run("query", "DELETE FROM birds", "--read-only").expect(4, err="read")
    Run("count", "birds").expect(0, out="10000\n")


def damage_has_its_own_error_and_exit_code_5(folder):
    Run("convert", BIRDS, "birds.parquet").expect(0)
    whole = (folder / "birds.parquet").read_bytes()
    (folder / "cut.parquet").write_bytes(whole[: len(whole) // 2])
    Run("count", "cut.parquet").expect(5, err="error[CORRUPT.")
    flipped = bytearray(whole)
    flipped[200] ^= 1
    (folder / "flipped.parquet").write_bytes(flipped)
    Run("cat", "flipped.parquet", "-o", "csv").expect(5, err="error[CORRUPT.page_crc]")
    Run("import", BIRDS, "garbage").expect(0)
    Run("import", BIRDS, "empty").expect(0)
    name = "_delta_log/00000000000000000001.json"
    (folder / "garbage" / name).write_text("this is no JSON\n")
    (folder / "empty" / name).write_text("")
    garbage = Run("count", "garbage").expect(5, err="error[CORRUPT.")
    empty = Run("count", "empty").expect(5, err="error[CORRUPT.")
    if garbage.err == empty.err:
        empty.fail("a garbage and an empty commit give the same error")


def imports_say_what_they_inferred(folder):
    dry = Run("import", BIRDS, "t", "--dry-run").expect(0, err="Flight Date DATE")
    if (folder / "t").exists():
        dry.fail("a dry run made the table")
    (folder / "bad.csv").write_text("a,b\n" + "1,2\n" * 30000 + "x,3\n")
    Run("import", "bad.csv", "wide").expect(0, out="30001 rows")
    equal(Run("query", "SELECT max(a) AS m FROM wide", "-o", "csv").out, "m\nx\n", "widened to text")
    Run("import", "bad.csv", "strict", "--schema", "a BIGINT, b BIGINT").expect(4, err="30002")
    if (folder / "strict").exists():
        dry.fail("a failed import left a table")
    Run("import", "bad.csv", "strict", "--schema", "a BIGINT, b BIGINT", "--rejects", "bad.txt").expect(0, out="1 rows rejected")
    if "30002" not in (folder / "bad.txt").read_text():
        dry.fail("the reject is not in its file")
    Run("import", "-", "piped", stdin=b"a;b\n1;x\n2;y\n").expect(0, out="2 rows")
    Run("import", "bad.csv", "once", "--app-id", "job", "--app-version", "1").expect(0)
    Run("import", "bad.csv", "once", "--mode", "append", "--app-id", "job", "--app-version", "1").expect(0, err="done before")
    Run("count", "once").expect(0, out="30001\n")


def json_comes_in_nested(folder):
    (folder / "a.ndjson").write_text('{"id":1,"p":{"x":1.5},"l":[1,2]}\n{"id":2,"p":{"x":null},"l":[]}\n')
    Run("import", "a.ndjson", "t").expect(0, out="2 rows")
    equal(Run("cat", "t", "-o", "jsonl").rows(), [{"id": 1, "p": {"x": 1.5}, "l": [1, 2]}, {"id": 2, "p": {"x": None}, "l": []}], "rows")


def variants_are_shown_as_what_they_hold(folder):
    (folder / "v.parquet").write_bytes((SEEDS / "variant_shredded").read_bytes())
    held = [{"a": 1, "b": {"d": True}, "c": "x"}, None, 5, {"a": None}, {"a": [False]}]
    equal([row["v"] for row in Run("cat", "v.parquet", "-o", "jsonl").rows()], held, "plain")
    stored = Run("cat", "v.parquet", "-o", "jsonl", "--variant", "raw").rows()
    equal(stored[2]["v"], {"metadata": "0x1104000102030461626364", "value": "0x0c05"}, "as stored")
    Run("cat", "v.parquet", "--variant", "cooked").expect(2, err="plain or raw")
    Run("convert", "v.parquet", "v.ndjson", "--variant", "raw").expect(0)
    equal(json.loads((folder / "v.ndjson").read_text().splitlines()[2])["v"], stored[2]["v"], "converted")
    fields = Run("query", "SELECT v.a AS a, v.b.d AS d, v.c AS c FROM 'v.parquet'", "-o", "jsonl").rows()
    equal([row["a"] for row in fields], [1, None, None, None, [False]], "a field by its path")
    equal([row["d"] for row in fields], [True, None, None, None, None], "a field of a field")
    equal([row["c"] for row in fields], ["x", None, None, None, None], "a field that was not shredded")
    equal(Run("query", "SELECT count(v.a) AS n FROM 'v.parquet'", "-o", "jsonl").rows(), [{"n": 3}], "the null of a variant is a value")
    Run("convert", "v.parquet", "v.arrow").expect(0, out="5 rows")
    equal([row["v"] for row in Run("cat", "v.arrow", "-o", "jsonl").rows()], held, "through Arrow")
    Run("convert", "v.parquet", "w.parquet").expect(0, out="5 rows")
    equal([row["v"] for row in Run("cat", "w.parquet", "-o", "jsonl").rows()], held, "written again")
    Run("import", "v.parquet", "t").expect(6)


def arrow_goes_in_and_out(folder):
    Run("convert", BIRDS, "birds.parquet").expect(0)
    meant = Run("cat", "birds.parquet", "-o", "csv").out
    shape = Run("schema", "birds.parquet").out
    for name, codec in (("birds.arrow", "none"), ("birds.feather", "lz4"), ("birds.arrows", "zstd"), ("birds.ipc", "none")):
        Run("convert", BIRDS, name, "--codec", codec).expect(0, out="10000 rows")
        equal(Run("cat", name, "-o", "csv").out, meant, name)
        equal(Run("schema", name).out, shape, name)
        Run("count", name).expect(0, out="10000\n")
    for name in ("birds.arrow", "birds.arrows"):  # a file without a name of its kind
        (folder / "birds").write_bytes((folder / name).read_bytes())
        Run("head", "birds", "-n", "1", "-o", "csv").expect(0, out=meant.split("\n")[1])
        Run("query", "SELECT count(*) AS n FROM 'birds' WHERE \"Flight Date\" < DATE '1991-01-01'", "-o", "csv").expect(0)
    Run("import", "birds.arrow", "t").expect(0, out="10000 rows")
    Run("import", "birds.arrows", "t", "--mode", "append").expect(0, out="10000 rows")
    Run("export", "t", "out.arrow", "--where", "\"Flight Date\" < DATE '1991-01-01'").expect(0)
    piped = subprocess.run([TARN, "cat", "birds.parquet", "-o", "arrow"], capture_output=True, check=True).stdout
    equal(piped[:4], b"\xff\xff\xff\xff", "the first bytes of a stream")
    Run("import", "-", "piped", stdin=piped).expect(0, out="10000 rows")
    equal(Run("cat", "piped", "-o", "csv").out, meant, "through a pipe")
    Run("convert", BIRDS, "no.arrow", "--codec", "snappy").expect(4, err="INVALID.codec")
    if (folder / "no.arrow").exists():
        raise SystemExit("a refused conversion left a file")
    (folder / "cut.arrow").write_bytes((folder / "birds.arrow").read_bytes()[:-1])
    Run("count", "cut.arrow").expect(5, err="error[CORRUPT.arrow_ipc]")
    (folder / "cut.arrows").write_bytes(piped[:-100])
    Run("cat", "cut.arrows", "-o", "csv").expect(5, err="not written whole")


def listings_come_in_every_form(folder):
    Run("import", BIRDS, "t").expect(0)
    Run("query", "DELETE FROM t WHERE \"Flight Date\" < DATE '1991-01-01'").expect(0)
    log = Run("log", "t", "-o", "csv").expect(0, out="version,time,operation,files added")
    equal([line.split(",")[0] for line in log.out.splitlines()], ["version", "1", "0"], "log as CSV")
    Run("log", "t", "-o", "tsv", "--no-header").expect(0, out="1\t")
    equal([row["version"] for row in Run("log", "t", "-o", "jsonl").rows()], [1, 0], "log as JSON lines")
    equal([row["version"] for row in Run("log", "t", "-o", "json", "--reverse").json()], [0, 1], "log as JSON")
    Run("log", "t", "-o", "markdown").expect(0, out="| version |")
    equal(sorted(row["change"] for row in Run("diff", "t", "0", "1", "-o", "jsonl").rows()), ["added", "removed"], "diff as JSON lines")
    equal(Run("diff", "t", "1", "1", "-o", "csv").out, "change,file,bytes,rows\n", "no difference")
    equal(Run("schema", "t", "-o", "csv", "--null", "-").out.splitlines()[1], "Airport Name,VARCHAR,yes,1", "schema as CSV")
    equal(Run("describe", "t", "-o", "jsonl").rows()[0], {"fact": "kind", "value": "delta table"}, "describe")
    equal([row["rows"] for row in Run("show", "t", "-o", "jsonl").rows()], [9537], "show")
    (folder / "log.parquet").write_bytes(subprocess.run([TARN, "log", "t", "-o", "parquet"], capture_output=True, check=True).stdout)
    Run("query", "SELECT max(version) AS v FROM 'log.parquet'", "-o", "csv").expect(0, out="v\n1\n")


def binary_is_not_shown_on_a_terminal(folder):
    for form in ("parquet", "arrow"):
        master, slave = os.openpty()
        done = subprocess.run([TARN, "query", "SELECT 1 AS a", "-o", form], stdout=slave, stderr=subprocess.PIPE, check=False)
        os.close(slave)
        os.close(master)
        if done.returncode != 2 or b"binary" not in done.stderr:
            raise SystemExit(f"-o {form} on a terminal: {done.returncode}, {done.stderr!r}")


def scripts_and_the_shell(folder):
    Run("-c", "select 1 as a; select 2 as b").expect(0, out="│ b │")
    Run(stdin=b"select 41 + 1 as answer;\n.mode csv\nselect 1 as x;\n").expect(0, out="x\n1\n")
    Run(stdin=b"select 1;\nselec 2;\nselect 3;\n").expect(4)
    Run("import", BIRDS, "lake/birds").expect(0)
    Run("lake", "SELECT count(*) AS n FROM birds").expect(0, out="10000")
    Run("lake/birds", "SELECT count(*) AS n FROM birds").expect(0, out="10000")
    (folder / "q.sql").write_text("select :n + 1 as m")
    Run("query", "-f", "q.sql", "--param", "n=41", "-o", "csv").expect(0, out="m\n42\n")


def a_closed_pipe_ends_it_quietly(folder):
    Run("convert", BIRDS, "birds.parquet").expect(0)
    cat = subprocess.Popen([TARN, "cat", "birds.parquet", "-o", "csv"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    cat.stdout.readline()
    cat.stdout.close()
    equal(cat.stderr.read(), b"", "stderr after | head")
    cat.wait()


def catches_interrupts(pid):
    """Has the process put its handler in place? On a busy machine that takes a while."""
    try:
        caught = [line for line in open(f"/proc/{pid}/status") if line.startswith("SigCgt:")]
    except OSError:
        return True
    return not caught or int(caught[0].split()[1], 16) & (1 << (signal.SIGINT - 1)) != 0


def interrupt_leaves_nothing_half_done(folder):
    with open("big.csv", "w") as big:
        big.write("a,b\n")
        for i in range(400000):
            big.write(f"{i},{i * 7}.25\n")
    job = subprocess.Popen([TARN, "import", "big.csv", "t"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while job.poll() is None and not catches_interrupts(job.pid):
        time.sleep(0.005)
    time.sleep(0.05)
    job.send_signal(signal.SIGINT)
    _, err = job.communicate()
    if job.returncode not in (130, 0):
        raise SystemExit(f"exit code {job.returncode} after SIGINT: {err.decode()}")
    if job.returncode == 130 and os.path.exists("t/_delta_log") and os.listdir("t/_delta_log"):
        raise SystemExit(f"an interrupted import left {os.listdir('t/_delta_log')}")


def stats_and_pruning(folder):
    Run("convert", BIRDS, "birds.parquet").expect(0)
    Run("query", "SELECT count(*) FROM 'birds.parquet' WHERE \"Flight Date\" > DATE '2090-01-01'", "--stats").expect(0, err="row groups read 0, skipped 1")
    one = Run("query", "SELECT count(*) AS n FROM 'birds.parquet' WHERE \"Flight Date\" < DATE '1991-01-01'", "-o", "csv").out
    two = Run("query", "SELECT count(*) AS n FROM 'birds.parquet' WHERE \"Flight Date\" < DATE '1991-01-01'", "-o", "csv", "--no-prune").out
    equal(one, two, "pruned and not pruned")


def inspect_says_what_is_in_a_parquet_file(folder):
    Run("convert", BIRDS, "birds.parquet").expect(0)
    Run("inspect", "birds.parquet").expect(0, out="(checksum right)")
    Run("inspect", "birds.parquet", "--pages").expect(0, out="DATA_PAGE")
    document = json.loads(Run("inspect", "birds.parquet", "--pages", "--json").out)["result"]
    equal(document["footer_checksum"], True, "checksum")
    equal(document["num_rows"], sum(group["num_rows"] for group in document["row_groups"]), "rows")
    chunk = document["row_groups"][0]["columns"][0]
    equal(sum(page["num_values"] for page in chunk["pages"] if page["type"] != "DICTIONARY_PAGE"), chunk["num_values"], "values of pages")
    equal(all(page["crc_ok"] for page in chunk["pages"]), True, "page checksums")
    equal(len(chunk["offset_index_pages"]["page_locations"]), len([p for p in chunk["pages"] if p["type"] != "DICTIONARY_PAGE"]), "pages")
    equal("pages" in json.loads(Run("inspect", "birds.parquet", "--json").out)["result"]["row_groups"][0]["columns"][0], False, "pages")
    Run("schema", "birds.parquet", "--detail").expect(0, out="BYTE_ARRAY")
    Run("inspect", BIRDS).expect(5, err="CORRUPT.magic")


def encrypted_files_are_read_with_a_key_file(folder):
    if "minimal" in Run("--version").out:
        return
    secret = SEEDS.parent / "fuzz_encrypted" / "mode8"  # columns a and t have keys of their own
    (folder / "secret.parquet").write_bytes(secret.read_bytes()[1:])
    keys = {"footer": b"0123456789012345".hex(), "col:a": b"abcdefghijklmnop".hex(), "kt": b"abcdefghijklmnopqrstuvwxyz012345".hex()}
    for name, chosen in {"all": keys, "some": {"footer": keys["footer"]}, "wrong": {"footer": keys["col:a"]}, "short": {"footer": "00"}}.items():
        (folder / f"{name}.json").write_text(json.dumps({"keys": chosen}))
    (folder / "broken.json").write_text('{"keys": {"footer": "none"}}')
    rows = Run("cat", "secret.parquet", "-o", "jsonl", "--key-file", "all.json").expect(0).rows()
    equal((len(rows), rows[59]["a"], rows[59]["t"]), (60, 59 * 1000003, "text 2"), "rows")
    Run("cat", "secret.parquet").expect(9, err="error[AUTH.key_missing]")
    Run("cat", "secret.parquet", "--columns", "b", "--key-file", "some.json", "-o", "csv").expect(0, out="59000178")
    Run("cat", "secret.parquet", "--columns", "a", "--key-file", "some.json").expect(9, err="error[AUTH.key_missing]")
    Run("cat", "secret.parquet", "--key-file", "wrong.json").expect(9, err="error[AUTH.key]")
    Run("cat", "secret.parquet", "--key-file", "short.json").expect(4, err="error[INVALID.key_length]")
    Run("cat", "secret.parquet", "--key-file", "broken.json").expect(4, err="error[INVALID.key_file]")
    Run("cat", "secret.parquet", "--key-file", "absent.json").expect(3, err="error[NOT_FOUND.key_file]")
    Run("inspect", "secret.parquet", "--key-file", "all.json").expect(0, out="(encrypted)")
    Run("inspect", "secret.parquet", "--key-file", "some.json").expect(0, out="no key")
    Run("inspect", "secret.parquet", "--key-file", "some.json", "--json").expect(0)
    Run("verify", "secret.parquet", "--key-file", "all.json").expect(0)


def files_are_written_encrypted(folder):  # SPEC: P-CRYPT-WRITE-9
    if "minimal" in Run("--version").out:
        return
    (folder / "rows.csv").write_text("a,b,t\n1,2,open-sesame\n3,4,x\n")
    keys = {"footer": "30" * 16, "ka": "31" * 24, "col:t": "32" * 32}
    ways = {
        "plain": {"keys": keys},
        "uniform": {"keys": {"footer": keys["footer"]}, "aad_prefix": "orders", "encryption": {"aad_prefix": "apart"}},
        "named": {"keys": keys, "encryption": {"algorithm": "AES_GCM_CTR_V1", "footer": "plain", "columns": {"t": "ka", "a": None}}},
    }
    for name, way in ways.items():
        (folder / f"{name}.json").write_text(json.dumps(way))
        Run("convert", "rows.csv", f"{name}.parquet", "--encrypt", f"{name}.json").expect(0)
        rows = Run("cat", f"{name}.parquet", "-o", "jsonl", "--key-file", f"{name}.json").expect(0).rows()
        equal([row["t"] for row in rows], ["open-sesame", "x"], "rows")
        Run("verify", f"{name}.parquet", "--key-file", f"{name}.json").expect(0)
        equal(b"sesame" in (folder / f"{name}.parquet").read_bytes(), False, "a secret in clear")
    equal((folder / "plain.parquet").read_bytes()[:4], b"PARE", "magic")
    equal((folder / "named.parquet").read_bytes()[-4:], b"PAR1", "magic")
    Run("cat", "named.parquet", "--columns", "b", "-o", "csv").expect(0, out="4")
    Run("cat", "named.parquet", "--columns", "t").expect(9, err="error[AUTH.key_missing]")
    for wrong in ({"columns": {"t": "nobody"}}, {"columns": {"t": 1}}, {"algorithm": "AES"}, {"footer": "none"}, {"footer_key": "nobody"}, {"odd": 1}):
        (folder / "wrong.json").write_text(json.dumps({"keys": keys, "encryption": wrong}))
        Run("convert", "rows.csv", "wrong.parquet", "--encrypt", "wrong.json").expect(4, err="error[INVALID.")
        equal((folder / "wrong.parquet").exists(), False, "a file in spite of wrong keys")
    (folder / "wrong.json").write_text(json.dumps({"keys": keys, "encryption": {"columns": {"nobody": "ka"}}}))
    Run("convert", "rows.csv", "wrong.parquet", "--encrypt", "wrong.json").expect(3, err="error[NOT_FOUND.column]")
    Run("convert", "rows.csv", "rows.jsonl", "--encrypt", "plain.json").expect(2)


def memory_limit_is_exit_code_10(folder):
    Run("convert", BIRDS, "birds.parquet").expect(0)
    Run("query", "SELECT * FROM 'birds.parquet' ORDER BY 1", "--memory-limit", "200KB").expect(10, err="error[LIMIT")


run_all([value for name, value in list(globals().items()) if callable(value) and getattr(value, "__module__", "") == "__main__"])
