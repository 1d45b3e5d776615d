/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_READER_CSV_CSV_PARSE_H
#define TARN_READER_CSV_CSV_PARSE_H

#include "format/base/alloc.h"
#include "tarn/base.h"

/*
 * CSV text cut into records and fields: where each begins and ends, nothing converted.
 *
 * A field is quoted when its first byte is the quote. Inside quotes line ends and delimiters are text, and the escape takes the next byte
 * as it is (escape == quote: doubling). Elsewhere a quote is an ordinary byte.
 * Threads: single. Cost: about a nanosecond a byte; no allocation once the arrays have grown.
 */
struct tarn_csv_syntax {
    char delimiter;
    char quote;      /**< 0: none */
    char escape;     /**< equal to quote: doubling; 0 with no quote */
    char comment;    /**< records that begin with it are passed over; 0: none */
    bool bare_cr;    /**< lines end with CR; else with LF, or CR LF */
    bool keep_empty; /**< an empty line is a record of one empty field; else it is passed over */
};

/** Bytes that must be readable behind the text that is parsed (their content does not matter). */
enum { TARN_CSV_PADDING = 64 };

/** Largest text that can be parsed at once, and so the largest record. */
#define TARN_CSV_MOST_TEXT ((size_t)1 << 29)

enum { TARN_CSV_QUOTED = 1u << 31, TARN_CSV_ESCAPED = 1u << 30, TARN_CSV_SIZE = (1u << 30) - 1 };

struct tarn_csv_field {
    uint32_t begin; /**< of the content, behind an opening quote */
    uint32_t size;  /**< low 30 bits: bytes of the content, escapes included; QUOTED, ESCAPED (there is an escape in it) */
};

enum tarn_csv_fault {
    TARN_CSV_SOUND = 0,
    TARN_CSV_BEHIND_QUOTE, /**< text between a closing quote and the delimiter */
    TARN_CSV_OPEN_QUOTE,   /**< the file ends inside quotes */
};

struct tarn_csv_record {
    uint32_t first; /**< field; the last record's end is that of the next, which is always there */
    uint32_t begin; /**< byte */
    uint32_t end;   /**< byte behind the content: the line end */
    enum tarn_csv_fault fault;
};

struct tarn_csv_records {
    struct tarn_env *env;
    struct tarn_csv_field *fields;
    size_t field_count;
    size_t field_capacity;
    struct tarn_csv_record *records; /**< `count` and one more, which has only `first` */
    size_t count;
    size_t record_capacity;
};

static inline uint32_t tarn__csv_field_size(struct tarn_csv_field field)
{
    return field.size & (uint32_t)TARN_CSV_SIZE;
}

void tarn__csv_records_free(struct tarn_csv_records *records);

/**
 * Cuts data[begin .. size) into at most `most` records (those of before are forgotten). *end is where the first record begins that was not
 * taken: behind the last one, or at an incomplete one, of which there is none when `last` says that no text follows.
 * Errors: NOMEM, LIMIT.
 */
TARN_WARN_UNUSED enum tarn_status tarn__csv_parse(const struct tarn_csv_syntax *syntax, const uint8_t *data, size_t begin, size_t size,
                                                  bool last, size_t most, struct tarn_csv_records *out, size_t *end,
                                                  struct tarn_error *err);

/** Copies the content of an ESCAPED field without its escapes; returns the length. `to` has room for the content. */
size_t tarn__csv_unescape(const struct tarn_csv_syntax *syntax, struct tarn_text content, char *to);

/** Line ends in the text. */
uint64_t tarn__csv_count_lines(const struct tarn_csv_syntax *syntax, const uint8_t *data, size_t size);

#endif
