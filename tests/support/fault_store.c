/* SPDX-License-Identifier: Apache-2.0
 *
 * A store over another that fails by a fault's rule and writes down what it is asked. Written against public headers alone, as a store
 * of another project would be; its memory is libc's, so that a rule for allocations does not hit it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/fault.h"

enum { KEY_SIZE = 128 };

struct fault_store {
    struct tarn_store store;
    struct tarn_fault *fault;
    struct tarn_store *inner;
    char location[256]; /* empty: that of the store below */
};

struct fault_object {
    struct tarn_object object;
    struct fault_store *store;
    struct tarn_object *inner;
    char key[KEY_SIZE];
};

struct fault_writer {
    struct tarn_object_writer writer;
    struct fault_store *store;
    struct tarn_object_writer *inner;
    char key[KEY_SIZE];
};

static struct fault_store *store_of(struct tarn_store *store)
{
    return (struct fault_store *)store;
}

static struct fault_object *object_of(struct tarn_object *object)
{
    return (struct fault_object *)object;
}

static struct fault_writer *writer_of(struct tarn_object_writer *writer)
{
    return (struct fault_writer *)writer;
}

static struct tarn_text text(const char *terminated)
{
    return (struct tarn_text){terminated, strlen(terminated)};
}

static void keep_key(char out[KEY_SIZE], struct tarn_text key)
{
    snprintf(out, KEY_SIZE, "%.*s", (int)key.size, key.data);
}

/* An operation that fails does so instead of its work, or behind it; the error of the injection stands either way. */
#define OPERATE(fault_, op, key, bytes, absent, err, work)                                                                                 \
    const struct tarn_fault_strike strike = tarn_fault_next(fault_, op, absent, err);                                                      \
    const bool applied = !strike.strikes || strike.effect == TARN_FAULT_APPLIED;                                                           \
    enum tarn_status status = strike.status;                                                                                               \
    if (applied) {                                                                                                                         \
        struct tarn_error *own = strike.strikes ? NULL : err;                                                                              \
        const enum tarn_status done = (work);                                                                                              \
        status = strike.strikes && done == TARN_OK ? strike.status : done;                                                                 \
    }                                                                                                                                      \
    tarn_fault_note(fault_, op, key, bytes, status, applied)

static uint32_t fault_capabilities(struct tarn_store *base)
{
    return tarn_store_capabilities(store_of(base)->inner);
}

static enum tarn_status fault_head(struct tarn_store *base, struct tarn_text key, struct tarn_object_info *info, struct tarn_error *err)
{
    struct fault_store *store = store_of(base);
    OPERATE(store->fault, TARN_FAULT_OP_HEAD, key, 0, false, err, tarn_store_head(store->inner, key, info, own));
    return status;
}

static enum tarn_status fault_open(struct tarn_store *base, struct tarn_text key, struct tarn_object **out, struct tarn_error *err)
{
    struct fault_store *store = store_of(base);
    struct tarn_object *inner = NULL;
    OPERATE(store->fault, TARN_FAULT_OP_OPEN, key, 0, false, err, tarn_object_open(store->inner, key, &inner, own));
    if (status != TARN_OK) {
        tarn_object_close(inner);
        return status;
    }
    struct fault_object *object = calloc(1, sizeof(*object));
    ck_assert_ptr_nonnull(object);
    object->object.info = tarn_object_info(inner);
    object->store = store;
    object->inner = inner;
    keep_key(object->key, key);
    tarn_fault_live(store->fault, 1);
    *out = &object->object;
    return TARN_OK;
}

static uint64_t sum(size_t n, const struct tarn_read_range *ranges)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < n; i++) {
        bytes += ranges[i].size;
    }
    return bytes;
}

/* Half of a read: the first half of the ranges is there, behind it is what was there before. */
static void read_half(struct fault_object *object, size_t n, const struct tarn_read_range *ranges)
{
    if (tarn_object_read(object->inner, n / 2, ranges, NULL) != TARN_OK) {
        return;
    }
    for (size_t i = n / 2; i < n; i++) {
        if (ranges[i].size != 0) {
            memset(ranges[i].into, 0xdb, ranges[i].size);
        }
    }
}

static enum tarn_status fault_read(struct tarn_object *base, size_t n, const struct tarn_read_range *ranges, struct tarn_error *err)
{
    struct fault_object *object = object_of(base);
    OPERATE(object->store->fault, TARN_FAULT_OP_READ, text(object->key), sum(n, ranges), false, err,
            tarn_object_read(object->inner, n, ranges, own));
    if (strike.strikes && strike.effect == TARN_FAULT_HALF) {
        read_half(object, n, ranges);
    }
    return status;
}

static enum tarn_status fault_read_submit(struct tarn_object *base, size_t n, const struct tarn_read_range *ranges, uint64_t *ticket,
                                          struct tarn_error *err)
{
    struct fault_object *object = object_of(base);
    OPERATE(object->store->fault, TARN_FAULT_OP_SUBMIT, text(object->key), sum(n, ranges), false, err,
            tarn_object_read_submit(object->inner, n, ranges, ticket, own));
    if (applied && strike.strikes) { /* no ticket is given, so the read must be over */
        (void)!tarn_object_read_wait(object->inner, *ticket, NULL);
    }
    return status;
}

static enum tarn_status fault_read_wait(struct tarn_object *base, uint64_t ticket, struct tarn_error *err)
{
    struct fault_object *object = object_of(base);
    const struct tarn_fault_strike strike = tarn_fault_next(object->store->fault, TARN_FAULT_OP_WAIT, false, err);
    enum tarn_status status = tarn_object_read_wait(object->inner, ticket, strike.strikes ? NULL : err);
    status = strike.strikes ? strike.status : status;
    tarn_fault_note(object->store->fault, TARN_FAULT_OP_WAIT, text(object->key), 0, status, true);
    return status;
}

static void fault_object_close(struct tarn_object *base)
{
    struct fault_object *object = object_of(base);
    tarn_fault_live(object->store->fault, -1);
    tarn_object_close(object->inner);
    free(object);
}

static enum tarn_status fault_put(struct tarn_store *base, struct tarn_text key, struct tarn_span bytes, enum tarn_put_mode mode,
                                  enum tarn_object_role role, struct tarn_error *err)
{
    struct fault_store *store = store_of(base);
    OPERATE(store->fault, TARN_FAULT_OP_PUT, key, bytes.size, mode == TARN_PUT_IF_ABSENT, err,
            tarn_store_put(store->inner, key, bytes, mode, role, own));
    return status;
}

static enum tarn_status fault_writer_open(struct tarn_store *base, struct tarn_text key, enum tarn_object_role role,
                                          struct tarn_object_writer **out, struct tarn_error *err)
{
    struct fault_store *store = store_of(base);
    struct tarn_object_writer *inner = NULL;
    OPERATE(store->fault, TARN_FAULT_OP_WRITER, key, 0, false, err, tarn_object_writer_open(store->inner, key, role, &inner, own));
    if (status != TARN_OK) {
        tarn_object_writer_abort(inner);
        return status;
    }
    struct fault_writer *writer = calloc(1, sizeof(*writer));
    ck_assert_ptr_nonnull(writer);
    writer->store = store;
    writer->inner = inner;
    keep_key(writer->key, key);
    tarn_fault_live(store->fault, 1);
    *out = &writer->writer;
    return TARN_OK;
}

static enum tarn_status fault_writer_append(struct tarn_object_writer *base, struct tarn_span bytes, struct tarn_error *err)
{
    struct fault_writer *writer = writer_of(base);
    OPERATE(writer->store->fault, TARN_FAULT_OP_APPEND, text(writer->key), bytes.size, false, err,
            tarn_object_writer_append(writer->inner, bytes, own));
    if (strike.strikes && strike.effect == TARN_FAULT_HALF) {
        (void)!tarn_object_writer_append(writer->inner, (struct tarn_span){bytes.data, bytes.size / 2}, NULL);
    }
    return status;
}

static void end_writer(struct fault_writer *writer)
{
    tarn_fault_live(writer->store->fault, -1);
    free(writer);
}

static enum tarn_status fault_writer_commit(struct tarn_object_writer *base, enum tarn_put_mode mode, struct tarn_error *err)
{
    struct fault_writer *writer = writer_of(base);
    OPERATE(writer->store->fault, TARN_FAULT_OP_COMMIT, text(writer->key), base->written, mode == TARN_PUT_IF_ABSENT, err,
            tarn_object_writer_commit(writer->inner, mode, own));
    if (!applied) {
        tarn_object_writer_abort(writer->inner);
    }
    end_writer(writer);
    return status;
}

static void fault_writer_abort(struct tarn_object_writer *base)
{
    struct fault_writer *writer = writer_of(base);
    tarn_object_writer_abort(writer->inner);
    end_writer(writer);
}

static enum tarn_status fault_list(struct tarn_store *base, struct tarn_text prefix, struct tarn_text start_after, tarn_list_fn fn,
                                   void *arg, struct tarn_error *err)
{
    struct fault_store *store = store_of(base);
    OPERATE(store->fault, TARN_FAULT_OP_LIST, prefix, 0, false, err, tarn_store_list(store->inner, prefix, start_after, fn, arg, own));
    return status;
}

static enum tarn_status fault_list_temporaries(struct tarn_store *base, struct tarn_text prefix, tarn_list_fn fn, void *arg,
                                               struct tarn_error *err)
{
    struct fault_store *store = store_of(base);
    OPERATE(store->fault, TARN_FAULT_OP_LIST, prefix, 0, false, err, tarn_store_list_temporaries(store->inner, prefix, fn, arg, own));
    return status;
}

static enum tarn_status fault_remove(struct tarn_store *base, struct tarn_text key, struct tarn_error *err)
{
    struct fault_store *store = store_of(base);
    OPERATE(store->fault, TARN_FAULT_OP_REMOVE, key, 0, false, err, tarn_store_remove(store->inner, key, own));
    return status;
}

static void fault_close(struct tarn_store *base)
{
    struct fault_store *store = store_of(base);
    tarn_store_close(store->inner);
    tarn_fault_live(store->fault, -1);
    tarn_store_deinit(base);
    free(store);
}

static const char *fault_location(struct tarn_store *base)
{
    const struct fault_store *store = (struct fault_store *)base;
    const struct tarn_text below = tarn_store_location(store->inner);
    return store->location[0] != '\0' ? store->location : below.size != 0 ? below.data : NULL;
}

void tarn_fault_locate(struct tarn_store *base, struct tarn_text uri)
{
    struct fault_store *store = (struct fault_store *)base;
    ck_assert_uint_lt(uri.size, sizeof(store->location));
    memcpy(store->location, uri.data, uri.size);
}

static const struct tarn_store_ops fault_ops = {
    .size = sizeof(struct tarn_store_ops),
    .name = "fault",
    .capabilities = fault_capabilities,
    .head = fault_head,
    .open = fault_open,
    .read = fault_read,
    .read_submit = fault_read_submit,
    .read_wait = fault_read_wait,
    .object_close = fault_object_close,
    .put = fault_put,
    .writer_open = fault_writer_open,
    .writer_append = fault_writer_append,
    .writer_commit = fault_writer_commit,
    .writer_abort = fault_writer_abort,
    .list = fault_list,
    .remove = fault_remove,
    .close = fault_close,
    .list_temporaries = fault_list_temporaries,
    .location = fault_location,
};

enum tarn_status tarn_fault_wrap(struct tarn_fault *fault, struct tarn_env *env, struct tarn_store *inner, struct tarn_store **out,
                                 struct tarn_error *err)
{
    struct fault_store *store = calloc(1, sizeof(*store));
    ck_assert_ptr_nonnull(store);
    const enum tarn_status status = tarn_store_init(&store->store, &fault_ops, env, err);
    if (status != TARN_OK) {
        tarn_store_close(inner);
        free(store);
        return status;
    }
    store->fault = fault;
    store->inner = inner;
    tarn_fault_live(fault, 1);
    *out = &store->store;
    return TARN_OK;
}
