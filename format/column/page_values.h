/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_PAGE_VALUES_H
#define TARN_FORMAT_COLUMN_PAGE_VALUES_H

#include "format/column/dictionary_builder.h"
#include "format/column/leaf_form.h"

/*
 * The values of the page that is being filled: codes of the chunk's dictionary while there is one, else as PLAIN stores them.
 *
 * Ownership: values are copied. Threads: single.
 */
struct tarn__page_values {
    struct tarn_env *env;
    struct tarn__leaf_form form;
    size_t count;              /**< values of the page */
    uint32_t *codes;           /**< while `dictionary_open` */
    struct tarn_buffer *plain; /**< else */
    bool dictionary_open;      /**< values still get codes */
    bool has_dictionary;       /**< the builder below exists */
    struct tarn__dictionary_builder dictionary;

    size_t code_capacity;
    uint32_t *page_of_code; /* number of the last page that named the code */
    size_t page_of_code_capacity;
    uint64_t batch_dictionary; /* whose entries `batch_codes` knows; 0: none */
    uint32_t *batch_codes;
    size_t batch_code_capacity;
    uint8_t *scratch;
    size_t scratch_capacity;
    uint32_t *scratch_rows;
    size_t scratch_row_capacity;
};

/** `dictionary_bytes` 0: no dictionary. Errors: NOMEM, LIMIT. */
TARN_WARN_UNUSED enum tarn_status tarn__page_values_init(struct tarn__page_values *values, struct tarn_env *env,
                                                         const struct tarn__leaf_form *form, uint32_t dictionary_bytes,
                                                         struct tarn_error *err);
void tarn__page_values_free(struct tarn__page_values *values);

/** Begins a chunk, with an empty dictionary. */
void tarn__page_values_begin_chunk(struct tarn__page_values *values);
/** Begins a page. */
void tarn__page_values_begin_page(struct tarn__page_values *values);

/** Bytes of the page's values, as pages are cut by: four a code, one a boolean. */
uint64_t tarn__page_values_size(const struct tarn__page_values *values);
/** What value number `i` of `from`, a vector of any leaf shape, would add to that. */
uint64_t tarn__page_values_size_of(const struct tarn__page_values *values, const struct tarn__leaf_values *from, size_t i);
/** The sum of that over `n` values where it is known without looking at each; UINT64_MAX where it is not. */
uint64_t tarn__page_values_size_of_all(const struct tarn__page_values *values, struct tarn__leaf_values from, size_t n);

/**
 * Copies `n` values behind those counted. The caller then adds to `count` what it takes of them: all, or when *done < n (the dictionary
 * has no room for the next one) those of whole rows. Errors: INVALID (`decimal_range`, `page_size`), NOMEM, LIMIT.
 */
TARN_WARN_UNUSED enum tarn_status tarn__page_values_append(struct tarn__page_values *values, struct tarn__leaf_values from, size_t n,
                                                           size_t *done, struct tarn_error *err);

/** A number with as many bits as the page's largest code. */
uint32_t tarn__page_values_max_code(const struct tarn__page_values *values);

/** What the page's byte arrays hold, without lengths; 0 for other kinds. */
uint64_t tarn__page_values_unencoded(const struct tarn__page_values *values);

/** Bounds of the page, whose number in its chunk is `page`; they may point into the page. False: no memory. */
TARN_WARN_UNUSED bool tarn__page_values_scan(struct tarn__page_values *values, uint32_t page, struct tarn__extremes *extremes);

#endif
