/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys of rows on a space-filling curve.
 *
 * Z-order: the bits of the columns' ranks, the highest of all first. Hilbert: J. Skilling, "Programming the Hilbert curve", AIP Conference
 * Proceedings 707 (2004): the same after a transform that makes neighbours on the curve neighbours in space.
 *
 * Invariants
 *  1. Equal values have equal ranks, a smaller value has no larger rank, and null has rank 0 alone.
 *  2. Samples are spread evenly over the rows that came: every step-th; when there are too many, every second is dropped and the step
 * doubles.
 *  3. A rank is scaled to all its bits, so that a column of few values weighs as much as one of many.
 */
#include "txlog/core/maintain/cluster_key.h"

#include <string.h>

#include "format/base/bytes.h"

enum { MOST_BITS = 16, MOST_SAMPLES = 2 * TARN_CLUSTER_SAMPLES, SAMPLE_TEXT = 256, WIDE = 32 };

/* ---- values in a form whose order is that of bytes or of unsigned numbers ---- */

static bool is_bytes_kind(enum tarn_kind kind)
{
    return kind == TARN_KIND_BYTES || kind == TARN_KIND_FIXED || kind == TARN_KIND_I128 || kind == TARN_KIND_I256;
}

bool tarn__type_is_clusterable(const struct tarn_type *type)
{
    return type->field_count == 0 && type->id != TARN_TYPE_NULL && type->id != TARN_TYPE_VARIANT && type->id != TARN_TYPE_INTERVAL &&
           type->id != TARN_TYPE_GEOMETRY && type->id != TARN_TYPE_GEOGRAPHY;
}

static uint64_t number_of_float(double value)
{
    uint64_t bits;
    if (value != value) {
        return UINT64_MAX; /* NaN is above all others */
    }
    value = value == 0 ? 0 : value; /* -0.0 = 0.0 */
    memcpy(&bits, &value, sizeof(bits));
    return bits >> 63 != 0 ? ~bits : bits | UINT64_C(1) << 63;
}

static uint64_t number_of(const struct tarn_value *value)
{
    switch (tarn_type_kind(value->type)) {
    case TARN_KIND_BOOL:
        return value->u.boolean;
    case TARN_KIND_U8:
    case TARN_KIND_U16:
    case TARN_KIND_U32:
    case TARN_KIND_U64:
        return value->u.u64;
    case TARN_KIND_F16:
    case TARN_KIND_F32:
    case TARN_KIND_F64:
        return number_of_float(value->u.f64);
    default:
        return (uint64_t)value->u.i64 ^ UINT64_C(1) << 63;
    }
}

/* Bytes of a value; numbers wider than 64 bits go through `wide`, big-endian with the sign turned. */
static struct tarn_text bytes_of(const struct tarn_value *value, uint8_t wide[WIDE])
{
    const enum tarn_kind kind = tarn_type_kind(value->type);
    if (kind == TARN_KIND_BYTES || kind == TARN_KIND_FIXED) {
        return value->u.bytes;
    }
    for (unsigned i = 0; i < 4; i++) {
        tarn__store64_be(wide + (size_t)8 * i, value->u.words[3 - i] ^ (i == 0 ? UINT64_C(1) << 63 : 0));
    }
    return (struct tarn_text){(const char *)wide, WIDE};
}

/* ---- samples ---- */

enum tarn_status tarn__cluster_ranks_init(struct tarn__cluster_ranks *ranks, struct tarn_env *env, enum tarn__curve curve,
                                          uint32_t column_count, const struct tarn_type *const *types, struct tarn_error *err)
{
    *ranks = (struct tarn__cluster_ranks){.env = env, .curve = curve, .column_count = column_count};
    const unsigned share = 128 / (column_count != 0 ? column_count : 1);
    ranks->bits = share < MOST_BITS ? share : MOST_BITS;
    for (uint32_t c = 0; c < column_count; c++) {
        struct tarn__cluster_samples *samples = &ranks->columns[c];
        samples->is_bytes = is_bytes_kind(tarn_type_kind(types[c]));
        samples->step = 1;
        if (samples->is_bytes) {
            samples->texts = tarn__calloc(env, MOST_SAMPLES, sizeof(*samples->texts));
        } else {
            samples->numbers = tarn__calloc(env, MOST_SAMPLES, sizeof(*samples->numbers));
        }
        if (samples->texts == NULL && samples->numbers == NULL) {
            return tarn__nomem(env, err, MOST_SAMPLES * sizeof(*samples->texts));
        }
    }
    return TARN_OK;
}

static void free_text(struct tarn_env *env, struct tarn_text text)
{
    tarn__free(env, (void *)(uintptr_t)text.data);
}

void tarn__cluster_ranks_free(struct tarn__cluster_ranks *ranks)
{
    for (uint32_t c = 0; c < ranks->column_count; c++) {
        struct tarn__cluster_samples *samples = &ranks->columns[c];
        for (uint32_t i = 0; samples->texts != NULL && i < samples->count; i++) {
            free_text(ranks->env, samples->texts[i]);
        }
        tarn__free(ranks->env, samples->texts);
        tarn__free(ranks->env, samples->numbers);
    }
    ranks->column_count = 0;
}

static void thin_out(struct tarn_env *env, struct tarn__cluster_samples *samples)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < samples->count; i++) {
        if (i % 2 == 0 && samples->is_bytes) {
            samples->texts[kept++] = samples->texts[i];
        } else if (i % 2 == 0) {
            samples->numbers[kept++] = samples->numbers[i];
        } else if (samples->is_bytes) {
            free_text(env, samples->texts[i]);
        }
    }
    samples->count = kept;
    samples->step *= 2;
}

static enum tarn_status take_sample(struct tarn_env *env, struct tarn__cluster_samples *samples, const struct tarn_value *value,
                                    struct tarn_error *err)
{
    if (samples->count == MOST_SAMPLES) {
        thin_out(env, samples);
    }
    if (!samples->is_bytes) {
        samples->numbers[samples->count++] = number_of(value);
        return TARN_OK;
    }
    uint8_t wide[WIDE];
    struct tarn_text text = bytes_of(value, wide);
    text.size = text.size < SAMPLE_TEXT ? text.size : SAMPLE_TEXT;
    char *copy = tarn__text_dup(env, text);
    if (copy == NULL) {
        return tarn__nomem(env, err, text.size);
    }
    samples->texts[samples->count++] = (struct tarn_text){copy, text.size};
    return TARN_OK;
}

enum tarn_status tarn__cluster_sample(struct tarn__cluster_ranks *ranks, uint32_t column, const struct tarn_vector *vector,
                                      struct tarn_error *err)
{
    struct tarn__cluster_samples *samples = &ranks->columns[column];
    for (uint32_t row = 0; row < vector->length; row++) {
        if (samples->seen++ % samples->step != 0 || tarn_vector_is_null(vector, row)) {
            continue;
        }
        const struct tarn_value value = tarn__vector_value(vector, row);
        TARN_RETURN_IF_ERROR(take_sample(ranks->env, samples, &value, err));
    }
    return TARN_OK;
}

/* ---- sorting the samples: merges from below, so that no order of them is slow ---- */

static void merge_numbers(const uint64_t *from, uint64_t *to, uint32_t begin, uint32_t middle, uint32_t end)
{
    uint32_t a = begin;
    uint32_t b = middle;
    for (uint32_t i = begin; i < end; i++) {
        to[i] = a < middle && (b == end || from[a] <= from[b]) ? from[a++] : from[b++];
    }
}

static void merge_texts(const struct tarn_text *from, struct tarn_text *to, uint32_t begin, uint32_t middle, uint32_t end)
{
    uint32_t a = begin;
    uint32_t b = middle;
    for (uint32_t i = begin; i < end; i++) {
        to[i] = a < middle && (b == end || tarn__text_compare(from[a], from[b]) <= 0) ? from[a++] : from[b++];
    }
}

static enum tarn_status sort_samples(struct tarn_env *env, struct tarn__cluster_samples *samples, struct tarn_error *err)
{
    const size_t element = samples->is_bytes ? sizeof(*samples->texts) : sizeof(*samples->numbers);
    void *room = tarn__calloc(env, (size_t)samples->count + 1, element);
    if (room == NULL) {
        return tarn__nomem(env, err, samples->count * element);
    }
    void *from = samples->is_bytes ? (void *)samples->texts : (void *)samples->numbers;
    void *to = room;
    for (uint32_t width = 1; width < samples->count; width *= 2) {
        for (uint32_t begin = 0; begin < samples->count; begin += 2 * width) {
            const uint32_t middle = samples->count - begin > width ? begin + width : samples->count;
            const uint32_t end = samples->count - begin > 2 * width ? begin + 2 * width : samples->count;
            if (samples->is_bytes) {
                merge_texts(from, to, begin, middle, end);
            } else {
                merge_numbers(from, to, begin, middle, end);
            }
        }
        void *swap = from;
        from = to;
        to = swap;
    }
    if (samples->is_bytes) {
        samples->texts = from;
    } else {
        samples->numbers = from;
    }
    tarn__free(env, to);
    return TARN_OK;
}

enum tarn_status tarn__cluster_seal(struct tarn__cluster_ranks *ranks, struct tarn_error *err)
{
    for (uint32_t c = 0; c < ranks->column_count; c++) {
        TARN_RETURN_IF_ERROR(sort_samples(ranks->env, &ranks->columns[c], err));
    }
    return TARN_OK;
}

/* ---- ranks ---- */

/* How many samples are smaller. */
static uint32_t samples_below_number(const struct tarn__cluster_samples *samples, uint64_t number)
{
    uint32_t low = 0;
    uint32_t high = samples->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (samples->numbers[middle] < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static uint32_t samples_below_text(const struct tarn__cluster_samples *samples, struct tarn_text text)
{
    uint32_t low = 0;
    uint32_t high = samples->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (tarn__text_compare(samples->texts[middle], text) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* 0 is for nulls; values have 1 and above. */
static uint32_t rank_of(const struct tarn__cluster_samples *samples, unsigned bits, const struct tarn_value *value)
{
    uint8_t wide[WIDE];
    const uint32_t below =
        samples->is_bytes ? samples_below_text(samples, bytes_of(value, wide)) : samples_below_number(samples, number_of(value));
    const uint64_t most = (UINT64_C(1) << bits) - 2;
    return 1 + (samples->count != 0 ? (uint32_t)(below * most / samples->count) : 0);
}

/* The ranks of a column's rows, each dictionary entry looked up once. */
static enum tarn_status ranks_of(const struct tarn__cluster_ranks *ranks, uint32_t column, const struct tarn_vector *vector, uint32_t *out,
                                 struct tarn_error *err)
{
    const struct tarn__cluster_samples *samples = &ranks->columns[column];
    uint32_t *entries = NULL;
    if (vector->shape == TARN_SHAPE_DICTIONARY && vector->dictionary->values->length <= vector->length) {
        const uint32_t count = vector->dictionary->values->length;
        entries = tarn__calloc(ranks->env, (size_t)count + 1, sizeof(*entries));
        if (entries == NULL) {
            return tarn__nomem(ranks->env, err, count * sizeof(*entries));
        }
        for (uint32_t i = 0; i < count; i++) {
            const struct tarn_value value = tarn__vector_value(vector->dictionary->values, i);
            entries[i] = rank_of(samples, ranks->bits, &value);
        }
    }
    for (uint32_t row = 0; row < vector->length; row++) {
        if (tarn_vector_is_null(vector, row)) {
            out[row] = 0;
        } else if (entries != NULL) {
            out[row] = entries[vector->u.codes[row]];
        } else {
            const struct tarn_value value = tarn__vector_value(vector, row);
            out[row] = rank_of(samples, ranks->bits, &value);
        }
    }
    tarn__free(ranks->env, entries);
    return TARN_OK;
}

/* ---- curves ---- */

/* Skilling's AxestoTranspose. */
static void to_hilbert(uint32_t count, unsigned bits, uint32_t *x)
{
    const uint32_t top = 1u << (bits - 1);
    for (uint32_t q = top; q > 1; q >>= 1) {
        const uint32_t low = q - 1;
        for (uint32_t i = 0; i < count; i++) {
            if ((x[i] & q) != 0) {
                x[0] ^= low;
            } else {
                const uint32_t swap = (x[0] ^ x[i]) & low;
                x[0] ^= swap;
                x[i] ^= swap;
            }
        }
    }
    for (uint32_t i = 1; i < count; i++) {
        x[i] ^= x[i - 1];
    }
    uint32_t turn = 0;
    for (uint32_t q = top; q > 1; q >>= 1) {
        if ((x[count - 1] & q) != 0) {
            turn ^= q - 1;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        x[i] ^= turn;
    }
}

struct tarn__cluster_key tarn__curve_key(enum tarn__curve curve, uint32_t count, unsigned bits, uint32_t *ranks)
{
    struct tarn__cluster_key key = {0, 0};
    if (curve == TARN_CURVE_HILBERT && count > 1) {
        to_hilbert(count, bits, ranks);
    }
    for (unsigned bit = bits; bit-- > 0;) {
        for (uint32_t c = 0; c < count; c++) {
            key.high = key.high << 1 | key.low >> 63;
            key.low = key.low << 1 | (ranks[c] >> bit & 1);
        }
    }
    return key;
}

enum tarn_status tarn__cluster_keys(const struct tarn__cluster_ranks *ranks, struct tarn_vector *const *columns, uint32_t length,
                                    struct tarn__cluster_key *keys, struct tarn_error *err)
{
    const uint32_t count = ranks->column_count;
    uint32_t *all = tarn__calloc(ranks->env, (size_t)count * length + 1, sizeof(*all));
    if (all == NULL) {
        return tarn__nomem(ranks->env, err, (uint64_t)count * length * sizeof(*all));
    }
    enum tarn_status status = TARN_OK;
    for (uint32_t c = 0; status == TARN_OK && c < count; c++) {
        status = ranks_of(ranks, c, columns[c], all + (size_t)c * length, err);
    }
    for (uint32_t row = 0; status == TARN_OK && row < length; row++) {
        uint32_t point[TARN_CLUSTER_MOST_COLUMNS];
        for (uint32_t c = 0; c < count; c++) {
            point[c] = all[(size_t)c * length + row];
        }
        keys[row] = tarn__curve_key(ranks->curve, count, ranks->bits, point);
    }
    tarn__free(ranks->env, all);
    return status;
}
