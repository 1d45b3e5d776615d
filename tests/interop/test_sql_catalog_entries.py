#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Entries of SQL catalogs, without tables' contents: what PyIceberg enters tarn-sqlcatalog lists, and the other way round, in databases
that either of them made, in both versions.

    test_sql_catalog_entries.py LIBTARN LIBTARN_SQLCATALOG      run with the Python of the environment `pyiceberg`; 77: it is not there
"""
import ctypes
import pathlib
import sqlite3
import sys
import tempfile

try:
    from pyiceberg.catalog.sql import SqlCatalog
    from pyiceberg.exceptions import CommitFailedException
    from pyiceberg.schema import Schema
    from pyiceberg.types import LongType, NestedField
except ImportError:
    print("not run: no pyiceberg")
    sys.exit(77)

EXISTS, NOT_FOUND = 7, 6


class Text(ctypes.Structure):
    _fields_ = [("data", ctypes.c_char_p), ("size", ctypes.c_size_t)]


class Entry(ctypes.Structure):
    _fields_ = [("name", Text), ("location", Text), ("is_view", ctypes.c_bool)]


TAKE_ENTRY = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(Entry), ctypes.c_void_p)
TAKE_TEXT = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, Text, ctypes.c_void_p)


def text(value):
    data = value.encode()
    return Text(data, len(data))


def value(given):
    return ctypes.string_at(given.data, given.size).decode()


class Catalog:
    """tarn's catalog, through its public functions."""

    def __init__(self, libraries, uri):
        self.tarn, module = libraries
        self.env, self.catalog = ctypes.c_void_p(), ctypes.c_void_p()
        assert self.tarn.tarn_env_open(None, ctypes.byref(self.env), None) == 0
        assert module.tarn_sql_catalog_open(None, self.env, text(uri), ctypes.byref(self.catalog), None) == 0
        assert self.catalog

    def list(self):
        found = {}

        def take(_arg, entry, _err):
            found[value(entry[0].name)] = value(entry[0].location)
            return 0

        assert self.tarn.tarn_catalog_list(self.catalog, TAKE_ENTRY(take), None, None) == 0
        return found

    def place(self, table):
        places = []

        def take(_arg, place, _err):
            places.append(value(place))
            return 0

        assert self.tarn.tarn_catalog_place(self.catalog, text(table), TAKE_TEXT(take), None, None) == 0
        return places[0]

    def swap(self, table, expected, following):
        return self.tarn.tarn_catalog_swap(self.catalog, text(table), text(expected), text(following), None)

    def drop(self, table):
        return self.tarn.tarn_catalog_drop(self.catalog, text(table), None)


def expect(got, wanted, what):
    if got != wanted:
        sys.exit(f"{what}: {got}, expected {wanted}")


def entries_of(theirs):
    return {".".join(table): theirs.load_table(table).metadata_location for space in theirs.list_namespaces() for table in theirs.list_tables(space)}


def make_version_0(path):
    """As Java makes it (JdbcUtil)."""
    with sqlite3.connect(path) as database:
        database.execute(
            "CREATE TABLE iceberg_tables(catalog_name VARCHAR(255) NOT NULL,table_namespace VARCHAR(255) NOT NULL,table_name VARCHAR(255) "
            "NOT NULL,metadata_location VARCHAR(1000),previous_metadata_location VARCHAR(1000),PRIMARY KEY (catalog_name, table_namespace, table_name))"
        )
        database.execute(
            "CREATE TABLE iceberg_namespace_properties(catalog_name VARCHAR(255) NOT NULL,namespace VARCHAR(255) NOT NULL,property_key "
            "VARCHAR(255),property_value VARCHAR(1000),PRIMARY KEY (catalog_name, namespace, property_key))"
        )
    database.close()


def check(libraries, work, maker):
    database, warehouse = work / f"{maker}.db", work / maker
    ours = Catalog(libraries, f"sqlite:///{database}?warehouse={warehouse}&name=shared")
    if maker == "version_0":
        make_version_0(database)
    elif maker == "tarn":
        expect(ours.swap("first.t", "", "/nowhere/metadata/1.metadata.json"), 0, "tarn makes the database")
    theirs = SqlCatalog("shared", uri=f"sqlite:///{database}", warehouse=str(warehouse))
    if maker == "tarn":
        expect((theirs.list_namespaces(), theirs.list_tables("first")), ([("first",)], [("first", "t")]), "PyIceberg lists what tarn made")
        expect(ours.drop("first.t"), 0, "drop")

    schema = Schema(NestedField(1, "id", LongType(), required=False))
    theirs.create_namespace("ns")
    theirs.create_namespace("own", {"location": f"{work}/elsewhere/"})
    table = theirs.create_table("ns.t", schema)
    expect(ours.list(), entries_of(theirs), f"{maker}: tarn lists PyIceberg's entries")
    expect(ours.place("ns.t"), table.location(), f"{maker}: the place of a table")
    expect(ours.place("own.t"), theirs.create_table("own.t", schema).location(), f"{maker}: the place in a namespace with a location")

    first = table.metadata_location
    expect(ours.swap("made.by_tarn", "", first), 0, f"{maker}: an entry of tarn's")
    expect(ours.swap("made.by_tarn", "", first), EXISTS, f"{maker}: the entry again")
    expect(ours.swap("made.missing", "x", first), NOT_FOUND, f"{maker}: no entry")
    expect(theirs.load_table("made.by_tarn").metadata_location, first, f"{maker}: PyIceberg loads tarn's entry")
    expect(("made",) in theirs.list_namespaces(), True, f"{maker}: its namespace")
    expect(ours.list(), entries_of(theirs), f"{maker}: both list the same")

    # Each commits in turn; whoever goes by an old pointer loses.
    stale = theirs.load_table("ns.t")
    with theirs.load_table("ns.t").transaction() as change:
        change.set_properties({"a": "1"})
    second = theirs.load_table("ns.t").metadata_location
    expect(ours.swap("ns.t", first, first), EXISTS, f"{maker}: tarn goes by an old pointer")
    expect(ours.swap("ns.t", second, first), 0, f"{maker}: tarn moves PyIceberg's pointer")
    expect(ours.swap("ns.t", first, second), 0, f"{maker}: and back")
    try:
        with stale.transaction() as change:
            change.set_properties({"a": "2"})
        if "a" in stale.metadata.properties and theirs.load_table("ns.t").properties.get("a") != "2":
            sys.exit(f"{maker}: PyIceberg's stale commit went astray")
    except CommitFailedException:
        pass
    expect(ours.drop("made.by_tarn"), 0, f"{maker}: tarn drops an entry")
    expect(ours.list(), entries_of(theirs), f"{maker}: both list the same at the end")
    with sqlite3.connect(database) as look:
        columns = [row[1] for row in look.execute("PRAGMA table_info(iceberg_tables)")]
    look.close()
    expect("iceberg_type" in columns, maker != "version_0", f"{maker}: the form of the database")
    print("ok", maker)


def main():
    libraries = ctypes.CDLL(sys.argv[1], mode=ctypes.RTLD_GLOBAL), ctypes.CDLL(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="tarn-entries-") as folder:
        for maker in ["pyiceberg", "tarn", "version_0"]:
            check(libraries, pathlib.Path(folder), maker)


main()
