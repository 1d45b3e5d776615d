/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_PARTITION_H
#define TARN_TXLOG_DELTA_DELTA_PARTITION_H

#include "format/base/int128.h"
#include "format/base/text.h"
#include "format/json/json_print.h"
#include "format/json/json_pull.h"
#include "tarn/value.h"

/*
 * Partition values: texts in the log, typed values inside, and back.
 *
 * The raw form of a tuple is its map as written: for each entry the size of the key (4 bytes, little-endian), the key, the size of the
 * value (4 bytes; all ones: null), the value. Equal files of one writer have equal raw forms, which is all that interning needs.
 *
 * An empty text is null, except for strings and binaries: the protocol calls it null there too, but Spark, delta-rs and Polars write and
 * read it as the empty string, so that null would lose what was written.
 */

/** Reads the map that comes next into the reader's arena. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_partition_read(struct tarn_json *json, struct tarn_text *raw, struct tarn_error *err);
/** Adds an entry to a raw form; `value` NULL: null. */
void tarn__delta_partition_add(struct tarn_text_builder *raw, struct tarn_text key, const struct tarn_text *value);
/** The next entry; false at the end. The raw form must be one that this file made. */
bool tarn__delta_partition_next(struct tarn_text *raw, struct tarn_text *key, struct tarn_text *value, bool *is_null);

/** The value of a text. Texts are copied into the arena. Errors: CORRUPT partition_value, UNSUPPORTED, NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_value_parse(const struct tarn_type *type, struct tarn_text text, struct tarn_arena *arena,
                                                          struct tarn_value *out, struct tarn_error *err);
/** The text of a value that is not null. Errors: INVALID (a binary that is no UTF-8), UNSUPPORTED. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_value_print(const struct tarn_value *value, struct tarn_text_builder *out,
                                                          struct tarn_error *err);

#endif
