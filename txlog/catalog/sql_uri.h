/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CATALOG_SQL_URI_H
#define TARN_TXLOG_CATALOG_SQL_URI_H

#include "tarn/env.h"

/*
 * The URI of a SQL catalog in SQLite, taken apart: SQLAlchemy's form or JDBC's. tarn/sqlcatalog.h says which there are.
 */
struct tarn__sql_uri {
    char *block;     /**< the memory of all texts */
    char *path;      /**< of the database; never empty, never one that SQLite takes for something else than a file */
    char *warehouse; /**< empty: not given */
    char *name;      /**< empty: not given */
    int timeout;     /**< milliseconds */
};

/** *is false with OK: the URI is of another scheme. Otherwise the caller ends it. Errors: INVALID, NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__sql_uri_parse(struct tarn_env *env, struct tarn_text uri, struct tarn__sql_uri *out, bool *is,
                                                      struct tarn_error *err);
void tarn__sql_uri_end(struct tarn_env *env, struct tarn__sql_uri *uri);

#endif
