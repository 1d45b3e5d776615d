/* SPDX-License-Identifier: Apache-2.0
 *
 * Statistics out of the log, as bounds that hold.
 *
 * Specification: Delta PROTOCOL.md, "Per-file Statistics".
 *
 * Invariants
 *  1. A bound that is handed out holds for every value of the file, whichever known writer made it: what they cut is added back.
 *  2. NaN is never a bound. A column without an upper bound because its largest value is NaN keeps its lower one.
 *  3. Damage here costs skipping, never an answer: what does not parse is not known.
 */
#include <string.h>

#include "format/base/bytes.h"
#include "format/base/datetime.h"
#include "format/base/decimal.h"
#include "format/base/utf8.h"
#include "format/batch/value_decimal.h"
#include "format/json/json_pull.h"
#include "txlog/delta/delta_partition.h"
#include "txlog/delta/delta_statistics.h"

enum { PREFIX_CHARACTERS = 32, OFFSET_SKEW_SECONDS = 59, EXACT_DOUBLE_DIGITS = 15 };

enum part { PART_MIN, PART_MAX, PART_NULLS };

struct walker {
    const struct tarn_snapshot *snapshot;
    struct tarn_json *json;
    struct tarn_arena *arena;
    uint32_t count;
    struct tarn__bounds_wanted *wanted;
    uint32_t *matched; /* steps of each wanted path that the keys so far have */
};

static struct tarn_text step_name(const struct walker *walker, const struct tarn__bounds_wanted *wanted, uint32_t depth)
{
    const struct tarn__physical *physical = &walker->snapshot->physical[wanted->index[0]];
    for (uint32_t d = 1; d <= depth; d++) {
        physical = &physical->children[wanted->index[d]];
    }
    return physical->name;
}

/* Adds ticks without leaving the range. */
static int64_t add_saturated(int64_t value, int64_t more)
{
    int64_t sum;
    return !__builtin_add_overflow(value, more, &sum) ? sum : more > 0 ? INT64_MAX : INT64_MIN;
}

static bool timestamp_bound(const struct tarn_type *type, struct tarn_text text, bool is_max, int64_t *out)
{
    struct tarn_timestamp_text scanned;
    const enum tarn_parsed scan = tarn__timestamp_scan(text, &scanned);
    if (scan != TARN_PARSED || (type->utc && scanned.has_time && !scanned.has_zone)) {
        return false; /* an instant without a zone is in a zone that only its writer knew */
    }
    const enum tarn_parsed parsed = tarn__timestamp_ticks(&scanned, 6, out);
    if (parsed != TARN_PARSED && parsed != TARN_PARSED_INEXACT) {
        return false;
    }
    if (is_max) {
        *out = add_saturated(*out, scanned.fraction <= 3 ? 999 : scanned.fraction < 6 ? 99 : 1);
    }
    if (scanned.has_zone && scanned.zone != 0) {
        *out = add_saturated(*out, (is_max ? 1 : -1) * (int64_t)OFFSET_SKEW_SECONDS * 1000000);
    }
    return true;
}

static bool decimal_bound(const struct tarn_type *type, struct tarn_text text, bool is_number, bool is_max, struct tarn_value *value,
                          bool *exact)
{
    tarn_i128 unscaled;
    const enum tarn_parsed parsed = tarn__decimal128_parse(text, (unsigned)type->precision, (unsigned)type->scale, 0, &unscaled);
    if (parsed != TARN_PARSED && parsed != TARN_PARSED_INEXACT) {
        return false;
    }
    *exact = parsed == TARN_PARSED;
    if (parsed == TARN_PARSED_INEXACT && is_max) {
        unscaled += 1;
    }
    if (is_number && type->precision > EXACT_DOUBLE_DIGITS) {
        /* Some writers send decimals through a double: one part in 2^52 may be missing. */
        const tarn_i128 slack = (unscaled < 0 ? -unscaled : unscaled) / ((tarn_i128)1 << 51) + 1;
        unscaled += is_max ? slack : -slack;
        *exact = false;
    }
    if (!tarn__decimal128_fits(unscaled, (unsigned)type->precision)) {
        return false;
    }
    tarn__value_set_unscaled(value, unscaled);
    return true;
}

/* A text of at least 32 characters was cut, or may have been. */
static bool text_bound(const struct walker *walker, struct tarn_text text, struct tarn_value *value, bool *exact)
{
    const struct tarn_text copy = tarn__arena_text(walker->arena, text);
    value->u.bytes = copy;
    *exact = tarn__utf8_count(text) < PREFIX_CHARACTERS;
    return copy.data != NULL;
}

/* Was the column one of floats before it was one of doubles? Files of that time have their bounds as the shortest text of a float. */
static bool was_float(const struct walker *walker, const struct tarn__bounds_wanted *wanted)
{
    const struct tarn_field *field = &walker->snapshot->schema->fields[wanted->index[0]];
    for (uint32_t d = 1; d < wanted->depth; d++) {
        field = &field->type->fields[wanted->index[d]];
    }
    for (uint32_t i = 0; i < field->property_count; i++) {
        const struct tarn_text value = field->properties[i].value;
        if (tarn__text_equal(field->properties[i].key, TARN_TEXT("delta.typeChanges")) && value.size != 0 &&
            memmem(value.data, value.size, "\"float\"", 7) != NULL) {
            return true;
        }
    }
    return false;
}

/* "0.1" of a float is more than 0.1 as a double: the wider of the two holds whichever it was. */
static void widen_float(struct tarn_text text, bool is_max, struct tarn_value *value, bool *exact)
{
    float narrow;
    if (tarn__float_parse(text, TARN_NUMBER_SPECIALS, &narrow) == TARN_PARSED && (double)narrow != value->u.f64) {
        const bool beyond = is_max ? (double)narrow > value->u.f64 : (double)narrow < value->u.f64;
        value->u.f64 = beyond ? (double)narrow : value->u.f64;
        *exact = false;
    }
}

static bool scalar_bound(const struct walker *walker, const struct tarn__bounds_wanted *wanted, bool is_max, struct tarn_value *value,
                         bool *exact)
{
    const struct tarn_type *type = wanted->type;
    const enum tarn_json_event event = walker->json->event;
    const struct tarn_text text = walker->json->text;
    const bool is_number = event == TARN_JSON_NUMBER;
    *value = (struct tarn_value){.type = type};
    *exact = true;
    if (type->id == TARN_TYPE_BOOL) {
        value->u.boolean = event == TARN_JSON_TRUE;
        return event == TARN_JSON_TRUE || event == TARN_JSON_FALSE;
    }
    if (!is_number && event != TARN_JSON_STRING) {
        return false;
    }
    float narrow;
    int32_t days;
    switch (type->id) {
    case TARN_TYPE_I8:
    case TARN_TYPE_I16:
    case TARN_TYPE_I32:
    case TARN_TYPE_I64:
        return is_number && tarn__int64_parse(text, &value->u.i64) == TARN_PARSED;
    case TARN_TYPE_F32:
        if (tarn__float_parse(text, TARN_NUMBER_SPECIALS, &narrow) != TARN_PARSED) {
            return false;
        }
        value->u.f64 = (double)narrow;
        return value->u.f64 == value->u.f64;
    case TARN_TYPE_F64:
        if (tarn__double_parse(text, TARN_NUMBER_SPECIALS, &value->u.f64) != TARN_PARSED || value->u.f64 != value->u.f64) {
            return false;
        }
        if (was_float(walker, wanted)) {
            widen_float(text, is_max, value, exact);
        }
        return true;
    case TARN_TYPE_DECIMAL:
        return decimal_bound(type, text, is_number, is_max, value, exact);
    case TARN_TYPE_DATE:
        if (is_number || tarn__date_parse(text, &days) != TARN_PARSED) {
            return false;
        }
        value->u.i64 = days;
        return true;
    case TARN_TYPE_TIMESTAMP:
        *exact = false;
        return !is_number && timestamp_bound(type, text, is_max, &value->u.i64);
    case TARN_TYPE_STRING:
        return !is_number && text_bound(walker, text, value, exact);
    default:
        return false;
    }
}

static void take_value(const struct walker *walker, enum part part, struct tarn__bounds_wanted *wanted)
{
    struct tarn_bounds *bounds = &wanted->bounds;
    wanted->known = true;
    if (part == PART_NULLS) {
        int64_t nulls;
        if (walker->json->event == TARN_JSON_NUMBER && tarn__int64_parse(walker->json->text, &nulls) == TARN_PARSED && nulls >= 0) {
            bounds->has_null_count = true;
            bounds->null_count = (uint64_t)nulls;
        }
    } else if (part == PART_MIN) {
        bounds->has_min = scalar_bound(walker, wanted, false, &bounds->min, &bounds->min_exact);
    } else {
        bounds->has_max = scalar_bound(walker, wanted, true, &bounds->max, &bounds->max_exact);
    }
}

/* The members of an object whose keys are column names, down to the wanted columns. The BEGIN is consumed. */
static enum tarn_status walk(struct walker *walker, enum part part, uint32_t depth, struct tarn_error *err)
{
    for (bool more = true;;) {
        TARN_RETURN_IF_ERROR(tarn__json_key(walker->json, &more, err));
        if (!more) {
            return TARN_OK;
        }
        bool leaf = false;
        bool below = false;
        for (uint32_t i = 0; i < walker->count; i++) {
            const struct tarn__bounds_wanted *wanted = &walker->wanted[i];
            if (walker->matched[i] == depth && wanted->depth > depth &&
                tarn__text_equal(step_name(walker, wanted, depth), walker->json->text)) {
                walker->matched[i] = depth + 1;
                leaf = leaf || wanted->depth == depth + 1;
                below = below || wanted->depth > depth + 1;
            }
        }
        if (!leaf && !below) {
            TARN_RETURN_IF_ERROR(tarn__json_skip(walker->json, err));
            continue;
        }
        enum tarn_json_event event;
        TARN_RETURN_IF_ERROR(tarn__json_next(walker->json, &event, err));
        if (event == TARN_JSON_OBJECT_BEGIN && below) {
            TARN_RETURN_IF_ERROR(walk(walker, part, depth + 1, err));
        } else if (event == TARN_JSON_OBJECT_BEGIN || event == TARN_JSON_ARRAY_BEGIN) {
            TARN_RETURN_IF_ERROR(tarn__json_skip(walker->json, err));
        } else {
            for (uint32_t i = 0; i < walker->count; i++) {
                if (walker->matched[i] == depth + 1 && walker->wanted[i].depth == depth + 1) {
                    take_value(walker, part, &walker->wanted[i]);
                }
            }
        }
        for (uint32_t i = 0; i < walker->count; i++) {
            walker->matched[i] = walker->matched[i] > depth ? depth : walker->matched[i];
        }
    }
}

static enum tarn_status read_document(struct walker *walker, int64_t *rows, bool *tight, struct tarn_error *err)
{
    struct tarn_json *json = walker->json;
    bool is_null = false;
    TARN_RETURN_IF_ERROR(tarn__json_object(json, &is_null, err));
    for (bool more = !is_null; more;) {
        TARN_RETURN_IF_ERROR(tarn__json_key(json, &more, err));
        if (!more) {
            break;
        }
        if (tarn__json_is(json, "numRecords")) {
            TARN_RETURN_IF_ERROR(tarn__json_int64(json, rows, &is_null, err));
            *rows = is_null ? -1 : *rows;
        } else if (tarn__json_is(json, "tightBounds")) {
            TARN_RETURN_IF_ERROR(tarn__json_bool(json, tight, &is_null, err));
            *tight = *tight || is_null;
        } else {
            const bool mins = tarn__json_is(json, "minValues");
            const bool maxs = tarn__json_is(json, "maxValues");
            if (!mins && !maxs && !tarn__json_is(json, "nullCount")) {
                TARN_RETURN_IF_ERROR(tarn__json_skip(json, err));
                continue;
            }
            TARN_RETURN_IF_ERROR(tarn__json_object(json, &is_null, err));
            if (!is_null) {
                TARN_RETURN_IF_ERROR(walk(walker, mins ? PART_MIN : maxs ? PART_MAX : PART_NULLS, 0, err));
            }
        }
    }
    return TARN_OK;
}

static void finish_bounds(struct tarn__bounds_wanted *wanted, int64_t rows, bool tight)
{
    struct tarn_bounds *bounds = &wanted->bounds;
    bounds->rows = rows >= 0 ? (uint64_t)rows : UINT64_MAX;
    if (!tight) {
        bounds->min_exact = false;
        bounds->max_exact = false;
        /* With rows deleted since, only "none" and "all" still say something. */
        bounds->has_null_count = bounds->has_null_count && (bounds->null_count == 0 || bounds->null_count == bounds->rows);
    }
    if (bounds->has_null_count && bounds->null_count > bounds->rows) {
        wanted->known = false; /* statistics that contradict themselves */
    }
}

enum tarn_status tarn__delta_statistics_bounds(const struct tarn_snapshot *snapshot, struct tarn_text statistics, struct tarn_arena *arena,
                                               uint32_t count, struct tarn__bounds_wanted *wanted, struct tarn_error *err)
{
    uint32_t *matched = tarn__calloc(snapshot->env, (size_t)count + 1, sizeof(*matched));
    if (matched == NULL) {
        return tarn__nomem(snapshot->env, err, count * sizeof(*matched));
    }
    struct tarn_json json;
    tarn__json_open(&json, &(struct tarn_json_pull_options){.env = snapshot->env, .failure = TARN_CORRUPT}, statistics);
    struct walker walker = {snapshot, &json, arena, count, wanted, matched};
    for (uint32_t i = 0; i < count; i++) {
        wanted[i].known = false;
        wanted[i].bounds = (struct tarn_bounds){0};
    }
    int64_t rows = -1;
    bool tight = true;
    const enum tarn_status status = read_document(&walker, &rows, &tight, err);
    tarn__json_close(&json);
    tarn__free(snapshot->env, matched);
    for (uint32_t i = 0; i < count; i++) {
        finish_bounds(&wanted[i], rows, tight);
        wanted[i].known = wanted[i].known && status == TARN_OK;
    }
    return status == TARN_NOMEM ? status : TARN_OK;
}
