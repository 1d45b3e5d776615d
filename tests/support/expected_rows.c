/* SPDX-License-Identifier: Apache-2.0
 * Expected rows of the corpus and their comparison.
 */
#include "tests/support/expected_rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#ifndef TARN_MINIMAL
#include <libdeflate.h>
#endif
#ifdef TARN_TEST_CRYPTO
#include <openssl/evp.h>
#endif

#include "format/base/number.h"
#include "format/batch/vector.h"
#include "format/json/json_pull.h"
#include "tests/support/canonical.h"
#include "tests/support/suite.h"

static struct tarn_error err_;

char *tarn_test_read_whole(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    char *bytes = NULL;
    size_t capacity = 0;
    *size = 0;
    for (size_t got = 1; got != 0; *size += got) {
        if (*size + 65537 > capacity) {
            capacity = capacity * 2 + 65537;
            bytes = realloc(bytes, capacity);
            ck_assert_ptr_nonnull(bytes);
        }
        got = fread(bytes + *size, 1, 65536, file);
    }
    fclose(file);
    bytes[*size] = '\0';
    return bytes;
}

char *tarn_test_read_expected(const char *base, const char *suffix, size_t *size)
{
    char path[1100];
    snprintf(path, sizeof(path), "%s%s", base, suffix);
    char *text = tarn_test_read_whole(path, size);
    if (text != NULL) {
        return text;
    }
#ifndef TARN_MINIMAL
    size_t packed_size;
    snprintf(path, sizeof(path), "%s%s.gz", base, suffix);
    char *packed = tarn_test_read_whole(path, &packed_size);
    if (packed == NULL) {
        return NULL;
    }
    *size = tarn__load32((const uint8_t *)packed + packed_size - 4);
    text = malloc(*size + 1);
    struct libdeflate_decompressor *decompressor = libdeflate_alloc_decompressor();
    ck_assert(libdeflate_gzip_decompress(decompressor, packed, packed_size, text, *size, NULL) == LIBDEFLATE_SUCCESS);
    libdeflate_free_decompressor(decompressor);
    free(packed);
#endif
    return text;
}

static bool same_number(struct tarn_text expected, struct tarn_text got)
{
    double one;
    double two;
    int64_t integer;
    if (tarn__text_equal(expected, got)) {
        return true;
    }
    if (tarn__int64_parse(expected, &integer) == TARN_PARSED && tarn__int64_parse(got, &integer) == TARN_PARSED) {
        return false;
    }
    return tarn__double_parse(expected, 0, &one) == TARN_PARSED && tarn__double_parse(got, 0, &two) == TARN_PARSED &&
           memcmp(&one, &two, sizeof(one)) == 0;
}

size_t tarn_test_compare_json(struct tarn_env *env, struct tarn_text expected, struct tarn_text got)
{
    struct tarn_json one;
    struct tarn_json two;
    enum tarn_json_event expected_event;
    enum tarn_json_event got_event;
    size_t differs = got.size;
    const struct tarn_json_pull_options options = {.env = env, .failure = TARN_INVALID, .many = true};
    tarn__json_open(&one, &options, expected);
    tarn__json_open(&two, &options, got);
    do {
        ck_assert_ok(tarn__json_next(&one, &expected_event, &err_), &err_);
        ck_assert_ok(tarn__json_next(&two, &got_event, &err_), &err_);
        const bool same = expected_event == got_event &&
                          (got_event == TARN_JSON_NUMBER                                 ? same_number(one.text, two.text)
                           : got_event == TARN_JSON_STRING || got_event == TARN_JSON_KEY ? tarn__text_equal(one.text, two.text)
                                                                                         : true);
        if (!same) {
            differs = two.offset < got.size ? two.offset : got.size - 1;
            break;
        }
    } while (expected_event != TARN_JSON_END);
    tarn__json_close(&one);
    tarn__json_close(&two);
    return differs;
}

/* ---- digests ---- */

struct column_digest {
    char name[256];
    int64_t nulls;
    char sha256[65];
};

/* Numbers as Python's json writes them, which is what digests were made of: 1e-05, 1e+16, 100.0. */
static size_t python_double(double value, char *out, size_t size)
{
    char digits[40];
    int precision = 0;
    do {
        snprintf(digits, sizeof(digits), "%.*e", precision, value);
    } while (strtod(digits, NULL) != value && ++precision < 17);
    const int exponent = atoi(strchr(digits, 'e') + 1);
    if (exponent >= -4 && exponent < 16) {
        return (size_t)snprintf(out, size, "%.*f", precision > exponent ? precision - exponent : 1, value);
    }
    return (size_t)snprintf(out, size, "%s", digits);
}

static void print_cell(struct tarn_text_builder *out, const struct tarn_vector *vector, uint32_t row)
{
    struct tarn_json_printer printer;
    const struct tarn__vector_place place = tarn__vector_locate(vector, row);
    const enum tarn_kind kind = tarn_type_kind(vector->type);
    tarn__json_printer_init(&printer, out);
    if (!place.is_null && (kind == TARN_KIND_F16 || kind == TARN_KIND_F32 || kind == TARN_KIND_F64)) {
        const double value = tarn__vector_value(place.vector, place.row).u.f64;
        if (isfinite(value)) {
            char text[400];
            tarn__builder_add(out, (struct tarn_text){text, python_double(value, text, sizeof(text))});
            tarn__builder_add_char(out, '\n');
            return;
        }
    }
    tarn_canonical_value(&printer, vector, row);
    tarn__builder_add_char(out, '\n');
}

static void sha256_of(struct tarn_text text, char *hex)
{
    hex[0] = '\0';
#ifdef TARN_TEST_CRYPTO
    unsigned char bytes[32];
    ck_assert_int_eq(EVP_Digest(text.data, text.size, bytes, NULL, EVP_sha256(), NULL), 1);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        snprintf(hex + i * 2, 3, "%02x", bytes[i]);
    }
#else
    (void)text;
#endif
}

/* The cells of one column of all tasks, one a line. */
static enum tarn_status column_cells(struct tarn_scan *scan, struct tarn_text_builder *out, int64_t *nulls, int64_t *rows,
                                     struct tarn_error *err)
{
    for (uint32_t task = 0; task < tarn_scan_task_count(scan); task++) {
        struct tarn_cursor *cursor;
        uint32_t count = 1;
        TARN_RETURN_IF_ERROR(tarn_scan_open(scan, task, &cursor, err));
        enum tarn_status status = TARN_OK;
        while (status == TARN_OK && count != 0) {
            struct tarn_vector *vector;
            status = tarn_cursor_next(cursor, 1000, &count, err);
            if (status == TARN_OK && count != 0) {
                status = tarn_cursor_column(cursor, 0, NULL, &vector, err);
            }
            for (uint32_t row = 0; status == TARN_OK && row < count; row++) {
                *nulls += tarn_vector_is_null(vector, row);
                *rows += 1;
                print_cell(out, vector, row);
            }
        }
        tarn_cursor_close(cursor);
        TARN_RETURN_IF_ERROR(status);
    }
    return TARN_OK;
}

static enum tarn_status compare_column(struct tarn_source *source, uint32_t column, const struct column_digest *expected, int64_t rows,
                                       char *why, size_t size, struct tarn_error *err)
{
    const struct tarn_field *field = &tarn_source_schema(source)->fields[column];
    const struct tarn_path_step step = {TARN_PATH_POSITION, field->name, (int32_t)column};
    const struct tarn_path path = {1, &step};
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    struct tarn_scan *scan;
    struct tarn_text_builder text;
    int64_t nulls = 0;
    int64_t got = 0;
    char sha256[65];

    request.path_count = 1;
    request.paths = &path;
    TARN_RETURN_IF_ERROR(tarn_source_scan(source, &request, &scan, err));
    tarn__builder_init(&text, source->env);
    const enum tarn_status status = column_cells(scan, &text, &nulls, &got, err);
    sha256_of(tarn__builder_text(&text), sha256);
    if (status == TARN_OK && (got != rows || nulls != expected->nulls || (sha256[0] != '\0' && strcmp(sha256, expected->sha256) != 0))) {
        snprintf(why, size, "column %s: %lld rows, %lld nulls, expected %lld, %lld and other values", expected->name, (long long)got,
                 (long long)nulls, (long long)rows, (long long)expected->nulls);
    }
    tarn__builder_free(&text);
    tarn_scan_close(scan);
    return status;
}

static void read_column(struct tarn_json *json, struct column_digest *out)
{
    bool more;
    bool is_null;
    struct tarn_text text;
    snprintf(out->name, sizeof(out->name), "%.*s", TARN_TEXT_ARG(json->text));
    ck_assert_ok(tarn__json_object(json, &is_null, &err_), &err_);
    for (;;) {
        ck_assert_ok(tarn__json_key(json, &more, &err_), &err_);
        if (!more) {
            return;
        }
        if (tarn__json_is(json, "nulls")) {
            ck_assert_ok(tarn__json_int64(json, &out->nulls, &is_null, &err_), &err_);
        } else if (tarn__json_is(json, "sha256")) {
            ck_assert_ok(tarn__json_string(json, &text, NULL, &err_), &err_);
            snprintf(out->sha256, sizeof(out->sha256), "%.*s", TARN_TEXT_ARG(text));
        } else {
            ck_assert_ok(tarn__json_skip(json, &err_), &err_);
        }
    }
}

enum tarn_status tarn_test_compare_digest(struct tarn_source *source, struct tarn_text digest, char *why, size_t size,
                                          struct tarn_error *err)
{
    const struct tarn_schema *schema = tarn_source_schema(source);
    const struct tarn_json_pull_options options = {.env = source->env, .failure = TARN_INVALID};
    struct tarn_json json;
    enum tarn_status status = TARN_OK;
    int64_t rows = -1;
    uint32_t column = 0;
    bool more = true;
    bool is_null;

    why[0] = '\0';
    tarn__json_open(&json, &options, digest);
    ck_assert_ok(tarn__json_object(&json, &is_null, &err_), &err_);
    for (;;) {
        ck_assert_ok(tarn__json_key(&json, &more, &err_), &err_);
        if (!more) {
            break;
        }
        if (tarn__json_is(&json, "rows")) {
            ck_assert_ok(tarn__json_int64(&json, &rows, &is_null, &err_), &err_);
            continue;
        }
        ck_assert_ok(tarn__json_object(&json, &is_null, &err_), &err_); /* "columns", behind "rows" */
        for (;;) {
            struct column_digest expected = {.nulls = -1};
            ck_assert_ok(tarn__json_key(&json, &more, &err_), &err_);
            if (!more) {
                break;
            }
            read_column(&json, &expected);
            if (status == TARN_OK && why[0] == '\0' && column < schema->field_count) {
                status = compare_column(source, column, &expected, rows, why, size, err);
            }
            column++;
        }
    }
    tarn__json_close(&json);
    if (status == TARN_OK && why[0] == '\0' && column != schema->field_count) {
        snprintf(why, size, "%u columns, expected %u", schema->field_count, column);
    }
    return status;
}
