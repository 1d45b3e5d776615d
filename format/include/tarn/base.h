/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_BASE_H
#define TARN_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The words that every other header of tarn uses: version, visibility, spans of bytes and of text.
 *
 * Headers of tarn are C11 and C++17. Handles are opaque; options structs and vtables begin with `uint32_t size`, are filled by
 * their _INIT macro and only ever grow at the end, so that an older caller works with a newer library.
 */

#ifdef __cplusplus
#define TARN_BEGIN_DECLS extern "C" {
#define TARN_END_DECLS }
#else
#define TARN_BEGIN_DECLS
#define TARN_END_DECLS
#endif

#if defined(__GNUC__)
#define TARN_API __attribute__((visibility("default")))
#define TARN_WARN_UNUSED __attribute__((warn_unused_result))
#define TARN_PRINTF(format_at, first_at) __attribute__((__format__(__printf__, format_at, first_at)))
#else
#define TARN_API
#define TARN_WARN_UNUSED
#define TARN_PRINTF(format_at, first_at)
#endif

/** A status that must not be dropped, of an exported function. */
#define TARN_CALL TARN_API TARN_WARN_UNUSED enum tarn_status

#define TARN_VERSION_MAJOR 0
#define TARN_VERSION_MINOR 1
#define TARN_VERSION_PATCH 0
#define TARN_VERSION "0.1.0"

TARN_BEGIN_DECLS

/** Borrowed bytes. `data` may be NULL when `size` is 0. */
struct tarn_span {
    const uint8_t *data;
    size_t size;
};

/** Borrowed text, UTF-8 where nothing else is said, not terminated. Names are compared byte by byte: nothing is normalised. */
struct tarn_text {
    const char *data;
    size_t size;
};

/** The text of a string literal. */
#define TARN_TEXT(literal) (TARN_TEXT_TYPE{(literal), sizeof(literal) - 1})
#ifdef __cplusplus
#define TARN_TEXT_TYPE tarn_text
#else
#define TARN_TEXT_TYPE (struct tarn_text)
#endif

/** A choice that is made for the caller unless the caller makes it. */
enum tarn_choice { TARN_CHOICE_AUTO = 0, TARN_CHOICE_NO = 1, TARN_CHOICE_YES = 2 };

/** The version of the library that runs, which may differ from TARN_VERSION of the headers. Static. */
TARN_API const char *tarn_version(void);

TARN_END_DECLS

#endif
