/* SPDX-License-Identifier: Apache-2.0
 *
 * The builder of vectors: growing buffers for values, offsets, bytes and validity, and a builder for each child.
 *
 * Invariants
 *  1. `length` rows are whole: values (or offsets) of exactly them are in `data`, their bits in `validity` once it exists.
 *  2. There is no bitmap until the first null comes.
 *  3. Buffers are larger than what is in use; finish cuts them, which also clears their padding.
 *  4. Slots of nulls are zero.
 */
#include "format/batch/vector_builder.h"

#include "format/base/checked.h"
#include "format/batch/bitmap.h"
#include "format/batch/half.h"

enum failure { SOUND = 0, NO_MEMORY, WRONG_KIND, TOO_LONG };

struct tarn_vector_builder {
    struct tarn_env *env;
    const struct tarn_type *type;
    enum tarn_kind kind;
    uint32_t width;
    uint32_t length;
    enum failure failure;
    bool wide;          /* offsets of 64 bits */
    bool has_offsets;   /* strings, lists, maps */
    size_t data_size;   /* bytes in use of `data` */
    uint64_t byte_size; /* bytes in use of `bytes` */
    struct tarn_buffer *data;
    struct tarn_buffer *bytes;
    struct tarn_buffer *validity;
    uint32_t child_count;
    struct tarn_vector_builder *children[];
};

static const struct tarn_type variant_part = {.id = TARN_TYPE_BINARY};

enum tarn_status tarn__vector_builder_open(struct tarn_env *env, const struct tarn_type *type, struct tarn_vector_builder **out,
                                           struct tarn_error *err)
{
    *out = NULL;
    const uint32_t children = type->id == TARN_TYPE_VARIANT ? 2 : type->field_count;
    struct tarn_vector_builder *builder = tarn__calloc(env, 1, sizeof(*builder) + (size_t)children * sizeof(builder));
    if (builder == NULL) {
        return tarn__nomem(env, err, sizeof(*builder));
    }
    builder->env = tarn__env_retain(env);
    builder->type = type;
    builder->kind = tarn_type_kind(type);
    builder->width = tarn_type_width(type);
    builder->has_offsets = builder->kind == TARN_KIND_BYTES || type->id == TARN_TYPE_LIST || type->id == TARN_TYPE_MAP;
    for (uint32_t i = 0; i < children; i++) {
        const struct tarn_type *member = type->id == TARN_TYPE_VARIANT ? &variant_part : type->fields[i].type;
        const enum tarn_status status = tarn__vector_builder_open(env, member, &builder->children[i], err);
        if (status != TARN_OK) {
            tarn__vector_builder_close_all(builder);
            return status;
        }
        builder->child_count++;
    }
    *out = builder;
    return TARN_OK;
}

static void forget(struct tarn_vector_builder *builder)
{
    tarn__buffer_release(builder->data);
    tarn__buffer_release(builder->bytes);
    tarn__buffer_release(builder->validity);
    builder->data = NULL;
    builder->bytes = NULL;
    builder->validity = NULL;
    builder->data_size = 0;
    builder->byte_size = 0;
    builder->length = 0;
    builder->wide = false;
    builder->failure = SOUND;
    for (uint32_t i = 0; i < builder->child_count; i++) {
        forget(builder->children[i]);
    }
}

void tarn__vector_builder_close_all(struct tarn_vector_builder *builder)
{
    if (builder == NULL) {
        return;
    }
    forget(builder);
    for (uint32_t i = 0; i < builder->child_count; i++) {
        tarn__vector_builder_close_all(builder->children[i]);
    }
    struct tarn_env *env = builder->env;
    tarn__free(env, builder);
    tarn_env_close(env);
}

uint32_t tarn__vector_builder_length(const struct tarn_vector_builder *builder)
{
    return builder->length;
}

uint64_t tarn__vector_builder_memory(const struct tarn_vector_builder *builder)
{
    uint64_t bytes = builder->data_size + builder->byte_size;
    for (uint32_t i = 0; i < builder->child_count; i++) {
        bytes += tarn__vector_builder_memory(builder->children[i]);
    }
    return bytes;
}

static void fail(struct tarn_vector_builder *builder, enum failure failure)
{
    if (builder->failure == SOUND) {
        builder->failure = failure;
    }
}

/* ---- room ---- */

/* Makes `*buffer` hold at least `size` bytes; what is behind the used ones is undefined. */
static bool reserve(struct tarn_vector_builder *builder, struct tarn_buffer **buffer, uint64_t size)
{
    if (*buffer != NULL && size <= (*buffer)->size) {
        return true;
    }
    if (*buffer == NULL) {
        *buffer = tarn__buffer_new(builder->env, (size_t)(size < 256 ? 256 : size));
        if (*buffer == NULL) {
            fail(builder, NO_MEMORY);
        }
        return *buffer != NULL;
    }
    const uint64_t grown = (*buffer)->size + (uint64_t)(*buffer)->size / 2;
    if (!tarn__buffer_resize(*buffer, (size_t)(size < grown ? grown : size))) {
        fail(builder, NO_MEMORY);
        return false;
    }
    return true;
}

/* Begins a row: room in the bitmap if there is one. */
static bool begin_rows(struct tarn_vector_builder *builder, uint32_t count)
{
    if (builder->failure != SOUND) {
        return false;
    }
    if (count > UINT32_MAX - 1 - builder->length) {
        fail(builder, TOO_LONG);
        return false;
    }
    return builder->validity == NULL || reserve(builder, &builder->validity, tarn__bits_bytes((uint64_t)builder->length + count));
}

static void end_row(struct tarn_vector_builder *builder)
{
    if (builder->validity != NULL) {
        tarn__bit_put(builder->validity->data, builder->length, true);
    }
    builder->length++;
}

static uint8_t *room(struct tarn_vector_builder *builder, size_t size)
{
    if (!begin_rows(builder, 1) || !reserve(builder, &builder->data, builder->data_size + size)) {
        return NULL;
    }
    uint8_t *at = builder->data->data + builder->data_size;
    builder->data_size += size;
    return at;
}

/* ---- offsets ---- */

static bool widen_offsets(struct tarn_vector_builder *builder)
{
    struct tarn_buffer *wide = tarn__buffer_new(builder->env, builder->data_size * 4);
    if (wide == NULL) {
        fail(builder, NO_MEMORY);
        return false;
    }
    const uint32_t *from = (const uint32_t *)(const void *)builder->data->data;
    uint64_t *to = (uint64_t *)(void *)wide->data;
    for (size_t i = 0; i < builder->data_size / 4; i++) {
        to[i] = from[i];
    }
    tarn__buffer_release(builder->data);
    builder->data = wide;
    builder->data_size *= 2;
    builder->wide = true;
    return true;
}

/* The offset behind the row that ends now. */
static bool add_offset(struct tarn_vector_builder *builder, uint64_t end)
{
    if (builder->data == NULL) {
        if (!reserve(builder, &builder->data, sizeof(uint64_t))) {
            return false;
        }
        memset(builder->data->data, 0, sizeof(uint64_t));
        builder->data_size = sizeof(uint32_t);
    }
    if (!builder->wide && end > UINT32_MAX && !widen_offsets(builder)) {
        return false;
    }
    const size_t size = builder->wide ? sizeof(uint64_t) : sizeof(uint32_t);
    if (!reserve(builder, &builder->data, builder->data_size + size)) {
        return false;
    }
    uint8_t *at = builder->data->data + builder->data_size;
    if (builder->wide) {
        memcpy(at, &end, sizeof(end));
    } else {
        const uint32_t narrow = (uint32_t)end;
        memcpy(at, &narrow, sizeof(narrow));
    }
    builder->data_size += size;
    return true;
}

static uint64_t last_offset(const struct tarn_vector_builder *builder)
{
    return builder->kind == TARN_KIND_BYTES ? builder->byte_size : builder->child_count != 0 ? builder->children[0]->length : 0;
}

/* ---- appends ---- */

static bool make_validity(struct tarn_vector_builder *builder, uint32_t count)
{
    if (builder->validity == NULL) {
        if (!reserve(builder, &builder->validity, tarn__bits_bytes((uint64_t)builder->length + count))) {
            return false;
        }
        tarn__bitmap_fill(builder->validity->data, 0, builder->length, true);
    }
    return true;
}

/* Slots for rows that are null: zeros, equal offsets, nulls of the members. */
static bool add_empty(struct tarn_vector_builder *builder, uint32_t count)
{
    if (builder->has_offsets) {
        for (uint32_t i = 0; i < count; i++) {
            if (!add_offset(builder, last_offset(builder))) {
                return false;
            }
        }
        return true;
    }
    if (builder->kind == TARN_KIND_NULL) {
        return true;
    }
    if (builder->kind == TARN_KIND_NESTED) {
        for (uint32_t i = 0; i < builder->child_count; i++) {
            tarn__vector_builder_nulls(builder->children[i], count);
        }
        return true;
    }
    if (builder->kind == TARN_KIND_BOOL) {
        if (!reserve(builder, &builder->data, tarn__bits_bytes((uint64_t)builder->length + count))) {
            return false;
        }
        tarn__bitmap_fill(builder->data->data, builder->length, count, false);
        builder->data_size = tarn__bits_bytes((uint64_t)builder->length + count);
        return true;
    }
    const uint64_t size = (uint64_t)count * builder->width;
    if (!reserve(builder, &builder->data, builder->data_size + size)) {
        return false;
    }
    memset(builder->data->data + builder->data_size, 0, (size_t)size);
    builder->data_size += (size_t)size;
    return true;
}

void tarn__vector_builder_nulls(struct tarn_vector_builder *builder, uint32_t count)
{
    if (!begin_rows(builder, count) || !make_validity(builder, count) || !add_empty(builder, count)) {
        return;
    }
    tarn__bitmap_fill(builder->validity->data, builder->length, count, false);
    builder->length += count;
}

void tarn__vector_builder_null(struct tarn_vector_builder *builder)
{
    tarn__vector_builder_nulls(builder, 1);
}

void tarn__vector_builder_bool(struct tarn_vector_builder *builder, bool value)
{
    if (builder->kind != TARN_KIND_BOOL) {
        fail(builder, WRONG_KIND);
        return;
    }
    const size_t needed = tarn__bits_bytes((uint64_t)builder->length + 1);
    if (begin_rows(builder, 1) && reserve(builder, &builder->data, needed)) {
        tarn__bit_put(builder->data->data, builder->length, value);
        builder->data_size = needed;
        end_row(builder);
    }
}

void tarn__vector_builder_i64(struct tarn_vector_builder *builder, int64_t value)
{
    uint8_t *at;
    switch (builder->kind) {
    case TARN_KIND_I8:
    case TARN_KIND_U8:
        if ((at = room(builder, 1)) != NULL) {
            *at = (uint8_t)value;
        }
        break;
    case TARN_KIND_I16:
    case TARN_KIND_U16:
        if ((at = room(builder, 2)) != NULL) {
            memcpy(at, &(uint16_t){(uint16_t)value}, 2);
        }
        break;
    case TARN_KIND_I32:
    case TARN_KIND_U32:
        if ((at = room(builder, 4)) != NULL) {
            memcpy(at, &(uint32_t){(uint32_t)value}, 4);
        }
        break;
    case TARN_KIND_I64:
    case TARN_KIND_U64:
        if ((at = room(builder, 8)) != NULL) {
            memcpy(at, &value, 8);
        }
        break;
    case TARN_KIND_I128:
    case TARN_KIND_I256: {
        const uint64_t sign = value < 0 ? UINT64_MAX : 0;
        tarn__vector_builder_words(builder, (const uint64_t[]){(uint64_t)value, sign, sign, sign});
        return;
    }
    default:
        fail(builder, WRONG_KIND);
        return;
    }
    if (at != NULL) {
        end_row(builder);
    }
}

void tarn__vector_builder_f64(struct tarn_vector_builder *builder, double value)
{
    uint8_t *at = NULL;
    switch (builder->kind) {
    case TARN_KIND_F64:
        if ((at = room(builder, 8)) != NULL) {
            memcpy(at, &value, 8);
        }
        break;
    case TARN_KIND_F32:
        if ((at = room(builder, 4)) != NULL) {
            memcpy(at, &(float){(float)value}, 4);
        }
        break;
    case TARN_KIND_F16:
        if ((at = room(builder, 2)) != NULL) {
            memcpy(at, &(uint16_t){tarn__half_of_double(value)}, 2);
        }
        break;
    default:
        fail(builder, WRONG_KIND);
        return;
    }
    if (at != NULL) {
        end_row(builder);
    }
}

void tarn__vector_builder_words(struct tarn_vector_builder *builder, const uint64_t words[4])
{
    if (builder->kind != TARN_KIND_I128 && builder->kind != TARN_KIND_I256) {
        fail(builder, WRONG_KIND);
        return;
    }
    uint8_t *at = room(builder, builder->width);
    if (at != NULL) {
        memcpy(at, words, builder->width);
        end_row(builder);
    }
}

void tarn__vector_builder_text(struct tarn_vector_builder *builder, struct tarn_text text)
{
    if (builder->kind == TARN_KIND_FIXED && text.size == builder->width) {
        uint8_t *at = room(builder, builder->width);
        if (at != NULL) {
            if (text.size != 0) {
                memcpy(at, text.data, text.size);
            }
            end_row(builder);
        }
        return;
    }
    if (builder->kind != TARN_KIND_BYTES) {
        fail(builder, WRONG_KIND);
        return;
    }
    if (!begin_rows(builder, 1) || !reserve(builder, &builder->bytes, builder->byte_size + text.size)) {
        return;
    }
    if (text.size != 0) {
        memcpy(builder->bytes->data + builder->byte_size, text.data, text.size);
    }
    if (add_offset(builder, builder->byte_size + text.size)) {
        builder->byte_size += text.size;
        end_row(builder);
    }
}

void tarn__vector_builder_value(struct tarn_vector_builder *builder, const struct tarn_value *value)
{
    if (value->is_null) {
        tarn__vector_builder_null(builder);
        return;
    }
    switch (builder->kind) {
    case TARN_KIND_BOOL:
        tarn__vector_builder_bool(builder, value->u.boolean);
        break;
    case TARN_KIND_F16:
    case TARN_KIND_F32:
    case TARN_KIND_F64:
        tarn__vector_builder_f64(builder, value->u.f64);
        break;
    case TARN_KIND_I128:
    case TARN_KIND_I256:
        tarn__vector_builder_words(builder, value->u.words);
        break;
    case TARN_KIND_BYTES:
    case TARN_KIND_FIXED:
        tarn__vector_builder_text(builder, value->u.bytes);
        break;
    default:
        tarn__vector_builder_i64(builder, value->u.i64);
        break;
    }
}

void tarn__vector_builder_row(struct tarn_vector_builder *builder, const struct tarn_vector *vector, uint32_t row)
{
    const struct tarn__vector_place place = tarn__vector_locate(vector, row);
    if (place.is_null) {
        tarn__vector_builder_null(builder);
        return;
    }
    if (builder->kind != TARN_KIND_NESTED) {
        const struct tarn_value value = tarn__vector_value(place.vector, place.row);
        tarn__vector_builder_value(builder, &value);
        return;
    }
    if (place.vector->child_count != builder->child_count) {
        fail(builder, WRONG_KIND);
        return;
    }
    uint32_t begin = place.row;
    uint32_t end = place.row + 1;
    if (place.vector->shape == TARN_SHAPE_LIST) {
        begin = (uint32_t)tarn__vector_offset(place.vector, place.row);
        end = (uint32_t)tarn__vector_offset(place.vector, place.row + 1);
    }
    for (uint32_t i = 0; i < builder->child_count; i++) {
        for (uint32_t k = begin; k < end; k++) {
            tarn__vector_builder_row(builder->children[i], place.vector->children[i], k);
        }
    }
    tarn__vector_builder_close(builder);
}

struct tarn_vector_builder *tarn__vector_builder_child(struct tarn_vector_builder *builder, uint32_t i)
{
    return builder->children[i];
}

void tarn__vector_builder_close(struct tarn_vector_builder *builder)
{
    if (builder->kind != TARN_KIND_NESTED) {
        fail(builder, WRONG_KIND);
    } else if (begin_rows(builder, 1) && (!builder->has_offsets || add_offset(builder, last_offset(builder)))) {
        end_row(builder);
    }
}

/* ---- finish ---- */

static enum failure first_failure(const struct tarn_vector_builder *builder)
{
    enum failure failure = builder->failure;
    for (uint32_t i = 0; i < builder->child_count && failure == SOUND; i++) {
        const struct tarn_vector_builder *child = builder->children[i];
        const bool same_length = builder->type->id == TARN_TYPE_STRUCT || builder->type->id == TARN_TYPE_VARIANT;
        if ((same_length && child->length != builder->length) ||
            child->length != (same_length ? builder->length : builder->children[0]->length)) {
            return child->failure != SOUND ? child->failure : WRONG_KIND;
        }
        failure = first_failure(child);
    }
    return failure;
}

/* Hands a buffer over, cut to what is in use. */
static struct tarn_buffer *take(struct tarn_vector_builder *builder, struct tarn_buffer **buffer, uint64_t size)
{
    struct tarn_buffer *taken = *buffer;
    *buffer = NULL;
    if (taken == NULL) {
        return tarn__buffer_new_zeroed(builder->env, (size_t)size);
    }
    return tarn__buffer_resize(taken, (size_t)size) ? taken : NULL; /* shrinking cannot fail */
}

static struct tarn_buffer *take_validity(struct tarn_vector_builder *builder)
{
    if (builder->validity == NULL) {
        return NULL;
    }
    const size_t size = tarn__bits_bytes(builder->length);
    for (uint64_t i = builder->length; i < (uint64_t)size * 8; i++) {
        tarn__bit_clear(builder->validity->data, i);
    }
    return take(builder, &builder->validity, size);
}

static struct tarn_vector *take_vector(struct tarn_vector_builder *builder);

static struct tarn_vector *take_nested(struct tarn_vector_builder *builder, struct tarn_buffer *validity)
{
    struct tarn_vector **children = tarn__calloc(builder->env, builder->child_count + 1, sizeof(*children));
    if (children == NULL) {
        tarn__buffer_release(validity);
        return NULL;
    }
    for (uint32_t i = 0; i < builder->child_count; i++) {
        children[i] = take_vector(builder->children[i]);
    }
    struct tarn_vector *vector;
    if (builder->has_offsets) {
        const size_t size = builder->data != NULL ? builder->data_size : sizeof(uint32_t);
        vector = tarn__vector_list(builder->env, builder->type, builder->length, take(builder, &builder->data, size), builder->wide,
                                   builder->child_count, children, validity);
    } else {
        vector = tarn__vector_struct(builder->env, builder->type, builder->length, builder->child_count, children, validity);
    }
    tarn__free(builder->env, children);
    return vector;
}

static struct tarn_vector *take_vector(struct tarn_vector_builder *builder)
{
    struct tarn_buffer *validity = take_validity(builder);
    switch (builder->kind) {
    case TARN_KIND_NULL:
        tarn__buffer_release(validity);
        return tarn__vector_nulls(builder->env, builder->type, builder->length);
    case TARN_KIND_NESTED:
        return take_nested(builder, validity);
    case TARN_KIND_BYTES: {
        const size_t size = builder->data != NULL ? builder->data_size : sizeof(uint32_t);
        struct tarn_buffer *offsets = take(builder, &builder->data, size);
        return tarn__vector_strings(builder->env, builder->type, builder->length, offsets, builder->wide,
                                    take(builder, &builder->bytes, builder->byte_size), validity);
    }
    case TARN_KIND_BOOL:
        for (uint64_t i = builder->length; i < (uint64_t)builder->data_size * 8; i++) {
            tarn__bit_clear(builder->data->data, i);
        }
        break;
    default:
        break;
    }
    return tarn__vector_flat(builder->env, builder->type, builder->length, take(builder, &builder->data, builder->data_size), validity);
}

static enum tarn_status tell(const struct tarn_vector_builder *builder, enum failure failure, struct tarn_error *err)
{
    switch (failure) {
    case SOUND:
        return TARN_OK;
    case WRONG_KIND:
        return tarn__internal(err, "a vector was built with a value of another kind, or with members of unequal length");
    case TOO_LONG:
        return tarn__error_set(err, TARN_LIMIT, "vector_length", "a vector cannot have more than 2^32 - 2 rows: use smaller batches");
    default:
        return tarn__nomem(builder->env, err, 0);
    }
}

enum tarn_status tarn__vector_builder_status(const struct tarn_vector_builder *builder, struct tarn_error *err)
{
    enum tarn_status status = tell(builder, builder->failure, err);
    for (uint32_t i = 0; i < builder->child_count && status == TARN_OK; i++) {
        status = tarn__vector_builder_status(builder->children[i], err); /* lengths may differ: a row may be open */
    }
    return status;
}

enum tarn_status tarn__vector_builder_finish(struct tarn_vector_builder *builder, struct tarn_vector **out, struct tarn_error *err)
{
    const enum failure failure = first_failure(builder);
    *out = failure == SOUND ? take_vector(builder) : NULL;
    forget(builder);
    if (*out != NULL) {
        return TARN_OK;
    }
    return failure != SOUND ? tell(builder, failure, err) : tarn__nomem(builder->env, err, 0);
}
