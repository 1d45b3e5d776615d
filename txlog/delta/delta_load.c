/* SPDX-License-Identifier: Apache-2.0
 *
 * From a folder to the state of a version: which log files make it, and what to do when some of them are damaged.
 *
 * Specification: Delta PROTOCOL.md, "Action Reconciliation", "Checkpoints", "Log Compaction Files".
 *
 * Invariants
 *  1. A version is loaded from a complete checkpoint at or below it and every commit between, without a gap; or from commit 0 on.
 *  2. A checkpoint that cannot be read is passed over for an older one, or for none, and a compaction for the commits it stands for; both
 *     are told. What the commits say is enough while they are there. A commit that cannot be read has no substitute and is an error.
 *  3. `_last_checkpoint` only shortens the listing; when it does not hold, the whole log is listed.
 *  4. A version checksum changes nothing: what it contradicts is told.
 */
#include "txlog/delta/delta_load.h"

#include <string.h>

#include "format/base/bytes.h"
#include "txlog/delta/delta_checkpoint.h"
#include "txlog/delta/delta_checksum_read.h"
#include "txlog/delta/delta_file_count.h"
#include "txlog/delta/delta_state.h"
#include "txlog/delta/delta_travel.h"

static bool has_checkpoint(const struct tarn__delta_listing *listing, int64_t version)
{
    for (size_t i = 0; i < listing->checkpoint_count; i++) {
        if (listing->checkpoints[i].version == version && tarn__delta_checkpoint_is_complete(&listing->checkpoints[i])) {
            return true;
        }
    }
    return false;
}

static int64_t newest_commit(const struct tarn__delta_listing *listing)
{
    return listing->commit_count != 0 ? listing->commits[listing->commit_count - 1].version : -1;
}

/* The end of the log is enough for the versions from a checkpoint on. */
static enum tarn_status list_for(struct tarn_store *store, const struct tarn_snapshot_options *options, struct tarn__delta_listing *listing,
                                 struct tarn_error *err)
{
    if (options->as_of == INT64_MIN) {
        const int64_t hint = tarn__delta_checkpoint_hint(store);
        if (hint > 0 && (options->version == -1 || options->version >= hint)) {
            TARN_RETURN_IF_ERROR(tarn__delta_list(store, hint, listing, err));
            if (has_checkpoint(listing, hint)) {
                return TARN_OK;
            }
            tarn__delta_listing_free(listing);
        }
    }
    return tarn__delta_list(store, 0, listing, err);
}

enum tarn_status tarn__delta_in_commit_timestamp(struct tarn_store *store, int64_t version, bool *has, int64_t *milliseconds,
                                                 struct tarn_error *err)
{
    *has = false;
    *milliseconds = 0;
    char key[TARN_DELTA_KEY];
    tarn__delta_commit_key(version, key);
    struct tarn__delta_stream stream;
    TARN_RETURN_IF_ERROR(tarn__delta_stream_open(&stream, store, tarn__text_of(key), err));
    struct tarn__delta_action action;
    bool more;
    const enum tarn_status status = tarn__delta_stream_next(&stream, &action, &more, err);
    if (status == TARN_OK && more && action.kind == TARN_DELTA_COMMIT_INFO && action.u.commit_info.has_in_commit_timestamp) {
        *has = true;
        *milliseconds = action.u.commit_info.in_commit_timestamp;
    }
    tarn__delta_stream_close(&stream);
    return status;
}

static enum tarn_status choose_version(struct tarn_snapshot *snapshot, const struct tarn__delta_listing *listing,
                                       const struct tarn_snapshot_options *options, int64_t *version, struct tarn_error *err)
{
    const int64_t newest = tarn__delta_newest_version(listing);
    *version = newest;
    if (newest < 0) {
        return tarn__error_set(err, TARN_NOT_FOUND, "table", "the folder has a _delta_log without any commit");
    }
    if (options->as_of != INT64_MIN) {
        return tarn__delta_version_at(snapshot, listing, options->as_of, version, err);
    }
    if (options->version > newest || options->version < -1) {
        tarn__error_set(err, TARN_NOT_FOUND, "version", "there is no version %lld; the newest is %lld", (long long)options->version,
                        (long long)newest);
        tarn__error_at_version(err, options->version);
        return TARN_NOT_FOUND;
    }
    if (options->version >= 0) {
        *version = options->version;
    }
    return TARN_OK;
}

void tarn__delta_advise_repair(struct tarn_error *err)
{
    if (err == NULL || (strcmp(err->detail, "commit_empty") != 0 && strncmp(err->detail, "json.", 5) != 0)) {
        return;
    }
    const size_t used = strlen(err->message);
    tarn__text_copy(err->message + used, sizeof(err->message) - used,
                    TARN_TEXT(". It is the newest commit: its writer died, or lost power, before it was on disk. `tarn fsck --repair` sets "
                              "it aside, and the version before is the newest again"),
                    false);
}

/* ---- one attempt ---- */

enum part { PART_NONE, PART_COMMIT, PART_COMPACTION, PART_CHECKPOINT };

struct attempt {
    struct tarn_snapshot *snapshot;
    const struct tarn__delta_listing *listing;
    int64_t version;
    const struct tarn__delta_checkpoint *checkpoint; /* NULL: from commit 0 on */
    bool compactions;                                /* are used */
    enum part failed;                                /* what could not be read */
};

static const struct tarn__delta_compaction *compaction_to(const struct attempt *attempt, int64_t first, int64_t last)
{
    return attempt->compactions ? tarn__delta_listing_compaction(attempt->listing, first, last) : NULL;
}

/* The newest version from `first` to `last` that neither a commit nor a compaction holds; -1: all are there. */
static int64_t find_gap(const struct attempt *attempt, int64_t first, int64_t last)
{
    const struct tarn__delta_listing *listing = attempt->listing;
    const int64_t begin = tarn__delta_listing_find(listing, first);
    if (begin >= 0 && (uint64_t)(last - first) < listing->commit_count - (size_t)begin &&
        listing->commits[begin + (last - first)].version == last) {
        return -1; /* ascending and distinct: as many as the difference means all */
    }
    for (int64_t version = last; version >= first;) {
        const struct tarn__delta_compaction *compaction = compaction_to(attempt, first, version);
        if (compaction == NULL && tarn__delta_listing_find(listing, version) < 0) {
            return version;
        }
        version = compaction != NULL ? compaction->first - 1 : version - 1;
    }
    return -1;
}

/* Are the commits from `first` to the version all there? */
static enum tarn_status check_no_gap(const struct attempt *attempt, int64_t first, struct tarn_error *err)
{
    const struct tarn__delta_listing *listing = attempt->listing;
    const int64_t missing = first <= attempt->version ? find_gap(attempt, first, attempt->version) : -1;
    if (missing < 0) {
        return TARN_OK;
    }
    const int64_t oldest = listing->commit_count != 0 ? listing->commits[0].version : -1;
    if (first == 0 && oldest != 0 && missing < (oldest > 0 ? oldest : INT64_MAX)) {
        return tarn__delta_refuse_version(listing, attempt->version, err);
    }
    tarn__corrupt(err, "log_gap", "the commit of version %lld is missing between others; restore the file, or read a version before it",
                  (long long)missing);
    tarn__error_at_version(err, missing);
    return TARN_CORRUPT;
}

/* Commits and compactions, newest first. */
static enum tarn_status replay_commits(struct attempt *attempt, struct tarn__delta_replay *replay, int64_t first, struct tarn_error *err)
{
    for (int64_t version = attempt->version; version >= first;) {
        const struct tarn__delta_compaction *compaction = compaction_to(attempt, first, version);
        attempt->failed = compaction != NULL ? PART_COMPACTION : PART_COMMIT;
        const enum tarn_status status = compaction != NULL ? tarn__delta_replay_compaction(replay, compaction->first, compaction->last, err)
                                                           : tarn__delta_replay_commit(replay, version, err);
        if (status == TARN_CORRUPT && compaction == NULL && version == newest_commit(attempt->listing)) {
            tarn__delta_advise_repair(err);
        }
        TARN_RETURN_IF_ERROR(status);
        version = compaction != NULL ? compaction->first - 1 : version - 1;
    }
    attempt->failed = PART_NONE;
    return TARN_OK;
}

static enum tarn_status load_once(struct attempt *attempt, struct tarn_error *err)
{
    struct tarn_snapshot *snapshot = attempt->snapshot;
    const struct tarn__delta_checkpoint *checkpoint = attempt->checkpoint;
    const int64_t first = checkpoint != NULL ? checkpoint->version + 1 : 0;
    attempt->failed = PART_NONE;
    TARN_RETURN_IF_ERROR(check_no_gap(attempt, first, err));
    struct tarn__delta_replay replay;
    enum tarn_status status = tarn__delta_replay_begin(&replay, snapshot, err);
    if (status == TARN_OK) {
        status = replay_commits(attempt, &replay, first, err);
    }
    if (status == TARN_OK && checkpoint != NULL) {
        attempt->failed = PART_CHECKPOINT;
        status = tarn__delta_replay_checkpoint(&replay, checkpoint, err);
        attempt->failed = status != TARN_OK ? PART_CHECKPOINT : PART_NONE;
    }
    tarn__delta_replay_end(&replay);
    if (status == TARN_OK) {
        status = tarn__delta_state_finish(snapshot, err);
        const struct tarn__delta_state *state = tarn__delta_state_of(snapshot);
        if (checkpoint != NULL && status == TARN_CORRUPT && (!state->has_metadata || !state->has_protocol)) {
            attempt->failed = PART_CHECKPOINT;
        }
    }
    return status;
}

/* Back to an empty snapshot, for the next attempt. */
static void forget(struct tarn_snapshot *snapshot)
{
    struct tarn_env *env = snapshot->env;
    tarn__file_set_free(&snapshot->files);
    tarn__file_set_init(&snapshot->files, env);
    tarn__snapshot_drop_schemas(snapshot);
    snapshot->state = NULL;
}

/* Can something else stand in for a part that ended so? */
static bool is_damage(enum tarn_status status)
{
    return status == TARN_CORRUPT || status == TARN_NOT_FOUND || status == TARN_UNSUPPORTED;
}

/* From one checkpoint, or none; with compactions first, and without when one of them is damaged. */
static enum tarn_status load_from(struct attempt *attempt, const struct tarn__delta_checkpoint *checkpoint, struct tarn_error *err)
{
    attempt->checkpoint = checkpoint;
    attempt->compactions = attempt->listing->compaction_count != 0;
    struct tarn_error now = TARN_ERROR_INIT;
    enum tarn_status status = load_once(attempt, &now);
    if (status != TARN_OK && attempt->failed == PART_COMPACTION && is_damage(status)) {
        tarn__snapshot_note(attempt->snapshot, "the compaction %s cannot be read, the commits stand in for it: %s", now.object,
                            now.message);
        forget(attempt->snapshot);
        attempt->compactions = false;
        status = load_once(attempt, &now);
    }
    if (status != TARN_OK && err != NULL) {
        *err = now;
    }
    return status;
}

static enum tarn_status load_version(struct tarn_snapshot *snapshot, const struct tarn__delta_listing *listing, int64_t version,
                                     struct tarn_error *err)
{
    snapshot->info.version = version;
    snapshot->position = version;
    snapshot->sequence = version;
    snapshot->parent_id = version - 1;
    struct attempt attempt = {.snapshot = snapshot, .listing = listing, .version = version};
    bool failed = false;
    struct tarn_error first = TARN_ERROR_INIT;
    for (size_t i = listing->checkpoint_count; i > 0; i--) {
        const struct tarn__delta_checkpoint *checkpoint = &listing->checkpoints[i - 1];
        if (checkpoint->version > version || !tarn__delta_checkpoint_is_complete(checkpoint)) {
            continue;
        }
        struct tarn_error now = TARN_ERROR_INIT;
        const enum tarn_status status = load_from(&attempt, checkpoint, &now);
        if (status == TARN_OK || attempt.failed != PART_CHECKPOINT || !is_damage(status)) {
            if (status != TARN_OK && err != NULL) {
                *err = now;
            }
            return status;
        }
        tarn__snapshot_note(snapshot, "the checkpoint of version %lld cannot be read and is passed over: %s",
                            (long long)checkpoint->version, now.message);
        if (!failed) {
            first = now;
            failed = true;
        }
        forget(snapshot);
    }
    const enum tarn_status status = load_from(&attempt, NULL, err);
    if (failed && (status == TARN_NOT_FOUND || status == TARN_CORRUPT)) {
        if (err != NULL) {
            *err = first; /* nothing older stands in: the damage is what matters */
        }
        return first.code;
    }
    return status;
}

static bool finds_nothing_older(enum tarn_status status, const struct tarn_snapshot_options *options)
{
    return status != TARN_OK && status != TARN_NOMEM && options->as_of == INT64_MIN;
}

/* The shortened listing may have left out what an older checkpoint needs. */
static enum tarn_status load_by_whole_log(struct tarn_snapshot *snapshot, const struct tarn_snapshot_options *options,
                                          struct tarn__delta_listing *listing, int64_t *version, enum tarn_status first)
{
    struct tarn__delta_listing whole;
    if (tarn__delta_list(snapshot->store, 0, &whole, NULL) != TARN_OK) {
        return first;
    }
    enum tarn_status status = first;
    if (whole.commit_count + whole.checkpoint_count > listing->commit_count + listing->checkpoint_count) {
        const int64_t wanted = options->version == -1 ? tarn__delta_newest_version(&whole) : options->version;
        forget(snapshot);
        snapshot->info.note_count = 0; /* they come again */
        if (load_version(snapshot, &whole, wanted, NULL) == TARN_OK) {
            status = TARN_OK;
            *version = wanted;
        }
    }
    if (status == TARN_OK) {
        tarn__delta_listing_free(listing);
        *listing = whole;
    } else {
        tarn__delta_listing_free(&whole);
    }
    return status;
}

/* When the version was made, by the first that says so: in-commit timestamp, commit file, checkpoint. */
static enum tarn_status date_version(struct tarn_snapshot *snapshot, const struct tarn__delta_listing *listing, struct tarn_error *err)
{
    struct tarn__delta_state *state = tarn__delta_state_of(snapshot);
    const int64_t version = snapshot->info.version;
    const int64_t at = tarn__delta_listing_find(listing, version);
    const bool in_commit = tarn__delta_property_is_true(state, TARN_TEXT("delta.enableInCommitTimestamps"));
    state->commit_size = at >= 0 ? listing->commits[at].size : 0;
    state->commit_modified = at >= 0 ? listing->commits[at].modified : 0;
    if (in_commit && !state->has_in_commit_timestamp && at >= 0) { /* a checkpoint or compaction stood for the commit */
        TARN_RETURN_IF_ERROR(
            tarn__delta_in_commit_timestamp(snapshot->store, version, &state->has_in_commit_timestamp, &state->in_commit_timestamp, err));
    }
    if (in_commit && state->has_in_commit_timestamp) {
        snapshot->info.timestamp = state->in_commit_timestamp * 1000;
        return TARN_OK;
    }
    snapshot->info.timestamp = at >= 0 ? listing->commits[at].time : 0;
    for (size_t i = 0; at < 0 && i < listing->checkpoint_count; i++) {
        if (listing->checkpoints[i].version == version) {
            snapshot->info.timestamp = listing->checkpoints[i].modified;
        }
    }
    return TARN_OK;
}

/* Notes what the version's checksum contradicts. */
static enum tarn_status compare_checksum(struct tarn_snapshot *snapshot, struct tarn_error *err)
{
    struct tarn_error now = TARN_ERROR_INIT;
    const enum tarn_status status = tarn__delta_checksum_verify(snapshot, &now);
    if (status == TARN_CORRUPT) {
        tarn__snapshot_note(snapshot, "version %lld: %s; run `tarn verify`", (long long)snapshot->info.version, now.message);
        return TARN_OK;
    }
    if (status != TARN_OK && err != NULL) {
        *err = now;
    }
    return status;
}

enum tarn_status tarn__delta_load(struct tarn_snapshot *snapshot, const struct tarn_snapshot_options *options, struct tarn_error *err)
{
    if (options->ref.size != 0 && !tarn__text_equal(options->ref, TARN_TEXT("main"))) {
        return tarn__error_set(err, TARN_NOT_FOUND, "ref", "a Delta table has no branches and tags but \"main\"");
    }
    struct tarn__delta_listing listing;
    TARN_RETURN_IF_ERROR(list_for(snapshot->store, options, &listing, err));
    struct tarn_error now = TARN_ERROR_INIT;
    int64_t version = -1;
    enum tarn_status status = choose_version(snapshot, &listing, options, &version, &now);
    if (status == TARN_OK) {
        status = load_version(snapshot, &listing, version, &now);
    }
    if (finds_nothing_older(status, options) && listing.commit_count + listing.checkpoint_count != 0) {
        status = load_by_whole_log(snapshot, options, &listing, &version, status);
    }
    if (status == TARN_OK) {
        status = date_version(snapshot, &listing, &now);
    }
    if (status == TARN_OK && tarn__delta_listing_has_checksum(&listing, version)) {
        status = compare_checksum(snapshot, &now);
    }
    tarn__delta_listing_free(&listing);
    if (status != TARN_OK && err != NULL) {
        *err = now;
    }
    return status;
}

/* ---- history ---- */

static enum tarn_status keep(struct tarn_arena *arena, struct tarn_text *text, struct tarn_error *err)
{
    if (text->size != 0) {
        *text = tarn__arena_text(arena, *text);
        return text->data == NULL ? tarn__nomem(arena->env, err, text->size) : TARN_OK;
    }
    return TARN_OK;
}

static enum tarn_status read_commit(struct tarn_store *store, const struct tarn__delta_commit *listed, struct tarn_arena *arena,
                                    struct tarn_commit_info *out, struct tarn_error *err)
{
    *out = (struct tarn_commit_info){
        .version = listed->version, .timestamp = listed->time, .read_version = -1, .has_rows_added = true, .has_rows_removed = true};
    char key[TARN_DELTA_KEY];
    tarn__delta_commit_key(listed->version, key);
    struct tarn__delta_stream stream;
    struct tarn__delta_file_count count = {.env = arena->env};
    TARN_RETURN_IF_ERROR(tarn__delta_stream_open(&stream, store, tarn__text_of(key), err));
    enum tarn_status status = TARN_OK;
    for (;;) {
        struct tarn__delta_action action;
        bool more;
        status = tarn__delta_stream_next(&stream, &action, &more, err);
        if (status != TARN_OK || !more) {
            break;
        }
        if (action.kind == TARN_DELTA_ADD || action.kind == TARN_DELTA_REMOVE) {
            status = tarn__delta_count_file(&count, &action, err);
            if (status != TARN_OK) {
                break;
            }
        } else if (action.kind == TARN_DELTA_COMMIT_INFO) {
            const struct tarn__delta_commit_info *info = &action.u.commit_info;
            out->operation = info->operation;
            out->parameters = info->parameters;
            out->metrics = info->metrics;
            out->engine = info->engine;
            out->commit_id = info->commit_id;
            out->user_metadata = info->user_metadata;
            out->read_version = info->read_version;
            out->blind_append = info->blind_append;
            if (info->has_in_commit_timestamp) {
                out->timestamp = info->in_commit_timestamp * 1000;
            }
            struct tarn_text *texts[] = {&out->operation, &out->parameters, &out->metrics,
                                         &out->engine,    &out->commit_id,  &out->user_metadata};
            for (size_t i = 0; status == TARN_OK && i < sizeof(texts) / sizeof(texts[0]); i++) {
                status = keep(arena, texts[i], err);
            }
            if (status != TARN_OK) {
                break;
            }
        }
    }
    tarn__delta_count_end(&count, out);
    tarn__delta_stream_close(&stream);
    if (status != TARN_OK) {
        tarn__error_at_version(err, listed->version);
    }
    return status;
}

enum tarn_status tarn__delta_history(struct tarn_env *env, const struct tarn__place *place, uint64_t limit, tarn_commit_fn fn, void *arg,
                                     struct tarn_error *err)
{
    struct tarn_store *store = place->store;
    struct tarn__delta_listing listing;
    TARN_RETURN_IF_ERROR(tarn__delta_list(store, 0, &listing, err));
    enum tarn_status status = TARN_OK;
    uint64_t given = 0;
    for (size_t i = listing.commit_count; status == TARN_OK && i > 0 && (limit == 0 || given < limit); i--, given++) {
        struct tarn_arena arena;
        tarn__arena_init(&arena, env);
        struct tarn_commit_info commit;
        status = read_commit(store, &listing.commits[i - 1], &arena, &commit, err);
        if (status == TARN_OK) {
            status = fn(arg, &commit, err);
        }
        tarn__arena_free(&arena);
    }
    tarn__delta_listing_free(&listing);
    return status;
}
