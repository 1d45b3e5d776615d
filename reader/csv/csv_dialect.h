/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_READER_CSV_CSV_DIALECT_H
#define TARN_READER_CSV_CSV_DIALECT_H

#include "format/base/arena.h"
#include "reader/csv/csv_parse.h"
#include "reader/csv/csv_types.h"
#include "tarn/reader.h"

/*
 * What kind of CSV a text is, found out from its begin: the punctuation by trying every one and taking that by which the records agree
 * best, then header, names and types.
 *
 * Threads: any. Memory: names in the caller's arena.
 */
struct tarn_csv_sniffed {
    struct tarn_csv_syntax syntax;
    size_t begin; /**< where the first record begins, behind the skipped lines; the header, if there is one */
    bool header;
    bool trailing; /**< each record may have one more, empty field */
    char point;
    struct tarn_text newline;
    uint32_t column_count;
    const struct tarn_text *names;              /**< all different, also without case */
    const struct tarn_csv_column_form *columns; /**< types; with a given schema only the formats of dates count */
};

/** `text` begins the file, and is all of it when `last`; TARN_CSV_PADDING bytes behind it are readable. Errors: INVALID, NOMEM, LIMIT. */
TARN_WARN_UNUSED enum tarn_status tarn__csv_sniff(struct tarn_arena *arena, const struct tarn_csv_options *options, struct tarn_span text,
                                                  bool last, struct tarn_csv_sniffed *out, struct tarn_error *err);

#endif
