/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_STORE_LOCAL_H
#define TARN_FORMAT_STORE_LOCAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "format/store/store.h"

/*
 * The parts of the store of the local file system, one file an operating-system concern:
 * local_calls (the system calls that can fail in ways that matter), local_path (confinement and folders), local_write (temporaries,
 * durability, publication), local_read (pinned objects, vectored reads), local_list (the sorted walk), local (the store itself).
 */

/** The system calls of the store, replaceable in tests. All return -1 with errno. */
struct tarn__local_calls {
    void *ctx;
    /** openat2 below `root` with links resolved but never out of it, magic links refused. ENOSYS: the system has no such call. */
    int (*open_beneath)(void *ctx, int root, const char *path, int flags);
    int (*openat)(void *ctx, int folder, const char *name, int flags, mode_t mode);
    int (*mkdirat)(void *ctx, int folder, const char *name, mode_t mode);
    ssize_t (*preadv)(void *ctx, int fd, const struct iovec *parts, int count, off_t offset);
    ssize_t (*write)(void *ctx, int fd, const void *bytes, size_t size);
    int (*fdatasync)(void *ctx, int fd);
    int (*fsync)(void *ctx, int fd);
    int (*close)(void *ctx, int fd);
    int (*rename)(void *ctx, int folder, const char *from, const char *to);
    /** renameat2 with RENAME_NOREPLACE. */
    int (*rename_absent)(void *ctx, int folder, const char *from, const char *to);
    int (*link)(void *ctx, int folder, const char *from, const char *to);
    int (*unlink)(void *ctx, int folder, const char *name);
};

extern const struct tarn__local_calls tarn__local_system_calls;

/** How this file system puts a name only where there is none. */
enum tarn__local_publish { TARN__PUBLISH_UNPROBED, TARN__PUBLISH_RENAME, TARN__PUBLISH_LINK, TARN__PUBLISH_NONE };

struct tarn__local_store {
    struct tarn_store store;
    struct tarn__local_calls calls;
    int root;       /**< descriptor of the folder */
    char *location; /**< its absolute path; NULL: not known */
    enum tarn_durability durability;
    atomic_bool walks;       /**< there is no openat2: segment by segment, no links */
    atomic_bool sync_failed; /**< a folder could not be synced: nothing durable is promised any more */
    pthread_mutex_t lock;    /**< guards what follows */
    enum tarn__local_publish publish;
    char **synced; /**< folders whose entry in their parent is known to be on disk, ascending */
    size_t synced_count;
    size_t synced_capacity;
};

/** A name in an open folder. */
struct tarn__local_place {
    char *path;       /**< the key, terminated */
    const char *name; /**< its last segment */
    int folder;
};

static inline struct tarn__local_store *tarn__local_of(struct tarn_store *store)
{
    return (struct tarn__local_store *)store;
}

/** tarn_store_open_local over other system calls. */
TARN_WARN_UNUSED enum tarn_status tarn__local_open_with(struct tarn_env *env, struct tarn_text path, bool create,
                                                        const struct tarn__local_calls *calls, struct tarn_store **out,
                                                        struct tarn_error *err);

/* ---- local_path ---- */

/** A descriptor of what lies at `path` below the root (O_CLOEXEC is added), or -1 with errno; EXDEV or ELOOP when it leads outside. */
int tarn__local_open_beneath(struct tarn__local_store *store, const char *path, int flags);
/** The error for a failed open_beneath. */
enum tarn_status tarn__local_open_error(struct tarn_error *err, int sys_errno, const char *path);
/** Opens the folder that holds `key`. NOT_FOUND when it is not there. */
TARN_WARN_UNUSED enum tarn_status tarn__local_place_find(struct tarn__local_store *store, struct tarn_text key,
                                                         struct tarn__local_place *place, struct tarn_error *err);
/** Opens or makes it. `durable`: its entry, and those of the folders above it up to the root, are on disk when this returns. */
TARN_WARN_UNUSED enum tarn_status tarn__local_place_make(struct tarn__local_store *store, struct tarn_text key, bool durable,
                                                         struct tarn__local_place *place, struct tarn_error *err);
void tarn__local_place_close(struct tarn__local_store *store, struct tarn__local_place *place);
/** Puts the entries of an open folder on disk. After one failure it fails for ever. `what` is for the message. */
TARN_WARN_UNUSED enum tarn_status tarn__local_sync_folder(struct tarn__local_store *store, int folder, const char *what,
                                                          struct tarn_error *err);
/** IO when a folder could not be synced before. */
TARN_WARN_UNUSED enum tarn_status tarn__local_check_trusted(const struct tarn__local_store *store, struct tarn_error *err);
/** Makes the folder `path` and those above it, synced as the env's durability says. */
TARN_WARN_UNUSED enum tarn_status tarn__local_make_root(struct tarn__local_store *store, const char *path, struct tarn_error *err);
/** Is this write one whose answer waits for the disk? */
bool tarn__local_is_durable(const struct tarn__local_store *store, enum tarn_object_role role);

/* ---- the operations ---- */

struct tarn_object_info tarn__local_info(const struct stat *stat);

uint32_t tarn__local_capabilities(struct tarn_store *store);
enum tarn_status tarn__local_head(struct tarn_store *store, struct tarn_text key, struct tarn_object_info *info, struct tarn_error *err);
enum tarn_status tarn__local_open(struct tarn_store *store, struct tarn_text key, struct tarn_object **out, struct tarn_error *err);
enum tarn_status tarn__local_read(struct tarn_object *object, size_t n, const struct tarn_read_range *ranges, struct tarn_error *err);
enum tarn_status tarn__local_read_submit(struct tarn_object *object, size_t n, const struct tarn_read_range *ranges, uint64_t *ticket,
                                         struct tarn_error *err);
enum tarn_status tarn__local_read_wait(struct tarn_object *object, uint64_t ticket, struct tarn_error *err);
void tarn__local_object_close(struct tarn_object *object);
enum tarn_status tarn__local_put(struct tarn_store *store, struct tarn_text key, struct tarn_span bytes, enum tarn_put_mode mode,
                                 enum tarn_object_role role, struct tarn_error *err);
enum tarn_status tarn__local_writer_open(struct tarn_store *store, struct tarn_text key, enum tarn_object_role role,
                                         struct tarn_object_writer **out, struct tarn_error *err);
enum tarn_status tarn__local_writer_append(struct tarn_object_writer *writer, struct tarn_span bytes, struct tarn_error *err);
enum tarn_status tarn__local_writer_commit(struct tarn_object_writer *writer, enum tarn_put_mode mode, struct tarn_error *err);
void tarn__local_writer_abort(struct tarn_object_writer *writer);
enum tarn_status tarn__local_list(struct tarn_store *store, struct tarn_text prefix, struct tarn_text start_after, tarn_list_fn fn,
                                  void *arg, struct tarn_error *err);
enum tarn_status tarn__local_list_temporaries(struct tarn_store *store, struct tarn_text prefix, tarn_list_fn fn, void *arg,
                                              struct tarn_error *err);
enum tarn_status tarn__local_remove(struct tarn_store *store, struct tarn_text key, struct tarn_error *err);

#endif
