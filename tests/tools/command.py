# SPDX-License-Identifier: Apache-2.0
"""Runs tarn for the tests of the command line, and checks what comes back. Needs nothing but Python."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading

TARN = os.environ["TARN"]
SOURCE = pathlib.Path(__file__).resolve().parents[2]
BIRDS = SOURCE / "tests" / "data" / "birdstrikes.csv"


class Run:
    """One run of the command."""

    def __init__(self, *arguments, stdin=None, env=None):
        self.arguments = [str(word) for word in arguments]
        done = subprocess.run([TARN, *self.arguments], input=stdin, capture_output=True, env={**os.environ, **(env or {})}, timeout=120)
        self.code, self.out, self.err = done.returncode, done.stdout.decode(), done.stderr.decode()

    def expect(self, code, out=None, err=None):
        """Fails unless the exit code is `code`, and `out` and `err` occur in what was printed."""
        if self.code != code:
            self.fail(f"exit code {self.code}, expected {code}")
        if out is not None and out not in self.out:
            self.fail(f"stdout lacks {out!r}")
        if err is not None and err not in self.err:
            self.fail(f"stderr lacks {err!r}")
        return self

    def fail(self, why):
        sys.exit(f"tarn {' '.join(self.arguments)}\n  {why}\n--- stdout\n{self.out[-1500:]}\n--- stderr\n{self.err[-1500:]}")

    def json(self):
        try:
            return json.loads(self.out)
        except ValueError as why:
            return self.fail(f"stdout is no JSON document: {why}")

    def rows(self):
        return [json.loads(line) for line in self.out.splitlines()]


def equal(got, expected, what):
    if got != expected:
        sys.exit(f"{what}: {got!r}, expected {expected!r}")


def together(*jobs):
    """Runs the jobs as threads, each of which starts processes; what one of them complains of fails the test."""
    stories = []

    def guarded(job):
        try:
            job()
        except (SystemExit, Exception) as story:  # a thread's own end would go unseen
            stories.append(repr(story) if isinstance(story, Exception) else str(story))

    threads = [threading.Thread(target=guarded, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if stories:
        sys.exit(stories[0])


def run_all(tests):
    """Each test in a folder of its own; a failure ends the process with its story."""
    for test in tests:
        with tempfile.TemporaryDirectory(prefix="tarn-cli-") as folder:
            os.chdir(folder)
            test(pathlib.Path(folder))
            os.chdir("/")
        print("ok", test.__name__)
    print(f"{len(tests)} passed, 0 failed")
