/* SPDX-License-Identifier: Apache-2.0
 *
 * A page's values from PLAIN into the encoding that its chunk has chosen. Specification: parquet-format Encodings.md.
 */
#include "format/column/value_encode.h"

#include "format/encoding/alp_encode.h"
#include "format/encoding/byte_stream_split_encode.h"
#include "format/encoding/delta_binary_packed_encode.h"
#include "format/encoding/delta_byte_array_encode.h"
#include "format/encoding/rle_writer.h"
#include "format/thrift/parquet_thrift.h"

enum tarn_status tarn__values_encode(const struct tarn__leaf_form *form, int32_t encoding, struct tarn_span plain, uint32_t count,
                                     struct tarn_buffer *out, struct tarn_error *err)
{
    const struct tarn__byte_values bytes = {plain.data, count, form->width};

    switch (encoding) {
    case PARQUET_ENCODING_DELTA_BINARY_PACKED:
        return form->width == 4 ? tarn__delta_encode32(out, plain.data, count, err) : tarn__delta_encode64(out, plain.data, count, err);
    case PARQUET_ENCODING_DELTA_LENGTH_BYTE_ARRAY:
        return tarn__delta_lengths_encode(out, &bytes, err);
    case PARQUET_ENCODING_DELTA_BYTE_ARRAY:
        return tarn__delta_strings_encode(out, &bytes, err);
    case PARQUET_ENCODING_BYTE_STREAM_SPLIT:
        return tarn__split_encode(out, plain.data, form->width, count, err);
    case PARQUET_ENCODING_ALP: {
        struct tarn__alp_choice choice;
        tarn__alp_choose(tarn__kernels_of(tarn__buffer_env(out)), plain.data, form->width, count, &choice);
        return tarn__alp_encode(out, plain.data, form->width, count, &choice, err);
    }
    case PARQUET_ENCODING_RLE:
        return tarn__rle_write_booleans(out, count, plain.data) ? TARN_OK : tarn__nomem(tarn__buffer_env(out), err, plain.size);
    default:
        return tarn__internal(err, "values were to be encoded as %s", tarn__parquet_encoding_name(encoding));
    }
}
