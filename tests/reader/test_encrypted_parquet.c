/* SPDX-License-Identifier: Apache-2.0
 * Encrypted Parquet files: every mode read back, keys from everywhere, and nothing silently wrong whatever is swapped, cut or flipped.
 * The encryptor is the test's own (support/encrypt.h).
 */
#include <stdio.h>
#include <stdlib.h>

#include "format/batch/vector_builder.h"
#include "tarn/keys.h"
#include "tarn/parquet.h"
#include "tarn/reader.h"
#include "tarn/writer.h"
#include "tests/support/canonical.h"
#include "tests/support/encrypt.h"
#include "tests/support/fault.h"
#include "tests/support/parquet_bytes.h"
#include "tests/support/parquet_file.h"
#include "tests/support/suite.h"

#ifndef TARN_MINIMAL

enum { ROWS = 60, GROUP_ROWS = 30, PAGE_ROWS = 10 };
enum { FOOTER, COLUMN_METADATA, DATA, DICTIONARY, DATA_HEADER, DICTIONARY_HEADER, COLUMN_INDEX, OFFSET_INDEX };

#define K16 "0123456789012345"
#define K24 "012345678901234567890123"
#define K32 "01234567890123456789012345678901"
#define C16 "abcdefghijklmnop"
#define C32 "abcdefghijklmnopqrstuvwxyz012345"

static struct tarn_error err;
static struct tarn_env *env; /* of the store, without keys */
static struct tarn_store *store;
static struct tarn_test_encrypted encrypted;

static const struct tarn_type integer = {.id = TARN_TYPE_I64};
static const struct tarn_type text = {.id = TARN_TYPE_STRING};
static const struct tarn_field fields[] = {TARN_TEST_FIELD("a", &integer, false), TARN_TEST_FIELD("b", &integer, false),
                                           TARN_TEST_FIELD("t", &text, true)};

/* Two columns of one shape, and one with nulls and a dictionary. */
static void write_plain(enum tarn_codec codec, bool no_crc)
{
    struct tarn_schema *schema;
    struct tarn_vector_builder *builders[3];
    struct tarn_vector *columns[3];
    struct tarn_parquet_write_options options = TARN_PARQUET_WRITE_OPTIONS_INIT;
    options.profile = TARN_PROFILE_COMPAT; /* PLAIN: pages of one size, which may change places */
    options.codec = codec;
    options.page_rows = PAGE_ROWS;
    options.row_group_rows = GROUP_ROWS;
    options.no_crc = no_crc;
    ck_assert_ok(tarn_schema_make(env, 3, fields, 0, NULL, &schema, &err), &err);
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_ok(tarn__vector_builder_open(env, schema->fields[i].type, &builders[i], &err), &err);
    }
    for (uint32_t row = 0; row < ROWS; row++) {
        char words[16];
        snprintf(words, sizeof(words), "text %u", row % 3);
        tarn__vector_builder_i64(builders[0], (int64_t)row * 1000003);
        tarn__vector_builder_i64(builders[1], (int64_t)row * 1000003 + 1);
        if (row % 7 == 0) {
            tarn__vector_builder_null(builders[2]);
        } else {
            tarn__vector_builder_text(builders[2], tarn__text_of(words));
        }
    }
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_ok(tarn__vector_builder_finish(builders[i], &columns[i], &err), &err);
        tarn__vector_builder_close_all(builders[i]);
    }
    tarn_parquet_file_write(store, TARN_TEXT("plain"), schema, &options, ROWS, columns);
    tarn_schema_release(schema);
}

static void open_store(void)
{
    env = tarn_test_env();
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
}

static void close_store(void)
{
    tarn_store_close(store);
    tarn_test_env_close(env);
}

static void put(const char *key, struct tarn_span bytes)
{
    ck_assert_ok(tarn_store_put(store, tarn__text_of(key), bytes, TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &err), &err);
}

/* Encrypts "plain" as "secret". */
static void encrypt(const struct tarn_test_encryption *how)
{
    tarn_test_encrypt(store, TARN_TEXT("plain"), how, &encrypted);
    put("secret", tarn__buffer_span(encrypted.bytes));
}

/* ---- reading ---- */

/* The rows of `columns` (NULL: all) as text. */
static enum tarn_status read_with(const char *key, const struct tarn_parquet_read_options *options, struct tarn_text_builder *rows)
{
    struct tarn_source *source;
    enum tarn_status status = tarn_parquet_open(store, tarn__text_of(key), options, &source, &err);
    tarn__builder_clear(rows);
    if (status == TARN_OK) {
        status = tarn_canonical_rows(source, 7, rows, &err);
    }
    tarn_source_close(source);
    return status;
}

struct given {
    struct tarn_parquet_key keys[4];
    struct tarn_parquet_read_options options;
};

static struct tarn_parquet_key key_of(enum tarn_key_kind kind, const char *name, const char *key)
{
    return (struct tarn_parquet_key){kind, tarn__text_of(name), tarn__span_of_text(tarn__text_of(key))};
}

static const struct tarn_parquet_read_options *give(struct given *given, uint32_t count, const char *prefix)
{
    const struct tarn_parquet_read_options init = TARN_PARQUET_READ_OPTIONS_INIT;
    given->options = init;
    given->options.keys = given->keys;
    given->options.key_count = count;
    given->options.aad_prefix = tarn__text_of(prefix);
    return &given->options;
}

static const struct tarn_parquet_read_options *give_footer(struct given *given, const char *key)
{
    given->keys[0] = key_of(TARN_KEY_FOOTER, "", key);
    return give(given, 1, "");
}

static const struct tarn_test_column_key two_keys[] = {{"a", C16, "ka"}, {"t", C32, "kt"}};
static const struct tarn_test_column_key mixed_keys[] = {{"a", C16, NULL}, {"b", NULL, NULL}, {"t", C32, "kt"}};

static const struct tarn_test_encryption modes[] = {
    {.algorithm = PARQUET_AES_GCM_V1, .footer_key = K16},
    {.algorithm = PARQUET_AES_GCM_CTR_V1, .footer_key = K16},
    {.algorithm = PARQUET_AES_GCM_V1, .footer_key = K24, .footer_id = "kf"},
    {.algorithm = PARQUET_AES_GCM_CTR_V1, .footer_key = K32},
    {.algorithm = PARQUET_AES_GCM_V1, .footer_key = K32, .plain_footer = true},
    {.algorithm = PARQUET_AES_GCM_CTR_V1, .footer_key = K24, .plain_footer = true, .footer_id = "kf"},
    {.algorithm = PARQUET_AES_GCM_V1, .footer_key = K16, .prefix = "here"},
    {.algorithm = PARQUET_AES_GCM_V1, .footer_key = K16, .prefix = "here", .supply_prefix = true},
    {.algorithm = PARQUET_AES_GCM_V1, .footer_key = K16, .column_count = 2, .columns = two_keys},
    {.algorithm = PARQUET_AES_GCM_CTR_V1, .footer_key = K16, .column_count = 2, .columns = two_keys, .plain_footer = true},
    {.algorithm = PARQUET_AES_GCM_V1, .footer_key = K16, .column_count = 3, .columns = mixed_keys, .plain_footer = true},
    {.algorithm = PARQUET_AES_GCM_CTR_V1,
     .footer_key = K16,
     .column_count = 3,
     .columns = mixed_keys,
     .prefix = "p",
     .supply_prefix = true},
};

static const struct tarn_parquet_read_options *give_all(struct given *given, const struct tarn_test_encryption *how)
{
    given->keys[0] = key_of(TARN_KEY_FOOTER, "", how->footer_key);
    given->keys[1] = key_of(TARN_KEY_COLUMN, "a", C16);
    given->keys[2] = key_of(TARN_KEY_ID, "kt", C32);
    return give(given, 3, how->prefix != NULL ? how->prefix : "");
}

START_TEST(encrypted__reads_what_was_written) /* P-CRYPT-4, P-CRYPT-5, P-CRYPT-6, P-CRYPT-7 */
{
    struct tarn_text_builder plain;
    struct tarn_text_builder secret;
    struct given given;
    open_store();
    tarn__builder_init(&plain, env);
    tarn__builder_init(&secret, env);
    for (int codec = 0; codec < 2; codec++) {
        write_plain(codec == 0 ? TARN_CODEC_UNCOMPRESSED : TARN_CODEC_ZSTD, codec == 0);
        ck_assert_ok(read_with("plain", NULL, &plain), &err);
        ck_assert_uint_gt(plain.size, 1000);
        encrypt(&modes[_i]);
        ck_assert_ok(read_with("secret", give_all(&given, &modes[_i]), &secret), &err);
        ck_assert(tarn__text_equal(tarn__builder_text(&plain), tarn__builder_text(&secret)));
        tarn__buffer_release(encrypted.bytes);
    }
    tarn__builder_free(&plain);
    tarn__builder_free(&secret);
    close_store();
}
END_TEST

/* ---- version 2 pages ---- */

static const uint8_t levels[] = {0x03, 0x05};             /* bit-packed: 1 0 1 */
static const uint8_t values[] = {7, 0, 0, 0, 9, 0, 0, 0}; /* INT32 */
static const struct parquet_schema_element schema_v2[] = {
    {.name = {"schema", 6}, .has_num_children = true, .num_children = 1},
    {.name = {"i", 1}, .has_type = true, .type = PARQUET_INT32, .has_repetition_type = true, .repetition_type = PARQUET_OPTIONAL}};
static const struct tarn_test_page pages_v2[] = {{.type = PARQUET_DATA_PAGE_V2,
                                                  .encoding = PARQUET_ENCODING_PLAIN,
                                                  .values = 3,
                                                  .rows = 3,
                                                  .definition = {levels, sizeof(levels)},
                                                  .body = {values, sizeof(values)},
                                                  .crc = TARN_TEST_CRC},
                                                 {.type = PARQUET_DATA_PAGE_V2,
                                                  .encoding = PARQUET_ENCODING_PLAIN,
                                                  .values = 3,
                                                  .rows = 3,
                                                  .definition = {levels, sizeof(levels)},
                                                  .body = {values, sizeof(values)}}};

START_TEST(encrypted__reads_levels_in_clear_and_encrypted) /* P-CRYPT-9 */
{
    static const struct tarn_test_chunk chunk = {.page_count = 2, .pages = pages_v2};
    static const struct tarn_test_row_group group = {6, &chunk};
    static const struct tarn_test_parquet file = {.element_count = 2, .elements = schema_v2, .row_group_count = 1, .row_groups = &group};
    static const char expected[] = "{\"i\":7}\n{\"i\":null}\n{\"i\":9}\n{\"i\":7}\n{\"i\":null}\n{\"i\":9}\n";
    struct tarn_text_builder rows;
    struct given given;
    open_store();
    tarn__builder_init(&rows, env);
    tarn_test_parquet_put(store, "plain", &file);
    const struct tarn_test_encryption how = {
        .algorithm = _i % 2 == 0 ? PARQUET_AES_GCM_V1 : PARQUET_AES_GCM_CTR_V1, .java_levels = _i >= 2, .footer_key = K16};
    encrypt(&how);
    ck_assert_ok(read_with("secret", give_footer(&given, K16), &rows), &err);
    ck_assert(tarn__text_equal(tarn__builder_text(&rows), tarn__text_of(expected)));
    tarn__buffer_release(encrypted.bytes);
    tarn__builder_free(&rows);
    close_store();
}
END_TEST

/* ---- keys that are wrong or missing ---- */

static const struct {
    const char *name;
    const char *footer; /* NULL: not given */
    const char *a;
    const char *t;
    const char *prefix;
    int mode;
    enum tarn_status status;
    const char *detail;
    const char *column;
} refusals[] = {
    {"no key", NULL, NULL, NULL, "", 0, TARN_AUTH, "key_missing", ""},
    {"another key", K16 /* changed below */, NULL, NULL, "", 0, TARN_AUTH, "key", ""},
    {"a key of another size", K32, NULL, NULL, "", 0, TARN_AUTH, "key", ""},
    {"a key of 15 bytes", "012345678901234", NULL, NULL, "", 0, TARN_INVALID, "key_length", ""},
    {"a key of no bytes", "", NULL, NULL, "", 0, TARN_INVALID, "key_length", ""},
    {"a key of 33 bytes", K32 "6", NULL, NULL, "", 0, TARN_INVALID, "key_length", ""},
    {"a prefix where there is none", K16, NULL, NULL, "there", 0, TARN_AUTH, "aad_prefix", ""},
    {"another prefix than the stored one", K16, NULL, NULL, "there", 6, TARN_AUTH, "aad_prefix", ""},
    {"no prefix", K16, NULL, NULL, "", 7, TARN_AUTH, "aad_prefix_missing", ""},
    {"a wrong prefix", K16, NULL, NULL, "there", 7, TARN_AUTH, "key", ""},
    {"a wrong key of a plain footer", K16, NULL, NULL, "", 4, TARN_AUTH, "footer_signature", ""},
    {"no key of a plain footer", NULL, NULL, NULL, "", 4, TARN_AUTH, "key_missing", "a"},
    {"no key of a column", K16, NULL, C32, "", 8, TARN_AUTH, "key_missing", "a"},
    {"a wrong key of a column", K16, K16, C32, "", 8, TARN_AUTH, "column_key", "a"},
    {"a short key of a column", K16, "abc", C32, "", 8, TARN_INVALID, "key_length", ""},
    {"a wrong key of a column, plain footer", K16, C16, K32, "", 9, TARN_AUTH, "column_key", "t"},
    {"no key of a column, plain footer", K16, C16, NULL, "", 9, TARN_AUTH, "key_missing", "t"},
};

START_TEST(encrypted__tells_what_is_wrong_with_the_keys) /* P-CRYPT-8 */
{
    struct tarn_text_builder rows;
    struct given given;
    uint32_t count = 0;
    open_store();
    tarn__builder_init(&rows, env);
    write_plain(TARN_CODEC_ZSTD, false);
    encrypt(&modes[refusals[_i].mode]);
    if (refusals[_i].footer != NULL) {
        given.keys[count++] = key_of(TARN_KEY_FOOTER, "", _i == 1 ? "0123456789012346" : refusals[_i].footer);
    }
    if (refusals[_i].a != NULL) {
        given.keys[count++] = key_of(TARN_KEY_COLUMN, "a", refusals[_i].a);
    }
    if (refusals[_i].t != NULL) {
        given.keys[count++] = key_of(TARN_KEY_ID, "kt", refusals[_i].t);
    }
    const enum tarn_status status = read_with("secret", give(&given, count, refusals[_i].prefix), &rows);
    ck_assert_msg(status == refusals[_i].status, "%s: %s %s", refusals[_i].name, tarn_status_name(status), err.message);
    ck_assert_msg(strcmp(err.detail, refusals[_i].detail) == 0, "%s: %s", refusals[_i].name, err.detail);
    ck_assert_str_eq(err.column, refusals[_i].column);
    ck_assert_str_eq(err.object, "secret");
    ck_assert_ptr_null(strstr(err.message, "01234"));
    ck_assert_ptr_null(strstr(err.message, "abcdef"));
    tarn__buffer_release(encrypted.bytes);
    tarn__builder_free(&rows);
    close_store();
}
END_TEST

/* One column by name; *rows: how many it has. */
static enum tarn_status read_column(struct tarn_source *source, const char *name, int64_t *rows)
{
    const struct tarn_path_step step = {TARN_PATH_FIELD, tarn__text_of(name), -1};
    const struct tarn_path path = {1, &step};
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    struct tarn_scan *scan = NULL;
    request.path_count = 1;
    request.paths = &path;
    *rows = 0;
    enum tarn_status status = tarn_source_scan(source, &request, &scan, &err);
    for (uint32_t task = 0; status == TARN_OK && task < tarn_scan_task_count(scan); task++) {
        struct tarn_cursor *cursor;
        status = tarn_scan_open(scan, task, &cursor, &err);
        for (uint32_t window = 1; status == TARN_OK && window != 0;) {
            struct tarn_vector *vector;
            status = tarn_cursor_next(cursor, 100, &window, &err);
            if (status == TARN_OK && window != 0) {
                status = tarn_cursor_column(cursor, 0, NULL, &vector, &err);
                *rows += status == TARN_OK ? vector->length : 0;
            }
        }
        tarn_cursor_close(cursor);
    }
    tarn_scan_close(scan);
    return status;
}

static const struct {
    int mode;
    bool footer_key;
} partly[] = {{8, true}, {9, true}, {9, false}};

START_TEST(encrypted__reads_columns_without_the_keys_of_others) /* P-CRYPT-7 */
{
    struct given given;
    struct tarn_source *source;
    int64_t sum;
    open_store();
    write_plain(TARN_CODEC_ZSTD, false);
    encrypt(&modes[partly[_i].mode]);
    given.keys[0] = key_of(TARN_KEY_COLUMN, "a", C16);
    given.keys[1] = key_of(TARN_KEY_FOOTER, "", K16);
    ck_assert_ok(tarn_parquet_open(store, TARN_TEXT("secret"), give(&given, partly[_i].footer_key ? 2 : 1, ""), &source, &err), &err);
    memset(&given, 0xee, sizeof(given)); /* they were copied */
    ck_assert_ok(read_column(source, "a", &sum), &err);
    ck_assert_int_eq(sum, ROWS);
    ck_assert_ok(read_column(source, "b", &sum), &err);
    ck_assert_int_gt(sum, 0);
    ck_assert_status(read_column(source, "t", &sum), TARN_AUTH);
    ck_assert_str_eq(err.detail, "key_missing");
    ck_assert_str_eq(err.column, "t");
    ck_assert_int_eq(err.row_group, 0);
    tarn_source_close(source);
    tarn__buffer_release(encrypted.bytes);
    close_store();
}
END_TEST

/* ---- hooks ---- */

struct hook {
    unsigned footer;
    unsigned a;
    unsigned t;
    unsigned prefix;
    bool fails;
};

static enum tarn_status hook_key(void *ctx, const struct tarn_key_request *request, uint8_t key[TARN_KEY_LONGEST], size_t *size,
                                 struct tarn_error *error)
{
    struct hook *hook = ctx;
    const char *given = K16;
    ck_assert(tarn__text_equal(request->object, TARN_TEXT("secret")));
    if (hook->fails) {
        return tarn_error_set(error, TARN_TIMEOUT, "kms", "nobody answers");
    }
    if (request->column.size == 0) {
        hook->footer++;
        ck_assert_ptr_null(request->metadata.data);
    } else if (request->column.data[0] == 'a') {
        hook->a++;
        ck_assert_mem_eq(request->metadata.data, "ka", 2);
        given = C16;
    } else {
        hook->t++;
        ck_assert_mem_eq(request->metadata.data, "kt", 2);
        given = C32;
    }
    *size = strlen(given);
    memcpy(key, given, *size);
    return TARN_OK;
}

static enum tarn_status hook_prefix(void *ctx, struct tarn_text object, void *into, size_t room, size_t *size, struct tarn_error *error)
{
    static char prefix[1000];
    (void)object;
    (void)error;
    ((struct hook *)ctx)->prefix++;
    memset(prefix, 'p', sizeof(prefix));
    memcpy(into, prefix, room < sizeof(prefix) ? room : sizeof(prefix));
    *size = sizeof(prefix);
    return TARN_OK;
}

START_TEST(encrypted__asks_hooks_for_what_it_needs_and_once) /* P-CRYPT-10 */
{
    struct hook hook = {0};
    const struct tarn_key_hooks hooks = {sizeof(hooks), &hook, hook_key, NULL};
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_source *source;
    int64_t sum;
    options.keys = &hooks;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    write_plain(TARN_CODEC_ZSTD, false);
    encrypt(&modes[8]);
    ck_assert_ok(tarn_parquet_open(store, TARN_TEXT("secret"), NULL, &source, &err), &err);
    ck_assert_uint_eq(hook.footer, 1);
    ck_assert_uint_eq(hook.a + hook.t, 0);
    ck_assert_ok(read_column(source, "a", &sum), &err);
    ck_assert_ok(read_column(source, "a", &sum), &err);
    ck_assert_uint_eq(hook.a, 1);
    ck_assert_uint_eq(hook.t, 0);
    ck_assert_ok(read_column(source, "t", &sum), &err);
    ck_assert_uint_eq(hook.t, 1);
    tarn_source_close(source);
    hook.fails = true;
    ck_assert_status(tarn_parquet_open(store, TARN_TEXT("secret"), NULL, &source, &err), TARN_TIMEOUT);
    ck_assert_str_eq(err.detail, "kms");
    tarn__buffer_release(encrypted.bytes);
    close_store();
}
END_TEST

START_TEST(encrypted__asks_hooks_for_long_prefixes) /* P-CRYPT-10 */
{
    struct hook hook = {0};
    const struct tarn_key_hooks hooks = {sizeof(hooks), &hook, hook_key, hook_prefix};
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_source *source;
    options.keys = &hooks;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    write_plain(TARN_CODEC_ZSTD, false);
    encrypt(&modes[7]); /* its prefix is another */
    ck_assert_status(tarn_parquet_open(store, TARN_TEXT("secret"), NULL, &source, &err), TARN_AUTH);
    ck_assert_str_eq(err.detail, "key");
    ck_assert_uint_eq(hook.prefix, 2);
    tarn__buffer_release(encrypted.bytes);
    close_store();
}
END_TEST

/* ---- tampering ---- */

static void swap_bytes(uint8_t *a, uint8_t *b, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        const uint8_t byte = a[i];
        a[i] = b[i];
        b[i] = byte;
    }
}

/* Two modules of one size change places. */
static void swap_modules(const struct tarn_test_module *a, const struct tarn_test_module *b)
{
    ck_assert_uint_eq(a->size, b->size);
    swap_bytes(encrypted.bytes->data + a->offset, encrypted.bytes->data + b->offset, a->size);
}

static void check_refused(enum tarn_status expected, const char *detail, const char *what)
{
    struct tarn_text_builder rows;
    struct given given;
    tarn__builder_init(&rows, env);
    put("secret", tarn__buffer_span(encrypted.bytes));
    const enum tarn_status status = read_with("secret", give_all(&given, &modes[0]), &rows);
    ck_assert_msg(status == expected && strcmp(err.detail, detail) == 0, "%s: %s.%s %s", what, tarn_status_name(status), err.detail,
                  err.message);
    tarn__builder_free(&rows);
}

static const struct {
    const char *name;
    struct tarn_test_module one; /* by place */
    struct tarn_test_module other;
    bool with_header;
    const char *detail;
} swaps[] = {
    {"pages, whole", {.type = DATA, .page = 0}, {.type = DATA, .page = 1}, true, "module_moved"},
    {"pages, bodies", {.type = DATA, .page = 1}, {.type = DATA, .page = 2}, false, "module_moved"},
    {"columns, whole", {.type = DATA, .page = 1}, {.type = DATA, .column = 1, .page = 1}, true, "module_moved"},
    {"columns, bodies", {.type = DATA}, {.type = DATA, .column = 1}, false, "module_moved"},
    {"row groups", {.type = DATA, .page = 2}, {.type = DATA, .row_group = 1, .page = 2}, true, "module_moved"},
    {"pages of other columns", {.type = DATA, .page = 0}, {.type = DATA, .row_group = 1, .column = 1, .page = 2}, false, "module_tag"},
};

START_TEST(encrypted__sees_modules_that_changed_places) /* P-CRYPT-3, P-CRYPT-8 */
{
    open_store();
    write_plain(TARN_CODEC_UNCOMPRESSED, true);
    const struct tarn_test_encryption how = {.algorithm = PARQUET_AES_GCM_V1, .footer_key = K16};
    encrypt(&how);
    const struct tarn_test_module *one = &swaps[_i].one;
    const struct tarn_test_module *other = &swaps[_i].other;
    swap_modules(tarn_test_module(&encrypted, DATA, one->row_group, one->column, one->page),
                 tarn_test_module(&encrypted, DATA, other->row_group, other->column, other->page));
    if (swaps[_i].with_header) {
        swap_modules(tarn_test_module(&encrypted, DATA_HEADER, one->row_group, one->column, one->page),
                     tarn_test_module(&encrypted, DATA_HEADER, other->row_group, other->column, other->page));
    }
    check_refused(TARN_CORRUPT, swaps[_i].detail, swaps[_i].name);
    tarn__buffer_release(encrypted.bytes);
    close_store();
}
END_TEST

START_TEST(encrypted__sees_modules_that_were_cut) /* P-CRYPT-2 */
{
    static const uint8_t types[] = {DATA_HEADER, DATA, FOOTER};
    open_store();
    write_plain(TARN_CODEC_UNCOMPRESSED, true);
    encrypt(&modes[0]);
    for (size_t i = 0; i < sizeof(types); i++) {
        const struct tarn_test_module *module = tarn_test_module(&encrypted, types[i], 0, 0, 0);
        uint8_t *length = encrypted.bytes->data + module->offset;
        const uint32_t right = tarn__load32(length);
        for (uint32_t cut = 1; cut < 20; cut++) { /* the tag, or more */
            tarn__store32(length, right - cut);
            struct tarn_text_builder rows;
            struct given given;
            tarn__builder_init(&rows, env);
            put("secret", tarn__buffer_span(encrypted.bytes));
            const enum tarn_status status = read_with("secret", give_footer(&given, K16), &rows);
            ck_assert_int_eq(status, types[i] == FOOTER ? TARN_AUTH : TARN_CORRUPT);
            tarn__builder_free(&rows);
        }
        tarn__store32(length, UINT32_MAX);
        check_refused(TARN_CORRUPT, "module_length", "a length of 4 GiB");
        tarn__store32(length, 27);
        check_refused(TARN_CORRUPT, "module_length", "no room for a tag");
        tarn__store32(length, right);
    }
    tarn__buffer_release(encrypted.bytes);
    close_store();
}
END_TEST

/* A row group of each of a few modes, flipped and cut at every byte: an error, or the rows as they are. */
static const int flipped_modes[] = {0, 1, 4, 8, 9};

START_TEST(encrypted__is_never_silently_wrong) /* P-CRYPT-8 */
{
    struct tarn_text_builder right;
    struct tarn_text_builder rows;
    struct given given;
    unsigned harmless = 0;
    open_store();
    tarn__builder_init(&right, env);
    tarn__builder_init(&rows, env);
    write_plain(TARN_CODEC_ZSTD, false); /* with checksums, which is what CTR has */
    encrypt(&modes[flipped_modes[_i]]);
    const struct tarn_parquet_read_options *options = give_all(&given, &modes[flipped_modes[_i]]);
    ck_assert_ok(read_with("secret", options, &right), &err);
    for (size_t at = 0; at < encrypted.bytes->size; at++) {
        encrypted.bytes->data[at] ^= (uint8_t)(1 << at % 8);
        put("secret", tarn__buffer_span(encrypted.bytes));
        const enum tarn_status status = read_with("secret", options, &rows);
        if (status == TARN_OK) {
            ck_assert_msg(tarn__text_equal(tarn__builder_text(&rows), tarn__builder_text(&right)), "other rows after a flip at byte %zu",
                          at);
            harmless++;
        } else {
            ck_assert_msg(status != TARN_INTERNAL && status != TARN_IO && status != TARN_NOT_FOUND, "byte %zu: %s", at, err.message);
        }
        encrypted.bytes->data[at] ^= (uint8_t)(1 << at % 8);
    }
    for (size_t size = 0; size < encrypted.bytes->size; size += 3) {
        put("secret", (struct tarn_span){encrypted.bytes->data, size});
        ck_assert_msg(read_with("secret", options, &rows) != TARN_OK, "a file cut at byte %zu", size);
    }
    fprintf(stderr, "mode %d: %u of %zu flips are harmless\n", flipped_modes[_i], harmless, encrypted.bytes->size);
    ck_assert_uint_lt(harmless, encrypted.bytes->size / 2); /* indexes, which were not asked for, and what is in clear */
    tarn__buffer_release(encrypted.bytes);
    tarn__builder_free(&right);
    tarn__builder_free(&rows);
    close_store();
}
END_TEST

START_TEST(encrypted__verifies_plain_footers) /* P-CRYPT-6 */
{
    struct tarn_text_builder rows;
    struct given given;
    open_store();
    tarn__builder_init(&rows, env);
    write_plain(TARN_CODEC_ZSTD, false);
    encrypt(&modes[4]);
    uint8_t *bytes = encrypted.bytes->data;
    const size_t size = encrypted.bytes->size;
    const size_t begin = size - 8 - tarn__load32(bytes + size - 8);
    for (size_t at = begin; at < size - 8; at++) {
        bytes[at] ^= 0x10;
        put("secret", tarn__buffer_span(encrypted.bytes));
        struct tarn_source *source;
        const enum tarn_status status = tarn_parquet_open(store, TARN_TEXT("secret"), give_footer(&given, K32), &source, &err);
        ck_assert_msg(status != TARN_OK, "a footer changed at byte %zu", at - begin);
        if (at >= size - 8 - 28) {
            ck_assert_int_eq(status, TARN_AUTH);
            ck_assert_str_eq(err.detail, "footer_signature");
        }
        bytes[at] ^= 0x10;
    }
    tarn__buffer_release(encrypted.bytes);
    tarn__builder_free(&rows);
    close_store();
}
END_TEST

/* ---- key files ---- */

static enum tarn_status open_keys(const char *json, struct tarn_key_file **out)
{
    return tarn_key_file_open(env, tarn__text_of(json), out, &err);
}

static size_t ask(struct tarn_key_file *keys, const char *column, const char *metadata, uint8_t key[TARN_KEY_LONGEST])
{
    const struct tarn_key_hooks hooks = tarn_key_file_hooks(keys);
    const struct tarn_key_request request = {sizeof(request), TARN_TEXT("f"), tarn__text_of(column),
                                             metadata != NULL ? tarn__span_of_text(tarn__text_of(metadata)) : (struct tarn_span){NULL, 0}};
    size_t size = 99;
    ck_assert_ok(hooks.key(hooks.ctx, &request, key, &size, &err), &err);
    return size;
}

START_TEST(key_file__gives_keys_by_what_they_are_for) /* P-CRYPT-10 */
{
    struct tarn_key_file *keys;
    uint8_t key[TARN_KEY_LONGEST];
    char prefix[8];
    size_t size;
    env = tarn_test_env();
    ck_assert_ok(open_keys("{\"note\":[{}],\"keys\":{\"footer\":\"00112233\",\"k1\":\"aA\",\"col:x.y\":\"0102\",\"col:z\":\"0103\"},"
                           "\"aad_prefix\":\"pre\"}",
                           &keys),
                 &err);
    ck_assert_uint_eq(ask(keys, "", NULL, key), 4);
    ck_assert_mem_eq(key, "\x00\x11\x22\x33", 4);
    ck_assert_uint_eq(ask(keys, "", "k1", key), 1);
    ck_assert_uint_eq(key[0], 0xaa);
    ck_assert_uint_eq(ask(keys, "", "k2", key), 4);
    ck_assert_uint_eq(ask(keys, "x.y", NULL, key), 2);
    ck_assert_uint_eq(key[1], 2);
    ck_assert_uint_eq(ask(keys, "z", "k1", key), 1); /* the id is the more exact */
    ck_assert_uint_eq(ask(keys, "z", "", key), 2);
    ck_assert_uint_eq(ask(keys, "x", "k2", key), 0);
    const struct tarn_key_hooks hooks = tarn_key_file_hooks(keys);
    ck_assert_ok(hooks.aad_prefix(hooks.ctx, TARN_TEXT("f"), prefix, sizeof(prefix), &size, &err), &err);
    ck_assert_uint_eq(size, 3);
    ck_assert_mem_eq(prefix, "pre", 3);
    tarn_key_file_close(keys);
    ck_assert_ok(open_keys("{\"keys\":{\"a\":\"01\",\"a\":\"01\"},\"aad_prefix\":null}", &keys), &err);
    tarn_key_file_close(keys);
    ck_assert_ok(open_keys("{}", &keys), &err);
    ck_assert_uint_eq(ask(keys, "", "a", key), 0);
    tarn_key_file_close(keys);
    tarn_test_env_close(env);
}
END_TEST

static const char *const bad_key_files[] = {
    "",
    "[]",
    "{\"keys\":[]}",
    "{\"keys\":{\"footer\":12}}",
    "{\"keys\":{\"footer\":\"0\"}}",
    "{\"keys\":{\"footer\":\"0x\"}}",
    "{\"keys\":{\"footer\":\"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20\"}}",
    "{\"keys\":{\"a\":\"01\",\"a\":\"02\"}}",
    "{\"aad_prefix\":1}",
    "{\"master_keys\":{\"a\":\"zz\"}}",
    "{\"key_material\":\"x\"}",
    "{\"keys\":{\"footer\":\"00\"}",
};

START_TEST(key_file__refuses_what_is_none)
{
    struct tarn_key_file *keys;
    env = tarn_test_env();
    ck_assert_status(open_keys(bad_key_files[_i], &keys), TARN_INVALID);
    ck_assert_ptr_null(keys);
    tarn_test_env_close(env);
}
END_TEST

/* The material and the master keys of parquet-testing's external_key_material_java: the last wraps doubly. */
START_TEST(key_file__unwraps_key_material) /* P-CRYPT-11 */
{
    static const char json[] =
        "{\"master_keys\":{\"kf\":\"30313233343536373839303132333435\",\"bad\":\"0011\"},\"key_material\":{\"footerKey\":\"{"
        "\\\"kmsInstanceURL\\\":\\\"DEFAULT\\\",\\\"masterKeyID\\\":\\\"kf\\\",\\\"wrappedDEK\\\":"
        "\\\"FLQDczpR9upRCqUjtzac5N1PbdduFekfeklLxi4VwOLul7un1iBcdAsJAXc=\\\",\\\"keyEncryptionKeyID\\\":\\\"NFkiTmDXYzZMTb+O3b9nSA==\\\","
        "\\\"doubleWrapping\\\":true,\\\"isFooterKey\\\":true,\\\"keyMaterialType\\\":\\\"PKMT1\\\",\\\"wrappedKEK\\\":"
        "\\\"kWHNReXsULhmTplhvImESLFTXV91t5CyoqaEVYLk7k0jD8oeTDDJCUnIiCs=\\\"}\"}}";
    static const char reference[] = "{\"keyMaterialType\":\"PKMT1\",\"internalStorage\":false,\"keyReference\":\"footerKey\"}";
    static const char elsewhere[] = "{\"keyMaterialType\":\"PKMT1\",\"internalStorage\":false,\"keyReference\":\"other\"}";
    /* The key encryption key above, wrapped by kf, as if it were a data key. */
    static const char once[] = "{\"keyMaterialType\":\"PKMT1\",\"internalStorage\":true,\"masterKeyID\":\"kf\",\"doubleWrapping\":false,"
                               "\"wrappedDEK\":\"kWHNReXsULhmTplhvImESLFTXV91t5CyoqaEVYLk7k0jD8oeTDDJCUnIiCs=\"}";
    static const char changed[] = "{\"keyMaterialType\":\"PKMT1\",\"internalStorage\":true,\"masterKeyID\":\"kf\",\"doubleWrapping\":false,"
                                  "\"wrappedDEK\":\"lWHNReXsULhmTplhvImESLFTXV91t5CyoqaEVYLk7k0jD8oeTDDJCUnIiCs=\"}";
    static const char short_master[] = "{\"keyMaterialType\":\"PKMT1\",\"masterKeyID\":\"bad\",\"wrappedDEK\":\"\"}";
    static const char unknown[] = "{\"keyMaterialType\":\"PKMT1\",\"masterKeyID\":\"nobody\",\"wrappedDEK\":\"\"}";
    static const uint8_t expected[16] = {0x5e, 0x63, 0xad, 0xa1, 0x59, 0x3f, 0xab, 0x4a, 0xbb, 0x6a, 0xec, 0xbc, 0x6a, 0x82, 0xdd, 0x1a};
    struct tarn_key_file *keys;
    uint8_t key[TARN_KEY_LONGEST];
    size_t size;
    env = tarn_test_env();
    ck_assert_ok(open_keys(json, &keys), &err);
    ck_assert_uint_eq(ask(keys, "", reference, key), 16);
    ck_assert_mem_eq(key, expected, 16);
    ck_assert_uint_eq(ask(keys, "c", once, key), 16);
    ck_assert_uint_eq(ask(keys, "c", elsewhere, key), 0);
    ck_assert_uint_eq(ask(keys, "c", unknown, key), 0);
    ck_assert_uint_eq(ask(keys, "c", "{\"keyMaterialType\":", key), 0);
    ck_assert_uint_eq(ask(keys, "c", "kc1", key), 0);
    const struct tarn_key_hooks hooks = tarn_key_file_hooks(keys);
    struct tarn_key_request request = {sizeof(request), TARN_TEXT("f"), TARN_TEXT("c"), tarn__span_of_text(tarn__text_of(changed))};
    ck_assert_status(hooks.key(hooks.ctx, &request, key, &size, &err), TARN_AUTH);
    ck_assert_str_eq(err.detail, "master_key");
    request.metadata = tarn__span_of_text(tarn__text_of(short_master));
    ck_assert_status(hooks.key(hooks.ctx, &request, key, &size, &err), TARN_INVALID);
    ck_assert_str_eq(err.detail, "key_length");
    tarn_key_file_close(keys);
    tarn_test_env_close(env);
}
END_TEST

/* ---- what a file says of itself ---- */

static enum tarn_status count_page(void *arg, const struct tarn_parquet_page_info *page, struct tarn_error *error)
{
    (void)error;
    ck_assert_uint_gt(page->header_size, 28);
    ck_assert(!page->has_crc || page->crc_ok);
    ++*(unsigned *)arg;
    return TARN_OK;
}

START_TEST(encrypted__is_shown_with_and_without_keys) /* P-CRYPT-7 */
{
    struct hook hook = {0};
    const struct tarn_key_hooks hooks = {sizeof(hooks), &hook, hook_key, NULL};
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_parquet_metadata *metadata;
    struct tarn_parquet_chunk_info chunk;
    unsigned pages = 0;
    const bool keys = _i == 0;
    options.keys = keys ? &hooks : NULL;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    write_plain(TARN_CODEC_ZSTD, false);
    encrypt(&modes[keys ? 8 : 9]);
    ck_assert_ok(tarn_parquet_metadata_open(store, TARN_TEXT("secret"), &metadata, &err), &err);
    ck_assert_ok(tarn_parquet_chunk_info(metadata, 0, 0, &chunk, &err), &err);
    ck_assert(chunk.encrypted);
    ck_assert(chunk.has_key == keys);
    ck_assert_uint_eq(chunk.value_count, GROUP_ROWS);
    ck_assert(chunk.bounds.has_min == keys);
    const enum tarn_status status = tarn_parquet_pages(metadata, 0, 0, count_page, &pages, &err);
    if (keys) {
        ck_assert_int_eq(status, TARN_OK);
        ck_assert_uint_ge(pages, GROUP_ROWS / PAGE_ROWS);
    } else {
        ck_assert_int_eq(status, TARN_AUTH);
        ck_assert_str_eq(err.detail, "key_missing");
    }
    ck_assert_ok(tarn_parquet_chunk_info(metadata, 0, 1, &chunk, &err), &err);
    ck_assert(!chunk.encrypted);
    ck_assert_ok(tarn_parquet_chunk_info(metadata, 0, 2, &chunk, &err), &err);
    ck_assert(!chunk.bounds.has_min && !chunk.bounds.has_max); /* texts, in what was decrypted for the call */
    tarn_parquet_metadata_close(metadata);
    tarn__buffer_release(encrypted.bytes);
    close_store();
}
END_TEST

START_TEST(encrypted__hides_columns_that_it_has_no_key_for)
{
    static const struct tarn_test_column_key hidden[] = {{"b", C16, "kb"}};
    const struct tarn_test_encryption how = {.algorithm = PARQUET_AES_GCM_V1, .footer_key = K16, .column_count = 1, .columns = hidden};
    struct tarn_key_file *keys;
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_parquet_metadata *metadata;
    struct tarn_parquet_chunk_info chunk;
    struct tarn_parquet_row_group_info group;
    struct tarn_env *key_env = tarn_test_env();
    ck_assert_ok(tarn_key_file_open(key_env, TARN_TEXT("{\"keys\":{\"footer\":\"30313233343536373839303132333435\"}}"), &keys, &err), &err);
    const struct tarn_key_hooks given = tarn_key_file_hooks(keys);
    options.keys = &given;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    write_plain(TARN_CODEC_ZSTD, false);
    encrypt(&how);
    ck_assert_ok(tarn_parquet_metadata_open(store, TARN_TEXT("secret"), &metadata, &err), &err);
    ck_assert_ok(tarn_parquet_chunk_info(metadata, 1, 1, &chunk, &err), &err);
    ck_assert(chunk.encrypted && !chunk.has_key);
    ck_assert_uint_eq(chunk.value_count, 0); /* nothing is known */
    ck_assert(tarn__text_equal(chunk.path, TARN_TEXT("b")));
    ck_assert_ok(tarn_parquet_chunk_info(metadata, 1, 0, &chunk, &err), &err);
    ck_assert(!chunk.encrypted && chunk.has_key);
    ck_assert_ok(tarn_parquet_row_group_info(metadata, 0, &group, &err), &err);
    ck_assert_uint_eq(group.row_count, GROUP_ROWS);
    tarn_parquet_metadata_close(metadata);
    tarn__buffer_release(encrypted.bytes);
    close_store();
    tarn_key_file_close(keys);
    tarn_test_env_close(key_env);
}
END_TEST

/* ---- faults ---- */

static enum tarn_status read_faulty(void *ctx, struct tarn_fault *fault, struct tarn_env *faulty, struct tarn_error *error)
{
    const struct tarn_span *bytes = ctx;
    struct tarn_store *memory;
    struct tarn_source *source = NULL;
    struct given given;
    struct tarn_text_builder rows;
    tarn_fault_suspend(fault);
    ck_assert_ok(tarn_store_open(faulty, TARN_TEXT("memory:f"), true, &memory, error), error);
    ck_assert_ok(tarn_store_put(memory, TARN_TEXT("secret"), *bytes, TARN_PUT_OVERWRITE, TARN_ROLE_DATA, error), error);
    tarn_fault_resume(fault);
    tarn__builder_init(&rows, faulty);
    enum tarn_status status = tarn_parquet_open(memory, TARN_TEXT("secret"), give_all(&given, &modes[8]), &source, error);
    if (status == TARN_OK) {
        status = tarn_canonical_rows(source, 0, &rows, error);
    }
    tarn_source_close(source);
    tarn__builder_free(&rows);
    tarn_store_close(memory);
    return status;
}

START_TEST(encrypted__survives_every_failed_allocation)
{
    open_store();
    write_plain(TARN_CODEC_ZSTD, false);
    encrypt(&modes[8]);
    struct tarn_span bytes = tarn__buffer_span(encrypted.bytes);
    ck_assert_uint_gt(tarn_fault_sweep(read_faulty, &bytes, TARN_FAULT_ALL_ALLOC), 100);
    tarn__buffer_release(encrypted.bytes);
    close_store();
}
END_TEST

TARN_SUITE("reader/encrypted_parquet", TARN_LOOP_TEST(encrypted__reads_what_was_written, modes),
           TARN_LOOP_TIMES(encrypted__reads_levels_in_clear_and_encrypted, 4),
           TARN_LOOP_TEST(encrypted__tells_what_is_wrong_with_the_keys, refusals),
           TARN_LOOP_TEST(encrypted__reads_columns_without_the_keys_of_others, partly),
           TARN_TEST(encrypted__asks_hooks_for_what_it_needs_and_once), TARN_TEST(encrypted__asks_hooks_for_long_prefixes),
           TARN_LOOP_TEST(encrypted__sees_modules_that_changed_places, swaps), TARN_TEST(encrypted__sees_modules_that_were_cut),
           TARN_LOOP_TEST(encrypted__is_never_silently_wrong, flipped_modes), TARN_TEST(encrypted__verifies_plain_footers),
           TARN_TEST(key_file__gives_keys_by_what_they_are_for), TARN_LOOP_TEST(key_file__refuses_what_is_none, bad_key_files),
           TARN_TEST(key_file__unwraps_key_material), TARN_LOOP_TIMES(encrypted__is_shown_with_and_without_keys, 2),
           TARN_TEST(encrypted__hides_columns_that_it_has_no_key_for), TARN_TEST(encrypted__survives_every_failed_allocation))

#else

START_TEST(encrypted__is_named_where_it_is_missing)
{
    struct tarn_error err;
    struct tarn_key_file *keys;
    struct tarn_env *env = tarn_test_env();
    ck_assert_status(tarn_key_file_open(env, TARN_TEXT("{}"), &keys, &err), TARN_UNSUPPORTED);
    ck_assert_str_eq(err.detail, "encryption");
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("reader/encrypted_parquet", TARN_TEST(encrypted__is_named_where_it_is_missing))

#endif
