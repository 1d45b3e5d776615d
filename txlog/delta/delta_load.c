/* SPDX-License-Identifier: Apache-2.0
 *
 * From a folder to the state of a version: which log files make it, and what to do when some of them are damaged.
 *
 * Specification: Delta PROTOCOL.md, "Action Reconciliation", "Checkpoints", "In-Commit Timestamps".
 *
 * Invariants
 *  1. A version is loaded from a complete checkpoint at or below it and every commit between, without a gap; or from commit 0 on.
 *  2. A checkpoint that cannot be read is passed over for an older one, or for none: what the commits say is enough while they are there.
 *     A commit that cannot be read has no substitute and is an error.
 *  3. `_last_checkpoint` only shortens the listing; when it does not hold, the whole log is listed.
 */
#include "txlog/delta/delta_load.h"

#include "format/base/bytes.h"
#include "txlog/delta/delta_checkpoint.h"
#include "txlog/delta/delta_state.h"

static bool is_complete(const struct tarn__delta_checkpoint *checkpoint)
{
    return checkpoint->kind != TARN_CHECKPOINT_PARTS || checkpoint->parts_there == checkpoint->parts;
}

static bool has_checkpoint(const struct tarn__delta_listing *listing, int64_t version)
{
    for (size_t i = 0; i < listing->checkpoint_count; i++) {
        if (listing->checkpoints[i].version == version && is_complete(&listing->checkpoints[i])) {
            return true;
        }
    }
    return false;
}

static int64_t newest_version(const struct tarn__delta_listing *listing)
{
    int64_t newest = listing->commit_count != 0 ? listing->commits[listing->commit_count - 1].version : -1;
    for (size_t i = 0; i < listing->checkpoint_count; i++) {
        if (is_complete(&listing->checkpoints[i]) && listing->checkpoints[i].version > newest) {
            newest = listing->checkpoints[i].version;
        }
    }
    return newest;
}

/* The end of the log is enough for the newest version. */
static enum tarn_status list_for(struct tarn_store *store, const struct tarn_snapshot_options *options, struct tarn__delta_listing *listing,
                                 struct tarn_error *err)
{
    if (options->version == -1 && options->as_of == INT64_MIN) {
        const int64_t hint = tarn__delta_checkpoint_hint(store);
        if (hint > 0) {
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

/* The newest commit whose time is not after `as_of`. In-commit timestamps, once a table has them, are its times. */
static enum tarn_status version_at(struct tarn_store *store, const struct tarn__delta_listing *listing, int64_t as_of, int64_t *version,
                                   struct tarn_error *err)
{
    bool in_commit = listing->commit_count != 0;
    for (size_t i = listing->commit_count; i > 0; i--) {
        const struct tarn__delta_commit *commit = &listing->commits[i - 1];
        int64_t time = commit->time;
        if (in_commit) {
            int64_t milliseconds;
            TARN_RETURN_IF_ERROR(tarn__delta_in_commit_timestamp(store, commit->version, &in_commit, &milliseconds, err));
            time = in_commit ? milliseconds * 1000 : time;
        }
        if (time <= as_of) {
            *version = commit->version;
            return TARN_OK;
        }
    }
    return tarn__error_set(err, TARN_NOT_FOUND, "version", "the table's log does not go back to this time");
}

static enum tarn_status choose_version(struct tarn_snapshot *snapshot, const struct tarn__delta_listing *listing,
                                       const struct tarn_snapshot_options *options, int64_t *version, struct tarn_error *err)
{
    const int64_t newest = newest_version(listing);
    *version = newest;
    if (newest < 0) {
        return tarn__error_set(err, TARN_NOT_FOUND, "table", "the folder has a _delta_log without any commit");
    }
    if (options->as_of != INT64_MIN) {
        return version_at(snapshot->store, listing, options->as_of, version, err);
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

/* Are the commits from `first` to `last` all there? */
static enum tarn_status check_no_gap(const struct tarn__delta_listing *listing, int64_t first, int64_t last, struct tarn_error *err)
{
    if (first > last) {
        return TARN_OK;
    }
    const int64_t begin = tarn__delta_listing_find(listing, first);
    if (begin >= 0 && (uint64_t)(last - first) < listing->commit_count - (size_t)begin &&
        listing->commits[begin + (last - first)].version == last) {
        return TARN_OK; /* ascending and distinct: as many as the difference means all */
    }
    const int64_t oldest = listing->commit_count != 0 ? listing->commits[0].version : -1;
    if (first == 0 && oldest > 0 && begin < 0) {
        tarn__error_set(
            err, TARN_NOT_FOUND, "version",
            "the log begins at version %lld, without a checkpoint that could stand for what is gone: version %lld cannot be made",
            (long long)oldest, (long long)last);
        tarn__error_at_version(err, last);
        return TARN_NOT_FOUND;
    }
    int64_t missing = first;
    while (missing < last && tarn__delta_listing_find(listing, missing) >= 0) {
        missing++;
    }
    tarn__corrupt(err, "log_gap", "the commit of version %lld is missing between others; restore the file, or read a version before it",
                  (long long)missing);
    tarn__error_at_version(err, missing);
    return TARN_CORRUPT;
}

/* One attempt: commits after `checkpoint` (NULL: from 0 on) newest first, then the checkpoint. */
static enum tarn_status load_from(struct tarn_snapshot *snapshot, const struct tarn__delta_listing *listing,
                                  const struct tarn__delta_checkpoint *checkpoint, int64_t version, bool *checkpoint_failed,
                                  struct tarn_error *err)
{
    *checkpoint_failed = false;
    const int64_t first = checkpoint != NULL ? checkpoint->version + 1 : 0;
    TARN_RETURN_IF_ERROR(check_no_gap(listing, first, version, err));
    struct tarn__delta_replay replay;
    enum tarn_status status = tarn__delta_replay_begin(&replay, snapshot, err);
    for (int64_t v = version; status == TARN_OK && v >= first; v--) {
        status = tarn__delta_replay_commit(&replay, v, err);
    }
    if (status == TARN_OK && checkpoint != NULL) {
        status = tarn__delta_replay_checkpoint(&replay, checkpoint, err);
        *checkpoint_failed = status != TARN_OK;
    }
    tarn__delta_replay_end(&replay);
    if (status == TARN_OK) {
        status = tarn__delta_state_finish(snapshot, err);
        *checkpoint_failed = checkpoint != NULL && status == TARN_CORRUPT &&
                             (!tarn__delta_state_of(snapshot)->has_metadata || !tarn__delta_state_of(snapshot)->has_protocol);
    }
    return status;
}

/* Back to an empty snapshot, for the next attempt. */
static void forget(struct tarn_snapshot *snapshot)
{
    struct tarn_env *env = snapshot->env;
    tarn__file_set_free(&snapshot->files);
    tarn__file_set_init(&snapshot->files, env);
    for (uint32_t i = 0; i < snapshot->schema_count; i++) {
        tarn_schema_release(snapshot->schemas[i].schema);
    }
    snapshot->schema_count = 0;
    snapshot->schema = NULL;
    snapshot->state = NULL;
}

static enum tarn_status load_version(struct tarn_snapshot *snapshot, const struct tarn__delta_listing *listing, int64_t version,
                                     struct tarn_error *err)
{
    snapshot->info.version = version;
    snapshot->position = version;
    snapshot->sequence = version;
    snapshot->parent_id = version - 1;
    bool failed = false;
    struct tarn_error first = TARN_ERROR_INIT;
    for (size_t i = listing->checkpoint_count; i > 0; i--) {
        const struct tarn__delta_checkpoint *checkpoint = &listing->checkpoints[i - 1];
        if (checkpoint->version > version || !is_complete(checkpoint)) {
            continue;
        }
        bool checkpoint_failed;
        struct tarn_error now = TARN_ERROR_INIT;
        const enum tarn_status status = load_from(snapshot, listing, checkpoint, version, &checkpoint_failed, &now);
        const bool stands_for_all = status != TARN_OK && (status == TARN_CORRUPT || status == TARN_NOT_FOUND) && checkpoint_failed;
        if (!stands_for_all) {
            if (status != TARN_OK && err != NULL) {
                *err = now;
            }
            return status;
        }
        tarn__log(snapshot->env, TARN_LOG_WARN, "the checkpoint of version %lld cannot be read and is passed over: %s",
                  (long long)checkpoint->version, now.message);
        if (!failed) {
            first = now;
            failed = true;
        }
        forget(snapshot);
    }
    bool unused;
    const enum tarn_status status = load_from(snapshot, listing, NULL, version, &unused, err);
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
    return status != TARN_OK && status != TARN_UNSUPPORTED && status != TARN_NOMEM && options->version == -1 && options->as_of == INT64_MIN;
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
        /* The shortened listing may have left out what an older checkpoint needs. */
        struct tarn__delta_listing whole;
        struct tarn_error again = TARN_ERROR_INIT;
        if (tarn__delta_list(snapshot->store, 0, &whole, NULL) == TARN_OK) {
            if (whole.commit_count + whole.checkpoint_count > listing.commit_count + listing.checkpoint_count) {
                forget(snapshot);
                const enum tarn_status second = load_version(snapshot, &whole, newest_version(&whole), &again);
                if (second == TARN_OK) {
                    status = second;
                    version = newest_version(&whole);
                }
            }
            if (status == TARN_OK) {
                tarn__delta_listing_free(&listing);
                listing = whole;
            } else {
                tarn__delta_listing_free(&whole);
            }
        }
    }
    if (status == TARN_OK && snapshot->info.timestamp == 0) {
        const int64_t at = tarn__delta_listing_find(&listing, version);
        snapshot->info.timestamp = at >= 0 ? listing.commits[at].time : 0;
        for (size_t i = 0; at < 0 && i < listing.checkpoint_count; i++) {
            if (listing.checkpoints[i].version == version) {
                snapshot->info.timestamp = listing.checkpoints[i].modified;
            }
        }
    }
    tarn__delta_listing_free(&listing);
    if (status != TARN_OK && err != NULL) {
        *err = now;
    }
    return status;
}

/* ---- history ---- */

static void count_file(struct tarn_commit_info *commit, const struct tarn__delta_action *action)
{
    const struct tarn__delta_file *file = &action->u.file;
    const uint64_t rows = file->rows > 0 ? (uint64_t)file->rows : 0;
    if (action->kind == TARN_DELTA_ADD) {
        commit->files_added++;
        commit->bytes_added += file->size;
        commit->rows_added += rows;
        commit->has_rows_added = commit->has_rows_added && file->rows >= 0;
    } else {
        commit->files_removed++;
        commit->rows_removed += rows;
        commit->has_rows_removed = commit->has_rows_removed && file->rows >= 0;
    }
}

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
            count_file(out, &action);
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
