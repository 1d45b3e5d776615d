/* SPDX-License-Identifier: Apache-2.0
 *
 * Chunks of rows and lists of them. Invariant: the columns array is freed with the chunk, its entries may be NULL.
 */
#include "format/batch/flatten.h"
#include "format/batch/gather.h"
#include "query/exec/stage.h"

enum tarn_status tarn__chunk_init(struct tarn__chunk *chunk, struct tarn_env *env, uint32_t rows, uint32_t column_count,
                                  struct tarn_error *err)
{
    *chunk = (struct tarn__chunk){rows, column_count, tarn__calloc(env, column_count + 1u, sizeof(struct tarn_vector *))};
    if (chunk->columns == NULL) {
        *chunk = (struct tarn__chunk){0, 0, NULL};
        return tarn__nomem(env, err, 0);
    }
    return TARN_OK;
}

void tarn__chunk_free(struct tarn__chunk *chunk, struct tarn_env *env)
{
    for (uint32_t i = 0; chunk->columns != NULL && i < chunk->column_count; i++) {
        tarn_vector_release(chunk->columns[i]);
    }
    tarn__free(env, chunk->columns);
    *chunk = (struct tarn__chunk){0, 0, NULL};
}

enum tarn_status tarn__chunk_gather(const struct tarn__chunk *chunk, struct tarn_env *env, const uint32_t *positions, uint32_t count,
                                    struct tarn__chunk *out, struct tarn_error *err)
{
    enum tarn_status status = tarn__chunk_init(out, env, count, chunk->column_count, err);
    for (uint32_t i = 0; status == TARN_OK && i < chunk->column_count; i++) {
        status = tarn__vector_gather(chunk->columns[i], positions, count, &out->columns[i], err);
    }
    if (status != TARN_OK) {
        tarn__chunk_free(out, env);
    }
    return status;
}

enum tarn_status tarn__chunk_slice(const struct tarn__chunk *chunk, struct tarn_env *env, uint32_t from, uint32_t count,
                                   struct tarn__chunk *out, struct tarn_error *err)
{
    enum tarn_status status = tarn__chunk_init(out, env, count, chunk->column_count, err);
    for (uint32_t i = 0; status == TARN_OK && i < chunk->column_count; i++) {
        status = tarn__vector_slice(chunk->columns[i], from, count, &out->columns[i], err);
    }
    if (status != TARN_OK) {
        tarn__chunk_free(out, env);
    }
    return status;
}

enum tarn_status tarn__chunks_add(struct tarn__chunks *chunks, struct tarn_env *env, struct tarn__chunk *chunk, struct tarn_error *err)
{
    if (!tarn__grow(env, &chunks->items, &chunks->capacity, chunks->count + 1, sizeof(*chunks->items))) {
        tarn__chunk_free(chunk, env);
        return tarn__nomem(env, err, 0);
    }
    chunks->rows += chunk->rows;
    chunks->items[chunks->count++] = *chunk;
    *chunk = (struct tarn__chunk){0, 0, NULL};
    return TARN_OK;
}

void tarn__chunks_free(struct tarn__chunks *chunks, struct tarn_env *env)
{
    for (size_t i = 0; i < chunks->count; i++) {
        tarn__chunk_free(&chunks->items[i], env);
    }
    tarn__free(env, chunks->items);
    *chunks = (struct tarn__chunks){NULL, 0, 0, 0};
}

static enum tarn_status concat_column(const struct tarn__chunks *chunks, struct tarn_env *env, uint32_t column,
                                      const struct tarn_type *type, struct tarn_vector **parts, struct tarn_vector **out,
                                      struct tarn_error *err)
{
    if (chunks->count == 0) {
        *out = tarn__vector_nulls(env, type, 0);
        return *out != NULL ? TARN_OK : tarn__nomem(env, err, 0);
    }
    for (size_t i = 0; i < chunks->count; i++) {
        parts[i] = chunks->items[i].columns[column];
    }
    return tarn__vector_concat(env, type, (uint32_t)chunks->count, parts, NULL, out, err);
}

enum tarn_status tarn__chunks_concat(const struct tarn__chunks *chunks, struct tarn_env *env, uint32_t column_count,
                                     const struct tarn__scope_column *columns, struct tarn__chunk *out, struct tarn_error *err)
{
    struct tarn_vector **parts;
    enum tarn_status status;
    *out = (struct tarn__chunk){0, 0, NULL};
    if (chunks->rows > INT32_MAX || chunks->count > INT32_MAX) {
        return tarn__error_set(err, TARN_LIMIT, "rows", "more than 2^31 rows at one time; filter or limit them first");
    }
    TARN_RETURN_IF_ERROR(tarn__chunk_init(out, env, (uint32_t)chunks->rows, column_count, err));
    parts = tarn__calloc(env, chunks->count + 1, sizeof(*parts));
    status = parts == NULL ? tarn__nomem(env, err, 0) : TARN_OK;
    for (uint32_t i = 0; status == TARN_OK && i < column_count; i++) {
        status = concat_column(chunks, env, i, columns[i].type, parts, &out->columns[i], err);
    }
    tarn__free(env, parts);
    if (status != TARN_OK) {
        tarn__chunk_free(out, env);
    }
    return status;
}
