/* SPDX-License-Identifier: Apache-2.0
 * The stores under every single failure, and the proof that the sweep sees what it is there to see.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "format/base/alloc.h"
#include "tests/support/fault.h"
#include "tests/support/store_fixture.h"

struct story {
    const char *folder; /* of the local file system; NULL: in memory */
};

#define TRY(call)                                                                                                                          \
    do {                                                                                                                                   \
        status = (call);                                                                                                                   \
        if (status != TARN_OK) {                                                                                                           \
            goto done;                                                                                                                     \
        }                                                                                                                                  \
    } while (0)

static enum tarn_status count_key(void *arg, struct tarn_text key, const struct tarn_object_info *info, struct tarn_error *err)
{
    (void)key;
    (void)info;
    (void)err;
    ++*(int *)arg;
    return TARN_OK;
}

static enum tarn_status stream(struct tarn_store *store, struct tarn_error *err)
{
    struct tarn_object_writer *writer;
    enum tarn_status status = tarn_object_writer_open(store, text("data/part"), TARN_ROLE_DATA, &writer, err);
    if (status == TARN_OK) {
        status = tarn_object_writer_append(writer, span("one "), err);
        if (status == TARN_OK) {
            status = tarn_object_writer_append(writer, span("two"), err);
        }
        if (status != TARN_OK) {
            tarn_object_writer_abort(writer);
        } else {
            status = tarn_object_writer_commit(writer, TARN_PUT_OVERWRITE, err);
        }
    }
    return status;
}

static enum tarn_status read_both_ways(struct tarn_store *store, struct tarn_error *err)
{
    struct tarn_object *object;
    uint8_t into[14];
    uint64_t ticket;
    const struct tarn_read_range ranges[] = {{4, 3, into}, {0, 4, into + 3}};
    const struct tarn_read_range later[] = {{0, 4, into + 7}, {4, 3, into + 11}};
    enum tarn_status status = tarn_object_open(store, text("data/part"), &object, err);
    if (status != TARN_OK) {
        return status;
    }
    status = tarn_object_read_submit(object, 2, later, &ticket, err);
    if (status == TARN_OK) {
        const enum tarn_status read = tarn_object_read(object, 2, ranges, err);
        status = tarn_object_read_wait(object, ticket, read == TARN_OK ? err : NULL);
        status = read != TARN_OK ? read : status;
    }
    if (status == TARN_OK) {
        ck_assert_int_eq(memcmp(into, "twoone one two", 14), 0);
    }
    tarn_object_close(object);
    return status;
}

/* What a table does with its store: open, stream data, put the commit, list, read, remove. */
static enum tarn_status tell(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *err)
{
    const struct story *story = ctx;
    struct tarn_store *store = NULL;
    struct tarn_object_info info;
    enum tarn_status status;
    char uri[512] = "memory:t";
    int keys = 0;
    bool committed = false;
    if (story->folder != NULL) {
        snprintf(uri, sizeof(uri), "%s/%u", story->folder, tarn_fault_run(fault));
    }
    TRY(tarn_store_open(env, text(uri), true, &store, err));
    TRY(stream(store, err));
    status = tarn_store_put(store, text("log/0"), span("commit"), TARN_PUT_IF_ABSENT, TARN_ROLE_COMMIT, err);
    committed = status == TARN_OK;
    TRY(status);
    TRY(tarn_store_list(store, text(""), text(""), count_key, &keys, err));
    ck_assert_int_eq(keys, 2);
    TRY(tarn_store_head(store, text("log/0"), &info, err));
    TRY(read_both_ways(store, err));
    TRY(tarn_store_remove(store, text("data/part"), err));
done:
    tarn_fault_suspend(fault);
    if (store != NULL) { /* nothing but whole objects, and none that was acknowledged is gone */
        const bool unknown = status == TARN_COMMIT_UNKNOWN || status == TARN_EXISTS;
        const enum tarn_status there = tarn_store_head(store, text("log/0"), &info, NULL);
        ck_assert(unknown || (there == TARN_OK) == committed);
        const enum tarn_status streamed = tarn_store_head(store, text("data/part"), &info, NULL);
        ck_assert(streamed == TARN_NOT_FOUND || (streamed == TARN_OK && info.size == 7));
        ck_assert_ok(tarn_store_list_temporaries(store, text(""), tarn_fixture_left, NULL, err), err);
    }
    tarn_store_close(store);
    return status;
}

START_TEST(store_faults__memory_survives_every_failure)
{
    struct story story = {NULL};
    ck_assert_uint_ge(tarn_fault_sweep(tell, &story, TARN_FAULT_ALL), 40);
}
END_TEST

START_TEST(store_faults__local_survives_every_failure) /* S-STORE-4 */
{
    struct story story = {tarn_test_folder()};
    ck_assert_uint_ge(tarn_fault_sweep(tell, &story, TARN_FAULT_ALL), 60);
}
END_TEST

/* The memory store's own allocations: in the env that fails, unlike those behind memory:NAME. */
static enum tarn_status tell_in_memory(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *err)
{
    struct tarn_store *store;
    char listing[64] = "";
    (void)ctx;
    enum tarn_status status = tarn_store_open_memory(env, 3, &store, err);
    if (status != TARN_OK) {
        return status;
    }
    TRY(stream(store, err));
    for (int i = 0; i < 20; i++) {
        char key[16];
        snprintf(key, sizeof(key), "k%d", i);
        TRY(tarn_store_put(store, text(key), span("bytes"), TARN_PUT_IF_ABSENT, TARN_ROLE_COMMIT, err));
    }
    TRY(read_both_ways(store, err));
    TRY(tarn_store_list(store, text("k19"), text(""), tarn_fixture_add, listing, err));
    ck_assert_str_eq(listing, "k19 ");
done:
    tarn_fault_suspend(fault);
    tarn_store_close(store);
    return status;
}

START_TEST(store_faults__memory_survives_every_failed_allocation)
{
    ck_assert_uint_ge(tarn_fault_sweep(tell_in_memory, NULL, TARN_FAULT_ALL_ALLOC), 100);
}
END_TEST

/* ---- the sweep itself ---- */

struct counted {
    int runs;
};

static enum tarn_status three_allocations(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *err)
{
    struct counted *counted = ctx;
    counted->runs++;
    void *blocks[3] = {NULL};
    enum tarn_status status = TARN_OK;
    for (int i = 0; i < 3 && status == TARN_OK; i++) {
        blocks[i] = tarn__alloc(env, 10);
        status = blocks[i] == NULL ? tarn__nomem(env, err, 10) : TARN_OK;
    }
    ck_assert((status != TARN_OK) == (tarn_fault_fired(fault) != 0));
    for (int i = 0; i < 3; i++) {
        tarn__free(env, blocks[i]);
    }
    return status;
}

START_TEST(fault_sweep__fails_each_call_once_and_ends_untouched)
{
    struct counted counted = {0};
    ck_assert_uint_eq(tarn_fault_sweep(three_allocations, &counted, TARN_FAULT_ALLOC_ONCE), 3);
    ck_assert_int_eq(counted.runs, 4);
    ck_assert_uint_eq(tarn_fault_sweep(three_allocations, &counted, TARN_FAULT_ALL_STORE), 0);
}
END_TEST

static enum tarn_status leaks_memory(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *err)
{
    (void)ctx;
    (void)fault;
    void *one = tarn__alloc(env, 10);
    void *two = tarn__alloc(env, 10);
    if (one == NULL || two == NULL) {
        tarn__free(env, two); /* and forgets the other */
        return tarn__nomem(env, err, 10);
    }
    tarn__free(env, one);
    tarn__free(env, two);
    return TARN_OK;
}

static enum tarn_status answers_wrongly(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *err)
{
    const enum tarn_status status = three_allocations(&(struct counted){0}, fault, env, err);
    (void)ctx;
    return status != TARN_OK ? tarn__corrupt(err, "x", "x") : TARN_OK;
}

static enum tarn_status forgets_the_error(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *err)
{
    (void)ctx;
    (void)err;
    return three_allocations(&(struct counted){0}, fault, env, NULL);
}

static enum tarn_status leaks_a_descriptor(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *err)
{
    const enum tarn_status status = three_allocations(&(struct counted){0}, fault, env, err);
    (void)ctx;
    if (status != TARN_OK) {
        ck_assert_int_ge(dup(0), 0);
    }
    return status;
}

static enum tarn_status leaves_an_object_open(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *err)
{
    struct tarn_store *store;
    struct tarn_object *object;
    enum tarn_status status;
    (void)ctx;
    tarn_fault_suspend(fault);
    TRY(tarn_store_open(env, text("memory:t"), true, &store, err));
    TRY(tarn_store_put(store, text("k"), span("x"), TARN_PUT_OVERWRITE, TARN_ROLE_DATA, err));
    TRY(tarn_object_open(store, text("k"), &object, err));
    tarn_store_close(store);
done:
    return status;
}

static enum tarn_status fails_untouched(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *err)
{
    (void)ctx;
    (void)fault;
    return tarn__nomem(env, err, 1);
}

static const struct {
    tarn_fault_body body;
    const char *said;
} faulty[] = {
    {leaks_memory, "were not given back"},          {answers_wrongly, "the answer is CORRUPT"},
    {forgets_the_error, "the error says OK"},       {leaks_a_descriptor, "1 descriptors were left open"},
    {leaves_an_object_open, "were not given back"}, {fails_untouched, "the answer is NOMEM"},
};

START_TEST(fault_sweep__finds_fault)
{
    tarn_fault_sweep(faulty[_i].body, NULL, TARN_FAULT_ALLOC_ONCE);
}
END_TEST

/* A test of the test: each of the faulty bodies must fail, in a process of its own, and for the reason that is in it. */
static bool sweep_finds_every_fault(void)
{
    bool all = true;
    for (int i = 0; i < (int)(sizeof(faulty) / sizeof(faulty[0])); i++) {
        Suite *suite = suite_create("format/store_faults: must fail");
        TCase *tcase = tcase_create("fault_sweep__finds_fault");
        tcase_add_loop_test(tcase, fault_sweep__finds_fault, i, i + 1);
        suite_add_tcase(suite, tcase);
        SRunner *runner = srunner_create(suite);
        srunner_set_fork_status(runner, CK_FORK);
        srunner_run_all(runner, CK_SILENT);
        const bool failed = srunner_ntests_failed(runner) == 1;
        TestResult **results = failed ? srunner_failures(runner) : NULL;
        const char *said = failed ? tr_msg(results[0]) : "it passed";
        if (!failed || strstr(said, faulty[i].said) == NULL) {
            printf("fault_sweep__finds_fault:%d: should say '%s': %s\n", i, faulty[i].said, said);
            all = false;
        }
        free(results);
        srunner_free(runner);
    }
    return all;
}

START_TEST(fault_store__strikes_by_rule_and_writes_down)
{
    static const struct {
        struct tarn_fault_rule rule;
        const char *trace;
        enum tarn_status status;
        bool there;
    } rows[] = {
        {{true, 1, false, TARN_IO, TARN_FAULT_LOST, 0, false}, "store:memory:t!IO", TARN_IO, false},
        {{true, 2, false, TARN_IO, TARN_FAULT_LOST, 0, false}, "store:memory:t put:log/0!IO", TARN_IO, false},
        {{true, 1, false, TARN_COMMIT_UNKNOWN, TARN_FAULT_LOST, TARN_FAULT_OP_PUT, false},
         "store:memory:t put:log/0!COMMIT_UNKNOWN",
         TARN_COMMIT_UNKNOWN,
         false},
        {{true, 1, false, TARN_COMMIT_UNKNOWN, TARN_FAULT_APPLIED, TARN_FAULT_OP_PUT, false},
         "store:memory:t put:log/0!COMMIT_UNKNOWN+",
         TARN_COMMIT_UNKNOWN,
         true},
        {{true, 1, false, TARN_EXISTS, TARN_FAULT_APPLIED, TARN_FAULT_OP_PUT, true}, "store:memory:t put:log/0!EXISTS+", TARN_EXISTS, true},
        {{true, 1, false, TARN_TIMEOUT, TARN_FAULT_LOST, TARN_FAULT_OP_LIST, false}, "store:memory:t put:log/0", TARN_OK, true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct tarn_fault *fault = tarn_fault_open();
        struct tarn_env *env = tarn_fault_env(fault, NULL);
        struct tarn_error err = TARN_ERROR_INIT;
        struct tarn_object_info info;
        struct tarn_store *store = NULL;
        tarn_fault_arm(fault, &rows[i].rule);
        enum tarn_status status = tarn_store_open(env, text("memory:t"), true, &store, &err);
        if (status == TARN_OK) {
            status = tarn_store_put(store, text("log/0"), span("x"), TARN_PUT_IF_ABSENT, TARN_ROLE_COMMIT, &err);
        }
        ck_assert_int_eq(status, rows[i].status);
        ck_assert_str_eq(tarn_fault_trace_text(fault), rows[i].trace);
        tarn_fault_suspend(fault);
        if (store == NULL) {
            ck_assert_ok(tarn_store_open(env, text("memory:t"), true, &store, &err), &err);
        }
        ck_assert_int_eq(tarn_store_head(store, text("log/0"), &info, &err) == TARN_OK, rows[i].there);
        tarn_store_close(store);
        tarn_test_env_close(env);
        tarn_fault_close(fault);
    }
}
END_TEST

START_TEST(fault_store__halves_reads_and_appends)
{
    struct tarn_fault *fault = tarn_fault_open();
    struct fixture f = {.env = tarn_fault_env(fault, NULL)};
    const struct tarn_fault_rule rule = {true, 1, false, TARN_IO, TARN_FAULT_HALF, TARN_FAULT_OP_READ, false};
    struct tarn_object *object;
    uint8_t into[4] = {0};
    const struct tarn_read_range ranges[] = {{0, 2, into}, {2, 2, into + 2}};
    ck_assert_ok(tarn_store_open(f.env, text("memory:h"), true, &f.store, &f.err), &f.err);
    put(&f, "k", "abcd");
    ck_assert_ok(tarn_object_open(f.store, text("k"), &object, &f.err), &f.err);
    tarn_fault_arm(fault, &rule);
    ck_assert_status(tarn_object_read(object, 2, ranges, &f.err), TARN_IO);
    ck_assert_str_eq(f.err.detail, "object_changed");
    ck_assert_int_eq(memcmp(into, "ab", 2), 0);
    ck_assert_int_ne(memcmp(into + 2, "cd", 2), 0);
    ck_assert_ok(tarn_object_read(object, 2, ranges, &f.err), &f.err); /* once */
    ck_assert_int_eq(memcmp(into, "abcd", 4), 0);
    tarn_object_close(object);
    fixture_close(&f);
    tarn_fault_close(fault);
}
END_TEST

int main(void)
{
    const struct tarn_suite_case cases[] = {
        TARN_TEST(store_faults__memory_survives_every_failure),           TARN_TEST(store_faults__local_survives_every_failure),
        TARN_TEST(store_faults__memory_survives_every_failed_allocation), TARN_TEST(fault_sweep__fails_each_call_once_and_ends_untouched),
        TARN_TEST(fault_store__strikes_by_rule_and_writes_down),          TARN_TEST(fault_store__halves_reads_and_appends),
    };
    const int answer = tarn_suite_run("format/store_faults", cases, (int)(sizeof(cases) / sizeof(cases[0])));
    return sweep_finds_every_fault() ? answer : EXIT_FAILURE;
}
