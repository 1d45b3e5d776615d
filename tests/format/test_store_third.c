/* SPDX-License-Identifier: Apache-2.0
 * Stores that are not tarn's own: a tiny one without any optional operation, written against public headers, and the fault injector's.
 */
#include <stdlib.h>

#include "tests/support/fault.h"
#include "tests/support/store_fixture.h"

struct third_store {
    struct tarn_store store;
    struct tarn_store *memory;
};

struct third_object {
    struct tarn_object object;
    struct tarn_object *inner;
};

struct third_writer {
    struct tarn_object_writer writer;
    struct tarn_object_writer *inner;
};

static struct tarn_store *memory_of(struct tarn_store *store)
{
    return ((struct third_store *)store)->memory;
}

static uint32_t third_capabilities(struct tarn_store *store)
{
    return tarn_store_capabilities(memory_of(store));
}

static enum tarn_status third_head(struct tarn_store *store, struct tarn_text key, struct tarn_object_info *info, struct tarn_error *err)
{
    return tarn_store_head(memory_of(store), key, info, err);
}

static enum tarn_status third_open(struct tarn_store *store, struct tarn_text key, struct tarn_object **out, struct tarn_error *err)
{
    struct third_object *object = calloc(1, sizeof(*object));
    const enum tarn_status status = tarn_object_open(memory_of(store), key, &object->inner, err);
    if (status != TARN_OK) {
        free(object);
        return status;
    }
    object->object.info = tarn_object_info(object->inner);
    *out = &object->object;
    return TARN_OK;
}

static enum tarn_status third_read(struct tarn_object *object, size_t n, const struct tarn_read_range *ranges, struct tarn_error *err)
{
    return tarn_object_read(((struct third_object *)object)->inner, n, ranges, err);
}

static void third_object_close(struct tarn_object *object)
{
    tarn_object_close(((struct third_object *)object)->inner);
    free(object);
}

static enum tarn_status third_put(struct tarn_store *store, struct tarn_text key, struct tarn_span bytes, enum tarn_put_mode mode,
                                  enum tarn_object_role role, struct tarn_error *err)
{
    return tarn_store_put(memory_of(store), key, bytes, mode, role, err);
}

static enum tarn_status third_writer_open(struct tarn_store *store, struct tarn_text key, enum tarn_object_role role,
                                          struct tarn_object_writer **out, struct tarn_error *err)
{
    struct third_writer *writer = calloc(1, sizeof(*writer));
    *out = &writer->writer;
    return tarn_object_writer_open(memory_of(store), key, role, &writer->inner, err);
}

static enum tarn_status third_writer_append(struct tarn_object_writer *writer, struct tarn_span bytes, struct tarn_error *err)
{
    return tarn_object_writer_append(((struct third_writer *)writer)->inner, bytes, err);
}

static enum tarn_status third_writer_commit(struct tarn_object_writer *writer, enum tarn_put_mode mode, struct tarn_error *err)
{
    const enum tarn_status status = tarn_object_writer_commit(((struct third_writer *)writer)->inner, mode, err);
    free(writer);
    return status;
}

static void third_writer_abort(struct tarn_object_writer *writer)
{
    tarn_object_writer_abort(((struct third_writer *)writer)->inner);
    free(writer);
}

static enum tarn_status third_list(struct tarn_store *store, struct tarn_text prefix, struct tarn_text start_after, tarn_list_fn fn,
                                   void *arg, struct tarn_error *err)
{
    return tarn_store_list(memory_of(store), prefix, start_after, fn, arg, err);
}

static enum tarn_status third_remove(struct tarn_store *store, struct tarn_text key, struct tarn_error *err)
{
    return tarn_store_remove(memory_of(store), key, err);
}

static void third_close(struct tarn_store *store)
{
    tarn_store_close(memory_of(store));
    tarn_store_deinit(store);
    free(store);
}

static const struct tarn_store_ops third_ops = {
    .size = sizeof(struct tarn_store_ops),
    .name = "third",
    .capabilities = third_capabilities,
    .head = third_head,
    .open = third_open,
    .read = third_read,
    .object_close = third_object_close,
    .put = third_put,
    .writer_open = third_writer_open,
    .writer_append = third_writer_append,
    .writer_commit = third_writer_commit,
    .writer_abort = third_writer_abort,
    .list = third_list,
    .remove = third_remove,
    .close = third_close,
};

static enum tarn_status open_with(struct tarn_env *env, const struct tarn_store_ops *ops, struct tarn_store **out, struct tarn_error *err)
{
    struct third_store *store = calloc(1, sizeof(*store));
    enum tarn_status status = tarn_store_open_memory(env, 0, &store->memory, err);
    if (status == TARN_OK) {
        status = tarn_store_init(&store->store, ops, env, err);
    }
    if (status != TARN_OK) {
        tarn_store_close(store->memory);
        free(store);
        return status;
    }
    *out = &store->store;
    return TARN_OK;
}

static enum tarn_status open_third(struct tarn_env *env, const char *place, struct tarn_store **out, struct tarn_error *err)
{
    (void)place;
    return open_with(env, &third_ops, out, err);
}

static const struct tarn_store_subject third = {"third", false, open_third};

START_TEST(store_third__conforms) /* S-STORE-14: without operations for submitted reads */
{
    tarn_store_conform(&third, _i);
}
END_TEST

static struct tarn_fault *conforming;

static enum tarn_status open_fault(struct tarn_env *env, const char *place, struct tarn_store **out, struct tarn_error *err)
{
    struct tarn_store *inner;
    (void)place;
    const enum tarn_status status = tarn_store_open_memory(env, 5, &inner, err);
    return status == TARN_OK ? tarn_fault_wrap(conforming, env, inner, out, err) : status;
}

static const struct tarn_store_subject fault_subject = {"fault", false, open_fault};

START_TEST(store_third__fault_store_conforms)
{
    conforming = tarn_fault_open();
    tarn_store_conform(&fault_subject, _i);
    tarn_fault_close(conforming);
}
END_TEST

START_TEST(store_third__incomplete_tables_are_refused)
{
    struct tarn_env *env = tarn_test_env();
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_store *store;
    struct tarn_store_ops ops = third_ops;
    ops.list = NULL;
    ck_assert_status(open_with(env, &ops, &store, &err), TARN_INVALID);
    ops = third_ops;
    ops.read_wait = (enum tarn_status(*)(struct tarn_object *, uint64_t, struct tarn_error *))abort;
    ck_assert_status(open_with(env, &ops, &store, &err), TARN_INVALID);
    ops = third_ops;
    ops.size = sizeof(ops) + 8;
    ck_assert_status(open_with(env, &ops, &store, &err), TARN_INVALID);
    tarn_test_env_close(env);
}
END_TEST

static enum tarn_status mute_put(struct tarn_store *store, struct tarn_text key, struct tarn_span bytes, enum tarn_put_mode mode,
                                 enum tarn_object_role role, struct tarn_error *err)
{
    (void)store;
    (void)key;
    (void)bytes;
    (void)mode;
    (void)role;
    (void)err;
    return TARN_COMMIT_UNKNOWN;
}

START_TEST(store_third__answers_pass_through_and_get_a_reason) /* S-STORE-5 */
{
    struct fixture f = {.env = tarn_test_env()};
    struct tarn_store_ops ops = third_ops;
    ops.put = mute_put;
    ck_assert_ok(open_with(f.env, &ops, &f.store, &f.err), &f.err);
    ck_assert_status(try_put(&f, "k", "x", TARN_PUT_IF_ABSENT), TARN_COMMIT_UNKNOWN);
    ck_assert_int_eq(f.err.code, TARN_COMMIT_UNKNOWN);
    ck_assert_str_eq(f.err.object, "k");
    ck_assert_ptr_nonnull(strstr(f.err.message, "third"));
    struct tarn_store_stats stats = {.size = sizeof(stats)};
    tarn_store_stats(f.store, &stats);
    ck_assert_uint_eq(stats.bytes_written, 0);
    fixture_close(&f);
}
END_TEST

START_TEST(store_third__read_only_stores_of_older_tables_say_so)
{
    struct fixture f = {.env = tarn_test_env()};
    struct tarn_object_writer *writer;
    struct tarn_store_ops ops = third_ops;
    ops.put = NULL;
    ops.writer_open = NULL;
    ops.remove = NULL;
    ops.size = offsetof(struct tarn_store_ops, list_temporaries); /* compiled before there were any */
    ck_assert_ok(open_with(f.env, &ops, &f.store, &f.err), &f.err);
    ck_assert_status(try_put(&f, "k", "x", TARN_PUT_IF_ABSENT), TARN_UNSUPPORTED);
    ck_assert_str_eq(f.err.detail, "store.write");
    ck_assert_status(tarn_object_writer_open(f.store, text("k"), TARN_ROLE_DATA, &writer, &f.err), TARN_UNSUPPORTED);
    ck_assert_status(tarn_store_remove(f.store, text("k"), &f.err), TARN_UNSUPPORTED);
    fixture_close(&f);
}
END_TEST

TARN_SUITE("format/store_third", {store_third__conforms, TARN_STORE_CHECK_COUNT},
           {store_third__fault_store_conforms, TARN_STORE_CHECK_COUNT}, TARN_TEST(store_third__incomplete_tables_are_refused),
           TARN_TEST(store_third__answers_pass_through_and_get_a_reason), TARN_TEST(store_third__read_only_stores_of_older_tables_say_so))
