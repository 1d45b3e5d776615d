/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_WRITER_PARQUET_ROW_STORAGE_H
#define TARN_WRITER_PARQUET_ROW_STORAGE_H

#include "format/column/parquet_schema.h"
#include "format/variant/variant_infer.h"
#include "tarn/writer.h"

/*
 * Rows as they are stored: VARIANT columns, wherever they are nested, become the columns that they are shredded into. Which those are the
 * options say, or the first rows: these are held back until enough is known.
 *
 * Ownership: types are in the arena of the file; what is held back belongs to this. Threads: single.
 */
struct tarn__stored_variant; /* one VARIANT of the schema */

struct tarn__row_storage {
    struct tarn_env *env;
    struct tarn_arena *arena;
    const struct tarn_schema *logical; /**< borrowed */
    struct tarn_schema stored;         /**< the same fields, with VARIANTs that have members when they are shredded */
    uint32_t variant_count;            /**< depth first */
    struct tarn__stored_variant *variants;
    bool ready; /**< `stored` will not change; rows may be converted */
    uint64_t sampled;
    uint64_t sampled_bytes;
    struct tarn_batch **held; /**< while not ready */
    size_t held_room;
    uint32_t held_count;
};

/** Zeroed before; after a failure it is still to be freed. Errors: INVALID, NOT_FOUND (a path in the options), NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__row_storage_init(struct tarn__row_storage *storage, struct tarn_arena *arena,
                                                         const struct tarn_schema *schema, const struct tarn_parquet_write_options *options,
                                                         struct tarn_error *err);
void tarn__row_storage_free(struct tarn__row_storage *storage);

/**
 * Not ready: looks at the selected rows and keeps them in `held`. *enough: tarn__row_storage_decide is due. Errors: INVALID (bytes that
 * are no variant, with the row), NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__row_storage_hold(struct tarn__row_storage *storage, const struct tarn_batch *batch, bool *enough,
                                                         struct tarn_error *err);
/** Not ready: makes `stored` from what was seen; ready afterwards. The held batches are still to be converted and written. */
TARN_WARN_UNUSED enum tarn_status tarn__row_storage_decide(struct tarn__row_storage *storage, struct tarn_error *err);

void tarn__row_storage_release_held(struct tarn__row_storage *storage);

/** After the stored schema was read back: what shredding goes by. `nodes` are those of the fields. */
void tarn__row_storage_bind(struct tarn__row_storage *storage, const struct tarn_file_schema *schema);

/**
 * Ready: the selected rows of a batch as they are stored, all selected; a new reference. Errors: INVALID (bytes that are no variant, with
 * the row among the selected), NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__row_storage_convert(struct tarn__row_storage *storage, const struct tarn_batch *batch,
                                                            struct tarn_batch **out, struct tarn_error *err);

#endif
