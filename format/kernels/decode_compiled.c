/* SPDX-License-Identifier: Apache-2.0
 *
 * The kernels of decoding: this file is compiled once for each level, with TARN_DECODE_KERNELS naming the table.
 *
 * Specification: Parquet Encodings.md, "Run Length Encoding / Bit-Packing Hybrid" (packed from the least significant bit on).
 *
 * Unpacking has three forms. Everywhere: eight values take `width` whole bytes, and for each width the eight shifts and masks are
 * constants. With AVX2: a shuffle brings the four bytes in which a value lies into its lane, a shift of its own moves it down. With VBMI: a
 * permutation over 64 bytes brings two values into a lane of 64 bits, and a multishift cuts both out.
 *
 * Invariants
 *  1. A load lies inside of `in`, or is masked, or is of a copy with zeros behind it.
 *  2. Vector gathers are avoided: single loads are faster on the processors measured.
 */
#include "format/base/bytes.h"
#include "format/kernels/decode_kernels.h"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#define UP_TO_8(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8)
#define FROM_9(X) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16) X(17) X(18) X(19) X(20) X(21) X(22) X(23) X(24)
#define FROM_25(X) X(25) X(26) X(27) X(28) X(29) X(30) X(31) X(32)

/* ---- unpacking, anywhere ---- */

static uint32_t one_value(const uint8_t *in, size_t size, unsigned width, size_t index)
{
    const uint64_t position = (uint64_t)index * width;
    const size_t at = (size_t)(position / 8);
    uint64_t word = 0;
    for (size_t i = 0; i < 5 && at + i < size; i++) {
        word |= (uint64_t)in[at + i] << (8 * i);
    }
    return (uint32_t)(word >> (position % 8) & ((UINT64_C(1) << width) - 1));
}

#define VALUE(width, i) (tarn__load64(in + (width) * (i) / 8) >> ((width) * (i) % 8) & ((UINT64_C(1) << (width)) - 1))

/* Groups of eight values of one width; a value is at most 7 + 32 bits from the begin of its first byte, so that a load of 8 bytes holds it.
 */
#define GROUPS(name, type, width)                                                                                                          \
    static void name##_##width(const uint8_t *in, size_t groups, type *out)                                                                \
    {                                                                                                                                      \
        for (size_t g = 0; g < groups; g++, in += (width), out += 8) {                                                                     \
            out[0] = (type)VALUE(width, 0);                                                                                                \
            out[1] = (type)VALUE(width, 1);                                                                                                \
            out[2] = (type)VALUE(width, 2);                                                                                                \
            out[3] = (type)VALUE(width, 3);                                                                                                \
            out[4] = (type)VALUE(width, 4);                                                                                                \
            out[5] = (type)VALUE(width, 5);                                                                                                \
            out[6] = (type)VALUE(width, 6);                                                                                                \
            out[7] = (type)VALUE(width, 7);                                                                                                \
        }                                                                                                                                  \
    }

#define GROUPS32(width) GROUPS(groups32, uint32_t, width)
#define GROUPS8(width) GROUPS(groups8, uint8_t, width)
#define CASE32(width) [width] = groups32_##width,
#define CASE8(width) [width] = groups8_##width,

#if !defined(__AVX2__)
UP_TO_8(GROUPS32)
FROM_9(GROUPS32)
#endif
FROM_25(GROUPS32)
#if !defined(__AVX512VBMI__)
UP_TO_8(GROUPS8)
static void (*const groups8[9])(const uint8_t *in, size_t groups, uint8_t *out) = {UP_TO_8(CASE8)};
#endif

static void (*const groups32[33])(const uint8_t *in, size_t groups, uint32_t *out) = {
#if !defined(__AVX2__)
    UP_TO_8(CASE32) FROM_9(CASE32)
#endif
        FROM_25(CASE32)};

/* How many groups of eight can be loaded eight bytes at a time. */
static size_t safe_groups(size_t size, unsigned width, size_t n)
{
    const size_t safe = size < width + 8u ? 0 : (size - 8) / width;
    return safe < n / 8 ? safe : n / 8;
}

static void unpack32_plain(const uint8_t *in, size_t size, unsigned width, size_t n, uint32_t *out)
{
    const size_t groups = safe_groups(size, width, n);
    if (groups != 0) {
        groups32[width](in, groups, out);
    }
    for (size_t i = groups * 8; i < n; i++) {
        out[i] = one_value(in, size, width, i);
    }
}

/* ---- unpacking with VBMI ---- */

#if defined(__AVX512VBMI__)
/* For each width the bytes that lane l of 64 bits takes, and where in them the bits of its bytes begin. */
#define LANE_OF_2(w, l)                                                                                                                    \
    2 * (w) * (l) / 8, 2 * (w) * (l) / 8 + 1, 2 * (w) * (l) / 8 + 2, 2 * (w) * (l) / 8 + 3, 2 * (w) * (l) / 8 + 4, 2 * (w) * (l) / 8 + 5,  \
        2 * (w) * (l) / 8 + 6, 2 * (w) * (l) / 8 + 7
#define SHIFTS_OF_2(w, l)                                                                                                                  \
    2 * (w) * (l) % 8, (2 * (w) * (l) % 8 + 8) & 63, (2 * (w) * (l) % 8 + 16) & 63, (2 * (w) * (l) % 8 + 24) & 63,                         \
        (2 * (w) * (l) % 8 + (w)) & 63, (2 * (w) * (l) % 8 + (w) + 8) & 63, (2 * (w) * (l) % 8 + (w) + 16) & 63,                           \
        (2 * (w) * (l) % 8 + (w) + 24) & 63
#define LANE_OF_8(w, l) (w) * (l), (w) * (l) + 1, (w) * (l) + 2, (w) * (l) + 3, (w) * (l) + 4, (w) * (l) + 5, (w) * (l) + 6, (w) * (l) + 7
#define EIGHT(of, w) of(w, 0), of(w, 1), of(w, 2), of(w, 3), of(w, 4), of(w, 5), of(w, 6), of(w, 7)
#define BYTES_OF_2(w) [w] = {EIGHT(LANE_OF_2, w)},
#define BITS_OF_2(w) [w] = {EIGHT(SHIFTS_OF_2, w)},
#define BYTES_OF_8(w) [w] = {EIGHT(LANE_OF_8, w)},

static const uint8_t bytes_of_2[30][64] = {UP_TO_8(BYTES_OF_2) FROM_9(BYTES_OF_2) BYTES_OF_2(25) BYTES_OF_2(26) BYTES_OF_2(27)
                                               BYTES_OF_2(28) BYTES_OF_2(29)};
static const uint8_t bits_of_2[30][64] = {UP_TO_8(BITS_OF_2) FROM_9(BITS_OF_2) BITS_OF_2(25) BITS_OF_2(26) BITS_OF_2(27) BITS_OF_2(28)
                                              BITS_OF_2(29)};
static const uint8_t bytes_of_8[9][64] = {UP_TO_8(BYTES_OF_8)};

/* 64 bytes from `at` on, zeros where there are none. */
static inline __m512i load_some(const uint8_t *in, size_t size, size_t at)
{
    if (size - at >= 64) {
        return _mm512_loadu_si512(in + at);
    }
    return _mm512_maskz_loadu_epi8((UINT64_C(1) << (size - at)) - 1, in + at);
}

static void unpack32(const uint8_t *in, size_t size, unsigned width, size_t n, uint32_t *out)
{
    if (width == 0) {
        memset(out, 0, n * sizeof(*out));
        return;
    }
    if (width > 29) { /* two values and the bits before them are more than a lane */
        unpack32_plain(in, size, width, n, out);
        return;
    }
    const __m512i bytes = _mm512_loadu_si512(bytes_of_2[width]);
    const __m512i bits = _mm512_loadu_si512(bits_of_2[width]);
    const __m512i mask = _mm512_set1_epi32((int)((UINT32_C(1) << width) - 1));
    size_t at = 0;
    for (; n >= 16; n -= 16, out += 16) {
        const __m512i stored = load_some(in, size, at);
        const __m512i values = _mm512_and_si512(_mm512_multishift_epi64_epi8(bits, _mm512_permutexvar_epi8(bytes, stored)), mask);
        _mm512_storeu_si512(out, values);
        at = size - at > (size_t)2 * width ? at + (size_t)2 * width : size;
    }
    if (n != 0) {
        const __m512i stored = load_some(in, size, at);
        const __m512i values = _mm512_and_si512(_mm512_multishift_epi64_epi8(bits, _mm512_permutexvar_epi8(bytes, stored)), mask);
        _mm512_mask_storeu_epi32(out, (__mmask16)((1u << n) - 1), values);
    }
}

static void unpack8(const uint8_t *in, size_t size, unsigned width, size_t n, uint8_t *out)
{
    if (width == 0) {
        memset(out, 0, n);
        return;
    }
    const __m512i bytes = _mm512_loadu_si512(bytes_of_8[width]);
    const uint64_t w = width;
    const uint64_t each = 0 | w << 8 | 2 * w << 16 | 3 * w << 24 | 4 * w << 32 | 5 * w << 40 | 6 * w << 48 | 7 * w << 56;
    const __m512i bits = _mm512_set1_epi64((int64_t)each);
    const __m512i mask = _mm512_set1_epi8((char)((1u << width) - 1));
    size_t at = 0;
    while (n != 0) {
        const __m512i stored = load_some(in, size, at);
        const __m512i values = _mm512_and_si512(_mm512_multishift_epi64_epi8(bits, _mm512_permutexvar_epi8(bytes, stored)), mask);
        if (n < 64) {
            _mm512_mask_storeu_epi8(out, (UINT64_C(1) << n) - 1, values);
            return;
        }
        _mm512_storeu_si512(out, values);
        at = size - at > (size_t)8 * width ? at + (size_t)8 * width : size;
        n -= 64;
        out += 64;
    }
}

/* ---- unpacking with AVX2 ---- */

#elif defined(__AVX2__)
/* Bytes of value i of four that begin at bit `first` of 16 bytes. */
#define BYTES_AT(first, w, i)                                                                                                              \
    ((first) + (w) * (i)) / 8, ((first) + (w) * (i)) / 8 + 1, ((first) + (w) * (i)) / 8 + 2, ((first) + (w) * (i)) / 8 + 3
#define FOUR_AT(first, w) BYTES_AT(first, w, 0), BYTES_AT(first, w, 1), BYTES_AT(first, w, 2), BYTES_AT(first, w, 3)
#define SHIFTS_AT(first, w) (first) % 8, ((first) + (w)) % 8, ((first) + 2 * (w)) % 8, ((first) + 3 * (w)) % 8
#define SHUFFLE(w) [w] = {FOUR_AT(0, w), FOUR_AT(4 * (w) % 8, w)},
#define SHIFT(w) [w] = {SHIFTS_AT(0, w), SHIFTS_AT(4 * (w) % 8, w)},

static const uint8_t shuffles[26][32] = {UP_TO_8(SHUFFLE) FROM_9(SHUFFLE) SHUFFLE(25)};
static const uint32_t shifts[26][8] = {UP_TO_8(SHIFT) FROM_9(SHIFT) SHIFT(25)};

/* Eight values from `in`, of which 16 bytes behind the begin of the fifth are there. */
static inline __m256i eight_values(const uint8_t *in, unsigned width, __m256i shuffle, __m256i shift, __m256i mask)
{
    const __m128i low = _mm_loadu_si128((const __m128i *)(const void *)in);
    const __m128i high = _mm_loadu_si128((const __m128i *)(const void *)(in + width / 2));
    const __m256i stored = _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
    return _mm256_and_si256(_mm256_srlv_epi32(_mm256_shuffle_epi8(stored, shuffle), shift), mask);
}

static void unpack32(const uint8_t *in, size_t size, unsigned width, size_t n, uint32_t *out)
{
    enum { ROOM = 32 + 16 };
    if (width == 0) {
        memset(out, 0, n * sizeof(*out));
        return;
    }
    if (width > 25) { /* a value and the bits before it are more than four bytes */
        unpack32_plain(in, size, width, n, out);
        return;
    }
    const __m256i shuffle = _mm256_loadu_si256((const __m256i *)(const void *)shuffles[width]);
    const __m256i shift = _mm256_loadu_si256((const __m256i *)(const void *)shifts[width]);
    const __m256i mask = _mm256_set1_epi32((int)((UINT32_C(1) << width) - 1));
    for (; n >= 8 && size >= width / 2 + 16; n -= 8, out += 8, in += width, size -= width < size ? width : size) {
        _mm256_storeu_si256((__m256i *)(void *)out, eight_values(in, width, shuffle, shift, mask));
    }
    while (n != 0) { /* the last bytes, with zeros behind them */
        uint8_t end[ROOM] = {0};
        uint32_t values[8];
        const size_t take = n < 8 ? n : 8;
        memcpy(end, in, size < width ? size : width);
        _mm256_storeu_si256((__m256i *)(void *)values, eight_values(end, width, shuffle, shift, mask));
        memcpy(out, values, take * sizeof(*out));
        const size_t step = size < width ? size : width;
        in += step;
        size -= step;
        out += take;
        n -= take;
    }
}
#else
static void unpack32(const uint8_t *in, size_t size, unsigned width, size_t n, uint32_t *out)
{
    if (width == 0) {
        memset(out, 0, n * sizeof(*out));
        return;
    }
    unpack32_plain(in, size, width, n, out);
}
#endif

#if !defined(__AVX512VBMI__)
static void unpack8(const uint8_t *in, size_t size, unsigned width, size_t n, uint8_t *out)
{
    if (width == 0) {
        memset(out, 0, n);
        return;
    }
    const size_t groups = safe_groups(size, width, n);
    if (groups != 0) {
        groups8[width](in, groups, out);
    }
    for (size_t i = groups * 8; i < n; i++) {
        out[i] = (uint8_t)one_value(in, size, width, i);
    }
}
#endif

/* ---- largest ---- */

static uint32_t largest32(const uint32_t *restrict values, size_t n)
{
    uint32_t largest = 0;
    for (size_t i = 0; i < n; i++) {
        largest = values[i] > largest ? values[i] : largest;
    }
    return largest;
}

static uint8_t largest8(const uint8_t *restrict values, size_t n)
{
    uint8_t largest = 0;
    for (size_t i = 0; i < n; i++) {
        largest = values[i] > largest ? values[i] : largest;
    }
    return largest;
}

/* ---- dictionaries ---- */

/* Single loads: the attribute keeps gcc from making vector gathers of them. */
#if defined(__GNUC__) && !defined(__clang__)
#define SINGLE_LOADS __attribute__((optimize("no-tree-vectorize", "no-tree-slp-vectorize")))
#else
#define SINGLE_LOADS
#endif

#define GATHER(name, type)                                                                                                                 \
    SINGLE_LOADS static void name(const type *restrict entries, const uint32_t *restrict codes, size_t n, type *restrict out)              \
    {                                                                                                                                      \
        for (; n >= 8; n -= 8, codes += 8, out += 8) {                                                                                     \
            out[0] = entries[codes[0]];                                                                                                    \
            out[1] = entries[codes[1]];                                                                                                    \
            out[2] = entries[codes[2]];                                                                                                    \
            out[3] = entries[codes[3]];                                                                                                    \
            out[4] = entries[codes[4]];                                                                                                    \
            out[5] = entries[codes[5]];                                                                                                    \
            out[6] = entries[codes[6]];                                                                                                    \
            out[7] = entries[codes[7]];                                                                                                    \
        }                                                                                                                                  \
        for (size_t i = 0; i < n; i++) {                                                                                                   \
            out[i] = entries[codes[i]];                                                                                                    \
        }                                                                                                                                  \
    }

GATHER(loads32, uint32_t)
GATHER(loads64, uint64_t)

#if defined(__AVX512F__)
/* Dictionaries that fit into two registers are looked up there. */
static void gather32(const uint32_t *entries, size_t count, const uint32_t *codes, size_t n, uint32_t *out)
{
    if (count > 32) {
        loads32(entries, codes, n, out);
        return;
    }
    const uint32_t there = count >= 32 ? UINT32_MAX : (UINT32_C(1) << count) - 1;
    const __m512i low = _mm512_maskz_loadu_epi32((__mmask16)(there & 0xffff), entries);
    const __m512i high = _mm512_maskz_loadu_epi32((__mmask16)(there >> 16), entries + 16);
    for (; n >= 16; n -= 16, codes += 16, out += 16) {
        _mm512_storeu_si512(out, _mm512_permutex2var_epi32(low, _mm512_loadu_si512(codes), high));
    }
    loads32(entries, codes, n, out);
}

static void gather64(const uint64_t *entries, size_t count, const uint32_t *codes, size_t n, uint64_t *out)
{
    if (count > 16) {
        loads64(entries, codes, n, out);
        return;
    }
    const uint32_t there = (UINT32_C(1) << count) - 1;
    const __m512i low = _mm512_maskz_loadu_epi64((__mmask8)(there & 0xff), entries);
    const __m512i high = _mm512_maskz_loadu_epi64((__mmask8)(there >> 8), entries + 8);
    for (; n >= 8; n -= 8, codes += 8, out += 8) {
        const __m512i wide = _mm512_cvtepu32_epi64(_mm256_loadu_si256((const __m256i *)(const void *)codes));
        _mm512_storeu_si512(out, _mm512_permutex2var_epi64(low, wide, high));
    }
    loads64(entries, codes, n, out);
}
#else
static void gather32(const uint32_t *entries, size_t count, const uint32_t *codes, size_t n, uint32_t *out)
{
    (void)count;
    loads32(entries, codes, n, out);
}

static void gather64(const uint64_t *entries, size_t count, const uint32_t *codes, size_t n, uint64_t *out)
{
    (void)count;
    loads64(entries, codes, n, out);
}
#endif

/* ---- nulls ---- */

/* Last first, so that no value is overwritten before it has moved; without a branch a slot, since nulls come as they like. */
#define SPREAD(name, type)                                                                                                                 \
    static void name(type *slots, const uint8_t *validity, uint64_t at, uint32_t count, uint32_t present)                                  \
    {                                                                                                                                      \
        for (uint32_t i = count; i-- > 0 && i >= present;) {                                                                               \
            const uint32_t set = validity[(at + i) >> 3] >> ((at + i) & 7) & 1;                                                            \
            present -= set;                                                                                                                \
            slots[i] = slots[present] & (type)(0 - (type)set);                                                                             \
        }                                                                                                                                  \
    }

SPREAD(spread32_singly, uint32_t)
SPREAD(spread64_singly, uint64_t)

#if defined(__AVX512F__)
/* Eight bits from bit `at` on, all of which are there. */
static inline unsigned eight_bits(const uint8_t *bits, uint64_t at)
{
    const unsigned shift = at & 7;
    const uint8_t *first = bits + (at >> 3);
    return shift == 0 ? first[0] : (unsigned)(first[0] >> shift | first[1] << (8 - shift)) & 0xff;
}

/* What is loaded behind a group's values lies below the group's end: they begin at or before it. */
static void spread32(uint32_t *slots, const uint8_t *validity, uint64_t at, uint32_t count, uint32_t present)
{
    uint32_t i = count;
    for (; i >= 16 && i > present; i -= 16) {
        const unsigned bits = eight_bits(validity, at + i - 16) | eight_bits(validity, at + i - 8) << 8;
        present -= (uint32_t)__builtin_popcount(bits);
        const __m512i values = _mm512_loadu_si512(slots + present);
        _mm512_storeu_si512(slots + i - 16, _mm512_maskz_expand_epi32((__mmask16)bits, values));
    }
    spread32_singly(slots, validity, at, i, present);
}

static void spread64(uint64_t *slots, const uint8_t *validity, uint64_t at, uint32_t count, uint32_t present)
{
    uint32_t i = count;
    for (; i >= 8 && i > present; i -= 8) {
        const unsigned bits = eight_bits(validity, at + i - 8);
        present -= (uint32_t)__builtin_popcount(bits);
        const __m512i values = _mm512_loadu_si512(slots + present);
        _mm512_storeu_si512(slots + i - 8, _mm512_maskz_expand_epi64((__mmask8)bits, values));
    }
    spread64_singly(slots, validity, at, i, present);
}
#else
static void spread32(uint32_t *slots, const uint8_t *validity, uint64_t at, uint32_t count, uint32_t present)
{
    spread32_singly(slots, validity, at, count, present);
}

static void spread64(uint64_t *slots, const uint8_t *validity, uint64_t at, uint32_t count, uint32_t present)
{
    spread64_singly(slots, validity, at, count, present);
}
#endif

/* ---- levels, 64 at a time as masks ---- */

enum { LEVELS = 64 };

#if !defined(__AVX2__)
/* Bytes of 0 or 1 as bits. */
static inline uint64_t pack64(const uint8_t *bytes)
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < LEVELS / 8; i++) {
        bits |= (tarn__load64(bytes + (size_t)i * 8) * UINT64_C(0x0102040810204080) >> 56) << (8 * i);
    }
    return bits;
}
#endif

/* Bit i: levels[i] >= from. */
static inline uint64_t at_least(const uint8_t *levels, uint8_t from)
{
#if defined(__AVX512BW__)
    return _mm512_cmpge_epu8_mask(_mm512_loadu_si512(levels), _mm512_set1_epi8((char)from));
#elif defined(__AVX2__)
    const __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)levels);
    const __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(levels + 32));
    const __m256i least = _mm256_set1_epi8((char)from);
    const uint32_t lows = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_max_epu8(low, least), low));
    const uint32_t highs = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_max_epu8(high, least), high));
    return (uint64_t)highs << 32 | lows;
#else
    uint8_t bytes[LEVELS];
    for (unsigned i = 0; i < LEVELS; i++) {
        bytes[i] = levels[i] >= from;
    }
    return pack64(bytes);
#endif
}

/* Bit i: levels[i] <= upto. */
static inline uint64_t at_most(const uint8_t *levels, uint8_t upto)
{
    return upto == UINT8_MAX ? UINT64_MAX : ~at_least(levels, (uint8_t)(upto + 1));
}

/* The bits of `bits` at which `mask` is set, moved together. */
static inline uint64_t extract(uint64_t bits, uint64_t mask)
{
#if defined(__BMI2__)
    return _pext_u64(bits, mask);
#else
    uint64_t out = 0;
    for (unsigned k = 0; mask != 0; k++, mask &= mask - 1) {
        out |= (uint64_t)((bits & mask & (0 - mask)) != 0) << k;
    }
    return out;
#endif
}

/* Puts the low `count` bits of `word`, above which it is zero, behind bit `at`. */
static inline void append(uint8_t *bits, uint64_t at, uint64_t word, unsigned count)
{
    const unsigned shift = at & 7;
    uint8_t *to = bits + (at >> 3);
    uint64_t rest = word << shift;
    for (unsigned done = 0; done < shift + count && done < 64; done += 8, rest >>= 8, to++) {
        *to = (uint8_t)(*to | rest);
    }
    if (shift + count > 64) {
        *to = (uint8_t)(*to | word >> (64 - shift));
    }
}

/* Level pairs of which 64 may be loaded, and which of them count. */
struct pairs {
    const uint8_t *definition;
    const uint8_t *repetition;
    uint64_t there;
    uint8_t definition_end[LEVELS];
    uint8_t repetition_end[LEVELS];
};

/* Those from `i` on; the last ones are copied. */
static inline void load_pairs(struct pairs *pairs, const uint8_t *definition, const uint8_t *repetition, size_t i, size_t n)
{
    const size_t left = n - i;
    pairs->definition = definition != NULL ? definition + i : NULL;
    pairs->repetition = repetition != NULL ? repetition + i : NULL;
    pairs->there = UINT64_MAX;
    if (left < LEVELS) {
        pairs->there = (UINT64_C(1) << left) - 1;
        if (definition != NULL) {
            pairs->definition = memcpy(pairs->definition_end, definition + i, left);
        }
        if (repetition != NULL) {
            pairs->repetition = memcpy(pairs->repetition_end, repetition + i, left);
        }
    }
}

static inline uint64_t slots_of(const struct pairs *pairs, struct tarn__level_rule rule)
{
    const uint64_t deep = at_least(pairs->definition, rule.definition_from) & pairs->there;
    return pairs->repetition != NULL ? deep & at_most(pairs->repetition, rule.repetition_upto) : deep;
}

static size_t level_slots(const uint8_t *definition, const uint8_t *repetition, size_t n, struct tarn__level_rule rule, uint8_t *bits,
                          uint64_t at, size_t *present)
{
    struct pairs pairs = {.there = 0};
    size_t slots = 0;
    *present = 0;
    for (size_t i = 0; i < n; i += LEVELS) {
        load_pairs(&pairs, definition, repetition, i, n);
        const uint64_t mask = slots_of(&pairs, rule);
        const uint64_t set = at_least(pairs.definition, rule.present_from) & mask;
        const unsigned count = (unsigned)__builtin_popcountll(mask);
        *present += (unsigned)__builtin_popcountll(set);
        if (bits != NULL) {
            append(bits, at + slots, extract(set, mask), count);
        }
        slots += count;
    }
    return slots;
}

static size_t list_offsets(const uint8_t *definition, const uint8_t *repetition, size_t n, struct tarn__level_rule lists,
                           struct tarn__level_rule elements, uint32_t *offsets, size_t most, uint64_t *element_count)
{
    struct pairs pairs = {.there = 0};
    size_t slots = 0;
    uint64_t before = 0;
    for (size_t i = 0; i < n; i += LEVELS) {
        load_pairs(&pairs, definition, repetition, i, n);
        uint64_t mask = slots_of(&pairs, lists);
        const uint64_t inside = slots_of(&pairs, elements);
        for (; mask != 0; mask &= mask - 1, slots++) {
            const uint64_t below = (mask & (0 - mask)) - 1;
            if (slots < most) {
                offsets[slots] = (uint32_t)(before + (unsigned)__builtin_popcountll(inside & below));
            }
        }
        before += (unsigned)__builtin_popcountll(inside);
    }
    *element_count = before;
    return slots;
}

static bool lists_continue(const uint8_t *definition, const uint8_t *repetition, size_t n, struct tarn__level_rule rule)
{
    struct pairs pairs = {.there = 0};
    uint64_t before = 1; /* is the pair before the next 64 an element? */
    for (size_t i = 0; i < n; i += LEVELS) {
        load_pairs(&pairs, definition, repetition, i, n);
        const uint64_t inside = at_least(pairs.definition, rule.definition_from);
        const uint64_t goes_on =
            at_most(pairs.repetition, rule.repetition_upto) & at_least(pairs.repetition, rule.repetition_upto) & pairs.there;
        if ((goes_on & ~(inside & (inside << 1 | before))) != 0) {
            return false;
        }
        before = inside >> (LEVELS - 1);
    }
    return true;
}

static bool levels_agree(const uint8_t *definition, const uint8_t *repetition, const uint8_t *other_definition,
                         const uint8_t *other_repetition, size_t n, uint8_t most)
{
    unsigned differ = 0;
    for (size_t i = 0; i < n; i++) {
        const uint8_t a = definition[i] < most ? definition[i] : most;
        const uint8_t b = other_definition[i] < most ? other_definition[i] : most;
        differ |= (unsigned)(a ^ b) | (unsigned)(repetition[i] ^ other_repetition[i]);
    }
    return differ == 0;
}

static size_t row_begin(const uint8_t *repetition, size_t n, uint64_t rows, uint64_t *begun)
{
    struct pairs pairs = {.there = 0};
    uint64_t before = 0;
    for (size_t i = 0; i < n; i += LEVELS) {
        load_pairs(&pairs, NULL, repetition, i, n);
        uint64_t mask = at_most(pairs.repetition, 0) & pairs.there;
        const unsigned count = (unsigned)__builtin_popcountll(mask);
        if (before + count > rows) {
            for (; before < rows; before++) {
                mask &= mask - 1;
            }
            *begun = rows;
            return i + (unsigned)__builtin_ctzll(mask);
        }
        before += count;
    }
    *begun = before;
    return n;
}

/* ---- wide numbers ---- */

static void widen32(const int32_t *restrict values, size_t n, int64_t *restrict out)
{
    for (size_t i = 0; i < n; i++) {
        const int64_t value = values[i];
        out[2 * i] = value;
        out[2 * i + 1] = value >> 63;
    }
}

static void widen64(const int64_t *restrict values, size_t n, int64_t *restrict out)
{
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = values[i];
        out[2 * i + 1] = values[i] >> 63;
    }
}

/* ---- texts ---- */

static bool is_ascii(const uint8_t *restrict bytes, size_t size)
{
    enum { BLOCK = 256 };
    uint8_t any = 0;
    for (; size >= BLOCK && any < 0x80; size -= BLOCK, bytes += BLOCK) {
        for (size_t i = 0; i < BLOCK; i++) {
            any |= bytes[i];
        }
    }
    for (size_t i = 0; i < size; i++) {
        any |= bytes[i];
    }
    return any < 0x80;
}

extern const struct tarn__decode_kernels TARN_DECODE_KERNELS;

const struct tarn__decode_kernels TARN_DECODE_KERNELS = {
    .name = TARN_KERNELS_LEVEL,
    .unpack32 = unpack32,
    .unpack8 = unpack8,
    .largest32 = largest32,
    .largest8 = largest8,
    .gather32 = gather32,
    .gather64 = gather64,
    .spread32 = spread32,
    .spread64 = spread64,
    .level_slots = level_slots,
    .list_offsets = list_offsets,
    .lists_continue = lists_continue,
    .levels_agree = levels_agree,
    .row_begin = row_begin,
    .widen32 = widen32,
    .widen64 = widen64,
    .is_ascii = is_ascii,
};
