/* SPDX-License-Identifier: Apache-2.0
 * Files that are written encrypted: every mode read back, the bytes those of another encryptor, nothing told in clear that is secret,
 * and nothing silently wrong whatever is swapped, cut or flipped. Foreign readers: interop/encrypted_written.
 */
#include <stdio.h>
#include <stdlib.h>

#include "format/batch/vector_builder.h"
#include "tarn/reader.h"
#include "tarn/writer.h"
#include "tests/support/canonical.h"
#include "tests/support/encrypt.h"
#include "tests/support/parquet_file.h"
#include "tests/support/suite.h"

#ifndef TARN_MINIMAL

enum { ROWS = 60, GROUP_ROWS = 30, PAGE_ROWS = 10 };

#define K16 "0123456789012345"
#define K24 "012345678901234567890123"
#define K32 "01234567890123456789012345678901"
#define C16 "abcdefghijklmnop"
#define C32 "abcdefghijklmnopqrstuvwxyz012345"

static struct tarn_error err;
static struct tarn_env *env;
static struct tarn_store *store;

static const struct tarn_type integer = {.id = TARN_TYPE_I64};
static const struct tarn_type text = {.id = TARN_TYPE_STRING};
static const struct tarn_field members[] = {TARN_TEST_FIELD("x", &integer, true), TARN_TEST_FIELD("y", &text, true)};
static const struct tarn_type pair = {.id = TARN_TYPE_STRUCT, .field_count = 2, .fields = members};
static const struct tarn_field fields[] = {TARN_TEST_FIELD("a", &integer, false), TARN_TEST_FIELD("b", &pair, true),
                                           TARN_TEST_FIELD("t", &text, true)};

static struct tarn_text text_of(const char *words)
{
    return tarn__text_of(words);
}

static struct tarn_span key_bytes(const char *words)
{
    return words != NULL ? tarn__span_of_text(text_of(words)) : (struct tarn_span){NULL, 0};
}

/* Two columns of plain values, one with nulls and a dictionary, and one nested. Texts of `t` are secret-N, of `b.y` hidden-N. */
static enum tarn_status write_rows(const char *key, const struct tarn_parquet_write_options *options, uint32_t rows)
{
    struct tarn_schema *schema;
    struct tarn_vector_builder *builders[3];
    struct tarn_vector *columns[3];
    struct tarn_batch *batch;
    struct tarn_sink *sink;

    ck_assert_ok(tarn_schema_make(env, 3, fields, 0, NULL, &schema, &err), &err);
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_ok(tarn__vector_builder_open(env, schema->fields[i].type, &builders[i], &err), &err);
    }
    for (uint32_t row = 0; row < rows; row++) {
        char words[32];
        tarn__vector_builder_i64(builders[0], (int64_t)row * 1000003);
        tarn__vector_builder_i64(tarn__vector_builder_child(builders[1], 0), row % 9);
        snprintf(words, sizeof(words), "hidden-%u", row);
        tarn__vector_builder_text(tarn__vector_builder_child(builders[1], 1), text_of(words));
        tarn__vector_builder_close(builders[1]);
        snprintf(words, sizeof(words), "secret-%u", row % 3);
        if (row % 7 == 0) {
            tarn__vector_builder_null(builders[2]);
        } else {
            tarn__vector_builder_text(builders[2], text_of(words));
        }
    }
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_ok(tarn__vector_builder_finish(builders[i], &columns[i], &err), &err);
        tarn__vector_builder_close_all(builders[i]);
    }
    ck_assert_ok(tarn__batch_adopt(env, schema, rows, columns, &batch, &err), &err);
    enum tarn_status status = tarn_parquet_create(store, text_of(key), schema, options, &sink, &err);
    if (status == TARN_OK) {
        status = tarn_sink_write(sink, batch, &err);
        if (status == TARN_OK) {
            status = tarn_sink_finish(sink, &err);
        } else {
            tarn_sink_abort(sink);
        }
    }
    tarn_batch_release(batch);
    tarn_schema_release(schema);
    return status;
}

static struct tarn_parquet_write_options small_pages(const struct tarn_parquet_encryption *encryption)
{
    struct tarn_parquet_write_options options = TARN_PARQUET_WRITE_OPTIONS_INIT;
    options.page_rows = PAGE_ROWS;
    options.row_group_rows = GROUP_ROWS;
    options.page_version = 1;
    options.encryption = encryption;
    return options;
}

static void open_store(const struct tarn_env_options *options)
{
    if (options == NULL) {
        env = tarn_test_env();
    } else {
        ck_assert_ok(tarn_env_open(options, &env, &err), &err);
    }
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
}

static void close_store(void)
{
    tarn_store_close(store);
    tarn_test_env_close(env);
}

static void put(const char *key, struct tarn_span bytes)
{
    ck_assert_ok(tarn_store_put(store, text_of(key), bytes, TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &err), &err);
}

/* ---- modes ---- */

struct mode {
    enum tarn_parquet_cipher cipher;
    bool plain_footer;
    bool apart;
    const char *footer_key;
    const char *footer_id;
    const char *prefix;
    const char *a;  /* key of column a; NULL: in clear, "": the footer's. With all three NULL: every column, with the footer's key */
    const char *by; /* of b.y */
    const char *t;
    const char *t_id;
};

static const struct mode modes[] = {
    {.footer_key = K16},
    {.footer_key = K16, .cipher = TARN_CIPHER_AES_GCM_CTR},
    {.footer_key = K24, .footer_id = "kf"},
    {.footer_key = K32, .cipher = TARN_CIPHER_AES_GCM_CTR},
    {.footer_key = K32, .plain_footer = true},
    {.footer_key = K24, .plain_footer = true, .footer_id = "kf", .cipher = TARN_CIPHER_AES_GCM_CTR},
    {.footer_key = K16, .prefix = "here"},
    {.footer_key = K16, .prefix = "here", .apart = true, .plain_footer = true},
    {.footer_key = K16, .a = C16, .t = C32, .t_id = "kt"},
    {.footer_key = K16, .a = C16, .t = C32, .t_id = "kt", .plain_footer = true, .cipher = TARN_CIPHER_AES_GCM_CTR},
    {.footer_key = K16, .a = C16, .by = "", .t = C32, .t_id = "kt", .plain_footer = true},
    {.footer_key = K16, .a = "", .by = C16, .t = C32, .prefix = "p", .apart = true, .cipher = TARN_CIPHER_AES_GCM_CTR},
    {.footer_key = K24, .by = C32, .plain_footer = true},
    {.footer_key = K32, .a = K32, .by = K24, .t = K16},
};

struct encryption {
    struct tarn_path_step steps[3][2];
    struct tarn_parquet_column_key columns[3];
    struct tarn_parquet_encryption options;
};

static void add_column(struct encryption *out, const char *outer, const char *inner, const char *key, const char *id)
{
    const uint32_t i = out->options.column_count;
    if (key == NULL) {
        return;
    }
    out->steps[i][0] = (struct tarn_path_step){TARN_PATH_FIELD, text_of(outer), -1};
    if (inner != NULL) {
        out->steps[i][1] = (struct tarn_path_step){TARN_PATH_FIELD, text_of(inner), -1};
    }
    out->columns[i] =
        (struct tarn_parquet_column_key){.path = {inner != NULL ? 2 : 1, out->steps[i]}, .key = key_bytes(key), .metadata = key_bytes(id)};
    out->options.column_count++;
}

static const struct tarn_parquet_encryption *encryption_of(struct encryption *out, const struct mode *mode)
{
    const struct tarn_parquet_encryption init = TARN_PARQUET_ENCRYPTION_INIT;
    out->options = init;
    out->options.cipher = mode->cipher;
    out->options.plaintext_footer = mode->plain_footer;
    out->options.footer_key = key_bytes(mode->footer_key);
    out->options.footer_key_metadata = key_bytes(mode->footer_id);
    out->options.aad_prefix = key_bytes(mode->prefix);
    out->options.aad_prefix_apart = mode->apart;
    out->options.columns = out->columns;
    add_column(out, "a", NULL, mode->a, NULL);
    if (mode->plain_footer && mode->by != NULL) { /* one of the two ways to name it */
        out->columns[out->options.column_count++] = (struct tarn_parquet_column_key){.name = TARN_TEXT("b.y"), .key = key_bytes(mode->by)};
    } else {
        add_column(out, "b", "y", mode->by, NULL);
    }
    add_column(out, "t", NULL, mode->t, mode->t_id);
    return &out->options;
}

/* ---- reading ---- */

struct given {
    struct tarn_parquet_key keys[4];
    struct tarn_parquet_read_options options;
};

static void add_key(struct given *given, enum tarn_key_kind kind, const char *name, const char *key)
{
    if (key != NULL && key[0] != '\0') {
        given->keys[given->options.key_count++] = (struct tarn_parquet_key){kind, text_of(name), key_bytes(key)};
    }
}

static const struct tarn_parquet_read_options *give_all(struct given *given, const struct mode *mode)
{
    const struct tarn_parquet_read_options init = TARN_PARQUET_READ_OPTIONS_INIT;
    given->options = init;
    given->options.keys = given->keys;
    given->options.aad_prefix = text_of(mode->prefix != NULL ? mode->prefix : "");
    if (mode->footer_id != NULL) {
        add_key(given, TARN_KEY_ID, mode->footer_id, mode->footer_key);
    } else {
        add_key(given, TARN_KEY_FOOTER, "", mode->footer_key);
    }
    add_key(given, TARN_KEY_COLUMN, "a", mode->a);
    add_key(given, TARN_KEY_COLUMN, "b.y", mode->by);
    add_key(given, mode->t_id != NULL ? TARN_KEY_ID : TARN_KEY_COLUMN, mode->t_id != NULL ? mode->t_id : "t", mode->t);
    return &given->options;
}

static enum tarn_status read_with(const char *key, const struct tarn_parquet_read_options *options, struct tarn_text_builder *rows)
{
    struct tarn_source *source;
    enum tarn_status status = tarn_parquet_open(store, text_of(key), options, &source, &err);
    tarn__builder_clear(rows);
    if (status == TARN_OK) {
        status = tarn_canonical_rows(source, 7, rows, &err);
    }
    tarn_source_close(source);
    return status;
}

static void note_finding(void *arg, const struct tarn_finding *finding)
{
    ck_assert_msg(finding->error->code == TARN_OK, "mode %d: %s %s", *(const int *)arg, finding->error->detail, finding->error->message);
}

static void check_verified(const char *key, const struct tarn_parquet_read_options *options, int mode)
{
    ck_assert_ok(tarn_parquet_verify(store, text_of(key), options, note_finding, &mode, &err), &err);
}

/* Is `words` anywhere in the object? */
static bool holds(const char *key, const char *words)
{
    struct tarn_buffer *bytes = tarn_test_read(store, text_of(key));
    const bool found = memmem(bytes->data, bytes->size, words, strlen(words)) != NULL;
    tarn__buffer_release(bytes);
    return found;
}

START_TEST(encrypted_writer__writes_what_is_read) /* P-CRYPT-WRITE-1, P-CRYPT-WRITE-4, P-CRYPT-WRITE-5, P-CRYPT-WRITE-7 */
{
    const struct mode *mode = &modes[_i];
    static const enum tarn_codec codecs[] = {TARN_CODEC_UNCOMPRESSED, TARN_CODEC_ZSTD};
    struct tarn_text_builder plain;
    struct tarn_text_builder secret;
    struct encryption encryption;
    struct given given;
    open_store(NULL);
    tarn__builder_init(&plain, env);
    tarn__builder_init(&secret, env);
    for (int form = 0; form < 12; form++) {
        struct tarn_parquet_write_options options = small_pages(NULL);
        options.codec = codecs[form & 1];
        options.no_page_index = form & 2;
        options.no_dictionary = form & 2;
        options.no_crc = form & 1;
        options.page_version = form < 4 ? 1 : form < 8 ? 2 : 0;
        options.bloom_filters = form & 2 ? TARN_CHOICE_AUTO : TARN_CHOICE_YES;
        ck_assert_ok(write_rows("plain", &options, ROWS), &err);
        ck_assert_ok(read_with("plain", NULL, &plain), &err);
        options.encryption = encryption_of(&encryption, mode);
        ck_assert_ok(write_rows("secret", &options, ROWS), &err);
        ck_assert_ok(read_with("secret", give_all(&given, mode), &secret), &err);
        ck_assert(tarn__text_equal(tarn__builder_text(&plain), tarn__builder_text(&secret)));
        check_verified("secret", &given.options, _i);
        /* whatever it is that is in clear, it is not the values */
        const bool uniform = mode->a == NULL && mode->by == NULL && mode->t == NULL;
        ck_assert(holds("plain", "secret-1") && holds("plain", "hidden-1"));
        ck_assert_msg((uniform || mode->t != NULL) != holds("secret", "secret-1"), "mode %d, form %d", _i, form);
        ck_assert_msg((uniform || mode->by != NULL) != holds("secret", "hidden-1"), "mode %d, form %d", _i, form);
    }
    tarn__builder_free(&plain);
    tarn__builder_free(&secret);
    close_store();
}
END_TEST

/* ---- columns that rows do not have ---- */

/* A column of variants that are texts, which gets columns of its own when the first rows are known. */
static enum tarn_status write_variants(const char *key, const struct tarn_parquet_write_options *options)
{
    static const struct tarn_type variant = {.id = TARN_TYPE_VARIANT};
    static const struct tarn_field only[] = {TARN_TEST_FIELD("v", &variant, true)};
    struct tarn_schema *schema;
    struct tarn_vector_builder *builder;
    struct tarn_vector *column;
    struct tarn_batch *batch;
    struct tarn_sink *sink;
    ck_assert_ok(tarn_schema_make(env, 1, only, 0, NULL, &schema, &err), &err);
    ck_assert_ok(tarn__vector_builder_open(env, &variant, &builder, &err), &err);
    for (uint32_t row = 0; row < ROWS; row++) {
        char value[32];
        const int size = snprintf(value + 1, sizeof(value) - 1, "secret-%u", 100 + row);
        value[0] = (char)(size << 2 | 1); /* a short text */
        tarn__vector_builder_text(tarn__vector_builder_child(builder, 0), (struct tarn_text){"\x01\x00\x00", 3});
        tarn__vector_builder_text(tarn__vector_builder_child(builder, 1), (struct tarn_text){value, (size_t)size + 1});
        tarn__vector_builder_close(builder);
    }
    ck_assert_ok(tarn__vector_builder_finish(builder, &column, &err), &err);
    tarn__vector_builder_close_all(builder);
    ck_assert_ok(tarn__batch_adopt(env, schema, ROWS, &column, &batch, &err), &err);
    enum tarn_status status = tarn_parquet_create(store, text_of(key), schema, options, &sink, &err);
    if (status == TARN_OK) {
        ck_assert_ok(tarn_sink_write(sink, batch, &err), &err);
        status = tarn_sink_finish(sink, &err);
    }
    tarn_batch_release(batch);
    tarn_schema_release(schema);
    return status;
}

static const struct mode variant_modes[] = {{.footer_key = K16}, {.footer_key = K16, .plain_footer = true, .a = C32}};

START_TEST(encrypted_writer__encrypts_what_variants_are_cut_into) /* P-CRYPT-WRITE-4 */
{
    static struct tarn_path_step steps[] = {{TARN_PATH_FIELD, TARN_TEXT("v"), -1}};
    static const struct tarn_parquet_column_options shredded[] = {
        {.size = sizeof(struct tarn_parquet_column_options), .path = {1, steps}, .shredding = TARN_CHOICE_YES}};
    struct encryption encryption;
    struct tarn_parquet_read_options read = TARN_PARQUET_READ_OPTIONS_INIT;
    struct tarn_parquet_key keys[] = {{TARN_KEY_FOOTER, {NULL, 0}, key_bytes(K16)}, {TARN_KEY_ID, TARN_TEXT("kv"), key_bytes(C32)}};
    struct tarn_parquet_write_options options = small_pages(NULL);
    struct tarn_text_builder plain;
    struct tarn_text_builder secret;
    open_store(NULL);
    tarn__builder_init(&plain, env);
    tarn__builder_init(&secret, env);
    options.codec = TARN_CODEC_UNCOMPRESSED;
    options.column_count = 1;
    options.columns = shredded;
    ck_assert_ok(write_variants("plain", &options), &err);
    ck_assert(holds("plain", "secret-1"));
    options.encryption = encryption_of(&encryption, &variant_modes[_i]);
    encryption.steps[0][0].name = TARN_TEXT("v");
    encryption.columns[0].metadata = key_bytes("kv");
    ck_assert_ok(write_variants("secret", &options), &err);
    ck_assert(!holds("secret", "secret-1"));
    read.keys = keys;
    read.key_count = 2;
    ck_assert_ok(read_with("plain", NULL, &plain), &err);
    ck_assert_ok(read_with("secret", &read, &secret), &err);
    ck_assert(tarn__text_equal(tarn__builder_text(&plain), tarn__builder_text(&secret)));
    check_verified("secret", &read, _i);
    tarn__builder_free(&plain);
    tarn__builder_free(&secret);
    close_store();
}
END_TEST

/* ---- the same bytes as another encryptor's ---- */

struct nonces {
    uint32_t count;
};

/* What support/encrypt.c numbers its modules with. */
static void numbered(void *ctx, void *bytes, size_t size)
{
    struct nonces *nonces = ctx;
    uint8_t *out = bytes;
    if (size == 8) {
        memcpy(out, "unique##", 8);
    } else {
        ck_assert_uint_eq(size, 12);
        nonces->count++;
        tarn__store32(out, nonces->count);
        tarn__store64(out + 4, UINT64_C(0x0102030405060708) * nonces->count);
    }
}

static size_t footer_begin(const struct tarn_buffer *bytes)
{
    return bytes->size - 8 - tarn__load32(bytes->data + bytes->size - 8);
}

static const struct mode oracle_modes[] = {
    {.footer_key = K16},
    {.footer_key = K24, .cipher = TARN_CIPHER_AES_GCM_CTR},
    {.footer_key = K32, .prefix = "orders"},
    {.footer_key = K32, .prefix = "orders", .apart = true, .cipher = TARN_CIPHER_AES_GCM_CTR},
};

START_TEST(encrypted_writer__makes_the_bytes_of_another_encryptor) /* P-CRYPT-WRITE-2, P-CRYPT-WRITE-5 */
{
    const struct mode *mode = &oracle_modes[_i];
    struct nonces nonces = {0};
    struct tarn_env_options host = TARN_ENV_OPTIONS_INIT;
    struct tarn_parquet_write_options options = small_pages(NULL);
    struct encryption encryption;
    struct tarn_test_encrypted other;
    const struct tarn_test_encryption how = {
        .algorithm = mode->cipher == TARN_CIPHER_AES_GCM ? PARQUET_AES_GCM_V1 : PARQUET_AES_GCM_CTR_V1,
        .footer_key = mode->footer_key,
        .prefix = mode->prefix,
        .supply_prefix = mode->apart,
    };
    host.random = numbered;
    host.random_ctx = &nonces;
    open_store(&host);
    options.no_page_index = true; /* whose places differ */
    options.bloom_filters = TARN_CHOICE_NO;
    ck_assert_ok(write_rows("plain", &options, ROWS), &err);
    tarn_test_encrypt(store, TARN_TEXT("plain"), &how, &other);
    options.encryption = encryption_of(&encryption, mode);
    for (int again = 0; again < 2; again++) {
        nonces.count = 0;
        ck_assert_ok(write_rows("secret", &options, ROWS), &err);
        struct tarn_buffer *bytes = tarn_test_read(store, TARN_TEXT("secret"));
        const size_t size = footer_begin(bytes);
        ck_assert_uint_gt(size, 1000);
        ck_assert_uint_eq(size, footer_begin(other.bytes));
        ck_assert(memcmp(bytes->data, other.bytes->data, size) == 0);
        /* FileCryptoMetaData too: its struct is the same, and the footer's nonce behind its length */
        const size_t crypto = 8 + (mode->prefix != NULL && !mode->apart ? strlen(mode->prefix) + 2 : 0);
        ck_assert(memcmp(bytes->data + size, other.bytes->data + size, crypto) == 0);
        tarn__buffer_release(bytes);
    }
    tarn__buffer_release(other.bytes);
    close_store();
}
END_TEST

START_TEST(encrypted_writer__makes_the_same_bytes_with_threads) /* P-CRYPT-WRITE-2 */
{
    enum { MANY = 10000 }; /* so that leaves are encoded on all threads */
    uint8_t *copies[2];
    size_t sizes[2];
    struct tarn_pool *pool;
    ck_assert_ok(tarn_pool_open(4, &pool, &err), &err);
    const struct tarn_executor executor = tarn_pool_executor(pool);
    for (int threads = 0; threads < 2; threads++) {
        struct nonces nonces = {0};
        struct encryption encryption;
        struct tarn_env_options host = TARN_ENV_OPTIONS_INIT;
        struct tarn_parquet_write_options options = small_pages(encryption_of(&encryption, &modes[10]));
        options.row_group_rows = MANY / 2;
        options.page_rows = 0;
        host.random = numbered;
        host.random_ctx = &nonces;
        host.executor = threads != 0 ? &executor : NULL;
        open_store(&host);
        ck_assert_ok(write_rows("secret", &options, MANY), &err);
        struct tarn_buffer *file = tarn_test_read(store, TARN_TEXT("secret"));
        sizes[threads] = file->size;
        copies[threads] = malloc(file->size);
        memcpy(copies[threads], file->data, file->size);
        tarn__buffer_release(file);
        close_store();
    }
    tarn_pool_close(pool);
    ck_assert_uint_eq(sizes[0], sizes[1]);
    ck_assert(memcmp(copies[0], copies[1], sizes[0]) == 0);
    free(copies[0]);
    free(copies[1]);
}
END_TEST

/* ---- nonces ---- */

enum { MOST_NONCES = 1024 };

/* The nonces of the page modules, which lie one behind the other from byte 4 on. */
static uint32_t collect_nonces(const char *key, uint8_t out[MOST_NONCES][12])
{
    struct tarn_buffer *bytes = tarn_test_read(store, text_of(key));
    const size_t end = footer_begin(bytes);
    uint32_t count = 0;
    for (size_t at = 4; at < end; at += 4 + tarn__load32(bytes->data + at)) {
        ck_assert_uint_lt(count, MOST_NONCES);
        ck_assert_uint_le(at + 16, end);
        memcpy(out[count++], bytes->data + at + 4, 12);
    }
    tarn__buffer_release(bytes);
    return count;
}

static int compare_nonces(const void *a, const void *b)
{
    return memcmp(a, b, 12);
}

START_TEST(encrypted_writer__never_uses_a_nonce_twice) /* P-CRYPT-WRITE-2 */
{
    static uint8_t nonces[MOST_NONCES][12];
    struct encryption encryption;
    struct tarn_parquet_write_options options = small_pages(encryption_of(&encryption, &modes[0]));
    uint32_t count = 0;
    open_store(NULL);
    for (int i = 0; i < 3; i++) { /* the same rows, the same key */
        ck_assert_ok(write_rows("secret", &options, ROWS), &err);
        count += collect_nonces("secret", nonces + count);
    }
    ck_assert_uint_gt(count, 3 * 40);
    qsort(nonces, count, sizeof(nonces[0]), compare_nonces);
    for (uint32_t i = 1; i < count; i++) {
        ck_assert(memcmp(nonces[i - 1], nonces[i], 12) != 0);
    }
    close_store();
}
END_TEST

/* ---- numbers of pages and row groups ---- */

static void check_rows(const char *key, const struct tarn_parquet_read_options *options, uint64_t expected)
{
    struct tarn_source *source;
    struct tarn_text_builder rows;
    uint64_t count = 0;
    tarn__builder_init(&rows, env);
    ck_assert_ok(tarn_parquet_open(store, text_of(key), options, &source, &err), &err);
    ck_assert_ok(tarn_canonical_rows(source, 4096, &rows, &err), &err);
    for (size_t i = 0; i < rows.size; i++) {
        count += rows.data[i] == '\n';
    }
    ck_assert_uint_eq(count, expected);
    tarn_source_close(source);
    tarn__builder_free(&rows);
}

START_TEST(encrypted_writer__makes_pages_so_large_that_their_numbers_suffice) /* P-CRYPT-WRITE-8 */
{
    enum { MANY = 40000 };
    struct encryption encryption;
    struct given given;
    struct tarn_parquet_write_options options = small_pages(encryption_of(&encryption, &modes[1]));
    open_store(NULL);
    options.page_rows = 1;
    options.row_group_rows = MANY;
    ck_assert_ok(write_rows("secret", &options, MANY), &err);
    check_rows("secret", give_all(&given, &modes[1]), MANY);
    options.encryption = NULL; /* which is not so without */
    ck_assert_ok(write_rows("plain", &options, MANY), &err);
    check_rows("plain", NULL, MANY);
    close_store();
}
END_TEST

START_TEST(encrypted_writer__refuses_more_row_groups_than_have_numbers) /* P-CRYPT-WRITE-8 */
{
    struct encryption encryption;
    struct tarn_parquet_write_options options = small_pages(encryption_of(&encryption, &modes[12]));
    open_store(NULL);
    options.row_group_rows = 1;
    options.no_page_index = true;
    options.mode = TARN_PUT_IF_ABSENT;
    ck_assert_status(write_rows("secret", &options, 32769), TARN_INVALID);
    ck_assert_str_eq(err.detail, "module_ordinal");
    ck_assert_ptr_nonnull(strstr(err.message, "32768"));
    ck_assert(tarn_test_store_is_empty(store));
    close_store();
}
END_TEST

/* ---- options that cannot be ---- */

static struct tarn_path_step no_column[] = {{TARN_PATH_FIELD, TARN_TEXT("nobody"), -1}};
static struct tarn_path_step whole_pair[] = {{TARN_PATH_FIELD, TARN_TEXT("b"), -1}};
static struct tarn_path_step one_member[] = {{TARN_PATH_FIELD, TARN_TEXT("b"), -1}, {TARN_PATH_FIELD, TARN_TEXT("y"), -1}};
static const struct tarn_parquet_column_key unknown_column[] = {{.path = {1, no_column}, .key = {(const uint8_t *)K16, 16}}};
static const struct tarn_parquet_column_key unknown_name[] = {{.name = TARN_TEXT("b.nobody"), .key = {(const uint8_t *)K16, 16}}};
static const struct tarn_parquet_column_key half_a_name[] = {{.name = TARN_TEXT("b.y."), .key = {(const uint8_t *)K16, 16}}};
static const struct tarn_parquet_column_key no_name[] = {{.key = {(const uint8_t *)K16, 16}}};
static const struct tarn_parquet_column_key short_key[] = {{.path = {1, whole_pair}, .key = {(const uint8_t *)K16, 15}}};
static const struct tarn_parquet_column_key twice[] = {{.path = {1, whole_pair}, .key = {(const uint8_t *)K16, 16}},
                                                       {.path = {2, one_member}, .key = {(const uint8_t *)K16, 16}}};

#define BEGIN .size = sizeof(struct tarn_parquet_encryption)
#define FOOTER_KEY .footer_key = {(const uint8_t *)K16, 16}

static const struct {
    struct tarn_parquet_encryption encryption;
    enum tarn_status status;
    const char *detail;
} refused[] = {
    {{.size = 0, FOOTER_KEY}, TARN_INVALID, "encryption"},
    {{BEGIN}, TARN_INVALID, "key_length"},
    {{BEGIN, .footer_key = {(const uint8_t *)K32, 31}}, TARN_INVALID, "key_length"},
    {{BEGIN, FOOTER_KEY, .cipher = (enum tarn_parquet_cipher)2}, TARN_INVALID, "encryption"},
    {{BEGIN, FOOTER_KEY, .aad_prefix_apart = true}, TARN_INVALID, "aad_prefix"},
    {{BEGIN, FOOTER_KEY, .column_count = 1, .columns = unknown_column}, TARN_NOT_FOUND, "column"},
    {{BEGIN, FOOTER_KEY, .column_count = 1, .columns = unknown_name}, TARN_NOT_FOUND, "column"},
    {{BEGIN, FOOTER_KEY, .column_count = 1, .columns = half_a_name}, TARN_NOT_FOUND, "column"},
    {{BEGIN, FOOTER_KEY, .column_count = 1, .columns = no_name}, TARN_INVALID, "path"},
    {{BEGIN, FOOTER_KEY, .column_count = 1, .columns = short_key}, TARN_INVALID, "key_length"},
    {{BEGIN, FOOTER_KEY, .column_count = 2, .columns = twice}, TARN_INVALID, "encryption"},
};

START_TEST(encrypted_writer__refuses_options_that_cannot_be) /* P-CRYPT-WRITE-4 */
{
    const struct tarn_parquet_write_options options = small_pages(&refused[_i].encryption);
    open_store(NULL);
    ck_assert_status(write_rows("secret", &options, ROWS), refused[_i].status);
    ck_assert_str_eq(err.detail, refused[_i].detail);
    ck_assert_ptr_null(strstr(err.message, "01234"));
    ck_assert(tarn_test_store_is_empty(store));
    close_store();
}
END_TEST

/* ---- damage ---- */

static enum tarn_status read_changed(struct tarn_buffer *bytes, const struct tarn_parquet_read_options *options,
                                     struct tarn_text_builder *rows)
{
    put("changed", tarn__buffer_span(bytes));
    return read_with("changed", options, rows);
}

/* The two modules of data page `page` of the first chunk, a column in PLAIN. */
static size_t page_place(const struct tarn_buffer *bytes, uint32_t page, size_t *size)
{
    size_t at = 4;
    for (uint32_t i = 0; i < 2 * page; i++) {
        at += 4 + tarn__load32(bytes->data + at);
    }
    *size = 4 + tarn__load32(bytes->data + at);
    *size += 4 + tarn__load32(bytes->data + at + *size);
    return at;
}

START_TEST(encrypted_writer__writes_what_cannot_be_exchanged_or_cut) /* P-CRYPT-WRITE-1 */
{
    struct encryption encryption;
    struct given given;
    struct mode wrong = modes[0];
    struct tarn_parquet_write_options options = small_pages(encryption_of(&encryption, &modes[0]));
    struct tarn_text_builder rows;
    size_t sizes[2];
    uint8_t page[1024];
    open_store(NULL);
    tarn__builder_init(&rows, env);
    options.profile = TARN_PROFILE_COMPAT; /* PLAIN: pages of one size */
    options.codec = TARN_CODEC_UNCOMPRESSED;
    options.no_dictionary = true;
    options.no_crc = true;
    ck_assert_ok(write_rows("secret", &options, ROWS), &err);
    wrong.footer_key = "0123456789012346";
    ck_assert_status(read_with("secret", give_all(&given, &wrong), &rows), TARN_AUTH);
    ck_assert_str_eq(err.detail, "key");

    give_all(&given, &modes[0]);
    struct tarn_buffer *bytes = tarn_test_read(store, TARN_TEXT("secret"));
    const size_t first = page_place(bytes, 0, &sizes[0]);
    const size_t second = page_place(bytes, 1, &sizes[1]);
    ck_assert_uint_eq(sizes[0], sizes[1]);
    ck_assert_uint_eq(first + sizes[0], second);
    ck_assert_uint_lt(sizes[0], sizeof(page));
    memcpy(page, bytes->data + first, sizes[0]);
    memmove(bytes->data + first, bytes->data + second, sizes[0]);
    memcpy(bytes->data + second, page, sizes[0]);
    ck_assert_status(read_changed(bytes, &given.options, &rows), TARN_CORRUPT);
    ck_assert_str_eq(err.detail, "module_moved");
    tarn__buffer_release(bytes);

    bytes = tarn_test_read(store, TARN_TEXT("secret"));
    tarn__store32(bytes->data + first, tarn__load32(bytes->data + first) - 1);
    ck_assert_status(read_changed(bytes, &given.options, &rows), TARN_CORRUPT);
    tarn__buffer_release(bytes);
    tarn__builder_free(&rows);
    close_store();
}
END_TEST

static const int flipped_modes[] = {0, 1, 4, 8, 9, 10};

START_TEST(encrypted_writer__is_never_silently_wrong) /* P-CRYPT-WRITE-1, P-CRYPT-WRITE-7 */
{
    const struct mode *mode = &modes[flipped_modes[_i]];
    struct encryption encryption;
    struct given given;
    struct tarn_parquet_write_options options = small_pages(encryption_of(&encryption, mode));
    struct tarn_text_builder right;
    struct tarn_text_builder rows;
    unsigned harmless = 0;
    open_store(NULL);
    tarn__builder_init(&right, env);
    tarn__builder_init(&rows, env);
    ck_assert_ok(write_rows("secret", &options, ROWS), &err);
    ck_assert_ok(read_with("secret", give_all(&given, mode), &right), &err);
    struct tarn_buffer *bytes = tarn_test_read(store, TARN_TEXT("secret"));
    const size_t footer = footer_begin(bytes);
    for (size_t at = 0; at < bytes->size; at += at < footer ? 7 : 3) { /* which meets every bit of a byte */
        bytes->data[at] ^= (uint8_t)(1 << at % 8);
        const enum tarn_status status = read_changed(bytes, &given.options, &rows);
        ck_assert_msg(at < footer || status != TARN_OK, "a flip at byte %zu of the footer", at - footer);
        if (status == TARN_OK) {
            ck_assert_msg(tarn__text_equal(tarn__builder_text(&rows), tarn__builder_text(&right)), "other rows after a flip at %zu", at);
            harmless++;
        }
        bytes->data[at] ^= (uint8_t)(1 << at % 8);
    }
    ck_assert_uint_lt(harmless, footer / 7 / 2 + 1); /* indexes, which were not asked for */
    tarn__buffer_release(bytes);
    tarn__builder_free(&right);
    tarn__builder_free(&rows);
    close_store();
}
END_TEST

TARN_SUITE("encrypted_writer", TARN_LOOP_TEST(encrypted_writer__writes_what_is_read, modes),
           TARN_LOOP_TEST(encrypted_writer__encrypts_what_variants_are_cut_into, variant_modes),
           TARN_LOOP_TEST(encrypted_writer__makes_the_bytes_of_another_encryptor, oracle_modes),
           TARN_TEST(encrypted_writer__makes_the_same_bytes_with_threads), TARN_TEST(encrypted_writer__never_uses_a_nonce_twice),
           TARN_TEST(encrypted_writer__makes_pages_so_large_that_their_numbers_suffice),
           TARN_TEST(encrypted_writer__refuses_more_row_groups_than_have_numbers),
           TARN_LOOP_TEST(encrypted_writer__refuses_options_that_cannot_be, refused),
           TARN_TEST(encrypted_writer__writes_what_cannot_be_exchanged_or_cut),
           TARN_LOOP_TEST(encrypted_writer__is_never_silently_wrong, flipped_modes))

#else

static const struct tarn_type integer = {.id = TARN_TYPE_I64};
static const struct tarn_field fields[] = {TARN_TEST_FIELD("a", &integer, false)};

START_TEST(encrypted_writer__is_named_where_it_is_missing)
{
    static const uint8_t key[16] = {0};
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_parquet_encryption encryption = TARN_PARQUET_ENCRYPTION_INIT;
    struct tarn_parquet_write_options options = TARN_PARQUET_WRITE_OPTIONS_INIT;
    struct tarn_env *env = tarn_test_env();
    struct tarn_store *store;
    struct tarn_schema *schema;
    struct tarn_sink *sink;
    encryption.footer_key = (struct tarn_span){key, sizeof(key)};
    options.encryption = &encryption;
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    ck_assert_ok(tarn_schema_make(env, 1, fields, 0, NULL, &schema, &err), &err);
    ck_assert_status(tarn_parquet_create(store, TARN_TEXT("f"), schema, &options, &sink, &err), TARN_UNSUPPORTED);
    ck_assert_str_eq(err.detail, "encryption");
    tarn_schema_release(schema);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("encrypted_writer", TARN_TEST(encrypted_writer__is_named_where_it_is_missing))

#endif
