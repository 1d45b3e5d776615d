/* SPDX-License-Identifier: Apache-2.0
 *
 * The store of the local file system: a folder, held by a descriptor from opening to closing, so that renaming it away changes nothing.
 *
 * SPEC: S-STORE-1 to S-STORE-14.
 */
#include "format/store/local.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "format/base/bytes.h"

static void local_close(struct tarn_store *base)
{
    struct tarn__local_store *store = tarn__local_of(base);
    struct tarn_env *env = tarn__env_retain(base->env);
    if (store->root >= 0) {
        store->calls.close(store->calls.ctx, store->root);
    }
    for (size_t i = 0; i < store->synced_count; i++) {
        tarn__free(env, store->synced[i]);
    }
    tarn__free(env, store->synced);
    tarn__free(env, store->location);
    pthread_mutex_destroy(&store->lock);
    tarn_store_deinit(base);
    tarn__free(env, store);
    tarn_env_close(env);
}

static const char *local_location(struct tarn_store *base)
{
    return tarn__local_of(base)->location;
}

static const struct tarn_store_ops local_ops = {
    .size = sizeof(struct tarn_store_ops),
    .name = "local",
    .capabilities = tarn__local_capabilities,
    .head = tarn__local_head,
    .open = tarn__local_open,
    .read = tarn__local_read,
    .read_submit = tarn__local_read_submit,
    .read_wait = tarn__local_read_wait,
    .object_close = tarn__local_object_close,
    .put = tarn__local_put,
    .writer_open = tarn__local_writer_open,
    .writer_append = tarn__local_writer_append,
    .writer_commit = tarn__local_writer_commit,
    .writer_abort = tarn__local_writer_abort,
    .list = tarn__local_list,
    .remove = tarn__local_remove,
    .close = local_close,
    .list_temporaries = tarn__local_list_temporaries,
    .location = local_location,
};

static int open_root(struct tarn__local_store *store, const char *path)
{
    store->root = store->calls.openat(store->calls.ctx, AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    return store->root >= 0 ? 0 : errno;
}

static enum tarn_status find_root(struct tarn__local_store *store, const char *path, bool create, struct tarn_error *err)
{
    int cause = open_root(store, path);
    if (cause == ENOENT && create) {
        TARN_RETURN_IF_ERROR(tarn__local_make_root(store, path, err));
        cause = open_root(store, path);
    }
    if (cause == 0) {
        return TARN_OK;
    }
    tarn__sys_error(err, cause, "cannot open the folder '%s'", path);
    const enum tarn_status status = cause == ENOENT || cause == ENOTDIR ? TARN_NOT_FOUND
                                    : cause == EACCES || cause == EPERM ? TARN_AUTH
                                                                        : TARN_IO;
    return tarn__error_recode(err, status);
}

enum tarn_status tarn__local_open_with(struct tarn_env *env, struct tarn_text uri, bool create, const struct tarn__local_calls *calls,
                                       struct tarn_store **out, struct tarn_error *err)
{
    *out = NULL;
    char *path;
    TARN_RETURN_IF_ERROR(tarn__store_uri_path(env, uri, &path, err));
    struct tarn__local_store *store = tarn__calloc(env, 1, sizeof(*store));
    enum tarn_status status = store != NULL ? tarn_store_init(&store->store, &local_ops, env, err) : tarn__nomem(env, err, sizeof(*store));
    if (status != TARN_OK) {
        tarn__free(env, store);
        tarn__free(env, path);
        return status;
    }
    store->calls = *calls;
    store->root = -1;
    store->durability = tarn__env_options(env)->durability;
    atomic_init(&store->walks, false);
    atomic_init(&store->sync_failed, false);
    pthread_mutex_init(&store->lock, NULL);
    status = find_root(store, path, create, err);
    char absolute[PATH_MAX];
    if (status == TARN_OK && realpath(path, absolute) != NULL) {
        store->location = tarn__text_dup(env, tarn__text_of(absolute));
        status = store->location == NULL ? tarn__nomem(env, err, sizeof(absolute)) : TARN_OK;
    }
    if (status != TARN_OK) {
        tarn__error_at_object(err, tarn__text_of(path));
        local_close(&store->store);
    } else {
        *out = &store->store;
    }
    tarn__free(env, path);
    return status;
}

enum tarn_status tarn_store_open_local(struct tarn_env *env, struct tarn_text path, bool create, struct tarn_store **out,
                                       struct tarn_error *err)
{
    return tarn__local_open_with(env, path, create, &tarn__local_system_calls, out, err);
}
