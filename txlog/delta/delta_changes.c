/* SPDX-License-Identifier: Apache-2.0
 *
 * Changes out of a Delta log: the files that hold them, commit by commit.
 *
 * Specification: Delta PROTOCOL.md, "Add CDC File", "Change Data Files"; ranges of times as Spark's table_changes has them.
 *
 * Invariants
 *  1. A commit with cdc actions is those and nothing else; another is its adds and removes with dataChange.
 *  2. A path that a commit removes and adds, with other deletion vectors, is one file: the rows between the two vectors changed, and no
 *     others.
 *  3. A commit is read twice, never kept: what stays of its first reading is the paths that it removes.
 */
#include "txlog/delta/delta_changes.h"

#include "format/base/bytes.h"
#include "txlog/core/table_format.h"
#include "txlog/delta/delta_load.h"
#include "txlog/delta/delta_state.h"

struct reading {
    struct tarn__change_set *set;
    struct tarn__delta_listing listing;
    bool recorded_only;
};

/* A path that a commit removes. */
struct removal {
    const struct tarn__deletion_vector *vector; /* that it had; NULL: none */
    bool stays;                                 /* the commit adds it too */
};

/* What the first reading of a commit finds. */
struct survey {
    struct reading *reading;
    int64_t version;
    int64_t time;
    bool recorded;                 /* it has cdc actions */
    struct tarn__file_set removed; /* by path alone */
    struct removal *removals;      /* one a file of it */
    size_t removal_capacity;
};

bool tarn__delta_records_changes(const struct tarn_snapshot *snapshot)
{
    const struct tarn__delta_state *state = tarn__delta_state_of(snapshot);
    return tarn__delta_property_is_true(state, TARN_TEXT("delta.enableChangeDataFeed")) &&
           tarn__delta_protocol_has_writer(&state->protocol, TARN_TEXT("changeDataFeed"));
}

/* ---- ranges ---- */

/* The time of a commit, which its first action knows better than the store. */
static enum tarn_status commit_time(const struct reading *reading, size_t at, int64_t *time, struct tarn_error *err)
{
    const struct tarn__delta_commit *commit = &reading->listing.commits[at];
    bool in_commit;
    int64_t milliseconds;
    TARN_RETURN_IF_ERROR(tarn__delta_in_commit_timestamp(reading->set->snapshot->store, commit->version, &in_commit, &milliseconds, err));
    *time = in_commit ? milliseconds * 1000 : commit->time;
    return TARN_OK;
}

/* How many commits are older than `time` (`or_equal`: or of it). Times rise with versions. */
static enum tarn_status count_older(const struct reading *reading, int64_t time, bool or_equal, size_t *count, struct tarn_error *err)
{
    size_t low = 0;
    size_t high = reading->listing.commit_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        int64_t at;
        TARN_RETURN_IF_ERROR(commit_time(reading, middle, &at, err));
        if (at < time || (or_equal && at == time)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *count = low;
    return TARN_OK;
}

static enum tarn_status no_version(struct tarn_error *err, int64_t version, const char *what)
{
    tarn__error_set(err, TARN_NOT_FOUND, "version", "there are no changes of version %lld: %s", (long long)version, what);
    tarn__error_at_version(err, version);
    return TARN_NOT_FOUND;
}

static enum tarn_status find_range(const struct reading *reading, const struct tarn_changes_options *options, int64_t *first, int64_t *last,
                                   struct tarn_error *err)
{
    const struct tarn__delta_listing *listing = &reading->listing;
    size_t count;
    if (listing->commit_count == 0) {
        return tarn__error_set(err, TARN_NOT_FOUND, "version", "the table's log has no commits that changes could be read from");
    }
    const int64_t oldest = listing->commits[0].version;
    const int64_t newest = listing->commits[listing->commit_count - 1].version;
    *first = options->first_version;
    *last = options->last_version != -1 ? options->last_version : newest;
    if (options->first_time != INT64_MIN) {
        TARN_RETURN_IF_ERROR(count_older(reading, options->first_time, false, &count, err));
        if (count == listing->commit_count) {
            return tarn__error_set(err, TARN_NOT_FOUND, "version", "the newest version of the table is older than the begin of the range");
        }
        *first = listing->commits[count].version;
    }
    if (options->last_time != INT64_MIN) {
        TARN_RETURN_IF_ERROR(count_older(reading, options->last_time, true, &count, err));
        if (count == 0) {
            return tarn__error_set(err, TARN_NOT_FOUND, "version", "the table's log does not go back to the end of the range");
        }
        *last = listing->commits[count - 1].version;
    }
    if (*first > *last) {
        return tarn__invalid(err, "range", "the range of changes ends at version %lld, before it begins at version %lld", (long long)*last,
                             (long long)*first);
    }
    if (*first < oldest) {
        return no_version(err, *first, "its commit is no longer in the log");
    }
    return *last > newest ? no_version(err, *last, "it is not there yet") : TARN_OK;
}

/* ---- what else a commit changes ---- */

static enum tarn_status admit_state(const struct reading *reading, const struct tarn_snapshot *then, int64_t version,
                                    struct tarn_error *err)
{
    enum tarn_status status = TARN_OK;
    if (reading->recorded_only && !tarn__delta_property_is_true(tarn__delta_state_of(then), TARN_TEXT("delta.enableChangeDataFeed"))) {
        status = tarn__invalid(err, "changes_not_recorded",
                               "from version %lld on the table did not have its changes recorded (delta.enableChangeDataFeed)",
                               (long long)version);
    } else if (then != reading->set->snapshot) {
        status = tarn__change_set_admit(reading->set, then, err);
    }
    if (status != TARN_OK) {
        tarn__error_at_version(err, version);
    }
    return status;
}

/* The metadata in force at the first version. */
static enum tarn_status admit_first(const struct reading *reading, int64_t version, struct tarn_error *err)
{
    struct tarn_snapshot *snapshot = reading->set->snapshot;
    struct tarn_snapshot_options options = TARN_SNAPSHOT_OPTIONS_INIT;
    struct tarn_snapshot *then;
    options.version = version;
    if (version == snapshot->info.version) {
        return admit_state(reading, snapshot, version, err);
    }
    TARN_RETURN_IF_ERROR(tarn__snapshot_new(&snapshot->place, snapshot->format, &then, err));
    enum tarn_status status = tarn__delta_load(then, &options, err);
    status = status == TARN_OK ? admit_state(reading, then, version, err) : status;
    tarn_snapshot_close(then);
    return status;
}

/* Metadata that a commit of the range brings. */
static enum tarn_status admit_metadata(const struct survey *survey, const struct tarn__delta_metadata *metadata, struct tarn_error *err)
{
    const struct tarn_snapshot *snapshot = survey->reading->set->snapshot;
    struct tarn_snapshot *then;
    TARN_RETURN_IF_ERROR(tarn__snapshot_new(&snapshot->place, snapshot->format, &then, err));
    struct tarn__delta_state *state = tarn__arena_alloc(&then->arena, sizeof(*state));
    enum tarn_status status = TARN_OK;
    then->state = state;
    if (state == NULL) {
        status = tarn__nomem(snapshot->env, err, sizeof(*state));
    } else {
        state->protocol = tarn__delta_state_of(snapshot)->protocol;
        status = tarn__delta_metadata_copy(&then->arena, metadata, &state->metadata, err);
        status = status == TARN_OK ? tarn__delta_state_describe(then, err) : status;
        status = status == TARN_OK ? admit_state(survey->reading, then, survey->version, err) : status;
    }
    tarn_snapshot_close(then);
    return status;
}

/* ---- commits ---- */

typedef enum tarn_status (*action_fn)(struct survey *survey, const struct tarn__delta_action *action, struct tarn_error *err);

static enum tarn_status read_commit(struct survey *survey, action_fn fn, struct tarn_error *err)
{
    char key[TARN_DELTA_KEY];
    tarn__delta_commit_key(survey->version, key);
    struct tarn__delta_stream stream;
    enum tarn_status status = tarn__delta_stream_open(&stream, survey->reading->set->snapshot->store, tarn__text_of(key), err);
    if (status == TARN_OK) {
        struct tarn__delta_action action;
        bool more = true;
        while (status == TARN_OK) {
            status = tarn__delta_stream_next(&stream, &action, &more, err);
            if (status != TARN_OK || !more) {
                break;
            }
            status = fn(survey, &action, err);
        }
        tarn__delta_stream_close(&stream);
    }
    if (status != TARN_OK) {
        tarn__error_at_object(err, tarn__text_of(key));
        tarn__error_at_version(err, survey->version);
    }
    return status;
}

static struct tarn__tracked_file tracked_of(const struct survey *survey, const struct tarn__delta_file *file)
{
    return (struct tarn__tracked_file){
        .path = tarn__delta_relative_path(survey->reading->set->snapshot, file->path),
        .size = file->size,
        .rows = file->rows,
    };
}

static enum tarn_status note_removed(struct survey *survey, const struct tarn__delta_file *file, struct tarn_error *err)
{
    struct tarn__file_set *removed = &survey->removed;
    const struct tarn_snapshot *snapshot = survey->reading->set->snapshot;
    struct tarn__tracked_file tracked = tracked_of(survey, file);
    if (file->partition.size == 0 && snapshot->spec->field_count != 0) {
        return tarn__unsupported(err, "changes.partition_values",
                                 "the commit takes out a file without saying its partition values, as writers did before 2020");
    }
    if (!tarn__grow(snapshot->env, &survey->removals, &survey->removal_capacity, (size_t)removed->count + 1, sizeof(*survey->removals))) {
        return tarn__nomem(snapshot->env, err, sizeof(*survey->removals));
    }
    struct removal *removal = &survey->removals[removed->count];
    *removal = (struct removal){0};
    if (file->extra.deletion_vector != NULL) {
        const struct tarn__file_extra *copy = tarn__file_extra_copy(&removed->arena, &file->extra);
        if (copy == NULL) {
            return tarn__nomem(snapshot->env, err, sizeof(*copy));
        }
        removal->vector = copy->deletion_vector;
    }
    TARN_RETURN_IF_ERROR(tarn__file_set_partition(removed, file->partition, &tracked.partition, err));
    TARN_RETURN_IF_ERROR(tarn__text_pool_add(&removed->statistics, file->statistics, &tracked.statistics, err));
    return tarn__file_set_add(removed, &tracked, err);
}

static enum tarn_status survey_action(struct survey *survey, const struct tarn__delta_action *action, struct tarn_error *err)
{
    switch (action->kind) {
    case TARN_DELTA_COMMIT_INFO:
        if (action->u.commit_info.has_in_commit_timestamp) {
            survey->time = action->u.commit_info.in_commit_timestamp * 1000;
        }
        return TARN_OK;
    case TARN_DELTA_METADATA:
        return admit_metadata(survey, &action->u.metadata, err);
    case TARN_DELTA_CDC:
        survey->recorded = true;
        return TARN_OK;
    case TARN_DELTA_REMOVE:
        return action->u.file.data_change && !survey->recorded ? note_removed(survey, &action->u.file, err) : TARN_OK;
    default:
        return TARN_OK;
    }
}

/* Changes of the rows of a file: of all but those of `without`, or (`only`) of those of `only` alone. */
static enum tarn_status add_rows(const struct survey *survey, enum tarn__change change, const struct tarn__tracked_file *file,
                                 const struct tarn__deletion_vector *without, const struct tarn__deletion_vector *only,
                                 struct tarn_text partition, struct tarn_text statistics, struct tarn_error *err)
{
    struct tarn__tracked_file tracked = *file;
    const struct tarn__file_extra extra = {
        .first_row_id = -1, .row_version = -1, .file_sequence = -1, .deletion_vector = without, .only_rows = only};
    tracked.extra = without != NULL || only != NULL ? &extra : NULL;
    return tarn__change_set_add(survey->reading->set, change, &tracked, partition, statistics, err);
}

static enum tarn_status take_recorded(struct survey *survey, const struct tarn__delta_action *action, struct tarn_error *err)
{
    if (action->kind != TARN_DELTA_CDC) {
        return TARN_OK;
    }
    const struct tarn__delta_file *file = &action->u.file;
    const struct tarn__tracked_file tracked = tracked_of(survey, file);
    return add_rows(survey, TARN_CHANGE_RECORDED, &tracked, NULL, NULL, file->partition, file->statistics, err);
}

static enum tarn_status take_added(struct survey *survey, const struct tarn__delta_action *action, struct tarn_error *err)
{
    if (action->kind != TARN_DELTA_ADD || !action->u.file.data_change) {
        return TARN_OK;
    }
    const struct tarn__delta_file *file = &action->u.file;
    const struct tarn__tracked_file tracked = tracked_of(survey, file);
    const struct tarn__deletion_vector *now = file->extra.deletion_vector;
    const int64_t at = tarn__file_set_find(&survey->removed, tracked.path, NULL);
    if (at == TARN_FILE_NONE) {
        return add_rows(survey, TARN_CHANGE_INSERT, &tracked, now, NULL, file->partition, file->statistics, err);
    }
    struct removal *removal = &survey->removals[at];
    removal->stays = true;
    if (now != NULL) {
        TARN_RETURN_IF_ERROR(add_rows(survey, TARN_CHANGE_DELETE, &tracked, removal->vector, now, file->partition, file->statistics, err));
    }
    if (removal->vector != NULL) {
        TARN_RETURN_IF_ERROR(add_rows(survey, TARN_CHANGE_INSERT, &tracked, now, removal->vector, file->partition, file->statistics, err));
    }
    return TARN_OK;
}

/* What is removed and not added again. */
static enum tarn_status take_removed(struct survey *survey, struct tarn_error *err)
{
    struct tarn__pool_reader reader;
    tarn__pool_reader_init(&reader, &survey->removed.statistics);
    enum tarn_status status = TARN_OK;
    for (uint32_t i = 0; status == TARN_OK && i < survey->removed.count; i++) {
        const struct tarn__tracked_file *file = tarn__file_set_at(&survey->removed, i);
        struct tarn_text statistics;
        if (survey->removals[i].stays) {
            continue;
        }
        status = tarn__pool_reader_get(&reader, file->statistics, &statistics, err);
        if (status == TARN_OK) {
            status = add_rows(survey, TARN_CHANGE_DELETE, file, survey->removals[i].vector, NULL,
                              survey->removed.partitions[file->partition].raw, statistics, err);
        }
    }
    tarn__pool_reader_free(&reader);
    return status;
}

static enum tarn_status take_commit(struct reading *reading, size_t at, struct tarn_error *err)
{
    struct survey survey = {.reading = reading, .version = reading->listing.commits[at].version, .time = reading->listing.commits[at].time};
    tarn__file_set_init(&survey.removed, reading->set->snapshot->env);
    enum tarn_status status = read_commit(&survey, survey_action, err);
    if (status == TARN_OK) {
        tarn__change_set_version(reading->set, survey.version, survey.time);
        if (survey.recorded) {
            status = read_commit(&survey, take_recorded, err);
        } else {
            status = read_commit(&survey, take_added, err);
            status = status == TARN_OK ? take_removed(&survey, err) : status;
        }
    }
    tarn__file_set_free(&survey.removed);
    tarn__free(reading->set->snapshot->env, survey.removals);
    return status;
}

static enum tarn_status take_range(struct reading *reading, int64_t first, int64_t last, struct tarn_error *err)
{
    struct tarn_snapshot *snapshot = reading->set->snapshot;
    for (int64_t version = first; version <= last; version++) {
        const int64_t at = tarn__delta_listing_find(&reading->listing, version);
        if (at < 0) {
            return no_version(err, version, "its commit is missing in the log");
        }
        TARN_RETURN_IF_ERROR(tarn__check_cancelled(snapshot->env, err));
        TARN_RETURN_IF_ERROR(take_commit(reading, (size_t)at, err));
    }
    return TARN_OK;
}

enum tarn_status tarn__delta_changes(struct tarn__change_set *set, const struct tarn_changes_options *options, struct tarn_error *err)
{
    struct reading reading = {.set = set, .recorded_only = options->recorded_only};
    struct tarn_snapshot_options at = TARN_SNAPSHOT_OPTIONS_INIT;
    TARN_RETURN_IF_ERROR(tarn__delta_list(set->snapshot->store, 0, &reading.listing, err));
    enum tarn_status status = find_range(&reading, options, &set->first_version, &at.version, err);
    status = status == TARN_OK ? tarn__delta_load(set->snapshot, &at, err) : status;
    status = status == TARN_OK ? tarn__change_set_begin(set, err) : status;
    status = status == TARN_OK ? admit_first(&reading, set->first_version, err) : status;
    status = status == TARN_OK ? take_range(&reading, set->first_version, at.version, err) : status;
    tarn__delta_listing_free(&reading.listing);
    return status;
}
