/* SPDX-License-Identifier: Apache-2.0
 *
 * What a path or a name stands for: a file, a table, a version of a table, many files.
 *
 * Order: what exists under the path as it is written; a pattern; PATH@version of a table; a bare name, or ns.name, in the lake. The first
 * that is there wins, so that no file becomes unreachable because its name holds an '@' or a star. CATALOG#name is an entry of the catalog
 * or nothing. SQL's names go to the lake first.
 */
#include <string.h>

#include "format/base/arena.h"
#include "format/base/bytes.h"
#include "format/base/datetime.h"
#include "format/base/number.h"
#include "format/base/text.h"
#include "query/bind/near_name.h"
#include "query/relation/glob.h"
#include "query/relation/lake.h"
#include "tarn/query.h"

enum { MOST_FILES = 100000, NAMES_LOOKED_AT = 10000 };

struct lookup {
    struct tarn_env *env;
    struct tarn_relation *out;
};

/* "a/b/c" as "a/b" and "c"; "c" as "." and "c". */
static void split_path(struct tarn_text path, struct tarn_text *folder, struct tarn_text *key)
{
    size_t slash = path.size;
    while (slash > 0 && path.data[slash - 1] != '/') {
        slash--;
    }
    *key = (struct tarn_text){path.data + slash, path.size - slash};
    if (slash == 0) {
        *folder = TARN_TEXT(".");
    } else {
        *folder = (struct tarn_text){path.data, slash == 1 ? 1 : slash - 1};
    }
}

static enum tarn_status not_found(struct tarn_error *err, struct tarn_text path)
{
    tarn__error_set(err, TARN_NOT_FOUND, "relation", "there is no file and no table \"%.*s\"", TARN_TEXT_ARG(path));
    tarn__error_at_object(err, path);
    return TARN_NOT_FOUND;
}

static enum tarn_status open_table(struct lookup *lookup, struct tarn_text path, const struct tarn_snapshot_options *options,
                                   struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tarn_snapshot_load(lookup->env, path, options, &lookup->out->snapshot, err));
    const enum tarn_status status = tarn_snapshot_source(lookup->out->snapshot, &lookup->out->source, err);
    if (status != TARN_OK) {
        tarn_snapshot_close(lookup->out->snapshot);
        lookup->out->snapshot = NULL;
    }
    lookup->out->kind = TARN_RELATION_TABLE;
    return status;
}

static enum tarn_status is_table(struct lookup *lookup, struct tarn_text path, bool *yes, struct tarn_error *err)
{
    const char *format = NULL;
    const enum tarn_status status = tarn_table_detect(lookup->env, path, &format, err);
    *yes = status == TARN_OK && format != NULL;
    return status == TARN_NOT_FOUND ? TARN_OK : status;
}

/* A table or a file by exactly this path; NOT_FOUND when there is neither. */
static enum tarn_status open_literal(struct lookup *lookup, struct tarn_text path, struct tarn_error *err)
{
    bool table;
    TARN_RETURN_IF_ERROR(is_table(lookup, path, &table, err));
    if (table) {
        return open_table(lookup, path, NULL, err);
    }
    struct tarn_text folder;
    struct tarn_text key;
    struct tarn_store *store;
    struct tarn_object_info info;
    split_path(path, &folder, &key);
    if (key.size == 0) {
        return not_found(err, path);
    }
    enum tarn_status status = tarn_store_open(lookup->env, folder, false, &store, err);
    if (status != TARN_OK) {
        return status == TARN_NOT_FOUND ? not_found(err, path) : status;
    }
    status = tarn_store_head(store, key, &info, err);
    if (status == TARN_OK) {
        lookup->out->kind = TARN_RELATION_FILE;
        status = tarn_file_open(store, key, TARN_FILE_AUTO, &lookup->out->source, err);
    } else if (status == TARN_NOT_FOUND || status == TARN_INVALID) { /* INVALID: no key of a store, so nothing can be there */
        status = not_found(err, path);
    }
    tarn_store_close(store);
    return status;
}

/* ---- PATH@version ---- */

/* v3, a time, or a name of a ref; ref:NAME when the name would be one of the others. False: too long to be one. */
static bool parse_travel(struct tarn_text text, struct tarn_snapshot_options *out)
{
    static const struct tarn_snapshot_options init = TARN_SNAPSHOT_OPTIONS_INIT;
    int64_t version;
    int64_t micros;
    *out = init;
    const struct tarn_text digits = {text.data + 1, text.size - 1};
    if (text.size > 4 && memcmp(text.data, "ref:", 4) == 0) {
        out->ref = (struct tarn_text){text.data + 4, text.size - 4};
    } else if (text.size > 1 && text.data[0] == 'v' && tarn__int64_parse(digits, &version) == TARN_PARSED && version != -1) {
        out->version = version;
    } else if (tarn__timestamp_parse(text, 6, &micros, NULL) == TARN_PARSED) {
        out->as_of = micros;
    } else {
        out->ref = text;
    }
    return text.size < 256;
}

/* At the last '@'. False: there is none, or nothing beside it. */
static bool split_travel(struct tarn_text path, struct tarn_text *base, struct tarn_snapshot_options *options)
{
    size_t at = path.size;
    while (at > 0 && path.data[at - 1] != '@') {
        at--;
    }
    *base = (struct tarn_text){path.data, at > 0 ? at - 1 : 0};
    return at > 1 && at != path.size && parse_travel((struct tarn_text){path.data + at, path.size - at}, options);
}

static enum tarn_status open_version(struct lookup *lookup, struct tarn_text path, struct tarn_error *err)
{
    struct tarn_snapshot_options options;
    struct tarn_text base;
    bool table;
    if (!split_travel(path, &base, &options)) {
        return not_found(err, path);
    }
    TARN_RETURN_IF_ERROR(is_table(lookup, base, &table, err));
    return table ? open_table(lookup, base, &options, err) : not_found(err, path);
}

/* ---- patterns ---- */

struct matches {
    struct lookup *lookup;
    struct tarn_store *store;
    struct tarn_text pattern; /* relative to the store's root */
    struct tarn_source **sources;
    size_t count;
    size_t room;
};

static enum tarn_status take_match(void *arg, struct tarn_text key, const struct tarn_object_info *info, struct tarn_error *err)
{
    struct matches *matches = arg;
    struct tarn_env *env = matches->lookup->env;
    (void)info;
    if (!tarn__glob_match(matches->pattern, key)) {
        return tarn__check_cancelled(env, err);
    }
    if (matches->count == MOST_FILES) {
        return tarn__error_set(err, TARN_LIMIT, "files", "the pattern matches more than %d files", MOST_FILES);
    }
    if (!tarn__grow(env, &matches->sources, &matches->room, matches->count + 1, sizeof(struct tarn_source *))) {
        return tarn__nomem(env, err, sizeof(struct tarn_source *));
    }
    TARN_RETURN_IF_ERROR(tarn_file_open(matches->store, key, TARN_FILE_AUTO, &matches->sources[matches->count], err));
    matches->count++;
    return TARN_OK;
}

static enum tarn_status concat_matches(struct matches *matches, struct tarn_text path, struct tarn_error *err)
{
    if (matches->count == 0) {
        tarn__error_set(err, TARN_NOT_FOUND, "relation", "no file matches \"%.*s\"", TARN_TEXT_ARG(path));
        return TARN_NOT_FOUND;
    }
    const enum tarn_status status =
        tarn_source_concat(matches->lookup->env, (uint32_t)matches->count, matches->sources, &matches->lookup->out->source, err);
    matches->count = 0; /* concat has taken them over */
    return status;
}

static enum tarn_status open_pattern(struct lookup *lookup, struct tarn_text path, struct tarn_error *err)
{
    size_t first = 0;
    while (!tarn__glob_is_pattern((struct tarn_text){path.data + first, 1})) {
        first++;
    }
    struct tarn_text folder;
    struct tarn_text rest;
    split_path((struct tarn_text){path.data, first}, &folder, &rest);
    struct matches matches = {.lookup = lookup, .pattern = {rest.data, (size_t)(path.data + path.size - rest.data)}};
    TARN_RETURN_IF_ERROR(tarn_store_open(lookup->env, folder, false, &matches.store, err));
    enum tarn_status status = tarn_store_list(matches.store, rest, (struct tarn_text){NULL, 0}, take_match, &matches, err);
    lookup->out->kind = TARN_RELATION_GLOB;
    status = status == TARN_OK ? concat_matches(&matches, path, err) : status;
    for (size_t i = 0; i < matches.count; i++) {
        tarn_source_close(matches.sources[i]);
    }
    tarn__free(lookup->env, matches.sources);
    tarn_store_close(matches.store);
    return status;
}

/* ---- catalogs ---- */

static enum tarn_status ignore_entry(void *arg, const struct tarn_catalog_entry *entry, struct tarn_error *err)
{
    (void)arg;
    (void)entry;
    (void)err;
    return TARN_OK;
}

/* *found false with OK: the catalog has no such entry. What is wrong with one that is there is an error. */
static enum tarn_status open_entry(struct lookup *lookup, const struct tarn__lake *lake, struct tarn_text name,
                                   const struct tarn_snapshot_options *options, bool *found, struct tarn_error *err)
{
    struct tarn_error local = TARN_ERROR_INIT;
    struct tarn_text_builder uri;
    tarn__builder_init(&uri, lookup->env);
    enum tarn_status status = tarn__lake_add_uri(lake, name, &uri, &local);
    if (status == TARN_OK) {
        const size_t before = lake->uri.size + 1; /* the '#' */
        const struct tarn_text entry = {uri.data + before, uri.size - before};
        status = tarn_catalog_find(lake->catalog, entry, ignore_entry, NULL, &local);
    }
    *found = status == TARN_OK;
    if (status == TARN_OK) {
        status = open_table(lookup, tarn__builder_text(&uri), options, &local);
    } else if (status == TARN_NOT_FOUND || (status == TARN_INVALID && strcmp(local.detail, "table_name") == 0)) {
        status = TARN_OK;
    }
    tarn__builder_free(&uri);
    if (status != TARN_OK && err != NULL) {
        *err = local;
    }
    return status;
}

/* A name, or NAME@version, of a catalog. Nothing else is looked for below it: it is no folder. */
static enum tarn_status open_in_catalog(struct lookup *lookup, const struct tarn__lake *lake, struct tarn_text name, struct tarn_error *err)
{
    struct tarn_snapshot_options options;
    struct tarn_text base = {NULL, 0};
    bool found;
    TARN_RETURN_IF_ERROR(open_entry(lookup, lake, name, NULL, &found, err));
    if (!found && split_travel(name, &base, &options)) {
        TARN_RETURN_IF_ERROR(open_entry(lookup, lake, base, &options, &found, err));
    }
    return found ? TARN_OK : not_found(err, name);
}

/* CATALOG#name. *is false: what stands before the '#' is no catalog, and nothing was tried. */
static enum tarn_status open_catalog_path(struct lookup *lookup, struct tarn_text path, bool *is, struct tarn_error *err)
{
    const char *hash = memrchr(path.data, '#', path.size);
    *is = false;
    if (hash == NULL || hash == path.data) {
        return TARN_OK;
    }
    struct tarn__lake lake;
    TARN_RETURN_IF_ERROR(tarn__lake_open(lookup->env, (struct tarn_text){path.data, (size_t)(hash - path.data)}, &lake, err));
    enum tarn_status status = TARN_OK;
    if (lake.catalog != NULL) {
        *is = true;
        status = open_in_catalog(lookup, &lake, (struct tarn_text){hash + 1, path.size - (size_t)(hash + 1 - path.data)}, err);
    }
    tarn__lake_close(&lake);
    return status;
}

/* ---- the lake ---- */

struct offers {
    struct tarn__near_names near;
    struct tarn_arena names; /* copies: a listed key lives only during the call */
    uint32_t looked_at;
};

static enum tarn_status offer(struct offers *offers, struct tarn_text name, struct tarn_error *err)
{
    const struct tarn_text copy = tarn__arena_text(&offers->names, name);
    if (copy.data == NULL || offers->looked_at++ == NAMES_LOOKED_AT) {
        return tarn__error_set(err, TARN_LIMIT, "names", "enough for a suggestion");
    }
    tarn__near_offer(&offers->near, copy);
    return TARN_OK;
}

static enum tarn_status offer_key(void *arg, struct tarn_text key, const struct tarn_object_info *info, struct tarn_error *err)
{
    (void)info;
    const char *slash = memchr(key.data, '/', key.size);
    return offer(arg, (struct tarn_text){key.data, slash != NULL ? (size_t)(slash - key.data) : key.size}, err);
}

static enum tarn_status offer_table(void *arg, const struct tarn_lake_table *table, struct tarn_error *err)
{
    return table->is_view ? TARN_OK : offer(arg, table->name, err);
}

static enum tarn_status offer_all(const struct tarn__lake *lake, struct offers *offers)
{
    const struct tarn_text all = {NULL, 0};
    struct tarn_store *store;
    TARN_RETURN_IF_ERROR(tarn_lake_tables(lake->env, lake->uri, offer_table, offers, NULL));
    if (lake->catalog != NULL) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(tarn_store_open(lake->env, lake->uri, false, &store, NULL));
    const enum tarn_status status = tarn_store_list(store, all, all, offer_key, offers, NULL);
    tarn_store_close(store);
    return status;
}

/* NOT_FOUND that names what is nearest in the lake. A listing that fails only costs the suggestion. */
static enum tarn_status suggest(const struct tarn__lake *lake, struct tarn_text path, struct tarn_error *err)
{
    struct offers offers = {.near = {.wanted = path}};
    char text[400] = "";
    tarn__arena_init(&offers.names, lake->env);
    const enum tarn_status listed = offer_all(lake, &offers);
    if (listed == TARN_OK || listed == TARN_LIMIT) {
        tarn__near_print(&offers.near, text, sizeof(text));
    }
    tarn__error_set(err, TARN_NOT_FOUND, "relation", "there is no file and no table \"%.*s\"%s", TARN_TEXT_ARG(path), text);
    tarn__arena_free(&offers.names);
    return TARN_NOT_FOUND;
}

static enum tarn_status open_path(struct lookup *lookup, struct tarn_text path, struct tarn_error *err)
{
    bool in_catalog;
    enum tarn_status status = open_catalog_path(lookup, path, &in_catalog, err);
    if (status != TARN_OK || in_catalog) {
        return status;
    }
    status = open_literal(lookup, path, err);
    if (status == TARN_NOT_FOUND && lookup->out->snapshot == NULL && tarn__glob_is_pattern(path)) {
        status = open_pattern(lookup, path, err);
    } else if (status == TARN_NOT_FOUND && path.size != 0 && memchr(path.data, '@', path.size) != NULL) {
        status = open_version(lookup, path, err);
    }
    return status;
}

/* lake/name, and lake/ns/name for ns.name; a dot behind '@' belongs to the time. A file's name may have dots too. */
static enum tarn_status open_in_folder(struct lookup *lookup, const struct tarn__lake *lake, struct tarn_text name, struct tarn_error *err)
{
    struct tarn_text_builder path;
    enum tarn_status status = TARN_NOT_FOUND;
    tarn__builder_init(&path, lookup->env);
    for (int folders = 1; folders >= 0 && status == TARN_NOT_FOUND; folders--) {
        tarn__builder_clear(&path);
        tarn__lake_add_path(lake, name, folders == 1, &path);
        status = tarn__builder_status(&path, err);
        status = status == TARN_OK ? open_path(lookup, tarn__builder_text(&path), err) : status;
    }
    tarn__builder_free(&path);
    return status;
}

static bool is_missing(enum tarn_status status, const struct tarn_error *err)
{
    return status == TARN_NOT_FOUND && strcmp(err->detail, "relation") == 0;
}

/* `lake_first`: the lake before the path as it is written. A path with '/' is in a folder, never in a catalog. */
static enum tarn_status open_somewhere(struct lookup *lookup, const struct tarn__lake *lake, struct tarn_text path, bool lake_first,
                                       struct tarn_error *err)
{
    const bool bare = memchr(path.data, '/', path.size) == NULL;
    enum tarn_status status = TARN_NOT_FOUND;
    for (int i = 0; i < 2 && status == TARN_NOT_FOUND; i++) {
        struct tarn_error local = TARN_ERROR_INIT;
        if ((i == 0) != lake_first) {
            status = open_path(lookup, path, &local);
        } else if (bare || (lake_first && lake->catalog == NULL)) {
            status = lake->catalog != NULL ? open_in_catalog(lookup, lake, path, &local) : open_in_folder(lookup, lake, path, &local);
        } else {
            continue;
        }
        if (status != TARN_OK && err != NULL) {
            *err = local;
        }
        if (status != TARN_OK && !is_missing(status, &local)) {
            break;
        }
    }
    return bare && err != NULL && is_missing(status, err) ? suggest(lake, path, err) : status;
}

static enum tarn_status open_relation(struct tarn_env *env, struct tarn_text lake, struct tarn_text path, bool lake_first,
                                      struct tarn_relation *out, struct tarn_error *err)
{
    *out = (struct tarn_relation){TARN_RELATION_FILE, NULL, NULL};
    struct lookup lookup = {env, out};
    struct tarn_error local = TARN_ERROR_INIT;
    struct tarn__lake opened;
    if (path.size == 0) {
        return tarn__invalid(err, "path", "an empty path names nothing");
    }
    TARN_RETURN_IF_ERROR(tarn__lake_open(env, lake, &opened, err));
    const enum tarn_status status = open_somewhere(&lookup, &opened, path, lake_first, &local);
    tarn__lake_close(&opened);
    if (status != TARN_OK && err != NULL) {
        *err = local;
    }
    return status;
}

enum tarn_status tarn_relation_open(struct tarn_env *env, struct tarn_text lake, struct tarn_text path, struct tarn_relation *out,
                                    struct tarn_error *err)
{
    return open_relation(env, lake, path, false, out, err);
}

enum tarn_status tarn__relation_by_name(struct tarn_env *env, struct tarn_text lake, struct tarn_text name, struct tarn_relation *out,
                                        struct tarn_error *err)
{
    return open_relation(env, lake, name, true, out, err);
}

void tarn_relation_close(struct tarn_relation *relation)
{
    if (relation != NULL) {
        tarn_source_close(relation->source);
        tarn_snapshot_close(relation->snapshot);
        relation->source = NULL;
        relation->snapshot = NULL;
    }
}
