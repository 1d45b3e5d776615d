/* SPDX-License-Identifier: Apache-2.0
 *
 * Views of PLAIN byte arrays.
 *
 * Specification: Parquet Encodings.md, "Plain". SPEC: P-ENC-PLAIN-3.
 *
 * A short array with its length before it lies in the page as its view does in memory: 16 bytes are loaded, what is behind the array is
 * masked out. A long one's view has the same first half. So there is no branch by length but for the check.
 *
 * Invariants
 *  1. The fast loop loads 16 bytes only where the page has them; the last arrays are taken one by one.
 *  2. A length is compared with what is left before it is passed.
 */
#include "format/encoding/plain_views.h"

#include "format/batch/vector.h"
#include "format/encoding/plain.h"

_Static_assert(sizeof(struct tarn_string_view) == 16, "a view is two words");

const uint64_t tarn__view_kept[TARN_VIEW_INLINED + 2][2] = {
    {0xffffffff, 0},
    {0xffffffffff, 0},
    {0xffffffffffff, 0},
    {0xffffffffffffff, 0},
    {UINT64_MAX, 0},
    {UINT64_MAX, 0xff},
    {UINT64_MAX, 0xffff},
    {UINT64_MAX, 0xffffff},
    {UINT64_MAX, 0xffffffff},
    {UINT64_MAX, 0xffffffffff},
    {UINT64_MAX, 0xffffffffffff},
    {UINT64_MAX, 0xffffffffffffff},
    {UINT64_MAX, UINT64_MAX},
    {UINT64_MAX, 0},
};

#if !TARN_BIG_ENDIAN
/* As many of `n` as the fast loop may take. */
static uint32_t take_most(struct tarn_span *rest, uint32_t buffer, const uint8_t *begin, uint32_t n, struct tarn_string_view *views)
{
    const uint8_t *at = rest->data;
    const uint8_t *end = rest->data + rest->size;
    uint32_t i = 0;
    for (; i < n && end - at >= 16; i++) {
        const uint64_t first = tarn__load64(at);
        const uint32_t size = (uint32_t)first;
        if (size > (size_t)(end - at) - 4) {
            break;
        }
        tarn__view_put(&views[i], first, tarn__load64(at + 8), buffer, (uint32_t)(at + 4 - begin));
        at += 4 + (size_t)size;
    }
    tarn__span_take(rest, (size_t)(at - rest->data));
    return i;
}
#endif

enum tarn_status tarn__plain_take_views(struct tarn_span *rest, uint32_t buffer, const uint8_t *begin, uint32_t n,
                                        struct tarn_string_view *views, struct tarn_error *err)
{
    uint32_t i = 0;
#if !TARN_BIG_ENDIAN
    if (rest->size != 0) {
        i = take_most(rest, buffer, begin, n, views);
    }
#endif
    for (; i < n; i++) {
        struct tarn_span value;
        TARN_RETURN_IF_ERROR(tarn__plain_take_bytes(rest, &value, err));
        views[i] = tarn__string_view((struct tarn_text){(const char *)value.data, value.size}, buffer, (uint32_t)(value.data - begin));
    }
    return TARN_OK;
}
