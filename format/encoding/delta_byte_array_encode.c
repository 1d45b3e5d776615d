/* SPDX-License-Identifier: Apache-2.0
 *
 * Byte arrays by their lengths, and by what they share with the one before, written.
 *
 * Specification: Parquet Encodings.md, "Delta-length byte array", "Delta Strings". SPEC: P-ENC-DLBA-3, P-ENC-DBA-4.
 *
 * Invariants
 *  1. Lengths are kept as PLAIN INT32, little-endian, as their encoder wants them.
 *  2. What is shared is as long as it can be; the first value shares nothing.
 *  3. The end of the suffixes is known before they are written: the buffer is resized once for them.
 */
#include "format/encoding/delta_byte_array_encode.h"

#include "format/base/checked.h"
#include "format/encoding/delta_binary_packed_encode.h"

enum { LENGTH_BYTES = 4 };

/* Lengths of prefixes (NULL: none are looked for) and suffixes. */
struct measured {
    struct tarn_env *env;
    uint8_t *prefixes;
    uint8_t *suffixes;
    uint64_t suffix_bytes;
};

static inline const uint8_t *next_value(const struct tarn__byte_values *values, const uint8_t *at, uint32_t *size)
{
    if (values->width != 0) {
        *size = values->width;
        return at;
    }
    *size = tarn__load32(at);
    return at + LENGTH_BYTES;
}

/* How many bytes two values have in common at their begin. */
static inline uint32_t shared_bytes(const uint8_t *a, const uint8_t *b, uint32_t most)
{
    uint32_t same = 0;
    for (; most - same >= 8; same += 8) {
        const uint64_t differ = tarn__load64(a + same) ^ tarn__load64(b + same);
        if (differ != 0) {
            return same + (uint32_t)__builtin_ctzll(differ) / 8;
        }
    }
    while (same < most && a[same] == b[same]) {
        same++;
    }
    return same;
}

static void measure_lengths(const struct tarn__byte_values *values, struct measured *m)
{
    const uint8_t *at = values->plain;
    for (uint32_t i = 0; i < values->count; i++) {
        uint32_t size;
        at = next_value(values, at, &size) + size;
        tarn__store32(m->suffixes + (size_t)i * LENGTH_BYTES, size);
        m->suffix_bytes += size;
    }
}

static void measure_prefixes(const struct tarn__byte_values *values, struct measured *m)
{
    const uint8_t *at = values->plain;
    const uint8_t *before = at;
    uint32_t before_size = 0;
    for (uint32_t i = 0; i < values->count; i++) {
        uint32_t size;
        const uint8_t *value = next_value(values, at, &size);
        const uint32_t prefix = shared_bytes(before, value, size < before_size ? size : before_size);
        tarn__store32(m->prefixes + (size_t)i * LENGTH_BYTES, prefix);
        tarn__store32(m->suffixes + (size_t)i * LENGTH_BYTES, size - prefix);
        m->suffix_bytes += size - prefix;
        before = value;
        before_size = size;
        at = value + size;
    }
}

static enum tarn_status measure(struct tarn_env *env, const struct tarn__byte_values *values, bool prefixes, struct measured *m,
                                struct tarn_error *err)
{
    const size_t lengths = (size_t)values->count * LENGTH_BYTES;
    size_t size = lengths;
    *m = (struct measured){.env = env};
    if (lengths / LENGTH_BYTES != values->count || (prefixes && !tarn__add(size, lengths, &size))) {
        return tarn__nomem(env, err, SIZE_MAX);
    }
    m->suffixes = tarn__alloc(env, size + 1);
    if (m->suffixes == NULL) {
        return tarn__nomem(env, err, size);
    }
    if (prefixes) {
        m->prefixes = m->suffixes + lengths;
        measure_prefixes(values, m);
    } else {
        measure_lengths(values, m);
    }
    return TARN_OK;
}

static enum tarn_status write_suffixes(struct tarn_buffer *out, const struct tarn__byte_values *values, const struct measured *m,
                                       struct tarn_error *err)
{
    uint8_t *to;
    TARN_RETURN_IF_ERROR(tarn__buffer_extend(out, m->suffix_bytes, &to, err));
    const uint8_t *at = values->plain;
    for (uint32_t i = 0; i < values->count; i++) {
        uint32_t size;
        const uint8_t *value = next_value(values, at, &size);
        const uint32_t suffix = tarn__load32(m->suffixes + (size_t)i * LENGTH_BYTES);
        if (suffix != 0) {
            memcpy(to, value + (size - suffix), suffix);
        }
        to += suffix;
        at = value + size;
    }
    return TARN_OK;
}

static enum tarn_status write_all(struct tarn_buffer *out, const struct tarn__byte_values *values, const struct measured *m,
                                  struct tarn_error *err)
{
    if (m->prefixes != NULL) {
        TARN_RETURN_IF_ERROR(tarn__delta_encode32(out, m->prefixes, values->count, err));
    }
    TARN_RETURN_IF_ERROR(tarn__delta_encode32(out, m->suffixes, values->count, err));
    return write_suffixes(out, values, m, err);
}

static enum tarn_status encode(struct tarn_buffer *out, const struct tarn__byte_values *values, bool prefixes, struct tarn_error *err)
{
    struct tarn_env *env = tarn__buffer_env(out);
    const size_t begin = out->size;
    struct measured m;
    TARN_RETURN_IF_ERROR(measure(env, values, prefixes, &m, err));
    const enum tarn_status status = write_all(out, values, &m, err);
    if (status != TARN_OK) {
        out->size = begin;
    }
    tarn__free(env, m.suffixes);
    return status;
}

enum tarn_status tarn__delta_lengths_encode(struct tarn_buffer *out, const struct tarn__byte_values *values, struct tarn_error *err)
{
    return encode(out, values, false, err);
}

enum tarn_status tarn__delta_strings_encode(struct tarn_buffer *out, const struct tarn__byte_values *values, struct tarn_error *err)
{
    return encode(out, values, true, err);
}

static enum tarn_status size_of(struct tarn_env *env, const struct tarn__byte_values *values, bool prefixes, uint64_t *size,
                                struct tarn_error *err)
{
    const struct tarn__kernels *kernels = tarn__kernels_of(env);
    struct measured m;
    *size = 0;
    TARN_RETURN_IF_ERROR(measure(env, values, prefixes, &m, err));
    *size = m.suffix_bytes + tarn__delta_size32(kernels, m.suffixes, values->count);
    if (prefixes) {
        *size += tarn__delta_size32(kernels, m.prefixes, values->count);
    }
    tarn__free(env, m.suffixes);
    return TARN_OK;
}

enum tarn_status tarn__delta_lengths_size(struct tarn_env *env, const struct tarn__byte_values *values, uint64_t *size,
                                          struct tarn_error *err)
{
    return size_of(env, values, false, size, err);
}

enum tarn_status tarn__delta_strings_size(struct tarn_env *env, const struct tarn__byte_values *values, uint64_t *size,
                                          struct tarn_error *err)
{
    return size_of(env, values, true, size, err);
}
