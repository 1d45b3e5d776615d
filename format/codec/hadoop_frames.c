/* SPDX-License-Identifier: Apache-2.0
 *
 * Hadoop's frames: those of org.apache.hadoop.io.compress.BlockCompressorStream. SPEC: P-CODEC-4.
 *
 * Invariants
 *  1. A piece fills the bytes that it says it has, and those only.
 *  2. Each piece and each block take four bytes of input at least: the loops end.
 */
#include "format/codec/hadoop_frames.h"

enum { SIZE_BYTES = 4 };

static bool take_size(struct tarn_span *in, size_t *size)
{
    if (in->size < SIZE_BYTES) {
        return false;
    }
    *size = tarn__load32_be(tarn__span_take(in, SIZE_BYTES).data);
    return true;
}

/* The blocks of one piece. An empty piece has none, or empty ones. */
static bool decode_piece(struct tarn_span *in, uint8_t *out, size_t size, tarn_block_decode decode)
{
    size_t done = 0;
    size_t packed;
    size_t written;
    while (done < size) {
        if (!take_size(in, &packed) || packed > in->size || !decode(tarn__span_take(in, packed), out + done, size - done, &written)) {
            return false;
        }
        done += written;
    }
    return true;
}

bool tarn__hadoop_decode(struct tarn_span in, uint8_t *out, size_t size, tarn_block_decode decode)
{
    size_t done = 0;
    size_t piece;
    do {
        if (!take_size(&in, &piece) || piece > size - done || !decode_piece(&in, out + done, piece, decode)) {
            return false;
        }
        done += piece;
    } while (in.size != 0);
    return done == size;
}
