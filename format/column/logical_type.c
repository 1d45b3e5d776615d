/* SPDX-License-Identifier: Apache-2.0
 *
 * Which annotation on which physical type is which type of tarn, and back.
 *
 * Specification: Parquet LogicalTypes.md; parquet.thrift, ConvertedType and LogicalType. SPEC: P-TYPE-1 to P-TYPE-7.
 *
 * Invariants
 *  1. The logical type wins over the converted one. An annotation that its physical type may not carry makes the column unreadable, but for
 *     text on FIXED_LEN_BYTE_ARRAY, which fastparquet writes; one that tells of a group is ignored on a leaf.
 *  2. What tarn does not know is shown as it is stored, or makes the column unreadable by name: never the file, and never values of
 *     another meaning.
 */
#include "format/column/logical_type.h"

#include <stdio.h>

#include "format/base/decimal.h"

/* ---- annotations ---- */

static struct parquet_logical_type time_of(int32_t id, int32_t unit)
{
    return (struct parquet_logical_type){.id = id, .u.time = {.unit.id = unit, .is_adjusted_to_utc = true}};
}

static struct parquet_logical_type integer_of(int8_t width, bool is_signed)
{
    return (struct parquet_logical_type){.id = PARQUET_LOGICAL_INTEGER, .u.integer = {width, is_signed}};
}

static struct parquet_logical_type logical_of_converted(const struct parquet_schema_element *element)
{
    switch (element->converted_type) {
    case PARQUET_CONVERTED_UTF8:
        return (struct parquet_logical_type){.id = PARQUET_LOGICAL_STRING};
    case PARQUET_CONVERTED_MAP:
    case PARQUET_CONVERTED_MAP_KEY_VALUE:
        return (struct parquet_logical_type){.id = PARQUET_LOGICAL_MAP};
    case PARQUET_CONVERTED_LIST:
        return (struct parquet_logical_type){.id = PARQUET_LOGICAL_LIST};
    case PARQUET_CONVERTED_ENUM:
        return (struct parquet_logical_type){.id = PARQUET_LOGICAL_ENUM};
    case PARQUET_CONVERTED_DECIMAL:
        return (struct parquet_logical_type){.id = PARQUET_LOGICAL_DECIMAL, .u.decimal = {element->scale, element->precision}};
    case PARQUET_CONVERTED_DATE:
        return (struct parquet_logical_type){.id = PARQUET_LOGICAL_DATE};
    case PARQUET_CONVERTED_TIME_MILLIS:
        return time_of(PARQUET_LOGICAL_TIME, PARQUET_UNIT_MILLIS);
    case PARQUET_CONVERTED_TIME_MICROS:
        return time_of(PARQUET_LOGICAL_TIME, PARQUET_UNIT_MICROS);
    case PARQUET_CONVERTED_TIMESTAMP_MILLIS:
        return time_of(PARQUET_LOGICAL_TIMESTAMP, PARQUET_UNIT_MILLIS);
    case PARQUET_CONVERTED_TIMESTAMP_MICROS:
        return time_of(PARQUET_LOGICAL_TIMESTAMP, PARQUET_UNIT_MICROS);
    case PARQUET_CONVERTED_UINT_8:
    case PARQUET_CONVERTED_UINT_16:
    case PARQUET_CONVERTED_UINT_32:
    case PARQUET_CONVERTED_UINT_64:
        return integer_of((int8_t)(8 << (element->converted_type - PARQUET_CONVERTED_UINT_8)), false);
    case PARQUET_CONVERTED_INT_8:
    case PARQUET_CONVERTED_INT_16:
    case PARQUET_CONVERTED_INT_32:
    case PARQUET_CONVERTED_INT_64:
        return integer_of((int8_t)(8 << (element->converted_type - PARQUET_CONVERTED_INT_8)), true);
    case PARQUET_CONVERTED_JSON:
        return (struct parquet_logical_type){.id = PARQUET_LOGICAL_JSON};
    case PARQUET_CONVERTED_BSON:
        return (struct parquet_logical_type){.id = PARQUET_LOGICAL_BSON};
    default:
        return (struct parquet_logical_type){.id = 0};
    }
}

struct tarn_annotation tarn__annotation_of(const struct parquet_schema_element *element)
{
    struct tarn_annotation annotation = {.interval = false};
    /* An interval that parquet-java calls UNKNOWN besides is neither: it has values, and they are handed out as stored. */
    const bool interval = element->has_converted_type && element->converted_type == PARQUET_CONVERTED_INTERVAL;
    if (element->has_logical_type && !(interval && element->logical_type.id == PARQUET_LOGICAL_UNKNOWN)) {
        annotation.logical = element->logical_type;
    } else if (!element->has_logical_type && element->has_converted_type) {
        annotation.logical = logical_of_converted(element);
        annotation.interval = interval;
    }
    return annotation;
}

/* ---- reading ---- */

static void set(struct tarn_leaf_type *out, enum tarn_type_id id, enum tarn_order order)
{
    out->type.id = id;
    out->order = order;
}

/* The type without annotation. */
static enum tarn_status plain_leaf(const struct parquet_schema_element *element, struct tarn_leaf_type *out, struct tarn_error *err)
{
    *out = (struct tarn_leaf_type){.type.id = TARN_TYPE_BINARY};
    switch (element->type) {
    case PARQUET_BOOLEAN:
        set(out, TARN_TYPE_BOOL, TARN_ORDER_BOOL);
        break;
    case PARQUET_INT32:
        set(out, TARN_TYPE_I32, TARN_ORDER_SIGNED);
        break;
    case PARQUET_INT64:
        set(out, TARN_TYPE_I64, TARN_ORDER_SIGNED);
        break;
    case PARQUET_INT96:
        set(out, TARN_TYPE_TIMESTAMP, TARN_ORDER_INT96);
        out->type.unit = TARN_NANO; /* Spark and Hive mean an instant by it */
        out->type.utc = true;
        out->type.wide = true;
        break;
    case PARQUET_FLOAT:
        set(out, TARN_TYPE_F32, TARN_ORDER_FLOAT);
        break;
    case PARQUET_DOUBLE:
        set(out, TARN_TYPE_F64, TARN_ORDER_FLOAT);
        break;
    case PARQUET_BYTE_ARRAY:
        set(out, TARN_TYPE_BINARY, TARN_ORDER_BYTES);
        break;
    case PARQUET_FIXED_LEN_BYTE_ARRAY:
        if (!element->has_type_length || element->type_length < 1) {
            return tarn__corrupt(err, "schema", "column %.*s has fixed-length values without a length", TARN_TEXT_ARG(element->name));
        }
        set(out, TARN_TYPE_FIXED, TARN_ORDER_BYTES);
        out->type.width = (uint32_t)element->type_length;
        break;
    default:
        out->unsupported = "physical_type.unknown";
        break;
    }
    return TARN_OK;
}

static void read_decimal(const struct parquet_schema_element *element, struct parquet_decimal_type decimal, struct tarn_leaf_type *out)
{
    const bool bytes = element->type == PARQUET_BYTE_ARRAY || element->type == PARQUET_FIXED_LEN_BYTE_ARRAY;
    if (decimal.precision < 1 || decimal.scale < 0 || decimal.scale > decimal.precision) {
        out->malformed = "a DECIMAL has a precision of at least 1 and a scale of 0 to its precision";
        return;
    }
    if (!bytes && element->type != PARQUET_INT32 && element->type != PARQUET_INT64) {
        out->malformed = "DECIMAL is no annotation for its physical type";
        return;
    }
    if (decimal.precision > TARN_DECIMAL256_DIGITS) {
        out->order = TARN_ORDER_UNDEFINED; /* handed out as the stored bytes, and shown as a number */
        if (bytes && decimal.precision <= TARN_DECIMAL_BYTES_DIGITS) {
            out->type.precision = decimal.precision;
            out->type.scale = decimal.scale;
        }
        return;
    }
    const struct tarn_type type = {.id = TARN_TYPE_DECIMAL, .precision = decimal.precision, .scale = decimal.scale};
    out->type = type;
    out->order = bytes ? TARN_ORDER_BIG : TARN_ORDER_SIGNED;
}

static void read_integer(const struct parquet_schema_element *element, struct parquet_int_type integer, struct tarn_leaf_type *out)
{
    const bool wide = integer.bit_width == 64;
    const enum tarn_order order = integer.is_signed ? TARN_ORDER_SIGNED : TARN_ORDER_UNSIGNED;
    if (element->type != (wide ? PARQUET_INT64 : PARQUET_INT32)) {
        out->malformed = "INTEGER of this width is no annotation for its physical type";
        return;
    }
    switch (integer.bit_width) {
    case 8:
        set(out, integer.is_signed ? TARN_TYPE_I8 : TARN_TYPE_U8, order);
        break;
    case 16:
        set(out, integer.is_signed ? TARN_TYPE_I16 : TARN_TYPE_U16, order);
        break;
    case 32:
        set(out, integer.is_signed ? TARN_TYPE_I32 : TARN_TYPE_U32, order);
        break;
    case 64:
        set(out, integer.is_signed ? TARN_TYPE_I64 : TARN_TYPE_U64, order);
        break;
    default:
        out->malformed = "an INTEGER has 8, 16, 32 or 64 bits";
        break;
    }
}

static void read_time(const struct parquet_schema_element *element, int32_t id, struct parquet_time_type time, struct tarn_leaf_type *out)
{
    const int32_t unit = time.unit.id;
    if (unit < PARQUET_UNIT_MILLIS || unit > PARQUET_UNIT_NANOS) {
        out->order = TARN_ORDER_UNDEFINED; /* a unit of later days: the numbers as they are */
        return;
    }
    struct tarn_type type = {.id = id == PARQUET_LOGICAL_TIME ? TARN_TYPE_TIME : TARN_TYPE_TIMESTAMP,
                             .unit = unit == PARQUET_UNIT_MILLIS   ? TARN_MILLI
                                     : unit == PARQUET_UNIT_MICROS ? TARN_MICRO
                                                                   : TARN_NANO,
                             .utc = time.is_adjusted_to_utc};
    const bool narrow = id == PARQUET_LOGICAL_TIME && unit == PARQUET_UNIT_MILLIS;
    if (id == PARQUET_LOGICAL_TIMESTAMP && element->type == PARQUET_FIXED_LEN_BYTE_ARRAY && element->type_length == 12) {
        type.wide = true;
    } else if (element->type != (narrow ? PARQUET_INT32 : PARQUET_INT64)) {
        out->malformed = "TIME or TIMESTAMP of this unit is no annotation for its physical type";
        return;
    }
    out->type = type;
    out->order = type.wide ? TARN_ORDER_LITTLE : TARN_ORDER_SIGNED;
}

static void read_geo(const struct parquet_logical_type *logical, struct tarn_leaf_type *out)
{
    const bool geometry = logical->id == PARQUET_LOGICAL_GEOMETRY;
    set(out, geometry ? TARN_TYPE_GEOMETRY : TARN_TYPE_GEOGRAPHY, TARN_ORDER_UNDEFINED);
    if (geometry ? logical->u.geometry.has_crs : logical->u.geography.has_crs) {
        out->type.zone = geometry ? logical->u.geometry.crs : logical->u.geography.crs;
    }
}

static void read_text(const struct parquet_schema_element *element, int32_t id, struct tarn_leaf_type *out)
{
    if (element->type != PARQUET_BYTE_ARRAY && element->type != PARQUET_FIXED_LEN_BYTE_ARRAY) {
        out->malformed = "STRING, ENUM, JSON and BSON are annotations for BYTE_ARRAY";
        return;
    }
    out->type = (struct tarn_type){.id = id == PARQUET_LOGICAL_STRING ? TARN_TYPE_STRING
                                         : id == PARQUET_LOGICAL_ENUM ? TARN_TYPE_ENUM
                                         : id == PARQUET_LOGICAL_JSON ? TARN_TYPE_JSON
                                                                      : TARN_TYPE_BSON};
}

/* A type that stands on one physical type alone. */
static void read_exact(bool fits, struct tarn_type type, enum tarn_order order, const char *malformed, struct tarn_leaf_type *out)
{
    if (!fits) {
        out->malformed = malformed;
        return;
    }
    out->type = type;
    out->order = order;
}

enum tarn_status tarn__leaf_type_read(const struct parquet_schema_element *element, struct tarn_leaf_type *out, struct tarn_error *err)
{
    const struct tarn_annotation annotation = tarn__annotation_of(element);
    const struct parquet_logical_type *logical = &annotation.logical;
    const bool bytes = element->type == PARQUET_BYTE_ARRAY;
    const int32_t fixed = element->type == PARQUET_FIXED_LEN_BYTE_ARRAY ? element->type_length : 0;

    TARN_RETURN_IF_ERROR(plain_leaf(element, out, err));
    if (annotation.interval) {
        read_exact(fixed == 12, (struct tarn_type){.id = TARN_TYPE_INTERVAL}, TARN_ORDER_UNDEFINED,
                   "INTERVAL is an annotation for FIXED_LEN_BYTE_ARRAY(12)", out);
        return TARN_OK;
    }
    switch (logical->id) {
    case 0:
    case PARQUET_LOGICAL_LIST:
    case PARQUET_LOGICAL_MAP:
    case PARQUET_LOGICAL_VARIANT:
    case PARQUET_LOGICAL_FILE:
        return TARN_OK;
    case PARQUET_LOGICAL_STRING:
    case PARQUET_LOGICAL_ENUM:
    case PARQUET_LOGICAL_JSON:
    case PARQUET_LOGICAL_BSON:
        read_text(element, logical->id, out);
        return TARN_OK;
    case PARQUET_LOGICAL_DECIMAL:
        read_decimal(element, logical->u.decimal, out);
        return TARN_OK;
    case PARQUET_LOGICAL_DATE:
        read_exact(element->type == PARQUET_INT32, (struct tarn_type){.id = TARN_TYPE_DATE}, TARN_ORDER_SIGNED,
                   "DATE is an annotation for INT32", out);
        return TARN_OK;
    case PARQUET_LOGICAL_TIME:
    case PARQUET_LOGICAL_TIMESTAMP:
        read_time(element, logical->id, logical->u.time, out);
        return TARN_OK;
    case PARQUET_LOGICAL_INTEGER:
        read_integer(element, logical->u.integer, out);
        return TARN_OK;
    case PARQUET_LOGICAL_UNKNOWN:
        out->type = (struct tarn_type){.id = TARN_TYPE_NULL};
        out->order = TARN_ORDER_UNDEFINED;
        return TARN_OK;
    case PARQUET_LOGICAL_UUID:
        read_exact(fixed == 16, (struct tarn_type){.id = TARN_TYPE_UUID}, TARN_ORDER_BYTES,
                   "UUID is an annotation for FIXED_LEN_BYTE_ARRAY(16)", out);
        return TARN_OK;
    case PARQUET_LOGICAL_FLOAT16:
        read_exact(fixed == 2, (struct tarn_type){.id = TARN_TYPE_F16}, TARN_ORDER_FLOAT,
                   "FLOAT16 is an annotation for FIXED_LEN_BYTE_ARRAY(2)", out);
        return TARN_OK;
    case PARQUET_LOGICAL_GEOMETRY:
    case PARQUET_LOGICAL_GEOGRAPHY:
        if (bytes) {
            read_geo(logical, out);
        } else {
            out->malformed = "GEOMETRY and GEOGRAPHY are annotations for BYTE_ARRAY";
        }
        return TARN_OK;
    default:
        out->order = TARN_ORDER_UNDEFINED; /* a type of later days: the values as they are stored */
        return TARN_OK;
    }
}

/* ---- the edges of a GEOGRAPHY ---- */

static const char *const edge_algorithms[] = {"SPHERICAL", "VINCENTY", "THOMAS", "ANDOYER", "KARNEY"};

enum { EDGE_ALGORITHMS = sizeof(edge_algorithms) / sizeof(edge_algorithms[0]) };

struct tarn_text tarn__edge_algorithm_name(int32_t algorithm)
{
    return algorithm >= 0 && algorithm < EDGE_ALGORITHMS ? tarn__text_of(edge_algorithms[algorithm]) : TARN_TEXT("");
}

bool tarn__edge_algorithm_of(struct tarn_text name, int32_t *algorithm)
{
    for (*algorithm = 0; *algorithm < EDGE_ALGORITHMS; ++*algorithm) {
        if (tarn__text_equal(name, tarn__text_of(edge_algorithms[*algorithm]))) {
            return true;
        }
    }
    return false;
}

/* ---- writing ---- */

static void put_physical(struct parquet_schema_element *element, int32_t type)
{
    element->has_type = true;
    element->type = type;
}

static void put_fixed(struct parquet_schema_element *element, uint32_t width)
{
    put_physical(element, PARQUET_FIXED_LEN_BYTE_ARRAY);
    element->has_type_length = true;
    element->type_length = (int32_t)width;
}

static void put_logical(struct parquet_schema_element *element, int32_t id)
{
    element->has_logical_type = true;
    element->logical_type.id = id;
}

static void put_converted(struct parquet_schema_element *element, int32_t type)
{
    element->has_converted_type = true;
    element->converted_type = type;
}

static void put_integer(struct parquet_schema_element *element, int8_t width, bool is_signed, int32_t converted)
{
    put_physical(element, width == 64 ? PARQUET_INT64 : PARQUET_INT32);
    put_logical(element, PARQUET_LOGICAL_INTEGER);
    element->logical_type.u.integer = (struct parquet_int_type){width, is_signed};
    put_converted(element, converted);
}

static void put_bytes(struct parquet_schema_element *element, int32_t logical, int32_t converted)
{
    put_physical(element, PARQUET_BYTE_ARRAY);
    put_logical(element, logical);
    put_converted(element, converted);
}

static void annotate_decimal(struct parquet_schema_element *element, const struct tarn_type *type)
{
    put_logical(element, PARQUET_LOGICAL_DECIMAL);
    put_converted(element, PARQUET_CONVERTED_DECIMAL);
    element->logical_type.u.decimal = (struct parquet_decimal_type){type->scale, type->precision};
    element->has_precision = element->has_scale = true;
    element->precision = type->precision;
    element->scale = type->scale;
}

static void put_decimal(struct parquet_schema_element *element, const struct tarn_type *type)
{
    if (type->precision <= 9) {
        put_physical(element, PARQUET_INT32);
    } else if (type->precision <= 18) {
        put_physical(element, PARQUET_INT64);
    } else {
        put_fixed(element, tarn__decimal_width((unsigned)type->precision));
    }
    annotate_decimal(element, type);
}

/* Of 12 bytes there is no converted type: who knows no logical types shall see bytes. Seconds are stored as milliseconds. */
static void put_time(struct parquet_schema_element *element, const struct tarn_type *type)
{
    const bool stamp = type->id == TARN_TYPE_TIMESTAMP;
    const bool millis = type->unit <= TARN_MILLI;
    if (type->wide) {
        put_fixed(element, 12);
    } else {
        put_physical(element, !stamp && millis ? PARQUET_INT32 : PARQUET_INT64);
    }
    put_logical(element, stamp ? PARQUET_LOGICAL_TIMESTAMP : PARQUET_LOGICAL_TIME);
    struct parquet_time_type *time = &element->logical_type.u.time;
    time->is_adjusted_to_utc = type->utc;
    time->unit.id = millis ? PARQUET_UNIT_MILLIS : type->unit == TARN_MICRO ? PARQUET_UNIT_MICROS : PARQUET_UNIT_NANOS;
    if (!type->wide && millis) {
        put_converted(element, stamp ? PARQUET_CONVERTED_TIMESTAMP_MILLIS : PARQUET_CONVERTED_TIME_MILLIS);
    } else if (!type->wide && type->unit == TARN_MICRO) {
        put_converted(element, stamp ? PARQUET_CONVERTED_TIMESTAMP_MICROS : PARQUET_CONVERTED_TIME_MICROS);
    }
}

/* Bytes that may be the unscaled value of a decimal for which no kind has room. */
static enum tarn_status put_plain_bytes(struct parquet_schema_element *element, const struct tarn_type *type, struct tarn_error *err)
{
    if (type->id == TARN_TYPE_FIXED && (type->width == 0 || type->width > INT32_MAX)) {
        return tarn__invalid(err, "width", "values of %u bytes are no FIXED_LEN_BYTE_ARRAY", (unsigned)type->width);
    }
    if (type->id == TARN_TYPE_FIXED) {
        put_fixed(element, type->width);
    } else {
        put_physical(element, PARQUET_BYTE_ARRAY);
    }
    if (type->precision == 0) {
        return TARN_OK;
    }
    /* 2^(8 width - 1) has this many decimal digits, rounded down: 643 / 2136 is the decimal logarithm of two from below */
    const uint64_t digits = ((uint64_t)type->width * 8 - 1) * 643 / 2136;
    if (type->id == TARN_TYPE_FIXED && (uint64_t)type->precision > digits) {
        return tarn__invalid(err, "decimal", "decimals of %d digits do not fit into %u bytes", (int)type->precision, (unsigned)type->width);
    }
    annotate_decimal(element, type);
    return TARN_OK;
}

static void put_geo(struct parquet_schema_element *element, const struct tarn_type *type)
{
    put_physical(element, PARQUET_BYTE_ARRAY);
    if (type->id == TARN_TYPE_GEOMETRY) {
        put_logical(element, PARQUET_LOGICAL_GEOMETRY);
        element->logical_type.u.geometry = (struct parquet_geometry_type){type->zone.size != 0, type->zone};
    } else {
        put_logical(element, PARQUET_LOGICAL_GEOGRAPHY);
        element->logical_type.u.geography = (struct parquet_geography_type){.has_crs = type->zone.size != 0, .crs = type->zone};
    }
}

enum tarn_status tarn__leaf_type_write(const struct tarn_type *type, struct parquet_schema_element *element, struct tarn_error *err)
{
    switch (type->id) {
    case TARN_TYPE_NULL:
        put_physical(element, PARQUET_INT32);
        put_logical(element, PARQUET_LOGICAL_UNKNOWN);
        return TARN_OK;
    case TARN_TYPE_BOOL:
        put_physical(element, PARQUET_BOOLEAN);
        return TARN_OK;
    case TARN_TYPE_I8:
        put_integer(element, 8, true, PARQUET_CONVERTED_INT_8);
        return TARN_OK;
    case TARN_TYPE_I16:
        put_integer(element, 16, true, PARQUET_CONVERTED_INT_16);
        return TARN_OK;
    case TARN_TYPE_I32:
        put_physical(element, PARQUET_INT32);
        return TARN_OK;
    case TARN_TYPE_I64:
        put_physical(element, PARQUET_INT64);
        return TARN_OK;
    case TARN_TYPE_U8:
        put_integer(element, 8, false, PARQUET_CONVERTED_UINT_8);
        return TARN_OK;
    case TARN_TYPE_U16:
        put_integer(element, 16, false, PARQUET_CONVERTED_UINT_16);
        return TARN_OK;
    case TARN_TYPE_U32:
        put_integer(element, 32, false, PARQUET_CONVERTED_UINT_32);
        return TARN_OK;
    case TARN_TYPE_U64:
        put_integer(element, 64, false, PARQUET_CONVERTED_UINT_64);
        return TARN_OK;
    case TARN_TYPE_F16:
        put_fixed(element, 2);
        put_logical(element, PARQUET_LOGICAL_FLOAT16);
        return TARN_OK;
    case TARN_TYPE_F32:
        put_physical(element, PARQUET_FLOAT);
        return TARN_OK;
    case TARN_TYPE_F64:
        put_physical(element, PARQUET_DOUBLE);
        return TARN_OK;
    case TARN_TYPE_DECIMAL:
        put_decimal(element, type);
        return TARN_OK;
    case TARN_TYPE_DATE:
        put_physical(element, PARQUET_INT32);
        put_logical(element, PARQUET_LOGICAL_DATE);
        put_converted(element, PARQUET_CONVERTED_DATE);
        return TARN_OK;
    case TARN_TYPE_TIME:
    case TARN_TYPE_TIMESTAMP:
        put_time(element, type);
        return TARN_OK;
    case TARN_TYPE_STRING:
        put_bytes(element, PARQUET_LOGICAL_STRING, PARQUET_CONVERTED_UTF8);
        return TARN_OK;
    case TARN_TYPE_JSON:
        put_bytes(element, PARQUET_LOGICAL_JSON, PARQUET_CONVERTED_JSON);
        return TARN_OK;
    case TARN_TYPE_ENUM:
        put_bytes(element, PARQUET_LOGICAL_ENUM, PARQUET_CONVERTED_ENUM);
        return TARN_OK;
    case TARN_TYPE_BSON:
        put_bytes(element, PARQUET_LOGICAL_BSON, PARQUET_CONVERTED_BSON);
        return TARN_OK;
    case TARN_TYPE_BINARY:
    case TARN_TYPE_FIXED:
        return put_plain_bytes(element, type, err);
    case TARN_TYPE_UUID:
        put_fixed(element, 16);
        put_logical(element, PARQUET_LOGICAL_UUID);
        return TARN_OK;
    case TARN_TYPE_GEOMETRY:
    case TARN_TYPE_GEOGRAPHY:
        put_geo(element, type);
        return TARN_OK;
    case TARN_TYPE_DURATION: /* what it is the key ARROW:schema says */
        put_physical(element, PARQUET_INT64);
        return TARN_OK;
    case TARN_TYPE_INTERVAL: /* there is no logical type */
        put_fixed(element, 12);
        put_converted(element, PARQUET_CONVERTED_INTERVAL);
        return TARN_OK;
    default:
        return tarn__internal(err, "type %d has no leaf in Parquet", (int)type->id);
    }
}

/* ---- text ---- */

static size_t print_time(char *out, size_t size, const char *name, struct parquet_time_type time)
{
    static const char *const units[] = {"UNKNOWN", "MILLIS", "MICROS", "NANOS"};
    const char *unit = units[time.unit.id >= 1 && time.unit.id <= 3 ? time.unit.id : 0];
    return (size_t)snprintf(out, size, "%s(isAdjustedToUTC=%s, unit=%s)", name, time.is_adjusted_to_utc ? "true" : "false", unit);
}

static size_t print_geo(char *out, size_t size, const struct parquet_logical_type *logical)
{
    const bool geometry = logical->id == PARQUET_LOGICAL_GEOMETRY;
    const struct tarn_text crs = geometry ? logical->u.geometry.crs : logical->u.geography.crs;
    const bool has = geometry ? logical->u.geometry.has_crs : logical->u.geography.has_crs;
    const struct tarn_text shown = has ? crs : TARN_TEXT("OGC:CRS84");
    return (size_t)snprintf(out, size, "%s(crs=%.*s)", geometry ? "GEOMETRY" : "GEOGRAPHY", TARN_TEXT_ARG(shown));
}

static size_t print_logical(char *out, size_t size, const struct parquet_logical_type *logical)
{
    const char *name = tarn__parquet_logical_type_name(logical->id);
    switch (logical->id) {
    case PARQUET_LOGICAL_DECIMAL:
        return (size_t)snprintf(out, size, "DECIMAL(%d, %d)", (int)logical->u.decimal.precision, (int)logical->u.decimal.scale);
    case PARQUET_LOGICAL_TIME:
    case PARQUET_LOGICAL_TIMESTAMP:
        return print_time(out, size, name, logical->u.time);
    case PARQUET_LOGICAL_INTEGER:
        return (size_t)snprintf(out, size, "INTEGER(%d, %s)", (int)logical->u.integer.bit_width,
                                logical->u.integer.is_signed ? "true" : "false");
    case PARQUET_LOGICAL_GEOMETRY:
    case PARQUET_LOGICAL_GEOGRAPHY:
        return print_geo(out, size, logical);
    default:
        return (size_t)snprintf(out, size, "%s", name);
    }
}

enum tarn_status tarn__logical_type_text(struct tarn_arena *arena, const struct parquet_schema_element *element, struct tarn_text *out,
                                         struct tarn_error *err)
{
    char text[160];
    size_t size = 0;
    const struct tarn_annotation annotation = tarn__annotation_of(element);
    text[0] = 0;
    if (annotation.interval) {
        size = (size_t)snprintf(text, sizeof(text), "INTERVAL");
    } else if (element->has_logical_type || annotation.logical.id != 0) {
        size = print_logical(text, sizeof(text), &annotation.logical);
    }
    *out = tarn__arena_text(arena, (struct tarn_text){text, size < sizeof(text) ? size : sizeof(text) - 1});
    return out->data != NULL ? TARN_OK : tarn__nomem(arena->env, err, size);
}
