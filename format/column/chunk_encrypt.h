/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_CHUNK_ENCRYPT_H
#define TARN_FORMAT_COLUMN_CHUNK_ENCRYPT_H

#include "format/column/column_writer.h"
#include "format/crypt/file_sealer.h"
#include "tarn/store.h"

/*
 * Finished column chunks, encrypted on their way into the file: page headers and pages, indexes, bloom filters, metadata.
 * Whoever made the chunk knows nothing of it; a column without a key goes through as it is.
 *
 * Threads: single. Memory: one page.
 */

/** How a leaf column of the file is encrypted. */
struct tarn__column_seal {
    struct tarn__sealing_key *key;                 /**< NULL: not at all */
    struct parquet_column_crypto_metadata *crypto; /**< as the footer tells it */
};

struct tarn__chunk_encryptor {
    struct tarn_env *env;
    struct tarn__file_sealer *sealer; /**< NULL: nothing is encrypted */
    struct tarn_buffer *module;       /* scratch */
    struct tarn_buffer *plain;        /* scratch */
    struct tarn_buffer *header;       /* scratch */
    struct tarn__page_facts *pages;   /* of the chunk that was written last, as it lies in the file */
    size_t page_capacity;
};

/** `sealer` NULL: nothing is encrypted. Errors: NOMEM, LIMIT. */
TARN_WARN_UNUSED enum tarn_status tarn__chunk_encryptor_init(struct tarn__chunk_encryptor *encryptor, struct tarn_env *env,
                                                             struct tarn__file_sealer *sealer, struct tarn_error *err);
/** Zeroed is legal. */
void tarn__chunk_encryptor_free(struct tarn__chunk_encryptor *encryptor);

/** Which chunk. */
struct tarn__chunk_place {
    const struct tarn__column_seal *seal; /**< NULL: in clear */
    uint32_t row_group;
    uint32_t leaf;
};

/** What a chunk of these pages takes in the file. */
struct tarn__chunk_size {
    uint64_t dictionary; /**< bytes of the dictionary page */
    uint64_t data;       /**< and of the data pages behind it */
};

/**
 * Appends the pages of `chunk` to the file. `chunk->pages` and `chunk->uncompressed_size` then say how they lie there (pages until the
 * encryptor's next chunk). Errors: those of tarn__seal_module and of the store; INVALID "module_ordinal" (more pages, columns or row
 * groups than can be encrypted).
 */
TARN_WARN_UNUSED enum tarn_status tarn__chunk_encrypt(struct tarn__chunk_encryptor *encryptor, const struct tarn__chunk_place *place,
                                                      struct tarn__column_chunk *chunk, struct tarn_object_writer *file,
                                                      struct tarn__chunk_size *size, struct tarn_error *err);

/** Appends another part of the chunk: an index, the header or the bits of a bloom filter. *size: what it takes. Errors: as above. */
TARN_WARN_UNUSED enum tarn_status tarn__chunk_encrypt_part(struct tarn__chunk_encryptor *encryptor, const struct tarn__chunk_place *place,
                                                           enum tarn__module_type type, struct tarn_span plain,
                                                           struct tarn_object_writer *file, uint64_t *size, struct tarn_error *err);

/**
 * Completes what the footer says of a chunk: hides its metadata, encrypted in `arena`, where the footer is not there for those who have
 * the column's key alone. Errors: those of tarn__seal_module.
 */
TARN_WARN_UNUSED enum tarn_status tarn__chunk_encrypt_metadata(struct tarn__chunk_encryptor *encryptor,
                                                               const struct tarn__chunk_place *place, bool plain_footer,
                                                               struct tarn_arena *arena, struct parquet_column_chunk *chunk,
                                                               struct tarn_error *err);

#endif
