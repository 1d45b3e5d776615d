/* SPDX-License-Identifier: Apache-2.0
 *
 * RFC 4180 and what files do beside it, in two steps a block of 64 bytes: a mask of the bytes that can mean something, then a walk over
 * them.
 *
 * Invariants
 *  1. Bytes between two set bits are content: the walk never looks at them.
 *  2. What a record has added to the arrays is taken back when it turns out incomplete; it is cut again when more text is there.
 *  3. Nothing behind `size` is believed: bits there are cleared, and what would follow a quote or CR at the end is waited for.
 */
#include "reader/csv/csv_parse.h"

#include "format/base/bytes.h"

enum { BLOCK = 64 };

/* ---- the mask ---- */

typedef uint8_t bytes16 __attribute__((vector_size(16)));

struct marks {
    bytes16 delimiter;
    bytes16 newline;
    bytes16 quote;
    bytes16 escape;
};

static bytes16 all(char c)
{
    const uint8_t b = (uint8_t)c;
    return (bytes16){b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b};
}

static inline uint32_t top_bits(bytes16 matches)
{
#if defined(__SSE2__)
    typedef char chars16 __attribute__((vector_size(16)));
    return (uint32_t)__builtin_ia32_pmovmskb128((chars16)matches);
#else
    uint8_t lanes[16];
    uint32_t bits = 0;
    memcpy(lanes, &matches, sizeof(lanes));
    for (int half = 0; half < 2; half++) {
        /* one bit of each byte, gathered by a multiplication */
        const uint64_t word = tarn__load64(lanes + 8 * half) & 0x0101010101010101u;
        bits |= (uint32_t)(word * 0x0102040810204080u >> 56) << (8 * half);
    }
    return bits;
#endif
}

static inline uint64_t find_marks(const struct marks *marks, const uint8_t *at)
{
    uint64_t mask = 0;
    for (uint32_t i = 0; i < BLOCK / 16; i++) {
        bytes16 chunk;
        memcpy(&chunk, at + (size_t)i * 16, sizeof(chunk));
        const bytes16 matches = (bytes16)(chunk == marks->delimiter) | (bytes16)(chunk == marks->newline) |
                                (bytes16)(chunk == marks->quote) | (bytes16)(chunk == marks->escape);
        mask |= (uint64_t)top_bits(matches) << (i * 16);
    }
    return mask;
}

/* ---- the walk ---- */

struct walk {
    const struct tarn_csv_syntax *syntax;
    const uint8_t *data;
    size_t size;
    bool last;
    struct tarn_csv_records *out;
    size_t record; /* where the record begins */
    size_t field;  /* where the field begins, quote included */
    size_t close;  /* where its closing quote stands */
    size_t skip;   /* bytes before it are settled */
    uint32_t flags;
    bool in_quotes;
    bool closed;
    enum tarn_csv_fault fault;
    enum tarn_status status;
    struct tarn_error *err;
};

static bool add_field(struct walk *walk, size_t end, bool at_newline)
{
    struct tarn_csv_records *out = walk->out;
    if (out->field_count == out->field_capacity &&
        !tarn__grow(out->env, &out->fields, &out->field_capacity, out->field_count + 1, sizeof(*out->fields))) {
        walk->status = tarn__nomem(out->env, walk->err, 0);
        return false;
    }
    const bool has_cr = at_newline && !walk->syntax->bare_cr && end > walk->field && walk->data[end - 1] == '\r';
    size_t begin = walk->field;
    size_t content = end - has_cr;
    if (walk->closed) {
        for (size_t i = walk->close + 1; i < content; i++) {
            walk->fault = walk->data[i] != ' ' ? TARN_CSV_BEHIND_QUOTE : walk->fault;
        }
        begin++;
        content = walk->close;
    }
    out->fields[out->field_count++] = (struct tarn_csv_field){(uint32_t)begin, (uint32_t)(content - begin) | walk->flags};
    walk->field = end + 1;
    walk->flags = 0;
    walk->closed = false;
    return true;
}

/* Closes the record whose last field ends at `end`; an empty line is dropped. */
static bool end_record(struct walk *walk, size_t end, bool at_newline)
{
    struct tarn_csv_records *out = walk->out;
    struct tarn_csv_record *record = &out->records[out->count];
    const bool had_cr = at_newline && !walk->syntax->bare_cr && end > walk->record && walk->data[end - 1] == '\r';
    if (!add_field(walk, end, at_newline)) {
        return false;
    }
    if (end - had_cr == walk->record && !walk->syntax->keep_empty) {
        out->field_count = record->first;
        return true;
    }
    record->begin = (uint32_t)walk->record;
    record->end = (uint32_t)(end - had_cr);
    record->fault = walk->fault;
    out->count++;
    if (out->count + 1 > out->record_capacity &&
        !tarn__grow(out->env, &out->records, &out->record_capacity, out->count + 1, sizeof(*out->records))) {
        walk->status = tarn__nomem(out->env, walk->err, 0);
        return false;
    }
    out->records[out->count] = (struct tarn_csv_record){.first = (uint32_t)out->field_count};
    return true;
}

/* Begins a record at `at`, behind comments. False when the text ends before one could begin. */
static bool begin_record(struct walk *walk, size_t at)
{
    const char newline = walk->syntax->bare_cr ? '\r' : '\n';
    for (;;) {
        if (walk->syntax->bare_cr && at < walk->size && walk->data[at] == '\n') {
            at++; /* a CR LF among bare CRs */
        }
        walk->record = at;
        walk->field = at;
        walk->skip = at;
        walk->flags = 0;
        walk->fault = TARN_CSV_SOUND;
        walk->closed = false;
        if (at >= walk->size) {
            return false;
        }
        if (walk->syntax->comment == 0 || walk->data[at] != (uint8_t)walk->syntax->comment) {
            return true;
        }
        const uint8_t *line_end = memchr(walk->data + at, newline, walk->size - at);
        if (line_end == NULL) {
            walk->record = walk->last ? walk->size : at;
            return false;
        }
        at = (size_t)(line_end - walk->data) + 1;
    }
}

enum verdict { GO_ON, RECORD_ENDED, INCOMPLETE, FAILED };

static inline enum verdict take_quote(struct walk *walk, size_t at)
{
    const struct tarn_csv_syntax *syntax = walk->syntax;
    if (!walk->in_quotes) {
        if (at == walk->field) {
            walk->in_quotes = true;
            walk->flags = TARN_CSV_QUOTED;
        }
        return GO_ON; /* elsewhere it is text; behind a closing quote add_field sees it */
    }
    if (at + 1 == walk->size && !walk->last) {
        return INCOMPLETE;
    }
    if (syntax->escape == syntax->quote && at + 1 < walk->size && walk->data[at + 1] == (uint8_t)syntax->quote) {
        walk->flags |= TARN_CSV_ESCAPED;
        walk->skip = at + 2;
        return GO_ON;
    }
    walk->in_quotes = false;
    walk->closed = true;
    walk->close = at;
    return GO_ON;
}

static inline enum verdict take_mark(struct walk *walk, size_t at)
{
    const struct tarn_csv_syntax *syntax = walk->syntax;
    const char c = (char)walk->data[at];
    if (c == syntax->quote && syntax->quote != 0) {
        return take_quote(walk, at);
    }
    if (walk->in_quotes) {
        if (c == syntax->escape) {
            walk->flags |= TARN_CSV_ESCAPED;
            walk->skip = at + 2;
        }
        return GO_ON;
    }
    if (c == syntax->delimiter) {
        return add_field(walk, at, false) ? GO_ON : FAILED;
    }
    if (c == (syntax->bare_cr ? '\r' : '\n')) {
        return end_record(walk, at, true) ? RECORD_ENDED : FAILED;
    }
    return GO_ON; /* an escape outside quotes */
}

/* The record that the end of the text closes, without a line end behind it. */
static bool end_text(struct walk *walk)
{
    if (walk->in_quotes) {
        walk->fault = TARN_CSV_OPEN_QUOTE;
        walk->field++; /* the content begins behind the quote */
        walk->in_quotes = false;
    }
    if (walk->field > walk->size) {
        walk->field = walk->size;
    }
    return end_record(walk, walk->size, true);
}

static enum tarn_status walk_text(struct walk *walk, size_t begin, size_t most)
{
    const struct tarn_csv_syntax *syntax = walk->syntax;
    const struct marks marks = {all(syntax->delimiter), all(syntax->bare_cr ? '\r' : '\n'),
                                all(syntax->quote != 0 ? syntax->quote : syntax->delimiter),
                                all(syntax->escape != 0 ? syntax->escape : syntax->delimiter)};
    if (most == 0 || !begin_record(walk, begin)) {
        return TARN_OK;
    }
    for (size_t block = walk->record; block < walk->size; block += BLOCK) {
        uint64_t mask = find_marks(&marks, walk->data + block);
        if (walk->size - block < BLOCK) {
            mask &= ((uint64_t)1 << (walk->size - block)) - 1;
        }
        while (mask != 0) {
            const size_t at = block + (size_t)__builtin_ctzll(mask);
            mask &= mask - 1;
            if (at < walk->skip) {
                continue;
            }
            const enum verdict verdict = take_mark(walk, at);
            if (verdict == GO_ON) {
                continue;
            }
            if (verdict == FAILED) {
                return walk->status;
            }
            if (verdict == INCOMPLETE) {
                return TARN_OK;
            }
            if (!begin_record(walk, at + 1) || walk->out->count == most) {
                return TARN_OK;
            }
        }
    }
    if (walk->last && walk->out->count < most) {
        if (!end_text(walk)) {
            return walk->status;
        }
        walk->record = walk->size;
    }
    return TARN_OK;
}

enum tarn_status tarn__csv_parse(const struct tarn_csv_syntax *syntax, const uint8_t *data, size_t begin, size_t size, bool last,
                                 size_t most, struct tarn_csv_records *out, size_t *end, struct tarn_error *err)
{
    struct walk walk = {.syntax = syntax, .data = data, .size = size, .last = last, .out = out, .status = TARN_OK, .err = err};
    out->count = 0;
    out->field_count = 0;
    *end = begin;
    if (out->record_capacity == 0 && !tarn__grow(out->env, &out->records, &out->record_capacity, 1, sizeof(*out->records))) {
        return tarn__nomem(out->env, err, 0);
    }
    out->records[0] = (struct tarn_csv_record){0};
    TARN_RETURN_IF_ERROR(walk_text(&walk, begin, most));
    out->field_count = out->records[out->count].first;
    *end = walk.record;
    return TARN_OK;
}

void tarn__csv_records_free(struct tarn_csv_records *records)
{
    tarn__free(records->env, records->fields);
    tarn__free(records->env, records->records);
    records->fields = NULL;
    records->records = NULL;
    records->field_capacity = 0;
    records->record_capacity = 0;
}

size_t tarn__csv_unescape(const struct tarn_csv_syntax *syntax, struct tarn_text content, char *to)
{
    size_t size = 0;
    for (size_t i = 0; i < content.size; i++) {
        if (content.data[i] == syntax->escape && i + 1 < content.size) {
            i++;
        }
        to[size++] = content.data[i];
    }
    return size;
}

uint64_t tarn__csv_count_lines(const struct tarn_csv_syntax *syntax, const uint8_t *data, size_t size)
{
    const uint8_t newline = syntax->bare_cr ? '\r' : '\n';
    const uint64_t pattern = 0x0101010101010101u * newline;
    const uint64_t low = 0x7f7f7f7f7f7f7f7fu;
    uint64_t lines = 0;
    size_t i = 0;
    for (; i + 8 <= size; i += 8) {
        const uint64_t x = tarn__load64(data + i) ^ pattern;
        const uint64_t hits = ~(((x & low) + low) | x | low) >> 7; /* one in each byte that is the line end */
        lines += hits * 0x0101010101010101u >> 56;
    }
    for (; i < size; i++) {
        lines += data[i] == newline;
    }
    return lines;
}
