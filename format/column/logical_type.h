/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_LOGICAL_TYPE_H
#define TARN_FORMAT_COLUMN_LOGICAL_TYPE_H

#include "format/column/parquet_schema.h"

/*
 * Between the annotations of a SchemaElement and tarn's types. Threads: any. Allocates nothing but where an arena is given.
 */

/** The annotation of an element, logical or converted, in one form. id 0: none. */
struct tarn_annotation {
    struct parquet_logical_type logical;
    bool interval; /**< ConvertedType INTERVAL, which has no LogicalType */
};

struct tarn_annotation tarn__annotation_of(const struct parquet_schema_element *element);

/** What a leaf element is to tarn. */
struct tarn_leaf_type {
    struct tarn_type type;
    enum tarn_order order;
    const char *unsupported; /**< as in struct tarn_leaf */
    const char *malformed;   /**< the same */
};

/** Errors: CORRUPT detail "schema" (a type length below 1). */
TARN_WARN_UNUSED enum tarn_status tarn__leaf_type_read(const struct parquet_schema_element *element, struct tarn_leaf_type *out,
                                                       struct tarn_error *err);

/** The algorithm of a GEOGRAPHY's edges as the specification spells it, "" when it has none of that number; and back. */
struct tarn_text tarn__edge_algorithm_name(int32_t algorithm);
bool tarn__edge_algorithm_of(struct tarn_text name, int32_t *algorithm);

/** Fills physical type, length and annotations for a type without fields. Errors: UNSUPPORTED by name. */
TARN_WARN_UNUSED enum tarn_status tarn__leaf_type_write(const struct tarn_type *type, struct parquet_schema_element *element,
                                                        struct tarn_error *err);

#endif
