/* SPDX-License-Identifier: Apache-2.0
 *
 * Statuses and errors: the table of names and numbers, and the writers of struct tarn_error.
 *
 * Invariants
 *  1. Every text field ends in NUL and is cut between characters, never inside one.
 *  2. A place (offset, column, ...) once set is not overwritten while the error unwinds: the innermost caller knew it best.
 */
#include "format/base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *tarn_version(void)
{
    return TARN_VERSION;
}

const char *tarn_status_name(enum tarn_status status)
{
    switch (status) {
#define NAME(name, number, sys_errno, exit_code, meaning)                                                                                  \
    case TARN_##name:                                                                                                                      \
        return #name;
        TARN_STATUS_TABLE(NAME)
#undef NAME
    }
    return "UNKNOWN";
}

const char *tarn_status_meaning(enum tarn_status status)
{
    switch (status) {
#define MEANING(name, number, sys_errno, exit_code, meaning)                                                                               \
    case TARN_##name:                                                                                                                      \
        return meaning;
        TARN_STATUS_TABLE(MEANING)
#undef MEANING
    }
    return "no status of tarn";
}

int tarn_status_errno(enum tarn_status status)
{
    switch (status) {
#define ERRNO(name, number, sys_errno, exit_code, meaning)                                                                                 \
    case TARN_##name:                                                                                                                      \
        return sys_errno;
        TARN_STATUS_TABLE(ERRNO)
#undef ERRNO
    }
    return EIO;
}

int tarn_status_exit_code(enum tarn_status status)
{
    switch (status) {
#define EXIT_CODE(name, number, sys_errno, exit_code, meaning)                                                                             \
    case TARN_##name:                                                                                                                      \
        return exit_code;
        TARN_STATUS_TABLE(EXIT_CODE)
#undef EXIT_CODE
    }
    return 1;
}

static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xc0u) == 0x80u;
}

void tarn__text_copy(char *field, size_t size, struct tarn_text text, bool keep_end)
{
    static const char dots[] = "...";
    size_t out = 0;
    const char *from = text.data;
    size_t length = text.size;

    if (length >= size && keep_end) {
        memcpy(field, dots, sizeof(dots) - 1);
        out = sizeof(dots) - 1;
        size_t skip = length - (size - 1 - out);
        while (skip < length && is_continuation(from[skip])) {
            skip++;
        }
        from += skip;
        length -= skip;
    } else if (length >= size) {
        length = size - 1;
        while (length > 0 && is_continuation(from[length])) {
            length--;
        }
    }
    if (length != 0) {
        memcpy(field + out, from, length);
    }
    memset(field + out + length, 0, size - out - length);
}

static enum tarn_status set_va(struct tarn_error *err, enum tarn_status code, const char *detail, const char *format, va_list args)
{
    if (err == NULL) {
        return code;
    }
    char message[1024];
    vsnprintf(message, sizeof(message), format, args);
    *err = (struct tarn_error){.code = code, .row_group = -1, .offset = -1, .row = -1, .table_version = -1};
    tarn__text_copy(err->detail, sizeof(err->detail), (struct tarn_text){detail, strlen(detail)}, false);
    tarn__text_copy(err->message, sizeof(err->message), (struct tarn_text){message, strlen(message)}, false);
    return code;
}

enum tarn_status tarn__error_set(struct tarn_error *err, enum tarn_status code, const char *detail, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_va(err, code, detail, format, args);
    va_end(args);
    return code;
}

enum tarn_status tarn_error_set(struct tarn_error *err, enum tarn_status code, const char *detail, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_va(err, code, detail, format, args);
    va_end(args);
    return code;
}

enum tarn_status tarn__invalid(struct tarn_error *err, const char *detail, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_va(err, TARN_INVALID, detail, format, args);
    va_end(args);
    return TARN_INVALID;
}

enum tarn_status tarn__corrupt(struct tarn_error *err, const char *detail, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_va(err, TARN_CORRUPT, detail, format, args);
    va_end(args);
    return TARN_CORRUPT;
}

enum tarn_status tarn__unsupported(struct tarn_error *err, const char *feature, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_va(err, TARN_UNSUPPORTED, feature, format, args);
    va_end(args);
    return TARN_UNSUPPORTED;
}

enum tarn_status tarn__internal(struct tarn_error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_va(err, TARN_INTERNAL, "invariant", format, args);
    va_end(args);
    return TARN_INTERNAL;
}

static enum tarn_status status_of_errno(int sys_errno)
{
    switch (sys_errno) {
    case ENOENT:
    case ENOTDIR:
        return TARN_NOT_FOUND;
    case EEXIST:
        return TARN_EXISTS;
    case EACCES:
    case EPERM:
    case EXDEV: /* openat2 with RESOLVE_BENEATH: the path leads outside its root */
    case ELOOP:
        return TARN_AUTH;
    case ENOMEM:
        return TARN_NOMEM;
    default:
        return TARN_IO;
    }
}

enum tarn_status tarn__sys_error(struct tarn_error *err, int sys_errno, const char *format, ...)
{
    const enum tarn_status code = status_of_errno(sys_errno);
    if (err == NULL) {
        return code;
    }
    char what[512];
    char reason[128];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    const char *text = strerror_r(sys_errno, reason, sizeof(reason));
    tarn__error_set(err, code, "system", "%s: %s", what, text);
    err->sys_errno = sys_errno;
    return code;
}

enum tarn_status tarn__error_recode(struct tarn_error *err, enum tarn_status code)
{
    if (err != NULL) {
        err->code = code;
    }
    return code;
}

void tarn__error_at_object(struct tarn_error *err, struct tarn_text path)
{
    if (err != NULL && err->object[0] == '\0') {
        tarn__text_copy(err->object, sizeof(err->object), path, true);
    }
}

void tarn__error_at_offset(struct tarn_error *err, uint64_t offset)
{
    if (err != NULL && err->offset < 0) {
        err->offset = offset > INT64_MAX ? INT64_MAX : (int64_t)offset;
    }
}

void tarn__error_at_row_group(struct tarn_error *err, int32_t row_group)
{
    if (err != NULL && err->row_group < 0) {
        err->row_group = row_group;
    }
}

void tarn__error_at_column(struct tarn_error *err, struct tarn_text column)
{
    if (err != NULL && err->column[0] == '\0') {
        tarn__text_copy(err->column, sizeof(err->column), column, false);
    }
}

void tarn__error_at_row(struct tarn_error *err, uint64_t row)
{
    if (err != NULL && err->row < 0) {
        err->row = row > INT64_MAX ? INT64_MAX : (int64_t)row;
    }
}

void tarn__error_at_version(struct tarn_error *err, int64_t version)
{
    if (err != NULL && err->table_version < 0) {
        err->table_version = version;
    }
}

/* Appends to a bounded buffer and counts what the whole text would need. */
struct line {
    char *buffer;
    size_t size;
    size_t length;
};

static void line_add(struct line *line, const char *format, ...) TARN_PRINTF(2, 3);

static void line_add(struct line *line, const char *format, ...)
{
    const size_t room = line->length < line->size ? line->size - line->length : 0;
    va_list args;
    va_start(args, format);
    const int added = vsnprintf(room != 0 ? line->buffer + line->length : NULL, room, format, args);
    va_end(args);
    line->length += added > 0 ? (size_t)added : 0;
}

static void line_place(struct line *line, bool *any, const char *format, ...) TARN_PRINTF(3, 4);

static void line_place(struct line *line, bool *any, const char *format, ...)
{
    char place[320];
    va_list args;
    va_start(args, format);
    vsnprintf(place, sizeof(place), format, args);
    va_end(args);
    line_add(line, "%s%s", *any ? ", " : " (", place);
    *any = true;
}

size_t tarn_error_format(const struct tarn_error *err, char *buffer, size_t size)
{
    struct line line = {buffer, size, 0};
    bool any = false;

    if (size != 0) {
        buffer[0] = '\0';
    }
    line_add(&line, "%s%s%s: %s", tarn_status_name(err->code), err->detail[0] != '\0' ? "." : "", err->detail, err->message);
    if (err->object[0] != '\0') {
        line_place(&line, &any, "%s", err->object);
    }
    if (err->table_version >= 0) {
        line_place(&line, &any, "version %lld", (long long)err->table_version);
    }
    if (err->row_group >= 0) {
        line_place(&line, &any, "row group %d", (int)err->row_group);
    }
    if (err->column[0] != '\0') {
        line_place(&line, &any, "column %s", err->column);
    }
    if (err->row >= 0) {
        line_place(&line, &any, "row %lld", (long long)err->row);
    }
    if (err->offset >= 0) {
        line_place(&line, &any, "byte %lld", (long long)err->offset);
    }
    if (err->http_status != 0) {
        line_place(&line, &any, "HTTP %d", (int)err->http_status);
    }
    if (any) {
        line_add(&line, ")");
    }
    return line.length;
}
