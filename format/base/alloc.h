/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BASE_ALLOC_H
#define TARN_FORMAT_BASE_ALLOC_H

#include "format/base/error.h"
#include "tarn/env.h"

/*
 * Memory of an env. Every byte that tarn keeps is allocated here, through the host's allocator and within the env's limit; no other
 * file calls malloc.
 *
 * Blocks are aligned to 16 bytes. NULL means no memory: `return tarn__nomem(env, err, bytes)` says whether the limit (LIMIT) or the
 * allocator (NOMEM) refused. A size that came from a file needs no check of its own before: a lie is refused by the limit before
 * anything is touched, but it is checked against what the file can hold wherever that is known.
 * Threads: all are safe on any thread.
 */

void *tarn__alloc(struct tarn_env *env, size_t bytes);
/** Zeroed; NULL also when count * bytes overflows. */
void *tarn__calloc(struct tarn_env *env, size_t count, size_t bytes);
/** `block` NULL allocates. On failure the old block stays. */
void *tarn__realloc(struct tarn_env *env, void *block, size_t bytes);
/** NULL is legal. */
void tarn__free(struct tarn_env *env, void *block);

/** A copy of the text with a terminator behind; NULL when there is no memory. */
char *tarn__text_dup(struct tarn_env *env, struct tarn_text text);

/**
 * Makes room for at least `needed` elements in a growing array, doubling; false when there is no memory (array unchanged).
 * `array` is the address of the pointer, `capacity` the elements it has room for.
 */
bool tarn__grow(struct tarn_env *env, void *array, size_t *capacity, size_t needed, size_t element);

enum tarn_status tarn__nomem(struct tarn_env *env, struct tarn_error *err, uint64_t bytes);

/** Counts `bytes` against the env's limit without allocating (memory of a codec library); false when they do not fit. */
bool tarn__charge(struct tarn_env *env, uint64_t bytes);
void tarn__uncharge(struct tarn_env *env, uint64_t bytes);

/* ---- the env and its hooks, each with the default behind it ---- */

struct tarn_env *tarn__env_retain(struct tarn_env *env);
/** As given, but for `cpu`, which is never AUTO, and the folder of time zones, which is never empty. */
const struct tarn_env_options *tarn__env_options(const struct tarn_env *env);
int64_t tarn__now(struct tarn_env *env);
/** Microseconds since some moment, by a clock that nobody sets, unless the host brings its own: then that. For spans of time only. */
int64_t tarn__steady(struct tarn_env *env);
void tarn__sleep(struct tarn_env *env, int64_t microseconds);
void tarn__random(struct tarn_env *env, void *bytes, size_t size);
struct tarn__turns;
/** The env's threads' turns at tables (format/base/turns.h). */
struct tarn__turns *tarn__env_turns(struct tarn_env *env);
/** CANCELLED when the host says so, else OK. */
TARN_WARN_UNUSED enum tarn_status tarn__check_cancelled(struct tarn_env *env, struct tarn_error *err);
void tarn__log(struct tarn_env *env, enum tarn_log_level level, const char *format, ...) TARN_PRINTF(3, 4);
uint32_t tarn__concurrency(const struct tarn_env *env);
/** A number never handed out before by this env: identities of dictionaries. */
uint64_t tarn__next_id(struct tarn_env *env);

/**
 * Runs fn for [0, n) on the env's executor (serial without one). The error of the lowest failing index is given to `err`.
 * `fn` writes its error into the struct it is handed.
 */
TARN_WARN_UNUSED enum tarn_status tarn__parallel_for(struct tarn_env *env, uint64_t n,
                                                     enum tarn_status (*fn)(void *arg, uint64_t i, uint32_t worker, struct tarn_error *err),
                                                     void *arg, struct tarn_error *err);

/** A random (version 4) UUID as 36 characters and a terminator. */
void tarn__uuid(struct tarn_env *env, char out[37]);

#endif
