/* SPDX-License-Identifier: Apache-2.0
 *
 * Byte arrays by their lengths, and by what they share with the one before.
 *
 * Specification: Parquet Encodings.md, "Delta-length byte array", "Delta Strings". SPEC: P-ENC-DLBA-1, P-ENC-DLBA-2, P-ENC-DBA-1 to
 * P-ENC-DBA-3.
 *
 * Invariants
 *  1. The bytes of a value are compared with what is left of the page before they are passed; a length is a number of 31 bits.
 *  2. A prefix is at most as long as the value before; the first value of a page has nothing before it.
 *  3. `previous` is written only while it is not shared with a copy of the decoder.
 */
#include "format/encoding/delta_byte_array.h"

#include "format/base/checked.h"

enum { SKIP_AT_ONCE = 256 };

/* ---- lengths and bytes ---- */

enum tarn_status tarn__delta_lengths_init(struct tarn__delta_lengths *values, const struct tarn__kernels *kernels, struct tarn_span page,
                                          uint32_t most, struct tarn_error *err)
{
    values->bytes = (struct tarn_span){NULL, 0};
    TARN_RETURN_IF_ERROR(tarn__delta_reader_init(&values->lengths, kernels, page, most, err));
    return tarn__delta_reader_behind(&values->lengths, &values->bytes, err);
}

/* The sum of lengths, each of which has to be a number of 31 bits, compared with what there is. */
static enum tarn_status sum_lengths(const uint32_t *lengths, uint32_t n, size_t there, uint64_t *sum, struct tarn_error *err)
{
    uint32_t bits = 0;
    *sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        bits |= lengths[i];
        *sum += lengths[i];
    }
    if (bits > INT32_MAX) {
        return tarn__corrupt(err, "delta", "a byte array of negative length");
    }
    return *sum <= there
               ? TARN_OK
               : tarn__corrupt(err, "delta", "byte arrays of %llu bytes where %zu are left in the page", (unsigned long long)*sum, there);
}

enum tarn_status tarn__delta_lengths_take(struct tarn__delta_lengths *values, uint32_t n, uint32_t *lengths, struct tarn_span *bytes,
                                          struct tarn_error *err)
{
    uint64_t sum;
    TARN_RETURN_IF_ERROR(tarn__delta_reader_take32(&values->lengths, n, lengths, err));
    TARN_RETURN_IF_ERROR(sum_lengths(lengths, n, values->bytes.size, &sum, err));
    *bytes = tarn__span_take(&values->bytes, (size_t)sum);
    return TARN_OK;
}

enum tarn_status tarn__delta_lengths_skip(struct tarn__delta_lengths *values, uint32_t n, struct tarn_error *err)
{
    uint32_t lengths[SKIP_AT_ONCE];
    while (n != 0) {
        struct tarn_span bytes;
        const uint32_t part = n < SKIP_AT_ONCE ? n : (uint32_t)SKIP_AT_ONCE;
        TARN_RETURN_IF_ERROR(tarn__delta_lengths_take(values, part, lengths, &bytes, err));
        n -= part;
    }
    return TARN_OK;
}

/* ---- prefixes and the rest ---- */

enum tarn_status tarn__delta_strings_init(struct tarn__delta_strings *values, struct tarn_env *env, struct tarn_span page, uint32_t most,
                                          struct tarn_error *err)
{
    const struct tarn__kernels *kernels = tarn__kernels_of(env);
    struct tarn_span behind;
    *values = (struct tarn__delta_strings){.env = env};
    TARN_RETURN_IF_ERROR(tarn__delta_reader_init(&values->prefixes, kernels, page, most, err));
    TARN_RETURN_IF_ERROR(tarn__delta_reader_behind(&values->prefixes, &behind, err));
    TARN_RETURN_IF_ERROR(tarn__delta_lengths_init(&values->suffixes, kernels, behind, most, err));
    const uint32_t suffixes = values->suffixes.lengths.left;
    return suffixes == values->prefixes.left
               ? TARN_OK
               : tarn__corrupt(err, "delta", "%u prefixes and %u suffixes in one page", values->prefixes.left, suffixes);
}

void tarn__delta_strings_retain(const struct tarn__delta_strings *values)
{
    tarn__buffer_retain(values->previous);
}

void tarn__delta_strings_release(struct tarn__delta_strings *values)
{
    tarn__buffer_release(values->previous);
    values->previous = NULL;
    values->previous_size = 0;
}

enum tarn_status tarn__delta_strings_measure(struct tarn__delta_strings *values, uint32_t n, struct tarn__delta_string_piece *piece,
                                             struct tarn_error *err)
{
    piece->count = n;
    TARN_RETURN_IF_ERROR(tarn__delta_reader_take32(&values->prefixes, n, piece->prefix, err));
    TARN_RETURN_IF_ERROR(tarn__delta_lengths_take(&values->suffixes, n, piece->suffix, &piece->suffixes, err));
    uint32_t before = values->previous_size;
    piece->size = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (piece->prefix[i] > before) {
            return tarn__corrupt(err, "delta", "a value shares %u bytes with the one before, which has %u", piece->prefix[i], before);
        }
        before = piece->prefix[i] + piece->suffix[i]; /* both of 31 bits */
        if (before > INT32_MAX) {
            return tarn__corrupt(err, "delta", "a byte array of more than 2,147,483,647 bytes");
        }
        piece->size += before;
    }
    return TARN_OK;
}

/*
 * Sixteen bytes at a time: writes, and reads, up to 15 bytes behind the end. What is read behind it may be what is written: a value of
 * few bytes lies right before the next.
 */
static inline void copy_with_slack(uint8_t *to, const uint8_t *from, size_t size)
{
    for (size_t i = 0; i < size; i += TARN_DELTA_STRINGS_SLACK) {
        uint8_t bytes[TARN_DELTA_STRINGS_SLACK];
        memcpy(bytes, from + i, sizeof(bytes));
        memcpy(to + i, bytes, sizeof(bytes));
    }
}

/* Makes `previous` the caller's alone, with room for `size` bytes; the first `keep` stay. */
static enum tarn_status own_previous(struct tarn__delta_strings *values, uint32_t size, uint32_t keep, struct tarn_error *err)
{
    struct tarn_buffer *before = values->previous;
    const size_t room = (size_t)size + TARN_DELTA_STRINGS_SLACK;
    if (before != NULL && tarn__buffer_unshared(before) && before->size >= room) {
        return TARN_OK;
    }
    struct tarn_buffer *own = tarn__buffer_new_zeroed(values->env, room + room / 2);
    if (own == NULL) {
        return tarn__nomem(values->env, err, room);
    }
    if (keep != 0) {
        memcpy(own->data, before->data, keep);
    }
    tarn__buffer_release(before);
    values->previous = own;
    return TARN_OK;
}

static inline const uint8_t *build(const struct tarn__delta_string_piece *piece, const uint8_t *before, bool slack, size_t behind,
                                   uint8_t *out)
{
    const uint8_t *suffix = piece->suffixes.data;
    size_t left = piece->suffixes.size + behind;
    for (uint32_t i = 0; i < piece->count; i++) {
        const uint32_t shared = piece->prefix[i];
        const uint32_t own = piece->suffix[i];
        if (slack) {
            copy_with_slack(out, before, shared);
        } else if (shared != 0) {
            memcpy(out, before, shared);
        }
        if (slack && left >= (size_t)own + TARN_DELTA_STRINGS_SLACK) {
            copy_with_slack(out + shared, suffix, own);
        } else if (own != 0) {
            memcpy(out + shared, suffix, own);
        }
        suffix = own != 0 ? suffix + own : suffix;
        left -= own;
        before = out;
        out += shared + own;
    }
    return before;
}

enum tarn_status tarn__delta_strings_build(struct tarn__delta_strings *values, const struct tarn__delta_string_piece *piece, bool slack,
                                           uint8_t *out, struct tarn_error *err)
{
    if (piece->count == 0) {
        return TARN_OK;
    }
    const uint8_t *before = values->previous != NULL ? values->previous->data : NULL;
    const size_t behind = values->suffixes.bytes.size; /* the page goes on behind these suffixes */
    const uint8_t *last = slack ? build(piece, before, true, behind, out) : build(piece, before, false, behind, out);
    values->previous_size = piece->prefix[piece->count - 1] + piece->suffix[piece->count - 1];
    TARN_RETURN_IF_ERROR(own_previous(values, values->previous_size, 0, err));
    if (values->previous_size != 0) {
        memcpy(values->previous->data, last, values->previous_size);
    }
    return TARN_OK;
}

/* Of the values passed over only the last is put together: backwards, from what each left of those before it. */
static enum tarn_status skip_piece(struct tarn__delta_strings *values, struct tarn__delta_string_piece *piece, uint32_t n,
                                   struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tarn__delta_strings_measure(values, n, piece, err));
    uint32_t kept = values->previous_size; /* what is left of the value before all of them */
    for (uint32_t i = 0; i < n; i++) {
        kept = piece->prefix[i] < kept ? piece->prefix[i] : kept;
    }
    values->previous_size = piece->prefix[n - 1] + piece->suffix[n - 1];
    TARN_RETURN_IF_ERROR(own_previous(values, values->previous_size, kept, err));

    uint32_t missing = values->previous_size; /* bytes [0, missing) of it are not there yet */
    size_t end = piece->suffixes.size;
    for (uint32_t i = n; i-- > 0 && missing != kept;) {
        end -= piece->suffix[i];
        if (missing > piece->prefix[i]) {
            memcpy(values->previous->data + piece->prefix[i], piece->suffixes.data + end, missing - piece->prefix[i]);
            missing = piece->prefix[i];
        }
    }
    return TARN_OK;
}

enum tarn_status tarn__delta_strings_skip(struct tarn__delta_strings *values, uint32_t n, struct tarn_error *err)
{
    struct tarn__delta_string_piece piece;
    while (n != 0) {
        const uint32_t part = n < TARN_DELTA_STRINGS_AT_ONCE ? n : (uint32_t)TARN_DELTA_STRINGS_AT_ONCE;
        TARN_RETURN_IF_ERROR(skip_piece(values, &piece, part, err));
        n -= part;
    }
    return TARN_OK;
}
