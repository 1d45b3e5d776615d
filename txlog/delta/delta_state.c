/* SPDX-License-Identifier: Apache-2.0
 *
 * Replay: actions of a log, newest first, into the state of one version.
 *
 * Specification: Delta PROTOCOL.md, "Action Reconciliation".
 *
 * Invariants
 *  1. Commits are read from the newest to the oldest, then the checkpoint: the first action seen for a key decides about it.
 *  2. Inside one commit an add wins over a remove of the same key, whatever their order: such commits exist, and the row is meant to stay.
 *  3. A key is (path, deletion vector): a file whose vector changed is another entry.
 *  4. Nothing that is kept points into a stream: texts are copied into the snapshot.
 *  5. Forward, onto the state of an earlier version, commits are read from the oldest to the newest and the last action for a key decides;
 *     inside of one commit rule 2 holds as well. Nothing is written that the earlier version holds too.
 */
#include "txlog/delta/delta_state.h"

#include <string.h>

#include "format/base/bytes.h"
#include "txlog/delta/delta_partition.h"
#include "txlog/delta/delta_schema.h"
#include "txlog/delta/delta_widening.h"

struct tarn_text tarn__delta_property(const struct tarn__delta_state *state, struct tarn_text key)
{
    for (uint32_t i = 0; i < state->metadata.property_count; i++) {
        if (tarn__text_equal(state->metadata.properties[i].key, key)) {
            return state->metadata.properties[i].value;
        }
    }
    return (struct tarn_text){"", 0};
}

bool tarn__delta_property_is_true(const struct tarn__delta_state *state, struct tarn_text key)
{
    return tarn__text_equal(tarn__delta_property(state, key), TARN_TEXT("true"));
}

static enum tarn_status copy_text(struct tarn_arena *arena, struct tarn_text from, struct tarn_text *to, struct tarn_error *err)
{
    *to = tarn__arena_text(arena, from);
    return to->data == NULL ? tarn__nomem(arena->env, err, from.size) : TARN_OK;
}

static enum tarn_status copy_texts(struct tarn_arena *arena, uint32_t count, const struct tarn_text *from, struct tarn_text **to,
                                   struct tarn_error *err)
{
    *to = tarn__arena_calloc(arena, (size_t)count + 1, sizeof(**to));
    if (*to == NULL) {
        return tarn__nomem(arena->env, err, count * sizeof(**to));
    }
    for (uint32_t i = 0; i < count; i++) {
        TARN_RETURN_IF_ERROR(copy_text(arena, from[i], &(*to)[i], err));
    }
    return TARN_OK;
}

bool tarn__delta_texts_equal(uint32_t count, const struct tarn_text *a, uint32_t other, const struct tarn_text *b)
{
    bool same = count == other;
    for (uint32_t i = 0; same && i < count; i++) {
        same = tarn__text_equal(a[i], b[i]);
    }
    return same;
}

bool tarn__delta_protocol_equal(const struct tarn__delta_protocol *a, const struct tarn__delta_protocol *b)
{
    return a->reader == b->reader && a->writer == b->writer &&
           tarn__delta_texts_equal(a->reader_feature_count, a->reader_features, b->reader_feature_count, b->reader_features) &&
           tarn__delta_texts_equal(a->writer_feature_count, a->writer_features, b->writer_feature_count, b->writer_features);
}

enum tarn_status tarn__delta_protocol_copy(struct tarn_arena *arena, const struct tarn__delta_protocol *from,
                                           struct tarn__delta_protocol *to, struct tarn_error *err)
{
    *to = *from;
    TARN_RETURN_IF_ERROR(copy_texts(arena, from->reader_feature_count, from->reader_features, &to->reader_features, err));
    return copy_texts(arena, from->writer_feature_count, from->writer_features, &to->writer_features, err);
}

enum tarn_status tarn__delta_metadata_copy(struct tarn_arena *arena, const struct tarn__delta_metadata *from,
                                           struct tarn__delta_metadata *to, struct tarn_error *err)
{
    *to = *from;
    TARN_RETURN_IF_ERROR(copy_text(arena, from->id, &to->id, err));
    TARN_RETURN_IF_ERROR(copy_text(arena, from->name, &to->name, err));
    TARN_RETURN_IF_ERROR(copy_text(arena, from->description, &to->description, err));
    TARN_RETURN_IF_ERROR(copy_text(arena, from->provider, &to->provider, err));
    TARN_RETURN_IF_ERROR(copy_text(arena, from->schema, &to->schema, err));
    TARN_RETURN_IF_ERROR(copy_texts(arena, from->partition_column_count, from->partition_columns, &to->partition_columns, err));
    to->properties = tarn__arena_calloc(arena, (size_t)from->property_count + 1, sizeof(*to->properties));
    if (to->properties == NULL) {
        return tarn__nomem(arena->env, err, sizeof(*to->properties));
    }
    for (uint32_t i = 0; i < from->property_count; i++) {
        TARN_RETURN_IF_ERROR(copy_text(arena, from->properties[i].key, &to->properties[i].key, err));
        TARN_RETURN_IF_ERROR(copy_text(arena, from->properties[i].value, &to->properties[i].value, err));
    }
    return TARN_OK;
}

/* Room for one more in an array of the arena; what was there is copied. */
static bool room_for_one(struct tarn_arena *arena, void *array, size_t count, size_t *capacity, size_t element)
{
    if (count < *capacity) {
        return true;
    }
    const size_t more = count < 4 ? 8 : count * 2;
    void *grown = tarn__arena_calloc(arena, more, element);
    if (grown == NULL) {
        return false;
    }
    if (count != 0) {
        const void *old;
        memcpy(&old, array, sizeof(old));
        memcpy(grown, old, count * element);
    }
    memcpy(array, &grown, sizeof(grown));
    *capacity = more;
    return true;
}

static void begin(struct tarn__delta_replay *replay, struct tarn_snapshot *snapshot)
{
    *replay = (struct tarn__delta_replay){.snapshot = snapshot};
    tarn__file_set_init(&replay->removed, snapshot->env);
    tarn__builder_init(&replay->scratch, snapshot->env);
}

enum tarn_status tarn__delta_replay_begin_forward(struct tarn__delta_replay *replay, struct tarn_snapshot *snapshot, struct tarn_error *err)
{
    begin(replay, snapshot);
    replay->forward = true;
    const struct tarn__delta_state *before = snapshot->state;
    struct tarn_arena *arena = &snapshot->arena;
    struct tarn__delta_state *state = tarn__arena_alloc(arena, sizeof(*state));
    if (state == NULL) {
        return tarn__nomem(snapshot->env, err, sizeof(*state));
    }
    *state = *before;
    state->txn_capacity = 0;
    state->domain_capacity = 0;
    state->has_in_commit_timestamp = false;
    snapshot->state = state;
    return room_for_one(arena, &state->txns, state->txn_count, &state->txn_capacity, sizeof(*state->txns)) &&
                   room_for_one(arena, &state->domains, state->domain_count, &state->domain_capacity, sizeof(*state->domains))
               ? TARN_OK
               : tarn__nomem(snapshot->env, err, state->txn_count);
}

enum tarn_status tarn__delta_replay_begin(struct tarn__delta_replay *replay, struct tarn_snapshot *snapshot, struct tarn_error *err)
{
    begin(replay, snapshot);
    snapshot->files.waits = true;
    snapshot->state = tarn__arena_alloc(&snapshot->arena, sizeof(struct tarn__delta_state));
    return snapshot->state == NULL ? tarn__nomem(snapshot->env, err, sizeof(struct tarn__delta_state)) : TARN_OK;
}

void tarn__delta_replay_end(struct tarn__delta_replay *replay)
{
    tarn__file_set_free(&replay->removed);
    tarn__builder_free(&replay->scratch);
}

struct tarn_text tarn__delta_relative_path(const struct tarn_snapshot *snapshot, struct tarn_text path)
{
    return tarn__place_own_key(&snapshot->place, path);
}

/* The record of an added file, but for what lies in the set. */
static struct tarn__tracked_file track(const struct tarn__delta_replay *replay, const struct tarn__delta_file *file, struct tarn_text path)
{
    return (struct tarn__tracked_file){
        .path = path,
        .size = file->size,
        .modified = file->modified > INT64_MAX / 1000 || file->modified < INT64_MIN / 1000 ? 0 : file->modified * 1000,
        .rows = file->rows,
        .sequence = replay->version,
    };
}

/* Puts what the record points at into the set. */
static enum tarn_status keep_facts(struct tarn__file_set *files, const struct tarn__delta_file *file, struct tarn__tracked_file *tracked,
                                   struct tarn_error *err)
{
    const struct tarn__file_extra *extra = &file->extra;
    if (extra->deletion_vector != NULL || extra->first_row_id >= 0 || extra->row_version >= 0 || extra->tags.size != 0 ||
        extra->laid_out_by.size != 0) {
        tracked->extra = tarn__file_extra_copy(&files->arena, extra);
        if (tracked->extra == NULL) {
            return tarn__nomem(files->env, err, sizeof(*extra));
        }
    }
    TARN_RETURN_IF_ERROR(tarn__file_set_partition(files, file->partition, &tracked->partition, err));
    return tarn__text_pool_add(&files->statistics, file->statistics, &tracked->statistics, err);
}

/* Newest first. Whether a newer commit has the file too, or this one twice, is looked at when all of the commit is there. */
static enum tarn_status add_file(struct tarn__delta_replay *replay, const struct tarn__delta_file *file, struct tarn_error *err)
{
    struct tarn__file_set *files = &replay->snapshot->files;
    const struct tarn_text path = tarn__delta_relative_path(replay->snapshot, file->path);
    const int64_t gone = tarn__file_set_find(&replay->removed, path, file->extra.deletion_vector);
    if (gone != TARN_FILE_NONE && tarn__file_set_at(&replay->removed, (uint32_t)gone)->sequence != replay->version) {
        return TARN_OK;
    }
    struct tarn__tracked_file tracked = track(replay, file, path);
    TARN_RETURN_IF_ERROR(keep_facts(files, file, &tracked, err));
    return tarn__file_set_add(files, &tracked, err);
}

static enum tarn_status added_twice(struct tarn_error *err, struct tarn_text path)
{
    return tarn__corrupt(err, "duplicate_add", "the file \"%.*s\" is added twice", TARN_TEXT_ARG(path));
}

/* What was added by a file of the log is all there: known from now on. */
enum tarn_status tarn__delta_replay_settle(struct tarn__delta_replay *replay, struct tarn_error *err)
{
    struct tarn__file_set *files = &replay->snapshot->files;
    int64_t twin = TARN_FILE_NONE;
    if (!files->waits) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(tarn__file_set_settle(files, replay->checkpoint ? NULL : &twin, err));
    /* Whatever the vectors: else rows of the file would be there twice. */
    return twin != TARN_FILE_NONE ? added_twice(err, tarn__file_set_at(files, (uint32_t)twin)->path) : TARN_OK;
}

/* Oldest first, onto a state. */
static enum tarn_status add_forward(struct tarn__delta_replay *replay, const struct tarn__delta_file *file, struct tarn_error *err)
{
    struct tarn__file_set *files = &replay->snapshot->files;
    const struct tarn_text path = tarn__delta_relative_path(replay->snapshot, file->path);
    const struct tarn__file_seek seek = tarn__file_set_seek(files, path, file->extra.deletion_vector, replay->version);
    if (seek.fresh) {
        return added_twice(err, path);
    }
    struct tarn__tracked_file tracked = track(replay, file, path);
    TARN_RETURN_IF_ERROR(keep_facts(files, file, &tracked, err));
    return seek.found != TARN_FILE_NONE ? tarn__file_set_replace(files, (uint32_t)seek.found, &tracked, err)
                                        : tarn__file_set_add_sought(files, &tracked, seek.hash, err);
}

/* Takes the file out of the state of the version before, unless the commit itself adds it. */
static enum tarn_status remove_known(struct tarn__delta_replay *replay, int64_t known, struct tarn_error *err)
{
    struct tarn__file_set *files = &replay->snapshot->files;
    if (known == TARN_FILE_NONE || tarn__file_set_at(files, (uint32_t)known)->sequence == replay->version) {
        return TARN_OK;
    }
    return tarn__file_set_remove(files, (uint32_t)known, err);
}

static enum tarn_status remove_file(struct tarn__delta_replay *replay, const struct tarn__delta_file *file, struct tarn_error *err)
{
    if (replay->checkpoint) {
        return TARN_OK; /* its removes are tombstones for VACUUM: its adds are what is left */
    }
    const struct tarn_text path = tarn__delta_relative_path(replay->snapshot, file->path);
    const struct tarn__deletion_vector *vector = file->extra.deletion_vector;
    if (replay->forward) {
        return remove_known(replay, tarn__file_set_find(&replay->snapshot->files, path, vector), err);
    }
    if (tarn__file_set_find(&replay->removed, path, vector) != TARN_FILE_NONE) {
        return TARN_OK;
    }
    struct tarn__tracked_file tracked = {.path = path, .sequence = replay->version, .rows = -1};
    if (vector != NULL) {
        tracked.extra = tarn__file_extra_copy(&replay->removed.arena, &file->extra);
        if (tracked.extra == NULL) {
            return tarn__nomem(replay->snapshot->env, err, sizeof(file->extra));
        }
    }
    return tarn__file_set_add(&replay->removed, &tracked, err);
}

/*
 * Of the entries of a list those that the commit being read has named: behind the first `begin` when commits come newest first, else the
 * first `fresh` ones. To name one twice in one commit says two things at once.
 */
static enum tarn_status check_named_once(const struct tarn__delta_replay *replay, const struct tarn__delta_named *named, size_t at,
                                         const char *what, struct tarn_error *err)
{
    if (replay->forward ? at < named->fresh : at >= named->begin) {
        return tarn__corrupt(err, "duplicate_action", "one commit has two %s actions for one name", what);
    }
    return TARN_OK;
}

static enum tarn_status note_txn(struct tarn__delta_replay *replay, const struct tarn__delta_txn *txn, struct tarn_error *err)
{
    struct tarn__delta_state *state = tarn__delta_state_of(replay->snapshot);
    struct tarn_arena *arena = &replay->snapshot->arena;
    size_t at = 0;
    while (at < state->txn_count && !tarn__text_equal(state->txns[at].app_id, txn->app_id)) {
        at++;
    }
    if (at < state->txn_count) {
        TARN_RETURN_IF_ERROR(check_named_once(replay, &replay->named_txns, at, "txn", err));
        if (!replay->forward) {
            return TARN_OK;
        }
    } else {
        if (!room_for_one(arena, &state->txns, state->txn_count, &state->txn_capacity, sizeof(*state->txns))) {
            return tarn__nomem(arena->env, err, state->txn_count * sizeof(*state->txns));
        }
        TARN_RETURN_IF_ERROR(copy_text(arena, txn->app_id, &state->txns[at].app_id, err));
        state->txn_count++;
    }
    state->txns[at].version = txn->version;
    state->txns[at].last_updated = txn->last_updated;
    if (replay->forward) {
        const struct tarn__delta_txn named = state->txns[at];
        state->txns[at] = state->txns[replay->named_txns.fresh];
        state->txns[replay->named_txns.fresh++] = named;
    }
    return TARN_OK;
}

static enum tarn_status note_domain(struct tarn__delta_replay *replay, const struct tarn__delta_domain *domain, struct tarn_error *err)
{
    struct tarn__delta_state *state = tarn__delta_state_of(replay->snapshot);
    struct tarn_arena *arena = &replay->snapshot->arena;
    size_t at = 0;
    while (at < state->domain_count && !tarn__text_equal(state->domains[at].domain, domain->domain)) {
        at++;
    }
    if (at < state->domain_count) {
        TARN_RETURN_IF_ERROR(check_named_once(replay, &replay->named_domains, at, "domainMetadata", err));
        if (!replay->forward) {
            return TARN_OK;
        }
    } else {
        if (!room_for_one(arena, &state->domains, state->domain_count, &state->domain_capacity, sizeof(*state->domains))) {
            return tarn__nomem(arena->env, err, state->domain_count * sizeof(*state->domains));
        }
        TARN_RETURN_IF_ERROR(copy_text(arena, domain->domain, &state->domains[at].domain, err));
        state->domain_count++;
    }
    state->domains[at].removed = domain->removed;
    TARN_RETURN_IF_ERROR(copy_text(arena, domain->configuration, &state->domains[at].configuration, err));
    if (replay->forward) {
        const struct tarn__delta_domain named = state->domains[at];
        state->domains[at] = state->domains[replay->named_domains.fresh];
        state->domains[replay->named_domains.fresh++] = named;
    }
    return TARN_OK;
}

static enum tarn_status note_once(bool *seen, const char *what, struct tarn_error *err)
{
    if (*seen) {
        return tarn__corrupt(err, "duplicate_action", "one commit has two %s actions", what);
    }
    *seen = true;
    return TARN_OK;
}

static enum tarn_status see_protocol(struct tarn__delta_replay *replay, const struct tarn__delta_protocol *protocol, struct tarn_error *err)
{
    struct tarn__delta_state *state = tarn__delta_state_of(replay->snapshot);
    TARN_RETURN_IF_ERROR(note_once(&replay->commit_protocol, "protocol", err));
    if (state->has_protocol && !replay->forward) {
        return TARN_OK;
    }
    state->has_protocol = true;
    replay->changed_description = true;
    return tarn__delta_protocol_copy(&replay->snapshot->arena, protocol, &state->protocol, err);
}

static enum tarn_status see_metadata(struct tarn__delta_replay *replay, const struct tarn__delta_metadata *metadata, struct tarn_error *err)
{
    struct tarn__delta_state *state = tarn__delta_state_of(replay->snapshot);
    TARN_RETURN_IF_ERROR(note_once(&replay->commit_metadata, "metaData", err));
    if (state->has_metadata && !replay->forward) {
        return TARN_OK;
    }
    state->has_metadata = true;
    replay->changed_description = true;
    return tarn__delta_metadata_copy(&replay->snapshot->arena, metadata, &state->metadata, err);
}

enum tarn_status tarn__delta_replay_action(struct tarn__delta_replay *replay, const struct tarn__delta_action *action,
                                           struct tarn_error *err)
{
    if (replay->visitor != NULL) {
        return replay->visitor->action(replay->visitor->arg, replay->version, action, err);
    }
    struct tarn_snapshot *snapshot = replay->snapshot;
    struct tarn__delta_state *state = tarn__delta_state_of(snapshot);
    switch (action->kind) {
    case TARN_DELTA_ADD:
        return replay->metadata_only ? TARN_OK
               : replay->forward     ? add_forward(replay, &action->u.file, err)
                                     : add_file(replay, &action->u.file, err);
    case TARN_DELTA_REMOVE:
        return replay->metadata_only ? TARN_OK : remove_file(replay, &action->u.file, err);
    case TARN_DELTA_PROTOCOL:
        return see_protocol(replay, &action->u.protocol, err);
    case TARN_DELTA_METADATA:
        return see_metadata(replay, &action->u.metadata, err);
    case TARN_DELTA_TXN:
        return replay->metadata_only ? TARN_OK : note_txn(replay, &action->u.txn, err);
    case TARN_DELTA_DOMAIN:
        return replay->metadata_only ? TARN_OK : note_domain(replay, &action->u.domain, err);
    case TARN_DELTA_COMMIT_INFO:
        if ((replay->version == snapshot->info.version || replay->forward) && action->u.commit_info.has_in_commit_timestamp) {
            state->has_in_commit_timestamp = true;
            state->in_commit_timestamp = action->u.commit_info.in_commit_timestamp;
        }
        return TARN_OK;
    default:
        return TARN_OK;
    }
}

void tarn__delta_replay_next(struct tarn__delta_replay *replay, int64_t version, bool checkpoint)
{
    struct tarn__delta_state *state = tarn__delta_state_of(replay->snapshot);
    state->has_in_commit_timestamp = state->has_in_commit_timestamp && !replay->forward;
    replay->version = version;
    replay->checkpoint = checkpoint;
    replay->commit_protocol = false;
    replay->commit_metadata = false;
    replay->named_txns = (struct tarn__delta_named){state->txn_count, 0};
    replay->named_domains = (struct tarn__delta_named){state->domain_count, 0};
}

/* A file of lines of actions. */
static enum tarn_status replay_lines(struct tarn__delta_replay *replay, struct tarn_text key, struct tarn_error *err)
{
    struct tarn__delta_stream stream;
    enum tarn_status status = tarn__delta_stream_open(&stream, replay->snapshot->store, key, err);
    if (status == TARN_OK) {
        struct tarn__delta_action action;
        bool more = true;
        while (status == TARN_OK) {
            status = tarn__delta_stream_next(&stream, &action, &more, err);
            if (status != TARN_OK || !more) {
                break;
            }
            status = tarn__delta_replay_action(replay, &action, err);
        }
        tarn__delta_stream_close(&stream);
    }
    if (status == TARN_OK) {
        status = tarn__delta_replay_settle(replay, err);
    }
    if (status != TARN_OK) {
        tarn__error_at_object(err, key);
        tarn__error_at_version(err, replay->version);
    }
    return status;
}

enum tarn_status tarn__delta_replay_commit(struct tarn__delta_replay *replay, int64_t version, struct tarn_error *err)
{
    char key[TARN_DELTA_KEY];
    tarn__delta_commit_key(version, key);
    tarn__delta_replay_next(replay, version, false);
    return replay_lines(replay, tarn__text_of(key), err);
}

enum tarn_status tarn__delta_replay_compaction(struct tarn__delta_replay *replay, int64_t first, int64_t last, struct tarn_error *err)
{
    char key[TARN_DELTA_KEY * 2];
    tarn__delta_compaction_key(first, last, key);
    tarn__delta_replay_next(replay, last, false);
    return replay_lines(replay, tarn__text_of(key), err);
}

static int32_t find_column(const struct tarn_schema *schema, struct tarn_text name)
{
    return tarn_fields_find(schema->field_count, schema->fields, name);
}

/* The one partition spec that a table has. */
static enum tarn_status make_spec(struct tarn_snapshot *snapshot, struct tarn_error *err)
{
    const struct tarn__delta_metadata *metadata = &tarn__delta_state_of(snapshot)->metadata;
    struct tarn__partition_spec *spec = tarn__arena_alloc(&snapshot->arena, sizeof(*spec));
    struct tarn__partition_field *fields =
        tarn__arena_calloc(&snapshot->arena, (size_t)metadata->partition_column_count + 1, sizeof(*fields));
    struct tarn_text *names = tarn__arena_calloc(&snapshot->arena, (size_t)metadata->partition_column_count + 1, sizeof(*names));
    if (spec == NULL || fields == NULL || names == NULL) {
        return tarn__nomem(snapshot->env, err, sizeof(*fields));
    }
    for (uint32_t i = 0; i < metadata->partition_column_count; i++) {
        const int32_t column = find_column(snapshot->schema, metadata->partition_columns[i]);
        if (column < 0) {
            return tarn__corrupt(err, "partition_columns", "the partition column \"%.*s\" is not in the schema",
                                 TARN_TEXT_ARG(metadata->partition_columns[i]));
        }
        names[i] = snapshot->schema->fields[column].name;
        fields[i] = (struct tarn__partition_field){
            .column = (uint32_t)column,
            .name = snapshot->physical[column].name,
            .id = snapshot->schema->fields[column].id,
            .type = snapshot->schema->fields[column].type,
        };
    }
    *spec = (struct tarn__partition_spec){.field_count = metadata->partition_column_count, .fields = fields};
    snapshot->specs = spec;
    snapshot->spec_count = 1;
    snapshot->spec = spec;
    snapshot->info.partition_column_count = metadata->partition_column_count;
    snapshot->info.partition_columns = names;
    return TARN_OK;
}

enum tarn_status tarn__delta_partition_values(const struct tarn_snapshot *snapshot, struct tarn_arena *arena,
                                              struct tarn__partition *partition, struct tarn_error *err)
{
    const struct tarn__partition_spec *spec = snapshot->spec;
    struct tarn_value *values = tarn__arena_calloc(arena, (size_t)spec->field_count + 1, sizeof(*values));
    if (values == NULL) {
        return tarn__nomem(snapshot->env, err, sizeof(*values));
    }
    for (uint32_t i = 0; i < spec->field_count; i++) {
        values[i] = (struct tarn_value){.type = spec->fields[i].type, .is_null = true};
    }
    struct tarn_text rest = partition->raw;
    struct tarn_text key;
    struct tarn_text text;
    bool is_null = false;
    while (tarn__delta_partition_next(&rest, &key, &text, &is_null)) {
        for (uint32_t i = 0; i < spec->field_count; i++) {
            if (is_null || !tarn__text_equal(spec->fields[i].name, key)) {
                continue;
            }
            const enum tarn_status status = tarn__delta_value_parse(spec->fields[i].type, text, arena, &values[i], err);
            if (status != TARN_OK) {
                tarn__error_at_column(err, snapshot->schema->fields[spec->fields[i].column].name);
                return status;
            }
        }
    }
    partition->spec = spec;
    partition->count = spec->field_count;
    partition->values = values;
    return TARN_OK;
}

enum tarn_status tarn__delta_state_type_partitions(struct tarn_snapshot *snapshot, uint32_t from, struct tarn_error *err)
{
    for (uint32_t i = from; i < snapshot->files.partition_count; i++) {
        TARN_RETURN_IF_ERROR(tarn__delta_partition_values(snapshot, &snapshot->files.arena, &snapshot->files.partitions[i], err));
    }
    return TARN_OK;
}

/* columnMapping counts when the protocol allows it and a mode is set; a feature without mode is no mapping. */
static enum tarn_status find_mapping(struct tarn__delta_state *state, struct tarn_error *err)
{
    const struct tarn_text mode = tarn__delta_property(state, TARN_TEXT("delta.columnMapping.mode"));
    if (mode.size == 0 || tarn__text_equal(mode, TARN_TEXT("none")) || state->protocol.reader < 2) {
        state->mapping = TARN_MAPPING_NONE;
    } else if (tarn__text_equal(mode, TARN_TEXT("name"))) {
        state->mapping = TARN_MAPPING_NAME;
    } else if (tarn__text_equal(mode, TARN_TEXT("id"))) {
        state->mapping = TARN_MAPPING_ID;
    } else {
        return tarn__corrupt(err, "column_mapping", "delta.columnMapping.mode is \"%.*s\"; it can be none, name or id",
                             TARN_TEXT_ARG(mode));
    }
    return TARN_OK;
}

/* Ids of rows hold only while every writer keeps them; what files store of them is found by names that the table made up. */
static void find_row_ids(struct tarn_snapshot *snapshot)
{
    const struct tarn__delta_state *state = tarn__delta_state_of(snapshot);
    snapshot->has_row_ids = tarn__delta_protocol_has_writer(&state->protocol, TARN_TEXT("rowTracking")) &&
                            tarn__delta_property_is_true(state, TARN_TEXT("delta.enableRowTracking")) &&
                            !tarn__delta_property_is_true(state, TARN_TEXT("delta.rowTrackingSuspended"));
    snapshot->row_id_column =
        (struct tarn__physical){.name = tarn__delta_property(state, TARN_TEXT("delta.rowTracking.materializedRowIdColumnName")), .id = -1};
    snapshot->row_version_column = (struct tarn__physical){
        .name = tarn__delta_property(state, TARN_TEXT("delta.rowTracking.materializedRowCommitVersionColumnName")), .id = -1};
}

enum tarn_status tarn__delta_state_describe(struct tarn_snapshot *snapshot, struct tarn_error *err)
{
    struct tarn__delta_state *state = tarn__delta_state_of(snapshot);
    TARN_RETURN_IF_ERROR(find_mapping(state, err));
    struct tarn__delta_schema schema;
    if (state->metadata.schema.size == 0) {
        return tarn__corrupt(err, "schema", "the table's metaData has no schemaString");
    }
    TARN_RETURN_IF_ERROR(tarn__delta_schema_parse(snapshot->env, state->metadata.schema, state->mapping != TARN_MAPPING_NONE,
                                                  &snapshot->arena, &schema, err));
    TARN_RETURN_IF_ERROR(tarn__snapshot_set_schema(snapshot, 0, schema.schema, err));
    snapshot->physical = schema.physical;
    snapshot->match_by_id = state->mapping == TARN_MAPPING_ID;
    TARN_RETURN_IF_ERROR(tarn__snapshot_find_variants(snapshot, err));
    find_row_ids(snapshot);
    TARN_RETURN_IF_ERROR(make_spec(snapshot, err));
    TARN_RETURN_IF_ERROR(tarn__delta_rules(snapshot, err));
    struct tarn_snapshot_info *info = &snapshot->info;
    info->table_id = state->metadata.id;
    info->name = state->metadata.name;
    info->comment = state->metadata.description;
    info->property_count = state->metadata.property_count;
    info->properties = state->metadata.properties;
    info->reader_version = state->protocol.reader;
    info->writer_version = state->protocol.writer;
    info->feature_count = state->protocol.writer_feature_count;
    info->features = state->protocol.writer_features;
    return TARN_OK;
}

enum tarn_status tarn__delta_state_finish(struct tarn_snapshot *snapshot, struct tarn_error *err)
{
    struct tarn__delta_state *state = tarn__delta_state_of(snapshot);
    if (!state->has_protocol) {
        return tarn__corrupt(err, "protocol_missing", "no commit up to this version says which protocol the table has");
    }
    if (!state->has_metadata) {
        return tarn__corrupt(err, "metadata_missing", "no commit up to this version has the table's schema (metaData)");
    }
    if (state->metadata.provider.size != 0 && !tarn__text_equal(state->metadata.provider, TARN_TEXT("parquet"))) {
        return tarn__unsupported(err, "delta.format_provider", "the table's files are \"%.*s\", not Parquet",
                                 TARN_TEXT_ARG(state->metadata.provider));
    }
    TARN_RETURN_IF_ERROR(tarn__delta_protocol_admit_read(snapshot, err));
    TARN_RETURN_IF_ERROR(tarn__delta_state_describe(snapshot, err));
    TARN_RETURN_IF_ERROR(tarn__delta_type_changes_admit(snapshot->env, snapshot->schema->field_count, snapshot->schema->fields, err));
    return tarn__delta_state_type_partitions(snapshot, 0, err);
}
