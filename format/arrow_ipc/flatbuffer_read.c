/* SPDX-License-Identifier: Apache-2.0
 *
 * Flatbuffers read. Specification: "FlatBuffers internals". SPEC: X-IPC-2.
 *
 * Invariants
 *  1. Nothing is read before it is known to lie inside the buffer; a table's vtable and inline part are checked once, when it is found.
 *  2. Offsets to tables, vectors and strings lead forward only. They may meet (two fields may share a table), so whoever walks a tree
 * bounds the number of its nodes and its depth.
 */
#include "format/arrow_ipc/flatbuffer.h"

#include "format/base/bytes.h"
#include "format/base/checked.h"

enum { VTABLE_HEAD = 4 };

static void damage(struct tarn__flat *flat, size_t at)
{
    if (!flat->damaged) {
        flat->damaged = true;
        flat->damaged_at = at;
    }
}

static bool inside(const struct tarn__flat *flat, size_t at, size_t size)
{
    return at <= flat->size && size <= flat->size - at;
}

static struct tarn__flat_table no_table(struct tarn__flat *flat)
{
    return (struct tarn__flat_table){.flat = flat};
}

/* What the reference at `at` points to; false when that is outside. */
static bool follow(struct tarn__flat *flat, size_t at, size_t *out)
{
    const size_t offset = tarn__load32(flat->data + at);
    *out = at + offset; /* both below 2^32: fits */
    if (offset == 0 || !inside(flat, *out, sizeof(uint32_t))) {
        damage(flat, at);
        return false;
    }
    return true;
}

static struct tarn__flat_table table_behind(struct tarn__flat *flat, size_t reference)
{
    size_t at;
    if (!follow(flat, reference, &at)) {
        return no_table(flat);
    }
    const int64_t vtable = (int64_t)at - (int32_t)tarn__load32(flat->data + at);
    if (vtable < 0 || !inside(flat, (size_t)vtable, VTABLE_HEAD)) {
        damage(flat, at);
        return no_table(flat);
    }
    const size_t vtable_size = tarn__load16(flat->data + vtable);
    const size_t size = tarn__load16(flat->data + vtable + 2);
    if (vtable_size < VTABLE_HEAD || vtable_size % 2 != 0 || !inside(flat, (size_t)vtable, vtable_size) || size < sizeof(uint32_t) ||
        !inside(flat, at, size)) {
        damage(flat, (size_t)vtable);
        return no_table(flat);
    }
    return (struct tarn__flat_table){flat, at, size, (size_t)vtable, vtable_size};
}

struct tarn__flat_table tarn__flat_root(struct tarn__flat *flat)
{
    if (!inside(flat, 0, sizeof(uint32_t)) || flat->size > INT32_MAX) {
        damage(flat, 0);
        return no_table(flat);
    }
    return table_behind(flat, 0);
}

/* Where a field of `width` bytes lies; 0 when it is absent. */
static size_t field_at(const struct tarn__flat_table *table, unsigned slot, size_t width)
{
    const size_t entry = VTABLE_HEAD + 2 * (size_t)slot;
    if (entry + 2 > table->vtable_size) {
        return 0;
    }
    const size_t offset = tarn__load16(table->flat->data + table->vtable + entry);
    if (offset == 0) {
        return 0;
    }
    if (offset < sizeof(uint32_t) || offset > table->size || width > table->size - offset) {
        damage(table->flat, table->vtable + entry);
        return 0;
    }
    return table->at + offset;
}

bool tarn__flat_has(const struct tarn__flat_table *table, unsigned slot)
{
    return field_at(table, slot, 1) != 0;
}

int64_t tarn__flat_integer(const struct tarn__flat_table *table, unsigned slot, unsigned width, int64_t otherwise)
{
    const size_t at = field_at(table, slot, width);
    const uint8_t *bytes = table->flat->data + at;
    if (at == 0) {
        return otherwise;
    }
    switch (width) {
    case 1:
        return (int8_t)*bytes;
    case 2:
        return (int16_t)tarn__load16(bytes);
    case 4:
        return (int32_t)tarn__load32(bytes);
    default:
        return (int64_t)tarn__load64(bytes);
    }
}

struct tarn__flat_table tarn__flat_table_at(const struct tarn__flat_table *table, unsigned slot)
{
    const size_t at = field_at(table, slot, sizeof(uint32_t));
    return at != 0 ? table_behind(table->flat, at) : no_table(table->flat);
}

struct tarn__flat_vector tarn__flat_vector(const struct tarn__flat_table *table, unsigned slot, size_t element_size)
{
    struct tarn__flat *flat = table->flat;
    const struct tarn__flat_vector none = {flat, 0, 0};
    const size_t reference = field_at(table, slot, sizeof(uint32_t));
    size_t at;
    size_t size;
    if (reference == 0 || !follow(flat, reference, &at)) {
        return none;
    }
    const uint32_t count = tarn__load32(flat->data + at);
    if (!tarn__mul((size_t)count, element_size, &size) || !inside(flat, at + sizeof(uint32_t), size)) {
        damage(flat, at);
        return none;
    }
    return (struct tarn__flat_vector){flat, at + sizeof(uint32_t), count};
}

struct tarn_text tarn__flat_string(const struct tarn__flat_table *table, unsigned slot)
{
    const struct tarn__flat_vector bytes = tarn__flat_vector(table, slot, 1);
    return (struct tarn_text){(const char *)bytes.flat->data + bytes.at, bytes.count};
}

struct tarn__flat_table tarn__flat_element(const struct tarn__flat_vector *vector, uint32_t i)
{
    return table_behind(vector->flat, vector->at + sizeof(uint32_t) * i);
}
