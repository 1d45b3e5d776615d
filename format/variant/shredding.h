/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_VARIANT_SHREDDING_H
#define TARN_FORMAT_VARIANT_SHREDDING_H

#include "format/batch/vector.h"
#include "format/variant/variant.h"

/*
 * Variants put together again from the columns they were shredded into.
 *
 * A group holds `value`, a variant as bytes, `typed_value`, the same in columns of its own type, or both; which is there says what the
 * variant is: neither: it is missing (a null where something must be); one: that; both: an object of which some fields are columns.
 */

enum tarn_shredding_kind {
    TARN_SHREDDING_NONE = 0, /**< no typed_value */
    TARN_SHREDDING_PRIMITIVE,
    TARN_SHREDDING_ARRAY,
    TARN_SHREDDING_OBJECT,
};

enum { TARN_SHREDDING_ABSENT = UINT32_MAX };

/** How one group is shredded. Children are numbers of the children of its STRUCT vector. Immutable. */
struct tarn_shredding {
    enum tarn_shredding_kind kind;
    uint32_t value; /**< child, or ABSENT */
    uint32_t typed;
    enum tarn_variant_type type;              /**< PRIMITIVE; TRUE stands for both booleans */
    uint8_t scale;                            /**< PRIMITIVE, decimals */
    const struct tarn_shredding *element;     /**< ARRAY */
    uint32_t field_count;                     /**< OBJECT */
    const struct tarn_shredded_field *fields; /**< in the order of their names */
};

struct tarn_shredded_field {
    uint32_t child; /**< of the STRUCT of typed_value */
    uint32_t name;  /**< number in names of the whole */
    struct tarn_shredding group;
};

/** How a whole column, or the part of it that a path leads to, is shredded. Immutable. */
struct tarn_variant_column {
    uint32_t metadata; /**< child of the group */
    struct tarn_shredding group;
    uint32_t name_count;
    const struct tarn_text *names; /**< of all fields, distinct, in order */
    bool is_part;                  /**< what is missing is null, not the null of variant */
    uint32_t step_count;           /**< of a part: the names of fields that lead to it from `value`, all that there is then */
    const struct tarn_text *steps;
};

/**
 * Metadata and value of `length` rows, both BINARY: those stored where nothing was shredded, else new ones. `stored` are the children of
 * the group; rows without a bit in `validity` (NULL: none) are null and not looked at. A name that a shredded field has and the
 * stored metadata has not is added to it.
 * Every variant is found to be right (tarn__variant_check). *out receives two references, NULL on failure; *found a bitmap of the rows
 * that have the part, NULL when the column is no part.
 * Errors: CORRUPT detail "variant", "variant_metadata", "variant_shredding" (value and typed_value contradict each other), LIMIT, NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__variant_reconstruct(struct tarn_env *env, const struct tarn_variant_column *column, uint32_t length,
                                                            const uint8_t *validity, struct tarn_vector *const *stored,
                                                            struct tarn_vector *out[2], struct tarn_buffer **found, struct tarn_error *err);

#endif
