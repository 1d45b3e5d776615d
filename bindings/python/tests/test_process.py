# SPDX-License-Identifier: Apache-2.0
"""tarn within a Python process: threads, signals, fork, the interpreter's end."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

import tarn
from conftest import peer, run_python


def test_other_threads_run_meanwhile(slow):  # SPEC: B-PY-2
    done = threading.Event()
    answers = []

    def work():
        answers.append(tarn.sql(slow).rows())
        done.set()

    thread = threading.Thread(target=work)
    began = time.monotonic()
    thread.start()
    ticks = 0
    while not done.wait(0.005):
        ticks += 1
    thread.join()
    assert answers and ticks > (time.monotonic() - began) / 0.005 / 20


def test_many_threads_share_an_env(birds):  # SPEC: B-PY-2
    failures = []

    def work(place):
        try:
            for n in range(20):
                assert tarn.sql("SELECT count(*) FROM 't' WHERE id > ?".replace("'t'", f"'{birds}'"), 1).rows() == [(2,)]
                assert len(tarn.table(birds).scan(version=n % 3).rows()) == (4, 3, 3)[n % 3]
                with pytest.raises(tarn.NotFoundError):
                    tarn.table(birds, version=99)
        except BaseException as failure:
            failures.append((place, failure))

    threads = [threading.Thread(target=work, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_rows_are_shared_by_threads():
    rows = tarn.sql("SELECT * FROM (VALUES (1), (2)) t(a)")
    answers = []
    threads = [threading.Thread(target=lambda: answers.extend(rows.rows() for _ in range(20))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [[(1,), (2,)]] * 120


def test_writers_at_once_lose_nothing(tmp_path):
    path = tmp_path / "t"
    tarn.write(path, tarn.sql("SELECT -1 AS n"))
    threads = [
        threading.Thread(target=lambda k=k: [tarn.write(path, tarn.sql("SELECT ? AS n", 10 * k + i), "append") for i in range(5)])
        for k in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(row[0] for row in tarn.table(path).scan().rows()) == sorted([-1] + [10 * k + i for k in range(4) for i in range(5)])
    assert tarn.table(path).version == 20


INTERRUPTED = """
import sys, time, tarn
{prepare}
env = tarn.Env(threads=int(sys.argv[2]))
rows = env.sql(sys.argv[1])
print("ready", flush=True)
began = time.monotonic()
try:
    {act}
    print("done", flush=True)
except KeyboardInterrupt:
    print("interrupted", time.monotonic() - began, flush=True)
print(env.sql("SELECT 42").rows(), flush=True)
"""


def interrupt(script, *args):
    folder = os.path.dirname(os.path.dirname(tarn.__file__))
    child = subprocess.Popen(
        [sys.executable, "-c", script, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [folder, os.environ.get("PYTHONPATH")]))},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    assert child.stdout.readline() == "ready\n", child.stderr.read()
    time.sleep(0.2)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=120)
    assert child.returncode == 0, err
    return out.split("\n")


@pytest.mark.parametrize("threads", ["1", "2"])
def test_ctrl_c_ends_a_call(slow, threads):  # SPEC: B-PY-3
    answer = interrupt(INTERRUPTED.format(prepare="", act="rows.rows()"), slow, threads)
    assert answer[0].startswith("interrupted"), answer
    assert answer[1] == "[(42,)]"


def test_ctrl_c_ends_a_stream(slow):  # SPEC: B-PY-3
    peer("pyarrow")
    # The consumer may raise an exception of its own first; Ctrl-C is not lost in it.
    script = INTERRUPTED.format(prepare=CONSUME, act="consume(rows)")
    answer = interrupt(script, slow, "1")
    assert answer[0].startswith("interrupted"), answer
    assert answer[1] == "[(42,)]"


CONSUME = """
import pyarrow
def consume(rows):
    try:
        pyarrow.RecordBatchReader.from_stream(rows).read_all()
        print("all of it", flush=True)
    except OSError:
        pass
    until = time.monotonic() + 5
    while time.monotonic() < until:
        pass
"""


def test_ctrl_c_commits_nothing(slow, tmp_path):  # SPEC: B-PY-3
    script = INTERRUPTED.format(prepare="", act="tarn.write(sys.argv[3], rows)")
    answer = interrupt(script, slow, "1", str(tmp_path / "t"))
    assert answer[0].startswith("interrupted"), answer
    with pytest.raises(tarn.NotFoundError):
        tarn.table(tmp_path / "t")


def test_a_signal_handler_of_its_own_raises(slow):  # SPEC: B-PY-3
    class Alarm(Exception):
        pass

    def ring(number, frame):
        raise Alarm("time is up")

    before = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(Alarm, match="time is up"):
            tarn.sql(slow).rows()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert tarn.sql("SELECT 1").rows() == [(1,)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_child_works(birds):  # SPEC: B-PY-7
    rows = tarn.sql(f"SELECT count(*) FROM '{birds}'")  # the pool of the parent exists, and so does an open query
    opened = tarn.table(birds).scan()
    child = os.fork()
    if child == 0:
        try:
            signal.alarm(60)
            fine = rows.rows() == [(3,)] and len(opened.rows()) == 3 and tarn.sql("SELECT 5").rows() == [(5,)]
            fine = fine and tarn.write(birds, tarn.sql("SELECT 9 AS id"), "append")["version"] == 3
            fine = fine and tarn.Env(threads=2).sql("SELECT 6").rows() == [(6,)]
            os._exit(0 if fine else 1)
        except BaseException:
            os._exit(2)
    _, status = os.waitpid(child, 0)
    assert status == 0
    assert rows.rows() == [(3,)]  # what was opened before the child wrote
    assert rows.rows() == [(4,)] and tarn.table(birds).version == 3


def test_processes_by_fork(birds):
    assert (
        run_python(
            """
            import multiprocessing, sys, warnings, tarn
            warnings.simplefilter("ignore")
            def count(n):
                return tarn.sql(f"SELECT count(*) FROM '{sys.argv[1]}' WHERE id > ?", n).rows()[0][0]
            if __name__ == "__main__":
                print(count(0))
                with multiprocessing.get_context("fork").Pool(2) as pool:
                    print(pool.map(count, [0, 1, 3]))
            """,
            birds,
        )
        == "3\n[3, 2, 1]\n"
    )


def test_the_interpreter_ends_with_everything_alive(birds, slow):  # SPEC: B-PY-7
    run_python(
        """
        import sys, threading, time, tarn
        env = tarn.Env(threads=2)
        table, rows = env.table(sys.argv[1]), env.sql("SELECT 1 AS a")
        streams = [table.scan().__arrow_c_stream__(), rows.__arrow_c_stream__(), tarn.sql("SELECT 2").__arrow_c_stream__()]
        schema = table.schema.__arrow_c_schema__()
        class Cycle: pass
        cycle = Cycle(); cycle.me, cycle.rows, cycle.stream = cycle, rows, streams[0]
        class Late:
            def __del__(self, sql=tarn.sql):
                pass
        late = Late()
        threading.Thread(target=lambda: tarn.sql(sys.argv[2]).rows(), daemon=True).start()
        time.sleep(0.1)
        """,
        birds,
        slow,
    )


def test_it_is_imported_anew():
    assert (
        run_python(
            """
            import sys, tarn
            first = tarn
            print(tarn.sql("SELECT 1").rows())
            for name in [name for name in sys.modules if name.startswith("tarn")]:
                del sys.modules[name]
            import tarn
            print(tarn is not first, tarn.sql("SELECT 2").rows(), first.sql("SELECT 3").rows())
            """
        )
        == "[(1,)]\nTrue [(2,)] [(3,)]\n"
    )
