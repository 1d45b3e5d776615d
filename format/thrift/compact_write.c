/* SPDX-License-Identifier: Apache-2.0
 *
 * The Thrift compact protocol, written from C structs by a table.
 *
 * Specification: apache/thrift, doc/specs/thrift-compact-protocol.md. SPEC: P-THRIFT-7.
 *
 * Invariants
 *  1. Fields come in ascending id, so that the short form of a field header is used wherever the step is below 16.
 *  2. What the table's presence says is absent leaves no byte.
 */
#include "format/encoding/varint.h"
#include "format/thrift/compact.h"

struct writer {
    struct tarn_buffer *out;
    struct tarn_error *err;
};

static enum tarn_status put(const struct writer *w, const void *bytes, size_t size)
{
    return tarn__buffer_append(w->out, bytes, size) ? TARN_OK : tarn__nomem(tarn__buffer_env(w->out), w->err, size);
}

static enum tarn_status put_varint(const struct writer *w, uint64_t value)
{
    uint8_t bytes[TARN_VARINT_MAX];
    return put(w, bytes, tarn__varint_put(bytes, value));
}

static enum tarn_status put_field(const struct writer *w, int32_t last, int32_t id, uint8_t type)
{
    uint8_t bytes[1 + TARN_VARINT_MAX] = {type};
    const int32_t step = id - last;
    if (step >= 1 && step <= 15) {
        bytes[0] = (uint8_t)((unsigned)step << 4 | type);
        return put(w, bytes, 1);
    }
    return put(w, bytes, 1 + tarn__varint_put(bytes + 1, tarn__zigzag(id)));
}

static enum tarn_status put_binary(const struct writer *w, const uint8_t *from)
{
    struct tarn_span bytes;
    memcpy(&bytes, from, sizeof(bytes));
    if (bytes.size > INT32_MAX) {
        return tarn__invalid(w->err, "thrift", "a text of metadata is longer than 2 GiB");
    }
    TARN_RETURN_IF_ERROR(put_varint(w, bytes.size));
    return put(w, bytes.data, bytes.size);
}

static bool load_bool(const uint8_t *from)
{
    bool value;
    memcpy(&value, from, sizeof(value));
    return value;
}

/* Bools of fields are in their header: those of lists come here. */
static enum tarn_status put_scalar(const struct writer *w, uint8_t type, const uint8_t *from)
{
    int8_t i8;
    int16_t i16;
    int32_t i32;
    int64_t i64;
    uint64_t bits;
    uint8_t bytes[8];
    switch (type) {
    case TARN_THRIFT_TRUE:
        bytes[0] = load_bool(from) ? TARN_THRIFT_TRUE : TARN_THRIFT_FALSE;
        return put(w, bytes, 1);
    case TARN_THRIFT_I8:
        memcpy(&i8, from, sizeof(i8));
        return put(w, &i8, 1);
    case TARN_THRIFT_I16:
        memcpy(&i16, from, sizeof(i16));
        return put_varint(w, tarn__zigzag(i16));
    case TARN_THRIFT_I32:
        memcpy(&i32, from, sizeof(i32));
        return put_varint(w, tarn__zigzag(i32));
    case TARN_THRIFT_I64:
        memcpy(&i64, from, sizeof(i64));
        return put_varint(w, tarn__zigzag(i64));
    case TARN_THRIFT_DOUBLE:
        memcpy(&bits, from, sizeof(bits));
        tarn__store64(bytes, bits);
        return put(w, bytes, sizeof(bytes));
    default:
        return put_binary(w, from);
    }
}

static enum tarn_status put_struct(const struct writer *w, const struct tarn_thrift_struct *of, const uint8_t *value);

static size_t stored_size(const struct tarn_thrift_field *field)
{
    switch (field->element) {
    case TARN_THRIFT_TRUE:
        return sizeof(bool);
    case TARN_THRIFT_I32:
        return sizeof(int32_t);
    case TARN_THRIFT_I64:
        return sizeof(int64_t);
    case TARN_THRIFT_STRUCT:
        return field->of->size;
    default:
        return sizeof(struct tarn_span);
    }
}

static enum tarn_status put_list(const struct writer *w, const struct tarn_thrift_field *field, const uint8_t *from)
{
    struct tarn_thrift_list list;
    memcpy(&list, from, sizeof(list));
    const uint8_t head = (uint8_t)((list.count < 15 ? list.count : 15u) << 4 | field->element);
    TARN_RETURN_IF_ERROR(put(w, &head, 1));
    if (list.count >= 15) {
        TARN_RETURN_IF_ERROR(put_varint(w, list.count));
    }
    const size_t size = stored_size(field);
    const uint8_t *item = list.items;
    for (uint32_t i = 0; i < list.count; i++, item += size) {
        TARN_RETURN_IF_ERROR(field->element == TARN_THRIFT_STRUCT ? put_struct(w, field->of, item) : put_scalar(w, field->element, item));
    }
    return TARN_OK;
}

static enum tarn_status put_nested(const struct writer *w, const struct tarn_thrift_field *field, const uint8_t *from)
{
    if (field->storage == TARN_THRIFT_EMPTY) {
        return put(w, &(uint8_t){TARN_THRIFT_STOP}, 1);
    }
    if (field->storage == TARN_THRIFT_POINTER) {
        const uint8_t *target;
        memcpy(&target, from, sizeof(target));
        from = target;
    }
    return put_struct(w, field->of, from);
}

static bool is_present(const struct tarn_thrift_field *field, const uint8_t *value)
{
    if (field->presence != TARN_THRIFT_ALWAYS) {
        return load_bool(value + field->presence);
    }
    if (field->storage == TARN_THRIFT_POINTER) {
        const void *to;
        memcpy(&to, value + field->offset, sizeof(to));
        return to != NULL;
    }
    return true;
}

static enum tarn_status put_member(const struct writer *w, const struct tarn_thrift_field *field, int32_t last, int32_t id,
                                   const uint8_t *value)
{
    const uint8_t *from = value + field->offset;
    uint8_t type = field->type;
    if (type == TARN_THRIFT_TRUE) {
        type = load_bool(from) ? TARN_THRIFT_TRUE : TARN_THRIFT_FALSE;
        return put_field(w, last, id, type);
    }
    TARN_RETURN_IF_ERROR(put_field(w, last, id, type));
    switch (type) {
    case TARN_THRIFT_STRUCT:
        return put_nested(w, field, from);
    case TARN_THRIFT_LIST:
        return put_list(w, field, from);
    default:
        return put_scalar(w, type, from);
    }
}

static enum tarn_status put_union(const struct writer *w, const struct tarn_thrift_struct *of, const uint8_t *value)
{
    int32_t id;
    memcpy(&id, value, sizeof(id));
    if (id <= 0 || id >= of->field_count || of->fields[id].name == NULL) {
        return tarn__invalid(w->err, "thrift", "%s has no member to be written", of->name);
    }
    TARN_RETURN_IF_ERROR(put_member(w, &of->fields[id], 0, id, value));
    return put(w, &(uint8_t){TARN_THRIFT_STOP}, 1);
}

static enum tarn_status put_struct(const struct writer *w, const struct tarn_thrift_struct *of, const uint8_t *value)
{
    if (of->is_union) {
        return put_union(w, of, value);
    }
    int32_t last = 0;
    for (int32_t id = 0; id < of->field_count; id++) {
        const struct tarn_thrift_field *field = &of->fields[id];
        if (field->name != NULL && is_present(field, value)) {
            TARN_RETURN_IF_ERROR(put_member(w, field, last, id, value));
            last = id;
        }
    }
    return put(w, &(uint8_t){TARN_THRIFT_STOP}, 1);
}

enum tarn_status tarn__thrift_encode(const struct tarn_thrift_struct *of, const void *value, struct tarn_buffer *out,
                                     struct tarn_error *err)
{
    return put_struct(&(struct writer){out, err}, of, value);
}
