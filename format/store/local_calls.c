/* SPDX-License-Identifier: Apache-2.0
 *
 * The system calls of the local store, as Linux has them. Where a system lacks one it answers ENOSYS, and the store finds another way.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
#if defined(SYS_openat2)
#include <linux/openat2.h>
#endif

#include "format/store/local.h"

static int system_open_beneath(void *ctx, int root, const char *path, int flags)
{
    (void)ctx;
#if defined(SYS_openat2)
    struct open_how how = {.flags = (unsigned)flags, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
#else
    (void)root;
    (void)path;
    (void)flags;
    errno = ENOSYS;
    return -1;
#endif
}

static int system_openat(void *ctx, int folder, const char *name, int flags, mode_t mode)
{
    (void)ctx;
    return openat(folder, name, flags, mode);
}

static int system_mkdirat(void *ctx, int folder, const char *name, mode_t mode)
{
    (void)ctx;
    return mkdirat(folder, name, mode);
}

static ssize_t system_preadv(void *ctx, int fd, const struct iovec *parts, int count, off_t offset)
{
    (void)ctx;
    return preadv(fd, parts, count, offset);
}

static ssize_t system_write(void *ctx, int fd, const void *bytes, size_t size)
{
    (void)ctx;
    return write(fd, bytes, size);
}

static int system_fdatasync(void *ctx, int fd)
{
    (void)ctx;
    return fdatasync(fd);
}

static int system_fsync(void *ctx, int fd)
{
    (void)ctx;
    return fsync(fd);
}

static int system_close(void *ctx, int fd)
{
    (void)ctx;
    return close(fd);
}

static int system_rename(void *ctx, int folder, const char *from, const char *to)
{
    (void)ctx;
    return renameat(folder, from, folder, to);
}

static int system_rename_absent(void *ctx, int folder, const char *from, const char *to)
{
    (void)ctx;
#if defined(SYS_renameat2) && defined(RENAME_NOREPLACE)
    return (int)syscall(SYS_renameat2, folder, from, folder, to, RENAME_NOREPLACE);
#else
    (void)folder;
    (void)from;
    (void)to;
    errno = ENOSYS;
    return -1;
#endif
}

static int system_link(void *ctx, int folder, const char *from, const char *to)
{
    (void)ctx;
    return linkat(folder, from, folder, to, 0);
}

static int system_unlink(void *ctx, int folder, const char *name)
{
    (void)ctx;
    return unlinkat(folder, name, 0);
}

const struct tarn__local_calls tarn__local_system_calls = {
    .open_beneath = system_open_beneath,
    .openat = system_openat,
    .mkdirat = system_mkdirat,
    .preadv = system_preadv,
    .write = system_write,
    .fdatasync = system_fdatasync,
    .fsync = system_fsync,
    .close = system_close,
    .rename = system_rename,
    .rename_absent = system_rename_absent,
    .link = system_link,
    .unlink = system_unlink,
};
