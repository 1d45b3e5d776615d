# SPDX-License-Identifier: Apache-2.0
"""Exceptions: one a status, below what Python itself has for the case, with the places of the error."""

import pathlib
import pickle
import re

import pytest

import tarn

BUILTIN = {
    "INVALID": ValueError,
    "UNSUPPORTED": NotImplementedError,
    "IO": OSError,
    "NOT_FOUND": FileNotFoundError,
    "EXISTS": FileExistsError,
    "NOMEM": MemoryError,
    "AUTH": PermissionError,
    "TIMEOUT": TimeoutError,
}


def test_each_status_has_its_exception():  # SPEC: B-PY-1
    codes = set()
    for name in tarn.__all__:
        if name.endswith("Error") and name != "Error":
            kind = getattr(tarn, name)
            assert issubclass(kind, tarn.Error) and kind.__module__ == "tarn" and kind.__doc__
            assert name == "".join(word.capitalize() for word in kind.code.split("_")) + "Error"
            assert issubclass(kind, BUILTIN.get(kind.code, tarn.Error))
            codes.add(kind.code)
    header = pathlib.Path(__file__).resolve().parents[3] / "format/include/tarn/status.h"
    assert codes == set(re.findall(r"^    X\((\w+), [1-9]", header.read_text(), re.MULTILINE))


def test_an_error_says_where(tmp_path):  # SPEC: B-PY-1
    path = tmp_path / "t"
    tarn.write(path, tarn.sql("SELECT * FROM (VALUES (1, 'some text'), (2, 'more of it')) t(a, b)"))
    (file,) = path.glob("*.parquet")
    content = bytearray(file.read_bytes())
    content[12] ^= 0xFF
    file.write_bytes(content)
    with pytest.raises(tarn.CorruptError) as corrupt:
        tarn.table(path).scan().rows()
    error = corrupt.value
    assert error.code == "CORRUPT" and error.detail
    assert error.path.endswith(file.name) and error.column == "a" and error.row_group == 0 and error.offset >= 0
    assert (error.version, error.row, error.http_status) == (None, None, None) or error.version == 0
    assert file.name in str(error)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is tarn.CorruptError and again.path == error.path and str(again) == str(error)


def test_what_python_knows_it_catches(tmp_path):
    with pytest.raises(FileNotFoundError) as absent:
        tarn.table(tmp_path / "nothing")
    assert absent.value.errno in (None, 2) and isinstance(absent.value, tarn.NotFoundError)
    with pytest.raises(NotImplementedError) as missing:
        tarn.sql("SELECT * FROM a JOIN b ON true")
    assert missing.value.detail == "sql.join"
    with pytest.raises(ValueError):
        tarn.sql("SELECT")


def test_an_exception_can_be_made_by_hand():
    error = tarn.ConflictError("two at once")
    assert (error.code, error.detail, error.path, error.offset) == ("CONFLICT", None, None, None)
    assert tarn.Error("x").code is None
