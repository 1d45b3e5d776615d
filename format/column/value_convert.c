/* SPDX-License-Identifier: Apache-2.0
 *
 * Stored values to values of vectors.
 *
 * Specification: parquet-format LogicalTypes.md (INTEGER, DECIMAL, INTERVAL, UUID), parquet.thrift (INT96). SPEC: P-VAL-1 to P-VAL-6.
 *
 * Invariants
 *  1. `in` holds count * stored bytes, `out` has room for count * width: callers have checked the page against its value count.
 *  2. A value that the wider stored type can say and the logical type cannot is never wrapped: its index is returned.
 */
#include "format/column/value_convert.h"

#include "format/base/datetime.h"
#include "format/base/decimal.h"

enum { JULIAN_DAY_OF_1970 = 2440588 };
static const int64_t MICROS_OF_DAY = INT64_C(86400000000);

/* The loop first converts all and collects whether any did not fit, so that it vectorises; the rare failure is then looked for. */
#define NARROW(name, from_type, load, to_type, store_type)                                                                                 \
    static size_t name(const uint8_t *restrict in, size_t count, uint8_t *restrict out)                                                    \
    {                                                                                                                                      \
        from_type bad = 0;                                                                                                                 \
        for (size_t i = 0; i < count; i++) {                                                                                               \
            const from_type value = (from_type)load(in + i * sizeof(from_type));                                                           \
            const to_type narrow = (to_type)value;                                                                                         \
            bad |= (from_type)((from_type)narrow ^ value);                                                                                 \
            memcpy(out + i * sizeof(to_type), &narrow, sizeof(narrow));                                                                    \
        }                                                                                                                                  \
        if (bad == 0) {                                                                                                                    \
            return count;                                                                                                                  \
        }                                                                                                                                  \
        size_t i = 0;                                                                                                                      \
        while ((from_type)(to_type)(from_type)load(in + i * sizeof(from_type)) == (from_type)load(in + i * sizeof(from_type))) {           \
            i++;                                                                                                                           \
        }                                                                                                                                  \
        return i;                                                                                                                          \
    }

NARROW(int32_to_i8, int32_t, tarn__load32, int8_t, uint8_t)
NARROW(int32_to_i16, int32_t, tarn__load32, int16_t, uint16_t)
NARROW(int32_to_u8, int32_t, tarn__load32, uint8_t, uint8_t)
NARROW(int32_to_u16, int32_t, tarn__load32, uint16_t, uint16_t)
NARROW(int64_to_i32, int64_t, tarn__load64, int32_t, uint32_t)
#undef NARROW

static size_t numbers(uint32_t width, const uint8_t *restrict in, size_t count, uint8_t *restrict out)
{
    if (!TARN_BIG_ENDIAN) {
        memcpy(out, in, count * width);
        return count;
    }
    for (size_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < width; j++) {
            out[i * width + j] = in[i * width + width - 1 - j];
        }
    }
    return count;
}

static size_t int32_to_i64(const uint8_t *restrict in, size_t count, uint8_t *restrict out)
{
    for (size_t i = 0; i < count; i++) {
        const int64_t value = (int32_t)tarn__load32(in + i * 4);
        memcpy(out + i * 8, &value, sizeof(value));
    }
    return count;
}

static size_t int_to_wide(uint32_t stored, uint32_t width, const uint8_t *restrict in, size_t count, uint8_t *restrict out)
{
    for (size_t i = 0; i < count; i++) {
        const int64_t value = stored == 4 ? (int32_t)tarn__load32(in + i * 4) : (int64_t)tarn__load64(in + i * 8);
        const uint64_t sign = value < 0 ? UINT64_MAX : 0;
        memcpy(out + i * width, &value, sizeof(value));
        for (uint32_t at = 8; at < width; at += 8) {
            memcpy(out + i * width + at, &sign, sizeof(sign));
        }
    }
    return count;
}

static bool decimal_to_fixed(struct tarn_span bytes, uint32_t width, uint8_t *out)
{
    const uint8_t sign = bytes.size != 0 && (bytes.data[0] & 0x80) != 0 ? 0xff : 0;
    while (bytes.size > width) {
        if (bytes.data[0] != sign) {
            return false;
        }
        tarn__span_take(&bytes, 1);
    }
    if (bytes.size == width && width != 0 && ((bytes.data[0] ^ sign) & 0x80) != 0) {
        return false; /* what was cut off was more than sign */
    }
    memset(out, sign, width - bytes.size);
    if (bytes.size != 0) {
        memcpy(out + width - bytes.size, bytes.data, bytes.size);
    }
    return true;
}

bool tarn__convert_decimal(const struct tarn__converter *converter, struct tarn_span bytes, uint8_t *out)
{
    tarn_i128 narrow;
    struct tarn_i256 wide;

    if (converter->conversion == TARN_CONVERT_DECIMAL_FIXED) {
        return decimal_to_fixed(bytes, converter->width, out);
    }
    if (bytes.size != 0 && bytes.size <= 8 && converter->width == 8) { /* the usual one */
        uint64_t value = (bytes.data[0] & 0x80) != 0 ? UINT64_MAX : 0;
        for (size_t i = 0; i < bytes.size; i++) {
            value = value << 8 | bytes.data[i];
        }
        memcpy(out, &value, sizeof(value));
        return true;
    }
    switch (converter->width) {
    case 4: {
        if (!tarn__i128_load_be(bytes, &narrow) || narrow < INT32_MIN || narrow > INT32_MAX) {
            return false;
        }
        const int32_t value = (int32_t)narrow;
        memcpy(out, &value, sizeof(value));
        return true;
    }
    case 8: {
        if (!tarn__i128_load_be(bytes, &narrow) || narrow < INT64_MIN || narrow > INT64_MAX) {
            return false;
        }
        const int64_t value = (int64_t)narrow;
        memcpy(out, &value, sizeof(value));
        return true;
    }
    case 16: {
        if (!tarn__i128_load_be(bytes, &narrow)) {
            return false;
        }
        const uint64_t words[2] = {(uint64_t)narrow, (uint64_t)((tarn_u128)narrow >> 64)};
        memcpy(out, words, sizeof(words));
        return true;
    }
    default:
        if (!tarn__i256_load_be(bytes, &wide)) {
            return false;
        }
        memcpy(out, wide.words, sizeof(wide.words));
        return true;
    }
}

/*
 * Decimals of one to sixteen bytes, which begin where eight or sixteen may be loaded: the number stands at the top of what was loaded and
 * is moved down with its sign. `width` 4, 8 or 16; whether all fit is found on the way, which of them does not is then looked for.
 */
static inline size_t short_decimals(uint32_t stored, uint32_t width, const uint8_t *in, size_t count, uint8_t *out)
{
    uint64_t bad = 0;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *at = in + i * stored;
        uint64_t low;
        uint64_t high;
        if (stored <= 8) {
            const int64_t value = (int64_t)tarn__load64_be(at) >> (64 - 8 * stored);
            low = (uint64_t)value;
            high = (uint64_t)(value >> 63);
        } else {
            const unsigned down = 128 - 8 * stored;
            const tarn_u128 loaded = (tarn_u128)tarn__load64_be(at) << 64 | tarn__load64_be(at + 8);
            const tarn_i128 value = (tarn_i128)loaded >> down;
            low = (uint64_t)value;
            high = (uint64_t)((tarn_u128)value >> 64);
        }
        const int64_t sign = (int64_t)low >> 63;
        if (width == 4) {
            const int32_t narrow = (int32_t)(uint32_t)low;
            bad |= (uint64_t)(int64_t)narrow ^ low;
            bad |= high ^ (uint64_t)sign;
            memcpy(out + i * 4, &narrow, sizeof(narrow));
        } else if (width == 8) {
            bad |= high ^ (uint64_t)sign;
            memcpy(out + i * 8, &low, sizeof(low));
        } else {
            const uint64_t words[2] = {low, high};
            memcpy(out + i * 16, words, sizeof(words));
        }
    }
    return bad == 0 ? count : 0;
}

/* How many of `count` decimals short_decimals converted: those at the end, or all when one does not fit, are left. */
static size_t fast_decimals(const struct tarn__converter *converter, const uint8_t *in, size_t count, uint8_t *out)
{
    const uint32_t stored = converter->stored;
    const size_t loaded = stored <= 8 ? 8 : 16;
    if (converter->conversion != TARN_CONVERT_DECIMAL || stored == 0 || stored > 16 || converter->width > 16 || count * stored < loaded) {
        return 0;
    }
    const size_t safe = (count * stored - loaded) / stored + 1;
    switch (converter->width) {
    case 4:
        return short_decimals(stored, 4, in, safe, out);
    case 8:
        return short_decimals(stored, 8, in, safe, out);
    default:
        return short_decimals(stored, 16, in, safe, out);
    }
}

static size_t decimals(const struct tarn__converter *converter, const uint8_t *in, size_t count, uint8_t *out)
{
    for (size_t i = fast_decimals(converter, in, count, out); i < count; i++) {
        const struct tarn_span bytes = {in + i * converter->stored, converter->stored};
        if (!tarn__convert_decimal(converter, bytes, out + i * converter->width)) {
            return i;
        }
    }
    return count;
}

static void store_i128(tarn_i128 value, uint8_t *out)
{
    const uint64_t words[2] = {(uint64_t)value, (uint64_t)((tarn_u128)value >> 64)};
    memcpy(out, words, sizeof(words));
}

/* A signed Julian day and signed nanoseconds of the day, which need not lie inside one day. */
static size_t int96_to_micros(const uint8_t *in, size_t count, uint8_t *out)
{
    for (size_t i = 0; i < count; i++) {
        const int64_t day = (int64_t)(int32_t)tarn__load32(in + i * 12 + 8) - JULIAN_DAY_OF_1970;
        const int64_t nanos = (int64_t)tarn__load64(in + i * 12);
        const int64_t of_day = nanos / 1000 - (nanos % 1000 < 0);
        int64_t micros;
        if (__builtin_mul_overflow(day, MICROS_OF_DAY, &micros) || __builtin_add_overflow(micros, of_day, &micros)) {
            return i;
        }
        memcpy(out + i * 8, &micros, sizeof(micros));
    }
    return count;
}

static size_t int96_to_nanos(const uint8_t *in, size_t count, uint8_t *out)
{
    for (size_t i = 0; i < count; i++) {
        const tarn_i128 nanos = tarn__nanos_of_int96((int32_t)tarn__load32(in + i * 12 + 8), (int64_t)tarn__load64(in + i * 12));
        store_i128(nanos, out + i * 16);
    }
    return count;
}

static tarn_i128 load_ticks(const uint8_t *in)
{
    const int32_t high = (int32_t)tarn__load32(in + 8);
    return (tarn_i128)((tarn_u128)(tarn_i128)high << 64 | tarn__load64(in));
}

static size_t ticks_to_micros(uint32_t digits, const uint8_t *in, size_t count, uint8_t *out)
{
    for (size_t i = 0; i < count; i++) {
        tarn_i128 micros = load_ticks(in + i * 12);
        if (digits > 6) {
            const tarn_i128 rest = micros % 1000;
            micros = micros / 1000 - (rest < 0);
        } else if (digits < 6) {
            micros *= 1000;
        }
        if (micros < INT64_MIN || micros > INT64_MAX) {
            return i;
        }
        const int64_t narrow = (int64_t)micros;
        memcpy(out + i * 8, &narrow, sizeof(narrow));
    }
    return count;
}

/* 95 bits of milliseconds are less than 2^115 nanoseconds; what is printed must have seconds of 64 bits. */
static size_t ticks_to_nanos(uint32_t digits, const uint8_t *in, size_t count, uint8_t *out)
{
    const tarn_i128 scale = tarn__ticks_per_second(9) / tarn__ticks_per_second(digits);
    const tarn_i128 most = (tarn_i128)(INT64_MAX / 2) * tarn__ticks_per_second(9);
    for (size_t i = 0; i < count; i++) {
        const tarn_i128 nanos = load_ticks(in + i * 12) * scale;
        if (nanos < -most || nanos > most) {
            return i;
        }
        store_i128(nanos, out + i * 16);
    }
    return count;
}

static size_t intervals(const uint8_t *in, size_t count, uint8_t *out)
{
    for (size_t i = 0; i < count; i++) {
        memcpy(out + i * 16, in + i * 12, 8);
        tarn__store64(out + i * 16 + 8, (uint64_t)tarn__load32(in + i * 12 + 8) * 1000000u);
    }
    return count;
}

size_t tarn__convert_values(const struct tarn__converter *converter, const uint8_t *in, size_t count, uint8_t *out)
{
    switch (converter->conversion) {
    case TARN_CONVERT_BYTES:
        memcpy(out, in, count * converter->width);
        return count;
    case TARN_CONVERT_NUMBERS:
        return numbers(converter->width, in, count, out);
    case TARN_CONVERT_INT32_TO_I8:
        return int32_to_i8(in, count, out);
    case TARN_CONVERT_INT32_TO_I16:
        return int32_to_i16(in, count, out);
    case TARN_CONVERT_INT32_TO_U8:
        return int32_to_u8(in, count, out);
    case TARN_CONVERT_INT32_TO_U16:
        return int32_to_u16(in, count, out);
    case TARN_CONVERT_INT32_TO_I64:
        return int32_to_i64(in, count, out);
    case TARN_CONVERT_INT64_TO_I32:
        return int64_to_i32(in, count, out);
    case TARN_CONVERT_INT_TO_WIDE:
        return int_to_wide(converter->stored, converter->width, in, count, out);
    case TARN_CONVERT_DECIMAL:
    case TARN_CONVERT_DECIMAL_FIXED:
        return decimals(converter, in, count, out);
    case TARN_CONVERT_INT96_TO_MICROS:
        return int96_to_micros(in, count, out);
    case TARN_CONVERT_INT96_TO_NANOS:
        return int96_to_nanos(in, count, out);
    case TARN_CONVERT_TICKS_TO_MICROS:
        return ticks_to_micros(converter->digits, in, count, out);
    case TARN_CONVERT_TICKS_TO_NANOS:
        return ticks_to_nanos(converter->digits, in, count, out);
    case TARN_CONVERT_INTERVAL:
        return intervals(in, count, out);
    default:
        return 0;
    }
}
