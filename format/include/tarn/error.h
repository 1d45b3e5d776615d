/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_ERROR_H
#define TARN_ERROR_H

#include "tarn/status.h"

/*
 * What went wrong, in the caller's memory.
 *
 * Every call that can fail takes a `struct tarn_error *` last. NULL is legal: only the status is then known. The struct is
 * plain memory: no ownership, no free, may be copied; it stays valid until the next call that is given it. There is no
 * thread-local or global error. On success it is left as it was.
 */
struct tarn_error {
    enum tarn_status code;
    int32_t sys_errno;     /**< of the failed system call, 0 when none */
    int32_t http_status;   /**< of the failed request, 0 when none */
    int32_t row_group;     /**< -1 when none */
    int64_t offset;        /**< byte in the object, or place in SQL text; -1 when none */
    int64_t row;           /**< row in the file or batch, from 0; -1 when none */
    int64_t table_version; /**< -1 when none */
    char detail[64];       /**< the exact kind in the field's words: "page_crc", "reader_feature.variantType" */
    char column[128];      /**< dotted path of the column, cut at the right */
    char object[256];      /**< path of the file or object, cut at the left */
    char message[480];     /**< what is wrong and what to do, without the places above */
    uint8_t reserved[56];  /**< zero */
};

#define TARN_ERROR_INIT                                                                                                                    \
    {                                                                                                                                      \
        TARN_OK, 0, 0, -1, -1, -1, -1, {0}, {0}, {0}, {0},                                                                                 \
        {                                                                                                                                  \
            0                                                                                                                              \
        }                                                                                                                                  \
    }

TARN_BEGIN_DECLS

/**
 * The error on one line, as the command line prints it: `CORRUPT.page_crc: MESSAGE (file F, row group 1, column c, byte 4711)`.
 * Writes at most `size` bytes with the terminator and returns the length that the whole text has.
 */
TARN_API size_t tarn_error_format(const struct tarn_error *err, char *buffer, size_t size);

/** For those who implement stores and catalogs: fills in the error, without places, and returns `code`. `err` NULL is legal. */
TARN_API enum tarn_status tarn_error_set(struct tarn_error *err, enum tarn_status code, const char *detail, const char *format, ...)
    TARN_PRINTF(4, 5);

TARN_END_DECLS

#ifdef __cplusplus
static_assert(sizeof(struct tarn_error) == 1024, "struct tarn_error is part of the ABI");
#else
_Static_assert(sizeof(struct tarn_error) == 1024, "struct tarn_error is part of the ABI");
#endif

#endif
