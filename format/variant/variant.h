/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_VARIANT_VARIANT_H
#define TARN_FORMAT_VARIANT_VARIANT_H

#include "format/base/alloc.h"
#include "format/base/bytes.h"

/*
 * Variant values as Parquet stores them: a metadata (the dictionary of field names) and a value that refers to it. Nothing is copied or
 * decoded ahead: a value is opened where it lies, and every length, offset and field id is checked before it is followed, so that any
 * bytes may be walked. tarn__variant_check says once whether the whole value is right.
 *
 * Ownership: everything borrows the stored bytes. Threads: none of its own; an immutable metadata may be read from any thread.
 */

/** Values within each other. Deeper ones are refused, as walking them costs stack. */
enum { TARN_VARIANT_DEPTH = 256 };

enum tarn_variant_type {
    TARN_VARIANT_NULL = 0, /**< the first 21 are the numbers of primitive types */
    TARN_VARIANT_TRUE = 1,
    TARN_VARIANT_FALSE = 2,
    TARN_VARIANT_I8 = 3,
    TARN_VARIANT_I16 = 4,
    TARN_VARIANT_I32 = 5,
    TARN_VARIANT_I64 = 6,
    TARN_VARIANT_F64 = 7,
    TARN_VARIANT_DECIMAL4 = 8, /**< scale, then the unscaled value, little-endian like all numbers but the UUID */
    TARN_VARIANT_DECIMAL8 = 9,
    TARN_VARIANT_DECIMAL16 = 10,
    TARN_VARIANT_DATE = 11,
    TARN_VARIANT_TIMESTAMP = 12,     /**< microseconds, UTC */
    TARN_VARIANT_TIMESTAMP_NTZ = 13, /**< microseconds, no zone */
    TARN_VARIANT_F32 = 14,
    TARN_VARIANT_BINARY = 15,
    TARN_VARIANT_STRING = 16, /**< of both forms, the long and the short one */
    TARN_VARIANT_TIME_NTZ = 17,
    TARN_VARIANT_TIMESTAMP_NANOS = 18,
    TARN_VARIANT_TIMESTAMP_NTZ_NANOS = 19,
    TARN_VARIANT_UUID = 20, /**< most significant byte first */
    TARN_VARIANT_OBJECT,
    TARN_VARIANT_ARRAY,
};

/** A dictionary of field names. */
struct tarn_variant_metadata {
    struct tarn_span bytes; /**< as stored; once read without anything behind it */
    uint32_t count;
    uint32_t offset_size;
    const uint8_t *offsets;
    const char *names;
    size_t names_size;
    /** Of each id its place in the order of names (equal names: the same), and of each place an id. NULL: ids are in order and distinct. */
    uint32_t *ranks;
    uint32_t *by_rank;
};

/** One value, opened: its type, and where its parts lie. */
struct tarn_variant {
    const struct tarn_variant_metadata *metadata;
    enum tarn_variant_type type;
    struct tarn_span bytes;   /**< the whole value, exactly */
    struct tarn_span payload; /**< a primitive's bytes (of a decimal behind the scale), a string's text; the values of an object or array */
    uint8_t scale;            /**< decimals */
    uint8_t id_size;          /**< objects */
    uint8_t offset_size;      /**< objects and arrays */
    uint32_t count;           /**< fields or elements */
    const uint8_t *ids;       /**< objects: in the order of their names */
    const uint8_t *offsets;   /**< count + 1, into payload */
};

/**
 * Opens a metadata without looking at its names: enough for walking a value and showing it, not for tarn__variant_check and look-ups.
 * Errors: CORRUPT detail "variant_metadata" (version, more names than bytes). Cost: constant.
 */
TARN_WARN_UNUSED enum tarn_status tarn__variant_metadata_open(struct tarn_span bytes, struct tarn_variant_metadata *out,
                                                              struct tarn_error *err);
/**
 * Reads a metadata; bytes behind it are left. Free with tarn__variant_metadata_free, which is legal for a zeroed one too.
 * Errors: CORRUPT detail "variant_metadata" (version, a dictionary that ends behind the bytes, offsets that fall, names that are no UTF-8),
 * NOMEM. Cost: the bytes; sorting them when names are not in order.
 */
TARN_WARN_UNUSED enum tarn_status tarn__variant_metadata_read(struct tarn_env *env, struct tarn_span bytes,
                                                              struct tarn_variant_metadata *out, struct tarn_error *err);
void tarn__variant_metadata_free(struct tarn_env *env, struct tarn_variant_metadata *metadata);

/** `id` < count. Of a metadata that was only opened: empty when the name does not lie in it. */
struct tarn_text tarn__variant_name(const struct tarn_variant_metadata *metadata, uint32_t id);
/** The place of a name among all, or where it would stand. True: it is there, and *id is one that has it. */
bool tarn__variant_find_name(const struct tarn_variant_metadata *metadata, struct tarn_text name, uint32_t *rank, uint32_t *id);
static inline uint32_t tarn__variant_rank(const struct tarn_variant_metadata *metadata, uint32_t id)
{
    return metadata->ranks == NULL ? id : metadata->ranks[id];
}

/**
 * Opens the value at the begin of `bytes`; bytes behind it are left. Says nothing about what lies inside an object or array.
 * Errors: CORRUPT detail "variant" (it ends behind the bytes, a type that there is not, a scale over 38).
 */
TARN_WARN_UNUSED enum tarn_status tarn__variant_open(const struct tarn_variant_metadata *metadata, struct tarn_span bytes,
                                                     struct tarn_variant *out, struct tarn_error *err);

/** Value `i` < count of an object or array. Errors: CORRUPT. */
TARN_WARN_UNUSED enum tarn_status tarn__variant_member(const struct tarn_variant *container, uint32_t i, struct tarn_variant *out,
                                                       struct tarn_error *err);
/** The field id of value `i` < count of an object; it is below the metadata's count. Errors: CORRUPT. */
TARN_WARN_UNUSED enum tarn_status tarn__variant_field_id(const struct tarn_variant *object, uint32_t i, uint32_t *id,
                                                         struct tarn_error *err);
/** The field of that name; *found is false when there is none, or when the value is no object. Errors: CORRUPT. Cost: log of the fields. */
TARN_WARN_UNUSED enum tarn_status tarn__variant_field(const struct tarn_variant *value, struct tarn_text name, bool *found,
                                                      struct tarn_variant *out, struct tarn_error *err);

/**
 * Is all of the value right: every member opens, the members of one container do not need more bytes than it has (so that no bytes can
 * stand for a multitude of values), names of an object ascend, strings are UTF-8, no deeper than TARN_VARIANT_DEPTH?
 * `depth` is that of the value itself, 0 at the top. Errors: CORRUPT, LIMIT detail "variant_depth". Cost: the bytes.
 */
TARN_WARN_UNUSED enum tarn_status tarn__variant_check(const struct tarn_variant *value, unsigned depth, struct tarn_error *err);

/* ---- primitives ---- */

/** I8 to I64, DATE, TIME and TIMESTAMPs, sign-extended. */
int64_t tarn__variant_int(const struct tarn_variant *value);
/** F32 (widened) and F64. */
double tarn__variant_float(const struct tarn_variant *value);
/** Unscaled value of a decimal: low and high word. */
void tarn__variant_decimal(const struct tarn_variant *value, uint64_t words[2]);

#endif
