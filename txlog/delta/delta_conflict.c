/* SPDX-License-Identifier: Apache-2.0
 *
 * Transactions against commits that came first: does ours hold after them, and what must it say now?
 *
 * Specification: Delta PROTOCOL.md, "Application Transaction Identifiers", "Domain Metadata", "Row Tracking", "In-Commit Timestamps";
 * Spark's ConflictChecker. SPEC: T-DELTA-CONFLICT-1 to T-DELTA-CONFLICT-9.
 *
 * The nine checks, in this order, against each commit in turn: protocol, metadata, domains, application transactions, row ids, files added,
 * files taken out that we have read, files taken out by both, in-commit timestamps. Numbers one to five and nine do not only judge: what
 * the commit changed and we can live with becomes what ours is built on (struct tarn__delta_base), and the next attempt is printed anew.
 *
 * Invariants
 *  1. Nothing of a commit that is in conflict with ours is taken over.
 *  2. Two that delete rows of one file meet row by row, when ours has decided each row by itself: what the other deleted and we did not is
 *     deleted in ours too. That is serial in the order of the log, since no row that it added is one that we would have read (check 6).
 *  3. A commit that rearranges files has neither added nor taken out rows: only who takes out the same file minds.
 */
#include "format/base/bytes.h"
#include "format/base/utf8.h"
#include "format/json/json_pull.h"
#include "txlog/core/row_delete.h"
#include "txlog/delta/delta_metadata_change.h"
#include "txlog/delta/delta_partition.h"
#include "txlog/delta/delta_row_tracking.h"
#include "txlog/delta/delta_state.h"
#include "txlog/delta/delta_winner.h"
#include "txlog/delta/delta_write.h"

enum { MESSAGE_NAME = 60, MESSAGE_PATH = 120 };

/* ---- messages ---- */

static struct tarn_text shortened(struct tarn_text text, size_t most)
{
    return (struct tarn_text){text.data, text.size < most ? text.size : most};
}

/* "version 7 (DELETE by Apache-Spark/3.5.3 Delta-Lake/3.2.1) came first and WHAT 'NAME'; DO" */
static enum tarn_status conflict(const struct tarn__delta_winner *winner, const char *detail, const char *what, struct tarn_text name,
                                 const char *then, struct tarn_error *err)
{
    const struct tarn_text operation = shortened(winner->operation.size != 0 ? winner->operation : TARN_TEXT("a commit"), MESSAGE_NAME);
    const struct tarn_text engine =
        shortened(winner->engine.size != 0 ? winner->engine : TARN_TEXT("an engine that does not say its name"), MESSAGE_NAME);
    if (name.size > MESSAGE_PATH) { /* the end of a path tells files apart */
        name = (struct tarn_text){name.data + name.size - MESSAGE_PATH, MESSAGE_PATH};
    }
    const char *quote = name.size != 0 ? "'" : "";
    tarn__error_set(err, TARN_CONFLICT, detail, "version %lld (%.*s by %.*s) came first and %s%s%s%.*s%s; %s", (long long)winner->version,
                    TARN_TEXT_ARG(operation), TARN_TEXT_ARG(engine), what, name.size != 0 ? " " : "", quote, TARN_TEXT_ARG(name), quote,
                    then);
    tarn__error_at_version(err, winner->version);
    return TARN_CONFLICT;
}

static const struct tarn_text no_name = {"", 0};
static const char start_again[] = "nothing was changed: load the table again and repeat the change on it";

/* ---- 1: protocol ---- */

/* Features that ask nothing of files and actions that were made without them, as long as nothing turns them on that check 2 refuses. */
static const char *const harmless[] = {
    "appendOnly",    "invariants",           "checkConstraints",    "changeDataFeed",       "generatedColumns",
    "columnMapping", "identityColumns",      "deletionVectors",     "rowTracking",          "timestampNtz",
    "typeWidening",  "typeWidening-preview", "domainMetadata",      "v2Checkpoint",         "vacuumProtocolCheck",
    "clustering",    "inCommitTimestamp",    "allowColumnDefaults", "checkpointProtection",
};

static bool is_harmless(struct tarn_text name)
{
    bool is = false;
    for (size_t i = 0; !is && i < sizeof(harmless) / sizeof(harmless[0]); i++) {
        is = tarn__text_equal(name, tarn__text_of(harmless[i]));
    }
    return is;
}

static bool lists(const struct tarn__delta_protocol *protocol, struct tarn_text name)
{
    bool found = tarn__delta_protocol_has_writer(protocol, name);
    for (uint32_t i = 0; !found && i < protocol->reader_feature_count; i++) {
        found = tarn__text_equal(protocol->reader_features[i], name);
    }
    return found;
}

/* The first feature of `more` that `less` has not; empty: there is none. Numbers imply features, too. */
static struct tarn_text first_missing(const struct tarn__delta_protocol *more, const struct tarn__delta_protocol *less, bool only_harmful)
{
    static const char *const implied[] = {"appendOnly",       "invariants",    "checkConstraints", "changeDataFeed",
                                          "generatedColumns", "columnMapping", "identityColumns"};
    for (size_t i = 0; i < sizeof(implied) / sizeof(implied[0]); i++) {
        const struct tarn_text name = tarn__text_of(implied[i]);
        if (lists(more, name) && !lists(less, name) && !(only_harmful && is_harmless(name))) {
            return name;
        }
    }
    for (uint32_t i = 0; i < more->writer_feature_count + more->reader_feature_count; i++) {
        const struct tarn_text name =
            i < more->writer_feature_count ? more->writer_features[i] : more->reader_features[i - more->writer_feature_count];
        if (!lists(less, name) && !(only_harmful && is_harmless(name))) {
            return name;
        }
    }
    return no_name;
}

static enum tarn_status check_protocol(struct tarn_transaction *transaction, const struct tarn__delta_winner *winner,
                                       struct tarn_error *err)
{
    const struct tarn__delta_protocol *before = &tarn__delta_base_of(transaction)->protocol;
    if (winner->protocol == NULL) {
        return TARN_OK;
    }
    if (transaction->change.protocol != NULL) {
        return conflict(winner, "protocol_changed", "changed the table's protocol, which this transaction changes too", no_name,
                        start_again, err);
    }
    struct tarn_text feature = first_missing(before, winner->protocol, false);
    if (feature.size != 0) {
        return conflict(winner, "protocol_changed", "took a feature out of the table's protocol:", feature, start_again, err);
    }
    feature = first_missing(winner->protocol, before, true);
    if (feature.size != 0) {
        return conflict(winner, "protocol_changed", "gave the table a feature that files must be written with:", feature, start_again, err);
    }
    const enum tarn_status status = tarn__delta_protocol_supports(winner->protocol, NULL);
    return status == TARN_OK ? TARN_OK
                             : conflict(winner, "protocol_changed", "changed the table's protocol to one that this writer does not have",
                                        no_name, "load the table again to see what is missing", err);
}

/* ---- 2: metadata ---- */

static enum tarn_status check_metadata(struct tarn_transaction *transaction, const struct tarn__delta_winner *winner, bool *rebase_marks,
                                       struct tarn_error *err)
{
    const struct tarn__delta_metadata *before = &tarn__delta_base_of(transaction)->metadata;
    const struct tarn__delta_metadata *ours = transaction->change.metadata;
    enum tarn__delta_metadata_change theirs;
    enum tarn__delta_metadata_change own = TARN_METADATA_SAME;
    *rebase_marks = false;
    if (winner->metadata == NULL) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(tarn__delta_metadata_compare(transaction->env, before, winner->metadata, &theirs, err));
    if (theirs == TARN_METADATA_SAME) {
        return TARN_OK;
    }
    if (theirs == TARN_METADATA_OTHER) {
        return conflict(winner, "metadata_changed", "changed the table's schema or properties", no_name, start_again, err);
    }
    if (ours != NULL) {
        TARN_RETURN_IF_ERROR(tarn__delta_metadata_compare(transaction->env, before, ours, &own, err));
        if (own == TARN_METADATA_MARKS && theirs == TARN_METADATA_MARKS) {
            return conflict(winner, "metadata_changed", "gave out the same values of an identity column", no_name, start_again, err);
        }
        if (own != TARN_METADATA_SAME && theirs == TARN_METADATA_SETTINGS) {
            return conflict(winner, "metadata_changed", "changed the table's properties, which this transaction changes too", no_name,
                            start_again, err);
        }
        if (own == TARN_METADATA_OTHER && !tarn__text_equal(before->schema, ours->schema)) {
            return conflict(winner, "metadata_changed", "counted on in an identity column of the schema that this transaction changes",
                            no_name, start_again, err);
        }
        *rebase_marks = true;
    }
    /* Rows that we copied from file to file would lose their ids, which nobody had told us to keep. */
    if (transaction->removed_count != 0 && transaction->added_count != 0 &&
        tarn__delta_metadata_turns_on(before, winner->metadata, TARN_TEXT("delta.enableRowTracking"))) {
        return conflict(winner, "metadata_changed", "gave rows ids, which this transaction's copies of rows do not have", no_name,
                        start_again, err);
    }
    return TARN_OK;
}

/* ---- 3 and 4: domains and application transactions ---- */

static const struct tarn_text row_tracking_domain = {"delta.rowTracking", 17};

static enum tarn_status check_domains(const struct tarn_transaction *transaction, const struct tarn__delta_winner *winner,
                                      struct tarn_error *err)
{
    for (size_t i = 0; i < winner->domain_count; i++) {
        for (size_t k = 0; k < transaction->change.domain_count; k++) {
            if (tarn__text_equal(winner->domains[i].domain, transaction->change.domains[k].domain) &&
                !tarn__text_equal(winner->domains[i].domain, row_tracking_domain)) {
                return conflict(winner, "concurrent_domain",
                                "changed a domain of the table that this transaction changes too:", winner->domains[i].domain, start_again,
                                err);
            }
        }
    }
    return TARN_OK;
}

static enum tarn_status check_applications(const struct tarn_transaction *transaction, const struct tarn__delta_winner *winner,
                                           struct tarn_error *err)
{
    if (winner->same_app && winner->app_version >= transaction->app_version) {
        return tarn__error_set(err, TARN_EXISTS, "app_transaction",
                               "the application has committed this transaction already, as version %lld", (long long)winner->version);
    }
    if (winner->same_app) {
        return conflict(winner, "concurrent_transaction", "is of the same application", transaction->app_id,
                        "let one process at a time write for an application", err);
    }
    return winner->app_read.data == NULL
               ? TARN_OK
               : conflict(winner, "concurrent_transaction", "is of an application that this transaction has looked at:", winner->app_read,
                          start_again, err);
}

/* ---- 6 to 8: files ---- */

static enum tarn_status check_files(const struct tarn_transaction *transaction, const struct tarn__delta_winner *winner,
                                    struct tarn_error *err)
{
    const enum tarn__isolation isolation = tarn__transaction_isolation(transaction);
    /* Under WriteSerializable blind appends may count as written after us, unless what they were written under is changed by us. */
    const bool behind_us = isolation == TARN_ISOLATION_SNAPSHOT ||
                           (isolation == TARN_ISOLATION_WRITE_SERIALIZABLE && winner->blind && transaction->change.metadata == NULL);
    if (winner->added_read.data != NULL && !winner->rearranges && !behind_us) {
        return conflict(winner, "concurrent_append", "added rows that this transaction would have read, in", winner->added_read,
                        start_again, err);
    }
    if (winner->removed_read.data != NULL && !winner->rearranges && isolation != TARN_ISOLATION_SNAPSHOT) {
        return conflict(winner, "concurrent_delete_read", "took out or changed rows that this transaction has read, of",
                        winner->removed_read, start_again, err);
    }
    return winner->removed_both.data == NULL
               ? TARN_OK
               : conflict(winner, "concurrent_delete_delete",
                          "took out or changed a file that this transaction takes out too:", winner->removed_both, start_again, err);
}

/* ---- what ours is built on from now ---- */

/* {"rowIdHighWaterMark":N}; -1 when it does not say so. */
int64_t tarn__delta_row_id_mark(struct tarn_env *env, struct tarn_text configuration)
{
    struct tarn_json json;
    int64_t mark = -1;
    bool more = true;
    tarn__json_open(&json, &(struct tarn_json_pull_options){.env = env, .failure = TARN_CORRUPT}, configuration);
    enum tarn_status status = tarn__json_object(&json, NULL, NULL);
    while (status == TARN_OK && more) {
        status = tarn__json_key(&json, &more, NULL);
        if (status == TARN_OK && more) {
            bool is_null;
            status =
                tarn__json_is(&json, "rowIdHighWaterMark") ? tarn__json_int64(&json, &mark, &is_null, NULL) : tarn__json_skip(&json, NULL);
        }
    }
    tarn__json_close(&json);
    return status == TARN_OK ? mark : -1;
}

/* Our deletion in a file of which the winner has deleted other rows: both are gone with the next attempt. */
static enum tarn_status delete_on(struct tarn_transaction *transaction, const struct tarn__delta_left *left, struct tarn_error *err)
{
    const struct tarn__deletion_vector *before = NULL;
    if (left->vector != NULL) {
        const struct tarn__file_extra extra = {.deletion_vector = left->vector};
        const struct tarn__file_extra *copy = tarn__file_extra_copy(&transaction->arena, &extra);
        if (copy == NULL) {
            return tarn__nomem(transaction->env, err, sizeof(extra));
        }
        before = copy->deletion_vector;
    }
    return tarn__row_deletion_rebase(transaction, tarn__row_deletion_of(transaction, left->file), before, left->deleted, err);
}

static enum tarn_status build_on(struct tarn_transaction *transaction, const struct tarn__delta_winner *winner, bool rebase_marks,
                                 struct tarn_error *err)
{
    struct tarn__delta_base *base = tarn__delta_base_of(transaction);
    if (rebase_marks) {
        struct tarn__delta_metadata *ours = transaction->change.metadata;
        ours->schema = tarn__arena_text(&transaction->arena, winner->metadata->schema);
        if (ours->schema.data == NULL) {
            return tarn__nomem(transaction->env, err, winner->metadata->schema.size);
        }
    }
    if (winner->protocol != NULL) {
        TARN_RETURN_IF_ERROR(tarn__delta_protocol_copy(&transaction->arena, winner->protocol, &base->protocol, err));
    }
    if (winner->metadata != NULL) {
        TARN_RETURN_IF_ERROR(tarn__delta_metadata_copy(&transaction->arena, winner->metadata, &base->metadata, err));
    }
    for (size_t i = 0; i < winner->domain_count; i++) {
        if (tarn__text_equal(winner->domains[i].domain, row_tracking_domain) && !winner->domains[i].removed) {
            const int64_t mark = tarn__delta_row_id_mark(transaction->env, winner->domains[i].configuration);
            transaction->row_id_mark = mark > transaction->row_id_mark ? mark : transaction->row_id_mark;
        }
    }
    for (size_t i = 0; i < winner->left_count; i++) {
        TARN_RETURN_IF_ERROR(delete_on(transaction, &winner->left[i], err));
    }
    transaction->parent_time = winner->time > transaction->parent_time ? winner->time : transaction->parent_time;
    transaction->position = winner->version;
    return TARN_OK;
}

static enum tarn_status judge(struct tarn_transaction *transaction, const struct tarn__delta_winner *winner, struct tarn_error *err)
{
    bool rebase_marks;
    if (transaction->snapshot->is_new) {
        return tarn__error_set(err, TARN_EXISTS, "table", "someone else made the table first");
    }
    TARN_RETURN_IF_ERROR(check_protocol(transaction, winner, err));
    TARN_RETURN_IF_ERROR(check_metadata(transaction, winner, &rebase_marks, err));
    TARN_RETURN_IF_ERROR(check_domains(transaction, winner, err));
    TARN_RETURN_IF_ERROR(check_applications(transaction, winner, err));
    TARN_RETURN_IF_ERROR(check_files(transaction, winner, err));
    return build_on(transaction, winner, rebase_marks, err);
}

enum tarn_status tarn__delta_judge(struct tarn_transaction *transaction, enum tarn__verdict *verdict, struct tarn_error *err)
{
    struct tarn__delta_winner winner;
    struct tarn_error local = TARN_ERROR_INIT;
    *verdict = TARN_VERDICT_NOT_THERE;
    enum tarn_status status = tarn__delta_winner_read(&winner, transaction, transaction->position + 1, &local);
    if (status == TARN_NOT_FOUND) {
        tarn__delta_winner_close(&winner);
        return TARN_OK;
    }
    if (status == TARN_OK && winner.ours) {
        *verdict = TARN_VERDICT_OURS;
        transaction->made = winner.version;
    } else if (status == TARN_OK) {
        status = judge(transaction, &winner, &local);
        *verdict = status == TARN_OK ? TARN_VERDICT_COMPATIBLE : TARN_VERDICT_NOT_THERE;
    }
    tarn__delta_winner_close(&winner);
    if (status != TARN_OK && err != NULL) {
        *err = local;
    }
    return status;
}

/* ---- the begin ---- */

enum tarn_status tarn__delta_app_version(const struct tarn_transaction *transaction, struct tarn_text app_id, int64_t *version,
                                         struct tarn_error *err)
{
    (void)err;
    const struct tarn__delta_state *state = tarn__delta_state_of(transaction->snapshot);
    *version = -1;
    for (size_t i = 0; i < state->txn_count; i++) {
        if (tarn__text_equal(state->txns[i].app_id, app_id)) {
            *version = state->txns[i].version;
        }
    }
    return TARN_OK;
}

enum tarn_status tarn__delta_begin(struct tarn_transaction *transaction, struct tarn_error *err)
{
    const struct tarn_snapshot *snapshot = transaction->snapshot;
    const struct tarn__delta_state *state = tarn__delta_state_of(snapshot);
    struct tarn__delta_base *base = tarn__arena_alloc(&transaction->arena, sizeof(*base));
    if (base == NULL) {
        return tarn__nomem(transaction->env, err, sizeof(*base));
    }
    *base = (struct tarn__delta_base){.protocol = state->protocol, .metadata = state->metadata};
    transaction->state = base;
    if (snapshot->is_new) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(tarn__delta_protocol_admit_write(snapshot, false, err));
    transaction->isolation =
        tarn__text_equal_caseless(tarn__delta_property(state, TARN_TEXT("delta.isolationLevel")), TARN_TEXT("Serializable"))
            ? TARN_ISOLATION_SERIALIZABLE
            : TARN_ISOLATION_WRITE_SERIALIZABLE;
    transaction->parent_time = state->has_in_commit_timestamp ? state->in_commit_timestamp * 1000 : snapshot->info.timestamp;
    for (size_t i = 0; i < state->domain_count; i++) {
        if (tarn__text_equal(state->domains[i].domain, row_tracking_domain) && !state->domains[i].removed) {
            transaction->row_id_mark = tarn__delta_row_id_mark(transaction->env, state->domains[i].configuration);
        }
    }
    if (transaction->app_id.size == 0) {
        return TARN_OK;
    }
    int64_t version;
    TARN_RETURN_IF_ERROR(tarn__delta_app_version(transaction, transaction->app_id, &version, err));
    return version == -1 || version < transaction->app_version
               ? TARN_OK
               : tarn__error_set(err, TARN_EXISTS, "app_transaction",
                                 "the application has committed transaction %lld already (its newest is %lld)",
                                 (long long)transaction->app_version, (long long)version);
}

enum tarn_status tarn__delta_partition(const struct tarn_snapshot *snapshot, const struct tarn_value *values, struct tarn_text_builder *raw,
                                       struct tarn_error *err)
{
    struct tarn_text_builder text;
    tarn__builder_init(&text, snapshot->env);
    enum tarn_status status = TARN_OK;
    for (uint32_t i = 0; status == TARN_OK && i < snapshot->spec->field_count; i++) {
        const struct tarn_text name = snapshot->spec->fields[i].name;
        if (values[i].is_null) {
            tarn__delta_partition_add(raw, name, NULL);
            continue;
        }
        tarn__builder_clear(&text);
        status = tarn__delta_value_print(&values[i], &text, err);
        if (status == TARN_OK) {
            status = tarn__builder_status(&text, err);
        }
        if (status == TARN_OK) {
            const struct tarn_text value = tarn__builder_text(&text);
            tarn__delta_partition_add(raw, name, &value);
        }
    }
    tarn__builder_free(&text);
    return status != TARN_OK ? status : tarn__builder_status(raw, err);
}
