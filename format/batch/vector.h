/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BATCH_VECTOR_H
#define TARN_FORMAT_BATCH_VECTOR_H

#include "format/base/buffer.h"
#include "tarn/batch.h"
#include "tarn/value.h"

/*
 * Making vectors: one maker a shape.
 *
 * Ownership: a maker takes over the caller's references on the buffers, children and dictionary it is given, also when it fails; a caller
 * that wants to keep one retains it before. The arrays of pointers themselves stay the caller's. The type is borrowed.
 * Failure: NULL, for want of memory (also when a buffer, child or dictionary that the shape needs is NULL, so that the results of
 * allocations can be passed on unchecked); the caller says tarn__nomem(env, err, 0).
 * What a maker is given is believed: buffers are long enough, offsets ascend, codes are entries, views lie in their buffers, slots of
 * nulls are zero. Whoever has bytes of a stranger checks them before.
 * `validity` NULL: no row is null.
 */

struct tarn_vector *tarn__vector_flat(struct tarn_env *env, const struct tarn_type *type, uint32_t length, struct tarn_buffer *values,
                                      struct tarn_buffer *validity);
/** `offsets`: length + 1 of uint32_t, or of uint64_t when `wide`; the first need not be 0. */
struct tarn_vector *tarn__vector_strings(struct tarn_env *env, const struct tarn_type *type, uint32_t length, struct tarn_buffer *offsets,
                                         bool wide, struct tarn_buffer *bytes, struct tarn_buffer *validity);
struct tarn_vector *tarn__vector_views(struct tarn_env *env, const struct tarn_type *type, uint32_t length, struct tarn_buffer *views,
                                       uint32_t view_buffer_count, struct tarn_buffer *const *view_buffers, struct tarn_buffer *validity);
/** `codes`: uint32_t, below the number of entries; 0 where null. */
struct tarn_vector *tarn__vector_dictionary(struct tarn_env *env, const struct tarn_type *type, uint32_t length, struct tarn_buffer *codes,
                                            struct tarn_dictionary *dictionary, struct tarn_buffer *validity);
/** Every row is row 0 of `child`, which has one unless length is 0. */
struct tarn_vector *tarn__vector_constant(struct tarn_env *env, const struct tarn_type *type, uint32_t length, struct tarn_vector *child);
/** `ends`: uint32_t, ascending, the last is `length`; a row of `child` each. */
struct tarn_vector *tarn__vector_runs(struct tarn_env *env, const struct tarn_type *type, uint32_t length, uint32_t run_count,
                                      struct tarn_buffer *ends, struct tarn_vector *child);
/** LIST with one child, MAP with two (keys, values). */
struct tarn_vector *tarn__vector_list(struct tarn_env *env, const struct tarn_type *type, uint32_t length, struct tarn_buffer *offsets,
                                      bool wide, uint32_t child_count, struct tarn_vector *const *children, struct tarn_buffer *validity);
/** STRUCT and VARIANT. */
struct tarn_vector *tarn__vector_struct(struct tarn_env *env, const struct tarn_type *type, uint32_t length, uint32_t child_count,
                                        struct tarn_vector *const *children, struct tarn_buffer *validity);
struct tarn_vector *tarn__vector_nulls(struct tarn_env *env, const struct tarn_type *type, uint32_t length);

/** CONSTANT of a value, NULLS when it is null. The value's bytes are copied. `type` is the vector's, of the same kind. */
struct tarn_vector *tarn__vector_of_value(struct tarn_env *env, const struct tarn_type *type, uint32_t length,
                                          const struct tarn_value *value);

/**
 * The same vector under another type of the same layout (VARCHAR as JSON, a field of another schema), children and dictionary entries too,
 * so that nothing of it refers to the old type. Shares all memory; a dictionary keeps its identity.
 */
struct tarn_vector *tarn__vector_retype(struct tarn_vector *vector, const struct tarn_type *type);

/** Rows offset .. offset+length-1, sharing all memory but a bitmap that does not begin at a byte. */
TARN_WARN_UNUSED enum tarn_status tarn__vector_slice(struct tarn_vector *vector, uint32_t offset, uint32_t length, struct tarn_vector **out,
                                                     struct tarn_error *err);

/** The same rows over other children of the same lengths (retained, not taken over). NULL: no memory. */
struct tarn_vector *tarn__vector_with_children(struct tarn_vector *vector, struct tarn_vector *const *children);

/** The same codes over another dictionary, whose entries have `type` (retained, not taken over). NULL: no memory. */
struct tarn_vector *tarn__vector_with_dictionary(struct tarn_vector *vector, const struct tarn_dictionary *dictionary,
                                                 const struct tarn_type *type);

struct tarn_env *tarn__vector_env(const struct tarn_vector *vector);
/** Is the caller's the only reference on the vector (so that the producer may recycle its buffers when they are unshared too)? */
bool tarn__vector_unshared(const struct tarn_vector *vector);
/** Bytes of memory that the vector keeps alive, roughly: for budgets. */
uint64_t tarn__vector_memory(const struct tarn_vector *vector);

/** A dictionary with a new identity, over `values`, whose reference it takes over. NULL: no memory, or `values` is NULL. */
struct tarn_dictionary *tarn__dictionary_make(struct tarn_env *env, struct tarn_vector *values);
struct tarn_dictionary *tarn__dictionary_retain(const struct tarn_dictionary *dictionary);
/** The same identity over `values`, the same entries under another type, whose reference it takes over. NULL: no memory, or `values` is
 * NULL. */
struct tarn_dictionary *tarn__dictionary_alias(const struct tarn_dictionary *dictionary, struct tarn_vector *values);
/** NULL is legal. */
void tarn__dictionary_release(const struct tarn_dictionary *dictionary);

/** Where the value of a row really lies: a vector of shape FLAT, STRINGS, VIEWS, LIST, STRUCT or NULLS, and the row in it. */
struct tarn__vector_place {
    const struct tarn_vector *vector;
    uint32_t row;
    bool is_null;
};

static inline uint32_t tarn__vector_run(const struct tarn_vector *vector, uint32_t row)
{
    uint32_t low = 0;
    uint32_t high = vector->run_count - 1;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (vector->u.ends[middle] > row) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

static inline struct tarn__vector_place tarn__vector_locate(const struct tarn_vector *vector, uint32_t row)
{
    for (;;) {
        switch (vector->shape) {
        case TARN_SHAPE_CONSTANT:
            vector = vector->children[0];
            row = 0;
            break;
        case TARN_SHAPE_RUNS:
            row = tarn__vector_run(vector, row);
            vector = vector->children[0];
            break;
        case TARN_SHAPE_DICTIONARY:
            if (vector->validity != NULL && !tarn__bit_get(vector->validity, row)) {
                return (struct tarn__vector_place){vector->dictionary->values, 0, true};
            }
            row = vector->u.codes[row];
            vector = vector->dictionary->values;
            break;
        case TARN_SHAPE_NULLS:
            return (struct tarn__vector_place){vector, row, true};
        default:
            return (struct tarn__vector_place){vector, row, vector->validity != NULL && !tarn__bit_get(vector->validity, row)};
        }
    }
}

/** Offset number `i` of a STRINGS or LIST vector. */
static inline uint64_t tarn__vector_offset(const struct tarn_vector *vector, uint32_t i)
{
    return vector->wide_offsets ? ((const uint64_t *)vector->u.offsets)[i] : ((const uint32_t *)vector->u.offsets)[i];
}

/** The bytes of a row of a STRINGS or VIEWS vector that is not null. */
static inline struct tarn_text tarn__vector_leaf_text(const struct tarn_vector *vector, uint32_t row)
{
    if (vector->shape == TARN_SHAPE_STRINGS) {
        const uint64_t begin = tarn__vector_offset(vector, row);
        return (struct tarn_text){(const char *)vector->bytes + begin, (size_t)(tarn__vector_offset(vector, row + 1) - begin)};
    }
    const struct tarn_string_view *view = &vector->u.views[row];
    if (view->size <= sizeof(view->u.inlined)) {
        return (struct tarn_text){(const char *)view->u.inlined, view->size};
    }
    return (struct tarn_text){(const char *)vector->view_buffers[view->u.ref.buffer]->data + view->u.ref.offset, view->size};
}

/** Copies a text to `to`. Most are short: 16 bytes are moved at once where both sides have them, `room` and `there` bytes from the begins.
 */
static inline void tarn__copy_text(uint8_t *to, uint64_t room, struct tarn_text text, uint64_t there)
{
    if (text.size <= 16 && room >= 16 && there >= 16) {
        memcpy(to, text.data, 16);
    } else if (text.size != 0) {
        memcpy(to, text.data, text.size);
    }
}

/** A view of `text`, which lies at `offset` of buffer number `buffer` when it is longer than 12 bytes. */
static inline struct tarn_string_view tarn__string_view(struct tarn_text text, uint32_t buffer, uint32_t offset)
{
    struct tarn_string_view view;
    memset(&view, 0, sizeof(view));
    view.size = (uint32_t)text.size;
    if (text.size <= sizeof(view.u.inlined)) {
        if (text.size != 0) {
            memcpy(view.u.inlined, text.data, text.size);
        }
    } else {
        memcpy(view.u.ref.prefix, text.data, sizeof(view.u.ref.prefix));
        view.u.ref.buffer = buffer;
        view.u.ref.offset = offset;
    }
    return view;
}

/** Row `row` as a value; bytes are borrowed from the vector. Not for nested types. `type` of the value is the vector's. */
struct tarn_value tarn__vector_value(const struct tarn_vector *vector, uint32_t row);

/** A batch over columns that are already owned: takes the references on the columns over, also on failure. NULL columns: NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__batch_adopt(struct tarn_env *env, const struct tarn_schema *schema, uint32_t length,
                                                    struct tarn_vector **columns, struct tarn_batch **out, struct tarn_error *err);

#endif
