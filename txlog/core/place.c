/* SPDX-License-Identifier: Apache-2.0
 *
 * Places of tables.
 *
 * Invariants
 *  1. Only a '#' behind a scheme can belong to a catalog: folders may have any name.
 *  2. A metadata file is recognised by its name alone, so that asking costs nothing.
 */
#include "txlog/core/place.h"

#include <string.h>

#include "format/base/alloc.h"
#include "format/base/text.h"
#include "format/base/utf8.h"

static const char metadata_ending[] = ".metadata.json";
static const char gzip_ending[] = ".metadata.json.gz";

static bool ends_with(struct tarn_text text, const char *ending)
{
    const size_t size = strlen(ending);
    return text.size > size && memcmp(text.data + text.size - size, ending, size) == 0;
}

bool tarn__place_split_metadata(struct tarn_text location, struct tarn_text *folder, struct tarn_text *key)
{
    if (!ends_with(location, metadata_ending) && !ends_with(location, gzip_ending)) {
        return false;
    }
    size_t at = location.size;
    for (int slashes = 0; at > 0; at--) {
        if (location.data[at - 1] != '/') {
            continue;
        }
        if (++slashes == 2) {
            break;
        }
    }
    *key = (struct tarn_text){location.data + at, location.size - at};
    *folder = at > 1 ? (struct tarn_text){location.data, at - 1} : at == 1 ? TARN_TEXT("/") : TARN_TEXT(".");
    return memchr(key->data, '/', key->size) != NULL;
}

size_t tarn__place_scheme(struct tarn_text uri)
{
    if (uri.size == 0 || !tarn__is_letter(uri.data[0])) {
        return 0;
    }
    for (size_t i = 1; i < uri.size; i++) {
        const char c = uri.data[i];
        if (c == ':') {
            return i + 1;
        }
        if (!tarn__is_letter(c) && !tarn__is_digit(c) && c != '+' && c != '-' && c != '.') {
            return 0;
        }
    }
    return 0;
}

bool tarn__place_leads_out(struct tarn_text path)
{
    if (path.size == 0 || path.data[0] == '/') {
        return true;
    }
    for (size_t i = 0; i < path.size;) {
        const char *slash = memchr(path.data + i, '/', path.size - i);
        const size_t end = slash != NULL ? (size_t)(slash - path.data) : path.size;
        if (end - i == 2 && path.data[i] == '.' && path.data[i + 1] == '.') {
            return true;
        }
        i = end + 1;
    }
    return false;
}

static enum tarn_status keep(struct tarn_env *env, struct tarn_text text, char **out, struct tarn_error *err)
{
    *out = tarn__text_dup(env, text);
    return *out == NULL ? tarn__nomem(env, err, text.size) : TARN_OK;
}

/* The catalog part of a URI and the name behind it; false: no '#' that could belong to a catalog. */
static bool split_catalog(struct tarn_text uri, struct tarn_text *catalog, struct tarn_text *name)
{
    const char *hash = uri.size != 0 ? memrchr(uri.data, '#', uri.size) : NULL;
    const char *colon = uri.size != 0 ? memchr(uri.data, ':', uri.size) : NULL;
    if (hash == NULL || colon == NULL || colon > hash) {
        return false;
    }
    *catalog = (struct tarn_text){uri.data, (size_t)(hash - uri.data)};
    *name = (struct tarn_text){hash + 1, uri.size - catalog->size - 1};
    return true;
}

static enum tarn_status take_entry(void *arg, const struct tarn_catalog_entry *entry, struct tarn_error *err)
{
    struct tarn__place *place = arg;
    if (entry->is_view) {
        return tarn__unsupported(err, "catalog.view", "'%.*s' is a view", TARN_TEXT_ARG(entry->name));
    }
    return keep(place->env, entry->metadata_location, &place->pointer, err);
}

static enum tarn_status open_metadata(struct tarn__place *place, struct tarn_text location, struct tarn_error *err)
{
    struct tarn_text folder;
    struct tarn_text key;
    if (!tarn__place_split_metadata(location, &folder, &key)) {
        return tarn__unsupported(err, "catalog.location", "the catalog names '%.*s', which is no metadata file in a table's folder",
                                 TARN_TEXT_ARG(location));
    }
    TARN_RETURN_IF_ERROR(keep(place->env, key, &place->entry, err));
    return tarn_store_open(place->env, folder, false, &place->store, err);
}

/* Fills catalog, name and pointer when the URI is a catalog's. */
static enum tarn_status ask_catalog(struct tarn__place *place, struct tarn_text uri, struct tarn_error *err)
{
    struct tarn_text catalog;
    struct tarn_text name;
    if (!split_catalog(uri, &catalog, &name)) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(tarn_catalog_open(place->env, catalog, &place->catalog, err));
    if (place->catalog == NULL) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(keep(place->env, name, &place->name, err));
    return tarn_catalog_find(place->catalog, name, take_entry, place, err);
}

static enum tarn_status find(struct tarn__place *place, struct tarn_text uri, struct tarn_error *err)
{
    struct tarn_text folder;
    struct tarn_text key;
    TARN_RETURN_IF_ERROR(keep(place->env, uri, &place->uri, err));
    TARN_RETURN_IF_ERROR(ask_catalog(place, uri, err));
    if (place->catalog != NULL) {
        return open_metadata(place, tarn__text_of(place->pointer), err);
    }
    return tarn__place_split_metadata(uri, &folder, &key) ? open_metadata(place, uri, err)
                                                          : tarn_store_open(place->env, uri, false, &place->store, err);
}

static enum tarn_status open_new_folder(void *arg, struct tarn_text folder, struct tarn_error *err)
{
    struct tarn__place *place = arg;
    return tarn_store_open(place->env, folder, true, &place->store, err);
}

static enum tarn_status make(struct tarn__place *place, struct tarn_text uri, struct tarn_error *err)
{
    struct tarn_text folder;
    struct tarn_text key;
    TARN_RETURN_IF_ERROR(keep(place->env, uri, &place->uri, err));
    struct tarn_error local = TARN_ERROR_INIT;
    const enum tarn_status status = ask_catalog(place, uri, &local);
    if (status != TARN_OK && (status != TARN_NOT_FOUND || place->catalog == NULL)) {
        if (err != NULL) {
            *err = local;
        }
        return status;
    }
    if (place->pointer != NULL) {
        return tarn__error_set(err, TARN_EXISTS, "table", "the catalog has a table '%s' already", place->name);
    }
    if (place->catalog != NULL) {
        return tarn_catalog_place(place->catalog, tarn__text_of(place->name), open_new_folder, place, err);
    }
    if (tarn__place_split_metadata(uri, &folder, &key)) {
        return tarn__invalid(err, "path", "a table is made in a folder, not in a metadata file");
    }
    return tarn_store_open(place->env, uri, true, &place->store, err);
}

enum tarn_status tarn__place_find(struct tarn_env *env, struct tarn_text uri, struct tarn__place *out, struct tarn_error *err)
{
    *out = (struct tarn__place){.env = tarn__env_retain(env)};
    enum tarn_status status = find(out, uri, err);
    if (status == TARN_OK) {
        status = tarn__place_open_roots(out, err);
    }
    if (status != TARN_OK) {
        tarn__error_at_object(err, uri);
        tarn__place_close(out);
    }
    return status;
}

enum tarn_status tarn__place_open_folder(struct tarn_env *env, struct tarn_text uri, struct tarn__place *out, struct tarn_error *err)
{
    *out = (struct tarn__place){.env = tarn__env_retain(env)};
    enum tarn_status status = keep(env, uri, &out->uri, err);
    if (status == TARN_OK) {
        status = tarn_store_open(env, uri, false, &out->store, err);
    }
    if (status == TARN_OK) {
        status = tarn__place_open_roots(out, err);
    }
    if (status != TARN_OK) {
        tarn__error_at_object(err, uri);
        tarn__place_close(out);
    }
    return status;
}

enum tarn_status tarn__place_make(struct tarn_env *env, struct tarn_text uri, struct tarn__place *out, struct tarn_error *err)
{
    *out = (struct tarn__place){.env = tarn__env_retain(env)};
    const enum tarn_status status = make(out, uri, err);
    if (status != TARN_OK) {
        tarn__error_at_object(err, uri);
        tarn__place_close(out);
    }
    return status;
}

enum tarn_status tarn__place_copy(const struct tarn__place *from, struct tarn__place *out, struct tarn_error *err)
{
    *out = (struct tarn__place){
        .env = tarn__env_retain(from->env),
        .store = tarn_store_retain(from->store),
        .catalog = tarn_catalog_retain(from->catalog),
    };
    char *const texts[] = {from->uri, from->entry, from->name, from->pointer};
    char **const copies[] = {&out->uri, &out->entry, &out->name, &out->pointer};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i] != NULL) {
            const enum tarn_status status = keep(from->env, tarn__text_of(texts[i]), copies[i], err);
            if (status != TARN_OK) {
                tarn__place_close(out);
                return status;
            }
        }
    }
    const enum tarn_status status = tarn__place_copy_roots(from, out, err);
    if (status != TARN_OK) {
        tarn__place_close(out);
    }
    return status;
}

void tarn__place_close(struct tarn__place *place)
{
    if (place->env == NULL) {
        return;
    }
    tarn__place_close_roots(place);
    tarn_store_close(place->store);
    tarn_catalog_close(place->catalog);
    tarn__free(place->env, place->uri);
    tarn__free(place->env, place->entry);
    tarn__free(place->env, place->name);
    tarn__free(place->env, place->pointer);
    tarn_env_close(place->env);
    *place = (struct tarn__place){0};
}
