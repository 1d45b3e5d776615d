/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_FOOTER_H
#define TARN_FORMAT_COLUMN_FOOTER_H

#include "format/column/footer_walk.h"
#include "format/column/parquet_schema.h"
#include "format/crypt/file_cipher.h"
#include "tarn/store.h"

/*
 * The footer of a Parquet file: found, read, decoded, validated; and written.
 *
 * Column chunks, of which there may be hundreds of thousands, are validated when the footer is opened and decoded when somebody asks for
 * one: four bytes are kept of each. The footer's own bytes are kept for that.
 *
 * What holds of every footer that was handed out, so that readers need not check it again:
 *  - the schema is a tree of the stated shape (parquet_schema.h);
 *  - each row group has exactly one column chunk a leaf, in the order of the leaves, with meta_data present, or encrypted, and of the
 * leaf's physical type;
 *  - counts and sizes are not negative; each chunk's bytes [chunk begin, + total_compressed_size) lie in the file between the leading magic
 *    and the footer; so do present indexes (offset and length);
 *  - rows of the row groups sum to num_rows, and no sum overflows;
 *  - the checksum key, when present, matches;
 *  - of an encrypted footer: it is authentic. Of a plain one with encrypted columns: it is, when there was a key for it.
 * What is encrypted of a column chunk is held against the same rules when it is decrypted.
 *
 * Ownership: counted by reference, holds a reference on env, keeps the footer's bytes. Immutable, shareable.
 */
struct tarn_footer {
    struct tarn_arena arena;
    struct tarn_env *env;
    struct tarn_span bytes; /**< the serialised FileMetaData; texts and binaries point into it. TARN_WALK_SLACK zeros follow */
    uint64_t offset;        /**< of `bytes` in the file */
    uint64_t file_size;
    bool has_checksum;                     /**< present, hence verified */
    struct parquet_file_metadata metadata; /**< but for the column chunks: no row group has them here */
    struct tarn_file_schema *schema;
    struct tarn_footer_group *groups;              /**< one a row group */
    struct tarn__file_cipher *cipher;              /**< NULL: nothing of the file is encrypted */
    bool is_encrypted;                             /**< the footer itself was */
    struct parquet_encryption_algorithm algorithm; /**< when it was: what stood before it. Of every file: metadata.encryption_algorithm */
    bool is_verified;                              /**< it is plain, and its signature was right */
    bool has_short_chunks;                         /**< by a writer that left a header out of the sizes of chunks: see P-FOOTER-11 */
};

/** What of a row group's chunks is kept: where in the footer's bytes each begins, and where the last ends. */
struct tarn_footer_group {
    const uint32_t *offsets;
    uint32_t chunk_count;
    int64_t flat_values; /**< values of each column outside of lists; -1: there is none */
};

/** Where the pages of a chunk lie: [begin, end). */
struct tarn_chunk_range {
    uint64_t begin; /**< the first page header: the dictionary's, where there is one */
    uint64_t end;
};

/** Bytes of a footer that are accepted when no limit is given. */
#define TARN_FOOTER_LIMIT (UINT64_C(256) << 20)
/** Schema elements (columns and groups) of a file; more is LIMIT. All limits are in docs/limits.md. */
#define TARN_SCHEMA_LIMIT (1 << 20)
/** Name of the key whose value is the checksum of the footer. */
#define TARN_FOOTER_CHECKSUM_KEY "tarn.footer.checksum"

struct tarn_footer_options {
    uint64_t limit;                      /**< bytes; 0: TARN_FOOTER_LIMIT */
    const struct tarn__given_keys *keys; /**< NULL: only those that the env's hooks give */
};

/**
 * Reads the footer of `object`: one read of the last 64 KiB, a second one when the footer is larger. `options` NULL: none.
 * Errors: CORRUPT (details "magic", "footer_length", "thrift", "schema", "footer", "footer_checksum", "footer_signature"), AUTH and INVALID
 * of footer_crypt.h, UNSUPPORTED, LIMIT, IO, NOMEM. Places: offset, row group, column; not the object, which has no name.
 */
TARN_WARN_UNUSED enum tarn_status tarn__footer_open(struct tarn_object *object, const struct tarn_footer_options *options,
                                                    struct tarn_footer **out, struct tarn_error *err);
/** The same with a limit alone. */
TARN_WARN_UNUSED enum tarn_status tarn__footer_read(struct tarn_object *object, uint64_t limit, struct tarn_footer **out,
                                                    struct tarn_error *err);

/** The same from serialised FileMetaData that stood at `offset` of a file of `file_size` bytes; copies `bytes`. */
TARN_WARN_UNUSED enum tarn_status tarn__footer_decode(struct tarn_env *env, struct tarn_span bytes, uint64_t offset, uint64_t file_size,
                                                      struct tarn_footer **out, struct tarn_error *err);

struct tarn_footer *tarn__footer_retain(struct tarn_footer *footer);
/** NULL is legal. */
void tarn__footer_release(struct tarn_footer *footer);

/** The facts of a row group, `row_group` below metadata.row_groups.count. Its `columns` are not to be looked at: see tarn__footer_chunk. */
const struct parquet_row_group *tarn__footer_row_group(const struct tarn_footer *footer, uint32_t row_group);

/**
 * The column chunk of a leaf, whole: statistics, lists and all. What of it is no scalar lies in `arena` or in the footer's bytes, so that
 * both must live as long as it is used. `row_group` and `leaf` are below the counts. What is encrypted of it is decrypted when there is a
 * key; without one what the footer shows of it is given, and it is AUTH "key_missing" when it shows nothing. Errors: those of
 * tarn__footer_decrypt_chunk, NOMEM. Places: row group, column.
 */
TARN_WARN_UNUSED enum tarn_status tarn__footer_chunk(const struct tarn_footer *footer, uint32_t row_group, uint32_t leaf,
                                                     struct tarn_arena *arena, const struct parquet_column_chunk **out,
                                                     struct tarn_error *err);

/**
 * What decrypts the pages, indexes and filters of a chunk; *out NULL with OK: it is not encrypted. Borrows from the footer.
 * Errors: those of tarn__footer_chunk and tarn__column_cipher_open. Places: row group, column.
 */
TARN_WARN_UNUSED enum tarn_status tarn__footer_cipher(const struct tarn_footer *footer, uint32_t row_group, uint32_t leaf,
                                                      struct tarn__column_cipher **out, struct tarn_error *err);

/** The scalars of a column chunk, as the footer shows them, at a fraction of the cost. */
TARN_WARN_UNUSED enum tarn_status tarn__footer_chunk_facts(const struct tarn_footer *footer, uint32_t row_group, uint32_t leaf,
                                                           struct tarn_chunk_facts *out, struct tarn_error *err);

/** Where a chunk lies, by what the footer shows of it. False: it has no values and need not lie anywhere, or its metadata is encrypted. */
bool tarn__footer_chunk_place(const struct tarn_footer *footer, uint32_t row_group, uint32_t leaf, struct tarn_chunk_range *out);
/** The same by what it is, decrypted; empty when it has no values. Errors: as tarn__footer_chunk. */
TARN_WARN_UNUSED enum tarn_status tarn__footer_chunk_find(const struct tarn_footer *footer, uint32_t row_group, uint32_t leaf,
                                                          struct tarn_chunk_range *out, struct tarn_error *err);

/** Of a chunk of a validated footer. */
struct tarn_chunk_range tarn__footer_chunk_range(const struct parquet_column_metadata *chunk);

/**
 * Appends FileMetaData, its length and the magic to `out`: the end of a file. With `checksum` the checksum key is added behind the other
 * keys (which must not have it). Errors: INVALID (no encodable metadata; over 2^32 - 1 bytes), NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__footer_write(const struct parquet_file_metadata *metadata, bool checksum, struct tarn_buffer *out,
                                                     struct tarn_error *err);

/** FileMetaData alone, as tarn__footer_write has it. */
TARN_WARN_UNUSED enum tarn_status tarn__footer_encode(const struct parquet_file_metadata *metadata, bool checksum, struct tarn_buffer *out,
                                                      struct tarn_error *err);

/** The value of a key; NULL data when the key is absent or has no value. */
struct tarn_text tarn__footer_key(const struct parquet_file_metadata *metadata, struct tarn_text key);

#endif
