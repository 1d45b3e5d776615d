/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_QUERY_RELATION_LAKE_H
#define TARN_QUERY_RELATION_LAKE_H

#include "format/base/text.h"
#include "tarn/catalog.h"
#include "tarn/query.h"

/*
 * A lake while names are looked up in it: a folder, or a catalog. The one place that turns a name into the URI of a table.
 *
 * Ownership: borrows the env and the text. Threads: single.
 */
struct tarn__lake {
    struct tarn_env *env;
    struct tarn_text uri;         /**< never empty */
    struct tarn_catalog *catalog; /**< NULL: a folder */
};

/** `uri` empty: ".". Nothing is opened for a folder, which need not be there. Errors: those of the catalog. */
TARN_WARN_UNUSED enum tarn_status tarn__lake_open(struct tarn_env *env, struct tarn_text uri, struct tarn__lake *out,
                                                  struct tarn_error *err);
void tarn__lake_close(struct tarn__lake *lake);

/** Appends the URI of the table (tarn_lake_table_uri says which). Errors: INVALID (detail "table_name"), those of store and catalog. */
TARN_WARN_UNUSED enum tarn_status tarn__lake_add_uri(const struct tarn__lake *lake, struct tarn_text name, struct tarn_text_builder *out,
                                                     struct tarn_error *err);
/** LAKE/ns/name of a folder for ns.name, or LAKE/ns.name as it stands. A dot behind '@' belongs to the time. */
void tarn__lake_add_path(const struct tarn__lake *lake, struct tarn_text name, bool folders, struct tarn_text_builder *out);

/** tarn_relation_open for SQL's names: what the lake has goes before what the path as it is written names. */
TARN_WARN_UNUSED enum tarn_status tarn__relation_by_name(struct tarn_env *env, struct tarn_text lake, struct tarn_text name,
                                                         struct tarn_relation *out, struct tarn_error *err);

#endif
