/* SPDX-License-Identifier: Apache-2.0
 * The variants of the conformance corpus: pairs of metadata and value as the text they hold, shredded files as the variants that their
 * writer says they are, type by type and byte by byte, and each field by its path as in the whole.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/batch/vector.h"
#include "format/variant/variant.h"
#include "format/variant/variant_text.h"
#include "tarn/reader.h"
#include "tests/support/expected_rows.h"
#include "tests/support/suite.h"

static struct tarn_error err;
static struct tarn_env *env;

static const char *corpus_or_say(void)
{
    const char *corpus = tarn_test_corpus();
    if (corpus == NULL) {
        fprintf(stderr, "not run: TARN_CORPUS is not set\n");
    }
    return corpus;
}

/* ---- pairs ---- */

static const struct {
    const char *name;
    const char *json;
} pairs[] = {
    {"array_empty", "[]"},
    {"array_nested",
     "[{\"id\":1,\"thing\":{\"names\":[\"Contrarian\",\"Spider\"]}},null,{\"id\":2,\"names\":[\"Apple\",\"Ray\",null],\"type\":\"if\"}]"},
    {"array_primitive", "[2,1,5,9]"},
    {"object_empty", "{}"},
    {"object_nested",
     "{\"id\":1,\"observation\":{\"location\":\"In the Volcano\",\"time\":\"12:34:56\",\"value\":{\"humidity\":456,\"temperature\":123}},"
     "\"species\":{\"name\":\"lava monster\",\"population\":6789}}"},
    {"object_primitive",
     "{\"boolean_false_field\":false,\"boolean_true_field\":true,\"double_field\":\"1.23456789\",\"int_field\":1,\"null_field\":null,"
     "\"string_field\":\"Apache Parquet\",\"timestamp_field\":\"2025-04-16T12:34:56.78\"}"},
    {"primitive_binary", "\"0x031337deadbeefcafe\""},
    {"primitive_boolean_false", "false"},
    {"primitive_boolean_true", "true"},
    {"primitive_date", "\"2025-04-16\""},
    {"primitive_decimal16", "\"12345678912345678.90\""},
    {"primitive_decimal4", "\"12.34\""},
    {"primitive_decimal8", "\"12345678.90\""},
    {"primitive_double", "1234567890.1234"},
    {"primitive_float", "1234567936.0"},
    {"primitive_int16", "1234"},
    {"primitive_int32", "123456"},
    {"primitive_int64", "1234567890123456789"},
    {"primitive_int8", "42"},
    {"primitive_null", "null"},
    {"primitive_string",
     "\"This string is longer than 64 bytes and therefore does not fit in a short_string and it also includes several non "
     "ascii characters such as \xf0\x9f\x90\xa2, \xf0\x9f\x92\x96, \xe2\x99\xa5\xef\xb8\x8f, \xf0\x9f\x8e\xa3 and "
     "\xf0\x9f\xa4\xa6!!\""},
    {"primitive_time", "\"12:33:54.123456\""},
    {"primitive_timestamp", "\"2025-04-16T16:34:56.780000Z\""},
    {"primitive_timestamp_nanos", "\"2024-11-07T12:33:54.123456789Z\""},
    {"primitive_timestampntz", "\"2025-04-16T12:34:56.780000\""},
    {"primitive_timestampntz_nanos", "\"2024-11-07T12:33:54.123456789\""},
    {"primitive_uuid", "\"f24f9b64-81fa-49d1-b74e-8c09a6e31c56\""},
    {"short_string", "\"Less than 64 bytes (\xe2\x9d\xa4\xef\xb8\x8f with utf8)\""},
};

static struct tarn_span read_part(const char *corpus, const char *name, const char *part)
{
    char path[600];
    size_t size = 0;
    snprintf(path, sizeof(path), "%s/parquet/parquet-testing/variant/%s.%s", corpus, name, part);
    char *bytes = tarn_test_read_whole(path, &size);
    ck_assert_msg(bytes != NULL, "%s is not there", path);
    return (struct tarn_span){(uint8_t *)bytes, size};
}

START_TEST(variant_corpus__pairs_of_metadata_and_value) /* P-VAR-2 */
{
    const char *corpus = corpus_or_say();
    struct tarn_variant_metadata names;
    struct tarn_variant value;
    struct tarn_text_builder text;
    if (corpus == NULL) {
        return;
    }
    env = tarn_test_env();
    const struct tarn_span metadata = read_part(corpus, pairs[_i].name, "metadata");
    const struct tarn_span bytes = read_part(corpus, pairs[_i].name, "value");
    ck_assert_ok(tarn__variant_metadata_read(env, metadata, &names, &err), &err);
    ck_assert_uint_eq(names.bytes.size, metadata.size);
    ck_assert_ok(tarn__variant_open(&names, bytes, &value, &err), &err);
    ck_assert_uint_eq(value.bytes.size, bytes.size);
    ck_assert_ok(tarn__variant_check(&value, 0, &err), &err);
    tarn__builder_init(&text, env);
    ck_assert(tarn__variant_text(&text, metadata, bytes, TARN_STYLE_JSON));
    ck_assert_msg(tarn__text_equal(tarn__builder_text(&text), tarn__text_of(pairs[_i].json)), "%.*s instead of %s",
                  TARN_TEXT_ARG(tarn__builder_text(&text)), pairs[_i].json);
    tarn__builder_free(&text);
    tarn__variant_metadata_free(env, &names);
    free((void *)(uintptr_t)metadata.data);
    free((void *)(uintptr_t)bytes.data);
    tarn_test_env_close(env);
}
END_TEST

/* ---- files ---- */

struct opened {
    struct tarn_store *store;
    struct tarn_source *source;
    struct tarn_scan *scan;
    struct tarn_cursor *cursor;
};

static void close_file(struct opened *file)
{
    tarn_cursor_close(file->cursor);
    tarn_scan_close(file->scan);
    tarn_source_close(file->source);
    tarn_store_close(file->store);
}

/* Up to two steps; the rows of the first task, all of them. */
static enum tarn_status open_path(const char *corpus, const char *path, const struct tarn_text *names, uint32_t depth, struct opened *file,
                                  struct tarn_vector **out)
{
    char folder[600];
    uint32_t rows;
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    struct tarn_path_step steps[2];
    const struct tarn_path to = {depth, steps};
    for (uint32_t i = 0; i < depth; i++) {
        steps[i] = (struct tarn_path_step){TARN_PATH_FIELD, names[i], -1};
    }
    request.path_count = 1;
    request.paths = &to;
    *file = (struct opened){NULL, NULL, NULL, NULL};
    snprintf(folder, sizeof(folder), "%s/parquet", corpus);
    TARN_RETURN_IF_ERROR(tarn_store_open(env, tarn__text_of(folder), false, &file->store, &err));
    TARN_RETURN_IF_ERROR(tarn_parquet_open(file->store, tarn__text_of(path), NULL, &file->source, &err));
    TARN_RETURN_IF_ERROR(tarn_source_scan(file->source, &request, &file->scan, &err));
    TARN_RETURN_IF_ERROR(tarn_scan_open(file->scan, 0, &file->cursor, &err));
    TARN_RETURN_IF_ERROR(tarn_cursor_next(file->cursor, 0, &rows, &err));
    return tarn_cursor_column(file->cursor, 0, NULL, out, &err);
}

static void open_row(const struct tarn_vector *vector, uint32_t row, struct tarn_variant_metadata *names, struct tarn_variant *value)
{
    const struct tarn__vector_place place = tarn__vector_locate(vector, row);
    const struct tarn_text metadata = tarn_vector_text(place.vector->children[0], place.row);
    const struct tarn_text bytes = tarn_vector_text(place.vector->children[1], place.row);
    ck_assert_ok(tarn__variant_metadata_read(env, tarn__span_of_text(metadata), names, &err), &err);
    ck_assert_ok(tarn__variant_open(names, tarn__span_of_text(bytes), value, &err), &err);
}

/* ---- shredded files, each variant of which lies beside as bytes ---- */

/* Type by type: what may differ is the order of names in the metadata, sizes of ids and offsets, and the form of a string. */
static bool is_same(const struct tarn_variant *a, const struct tarn_variant *b)
{
    if (a->type != b->type || a->scale != b->scale) {
        return false;
    }
    if (a->type != TARN_VARIANT_OBJECT && a->type != TARN_VARIANT_ARRAY) {
        return a->payload.size == b->payload.size && memcmp(a->payload.data, b->payload.data, a->payload.size) == 0;
    }
    bool same = a->count == b->count;
    for (uint32_t i = 0; same && i < a->count; i++) {
        struct tarn_variant one;
        struct tarn_variant two;
        uint32_t ids[2] = {0, 0};
        ck_assert_ok(tarn__variant_member(a, i, &one, &err), &err);
        ck_assert_ok(tarn__variant_member(b, i, &two, &err), &err);
        if (a->type == TARN_VARIANT_OBJECT) {
            ck_assert_ok(tarn__variant_field_id(a, i, &ids[0], &err), &err);
            ck_assert_ok(tarn__variant_field_id(b, i, &ids[1], &err), &err);
            same = tarn__text_equal(tarn__variant_name(a->metadata, ids[0]), tarn__variant_name(b->metadata, ids[1]));
        }
        same = same && is_same(&one, &two);
    }
    return same;
}

static bool is_one_of(int number, const int *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i] == number) {
            return true;
        }
    }
    return false;
}

static unsigned compare_case(const char *corpus, const char *name, const struct tarn_vector *vector)
{
    unsigned compared = 0;
    for (uint32_t row = 0; row < vector->length; row++) {
        struct tarn_variant_metadata names;
        struct tarn_variant_metadata expected_names;
        struct tarn_variant value;
        struct tarn_variant expected;
        char path[600];
        size_t size = 0;
        snprintf(path, sizeof(path), "%s/parquet/parquet-testing/shredded_variant/%s_row-%u.variant.bin", corpus, name, row);
        char *bytes = tarn_test_read_whole(path, &size);
        ck_assert_msg((bytes == NULL) == tarn_vector_is_null(vector, row), "%s: row %u", name, row);
        if (bytes == NULL) {
            continue;
        }
        const struct tarn_span both = {(uint8_t *)bytes, size};
        ck_assert_ok(tarn__variant_metadata_read(env, both, &expected_names, &err), &err);
        const size_t split = expected_names.bytes.size;
        ck_assert_ok(tarn__variant_open(&expected_names, (struct tarn_span){both.data + split, size - split}, &expected, &err), &err);
        open_row(vector, row, &names, &value);
        ck_assert_msg(is_same(&expected, &value), "%s: row %u is another variant", name, row);
        compared++;
        tarn__variant_metadata_free(env, &names);
        tarn__variant_metadata_free(env, &expected_names);
        free(bytes);
    }
    return compared;
}

START_TEST(variant_corpus__shredded_files_and_their_variants) /* P-VARCOL-2, P-VARCOL-3, P-VARCOL-4 */
{
    static const int refused[] = {40, 42, 87, 127, 128, 137};
    static const int either[] = {43, 125}; /* a field that is shredded and in value */
    static const struct tarn_text column = {"var", 3};
    const char *corpus = corpus_or_say();
    unsigned compared = 0;
    if (corpus == NULL) {
        return;
    }
    env = tarn_test_env();
    for (int number = 1; number <= 138; number++) {
        struct opened file;
        struct tarn_vector *vector;
        char name[40];
        char path[100];
        const bool invalid = number == 43 || number == 84 || number == 125;
        snprintf(name, sizeof(name), "case-%03d%s", number, invalid ? "-INVALID" : "");
        snprintf(path, sizeof(path), "parquet-testing/shredded_variant/%s.parquet", name);
        const enum tarn_status status = open_path(corpus, path, &column, 1, &file, &vector);
        if (status == TARN_NOT_FOUND) { /* a corpus may hold some of them */
            close_file(&file);
            continue;
        }
        if (is_one_of(number, refused, sizeof(refused) / sizeof(refused[0])) ||
            is_one_of(number, either, sizeof(either) / sizeof(either[0]))) {
            ck_assert_msg(status == TARN_CORRUPT, "%s: %s %s", name, tarn_status_name(status), err.message);
        } else {
            ck_assert_msg(status == TARN_OK, "%s: %s %s", name, tarn_status_name(status), err.message);
            compared += compare_case(corpus, name, vector);
        }
        close_file(&file);
    }
    fprintf(stderr, "%u shredded variants are the same as their bytes\n", compared);
    ck_assert_uint_gt(compared, 100);
    tarn_test_env_close(env);
}
END_TEST

/* ---- paths ---- */

enum { MOST_NAMES = 16 };

struct names {
    struct tarn_text names[MOST_NAMES];
    uint32_t count;
};

static void note_names(const struct tarn_vector *whole, struct names *out)
{
    for (uint32_t row = 0; row < whole->length; row++) {
        struct tarn_variant_metadata names;
        struct tarn_variant value;
        if (tarn_vector_is_null(whole, row)) {
            continue;
        }
        open_row(whole, row, &names, &value);
        for (uint32_t i = 0; value.type == TARN_VARIANT_OBJECT && i < value.count; i++) {
            uint32_t id;
            bool known = false;
            ck_assert_ok(tarn__variant_field_id(&value, i, &id, &err), &err);
            const struct tarn_text name = tarn__variant_name(&names, id);
            for (uint32_t k = 0; k < out->count; k++) {
                known = known || tarn__text_equal(out->names[k], name);
            }
            if (!known && out->count < MOST_NAMES) {
                out->names[out->count++] = name;
            }
        }
        tarn__variant_metadata_free(env, &names);
    }
}

static void compare_field(const char *path, const struct tarn_vector *whole, struct tarn_text name, const struct tarn_vector *part)
{
    ck_assert_uint_eq(whole->length, part->length);
    for (uint32_t row = 0; row < whole->length; row++) {
        struct tarn_variant_metadata names = {.count = 0};
        struct tarn_variant_metadata part_names;
        struct tarn_variant value;
        struct tarn_variant field;
        struct tarn_variant part_value;
        bool found = false;
        if (!tarn_vector_is_null(whole, row)) {
            open_row(whole, row, &names, &value);
            ck_assert_ok(tarn__variant_field(&value, name, &found, &field, &err), &err);
        }
        ck_assert_msg(found != tarn_vector_is_null(part, row), "%s: %.*s of row %u", path, TARN_TEXT_ARG(name), row);
        if (found) {
            open_row(part, row, &part_names, &part_value);
            ck_assert_msg(is_same(&field, &part_value), "%s: %.*s of row %u", path, TARN_TEXT_ARG(name), row);
            tarn__variant_metadata_free(env, &part_names);
        }
        tarn__variant_metadata_free(env, &names);
    }
}

/* Each field of the objects in each VARIANT column of a file. */
static unsigned compare_paths(const char *corpus, const char *path)
{
    struct opened file;
    struct tarn_vector *whole;
    unsigned compared = 0;
    const struct tarn_text columns[] = {{"var", 3}, {"v", 1}, {"PAYLOAD", 7}};
    for (unsigned c = 0; c < sizeof(columns) / sizeof(columns[0]); c++) {
        struct names names = {.count = 0};
        const enum tarn_status status = open_path(corpus, path, &columns[c], 1, &file, &whole);
        if (status == TARN_OK && whole->type->id == TARN_TYPE_VARIANT) {
            note_names(whole, &names);
            for (uint32_t i = 0; i < names.count; i++) {
                const struct tarn_text steps[2] = {columns[c], names.names[i]};
                struct opened again;
                struct tarn_vector *part;
                ck_assert_ok(open_path(corpus, path, steps, 2, &again, &part), &err);
                compare_field(path, whole, names.names[i], part);
                close_file(&again);
                compared++;
            }
        }
        close_file(&file);
    }
    return compared;
}

START_TEST(variant_corpus__fields_by_path_are_those_of_the_whole) /* P-VARCOL-7 */
{
    const char *corpus = corpus_or_say();
    char path[600];
    size_t size = 0;
    unsigned compared = 0;
    if (corpus == NULL) {
        return;
    }
    env = tarn_test_env();
    snprintf(path, sizeof(path), "%s/parquet/expected/index.jsonl", corpus);
    char *index = tarn_test_read_whole(path, &size);
    ck_assert_ptr_nonnull(index);
    for (char *line = strtok(index, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        const char *begin = strstr(line, "\"path\": \"");
        if (begin != NULL && strstr(line, "\"variant.rows.jsonl\"") != NULL) {
            begin += strlen("\"path\": \"");
            snprintf(path, sizeof(path), "%.*s", (int)strcspn(begin, "\""), begin);
            compared += compare_paths(corpus, path);
        }
    }
    fprintf(stderr, "%u fields read by their paths are those of the whole\n", compared);
    ck_assert_uint_gt(compared, 40);
    free(index);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("reader/variant_corpus", TARN_LOOP_TEST(variant_corpus__pairs_of_metadata_and_value, pairs),
           TARN_TEST(variant_corpus__shredded_files_and_their_variants), TARN_TEST(variant_corpus__fields_by_path_are_those_of_the_whole))
