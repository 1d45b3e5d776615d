/* SPDX-License-Identifier: Apache-2.0
 *
 * Values taken apart into a stream for each of their bytes.
 *
 * Specification: Parquet Encodings.md, "Byte Stream Split". SPEC: P-ENC-BSS-3.
 */
#include "format/encoding/byte_stream_split_encode.h"

#include "format/kernels/kernels.h"

enum tarn_status tarn__split_encode(struct tarn_buffer *out, const uint8_t *plain, uint32_t width, uint32_t n, struct tarn_error *err)
{
    uint8_t *to;
    TARN_RETURN_IF_ERROR(tarn__buffer_extend(out, (uint64_t)width * n, &to, err));
    if (n != 0) {
        tarn__kernels_of(tarn__buffer_env(out))->split_streams(plain, width, n, n, to);
    }
    return TARN_OK;
}
