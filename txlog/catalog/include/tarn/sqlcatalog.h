/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_SQLCATALOG_H
#define TARN_SQLCATALOG_H

#include "tarn/catalog.h"

/*
 * Iceberg's SQL catalog in a SQLite database: the tables `iceberg_tables` and `iceberg_namespace_properties` as PyIceberg's SqlCatalog and
 * Java's JdbcCatalog keep them, in both of their versions. A library of its own, so that tarn itself needs no SQLite.
 *
 *     options.open_catalog = tarn_sql_catalog_open;
 *     ... tarn_snapshot_load(env, TARN_TEXT("sqlite:///lake/catalog.db?warehouse=/data/lake#sales.orders"), ...)
 *
 * URIs
 *   sqlite:///PATH          SQLAlchemy's form: a path from where the process is; sqlite:////PATH is absolute. %20 is a space.
 *   sqlite+pysqlite:///PATH the same
 *   jdbc:sqlite:PATH        Java's form; the path is taken as it stands
 * with, behind '?' and joined by '&':
 *   warehouse=FOLDER        where new tables go, a path or URI: FOLDER/namespace/table, unless the namespace has a property `location`
 *   name=NAME               the catalog's name in the database. Without it: the one that the database has; in an empty one "default"
 *   timeout=SECONDS         how long to wait for others who hold the database (default 5)
 *
 * The database is made, with its tables, by the first swap that makes an entry; reading makes nothing, and finds a catalog
 * without tables where there is no database. A database of version 0 (no column
 * iceberg_type) stays one.
 *
 * Durability: env's. FULL and COMMIT_ONLY sync the database and its folder before swap returns (a commit is the log itself).
 * Threads: shareable; one connection behind a lock. After a fork the child opens a connection of its own; no call may be running on
 * another thread while a process forks.
 * Memory: SQLite's own memory is not the env's.
 * A process is to have one copy of SQLite: two that open one database take away each other's locks (sqlite.org/howtocorrupt.html, 2.2).
 */

TARN_BEGIN_DECLS

/**
 * For tarn_env_options.open_catalog; `ctx` is not used. *out NULL with OK: the URI is of another scheme.
 * Errors: INVALID (a URI that says too little or too much), NOMEM. What is wrong with the database itself, its calls say:
 * CORRUPT (no database, damaged, or other columns than a catalog has), AUTH, IO, THROTTLED (busy), LIMIT, CANCELLED.
 */
TARN_CALL tarn_sql_catalog_open(void *ctx, struct tarn_env *env, struct tarn_text uri, struct tarn_catalog **out, struct tarn_error *err);

TARN_END_DECLS

#endif
