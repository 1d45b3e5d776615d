/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_QUERY_EXEC_AGGREGATE_STATE_H
#define TARN_QUERY_EXEC_AGGREGATE_STATE_H

#include "query/exec/group_table.h"

/*
 * The running values of one aggregate, one for each group.
 *
 * Sums of integers and decimals are exact in 128 bits; doubles are added in the order of rows within a task, tasks in their order: one
 * answer for any number of threads. DISTINCT keeps a set of (group, value) and feeds each pair once.
 * Threads: single; states of different tasks are merged.
 */
struct tarn__group_state {
    uint64_t count; /**< values that were not null */
    union {
        tarn_i128 exact;
        double sum;
        struct {
            double mean;
            double m2;
        } moments;
        bool truth;
        struct {
            char *data;
            uint32_t size;
            uint32_t capacity;
        } text;
    } u;
};

struct tarn__aggregate_states {
    struct tarn_env *env;
    const struct tarn__plan_aggregate *aggregate;
    struct tarn__group_state *groups;
    size_t capacity;
    uint32_t count;
    bool has_set;
    struct tarn__group_table set;
    const struct tarn_type *set_types[2];
};

TARN_WARN_UNUSED enum tarn_status tarn__states_init(struct tarn__aggregate_states *states, struct tarn_env *env,
                                                    const struct tarn__plan_aggregate *aggregate, struct tarn_error *err);
void tarn__states_free(struct tarn__aggregate_states *states);
/** So many groups there are now. */
TARN_WARN_UNUSED enum tarn_status tarn__states_grow(struct tarn__aggregate_states *states, uint32_t groups, struct tarn_error *err);
/** `arg` NULL: count(*). `filter` NULL: all rows. groups[i] is the group of row i. */
TARN_WARN_UNUSED enum tarn_status tarn__states_update(struct tarn__aggregate_states *states, const struct tarn_vector *arg,
                                                      const struct tarn_vector *filter, uint32_t rows, const uint32_t *groups,
                                                      struct tarn_error *err);
/** Adds those of a later task: its group i is group map[i] here. */
TARN_WARN_UNUSED enum tarn_status tarn__states_merge(struct tarn__aggregate_states *states, const struct tarn__aggregate_states *later,
                                                     const uint32_t *map, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__states_finish(struct tarn__aggregate_states *states, struct tarn_vector **out,
                                                      struct tarn_error *err);

#endif
