/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_FILES_FILE_RESULT_H
#define TARN_TXLOG_CORE_FILES_FILE_RESULT_H

#include <string.h>

#include "tarn/files.h"

/** Fills in what the caller has room for; NULL: nothing is wanted. */
static inline void tarn__file_result_set(struct tarn_file_result *result, uint64_t rows, uint64_t bytes, uint32_t row_groups)
{
    if (result != NULL) {
        const struct tarn_file_result known = {result->size, rows, bytes, row_groups};
        memcpy(result, &known, result->size < sizeof(known) ? result->size : sizeof(known));
    }
}

static inline void tarn__file_result_clear(struct tarn_file_result *result)
{
    tarn__file_result_set(result, 0, 0, 0);
}

#endif
