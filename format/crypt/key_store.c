/* SPDX-License-Identifier: Apache-2.0
 *
 * Locked memory for keys. SPEC: P-CRYPT-12.
 *
 * Invariants
 *  1. Bytes of keys lie in pages of sodium_malloc and nowhere else for longer than a call.
 */
#include "format/crypt/key_store.h"

#ifndef TARN_MINIMAL
#include <sodium.h>
#endif

enum {
    KEYS_A_PAGE = 99,
    CHARGED = 4 * 4096, /* sodium_malloc takes three pages beside the one that is used */
};

struct tarn__key_page {
    struct tarn__key_page *before;
    size_t used;
    struct tarn__key keys[KEYS_A_PAGE];
};

_Static_assert(sizeof(struct tarn__key_page) <= 4096 - 16, "one page, with sodium's canary");

void tarn__key_store_init(struct tarn__key_store *store, struct tarn_env *env)
{
    *store = (struct tarn__key_store){env, NULL};
}

#ifdef TARN_MINIMAL

void tarn__key_store_free(struct tarn__key_store *store)
{
    store->last = NULL;
}

struct tarn__key *tarn__key_store_add(struct tarn__key_store *store)
{
    (void)store;
    return NULL;
}

bool tarn__key_equal(const struct tarn__key *a, const struct tarn__key *b)
{
    return a == b;
}

void tarn__key_wipe(void *bytes, size_t size)
{
    memset(bytes, 0, size);
}

#else

void tarn__key_store_free(struct tarn__key_store *store)
{
    while (store->last != NULL) {
        struct tarn__key_page *page = store->last;
        store->last = page->before;
        sodium_free(page); /* overwrites */
        tarn__uncharge(store->env, CHARGED);
    }
}

static struct tarn__key_page *new_page(struct tarn__key_store *store)
{
    if (sodium_init() < 0 || !tarn__charge(store->env, CHARGED)) {
        return NULL;
    }
    struct tarn__key_page *page = sodium_malloc(sizeof(*page));
    if (page == NULL) {
        tarn__uncharge(store->env, CHARGED);
        return NULL;
    }
    memset(page, 0, sizeof(*page));
    page->before = store->last;
    store->last = page;
    return page;
}

struct tarn__key *tarn__key_store_add(struct tarn__key_store *store)
{
    struct tarn__key_page *page = store->last;
    if (page == NULL || page->used == KEYS_A_PAGE) {
        page = new_page(store);
    }
    return page != NULL ? &page->keys[page->used++] : NULL;
}

bool tarn__key_equal(const struct tarn__key *a, const struct tarn__key *b)
{
    return a->size == b->size && sodium_memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

void tarn__key_wipe(void *bytes, size_t size)
{
    sodium_memzero(bytes, size);
}

#endif
