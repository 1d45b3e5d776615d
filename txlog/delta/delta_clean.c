/* SPDX-License-Identifier: Apache-2.0
 *
 * Which files of a Delta table must stay, and which the log has let go of.
 *
 * Specification: Delta PROTOCOL.md, "Add File and Remove File" (deletionTimestamp, tombstones), "Deletion Vectors"; Spark's VacuumCommand
 * for hidden names, for LITE and for `_last_vacuum_info`.
 *
 * Invariants
 *  1. A file stays as long as a live add or a remove that is not past the horizon names it, under whatever deletion vector; so does the
 * file of a deletion vector, which many adds may share.
 *  2. Removes are looked for in every commit that can hold one that is not past the horizon, and in the newest checkpoint. A remove without
 *     a time counts as of its commit.
 */
#include "txlog/delta/delta_clean.h"

#include "format/base/bytes.h"
#include "format/base/number.h"
#include "format/json/json_pull.h"
#include "txlog/delta/delta_deletion_vector.h"
#include "txlog/delta/delta_interval.h"
#include "txlog/delta/delta_state.h"
#include "txlog/delta/delta_visit.h"

#define LAST_VACUUM TARN_DELTA_LOG "_last_vacuum_info"

/* Clocks of writers and of the store may differ by so much. */
static const int64_t clock_skew = TARN_DELTA_DAY;

struct cleaning {
    const struct tarn_snapshot *snapshot;
    int64_t horizon;
    const struct tarn__clean_visitor *visitor;
    int64_t commit_time; /* of the commit being read; INT64_MAX: not known */
    struct tarn_text_builder scratch;
};

static enum tarn_status tell(struct cleaning *cleaning, bool keep, struct tarn_text key, struct tarn_error *err)
{
    const struct tarn__clean_visitor *visitor = cleaning->visitor;
    if (tarn__place_leads_out(key) || (!keep && visitor->gone == NULL)) {
        return TARN_OK; /* of another table: not ours to keep or to remove */
    }
    return keep ? visitor->keep(visitor->arg, key, err) : visitor->gone(visitor->arg, key, err);
}

static enum tarn_status tell_file(struct cleaning *cleaning, bool keep, struct tarn_text path, const struct tarn__deletion_vector *vector,
                                  struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tell(cleaning, keep, tarn__delta_relative_path(cleaning->snapshot, path), err));
    if (vector == NULL || tarn__text_equal(vector->storage, TARN_TEXT("i"))) {
        return TARN_OK;
    }
    tarn__builder_clear(&cleaning->scratch);
    TARN_RETURN_IF_ERROR(tarn__delta_vector_path(vector, &cleaning->scratch, err));
    TARN_RETURN_IF_ERROR(tarn__builder_status(&cleaning->scratch, err));
    return tell(cleaning, keep, tarn__delta_relative_path(cleaning->snapshot, tarn__builder_text(&cleaning->scratch)), err);
}

static enum tarn_status see_remove(struct cleaning *cleaning, const struct tarn__delta_action *action, struct tarn_error *err)
{
    if (action->kind != TARN_DELTA_REMOVE) {
        return TARN_OK;
    }
    const struct tarn__delta_file *file = &action->u.file;
    const bool in_range = file->modified > 0 && file->modified <= INT64_MAX / 1000;
    const int64_t time = in_range ? file->modified * 1000 : cleaning->commit_time;
    return tell_file(cleaning, time >= cleaning->horizon, file->path, file->extra.deletion_vector, err);
}

static enum tarn_status visit(void *arg, int64_t version, const struct tarn__delta_action *action, struct tarn_error *err)
{
    (void)version;
    return see_remove(arg, action, err);
}

static void again(void *arg)
{
    (void)arg; /* to be told twice of a file changes nothing */
}

/* Commits that the state no longer needs, but whose removes may be young. */
static enum tarn_status read_commit(struct cleaning *cleaning, const struct tarn__delta_commit *commit, struct tarn_error *err)
{
    char key[TARN_DELTA_KEY];
    tarn__delta_commit_key(commit->version, key);
    struct tarn__delta_stream stream;
    const enum tarn_status opened = tarn__delta_stream_open(&stream, cleaning->snapshot->store, tarn__text_of(key), err);
    if (opened != TARN_OK) {
        return opened == TARN_NOT_FOUND ? TARN_OK : opened; /* cleaned up meanwhile: old enough */
    }
    cleaning->commit_time = commit->modified;
    enum tarn_status status;
    struct tarn__delta_action action;
    bool more = true;
    do {
        status = tarn__delta_stream_next(&stream, &action, &more, err);
        if (status == TARN_OK && more) {
            status = see_remove(cleaning, &action, err);
        }
    } while (status == TARN_OK && more);
    tarn__delta_stream_close(&stream);
    return status;
}

/* The newest version whose removes an earlier clean-up has seen; -1: none is known. */
static int64_t last_cleaned(const struct tarn_snapshot *snapshot)
{
    char *bytes;
    size_t size;
    int64_t version = -1;
    if (tarn__delta_read_object(snapshot->store, TARN_TEXT(LAST_VACUUM), 4096, &bytes, &size, NULL, NULL) != TARN_OK) {
        return -1;
    }
    struct tarn_json json;
    bool more;
    tarn__json_open(&json, &(struct tarn_json_pull_options){.env = snapshot->env, .failure = TARN_CORRUPT},
                    (struct tarn_text){bytes, size});
    enum tarn_status status = tarn__json_object(&json, NULL, NULL);
    while (status == TARN_OK && tarn__json_key(&json, &more, NULL) == TARN_OK && more) {
        bool is_null = false;
        status = tarn__json_is(&json, "latestCommitVersionOutsideOfRetentionWindow") ? tarn__json_int64(&json, &version, &is_null, NULL)
                                                                                     : tarn__json_skip(&json, NULL);
        version = is_null ? -1 : version;
    }
    tarn__json_close(&json);
    tarn__free(snapshot->env, bytes);
    return status == TARN_OK ? version : -1;
}

static enum tarn_status read_commits(struct cleaning *cleaning, struct tarn_error *err)
{
    const bool all = cleaning->visitor->gone != NULL;
    struct tarn__delta_listing listing;
    TARN_RETURN_IF_ERROR(tarn__delta_list(cleaning->snapshot->store, 0, &listing, err));
    enum tarn_status status = TARN_OK;
    if (all && listing.commit_count != 0 && listing.commits[0].version > 0 &&
        listing.commits[0].version > last_cleaned(cleaning->snapshot) + 1) {
        status = tarn__invalid(err, "log_pruned",
                               "commits before version %lld are gone, and no clean-up has seen them: what they let go of only a full "
                               "clean-up finds",
                               (long long)listing.commits[0].version);
    }
    for (size_t i = 0; status == TARN_OK && i < listing.commit_count; i++) {
        const struct tarn__delta_commit *commit = &listing.commits[i];
        if (commit->version <= cleaning->snapshot->info.version && (all || commit->modified >= cleaning->horizon - clock_skew)) {
            status = read_commit(cleaning, commit, err);
        }
    }
    tarn__delta_listing_free(&listing);
    return status;
}

enum tarn_status tarn__delta_clean(const struct tarn_snapshot *snapshot, int64_t horizon, const struct tarn__clean_visitor *visitor,
                                   struct tarn_error *err)
{
    struct cleaning cleaning = {.snapshot = snapshot, .horizon = horizon, .visitor = visitor, .commit_time = INT64_MAX};
    const struct tarn__delta_visitor removes = {.action = visit, .arg = &cleaning, .without_added = true};
    tarn__builder_init(&cleaning.scratch, snapshot->env);
    enum tarn_status status = TARN_OK;
    for (uint32_t i = 0; status == TARN_OK && i < snapshot->files.count; i++) {
        const struct tarn__tracked_file *file = tarn__file_set_at(&snapshot->files, i);
        status = tell_file(&cleaning, true, file->path, tarn__file_deletion_vector(file), err);
    }
    status = status == TARN_OK ? tarn__delta_visit_log(snapshot, &removes, again, err) : status;
    status = status == TARN_OK ? read_commits(&cleaning, err) : status;
    tarn__builder_free(&cleaning.scratch);
    return status;
}

/* ---- names ---- */

bool tarn__delta_is_hidden(const struct tarn_snapshot *snapshot, struct tarn_text name)
{
    if (tarn__text_equal(name, TARN_TEXT("metadata"))) {
        return true; /* of the same table in another format */
    }
    if (name.size == 0 || (name.data[0] != '_' && name.data[0] != '.')) {
        return false;
    }
    if (tarn__text_starts(name, TARN_TEXT("_change_data")) || tarn__text_starts(name, TARN_TEXT("_delta_index"))) {
        return false;
    }
    for (uint32_t i = 0; i < snapshot->info.partition_column_count; i++) { /* a partition "_x=1" */
        const struct tarn_text column = snapshot->info.partition_columns[i];
        if (tarn__text_starts(name, column) && name.size > column.size && name.data[column.size] == '=') {
            return false;
        }
    }
    return true;
}

int64_t tarn__delta_file_retention(const struct tarn_snapshot *snapshot)
{
    return tarn__delta_property_interval(tarn__delta_state_of(snapshot), TARN_TEXT("delta.deletedFileRetentionDuration"),
                                         TARN_DELTA_FILE_RETENTION);
}

/* ---- what later lite clean-ups go by ---- */

void tarn__delta_cleaned(const struct tarn_snapshot *snapshot, int64_t horizon)
{
    struct tarn__delta_listing listing;
    if (tarn__delta_list(snapshot->store, 0, &listing, NULL) != TARN_OK) {
        return;
    }
    int64_t latest = -1;
    for (size_t i = 0; i < listing.commit_count; i++) {
        latest = listing.commits[i].time < horizon ? listing.commits[i].version : latest;
    }
    tarn__delta_listing_free(&listing);
    if (latest < 0) {
        return;
    }
    char number[TARN_NUMBER_TEXT];
    struct tarn_text_builder text;
    tarn__builder_init(&text, snapshot->env);
    tarn__builder_add_str(&text, "{\"latestCommitVersionOutsideOfRetentionWindow\":");
    tarn__builder_add(&text, (struct tarn_text){number, tarn__int64_print(latest, number)});
    tarn__builder_add_str(&text, "}");
    if (tarn__builder_status(&text, NULL) != TARN_OK ||
        tarn_store_put(snapshot->store, TARN_TEXT(LAST_VACUUM), tarn__span_of_text(tarn__builder_text(&text)), TARN_PUT_OVERWRITE,
                       TARN_ROLE_COMMIT, NULL) != TARN_OK) {
        tarn__log(snapshot->env, TARN_LOG_WARN, "%s could not be written: the next lite clean-up may ask for a full one", LAST_VACUUM);
    }
    tarn__builder_free(&text);
}
