/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_READER_JSON_JSON_SOURCE_H
#define TARN_READER_JSON_JSON_SOURCE_H

#include "reader/json/json_convert.h"
#include "reader/json/json_records.h"
#include "reader/json/json_types.h"
#include "reader/text/text_source.h"

/*
 * A JSON file or stream as a source of one task. What is shared between opening it (json_source.c) and walking it (json_cursor.c).
 *
 * Threads: immutable once opened, but for what text_source.h says.
 */
struct tarn_json_source {
    struct tarn_text_source text; /**< first: the addresses are one */
    struct tarn_json_options options;
    struct tarn_json_layout layout;
    struct tarn_schema *schema;
    size_t window; /**< bytes worked on at a time; 0: as it is best */
};

/** Objects nested deeper are LIMIT. */
enum { TARN_JSON_ROW_DEPTH = 128 };
#define TARN_JSON_MOST_RECORD ((size_t)256 << 20)

/** As tarn_json_open and tarn_json_open_stream, with the sizes of reads and windows for tests. */
TARN_WARN_UNUSED enum tarn_status tarn__json_open_source(const struct tarn_text_origin *origin, const struct tarn_json_options *options,
                                                         size_t window, struct tarn_source **out, struct tarn_error *err);

TARN_WARN_UNUSED enum tarn_status tarn__json_scan(struct tarn_source *source, const struct tarn_scan_request *request,
                                                  struct tarn_scan **out, struct tarn_error *err);

/** The schema of what was observed: the members of the records. */
TARN_WARN_UNUSED enum tarn_status tarn__json_schema_of(const struct tarn_json_shape *shape, struct tarn_arena *arena,
                                                       struct tarn_schema **out, struct tarn_error *err);

#endif
