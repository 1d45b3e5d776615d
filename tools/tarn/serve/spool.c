/* SPDX-License-Identifier: Apache-2.0
 *
 * The spool: files of bodies and of large answers.
 *
 * Invariants
 *  1. A folder below .tarn-tmp whose lock can be taken belongs to nobody: its process is gone, however it went.
 *  2. Only names that this file makes are removed: the folder holds nothing else, and what else it holds stays.
 */
#include "tools/tarn/serve/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/tarn/file_input.h"

static const char parent_name[] = ".tarn-tmp";
static const char file_start[] = "body-";

/* Removes the files of a folder that is locked by us. */
static void empty_folder(int folder)
{
    const int fd = dup(folder);
    DIR *entries = fd >= 0 ? fdopendir(fd) : NULL;
    if (entries == NULL) {
        if (fd >= 0) {
            close(fd);
        }
        return;
    }
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        if (strncmp(entry->d_name, file_start, sizeof(file_start) - 1) == 0) {
            unlinkat(folder, entry->d_name, 0);
        }
    }
    closedir(entries);
}

static int lock_folder(int parent, const char *name)
{
    const int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* What servers that died left behind. */
static void clean_up(int parent)
{
    const int fd = dup(parent);
    DIR *entries = fd >= 0 ? fdopendir(fd) : NULL;
    if (entries == NULL) {
        if (fd >= 0) {
            close(fd);
        }
        return;
    }
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        const int folder = entry->d_name[0] != '.' ? lock_folder(parent, entry->d_name) : -1;
        if (folder >= 0) {
            empty_folder(folder);
            unlinkat(parent, entry->d_name, AT_REMOVEDIR);
            close(folder);
        }
    }
    closedir(entries);
}

enum tarn_status spool_open(struct spool *spool, const char *lake, struct tarn_error *err)
{
    unsigned char random[8];
    char name[2 * sizeof(random) + 1];
    *spool = (struct spool){.lock = -1};
    randombytes_buf(random, sizeof(random));
    sodium_bin2hex(name, sizeof(name), random, sizeof(random));
    if (asprintf(&spool->parent, "%s/%s", lake, parent_name) < 0 || asprintf(&spool->folder, "%s/%s", spool->parent, name) < 0) {
        return tool_error(err, TARN_NOMEM, "memory", "no memory");
    }
    if (strlen(spool->folder) > 400) {
        return tool_error(err, TARN_INVALID, "lake", "the lake's path is too long");
    }
    if (mkdir(spool->parent, 0700) != 0 && errno != EEXIST) {
        return tool_error(err, errno == EACCES ? TARN_AUTH : TARN_IO, "spool", "the folder %s for bodies cannot be made", spool->parent);
    }
    const int parent = open(spool->parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (parent >= 0) {
        clean_up(parent);
        if (mkdirat(parent, name, 0700) == 0) {
            spool->lock = lock_folder(parent, name);
        }
        close(parent);
    }
    return spool->lock >= 0 ? TARN_OK : tool_error(err, TARN_IO, "spool", "the folder %s for bodies cannot be used", spool->folder);
}

void spool_close(struct spool *spool)
{
    if (spool->lock >= 0) {
        empty_folder(spool->lock);
        rmdir(spool->folder);
        close(spool->lock);
        rmdir(spool->parent); /* stays while another server uses it */
    }
    free(spool->folder);
    free(spool->parent);
    *spool = (struct spool){.lock = -1};
}

static bool is_plain_ending(const char *ending)
{
    size_t size = ending[0] == '.' ? 1 : 0;
    for (; size > 0 && ending[size] != '\0'; size++) {
        const char c = ending[size];
        if (size > 8 || !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))) {
            return false;
        }
    }
    return size > 1;
}

enum tarn_status spool_file_open(struct spool *spool, const char *ending, struct spool_file *file, struct tarn_error *err)
{
    const uint64_t number = spool->next++;
    memset(file, 0, sizeof(*file));
    snprintf(file->path, sizeof(file->path), "%s/%s%llu%s", spool->folder, file_start, (unsigned long long)number,
             is_plain_ending(ending) ? ending : "");
    file->fd = open(file->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file->fd < 0) {
        file->path[0] = '\0';
        return tool_error(err, TARN_IO, "spool", "a file for the body cannot be made: %s", strerror(errno));
    }
    return TARN_OK;
}

enum tarn_status spool_file_hash(struct spool_file *file, struct tarn_error *err)
{
    enum { ALIGNMENT = 64 }; /* more than malloc gives; the state's size is a multiple of it */
    _Static_assert(sizeof(*file->hash) % ALIGNMENT == 0, "aligned_alloc takes multiples");
    file->hash = aligned_alloc(ALIGNMENT, sizeof(*file->hash));
    if (file->hash == NULL) {
        return tool_error(err, TARN_NOMEM, "memory", "no memory for the body");
    }
    crypto_generichash_init(file->hash, NULL, 0, crypto_generichash_BYTES);
    return TARN_OK;
}

enum tarn_status spool_file_write(struct spool_file *file, const void *bytes, size_t size, struct tarn_error *err)
{
    const char *at = bytes;
    for (size_t i = 0; file->size + i < sizeof(file->first) && i < size; i++) {
        file->first[file->size + i] = (unsigned char)at[i];
    }
    if (file->hash != NULL) {
        crypto_generichash_update(file->hash, bytes, size);
    }
    file->size += size;
    while (size > 0) {
        const ssize_t wrote = write(file->fd, at, size);
        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote <= 0) {
            return tool_error(err, TARN_IO, "spool", "the body cannot be kept: %s", strerror(errno));
        }
        at += wrote;
        size -= (size_t)wrote;
    }
    return TARN_OK;
}

void spool_file_end(struct spool_file *file)
{
    free(file->hash);
    file->hash = NULL;
    if (file->path[0] != '\0') {
        unlink(file->path);
        file->path[0] = '\0';
    }
    if (file->fd > 0) {
        close(file->fd);
    }
    file->fd = -1;
}
