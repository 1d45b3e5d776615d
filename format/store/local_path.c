/* SPDX-License-Identifier: Apache-2.0
 *
 * Folders of the local store: finding them without ever leaving the root, making them, putting their entries on disk.
 *
 * SPEC: S-STORE-8 (confinement), S-STORE-10 (folders are durable before what is in them is acknowledged).
 *
 * Invariants
 *  1. Every descriptor below the root comes from tarn__local_open_beneath, or from one folder so opened and one name in it that is not
 *     followed when it is a link. No path is ever resolved by the kernel from outside.
 *  2. `synced` names a folder only after the sync of its parent returned success. That another process made the folder is no proof: it
 *     may be killed before it syncs.
 *  3. After a failed sync of a folder the kernel may forget what was not written, and a second sync would succeed: so none is tried.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "format/base/bytes.h"
#include "format/store/local.h"

enum { OPEN_FOLDER = O_RDONLY | O_DIRECTORY, RACES_TRIED = 64 };

/* ---- confinement ---- */

static bool is_link(int folder, const char *name)
{
    struct stat stat;
    return fstatat(folder, name, &stat, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(stat.st_mode);
}

/* One segment; a link, which O_DIRECTORY reports as ENOTDIR and O_PATH opens, is ELOOP. */
static int open_segment(struct tarn__local_store *store, int folder, const char *name, int flags)
{
    const int fd = store->calls.openat(store->calls.ctx, folder, name, flags | O_NOFOLLOW | O_CLOEXEC, 0);
    if (fd < 0) {
        if (errno == ENOTDIR && is_link(folder, name)) {
            errno = ELOOP;
        }
        return -1;
    }
    struct stat stat;
    if ((flags & O_PATH) != 0 && fstat(fd, &stat) == 0 && S_ISLNK(stat.st_mode)) {
        store->calls.close(store->calls.ctx, fd);
        errno = ELOOP;
        return -1;
    }
    return fd;
}

/* Without openat2: segment by segment, and no link is followed, wherever it points. */
static int open_by_walk(struct tarn__local_store *store, const char *path, int flags)
{
    char segment[NAME_MAX + 1];
    int folder = store->root;
    for (;;) {
        const char *slash = strchr(path, '/');
        const size_t length = slash != NULL ? (size_t)(slash - path) : strlen(path);
        int fd = -1;
        errno = ENAMETOOLONG;
        if (length < sizeof(segment)) {
            memcpy(segment, path, length);
            segment[length] = '\0';
            fd = open_segment(store, folder, segment, slash != NULL ? OPEN_FOLDER : flags);
        }
        if (folder != store->root) {
            const int cause = errno;
            store->calls.close(store->calls.ctx, folder);
            errno = cause;
        }
        if (fd < 0 || slash == NULL) {
            return fd;
        }
        folder = fd;
        path = slash + 1;
    }
}

int tarn__local_open_beneath(struct tarn__local_store *store, const char *path, int flags)
{
    for (int i = 0; i < RACES_TRIED && !atomic_load_explicit(&store->walks, memory_order_relaxed); i++) {
        const int fd = store->calls.open_beneath(store->calls.ctx, store->root, path, flags | O_CLOEXEC);
        if (fd >= 0) {
            return fd;
        }
        if (errno == ENOSYS || errno == EPERM) { /* EPERM: an older sandbox that does not know the call */
            const int cause = errno;
            const int probe = store->calls.open_beneath(store->calls.ctx, store->root, ".", OPEN_FOLDER | O_CLOEXEC);
            if (probe >= 0) {
                store->calls.close(store->calls.ctx, probe);
                errno = cause;
                return -1;
            }
            atomic_store_explicit(&store->walks, true, memory_order_relaxed);
        } else if (errno != EAGAIN && errno != EINTR) { /* EAGAIN: a folder on the way was moved while it was resolved */
            return -1;
        }
    }
    return open_by_walk(store, path, flags);
}

enum tarn_status tarn__local_open_error(struct tarn_error *err, int sys_errno, const char *path)
{
    if (sys_errno == EXDEV || sys_errno == ELOOP) {
        const enum tarn_status status = tarn__sys_error(err, sys_errno, "'%s' leads over a link out of the folder of its store", path);
        if (err != NULL) {
            tarn__text_copy(err->detail, sizeof(err->detail), TARN_TEXT("outside_root"), false);
        }
        return status;
    }
    if (sys_errno == ENAMETOOLONG) {
        return tarn__invalid(err, "key", "'%s' has a name that is too long for the file system", path);
    }
    return tarn__sys_error(err, sys_errno, "cannot open '%s'", path);
}

/* ---- sync ---- */

bool tarn__local_is_durable(const struct tarn__local_store *store, enum tarn_object_role role)
{
    return role != TARN_ROLE_HINT &&
           (store->durability == TARN_DURABILITY_FULL || (store->durability == TARN_DURABILITY_COMMIT_ONLY && role == TARN_ROLE_COMMIT));
}

enum tarn_status tarn__local_check_trusted(const struct tarn__local_store *store, struct tarn_error *err)
{
    if (atomic_load_explicit(&store->sync_failed, memory_order_acquire)) {
        return tarn__error_set(
            err, TARN_IO, "sync_failed",
            "a folder could not be synced before, so nothing more is promised to be on disk: look at the disk, then open "
            "the store again");
    }
    return TARN_OK;
}

enum tarn_status tarn__local_sync_folder(struct tarn__local_store *store, int folder, const char *what, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tarn__local_check_trusted(store, err));
    int answer;
    do {
        answer = store->calls.fsync(store->calls.ctx, folder);
    } while (answer != 0 && errno == EINTR);
    if (answer == 0 || errno == EINVAL) { /* EINVAL: a file system that keeps no folders of its own to sync */
        return TARN_OK;
    }
    const int cause = errno;
    atomic_store_explicit(&store->sync_failed, true, memory_order_release);
    return tarn__sys_error(err, cause, "cannot sync the folder of '%s'", what);
}

/* The first of the sorted `synced` that is not before `path`. */
static size_t synced_bound(const struct tarn__local_store *store, const char *path)
{
    size_t low = 0;
    size_t high = store->synced_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (strcmp(store->synced[middle], path) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool is_synced(struct tarn__local_store *store, const char *path)
{
    pthread_mutex_lock(&store->lock);
    const size_t at = synced_bound(store, path);
    const bool found = at < store->synced_count && strcmp(store->synced[at], path) == 0;
    pthread_mutex_unlock(&store->lock);
    return found;
}

/* Without memory the folder is synced once more the next time: slower, not wrong. */
static void remember_synced(struct tarn__local_store *store, const char *path)
{
    char *copy = tarn__text_dup(store->store.env, tarn__text_of(path));
    pthread_mutex_lock(&store->lock);
    const size_t at = synced_bound(store, path);
    const bool found = at < store->synced_count && strcmp(store->synced[at], path) == 0;
    if (copy != NULL && !found &&
        tarn__grow(store->store.env, &store->synced, &store->synced_capacity, store->synced_count + 1, sizeof(*store->synced))) {
        memmove(&store->synced[at + 1], &store->synced[at], (store->synced_count - at) * sizeof(*store->synced));
        store->synced[at] = copy;
        store->synced_count++;
        copy = NULL;
    }
    pthread_mutex_unlock(&store->lock);
    tarn__free(store->store.env, copy);
}

/* ---- places ---- */

void tarn__local_place_close(struct tarn__local_store *store, struct tarn__local_place *place)
{
    if (place->folder >= 0 && place->folder != store->root) {
        store->calls.close(store->calls.ctx, place->folder);
    }
    tarn__free(store->store.env, place->path);
    *place = (struct tarn__local_place){NULL, NULL, -1};
}

/* Makes the folder `path` in its open parent, if it is not there, and opens it. */
static enum tarn_status make_folder(struct tarn__local_store *store, int parent, const char *path, bool durable, int *out,
                                    struct tarn_error *err)
{
    const char *slash = strrchr(path, '/');
    *out = -1;
    if (store->calls.mkdirat(store->calls.ctx, parent, slash != NULL ? slash + 1 : path, 0777) != 0 && errno != EEXIST) {
        return errno == ENAMETOOLONG ? tarn__local_open_error(err, errno, path)
                                     : tarn__sys_error(err, errno, "cannot make the folder '%s'", path);
    }
    if (durable && !is_synced(store, path)) {
        TARN_RETURN_IF_ERROR(tarn__local_sync_folder(store, parent, path, err));
        remember_synced(store, path);
    }
    *out = tarn__local_open_beneath(store, path, OPEN_FOLDER);
    if (*out < 0 && errno == ENOTDIR) {
        return tarn__error_set(err, TARN_IO, "not_a_folder", "'%s' is an object, so no object can lie below it in a file system", path);
    }
    return *out < 0 ? tarn__local_open_error(err, errno, path) : TARN_OK;
}

/* All folders down to `path`, which is cut at its slashes on the way and whole again behind. */
static enum tarn_status make_folders(struct tarn__local_store *store, char *path, bool durable, int *out, struct tarn_error *err)
{
    int folder = store->root;
    for (char *at = path;; at++) {
        const char end = *at;
        if (end != '/' && end != '\0') {
            continue;
        }
        *at = '\0';
        int next;
        const enum tarn_status status = make_folder(store, folder, path, durable, &next, err);
        *at = end;
        if (folder != store->root) {
            store->calls.close(store->calls.ctx, folder);
        }
        folder = next;
        if (status != TARN_OK || end == '\0') {
            *out = folder;
            return status;
        }
    }
}

/* The key as a path, cut into folder and name; `*folder` is NULL when the root holds the name. */
static enum tarn_status split(struct tarn__local_store *store, struct tarn_text key, struct tarn__local_place *place, char **slash,
                              struct tarn_error *err)
{
    *place = (struct tarn__local_place){tarn__text_dup(store->store.env, key), NULL, -1};
    if (place->path == NULL) {
        return tarn__nomem(store->store.env, err, key.size + 1);
    }
    *slash = strrchr(place->path, '/');
    place->name = *slash != NULL ? *slash + 1 : place->path;
    if (*slash == NULL) {
        place->folder = store->root;
    }
    return TARN_OK;
}

enum tarn_status tarn__local_place_find(struct tarn__local_store *store, struct tarn_text key, struct tarn__local_place *place,
                                        struct tarn_error *err)
{
    char *slash;
    TARN_RETURN_IF_ERROR(split(store, key, place, &slash, err));
    if (slash == NULL) {
        return TARN_OK;
    }
    *slash = '\0';
    place->folder = tarn__local_open_beneath(store, place->path, OPEN_FOLDER);
    const enum tarn_status status = place->folder < 0 ? tarn__local_open_error(err, errno, place->path) : TARN_OK;
    *slash = '/';
    if (status != TARN_OK) {
        tarn__local_place_close(store, place);
    }
    return status;
}

enum tarn_status tarn__local_place_make(struct tarn__local_store *store, struct tarn_text key, bool durable,
                                        struct tarn__local_place *place, struct tarn_error *err)
{
    char *slash;
    TARN_RETURN_IF_ERROR(split(store, key, place, &slash, err));
    if (slash == NULL) {
        return TARN_OK;
    }
    *slash = '\0';
    enum tarn_status status = TARN_OK;
    if (!durable || is_synced(store, place->path)) {
        place->folder = tarn__local_open_beneath(store, place->path, OPEN_FOLDER);
    }
    if (place->folder < 0) {
        status = make_folders(store, place->path, durable, &place->folder, err);
    }
    *slash = '/';
    if (status != TARN_OK) {
        tarn__local_place_close(store, place);
    }
    return status;
}

/* ---- the root ---- */

static enum tarn_status sync_parent(struct tarn__local_store *store, const char *path, struct tarn_error *err)
{
    const char *slash = strrchr(path, '/');
    char *parent = tarn__text_dup(store->store.env, slash == NULL   ? TARN_TEXT(".")
                                                    : slash == path ? TARN_TEXT("/")
                                                                    : (struct tarn_text){path, (size_t)(slash - path)});
    if (parent == NULL) {
        return tarn__nomem(store->store.env, err, strlen(path));
    }
    const int fd = store->calls.openat(store->calls.ctx, AT_FDCWD, parent, OPEN_FOLDER | O_CLOEXEC, 0);
    enum tarn_status status;
    if (fd < 0) {
        status = tarn__sys_error(err, errno, "cannot open '%s' to sync it", parent);
    } else {
        status = tarn__local_sync_folder(store, fd, path, err);
        store->calls.close(store->calls.ctx, fd);
    }
    tarn__free(store->store.env, parent);
    return status;
}

enum tarn_status tarn__local_make_root(struct tarn__local_store *store, const char *path, struct tarn_error *err)
{
    char *part = tarn__text_dup(store->store.env, tarn__text_of(path));
    if (part == NULL) {
        return tarn__nomem(store->store.env, err, strlen(path) + 1);
    }
    enum tarn_status status = TARN_OK;
    size_t length = strlen(part);
    while (length > 1 && part[length - 1] == '/') {
        part[--length] = '\0';
    }
    for (size_t i = 1; i <= length && status == TARN_OK; i++) {
        if ((part[i] != '/' && part[i] != '\0') || part[i - 1] == '/') {
            continue;
        }
        const char end = part[i];
        part[i] = '\0';
        if (store->calls.mkdirat(store->calls.ctx, AT_FDCWD, part, 0777) == 0) {
            status = store->durability != TARN_DURABILITY_OFF ? sync_parent(store, part, err) : TARN_OK;
        } else if (errno != EEXIST) {
            status = tarn__sys_error(err, errno, "cannot make the folder '%s'", part);
        }
        part[i] = end;
    }
    tarn__free(store->store.env, part);
    return status;
}
