/* SPDX-License-Identifier: Apache-2.0
 *
 * The witness of footers, started, listened to and compared with.
 *
 * Invariants
 *  1. The witness gets the footer's bytes on its standard input and nothing else: no file, no environment.
 *  2. Its answer is compared as it comes; a witness that goes on for ever is ended by its limit of time.
 */
#include "tools/tarn/ask_witness.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS = 20, MEMORY = 1 << 30, PATH_ROOM = 4096 };

/* The program: beside this one, or in its folder of the build. False: it is not there. */
static bool find_program(char path[PATH_ROOM])
{
    static const char *const places[] = {"tarn-footer-witness", "footer_witness/tarn-footer-witness"};
    char self[PATH_ROOM - 64];
    const ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (size <= 0) {
        return false;
    }
    self[size] = '\0';
    char *slash = strrchr(self, '/');
    if (slash == NULL) {
        return false;
    }
    slash[1] = '\0';
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        snprintf(path, PATH_ROOM, "%s%s", self, places[i]);
        if (access(path, X_OK) == 0) {
            return true;
        }
    }
    return false;
}

static void become_witness(const char *program, int input, int output)
{
    char name[] = "tarn-footer-witness";
    char *const arguments[] = {name, NULL};
    char *const environment[] = {NULL};
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    setrlimit(RLIMIT_AS, &(struct rlimit){MEMORY, MEMORY});
    setrlimit(RLIMIT_CPU, &(struct rlimit){SECONDS, SECONDS});
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    if (nowhere >= 0 && dup2(input, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 && dup2(nowhere, STDERR_FILENO) >= 0) {
        execve(program, arguments, environment);
    }
    _exit(127);
}

static bool put_all(int fd, struct tarn_span bytes)
{
    for (size_t at = 0; at < bytes.size;) {
        const ssize_t put = write(fd, bytes.data + at, bytes.size - at);
        if (put <= 0) {
            return false;
        }
        at += (size_t)put;
    }
    return lseek(fd, 0, SEEK_SET) == 0;
}

/* tarn's tree against what the witness prints. */
struct comparison {
    FILE *theirs;
    uint64_t line;
    bool differs;
};

static void compare_piece(void *arg, struct tarn_text piece)
{
    struct comparison *comparison = arg;
    for (size_t i = 0; i < piece.size && !comparison->differs; i++) {
        comparison->differs = getc(comparison->theirs) != (unsigned char)piece.data[i];
        comparison->line += !comparison->differs && piece.data[i] == '\n';
    }
}

enum outcome { SAME, DIFFERENT, NO_WITNESS };

static enum outcome ask(const char *program, struct tarn_span footer, uint64_t *line)
{
    int ends[2] = {-1, -1};
    int state = 0;
    enum outcome outcome = NO_WITNESS;
    const int input = memfd_create("footer", MFD_CLOEXEC);
    if (input < 0 || !put_all(input, footer) || pipe2(ends, O_CLOEXEC) != 0) {
        if (input >= 0) {
            close(input);
        }
        return NO_WITNESS;
    }
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        become_witness(program, input, ends[1]);
    }
    close(input);
    close(ends[1]);
    struct comparison comparison = {.theirs = fdopen(ends[0], "r"), .line = 1};
    if (child > 0 && comparison.theirs != NULL) {
        const enum tarn_status status = tarn_parquet_footer_tree(footer, compare_piece, &comparison, NULL);
        const bool same = status == TARN_OK && !comparison.differs && getc(comparison.theirs) == EOF;
        while (getc(comparison.theirs) != EOF) {
        }
        const bool ended_well = waitpid(child, &state, 0) == child && WIFEXITED(state) && WEXITSTATUS(state) == 0;
        outcome = !ended_well ? NO_WITNESS : same ? SAME : DIFFERENT;
    }
    *line = comparison.line;
    if (comparison.theirs != NULL) {
        fclose(comparison.theirs);
    } else {
        close(ends[0]);
    }
    return outcome;
}

enum tarn_status witness_footer(struct tarn_store *store, struct tarn_text key, void (*fn)(void *arg, const struct tarn_finding *finding),
                                void *arg, struct tarn_error *err)
{
    enum tarn_file_format format;
    struct tarn_parquet_metadata *metadata;
    struct tarn_error told = TARN_ERROR_INIT;
    char program[PATH_ROOM];
    uint64_t line = 0;
    if (tarn_file_format_detect(store, key, &format, NULL) != TARN_OK || format != TARN_FILE_PARQUET) {
        return TARN_OK;
    }
    const enum tarn_status status = tarn_parquet_metadata_open(store, key, &metadata, err);
    if (status == TARN_CORRUPT || status == TARN_UNSUPPORTED) {
        return TARN_OK; /* told already by who read the file */
    }
    if (status != TARN_OK) {
        return status;
    }
    const bool there = find_program(program);
    const enum outcome outcome = there ? ask(program, tarn_parquet_footer_bytes(metadata), &line) : NO_WITNESS;
    switch (outcome) {
    case SAME:
        tarn_error_set(&told, TARN_OK, "witness", "Apache Thrift reads the same footer, %llu lines of it", (unsigned long long)(line - 1));
        break;
    case DIFFERENT:
        tarn_error_set(&told, TARN_CORRUPT, "witness", "Apache Thrift reads another footer, from line %llu of its tree on",
                       (unsigned long long)line);
        break;
    default:
        tarn_error_set(&told, TARN_OK, "witness", "witness: none (%s)",
                       there ? "tarn-footer-witness did not end well" : "tarn-footer-witness is not installed beside tarn");
        break;
    }
    fn(arg, &(struct tarn_finding){outcome == DIFFERENT ? TARN_FINDING_ERROR : TARN_FINDING_OK, &told});
    tarn_parquet_metadata_close(metadata);
    return TARN_OK;
}
