/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_READER_JSON_JSON_CONVERT_H
#define TARN_READER_JSON_JSON_CONVERT_H

#include "format/batch/vector_builder.h"
#include "format/json/json_pull.h"

/*
 * JSON records appended to builders, one a column.
 *
 * A value that does not fit its type is passed over and told, and null stands in its place: the caller drops the row or ends.
 * Threads: single.
 */
struct tarn_json_row {
    bool inferred; /**< the types were: a member that the schema lacks is told, and text columns take only strings; else passed over, and
                        any value as it is written */
    bool unfit;    /**< a value did not fit; the first one is told below */
    uint32_t column;
    const struct tarn_field *field; /**< whose type it does not fit; NULL: a member that the schema lacks */
    char text[96];                  /**< the value, or the name of the member */
};

/** Can values of this type be made from JSON? */
bool tarn__json_type_is_readable(const struct tarn_type *type);

/**
 * The next value of `json`, which must be an object: one row for each builder that is not NULL (one a column of the schema).
 * Errors: those of the reader; INVALID json.type (no object), json.duplicate (a member twice). After one the builders are of no use.
 */
TARN_WARN_UNUSED enum tarn_status tarn__json_append(struct tarn_json *json, const struct tarn_schema *schema,
                                                    struct tarn_vector_builder *const *builders, struct tarn_json_row *row,
                                                    struct tarn_error *err);

#endif
