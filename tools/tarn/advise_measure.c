/* SPDX-License-Identifier: Apache-2.0
 *
 * Measuring by doing: every number of `advise` is the size of something that was written.
 */
#include "tools/tarn/advise_measure.h"

#include <stdlib.h>
#include <string.h>

#include "tools/tarn/file_input.h"

/* ---- the sample ---- */

static enum tarn_status no_memory(struct tarn_error *err)
{
    return tool_error(err, TARN_NOMEM, "memory", "no memory for a sample");
}

/* So many of the groups, evenly spread, as give the rows that are wanted: the least number whose rows suffice. */
static enum tarn_status choose_groups(struct sample *sample, uint64_t rows, struct tarn_error *err)
{
    const struct tarn_parquet_file_info file = tarn_parquet_file_info(sample->metadata);
    uint64_t *begins = calloc((size_t)file.row_group_count + 1, sizeof(*begins));
    sample->groups = calloc((size_t)file.row_group_count + 1, sizeof(*sample->groups));
    sample->ranges = calloc((size_t)file.row_group_count + 1, sizeof(*sample->ranges));
    enum tarn_status status = begins != NULL && sample->groups != NULL && sample->ranges != NULL ? TARN_OK : no_memory(err);
    for (uint32_t g = 0; status == TARN_OK && g < file.row_group_count; g++) {
        struct tarn_parquet_row_group_info info;
        status = tarn_parquet_row_group_info(sample->metadata, g, &info, err);
        begins[g + 1] = begins[g] + info.row_count;
    }
    for (uint32_t count = 1; status == TARN_OK && count <= file.row_group_count; count++) {
        sample->rows = 0;
        sample->group_count = count;
        for (uint32_t i = 0; i < count; i++) {
            const uint32_t g = (uint32_t)((uint64_t)i * file.row_group_count / count);
            sample->groups[i] = g;
            sample->ranges[i] = (struct tarn_row_range){begins[g], begins[g + 1]};
            sample->rows += begins[g + 1] - begins[g];
        }
        if (sample->rows >= rows) {
            break;
        }
    }
    free(begins);
    return status;
}

enum tarn_status sample_take(struct tarn_env *env, struct tarn_source *source, struct tarn_parquet_metadata *metadata, uint64_t rows,
                             struct sample *out, struct tarn_error *err)
{
    uint64_t run = 0;
    *out = (struct sample){.env = env, .source = source, .metadata = metadata};
    TARN_TOOL_TRY(choose_groups(out, rows, err));
    for (uint32_t i = 0; i < out->group_count; i++) {
        const uint64_t size = out->ranges[i].end - out->ranges[i].begin;
        run = i != 0 && out->ranges[i].begin == out->ranges[i - 1].end ? run + size : size;
        out->group_rows = size > out->group_rows ? size : out->group_rows;
        out->adjacent_rows = run > out->adjacent_rows ? run : out->adjacent_rows;
    }
    return out->rows != 0 ? TARN_OK : tool_error(err, TARN_INVALID, "sample", "the file has no rows to measure");
}

void sample_free(struct sample *sample)
{
    free(sample->groups);
    free(sample->ranges);
}

enum tarn_status sample_batches(const struct sample *sample, struct tarn_batches **out, struct tarn_error *err)
{
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    const struct tarn_schema *schema = tarn_source_schema(sample->source);
    struct tarn_path_step *steps = calloc(schema->field_count, sizeof(*steps));
    struct tarn_path *paths = calloc(schema->field_count, sizeof(*paths));
    *out = NULL;
    enum tarn_status status = steps != NULL && paths != NULL ? TARN_OK : no_memory(err);
    for (uint32_t i = 0; status == TARN_OK && i < schema->field_count; i++) {
        steps[i] = (struct tarn_path_step){TARN_PATH_POSITION, {NULL, 0}, (int32_t)i};
        paths[i] = (struct tarn_path){1, &steps[i]};
    }
    request.path_count = schema->field_count;
    request.paths = paths;
    request.range_count = sample->group_count;
    request.ranges = sample->ranges;
    status = status == TARN_OK ? tarn_source_batches(sample->source, &request, out, err) : status;
    free(steps);
    free(paths);
    return status;
}

/* ---- facts of a file ---- */

static void keep_text(char *out, size_t size, struct tarn_text text)
{
    snprintf(out, size, "%.*s", (int)(text.size < size ? text.size : size - 1), text.data != NULL ? text.data : "");
}

static enum tarn_status add_groups(const struct tarn_parquet_metadata *metadata, uint32_t count, const uint32_t *groups,
                                   struct measured *out, struct tarn_error *err)
{
    out->leaf_count = tarn_parquet_file_info(metadata).leaf_count;
    out->leaves = calloc((size_t)out->leaf_count + 1, sizeof(*out->leaves));
    if (out->leaves == NULL) {
        return no_memory(err);
    }
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t leaf = 0; leaf < out->leaf_count; leaf++) {
            struct measured_leaf *kept = &out->leaves[leaf];
            struct tarn_parquet_chunk_info chunk;
            TARN_TOOL_TRY(tarn_parquet_chunk_info(metadata, groups != NULL ? groups[i] : i, leaf, &chunk, err));
            kept->bytes += chunk.compressed_size;
            out->chunk_bytes += chunk.compressed_size;
            if (i == 0) {
                keep_text(kept->path, sizeof(kept->path), chunk.path);
                keep_text(kept->encodings, sizeof(kept->encodings), chunk.encodings);
                snprintf(kept->type, sizeof(kept->type), "%s", chunk.physical_type);
                snprintf(kept->codec, sizeof(kept->codec), "%s", chunk.codec);
            }
        }
    }
    return TARN_OK;
}

enum tarn_status measure_stored(const struct sample *sample, struct measured *out, struct tarn_error *err)
{
    *out = (struct measured){.rows = sample->rows};
    return add_groups(sample->metadata, sample->group_count, sample->groups, out, err);
}

void measured_free(struct measured *measured)
{
    free(measured->leaves);
    measured->leaves = NULL;
}

/* ---- writing ---- */

/* `named` must live as long as the query; its source is to be closed behind it. */
static enum tarn_status open_query(const struct sample *sample, const char *sql, struct tarn_named_source *named, struct tarn_query **out,
                                   struct tarn_error *err)
{
    struct tarn_query_options options = TARN_QUERY_OPTIONS_INIT;
    struct tarn_batches *batches;
    *out = NULL;
    *named = (struct tarn_named_source){TARN_TEXT("sample"), NULL};
    TARN_TOOL_TRY(sample_batches(sample, &batches, err));
    TARN_TOOL_TRY(tarn_batches_source(batches, &named->source, err));
    options.read_only = true;
    options.source_count = 1;
    options.sources = named;
    return tarn_query_open(sample->env, text_of(sql), &options, out, err);
}

static enum tarn_status write_query(struct tarn_query *query, struct tarn_sink *sink, struct tarn_error *err)
{
    struct tarn_batch *batch;
    enum tarn_status status;
    do {
        status = tarn_query_next(query, &batch, err);
        if (status == TARN_OK && batch != NULL) {
            status = tarn_sink_write(sink, batch, err);
        }
    } while (status == TARN_OK && batch != NULL);
    if (status != TARN_OK) {
        tarn_sink_abort(sink);
        return status;
    }
    return tarn_sink_finish(sink, err);
}

static enum tarn_status write_sample(const struct sample *sample, const char *sql, struct tarn_store *store,
                                     const struct tarn_parquet_write_options *options, struct tarn_error *err)
{
    const struct tarn_text key = TARN_TEXT("sample.parquet");
    struct tarn_batches *batches = NULL;
    struct tarn_named_source named = {TARN_TEXT(""), NULL};
    struct tarn_query *query = NULL;
    struct tarn_sink *sink = NULL;
    uint64_t rows;
    enum tarn_status status = sql != NULL ? open_query(sample, sql, &named, &query, err) : sample_batches(sample, &batches, err);
    if (status == TARN_OK) {
        status = tarn_parquet_create(store, key, sql != NULL ? tarn_query_schema(query) : batches->schema, options, &sink, err);
    }
    if (status == TARN_OK) {
        status = sql != NULL ? write_query(query, sink, err) : tarn_batches_copy(batches, sink, &rows, err);
    }
    if (batches != NULL) {
        batches->close(batches);
    }
    tarn_query_close(query);
    tarn_source_close(named.source);
    return status;
}

static enum tarn_status look_at_page(void *arg, const struct tarn_parquet_page_info *page, struct tarn_error *err)
{
    uint32_t *version = arg;
    (void)err;
    if (*version == 0 && strncmp(page->type, "DATA_PAGE", 9) == 0) {
        *version = page->type[9] == '\0' ? 1 : 2;
    }
    return TARN_OK;
}

enum tarn_status measure_written(const struct sample *sample, const char *sql, const struct tarn_parquet_write_options *options,
                                 struct measured *out, struct tarn_error *err)
{
    struct tarn_parquet_metadata *metadata = NULL;
    struct tarn_store *store;
    *out = (struct measured){.rows = 0};
    TARN_TOOL_TRY(tarn_store_open_memory(sample->env, 0, &store, err));
    enum tarn_status status = write_sample(sample, sql, store, options, err);
    status = status == TARN_OK ? tarn_parquet_metadata_open(store, TARN_TEXT("sample.parquet"), &metadata, err) : status;
    if (status == TARN_OK) {
        const struct tarn_parquet_file_info info = tarn_parquet_file_info(metadata);
        out->bytes = info.file_size;
        out->rows = info.row_count;
        status = add_groups(metadata, info.row_group_count, NULL, out, err);
        status = status == TARN_OK ? tarn_parquet_pages(metadata, 0, 0, look_at_page, &out->page_version, err) : status;
    }
    if (status == TARN_OK && out->rows != sample->rows) {
        status = tool_error(err, TARN_INTERNAL, "sample", "the sample has other rows when it is read again");
    }
    tarn_parquet_metadata_close(metadata);
    tarn_store_close(store);
    if (status != TARN_OK) {
        measured_free(out);
    }
    return status;
}

enum tarn_status sample_number(const struct sample *sample, const char *sql, uint64_t *out, struct tarn_error *err)
{
    struct tarn_named_source named = {TARN_TEXT(""), NULL};
    struct tarn_query *query = NULL;
    struct tarn_batch *batch = NULL;
    *out = 0;
    enum tarn_status status = open_query(sample, sql, &named, &query, err);
    status = status == TARN_OK ? tarn_query_next(query, &batch, err) : status;
    if (status == TARN_OK && batch != NULL) {
        char digits[32];
        tarn_vector_format(sample->env, batch->columns[0], 0, digits, sizeof(digits));
        (void)size_parse(digits, out); /* a count: digits alone */
    }
    tarn_query_close(query);
    tarn_source_close(named.source);
    return status;
}
