/* SPDX-License-Identifier: Apache-2.0
 *
 * Values of pages into vectors.
 *
 * Specification: parquet-format Encodings.md "Plain", "Dictionary Encoding", "RLE". SPEC: P-VAL-7 to P-VAL-12.
 *
 * Invariants
 *  1. A value counts as taken once it is in the output or skipped; a page that has fewer than its levels promise is CORRUPT.
 *  2. A code is below the number of entries before anything is looked up with it.
 *  3. A string is checked once: in the dictionary, or where it is taken from a page; before its vector leaves.
 */
#include "format/column/value_decode.h"

#include "format/base/checked.h"
#include "format/base/utf8.h"
#include "format/batch/vector.h"
#include "format/encoding/plain.h"
#include "format/encoding/plain_views.h"
#include "format/thrift/parquet_thrift.h"

/* Codes are turned into values in pieces that stay in the first-level cache. */
enum { CODES_AT_ONCE = 1024 };

static enum tarn_status not_utf8(struct tarn_error *err, struct tarn_text text)
{
    return tarn__corrupt(err, "utf8", "a string is not UTF-8 from its byte %zu on; it can be read as it is when asked for",
                         tarn__utf8_check(text));
}

static enum tarn_status does_not_fit(struct tarn_error *err, const struct tarn__value_rule *rule)
{
    const enum tarn__conversion conversion = rule->converter.conversion;
    const bool time = conversion == TARN_CONVERT_INT96_TO_MICROS || conversion == TARN_CONVERT_TICKS_TO_MICROS ||
                      conversion == TARN_CONVERT_TICKS_TO_NANOS;
    return time ? tarn__unsupported(err, "timestamp.range", "a timestamp lies outside of 64-bit %s",
                                    conversion == TARN_CONVERT_TICKS_TO_NANOS ? "seconds" : "microseconds")
                : tarn__corrupt(err, "value_range", "a stored value is outside of its logical type");
}

/* ---- dictionaries ---- */

static enum tarn_status fixed_entries(struct tarn_env *env, const struct tarn__value_rule *rule, struct tarn_span page, uint32_t count,
                                      struct tarn__column_dictionary *out, struct tarn_error *err)
{
    const struct tarn__converter *converter = &rule->converter;
    struct tarn_span stored;

    TARN_RETURN_IF_ERROR(tarn__plain_take(&page, converter->stored, count, &stored, err));
    out->values = tarn__buffer_new(env, (size_t)count * converter->width);
    if (out->values == NULL) {
        return tarn__nomem(env, err, (uint64_t)count * converter->width);
    }
    return tarn__convert_values(converter, stored.data, count, out->values->data) == count ? TARN_OK : does_not_fit(err, rule);
}

/* BYTE_ARRAY decimals: each of its own length. */
static enum tarn_status decimal_entries(struct tarn_env *env, const struct tarn__value_rule *rule, struct tarn_span page, uint32_t count,
                                        struct tarn__column_dictionary *out, struct tarn_error *err)
{
    uint64_t bytes;
    TARN_RETURN_IF_ERROR(tarn__plain_measure_bytes(page, count, &bytes, err)); /* hence count is one that the page can hold */
    out->values = tarn__buffer_new(env, (size_t)count * rule->converter.width);
    if (out->values == NULL) {
        return tarn__nomem(env, err, (uint64_t)count * rule->converter.width);
    }
    for (uint32_t i = 0; i < count; i++) {
        struct tarn_span value;
        TARN_RETURN_IF_ERROR(tarn__plain_take_bytes(&page, &value, err));
        if (!tarn__convert_decimal(&rule->converter, value, out->values->data + (size_t)i * rule->converter.width)) {
            return does_not_fit(err, rule);
        }
    }
    return TARN_OK;
}

static enum tarn_status check_entries(const struct tarn_vector *values, struct tarn_error *err)
{
    /* Well-formed as a whole and cut at beginnings of characters is well-formed each; ASCII, the usual case, is both at once. */
    const struct tarn_text all = {(const char *)values->bytes,
                                  values->length == 0 ? 0 : (size_t)tarn__vector_offset(values, values->length)};
    if (tarn__is_ascii(all)) {
        return TARN_OK;
    }
    for (uint32_t i = 0; i < values->length; i++) {
        const struct tarn_text entry = tarn__vector_leaf_text(values, i);
        if (!tarn__utf8_is_valid(entry)) {
            return not_utf8(err, entry);
        }
    }
    return TARN_OK;
}

static enum tarn_status string_entries(struct tarn_env *env, const struct tarn_type *type, const struct tarn__value_rule *rule,
                                       struct tarn_span page, uint32_t count, struct tarn__column_dictionary *out, struct tarn_error *err)
{
    uint64_t bytes;
    TARN_RETURN_IF_ERROR(tarn__plain_measure_bytes(page, count, &bytes, err));
    struct tarn_buffer *offsets = tarn__buffer_new(env, ((size_t)count + 1) * sizeof(uint32_t));
    out->bytes = tarn__buffer_new(env, (size_t)bytes);
    if (offsets == NULL || out->bytes == NULL) {
        tarn__buffer_release(offsets);
        return tarn__nomem(env, err, bytes);
    }
    uint32_t *ends = (uint32_t *)(void *)offsets->data;
    ends[0] = 0;
    const enum tarn_status status = tarn__plain_decode_bytes(&page, count, ends, out->bytes->data, err);
    if (status != TARN_OK) {
        tarn__buffer_release(offsets);
        return status;
    }
    struct tarn_vector *values = tarn__vector_strings(env, type, count, offsets, false, tarn__buffer_retain(out->bytes), NULL);
    if (values == NULL) {
        return tarn__nomem(env, err, bytes);
    }
    const enum tarn_status checked = rule->check_utf8 ? check_entries(values, err) : TARN_OK;
    if (checked != TARN_OK) {
        tarn_vector_release(values);
        return checked;
    }
    out->dictionary = tarn__dictionary_make(env, values);
    return out->dictionary != NULL ? TARN_OK : tarn__nomem(env, err, bytes);
}

enum tarn_status tarn__column_dictionary_make(struct tarn_env *env, const struct tarn_type *type, const struct tarn__value_rule *rule,
                                              struct tarn_span page, uint32_t count, struct tarn__column_dictionary *out,
                                              struct tarn_error *err)
{
    enum tarn_status status;
    *out = (struct tarn__column_dictionary){.count = count};
    if (rule->physical_type == PARQUET_BOOLEAN) {
        return tarn__corrupt(err, "dictionary", "a dictionary page in a BOOLEAN column");
    }
    if (rule->converter.conversion == TARN_CONVERT_VIEWS) {
        status = string_entries(env, type, rule, page, count, out, err);
    } else if (rule->physical_type == PARQUET_BYTE_ARRAY) {
        status = decimal_entries(env, rule, page, count, out, err);
    } else {
        status = fixed_entries(env, rule, page, count, out, err);
    }
    if (status != TARN_OK) {
        tarn__column_dictionary_free(out);
    }
    return status;
}

void tarn__column_dictionary_free(struct tarn__column_dictionary *dictionary)
{
    tarn__buffer_release(dictionary->values);
    tarn__dictionary_release(dictionary->dictionary);
    tarn__buffer_release(dictionary->bytes);
    *dictionary = (struct tarn__column_dictionary){0};
}

/* ---- the values of a page ---- */

static enum tarn_status init_codes(struct tarn__value_decoder *decoder, struct tarn_span bytes, uint32_t most, struct tarn_error *err)
{
    if (decoder->dictionary == NULL) {
        return tarn__corrupt(err, "dictionary", "a dictionary-encoded page where no dictionary page came before");
    }
    decoder->form = TARN_VALUES_CODES;
    /* Where all is null some writers leave out even the width. */
    return tarn__rle_values_init_dictionary(&decoder->u.runs, bytes, bytes.size == 0 ? 0 : most, err);
}

static enum tarn_status init_rle_bits(struct tarn__value_decoder *decoder, struct tarn_span bytes, uint32_t most, struct tarn_error *err)
{
    if (bytes.size == 0) {
        return tarn__rle_values_init(&decoder->u.runs, bytes, 1, 0, err);
    }
    if (bytes.size < 4 || tarn__load32(bytes.data) > bytes.size - 4) {
        return tarn__corrupt(err, "rle", "the length in front of RLE booleans leads outside of the page");
    }
    const struct tarn_span runs = {bytes.data + 4, tarn__load32(bytes.data)};
    return tarn__rle_values_init(&decoder->u.runs, runs, 1, most, err);
}

static enum tarn_status init_encoded(struct tarn__value_decoder *decoder, int32_t encoding, struct tarn_span bytes, uint32_t most,
                                     struct tarn_error *err)
{
    const struct tarn__value_rule *rule = decoder->rule;
    const bool strings = encoding == PARQUET_ENCODING_DELTA_LENGTH_BYTE_ARRAY || encoding == PARQUET_ENCODING_DELTA_BYTE_ARRAY;
    enum tarn_status status;
    if (tarn__encoded_numbers_has(encoding, rule->physical_type)) {
        decoder->form = TARN_VALUES_NUMBERS;
        status = tarn__encoded_numbers_init(&decoder->u.numbers, tarn__buffer_env(decoder->page), encoding, rule->converter.stored, bytes,
                                            most, err);
    } else if (strings && rule->physical_type == PARQUET_BYTE_ARRAY) {
        decoder->form = TARN_VALUES_STRINGS;
        status = tarn__encoded_strings_init(&decoder->u.strings, encoding, decoder->page, bytes, most, rule->check_utf8, err);
    } else if (encoding >= PARQUET_ENCODING_RLE && encoding <= PARQUET_ENCODING_ALP) {
        return tarn__corrupt(err, "encoding", "encoding %s for values of type %s", tarn__parquet_encoding_name(encoding),
                             tarn__parquet_type_name(rule->physical_type));
    } else {
        return tarn__unsupported(err, "encoding.unknown", "values are encoded as %s (%d), which cannot be read yet",
                                 tarn__parquet_encoding_name(encoding), encoding);
    }
    decoder->form = status == TARN_OK ? decoder->form : TARN_VALUES_NONE;
    return status;
}

enum tarn_status tarn__value_decoder_init(struct tarn__value_decoder *decoder, const struct tarn__value_rule *rule, int32_t encoding,
                                          struct tarn_buffer *page, struct tarn_span bytes, uint32_t most,
                                          const struct tarn__column_dictionary *dictionary, struct tarn_error *err)
{
    *decoder = (struct tarn__value_decoder){.rule = rule, .dictionary = dictionary, .rest = bytes, .page = page};
    decoder->kernels = tarn__decode_kernels_of(tarn__buffer_env(page));
    switch (encoding) {
    case PARQUET_ENCODING_PLAIN:
        decoder->form = rule->physical_type == PARQUET_BOOLEAN      ? TARN_VALUES_BITS
                        : rule->physical_type == PARQUET_BYTE_ARRAY ? TARN_VALUES_BYTES
                                                                    : TARN_VALUES_FIXED;
        return TARN_OK;
    case PARQUET_ENCODING_PLAIN_DICTIONARY:
    case PARQUET_ENCODING_RLE_DICTIONARY:
        TARN_RETURN_IF_ERROR(init_codes(decoder, bytes, most, err));
        decoder->u.runs.kernels = decoder->kernels;
        return TARN_OK;
    case PARQUET_ENCODING_RLE:
        if (rule->physical_type == PARQUET_BOOLEAN) {
            decoder->form = TARN_VALUES_RLE_BITS;
            return init_rle_bits(decoder, bytes, most, err);
        }
        return init_encoded(decoder, encoding, bytes, most, err);
    default:
        return init_encoded(decoder, encoding, bytes, most, err);
    }
}

void tarn__value_decoder_retain(const struct tarn__value_decoder *decoder)
{
    if (decoder->form == TARN_VALUES_NUMBERS) {
        tarn__encoded_numbers_retain(&decoder->u.numbers);
    } else if (decoder->form == TARN_VALUES_STRINGS) {
        tarn__encoded_strings_retain(&decoder->u.strings);
    }
}

void tarn__value_decoder_release(struct tarn__value_decoder *decoder)
{
    if (decoder->form == TARN_VALUES_NUMBERS) {
        tarn__encoded_numbers_release(&decoder->u.numbers);
    } else if (decoder->form == TARN_VALUES_STRINGS) {
        tarn__encoded_strings_release(&decoder->u.strings);
    }
    decoder->form = TARN_VALUES_NONE;
}

static enum tarn_status take_fixed(struct tarn__value_decoder *decoder, uint32_t count, struct tarn__column_output *output,
                                   struct tarn_error *err)
{
    const struct tarn__converter *converter = &decoder->rule->converter;
    struct tarn_span stored;
    TARN_RETURN_IF_ERROR(tarn__plain_take(&decoder->rest, converter->stored, count, &stored, err));
    const size_t good = tarn__convert_values(converter, stored.data, count, tarn__column_output_slot(output, output->length));
    if (good != count) {
        decoder->bad = (uint32_t)good;
        return does_not_fit(err, decoder->rule);
    }
    return TARN_OK;
}

static enum tarn_status take_decimals(struct tarn__value_decoder *decoder, uint32_t count, struct tarn__column_output *output,
                                      struct tarn_error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        struct tarn_span value;
        TARN_RETURN_IF_ERROR(tarn__plain_take_bytes(&decoder->rest, &value, err));
        if (!tarn__convert_decimal(&decoder->rule->converter, value, tarn__column_output_slot(output, output->length + i))) {
            decoder->bad = i;
            return does_not_fit(err, decoder->rule);
        }
    }
    return TARN_OK;
}

/* The texts that were just taken, which begin at `at`. The lengths between them are ASCII too, unless one has over 127 bytes. */
static enum tarn_status check_views(struct tarn__value_decoder *decoder, struct tarn_span at, uint32_t count, struct tarn_error *err)
{
    if (decoder->kernels->is_ascii(at.data, at.size - decoder->rest.size)) {
        return TARN_OK;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct tarn_span value;
        TARN_RETURN_IF_ERROR(tarn__plain_take_bytes(&at, &value, err));
        const struct tarn_text text = {(const char *)value.data, value.size};
        if (!tarn__utf8_is_valid(text)) {
            decoder->bad = i;
            return not_utf8(err, text);
        }
    }
    return TARN_OK;
}

static enum tarn_status take_views(struct tarn__value_decoder *decoder, uint32_t count, struct tarn__column_output *output,
                                   struct tarn_error *err)
{
    uint32_t number;
    TARN_RETURN_IF_ERROR(tarn__column_output_use_views(output, err));
    TARN_RETURN_IF_ERROR(tarn__column_output_view_buffer(output, decoder->page, &number, err));

    struct tarn_string_view *views = (struct tarn_string_view *)(void *)tarn__column_output_slot(output, output->length);
    const struct tarn_span before = decoder->rest;
    TARN_RETURN_IF_ERROR(tarn__plain_take_views(&decoder->rest, number, decoder->page->data, count, views, err));
    return decoder->rule->check_utf8 ? check_views(decoder, before, count, err) : TARN_OK;
}

/* Entries of `width` bytes by code; a constant width lets the compiler make single moves of it. */
static inline void gather(const uint8_t *entries, uint32_t width, const uint32_t *codes, uint32_t count, uint8_t *out)
{
    for (uint32_t i = 0; i < count; i++) {
        memcpy(out + (size_t)i * width, entries + (size_t)codes[i] * width, width);
    }
}

static void gather_entries(const struct tarn__value_decoder *decoder, uint32_t width, const uint32_t *codes, uint32_t count, void *out)
{
    const struct tarn__column_dictionary *dictionary = decoder->dictionary;
    const void *entries = dictionary->values->data;
    switch (width) {
    case 4:
        decoder->kernels->gather32(entries, dictionary->count, codes, count, out);
        return;
    case 8:
        decoder->kernels->gather64(entries, dictionary->count, codes, count, out);
        return;
    case 16:
        gather(entries, 16, codes, count, out);
        return;
    default:
        gather(entries, width, codes, count, out);
        return;
    }
}

static enum tarn_status take_string_codes(struct tarn__value_decoder *decoder, uint32_t count, struct tarn__column_output *output,
                                          struct tarn_error *err)
{
    const struct tarn__column_dictionary *dictionary = decoder->dictionary;
    uint32_t codes[CODES_AT_ONCE];
    uint32_t number;

    TARN_RETURN_IF_ERROR(tarn__column_output_use_dictionary(output, dictionary->dictionary, dictionary->bytes, err));
    if (output->form == TARN_OUTPUT_CODES) {
        uint32_t *out = (uint32_t *)(void *)tarn__column_output_slot(output, output->length);
        return tarn__rle_values_next_codes(&decoder->u.runs, count, dictionary->count, out, err);
    }
    TARN_RETURN_IF_ERROR(tarn__column_output_view_buffer(output, dictionary->bytes, &number, err));
    for (uint32_t at = 0; at < count;) {
        const uint32_t part = count - at < CODES_AT_ONCE ? count - at : (uint32_t)CODES_AT_ONCE;
        TARN_RETURN_IF_ERROR(tarn__rle_values_next_codes(&decoder->u.runs, part, dictionary->count, codes, err));
        tarn__column_output_put_entries(output, output->length + at, codes, part);
        at += part;
    }
    return TARN_OK;
}

static enum tarn_status take_codes(struct tarn__value_decoder *decoder, uint32_t count, struct tarn__column_output *output,
                                   struct tarn_error *err)
{
    const struct tarn__column_dictionary *dictionary = decoder->dictionary;
    uint32_t codes[CODES_AT_ONCE];

    if (dictionary->dictionary != NULL) {
        return take_string_codes(decoder, count, output, err);
    }
    for (uint32_t at = 0; at < count;) {
        const uint32_t part = count - at < CODES_AT_ONCE ? count - at : (uint32_t)CODES_AT_ONCE;
        TARN_RETURN_IF_ERROR(tarn__rle_values_next_codes(&decoder->u.runs, part, dictionary->count, codes, err));
        gather_entries(decoder, output->width, codes, part, tarn__column_output_slot(output, output->length + at));
        at += part;
    }
    return TARN_OK;
}

static enum tarn_status take_numbers(struct tarn__value_decoder *decoder, uint32_t count, struct tarn__column_output *output,
                                     struct tarn_error *err)
{
    uint32_t good;
    TARN_RETURN_IF_ERROR(tarn__encoded_numbers_take(&decoder->u.numbers, &decoder->rule->converter, count,
                                                    tarn__column_output_slot(output, output->length), &good, err));
    if (good != count) {
        decoder->bad = good;
        return does_not_fit(err, decoder->rule);
    }
    return TARN_OK;
}

static enum tarn_status take_strings(struct tarn__value_decoder *decoder, uint32_t count, struct tarn__column_output *output,
                                     struct tarn_error *err)
{
    const struct tarn__converter *converter = &decoder->rule->converter;
    struct tarn_text bad_text = {NULL, 0};
    uint32_t good;
    if (converter->conversion == TARN_CONVERT_VIEWS) {
        TARN_RETURN_IF_ERROR(tarn__column_output_use_views(output, err));
        TARN_RETURN_IF_ERROR(tarn__encoded_strings_take_views(&decoder->u.strings, count, output, &good, &bad_text, err));
    } else {
        TARN_RETURN_IF_ERROR(tarn__encoded_strings_take_decimals(&decoder->u.strings, converter, count,
                                                                 tarn__column_output_slot(output, output->length), &good, err));
    }
    if (good != count) {
        decoder->bad = good;
        return bad_text.data != NULL ? not_utf8(err, bad_text) : does_not_fit(err, decoder->rule);
    }
    return TARN_OK;
}

enum tarn_status tarn__value_decoder_take(struct tarn__value_decoder *decoder, uint32_t count, struct tarn__column_output *output,
                                          struct tarn_error *err)
{
    decoder->bad = UINT32_MAX;
    if (count == 0) {
        return TARN_OK;
    }
    switch (decoder->form) {
    case TARN_VALUES_FIXED:
        return take_fixed(decoder, count, output, err);
    case TARN_VALUES_BITS:
        return tarn__plain_decode_bits(decoder->rest, &decoder->position, count, output->values->data, output->length, err);
    case TARN_VALUES_BYTES:
        return decoder->rule->converter.conversion == TARN_CONVERT_VIEWS ? take_views(decoder, count, output, err)
                                                                         : take_decimals(decoder, count, output, err);
    case TARN_VALUES_CODES:
        return take_codes(decoder, count, output, err);
    case TARN_VALUES_RLE_BITS:
        return tarn__rle_values_next_bits(&decoder->u.runs, count, output->values->data, output->length, err);
    case TARN_VALUES_NUMBERS:
        return take_numbers(decoder, count, output, err);
    case TARN_VALUES_STRINGS:
        return take_strings(decoder, count, output, err);
    default:
        return tarn__internal(err, "a page without values is asked for some");
    }
}

enum tarn_status tarn__value_decoder_skip(struct tarn__value_decoder *decoder, uint32_t count, struct tarn_error *err)
{
    struct tarn_span skipped;
    switch (decoder->form) {
    case TARN_VALUES_FIXED:
        return tarn__plain_take(&decoder->rest, decoder->rule->converter.stored, count, &skipped, err);
    case TARN_VALUES_BITS:
        decoder->position += count;
        return decoder->position <= decoder->rest.size * (uint64_t)8 ? TARN_OK : tarn__corrupt(err, "plain", "booleans end early");
    case TARN_VALUES_BYTES:
        return tarn__plain_skip_bytes(&decoder->rest, count, err);
    case TARN_VALUES_NUMBERS:
        return tarn__encoded_numbers_skip(&decoder->u.numbers, count, err);
    case TARN_VALUES_STRINGS:
        return tarn__encoded_strings_skip(&decoder->u.strings, count, err);
    default:
        return tarn__rle_values_skip(&decoder->u.runs, count, err);
    }
}
