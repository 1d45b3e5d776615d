/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BATCH_SCHEMA_H
#define TARN_FORMAT_BATCH_SCHEMA_H

#include "format/base/arena.h"
#include "tarn/type.h"

/** A deep copy of a type, checked as tarn_schema_make checks it, in an arena. Errors: INVALID, NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__type_copy(struct tarn_arena *arena, const struct tarn_type *type, const struct tarn_type **out,
                                                  struct tarn_error *err);

#endif
