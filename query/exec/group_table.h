/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_QUERY_EXEC_GROUP_TABLE_H
#define TARN_QUERY_EXEC_GROUP_TABLE_H

#include "format/batch/compare.h"
#include "query/exec/stage.h"

/*
 * Rows of key columns to group numbers, counted from 0 in the order in which they first appear. NULL is a key like any other, NaN too.
 *
 * Open addressing over hashes; the keys themselves are kept as vectors, one small chunk for the new groups of each batch. A single key
 * that comes as a dictionary is looked up once an entry.
 * Threads: single.
 */
struct tarn__group_table {
    struct tarn_env *env;
    uint32_t key_count;
    uint32_t group_count;
    uint32_t *slots; /**< group + 1; 0: free */
    size_t slot_count;
    uint64_t *hashes; /**< of each group */
    size_t hash_capacity;
    struct group_ref {
        uint32_t chunk;
        uint32_t row;
    } * refs; /**< where each group's keys are */
    size_t ref_capacity;
    struct tarn__chunks keys;
    struct tarn__hash_memo *memos; /**< one a key */
    uint64_t *row_hashes;
    size_t row_capacity;
    uint64_t dictionary; /**< whose codes `code_groups` maps; 0: none */
    uint32_t *code_groups;
    size_t code_capacity;
};

TARN_WARN_UNUSED enum tarn_status tarn__group_table_init(struct tarn__group_table *table, struct tarn_env *env, uint32_t key_count,
                                                         struct tarn_error *err);
void tarn__group_table_free(struct tarn__group_table *table);
/** groups[i]: the group of row i. `keys`: key_count vectors of `rows` rows. */
TARN_WARN_UNUSED enum tarn_status tarn__group_table_add(struct tarn__group_table *table, struct tarn_vector *const *keys, uint32_t rows,
                                                        uint32_t *groups, struct tarn_error *err);

#endif
