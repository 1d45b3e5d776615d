/* SPDX-License-Identifier: Apache-2.0
 *
 * The metadata proved: every manifest list of every snapshot that is kept reads, and every manifest that they name, from end to end, with
 * as many entries of each kind as its list says.
 *
 * Specification: Iceberg table spec, "Manifest Lists" (counts of files and rows).
 *
 * Invariants
 *  1. A manifest that several snapshots share is read once.
 *  2. Damage is a finding, and the walk goes on behind it.
 */
#include "format/base/bytes.h"
#include "txlog/iceberg/iceberg_format.h"
#include "txlog/iceberg/iceberg_state.h"

struct walk {
    struct tarn_env *env;
    struct tarn__iceberg_root root;
    void (*fn)(void *arg, const struct tarn_finding *finding);
    void *arg;
    struct tarn__file_set seen; /* manifests, by recorded path */
    uint64_t lists;
    uint64_t manifests;
    uint64_t entries;
};

static void tell(const struct walk *walk, enum tarn_finding_kind kind, const struct tarn_error *error)
{
    const struct tarn_finding finding = {kind, error};
    walk->fn(walk->arg, &finding);
}

static bool goes_on(enum tarn_status status)
{
    return status == TARN_CORRUPT || status == TARN_NOT_FOUND || status == TARN_UNSUPPORTED || status == TARN_IO || status == TARN_AUTH ||
           status == TARN_LIMIT;
}

/* OK, or a failure after which nothing can go on; what can be passed over was told. */
static enum tarn_status judge(const struct walk *walk, enum tarn_status status, struct tarn_error *found, int64_t version,
                              struct tarn_error *err)
{
    if (goes_on(status)) {
        tarn__error_at_version(found, version);
        tell(walk, TARN_FINDING_ERROR, found);
        return TARN_OK;
    }
    if (status != TARN_OK && err != NULL) {
        *err = *found;
    }
    return status;
}

struct counts {
    int64_t files[3]; /* by status */
    int64_t rows[3];
};

static enum tarn_status count_entry(void *arg, struct tarn__iceberg_entry *entry, struct tarn_error *err)
{
    struct counts *counts = arg;
    if (entry->file.record_count < 0 || entry->file.size < 0) {
        return tarn__corrupt(err, "iceberg.manifest", "a file has a negative size or number of rows");
    }
    counts->files[entry->status]++;
    if (!__builtin_add_overflow(counts->rows[entry->status], entry->file.record_count, &counts->rows[entry->status])) {
        return TARN_OK;
    }
    return tarn__corrupt(err, "iceberg.manifest", "the rows of a manifest are more than 64 bits count");
}

static enum tarn_status compare(const struct tarn__iceberg_manifest_file *manifest, const struct counts *counts, struct tarn_error *err)
{
    const struct {
        const char *what;
        int64_t said;
        int64_t found;
    } pairs[] = {
        {"added files", manifest->added_files, counts->files[TARN_ICEBERG_ADDED]},
        {"existing files", manifest->existing_files, counts->files[TARN_ICEBERG_EXISTING]},
        {"deleted files", manifest->deleted_files, counts->files[TARN_ICEBERG_DELETED]},
        {"added rows", manifest->added_rows, counts->rows[TARN_ICEBERG_ADDED]},
        {"existing rows", manifest->existing_rows, counts->rows[TARN_ICEBERG_EXISTING]},
        {"deleted rows", manifest->deleted_rows, counts->rows[TARN_ICEBERG_DELETED]},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (pairs[i].said >= 0 && pairs[i].said != pairs[i].found) {
            tarn__corrupt(err, "iceberg.manifest_counts", "the manifest list says %lld %s, the manifest has %lld", (long long)pairs[i].said,
                          pairs[i].what, (long long)pairs[i].found);
            tarn__error_at_object(err, manifest->path);
            return TARN_CORRUPT;
        }
    }
    return TARN_OK;
}

static enum tarn_status check_manifest(struct walk *walk, const struct tarn__iceberg_manifest_file *manifest, struct tarn_error *err)
{
    struct counts counts = {{0}, {0}};
    TARN_RETURN_IF_ERROR(tarn__iceberg_read_manifest(&walk->root, manifest, 0, count_entry, &counts, err));
    walk->manifests++;
    walk->entries += (uint64_t)(counts.files[0] + counts.files[1] + counts.files[2]);
    return compare(manifest, &counts, err);
}

/* A manifest was there before: the list says the same of it, or it would not be the same manifest. */
static enum tarn_status is_new(struct walk *walk, const struct tarn__iceberg_manifest_file *manifest, bool *fresh, struct tarn_error *err)
{
    *fresh = tarn__file_set_find(&walk->seen, manifest->path, NULL) == TARN_FILE_NONE;
    const struct tarn__tracked_file record = {.path = manifest->path, .partition = UINT32_MAX};
    return *fresh ? tarn__file_set_add(&walk->seen, &record, err) : TARN_OK;
}

static enum tarn_status check_manifests(struct walk *walk, const struct tarn__iceberg_manifest_file *manifests, size_t count,
                                        int64_t version, struct tarn_error *err)
{
    for (size_t i = 0; i < count; i++) {
        bool fresh;
        TARN_RETURN_IF_ERROR(is_new(walk, &manifests[i], &fresh, err));
        if (fresh) {
            struct tarn_error found = TARN_ERROR_INIT;
            const enum tarn_status status = check_manifest(walk, &manifests[i], &found);
            TARN_RETURN_IF_ERROR(judge(walk, status, &found, version, err));
        }
    }
    return TARN_OK;
}

static enum tarn_status check_snapshot(struct walk *walk, const struct tarn__iceberg_snapshot_entry *entry, struct tarn_error *err)
{
    struct tarn_arena arena;
    tarn__arena_init(&arena, walk->env);
    struct tarn__iceberg_snapshot snapshot;
    struct tarn__iceberg_manifest_file *manifests = NULL;
    size_t count = 0;
    struct tarn_error found = TARN_ERROR_INIT;
    enum tarn_status status = tarn__iceberg_snapshot_parse(entry->json, &arena, &snapshot, &found);
    if (status == TARN_OK) {
        status = tarn__iceberg_read_manifests(&walk->root, &snapshot, &arena, &manifests, &count, &found);
    }
    walk->lists += status == TARN_OK;
    status = judge(walk, status, &found, entry->id, err);
    if (status == TARN_OK) {
        status = check_manifests(walk, manifests, count, entry->id, err);
    }
    tarn__arena_free(&arena);
    return status;
}

enum tarn_status tarn__iceberg_verify(const struct tarn_snapshot *snapshot, void (*fn)(void *arg, const struct tarn_finding *finding),
                                      void *arg, struct tarn_error *err)
{
    const struct tarn__iceberg_metadata *metadata = &tarn__iceberg_state_of(snapshot)->metadata;
    struct walk walk = {.env = snapshot->env, .root = tarn__iceberg_root_of(metadata, snapshot->store), .fn = fn, .arg = arg};
    tarn__file_set_init(&walk.seen, snapshot->env);
    enum tarn_status status = TARN_OK;
    for (uint32_t i = 0; status == TARN_OK && i < metadata->snapshot_count; i++) {
        status = check_snapshot(&walk, &metadata->snapshots[i], err);
    }
    if (status == TARN_OK) {
        struct tarn_error summary = TARN_ERROR_INIT;
        tarn__error_set(&summary, TARN_OK, "metadata", "%llu manifest lists and %llu manifests with %llu entries read",
                        (unsigned long long)walk.lists, (unsigned long long)walk.manifests, (unsigned long long)walk.entries);
        tell(&walk, TARN_FINDING_OK, &summary);
    }
    tarn__file_set_free(&walk.seen);
    return status;
}
