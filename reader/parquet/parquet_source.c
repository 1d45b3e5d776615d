/* SPDX-License-Identifier: Apache-2.0
 *
 * A Parquet file as a source of rows.
 *
 * Invariants
 *  1. The object stays open, and so pinned, as long as the source: what the footer says holds of every later read.
 */
#include "reader/parquet/parquet_source.h"

#include "format/base/alloc.h"
#include "format/column/arrow_refine.h"
#include "format/column/variant_schema.h"
#include "format/store/bytes_store.h"

static const struct tarn_schema *schema_of(struct tarn_source *handle)
{
    return ((struct parquet_source *)handle)->footer->schema->schema;
}

static bool row_count_of(struct tarn_source *handle, uint64_t *rows)
{
    const struct parquet_source *source = (const struct parquet_source *)handle;
    *rows = source->first_rows[source->footer->metadata.row_groups.count];
    return true;
}

static enum tarn_status scan_of(struct tarn_source *handle, const struct tarn_scan_request *request, struct tarn_scan **out,
                                struct tarn_error *err)
{
    struct parquet_source *source = (struct parquet_source *)handle;
    const enum tarn_status status = tarn__parquet_scan_open(source, request, out, err);
    if (status != TARN_OK) {
        tarn__error_at_object(err, tarn__text_of(source->key));
    }
    return status;
}

static void source_close(struct tarn_source *handle)
{
    struct parquet_source *source = (struct parquet_source *)handle;
    struct tarn_env *env = source->source.env;
    tarn__footer_release(source->footer);
    tarn_object_close(source->object);
    tarn__buffer_release(source->whole);
    tarn__free(env, source->first_rows);
    tarn__free(env, source->key);
    tarn__free(env, source);
    tarn_env_close(env);
}

enum tarn_status tarn__parquet_chunk_range(const struct parquet_source *source, uint32_t row_group, uint32_t leaf,
                                           struct tarn_chunk_range *out, struct tarn_error *err)
{
    enum { SLACK = 1024 };
    const struct tarn_footer *footer = source->footer;
    struct tarn_chunk_range next;
    uint64_t limit = footer->offset;
    TARN_RETURN_IF_ERROR(tarn__footer_chunk_find(footer, row_group, leaf, out, err));
    if (out->begin == out->end) {
        return TARN_OK;
    }
    if (leaf + 1 < footer->schema->leaf_count) {
        limit = tarn__footer_chunk_place(footer, row_group, leaf + 1, &next) ? next.begin : out->end;
    }
    if (limit > out->end && limit <= footer->offset) {
        out->end = limit - out->end < SLACK ? limit : out->end + SLACK;
    }
    return TARN_OK;
}

static const struct tarn_source_ops parquet_source_ops = {
    .size = sizeof(struct tarn_source_ops),
    .name = "parquet",
    .schema = schema_of,
    .row_count = row_count_of,
    .scan = scan_of,
    .close = source_close,
};

static enum tarn_status count_rows(struct parquet_source *source, struct tarn_error *err)
{
    const struct parquet_file_metadata *metadata = &source->footer->metadata;
    source->first_rows = tarn__calloc(source->source.env, (size_t)metadata->row_groups.count + 1, sizeof(uint64_t));
    if (source->first_rows == NULL) {
        return tarn__nomem(source->source.env, err, ((uint64_t)metadata->row_groups.count + 1) * sizeof(uint64_t));
    }
    for (uint32_t i = 0; i < metadata->row_groups.count; i++) {
        source->first_rows[i + 1] = source->first_rows[i] + (uint64_t)metadata->row_groups.items[i].num_rows; /* checked by the footer */
    }
    return TARN_OK;
}

static enum tarn_status open_file(struct parquet_source *source, struct tarn_store *store, struct tarn_text key, struct tarn_error *err)
{
    source->key = tarn__text_dup(source->source.env, key);
    if (source->key == NULL) {
        return tarn__nomem(source->source.env, err, key.size + 1);
    }
    TARN_RETURN_IF_ERROR(tarn_object_open(store, key, &source->object, err));
    const struct tarn__given_keys keys = {key, source->options.key_count, source->options.keys, source->options.aad_prefix};
    const struct tarn_footer_options options = {source->options.footer_limit, &keys};
    TARN_RETURN_IF_ERROR(tarn__footer_open(source->object, &options, &source->footer, err));
    source->options.key_count = 0; /* they were the caller's; the footer has its own */
    source->options.keys = NULL;
    source->options.aad_prefix = (struct tarn_text){NULL, 0};
    TARN_RETURN_IF_ERROR(tarn__variant_schema_mark(&source->footer->arena, source->footer->schema, source->options.variant_count,
                                                   source->options.variants, err));
    source->options.variant_count = 0; /* they were the caller's, too */
    source->options.variants = NULL;
    tarn__file_schema_give_timestamps(source->footer->schema, source->options.wide_timestamps);
    if (source->options.arrow_schema != TARN_ARROW_SCHEMA_IGNORED) {
        TARN_RETURN_IF_ERROR(
            tarn__arrow_refine(source->source.env, source->footer->schema, source->options.arrow_schema == TARN_ARROW_SCHEMA_USED, err));
    }
    return count_rows(source, err);
}

static enum tarn_status open_source(struct tarn_store *store, struct tarn_text key, struct tarn_buffer *whole,
                                    const struct tarn_parquet_read_options *options, struct tarn_source **out, struct tarn_error *err)
{
    struct tarn_env *env = store->env;
    *out = NULL;
    struct parquet_source *source = tarn__calloc(env, 1, sizeof(*source));
    if (source == NULL) {
        return tarn__nomem(env, err, sizeof(*source));
    }
    source->source = (struct tarn_source){.ops = &parquet_source_ops, .env = tarn__env_retain(env)};
    source->whole = tarn__buffer_retain(whole);
    if (options != NULL) {
        memcpy(&source->options, options, options->size < sizeof(source->options) ? options->size : sizeof(source->options));
    }
    const enum tarn_status status = open_file(source, store, key, err);
    if (status != TARN_OK) {
        tarn__error_at_object(err, key);
        source_close(&source->source);
        return status;
    }
    *out = &source->source;
    return TARN_OK;
}

enum tarn_status tarn_parquet_open(struct tarn_store *store, struct tarn_text key, const struct tarn_parquet_read_options *options,
                                   struct tarn_source **out, struct tarn_error *err)
{
    return open_source(store, key, NULL, options, out, err);
}

static void keep_bytes(void *arg)
{
    (void)arg;
}

enum tarn_status tarn_parquet_open_memory(struct tarn_env *env, struct tarn_span bytes, void (*release)(void *arg), void *arg,
                                          const struct tarn_parquet_read_options *options, struct tarn_source **out, struct tarn_error *err)
{
    struct tarn_store *store;
    *out = NULL;
    struct tarn_buffer *whole = tarn__buffer_wrap(env, bytes.data, bytes.size, release != NULL ? release : keep_bytes, arg);
    if (whole == NULL) {
        if (release != NULL) {
            release(arg);
        }
        return tarn__nomem(env, err, sizeof(*whole));
    }
    enum tarn_status status = tarn__store_over_bytes(env, whole, &store, err);
    if (status == TARN_OK) {
        status = open_source(store, (struct tarn_text)TARN_TEXT("memory"), whole, options, out, err);
        tarn_store_close(store);
    }
    tarn__buffer_release(whole);
    return status;
}
