/* SPDX-License-Identifier: Apache-2.0
 *
 * ArrowArrays as nodes and buffers of a body. Specification: Arrow "Columnar format", "RecordBatch message". SPEC: X-IPC-10.
 *
 * Invariants
 *  1. Only what the rows use is written: offsets begin at 0, and bytes and children are cut to them.
 *  2. Bits behind the last of a bitmap and bytes between buffers are zero.
 */
#include "format/arrow_ipc/ipc_build.h"

#include "format/base/bytes.h"
#include "format/base/checked.h"
#include "format/batch/bitmap.h"

void tarn__ipc_body_open(struct tarn__ipc_body_builder *body, struct tarn_env *env, struct tarn__ipc_packer *packer,
                         enum tarn__ipc_codec codec, int32_t level)
{
    *body = (struct tarn__ipc_body_builder){.env = env, .packer = packer, .codec = codec, .level = level};
    tarn__builder_init(&body->nodes, env);
    tarn__builder_init(&body->variadic, env);
    tarn__builder_init(&body->made, env);
}

void tarn__ipc_body_close(struct tarn__ipc_body_builder *body)
{
    tarn__builder_free(&body->nodes);
    tarn__builder_free(&body->variadic);
    tarn__builder_free(&body->made);
    tarn__free(body->env, body->segments);
    body->segments = NULL;
}

void tarn__ipc_body_clear(struct tarn__ipc_body_builder *body)
{
    tarn__builder_clear(&body->nodes);
    tarn__builder_clear(&body->variadic);
    tarn__builder_clear(&body->made);
    body->segment_count = 0;
    body->size = 0;
}

/* ---- buffers ---- */

static void add_number(struct tarn_text_builder *to, int64_t number)
{
    uint8_t bytes[8];
    tarn__store64(bytes, (uint64_t)number);
    tarn__builder_add_bytes(to, bytes, sizeof(bytes));
}

/* A segment; `data` NULL: the `size` bytes that were last added to `made`. */
static enum tarn_status add_segment(struct tarn__ipc_body_builder *body, const void *data, uint64_t size, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tarn__builder_status(&body->made, err));
    if (!tarn__grow(body->env, &body->segments, &body->segment_room, body->segment_count + 1, sizeof(*body->segments))) {
        return tarn__nomem(body->env, err, 0);
    }
    body->segments[body->segment_count++] = (struct tarn__ipc_segment){data, data != NULL ? 0 : body->made.size - (size_t)size, size, 0};
    return TARN_OK;
}

/* Room for a segment of its own; to be followed by add_segment(NULL). NULL: no memory, or none is needed. */
static uint8_t *make(struct tarn__ipc_body_builder *body, size_t size)
{
    uint8_t *room = (uint8_t *)tarn__builder_reserve(&body->made, size);
    body->made.size += room != NULL ? size : 0;
    return room;
}

/* Bits first .. first+length-1. */
static enum tarn_status add_bits(struct tarn__ipc_body_builder *body, const uint8_t *bits, uint64_t first, uint32_t length,
                                 struct tarn_error *err)
{
    const size_t size = tarn__bits_bytes(length);
    uint8_t *room = make(body, size);
    if (room != NULL && size != 0) {
        room[size - 1] = 0;
        tarn__bitmap_copy(room, bits, first, length);
    }
    return add_segment(body, NULL, size, err);
}

static uint64_t offset_at(const void *offsets, size_t width, uint64_t i)
{
    const uint8_t *at = (const uint8_t *)offsets + i * width;
    return width == 8 ? tarn__load64(at) : tarn__load32(at);
}

/* length + 1 offsets, from 0 on; what they span goes to *begin and *size. */
static enum tarn_status add_offsets(struct tarn__ipc_body_builder *body, const void *offsets, size_t width, uint64_t first, uint64_t length,
                                    uint64_t *begin, uint64_t *size, struct tarn_error *err)
{
    *begin = offset_at(offsets, width, first);
    *size = offset_at(offsets, width, first + length) - *begin;
    if (*begin == 0) {
        return add_segment(body, (const uint8_t *)offsets + first * width, (length + 1) * width, err);
    }
    uint8_t *room = make(body, (size_t)((length + 1) * width));
    for (uint64_t i = 0; room != NULL && i <= length; i++) {
        const uint64_t offset = offset_at(offsets, width, first + i) - *begin;
        if (width == 8) {
            tarn__store64(room + i * width, offset);
        } else {
            tarn__store32(room + i * width, (uint32_t)offset);
        }
    }
    return add_segment(body, NULL, (length + 1) * width, err);
}

/* ---- arrays ---- */

static enum tarn_status add_node(struct tarn__ipc_body_builder *body, const struct ArrowArray *array, bool has_validity, uint64_t first,
                                 uint64_t length, struct tarn_error *err)
{
    const uint8_t *bits = has_validity && array->null_count != 0 ? array->buffers[0] : NULL;
    const uint64_t nulls = bits != NULL ? length - tarn__bitmap_count(bits, first, (uint32_t)length) : 0;
    add_number(&body->nodes, (int64_t)length);
    add_number(&body->nodes, (int64_t)(array->n_buffers != 0 ? nulls : length));
    if (!has_validity) {
        return TARN_OK;
    }
    return nulls != 0 ? add_bits(body, bits, first, (uint32_t)length, err) : add_segment(body, "", 0, err);
}

static enum tarn_status add_values(struct tarn__ipc_body_builder *body, const struct ArrowArray *array, size_t width, uint64_t first,
                                   uint64_t length, struct tarn_error *err)
{
    const uint8_t *values = array->buffers[1];
    return length * width != 0 ? add_segment(body, values + first * width, length * width, err) : add_segment(body, "", 0, err);
}

static enum tarn_status add_text(struct tarn__ipc_body_builder *body, const struct ArrowArray *array, size_t width, uint64_t first,
                                 uint64_t length, struct tarn_error *err)
{
    const uint8_t *bytes = array->buffers[2];
    uint64_t begin;
    uint64_t size;
    TARN_RETURN_IF_ERROR(add_offsets(body, array->buffers[1], width, first, length, &begin, &size, err));
    return size != 0 ? add_segment(body, bytes + begin, size, err) : add_segment(body, "", 0, err);
}

static enum tarn_status add_views(struct tarn__ipc_body_builder *body, const struct ArrowArray *array, uint64_t first, uint64_t length,
                                  struct tarn_error *err)
{
    const int64_t count = array->n_buffers - 3;
    const int64_t *sizes = array->buffers[array->n_buffers - 1];
    TARN_RETURN_IF_ERROR(add_values(body, array, 16, first, length, err));
    for (int64_t i = 0; i < count; i++) {
        TARN_RETURN_IF_ERROR(sizes[i] != 0 ? add_segment(body, array->buffers[2 + i], (uint64_t)sizes[i], err)
                                           : add_segment(body, "", 0, err));
    }
    add_number(&body->variadic, count);
    return tarn__builder_status(&body->variadic, err);
}

static enum tarn_status add_layout(struct tarn__ipc_body_builder *body, const struct tarn__arrow_format *format,
                                   const struct ArrowSchema *schema, const struct ArrowArray *array, uint64_t first, uint64_t length,
                                   struct tarn_error *err)
{
    switch (format->layout) {
    case TARN__ARROW_BITS:
        return add_bits(body, array->buffers[1], first, (uint32_t)length, err);
    case TARN__ARROW_FIXED:
    case TARN__ARROW_DECIMAL:
        return add_values(body, array, format->width, first, length, err);
    case TARN__ARROW_TEXT:
        return add_text(body, array, 4, first, length, err);
    case TARN__ARROW_LARGE_TEXT:
        return add_text(body, array, 8, first, length, err);
    case TARN__ARROW_VIEWS:
        return add_views(body, array, first, length, err);
    case TARN__ARROW_LIST:
    case TARN__ARROW_MAP: {
        uint64_t begin;
        uint64_t size;
        TARN_RETURN_IF_ERROR(add_offsets(body, array->buffers[1], 4, first, length, &begin, &size, err));
        return tarn__ipc_body_add(body, schema->children[0], array->children[0], begin, size, err);
    }
    case TARN__ARROW_STRUCT:
        for (int64_t i = 0; i < array->n_children; i++) {
            TARN_RETURN_IF_ERROR(tarn__ipc_body_add(body, schema->children[i], array->children[i], first, length, err));
        }
        return TARN_OK;
    default: /* nulls; nothing else is exported */
        return TARN_OK;
    }
}

enum tarn_status tarn__ipc_body_add(struct tarn__ipc_body_builder *body, const struct ArrowSchema *schema, const struct ArrowArray *array,
                                    uint64_t first, uint64_t length, struct tarn_error *err)
{
    struct tarn__arrow_format format;
    TARN_RETURN_IF_ERROR(tarn__arrow_format_read(schema->format, &format, err));
    const uint32_t buffers = tarn__arrow_buffer_count(schema, format.layout);
    TARN_RETURN_IF_ERROR(add_node(body, array, buffers != 0, first, length, err));
    return add_layout(body, &format, schema, array, first, length, err);
}

/* ---- the end ---- */

/* Each segment's bytes compressed, in a `made` of its own. */
static enum tarn_status pack(struct tarn__ipc_body_builder *body, struct tarn_error *err)
{
    struct tarn_text_builder packed;
    enum tarn_status status = TARN_OK;
    tarn__builder_init(&packed, body->env);
    for (size_t i = 0; i < body->segment_count && status == TARN_OK; i++) {
        struct tarn__ipc_segment *segment = &body->segments[i];
        const uint8_t *data = segment->data != NULL ? segment->data : (const uint8_t *)body->made.data + segment->made;
        const size_t at = packed.size;
        if (segment->size != 0) {
            status = tarn__ipc_pack(body->packer, body->codec, body->level, (struct tarn_span){data, (size_t)segment->size}, &packed, err);
            *segment = (struct tarn__ipc_segment){NULL, at, packed.size - at, 0};
        }
    }
    tarn__builder_free(&body->made);
    body->made = packed;
    return status;
}

enum tarn_status tarn__ipc_body_end(struct tarn__ipc_body_builder *body, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tarn__builder_status(&body->nodes, err));
    if (body->codec != TARN__IPC_PLAIN) {
        TARN_RETURN_IF_ERROR(pack(body, err));
    }
    for (size_t i = 0; i < body->segment_count; i++) {
        body->segments[i].offset = body->size;
        body->size += (body->segments[i].size + TARN__IPC_ALIGNMENT - 1) / TARN__IPC_ALIGNMENT * TARN__IPC_ALIGNMENT;
    }
    return TARN_OK;
}
