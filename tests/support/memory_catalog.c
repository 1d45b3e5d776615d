/* SPDX-License-Identifier: Apache-2.0
 *
 * A catalog in memory.
 */
#include "tests/support/memory_catalog.h"

#include <stdio.h>
#include <string.h>

#include "format/base/alloc.h"
#include "format/base/text.h"

struct handle {
    struct tarn_catalog catalog;
    struct tarn_memory_catalog *rows;
};

static struct tarn_memory_catalog *rows_of(struct tarn_catalog *catalog)
{
    return ((struct handle *)catalog)->rows;
}

static int find_row(const struct tarn_memory_catalog *catalog, struct tarn_text name)
{
    for (uint32_t i = 0; i < catalog->count; i++) {
        if (tarn__text_equal(tarn__text_of(catalog->rows[i].name), name)) {
            return (int)i;
        }
    }
    return -1;
}

static enum tarn_status tell(const struct tarn_memory_catalog *catalog, uint32_t row, tarn_catalog_fn fn, void *arg, struct tarn_error *err)
{
    const struct tarn_catalog_entry entry = {tarn__text_of(catalog->rows[row].name), tarn__text_of(catalog->rows[row].location),
                                             catalog->rows[row].is_view};
    return fn(arg, &entry, err);
}

static enum tarn_status find(struct tarn_catalog *catalog, struct tarn_text table, tarn_catalog_fn fn, void *arg, struct tarn_error *err)
{
    const int row = find_row(rows_of(catalog), table);
    return row < 0 ? tarn__error_set(err, TARN_NOT_FOUND, "table", "no such table in memory")
                   : tell(rows_of(catalog), (uint32_t)row, fn, arg, err);
}

static enum tarn_status list(struct tarn_catalog *catalog, tarn_catalog_fn fn, void *arg, struct tarn_error *err)
{
    enum tarn_status status = TARN_OK;
    for (uint32_t i = 0; status == TARN_OK && i < rows_of(catalog)->count; i++) {
        status = tell(rows_of(catalog), i, fn, arg, err);
    }
    return status;
}

static enum tarn_status place(struct tarn_catalog *catalog, struct tarn_text table, tarn_text_fn fn, void *arg, struct tarn_error *err)
{
    char folder[700];
    const int size = snprintf(folder, sizeof(folder), "%s/%.*s", rows_of(catalog)->warehouse, TARN_TEXT_ARG(table));
    return fn(arg, (struct tarn_text){folder, (size_t)size}, err);
}

void tarn_memory_catalog_set(struct tarn_memory_catalog *catalog, const char *name, const char *location)
{
    int row = find_row(catalog, tarn__text_of(name));
    if (row < 0) {
        row = (int)catalog->count++;
        snprintf(catalog->rows[row].name, sizeof(catalog->rows[row].name), "%s", name);
    }
    snprintf(catalog->rows[row].location, sizeof(catalog->rows[row].location), "%s", location);
}

const char *tarn_memory_catalog_location(const struct tarn_memory_catalog *catalog, const char *name)
{
    const int row = find_row(catalog, tarn__text_of(name));
    return row < 0 ? NULL : catalog->rows[row].location;
}

static enum tarn_status swap_honestly(struct tarn_memory_catalog *catalog, struct tarn_text table, struct tarn_text expected,
                                      struct tarn_text next, struct tarn_error *err)
{
    const int row = find_row(catalog, table);
    if (row < 0 && expected.size != 0) {
        return tarn__error_set(err, TARN_NOT_FOUND, "table", "the entry is gone");
    }
    if (row >= 0 && !tarn__text_equal(tarn__text_of(catalog->rows[row].location), expected)) {
        return tarn__error_set(err, TARN_EXISTS, "pointer", "there is another pointer");
    }
    char name[64];
    char location[1024];
    snprintf(name, sizeof(name), "%.*s", TARN_TEXT_ARG(table));
    snprintf(location, sizeof(location), "%.*s", TARN_TEXT_ARG(next));
    tarn_memory_catalog_set(catalog, name, location);
    return TARN_OK;
}

static enum tarn_status swap(struct tarn_catalog *catalog, struct tarn_text table, struct tarn_text expected, struct tarn_text next,
                             struct tarn_error *err)
{
    struct tarn_memory_catalog *rows = rows_of(catalog);
    const enum tarn_swap_answer answer = rows->next;
    rows->next = TARN_SWAP_HONEST;
    rows->swaps++;
    if (rows->before_swap != NULL) {
        void (*before)(void *) = rows->before_swap;
        rows->before_swap = NULL; /* once: it may swap itself */
        before(rows->arg);
    }
    switch (answer) {
    case TARN_SWAP_BUSY:
        return tarn__error_set(err, TARN_THROTTLED, "busy", "the catalog is busy");
    case TARN_SWAP_BROKEN:
        return tarn__error_set(err, TARN_IO, "broken", "the catalog is broken");
    case TARN_SWAP_UNKNOWN_LOST:
        return tarn__error_set(err, TARN_COMMIT_UNKNOWN, "lost", "no answer");
    case TARN_SWAP_UNKNOWN_DONE:
        TARN_RETURN_IF_ERROR(swap_honestly(rows, table, expected, next, err));
        return tarn__error_set(err, TARN_COMMIT_UNKNOWN, "lost", "no answer");
    default:
        return swap_honestly(rows, table, expected, next, err);
    }
}

static enum tarn_status drop(struct tarn_catalog *catalog, struct tarn_text table, struct tarn_error *err)
{
    struct tarn_memory_catalog *rows = rows_of(catalog);
    const int row = find_row(rows, table);
    if (row < 0) {
        return tarn__error_set(err, TARN_NOT_FOUND, "table", "no such table in memory");
    }
    rows->rows[row] = rows->rows[--rows->count];
    return TARN_OK;
}

static void close_catalog(struct tarn_catalog *catalog)
{
    struct tarn_env *env = tarn__env_retain(catalog->env);
    tarn_catalog_deinit(catalog);
    tarn__free(env, catalog);
    tarn_env_close(env);
}

static const struct tarn_catalog_ops ops = {sizeof(struct tarn_catalog_ops), "memory", find, list, place, swap, drop, close_catalog};

enum tarn_status tarn_memory_catalog_open(void *ctx, struct tarn_env *env, struct tarn_text uri, struct tarn_catalog **out,
                                          struct tarn_error *err)
{
    *out = NULL;
    if (uri.size < 6 || memcmp(uri.data, "shelf:", 6) != 0) {
        return TARN_OK;
    }
    struct handle *handle = tarn__calloc(env, 1, sizeof(*handle));
    if (handle == NULL) {
        return tarn__nomem(env, err, sizeof(*handle));
    }
    handle->rows = ctx;
    const enum tarn_status status = tarn_catalog_init(&handle->catalog, &ops, env, err);
    if (status != TARN_OK) {
        tarn__free(env, handle);
        return status;
    }
    *out = &handle->catalog;
    return TARN_OK;
}
