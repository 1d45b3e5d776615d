/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_VALUE_ENCODE_H
#define TARN_FORMAT_COLUMN_VALUE_ENCODE_H

#include "format/base/buffer.h"
#include "format/column/leaf_form.h"

/**
 * Appends `count` values, which are `plain` as PLAIN stores them, in another encoding (not PLAIN, no dictionary) that is possible for the
 * form. `out` is unshared. Threads: single. Errors: INVALID detail "page_size", NOMEM, LIMIT, INTERNAL (an encoding the form cannot have).
 */
TARN_WARN_UNUSED enum tarn_status tarn__values_encode(const struct tarn__leaf_form *form, int32_t encoding, struct tarn_span plain,
                                                      uint32_t count, struct tarn_buffer *out, struct tarn_error *err);

#endif
