/* SPDX-License-Identifier: Apache-2.0
 *
 * From a place to a snapshot: which of the table's snapshots, its manifests, its files.
 *
 * Specification: Iceberg table spec, "Snapshot References", "Scan Planning", "Delete Formats", Appendix F "Point in Time Reads".
 *
 * Invariants
 *  1. The newest state and branches are read with the table's current schema; a snapshot that was named, by id, tag or time, with its own.
 *  2. Files are in the order of manifests and of entries in them, however many threads read: each takes a run of manifests into a set of
 * its own, and the sets are joined in order.
 *  3. What a reader would have to apply and tarn cannot (deletes, other file formats, keys) is refused when it is live, never passed over.
 */
#include <string.h>

#include "format/base/bytes.h"
#include "format/base/utf8.h"
#include "txlog/iceberg/iceberg_format.h"
#include "txlog/iceberg/iceberg_partition.h"
#include "txlog/iceberg/iceberg_state.h"
#include "txlog/iceberg/iceberg_statistics.h"

/* ---- which snapshot ---- */

struct choice {
    int64_t snapshot_id; /* -1: the table has none yet */
    bool own_schema;
    struct tarn_text ref; /* empty: none that can be written to */
};

/* Without a log: the newest in the lineage of the current one that is old enough. */
static int64_t lineage_as_of(const struct tarn__iceberg_metadata *metadata, int64_t milliseconds)
{
    const struct tarn__iceberg_snapshot_entry *at = tarn__iceberg_metadata_snapshot(metadata, metadata->current_snapshot_id);
    for (uint32_t i = 0; at != NULL && i < metadata->snapshot_count && at->timestamp_ms > milliseconds; i++) {
        at = tarn__iceberg_metadata_snapshot(metadata, at->parent_id);
    }
    return at != NULL && at->timestamp_ms <= milliseconds ? at->id : -1;
}

static enum tarn_status choose_by_time(const struct tarn__iceberg_metadata *metadata, int64_t as_of, struct choice *out,
                                       struct tarn_error *err)
{
    const int64_t milliseconds = as_of / 1000 - (as_of % 1000 < 0);
    out->own_schema = true;
    out->snapshot_id =
        metadata->snapshot_log_count != 0 ? tarn__iceberg_metadata_as_of(metadata, milliseconds) : lineage_as_of(metadata, milliseconds);
    return out->snapshot_id != -1 ? TARN_OK
                                  : tarn__error_set(err, TARN_NOT_FOUND, "version", "the table's log does not go back to this time");
}

static enum tarn_status choose_by_ref(const struct tarn__iceberg_metadata *metadata, struct tarn_text name, struct choice *out,
                                      struct tarn_error *err)
{
    const struct tarn__iceberg_ref *ref = tarn__iceberg_metadata_ref(metadata, name);
    if (tarn__text_equal(name, TARN_TEXT("main"))) {
        out->snapshot_id = metadata->current_snapshot_id;
        out->ref = TARN_TEXT("main");
        return TARN_OK;
    }
    if (ref == NULL) {
        return tarn__error_set(err, TARN_NOT_FOUND, "ref", "the table has no branch or tag \"%.*s\"", TARN_TEXT_ARG(name));
    }
    out->snapshot_id = ref->snapshot_id;
    out->own_schema = ref->is_tag;
    out->ref = ref->is_tag ? (struct tarn_text){"", 0} : ref->name;
    return TARN_OK;
}

static enum tarn_status choose(const struct tarn__iceberg_metadata *metadata, const struct tarn_snapshot_options *options,
                               struct choice *out, struct tarn_error *err)
{
    const bool by_number = options->version != -1;
    const bool by_time = options->as_of != INT64_MIN;
    const bool by_ref = options->ref.size != 0 && !tarn__text_equal(options->ref, TARN_TEXT("main"));
    *out = (struct choice){.snapshot_id = -1, .ref = {"", 0}};
    if (by_ref && (by_number || by_time)) {
        return tarn__invalid(err, "options", "a snapshot is chosen by its branch or tag, or by version or time, not by both");
    }
    if (by_time) {
        return choose_by_time(metadata, options->as_of, out, err);
    }
    if (by_number) {
        out->snapshot_id = options->version;
        out->own_schema = true;
        return TARN_OK;
    }
    return choose_by_ref(metadata, by_ref ? options->ref : TARN_TEXT("main"), out, err);
}

/* The chosen snapshot's facts, and the schema to read it with. */
static enum tarn_status take_snapshot(struct tarn_snapshot *snapshot, const struct choice *choice, int32_t *schema_id,
                                      struct tarn_error *err)
{
    struct tarn__iceberg_state *state = tarn__iceberg_state_of(snapshot);
    *schema_id = state->metadata.current_schema_id;
    if (choice->snapshot_id == -1) {
        return TARN_OK;
    }
    const struct tarn__iceberg_snapshot_entry *entry = tarn__iceberg_metadata_snapshot(&state->metadata, choice->snapshot_id);
    if (entry == NULL) {
        tarn__error_set(err, TARN_NOT_FOUND, "version", "the table has no snapshot %lld: it was expired, or never was",
                        (long long)choice->snapshot_id);
        tarn__error_at_version(err, choice->snapshot_id);
        return TARN_NOT_FOUND;
    }
    state->has_snapshot = true;
    if (choice->own_schema && entry->schema_id >= 0) {
        *schema_id = entry->schema_id;
    }
    return tarn__iceberg_snapshot_parse(entry->json, &snapshot->arena, &state->current, err);
}

/* ---- files ---- */

/* What one thread reads: manifests [first, end) into a set of its own. */
struct part {
    struct tarn__file_set *files;
    struct tarn__file_set own;
    size_t first;
    size_t end;
};

struct loader {
    struct tarn_snapshot *snapshot;
    struct tarn__iceberg_root root;
    struct part *parts;
};

struct filler {
    const struct tarn_snapshot *snapshot;
    const struct tarn__iceberg_root *root;
    struct tarn__file_set *files;
    const struct tarn__partition_spec *spec; /* of the manifest at hand */
    struct tarn_text_builder key;
    struct tarn_text_builder packed;
    struct tarn_text_builder raw;
    struct tarn_value *values;
    size_t value_capacity;
    int64_t snapshot_id; /* whose time is `modified` */
    int64_t modified;
};

static enum tarn_status refuse_deletes(const struct tarn__iceberg_data_file *file, struct tarn_error *err)
{
    if (tarn__text_equal_caseless(file->format, TARN_TEXT("puffin"))) {
        return tarn__unsupported(err, "iceberg.deletes.vector", "files of the table have deletion vectors");
    }
    if (file->content == TARN_ICEBERG_POSITION_DELETES) {
        return tarn__unsupported(err, "iceberg.deletes.position", "rows of the table are deleted by position delete files");
    }
    return tarn__unsupported(err, "iceberg.deletes.equality", "rows of the table are deleted by equality delete files");
}

/* Can the file be read as it stands? */
static enum tarn_status admit_file(const struct tarn__iceberg_data_file *file, struct tarn_error *err)
{
    if (file->content != TARN_ICEBERG_DATA) {
        return refuse_deletes(file, err);
    }
    if (file->has_key_metadata) {
        return tarn__unsupported(err, "iceberg.encryption", "a data file is encrypted");
    }
    if (tarn__text_equal_caseless(file->format, TARN_TEXT("parquet"))) {
        return TARN_OK;
    }
    if (tarn__text_equal_caseless(file->format, TARN_TEXT("orc"))) {
        return tarn__unsupported(err, "iceberg.file.orc", "a data file is in the format ORC");
    }
    if (tarn__text_equal_caseless(file->format, TARN_TEXT("avro"))) {
        return tarn__unsupported(err, "iceberg.file.avro", "a data file is in the format Avro");
    }
    return tarn__unsupported(err, "iceberg.file.other", "a data file is in the format \"%.*s\"", TARN_TEXT_ARG(file->format));
}

static const struct tarn__iceberg_partition_value *stored_value(const struct tarn__iceberg_data_file *file, uint32_t at, int32_t field_id)
{
    if (at < file->partition_count && file->partition[at].field_id == field_id) {
        return &file->partition[at]; /* in the spec's order, as it always is */
    }
    for (uint32_t i = 0; i < file->partition_count; i++) {
        if (file->partition[i].field_id == field_id) {
            return &file->partition[i];
        }
    }
    return NULL;
}

static enum tarn_status add_partition(struct filler *filler, const struct tarn__iceberg_data_file *file, uint32_t *partition,
                                      struct tarn_error *err)
{
    const struct tarn__partition_spec *spec = filler->spec;
    if (!tarn__grow(filler->files->env, &filler->values, &filler->value_capacity, (size_t)spec->field_count + 1, sizeof(*filler->values))) {
        return tarn__nomem(filler->files->env, err, spec->field_count * sizeof(*filler->values));
    }
    for (uint32_t i = 0; i < spec->field_count; i++) {
        const struct tarn__iceberg_partition_value *stored = stored_value(file, i, spec->fields[i].id);
        filler->values[i] = (struct tarn_value){.type = spec->fields[i].type, .is_null = true};
        if (stored != NULL && stored->stored != TARN_ICEBERG_NULL && spec->fields[i].type != NULL) {
            TARN_RETURN_IF_ERROR(tarn__iceberg_partition_read(stored, spec->fields[i].type, &filler->values[i], err));
        }
    }
    tarn__builder_clear(&filler->raw);
    tarn__iceberg_partition_pack(spec->id, spec->field_count, filler->values, &filler->raw);
    TARN_RETURN_IF_ERROR(tarn__builder_status(&filler->raw, err));
    return tarn__file_set_partition(filler->files, tarn__builder_text(&filler->raw), partition, err);
}

/* The time of the commit that added a file: files have none of their own. */
static int64_t time_of(struct filler *filler, int64_t snapshot_id)
{
    const struct tarn__iceberg_metadata *metadata = &tarn__iceberg_state_of(filler->snapshot)->metadata;
    if (snapshot_id != filler->snapshot_id) {
        const struct tarn__iceberg_snapshot_entry *entry = tarn__iceberg_metadata_snapshot(metadata, snapshot_id);
        filler->snapshot_id = snapshot_id;
        filler->modified = entry != NULL ? tarn__iceberg_micros(entry->timestamp_ms) : filler->snapshot->info.timestamp;
    }
    return filler->modified;
}

static enum tarn_status add_entry(void *arg, struct tarn__iceberg_entry *entry, struct tarn_error *err)
{
    struct filler *filler = arg;
    const struct tarn__iceberg_data_file *file = &entry->file;
    if (entry->status == TARN_ICEBERG_DELETED) {
        return TARN_OK;
    }
    tarn__builder_clear(&filler->key);
    enum tarn_status status = tarn__iceberg_location_key(filler->root, file->path, &filler->key)
                                  ? tarn__builder_status(&filler->key, err)
                                  : tarn__corrupt(err, "iceberg.location", "'%.*s' is no location of a file", TARN_TEXT_ARG(file->path));
    if (status == TARN_OK) {
        status = admit_file(file, err);
        if (status != TARN_OK) {
            tarn__error_at_object(err, tarn__builder_text(&filler->key));
        }
    }
    TARN_RETURN_IF_ERROR(status);
    struct tarn__tracked_file record = {
        .path = tarn__builder_text(&filler->key),
        .size = (uint64_t)file->size,
        .modified = time_of(filler, entry->snapshot_id),
        .rows = file->record_count,
        .sequence = entry->sequence_number,
        .spec_id = filler->spec->id,
    };
    TARN_RETURN_IF_ERROR(add_partition(filler, file, &record.partition, err));
    tarn__builder_clear(&filler->packed);
    tarn__iceberg_statistics_pack(file, TARN_ICEBERG_PACK_COUNTS | TARN_ICEBERG_PACK_BOUNDS, &filler->packed);
    TARN_RETURN_IF_ERROR(tarn__builder_status(&filler->packed, err));
    TARN_RETURN_IF_ERROR(tarn__text_pool_add(&filler->files->statistics, tarn__builder_text(&filler->packed), &record.statistics, err));
    return tarn__file_set_add(filler->files, &record, err);
}

static bool has_no_live(const struct tarn__iceberg_manifest_file *manifest)
{
    return manifest->added_files == 0 && manifest->existing_files == 0;
}

static enum tarn_status fill(struct filler *filler, const struct tarn__iceberg_state *state, const struct part *part,
                             struct tarn_error *err)
{
    for (size_t i = part->first; i < part->end; i++) {
        const struct tarn__iceberg_manifest_file *manifest = &state->manifests[i];
        if (has_no_live(manifest)) {
            continue;
        }
        filler->spec = tarn__snapshot_spec(filler->snapshot, manifest->spec_id);
        if (filler->spec == NULL) {
            return tarn__corrupt(err, "iceberg.manifest_list", "a manifest is of partition spec %d, which the table does not have",
                                 manifest->spec_id);
        }
        TARN_RETURN_IF_ERROR(tarn__iceberg_read_manifest(filler->root, manifest, TARN_ICEBERG_SKIP_OFFSETS, add_entry, filler, err));
    }
    return TARN_OK;
}

static enum tarn_status fill_part(void *arg, uint64_t at, uint32_t worker, struct tarn_error *err)
{
    (void)worker;
    const struct loader *loader = arg;
    const struct part *part = &loader->parts[at];
    struct tarn_env *env = loader->snapshot->env;
    struct filler filler = {.snapshot = loader->snapshot,
                            .root = &loader->root,
                            .files = part->files,
                            .snapshot_id = -1,
                            .modified = loader->snapshot->info.timestamp};
    tarn__builder_init(&filler.key, env);
    tarn__builder_init(&filler.packed, env);
    tarn__builder_init(&filler.raw, env);
    const enum tarn_status status = fill(&filler, tarn__iceberg_state_of(loader->snapshot), part, err);
    tarn__builder_free(&filler.key);
    tarn__builder_free(&filler.packed);
    tarn__builder_free(&filler.raw);
    tarn__free(env, filler.values);
    return status;
}

/* Runs of manifests of about the same number of bytes. */
static void cut_parts(const struct tarn__iceberg_state *state, struct part *parts, uint32_t count)
{
    uint64_t whole = 0;
    for (size_t i = 0; i < state->manifest_count; i++) {
        whole += state->manifests[i].length > 0 ? (uint64_t)(uint32_t)state->manifests[i].length + 1 : 1;
    }
    uint64_t passed = 0;
    size_t at = 0;
    for (uint32_t p = 0; p < count; p++) {
        parts[p].first = at;
        while (at < state->manifest_count && (p + 1 == count || passed < whole / count * (p + 1))) {
            passed += state->manifests[at].length > 0 ? (uint64_t)(uint32_t)state->manifests[at].length + 1 : 1;
            at++;
        }
        parts[p].end = at;
    }
}

static enum tarn_status load_files(struct tarn_snapshot *snapshot, struct tarn_error *err)
{
    const struct tarn__iceberg_state *state = tarn__iceberg_state_of(snapshot);
    const uint32_t threads = tarn__concurrency(snapshot->env);
    const size_t wanted = threads > 1 ? (size_t)threads * 4 : 1;
    const uint32_t count = (uint32_t)(wanted < state->manifest_count ? wanted : state->manifest_count);
    struct loader loader = {.snapshot = snapshot, .root = tarn__iceberg_root_of(&state->metadata, snapshot->store)};
    loader.parts = tarn__calloc(snapshot->env, (size_t)count + 1, sizeof(*loader.parts));
    if (loader.parts == NULL) {
        return tarn__nomem(snapshot->env, err, count * sizeof(*loader.parts));
    }
    snapshot->files.unindexed = true;
    for (uint32_t p = 0; p < count; p++) {
        loader.parts[p].files = p == 0 ? &snapshot->files : &loader.parts[p].own;
        tarn__file_set_init(&loader.parts[p].own, snapshot->env);
        loader.parts[p].own.unindexed = true;
    }
    cut_parts(state, loader.parts, count);
    enum tarn_status status = tarn__parallel_for(snapshot->env, count, fill_part, &loader, err);
    for (uint32_t p = 1; p < count; p++) {
        if (status == TARN_OK) {
            status = tarn__file_set_absorb(&snapshot->files, &loader.parts[p].own, err);
        }
        tarn__file_set_free(&loader.parts[p].own);
    }
    tarn__free(snapshot->env, loader.parts);
    return status;
}

/* Of values whose transform, or source, nobody knows: they are null. */
static const struct tarn_type unknown_type = {.id = TARN_TYPE_NULL};

/* Typed values of every tuple, by the spec that it is of. */
static enum tarn_status type_partitions(struct tarn_snapshot *snapshot, struct tarn_error *err)
{
    for (uint32_t i = 0; i < snapshot->files.partition_count; i++) {
        struct tarn__partition *partition = &snapshot->files.partitions[i];
        const struct tarn__partition_spec *spec = tarn__snapshot_spec(snapshot, tarn__iceberg_partition_spec_id(partition->raw));
        if (spec == NULL) {
            return tarn__internal(err, "a partition tuple is of no spec of the table");
        }
        struct tarn_value *values = tarn__arena_calloc(&snapshot->files.arena, (size_t)spec->field_count + 1, sizeof(*values));
        if (values == NULL) {
            return tarn__nomem(snapshot->env, err, spec->field_count * sizeof(*values));
        }
        TARN_RETURN_IF_ERROR(tarn__iceberg_partition_unpack(partition->raw, spec, values, err));
        for (uint32_t f = 0; f < spec->field_count; f++) {
            values[f].type = values[f].type != NULL ? values[f].type : &unknown_type;
        }
        partition->spec = spec;
        partition->count = spec->field_count;
        partition->values = values;
    }
    return TARN_OK;
}

static enum tarn_status load_metadata(struct tarn_snapshot *snapshot, struct tarn_error *err)
{
    struct tarn__iceberg_state *state = tarn__arena_alloc(&snapshot->arena, sizeof(*state));
    if (state == NULL) {
        return tarn__nomem(snapshot->env, err, sizeof(*state));
    }
    snapshot->state = state;
    TARN_RETURN_IF_ERROR(tarn__iceberg_newest(&snapshot->place, false, &snapshot->arena, &state->file, err));
    return tarn__iceberg_read_metadata(snapshot->store, state->file.key, &snapshot->arena, &state->metadata, err);
}

enum tarn_status tarn__iceberg_load(struct tarn_snapshot *snapshot, const struct tarn_snapshot_options *options, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(load_metadata(snapshot, err));
    struct tarn__iceberg_state *state = tarn__iceberg_state_of(snapshot);
    struct choice choice;
    int32_t schema_id;
    TARN_RETURN_IF_ERROR(choose(&state->metadata, options, &choice, err));
    TARN_RETURN_IF_ERROR(take_snapshot(snapshot, &choice, &schema_id, err));
    state->ref = choice.ref;
    if (snapshot->place.entry != NULL && snapshot->place.catalog == NULL) {
        state->ref = (struct tarn_text){"", 0}; /* one metadata file that was named: not the table as it will be */
    }
    enum tarn_status status = tarn__iceberg_state_describe(snapshot, schema_id, err);
    if (status != TARN_OK) {
        tarn__error_at_object(err, state->file.key);
        return status;
    }
    if (!state->has_snapshot) {
        return TARN_OK;
    }
    const struct tarn__iceberg_root root = tarn__iceberg_root_of(&state->metadata, snapshot->store);
    status = tarn__iceberg_read_manifests(&root, &state->current, &snapshot->arena, &state->manifests, &state->manifest_count, err);
    if (status == TARN_OK) {
        status = load_files(snapshot, err);
    }
    if (status == TARN_OK) {
        status = type_partitions(snapshot, err);
    }
    if (status != TARN_OK) {
        tarn__error_at_version(err, state->current.id);
    }
    return status;
}
