/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes of the host as a store of one object.
 *
 * Invariants
 *  1. The bytes are never written, and the reference on them is given back when store and objects are closed.
 */
#include "format/store/bytes_store.h"

#include <stdio.h>
#include <string.h>

#include "format/base/alloc.h"

struct bytes_store {
    struct tarn_store store;
    struct tarn_buffer *bytes;
};

static struct bytes_store *store_of(struct tarn_store *store)
{
    return (struct bytes_store *)store;
}

static uint32_t bytes_capabilities(struct tarn_store *store)
{
    (void)store;
    return 0;
}

static struct tarn_object_info info_of(struct tarn_store *store)
{
    struct tarn_object_info info = {.size = store_of(store)->bytes->size};
    snprintf(info.etag, sizeof(info.etag), "%s", "memory");
    return info;
}

static enum tarn_status bytes_head(struct tarn_store *store, struct tarn_text key, struct tarn_object_info *info, struct tarn_error *err)
{
    (void)key;
    (void)err;
    *info = info_of(store);
    return TARN_OK;
}

static enum tarn_status bytes_open(struct tarn_store *store, struct tarn_text key, struct tarn_object **out, struct tarn_error *err)
{
    (void)key;
    struct tarn_object *object = tarn__calloc(store->env, 1, sizeof(*object));
    if (object == NULL) {
        return tarn__nomem(store->env, err, sizeof(*object));
    }
    object->info = info_of(store);
    *out = object;
    return TARN_OK;
}

static enum tarn_status bytes_read(struct tarn_object *object, size_t n, const struct tarn_read_range *ranges, struct tarn_error *err)
{
    const struct tarn_buffer *bytes = store_of(object->store)->bytes;
    (void)err;
    for (size_t i = 0; i < n; i++) {
        if (ranges[i].size != 0) {
            memcpy(ranges[i].into, bytes->data + ranges[i].offset, ranges[i].size);
        }
    }
    return TARN_OK;
}

static void bytes_object_close(struct tarn_object *object)
{
    tarn__free(object->store->env, object);
}

static enum tarn_status bytes_list(struct tarn_store *store, struct tarn_text prefix, struct tarn_text start_after, tarn_list_fn fn,
                                   void *arg, struct tarn_error *err)
{
    (void)store, (void)prefix, (void)start_after, (void)fn, (void)arg, (void)err;
    return TARN_OK;
}

static void bytes_close(struct tarn_store *base)
{
    struct bytes_store *store = store_of(base);
    struct tarn_env *env = tarn__env_retain(base->env);
    tarn__buffer_release(store->bytes);
    tarn_store_deinit(base);
    tarn__free(env, store);
    tarn_env_close(env);
}

enum tarn_status tarn__store_over_bytes(struct tarn_env *env, struct tarn_buffer *bytes, struct tarn_store **out, struct tarn_error *err)
{
    static const struct tarn_store_ops ops = {
        .size = sizeof(ops),
        .name = "bytes",
        .capabilities = bytes_capabilities,
        .head = bytes_head,
        .open = bytes_open,
        .read = bytes_read,
        .object_close = bytes_object_close,
        .list = bytes_list,
        .close = bytes_close,
    };
    *out = NULL;
    struct bytes_store *store = tarn__calloc(env, 1, sizeof(*store));
    if (store == NULL) {
        return tarn__nomem(env, err, sizeof(*store));
    }
    const enum tarn_status status = tarn_store_init(&store->store, &ops, env, err);
    if (status != TARN_OK) {
        tarn__free(env, store);
        return status;
    }
    store->bytes = tarn__buffer_retain(bytes);
    *out = &store->store;
    return TARN_OK;
}
