/* SPDX-License-Identifier: Apache-2.0
 *
 * Files and rows of a commit, counted.
 *
 * Adds and removes are noted as they come; where a commit has deletion vectors, pairs of one path are found in the end.
 */
#include "txlog/delta/delta_file_count.h"

#include <stdlib.h>

#include "format/base/hash.h"

struct tarn__delta_counted {
    uint64_t path; /* its hash */
    uint64_t deleted;
    uint64_t size;
    int64_t rows; /* physical; -1: not known */
    bool added;
};

static void count_rows(const struct tarn__delta_counted *file, struct tarn_commit_info *commit)
{
    const bool known = file->rows >= 0 && (uint64_t)file->rows >= file->deleted;
    const uint64_t rows = known ? (uint64_t)file->rows - file->deleted : 0;
    if (file->added) {
        commit->files_added++;
        commit->bytes_added += file->size;
        commit->rows_added += rows;
        commit->has_rows_added = commit->has_rows_added && known;
    } else {
        commit->files_removed++;
        commit->rows_removed += rows;
        commit->has_rows_removed = commit->has_rows_removed && known;
    }
}

enum tarn_status tarn__delta_count_file(struct tarn__delta_file_count *count, const struct tarn__delta_action *action,
                                        struct tarn_error *err)
{
    const struct tarn__delta_file *file = &action->u.file;
    const struct tarn__deletion_vector *vector = file->extra.deletion_vector;
    if (!tarn__grow(count->env, &count->counted, &count->capacity, count->count + 1, sizeof(*count->counted))) {
        return tarn__nomem(count->env, err, (count->count + 1) * sizeof(*count->counted));
    }
    count->with_vectors = count->with_vectors || vector != NULL;
    count->counted[count->count++] = (struct tarn__delta_counted){
        .path = tarn__hash_text(file->path),
        .deleted = vector != NULL ? vector->cardinality : 0,
        .size = file->size,
        .rows = file->rows,
        .added = action->kind == TARN_DELTA_ADD,
    };
    return TARN_OK;
}

static int by_path(const void *a, const void *b)
{
    const struct tarn__delta_counted *first = a;
    const struct tarn__delta_counted *second = b;
    const int order = (first->path > second->path) - (first->path < second->path);
    return order != 0 ? order : first->added - second->added;
}

void tarn__delta_count_end(struct tarn__delta_file_count *count, struct tarn_commit_info *commit)
{
    if (count->with_vectors) {
        qsort(count->counted, count->count, sizeof(*count->counted), by_path);
    }
    for (size_t i = 0; i < count->count; i++) {
        const struct tarn__delta_counted *file = &count->counted[i];
        if (count->with_vectors && i + 1 < count->count && file[1].path == file->path && !file->added && file[1].added) {
            commit->rows_removed += file[1].deleted > file->deleted ? file[1].deleted - file->deleted : 0;
            commit->rows_added += file->deleted > file[1].deleted ? file->deleted - file[1].deleted : 0;
            i++;
        } else {
            count_rows(file, commit);
        }
    }
    tarn__free(count->env, count->counted);
    *count = (struct tarn__delta_file_count){.env = count->env};
}
