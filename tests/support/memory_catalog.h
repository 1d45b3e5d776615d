/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TESTS_SUPPORT_MEMORY_CATALOG_H
#define TARN_TESTS_SUPPORT_MEMORY_CATALOG_H

#include "tarn/catalog.h"

/*
 * A catalog in memory for tests, whose answers to swap can be spoilt: it stands for any implementation of tarn/catalog.h.
 *
 * It is the env's hook: URIs that begin with "shelf:" are its own, whatever follows. Tables are placed below `warehouse`.
 */
enum tarn_swap_answer {
    TARN_SWAP_HONEST = 0,
    TARN_SWAP_BUSY,         /* THROTTLED, nothing done */
    TARN_SWAP_UNKNOWN_DONE, /* done, and COMMIT_UNKNOWN */
    TARN_SWAP_UNKNOWN_LOST, /* not done, and COMMIT_UNKNOWN */
    TARN_SWAP_BROKEN,       /* IO, nothing done */
};

enum { TARN_MEMORY_CATALOG_ROWS = 16 };

struct tarn_memory_catalog {
    char warehouse[512];
    struct {
        char name[64];
        char location[1024];
        bool is_view;
    } rows[TARN_MEMORY_CATALOG_ROWS];
    uint32_t count;
    enum tarn_swap_answer next; /* of the next swap; then honest again */
    uint32_t swaps;
    /* Called before a swap looks at the pointer: another writer's chance. NULL: nobody. */
    void (*before_swap)(void *arg);
    void *arg;
};

/** Hook for tarn_env_options.open_catalog; `ctx` is the struct tarn_memory_catalog, which must outlive the env. Single-threaded. */
enum tarn_status tarn_memory_catalog_open(void *ctx, struct tarn_env *env, struct tarn_text uri, struct tarn_catalog **out,
                                          struct tarn_error *err);
/** The pointer of a table, or NULL. */
const char *tarn_memory_catalog_location(const struct tarn_memory_catalog *catalog, const char *name);
/** Sets the pointer of a table, new or not. */
void tarn_memory_catalog_set(struct tarn_memory_catalog *catalog, const char *name, const char *location);

#endif
