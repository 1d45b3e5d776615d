/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_BENCH_GEN_TPCH_TEXT_H
#define TARN_BENCH_GEN_TPCH_TEXT_H

#include <stddef.h>

/*
 * The text that comments are cut from: 300 MiB of sentences made by TPC-H's grammar from one random stream.
 *
 * A comment is a piece at a random place, so all of it is needed before the first row, at any scale. Made in about a second.
 */
#define TPCH_TEXT_BYTES ((size_t)300 << 20)

/** The first `bytes` bytes of the text; free() them. NULL: out of memory. */
char *tpch_text_make(size_t bytes);

#endif
