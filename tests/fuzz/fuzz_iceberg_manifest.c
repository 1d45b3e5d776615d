/* SPDX-License-Identifier: Apache-2.0
 *
 * Iceberg manifests and manifest lists of any bytes. Beyond not crashing: skipping what is not wanted gives the same entries, and every
 * entry that the writer takes is read back as it was.
 */
#include <stdio.h>
#include <stdlib.h>

#include "txlog/iceberg/iceberg_manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "fuzz_iceberg_manifest: %s\n", what);
        abort();
    }
}

/* Writes the entry alone and reads it again. */
static void write_again(struct tarn_env *env, const struct tarn__iceberg_manifest_info *info, const struct tarn__iceberg_entry *entry)
{
    const struct tarn__iceberg_manifest_options options = {
        .content = entry->file.content == TARN_ICEBERG_DATA ? TARN_ICEBERG_DATA_MANIFEST : TARN_ICEBERG_DELETE_MANIFEST,
        .schema = info->schema,
        .partition_spec = info->partition_spec};
    struct tarn__iceberg_manifest_writer *writer;
    struct tarn__iceberg_manifest_file line;
    struct tarn__iceberg_manifest *manifest;
    struct tarn__iceberg_entry *back;
    struct tarn_text_builder bytes;
    tarn__builder_init(&bytes, env);
    enum tarn_status status = tarn__iceberg_manifest_create(env, &options, &bytes, &writer, NULL);
    status = status == TARN_OK ? tarn__iceberg_manifest_add(writer, entry, NULL) : status;
    status = status == TARN_OK ? tarn__iceberg_manifest_finish(writer, &line, NULL) : status;
    tarn__iceberg_manifest_writer_close(writer);
    if (status == TARN_OK) {
        const struct tarn_span file = tarn__span_of_text(tarn__builder_text(&bytes));
        status = tarn__iceberg_manifest_open(env, file, 0, &manifest, NULL);
        status = status == TARN_OK ? tarn__iceberg_manifest_next(manifest, &back, NULL) : status;
        demand(status == TARN_OK || status == TARN_LIMIT, "what was written is not read");
        if (status == TARN_OK) {
            demand(back->status == entry->status && back->has_snapshot_id == entry->has_snapshot_id &&
                       back->snapshot_id == entry->snapshot_id && back->file.record_count == entry->file.record_count &&
                       tarn__text_equal(back->file.path, entry->file.path) &&
                       back->file.column_sizes.size == entry->file.column_sizes.size &&
                       back->file.lower_bounds.size == entry->file.lower_bounds.size &&
                       back->file.equality_id_count == entry->file.equality_id_count,
                   "what was written is read otherwise");
        }
        tarn__iceberg_manifest_close(manifest);
    }
    tarn__builder_free(&bytes);
}

static uint64_t read_manifest(struct tarn_env *env, struct tarn_span file, unsigned skip, bool again, enum tarn_status *status)
{
    struct tarn__iceberg_inheritance inheritance = {1, 1, 0};
    struct tarn__iceberg_manifest *manifest;
    struct tarn__iceberg_entry *entry;
    uint64_t count = 0;
    *status = tarn__iceberg_manifest_open(env, file, skip, &manifest, NULL);
    while (*status == TARN_OK) {
        *status = tarn__iceberg_manifest_next(manifest, &entry, NULL);
        if (*status != TARN_OK || entry == NULL) {
            break;
        }
        count++;
        if (again && count <= 4) {
            write_again(env, tarn__iceberg_manifest_info(manifest), entry);
        }
        if (tarn__iceberg_entry_inherit(entry, &inheritance, NULL) != TARN_OK) {
            break;
        }
    }
    tarn__iceberg_manifest_close(manifest);
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct tarn_span file = {data, size};
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn__iceberg_manifest_file *files;
    struct tarn_arena arena;
    struct tarn_env *env;
    enum tarn_status status;
    enum tarn_status skipping;
    size_t count;
    options.memory_limit = (uint64_t)64 << 20;
    if (tarn_env_open(&options, &env, NULL) != TARN_OK) {
        return 0;
    }
    const uint64_t entries = read_manifest(env, file, 0, true, &status);
    const uint64_t skipped =
        read_manifest(env, file, TARN_ICEBERG_SKIP_COUNTS | TARN_ICEBERG_SKIP_BOUNDS | TARN_ICEBERG_SKIP_OFFSETS, false, &skipping);
    demand(status != TARN_OK || (skipping == TARN_OK && entries == skipped), "reading and skipping differ");
    tarn__arena_init(&arena, env);
    status = tarn__iceberg_manifest_list_read(&arena, file, &files, &count, NULL);
    demand(status == TARN_OK || count == 0, "a list that fails has entries");
    tarn__arena_free(&arena);
    demand(tarn_env_memory(env, NULL) == 0, "memory is left");
    tarn_env_close(env);
    return 0;
}
