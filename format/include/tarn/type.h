/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TYPE_H
#define TARN_TYPE_H

#include "tarn/env.h"

/*
 * Logical types, fields and schemas, wide enough for Parquet, Delta, Iceberg and Arrow (docs/types.md maps them).
 *
 * Types and fields are plain immutable structs inside an arena that a schema owns; a pointer to one lives as long as the schema (or
 * the cursor, plan or expression) it came from. A schema is counted by reference and shareable.
 */

enum tarn_type_id {
    TARN_TYPE_NULL = 0, /**< only nulls: Parquet UNKNOWN, Delta void */
    TARN_TYPE_BOOL,
    TARN_TYPE_I8,
    TARN_TYPE_I16,
    TARN_TYPE_I32,
    TARN_TYPE_I64,
    TARN_TYPE_U8,
    TARN_TYPE_U16,
    TARN_TYPE_U32,
    TARN_TYPE_U64,
    TARN_TYPE_F16,
    TARN_TYPE_F32,
    TARN_TYPE_F64,
    TARN_TYPE_DECIMAL, /**< `precision`, `scale`; unscaled integer of the smallest physical kind that holds it */
    TARN_TYPE_DATE,    /**< days since 1970-01-01, proleptic Gregorian */
    TARN_TYPE_TIME,    /**< `unit` since midnight; I32 for seconds and milliseconds, else I64 */
    /** `unit` since 1970-01-01T00:00; `utc`: an instant, else a zoneless wall-clock time; I64. When `wide`: I128, nanoseconds whatever the
       unit */
    TARN_TYPE_TIMESTAMP,
    TARN_TYPE_DURATION, /**< `unit`, I64 */
    TARN_TYPE_INTERVAL, /**< months, days (I32 each), nanoseconds (I64): FIXED(16), little-endian, in this order */
    TARN_TYPE_STRING,   /**< UTF-8 */
    TARN_TYPE_JSON,     /**< UTF-8 that is a JSON text */
    TARN_TYPE_ENUM,     /**< UTF-8 */
    TARN_TYPE_BINARY,
    TARN_TYPE_BSON,
    TARN_TYPE_FIXED, /**< `width` bytes */
    TARN_TYPE_UUID,  /**< 16 bytes, big-endian */
    TARN_TYPE_GEOMETRY,
    TARN_TYPE_GEOGRAPHY,
    TARN_TYPE_LIST,   /**< fields[0]: the element */
    TARN_TYPE_STRUCT, /**< fields */
    TARN_TYPE_MAP,    /**< fields[0]: key, never null; fields[1]: value */
    TARN_TYPE_VARIANT,
};

enum tarn_time_unit { TARN_SECOND = 0, TARN_MILLI = 1, TARN_MICRO = 2, TARN_NANO = 3 };

/** How timestamps of 96 bits in files are given: INT96, and TIMESTAMP on 12 bytes. */
enum tarn_wide_timestamps {
    TARN_WIDE_EXACT = 0, /**< TIMESTAMP of 128 bits (`wide`): every value that can be stored */
    TARN_WIDE_MICROS,    /**< TIMESTAMP of 64-bit microseconds, rounded down; a value outside is an error that names its row */
    TARN_WIDE_BYTES,     /**< FIXED(12), as stored */
};

/** How values lie in memory. */
enum tarn_kind {
    TARN_KIND_NULL = 0,
    TARN_KIND_BOOL, /**< bits, least significant first */
    TARN_KIND_I8,
    TARN_KIND_I16,
    TARN_KIND_I32,
    TARN_KIND_I64,
    TARN_KIND_U8,
    TARN_KIND_U16,
    TARN_KIND_U32,
    TARN_KIND_U64,
    TARN_KIND_F16,
    TARN_KIND_F32,
    TARN_KIND_F64,
    TARN_KIND_I128, /**< two little-endian 64-bit words, low first, two's complement */
    TARN_KIND_I256, /**< four */
    TARN_KIND_FIXED,
    TARN_KIND_BYTES,  /**< strings and binaries */
    TARN_KIND_NESTED, /**< list, struct, map, variant */
};

struct tarn_property {
    struct tarn_text key;
    struct tarn_text value;
};

struct tarn_type;

/** A named place for values: a column, a member of a struct, the element of a list. */
struct tarn_field {
    struct tarn_text name;
    const struct tarn_type *type;
    bool nullable;
    int32_t id; /**< field id of Parquet, Iceberg or Delta; -1: none */
    uint32_t property_count;
    const struct tarn_property *properties; /**< field metadata (Delta column metadata, Arrow field metadata) */
};

struct tarn_type {
    enum tarn_type_id id;
    enum tarn_time_unit unit; /**< TIME, TIMESTAMP, DURATION */
    bool utc;                 /**< TIME, TIMESTAMP: adjusted to UTC */
    bool wide;                /**< TIMESTAMP: I128 nanoseconds, of which `unit` says how many digits count */
    int32_t precision;        /**< DECIMAL; BINARY, FIXED: of more than 76 digits, for a decimal that no kind holds: big-endian, 0: none */
    int32_t scale;            /**< DECIMAL, and where else there is a precision */
    uint32_t width;           /**< FIXED */
    uint32_t field_count;     /**< LIST 1, MAP 2, STRUCT n */
    const struct tarn_field *fields;
    struct tarn_text zone; /**< TIMESTAMP with `utc`: the zone it is shown in ("UTC" when empty); GEOMETRY, GEOGRAPHY: the CRS */
};

/** Largest nesting that a schema may have. */
enum { TARN_MAX_DEPTH = 64 };

/**
 * The fields of a table or file, in order. Immutable, shareable, counted by reference. Names are UTF-8 without NUL and differ within a
 * struct, but for the schema of a file, which may have any: then TARN_PATH_POSITION finds what a name does not.
 */
struct tarn_schema {
    uint32_t field_count;
    const struct tarn_field *fields;
    uint32_t property_count;
    const struct tarn_property *properties; /**< key-value metadata of the file or table */
};

TARN_BEGIN_DECLS

/**
 * A schema holding deep copies of `fields`. Errors: INVALID (a name with NUL or of invalid UTF-8, two equal names in one struct, a
 * type that breaks its rules, nesting over TARN_MAX_DEPTH), NOMEM.
 */
TARN_CALL tarn_schema_make(struct tarn_env *env, uint32_t field_count, const struct tarn_field *fields, uint32_t property_count,
                           const struct tarn_property *properties, struct tarn_schema **out, struct tarn_error *err);
TARN_API struct tarn_schema *tarn_schema_retain(const struct tarn_schema *schema);
TARN_API void tarn_schema_release(const struct tarn_schema *schema);

/** Index of the field called `name` in `fields`: the exact one, else the only one that is equal without case; -1: none or several (also
 * several of exactly this name). */
TARN_API int32_t tarn_fields_find(uint32_t field_count, const struct tarn_field *fields, struct tarn_text name);

/** How values of a type lie in memory, and the bytes of one value (0 for BOOL, BYTES, NESTED, NULL). */
TARN_API enum tarn_kind tarn_type_kind(const struct tarn_type *type);
TARN_API uint32_t tarn_type_width(const struct tarn_type *type);

/** Same type: ids, parameters, members with names and nullability; not field ids and properties. */
TARN_API bool tarn_type_equal(const struct tarn_type *a, const struct tarn_type *b);

/**
 * The type in SQL's words: BIGINT, DECIMAL(10,2), TIMESTAMP WITH TIME ZONE, STRUCT(a INTEGER, b VARCHAR[]), MAP(VARCHAR, DOUBLE).
 * Writes at most `size` bytes with the terminator; returns the length of the whole text.
 */
TARN_API size_t tarn_type_format(const struct tarn_type *type, char *buffer, size_t size);

/** Parses what tarn_type_format writes, and SQL's other names (INT, TEXT, TIMESTAMPTZ, ...). Errors: INVALID with the offset. */
TARN_CALL tarn_type_parse(struct tarn_env *env, struct tarn_text text, struct tarn_schema **holder, const struct tarn_type **out,
                          struct tarn_error *err);

TARN_END_DECLS

#endif
