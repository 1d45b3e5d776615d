/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_WRITER_PARQUET_ARROW_SCHEMA_H
#define TARN_WRITER_PARQUET_ARROW_SCHEMA_H

#include "format/base/arena.h"
#include "tarn/arrow.h"
#include "tarn/writer.h"

/** Is a key of a schema not what speaks of another file: its checksum, and the Arrow schema of the program that wrote it? */
bool tarn__is_own_key(struct tarn_text key);

/**
 * The value of the key ARROW:schema: an encapsulated IPC message with the schema, in base64. `arrow`: the schema that the rows came with,
 * NULL: that of `schema` as it would be exported. *out is empty when the file is to have none: choice NO, or AUTO where nothing of the
 * types is lost without it.
 * Errors: UNSUPPORTED (NO, and a type that has no other word in Parquet), those of tarn_arrow_export_schema, NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__arrow_schema_value(struct tarn_arena *arena, const struct tarn_schema *schema,
                                                           const struct ArrowSchema *arrow, enum tarn_choice choice, struct tarn_text *out,
                                                           struct tarn_error *err);

#endif
