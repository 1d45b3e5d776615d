/* SPDX-License-Identifier: Apache-2.0
 *
 * Name mapping: ids for the columns of files that carry none.
 *
 * Specification: Iceberg table spec, "Column Projection", Appendix C "Name Mapping Serialization". SPEC: T-ICEBERG-SCHEMA-6.
 */
#include <string.h>

#include "format/base/bytes.h"
#include "format/json/json_pull.h"
#include "txlog/iceberg/iceberg_schema.h"

static enum tarn_status parse_fields(struct tarn_json *json, unsigned depth, uint32_t *count, const struct tarn__iceberg_mapped_field **out,
                                     struct tarn_error *err);

static enum tarn_status parse_names(struct tarn_json *json, struct tarn__iceberg_mapped_field *field, struct tarn_error *err)
{
    struct tarn_arena *arena = json->options.arena;
    struct tarn_text *names = NULL;
    TARN_RETURN_IF_ERROR(tarn__json_array(json, NULL, err));
    for (;;) {
        bool more;
        TARN_RETURN_IF_ERROR(tarn__json_element(json, &more, err));
        if (!more) {
            break;
        }
        if (!tarn__arena_room(arena, &names, field->name_count, sizeof(*names))) {
            return tarn__nomem(arena->env, err, sizeof(*names));
        }
        TARN_RETURN_IF_ERROR(tarn__json_string(json, &names[field->name_count], NULL, err));
        field->name_count++;
    }
    field->names = names;
    return TARN_OK;
}

static enum tarn_status parse_field(struct tarn_json *json, unsigned depth, struct tarn__iceberg_mapped_field *field,
                                    struct tarn_error *err)
{
    *field = (struct tarn__iceberg_mapped_field){.id = -1};
    bool has_names = false;
    TARN_RETURN_IF_ERROR(tarn__json_object(json, NULL, err));
    for (;;) {
        bool more;
        TARN_RETURN_IF_ERROR(tarn__json_key(json, &more, err));
        if (!more) {
            break;
        }
        if (tarn__json_is(json, "field-id")) {
            int64_t id;
            bool is_null;
            TARN_RETURN_IF_ERROR(tarn__json_int64(json, &id, &is_null, err));
            if (!is_null && (id < 0 || id > INT32_MAX)) {
                return tarn__json_fail(json, err, "name_mapping", "a field id that is no number of 31 bits");
            }
            field->id = is_null ? -1 : (int32_t)id;
        } else if (tarn__json_is(json, "names") && !has_names) {
            has_names = true;
            TARN_RETURN_IF_ERROR(parse_names(json, field, err));
        } else if (tarn__json_is(json, "fields") && field->child_count == 0) {
            TARN_RETURN_IF_ERROR(parse_fields(json, depth + 1, &field->child_count, &field->children, err));
        } else {
            TARN_RETURN_IF_ERROR(tarn__json_skip(json, err));
        }
    }
    return has_names ? TARN_OK : tarn__json_fail(json, err, "name_mapping", "a mapped field without names");
}

static enum tarn_status parse_fields(struct tarn_json *json, unsigned depth, uint32_t *count, const struct tarn__iceberg_mapped_field **out,
                                     struct tarn_error *err)
{
    struct tarn_arena *arena = json->options.arena;
    struct tarn__iceberg_mapped_field *fields = NULL;
    *count = 0;
    *out = NULL;
    if (depth > TARN_MAX_DEPTH) {
        return tarn__error_set(err, TARN_LIMIT, "schema_depth", "the table's name mapping is nested deeper than %d", TARN_MAX_DEPTH);
    }
    bool is_null = false;
    TARN_RETURN_IF_ERROR(tarn__json_array(json, &is_null, err));
    while (!is_null) {
        bool more;
        TARN_RETURN_IF_ERROR(tarn__json_element(json, &more, err));
        if (!more) {
            break;
        }
        if (!tarn__arena_room(arena, &fields, *count, sizeof(*fields))) {
            return tarn__nomem(arena->env, err, sizeof(*fields));
        }
        TARN_RETURN_IF_ERROR(parse_field(json, depth, &fields[*count], err));
        ++*count;
    }
    *out = fields;
    return TARN_OK;
}

enum tarn_status tarn__iceberg_name_mapping_parse(struct tarn_text json, struct tarn_arena *arena, struct tarn__iceberg_name_mapping *out,
                                                  struct tarn_error *err)
{
    *out = (struct tarn__iceberg_name_mapping){0};
    struct tarn__iceberg_name_mapping made;
    struct tarn_json reader;
    tarn__json_open(
        &reader,
        &(struct tarn_json_pull_options){.arena = arena, .env = arena->env, .failure = TARN_CORRUPT, .max_depth = TARN_JSON_MOST_DEPTH},
        json);
    enum tarn_status status = parse_fields(&reader, 0, &made.field_count, &made.fields, err);
    if (status == TARN_OK) {
        enum tarn_json_event event;
        status = tarn__json_next(&reader, &event, err); /* nothing behind */
    }
    tarn__json_close(&reader);
    if (status == TARN_OK) {
        *out = made;
    }
    return status;
}
