/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that a table names outside of its folder: from the name to the folder that the host allowed, and the key below it.
 *
 * SPEC: T-ROOT-1, T-ROOT-2.
 *
 * Invariants
 *  1. Only whole segments match: "/lake/t2" is not below "/lake/t". What holds ".." lies below nothing.
 *  2. Everything below an allowed folder is opened through that folder's own store, so that no link leads out of it.
 */
#include <string.h>

#include "format/base/alloc.h"
#include "format/base/text.h"
#include "txlog/core/place.h"

static struct tarn_text without_slashes(struct tarn_text folder)
{
    while (folder.size > 1 && folder.data[folder.size - 1] == '/') {
        folder.size--;
    }
    return folder;
}

/* The key of a path below a folder; empty: it does not lie there. */
static struct tarn_text key_below(struct tarn_text folder, struct tarn_text path)
{
    const struct tarn_text none = {NULL, 0};
    folder = without_slashes(folder);
    if (folder.size == 0 || path.size <= folder.size + 1 || !tarn__text_starts(path, folder)) {
        return none;
    }
    if (folder.size == 1 && folder.data[0] == '/') {
        return (struct tarn_text){path.data + 1, path.size - 1};
    }
    return path.data[folder.size] == '/' ? (struct tarn_text){path.data + folder.size + 1, path.size - folder.size - 1} : none;
}

/* What a key that begins with '/' says: a path, or a URI behind the '/'. */
static struct tarn_text key_of(struct tarn_text given, struct tarn_store *store, struct tarn_text path)
{
    const struct tarn_text behind = {path.data + 1, path.size - 1};
    const struct tarn_text names[] = {path, tarn__place_scheme(behind) != 0 ? behind : path};
    const struct tarn_text folders[] = {given, tarn_store_location(store)};
    for (size_t i = 0; i < 4; i++) {
        const struct tarn_text key = key_below(folders[i / 2], names[i % 2]);
        if (key.size != 0 && !tarn__place_leads_out(key)) {
            return key;
        }
    }
    return (struct tarn_text){NULL, 0};
}

static bool is_absolute(struct tarn_text path)
{
    return path.size > 1 && path.data[0] == '/';
}

struct tarn_text tarn__place_own_key(const struct tarn__place *place, struct tarn_text path)
{
    const struct tarn_text key = is_absolute(path) ? key_of(tarn__text_of(place->uri), place->store, path) : (struct tarn_text){NULL, 0};
    return key.size != 0 ? key : path;
}

enum tarn_status tarn__place_locate(const struct tarn__place *place, struct tarn_text path, struct tarn_store **store,
                                    struct tarn_text *key, struct tarn_error *err)
{
    *store = place->store;
    *key = path;
    if (!tarn__place_leads_out(path)) {
        return TARN_OK;
    }
    for (uint32_t i = 0; is_absolute(path) && i < place->root_count; i++) {
        const struct tarn__place_root *root = &place->roots[i];
        const struct tarn_text below = key_of(tarn__text_of(root->folder), root->store, path);
        if (below.size != 0) {
            *store = root->store;
            *key = below;
            return TARN_OK;
        }
    }
    return tarn__error_set(err, TARN_AUTH, "outside_table",
                           "the table names a file that lies outside its folder; allow the folder that it lies in, if it may be read");
}

static enum tarn_status open_root(struct tarn__place *place, struct tarn_text folder, struct tarn_error *err)
{
    struct tarn__place_root *root = &place->roots[place->root_count];
    struct tarn_error local = TARN_ERROR_INIT;
    const enum tarn_status status = tarn_store_open(place->env, folder, false, &root->store, &local);
    if (status == TARN_NOT_FOUND) {
        tarn__log(place->env, TARN_LOG_WARN, "the allowed folder \"%.*s\" is not there", TARN_TEXT_ARG(folder));
        return TARN_OK;
    }
    if (status != TARN_OK) {
        if (err != NULL) {
            *err = local;
        }
        return status;
    }
    root->folder = tarn__text_dup(place->env, folder);
    if (root->folder == NULL) {
        tarn_store_close(root->store);
        return tarn__nomem(place->env, err, folder.size);
    }
    place->root_count++;
    return TARN_OK;
}

enum tarn_status tarn__place_open_roots(struct tarn__place *place, struct tarn_error *err)
{
    const struct tarn_env_options *options = tarn__env_options(place->env);
    if (options->allowed_folder_count == 0) {
        return TARN_OK;
    }
    place->roots = tarn__calloc(place->env, options->allowed_folder_count, sizeof(*place->roots));
    if (place->roots == NULL) {
        return tarn__nomem(place->env, err, options->allowed_folder_count * sizeof(*place->roots));
    }
    for (uint32_t i = 0; i < options->allowed_folder_count; i++) {
        TARN_RETURN_IF_ERROR(open_root(place, options->allowed_folders[i], err));
    }
    return TARN_OK;
}

enum tarn_status tarn__place_copy_roots(const struct tarn__place *from, struct tarn__place *to, struct tarn_error *err)
{
    if (from->root_count == 0) {
        return TARN_OK;
    }
    to->roots = tarn__calloc(to->env, from->root_count, sizeof(*to->roots));
    if (to->roots == NULL) {
        return tarn__nomem(to->env, err, from->root_count * sizeof(*to->roots));
    }
    for (uint32_t i = 0; i < from->root_count; i++) {
        to->roots[i].folder = tarn__text_dup(to->env, tarn__text_of(from->roots[i].folder));
        if (to->roots[i].folder == NULL) {
            return tarn__nomem(to->env, err, 0);
        }
        to->roots[i].store = tarn_store_retain(from->roots[i].store);
        to->root_count++;
    }
    return TARN_OK;
}

void tarn__place_close_roots(struct tarn__place *place)
{
    for (uint32_t i = 0; i < place->root_count; i++) {
        tarn_store_close(place->roots[i].store);
        tarn__free(place->env, place->roots[i].folder);
    }
    tarn__free(place->env, place->roots);
    place->roots = NULL;
    place->root_count = 0;
}
