/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BATCH_SCHEMA_H
#define TARN_FORMAT_BATCH_SCHEMA_H

#include "format/base/arena.h"
#include "tarn/type.h"

/** A deep copy of a type, checked as tarn_schema_make checks it, in an arena. Errors: INVALID, NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__type_copy(struct tarn_arena *arena, const struct tarn_type *type, const struct tarn_type **out,
                                                  struct tarn_error *err);

/** The memory of a schema, for who completes one before anyone else has seen it. */
struct tarn_arena *tarn__schema_arena(const struct tarn_schema *schema);

/**
 * As tarn_schema_make, with names as a file has them: equal ones, NUL, invalid UTF-8. Such columns are found by their position alone.
 */
TARN_WARN_UNUSED enum tarn_status tarn__schema_make_as_found(struct tarn_env *env, uint32_t field_count, const struct tarn_field *fields,
                                                             uint32_t property_count, const struct tarn_property *properties,
                                                             struct tarn_schema **out, struct tarn_error *err);

#endif
