/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_BENCH_FOLD_STREAM_H
#define TARN_BENCH_FOLD_STREAM_H

#include "fold.h"
#include "tarn/arrow.h"

/*
 * The one consumer of the decode suite: takes an Arrow C stream, folds every value of every batch, releases it. Built as a shared library
 * too, which Python loads for the peers.
 */

/** Reads the stream to its end and releases it. The answer, or what went wrong, is in `text`. 0: read whole. */
TARN_API int tarn_bench_fold_stream(struct ArrowArrayStream *stream, char *text, size_t size);

/** Takes every batch of the stream and keeps them all until the end, without looking at a value: what a table in memory costs. The second
 * call folds and releases them. NULL: failed. */
struct tarn_bench_kept;
TARN_API struct tarn_bench_kept *tarn_bench_keep_stream(struct ArrowArrayStream *stream, char *text, size_t size);
TARN_API int tarn_bench_fold_kept(struct tarn_bench_kept *kept, char *text, size_t size);

#endif
