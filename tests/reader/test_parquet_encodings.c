/* SPDX-License-Identifier: Apache-2.0
 * Every encoding through the whole reader, against the same values in PLAIN: types and conversions, both page versions, nulls, lists,
 * windows of every size, rows that are asked for late, and going back for others; BIT_PACKED levels; the memory limit; every failure.
 */
#include <stdlib.h>

#include "format/batch/vector.h"
#include "tarn/reader.h"
#include "tests/support/canonical.h"
#include "tests/support/encodings.h"
#include "tests/support/fault.h"
#include "tests/support/parquet_bytes.h"
#include "tests/support/suite.h"

#define NAME(literal)                                                                                                                      \
    {                                                                                                                                      \
        literal, sizeof(literal) - 1                                                                                                       \
    }

enum { PAGES = 3, MOST_ROWS = 1400, MOST_BYTES = 1 << 18 };

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

/* A type, and how many of the lowest bytes of its values vary. */
struct leaf {
    int32_t physical;
    int32_t length; /* FIXED_LEN_BYTE_ARRAY */
    int32_t converted;
    int32_t precision;
    unsigned varying;
};

static const struct {
    const char *name;
    int32_t encoding;
    struct leaf leaf;
} encoded[] = {
    /* clang-format off */
    {"INT32 delta", PARQUET_ENCODING_DELTA_BINARY_PACKED, {PARQUET_INT32, 0, -1, 0, 4}},
    {"INT8 delta", PARQUET_ENCODING_DELTA_BINARY_PACKED, {PARQUET_INT32, 0, PARQUET_CONVERTED_UINT_8, 0, 1}},
    {"INT64 delta", PARQUET_ENCODING_DELTA_BINARY_PACKED, {PARQUET_INT64, 0, -1, 0, 8}},
    {"timestamp delta", PARQUET_ENCODING_DELTA_BINARY_PACKED, {PARQUET_INT64, 0, PARQUET_CONVERTED_TIMESTAMP_MICROS, 0, 6}},
    {"decimal of INT64 delta", PARQUET_ENCODING_DELTA_BINARY_PACKED, {PARQUET_INT64, 0, PARQUET_CONVERTED_DECIMAL, 18, 5}},
    {"decimal of INT64 that is narrow", PARQUET_ENCODING_DELTA_BINARY_PACKED, {PARQUET_INT64, 0, PARQUET_CONVERTED_DECIMAL, 5, 2}},
    {"INT32 split", PARQUET_ENCODING_BYTE_STREAM_SPLIT, {PARQUET_INT32, 0, -1, 0, 4}},
    {"INT16 split", PARQUET_ENCODING_BYTE_STREAM_SPLIT, {PARQUET_INT32, 0, PARQUET_CONVERTED_UINT_16, 0, 2}},
    {"INT64 split", PARQUET_ENCODING_BYTE_STREAM_SPLIT, {PARQUET_INT64, 0, -1, 0, 8}},
    {"FLOAT split", PARQUET_ENCODING_BYTE_STREAM_SPLIT, {PARQUET_FLOAT, 0, -1, 0, 3}},
    {"DOUBLE split", PARQUET_ENCODING_BYTE_STREAM_SPLIT, {PARQUET_DOUBLE, 0, -1, 0, 7}},
    {"FIXED(7) split", PARQUET_ENCODING_BYTE_STREAM_SPLIT, {PARQUET_FIXED_LEN_BYTE_ARRAY, 7, -1, 0, 7}},
    {"decimal of FIXED(5) split", PARQUET_ENCODING_BYTE_STREAM_SPLIT, {PARQUET_FIXED_LEN_BYTE_ARRAY, 5, PARQUET_CONVERTED_DECIMAL, 11, 4}},
    {"decimal of FIXED(16) split", PARQUET_ENCODING_BYTE_STREAM_SPLIT, {PARQUET_FIXED_LEN_BYTE_ARRAY, 16, PARQUET_CONVERTED_DECIMAL, 38, 9}},
    {"interval split", PARQUET_ENCODING_BYTE_STREAM_SPLIT, {PARQUET_FIXED_LEN_BYTE_ARRAY, 12, PARQUET_CONVERTED_INTERVAL, 0, 3}},
    {"FLOAT alp", PARQUET_ENCODING_ALP, {PARQUET_FLOAT, 0, -1, 0, 3}},
    {"DOUBLE alp", PARQUET_ENCODING_ALP, {PARQUET_DOUBLE, 0, -1, 0, 7}},
    {"FIXED(3) delta strings", PARQUET_ENCODING_DELTA_BYTE_ARRAY, {PARQUET_FIXED_LEN_BYTE_ARRAY, 3, -1, 0, 2}},
    {"decimal of FIXED(6) delta strings", PARQUET_ENCODING_DELTA_BYTE_ARRAY, {PARQUET_FIXED_LEN_BYTE_ARRAY, 6, PARQUET_CONVERTED_DECIMAL, 14, 5}},
    {"strings by length", PARQUET_ENCODING_DELTA_LENGTH_BYTE_ARRAY, {PARQUET_BYTE_ARRAY, 0, PARQUET_CONVERTED_UTF8, 0, 0}},
    {"bytes by length", PARQUET_ENCODING_DELTA_LENGTH_BYTE_ARRAY, {PARQUET_BYTE_ARRAY, 0, -1, 0, 0}},
    {"decimals by length", PARQUET_ENCODING_DELTA_LENGTH_BYTE_ARRAY, {PARQUET_BYTE_ARRAY, 0, PARQUET_CONVERTED_DECIMAL, 60, 0}},
    {"strings by prefix", PARQUET_ENCODING_DELTA_BYTE_ARRAY, {PARQUET_BYTE_ARRAY, 0, PARQUET_CONVERTED_UTF8, 0, 0}},
    {"bytes by prefix", PARQUET_ENCODING_DELTA_BYTE_ARRAY, {PARQUET_BYTE_ARRAY, 0, -1, 0, 0}},
    {"decimals by prefix", PARQUET_ENCODING_DELTA_BYTE_ARRAY, {PARQUET_BYTE_ARRAY, 0, PARQUET_CONVERTED_DECIMAL, 60, 0}},
    /* clang-format on */
};

/* ---- values ---- */

static uint8_t memory[MOST_BYTES];
static struct tarn_text values[MOST_ROWS]; /* each as PLAIN stores it, without a length */
static uint32_t seed;

static uint32_t next_random(void)
{
    seed = seed * 1664525u + 1013904223u;
    return seed >> 8;
}

static uint32_t width_of(const struct leaf *leaf)
{
    return leaf->physical == PARQUET_INT32 || leaf->physical == PARQUET_FLOAT    ? 4
           : leaf->physical == PARQUET_INT64 || leaf->physical == PARQUET_DOUBLE ? 8
                                                                                 : (uint32_t)leaf->length;
}

/* Numbers that climb and fall; of floating-point types some are decimal fractions. Decimals are big-endian. */
static void make_fixed(const struct leaf *leaf, uint32_t i, uint8_t *out)
{
    const uint32_t width = width_of(leaf);
    const bool big = leaf->physical == PARQUET_FIXED_LEN_BYTE_ARRAY;
    memset(out, 0, width);
    if (leaf->physical == PARQUET_DOUBLE && i % 5 != 0) {
        const double value = (double)i / 4 - 100;
        uint64_t bits;
        memcpy(&bits, &value, sizeof(bits));
        tarn__store64(out, bits);
        return;
    }
    if (leaf->physical == PARQUET_FLOAT && i % 7 != 0) {
        const float value = (float)i / 2 - 90;
        uint32_t bits;
        memcpy(&bits, &value, sizeof(bits));
        tarn__store32(out, bits);
        return;
    }
    for (uint32_t k = 0; k < leaf->varying; k++) {
        out[big ? width - 1 - k : k] = (uint8_t)(k == 0 ? i * 3 + next_random() % 4 : k < 8 ? i >> 4 * k : 0);
    }
}

static size_t make_bytes(const struct leaf *leaf, uint32_t i, uint8_t *out)
{
    static const char *const words[] = {"",          "a",        "customer", "customer#0000", "customer#00001-gr\xc3\xb6\xc3\x9f\x65r",
                                        "z\xc3\xa9", "customer#"};
    if (leaf->converted == PARQUET_CONVERTED_DECIMAL) {
        const size_t size = 1 + i % 9;
        memset(out, i % 3 == 0 ? 0xff : 0x12, size);
        out[size - 1] = (uint8_t)i;
        return size;
    }
    const char *word = words[next_random() % (sizeof(words) / sizeof(words[0]))];
    memcpy(out, word, strlen(word));
    const size_t size = strlen(word);
    out[size] = (uint8_t)('0' + i % 10);
    return size + (size > 3 ? 1 : 0);
}

static void make_values(const struct leaf *leaf, uint32_t n)
{
    uint8_t *at = memory;
    seed = 7;
    for (uint32_t i = 0; i < n; i++) {
        size_t size = width_of(leaf);
        if (leaf->physical == PARQUET_BYTE_ARRAY) {
            size = make_bytes(leaf, i, at);
        } else {
            make_fixed(leaf, i, at);
        }
        values[i] = (struct tarn_text){(const char *)at, size};
        at += size;
    }
    ck_assert(at <= memory + MOST_BYTES);
}

/* ---- pages ---- */

static void put(struct tarn_buffer *out, const void *bytes, size_t size)
{
    if (!tarn__buffer_append(out, bytes, size)) {
        ck_abort_msg("no memory");
    }
}

static void put_numbers(struct tarn_buffer *out, const struct leaf *leaf, uint32_t n, const struct tarn_text *first)
{
    const struct tarn_test_delta how = {.junk_widths = true, .narrow = n % 2 == 1 && leaf->physical == PARQUET_INT32};
    int64_t *numbers = calloc((size_t)n + 1, sizeof(*numbers));
    for (uint32_t i = 0; i < n; i++) {
        numbers[i] = leaf->physical == PARQUET_INT32 ? (int32_t)tarn__load32(first[i].data) : (int64_t)tarn__load64(first[i].data);
    }
    tarn_test_put_delta(out, &how, n, numbers);
    free(numbers);
}

static void put_floats(struct tarn_buffer *out, const struct leaf *leaf, uint32_t n, const struct tarn_text *first)
{
    float *floats = calloc((size_t)n + 1, sizeof(*floats));
    double *doubles = calloc((size_t)n + 1, sizeof(*doubles));
    for (uint32_t i = 0; i < n; i++) {
        if (leaf->physical == PARQUET_FLOAT) {
            const uint32_t bits = tarn__load32(first[i].data);
            memcpy(&floats[i], &bits, sizeof(bits));
        } else {
            const uint64_t bits = tarn__load64(first[i].data);
            memcpy(&doubles[i], &bits, sizeof(bits));
        }
    }
    if (leaf->physical == PARQUET_FLOAT) {
        tarn_test_put_alp32(out, 5, 2, 1, n, floats);
    } else {
        tarn_test_put_alp64(out, 6, 3, 1, n, doubles);
    }
    free(floats);
    free(doubles);
}

static void put_values(struct tarn_buffer *out, int32_t encoding, const struct leaf *leaf, uint32_t n, const struct tarn_text *first)
{
    switch (encoding) {
    case PARQUET_ENCODING_DELTA_BINARY_PACKED:
        put_numbers(out, leaf, n, first);
        return;
    case PARQUET_ENCODING_BYTE_STREAM_SPLIT:
        tarn_test_put_split(out, width_of(leaf), n, n != 0 ? (const uint8_t *)first->data : NULL);
        return;
    case PARQUET_ENCODING_ALP:
        put_floats(out, leaf, n, first);
        return;
    case PARQUET_ENCODING_DELTA_LENGTH_BYTE_ARRAY:
        tarn_test_put_delta_lengths(out, n, first);
        return;
    case PARQUET_ENCODING_DELTA_BYTE_ARRAY:
        tarn_test_put_delta_strings(out, n, first);
        return;
    default:
        break;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint8_t length[4];
        tarn__store32(length, (uint32_t)first[i].size);
        put(out, length, leaf->physical == PARQUET_BYTE_ARRAY ? 4 : 0);
        put(out, first[i].data, first[i].size);
    }
}

static const uint32_t page_slots[PAGES] = {700, 1, 650};

static bool is_null(uint32_t slot)
{
    return slot % 7 == 3 || (slot >= 100 && slot < 140) || slot == 700;
}

/* Slot number `i` of the page that begins with `slot`, where columns are lists. An empty list is a row of its own. */
static bool continues_row(uint32_t slot, uint32_t i)
{
    return i % 4 != 0 && !is_null(slot + i) && !is_null(slot + i - 1);
}

enum levels { REQUIRED, HYBRID, PACKED_HIGH, PACKED_LOW, LISTS };

/* Levels of slots from `slot` on; returns how many hold a value. */
static uint32_t put_levels(struct tarn_buffer *definition, struct tarn_buffer *repetition, enum levels levels, uint32_t slot, uint32_t n)
{
    uint32_t present = 0;
    const bool packed = levels == PACKED_HIGH || levels == PACKED_LOW;
    if (!packed) {
        tarn_test_put_varint(definition, (uint64_t)((n + 7) / 8) << 1 | 1);
        tarn_test_put_varint(repetition, (uint64_t)((n + 7) / 8) << 1 | 1);
    }
    const size_t begin = packed ? 0 : definition->size;
    for (uint32_t i = 0; i < n; i++) {
        const bool value = levels == REQUIRED || !is_null(slot + i);
        present += value;
        (levels == PACKED_HIGH ? tarn_test_put_bits_high_first : tarn_test_put_bits)(definition, begin, i, 1, value);
        tarn_test_put_bits(repetition, begin, i, 1, continues_row(slot, i));
    }
    while (definition->size < begin + (n + 7) / 8) {
        put(definition, "", 1);
    }
    while (repetition->size < begin + (n + 7) / 8) {
        put(repetition, "", 1);
    }
    return present;
}

/* Puts a file of three pages and returns its rows. */
static uint32_t put_file(struct tarn_store *to, const char *key, int32_t encoding, const struct leaf *leaf, bool v2, enum levels levels)
{
    struct tarn_test_page pages[PAGES];
    struct tarn_buffer *parts[3 * PAGES];
    uint32_t slot = 0;
    uint32_t value = 0;
    uint32_t rows = 0;

    for (unsigned p = 0; p < PAGES; p++) {
        struct tarn_buffer **part = parts + (size_t)3 * p;
        for (unsigned i = 0; i < 3; i++) {
            part[i] = tarn__buffer_new(to->env, 0);
        }
        const uint32_t present = put_levels(part[0], part[1], levels, slot, page_slots[p]);
        put_values(part[2], encoding, leaf, present, values + value);
        uint32_t begun = page_slots[p];
        for (uint32_t i = 0; levels == LISTS && i < page_slots[p]; i++) {
            begun -= continues_row(slot, i);
        }
        pages[p] = (struct tarn_test_page){.type = v2 ? PARQUET_DATA_PAGE_V2 : PARQUET_DATA_PAGE,
                                           .encoding = encoding,
                                           .values = (int32_t)page_slots[p],
                                           .rows = (int32_t)begun,
                                           .packed_levels = levels == PACKED_HIGH || levels == PACKED_LOW,
                                           .body = tarn__buffer_span(part[2]),
                                           .crc = TARN_TEST_CRC};
        if (levels != REQUIRED) {
            pages[p].definition = tarn__buffer_span(part[0]);
        }
        if (levels == LISTS) {
            pages[p].repetition = tarn__buffer_span(part[1]);
        }
        rows += begun;
        slot += page_slots[p];
        value += present;
    }
    const struct parquet_schema_element elements[] = {
        {.name = NAME("schema"), .has_num_children = true, .num_children = 1},
        {.name = NAME("x"),
         .has_type = true,
         .type = leaf->physical,
         .has_type_length = leaf->length != 0,
         .type_length = leaf->length,
         .has_repetition_type = true,
         .repetition_type = levels == REQUIRED ? PARQUET_REQUIRED
                            : levels == LISTS  ? PARQUET_REPEATED
                                               : PARQUET_OPTIONAL,
         .has_converted_type = leaf->converted >= 0,
         .converted_type = leaf->converted,
         .has_precision = leaf->precision != 0,
         .precision = leaf->precision,
         .has_scale = leaf->precision != 0,
         .scale = 2},
    };
    const struct tarn_test_chunk chunk = {.page_count = PAGES, .pages = pages};
    const struct tarn_test_row_group group = {.rows = rows, .chunks = &chunk};
    const struct tarn_test_parquet file = {.element_count = 2,
                                           .elements = elements,
                                           .row_group_count = 1,
                                           .row_groups = &group,
                                           .created_by = levels == PACKED_LOW ? "impala version 1.2.3" : NULL};
    tarn_test_parquet_put(to, key, &file);
    for (unsigned i = 0; i < 3 * PAGES; i++) {
        tarn__buffer_release(parts[i]);
    }
    return rows;
}

/* ---- reading ---- */

static enum tarn_status read_rows(struct tarn_store *from, const char *key, uint32_t batch_rows, struct tarn_text_builder *text,
                                  struct tarn_error *error)
{
    struct tarn_source *source;
    enum tarn_status status = tarn_parquet_open(from, tarn__text_of(key), NULL, &source, error);
    if (status == TARN_OK) {
        status = tarn_canonical_rows(source, batch_rows, text, error);
    }
    tarn_source_close(source);
    return status;
}

static void check_same_rows(const char *name, uint32_t batch_rows)
{
    struct tarn_text_builder expected;
    struct tarn_text_builder got;
    tarn__builder_init(&expected, env);
    tarn__builder_init(&got, env);
    ck_assert_ok(read_rows(store, "plain", 0, &expected, &err), &err);
    ck_assert_ok(read_rows(store, "encoded", batch_rows, &got, &err), &err);
    const struct tarn_text one = tarn__builder_text(&expected);
    const struct tarn_text two = tarn__builder_text(&got);
    ck_assert_uint_gt(one.size, 1000);
    ck_assert_msg(tarn__text_equal(one, two), "%s: other rows in windows of %u", name, batch_rows);
    tarn__builder_free(&expected);
    tarn__builder_free(&got);
}

struct opened {
    struct tarn_source *source;
    struct tarn_scan *scan;
    struct tarn_cursor *cursor;
};

static struct opened open_cursor(const char *key, uint32_t batch_rows)
{
    struct opened opened;
    const struct tarn_path_step step = {TARN_PATH_FIELD, TARN_TEXT("x"), -1};
    const struct tarn_path path = {1, &step};
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    request.path_count = 1;
    request.paths = &path;
    request.batch_rows = batch_rows;
    ck_assert_ok(tarn_parquet_open(store, tarn__text_of(key), NULL, &opened.source, &err), &err);
    ck_assert_ok(tarn_source_scan(opened.source, &request, &opened.scan, &err), &err);
    ck_assert_ok(tarn_scan_open(opened.scan, 0, &opened.cursor, &err), &err);
    return opened;
}

static void close_cursor(struct opened opened)
{
    tarn_cursor_close(opened.cursor);
    tarn_scan_close(opened.scan);
    tarn_source_close(opened.source);
}

static void check_same_vector(const char *name, const struct tarn_vector *one, const struct tarn_vector *two)
{
    ck_assert_uint_eq(one->length, two->length);
    ck_assert_int_eq(one->shape, two->shape);
    const uint32_t width = tarn_type_width(one->type);
    for (uint32_t i = 0; i < one->length; i++) {
        const bool valid = one->validity == NULL || tarn__bit_get(one->validity, i);
        bool same = valid == (two->validity == NULL || tarn__bit_get(two->validity, i));
        if (valid && one->shape == TARN_SHAPE_VIEWS) {
            same = same && tarn__text_equal(tarn__vector_leaf_text(one, i), tarn__vector_leaf_text(two, i));
        } else if (valid) {
            const uint8_t *first = (const uint8_t *)one->u.values + (size_t)i * width;
            same = same && memcmp(first, (const uint8_t *)two->u.values + (size_t)i * width, width) == 0;
        }
        if (!same) {
            ck_abort_msg("%s: slot %u", name, i);
        }
    }
}

/* Some rows of each window, then others of it, then all: of both files. */
static void check_selections(const char *name, uint32_t batch_rows, unsigned step)
{
    const struct opened plain = open_cursor("plain", batch_rows);
    const struct opened other = open_cursor("encoded", batch_rows);
    static uint32_t positions[MOST_ROWS];
    for (;;) {
        uint32_t rows;
        uint32_t same;
        ck_assert_ok(tarn_cursor_next(plain.cursor, 10000, &rows, &err), &err);
        ck_assert_ok(tarn_cursor_next(other.cursor, 10000, &same, &err), &err);
        ck_assert_uint_eq(rows, same);
        if (rows == 0) {
            break;
        }
        for (uint32_t pass = 0; pass < 3; pass++) {
            struct tarn_selection selection = {.kind = TARN_SELECT_POSITIONS, .rows = rows, .u.positions = positions};
            for (uint32_t row = pass; row < rows; row += row % 50 < 5 ? 1 : step) {
                positions[selection.count++] = row;
            }
            if (selection.count == 0) {
                continue;
            }
            const struct tarn_selection *which = pass < 2 ? &selection : NULL;
            struct tarn_vector *one;
            struct tarn_vector *two;
            ck_assert_ok(tarn_cursor_column(plain.cursor, 0, which, &one, &err), &err);
            ck_assert_ok(tarn_cursor_column(other.cursor, 0, which, &two, &err), &err);
            check_same_vector(name, one, two);
        }
    }
    close_cursor(plain);
    close_cursor(other);
}

START_TEST(parquet_encodings__give_what_plain_gives) /* P-VAL-13 P-VAL-15 */
{
    static const uint32_t windows[] = {0, 1, 13, 512, 699};
    const struct leaf *leaf = &encoded[_i].leaf;
    for (unsigned form = 0; form < 4; form++) {
        open_store();
        make_values(leaf, MOST_ROWS);
        put_file(store, "plain", PARQUET_ENCODING_PLAIN, leaf, form % 2 == 1, form < 2 ? HYBRID : REQUIRED);
        put_file(store, "encoded", encoded[_i].encoding, leaf, form % 2 == 1, form < 2 ? HYBRID : REQUIRED);
        for (size_t w = 0; w < sizeof(windows) / sizeof(windows[0]); w++) {
            check_same_rows(encoded[_i].name, windows[w]);
        }
        check_selections(encoded[_i].name, 0, 2);
        check_selections(encoded[_i].name, 300, 9);
        check_selections(encoded[_i].name, 64, 90);
        close_store();
    }
}
END_TEST

START_TEST(parquet_encodings__serve_lists) /* P-VAL-13 */
{
    const struct leaf *leaf = &encoded[_i].leaf;
    for (int v2 = 0; v2 < 2; v2++) {
        open_store();
        make_values(leaf, MOST_ROWS);
        put_file(store, "plain", PARQUET_ENCODING_PLAIN, leaf, v2 == 1, LISTS);
        const uint32_t rows = put_file(store, "encoded", encoded[_i].encoding, leaf, v2 == 1, LISTS);
        ck_assert_uint_lt(rows, 700);
        check_same_rows(encoded[_i].name, 0);
        check_same_rows(encoded[_i].name, 37);
        close_store();
    }
}
END_TEST

START_TEST(parquet_encodings__read_packed_levels_in_the_order_of_their_writer) /* P-LVL-5 P-LVL-6 */
{
    const struct leaf *leaf = &encoded[0].leaf;
    for (int low = 0; low < 2; low++) {
        open_store();
        make_values(leaf, MOST_ROWS);
        put_file(store, "plain", PARQUET_ENCODING_PLAIN, leaf, false, HYBRID);
        put_file(store, "encoded", encoded[0].encoding, leaf, false, low == 1 ? PACKED_LOW : PACKED_HIGH);
        check_same_rows("packed levels", 0);
        check_same_rows("packed levels", 5);
        check_selections("packed levels", 100, 7);
        close_store();
    }
}
END_TEST

/* ---- what is refused ---- */

/* The error of reading one page of `n` values. */
static void check_refused(int32_t encoding, const struct leaf *leaf, uint32_t n, struct tarn_span body, enum tarn_status status,
                          const char *detail, int64_t row)
{
    const struct parquet_schema_element elements[] = {
        {.name = NAME("schema"), .has_num_children = true, .num_children = 1},
        {.name = NAME("x"),
         .has_type = true,
         .type = leaf->physical,
         .has_type_length = leaf->length != 0,
         .type_length = leaf->length,
         .has_repetition_type = true,
         .repetition_type = PARQUET_REQUIRED,
         .has_converted_type = leaf->converted >= 0,
         .converted_type = leaf->converted,
         .has_precision = leaf->precision != 0,
         .precision = leaf->precision},
    };
    const struct tarn_test_page page = {.type = PARQUET_DATA_PAGE, .encoding = encoding, .values = (int32_t)n, .body = body};
    const struct tarn_test_chunk chunk = {.page_count = 1, .pages = &page};
    const struct tarn_test_row_group group = {.rows = n, .chunks = &chunk};
    const struct tarn_test_parquet file = {.element_count = 2, .elements = elements, .row_group_count = 1, .row_groups = &group};
    struct tarn_text_builder text;
    tarn_test_parquet_put(store, "refused", &file);
    tarn__builder_init(&text, env);
    const enum tarn_status got = read_rows(store, "refused", 0, &text, &err);
    tarn__builder_free(&text);
    ck_assert_msg(got == status && strcmp(err.detail, detail) == 0, "%s: %s", tarn_status_name(got), err.message);
    ck_assert_int_eq(err.row, row);
}

START_TEST(parquet_encodings__are_for_the_types_that_the_specification_says) /* P-VAL-14 */
{
    static const struct {
        int32_t encoding;
        uint32_t types; /* bits: which physical types it is for */
    } legal[] = {
        {PARQUET_ENCODING_BIT_PACKED, 0},
        {PARQUET_ENCODING_RLE, 1 << PARQUET_BOOLEAN},
        {PARQUET_ENCODING_DELTA_BINARY_PACKED, 1 << PARQUET_INT32 | 1 << PARQUET_INT64},
        {PARQUET_ENCODING_DELTA_LENGTH_BYTE_ARRAY, 1 << PARQUET_BYTE_ARRAY},
        {PARQUET_ENCODING_DELTA_BYTE_ARRAY, 1 << PARQUET_BYTE_ARRAY | 1 << PARQUET_FIXED_LEN_BYTE_ARRAY},
        {PARQUET_ENCODING_BYTE_STREAM_SPLIT,
         1 << PARQUET_INT32 | 1 << PARQUET_INT64 | 1 << PARQUET_FLOAT | 1 << PARQUET_DOUBLE | 1 << PARQUET_FIXED_LEN_BYTE_ARRAY},
        {PARQUET_ENCODING_ALP, 1 << PARQUET_FLOAT | 1 << PARQUET_DOUBLE},
    };
    static const uint8_t body[48];
    open_store();
    for (size_t i = 0; i < sizeof(legal) / sizeof(legal[0]); i++) {
        for (int32_t type = PARQUET_BOOLEAN; type <= PARQUET_FIXED_LEN_BYTE_ARRAY; type++) {
            const struct leaf leaf = {.physical = type, .length = type == PARQUET_FIXED_LEN_BYTE_ARRAY ? 4 : 0, .converted = -1};
            if ((legal[i].types >> type & 1) == 0) {
                check_refused(legal[i].encoding, &leaf, 1, (struct tarn_span){body, sizeof(body)}, TARN_CORRUPT, "encoding", -1);
            }
        }
    }
    close_store();
}
END_TEST

START_TEST(parquet_encodings__name_the_row_at_fault) /* P-VAL-14 P-VAL-2 P-VAL-10 */
{
    static const struct tarn_text texts[] = {NAME("abc"), NAME("abd"), NAME("ab\xc3"), NAME("ab\xc3\xa4")};
    static const int64_t numbers[] = {1, 255, -1, 7};
    const struct leaf strings = {.physical = PARQUET_BYTE_ARRAY, .converted = PARQUET_CONVERTED_UTF8};
    const struct leaf bytes = {.physical = PARQUET_INT32, .converted = PARQUET_CONVERTED_UINT_8};
    const struct leaf fixed = {.physical = PARQUET_FIXED_LEN_BYTE_ARRAY, .length = 3, .converted = -1};
    const struct leaf decimals = {.physical = PARQUET_BYTE_ARRAY, .converted = PARQUET_CONVERTED_DECIMAL, .precision = 4};
    open_store();
    struct tarn_buffer *lengths = tarn__buffer_new(env, 0);
    struct tarn_buffer *prefixes = tarn__buffer_new(env, 0);
    struct tarn_buffer *deltas = tarn__buffer_new(env, 0);
    struct tarn_buffer *split = tarn__buffer_new(env, 0);
    tarn_test_put_delta_lengths(lengths, 4, texts);
    tarn_test_put_delta_strings(prefixes, 4, texts); /* the last two share half of a character */
    tarn_test_put_delta(deltas, NULL, 4, numbers);
    tarn_test_put_split(split, 4, 3, (const uint8_t[]){1, 0, 0, 0, 0, 1, 0, 0, 3, 0, 0, 0});
    check_refused(PARQUET_ENCODING_DELTA_LENGTH_BYTE_ARRAY, &strings, 4, tarn__buffer_span(lengths), TARN_CORRUPT, "utf8", 2);
    check_refused(PARQUET_ENCODING_DELTA_BYTE_ARRAY, &strings, 4, tarn__buffer_span(prefixes), TARN_CORRUPT, "utf8", 2);
    check_refused(PARQUET_ENCODING_DELTA_BINARY_PACKED, &bytes, 4, tarn__buffer_span(deltas), TARN_CORRUPT, "value_range", 2);
    check_refused(PARQUET_ENCODING_BYTE_STREAM_SPLIT, &bytes, 3, tarn__buffer_span(split), TARN_CORRUPT, "value_range", 1);
    check_refused(PARQUET_ENCODING_DELTA_BYTE_ARRAY, &fixed, 4, tarn__buffer_span(prefixes), TARN_CORRUPT, "delta", -1); /* of 4 bytes */

    static const struct tarn_text wide[] = {NAME("\x01"), NAME("\x01\x02"), NAME("\x11\x22\x33\x44\x55\x66")};
    struct tarn_buffer *one = tarn__buffer_new(env, 0);
    struct tarn_buffer *two = tarn__buffer_new(env, 0);
    tarn_test_put_delta_lengths(one, 3, wide);
    tarn_test_put_delta_strings(two, 3, wide);
    check_refused(PARQUET_ENCODING_DELTA_LENGTH_BYTE_ARRAY, &decimals, 3, tarn__buffer_span(one), TARN_CORRUPT, "value_range", 2);
    check_refused(PARQUET_ENCODING_DELTA_BYTE_ARRAY, &decimals, 3, tarn__buffer_span(two), TARN_CORRUPT, "value_range", 2);
    tarn__buffer_release(one);
    tarn__buffer_release(two);
    tarn__buffer_release(lengths);
    tarn__buffer_release(prefixes);
    tarn__buffer_release(deltas);
    tarn__buffer_release(split);
    close_store();
}
END_TEST

START_TEST(parquet_encodings__do_not_outgrow_the_memory) /* P-VAL-16 */
{
    /* 2,000 values of 1 MiB that share all but nothing: 2 GiB out of 1 MiB. */
    enum { COUNT = 2000, SIZE = 1 << 20 };
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    static int64_t prefixes[COUNT];
    static int64_t lengths[COUNT];
    const struct leaf bytes = {.physical = PARQUET_BYTE_ARRAY, .converted = -1};
    options.memory_limit = 32u << 20;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    struct tarn_buffer *page = tarn__buffer_new_zeroed(env, 0);
    for (uint32_t i = 0; i < COUNT; i++) {
        prefixes[i] = i == 0 ? 0 : SIZE;
        lengths[i] = i == 0 ? SIZE : 0;
    }
    tarn_test_put_delta(page, NULL, COUNT, prefixes);
    tarn_test_put_delta(page, NULL, COUNT, lengths);
    const size_t head = page->size;
    ck_assert(tarn__buffer_resize(page, head + SIZE));
    memset(page->data + head, 'x', SIZE);
    check_refused(PARQUET_ENCODING_DELTA_BYTE_ARRAY, &bytes, COUNT, tarn__buffer_span(page), TARN_LIMIT, "memory", -1);
    tarn__buffer_release(page);
    close_store();
}
END_TEST

/* ---- failures ---- */

static enum tarn_status read_under_fault(void *ctx, struct tarn_fault *fault, struct tarn_env *fault_env, struct tarn_error *error)
{
    struct tarn_store *faulty = NULL;
    struct tarn_text_builder text;
    const int *which = ctx;
    tarn_fault_suspend(fault);
    ck_assert_ok(tarn_store_open(fault_env, TARN_TEXT("memory:t"), true, &faulty, error), error);
    put_file(faulty, "encoded", encoded[*which].encoding, &encoded[*which].leaf, true, HYBRID);
    tarn_fault_resume(fault);
    tarn__builder_init(&text, fault_env);
    enum tarn_status status = read_rows(faulty, "encoded", 1000, &text, error);
    if (status == TARN_OK && text.failed) {
        status = tarn__nomem(fault_env, error, 0);
    }
    tarn__builder_free(&text);
    tarn_store_close(faulty);
    return status;
}

static const char *const fallible[] = {"DOUBLE alp", "FIXED(3) delta strings", "strings by prefix", "decimals by prefix"};

START_TEST(parquet_encodings__survive_every_failure)
{
    int which = 0;
    while (strcmp(encoded[which].name, fallible[_i]) != 0) {
        which++;
    }
    make_values(&encoded[which].leaf, MOST_ROWS);
    tarn_fault_sweep(read_under_fault, &which, TARN_FAULT_ALL);
}
END_TEST

TARN_SUITE("reader/parquet_encodings", TARN_LOOP_TEST(parquet_encodings__give_what_plain_gives, encoded),
           TARN_LOOP_TEST(parquet_encodings__serve_lists, encoded),
           TARN_TEST(parquet_encodings__read_packed_levels_in_the_order_of_their_writer),
           TARN_TEST(parquet_encodings__are_for_the_types_that_the_specification_says), TARN_TEST(parquet_encodings__name_the_row_at_fault),
           TARN_TEST(parquet_encodings__do_not_outgrow_the_memory), TARN_LOOP_TEST(parquet_encodings__survive_every_failure, fallible))
