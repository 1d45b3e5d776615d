/* SPDX-License-Identifier: Apache-2.0
 *
 * Deletion vectors as sets of rows, whatever the format keeps them in.
 *
 * Invariant: a set that is handed out has rows of its file only, as far as the table knows how many those are.
 */
#include "txlog/core/deleted_rows.h"

#include "txlog/core/table_format.h"

enum tarn_status tarn__deleted_rows_check(const struct tarn__roaring *deleted, uint64_t rows, struct tarn_error *err)
{
    uint64_t last;
    if (tarn__roaring_last(deleted, &last) && last >= rows) {
        return tarn__corrupt(err, "deletion_vector_rows", "a deletion vector names row %llu of a file that has %llu",
                             (unsigned long long)last, (unsigned long long)rows);
    }
    return TARN_OK;
}

static enum tarn_status read_vector(const struct tarn_snapshot *snapshot, const struct tarn__tracked_file *file,
                                    const struct tarn__deletion_vector *vector, struct tarn__roaring **out, struct tarn_error *err)
{
    *out = NULL;
    if (vector == NULL) {
        return TARN_OK;
    }
    if (snapshot->format->deleted_rows == NULL) {
        return tarn__internal(err, "the table format %s has deletion vectors that it cannot read", snapshot->format->name);
    }
    enum tarn_status status = snapshot->format->deleted_rows(snapshot, vector, out, err);
    if (status == TARN_OK && file->rows >= 0) {
        status = tarn__deleted_rows_check(*out, (uint64_t)file->rows, err);
    }
    if (status != TARN_OK) {
        tarn__error_at_object(err, file->path);
        tarn__roaring_release(*out);
        *out = NULL;
    }
    return status;
}

enum tarn_status tarn__deleted_rows(const struct tarn_snapshot *snapshot, const struct tarn__tracked_file *file, struct tarn__roaring **out,
                                    struct tarn_error *err)
{
    return read_vector(snapshot, file, tarn__file_deletion_vector(file), out, err);
}

enum tarn_status tarn__only_rows(const struct tarn_snapshot *snapshot, const struct tarn__tracked_file *file,
                                 const struct tarn__roaring *deleted, struct tarn__roaring **out, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(read_vector(snapshot, file, file->extra != NULL ? file->extra->only_rows : NULL, out, err));
    if (*out == NULL || deleted == NULL) {
        return TARN_OK;
    }
    struct tarn__roaring *only = *out;
    const enum tarn_status status = tarn__roaring_minus(snapshot->env, only, deleted, out, err);
    tarn__roaring_release(only);
    *out = status == TARN_OK ? *out : NULL;
    return status;
}
