/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_READER_JSON_JSON_TYPES_H
#define TARN_READER_JSON_JSON_TYPES_H

#include "format/json/json_pull.h"
#include "tarn/type.h"

/*
 * What type JSON values have: a tree of what was seen, and the types that hold all of it.
 *
 * Memory: an arena. Threads: single.
 */
struct tarn_json_shape {
    uint32_t kinds; /**< SHAPE_* of the values seen, nulls apart */
    uint32_t field_count;
    size_t field_capacity;
    bool too_wide; /**< too many different members: kept as JSON text */
    uint32_t hint; /**< the member that is likely to be next */
    struct tarn_json_shape_field *fields;
    struct tarn_json_shape *element;
};

struct tarn_json_shape_field {
    struct tarn_text name;
    struct tarn_json_shape shape;
};

/** Takes the next value of `json` in. Errors: those of the reader, NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__json_observe(struct tarn_json_shape *shape, struct tarn_json *json, struct tarn_arena *arena,
                                                     struct tarn_error *err);

/** The narrowest type that holds what was seen; false when there is no memory. */
TARN_WARN_UNUSED bool tarn__json_resolve(const struct tarn_json_shape *shape, struct tarn_arena *arena, uint32_t depth,
                                         struct tarn_type *out);

#endif
