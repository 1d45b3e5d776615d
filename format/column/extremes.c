/* SPDX-License-Identifier: Apache-2.0
 *
 * Bounds by TYPE_ORDER and by IEEE_754_TOTAL_ORDER.
 *
 * Specification: parquet.thrift, "ColumnOrder" (order by type; NaN, -0 and +0 of floats), "Statistics" (bounds that are not exact).
 * SPEC: P-BOUND-1 to P-BOUND-6, P-BOUND-8.
 *
 * Invariants
 *  1. TYPE_ORDER: NaN never becomes a bound; bounds of floats that are zero are -0 below and +0 above, whatever zeros were seen. Total
 *     order: bounds are the bits of values that were seen, NaN only where nothing else was.
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

/* The bits of a float as an unsigned number of the total order, and back: negative ones upside down below the others. */
static inline uint32_t total32(uint32_t bits)
{
    return (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
}

static inline uint32_t of_total32(uint32_t key)
{
    return (key & 0x80000000u) != 0 ? key & 0x7fffffffu : ~key;
}

static inline uint64_t total64(uint64_t bits)
{
    return (bits >> 63) != 0 ? ~bits : bits | UINT64_C(1) << 63;
}

static inline uint64_t of_total64(uint64_t key)
{
    return (key >> 63) != 0 ? key & ~(UINT64_C(1) << 63) : ~key;
}

enum tarn__stored_order tarn__stored_total(enum tarn__stored_order order)
{
    switch (order) {
    case TARN_STORED_F32:
        return TARN_STORED_F32_TOTAL;
    case TARN_STORED_F64:
        return TARN_STORED_F64_TOTAL;
    case TARN_STORED_F16:
        return TARN_STORED_F16_TOTAL;
    default:
        return order;
    }
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

static int sign_of(struct tarn_span number)
{
    return number.size != 0 && (number.data[0] & 0x80) != 0 ? -1 : 0;
}

/* Two's complement, most significant byte first; the shorter one is extended by its sign. */
static int compare_big(struct tarn_span a, struct tarn_span b)
{
    const int signs = sign_of(a) - sign_of(b);
    if (signs != 0) {
        return signs;
    }
    const uint8_t fill = (uint8_t)sign_of(a);
    const size_t size = a.size > b.size ? a.size : b.size;
    for (size_t i = 0; i < size; i++) {
        const size_t left = size - i; /* bytes from here on */
        const int x = left > a.size ? fill : a.data[a.size - left];
        const int y = left > b.size ? fill : b.data[b.size - left];
        if (x != y) {
            return x - y;
        }
    }
    return 0;
}

static int compare_little(struct tarn_span a, struct tarn_span b)
{
    for (size_t i = a.size; i-- != 0;) {
        const bool top = i == a.size - 1;
        const int x = top ? (int)(int8_t)a.data[i] : a.data[i];
        const int y = top ? (int)(int8_t)b.data[i] : b.data[i];
        if (x != y) {
            return x - y;
        }
    }
    return 0;
}

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
    case TARN_STORED_F16_TOTAL:
        return (int)half_key(tarn__load16(a.data)) - (int)half_key(tarn__load16(b.data));
    case TARN_STORED_F32_TOTAL: {
        const uint32_t x = total32(tarn__load32(a.data));
        const uint32_t y = total32(tarn__load32(b.data));
        return (x > y) - (x < y);
    }
    case TARN_STORED_F64_TOTAL: {
        const uint64_t x = total64(tarn__load64(a.data));
        const uint64_t y = total64(tarn__load64(b.data));
        return (x > y) - (x < y);
    }
    case TARN_STORED_SIGNED_BE:
        return compare_big(a, b);
    case TARN_STORED_SIGNED_LE:
        return compare_little(a, b);
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

/* The first eight bytes as a number of the same order; zeros stand for those that are not there. */
static inline uint64_t head_of(struct tarn_span value)
{
    if (value.size >= 8) {
        return tarn__load64_be(value.data);
    }
    uint64_t head = 0;
    for (size_t i = 0; i < value.size; i++) {
        head |= (uint64_t)value.data[i] << (56 - 8 * i);
    }
    return head;
}

/* Most values lie inside of the bounds by their heads alone. */
static inline void take_bytes(struct tarn__extremes *extremes, struct tarn_span value)
{
    const uint64_t head = head_of(value);

    if (extremes->any && head > extremes->heads[0] && head < extremes->heads[1]) {
        return;
    }
    take(extremes, value, value);
    extremes->heads[0] = head_of(extremes->min);
    extremes->heads[1] = head_of(extremes->max);
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

/* Keys of the total order. NaN are those beyond the infinities, `minus` and `plus`. */
#define SCAN_TOTAL(values, count, type, load, key, minus, plus, keys)                                                                      \
    do {                                                                                                                                   \
        const type minus_ = key(minus);                                                                                                    \
        const type plus_ = key(plus);                                                                                                      \
        for (size_t i_ = 0; i_ < (count); i_++) {                                                                                          \
            const type key_ = key(load((values) + i_ * sizeof(type)));                                                                     \
            take_key(&(keys), key_, key_<minus_ || key_> plus_);                                                                           \
        }                                                                                                                                  \
    } while (0)

struct total_keys {
    uint64_t low[2]; /* of numbers, of NaN */
    uint64_t high[2];
    uint64_t count[2];
};

static inline void take_key(struct total_keys *keys, uint64_t key, bool is_nan)
{
    keys->low[is_nan] = key < keys->low[is_nan] ? key : keys->low[is_nan];
    keys->high[is_nan] = key > keys->high[is_nan] ? key : keys->high[is_nan];
    keys->count[is_nan]++;
}

static uint64_t bits_of_key(enum tarn__stored_order order, uint64_t key)
{
    switch (order) {
    case TARN_STORED_F16_TOTAL:
        return half_of_key((uint16_t)key);
    case TARN_STORED_F32_TOTAL:
        return of_total32((uint32_t)key);
    default:
        return of_total64(key);
    }
}

static void add_total(struct tarn__extremes *extremes, const uint8_t *values, size_t width, size_t count)
{
    struct total_keys keys = {.low = {UINT64_MAX, UINT64_MAX}};

    if (extremes->order == TARN_STORED_F16_TOTAL) {
        SCAN_TOTAL(values, count, uint16_t, tarn__load16, half_key, 0xfc00u, 0x7c00u, keys);
    } else if (extremes->order == TARN_STORED_F32_TOTAL) {
        SCAN_TOTAL(values, count, uint32_t, tarn__load32, total32, 0xff800000u, 0x7f800000u, keys);
    } else {
        SCAN_TOTAL(values, count, uint64_t, tarn__load64, total64, UINT64_C(0xfff0000000000000), UINT64_C(0x7ff0000000000000), keys);
    }
    if (keys.count[1] != 0) {
        const bool first = extremes->nan_count == 0;
        extremes->nan_keys[0] = first || keys.low[1] < extremes->nan_keys[0] ? keys.low[1] : extremes->nan_keys[0];
        extremes->nan_keys[1] = first || keys.high[1] > extremes->nan_keys[1] ? keys.high[1] : extremes->nan_keys[1];
        extremes->nan_count += keys.count[1];
    }
    if (keys.count[0] != 0) {
        take_number(extremes, bits_of_key(extremes->order, keys.low[0]), bits_of_key(extremes->order, keys.high[0]), width);
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
    case TARN_STORED_F32_TOTAL:
    case TARN_STORED_F64_TOTAL:
    case TARN_STORED_F16_TOTAL:
        add_total(extremes, values, width, count);
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
    case TARN_STORED_SIGNED_LE:
    case TARN_STORED_BYTES:
    case TARN_STORED_TEXT:
        for (size_t i = 0; i < count; i++) {
            const struct tarn_span value = {values + i * width, width};
            tarn__extremes_add_bytes(extremes, value);
        }
        return;
    }
}

void tarn__extremes_add_bytes(struct tarn__extremes *extremes, struct tarn_span value)
{
    if (extremes->order == TARN_STORED_BYTES || extremes->order == TARN_STORED_TEXT) {
        take_bytes(extremes, value);
    } else {
        take(extremes, value, value);
    }
}

void tarn__extremes_finish(struct tarn__extremes *extremes)
{
    if (tarn__stored_is_total(extremes->order)) {
        if (!extremes->any && extremes->nan_count != 0) {
            const size_t width = extremes->order == TARN_STORED_F64_TOTAL ? 8 : extremes->order == TARN_STORED_F32_TOTAL ? 4 : 2;
            take_number(extremes, bits_of_key(extremes->order, extremes->nan_keys[0]), bits_of_key(extremes->order, extremes->nan_keys[1]),
                        width);
            extremes->only_nan = true;
        }
        return;
    }
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

/* Whole characters among the first `most` bytes; all of those when the text is not well-formed there. */
static size_t cut_text(struct tarn_span value, size_t most)
{
    size_t end = most;
    for (unsigned back = 0; back < 4 && end != 0 && (value.data[end] & 0xc0) == 0x80; back++) {
        end--;
    }
    return (value.data[end] & 0xc0) == 0x80 ? most : end;
}

size_t tarn__bound_cut_min(enum tarn__stored_order order, struct tarn_span value, size_t most)
{
    if (value.size <= most) {
        return value.size;
    }
    return order == TARN_STORED_TEXT ? cut_text(value, most) : most;
}

/* The next code point that is a character; 0: none. */
static uint32_t raise_point(uint32_t point)
{
    return point >= 0x10ffff ? 0 : point + 1 == 0xd800 ? 0xe000 : point + 1;
}

/* The head with its last raisable character raised, and what is behind it dropped. A raised character may be longer by a byte. */
static size_t raise_text(uint8_t *out, size_t size, size_t most)
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
        if (length != 0 && begin + length <= most) {
            memcpy(out + begin, raised, length);
            return begin + length;
        }
        size = begin;
    }
    return 0;
}

static size_t raise_bytes(uint8_t *out, size_t size)
{
    while (size != 0 && out[size - 1] == 0xff) {
        size--;
    }
    if (size != 0) {
        out[size - 1]++;
    }
    return size;
}

size_t tarn__bound_cut_max(enum tarn__stored_order order, struct tarn_span value, size_t most, uint8_t *out, bool *exact)
{
    *exact = value.size <= most;
    const size_t size = tarn__bound_cut_min(order, value, most);
    if (size != 0) {
        memcpy(out, value.data, size);
    }
    if (*exact) {
        return size;
    }
    return order == TARN_STORED_TEXT ? raise_text(out, size, most) : raise_bytes(out, size);
}
