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

/** Buffers that an array has; one of views has as many more as it has data buffers. */
uint32_t tarn__arrow_buffer_count(const struct ArrowSchema *schema, enum tarn__arrow_layout layout);

/** Of an index type, or of run ends: bytes, and whether they have a sign. False: no integer. */
bool tarn__arrow_index_width(const char *format, uint32_t *width, bool *is_signed);

/**
 * Values that were imported before, to be the dictionary of any number of arrays: where they come apart from their codes, as in Arrow IPC.
 */
struct tarn__arrow_values {
    struct tarn_vector *vector;
    const struct tarn_dictionary *dictionary; /**< of the vector; NULL: its entries are none that tarn's dictionaries can hold */
};

/** As those values, which it takes over. False: no memory. */
bool tarn__arrow_values_make(struct tarn_env *env, struct tarn_vector *vector, struct tarn__arrow_values *out);
void tarn__arrow_values_release(struct tarn__arrow_values *values);
/** What stands for them as ArrowArray.dictionary while an array is imported. */
struct ArrowArray tarn__arrow_values_array(struct tarn__arrow_values *values);

/** The schema that batches of tarn_arrow_import_stream come with. */
const struct ArrowSchema *tarn__arrow_stream_schema(struct tarn_batches *batches);

/** One column as tarn_arrow_import_batch imports it: takes `array` over. */
TARN_WARN_UNUSED enum tarn_status tarn__arrow_import_column(struct tarn_env *env, const struct tarn_field *field,
                                                            const struct ArrowSchema *schema, struct ArrowArray *array,
                                                            struct tarn_vector **out, struct tarn_error *err);

#endif
