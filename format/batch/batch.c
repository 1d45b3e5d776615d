/* SPDX-License-Identifier: Apache-2.0
 *
 * Batches: columns and their schema under one reference count.
 */
#include <stdatomic.h>

#include "format/base/checked.h"
#include "format/batch/vector.h"

struct owned_batch {
    struct tarn_batch batch; /* first: the two addresses are one */
    struct tarn_env *env;
    atomic_uint_fast32_t references;
    struct tarn_vector *columns[];
};

static struct owned_batch *owner_of(const struct tarn_batch *batch)
{
    return (struct owned_batch *)(uintptr_t)batch;
}

enum tarn_status tarn_batch_make(struct tarn_env *env, const struct tarn_schema *schema, uint32_t length,
                                 struct tarn_vector *const *columns, struct tarn_batch **out, struct tarn_error *err)
{
    *out = NULL;
    const uint32_t count = schema->field_count;
    for (uint32_t i = 0; i < count; i++) {
        if (columns[i]->length != length) {
            tarn__invalid(err, "column_length", "a column has %u rows in a batch of %u", columns[i]->length, length);
            tarn__error_at_column(err, schema->fields[i].name);
            return TARN_INVALID;
        }
    }
    struct owned_batch *owner = tarn__calloc(env, 1, sizeof(*owner) + (size_t)count * sizeof(struct tarn_vector *));
    if (owner == NULL) {
        return tarn__nomem(env, err, sizeof(*owner));
    }
    for (uint32_t i = 0; i < count; i++) {
        owner->columns[i] = tarn_vector_retain(columns[i]);
    }
    owner->env = tarn__env_retain(env);
    atomic_init(&owner->references, 1);
    owner->batch = (struct tarn_batch){
        .schema = tarn_schema_retain(schema),
        .length = length,
        .column_count = count,
        .columns = owner->columns,
        .selection = tarn_selection_all(length),
    };
    *out = &owner->batch;
    return TARN_OK;
}

enum tarn_status tarn__batch_adopt(struct tarn_env *env, const struct tarn_schema *schema, uint32_t length, struct tarn_vector **columns,
                                   struct tarn_batch **out, struct tarn_error *err)
{
    enum tarn_status status = TARN_OK;
    *out = NULL;
    for (uint32_t i = 0; i < schema->field_count && status == TARN_OK; i++) {
        if (columns[i] == NULL) {
            status = tarn__nomem(env, err, 0);
        }
    }
    if (status == TARN_OK) {
        status = tarn_batch_make(env, schema, length, columns, out, err);
    }
    for (uint32_t i = 0; i < schema->field_count; i++) {
        tarn_vector_release(columns[i]);
    }
    return status;
}

struct tarn_batch *tarn_batch_retain(struct tarn_batch *batch)
{
    if (batch != NULL) {
        atomic_fetch_add_explicit(&owner_of(batch)->references, 1, memory_order_relaxed);
    }
    return batch;
}

void tarn_batch_release(struct tarn_batch *batch)
{
    if (batch == NULL || atomic_fetch_sub_explicit(&owner_of(batch)->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    struct owned_batch *owner = owner_of(batch);
    for (uint32_t i = 0; i < batch->column_count; i++) {
        tarn_vector_release(owner->columns[i]);
    }
    tarn_schema_release(batch->schema);
    struct tarn_env *env = owner->env;
    tarn__free(env, owner);
    tarn_env_close(env);
}
