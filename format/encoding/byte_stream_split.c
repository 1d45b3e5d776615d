/* SPDX-License-Identifier: Apache-2.0
 *
 * Values whose bytes lie in one stream each.
 *
 * Specification: Parquet Encodings.md, "Byte Stream Split". SPEC: P-ENC-BSS-1, P-ENC-BSS-2.
 *
 * Invariants
 *  1. width * count is the size of the page's values, which is all that there is.
 *  2. `at` <= count.
 */
#include "format/encoding/byte_stream_split.h"

enum tarn_status tarn__split_reader_init(struct tarn__split_reader *reader, const struct tarn__kernels *kernels, struct tarn_span bytes,
                                         uint32_t width, uint32_t most, struct tarn_error *err)
{
    *reader = (struct tarn__split_reader){.kernels = kernels, .streams = bytes.data, .width = width};
    if (width == 0 || bytes.size % width != 0) {
        return tarn__corrupt(err, "byte_stream_split", "%zu bytes cannot be split into %u streams of one length", bytes.size, width);
    }
    if (bytes.size / width > most) {
        return tarn__corrupt(err, "byte_stream_split", "%zu values in a page of %u", bytes.size / width, most);
    }
    reader->count = (uint32_t)(bytes.size / width);
    return TARN_OK;
}

enum tarn_status tarn__split_reader_skip(struct tarn__split_reader *reader, uint32_t n, struct tarn_error *err)
{
    if (n > reader->count - reader->at) {
        return tarn__corrupt(err, "byte_stream_split", "%u values are due where %u are left in the page", n, reader->count - reader->at);
    }
    reader->at += n;
    return TARN_OK;
}

enum tarn_status tarn__split_reader_take(struct tarn__split_reader *reader, uint32_t n, uint8_t *out, struct tarn_error *err)
{
    const uint32_t at = reader->at;
    TARN_RETURN_IF_ERROR(tarn__split_reader_skip(reader, n, err));
    if (n != 0) {
        reader->kernels->join_streams(reader->streams + at, reader->count, reader->width, n, out);
    }
    return TARN_OK;
}
