/* SPDX-License-Identifier: Apache-2.0
 *
 * Which metadata file of a table is its newest.
 *
 * Specification: Iceberg table spec, "File System Tables", "Metastore Tables"; "Naming for GZIP compressed Metadata JSON files".
 *
 * Invariants
 *  1. A catalog's word is final. Without one, a counted name (v<N>) is committed by whoever makes it first, so the highest N is the newest.
 *  2. version-hint.text only shortens the way: it may be behind, ahead, damaged or gone. What comes after it is looked for.
 *  3. Of names that say no order, the hint decides, then the time of the file: the most that a folder alone can say.
 */
#include <stdio.h>
#include <string.h>

#include "format/base/bytes.h"
#include "format/base/utf8.h"
#include "txlog/iceberg/iceberg_format.h"
#include "txlog/iceberg/iceberg_state.h"

#define METADATA "metadata/"
#define HINT METADATA "version-hint.text"

enum { MOST_HINT = 512, MOST_PROBES = 64 };

/* In the order in which they are tried. */
static const char *const endings[] = {".metadata.json", ".gz.metadata.json", ".metadata.json.gz"};
enum { ENDING_COUNT = sizeof(endings) / sizeof(endings[0]) };

bool tarn__iceberg_metadata_name_parse(struct tarn_text key, struct tarn__iceberg_metadata_name *out)
{
    *out = (struct tarn__iceberg_metadata_name){.key = key, .number = -1};
    const char *slash = key.size != 0 ? memrchr(key.data, '/', key.size) : NULL;
    struct tarn_text stem = key;
    if (slash != NULL) {
        stem = (struct tarn_text){slash + 1, key.size - (size_t)(slash + 1 - key.data)};
    }
    size_t ending = 0;
    for (size_t i = 0; i < ENDING_COUNT; i++) {
        const struct tarn_text text = tarn__text_of(endings[i]);
        if (text.size > ending && tarn__text_ends(stem, text)) {
            ending = text.size;
        }
    }
    if (ending == 0 || stem.size == ending) {
        return false;
    }
    stem.size -= ending;
    const bool counted = stem.data[0] == 'v';
    size_t digits = counted;
    while (digits < stem.size && tarn__is_digit(stem.data[digits])) {
        digits++;
    }
    uint64_t number;
    const struct tarn_text number_text = {stem.data + counted, digits - counted};
    const bool whole = counted ? digits == stem.size : digits < stem.size && stem.data[digits] == '-';
    if (whole && tarn__uint64_parse(number_text, &number) == TARN_PARSED && number <= INT64_MAX) {
        out->number = (int64_t)number;
        out->is_counted = counted;
    }
    return true;
}

/* ---- catalogs ---- */

struct answer {
    struct tarn_arena *arena;
    struct tarn_text location;
};

static enum tarn_status take_answer(void *arg, const struct tarn_catalog_entry *entry, struct tarn_error *err)
{
    struct answer *answer = arg;
    if (entry->is_view) {
        return tarn__unsupported(err, "catalog.view", "'%.*s' is a view", TARN_TEXT_ARG(entry->name));
    }
    answer->location = tarn__arena_text(answer->arena, entry->metadata_location);
    return answer->location.data == NULL ? tarn__nomem(answer->arena->env, err, entry->metadata_location.size) : TARN_OK;
}

static enum tarn_status newest_in_catalog(const struct tarn__place *place, bool ask, struct tarn_arena *arena,
                                          struct tarn__iceberg_metadata_name *out, struct tarn_error *err)
{
    struct answer answer = {.arena = arena};
    if (ask || place->pointer == NULL) {
        TARN_RETURN_IF_ERROR(tarn_catalog_find(place->catalog, tarn__text_of(place->name), take_answer, &answer, err));
    } else {
        answer.location = tarn__arena_text(arena, tarn__text_of(place->pointer));
        if (answer.location.data == NULL) {
            return tarn__nomem(arena->env, err, strlen(place->pointer));
        }
    }
    struct tarn_text folder;
    struct tarn_text key;
    struct tarn_text old_folder;
    struct tarn_text old_key;
    if (!tarn__place_split_metadata(answer.location, &folder, &key)) {
        return tarn__unsupported(err, "catalog.location", "the catalog names '%.*s', which is no metadata file in a table's folder",
                                 TARN_TEXT_ARG(answer.location));
    }
    if (place->pointer != NULL && tarn__place_split_metadata(tarn__text_of(place->pointer), &old_folder, &old_key) &&
        !tarn__text_equal(folder, old_folder)) {
        return tarn__error_set(err, TARN_CONFLICT, "table_moved", "the catalog has put another table under this name since it was opened");
    }
    tarn__iceberg_metadata_name_parse(key, out);
    out->location = answer.location;
    return TARN_OK;
}

/* ---- folders ---- */

/* Is "metadata/STEM" + one of the endings there? *key is in the arena, or empty. */
static enum tarn_status probe(struct tarn_store *store, struct tarn_text stem, struct tarn_arena *arena, struct tarn_text *key,
                              struct tarn_error *err)
{
    *key = (struct tarn_text){"", 0};
    char name[sizeof(METADATA) + MOST_HINT + 32];
    for (size_t i = 0; i < ENDING_COUNT; i++) {
        const int size = snprintf(name, sizeof(name), METADATA "%.*s%s", TARN_TEXT_ARG(stem), endings[i]);
        const struct tarn_text text = {name, (size_t)size};
        struct tarn_object_info info;
        struct tarn_error local = TARN_ERROR_INIT;
        const enum tarn_status status = tarn_store_head(store, text, &info, &local);
        if (status == TARN_OK) {
            *key = tarn__arena_text(arena, text);
            return key->data == NULL ? tarn__nomem(arena->env, err, text.size) : TARN_OK;
        }
        if (status != TARN_NOT_FOUND && status != TARN_INVALID) {
            if (err != NULL) {
                *err = local;
            }
            return status;
        }
    }
    return TARN_OK;
}

static enum tarn_status probe_number(struct tarn_store *store, uint64_t number, struct tarn_arena *arena, struct tarn_text *key,
                                     struct tarn_error *err)
{
    char stem[24];
    const int size = snprintf(stem, sizeof(stem), "v%llu", (unsigned long long)number);
    return probe(store, (struct tarn_text){stem, (size_t)size}, arena, key, err);
}

/* What the hint says, without white space and without a metadata file's ending; empty: nothing that helps. */
static struct tarn_text read_hint(struct tarn_store *store, char text[MOST_HINT])
{
    struct tarn_object *object;
    struct tarn_text hint = {text, 0};
    if (tarn_object_open(store, TARN_TEXT(HINT), &object, NULL) != TARN_OK) {
        return hint;
    }
    const uint64_t size = tarn_object_info(object).size;
    if (size != 0 && size <= MOST_HINT) {
        const struct tarn_read_range range = {0, (size_t)size, (uint8_t *)text};
        if (tarn_object_read(object, 1, &range, NULL) == TARN_OK) {
            hint.size = (size_t)size;
        }
    }
    tarn_object_close(object);
    while (hint.size != 0 && (unsigned char)hint.data[hint.size - 1] <= ' ') {
        hint.size--;
    }
    while (hint.size != 0 && (unsigned char)hint.data[0] <= ' ') {
        hint.data++;
        hint.size--;
    }
    for (size_t i = 0; i < hint.size; i++) {
        const char c = hint.data[i];
        if (!tarn__is_letter(c) && !tarn__is_digit(c) && c != '-' && c != '_' && c != '.') {
            return (struct tarn_text){text, 0};
        }
    }
    return hint;
}

/* From a counted hint forward; *key stays empty when the hint does not lead to a file, or the newest is far from it. */
static enum tarn_status follow_hint(struct tarn_store *store, uint64_t number, struct tarn_arena *arena, struct tarn_text *key,
                                    struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(probe_number(store, number, arena, key, err));
    for (int i = 0; key->size != 0; i++) {
        struct tarn_text next;
        if (i == MOST_PROBES || number == INT64_MAX) {
            *key = (struct tarn_text){"", 0};
            return TARN_OK;
        }
        TARN_RETURN_IF_ERROR(probe_number(store, ++number, arena, &next, err));
        if (next.size == 0) {
            return TARN_OK;
        }
        *key = next;
    }
    return TARN_OK;
}

struct search {
    struct tarn_arena *arena;
    struct tarn_text hinted; /* key of what the hint names; empty: nothing */
    bool found;
    struct tarn__iceberg_metadata_name best;
    int64_t modified;
};

static bool is_better(const struct search *search, const struct tarn__iceberg_metadata_name *name, int64_t modified)
{
    if (!search->found || name->number != search->best.number) {
        return !search->found || name->number > search->best.number;
    }
    if (search->hinted.size != 0 && tarn__text_equal(search->best.key, search->hinted)) {
        return false;
    }
    return tarn__text_equal(name->key, search->hinted) || modified >= search->modified; /* a tie in time: the later name */
}

static enum tarn_status consider(void *arg, struct tarn_text key, const struct tarn_object_info *info, struct tarn_error *err)
{
    struct search *search = arg;
    struct tarn__iceberg_metadata_name name;
    const struct tarn_text base = {key.data + sizeof(METADATA) - 1, key.size - (sizeof(METADATA) - 1)};
    if (memchr(base.data, '/', base.size) != NULL || !tarn__iceberg_metadata_name_parse(key, &name) ||
        !is_better(search, &name, info->modified)) {
        return TARN_OK;
    }
    name.key = tarn__arena_text(search->arena, key);
    if (name.key.data == NULL) {
        return tarn__nomem(search->arena->env, err, key.size);
    }
    search->found = true;
    search->best = name;
    search->modified = info->modified;
    return TARN_OK;
}

static enum tarn_status newest_in_folder(struct tarn_store *store, struct tarn_arena *arena, struct tarn__iceberg_metadata_name *out,
                                         struct tarn_error *err)
{
    char text[MOST_HINT];
    const struct tarn_text hint = read_hint(store, text);
    struct tarn_text key = {"", 0};
    uint64_t number;
    const bool counted = hint.size > 1 && hint.data[0] == 'v';
    const struct tarn_text digits = {hint.data + counted, hint.size - counted};
    if (digits.size != 0 && tarn__uint64_parse(digits, &number) == TARN_PARSED && number < INT64_MAX) {
        TARN_RETURN_IF_ERROR(follow_hint(store, number, arena, &key, err));
        if (key.size != 0) {
            tarn__iceberg_metadata_name_parse(key, out);
            return TARN_OK;
        }
    } else if (hint.size != 0) {
        TARN_RETURN_IF_ERROR(probe(store, hint, arena, &key, err));
    }
    struct search search = {.arena = arena, .hinted = key};
    TARN_RETURN_IF_ERROR(tarn_store_list(store, TARN_TEXT(METADATA), (struct tarn_text){"", 0}, consider, &search, err));
    if (!search.found) {
        return tarn__error_set(err, TARN_NOT_FOUND, "table", "the folder \"metadata\" holds no metadata file of a table");
    }
    *out = search.best;
    return TARN_OK;
}

enum tarn_status tarn__iceberg_newest(const struct tarn__place *place, bool ask, struct tarn_arena *arena,
                                      struct tarn__iceberg_metadata_name *out, struct tarn_error *err)
{
    *out = (struct tarn__iceberg_metadata_name){.number = -1};
    if (place->catalog != NULL) {
        return newest_in_catalog(place, ask, arena, out, err);
    }
    if (place->entry != NULL) {
        const struct tarn_text key = tarn__arena_text(arena, tarn__text_of(place->entry));
        if (key.data == NULL) {
            return tarn__nomem(arena->env, err, strlen(place->entry));
        }
        tarn__iceberg_metadata_name_parse(key, out);
        return TARN_OK;
    }
    return newest_in_folder(place->store, arena, out, err);
}

/* ---- is there a table? ---- */

static enum tarn_status note_any(void *arg, struct tarn_text key, const struct tarn_object_info *info, struct tarn_error *err)
{
    (void)info;
    struct tarn__iceberg_metadata_name name;
    const struct tarn_text base = {key.data + sizeof(METADATA) - 1, key.size - (sizeof(METADATA) - 1)};
    if (memchr(base.data, '/', base.size) == NULL && tarn__iceberg_metadata_name_parse(key, &name)) {
        *(bool *)arg = true;
        return tarn__error_set(err, TARN_CANCELLED, "found", "found"); /* ends the listing; not seen by anyone */
    }
    return TARN_OK;
}

enum tarn_status tarn__iceberg_detect(struct tarn_store *store, bool *is, struct tarn_error *err)
{
    *is = false;
    struct tarn_object_info info;
    static const char *const likely[] = {METADATA "v1.metadata.json", HINT};
    for (size_t i = 0; i < sizeof(likely) / sizeof(likely[0]); i++) {
        if (tarn_store_head(store, tarn__text_of(likely[i]), &info, NULL) == TARN_OK) {
            *is = true;
            return TARN_OK;
        }
    }
    struct tarn_error local = TARN_ERROR_INIT;
    const enum tarn_status status = tarn_store_list(store, TARN_TEXT(METADATA), (struct tarn_text){"", 0}, note_any, is, &local);
    if (status != TARN_OK && !*is) {
        if (err != NULL) {
            *err = local;
        }
        return status;
    }
    return TARN_OK;
}
