/* SPDX-License-Identifier: Apache-2.0
 *
 * The log proved: every commit, compaction and complete checkpoint that is there reads from end to end, and the version is what its
 * checksum says.
 */
#include "txlog/delta/delta_verify.h"

#include <string.h>

#include "format/base/bytes.h"
#include "txlog/delta/delta_checkpoint.h"
#include "txlog/delta/delta_checksum_read.h"
#include "txlog/delta/delta_state.h"

struct report {
    void (*fn)(void *arg, const struct tarn_finding *finding);
    void *arg;
};

static void tell(const struct report *report, enum tarn_finding_kind kind, const struct tarn_error *error)
{
    const struct tarn_finding finding = {kind, error};
    report->fn(report->arg, &finding);
}

static enum tarn_status read_lines(struct tarn_store *store, const char *key, uint64_t *actions, struct tarn_error *err)
{
    struct tarn__delta_stream stream;
    TARN_RETURN_IF_ERROR(tarn__delta_stream_open(&stream, store, tarn__text_of(key), err));
    enum tarn_status status;
    struct tarn__delta_action action;
    bool more = true;
    do {
        status = tarn__delta_stream_next(&stream, &action, &more, err);
        *actions += status == TARN_OK && more;
    } while (status == TARN_OK && more);
    tarn__delta_stream_close(&stream);
    return status;
}

static enum tarn_status read_checkpoint(const struct tarn_snapshot *snapshot, const struct tarn__delta_checkpoint *checkpoint,
                                        struct tarn_error *err)
{
    struct tarn_snapshot *scratch;
    TARN_RETURN_IF_ERROR(tarn__snapshot_new(&snapshot->place, snapshot->format, &scratch, err));
    scratch->info.version = checkpoint->version;
    struct tarn__delta_replay replay;
    enum tarn_status status = tarn__delta_replay_begin(&replay, scratch, err);
    if (status == TARN_OK) {
        status = tarn__delta_replay_checkpoint(&replay, checkpoint, err);
    }
    tarn__delta_replay_end(&replay);
    if (status == TARN_OK && (!tarn__delta_state_of(scratch)->has_metadata || !tarn__delta_state_of(scratch)->has_protocol)) {
        status = tarn__corrupt(err, "checkpoint", "the checkpoint has no protocol or no metaData");
        tarn__error_at_object(err, checkpoint->key);
    }
    tarn_snapshot_close(scratch);
    return status;
}

static bool goes_on(enum tarn_status status)
{
    return status == TARN_CORRUPT || status == TARN_NOT_FOUND || status == TARN_UNSUPPORTED || status == TARN_IO;
}

/* What is damaged is a warning: the commits stand in. */
static enum tarn_status verify_compactions(const struct tarn_snapshot *snapshot, const struct tarn__delta_listing *listing,
                                           const struct report *report, struct tarn_error *err)
{
    uint64_t actions = 0;
    for (size_t i = 0; i < listing->compaction_count; i++) {
        char key[TARN_DELTA_KEY * 2];
        tarn__delta_compaction_key(listing->compactions[i].first, listing->compactions[i].last, key);
        struct tarn_error found = TARN_ERROR_INIT;
        const enum tarn_status status = read_lines(snapshot->store, key, &actions, &found);
        if (goes_on(status)) {
            tell(report, TARN_FINDING_WARNING, &found);
        } else if (status != TARN_OK) {
            if (err != NULL) {
                *err = found;
            }
            return status;
        }
    }
    return TARN_OK;
}

static enum tarn_status verify_checksum(const struct tarn_snapshot *snapshot, const struct report *report, struct tarn_error *err)
{
    struct tarn_error found = TARN_ERROR_INIT;
    const enum tarn_status status = tarn__delta_checksum_verify(snapshot, &found);
    if (status == TARN_CORRUPT) {
        const bool unread = strcmp(found.detail, "version_checksum_unread") == 0;
        tell(report, unread ? TARN_FINDING_WARNING : TARN_FINDING_ERROR, &found);
        return TARN_OK;
    }
    if (status != TARN_OK && err != NULL) {
        *err = found;
    }
    return status;
}

enum tarn_status tarn__delta_verify(const struct tarn_snapshot *snapshot, void (*fn)(void *arg, const struct tarn_finding *finding),
                                    void *arg, struct tarn_error *err)
{
    const struct report report = {fn, arg};
    struct tarn__delta_listing listing;
    TARN_RETURN_IF_ERROR(tarn__delta_list(snapshot->store, 0, &listing, err));
    enum tarn_status status = TARN_OK;
    uint64_t commits = 0;
    uint64_t actions = 0;
    for (size_t i = 0; status == TARN_OK && i < listing.commit_count && listing.commits[i].version <= snapshot->info.version; i++) {
        struct tarn_error found = TARN_ERROR_INIT;
        char key[TARN_DELTA_KEY];
        tarn__delta_commit_key(listing.commits[i].version, key);
        status = read_lines(snapshot->store, key, &actions, &found);
        commits += status == TARN_OK;
        if (goes_on(status)) {
            tarn__error_at_version(&found, listing.commits[i].version);
            tell(&report, TARN_FINDING_ERROR, &found);
            status = TARN_OK;
        } else if (status != TARN_OK && err != NULL) {
            *err = found;
        }
    }
    uint64_t checkpoints = 0;
    for (size_t i = 0; status == TARN_OK && i < listing.checkpoint_count; i++) {
        const struct tarn__delta_checkpoint *checkpoint = &listing.checkpoints[i];
        if (checkpoint->version > snapshot->info.version ||
            (checkpoint->kind == TARN_CHECKPOINT_PARTS && checkpoint->parts_there != checkpoint->parts)) {
            continue;
        }
        struct tarn_error found = TARN_ERROR_INIT;
        status = read_checkpoint(snapshot, checkpoint, &found);
        checkpoints += status == TARN_OK;
        if (goes_on(status)) {
            /* A warning: the version was loaded, so something stands in for it. */
            tell(&report, TARN_FINDING_WARNING, &found);
            status = TARN_OK;
        } else if (status != TARN_OK && err != NULL) {
            *err = found;
        }
    }
    if (status == TARN_OK) {
        status = verify_compactions(snapshot, &listing, &report, err);
    }
    if (status == TARN_OK) {
        status = verify_checksum(snapshot, &report, err);
    }
    if (status == TARN_OK) {
        struct tarn_error summary = TARN_ERROR_INIT;
        tarn__error_set(&summary, TARN_OK, "log", "%llu commits with %llu actions and %llu checkpoints read", (unsigned long long)commits,
                        (unsigned long long)actions, (unsigned long long)checkpoints);
        tell(&report, TARN_FINDING_OK, &summary);
    }
    tarn__delta_listing_free(&listing);
    return status;
}
