/* SPDX-License-Identifier: Apache-2.0
 *
 * Encrypted footers, signed footers, encrypted metadata of column chunks.
 *
 * Specification: parquet-format Encryption.md, 5.2 to 5.4. SPEC: P-CRYPT-5, P-CRYPT-6, P-CRYPT-7.
 *
 * Invariants
 *  1. What was decrypted is held against the file like what stood there in clear.
 */
#include "format/column/footer_crypt.h"

#include "format/column/footer_check.h"

/* The algorithm outlives the bytes it was read from. */
static enum tarn_status keep_algorithm(struct tarn_footer *footer, const struct parquet_encryption_algorithm *algorithm,
                                       struct tarn_error *err)
{
    struct parquet_aes *aes = &footer->algorithm.aes;
    footer->algorithm = *algorithm;
    footer->is_encrypted = true;
    aes->aad_prefix = tarn__arena_span(&footer->arena, algorithm->aes.aad_prefix);
    aes->aad_file_unique = tarn__arena_span(&footer->arena, algorithm->aes.aad_file_unique);
    return aes->aad_prefix.data != NULL && aes->aad_file_unique.data != NULL
               ? TARN_OK
               : tarn__nomem(footer->env, err, algorithm->aes.aad_prefix.size + algorithm->aes.aad_file_unique.size);
}

enum tarn_status tarn__footer_unlock(struct tarn_footer *footer, const struct tarn__given_keys *given, struct tarn_span stored,
                                     struct tarn_arena *arena, struct tarn_span *plain, struct tarn_error *err)
{
    struct parquet_file_crypto_metadata metadata;
    struct tarn_thrift_progress progress;
    *plain = (struct tarn_span){NULL, 0};
    TARN_RETURN_IF_ERROR(tarn__thrift_decode(&tarn__parquet_file_crypto_metadata, stored, arena, &metadata, &progress, err));
    const struct tarn__file_crypto crypto = {
        .algorithm = &metadata.encryption_algorithm,
        .key_metadata = metadata.has_key_metadata ? metadata.key_metadata : (struct tarn_span){NULL, 0},
    };
    TARN_RETURN_IF_ERROR(tarn__file_cipher_open(footer->env, given, &crypto, &footer->cipher, err));
    TARN_RETURN_IF_ERROR(keep_algorithm(footer, &metadata.encryption_algorithm, err));
    tarn__span_take(&stored, progress.used);
    return tarn__file_cipher_footer(footer->cipher, stored, arena, plain, err);
}

enum tarn_status tarn__footer_verify(struct tarn_footer *footer, const struct tarn__given_keys *given, size_t used, struct tarn_error *err)
{
    const struct parquet_file_metadata *metadata = &footer->metadata;
    if (!metadata->has_encryption_algorithm || footer->cipher != NULL) {
        return TARN_OK;
    }
    const struct tarn__file_crypto crypto = {
        .algorithm = &metadata->encryption_algorithm,
        .key_metadata = metadata->has_footer_signing_key_metadata ? metadata->footer_signing_key_metadata : (struct tarn_span){NULL, 0},
    };
    TARN_RETURN_IF_ERROR(tarn__file_cipher_open(footer->env, given, &crypto, &footer->cipher, err));
    if (!tarn__file_cipher_has_footer_key(footer->cipher)) {
        return TARN_OK;
    }
    if (footer->bytes.size - used != TARN__FOOTER_SIGNATURE) {
        return tarn__corrupt(err, "footer_signature", "%zu bytes follow the footer where its signature of %d belongs",
                             footer->bytes.size - used, (int)TARN__FOOTER_SIGNATURE);
    }
    TARN_RETURN_IF_ERROR(
        tarn__file_cipher_verify(footer->cipher, (struct tarn_span){footer->bytes.data, used}, footer->bytes.data + used, err));
    footer->is_verified = true;
    return TARN_OK;
}

/* ---- chunks ---- */

static struct tarn__chunk_crypto crypto_of(const struct tarn_footer *footer, uint32_t row_group, uint32_t leaf,
                                           const struct parquet_column_chunk *chunk)
{
    return (struct tarn__chunk_crypto){row_group, leaf, footer->schema->leaves[leaf].path, chunk->crypto_metadata};
}

static enum tarn_status decode_metadata(const struct tarn_footer *footer, const struct tarn__chunk_crypto *crypto, struct tarn_arena *arena,
                                        struct parquet_column_chunk *chunk, struct tarn_error *err)
{
    struct tarn__column_cipher *cipher;
    struct tarn_thrift_progress progress;
    struct tarn_span plain;
    TARN_RETURN_IF_ERROR(tarn__column_cipher_open(footer->cipher, crypto, &cipher, err));
    enum tarn_status status =
        tarn__column_cipher_module(cipher, TARN__MODULE_COLUMN_METADATA, chunk->encrypted_column_metadata, arena, &plain, NULL, err);
    tarn__column_cipher_close(cipher);
    if (status == TARN_OK) {
        status = tarn__thrift_decode(&tarn__parquet_column_metadata, plain, arena, &chunk->meta_data, &progress, err);
    }
    chunk->has_meta_data = status == TARN_OK;
    return status;
}

/* What a footer shows in clear of an encrypted chunk is not authentic: nothing is left out by it. */
static void forget_claims(struct parquet_column_chunk *chunk)
{
    struct parquet_column_metadata *metadata = &chunk->meta_data;
    metadata->has_statistics = false;
    metadata->has_encoding_stats = false;
    metadata->has_bloom_filter_offset = false;
    metadata->has_bloom_filter_length = false;
    metadata->size_statistics = NULL;
    metadata->geospatial_statistics = NULL;
}

enum tarn_status tarn__footer_decrypt_chunk(const struct tarn_footer *footer, uint32_t row_group, uint32_t leaf, struct tarn_arena *arena,
                                            struct parquet_column_chunk *chunk, struct tarn_error *err)
{
    const struct tarn__chunk_crypto crypto = crypto_of(footer, row_group, leaf, chunk);
    bool has_key;
    if (footer->cipher == NULL || crypto.crypto == NULL || !chunk->has_encrypted_column_metadata) {
        return chunk->has_meta_data ? TARN_OK : tarn__corrupt(err, "footer", "footer: a column chunk without metadata");
    }
    enum tarn_status status = tarn__file_cipher_find_key(footer->cipher, &crypto, &has_key, err);
    if (status == TARN_OK && !has_key && chunk->has_meta_data) {
        forget_claims(chunk);
        return TARN_OK;
    }
    if (status == TARN_OK) {
        status = decode_metadata(footer, &crypto, arena, chunk, err);
        if (status == TARN_OK) {
            struct tarn_chunk_facts facts;
            tarn__chunk_facts_of(chunk, &facts);
            status = tarn__footer_check_chunk(footer, row_group, leaf, &facts, err);
        }
    }
    if (status != TARN_OK) {
        tarn__error_at_column(err, crypto.path);
        tarn__error_at_row_group(err, (int32_t)row_group);
    }
    return status;
}

enum tarn_status tarn__footer_cipher(const struct tarn_footer *footer, uint32_t row_group, uint32_t leaf, struct tarn__column_cipher **out,
                                     struct tarn_error *err)
{
    const struct parquet_column_chunk *chunk;
    struct tarn_arena arena;
    *out = NULL;
    if (footer->cipher == NULL) {
        return TARN_OK;
    }
    tarn__arena_init(&arena, footer->env);
    enum tarn_status status = tarn__footer_chunk(footer, row_group, leaf, &arena, &chunk, err);
    if (status == TARN_OK) {
        const struct tarn__chunk_crypto crypto = crypto_of(footer, row_group, leaf, chunk);
        status = tarn__column_cipher_open(footer->cipher, &crypto, out, err);
    }
    tarn__arena_free(&arena);
    if (status != TARN_OK) {
        tarn__error_at_row_group(err, (int32_t)row_group);
    }
    return status;
}
