/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing to the local store: a temporary beside the target, synced, then put under its name in one step, then the folder synced.
 *
 * SPEC: S-STORE-1 (put if absent), S-STORE-5 (open outcomes), S-STORE-9 to S-STORE-13 (order of durable writes, temporaries).
 *
 * Invariants
 *  1. No name but a temporary's ever shows bytes that are not whole and, in a durable mode, synced.
 *  2. A temporary whose sync failed is removed, never synced again: the kernel may have dropped its pages as clean.
 *  3. An answer of the system that leaves open whether the name was put (a network file system repeats a lost request and meets its own
 *     work) is settled by the inode behind the name; what cannot be settled is COMMIT_UNKNOWN.
 *  4. Once the name is put, a failure to sync its folder is COMMIT_UNKNOWN: others may have read it, so it is not taken back.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "format/base/bytes.h"
#include "format/store/local.h"

enum { NAMES_TRIED = 8, LONGEST_NAME = 255, UUID_SIZE = 36, LARGEST_WRITE = 1 << 30 };

/* A file that has no final name yet. */
struct temporary {
    struct tarn__local_place place; /* of the target */
    char name[LONGEST_NAME + 1];
    int fd;
    dev_t device;
    ino_t inode;
    bool durable;
};

struct local_writer {
    struct tarn_object_writer writer;
    struct tarn__local_store *store;
    struct temporary file;
    bool failed;
};

/* ---- the temporary ---- */

/* ".<final>.<uuid>.tmp", the final name cut where the whole would be too long for a file system. */
static void name_temporary(struct tarn_env *env, const char *final, char out[LONGEST_NAME + 1])
{
    enum { AROUND = 1 + 1 + UUID_SIZE + 4 };
    char uuid[UUID_SIZE + 1];
    size_t length = strlen(final);
    if (length > LONGEST_NAME - AROUND) {
        length = LONGEST_NAME - AROUND;
        while (length > 0 && ((unsigned char) final[length] & 0xc0u) == 0x80u) { /* not inside a character */
            length--;
        }
    }
    tarn__uuid(env, uuid);
    snprintf(out, LONGEST_NAME + 1, ".%.*s.%s.tmp", (int)length, final, uuid);
}

static int create(struct tarn__local_store *store, int folder, const char *final, char name[LONGEST_NAME + 1])
{
    int fd = -1;
    for (int i = 0; i < NAMES_TRIED && fd < 0; i++) {
        name_temporary(store->store.env, final, name);
        fd = store->calls.openat(store->calls.ctx, folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (fd < 0 && errno != EEXIST && errno != EINTR) {
            break;
        }
    }
    return fd;
}

static enum tarn_status temporary_open(struct tarn__local_store *store, struct tarn_text key, enum tarn_object_role role,
                                       struct temporary *file, struct tarn_error *err)
{
    *file = (struct temporary){.fd = -1, .durable = tarn__local_is_durable(store, role)};
    if (file->durable) {
        TARN_RETURN_IF_ERROR(tarn__local_check_trusted(store, err));
    }
    TARN_RETURN_IF_ERROR(tarn__local_place_make(store, key, file->durable, &file->place, err));
    if (strlen(file->place.name) > LONGEST_NAME) {
        tarn__local_place_close(store, &file->place);
        return tarn__invalid(err, "key", "the last segment of the key has more than 255 bytes: no file can have that name");
    }
    file->fd = create(store, file->place.folder, file->place.name, file->name);
    struct stat stat;
    if (file->fd < 0 || fstat(file->fd, &stat) != 0) {
        const int cause = errno;
        if (file->fd >= 0) {
            store->calls.close(store->calls.ctx, file->fd);
            store->calls.unlink(store->calls.ctx, file->place.folder, file->name);
        }
        tarn__local_place_close(store, &file->place);
        const enum tarn_status status = tarn__sys_error(err, cause, "cannot make a temporary beside the target");
        return status == TARN_AUTH ? status : tarn__error_recode(err, TARN_IO);
    }
    file->device = stat.st_dev;
    file->inode = stat.st_ino;
    return TARN_OK;
}

static int close_file(struct tarn__local_store *store, struct temporary *file)
{
    const int answer = file->fd >= 0 ? store->calls.close(store->calls.ctx, file->fd) : 0;
    file->fd = -1;
    return answer;
}

/* Without trace: the temporary goes. */
static void discard(struct tarn__local_store *store, struct temporary *file)
{
    close_file(store, file);
    store->calls.unlink(store->calls.ctx, file->place.folder, file->name);
    tarn__local_place_close(store, &file->place);
}

static enum tarn_status write_all(struct tarn__local_store *store, int fd, struct tarn_span bytes, struct tarn_error *err)
{
    while (bytes.size != 0) {
        const size_t piece = bytes.size < LARGEST_WRITE ? bytes.size : LARGEST_WRITE;
        const ssize_t done = store->calls.write(store->calls.ctx, fd, bytes.data, piece);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            tarn__sys_error(err, done < 0 ? errno : EIO, "cannot write %zu bytes", bytes.size);
            return tarn__error_recode(err, TARN_IO);
        }
        tarn__span_take(&bytes, (size_t)done);
    }
    return TARN_OK;
}

/* Everything that must have happened before the name is put. A late error of a network file system comes with close. */
static enum tarn_status finish_file(struct tarn__local_store *store, struct temporary *file, struct tarn_error *err)
{
    int answer = 0;
    if (file->durable) {
        TARN_RETURN_IF_ERROR(tarn__local_check_trusted(store, err));
        do {
            answer = store->calls.fdatasync(store->calls.ctx, file->fd);
        } while (answer != 0 && errno == EINTR);
    }
    int cause = errno;
    if (close_file(store, file) != 0 && answer == 0 && errno != EINTR) {
        answer = -1;
        cause = errno;
    }
    if (answer != 0) {
        tarn__sys_error(err, cause, "what was written did not reach the disk");
        return tarn__error_recode(err, TARN_IO);
    }
    return TARN_OK;
}

/* ---- putting a name ---- */

/* Does this system put a name only where there is none? Tried on two temporaries, because some answer OK and replace (then `two`
 * is what was `one`, and links are still tried). */
static enum tarn_status probe(struct tarn__local_store *store, int folder, enum tarn__local_publish *out, struct tarn_error *err)
{
    const struct tarn__local_calls *calls = &store->calls;
    char one[LONGEST_NAME + 1];
    char two[LONGEST_NAME + 1];
    char three[LONGEST_NAME + 1];
    const int first = create(store, folder, "probe", one);
    const int second = first >= 0 ? create(store, folder, "probe", two) : -1;
    const int cause = errno;
    name_temporary(store->store.env, "probe", three);
    *out = TARN__PUBLISH_NONE;
    if (second >= 0) {
        if (calls->rename_absent(calls->ctx, folder, one, two) != 0 && errno == EEXIST &&
            calls->rename_absent(calls->ctx, folder, one, three) == 0) {
            *out = TARN__PUBLISH_RENAME;
            calls->unlink(calls->ctx, folder, three);
        } else if (calls->link(calls->ctx, folder, two, two) != 0 && errno == EEXIST && calls->link(calls->ctx, folder, two, three) == 0) {
            *out = TARN__PUBLISH_LINK;
            calls->unlink(calls->ctx, folder, three);
        }
        calls->close(calls->ctx, second);
        calls->unlink(calls->ctx, folder, two);
    }
    if (first >= 0) {
        calls->close(calls->ctx, first);
        calls->unlink(calls->ctx, folder, one);
    }
    if (second < 0) {
        tarn__sys_error(err, cause, "cannot make a temporary to see how the file system puts names");
        return cause == EACCES || cause == EPERM ? TARN_AUTH : tarn__error_recode(err, TARN_IO);
    }
    return TARN_OK;
}

static enum tarn_status publish_method(struct tarn__local_store *store, int folder, enum tarn__local_publish *out, struct tarn_error *err)
{
    enum tarn_status status = TARN_OK;
    pthread_mutex_lock(&store->lock);
    if (store->publish == TARN__PUBLISH_UNPROBED) {
        enum tarn__local_publish found;
        status = probe(store, folder, &found, err);
        if (status == TARN_OK) { /* a full disk says nothing about the file system */
            store->publish = found;
        }
    }
    *out = store->publish;
    pthread_mutex_unlock(&store->lock);
    return status;
}

static bool is_ours(const struct temporary *file, const char *name)
{
    struct stat stat;
    return fstatat(file->place.folder, name, &stat, AT_SYMLINK_NOFOLLOW) == 0 && stat.st_dev == file->device && stat.st_ino == file->inode;
}

/* What a failed call that puts a name has done (invariant 3). */
static enum tarn_status settle(const struct temporary *file, int cause, struct tarn_error *err)
{
    if (is_ours(file, file->place.name)) {
        return TARN_OK;
    }
    if (cause == EEXIST) {
        return tarn__error_set(err, TARN_EXISTS, "object", "there is an object '%s' already", file->place.path);
    }
    const bool kept = is_ours(file, file->name);
    tarn__sys_error(err, cause, "cannot put the name '%s'", file->place.path);
    if (!kept) {
        return tarn__error_recode(err, TARN_COMMIT_UNKNOWN);
    }
    return cause == EACCES || cause == EPERM ? TARN_AUTH : tarn__error_recode(err, TARN_IO);
}

static enum tarn_status put_name(struct tarn__local_store *store, struct temporary *file, enum tarn_put_mode mode, struct tarn_error *err)
{
    const struct tarn__local_calls *calls = &store->calls;
    const int folder = file->place.folder;
    enum tarn__local_publish method = TARN__PUBLISH_RENAME;
    if (mode == TARN_PUT_IF_ABSENT) {
        TARN_RETURN_IF_ERROR(publish_method(store, folder, &method, err));
    }
    int answer;
    if (mode != TARN_PUT_IF_ABSENT) {
        answer = calls->rename(calls->ctx, folder, file->name, file->place.name);
    } else if (method == TARN__PUBLISH_RENAME) {
        answer = calls->rename_absent(calls->ctx, folder, file->name, file->place.name);
    } else if (method == TARN__PUBLISH_LINK) {
        answer = calls->link(calls->ctx, folder, file->name, file->place.name);
    } else {
        return tarn__unsupported(err, "store.put_if_absent",
                                 "this file system can neither link nor rename without replacing, so two writers could destroy each "
                                 "other's commits: put the table on another one");
    }
    const enum tarn_status status = answer == 0 ? TARN_OK : settle(file, errno, err);
    if (status == TARN_OK && (answer != 0 || method == TARN__PUBLISH_LINK)) {
        calls->unlink(calls->ctx, folder, file->name); /* the second name of the same file */
    }
    return status;
}

/* A name that is taken already needs no sync to be refused: many writers at one name wait for one disk. */
static bool is_taken(const struct temporary *file)
{
    struct stat stat;
    return file->durable && fstatat(file->place.folder, file->place.name, &stat, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Ends the temporary whatever the answer. */
static enum tarn_status temporary_commit(struct tarn__local_store *store, struct temporary *file, enum tarn_put_mode mode,
                                         struct tarn_error *err)
{
    if (mode == TARN_PUT_IF_ABSENT && is_taken(file)) {
        tarn__error_set(err, TARN_EXISTS, "object", "there is an object '%s' already", file->place.path);
        tarn__error_at_object(err, tarn__text_of(file->place.path));
        discard(store, file);
        return TARN_EXISTS;
    }
    enum tarn_status status = finish_file(store, file, err);
    if (status == TARN_OK) {
        status = put_name(store, file, mode, err);
    }
    if (status != TARN_OK && status != TARN_COMMIT_UNKNOWN) { /* in doubt it may be the only name: it stays */
        store->calls.unlink(store->calls.ctx, file->place.folder, file->name);
    }
    if (status == TARN_OK && file->durable) {
        status = tarn__local_sync_folder(store, file->place.folder, file->place.path, err);
        if (status != TARN_OK) {
            tarn__error_recode(err, TARN_COMMIT_UNKNOWN);
            status = TARN_COMMIT_UNKNOWN;
        }
    }
    tarn__error_at_object(status != TARN_OK ? err : NULL, tarn__text_of(file->place.path));
    tarn__local_place_close(store, &file->place);
    return status;
}

/* ---- operations ---- */

uint32_t tarn__local_capabilities(struct tarn_store *base)
{
    struct tarn__local_store *store = tarn__local_of(base);
    enum tarn__local_publish method;
    if (publish_method(store, store->root, &method, NULL) != TARN_OK) {
        return 0;
    }
    return TARN_STORE_CAN_WRITE | (method != TARN__PUBLISH_NONE ? TARN_STORE_CAN_PUT_IF_ABSENT : 0u);
}

enum tarn_status tarn__local_put(struct tarn_store *base, struct tarn_text key, struct tarn_span bytes, enum tarn_put_mode mode,
                                 enum tarn_object_role role, struct tarn_error *err)
{
    struct tarn__local_store *store = tarn__local_of(base);
    struct temporary file;
    TARN_RETURN_IF_ERROR(temporary_open(store, key, role, &file, err));
    const enum tarn_status status = write_all(store, file.fd, bytes, err);
    if (status != TARN_OK) {
        discard(store, &file);
        return status;
    }
    return temporary_commit(store, &file, mode, err);
}

static struct local_writer *writer_of(struct tarn_object_writer *writer)
{
    return (struct local_writer *)writer;
}

enum tarn_status tarn__local_writer_open(struct tarn_store *base, struct tarn_text key, enum tarn_object_role role,
                                         struct tarn_object_writer **out, struct tarn_error *err)
{
    struct tarn__local_store *store = tarn__local_of(base);
    struct local_writer *writer = tarn__calloc(base->env, 1, sizeof(*writer));
    if (writer == NULL) {
        return tarn__nomem(base->env, err, sizeof(*writer));
    }
    writer->store = store;
    const enum tarn_status status = temporary_open(store, key, role, &writer->file, err);
    if (status != TARN_OK) {
        tarn__free(base->env, writer);
        return status;
    }
    *out = &writer->writer;
    return TARN_OK;
}

enum tarn_status tarn__local_writer_append(struct tarn_object_writer *base, struct tarn_span bytes, struct tarn_error *err)
{
    struct local_writer *writer = writer_of(base);
    const enum tarn_status status = write_all(writer->store, writer->file.fd, bytes, err);
    if (status != TARN_OK) {
        writer->failed = true;
        tarn__error_at_object(err, tarn__text_of(writer->file.place.path));
    }
    return status;
}

enum tarn_status tarn__local_writer_commit(struct tarn_object_writer *base, enum tarn_put_mode mode, struct tarn_error *err)
{
    struct local_writer *writer = writer_of(base);
    struct tarn_env *env = writer->store->store.env;
    enum tarn_status status;
    if (writer->failed) {
        status = tarn__error_set(err, TARN_IO, "append_failed", "the object is not whole: an append to it failed before");
        tarn__error_at_object(err, tarn__text_of(writer->file.place.path));
        discard(writer->store, &writer->file);
    } else {
        status = temporary_commit(writer->store, &writer->file, mode, err);
    }
    tarn__free(env, writer);
    return status;
}

void tarn__local_writer_abort(struct tarn_object_writer *base)
{
    struct local_writer *writer = writer_of(base);
    discard(writer->store, &writer->file);
    tarn__free(writer->store->store.env, writer);
}

enum tarn_status tarn__local_remove(struct tarn_store *base, struct tarn_text key, struct tarn_error *err)
{
    struct tarn__local_store *store = tarn__local_of(base);
    struct tarn__local_place place;
    struct tarn_error found = TARN_ERROR_INIT;
    const enum tarn_status status = tarn__local_place_find(store, key, &place, &found);
    if (status != TARN_OK) {
        if (status != TARN_NOT_FOUND && err != NULL) {
            *err = found;
        }
        return status != TARN_NOT_FOUND ? status : TARN_OK;
    }
    const int answer = store->calls.unlink(store->calls.ctx, place.folder, place.name);
    const int cause = errno;
    tarn__local_place_close(store, &place);
    if (answer == 0 || cause == ENOENT || cause == EISDIR) { /* a folder is no object: nothing is there to remove */
        return TARN_OK;
    }
    return tarn__sys_error(err, cause, "cannot remove the object");
}
