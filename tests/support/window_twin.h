/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TESTS_SUPPORT_WINDOW_TWIN_H
#define TARN_TESTS_SUPPORT_WINDOW_TWIN_H

#include "reader/text/text_source.h"

/*
 * For the fuzz targets of text formats: the same bytes read in two sizes of window must give the same rows, nulls and rejects, or end in
 * the same status. A difference, and a failure without a message, aborts.
 */

/** Opens the origin with these rejects; a size of window other than 0 takes the place of the usual one once the sample is taken. */
typedef enum tarn_status (*tarn_window_open_fn)(const struct tarn_text_origin *origin, void (*reject)(void *, const struct tarn_reject *),
                                                void *reject_arg, size_t window, struct tarn_source **out, struct tarn_error *err);

void tarn_window_twin(const uint8_t *data, size_t size, tarn_window_open_fn open);

#endif
