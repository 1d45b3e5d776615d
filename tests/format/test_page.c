/* SPDX-License-Identifier: Apache-2.0
 * Pages of a chunk: headers and bodies put together by hand, walked, verified, split.
 */
#include "format/page/page.h"

#include "format/base/hash.h"
#include "format/index/page_index.h"
#include "tests/support/suite.h"

static struct tarn_error err;

/* A chunk that grows page by page. */
struct chunk {
    struct tarn_env *env;
    struct tarn_buffer *bytes;
    struct tarn_codec_context *context;
};

static struct chunk open_chunk(void)
{
    struct chunk chunk = {.env = tarn_test_env()};
    chunk.bytes = tarn__buffer_new(chunk.env, 0);
    ck_assert_ok(tarn__codec_context_open(chunk.env, &chunk.context, &err), &err);
    return chunk;
}

static void close_chunk(struct chunk *chunk)
{
    tarn__codec_context_close(chunk->context);
    tarn__buffer_release(chunk->bytes);
    tarn_test_env_close(chunk->env);
}

static void add_page(struct chunk *chunk, struct parquet_page_header header, const char *body, size_t size)
{
    header.compressed_page_size = (int32_t)size;
    ck_assert_ok(tarn__page_header_encode(&header, chunk->bytes, &err), &err);
    ck_assert(tarn__buffer_append(chunk->bytes, body, size));
}

static struct parquet_page_header v1(int32_t values, int32_t uncompressed)
{
    struct parquet_page_header header = {.type = PARQUET_DATA_PAGE, .uncompressed_page_size = uncompressed, .has_data_page_header = true};
    header.data_page_header = (struct parquet_data_page_header){.num_values = values,
                                                                .encoding = PARQUET_ENCODING_PLAIN,
                                                                .definition_level_encoding = PARQUET_ENCODING_RLE,
                                                                .repetition_level_encoding = PARQUET_ENCODING_RLE};
    return header;
}

static struct parquet_page_header v2(int32_t values, int32_t uncompressed, int32_t repetition, int32_t definition)
{
    struct parquet_page_header header = {
        .type = PARQUET_DATA_PAGE_V2, .uncompressed_page_size = uncompressed, .has_data_page_header_v2 = true};
    header.data_page_header_v2 = (struct parquet_data_page_header_v2){
        .num_values = values, .repetition_levels_byte_length = repetition, .definition_levels_byte_length = definition};
    return header;
}

static struct parquet_page_header dictionary(int32_t values, int32_t uncompressed)
{
    struct parquet_page_header header = {
        .type = PARQUET_DICTIONARY_PAGE, .uncompressed_page_size = uncompressed, .has_dictionary_page_header = true};
    header.dictionary_page_header.num_values = values;
    return header;
}

static struct tarn_page_walk walk_of(const struct chunk *chunk, uint64_t values, int32_t codec)
{
    return (struct tarn_page_walk){.env = chunk->env,
                                   .codec_context = chunk->context,
                                   .rest = tarn__buffer_span(chunk->bytes),
                                   .offset = 1000,
                                   .values_left = values,
                                   .codec = codec,
                                   .max_definition = 1,
                                   .max_repetition = 0};
}

static void expect_span(struct tarn_span span, const char *text, size_t size)
{
    ck_assert_uint_eq(span.size, size);
    ck_assert(size == 0 || memcmp(span.data, text, size) == 0);
}

START_TEST(page__walks_a_chunk) /* P-PAGE-4, P-PAGE-5, P-PAGE-8 */
{
    struct chunk chunk = open_chunk();
    add_page(&chunk, dictionary(2, 8), "dict-ent", 8);
    const size_t second = chunk.bytes->size;
    add_page(&chunk, (struct parquet_page_header){.type = PARQUET_INDEX_PAGE, .uncompressed_page_size = 3, .has_index_page_header = true},
             "idx", 3);
    add_page(&chunk, (struct parquet_page_header){.type = 77, .uncompressed_page_size = 2}, "??", 2);
    const size_t fourth = chunk.bytes->size;
    add_page(&chunk, v1(3, 9), "\x02\0\0\0LLval", 9);
    ck_assert(tarn__buffer_append(chunk.bytes, "behind", 6));

    struct tarn_page_walk walk = walk_of(&chunk, 3, PARQUET_CODEC_UNCOMPRESSED);
    struct tarn_page page;
    bool end;
    ck_assert_ok(tarn__page_next(&walk, &page, &end, &err), &err);
    ck_assert(!end);
    ck_assert_int_eq(page.header.type, PARQUET_DICTIONARY_PAGE);
    ck_assert_uint_eq(page.offset, 1000);
    ck_assert_ok(tarn__page_open(&walk, &page, NULL, &err), &err);
    expect_span(page.values, "dict-ent", 8);
    tarn__page_release(&page);
    ck_assert_uint_lt(second, fourth);
    ck_assert_ok(tarn__page_next(&walk, &page, &end, &err), &err);
    ck_assert(!end);
    ck_assert_uint_eq(page.offset, 1000 + fourth);
    ck_assert_uint_eq(page.header.value_count, 3);
    ck_assert_ok(tarn__page_open(&walk, &page, NULL, &err), &err);
    expect_span(page.repetition, "", 0);
    expect_span(page.definition, "LL", 2);
    expect_span(page.values, "val", 3);
    ck_assert_ptr_null(page.body);
    tarn__page_release(&page);
    ck_assert_ok(tarn__page_next(&walk, &page, &end, &err), &err);
    ck_assert(end);
    close_chunk(&chunk);
}
END_TEST

START_TEST(page__splits_both_levels_of_version_1) /* P-PAGE-8 */
{
    struct chunk chunk = open_chunk();
    add_page(&chunk, v1(3, 15), "\x03\0\0\0RRR\x02\0\0\0DDvv", 15);
    struct tarn_page_walk walk = walk_of(&chunk, 3, PARQUET_CODEC_UNCOMPRESSED);
    struct tarn_page page;
    bool end;
    walk.max_repetition = 1;
    ck_assert_ok(tarn__page_next(&walk, &page, &end, &err), &err);
    ck_assert_ok(tarn__page_open(&walk, &page, NULL, &err), &err);
    expect_span(page.repetition, "RRR", 3);
    expect_span(page.definition, "DD", 2);
    expect_span(page.values, "vv", 2);
    close_chunk(&chunk);
}
END_TEST

START_TEST(page__splits_version_2) /* P-PAGE-9 */
{
    struct chunk chunk = open_chunk();
    add_page(&chunk, v2(3, 7, 1, 2), "RDDvvvv", 7);
    struct parquet_page_header plain = v2(2, 4, 0, 2); /* not compressed though the chunk has a codec */
    plain.data_page_header_v2.has_is_compressed = true;
    add_page(&chunk, plain, "DDvv", 4);
    struct tarn_page_walk walk = walk_of(&chunk, 5, PARQUET_CODEC_UNCOMPRESSED);
    struct tarn_page page;
    bool end;
    ck_assert_ok(tarn__page_next(&walk, &page, &end, &err), &err);
    ck_assert_ok(tarn__page_open(&walk, &page, NULL, &err), &err);
    expect_span(page.repetition, "R", 1);
    expect_span(page.definition, "DD", 2);
    expect_span(page.values, "vvvv", 4);
    walk.codec = PARQUET_CODEC_ZSTD;
    ck_assert_ok(tarn__page_next(&walk, &page, &end, &err), &err);
    ck_assert_ok(tarn__page_open(&walk, &page, NULL, &err), &err);
    expect_span(page.values, "vv", 2);
    ck_assert_ptr_null(page.body);
    close_chunk(&chunk);
}
END_TEST

START_TEST(page__decompresses_behind_the_levels) /* P-PAGE-9 */
{
    /* Snappy: "abcd" twice */
    struct chunk chunk = open_chunk();
    add_page(&chunk, v2(3, 10, 0, 2),
             "DD\x08\x0c"
             "abcd\x01\x04",
             10);
    add_page(&chunk, v2(1, 2, 0, 2), "DD", 2);     /* no values: no bytes */
    add_page(&chunk, v2(1, 2, 0, 2), "DD\x00", 3); /* no values: a codec's word for it */
    add_page(&chunk, v1(1, 8), "\x08\x0c\x02\0\0\0\x01\x04", 8);
    struct tarn_page_walk walk = walk_of(&chunk, 6, PARQUET_CODEC_SNAPPY);
    struct tarn_page page;
    bool end;
    struct tarn_buffer *recycle = NULL;
    ck_assert_ok(tarn__page_next(&walk, &page, &end, &err), &err);
    ck_assert_ok(tarn__page_open(&walk, &page, &recycle, &err), &err);
    expect_span(page.definition, "DD", 2);
    expect_span(page.values, "abcdabcd", 8);
    ck_assert_ptr_nonnull(page.body);
    recycle = tarn__buffer_retain(page.body);
    tarn__page_release(&page);
    struct tarn_buffer *old = recycle;
    for (unsigned i = 0; i < 2; i++) {
        ck_assert_ok(tarn__page_next(&walk, &page, &end, &err), &err);
        ck_assert_ok(tarn__page_open(&walk, &page, &recycle, &err), &err);
        expect_span(page.definition, "DD", 2);
        expect_span(page.values, "", 0);
        ck_assert(i != 0 || page.body == old); /* the only reference: used again */
        tarn__page_release(&page);
    }
    ck_assert_ok(tarn__page_next(&walk, &page, &end, &err), &err);
    ck_assert_ok(tarn__page_open(&walk, &page, NULL, &err), &err);
    expect_span(page.definition, "\x02\0", 2);
    expect_span(page.values, "\0\0", 2);
    tarn__page_release(&page);
    tarn__page_release(&page);
    close_chunk(&chunk);
}
END_TEST

START_TEST(page__verifies_checksums) /* P-PAGE-7 */
{
    struct chunk chunk = open_chunk();
    struct parquet_page_header header = v2(3, 7, 1, 2);
    header.has_crc = true;
    header.crc = (int32_t)tarn__crc32(0, "RDDvvvv", 7);
    add_page(&chunk, header, "RDDvvvv", 7);
    struct tarn_page page;
    bool end;
    for (size_t flip = 0; flip <= 7; flip++) {
        struct tarn_page_walk walk = walk_of(&chunk, 3, PARQUET_CODEC_UNCOMPRESSED);
        uint8_t *at = chunk.bytes->data + chunk.bytes->size - 7 + (flip < 7 ? flip : 0);
        *at = (uint8_t)(*at ^ (flip < 7 ? 4 : 0));
        ck_assert_ok(tarn__page_next(&walk, &page, &end, &err), &err);
        ck_assert_int_eq(tarn__page_crc_ok(&page), flip == 7);
        ck_assert_status(tarn__page_open(&walk, &page, NULL, &err), flip == 7 ? TARN_OK : TARN_CORRUPT);
        if (flip < 7) {
            ck_assert_str_eq(err.detail, "page_crc");
            ck_assert_int_eq(err.offset, 1000);
            walk.no_crc = true;
            ck_assert_ok(tarn__page_open(&walk, &page, NULL, &err), &err);
        }
        *at = (uint8_t)(*at ^ (flip < 7 ? 4 : 0));
    }
    close_chunk(&chunk);
}
END_TEST

typedef struct parquet_page_header (*header_fn)(void);
static struct parquet_page_header negative_size(void)
{
    return v1(3, -1);
}
static struct parquet_page_header negative_values(void)
{
    return v1(-3, 9);
}
static struct parquet_page_header sub_header_missing(void)
{
    struct parquet_page_header header = v1(3, 9);
    header.has_data_page_header = false;
    return header;
}
static struct parquet_page_header dictionary_missing(void)
{
    struct parquet_page_header header = v1(3, 9);
    header.type = PARQUET_DICTIONARY_PAGE;
    return header;
}
static struct parquet_page_header levels_too_large(void)
{
    return v2(3, 9, 5, 5);
}
static struct parquet_page_header levels_negative(void)
{
    return v2(3, 9, -5, 5);
}
static struct parquet_page_header nulls_over_values(void)
{
    struct parquet_page_header header = v2(3, 9, 0, 0);
    header.data_page_header_v2.num_nulls = 4;
    return header;
}
static struct parquet_page_header rows_over_values(void)
{
    struct parquet_page_header header = v2(3, 9, 0, 0);
    header.data_page_header_v2.num_rows = 4;
    return header;
}
static struct parquet_page_header too_many_values(void)
{
    return v1(4, 9);
}

static const struct {
    header_fn make;
    const char *name;
} headers[] = {{negative_size, "negative size"},
               {negative_values, "negative values"},
               {sub_header_missing, "sub-header missing"},
               {dictionary_missing, "dictionary header missing"},
               {levels_too_large, "levels too large"},
               {levels_negative, "levels negative"},
               {nulls_over_values, "more nulls than values"},
               {rows_over_values, "more rows than values"},
               {too_many_values, "more values than the chunk"}};

START_TEST(page__refuses_headers) /* P-PAGE-2, P-PAGE-5 */
{
    struct chunk chunk = open_chunk();
    struct tarn_page page;
    bool end;
    add_page(&chunk, headers[_i].make(), "123456789", 9);
    struct tarn_page_walk walk = walk_of(&chunk, 3, PARQUET_CODEC_UNCOMPRESSED);
    ck_assert_msg(tarn__page_next(&walk, &page, &end, &err) == TARN_CORRUPT, "%s", headers[_i].name);
    ck_assert_str_eq(err.detail, "page_header");
    ck_assert_int_eq(err.offset, 1000);
    close_chunk(&chunk);
}
END_TEST

START_TEST(page__stays_inside_its_chunk) /* P-PAGE-1, P-PAGE-5, P-PAGE-6 */
{
    struct chunk chunk = open_chunk();
    add_page(&chunk, v1(2, 9), "\x02\0\0\0LLval", 9);
    const size_t size = chunk.bytes->size;
    for (size_t cut = 0; cut < size; cut++) {
        struct tarn_page_walk walk = walk_of(&chunk, 2, PARQUET_CODEC_UNCOMPRESSED);
        struct tarn_page_header header;
        struct tarn_page page;
        bool truncated;
        bool end;
        walk.rest.size = cut;
        ck_assert_status(tarn__page_next(&walk, &page, &end, &err), TARN_CORRUPT);
        const enum tarn_status status = tarn__page_header_decode(walk.rest, 0, &header, &truncated, &err);
        ck_assert_int_eq(truncated, cut < size - 9);
        ck_assert_int_eq(status, cut < size - 9 ? TARN_CORRUPT : TARN_OK);
    }
    struct tarn_page_walk walk = walk_of(&chunk, 5, PARQUET_CODEC_UNCOMPRESSED);
    struct tarn_page page;
    bool end;
    ck_assert_ok(tarn__page_next(&walk, &page, &end, &err), &err);
    ck_assert_status(tarn__page_next(&walk, &page, &end, &err), TARN_CORRUPT); /* three values are due */
    walk = walk_of(&chunk, 2, PARQUET_CODEC_UNCOMPRESSED);
    walk.page_limit = 8;
    ck_assert_status(tarn__page_next(&walk, &page, &end, &err), TARN_LIMIT);
    close_chunk(&chunk);
}
END_TEST

static const struct {
    const char *name;
    const char *body;
    size_t size;
    int32_t uncompressed;
    int32_t codec;
    int32_t level_encoding;
    enum tarn_status status;
    const char *detail;
} bodies[] = {
    {"fine", "\x02\0\0\0LLval", 9, 9, PARQUET_CODEC_UNCOMPRESSED, 3, TARN_OK, ""},
    {"levels cut", "\x02\0\0", 3, 3, PARQUET_CODEC_UNCOMPRESSED, 3, TARN_CORRUPT, "page"},
    {"levels over the page", "\x09\0\0\0LLval", 9, 9, PARQUET_CODEC_UNCOMPRESSED, 3, TARN_CORRUPT, "page"},
    {"levels of 4 GiB", "\xff\xff\xff\xffLLval", 9, 9, PARQUET_CODEC_UNCOMPRESSED, 3, TARN_CORRUPT, "page"},
    {"other size than stated", "\x02\0\0\0LLval", 9, 10, PARQUET_CODEC_UNCOMPRESSED, 3, TARN_CORRUPT, "page"},
    {"damaged snappy", "\x02\0\0\0LLval", 9, 9, PARQUET_CODEC_SNAPPY, 3, TARN_CORRUPT, "codec"},
    {"no bytes for some", "", 0, 9, PARQUET_CODEC_ZSTD, 3, TARN_CORRUPT, "codec"},
    {"damaged gzip", "\x02\0\0\0LLval", 9, 9, PARQUET_CODEC_GZIP, 3, TARN_CORRUPT, "codec"},
    {"codec of tomorrow", "\x02\0\0\0LLval", 9, 9, 77, 3, TARN_UNSUPPORTED, "codec.unknown"},
    {"BIT_PACKED levels", "\xe0val", 4, 4, PARQUET_CODEC_UNCOMPRESSED, 4, TARN_OK, ""},
    {"BIT_PACKED levels cut", "", 0, 0, PARQUET_CODEC_UNCOMPRESSED, 4, TARN_CORRUPT, "page"},
    {"unknown levels", "\x02\0\0\0LLval", 9, 9, PARQUET_CODEC_UNCOMPRESSED, 40, TARN_UNSUPPORTED, "encoding.unknown"},
};

START_TEST(page__refuses_bodies) /* P-PAGE-3, P-PAGE-8 */
{
    struct chunk chunk = open_chunk();
    struct parquet_page_header header = v1(3, bodies[_i].uncompressed);
    struct tarn_page page;
    bool end;
    header.data_page_header.definition_level_encoding = bodies[_i].level_encoding;
    header.data_page_header.encoding = 99;
    add_page(&chunk, header, bodies[_i].body, bodies[_i].size);
    struct tarn_page_walk walk = walk_of(&chunk, 3, bodies[_i].codec);
    ck_assert_ok(tarn__page_next(&walk, &page, &end, &err), &err);
    ck_assert_int_eq(page.header.encoding, 99);
    ck_assert_msg(tarn__page_open(&walk, &page, NULL, &err) == bodies[_i].status, "%s", bodies[_i].name);
    if (bodies[_i].status != TARN_OK) {
        ck_assert_str_eq(err.detail, bodies[_i].detail);
        ck_assert_int_eq(err.offset, 1000);
        ck_assert_ptr_null(page.body);
    }
    tarn__page_release(&page);
    close_chunk(&chunk);
}
END_TEST

/* ---- indexes ---- */

static const struct {
    const char *name;
    struct parquet_page_location pages[3];
    uint32_t count;
    uint64_t rows;
    enum tarn_status status;
} offset_indexes[] = {
    {"fine", {{100, 50, 0}, {150, 50, 10}, {210, 40, 10}}, 3, 30, TARN_OK},
    {"no rows", {{0, 0, 0}}, 0, 0, TARN_OK},
    {"no pages", {{0, 0, 0}}, 0, 30, TARN_CORRUPT},
    {"first row not 0", {{100, 50, 1}}, 1, 30, TARN_CORRUPT},
    {"rows descend", {{100, 50, 0}, {150, 50, 10}, {200, 50, 9}}, 3, 30, TARN_CORRUPT},
    {"row over the row group", {{100, 50, 0}, {150, 50, 31}}, 2, 30, TARN_CORRUPT},
    {"negative row", {{100, 50, 0}, {150, 50, -1}}, 2, 30, TARN_CORRUPT},
    {"pages overlap", {{100, 50, 0}, {149, 50, 10}}, 2, 30, TARN_CORRUPT},
    {"before the chunk", {{99, 50, 0}}, 1, 30, TARN_CORRUPT},
    {"behind the chunk", {{100, 50, 0}, {220, 31, 10}}, 2, 30, TARN_CORRUPT},
    {"negative size", {{100, -50, 0}}, 1, 30, TARN_CORRUPT},
    {"far away", {{INT64_MAX, 50, 0}}, 1, 30, TARN_CORRUPT},
};

START_TEST(offset_index__is_held_against_its_chunk) /* P-INDEX-1 */
{
    struct chunk chunk = open_chunk();
    struct tarn_arena arena;
    struct tarn_offset_index index;
    struct parquet_page_location pages[3];
    struct parquet_offset_index stored = {.has_unencoded_byte_array_data_bytes = false};
    memcpy(pages, offset_indexes[_i].pages, sizeof(pages));
    stored.page_locations.count = offset_indexes[_i].count;
    stored.page_locations.items = pages;
    ck_assert_ok(tarn__thrift_encode(&tarn__parquet_offset_index, &stored, chunk.bytes, &err), &err);
    tarn__arena_init(&arena, chunk.env);
    const enum tarn_status status =
        tarn__offset_index_decode(tarn__buffer_span(chunk.bytes), &arena, offset_indexes[_i].rows, 100, 250, &index, &err);
    ck_assert_msg(status == offset_indexes[_i].status, "%s", offset_indexes[_i].name);
    if (_i == 0) {
        uint64_t first;
        ck_assert_uint_eq(tarn__offset_index_rows(&index, 0, &first), 10);
        ck_assert_uint_eq(tarn__offset_index_rows(&index, 1, &first), 0);
        ck_assert_uint_eq(tarn__offset_index_rows(&index, 2, &first), 20);
        ck_assert_uint_eq(first, 10);
    }
    tarn__arena_free(&arena);
    close_chunk(&chunk);
}
END_TEST

START_TEST(column_index__has_one_entry_a_page) /* P-INDEX-2, P-INDEX-3 */
{
    static bool null_pages[3] = {false, true, false};
    static struct tarn_span bounds[3] = {{(const uint8_t *)"a", 1}, {(const uint8_t *)"", 0}, {(const uint8_t *)"b", 1}};
    static int64_t counts[3] = {0, 5, -1};
    struct chunk chunk = open_chunk();
    struct tarn_arena arena;
    tarn__arena_init(&arena, chunk.env);
    for (int variant = 0; variant < 6; variant++) {
        struct parquet_column_index stored = {.boundary_order = variant == 0 ? PARQUET_ASCENDING : 9};
        struct tarn_column_index index;
        stored.null_pages.count = stored.min_values.count = stored.max_values.count = 3;
        stored.null_pages.items = null_pages;
        stored.min_values.items = stored.max_values.items = bounds;
        stored.has_null_counts = variant >= 1;
        stored.null_counts.items = counts;
        stored.null_counts.count = variant == 1 ? 0 : variant == 2 ? 2 : 3;
        stored.max_values.count = variant == 4 ? 2 : 3;
        counts[2] = variant == 3 ? -1 : 1;
        ck_assert(tarn__buffer_resize(chunk.bytes, 0));
        ck_assert_ok(tarn__thrift_encode(&tarn__parquet_column_index, &stored, chunk.bytes, &err), &err);
        const enum tarn_status status =
            tarn__column_index_decode(tarn__buffer_span(chunk.bytes), &arena, variant == 5 ? 4 : 3, &index, &err);
        ck_assert_int_eq(status, variant < 2 ? TARN_OK : TARN_CORRUPT);
        if (status == TARN_OK) {
            ck_assert(!index.null_pages[0] && index.null_pages[1]);
            ck_assert_ptr_null(index.null_counts);
            ck_assert_int_eq(index.boundary_order, variant == 0 ? PARQUET_ASCENDING : PARQUET_UNORDERED);
            expect_span(index.max_values[2], "b", 1);
        }
    }
    tarn__arena_free(&arena);
    close_chunk(&chunk);
}
END_TEST

TARN_SUITE("format/page", TARN_TEST(page__walks_a_chunk), TARN_TEST(page__splits_both_levels_of_version_1),
           TARN_TEST(page__splits_version_2), TARN_TEST(page__decompresses_behind_the_levels), TARN_TEST(page__verifies_checksums),
           TARN_LOOP_TEST(page__refuses_headers, headers), TARN_TEST(page__stays_inside_its_chunk),
           TARN_LOOP_TEST(page__refuses_bodies, bodies), TARN_LOOP_TEST(offset_index__is_held_against_its_chunk, offset_indexes),
           TARN_TEST(column_index__has_one_entry_a_page))
