/* SPDX-License-Identifier: Apache-2.0
 *
 * Lakes: tables by name, in a folder or in a catalog.
 *
 * Invariants
 *  1. A name never leads out of the lake: it holds no '/' and no empty part between dots, so that neither "." nor ".." can come of it.
 *  2. A folder is asked, never remembered: what a name means follows from what is there now, `ns/name` before `ns.name`.
 *  3. Below a catalog nothing is looked for: a name is one of its entries, or nothing.
 *
 * SPEC: Q-LAKE-1 to Q-LAKE-4.
 */
#include "query/relation/lake.h"

#include <stdlib.h>
#include <string.h>

#include "format/base/arena.h"
#include "format/base/bytes.h"

static const struct tarn_text default_namespace = {"default.", 8};

enum tarn_status tarn__lake_open(struct tarn_env *env, struct tarn_text uri, struct tarn__lake *out, struct tarn_error *err)
{
    *out = (struct tarn__lake){env, uri.size != 0 ? uri : TARN_TEXT("."), NULL};
    return tarn_catalog_open(env, out->uri, &out->catalog, err);
}

void tarn__lake_close(struct tarn__lake *lake)
{
    tarn_catalog_close(lake->catalog);
    lake->catalog = NULL;
}

/* ---- from names to URIs ---- */

static enum tarn_status check_name(struct tarn_text name, struct tarn_error *err)
{
    bool empty = true;
    for (size_t i = 0; i < name.size; i++) {
        const char c = name.data[i];
        if (c == '\0' || c == '/' || (c == '.' && empty)) {
            break;
        }
        empty = c == '.';
        if (i + 1 == name.size && !empty) {
            return TARN_OK;
        }
    }
    return tarn__invalid(err, "table_name", "'%.*s' is no name of a table: names have no '/' and nothing empty between dots",
                         TARN_TEXT_ARG(name));
}

void tarn__lake_add_path(const struct tarn__lake *lake, struct tarn_text name, bool folders, struct tarn_text_builder *out)
{
    struct tarn_text uri = lake->uri;
    if (!tarn__text_equal(uri, TARN_TEXT("."))) { /* else the path is the name */
        while (uri.size > 1 && uri.data[uri.size - 1] == '/') {
            uri.size--;
        }
        tarn__builder_add(out, uri);
        if (uri.data[uri.size - 1] != '/') {
            tarn__builder_add_char(out, '/');
        }
    }
    for (size_t i = 0; i < name.size; i++) {
        folders = folders && name.data[i] != '@';
        tarn__builder_add_char(out, folders && name.data[i] == '.' ? '/' : name.data[i]);
    }
}

static enum tarn_status detect(const struct tarn__lake *lake, struct tarn_text uri, const char **format, struct tarn_error *err)
{
    *format = NULL;
    const enum tarn_status status = tarn_table_detect(lake->env, uri, format, err);
    return status == TARN_NOT_FOUND ? TARN_OK : status;
}

/* Of the two folders that a name with dots can mean the first that holds a table; the one of folders when neither does. */
static enum tarn_status add_folder_uri(const struct tarn__lake *lake, struct tarn_text name, struct tarn_text_builder *out,
                                       struct tarn_error *err)
{
    const size_t before = out->size;
    for (int i = 0; i < 2 && memchr(name.data, '.', name.size) != NULL; i++) {
        const char *format;
        tarn__lake_add_path(lake, name, i == 0, out);
        TARN_RETURN_IF_ERROR(tarn__builder_status(out, err));
        TARN_RETURN_IF_ERROR(detect(lake, (struct tarn_text){out->data + before, out->size - before}, &format, err));
        if (format != NULL) {
            return TARN_OK;
        }
        out->size = before;
    }
    tarn__lake_add_path(lake, name, true, out);
    return tarn__builder_status(out, err);
}

static enum tarn_status ignore_entry(void *arg, const struct tarn_catalog_entry *entry, struct tarn_error *err)
{
    (void)arg;
    (void)entry;
    (void)err;
    return TARN_OK;
}

/* A bare name is an entry without a namespace, as some catalogs have them, else one of the namespace "default". */
static enum tarn_status add_catalog_uri(const struct tarn__lake *lake, struct tarn_text name, struct tarn_text_builder *out,
                                        struct tarn_error *err)
{
    tarn__builder_add(out, lake->uri);
    tarn__builder_add_char(out, '#');
    if (memchr(name.data, '.', name.size) == NULL) {
        struct tarn_error local = TARN_ERROR_INIT;
        const enum tarn_status status = tarn_catalog_find(lake->catalog, name, ignore_entry, NULL, &local);
        if (status == TARN_NOT_FOUND) {
            tarn__builder_add(out, default_namespace);
        } else if (status != TARN_OK) {
            if (err != NULL) {
                *err = local;
            }
            return status;
        }
    }
    tarn__builder_add(out, name);
    return tarn__builder_status(out, err);
}

enum tarn_status tarn__lake_add_uri(const struct tarn__lake *lake, struct tarn_text name, struct tarn_text_builder *out,
                                    struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(check_name(name, err));
    return lake->catalog != NULL ? add_catalog_uri(lake, name, out, err) : add_folder_uri(lake, name, out, err);
}

enum tarn_status tarn_lake_table_uri(struct tarn_env *env, struct tarn_text lake, struct tarn_text name, tarn_text_fn fn, void *arg,
                                     struct tarn_error *err)
{
    struct tarn__lake opened;
    struct tarn_text_builder uri;
    TARN_RETURN_IF_ERROR(tarn__lake_open(env, lake, &opened, err));
    tarn__builder_init(&uri, env);
    enum tarn_status status = tarn__lake_add_uri(&opened, name, &uri, err);
    status = status == TARN_OK ? fn(arg, tarn__builder_text(&uri), err) : status;
    tarn__builder_free(&uri);
    tarn__lake_close(&opened);
    return status;
}

/* ---- listing ---- */

struct found {
    struct tarn_text name;
    struct tarn_text uri;
    const char *format;
};

/* The tables of a folder while they are gathered; they are handed out sorted by name, which is not the order of their keys. */
struct gathering {
    const struct tarn__lake *lake;
    struct tarn_store *store;
    struct tarn_arena arena;
    struct found *items;
    size_t count;
    size_t room;
};

/* The first folder behind a place in the listing. */
struct next_folder {
    struct tarn_env *env;
    size_t prefix; /* bytes of the keys that are the folder looked into */
    struct tarn_text_builder name;
    bool found;
};

static enum tarn_status take_folder(void *arg, struct tarn_text key, const struct tarn_object_info *info, struct tarn_error *err)
{
    struct next_folder *next = arg;
    (void)info;
    const char *name = key.data + next->prefix;
    const char *slash = memchr(name, '/', key.size - next->prefix);
    if (slash == NULL) {
        return tarn__check_cancelled(next->env, err);
    }
    tarn__builder_add_bytes(&next->name, name, (size_t)(slash - name));
    next->found = true;
    return tarn__error_set(err, TARN_LIMIT, "folder", "the rest of the folder is not wanted");
}

static enum tarn_status keep_table(struct gathering *gathering, struct tarn_text key, const char *format, struct tarn_text uri,
                                   struct tarn_error *err)
{
    struct tarn_env *env = gathering->lake->env;
    if (!tarn__grow(env, &gathering->items, &gathering->room, gathering->count + 1, sizeof(*gathering->items))) {
        return tarn__nomem(env, err, sizeof(*gathering->items));
    }
    char *name = tarn__arena_alloc(&gathering->arena, key.size + 1);
    const struct tarn_text kept = tarn__arena_text(&gathering->arena, uri);
    if (name == NULL || kept.data == NULL) {
        return tarn__nomem(env, err, key.size + uri.size);
    }
    for (size_t i = 0; i < key.size; i++) {
        name[i] = key.data[i] == '/' ? '.' : key.data[i];
    }
    gathering->items[gathering->count++] = (struct found){{name, key.size}, kept, format};
    return TARN_OK;
}

static enum tarn_status gather(struct gathering *gathering, struct tarn_text prefix, int levels, struct tarn_error *err);

/* A folder of the lake: a table, or a namespace of tables. `prefix` and `name` are its key. */
static enum tarn_status visit(struct gathering *gathering, struct tarn_text prefix, struct tarn_text name, int levels,
                              struct tarn_error *err)
{
    struct tarn_env *env = gathering->lake->env;
    struct tarn_text_builder key;
    struct tarn_text_builder uri;
    const char *format = NULL;
    if (name.size == 0 || name.data[0] == '.') {
        return TARN_OK; /* no name of a table can mean it */
    }
    tarn__builder_init(&key, env);
    tarn__builder_init(&uri, env);
    tarn__builder_add(&key, prefix);
    tarn__builder_add(&key, name);
    tarn__lake_add_path(gathering->lake, tarn__builder_text(&key), false, &uri);
    enum tarn_status status = tarn__builder_status(&key, err);
    status = status == TARN_OK ? tarn__builder_status(&uri, err) : status;
    status = status == TARN_OK ? detect(gathering->lake, tarn__builder_text(&uri), &format, err) : status;
    if (status == TARN_OK && format != NULL) {
        status = keep_table(gathering, tarn__builder_text(&key), format, tarn__builder_text(&uri), err);
    } else if (status == TARN_OK && levels > 1) {
        tarn__builder_add_char(&key, '/');
        status = tarn__builder_status(&key, err);
        status = status == TARN_OK ? gather(gathering, tarn__builder_text(&key), levels - 1, err) : status;
    }
    tarn__builder_free(&uri);
    tarn__builder_free(&key);
    return status;
}

/* Goes from folder to folder by restarting the listing behind each, so that the files of tables are never listed. */
static enum tarn_status gather(struct gathering *gathering, struct tarn_text prefix, int levels, struct tarn_error *err)
{
    struct tarn_env *env = gathering->lake->env;
    struct next_folder next = {.env = env, .prefix = prefix.size};
    struct tarn_text_builder after;
    enum tarn_status status;
    tarn__builder_init(&next.name, env);
    tarn__builder_init(&after, env);
    for (;;) {
        struct tarn_error local = TARN_ERROR_INIT;
        tarn__builder_clear(&next.name);
        next.found = false;
        status = tarn_store_list(gathering->store, prefix, tarn__builder_text(&after), take_folder, &next, &local);
        if (status != TARN_OK && !next.found && err != NULL) {
            *err = local;
        }
        if (!next.found) {
            break;
        }
        status = tarn__builder_status(&next.name, err);
        status = status == TARN_OK ? visit(gathering, prefix, tarn__builder_text(&next.name), levels, err) : status;
        tarn__builder_clear(&after);
        tarn__builder_add(&after, prefix);
        tarn__builder_add(&after, tarn__builder_text(&next.name));
        tarn__builder_add_str(&after, "/\xff"); /* behind all that is in it: keys are UTF-8, which has no such byte */
        status = status == TARN_OK ? tarn__builder_status(&after, err) : status;
        if (status != TARN_OK) {
            break;
        }
    }
    tarn__builder_free(&after);
    tarn__builder_free(&next.name);
    return status;
}

static int by_name(const void *a, const void *b)
{
    return tarn__text_compare(((const struct found *)a)->name, ((const struct found *)b)->name);
}

static enum tarn_status list_folder(const struct tarn__lake *lake, tarn_lake_fn fn, void *arg, struct tarn_error *err)
{
    struct gathering gathering = {.lake = lake};
    TARN_RETURN_IF_ERROR(tarn_store_open(lake->env, lake->uri, false, &gathering.store, err));
    tarn__arena_init(&gathering.arena, lake->env);
    enum tarn_status status = gather(&gathering, (struct tarn_text){NULL, 0}, 2, err);
    if (gathering.count > 1) {
        qsort(gathering.items, gathering.count, sizeof(*gathering.items), by_name);
    }
    for (size_t i = 0; i < gathering.count && status == TARN_OK; i++) {
        const struct found *found = &gathering.items[i];
        const struct tarn_lake_table table = {found->name, found->uri, found->format, false};
        status = fn(arg, &table, err);
    }
    tarn__free(lake->env, gathering.items);
    tarn__arena_free(&gathering.arena);
    tarn_store_close(gathering.store);
    return status;
}

struct entries {
    const struct tarn__lake *lake;
    struct tarn_text_builder uri;
    tarn_lake_fn fn;
    void *arg;
};

static enum tarn_status give_entry(void *arg, const struct tarn_catalog_entry *entry, struct tarn_error *err)
{
    struct entries *entries = arg;
    tarn__builder_clear(&entries->uri);
    tarn__builder_add(&entries->uri, entries->lake->uri);
    tarn__builder_add_char(&entries->uri, '#');
    tarn__builder_add(&entries->uri, entry->name);
    TARN_RETURN_IF_ERROR(tarn__builder_status(&entries->uri, err));
    const struct tarn_lake_table table = {entry->name, tarn__builder_text(&entries->uri), "iceberg", entry->is_view};
    return entries->fn(entries->arg, &table, err);
}

enum tarn_status tarn_lake_tables(struct tarn_env *env, struct tarn_text lake, tarn_lake_fn fn, void *arg, struct tarn_error *err)
{
    struct tarn__lake opened;
    enum tarn_status status = tarn__lake_open(env, lake, &opened, err);
    if (status == TARN_OK && opened.catalog != NULL) {
        struct entries entries = {.lake = &opened, .fn = fn, .arg = arg};
        tarn__builder_init(&entries.uri, env);
        status = tarn_catalog_list(opened.catalog, give_entry, &entries, err);
        tarn__builder_free(&entries.uri);
    } else if (status == TARN_OK) {
        status = list_folder(&opened, fn, arg, err);
    }
    tarn__lake_close(&opened);
    return status;
}
