/* SPDX-License-Identifier: Apache-2.0
 *
 * Batches as JSON: one object a row, in canonical form (docs/canonical-json.md); one a line, or all in one array.
 */
#include "format/batch/row_text.h"
#include "format/json/json_print.h"
#include "writer/text/text_output.h"

struct json_sink {
    struct tarn_sink base;
    struct tarn__text_output output;
    struct tarn_text_builder *keys; /* of each column: "name": with the comma or brace before it */
    bool array;
    enum tarn_text_style style;
    bool any;
};

static enum tarn_status json_write(struct tarn_sink *base, const struct tarn_batch *batch, struct tarn_error *err)
{
    struct json_sink *sink = (struct json_sink *)base;
    struct tarn_text_builder *out = &sink->output.text;
    const uint32_t *rows;
    TARN_RETURN_IF_ERROR(tarn__text_output_rows(&sink->output, &batch->selection, &rows, err));
    for (uint32_t i = 0; i < batch->selection.count; i++) {
        const uint32_t row = rows[i];
        if (sink->array) {
            tarn__builder_add_str(out, sink->any ? ",\n" : "[");
        }
        for (uint32_t c = 0; c < batch->column_count; c++) {
            tarn__builder_add(out, tarn__builder_text(&sink->keys[c]));
            tarn__row_text(out, batch->columns[c], row, sink->style);
        }
        tarn__builder_add_str(out, batch->column_count == 0 ? "{}" : "}");
        tarn__builder_add_str(out, sink->array ? "" : "\n");
        sink->any = true;
        TARN_RETURN_IF_ERROR(tarn__text_output_flush(&sink->output, false, err));
    }
    return TARN_OK;
}

static void json_free(struct json_sink *sink)
{
    struct tarn_env *env = sink->base.env;
    for (uint32_t i = 0; sink->keys != NULL && i < sink->base.schema->field_count; i++) {
        tarn__builder_free(&sink->keys[i]);
    }
    tarn__free(env, sink->keys);
    tarn_schema_release(sink->base.schema);
    tarn__free(env, sink);
    tarn_env_close(env);
}

static enum tarn_status json_finish(struct tarn_sink *base, struct tarn_error *err)
{
    struct json_sink *sink = (struct json_sink *)base;
    if (sink->array) {
        tarn__builder_add_str(&sink->output.text, sink->any ? "]" : "[]");
    }
    const enum tarn_status status = tarn__text_output_finish(&sink->output, err);
    json_free(sink);
    return status;
}

static void json_abort(struct tarn_sink *base)
{
    struct json_sink *sink = (struct json_sink *)base;
    tarn__text_output_abort(&sink->output);
    json_free(sink);
}

static const struct tarn_sink_ops json_ops = {sizeof(json_ops), "json", json_write, json_finish, json_abort};

static enum tarn_status json_new(struct tarn_env *env, const struct tarn_schema *schema, const struct tarn_json_write_options *options,
                                 struct json_sink **out, struct tarn_error *err)
{
    *out = NULL;
    struct json_sink *sink = tarn__calloc(env, 1, sizeof(*sink));
    if (sink == NULL) {
        return tarn__nomem(env, err, sizeof(*sink));
    }
    sink->base = (struct tarn_sink){&json_ops, tarn__env_retain(env), tarn_schema_retain(schema)};
    sink->array = options != NULL && options->array;
    sink->style = options != NULL && options->stored_variants ? TARN_STYLE_JSON_STORED : TARN_STYLE_JSON;
    sink->keys = tarn__calloc(env, schema->field_count, sizeof(*sink->keys));
    enum tarn_status status = sink->keys != NULL ? TARN_OK : tarn__nomem(env, err, schema->field_count * sizeof(*sink->keys));
    for (uint32_t i = 0; sink->keys != NULL && i < schema->field_count; i++) {
        tarn__builder_init(&sink->keys[i], env);
        tarn__builder_add_char(&sink->keys[i], i == 0 ? '{' : ',');
        tarn__json_put_string(&sink->keys[i], schema->fields[i].name);
        tarn__builder_add_char(&sink->keys[i], ':');
        status = status == TARN_OK ? tarn__builder_status(&sink->keys[i], err) : status;
    }
    if (status != TARN_OK) {
        json_free(sink);
        return status;
    }
    *out = sink;
    return TARN_OK;
}

enum tarn_status tarn_json_create(struct tarn_store *store, struct tarn_text key, const struct tarn_schema *schema,
                                  const struct tarn_json_write_options *options, struct tarn_sink **out, struct tarn_error *err)
{
    struct json_sink *sink;
    *out = NULL;
    TARN_RETURN_IF_ERROR(json_new(store->env, schema, options, &sink, err));
    const enum tarn_status status = tarn__text_output_open(&sink->output, store, key, err);
    if (status != TARN_OK) {
        json_abort(&sink->base);
        return status;
    }
    *out = &sink->base;
    return TARN_OK;
}

enum tarn_status tarn_json_create_stream(struct tarn_env *env, struct tarn_byte_sink to, const struct tarn_schema *schema,
                                         const struct tarn_json_write_options *options, struct tarn_sink **out, struct tarn_error *err)
{
    struct json_sink *sink;
    *out = NULL;
    TARN_RETURN_IF_ERROR(json_new(env, schema, options, &sink, err));
    tarn__text_output_open_stream(&sink->output, env, to);
    *out = &sink->base;
    return TARN_OK;
}
