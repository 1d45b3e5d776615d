/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_FILES_FOOTER_EDIT_H
#define TARN_TXLOG_CORE_FILES_FOOTER_EDIT_H

#include "format/column/footer.h"
#include "tarn/files.h"

/**
 * A footer's metadata without row groups, changed as the options say: names and ids of columns, key-values. What it points to lies in
 * `arena` and in `from`. `schema` is read from it, and is to be freed. The checksum key is left out: whoever writes the footer makes it.
 * Errors: NOT_FOUND detail "column", INVALID details "rename", "key"; NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__footer_edit(const struct tarn_footer *from, const struct tarn_parquet_copy_options *options,
                                                    struct tarn_arena *arena, struct parquet_file_metadata *out,
                                                    struct tarn_file_schema **schema, struct tarn_error *err);

/** Tells the options' note, if it is wanted. */
void tarn__copy_note(const struct tarn_parquet_copy_options *options, const char *format, ...) TARN_PRINTF(2, 3);

#endif
