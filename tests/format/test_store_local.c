/* SPDX-License-Identifier: Apache-2.0
 * The store of the local file system: the contract, and what only a file system has: links, modes, in-place changes, temporaries.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format/store/local.h"
#include "tests/support/store_fixture.h"

static enum tarn_status open_local(struct tarn_env *env, const char *place, struct tarn_store **out, struct tarn_error *err)
{
    return tarn_store_open_local(env, text(place), true, out, err);
}

static int no_openat2(void *ctx, int root, const char *path, int flags)
{
    (void)ctx;
    (void)root;
    (void)path;
    (void)flags;
    errno = ENOSYS;
    return -1;
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

/* A file system that knows the call and not its flag. */
static int rename_anyway(void *ctx, int folder, const char *from, const char *to)
{
    (void)ctx;
    return renameat(folder, from, folder, to);
}

static int no_link(void *ctx, int folder, const char *from, const char *to)
{
    (void)ctx;
    (void)folder;
    (void)from;
    (void)to;
    errno = EPERM;
    return -1;
}

static enum tarn_status open_older(struct tarn_env *env, const char *place, struct tarn_store **out, struct tarn_error *err)
{
    struct tarn__local_calls calls = tarn__local_system_calls;
    calls.open_beneath = no_openat2;
    calls.rename_absent = no_rename_absent;
    return tarn__local_open_with(env, text(place), true, &calls, out, err);
}

static const struct tarn_store_subject local = {"local", true, open_local};
static const struct tarn_store_subject older = {"local, by links and walks", true, open_older};

START_TEST(store_local__conforms) /* S-STORE-1 to S-STORE-8, S-STORE-14 */
{
    tarn_store_conform(&local, _i);
}
END_TEST

START_TEST(store_local__conforms_without_openat2_and_renameat2) /* S-STORE-1 to S-STORE-8, S-STORE-14 */
{
    tarn_store_conform(&older, _i);
}
END_TEST

static const struct tarn_store_subject *const both[] = {&local, &older};

static void in_place(const struct fixture *f, char out[512], const char *name)
{
    snprintf(out, 512, "%s/%s", f->place, name);
}

START_TEST(store_local__never_leaves_its_root) /* S-STORE-8 */
{
    static const struct {
        const char *link;
        const char *target;
    } links[] = {{"out", "OUTSIDE"}, {"up", ".."}, {"deep/up", "../.."}, {"file", "OUTSIDE/secret"}, {"proc", "/proc/self/cwd"}};
    struct fixture f;
    char path[512];
    char target[512];
    fixture_open(&f, both[_i]);
    const char *outside = tarn_test_folder();
    snprintf(path, sizeof(path), "%s/secret", outside);
    FILE *file = fopen(path, "w");
    fputs("secret", file);
    fclose(file);
    put(&f, "deep/k", "x");
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        const char *rest = strncmp(links[i].target, "OUTSIDE", 7) == 0 ? links[i].target + 7 : NULL;
        snprintf(target, sizeof(target), "%s%s", rest != NULL ? outside : links[i].target, rest != NULL ? rest : "");
        in_place(&f, path, links[i].link);
        ck_assert_int_eq(symlink(target, path), 0);
        char key[64];
        snprintf(key, sizeof(key), strcmp(links[i].link, "file") == 0 ? "%s" : "%s/secret", links[i].link);
        struct tarn_object_info info;
        struct tarn_object *object;
        ck_assert_status(tarn_store_head(f.store, text(key), &info, &f.err), TARN_AUTH);
        ck_assert_str_eq(f.err.detail, "outside_root");
        ck_assert_status(tarn_object_open(f.store, text(key), &object, &f.err), TARN_AUTH);
        if (strcmp(links[i].link, "file") != 0) {
            ck_assert_status(try_put(&f, key, "owned", TARN_PUT_OVERWRITE), TARN_AUTH);
            ck_assert_status(try_put(&f, key, "owned", TARN_PUT_IF_ABSENT), TARN_AUTH);
            ck_assert_status(tarn_store_remove(f.store, text(key), &f.err), TARN_AUTH);
            snprintf(key, sizeof(key), "%s/new/deeper", links[i].link);
            ck_assert_status(try_put(&f, key, "owned", TARN_PUT_OVERWRITE), TARN_AUTH);
        }
    }
    ck_assert_str_eq(listed(&f, "", ""), "deep/k ");
    put(&f, "file", "now a file of our own"); /* the link is replaced, not followed */
    ck_assert(holds(&f, "file", "now a file of our own"));
    snprintf(path, sizeof(path), "%s/secret", outside);
    char back[16] = "";
    file = fopen(path, "r");
    ck_assert_ptr_nonnull(fgets(back, sizeof(back), file));
    fclose(file);
    ck_assert_str_eq(back, "secret");
    snprintf(path, sizeof(path), "%s/new", outside);
    ck_assert_int_ne(access(path, F_OK), 0);
    fixture_close(&f);
}
END_TEST

START_TEST(store_local__follows_links_that_stay_inside)
{
    struct fixture f;
    char path[512];
    fixture_open(&f, &local);
    put(&f, "data/k", "x");
    in_place(&f, path, "data/link");
    ck_assert_int_eq(symlink("k", path), 0);
    in_place(&f, path, "again");
    ck_assert_int_eq(symlink("data", path), 0);
    ck_assert(holds(&f, "data/link", "x"));
    ck_assert(holds(&f, "again/k", "x"));
    ck_assert_str_eq(listed(&f, "", ""), "data/k data/link "); /* walked into once: no link to a folder */
    put(&f, "again/new", "y");
    ck_assert(holds(&f, "data/new", "y"));
    fixture_close(&f);
}
END_TEST

START_TEST(store_local__notices_changes_in_place) /* S-STORE-2 */
{
    enum { SHORTER, LONGER, SAME_SIZE, CHANGES };
    struct fixture f;
    char path[512];
    fixture_open(&f, &local);
    put(&f, "k", "0123456789");
    in_place(&f, path, "k");
    for (int change = 0; change < CHANGES; change++) {
        struct tarn_object *object;
        uint8_t into[10];
        const struct timespec past[2] = {{1000000000, 0}, {1000000000, 0}};
        put(&f, "k", "0123456789");
        ck_assert_int_eq(utimensat(AT_FDCWD, path, past, 0), 0);
        ck_assert_ok(tarn_object_open(f.store, text("k"), &object, &f.err), &f.err);
        const struct tarn_read_range whole = {0, 10, into};
        ck_assert_ok(tarn_object_read(object, 1, &whole, &f.err), &f.err);
        const int fd = open(path, O_WRONLY | (change == LONGER ? O_APPEND : 0));
        ck_assert_int_ge(fd, 0);
        if (change == SHORTER) {
            ck_assert_int_eq(ftruncate(fd, 4), 0);
        } else {
            ck_assert_int_eq(write(fd, "x", 1), 1);
        }
        close(fd);
        ck_assert_status(tarn_object_read(object, 1, &whole, &f.err), TARN_IO);
        ck_assert_str_eq(f.err.detail, "object_changed");
        ck_assert_str_eq(f.err.object, "k");
        tarn_object_close(object);
    }
    fixture_close(&f);
}
END_TEST

START_TEST(store_local__does_not_hang_on_special_files)
{
    struct fixture f;
    char path[512];
    struct tarn_object *object;
    fixture_open(&f, both[_i]);
    in_place(&f, path, "pipe");
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_status(tarn_object_open(f.store, text("pipe"), &object, &f.err), TARN_NOT_FOUND);
    ck_assert_str_eq(listed(&f, "", ""), "");
    fixture_close(&f);
}
END_TEST

START_TEST(store_local__makes_files_and_folders_with_the_umask) /* S-STORE-12 */
{
    struct fixture f;
    char path[512];
    struct stat info;
    const mode_t before = umask(027);
    fixture_open(&f, &local);
    put(&f, "a/k", "x");
    in_place(&f, path, "a/k");
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_uint_eq(info.st_mode & 07777, 0640);
    in_place(&f, path, "a");
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_uint_eq(info.st_mode & 07777, 0750);
    umask(before);
    fixture_close(&f);
}
END_TEST

START_TEST(store_local__keeps_temporaries_apart) /* S-STORE-12 */
{
    struct fixture f;
    struct tarn_object_writer *writer;
    char listing[512] = "";
    fixture_open(&f, &local);
    ck_assert_ok(tarn_object_writer_open(f.store, text("a/part.parquet"), TARN_ROLE_DATA, &writer, &f.err), &f.err);
    ck_assert_ok(tarn_object_writer_append(writer, span("half"), &f.err), &f.err);
    ck_assert_str_eq(listed(&f, "", ""), "");
    ck_assert_ok(tarn_store_list_temporaries(f.store, text("a/"), tarn_fixture_add, listing, &f.err), &f.err);
    ck_assert_uint_eq(strlen(listing), strlen("a/.part.parquet..tmp ") + 36);
    ck_assert_int_eq(strncmp(listing, "a/.part.parquet.", 16), 0);
    ck_assert_str_eq(listing + strlen(listing) - 5, ".tmp ");
    listing[strlen(listing) - 1] = '\0';
    ck_assert(holds(&f, listing, "half"));
    ck_assert_ok(tarn_store_remove(f.store, text(listing), &f.err), &f.err); /* as a clean-up does after a writer died */
    tarn_object_writer_abort(writer);
    char longest[256];
    memset(longest, 'n', 255);
    longest[255] = '\0';
    put(&f, longest, "the temporary's name is cut");
    ck_assert(holds(&f, longest, "the temporary's name is cut"));
    char longer[257];
    memset(longer, 'n', 256);
    longer[256] = '\0';
    ck_assert_status(try_put(&f, longer, "x", TARN_PUT_OVERWRITE), TARN_INVALID);
    fixture_close(&f);
}
END_TEST

static const struct {
    int (*rename_absent)(void *, int, const char *, const char *);
    int (*link)(void *, int, const char *, const char *);
    bool works;
} file_systems[] = {
    {no_rename_absent, NULL, true},     {NULL, no_link, true},           {rename_anyway, NULL, true},
    {no_rename_absent, no_link, false}, {rename_anyway, no_link, false},
};

START_TEST(store_local__refuses_commits_where_no_name_can_be_put_safely) /* S-STORE-13 */
{
    struct fixture f = {.env = tarn_test_env(), .place = tarn_test_folder()};
    struct tarn__local_calls calls = tarn__local_system_calls;
    calls.rename_absent = file_systems[_i].rename_absent != NULL ? file_systems[_i].rename_absent : calls.rename_absent;
    calls.link = file_systems[_i].link != NULL ? file_systems[_i].link : calls.link;
    ck_assert_ok(tarn__local_open_with(f.env, text(f.place), true, &calls, &f.store, &f.err), &f.err);
    const uint32_t expected = file_systems[_i].works ? TARN_STORE_CAN_WRITE | TARN_STORE_CAN_PUT_IF_ABSENT : TARN_STORE_CAN_WRITE;
    if (_i % 2 == 0) {
        ck_assert_uint_eq(tarn_store_capabilities(f.store), expected);
    }
    if (file_systems[_i].works) {
        ck_assert_ok(try_put(&f, "k", "one", TARN_PUT_IF_ABSENT), &f.err);
        ck_assert_status(try_put(&f, "k", "two", TARN_PUT_IF_ABSENT), TARN_EXISTS);
    } else {
        ck_assert_status(try_put(&f, "k", "one", TARN_PUT_IF_ABSENT), TARN_UNSUPPORTED);
        ck_assert_str_eq(f.err.detail, "store.put_if_absent");
        put(&f, "k", "one");
    }
    ck_assert_uint_eq(tarn_store_capabilities(f.store), expected);
    ck_assert(holds(&f, "k", "one"));
    ck_assert_str_eq(listed(&f, "", ""), "k ");
    fixture_close(&f);
}
END_TEST

START_TEST(store_local__survives_the_renaming_of_its_folder)
{
    struct fixture f;
    char moved[512];
    fixture_open(&f, &local);
    put(&f, "k", "x");
    snprintf(moved, sizeof(moved), "%s/inside", tarn_test_folder());
    ck_assert_int_eq(rename(f.place, moved), 0);
    ck_assert(holds(&f, "k", "x"));
    put(&f, "new/k", "y");
    ck_assert_str_eq(listed(&f, "", ""), "k new/k ");
    fixture_close(&f);
}
END_TEST

START_TEST(store_local__says_so_when_an_object_lies_where_a_folder_is_needed)
{
    struct fixture f;
    fixture_open(&f, both[_i]);
    put(&f, "k", "x");
    ck_assert_status(try_put(&f, "k/below", "y", TARN_PUT_OVERWRITE), TARN_IO);
    ck_assert_str_eq(f.err.detail, "not_a_folder");
    put(&f, "d/k", "x");
    ck_assert_status(try_put(&f, "d", "y", TARN_PUT_OVERWRITE), TARN_IO);
    ck_assert_status(try_put(&f, "d", "y", TARN_PUT_IF_ABSENT), TARN_EXISTS);
    fixture_close(&f);
}
END_TEST

TARN_SUITE("format/store_local", {store_local__conforms, TARN_STORE_CHECK_COUNT},
           {store_local__conforms_without_openat2_and_renameat2, TARN_STORE_CHECK_COUNT},
           TARN_LOOP_TEST(store_local__never_leaves_its_root, both), TARN_TEST(store_local__follows_links_that_stay_inside),
           TARN_TEST(store_local__notices_changes_in_place), TARN_LOOP_TEST(store_local__does_not_hang_on_special_files, both),
           TARN_TEST(store_local__makes_files_and_folders_with_the_umask), TARN_TEST(store_local__keeps_temporaries_apart),
           TARN_LOOP_TEST(store_local__refuses_commits_where_no_name_can_be_put_safely, file_systems),
           TARN_TEST(store_local__survives_the_renaming_of_its_folder),
           TARN_LOOP_TEST(store_local__says_so_when_an_object_lies_where_a_folder_is_needed, both))
