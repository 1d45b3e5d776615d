/* SPDX-License-Identifier: Apache-2.0
 *
 * Flatbuffers built, from front to back. Specification: "FlatBuffers internals". SPEC: X-IPC-10.
 *
 * Invariants
 *  1. Every number lies at a multiple of its size, counted from the buffer's begin.
 *  2. A table's vtable stands right before it, so that offsets to tables, vectors and strings all lead forward.
 *  3. Once memory is refused positions mean nothing and are not written to; the builder's status says so.
 */
#include "format/arrow_ipc/flatbuffer.h"
#include "format/base/bytes.h"

void tarn__flat_align(struct tarn_text_builder *builder, size_t alignment)
{
    const size_t over = builder->size % alignment;
    if (over != 0) {
        tarn__builder_add_repeat(builder, '\0', alignment - over);
    }
}

size_t tarn__flat_begin(struct tarn_text_builder *builder)
{
    tarn__builder_add_repeat(builder, '\0', sizeof(uint32_t));
    return 0;
}

void tarn__flat_put_integer(struct tarn_text_builder *builder, size_t at, unsigned width, int64_t value)
{
    uint8_t bytes[8];
    tarn__store64(bytes, (uint64_t)value);
    if (!builder->failed) {
        memcpy(builder->data + at, bytes, width);
    }
}

static void refer(struct tarn_text_builder *builder, size_t reference, size_t target)
{
    tarn__flat_put_integer(builder, reference, sizeof(uint32_t), (int64_t)(target - reference));
}

struct tarn__flat_place tarn__flat_put_table(struct tarn_text_builder *builder, size_t reference, unsigned count, const uint8_t *widths)
{
    struct tarn__flat_place place = {0};
    const size_t vtable_size = 4 + 2 * (size_t)count;
    size_t size = 4;
    while ((builder->size + vtable_size) % 8 != 4) { /* the widest fields follow the first four bytes */
        tarn__builder_add_char(builder, '\0');
        if (builder->failed) {
            return place;
        }
    }
    const size_t vtable = builder->size;
    place.at = vtable + vtable_size;
    for (unsigned width = 8; width != 0; width /= 2) {
        for (unsigned i = 0; i < count; i++) {
            if (widths[i] == width) {
                place.field[i] = place.at + size;
                size += width;
            }
        }
    }
    tarn__builder_add_repeat(builder, '\0', vtable_size + size);
    tarn__flat_put_integer(builder, vtable, 2, (int64_t)vtable_size);
    tarn__flat_put_integer(builder, vtable + 2, 2, (int64_t)size);
    for (unsigned i = 0; i < count; i++) {
        tarn__flat_put_integer(builder, vtable + 4 + 2 * (size_t)i, 2, place.field[i] != 0 ? (int64_t)(place.field[i] - place.at) : 0);
    }
    tarn__flat_put_integer(builder, place.at, 4, (int64_t)vtable_size);
    refer(builder, reference, place.at);
    return place;
}

void tarn__flat_put_string(struct tarn_text_builder *builder, size_t reference, struct tarn_text text)
{
    tarn__flat_align(builder, 4);
    refer(builder, reference, builder->size);
    uint8_t size[4];
    tarn__store32(size, (uint32_t)text.size);
    tarn__builder_add_bytes(builder, size, sizeof(size));
    tarn__builder_add(builder, text);
    tarn__builder_add_char(builder, '\0');
}

size_t tarn__flat_put_vector(struct tarn_text_builder *builder, size_t reference, uint32_t count, size_t element_size)
{
    tarn__flat_align(builder, 4);
    if (element_size % 8 == 0 && builder->size % 8 == 0) { /* the elements, behind the count, are what must be aligned */
        tarn__builder_add_repeat(builder, '\0', 4);
    }
    refer(builder, reference, builder->size);
    uint8_t head[4];
    tarn__store32(head, count);
    tarn__builder_add_bytes(builder, head, sizeof(head));
    const size_t first = builder->size;
    tarn__builder_add_repeat(builder, '\0', count * element_size);
    return first;
}
