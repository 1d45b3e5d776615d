/* SPDX-License-Identifier: Apache-2.0
 *
 * Transactions against commits that came first.
 *
 * Specification: Iceberg table spec, "Commit Conflict Resolution and Retry"; Java's MergingSnapshotProducer under isolation "serializable".
 *
 * What conflicts, in this order: another table under the same name; another format version; a new schema or partition spec; the same
 * application's transaction; for a transaction that read: a branch that was set to somewhere else, rows added that it would have read,
 * files gone that it read or takes out, deletes of rows. An append holds after anything that leaves schema and spec alone.
 */
#include "format/base/bytes.h"
#include "txlog/iceberg/iceberg_partition.h"
#include "txlog/iceberg/iceberg_statistics.h"
#include "txlog/iceberg/iceberg_write.h"

static enum tarn_status conflict(struct tarn_error *err, int64_t version, const char *detail, const char *what)
{
    tarn__error_set(err, TARN_CONFLICT, detail, "snapshot %lld came first and %s; start again from the new version", (long long)version,
                    what);
    tarn__error_at_version(err, version);
    return TARN_CONFLICT;
}

/* ---- what one snapshot did that we have read ---- */

struct judged {
    struct tarn_transaction *transaction;
    const struct tarn__iceberg_root *root;
    int64_t snapshot_id; /* that is looked at */
    struct tarn_text_builder key;
    struct tarn_text_builder statistics;
};

struct spec_entry {
    struct judged *judged;
    const struct tarn__partition_spec *spec; /* NULL: newer than ours */
};

static bool reads_added(const struct spec_entry *entry_of, const struct tarn__iceberg_entry *entry)
{
    struct judged *judged = entry_of->judged;
    const struct tarn__partition_spec *spec = entry_of->spec;
    struct tarn_arena arena;
    tarn__arena_init(&arena, judged->transaction->env);
    struct tarn_value *values = spec != NULL ? tarn__arena_calloc(&arena, (size_t)spec->field_count + 1, sizeof(*values)) : NULL;
    bool known = values != NULL;
    for (uint32_t i = 0; known && i < spec->field_count; i++) {
        values[i] = (struct tarn_value){.type = spec->fields[i].type, .is_null = true};
        for (uint32_t p = 0; known && spec->fields[i].type != NULL && p < entry->file.partition_count; p++) {
            if (entry->file.partition[p].field_id == spec->fields[i].id) {
                known = tarn__iceberg_partition_read(&entry->file.partition[p], spec->fields[i].type, &values[i], NULL) == TARN_OK;
            }
        }
    }
    const struct tarn__partition partition = {.spec = spec, .count = known ? spec->field_count : 0, .values = known ? values : NULL};
    tarn__builder_clear(&judged->statistics);
    tarn__iceberg_statistics_pack(&entry->file, TARN_ICEBERG_PACK_COUNTS | TARN_ICEBERG_PACK_BOUNDS, &judged->statistics);
    const struct tarn_text statistics = judged->statistics.failed ? (struct tarn_text){NULL, 0} : tarn__builder_text(&judged->statistics);
    const bool reads = tarn__transaction_reads_file(judged->transaction, known ? &partition : NULL, entry->file.record_count, statistics);
    tarn__arena_free(&arena);
    return reads;
}

static enum tarn_status see_entry(void *arg, struct tarn__iceberg_entry *entry, struct tarn_error *err)
{
    const struct spec_entry *entry_of = arg;
    struct judged *judged = entry_of->judged;
    if (entry->snapshot_id != judged->snapshot_id || entry->status == TARN_ICEBERG_EXISTING) {
        return TARN_OK;
    }
    if (entry->status == TARN_ICEBERG_ADDED) {
        return reads_added(entry_of, entry) ? conflict(err, judged->snapshot_id, "concurrent_append",
                                                       "added rows that this transaction "
                                                       "would have read")
                                            : TARN_OK;
    }
    tarn__builder_clear(&judged->key);
    if (!tarn__iceberg_location_key(judged->root, entry->file.path, &judged->key)) {
        return tarn__builder_status(&judged->key, err);
    }
    TARN_RETURN_IF_ERROR(tarn__builder_status(&judged->key, err));
    enum tarn__touch touch;
    int64_t index;
    TARN_RETURN_IF_ERROR(tarn__transaction_touch(judged->transaction, tarn__builder_text(&judged->key), &touch, &index, err));
    if (touch == TARN_TOUCH_NONE) {
        return TARN_OK;
    }
    return touch == TARN_TOUCH_REMOVED
               ? conflict(err, judged->snapshot_id, "concurrent_delete_delete", "took out a file that this transaction takes out too")
               : conflict(err, judged->snapshot_id, "concurrent_delete_read", "took out rows that this transaction has read");
}

static enum tarn_status judge_files(struct judged *judged, const struct tarn__iceberg_snapshot *snapshot, struct tarn_error *err)
{
    struct tarn_arena arena;
    tarn__arena_init(&arena, judged->transaction->env);
    struct tarn__iceberg_manifest_file *manifests = NULL;
    size_t count = 0;
    judged->snapshot_id = snapshot->id;
    enum tarn_status status = tarn__iceberg_read_manifests(judged->root, snapshot, &arena, &manifests, &count, err);
    for (size_t i = 0; status == TARN_OK && i < count; i++) {
        if (manifests[i].added_snapshot_id != snapshot->id) {
            continue;
        }
        if (manifests[i].content == TARN_ICEBERG_DELETE_MANIFEST) {
            status = conflict(err, snapshot->id, "concurrent_delete_read", "deleted rows of files that this transaction may have read");
            break;
        }
        struct spec_entry entry_of = {judged, tarn__snapshot_spec(judged->transaction->snapshot, manifests[i].spec_id)};
        status = tarn__iceberg_read_manifest(judged->root, &manifests[i], TARN_ICEBERG_SKIP_OFFSETS, see_entry, &entry_of, err);
    }
    tarn__arena_free(&arena);
    return status;
}

/* ---- the lineage since our base ---- */

static enum tarn_status judge_snapshot(struct judged *judged, const struct tarn__iceberg_snapshot_entry *entry, bool blind,
                                       struct tarn_arena *arena, struct tarn_error *err)
{
    const struct tarn_transaction *transaction = judged->transaction;
    if (transaction->app_id.size != 0) {
        bool found;
        int64_t version;
        TARN_RETURN_IF_ERROR(tarn__iceberg_app_version(transaction->app_id, entry, arena, &found, &version, err));
        if (found && version >= transaction->app_version) {
            return tarn__error_set(err, TARN_EXISTS, "app_transaction",
                                   "the application has committed this transaction already, as snapshot %lld", (long long)entry->id);
        }
        if (found) {
            return conflict(err, entry->id, "concurrent_transaction", "is of the same application");
        }
    }
    for (size_t i = 0; i < transaction->app_read_count; i++) {
        bool found;
        int64_t version;
        TARN_RETURN_IF_ERROR(tarn__iceberg_app_version(transaction->apps_read[i], entry, arena, &found, &version, err));
        if (found) {
            return conflict(err, entry->id, "concurrent_transaction", "is of an application that this transaction has looked at");
        }
    }
    if (blind) {
        return TARN_OK;
    }
    struct tarn__iceberg_snapshot snapshot;
    TARN_RETURN_IF_ERROR(tarn__iceberg_snapshot_parse(entry->json, arena, &snapshot, err));
    return judge_files(judged, &snapshot, err);
}

/* Does the branch still stand on what was judged before? */
static bool leads_to(const struct tarn__iceberg_base *now, int64_t known)
{
    int64_t id = now->has_head ? now->head.id : -1;
    for (uint32_t steps = 0; id != known && id != -1 && steps <= now->metadata.snapshot_count; steps++) {
        const struct tarn__iceberg_snapshot_entry *entry = tarn__iceberg_metadata_snapshot(&now->metadata, id);
        id = entry != NULL ? entry->parent_id : -1;
    }
    return id == known;
}

/* From the head down to what was judged before. Snapshots that a rewrite of files made (replace) are looked at as any other. */
static enum tarn_status judge_lineage(struct judged *judged, const struct tarn__iceberg_base *before, const struct tarn__iceberg_base *now,
                                      struct tarn_arena *arena, struct tarn_error *err)
{
    const bool blind = tarn__transaction_is_blind(judged->transaction);
    const int64_t known = before->has_head ? before->head.id : -1;
    if (!blind && !leads_to(now, known)) {
        return conflict(err, now->metadata.current_snapshot_id, "concurrent_rewrite", "set the branch to another line of snapshots");
    }
    int64_t id = now->has_head ? now->head.id : -1;
    for (uint32_t steps = 0; id != known && id != -1 && steps <= now->metadata.snapshot_count; steps++) {
        const struct tarn__iceberg_snapshot_entry *entry = tarn__iceberg_metadata_snapshot(&now->metadata, id);
        if (entry == NULL) {
            break;
        }
        TARN_RETURN_IF_ERROR(judge_snapshot(judged, entry, blind, arena, err));
        id = entry->parent_id;
    }
    return TARN_OK;
}

static enum tarn_status compare_tables(const struct tarn_transaction *transaction, const struct tarn__iceberg_metadata *before,
                                       const struct tarn__iceberg_metadata *now, struct tarn_error *err)
{
    const int64_t id = now->current_snapshot_id;
    if (!tarn__text_equal(before->table_uuid, now->table_uuid)) {
        return conflict(err, id, "table_replaced", "is of another table that took this one's place");
    }
    if (before->format_version != now->format_version) {
        return conflict(err, id, "protocol_changed", "changed the table's format version");
    }
    if (before->current_schema_id != now->current_schema_id) {
        return conflict(err, id, "metadata_changed", "changed the table's schema");
    }
    if (before->default_spec_id != now->default_spec_id && transaction->added_count != 0) {
        return conflict(err, id, "metadata_changed", "changed how the table is partitioned");
    }
    return TARN_OK;
}

static enum tarn_status read_base(const struct tarn_transaction *transaction, const struct tarn__iceberg_metadata_name *file,
                                  struct tarn_arena *arena, struct tarn__iceberg_base *out, struct tarn_error *err)
{
    struct tarn_store *store = transaction->snapshot->store;
    *out = (struct tarn__iceberg_base){.file = *file};
    TARN_RETURN_IF_ERROR(tarn__iceberg_read_metadata(store, file->key, arena, &out->metadata, err));
    const struct tarn__iceberg_ref *ref = tarn__iceberg_metadata_ref(&out->metadata, tarn__iceberg_state_of(transaction->snapshot)->ref);
    if (ref == NULL) {
        return TARN_OK;
    }
    const struct tarn__iceberg_snapshot_entry *entry = tarn__iceberg_metadata_snapshot(&out->metadata, ref->snapshot_id);
    if (entry == NULL) {
        return tarn__corrupt(err, "metadata.refs", "the branch is at snapshot %lld, which is not there", (long long)ref->snapshot_id);
    }
    TARN_RETURN_IF_ERROR(tarn__iceberg_snapshot_parse(entry->json, arena, &out->head, err));
    out->has_head = true;
    const struct tarn__iceberg_root root = tarn__iceberg_root_of(&out->metadata, store);
    return tarn__iceberg_read_manifests(&root, &out->head, arena, &out->manifests, &out->manifest_count, err);
}

static enum tarn_status judge_base(struct tarn_transaction *transaction, const struct tarn__iceberg_base *now, struct tarn_arena *arena,
                                   enum tarn__verdict *verdict, struct tarn_error *err)
{
    const struct tarn__iceberg_writing *writing = tarn__iceberg_writing_of(transaction);
    if (tarn__iceberg_metadata_snapshot(&now->metadata, writing->snapshot_id) != NULL ||
        (transaction->snapshot->is_new && tarn__text_equal(now->metadata.table_uuid, writing->base.metadata.table_uuid))) {
        *verdict = TARN_VERDICT_OURS;
        transaction->made = transaction->made == -1 ? -1 : writing->snapshot_id;
        return TARN_OK;
    }
    if (transaction->snapshot->is_new) {
        return tarn__error_set(err, TARN_EXISTS, "table", "someone else made the table first");
    }
    TARN_RETURN_IF_ERROR(compare_tables(transaction, &writing->base.metadata, &now->metadata, err));
    const struct tarn__iceberg_root root = tarn__iceberg_root_of(&now->metadata, transaction->snapshot->store);
    struct judged judged = {.transaction = transaction, .root = &root};
    tarn__builder_init(&judged.key, transaction->env);
    tarn__builder_init(&judged.statistics, transaction->env);
    const enum tarn_status status = judge_lineage(&judged, &writing->base, now, arena, err);
    tarn__builder_free(&judged.key);
    tarn__builder_free(&judged.statistics);
    if (status == TARN_OK) {
        *verdict = TARN_VERDICT_COMPATIBLE;
    }
    return status;
}

enum tarn_status tarn__iceberg_judge(struct tarn_transaction *transaction, enum tarn__verdict *verdict, struct tarn_error *err)
{
    struct tarn__iceberg_writing *writing = tarn__iceberg_writing_of(transaction);
    struct tarn_arena arena;
    struct tarn__iceberg_metadata_name file = {0};
    struct tarn__iceberg_base now;
    struct tarn_error local = TARN_ERROR_INIT;
    *verdict = TARN_VERDICT_NOT_THERE;
    tarn__arena_init(&arena, transaction->env);
    enum tarn_status status = tarn__iceberg_newest(&transaction->snapshot->place, true, &arena, &file, &local);
    if (status == TARN_NOT_FOUND && transaction->snapshot->is_new) {
        tarn__arena_free(&arena);
        return TARN_OK;
    }
    const bool moved = !tarn__text_equal(file.key, writing->base.file.key) || !tarn__text_equal(file.location, writing->base.file.location);
    if (status == TARN_OK && moved) {
        status = read_base(transaction, &file, &arena, &now, &local);
    }
    if (status == TARN_OK && moved) {
        status = judge_base(transaction, &now, &arena, verdict, &local);
    }
    if (status != TARN_OK || *verdict != TARN_VERDICT_COMPATIBLE) {
        tarn__arena_free(&arena);
        if (status != TARN_OK && err != NULL) {
            *err = local;
        }
        return status;
    }
    tarn__arena_free(&writing->base_arena);
    writing->base_arena = arena;
    writing->base = now;
    transaction->position = file.number;
    transaction->parent_time = now.metadata.last_updated_ms * 1000;
    return TARN_OK;
}
