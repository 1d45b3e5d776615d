/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_CRYPT_KEY_STORE_H
#define TARN_FORMAT_CRYPT_KEY_STORE_H

#include "format/base/alloc.h"
#include "format/base/bytes.h"
#include "tarn/keys.h"

/*
 * Keys in memory that is locked (never swapped, as far as the system's limit of locked memory goes; not in core dumps), has guard pages
 * around, and is overwritten before it is given back: libsodium's. Many keys share a page.
 *
 * Threads: a store is single-threaded while it grows; its keys may be read from any thread.
 */
struct tarn__key {
    size_t size;
    uint8_t bytes[TARN_KEY_LONGEST];
};

struct tarn__key_store {
    struct tarn_env *env;
    struct tarn__key_page *last;
};

static inline struct tarn_span tarn__key_span(const struct tarn__key *key)
{
    return (struct tarn_span){key->bytes, key->size};
}

void tarn__key_store_init(struct tarn__key_store *store, struct tarn_env *env);
void tarn__key_store_free(struct tarn__key_store *store);

/** A key of the store that is not set yet, and lives as long as the store. NULL: no memory. */
struct tarn__key *tarn__key_store_add(struct tarn__key_store *store);

/** Compares in constant time. */
bool tarn__key_equal(const struct tarn__key *a, const struct tarn__key *b);
/** Overwrites, so that no compiler leaves it out. */
void tarn__key_wipe(void *bytes, size_t size);

#endif
