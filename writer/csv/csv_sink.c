/* SPDX-License-Identifier: Apache-2.0
 *
 * Batches as CSV.
 *
 * Specification: RFC 4180, with '\n' as line end. A value is quoted when it holds the delimiter, a quote, a line break, leading or trailing
 * space, or would be read as the null text; so that reading the file back gives null where null was, and text where text was.
 */
#include <string.h>

#include "format/batch/row_text.h"
#include "writer/text/text_output.h"

struct csv_sink {
    struct tarn_sink base;
    struct tarn__text_output output;
    struct tarn_text_builder value; /* one value before quoting */
    char delimiter;
    char *null_text;
    size_t null_size;
};

static bool needs_quotes(const struct csv_sink *sink, struct tarn_text text)
{
    if (text.size == sink->null_size && (text.size == 0 || memcmp(text.data, sink->null_text, text.size) == 0)) {
        return true;
    }
    if (text.size != 0 && (text.data[0] == ' ' || text.data[text.size - 1] == ' ')) {
        return true;
    }
    for (size_t i = 0; i < text.size; i++) {
        const char c = text.data[i];
        if (c == sink->delimiter || c == '"' || c == '\n' || c == '\r') {
            return true;
        }
    }
    return false;
}

static void put_value(struct csv_sink *sink, struct tarn_text text)
{
    struct tarn_text_builder *out = &sink->output.text;
    if (!needs_quotes(sink, text)) {
        tarn__builder_add(out, text);
        return;
    }
    tarn__builder_add_char(out, '"');
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '"') {
            tarn__builder_add_char(out, '"');
        }
        tarn__builder_add_char(out, text.data[i]);
    }
    tarn__builder_add_char(out, '"');
}

static enum tarn_status csv_write(struct tarn_sink *base, const struct tarn_batch *batch, struct tarn_error *err)
{
    struct csv_sink *sink = (struct csv_sink *)base;
    struct tarn_text_builder *out = &sink->output.text;
    const uint32_t *rows;
    TARN_RETURN_IF_ERROR(tarn__text_output_rows(&sink->output, &batch->selection, &rows, err));
    for (uint32_t i = 0; i < batch->selection.count; i++) {
        const uint32_t row = rows[i];
        for (uint32_t c = 0; c < batch->column_count; c++) {
            if (c != 0) {
                tarn__builder_add_char(out, sink->delimiter);
            }
            if (tarn_vector_is_null(batch->columns[c], row)) {
                tarn__builder_add_bytes(out, sink->null_text, sink->null_size);
                continue;
            }
            tarn__builder_clear(&sink->value);
            tarn__row_text(&sink->value, batch->columns[c], row, TARN_STYLE_SQL);
            TARN_RETURN_IF_ERROR(tarn__builder_status(&sink->value, err));
            put_value(sink, tarn__builder_text(&sink->value));
        }
        tarn__builder_add_char(out, '\n');
        TARN_RETURN_IF_ERROR(tarn__text_output_flush(&sink->output, false, err));
    }
    return TARN_OK;
}

static void csv_free(struct csv_sink *sink)
{
    struct tarn_env *env = sink->base.env;
    tarn__builder_free(&sink->value);
    tarn_schema_release(sink->base.schema);
    tarn__free(env, sink->null_text);
    tarn__free(env, sink);
    tarn_env_close(env);
}

static enum tarn_status csv_finish(struct tarn_sink *base, struct tarn_error *err)
{
    struct csv_sink *sink = (struct csv_sink *)base;
    const enum tarn_status status = tarn__text_output_finish(&sink->output, err);
    csv_free(sink);
    return status;
}

static void csv_abort(struct tarn_sink *base)
{
    struct csv_sink *sink = (struct csv_sink *)base;
    tarn__text_output_abort(&sink->output);
    csv_free(sink);
}

static const struct tarn_sink_ops csv_ops = {sizeof(csv_ops), "csv", csv_write, csv_finish, csv_abort};

static enum tarn_status check_options(const struct tarn_csv_write_options *options, struct tarn_error *err)
{
    if (options->delimiter == '"' || options->delimiter == '\n' || options->delimiter == '\r') {
        return tarn__invalid(err, "delimiter", "a quote or a line break cannot be the delimiter");
    }
    for (size_t i = 0; i < options->null_text.size; i++) {
        const char c = options->null_text.data[i];
        if (c == '"' || c == '\n' || c == '\r' || c == options->delimiter) {
            return tarn__invalid(err, "null_text", "the spelling of null holds a quote, a line break or the delimiter");
        }
    }
    return TARN_OK;
}

static enum tarn_status csv_new(struct tarn_env *env, const struct tarn_schema *schema, const struct tarn_csv_write_options *given,
                                struct csv_sink **out, struct tarn_error *err)
{
    static const struct tarn_csv_write_options defaults = TARN_CSV_WRITE_OPTIONS_INIT;
    struct tarn_csv_write_options options = given != NULL ? *given : defaults;
    options.delimiter = options.delimiter != 0 ? options.delimiter : ',';
    *out = NULL;
    TARN_RETURN_IF_ERROR(check_options(&options, err));
    struct csv_sink *sink = tarn__calloc(env, 1, sizeof(*sink));
    char *null_text = sink != NULL ? tarn__text_dup(env, options.null_text) : NULL;
    if (null_text == NULL) {
        tarn__free(env, sink);
        return tarn__nomem(env, err, sizeof(*sink));
    }
    sink->base = (struct tarn_sink){&csv_ops, tarn__env_retain(env), tarn_schema_retain(schema)};
    sink->delimiter = options.delimiter;
    sink->null_text = null_text;
    sink->null_size = options.null_text.size;
    tarn__builder_init(&sink->value, env);
    *out = sink;
    return TARN_OK;
}

static void put_header(struct csv_sink *sink, const struct tarn_csv_write_options *options)
{
    const struct tarn_schema *schema = sink->base.schema;
    if (options != NULL && options->no_header) {
        return;
    }
    for (uint32_t i = 0; i < schema->field_count; i++) {
        if (i != 0) {
            tarn__builder_add_char(&sink->output.text, sink->delimiter);
        }
        put_value(sink, schema->fields[i].name);
    }
    tarn__builder_add_char(&sink->output.text, '\n');
}

enum tarn_status tarn_csv_create(struct tarn_store *store, struct tarn_text key, const struct tarn_schema *schema,
                                 const struct tarn_csv_write_options *options, struct tarn_sink **out, struct tarn_error *err)
{
    struct csv_sink *sink;
    *out = NULL;
    TARN_RETURN_IF_ERROR(csv_new(store->env, schema, options, &sink, err));
    const enum tarn_status status = tarn__text_output_open(&sink->output, store, key, err);
    if (status != TARN_OK) {
        csv_abort(&sink->base);
        return status;
    }
    put_header(sink, options);
    *out = &sink->base;
    return TARN_OK;
}

enum tarn_status tarn_csv_create_stream(struct tarn_env *env, struct tarn_byte_sink to, const struct tarn_schema *schema,
                                        const struct tarn_csv_write_options *options, struct tarn_sink **out, struct tarn_error *err)
{
    struct csv_sink *sink;
    *out = NULL;
    TARN_RETURN_IF_ERROR(csv_new(env, schema, options, &sink, err));
    tarn__text_output_open_stream(&sink->output, env, to);
    put_header(sink, options);
    *out = &sink->base;
    return TARN_OK;
}
