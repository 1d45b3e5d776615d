/* SPDX-License-Identifier: Apache-2.0
 *
 * Row groups behind those of a file: a sink whose object begins with the old file's bytes, up to its footer.
 *
 * SPEC: P-COPY-11, P-COPY-12.
 *
 * Invariants
 *  1. The old bytes stay where they were, so that the old row groups are described as before; the writer's own go behind them.
 *  2. Whether the writer stores the columns as the file does is asked before a byte is written.
 *  3. The new object takes the old one's place only if that is still the one that was read.
 */
#include "format/base/text.h"
#include "tarn/files.h"
#include "txlog/core/files/file_result.h"
#include "txlog/core/files/footer_edit.h"
#include "txlog/core/files/page_copy.h"
#include "txlog/core/files/part_store.h"
#include "txlog/core/files/schema_match.h"

struct append_sink {
    struct tarn_sink sink; /* first */
    struct tarn_arena arena;
    struct tarn_store *store;
    struct tarn_text key;
    struct tarn_object_info info; /* of the old file */
    struct tarn_footer *old;
    uint32_t *leaves;
    struct tarn_object_writer *out;
    struct tarn_store *part;
    struct tarn_sink *rows;
    struct tarn_file_result *result; /* NULL: not wanted */
};

static struct append_sink *sink_of(struct tarn_sink *sink)
{
    return (struct append_sink *)(uintptr_t)sink;
}

static void close_sink(struct append_sink *s)
{
    struct tarn_env *env = s->sink.env;
    if (s->rows != NULL) {
        tarn_sink_abort(s->rows);
    }
    if (s->out != NULL) {
        tarn_object_writer_abort(s->out);
    }
    tarn_store_close(s->part);
    tarn__footer_release(s->old);
    tarn_schema_release(s->sink.schema);
    tarn__arena_free(&s->arena);
    tarn_store_close(s->store);
    tarn__free(env, s);
    tarn_env_close(env);
}

/* ---- opening ---- */

static enum tarn_status check_columns(const struct tarn_schema *file, const struct tarn_schema *rows, struct tarn_error *err)
{
    if (file->field_count != rows->field_count) {
        return tarn__invalid(err, "schema", "the file has %u columns, the rows %u", (unsigned)file->field_count,
                             (unsigned)rows->field_count);
    }
    for (uint32_t i = 0; i < file->field_count; i++) {
        if (!tarn__text_equal(file->fields[i].name, rows->fields[i].name)) {
            return tarn__invalid(err, "schema", "column %u of the file is \"%.*s\", of the rows \"%.*s\"", (unsigned)i,
                                 TARN_TEXT_ARG(file->fields[i].name), TARN_TEXT_ARG(rows->fields[i].name));
        }
        if (!tarn_type_equal(file->fields[i].type, rows->fields[i].type)) {
            char words[2][96];
            tarn_type_format(file->fields[i].type, words[0], sizeof(words[0]));
            tarn_type_format(rows->fields[i].type, words[1], sizeof(words[1]));
            return tarn__invalid(err, "schema", "column \"%.*s\" is %s in the file, %s in the rows", TARN_TEXT_ARG(file->fields[i].name),
                                 words[0], words[1]);
        }
    }
    return TARN_OK;
}

/* Would the writer store the columns as the file does? Its schema as a footer that has nothing else. */
static enum tarn_status check_stored_form(struct append_sink *s, struct tarn_error *err)
{
    struct tarn_footer written = {.env = s->sink.env};
    struct parquet_schema_element *elements;
    uint32_t count;

    TARN_RETURN_IF_ERROR(tarn__file_schema_write(&s->arena, s->sink.schema, &count, &elements, err));
    written.metadata.schema.count = count;
    written.metadata.schema.items = elements;
    enum tarn_status status = tarn__file_schema_read(&s->arena, count, elements, 0, NULL, &written.schema, err);
    status = status == TARN_OK ? tarn__schema_match(s->old, &written, true, s->leaves, err) : status;
    tarn__file_schema_free(written.schema);
    return status;
}

static enum tarn_status read_old(struct append_sink *s, struct tarn_object *object, const struct tarn_schema *rows, struct tarn_error *err)
{
    s->info = tarn_object_info(object);
    TARN_RETURN_IF_ERROR(tarn__footer_open(object, NULL, &s->old, err));
    TARN_RETURN_IF_ERROR(tarn__page_copy_check(s->old, err));
    s->leaves = tarn__arena_calloc(&s->arena, (size_t)s->old->schema->leaf_count + 1, sizeof(*s->leaves));
    if (s->leaves == NULL) {
        return tarn__nomem(s->sink.env, err, s->old->schema->leaf_count);
    }
    s->sink.schema = tarn_schema_retain(s->old->schema->schema);
    TARN_RETURN_IF_ERROR(check_columns(s->sink.schema, rows, err));
    return check_stored_form(s, err);
}

static enum tarn_status copy_old(struct append_sink *s, struct tarn_object *object, struct tarn_error *err)
{
    struct tarn__page_copy copy;
    TARN_RETURN_IF_ERROR(tarn_object_writer_open(s->store, s->key, TARN_ROLE_DATA, &s->out, err));
    enum tarn_status status = tarn__page_copy_open(s->sink.env, s->out, s->old->schema, &copy, err);
    status = status == TARN_OK ? tarn__page_copy_bytes(&copy, object, 0, s->old->offset, err) : status;
    tarn__page_copy_close(&copy);
    return status;
}

static enum tarn_status begin(struct append_sink *s, const struct tarn_schema *rows, const struct tarn_parquet_write_options *write,
                              struct tarn_error *err)
{
    struct tarn_parquet_write_options options = TARN_PARQUET_WRITE_OPTIONS_INIT;
    struct tarn_object *object;

    if (write != NULL) {
        memcpy(&options, write, write->size < sizeof(options) ? write->size : sizeof(options));
        options.size = sizeof(options);
    }
    options.mode = TARN_PUT_OVERWRITE;
    options.created_by = (struct tarn_text){NULL, 0};
    options.property_count = 0;
    if (options.encryption != NULL) {
        return tarn__unsupported(err, "copy.encrypted", "an encrypted part cannot become part of a file that is not");
    }
    TARN_RETURN_IF_ERROR(tarn_object_open(s->store, s->key, &object, err));
    enum tarn_status status = read_old(s, object, rows, err);
    status = status == TARN_OK ? copy_old(s, object, err) : status;
    tarn_object_close(object);
    TARN_RETURN_IF_ERROR(status);
    TARN_RETURN_IF_ERROR(tarn__part_store_open(s->sink.env, s->out, &s->part, err));
    return tarn_parquet_create(s->part, TARN_TEXT("part.parquet"), s->sink.schema, &options, &s->rows, err);
}

static const struct tarn_sink_ops append_ops;

static enum tarn_status append_open(const struct tarn_file_place *file, const struct tarn_schema *schema,
                                    const struct tarn_parquet_append_options *options, struct tarn_file_result *result,
                                    struct tarn_sink **out, struct tarn_error *err)
{
    struct tarn_env *env = file->store->env;
    struct append_sink *s = tarn__calloc(env, 1, sizeof(*s));

    *out = NULL;
    if (s == NULL) {
        return tarn__nomem(env, err, sizeof(*s));
    }
    s->sink = (struct tarn_sink){&append_ops, tarn__env_retain(env), NULL};
    s->store = tarn_store_retain(file->store);
    s->result = result;
    tarn__arena_init(&s->arena, env);
    s->key = tarn__arena_text(&s->arena, file->key);
    const enum tarn_status status =
        s->key.data != NULL ? begin(s, schema, options != NULL ? options->write : NULL, err) : tarn__nomem(env, err, file->key.size);
    if (status != TARN_OK) {
        tarn__error_at_object(err, file->key);
        close_sink(s);
        return status;
    }
    *out = &s->sink;
    return TARN_OK;
}

/* ---- rows ---- */

static enum tarn_status sink_write(struct tarn_sink *sink, const struct tarn_batch *batch, struct tarn_error *err)
{
    return tarn_sink_write(sink_of(sink)->rows, batch, err);
}

/* ---- the end ---- */

static int32_t column_order(const struct parquet_file_metadata *metadata, uint32_t leaf)
{
    return metadata->has_column_orders && leaf < metadata->column_orders.count ? metadata->column_orders.items[leaf].id : 0;
}

/* The row groups of both, the old file's schema and keys; its orders too, where it says any. */
static enum tarn_status describe(struct append_sink *s, const struct tarn_footer *added, struct tarn__page_copy *copy,
                                 struct parquet_file_metadata *metadata, struct tarn_error *err)
{
    const uint32_t leaf_count = s->old->schema->leaf_count;
    const bool same_writer = !s->old->has_short_chunks && tarn__text_equal(s->old->metadata.created_by, added->metadata.created_by);
    bool *other = tarn__arena_calloc(&s->arena, 2 * (size_t)leaf_count + 1, sizeof(*other));
    struct tarn__page_source old = {.footer = s->old, .other_orders = other, .other_writer = !same_writer};
    struct tarn__page_source new = {.footer = added, .other_orders = other != NULL ? other + leaf_count : NULL};

    if (other == NULL) {
        return tarn__nomem(s->sink.env, err, leaf_count);
    }
    if (!metadata->has_column_orders) {
        metadata->has_column_orders = added->metadata.has_column_orders;
        metadata->column_orders.count = added->metadata.column_orders.count;
        metadata->column_orders.items = added->metadata.column_orders.items;
    }
    for (uint32_t leaf = 0; leaf < leaf_count; leaf++) {
        other[leaf] = column_order(metadata, leaf) != column_order(&s->old->metadata, leaf);
        other[leaf_count + leaf] = column_order(metadata, leaf) != column_order(&added->metadata, leaf);
    }
    if (!same_writer) {
        metadata->has_created_by = true;
        metadata->created_by = TARN_TEXT("tarn version " TARN_VERSION);
    }
    TARN_RETURN_IF_ERROR(tarn__page_copy_adopt(copy, &old, err));
    return tarn__page_copy_adopt(copy, &new, err);
}

static enum tarn_status write_footer(struct append_sink *s, const struct tarn_footer *added, struct tarn_error *err)
{
    static const struct tarn_parquet_copy_options unchanged = TARN_PARQUET_COPY_OPTIONS_INIT;
    struct parquet_file_metadata metadata;
    struct tarn_file_schema *schema;
    struct tarn__page_copy copy;

    TARN_RETURN_IF_ERROR(tarn__schema_match(s->old, added, true, s->leaves, err));
    TARN_RETURN_IF_ERROR(tarn__footer_edit(s->old, &unchanged, &s->arena, &metadata, &schema, err));
    enum tarn_status status = tarn__page_copy_open(s->sink.env, s->out, schema, &copy, err);
    status = status == TARN_OK ? describe(s, added, &copy, &metadata, err) : status;
    status = status == TARN_OK ? tarn__page_copy_footer(&copy, &metadata, err) : status;
    if (status == TARN_OK) {
        tarn__file_result_set(s->result, copy.rows, s->out->written, copy.group_count);
    }
    tarn__page_copy_close(&copy);
    tarn__file_schema_free(schema);
    return status;
}

static enum tarn_status finish(struct append_sink *s, struct tarn_error *err)
{
    struct tarn_sink *rows = s->rows;
    struct tarn_footer *added;
    struct tarn_object_info now;
    struct tarn_span bytes;

    s->rows = NULL; /* finish ends it whatever the answer */
    TARN_RETURN_IF_ERROR(tarn_sink_finish(rows, err));
    TARN_RETURN_IF_ERROR(tarn__part_store_footer(s->part, &bytes, err));
    TARN_RETURN_IF_ERROR(
        tarn__footer_decode(s->sink.env, bytes, s->out->written, s->out->written + bytes.size + sizeof(uint64_t), &added, err));
    const enum tarn_status status = write_footer(s, added, err);
    tarn__footer_release(added);
    TARN_RETURN_IF_ERROR(status);
    TARN_RETURN_IF_ERROR(tarn_store_head(s->store, s->key, &now, err));
    if (now.size != s->info.size || strcmp(now.etag, s->info.etag) != 0) {
        return tarn__error_set(err, TARN_CONFLICT, "object_changed", "the file was changed by another while rows were appended; try again");
    }
    struct tarn_object_writer *out = s->out;
    s->out = NULL;
    return tarn_object_writer_commit(out, TARN_PUT_OVERWRITE, err);
}

static enum tarn_status sink_finish(struct tarn_sink *sink, struct tarn_error *err)
{
    struct append_sink *s = sink_of(sink);
    const enum tarn_status status = finish(s, err);
    if (status != TARN_OK) {
        tarn__file_result_clear(s->result);
        tarn__error_at_object(err, s->key);
    }
    close_sink(s);
    return status;
}

static void sink_abort(struct tarn_sink *sink)
{
    close_sink(sink_of(sink));
}

static const struct tarn_sink_ops append_ops = {sizeof(struct tarn_sink_ops), "parquet_append", sink_write, sink_finish, sink_abort};

enum tarn_status tarn_parquet_append_open(const struct tarn_file_place *file, const struct tarn_schema *schema,
                                          const struct tarn_parquet_append_options *options, struct tarn_sink **out, struct tarn_error *err)
{
    return append_open(file, schema, options, NULL, out, err);
}

enum tarn_status tarn_parquet_append(const struct tarn_file_place *file, struct tarn_batches *rows,
                                     const struct tarn_parquet_append_options *options, struct tarn_file_result *result,
                                     struct tarn_error *err)
{
    struct tarn_sink *sink;
    uint64_t count;

    tarn__file_result_clear(result);
    TARN_RETURN_IF_ERROR(append_open(file, rows->schema, options, result, &sink, err));
    return tarn_batches_copy(rows, sink, &count, err);
}
