/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_AVRO_AVRO_SCHEMA_H
#define TARN_FORMAT_AVRO_AVRO_SCHEMA_H

#include "format/base/arena.h"

/*
 * An Avro schema as a tree of immutable nodes, with the ids that Iceberg adds to it.
 *
 * Names may hold any characters, for writers exist that do not clean them. References to named types are resolved: the nodes then form a
 * graph without circles. Attributes that are not listed here, and logical types that do not fit their type, are passed over.
 *
 * Ownership: all nodes and texts lie in the caller's arena. Threads: any, once made.
 */

enum tarn__avro_kind {
    TARN_AVRO_NULL = 0,
    TARN_AVRO_BOOLEAN,
    TARN_AVRO_INT,
    TARN_AVRO_LONG,
    TARN_AVRO_FLOAT,
    TARN_AVRO_DOUBLE,
    TARN_AVRO_BYTES,
    TARN_AVRO_STRING,
    TARN_AVRO_FIXED,
    TARN_AVRO_ENUM,   /**< on the wire an int, the index of its symbol */
    TARN_AVRO_RECORD, /**< its fields in order */
    TARN_AVRO_ARRAY,
    TARN_AVRO_MAP, /**< pairs of a string and `element`; Iceberg's own maps are arrays with the logical type MAP */
    TARN_AVRO_UNION,
};

enum tarn__avro_logical {
    TARN_AVRO_PLAIN = 0,
    TARN_AVRO_DECIMAL, /**< of bytes or fixed: big-endian two's complement, `precision`, `scale` */
    TARN_AVRO_DATE,
    TARN_AVRO_TIME_MILLIS,
    TARN_AVRO_TIME_MICROS,
    TARN_AVRO_TIMESTAMP_MILLIS, /**< timestamps: `adjust_to_utc`; the local- forms of Avro have it unset */
    TARN_AVRO_TIMESTAMP_MICROS,
    TARN_AVRO_TIMESTAMP_NANOS,
    TARN_AVRO_UUID,        /**< of string, or of fixed 16 */
    TARN_AVRO_LOGICAL_MAP, /**< of an array of records of two fields, key and value */
};

struct tarn__avro_type;

struct tarn__avro_field {
    struct tarn_text name;
    int32_t id; /**< field-id, or -1 */
    const struct tarn__avro_type *type;
};

struct tarn__avro_type {
    enum tarn__avro_kind kind;
    enum tarn__avro_logical logical;
    struct tarn_text name; /**< of record, enum, fixed: with the namespace in front */
    int32_t precision;
    int32_t scale;
    bool adjust_to_utc;
    bool constant;      /**< every value takes exactly `least` bytes */
    uint64_t least;     /**< the fewest bytes that a value can take; 0 only when it always takes none */
    uint32_t size;      /**< of a fixed: bytes; of an enum: symbols */
    uint32_t count;     /**< of fields or branches */
    uint32_t depth;     /**< types within types; 1 for a primitive */
    int32_t element_id; /**< of an array, or -1 */
    int32_t key_id;     /**< of a map of either sort, or -1 */
    int32_t value_id;
    const struct tarn__avro_field *fields;         /**< of a record */
    const struct tarn__avro_type *const *branches; /**< of a union */
    const struct tarn__avro_type *element;         /**< of an array; of a map, its values */
};

enum { TARN_AVRO_MOST_TYPES = 20000, TARN_AVRO_MOST_DEPTH = 64 };

/**
 * Parses `json`, which begins at `base` in its file (for errors). `failure` is what a mistake in it is: CORRUPT (a file's), INVALID (the
 * caller's). Errors: failure with detail avro.schema (or json.*); UNSUPPORTED avro.recursion; LIMIT avro.schema over MOST_TYPES types or
 * MOST_DEPTH; NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__avro_schema_parse(struct tarn_arena *arena, struct tarn_text json, uint64_t base,
                                                          enum tarn_status failure, const struct tarn__avro_type **out,
                                                          struct tarn_error *err);

/** The only branch of a union with null that is not null (*optional set), any other type itself; NULL for another union. */
const struct tarn__avro_type *tarn__avro_required(const struct tarn__avro_type *type, bool *optional);

/** The index of the record's field with that id, or -1. */
int32_t tarn__avro_field_by_id(const struct tarn__avro_type *record, int32_t id);

#endif
