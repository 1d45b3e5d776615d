/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_PATH_H
#define TARN_TXLOG_DELTA_DELTA_PATH_H

#include "format/base/text.h"

/*
 * Paths of a Delta log: URIs by RFC 2396, relative to the table, percent-encoded; inside they are keys of the table's store.
 *
 * A path that is not relative keeps a '/' in front, which no key has: "/abs/path" for the three spellings of a file URI,
 * "/s3://bucket/key" for other schemes. Empty segments and "." are dropped; ".." stays, for the store to refuse.
 */

/** Is decoding the path the path itself? True for what writers name their files; false also when unsure. */
bool tarn__delta_path_is_plain(struct tarn_text uri);
/** Appends the key. False: a NUL in it. */
bool tarn__delta_path_decode(struct tarn_text uri, struct tarn_text_builder *out);
/** Appends the URI of a relative key. */
void tarn__delta_path_encode(struct tarn_text key, struct tarn_text_builder *out);
/** Appends a folder or file name that may hold any text: what Hive escapes becomes %XX. */
void tarn__delta_path_escape_name(struct tarn_text text, struct tarn_text_builder *out);

#endif
