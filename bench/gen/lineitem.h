/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_BENCH_GEN_LINEITEM_H
#define TARN_BENCH_GEN_LINEITEM_H

#include <stdbool.h>

/** From this scale on TPC-H draws part keys from another generator, which is not here. */
#define LINEITEM_SCALE_END 30000.0

/**
 * Writes the TPC-H table `lineitem` at `scale` (0 < scale < LINEITEM_SCALE_END) to `descriptor` as CSV: a header line, comments in
 * quotes, byte for byte what `tpchgen-cli csv` writes. False with errno: memory or writing failed.
 */
bool lineitem_write_csv(int descriptor, double scale);

#endif
