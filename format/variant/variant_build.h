/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_VARIANT_VARIANT_BUILD_H
#define TARN_FORMAT_VARIANT_VARIANT_BUILD_H

#include "format/variant/variant.h"

/*
 * Variant values and metadata made, value by value.
 *
 * Values go one behind the other into `data`; an object or array is what was added between its begin and its end. Whoever builds an object
 * says the field id before each value, ids in any order; its end sorts the fields by their names' order, which the caller gives as a
 * number (tarn__variant_rank, or any other that orders names the same way).
 * Without memory the builder is `failed`, later calls do nothing, and tarn__variant_builder_status says so once.
 * The caller keeps the rules of nesting; a value is complete when as many containers were ended as begun.
 * Threads: single. Ownership: the builder owns its memory until tarn__variant_builder_free.
 */
struct tarn_variant_builder {
    struct tarn_env *env;
    uint8_t *data; /**< finished values, and those of open containers */
    size_t size;
    size_t capacity;
    struct tarn__variant_slot *slots; /**< members of all open containers, innermost last */
    size_t slot_count;
    size_t slot_capacity;
    struct tarn__variant_open *open;
    size_t open_count;
    size_t open_capacity;
    bool failed;    /**< for want of memory */
    bool too_large; /**< an object or array over 4 GiB */
    uint64_t refused;
};

void tarn__variant_builder_init(struct tarn_variant_builder *builder, struct tarn_env *env);
void tarn__variant_builder_free(struct tarn_variant_builder *builder);
/** Forgets what was built and keeps the memory. */
void tarn__variant_builder_clear(struct tarn_variant_builder *builder);
/** OK; NOMEM, LIMIT: what could not be added. */
TARN_WARN_UNUSED enum tarn_status tarn__variant_builder_status(const struct tarn_variant_builder *builder, struct tarn_error *err);

void tarn__variant_begin_object(struct tarn_variant_builder *builder);
void tarn__variant_begin_array(struct tarn_variant_builder *builder);
/** Ends the innermost object or array. False: two fields of an object have equal `order`; the object is left out of the value. */
bool tarn__variant_end(struct tarn_variant_builder *builder);
/** The field that the next value is of. */
void tarn__variant_add_field(struct tarn_variant_builder *builder, uint32_t id, uint64_t order);

void tarn__variant_add_null(struct tarn_variant_builder *builder);
void tarn__variant_add_bool(struct tarn_variant_builder *builder, bool value);
/** I8 to I64, DATE, TIME and TIMESTAMPs. */
void tarn__variant_add_int(struct tarn_variant_builder *builder, enum tarn_variant_type type, int64_t value);
/** F32 and F64. */
void tarn__variant_add_float(struct tarn_variant_builder *builder, enum tarn_variant_type type, double value);
/** DECIMAL4 to DECIMAL16: the unscaled value, low and high word. */
void tarn__variant_add_decimal(struct tarn_variant_builder *builder, enum tarn_variant_type type, uint8_t scale, const uint64_t words[2]);
/** STRING (the short form where it can), BINARY, and the 16 bytes of a UUID. */
void tarn__variant_add_bytes(struct tarn_variant_builder *builder, enum tarn_variant_type type, struct tarn_span bytes);
/** A value that is stored already; its field ids must mean the same. Nothing for no bytes. */
void tarn__variant_add_stored(struct tarn_variant_builder *builder, struct tarn_span value);

/**
 * A metadata with `names` as they come appended to `out`: ids are their places. `base` NULL, or what they stand behind: ids of it stay.
 * The sorted bit is set when it is true.
 */
void tarn__variant_add_metadata(struct tarn_variant_builder *out, const struct tarn_variant_metadata *base, uint32_t count,
                                const struct tarn_text *names);

#endif
