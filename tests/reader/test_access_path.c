/* SPDX-License-Identifier: Apache-2.0
 * Paths into lists, maps and structs: the list of just the member that was asked for, and no other leaf read.
 */
#include "tarn/reader.h"
#include "tests/support/parquet_bytes.h"
#include "tests/support/suite.h"

#define NAME(literal)                                                                                                                      \
    {                                                                                                                                      \
        literal, sizeof(literal) - 1                                                                                                       \
    }
#define GROUP(its_name, its_repetition, children)                                                                                          \
    .name = NAME(its_name), .has_repetition_type = true, .repetition_type = (its_repetition), .has_num_children = true,                    \
    .num_children = (children)
#define LEAF(its_name, its_repetition)                                                                                                     \
    .name = NAME(its_name), .has_type = true, .type = PARQUET_INT32, .has_repetition_type = true, .repetition_type = (its_repetition)
#define CONVERTED(kind) .has_converted_type = true, .converted_type = (kind)

/* l: a list of structs, m: a map, s: a struct that may be null around a list that may not. */
static const struct parquet_schema_element elements[] = {
    {.name = NAME("schema"), .has_num_children = true, .num_children = 3},
    {GROUP("l", PARQUET_OPTIONAL, 1), CONVERTED(PARQUET_CONVERTED_LIST)},
    {GROUP("list", PARQUET_REPEATED, 1)},
    {GROUP("element", PARQUET_OPTIONAL, 2)},
    {LEAF("a", PARQUET_OPTIONAL), .has_field_id = true, .field_id = 5},
    {LEAF("b", PARQUET_REQUIRED), .has_field_id = true, .field_id = 6},
    {GROUP("m", PARQUET_OPTIONAL, 1), CONVERTED(PARQUET_CONVERTED_MAP)},
    {GROUP("key_value", PARQUET_REPEATED, 2)},
    {LEAF("key", PARQUET_REQUIRED)},
    {LEAF("value", PARQUET_OPTIONAL)},
    {GROUP("s", PARQUET_OPTIONAL, 1)},
    {GROUP("x", PARQUET_REQUIRED, 1), CONVERTED(PARQUET_CONVERTED_LIST)},
    {GROUP("list", PARQUET_REPEATED, 1)},
    {LEAF("element", PARQUET_REQUIRED)},
};

/* Row 0: l = [{1, 2}, null, {null, 3}], m = {7: 8}, s = {[9]}; row 1: all null; row 2: all empty. */
static const struct {
    unsigned max_definition;
    unsigned count;
    uint8_t definition[5];
    uint8_t repetition[5];
    uint8_t values[8];
    unsigned bytes;
} leaves[] = {
    {4, 5, {4, 2, 3, 0, 1}, {0, 1, 1, 0, 0}, {1, 0, 0, 0}, 4},
    {3, 5, {3, 2, 3, 0, 1}, {0, 1, 1, 0, 0}, {2, 0, 0, 0, 3, 0, 0, 0}, 8},
    {2, 3, {2, 0, 1}, {0, 0, 0}, {7, 0, 0, 0}, 4},
    {3, 3, {3, 0, 1}, {0, 0, 0}, {8, 0, 0, 0}, 4},
    {2, 3, {2, 0, 1}, {0, 0, 0}, {9, 0, 0, 0}, 4},
};
enum { LEAVES = sizeof(leaves) / sizeof(leaves[0]) };

static struct tarn_error err;
static struct tarn_env *env;
static struct tarn_store *store;

/* Up to eight levels as one bit-packed run. */
static struct tarn_span pack(uint8_t *room, unsigned max, unsigned count, const uint8_t *levels)
{
    const unsigned width = max > 3 ? 3 : max > 1 ? 2 : 1;
    uint32_t bits = 0;
    for (unsigned i = 0; i < count; i++) {
        bits |= (uint32_t)levels[i] << (i * width);
    }
    room[0] = 3; /* one group of eight */
    for (unsigned i = 0; i < width; i++) {
        room[1 + i] = (uint8_t)(bits >> (8 * i));
    }
    return (struct tarn_span){room, 1 + width};
}

static void put_file(void)
{
    static uint8_t rooms[LEAVES][2][4];
    struct tarn_test_page pages[LEAVES];
    struct tarn_test_chunk chunks[LEAVES];
    for (unsigned i = 0; i < LEAVES; i++) {
        pages[i] = (struct tarn_test_page){
            .type = PARQUET_DATA_PAGE_V2,
            .encoding = PARQUET_ENCODING_PLAIN,
            .values = (int32_t)leaves[i].count,
            .rows = 3,
            .definition = pack(rooms[i][0], leaves[i].max_definition, leaves[i].count, leaves[i].definition),
            .repetition = pack(rooms[i][1], 1, leaves[i].count, leaves[i].repetition),
            .body = {leaves[i].values, leaves[i].bytes},
            .crc = TARN_TEST_CRC,
        };
        chunks[i] = (struct tarn_test_chunk){.page_count = 1, .pages = &pages[i]};
    }
    const struct tarn_test_row_group group = {3, chunks};
    const struct tarn_test_parquet file = {
        .element_count = sizeof(elements) / sizeof(elements[0]), .elements = elements, .row_group_count = 1, .row_groups = &group};
    tarn_test_parquet_put(store, "f.parquet", &file);
}

#define FIELD(its_name)                                                                                                                    \
    {                                                                                                                                      \
        TARN_PATH_FIELD, NAME(its_name), -1                                                                                                \
    }
#define STEP(its_kind)                                                                                                                     \
    {                                                                                                                                      \
        (its_kind), {NULL, 0}, -1                                                                                                          \
    }

static const struct {
    const char *name;
    uint32_t depth;
    struct tarn_path_step steps[4];
    const char *type;
    const char *rows[3]; /* NULL: null */
} paths[] = {
    {"l", 1, {FIELD("l")}, "STRUCT(a INTEGER, b INTEGER NOT NULL)[]", {"[{'a': 1, 'b': 2}, NULL, {'a': NULL, 'b': 3}]", NULL, "[]"}},
    {"l.element",
     2,
     {FIELD("l"), STEP(TARN_PATH_ELEMENT)},
     "STRUCT(a INTEGER, b INTEGER NOT NULL)[]",
     {"[{'a': 1, 'b': 2}, NULL, {'a': NULL, 'b': 3}]", NULL, "[]"}},
    {"l.element.a", 3, {FIELD("l"), STEP(TARN_PATH_ELEMENT), FIELD("a")}, "INTEGER[]", {"[1, NULL, NULL]", NULL, "[]"}},
    {"l.element.b", 3, {FIELD("l"), STEP(TARN_PATH_ELEMENT), FIELD("b")}, "INTEGER[]", {"[2, NULL, 3]", NULL, "[]"}},
    {"l.element by id",
     3,
     {FIELD("l"), STEP(TARN_PATH_ELEMENT), {TARN_PATH_FIELD, {"?", 1}, 6}},
     "INTEGER[]",
     {"[2, NULL, 3]", NULL, "[]"}},
    {"m.key", 2, {FIELD("m"), STEP(TARN_PATH_KEY)}, "(INTEGER NOT NULL)[]", {"[7]", NULL, "[]"}},
    {"m.value", 2, {FIELD("m"), STEP(TARN_PATH_VALUE)}, "INTEGER[]", {"[8]", NULL, "[]"}},
    {"s.x", 2, {FIELD("s"), FIELD("x")}, "(INTEGER NOT NULL)[]", {"[9]", NULL, "[]"}},
    {"s.x.element", 3, {FIELD("s"), FIELD("x"), STEP(TARN_PATH_ELEMENT)}, "(INTEGER NOT NULL)[]", {"[9]", NULL, "[]"}},
};

START_TEST(access_path__gives_the_member_that_it_leads_to) /* P-PATH-1 P-PATH-2 P-PATH-3 */
{
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    const struct tarn_path path = {paths[_i].depth, paths[_i].steps};
    struct tarn_source *source;
    struct tarn_scan *scan;
    struct tarn_cursor *cursor;
    struct tarn_vector *vector;
    uint32_t rows;
    char text[200];
    env = tarn_test_env();
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    put_file();
    ck_assert_ok(tarn_parquet_open(store, TARN_TEXT("f.parquet"), NULL, &source, &err), &err);
    request.path_count = 1;
    request.paths = &path;
    ck_assert_ok(tarn_source_scan(source, &request, &scan, &err), &err);
    tarn_type_format(scan->types[0], text, sizeof(text));
    ck_assert_str_eq(text, paths[_i].type);
    ck_assert_ok(tarn_scan_open(scan, 0, &cursor, &err), &err);
    ck_assert_ok(tarn_cursor_next(cursor, 0, &rows, &err), &err);
    ck_assert_uint_eq(rows, 3);
    ck_assert_ok(tarn_cursor_column(cursor, 0, NULL, &vector, &err), &err);
    for (uint32_t row = 0; row < rows; row++) {
        ck_assert_msg(tarn_vector_is_null(vector, row) == (paths[_i].rows[row] == NULL), "%s: row %u", paths[_i].name, row);
        tarn_vector_format(env, vector, row, text, sizeof(text));
        ck_assert_str_eq(text, paths[_i].rows[row] != NULL ? paths[_i].rows[row] : "");
    }
    tarn_cursor_close(cursor);
    tarn_scan_close(scan);
    tarn_source_close(source);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(access_path__reads_no_other_leaf) /* P-PATH-4 */
{
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    struct tarn_scan_stats stats = {.size = sizeof(stats)};
    const struct tarn_path path = {3, paths[2].steps};
    struct tarn_source *source;
    struct tarn_scan *scan;
    struct tarn_cursor *cursor;
    env = tarn_test_env();
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    put_file();
    ck_assert_ok(tarn_parquet_open(store, TARN_TEXT("f.parquet"), NULL, &source, &err), &err);
    request.path_count = 1;
    request.paths = &path;
    ck_assert_ok(tarn_source_scan(source, &request, &scan, &err), &err);
    ck_assert_ok(tarn_scan_open(scan, 0, &cursor, &err), &err);
    tarn_scan_stats(scan, &stats);
    ck_assert_uint_eq(stats.requests, 1);
    ck_assert_uint_gt(stats.bytes_read, 0);
    ck_assert_uint_lt(stats.bytes_read, 80); /* the header and 15 bytes of one page */
    tarn_cursor_close(cursor);
    tarn_scan_close(scan);
    tarn_source_close(source);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

static const struct {
    uint32_t depth;
    struct tarn_path_step steps[3];
    enum tarn_status status;
} wrong[] = {
    {2, {FIELD("l"), STEP(TARN_PATH_KEY)}, TARN_NOT_FOUND},
    {2, {FIELD("m"), STEP(TARN_PATH_ELEMENT)}, TARN_NOT_FOUND},
    {2, {FIELD("s"), STEP(TARN_PATH_VALUE)}, TARN_NOT_FOUND},
    {3, {FIELD("l"), STEP(TARN_PATH_ELEMENT), FIELD("c")}, TARN_NOT_FOUND},
    {1, {FIELD("z")}, TARN_NOT_FOUND},
    {1, {STEP(TARN_PATH_ELEMENT)}, TARN_INVALID},
    {0, {FIELD("l")}, TARN_INVALID},
};

START_TEST(access_path__refuses_steps_that_lead_nowhere) /* P-PATH-1 */
{
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    const struct tarn_path path = {wrong[_i].depth, wrong[_i].steps};
    struct tarn_source *source;
    struct tarn_scan *scan;
    env = tarn_test_env();
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    put_file();
    ck_assert_ok(tarn_parquet_open(store, TARN_TEXT("f.parquet"), NULL, &source, &err), &err);
    request.path_count = 1;
    request.paths = &path;
    ck_assert_status(tarn_source_scan(source, &request, &scan, &err), wrong[_i].status);
    ck_assert_ptr_null(scan);
    tarn_source_close(source);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

TARN_SUITE("reader/access_path", TARN_LOOP_TEST(access_path__gives_the_member_that_it_leads_to, paths),
           TARN_TEST(access_path__reads_no_other_leaf), TARN_LOOP_TEST(access_path__refuses_steps_that_lead_nowhere, wrong))
