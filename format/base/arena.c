/* SPDX-License-Identifier: Apache-2.0
 *
 * Arenas: a list of blocks, each at least twice the last up to 1 MiB; a large piece gets a block of its own size.
 */
#include "format/base/arena.h"

#include <string.h>

#include "format/base/checked.h"

/* With TARN_TIGHT every piece is a block of its own, which can fail by itself and which sanitizers see the ends of. */
#ifdef TARN_TIGHT
enum { FIRST_BLOCK = 16, LARGEST_BLOCK = 16, ARENA_ALIGN = 16 };
#else
enum { FIRST_BLOCK = 1024, LARGEST_BLOCK = 1 << 20, ARENA_ALIGN = 16 };
#endif

struct tarn__arena_block {
    struct tarn__arena_block *before;
    size_t size; /* of the bytes behind this header */
};

_Static_assert(sizeof(struct tarn__arena_block) == ARENA_ALIGN, "pieces stay aligned behind the header");

void tarn__arena_init(struct tarn_arena *arena, struct tarn_env *env)
{
    *arena = (struct tarn_arena){.env = env};
}

void *tarn__arena_alloc(struct tarn_arena *arena, size_t bytes)
{
    size_t piece;
    if (!tarn__add(bytes, (size_t)(ARENA_ALIGN - 1), &piece)) {
        return NULL;
    }
    piece &= ~(size_t)(ARENA_ALIGN - 1);
    if (arena->last == NULL || piece > arena->last->size - arena->used) {
        size_t size = arena->last == NULL ? FIRST_BLOCK : tarn__min_size(arena->last->size * 2, LARGEST_BLOCK);
        size = tarn__max_size(size, piece);
        size_t whole;
        struct tarn__arena_block *block = tarn__add(size, sizeof(*block), &whole) ? tarn__alloc(arena->env, whole) : NULL;
        if (block == NULL) {
            return NULL;
        }
        block->before = arena->last;
        block->size = size;
        arena->last = block;
        arena->used = 0;
        arena->total += whole;
    }
    void *at = (uint8_t *)(arena->last + 1) + arena->used;
    arena->used += piece;
    memset(at, 0, piece);
    return at;
}

void *tarn__arena_calloc(struct tarn_arena *arena, size_t count, size_t bytes)
{
    size_t whole;
    return tarn__mul(count, bytes, &whole) ? tarn__arena_alloc(arena, whole) : NULL;
}

bool tarn__arena_room(struct tarn_arena *arena, void *array, size_t count, size_t element)
{
    if ((count & (count - 1)) != 0) { /* full only where the count is a power of two */
        return true;
    }
    void *grown = tarn__arena_calloc(arena, count == 0 ? 1 : count * 2, element);
    if (grown == NULL) {
        return false;
    }
    if (count != 0) {
        const void *old;
        memcpy(&old, array, sizeof(old));
        memcpy(grown, old, count * element);
    }
    memcpy(array, &grown, sizeof(grown));
    return true;
}

struct tarn_text tarn__arena_text(struct tarn_arena *arena, struct tarn_text text)
{
    char *copy = text.size < SIZE_MAX ? tarn__arena_alloc(arena, text.size + 1) : NULL;
    if (copy != NULL && text.size != 0) {
        memcpy(copy, text.data, text.size);
    }
    return (struct tarn_text){copy, copy != NULL ? text.size : 0};
}

struct tarn_span tarn__arena_span(struct tarn_arena *arena, struct tarn_span bytes)
{
    const struct tarn_text copy = tarn__arena_text(arena, (struct tarn_text){(const char *)bytes.data, bytes.size});
    return (struct tarn_span){(const uint8_t *)copy.data, copy.size};
}

/* The blocks go below those of `arena`, whose last one goes on being filled. */
void tarn__arena_absorb(struct tarn_arena *arena, struct tarn_arena *from)
{
    if (arena->last == NULL) {
        arena->last = from->last;
        arena->used = from->used;
    } else if (from->last != NULL) {
        struct tarn__arena_block *first = from->last;
        while (first->before != NULL) {
            first = first->before;
        }
        first->before = arena->last->before;
        arena->last->before = from->last;
    }
    arena->total += from->total;
    *from = (struct tarn_arena){.env = from->env};
}

void tarn__arena_free(struct tarn_arena *arena)
{
    while (arena->last != NULL) {
        struct tarn__arena_block *block = arena->last;
        arena->last = block->before;
        tarn__free(arena->env, block);
    }
    arena->used = 0;
    arena->total = 0;
}
