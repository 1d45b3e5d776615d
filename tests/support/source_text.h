/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TESTS_SUPPORT_SOURCE_TEXT_H
#define TARN_TESTS_SUPPORT_SOURCE_TEXT_H

#include "tarn/cursor.h"
#include "tarn/store.h"

/*
 * Sources as text, to be compared with text written by hand: the schema on the first line ("a BIGINT, b VARCHAR"), then a line a row with
 * '|' between values and '~' for a null; "!STATUS.detail" last when reading failed.
 */

/** Static storage, overwritten by the next call; cut when it is longer than 256 KiB. */
const char *tarn_test_source_text(struct tarn_source *source);
/** The same as words of the schema alone. */
const char *tarn_test_schema_text(const struct tarn_schema *schema);

/** A memory store with one object "f" of these bytes. */
struct tarn_store *tarn_test_store_of(struct tarn_env *env, const void *bytes, size_t size);

#endif
