/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_COLUMN_OUTPUT_H
#define TARN_FORMAT_COLUMN_COLUMN_OUTPUT_H

#include "format/base/buffer.h"
#include "tarn/batch.h"

/*
 * The vector of a leaf column while it is being decoded. Values come dense (a page stores no nulls) at the end of what is there;
 * they are then spread out by the validity bits, and nulls become zero slots.
 *
 * Ownership: buffers are kept for the next vector and used again once nobody else holds them. Threads: single.
 */

enum tarn__output_form {
    TARN_OUTPUT_FIXED = 0, /**< `width` bytes a slot */
    TARN_OUTPUT_BITS,
    TARN_OUTPUT_CODES, /**< of `dictionary` */
    TARN_OUTPUT_VIEWS,
};

struct tarn__column_output {
    struct tarn_env *env;
    const struct tarn_type *type;
    enum tarn__output_form form;
    uint32_t width;    /**< bytes of a slot; BITS: 0 */
    bool optional;     /**< there may be nulls: validity bits are kept */
    bool fixed_text;   /**< kind BYTES on values of fixed width: slots of `width` until the end */
    bool check_utf8;   /**< with fixed_text */
    uint32_t length;   /**< slots so far */
    uint32_t reserved; /**< slots that room was asked for last */
    uint32_t nulls;    /**< among them */
    uint32_t spread;   /**< how often codes had to be turned into views */
    struct tarn_buffer *validity;
    struct tarn_buffer *values;
    struct tarn_dictionary *dictionary;   /**< CODES; VIEWS: of which buffer 0 is, when it is not NULL */
    struct tarn_buffer *dictionary_bytes; /**< that its strings lie in */
    struct tarn_buffer **view_buffers;
    size_t view_buffer_count;
    size_t view_buffer_capacity;
    uint32_t text;                  /**< VIEWS: the number of the buffer that text is put together in, and 1; 0: none yet */
    struct tarn_buffer *spare_text; /**< that of the vector before */
};

/** `width` 0 and kind BOOL: BITS; kind BYTES: CODES or VIEWS, by what comes; else FIXED. */
void tarn__column_output_init(struct tarn__column_output *output, struct tarn_env *env, const struct tarn_type *type, bool optional);
/** Text whose values are stored with `width` bytes each, which Parquet does not have but writers write. After init. */
void tarn__column_output_fixed_text(struct tarn__column_output *output, uint32_t width, bool check_utf8);
void tarn__column_output_free(struct tarn__column_output *output);

/** Begins a new vector. */
void tarn__column_output_begin(struct tarn__column_output *output);

/** Makes room for `count` more slots, with zeroed bits. Errors: LIMIT (over 2^32 - 1 slots), NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__column_output_reserve(struct tarn__column_output *output, uint32_t count, struct tarn_error *err);

/**
 * Says that `count` slots were added whose `present` values lie dense from slot `length` on; their validity bits are already in place
 * when the output is optional. Spreads the values.
 */
void tarn__column_output_commit(struct tarn__column_output *output, uint32_t count, uint32_t present);

/** From here on codes of this dictionary may be appended (of kind BYTES), to slots that were reserved. Errors: NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__column_output_use_dictionary(struct tarn__column_output *output, struct tarn_dictionary *dictionary,
                                                                     struct tarn_buffer *bytes, struct tarn_error *err);
/** From here on views may be appended; codes that are there become views. */
TARN_WARN_UNUSED enum tarn_status tarn__column_output_use_views(struct tarn__column_output *output, struct tarn_error *err);
/** The number of `buffer` for views into it; it is retained once. */
TARN_WARN_UNUSED enum tarn_status tarn__column_output_view_buffer(struct tarn__column_output *output, struct tarn_buffer *buffer,
                                                                  uint32_t *number, struct tarn_error *err);
/**
 * Room for `size` bytes of text that views will point to: *bytes, at *offset of buffer *number, with `slack` bytes behind that may be
 * written over. Good until the next call. Errors: LIMIT (2^31 bytes at once), NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__column_output_text(struct tarn__column_output *output, uint64_t size, size_t slack, uint8_t **bytes,
                                                           uint32_t *number, uint32_t *offset, struct tarn_error *err);
/** The views of dictionary entries `codes`, appended dense at slot `at`. VIEWS with a dictionary. */
void tarn__column_output_put_entries(struct tarn__column_output *output, uint32_t at, const uint32_t *codes, uint32_t count);

/** The vector of what is there: a new reference. Errors: NOMEM; with fixed_text CORRUPT (no UTF-8). */
TARN_WARN_UNUSED enum tarn_status tarn__column_output_finish(struct tarn__column_output *output, struct tarn_vector **out,
                                                             struct tarn_error *err);

static inline uint8_t *tarn__column_output_slot(const struct tarn__column_output *output, uint32_t slot)
{
    return output->values->data + (size_t)slot * output->width;
}

#endif
