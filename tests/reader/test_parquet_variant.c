/* SPDX-License-Identifier: Apache-2.0
 * VARIANT columns in files whose pages are written out by hand: shredded and not, in lists, and paths into them.
 */
#include "format/base/utf8.h"
#include "tarn/reader.h"
#include "tests/support/canonical.h"
#include "tests/support/fault.h"
#include "tests/support/parquet_bytes.h"

static struct tarn_error err;

#define NAME(literal)                                                                                                                      \
    {                                                                                                                                      \
        literal, sizeof(literal) - 1                                                                                                       \
    }
#define ROOT(children)                                                                                                                     \
    {                                                                                                                                      \
        .name = NAME("schema"), .has_num_children = true, .num_children = (children)                                                       \
    }
#define GROUP(its_name, repetition, children)                                                                                              \
    {                                                                                                                                      \
        .name = NAME(its_name), .has_repetition_type = true, .repetition_type = PARQUET_##repetition, .has_num_children = true,            \
        .num_children = (children)                                                                                                         \
    }
#define LOGICAL(its_name, repetition, children, logical)                                                                                   \
    {                                                                                                                                      \
        .name = NAME(its_name), .has_repetition_type = true, .repetition_type = PARQUET_##repetition, .has_num_children = true,            \
        .num_children = (children), .has_logical_type = true, .logical_type = {                                                            \
            .id = PARQUET_LOGICAL_##logical                                                                                                \
        }                                                                                                                                  \
    }
#define LEAF(its_name, its_type, repetition)                                                                                               \
    {                                                                                                                                      \
        .name = NAME(its_name), .has_type = true, .type = PARQUET_##its_type, .has_repetition_type = true,                                 \
        .repetition_type = PARQUET_##repetition                                                                                            \
    }

enum { MOST_BYTES = 256, MOST_LEAVES = 8 };

/* A leaf: its levels, a digit each, and the bytes of its values; hex, for BYTE_ARRAY with a comma before each next. */
struct leaf {
    const char *definition;
    const char *repetition; /* NULL: none */
    const char *values;     /* "": no values */
    bool numbers;           /* INT32 */
};

struct bytes {
    uint8_t data[MOST_BYTES];
    size_t size;
};

/* Levels of at most two bits as runs of one value each: RLE without any packing. */
static struct tarn_span put_levels(struct bytes *out, const char *levels)
{
    out->size = 0;
    for (; levels != NULL && *levels != '\0'; levels++) {
        out->data[out->size++] = 2; /* one value */
        out->data[out->size++] = (uint8_t)(*levels - '0');
    }
    return (struct tarn_span){out->data, out->size};
}

static size_t put_hex(uint8_t *out, const char **hex)
{
    size_t size = 0;
    for (; **hex != '\0' && **hex != ','; ++*hex) {
        if (**hex != ' ') {
            out[size++] = (uint8_t)(tarn__hex_value((*hex)[0]) << 4 | tarn__hex_value((*hex)[1]));
            ++*hex;
        }
    }
    return size;
}

static struct tarn_span put_values(struct bytes *out, const struct leaf *leaf)
{
    const char *at = leaf->values;
    out->size = 0;
    while (*at != '\0') {
        const size_t head = leaf->numbers ? 0 : 4;
        const size_t size = put_hex(out->data + out->size + head, &at);
        if (!leaf->numbers) {
            tarn__store32(out->data + out->size, (uint32_t)size);
        }
        out->size += head + size;
        at += *at == ',';
    }
    return (struct tarn_span){out->data, out->size};
}

static void put_file(struct tarn_store *store, uint32_t element_count, const struct parquet_schema_element *elements, int64_t rows,
                     uint32_t leaf_count, const struct leaf *leaves)
{
    struct bytes definitions[MOST_LEAVES];
    struct bytes repetitions[MOST_LEAVES];
    struct bytes values[MOST_LEAVES];
    struct tarn_test_page pages[MOST_LEAVES];
    struct tarn_test_chunk chunks[MOST_LEAVES] = {{0}};
    for (uint32_t i = 0; i < leaf_count; i++) {
        pages[i] = (struct tarn_test_page){.type = PARQUET_DATA_PAGE,
                                           .encoding = PARQUET_ENCODING_PLAIN,
                                           .values = (int32_t)strlen(leaves[i].definition),
                                           .repetition = put_levels(&repetitions[i], leaves[i].repetition),
                                           .definition = put_levels(&definitions[i], leaves[i].definition),
                                           .body = put_values(&values[i], &leaves[i]),
                                           .crc = TARN_TEST_CRC};
        chunks[i] = (struct tarn_test_chunk){.page_count = 1, .pages = &pages[i]};
    }
    const struct tarn_test_row_group row_group = {.rows = rows, .chunks = chunks};
    const struct tarn_test_parquet file = {
        .element_count = element_count, .elements = elements, .row_group_count = 1, .row_groups = &row_group};
    tarn_test_parquet_put(store, "f.parquet", &file);
}

/* v: metadata, value, typed_value { b { value }, a { value, typed_value INTEGER } } */
static const struct parquet_schema_element shredded[] = {
    ROOT(1),
    LOGICAL("v", OPTIONAL, 3, VARIANT),
    LEAF("metadata", BYTE_ARRAY, REQUIRED),
    LEAF("value", BYTE_ARRAY, OPTIONAL),
    GROUP("typed_value", OPTIONAL, 2),
    GROUP("b", REQUIRED, 1),
    LEAF("value", BYTE_ARRAY, OPTIONAL),
    GROUP("a", REQUIRED, 2),
    LEAF("value", BYTE_ARRAY, OPTIONAL),
    LEAF("typed_value", INT32, OPTIONAL),
};

/* {"a":1,"b":{"d":true},"c":"x"}; null; 5; {"a":null}; {"a":[false]}: c is in value, a[] and d in the values of their groups. */
#define ABCD "11 04 00 01 02 03 04 61 62 63 64"
static const struct leaf shredded_leaves[] = {
    {.definition = "10111", .values = ABCD "," ABCD "," ABCD "," ABCD},
    {.definition = "20211", .values = "02 01 02 00 02 05 78, 0c 05"},
    {.definition = "30122", .values = "02 01 03 00 01 04"},
    {.definition = "20133", .values = "00, 03 01 00 01 08"},
    {.definition = "30122", .values = "01000000", .numbers = true},
};

/* l: list of variants that are not shredded: [{"c":1}, null]; null; []; [7, {"c":null}] */
static const struct parquet_schema_element listed[] = {
    ROOT(1),
    LOGICAL("l", OPTIONAL, 1, LIST),
    GROUP("list", REPEATED, 1),
    LOGICAL("element", OPTIONAL, 2, VARIANT),
    LEAF("metadata", BYTE_ARRAY, REQUIRED),
    LEAF("value", BYTE_ARRAY, REQUIRED),
};
static const struct leaf listed_leaves[] = {
    {.definition = "320133", .repetition = "010001", .values = "01 01 00 01 63, 01 00 00, 01 01 00 01 63"},
    {.definition = "320133", .repetition = "010001", .values = "02 01 00 00 02 0c 01, 0c 07, 02 01 00 00 01 00"},
};

#define PUT_SHREDDED(store) put_file(store, 10, shredded, 5, 5, shredded_leaves)
#define PUT_LISTED(store) put_file(store, 6, listed, 4, 2, listed_leaves)

static void expect_text(struct tarn_text got, const char *expected)
{
    ck_assert_msg(tarn__text_equal(got, tarn__text_of(expected)), "%.*s instead of %s", TARN_TEXT_ARG(got), expected);
}

START_TEST(parquet_variant__reads_whole_columns) /* P-VARCOL-1, P-VARCOL-3 */
{
    static const char *const expected[] = {
        "{\"v\":{\"a\":1,\"b\":{\"d\":true},\"c\":\"x\"}}\n{\"v\":null}\n{\"v\":5}\n{\"v\":{\"a\":null}}\n{\"v\":{\"a\":[false]}}\n",
        "{\"l\":[{\"c\":1},null]}\n{\"l\":null}\n{\"l\":[]}\n{\"l\":[7,{\"c\":null}]}\n"};
    struct tarn_env *env = tarn_test_env();
    struct tarn_store *store;
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    for (unsigned i = 0; i < 2; i++) {
        if (i == 0) {
            PUT_SHREDDED(store);
        } else {
            PUT_LISTED(store);
        }
        for (uint32_t batch_rows = 1; batch_rows < 7; batch_rows++) {
            struct tarn_source *source;
            struct tarn_text_builder text;
            tarn__builder_init(&text, env);
            ck_assert_ok(tarn_parquet_open(store, TARN_TEXT("f.parquet"), NULL, &source, &err), &err);
            ck_assert_ok(tarn_canonical_rows(source, batch_rows, &text, &err), &err);
            expect_text(tarn__builder_text(&text), expected[i]);
            tarn__builder_free(&text);
            tarn_source_close(source);
        }
    }
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

/* Paths by names with dots between, an empty one for the elements of a list, "!" for the type that was shredded to; "~" is SQL's null in
 * what is expected, a semicolon ends a row.
 */
static const struct {
    const char *path;
    bool in_list;
    uint32_t leaves; /* that are read */
    const char *expected;
} paths[] = {
    {"v.a", false, 3, "1;~;~;null;[false];"},
    {"v.b", false, 2, "{\"d\":true};~;~;~;~;"},
    {"v.b.d", false, 2, "true;~;~;~;~;"},
    {"v.b.e", false, 2, "~;~;~;~;~;"},
    {"v.c", false, 2, "\"x\";~;~;~;~;"},
    {"v.c.d", false, 2, "~;~;~;~;~;"},
    {"v.a.d", false, 2, "~;~;~;~;~;"},
    {"v", false, 5, "{\"a\":1,\"b\":{\"d\":true},\"c\":\"x\"};~;5;{\"a\":null};{\"a\":[false]};"},
    {"v.a!", false, 1, "1;~;~;~;~;"},
    {"l..c", true, 2, "[1,null];~;[];[null,null];"},
    {"l..d", true, 2, "[null,null];~;[];[null,null];"},
};

static struct tarn_path path_of(const char *text, struct tarn_path_step *steps)
{
    uint32_t depth = 0;
    for (const char *at = text;; at++) {
        const size_t size = strcspn(at, ".!");
        steps[depth++] = (struct tarn_path_step){size == 0 ? TARN_PATH_ELEMENT : TARN_PATH_FIELD, {at, size}, -1};
        at += size;
        if (*at == '!') {
            steps[depth++] = (struct tarn_path_step){TARN_PATH_TYPED, {NULL, 0}, -1};
            at++;
        }
        if (*at == '\0') {
            return (struct tarn_path){depth, steps};
        }
    }
}

/* Rows of the one path of a scan, in windows; of each window those whose number is in `wanted` (a bit each). */
static enum tarn_status print_path(struct tarn_scan *scan, uint32_t batch_rows, unsigned wanted, struct tarn_text_builder *text,
                                   struct tarn_error *error)
{
    struct tarn_cursor *cursor;
    struct tarn_vector *vector;
    uint32_t first = 0;
    uint32_t rows = 0;
    TARN_RETURN_IF_ERROR(tarn_scan_open(scan, 0, &cursor, error));
    enum tarn_status status = tarn_cursor_next(cursor, batch_rows, &rows, error);
    while (status == TARN_OK && rows != 0) {
        const uint8_t mask[8] = {(uint8_t)(wanted >> first & ((1u << rows) - 1))};
        const struct tarn_selection selection = {
            .kind = TARN_SELECT_MASK, .rows = rows, .count = (uint32_t)__builtin_popcount(mask[0]), .u.mask = mask};
        status = tarn_cursor_column(cursor, 0, &selection, &vector, error);
        for (uint32_t i = 0; status == TARN_OK && i < vector->length; i++) {
            struct tarn_json_printer printer;
            tarn__json_printer_init(&printer, text);
            if (tarn_vector_is_null(vector, i)) {
                tarn__builder_add_char(text, '~');
            } else {
                tarn_canonical_value(&printer, vector, i);
            }
            tarn__builder_add_char(text, ';');
        }
        first += rows;
        status = status == TARN_OK ? tarn_cursor_next(cursor, batch_rows, &rows, error) : status;
    }
    tarn_cursor_close(cursor);
    return status;
}

static enum tarn_status read_path(struct tarn_store *store, const char *path, uint32_t batch_rows, unsigned wanted, uint64_t *pages,
                                  struct tarn_text_builder *text, struct tarn_error *error)
{
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    struct tarn_scan_stats stats = {.size = sizeof(stats)};
    struct tarn_path_step steps[TARN_MAX_DEPTH];
    const struct tarn_path steps_of_path = path_of(path, steps);
    struct tarn_source *source;
    struct tarn_scan *scan = NULL;
    request.path_count = 1;
    request.paths = &steps_of_path;
    enum tarn_status status = tarn_parquet_open(store, TARN_TEXT("f.parquet"), NULL, &source, error);
    status = status == TARN_OK ? tarn_source_scan(source, &request, &scan, error) : status;
    status = status == TARN_OK ? print_path(scan, batch_rows, wanted, text, error) : status;
    if (status == TARN_OK) {
        tarn_scan_stats(scan, &stats);
        *pages = stats.pages;
    }
    tarn_scan_close(scan);
    tarn_source_close(source);
    return status;
}

START_TEST(parquet_variant__reads_only_the_columns_of_a_path) /* P-VARCOL-7, P-VARCOL-8 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_store *store;
    struct tarn_text_builder text;
    uint64_t pages;
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    if (paths[_i].in_list) {
        PUT_LISTED(store);
    } else {
        PUT_SHREDDED(store);
    }
    tarn__builder_init(&text, env);
    for (uint32_t batch_rows = 1; batch_rows < 7; batch_rows++) {
        tarn__builder_clear(&text);
        ck_assert_ok(read_path(store, paths[_i].path, batch_rows, ~0u, &pages, &text, &err), &err);
        expect_text(tarn__builder_text(&text), paths[_i].expected);
        ck_assert_uint_eq(pages, paths[_i].leaves);
    }
    tarn__builder_free(&text);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(parquet_variant__reads_selected_rows_of_a_path) /* P-VARCOL-7 */
{
    static const char *const rows[] = {"1;", "~;", "~;", "null;", "[false];"};
    struct tarn_env *env = tarn_test_env();
    struct tarn_store *store;
    struct tarn_text_builder text;
    uint64_t pages;
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    PUT_SHREDDED(store);
    tarn__builder_init(&text, env);
    for (unsigned wanted = 1; wanted < 32; wanted++) {
        char expected[64] = "";
        for (unsigned i = 0; i < 5; i++) {
            strcat(expected, (wanted >> i & 1) != 0 ? rows[i] : "");
        }
        tarn__builder_clear(&text);
        ck_assert_ok(read_path(store, "v.a", 5, wanted, &pages, &text, &err), &err);
        expect_text(tarn__builder_text(&text), expected);
    }
    tarn__builder_free(&text);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(parquet_variant__refuses_paths_that_lead_nowhere) /* P-VARCOL-8 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_store *store;
    struct tarn_text_builder text;
    uint64_t pages;
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    PUT_SHREDDED(store);
    tarn__builder_init(&text, env);
    ck_assert_status(read_path(store, "v.", 5, 1, &pages, &text, &err), TARN_NOT_FOUND); /* elements */
    ck_assert_status(read_path(store, "v.a.", 5, 1, &pages, &text, &err), TARN_NOT_FOUND);
    ck_assert_status(read_path(store, "w.a", 5, 1, &pages, &text, &err), TARN_NOT_FOUND);
    ck_assert_status(read_path(store, "v!", 5, 1, &pages, &text, &err), TARN_INVALID); /* an object has no column */
    ck_assert_status(read_path(store, "v.b!", 5, 1, &pages, &text, &err), TARN_INVALID);
    ck_assert_status(read_path(store, "v.c!", 5, 1, &pages, &text, &err), TARN_INVALID);
    ck_assert_status(read_path(store, "v.a.x!", 5, 1, &pages, &text, &err), TARN_INVALID);
    tarn__builder_free(&text);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

/* What a row contradicts is told with its column; a schema that is none is told before anything is read. */
START_TEST(parquet_variant__names_the_column_that_is_wrong) /* P-VARCOL-1, P-VARCOL-4 */
{
    static const struct parquet_schema_element unsigned_values[] = {
        ROOT(2),
        LEAF("x", INT32, REQUIRED),
        LOGICAL("v", REQUIRED, 2, VARIANT),
        LEAF("metadata", BYTE_ARRAY, REQUIRED),
        {.name = NAME("typed_value"),
         .has_type = true,
         .type = PARQUET_INT32,
         .has_repetition_type = true,
         .repetition_type = PARQUET_OPTIONAL,
         .has_converted_type = true,
         .converted_type = PARQUET_CONVERTED_UINT_32},
    };
    static const struct leaf unsigned_leaves[] = {
        {.definition = "0", .values = "01000000", .numbers = true},
        {.definition = "0", .values = "01 00 00"},
        {.definition = "1", .values = "01000000", .numbers = true},
    };
    struct leaf leaves[5];
    struct tarn_env *env = tarn_test_env();
    struct tarn_store *store;
    struct tarn_text_builder text;
    uint64_t pages;
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    tarn__builder_init(&text, env);
    memcpy(leaves, shredded_leaves, sizeof(leaves));
    leaves[1].values = "02 01 00 00 02 0c 07, 0c 05"; /* a, which has a column of its own */
    put_file(store, 10, shredded, 5, 5, leaves);
    ck_assert_status(read_path(store, "v", 5, ~0u, &pages, &text, &err), TARN_CORRUPT);
    ck_assert_str_eq(err.detail, "variant_shredding");
    ck_assert_str_eq(err.column, "v");
    ck_assert_ok(read_path(store, "v.b", 5, ~0u, &pages, &text, &err), &err); /* value is not looked at */

    put_file(store, 5, unsigned_values, 1, 3, unsigned_leaves);
    ck_assert_status(read_path(store, "v", 5, ~0u, &pages, &text, &err), TARN_CORRUPT);
    ck_assert_str_eq(err.detail, "annotation");
    ck_assert_status(read_path(store, "v.a", 5, ~0u, &pages, &text, &err), TARN_CORRUPT);
    tarn__builder_free(&text);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

static enum tarn_status sweep(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *error)
{
    struct tarn_store *store;
    struct tarn_text_builder text;
    uint64_t pages;
    (void)ctx;
    tarn_fault_suspend(fault);
    ck_assert_ok(tarn_store_open(env, TARN_TEXT("memory:v"), true, &store, error), error);
    PUT_SHREDDED(store);
    tarn_fault_resume(fault);
    tarn__builder_init(&text, env);
    enum tarn_status status = read_path(store, "v", 5, 25, &pages, &text, error);
    status = status == TARN_OK ? read_path(store, "v.a", 5, 25, &pages, &text, error) : status;
    status = status == TARN_OK ? tarn__builder_status(&text, error) : status;
    tarn_fault_suspend(fault);
    if (status == TARN_OK) {
        expect_text(tarn__builder_text(&text), "{\"a\":1,\"b\":{\"d\":true},\"c\":\"x\"};{\"a\":null};{\"a\":[false]};1;null;[false];");
    }
    tarn__builder_free(&text);
    tarn_store_close(store);
    return status;
}

START_TEST(parquet_variant__survives_want_of_memory_and_failing_reads)
{
    tarn_fault_sweep(sweep, NULL, TARN_FAULT_ALL_ALLOC | TARN_FAULT_IO_ONCE | TARN_FAULT_IO_FOREVER);
}
END_TEST

TARN_SUITE("reader/parquet_variant", TARN_TEST(parquet_variant__reads_whole_columns),
           TARN_LOOP_TEST(parquet_variant__reads_only_the_columns_of_a_path, paths),
           TARN_TEST(parquet_variant__reads_selected_rows_of_a_path), TARN_TEST(parquet_variant__refuses_paths_that_lead_nowhere),
           TARN_TEST(parquet_variant__names_the_column_that_is_wrong),
           TARN_TEST(parquet_variant__survives_want_of_memory_and_failing_reads))
