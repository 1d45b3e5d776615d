/* SPDX-License-Identifier: Apache-2.0
 *
 * Leaf vectors under construction.
 *
 * Invariants
 *  1. `values` and `validity` have room for every slot up to the last reserve; bits behind `length` are zero.
 *  2. Every view lies in the buffer that it names, and every code is an entry: whoever appends has checked it.
 *  3. A buffer is written only while no vector holds it.
 */
#include "format/column/column_output.h"

#include "format/base/checked.h"
#include "format/base/utf8.h"
#include "format/batch/bitmap.h"
#include "format/batch/vector.h"
#include "format/kernels/decode_kernels.h"

void tarn__column_output_init(struct tarn__column_output *output, struct tarn_env *env, const struct tarn_type *type, bool optional)
{
    const enum tarn_kind kind = tarn_type_kind(type);
    *output = (struct tarn__column_output){.env = env, .type = type, .optional = optional};
    output->form = kind == TARN_KIND_BOOL ? TARN_OUTPUT_BITS : kind == TARN_KIND_BYTES ? TARN_OUTPUT_VIEWS : TARN_OUTPUT_FIXED;
    output->width = kind == TARN_KIND_BYTES ? (uint32_t)sizeof(struct tarn_string_view) : tarn_type_width(type);
}

void tarn__column_output_fixed_text(struct tarn__column_output *output, uint32_t width, bool check_utf8)
{
    output->form = TARN_OUTPUT_FIXED;
    output->width = width;
    output->fixed_text = true;
    output->check_utf8 = check_utf8;
}

static void drop_views(struct tarn__column_output *output)
{
    for (size_t i = 0; i < output->view_buffer_count; i++) {
        tarn__buffer_release(output->view_buffers[i]);
    }
    output->view_buffer_count = 0;
}

void tarn__column_output_free(struct tarn__column_output *output)
{
    drop_views(output);
    tarn__buffer_release(output->spare_text);
    tarn__free(output->env, output->view_buffers);
    tarn__buffer_release(output->validity);
    tarn__buffer_release(output->values);
    tarn__dictionary_release(output->dictionary);
    tarn__buffer_release(output->dictionary_bytes);
    *output = (struct tarn__column_output){.env = NULL};
}

static void recycle(struct tarn_buffer **buffer)
{
    if (*buffer != NULL && !tarn__buffer_unshared(*buffer)) {
        tarn__buffer_release(*buffer);
        *buffer = NULL;
    }
}

/* The text of the vector that is done with is memory for that of the next. */
static void keep_text(struct tarn__column_output *output)
{
    if (output->text != 0) {
        tarn__buffer_release(output->spare_text);
        output->spare_text = tarn__buffer_retain(output->view_buffers[output->text - 1]);
        output->text = 0;
    }
}

void tarn__column_output_begin(struct tarn__column_output *output)
{
    keep_text(output);
    drop_views(output);
    recycle(&output->spare_text);
    recycle(&output->validity);
    recycle(&output->values);
    if (output->validity != NULL) {
        memset(output->validity->data, 0, output->validity->size);
    }
    if (output->form == TARN_OUTPUT_BITS && output->values != NULL) {
        memset(output->values->data, 0, output->values->size);
    }
    if (output->form == TARN_OUTPUT_VIEWS && output->dictionary != NULL) {
        tarn__dictionary_release(output->dictionary);
        tarn__buffer_release(output->dictionary_bytes);
        output->dictionary = NULL;
        output->dictionary_bytes = NULL;
    }
    output->length = 0;
    output->reserved = 0;
    output->nulls = 0;
}

/* Grows to at least `size` bytes; `zero`: new ones are zero. */
static bool grow(struct tarn_env *env, struct tarn_buffer **buffer, size_t size, bool zero)
{
    if (*buffer == NULL) {
        *buffer = zero ? tarn__buffer_new_zeroed(env, size) : tarn__buffer_new(env, size);
        return *buffer != NULL;
    }
    const size_t before = (*buffer)->size;
    if (size <= before) {
        return true;
    }
    if (!tarn__buffer_resize(*buffer, size)) {
        return false;
    }
    if (zero) {
        memset((*buffer)->data + before, 0, size - before);
    }
    return true;
}

enum tarn_status tarn__column_output_reserve(struct tarn__column_output *output, uint32_t count, struct tarn_error *err)
{
    uint32_t slots;
    if (!tarn__add(output->length, count, &slots)) {
        return tarn__error_set(err, TARN_LIMIT, "batch_slots",
                               "one batch would hold over 4,294,967,295 values; ask for fewer rows at a time");
    }
    const bool bits = output->form == TARN_OUTPUT_BITS;
    const size_t bytes = bits ? tarn__bits_bytes(slots) : (size_t)slots * output->width;
    if (!grow(output->env, &output->values, bytes, bits) ||
        (output->optional && !grow(output->env, &output->validity, tarn__bits_bytes(slots), true))) {
        return tarn__nomem(output->env, err, bytes);
    }
    output->reserved = slots;
    return TARN_OK;
}

/* The same slots once they have another width. */
static enum tarn_status reserve_again(struct tarn__column_output *output, struct tarn_error *err)
{
    return tarn__column_output_reserve(output, output->reserved - output->length, err);
}

#define SPREAD(type)                                                                                                                       \
    do {                                                                                                                                   \
        type *slots = (type *)(void *)tarn__column_output_slot(output, output->length);                                                    \
        for (uint32_t i = count; i-- > 0 && i >= present;) {                                                                               \
            slots[i] = tarn__bit_get(validity, at + i) ? slots[--present] : (type){0};                                                     \
        }                                                                                                                                  \
    } while (0)

struct words2 {
    uint64_t words[2];
};

/* Values [0, present) at slot `length` move to the slots whose bits are set, last first; the others become zero. */
static void spread(struct tarn__column_output *output, uint32_t count, uint32_t present)
{
    const uint8_t *validity = output->validity->data;
    const uint32_t at = output->length;

    if (output->form == TARN_OUTPUT_BITS) {
        for (uint32_t i = count; i-- > 0 && i >= present;) {
            const bool bit = tarn__bit_get(validity, at + i) && tarn__bit_get(output->values->data, at + --present);
            tarn__bit_put(output->values->data, at + i, bit);
        }
        return;
    }
    void *first = tarn__column_output_slot(output, at);
    switch (output->width) {
    case 1:
        SPREAD(uint8_t);
        return;
    case 2:
        SPREAD(uint16_t);
        return;
    case 4:
        tarn__decode_kernels_of(output->env)->spread32(first, validity, at, count, present);
        return;
    case 8:
        tarn__decode_kernels_of(output->env)->spread64(first, validity, at, count, present);
        return;
    case 16:
        SPREAD(struct words2);
        return;
    default:
        break;
    }
    uint8_t *slots = tarn__column_output_slot(output, output->length);
    for (uint32_t i = count; i-- > 0 && i >= present;) {
        if (tarn__bit_get(validity, at + i)) {
            present--;
            memcpy(slots + (size_t)i * output->width, slots + (size_t)present * output->width, output->width);
        } else {
            memset(slots + (size_t)i * output->width, 0, output->width);
        }
    }
}

void tarn__column_output_commit(struct tarn__column_output *output, uint32_t count, uint32_t present)
{
    if (present != count) {
        spread(output, count, present);
        output->nulls += count - present;
    }
    output->length += count;
}

enum tarn_status tarn__column_output_use_dictionary(struct tarn__column_output *output, struct tarn_dictionary *dictionary,
                                                    struct tarn_buffer *bytes, struct tarn_error *err)
{
    if (output->dictionary == dictionary) {
        return TARN_OK;
    }
    if (output->form == TARN_OUTPUT_VIEWS && output->length != 0) {
        /* Views of a plain page came first: the dictionary's strings become one more buffer of them. */
        tarn__dictionary_release(output->dictionary);
        tarn__buffer_release(output->dictionary_bytes);
        output->dictionary = tarn__dictionary_retain(dictionary);
        output->dictionary_bytes = tarn__buffer_retain(bytes);
        return TARN_OK;
    }
    if (output->form == TARN_OUTPUT_CODES && output->length != 0) {
        return tarn__internal(err, "two dictionaries in one column chunk");
    }
    tarn__dictionary_release(output->dictionary);
    tarn__buffer_release(output->dictionary_bytes);
    output->dictionary = tarn__dictionary_retain(dictionary);
    output->dictionary_bytes = tarn__buffer_retain(bytes);
    output->form = TARN_OUTPUT_CODES;
    output->width = sizeof(uint32_t);
    return reserve_again(output, err);
}

enum tarn_status tarn__column_output_view_buffer(struct tarn__column_output *output, struct tarn_buffer *buffer, uint32_t *number,
                                                 struct tarn_error *err)
{
    for (size_t i = output->view_buffer_count; i-- > 0;) {
        if (output->view_buffers[i] == buffer) {
            *number = (uint32_t)i;
            return TARN_OK;
        }
    }
    if (!tarn__grow(output->env, &output->view_buffers, &output->view_buffer_capacity, output->view_buffer_count + 1,
                    sizeof(struct tarn_buffer *))) {
        return tarn__nomem(output->env, err, sizeof(struct tarn_buffer *));
    }
    *number = (uint32_t)output->view_buffer_count;
    output->view_buffers[output->view_buffer_count++] = tarn__buffer_retain(buffer);
    return TARN_OK;
}

/* A buffer for text: that of the vector before, when nobody has it any more. */
static enum tarn_status begin_text(struct tarn__column_output *output, struct tarn_error *err)
{
    uint32_t number;
    struct tarn_buffer *text = output->spare_text;
    output->spare_text = NULL;
    if (text == NULL || !tarn__buffer_resize(text, 0)) {
        tarn__buffer_release(text);
        text = tarn__buffer_new(output->env, 0);
        if (text == NULL) {
            return tarn__nomem(output->env, err, sizeof(*text));
        }
    }
    const enum tarn_status status = tarn__column_output_view_buffer(output, text, &number, err);
    tarn__buffer_release(text); /* the output has its own reference */
    if (status == TARN_OK) {
        output->text = number + 1;
    }
    return status;
}

enum tarn_status tarn__column_output_text(struct tarn__column_output *output, uint64_t size, size_t slack, uint8_t **bytes,
                                          uint32_t *number, uint32_t *offset, struct tarn_error *err)
{
    if (size > INT32_MAX) {
        return tarn__error_set(err, TARN_LIMIT, "text", "values of %llu bytes in one batch; ask for fewer rows at a time",
                               (unsigned long long)size);
    }
    if (output->text == 0 || output->view_buffers[output->text - 1]->size + size > INT32_MAX) {
        TARN_RETURN_IF_ERROR(begin_text(output, err));
    }
    struct tarn_buffer *text = output->view_buffers[output->text - 1];
    const size_t before = text->size;
    const size_t after = before + (size_t)size;
    if (!tarn__buffer_resize(text, after + slack) || !tarn__buffer_resize(text, after)) {
        return tarn__nomem(output->env, err, after);
    }
    *bytes = text->data + before;
    *number = output->text - 1;
    *offset = (uint32_t)before;
    return TARN_OK;
}

void tarn__column_output_put_entries(struct tarn__column_output *output, uint32_t at, const uint32_t *codes, uint32_t count)
{
    struct tarn_string_view *views = (struct tarn_string_view *)(void *)tarn__column_output_slot(output, at);
    const struct tarn_vector *entries = output->dictionary->values;
    uint32_t buffer = 0;
    while (output->view_buffers[buffer] != output->dictionary_bytes) {
        buffer++;
    }
    for (uint32_t i = 0; i < count; i++) {
        views[i] = tarn__string_view(tarn__vector_leaf_text(entries, codes[i]), buffer, (uint32_t)tarn__vector_offset(entries, codes[i]));
    }
}

/* Codes become views in fresh memory: the two differ in width. */
static enum tarn_status codes_to_views(struct tarn__column_output *output, struct tarn_error *err)
{
    struct tarn_buffer *codes = output->values;
    const size_t bytes = (size_t)output->length * sizeof(struct tarn_string_view);
    output->values = tarn__buffer_new(output->env, bytes);
    if (output->values == NULL) {
        output->values = codes;
        return tarn__nomem(output->env, err, bytes);
    }
    output->form = TARN_OUTPUT_VIEWS;
    output->width = sizeof(struct tarn_string_view);
    tarn__column_output_put_entries(output, 0, (const uint32_t *)(const void *)codes->data, output->length);
    if (output->nulls != 0) {
        struct tarn_string_view *views = (struct tarn_string_view *)(void *)output->values->data;
        for (uint32_t i = 0; i < output->length; i++) {
            if (!tarn__bit_get(output->validity->data, i)) {
                memset(&views[i], 0, sizeof(views[i]));
            }
        }
    }
    tarn__buffer_release(codes);
    output->spread++;
    return reserve_again(output, err);
}

enum tarn_status tarn__column_output_use_views(struct tarn__column_output *output, struct tarn_error *err)
{
    if (output->form != TARN_OUTPUT_CODES) {
        return TARN_OK;
    }
    if (output->length != 0) {
        uint32_t number;
        TARN_RETURN_IF_ERROR(tarn__column_output_view_buffer(output, output->dictionary_bytes, &number, err));
        return codes_to_views(output, err);
    }
    tarn__dictionary_release(output->dictionary);
    tarn__buffer_release(output->dictionary_bytes);
    output->dictionary = NULL;
    output->dictionary_bytes = NULL;
    output->form = TARN_OUTPUT_VIEWS;
    output->width = sizeof(struct tarn_string_view);
    return reserve_again(output, err);
}

/* Slots of fixed width as strings: one behind the other, without those of nulls. */
static enum tarn_status finish_fixed_text(struct tarn__column_output *output, struct tarn_buffer *validity, struct tarn_vector **out,
                                          struct tarn_error *err)
{
    const size_t present = output->length - output->nulls;
    struct tarn_buffer *bytes = tarn__buffer_new(output->env, present * output->width);
    struct tarn_buffer *offsets = tarn__buffer_new(output->env, ((size_t)output->length + 1) * sizeof(uint64_t));
    if (bytes == NULL || offsets == NULL) {
        tarn__buffer_release(bytes);
        tarn__buffer_release(offsets);
        return tarn__nomem(output->env, err, present * output->width);
    }
    uint64_t *ends = (uint64_t *)(void *)offsets->data;
    uint64_t size = 0;
    ends[0] = 0;
    for (uint32_t i = 0; i < output->length; i++) {
        if (validity == NULL || tarn__bit_get(validity->data, i)) {
            const struct tarn_text text = {(const char *)tarn__column_output_slot(output, i), output->width};
            if (output->check_utf8 && !tarn__utf8_is_valid(text)) {
                tarn__buffer_release(bytes);
                tarn__buffer_release(offsets);
                return tarn__corrupt(err, "utf8", "a string is not UTF-8 from its byte %zu on; it can be read as it is when asked for",
                                     tarn__utf8_check(text));
            }
            memcpy(bytes->data + size, text.data, text.size);
            size += text.size;
        }
        ends[i + 1] = size;
    }
    *out = tarn__vector_strings(output->env, output->type, output->length, offsets, true, bytes,
                                validity != NULL ? tarn__buffer_retain(validity) : NULL);
    return *out != NULL ? TARN_OK : tarn__nomem(output->env, err, 0);
}

enum tarn_status tarn__column_output_finish(struct tarn__column_output *output, struct tarn_vector **out, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tarn__column_output_reserve(output, 0, err)); /* there is a buffer even when there is no slot */
    const bool bits = output->form == TARN_OUTPUT_BITS;
    const size_t bytes = bits ? tarn__bits_bytes(output->length) : (size_t)output->length * output->width;
    struct tarn_buffer *validity = NULL;
    if (!tarn__buffer_resize(output->values, bytes)) {
        return tarn__nomem(output->env, err, bytes);
    }
    if (output->text != 0) { /* what was written behind its end is cleared */
        struct tarn_buffer *text = output->view_buffers[output->text - 1];
        if (!tarn__buffer_resize(text, text->size)) {
            return tarn__nomem(output->env, err, text->size);
        }
    }
    if (output->nulls != 0) {
        if (!tarn__buffer_resize(output->validity, tarn__bits_bytes(output->length))) {
            return tarn__nomem(output->env, err, bytes);
        }
        validity = tarn__buffer_retain(output->validity);
    }

    if (output->fixed_text) {
        const enum tarn_status status = finish_fixed_text(output, validity, out, err);
        tarn__buffer_release(validity);
        return status;
    }
    struct tarn_buffer *values = tarn__buffer_retain(output->values);
    switch (output->form) {
    case TARN_OUTPUT_CODES:
        *out = tarn__vector_dictionary(output->env, output->type, output->length, values, tarn__dictionary_retain(output->dictionary),
                                       validity);
        break;
    case TARN_OUTPUT_VIEWS:
        for (size_t i = 0; i < output->view_buffer_count; i++) {
            tarn__buffer_retain(output->view_buffers[i]);
        }
        *out = tarn__vector_views(output->env, output->type, output->length, values, (uint32_t)output->view_buffer_count,
                                  output->view_buffers, validity);
        break;
    default:
        *out = tarn__vector_flat(output->env, output->type, output->length, values, validity);
        break;
    }
    return *out != NULL ? TARN_OK : tarn__nomem(output->env, err, bytes);
}
