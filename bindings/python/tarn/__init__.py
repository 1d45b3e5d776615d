# SPDX-License-Identifier: Apache-2.0
"""Delta Lake tables, Parquet, CSV and JSON with SQL, from one small C library.

    import tarn

    tarn.write("lake/flights", frame)                       # anything with __arrow_c_stream__
    rows = tarn.sql("SELECT carrier, count(*) AS n FROM 'lake/flights' WHERE dest = :to GROUP BY carrier", to="SFO")
    polars.DataFrame(rows); pyarrow.table(rows); duckdb.sql("FROM rows"); rows.dicts()

Data crosses through Arrow's C data interface only, so that no other package is needed and each of them works.
"""

import datetime as _datetime
import json as _json
import os as _os
import threading as _threading

from . import _display, _tarn
from ._tarn import *  # noqa: F403: the exceptions, one a status
from ._tarn import Error, Schema, version as __version__

__all__ = [name for name in dir(_tarn) if name.endswith("Error")] + [
    "Env", "Rows", "Schema", "Table", "read_csv", "read_json", "read_parquet", "sql", "table", "write",
]  # fmt: skip


def _name(name):
    return '"' + name.replace('"', '""') + '"'


def _text(text):
    return "'" + text.replace("'", "''") + "'"


def _path(path):
    path = _os.fspath(path)
    if not isinstance(path, str):
        raise TypeError("a path is a str or an os.PathLike of one")
    return path


def _list(names):
    """Column names as a list: one name is not taken for its letters."""
    return [names] if isinstance(names, str) else list(names)


class Rows(_tarn.Rows):
    """What a statement gives: give it to any library that knows Arrow, or take `rows()` or `dicts()`.

    A SELECT runs anew for each reader. Made by sql(), Table.scan() and the read functions.
    """

    __slots__ = ()

    def __iter__(self):
        return iter(self.rows())

    def __repr__(self):
        if self.rows_changed is not None:
            return f"<tarn.Rows: {self.rows_changed} rows changed, version {self.version}>"
        return f"<tarn.Rows: {', '.join(f'{name} {type}' for name, type, _ in self.schema.fields)}>"

    def __str__(self):
        return _display.as_text(self) if self.rows_changed is None else repr(self)

    def _repr_html_(self):
        return _display.as_html(self)


class Table:
    """A table at a path: of its newest version, or of the one that it was opened with."""

    __slots__ = ("_as_of", "_env", "_path", "_ref", "_version")
    _again = True  # its rows can be read more than once

    def __init__(self, env, path, version=None, as_of=None, ref=None):
        self._env, self._path = env, _path(path)
        self._version, self._as_of, self._ref = version, env._micros(as_of), ref
        if (version is not None) + (as_of is not None) + (ref is not None) > 1:
            raise ValueError("version, as_of and ref exclude each other")
        self._describe()

    def _describe(self):
        return _tarn.describe(self._env, self._path, self._version, self._as_of, self._ref)

    @property
    def path(self):
        return self._path

    @property
    def version(self):
        return self._describe()["version"]

    @property
    def schema(self):
        return self._describe()["schema"]

    @property
    def format(self):
        return self._describe()["format"]

    def info(self):
        """Facts of the version: format, id, version, timestamp, files, bytes, rows (None: unknown), partition_by, properties, features."""
        facts = self._describe()
        del facts["schema"]
        return facts

    def files(self):
        """Each data file: path, size, modified, rows, partition, statistics (as the format stores them)."""
        return _tarn.files(self._env, self._path, self._version, self._as_of, self._ref)

    def history(self, limit=0):
        """Commits from the newest on: version, timestamp, operation, parameters, metrics, rows and files added and removed ..."""
        commits = _tarn.history(self._env, self._path, limit)
        for commit in commits:
            for member in ("parameters", "metrics"):
                if commit[member] is not None:
                    commit[member] = _json.loads(commit[member])
        return commits

    def scan(self, columns=None, where=None, version=None, as_of=None, params=None):
        """Rows of the table, of one version whatever is committed meanwhile.

        `where` is one SQL expression; values of its parameters (`:name`) are in `params`.
        """
        at = self
        if version is not None or as_of is not None:
            at = Table(self._env, self._path, version, as_of)
        found = at._describe()["version"]
        travel = "" if found == -1 else f" VERSION AS OF {found}"  # -1: a table of Iceberg's without a snapshot
        return self._env._select(f"{_text(self._path)}{travel}", columns, where, params)

    def _changeable(self):
        if self._version is not None or self._as_of is not None or self._ref is not None:
            raise _tarn.InvalidError("this is a former version of the table: open it without one to change it")

    def delete(self, where=None, params=None):
        """Removes the rows for which `where` is true (None: all). The result has `rows_changed` and `version`."""
        self._changeable()
        return Rows(self._env, f"DELETE FROM {_text(self._path)}{self._env._where(where)}", dict(params or {}), lake=self._env.lake)

    def update(self, changes, where=None, params=None):
        """Sets columns: {"price": "price * 1.1", "note": None}. A str is an SQL expression, anything else a value.

        A text as a value goes through `params`: update({"name": ":new"}, "id = :id", {"new": "O'Neil", "id": 7}).
        """
        self._changeable()
        params = dict(params or {})
        assignments = []
        for place, (column, value) in enumerate(changes.items()):
            if isinstance(value, str):
                assignments.append(f"{_name(column)} = {self._env._expression(value)}")
            else:
                params[f"_set_{place}"] = value
                assignments.append(f"{_name(column)} = :_set_{place}")
        if not assignments:
            raise _tarn.InvalidError("an update sets at least one column")
        text = f"UPDATE {_text(self._path)} SET {', '.join(assignments)}{self._env._where(where)}"
        return Rows(self._env, text, params, lake=self._env.lake)

    def restore(self, version):
        """A new version that is equal to a former one; its number."""
        self._changeable()
        return _tarn.restore(self._env, self._path, version)

    def __arrow_c_stream__(self, requested_schema=None):
        return self.scan().__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self):
        return self.schema.__arrow_c_schema__()

    def __repr__(self):
        facts = self._describe()
        rows = "" if facts["rows"] is None else f", {facts['rows']} rows"
        return f"<tarn.Table {self._path!r}: {facts['format']}, version {facts['version']}{rows}>"

    def _repr_html_(self):
        return _display.as_html(self.scan(), repr(self)[1:-1])


class Env(_tarn.Env):
    """Threads and memory that tarn may use, and the lake that bare table names are in.

    `threads` 0: one per processor; 1: none but the caller's. `memory_limit` in bytes, 0: none. The functions of the module are the methods of
    an Env that is made when it is needed first.
    """

    def __new__(cls, threads=0, memory_limit=0, lake=None):
        if threads < 0 or memory_limit < 0:
            raise ValueError("threads and memory_limit are not negative")
        self = super().__new__(cls, threads, memory_limit)
        self.lake = None if lake is None else _path(lake)
        return self

    def _expression(self, text):
        """SQL text in parentheses, after making sure that it cannot leave them. The line end closes a comment."""
        _tarn.check_expression(self, text)
        return f"({text}\n)"

    def _where(self, where):
        return "" if where is None else f" WHERE {self._expression(where)}"

    def _select(self, source, columns, where, params, file=None):
        names = "*" if columns is None else ", ".join(map(_name, _list(columns)))
        text = f"SELECT {names} FROM {source}{self._where(where)}"
        return Rows(self, text, dict(params or {}), file=file, lake=self.lake)

    def _micros(self, moment):
        """A moment as microseconds since 1970: a datetime (UTC when it has no zone), or a text of one."""
        if isinstance(moment, str):
            moment = Rows(self, "SELECT CAST(:text AS TIMESTAMP WITH TIME ZONE)", {"text": moment}).rows()[0][0]
        if moment is None:
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=_datetime.timezone.utc)
        return (moment - _datetime.datetime(1970, 1, 1, tzinfo=_datetime.timezone.utc)) // _datetime.timedelta(microseconds=1)

    def sql(self, query, /, *args, **params):
        """Runs one SQL statement. `:name` takes its value from the keywords, `?` from the other arguments.

        A keyword whose value has `__arrow_c_stream__` is a table of that name: sql("SELECT * FROM df WHERE x > 1", df=frame).
        """
        values, frames = {}, {}
        for name, value in params.items():
            is_frame = hasattr(value, "__arrow_c_stream__") or hasattr(value, "__arrow_c_array__")
            (frames if is_frame else values)[name] = value
        values.update((str(place), value) for place, value in enumerate(args, 1))
        return Rows(self, query, values, frames, lake=self.lake)

    def table(self, path, version=None, as_of=None, ref=None):
        """The table at a path. Raises NotFoundError when there is none."""
        return Table(self, path, version, as_of, ref)

    def write(self, path, data, mode="error", table_format=None, partition_by=None, *, app_id=None, app_version=0, user_metadata=None):
        """Writes rows into a table, as one commit, and says what it did: {"version", "rows", "files", "bytes"}.

        `data` is anything with `__arrow_c_stream__` or `__arrow_c_array__`. `mode`: "error" makes a new table, "append" and "overwrite" also
        go into one that is there; its columns are matched by name and cast to its types. `app_id` with `app_version`: the commit is made
        once, a second one with the same raises ExistsError.
        """
        columns = None if partition_by is None else _list(partition_by)
        return _tarn.write(self, _path(path), data, mode, table_format, columns, app_id, app_version, user_metadata)

    def _read(self, path, columns, where, params, **options):
        path = _path(path)
        if any(letter in path for letter in "*?[") and not _os.path.exists(path):
            if any(value is not None for name, value in options.items() if name != "format"):
                raise _tarn.UnsupportedError("options are for one file, not for a pattern")
            return self._select(_text(path), columns, where, params)
        return self._select("input", columns, where, params, {"path": path, **options})

    def read_parquet(self, path, columns=None, where=None, params=None):
        """Rows of a Parquet file, or of all files that match a pattern."""
        return self._read(path, columns, where, params, format="parquet")

    def read_csv(
        self, path, columns=None, where=None, params=None, *, types=None, delimiter=None, quote=None, quoted=None, escape=None, header=None,
        encoding=None, skip=None, comment=None, nulls=None, date_format=None, decimal_separator=None, all_varchar=None, prefer_decimal=None,
        sample_rows=None,
    ):  # fmt: skip
        """Rows of a CSV file. What is not said is found out from its first rows; `types` are columns by order: "a BIGINT, b VARCHAR"."""
        return self._read(
            path, columns, where, params, format="csv", types=types, delimiter=delimiter, quote=quote, quoted=quoted, escape=escape,
            header=header, encoding=encoding, skip=skip, comment=comment, nulls=None if nulls is None else _list(nulls),
            date_format=date_format, decimal_separator=decimal_separator, all_varchar=all_varchar, prefer_decimal=prefer_decimal,
            sample_rows=sample_rows,
        )  # fmt: skip

    def read_json(self, path, columns=None, where=None, params=None, *, types=None, records=None, sample_rows=None):
        """Rows of a JSON file: an array of objects, or one a line; `records` is the path to the array in a larger document."""
        return self._read(path, columns, where, params, format="json", types=types, records=records, sample_rows=sample_rows)


_lock = _threading.Lock()
_default = None


def _env():
    global _default
    with _lock:
        if _default is None:
            _default = Env()
        return _default


def _renew_lock():
    """In a child: whoever held the lock is not there any more."""
    global _lock
    _lock = _threading.Lock()


_os.register_at_fork(after_in_child=_renew_lock)


def sql(query, /, *args, **params):
    return _env().sql(query, *args, **params)


def table(path, version=None, as_of=None, ref=None):
    return _env().table(path, version, as_of, ref)


def write(path, data, mode="error", table_format=None, partition_by=None, *, app_id=None, app_version=0, user_metadata=None):
    return _env().write(path, data, mode, table_format, partition_by, app_id=app_id, app_version=app_version, user_metadata=user_metadata)


def read_parquet(path, columns=None, where=None, params=None):
    return _env().read_parquet(path, columns, where, params)


def read_csv(path, columns=None, where=None, params=None, **options):
    return _env().read_csv(path, columns, where, params, **options)


def read_json(path, columns=None, where=None, params=None, **options):
    return _env().read_json(path, columns, where, params, **options)


for _function in (sql, table, write, read_parquet, read_csv, read_json):
    _function.__doc__ = getattr(Env, _function.__name__).__doc__
del _function
