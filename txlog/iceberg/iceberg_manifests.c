/* SPDX-License-Identifier: Apache-2.0
 *
 * The manifests of the next version.
 *
 * Specification: Iceberg table spec, "Manifests", "Sequence Number Inheritance"; Java's SnapshotProducer, ManifestFilterManager and
 * ManifestMergeManager.
 *
 * Invariants
 *  1. A manifest that holds none of the files that go is kept as it is; another one is written again, its files that stay as EXISTING with
 *     the numbers they had, those that go as DELETED by our snapshot.
 *  2. New files are ADDED without sequence numbers: they take those of the commit, so that their manifest holds for every attempt.
 *  3. Every file that goes is found exactly once, or nothing is committed.
 *  4. Manifests without a live file are left out, except those that say what our snapshot deleted.
 */
#include <string.h>

#include "format/base/bytes.h"
#include "format/json/json_print.h"
#include "txlog/iceberg/iceberg_partition.h"
#include "txlog/iceberg/iceberg_statistics.h"
#include "txlog/iceberg/iceberg_value.h"
#include "txlog/iceberg/iceberg_write.h"

/* Java's defaults: small manifests are put together once there are so many of them. */
enum { FEWEST_TO_MERGE = 100 };
static const int64_t merged_bytes = INT64_C(8) << 20;

/* ---- one manifest being written ---- */

struct output {
    struct tarn_transaction *transaction;
    const struct tarn__partition_spec *spec;
    struct tarn_text_builder bytes;
    struct tarn__iceberg_manifest_writer *writer;
    struct tarn__iceberg_field_summary *summaries;
    struct tarn_value *lowest; /* one a field, for the summaries; texts in the transaction's arena */
    struct tarn_value *highest;
};

/* A field that is void may have lost its source, and with it the type that all its nulls are of. */
static const struct tarn_type *type_of(const struct tarn__partition_field *field)
{
    static const struct tarn_type any = {.id = TARN_TYPE_I32};
    return field->type != NULL ? field->type : &any;
}

static enum tarn_status fill_options(const struct output *output, const struct tarn__iceberg_metadata *metadata,
                                     struct tarn__iceberg_manifest_options *options, struct tarn_text_builder *spec_json,
                                     struct tarn_error *err)
{
    const struct tarn__partition_spec *spec = output->spec;
    const struct tarn__iceberg_spec *words = tarn__iceberg_metadata_spec(metadata, spec->id);
    struct tarn__iceberg_manifest_field *fields =
        tarn__arena_calloc(&output->transaction->arena, (size_t)spec->field_count + 1, sizeof(*fields));
    if (fields == NULL) {
        return tarn__nomem(output->transaction->env, err, sizeof(*fields));
    }
    if (words == NULL) {
        return tarn__corrupt(err, "metadata.spec_id", "the table has no partition spec %d", spec->id);
    }
    for (uint32_t i = 0; i < spec->field_count; i++) {
        if (spec->fields[i].type == NULL && spec->fields[i].transform != TARN_TRANSFORM_VOID) {
            return tarn__unsupported(err, "iceberg.partition_transform",
                                     "a manifest is partitioned by a transform that is not known: \"%.*s\"",
                                     TARN_TEXT_ARG(spec->fields[i].name));
        }
        fields[i] = (struct tarn__iceberg_manifest_field){spec->fields[i].id, spec->fields[i].name, type_of(&spec->fields[i])};
    }
    struct tarn_json_printer json;
    tarn__json_printer_init(&json, spec_json);
    tarn__iceberg_spec_print_fields(words, &json);
    *options = (struct tarn__iceberg_manifest_options){
        .content = TARN_ICEBERG_DATA_MANIFEST,
        .schema_id = metadata->current_schema_id,
        .partition_spec = tarn__builder_text(spec_json),
        .spec_id = spec->id,
        .field_count = spec->field_count,
        .fields = fields,
    };
    for (uint32_t i = 0; i < metadata->schema_count; i++) {
        if (metadata->schemas[i].id == metadata->current_schema_id) {
            options->schema = metadata->schemas[i].json;
        }
    }
    return tarn__builder_status(spec_json, err);
}

static void output_close(struct output *output)
{
    tarn__iceberg_manifest_writer_close(output->writer);
    tarn__builder_free(&output->bytes);
}

static enum tarn_status output_open(struct output *output, struct tarn_transaction *transaction, int32_t spec_id, struct tarn_error *err)
{
    struct tarn_arena *arena = &transaction->arena;
    *output = (struct output){.transaction = transaction, .spec = tarn__snapshot_spec(transaction->snapshot, spec_id)};
    tarn__builder_init(&output->bytes, transaction->env);
    if (output->spec == NULL) {
        return tarn__corrupt(err, "metadata.spec_id", "a manifest is of partition spec %d, which the table does not have", spec_id);
    }
    const size_t count = (size_t)output->spec->field_count + 1;
    output->summaries = tarn__arena_calloc(arena, count, sizeof(*output->summaries));
    output->lowest = tarn__arena_calloc(arena, count, sizeof(*output->lowest));
    output->highest = tarn__arena_calloc(arena, count, sizeof(*output->highest));
    if (output->summaries == NULL || output->lowest == NULL || output->highest == NULL) {
        return tarn__nomem(transaction->env, err, count * sizeof(*output->lowest));
    }
    struct tarn_text_builder spec_json;
    tarn__builder_init(&spec_json, transaction->env);
    struct tarn__iceberg_manifest_options options;
    enum tarn_status status = fill_options(output, &tarn__iceberg_writing_of(transaction)->base.metadata, &options, &spec_json, err);
    if (status == TARN_OK) {
        status = tarn__iceberg_manifest_create(transaction->env, &options, &output->bytes, &output->writer, err);
    }
    tarn__builder_free(&spec_json);
    return status;
}

static bool is_nan(const struct tarn_value *value)
{
    return (value->type->id == TARN_TYPE_F32 || value->type->id == TARN_TYPE_F64) && value->u.f64 != value->u.f64;
}

/* The value with its text in the transaction's arena: entries and raw forms are borrowed. */
static enum tarn_status keep_value(struct tarn_arena *arena, const struct tarn_value *value, struct tarn_value *out, struct tarn_error *err)
{
    *out = *value;
    const enum tarn_kind kind = tarn_type_kind(value->type);
    if (kind == TARN_KIND_BYTES || kind == TARN_KIND_FIXED) {
        out->u.bytes = tarn__arena_text(arena, value->u.bytes);
        return out->u.bytes.data == NULL ? tarn__nomem(arena->env, err, value->u.bytes.size) : TARN_OK;
    }
    return TARN_OK;
}

static enum tarn_status summarise(struct output *output, uint32_t field, const struct tarn_value *value, struct tarn_error *err)
{
    struct tarn__iceberg_field_summary *summary = &output->summaries[field];
    const enum tarn_type_id type = type_of(&output->spec->fields[field])->id;
    if (type != TARN_TYPE_F32 && type != TARN_TYPE_F64) {
        summary->contains_nan = 0;
    }
    if (value->is_null) {
        summary->contains_null = true;
        return TARN_OK;
    }
    if (is_nan(value)) {
        summary->contains_nan = 1;
        return TARN_OK;
    }
    struct tarn_arena *arena = &output->transaction->arena;
    if (!summary->has_lower || tarn_value_compare(value, &output->lowest[field]) < 0) {
        summary->has_lower = true;
        TARN_RETURN_IF_ERROR(keep_value(arena, value, &output->lowest[field], err));
    }
    if (!summary->has_upper || tarn_value_compare(value, &output->highest[field]) > 0) {
        summary->has_upper = true;
        TARN_RETURN_IF_ERROR(keep_value(arena, value, &output->highest[field], err));
    }
    return TARN_OK;
}

static const struct tarn__iceberg_partition_value *stored_value(const struct tarn__iceberg_data_file *file, int32_t id)
{
    for (uint32_t i = 0; i < file->partition_count; i++) {
        if (file->partition[i].field_id == id) {
            return &file->partition[i];
        }
    }
    return NULL;
}

static enum tarn_status output_add(struct output *output, const struct tarn__iceberg_entry *entry, struct tarn_error *err)
{
    for (uint32_t f = 0; f < output->spec->field_count; f++) {
        const struct tarn__partition_field *field = &output->spec->fields[f];
        const struct tarn__iceberg_partition_value *stored = stored_value(&entry->file, field->id);
        struct tarn_value value = {.type = type_of(field), .is_null = true};
        if (stored != NULL) {
            TARN_RETURN_IF_ERROR(tarn__iceberg_partition_read(stored, value.type, &value, err));
        }
        TARN_RETURN_IF_ERROR(summarise(output, f, &value, err));
    }
    return tarn__iceberg_manifest_add(output->writer, entry, err);
}

static enum tarn_status bound_bytes(struct tarn_arena *arena, const struct tarn_value *value, struct tarn_span *out, struct tarn_error *err)
{
    struct tarn_text_builder bytes;
    tarn__builder_init(&bytes, arena->env);
    tarn__iceberg_value_encode(value, &bytes);
    enum tarn_status status = tarn__builder_status(&bytes, err);
    if (status == TARN_OK) {
        *out = tarn__arena_span(arena, tarn__span_of_text(tarn__builder_text(&bytes)));
        status = out->data == NULL && bytes.size != 0 ? tarn__nomem(arena->env, err, bytes.size) : TARN_OK;
    }
    tarn__builder_free(&bytes);
    return status;
}

/* Puts the manifest into the store under a name of its own, and fills in its line of the list. Closes the output. */
static enum tarn_status output_finish(struct output *output, struct tarn__iceberg_manifest_file *file, struct tarn_error *err)
{
    struct tarn_transaction *transaction = output->transaction;
    struct tarn__iceberg_writing *writing = tarn__iceberg_writing_of(transaction);
    struct tarn_arena *arena = &transaction->arena;
    *file = (struct tarn__iceberg_manifest_file){.first_row_id = -1};
    enum tarn_status status = tarn__iceberg_manifest_finish(output->writer, file, err);
    for (uint32_t f = 0; status == TARN_OK && f < output->spec->field_count; f++) {
        struct tarn__iceberg_field_summary *summary = &output->summaries[f];
        if (summary->has_lower) {
            status = bound_bytes(arena, &output->lowest[f], &summary->lower, err);
        }
        if (status == TARN_OK && summary->has_upper) {
            status = bound_bytes(arena, &output->highest[f], &summary->upper, err);
        }
    }
    struct tarn_text_builder key;
    tarn__builder_init(&key, transaction->env);
    tarn__builder_add_str(&key, "metadata/");
    tarn__builder_add_str(&key, transaction->commit_id);
    tarn__builder_add_str(&key, "-m");
    tarn__builder_add_uint64(&key, writing->manifests_named++);
    tarn__builder_add_str(&key, ".avro");
    if (status == TARN_OK) {
        status = tarn__builder_status(&key, err);
    }
    if (status == TARN_OK) {
        status = tarn__iceberg_put(transaction, tarn__builder_text(&key), tarn__builder_text(&output->bytes), err);
    }
    if (status == TARN_OK) {
        status = tarn__iceberg_record_location(&writing->base, arena, tarn__builder_text(&key), &file->path, err);
    }
    tarn__builder_free(&key);
    file->added_snapshot_id = writing->snapshot_id;
    file->has_partitions = true;
    file->partition_count = output->spec->field_count;
    file->partitions = output->summaries;
    output_close(output);
    return status;
}

/* ---- new files ---- */

static enum tarn_status add_staged(struct output *output, const struct tarn__staged_file *staged, struct tarn_arena *arena,
                                   struct tarn_error *err)
{
    struct tarn__iceberg_writing *writing = tarn__iceberg_writing_of(output->transaction);
    struct tarn__iceberg_entry entry = {
        .status = TARN_ICEBERG_ADDED,
        .has_snapshot_id = true,
        .snapshot_id = writing->snapshot_id,
        .file = {.format = TARN_TEXT("PARQUET"), .first_row_id = -1, .content_offset = -1, .content_size = -1},
    };
    const uint32_t count = output->spec->field_count;
    struct tarn_value *values = tarn__arena_calloc(arena, (size_t)count + 1, sizeof(*values));
    struct tarn__iceberg_partition_value *stored = tarn__arena_calloc(arena, (size_t)count + 1, sizeof(*stored));
    uint8_t(*rooms)[16] = tarn__arena_calloc(arena, (size_t)count + 1, sizeof(*rooms));
    if (values == NULL || stored == NULL || rooms == NULL) {
        return tarn__nomem(arena->env, err, count * sizeof(*values));
    }
    TARN_RETURN_IF_ERROR(tarn__iceberg_partition_unpack(staged->partition, output->spec, values, err));
    for (uint32_t i = 0; i < count; i++) {
        tarn__iceberg_partition_store(output->spec->fields[i].id, &values[i], rooms[i], &stored[i]);
    }
    if (staged->statistics.size != 0) {
        TARN_RETURN_IF_ERROR(tarn__iceberg_statistics_unpack(staged->statistics, arena, &entry.file, err));
    }
    TARN_RETURN_IF_ERROR(tarn__iceberg_record_location(&writing->base, arena, staged->path, &entry.file.path, err));
    entry.file.partition = stored;
    entry.file.partition_count = count;
    entry.file.record_count = (int64_t)staged->rows;
    entry.file.size = (int64_t)staged->size;
    return output_add(output, &entry, err);
}

static enum tarn_status write_added(struct tarn_transaction *transaction, struct tarn_error *err)
{
    struct tarn__iceberg_writing *writing = tarn__iceberg_writing_of(transaction);
    if (writing->has_added || transaction->added_count == 0) {
        return TARN_OK;
    }
    struct output output;
    struct tarn_arena arena;
    tarn__arena_init(&arena, transaction->env);
    enum tarn_status status = output_open(&output, transaction, transaction->snapshot->spec->id, err);
    for (size_t i = 0; status == TARN_OK && i < transaction->added_count; i++) {
        status = add_staged(&output, &transaction->added[i], &arena, err);
        if (arena.total > (1u << 20)) {
            tarn__arena_free(&arena);
        }
    }
    tarn__arena_free(&arena);
    if (status != TARN_OK) {
        output_close(&output);
        return status;
    }
    TARN_RETURN_IF_ERROR(output_finish(&output, &writing->added, err));
    writing->has_added = true;
    return TARN_OK;
}

/* ---- files that go ---- */

struct rewrite {
    struct tarn_transaction *transaction;
    const struct tarn__iceberg_root *root;
    const struct tarn__file_set *gone; /* keys of the files that go */
    struct tarn_text_builder key;
    uint64_t found;
    struct output *output; /* NULL: only counting */
};

static enum tarn_status is_gone(struct rewrite *rewrite, const struct tarn__iceberg_entry *entry, bool *gone, struct tarn_error *err)
{
    *gone = false;
    if (rewrite->gone->count == 0 || entry->status == TARN_ICEBERG_DELETED) {
        return TARN_OK;
    }
    tarn__builder_clear(&rewrite->key);
    if (!tarn__iceberg_location_key(rewrite->root, entry->file.path, &rewrite->key)) {
        return tarn__builder_status(&rewrite->key, err);
    }
    TARN_RETURN_IF_ERROR(tarn__builder_status(&rewrite->key, err));
    *gone = tarn__file_set_find(rewrite->gone, tarn__builder_text(&rewrite->key), NULL) != TARN_FILE_NONE;
    return TARN_OK;
}

static enum tarn_status see_entry(void *arg, struct tarn__iceberg_entry *entry, struct tarn_error *err)
{
    struct rewrite *rewrite = arg;
    bool gone;
    TARN_RETURN_IF_ERROR(is_gone(rewrite, entry, &gone, err));
    rewrite->found += gone;
    if (rewrite->output == NULL || entry->status == TARN_ICEBERG_DELETED) {
        return TARN_OK; /* what earlier snapshots deleted is their history, not the table's */
    }
    entry->status = gone ? TARN_ICEBERG_DELETED : TARN_ICEBERG_EXISTING;
    if (gone) {
        entry->snapshot_id = tarn__iceberg_writing_of(rewrite->transaction)->snapshot_id;
    }
    return output_add(rewrite->output, entry, err);
}

static const struct tarn__iceberg_manifest_file *find_replaced(const struct tarn__iceberg_writing *writing, struct tarn_text path)
{
    for (size_t i = 0; i < writing->replaced_count; i++) {
        if (tarn__text_equal(writing->replaced[i].path, path)) {
            return &writing->replaced[i].file;
        }
    }
    return NULL;
}

static enum tarn_status remember(struct tarn_transaction *transaction, struct tarn_text path,
                                 const struct tarn__iceberg_manifest_file *file, struct tarn_error *err)
{
    struct tarn__iceberg_writing *writing = tarn__iceberg_writing_of(transaction);
    if (!tarn__grow(transaction->env, &writing->replaced, &writing->replaced_capacity, writing->replaced_count + 1,
                    sizeof(*writing->replaced))) {
        return tarn__nomem(transaction->env, err, sizeof(*writing->replaced));
    }
    const struct tarn_text copy = tarn__arena_text(&transaction->arena, path); /* the base goes when it is overtaken */
    writing->replaced[writing->replaced_count++] = (struct tarn__iceberg_replaced){copy, *file};
    return copy.data == NULL ? tarn__nomem(transaction->env, err, path.size) : TARN_OK;
}

/* What becomes of one manifest of the base: itself, or its successor without the files that go. */
static enum tarn_status filter_manifest(struct rewrite *rewrite, const struct tarn__iceberg_manifest_file *manifest,
                                        struct tarn__iceberg_manifest_file *out, struct tarn_error *err)
{
    *out = *manifest;
    if (rewrite->gone->count == 0 || manifest->content != TARN_ICEBERG_DATA_MANIFEST) {
        return TARN_OK;
    }
    const unsigned paths_only = TARN_ICEBERG_SKIP_COUNTS | TARN_ICEBERG_SKIP_BOUNDS | TARN_ICEBERG_SKIP_OFFSETS;
    struct tarn_transaction *transaction = rewrite->transaction;
    const uint64_t before = rewrite->found;
    rewrite->output = NULL;
    TARN_RETURN_IF_ERROR(tarn__iceberg_read_manifest(rewrite->root, manifest, paths_only, see_entry, rewrite, err));
    if (rewrite->found == before) {
        return TARN_OK;
    }
    const struct tarn__iceberg_manifest_file *known = find_replaced(tarn__iceberg_writing_of(transaction), manifest->path);
    if (known != NULL) {
        *out = *known;
        return TARN_OK;
    }
    struct output output;
    enum tarn_status status = output_open(&output, transaction, manifest->spec_id, err);
    if (status == TARN_OK) {
        const uint64_t counted = rewrite->found;
        rewrite->output = &output;
        status = tarn__iceberg_read_manifest(rewrite->root, manifest, 0, see_entry, rewrite, err);
        rewrite->found = counted;
    }
    if (status != TARN_OK) {
        output_close(&output);
        return status;
    }
    TARN_RETURN_IF_ERROR(output_finish(&output, out, err));
    return remember(transaction, manifest->path, out, err);
}

static enum tarn_status collect_gone(const struct tarn_transaction *transaction, struct tarn__file_set *gone, struct tarn_error *err)
{
    const struct tarn_snapshot *snapshot = transaction->snapshot;
    for (uint32_t i = 0; transaction->removed_bits != NULL && i < snapshot->files.count; i++) {
        if (!tarn__bit_get(transaction->removed_bits, i)) {
            continue;
        }
        const struct tarn__tracked_file file = {.path = tarn__file_set_at(&snapshot->files, i)->path};
        TARN_RETURN_IF_ERROR(tarn__file_set_add(gone, &file, err));
    }
    return TARN_OK;
}

static bool is_live(const struct tarn__iceberg_manifest_file *manifest, int64_t snapshot_id)
{
    return manifest->added_files != 0 || manifest->existing_files != 0 || manifest->added_snapshot_id == snapshot_id;
}

/* ---- putting small manifests together ---- */

static enum tarn_status merge_run(struct rewrite *rewrite, const struct tarn__iceberg_manifest_file *manifests, size_t count,
                                  struct tarn__iceberg_manifest_file *out, struct tarn_error *err)
{
    struct output output;
    enum tarn_status status = output_open(&output, rewrite->transaction, manifests[0].spec_id, err);
    rewrite->output = &output;
    for (size_t i = 0; status == TARN_OK && i < count; i++) {
        status = tarn__iceberg_read_manifest(rewrite->root, &manifests[i], 0, see_entry, rewrite, err);
    }
    if (status != TARN_OK) {
        output_close(&output);
        return status;
    }
    return output_finish(&output, out, err);
}

static bool may_merge(const struct tarn__iceberg_manifest_file *manifest, const struct tarn__iceberg_writing *writing, int32_t spec_id)
{
    return manifest->content == TARN_ICEBERG_DATA_MANIFEST && manifest->spec_id == spec_id && manifest->length < merged_bytes &&
           manifest->added_snapshot_id != writing->snapshot_id;
}

/*
 * Once a table has many manifests of its spec, neighbours that are small together become one, so that planning does not open a file a
 * commit. Manifests that this commit wrote are left alone: they say what it did.
 */
static enum tarn_status merge_small(struct rewrite *rewrite, struct tarn__iceberg_manifest_file *list, size_t *count,
                                    struct tarn_error *err)
{
    const struct tarn__iceberg_writing *writing = tarn__iceberg_writing_of(rewrite->transaction);
    const struct tarn_text *enabled = tarn__iceberg_metadata_property(&writing->base.metadata, TARN_TEXT("commit.manifest-merge.enabled"));
    const int32_t spec_id = rewrite->transaction->snapshot->spec->id;
    size_t small = 0;
    for (size_t i = 0; i < *count; i++) {
        small += may_merge(&list[i], writing, spec_id);
    }
    if (small < FEWEST_TO_MERGE || (enabled != NULL && tarn__text_equal(*enabled, TARN_TEXT("false")))) {
        return TARN_OK;
    }
    static const struct tarn__file_set nothing;
    rewrite->gone = &nothing;
    size_t kept = 0;
    for (size_t i = 0; i < *count;) {
        int64_t bytes = 0;
        size_t end = i;
        while (end < *count && may_merge(&list[end], writing, spec_id) && (end == i || bytes + list[end].length <= merged_bytes)) {
            bytes += list[end++].length;
        }
        if (end - i < 2) {
            list[kept++] = list[i++];
            continue;
        }
        struct tarn__iceberg_manifest_file merged;
        TARN_RETURN_IF_ERROR(merge_run(rewrite, list + i, end - i, &merged, err));
        list[kept++] = merged;
        i = end;
    }
    *count = kept;
    return TARN_OK;
}

/* ---- the whole ---- */

/* Back to an older snapshot: its manifests, which say all that there is to say. */
static void revive_manifests(const struct tarn_transaction *transaction, struct tarn__iceberg_manifest_file *list, size_t *count)
{
    const struct tarn__iceberg_state *then = tarn__iceberg_state_of(transaction->revived_from);
    for (size_t i = 0; i < then->manifest_count; i++) {
        if (is_live(&then->manifests[i], -1)) {
            list[(*count)++] = then->manifests[i];
        }
    }
}

static enum tarn_status filter_base(struct rewrite *rewrite, struct tarn__iceberg_manifest_file *list, size_t *count,
                                    struct tarn_error *err)
{
    const struct tarn__iceberg_writing *writing = tarn__iceberg_writing_of(rewrite->transaction);
    struct tarn__file_set gone;
    tarn__file_set_init(&gone, rewrite->transaction->env);
    enum tarn_status status = collect_gone(rewrite->transaction, &gone, err);
    rewrite->gone = &gone;
    for (size_t i = 0; status == TARN_OK && i < writing->base.manifest_count; i++) {
        struct tarn__iceberg_manifest_file next;
        status = filter_manifest(rewrite, &writing->base.manifests[i], &next, err);
        if (status == TARN_OK && is_live(&next, writing->snapshot_id)) {
            list[(*count)++] = next;
        }
    }
    if (status == TARN_OK && rewrite->found != gone.count) {
        status = tarn__error_set(err, TARN_CONFLICT, "concurrent_delete_delete",
                                 "%llu of the %u files that this transaction takes out are not in the table any more",
                                 (unsigned long long)(gone.count - rewrite->found), gone.count);
    }
    tarn__file_set_free(&gone);
    return status != TARN_OK ? status : merge_small(rewrite, list, count, err);
}

enum tarn_status tarn__iceberg_next_manifests(struct tarn_transaction *transaction, struct tarn__iceberg_manifest_file **out, size_t *count,
                                              struct tarn_error *err)
{
    struct tarn__iceberg_writing *writing = tarn__iceberg_writing_of(transaction);
    *count = 0;
    *out = NULL;
    size_t most = writing->base.manifest_count + 1;
    if (transaction->revived_from != NULL) {
        most += tarn__iceberg_state_of(transaction->revived_from)->manifest_count;
    }
    struct tarn__iceberg_manifest_file *list = tarn__arena_calloc(&transaction->arena, most, sizeof(*list));
    if (list == NULL) {
        return tarn__nomem(transaction->env, err, most * sizeof(*list));
    }
    TARN_RETURN_IF_ERROR(write_added(transaction, err));
    if (writing->has_added) {
        list[(*count)++] = writing->added;
    }
    enum tarn_status status = TARN_OK;
    if (transaction->revived_from != NULL) {
        revive_manifests(transaction, list, count);
    } else {
        const struct tarn__iceberg_root root = tarn__iceberg_root_of(&writing->base.metadata, transaction->snapshot->store);
        struct rewrite rewrite = {.transaction = transaction, .root = &root};
        tarn__builder_init(&rewrite.key, transaction->env);
        status = filter_base(&rewrite, list, count, err);
        tarn__builder_free(&rewrite.key);
    }
    *out = list;
    return status;
}
