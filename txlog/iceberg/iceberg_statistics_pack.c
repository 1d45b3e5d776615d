/* SPDX-License-Identifier: Apache-2.0
 *
 * Metrics of a data file as one short text.
 *
 * Layout, all numbers as LEB128, signed ones zigzag: record_count; a byte with a bit for each map that is there, in the order of `enum
 * map`; then those maps: the number of items, and of each the difference to the field id before it and its count, or the size of its bound
 * and the bound. Split offsets are a map without field ids.
 *
 * Invariants
 *  1. A map that is there and empty is told apart from one that is not there.
 *  2. Reading stops at the end of the text whatever it says: a packed form is never trusted to be one.
 */
#include <string.h>

#include "format/base/bytes.h"
#include "txlog/iceberg/iceberg_statistics.h"

enum map { VALUES = 0, NULLS, NANS, SIZES, LOWER, UPPER, OFFSETS, MAPS };
enum { MOST_VARINT = 10 };

static uint8_t *put_unsigned(uint8_t *at, uint64_t value)
{
    while (value >= 0x80) {
        *at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at++ = (uint8_t)value;
    return at;
}

static uint8_t *put_signed(uint8_t *at, int64_t value)
{
    return put_unsigned(at, ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0));
}

static void add_counts(const struct tarn__iceberg_counts *counts, struct tarn_text_builder *out)
{
    uint8_t *const begin = (uint8_t *)tarn__builder_reserve(out, ((size_t)counts->size * 2 + 1) * MOST_VARINT);
    if (begin == NULL) {
        return;
    }
    uint8_t *at = put_unsigned(begin, counts->size);
    int64_t before = 0;
    for (uint32_t i = 0; i < counts->size; i++) {
        at = put_signed(at, counts->items[i].field_id - before);
        at = put_signed(at, counts->items[i].count);
        before = counts->items[i].field_id;
    }
    out->size += (size_t)(at - begin);
}

static void add_bounds(const struct tarn__iceberg_bounds *bounds, struct tarn_text_builder *out)
{
    uint8_t head[MOST_VARINT * 2];
    tarn__builder_add_bytes(out, head, (size_t)(put_unsigned(head, bounds->size) - head));
    int64_t before = 0;
    for (uint32_t i = 0; i < bounds->size; i++) {
        const struct tarn__iceberg_bound *bound = &bounds->items[i];
        uint8_t *at = put_signed(head, bound->field_id - before);
        at = put_unsigned(at, bound->bytes.size);
        tarn__builder_add_bytes(out, head, (size_t)(at - head));
        tarn__builder_add_bytes(out, bound->bytes.data, bound->bytes.size);
        before = bound->field_id;
    }
}

static void add_offsets(const struct tarn__iceberg_data_file *file, struct tarn_text_builder *out)
{
    uint8_t *const begin = (uint8_t *)tarn__builder_reserve(out, ((size_t)file->split_offset_count + 1) * MOST_VARINT);
    if (begin == NULL) {
        return;
    }
    uint8_t *at = put_unsigned(begin, file->split_offset_count);
    for (uint32_t i = 0; i < file->split_offset_count; i++) {
        at = put_signed(at, file->split_offsets[i]);
    }
    out->size += (size_t)(at - begin);
}

static const struct tarn__iceberg_counts *counts_of(const struct tarn__iceberg_data_file *file, enum map map)
{
    return map == VALUES ? &file->value_counts : map == NULLS ? &file->null_counts : map == NANS ? &file->nan_counts : &file->column_sizes;
}

static bool is_there(const struct tarn__iceberg_data_file *file, enum map map, unsigned parts)
{
    switch (map) {
    case LOWER:
        return (parts & TARN_ICEBERG_PACK_BOUNDS) != 0 && file->lower_bounds.is_there;
    case UPPER:
        return (parts & TARN_ICEBERG_PACK_BOUNDS) != 0 && file->upper_bounds.is_there;
    case OFFSETS:
        return (parts & TARN_ICEBERG_PACK_OFFSETS) != 0 && file->has_split_offsets;
    case SIZES:
        return (parts & TARN_ICEBERG_PACK_SIZES) != 0 && file->column_sizes.is_there;
    default:
        return (parts & TARN_ICEBERG_PACK_COUNTS) != 0 && counts_of(file, map)->is_there;
    }
}

void tarn__iceberg_statistics_pack(const struct tarn__iceberg_data_file *file, unsigned parts, struct tarn_text_builder *out)
{
    uint8_t head[MOST_VARINT + 1];
    uint8_t *at = put_signed(head, file->record_count);
    unsigned there = 0;
    for (int map = 0; map < MAPS; map++) {
        there |= is_there(file, (enum map)map, parts) ? 1u << map : 0;
    }
    *at++ = (uint8_t)there;
    tarn__builder_add_bytes(out, head, (size_t)(at - head));
    for (int map = 0; map < MAPS; map++) {
        if ((there & 1u << map) == 0) {
            continue;
        }
        if (map == LOWER || map == UPPER) {
            add_bounds(map == LOWER ? &file->lower_bounds : &file->upper_bounds, out);
        } else if (map == OFFSETS) {
            add_offsets(file, out);
        } else {
            add_counts(counts_of(file, (enum map)map), out);
        }
    }
}

/* ---- reading ---- */

struct reader {
    const uint8_t *at;
    const uint8_t *end;
    bool bad;
};

static uint64_t take_unsigned(struct reader *reader)
{
    uint64_t value = 0;
    for (unsigned shift = 0; reader->at != reader->end && shift < 64; shift += 7) {
        const uint8_t byte = *reader->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            return value;
        }
    }
    reader->bad = true;
    reader->at = reader->end;
    return 0;
}

static int64_t take_signed(struct reader *reader)
{
    const uint64_t value = take_unsigned(reader);
    return (int64_t)(value >> 1 ^ (0 - (value & 1)));
}

static struct tarn_span take_bytes(struct reader *reader)
{
    const uint64_t size = take_unsigned(reader);
    if (size > (uint64_t)(reader->end - reader->at)) {
        reader->bad = true;
        reader->at = reader->end;
        return (struct tarn_span){NULL, 0};
    }
    const struct tarn_span bytes = {reader->at, (size_t)size};
    reader->at += size;
    return bytes;
}

static struct reader begin(struct tarn_text packed, int64_t *rows, unsigned *there)
{
    struct reader reader = {(const uint8_t *)packed.data, (const uint8_t *)packed.data + packed.size, packed.size == 0};
    *rows = take_signed(&reader);
    reader.bad = reader.bad || reader.at == reader.end;
    *there = reader.bad ? 0 : *reader.at++;
    reader.bad = reader.bad || *there >= 1u << MAPS;
    return reader;
}

/* The number of items of a map: each has at least two bytes, so that the text bounds it. */
static uint32_t take_size(struct reader *reader, size_t least)
{
    const uint64_t size = take_unsigned(reader);
    if (size > (uint64_t)(reader->end - reader->at) / least) {
        reader->bad = true;
        return 0;
    }
    return (uint32_t)size;
}

bool tarn__iceberg_statistics_find(struct tarn_text packed, int32_t field_id, int64_t *rows, struct tarn__iceberg_column_metrics *out)
{
    *out = (struct tarn__iceberg_column_metrics){.values = -1, .nulls = -1, .nans = -1};
    unsigned there;
    struct reader reader = begin(packed, rows, &there);
    for (int map = 0; map < OFFSETS && !reader.bad; map++) {
        const uint32_t size = (there & 1u << map) != 0 ? take_size(&reader, 2) : 0;
        int64_t id = 0;
        for (uint32_t i = 0; i < size && !reader.bad; i++) {
            id += take_signed(&reader);
            if (map == LOWER || map == UPPER) {
                const struct tarn_span bytes = take_bytes(&reader);
                if (id == field_id && !reader.bad) {
                    *(map == LOWER ? &out->has_lower : &out->has_upper) = true;
                    *(map == LOWER ? &out->lower : &out->upper) = bytes;
                }
                continue;
            }
            const int64_t count = take_signed(&reader);
            if (id == field_id && map != SIZES) {
                *(map == VALUES ? &out->values : map == NULLS ? &out->nulls : &out->nans) = count;
            }
        }
    }
    if (reader.bad) {
        *out = (struct tarn__iceberg_column_metrics){.values = -1, .nulls = -1, .nans = -1};
        *rows = -1;
    }
    return !reader.bad;
}

static enum tarn_status take_counts(struct reader *reader, struct tarn_arena *arena, struct tarn__iceberg_counts *out,
                                    struct tarn_error *err)
{
    const uint32_t size = take_size(reader, 2);
    struct tarn__iceberg_count *items = tarn__arena_calloc(arena, (size_t)size + 1, sizeof(*items));
    if (items == NULL) {
        return tarn__nomem(arena->env, err, size * sizeof(*items));
    }
    int64_t id = 0;
    for (uint32_t i = 0; i < size; i++) {
        id += take_signed(reader);
        items[i] = (struct tarn__iceberg_count){(int32_t)id, take_signed(reader)};
    }
    *out = (struct tarn__iceberg_counts){true, size, items};
    return TARN_OK;
}

static enum tarn_status take_bounds(struct reader *reader, struct tarn_arena *arena, struct tarn__iceberg_bounds *out,
                                    struct tarn_error *err)
{
    const uint32_t size = take_size(reader, 2);
    struct tarn__iceberg_bound *items = tarn__arena_calloc(arena, (size_t)size + 1, sizeof(*items));
    if (items == NULL) {
        return tarn__nomem(arena->env, err, size * sizeof(*items));
    }
    int64_t id = 0;
    for (uint32_t i = 0; i < size; i++) {
        id += take_signed(reader);
        items[i] = (struct tarn__iceberg_bound){(int32_t)id, take_bytes(reader)};
    }
    *out = (struct tarn__iceberg_bounds){true, size, items};
    return TARN_OK;
}

static enum tarn_status take_offsets(struct reader *reader, struct tarn_arena *arena, struct tarn__iceberg_data_file *out,
                                     struct tarn_error *err)
{
    const uint32_t size = take_size(reader, 1);
    int64_t *offsets = tarn__arena_calloc(arena, (size_t)size + 1, sizeof(*offsets));
    if (offsets == NULL) {
        return tarn__nomem(arena->env, err, size * sizeof(*offsets));
    }
    for (uint32_t i = 0; i < size; i++) {
        offsets[i] = take_signed(reader);
    }
    out->has_split_offsets = true;
    out->split_offset_count = size;
    out->split_offsets = offsets;
    return TARN_OK;
}

enum tarn_status tarn__iceberg_statistics_unpack(struct tarn_text packed, struct tarn_arena *arena, struct tarn__iceberg_data_file *out,
                                                 struct tarn_error *err)
{
    unsigned there;
    struct reader reader = begin(packed, &out->record_count, &there);
    struct tarn__iceberg_counts *const counts[] = {&out->value_counts, &out->null_counts, &out->nan_counts, &out->column_sizes};
    for (int map = 0; map < MAPS && !reader.bad; map++) {
        if ((there & 1u << map) == 0) {
            continue;
        }
        if (map == LOWER || map == UPPER) {
            TARN_RETURN_IF_ERROR(take_bounds(&reader, arena, map == LOWER ? &out->lower_bounds : &out->upper_bounds, err));
        } else if (map == OFFSETS) {
            TARN_RETURN_IF_ERROR(take_offsets(&reader, arena, out, err));
        } else {
            TARN_RETURN_IF_ERROR(take_counts(&reader, arena, counts[map], err));
        }
    }
    return reader.bad || reader.at != reader.end ? tarn__internal(err, "these statistics are not in the packed form") : TARN_OK;
}
