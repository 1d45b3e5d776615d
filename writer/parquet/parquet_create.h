/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_WRITER_PARQUET_PARQUET_CREATE_H
#define TARN_WRITER_PARQUET_PARQUET_CREATE_H

#include "tarn/arrow.h"
#include "tarn/writer.h"

/** As tarn_parquet_create; `arrow` is the schema that the rows came with, borrowed for the call: what ARROW:schema keeps of it. NULL: none.
 */
TARN_WARN_UNUSED enum tarn_status tarn__parquet_create(struct tarn_store *store, struct tarn_text key, const struct tarn_schema *schema,
                                                       const struct tarn_parquet_write_options *options, const struct ArrowSchema *arrow,
                                                       struct tarn_sink **out, struct tarn_error *err);

#endif
