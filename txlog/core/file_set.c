/* SPDX-License-Identifier: Apache-2.0
 *
 * Tracked files in segments, with a hash index over paths.
 *
 * Invariants
 *  1. Records move only when a file is taken out: segments are allocated whole, so that pointers to files stay good while a set grows.
 *  2. A segment or level of the index that another set may hold too (more than one reference, or a level that is not the own one) is never
 *     written: it is copied, or a new one is begun.
 *  3. Each of the first `indexed` files has an entry in a level, under its path, with its place. Entries that no longer hold stay: what is
 *     found is compared with the file that is in that place now, so they find nothing. A level is at most three quarters full.
 *  4. No two partitions have the same raw form.
 *  5. What files point at lies in the arena and the pool of the set, or in those of the grounds below it.
 */
#include "txlog/core/file_set.h"

#include <stdlib.h>
#include <string.h>

#include "format/base/bytes.h"
#include "format/base/hash.h"

enum { FIRST_SLOTS = 64, FIRST_PATHS = 1024, MOST_PATHS = 64 * 1024 };

struct tarn__file_index {
    atomic_uint references;
    uint32_t slot_count;
    uint32_t used;
    uint64_t slots[]; /* hash << 32 | place + 1; 0: free */
};

struct tarn__file_ground {
    atomic_uint references;
    uint32_t depth;
    struct tarn_env *env;
    struct tarn__file_ground *below;
    struct tarn_arena arena;
    struct tarn__text_pool statistics;
    struct tarn__partition *partitions; /* NULL: those of one below */
    uint32_t *partition_slots;
};

void tarn__file_set_init(struct tarn__file_set *set, struct tarn_env *env)
{
    *set = (struct tarn__file_set){.env = env, .path_block = FIRST_PATHS};
    tarn__arena_init(&set->arena, env);
    tarn__text_pool_init(&set->statistics, env);
}

static bool drop_reference(atomic_uint *references)
{
    return atomic_fetch_sub_explicit(references, 1, memory_order_acq_rel) == 1;
}

static void keep_reference(atomic_uint *references)
{
    atomic_fetch_add_explicit(references, 1, memory_order_relaxed);
}

static void release_ground(struct tarn__file_ground *ground)
{
    while (ground != NULL && drop_reference(&ground->references)) {
        struct tarn__file_ground *below = ground->below;
        tarn__free(ground->env, ground->partitions);
        tarn__free(ground->env, ground->partition_slots);
        tarn__text_pool_free(&ground->statistics);
        tarn__arena_free(&ground->arena);
        tarn__free(ground->env, ground);
        ground = below;
    }
}

static void release_level(struct tarn_env *env, struct tarn__file_index *level)
{
    if (drop_reference(&level->references)) {
        tarn__free(env, level);
    }
}

static void release_segment(struct tarn_env *env, struct tarn__file_segment *segment)
{
    if (drop_reference(&segment->references)) {
        tarn__free(env, segment);
    }
}

void tarn__file_set_free(struct tarn__file_set *set)
{
    if (set->env == NULL) {
        return;
    }
    const uint32_t segments = (set->count + TARN_FILE_SEGMENT - 1) / TARN_FILE_SEGMENT;
    for (uint32_t i = 0; i < segments; i++) {
        release_segment(set->env, set->segments[i]);
    }
    tarn__free(set->env, set->segments);
    tarn__free(set->env, set->waiting);
    for (uint32_t i = 0; i < set->level_count; i++) {
        release_level(set->env, set->levels[i]);
    }
    if (!set->partitions_are_shared) {
        tarn__free(set->env, set->partitions);
        tarn__free(set->env, set->partition_slots);
    }
    if (!set->is_sealed) {
        tarn__text_pool_free(&set->statistics);
    }
    tarn__arena_free(&set->arena);
    release_ground(set->ground);
    *set = (struct tarn__file_set){0};
}

uint64_t tarn__deletion_vector_hash(const struct tarn__deletion_vector *vector)
{
    if (vector == NULL) {
        return 0;
    }
    uint64_t hash = tarn__hash_text(vector->storage);
    hash = tarn__hash_combine(hash, tarn__hash_text(vector->place));
    hash = tarn__hash_combine(hash, vector->has_offset ? vector->offset + 1 : 0);
    return hash != 0 ? hash : 1;
}

/* ---- the index ---- */

static bool same_vector(const struct tarn__deletion_vector *a, const struct tarn__deletion_vector *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    return tarn__text_equal(a->storage, b->storage) && tarn__text_equal(a->place, b->place) && a->has_offset == b->has_offset &&
           a->offset == b->offset;
}

static uint32_t path_hash(struct tarn_text path)
{
    return (uint32_t)tarn__hash_text(path);
}

/* Where a hash belongs: by its upper bits, so that entries that are put in by ascending hash lie side by side. */
static uint32_t first_slot(const struct tarn__file_index *level, uint32_t hash)
{
    return (uint32_t)((uint64_t)hash * level->slot_count >> 32);
}

/* The next file of this path in a level from slot *at on, which goes behind it. */
static int64_t next_of_path(const struct tarn__file_set *set, const struct tarn__file_index *level, struct tarn_text path, uint32_t hash,
                            uint32_t *at)
{
    const uint32_t mask = level->slot_count - 1;
    for (;;) {
        const uint64_t slot = level->slots[*at & mask];
        if (slot == 0) {
            return TARN_FILE_NONE;
        }
        (*at)++;
        const uint32_t place = (uint32_t)slot - 1;
        if ((uint32_t)(slot >> 32) == hash && place < set->count && tarn__text_equal(tarn__file_set_at(set, place)->path, path)) {
            return place;
        }
    }
}

struct tarn__file_seek tarn__file_set_seek(const struct tarn__file_set *set, struct tarn_text path,
                                           const struct tarn__deletion_vector *vector, int64_t sequence)
{
    struct tarn__file_seek seek = {.hash = path_hash(path), .found = TARN_FILE_NONE};
    for (uint32_t i = set->level_count; i > 0; i--) {
        const struct tarn__file_index *level = set->levels[i - 1];
        uint32_t at = first_slot(level, seek.hash);
        for (;;) {
            const int64_t place = next_of_path(set, level, path, seek.hash, &at);
            if (place == TARN_FILE_NONE) {
                break;
            }
            const struct tarn__tracked_file *file = tarn__file_set_at(set, (uint32_t)place);
            seek.fresh = seek.fresh || file->sequence == sequence;
            if (seek.found == TARN_FILE_NONE && same_vector(tarn__file_deletion_vector(file), vector)) {
                seek.found = place;
            }
        }
    }
    return seek;
}

int64_t tarn__file_set_find(const struct tarn__file_set *set, struct tarn_text path, const struct tarn__deletion_vector *vector)
{
    return set->level_count != 0 ? tarn__file_set_seek(set, path, vector, INT64_MIN).found : TARN_FILE_NONE;
}

static void put_slot(struct tarn__file_index *level, uint64_t slot)
{
    const uint32_t mask = level->slot_count - 1;
    uint32_t at = first_slot(level, (uint32_t)(slot >> 32));
    while (level->slots[at & mask] != 0) {
        at++;
    }
    level->slots[at & mask] = slot;
    level->used++;
}

static struct tarn__file_index *make_level(struct tarn_env *env, uint32_t slots)
{
    struct tarn__file_index *level = tarn__calloc(env, 1, sizeof(*level) + (size_t)slots * sizeof(level->slots[0]));
    if (level != NULL) {
        atomic_init(&level->references, 1);
        level->slot_count = slots;
    }
    return level;
}

/* Slots for so many entries, three quarters full at most; 0: too many. */
static uint32_t slots_for(uint64_t entries)
{
    uint64_t slots = FIRST_SLOTS;
    while (slots * 3 < entries * 4) {
        slots *= 2;
    }
    return slots <= UINT32_MAX / 2 + 1u ? (uint32_t)slots : 0;
}

static void pour(struct tarn__file_index *to, const struct tarn__file_index *from, uint32_t places)
{
    for (uint32_t i = 0; i < from->slot_count; i++) {
        if (from->slots[i] != 0 && (uint32_t)from->slots[i] <= places) {
            put_slot(to, from->slots[i]);
        }
    }
}

/* A level of our own with room for `more` entries. */
static enum tarn_status reserve_level(struct tarn__file_set *set, uint64_t more, struct tarn_error *err)
{
    struct tarn__file_index *own = set->level_is_own ? set->levels[set->level_count - 1] : NULL;
    const uint64_t entries = (own != NULL ? own->used : 0) + more;
    if (own != NULL && !(set->level_is_stale && set->waits) && entries * 4 <= (uint64_t)own->slot_count * 3) {
        return TARN_OK;
    }
    const uint32_t slots = slots_for(entries);
    struct tarn__file_index *level = slots != 0 ? make_level(set->env, slots) : NULL;
    if (level == NULL) {
        return tarn__nomem(set->env, err, entries * sizeof(level->slots[0]));
    }
    if (own != NULL) {
        pour(level, own, set->indexed);
        release_level(set->env, own);
        set->level_count--;
        set->level_is_stale = false;
    }
    set->levels[set->level_count++] = level;
    set->level_is_own = true;
    return TARN_OK;
}

static void index_file(struct tarn__file_set *set, uint32_t place, uint32_t hash)
{
    put_slot(set->levels[set->level_count - 1], (uint64_t)hash << 32 | (place + 1u));
}

enum tarn_status tarn__file_set_index(struct tarn__file_set *set, struct tarn_error *err)
{
    if (set->indexed < set->count) {
        TARN_RETURN_IF_ERROR(reserve_level(set, set->count - set->indexed, err));
        while (set->indexed < set->count) {
            index_file(set, set->indexed, path_hash(tarn__file_set_at(set, set->indexed)->path));
            set->indexed++;
        }
    }
    set->unindexed = false;
    return TARN_OK;
}

/* Levels are merged so that each is at least twice as large as the next: there are few, and an entry is moved seldom. */
static enum tarn_status merge_levels(struct tarn__file_set *set, struct tarn_error *err)
{
    while (set->level_count > 1 && (uint64_t)set->levels[set->level_count - 1]->used * 2 > set->levels[set->level_count - 2]->used) {
        struct tarn__file_index *upper = set->levels[set->level_count - 1];
        struct tarn__file_index *lower = set->levels[set->level_count - 2];
        const uint32_t slots = slots_for((uint64_t)upper->used + lower->used);
        struct tarn__file_index *merged = slots != 0 ? make_level(set->env, slots) : NULL;
        if (merged == NULL) {
            return tarn__nomem(set->env, err, (uint64_t)upper->used + lower->used);
        }
        pour(merged, lower, set->count);
        pour(merged, upper, set->count);
        release_level(set->env, upper);
        release_level(set->env, lower);
        set->level_count--;
        set->levels[set->level_count - 1] = merged;
        set->level_is_own = true;
    }
    return TARN_OK;
}

/* ---- files ---- */

static const char *keep_path(struct tarn__file_set *set, struct tarn_text path)
{
    if (path.size > set->path_left) {
        const size_t size = path.size > set->path_block / 4 ? path.size : set->path_block;
        char *room = tarn__arena_alloc(&set->arena, size);
        if (room == NULL) {
            return NULL;
        }
        if (size != set->path_block) {
            memcpy(room, path.data, path.size);
            return room;
        }
        set->path_room = room;
        set->path_left = size;
        set->path_block = size < MOST_PATHS ? size * 4 : size;
    }
    char *copy = set->path_room;
    if (path.size != 0) {
        memcpy(copy, path.data, path.size);
    }
    set->path_room += path.size;
    set->path_left -= path.size;
    return copy;
}

static struct tarn__file_segment *make_segment(struct tarn__file_set *set, struct tarn_error *err)
{
    struct tarn__file_segment *segment = tarn__alloc(set->env, sizeof(*segment));
    if (segment == NULL) {
        tarn__nomem(set->env, err, sizeof(*segment));
        return NULL;
    }
    atomic_init(&segment->references, 1);
    return segment;
}

/* Makes the segment that a file lies in writable: what another set holds too is copied. */
static enum tarn_status own_segment(struct tarn__file_set *set, uint32_t index, struct tarn_error *err)
{
    struct tarn__file_segment **place = &set->segments[index / TARN_FILE_SEGMENT];
    if (atomic_load_explicit(&(*place)->references, memory_order_acquire) == 1) {
        return TARN_OK;
    }
    struct tarn__file_segment *copy = make_segment(set, err);
    if (copy == NULL) {
        return TARN_NOMEM;
    }
    const uint32_t begin = index / TARN_FILE_SEGMENT * TARN_FILE_SEGMENT;
    const uint32_t used = set->count - begin < TARN_FILE_SEGMENT ? set->count - begin : TARN_FILE_SEGMENT;
    memcpy(copy->files, (*place)->files, used * sizeof(copy->files[0]));
    release_segment(set->env, *place);
    *place = copy;
    return TARN_OK;
}

/* Room for the next file. */
static enum tarn_status make_room(struct tarn__file_set *set, struct tarn_error *err)
{
    if (set->count >= INT32_MAX) {
        return tarn__error_set(err, TARN_LIMIT, "files", "the table has more than %d files", INT32_MAX);
    }
    if (set->count % TARN_FILE_SEGMENT != 0) {
        return own_segment(set, set->count, err);
    }
    const size_t number = set->count / TARN_FILE_SEGMENT;
    if (!tarn__grow(set->env, &set->segments, &set->segment_capacity, number + 1, sizeof(*set->segments))) {
        return tarn__nomem(set->env, err, sizeof(*set->segments));
    }
    set->segments[number] = make_segment(set, err);
    return set->segments[number] == NULL ? TARN_NOMEM : TARN_OK;
}

/* A sum that is over the top stays there. */
static void count_in(uint64_t *sum, uint64_t amount, bool goes)
{
    if (*sum != UINT64_MAX) {
        *sum = goes ? *sum - amount : amount > UINT64_MAX - *sum ? UINT64_MAX : *sum + amount;
    }
}

/* Adds (or takes away) what a file is in the sums. */
static void count_file(struct tarn__file_set *set, const struct tarn__tracked_file *file, bool goes)
{
    const struct tarn__deletion_vector *vector = tarn__file_deletion_vector(file);
    const uint64_t gone = vector != NULL ? vector->cardinality : 0;
    const bool some = file->extra != NULL && file->extra->only_rows != NULL;
    const bool known = !some && file->rows >= 0 && (uint64_t)file->rows >= gone;
    const uint64_t rows = known ? (uint64_t)file->rows - gone : 0;
    count_in(&set->bytes, file->size, goes);
    count_in(&set->rows, rows, goes);
    set->vectors = goes ? set->vectors - (vector != NULL) : set->vectors + (vector != NULL);
    set->rows_unknown = goes ? set->rows_unknown - !known : set->rows_unknown + !known;
}

enum tarn_status tarn__file_set_add_sought(struct tarn__file_set *set, const struct tarn__tracked_file *file, uint32_t hash,
                                           struct tarn_error *err)
{
    if (set->waits) {
        if (!tarn__grow(set->env, &set->waiting, &set->waiting_capacity, (size_t)(set->count - set->indexed) + 1, sizeof(*set->waiting))) {
            return tarn__nomem(set->env, err, sizeof(*set->waiting));
        }
        set->waiting[set->count - set->indexed] = hash;
    } else if (!set->unindexed) {
        TARN_RETURN_IF_ERROR(reserve_level(set, 1, err));
    }
    const char *path = keep_path(set, file->path);
    if (path == NULL) {
        return tarn__nomem(set->env, err, file->path.size);
    }
    TARN_RETURN_IF_ERROR(make_room(set, err));
    const uint32_t index = set->count++;
    struct tarn__tracked_file *record = tarn__file_set_at(set, index);
    *record = *file;
    record->path.data = path;
    count_file(set, record, false);
    if (!set->unindexed && !set->waits) {
        index_file(set, index, hash);
        set->indexed++;
    }
    return TARN_OK;
}

enum tarn_status tarn__file_set_add(struct tarn__file_set *set, const struct tarn__tracked_file *file, struct tarn_error *err)
{
    return tarn__file_set_add_sought(set, file, set->unindexed ? 0 : path_hash(file->path), err);
}

enum tarn_status tarn__file_set_remove(struct tarn__file_set *set, uint32_t index, struct tarn_error *err)
{
    const uint32_t last = set->count - 1;
    if (index != last) {
        TARN_RETURN_IF_ERROR(reserve_level(set, 1, err));
        TARN_RETURN_IF_ERROR(own_segment(set, index, err));
    }
    count_file(set, tarn__file_set_at(set, index), true);
    set->count--;
    set->indexed--;
    set->level_is_stale = true;
    if (index != last) {
        *tarn__file_set_at(set, index) = *tarn__file_set_at(set, last);
        index_file(set, index, path_hash(tarn__file_set_at(set, index)->path));
    }
    if (last % TARN_FILE_SEGMENT == 0) {
        release_segment(set->env, set->segments[last / TARN_FILE_SEGMENT]);
    }
    return TARN_OK;
}

enum tarn_status tarn__file_set_replace(struct tarn__file_set *set, uint32_t index, const struct tarn__tracked_file *file,
                                        struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(own_segment(set, index, err));
    struct tarn__tracked_file *record = tarn__file_set_at(set, index);
    const struct tarn_text path = record->path;
    count_file(set, record, true);
    *record = *file;
    record->path = path;
    count_file(set, record, false);
    return TARN_OK;
}

/* ---- many at once ---- */

enum { SORT_BITS = 8, SORT_FROM = 4096 };

/* Index entries of the waiting files, by the upper bits of their hash when there are many: what is put in one after the other then lies
 * side by side in the index, and is in the cache. */
static void sort_waiting(const struct tarn__file_set *set, uint32_t count, uint64_t *entries)
{
    uint32_t begin[(1 << SORT_BITS) + 1] = {0};
    const unsigned shift = count < SORT_FROM ? 32 : 32 - SORT_BITS;
    for (uint32_t i = 0; i < count; i++) {
        begin[((uint64_t)set->waiting[i] >> shift) + 1]++;
    }
    for (uint32_t i = 0; i < 1 << SORT_BITS; i++) {
        begin[i + 1] += begin[i];
    }
    for (uint32_t i = 0; i < count; i++) {
        entries[begin[(uint64_t)set->waiting[i] >> shift]++] = (uint64_t)set->waiting[i] << 32 | (set->indexed + i + 1u);
    }
}

/* Does the file in the place of `slot` have the key of the one in `place`? Their hashes are equal. */
static bool is_same_key(const struct tarn__file_set *set, uint64_t slot, uint32_t place, int64_t *twin)
{
    const uint32_t other = (uint32_t)slot - 1;
    if (other >= set->count) {
        return false;
    }
    const struct tarn__tracked_file *known = tarn__file_set_at(set, other);
    const struct tarn__tracked_file *file = tarn__file_set_at(set, place);
    if (!tarn__text_equal(known->path, file->path)) {
        return false;
    }
    *twin = known->sequence == file->sequence ? place : *twin;
    return same_vector(tarn__file_deletion_vector(known), tarn__file_deletion_vector(file));
}

/* Puts one entry into the index; records are looked at only where hashes are equal. True: another file has its key. */
static bool settle_entry(struct tarn__file_set *set, uint64_t entry, int64_t *twin)
{
    for (uint32_t i = set->level_count; i > 0; i--) {
        const struct tarn__file_index *level = set->levels[i - 1];
        const uint32_t mask = level->slot_count - 1;
        for (uint32_t at = first_slot(level, (uint32_t)(entry >> 32)); level->slots[at & mask] != 0; at++) {
            const uint64_t slot = level->slots[at & mask];
            if (slot >> 32 == entry >> 32 && is_same_key(set, slot, (uint32_t)entry - 1, twin)) {
                return true;
            }
        }
    }
    put_slot(set->levels[set->level_count - 1], entry);
    return false;
}

static int by_place(const void *a, const void *b)
{
    const uint32_t left = *(const uint32_t *)a;
    const uint32_t right = *(const uint32_t *)b;
    return left < right ? 1 : left > right ? -1 : 0;
}

enum tarn_status tarn__file_set_settle(struct tarn__file_set *set, int64_t *twin, struct tarn_error *err)
{
    const uint32_t count = set->count - set->indexed;
    int64_t found = TARN_FILE_NONE;
    if (twin != NULL) {
        *twin = TARN_FILE_NONE;
    }
    if (count == 0) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(reserve_level(set, count, err));
    uint64_t *entries = tarn__alloc(set->env, count * sizeof(*entries));
    if (entries == NULL) {
        return tarn__nomem(set->env, err, count * sizeof(*entries));
    }
    sort_waiting(set, count, entries);
    uint32_t *dropped = set->waiting; /* the hashes are in the entries by now */
    uint32_t drops = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (settle_entry(set, entries[i], &found)) {
            dropped[drops++] = (uint32_t)entries[i] - 1;
        }
    }
    tarn__free(set->env, entries);
    set->indexed = set->count;
    if (twin != NULL && found != TARN_FILE_NONE) {
        *twin = found;
        return TARN_OK;
    }
    if (drops > 1) {
        qsort(dropped, drops, sizeof(*dropped), by_place); /* the last first: what moves into a place is never one that is to go */
    }
    for (uint32_t i = 0; i < drops; i++) {
        TARN_RETURN_IF_ERROR(tarn__file_set_remove(set, dropped[i], err));
    }
    return TARN_OK;
}

/* ---- partitions ---- */

static void put_partition(uint32_t *slots, uint32_t count, uint64_t hash, uint32_t number)
{
    const uint32_t mask = count - 1;
    uint32_t at = (uint32_t)hash & mask;
    while (slots[at] != 0) {
        at = (at + 1) & mask;
    }
    slots[at] = number + 1;
}

static enum tarn_status grow_partition_slots(struct tarn__file_set *set, struct tarn_error *err)
{
    const uint32_t count = set->partition_slot_count == 0 ? FIRST_SLOTS : set->partition_slot_count * 2;
    uint32_t *slots = tarn__calloc(set->env, count, sizeof(*slots));
    if (slots == NULL) {
        return tarn__nomem(set->env, err, (uint64_t)count * sizeof(*slots));
    }
    for (uint32_t i = 0; i < set->partition_count; i++) {
        put_partition(slots, count, tarn__hash_text(set->partitions[i].raw), i);
    }
    tarn__free(set->env, set->partition_slots);
    set->partition_slots = slots;
    set->partition_slot_count = count;
    return TARN_OK;
}

enum tarn_status tarn__file_set_own_partitions(struct tarn__file_set *set, struct tarn_error *err)
{
    if (!set->partitions_are_shared) {
        return TARN_OK;
    }
    const size_t room = (size_t)set->partition_count + set->partition_count / 2 + 4;
    const size_t slot_bytes = set->partition_slot_count * sizeof(*set->partition_slots);
    struct tarn__partition *partitions = tarn__calloc(set->env, room, sizeof(*partitions));
    uint32_t *slots = tarn__alloc(set->env, slot_bytes + 1);
    if (partitions == NULL || slots == NULL) {
        tarn__free(set->env, partitions);
        tarn__free(set->env, slots);
        return tarn__nomem(set->env, err, room * sizeof(*partitions) + slot_bytes);
    }
    if (set->partition_count != 0) {
        memcpy(partitions, set->partitions, set->partition_count * sizeof(*partitions));
    }
    if (slot_bytes != 0) {
        memcpy(slots, set->partition_slots, slot_bytes);
    }
    set->partitions = partitions;
    set->partition_capacity = room;
    set->partition_slots = slots;
    set->partitions_are_shared = false;
    return TARN_OK;
}

enum tarn_status tarn__file_set_partition(struct tarn__file_set *set, struct tarn_text raw, uint32_t *partition, struct tarn_error *err)
{
    const uint64_t hash = tarn__hash_text(raw);
    const uint32_t mask = set->partition_slot_count - 1;
    if (set->partition_slot_count != 0) {
        for (uint32_t at = (uint32_t)hash & mask; set->partition_slots[at] != 0; at = (at + 1) & mask) {
            *partition = set->partition_slots[at] - 1;
            if (tarn__text_equal(set->partitions[*partition].raw, raw)) {
                return TARN_OK;
            }
        }
    }
    TARN_RETURN_IF_ERROR(tarn__file_set_own_partitions(set, err));
    if ((uint64_t)(set->partition_count + 1) * 4 > (uint64_t)set->partition_slot_count * 3) {
        TARN_RETURN_IF_ERROR(grow_partition_slots(set, err));
    }
    if (!tarn__grow(set->env, &set->partitions, &set->partition_capacity, (size_t)set->partition_count + 1, sizeof(*set->partitions))) {
        return tarn__nomem(set->env, err, sizeof(*set->partitions));
    }
    const struct tarn_text copy = tarn__arena_text(&set->arena, raw);
    if (copy.data == NULL) {
        return tarn__nomem(set->env, err, raw.size);
    }
    *partition = set->partition_count++;
    set->partitions[*partition] = (struct tarn__partition){.raw = copy};
    put_partition(set->partition_slots, set->partition_slot_count, hash, *partition);
    return TARN_OK;
}

/* ---- many threads ---- */

/* The number in `set` of each partition of `from`. */
static enum tarn_status absorb_partitions(struct tarn__file_set *set, const struct tarn__file_set *from, uint32_t *numbers,
                                          struct tarn_error *err)
{
    for (uint32_t i = 0; i < from->partition_count; i++) {
        TARN_RETURN_IF_ERROR(tarn__file_set_partition(set, from->partitions[i].raw, &numbers[i], err));
    }
    return TARN_OK;
}

static enum tarn_status absorb_files(struct tarn__file_set *set, const struct tarn__file_set *from, const uint32_t *partitions,
                                     uint32_t shift, struct tarn_error *err)
{
    for (uint32_t i = 0; i < from->count; i++) {
        TARN_RETURN_IF_ERROR(make_room(set, err));
        struct tarn__tracked_file *record = tarn__file_set_at(set, set->count++);
        *record = *tarn__file_set_at(from, i);
        record->statistics.block += record->statistics.size != 0 ? shift : 0;
        record->partition = record->partition < from->partition_count ? partitions[record->partition] : record->partition;
    }
    count_in(&set->bytes, from->bytes, false);
    count_in(&set->rows, from->rows, false);
    set->rows_unknown += from->rows_unknown;
    set->vectors += from->vectors;
    return TARN_OK;
}

enum tarn_status tarn__file_set_absorb(struct tarn__file_set *set, struct tarn__file_set *from, struct tarn_error *err)
{
    uint32_t *numbers = tarn__calloc(set->env, (size_t)from->partition_count + 1, sizeof(*numbers));
    enum tarn_status status = numbers == NULL ? tarn__nomem(set->env, err, from->partition_count) : TARN_OK;
    uint32_t shift = 0;
    if (status == TARN_OK) {
        status = absorb_partitions(set, from, numbers, err);
    }
    if (status == TARN_OK) {
        status = tarn__text_pool_absorb(&set->statistics, &from->statistics, &shift, err);
    }
    if (status == TARN_OK) {
        status = absorb_files(set, from, numbers, shift, err);
    }
    tarn__arena_absorb(&set->arena, &from->arena);
    tarn__free(set->env, numbers);
    tarn__file_set_free(from);
    return status;
}

/* ---- versions ---- */

enum tarn_status tarn__file_set_seal(struct tarn__file_set *set, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(merge_levels(set, err));
    tarn__free(set->env, set->waiting);
    set->waiting = NULL;
    set->waiting_capacity = 0;
    tarn__text_pool_rest(&set->statistics);
    struct tarn__file_ground *ground = tarn__calloc(set->env, 1, sizeof(*ground));
    if (ground == NULL) {
        return tarn__nomem(set->env, err, sizeof(*ground));
    }
    atomic_init(&ground->references, 1);
    ground->env = set->env;
    ground->below = set->ground;
    ground->depth = set->ground != NULL ? set->ground->depth + 1 : 0;
    ground->arena = set->arena;
    ground->statistics = set->statistics;
    if (!set->partitions_are_shared) {
        ground->partitions = set->partitions;
        ground->partition_slots = set->partition_slots;
    }
    tarn__arena_init(&set->arena, set->env);
    set->path_room = NULL;
    set->path_left = 0;
    set->partitions_are_shared = true;
    set->level_is_own = false;
    set->is_sealed = true;
    set->ground = ground;
    return TARN_OK;
}

uint32_t tarn__file_set_depth(const struct tarn__file_set *set)
{
    return set->ground != NULL ? set->ground->depth : 0;
}

static enum tarn_status share_segments(struct tarn__file_set *set, const struct tarn__file_set *from, struct tarn_error *err)
{
    const uint32_t segments = (from->count + TARN_FILE_SEGMENT - 1) / TARN_FILE_SEGMENT;
    if (segments == 0) {
        return TARN_OK;
    }
    if (!tarn__grow(set->env, &set->segments, &set->segment_capacity, (size_t)segments + 1, sizeof(*set->segments))) {
        return tarn__nomem(set->env, err, segments * sizeof(*set->segments));
    }
    for (uint32_t i = 0; i < segments; i++) {
        set->segments[i] = from->segments[i];
        keep_reference(&set->segments[i]->references);
    }
    set->count = from->count;
    return TARN_OK;
}

enum tarn_status tarn__file_set_derive(struct tarn__file_set *set, const struct tarn__file_set *from, struct tarn_error *err)
{
    keep_reference(&from->ground->references);
    set->ground = from->ground;
    TARN_RETURN_IF_ERROR(share_segments(set, from, err));
    for (uint32_t i = 0; i < from->level_count; i++) {
        set->levels[i] = from->levels[i];
        keep_reference(&set->levels[i]->references);
    }
    set->level_count = from->level_count;
    set->indexed = from->indexed;
    set->bytes = from->bytes;
    set->rows = from->rows;
    set->rows_unknown = from->rows_unknown;
    set->vectors = from->vectors;
    set->partitions = from->partitions;
    set->partition_count = from->partition_count;
    set->partition_slots = from->partition_slots;
    set->partition_slot_count = from->partition_slot_count;
    set->partitions_are_shared = true;
    TARN_RETURN_IF_ERROR(tarn__text_pool_derive(&set->statistics, &from->statistics, err));
    return tarn__file_set_index(set, err);
}

/* A deep copy, or NULL for NULL; false: no memory. */
static bool copy_vector(struct tarn_arena *arena, const struct tarn__deletion_vector *from, const struct tarn__deletion_vector **to)
{
    *to = NULL;
    if (from == NULL) {
        return true;
    }
    struct tarn__deletion_vector *vector = tarn__arena_alloc(arena, sizeof(*vector));
    if (vector == NULL) {
        return false;
    }
    *vector = *from;
    vector->storage = tarn__arena_text(arena, vector->storage);
    vector->place = tarn__arena_text(arena, vector->place);
    *to = vector;
    return vector->storage.data != NULL && vector->place.data != NULL;
}

struct tarn__file_extra *tarn__file_extra_copy(struct tarn_arena *arena, const struct tarn__file_extra *extra)
{
    struct tarn__file_extra *copy = tarn__arena_alloc(arena, sizeof(*copy));
    if (copy == NULL) {
        return NULL;
    }
    *copy = *extra;
    if (!copy_vector(arena, extra->deletion_vector, &copy->deletion_vector) || !copy_vector(arena, extra->only_rows, &copy->only_rows)) {
        return NULL;
    }
    if (extra->equality_id_count != 0) {
        int32_t *ids = tarn__arena_calloc(arena, extra->equality_id_count, sizeof(*ids));
        if (ids == NULL) {
            return NULL;
        }
        memcpy(ids, extra->equality_ids, extra->equality_id_count * sizeof(*ids));
        copy->equality_ids = ids;
    }
    copy->key_metadata = tarn__arena_span(arena, extra->key_metadata);
    copy->tags = tarn__arena_text(arena, extra->tags);
    copy->laid_out_by = tarn__arena_text(arena, extra->laid_out_by);
    return (copy->key_metadata.data == NULL && extra->key_metadata.size != 0) || copy->tags.data == NULL || copy->laid_out_by.data == NULL
               ? NULL
               : copy;
}
