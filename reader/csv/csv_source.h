/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_READER_CSV_CSV_SOURCE_H
#define TARN_READER_CSV_CSV_SOURCE_H

#include "reader/csv/csv_convert.h"
#include "reader/csv/csv_dialect.h"
#include "reader/text/text_source.h"

/*
 * A CSV file or stream as a source of one task. What is shared between opening it (csv_source.c) and walking it (csv_cursor.c).
 *
 * Threads: immutable once opened, but for what text_source.h says.
 */
struct tarn_csv_source {
    struct tarn_text_source text; /**< first: the addresses are one */
    struct tarn_arena arena;      /**< what the options pointed at; names */
    struct tarn_csv_options options;
    struct tarn_csv_sniffed sniffed;
    struct tarn_schema *schema;
    size_t window; /**< bytes worked on at a time; 0: as it is best */
};

/** As tarn_csv_open and tarn_csv_open_stream, with the sizes of reads and windows for tests. */
TARN_WARN_UNUSED enum tarn_status tarn__csv_open(const struct tarn_text_origin *origin, const struct tarn_csv_options *options,
                                                 size_t window, struct tarn_source **out, struct tarn_error *err);

TARN_WARN_UNUSED enum tarn_status tarn__csv_scan(struct tarn_source *source, const struct tarn_scan_request *request,
                                                 struct tarn_scan **out, struct tarn_error *err);

#endif
