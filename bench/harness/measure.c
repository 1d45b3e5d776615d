/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tarn-bench-measure: runs one command and writes down what it cost.
 *   tarn-bench-measure --result FILE [--cpus 0,1] -- COMMAND [ARGUMENT...]
 * FILE becomes one JSON object: exit code or signal, wall time, processor time, peak resident memory, faults, switches; children that
 * the command waited for are counted with it. Exit code: 0 when the command could be run, whatever its own was.
 *
 * A program of its own, and small, because the kernel lets a process inherit the peak memory of what it was forked from: started by an
 * interpreter, every command would seem to need at least the interpreter's memory.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EXIT_USAGE 2
#define EXIT_CANNOT_RUN 127

struct request {
    const char *result;
    const char *cpus;
    char **command;
};

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int64_t nanoseconds(struct timeval time)
{
    return (int64_t)time.tv_sec * 1000000000 + (int64_t)time.tv_usec * 1000;
}

static int fail(const char *what)
{
    fprintf(stderr, "tarn-bench-measure: %s: %s\n", what, strerror(errno));
    return 1;
}

/* A list as "0,1"; the command inherits it, and so do its threads. */
static int pin(const char *cpus)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    for (const char *at = cpus; *at != '\0';) {
        char *end = NULL;
        const unsigned long cpu = strtoul(at, &end, 10);
        if (end == at || cpu >= CPU_SETSIZE || (*end != ',' && *end != '\0')) {
            errno = EINVAL;
            return -1;
        }
        CPU_SET(cpu, &set);
        at = *end == ',' ? end + 1 : end;
    }
    return sched_setaffinity(0, sizeof(set), &set);
}

static int read_arguments(int count, char **words, struct request *request)
{
    int i = 1;
    for (; i + 1 < count && strcmp(words[i], "--") != 0; i += 2) {
        if (strcmp(words[i], "--result") == 0) {
            request->result = words[i + 1];
        } else if (strcmp(words[i], "--cpus") == 0) {
            request->cpus = words[i + 1];
        } else {
            return -1;
        }
    }
    request->command = words + i + 1;
    return i + 1 < count && request->result != NULL ? 0 : -1;
}

/* In the child. It must not outlive a launcher that is killed over time. */
static void become(char **command)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execvp(command[0], command);
    fail(command[0]);
    _exit(EXIT_CANNOT_RUN);
}

static int write_result(const char *path, int status, int64_t wall, const struct rusage *usage)
{
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        return fail(path);
    }
    fprintf(file, "{\"exit\": %d, \"signal\": %d, \"wall_ns\": %lld, ", WIFEXITED(status) ? WEXITSTATUS(status) : -1,
            WIFSIGNALED(status) ? WTERMSIG(status) : 0, (long long)wall);
    fprintf(file, "\"user_ns\": %lld, \"system_ns\": %lld, ", (long long)nanoseconds(usage->ru_utime),
            (long long)nanoseconds(usage->ru_stime));
    fprintf(file, "\"peak_rss_bytes\": %lld, \"minor_faults\": %ld, \"major_faults\": %ld, ", (long long)usage->ru_maxrss * 1024,
            usage->ru_minflt, usage->ru_majflt);
    fprintf(file, "\"switches\": %ld, \"preemptions\": %ld}\n", usage->ru_nvcsw, usage->ru_nivcsw);
    return fclose(file) == 0 ? 0 : fail(path);
}

int main(int count, char **words)
{
    struct request request = {0};
    if (read_arguments(count, words, &request) != 0) {
        fprintf(stderr, "usage: tarn-bench-measure --result FILE [--cpus 0,1] -- COMMAND [ARGUMENT...]\n");
        return EXIT_USAGE;
    }
    if (request.cpus != NULL && pin(request.cpus) != 0) {
        return fail("--cpus");
    }
    const int64_t begun = now();
    const pid_t child = fork();
    if (child < 0) {
        return fail("fork");
    }
    if (child == 0) {
        become(request.command);
    }
    int status = 0;
    struct rusage usage = {0};
    while (wait4(child, &status, 0, &usage) < 0) {
        if (errno != EINTR) {
            return fail("wait4");
        }
    }
    const int64_t wall = now() - begun;
    return write_result(request.result, status, wall, &usage);
}
