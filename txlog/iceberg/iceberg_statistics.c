/* SPDX-License-Identifier: Apache-2.0
 *
 * What the metrics of files say of their columns: for pruning, and for people.
 *
 * Specification: Iceberg table spec, "Data File Fields" (notes on bounds), Appendix D "Binary single-value serialization".
 *
 * Invariants
 *  1. Metrics are by field id, and a bound may have the width from before a promotion.
 *  2. A bound that does not decode, a NaN, counts that contradict each other: not known. Damage here never fails a query.
 *  3. Texts and binaries are cut by their writers, and are never exact.
 */
#include "txlog/iceberg/iceberg_statistics.h"
#include "format/base/bytes.h"
#include "format/json/json_print.h"
#include "txlog/iceberg/iceberg_state.h"
#include "txlog/iceberg/iceberg_value.h"

static bool is_nan(const struct tarn_value *value)
{
    return tarn_type_kind(value->type) <= TARN_KIND_F64 && tarn_type_kind(value->type) >= TARN_KIND_F16 && value->u.f64 != value->u.f64;
}

static bool read_bound(const struct tarn_type *type, bool has, struct tarn_span bytes, struct tarn_arena *arena, struct tarn_value *out,
                       bool *exact)
{
    const enum tarn_kind kind = tarn_type_kind(type);
    if (!has || kind == TARN_KIND_NESTED || kind == TARN_KIND_NULL || tarn__iceberg_value_decode(type, bytes, out, NULL) != TARN_OK ||
        out->is_null || is_nan(out)) {
        return false;
    }
    *exact = kind != TARN_KIND_BYTES;
    if (kind == TARN_KIND_BYTES || kind == TARN_KIND_FIXED) {
        out->u.bytes = tarn__arena_text(arena, out->u.bytes); /* the packed form goes with its block */
        return out->u.bytes.data != NULL;
    }
    return true;
}

/* False: nothing is known, or what is known contradicts itself. */
static bool read_metrics(struct tarn_text packed, int32_t field_id, const struct tarn_type *type, struct tarn_arena *arena,
                         struct tarn_bounds *out)
{
    struct tarn__iceberg_column_metrics metrics;
    int64_t rows;
    *out = (struct tarn_bounds){0};
    if (!tarn__iceberg_statistics_find(packed, field_id, &rows, &metrics) || rows < 0) {
        return false;
    }
    out->rows = (uint64_t)rows;
    const bool is_float = type->id == TARN_TYPE_F32 || type->id == TARN_TYPE_F64;
    const bool counted = metrics.values == -1 || metrics.values == rows; /* else it is a column of another number of values */
    if (metrics.nulls >= 0 && counted) {
        if (metrics.nulls > rows) {
            return false;
        }
        out->has_null_count = true;
        out->null_count = (uint64_t)metrics.nulls;
    }
    if (is_float && metrics.nans >= 0 && metrics.nans <= rows) {
        out->has_nan_count = true;
        out->nan_count = (uint64_t)metrics.nans;
    }
    out->has_min = read_bound(type, metrics.has_lower, metrics.lower, arena, &out->min, &out->min_exact);
    out->has_max = read_bound(type, metrics.has_upper, metrics.upper, arena, &out->max, &out->max_exact);
    return out->has_null_count || out->has_nan_count || out->has_min || out->has_max;
}

enum tarn_status tarn__iceberg_statistics_bounds(const struct tarn_snapshot *snapshot, struct tarn_text packed, struct tarn_arena *arena,
                                                 uint32_t count, struct tarn__bounds_wanted *wanted, struct tarn_error *err)
{
    (void)err;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t fields = snapshot->schema->field_count;
        const struct tarn__physical *physical = snapshot->physical;
        int32_t id = -1;
        for (uint32_t d = 0; d < wanted[i].depth; d++) {
            if (wanted[i].index[d] >= fields) {
                id = -1;
                break;
            }
            const struct tarn__physical *at = &physical[wanted[i].index[d]];
            id = at->id;
            fields = at->child_count;
            physical = at->children;
        }
        wanted[i].bounds = (struct tarn_bounds){0};
        wanted[i].known = id >= 0 && read_metrics(packed, id, wanted[i].type, arena, &wanted[i].bounds);
    }
    return TARN_OK;
}

/* ---- for people ---- */

enum part { PART_MIN, PART_MAX, PART_NULLS };

struct printing {
    struct tarn_text packed;
    struct tarn_arena *arena;
    enum part part;
    struct tarn_json_printer *json;
};

static bool has_part(const struct printing *printing, const struct tarn_bounds *bounds)
{
    return printing->part == PART_MIN ? bounds->has_min : printing->part == PART_MAX ? bounds->has_max : bounds->has_null_count;
}

/* The members of a struct that have the part; with `print` false it is only asked whether there is one. */
static bool print_members(const struct printing *printing, uint32_t count, const struct tarn_field *fields,
                          const struct tarn__physical *physical, bool print)
{
    bool any = false;
    for (uint32_t i = 0; i < count && (print || !any); i++) {
        const struct tarn_type *type = fields[i].type;
        if (type->id == TARN_TYPE_STRUCT) {
            if (print_members(printing, type->field_count, type->fields, physical[i].children, false)) {
                any = true;
                if (print) {
                    tarn__json_print_key(printing->json, fields[i].name);
                    tarn__json_print_begin_object(printing->json);
                    (void)print_members(printing, type->field_count, type->fields, physical[i].children, true);
                    tarn__json_print_end_object(printing->json);
                }
            }
            continue;
        }
        struct tarn_bounds bounds;
        if (!read_metrics(printing->packed, physical[i].id, type, printing->arena, &bounds) || !has_part(printing, &bounds)) {
            continue;
        }
        any = true;
        if (print) {
            tarn__json_print_key(printing->json, fields[i].name);
            if (printing->part == PART_NULLS) {
                tarn__json_print_uint64(printing->json, bounds.null_count);
            } else {
                tarn__iceberg_value_print(printing->part == PART_MIN ? &bounds.min : &bounds.max, printing->json);
            }
        }
    }
    return any;
}

enum tarn_status tarn__iceberg_statistics_text(const struct tarn_snapshot *snapshot, struct tarn_text packed, struct tarn_text_builder *out,
                                               struct tarn_error *err)
{
    static const struct tarn_text names[] = {{"minValues", 9}, {"maxValues", 9}, {"nullCount", 9}};
    struct tarn__iceberg_column_metrics unused;
    int64_t rows;
    if (packed.size == 0 || !tarn__iceberg_statistics_find(packed, -1, &rows, &unused)) {
        return TARN_OK;
    }
    struct tarn_arena arena;
    tarn__arena_init(&arena, snapshot->env);
    struct tarn_json_printer json;
    tarn__json_printer_init(&json, out);
    tarn__json_print_begin_object(&json);
    tarn__json_print_key(&json, TARN_TEXT("numRecords"));
    tarn__json_print_int64(&json, rows);
    for (int part = PART_MIN; part <= PART_NULLS; part++) {
        const struct printing printing = {packed, &arena, (enum part)part, &json};
        tarn__json_print_key(&json, names[part]);
        tarn__json_print_begin_object(&json);
        (void)print_members(&printing, snapshot->schema->field_count, snapshot->schema->fields, snapshot->physical, true);
        tarn__json_print_end_object(&json);
    }
    tarn__json_print_end_object(&json);
    tarn__arena_free(&arena);
    return tarn__builder_status(out, err);
}
