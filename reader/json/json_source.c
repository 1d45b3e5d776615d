/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening JSON: a sample read, its layout found, the schema inferred.
 */
#include "reader/json/json_source.h"

#include "format/base/bytes.h"

enum { SAMPLE = 4 << 20, MOST_SAMPLE = 64 << 20, SAMPLE_ROWS = 20480 };

static struct tarn_json_source *self_of(struct tarn_source *source)
{
    return (struct tarn_json_source *)(void *)source;
}

static const struct tarn_schema *json_schema(struct tarn_source *source)
{
    return self_of(source)->schema;
}

static bool json_row_count(struct tarn_source *source, uint64_t *rows)
{
    (void)source;
    *rows = 0;
    return false;
}

static void json_close(struct tarn_source *source)
{
    struct tarn_json_source *self = self_of(source);
    struct tarn_env *env = source->env;
    tarn_schema_release(self->schema);
    tarn__text_source_deinit(&self->text);
    tarn__free(env, self);
    tarn_env_close(env);
}

static const struct tarn_source_ops json_ops = {sizeof(json_ops), "json", json_schema, json_row_count, tarn__json_scan, json_close, NULL};

enum tarn_status tarn__json_schema_of(const struct tarn_json_shape *shape, struct tarn_arena *arena, struct tarn_schema **out,
                                      struct tarn_error *err)
{
    struct tarn_field *fields = tarn__arena_calloc(arena, shape->field_count, sizeof(*fields));
    struct tarn_type *types = tarn__arena_calloc(arena, shape->field_count, sizeof(*types));
    bool no_memory = fields == NULL || types == NULL;
    *out = NULL;
    if (shape->too_wide) {
        return tarn__error_set(err, TARN_LIMIT, "columns", "the records have more than %u different members", shape->field_count);
    }
    for (uint32_t i = 0; i < shape->field_count && !no_memory; i++) {
        no_memory = !tarn__json_resolve(&shape->fields[i].shape, arena, 1, &types[i]);
        fields[i] = (struct tarn_field){.name = shape->fields[i].name, .type = &types[i], .nullable = true, .id = -1};
    }
    return no_memory ? tarn__nomem(arena->env, err, 0) : tarn_schema_make(arena->env, shape->field_count, fields, 0, NULL, out, err);
}

/* Takes the whole records of the sample in. Damage is left to the scan, which knows what to do with it. */
static enum tarn_status observe_sample(struct tarn_json_source *self, bool ended, struct tarn_json_shape *shape, struct tarn_arena *arena,
                                       struct tarn_error *err)
{
    const struct tarn_json_pull_options options = {.env = arena->env, .failure = TARN_INVALID, .max_depth = TARN_JSON_ROW_DEPTH};
    const uint64_t rows = self->options.sample_rows != 0 ? self->options.sample_rows : SAMPLE_ROWS;
    const uint8_t *data = self->text.sample;
    struct tarn_json json;
    enum tarn_status status = TARN_OK;
    size_t at = self->layout.begin;
    tarn__json_open(&json, &options, (struct tarn_text){NULL, 0});
    for (uint64_t row = 0; row < rows && status != TARN_NOMEM; row++) {
        size_t begin;
        size_t end;
        struct tarn_error own = TARN_ERROR_INIT;
        if (tarn__json_next_record(&self->layout, data, at, self->text.sample_size, ended, row == 0, &begin, &end, &at) !=
            TARN_JSON_RECORD) {
            break;
        }
        tarn__json_reopen(&json, (struct tarn_text){(const char *)data + begin, end - begin}, begin);
        status = tarn__json_observe(shape, &json, arena, &own);
        if (status == TARN_NOMEM && err != NULL) {
            *err = own;
        }
    }
    tarn__json_close(&json);
    return status == TARN_NOMEM ? status : TARN_OK;
}

static enum tarn_status check_schema(const struct tarn_schema *schema, struct tarn_error *err)
{
    for (uint32_t i = 0; i < schema->field_count; i++) {
        if (!tarn__json_type_is_readable(schema->fields[i].type)) {
            char name[96];
            tarn_type_format(schema->fields[i].type, name, sizeof(name));
            tarn__invalid(err, "schema", "a column of a JSON file cannot be of type %s", name);
            tarn__error_at_column(err, schema->fields[i].name);
            return TARN_INVALID;
        }
    }
    return TARN_OK;
}

static enum tarn_status infer(struct tarn_json_source *self, bool ended, struct tarn_error *err)
{
    struct tarn_json_shape shape = {0};
    struct tarn_arena arena;
    if (self->options.schema != NULL) {
        self->schema = tarn_schema_retain(self->options.schema);
        return check_schema(self->schema, err);
    }
    tarn__arena_init(&arena, self->text.base.env);
    enum tarn_status status = observe_sample(self, ended, &shape, &arena, err);
    if (status == TARN_OK && shape.field_count == 0 && self->text.sample_size == 0) {
        status = tarn__invalid(err, "empty", "the file is empty: there are no columns to see; give --schema to read it as no rows");
    }
    status = status == TARN_OK ? tarn__json_schema_of(&shape, &arena, &self->schema, err) : status;
    tarn__arena_free(&arena);
    return status;
}

static enum tarn_status sniff(struct tarn_json_source *self, struct tarn_error *err)
{
    size_t size = self->window != 0 ? self->window : SAMPLE;
    for (;;) {
        bool ended;
        size_t begin;
        size_t end;
        size_t next;
        TARN_RETURN_IF_ERROR(tarn__text_source_sample(&self->text, size, &ended, err));
        const struct tarn_text text = {(const char *)self->text.sample, self->text.sample_size};
        struct tarn_error own = TARN_ERROR_INIT;
        enum tarn_status status = tarn__json_find_layout(self->text.base.env, text, ended, self->options.records, &self->layout, &own);
        const bool whole = status == TARN_OK && tarn__json_next_record(&self->layout, self->text.sample, self->layout.begin, text.size,
                                                                       ended, true, &begin, &end, &next) != TARN_JSON_MORE;
        if (!ended && size < MOST_SAMPLE && !(whole && size >= SAMPLE) && status != TARN_NOMEM) {
            size *= 2; /* not one whole record so far */
            continue;
        }
        if (status != TARN_OK) {
            if (err != NULL) {
                *err = own;
            }
            return status;
        }
        return infer(self, ended, err);
    }
}

enum tarn_status tarn__json_open_source(const struct tarn_text_origin *origin, const struct tarn_json_options *options, size_t window,
                                        struct tarn_source **out, struct tarn_error *err)
{
    struct tarn_json_options whole = TARN_JSON_OPTIONS_INIT;
    *out = NULL;
    if (options != NULL) {
        if (options->size < sizeof(uint32_t) || options->size > sizeof(whole)) {
            return tarn__invalid(err, "options_size", "tarn_json_options.size is %u: set it with TARN_JSON_OPTIONS_INIT", options->size);
        }
        memcpy(&whole, options, options->size);
    }
    struct tarn_json_source *self = tarn__calloc(origin->env, 1, sizeof(*self));
    if (self == NULL) {
        return tarn__nomem(origin->env, err, sizeof(*self));
    }
    self->options = whole;
    self->window = window;
    self->text.inferred = whole.schema == NULL;
    enum tarn_status status = tarn__text_source_init(&self->text, &json_ops, origin, err);
    status = status == TARN_OK ? sniff(self, err) : status;
    if (status != TARN_OK) {
        tarn__error_at_object(err, origin->key);
        json_close(&self->text.base);
        return status;
    }
    self->options.schema = NULL; /* the caller's; ours is `schema` */
    self->options.records = (struct tarn_text){NULL, 0};
    self->text.found_encoding = tarn__text_input_encoding(self->text.input);
    self->text.found_compression = tarn__text_input_compression(self->text.input);
    tarn__text_source_sampled(&self->text);
    *out = &self->text.base;
    return TARN_OK;
}

enum tarn_status tarn_json_open(struct tarn_store *store, struct tarn_text key, const struct tarn_json_options *options,
                                struct tarn_source **out, struct tarn_error *err)
{
    const struct tarn_text_origin origin = {.env = store->env, .store = store, .key = key};
    return tarn__json_open_source(&origin, options, 0, out, err);
}

enum tarn_status tarn_json_open_stream(struct tarn_env *env, struct tarn_byte_stream stream, const struct tarn_json_options *options,
                                       struct tarn_source **out, struct tarn_error *err)
{
    const struct tarn_text_origin origin = {.env = env, .stream = stream};
    return tarn__json_open_source(&origin, options, 0, out, err);
}
