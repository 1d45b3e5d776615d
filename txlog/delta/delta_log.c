/* SPDX-License-Identifier: Apache-2.0
 *
 * Names and listing of a Delta log.
 *
 * Specification: Delta PROTOCOL.md, "Delta Log Entries", "Checkpoints", "Log Compaction Files", "Version Checksum File", "Last Checkpoint
 * File".
 *
 * Invariants
 *  1. A listing holds each version's commit once, ascending; stores list keys in byte order, and names are zero-padded.
 *  2. A checkpoint in parts is listed once, with the number of its parts that are there; versions that name different numbers of parts
 *     are different checkpoints.
 *  3. Commit times rise: a commit that is not younger than the one before counts as one millisecond younger (file clocks step back).
 */
#include "txlog/delta/delta_log.h"

#include <stdio.h>
#include <stdlib.h>

#include "format/base/bytes.h"
#include "format/base/utf8.h"
#include "format/json/json_pull.h"

enum { VERSION_DIGITS = 20, PART_DIGITS = 10, HINT_LIMIT = 16 << 20 };

void tarn__delta_commit_key(int64_t version, char key[TARN_DELTA_KEY])
{
    snprintf(key, TARN_DELTA_KEY, TARN_DELTA_LOG "%020lld.json", (long long)version);
}

void tarn__delta_compaction_key(int64_t first, int64_t last, char key[TARN_DELTA_KEY * 2])
{
    snprintf(key, (size_t)TARN_DELTA_KEY * 2, TARN_DELTA_LOG "%020lld.%020lld.compacted.json", (long long)first, (long long)last);
}

void tarn__delta_checksum_key(int64_t version, char key[TARN_DELTA_KEY])
{
    snprintf(key, TARN_DELTA_KEY, TARN_DELTA_LOG "%020lld.crc", (long long)version);
}

void tarn__delta_part_key(int64_t version, uint32_t part, uint32_t parts, char key[TARN_DELTA_KEY * 2])
{
    snprintf(key, (size_t)TARN_DELTA_KEY * 2, TARN_DELTA_LOG "%020lld.checkpoint.%010u.%010u.parquet", (long long)version, part, parts);
}

/* `digits` digits at the begin of the text, which goes on behind them. */
static bool take_number(struct tarn_text *text, size_t digits, int64_t *out)
{
    if (text->size < digits) {
        return false;
    }
    for (size_t i = 0; i < digits; i++) {
        if (!tarn__is_digit(text->data[i])) {
            return false;
        }
    }
    if (tarn__int64_parse((struct tarn_text){text->data, digits}, out) != TARN_PARSED) {
        return false;
    }
    text->data += digits;
    text->size -= digits;
    return true;
}

static bool take(struct tarn_text *text, struct tarn_text literal)
{
    if (!tarn__text_starts(*text, literal)) {
        return false;
    }
    text->data += literal.size;
    text->size -= literal.size;
    return true;
}

struct lister {
    struct tarn__delta_listing *listing;
    struct tarn_env *env;
};

static enum tarn_status add_commit(struct lister *lister, int64_t version, const struct tarn_object_info *info, struct tarn_error *err)
{
    struct tarn__delta_listing *listing = lister->listing;
    if (!tarn__grow(lister->env, &listing->commits, &listing->commit_capacity, listing->commit_count + 1, sizeof(*listing->commits))) {
        return tarn__nomem(lister->env, err, sizeof(*listing->commits));
    }
    struct tarn__delta_commit commit = {.version = version, .modified = info->modified, .time = info->modified, .size = info->size};
    if (listing->commit_count != 0) {
        const int64_t before = listing->commits[listing->commit_count - 1].time;
        if (commit.time <= before) {
            commit.time = before / 1000 * 1000 + 1000;
        }
    }
    listing->commits[listing->commit_count++] = commit;
    return TARN_OK;
}

static enum tarn_status add_checkpoint(struct lister *lister, const struct tarn__delta_checkpoint *found, struct tarn_error *err)
{
    struct tarn__delta_listing *listing = lister->listing;
    for (size_t i = listing->checkpoint_count; found->kind == TARN_CHECKPOINT_PARTS && i > 0; i--) {
        struct tarn__delta_checkpoint *known = &listing->checkpoints[i - 1];
        if (known->version != found->version) {
            break;
        }
        if (known->kind == TARN_CHECKPOINT_PARTS && known->parts == found->parts) {
            known->parts_there++;
            return TARN_OK;
        }
    }
    if (!tarn__grow(lister->env, &listing->checkpoints, &listing->checkpoint_capacity, listing->checkpoint_count + 1,
                    sizeof(*listing->checkpoints))) {
        return tarn__nomem(lister->env, err, sizeof(*listing->checkpoints));
    }
    struct tarn__delta_checkpoint *added = &listing->checkpoints[listing->checkpoint_count];
    *added = *found;
    added->key = tarn__arena_text(&listing->arena, found->key);
    if (added->key.data == NULL) {
        return tarn__nomem(lister->env, err, found->key.size);
    }
    listing->checkpoint_count++;
    return TARN_OK;
}

static enum tarn_status add_compaction(struct lister *lister, int64_t first, int64_t last, uint64_t size, struct tarn_error *err)
{
    struct tarn__delta_listing *listing = lister->listing;
    if (!tarn__grow(lister->env, &listing->compactions, &listing->compaction_capacity, listing->compaction_count + 1,
                    sizeof(*listing->compactions))) {
        return tarn__nomem(lister->env, err, sizeof(*listing->compactions));
    }
    listing->compactions[listing->compaction_count++] = (struct tarn__delta_compaction){first, last, size};
    return TARN_OK;
}

static enum tarn_status add_checksum(struct lister *lister, int64_t version, struct tarn_error *err)
{
    struct tarn__delta_listing *listing = lister->listing;
    if (!tarn__grow(lister->env, &listing->checksums, &listing->checksum_capacity, listing->checksum_count + 1,
                    sizeof(*listing->checksums))) {
        return tarn__nomem(lister->env, err, sizeof(*listing->checksums));
    }
    listing->checksums[listing->checksum_count++] = version;
    return TARN_OK;
}

static enum tarn_status see_object(void *arg, struct tarn_text key, const struct tarn_object_info *info, struct tarn_error *err)
{
    struct lister *lister = arg;
    struct tarn_text name = key;
    int64_t version;
    if (!take(&name, TARN_TEXT(TARN_DELTA_LOG)) || !take_number(&name, VERSION_DIGITS, &version)) {
        return TARN_OK;
    }
    if (tarn__text_equal(name, TARN_TEXT(".json"))) {
        return add_commit(lister, version, info, err);
    }
    if (tarn__text_equal(name, TARN_TEXT(".crc"))) {
        return add_checksum(lister, version, err);
    }
    if (!take(&name, TARN_TEXT(".checkpoint."))) {
        int64_t last;
        const bool compacted = take(&name, TARN_TEXT(".")) && take_number(&name, VERSION_DIGITS, &last) &&
                               tarn__text_equal(name, TARN_TEXT(".compacted.json"));
        return compacted && last > version ? add_compaction(lister, version, last, info->size, err) : TARN_OK;
    }
    struct tarn__delta_checkpoint found = {.version = version, .key = key, .modified = info->modified};
    if (tarn__text_equal(name, TARN_TEXT("parquet"))) {
        return add_checkpoint(lister, &found, err);
    }
    struct tarn_text rest = name;
    int64_t part;
    int64_t parts;
    if (take_number(&rest, PART_DIGITS, &part) && take(&rest, TARN_TEXT(".")) && take_number(&rest, PART_DIGITS, &parts) &&
        tarn__text_equal(rest, TARN_TEXT(".parquet"))) {
        if (part < 1 || part > parts || parts > 1000000) {
            return TARN_OK;
        }
        found.kind = TARN_CHECKPOINT_PARTS;
        found.parts = (uint32_t)parts;
        found.parts_there = 1;
        return add_checkpoint(lister, &found, err);
    }
    if (name.size > 36 && (tarn__text_ends(name, TARN_TEXT(".parquet")) || tarn__text_ends(name, TARN_TEXT(".json")))) {
        found.kind = TARN_CHECKPOINT_UUID;
        return add_checkpoint(lister, &found, err);
    }
    return TARN_OK;
}

static int by_last(const void *a, const void *b)
{
    const struct tarn__delta_compaction *left = a;
    const struct tarn__delta_compaction *right = b;
    if (left->last != right->last) {
        return left->last < right->last ? -1 : 1;
    }
    return left->first < right->first ? -1 : left->first > right->first;
}

enum tarn_status tarn__delta_list(struct tarn_store *store, int64_t from, struct tarn__delta_listing *out, struct tarn_error *err)
{
    *out = (struct tarn__delta_listing){0};
    tarn__arena_init(&out->arena, store->env);
    struct lister lister = {.listing = out, .env = store->env};
    char after[TARN_DELTA_KEY];
    const int length = snprintf(after, sizeof(after), TARN_DELTA_LOG "%020lld", (long long)from);
    const enum tarn_status status =
        tarn_store_list(store, TARN_TEXT(TARN_DELTA_LOG), (struct tarn_text){after, (size_t)length}, see_object, &lister, err);
    if (status != TARN_OK) {
        tarn__delta_listing_free(out);
    } else if (out->compaction_count != 0) {
        qsort(out->compactions, out->compaction_count, sizeof(*out->compactions), by_last);
    }
    return status;
}

void tarn__delta_listing_free(struct tarn__delta_listing *listing)
{
    struct tarn_env *env = listing->arena.env;
    if (env == NULL) {
        return;
    }
    tarn__free(env, listing->commits);
    tarn__free(env, listing->checkpoints);
    tarn__free(env, listing->compactions);
    tarn__free(env, listing->checksums);
    tarn__arena_free(&listing->arena);
    *listing = (struct tarn__delta_listing){0};
}

int64_t tarn__delta_listing_find(const struct tarn__delta_listing *listing, int64_t version)
{
    size_t low = 0;
    size_t high = listing->commit_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (listing->commits[middle].version < version) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < listing->commit_count && listing->commits[low].version == version ? (int64_t)low : -1;
}

bool tarn__delta_listing_has_checksum(const struct tarn__delta_listing *listing, int64_t version)
{
    size_t low = 0;
    size_t high = listing->checksum_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (listing->checksums[middle] < version) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < listing->checksum_count && listing->checksums[low] == version;
}

const struct tarn__delta_compaction *tarn__delta_listing_compaction(const struct tarn__delta_listing *listing, int64_t first, int64_t last)
{
    size_t low = 0;
    size_t high = listing->compaction_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const struct tarn__delta_compaction *at = &listing->compactions[middle];
        if (at->last < last || (at->last == last && at->first < first)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < listing->compaction_count && listing->compactions[low].last == last ? &listing->compactions[low] : NULL;
}

enum tarn_status tarn__delta_read_object(struct tarn_store *store, struct tarn_text key, uint64_t limit, char **bytes, size_t *size,
                                         struct tarn_object_info *info, struct tarn_error *err)
{
    *bytes = NULL;
    *size = 0;
    struct tarn_object *object;
    TARN_RETURN_IF_ERROR(tarn_object_open(store, key, &object, err));
    const struct tarn_object_info found = tarn_object_info(object);
    enum tarn_status status = TARN_OK;
    char *read = NULL;
    if (found.size > limit) {
        status = tarn__error_set(err, TARN_LIMIT, "log_file", "a log file of %llu bytes is over the limit of %llu",
                                 (unsigned long long)found.size, (unsigned long long)limit);
    } else {
        read = tarn__alloc(store->env, (size_t)found.size + 1);
        if (read == NULL) {
            status = tarn__nomem(store->env, err, found.size);
        }
    }
    if (status == TARN_OK && found.size != 0) {
        const struct tarn_read_range range = {0, (size_t)found.size, (uint8_t *)read};
        status = tarn_object_read(object, 1, &range, err);
    }
    tarn_object_close(object);
    if (status != TARN_OK) {
        tarn__free(store->env, read);
        tarn__error_at_object(err, key);
        return status;
    }
    *bytes = read;
    *size = (size_t)found.size;
    if (info != NULL) {
        *info = found;
    }
    return TARN_OK;
}

int64_t tarn__delta_checkpoint_hint(struct tarn_store *store)
{
    char *bytes;
    size_t size;
    if (tarn__delta_read_object(store, TARN_TEXT(TARN_DELTA_LOG "_last_checkpoint"), HINT_LIMIT, &bytes, &size, NULL, NULL) != TARN_OK) {
        return -1;
    }
    struct tarn_json json;
    tarn__json_open(&json, &(struct tarn_json_pull_options){.env = store->env, .failure = TARN_CORRUPT}, (struct tarn_text){bytes, size});
    int64_t version = -1;
    bool more = true;
    enum tarn_status status = tarn__json_object(&json, NULL, NULL);
    while (status == TARN_OK && more) {
        status = tarn__json_key(&json, &more, NULL);
        if (status != TARN_OK || !more) {
            break;
        }
        if (tarn__json_is(&json, "version")) {
            status = tarn__json_int64(&json, &version, NULL, NULL);
        } else {
            status = tarn__json_skip(&json, NULL);
        }
    }
    tarn__json_close(&json);
    tarn__free(store->env, bytes);
    return status == TARN_OK && version >= 0 ? version : -1;
}
