/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_DELETION_VECTOR_H
#define TARN_TXLOG_DELTA_DELTA_DELETION_VECTOR_H

#include "txlog/core/roaring.h"
#include "txlog/core/snapshot.h"

/*
 * Deletion vectors of Delta: what a descriptor of the log says, and the files that they lie in. Threads: any.
 */

/**
 * The rows that a descriptor names. Errors: CORRUPT with a detail deletion_vector_storage, _path, _inline, _version, _size, _crc, _magic,
 * _cardinality, or roaring; NOT_FOUND deletion_vector (its file is gone); AUTH outside_table; IO, LIMIT, NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__delta_vector_load(const struct tarn_snapshot *snapshot, const struct tarn__deletion_vector *vector,
                                                          struct tarn__roaring **out, struct tarn_error *err);

/** The same of the bytes themselves: magic and bitmap. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_vector_parse(struct tarn_env *env, struct tarn_span data, uint64_t cardinality,
                                                           struct tarn__roaring **out, struct tarn_error *err);

/**
 * Appends where the file of a vector lies that is not inline: a key of the table's store, or what leads out of the table. Errors: CORRUPT
 * deletion_vector_storage, deletion_vector_path.
 */
TARN_WARN_UNUSED enum tarn_status tarn__delta_vector_path(const struct tarn__deletion_vector *vector, struct tarn_text_builder *out,
                                                          struct tarn_error *err);

/** A file of deletion vectors that is being written. */
struct tarn__delta_vector_file {
    struct tarn_text_builder bytes;
    char place[21]; /* what descriptors call it, terminated */
    char key[64];   /* in the table's store, terminated */
};

void tarn__delta_vector_file_begin(struct tarn__delta_vector_file *file, struct tarn_env *env);
void tarn__delta_vector_file_free(struct tarn__delta_vector_file *file);
/** Adds a vector; its texts point into the file. Errors: LIMIT (more than 2 GiB), NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_vector_file_add(struct tarn__delta_vector_file *file, const struct tarn__roaring *rows,
                                                              struct tarn__deletion_vector *out, struct tarn_error *err);

#endif
