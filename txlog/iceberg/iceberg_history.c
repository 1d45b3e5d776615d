/* SPDX-License-Identifier: Apache-2.0
 *
 * The commits that led to the current state, newest first.
 *
 * Specification: Iceberg table spec, "Snapshots" (parent-snapshot-id, summary), Appendix F "Optional Snapshot Summary Fields".
 *
 * Invariants
 *  1. What is told is the lineage of main: snapshots of other branches, and those that a rollback left, are not in it.
 *  2. The lineage ends where a parent was expired. One that leads back to itself ends too: no more is told than there are snapshots.
 */
#include "format/base/bytes.h"
#include "format/json/json_print.h"
#include "txlog/iceberg/iceberg_format.h"
#include "txlog/iceberg/iceberg_state.h"

static struct tarn_text summary_of(const struct tarn__iceberg_snapshot *snapshot, const char *key)
{
    for (uint32_t i = 0; i < snapshot->summary_count; i++) {
        if (tarn__text_equal(snapshot->summary[i].key, tarn__text_of(key))) {
            return snapshot->summary[i].value;
        }
    }
    return (struct tarn_text){"", 0};
}

static bool number_of(const struct tarn__iceberg_snapshot *snapshot, const char *key, uint64_t *out)
{
    *out = 0;
    const struct tarn_text text = summary_of(snapshot, key);
    return text.size != 0 && tarn__uint64_parse(text, out) == TARN_PARSED;
}

/* The summary as an object of strings, which is what it is. */
static enum tarn_status print_summary(const struct tarn__iceberg_snapshot *snapshot, struct tarn_text_builder *out, struct tarn_error *err)
{
    struct tarn_json_printer json;
    tarn__json_printer_init(&json, out);
    tarn__json_print_begin_object(&json);
    for (uint32_t i = 0; i < snapshot->summary_count; i++) {
        tarn__json_print_key(&json, snapshot->summary[i].key);
        tarn__json_print_string(&json, snapshot->summary[i].value);
    }
    tarn__json_print_end_object(&json);
    return tarn__builder_status(out, err);
}

/* "spark 4.1.1", "tarn 0.1"; else what the writer's library calls itself. */
static void print_engine(const struct tarn__iceberg_snapshot *snapshot, struct tarn_text_builder *out)
{
    const struct tarn_text name = summary_of(snapshot, "engine-name");
    const struct tarn_text version = summary_of(snapshot, "engine-version");
    if (name.size == 0) {
        tarn__builder_add(out, summary_of(snapshot, "iceberg-version"));
        return;
    }
    tarn__builder_add(out, name);
    if (version.size != 0) {
        tarn__builder_add_char(out, ' ');
        tarn__builder_add(out, version);
    }
}

static enum tarn_status tell(const struct tarn__iceberg_snapshot_entry *entry, struct tarn_env *env, struct tarn_arena *arena,
                             tarn_commit_fn fn, void *arg, struct tarn_error *err)
{
    struct tarn__iceberg_snapshot snapshot;
    TARN_RETURN_IF_ERROR(tarn__iceberg_snapshot_parse(entry->json, arena, &snapshot, err));
    struct tarn_text_builder metrics;
    struct tarn_text_builder engine;
    tarn__builder_init(&metrics, env);
    tarn__builder_init(&engine, env);
    print_engine(&snapshot, &engine);
    enum tarn_status status = print_summary(&snapshot, &metrics, err);
    if (status == TARN_OK) {
        status = tarn__builder_status(&engine, err);
    }
    if (status == TARN_OK) {
        const struct tarn_text operation = summary_of(&snapshot, "tarn.operation");
        struct tarn_commit_info commit = {
            .version = snapshot.id,
            .timestamp = tarn__iceberg_micros(snapshot.timestamp_ms),
            .operation = operation.size != 0 ? operation : snapshot.operation, /* an UPDATE is more than "overwrite" */
            .parameters = summary_of(&snapshot, "tarn.parameters"),
            .metrics = tarn__builder_text(&metrics),
            .engine = tarn__builder_text(&engine),
            .commit_id = summary_of(&snapshot, "tarn.commit-id"),
            .user_metadata = summary_of(&snapshot, "tarn.user-metadata"),
            .read_version = snapshot.parent_id,
            .blind_append = tarn__text_equal(snapshot.operation, TARN_TEXT("append")),
        };
        (void)number_of(&snapshot, "added-data-files", &commit.files_added);
        (void)number_of(&snapshot, "deleted-data-files", &commit.files_removed);
        (void)number_of(&snapshot, "added-files-size", &commit.bytes_added);
        commit.has_rows_added = number_of(&snapshot, "added-records", &commit.rows_added) || commit.files_added == 0;
        commit.has_rows_removed = number_of(&snapshot, "deleted-records", &commit.rows_removed) || commit.files_removed == 0;
        status = fn(arg, &commit, err);
    }
    tarn__builder_free(&metrics);
    tarn__builder_free(&engine);
    return status;
}

static enum tarn_status tell_lineage(const struct tarn__iceberg_metadata *metadata, struct tarn_env *env, uint64_t limit, tarn_commit_fn fn,
                                     void *arg, struct tarn_error *err)
{
    const struct tarn__iceberg_snapshot_entry *at = tarn__iceberg_metadata_snapshot(metadata, metadata->current_snapshot_id);
    for (uint32_t told = 0; at != NULL && told < metadata->snapshot_count && (limit == 0 || told < limit); told++) {
        struct tarn_arena arena;
        tarn__arena_init(&arena, env);
        const enum tarn_status status = tell(at, env, &arena, fn, arg, err);
        tarn__arena_free(&arena);
        TARN_RETURN_IF_ERROR(status);
        at = at->parent_id != -1 ? tarn__iceberg_metadata_snapshot(metadata, at->parent_id) : NULL;
    }
    return TARN_OK;
}

enum tarn_status tarn__iceberg_history(struct tarn_env *env, const struct tarn__place *place, uint64_t limit, tarn_commit_fn fn, void *arg,
                                       struct tarn_error *err)
{
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn__iceberg_metadata_name file;
    struct tarn__iceberg_metadata metadata;
    enum tarn_status status = tarn__iceberg_newest(place, false, &arena, &file, err);
    if (status == TARN_OK) {
        status = tarn__iceberg_read_metadata(place->store, file.key, &arena, &metadata, err);
    }
    if (status == TARN_OK) {
        status = tell_lineage(&metadata, env, limit, fn, arg, err);
    }
    tarn__arena_free(&arena);
    return status;
}
