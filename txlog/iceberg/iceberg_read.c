/* SPDX-License-Identifier: Apache-2.0
 *
 * From a key to what the object behind it says: metadata, manifest lists, manifests.
 *
 * Specification: Iceberg table spec, "Snapshots" (manifest-list, and version 1's manifests), "Manifests", "Manifest Lists".
 *
 * Invariants
 *  1. Nothing outside the table's folder is opened.
 *  2. Every error names the object, and what is gone is told apart from what is damaged.
 */
#include <string.h>

#include "format/base/bytes.h"
#include "txlog/iceberg/iceberg_state.h"

static const uint64_t most_bytes = (uint64_t)1 << 31;

static enum tarn_status open_object(struct tarn_store *store, struct tarn_text key, struct tarn_object **out, size_t *size,
                                    struct tarn_error *err)
{
    *size = 0;
    *out = NULL;
    if (tarn__place_leads_out(key)) {
        tarn__error_set(err, TARN_AUTH, "outside_table", "the table's metadata names a file that lies outside its folder");
        tarn__error_at_object(err, key);
        return TARN_AUTH;
    }
    enum tarn_status status = tarn_object_open(store, key, out, err);
    if (status == TARN_OK && tarn_object_info(*out).size > most_bytes) {
        status = tarn__error_set(err, TARN_LIMIT, "metadata_file", "a metadata file of %llu bytes is over the limit of %llu",
                                 (unsigned long long)tarn_object_info(*out).size, (unsigned long long)most_bytes);
        tarn_object_close(*out);
        *out = NULL;
    }
    if (status != TARN_OK) {
        tarn__error_at_object(err, key);
        return status;
    }
    *size = (size_t)tarn_object_info(*out).size;
    return TARN_OK;
}

/* Reads the whole into `bytes` and closes; `bytes` NULL: there was no memory for it. */
static enum tarn_status read_whole(struct tarn_object *object, struct tarn_text key, size_t size, uint8_t *bytes, struct tarn_error *err)
{
    enum tarn_status status = bytes == NULL ? tarn__nomem(object->store->env, err, size) : TARN_OK;
    if (status == TARN_OK && size != 0) {
        const struct tarn_read_range range = {0, size, bytes};
        status = tarn_object_read(object, 1, &range, err);
    }
    tarn_object_close(object);
    if (status != TARN_OK) {
        tarn__error_at_object(err, key);
    }
    return status;
}

enum tarn_status tarn__iceberg_read_object(struct tarn_store *store, struct tarn_text key, struct tarn_arena *arena, struct tarn_span *out,
                                           struct tarn_error *err)
{
    *out = (struct tarn_span){NULL, 0};
    struct tarn_object *object;
    size_t size;
    TARN_RETURN_IF_ERROR(open_object(store, key, &object, &size, err));
    uint8_t *bytes = tarn__arena_alloc(arena, size + 1);
    TARN_RETURN_IF_ERROR(read_whole(object, key, size, bytes, err));
    *out = (struct tarn_span){bytes, size};
    return TARN_OK;
}

enum tarn_status tarn__iceberg_read_metadata(struct tarn_store *store, struct tarn_text key, struct tarn_arena *arena,
                                             struct tarn__iceberg_metadata *out, struct tarn_error *err)
{
    *out = (struct tarn__iceberg_metadata){0};
    struct tarn_span bytes;
    TARN_RETURN_IF_ERROR(tarn__iceberg_read_object(store, key, arena, &bytes, err));
    const enum tarn_status status = tarn__iceberg_metadata_parse(bytes, arena, out, err);
    if (status != TARN_OK) {
        tarn__error_at_object(err, key);
    }
    return status;
}

/* The key of a recorded location; terminated by nobody, to be freed with the builder. */
static enum tarn_status find_key(const struct tarn__iceberg_root *root, struct tarn_text location, struct tarn_text_builder *key,
                                 struct tarn_error *err)
{
    tarn__builder_init(key, root->store->env);
    const bool good = tarn__iceberg_location_key(root, location, key);
    const enum tarn_status status = tarn__builder_status(key, err);
    if (status == TARN_OK && !good) {
        return tarn__corrupt(err, "iceberg.location", "'%.*s' is no location of a file", TARN_TEXT_ARG(location));
    }
    return status;
}

/* A whole object behind a recorded location, in memory of its own. `key` is set in any case. */
static enum tarn_status read_location(const struct tarn__iceberg_root *root, struct tarn_text location, struct tarn_text_builder *key,
                                      struct tarn_span *out, struct tarn_error *err)
{
    *out = (struct tarn_span){NULL, 0};
    TARN_RETURN_IF_ERROR(find_key(root, location, key, err));
    struct tarn_object *object;
    size_t size;
    TARN_RETURN_IF_ERROR(open_object(root->store, tarn__builder_text(key), &object, &size, err));
    uint8_t *bytes = tarn__alloc(root->store->env, size + 1);
    const enum tarn_status status = read_whole(object, tarn__builder_text(key), size, bytes, err);
    if (status != TARN_OK) {
        tarn__free(root->store->env, bytes);
        return status;
    }
    *out = (struct tarn_span){bytes, size};
    return TARN_OK;
}

/* What a manifest list would say of a manifest that a snapshot of version 1 names itself. */
static enum tarn_status describe_embedded(const struct tarn__iceberg_root *root, const struct tarn__iceberg_snapshot *snapshot,
                                          struct tarn_text location, struct tarn__iceberg_manifest_file *out, struct tarn_error *err)
{
    struct tarn_text_builder key;
    struct tarn_span bytes;
    struct tarn__iceberg_manifest *manifest = NULL;
    enum tarn_status status = read_location(root, location, &key, &bytes, err);
    if (status == TARN_OK) {
        status = tarn__iceberg_manifest_open(root->store->env, bytes, 0, &manifest, err);
    }
    if (status == TARN_OK) {
        const struct tarn__iceberg_manifest_info *info = tarn__iceberg_manifest_info(manifest);
        *out = (struct tarn__iceberg_manifest_file){
            .path = location,
            .length = (int64_t)bytes.size,
            .spec_id = info->spec_id >= 0 ? info->spec_id : 0,
            .content = info->content,
            .added_snapshot_id = snapshot->id,
            .added_files = -1,
            .existing_files = -1,
            .deleted_files = -1,
            .added_rows = -1,
            .existing_rows = -1,
            .deleted_rows = -1,
            .first_row_id = -1,
        };
    } else {
        tarn__error_at_object(err, tarn__builder_text(&key));
    }
    tarn__iceberg_manifest_close(manifest);
    tarn__free(root->store->env, (void *)(uintptr_t)bytes.data);
    tarn__builder_free(&key);
    return status;
}

static enum tarn_status read_embedded(const struct tarn__iceberg_root *root, const struct tarn__iceberg_snapshot *snapshot,
                                      struct tarn_arena *arena, struct tarn__iceberg_manifest_file **out, size_t *count,
                                      struct tarn_error *err)
{
    struct tarn__iceberg_manifest_file *files = tarn__arena_calloc(arena, (size_t)snapshot->manifest_count + 1, sizeof(*files));
    if (files == NULL) {
        return tarn__nomem(arena->env, err, snapshot->manifest_count * sizeof(*files));
    }
    for (uint32_t i = 0; i < snapshot->manifest_count; i++) {
        TARN_RETURN_IF_ERROR(describe_embedded(root, snapshot, snapshot->manifests[i], &files[i], err));
    }
    *out = files;
    *count = snapshot->manifest_count;
    return TARN_OK;
}

enum tarn_status tarn__iceberg_read_manifests(const struct tarn__iceberg_root *root, const struct tarn__iceberg_snapshot *snapshot,
                                              struct tarn_arena *arena, struct tarn__iceberg_manifest_file **out, size_t *count,
                                              struct tarn_error *err)
{
    *out = NULL;
    *count = 0;
    if (snapshot->manifest_list.size == 0) {
        return read_embedded(root, snapshot, arena, out, count, err);
    }
    struct tarn_text_builder key;
    struct tarn_span bytes;
    enum tarn_status status = read_location(root, snapshot->manifest_list, &key, &bytes, err);
    if (status == TARN_OK) {
        status = tarn__iceberg_manifest_list_read(arena, bytes, out, count, err);
    } else if (status == TARN_NOT_FOUND) {
        status = tarn__error_set(err, TARN_NOT_FOUND, "manifest_list",
                                 "the manifest list of snapshot %lld is gone: it was expired, or removed by hand", (long long)snapshot->id);
    }
    if (status != TARN_OK) {
        tarn__error_at_object(err, tarn__builder_text(&key));
    }
    tarn__free(root->store->env, (void *)(uintptr_t)bytes.data);
    tarn__builder_free(&key);
    return status;
}

static enum tarn_status read_entries(const struct tarn__iceberg_root *root, const struct tarn__iceberg_manifest_file *file,
                                     struct tarn_span bytes, unsigned skip, tarn__iceberg_entry_fn fn, void *arg, struct tarn_error *err)
{
    struct tarn__iceberg_manifest *manifest;
    TARN_RETURN_IF_ERROR(tarn__iceberg_manifest_open(root->store->env, bytes, skip, &manifest, err));
    struct tarn__iceberg_inheritance inheritance = tarn__iceberg_inheritance_of(file);
    enum tarn_status status;
    for (;;) {
        struct tarn__iceberg_entry *entry;
        status = tarn__iceberg_manifest_next(manifest, &entry, err);
        if (status != TARN_OK || entry == NULL) {
            break;
        }
        status = tarn__iceberg_entry_inherit(entry, &inheritance, err);
        if (status == TARN_OK) {
            status = fn(arg, entry, err);
        }
        if (status != TARN_OK) {
            break;
        }
    }
    tarn__iceberg_manifest_close(manifest);
    return status;
}

enum tarn_status tarn__iceberg_read_manifest(const struct tarn__iceberg_root *root, const struct tarn__iceberg_manifest_file *manifest,
                                             unsigned skip, tarn__iceberg_entry_fn fn, void *arg, struct tarn_error *err)
{
    struct tarn_text_builder key;
    struct tarn_span bytes;
    enum tarn_status status = tarn__check_cancelled(root->store->env, err);
    if (status != TARN_OK) {
        return status;
    }
    status = read_location(root, manifest->path, &key, &bytes, err);
    if (status == TARN_OK) {
        status = read_entries(root, manifest, bytes, skip, fn, arg, err);
    } else if (status == TARN_NOT_FOUND) {
        status =
            tarn__error_set(err, TARN_NOT_FOUND, "manifest", "a manifest of the table is gone: it was removed by a clean-up, or by hand");
    }
    if (status != TARN_OK) {
        tarn__error_at_object(err, tarn__builder_text(&key));
    }
    tarn__free(root->store->env, (void *)(uintptr_t)bytes.data);
    tarn__builder_free(&key);
    return status;
}
