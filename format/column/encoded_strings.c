/* SPDX-License-Identifier: Apache-2.0
 *
 * Byte arrays out of the two delta encodings.
 *
 * Specification: parquet-format Encodings.md "Delta-length byte array", "Delta Strings". SPEC: P-VAL-15, P-VAL-16.
 *
 * Invariants
 *  1. Bytes of values that were taken together lie one behind the other: what is checked once for all holds for each, if none begins
 *     inside of a character.
 *  2. Text that is put together is counted against the memory limit before it is written, piece by piece: a page cannot ask for more than
 *     its values have.
 */
#include "format/column/encoded_strings.h"

#include "format/base/utf8.h"
#include "format/batch/vector.h"
#include "format/encoding/plain_views.h"
#include "format/thrift/parquet_thrift.h"

enum { AT_ONCE = TARN_DELTA_STRINGS_AT_ONCE };

enum tarn_status tarn__encoded_strings_init(struct tarn__encoded_strings *strings, int32_t encoding, struct tarn_buffer *page,
                                            struct tarn_span bytes, uint32_t most, bool check_utf8, struct tarn_error *err)
{
    struct tarn_env *env = tarn__buffer_env(page);
    *strings =
        (struct tarn__encoded_strings){.shared = encoding == PARQUET_ENCODING_DELTA_BYTE_ARRAY, .check_utf8 = check_utf8, .page = page};
    return strings->shared ? tarn__delta_strings_init(&strings->u.strings, env, bytes, most, err)
                           : tarn__delta_lengths_init(&strings->u.lengths, tarn__kernels_of(env), bytes, most, err);
}

void tarn__encoded_strings_retain(const struct tarn__encoded_strings *strings)
{
    if (strings->shared) {
        tarn__delta_strings_retain(&strings->u.strings);
    }
}

void tarn__encoded_strings_release(struct tarn__encoded_strings *strings)
{
    if (strings->shared) {
        tarn__delta_strings_release(&strings->u.strings);
    }
}

/* The first of `n` values that is not UTF-8; `n` when all are. */
static uint32_t first_bad(const uint32_t *lengths, uint32_t n, struct tarn_span all)
{
    const struct tarn_text text = {(const char *)all.data, all.size};
    if (tarn__is_ascii(text)) {
        return n;
    }
    for (uint32_t i = 0; i < n; i++) {
        const struct tarn_span value = tarn__span_take(&all, lengths[i]);
        if (!tarn__utf8_is_valid((struct tarn_text){(const char *)value.data, value.size})) {
            return i;
        }
    }
    return n;
}

/*
 * Views of values that lie one behind the other from `offset` of buffer `number` on. `readable` bytes can be loaded from where they begin,
 * which are more than theirs as a rule: the last values in a page are taken with care.
 */
static void put_views(const uint32_t *lengths, uint32_t n, const uint8_t *at, size_t readable, uint32_t number, uint32_t offset,
                      struct tarn_string_view *views)
{
    uint32_t i = 0;
    for (; !TARN_BIG_ENDIAN && i < n && readable >= TARN_VIEW_INLINED; i++) {
        const uint64_t first = (uint64_t)tarn__load32(at) << 32 | lengths[i];
        tarn__view_put(&views[i], first, tarn__load64(at + 4), number, offset);
        at += lengths[i];
        readable -= lengths[i];
        offset += lengths[i];
    }
    for (; i < n; i++) {
        views[i] = tarn__string_view((struct tarn_text){(const char *)at, lengths[i]}, number, offset);
        at = lengths[i] != 0 ? at + lengths[i] : at;
        offset += lengths[i];
    }
}

static enum tarn_status lengths_piece(struct tarn__encoded_strings *strings, uint32_t n, struct tarn__column_output *output,
                                      uint32_t *lengths, struct tarn_span *bytes, uint32_t *number, uint32_t *offset,
                                      struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tarn__column_output_view_buffer(output, strings->page, number, err));
    TARN_RETURN_IF_ERROR(tarn__delta_lengths_take(&strings->u.lengths, n, lengths, bytes, err));
    *offset = bytes->size != 0 ? (uint32_t)(bytes->data - strings->page->data) : 0;
    return TARN_OK;
}

static enum tarn_status strings_piece(struct tarn__encoded_strings *strings, uint32_t n, struct tarn__column_output *output,
                                      uint32_t *lengths, struct tarn_span *bytes, uint32_t *number, uint32_t *offset,
                                      struct tarn_error *err)
{
    struct tarn__delta_string_piece piece;
    uint8_t *out;
    TARN_RETURN_IF_ERROR(tarn__delta_strings_measure(&strings->u.strings, n, &piece, err));
    TARN_RETURN_IF_ERROR(tarn__column_output_text(output, piece.size, TARN_DELTA_STRINGS_SLACK, &out, number, offset, err));
    TARN_RETURN_IF_ERROR(tarn__delta_strings_build(&strings->u.strings, &piece, true, out, err));
    for (uint32_t i = 0; i < n; i++) {
        lengths[i] = piece.prefix[i] + piece.suffix[i];
    }
    *bytes = (struct tarn_span){out, (size_t)piece.size};
    return TARN_OK;
}

enum tarn_status tarn__encoded_strings_take_views(struct tarn__encoded_strings *strings, uint32_t n, struct tarn__column_output *output,
                                                  uint32_t *good, struct tarn_text *bad_text, struct tarn_error *err)
{
    uint32_t lengths[AT_ONCE];
    *good = 0;
    while (*good < n) {
        const uint32_t part = n - *good < AT_ONCE ? n - *good : (uint32_t)AT_ONCE;
        struct tarn_span bytes;
        uint32_t number;
        uint32_t offset;
        TARN_RETURN_IF_ERROR(strings->shared ? strings_piece(strings, part, output, lengths, &bytes, &number, &offset, err)
                                             : lengths_piece(strings, part, output, lengths, &bytes, &number, &offset, err));
        const uint32_t valid = strings->check_utf8 ? first_bad(lengths, part, bytes) : part;
        if (valid != part) {
            for (uint32_t i = 0; i < valid; i++) {
                tarn__span_take(&bytes, lengths[i]);
            }
            *bad_text = (struct tarn_text){(const char *)bytes.data, lengths[valid]};
            *good += valid;
            return TARN_OK;
        }
        const size_t readable = strings->shared ? bytes.size + TARN_DELTA_STRINGS_SLACK : bytes.size + strings->u.lengths.bytes.size;
        put_views(lengths, part, bytes.data, readable, number, offset,
                  (struct tarn_string_view *)(void *)tarn__column_output_slot(output, output->length + *good));
        *good += part;
    }
    return TARN_OK;
}

/* Converts values that lie one behind the other; returns how many before the first that does not fit. */
static uint32_t convert(const struct tarn__converter *converter, const uint32_t *lengths, uint32_t n, struct tarn_span all, uint8_t *out)
{
    for (uint32_t i = 0; i < n; i++) {
        if (!tarn__convert_decimal(converter, tarn__span_take(&all, lengths[i]), out + (size_t)i * converter->width)) {
            return i;
        }
    }
    return n;
}

static enum tarn_status shared_decimals(struct tarn__delta_strings *strings, const struct tarn__converter *converter, uint32_t n,
                                        uint8_t *out, uint32_t *good, struct tarn_error *err)
{
    struct tarn__delta_string_piece piece;
    TARN_RETURN_IF_ERROR(tarn__delta_strings_measure(strings, n, &piece, err));
    uint8_t *memory = tarn__alloc(strings->env, (size_t)piece.size + TARN_DELTA_STRINGS_SLACK);
    if (memory == NULL) {
        return tarn__nomem(strings->env, err, piece.size);
    }
    const enum tarn_status status = tarn__delta_strings_build(strings, &piece, true, memory, err);
    if (status == TARN_OK) {
        for (uint32_t i = 0; i < n; i++) {
            piece.suffix[i] += piece.prefix[i];
        }
        *good = convert(converter, piece.suffix, n, (struct tarn_span){memory, (size_t)piece.size}, out);
    }
    tarn__free(strings->env, memory);
    return status;
}

static enum tarn_status plain_decimals(struct tarn__delta_lengths *values, const struct tarn__converter *converter, uint32_t n,
                                       uint8_t *out, uint32_t *good, struct tarn_error *err)
{
    uint32_t lengths[AT_ONCE];
    struct tarn_span bytes;
    TARN_RETURN_IF_ERROR(tarn__delta_lengths_take(values, n, lengths, &bytes, err));
    *good = convert(converter, lengths, n, bytes, out);
    return TARN_OK;
}

enum tarn_status tarn__encoded_strings_take_decimals(struct tarn__encoded_strings *strings, const struct tarn__converter *converter,
                                                     uint32_t n, uint8_t *out, uint32_t *good, struct tarn_error *err)
{
    *good = 0;
    while (*good < n) {
        const uint32_t part = n - *good < AT_ONCE ? n - *good : (uint32_t)AT_ONCE;
        uint8_t *to = out + (size_t)*good * converter->width;
        uint32_t converted = 0;
        TARN_RETURN_IF_ERROR(strings->shared ? shared_decimals(&strings->u.strings, converter, part, to, &converted, err)
                                             : plain_decimals(&strings->u.lengths, converter, part, to, &converted, err));
        *good += converted;
        if (converted != part) {
            break;
        }
    }
    return TARN_OK;
}

enum tarn_status tarn__encoded_strings_skip(struct tarn__encoded_strings *strings, uint32_t n, struct tarn_error *err)
{
    return strings->shared ? tarn__delta_strings_skip(&strings->u.strings, n, err) : tarn__delta_lengths_skip(&strings->u.lengths, n, err);
}
