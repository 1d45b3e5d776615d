/* SPDX-License-Identifier: Apache-2.0
 *
 * Arrays of values in: fixed width, converted, texts with offsets and as views. SPEC: X-ARROW-6, X-ARROW-7.
 */
#include "format/arrow/array_source.h"
#include "format/arrow/interval_bytes.h"
#include "format/base/utf8.h"
#include "format/batch/bitmap.h"

static struct tarn_buffer *copy(const struct tarn__arrow_importer *importer, const void *data, size_t size)
{
    struct tarn_buffer *buffer = tarn__buffer_new(importer->env, size);
    if (buffer != NULL && size != 0) {
        memcpy(buffer->data, data, size);
    }
    return buffer;
}

/* ---- fixed width ---- */

static bool has_dirt(const uint8_t *values, size_t width, const struct tarn_buffer *validity, uint32_t length)
{
    for (uint32_t i = 0; i < length && validity != NULL; i++) {
        if (i % 8 == 0 && validity->data[i / 8] == 0xff) {
            i += 7;
            continue;
        }
        for (size_t k = 0; k < width && !tarn__bit_get(validity->data, i); k++) {
            if (values[i * width + k] != 0) {
                return true;
            }
        }
    }
    return false;
}

/* `length` values of `width` bytes as a buffer: shown when they are aligned and zero where null, else copied. NULL: no memory. */
static struct tarn_buffer *import_values(const struct tarn__arrow_importer *importer, const uint8_t *values, size_t width, uint32_t length,
                                         const struct tarn_buffer *validity)
{
    const size_t align = width == 2 || width == 4 || width == 8 ? width : 1;
    if ((uintptr_t)values % align == 0 && !has_dirt(values, width, validity, length)) {
        return tarn__arrow_show(importer, values, length * width);
    }
    struct tarn_buffer *clean = copy(importer, values, length * width);
    for (uint32_t i = 0; i < length && clean != NULL; i++) {
        if (tarn__arrow_is_null(validity, i)) {
            memset(clean->data + i * width, 0, width);
        }
    }
    return clean;
}

enum tarn_status tarn__arrow_import_bits(const struct tarn__arrow_importer *importer, const struct tarn__arrow_source *source,
                                         struct tarn_buffer *validity, struct tarn_vector **out)
{
    struct tarn_buffer *bits = tarn__buffer_new(importer->env, tarn__bits_bytes(source->length));
    if (bits != NULL) {
        tarn__bitmap_copy(bits->data, source->array->buffers[1], source->at, source->length);
        for (size_t i = 0; i < bits->size && validity != NULL; i++) {
            bits->data[i] &= validity->data[i];
        }
    }
    return tarn__arrow_made(importer, tarn__vector_flat(importer->env, source->type, source->length, bits, validity), out);
}

enum tarn_status tarn__arrow_import_fixed(const struct tarn__arrow_importer *importer, const struct tarn__arrow_source *source,
                                          struct tarn_buffer *validity, struct tarn_vector **out)
{
    const uint8_t *values = (const uint8_t *)source->array->buffers[1] + source->at * source->format.width;
    struct tarn_buffer *buffer = import_values(importer, values, source->format.width, source->length, validity);
    if (TARN_BIG_ENDIAN && source->type->id == TARN_TYPE_INTERVAL && buffer != NULL) {
        struct tarn_buffer *numbers = buffer;
        buffer = tarn__buffer_new(importer->env, numbers->size);
        if (buffer != NULL) {
            tarn__arrow_turn_intervals(numbers->data, source->length, buffer->data);
        }
        tarn__buffer_release(numbers);
    }
    return tarn__arrow_made(importer, tarn__vector_flat(importer->env, source->type, source->length, buffer, validity), out);
}

/* A decimal of another width. Numbers of more than 64 bits are words of this machine, the lowest first, on both sides. */
static const char *convert_decimal(const struct tarn__arrow_source *source, const uint8_t *from, uint8_t *to)
{
    const uint32_t width = tarn_type_width(source->type);
    uint64_t words[4];
    int32_t narrow;
    if (source->format.width == sizeof(narrow)) {
        memcpy(&narrow, from, sizeof(narrow));
        words[0] = (uint64_t)(int64_t)narrow;
    } else {
        memcpy(words, from, source->format.width);
    }
    const uint32_t given = source->format.width < 8 ? 1 : source->format.width / 8;
    const uint64_t sign = words[given - 1] >> 63 != 0 ? UINT64_MAX : 0;
    for (uint32_t i = given; i < 4; i++) {
        words[i] = sign;
    }
    narrow = (int32_t)words[0];
    const uint32_t kept = width < 8 ? 1 : width / 8;
    bool fits = width < 8 ? words[0] == (uint64_t)(int64_t)narrow : (words[kept - 1] ^ sign) >> 63 == 0;
    for (uint32_t i = kept; i < 4; i++) {
        fits = fits && words[i] == sign;
    }
    memcpy(to, width < 8 ? (const void *)&narrow : (const void *)words, width);
    return fits ? NULL : "a decimal has more digits than its precision";
}

/* One value of a layout that is converted; NULL, or what is wrong with it. */
static const char *convert(const struct tarn__arrow_source *source, const uint8_t *from, uint8_t *to)
{
    static const int64_t day = 86400000;
    int64_t number = 0;
    int32_t parts[2] = {0, 0};
    switch (source->format.layout) {
    case TARN__ARROW_DATE64: {
        memcpy(&number, from, sizeof(number));
        const int32_t days = (int32_t)(number / day);
        memcpy(to, &days, sizeof(days));
        return number % day != 0 || number / day != days ? "a date in milliseconds is not a whole day, or too far away" : NULL;
    }
    case TARN__ARROW_MONTHS:
        memcpy(parts, from, sizeof(parts[0]));
        tarn__store32(to, (uint32_t)parts[0]);
        return NULL;
    case TARN__ARROW_DAY_TIME:
        memcpy(parts, from, sizeof(parts));
        number = (int64_t)parts[1] * 1000000;
        tarn__store32(to + 4, (uint32_t)parts[0]);
        tarn__store64(to + 8, (uint64_t)number);
        return NULL;
    default:
        return convert_decimal(source, from, to);
    }
}

/* Decimals of 16 bytes to those of `width`, 4 or 8, all at once; nulls become zero. False: one of them has too many digits. */
static inline __attribute__((always_inline)) bool narrow_decimals(const uint8_t *from, uint32_t n, const uint8_t *validity, uint32_t width,
                                                                  uint8_t *to)
{
    uint64_t lost = 0;
    for (uint32_t i = 0; i < n; i++) {
        const uint64_t keep = validity == NULL ? UINT64_MAX : -(uint64_t)tarn__bit_get(validity, i);
        uint64_t words[2];
        memcpy(words, from + (size_t)i * sizeof(words), sizeof(words));
        words[0] &= keep;
        words[1] &= keep;
        lost |= words[1] ^ (uint64_t)((int64_t)words[0] >> 63);
        if (width == 4) {
            const int32_t narrow = (int32_t)words[0];
            lost |= words[0] ^ (uint64_t)(int64_t)narrow;
            memcpy(to + (size_t)i * 4, &narrow, sizeof(narrow));
        } else {
            memcpy(to + (size_t)i * 8, words, 8);
        }
    }
    return lost == 0;
}

/* The usual conversion: decimals of few digits, which Arrow has at 16 bytes. */
static bool convert_decimals(const struct tarn__arrow_source *source, const uint8_t *from, const struct tarn_buffer *validity, uint8_t *to)
{
    const uint32_t width = tarn_type_width(source->type);
    const uint8_t *valid = validity != NULL ? validity->data : NULL;
    if (TARN_BIG_ENDIAN || source->format.layout != TARN__ARROW_DECIMAL || source->format.width != 16 || (width != 4 && width != 8)) {
        return false;
    }
    if (width == 4) {
        return valid == NULL ? narrow_decimals(from, source->length, NULL, 4, to) : narrow_decimals(from, source->length, valid, 4, to);
    }
    return valid == NULL ? narrow_decimals(from, source->length, NULL, 8, to) : narrow_decimals(from, source->length, valid, 8, to);
}

enum tarn_status tarn__arrow_import_converted(const struct tarn__arrow_importer *importer, const struct tarn__arrow_source *source,
                                              struct tarn_buffer *validity, struct tarn_vector **out)
{
    const uint32_t width = tarn_type_width(source->type);
    const uint8_t *from = (const uint8_t *)source->array->buffers[1] + source->at * source->format.width;
    struct tarn_buffer *values = tarn__buffer_new(importer->env, (size_t)source->length * width);
    const bool converted = values != NULL && convert_decimals(source, from, validity, values->data);
    if (values != NULL && !converted) {
        memset(values->data, 0, (size_t)source->length * width);
    }
    for (uint32_t i = 0; i < source->length && values != NULL && !converted; i++) {
        const char *wrong = tarn__arrow_is_null(validity, i)
                                ? NULL
                                : convert(source, from + (size_t)i * source->format.width, values->data + (size_t)i * width);
        if (wrong != NULL) {
            tarn__buffer_release(values);
            tarn__buffer_release(validity);
            return tarn__arrow_refuse_row(importer, i, wrong);
        }
    }
    return tarn__arrow_made(importer, tarn__vector_flat(importer->env, source->type, source->length, values, validity), out);
}

/* ---- texts ---- */

static bool is_text(const struct tarn_type *type)
{
    return type->id == TARN_TYPE_STRING || type->id == TARN_TYPE_JSON || type->id == TARN_TYPE_ENUM;
}

/* All bytes that the offsets span at once: UTF-8, and no offset inside of a character. False says nothing: nulls may hold any bytes. */
static bool is_utf8_throughout(const struct tarn_vector *vector)
{
    if (vector->shape != TARN_SHAPE_STRINGS || vector->length == 0) {
        return false;
    }
    const uint64_t begin = tarn__vector_offset(vector, 0);
    const uint64_t end = tarn__vector_offset(vector, vector->length);
    const struct tarn_text all = {(const char *)vector->bytes + begin, (size_t)(end - begin)};
    if (tarn__is_ascii(all)) {
        return true;
    }
    bool whole = tarn__utf8_is_valid(all);
    for (uint32_t i = 1; i < vector->length && whole; i++) {
        const uint64_t offset = tarn__vector_offset(vector, i);
        whole = offset == end || (vector->bytes[offset] & 0xc0) != 0x80;
    }
    return whole;
}

static enum tarn_status check_utf8(const struct tarn__arrow_importer *importer, const struct tarn_vector *vector)
{
    if (!is_text(vector->type) || is_utf8_throughout(vector)) {
        return TARN_OK;
    }
    for (uint32_t i = 0; i < vector->length; i++) {
        if ((vector->validity == NULL || tarn__bit_get(vector->validity, i)) && !tarn__utf8_is_valid(tarn__vector_leaf_text(vector, i))) {
            return tarn__arrow_refuse_row(importer, i, "a text is not valid UTF-8");
        }
    }
    return TARN_OK;
}

/* Do length + 1 offsets ascend from at least 0 to at most `limit`? Without a branch in the loop: nearly all do. */
static bool offsets_ascend(const uint8_t *offsets, bool wide, uint32_t length, uint64_t limit)
{
    const uint64_t *wides = (const uint64_t *)(const void *)offsets;
    const uint32_t *narrows = (const uint32_t *)(const void *)offsets;
    uint32_t falls = 0;
    for (uint32_t i = 0; i < length; i++) {
        falls |= wide ? wides[i] > wides[i + 1] : narrows[i] > narrows[i + 1];
    }
    return falls == 0 && (wide ? wides[length] : narrows[length]) <= limit;
}

/* length + 1 offsets as a buffer; the last one goes to *end. */
enum tarn_status tarn__arrow_offsets(const struct tarn__arrow_importer *importer, const struct tarn__arrow_source *source, bool wide,
                                     uint64_t limit, struct tarn_buffer **out, uint64_t *end)
{
    const size_t width = wide ? 8 : 4;
    const uint8_t *offsets = source->array->buffers[1];
    *out = NULL;
    *end = 0;
    if (offsets == NULL) { /* old writers leave it out of empty arrays */
        if (source->length != 0) {
            return tarn__arrow_refuse(importer, "it has no offsets");
        }
        *out = tarn__buffer_new_zeroed(importer->env, width);
        return *out != NULL ? TARN_OK : tarn__arrow_nomem(importer);
    }
    offsets += source->at * width;
    *out = import_values(importer, offsets, width, source->length + 1, NULL);
    if (*out == NULL) {
        return tarn__arrow_nomem(importer);
    }
    if (!offsets_ascend((*out)->data, wide, source->length, limit)) {
        tarn__buffer_release(*out);
        *out = NULL;
        return tarn__arrow_refuse(importer, "its offsets do not ascend, or lead out of what they are offsets in");
    }
    *end = wide ? ((const uint64_t *)(const void *)(*out)->data)[source->length]
                : ((const uint32_t *)(const void *)(*out)->data)[source->length];
    return TARN_OK;
}

enum tarn_status tarn__arrow_import_strings(const struct tarn__arrow_importer *importer, const struct tarn__arrow_source *source,
                                            struct tarn_buffer *validity, struct tarn_vector **out)
{
    const bool wide = source->format.layout == TARN__ARROW_LARGE_TEXT;
    struct tarn_buffer *offsets;
    uint64_t end;
    enum tarn_status status = tarn__arrow_offsets(importer, source, wide, wide ? INT64_MAX : INT32_MAX, &offsets, &end);
    if (status == TARN_OK && end != 0 && source->array->buffers[2] == NULL) {
        status = tarn__arrow_refuse(importer, "it has offsets and no bytes");
        tarn__buffer_release(offsets);
    }
    if (status != TARN_OK) {
        tarn__buffer_release(validity);
        return status;
    }
    struct tarn_buffer *bytes = tarn__arrow_show(importer, source->array->buffers[2], (size_t)end);
    TARN_RETURN_IF_ERROR(
        tarn__arrow_made(importer, tarn__vector_strings(importer->env, source->type, source->length, offsets, wide, bytes, validity), out));
    status = check_utf8(importer, *out);
    if (status != TARN_OK) {
        tarn_vector_release(*out);
        *out = NULL;
    }
    return status;
}

static bool view_fits(const struct tarn_string_view *view, const struct ArrowArray *array, uint32_t buffers)
{
    if (view->size <= sizeof(view->u.inlined)) {
        return true;
    }
    const int64_t *sizes = array->buffers[array->n_buffers - 1];
    if (view->size > INT32_MAX || view->u.ref.buffer >= buffers || sizes[view->u.ref.buffer] < 0) {
        return false;
    }
    const uint64_t size = (uint64_t)sizes[view->u.ref.buffer];
    const uint8_t *bytes = array->buffers[2 + view->u.ref.buffer];
    return bytes != NULL && view->u.ref.offset <= size && view->size <= size - view->u.ref.offset &&
           memcmp(bytes + view->u.ref.offset, view->u.ref.prefix, sizeof(view->u.ref.prefix)) == 0;
}

enum tarn_status tarn__arrow_import_views(const struct tarn__arrow_importer *importer, const struct tarn__arrow_source *source,
                                          struct tarn_buffer *validity, struct tarn_vector **out)
{
    const struct ArrowArray *array = source->array;
    const uint32_t count = (uint32_t)(array->n_buffers - 3);
    const uint8_t *from = (const uint8_t *)array->buffers[1] + source->at * sizeof(struct tarn_string_view);
    struct tarn_buffer *views = copy(importer, from, (size_t)source->length * sizeof(struct tarn_string_view));
    struct tarn_buffer **buffers = tarn__calloc(importer->env, (size_t)count + 1, sizeof(struct tarn_buffer *));
    enum tarn_status status = views != NULL && buffers != NULL ? TARN_OK : tarn__arrow_nomem(importer);
    if (status == TARN_OK && count != 0 && array->buffers[array->n_buffers - 1] == NULL) {
        status = tarn__arrow_refuse(importer, "it has views and no sizes of their buffers");
    }
    struct tarn_string_view *view = views != NULL ? (struct tarn_string_view *)(void *)views->data : NULL;
    for (uint32_t i = 0; i < source->length && status == TARN_OK; i++) {
        if (tarn__arrow_is_null(validity, i)) {
            memset(&view[i], 0, sizeof(view[i]));
        } else if (!view_fits(&view[i], array, count)) {
            status = tarn__arrow_refuse_row(importer, i, "a view leads out of its buffers");
        }
    }
    if (status != TARN_OK) {
        tarn__buffer_release(views);
        tarn__buffer_release(validity);
        tarn__free(importer->env, buffers);
        return status;
    }
    for (uint32_t i = 0; i < count; i++) {
        const int64_t size = ((const int64_t *)array->buffers[array->n_buffers - 1])[i];
        buffers[i] = tarn__arrow_show(importer, array->buffers[2 + i], size > 0 ? (size_t)size : 0);
    }
    status =
        tarn__arrow_made(importer, tarn__vector_views(importer->env, source->type, source->length, views, count, buffers, validity), out);
    tarn__free(importer->env, buffers);
    if (status == TARN_OK && (status = check_utf8(importer, *out)) != TARN_OK) {
        tarn_vector_release(*out);
        *out = NULL;
    }
    return status;
}
