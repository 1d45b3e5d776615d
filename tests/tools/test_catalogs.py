#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Catalogs on the command line: their URIs, and their names in PyIceberg's configuration."""
import os
import sqlite3

from command import BIRDS, Run, equal, run_all

NAMES = {"PYICEBERG_HOME": "", "HOME": "/nonexistent"}


def made(path, name="prod", tables=("ns.t", "ns.u")):
    """A catalog's database as PyIceberg makes it, whose tables are nowhere."""
    with sqlite3.connect(path) as database:
        database.execute(
            "CREATE TABLE iceberg_tables (catalog_name VARCHAR(255) NOT NULL, table_namespace VARCHAR(255) NOT NULL, "
            "table_name VARCHAR(255) NOT NULL, metadata_location VARCHAR(1000), previous_metadata_location VARCHAR(1000), "
            "iceberg_type VARCHAR(5), PRIMARY KEY (catalog_name, table_namespace, table_name))"
        )
        for table in tables:
            space, _, last = table.rpartition(".")
            row = (name, space, last, f"/nonexistent/{last}/metadata/1.metadata.json", None, "TABLE")
            database.execute("INSERT INTO iceberg_tables VALUES (?, ?, ?, ?, ?, ?)", row)
        database.execute("INSERT INTO iceberg_tables VALUES (?, 'ns', 'seen', 'x', NULL, 'VIEW')", (name,))
    database.close()


def tables(*words, env=None):
    return Run("query", "SHOW TABLES", "-o", "csv", *words, env={**NAMES, **(env or {})}).expect(0).out.split()[1:]


def a_uri_is_a_lake(folder):
    made("c.db")
    for uri in ["sqlite:///c.db", f"sqlite:///{folder}/c.db", "jdbc:sqlite:c.db", "sqlite:///c.db?name=prod"]:
        equal(tables("--lake", uri), ["ns.t", "ns.u"], uri)
    equal(tables("--lake", "sqlite:///c.db?name=other"), [], "another catalog")
    equal(tables("--lake", "sqlite:///missing.db"), [], "no database yet")
    equal(os.path.exists("missing.db"), False, "looking makes nothing")
    Run("query", "SHOW TABLES", "--lake", "sqlite:c.db").expect(4, err="catalog_uri")
    Run("query", "SHOW TABLES", "--lake", "sqlite:///c.db?warehous=x").expect(4, err="'warehous' is not known")
    Run("sqlite:///c.db", "SHOW TABLES").expect(0, out="ns.t")
    Run("sqlite:///c.db", stdin=b".tables\n").expect(0, out="ns.u")
    Run("query", "FROM ns.v", "--lake", "sqlite:///c.db").expect(3, err='did you mean "ns.')
    Run("query", "FROM ns.t", "--lake", "sqlite:///c.db").expect(3, err="/nonexistent/t")  # there, but its files are not
    Run("query", "FROM ns.seen", "--lake", "sqlite:///c.db").expect(6, err="catalog.view")
    Run("verify", "ns.x", "--lake", "sqlite:///c.db").expect(3, err='did you mean "ns.')
    Run("count", "sqlite:///c.db#ns.x").expect(3)
    Run("log", "sqlite:///c.db#ns.x").expect(3)
    Run("log", "x", "--lake", "sqlite:///c.db").expect(3)
    Run("query", "CREATE TABLE t USING delta AS SELECT 1 AS a", "--lake", "sqlite:///c.db?warehouse=wh").expect(6, err="catalog.table_format")
    Run("import", BIRDS, "ns.birds", "--lake", "sqlite:///c.db").expect(4, err="warehouse")
    equal(tables("--lake", "sqlite:///c.db"), ["ns.t", "ns.u"], "nothing was entered")


def a_name_is_one_of_the_configuration(folder):
    made("c.db")
    os.mkdir("home")
    with open("home/.pyiceberg.yaml", "w") as file:
        file.write(
            "# catalogs\n---\n\ncatalog:\n  prod: # the real one\n    type: sql\n"
            f"    uri: 'sqlite:///{folder}/c.db'\n    warehouse: \"file://{folder}/w h\"\n    s3.secret-access-key: sesame # 1\n"
            "  Test:\n    uri: sqlite:///c.db\n  far:\n    type: rest\n    uri: https://u:sesame@h/\n  pg:\n    uri: postgresql://u:sesame@h/db\n"
            "default-catalog: prod\n"
        )
    home = {"HOME": str(folder / "home")}
    equal(tables("--lake", "prod", env=home), ["ns.t", "ns.u"], "the configuration's")
    equal(tables("--lake", "PROD", env=home), [], "its name in the database has another case")
    equal(tables("--lake", "test", env=home), [], "another name in the same database")
    equal(tables("--lake", "prod", env={"PYICEBERG_HOME": str(folder / "home")}), ["ns.t", "ns.u"], "PYICEBERG_HOME")
    equal(tables("--lake", "prod", env={"PYICEBERG_CATALOG__PROD__URI": "sqlite:///c.db"}), ["ns.t", "ns.u"], "the environment")
    equal(tables("--lake", "prod", env={**home, "PYICEBERG_CATALOG__PROD__URI": "sqlite:///none.db"}), [], "the environment wins")
    equal(tables("--lake", "a-b", env={"PYICEBERG_CATALOG__A_B__URI": "sqlite:///c.db?name=x"}), [], "a name with a hyphen")
    Run("query", "SHOW TABLES", "--lake", "nobody", env={**NAMES, **home}).expect(3)
    for name in ["far", "pg"]:
        run = Run("query", "SHOW TABLES", "--lake", name, env={**NAMES, **home}).expect(6, err="catalog.kind")
        if "sesame" in run.err + run.out:
            run.fail("a secret is shown")
    os.mkdir("prod")
    equal(tables("--lake", "prod", env=home), [], "a folder goes before a catalog")
    Run(stdin=b".lake test\n.tables\n.lake far\n", env={**NAMES, **home}).expect(0, err="catalog.kind")


BAD = [
    ("a list", "catalog:\n  - prod\n", 2),
    ("a flow map", "catalog: {prod: {uri: sesame}}\n", 1),
    ("a block scalar", "a: |\n  sesame\n", 1),
    ("an anchor", "a: &b sesame\n", 1),
    ("a tag", "a: !!str sesame\n", 1),
    ("a tab", "a:\n\tb: sesame\n", 2),
    ("a key twice", "a: 1\nA: sesame\n", 2),
    ("no key", "sesame\n", 1),
    ("no space", "a:sesame\n", 1),
    ("an open quote", "a: 'sesame\n", 1),
    ("an escape", 'a: "ses\\u0061me"\n', 1),
    ("two colons", "a: b: sesame\n", 1),
    ("behind a quote", "a: 'b' sesame\n", 1),
    ("no level", "a:\n    b: 1\n  c: sesame\n", 3),
    ("below a value", "a: 1\n  b: sesame\n", 2),
]


def a_configuration_is_read_strictly(folder):
    for what, text, line in BAD:
        with open(".pyiceberg.yaml", "w") as file:
            file.write(text)
        run = Run("query", "SHOW TABLES", "--lake", "prod", env=NAMES).expect(4, err=f"line {line}:")
        if "sesame" in run.err + run.out:
            run.fail(f"{what}: the value is shown")
    with open(".pyiceberg.yaml", "wb") as file:
        file.write(b"a: b\0c\n")
    Run("query", "SHOW TABLES", "--lake", "prod", env=NAMES).expect(4, err="is no text")
    with open(".pyiceberg.yaml", "w") as file:
        file.write("a:\n  b:\n    - sesame\n")
    Run("query", "SHOW TABLES", "--lake", ".", env=NAMES).expect(0)  # not looked at for what is no name


run_all([a_uri_is_a_lake, a_name_is_one_of_the_configuration, a_configuration_is_read_strictly])
