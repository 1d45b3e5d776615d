/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_WRITER_PARQUET_VERIFY_WRITTEN_H
#define TARN_WRITER_PARQUET_VERIFY_WRITTEN_H

#include "format/column/column_writer.h"
#include "format/column/parquet_schema.h"

/*
 * What was written, read back by the code that reads files, before the file is visible: the very bytes that go to the store, before they
 * are encrypted. What differs is CORRUPT detail "written": a fault of tarn or of the machine, and no file.
 *
 * Threads: any.
 */

/** Serialised FileMetaData that is to stand at `offset` of a file of `file_size` bytes, against what it was made of. Errors: CORRUPT,
 * NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__verify_footer(struct tarn_env *env, const struct parquet_file_metadata *meant,
                                                      struct tarn_span bytes, uint64_t offset, uint64_t file_size, struct tarn_error *err);

/** The indexes of a chunk of `rows` rows; empty ones are not there. `data`: where its data pages begin in the file. Errors: CORRUPT, NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__verify_indexes(struct tarn_env *env, const struct tarn__column_chunk *chunk, uint64_t data,
                                                       uint64_t rows, struct tarn_span column_index, struct tarn_span offset_index,
                                                       struct tarn_error *err);

/** Every page of a chunk of `rows` rows, decoded: its rows have the digest of those that were given. Errors: CORRUPT, NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__verify_chunk(struct tarn_env *env, const struct tarn_leaf *leaf,
                                                     const struct tarn__column_chunk *chunk, uint64_t rows,
                                                     struct tarn_codec_context *context, struct tarn_error *err);

#endif
