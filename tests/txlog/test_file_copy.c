/* SPDX-License-Identifier: Apache-2.0
 *
 * Parquet files made of the pages of others: what moves, what stays, what is refused; and every failure on the way.
 */
#include <stdio.h>
#include <string.h>

#include "format/base/bytes.h"
#include "format/base/text.h"
#include "format/index/bloom_filter.h"
#include "tarn/files.h"
#include "tests/support/fault.h"
#include "tests/support/parquet_file.h"

static const struct tarn_type i64 = {.id = TARN_TYPE_I64};
static const struct tarn_type i32 = {.id = TARN_TYPE_I32};
static const struct tarn_type text = {.id = TARN_TYPE_STRING};
static const struct tarn_field element = TARN_TEST_FIELD("element", &text, true);
static const struct tarn_type list = {.id = TARN_TYPE_LIST, .field_count = 1, .fields = &element};
static const struct tarn_field fields[] = {TARN_TEST_FIELD("id", &i64, false), TARN_TEST_FIELD("name", &text, true),
                                           TARN_TEST_FIELD("tags", &list, true)};
static const struct tarn_field turned[] = {TARN_TEST_FIELD("tags", &list, true), TARN_TEST_FIELD("id", &i64, false),
                                           TARN_TEST_FIELD("name", &text, true)};

enum { ROWS = 200, GROUP_ROWS = 150, COLUMNS = 3 };

static struct tarn_error err = TARN_ERROR_INIT;

/* ---- files ---- */

static struct tarn_vector *column_of(struct tarn_env *env, const struct tarn_field *field, int64_t first)
{
    struct tarn_vector_builder *builder;
    struct tarn_vector *column;
    ck_assert_ok(tarn__vector_builder_open(env, field->type, &builder, &err), &err);
    for (int64_t row = 0; row < ROWS; row++) {
        char word[24];
        const int size = snprintf(word, sizeof(word), "word %lld", (long long)((first + row) % 31));
        const struct tarn_text value = {word, (size_t)size};
        if (field->type->id == TARN_TYPE_LIST) {
            for (int64_t i = 0; i < row % 3; i++) {
                tarn__vector_builder_text(tarn__vector_builder_child(builder, 0), value);
            }
            tarn__vector_builder_close(builder);
        } else if (field->type->id == TARN_TYPE_STRING && row % 11 == 0) {
            tarn__vector_builder_null(builder);
        } else if (field->type->id == TARN_TYPE_STRING) {
            tarn__vector_builder_text(builder, value);
        } else {
            tarn__vector_builder_i64(builder, first + row);
        }
    }
    ck_assert_ok(tarn__vector_builder_finish(builder, &column, &err), &err);
    tarn__vector_builder_close_all(builder);
    return column;
}

static void put_file(struct tarn_store *store, const char *key, uint32_t count, const struct tarn_field *of, int64_t first)
{
    struct tarn_parquet_write_options options = TARN_PARQUET_WRITE_OPTIONS_INIT;
    struct tarn_vector *columns[COLUMNS];
    struct tarn_schema *schema;
    options.row_group_rows = GROUP_ROWS;
    options.page_rows = 40;
    ck_assert_ok(tarn_schema_make(store->env, count, of, 0, NULL, &schema, &err), &err);
    for (uint32_t i = 0; i < count; i++) {
        columns[i] = column_of(store->env, &of[i], first);
    }
    tarn_parquet_file_write(store, tarn__text_of(key), schema, &options, ROWS, columns);
    tarn_schema_release(schema);
}

static struct tarn_store *store_with_files(struct tarn_env *env)
{
    struct tarn_store *store;
    ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
    put_file(store, "a", COLUMNS, fields, 0);
    put_file(store, "b", COLUMNS, turned, 1000);
    return store;
}

/* What a foreign file may say: the footer of a file changed by a test, pages and indexes as they are. `tail`: bytes before the footer. */
struct lie {
    void (*tell)(struct parquet_file_metadata *metadata, uint64_t tail_offset);
    struct tarn_span tail;
};

static void tell_lie(struct tarn_store *store, const char *key, const struct lie *lie)
{
    struct tarn_parquet_file file;
    struct tarn_arena arena;
    tarn_parquet_file_open(&file, store, tarn__text_of(key));
    tarn__arena_init(&arena, store->env);
    struct parquet_file_metadata metadata = file.footer->metadata;
    struct parquet_row_group *groups = tarn__arena_calloc(&arena, metadata.row_groups.count, sizeof(*groups));
    for (uint32_t g = 0; g < metadata.row_groups.count; g++) {
        struct parquet_column_chunk *chunks = tarn__arena_calloc(&arena, file.footer->schema->leaf_count, sizeof(*chunks));
        groups[g] = *tarn__footer_row_group(file.footer, g);
        groups[g].columns.items = chunks;
        groups[g].columns.count = file.footer->schema->leaf_count;
        for (uint32_t leaf = 0; leaf < file.footer->schema->leaf_count; leaf++) {
            const struct parquet_column_chunk *chunk;
            ck_assert_ok(tarn__footer_chunk(file.footer, g, leaf, &arena, &chunk, &err), &err);
            chunks[leaf] = *chunk;
        }
    }
    metadata.row_groups.items = groups;
    metadata.has_key_value_metadata = false; /* the checksum is written anew */
    metadata.key_value_metadata.count = 0;
    lie->tell(&metadata, file.footer->offset);
    struct tarn_buffer *bytes = tarn__buffer_new(store->env, 0);
    ck_assert(tarn__buffer_append(bytes, file.bytes->data, file.footer->offset));
    ck_assert(lie->tail.size == 0 || tarn__buffer_append(bytes, lie->tail.data, lie->tail.size));
    ck_assert_ok(tarn__footer_write(&metadata, true, bytes, &err), &err);
    ck_assert_ok(tarn_store_put(store, tarn__text_of(key), tarn__buffer_span(bytes), TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &err), &err);
    tarn__buffer_release(bytes);
    tarn__arena_free(&arena);
    tarn_parquet_file_close(&file);
}

/* ---- what is found ---- */

static void count_finding(void *arg, const struct tarn_finding *finding)
{
    if (finding->kind != TARN_FINDING_OK) {
        ck_abort_msg("%s: %s", finding->error->detail, finding->error->message);
    }
    ++*(unsigned *)arg;
}

/* tarn_parquet_verify has nothing to say against it: claims, page indexes, filters agree with the values. */
static void assert_sound(struct tarn_store *store, const char *key)
{
    unsigned findings = 0;
    ck_assert_ok(tarn_parquet_verify(store, tarn__text_of(key), NULL, count_finding, &findings, &err), &err);
    ck_assert_uint_ne(findings, 0);
}

static struct tarn_span chunk_span(const struct tarn_parquet_file *file, uint32_t row_group, uint32_t leaf)
{
    struct tarn_chunk_range range;
    ck_assert(tarn__footer_chunk_place(file->footer, row_group, leaf, &range));
    return (struct tarn_span){file->bytes->data + range.begin, (size_t)(range.end - range.begin)};
}

static void assert_same_chunk(struct tarn_parquet_file *a, uint32_t group_a, uint32_t leaf_a, struct tarn_parquet_file *b, uint32_t group_b,
                              uint32_t leaf_b)
{
    const struct tarn_span bytes_a = chunk_span(a, group_a, leaf_a);
    const struct tarn_span bytes_b = chunk_span(b, group_b, leaf_b);
    struct tarn_column_index index_a;
    struct tarn_column_index index_b;
    ck_assert_uint_eq(bytes_a.size, bytes_b.size);
    ck_assert_mem_eq(bytes_a.data, bytes_b.data, bytes_a.size);
    const struct tarn_offset_index pages_a = tarn_parquet_file_offset_index(a, group_a, leaf_a);
    const struct tarn_offset_index pages_b = tarn_parquet_file_offset_index(b, group_b, leaf_b);
    ck_assert_uint_eq(pages_a.page_count, pages_b.page_count);
    for (uint32_t i = 0; i < pages_a.page_count; i++) { /* places relative to the chunk */
        ck_assert_int_eq(pages_a.pages[i].offset - (bytes_a.data - a->bytes->data),
                         pages_b.pages[i].offset - (bytes_b.data - b->bytes->data));
        ck_assert_int_eq(pages_a.pages[i].first_row_index, pages_b.pages[i].first_row_index);
    }
    ck_assert(tarn_parquet_file_column_index(a, group_a, leaf_a, &index_a) && tarn_parquet_file_column_index(b, group_b, leaf_b, &index_b));
    for (uint32_t i = 0; i < index_a.page_count; i++) {
        ck_assert_uint_eq(index_a.min_values[i].size, index_b.min_values[i].size);
        ck_assert_mem_eq(index_a.min_values[i].data, index_b.min_values[i].data, index_a.min_values[i].size);
    }
}

/* ---- notes ---- */

struct notes {
    unsigned count;
    char last[512];
};

static void take_note(void *arg, struct tarn_text words)
{
    struct notes *notes = arg;
    notes->count++;
    snprintf(notes->last, sizeof(notes->last), "%.*s", (int)words.size, words.data);
}

static enum tarn_status merge_with(struct tarn_store *store, const char *keys, const char *to,
                                   const struct tarn_parquet_copy_options *options, struct tarn_file_result *result)
{
    struct tarn_file_place files[8];
    uint32_t count = 0;
    for (; keys[count] != '\0'; count++) {
        files[count] = (struct tarn_file_place){store, {&keys[count], 1}};
    }
    const struct tarn_file_place place = {store, tarn__text_of(to)};
    return tarn_parquet_merge(count, files, &place, options, result, &err);
}

/* ---- merging ---- */

START_TEST(file_copy__chunks_keep_their_bytes_and_indexes_follow) /* P-COPY-1 P-COPY-2 P-COPY-10 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_store *store = store_with_files(env);
    struct tarn_file_result result = TARN_FILE_RESULT_INIT;
    struct tarn_parquet_file a;
    struct tarn_parquet_file b;
    struct tarn_parquet_file m;

    ck_assert_ok(merge_with(store, "ab", "m", NULL, &result), &err);
    tarn_parquet_file_open(&a, store, TARN_TEXT("a"));
    tarn_parquet_file_open(&b, store, TARN_TEXT("b"));
    tarn_parquet_file_open(&m, store, TARN_TEXT("m"));
    ck_assert_uint_eq(result.rows, 2 * ROWS);
    ck_assert_uint_eq(result.row_groups, 4);
    ck_assert_uint_eq(result.bytes, m.bytes->size);
    ck_assert_int_eq(m.footer->metadata.num_rows, 2 * ROWS);
    for (uint32_t g = 0; g < 2; g++) {
        for (uint32_t leaf = 0; leaf < COLUMNS; leaf++) {
            assert_same_chunk(&m, g, leaf, &a, g, leaf);
            assert_same_chunk(&m, 2 + g, leaf, &b, g, (leaf + 1) % COLUMNS); /* of b the columns stand otherwise */
        }
    }
    for (uint32_t g = 0; g < 4; g++) {
        const struct parquet_row_group *group = tarn__footer_row_group(m.footer, g);
        struct tarn_chunk_range first;
        ck_assert(tarn__footer_chunk_place(m.footer, g, 0, &first));
        ck_assert_int_eq(group->ordinal, (int16_t)g);
        ck_assert_int_eq(group->file_offset, (int64_t)first.begin);
        ck_assert_int_eq(group->num_rows, g % 2 == 0 ? GROUP_ROWS : ROWS - GROUP_ROWS);
    }
    ck_assert(tarn__text_equal(m.footer->metadata.created_by, a.footer->metadata.created_by));
    tarn_parquet_file_close(&a);
    tarn_parquet_file_close(&b);
    tarn_parquet_file_close(&m);
    assert_sound(store, "m");
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

/* A header (num_bytes 32; SPLIT BLOCK, XXHASH, UNCOMPRESSED) and one block in which every bit is set: nothing is ruled out. */
static uint8_t filter[] = {0x15, 0x40, 0x1c, 0x1c, 0x00, 0x00, 0x1c, 0x1c, 0x00, 0x00, 0x1c, 0x1c, 0x00, 0x00, 0x00, 0xff,
                           0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                           0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static void has_filters(struct parquet_file_metadata *metadata, uint64_t tail)
{
    struct parquet_column_metadata *first = &metadata->row_groups.items[0].columns.items[0].meta_data;
    first->has_bloom_filter_offset = true; /* old writers do not say how long it is */
    first->bloom_filter_offset = (int64_t)tail;
}

static void has_broken_filter(struct parquet_file_metadata *metadata, uint64_t tail)
{
    has_filters(metadata, tail);
    metadata->row_groups.items[0].columns.items[0].meta_data.bloom_filter_offset++;
}

START_TEST(file_copy__bloom_filters_follow_their_chunks) /* P-COPY-3 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_store *store = store_with_files(env);
    struct tarn_parquet_copy_options drop = TARN_PARQUET_COPY_OPTIONS_INIT;
    const struct lie lie = {has_filters, {filter, sizeof(filter)}};
    const struct lie broken = {has_broken_filter, {filter, sizeof(filter)}};
    struct tarn_parquet_file m;

    tell_lie(store, "a", &lie);
    ck_assert_ok(merge_with(store, "ba", "m", NULL, NULL), &err);
    tarn_parquet_file_open(&m, store, TARN_TEXT("m"));
    for (uint32_t g = 0; g < 4; g++) {
        for (uint32_t leaf = 0; leaf < COLUMNS; leaf++) {
            ck_assert_int_eq(tarn_parquet_file_chunk(&m, g, leaf)->has_bloom_filter_offset, g == 2 && leaf == 1);
        }
    }
    const struct parquet_column_metadata *chunk = tarn_parquet_file_chunk(&m, 2, 1);
    ck_assert_int_eq(chunk->bloom_filter_length, sizeof(filter));
    ck_assert_mem_eq(m.bytes->data + chunk->bloom_filter_offset, filter, sizeof(filter));
    tarn_parquet_file_close(&m);
    drop.drop_bloom_filters = true;
    ck_assert_ok(merge_with(store, "ba", "m", &drop, NULL), &err);
    tarn_parquet_file_open(&m, store, TARN_TEXT("m"));
    ck_assert(!tarn_parquet_file_chunk(&m, 2, 1)->has_bloom_filter_offset);
    tarn_parquet_file_close(&m);
    tell_lie(store, "a", &broken);
    ck_assert_status(merge_with(store, "ba", "m", NULL, NULL), TARN_CORRUPT);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

static void chunks_overlap(struct parquet_file_metadata *metadata, uint64_t tail)
{
    const struct parquet_row_group *group = &metadata->row_groups.items[0];
    (void)tail;
    for (uint32_t leaf = 0; leaf < group->columns.count; leaf++) { /* each says that it has all the bytes there are */
        struct parquet_column_metadata *meta = &group->columns.items[leaf].meta_data;
        meta->has_dictionary_page_offset = false;
        meta->data_page_offset = 4;
        meta->total_compressed_size = (int64_t)tail - 4;
    }
}

static void pages_lie_elsewhere(struct parquet_file_metadata *metadata, uint64_t tail)
{
    (void)tail;
    metadata->row_groups.items[1].columns.items[1].has_file_path = true;
    metadata->row_groups.items[1].columns.items[1].file_path = TARN_TEXT("other.parquet");
}

static void index_leaves_the_chunk(struct parquet_file_metadata *metadata, uint64_t tail)
{
    struct parquet_column_chunk *chunks = metadata->row_groups.items[0].columns.items;
    (void)tail;
    chunks[0].offset_index_offset = chunks[1].offset_index_offset;
    chunks[0].offset_index_length = chunks[1].offset_index_length;
}

START_TEST(file_copy__refuses_what_is_no_file) /* P-COPY-4 */
{
    static const struct {
        void (*tell)(struct parquet_file_metadata *metadata, uint64_t tail);
        enum tarn_status status;
        const char *detail;
    } cases[] = {{chunks_overlap, TARN_CORRUPT, "footer"},
                 {pages_lie_elsewhere, TARN_UNSUPPORTED, "external_column_chunk"},
                 {index_leaves_the_chunk, TARN_CORRUPT, "offset_index"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tarn_env *env = tarn_test_env();
        struct tarn_store *store = store_with_files(env);
        const struct lie lie = {cases[i].tell, {NULL, 0}};
        struct tarn_object_info info;
        struct tarn_file_result result = {sizeof(result), 7, 7, 7};
        tell_lie(store, "a", &lie);
        ck_assert_status(merge_with(store, "ba", "m", NULL, &result), cases[i].status);
        ck_assert_str_eq(err.detail, cases[i].detail);
        ck_assert_uint_eq(result.rows + result.bytes + result.row_groups, 0);
        ck_assert_status(tarn_store_head(store, TARN_TEXT("m"), &info, NULL), TARN_NOT_FOUND);
        tarn_store_close(store);
        tarn_test_env_close(env);
    }
}
END_TEST

static void by_an_old_writer(struct parquet_file_metadata *metadata, uint64_t tail)
{
    struct parquet_row_group *group = &metadata->row_groups.items[0];
    (void)tail;
    metadata->created_by = TARN_TEXT("parquet-mr version 1.6.0");
    for (uint32_t leaf = 0; leaf < 2; leaf++) {
        struct parquet_statistics *statistics = &group->columns.items[leaf].meta_data.statistics;
        statistics->has_min = true;
        statistics->has_max = true;
        statistics->min = statistics->min_value;
        statistics->max = statistics->max_value;
    }
}

START_TEST(file_copy__bounds_that_are_judged_by_the_writer) /* P-COPY-5 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_store *store = store_with_files(env);
    const struct lie lie = {by_an_old_writer, {NULL, 0}};
    struct tarn_parquet_file m;

    tell_lie(store, "a", &lie);
    ck_assert_ok(merge_with(store, "aa", "m", NULL, NULL), &err);
    tarn_parquet_file_open(&m, store, TARN_TEXT("m"));
    ck_assert(tarn__text_equal(m.footer->metadata.created_by, TARN_TEXT("parquet-mr version 1.6.0")));
    ck_assert(tarn_parquet_file_chunk(&m, 2, 1)->statistics.has_min);
    tarn_parquet_file_close(&m);
    ck_assert_ok(merge_with(store, "ab", "m", NULL, NULL), &err);
    tarn_parquet_file_open(&m, store, TARN_TEXT("m"));
    ck_assert(tarn__text_starts(m.footer->metadata.created_by, TARN_TEXT("tarn version ")));
    ck_assert(!tarn_parquet_file_chunk(&m, 0, 1)->statistics.has_min); /* a text */
    ck_assert(tarn_parquet_file_chunk(&m, 0, 1)->statistics.has_min_value);
    ck_assert(tarn_parquet_file_chunk(&m, 0, 0)->statistics.has_min); /* a number */
    tarn_parquet_file_close(&m);
    assert_sound(store, "m");
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

static void of_no_known_order(struct parquet_file_metadata *metadata, uint64_t tail)
{
    (void)tail;
    metadata->has_column_orders = false;
}

START_TEST(file_copy__bounds_of_another_order_are_dropped) /* P-COPY-6 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_store *store = store_with_files(env);
    struct notes notes = {0};
    struct tarn_parquet_copy_options options = TARN_PARQUET_COPY_OPTIONS_INIT;
    const struct lie lie = {of_no_known_order, {NULL, 0}};
    struct tarn_parquet_file m;
    struct tarn_column_index index;

    options.note = take_note;
    options.note_arg = &notes;
    tell_lie(store, "b", &lie);
    ck_assert_ok(merge_with(store, "ab", "m", &options, NULL), &err);
    ck_assert_uint_eq(notes.count, 1);
    ck_assert_str_eq(notes.last, "b: bounds of 3 columns are of another order than the first file's and are dropped");
    tarn_parquet_file_open(&m, store, TARN_TEXT("m"));
    ck_assert(tarn_parquet_file_chunk(&m, 1, 0)->statistics.has_min_value && tarn_parquet_file_column_index(&m, 1, 0, &index));
    ck_assert(!tarn_parquet_file_chunk(&m, 2, 0)->statistics.has_min_value && !tarn_parquet_file_column_index(&m, 2, 0, &index));
    ck_assert(tarn_parquet_file_chunk(&m, 2, 0)->statistics.has_null_count);
    ck_assert_uint_ne(tarn_parquet_file_offset_index(&m, 2, 0).page_count, 0);
    tarn_parquet_file_close(&m);
    assert_sound(store, "m");
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

static const struct tarn_field wider[] = {TARN_TEST_FIELD("id", &i32, false), TARN_TEST_FIELD("name", &text, true)};
static const struct tarn_field two[] = {TARN_TEST_FIELD("id", &i64, false), TARN_TEST_FIELD("name", &text, true)};
static const struct tarn_field nullable[] = {TARN_TEST_FIELD("id", &i64, true), TARN_TEST_FIELD("name", &text, true)};
static const struct tarn_field other_name[] = {TARN_TEST_FIELD("id", &i64, false), TARN_TEST_FIELD("title", &text, true)};
static const struct tarn_field nested[] = {TARN_TEST_FIELD("id", &i64, false), TARN_TEST_FIELD("name", &list, true)};
static const struct tarn_field with_id[] = {{.name = TARN_TEXT("id"), .type = &i64, .id = 1},
                                            {.name = TARN_TEXT("name"), .type = &text, .nullable = true, .id = 2}};
static const struct tarn_field with_other_id[] = {{.name = TARN_TEXT("name"), .type = &text, .nullable = true, .id = 1},
                                                  {.name = TARN_TEXT("id"), .type = &i64, .id = 2}};

START_TEST(file_copy__schemas_must_agree) /* P-COPY-7 */
{
    static const struct {
        const struct tarn_field *first;
        const struct tarn_field *second;
        const char *why; /* NULL: they do */
    } cases[] = {{two, wider, "\"id\" is stored as different types"},
                 {two, nullable, "\"id\" is nullable or repeated in one file"},
                 {two, other_name, "\"name\" is not in all files"},
                 {two, nested, "is a group in one file"},
                 {with_id, with_other_id, "has different field ids"},
                 {with_id, two, NULL},
                 {two, with_id, NULL},
                 {nested, two, "is a group in one file"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tarn_env *env = tarn_test_env();
        struct tarn_store *store;
        ck_assert_ok(tarn_store_open_memory(env, 0, &store, &err), &err);
        put_file(store, "a", 2, cases[i].first, 0);
        put_file(store, "b", 2, cases[i].second, 0);
        const enum tarn_status status = merge_with(store, "ab", "m", NULL, NULL);
        if (cases[i].why == NULL) {
            ck_assert_ok(status, &err);
            assert_sound(store, "m");
        } else {
            ck_assert_status(status, TARN_INVALID);
            ck_assert_str_eq(err.detail, "schema");
            ck_assert_msg(strstr(err.message, cases[i].why) != NULL, "%s", err.message);
            ck_assert_str_eq(err.object, "b");
        }
        tarn_store_close(store);
        tarn_test_env_close(env);
    }
}
END_TEST

static void is_sorted(struct parquet_file_metadata *metadata, uint64_t tail)
{
    static struct parquet_sorting_column columns[] = {{1, true, false}, {0, false, true}};
    (void)tail;
    metadata->row_groups.items[0].has_sorting_columns = true;
    metadata->row_groups.items[0].sorting_columns.count = 2;
    metadata->row_groups.items[0].sorting_columns.items = columns;
}

START_TEST(file_copy__sorting_columns_are_counted_anew) /* P-COPY-10 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_store *store = store_with_files(env);
    const struct lie lie = {is_sorted, {NULL, 0}};
    struct tarn_parquet_file m;

    tell_lie(store, "b", &lie); /* by id descending, then by tags */
    ck_assert_ok(merge_with(store, "ab", "m", NULL, NULL), &err);
    tarn_parquet_file_open(&m, store, TARN_TEXT("m"));
    ck_assert(!tarn__footer_row_group(m.footer, 0)->has_sorting_columns);
    ck_assert(!tarn__footer_row_group(m.footer, 3)->has_sorting_columns);
    const struct parquet_row_group *group = tarn__footer_row_group(m.footer, 2);
    ck_assert_uint_eq(group->sorting_columns.count, 2);
    ck_assert_int_eq(group->sorting_columns.items[0].column_idx, 0);
    ck_assert(group->sorting_columns.items[0].descending && !group->sorting_columns.items[0].nulls_first);
    ck_assert_int_eq(group->sorting_columns.items[1].column_idx, 2);
    ck_assert(!group->sorting_columns.items[1].descending && group->sorting_columns.items[1].nulls_first);
    tarn_parquet_file_close(&m);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

/* ---- other names and keys ---- */

static enum tarn_status rename_one(struct tarn_store *store, const char *path, const char *name)
{
    const struct tarn_parquet_rename rename = {tarn__text_of(path), tarn__text_of(name)};
    struct tarn_parquet_copy_options options = TARN_PARQUET_COPY_OPTIONS_INIT;
    const struct tarn_file_place from = {store, TARN_TEXT("a")};
    const struct tarn_file_place to = {store, TARN_TEXT("m")};
    options.rename_count = 1;
    options.renames = &rename;
    return tarn_parquet_copy(&from, &to, &options, NULL, &err);
}

START_TEST(file_copy__names_change_and_pages_do_not) /* P-COPY-8 */
{
    static const struct {
        const char *path;
        const char *name;
        enum tarn_status status;
    } cases[] = {{"id", "key", TARN_OK},
                 {"id", "ID", TARN_OK},
                 {"id", "na.me", TARN_OK},
                 {"id", "name", TARN_INVALID},
                 {"id", "Tags", TARN_INVALID},
                 {"id", "", TARN_INVALID},
                 {"id", "\xff", TARN_INVALID},
                 {"tags", "words", TARN_OK},
                 {"tags.list", "x", TARN_INVALID},
                 {"tags.list.element", "x", TARN_INVALID},
                 {"tags.element", "x", TARN_NOT_FOUND},
                 {"", "x", TARN_NOT_FOUND},
                 {"ids", "x", TARN_NOT_FOUND}};
    struct tarn_env *env = tarn_test_env();
    struct tarn_store *store = store_with_files(env);
    struct tarn_parquet_file a;
    tarn_parquet_file_open(&a, store, TARN_TEXT("a"));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tarn_parquet_file m;
        ck_assert_msg(rename_one(store, cases[i].path, cases[i].name) == cases[i].status, "%s to %s: %s", cases[i].path, cases[i].name,
                      err.message);
        if (cases[i].status != TARN_OK) {
            continue;
        }
        tarn_parquet_file_open(&m, store, TARN_TEXT("m"));
        ck_assert_uint_eq(m.footer->offset, a.footer->offset);
        ck_assert_mem_eq(m.bytes->data, a.bytes->data, a.footer->offset);
        const uint32_t leaf = cases[i].path[0] == 't' ? 2 : 0;
        ck_assert(tarn__text_equal(m.footer->schema->leaves[leaf].steps[0], tarn__text_of(cases[i].name)));
        ck_assert(tarn__text_equal(tarn_parquet_file_chunk(&m, 1, leaf)->path_in_schema.items[0], tarn__text_of(cases[i].name)));
        tarn_parquet_file_close(&m);
        assert_sound(store, "m");
    }
    tarn_parquet_file_close(&a);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

START_TEST(file_copy__keys_are_set_removed_and_dropped) /* P-COPY-9 */
{
    static const struct tarn_property first[] = {
        {TARN_TEXT("pandas"), TARN_TEXT("{}")}, {TARN_TEXT("a"), TARN_TEXT("1")}, {TARN_TEXT("b"), TARN_TEXT("2")}};
    static const struct tarn_property second[] = {{TARN_TEXT("b"), TARN_TEXT("3")}};
    static const struct tarn_text gone = {"a", 1};
    struct tarn_env *env = tarn_test_env();
    struct tarn_store *store = store_with_files(env);
    struct tarn_parquet_copy_options options = TARN_PARQUET_COPY_OPTIONS_INIT;
    const struct tarn_parquet_rename rename = {TARN_TEXT("id"), TARN_TEXT("key")};
    const struct tarn_file_place file = {store, TARN_TEXT("a")};
    struct notes notes = {0};
    struct tarn_parquet_file m;

    options.set_count = 3;
    options.set = first;
    ck_assert_ok(tarn_parquet_copy(&file, &file, &options, NULL, &err), &err);
    options.set_count = 1;
    options.set = second;
    options.unset_count = 1;
    options.unset = &gone;
    options.rename_count = 1;
    options.renames = &rename;
    options.note = take_note;
    options.note_arg = &notes;
    ck_assert_ok(tarn_parquet_copy(&file, &file, &options, NULL, &err), &err);
    ck_assert_uint_eq(notes.count, 1);
    ck_assert_str_eq(notes.last, "the key \"pandas\" tells of columns by their old names and is dropped");
    tarn_parquet_file_open(&m, store, TARN_TEXT("a"));
    ck_assert(tarn__text_equal(tarn__footer_key(&m.footer->metadata, TARN_TEXT("b")), TARN_TEXT("3")));
    ck_assert_ptr_null(tarn__footer_key(&m.footer->metadata, TARN_TEXT("a")).data);
    ck_assert_ptr_null(tarn__footer_key(&m.footer->metadata, TARN_TEXT("pandas")).data);
    ck_assert(m.footer->has_checksum);
    tarn_parquet_file_close(&m);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

/* ---- appending ---- */

/* Two hundred rows more, as the file `of` has them. */
static enum tarn_status append_rows(struct tarn_store *store, const struct tarn_field *of, uint32_t count, struct tarn_vector **columns,
                                    void (*meanwhile)(struct tarn_store *store), struct tarn_error *why)
{
    struct tarn_parquet_write_options write = TARN_PARQUET_WRITE_OPTIONS_INIT;
    struct tarn_parquet_append_options options = TARN_PARQUET_APPEND_OPTIONS_INIT;
    const struct tarn_file_place file = {store, TARN_TEXT("a")};
    struct tarn_schema *schema = NULL;
    struct tarn_batch *batch = NULL;
    struct tarn_sink *sink = NULL;
    write.page_rows = 70;
    options.write = &write;
    enum tarn_status status = tarn_schema_make(store->env, count, of, 0, NULL, &schema, why);
    for (uint32_t i = 0; i < count; i++) {
        tarn_vector_retain(columns[i]);
    }
    if (status == TARN_OK) {
        status = tarn__batch_adopt(store->env, schema, ROWS, columns, &batch, why);
    } else {
        for (uint32_t i = 0; i < count; i++) {
            tarn_vector_release(columns[i]);
        }
    }
    status = status == TARN_OK ? tarn_parquet_append_open(&file, schema, &options, &sink, why) : status;
    if (status == TARN_OK) {
        status = tarn_sink_write(sink, batch, why);
        if (meanwhile != NULL) {
            meanwhile(store);
        }
        if (status == TARN_OK) {
            status = tarn_sink_finish(sink, why);
        } else {
            tarn_sink_abort(sink);
        }
    }
    tarn_batch_release(batch);
    tarn_schema_release(schema);
    return status;
}

static enum tarn_status append_made(struct tarn_store *store, const struct tarn_field *of, uint32_t count,
                                    void (*meanwhile)(struct tarn_store *store))
{
    struct tarn_vector *columns[COLUMNS];
    for (uint32_t i = 0; i < count; i++) {
        columns[i] = column_of(store->env, &of[i], 5000);
    }
    const enum tarn_status status = append_rows(store, of, count, columns, meanwhile, &err);
    for (uint32_t i = 0; i < count; i++) {
        tarn_vector_release(columns[i]);
    }
    return status;
}

START_TEST(file_copy__appended_groups_stand_behind_the_old_bytes) /* P-COPY-11 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_store *store = store_with_files(env);
    struct tarn_parquet_file before;
    struct tarn_parquet_file after;

    tarn_parquet_file_open(&before, store, TARN_TEXT("a"));
    ck_assert_ok(append_made(store, fields, COLUMNS, NULL), &err);
    tarn_parquet_file_open(&after, store, TARN_TEXT("a"));
    ck_assert_mem_eq(after.bytes->data, before.bytes->data, before.footer->offset);
    ck_assert_int_eq(after.footer->metadata.num_rows, 2 * ROWS);
    ck_assert_uint_eq(after.footer->metadata.row_groups.count, 3);
    for (uint32_t leaf = 0; leaf < COLUMNS; leaf++) {
        assert_same_chunk(&after, 1, leaf, &before, 1, leaf);
        ck_assert_uint_eq(tarn_parquet_file_offset_index(&after, 2, leaf).page_count, 3);
    }
    struct tarn_chunk_range added;
    ck_assert(tarn__footer_chunk_place(after.footer, 2, 0, &added));
    ck_assert_uint_eq(added.begin, before.footer->offset);
    tarn_parquet_file_close(&before);
    tarn_parquet_file_close(&after);
    assert_sound(store, "a");
    ck_assert_status(append_made(store, two, 2, NULL), TARN_INVALID);
    ck_assert_status(append_made(store, turned, COLUMNS, NULL), TARN_INVALID);
    ck_assert_str_eq(err.detail, "schema");
    assert_sound(store, "a");
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

static void another_appends(struct tarn_store *store)
{
    ck_assert_ok(append_made(store, fields, COLUMNS, NULL), &err);
}

START_TEST(file_copy__who_appends_meanwhile_is_not_lost) /* P-COPY-12 */
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_store *store = store_with_files(env);
    struct tarn_parquet_file after;

    ck_assert_status(append_made(store, fields, COLUMNS, another_appends), TARN_CONFLICT);
    ck_assert_str_eq(err.detail, "object_changed");
    tarn_parquet_file_open(&after, store, TARN_TEXT("a"));
    ck_assert_int_eq(after.footer->metadata.num_rows, 2 * ROWS);
    tarn_parquet_file_close(&after);
    tarn_store_close(store);
    tarn_test_env_close(env);
}
END_TEST

/* ---- failures ---- */

enum operation { MERGE, COPY, APPEND, REWRITE };

static enum tarn_status operate(enum operation operation, struct tarn_store *store, struct tarn_vector **columns, struct tarn_error *why)
{
    const struct tarn_file_place files[] = {{store, TARN_TEXT("a")}, {store, TARN_TEXT("b")}};
    struct tarn_parquet_copy_options options = TARN_PARQUET_COPY_OPTIONS_INIT;
    const struct tarn_parquet_rename rename = {TARN_TEXT("id"), TARN_TEXT("key")};
    const struct tarn_property set = {TARN_TEXT("k"), TARN_TEXT("v")};
    options.rename_count = 1;
    options.renames = &rename;
    options.set_count = 1;
    options.set = &set;
    return operation == MERGE    ? tarn_parquet_merge(2, files, &files[0], NULL, NULL, why)
           : operation == COPY   ? tarn_parquet_copy(&files[0], &files[0], &options, NULL, why)
           : operation == APPEND ? append_rows(store, fields, COLUMNS, columns, NULL, why)
                                 : tarn_parquet_rewrite(&files[0], &files[0], NULL, NULL, why);
}

static enum tarn_status body(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *why)
{
    const enum operation operation = *(const enum operation *)ctx;
    struct tarn_error quiet = TARN_ERROR_INIT;
    struct tarn_vector *columns[COLUMNS];
    struct tarn_store *store;
    tarn_fault_suspend(fault);
    ck_assert_ok(tarn_store_open(env, TARN_TEXT("memory:w"), true, &store, &quiet), &quiet);
    put_file(store, "a", COLUMNS, fields, 0);
    put_file(store, "b", COLUMNS, fields, 0);
    for (uint32_t i = 0; i < COLUMNS; i++) {
        columns[i] = column_of(env, &fields[i], 7);
    }
    struct tarn_buffer *before = tarn_test_read(store, TARN_TEXT("a"));
    tarn_fault_resume(fault);

    const enum tarn_status status = operate(operation, store, columns, why);

    tarn_fault_suspend(fault);
    struct tarn_buffer *after = tarn_test_read(store, TARN_TEXT("a"));
    const bool same = after->size == before->size && memcmp(after->data, before->data, after->size) == 0;
    ck_assert(status != TARN_OK || !same);                                                                         /* done */
    ck_assert(status == TARN_OK || status == TARN_COMMIT_UNKNOWN || same || strcmp(why->detail, "injected") != 0); /* or not begun */
    assert_sound(store, "a");
    tarn__buffer_release(before);
    tarn__buffer_release(after);
    for (uint32_t i = 0; i < COLUMNS; i++) {
        tarn_vector_release(columns[i]);
    }
    tarn_store_close(store);
    return status;
}

START_TEST(file_copy__every_failure_leaves_the_old_file_or_the_new)
{
    enum operation operation = (enum operation)_i;
    const struct tarn_fault_sweep_options options = {.also = 1u << TARN_COMMIT_UNKNOWN | 1u << TARN_CORRUPT};
    ck_assert_uint_gt(tarn_fault_sweep_with(body, &operation, TARN_FAULT_ALL, &options), 50);
}
END_TEST

TARN_SUITE("txlog/file_copy", TARN_TEST(file_copy__chunks_keep_their_bytes_and_indexes_follow),
           TARN_TEST(file_copy__bloom_filters_follow_their_chunks), TARN_TEST(file_copy__refuses_what_is_no_file),
           TARN_TEST(file_copy__bounds_that_are_judged_by_the_writer), TARN_TEST(file_copy__bounds_of_another_order_are_dropped),
           TARN_TEST(file_copy__schemas_must_agree), TARN_TEST(file_copy__sorting_columns_are_counted_anew),
           TARN_TEST(file_copy__names_change_and_pages_do_not), TARN_TEST(file_copy__keys_are_set_removed_and_dropped),
           TARN_TEST(file_copy__appended_groups_stand_behind_the_old_bytes), TARN_TEST(file_copy__who_appends_meanwhile_is_not_lost),
           TARN_LOOP_TIMES(file_copy__every_failure_leaves_the_old_file_or_the_new, 4))
