/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_HELD_PAGES_H
#define TARN_FORMAT_COLUMN_HELD_PAGES_H

#include "format/column/encoding_choice.h"
#include "format/column/open_page.h"
#include "format/column/page_values.h"

/*
 * The pages of a chunk that wait, as PLAIN values, until there are enough of them to choose their encoding by.
 *
 * Memory: of the pages, used again for later ones. Threads: single.
 */
enum { TARN_HELD_PAGES = 4 };

struct tarn__held_page {
    struct tarn__open_page page;
    struct tarn_buffer *plain;
    size_t values;
};

struct tarn__held_pages {
    struct tarn_env *env;
    uint32_t count;
    struct tarn__held_page pages[TARN_HELD_PAGES];
    struct tarn__choice_scratch scratch;
    uint32_t *codes; /* of all their values, in the chunk's dictionary */
    size_t code_capacity;
};

/** What the choice depends on beside the values. */
struct tarn__held_chunk {
    struct tarn__choice_options options;
    uint32_t dictionary_bytes; /**< the largest dictionary that may be */
    bool dictionary_spent;     /**< the chunk can have no other */
    uint64_t group_rows;       /**< that the row group will have, about */
    bool ends;                 /**< the chunk has no more than these pages */
};

/** False: no memory. To be freed in either case. */
TARN_WARN_UNUSED bool tarn__held_pages_init(struct tarn__held_pages *held, struct tarn_env *env);
void tarn__held_pages_free(struct tarn__held_pages *held);

/** Puts `page` and the PLAIN values, which both go on empty, behind those that wait: fewer than TARN_HELD_PAGES. Errors: NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__held_pages_put(struct tarn__held_pages *held, struct tarn__open_page *page,
                                                       struct tarn__page_values *values, struct tarn_error *err);

/**
 * Chooses how the pages that wait, one at least, are to be written. When `choice` is the dictionary of `values`, `codes` are those of the
 * held values and *foreseen is the size the dictionary is going to have; without values there is no such choice. Errors: NOMEM, those of
 * encoders and codecs.
 */
TARN_WARN_UNUSED enum tarn_status tarn__held_pages_choose(struct tarn__held_pages *held, struct tarn__page_values *values,
                                                          const struct tarn__held_chunk *chunk, struct tarn_codec_context *context,
                                                          struct tarn__encoding_choice *choice, const uint32_t **codes, uint64_t *foreseen,
                                                          struct tarn_error *err);

/**
 * Held page number `i` becomes the open one, which is empty and gives its memory in exchange; with its values, or where `codes` is not
 * NULL with those. Errors: NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__held_pages_take(struct tarn__held_pages *held, uint32_t i, const uint32_t *codes,
                                                        struct tarn__open_page *page, struct tarn__page_values *values,
                                                        struct tarn_error *err);

#endif
