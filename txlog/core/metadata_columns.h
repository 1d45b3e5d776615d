/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_METADATA_COLUMNS_H
#define TARN_TXLOG_CORE_METADATA_COLUMNS_H

#include "txlog/core/snapshot.h"

/*
 * Columns that every table has beside its own: members of a struct "_metadata" that say where a row comes from. They are no part of the
 * schema; a path {"_metadata", NAME}, or {"_metadata.NAME"}, asks for one, unless the table has a column of its first name.
 */
enum tarn__metadata_column {
    TARN_METADATA_FILE_PATH = 0, /* where the file is, not encoded */
    TARN_METADATA_FILE_NAME,
    TARN_METADATA_FILE_SIZE,
    TARN_METADATA_FILE_TIME, /* when the file was made */
    TARN_METADATA_ROW_INDEX, /* in the file, whether rows before it were deleted or not */
    TARN_METADATA_ROW_ID,
    TARN_METADATA_ROW_VERSION, /* of the commit that last wrote the row */
    TARN_METADATA_BASE_ROW_ID, /* of the file */
    TARN_METADATA_DEFAULT_ROW_VERSION,
    TARN_METADATA_COUNT,
    TARN_METADATA_NONE = -1,
};

/** The struct as a field: of tables that keep ids of rows, or of others. */
const struct tarn_field *tarn__metadata_field(const struct tarn_snapshot *snapshot);

/**
 * Which of them a path asks for; NONE: none of them. *type is what it has. Errors: NOT_FOUND (there is no such member, or the table does
 * not keep ids of rows).
 */
TARN_WARN_UNUSED enum tarn_status tarn__metadata_column_find(const struct tarn_snapshot *snapshot, const struct tarn_path *path,
                                                             enum tarn__metadata_column *out, const struct tarn_type **type,
                                                             struct tarn_error *err);

/** The value of one that is the same for all rows of a file (all but those of rows). Texts lie in the arena. Errors: NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__metadata_value(const struct tarn_snapshot *snapshot, const struct tarn__tracked_file *file,
                                                       enum tarn__metadata_column column, struct tarn_arena *arena, struct tarn_value *out,
                                                       struct tarn_error *err);

/**
 * A column of numbers of rows: `stored` (NULL: the file has none) where it is not null, else `base`, plus the row's position where
 * `positions` is given; null where `base` is below 0. A new reference. Errors: NOMEM, CORRUPT (beyond 64 bits).
 */
TARN_WARN_UNUSED enum tarn_status tarn__metadata_numbers(struct tarn_env *env, const struct tarn_type *type, uint32_t length,
                                                         const struct tarn_vector *stored, const struct tarn_vector *positions,
                                                         int64_t base, struct tarn_vector **out, struct tarn_error *err);

#endif
