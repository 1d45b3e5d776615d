/* SPDX-License-Identifier: Apache-2.0
 * Snappy: any bytes as a block, and any bytes encoded and decoded again.
 */
#include <stdlib.h>

#include "format/codec/snappy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint16_t table[TARN_SNAPPY_TABLE];
    const struct tarn_span in = {data, size};
    size_t stated;
    if (tarn__snappy_size(in, &stated) && stated <= MOST) {
        uint8_t *out = malloc(stated + 1);
        tarn__snappy_decode(in, out, stated);
        free(out);
    }
    uint8_t *packed = malloc(tarn__snappy_bound(size));
    uint8_t *back = malloc(size + 1);
    const size_t written = tarn__snappy_encode(in, packed, table);
    if (!tarn__snappy_decode((struct tarn_span){packed, written}, back, size) || (size != 0 && memcmp(back, data, size) != 0)) {
        abort();
    }
    free(packed);
    free(back);
    return 0;
}
