/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_WRITER_PARQUET_FILE_ENCRYPTION_H
#define TARN_WRITER_PARQUET_FILE_ENCRYPTION_H

#include "format/column/chunk_encrypt.h"
#include "format/column/footer_encrypt.h"
#include "format/column/parquet_schema.h"
#include "tarn/parquet_writer.h"

/*
 * What the options of a file say of its encryption, made out for each leaf and for the footer.
 *
 * Ownership: the sealer is its own; the rest lies in the file's arena. Threads: single.
 */
struct tarn__file_encryption {
    struct tarn__file_sealer *sealer; /**< NULL: nothing is encrypted */
    struct tarn__footer_seal footer;
    struct tarn__encrypted_column *asked; /* as the options name them */
    uint32_t asked_count;                 /* 0: all */
    struct tarn__column_seal *columns;    /**< one a leaf, once bound; NULL: nothing is encrypted */
};

/**
 * Takes the options over; NULL: nothing is encrypted. Columns are found in `schema`, as rows have it.
 * Errors: INVALID ("encryption", "key_length", "aad_prefix"), NOT_FOUND (a path), UNSUPPORTED "encryption", NOMEM, LIMIT.
 */
TARN_WARN_UNUSED enum tarn_status tarn__file_encryption_open(const struct tarn_parquet_encryption *options,
                                                             const struct tarn_schema *schema, struct tarn_arena *arena,
                                                             struct tarn__file_encryption *out, struct tarn_error *err);
/**
 * Decides about each leaf of the file as it is stored; again whenever that has changed. `described` outlives the use of it.
 * Errors: INVALID ("encryption", "module_ordinal": more columns than can be encrypted), NOT_FOUND (a name), NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__file_encryption_bind(struct tarn__file_encryption *encryption,
                                                             const struct tarn_file_schema *described, const struct tarn__leaf_path *paths,
                                                             struct tarn_arena *arena, struct tarn_error *err);
/** Zeroed is legal. */
void tarn__file_encryption_close(struct tarn__file_encryption *encryption);

/** Where nothing is encrypted NULL. */
static inline const struct tarn__column_seal *tarn__file_encryption_of(const struct tarn__file_encryption *encryption, uint32_t leaf)
{
    return encryption->columns != NULL ? &encryption->columns[leaf] : NULL;
}

/**
 * The least a page is to hold, so that a chunk of at most `most` (rows, or bytes) has no more pages than can be encrypted; `wanted` where
 * that is enough.
 */
uint32_t tarn__file_encryption_page_size(const struct tarn__file_encryption *encryption, uint32_t wanted, uint64_t most);

#endif
