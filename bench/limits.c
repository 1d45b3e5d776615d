/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tarn-bench-limits: what the machine itself can do, on one thread; nothing that tarn does can be faster.
 *   tarn-bench-limits LIMIT [--mib N] [--rounds N]
 *     read     sum 64-bit words of memory that was written before
 *     copy     memcpy between two such blocks
 *     touch    the first write to each page of fresh memory
 *     pread    a file in the page cache, into one reused buffer of 64 KiB
 *     unzstd   zstd, level 3, blocks of 1 MiB of English-like text; the bytes counted are those that come out
 * Prints one JSON object: the time of the work alone in nanoseconds, the bytes, and a checksum, so that no work can be left out and
 * two runs can be compared.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

#include "bench/gen/tpch_text.h"

#define PAGE_BYTES 4096
#define READ_BYTES ((size_t)64 << 10)
#define BLOCK_BYTES ((size_t)1 << 20)
#define ZSTD_LEVEL 3

struct work {
    size_t bytes; /* of one round */
    unsigned rounds;
    int64_t nanoseconds;
    uint64_t checksum;
};

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static uint64_t sum(const void *from, size_t bytes)
{
    const uint64_t *words = from;
    uint64_t total = 0;
    for (size_t i = 0; i < bytes / sizeof(*words); i++) {
        total += words[i];
    }
    return total;
}

/* Memory whose pages are there, filled with something. NULL: out of memory. */
static unsigned char *filled_block(size_t bytes)
{
    unsigned char *block = malloc(bytes);
    for (size_t i = 0; block != NULL && i < bytes; i++) {
        block[i] = (unsigned char)(i * 131 >> 3);
    }
    return block;
}

static bool measure_read(struct work *work)
{
    unsigned char *block = filled_block(work->bytes);
    if (block == NULL) {
        return false;
    }
    const int64_t begun = now();
    for (unsigned round = 0; round < work->rounds; round++) {
        block[round] ^= 1; /* or the compiler would sum once */
        work->checksum += sum(block, work->bytes);
    }
    work->nanoseconds = now() - begun;
    free(block);
    return true;
}

static bool measure_copy(struct work *work)
{
    unsigned char *from = filled_block(work->bytes);
    unsigned char *to = filled_block(work->bytes);
    const bool ok = from != NULL && to != NULL;
    if (ok) {
        const int64_t begun = now();
        for (unsigned round = 0; round < work->rounds; round++) {
            from[round] ^= 1;
            memcpy(to, from, work->bytes);
            work->checksum += to[work->bytes - 1 - round];
        }
        work->nanoseconds = now() - begun;
        work->checksum += sum(to, work->bytes);
    }
    free(from);
    free(to);
    return ok;
}

static bool measure_touch(struct work *work)
{
    for (unsigned round = 0; round < work->rounds; round++) {
        volatile unsigned char *block = mmap(NULL, work->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (block == MAP_FAILED) {
            return false;
        }
        const int64_t begun = now();
        for (size_t i = 0; i < work->bytes; i += PAGE_BYTES) {
            block[i] = 1;
        }
        work->nanoseconds += now() - begun;
        work->checksum += block[work->bytes - PAGE_BYTES];
        munmap((void *)(uintptr_t)block, work->bytes);
    }
    return true;
}

static bool write_all(int descriptor, const unsigned char *from, size_t bytes)
{
    while (bytes > 0) {
        const ssize_t wrote = write(descriptor, from, bytes);
        if (wrote < 0 && errno != EINTR) {
            return false;
        }
        from += wrote > 0 ? wrote : 0;
        bytes -= wrote > 0 ? (size_t)wrote : 0;
    }
    return true;
}

static bool read_file(int descriptor, unsigned char *buffer, struct work *work)
{
    for (size_t place = 0; place < work->bytes;) {
        const ssize_t got = pread(descriptor, buffer, READ_BYTES, (off_t)place);
        if (got <= 0) {
            return false;
        }
        work->checksum += buffer[got - 1];
        place += (size_t)got;
    }
    return true;
}

static bool measure_pread(struct work *work)
{
    char path[] = "tarn-bench-limits-XXXXXX";
    const int descriptor = mkstemp(path);
    if (descriptor < 0) {
        return false;
    }
    unlink(path);
    unsigned char *block = filled_block(work->bytes);
    unsigned char *buffer = filled_block(READ_BYTES);
    bool ok = block != NULL && buffer != NULL && write_all(descriptor, block, work->bytes);
    const int64_t begun = now();
    for (unsigned round = 0; ok && round < work->rounds; round++) {
        ok = read_file(descriptor, buffer, work);
    }
    work->nanoseconds = now() - begun;
    free(block);
    free(buffer);
    close(descriptor);
    return ok;
}

struct packed {
    unsigned char *bytes;
    size_t *lengths;
    size_t blocks;
};

/* Whole blocks only: work->bytes is a multiple of one. */
static bool pack(const char *text, struct packed *packed)
{
    const size_t most = ZSTD_compressBound(BLOCK_BYTES);
    packed->bytes = malloc(most * packed->blocks);
    packed->lengths = calloc(packed->blocks, sizeof(*packed->lengths));
    for (size_t i = 0; packed->bytes != NULL && packed->lengths != NULL && i < packed->blocks; i++) {
        packed->lengths[i] = ZSTD_compress(packed->bytes + i * most, most, text + i * BLOCK_BYTES, BLOCK_BYTES, ZSTD_LEVEL);
        if (ZSTD_isError(packed->lengths[i])) {
            return false;
        }
    }
    return packed->bytes != NULL && packed->lengths != NULL;
}

static bool unpack(const struct packed *packed, ZSTD_DCtx *context, unsigned char *out, struct work *work)
{
    const size_t most = ZSTD_compressBound(BLOCK_BYTES);
    for (size_t i = 0; i < packed->blocks; i++) {
        if (ZSTD_decompressDCtx(context, out, BLOCK_BYTES, packed->bytes + i * most, packed->lengths[i]) != BLOCK_BYTES) {
            return false;
        }
        work->checksum += out[i % BLOCK_BYTES];
    }
    return true;
}

static bool measure_unzstd(struct work *work)
{
    struct packed packed = {.blocks = work->bytes / BLOCK_BYTES};
    char *text = tpch_text_make(work->bytes);
    unsigned char *out = filled_block(BLOCK_BYTES);
    ZSTD_DCtx *context = ZSTD_createDCtx();
    bool ok = text != NULL && out != NULL && context != NULL && pack(text, &packed);
    const int64_t begun = now();
    for (unsigned round = 0; ok && round < work->rounds; round++) {
        ok = unpack(&packed, context, out, work);
    }
    work->nanoseconds = now() - begun;
    ZSTD_freeDCtx(context);
    free(out);
    free(text);
    free(packed.bytes);
    free(packed.lengths);
    return ok;
}

static const struct limit {
    const char *name;
    bool (*measure)(struct work *work);
    unsigned mib;
    unsigned rounds;
} LIMITS[] = {
    {"read", measure_read, 256, 8},   {"copy", measure_copy, 256, 4},    {"touch", measure_touch, 256, 2},
    {"pread", measure_pread, 256, 4}, {"unzstd", measure_unzstd, 32, 4},
};

static const struct limit *find_limit(const char *name)
{
    for (size_t i = 0; i < sizeof(LIMITS) / sizeof(LIMITS[0]); i++) {
        if (strcmp(LIMITS[i].name, name) == 0) {
            return &LIMITS[i];
        }
    }
    return NULL;
}

static bool read_arguments(int count, char **words, struct work *work)
{
    for (int i = 2; i < count; i += 2) {
        char *end = NULL;
        const unsigned long value = i + 1 < count ? strtoul(words[i + 1], &end, 10) : 0;
        if (value < 1 || value > 65536 || *end != '\0') {
            return false;
        }
        if (strcmp(words[i], "--mib") == 0) {
            work->bytes = (size_t)value << 20;
        } else if (strcmp(words[i], "--rounds") == 0) {
            work->rounds = (unsigned)value;
        } else {
            return false;
        }
    }
    return true;
}

int main(int count, char **words)
{
    const struct limit *limit = count > 1 ? find_limit(words[1]) : NULL;
    struct work work = {0};
    if (limit != NULL) {
        work = (struct work){.bytes = (size_t)limit->mib << 20, .rounds = limit->rounds};
    }
    if (limit == NULL || !read_arguments(count, words, &work)) {
        fprintf(stderr, "usage: tarn-bench-limits read|copy|touch|pread|unzstd [--mib N] [--rounds N]\n");
        return 2;
    }
    if (!limit->measure(&work)) {
        fprintf(stderr, "tarn-bench-limits: %s: %s\n", limit->name, strerror(errno));
        return 1;
    }
    printf("{\"work_ns\": %lld, \"bytes\": %zu, \"answer\": \"%llx\"}\n", (long long)work.nanoseconds, work.bytes * work.rounds,
           (unsigned long long)work.checksum);
    return 0;
}
