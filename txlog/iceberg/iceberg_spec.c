/* SPDX-License-Identifier: Apache-2.0
 *
 * Partition specs and sort orders: JSON both ways, and what they are over a schema.
 *
 * Specification: Iceberg table spec, "Partitioning", "Sorting", Appendix C "Partition Specs", "Sort Orders". SPEC: T-ICEBERG-SPEC-1 to 3.
 *
 * Invariants
 *  1. A field is never dropped or moved: places of partition values are places of fields.
 *  2. What is not understood (a word, several sources) is UNKNOWN, with its word kept.
 */
#include "txlog/iceberg/iceberg_spec.h"

#include <string.h>

#include "format/base/bytes.h"
#include "format/base/utf8.h"
#include "format/json/json_pull.h"
#include "txlog/core/partition_transform.h"
#include "txlog/iceberg/iceberg_schema.h"

/* ---- transforms ---- */

static const char *const transform_words[] = {"identity", "bucket", "truncate", "year", "month", "day", "hour", "void"};

static bool takes_parameter(enum tarn__transform transform)
{
    return transform == TARN_TRANSFORM_BUCKET || transform == TARN_TRANSFORM_TRUNCATE;
}

enum tarn_status tarn__iceberg_transform_parse(struct tarn_text word, enum tarn__transform *transform, int32_t *parameter,
                                               struct tarn_error *err)
{
    *transform = TARN_TRANSFORM_UNKNOWN;
    *parameter = 0;
    const char *bracket = word.size != 0 ? memchr(word.data, '[', word.size) : NULL;
    const struct tarn_text name = {word.data, bracket != NULL ? (size_t)(bracket - word.data) : word.size};
    struct tarn_text digits = {NULL, 0};
    if (bracket != NULL) {
        if (word.data[word.size - 1] != ']') {
            return TARN_OK;
        }
        digits = (struct tarn_text){bracket + 1, word.size - name.size - 2};
        for (size_t i = 0; i < digits.size; i++) {
            if (!tarn__is_digit(digits.data[i])) {
                return TARN_OK;
            }
        }
    }
    for (size_t i = 0; i < sizeof(transform_words) / sizeof(transform_words[0]); i++) {
        if (!tarn__text_equal_caseless(name, tarn__text_of(transform_words[i])) ||
            takes_parameter((enum tarn__transform)i) != (digits.size != 0)) {
            continue;
        }
        int64_t value = 0;
        if (digits.size != 0 && (tarn__int64_parse(digits, &value) != TARN_PARSED || value < 1 || value > INT32_MAX)) {
            return tarn__corrupt(err, "transform", "the transform %.*s has a number that it cannot have", TARN_TEXT_ARG(word));
        }
        *transform = (enum tarn__transform)i;
        *parameter = (int32_t)value;
        break;
    }
    return TARN_OK;
}

void tarn__iceberg_transform_print(enum tarn__transform transform, int32_t parameter, struct tarn_text_builder *out)
{
    if (transform < TARN_TRANSFORM_UNKNOWN) {
        tarn__builder_add_str(out, transform_words[transform]);
    }
    if (takes_parameter(transform)) {
        tarn__builder_add_char(out, '[');
        tarn__builder_add_int64(out, parameter);
        tarn__builder_add_char(out, ']');
    }
}

/* ---- JSON to spec ---- */

static enum tarn_status bad_spec(struct tarn_error *err, const char *what)
{
    return tarn__corrupt(err, "partition_spec", "a partition spec: %s", what);
}

static enum tarn_status bad_order(struct tarn_error *err, const char *what)
{
    return tarn__corrupt(err, "sort_order", "a sort order: %s", what);
}

static void open_json(struct tarn_json *json, struct tarn_text text, struct tarn_arena *arena)
{
    tarn__json_open(json, &(struct tarn_json_pull_options){.arena = arena, .env = arena->env, .failure = TARN_CORRUPT}, text);
}

/* What fields of specs and orders have in common. */
struct source {
    int64_t id;
    bool known; /* an id, or a list of them */
    struct tarn_text word;
    bool has_word;
};

static enum tarn_status read_sources(struct tarn_json *json, struct source *source, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tarn__json_array(json, NULL, err));
    for (uint32_t count = 0;; count++) {
        bool more;
        int64_t id;
        TARN_RETURN_IF_ERROR(tarn__json_element(json, &more, err));
        if (!more) {
            source->known = count != 0;
            return TARN_OK;
        }
        TARN_RETURN_IF_ERROR(tarn__json_int64(json, &id, NULL, err));
        source->id = count == 0 ? id : -1; /* several: no column */
    }
}

/* *taken: the key was one of a source. */
static enum tarn_status read_source(struct tarn_json *json, struct source *source, bool *taken, struct tarn_error *err)
{
    *taken = true;
    if (tarn__json_is(json, "source-id")) {
        source->known = true;
        return tarn__json_int64(json, &source->id, NULL, err);
    }
    if (tarn__json_is(json, "source-ids")) {
        return read_sources(json, source, err);
    }
    if (tarn__json_is(json, "transform")) {
        source->has_word = true;
        return tarn__json_string(json, &source->word, NULL, err);
    }
    *taken = false;
    return TARN_OK;
}

/* False: the source is no column's. */
static bool source_is_legal(const struct source *source)
{
    return source->known && source->has_word && source->id >= -1 && source->id <= INT32_MAX;
}

static enum tarn_status read_partition_field(struct tarn_json *json, struct tarn__iceberg_partition_field *field, struct tarn_error *err)
{
    struct source source = {.id = -1};
    int64_t id = -1;
    bool has_name = false;
    TARN_RETURN_IF_ERROR(tarn__json_object(json, NULL, err));
    for (;;) {
        bool more;
        bool taken;
        TARN_RETURN_IF_ERROR(tarn__json_key(json, &more, err));
        if (!more) {
            break;
        }
        TARN_RETURN_IF_ERROR(read_source(json, &source, &taken, err));
        if (taken) {
            continue;
        }
        if (tarn__json_is(json, "name")) {
            has_name = true;
            TARN_RETURN_IF_ERROR(tarn__json_string(json, &field->name, NULL, err));
        } else if (tarn__json_is(json, "field-id")) {
            TARN_RETURN_IF_ERROR(tarn__json_int64(json, &id, NULL, err));
            if (id < 0 || id > INT32_MAX) {
                return bad_spec(err, "a field id that is no number of 31 bits");
            }
        } else {
            TARN_RETURN_IF_ERROR(tarn__json_skip(json, err));
        }
    }
    if (!has_name || !source_is_legal(&source)) {
        return bad_spec(err, "a field without name, source or transform");
    }
    field->id = (int32_t)id;
    field->source_id = (int32_t)source.id;
    field->word = source.word;
    TARN_RETURN_IF_ERROR(tarn__iceberg_transform_parse(source.word, &field->transform, &field->parameter, err));
    if (field->source_id < 0) {
        field->transform = TARN_TRANSFORM_UNKNOWN;
    }
    return TARN_OK;
}

/* Version 1 numbers fields by their place; then none has an id. */
static enum tarn_status number_fields(struct tarn__iceberg_partition_field *fields, uint32_t count, struct tarn_error *err)
{
    uint32_t without = 0;
    for (uint32_t i = 0; i < count; i++) {
        without += fields[i].id < 0;
    }
    if (without != 0 && without != count) {
        return bad_spec(err, "some fields have an id and some have none");
    }
    for (uint32_t i = 0; i < count; i++) {
        if (without != 0) {
            fields[i].id = TARN_ICEBERG_FIRST_PARTITION_ID + (int32_t)i;
        }
        for (uint32_t j = 0; j < i; j++) {
            if (fields[j].id == fields[i].id) {
                return bad_spec(err, "two fields have one id");
            }
        }
    }
    return TARN_OK;
}

enum { MOST_SPEC_FIELDS = 4096 }; /* nobody partitions by more; ids are compared each with each */

static enum tarn_status read_partition_fields(struct tarn_json *json, struct tarn__iceberg_spec *out, struct tarn_error *err)
{
    struct tarn_arena *arena = json->options.arena;
    struct tarn__iceberg_partition_field *fields = NULL;
    uint32_t count = 0;
    TARN_RETURN_IF_ERROR(tarn__json_array(json, NULL, err));
    for (;;) {
        bool more;
        TARN_RETURN_IF_ERROR(tarn__json_element(json, &more, err));
        if (!more) {
            break;
        }
        if (count == MOST_SPEC_FIELDS) {
            return tarn__error_set(err, TARN_LIMIT, "partition_spec", "a partition spec has more than %d fields", MOST_SPEC_FIELDS);
        }
        if (!tarn__arena_room(arena, &fields, count, sizeof(*fields))) {
            return tarn__nomem(arena->env, err, count * sizeof(*fields));
        }
        TARN_RETURN_IF_ERROR(read_partition_field(json, &fields[count], err));
        count++;
    }
    out->fields = fields;
    out->field_count = count;
    return number_fields(fields, count, err);
}

static enum tarn_status read_spec(struct tarn_json *json, struct tarn__iceberg_spec *out, struct tarn_error *err)
{
    int64_t id = -1;
    bool has_fields = false;
    TARN_RETURN_IF_ERROR(tarn__json_object(json, NULL, err));
    for (;;) {
        bool more;
        TARN_RETURN_IF_ERROR(tarn__json_key(json, &more, err));
        if (!more) {
            break;
        }
        if (tarn__json_is(json, "spec-id")) {
            TARN_RETURN_IF_ERROR(tarn__json_int64(json, &id, NULL, err));
        } else if (tarn__json_is(json, "fields")) {
            has_fields = true;
            TARN_RETURN_IF_ERROR(read_partition_fields(json, out, err));
        } else {
            TARN_RETURN_IF_ERROR(tarn__json_skip(json, err));
        }
    }
    if (id < 0 || id > INT32_MAX || !has_fields) {
        return bad_spec(err, "spec-id or fields are missing");
    }
    out->id = (int32_t)id;
    return TARN_OK;
}

static enum tarn_status end_of(struct tarn_json *json, enum tarn_status status, struct tarn_error *err)
{
    if (status == TARN_OK) {
        enum tarn_json_event event;
        status = tarn__json_next(json, &event, err); /* nothing behind */
    }
    tarn__json_close(json);
    return status;
}

enum tarn_status tarn__iceberg_spec_parse(struct tarn_text json, struct tarn_arena *arena, struct tarn__iceberg_spec *out,
                                          struct tarn_error *err)
{
    struct tarn__iceberg_spec made = {.json = json};
    struct tarn_json reader;
    open_json(&reader, json, arena);
    const enum tarn_status status = end_of(&reader, read_spec(&reader, &made, err), err);
    *out = status == TARN_OK ? made : (struct tarn__iceberg_spec){0};
    return status;
}

enum tarn_status tarn__iceberg_spec_parse_fields(struct tarn_text json, int32_t id, struct tarn_arena *arena,
                                                 struct tarn__iceberg_spec *out, struct tarn_error *err)
{
    struct tarn__iceberg_spec made = {.id = id};
    struct tarn_json reader;
    open_json(&reader, json, arena);
    const enum tarn_status status = end_of(&reader, read_partition_fields(&reader, &made, err), err);
    *out = status == TARN_OK ? made : (struct tarn__iceberg_spec){0};
    return status;
}

/* ---- JSON to order ---- */

static enum tarn_status read_choice(struct tarn_json *json, const char *no, const char *yes, bool *out, struct tarn_error *err)
{
    struct tarn_text word;
    TARN_RETURN_IF_ERROR(tarn__json_string(json, &word, NULL, err));
    *out = tarn__text_equal_caseless(word, tarn__text_of(yes));
    return *out || tarn__text_equal_caseless(word, tarn__text_of(no)) ? TARN_OK : bad_order(err, "a word that is none of sort orders");
}

static enum tarn_status read_sort_field(struct tarn_json *json, struct tarn__iceberg_sort_field *field, struct tarn_error *err)
{
    struct source source = {.id = -1};
    bool has_direction = false;
    bool has_nulls = false;
    TARN_RETURN_IF_ERROR(tarn__json_object(json, NULL, err));
    for (;;) {
        bool more;
        bool taken;
        TARN_RETURN_IF_ERROR(tarn__json_key(json, &more, err));
        if (!more) {
            break;
        }
        TARN_RETURN_IF_ERROR(read_source(json, &source, &taken, err));
        if (taken) {
            continue;
        }
        if (tarn__json_is(json, "direction")) {
            has_direction = true;
            TARN_RETURN_IF_ERROR(read_choice(json, "asc", "desc", &field->descending, err));
        } else if (tarn__json_is(json, "null-order")) {
            has_nulls = true;
            TARN_RETURN_IF_ERROR(read_choice(json, "nulls-first", "nulls-last", &field->nulls_last, err));
        } else {
            TARN_RETURN_IF_ERROR(tarn__json_skip(json, err));
        }
    }
    if (!has_direction || !has_nulls || !source_is_legal(&source)) {
        return bad_order(err, "a field without source, transform, direction or null-order");
    }
    field->source_id = (int32_t)source.id;
    field->word = source.word;
    TARN_RETURN_IF_ERROR(tarn__iceberg_transform_parse(source.word, &field->transform, &field->parameter, err));
    if (field->source_id < 0) {
        field->transform = TARN_TRANSFORM_UNKNOWN;
    }
    return TARN_OK;
}

static enum tarn_status read_sort_fields(struct tarn_json *json, struct tarn__iceberg_order *out, struct tarn_error *err)
{
    struct tarn_arena *arena = json->options.arena;
    struct tarn__iceberg_sort_field *fields = NULL;
    uint32_t count = 0;
    TARN_RETURN_IF_ERROR(tarn__json_array(json, NULL, err));
    for (;;) {
        bool more;
        TARN_RETURN_IF_ERROR(tarn__json_element(json, &more, err));
        if (!more) {
            break;
        }
        if (!tarn__arena_room(arena, &fields, count, sizeof(*fields))) {
            return tarn__nomem(arena->env, err, count * sizeof(*fields));
        }
        TARN_RETURN_IF_ERROR(read_sort_field(json, &fields[count], err));
        count++;
    }
    out->fields = fields;
    out->field_count = count;
    return TARN_OK;
}

static enum tarn_status read_order(struct tarn_json *json, struct tarn__iceberg_order *out, struct tarn_error *err)
{
    int64_t id = -1;
    bool has_fields = false;
    TARN_RETURN_IF_ERROR(tarn__json_object(json, NULL, err));
    for (;;) {
        bool more;
        TARN_RETURN_IF_ERROR(tarn__json_key(json, &more, err));
        if (!more) {
            break;
        }
        if (tarn__json_is(json, "order-id")) {
            TARN_RETURN_IF_ERROR(tarn__json_int64(json, &id, NULL, err));
        } else if (tarn__json_is(json, "fields")) {
            has_fields = true;
            TARN_RETURN_IF_ERROR(read_sort_fields(json, out, err));
        } else {
            TARN_RETURN_IF_ERROR(tarn__json_skip(json, err));
        }
    }
    if (id < 0 || id > INT32_MAX || !has_fields) {
        return bad_order(err, "order-id or fields are missing");
    }
    out->id = (int32_t)id;
    return TARN_OK;
}

enum tarn_status tarn__iceberg_order_parse(struct tarn_text json, struct tarn_arena *arena, struct tarn__iceberg_order *out,
                                           struct tarn_error *err)
{
    struct tarn__iceberg_order made = {.json = json};
    struct tarn_json reader;
    open_json(&reader, json, arena);
    const enum tarn_status status = end_of(&reader, read_order(&reader, &made, err), err);
    *out = status == TARN_OK ? made : (struct tarn__iceberg_order){0};
    return status;
}

/* ---- to JSON ---- */

static void print_source(struct tarn_text word, int32_t source_id, struct tarn_json_printer *json)
{
    tarn__json_print_key(json, TARN_TEXT("transform"));
    tarn__json_print_string(json, word);
    tarn__json_print_key(json, TARN_TEXT("source-id"));
    tarn__json_print_int64(json, source_id);
}

void tarn__iceberg_spec_print_fields(const struct tarn__iceberg_spec *spec, struct tarn_json_printer *json)
{
    tarn__json_print_begin_array(json);
    for (uint32_t i = 0; i < spec->field_count; i++) {
        tarn__json_print_begin_object(json);
        tarn__json_print_key(json, TARN_TEXT("name"));
        tarn__json_print_string(json, spec->fields[i].name);
        print_source(spec->fields[i].word, spec->fields[i].source_id, json);
        tarn__json_print_key(json, TARN_TEXT("field-id"));
        tarn__json_print_int64(json, spec->fields[i].id);
        tarn__json_print_end_object(json);
    }
    tarn__json_print_end_array(json);
}

void tarn__iceberg_spec_print(const struct tarn__iceberg_spec *spec, struct tarn_json_printer *json)
{
    if (spec->json.size != 0) {
        tarn__json_print_raw(json, spec->json);
        return;
    }
    tarn__json_print_begin_object(json);
    tarn__json_print_key(json, TARN_TEXT("spec-id"));
    tarn__json_print_int64(json, spec->id);
    tarn__json_print_key(json, TARN_TEXT("fields"));
    tarn__iceberg_spec_print_fields(spec, json);
    tarn__json_print_end_object(json);
}

void tarn__iceberg_order_print(const struct tarn__iceberg_order *order, struct tarn_json_printer *json)
{
    if (order->json.size != 0) {
        tarn__json_print_raw(json, order->json);
        return;
    }
    tarn__json_print_begin_object(json);
    tarn__json_print_key(json, TARN_TEXT("order-id"));
    tarn__json_print_int64(json, order->id);
    tarn__json_print_key(json, TARN_TEXT("fields"));
    tarn__json_print_begin_array(json);
    for (uint32_t i = 0; i < order->field_count; i++) {
        const struct tarn__iceberg_sort_field *field = &order->fields[i];
        tarn__json_print_begin_object(json);
        print_source(field->word, field->source_id, json);
        tarn__json_print_key(json, TARN_TEXT("direction"));
        tarn__json_print_str(json, field->descending ? "desc" : "asc");
        tarn__json_print_key(json, TARN_TEXT("null-order"));
        tarn__json_print_str(json, field->nulls_last ? "nulls-last" : "nulls-first");
        tarn__json_print_end_object(json);
    }
    tarn__json_print_end_array(json);
    tarn__json_print_end_object(json);
}

/* ---- over a schema ---- */

enum tarn_status tarn__iceberg_spec_bind(struct tarn_arena *arena, const struct tarn__iceberg_spec *spec, const struct tarn_schema *schema,
                                         tarn__iceberg_old_type_fn old, void *arg, struct tarn__partition_spec *out, struct tarn_error *err)
{
    *out = (struct tarn__partition_spec){.id = spec->id};
    struct tarn__partition_field *fields = tarn__arena_calloc(arena, (size_t)spec->field_count + 1, sizeof(*fields));
    if (fields == NULL) {
        return tarn__nomem(arena->env, err, spec->field_count * sizeof(*fields));
    }
    for (uint32_t i = 0; i < spec->field_count; i++) {
        const struct tarn__iceberg_partition_field *from = &spec->fields[i];
        fields[i] = (struct tarn__partition_field){
            .column = TARN_NO_COLUMN, .name = from->name, .transform = from->transform, .parameter = from->parameter, .id = from->id};
        uint32_t top = 0;
        const struct tarn_field *source = from->source_id >= 0 ? tarn__iceberg_schema_find(schema, from->source_id, &top) : NULL;
        const struct tarn_type *type = source != NULL ? source->type : NULL;
        if (source != NULL && source == &schema->fields[top]) {
            fields[i].column = top;
        }
        if (type == NULL && old != NULL && from->source_id >= 0) {
            type = old(arg, from->source_id);
        }
        if (type == NULL || tarn__transform_result(from->transform, from->parameter, type, &fields[i].type, NULL) != TARN_OK) {
            fields[i].type = NULL;
            fields[i].transform = from->transform == TARN_TRANSFORM_VOID ? TARN_TRANSFORM_VOID : TARN_TRANSFORM_UNKNOWN;
        }
    }
    out->field_count = spec->field_count;
    out->fields = fields;
    return TARN_OK;
}

enum tarn_status tarn__iceberg_spec_admit(const struct tarn__iceberg_spec *spec, const struct tarn__partition_spec *bound,
                                          struct tarn_error *err)
{
    for (uint32_t i = 0; i < bound->field_count; i++) {
        const struct tarn__partition_field *field = &bound->fields[i];
        if (field->transform == TARN_TRANSFORM_UNKNOWN) {
            return tarn__unsupported(err, "iceberg.partition_transform", "writing to a table partitioned by %.*s: %.*s",
                                     TARN_TEXT_ARG(field->name), TARN_TEXT_ARG(spec->fields[i].word));
        }
        if (field->transform != TARN_TRANSFORM_VOID && field->column == TARN_NO_COLUMN) {
            return tarn__unsupported(err, "iceberg.partition_source",
                                     "writing to a table partitioned by %.*s, whose source is no column of the table",
                                     TARN_TEXT_ARG(field->name));
        }
    }
    return TARN_OK;
}

enum tarn_status tarn__iceberg_order_bind(struct tarn_arena *arena, const struct tarn__iceberg_order *order,
                                          const struct tarn_schema *schema, struct tarn__sort_order *out, struct tarn_error *err)
{
    *out = (struct tarn__sort_order){.id = order->id};
    struct tarn__sort_field *fields = tarn__arena_calloc(arena, (size_t)order->field_count + 1, sizeof(*fields));
    if (fields == NULL) {
        return tarn__nomem(arena->env, err, order->field_count * sizeof(*fields));
    }
    for (uint32_t i = 0; i < order->field_count; i++) {
        const struct tarn__iceberg_sort_field *from = &order->fields[i];
        fields[i] = (struct tarn__sort_field){.column = TARN_NO_COLUMN,
                                              .transform = from->transform,
                                              .parameter = from->parameter,
                                              .descending = from->descending,
                                              .nulls_last = from->nulls_last};
        for (uint32_t c = 0; c < schema->field_count; c++) {
            fields[i].column = schema->fields[c].id == from->source_id ? c : fields[i].column;
        }
    }
    out->field_count = order->field_count;
    out->fields = fields;
    return TARN_OK;
}
