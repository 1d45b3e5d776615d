/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_ARROW_ARROW_IMPORT_H
#define TARN_FORMAT_ARROW_ARROW_IMPORT_H

#include "tarn/arrow.h"

/* What the importers of schemas and arrays share: the reading of a format string. */

enum tarn__arrow_layout {
    TARN__ARROW_NULL,
    TARN__ARROW_BITS,
    TARN__ARROW_FIXED,    /**< `width` bytes, those of the tarn type */
    TARN__ARROW_DECIMAL,  /**< `width` bytes of two's complement, to be narrowed to the type's */
    TARN__ARROW_DATE64,   /**< milliseconds, int64 */
    TARN__ARROW_MONTHS,   /**< int32 */
    TARN__ARROW_DAY_TIME, /**< days, milliseconds, int32 each */
    TARN__ARROW_TEXT,     /**< int32 offsets */
    TARN__ARROW_LARGE_TEXT,
    TARN__ARROW_VIEWS,
    TARN__ARROW_LIST,
    TARN__ARROW_LARGE_LIST,
    TARN__ARROW_FIXED_LIST, /**< `width` elements */
    TARN__ARROW_LIST_VIEW,
    TARN__ARROW_LARGE_LIST_VIEW,
    TARN__ARROW_STRUCT,
    TARN__ARROW_MAP,
    TARN__ARROW_RUNS,
};

struct tarn__arrow_format {
    enum tarn__arrow_layout layout;
    uint32_t width;
    struct tarn_type type; /**< without members; `zone` is borrowed from the format string */
};

/** Errors: INVALID, UNSUPPORTED (`arrow.union`, `arrow.format`). */
TARN_WARN_UNUSED enum tarn_status tarn__arrow_format_read(const char *format, struct tarn__arrow_format *out, struct tarn_error *err);

#endif
