/* SPDX-License-Identifier: Apache-2.0
 *
 * Adaptive lossless floating point, written.
 *
 * Specification: Parquet AlpEncoding.md. SPEC: P-ENC-ALP-6 to P-ENC-ALP-8.
 *
 * A number is an integer when the decoder's own two multiplications give it back to the bit; nothing else is asked. Exponent and factor are
 * looked for in two steps: a few that samples of the page like, then for each vector one of those.
 *
 * Invariants
 *  1. In place of an exception the first integer of its vector that is none stands, so that it costs no bits.
 *  2. The bytes of a vector are counted before they are written.
 *  3. Offsets and counts fit 31 bits.
 */
#include "format/encoding/alp_encode.h"

#include "format/encoding/alp.h"

enum {
    HEADER_SIZE = 7,
    VECTOR_LOG2 = 10,
    VECTOR = 1 << VECTOR_LOG2,
    SAMPLE = 32, /* numbers of a vector */
    SAMPLES = 8, /* vectors of a page */
    POSITION_SIZE = 2,
};

/* A vector as integers. */
struct vector {
    union {
        uint32_t narrow[VECTOR];
        uint64_t wide[VECTOR];
    } integers;
    uint8_t unless[VECTOR];
    uint32_t exceptions;
    uint64_t frame;
    unsigned bits;
};

static void unscale(const struct tarn__kernels *kernels, const uint8_t *plain, unsigned width, uint32_t n, unsigned exponent,
                    unsigned factor, struct vector *vector)
{
    if (width == 4) {
        const float scale[4] = {tarn__alp_up32[exponent], tarn__alp_down32[factor], tarn__alp_up32[factor], tarn__alp_down32[exponent]};
        vector->exceptions = kernels->unscale_f32(plain, n, scale, vector->integers.narrow, vector->unless);
    } else {
        const double scale[4] = {tarn__alp_up64[exponent], tarn__alp_down64[factor], tarn__alp_up64[factor], tarn__alp_down64[exponent]};
        vector->exceptions = kernels->unscale_f64(plain, n, scale, vector->integers.wide, vector->unless);
    }
}

/* Invariant 1; then the least integer, and the bits that the others need over it, which take its place. */
#define FRAME(name, integers_of, type, signed_type)                                                                                        \
    static void name(struct vector *vector, uint32_t n)                                                                                    \
    {                                                                                                                                      \
        type *integers = vector->integers.integers_of;                                                                                     \
        if (vector->exceptions != 0) {                                                                                                     \
            const uint8_t *none = memchr(vector->unless, 0, n);                                                                            \
            const type stand_in = none != NULL ? integers[none - vector->unless] : 0;                                                      \
            for (uint32_t i = 0; i < n; i++) {                                                                                             \
                integers[i] = vector->unless[i] != 0 ? stand_in : integers[i];                                                             \
            }                                                                                                                              \
        }                                                                                                                                  \
        signed_type least = (signed_type)integers[0];                                                                                      \
        signed_type most = least;                                                                                                          \
        for (uint32_t i = 1; i < n; i++) {                                                                                                 \
            const signed_type integer = (signed_type)integers[i];                                                                          \
            least = integer < least ? integer : least;                                                                                     \
            most = integer > most ? integer : most;                                                                                        \
        }                                                                                                                                  \
        const type range = (type)most - (type)least;                                                                                       \
        vector->frame = (type)least;                                                                                                       \
        vector->bits = range == 0 ? 0 : 64u - (unsigned)__builtin_clzll(range);                                                            \
    }
FRAME(frame32, narrow, uint32_t, int32_t)
FRAME(frame64, wide, uint64_t, int64_t)

/* What a vector costs, in bits, less what all of them do. */
static uint64_t frame(struct vector *vector, unsigned width, uint32_t n)
{
    if (width == 4) {
        frame32(vector, n);
    } else {
        frame64(vector, n);
    }
    return (uint64_t)n * vector->bits + (uint64_t)vector->exceptions * 8 * (POSITION_SIZE + width);
}

/* Where few numbers are integers, and far apart, none is. */
static void frame_or_leave(struct vector *vector, unsigned width, uint32_t n)
{
    if (frame(vector, width, n) > (uint64_t)n * 8 * (POSITION_SIZE + width)) {
        memset(vector->unless, 1, n);
        vector->exceptions = n;
        frame(vector, width, n);
    }
}

/* ---- the choice ---- */

/* What the numbers of a sample cost, in bits. */
static uint64_t cost(const struct tarn__kernels *kernels, const uint8_t *sample, unsigned width, uint32_t n, unsigned exponent,
                     unsigned factor, struct vector *scratch)
{
    unscale(kernels, sample, width, n, exponent, factor, scratch);
    return frame(scratch, width, n);
}

/* Up to SAMPLE numbers of a vector of `n`, from all over it. */
static uint32_t take_sample(const uint8_t *plain, unsigned width, uint32_t n, uint8_t *sample)
{
    const uint32_t step = n < SAMPLE ? 1 : n / SAMPLE;
    uint32_t taken = 0;
    for (uint32_t i = 0; i < n && taken < SAMPLE; i += step, taken++) {
        memcpy(sample + (size_t)taken * width, plain + (size_t)i * width, width);
    }
    return taken;
}

struct candidate {
    uint8_t exponent;
    uint8_t factor;
    uint8_t votes;
};

/* The cheapest for one sample; of equal ones the largest exponent and factor, which lose the fewest bits. */
static struct candidate best_of_all(const struct tarn__kernels *kernels, const uint8_t *sample, unsigned width, uint32_t n,
                                    struct vector *scratch)
{
    struct candidate best = {0, 0, 1};
    uint64_t lowest = UINT64_MAX;
    for (unsigned exponent = width == 4 ? TARN_ALP_FLOAT_EXPONENTS : TARN_ALP_DOUBLE_EXPONENTS; exponent-- > 0;) {
        for (unsigned factor = exponent + 1; factor-- > 0;) {
            const uint64_t bits = cost(kernels, sample, width, n, exponent, factor, scratch);
            if (bits < lowest) {
                lowest = bits;
                best = (struct candidate){(uint8_t)exponent, (uint8_t)factor, 1};
            }
        }
    }
    return best;
}

static void vote(struct candidate *candidates, unsigned *count, struct candidate one)
{
    for (unsigned i = 0; i < *count; i++) {
        if (candidates[i].exponent == one.exponent && candidates[i].factor == one.factor) {
            candidates[i].votes++;
            return;
        }
    }
    candidates[(*count)++] = one;
}

void tarn__alp_choose(const struct tarn__kernels *kernels, const uint8_t *plain, unsigned width, uint32_t n,
                      struct tarn__alp_choice *choice)
{
    struct candidate candidates[SAMPLES];
    struct vector scratch;
    unsigned count = 0;
    const uint32_t vectors = n / VECTOR + (n % VECTOR != 0);
    const uint32_t step = vectors < SAMPLES ? 1 : vectors / SAMPLES;

    *choice = (struct tarn__alp_choice){.count = 1};
    for (uint32_t v = 0, taken = 0; v < vectors && taken < SAMPLES; v += step, taken++) {
        uint8_t sample[SAMPLE * sizeof(double)];
        const uint32_t begin = v << VECTOR_LOG2;
        const uint32_t size = take_sample(plain + (size_t)begin * width, width, n - begin < VECTOR ? n - begin : (uint32_t)VECTOR, sample);
        vote(candidates, &count, best_of_all(kernels, sample, width, size, &scratch));
    }
    for (unsigned k = 0; k < count && k < TARN_ALP_CHOICES; k++) {
        unsigned most = 0;
        for (unsigned i = 1; i < count; i++) {
            most = candidates[i].votes > candidates[most].votes ? i : most;
        }
        choice->exponent[k] = candidates[most].exponent;
        choice->factor[k] = candidates[most].factor;
        choice->count = (uint8_t)(k + 1);
        candidates[most].votes = 0;
    }
}

/* Which of the choices a vector takes. */
static unsigned best_of_choice(const struct tarn__kernels *kernels, const uint8_t *plain, unsigned width, uint32_t n,
                               const struct tarn__alp_choice *choice, struct vector *scratch)
{
    uint8_t sample[SAMPLE * sizeof(double)];
    unsigned best = 0;
    uint64_t lowest = UINT64_MAX;
    if (choice->count == 1) {
        return 0;
    }
    const uint32_t size = take_sample(plain, width, n, sample);
    for (unsigned k = 0; k < choice->count; k++) {
        const uint64_t bits = cost(kernels, sample, width, size, choice->exponent[k], choice->factor[k], scratch);
        if (bits < lowest) {
            lowest = bits;
            best = k;
        }
    }
    return best;
}

/* ---- the page ---- */

static void store(uint8_t *out, unsigned width, uint64_t bits)
{
    if (width == 4) {
        tarn__store32(out, (uint32_t)bits);
    } else {
        tarn__store64(out, bits);
    }
}

static uint8_t *put_integers(const struct tarn__kernels *kernels, struct vector *vector, unsigned width, uint32_t n, uint8_t *out)
{
    if (width == 4) {
        for (uint32_t i = 0; i < n; i++) {
            vector->integers.narrow[i] -= (uint32_t)vector->frame;
        }
        kernels->pack32(vector->integers.narrow, n, vector->bits, out);
    } else {
        for (uint32_t i = 0; i < n; i++) {
            vector->integers.wide[i] -= vector->frame;
        }
        kernels->pack64(vector->integers.wide, n, vector->bits, out);
    }
    return out + tarn__bits_bytes((uint64_t)n * vector->bits);
}

static void put_exceptions(const struct vector *vector, const uint8_t *plain, unsigned width, uint32_t n, uint8_t *out)
{
    uint8_t *values = out + (size_t)vector->exceptions * POSITION_SIZE;
    for (uint32_t i = 0; i < n && vector->exceptions != 0; i++) {
        if (vector->unless[i] != 0) {
            tarn__store16(out, (uint16_t)i);
            memcpy(values, plain + (size_t)i * width, width);
            out += POSITION_SIZE;
            values += width;
        }
    }
}

static enum tarn_status put_vector(struct tarn_buffer *out, const uint8_t *plain, unsigned width, uint32_t n,
                                   const struct tarn__alp_choice *choice, struct tarn_error *err)
{
    const struct tarn__kernels *kernels = tarn__kernels_of(tarn__buffer_env(out));
    struct vector vector;
    uint8_t *to;
    const unsigned k = best_of_choice(kernels, plain, width, n, choice, &vector);

    unscale(kernels, plain, width, n, choice->exponent[k], choice->factor[k], &vector);
    frame_or_leave(&vector, width, n);
    const size_t size = 5 + width + tarn__bits_bytes((uint64_t)n * vector.bits) + (size_t)vector.exceptions * (POSITION_SIZE + width);
    TARN_RETURN_IF_ERROR(tarn__buffer_extend(out, size, &to, err));
    to[0] = choice->exponent[k];
    to[1] = choice->factor[k];
    tarn__store16(to + 2, (uint16_t)vector.exceptions);
    store(to + 4, width, vector.frame);
    to[4 + width] = (uint8_t)vector.bits;
    put_exceptions(&vector, plain, width, n, put_integers(kernels, &vector, width, n, to + 5 + width));
    return TARN_OK;
}

static enum tarn_status put_page(struct tarn_buffer *out, const uint8_t *plain, unsigned width, uint32_t n,
                                 const struct tarn__alp_choice *choice, struct tarn_error *err)
{
    const uint32_t vectors = n / VECTOR + (n % VECTOR != 0);
    uint8_t *to;

    if (n > INT32_MAX) {
        return tarn__invalid(err, "page_size", "%u numbers in one page: cut pages smaller", n);
    }
    TARN_RETURN_IF_ERROR(tarn__buffer_extend(out, HEADER_SIZE + (uint64_t)vectors * 4, &to, err));
    const size_t offsets = out->size - (size_t)vectors * 4;
    to[0] = 0;
    to[1] = 0;
    to[2] = VECTOR_LOG2;
    tarn__store32(to + 3, n);
    for (uint32_t v = 0; v < vectors; v++) {
        const uint32_t begin = v << VECTOR_LOG2;
        const size_t offset = out->size - offsets;
        if (offset > INT32_MAX) {
            return tarn__invalid(err, "page_size", "a page of more than 2 GiB: cut pages smaller");
        }
        tarn__store32(out->data + offsets + (size_t)v * 4, (uint32_t)offset);
        TARN_RETURN_IF_ERROR(
            put_vector(out, plain + (size_t)begin * width, width, n - begin < VECTOR ? n - begin : (uint32_t)VECTOR, choice, err));
    }
    return TARN_OK;
}

enum tarn_status tarn__alp_encode(struct tarn_buffer *out, const uint8_t *plain, unsigned width, uint32_t n,
                                  const struct tarn__alp_choice *choice, struct tarn_error *err)
{
    const size_t begin = out->size;
    const enum tarn_status status = put_page(out, plain, width, n, choice, err);
    if (status != TARN_OK) {
        out->size = begin;
    }
    return status;
}
