/* SPDX-License-Identifier: Apache-2.0
 *
 * Listing the local store: a walk in the order of keys.
 *
 * SPEC: S-STORE-3, S-STORE-12.
 *
 * Invariants
 *  1. Within a folder, entries are visited in the byte order of their names, the name of a folder ending in '/': so the keys come in
 *     order ("a.txt" before "a/b", since '.' < '/').
 *  2. A folder is read only when keys in it can begin with the prefix and be greater than `start_after`; of a folder that is read only
 *     entries of that kind are kept in memory.
 *  3. A link is listed when it leads to a file below the root, and never walked into: the walk ends.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format/base/arena.h"
#include "format/base/bytes.h"
#include "format/store/local.h"

enum { CANCEL_EVERY = 1024, LONGEST_KEY = 4096 };

struct item {
    struct tarn_text name; /* of a folder with the '/' behind; terminated in any case */
    bool is_folder;
};

struct walk {
    struct tarn__local_store *store;
    struct tarn_text prefix;
    struct tarn_text start_after;
    bool temporaries; /* those alone, instead of all but those */
    tarn_list_fn fn;
    void *arg;
    struct tarn_error *err;
    uint32_t seen;
    size_t size;               /* of the key so far */
    char key[LONGEST_KEY + 2]; /* room for the last '/' and the terminator */
};

struct folder {
    struct tarn_arena names;
    struct item *items;
    size_t count;
    size_t capacity;
};

static struct tarn_text key_so_far(const struct walk *walk)
{
    return (struct tarn_text){walk->key, walk->size};
}

static bool append(struct walk *walk, struct tarn_text name)
{
    if (name.size > LONGEST_KEY + 1 - walk->size) {
        return false;
    }
    memcpy(walk->key + walk->size, name.data, name.size);
    walk->size += name.size;
    walk->key[walk->size] = '\0';
    return true;
}

static void cut(struct walk *walk, size_t size)
{
    walk->size = size;
    walk->key[size] = '\0';
}

/* With the item's name at the end of the key: is it, or can anything in it be, part of the answer? */
static bool is_wanted(const struct walk *walk, bool is_folder)
{
    const struct tarn_text key = key_so_far(walk);
    if (!tarn__text_starts(key, walk->prefix) && !(is_folder && tarn__text_starts(walk->prefix, key))) {
        return false;
    }
    return tarn__text_compare(key, walk->start_after) > 0 || (is_folder && tarn__text_starts(walk->start_after, key));
}

static enum tarn_status add_item(struct walk *walk, struct folder *folder, const struct dirent *entry, bool is_folder)
{
    const size_t base = walk->size;
    const struct tarn_text name = tarn__text_of(entry->d_name);
    if (!is_folder && tarn__store_is_temporary(name) != walk->temporaries) {
        return TARN_OK;
    }
    if (!append(walk, name) || (is_folder && !append(walk, TARN_TEXT("/")))) {
        cut(walk, base);
        return tarn__error_set(walk->err, TARN_LIMIT, "key", "a key has more than 4,096 bytes: folders are nested too deeply");
    }
    const bool wanted = is_wanted(walk, is_folder);
    enum tarn_status status = TARN_OK;
    if (wanted) {
        struct tarn_env *env = walk->store->store.env;
        const struct tarn_text copy = tarn__arena_text(&folder->names, (struct tarn_text){walk->key + base, walk->size - base});
        if (copy.data == NULL || !tarn__grow(env, &folder->items, &folder->capacity, folder->count + 1, sizeof(struct item))) {
            status = tarn__nomem(env, walk->err, sizeof(struct item) + name.size);
        } else {
            folder->items[folder->count++] = (struct item){copy, is_folder};
        }
    }
    cut(walk, base);
    return status;
}

static bool entry_is_folder(int fd, const struct dirent *entry)
{
    struct stat stat;
    if (entry->d_type != DT_UNKNOWN) {
        return entry->d_type == DT_DIR;
    }
    return fstatat(fd, entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(stat.st_mode);
}

static enum tarn_status once_in_a_while(struct walk *walk)
{
    return walk->seen++ % CANCEL_EVERY == 0 ? tarn__check_cancelled(walk->store->store.env, walk->err) : TARN_OK;
}

static enum tarn_status read_entries(struct walk *walk, struct folder *folder, DIR *stream, int fd)
{
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(stream);
        if (entry == NULL) {
            return errno == 0 ? TARN_OK : tarn__sys_error(walk->err, errno, "cannot read the folder '%s'", walk->key);
        }
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        TARN_RETURN_IF_ERROR(once_in_a_while(walk));
        TARN_RETURN_IF_ERROR(add_item(walk, folder, entry, entry_is_folder(fd, entry)));
    }
}

static int compare_items(const void *a, const void *b)
{
    return tarn__text_compare(((const struct item *)a)->name, ((const struct item *)b)->name);
}

static enum tarn_status load_folder(struct walk *walk, struct folder *folder, int fd)
{
    const int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    DIR *stream = own >= 0 ? fdopendir(own) : NULL;
    if (stream == NULL) {
        const int cause = errno;
        if (own >= 0) {
            close(own);
        }
        return tarn__sys_error(walk->err, cause, "cannot read the folder '%s'", walk->key);
    }
    rewinddir(stream); /* the place in the folder is shared with the descriptor it was copied from */
    const enum tarn_status status = read_entries(walk, folder, stream, fd);
    closedir(stream);
    if (status == TARN_OK && folder->count > 1) {
        qsort(folder->items, folder->count, sizeof(*folder->items), compare_items);
    }
    return status;
}

/* What went away or is no file is passed over; so is a link that leads nowhere or outside. */
static enum tarn_status emit(struct walk *walk, int fd, const char *name)
{
    struct stat stat;
    if (fstatat(fd, name, &stat, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT ? TARN_OK : tarn__sys_error(walk->err, errno, "cannot look at '%s'", walk->key);
    }
    if (S_ISLNK(stat.st_mode)) {
        const int target = tarn__local_open_beneath(walk->store, walk->key, O_PATH);
        if (target < 0) {
            return TARN_OK;
        }
        const int answer = fstat(target, &stat);
        close(target);
        if (answer != 0) {
            return TARN_OK;
        }
    }
    if (!S_ISREG(stat.st_mode)) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(once_in_a_while(walk));
    const struct tarn_object_info info = tarn__local_info(&stat);
    return walk->fn(walk->arg, key_so_far(walk), &info, walk->err);
}

static enum tarn_status walk_folder(struct walk *walk, int fd);

static enum tarn_status enter(struct walk *walk, int parent, struct tarn_text name)
{
    char plain[NAME_MAX + 1];
    tarn__text_copy(plain, sizeof(plain), (struct tarn_text){name.data, name.size - 1}, false);
    const int fd = openat(parent, plain, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? TARN_OK
                                                                     : tarn__sys_error(walk->err, errno, "cannot open '%s'", walk->key);
    }
    const enum tarn_status status = walk_folder(walk, fd);
    close(fd);
    return status;
}

static enum tarn_status walk_folder(struct walk *walk, int fd)
{
    struct tarn_env *env = walk->store->store.env;
    struct folder folder = {.items = NULL};
    const size_t base = walk->size;
    tarn__arena_init(&folder.names, env);
    enum tarn_status status = load_folder(walk, &folder, fd);
    for (size_t i = 0; i < folder.count && status == TARN_OK; i++) {
        const struct item item = folder.items[i];
        append(walk, item.name);
        status = item.is_folder ? enter(walk, fd, item.name) : emit(walk, fd, item.name.data);
        cut(walk, base);
    }
    tarn__free(env, folder.items);
    tarn__arena_free(&folder.names);
    return status;
}

/* The folder in which every key with the prefix lies; -1 with OK: it is not there. */
static enum tarn_status open_start(struct walk *walk, int *fd)
{
    const char *slash = walk->prefix.size != 0 ? memrchr(walk->prefix.data, '/', walk->prefix.size) : NULL;
    *fd = -1;
    if (slash == NULL) {
        *fd = fcntl(walk->store->root, F_DUPFD_CLOEXEC, 0);
        return *fd < 0 ? tarn__sys_error(walk->err, errno, "cannot open the folder of the store") : TARN_OK;
    }
    append(walk, (struct tarn_text){walk->prefix.data, (size_t)(slash - walk->prefix.data)});
    *fd = tarn__local_open_beneath(walk->store, walk->key, O_RDONLY | O_DIRECTORY);
    if (*fd < 0) {
        return errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG ? TARN_OK : tarn__local_open_error(walk->err, errno, walk->key);
    }
    append(walk, TARN_TEXT("/"));
    return TARN_OK;
}

static enum tarn_status list(struct tarn_store *base, struct tarn_text prefix, struct tarn_text start_after, bool temporaries,
                             tarn_list_fn fn, void *arg, struct tarn_error *err)
{
    struct walk *walk = tarn__calloc(base->env, 1, sizeof(*walk));
    if (walk == NULL) {
        return tarn__nomem(base->env, err, sizeof(*walk));
    }
    walk->store = tarn__local_of(base);
    walk->prefix = prefix;
    walk->start_after = start_after;
    walk->temporaries = temporaries;
    walk->fn = fn;
    walk->arg = arg;
    walk->err = err;
    int fd;
    enum tarn_status status = open_start(walk, &fd);
    if (fd >= 0) {
        status = walk_folder(walk, fd);
        close(fd);
    }
    tarn__free(base->env, walk);
    return status;
}

enum tarn_status tarn__local_list(struct tarn_store *store, struct tarn_text prefix, struct tarn_text start_after, tarn_list_fn fn,
                                  void *arg, struct tarn_error *err)
{
    return list(store, prefix, start_after, false, fn, arg, err);
}

enum tarn_status tarn__local_list_temporaries(struct tarn_store *store, struct tarn_text prefix, tarn_list_fn fn, void *arg,
                                              struct tarn_error *err)
{
    return list(store, prefix, (struct tarn_text){NULL, 0}, true, fn, arg, err);
}
