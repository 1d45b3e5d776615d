/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers, texts, types and values as bytes, for whatever is made of them. SPEC: X-EXPR-9, X-EXPR-10.
 *
 *   type    = id, then by id
 *             DECIMAL varint precision, varint scale | TIME TIMESTAMP DURATION: unit + 4 utc + 8 wide, TIMESTAMP text zone |
 *             FIXED varint width | GEOMETRY GEOGRAPHY text crs | LIST STRUCT MAP varint count, (text name, nullable, varint id + 1,
 * type)... value   = (unless null) BOOL a byte; integers eight bytes; floats the eight of a double; I128 and I256 sixteen and thirty-two
 *             bytes; all little-endian; texts and fixed bytes: text
 *   text    = varint size, bytes
 *
 * Varints are LEB128 of at most 64 bits.
 */
#include "format/expr/coded.h"

#include "format/base/bytes.h"

enum { WORDS_256 = 4, WORDS_128 = 2 };

/* ---- writing ---- */

void tarn__coded_put_byte(struct tarn_text_builder *out, unsigned byte)
{
    tarn__builder_add_char(out, (char)byte);
}

void tarn__coded_put_varint(struct tarn_text_builder *out, uint64_t value)
{
    for (; value >= 0x80; value >>= 7) {
        tarn__coded_put_byte(out, (unsigned)(value & 0x7f) | 0x80);
    }
    tarn__coded_put_byte(out, (unsigned)value);
}

void tarn__coded_put_text(struct tarn_text_builder *out, struct tarn_text text)
{
    tarn__coded_put_varint(out, text.size);
    tarn__builder_add_bytes(out, text.data, text.size);
}

static void put_words(struct tarn_text_builder *out, const uint64_t *words, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        uint8_t bytes[8];
        tarn__store64(bytes, words[i]);
        tarn__builder_add_bytes(out, bytes, sizeof(bytes));
    }
}

static bool has_unit(enum tarn_type_id id)
{
    return id == TARN_TYPE_TIME || id == TARN_TYPE_TIMESTAMP || id == TARN_TYPE_DURATION;
}

void tarn__coded_put_type(struct tarn_text_builder *out, const struct tarn_type *type)
{
    tarn__coded_put_byte(out, type->id);
    if (has_unit(type->id)) {
        tarn__coded_put_byte(out, (unsigned)type->unit | (type->utc ? 4u : 0u) | (type->wide ? 8u : 0u));
    }
    switch (type->id) {
    case TARN_TYPE_DECIMAL:
        tarn__coded_put_varint(out, (uint64_t)type->precision);
        tarn__coded_put_varint(out, (uint64_t)type->scale);
        break;
    case TARN_TYPE_FIXED:
        tarn__coded_put_varint(out, type->width);
        break;
    case TARN_TYPE_TIMESTAMP:
    case TARN_TYPE_GEOMETRY:
    case TARN_TYPE_GEOGRAPHY:
        tarn__coded_put_text(out, type->zone);
        break;
    case TARN_TYPE_LIST:
    case TARN_TYPE_STRUCT:
    case TARN_TYPE_MAP:
        tarn__coded_put_varint(out, type->field_count);
        for (uint32_t i = 0; i < type->field_count; i++) {
            tarn__coded_put_text(out, type->fields[i].name);
            tarn__coded_put_byte(out, type->fields[i].nullable);
            tarn__coded_put_varint(out, (uint64_t)((int64_t)type->fields[i].id + 1));
            tarn__coded_put_type(out, type->fields[i].type);
        }
        break;
    default:
        break;
    }
}

void tarn__coded_put_value(struct tarn_text_builder *out, const struct tarn_value *value)
{
    uint64_t bits;
    tarn__coded_put_byte(out, value->is_null);
    if (value->is_null) {
        return;
    }
    switch (tarn_type_kind(value->type)) {
    case TARN_KIND_BOOL:
        tarn__coded_put_byte(out, value->u.boolean);
        break;
    case TARN_KIND_I128:
        put_words(out, value->u.words, WORDS_128);
        break;
    case TARN_KIND_I256:
        put_words(out, value->u.words, WORDS_256);
        break;
    case TARN_KIND_FIXED:
    case TARN_KIND_BYTES:
        tarn__coded_put_text(out, value->u.bytes);
        break;
    default:
        memcpy(&bits, &value->u.u64, sizeof(bits)); /* a double's too */
        put_words(out, &bits, 1);
        break;
    }
}

/* ---- reading ---- */

enum tarn_status tarn__coded_damaged(const struct tarn__coded *reader, const char *what)
{
    tarn__corrupt(reader->err, reader->detail, "the bytes of %s are damaged: %s", reader->noun, what);
    tarn__error_at_offset(reader->err, (uint64_t)(reader->whole.size - reader->rest.size));
    return TARN_CORRUPT;
}

enum tarn_status tarn__coded_take_byte(struct tarn__coded *reader, unsigned limit, unsigned *out)
{
    if (reader->rest.size == 0) {
        return tarn__coded_damaged(reader, "they end early");
    }
    *out = *tarn__span_take(&reader->rest, 1).data;
    return *out < limit ? TARN_OK : tarn__coded_damaged(reader, "a number is out of range");
}

enum tarn_status tarn__coded_take_varint(struct tarn__coded *reader, uint64_t limit, uint64_t *out)
{
    uint64_t value = 0;
    unsigned shift = 0;
    unsigned byte;
    do {
        TARN_RETURN_IF_ERROR(tarn__coded_take_byte(reader, 256, &byte));
        if (shift == 63 && byte > 1) {
            return tarn__coded_damaged(reader, "a number has more than 64 bits");
        }
        value |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while ((byte & 0x80) != 0);
    *out = value;
    return value < limit ? TARN_OK : tarn__coded_damaged(reader, "a number is out of range");
}

/* A count of things that take a byte each at least. */
enum tarn_status tarn__coded_take_count(struct tarn__coded *reader, uint32_t *out)
{
    uint64_t count;
    TARN_RETURN_IF_ERROR(tarn__coded_take_varint(reader, UINT32_MAX, &count));
    *out = (uint32_t)count;
    return count <= reader->rest.size ? TARN_OK : tarn__coded_damaged(reader, "they end early");
}

enum tarn_status tarn__coded_take_text(struct tarn__coded *reader, struct tarn_text *out)
{
    uint32_t size;
    TARN_RETURN_IF_ERROR(tarn__coded_take_count(reader, &size));
    const struct tarn_span bytes = tarn__span_take(&reader->rest, size);
    *out = (struct tarn_text){(const char *)bytes.data, bytes.size};
    return TARN_OK;
}

static enum tarn_status take_words(struct tarn__coded *reader, uint64_t *words, unsigned count)
{
    if (reader->rest.size < count * sizeof(uint64_t)) {
        return tarn__coded_damaged(reader, "they end early");
    }
    for (unsigned i = 0; i < count; i++) {
        words[i] = tarn__load64(tarn__span_take(&reader->rest, sizeof(uint64_t)).data);
    }
    return TARN_OK;
}

void *tarn__coded_room(struct tarn__coded *reader, size_t count, size_t size, enum tarn_status *status)
{
    void *block = tarn__arena_calloc(reader->arena, count, size);
    *status = block != NULL ? TARN_OK : tarn__nomem(reader->arena->env, reader->err, count * size);
    return block;
}

enum tarn_status tarn__coded_take_id(struct tarn__coded *reader, int32_t *out)
{
    uint64_t id;
    TARN_RETURN_IF_ERROR(tarn__coded_take_varint(reader, (uint64_t)INT32_MAX + 2, &id));
    *out = (int32_t)((int64_t)id - 1);
    return TARN_OK;
}

static enum tarn_status take_members(struct tarn__coded *reader, unsigned depth, struct tarn_type *type)
{
    enum tarn_status status;
    TARN_RETURN_IF_ERROR(tarn__coded_take_count(reader, &type->field_count));
    struct tarn_field *fields = tarn__coded_room(reader, type->field_count, sizeof(*fields), &status);
    type->fields = fields;
    for (uint32_t i = 0; i < type->field_count && status == TARN_OK; i++) {
        unsigned nullable;
        TARN_RETURN_IF_ERROR(tarn__coded_take_text(reader, &fields[i].name));
        TARN_RETURN_IF_ERROR(tarn__coded_take_byte(reader, 2, &nullable));
        fields[i].nullable = nullable != 0;
        TARN_RETURN_IF_ERROR(tarn__coded_take_id(reader, &fields[i].id));
        status = tarn__coded_take_type(reader, depth + 1, &fields[i].type);
    }
    return status;
}

enum tarn_status tarn__coded_take_type(struct tarn__coded *reader, unsigned depth, const struct tarn_type **out)
{
    enum tarn_status status;
    unsigned id;
    unsigned flags;
    uint64_t number;
    if (depth > TARN_MAX_DEPTH) {
        return tarn__coded_damaged(reader, "a type is nested too deep");
    }
    struct tarn_type *type = tarn__coded_room(reader, 1, sizeof(*type), &status);
    if (status != TARN_OK) {
        return status;
    }
    *out = type;
    TARN_RETURN_IF_ERROR(tarn__coded_take_byte(reader, TARN_TYPE_VARIANT + 1, &id));
    type->id = (enum tarn_type_id)id;
    if (has_unit(type->id)) {
        TARN_RETURN_IF_ERROR(tarn__coded_take_byte(reader, 16, &flags));
        type->unit = (enum tarn_time_unit)(flags & 3);
        type->utc = (flags & 4) != 0;
        type->wide = (flags & 8) != 0;
    }
    switch (type->id) {
    case TARN_TYPE_DECIMAL:
        TARN_RETURN_IF_ERROR(tarn__coded_take_varint(reader, INT32_MAX, &number));
        type->precision = (int32_t)number;
        TARN_RETURN_IF_ERROR(tarn__coded_take_varint(reader, INT32_MAX, &number));
        type->scale = (int32_t)number;
        return TARN_OK;
    case TARN_TYPE_FIXED:
        TARN_RETURN_IF_ERROR(tarn__coded_take_varint(reader, INT32_MAX, &number));
        type->width = (uint32_t)number;
        return TARN_OK;
    case TARN_TYPE_TIMESTAMP:
    case TARN_TYPE_GEOMETRY:
    case TARN_TYPE_GEOGRAPHY:
        return tarn__coded_take_text(reader, &type->zone);
    case TARN_TYPE_LIST:
    case TARN_TYPE_STRUCT:
    case TARN_TYPE_MAP:
        return take_members(reader, depth, type);
    default:
        return TARN_OK;
    }
}

enum tarn_status tarn__coded_take_value(struct tarn__coded *reader, struct tarn_value *value)
{
    unsigned byte;
    TARN_RETURN_IF_ERROR(tarn__coded_take_byte(reader, 2, &byte));
    value->is_null = byte != 0;
    if (value->is_null) {
        return TARN_OK;
    }
    switch (tarn_type_kind(value->type)) {
    case TARN_KIND_NULL:
    case TARN_KIND_NESTED:
        return tarn__coded_damaged(reader, "a literal of a type that has none");
    case TARN_KIND_BOOL:
        TARN_RETURN_IF_ERROR(tarn__coded_take_byte(reader, 2, &byte));
        value->u.boolean = byte != 0;
        return TARN_OK;
    case TARN_KIND_I128: {
        TARN_RETURN_IF_ERROR(take_words(reader, value->u.words, WORDS_128));
        const uint64_t sign = value->u.words[1] >> 63 != 0 ? UINT64_MAX : 0;
        value->u.words[2] = sign;
        value->u.words[3] = sign;
        return TARN_OK;
    }
    case TARN_KIND_I256:
        return take_words(reader, value->u.words, WORDS_256);
    case TARN_KIND_FIXED:
    case TARN_KIND_BYTES:
        return tarn__coded_take_text(reader, &value->u.bytes);
    default:
        return take_words(reader, value->u.words, 1);
    }
}
