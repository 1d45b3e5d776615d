/* SPDX-License-Identifier: Apache-2.0
 *
 * Errors that point into SQL text. SPEC: Q-ERR-1 to Q-ERR-3.
 *
 * Invariants
 *  1. The excerpt and the caret line together fit EXCERPT_BYTES, so that they always fit the message field: the message is what gives way.
 *  2. The caret stands under the first column of the character at the place; both lines are cut at the same column.
 */
#include "query/sql/caret.h"

#include <stdio.h>
#include <string.h>

#include "format/base/bytes.h"
#include "format/base/utf8.h"

enum {
    BEFORE_COLUMNS = 44, /* of the line, left and right of the place */
    AFTER_COLUMNS = 32,
    EXCERPT_BYTES = 340,
};

static bool is_wide(uint32_t point)
{
    return (point >= 0x1100 && point <= 0x115f) || (point >= 0x2e80 && point <= 0xa4cf) || (point >= 0xac00 && point <= 0xd7a3) ||
           (point >= 0xf900 && point <= 0xfaff) || (point >= 0xfe30 && point <= 0xfe4f) || (point >= 0xff00 && point <= 0xff60) ||
           (point >= 0x1f300 && point <= 0x1faff) || (point >= 0x20000 && point <= 0x3fffd);
}

static bool is_combining(uint32_t point)
{
    return (point >= 0x300 && point <= 0x36f) || (point >= 0x200b && point <= 0x200f) || (point >= 0xfe00 && point <= 0xfe0f) ||
           (point >= 0x20d0 && point <= 0x20ff);
}

/* The character at `at`, its length in bytes (at least 1) and the columns it takes. */
static size_t character(struct tarn_text line, size_t at, unsigned *columns, bool *printable)
{
    uint32_t point = 0;
    const size_t size = tarn__utf8_decode(line, at, &point);
    *printable = size != 0 && point >= 0x20 && point != 0x7f;
    *columns = !*printable ? 1 : is_combining(point) ? 0 : is_wide(point) ? 2 : 1;
    return size != 0 ? size : 1;
}

static size_t step_back(struct tarn_text line, size_t at)
{
    do {
        at--;
    } while (at > 0 && ((unsigned char)line.data[at] & 0xc0u) == 0x80u);
    return at;
}

struct excerpt {
    char text[EXCERPT_BYTES];
    size_t size;
};

static void add(struct excerpt *excerpt, const char *bytes, size_t size)
{
    if (excerpt->size + size < sizeof(excerpt->text)) {
        memcpy(excerpt->text + excerpt->size, bytes, size);
        excerpt->size += size;
    }
}

/* Copies [from, to) of the line and returns its columns. */
static unsigned add_part(struct excerpt *excerpt, struct tarn_text line, size_t from, size_t to)
{
    unsigned width = 0;
    while (from < to) {
        unsigned columns;
        bool printable;
        const size_t size = character(line, from, &columns, &printable);
        add(excerpt, printable ? line.data + from : " ", printable ? size : 1);
        width += columns;
        from += size;
    }
    return width;
}

static void draw(struct excerpt *excerpt, struct tarn_text line, size_t at, unsigned line_number)
{
    size_t from = at;
    size_t to = at;
    unsigned width = 0;
    unsigned columns;
    bool printable;

    while (from > 0 && width < BEFORE_COLUMNS && at - from < 120) {
        from = step_back(line, from);
        character(line, from, &columns, &printable);
        width += columns;
    }
    width = 0;
    while (to < line.size && width < AFTER_COLUMNS && to - at < 90) {
        to += character(line, to, &columns, &printable);
        width += columns;
    }

    char head[32];
    int head_size = snprintf(head, sizeof(head), "\nLINE %u: %s", line_number, from > 0 ? "..." : "");
    add(excerpt, head, (size_t)head_size);
    const unsigned indent = add_part(excerpt, line, from, at) + (unsigned)head_size - 1;
    add_part(excerpt, line, at, to);
    add(excerpt, "...", to < line.size ? 3 : 0);
    add(excerpt, "\n", 1);
    for (unsigned i = 0; i < indent; i++) {
        add(excerpt, " ", 1);
    }
    add(excerpt, "^", 1);
}

void tarn__sql_error_at(struct tarn_error *err, struct tarn_text sql, uint32_t place)
{
    if (err == NULL || place == TARN_NO_PLACE) {
        return;
    }
    const size_t at = place < sql.size ? place : sql.size;
    size_t begin = at;
    size_t end = at;
    unsigned line_number = 1;
    while (begin > 0 && sql.data[begin - 1] != '\n') {
        begin--;
    }
    while (end < sql.size && sql.data[end] != '\n' && sql.data[end] != '\r') {
        end++;
    }
    for (size_t i = 0; i < begin; i++) {
        line_number += sql.data[i] == '\n';
    }

    struct excerpt excerpt;
    excerpt.size = 0;
    draw(&excerpt, (struct tarn_text){sql.data + begin, end - begin}, at - begin, line_number);

    char message[sizeof(err->message)];
    const struct tarn_text what = tarn__text_of(err->message);
    tarn__text_copy(message, sizeof(message) - excerpt.size, what, false);
    const size_t kept = strlen(message);
    memcpy(message + kept, excerpt.text, excerpt.size);
    tarn__text_copy(err->message, sizeof(err->message), (struct tarn_text){message, kept + excerpt.size}, false);
    err->offset = (int64_t)at;
}
