/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TESTS_SUPPORT_EXPECTED_ROWS_H
#define TARN_TESTS_SUPPORT_EXPECTED_ROWS_H

#include "tarn/cursor.h"

/*
 * What the conformance corpus says a file holds: rows (PATH.rows.jsonl, also zipped) or a digest a column (PATH.digest.json), and the
 * comparison with what a source gives. For tests.
 */

/** A whole file of the host, terminated, of malloc; NULL when there is none. */
char *tarn_test_read_whole(const char *path, size_t *size);

/** The text of `base``suffix`, or of the same with ".gz" behind it, unpacked; NULL when there is none or this build cannot unpack it. */
char *tarn_test_read_expected(const char *base, const char *suffix, size_t *size);

/** Compares two JSON texts value by value, floats by their bits; the byte of `got` where they differ, or its size. */
size_t tarn_test_compare_json(struct tarn_env *env, struct tarn_text expected, struct tarn_text got);

/** Why the columns of `source` are not those of `digest`: a text in `why`, "" when they are. Fails with the source's error. */
enum tarn_status tarn_test_compare_digest(struct tarn_source *source, struct tarn_text digest, char *why, size_t size,
                                          struct tarn_error *err);

#endif
