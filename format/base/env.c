/* SPDX-License-Identifier: Apache-2.0
 *
 * The env: reference count, accounting of memory, and the host's hooks with what stands in where a hook is missing.
 *
 * Invariants
 *  1. `used` is the sum of the sizes of live blocks and charges; it never exceeds `limit` when there is one.
 *  2. A block begins with a header of 16 bytes that holds its size, so that free needs no size from the caller. A large one may have a
 *     little more room than was asked for (block_cache.h); what counts as used is what was asked for.
 *  3. Nothing here is global: two envs in one process share nothing.
 */
#include "format/base/alloc.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "format/base/block_cache.h"
#include "format/base/checked.h"
#include "format/base/cpu.h"
#include "format/base/turns.h"
#include "tarn/keys.h"

enum { BLOCK_ALIGN = 16 };

struct block {
    size_t bytes;    /* with this header */
    size_t capacity; /* that the allocator gave */
};

_Static_assert(sizeof(struct block) == BLOCK_ALIGN, "the header keeps the alignment");

struct tarn_env {
    struct tarn_env_options options;
    struct tarn_allocator allocator;
    struct tarn_executor executor;
    struct tarn_key_hooks keys;
    atomic_uint_fast64_t used;
    atomic_uint_fast64_t peak;
    atomic_bool beyond_limit; /* it was the limit that refused memory the last time, not the allocator */
    atomic_uint_fast64_t next_id;
    atomic_uint_fast64_t references;
    char timezone_folder[256];
    struct tarn_text *allowed_folders; /* one block with the texts behind */
    size_t allowed_bytes;
    struct tarn__block_cache blocks;
    struct tarn__turns turns;
};

static void *libc_alloc(void *ctx, size_t bytes, size_t align)
{
    (void)ctx;
    if (align <= BLOCK_ALIGN) {
        return malloc(bytes);
    }
    void *block = NULL;
    return posix_memalign(&block, align, bytes) == 0 ? block : NULL;
}

static void *libc_realloc(void *ctx, void *block, size_t old_bytes, size_t new_bytes, size_t align)
{
    if (align <= BLOCK_ALIGN) {
        return realloc(block, new_bytes);
    }
    void *moved = libc_alloc(ctx, new_bytes, align);
    if (moved != NULL) {
        memcpy(moved, block, old_bytes < new_bytes ? old_bytes : new_bytes);
        free(block);
    }
    return moved;
}

static void libc_free(void *ctx, void *block, size_t bytes)
{
    (void)ctx;
    (void)bytes;
    free(block);
}

static const struct tarn_allocator libc_allocator = {sizeof(struct tarn_allocator), NULL, libc_alloc, libc_realloc, libc_free};

/* An options struct of an older caller is shorter: what it does not have is zero. */
static struct tarn_env_options adopt_options(const struct tarn_env_options *given)
{
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    if (given != NULL && given->size <= sizeof(options)) {
        memset(&options, 0, sizeof(options));
        memcpy(&options, given, given->size);
    }
    options.size = sizeof(options);
    return options;
}

/* The host's list of folders in one block of its own. */
static enum tarn_status copy_folders(struct tarn_env *env, const struct tarn_env_options *options, struct tarn_error *err)
{
    const uint32_t count = options->allowed_folder_count;
    size_t bytes = count * sizeof(struct tarn_text);
    for (uint32_t i = 0; i < count; i++) {
        bytes += options->allowed_folders[i].size;
    }
    if (count == 0) {
        return TARN_OK;
    }
    env->allowed_folders = env->allocator.alloc(env->allocator.ctx, bytes, BLOCK_ALIGN);
    if (env->allowed_folders == NULL) {
        return tarn__error_set(err, TARN_NOMEM, "env", "no memory for an env");
    }
    env->allowed_bytes = bytes;
    char *at = (char *)(env->allowed_folders + count);
    for (uint32_t i = 0; i < count; i++) {
        const struct tarn_text folder = options->allowed_folders[i];
        if (folder.size != 0) {
            memcpy(at, folder.data, folder.size);
        }
        env->allowed_folders[i] = (struct tarn_text){at, folder.size};
        at += folder.size;
    }
    env->options.allowed_folders = env->allowed_folders;
    return TARN_OK;
}

enum tarn_status tarn_env_open(const struct tarn_env_options *given, struct tarn_env **out, struct tarn_error *err)
{
    *out = NULL;
    if (given != NULL && (given->size < sizeof(uint32_t) || given->size > sizeof(*given))) {
        return tarn__invalid(err, "options_size", "tarn_env_options.size is %u: set it with TARN_ENV_OPTIONS_INIT", given->size);
    }
    struct tarn_env_options options = adopt_options(given);
    TARN_RETURN_IF_ERROR(tarn__cpu_resolve(options.cpu, &options.cpu, err));
    if (options.timezone_folder.size >= sizeof(((struct tarn_env *)0)->timezone_folder)) {
        return tarn__invalid(err, "timezone_folder", "the folder of time zones has a path of %zu bytes, at most 255 are possible",
                             options.timezone_folder.size);
    }
    const struct tarn_allocator *allocator = options.allocator != NULL ? options.allocator : &libc_allocator;
    struct tarn_env *env = allocator->alloc(allocator->ctx, sizeof(*env), BLOCK_ALIGN);
    if (env == NULL) {
        return tarn__error_set(err, TARN_NOMEM, "env", "no memory for an env");
    }
    memset(env, 0, sizeof(*env));
    env->options = options;
    env->allocator = *allocator;
    env->options.allocator = &env->allocator;
    env->blocks.slabs = options.allocator == NULL && options.memory_limit == 0; /* a host that counts sees each block */
    if (options.executor != NULL) {
        env->executor = *options.executor;
        env->options.executor = &env->executor;
    }
    if (options.keys != NULL) {
        memcpy(&env->keys, options.keys, options.keys->size < sizeof(env->keys) ? options.keys->size : sizeof(env->keys));
        env->options.keys = &env->keys;
    }
    if (options.timezone_folder.size != 0) {
        memcpy(env->timezone_folder, options.timezone_folder.data, options.timezone_folder.size);
    } else {
        static const char usual[] = "/usr/share/zoneinfo";
        memcpy(env->timezone_folder, usual, sizeof(usual));
    }
    env->options.timezone_folder = (struct tarn_text){env->timezone_folder, strlen(env->timezone_folder)};
    tarn__turns_open(&env->turns);
    atomic_init(&env->references, 1);
    const enum tarn_status status = copy_folders(env, &options, err);
    if (status != TARN_OK) {
        tarn_env_close(env);
        return status;
    }
    *out = env;
    return TARN_OK;
}

struct tarn_env *tarn__env_retain(struct tarn_env *env)
{
    atomic_fetch_add_explicit(&env->references, 1, memory_order_relaxed);
    return env;
}

void tarn_env_close(struct tarn_env *env)
{
    if (env != NULL && atomic_fetch_sub_explicit(&env->references, 1, memory_order_acq_rel) == 1) {
        const struct tarn_allocator allocator = env->allocator;
        tarn__block_cache_close(&env->blocks, &allocator);
        tarn__turns_close(&env->turns);
        if (env->allowed_folders != NULL) {
            allocator.free(allocator.ctx, env->allowed_folders, env->allowed_bytes);
        }
        allocator.free(allocator.ctx, env, sizeof(*env));
    }
}

uint64_t tarn_env_memory(const struct tarn_env *env, uint64_t *peak)
{
    if (peak != NULL) {
        *peak = atomic_load_explicit(&env->peak, memory_order_relaxed);
    }
    return atomic_load_explicit(&env->used, memory_order_relaxed);
}

const struct tarn_env_options *tarn__env_options(const struct tarn_env *env)
{
    return &env->options;
}

bool tarn__charge(struct tarn_env *env, uint64_t bytes)
{
    const uint64_t before = atomic_fetch_add_explicit(&env->used, bytes, memory_order_relaxed);
    const uint64_t after = before + bytes;
    if (env->options.memory_limit != 0 &&
        after + atomic_load_explicit(&env->blocks.kept, memory_order_relaxed) > env->options.memory_limit) {
        tarn__block_cache_drain(&env->blocks, &env->allocator); /* what is kept for later does not go beyond the limit */
    }
    if (after < before || (env->options.memory_limit != 0 && after > env->options.memory_limit)) {
        atomic_fetch_sub_explicit(&env->used, bytes, memory_order_relaxed);
        atomic_store_explicit(&env->beyond_limit, true, memory_order_relaxed);
        return false;
    }
    uint64_t peak = atomic_load_explicit(&env->peak, memory_order_relaxed);
    while (after > peak && !atomic_compare_exchange_weak_explicit(&env->peak, &peak, after, memory_order_relaxed, memory_order_relaxed)) {
    }
    return true;
}

void tarn__uncharge(struct tarn_env *env, uint64_t bytes)
{
    atomic_fetch_sub_explicit(&env->used, bytes, memory_order_relaxed);
}

/* A block of `capacity`; when there is none, what is kept for later is given up for it. */
static struct block *new_block(struct tarn_env *env, size_t capacity)
{
    const bool cuts = tarn__block_cache_cuts(&env->blocks, capacity);
    for (bool again = false;; again = true) {
        struct block *block = tarn__block_cache_take(&env->blocks, capacity, &env->allocator);
        if (block == NULL && !cuts) {
            block = env->allocator.alloc(env->allocator.ctx, capacity, BLOCK_ALIGN);
        }
        if (block != NULL || again || tarn__block_cache_drain(&env->blocks, &env->allocator) == 0) {
            if (block == NULL) {
                atomic_store_explicit(&env->beyond_limit, false, memory_order_relaxed);
            }
            return block;
        }
    }
}

void *tarn__alloc(struct tarn_env *env, size_t bytes)
{
    size_t whole;
    if (!tarn__add(bytes, sizeof(struct block), &whole) || whole > PTRDIFF_MAX || !tarn__charge(env, whole)) {
        return NULL;
    }
    const size_t capacity = tarn__block_cache_size(whole);
    struct block *block = new_block(env, capacity);
    if (block == NULL) {
        tarn__uncharge(env, whole);
        return NULL;
    }
    block->bytes = whole;
    block->capacity = capacity;
    return block + 1;
}

void *tarn__calloc(struct tarn_env *env, size_t count, size_t bytes)
{
    size_t whole;
    if (!tarn__mul(count, bytes, &whole)) {
        return NULL;
    }
    void *block = tarn__alloc(env, whole);
    if (block != NULL) {
        memset(block, 0, whole);
    }
    return block;
}

static void free_block(struct tarn_env *env, struct block *block)
{
    if (!tarn__block_cache_give(&env->blocks, block, block->capacity)) {
        env->allocator.free(env->allocator.ctx, block, block->capacity);
    }
}

/* The block with another capacity; what comes from a slab is no block that the allocator could resize. */
static struct block *move_block(struct tarn_env *env, struct block *block, size_t capacity)
{
    if (!tarn__block_cache_cuts(&env->blocks, block->capacity) && !tarn__block_cache_cuts(&env->blocks, capacity)) {
        struct block *grown = env->allocator.realloc(env->allocator.ctx, block, block->capacity, capacity, BLOCK_ALIGN);
        if (grown == NULL) {
            atomic_store_explicit(&env->beyond_limit, false, memory_order_relaxed);
        }
        return grown;
    }
    struct block *moved = new_block(env, capacity);
    if (moved != NULL) {
        memcpy(moved, block, block->capacity < capacity ? block->capacity : capacity);
        free_block(env, block);
    }
    return moved;
}

void *tarn__realloc(struct tarn_env *env, void *old, size_t bytes)
{
    if (old == NULL) {
        return tarn__alloc(env, bytes);
    }
    struct block *block = (struct block *)old - 1;
    const size_t before = block->bytes;
    size_t whole;
    if (!tarn__add(bytes, sizeof(struct block), &whole) || whole > PTRDIFF_MAX || (whole > before && !tarn__charge(env, whole - before))) {
        return NULL;
    }
    const size_t capacity = tarn__block_cache_size(whole);
    struct block *moved = capacity != block->capacity ? move_block(env, block, capacity) : block;
    if (moved == NULL) {
        if (whole > before) {
            tarn__uncharge(env, whole - before);
        }
        return NULL;
    }
    if (whole < before) {
        tarn__uncharge(env, before - whole);
    }
    moved->bytes = whole;
    moved->capacity = capacity;
    return moved + 1;
}

void tarn__free(struct tarn_env *env, void *old)
{
    if (old != NULL) {
        struct block *block = (struct block *)old - 1;
        const size_t bytes = block->bytes;
        free_block(env, block);
        tarn__uncharge(env, bytes);
    }
}

char *tarn__text_dup(struct tarn_env *env, struct tarn_text text)
{
    char *copy = tarn__alloc(env, text.size + 1);
    if (copy != NULL) {
        if (text.size != 0) {
            memcpy(copy, text.data, text.size);
        }
        copy[text.size] = '\0';
    }
    return copy;
}

bool tarn__grow(struct tarn_env *env, void *array, size_t *capacity, size_t needed, size_t element)
{
    if (needed <= *capacity) {
        return true;
    }
    size_t room = *capacity < 8 ? 8 : *capacity;
    while (room < needed) {
        if (!tarn__add(room, room / 2 + 8, &room)) {
            return false;
        }
    }
    size_t bytes;
    void *old;
    memcpy(&old, array, sizeof(old));
    void *moved = tarn__mul(room, element, &bytes) ? tarn__realloc(env, old, bytes) : NULL;
    if (moved == NULL) {
        return false;
    }
    memcpy(array, &moved, sizeof(moved));
    *capacity = room;
    return true;
}

enum tarn_status tarn__nomem(struct tarn_env *env, struct tarn_error *err, uint64_t bytes)
{
    const uint64_t used = atomic_load_explicit(&env->used, memory_order_relaxed);
    const uint64_t limit = env->options.memory_limit;
    const uint64_t left = limit - (used < limit ? used : limit);
    const bool refused = atomic_load_explicit(&env->beyond_limit, memory_order_relaxed); /* what was given back since does not matter */
    if (limit != 0 && (refused || bytes > left || left - bytes < sizeof(struct block))) {
        return tarn__error_set(err, TARN_LIMIT, "memory", "%llu more bytes are needed, %llu of %llu are in use: raise the memory limit",
                               (unsigned long long)bytes, (unsigned long long)used, (unsigned long long)limit);
    }
    return tarn__error_set(err, TARN_NOMEM, "memory", "no memory for %llu bytes", (unsigned long long)bytes);
}

int64_t tarn__now(struct tarn_env *env)
{
    if (env->options.now != NULL) {
        return env->options.now(env->options.clock_ctx);
    }
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t tarn__steady(struct tarn_env *env)
{
    struct timespec now;
    if (env->options.now != NULL) {
        return env->options.now(env->options.clock_ctx);
    }
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void tarn__sleep(struct tarn_env *env, int64_t microseconds)
{
    if (env->options.sleep != NULL) {
        env->options.sleep(env->options.clock_ctx, microseconds);
        return;
    }
    struct timespec left = {.tv_sec = microseconds / 1000000, .tv_nsec = microseconds % 1000000 * 1000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

void tarn__random(struct tarn_env *env, void *bytes, size_t size)
{
    if (env->options.random != NULL) {
        env->options.random(env->options.random_ctx, bytes, size);
        return;
    }
    uint8_t *at = bytes;
    while (size != 0) {
        const ssize_t got = getrandom(at, size, 0);
        if (got > 0) {
            at += got;
            size -= (size_t)got;
        } else if (errno != EINTR) { /* no getrandom in this kernel or sandbox: names must still differ */
            struct timespec now;
            clock_gettime(CLOCK_MONOTONIC, &now);
            uint64_t state = (uint64_t)now.tv_nsec ^ (uint64_t)now.tv_sec << 32 ^ (uintptr_t)env ^ tarn__next_id(env) << 48;
            for (; size != 0; size--) {
                state = state * 6364136223846793005u + 1442695040888963407u;
                *at++ = (uint8_t)(state >> 56);
            }
        }
    }
}

enum tarn_status tarn__check_cancelled(struct tarn_env *env, struct tarn_error *err)
{
    if (env->options.is_cancelled != NULL && env->options.is_cancelled(env->options.cancel_ctx)) {
        return tarn__error_set(err, TARN_CANCELLED, "host", "cancelled");
    }
    return TARN_OK;
}

void tarn__log(struct tarn_env *env, enum tarn_log_level level, const char *format, ...)
{
    if (env->options.log == NULL) {
        return;
    }
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    env->options.log(env->options.log_ctx, level, text);
}

uint32_t tarn__concurrency(const struct tarn_env *env)
{
    return env->options.executor != NULL ? env->options.executor->concurrency(env->options.executor->ctx) : 1;
}

uint64_t tarn__next_id(struct tarn_env *env)
{
    return atomic_fetch_add_explicit(&env->next_id, 1, memory_order_relaxed) + 1;
}

struct parallel {
    enum tarn_status (*fn)(void *arg, uint64_t i, uint32_t worker, struct tarn_error *err);
    void *arg;
    atomic_flag writing;
    uint64_t failed; /* lowest failing index so far; guarded by `writing` */
    struct tarn_error error;
};

static int run_one(void *arg, uint64_t i, uint32_t worker)
{
    struct parallel *all = arg;
    struct tarn_error error = TARN_ERROR_INIT;
    const enum tarn_status status = all->fn(all->arg, i, worker, &error);
    if (status != TARN_OK) {
        while (atomic_flag_test_and_set_explicit(&all->writing, memory_order_acquire)) {
        }
        if (i < all->failed) {
            all->failed = i;
            all->error = error;
            all->error.code = status;
        }
        atomic_flag_clear_explicit(&all->writing, memory_order_release);
    }
    return (int)status;
}

enum tarn_status tarn__parallel_for(struct tarn_env *env, uint64_t n,
                                    enum tarn_status (*fn)(void *arg, uint64_t i, uint32_t worker, struct tarn_error *err), void *arg,
                                    struct tarn_error *err)
{
    const struct tarn_executor *executor = env->options.executor;
    if (executor == NULL || n <= 1) {
        for (uint64_t i = 0; i < n; i++) {
            TARN_RETURN_IF_ERROR(fn(arg, i, 0, err));
        }
        return TARN_OK;
    }
    struct parallel all = {.fn = fn, .arg = arg, .writing = ATOMIC_FLAG_INIT, .failed = UINT64_MAX};
    const int answer = executor->parallel_for(executor->ctx, n, run_one, &all);
    if (all.failed != UINT64_MAX) {
        if (err != NULL) {
            *err = all.error;
        }
        return all.error.code;
    }
    return answer == 0 ? TARN_OK : tarn__internal(err, "the executor answered %d though no item failed", answer);
}

void tarn__uuid(struct tarn_env *env, char out[37])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t raw[16];
    tarn__random(env, raw, sizeof(raw));
    raw[6] = (uint8_t)((raw[6] & 0x0f) | 0x40);
    raw[8] = (uint8_t)((raw[8] & 0x3f) | 0x80);
    char *at = out;
    for (size_t i = 0; i < sizeof(raw); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            *at++ = '-';
        }
        *at++ = digits[raw[i] >> 4];
        *at++ = digits[raw[i] & 15];
    }
    *at = '\0';
}

struct tarn__turns *tarn__env_turns(struct tarn_env *env)
{
    return &env->turns;
}

/* ---- the same, for implementations outside of the library ---- */

struct tarn_env *tarn_env_retain(struct tarn_env *env)
{
    return tarn__env_retain(env);
}

void *tarn_env_alloc(struct tarn_env *env, size_t bytes)
{
    return tarn__calloc(env, 1, bytes);
}

void tarn_env_free(struct tarn_env *env, void *block)
{
    tarn__free(env, block);
}

enum tarn_status tarn_env_nomem(struct tarn_env *env, uint64_t bytes, struct tarn_error *err)
{
    return tarn__nomem(env, err, bytes);
}

enum tarn_status tarn_env_check_cancelled(struct tarn_env *env, struct tarn_error *err)
{
    return tarn__check_cancelled(env, err);
}

enum tarn_durability tarn_env_durability(const struct tarn_env *env)
{
    return env->options.durability;
}
