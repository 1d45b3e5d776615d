/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading from the local store: an object is a descriptor, so that replacing its name changes nothing for who has it open.
 *
 * SPEC: S-STORE-2 (pinned objects), S-STORE-14 (ranges).
 *
 * Invariants
 *  1. After each read, size and time of change are those of the opening: bytes changed in place are never handed out as good.
 *  2. Ranges are read where the caller wants them; what lies between two that are read together goes to scratch memory.
 *  3. A task of the executor owns a copy of its ranges and its answer; it is freed by the wait that takes it.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/base/checked.h"
#include "format/store/local.h"

/*
 * Near neighbours are read together: a call and a disk's seek cost more than the bytes between. A small gap always, a large one only
 * where it is little beside what is wanted.
 */
enum { SMALL_GAP = 4096, LARGEST_GAP = 65536, GAP_SHARE = 8, MOST_PARTS = 64 };

struct local_object {
    struct tarn_object object;
    struct tarn__local_store *store;
    int fd;
    struct timespec changed;
    char *key;
};

struct read_task {
    struct local_object *object;
    void *running; /* of the executor; NULL: done in submit */
    enum tarn_status status;
    struct tarn_error error;
    size_t n;
    struct tarn_read_range ranges[];
};

static struct local_object *object_of(struct tarn_object *object)
{
    return (struct local_object *)object;
}

struct tarn_object_info tarn__local_info(const struct stat *stat)
{
    struct tarn_object_info info = {
        .size = (uint64_t)stat->st_size,
        .modified = (int64_t)stat->st_mtim.tv_sec * 1000000 + stat->st_mtim.tv_nsec / 1000,
    };
    const uint64_t changed = (uint64_t)stat->st_mtim.tv_sec * 1000000000u + (uint64_t)stat->st_mtim.tv_nsec;
    snprintf(info.etag, sizeof(info.etag), "%" PRIx64 "-%" PRIx64 "-%" PRIx64, (uint64_t)stat->st_ino, info.size, changed);
    return info;
}

/* ---- opening ---- */

static enum tarn_status open_regular(struct tarn__local_store *store, const char *path, int flags, int *fd, struct stat *stat,
                                     struct tarn_error *err)
{
    *fd = tarn__local_open_beneath(store, path, flags);
    if (*fd < 0) {
        return errno == ENAMETOOLONG ? tarn__error_set(err, TARN_NOT_FOUND, "object", "there is no object '%s'", path)
                                     : tarn__local_open_error(err, errno, path);
    }
    enum tarn_status status = TARN_OK;
    if (fstat(*fd, stat) != 0) {
        status = tarn__sys_error(err, errno, "cannot look at '%s'", path);
    } else if (!S_ISREG(stat->st_mode)) {
        status = tarn__error_set(err, TARN_NOT_FOUND, "object", "'%s' is a folder or a special file, not an object", path);
    }
    if (status != TARN_OK) {
        store->calls.close(store->calls.ctx, *fd);
        *fd = -1;
    }
    return status;
}

enum tarn_status tarn__local_head(struct tarn_store *base, struct tarn_text key, struct tarn_object_info *info, struct tarn_error *err)
{
    struct tarn__local_store *store = tarn__local_of(base);
    char *path = tarn__text_dup(base->env, key);
    if (path == NULL) {
        return tarn__nomem(base->env, err, key.size + 1);
    }
    struct stat stat;
    int fd;
    const enum tarn_status status = open_regular(store, path, O_PATH, &fd, &stat, err);
    if (status == TARN_OK) {
        *info = tarn__local_info(&stat);
        store->calls.close(store->calls.ctx, fd);
    }
    tarn__free(base->env, path);
    return status;
}

enum tarn_status tarn__local_open(struct tarn_store *base, struct tarn_text key, struct tarn_object **out, struct tarn_error *err)
{
    struct tarn__local_store *store = tarn__local_of(base);
    struct local_object *object = tarn__calloc(base->env, 1, sizeof(*object));
    char *path = object != NULL ? tarn__text_dup(base->env, key) : NULL;
    if (path == NULL) {
        tarn__free(base->env, object);
        return tarn__nomem(base->env, err, sizeof(*object) + key.size);
    }
    struct stat stat;
    int fd;
    /* O_NONBLOCK: a pipe that lies there must not stop the opener. */
    const enum tarn_status status = open_regular(store, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, &fd, &stat, err);
    if (status != TARN_OK) {
        tarn__free(base->env, path);
        tarn__free(base->env, object);
        return status;
    }
    *object = (struct local_object){{NULL, tarn__local_info(&stat)}, store, fd, stat.st_mtim, path};
    *out = &object->object;
    return TARN_OK;
}

void tarn__local_object_close(struct tarn_object *base)
{
    struct local_object *object = object_of(base);
    struct tarn_env *env = object->store->store.env;
    object->store->calls.close(object->store->calls.ctx, object->fd);
    tarn__free(env, object->key);
    tarn__free(env, object);
}

/* ---- vectored reads ---- */

static enum tarn_status changed(const struct local_object *object, struct tarn_error *err)
{
    tarn__error_set(err, TARN_IO, "object_changed", "the file was changed in place while it was open: read it again from the start");
    tarn__error_at_object(err, (struct tarn_text){object->key, strlen(object->key)});
    return TARN_IO;
}

static enum tarn_status check_unchanged(const struct local_object *object, struct tarn_error *err)
{
    struct stat stat;
    if (fstat(object->fd, &stat) != 0) {
        return tarn__sys_error(err, errno, "cannot look at the open file again");
    }
    const bool same = (uint64_t)stat.st_size == object->object.info.size && stat.st_mtim.tv_sec == object->changed.tv_sec &&
                      stat.st_mtim.tv_nsec == object->changed.tv_nsec;
    return same ? TARN_OK : changed(object, err);
}

/* Takes `done` bytes off the front of the parts; the first that is not finished is returned. */
static int advance(struct iovec *parts, int from, size_t done)
{
    while (done >= parts[from].iov_len && done != 0) {
        done -= parts[from++].iov_len;
    }
    if (done == 0) {
        return from;
    }
    parts[from].iov_base = (uint8_t *)parts[from].iov_base + done;
    parts[from].iov_len -= done;
    return from;
}

static enum tarn_status read_parts(const struct local_object *object, uint64_t offset, struct iovec *parts, int count,
                                   struct tarn_error *err)
{
    const struct tarn__local_calls *calls = &object->store->calls;
    uint64_t left = 0;
    for (int i = 0; i < count; i++) {
        left += parts[i].iov_len;
    }
    parts[count] = (struct iovec){NULL, 0}; /* where advance ends */
    for (int at = 0; left != 0;) {
        const ssize_t done = calls->preadv(calls->ctx, object->fd, parts + at, count - at, (off_t)offset);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done < 0) {
            tarn__sys_error(err, errno, "cannot read");
            tarn__error_at_offset(err, offset);
            tarn__error_at_object(err, (struct tarn_text){object->key, strlen(object->key)});
            return tarn__error_recode(err, TARN_IO);
        }
        if (done == 0) { /* the ranges were inside the object when it was opened */
            return changed(object, err);
        }
        at = advance(parts, at, (size_t)done);
        offset += (uint64_t)done;
        left -= (uint64_t)done;
    }
    return TARN_OK;
}

static bool is_near(uint64_t gap, uint64_t wanted)
{
    return gap <= SMALL_GAP || (gap <= LARGEST_GAP && gap <= wanted / GAP_SHARE);
}

/* The ranges from `first` on that one call reads; returns the number behind the last. `sorted` holds no empty range. */
static size_t read_group(const struct local_object *object, const struct tarn_read_range *const *sorted, size_t n, size_t first,
                         uint8_t *scratch, enum tarn_status *status, struct tarn_error *err)
{
    struct iovec parts[MOST_PARTS + 1];
    int count = 0;
    uint64_t end = sorted[first]->offset;
    uint64_t wanted = 0;
    size_t i = first;
    for (; i < n && count + 2 <= MOST_PARTS; i++) {
        const struct tarn_read_range *range = sorted[i];
        if (range->offset < end || (i > first && !is_near(range->offset - end, wanted + range->size))) {
            break;
        }
        if (range->offset > end) {
            if (scratch == NULL) { /* no memory: a call each is slower, not wrong */
                break;
            }
            parts[count++] = (struct iovec){scratch, (size_t)(range->offset - end)};
        }
        parts[count++] = (struct iovec){range->into, range->size};
        end = range->offset + range->size;
        wanted += range->size;
    }
    *status = read_parts(object, sorted[first]->offset, parts, count, err);
    return i;
}

static int compare_offsets(const void *a, const void *b)
{
    const struct tarn_read_range *const *left = a;
    const struct tarn_read_range *const *right = b;
    return ((*left)->offset > (*right)->offset) - ((*left)->offset < (*right)->offset);
}

static enum tarn_status read_sorted(const struct local_object *object, size_t n, const struct tarn_read_range *const *sorted,
                                    struct tarn_error *err)
{
    struct tarn_env *env = object->store->store.env;
    uint8_t *scratch = n > 1 ? tarn__alloc(env, LARGEST_GAP) : NULL;
    enum tarn_status status = TARN_OK;
    for (size_t i = 0; i < n && status == TARN_OK;) {
        i = read_group(object, sorted, n, i, scratch, &status, err);
    }
    tarn__free(env, scratch);
    return status == TARN_OK ? check_unchanged(object, err) : status;
}

static enum tarn_status read_ranges(const struct local_object *object, size_t n, const struct tarn_read_range *ranges,
                                    struct tarn_error *err)
{
    enum { FEW = 32 };
    const struct tarn_read_range *few[FEW];
    const struct tarn_read_range **sorted = few;
    struct tarn_env *env = object->store->store.env;
    if (n > FEW) {
        size_t bytes;
        sorted = tarn__mul(n, sizeof(ranges), &bytes) ? tarn__alloc(env, bytes) : NULL;
        if (sorted == NULL) {
            return tarn__nomem(env, err, (uint64_t)n * sizeof(ranges));
        }
    }
    size_t count = 0;
    bool in_order = true;
    for (size_t i = 0; i < n; i++) {
        if (ranges[i].size != 0) {
            in_order = in_order && (count == 0 || sorted[count - 1]->offset <= ranges[i].offset);
            sorted[count++] = &ranges[i];
        }
    }
    if (!in_order) {
        qsort(sorted, count, sizeof(*sorted), compare_offsets);
    }
    const enum tarn_status status = read_sorted(object, count, sorted, err);
    if (sorted != few) {
        tarn__free(env, sorted);
    }
    return status;
}

enum tarn_status tarn__local_read(struct tarn_object *object, size_t n, const struct tarn_read_range *ranges, struct tarn_error *err)
{
    return read_ranges(object_of(object), n, ranges, err);
}

/* ---- reads in the background ---- */

static void run_task(void *arg)
{
    struct read_task *task = arg;
    task->status = read_ranges(task->object, task->n, task->ranges, &task->error);
}

enum tarn_status tarn__local_read_submit(struct tarn_object *base, size_t n, const struct tarn_read_range *ranges, uint64_t *ticket,
                                         struct tarn_error *err)
{
    struct local_object *object = object_of(base);
    struct tarn_env *env = object->store->store.env;
    const struct tarn_executor *executor = tarn__env_options(env)->executor;
    if (executor == NULL || executor->submit == NULL || executor->wait == NULL) {
        return read_ranges(object, n, ranges, err);
    }
    size_t bytes;
    struct read_task *task = NULL;
    if (tarn__mul(n, sizeof(*ranges), &bytes) && tarn__add(bytes, sizeof(*task), &bytes)) {
        task = tarn__alloc(env, bytes);
    }
    if (task == NULL) {
        return tarn__nomem(env, err, (uint64_t)n * sizeof(*ranges));
    }
    *task = (struct read_task){.object = object, .error = TARN_ERROR_INIT, .n = n};
    for (size_t i = 0; i < n; i++) {
        task->ranges[i] = ranges[i];
    }
    task->running = executor->submit(executor->ctx, run_task, task);
    if (task->running == NULL) { /* the executor takes no more */
        run_task(task);
    }
    *ticket = (uint64_t)(uintptr_t)task;
    return TARN_OK;
}

enum tarn_status tarn__local_read_wait(struct tarn_object *base, uint64_t ticket, struct tarn_error *err)
{
    struct tarn_env *env = object_of(base)->store->store.env;
    struct read_task *task = (struct read_task *)(uintptr_t)ticket;
    if (task == NULL) {
        return TARN_OK;
    }
    if (task->running != NULL) {
        const struct tarn_executor *executor = tarn__env_options(env)->executor;
        executor->wait(executor->ctx, task->running);
    }
    const enum tarn_status status = task->status;
    if (status != TARN_OK && err != NULL) {
        *err = task->error;
    }
    tarn__free(env, task);
    return status;
}
