/* SPDX-License-Identifier: Apache-2.0
 *
 * Bounds by TYPE_ORDER.
 *
 * Specification: parquet.thrift, "ColumnOrder" (order by type; NaN, -0 and +0 of floats), "Statistics" (bounds that are not exact).
 * SPEC: P-BOUND-1 to P-BOUND-6.
 *
 * Invariants
 *  1. NaN never becomes a bound; bounds of floats that are zero are -0 below and +0 above, whatever zeros were seen.
 *  2. A cut minimum is a prefix, so it is not above the value; a cut maximum is a prefix with its last unit raised, so it is above.
 *  3. Cut TEXT is still well-formed: readers may decode bounds as strings.
 */
#include "format/column/extremes.h"

#include "format/base/bytes.h"
#include "format/base/utf8.h"

void tarn__extremes_init(struct tarn__extremes *extremes, enum tarn__stored_order order)
{
    *extremes = (struct tarn__extremes){.order = order};
}

/* A half as an integer of the same order (zeros apart). */
static inline uint16_t half_key(uint16_t bits)
{
    return (uint16_t)((bits & 0x8000u) != 0 ? ~(unsigned)bits : bits | 0x8000u);
}

static inline uint16_t half_of_key(uint16_t key)
{
    return (uint16_t)((key & 0x8000u) != 0 ? key & 0x7fffu : ~(unsigned)key);
}

static inline bool half_is_nan(uint16_t bits)
{
    return (bits & 0x7fffu) > 0x7c00u;
}

static inline float load_float(const uint8_t *p)
{
    const uint32_t bits = tarn__load32(p);
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static inline double load_double(const uint8_t *p)
{
    const uint64_t bits = tarn__load64(p);
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* One loop a kind, without branches that depend on the data. */
#define SCAN(values, count, type, load, lowest, highest, least, most)                                                                      \
    do {                                                                                                                                   \
        type low_ = (highest);                                                                                                             \
        type high_ = (lowest);                                                                                                             \
        for (size_t i_ = 0; i_ < (count); i_++) {                                                                                          \
            const type value_ = (type)load((values) + i_ * sizeof(type));                                                                  \
            low_ = value_ < low_ ? value_ : low_;                                                                                          \
            high_ = value_ > high_ ? value_ : high_;                                                                                       \
        }                                                                                                                                  \
        *(least) = low_;                                                                                                                   \
        *(most) = high_;                                                                                                                   \
    } while (0)

int tarn__stored_compare(enum tarn__stored_order order, struct tarn_span a, struct tarn_span b)
{
#define COMPARE(type, load) (((type)load(a.data) > (type)load(b.data)) - ((type)load(a.data) < (type)load(b.data)))
    switch (order) {
    case TARN_STORED_BOOL:
        return (a.data[0] > b.data[0]) - (a.data[0] < b.data[0]);
    case TARN_STORED_I32:
        return COMPARE(int32_t, tarn__load32);
    case TARN_STORED_U32:
        return COMPARE(uint32_t, tarn__load32);
    case TARN_STORED_I64:
        return COMPARE(int64_t, tarn__load64);
    case TARN_STORED_U64:
        return COMPARE(uint64_t, tarn__load64);
    case TARN_STORED_F32:
        return COMPARE(float, load_float);
    case TARN_STORED_F64:
        return COMPARE(double, load_double);
    case TARN_STORED_F16:
        return (int)half_key(tarn__load16(a.data)) - (int)half_key(tarn__load16(b.data));
    case TARN_STORED_SIGNED_BE:
        if (a.size != 0 && b.size == a.size && a.data[0] != b.data[0]) {
            return (int)(int8_t)a.data[0] - (int)(int8_t)b.data[0];
        }
        break;
    default:
        break;
    }
#undef COMPARE
    return tarn__text_compare((struct tarn_text){(const char *)a.data, a.size}, (struct tarn_text){(const char *)b.data, b.size});
}

static void take(struct tarn__extremes *extremes, struct tarn_span low, struct tarn_span high)
{
    if (!extremes->any || tarn__stored_compare(extremes->order, low, extremes->min) < 0) {
        extremes->min = low;
    }
    if (!extremes->any || tarn__stored_compare(extremes->order, high, extremes->max) > 0) {
        extremes->max = high;
    }
    extremes->any = true;
}

/* Numbers are kept in the struct: `low` and `high` are the bits of the bounds found, in `width` bytes. */
static void take_number(struct tarn__extremes *extremes, uint64_t low, uint64_t high, size_t width)
{
    uint8_t bytes[2][8];

    tarn__store64(bytes[0], low);
    tarn__store64(bytes[1], high);
    take(extremes, (struct tarn_span){bytes[0], width}, (struct tarn_span){bytes[1], width});
    if (extremes->min.data == bytes[0]) {
        memcpy(extremes->number[0], bytes[0], sizeof(bytes[0]));
        extremes->min.data = extremes->number[0];
    }
    if (extremes->max.data == bytes[1]) {
        memcpy(extremes->number[1], bytes[1], sizeof(bytes[1]));
        extremes->max.data = extremes->number[1];
    }
}

static void add_bools(struct tarn__extremes *extremes, const uint8_t *bits, size_t count)
{
    bool any_true = false;
    bool any_false = false;

    for (size_t i = 0; i < count && !(any_true && any_false); i++) {
        any_true |= tarn__bit_get(bits, i);
        any_false |= !tarn__bit_get(bits, i);
    }
    take_number(extremes, any_false ? 0 : 1, any_true ? 1 : 0, 1);
}

static void add_floats(struct tarn__extremes *extremes, const uint8_t *values, size_t count)
{
    float low;
    float high;
    size_t nans = 0;
    uint32_t bits[2];

    for (size_t i = 0; i < count; i++) {
        const float value = load_float(values + 4 * i);
        nans += value != value;
    }
    extremes->nan_count += nans;
    if (nans == count) {
        return;
    }
    SCAN(values, count, float, load_float, -__builtin_inff(), __builtin_inff(), &low, &high);
    memcpy(&bits[0], &low, sizeof(low));
    memcpy(&bits[1], &high, sizeof(high));
    take_number(extremes, bits[0], bits[1], 4);
}

static void add_doubles(struct tarn__extremes *extremes, const uint8_t *values, size_t count)
{
    double low;
    double high;
    size_t nans = 0;
    uint64_t bits[2];

    for (size_t i = 0; i < count; i++) {
        const double value = load_double(values + 8 * i);
        nans += value != value;
    }
    extremes->nan_count += nans;
    if (nans == count) {
        return;
    }
    SCAN(values, count, double, load_double, -__builtin_inf(), __builtin_inf(), &low, &high);
    memcpy(&bits[0], &low, sizeof(low));
    memcpy(&bits[1], &high, sizeof(high));
    take_number(extremes, bits[0], bits[1], 8);
}

static void add_halves(struct tarn__extremes *extremes, const uint8_t *values, size_t count)
{
    uint16_t low = UINT16_MAX;
    uint16_t high = 0;
    size_t nans = 0;

    for (size_t i = 0; i < count; i++) {
        const uint16_t bits = tarn__load16(values + 2 * i);
        if (half_is_nan(bits)) {
            nans++;
            continue;
        }
        const uint16_t key = half_key(bits);
        low = key < low ? key : low;
        high = key > high ? key : high;
    }
    extremes->nan_count += nans;
    if (nans != count) {
        take_number(extremes, half_of_key(low), half_of_key(high), 2);
    }
}

void tarn__extremes_add_fixed(struct tarn__extremes *extremes, const uint8_t *values, size_t width, size_t count)
{
    if (count == 0) {
        return;
    }
    switch (extremes->order) {
    case TARN_STORED_NONE:
        return;
    case TARN_STORED_BOOL:
        add_bools(extremes, values, count);
        return;
    case TARN_STORED_F32:
        add_floats(extremes, values, count);
        return;
    case TARN_STORED_F64:
        add_doubles(extremes, values, count);
        return;
    case TARN_STORED_F16:
        add_halves(extremes, values, count);
        return;
    case TARN_STORED_I32: {
        int32_t low;
        int32_t high;
        SCAN(values, count, int32_t, tarn__load32, INT32_MIN, INT32_MAX, &low, &high);
        take_number(extremes, (uint32_t)low, (uint32_t)high, 4);
        return;
    }
    case TARN_STORED_U32: {
        uint32_t low;
        uint32_t high;
        SCAN(values, count, uint32_t, tarn__load32, 0, UINT32_MAX, &low, &high);
        take_number(extremes, low, high, 4);
        return;
    }
    case TARN_STORED_I64: {
        int64_t low;
        int64_t high;
        SCAN(values, count, int64_t, tarn__load64, INT64_MIN, INT64_MAX, &low, &high);
        take_number(extremes, (uint64_t)low, (uint64_t)high, 8);
        return;
    }
    case TARN_STORED_U64: {
        uint64_t low;
        uint64_t high;
        SCAN(values, count, uint64_t, tarn__load64, 0, UINT64_MAX, &low, &high);
        take_number(extremes, low, high, 8);
        return;
    }
    case TARN_STORED_SIGNED_BE:
    case TARN_STORED_BYTES:
    case TARN_STORED_TEXT:
        for (size_t i = 0; i < count; i++) {
            const struct tarn_span value = {values + i * width, width};
            take(extremes, value, value);
        }
        return;
    }
}

void tarn__extremes_add_bytes(struct tarn__extremes *extremes, struct tarn_span value)
{
    take(extremes, value, value);
}

void tarn__extremes_finish(struct tarn__extremes *extremes)
{
    if (!extremes->any || !tarn__stored_is_float(extremes->order)) {
        return;
    }
    const size_t width = extremes->min.size;
    static const uint8_t zeros[8] = {0};
    uint8_t *low = extremes->number[0];
    uint8_t *high = extremes->number[1];
    /* Zero but for the sign, which is the highest bit of the last byte. */
    if (memcmp(low, zeros, width - 1) == 0 && (low[width - 1] & 0x7f) == 0) {
        low[width - 1] = 0x80;
    }
    if (memcmp(high, zeros, width - 1) == 0 && (high[width - 1] & 0x7f) == 0) {
        high[width - 1] = 0;
    }
}

/* Whole characters among the first TARN_BOUND_BYTES bytes; all of those when the text is not well-formed there. */
static size_t cut_text(struct tarn_span value)
{
    size_t end = TARN_BOUND_BYTES;
    for (unsigned back = 0; back < 4 && (value.data[end] & 0xc0) == 0x80; back++) {
        end--;
    }
    return (value.data[end] & 0xc0) == 0x80 ? TARN_BOUND_BYTES : end;
}

size_t tarn__bound_cut_min(enum tarn__stored_order order, struct tarn_span value)
{
    if (value.size <= TARN_BOUND_BYTES) {
        return value.size;
    }
    return order == TARN_STORED_TEXT ? cut_text(value) : TARN_BOUND_BYTES;
}

/* The next code point that is a character; 0: none. */
static uint32_t raise_point(uint32_t point)
{
    return point >= 0x10ffff ? 0 : point + 1 == 0xd800 ? 0xe000 : point + 1;
}

/* The head with its last raisable character raised, and what is behind it dropped. A raised character may be longer by a byte. */
static size_t raise_text(uint8_t out[TARN_BOUND_BYTES], size_t size)
{
    while (size != 0) {
        size_t begin = size - 1;
        while (begin != 0 && (out[begin] & 0xc0) == 0x80) {
            begin--;
        }
        uint32_t point = 0;
        const struct tarn_text head = {(const char *)out, size};
        if (tarn__utf8_decode(head, begin, &point) != size - begin) {
            return 0; /* not text after all */
        }
        char raised[4];
        const uint32_t next = raise_point(point);
        const size_t length = next != 0 ? tarn__utf8_encode(next, raised) : 0;
        if (length != 0 && begin + length <= TARN_BOUND_BYTES) {
            memcpy(out + begin, raised, length);
            return begin + length;
        }
        size = begin;
    }
    return 0;
}

static size_t raise_bytes(uint8_t out[TARN_BOUND_BYTES], size_t size)
{
    while (size != 0 && out[size - 1] == 0xff) {
        size--;
    }
    if (size != 0) {
        out[size - 1]++;
    }
    return size;
}

size_t tarn__bound_cut_max(enum tarn__stored_order order, struct tarn_span value, uint8_t out[TARN_BOUND_BYTES], bool *exact)
{
    *exact = value.size <= TARN_BOUND_BYTES;
    const size_t size = tarn__bound_cut_min(order, value);
    if (size != 0) {
        memcpy(out, value.data, size);
    }
    if (*exact) {
        return size;
    }
    return order == TARN_STORED_TEXT ? raise_text(out, size) : raise_bytes(out, size);
}
