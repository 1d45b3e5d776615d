/* SPDX-License-Identifier: Apache-2.0
 *
 * Type widening: which changes of type the protocol knows.
 *
 * Specification: Delta PROTOCOL.md, "Type Widening", "Type Change Metadata", "Reader Requirements for Type Widening".
 */
#include "txlog/delta/delta_widening.h"

#include "format/base/bytes.h"
#include "format/json/json_pull.h"
#include "txlog/delta/delta_schema.h"

/* Digits before the point that a decimal needs to take an integer type's place; 0: no integer. `written`: as new changes ask for, ten for
 * all but long. Spark has written tables whose decimals have room for the values alone. */
static int32_t integer_digits(enum tarn_type_id id, bool written)
{
    switch (id) {
    case TARN_TYPE_I8:
        return written ? 10 : 3;
    case TARN_TYPE_I16:
        return written ? 10 : 5;
    case TARN_TYPE_I32:
        return 10;
    case TARN_TYPE_I64:
        return 20;
    default:
        return 0;
    }
}

static bool widens(const struct tarn_type *from, const struct tarn_type *to, bool written)
{
    const int32_t digits = integer_digits(from->id, written);
    switch (to->id) {
    case TARN_TYPE_I16:
    case TARN_TYPE_I32:
    case TARN_TYPE_I64:
        return digits != 0 && tarn_type_width(from) < tarn_type_width(to);
    case TARN_TYPE_F64:
        return from->id == TARN_TYPE_F32 || (digits != 0 && from->id != TARN_TYPE_I64);
    case TARN_TYPE_DECIMAL:
        if (from->id == TARN_TYPE_DECIMAL) {
            return to->scale >= from->scale && to->precision - from->precision >= to->scale - from->scale &&
                   (to->precision != from->precision || to->scale != from->scale);
        }
        return digits != 0 && to->precision - to->scale >= digits;
    case TARN_TYPE_TIMESTAMP:
        return from->id == TARN_TYPE_DATE && !to->utc;
    default:
        return false;
    }
}

static bool widens_named(struct tarn_text from, struct tarn_text to, bool written)
{
    struct tarn_type before;
    struct tarn_type after;
    return tarn__delta_type_parse(from, &before, NULL) == TARN_OK && tarn__delta_type_parse(to, &after, NULL) == TARN_OK &&
           widens(&before, &after, written);
}

bool tarn__delta_may_widen(struct tarn_text from, struct tarn_text to)
{
    return widens_named(from, to, true);
}

bool tarn__delta_was_widened(struct tarn_text from, struct tarn_text to)
{
    return widens_named(from, to, false);
}

static enum tarn_status admit_change(struct tarn_json *json, struct tarn_error *err)
{
    struct tarn_text from = {NULL, 0};
    struct tarn_text to = {NULL, 0};
    TARN_RETURN_IF_ERROR(tarn__json_object(json, NULL, err));
    for (bool more = true;;) {
        TARN_RETURN_IF_ERROR(tarn__json_key(json, &more, err));
        if (!more) {
            break;
        }
        if (tarn__json_is(json, "fromType")) {
            TARN_RETURN_IF_ERROR(tarn__json_string(json, &from, NULL, err));
        } else if (tarn__json_is(json, "toType")) {
            TARN_RETURN_IF_ERROR(tarn__json_string(json, &to, NULL, err));
        } else {
            TARN_RETURN_IF_ERROR(tarn__json_skip(json, err));
        }
    }
    if (!tarn__delta_was_widened(from, to)) {
        return tarn__unsupported(err, "delta.type_change", "the column's type went from \"%.*s\" to \"%.*s\", which is no known widening",
                                 TARN_TEXT_ARG(from), TARN_TEXT_ARG(to));
    }
    return TARN_OK;
}

static enum tarn_status admit_changes(struct tarn_env *env, struct tarn_text changes, struct tarn_error *err)
{
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn_json json;
    tarn__json_open(&json, &(struct tarn_json_pull_options){.arena = &arena, .env = env, .failure = TARN_CORRUPT}, changes);
    bool is_null = false;
    enum tarn_status status = tarn__json_array(&json, &is_null, err);
    for (bool more = !is_null; status == TARN_OK && more;) {
        status = tarn__json_element(&json, &more, err);
        if (status == TARN_OK && more) {
            status = admit_change(&json, err);
        }
    }
    tarn__json_close(&json);
    tarn__arena_free(&arena);
    return status;
}

enum tarn_status tarn__delta_type_changes_admit(struct tarn_env *env, uint32_t field_count, const struct tarn_field *fields,
                                                struct tarn_error *err)
{
    for (uint32_t i = 0; i < field_count; i++) {
        const struct tarn_field *field = &fields[i];
        enum tarn_status status = TARN_OK;
        for (uint32_t p = 0; status == TARN_OK && p < field->property_count; p++) {
            if (tarn__text_equal(field->properties[p].key, TARN_TEXT("delta.typeChanges"))) {
                status = admit_changes(env, field->properties[p].value, err);
            }
        }
        if (status == TARN_OK) {
            status = tarn__delta_type_changes_admit(env, field->type->field_count, field->type->fields, err);
        }
        if (status != TARN_OK) {
            tarn__error_at_column(err, field->name);
            return status;
        }
    }
    return TARN_OK;
}
