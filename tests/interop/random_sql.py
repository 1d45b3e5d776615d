#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random statements, answered by tarn and by DuckDB: the rows must be equal, or both must refuse.

    random_sql.py [--seed N] [--count N] [--dml N] [--keep]

Statements are a function of the seed. They are asked of `edges`, a small table of several files with nulls, NaN, -0.0, infinities, the
extremes of every type, empty and non-ASCII texts and nested columns, and of `flights` (where TARN_CORPUS is set). Each is also asked with
--no-prune and with --threads 1, which may change nothing. --dml N: N random UPDATE, DELETE and INSERT, the table compared after each.
The environment names the command: TARN. What docs/sql.md lists as deliberately different is not generated.
"""
import argparse
import datetime
import decimal
import json
import math
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

import duckdb
import pyarrow
import pyarrow.parquet

D = decimal.Decimal
INTEGERS = {"i8": 8, "i16": 16, "i32": 32, "i64": 64}
NUMBERS = [*INTEGERS, "f32", "f64", "d9", "d18", "d30"]
TEXTS = ["", "a", "A", "abc", "aBc", "ab%", "a_c", "Zürich", "ÄÖ", "日本語", "😀x", " pad ", "null", "%", "\\", "z" * 40, "e\u0301"]
DATES = [datetime.date(*d) for d in [(1970, 1, 1), (2000, 2, 29), (1999, 12, 31), (2024, 12, 30), (2021, 1, 3), (1600, 2, 28), (9990, 12, 31), (1969, 12, 31), (220, 1, 1)]]
STAMPS = [datetime.datetime(*t) for t in [(1970, 1, 1), (1969, 12, 31, 23, 59, 59, 999999), (2024, 2, 29, 12, 30, 15, 123456), (2013, 7, 4, 0, 0, 1), (1600, 1, 1), (9990, 12, 31, 23, 59, 59), (2021, 1, 3, 5, 0, 0, 500000)]]
DOUBLES = [0.0, -0.0, 1.0, -1.0, 0.5, 1.5, 2.5, -2.5, math.nan, math.inf, -math.inf, 1e308, -1e308, 5e-324, 9007199254740993.0, 1e10, 0.1, 3.25]


def edges(random_):
    """The columns of one file of `edges`; what it is made of depends on the file, so that statistics differ."""
    def pick(values, share):
        return [None if random_.random() < share else random_.choice(values) for _ in range(60)]
    columns = {}
    for name, bits in INTEGERS.items():
        top = 1 << (bits - 1)
        columns[name] = pyarrow.array(pick([0, 1, -1, 2, 3, 7, 100, -100, top - 1, -top, top - 2], 0.25), f"int{bits}")
    columns["f32"] = pyarrow.array(pick([0.0, -0.0, 1.5, -2.5, math.nan, math.inf, -math.inf, 0.25, 16777216.0, 3.0], 0.2), "float")
    columns["f64"] = pyarrow.array(pick(DOUBLES, 0.2), "double")
    columns["d9"] = pyarrow.array(pick([D("0.00"), D("1.00"), D("-1.50"), D("9999999.99"), D("-9999999.99"), D("0.01"), D("2.50")], 0.2), pyarrow.decimal128(9, 2))
    columns["d18"] = pyarrow.array(pick([D("0.0000"), D("12345678901234.5678"), D("-0.0001"), D("-99999999999999.9999"), D("1.0000")], 0.2), pyarrow.decimal128(18, 4))
    columns["d30"] = pyarrow.array(pick([D(0), D(10) ** 20, -(D(10) ** 20), D(1), D("-7")], 0.2), pyarrow.decimal128(30, 0))
    columns["s"] = pyarrow.array(pick(TEXTS, 0.2), "string")
    columns["k"] = pyarrow.array(pick(["x", "y", "z"], 0.1), "string")
    columns["b"] = pyarrow.array(pick([True, False], 0.3), "bool")
    columns["dt"] = pyarrow.array(pick(DATES, 0.2), "date32")
    columns["ts"] = pyarrow.array(pick(STAMPS, 0.2), pyarrow.timestamp("us"))
    columns["st"] = pyarrow.array(pick([{"a": 1, "b": "x"}, {"a": None, "b": "y"}, {"a": 2, "b": None}], 0.2), pyarrow.struct([("a", pyarrow.int32()), ("b", pyarrow.string())]))
    columns["li"] = pyarrow.array(pick([[], [1], [1, 2, 3], [None, 2], [-5]], 0.2), pyarrow.list_(pyarrow.int32()))
    columns["n"] = pyarrow.array([None] * 60, "int32")
    return columns


def quote(text):
    return "'" + text.replace("'", "''") + "'"


class Generator:
    """Expressions by the family of their type: int, num, text, bool, date, stamp."""

    def __init__(self, random_, columns, depth=3):
        self.random, self.columns, self.depth = random_, columns, depth

    def one(self, *choices):
        return self.random.choice(choices)

    def column(self, family):
        return self.random.choice(self.columns[family])

    def constant(self, family):
        r = self.random
        if r.random() < 0.06:
            return {"int": "CAST(NULL AS INTEGER)", "num": "CAST(NULL AS DOUBLE)", "text": "CAST(NULL AS VARCHAR)", "bool": "CAST(NULL AS BOOLEAN)",
                    "date": "CAST(NULL AS DATE)", "stamp": "CAST(NULL AS TIMESTAMP)"}[family]
        if family == "int":
            return str(r.choice([0, 1, 2, 3, 7, 100, -1, -100, 127, -128, 128, 255, 32767, -32768, 65536, 2147483647, -2147483648, 2147483648, 9223372036854775807, 5, 10]))
        if family == "num":
            return r.choice(["0.5", "1.50", "-2.5", "0.0", "1e0", "-0.0e0", "1e10", "'nan'::DOUBLE", "'inf'::DOUBLE", "'-inf'::DOUBLE", "3.25", "0.01", "2.005", "1e308", "12.3456"])
        if family == "text":
            return quote(r.choice(TEXTS + ["b", "SFO", "UA", "x", "y", "Z"]))
        if family == "bool":
            return r.choice(["TRUE", "FALSE", "NULL::BOOLEAN"])
        if family == "date":
            return f"DATE '{r.choice(DATES).isoformat()}'"
        return f"TIMESTAMP '{r.choice(STAMPS).isoformat(' ')}'"

    def leaf(self, family):
        return self.column(family) if self.random.random() < 0.7 and self.columns.get(family) else self.constant(family)

    def expression(self, family, depth=None):
        depth = self.depth if depth is None else depth
        if depth <= 0 or self.random.random() < 0.2:
            return self.leaf(family)
        return getattr(self, family)(depth - 1)

    def any(self, depth):
        return self.expression(self.family(), depth)

    def varying(self):
        """An expression with a column in it: DuckDB takes a constant of ORDER BY for a column number, however it is written."""
        while True:
            text = self.any(1)
            if self.varies(text):
                return text

    def varies(self, text):
        return any(re.search(rf"\b{re.escape(name.split('[')[0])}\b", text) for f in ("int", "num", "text", "bool", "date", "stamp") for name in self.columns[f])

    def family(self):
        return self.random.choice([f for f in ("int", "num", "text", "bool", "date", "stamp") if self.columns.get(f)])

    def case(self, family, depth):
        e = lambda f: self.expression(f, depth)
        kind = self.random.randrange(6)
        if kind == 0:
            return f"CASE WHEN {e('bool')} THEN {e(family)} WHEN {e('bool')} THEN {e(family)} ELSE {e(family)} END"
        if kind == 1:
            f = self.family()
            return f"CASE {e(f)} WHEN {self.constant(f)} THEN {e(family)} END"
        if kind == 2:
            return f"coalesce({e(family)}, {e(family)})"
        if kind == 3:
            return f"nullif({self.column(family) if self.columns.get(family) else e(family)}, {self.constant(family)})"
        if kind == 4:
            return f"{self.one('greatest', 'least')}({e(family)}, {e(family)})"
        return f"if({e('bool')}, {e(family)}, {e(family)})"

    def int(self, depth):
        e = lambda f: self.expression(f, depth)
        kind = self.random.randrange(16)
        if kind < 3:
            return f"({e('int')} {self.one('+', '-', '*')} {e('int')})"
        if kind == 3:
            return f"({e('int')} {self.one('//', '%')} nullif({e('int')}, 0))"
        if kind == 4:
            return f"abs({self.leaf('int')})"
        if kind == 5:
            return f"{self.one('length', 'strlen', 'ascii')}({e('text')})"
        if kind == 6:
            return f"strpos({e('text')}, {e('text')})"
        if kind == 7:
            return f"{self.one('year', 'month', 'day', 'quarter', 'week', 'dayofweek', 'isodow', 'dayofyear', 'isoyear')}({e(self.one('date', 'stamp'))})"
        if kind == 8:
            return f"{self.one('hour', 'minute', 'second', 'millisecond', 'microsecond')}({e('stamp')})"
        if kind == 9:
            unit = self.one("day", "month", "year", "quarter")
            f = self.one("date", "stamp")
            return f"date_diff('{unit}', {e(f)}, {e(f)})"
        if kind == 10:
            return f"TRY_CAST({e(self.one('num', 'text', 'int', 'bool'))} AS {self.one('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT')})"
        if kind == 11:
            return f"CAST({e('bool')} AS INTEGER)"
        if kind == 12:
            return f"(- {self.leaf('int')})"
        if kind == 13:
            return f"extract({self.one('year', 'month', 'day', 'dow', 'doy')} FROM {e(self.one('date', 'stamp'))})"
        return self.case("int", depth)

    def num(self, depth):
        e = lambda f: self.expression(f, depth)
        kind = self.random.randrange(12)
        if kind < 3:
            return f"({e(self.one('num', 'int'))} {self.one('+', '-', '*')} {e(self.one('num', 'int'))})"
        if kind == 3:
            return f"({e('num')}::DOUBLE / {self.one('2', '4', '0.5', '7', '-3')})"
        if kind == 4:
            return f"{self.one('abs', 'floor', 'ceil', 'round', 'trunc', '-')}({e('num')})"
        if kind == 5:
            return f"round({self.leaf('num')}, {self.one('0', '1', '2', '3')})"
        if kind == 6:
            return f"TRY_CAST({e(self.one('num', 'text', 'int'))} AS {self.one('DOUBLE', 'FLOAT', 'DECIMAL(9,2)', 'DECIMAL(18,3)', 'DECIMAL(36,6)')})"
        if kind == 7:
            return f"{self.one('sqrt', 'ln')}(abs({e('int')}::DOUBLE) + 1)"
        if kind == 8:
            return f"CAST({e('int')} AS DOUBLE)"
        return self.case("num", depth)

    def text(self, depth):
        e = lambda f: self.expression(f, depth)
        kind = self.random.randrange(15)
        if kind == 0:
            return f"({e('text')} || {e('text')})"
        if kind == 1:
            return f"{self.one('upper', 'lower', 'trim', 'ltrim', 'rtrim')}({e('text')})"
        if kind == 2:
            return f"substr({e('text')}, {self.one('-3', '0', '1', '2', '5')}, {self.one('0', '1', '2', '10')})"
        if kind == 3:
            return f"{self.one('left', 'right')}({e('text')}, {self.one('-2', '0', '1', '3')})"
        if kind == 4:
            return f"replace({e('text')}, {e('text')}, {e('text')})"
        if kind == 5:
            return f"concat({e('text')}, {e('int')}, {e('text')})"
        if kind == 6:
            return f"concat_ws('-', {e('text')}, {e('text')})"
        if kind == 7:
            return f"CAST({e(self.one('int', 'bool', 'date', 'stamp'))} AS VARCHAR)"
        if kind == 8:
            return f"CAST({self.column('num')} AS VARCHAR)"
        if kind == 9:
            return f"{self.one('lpad', 'rpad')}({e('text')}, {self.one('0', '2', '5')}, {self.one(quote('*'), quote('ab'))})"
        if kind == 10:
            return f"split_part({e('text')}, {self.one(quote('a'), quote('_'), quote('b'))}, {self.one('1', '2', '-1')})"
        if kind == 11:
            return f"strftime({e(self.one('date', 'stamp'))}, {self.one(quote('%Y-%m-%d'), quote('%H:%M:%S.%f'), quote('%j %a %b %u %V %G'), quote('%y %I %p %-d'))})"
        if kind == 12:
            return f"{self.one('dayname', 'monthname')}({e(self.one('date', 'stamp'))})"
        return self.case("text", depth)

    def bool(self, depth):
        e = lambda f: self.expression(f, depth)
        kind = self.random.randrange(15)
        compare = self.one("=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM", "IS NOT DISTINCT FROM")
        if kind < 3:
            return f"({e('bool')} {self.one('AND', 'OR')} {e('bool')})"
        if kind == 3:
            return f"(NOT {e('bool')})"
        if kind < 6:
            f = self.family()
            return f"({e(f)} {compare} {e(f)})"
        if kind < 8:
            f = self.family()
            return f"({self.column(f)} {compare} {self.constant(f)})"
        if kind == 8:
            f = self.family()
            items = [self.constant(f) for _ in range(self.random.randrange(1, 5))] + self.one([], ["NULL"], [])
            self.random.shuffle(items)
            return f"({e(f)} {self.one('IN', 'NOT IN')} ({', '.join(items)}))"
        if kind == 9:
            f = self.family()
            return f"({e(f)} {self.one('BETWEEN', 'NOT BETWEEN')} {e(f)} AND {e(f)})"
        if kind == 10:
            pattern = self.one("%", "_", "a%", "%c", "a_c", "%b%", "", "__", "Z%", "%日%", "_x", "%%", "A%", "a\\_c", "%ü%")
            if self.random.random() < 0.2:
                return f"({e('text')} {self.one('LIKE', 'NOT LIKE')} 'a#_%' ESCAPE '#')"
            return f"({e('text')} {self.one('LIKE', 'NOT LIKE', 'ILIKE', 'NOT ILIKE')} {quote(pattern)})"
        if kind == 11:
            return f"({self.any(depth)} IS {self.one('NULL', 'NOT NULL')})"
        if kind == 12:
            return f"({e('bool')} IS {self.one('TRUE', 'NOT TRUE', 'FALSE', 'NOT FALSE')})"
        if kind == 13:
            return f"{self.one('starts_with', 'ends_with', 'contains')}({e('text')}, {e('text')})"
        return self.case("bool", depth)

    def date(self, depth):
        e = lambda f: self.expression(f, depth)
        kind = self.random.randrange(6)
        if kind == 0:
            return f"({self.leaf('date')} {self.one('+', '-')} {self.one('0', '1', '40', '365')})"
        if kind == 1:
            return f"CAST({e('stamp')} AS DATE)"
        if kind == 2:
            return f"last_day({self.column('date') if self.columns.get('date') else e('stamp')})"
        if kind == 3:
            return f"TRY_CAST({self.one('strftime(' + e('stamp') + ', ' + quote('%Y-%m-%d') + ')', e('date') + '::VARCHAR', self.constant('text'))} AS DATE)"
        return self.case("date", depth)

    def stamp(self, depth):
        e = lambda f: self.expression(f, depth)
        kind = self.random.randrange(6)
        if kind == 0:
            unit = self.one("year", "quarter", "month", "week", "day", "hour", "minute", "second", "decade", "century")
            return f"date_trunc('{unit}', {e('stamp')})"
        if kind == 1:
            return f"CAST({e('date')} AS TIMESTAMP)"
        if kind == 2:
            return f"({self.leaf(self.one('date', 'stamp'))} {self.one('+', '-')} INTERVAL {self.one('1 DAY', '3 MONTH', '1 YEAR', '90 MINUTE', '5 SECOND', '2 WEEK')})"
        if kind == 3:
            return f"TRY_CAST({self.one('CAST(' + e('stamp') + ' AS VARCHAR)', self.constant('text'))} AS TIMESTAMP)"
        return self.case("stamp", depth)

    def aggregate(self):
        r = self.random
        kind = r.randrange(7)
        distinct = "DISTINCT " if r.random() < 0.25 else ""
        if kind == 0:
            text = "count(*)"
        elif kind == 1:
            text = f"count({distinct}{self.any(1)})"
        elif kind == 2:
            text = f"sum({distinct}{self.expression('int', 1)})"
        elif kind == 3:
            text = f"{self.one('sum', 'avg')}({self.small()})"
        elif kind == 4:
            text = f"{self.one('min', 'max')}({self.any(1)})"
        elif kind == 5:
            text = f"{self.one('bool_and', 'bool_or')}({self.expression('bool', 1)})"
        else:
            text = f"{self.one('avg', 'stddev', 'var_pop')}({distinct}{self.small()})"
        return text + (f" FILTER (WHERE {self.expression('bool', 2)})" if r.random() < 0.25 else "")

    def small(self):
        """Numbers whose sum does not depend on the order more than in the last digits."""
        return self.one(*self.columns["small"])

    def statement(self, table):
        r = self.random
        where = f" WHERE {self.expression('bool')}" if r.random() < 0.6 else ""
        nulls = lambda: self.one("", " NULLS FIRST", " NULLS LAST")
        direction = lambda: self.one("", " ASC", " DESC") + nulls()
        limit = (f" LIMIT {r.choice([0, 1, 3, 10, 50])}" if r.random() < 0.4 else "") + (f" OFFSET {r.choice([0, 1, 7, 100])}" if r.random() < 0.2 else "")
        source = table
        if r.random() < 0.1:
            source = f"(SELECT * FROM {table} WHERE {self.expression('bool', 1)}) q"
        kind = r.random()
        if kind < 0.5:
            items = [self.any(self.depth) for _ in range(r.randrange(1, 4))]
            keys = [f"{self.varying()}{direction()}" for _ in range(r.randrange(0, 3))] + self.columns["key"]
            shown = ", ".join([*self.columns["key"], *(f"{e} AS c{i}" for i, e in enumerate(items))])
            if table == "flights" and not limit:
                limit = " LIMIT 100"
            return f"SELECT {shown} FROM {source}{where} ORDER BY {', '.join(keys)}{limit}"
        if kind < 0.6:
            items = [self.any(2) for _ in range(r.randrange(1, 3))]
            shown = ", ".join(f"{e} AS c{i}" for i, e in enumerate(items))
            order = ", ".join(f"{i + 1}{direction()}" for i in range(len(items)))
            return f"SELECT DISTINCT {shown} FROM {source}{where} ORDER BY {order}{limit or (' LIMIT 100' if table == 'flights' else '')}"
        aggregates = [self.aggregate() for _ in range(r.randrange(1, 4))]
        if kind < 0.75:
            return f"SELECT {', '.join(f'{e} AS a{i}' for i, e in enumerate(aggregates))} FROM {source}{where}"
        groups = [self.any(2 if r.random() < 0.5 else 0) for _ in range(r.randrange(1, 3))]
        shown = ", ".join([f"{e} AS g{i}" for i, e in enumerate(groups)] + [f"{e} AS a{i}" for i, e in enumerate(aggregates)])
        by = self.one(", ".join(str(i + 1) for i in range(len(groups))), ", ".join(f"g{i}" for i in range(len(groups))), *(["ALL"] if all(map(self.varies, groups)) else []))
        having = f" HAVING count(*) > {r.choice([0, 1, 3])}" if r.random() < 0.2 else ""
        order = ", ".join(f"{i + 1}{direction()}" for i in range(len(groups)))
        return f"SELECT {shown} FROM {source}{where} GROUP BY {by}{having} ORDER BY {order}{limit or (' LIMIT 100' if table == 'flights' else '')}"


EDGES = {"int": [*INTEGERS, "id", "n", "st.a", "li[1]", "len(li)"], "num": ["f32", "f64", "d9", "d18", "d30"], "text": ["s", "k", "st.b"], "bool": ["b"],
         "date": ["dt"], "stamp": ["ts"], "small": ["i8", "i16", "i32", "d9", "id", "n", "i8 * 0.5"], "key": ["id"]}
FLIGHTS = {"int": ["month", "day", "dep_time", "dep_delay", "arr_delay", "flight", "air_time", "distance", "hour", "minute"], "num": ["dep_delay * 0.5"],
           "text": ["carrier", "origin", "dest", "tailnum"], "bool": ["(dep_delay > 0)"], "date": [], "stamp": ["time_hour"],
           "small": ["dep_delay", "arr_delay", "distance", "air_time"],
           "key": ["month", "day", "sched_dep_time", "carrier", "flight", "origin", "dest", "tailnum"]}


def same(ours, theirs):
    if ours is None or theirs is None:
        return ours is None and theirs is None
    if isinstance(theirs, bool):
        return ours is theirs
    if isinstance(theirs, float):
        value = float(ours)
        if math.isnan(theirs) or math.isnan(value):
            return math.isnan(theirs) and math.isnan(value)
        return math.isclose(value, theirs, rel_tol=2e-6 if abs(theirs) < 1e300 else 1e-9, abs_tol=1e-12)
    if isinstance(theirs, (int, D)):
        try:
            return not isinstance(ours, bool) and D(str(ours)) == D(theirs)
        except decimal.InvalidOperation:
            return False
    if isinstance(theirs, datetime.datetime):
        return datetime.datetime.fromisoformat(str(ours).replace("T", " ").removesuffix("Z")) == theirs.replace(tzinfo=None)
    if isinstance(theirs, dict):
        return isinstance(ours, dict) and ours.keys() == theirs.keys() and all(same(ours[k], theirs[k]) for k in ours)
    if isinstance(theirs, list):
        return isinstance(ours, list) and len(ours) == len(theirs) and all(map(same, ours, theirs))
    return str(ours) == str(theirs)


class Campaign:
    def __init__(self, folder, seed):
        self.lake, self.seed = folder / "lake", seed
        self.connection = duckdb.connect()
        self.connection.execute("SET TimeZone='UTC'; SET threads=1; SET disabled_optimizers='statistics_propagation'")
        self.failures, self.answered, self.refused = 0, 0, 0

    def run(self, *words):
        return subprocess.run([os.environ["TARN"], *map(str, words)], capture_output=True, text=True, check=False)

    def make_edges(self):
        files, folder = [], self.lake.parent
        self.lake.mkdir()
        for number in range(4):
            columns = edges(random.Random(1000 + number))
            ids = pyarrow.array(range(number * 60, number * 60 + 60), "int32")
            files.append(folder / f"edges{number}.parquet")
            pyarrow.parquet.write_table(pyarrow.table({"id": ids, **columns}), files[-1])
            done = self.run("import", files[-1], self.lake / "edges", *(["--mode", "append"] if number else []))
            if done.returncode != 0:
                sys.exit(f"import failed: {done.stderr}")
        self.connection.execute(f"CREATE TABLE edges AS SELECT * FROM read_parquet({[str(f) for f in files]})")

    def make_flights(self, csv):
        done = self.run("import", csv, self.lake / "flights")
        if done.returncode != 0:
            sys.exit(f"import failed: {done.stderr}")
        self.connection.execute(f"CREATE TABLE flights AS SELECT * REPLACE (coalesce(tailnum, 'NA') AS tailnum, time_hour::TIMESTAMPTZ AS time_hour) "
                                f"FROM read_csv('{csv}', nullstr = 'NA')")

    def complain(self, name, statement, what):
        self.failures += 1
        print(f"DIFFERS {name}: {statement}\n    {what}", flush=True)

    def ask(self, statement):
        """(rows, None) or (None, error) of DuckDB."""
        try:
            return [list(row) for row in self.connection.execute(statement).fetchall()], None
        except (ValueError, OverflowError) as error:  # a date that Python has not
            return None, f"python: {error}"
        except duckdb.Error as error:
            return None, str(error).splitlines()[0]

    def compare(self, name, statement):
        query = ["query", "--lake", self.lake, "-o", "jsonl", statement]
        done = self.run(*query)
        if done.returncode < 0 or done.returncode > 20 or "Sanitizer" in done.stderr:
            return self.complain(name, statement, f"crash, exit code {done.returncode}: {done.stderr[-3000:]}")
        for extra in (["--no-prune"], ["--threads", "1"]):
            other = self.run(*query, *extra)
            if "error[INVALID.overflow]" in other.stderr + done.stderr or "error[INVALID.conversion]" in other.stderr + done.stderr:
                continue  # in rows that pruning leaves out
            if (other.returncode, other.stdout) != (done.returncode, done.stdout):
                a, b = done.stdout.splitlines(), other.stdout.splitlines()
                at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
                self.complain(name, statement, f"{extra} changes the answer: {done.returncode} {a[at:at + 1]} {done.stderr[:200]}, {other.returncode} {b[at:at + 1]} {other.stderr[:200]}")
        theirs, error = self.ask(statement)
        if error is not None and error.startswith("python"):
            return None
        if done.returncode != 0:
            if error is None:  # DuckDB may leave out rows behind LIMIT, and what is added to a constant NULL
                self.connection.execute("PRAGMA disable_optimizer")
                error = self.ask(re.sub(r" LIMIT \d+|(?: LIMIT \d+)? OFFSET \d+$", "", statement))[1]
                self.connection.execute("PRAGMA enable_optimizer")
            if error is None:
                return self.complain(name, statement, f"tarn refuses: {done.stderr.strip()[:600]}")
            self.refused += 1
            return None
        if error is not None and "Overflow" in error and re.search(r" (AND|OR) ", statement):
            return None  # the other side of AND or OR decided, and tarn did not compute this one
        if error is not None:
            return self.complain(name, statement, f"DuckDB refuses: {error[:300]}")
        self.answered += 1
        ours = [list(json.loads(line, parse_float=str).values()) for line in done.stdout.splitlines()]
        if len(ours) != len(theirs):
            return self.complain(name, statement, f"{len(ours)} rows, DuckDB has {len(theirs)}")
        for number, (a, b) in enumerate(zip(ours, theirs)):
            if len(a) != len(b) or not all(map(same, a, b)):
                return self.complain(name, statement, f"row {number}: {a}\n    DuckDB: {b}")
        return None

    def change(self, count):
        """Random changes of a copy of `edges`, the whole table compared after each."""
        shutil.copytree(self.lake / "edges", self.lake / "w")
        self.connection.execute("CREATE TABLE w AS FROM edges")
        targets = {"int": "i64", "num": "f64", "text": "s", "bool": "b", "date": "dt", "stamp": "ts"}
        for number in range(count):
            generator = Generator(random.Random(f"{self.seed}/dml/{number}"), EDGES, 2)
            where = f" WHERE {generator.expression('bool')}"
            if number % 5 == 4:
                statement = f"DELETE FROM w{where} AND id % 4 = {number % 3}"
            elif number % 5 == 2:
                statement = f"INSERT INTO w (id, i64, s, dt) SELECT id + {1000 * (number + 1)}, i16, {generator.expression('text')}, dt FROM edges{where} AND id < 20"
            else:
                changes = [f"{targets[f]} = {generator.expression(f)}" for f in generator.random.sample(sorted(targets), 2)]
                statement = f"UPDATE w SET {', '.join(changes)}{where}"
            done, (_, error) = self.run("query", "--lake", self.lake, statement), self.ask(statement)
            if (done.returncode == 0) != (error is None):
                return self.complain(f"{self.seed}/dml/{number}", statement, f"tarn: {done.stderr[:500]}; DuckDB: {error}")
            before = self.failures
            self.compare(f"{self.seed}/dml/{number}", "SELECT * FROM w ORDER BY id")
            if self.failures != before:
                return print(f"    after {statement}")
        return None


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--count", type=int, default=150)
    arguments.add_argument("--dml", type=int, default=20)
    arguments.add_argument("--keep", action="store_true")
    arguments.add_argument("--only", type=int, help="this statement of the seed alone")
    options = arguments.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tarn-random-"))
    campaign = Campaign(folder, options.seed)
    campaign.make_edges()
    corpus = os.environ.get("TARN_CORPUS")
    if corpus:
        campaign.make_flights(pathlib.Path(corpus) / "real" / "nycflights13-flights.csv.gz")
    for number in range(options.count) if options.only is None else [options.only]:
        generator = Generator(random.Random(f"{options.seed}/{number}"), EDGES)
        table = "edges"
        if corpus and number % 10 == 9:
            table, generator.columns, generator.depth = "flights", FLIGHTS, 2
        campaign.compare(f"{options.seed}/{number}", generator.statement(table))
    campaign.change(options.dml)
    if options.keep:
        print(folder)
    else:
        shutil.rmtree(folder)
    print(f"{campaign.answered} statements answered alike, {campaign.refused} refused by both, {campaign.failures} differ")
    return 1 if campaign.failures or campaign.answered < options.count // 3 else 0


if __name__ == "__main__":
    sys.exit(main())
