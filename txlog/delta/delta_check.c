/* SPDX-License-Identifier: Apache-2.0
 *
 * A table looked through for what can be wrong short of its rows, and mended where that needs no decision.
 *
 * Invariants
 *  1. A repair takes nothing away that a version needs: a torn newest commit, which no reader can read, is moved aside under another name;
 *     a checkpoint, checksum or hint goes only when the log says the same without it.
 *  2. Files that are gone are taken out of the table only when that was asked for by name: it is a commit like any other.
 *  3. What was found is told before anything is done about it, and what was done is told too.
 */
#include <stdarg.h>
#include <stdio.h>

#include "format/base/bytes.h"
#include "txlog/core/commit.h"
#include "txlog/delta/delta_check.h"
#include "txlog/delta/delta_checkpoint.h"
#include "txlog/delta/delta_checkpoint_write.h"
#include "txlog/delta/delta_checksum_read.h"
#include "txlog/delta/delta_interval.h"
#include "txlog/delta/delta_inventory.h"
#include "txlog/delta/delta_upkeep.h"
#include "txlog/delta/delta_visit.h"

enum { KEY_ROOM = 200 };

struct checking {
    struct tarn__check *check;
    struct tarn_store *store;
    struct tarn__delta_listing listing;
    struct tarn_snapshot *newest; /* NULL: the table cannot be opened */
    int64_t torn;                 /* version of a torn newest commit; -1: none */
    int64_t now;
};

static bool goes_on(enum tarn_status status)
{
    return status == TARN_CORRUPT || status == TARN_NOT_FOUND || status == TARN_UNSUPPORTED || status == TARN_AUTH ||
           status == TARN_INVALID;
}

static void tell(struct checking *checking, enum tarn_finding_kind kind, struct tarn_text object, const char *detail, const char *format,
                 ...) TARN_PRINTF(5, 6);

static void tell(struct checking *checking, enum tarn_finding_kind kind, struct tarn_text object, const char *detail, const char *format,
                 ...)
{
    struct tarn_error finding = TARN_ERROR_INIT;
    char message[400];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    tarn__error_set(&finding, kind == TARN_FINDING_OK ? TARN_OK : TARN_CORRUPT, detail, "%s", message);
    if (object.size != 0) {
        tarn__error_at_object(&finding, object);
    }
    tarn__check_tell(checking->check, kind, &finding);
}

/* Is a repair to be done? Says what it is, and counts it. */
static bool mend(struct checking *checking, struct tarn_text object, const char *what)
{
    const struct tarn_check_options *options = checking->check->options;
    if (!options->repair) {
        return false;
    }
    tell(checking, TARN_FINDING_OK, object, "repair", options->dry_run ? "would be repaired: %s" : "repaired: %s", what);
    checking->check->result->repaired += !options->dry_run;
    return !options->dry_run;
}

/* ---- commits ---- */

static enum tarn_status read_commit(struct checking *checking, int64_t version, struct tarn_error *err)
{
    char key[TARN_DELTA_KEY];
    tarn__delta_commit_key(version, key);
    struct tarn__delta_stream stream;
    TARN_RETURN_IF_ERROR(tarn__delta_stream_open(&stream, checking->store, tarn__text_of(key), err));
    struct tarn__delta_action action;
    bool more = true;
    enum tarn_status status = TARN_OK;
    while (status == TARN_OK && more) {
        status = tarn__delta_stream_next(&stream, &action, &more, err);
    }
    tarn__delta_stream_close(&stream);
    return status;
}

/* Does a checkpoint of this version or a later one stand for the commit? */
static bool is_covered(const struct checking *checking, int64_t version)
{
    bool covered = false;
    for (size_t i = 0; i < checking->listing.checkpoint_count; i++) {
        covered = covered || (checking->listing.checkpoints[i].version >= version &&
                              tarn__delta_checkpoint_is_complete(&checking->listing.checkpoints[i]));
    }
    return covered;
}

static enum tarn_status set_aside(struct checking *checking, int64_t version, struct tarn_error *err)
{
    char key[TARN_DELTA_KEY];
    char aside[KEY_ROOM];
    char uuid[37];
    tarn__delta_commit_key(version, key);
    tarn__uuid(checking->check->env, uuid);
    snprintf(aside, sizeof(aside), TARN_DELTA_LOG "_torn_%020lld.%s", (long long)version, uuid);
    if (!mend(checking, tarn__text_of(key), "the torn commit was moved aside, to a name that begins with _torn_")) {
        return TARN_OK;
    }
    char *bytes;
    size_t size;
    TARN_RETURN_IF_ERROR(tarn__delta_read_object(checking->store, tarn__text_of(key), UINT64_C(1) << 31, &bytes, &size, NULL, err));
    enum tarn_status status = tarn_store_put(checking->store, tarn__text_of(aside), (struct tarn_span){(const uint8_t *)bytes, size},
                                             TARN_PUT_IF_ABSENT, TARN_ROLE_COMMIT, err);
    tarn__free(checking->check->env, bytes);
    TARN_RETURN_IF_ERROR(status);
    status = tarn_store_remove(checking->store, tarn__text_of(key), err);
    if (status == TARN_OK) {
        checking->torn = -1;
        tarn__delta_listing_free(&checking->listing);
        status = tarn__delta_list(checking->store, 0, &checking->listing, err);
    }
    return status;
}

static enum tarn_status check_commits(struct checking *checking, struct tarn_error *err)
{
    const size_t count = checking->listing.commit_count;
    for (size_t i = 0; i < count; i++) {
        const int64_t version = checking->listing.commits[i].version;
        const int64_t before = i != 0 ? checking->listing.commits[i - 1].version : version - 1;
        for (int64_t missing = before + 1; missing < version; missing++) {
            tell(checking, is_covered(checking, missing) ? TARN_FINDING_WARNING : TARN_FINDING_ERROR, (struct tarn_text){"", 0}, "log_gap",
                 "the commit of version %lld is missing%s", (long long)missing,
                 is_covered(checking, missing) ? "; a checkpoint stands for it" : ": no later version can be read");
            if (missing - before == 10) {
                break; /* a long gap is told by its begin */
            }
        }
        struct tarn_error found = TARN_ERROR_INIT;
        const enum tarn_status status = read_commit(checking, version, &found);
        if (status == TARN_OK) {
            continue;
        }
        if (!goes_on(status)) {
            if (err != NULL) {
                *err = found;
            }
            return status;
        }
        const bool newest = i + 1 == count && !is_covered(checking, version);
        tarn__error_at_version(&found, version);
        tarn__check_tell(checking->check, is_covered(checking, version) ? TARN_FINDING_WARNING : TARN_FINDING_ERROR, &found);
        if (newest && status == TARN_CORRUPT) {
            checking->torn = version;
        }
    }
    return checking->torn >= 0 && count > 1 ? set_aside(checking, checking->torn, err) : TARN_OK;
}

/* ---- the newest version ---- */

static enum tarn_status open_newest(struct checking *checking, struct tarn_error *err)
{
    struct tarn_error found = TARN_ERROR_INIT;
    const enum tarn_status status =
        tarn_snapshot_load(checking->check->env, tarn__text_of(checking->check->place->uri), NULL, &checking->newest, &found);
    if (status == TARN_OK) {
        tell(checking, TARN_FINDING_OK, (struct tarn_text){"", 0}, "version", "version %lld reads: %u files",
             (long long)checking->newest->info.version, checking->newest->files.count);
        return TARN_OK;
    }
    if (!goes_on(status)) {
        if (err != NULL) {
            *err = found;
        }
        return status;
    }
    tarn__check_tell(checking->check, TARN_FINDING_ERROR, &found);
    return TARN_OK;
}

/* ---- checkpoints, checksums, hint ---- */

static enum tarn_status pass_over(void *arg, int64_t version, const struct tarn__delta_action *action, struct tarn_error *err)
{
    (void)arg;
    (void)version;
    (void)action;
    (void)err;
    return TARN_OK;
}

/* Can the version be made without its own checkpoint? From an older one that reads, or from the first commit. */
static bool has_other_way(const struct checking *checking, const struct tarn__delta_checkpoint *checkpoint, const bool *reads)
{
    int64_t first = 0;
    for (size_t i = 0; i < checking->listing.checkpoint_count; i++) {
        const struct tarn__delta_checkpoint *other = &checking->listing.checkpoints[i];
        if (other != checkpoint && reads[i] && other->version <= checkpoint->version) {
            first = other->version + 1;
        }
    }
    for (int64_t version = first; version <= checkpoint->version; version++) {
        if (tarn__delta_listing_find(&checking->listing, version) < 0) {
            return false;
        }
    }
    return true;
}

static enum tarn_status remove_object(struct checking *checking, struct tarn_text key, const char *what, struct tarn_error *err)
{
    return mend(checking, key, what) ? tarn_store_remove(checking->store, key, err) : TARN_OK;
}

static enum tarn_status remove_checkpoint(struct checking *checking, const struct tarn__delta_checkpoint *checkpoint,
                                          struct tarn_error *err)
{
    const char *what = "removed; the log says the same without it";
    if (checkpoint->kind != TARN_CHECKPOINT_PARTS) {
        return remove_object(checking, checkpoint->key, what, err);
    }
    enum tarn_status status = TARN_OK;
    for (uint32_t part = 1; status == TARN_OK && part <= checkpoint->parts; part++) {
        char key[TARN_DELTA_KEY * 2];
        tarn__delta_part_key(checkpoint->version, part, checkpoint->parts, key);
        status = remove_object(checking, tarn__text_of(key), what, err);
    }
    return status;
}

static enum tarn_status check_checkpoints(struct checking *checking, bool *reads, struct tarn_error *err)
{
    const struct tarn__delta_visitor visitor = {.action = pass_over};
    for (size_t i = 0; i < checking->listing.checkpoint_count; i++) {
        const struct tarn__delta_checkpoint *checkpoint = &checking->listing.checkpoints[i];
        struct tarn_error found = TARN_ERROR_INIT;
        enum tarn_status status = TARN_OK;
        if (!tarn__delta_checkpoint_is_complete(checkpoint)) {
            status =
                tarn__error_set(&found, TARN_CORRUPT, "checkpoint_parts", "%u of the %u parts of the checkpoint of version %lld are there",
                                checkpoint->parts_there, checkpoint->parts, (long long)checkpoint->version);
        } else {
            status = tarn__delta_visit_checkpoint(checking->newest, checking->store, checkpoint, &visitor, &found);
        }
        reads[i] = status == TARN_OK;
        if (status == TARN_OK) {
            continue;
        }
        if (!goes_on(status)) {
            if (err != NULL) {
                *err = found;
            }
            return status;
        }
        const bool other_way = has_other_way(checking, checkpoint, reads);
        tarn__error_at_version(&found, checkpoint->version);
        tarn__check_tell(checking->check, other_way ? TARN_FINDING_WARNING : TARN_FINDING_ERROR, &found);
        if (other_way) {
            TARN_RETURN_IF_ERROR(remove_checkpoint(checking, checkpoint, err));
        }
    }
    return TARN_OK;
}

static enum tarn_status check_hint(struct checking *checking, const bool *reads, struct tarn_error *err)
{
    const struct tarn_text key = TARN_TEXT(TARN_DELTA_LOG "_last_checkpoint");
    struct tarn_object_info info;
    struct tarn_error local = TARN_ERROR_INIT;
    const enum tarn_status status = tarn_store_head(checking->store, key, &info, &local);
    if (status != TARN_OK) {
        if (status != TARN_NOT_FOUND && err != NULL) {
            *err = local;
        }
        return status == TARN_NOT_FOUND ? TARN_OK : status;
    }
    const int64_t version = tarn__delta_checkpoint_hint(checking->store);
    int64_t newest = -1;
    bool there = false;
    for (size_t i = 0; i < checking->listing.checkpoint_count; i++) {
        if (reads[i]) {
            newest = checking->listing.checkpoints[i].version;
            there = there || newest == version;
        }
    }
    if (there) {
        return TARN_OK;
    }
    tell(checking, TARN_FINDING_WARNING, key, "last_checkpoint",
         version < 0 ? "it makes no sense" : "it names a checkpoint of version %lld that is not there", (long long)version);
    if (newest < 0) {
        return remove_object(checking, key, "removed; there is no checkpoint it could name", err);
    }
    if (!mend(checking, key, "written anew, for the newest checkpoint that reads")) {
        return TARN_OK;
    }
    const struct tarn_checkpoint_result result = {.version = newest, .files = checking->newest->files.count};
    TARN_RETURN_IF_ERROR(tarn_store_remove(checking->store, key, err));
    return tarn__delta_hint_write(checking->store, &result, err);
}

static enum tarn_status check_checksum(struct checking *checking, struct tarn_error *err)
{
    struct tarn_error found = TARN_ERROR_INIT;
    const enum tarn_status status = tarn__delta_checksum_verify(checking->newest, &found);
    if (status == TARN_OK) {
        return TARN_OK;
    }
    if (!goes_on(status)) {
        if (err != NULL) {
            *err = found;
        }
        return status;
    }
    char key[TARN_DELTA_KEY];
    tarn__delta_checksum_key(checking->newest->info.version, key);
    tarn__check_tell(checking->check, TARN_FINDING_WARNING, &found);
    if (!mend(checking, tarn__text_of(key), "written anew, from what the log comes to")) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(tarn_store_remove(checking->store, tarn__text_of(key), err));
    return tarn__delta_checksum_write(checking->newest, (struct tarn_text){"", 0}, err);
}

/* ---- what is left behind ---- */

static enum tarn_status check_leftovers(struct checking *checking, struct tarn_error *err)
{
    struct tarn__delta_inventory inventory;
    TARN_RETURN_IF_ERROR(tarn__delta_inventory_read(checking->store, &inventory, err));
    enum tarn_status status = TARN_OK;
    for (size_t i = 0; status == TARN_OK && i < inventory.count; i++) {
        const struct tarn_log_object *object = &inventory.objects[i].facts;
        if (!inventory.objects[i].unknown && object->kind == TARN_LOG_UNFINISHED && checking->now - object->modified > TARN_DELTA_DAY) {
            tell(checking, TARN_FINDING_WARNING, object->key, "unfinished", "a checkpoint that its writer did not finish");
            status = remove_object(checking, object->key, "removed", err);
        }
    }
    tarn__delta_inventory_free(&inventory);
    return status;
}

enum tarn_status tarn__delta_check(struct tarn__check *check, struct tarn_error *err)
{
    struct checking checking = {.check = check, .store = check->place->store, .torn = -1, .now = tarn__now(check->env)};
    TARN_RETURN_IF_ERROR(tarn__delta_list(checking.store, 0, &checking.listing, err));
    enum tarn_status status = check_commits(&checking, err);
    if (status == TARN_OK) {
        status = open_newest(&checking, err);
    }
    if (status == TARN_OK && checking.newest != NULL) {
        bool *reads = tarn__calloc(check->env, checking.listing.checkpoint_count + 1, sizeof(*reads));
        status = reads == NULL ? tarn__nomem(check->env, err, checking.listing.checkpoint_count) : check_checkpoints(&checking, reads, err);
        if (status == TARN_OK) {
            status = check_hint(&checking, reads, err);
        }
        tarn__free(check->env, reads);
        if (status == TARN_OK) {
            status = check_checksum(&checking, err);
        }
        if (status == TARN_OK) {
            status = tarn__delta_check_files(check, checking.newest, err);
        }
    }
    if (status == TARN_OK) {
        status = check_leftovers(&checking, err);
    }
    tarn_snapshot_close(checking.newest);
    tarn__delta_listing_free(&checking.listing);
    return status;
}
