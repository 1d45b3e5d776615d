/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_ARROW_INTERVAL_BYTES_H
#define TARN_FORMAT_ARROW_INTERVAL_BYTES_H

#include "format/base/bytes.h"

enum { TARN__ARROW_INTERVAL = 16 };

/**
 * Arrow has the months, days and nanoseconds of an interval as numbers of the machine, tarn as little-endian bytes: from one to the other,
 * either way. Needed on big-endian machines alone.
 */
static inline void tarn__arrow_turn_intervals(const uint8_t *from, size_t n, uint8_t *to)
{
    for (size_t i = 0; i < n; i++, from += TARN__ARROW_INTERVAL, to += TARN__ARROW_INTERVAL) {
        uint32_t parts[2];
        uint64_t nanoseconds;
        memcpy(parts, from, sizeof(parts));
        memcpy(&nanoseconds, from + sizeof(parts), sizeof(nanoseconds));
        tarn__store32(to, parts[0]);
        tarn__store32(to + 4, parts[1]);
        tarn__store64(to + 8, nanoseconds);
    }
}

#endif
