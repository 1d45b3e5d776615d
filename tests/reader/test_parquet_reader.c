/* SPDX-License-Identifier: Apache-2.0
 * Reading files whose pages are written out byte by byte: both page versions, dictionaries wherever they stand, rows over page borders,
 * and damage.
 */
#include "tarn/reader.h"
#include "tests/support/canonical.h"
#include "tests/support/fault.h"
#include "tests/support/parquet_bytes.h"
#include "tests/support/suite.h"

#define SPAN(...)                                                                                                                          \
    {                                                                                                                                      \
        (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})                                                             \
    }
#define NAME(literal)                                                                                                                      \
    {                                                                                                                                      \
        literal, sizeof(literal) - 1                                                                                                       \
    }
#define COUNT(array) (uint32_t)(sizeof(array) / sizeof((array)[0]))

#define ROOT(children)                                                                                                                     \
    {                                                                                                                                      \
        .name = NAME("schema"), .has_num_children = true, .num_children = (children)                                                       \
    }
#define LEAF(its_name, its_type, its_repetition)                                                                                           \
    {                                                                                                                                      \
        .name = NAME(its_name), .has_type = true, .type = (its_type), .has_repetition_type = true, .repetition_type = (its_repetition)     \
    }
#define TEXT_LEAF(its_name, its_repetition)                                                                                                \
    {                                                                                                                                      \
        .name = NAME(its_name), .has_type = true, .type = PARQUET_BYTE_ARRAY, .has_repetition_type = true,                                 \
        .repetition_type = (its_repetition), .has_converted_type = true, .converted_type = PARQUET_CONVERTED_UTF8                          \
    }

#define PLAIN PARQUET_ENCODING_PLAIN
#define CODED PARQUET_ENCODING_RLE_DICTIONARY
#define V1(count, levels, bytes)                                                                                                           \
    {                                                                                                                                      \
        .type = PARQUET_DATA_PAGE, .encoding = PLAIN, .values = (count), .definition = levels, .body = bytes, .crc = TARN_TEST_CRC         \
    }
#define V2(count, levels, bytes)                                                                                                           \
    {                                                                                                                                      \
        .type = PARQUET_DATA_PAGE_V2, .encoding = PLAIN, .values = (count), .rows = (count), .definition = levels, .body = bytes,          \
        .crc = TARN_TEST_CRC                                                                                                               \
    }
#define CODES(count, levels, bytes)                                                                                                        \
    {                                                                                                                                      \
        .type = PARQUET_DATA_PAGE, .encoding = CODED, .values = (count), .definition = levels, .body = bytes, .crc = TARN_TEST_CRC         \
    }
#define ENTRIES(count, bytes)                                                                                                              \
    {                                                                                                                                      \
        .type = PARQUET_DICTIONARY_PAGE, .encoding = PLAIN, .values = (count), .body = bytes, .crc = TARN_TEST_CRC                         \
    }
#define NO_LEVELS                                                                                                                          \
    {                                                                                                                                      \
        NULL, 0                                                                                                                            \
    }

static struct tarn_error err;
static struct tarn_env *env;
static struct tarn_store *store;

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

static enum tarn_status read_rows(uint32_t batch_rows, struct tarn_text_builder *text)
{
    struct tarn_source *source;
    enum tarn_status status = tarn_parquet_open(store, TARN_TEXT("f.parquet"), NULL, &source, &err);
    if (status == TARN_OK) {
        status = tarn_canonical_rows(source, batch_rows, text, &err);
    }
    tarn_source_close(source);
    return status;
}

/* The rows in windows of every size from 1 to 9, and as one. `expected`: lines. */
static void check_rows(const struct tarn_test_parquet *file, const char *expected)
{
    open_store();
    tarn_test_parquet_put(store, "f.parquet", file);
    for (uint32_t batch_rows = 0; batch_rows < 10; batch_rows++) {
        struct tarn_text_builder text;
        tarn__builder_init(&text, env);
        ck_assert_ok(read_rows(batch_rows, &text), &err);
        const struct tarn_text got = tarn__builder_text(&text);
        ck_assert_msg(tarn__text_equal(got, tarn__text_of(expected)), "windows of %u rows: %.*s instead of %s", batch_rows,
                      TARN_TEXT_ARG(got), expected);
        tarn__builder_free(&text);
    }
    close_store();
}

static void check_corrupt(const struct tarn_test_parquet *file, const char *name, const char *detail)
{
    struct tarn_text_builder text;
    open_store();
    tarn_test_parquet_put(store, "f.parquet", file);
    tarn__builder_init(&text, env);
    const enum tarn_status status = read_rows(0, &text);
    ck_assert_msg(status == TARN_CORRUPT, "%s: %s %s", name, tarn_status_name(status), err.message);
    ck_assert_msg(strcmp(err.detail, detail) == 0, "%s: %s: %s", name, err.detail, err.message);
    ck_assert_str_eq(err.object, "f.parquet");
    tarn__builder_free(&text);
    close_store();
}

static const struct parquet_schema_element ints[] = {ROOT(1), LEAF("i", PARQUET_INT32, PARQUET_OPTIONAL)};
static const struct parquet_schema_element texts[] = {ROOT(1), TEXT_LEAF("t", PARQUET_OPTIONAL)};

#define FILE_OF(its_elements, its_rows, ...)                                                                                               \
    {                                                                                                                                      \
        .element_count = COUNT(its_elements), .elements = (its_elements), .row_group_count = 1,                                            \
        .row_groups = &(const struct tarn_test_row_group)                                                                                  \
        {                                                                                                                                  \
            .rows = (its_rows), .chunks = (const struct tarn_test_chunk[])                                                                 \
            {                                                                                                                              \
                __VA_ARGS__                                                                                                                \
            }                                                                                                                              \
        }                                                                                                                                  \
    }
#define CHUNK(its_pages)                                                                                                                   \
    {                                                                                                                                      \
        .page_count = COUNT(its_pages), .pages = (its_pages)                                                                               \
    }

struct opened {
    struct tarn_source *source;
    struct tarn_scan *scan;
    struct tarn_cursor *cursor;
};

static struct opened open_cursor(const char *column, uint32_t batch_rows, const struct tarn_expr *predicate)
{
    struct opened opened;
    const struct tarn_path_step steps[] = {{TARN_PATH_FIELD, tarn__text_of(column), -1}, {TARN_PATH_FIELD, TARN_TEXT(TARN_ROW_INDEX), -1}};
    const struct tarn_path paths[] = {{1, &steps[0]}, {1, &steps[1]}};
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    request.path_count = 2;
    request.paths = paths;
    request.batch_rows = batch_rows;
    request.predicate = predicate;
    ck_assert_ok(tarn_parquet_open(store, TARN_TEXT("f.parquet"), NULL, &opened.source, &err), &err);
    ck_assert_ok(tarn_source_scan(opened.source, &request, &opened.scan, &err), &err);
    opened.cursor = NULL;
    if (tarn_scan_task_count(opened.scan) != 0) {
        ck_assert_ok(tarn_scan_open(opened.scan, 0, &opened.cursor, &err), &err);
    }
    return opened;
}

static void close_cursor(struct opened opened)
{
    tarn_cursor_close(opened.cursor);
    tarn_scan_close(opened.scan);
    tarn_source_close(opened.source);
}

START_TEST(parquet_reader__reads_both_page_versions_with_nulls) /* P-COL-1 P-COL-2 */
{
    /* Levels: packed 1 0 1 1 0; values 1, 2, 3. Then a page of nulls, an empty one, and one of version 2. */
    const struct tarn_test_page pages[] = {
        V1(5, SPAN(0x03, 0x0d), SPAN(1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0)),
        V1(2, SPAN(0x04, 0x00), NO_LEVELS),
        V1(0, SPAN(0x00), NO_LEVELS),
        V2(2, SPAN(0x04, 0x01), SPAN(4, 0, 0, 0, 5, 0, 0, 0)),
    };
    const struct tarn_test_parquet file = FILE_OF(ints, 9, CHUNK(pages));
    check_rows(&file, "{\"i\":1}\n{\"i\":null}\n{\"i\":2}\n{\"i\":3}\n{\"i\":null}\n{\"i\":null}\n{\"i\":null}\n{\"i\":4}\n{\"i\":5}\n");
}
END_TEST

/* Entries "a", "longer than twelve"; codes of one bit. */
#define TWO_TEXTS                                                                                                                          \
    SPAN(1, 0, 0, 0, 'a', 18, 0, 0, 0, 'l', 'o', 'n', 'g', 'e', 'r', ' ', 't', 'h', 'a', 'n', ' ', 't', 'w', 'e', 'l', 'v', 'e')

START_TEST(parquet_reader__mixes_dictionary_and_plain_pages) /* P-COL-3 P-VAL-7 */
{
    const struct tarn_test_page pages[] = {
        ENTRIES(2, TWO_TEXTS),
        CODES(3, SPAN(0x03, 0x05), SPAN(1, 0x03, 0x01)), /* present, null, present; codes 1 0 */
        V1(3, SPAN(0x03, 0x06), SPAN(14, 0, 0, 0, 'p', 'l', 'a', 'i', 'n', ' ', 'a', 'n', 'd', ' ', 'l', 'o', 'n', 'g', 1, 0, 0, 0, 'p')),
        CODES(2, SPAN(0x04, 0x01), SPAN(1, 0x04, 0x01)),
    };
    const struct tarn_test_parquet file = FILE_OF(texts, 8, CHUNK(pages));
    check_rows(&file,
               "{\"t\":\"longer than twelve\"}\n{\"t\":null}\n{\"t\":\"a\"}\n{\"t\":null}\n{\"t\":\"plain and long\"}\n{\"t\":\"p\"}\n"
               "{\"t\":\"longer than twelve\"}\n{\"t\":\"longer than twelve\"}\n");
}
END_TEST

START_TEST(parquet_reader__makes_room_for_nulls_when_codes_become_views) /* P-COL-3 P-VAL-7 */
{
    /* 1 code, then 255 slots of which only the first has a value: the others need 16 bytes each too. */
    const struct tarn_test_page pages[] = {
        ENTRIES(2, TWO_TEXTS),
        CODES(1, SPAN(0x02, 0x01), SPAN(1, 0x02, 0x00)),
        V1(255, SPAN(0x02, 0x01, 0xfc, 0x03, 0x00), SPAN(1, 0, 0, 0, 'p')),
    };
    const struct tarn_test_parquet file = FILE_OF(texts, 256, CHUNK(pages));
    struct tarn_vector *vector;
    uint32_t rows;
    open_store();
    tarn_test_parquet_put(store, "f.parquet", &file);
    const struct opened opened = open_cursor("t", 0, NULL);
    ck_assert_ok(tarn_cursor_next(opened.cursor, 1000, &rows, &err), &err);
    ck_assert_ok(tarn_cursor_column(opened.cursor, 0, NULL, &vector, &err), &err);
    ck_assert_uint_eq(vector->length, 256);
    ck_assert_uint_eq(tarn_vector_null_count(vector), 254);
    ck_assert_uint_eq(tarn_vector_text(vector, 1).size, 1);
    ck_assert_uint_eq(vector->u.views[255].size, 0);
    close_cursor(opened);
    close_store();
}
END_TEST

START_TEST(parquet_reader__finds_a_dictionary_that_no_offset_names) /* P-COL-4 */
{
    const struct tarn_test_page pages[] = {
        ENTRIES(1, SPAN(7, 0, 0, 0)), CODES(2, SPAN(0x04, 0x01), SPAN(0, 0x04)), /* a width of 0 bits */
    };
    const struct tarn_test_chunk chunk = {.page_count = 2, .pages = pages, .no_dictionary_offset = true};
    const struct tarn_test_parquet file = FILE_OF(ints, 2, chunk);
    check_rows(&file, "{\"i\":7}\n{\"i\":7}\n");
}
END_TEST

START_TEST(parquet_reader__accepts_an_empty_dictionary_where_all_is_null) /* P-COL-4 */
{
    const struct tarn_test_page pages[] = {ENTRIES(0, NO_LEVELS), CODES(2, SPAN(0x04, 0x00), SPAN(0))};
    const struct tarn_test_parquet file = FILE_OF(texts, 2, CHUNK(pages));
    check_rows(&file, "{\"t\":null}\n{\"t\":null}\n");
}
END_TEST

START_TEST(parquet_reader__reads_booleans_as_bits_and_as_runs) /* P-VAL-8 P-VAL-9 */
{
    static const struct parquet_schema_element booleans[] = {ROOT(1), LEAF("b", PARQUET_BOOLEAN, PARQUET_OPTIONAL)};
    const struct tarn_test_page pages[] = {
        V1(4, SPAN(0x03, 0x0b), SPAN(0x05)), /* present present null present: 1 0 1 */
        {.type = PARQUET_DATA_PAGE,
         .encoding = PARQUET_ENCODING_RLE,
         .values = 3,
         .definition = SPAN(0x03, 0x05),
         .body = SPAN(2, 0, 0, 0, 0x03, 0x02)},
    };
    const struct tarn_test_parquet file = FILE_OF(booleans, 7, CHUNK(pages));
    check_rows(&file, "{\"b\":true}\n{\"b\":false}\n{\"b\":null}\n{\"b\":true}\n{\"b\":false}\n{\"b\":null}\n{\"b\":true}\n");
}
END_TEST

static const struct parquet_schema_element lists[] = {ROOT(1), LEAF("l", PARQUET_INT32, PARQUET_REPEATED)};

START_TEST(parquet_reader__joins_rows_that_pages_split) /* P-COL-5 */
{
    /* [1,2,3]; []; [4,5]: pages of version 1 may end anywhere. */
    const struct tarn_test_page pages[] = {
        {.type = PARQUET_DATA_PAGE,
         .values = 2,
         .repetition = SPAN(0x03, 0x02),
         .definition = SPAN(0x04, 0x01),
         .body = SPAN(1, 0, 0, 0, 2, 0, 0, 0)},
        {.type = PARQUET_DATA_PAGE,
         .values = 3,
         .repetition = SPAN(0x03, 0x01),
         .definition = SPAN(0x03, 0x05),
         .body = SPAN(3, 0, 0, 0, 4, 0, 0, 0)},
        {.type = PARQUET_DATA_PAGE, .values = 1, .repetition = SPAN(0x02, 0x01), .definition = SPAN(0x02, 0x01), .body = SPAN(5, 0, 0, 0)},
    };
    const struct tarn_test_parquet file = FILE_OF(lists, 3, CHUNK(pages));
    check_rows(&file, "{\"l\":[1,2,3]}\n{\"l\":[]}\n{\"l\":[4,5]}\n");
}
END_TEST

START_TEST(parquet_reader__passes_over_index_pages) /* P-COL-6 */
{
    const struct tarn_test_page pages[] = {
        {.type = PARQUET_INDEX_PAGE, .body = SPAN(1, 2, 3)},
        V2(1, SPAN(0x02, 0x01), SPAN(4, 0, 0, 0)),
    };
    const struct tarn_test_parquet file = FILE_OF(ints, 1, CHUNK(pages));
    check_rows(&file, "{\"i\":4}\n");
}
END_TEST

/* ---- shapes, selections, stats ---- */

START_TEST(parquet_reader__keeps_the_shape_that_pages_have) /* P-COL-3 */
{
    const struct tarn_test_page pages[] = {
        ENTRIES(2, TWO_TEXTS),
        CODES(4, SPAN(0x08, 0x01), SPAN(1, 0x03, 0x05)),
        V1(2, SPAN(0x04, 0x01), SPAN(1, 0, 0, 0, 'p', 1, 0, 0, 0, 'q')),
    };
    const struct tarn_test_parquet file = FILE_OF(texts, 6, CHUNK(pages));
    uint32_t rows;
    struct tarn_vector *first;
    struct tarn_vector *vector;

    open_store();
    tarn_test_parquet_put(store, "f.parquet", &file);
    const struct opened opened = open_cursor("t", 2, NULL);
    ck_assert_ok(tarn_cursor_next(opened.cursor, 2, &rows, &err), &err);
    ck_assert_ok(tarn_cursor_column(opened.cursor, 0, NULL, &first, &err), &err);
    ck_assert_int_eq(first->shape, TARN_SHAPE_DICTIONARY);
    tarn_vector_retain(first);
    ck_assert_ok(tarn_cursor_next(opened.cursor, 2, &rows, &err), &err);
    ck_assert_ok(tarn_cursor_column(opened.cursor, 0, NULL, &vector, &err), &err);
    ck_assert_int_eq(vector->shape, TARN_SHAPE_DICTIONARY);
    ck_assert_uint_eq(vector->dictionary->id, first->dictionary->id); /* one dictionary a column chunk */
    ck_assert_ptr_ne(vector->u.codes, first->u.codes);                /* what was kept is not written again */
    ck_assert_uint_eq(first->u.codes[0], 1);
    tarn_vector_release(first);
    ck_assert_ok(tarn_cursor_next(opened.cursor, 2, &rows, &err), &err);
    ck_assert_ok(tarn_cursor_column(opened.cursor, 0, NULL, &vector, &err), &err);
    ck_assert_int_eq(vector->shape, TARN_SHAPE_VIEWS);
    ck_assert_ok(tarn_cursor_next(opened.cursor, 2, &rows, &err), &err);
    ck_assert_uint_eq(rows, 0);
    close_cursor(opened);
    close_store();
}
END_TEST

START_TEST(parquet_reader__decodes_only_pages_with_selected_rows) /* P-COL-7 P-COL-8 */
{
    const struct tarn_test_page pages[] = {
        V1(2, SPAN(0x04, 0x01), SPAN(0, 0, 0, 0, 1, 0, 0, 0)),
        {.type = PARQUET_DATA_PAGE, .values = 16, .definition = SPAN(0x20, 0x01), .body = SPAN(1, 2, 3), .crc = TARN_TEST_WRONG_CRC},
        V1(3, SPAN(0x06, 0x01), SPAN(18, 0, 0, 0, 19, 0, 0, 0, 20, 0, 0, 0)),
    };
    const struct tarn_test_parquet file = FILE_OF(ints, 21, CHUNK(pages));
    const uint32_t positions[] = {1, 18, 20};
    const uint32_t fewer[] = {18};
    struct tarn_selection selection = {.kind = TARN_SELECT_POSITIONS, .rows = 21, .count = 3, .u.positions = positions};
    struct tarn_scan_stats stats = {.size = sizeof(stats)};
    struct tarn_vector *vector;
    uint32_t rows;

    open_store();
    tarn_test_parquet_put(store, "f.parquet", &file);
    const struct opened opened = open_cursor("i", 0, NULL);
    ck_assert_ok(tarn_cursor_next(opened.cursor, 1000, &rows, &err), &err);
    ck_assert_uint_eq(rows, 21);
    ck_assert_ok(tarn_cursor_column(opened.cursor, 0, &selection, &vector, &err), &err); /* the damaged page is never opened */
    ck_assert_uint_eq(vector->length, 3);
    ck_assert_int_eq(((const int32_t *)vector->u.values)[0], 1);
    ck_assert_int_eq(((const int32_t *)vector->u.values)[1], 18);
    ck_assert_int_eq(((const int32_t *)vector->u.values)[2], 20);
    ck_assert_ok(tarn_cursor_column(opened.cursor, 1, &selection, &vector, &err), &err);
    ck_assert_int_eq(((const int64_t *)vector->u.values)[1], 18);

    selection.count = 1;
    selection.u.positions = fewer;
    ck_assert_ok(tarn_cursor_column(opened.cursor, 0, &selection, &vector, &err), &err);
    ck_assert_uint_eq(vector->length, 1);
    ck_assert_int_eq(((const int32_t *)vector->u.values)[0], 18);

    tarn_scan_stats(opened.scan, &stats);
    ck_assert_uint_eq(stats.pages, 2);
    ck_assert_uint_eq(stats.pages_skipped, 1);
    ck_assert_uint_eq(stats.rows, 21);
    ck_assert_uint_eq(stats.requests, 1);
    close_cursor(opened);
    close_store();
}
END_TEST

#define LYING_PAGE(first)                                                                                                                  \
    {                                                                                                                                      \
        .type = PARQUET_DATA_PAGE_V2, .encoding = PLAIN, .values = 4, .rows = 4, .repetition = SPAN(0x03, 0x0a),                           \
        .definition = SPAN(0x08, 0x01), .body = SPAN((first), 0, 0, 0, (first) + 1, 0, 0, 0, (first) + 2, 0, 0, 0, (first) + 3, 0, 0, 0)   \
    }

START_TEST(parquet_reader__counts_rows_of_lists_where_headers_state_values) /* P-COL-12 */
{
    /* Two rows a page: Arrow C++ once wrote the number of values where that of rows belongs. */
    const struct tarn_test_page pages[] = {LYING_PAGE(1), LYING_PAGE(5), LYING_PAGE(9)};
    const struct tarn_test_parquet file = FILE_OF(lists, 6, CHUNK(pages));
    const uint32_t wanted[] = {4};
    struct tarn_selection selection = {.kind = TARN_SELECT_POSITIONS, .rows = 6, .count = 1, .u.positions = wanted};
    struct tarn_vector *vector;
    uint32_t rows;

    open_store();
    tarn_test_parquet_put(store, "f.parquet", &file);
    const struct opened opened = open_cursor("l", 0, NULL);
    ck_assert_ok(tarn_cursor_next(opened.cursor, 1000, &rows, &err), &err);
    ck_assert_ok(tarn_cursor_column(opened.cursor, 0, &selection, &vector, &err), &err);
    ck_assert_uint_eq(vector->length, 1);
    ck_assert_uint_eq(vector->children[0]->length, 2);
    ck_assert_int_eq(((const int32_t *)vector->children[0]->u.values)[0], 9);
    close_cursor(opened);
    close_store();
}
END_TEST

START_TEST(parquet_reader__goes_back_for_rows_that_were_not_asked_for_first) /* P-COL-8 */
{
    const struct tarn_test_page pages[] = {
        V1(2, SPAN(0x04, 0x01), SPAN(0, 0, 0, 0, 1, 0, 0, 0)),
        V1(3, SPAN(0x06, 0x01), SPAN(2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0)),
    };
    const struct tarn_test_parquet file = FILE_OF(ints, 5, CHUNK(pages));
    const uint32_t odd[] = {1, 3};
    const uint32_t even[] = {0, 2};
    struct tarn_selection selection = {.kind = TARN_SELECT_POSITIONS, .rows = 5, .count = 2, .u.positions = odd};
    struct tarn_vector *first;
    struct tarn_vector *second;
    uint32_t rows;

    open_store();
    tarn_test_parquet_put(store, "f.parquet", &file);
    const struct opened opened = open_cursor("i", 0, NULL);
    ck_assert_ok(tarn_cursor_next(opened.cursor, 1000, &rows, &err), &err);
    ck_assert_ok(tarn_cursor_column(opened.cursor, 0, &selection, &first, &err), &err);
    selection.u.positions = even;
    ck_assert_ok(tarn_cursor_column(opened.cursor, 0, &selection, &second, &err), &err);
    ck_assert_int_eq(((const int32_t *)second->u.values)[0], 0);
    ck_assert_int_eq(((const int32_t *)second->u.values)[1], 2);
    ck_assert_int_eq(((const int32_t *)first->u.values)[0], 1); /* still there */
    ck_assert_int_eq(((const int32_t *)first->u.values)[1], 3);
    ck_assert_ok(tarn_cursor_column(opened.cursor, 0, NULL, &second, &err), &err);
    ck_assert_uint_eq(second->length, 5);
    ck_assert_int_eq(((const int32_t *)second->u.values)[4], 4);
    close_cursor(opened);
    close_store();
}
END_TEST

START_TEST(parquet_reader__names_the_row_that_is_not_utf8) /* P-VAL-10 */
{
    const struct tarn_test_page pages[] = {
        V1(4, SPAN(0x03, 0x0d), SPAN(1, 0, 0, 0, 'a', 2, 0, 0, 0, 0xc3, 0xa4, 1, 0, 0, 0, 0xff)),
    };
    const struct tarn_test_parquet file = FILE_OF(texts, 4, CHUNK(pages));
    check_corrupt(&file, "plain", "utf8");
    ck_assert_int_eq(err.row, 3);
    ck_assert_str_eq(err.column, "t");
    ck_assert_int_eq(err.row_group, 0);
    ck_assert_int_eq(err.offset, 4);
}
END_TEST

/* ---- row groups left out ---- */

static struct tarn_expr *greater_than(const char *column, int64_t value)
{
    static const struct tarn_type i32 = {.id = TARN_TYPE_I32};
    const struct tarn_path_step step = {TARN_PATH_FIELD, tarn__text_of(column), -1};
    const struct tarn_path path = {1, &step};
    const struct tarn_value literal = {.type = &i32, .u.i64 = value};
    struct tarn_expr_builder *builder;
    struct tarn_expr *expr;
    ck_assert_ok(tarn_expr_builder_open(env, &builder, &err), &err);
    const struct tarn_expr_node *args[] = {tarn_expr_make_column(builder, &path, &i32, true), tarn_expr_make_literal(builder, &literal)};
    ck_assert_ok(tarn_expr_builder_finish(builder, tarn_expr_make(builder, TARN_EXPR_GT, 2, args), &expr, &err), &err);
    return expr;
}

START_TEST(parquet_reader__leaves_out_row_groups_by_statistics) /* P-SCAN-1 P-SCAN-2 */
{
    const struct tarn_span two = SPAN(2, 0, 0, 0);
    const struct tarn_span nine = SPAN(9, 0, 0, 0);
    const struct parquet_statistics low = {.has_min_value = true, .has_max_value = true, .min_value = two, .max_value = two};
    const struct parquet_statistics high = {.has_min_value = true, .has_max_value = true, .min_value = nine, .max_value = nine};
    const struct tarn_test_page twos[] = {V1(2, SPAN(0x04, 0x01), SPAN(2, 0, 0, 0, 2, 0, 0, 0))};
    const struct tarn_test_page nines[] = {V1(1, SPAN(0x02, 0x01), SPAN(9, 0, 0, 0))};
    const struct tarn_test_chunk chunks[] = {{.page_count = 1, .pages = twos, .statistics = &low},
                                             {.page_count = 1, .pages = nines, .statistics = &high},
                                             {.page_count = 1, .pages = twos}};
    const struct tarn_test_row_group row_groups[] = {{2, &chunks[0]}, {1, &chunks[1]}, {2, &chunks[2]}};
    const struct tarn_test_parquet file = {
        .element_count = COUNT(ints), .elements = ints, .row_group_count = COUNT(row_groups), .row_groups = row_groups};
    struct tarn_scan_stats stats = {.size = sizeof(stats)};
    struct tarn_vector *vector;
    uint32_t rows;

    open_store();
    tarn_test_parquet_put(store, "f.parquet", &file);
    struct tarn_expr *predicate = greater_than("i", 5);
    const struct opened opened = open_cursor("i", 0, predicate);
    ck_assert_uint_eq(tarn_scan_task_count(opened.scan), 2); /* nothing is known of the third */
    ck_assert_ok(tarn_cursor_next(opened.cursor, 1000, &rows, &err), &err);
    ck_assert_uint_eq(rows, 1);
    ck_assert_ok(tarn_cursor_column(opened.cursor, 1, NULL, &vector, &err), &err);
    ck_assert_int_eq(((const int64_t *)vector->u.values)[0], 2); /* its position in the file */
    tarn_scan_stats(opened.scan, &stats);
    ck_assert_uint_eq(stats.row_groups, 2);
    ck_assert_uint_eq(stats.row_groups_pruned, 1);
    close_cursor(opened);
    tarn_expr_release(predicate);
    close_store();
}
END_TEST

/* ---- failures ---- */

static enum tarn_status read_under_fault(void *ctx, struct tarn_fault *fault, struct tarn_env *fault_env, struct tarn_error *error)
{
    struct tarn_store *faulty = NULL;
    struct tarn_source *source = NULL;
    struct tarn_text_builder text;
    tarn_fault_suspend(fault);
    ck_assert_ok(tarn_store_open(fault_env, TARN_TEXT("memory:t"), true, &faulty, error), error);
    tarn_test_parquet_put(faulty, "f.parquet", ctx);
    tarn_fault_resume(fault);
    enum tarn_status status = tarn_file_open(faulty, TARN_TEXT("f.parquet"), TARN_FILE_AUTO, &source, error);
    if (status == TARN_OK) {
        tarn__builder_init(&text, fault_env);
        status = tarn_canonical_rows(source, 2, &text, error);
        if (status == TARN_OK && text.failed) {
            status = tarn__nomem(fault_env, error, 0);
        }
        tarn__builder_free(&text);
    }
    tarn_source_close(source);
    tarn_store_close(faulty);
    return status;
}

START_TEST(parquet_reader__survives_every_failure)
{
    static const struct parquet_schema_element columns[] = {ROOT(2), TEXT_LEAF("t", PARQUET_OPTIONAL),
                                                            LEAF("l", PARQUET_INT32, PARQUET_REPEATED)};
    const struct tarn_test_page strings[] = {
        ENTRIES(2, TWO_TEXTS),
        CODES(3, SPAN(0x03, 0x05), SPAN(1, 0x03, 0x01)),
        V1(2, SPAN(0x04, 0x01), SPAN(1, 0, 0, 0, 'p', 1, 0, 0, 0, 'q')),
    };
    const struct tarn_test_page numbers[] = {
        {.type = PARQUET_DATA_PAGE,
         .values = 6,
         .repetition = SPAN(0x03, 0x02),
         .definition = SPAN(0x0c, 0x01),
         .body = SPAN(1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0)},
    };
    struct tarn_test_parquet file = FILE_OF(columns, 5, CHUNK(strings), CHUNK(numbers));
    tarn_fault_sweep(read_under_fault, &file, TARN_FAULT_ALL);
}
END_TEST

/* ---- damage ---- */

static const struct {
    const char *name;
    const char *detail;
    struct tarn_test_page pages[3];
    uint32_t page_count;
    int64_t rows;
    int64_t values;
} damaged[] = {
    {"checksum",
     "page_crc",
     {{.type = PARQUET_DATA_PAGE, .values = 1, .definition = SPAN(0x02, 0x01), .body = SPAN(1, 0, 0, 0), .crc = TARN_TEST_WRONG_CRC}},
     1,
     1,
     0},
    {"fewer values than the row group has rows", "footer", {V1(2, SPAN(0x04, 0x01), SPAN(1, 0, 0, 0, 2, 0, 0, 0))}, 1, 3, 0},
    {"fewer values than the levels say", "plain", {V1(2, SPAN(0x04, 0x01), SPAN(1, 0, 0, 0))}, 1, 2, 0},
    {"levels missing", "rle", {V1(20, SPAN(0x04, 0x01), SPAN(1, 0, 0, 0))}, 1, 20, 0},
    {"codes without dictionary", "dictionary", {CODES(1, SPAN(0x02, 0x01), SPAN(1, 0x02, 0x00))}, 1, 1, 0},
    {"code above the dictionary",
     "dictionary_index",
     {ENTRIES(1, SPAN(7, 0, 0, 0)), CODES(1, SPAN(0x02, 0x01), SPAN(1, 0x02, 0x01))},
     2,
     1,
     0},
    {"width of codes", "rle", {ENTRIES(1, SPAN(7, 0, 0, 0)), CODES(1, SPAN(0x02, 0x01), SPAN(33, 0x02, 0x00))}, 2, 1, 0},
    {"two dictionaries",
     "dictionary",
     {ENTRIES(1, SPAN(7, 0, 0, 0)), ENTRIES(1, SPAN(7, 0, 0, 0)), CODES(1, SPAN(0x02, 0x01), SPAN(1, 0x02, 0x00))},
     3,
     1,
     0},
    {"entries missing", "plain", {ENTRIES(9, SPAN(7, 0, 0, 0)), CODES(1, SPAN(0x02, 0x01), SPAN(1, 0x02, 0x00))}, 2, 1, 0},
    {"runs of numbers",
     "encoding",
     {{.type = PARQUET_DATA_PAGE, .encoding = PARQUET_ENCODING_RLE, .values = 1, .definition = SPAN(0x02, 0x01), .body = SPAN(1, 0, 0, 0)}},
     1,
     1,
     0},
    {"more rows than values", "footer", {V1(2, SPAN(0x04, 0x01), SPAN(1, 0, 0, 0, 2, 0, 0, 0))}, 1, 2, 1},
    {"fewer pages than values", "page_header", {V1(2, SPAN(0x04, 0x01), SPAN(1, 0, 0, 0, 2, 0, 0, 0))}, 1, 3, 3},
};

START_TEST(parquet_reader__refuses_damage) /* P-COL-9 P-VAL-11 */
{
    const struct tarn_test_chunk chunk = {.page_count = damaged[_i].page_count, .pages = damaged[_i].pages, .values = damaged[_i].values};
    const struct tarn_test_parquet file = FILE_OF(ints, damaged[_i].rows, chunk);
    check_corrupt(&file, damaged[_i].name, damaged[_i].detail);
    ck_assert_msg(strcmp(damaged[_i].detail, "footer") == 0 || (err.row_group == 0 && strcmp(err.column, "i") == 0), "%s",
                  damaged[_i].name);
}
END_TEST

START_TEST(parquet_reader__refuses_lists_of_fewer_rows) /* P-COL-9 */
{
    const struct tarn_test_page pages[] = {{.type = PARQUET_DATA_PAGE,
                                            .values = 2,
                                            .repetition = SPAN(0x03, 0x02),
                                            .definition = SPAN(0x04, 0x01),
                                            .body = SPAN(1, 0, 0, 0, 2, 0, 0, 0)}};
    const struct tarn_test_parquet file = FILE_OF(lists, 2, CHUNK(pages));
    check_corrupt(&file, "one list, two rows", "row_count");
}
END_TEST

START_TEST(parquet_reader__refuses_a_page_that_begins_inside_a_row) /* P-COL-9 */
{
    const struct tarn_test_page first[] = {{.type = PARQUET_DATA_PAGE,
                                            .values = 2,
                                            .repetition = SPAN(0x04, 0x01),
                                            .definition = SPAN(0x04, 0x01),
                                            .body = SPAN(1, 0, 0, 0, 2, 0, 0, 0)}};
    const struct tarn_test_page second[] = {{.type = PARQUET_DATA_PAGE_V2,
                                             .values = 1,
                                             .rows = 1,
                                             .repetition = SPAN(0x02, 0x00),
                                             .definition = SPAN(0x02, 0x01),
                                             .body = SPAN(1, 0, 0, 0)},
                                            {.type = PARQUET_DATA_PAGE_V2,
                                             .values = 1,
                                             .rows = 1,
                                             .repetition = SPAN(0x02, 0x01),
                                             .definition = SPAN(0x02, 0x01),
                                             .body = SPAN(1, 0, 0, 0)}};
    const struct tarn_test_parquet one = FILE_OF(lists, 1, CHUNK(first));
    const struct tarn_test_parquet two = FILE_OF(lists, 2, CHUNK(second));
    check_corrupt(&one, "first page", "level");
    check_corrupt(&two, "page of version 2", "level");
}
END_TEST

START_TEST(parquet_reader__names_an_encoding_that_it_does_not_have) /* P-VAL-12 */
{
    const struct tarn_test_page pages[] = {
        {.type = PARQUET_DATA_PAGE, .encoding = 11, .values = 1, .definition = SPAN(0x02, 0x01), .body = SPAN(0)}};
    const struct tarn_test_parquet file = FILE_OF(ints, 1, CHUNK(pages));
    struct tarn_text_builder text;
    open_store();
    tarn_test_parquet_put(store, "f.parquet", &file);
    tarn__builder_init(&text, env);
    ck_assert_status(read_rows(0, &text), TARN_UNSUPPORTED);
    ck_assert_str_eq(err.detail, "encoding.unknown");
    tarn__builder_free(&text);
    close_store();
}
END_TEST

TARN_SUITE("reader/parquet_reader", TARN_TEST(parquet_reader__reads_both_page_versions_with_nulls),
           TARN_TEST(parquet_reader__mixes_dictionary_and_plain_pages),
           TARN_TEST(parquet_reader__makes_room_for_nulls_when_codes_become_views),
           TARN_TEST(parquet_reader__finds_a_dictionary_that_no_offset_names),
           TARN_TEST(parquet_reader__accepts_an_empty_dictionary_where_all_is_null),
           TARN_TEST(parquet_reader__reads_booleans_as_bits_and_as_runs), TARN_TEST(parquet_reader__joins_rows_that_pages_split),
           TARN_TEST(parquet_reader__passes_over_index_pages), TARN_TEST(parquet_reader__keeps_the_shape_that_pages_have),
           TARN_TEST(parquet_reader__decodes_only_pages_with_selected_rows),
           TARN_TEST(parquet_reader__counts_rows_of_lists_where_headers_state_values),
           TARN_TEST(parquet_reader__goes_back_for_rows_that_were_not_asked_for_first),
           TARN_TEST(parquet_reader__names_the_row_that_is_not_utf8), TARN_TEST(parquet_reader__leaves_out_row_groups_by_statistics),
           TARN_TEST(parquet_reader__survives_every_failure), TARN_LOOP_TEST(parquet_reader__refuses_damage, damaged),
           TARN_TEST(parquet_reader__refuses_lists_of_fewer_rows), TARN_TEST(parquet_reader__refuses_a_page_that_begins_inside_a_row),
           TARN_TEST(parquet_reader__names_an_encoding_that_it_does_not_have))
