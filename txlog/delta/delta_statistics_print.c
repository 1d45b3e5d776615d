/* SPDX-License-Identifier: Apache-2.0
 *
 * Statistics of new files, in the form that other engines skip by.
 *
 * Specification: Delta PROTOCOL.md, "Per-file Statistics"; Spark's StatisticsCollection for what the text leaves open.
 *
 * Invariants
 *  1. What is written holds for every reader: a cut minimum is a prefix, a cut maximum sorts after every value, a maximum timestamp is
 *     rounded up to the millisecond, and a column with a NaN has NaN as its maximum, because Spark sorts it last.
 *  2. Columns beyond the first 32 leaves (delta.dataSkippingNumIndexedCols), partition columns, and what is below lists and maps have none.
 */
#include "format/base/bytes.h"
#include "format/base/datetime.h"
#include "format/base/decimal.h"
#include "format/base/utf8.h"
#include "format/batch/value_decimal.h"
#include "format/json/json_print.h"
#include "txlog/delta/delta_partition.h"
#include "txlog/delta/delta_state.h"
#include "txlog/delta/delta_statistics.h"

enum { PREFIX_CHARACTERS = 32, DEFAULT_INDEXED = 32 };

enum part { PART_MIN, PART_MAX, PART_NULLS };

/* Years that every reader's parser takes: 0001 to 9999. */
static bool day_is_common(int64_t days)
{
    return days >= -719162 && days <= 2932896;
}

static bool print_text(struct tarn_json_printer *json, struct tarn_text text, bool is_max, bool exact)
{
    struct tarn_text valid = {text.data, tarn__utf8_check(text)};
    if (valid.size != text.size && exact) {
        return false; /* no text at all: a bound of it would be another value */
    }
    const bool whole = exact && tarn__utf8_count(valid) <= PREFIX_CHARACTERS;
    const size_t end = tarn__utf8_offset(valid, PREFIX_CHARACTERS);
    if (whole || !is_max) {
        tarn__json_print_string(json, (struct tarn_text){text.data, end});
        return true;
    }
    uint32_t next = 0;
    if (end < valid.size) {
        (void)tarn__utf8_decode(valid, end, &next);
    }
    char cut[PREFIX_CHARACTERS * 4 + 4];
    memcpy(cut, text.data, end);
    size_t size = end;
    size += tarn__utf8_encode(exact && next < 0x7f ? 0x7f : 0x10ffff, cut + size);
    tarn__json_print_string(json, (struct tarn_text){cut, size});
    return next != 0x10ffff;
}

static bool print_float(struct tarn_json_printer *json, const struct tarn_bounds *bounds, const struct tarn_value *value, bool has,
                        bool is_max)
{
    if (!bounds->has_nan_count) {
        return false;
    }
    if (bounds->nan_count != 0 && (is_max || !has)) {
        tarn__json_print_str(json, "NaN");
    } else if (!has) {
        return false;
    } else if (value->type->id == TARN_TYPE_F32) {
        tarn__json_print_float(json, (float)value->u.f64);
    } else {
        tarn__json_print_double(json, value->u.f64);
    }
    return true;
}

static bool print_timestamp(struct tarn_json_printer *json, const struct tarn_value *value, bool is_max)
{
    int64_t millis = tarn__floor_div(value->u.i64, 1000);
    millis += is_max && millis * 1000 != value->u.i64;
    if (!day_is_common(tarn__floor_div(millis, TARN_DAY_SECONDS * INT64_C(1000)))) {
        return false;
    }
    char text[TARN_DATETIME_TEXT];
    const size_t size = tarn__timestamp_print(millis, 3, value->type->utc ? TARN_TIMESTAMP_JSON_UTC : TARN_TIMESTAMP_JSON, text);
    tarn__json_print_string(json, (struct tarn_text){text, size});
    return true;
}

/* One bound; false (nothing printed) when the type has none or it is not known. */
static bool print_bound(struct tarn_json_printer *json, const struct tarn__leaf_statistics *leaf, bool is_max)
{
    const struct tarn_bounds *bounds = &leaf->bounds;
    const struct tarn_value *value = is_max ? &bounds->max : &bounds->min;
    const bool has = is_max ? bounds->has_max : bounds->has_min;
    if (leaf->type->id == TARN_TYPE_F32 || leaf->type->id == TARN_TYPE_F64) {
        return print_float(json, bounds, value, has, is_max);
    }
    if (!has) {
        return false;
    }
    char text[TARN_DECIMAL_TEXT];
    size_t size;
    switch (leaf->type->id) {
    case TARN_TYPE_I8:
    case TARN_TYPE_I16:
    case TARN_TYPE_I32:
    case TARN_TYPE_I64:
        tarn__json_print_int64(json, value->u.i64);
        return true;
    case TARN_TYPE_DECIMAL:
        size = tarn__decimal128_print(tarn__value_unscaled(value), (unsigned)leaf->type->scale, text);
        tarn__json_print_raw(json, (struct tarn_text){text, size});
        return true;
    case TARN_TYPE_DATE:
        if (!day_is_common(value->u.i64)) {
            return false;
        }
        size = tarn__date_print(value->u.i64, text);
        tarn__json_print_string(json, (struct tarn_text){text, size});
        return true;
    case TARN_TYPE_TIMESTAMP:
        return print_timestamp(json, value, is_max);
    case TARN_TYPE_STRING:
        return print_text(json, value->u.bytes, is_max, is_max ? bounds->max_exact : bounds->min_exact);
    default:
        return false;
    }
}

struct printing {
    const struct tarn__statistics_input *input;
    enum part part;
};

static bool has_part(const struct printing *printing, const struct tarn__leaf_statistics *leaf)
{
    if (leaf->repeated) {
        return false;
    }
    if (printing->part == PART_NULLS) {
        return leaf->bounds.has_null_count;
    }
    /* Asked without printing: into a builder that has failed, nothing goes. */
    struct tarn_text_builder nowhere = {.failed = true};
    struct tarn_json_printer json;
    tarn__json_printer_init(&json, &nowhere);
    return print_bound(&json, leaf, printing->part == PART_MAX);
}

/* The leaves [begin, end) that share their first `depth` steps, as the members of an object. */
static void print_members(struct tarn_json_printer *json, const struct printing *printing, const struct tarn__physical *physical,
                          uint32_t depth, uint32_t begin, uint32_t end)
{
    tarn__json_print_begin_object(json);
    for (uint32_t i = begin; i < end;) {
        const struct tarn__leaf_statistics *leaf = &printing->input->leaves[i];
        uint32_t next = i + 1;
        while (next < end && printing->input->leaves[next].index[depth] == leaf->index[depth]) {
            next++;
        }
        bool any = false;
        for (uint32_t j = i; j < next; j++) {
            any = any || has_part(printing, &printing->input->leaves[j]);
        }
        if (any) {
            const struct tarn__physical *member = &physical[leaf->index[depth]];
            tarn__json_print_key(json, member->name);
            if (leaf->depth > depth + 1) {
                print_members(json, printing, member->children, depth + 1, i, next);
            } else if (printing->part == PART_NULLS) {
                tarn__json_print_uint64(json, leaf->bounds.null_count);
            } else {
                (void)print_bound(json, leaf, printing->part == PART_MAX);
            }
        }
        i = next;
    }
    tarn__json_print_end_object(json);
}

static uint32_t indexed_leaves(const struct tarn_snapshot *snapshot, uint32_t count)
{
    const struct tarn_text text = tarn__delta_property(tarn__delta_state_of(snapshot), TARN_TEXT("delta.dataSkippingNumIndexedCols"));
    int64_t limit = DEFAULT_INDEXED;
    if (text.size != 0 && tarn__int64_parse(text, &limit) != TARN_PARSED) {
        limit = DEFAULT_INDEXED;
    }
    return limit < 0 || (uint64_t)limit > count ? count : (uint32_t)limit;
}

enum tarn_status tarn__delta_statistics_print(const struct tarn_snapshot *snapshot, const struct tarn__statistics_input *input,
                                              struct tarn_text_builder *out, struct tarn_error *err)
{
    static const struct tarn_text names[] = {{"minValues", 9}, {"maxValues", 9}, {"nullCount", 9}};
    struct tarn_json_printer json;
    tarn__json_printer_init(&json, out);
    tarn__json_print_begin_object(&json);
    tarn__json_print_key(&json, TARN_TEXT("numRecords"));
    tarn__json_print_uint64(&json, input->rows);
    const uint32_t leaves = indexed_leaves(snapshot, input->leaf_count);
    for (int part = PART_MIN; leaves != 0 && part <= PART_NULLS; part++) {
        const struct printing printing = {input, (enum part)part};
        tarn__json_print_key(&json, names[part]);
        print_members(&json, &printing, snapshot->physical, 0, 0, leaves);
    }
    tarn__json_print_end_object(&json);
    return tarn__builder_status(out, err);
}
