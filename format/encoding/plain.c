/* SPDX-License-Identifier: Apache-2.0
 *
 * PLAIN, both ways.
 *
 * Specification: Parquet Encodings.md, "Plain". SPEC: P-ENC-PLAIN-1 to P-ENC-PLAIN-4.
 *
 * Invariants
 *  1. n * width is compared with what is left by division, so that no product overflows.
 *  2. A byte array's length is compared with what is left behind its four bytes before they are passed.
 */
#include "format/encoding/plain.h"

#include "format/encoding/bit_unpack.h"
#include "format/thrift/parquet_thrift.h"

static enum tarn_status ends_early(struct tarn_error *err)
{
    return tarn__corrupt(err, "plain", "PLAIN values end before all of the page have been met");
}

uint32_t tarn__plain_width(int32_t physical_type, int32_t type_length)
{
    switch (physical_type) {
    case PARQUET_INT32:
    case PARQUET_FLOAT:
        return 4;
    case PARQUET_INT64:
    case PARQUET_DOUBLE:
        return 8;
    case PARQUET_INT96:
        return 12;
    case PARQUET_FIXED_LEN_BYTE_ARRAY:
        return type_length > 0 ? (uint32_t)type_length : 0;
    default:
        return 0;
    }
}

enum tarn_status tarn__plain_take(struct tarn_span *rest, uint32_t width, uint64_t n, struct tarn_span *out, struct tarn_error *err)
{
    *out = (struct tarn_span){NULL, 0};
    if (n != 0 && (width == 0 || n > rest->size / width)) {
        return ends_early(err);
    }
    *out = tarn__span_take(rest, (size_t)n * width);
    return TARN_OK;
}

enum tarn_status tarn__plain_decode32(struct tarn_span *rest, uint64_t n, uint32_t *out, struct tarn_error *err)
{
    struct tarn_span bytes;
    TARN_RETURN_IF_ERROR(tarn__plain_take(rest, 4, n, &bytes, err));
    for (size_t i = 0; i < (size_t)n; i++) {
        out[i] = tarn__load32(bytes.data + 4 * i);
    }
    return TARN_OK;
}

enum tarn_status tarn__plain_decode64(struct tarn_span *rest, uint64_t n, uint64_t *out, struct tarn_error *err)
{
    struct tarn_span bytes;
    TARN_RETURN_IF_ERROR(tarn__plain_take(rest, 8, n, &bytes, err));
    for (size_t i = 0; i < (size_t)n; i++) {
        out[i] = tarn__load64(bytes.data + 8 * i);
    }
    return TARN_OK;
}

enum tarn_status tarn__plain_decode_bits(struct tarn_span page, uint64_t *position, uint64_t n, uint8_t *bits, uint64_t at,
                                         struct tarn_error *err)
{
    const uint64_t all = (uint64_t)page.size * 8;
    if (*position > all || n > all - *position) {
        return ends_early(err);
    }
    if (n != 0) {
        tarn__bits_copy(bits, at, page.data, *position, n);
    }
    *position += n;
    return TARN_OK;
}

enum tarn_status tarn__plain_take_bytes(struct tarn_span *rest, struct tarn_span *out, struct tarn_error *err)
{
    *out = (struct tarn_span){NULL, 0};
    if (rest->size < 4) {
        return ends_early(err);
    }
    const uint32_t size = tarn__load32(rest->data);
    if (size > rest->size - 4) {
        return tarn__corrupt(err, "plain", "a byte array of %u bytes where %zu are left in the page", size, rest->size - 4);
    }
    tarn__span_take(rest, 4);
    *out = tarn__span_take(rest, size);
    return TARN_OK;
}

enum tarn_status tarn__plain_measure_bytes(struct tarn_span rest, uint64_t n, uint64_t *bytes, struct tarn_error *err)
{
    *bytes = 0;
    for (uint64_t i = 0; i < n; i++) {
        struct tarn_span value;
        TARN_RETURN_IF_ERROR(tarn__plain_take_bytes(&rest, &value, err));
        *bytes += value.size;
    }
    return TARN_OK;
}

enum tarn_status tarn__plain_skip_bytes(struct tarn_span *rest, uint64_t n, struct tarn_error *err)
{
    for (uint64_t i = 0; i < n; i++) {
        struct tarn_span value;
        TARN_RETURN_IF_ERROR(tarn__plain_take_bytes(rest, &value, err));
    }
    return TARN_OK;
}

enum tarn_status tarn__plain_decode_bytes(struct tarn_span *rest, uint64_t n, uint32_t *offsets, uint8_t *bytes, struct tarn_error *err)
{
    for (uint64_t i = 0; i < n; i++) {
        struct tarn_span value;
        TARN_RETURN_IF_ERROR(tarn__plain_take_bytes(rest, &value, err));
        if (value.size > UINT32_MAX - offsets[i]) {
            return tarn__error_set(err, TARN_LIMIT, "offsets", "byte arrays of one vector sum to more than 4 GiB");
        }
        if (value.size != 0) {
            memcpy(bytes, value.data, value.size);
        }
        bytes += value.size;
        offsets[i + 1] = offsets[i] + (uint32_t)value.size;
    }
    return TARN_OK;
}

/* Little-endian machines write the array as it lies. */
#define ENCODE(name, type, store)                                                                                                          \
    bool name(struct tarn_buffer *out, uint64_t n, const type *values)                                                                     \
    {                                                                                                                                      \
        const size_t at = out->size;                                                                                                       \
        if (n > (SIZE_MAX - at) / sizeof(type) || !tarn__buffer_resize(out, at + (size_t)n * sizeof(type))) {                              \
            return false;                                                                                                                  \
        }                                                                                                                                  \
        uint8_t *to = out->data + at;                                                                                                      \
        for (size_t i = 0; i < (size_t)n; i++) {                                                                                           \
            store(to + sizeof(type) * i, values[i]);                                                                                       \
        }                                                                                                                                  \
        return true;                                                                                                                       \
    }
ENCODE(tarn__plain_encode32, uint32_t, tarn__store32)
ENCODE(tarn__plain_encode64, uint64_t, tarn__store64)

bool tarn__plain_encode_bits(struct tarn_buffer *out, uint64_t n, const uint8_t *bits, uint64_t at)
{
    const size_t begin = out->size;
    const size_t bytes = tarn__bits_bytes(n);
    if (!tarn__buffer_resize(out, begin + bytes)) {
        return false;
    }
    if (bytes != 0) {
        out->data[begin + bytes - 1] = 0;
        tarn__bits_copy(out->data + begin, 0, bits, at, n);
    }
    return true;
}

bool tarn__plain_encode_bytes(struct tarn_buffer *out, struct tarn_span value)
{
    const size_t at = out->size;
    if (!tarn__buffer_resize(out, at + 4 + value.size)) {
        return false;
    }
    tarn__store32(out->data + at, (uint32_t)value.size);
    if (value.size != 0) {
        memcpy(out->data + at + 4, value.data, value.size);
    }
    return true;
}
