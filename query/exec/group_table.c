/* SPDX-License-Identifier: Apache-2.0
 *
 * Groups by hashing.
 *
 * Invariants
 *  1. slot_count is a power of two and at least twice group_count.
 *  2. While a batch is added, the refs of its new groups point into the batch (chunk == keys.count); at its end these rows are gathered
 *     into a chunk of their own, so that no batch is kept alive by its keys. If that fails the table is not used any more.
 */
#include "query/exec/group_table.h"

enum { FIRST_SLOTS = 256, MAX_GROUPS = 1 << 30 };

enum tarn_status tarn__group_table_init(struct tarn__group_table *table, struct tarn_env *env, uint32_t key_count, struct tarn_error *err)
{
    *table = (struct tarn__group_table){.env = env, .key_count = key_count};
    table->memos = tarn__calloc(env, key_count + 1u, sizeof(*table->memos));
    table->slots = tarn__calloc(env, FIRST_SLOTS, sizeof(*table->slots));
    if (table->memos == NULL || table->slots == NULL) {
        tarn__group_table_free(table);
        return tarn__nomem(env, err, 0);
    }
    table->slot_count = FIRST_SLOTS;
    for (uint32_t i = 0; i < key_count; i++) {
        table->memos[i].env = env;
    }
    return TARN_OK;
}

void tarn__group_table_free(struct tarn__group_table *table)
{
    for (uint32_t i = 0; table->memos != NULL && i < table->key_count; i++) {
        tarn__hash_memo_free(&table->memos[i]);
    }
    tarn__free(table->env, table->memos);
    tarn__free(table->env, table->slots);
    tarn__free(table->env, table->hashes);
    tarn__free(table->env, table->refs);
    tarn__free(table->env, table->row_hashes);
    tarn__free(table->env, table->code_groups);
    tarn__chunks_free(&table->keys, table->env);
}

static bool grow_slots(struct tarn__group_table *table, uint64_t groups)
{
    size_t count = table->slot_count;
    while (count < 2 * groups) {
        count *= 2;
    }
    if (count == table->slot_count) {
        return true;
    }
    uint32_t *slots = tarn__calloc(table->env, count, sizeof(*slots));
    if (slots == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < table->group_count; i++) {
        size_t at = (size_t)table->hashes[i] & (count - 1);
        while (slots[at] != 0) {
            at = (at + 1) & (count - 1);
        }
        slots[at] = i + 1;
    }
    tarn__free(table->env, table->slots);
    table->slots = slots;
    table->slot_count = count;
    return true;
}

static bool same_keys(const struct tarn__group_table *table, uint32_t group, struct tarn_vector *const *keys, uint32_t row)
{
    const struct group_ref ref = table->refs[group];
    struct tarn_vector *const *stored = ref.chunk == table->keys.count ? keys : table->keys.items[ref.chunk].columns;
    for (uint32_t i = 0; i < table->key_count; i++) {
        if (!tarn__vector_rows_equal(stored[i], ref.row, keys[i], row)) {
            return false;
        }
    }
    return true;
}

static uint32_t find_or_add(struct tarn__group_table *table, struct tarn_vector *const *keys, uint32_t row, uint64_t hash)
{
    size_t at = (size_t)hash & (table->slot_count - 1);
    while (table->slots[at] != 0) {
        const uint32_t group = table->slots[at] - 1;
        if (table->hashes[group] == hash && same_keys(table, group, keys, row)) {
            return group;
        }
        at = (at + 1) & (table->slot_count - 1);
    }
    const uint32_t group = table->group_count++;
    table->slots[at] = group + 1;
    table->hashes[group] = hash;
    table->refs[group] = (struct group_ref){(uint32_t)table->keys.count, row};
    return group;
}

/* Room for as many new groups as there are rows: no step of a batch can fail in the middle. */
static bool reserve(struct tarn__group_table *table, uint64_t rows)
{
    const uint64_t groups = table->group_count + rows;
    return tarn__grow(table->env, &table->hashes, &table->hash_capacity, (size_t)groups, sizeof(*table->hashes)) &&
           tarn__grow(table->env, &table->refs, &table->ref_capacity, (size_t)groups, sizeof(*table->refs)) &&
           tarn__grow(table->env, &table->row_hashes, &table->row_capacity, (size_t)rows + 1, sizeof(*table->row_hashes)) &&
           grow_slots(table, groups);
}

/* Gathers the keys of groups `first` and on out of the batch. */
static enum tarn_status keep_new(struct tarn__group_table *table, struct tarn_vector *const *keys, uint32_t rows, uint32_t first,
                                 struct tarn_error *err)
{
    const uint32_t count = table->group_count - first;
    if (count == 0) {
        return TARN_OK;
    }
    uint32_t *positions = tarn__alloc(table->env, (size_t)count * sizeof(uint32_t));
    if (positions == NULL) {
        return tarn__nomem(table->env, err, 0);
    }
    for (uint32_t i = 0; i < count; i++) {
        positions[i] = table->refs[first + i].row;
        table->refs[first + i].row = i;
    }
    const struct tarn__chunk batch = {rows, table->key_count, (struct tarn_vector **)(uintptr_t)keys};
    struct tarn__chunk kept;
    enum tarn_status status = tarn__chunk_gather(&batch, table->env, positions, count, &kept, err);
    tarn__free(table->env, positions);
    return status == TARN_OK ? tarn__chunks_add(&table->keys, table->env, &kept, err) : status;
}

/* One dictionary key: each entry is looked up once as long as the dictionary stays the same. */
static enum tarn_status add_dictionary(struct tarn__group_table *table, struct tarn_vector *const *keys, uint32_t rows, uint32_t *groups,
                                       struct tarn_error *err)
{
    const struct tarn_vector *key = keys[0];
    const size_t entries = key->dictionary->values->length;
    if (table->dictionary != key->dictionary->id) {
        if (!tarn__grow(table->env, &table->code_groups, &table->code_capacity, entries + 1, sizeof(*table->code_groups))) {
            return tarn__nomem(table->env, err, 0);
        }
        memset(table->code_groups, 0xff, (entries + 1) * sizeof(*table->code_groups));
        table->dictionary = key->dictionary->id;
    }
    for (uint32_t i = 0; i < rows; i++) {
        const bool null = key->validity != NULL && !tarn__bit_get(key->validity, i);
        uint32_t *known = &table->code_groups[null ? entries : key->u.codes[i]];
        if (*known == UINT32_MAX) {
            *known = find_or_add(table, keys, i, table->row_hashes[i]);
        }
        groups[i] = *known;
    }
    return TARN_OK;
}

enum tarn_status tarn__group_table_add(struct tarn__group_table *table, struct tarn_vector *const *keys, uint32_t rows, uint32_t *groups,
                                       struct tarn_error *err)
{
    const uint32_t first = table->group_count;
    enum tarn_status status = TARN_OK;
    if ((uint64_t)first + rows > MAX_GROUPS) {
        return tarn__error_set(err, TARN_LIMIT, "groups", "more than 2^30 groups; filter the rows first");
    }
    if (!reserve(table, rows)) {
        return tarn__nomem(table->env, err, 0);
    }
    for (uint32_t k = 0; k < table->key_count; k++) {
        TARN_RETURN_IF_ERROR(tarn__vector_hash(keys[k], table->row_hashes, k != 0, &table->memos[k], err));
    }
    if (table->key_count == 1 && keys[0]->shape == TARN_SHAPE_DICTIONARY) {
        status = add_dictionary(table, keys, rows, groups, err);
    } else {
        for (uint32_t i = 0; i < rows; i++) {
            groups[i] = find_or_add(table, keys, i, table->row_hashes[i]);
        }
    }
    return status == TARN_OK ? keep_new(table, keys, rows, first, err) : status;
}
