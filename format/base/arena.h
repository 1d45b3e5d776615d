/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BASE_ARENA_H
#define TARN_FORMAT_BASE_ARENA_H

#include "format/base/alloc.h"

/*
 * Memory that lives and dies together: a footer, a schema, a snapshot, a plan. Aligned to 16 bytes, zeroed, freed as a whole.
 * Threads: single while it grows; what is in it may be read from any thread.
 */
struct tarn_arena {
    struct tarn_env *env;
    struct tarn__arena_block *last;
    size_t used;  /**< in the last block */
    size_t total; /**< bytes of all blocks */
};

/** The arena keeps no reference on env: its owner does. */
void tarn__arena_init(struct tarn_arena *arena, struct tarn_env *env);
/** Zeroed; NULL when there is no memory. */
void *tarn__arena_alloc(struct tarn_arena *arena, size_t bytes);
void *tarn__arena_calloc(struct tarn_arena *arena, size_t count, size_t bytes);
/**
 * Room for one more element in an array that grows one by one: `array` is the address of its pointer (NULL at the begin), `count` what it
 * has. False when there is no memory (array unchanged). What is outgrown stays in the arena.
 */
bool tarn__arena_room(struct tarn_arena *arena, void *array, size_t count, size_t element);
/** A copy with a terminator behind; `data` is NULL when there is no memory. */
struct tarn_text tarn__arena_text(struct tarn_arena *arena, struct tarn_text text);
struct tarn_span tarn__arena_span(struct tarn_arena *arena, struct tarn_span bytes);
/** What `from` holds lives with `arena` from now on, at the same addresses; `from` is empty. Both are of one env. */
void tarn__arena_absorb(struct tarn_arena *arena, struct tarn_arena *from);
void tarn__arena_free(struct tarn_arena *arena);

#endif
