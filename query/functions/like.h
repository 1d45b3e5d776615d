/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_QUERY_FUNCTIONS_LIKE_H
#define TARN_QUERY_FUNCTIONS_LIKE_H

#include "format/base/error.h"

/*
 * LIKE patterns: % any characters, _ one character, and an escape that makes the next one stand for itself.
 *
 * Matching looks back at most to the last %: time is O(text * pattern), never worse.
 */
/** Does `text` match? `escape`: a byte sequence of one character, or empty. */
bool tarn__like(struct tarn_text text, struct tarn_text pattern, struct tarn_text escape);
/** An escape at the end of the pattern, which is an error. */
bool tarn__like_is_broken(struct tarn_text pattern, struct tarn_text escape);
/** The literal text before the first wildcard when nothing is escaped in it; *rest_is_percent: only one % follows. */
struct tarn_text tarn__like_prefix(struct tarn_text pattern, struct tarn_text escape, bool *exact, bool *rest_is_percent);

#endif
