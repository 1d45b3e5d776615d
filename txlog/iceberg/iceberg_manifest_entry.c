/* SPDX-License-Identifier: Apache-2.0
 *
 * What entries of manifests mean: what they inherit, and their partition values.
 *
 * Specification: Iceberg, "Sequence Number Inheritance", "First Row ID Inheritance", appendix A. SPEC: T-ICEBERG-MANIFEST-5,
 * T-ICEBERG-MANIFEST-6.
 */
#include "format/base/checked.h"
#include "format/base/decimal.h"
#include "format/base/utf8.h"
#include "txlog/iceberg/iceberg_manifest.h"

struct tarn__iceberg_inheritance tarn__iceberg_inheritance_of(const struct tarn__iceberg_manifest_file *manifest)
{
    return (struct tarn__iceberg_inheritance){manifest->added_snapshot_id, manifest->sequence_number, manifest->first_row_id};
}

/* In a manifest of sequence number 0 (of version 1) all entries are as old as it. */
static bool inherits_sequence(const struct tarn__iceberg_entry *entry, const struct tarn__iceberg_inheritance *inheritance)
{
    return entry->status == TARN_ICEBERG_ADDED || inheritance->sequence_number == 0;
}

enum tarn_status tarn__iceberg_entry_inherit(struct tarn__iceberg_entry *entry, struct tarn__iceberg_inheritance *inheritance,
                                             struct tarn_error *err)
{
    if (!entry->has_snapshot_id) {
        entry->snapshot_id = inheritance->snapshot_id;
        entry->has_snapshot_id = true;
    }
    if ((!entry->has_sequence_number || !entry->has_file_sequence_number) && inherits_sequence(entry, inheritance)) {
        entry->sequence_number = entry->has_sequence_number ? entry->sequence_number : inheritance->sequence_number;
        entry->file_sequence_number = entry->has_file_sequence_number ? entry->file_sequence_number : inheritance->sequence_number;
        entry->has_sequence_number = entry->has_file_sequence_number = true;
    }
    if (!entry->has_sequence_number) {
        return tarn__corrupt(err, "iceberg.sequence_number", "the entry of %.*s was not added by its manifest and has no sequence number",
                             TARN_TEXT_ARG(entry->file.path));
    }
    if (!entry->has_file_sequence_number) { /* writers exist that leave it out; nothing is decided by it */
        entry->file_sequence_number = entry->sequence_number;
        entry->has_file_sequence_number = true;
    }
    if (inheritance->next_row_id >= 0 && entry->status != TARN_ICEBERG_DELETED && entry->file.content == TARN_ICEBERG_DATA &&
        entry->file.first_row_id < 0) {
        entry->file.first_row_id = inheritance->next_row_id;
        if (!tarn__add(inheritance->next_row_id, entry->file.record_count, &inheritance->next_row_id)) {
            return tarn__corrupt(err, "iceberg.manifest", "the row ids of %.*s do not fit in 64 bits", TARN_TEXT_ARG(entry->file.path));
        }
    }
    return TARN_OK;
}

/* ---- partition values ---- */

static enum tarn_status unfit(const struct tarn__iceberg_partition_value *stored, struct tarn_error *err)
{
    return tarn__corrupt(err, "iceberg.partition_value", "a value of partition field %d is not of the field's type", (int)stored->field_id);
}

static bool read_integer(const struct tarn__iceberg_partition_value *stored, enum tarn_kind kind, struct tarn_value *out)
{
    if (stored->stored != TARN_ICEBERG_INTEGER) {
        return false;
    }
    switch (kind) {
    case TARN_KIND_BOOL:
        out->u.boolean = stored->integer != 0;
        return stored->integer == 0 || stored->integer == 1;
    case TARN_KIND_I8:
    case TARN_KIND_I16:
    case TARN_KIND_I32:
        out->u.i64 = stored->integer;
        return stored->integer >= INT32_MIN && stored->integer <= INT32_MAX;
    default:
        out->u.i64 = stored->integer;
        return true;
    }
}

static bool read_decimal(const struct tarn__iceberg_partition_value *stored, const struct tarn_type *type, struct tarn_value *out)
{
    tarn_i128 unscaled;
    if (stored->stored != TARN_ICEBERG_BYTES || !tarn__i128_load_be(stored->bytes, &unscaled) ||
        !tarn__decimal128_fits(unscaled, (unsigned)type->precision)) {
        return false;
    }
    if (tarn_type_kind(type) == TARN_KIND_I128) {
        out->u.words[0] = (uint64_t)unscaled;
        out->u.words[1] = (uint64_t)((tarn_u128)unscaled >> 64);
        out->u.words[2] = out->u.words[3] = unscaled < 0 ? UINT64_MAX : 0;
    } else {
        out->u.i64 = (int64_t)unscaled;
    }
    return true;
}

static bool read_bytes(const struct tarn__iceberg_partition_value *stored, const struct tarn_type *type, struct tarn_value *out)
{
    const uint32_t width = tarn_type_width(type);
    out->u.bytes = (struct tarn_text){(const char *)stored->bytes.data, stored->bytes.size};
    if (stored->stored != TARN_ICEBERG_BYTES || (tarn_type_kind(type) == TARN_KIND_FIXED && stored->bytes.size != width)) {
        return false;
    }
    return type->id != TARN_TYPE_STRING || tarn__utf8_is_valid(out->u.bytes);
}

enum tarn_status tarn__iceberg_partition_read(const struct tarn__iceberg_partition_value *stored, const struct tarn_type *type,
                                              struct tarn_value *out, struct tarn_error *err)
{
    bool fits;
    *out = (struct tarn_value){.type = type, .is_null = stored->stored == TARN_ICEBERG_NULL};
    if (out->is_null) {
        return TARN_OK;
    }
    const enum tarn_kind kind = tarn_type_kind(type);
    if (type->id == TARN_TYPE_DECIMAL) {
        fits = read_decimal(stored, type, out);
    } else if (kind == TARN_KIND_F32 || kind == TARN_KIND_F64) {
        out->u.f64 = stored->real;
        fits = stored->stored == TARN_ICEBERG_REAL;
    } else if (kind == TARN_KIND_BYTES || kind == TARN_KIND_FIXED) {
        fits = read_bytes(stored, type, out);
    } else {
        fits = kind != TARN_KIND_NESTED && kind != TARN_KIND_NULL && read_integer(stored, kind, out);
    }
    if (!fits) {
        *out = (struct tarn_value){.type = type, .is_null = true};
        return unfit(stored, err);
    }
    return TARN_OK;
}

void tarn__iceberg_partition_store(int32_t field_id, const struct tarn_value *value, uint8_t room[16],
                                   struct tarn__iceberg_partition_value *out)
{
    *out = (struct tarn__iceberg_partition_value){.field_id = field_id};
    if (value->is_null) {
        return;
    }
    const enum tarn_kind kind = tarn_type_kind(value->type);
    if (value->type->id == TARN_TYPE_DECIMAL) {
        const tarn_i128 unscaled =
            kind == TARN_KIND_I128 ? (tarn_i128)((tarn_u128)value->u.words[1] << 64 | value->u.words[0]) : (tarn_i128)value->u.i64;
        out->stored = TARN_ICEBERG_BYTES;
        out->bytes = (struct tarn_span){room, tarn__i128_store_be_shortest(unscaled, room)};
    } else if (kind == TARN_KIND_F32 || kind == TARN_KIND_F64) {
        out->stored = TARN_ICEBERG_REAL;
        out->real = value->u.f64;
    } else if (kind == TARN_KIND_BYTES || kind == TARN_KIND_FIXED) {
        out->stored = TARN_ICEBERG_BYTES;
        out->bytes = tarn__span_of_text(value->u.bytes);
    } else {
        out->stored = TARN_ICEBERG_INTEGER;
        out->integer = kind == TARN_KIND_BOOL ? value->u.boolean : value->u.i64;
    }
}
