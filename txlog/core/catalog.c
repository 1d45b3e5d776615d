/* SPDX-License-Identifier: Apache-2.0
 *
 * Catalogs as the core sees them: references, and calls that are checked once for all implementations.
 */
#include "tarn/catalog.h"

#include <stdatomic.h>
#include <string.h>

#include "format/base/alloc.h"
#include "format/base/text.h"

struct tarn_catalog_shared {
    struct tarn_catalog_ops ops;
    atomic_uint references;
};

enum tarn_status tarn_catalog_init(struct tarn_catalog *catalog, const struct tarn_catalog_ops *ops, struct tarn_env *env,
                                   struct tarn_error *err)
{
    *catalog = (struct tarn_catalog){NULL, NULL, NULL};
    if (ops->size != sizeof(*ops) || ops->name == NULL || ops->find == NULL || ops->list == NULL || ops->place == NULL ||
        ops->swap == NULL || ops->drop == NULL || ops->close == NULL) {
        return tarn__invalid(err, "catalog_ops", "the operations of a catalog are not complete, or of another version of the library");
    }
    struct tarn_catalog_shared *shared = tarn__calloc(env, 1, sizeof(*shared));
    if (shared == NULL) {
        return tarn__nomem(env, err, sizeof(*shared));
    }
    shared->ops = *ops;
    atomic_init(&shared->references, 1);
    *catalog = (struct tarn_catalog){&shared->ops, tarn__env_retain(env), shared};
    return TARN_OK;
}

void tarn_catalog_deinit(struct tarn_catalog *catalog)
{
    struct tarn_env *env = catalog->env;
    tarn__free(env, catalog->shared);
    *catalog = (struct tarn_catalog){NULL, NULL, NULL};
    tarn_env_close(env);
}

enum tarn_status tarn_catalog_open(struct tarn_env *env, struct tarn_text uri, struct tarn_catalog **out, struct tarn_error *err)
{
    *out = NULL;
    const struct tarn_env_options *options = tarn__env_options(env);
    return options->open_catalog != NULL ? options->open_catalog(options->catalog_ctx, env, uri, out, err) : TARN_OK;
}

struct tarn_catalog *tarn_catalog_retain(struct tarn_catalog *catalog)
{
    if (catalog != NULL) {
        atomic_fetch_add_explicit(&catalog->shared->references, 1, memory_order_relaxed);
    }
    return catalog;
}

void tarn_catalog_close(struct tarn_catalog *catalog)
{
    if (catalog != NULL && atomic_fetch_sub_explicit(&catalog->shared->references, 1, memory_order_acq_rel) == 1) {
        catalog->ops->close(catalog);
    }
}

/* Names become rows of a database and folders of a warehouse: what could lead elsewhere is refused once, here. */
static enum tarn_status check_name(struct tarn_text table, struct tarn_error *err)
{
    bool empty = true;
    for (size_t i = 0; i < table.size; i++) {
        const char c = table.data[i];
        if (c == '\0' || c == '/' || (c == '.' && empty)) {
            return tarn__invalid(err, "table_name", "'%.*s' cannot be the name of a table: no '/', no empty part between dots",
                                 TARN_TEXT_ARG(table));
        }
        empty = c == '.';
    }
    return !empty ? TARN_OK : tarn__invalid(err, "table_name", "'%.*s' cannot be the name of a table", TARN_TEXT_ARG(table));
}

enum tarn_status tarn_catalog_find(struct tarn_catalog *catalog, struct tarn_text table, tarn_catalog_fn fn, void *arg,
                                   struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(check_name(table, err));
    return catalog->ops->find(catalog, table, fn, arg, err);
}

enum tarn_status tarn_catalog_list(struct tarn_catalog *catalog, tarn_catalog_fn fn, void *arg, struct tarn_error *err)
{
    return catalog->ops->list(catalog, fn, arg, err);
}

enum tarn_status tarn_catalog_place(struct tarn_catalog *catalog, struct tarn_text table, tarn_text_fn fn, void *arg,
                                    struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(check_name(table, err));
    return catalog->ops->place(catalog, table, fn, arg, err);
}

enum tarn_status tarn_catalog_swap(struct tarn_catalog *catalog, struct tarn_text table, struct tarn_text expected, struct tarn_text next,
                                   struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(check_name(table, err));
    return catalog->ops->swap(catalog, table, expected, next, err);
}

enum tarn_status tarn_catalog_drop(struct tarn_catalog *catalog, struct tarn_text table, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(check_name(table, err));
    return catalog->ops->drop(catalog, table, err);
}
