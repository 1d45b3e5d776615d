/* SPDX-License-Identifier: Apache-2.0
 *
 * Files made of other files' pages: a copy with another footer, several files as one.
 *
 * SPEC: P-COPY-1 to P-COPY-10.
 *
 * Invariants
 *  1. All footers are read and compared before the first byte is written; a source that changed in between is IO "object_changed".
 *  2. One source is open at a time, whatever their number.
 *  3. The new object is committed last; before, everything that fails leaves nothing.
 */
#include "format/base/text.h"
#include "tarn/files.h"
#include "txlog/core/files/file_result.h"
#include "txlog/core/files/footer_edit.h"
#include "txlog/core/files/page_copy.h"
#include "txlog/core/files/schema_match.h"

#define MAGIC "PAR1"

struct source {
    const struct tarn_file_place *place;
    struct tarn_footer *footer;
    struct tarn_object_info info;
    uint32_t *leaves;
    bool *other_orders;
};

struct merge {
    struct tarn_env *env;
    struct tarn_parquet_copy_options options;
    struct tarn_arena arena;
    uint32_t count;
    struct source *sources;
    struct parquet_file_metadata metadata;
    struct tarn_file_schema *schema;
    struct tarn__page_copy copy;
    struct tarn_object_writer *out;
    bool one_writer; /* all files say the same */
};

static enum tarn_status read_footer(struct source *source, struct tarn_error *err)
{
    struct tarn_object *object;
    TARN_RETURN_IF_ERROR(tarn_object_open(source->place->store, source->place->key, &object, err));
    source->info = tarn_object_info(object);
    enum tarn_status status = tarn__footer_open(object, NULL, &source->footer, err);
    tarn_object_close(object);
    status = status == TARN_OK ? tarn__page_copy_check(source->footer, err) : status;
    if (status != TARN_OK) {
        tarn__error_at_object(err, source->place->key);
    }
    return status;
}

static int32_t column_order(const struct parquet_file_metadata *metadata, uint32_t leaf)
{
    return metadata->has_column_orders && leaf < metadata->column_orders.count ? metadata->column_orders.items[leaf].id : 0;
}

/* ---- what the files have in common ---- */

static enum tarn_status compare_with_first(struct merge *m, struct source *source, struct tarn_error *err)
{
    const struct tarn_footer *first = m->sources[0].footer;
    const uint32_t leaf_count = first->schema->leaf_count;
    uint32_t dropped = 0;

    source->leaves = tarn__arena_calloc(&m->arena, (size_t)leaf_count + 1, sizeof(*source->leaves));
    source->other_orders = tarn__arena_calloc(&m->arena, (size_t)leaf_count + 1, sizeof(*source->other_orders));
    if (source->leaves == NULL || source->other_orders == NULL) {
        return tarn__nomem(m->env, err, leaf_count);
    }
    TARN_RETURN_IF_ERROR(tarn__schema_match(first, source->footer, false, source->leaves, err));
    for (uint32_t leaf = 0; leaf < leaf_count; leaf++) {
        source->other_orders[leaf] = column_order(&first->metadata, leaf) != column_order(&source->footer->metadata, source->leaves[leaf]);
        dropped += source->other_orders[leaf];
    }
    if (dropped != 0) {
        tarn__copy_note(&m->options, "%.*s: bounds of %u columns are of another order than the first file's and are dropped",
                        TARN_TEXT_ARG(source->place->key), (unsigned)dropped);
    }
    m->one_writer = m->one_writer && !source->footer->has_short_chunks &&
                    tarn__text_equal(first->metadata.created_by, source->footer->metadata.created_by);
    return TARN_OK;
}

static void note_keys(const struct merge *m, const struct source *source)
{
    const struct parquet_file_metadata *first = &m->sources[0].footer->metadata;
    const struct parquet_file_metadata *metadata = &source->footer->metadata;
    for (uint32_t i = 0; metadata->has_key_value_metadata && i < metadata->key_value_metadata.count; i++) {
        const struct parquet_key_value *pair = &metadata->key_value_metadata.items[i];
        const struct tarn_text kept = tarn__footer_key(first, pair->key);
        if (!tarn__text_equal(pair->key, tarn__text_of(TARN_FOOTER_CHECKSUM_KEY)) &&
            (kept.data == NULL || !tarn__text_equal(kept, pair->value))) {
            tarn__copy_note(&m->options, "%.*s: its value of the key \"%.*s\" is not kept: %s", TARN_TEXT_ARG(source->place->key),
                            TARN_TEXT_ARG(pair->key), kept.data == NULL ? "the first file has no such key" : "the first file's differs");
        }
    }
}

static enum tarn_status look(struct merge *m, struct tarn_error *err)
{
    for (uint32_t i = 0; i < m->count; i++) {
        TARN_RETURN_IF_ERROR(read_footer(&m->sources[i], err));
        const enum tarn_status status = i != 0 ? compare_with_first(m, &m->sources[i], err) : TARN_OK;
        if (status != TARN_OK) {
            tarn__error_at_object(err, m->sources[i].place->key);
            return status;
        }
        if (i != 0) {
            note_keys(m, &m->sources[i]);
        }
    }
    m->one_writer = m->one_writer && !m->sources[0].footer->has_short_chunks;
    return tarn__footer_edit(m->sources[0].footer, &m->options, &m->arena, &m->metadata, &m->schema, err);
}

/* ---- writing ---- */

/* The first file's bytes stay where they are when nothing but the footer changes. */
static bool keeps_places(const struct merge *m)
{
    return m->count == 1 && !m->options.drop_page_index && !m->options.drop_bloom_filters && m->one_writer;
}

static enum tarn_status copy_source(struct merge *m, const struct source *source, struct tarn_error *err)
{
    struct tarn_object *object;
    struct tarn__page_source pages = {
        .footer = source->footer, .leaves = source->leaves, .other_orders = source->other_orders, .other_writer = !m->one_writer};

    TARN_RETURN_IF_ERROR(tarn_object_open(source->place->store, source->place->key, &object, err));
    const struct tarn_object_info info = tarn_object_info(object);
    enum tarn_status status = TARN_OK;
    pages.object = object;
    if (info.size != source->info.size || strcmp(info.etag, source->info.etag) != 0) {
        status = tarn__error_set(err, TARN_IO, "object_changed", "the file was changed while it was being read");
    } else if (keeps_places(m)) {
        status = tarn__page_copy_bytes(&m->copy, object, 0, source->footer->offset, err);
        status = status == TARN_OK ? tarn__page_copy_adopt(&m->copy, &pages, err) : status;
    } else {
        status = tarn__page_copy_groups(&m->copy, &pages, err);
    }
    tarn_object_close(object);
    if (status != TARN_OK) {
        tarn__error_at_object(err, source->place->key);
    }
    return status;
}

static enum tarn_status write_file(struct merge *m, const struct tarn_file_place *to, struct tarn_file_result *result,
                                   struct tarn_error *err)
{
    static const uint8_t magic[] = MAGIC;

    TARN_RETURN_IF_ERROR(tarn_object_writer_open(to->store, to->key, TARN_ROLE_DATA, &m->out, err));
    TARN_RETURN_IF_ERROR(tarn__page_copy_open(m->env, m->out, m->schema, &m->copy, err));
    m->copy.drop_page_index = m->options.drop_page_index;
    m->copy.drop_bloom_filters = m->options.drop_bloom_filters;
    if (!keeps_places(m)) {
        TARN_RETURN_IF_ERROR(tarn_object_writer_append(m->out, (struct tarn_span){magic, sizeof(magic) - 1}, err));
    }
    for (uint32_t i = 0; i < m->count; i++) {
        TARN_RETURN_IF_ERROR(copy_source(m, &m->sources[i], err));
    }
    if (!m->one_writer || !m->metadata.has_created_by) {
        m->metadata.has_created_by = true;
        m->metadata.created_by = TARN_TEXT("tarn version " TARN_VERSION);
    }
    TARN_RETURN_IF_ERROR(tarn__page_copy_finish(&m->copy, err));
    TARN_RETURN_IF_ERROR(tarn__page_copy_footer(&m->copy, &m->metadata, err));
    tarn__file_result_set(result, m->copy.rows, m->out->written, m->copy.group_count);
    struct tarn_object_writer *out = m->out;
    m->out = NULL; /* commit ends it whatever the answer */
    return tarn_object_writer_commit(out, m->options.mode, err);
}

static void merge_close(struct merge *m)
{
    if (m->out != NULL) {
        tarn_object_writer_abort(m->out);
    }
    tarn__page_copy_close(&m->copy);
    tarn__file_schema_free(m->schema);
    for (uint32_t i = 0; m->sources != NULL && i < m->count; i++) {
        tarn__footer_release(m->sources[i].footer);
    }
    tarn__arena_free(&m->arena);
}

enum tarn_status tarn_parquet_merge(uint32_t count, const struct tarn_file_place *files, const struct tarn_file_place *to,
                                    const struct tarn_parquet_copy_options *options, struct tarn_file_result *result,
                                    struct tarn_error *err)
{
    static const struct tarn_parquet_copy_options defaults = TARN_PARQUET_COPY_OPTIONS_INIT;
    struct merge m = {.env = to->store->env, .count = count, .options = defaults, .one_writer = true};

    tarn__file_result_clear(result);
    if (options != NULL) {
        if (options->size == 0) {
            return tarn__invalid(err, "options", "the options have no size; begin with TARN_PARQUET_COPY_OPTIONS_INIT");
        }
        memcpy(&m.options, options, options->size < sizeof(m.options) ? options->size : sizeof(m.options));
    }
    if (count == 0) {
        return tarn__invalid(err, "files", "there is no file to copy from");
    }
    tarn__arena_init(&m.arena, m.env);
    m.sources = tarn__arena_calloc(&m.arena, count, sizeof(*m.sources));
    enum tarn_status status = m.sources != NULL ? TARN_OK : tarn__nomem(m.env, err, count * sizeof(*m.sources));
    for (uint32_t i = 0; status == TARN_OK && i < count; i++) {
        m.sources[i].place = &files[i];
    }
    status = status == TARN_OK ? look(&m, err) : status;
    status = status == TARN_OK ? write_file(&m, to, result, err) : status;
    merge_close(&m);
    if (status != TARN_OK) {
        tarn__file_result_clear(result);
        tarn__error_at_object(err, to->key);
    }
    return status;
}

enum tarn_status tarn_parquet_copy(const struct tarn_file_place *from, const struct tarn_file_place *to,
                                   const struct tarn_parquet_copy_options *options, struct tarn_file_result *result, struct tarn_error *err)
{
    return tarn_parquet_merge(1, from, to, options, result, err);
}
