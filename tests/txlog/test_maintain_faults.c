/* SPDX-License-Identifier: Apache-2.0
 * Every allocation and every store operation of each kind of maintenance fails in turn: the table holds the same rows.
 */
#include "tarn/maintain.h"
#include "tests/support/fault.h"
#include "tests/support/table_rows.h"

static const struct tarn_text uri = {"memory:t", 8};
static const char *const formats[] = {"delta", "iceberg"};
enum { FORMATS = 2, EACH = 10 };

struct sweep {
    const char *format;
    enum tarn_layout layout;
};

static enum tarn_status optimize(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *error)
{
    static const struct tarn_text by = {"name", 4};
    const struct sweep *sweep = ctx;
    uint64_t rows;
    int64_t sum;
    struct tarn_optimize_options options = TARN_OPTIMIZE_OPTIONS_INIT;
    struct tarn_store *spill = NULL;
    tarn_fault_suspend(fault);
    ck_assert_ok(tarn_test_table_create_as(env, uri, sweep->format, true, 0, EACH, error), error);
    ck_assert_ok(tarn_test_table_append(env, uri, EACH, EACH, NULL, error), error);
    if (sweep->layout == TARN_LAYOUT_HILBERT) {
        ck_assert_ok(tarn_store_open(env, TARN_TEXT("memory:spill"), true, &spill, error), error);
        options.layout = sweep->layout;
        options.column_count = 1;
        options.columns = &by;
        options.memory = 1;
        options.spill = spill;
    }
    tarn_fault_resume(fault);
    const enum tarn_status status = tarn_table_optimize(env, uri, &options, NULL, error);
    tarn_fault_suspend(fault);
    tarn_store_close(spill);
    struct tarn_error local = TARN_ERROR_INIT;
    ck_assert_ok(tarn_test_table_sum(env, uri, -1, &rows, &sum, &local), &local);
    ck_assert_uint_eq(rows, 2 * EACH);
    ck_assert_int_eq(sum, EACH * (2 * EACH - 1));
    return status;
}

START_TEST(maintain_faults__optimize_leaves_the_rows) /* T-MAINTAIN-FAULT-1 */
{
    static const unsigned kinds[] = {TARN_FAULT_ALL_ALLOC, TARN_FAULT_ALL_STORE};
    struct sweep sweep = {formats[_i % FORMATS], _i / FORMATS % 2 == 0 ? TARN_LAYOUT_PACK : TARN_LAYOUT_HILBERT};
    const struct tarn_fault_sweep_options options = {.also = 1u << TARN_COMMIT_UNKNOWN | 1u << TARN_TIMEOUT | 1u << TARN_CORRUPT};
    ck_assert_uint_gt(tarn_fault_sweep_with(optimize, &sweep, kinds[_i / FORMATS / 2], &options), 20);
}
END_TEST

TARN_SUITE("txlog/maintain_faults", TARN_LOOP_TIMES(maintain_faults__optimize_leaves_the_rows, 4 * FORMATS))
