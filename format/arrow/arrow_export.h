/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_ARROW_ARROW_EXPORT_H
#define TARN_FORMAT_ARROW_ARROW_EXPORT_H

#include "format/base/alloc.h"
#include "tarn/arrow.h"

/* What the exporters of schemas, arrays and streams share. */

/** The options of the caller, or the defaults. Errors: INVALID. */
TARN_WARN_UNUSED enum tarn_status tarn__arrow_options(const struct tarn_arrow_options *given, struct tarn_arrow_options *out,
                                                      struct tarn_error *err);

/** Does a column of this type leave as a dictionary array? */
static inline bool tarn__arrow_keeps_dictionary(const struct tarn_arrow_options *options, const struct tarn_type *type)
{
    return options->keep_dictionaries && tarn_type_kind(type) == TARN_KIND_BYTES;
}

/** Rows first .. first+count-1 of a batch that selects all, as one struct array. LIMIT `arrow_offsets` when 32-bit offsets do not suffice.
 */
TARN_WARN_UNUSED enum tarn_status tarn__arrow_export_rows(struct tarn_env *env, const struct tarn_batch *batch, uint32_t first,
                                                          uint32_t count, const struct tarn_arrow_options *options, struct ArrowArray *out,
                                                          struct tarn_error *err);

#endif
