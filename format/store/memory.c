/* SPDX-License-Identifier: Apache-2.0
 *
 * A store in memory: a sorted array of keys, each with an immutable shared buffer.
 *
 * SPEC: S-STORE-1 to S-STORE-6.
 *
 * Invariants
 *  1. Everything below `lock` in the store is read and written with it held; callbacks and copies of large bytes run without it.
 *  2. The bytes behind a key are never changed, only replaced: an opened object holds a reference on those it saw.
 *  3. With a seed, a submitted read is done by some later wait, in an order that follows from the seed alone; until then the memory
 *     it is read into holds a pattern, so that a caller who looks too early sees it.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "format/base/buffer.h"
#include "format/base/checked.h"
#include "format/store/store.h"

enum { NOT_YET_READ = 0xdb };

struct entry {
    char *key; /* terminated, without NUL inside */
    struct tarn_buffer *bytes;
    struct tarn_object_info info;
};

struct memory_store {
    struct tarn_store store;
    uint64_t seed;
    pthread_mutex_t lock;
    struct entry *entries; /* ascending by key */
    size_t count;
    size_t capacity;
    uint64_t changes;
    uint64_t random;
    struct pending_read *pending; /* submitted and not done */
    size_t pending_count;
};

struct memory_object {
    struct tarn_object object;
    struct memory_store *store;
    struct tarn_buffer *bytes;
};

struct memory_writer {
    struct tarn_object_writer writer;
    struct memory_store *store;
    char *key;
    struct tarn_buffer *bytes;
    bool failed;
};

struct pending_read {
    struct pending_read *next;
    const struct memory_object *object;
    bool done;
    size_t n;
    struct tarn_read_range ranges[];
};

static struct memory_store *store_of(struct tarn_store *store)
{
    return (struct memory_store *)store;
}

static struct memory_object *object_of(struct tarn_object *object)
{
    return (struct memory_object *)object;
}

static struct memory_writer *writer_of(struct tarn_object_writer *writer)
{
    return (struct memory_writer *)writer;
}

/* ---- the sorted array; with the lock held ---- */

/* The first entry that is not before `key`. */
static size_t lower_bound(const struct memory_store *store, struct tarn_text key)
{
    size_t low = 0;
    size_t high = store->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (tarn__text_compare(tarn__text_of(store->entries[middle].key), key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct entry *find(const struct memory_store *store, struct tarn_text key)
{
    const size_t at = lower_bound(store, key);
    return at < store->count && tarn__text_equal(tarn__text_of(store->entries[at].key), key) ? &store->entries[at] : NULL;
}

static void drop(struct memory_store *store, struct entry *entry)
{
    tarn__free(store->store.env, entry->key);
    tarn__buffer_release(entry->bytes);
}

static enum tarn_status not_found(struct tarn_text key, struct tarn_error *err)
{
    return tarn__error_set(err, TARN_NOT_FOUND, "object", "there is no object '%.*s'", TARN_TEXT_ARG(key));
}

/* Takes `key` and `bytes` over, whatever the answer. */
static enum tarn_status publish(struct memory_store *store, char *key, struct tarn_buffer *bytes, enum tarn_put_mode mode,
                                struct tarn_error *err)
{
    struct entry fresh = {.key = key, .bytes = bytes, .info = {.size = bytes->size, .modified = tarn__now(store->store.env)}};
    enum tarn_status status = TARN_OK;

    pthread_mutex_lock(&store->lock);
    snprintf(fresh.info.etag, sizeof(fresh.info.etag), "%" PRIu64, store->changes + 1);
    const size_t at = lower_bound(store, tarn__text_of(key));
    const bool there = at < store->count && strcmp(store->entries[at].key, key) == 0;
    if (there && mode == TARN_PUT_IF_ABSENT) {
        status = tarn__error_set(err, TARN_EXISTS, "object", "there is an object '%s' already", key);
    } else if (there) {
        const struct entry old = store->entries[at];
        store->entries[at] = fresh;
        fresh = old;
        store->changes++;
    } else if (!tarn__grow(store->store.env, &store->entries, &store->capacity, store->count + 1, sizeof(struct entry))) {
        status = tarn__nomem(store->store.env, err, store->count * sizeof(struct entry));
    } else {
        memmove(&store->entries[at + 1], &store->entries[at], (store->count - at) * sizeof(struct entry));
        store->entries[at] = fresh;
        store->count++;
        store->changes++;
        fresh = (struct entry){.key = NULL};
    }
    pthread_mutex_unlock(&store->lock);
    drop(store, &fresh);
    return status;
}

/* ---- operations ---- */

static uint32_t memory_capabilities(struct tarn_store *store)
{
    (void)store;
    return TARN_STORE_CAN_PUT_IF_ABSENT | TARN_STORE_CAN_WRITE;
}

static enum tarn_status memory_head(struct tarn_store *base, struct tarn_text key, struct tarn_object_info *info, struct tarn_error *err)
{
    struct memory_store *store = store_of(base);
    pthread_mutex_lock(&store->lock);
    const struct entry *entry = find(store, key);
    if (entry != NULL) {
        *info = entry->info;
    }
    pthread_mutex_unlock(&store->lock);
    return entry != NULL ? TARN_OK : not_found(key, err);
}

static enum tarn_status memory_open(struct tarn_store *base, struct tarn_text key, struct tarn_object **out, struct tarn_error *err)
{
    struct memory_store *store = store_of(base);
    struct memory_object *object = tarn__calloc(base->env, 1, sizeof(*object));
    if (object == NULL) {
        return tarn__nomem(base->env, err, sizeof(*object));
    }
    pthread_mutex_lock(&store->lock);
    const struct entry *entry = find(store, key);
    if (entry != NULL) {
        *object = (struct memory_object){{NULL, entry->info}, store, tarn__buffer_retain(entry->bytes)};
    }
    pthread_mutex_unlock(&store->lock);
    if (entry == NULL) {
        tarn__free(base->env, object);
        return not_found(key, err);
    }
    *out = &object->object;
    return TARN_OK;
}

static void copy_ranges(const struct memory_object *object, size_t n, const struct tarn_read_range *ranges)
{
    for (size_t i = 0; i < n; i++) {
        if (ranges[i].size != 0) {
            memcpy(ranges[i].into, object->bytes->data + ranges[i].offset, ranges[i].size);
        }
    }
}

static enum tarn_status memory_read(struct tarn_object *object, size_t n, const struct tarn_read_range *ranges, struct tarn_error *err)
{
    (void)err;
    copy_ranges(object_of(object), n, ranges);
    return TARN_OK;
}

static enum tarn_status memory_read_submit(struct tarn_object *base, size_t n, const struct tarn_read_range *ranges, uint64_t *ticket,
                                           struct tarn_error *err)
{
    struct memory_object *object = object_of(base);
    struct memory_store *store = object->store;
    *ticket = 0;
    if (store->seed == 0) {
        copy_ranges(object, n, ranges);
        return TARN_OK;
    }
    size_t bytes;
    struct pending_read *read = NULL;
    if (tarn__mul(n, sizeof(*ranges), &bytes) && tarn__add(bytes, sizeof(*read), &bytes)) {
        read = tarn__calloc(store->store.env, 1, bytes);
    }
    if (read == NULL) {
        return tarn__nomem(store->store.env, err, sizeof(*read) + n * sizeof(*ranges));
    }
    read->object = object;
    read->n = n;
    for (size_t i = 0; i < n; i++) {
        read->ranges[i] = ranges[i];
        if (ranges[i].size != 0) {
            memset(ranges[i].into, NOT_YET_READ, ranges[i].size);
        }
    }
    pthread_mutex_lock(&store->lock);
    read->next = store->pending;
    store->pending = read;
    store->pending_count++;
    pthread_mutex_unlock(&store->lock);
    *ticket = (uint64_t)(uintptr_t)read;
    return TARN_OK;
}

/* splitmix64: every seed gives another order, the same seed the same. */
static uint64_t next_random(struct memory_store *store)
{
    store->random += 0x9e3779b97f4a7c15u;
    uint64_t value = store->random;
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
    value = (value ^ value >> 27) * 0x94d049bb133111ebu;
    return value ^ value >> 31;
}

static enum tarn_status memory_read_wait(struct tarn_object *base, uint64_t ticket, struct tarn_error *err)
{
    struct memory_store *store = object_of(base)->store;
    struct pending_read *wanted = (struct pending_read *)(uintptr_t)ticket;
    (void)err;
    if (wanted == NULL) {
        return TARN_OK;
    }
    pthread_mutex_lock(&store->lock);
    while (!wanted->done) {
        struct pending_read **at = &store->pending;
        for (uint64_t skip = next_random(store) % store->pending_count; skip > 0; skip--) {
            at = &(*at)->next;
        }
        struct pending_read *read = *at;
        *at = read->next;
        store->pending_count--;
        copy_ranges(read->object, read->n, read->ranges);
        read->done = true;
    }
    pthread_mutex_unlock(&store->lock);
    tarn__free(store->store.env, wanted);
    return TARN_OK;
}

static void memory_object_close(struct tarn_object *base)
{
    struct memory_object *object = object_of(base);
    tarn__buffer_release(object->bytes);
    tarn__free(object->store->store.env, object);
}

static enum tarn_status memory_put(struct tarn_store *base, struct tarn_text key, struct tarn_span bytes, enum tarn_put_mode mode,
                                   enum tarn_object_role role, struct tarn_error *err)
{
    (void)role;
    char *own_key = tarn__text_dup(base->env, key);
    struct tarn_buffer *own_bytes = own_key != NULL ? tarn__buffer_new(base->env, bytes.size) : NULL;
    if (own_bytes == NULL) {
        tarn__free(base->env, own_key);
        return tarn__nomem(base->env, err, bytes.size);
    }
    if (bytes.size != 0) {
        memcpy(own_bytes->data, bytes.data, bytes.size);
    }
    return publish(store_of(base), own_key, own_bytes, mode, err);
}

static void free_writer(struct memory_writer *writer)
{
    struct tarn_env *env = writer->store->store.env;
    tarn__buffer_release(writer->bytes);
    tarn__free(env, writer->key);
    tarn__free(env, writer);
}

static enum tarn_status memory_writer_open(struct tarn_store *base, struct tarn_text key, enum tarn_object_role role,
                                           struct tarn_object_writer **out, struct tarn_error *err)
{
    (void)role;
    struct memory_writer *writer = tarn__calloc(base->env, 1, sizeof(*writer));
    if (writer == NULL) {
        return tarn__nomem(base->env, err, sizeof(*writer));
    }
    writer->store = store_of(base);
    writer->key = tarn__text_dup(base->env, key);
    writer->bytes = tarn__buffer_new(base->env, 0);
    if (writer->key == NULL || writer->bytes == NULL) {
        free_writer(writer);
        return tarn__nomem(base->env, err, key.size);
    }
    *out = &writer->writer;
    return TARN_OK;
}

static enum tarn_status memory_writer_append(struct tarn_object_writer *base, struct tarn_span bytes, struct tarn_error *err)
{
    struct memory_writer *writer = writer_of(base);
    if (!tarn__buffer_append(writer->bytes, bytes.data, bytes.size)) {
        writer->failed = true;
        return tarn__nomem(writer->store->store.env, err, bytes.size);
    }
    return TARN_OK;
}

static enum tarn_status memory_writer_commit(struct tarn_object_writer *base, enum tarn_put_mode mode, struct tarn_error *err)
{
    struct memory_writer *writer = writer_of(base);
    if (writer->failed) {
        free_writer(writer);
        return tarn__error_set(err, TARN_IO, "append_failed", "the object is not whole: an append to it failed before");
    }
    const enum tarn_status status = publish(writer->store, writer->key, writer->bytes, mode, err);
    writer->key = NULL;
    writer->bytes = NULL;
    free_writer(writer);
    return status;
}

static void memory_writer_abort(struct tarn_object_writer *base)
{
    free_writer(writer_of(base));
}

/* The next key after `last`, copied into `key`, which grows. *found false: there is none with the prefix. */
static enum tarn_status next_entry(struct memory_store *store, struct tarn_text prefix, struct tarn_text last, bool first, char **key,
                                   size_t *capacity, struct tarn_object_info *info, bool *found, struct tarn_error *err)
{
    enum tarn_status status = TARN_OK;
    *found = false;
    pthread_mutex_lock(&store->lock);
    size_t at = lower_bound(store, first && tarn__text_compare(prefix, last) > 0 ? prefix : last);
    if (at < store->count && last.size != 0 && tarn__text_equal(tarn__text_of(store->entries[at].key), last)) {
        at++;
    }
    if (at < store->count && tarn__text_starts(tarn__text_of(store->entries[at].key), prefix)) {
        const size_t size = strlen(store->entries[at].key) + 1;
        if (tarn__grow(store->store.env, key, capacity, size, 1)) {
            memcpy(*key, store->entries[at].key, size);
            *info = store->entries[at].info;
            *found = true;
        } else {
            status = tarn__nomem(store->store.env, err, size);
        }
    }
    pthread_mutex_unlock(&store->lock);
    return status;
}

static enum tarn_status memory_list(struct tarn_store *base, struct tarn_text prefix, struct tarn_text start_after, tarn_list_fn fn,
                                    void *arg, struct tarn_error *err)
{
    struct memory_store *store = store_of(base);
    struct tarn_object_info info;
    struct tarn_text last = start_after;
    char *key = NULL;
    size_t capacity = 0;
    bool found = true;
    bool first = true;
    enum tarn_status status = TARN_OK;

    while (status == TARN_OK) {
        status = next_entry(store, prefix, last, first, &key, &capacity, &info, &found, err);
        if (status != TARN_OK || !found) {
            break;
        }
        first = false;
        last = tarn__text_of(key);
        status = fn(arg, last, &info, err);
    }
    tarn__free(base->env, key);
    return status;
}

static enum tarn_status memory_remove(struct tarn_store *base, struct tarn_text key, struct tarn_error *err)
{
    struct memory_store *store = store_of(base);
    (void)err;
    pthread_mutex_lock(&store->lock);
    struct entry *entry = find(store, key);
    if (entry != NULL) {
        drop(store, entry);
        const size_t behind = store->count - (size_t)(entry - store->entries) - 1;
        memmove(entry, entry + 1, behind * sizeof(*entry));
        store->count--;
        store->changes++;
    }
    pthread_mutex_unlock(&store->lock);
    return TARN_OK;
}

static void memory_close(struct tarn_store *base)
{
    struct memory_store *store = store_of(base);
    struct tarn_env *env = tarn__env_retain(base->env);
    for (size_t i = 0; i < store->count; i++) {
        drop(store, &store->entries[i]);
    }
    tarn__free(env, store->entries);
    pthread_mutex_destroy(&store->lock);
    tarn_store_deinit(base);
    tarn__free(env, store);
    tarn_env_close(env);
}

/* Objects in memory are nowhere else: the word is enough for what records absolute places. */
static const char *memory_location(struct tarn_store *base)
{
    (void)base;
    return "memory:";
}

static const struct tarn_store_ops memory_ops = {
    .size = sizeof(struct tarn_store_ops),
    .name = "memory",
    .capabilities = memory_capabilities,
    .head = memory_head,
    .open = memory_open,
    .read = memory_read,
    .read_submit = memory_read_submit,
    .read_wait = memory_read_wait,
    .object_close = memory_object_close,
    .put = memory_put,
    .writer_open = memory_writer_open,
    .writer_append = memory_writer_append,
    .writer_commit = memory_writer_commit,
    .writer_abort = memory_writer_abort,
    .list = memory_list,
    .remove = memory_remove,
    .close = memory_close,
    .location = memory_location,
};

enum tarn_status tarn_store_open_memory(struct tarn_env *env, uint64_t seed, struct tarn_store **out, struct tarn_error *err)
{
    *out = NULL;
    struct memory_store *store = tarn__calloc(env, 1, sizeof(*store));
    if (store == NULL) {
        return tarn__nomem(env, err, sizeof(*store));
    }
    const enum tarn_status status = tarn_store_init(&store->store, &memory_ops, env, err);
    if (status != TARN_OK) {
        tarn__free(env, store);
        return status;
    }
    store->seed = seed;
    store->random = seed;
    pthread_mutex_init(&store->lock, NULL);
    *out = &store->store;
    return TARN_OK;
}
