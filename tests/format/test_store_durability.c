/* SPDX-License-Identifier: Apache-2.0
 * What the local store asks of the disk, in which order, and what it answers when the disk fails: by a table of system calls that
 * writes down each call and can fail one of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format/store/local.h"
#include "tests/support/store_fixture.h"

/* The calls seen: "name" or "name:argument", a space behind each. Descriptors are shown by what they are: a file "f" or a folder "d". */
struct tape {
    char calls[4096];
    const char *failing; /* the name of the call that fails; NULL: none */
    int fail_at;         /* its how-manieth call fails, from 1 */
    int error;
    bool after; /* does its work, then fails */
    int seen;
    size_t write_at_most; /* 0: all */
};

static void note(struct tape *tape, const char *format, ...) TARN_PRINTF(2, 3);

static void note(struct tape *tape, const char *format, ...)
{
    const size_t at = strlen(tape->calls);
    va_list args;
    va_start(args, format);
    vsnprintf(tape->calls + at, sizeof(tape->calls) - at, format, args);
    va_end(args);
}

static bool fails(struct tape *tape, const char *name)
{
    return tape->failing != NULL && strcmp(tape->failing, name) == 0 && ++tape->seen == tape->fail_at;
}

/* The answer of a call that may fail instead of, or after, its work. */
#define TAPED(name, work)                                                                                                                  \
    struct tape *tape = ctx;                                                                                                               \
    const bool failing = fails(tape, name);                                                                                                \
    const int answer = failing && !tape->after ? -1 : (work);                                                                              \
    if (failing) {                                                                                                                         \
        errno = tape->error;                                                                                                               \
        return -1;                                                                                                                         \
    }                                                                                                                                      \
    return answer

static int taped_open(void *ctx, int folder, const char *name, int flags, mode_t mode)
{
    if ((flags & O_CREAT) != 0) {
        note(ctx, "create ");
    }
    TAPED("open", openat(folder, name, flags, mode));
}

static int taped_mkdir(void *ctx, int folder, const char *name, mode_t mode)
{
    TAPED("mkdir", mkdirat(folder, name, mode) == 0 ? (note(tape, "mkdir:%s ", folder == AT_FDCWD ? "root" : name), 0) : -1);
}

static ssize_t taped_write(void *ctx, int fd, const void *bytes, size_t size)
{
    struct tape *tape = ctx;
    note(tape, "write ");
    if (fails(tape, "write")) {
        errno = tape->error;
        return -1;
    }
    return write(fd, bytes, tape->write_at_most != 0 && size > tape->write_at_most ? tape->write_at_most : size);
}

static int taped_fdatasync(void *ctx, int fd)
{
    note(ctx, "fdatasync ");
    TAPED("fdatasync", fdatasync(fd));
}

static int taped_fsync(void *ctx, int fd)
{
    char link[64];
    char path[512];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    const ssize_t length = readlink(link, path, sizeof(path) - 1);
    path[length > 0 ? length : 0] = '\0';
    const char *name = strrchr(path, '/');
    note(ctx, "fsync:%s ", name == NULL || strstr(name, "tarn-test-") != NULL ? "." : name + 1);
    TAPED("fsync", fsync(fd));
}

static int taped_close(void *ctx, int fd)
{
    TAPED("close", close(fd));
}

static int taped_rename(void *ctx, int folder, const char *from, const char *to)
{
    note(ctx, "rename:%s ", to);
    TAPED("rename", renameat(folder, from, folder, to));
}

static bool is_probe(const char *name)
{
    return strncmp(name, ".probe.", 7) == 0;
}

static int taped_rename_absent(void *ctx, int folder, const char *from, const char *to)
{
    if (is_probe(from)) {
        return tarn__local_system_calls.rename_absent(NULL, folder, from, to);
    }
    note(ctx, "rename_absent:%s ", to);
    TAPED("rename_absent", tarn__local_system_calls.rename_absent(NULL, folder, from, to));
}

static int no_rename_absent(void *ctx, int folder, const char *from, const char *to)
{
    (void)ctx;
    (void)folder;
    (void)from;
    (void)to;
    errno = EINVAL;
    return -1;
}

static int taped_link(void *ctx, int folder, const char *from, const char *to)
{
    if (is_probe(from)) {
        return linkat(folder, from, folder, to, 0);
    }
    note(ctx, "link:%s ", to);
    TAPED("link", linkat(folder, from, folder, to, 0));
}

static int taped_unlink(void *ctx, int folder, const char *name)
{
    if (!is_probe(name)) {
        note(ctx, "unlink ");
    }
    TAPED("unlink", unlinkat(folder, name, 0));
}

static ssize_t taped_preadv(void *ctx, int fd, const struct iovec *parts, int count, off_t offset)
{
    struct tape *tape = ctx;
    if (fails(tape, "preadv")) {
        errno = tape->error;
        return -1;
    }
    if (tape->write_at_most == 0) {
        return preadv(fd, parts, count, offset);
    }
    struct iovec little[4]; /* a few bytes of the first parts, as a signal may cut it */
    size_t room = tape->write_at_most;
    int n = 0;
    for (; n < count && n < 4 && room != 0; n++) {
        little[n] = (struct iovec){parts[n].iov_base, parts[n].iov_len < room ? parts[n].iov_len : room};
        room -= little[n].iov_len;
    }
    return preadv(fd, little, n, offset);
}

static struct tarn__local_calls calls_of(struct tape *tape, bool by_link)
{
    struct tarn__local_calls calls = tarn__local_system_calls;
    calls.ctx = tape;
    calls.openat = taped_open;
    calls.mkdirat = taped_mkdir;
    calls.preadv = taped_preadv;
    calls.write = taped_write;
    calls.fdatasync = taped_fdatasync;
    calls.fsync = taped_fsync;
    calls.close = taped_close;
    calls.rename = taped_rename;
    calls.rename_absent = by_link ? no_rename_absent : taped_rename_absent;
    calls.link = taped_link;
    calls.unlink = taped_unlink;
    return calls;
}

static void open_taped(struct fixture *f, struct tape *tape, enum tarn_durability durability, bool by_link)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    const struct tarn__local_calls calls = calls_of(tape, by_link);
    memset(f, 0, sizeof(*f));
    memset(tape, 0, sizeof(*tape));
    options.durability = durability;
    ck_assert_ok(tarn_env_open(&options, &f->env, &f->err), &f->err);
    f->place = tarn_test_folder();
    ck_assert_ok(tarn__local_open_with(f->env, text(f->place), true, &calls, &f->store, &f->err), &f->err);
    tarn_store_capabilities(f->store); /* the probe, so that it stands on no tape */
    tape->calls[0] = '\0';
}

static void fail_call(struct tape *tape, const char *name, int at, int error)
{
    tape->failing = name;
    tape->fail_at = at;
    tape->error = error;
    tape->after = false;
    tape->seen = 0;
    tape->calls[0] = '\0';
}

#define DATA TARN_ROLE_DATA
#define COMMIT TARN_ROLE_COMMIT
#define REPLACE TARN_PUT_OVERWRITE
#define ABSENT TARN_PUT_IF_ABSENT

static const struct {
    enum tarn_durability durability;
    bool by_link;
    enum tarn_object_role role;
    enum tarn_put_mode mode;
    const char *calls;
} orders[] = {
    {TARN_DURABILITY_FULL, false, DATA, REPLACE, "create write fdatasync rename:k fsync:. "},
    {TARN_DURABILITY_FULL, false, COMMIT, ABSENT, "create write fdatasync rename_absent:k fsync:. "},
    {TARN_DURABILITY_FULL, true, COMMIT, ABSENT, "create write fdatasync link:k unlink fsync:. "},
    {TARN_DURABILITY_COMMIT_ONLY, false, DATA, REPLACE, "create write rename:k "},
    {TARN_DURABILITY_COMMIT_ONLY, false, COMMIT, ABSENT, "create write fdatasync rename_absent:k fsync:. "},
    {TARN_DURABILITY_COMMIT_ONLY, true, COMMIT, ABSENT, "create write fdatasync link:k unlink fsync:. "},
    {TARN_DURABILITY_OFF, false, DATA, REPLACE, "create write rename:k "},
    {TARN_DURABILITY_OFF, true, COMMIT, ABSENT, "create write link:k unlink "},
};

START_TEST(store_durability__syncs_bytes_before_the_name_and_the_folder_behind_it) /* S-STORE-9 */
{
    struct fixture f;
    struct tape tape;
    open_taped(&f, &tape, orders[_i].durability, orders[_i].by_link);
    ck_assert_ok(tarn_store_put(f.store, text("k"), span("bytes"), orders[_i].mode, orders[_i].role, &f.err), &f.err);
    ck_assert_str_eq(tape.calls, orders[_i].calls);
    struct tarn_object_writer *writer;
    ck_assert_ok(tarn_store_remove(f.store, text("k"), &f.err), &f.err);
    tape.calls[0] = '\0';
    ck_assert_ok(tarn_object_writer_open(f.store, text("k"), orders[_i].role, &writer, &f.err), &f.err);
    ck_assert_ok(tarn_object_writer_append(writer, span("bytes"), &f.err), &f.err);
    ck_assert_ok(tarn_object_writer_commit(writer, orders[_i].mode, &f.err), &f.err);
    ck_assert_str_eq(tape.calls, orders[_i].calls);
    fixture_close(&f);
}
END_TEST

START_TEST(store_durability__syncs_each_folder_on_the_way_once) /* S-STORE-10 */
{
    struct fixture f;
    struct tape tape;
    char path[512];
    open_taped(&f, &tape, TARN_DURABILITY_FULL, false);
    ck_assert_ok(try_put(&f, "a/b/k", "x", TARN_PUT_OVERWRITE), &f.err);
    ck_assert_str_eq(tape.calls, "mkdir:a fsync:. mkdir:b fsync:a create write fdatasync rename:k fsync:b ");
    tape.calls[0] = '\0';
    ck_assert_ok(try_put(&f, "a/b/l", "x", TARN_PUT_OVERWRITE), &f.err);
    ck_assert_str_eq(tape.calls, "create write fdatasync rename:l fsync:b ");
    snprintf(path, sizeof(path), "%s/c", f.place); /* made by another process, which may not have synced it */
    ck_assert_int_eq(mkdir(path, 0777), 0);
    tape.calls[0] = '\0';
    ck_assert_ok(try_put(&f, "c/k", "x", TARN_PUT_OVERWRITE), &f.err);
    ck_assert_str_eq(tape.calls, "fsync:. create write fdatasync rename:k fsync:c ");
    fixture_close(&f);
}
END_TEST

START_TEST(store_durability__makes_folders_for_data_without_waiting_and_for_commits_with) /* S-STORE-9 S-STORE-10 */
{
    struct fixture f;
    struct tape tape;
    open_taped(&f, &tape, TARN_DURABILITY_COMMIT_ONLY, false);
    ck_assert_ok(tarn_store_put(f.store, text("d/k"), span("x"), TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &f.err), &f.err);
    ck_assert_str_eq(tape.calls, "mkdir:d create write rename:k ");
    tape.calls[0] = '\0';
    ck_assert_ok(try_put(&f, "d/c", "x", TARN_PUT_IF_ABSENT), &f.err);
    ck_assert_str_eq(tape.calls, "fsync:. create write fdatasync rename_absent:c fsync:d ");
    fixture_close(&f);
}
END_TEST

START_TEST(store_durability__syncs_the_parents_of_a_root_it_makes) /* S-STORE-10 */
{
    struct fixture f = {.env = tarn_test_env()};
    struct tape tape = {.failing = NULL};
    const struct tarn__local_calls calls = calls_of(&tape, false);
    char path[512];
    snprintf(path, sizeof(path), "%s/one/two", tarn_test_folder());
    ck_assert_ok(tarn__local_open_with(f.env, text(path), true, &calls, &f.store, &f.err), &f.err);
    ck_assert_str_eq(tape.calls, "mkdir:root fsync:. mkdir:root fsync:one ");
    fixture_close(&f);
}
END_TEST

/* Every failure of a put: what it answers, what is there afterwards, and that nothing else is left. */
static const struct {
    const char *call;
    int at;
    int error;
    bool after;
    bool by_link;
    enum tarn_put_mode mode;
    enum tarn_status status;
    bool there;
} failures[] = {
    {"open", 1, EMFILE, false, false, ABSENT, TARN_IO, false},
    {"open", 1, ENOSPC, false, false, ABSENT, TARN_IO, false},
    {"open", 1, EACCES, false, false, ABSENT, TARN_AUTH, false},
    {"open", 1, EROFS, false, false, REPLACE, TARN_IO, false},
    {"write", 1, ENOSPC, false, false, ABSENT, TARN_IO, false},
    {"write", 1, EDQUOT, false, false, REPLACE, TARN_IO, false},
    {"write", 1, EIO, false, true, ABSENT, TARN_IO, false},
    {"write", 1, EINTR, false, false, ABSENT, TARN_OK, true},
    {"fdatasync", 1, EIO, false, false, ABSENT, TARN_IO, false},
    {"fdatasync", 1, ENOSPC, false, true, ABSENT, TARN_IO, false},
    {"fdatasync", 1, EIO, true, false, REPLACE, TARN_IO, false},
    {"fdatasync", 1, EINTR, false, false, REPLACE, TARN_OK, true},
    {"close", 1, EDQUOT, true, false, ABSENT, TARN_IO, false},
    {"rename_absent", 1, EIO, false, false, ABSENT, TARN_IO, false},
    {"rename_absent", 1, ENOSPC, false, false, ABSENT, TARN_IO, false},
    {"rename_absent", 1, EACCES, false, false, ABSENT, TARN_AUTH, false},
    {"rename_absent", 1, EIO, true, false, ABSENT, TARN_OK, true},    /* the answer was lost, the work was done */
    {"rename_absent", 1, EEXIST, true, false, ABSENT, TARN_OK, true}, /* repeated by the system, it met itself */
    {"link", 1, EEXIST, true, true, ABSENT, TARN_OK, true},
    {"link", 1, EIO, true, true, ABSENT, TARN_OK, true},
    {"link", 1, EMLINK, false, true, ABSENT, TARN_IO, false},
    {"rename", 1, EIO, true, false, REPLACE, TARN_OK, true},
    {"rename", 1, EIO, false, false, REPLACE, TARN_IO, false},
    {"fsync", 1, EIO, false, false, ABSENT, TARN_COMMIT_UNKNOWN, true},
    {"fsync", 1, EIO, false, true, ABSENT, TARN_COMMIT_UNKNOWN, true},
    {"fsync", 1, EIO, false, false, REPLACE, TARN_COMMIT_UNKNOWN, true},
    {"fsync", 1, EINTR, false, false, REPLACE, TARN_OK, true},
    {"fsync", 1, EINVAL, false, false, REPLACE, TARN_OK, true}, /* a file system without folders to sync */
};

START_TEST(store_durability__answers_each_failure_honestly) /* S-STORE-4 S-STORE-5 S-STORE-11 */
{
    struct fixture f;
    struct tape tape;
    for (int streamed = 0; streamed < 2; streamed++) {
        open_taped(&f, &tape, TARN_DURABILITY_FULL, failures[_i].by_link);
        fail_call(&tape, failures[_i].call, failures[_i].at, failures[_i].error);
        tape.after = failures[_i].after;
        struct tarn_object_writer *writer;
        enum tarn_status status;
        if (streamed == 0) {
            status = tarn_store_put(f.store, text("k"), span("bytes"), failures[_i].mode, TARN_ROLE_COMMIT, &f.err);
        } else {
            status = tarn_object_writer_open(f.store, text("k"), TARN_ROLE_COMMIT, &writer, &f.err);
            if (status == TARN_OK) {
                const enum tarn_status appended = tarn_object_writer_append(writer, span("bytes"), &f.err);
                status = tarn_object_writer_commit(writer, failures[_i].mode, &f.err);
                ck_assert_msg(appended == TARN_OK || status == TARN_IO, "what could not be appended must not be committed");
            }
        }
        ck_assert_int_eq(status, failures[_i].status);
        if (status != TARN_OK) {
            ck_assert_int_eq(f.err.code, status);
            ck_assert_msg(streamed != 0 || f.err.sys_errno == failures[_i].error, "errno %d", f.err.sys_errno);
            ck_assert_str_eq(f.err.object, "k");
        }
        tape.failing = NULL;
        ck_assert_str_eq(listed(&f, "", ""), failures[_i].there ? "k " : "");
        ck_assert(!failures[_i].there || holds(&f, "k", "bytes"));
        fixture_close(&f);
    }
}
END_TEST

START_TEST(store_durability__never_trusts_a_folder_again_that_could_not_be_synced) /* S-STORE-11 */
{
    struct fixture f;
    struct tape tape;
    struct tarn_object_writer *writer;
    open_taped(&f, &tape, TARN_DURABILITY_COMMIT_ONLY, false);
    ck_assert_ok(tarn_object_writer_open(f.store, text("open"), TARN_ROLE_COMMIT, &writer, &f.err), &f.err);
    fail_call(&tape, "fsync", 1, EIO);
    ck_assert_status(try_put(&f, "d/k", "x", TARN_PUT_IF_ABSENT), TARN_IO); /* the folder's own entry: nothing was put yet */
    tape.calls[0] = '\0';
    ck_assert_status(try_put(&f, "d/k", "x", TARN_PUT_IF_ABSENT), TARN_IO);
    ck_assert_str_eq(f.err.detail, "sync_failed");
    ck_assert_str_eq(tape.calls, "");
    ck_assert_status(tarn_object_writer_commit(writer, TARN_PUT_OVERWRITE, &f.err), TARN_IO);
    ck_assert_str_eq(f.err.detail, "sync_failed");
    ck_assert_str_eq(listed(&f, "", ""), "");
    /* what promises nothing still works */
    ck_assert_ok(tarn_store_put(f.store, text("data"), span("x"), TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &f.err), &f.err);
    fixture_close(&f);
}
END_TEST

START_TEST(store_durability__gives_up_a_file_whose_sync_failed) /* S-STORE-11 */
{
    struct fixture f;
    struct tape tape;
    open_taped(&f, &tape, TARN_DURABILITY_FULL, false);
    fail_call(&tape, "fdatasync", 1, EIO);
    ck_assert_status(try_put(&f, "k", "x", TARN_PUT_IF_ABSENT), TARN_IO);
    ck_assert_str_eq(tape.calls, "create write fdatasync unlink "); /* once, and then another file */
    tape.calls[0] = '\0';
    ck_assert_ok(try_put(&f, "k", "x", TARN_PUT_IF_ABSENT), &f.err);
    ck_assert_str_eq(tape.calls, "create write fdatasync rename_absent:k fsync:. ");
    fixture_close(&f);
}
END_TEST

/* The name and the temporary are both gone from sight: what happened cannot be known. */
static int vanish(void *ctx, int folder, const char *from, const char *to)
{
    (void)ctx;
    if (is_probe(from)) {
        return tarn__local_system_calls.rename_absent(NULL, folder, from, to);
    }
    unlinkat(folder, from, 0);
    errno = EIO;
    return -1;
}

START_TEST(store_durability__says_unknown_when_it_cannot_know) /* S-STORE-5 */
{
    struct fixture f = {.env = tarn_test_env(), .place = tarn_test_folder()};
    struct tarn__local_calls calls = tarn__local_system_calls;
    calls.rename_absent = vanish;
    ck_assert_ok(tarn__local_open_with(f.env, text(f.place), true, &calls, &f.store, &f.err), &f.err);
    ck_assert_status(try_put(&f, "k", "x", TARN_PUT_IF_ABSENT), TARN_COMMIT_UNKNOWN);
    ck_assert_int_eq(f.err.code, TARN_COMMIT_UNKNOWN);
    ck_assert_int_eq(f.err.sys_errno, EIO);
    fixture_close(&f);
}
END_TEST

START_TEST(store_durability__goes_on_after_short_writes_and_reads) /* S-STORE-14 */
{
    struct fixture f;
    struct tape tape;
    struct tarn_object *object;
    open_taped(&f, &tape, TARN_DURABILITY_OFF, false);
    tape.write_at_most = 3;
    put(&f, "k", "0123456789abcdef");
    for (int error = 0; error < 2; error++) {
        uint8_t into[4][4] = {{0}};
        const struct tarn_read_range ranges[] = {{9, 4, into[0]}, {0, 2, into[1]}, {2, 4, into[2]}, {8, 1, into[3]}};
        fail_call(&tape, "preadv", 2, error == 0 ? EINTR : EIO);
        ck_assert_ok(tarn_object_open(f.store, text("k"), &object, &f.err), &f.err);
        ck_assert_status(tarn_object_read(object, 4, ranges, &f.err), error == 0 ? TARN_OK : TARN_IO);
        if (error == 0) {
            ck_assert_int_eq(memcmp(into,
                                    "9abc01\0\0"
                                    "2345"
                                    "8\0\0\0",
                                    16),
                             0);
        } else {
            ck_assert_int_eq(f.err.sys_errno, EIO);
            ck_assert_int_eq(f.err.offset, 3);
        }
        tarn_object_close(object);
    }
    fixture_close(&f);
}
END_TEST

TARN_SUITE("format/store_durability", TARN_LOOP_TEST(store_durability__syncs_bytes_before_the_name_and_the_folder_behind_it, orders),
           TARN_TEST(store_durability__syncs_each_folder_on_the_way_once),
           TARN_TEST(store_durability__makes_folders_for_data_without_waiting_and_for_commits_with),
           TARN_TEST(store_durability__syncs_the_parents_of_a_root_it_makes),
           TARN_LOOP_TEST(store_durability__answers_each_failure_honestly, failures),
           TARN_TEST(store_durability__never_trusts_a_folder_again_that_could_not_be_synced),
           TARN_TEST(store_durability__gives_up_a_file_whose_sync_failed), TARN_TEST(store_durability__says_unknown_when_it_cannot_know),
           TARN_TEST(store_durability__goes_on_after_short_writes_and_reads))
