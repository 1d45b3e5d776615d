/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TOOLS_TARN_PARQUET_OPTIONS_H
#define TARN_TOOLS_TARN_PARQUET_OPTIONS_H

#include "tools/tarn/command.h"

/*
 * The options that say how a Parquet file is written (PARQUET_OUT of commands.def), in two steps: the words are parsed when the command
 * begins, so that a typing error costs nothing; the columns they name are found when the schema is known, as often as it changes.
 */
struct parquet_options {
    struct tarn_parquet_write_options write; /* whole after parquet_options_bind */
    /* ---- what it points to ---- */
    struct tarn_parquet_column_options *columns;
    struct tarn_parquet_sorting *sorting;
    struct tarn_property *properties;
    struct tarn_path_step *steps;
    struct tarn_encryption_file *encryption;
    struct tarn_schema **types; /* of --shred, as many as there are columns */
};

/** False: reported. `out` may be freed in any case. */
bool parquet_options_parse(struct session *session, struct parquet_options *out);
/** Did the command line say anything that is of Parquet alone? */
bool parquet_options_given(const struct session *session);
/** Finds the columns in a schema, which must live as long as the options are used. Errors: NOT_FOUND, INVALID, NOMEM. */
enum tarn_status parquet_options_bind(struct session *session, struct parquet_options *options, const struct tarn_schema *schema,
                                      struct tarn_error *err);
void parquet_options_free(struct parquet_options *options);

/** A column by its name with dots ("a.b"), into `steps`, which has room for TARN_MAX_DEPTH. Errors: NOT_FOUND. */
enum tarn_status column_path(const struct tarn_schema *schema, struct tarn_text name, struct tarn_path_step *steps, struct tarn_path *out,
                             struct tarn_error *err);

#endif
