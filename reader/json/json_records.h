/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_READER_JSON_JSON_RECORDS_H
#define TARN_READER_JSON_JSON_RECORDS_H

#include "tarn/env.h"

/*
 * Where the records of a JSON text are: one a line, one value after another, or the elements of an array somewhere in a document.
 * Boundaries only; whether a record is JSON is seen by who parses it.
 *
 * Threads: any. Allocates only while a layout is found out.
 */
enum tarn_json_mode {
    TARN_JSON_LINES,  /**< one value a line (NDJSON) */
    TARN_JSON_VALUES, /**< values with white space between */
    TARN_JSON_ARRAY,  /**< elements of the array that begins before `begin` */
};

struct tarn_json_layout {
    enum tarn_json_mode mode;
    size_t begin;     /**< bytes of the text before the first record */
    uint32_t objects; /**< ARRAY: how many objects it lies in, which end behind it */
};

/**
 * Finds out from the begin of a text (all of it when `last`). `records`: members to go down, with '.' between, to the array; empty: the
 * document itself, or its only member that is an array of objects. Errors: INVALID records, json.*; NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__json_find_layout(struct tarn_env *env, struct tarn_text text, bool last, struct tarn_text records,
                                                         struct tarn_json_layout *out, struct tarn_error *err);

enum tarn_json_found {
    TARN_JSON_RECORD, /**< [*begin, *end) is one; go on at *next */
    TARN_JSON_MORE,   /**< more text is needed; all before *next is done with */
    TARN_JSON_DONE,   /**< there are no more; what follows at *next is the end of the document */
    TARN_JSON_BROKEN, /**< at *next something else stands than may stand there */
};

/** The next record of data[at .. size). `first`: none came before. `last`: no text follows. */
enum tarn_json_found tarn__json_next_record(const struct tarn_json_layout *layout, const uint8_t *data, size_t at, size_t size, bool last,
                                            bool first, size_t *begin, size_t *end, size_t *next);

#endif
