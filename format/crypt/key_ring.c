/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the keys of a file come from. SPEC: P-CRYPT-10, P-CRYPT-11.
 *
 * Invariants
 *  1. A key that was handed out stays where it is, unchanged, until the ring is closed.
 *  2. No hook is called under the lock: a hook may read other files.
 */
#include "format/crypt/key_ring.h"

#include <pthread.h>

#include "format/base/arena.h"
#include "format/crypt/aes.h"

struct given {
    enum tarn_key_kind kind;
    struct tarn_text name;
    const struct tarn__key *key;
};

/* What was found for the footer or a leaf. */
struct found {
    struct tarn_span metadata;
    const struct tarn__key *key; /* NULL: not asked for yet */
};

struct tarn__key_ring {
    struct tarn_env *env;
    pthread_mutex_t lock; /* of what grows: store, arena, found */
    struct tarn__key_store store;
    struct tarn_arena arena;
    struct tarn_text object;
    struct tarn_text aad_prefix;
    struct given *given;
    uint32_t given_count;
    struct found *found;
    size_t found_count;
    size_t found_capacity;
};

static enum tarn_status check_size(size_t size, struct tarn_error *err)
{
    return tarn__aes_key_size_ok(size)
               ? TARN_OK
               : tarn__invalid(err, "key_length", "a key of %zu bytes was given: keys of AES have 16, 24 or 32", size);
}

static enum tarn_status keep_given(struct tarn__key_ring *ring, const struct tarn__given_keys *given, struct tarn_error *err)
{
    struct tarn_env *env = ring->env;
    ring->object = tarn__arena_text(&ring->arena, given->object);
    ring->aad_prefix = tarn__arena_text(&ring->arena, given->aad_prefix);
    ring->given = tarn__arena_calloc(&ring->arena, (size_t)given->count + 1, sizeof(*ring->given));
    if (ring->object.data == NULL || ring->aad_prefix.data == NULL || ring->given == NULL) {
        return tarn__nomem(env, err, given->object.size + given->aad_prefix.size + given->count * sizeof(*ring->given));
    }
    for (uint32_t i = 0; i < given->count; i++) {
        const struct tarn_parquet_key *from = &given->keys[i];
        TARN_RETURN_IF_ERROR(check_size(from->key.size, err));
        struct tarn__key *key = tarn__key_store_add(&ring->store);
        const struct tarn_text name = tarn__arena_text(&ring->arena, from->name);
        if (key == NULL || name.data == NULL) {
            return tarn__nomem(env, err, sizeof(*key));
        }
        key->size = from->key.size;
        memcpy(key->bytes, from->key.data, from->key.size);
        ring->given[ring->given_count++] = (struct given){from->kind, name, key};
    }
    return TARN_OK;
}

enum tarn_status tarn__key_ring_open(struct tarn_env *env, const struct tarn__given_keys *given, struct tarn__key_ring **out,
                                     struct tarn_error *err)
{
    struct tarn__key_ring *ring = tarn__calloc(env, 1, sizeof(*ring));
    *out = NULL;
    if (ring == NULL) {
        return tarn__nomem(env, err, sizeof(*ring));
    }
    ring->env = env;
    pthread_mutex_init(&ring->lock, NULL);
    tarn__key_store_init(&ring->store, env);
    tarn__arena_init(&ring->arena, env);
    const enum tarn_status status = given != NULL ? keep_given(ring, given, err) : TARN_OK;
    if (status != TARN_OK) {
        tarn__key_ring_close(ring);
        return status;
    }
    *out = ring;
    return TARN_OK;
}

void tarn__key_ring_close(struct tarn__key_ring *ring)
{
    if (ring != NULL) {
        tarn__key_store_free(&ring->store);
        tarn__arena_free(&ring->arena);
        tarn__free(ring->env, ring->found);
        pthread_mutex_destroy(&ring->lock);
        tarn__free(ring->env, ring);
    }
}

/* ---- finding ---- */

static bool same_bytes(struct tarn_span a, struct tarn_span b)
{
    return (a.data == NULL) == (b.data == NULL) && a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static bool is_wished(const struct given *given, enum tarn_key_kind kind, const struct tarn__key_wish *wish)
{
    const struct tarn_text metadata = {(const char *)wish->metadata.data, wish->metadata.size};
    if (given->kind != kind) {
        return false;
    }
    switch (kind) {
    case TARN_KEY_ID:
        return wish->metadata.data != NULL && tarn__text_equal(given->name, metadata);
    case TARN_KEY_COLUMN:
        return wish->number != 0 && tarn__text_equal(given->name, wish->column);
    default:
        return wish->number == 0;
    }
}

/* By what the file says of its key before what the key is for: the first is the more exact. */
static const struct tarn__key *find_given(const struct tarn__key_ring *ring, const struct tarn__key_wish *wish)
{
    static const enum tarn_key_kind kinds[] = {TARN_KEY_ID, TARN_KEY_COLUMN, TARN_KEY_FOOTER};
    for (size_t kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++) {
        for (uint32_t i = 0; i < ring->given_count; i++) {
            if (is_wished(&ring->given[i], kinds[kind], wish)) {
                return ring->given[i].key;
            }
        }
    }
    return NULL;
}

static const struct tarn__key *find_asked(struct tarn__key_ring *ring, const struct tarn__key_wish *wish)
{
    const struct tarn__key *key = NULL;
    pthread_mutex_lock(&ring->lock);
    if (wish->number < ring->found_count && same_bytes(ring->found[wish->number].metadata, wish->metadata)) {
        key = ring->found[wish->number].key;
    }
    pthread_mutex_unlock(&ring->lock);
    return key;
}

/* Under the lock. Another thread may have been faster: then its key stays. */
static const struct tarn__key *keep_found(struct tarn__key_ring *ring, const struct tarn__key_wish *wish, const struct tarn__key *key)
{
    if (!tarn__grow(ring->env, &ring->found, &ring->found_capacity, (size_t)wish->number + 1, sizeof(*ring->found))) {
        return NULL;
    }
    while (ring->found_count <= wish->number) {
        ring->found[ring->found_count++] = (struct found){{NULL, 0}, NULL};
    }
    struct found *found = &ring->found[wish->number];
    if (found->key != NULL && same_bytes(found->metadata, wish->metadata) && tarn__key_equal(found->key, key)) {
        return found->key;
    }
    struct tarn__key *kept = tarn__key_store_add(&ring->store);
    const struct tarn_span metadata = wish->metadata.data != NULL ? tarn__arena_span(&ring->arena, wish->metadata) : wish->metadata;
    if (kept == NULL || (wish->metadata.data != NULL && metadata.data == NULL)) {
        return NULL;
    }
    *kept = *key;
    *found = (struct found){metadata, kept};
    return kept;
}

static enum tarn_status ask(struct tarn__key_ring *ring, const struct tarn_key_hooks *hooks, const struct tarn__key_wish *wish,
                            struct tarn__key *key, struct tarn_error *err)
{
    const struct tarn_key_request request = {sizeof(request), ring->object, wish->column, wish->metadata};
    TARN_RETURN_IF_ERROR(hooks->key(hooks->ctx, &request, key->bytes, &key->size, err));
    return key->size != 0 ? check_size(key->size, err) : TARN_OK;
}

enum tarn_status tarn__key_ring_find(struct tarn__key_ring *ring, const struct tarn__key_wish *wish, const struct tarn__key **out,
                                     struct tarn_error *err)
{
    const struct tarn_key_hooks *hooks = tarn__env_options(ring->env)->keys;
    struct tarn__key_store desk; /* what the hook writes to */
    *out = find_given(ring, wish);
    if (*out == NULL) {
        *out = find_asked(ring, wish);
    }
    if (*out != NULL || hooks == NULL) {
        return TARN_OK;
    }
    tarn__key_store_init(&desk, ring->env);
    struct tarn__key *key = tarn__key_store_add(&desk);
    enum tarn_status status = key != NULL ? ask(ring, hooks, wish, key, err) : tarn__nomem(ring->env, err, sizeof(*key));
    if (status == TARN_OK && key->size != 0) {
        pthread_mutex_lock(&ring->lock);
        *out = keep_found(ring, wish, key);
        pthread_mutex_unlock(&ring->lock);
        status = *out != NULL ? TARN_OK : tarn__nomem(ring->env, err, sizeof(*key));
    }
    tarn__key_store_free(&desk);
    return status;
}

enum tarn_status tarn__key_ring_aad_prefix(struct tarn__key_ring *ring, struct tarn_text *out, struct tarn_error *err)
{
    enum { USUAL = 256, MOST = 1 << 20 };
    const struct tarn_key_hooks *hooks = tarn__env_options(ring->env)->keys;
    *out = ring->aad_prefix;
    if (out->size != 0 || hooks == NULL || hooks->aad_prefix == NULL) {
        return TARN_OK;
    }
    for (size_t room = USUAL;;) {
        size_t size = 0;
        char *into = tarn__arena_alloc(&ring->arena, room);
        if (into == NULL) {
            return tarn__nomem(ring->env, err, room);
        }
        TARN_RETURN_IF_ERROR(hooks->aad_prefix(hooks->ctx, ring->object, into, room, &size, err));
        if (size <= room) {
            ring->aad_prefix = *out = (struct tarn_text){into, size};
            return TARN_OK;
        }
        if (size > MOST) {
            return tarn__invalid(err, "aad_prefix", "the hook gives an AAD prefix of %zu bytes, at most %d are possible", size, (int)MOST);
        }
        room = size;
    }
}
