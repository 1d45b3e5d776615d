/* SPDX-License-Identifier: Apache-2.0
 *
 * Time travel: which version was the newest at a time, and which versions there are.
 *
 * Specification: Delta PROTOCOL.md, "In-Commit Timestamps", "Recommendations for Readers of Tables with In-Commit Timestamps".
 *
 * Invariants
 *  1. What a commit's time is, the newest version's metadata decides: with in-commit timestamps, commits from the enablement version on
 * have those, older ones the times of their files. What a commit says of itself beside that does not count.
 *  2. Times rise from version to version within each of the two parts; the first part ends before the second begins.
 *  3. Only versions that can be made are found: from commit 0 or the oldest complete checkpoint on.
 */
#include "txlog/delta/delta_travel.h"

#include "format/base/bytes.h"
#include "format/base/datetime.h"
#include "txlog/delta/delta_checkpoint.h"
#include "txlog/delta/delta_load.h"
#include "txlog/delta/delta_state.h"

int64_t tarn__delta_newest_version(const struct tarn__delta_listing *listing)
{
    int64_t newest = listing->commit_count != 0 ? listing->commits[listing->commit_count - 1].version : -1;
    for (size_t i = 0; i < listing->checkpoint_count; i++) {
        if (tarn__delta_checkpoint_is_complete(&listing->checkpoints[i]) && listing->checkpoints[i].version > newest) {
            newest = listing->checkpoints[i].version;
        }
    }
    return newest;
}

/* The oldest version that can be made; -1: none. */
static int64_t oldest_version(const struct tarn__delta_listing *listing)
{
    if (listing->commit_count != 0 && listing->commits[0].version == 0) {
        return 0;
    }
    for (size_t i = 0; i < listing->checkpoint_count; i++) {
        if (tarn__delta_checkpoint_is_complete(&listing->checkpoints[i])) {
            return listing->checkpoints[i].version;
        }
    }
    return -1;
}

enum tarn_status tarn__delta_refuse_version(const struct tarn__delta_listing *listing, int64_t version, struct tarn_error *err)
{
    const int64_t oldest = oldest_version(listing);
    if (oldest < 0) {
        tarn__error_set(err, TARN_NOT_FOUND, "version",
                        "the log begins at version %lld, without a checkpoint that could stand for what is gone: no version can be made",
                        (long long)(listing->commit_count != 0 ? listing->commits[0].version : -1));
    } else {
        tarn__error_set(err, TARN_NOT_FOUND, "version",
                        "version %lld cannot be made any more: the log was cleaned; versions %lld to %lld can be read", (long long)version,
                        (long long)oldest, (long long)tarn__delta_newest_version(listing));
    }
    tarn__error_at_version(err, version);
    return TARN_NOT_FOUND;
}

/* What the newest version says about times. */
struct rule {
    bool in_commit;
    int64_t since;      /* version from which on commits have in-commit timestamps */
    int64_t since_time; /* its, microseconds; INT64_MIN: it is the first of all */
};

static enum tarn_status read_number(const struct tarn__delta_metadata *metadata, struct tarn_text key, int64_t *out, struct tarn_error *err)
{
    for (uint32_t i = 0; i < metadata->property_count; i++) {
        if (tarn__text_equal(metadata->properties[i].key, key) &&
            (tarn__int64_parse(metadata->properties[i].value, out) != TARN_PARSED || *out < 0)) {
            return tarn__corrupt(err, "property", "the table's property %.*s is no number", TARN_TEXT_ARG(key));
        }
    }
    return TARN_OK;
}

/* The metaData of the newest version, without its files. */
static enum tarn_status find_metadata(struct tarn_snapshot *scratch, const struct tarn__delta_listing *listing, struct tarn_error *err)
{
    struct tarn__delta_replay replay;
    enum tarn_status status = tarn__delta_replay_begin(&replay, scratch, err);
    replay.metadata_only = true;
    size_t checkpoint = listing->checkpoint_count;
    int64_t version = tarn__delta_newest_version(listing);
    for (; status == TARN_OK && version >= 0 && !tarn__delta_state_of(scratch)->has_metadata; version--) {
        for (; checkpoint > 0 && listing->checkpoints[checkpoint - 1].version >= version; checkpoint--) {
            const struct tarn__delta_checkpoint *at = &listing->checkpoints[checkpoint - 1];
            if (at->version == version && tarn__delta_checkpoint_is_complete(at) &&
                tarn__delta_replay_checkpoint(&replay, at, NULL) == TARN_OK && tarn__delta_state_of(scratch)->has_metadata) {
                break;
            }
        }
        if (!tarn__delta_state_of(scratch)->has_metadata && tarn__delta_listing_find(listing, version) >= 0) {
            status = tarn__delta_replay_commit(&replay, version, err);
        }
    }
    tarn__delta_replay_end(&replay);
    return status;
}

static enum tarn_status find_rule(const struct tarn_snapshot *snapshot, const struct tarn__delta_listing *listing, struct rule *rule,
                                  struct tarn_error *err)
{
    *rule = (struct rule){.since_time = INT64_MIN};
    struct tarn_snapshot *scratch;
    TARN_RETURN_IF_ERROR(tarn__snapshot_new(&snapshot->place, snapshot->format, &scratch, err));
    enum tarn_status status = find_metadata(scratch, listing, err);
    if (status == TARN_OK) {
        const struct tarn__delta_state *state = tarn__delta_state_of(scratch);
        int64_t milliseconds = -1;
        rule->in_commit = tarn__delta_property_is_true(state, TARN_TEXT("delta.enableInCommitTimestamps"));
        status = read_number(&state->metadata, TARN_TEXT("delta.inCommitTimestampEnablementVersion"), &rule->since, err);
        if (status == TARN_OK) {
            status = read_number(&state->metadata, TARN_TEXT("delta.inCommitTimestampEnablementTimestamp"), &milliseconds, err);
        }
        if (milliseconds >= 0 && milliseconds <= INT64_MAX / 1000) {
            rule->since_time = milliseconds * 1000;
        }
    }
    tarn_snapshot_close(scratch);
    return status;
}

static enum tarn_status time_of(const struct tarn_snapshot *snapshot, const struct tarn__delta_commit *commit, const struct rule *rule,
                                int64_t *time, struct tarn_error *err)
{
    *time = commit->time;
    if (!rule->in_commit || commit->version < rule->since) {
        return TARN_OK;
    }
    bool has;
    int64_t milliseconds;
    TARN_RETURN_IF_ERROR(tarn__delta_in_commit_timestamp(snapshot->store, commit->version, &has, &milliseconds, err));
    if (!has) {
        tarn__corrupt(err, "in_commit_timestamp", "the table has in-commit timestamps, but this commit has none as its first action");
        tarn__error_at_version(err, commit->version);
        return TARN_CORRUPT;
    }
    *time = milliseconds > INT64_MAX / 1000 ? INT64_MAX : milliseconds * 1000;
    return TARN_OK;
}

/* "version V of TIME" of a commit. */
struct dated {
    long long version;
    char time[TARN_DATETIME_TEXT + 1];
};

static struct dated dated(int64_t version, int64_t time)
{
    struct dated out = {.version = (long long)version};
    out.time[tarn__timestamp_print(time, 6, TARN_TIMESTAMP_SQL_UTC, out.time)] = '\0';
    return out;
}

enum tarn_status tarn__delta_version_at(const struct tarn_snapshot *snapshot, const struct tarn__delta_listing *listing, int64_t as_of,
                                        int64_t *version, struct tarn_error *err)
{
    const int64_t oldest = oldest_version(listing);
    size_t low = 0;
    size_t high = listing->commit_count; /* low .. high - 1: candidates */
    while (low < high && listing->commits[low].version < oldest) {
        low++;
    }
    if (low == high || oldest < 0) {
        return tarn__delta_refuse_version(listing, tarn__delta_newest_version(listing), err);
    }
    struct rule rule;
    int64_t time;
    TARN_RETURN_IF_ERROR(find_rule(snapshot, listing, &rule, err));
    TARN_RETURN_IF_ERROR(time_of(snapshot, &listing->commits[high - 1], &rule, &time, err));
    if (as_of > time && as_of > tarn__now(snapshot->env)) {
        const struct dated newest = dated(listing->commits[high - 1].version, time);
        return tarn__error_set(err, TARN_NOT_FOUND, "version", "the time is still to come; the newest version is %lld of %s",
                               newest.version, newest.time);
    }
    const struct tarn__delta_commit *first = &listing->commits[low];
    if (rule.in_commit && rule.since_time != INT64_MIN) { /* one part only: the times of the two are not of one clock */
        size_t begin = low;
        while (begin < high && listing->commits[begin].version < rule.since) {
            begin++;
        }
        if (as_of >= rule.since_time && begin < high) {
            low = begin;
        } else {
            high = begin;
        }
    }
    size_t found = low; /* behind the newest that is not after the time */
    for (size_t end = high; found < end;) {
        const size_t middle = found + (end - found) / 2;
        TARN_RETURN_IF_ERROR(time_of(snapshot, &listing->commits[middle], &rule, &time, err));
        if (time <= as_of) {
            found = middle + 1;
        } else {
            end = middle;
        }
    }
    if (found == low) {
        TARN_RETURN_IF_ERROR(time_of(snapshot, first, &rule, &time, err));
        const struct dated begin = dated(first->version, time);
        return tarn__error_set(err, TARN_NOT_FOUND, "version",
                               "the table's log does not go back to this time; the oldest version that can be read is %lld of %s",
                               begin.version, begin.time);
    }
    *version = listing->commits[found - 1].version;
    return TARN_OK;
}
