/* SPDX-License-Identifier: Apache-2.0
 *
 * Tracked files in segments, with a hash index over (path, deletion vector).
 *
 * Invariants
 *  1. Records never move: segments are allocated whole, so that pointers to files stay good while the set grows.
 *  2. Every file is in the index once, until the set is sealed; the index is at most three quarters full. An unindexed set has none.
 *  3. No two partitions have the same raw form.
 */
#include "txlog/core/file_set.h"

#include <string.h>

#include "format/base/bytes.h"
#include "format/base/hash.h"

enum { FIRST_SLOTS = 64, PATH_BLOCK = 64 * 1024 };

void tarn__file_set_init(struct tarn__file_set *set, struct tarn_env *env)
{
    *set = (struct tarn__file_set){.env = env};
    tarn__arena_init(&set->arena, env);
    tarn__text_pool_init(&set->statistics, env);
}

void tarn__file_set_seal(struct tarn__file_set *set)
{
    tarn__free(set->env, set->slots);
    tarn__free(set->env, set->partition_slots);
    set->slots = NULL;
    set->partition_slots = NULL;
    set->slot_count = 0;
    set->partition_slot_count = 0;
}

void tarn__file_set_free(struct tarn__file_set *set)
{
    if (set->env == NULL) {
        return;
    }
    const uint32_t segments = (set->count + TARN_FILE_SEGMENT - 1) / TARN_FILE_SEGMENT;
    for (uint32_t i = 0; i < segments; i++) {
        tarn__free(set->env, set->segments[i]);
    }
    tarn__free(set->env, set->segments);
    tarn__file_set_seal(set);
    tarn__free(set->env, set->partitions);
    tarn__text_pool_free(&set->statistics);
    tarn__arena_free(&set->arena);
    *set = (struct tarn__file_set){0};
}

static uint64_t key_hash(struct tarn_text path, const struct tarn__deletion_vector *vector)
{
    uint64_t hash = tarn__hash_text(path);
    if (vector != NULL) {
        hash = tarn__hash_combine(hash, tarn__hash_text(vector->storage));
        hash = tarn__hash_combine(hash, tarn__hash_text(vector->place));
        hash = tarn__hash_combine(hash, vector->has_offset ? vector->offset + 1 : 0);
    }
    return hash;
}

static bool same_vector(const struct tarn__deletion_vector *a, const struct tarn__deletion_vector *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    return tarn__text_equal(a->storage, b->storage) && tarn__text_equal(a->place, b->place) && a->has_offset == b->has_offset &&
           a->offset == b->offset;
}

int64_t tarn__file_set_find(const struct tarn__file_set *set, struct tarn_text path, const struct tarn__deletion_vector *vector)
{
    if (set->slot_count == 0) {
        return TARN_FILE_NONE;
    }
    const uint32_t mask = set->slot_count - 1;
    for (uint32_t at = (uint32_t)key_hash(path, vector) & mask;; at = (at + 1) & mask) {
        if (set->slots[at] == 0) {
            return TARN_FILE_NONE;
        }
        const struct tarn__tracked_file *file = tarn__file_set_at(set, set->slots[at] - 1);
        if (tarn__text_equal(file->path, path) && same_vector(tarn__file_deletion_vector(file), vector)) {
            return set->slots[at] - 1;
        }
    }
}

static void put_slot(uint32_t *slots, uint32_t count, uint64_t hash, uint32_t index)
{
    const uint32_t mask = count - 1;
    uint32_t at = (uint32_t)hash & mask;
    while (slots[at] != 0) {
        at = (at + 1) & mask;
    }
    slots[at] = index + 1;
}

static enum tarn_status grow_slots(struct tarn__file_set *set, struct tarn_error *err)
{
    const uint32_t count = set->slot_count == 0 ? FIRST_SLOTS : set->slot_count * 2;
    uint32_t *slots = tarn__calloc(set->env, count, sizeof(*slots));
    if (slots == NULL) {
        return tarn__nomem(set->env, err, (uint64_t)count * sizeof(*slots));
    }
    for (uint32_t i = 0; i < set->count; i++) {
        const struct tarn__tracked_file *file = tarn__file_set_at(set, i);
        put_slot(slots, count, key_hash(file->path, tarn__file_deletion_vector(file)), i);
    }
    tarn__free(set->env, set->slots);
    set->slots = slots;
    set->slot_count = count;
    return TARN_OK;
}

static const char *keep_path(struct tarn__file_set *set, struct tarn_text path)
{
    if (path.size > set->path_left) {
        const size_t size = path.size > PATH_BLOCK / 4 ? path.size : PATH_BLOCK;
        char *room = tarn__arena_alloc(&set->arena, size);
        if (room == NULL) {
            return NULL;
        }
        if (size != PATH_BLOCK) {
            memcpy(room, path.data, path.size);
            return room;
        }
        set->path_room = room;
        set->path_left = size;
    }
    char *copy = set->path_room;
    if (path.size != 0) {
        memcpy(copy, path.data, path.size);
    }
    set->path_room += path.size;
    set->path_left -= path.size;
    return copy;
}

/* Room for the next file. */
static enum tarn_status make_segment(struct tarn__file_set *set, struct tarn_error *err)
{
    if (set->count % TARN_FILE_SEGMENT != 0) {
        return TARN_OK;
    }
    const size_t segment = set->count / TARN_FILE_SEGMENT;
    if (!tarn__grow(set->env, &set->segments, &set->segment_capacity, segment + 1, sizeof(*set->segments))) {
        return tarn__nomem(set->env, err, sizeof(*set->segments));
    }
    set->segments[segment] = tarn__alloc(set->env, TARN_FILE_SEGMENT * sizeof(**set->segments));
    return set->segments[segment] == NULL ? tarn__nomem(set->env, err, TARN_FILE_SEGMENT * sizeof(**set->segments)) : TARN_OK;
}

enum tarn_status tarn__file_set_add(struct tarn__file_set *set, const struct tarn__tracked_file *file, struct tarn_error *err)
{
    if (set->count >= INT32_MAX) {
        return tarn__error_set(err, TARN_LIMIT, "files", "the table has more than %d files", INT32_MAX);
    }
    if (!set->unindexed && (uint64_t)(set->count + 1) * 4 > (uint64_t)set->slot_count * 3) {
        TARN_RETURN_IF_ERROR(grow_slots(set, err));
    }
    TARN_RETURN_IF_ERROR(make_segment(set, err));
    const char *path = keep_path(set, file->path);
    if (path == NULL) {
        if (set->count % TARN_FILE_SEGMENT == 0) {
            tarn__free(set->env, set->segments[set->count / TARN_FILE_SEGMENT]); /* free counts segments by files */
        }
        return tarn__nomem(set->env, err, file->path.size);
    }
    const uint32_t index = set->count++;
    struct tarn__tracked_file *record = tarn__file_set_at(set, index);
    *record = *file;
    record->path.data = path;
    set->bytes = file->size > UINT64_MAX - set->bytes ? UINT64_MAX : set->bytes + file->size;
    if (!set->unindexed) {
        put_slot(set->slots, set->slot_count, key_hash(record->path, tarn__file_deletion_vector(record)), index);
    }
    return TARN_OK;
}

static enum tarn_status grow_partition_slots(struct tarn__file_set *set, struct tarn_error *err)
{
    const uint32_t count = set->partition_slot_count == 0 ? FIRST_SLOTS : set->partition_slot_count * 2;
    uint32_t *slots = tarn__calloc(set->env, count, sizeof(*slots));
    if (slots == NULL) {
        return tarn__nomem(set->env, err, (uint64_t)count * sizeof(*slots));
    }
    for (uint32_t i = 0; i < set->partition_count; i++) {
        put_slot(slots, count, tarn__hash_text(set->partitions[i].raw), i);
    }
    tarn__free(set->env, set->partition_slots);
    set->partition_slots = slots;
    set->partition_slot_count = count;
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
    put_slot(set->partition_slots, set->partition_slot_count, hash, *partition);
    return TARN_OK;
}

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
        if (set->count >= INT32_MAX) {
            return tarn__error_set(err, TARN_LIMIT, "files", "the table has more than %d files", INT32_MAX);
        }
        TARN_RETURN_IF_ERROR(make_segment(set, err));
        struct tarn__tracked_file *record = tarn__file_set_at(set, set->count++);
        *record = *tarn__file_set_at(from, i);
        record->statistics.block += record->statistics.size != 0 ? shift : 0;
        record->partition = record->partition < from->partition_count ? partitions[record->partition] : record->partition;
    }
    set->bytes = from->bytes > UINT64_MAX - set->bytes ? UINT64_MAX : set->bytes + from->bytes;
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

struct tarn__file_extra *tarn__file_extra_copy(struct tarn_arena *arena, const struct tarn__file_extra *extra)
{
    struct tarn__file_extra *copy = tarn__arena_alloc(arena, sizeof(*copy));
    if (copy == NULL) {
        return NULL;
    }
    *copy = *extra;
    if (extra->deletion_vector != NULL) {
        struct tarn__deletion_vector *vector = tarn__arena_alloc(arena, sizeof(*vector));
        if (vector == NULL) {
            return NULL;
        }
        *vector = *extra->deletion_vector;
        vector->storage = tarn__arena_text(arena, vector->storage);
        vector->place = tarn__arena_text(arena, vector->place);
        if (vector->storage.data == NULL || vector->place.data == NULL) {
            return NULL;
        }
        copy->deletion_vector = vector;
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
    return (copy->key_metadata.data == NULL && extra->key_metadata.size != 0) || copy->tags.data == NULL ? NULL : copy;
}
