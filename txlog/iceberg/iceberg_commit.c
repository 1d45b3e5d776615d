/* SPDX-License-Identifier: Apache-2.0
 *
 * One attempt at a commit: manifests, manifest list, table metadata, and the pointer that is moved to it.
 *
 * Specification: Iceberg table spec, "Snapshots", "Snapshot Summary", "Commit Conflict Resolution and Retry", "File System Tables",
 * Appendix F "Optional Snapshot Summary Fields".
 *
 * Invariants
 *  1. Nothing is named by the table before the pointer moves: metadata/v<N+1>.metadata.json comes to be where there was none, or the
 *     catalog's entry goes from what we built on to what we made.
 *  2. The object that decides is never removed again, whoever made it; everything else that was written is told to the transaction.
 *  3. What the base's metadata says and we do not change is in the next as it was, byte for byte.
 *  4. The version hint comes after, and is only a hint.
 */
#include <stdio.h>
#include <string.h>

#include "format/base/bytes.h"
#include "format/base/hash.h"
#include "format/json/json_print.h"
#include "txlog/iceberg/iceberg_write.h"

enum { MOST_SUMMARY = 32, NUMBER_ROOM = 24, PREVIOUS_METADATA = 100 };

static const struct tarn_text commit_id_key = {"tarn.commit-id", 14};
static const struct tarn_text operation_key = {"tarn.operation", 14};
static const struct tarn_text app_id_key = {"tarn.app-id", 11};
static const struct tarn_text app_version_key = {"tarn.app-version", 16};

enum tarn_status tarn__iceberg_record_location(const struct tarn__iceberg_base *base, struct tarn_arena *arena, struct tarn_text key,
                                               struct tarn_text *out, struct tarn_error *err)
{
    struct tarn_text_builder text;
    tarn__builder_init(&text, arena->env);
    tarn__iceberg_location_print(base->metadata.location, key, &text);
    enum tarn_status status = tarn__builder_status(&text, err);
    if (status == TARN_OK) {
        *out = tarn__arena_text(arena, tarn__builder_text(&text));
        status = out->data == NULL ? tarn__nomem(arena->env, err, text.size) : TARN_OK;
    }
    tarn__builder_free(&text);
    return status;
}

enum tarn_status tarn__iceberg_put(struct tarn_transaction *transaction, struct tarn_text key, struct tarn_text bytes,
                                   struct tarn_error *err)
{
    struct tarn__iceberg_writing *writing = tarn__iceberg_writing_of(transaction);
    TARN_RETURN_IF_ERROR(tarn__transaction_stage(transaction, key, err));
    if (!tarn__grow(transaction->env, &writing->written, &writing->written_capacity, writing->written_count + 1,
                    sizeof(*writing->written))) {
        return tarn__nomem(transaction->env, err, sizeof(*writing->written));
    }
    const struct tarn_text own = transaction->staging[transaction->staging_count - 1];
    writing->written[writing->written_count++] = (struct tarn__iceberg_written){own, true};
    const enum tarn_status status =
        tarn_store_put(transaction->snapshot->store, own, tarn__span_of_text(bytes), TARN_PUT_OVERWRITE, TARN_ROLE_COMMIT, err);
    if (status == TARN_COMMIT_UNKNOWN || status == TARN_TIMEOUT) {
        /* Whether it is there or not, nothing names it: the attempt ends here, and the next one writes another. */
        return tarn__error_set(err, TARN_THROTTLED, "staging", "the store did not say whether it wrote %.*s", TARN_TEXT_ARG(own));
    }
    return status;
}

/* ---- the summary ---- */

struct summary {
    struct tarn_property items[MOST_SUMMARY];
    uint32_t count;
    struct tarn_arena *arena;
};

static void say(struct summary *summary, struct tarn_text key, struct tarn_text value)
{
    if (summary->count < MOST_SUMMARY && value.size != 0) {
        summary->items[summary->count++] = (struct tarn_property){.key = key, .value = value};
    }
}

static enum tarn_status say_number(struct summary *summary, struct tarn_text key, int64_t value, struct tarn_error *err)
{
    char digits[NUMBER_ROOM];
    const int size = snprintf(digits, sizeof(digits), "%lld", (long long)value);
    const struct tarn_text text = tarn__arena_text(summary->arena, (struct tarn_text){digits, (size_t)size});
    say(summary, key, text);
    return text.data == NULL ? tarn__nomem(summary->arena->env, err, sizeof(digits)) : TARN_OK;
}

/* What the commit adds and takes out. */
struct change {
    int64_t files;
    int64_t rows;
    int64_t bytes;
};

static bool picked(const uint8_t *bits, uint32_t i)
{
    return bits != NULL && tarn__bit_get(bits, i);
}

static void count_files(const struct tarn_snapshot *snapshot, const uint8_t *bits, struct change *change)
{
    for (uint32_t i = 0; bits != NULL && i < snapshot->files.count; i++) {
        if (picked(bits, i)) {
            const struct tarn__tracked_file *file = tarn__file_set_at(&snapshot->files, i);
            change->files++;
            change->rows += file->rows;
            change->bytes += (int64_t)file->size;
        }
    }
}

static enum tarn_status note_partitions(const struct tarn_snapshot *snapshot, const uint8_t *bits, struct tarn__file_set *seen,
                                        struct tarn_error *err)
{
    for (uint32_t i = 0; bits != NULL && i < snapshot->files.count; i++) {
        if (picked(bits, i)) {
            uint32_t unused;
            const uint32_t partition = tarn__file_set_at(&snapshot->files, i)->partition;
            TARN_RETURN_IF_ERROR(tarn__file_set_partition(seen, snapshot->files.partitions[partition].raw, &unused, err));
        }
    }
    return TARN_OK;
}

static enum tarn_status count_partitions(const struct tarn_transaction *transaction, int64_t *count, struct tarn_error *err)
{
    struct tarn__file_set seen;
    tarn__file_set_init(&seen, transaction->env);
    enum tarn_status status = note_partitions(transaction->snapshot, transaction->removed_bits, &seen, err);
    if (status == TARN_OK && transaction->revived_from != NULL) {
        status = note_partitions(transaction->revived_from, transaction->revived_bits, &seen, err);
    }
    struct tarn_text_builder whole; /* the one tuple of a spec without fields: new files come without it */
    tarn__builder_init(&whole, transaction->env);
    if (status == TARN_OK && transaction->snapshot->spec->field_count == 0) {
        status = tarn__iceberg_partition(transaction->snapshot, NULL, &whole, err);
    }
    for (size_t i = 0; status == TARN_OK && i < transaction->added_count; i++) {
        uint32_t unused;
        const struct tarn_text partition = transaction->added[i].partition;
        status = tarn__file_set_partition(&seen, partition.size != 0 ? partition : tarn__builder_text(&whole), &unused, err);
    }
    tarn__builder_free(&whole);
    *count = seen.partition_count;
    tarn__file_set_free(&seen);
    return status;
}

static const struct tarn_text *summary_value(const struct tarn__iceberg_snapshot *snapshot, struct tarn_text key)
{
    for (uint32_t i = 0; i < snapshot->summary_count; i++) {
        if (tarn__text_equal(snapshot->summary[i].key, key)) {
            return &snapshot->summary[i].value;
        }
    }
    return NULL;
}

/* A total is said as long as the one before was. */
static enum tarn_status say_total(struct summary *summary, const struct tarn__iceberg_base *base, struct tarn_text key, int64_t more,
                                  struct tarn_error *err)
{
    int64_t before = 0;
    if (base->has_head) {
        const struct tarn_text *text = summary_value(&base->head, key);
        if (text == NULL || tarn__int64_parse(*text, &before) != TARN_PARSED) {
            return TARN_OK;
        }
    }
    return before + more < 0 ? TARN_OK : say_number(summary, key, before + more, err);
}

static enum tarn_status fill_summary(const struct tarn_transaction *transaction, const struct change *came, const struct change *went,
                                     struct summary *summary, struct tarn_error *err)
{
    const struct tarn__iceberg_base *base = &tarn__iceberg_writing_of(transaction)->base;
    int64_t partitions = 0;
    TARN_RETURN_IF_ERROR(count_partitions(transaction, &partitions, err));
    const struct {
        struct tarn_text key;
        int64_t value;
    } counts[] = {
        {{"added-data-files", 16}, came->files},       {{"deleted-data-files", 18}, went->files}, {{"added-records", 13}, came->rows},
        {{"deleted-records", 15}, went->rows},         {{"added-files-size", 16}, came->bytes},   {{"removed-files-size", 18}, went->bytes},
        {{"changed-partition-count", 23}, partitions},
    };
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        if (counts[i].value != 0) {
            TARN_RETURN_IF_ERROR(say_number(summary, counts[i].key, counts[i].value, err));
        }
    }
    const struct {
        struct tarn_text key;
        int64_t more;
    } totals[] = {
        {{"total-records", 13}, came->rows - went->rows},
        {{"total-files-size", 16}, came->bytes - went->bytes},
        {{"total-data-files", 16}, came->files - went->files},
        {{"total-delete-files", 18}, 0},
        {{"total-position-deletes", 22}, 0},
        {{"total-equality-deletes", 22}, 0},
    };
    for (size_t i = 0; i < sizeof(totals) / sizeof(totals[0]); i++) {
        TARN_RETURN_IF_ERROR(say_total(summary, base, totals[i].key, totals[i].more, err));
    }
    say(summary, TARN_TEXT("engine-name"), TARN_TEXT("tarn"));
    say(summary, TARN_TEXT("engine-version"), TARN_TEXT(TARN_VERSION));
    say(summary, commit_id_key, tarn__text_of(transaction->commit_id));
    say(summary, operation_key, transaction->operation);
    say(summary, TARN_TEXT("tarn.parameters"), transaction->parameters);
    say(summary, TARN_TEXT("tarn.user-metadata"), transaction->user_metadata);
    if (transaction->app_id.size != 0) {
        say(summary, app_id_key, transaction->app_id);
        TARN_RETURN_IF_ERROR(say_number(summary, app_version_key, transaction->app_version, err));
    }
    return TARN_OK;
}

enum tarn_status tarn__iceberg_app_version(struct tarn_text app_id, const struct tarn__iceberg_snapshot_entry *entry,
                                           struct tarn_arena *arena, bool *found, int64_t *version, struct tarn_error *err)
{
    *found = false;
    *version = 0;
    if (memmem(entry->json.data, entry->json.size, app_id_key.data, app_id_key.size) == NULL) {
        return TARN_OK; /* most snapshots say nothing: their text is not parsed */
    }
    struct tarn__iceberg_snapshot snapshot;
    TARN_RETURN_IF_ERROR(tarn__iceberg_snapshot_parse(entry->json, arena, &snapshot, err));
    const struct tarn_text *id = summary_value(&snapshot, app_id_key);
    const struct tarn_text *text = summary_value(&snapshot, app_version_key);
    *found = id != NULL && text != NULL && tarn__text_equal(*id, app_id) && tarn__int64_parse(*text, version) == TARN_PARSED;
    return TARN_OK;
}

/* ---- the snapshot ---- */

static struct tarn_text operation_of(const struct change *came, const struct change *went)
{
    if (went->files == 0) {
        return TARN_TEXT("append");
    }
    return came->files == 0 ? TARN_TEXT("delete") : TARN_TEXT("overwrite");
}

static enum tarn_status write_list(struct tarn_transaction *transaction, const struct tarn__iceberg_manifest_file *manifests, size_t count,
                                   int64_t sequence, struct tarn_text *location, struct tarn_error *err)
{
    struct tarn__iceberg_writing *writing = tarn__iceberg_writing_of(transaction);
    const struct tarn__iceberg_manifest_list_options options = {
        .snapshot_id = writing->snapshot_id,
        .has_parent = writing->base.has_head,
        .parent_snapshot_id = writing->base.has_head ? writing->base.head.id : -1,
        .sequence_number = sequence,
    };
    char key[160];
    snprintf(key, sizeof(key), "metadata/snap-%lld-%u-%s.avro", (long long)writing->snapshot_id, ++writing->attempts,
             transaction->commit_id);
    struct tarn_text_builder bytes;
    tarn__builder_init(&bytes, transaction->env);
    enum tarn_status status = tarn__iceberg_manifest_list_write(transaction->env, &options, manifests, count, &bytes, err);
    if (status == TARN_OK) {
        status = tarn__builder_status(&bytes, err);
    }
    if (status == TARN_OK) {
        status = tarn__iceberg_put(transaction, tarn__text_of(key), tarn__builder_text(&bytes), err);
    }
    tarn__builder_free(&bytes);
    return status == TARN_OK ? tarn__iceberg_record_location(&writing->base, &transaction->arena, tarn__text_of(key), location, err)
                             : status;
}

/* Objects that this attempt does not name are left over from attempts that lost. */
static void mark_used(struct tarn__iceberg_writing *writing, const struct tarn__iceberg_manifest_file *manifests, size_t count)
{
    for (size_t w = 0; w < writing->written_count; w++) {
        writing->written[w].used = false;
        for (size_t i = 0; !writing->written[w].used && i < count; i++) {
            writing->written[w].used = tarn__text_ends(manifests[i].path, writing->written[w].key);
        }
    }
}

static enum tarn_status make_snapshot(struct tarn_transaction *transaction, int64_t now_ms, struct tarn__iceberg_snapshot_entry *entry,
                                      struct tarn_error *err)
{
    struct tarn__iceberg_writing *writing = tarn__iceberg_writing_of(transaction);
    struct tarn_arena *arena = &transaction->arena;
    struct tarn__iceberg_manifest_file *manifests;
    size_t count;
    TARN_RETURN_IF_ERROR(tarn__iceberg_next_manifests(transaction, &manifests, &count, err));
    mark_used(writing, manifests, count);
    struct change came = {.files = (int64_t)transaction->added_count};
    struct change went = {0};
    for (size_t i = 0; i < transaction->added_count; i++) {
        came.rows += (int64_t)transaction->added[i].rows;
        came.bytes += (int64_t)transaction->added[i].size;
    }
    if (transaction->revived_from != NULL) {
        count_files(transaction->revived_from, transaction->revived_bits, &came);
    }
    count_files(transaction->snapshot, transaction->removed_bits, &went);
    struct summary summary = {.arena = arena};
    TARN_RETURN_IF_ERROR(fill_summary(transaction, &came, &went, &summary, err));
    struct tarn__iceberg_snapshot snapshot = {
        .id = writing->snapshot_id,
        .parent_id = writing->base.has_head ? writing->base.head.id : -1,
        .sequence = writing->base.metadata.last_sequence + 1,
        .timestamp_ms = now_ms,
        .schema_id =
            tarn__iceberg_state_of(transaction->revived_from != NULL ? transaction->revived_from : transaction->snapshot)->schema.id,
        .summary_count = summary.count,
        .summary = summary.items,
        .operation = operation_of(&came, &went),
    };
    TARN_RETURN_IF_ERROR(write_list(transaction, manifests, count, snapshot.sequence, &snapshot.manifest_list, err));
    struct tarn_text_builder text;
    tarn__builder_init(&text, transaction->env);
    struct tarn_json_printer json;
    tarn__json_printer_init(&json, &text);
    tarn__iceberg_snapshot_print(&snapshot, &json);
    enum tarn_status status = tarn__builder_status(&text, err);
    if (status == TARN_OK) {
        *entry = (struct tarn__iceberg_snapshot_entry){snapshot.id,           snapshot.parent_id, snapshot.sequence,
                                                       snapshot.timestamp_ms, snapshot.schema_id, {NULL, 0}};
        entry->json = tarn__arena_text(arena, tarn__builder_text(&text));
        status = entry->json.data == NULL ? tarn__nomem(transaction->env, err, text.size) : TARN_OK;
    }
    tarn__builder_free(&text);
    return status;
}

/* ---- the metadata ---- */

/* A copy of an array with room for one more; NULL: no memory. */
static void *longer(struct tarn_arena *arena, const void *items, uint32_t count, size_t size)
{
    void *copy = tarn__arena_calloc(arena, (size_t)count + 1, size);
    if (copy != NULL && count != 0) {
        memcpy(copy, items, count * size);
    }
    return copy;
}

static enum tarn_status add_snapshot(struct tarn_transaction *transaction, struct tarn__iceberg_metadata *next,
                                     const struct tarn__iceberg_snapshot_entry *entry, struct tarn_error *err)
{
    struct tarn_arena *arena = &transaction->arena;
    const struct tarn_text ref = tarn__iceberg_state_of(transaction->snapshot)->ref;
    const bool is_main = tarn__text_equal(ref, TARN_TEXT("main"));
    struct tarn__iceberg_snapshot_entry *snapshots = longer(arena, next->snapshots, next->snapshot_count, sizeof(*snapshots));
    struct tarn__iceberg_ref *refs = longer(arena, next->refs, next->ref_count, sizeof(*refs));
    struct tarn__iceberg_log_entry *log = longer(arena, next->snapshot_log, next->snapshot_log_count, sizeof(*log));
    if (snapshots == NULL || refs == NULL || log == NULL) {
        return tarn__nomem(transaction->env, err, next->snapshot_count * sizeof(*snapshots));
    }
    snapshots[next->snapshot_count++] = *entry;
    next->snapshots = snapshots;
    uint32_t at = 0;
    while (at < next->ref_count && !tarn__text_equal(refs[at].name, ref)) {
        at++;
    }
    if (at == next->ref_count) {
        refs[at] = (struct tarn__iceberg_ref){.name = ref, .min_snapshots_to_keep = -1, .max_snapshot_age_ms = -1, .max_ref_age_ms = -1};
        next->ref_count++;
    }
    refs[at].snapshot_id = entry->id;
    next->refs = refs;
    next->last_sequence = entry->sequence;
    if (is_main) {
        next->current_snapshot_id = entry->id;
        log[next->snapshot_log_count++] = (struct tarn__iceberg_log_entry){.timestamp_ms = entry->timestamp_ms, .snapshot_id = entry->id};
        next->snapshot_log = log;
        if (transaction->change.metadata != NULL) {
            next->current_schema_id = *(const int32_t *)transaction->change.metadata;
        }
    }
    return TARN_OK;
}

/* The metadata that is overtaken goes into the log of metadata files, which keeps as many as the table's property says. */
static enum tarn_status log_previous(struct tarn_transaction *transaction, struct tarn__iceberg_metadata *next, struct tarn_error *err)
{
    const struct tarn__iceberg_base *base = &tarn__iceberg_writing_of(transaction)->base;
    if (base->file.key.size == 0) {
        return TARN_OK;
    }
    int64_t most = PREVIOUS_METADATA;
    const struct tarn_text *property = tarn__iceberg_metadata_property(next, TARN_TEXT("write.metadata.previous-versions-max"));
    if (property != NULL && (tarn__int64_parse(*property, &most) != TARN_PARSED || most < 1)) {
        most = 1;
    }
    struct tarn__iceberg_log_entry *log = longer(&transaction->arena, next->metadata_log, next->metadata_log_count, sizeof(*log));
    if (log == NULL) {
        return tarn__nomem(transaction->env, err, next->metadata_log_count * sizeof(*log));
    }
    struct tarn__iceberg_log_entry *last = &log[next->metadata_log_count];
    *last = (struct tarn__iceberg_log_entry){.timestamp_ms = base->metadata.last_updated_ms, .file = base->file.location};
    if (last->file.size == 0) {
        TARN_RETURN_IF_ERROR(tarn__iceberg_record_location(base, &transaction->arena, base->file.key, &last->file, err));
    }
    const uint32_t count = next->metadata_log_count + 1;
    const uint32_t skip = count > (uint64_t)most ? count - (uint32_t)most : 0;
    next->metadata_log = log + skip;
    next->metadata_log_count = count - skip;
    return TARN_OK;
}

/* Moves the pointer: the one step that decides. */
static enum tarn_status move_pointer(struct tarn_transaction *transaction, struct tarn_text json, struct tarn_error *err)
{
    const struct tarn__iceberg_base *base = &tarn__iceberg_writing_of(transaction)->base;
    const struct tarn__place *place = &transaction->snapshot->place;
    char key[128];
    if (place->catalog == NULL) {
        snprintf(key, sizeof(key), "metadata/v%lld.metadata.json", (long long)transaction->position + 1);
        return tarn_store_put(place->store, tarn__text_of(key), tarn__span_of_text(json), TARN_PUT_IF_ABSENT, TARN_ROLE_COMMIT, err);
    }
    char uuid[37];
    tarn__uuid(transaction->env, uuid);
    const long long number = transaction->snapshot->is_new ? 0 : (long long)transaction->position + 1;
    snprintf(key, sizeof(key), "metadata/%05lld-%s.metadata.json", number, uuid);
    struct tarn_text location;
    TARN_RETURN_IF_ERROR(tarn__iceberg_record_location(base, &transaction->arena, tarn__text_of(key), &location, err));
    TARN_RETURN_IF_ERROR(tarn__iceberg_put(transaction, tarn__text_of(key), json, err));
    return tarn_catalog_swap(place->catalog, tarn__text_of(place->name), base->file.location, location, err);
}

static bool has_changes(const struct tarn_transaction *transaction)
{
    return !transaction->snapshot->is_new || transaction->added_count != 0 || transaction->app_id.size != 0;
}

enum tarn_status tarn__iceberg_publish(struct tarn_transaction *transaction, struct tarn_error *err)
{
    struct tarn__iceberg_writing *writing = tarn__iceberg_writing_of(transaction);
    struct tarn__iceberg_metadata next = writing->base.metadata;
    int64_t now_ms = transaction->time / 1000;
    now_ms = now_ms > next.last_updated_ms ? now_ms : next.last_updated_ms + 1;
    transaction->made = -1;
    if (has_changes(transaction)) {
        struct tarn__iceberg_snapshot_entry entry;
        TARN_RETURN_IF_ERROR(make_snapshot(transaction, now_ms, &entry, err));
        TARN_RETURN_IF_ERROR(add_snapshot(transaction, &next, &entry, err));
        transaction->made = entry.id;
    }
    TARN_RETURN_IF_ERROR(log_previous(transaction, &next, err));
    next.last_updated_ms = now_ms;
    struct tarn_text_builder json;
    tarn__builder_init(&json, transaction->env);
    tarn__iceberg_metadata_print(&next, &json);
    enum tarn_status status = tarn__builder_status(&json, err);
    if (status == TARN_OK) {
        status = move_pointer(transaction, tarn__builder_text(&json), err);
    }
    tarn__builder_free(&json);
    return status;
}

void tarn__iceberg_settle(struct tarn_transaction *transaction)
{
    const struct tarn__iceberg_writing *writing = tarn__iceberg_writing_of(transaction);
    const struct tarn__place *place = &transaction->snapshot->place;
    for (size_t i = 0; i < writing->written_count; i++) {
        if (!writing->written[i].used && tarn_store_remove(place->store, writing->written[i].key, NULL) != TARN_OK) {
            tarn__log(transaction->env, TARN_LOG_WARN, "what a lost attempt wrote could not be removed: %.*s",
                      TARN_TEXT_ARG(writing->written[i].key));
        }
    }
    if (place->catalog == NULL) {
        char number[NUMBER_ROOM];
        const int size = snprintf(number, sizeof(number), "%lld", (long long)transaction->position + 1);
        const struct tarn_span bytes = {(const uint8_t *)number, (size_t)size};
        if (tarn_store_put(place->store, TARN_TEXT("metadata/version-hint.text"), bytes, TARN_PUT_OVERWRITE, TARN_ROLE_DATA, NULL) !=
            TARN_OK) {
            tarn__log(transaction->env, TARN_LOG_WARN, "the version hint could not be written; readers look for the newest version");
        }
    }
}

enum tarn_status tarn__iceberg_restore(struct tarn_transaction *transaction, const struct tarn_snapshot *target, struct tarn_error *err)
{
    const int32_t now = tarn__iceberg_state_of(transaction->snapshot)->schema.id;
    const int32_t then = tarn__iceberg_state_of(target)->schema.id;
    if (now == then) {
        return TARN_OK;
    }
    int32_t *schema_id = tarn__arena_alloc(&transaction->arena, sizeof(*schema_id));
    if (schema_id == NULL) {
        return tarn__nomem(transaction->env, err, sizeof(*schema_id));
    }
    *schema_id = then;
    transaction->change.metadata = schema_id;
    return TARN_OK;
}
