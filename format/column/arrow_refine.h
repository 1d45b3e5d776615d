/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_ARROW_REFINE_H
#define TARN_FORMAT_COLUMN_ARROW_REFINE_H

#include "format/column/parquet_schema.h"

/**
 * What the key ARROW:schema of a file says beyond its Parquet schema: zones of timestamps (with `zones`), durations, and the extension
 * types uuid, json and geoarrow.wkb. It only refines: where the two disagree, and where the key's value is no Arrow schema, the Parquet
 * schema holds. Only before anyone else has seen the schema, which is immutable from then on. Errors: NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__arrow_refine(struct tarn_env *env, struct tarn_file_schema *schema, bool zones,
                                                     struct tarn_error *err);

#endif
