/* SPDX-License-Identifier: Apache-2.0
 *
 * The witness of footers, started and listened to.
 */
#include "tests/support/witness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tarn/parquet.h"
#include "tests/support/suite.h"

#ifndef TARN_WITNESS
#define TARN_WITNESS ""
#endif

enum { SECONDS = 20, MEMORY = 1 << 30 };

bool tarn_test_has_witness(void)
{
    return TARN_WITNESS[0] != '\0';
}

/* ---- tarn's own tree, in the same words ---- */

static void write_piece(void *arg, struct tarn_text piece)
{
    ck_assert_uint_eq(fwrite(piece.data, 1, piece.size, (FILE *)arg), piece.size);
}

static char *own_tree(struct tarn_span bytes, const char *name)
{
    char *text = NULL;
    size_t size;
    struct tarn_error err = TARN_ERROR_INIT;
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);
    const enum tarn_status status = tarn_parquet_footer_tree(bytes, write_piece, out, &err);
    fclose(out);
    ck_assert_msg(status == TARN_OK, "%s: %s", name, err.message);
    return text;
}

/* ---- the witness's tree ---- */

static void become_witness(int input, int output)
{
    setrlimit(RLIMIT_AS, &(struct rlimit){MEMORY, MEMORY});
    setrlimit(RLIMIT_CPU, &(struct rlimit){SECONDS, SECONDS});
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    if (dup2(input, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0) {
        execl(TARN_WITNESS, "tarn-footer-witness", (char *)NULL);
    }
    _exit(127);
}

static char *read_to_end(int fd)
{
    char *text = NULL;
    size_t size;
    char piece[65536];
    ssize_t got;
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);
    while ((got = read(fd, piece, sizeof(piece))) > 0) {
        ck_assert_uint_eq(fwrite(piece, 1, (size_t)got, out), (size_t)got);
    }
    fclose(out);
    return text;
}

static char *witness_tree(struct tarn_span bytes, const char *name)
{
    int ends[2];
    int status;
    const int input = memfd_create("footer", MFD_CLOEXEC);
    ck_assert_int_ge(input, 0);
    ck_assert_int_eq(write(input, bytes.data, bytes.size), (ssize_t)bytes.size);
    ck_assert_int_eq(lseek(input, 0, SEEK_SET), 0);
    ck_assert_int_eq(pipe(ends), 0);
    fflush(NULL);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        close(ends[0]);
        become_witness(input, ends[1]);
    }
    close(ends[1]);
    close(input);
    char *text = read_to_end(ends[0]);
    close(ends[0]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: the witness ended with %d", name, status);
    return text;
}

/* ---- */

static void expect_same_text(const char *ours, const char *theirs, const char *name)
{
    size_t line = 1;
    while (*ours != '\0' && *ours == *theirs) {
        line += *ours == '\n';
        ours++;
        theirs++;
    }
    ck_assert_msg(*ours == *theirs, "%s: line %zu: ours goes on with \"%.60s\", the witness with \"%.60s\"", name, line, ours, theirs);
}

/* Decodes and encodes again; NULL when there is a union member that tarn does not know, which cannot be written. */
static struct tarn_buffer *again(struct tarn_env *env, const struct tarn_thrift_struct *of, struct tarn_span bytes, size_t *used,
                                 const char *name)
{
    struct tarn_thrift_progress progress;
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_arena arena;
    struct tarn_buffer *out = tarn__buffer_new(env, 0);
    ck_assert_ptr_nonnull(out);
    tarn__arena_init(&arena, env);
    void *value = tarn__arena_alloc(&arena, of->size);
    enum tarn_status status = tarn__thrift_decode(of, bytes, &arena, value, &progress, &err);
    if (status == TARN_OK) {
        status = tarn__thrift_encode(of, value, out, &err);
    }
    tarn__arena_free(&arena);
    *used = progress.used;
    if (status == TARN_INVALID) {
        tarn__buffer_release(out);
        return NULL;
    }
    ck_assert_msg(status == TARN_OK, "%s: %s", name, err.message);
    return out;
}

void tarn_test_witness(const struct tarn_thrift_struct *of, struct tarn_span bytes, enum tarn_test_author author, const char *name)
{
    struct tarn_env *env = tarn_test_env();
    size_t used;
    struct tarn_buffer *once = again(env, of, bytes, &used, name);
    if (author == TARN_TEST_OURS) {
        ck_assert_msg(once != NULL, "%s: cannot be encoded", name);
        ck_assert_msg(used == bytes.size, "%s: %zu of %zu bytes are used", name, used, bytes.size);
        ck_assert_msg(once->size == used && memcmp(once->data, bytes.data, used) == 0, "%s: other bytes when encoded again", name);
    } else if (once != NULL) {
        struct tarn_buffer *twice = again(env, of, tarn__buffer_span(once), &used, name);
        ck_assert_msg(once->size == twice->size && memcmp(once->data, twice->data, once->size) == 0, "%s: no fixed point", name);
        tarn__buffer_release(twice);
    }
    tarn__buffer_release(once);
    tarn_test_env_close(env);

    char *ours = own_tree(bytes, name);
    if (tarn_test_has_witness()) {
        char *theirs = witness_tree(bytes, name);
        expect_same_text(ours, theirs, name);
        free(theirs);
    }
    free(ours);
}
