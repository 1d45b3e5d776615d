/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/footer_twin.h"

#include <string.h>

#include "format/column/footer_check.h"

struct twin {
    struct tarn_env *env;
    struct tarn_span bytes;
    uint64_t offset;
    struct tarn_arena arena;
    struct parquet_file_metadata whole; /* by the tables alone */
};

static bool inside(const struct twin *twin, int64_t offset, int64_t size)
{
    return offset >= 4 && size >= 0 && (uint64_t)offset + (uint64_t)size <= twin->offset;
}

/* The promises, written down a second time. */
static bool keeps_chunk(const struct twin *twin, const struct parquet_row_group *group, const struct parquet_column_chunk *chunk,
                        const struct tarn_leaf *leaf)
{
    const struct parquet_column_metadata *m = &chunk->meta_data;
    if (chunk->file_path.size != 0 || !chunk->has_meta_data || m->type != leaf->physical || m->num_values < 0 ||
        m->total_uncompressed_size < 0 || m->total_compressed_size < 0 || (leaf->max_repetition == 0 && m->num_values != group->num_rows)) {
        return false;
    }
    const bool earlier = m->has_dictionary_page_offset && m->dictionary_page_offset >= 4 && m->dictionary_page_offset < m->data_page_offset;
    const int64_t begin = earlier ? m->dictionary_page_offset : m->data_page_offset;
    if (m->num_values != 0 && (m->data_page_offset < 0 || !inside(twin, begin, m->total_compressed_size))) {
        return false;
    }
    if (chunk->has_offset_index_offset != chunk->has_offset_index_length ||
        (chunk->has_offset_index_offset && !inside(twin, chunk->offset_index_offset, chunk->offset_index_length))) {
        return false;
    }
    return chunk->has_column_index_offset == chunk->has_column_index_length &&
           (!chunk->has_column_index_offset || inside(twin, chunk->column_index_offset, chunk->column_index_length));
}

static bool keeps(const struct twin *twin, const struct tarn_file_schema *schema)
{
    const struct parquet_file_metadata *file = &twin->whole;
    int64_t rows = 0;
    if (file->num_rows < 0) {
        return false;
    }
    for (uint32_t g = 0; g < file->row_groups.count; g++) {
        const struct parquet_row_group *group = &file->row_groups.items[g];
        if (group->num_rows < 0 || group->columns.count != schema->leaf_count || __builtin_add_overflow(rows, group->num_rows, &rows)) {
            return false;
        }
        for (uint32_t leaf = 0; leaf < schema->leaf_count; leaf++) {
            if (!keeps_chunk(twin, group, &group->columns.items[leaf], &schema->leaves[leaf])) {
                return false;
            }
        }
    }
    return rows == file->num_rows;
}

/* Does the file as the tables see it deserve to be opened? Of the checksum nothing is said. */
static bool is_acceptable(struct twin *twin)
{
    struct tarn_file_schema *schema = NULL;
    const enum tarn_status status =
        tarn__file_schema_read(&twin->arena, twin->whole.schema.count, twin->whole.schema.items, 0, NULL, &schema, NULL);
    const bool acceptable = status == TARN_OK && keeps(twin, schema);
    tarn__file_schema_free(schema);
    return acceptable;
}

static bool same_encoding(const struct twin *twin, const struct tarn_thrift_struct *of, const void *one, const void *two)
{
    struct tarn_buffer *first = tarn__buffer_new(twin->env, 0);
    struct tarn_buffer *second = tarn__buffer_new(twin->env, 0);
    bool same = true; /* what cannot be written (a union without member) cannot be compared this way */
    if (first != NULL && second != NULL) {
        const enum tarn_status status = tarn__thrift_encode(of, one, first, NULL);
        same = tarn__thrift_encode(of, two, second, NULL) == status &&
               (status != TARN_OK || (first->size == second->size && memcmp(first->data, second->data, first->size) == 0));
    }
    tarn__buffer_release(first);
    tarn__buffer_release(second);
    return same;
}

static const char *compare_chunk(struct twin *twin, const struct tarn_footer *footer, uint32_t group, uint32_t leaf)
{
    const struct parquet_column_chunk *expected = &twin->whole.row_groups.items[group].columns.items[leaf];
    const struct parquet_column_chunk *got;
    struct tarn_chunk_facts facts;
    struct tarn_chunk_facts whole;
    if (tarn__footer_chunk(footer, group, leaf, &twin->arena, &got, NULL) != TARN_OK ||
        tarn__footer_chunk_facts(footer, group, leaf, &facts, NULL) != TARN_OK) {
        return "a chunk cannot be decoded again";
    }
    tarn__chunk_facts_of(got, &whole);
    if (facts.num_values != whole.num_values || facts.total_compressed_size != whole.total_compressed_size ||
        facts.total_uncompressed_size != whole.total_uncompressed_size || facts.data_page_offset != whole.data_page_offset ||
        facts.dictionary_page_offset != whole.dictionary_page_offset || facts.offset_index_offset != whole.offset_index_offset ||
        facts.column_index_offset != whole.column_index_offset || facts.offset_index_length != whole.offset_index_length ||
        facts.column_index_length != whole.column_index_length || facts.codec != whole.codec || facts.type != whole.type ||
        facts.has_dictionary_page_offset != whole.has_dictionary_page_offset) {
        return "the facts of a chunk are not those of its decoded form";
    }
    struct parquet_column_chunk copy = *got;
    if (footer->has_short_chunks) {
        copy.meta_data.total_compressed_size = expected->meta_data.total_compressed_size;
    }
    return same_encoding(twin, &tarn__parquet_column_chunk, expected, &copy) ? NULL : "a chunk decoded on demand is another one";
}

static const char *compare(struct twin *twin, const struct tarn_footer *footer)
{
    const struct parquet_file_metadata *file = &footer->metadata;
    if (file->row_groups.count != twin->whole.row_groups.count || file->schema.count != twin->whole.schema.count) {
        return "another number of row groups or schema elements";
    }
    for (uint32_t i = 0; i < file->schema.count; i++) {
        if (!same_encoding(twin, &tarn__parquet_schema_element, &file->schema.items[i], &twin->whole.schema.items[i])) {
            return "another schema element";
        }
    }
    if (tarn__footer_check(footer, true, NULL) != TARN_OK) {
        return "the second look refuses what the first took";
    }
    for (uint32_t group = 0; group < file->row_groups.count; group++) {
        for (uint32_t leaf = 0; leaf < footer->schema->leaf_count; leaf++) {
            const char *difference = compare_chunk(twin, footer, group, leaf);
            if (difference != NULL) {
                return difference;
            }
        }
    }
    return NULL;
}

static const char *judge(struct twin *twin, uint64_t file_size)
{
    struct tarn_error one = TARN_ERROR_INIT;
    struct tarn_error two = TARN_ERROR_INIT;
    struct tarn_footer *footer;
    struct tarn_thrift_progress progress;
    const enum tarn_status lazy = tarn__footer_decode(twin->env, twin->bytes, twin->offset, file_size, &footer, &one);
    const enum tarn_status whole =
        tarn__thrift_decode(&tarn__parquet_file_metadata, twin->bytes, &twin->arena, &twin->whole, &progress, &two);
    if (lazy == TARN_NOMEM || whole == TARN_NOMEM || (lazy == TARN_LIMIT && strncmp(one.detail, "memory", 6) == 0) ||
        (whole == TARN_LIMIT && strncmp(two.detail, "memory", 6) == 0)) {
        tarn__footer_release(footer);
        return NULL;
    }
    if (strcmp(one.detail, "columns") == 0) { /* the tables know no limit */
        tarn__footer_release(footer);
        return twin->whole.schema.count > TARN_SCHEMA_LIMIT || whole != TARN_OK ? NULL : "refused for columns that it has not";
    }
    if (whole != TARN_OK) {
        tarn__footer_release(footer);
        if (lazy != whole) {
            return "the tables refuse what was taken";
        }
        return one.offset == two.offset && strcmp(one.detail, two.detail) == 0 && strcmp(one.message, two.message) == 0
                   ? NULL
                   : "another error than that of the tables";
    }
    if (twin->whole.has_encryption_algorithm) { /* what encryption asks for has tests of its own */
        tarn__footer_release(footer);
        return NULL;
    }
    if (lazy != TARN_OK) {
        return strcmp(one.detail, "footer_checksum") == 0 || !is_acceptable(twin) ? NULL : "what should be taken was refused";
    }
    const char *difference = is_acceptable(twin) ? compare(twin, footer) : "what should be refused was taken";
    tarn__footer_release(footer);
    return difference;
}

const char *tarn_test_footer_twin(struct tarn_env *env, struct tarn_span bytes, uint64_t offset, uint64_t file_size)
{
    struct twin twin = {.env = env, .bytes = bytes, .offset = offset};
    tarn__arena_init(&twin.arena, env);
    const char *difference = judge(&twin, file_size);
    tarn__arena_free(&twin.arena);
    return difference;
}
