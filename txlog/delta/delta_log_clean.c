/* SPDX-License-Identifier: Apache-2.0
 *
 * Log clean-up: old commits, checkpoints and what goes with them.
 *
 * Specification: Delta PROTOCOL.md, "Metadata Cleanup", "Checkpoint Protection", "Table Properties" (delta.logRetentionDuration).
 *
 * Invariants
 *  1. The newest checkpoint that is not younger than the retention stays, with its commit and all that is newer: every version since then
 *     reads as before. It is read from end to end before anything that it stands for goes.
 *  2. Commits go before the checkpoints that stand for them, the oldest first: what is left at any time is a log that ends where it did.
 *  3. A sidecar goes when no checkpoint that stays names it and it is a day old: a younger one may be of a checkpoint that is being made.
 *  4. Of a table with checkpoint protection all of its protected history goes at once, or nothing.
 */
#include "format/base/bytes.h"
#include "txlog/delta/delta_checkpoint.h"
#include "txlog/delta/delta_interval.h"
#include "txlog/delta/delta_inventory.h"
#include "txlog/delta/delta_upkeep.h"
#include "txlog/delta/delta_visit.h"

struct cleaning {
    const struct tarn_snapshot *newest;
    const struct tarn_log_clean_options *options;
    tarn_log_object_fn fn;
    void *arg;
    struct tarn_log_clean_result *result;
    struct tarn__delta_listing listing;
    struct tarn__delta_inventory inventory;
    struct tarn__file_set sidecars; /* that stay */
    int64_t now;
    int64_t kept; /* version of the checkpoint that stays; -1: all stays */
};

static enum tarn_status pass_over(void *arg, int64_t version, const struct tarn__delta_action *action, struct tarn_error *err)
{
    (void)arg;
    (void)version;
    (void)action;
    (void)err;
    return TARN_OK;
}

/* The newest checkpoint that is as old as the retention and can be read. */
static enum tarn_status choose_kept(struct cleaning *cleaning, struct tarn_error *err)
{
    const struct tarn__delta_state *state = tarn__delta_state_of(cleaning->newest);
    const int64_t retention = cleaning->options->retention >= 0
                                  ? cleaning->options->retention
                                  : tarn__delta_property_interval(state, TARN_TEXT("delta.logRetentionDuration"), TARN_DELTA_LOG_RETENTION);
    const int64_t oldest = cleaning->now - retention;
    int64_t newest_old = -1; /* the newest version that need not be kept */
    for (size_t i = 0; i < cleaning->listing.commit_count; i++) {
        if (cleaning->listing.commits[i].time <= oldest) {
            newest_old = cleaning->listing.commits[i].version;
        }
    }
    const struct tarn__delta_visitor visitor = {.action = pass_over};
    for (size_t i = cleaning->listing.checkpoint_count; i > 0; i--) {
        const struct tarn__delta_checkpoint *checkpoint = &cleaning->listing.checkpoints[i - 1];
        if (checkpoint->version > newest_old || !tarn__delta_checkpoint_is_complete(checkpoint)) {
            continue;
        }
        const enum tarn_status status = tarn__delta_visit_checkpoint(cleaning->newest, cleaning->newest->store, checkpoint, &visitor, err);
        if (status == TARN_OK) {
            cleaning->kept = checkpoint->version;
        }
        if (status != TARN_CORRUPT && status != TARN_NOT_FOUND) {
            return status;
        }
    }
    return TARN_OK;
}

static void mind_protection(struct cleaning *cleaning)
{
    const struct tarn__delta_state *state = tarn__delta_state_of(cleaning->newest);
    const int64_t before = tarn__delta_property_int(state, TARN_TEXT("delta.requireCheckpointProtectionBeforeVersion"), 0);
    if (tarn__delta_protocol_has_writer(&state->protocol, TARN_TEXT("checkpointProtection")) && cleaning->kept < before) {
        cleaning->kept = -1;
    }
}

static bool is_old(const struct cleaning *cleaning, const struct tarn_log_object *object)
{
    return cleaning->now - object->modified > TARN_DELTA_DAY;
}

static bool goes(const struct cleaning *cleaning, const struct tarn__delta_object *object)
{
    const struct tarn_log_object *facts = &object->facts;
    if (object->unknown) {
        return false;
    }
    switch (facts->kind) {
    case TARN_LOG_SIDECAR:
        return is_old(cleaning, facts) && tarn__file_set_find(&cleaning->sidecars, facts->key, NULL) == TARN_FILE_NONE;
    case TARN_LOG_UNFINISHED:
        return is_old(cleaning, facts);
    case TARN_LOG_COMPACTION:
        return facts->version <= cleaning->kept;
    default:
        return facts->version < cleaning->kept;
    }
}

static enum tarn_status remove_kind(struct cleaning *cleaning, enum tarn_log_object_kind kind, struct tarn_error *err)
{
    for (size_t i = 0; i < cleaning->inventory.count; i++) {
        const struct tarn__delta_object *object = &cleaning->inventory.objects[i];
        if (object->facts.kind != kind || !goes(cleaning, object)) {
            continue;
        }
        if (cleaning->fn != NULL) {
            TARN_RETURN_IF_ERROR(cleaning->fn(cleaning->arg, &object->facts, err));
        }
        if (!cleaning->options->dry_run) {
            TARN_RETURN_IF_ERROR(tarn_store_remove(cleaning->newest->store, object->facts.key, err));
        }
        cleaning->result->objects++;
        cleaning->result->bytes += object->facts.size;
    }
    return TARN_OK;
}

static enum tarn_status note_kept_sidecars(struct cleaning *cleaning, struct tarn_error *err)
{
    bool any = false;
    for (size_t i = 0; i < cleaning->inventory.count; i++) {
        any = any || cleaning->inventory.objects[i].facts.kind == TARN_LOG_SIDECAR;
    }
    for (size_t i = 0; any && i < cleaning->listing.checkpoint_count; i++) {
        const struct tarn__delta_checkpoint *checkpoint = &cleaning->listing.checkpoints[i];
        if (checkpoint->version >= cleaning->kept && checkpoint->kind != TARN_CHECKPOINT_PARTS) {
            /* One that cannot be read may name any of them: then all stay, and the clean-up fails. */
            TARN_RETURN_IF_ERROR(tarn__delta_note_sidecars(cleaning->newest, checkpoint, &cleaning->sidecars, err));
        }
    }
    return TARN_OK;
}

static int64_t first_readable(const struct cleaning *cleaning)
{
    if (cleaning->kept >= 0) {
        return cleaning->kept;
    }
    const struct tarn__delta_listing *listing = &cleaning->listing;
    if (listing->commit_count != 0 && listing->commits[0].version == 0) {
        return 0;
    }
    return listing->checkpoint_count != 0 ? listing->checkpoints[0].version : -1;
}

static enum tarn_status clean(struct cleaning *cleaning, struct tarn_error *err)
{
    static const enum tarn_log_object_kind order[] = {TARN_LOG_COMPACTION, TARN_LOG_COMMIT,  TARN_LOG_CHECKSUM,
                                                      TARN_LOG_CHECKPOINT, TARN_LOG_SIDECAR, TARN_LOG_UNFINISHED};
    TARN_RETURN_IF_ERROR(choose_kept(cleaning, err));
    mind_protection(cleaning);
    TARN_RETURN_IF_ERROR(note_kept_sidecars(cleaning, err));
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        TARN_RETURN_IF_ERROR(remove_kind(cleaning, order[i], err));
    }
    cleaning->result->first_version = first_readable(cleaning);
    return TARN_OK;
}

enum tarn_status tarn__delta_clean_log(const struct tarn_snapshot *newest, const struct tarn_log_clean_options *options,
                                       tarn_log_object_fn fn, void *arg, struct tarn_log_clean_result *result, struct tarn_error *err)
{
    struct cleaning cleaning = {
        .newest = newest, .options = options, .fn = fn, .arg = arg, .result = result, .now = tarn__now(newest->env), .kept = -1};
    *result = (struct tarn_log_clean_result){.first_version = -1};
    tarn__file_set_init(&cleaning.sidecars, newest->env);
    enum tarn_status status = tarn__delta_list(newest->store, 0, &cleaning.listing, err);
    if (status == TARN_OK) {
        status = tarn__delta_inventory_read(newest->store, &cleaning.inventory, err);
    }
    if (status == TARN_OK) {
        status = clean(&cleaning, err);
    }
    tarn__delta_inventory_free(&cleaning.inventory);
    tarn__delta_listing_free(&cleaning.listing);
    tarn__file_set_free(&cleaning.sidecars);
    return status;
}
