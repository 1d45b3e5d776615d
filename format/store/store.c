/* SPDX-License-Identifier: Apache-2.0
 *
 * The store's public calls: what is the same for every implementation stands here once, before and behind its operations.
 *
 * SPEC: S-STORE-1 to S-STORE-6.
 *
 * Invariants
 *  1. An implementation sees legal keys and ranges inside the object only.
 *  2. Each open object and writer holds a reference on its store; `close` runs when the last reference goes, on that thread.
 *  3. Operations are called through a copy of the table, padded with zeros: an older implementation has a shorter table.
 *  4. A failure leaves `*out` NULL and an error whose code is the status, whatever the implementation wrote.
 */
#include "format/store/store.h"

#include <stdatomic.h>
#include <string.h>

#include "format/base/bytes.h"
#include "format/base/checked.h"
#include "format/base/memory_check.h"

enum { LONGEST_KEY = 4096 };

struct tarn_store_shared {
    struct tarn_store_ops ops;
    atomic_uint_fast64_t references;
    atomic_uint_fast64_t requests;
    atomic_uint_fast64_t bytes_read;
    atomic_uint_fast64_t bytes_written;
};

/* ---- keys ---- */

static enum tarn_status refuse_key(struct tarn_text key, const char *why, struct tarn_error *err)
{
    tarn__invalid(err, "key", "'%.*s' is no key of an object: %s", TARN_TEXT_ARG(key), why);
    tarn__error_at_object(err, key);
    return TARN_INVALID;
}

enum tarn_status tarn__store_key_check(struct tarn_text key, struct tarn_error *err)
{
    if (key.size == 0) {
        return refuse_key(key, "it is empty", err);
    }
    if (key.size > LONGEST_KEY) {
        return refuse_key(key, "it has more than 4,096 bytes", err);
    }
    size_t start = 0;
    for (size_t i = 0; i <= key.size; i++) {
        if (i < key.size && key.data[i] != '/') {
            if (key.data[i] == '\0') {
                return refuse_key(key, "it holds a NUL", err);
            }
            continue;
        }
        const size_t length = i - start;
        if (length == 0) {
            return refuse_key(key, "it begins or ends with '/' or has an empty segment", err);
        }
        if (key.data[start] == '.' && (length == 1 || (length == 2 && key.data[start + 1] == '.'))) {
            return refuse_key(key, "it has a segment '.' or '..'", err);
        }
        start = i + 1;
    }
    return TARN_OK;
}

bool tarn__store_is_temporary(struct tarn_text name)
{
    return name.size > 4 && name.data[0] == '.' && tarn__text_ends(name, TARN_TEXT(".tmp"));
}

enum tarn_status tarn__store_key_check_writable(struct tarn_text key, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tarn__store_key_check(key, err));
    size_t start = key.size;
    while (start > 0 && key.data[start - 1] != '/') {
        start--;
    }
    if (tarn__store_is_temporary((struct tarn_text){key.data + start, key.size - start})) {
        return refuse_key(key, "names that begin with '.' and end with '.tmp' belong to the store's temporaries", err);
    }
    return TARN_OK;
}

/* A prefix may end inside a segment; the segments before that are those of a key. The start of a listing is only compared. */
static enum tarn_status check_prefix(struct tarn_text prefix, struct tarn_error *err)
{
    if (prefix.size > LONGEST_KEY || (prefix.size != 0 && memchr(prefix.data, '\0', prefix.size) != NULL)) {
        return refuse_key(prefix, "a prefix holds no NUL and has at most 4,096 bytes", err);
    }
    const char *slash = prefix.size != 0 ? memrchr(prefix.data, '/', prefix.size) : NULL;
    return slash != NULL ? tarn__store_key_check((struct tarn_text){prefix.data, (size_t)(slash - prefix.data)}, err) : TARN_OK;
}

/* ---- one store ---- */

static const struct tarn_store_ops *ops_of(const struct tarn_store *store)
{
    return &store->shared->ops;
}

/* An implementation that fails without a word, or with another's, still gives the caller an error that fits the status. */
static enum tarn_status answer(const struct tarn_store *store, enum tarn_status status, struct tarn_error *err)
{
    if (status != TARN_OK && err != NULL && err->code != status) {
        tarn__error_set(err, status, "store", "the store '%s' failed and gave no reason", ops_of(store)->name);
    }
    return status;
}

static enum tarn_status answer_key(const struct tarn_store *store, struct tarn_text key, enum tarn_status status, struct tarn_error *err)
{
    answer(store, status, err);
    if (status != TARN_OK) {
        tarn__error_at_object(err, key);
    }
    return status;
}

static void count(struct tarn_store *store)
{
    atomic_fetch_add_explicit(&store->shared->requests, 1, memory_order_relaxed);
}

static bool is_complete(const struct tarn_store_ops *ops)
{
    return ops->name != NULL && ops->capabilities != NULL && ops->head != NULL && ops->open != NULL && ops->read != NULL &&
           ops->object_close != NULL && ops->list != NULL && ops->close != NULL && (ops->read_submit == NULL) == (ops->read_wait == NULL);
}

enum tarn_status tarn_store_init(struct tarn_store *store, const struct tarn_store_ops *ops, struct tarn_env *env, struct tarn_error *err)
{
    *store = (struct tarn_store){NULL, NULL, NULL};
    if (ops->size < sizeof(uint32_t) || ops->size > sizeof(*ops)) {
        return tarn__invalid(err, "options_size", "tarn_store_ops.size is %u: set it to sizeof(struct tarn_store_ops)", ops->size);
    }
    struct tarn_store_shared *shared = tarn__calloc(env, 1, sizeof(*shared));
    if (shared == NULL) {
        return tarn__nomem(env, err, sizeof(*shared));
    }
    memcpy(&shared->ops, ops, ops->size);
    if (!is_complete(&shared->ops)) {
        tarn__free(env, shared);
        return tarn__invalid(err, "store_ops",
                             "the operations of a store are not complete: name, capabilities, head, open, read, "
                             "object_close, list and close are needed, read_submit and read_wait only together");
    }
    atomic_init(&shared->references, 1);
    *store = (struct tarn_store){&shared->ops, tarn__env_retain(env), shared};
    return TARN_OK;
}

void tarn_store_deinit(struct tarn_store *store)
{
    struct tarn_env *env = store->env;
    tarn__free(env, store->shared);
    *store = (struct tarn_store){NULL, NULL, NULL};
    tarn_env_close(env);
}

struct tarn_store *tarn_store_retain(struct tarn_store *store)
{
    if (store != NULL) {
        atomic_fetch_add_explicit(&store->shared->references, 1, memory_order_relaxed);
    }
    return store;
}

void tarn_store_close(struct tarn_store *store)
{
    if (store != NULL && atomic_fetch_sub_explicit(&store->shared->references, 1, memory_order_acq_rel) == 1) {
        ops_of(store)->close(store);
    }
}

uint32_t tarn_store_capabilities(struct tarn_store *store)
{
    return ops_of(store)->capabilities(store);
}

struct tarn_text tarn_store_location(struct tarn_store *store)
{
    const struct tarn_store_ops *ops = ops_of(store);
    const char *location = ops->location != NULL ? ops->location(store) : NULL;
    return location != NULL ? tarn__text_of(location) : (struct tarn_text){"", 0};
}

void tarn_store_stats(const struct tarn_store *store, struct tarn_store_stats *stats)
{
    const struct tarn_store_shared *shared = store->shared;
    const struct tarn_store_stats now = {
        .size = stats->size,
        .requests = atomic_load_explicit(&shared->requests, memory_order_relaxed),
        .bytes_read = atomic_load_explicit(&shared->bytes_read, memory_order_relaxed),
        .bytes_written = atomic_load_explicit(&shared->bytes_written, memory_order_relaxed),
    };
    memcpy(stats, &now, tarn__min_size(stats->size, sizeof(now)));
}

/* ---- reading ---- */

enum tarn_status tarn_store_head(struct tarn_store *store, struct tarn_text key, struct tarn_object_info *info, struct tarn_error *err)
{
    *info = (struct tarn_object_info){.size = 0};
    TARN_RETURN_IF_ERROR(tarn__store_key_check(key, err));
    count(store);
    return answer_key(store, key, ops_of(store)->head(store, key, info, err), err);
}

enum tarn_status tarn_object_open(struct tarn_store *store, struct tarn_text key, struct tarn_object **out, struct tarn_error *err)
{
    *out = NULL;
    TARN_RETURN_IF_ERROR(tarn__store_key_check(key, err));
    count(store);
    const enum tarn_status status = answer_key(store, key, ops_of(store)->open(store, key, out, err), err);
    if (status != TARN_OK) {
        *out = NULL;
        return status;
    }
    (*out)->store = tarn_store_retain(store);
    return TARN_OK;
}

struct tarn_object_info tarn_object_info(const struct tarn_object *object)
{
    return object->info;
}

static enum tarn_status check_ranges(const struct tarn_object *object, size_t n, const struct tarn_read_range *ranges, uint64_t *total,
                                     struct tarn_error *err)
{
    *total = 0;
    for (size_t i = 0; i < n; i++) {
        if (ranges[i].offset > object->info.size || ranges[i].size > object->info.size - ranges[i].offset) {
            tarn__invalid(err, "range", "%llu bytes at %llu are asked for, the object has %llu", (unsigned long long)ranges[i].size,
                          (unsigned long long)ranges[i].offset, (unsigned long long)object->info.size);
            tarn__error_at_offset(err, ranges[i].offset);
            return TARN_INVALID;
        }
        if (!tarn__add(*total, (uint64_t)ranges[i].size, total)) {
            return tarn__invalid(err, "range", "the sum of %zu ranges is over 2^64 bytes", n);
        }
    }
    return TARN_OK;
}

static void count_read(struct tarn_store *store, uint64_t bytes)
{
    count(store);
    atomic_fetch_add_explicit(&store->shared->bytes_read, bytes, memory_order_relaxed);
}

enum tarn_status tarn_object_read(struct tarn_object *object, size_t n, const struct tarn_read_range *ranges, struct tarn_error *err)
{
    uint64_t total;
    TARN_RETURN_IF_ERROR(check_ranges(object, n, ranges, &total, err));
    if (total == 0) {
        return TARN_OK;
    }
    count_read(object->store, total);
    return answer(object->store, ops_of(object->store)->read(object, n, ranges, err), err);
}

enum tarn_status tarn_object_read_submit(struct tarn_object *object, size_t n, const struct tarn_read_range *ranges, uint64_t *ticket,
                                         struct tarn_error *err)
{
    *ticket = 0;
    if (ops_of(object->store)->read_submit == NULL) {
        return tarn_object_read(object, n, ranges, err);
    }
    uint64_t total;
    TARN_RETURN_IF_ERROR(check_ranges(object, n, ranges, &total, err));
    count_read(object->store, total);
    return answer(object->store, ops_of(object->store)->read_submit(object, n, ranges, ticket, err), err);
}

enum tarn_status tarn_object_read_wait(struct tarn_object *object, uint64_t ticket, struct tarn_error *err)
{
    if (ops_of(object->store)->read_wait == NULL) {
        return TARN_OK;
    }
    return answer(object->store, ops_of(object->store)->read_wait(object, ticket, err), err);
}

void tarn_object_close(struct tarn_object *object)
{
    if (object != NULL) {
        struct tarn_store *store = object->store;
        ops_of(store)->object_close(object);
        tarn_store_close(store);
    }
}

/* ---- writing ---- */

static enum tarn_status cannot_write(const struct tarn_store *store, struct tarn_error *err)
{
    return tarn__unsupported(err, "store.write", "the store '%s' is read-only", ops_of(store)->name);
}

static void count_written(struct tarn_store *store, uint64_t bytes)
{
    atomic_fetch_add_explicit(&store->shared->bytes_written, bytes, memory_order_relaxed);
}

enum tarn_status tarn_store_put(struct tarn_store *store, struct tarn_text key, struct tarn_span bytes, enum tarn_put_mode mode,
                                enum tarn_object_role role, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tarn__store_key_check_writable(key, err));
    if (ops_of(store)->put == NULL) {
        return cannot_write(store, err);
    }
    count(store);
    tarn__memory_check(bytes);
    const enum tarn_status status = answer_key(store, key, ops_of(store)->put(store, key, bytes, mode, role, err), err);
    if (status == TARN_OK) {
        count_written(store, bytes.size);
    }
    return status;
}

enum tarn_status tarn_object_writer_open(struct tarn_store *store, struct tarn_text key, enum tarn_object_role role,
                                         struct tarn_object_writer **out, struct tarn_error *err)
{
    *out = NULL;
    TARN_RETURN_IF_ERROR(tarn__store_key_check_writable(key, err));
    const struct tarn_store_ops *ops = ops_of(store);
    if (ops->writer_open == NULL || ops->writer_append == NULL || ops->writer_commit == NULL || ops->writer_abort == NULL) {
        return cannot_write(store, err);
    }
    count(store);
    const enum tarn_status status = answer_key(store, key, ops->writer_open(store, key, role, out, err), err);
    if (status != TARN_OK) {
        *out = NULL;
        return status;
    }
    (*out)->store = tarn_store_retain(store);
    (*out)->written = 0;
    return TARN_OK;
}

enum tarn_status tarn_object_writer_append(struct tarn_object_writer *writer, struct tarn_span bytes, struct tarn_error *err)
{
    if (bytes.size == 0) {
        return TARN_OK;
    }
    count(writer->store);
    tarn__memory_check(bytes);
    TARN_RETURN_IF_ERROR(answer(writer->store, ops_of(writer->store)->writer_append(writer, bytes, err), err));
    writer->written += bytes.size;
    count_written(writer->store, bytes.size);
    return TARN_OK;
}

enum tarn_status tarn_object_writer_commit(struct tarn_object_writer *writer, enum tarn_put_mode mode, struct tarn_error *err)
{
    struct tarn_store *store = writer->store;
    count(store);
    const enum tarn_status status = answer(store, ops_of(store)->writer_commit(writer, mode, err), err);
    tarn_store_close(store);
    return status;
}

void tarn_object_writer_abort(struct tarn_object_writer *writer)
{
    if (writer != NULL) {
        struct tarn_store *store = writer->store;
        ops_of(store)->writer_abort(writer);
        tarn_store_close(store);
    }
}

enum tarn_status tarn_store_remove(struct tarn_store *store, struct tarn_text key, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tarn__store_key_check(key, err));
    if (ops_of(store)->remove == NULL) {
        return cannot_write(store, err);
    }
    count(store);
    return answer_key(store, key, ops_of(store)->remove(store, key, err), err);
}

/* ---- listing ---- */

enum tarn_status tarn_store_list(struct tarn_store *store, struct tarn_text prefix, struct tarn_text start_after, tarn_list_fn fn,
                                 void *arg, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(check_prefix(prefix, err));
    count(store);
    return answer_key(store, prefix, ops_of(store)->list(store, prefix, start_after, fn, arg, err), err);
}

enum tarn_status tarn_store_list_temporaries(struct tarn_store *store, struct tarn_text prefix, tarn_list_fn fn, void *arg,
                                             struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(check_prefix(prefix, err));
    if (ops_of(store)->list_temporaries == NULL) {
        return TARN_OK;
    }
    count(store);
    return answer_key(store, prefix, ops_of(store)->list_temporaries(store, prefix, fn, arg, err), err);
}
