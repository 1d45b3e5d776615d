/* SPDX-License-Identifier: Apache-2.0
 *
 * A Parquet file proved: every page read to its end, every claim of the footer and its indexes held against what is there.
 *
 * SPEC: P-VERIFY-1 to P-VERIFY-12.
 *
 * Invariants
 *  1. Damage is told and the next chunk is looked at; only what keeps the work from going on (memory, cancel, I/O) ends it.
 *  2. One chunk is in memory at a time; where rows are said to be sorted, also batches of the columns by which they are.
 *  3. Values are read twice over: levels by the survey, values by the reader that queries use; both must come to the same rows.
 */
#include "format/base/alloc.h"
#include "format/base/error.h"
#include "format/column/statistics.h"
#include "format/index/bloom_filter.h"
#include "reader/parquet/parquet_source.h"
#include "reader/verify/claims.h"
#include "reader/verify/geo_proof.h"
#include "reader/verify/sorting_proof.h"

struct chunk_work {
    struct tarn_env *env;
    struct parquet_source *source;
    struct tarn_codec_context *codec_context;
    struct tarn_arena arena; /* of the chunk at hand: its metadata, its indexes */
    struct tarn__chunk_proof proof;
    struct tarn__column_cipher *cipher; /* its reader's; NULL: it is not encrypted */
    uint32_t row_group;
    uint32_t leaf;
    uint64_t first_row;
    uint64_t pages;
    uint64_t chunks;
};

static bool goes_on(enum tarn_status status)
{
    return status == TARN_CORRUPT || status == TARN_UNSUPPORTED || status == TARN_AUTH;
}

/* Tells of damage and goes on; what is no damage is returned. */
static enum tarn_status tell_damage(struct tarn__finder *finder, enum tarn_status status, struct tarn_error *found, struct tarn_error *err)
{
    if (goes_on(status)) {
        tarn__find_error(finder, found);
        return TARN_OK;
    }
    if (status != TARN_OK && err != NULL) {
        *err = *found;
    }
    return status;
}

/* ---- values ---- */

/* The column as it is read, and the bloom filter that must know each of its values. */
struct value_pass {
    struct tarn__column_reader *reader;
    struct tarn_bloom_filter filter; /* no blocks: there is none, and it may hold anything */
    uint64_t denied;                 /* values that it says are not there */
    struct tarn__geo_proof geo;
};

static void ask_filter(struct value_pass *pass, const struct tarn_vector *vector)
{
    for (uint32_t row = 0; pass->filter.block_count != 0 && row < vector->length; row++) {
        if (!tarn_vector_is_null(vector, row)) {
            const struct tarn_value value = tarn__vector_value(vector, row);
            pass->denied += !tarn__bloom_filter_may_hold(&pass->filter, pass->reader->options.leaf, &value);
        }
    }
}

/* The next rows of the column, in vectors of a bounded size. */
static enum tarn_status survey_rows(struct value_pass *pass, uint64_t rows, struct tarn__value_survey *survey, struct tarn_error *err)
{
    struct tarn__column_reader *reader = pass->reader;
    while (rows != 0) {
        const uint64_t count = rows < TARN_BATCH_ROWS ? rows : TARN_BATCH_ROWS;
        struct tarn_vector *vector;
        TARN_RETURN_IF_ERROR(tarn__check_cancelled(reader->options.env, err));
        tarn__column_reader_begin(reader);
        TARN_RETURN_IF_ERROR(tarn__column_reader_read(reader, count, err));
        TARN_RETURN_IF_ERROR(tarn__column_output_finish(&reader->output, &vector, err));
        ask_filter(pass, vector);
        tarn__geo_proof_add(&pass->geo, vector);
        const bool added = tarn__value_survey_add(survey, vector);
        tarn_vector_release(vector);
        if (!added) {
            return tarn__nomem(reader->options.env, err, 0);
        }
        rows -= count;
    }
    return TARN_OK;
}

struct indexes {
    bool has_offsets;
    bool has_bounds;
    struct parquet_offset_index offsets;
    struct parquet_column_index bounds;
};

static enum tarn_status survey_values(const struct chunk_work *work, struct value_pass *pass, const struct indexes *indexes,
                                      struct tarn__value_survey *page, struct tarn__value_survey *chunk, struct tarn_error *err)
{
    const struct tarn__page_survey *pages = work->proof.pages;
    const bool by_page = pages->whole_rows && (indexes->has_offsets || indexes->has_bounds);
    if (!by_page) {
        return survey_rows(pass, work->proof.row_count, chunk, err);
    }
    for (size_t i = 0; i < pages->count; i++) {
        tarn__value_survey_reset(page);
        TARN_RETURN_IF_ERROR(survey_rows(pass, pages->pages[i].rows, page, err));
        if (indexes->has_bounds) {
            tarn__check_page_values(&work->proof, &indexes->bounds, i, page);
        }
        if (indexes->has_offsets) {
            tarn__check_page_bytes(&work->proof, &indexes->offsets, i, page);
        }
        if (!tarn__value_survey_merge(chunk, page)) {
            return tarn__nomem(work->env, err, 0);
        }
    }
    return TARN_OK;
}

/* The chunk's filter; damage to it is told, and then there is none. */
static enum tarn_status read_filter(const struct chunk_work *work, struct tarn_bloom_filter *out, struct tarn_error *err)
{
    struct tarn_error found = TARN_ERROR_INIT;
    const enum tarn_status status =
        tarn__bloom_filter_read_encrypted(work->source->object, work->cipher, &work->proof.chunk->meta_data, work->env, 0, out, &found);
    if (status != TARN_OK) {
        *out = (struct tarn_bloom_filter){0};
    }
    return tell_damage(work->proof.finder, status, &found, err);
}

static enum tarn_status check_values(const struct chunk_work *work, struct tarn__column_reader *reader, const struct indexes *indexes,
                                     struct tarn_error *err)
{
    struct value_pass pass = {.reader = reader};
    struct tarn__value_survey page;
    struct tarn__value_survey chunk;
    TARN_RETURN_IF_ERROR(read_filter(work, &pass.filter, err));
    tarn__geo_proof_init(&pass.geo, work->proof.leaf, &work->proof.chunk->meta_data);
    tarn__value_survey_init(&page, work->env);
    tarn__value_survey_init(&chunk, work->env);
    const enum tarn_status status = survey_values(work, &pass, indexes, &page, &chunk, err);
    if (status == TARN_OK) {
        tarn__check_chunk_values(&work->proof, &chunk);
        tarn__geo_proof_end(&pass.geo, work->proof.finder);
    }
    if (pass.denied != 0) {
        tarn__find(work->proof.finder, TARN_FINDING_ERROR, "bloom_filter", "the bloom filter denies %llu values that the chunk holds",
                   (unsigned long long)pass.denied);
    }
    tarn__bloom_filter_release(&pass.filter);
    tarn__value_survey_free(&page);
    tarn__value_survey_free(&chunk);
    return status;
}

/* ---- indexes ---- */

static enum tarn_status read_struct(struct chunk_work *work, enum tarn__module_type type, const struct tarn_thrift_struct *of,
                                    int64_t offset, int32_t length, void *out, struct tarn_error *err)
{
    struct tarn_thrift_progress progress;
    struct tarn_span plain;
    uint8_t *bytes = tarn__arena_alloc(&work->arena, (size_t)length + 1);
    if (bytes == NULL) {
        return tarn__nomem(work->env, err, (uint64_t)length);
    }
    const struct tarn_read_range range = {(uint64_t)offset, (size_t)length, bytes};
    TARN_RETURN_IF_ERROR(tarn_object_read(work->source->object, 1, &range, err));
    enum tarn_status status =
        tarn__column_cipher_module(work->cipher, type, (struct tarn_span){bytes, (size_t)length}, &work->arena, &plain, NULL, err);
    if (status == TARN_OK) {
        status = tarn__thrift_decode(of, plain, &work->arena, out, &progress, err);
    }
    if (status != TARN_OK) {
        tarn__error_at_offset(err, (uint64_t)offset);
    }
    return status;
}

static enum tarn_status check_indexes(struct chunk_work *work, struct indexes *indexes, struct tarn_error *err)
{
    const struct parquet_column_chunk *chunk = work->proof.chunk;
    struct tarn_error found = TARN_ERROR_INIT;
    enum tarn_status status = TARN_OK;
    *indexes = (struct indexes){0};
    if (chunk->has_offset_index_offset && chunk->has_offset_index_length) {
        status = read_struct(work, TARN__MODULE_OFFSET_INDEX, &tarn__parquet_offset_index, chunk->offset_index_offset,
                             chunk->offset_index_length, &indexes->offsets, &found);
        indexes->has_offsets = status == TARN_OK;
        TARN_RETURN_IF_ERROR(tell_damage(work->proof.finder, status, &found, err));
    }
    if (chunk->has_column_index_offset && chunk->has_column_index_length) {
        status = read_struct(work, TARN__MODULE_COLUMN_INDEX, &tarn__parquet_column_index, chunk->column_index_offset,
                             chunk->column_index_length, &indexes->bounds, &found);
        indexes->has_bounds = status == TARN_OK;
        TARN_RETURN_IF_ERROR(tell_damage(work->proof.finder, status, &found, err));
    }
    if (indexes->has_offsets) {
        tarn__check_offset_index(&work->proof, &indexes->offsets);
    }
    if (indexes->has_bounds) {
        indexes->has_bounds = tarn__check_column_index(&work->proof, &indexes->bounds);
    }
    if (indexes->has_bounds) {
        tarn__check_boundary_order(&work->proof, &indexes->bounds);
    }
    return TARN_OK;
}

/* ---- chunks ---- */

static enum tarn_status read_chunk(struct chunk_work *work, struct tarn_buffer **out, struct tarn_error *err)
{
    struct tarn_chunk_range range;
    *out = NULL;
    TARN_RETURN_IF_ERROR(tarn__parquet_chunk_range(work->source, work->row_group, work->leaf, &range, err));
    const size_t size = (size_t)(range.end - range.begin);
    struct tarn_buffer *bytes = tarn__buffer_new(work->env, size);
    *out = bytes;
    if (bytes == NULL) {
        return tarn__nomem(work->env, err, size);
    }
    return tarn_object_read(work->source->object, 1, &(struct tarn_read_range){range.begin, size, bytes->data}, err);
}

static enum tarn_status prove_pages(struct chunk_work *work, struct tarn__column_reader *reader, struct tarn_error *err)
{
    struct tarn__page_survey pages;
    struct indexes indexes;
    enum tarn_status status = tarn__page_survey_make(reader->at.walk, reader->options.packed_low_first, &pages, err);
    if (status == TARN_OK) {
        work->proof.pages = &pages;
        work->pages += pages.count + pages.has_dictionary;
        tarn__check_chunk(&work->proof);
        status = check_indexes(work, &indexes, err);
    }
    if (status == TARN_OK) {
        status = check_values(work, reader, &indexes, err);
    }
    tarn__page_survey_free(&pages);
    return status;
}

static enum tarn_status prove_chunk(struct chunk_work *work, struct tarn_error *err)
{
    const struct tarn_footer *footer = work->source->footer;
    const struct tarn_leaf *leaf = &footer->schema->leaves[work->leaf];
    const struct parquet_column_chunk *chunk;
    TARN_RETURN_IF_ERROR(tarn__footer_chunk(footer, work->row_group, work->leaf, &work->arena, &chunk, err));
    work->proof.leaf = leaf;
    work->proof.chunk = chunk;
    work->proof.order = tarn__column_order(&footer->metadata, work->leaf);
    const struct tarn__column_reader_options options = {.env = work->env,
                                                        .leaf = leaf,
                                                        .chunk = &chunk->meta_data,
                                                        .footer = footer,
                                                        .row_group = work->row_group,
                                                        .row_count = work->proof.row_count,
                                                        .first_row = work->first_row,
                                                        .packed_low_first = tarn__parquet_packs_low_first(work->source),
                                                        .page_limit = work->source->options.page_limit};
    struct tarn__column_reader reader;
    struct tarn_buffer *bytes = NULL;
    TARN_RETURN_IF_ERROR(tarn__column_reader_init(&reader, &options, err));
    work->cipher = reader.cipher;
    enum tarn_status status = read_chunk(work, &bytes, err);
    if (status == TARN_OK) {
        tarn__column_reader_start(&reader, work->codec_context, bytes);
        status = prove_pages(work, &reader, err);
    }
    tarn__column_reader_free(&reader);
    tarn__buffer_release(bytes);
    return status;
}

static enum tarn_status prove_chunks(struct chunk_work *work, struct tarn__finder *finder, struct tarn_error *err)
{
    const struct tarn_footer *footer = work->source->footer;
    for (uint32_t group = 0; group < footer->metadata.row_groups.count; group++) {
        work->row_group = group;
        work->proof.row_count = work->source->first_rows[group + 1] - work->source->first_rows[group];
        work->first_row = work->source->first_rows[group];
        finder->row_group = (int32_t)group;
        for (uint32_t leaf = 0; leaf < footer->schema->leaf_count; leaf++) {
            struct tarn_error found = TARN_ERROR_INIT;
            work->leaf = leaf;
            finder->column = footer->schema->leaves[leaf].path;
            const enum tarn_status status = prove_chunk(work, &found);
            tarn__arena_free(&work->arena);
            tarn__arena_init(&work->arena, work->env);
            work->chunks++;
            TARN_RETURN_IF_ERROR(tell_damage(finder, status, &found, err));
        }
        finder->column = (struct tarn_text){NULL, 0};
        if (finder->errors == 0) { /* else what is told may be only what is told already */
            struct tarn_error found = TARN_ERROR_INIT;
            TARN_RETURN_IF_ERROR(tell_damage(finder, tarn__prove_sorting(work->source, group, finder, &found), &found, err));
        }
    }
    finder->row_group = -1;
    finder->column = (struct tarn_text){NULL, 0};
    return TARN_OK;
}

static enum tarn_status prove_file(struct parquet_source *source, struct tarn__finder *finder, struct tarn_error *err)
{
    struct chunk_work work = {.env = source->source.env, .source = source};
    work.proof.finder = finder;
    TARN_RETURN_IF_ERROR(tarn__codec_context_open(work.env, &work.codec_context, err));
    tarn__arena_init(&work.arena, work.env);
    const enum tarn_status status = prove_chunks(&work, finder, err);
    tarn__arena_free(&work.arena);
    tarn__codec_context_close(work.codec_context);
    tarn__find_rest(finder);
    if (status == TARN_OK && finder->errors == 0) {
        const uint64_t rows = source->first_rows[source->footer->metadata.row_groups.count];
        tarn__find(finder, TARN_FINDING_OK, "file", "%llu rows in %llu pages of %llu column chunks read from end to end, claims compared",
                   (unsigned long long)rows, (unsigned long long)work.pages, (unsigned long long)work.chunks);
    }
    return status;
}

enum tarn_status tarn_parquet_verify(struct tarn_store *store, struct tarn_text key, const struct tarn_parquet_read_options *options,
                                     void (*fn)(void *arg, const struct tarn_finding *finding), void *arg, struct tarn_error *err)
{
    struct tarn__finder finder = {.fn = fn, .arg = arg, .object = key, .row_group = -1};
    struct tarn_error found = TARN_ERROR_INIT;
    struct tarn_source *source;
    enum tarn_status status = tarn_parquet_open(store, key, options, &source, &found);
    if (status == TARN_OK) {
        status = prove_file((struct parquet_source *)source, &finder, &found);
        tarn_source_close(source);
    }
    if (status == TARN_CORRUPT || status == TARN_UNSUPPORTED) {
        tarn__find_error(&finder, &found);
        return TARN_OK;
    }
    if (status != TARN_OK && err != NULL) {
        tarn__error_at_object(&found, key);
        *err = found;
    }
    return status;
}
