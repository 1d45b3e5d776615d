/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening CSV: options checked and copied, a sample read and sniffed, the schema made.
 */
#include "reader/csv/csv_source.h"

#include "format/base/bytes.h"

enum { SAMPLE = 4 << 20, MOST_SAMPLE = 64 << 20, SAMPLE_ROW = 512 };

static struct tarn_csv_source *self_of(struct tarn_source *source)
{
    return (struct tarn_csv_source *)(void *)source;
}

static const struct tarn_schema *csv_schema(struct tarn_source *source)
{
    return self_of(source)->schema;
}

static bool csv_row_count(struct tarn_source *source, uint64_t *rows)
{
    (void)source;
    *rows = 0;
    return false;
}

static void csv_close(struct tarn_source *source)
{
    struct tarn_csv_source *self = self_of(source);
    struct tarn_env *env = source->env;
    tarn_schema_release(self->schema);
    tarn_schema_release(self->options.schema);
    tarn__text_source_deinit(&self->text);
    tarn__arena_free(&self->arena);
    tarn__free(env, self);
    tarn_env_close(env);
}

static const struct tarn_source_ops csv_ops = {sizeof(csv_ops), "csv", csv_schema, csv_row_count, tarn__csv_scan, csv_close, NULL};

/* ---- options ---- */

static enum tarn_status check_options(const struct tarn_csv_options *options, struct tarn_error *err)
{
    if (options->delimiter == '\n' || options->delimiter == '\r') {
        return tarn__invalid(err, "delimiter", "a line end cannot be the delimiter");
    }
    if (options->quote == '\n' || options->quote == '\r' || (options->delimiter != 0 && options->quote == options->delimiter)) {
        return tarn__invalid(err, "quote", "the quote cannot be a line end or the delimiter");
    }
    if (options->escape != 0 && (options->escape == options->delimiter || options->escape == '\n' || options->escape == '\r')) {
        return tarn__invalid(err, "escape", "the escape cannot be a line end or the delimiter");
    }
    if (options->decimal_separator != 0 && options->decimal_separator != '.' && options->decimal_separator != ',') {
        return tarn__invalid(err, "decimal_separator", "the decimal separator is '.' or ','");
    }
    if (options->date_format.size != 0 && !tarn__csv_format_is_valid(options->date_format)) {
        return tarn__invalid(err, "date_format", "\"%.*s\" is no date format: behind each %% one of the letters Y y m d b B H I M S f p z",
                             TARN_TEXT_ARG(options->date_format));
    }
    for (uint32_t i = 0; options->schema != NULL && i < options->schema->field_count; i++) {
        if (!tarn__csv_type_is_readable(options->schema->fields[i].type)) {
            char name[96];
            tarn_type_format(options->schema->fields[i].type, name, sizeof(name));
            tarn__invalid(err, "schema", "a column of a CSV file cannot be of type %s", name);
            tarn__error_at_column(err, options->schema->fields[i].name);
            return TARN_INVALID;
        }
    }
    return TARN_OK;
}

/* Deep copies of what the caller keeps. */
static enum tarn_status keep_options(struct tarn_csv_source *self, const struct tarn_csv_options *options, struct tarn_error *err)
{
    struct tarn_csv_options *kept = &self->options;
    *kept = *options;
    kept->schema = options->schema != NULL ? tarn_schema_retain(options->schema) : NULL;
    kept->nulls = NULL;
    struct tarn_text *nulls = tarn__arena_calloc(&self->arena, (size_t)options->null_count + 1, sizeof(*nulls));
    kept->date_format = tarn__arena_text(&self->arena, options->date_format);
    kept->encoding = tarn__arena_text(&self->arena, options->encoding);
    bool kept_all = nulls != NULL && kept->date_format.data != NULL && kept->encoding.data != NULL;
    for (uint32_t i = 0; kept_all && i < options->null_count; i++) {
        nulls[i] = tarn__arena_text(&self->arena, options->nulls[i]);
        kept_all = nulls[i].data != NULL;
    }
    kept->nulls = nulls;
    self->text.encoding = kept->encoding;
    self->text.inferred = options->schema == NULL;
    return kept_all ? TARN_OK : tarn__nomem(self->arena.env, err, 0);
}

/* ---- sample ---- */

/* The part of the sample that is sure to be whole characters. */
static struct tarn_span whole_lines(const struct tarn_csv_source *self, bool ended)
{
    struct tarn_span text = {self->text.sample, self->text.sample_size};
    while (!ended && text.size != 0 && text.data[text.size - 1] != '\n' && text.data[text.size - 1] != '\r') {
        text.size--;
    }
    return text;
}

static enum tarn_status sniff(struct tarn_csv_source *self, struct tarn_error *err)
{
    const uint64_t rows = self->options.sample_rows;
    size_t size = self->window != 0 ? self->window : SAMPLE;
    if (rows > SAMPLE / SAMPLE_ROW) {
        size = rows < MOST_SAMPLE / SAMPLE_ROW ? (size_t)rows * SAMPLE_ROW : MOST_SAMPLE;
    }
    for (;;) {
        bool ended;
        TARN_RETURN_IF_ERROR(tarn__text_source_sample(&self->text, size, &ended, err));
        if (tarn__text_equal(tarn__text_input_encoding(self->text.input), TARN_TEXT("utf-8"))) {
            TARN_RETURN_IF_ERROR(tarn__text_check_utf8(whole_lines(self, ended), 1, err));
        }
        const struct tarn_span text = {self->text.sample, self->text.sample_size};
        TARN_RETURN_IF_ERROR(tarn__csv_sniff(&self->arena, &self->options, text, ended, &self->sniffed, err));
        if (ended || (self->sniffed.column_count != 0 && size >= SAMPLE) || size >= MOST_SAMPLE) {
            return TARN_OK;
        }
        size *= 2; /* not one whole record so far */
    }
}

static enum tarn_status make_schema(struct tarn_csv_source *self, struct tarn_error *err)
{
    if (self->options.schema != NULL) {
        self->schema = tarn_schema_retain(self->options.schema);
        return TARN_OK;
    }
    const struct tarn_csv_sniffed *sniffed = &self->sniffed;
    if (sniffed->column_count == 0) {
        return tarn__invalid(err, "empty", "the file is empty: there are no columns to see; give --schema to read it as no rows");
    }
    struct tarn_field *fields = tarn__arena_calloc(&self->arena, sniffed->column_count, sizeof(*fields));
    if (fields == NULL) {
        return tarn__nomem(self->arena.env, err, 0);
    }
    for (uint32_t i = 0; i < sniffed->column_count; i++) {
        fields[i] = (struct tarn_field){.name = sniffed->names[i], .type = &sniffed->columns[i].type, .nullable = true, .id = -1};
    }
    return tarn_schema_make(self->arena.env, sniffed->column_count, fields, 0, NULL, &self->schema, err);
}

enum tarn_status tarn__csv_open(const struct tarn_text_origin *origin, const struct tarn_csv_options *options, size_t window,
                                struct tarn_source **out, struct tarn_error *err)
{
    struct tarn_csv_options whole = TARN_CSV_OPTIONS_INIT;
    *out = NULL;
    if (options != NULL) {
        if (options->size < sizeof(uint32_t) || options->size > sizeof(whole)) {
            return tarn__invalid(err, "options_size", "tarn_csv_options.size is %u: set it with TARN_CSV_OPTIONS_INIT", options->size);
        }
        memcpy(&whole, options, options->size);
    }
    if (check_options(&whole, err) != TARN_OK) {
        tarn__error_at_object(err, origin->key);
        return TARN_INVALID;
    }
    struct tarn_csv_source *self = tarn__calloc(origin->env, 1, sizeof(*self));
    if (self == NULL) {
        return tarn__nomem(origin->env, err, sizeof(*self));
    }
    tarn__arena_init(&self->arena, origin->env);
    self->window = window;
    enum tarn_status status = tarn__text_source_init(&self->text, &csv_ops, origin, err);
    status = status == TARN_OK ? keep_options(self, &whole, err) : status;
    status = status == TARN_OK ? sniff(self, err) : status;
    status = status == TARN_OK ? make_schema(self, err) : status;
    if (status != TARN_OK) {
        tarn__error_at_object(err, origin->key);
        csv_close(&self->text.base);
        return status;
    }
    self->text.found_encoding = tarn__text_input_encoding(self->text.input);
    self->text.found_compression = tarn__text_input_compression(self->text.input);
    tarn__text_source_sampled(&self->text);
    *out = &self->text.base;
    return TARN_OK;
}

enum tarn_status tarn_csv_open(struct tarn_store *store, struct tarn_text key, const struct tarn_csv_options *options,
                               struct tarn_source **out, struct tarn_error *err)
{
    const struct tarn_text_origin origin = {.env = store->env, .store = store, .key = key};
    return tarn__csv_open(&origin, options, 0, out, err);
}

enum tarn_status tarn_csv_open_stream(struct tarn_env *env, struct tarn_byte_stream stream, const struct tarn_csv_options *options,
                                      struct tarn_source **out, struct tarn_error *err)
{
    const struct tarn_text_origin origin = {.env = env, .stream = stream};
    return tarn__csv_open(&origin, options, 0, out, err);
}

/* ---- what was found ---- */

struct tarn_csv_dialect tarn_csv_dialect(struct tarn_source *source)
{
    const struct tarn_csv_source *self = self_of(source);
    const struct tarn_csv_sniffed *sniffed = &self->sniffed;
    struct tarn_csv_dialect dialect = {.delimiter = sniffed->syntax.delimiter,
                                       .quote = sniffed->syntax.quote,
                                       .escape = sniffed->syntax.escape,
                                       .header = sniffed->header,
                                       .decimal_separator = sniffed->point,
                                       .encoding = self->text.found_encoding,
                                       .newline = sniffed->newline,
                                       .compression = self->text.found_compression,
                                       .date_format = {"", 0},
                                       .skip = self->options.skip};
    for (uint32_t i = 0; i < self->schema->field_count; i++) {
        const enum tarn_type_id id = self->schema->fields[i].type->id;
        const struct tarn_text format = sniffed->columns[i].format;
        if ((id == TARN_TYPE_DATE || id == TARN_TYPE_TIMESTAMP) && (dialect.date_format.size == 0 || format.size != 0)) {
            dialect.date_format = format.size != 0 ? format : TARN_TEXT("%Y-%m-%d");
        }
    }
    return dialect;
}
