/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TOOLS_TARN_TABLE_IMPORT_H
#define TARN_TOOLS_TARN_TABLE_IMPORT_H

#include "tools/tarn/file_input.h"

/*
 * Files into a table, as one commit: for `tarn import` and for the server.
 *
 * The steps: look (is there a table, and may it be written?), open the inputs, fit (their texts are read with the table's types), run, end.
 * Between the steps the caller says what it likes to whom it likes; nothing here prints.
 */
enum import_mode { IMPORT_ERROR, IMPORT_APPEND, IMPORT_OVERWRITE, IMPORT_OVERWRITE_PARTITIONS, IMPORT_REPLACE_WHERE };

struct table_import {
    struct tarn_env *env;
    const char *table; /* the table's folder */
    enum import_mode mode;
    const char *format;                  /* of a new table; NULL: the library's choice */
    uint32_t partition_column_count;     /* of a new table */
    struct tarn_text *partition_columns; /* borrowed */
    bool merge_schema;                   /* columns that the table has not are added to it */
    bool overwrite_schema;               /* with IMPORT_OVERWRITE: its columns become those of the first input */
    struct tarn_text replace_where;      /* with IMPORT_REPLACE_WHERE: a predicate of SQL */
    struct tarn_text app_id;             /* with app_version: once only */
    int64_t app_version;
    struct tarn_text user_metadata;
    struct input *inputs; /* borrowed */
    size_t count;
    /** Takes the place of tarn_batches_copy: progress, limits. NULL: that itself. */
    enum tarn_status (*copy)(void *arg, struct input *input, struct tarn_batches *from, struct tarn_sink *sink, uint64_t *rows,
                             struct tarn_error *err);
    /** Told when an input is begun anew with a wider type. May be NULL. */
    void (*widened)(void *arg, const struct input *input);
    void *arg;
    /* ---- */
    bool exists; /* the table, when it was looked for */
    bool folder_is_new;
    struct tarn_snapshot *snapshot;
    uint64_t rows;
    struct tarn_commit_result result;
};

/** Finds out whether the table is there. Errors: EXISTS (detail "table") when it is and the mode is ERROR. */
enum tarn_status table_import_look(struct table_import *import, struct tarn_error *err);
/** Opens inputs that are text again with the types of a table that is there; the others must have types that widen to them. */
enum tarn_status table_import_fit(struct table_import *import, struct tarn_error *err);
/**
 * Writes and commits. Errors: INVALID with detail "column" or "type" when inputs and table do not go together; EXISTS with detail
 * "app_transaction" when it was done before, "table" when someone else made the table meanwhile.
 */
enum tarn_status table_import_run(struct table_import *import, struct tarn_error *err);
/** `failed`: a folder that was made for a table that did not come to be is taken away, if it is empty. */
void table_import_end(struct table_import *import, bool failed);

#endif
