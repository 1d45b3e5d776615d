/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TESTS_SUPPORT_COMMIT_WORLD_H
#define TARN_TESTS_SUPPORT_COMMIT_WORLD_H

#include "tests/support/fault.h"

/*
 * A small table in memory, operations that change it, and what it then is: for tests of what happens when operations meet.
 */
enum tarn_test_operation_kind { TARN_TEST_SQL, TARN_TEST_OPTIMIZE, TARN_TEST_RESTORE, TARN_TEST_SET_PROPERTY, TARN_TEST_ONCE };

struct tarn_test_operation {
    const char *name;
    enum tarn_test_operation_kind kind;
    const char *sql; /* %d: who */
};

enum { TARN_TEST_OPERATIONS = 13, TARN_TEST_STATE = 2048 };
extern const struct tarn_test_operation tarn_test_operations[];

struct tarn_test_setting {
    bool serializable;
    bool vectors; /* deletion vectors */
};

/** Two envs over the same stores, as if they were two processes. The table is made, and suspended is the fault. */
struct tarn_test_world {
    struct tarn_fault *fault;
    struct tarn_env *env;
    struct tarn_env *other;
};

void tarn_test_world_open(struct tarn_test_world *world, const struct tarn_test_setting *setting);
void tarn_test_world_close(struct tarn_test_world *world);

/** `who` is 1 or 2, and tells two of one kind apart. *version: that it made; -1: none, or it does not say. */
enum tarn_status tarn_test_operate(struct tarn_env *env, const struct tarn_test_operation *operation, int who, int64_t *version,
                                   struct tarn_error *err);

/** Rows and property as a line. */
void tarn_test_world_state(struct tarn_env *env, char out[TARN_TEST_STATE]);

#endif
