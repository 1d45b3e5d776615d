/* SPDX-License-Identifier: Apache-2.0
 * tarn_parquet_verify: nothing to say of a right file; every claim of footer and indexes, made wrong one at a time, is found.
 */
#include <stdio.h>

#include "tarn/parquet.h"
#include "tarn/reader.h"
#include "tests/support/fault.h"
#include "tests/support/parquet_file.h"

enum { ROWS = 1000, PAGE_ROWS = 100 };

static struct tarn_error err;
static struct tarn_env *env;
static struct tarn_store *store;

static const struct tarn_type i64_type = {.id = TARN_TYPE_I64};
static const struct tarn_type f64_type = {.id = TARN_TYPE_F64};
static const struct tarn_type string_type = {.id = TARN_TYPE_STRING};
static const struct tarn_field element = {.name = TARN_TEXT("element"), .type = &i64_type, .nullable = true, .id = -1};
static const struct tarn_type list_type = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &element};

static struct tarn_vector *make_column(uint32_t column, const struct tarn_type *type)
{
    struct tarn_vector_builder *builder;
    struct tarn_vector *out;
    ck_assert_ok(tarn__vector_builder_open(env, type, &builder, &err), &err);
    for (uint32_t row = 0; row < ROWS; row++) {
        char text[16];
        if (row % 7 == 3) {
            tarn__vector_builder_null(builder);
            continue;
        }
        switch (column) {
        case 0:
            tarn__vector_builder_i64(builder, (int64_t)row * 3 - 500);
            break;
        case 1:
            tarn__vector_builder_f64(builder, row % 11 == 0 ? __builtin_nan("") : row * 0.25);
            break;
        case 2:
            tarn__vector_builder_text(builder, (struct tarn_text){text, (size_t)snprintf(text, sizeof(text), "s%u", row)});
            break;
        case 4:
            tarn__vector_builder_i64(builder, row % 5);
            break;
        default:
            for (uint32_t i = 0; i < row % 4; i++) {
                tarn__vector_builder_i64(tarn__vector_builder_child(builder, 0), row + i);
            }
            tarn__vector_builder_close(builder);
            break;
        }
    }
    ck_assert_ok(tarn__vector_builder_finish(builder, &out, &err), &err);
    tarn__vector_builder_close_all(builder);
    return out;
}

static void open_file(void)
{
    const struct tarn_field fields[] = {TARN_TEST_FIELD("i", &i64_type, true), TARN_TEST_FIELD("f", &f64_type, true),
                                        TARN_TEST_FIELD("s", &string_type, true), TARN_TEST_FIELD("l", &list_type, true),
                                        TARN_TEST_FIELD("d", &i64_type, true)};
    struct tarn_parquet_write_options options = TARN_PARQUET_WRITE_OPTIONS_INIT;
    struct tarn_vector *columns[5];
    struct tarn_schema *schema;
    options.page_rows = PAGE_ROWS;
    env = tarn_test_env();
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    ck_assert_ok(tarn_schema_make(env, 5, fields, 0, NULL, &schema, &err), &err);
    for (uint32_t c = 0; c < 5; c++) {
        columns[c] = make_column(c, fields[c].type);
    }
    tarn_parquet_file_write(store, TARN_TEXT("f.parquet"), schema, &options, ROWS, columns);
    tarn_schema_release(schema);
}

static void close_file(void)
{
    tarn_store_close(store);
    tarn_test_env_close(env);
}

/* ---- findings ---- */

struct heard {
    unsigned ok;
    unsigned warnings;
    unsigned errors;
    char detail[128]; /* of the first that is not OK */
    char column[512];
};

static void hear(void *arg, const struct tarn_finding *finding)
{
    struct heard *heard = arg;
    heard->ok += finding->kind == TARN_FINDING_OK;
    heard->warnings += finding->kind == TARN_FINDING_WARNING;
    heard->errors += finding->kind == TARN_FINDING_ERROR;
    if (finding->kind != TARN_FINDING_OK && heard->detail[0] == '\0') {
        snprintf(heard->detail, sizeof(heard->detail), "%s", finding->error->detail);
        snprintf(heard->column, sizeof(heard->column), "%s", finding->error->column);
    }
}

static struct heard verify(const char *key)
{
    struct heard heard = {0};
    ck_assert_ok(tarn_parquet_verify(store, (struct tarn_text){key, strlen(key)}, NULL, hear, &heard, &err), &err);
    return heard;
}

START_TEST(parquet_verify__has_nothing_to_say_of_a_right_file) /* P-VERIFY-1 */
{
    open_file();
    const struct heard heard = verify("f.parquet");
    ck_assert_str_eq(heard.detail, "");
    ck_assert_uint_eq(heard.ok, 1);
    ck_assert_uint_eq(heard.warnings + heard.errors, 0);
    close_file();
}
END_TEST

/* ---- lies ---- */

/* What a lie is told in: the claims of one chunk, taken apart. */
struct claims {
    struct parquet_file_metadata *file;
    struct parquet_column_chunk *chunk;
    struct parquet_column_metadata *meta;
    struct parquet_offset_index offsets;
    struct parquet_column_index bounds;
    bool denying_filter; /* a bloom filter without a bit set is added */
};

static const uint8_t huge[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x3f};
static const uint8_t tiny[8] = {0, 0, 0, 0, 0, 0, 0, 0x80};

static void rows_of_group(struct claims *c)
{
    c->file->num_rows -= 1;
    c->file->row_groups.items[0].num_rows -= 1;
}
static void value_count(struct claims *c)
{
    c->meta->num_values -= 1;
}
static void compressed_size(struct claims *c)
{
    c->meta->total_compressed_size -= 1;
}
static void uncompressed_size(struct claims *c)
{
    c->meta->total_uncompressed_size += 1;
}
static void data_page_offset(struct claims *c)
{
    c->meta->data_page_offset += 1;
}
static void no_encodings(struct claims *c)
{
    c->meta->encodings.count = 1;
    c->meta->encodings.items[0] = PARQUET_ENCODING_BYTE_STREAM_SPLIT;
}
static void encoding_stats(struct claims *c)
{
    c->meta->encoding_stats.items[c->meta->encoding_stats.count - 1].count += 1;
}
static void null_count(struct claims *c)
{
    c->meta->statistics.null_count += 1;
}
static void minimum(struct claims *c)
{
    c->meta->statistics.min_value = (struct tarn_span){huge, 8};
    c->meta->statistics.max_value = (struct tarn_span){huge, 8};
    c->meta->statistics.has_is_min_value_exact = false;
    c->meta->statistics.has_is_max_value_exact = false;
}
static void maximum(struct claims *c)
{
    c->meta->statistics.min_value = (struct tarn_span){tiny, 8};
    c->meta->statistics.max_value = (struct tarn_span){tiny, 8};
}
static void exact_minimum(struct claims *c)
{
    c->meta->statistics.min_value = (struct tarn_span){tiny, 8};
    c->meta->statistics.has_is_min_value_exact = true;
    c->meta->statistics.is_min_value_exact = true;
}
static void exact_maximum(struct claims *c)
{
    c->meta->statistics.max_value = (struct tarn_span){huge, 8};
    c->meta->statistics.has_is_max_value_exact = true;
    c->meta->statistics.is_max_value_exact = true;
}
static void unencoded_bytes(struct claims *c)
{
    c->meta->size_statistics->unencoded_byte_array_data_bytes += 1;
}
static void definition_histogram(struct claims *c)
{
    c->meta->size_statistics->definition_level_histogram.items[0] += 1;
}
static void repetition_histogram(struct claims *c)
{
    c->meta->size_statistics->repetition_level_histogram.count -= 1;
}
static void page_offset(struct claims *c)
{
    c->offsets.page_locations.items[3].offset += 1;
}
static void page_size(struct claims *c)
{
    c->offsets.page_locations.items[3].compressed_page_size -= 1;
}
static void page_row(struct claims *c)
{
    c->offsets.page_locations.items[3].first_row_index += 1;
}
static void page_count(struct claims *c)
{
    c->offsets.page_locations.count -= 1;
}
static void page_bytes(struct claims *c)
{
    c->offsets.unencoded_byte_array_data_bytes.items[2] += 1;
}
static void null_page(struct claims *c)
{
    c->bounds.null_pages.items[2] = true;
}
static void page_nulls(struct claims *c)
{
    c->bounds.null_counts.items[2] += 1;
}
static void page_minimum(struct claims *c)
{
    c->bounds.min_values.items[2] = c->bounds.max_values.items[2];
    c->bounds.boundary_order = PARQUET_UNORDERED;
}
static void page_maximum(struct claims *c)
{
    c->bounds.max_values.items[2] = c->bounds.min_values.items[2];
    c->bounds.boundary_order = PARQUET_UNORDERED;
}
static void page_order(struct claims *c)
{
    c->bounds.boundary_order = PARQUET_DESCENDING;
}
static void page_lists(struct claims *c)
{
    c->bounds.max_values.count -= 1;
}
static void page_definition_histogram(struct claims *c)
{
    c->bounds.definition_level_histograms.items[1] += 1;
}
static void page_repetition_histogram(struct claims *c)
{
    c->bounds.repetition_level_histograms.items[1] += 1;
}

static void bloom_filter(struct claims *c)
{
    c->denying_filter = true;
}

static void sort_by(struct claims *c, int32_t column, bool descending)
{
    static struct parquet_sorting_column sorting;
    sorting = (struct parquet_sorting_column){column, descending, false};
    c->file->row_groups.items[0].has_sorting_columns = true;
    c->file->row_groups.items[0].sorting_columns.count = 1;
    c->file->row_groups.items[0].sorting_columns.items = &sorting;
}
static void sorted_up(struct claims *c)
{
    sort_by(c, 4, false);
}
static void sorted_down(struct claims *c)
{
    sort_by(c, 4, true);
}
static void sorted_by_nothing(struct claims *c)
{
    sort_by(c, 5, false);
}

static const struct {
    uint32_t leaf;
    void (*tell)(struct claims *claims);
    const char *detail;
    bool is_warning;
} lies[] = {
    {3, rows_of_group, "footer", false},
    {3, value_count, "page_header", false},
    {0, compressed_size, "chunk_size", true},
    {0, uncompressed_size, "chunk_size", true},
    {1, data_page_offset, "page_header", false}, /* without a dictionary it is where the chunk begins */
    {4, data_page_offset, "page_offset", true},
    {0, no_encodings, "encodings", true},
    {0, encoding_stats, "encoding_stats", true},
    {0, null_count, "statistics", false},
    {2, null_count, "statistics", false},
    {3, null_count, "statistics", false},
    {0, minimum, "statistics", false},
    {0, maximum, "statistics", false},
    {0, exact_minimum, "statistics", false},
    {0, exact_maximum, "statistics", false},
    {1, minimum, "statistics", false},
    {2, unencoded_bytes, "size_statistics", true},
    {3, definition_histogram, "size_statistics", false},
    {3, repetition_histogram, "size_statistics", false},
    {0, page_offset, "offset_index", false},
    {0, page_size, "offset_index", false},
    {3, page_row, "offset_index", false},
    {0, page_count, "offset_index", false},
    {2, page_bytes, "offset_index", true},
    {0, null_page, "column_index", false},
    {3, page_nulls, "column_index", false},
    {0, page_minimum, "column_index", false},
    {0, page_maximum, "column_index", false},
    {0, page_order, "column_index", false},
    {0, page_lists, "column_index", false},
    {3, page_definition_histogram, "column_index", false},
    {3, page_repetition_histogram, "column_index", false},
    {0, bloom_filter, "bloom_filter", false},
    {2, bloom_filter, "bloom_filter", false},
    {4, sorted_up, "sorting", false},
    {4, sorted_down, "sorting", false},
    {4, sorted_by_nothing, "sorting", false},
};

static void decode(const struct tarn_thrift_struct *of, struct tarn_span bytes, struct tarn_arena *arena, void *out)
{
    struct tarn_thrift_progress progress;
    ck_assert_ok(tarn__thrift_decode(of, bytes, arena, out, &progress, &err), &err);
}

/* Appends an index and gives its place. */
static void append(const struct tarn_thrift_struct *of, const void *value, struct tarn_buffer *out, int64_t *offset, int32_t *length)
{
    *offset = (int64_t)out->size;
    ck_assert_ok(tarn__thrift_encode(of, value, out, &err), &err);
    *length = (int32_t)(out->size - (size_t)*offset);
}

/* "lie.parquet": the file with one claim made wrong, its indexes and footer written anew behind the pages. */
static void put_lie(uint32_t leaf, void (*tell)(struct claims *))
{
    struct tarn_parquet_file file;
    struct parquet_file_metadata metadata;
    struct claims claims = {.file = &metadata};
    struct tarn_arena arena;
    tarn_parquet_file_open(&file, store, TARN_TEXT("f.parquet"));
    tarn__arena_init(&arena, env);
    decode(&tarn__parquet_file_metadata, file.footer->bytes, &arena, &metadata);
    claims.chunk = &metadata.row_groups.items[0].columns.items[leaf];
    claims.meta = &claims.chunk->meta_data;
    const uint8_t *bytes = file.bytes->data;
    decode(&tarn__parquet_offset_index,
           (struct tarn_span){bytes + claims.chunk->offset_index_offset, (size_t)claims.chunk->offset_index_length}, &arena,
           &claims.offsets);
    decode(&tarn__parquet_column_index,
           (struct tarn_span){bytes + claims.chunk->column_index_offset, (size_t)claims.chunk->column_index_length}, &arena,
           &claims.bounds);
    tell(&claims);

    struct tarn_buffer *out = tarn__buffer_new(env, 0);
    ck_assert(tarn__buffer_append(out, bytes, file.footer->offset));
    append(&tarn__parquet_offset_index, &claims.offsets, out, &claims.chunk->offset_index_offset, &claims.chunk->offset_index_length);
    append(&tarn__parquet_column_index, &claims.bounds, out, &claims.chunk->column_index_offset, &claims.chunk->column_index_length);
    if (claims.denying_filter) {
        static const uint8_t bits[32];
        const struct parquet_bloom_filter_header header = {.num_bytes = 32, .algorithm = {1}, .hash = {1}, .compression = {1}};
        int32_t header_size;
        append(&tarn__parquet_bloom_filter_header, &header, out, &claims.meta->bloom_filter_offset, &header_size);
        ck_assert(tarn__buffer_append(out, bits, sizeof(bits)));
        claims.meta->has_bloom_filter_offset = true;
        claims.meta->has_bloom_filter_length = true;
        claims.meta->bloom_filter_length = header_size + (int32_t)sizeof(bits);
    }
    metadata.key_value_metadata.count = 0; /* the checksum, which is made anew */
    ck_assert_ok(tarn__footer_write(&metadata, true, out, &err), &err);
    ck_assert_ok(tarn_store_put(store, TARN_TEXT("lie.parquet"), tarn__buffer_span(out), TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &err), &err);
    tarn__buffer_release(out);
    tarn__arena_free(&arena);
    tarn_parquet_file_close(&file);
}

static void append_text(void *arg, struct tarn_text piece)
{
    strncat(arg, piece.data, piece.size);
}

static void tell_nothing(struct claims *claims)
{
    (void)claims;
}

START_TEST(parquet_verify__does_not_mind_where_indexes_lie)
{
    open_file();
    put_lie(1, tell_nothing);
    const struct heard heard = verify("lie.parquet");
    ck_assert_str_eq(heard.detail, "");
    ck_assert_uint_eq(heard.ok, 1);
    close_file();
}
END_TEST

START_TEST(parquet_verify__finds_every_wrong_claim) /* P-VERIFY-4 P-VERIFY-5 P-VERIFY-6 P-VERIFY-7 P-VERIFY-8 P-VERIFY-9 P-VERIFY-3 */
{
    static const char *const columns[] = {"i", "f", "s", "l.list.element", "d"};
    open_file();
    put_lie(lies[_i].leaf, lies[_i].tell);
    const struct heard heard = verify("lie.parquet");
    ck_assert_str_eq(heard.detail, lies[_i].detail);
    ck_assert_uint_eq(heard.errors != 0, !lies[_i].is_warning);
    ck_assert_uint_eq(heard.warnings != 0, lies[_i].is_warning);
    if (strcmp(lies[_i].detail, "footer") != 0 && strcmp(lies[_i].detail, "sorting") != 0) {
        ck_assert_str_eq(heard.column, columns[lies[_i].leaf]);
    }
    close_file();
}
END_TEST

START_TEST(parquet_verify__footer_tree_names_every_value) /* P-VERIFY-10 */
{
    static const uint8_t footer[] = {0x15, 0x04, 0x19, 0x1c, 0x48, 0x01, 'r', 0x00, 0x16, 0x05, 0x00};
    char text[256] = "";
    ck_assert_ok(tarn_parquet_footer_tree((struct tarn_span){footer, sizeof(footer)}, append_text, text, &err), &err);
    ck_assert_str_eq(text, "0: struct {\n  1: i32 2\n  2: list 1 [\n    0: struct {\n      4: binary 1 72\n    }\n  ]\n  3: i64 -3\n}\n");
}
END_TEST

START_TEST(parquet_verify__finds_every_flip_in_a_page) /* P-VERIFY-2 */
{
    struct tarn_parquet_file file;
    open_file();
    tarn_parquet_file_open(&file, store, TARN_TEXT("f.parquet"));
    const uint64_t end = tarn__footer_chunk_range(tarn_parquet_file_chunk(&file, 0, 0)).end;
    for (uint64_t at = 4; at < end; at += 61) {
        file.bytes->data[at] ^= 0x10;
        ck_assert_ok(
            tarn_store_put(store, TARN_TEXT("flip.parquet"), tarn__buffer_span(file.bytes), TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &err),
            &err);
        file.bytes->data[at] ^= 0x10;
        const struct heard heard = verify("flip.parquet");
        ck_assert_msg(heard.errors + heard.warnings != 0, "the flip at byte %llu is not found", (unsigned long long)at);
    }
    tarn_parquet_file_close(&file);
    close_file();
}
END_TEST

/* The right file, in the store that fails; damage must never be reported for what was only not to be had. */
static enum tarn_status verify_under_fault(void *ctx, struct tarn_fault *fault, struct tarn_env *faulty, struct tarn_error *failure)
{
    const struct tarn_span *bytes = ctx;
    struct tarn_store *memory;
    struct heard heard = {0};
    enum tarn_status status = tarn_store_open(faulty, TARN_TEXT("memory:v"), true, &memory, failure);
    if (status != TARN_OK) {
        return status;
    }
    tarn_fault_suspend(fault);
    ck_assert_ok(tarn_store_put(memory, TARN_TEXT("f"), *bytes, TARN_PUT_OVERWRITE, TARN_ROLE_DATA, failure), failure);
    tarn_fault_resume(fault);
    status = tarn_parquet_verify(memory, TARN_TEXT("f"), NULL, hear, &heard, failure);
    ck_assert_msg(heard.errors + heard.warnings == 0, "a fault is told as damage: %s", heard.detail);
    ck_assert_uint_eq(heard.ok, status == TARN_OK);
    tarn_store_close(memory);
    return status;
}

START_TEST(parquet_verify__survives_every_failure)
{
    open_file();
    struct tarn_buffer *bytes = tarn_test_read(store, TARN_TEXT("f.parquet"));
    struct tarn_span span = tarn__buffer_span(bytes);
    tarn_fault_sweep(verify_under_fault, &span, TARN_FAULT_ALL_ALLOC | TARN_FAULT_IO_ONCE | TARN_FAULT_IO_FOREVER);
    tarn__buffer_release(bytes);
    close_file();
}
END_TEST

TARN_SUITE("parquet verify", TARN_TEST(parquet_verify__has_nothing_to_say_of_a_right_file),
           TARN_TEST(parquet_verify__does_not_mind_where_indexes_lie), TARN_LOOP_TEST(parquet_verify__finds_every_wrong_claim, lies),
           TARN_TEST(parquet_verify__footer_tree_names_every_value), TARN_TEST(parquet_verify__finds_every_flip_in_a_page),
           TARN_TEST(parquet_verify__survives_every_failure))
