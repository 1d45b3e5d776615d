/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_PARQUET_SCHEMA_H
#define TARN_FORMAT_COLUMN_PARQUET_SCHEMA_H

#include "format/base/arena.h"
#include "format/thrift/parquet_thrift.h"
#include "tarn/type.h"

/*
 * A Parquet schema as tarn sees it: the logical schema, the tree that says how levels become nested values, and the table of leaves.
 *
 * How to read the levels of a leaf below a node, with d its definition and r its repetition level:
 *   - a node has a value (is not null) when d >= node->definition; a nullable node is null when d == node->definition - 1 (its parent is
 *     there, it is not); a node that is not nullable has the definition of what holds it;
 *   - LIST, MAP: r <= node->repetition - 1 begins a new list; d >= node->element_definition says that an element is there, a list that has
 *     a value (d >= node->definition) but no element is empty; r == node->repetition continues the list with another element.
 * All of it is immutable and lives in the arena it was made in. Threads: any once made.
 */

struct tarn_variant_column;

/** Properties of fields, for what no type has a member for: of a STRUCT "FILE", of a GEOGRAPHY the algorithm of its edges ("KARNEY"). */
#define TARN_PARQUET_LOGICAL_KEY "PARQUET:logical_type"
#define TARN_PARQUET_ALGORITHM_KEY "PARQUET:algorithm"

enum tarn_node_kind {
    TARN_NODE_LEAF = 0,
    TARN_NODE_STRUCT,  /**< one child a field */
    TARN_NODE_LIST,    /**< children[0]: the element */
    TARN_NODE_MAP,     /**< children[0]: key, children[1]: value. A set-like map without value: the value has kind ABSENT */
    TARN_NODE_VARIANT, /**< group as stored: metadata, value, typed_value */
    TARN_NODE_ABSENT,  /**< type NULL, no leaf: every value is null */
};

struct tarn_node {
    enum tarn_node_kind kind;
    const struct tarn_field *field; /**< of the logical schema; below a VARIANT: a field of its own */
    bool nullable;
    uint16_t definition;         /**< d >= it: there is a value */
    uint16_t repetition;         /**< LIST, MAP: the level of its elements; else that of the innermost list around, 0: none */
    uint16_t element_definition; /**< LIST, MAP */
    uint32_t leaf;               /**< LEAF: its number; else the first leaf below */
    uint32_t leaf_count;         /**< leaves below; LEAF: 1 */
    uint32_t child_count;
    const struct tarn_node *children;
    bool sparse;                               /**< made for a path into a variant: some leaves of the range are not below it */
    const struct tarn_variant_column *variant; /**< VARIANT: what its children are; NULL: they make no variant, and its leaves say why */
};

/** What the bytes of minimum and maximum are ordered by. */
enum tarn_order {
    TARN_ORDER_UNDEFINED = 0,
    TARN_ORDER_SIGNED,   /**< integers, decimals on INT32 and INT64, dates and times */
    TARN_ORDER_UNSIGNED, /**< unsigned integers */
    TARN_ORDER_FLOAT,    /**< FLOAT, DOUBLE, FLOAT16, by value */
    TARN_ORDER_BYTES,    /**< unsigned, byte by byte */
    TARN_ORDER_BIG,      /**< DECIMAL in bytes: signed big-endian */
    TARN_ORDER_LITTLE,   /**< TIMESTAMP in 12 bytes: signed little-endian */
    TARN_ORDER_INT96,
    TARN_ORDER_BOOL,
};

struct tarn_leaf {
    uint32_t element;      /**< index in FileMetaData.schema */
    struct tarn_text path; /**< dotted, as stored names */
    uint32_t step_count;   /**< names in path_in_schema */
    const struct tarn_text *steps;
    int32_t physical;    /**< enum parquet_type */
    int32_t type_length; /**< FIXED_LEN_BYTE_ARRAY; else 0 */
    uint32_t width;      /**< bytes of one stored value; 0: BOOLEAN, BYTE_ARRAY */
    uint16_t max_definition;
    uint16_t max_repetition;
    uint32_t stored_digits; /**< TIMESTAMP on 12 bytes: digits of a second's fraction that the stored count has */
    enum tarn_order order;  /**< by logical and physical type; the file's ColumnOrder may say less */
    const struct tarn_node *node;
    const struct tarn_type *type;
    const char *unsupported; /**< NULL, or the name of the feature that reading it would need: refuse when it is read, not before */
    const char *malformed;   /**< NULL, or why its annotation or the schema around it means nothing: CORRUPT when it is read */
    int32_t field_id;        /**< -1: none */
};

struct tarn_file_schema {
    const struct tarn_schema *schema; /**< logical; owned, released by tarn__file_schema_free */
    struct tarn_node root;            /**< STRUCT of the top-level fields; never null */
    uint32_t leaf_count;
    const struct tarn_leaf *leaves; /**< in the order of the columns of a row group */
};

/**
 * From what a footer says. `properties` become the schema's. Errors: CORRUPT detail "schema" (no tree, a group where a type must be, a type
 * length below 1, levels over 32767), LIMIT (nesting over TARN_MAX_DEPTH), NOMEM. Names are as they are. A type that tarn cannot read is no
 * error here: see tarn_leaf.unsupported.
 */
TARN_WARN_UNUSED enum tarn_status tarn__file_schema_read(struct tarn_arena *arena, uint32_t count,
                                                         const struct parquet_schema_element *elements, uint32_t property_count,
                                                         const struct tarn_property *properties, struct tarn_file_schema **out,
                                                         struct tarn_error *err);

/**
 * The elements that store `schema`: root "schema", LIST and MAP in three levels (list.element, key_value.key, key_value.value), logical
 * types with their converted types, field ids; decimals on INT32 up to 9 digits, INT64 up to 18, else FIXED_LEN_BYTE_ARRAY of the fewest
 * bytes. Read them with tarn__file_schema_read for nodes and leaves.
 * Errors: UNSUPPORTED (a type that is not written yet, by name), INVALID (a struct without fields), NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__file_schema_write(struct tarn_arena *arena, const struct tarn_schema *schema, uint32_t *count,
                                                          struct parquet_schema_element **elements, struct tarn_error *err);

/** Gives the columns of 96-bit timestamps another type. Only before anyone else has seen the schema, which is immutable from then on. */
void tarn__file_schema_give_timestamps(struct tarn_file_schema *schema, enum tarn_wide_timestamps how);

/** Is leaf number `leaf`, of the range of `node`, one of those below it? */
bool tarn__node_has_leaf(const struct tarn_node *node, uint32_t leaf);

/** Gives back the reference on `schema`; the rest belongs to the arena. NULL is legal. */
void tarn__file_schema_free(struct tarn_file_schema *schema);

/** The logical type as the specification spells it: "TIMESTAMP(isAdjustedToUTC=true, unit=MICROS)"; "" when none. In the arena. */
TARN_WARN_UNUSED enum tarn_status tarn__logical_type_text(struct tarn_arena *arena, const struct parquet_schema_element *element,
                                                          struct tarn_text *out, struct tarn_error *err);

#endif
