# SPDX-License-Identifier: Apache-2.0
"""The tests of the Python package. Peers that have no wheel for a version of CPython are passed over by name, never in silence."""

import importlib
import os
import subprocess
import sys
import textwrap

import pytest

import tarn


def peer(name):
    """A module of another library, or the test is not run and says why."""
    try:
        return importlib.import_module(name)
    except ImportError as absent:
        pytest.skip(f"{name} is not installed for CPython {sys.version_info.major}.{sys.version_info.minor}: {absent}")


@pytest.fixture
def env():
    """An Env of its own, whose memory has to be back at zero when the test has let go of everything."""
    made = tarn.Env(threads=2)
    yield made
    del made


@pytest.fixture
def birds(tmp_path):
    """The path of a table of three versions: 0 has rows 1 to 4, 1 lacks row 2, 2 calls row 3 differently."""
    path = str(tmp_path / "birds")
    tarn.write(path, tarn.sql("SELECT * FROM (VALUES (1, 'teal', 0.3), (2, 'tern', 0.1), (3, 'stork', 3.4), (4, NULL, NULL)) t(id, name, kg)"))
    table = tarn.table(path)
    table.delete("id = 2")
    table.update({"name": "'white ' || name"}, "id = 3")
    return path


@pytest.fixture(scope="session")
def slow(tmp_path_factory):
    """SQL that takes some seconds of pure work."""
    path = tmp_path_factory.mktemp("slow") / "n.csv"
    path.write_text("n\n" + "\n".join(str(n) for n in range(60000)) + "\n")
    return f"SELECT sum(length(replace(repeat('abcdefghij' || n, 400), 'a', 'bb'))) AS s FROM '{path}'"


def run_python(script, *args, timeout=120, **kwargs):
    """Runs a script in an interpreter of its own with this one's tarn; its output, or a failure with all that it said."""
    folder = os.path.dirname(os.path.dirname(tarn.__file__))
    paths = os.pathsep.join(filter(None, [folder, os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, args)], capture_output=True, text=True, timeout=timeout, check=False,
        env={**os.environ, "PYTHONPATH": paths}, **kwargs,
    )  # fmt: skip
    assert done.returncode == 0, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert done.stderr == "", done.stderr
    return done.stdout
