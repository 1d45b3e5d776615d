/* SPDX-License-Identifier: Apache-2.0
 * The store in memory: the contract, in order and with completions delayed and reordered.
 */
#include "tests/support/store_fixture.h"

static enum tarn_status open_in_order(struct tarn_env *env, const char *place, struct tarn_store **out, struct tarn_error *err)
{
    (void)place;
    return tarn_store_open_memory(env, 0, out, err);
}

static enum tarn_status open_reordered(struct tarn_env *env, const char *place, struct tarn_store **out, struct tarn_error *err)
{
    (void)place;
    return tarn_store_open_memory(env, 4711, out, err);
}

static const struct tarn_store_subject in_order = {"memory", false, open_in_order};
static const struct tarn_store_subject reordered = {"memory, reordered", false, open_reordered};

START_TEST(store_memory__conforms) /* S-STORE-1 to S-STORE-8, S-STORE-14 */
{
    tarn_store_conform(&in_order, _i);
}
END_TEST

START_TEST(store_memory__conforms_when_reordered) /* S-STORE-14 */
{
    tarn_store_conform(&reordered, _i);
}
END_TEST

/* Which of four submitted reads are done after the first wait, as a mask. */
static unsigned done_after_one_wait(uint64_t seed)
{
    enum { READS = 4 };
    struct fixture f = {.env = tarn_test_env()};
    struct tarn_object *object;
    uint8_t into[READS];
    uint64_t tickets[READS];
    unsigned done = 0;
    ck_assert_ok(tarn_store_open_memory(f.env, seed, &f.store, &f.err), &f.err);
    put(&f, "k", "abcd");
    ck_assert_ok(tarn_object_open(f.store, text("k"), &object, &f.err), &f.err);
    for (size_t i = 0; i < READS; i++) {
        const struct tarn_read_range range = {i, 1, &into[i]};
        ck_assert_ok(tarn_object_read_submit(object, 1, &range, &tickets[i], &f.err), &f.err);
        ck_assert_msg((into[i] == 'a' + i) == (seed == 0), "a read is delayed exactly when there is a seed");
    }
    ck_assert_ok(tarn_object_read_wait(object, tickets[0], &f.err), &f.err);
    for (size_t i = 0; i < READS; i++) {
        done |= (unsigned)(into[i] == 'a' + i) << i;
    }
    for (size_t i = 1; i < READS; i++) {
        ck_assert_ok(tarn_object_read_wait(object, tickets[i], &f.err), &f.err);
        ck_assert_uint_eq(into[i], 'a' + i);
    }
    tarn_object_close(object);
    fixture_close(&f);
    return done;
}

START_TEST(store_memory__reorders_by_its_seed_alone)
{
    unsigned seen = 0;
    ck_assert_uint_eq(done_after_one_wait(0), 15);
    for (uint64_t seed = 1; seed < 40; seed++) {
        const unsigned done = done_after_one_wait(seed);
        ck_assert_uint_eq(done & 1, 1);
        ck_assert_uint_eq(done, done_after_one_wait(seed));
        seen |= 1u << done;
    }
    ck_assert_uint_ge((unsigned)__builtin_popcount(seen), 4);
}
END_TEST

START_TEST(store_memory__counts_its_bytes_against_the_limit)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct fixture f = {.place = NULL};
    static const uint8_t bytes[1 << 20];
    options.memory_limit = 1 << 20;
    ck_assert_ok(tarn_env_open(&options, &f.env, &f.err), &f.err);
    ck_assert_ok(tarn_store_open_memory(f.env, 0, &f.store, &f.err), &f.err);
    ck_assert_status(
        tarn_store_put(f.store, text("k"), (struct tarn_span){bytes, sizeof(bytes)}, TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &f.err),
        TARN_LIMIT);
    struct tarn_object_writer *writer;
    ck_assert_ok(tarn_object_writer_open(f.store, text("k"), TARN_ROLE_DATA, &writer, &f.err), &f.err);
    ck_assert_ok(tarn_object_writer_append(writer, span("begin"), &f.err), &f.err);
    ck_assert_status(tarn_object_writer_append(writer, (struct tarn_span){bytes, sizeof(bytes)}, &f.err), TARN_LIMIT);
    ck_assert_status(tarn_object_writer_commit(writer, TARN_PUT_OVERWRITE, &f.err), TARN_IO); /* not a part of it */
    ck_assert_str_eq(f.err.detail, "append_failed");
    ck_assert_str_eq(listed(&f, "", ""), "");
    fixture_close(&f);
}
END_TEST

TARN_SUITE("format/store_memory", {store_memory__conforms, TARN_STORE_CHECK_COUNT},
           {store_memory__conforms_when_reordered, TARN_STORE_CHECK_COUNT}, TARN_TEST(store_memory__reorders_by_its_seed_alone),
           TARN_TEST(store_memory__counts_its_bytes_against_the_limit))
