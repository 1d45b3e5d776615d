/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BASE_ERROR_H
#define TARN_FORMAT_BASE_ERROR_H

#include "tarn/error.h"

/*
 * Filling in a struct tarn_error: one function a kind, so that a kind always carries the same facts.
 *
 * Each writes the whole struct (places unset) and returns its status, for `return tarn__invalid(err, ...)`. Callers further up add
 * the places they know with tarn__error_at_*; a place that is already set is kept, since the innermost one is the exact one.
 * `detail` is the field's word for the kind, lower case with dots and underscores. `err` may be NULL everywhere.
 */

enum tarn_status tarn__error_set(struct tarn_error *err, enum tarn_status code, const char *detail, const char *format, ...)
    TARN_PRINTF(4, 5);

/** INVALID: the caller's fault. */
enum tarn_status tarn__invalid(struct tarn_error *err, const char *detail, const char *format, ...) TARN_PRINTF(3, 4);

/** CORRUPT: stored bytes are wrong. The one exit for corruption: a single breakpoint. */
enum tarn_status tarn__corrupt(struct tarn_error *err, const char *detail, const char *format, ...) TARN_PRINTF(3, 4);

/** UNSUPPORTED: `feature` is a name from the table of format/base/features.h. */
enum tarn_status tarn__unsupported(struct tarn_error *err, const char *feature, const char *format, ...) TARN_PRINTF(3, 4);

/** A failed system call; the status follows from errno: NOT_FOUND, EXISTS, AUTH, NOMEM, CANCELLED (never from EINTR), else IO. */
enum tarn_status tarn__sys_error(struct tarn_error *err, int sys_errno, const char *format, ...) TARN_PRINTF(3, 4);

/** Gives an error that is set another status, which is returned; its message and places stay. */
enum tarn_status tarn__error_recode(struct tarn_error *err, enum tarn_status code);

/** INTERNAL: an invariant of tarn's own does not hold. */
enum tarn_status tarn__internal(struct tarn_error *err, const char *format, ...) TARN_PRINTF(2, 3);

void tarn__error_at_object(struct tarn_error *err, struct tarn_text path);
void tarn__error_at_offset(struct tarn_error *err, uint64_t offset);
void tarn__error_at_row_group(struct tarn_error *err, int32_t row_group);
void tarn__error_at_column(struct tarn_error *err, struct tarn_text column);
void tarn__error_at_row(struct tarn_error *err, uint64_t row);
void tarn__error_at_version(struct tarn_error *err, int64_t version);

/** Copies text into a fixed field, cut on a UTF-8 boundary, terminated. `keep_end`: cut at the left, marked with "...". */
void tarn__text_copy(char *field, size_t size, struct tarn_text text, bool keep_end);

static inline int tarn__text_shown(struct tarn_text text)
{
    return (int)(text.size > 4096 ? 4096 : text.size);
}

static inline const char *tarn__text_chars(struct tarn_text text)
{
    return text.size != 0 ? text.data : "";
}

/** For printf: "%.*s", TARN_TEXT_ARG(text). */
#define TARN_TEXT_ARG(text) tarn__text_shown(text), tarn__text_chars(text)

#define TARN_RETURN_IF_ERROR(call)                                                                                                         \
    do {                                                                                                                                   \
        const enum tarn_status tarn_status_ = (call);                                                                                      \
        if (tarn_status_ != TARN_OK) {                                                                                                     \
            return tarn_status_;                                                                                                           \
        }                                                                                                                                  \
    } while (0)

#endif
