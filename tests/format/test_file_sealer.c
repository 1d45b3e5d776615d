/* SPDX-License-Identifier: Apache-2.0
 * What encrypts files, by itself: published values, keys that are counted and refused, and modules that file_cipher.h opens.
 */
#include "format/crypt/file_cipher.h"
#include "format/crypt/file_sealer.h"
#include "tests/support/fault.h"
#include "tests/support/suite.h"

#ifndef TARN_MINIMAL

#define SPAN(words)                                                                                                                        \
    {                                                                                                                                      \
        (const uint8_t *)(words), sizeof(words) - 1                                                                                        \
    }

static struct tarn_error err;
static struct tarn_env *env;

static const struct tarn_span one_key = SPAN("0123456789012345");
static const struct tarn_span other_key = SPAN("0123456789012346");
static const struct tarn_span words = SPAN("what nobody is to read");

static struct tarn__file_sealer *open_sealer(uint64_t most)
{
    const struct tarn__sealer_options options = {.aad_prefix = SPAN("here"), .most_invocations = most};
    struct tarn__file_sealer *sealer;
    ck_assert_ok(tarn__file_sealer_open(env, &options, &sealer, &err), &err);
    return sealer;
}

static struct tarn__sealing_key *key_of(struct tarn__file_sealer *sealer, struct tarn_span bytes)
{
    struct tarn__sealing_key *key;
    ck_assert_ok(tarn__file_sealer_key(sealer, bytes, &key, &err), &err);
    return key;
}

START_TEST(file_sealer__counts_the_uses_of_each_key) /* P-CRYPT-WRITE-3 */
{
    env = tarn_test_env();
    struct tarn__file_sealer *sealer = open_sealer(4);
    struct tarn_buffer *out = tarn__buffer_new(env, 0);
    const struct tarn__seal one = {sealer, key_of(sealer, one_key), {.type = TARN__MODULE_DATA_PAGE}};
    const struct tarn__seal same = {sealer, key_of(sealer, one_key), {.type = TARN__MODULE_COLUMN_INDEX, .column = 1}};
    const struct tarn__seal other = {sealer, key_of(sealer, other_key), {.type = TARN__MODULE_DATA_PAGE}};
    ck_assert_ptr_eq(one.key, same.key);
    ck_assert_ptr_ne(one.key, other.key);
    ck_assert_ok(tarn__seal_module(&one, words, out, &err), &err);
    ck_assert_ok(tarn__seal_module(&same, words, out, &err), &err);
    ck_assert_ok(tarn__seal_signature(sealer, one.key, words, out, &err), &err);
    ck_assert_ok(tarn__seal_module(&one, words, out, &err), &err);
    const size_t size = out->size;
    ck_assert_status(tarn__seal_module(&same, words, out, &err), TARN_LIMIT);
    ck_assert_str_eq(err.detail, "key_invocations");
    ck_assert_status(tarn__seal_signature(sealer, one.key, words, out, &err), TARN_LIMIT);
    ck_assert_uint_eq(out->size, size);
    ck_assert_ok(tarn__seal_module(&other, words, out, &err), &err); /* whose uses are its own */
    tarn__buffer_release(out);
    tarn__file_sealer_close(sealer);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(file_sealer__takes_what_can_be_a_key) /* P-CRYPT-WRITE-1 */
{
    const uint8_t bytes[40] = {0};
    env = tarn_test_env();
    struct tarn__file_sealer *sealer = open_sealer(0);
    for (size_t size = 0; size <= sizeof(bytes); size++) {
        struct tarn__sealing_key *key;
        const bool right = size == 16 || size == 24 || size == 32;
        ck_assert_status(tarn__file_sealer_key(sealer, (struct tarn_span){bytes, size}, &key, &err), right ? TARN_OK : TARN_INVALID);
        ck_assert_int_eq(key != NULL, right);
    }
    tarn__file_sealer_close(sealer);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(file_sealer__makes_modules_for_their_place) /* P-CRYPT-WRITE-1, P-CRYPT-WRITE-2 */
{
    env = tarn_test_env();
    struct tarn__file_sealer *sealer = open_sealer(0);
    struct tarn_buffer *out = tarn__buffer_new(env, 0);
    const struct tarn_parquet_key keys[] = {{TARN_KEY_FOOTER, {NULL, 0}, one_key}};
    const struct tarn__given_keys given = {{NULL, 0}, 1, keys, {NULL, 0}};
    const struct tarn__file_crypto crypto = {tarn__file_sealer_algorithm(sealer), {NULL, 0}};
    const struct parquet_column_crypto_metadata with_footer_key = {.id = PARQUET_ENCRYPTION_WITH_FOOTER_KEY};
    const struct tarn__chunk_crypto chunk = {3, 5, TARN_TEXT("c"), &with_footer_key};
    struct tarn__file_cipher *file;
    struct tarn__column_cipher *cipher;
    struct tarn_arena arena;
    struct tarn_span plain;
    size_t stored;
    ck_assert_ok(tarn__file_cipher_open(env, &given, &crypto, &file, &err), &err);
    ck_assert_ok(tarn__column_cipher_open(file, &chunk, &cipher, &err), &err);
    tarn__arena_init(&arena, env);
    static const enum tarn__module_type types[] = {TARN__MODULE_COLUMN_METADATA, TARN__MODULE_COLUMN_INDEX, TARN__MODULE_OFFSET_INDEX,
                                                   TARN__MODULE_BLOOM_FILTER_HEADER, TARN__MODULE_BLOOM_FILTER_BITSET};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        const struct tarn__seal seal = {sealer, key_of(sealer, one_key), {types[i], 3, 5, 0}};
        out->size = 0;
        ck_assert_ok(tarn__seal_module(&seal, words, out, &err), &err);
        ck_assert_uint_eq(out->size, tarn__file_sealer_module_size(sealer, types[i], words.size));
        ck_assert_ok(tarn__column_cipher_module(cipher, types[i], tarn__buffer_span(out), &arena, &plain, &stored, &err), &err);
        ck_assert_uint_eq(stored, out->size);
        ck_assert_mem_eq(plain.data, words.data, words.size);
        const enum tarn__module_type wrong = types[(i + 1) % 5];
        ck_assert_status(tarn__column_cipher_module(cipher, wrong, tarn__buffer_span(out), &arena, &plain, &stored, &err), TARN_CORRUPT);
    }
    tarn__arena_free(&arena);
    tarn__column_cipher_close(cipher);
    tarn__file_cipher_close(file);
    tarn__buffer_release(out);
    tarn__file_sealer_close(sealer);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(file_sealer__tells_its_prefix_or_that_there_is_one) /* P-CRYPT-WRITE-6 */
{
    static const struct {
        struct tarn_span prefix;
        bool apart;
        enum tarn_status status;
        bool is_stored;
    } rows[] = {
        {{NULL, 0}, false, TARN_OK, false},
        {SPAN("p"), false, TARN_OK, true},
        {SPAN("p"), true, TARN_OK, false},
        {{NULL, 0}, true, TARN_INVALID, false},
        {{(const uint8_t *)"", (1 << 20) + 1}, false, TARN_INVALID, false},
    };
    env = tarn_test_env();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct tarn__sealer_options options = {.aad_prefix = rows[i].prefix, .prefix_apart = rows[i].apart, .ctr = i % 2 != 0};
        struct tarn__file_sealer *sealer;
        ck_assert_status(tarn__file_sealer_open(env, &options, &sealer, &err), rows[i].status);
        ck_assert_int_eq(sealer != NULL, rows[i].status == TARN_OK);
        if (sealer != NULL) {
            const struct parquet_encryption_algorithm *algorithm = tarn__file_sealer_algorithm(sealer);
            ck_assert_int_eq(algorithm->id, i % 2 != 0 ? PARQUET_AES_GCM_CTR_V1 : PARQUET_AES_GCM_V1);
            ck_assert_int_eq(algorithm->aes.has_aad_prefix, rows[i].is_stored);
            ck_assert_int_eq(algorithm->aes.supply_aad_prefix, rows[i].apart);
            ck_assert_uint_eq(algorithm->aes.aad_file_unique.size, 8);
        }
        tarn__file_sealer_close(sealer);
    }
    tarn_test_env_close(env);
}
END_TEST

static enum tarn_status seal_all(void *ctx, struct tarn_fault *fault, struct tarn_env *faulty, struct tarn_error *error)
{
    const struct tarn__sealer_options options = {.ctr = true, .aad_prefix = SPAN("here")};
    struct tarn__file_sealer *sealer;
    struct tarn__sealing_key *key;
    (void)ctx;
    (void)fault;
    struct tarn_buffer *out = tarn__buffer_new(faulty, 0);
    if (out == NULL) {
        return tarn__nomem(faulty, error, sizeof(*out));
    }
    enum tarn_status status = tarn__file_sealer_open(faulty, &options, &sealer, error);
    if (status == TARN_OK) {
        status = tarn__file_sealer_key(sealer, one_key, &key, error);
        const struct tarn__seal page = {sealer, key, {.type = TARN__MODULE_DATA_PAGE}};
        const struct tarn__seal footer = {sealer, key, {.type = TARN__MODULE_FOOTER}};
        status = status == TARN_OK ? tarn__seal_module(&page, words, out, error) : status;
        status = status == TARN_OK ? tarn__seal_module(&footer, words, out, error) : status;
        tarn__file_sealer_close(sealer);
    }
    tarn__buffer_release(out);
    return status;
}

START_TEST(file_sealer__survives_every_failed_allocation)
{
    ck_assert_uint_gt(tarn_fault_sweep(seal_all, NULL, TARN_FAULT_ALL_ALLOC), 5);
}
END_TEST

TARN_SUITE("file_sealer", TARN_TEST(file_sealer__counts_the_uses_of_each_key), TARN_TEST(file_sealer__takes_what_can_be_a_key),
           TARN_TEST(file_sealer__makes_modules_for_their_place), TARN_TEST(file_sealer__tells_its_prefix_or_that_there_is_one),
           TARN_TEST(file_sealer__survives_every_failed_allocation))

#else

START_TEST(file_sealer__is_named_where_it_is_missing)
{
    const struct tarn__sealer_options options = {.ctr = false};
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn__file_sealer *sealer;
    struct tarn_env *env = tarn_test_env();
    ck_assert_status(tarn__file_sealer_open(env, &options, &sealer, &err), TARN_UNSUPPORTED);
    ck_assert_str_eq(err.detail, "encryption");
    ck_assert_ptr_null(sealer);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("file_sealer", TARN_TEST(file_sealer__is_named_where_it_is_missing))

#endif
