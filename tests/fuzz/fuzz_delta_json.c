/* SPDX-License-Identifier: Apache-2.0
 *
 * A Delta log of any bytes: the input, cut at NULs, is commits 0, 1, ... of a table in memory. Beyond not crashing: every version
 * loads or fails with a status that a stored file can have, the memory stays within 64 MiB, what loads can be asked for its files, history
 * and statistics, and loading twice gives the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/base/bytes.h"
#include "tarn/table.h"
#include "txlog/core/prune_files.h"
#include "txlog/delta/delta_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_COMMITS = 8 };

static void demand(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "fuzz_delta_json: %s\n", what);
        abort();
    }
}

static enum tarn_status open_store(void *ctx, struct tarn_env *env, struct tarn_text uri, bool create, struct tarn_store **out,
                                   struct tarn_error *err)
{
    (void)env;
    (void)uri;
    (void)create;
    (void)err;
    *out = tarn_store_retain(*(struct tarn_store **)ctx);
    return TARN_OK;
}

struct sums {
    uint64_t files;
    uint64_t bytes;
    uint64_t hash;
};

static enum tarn_status add_file(void *arg, const struct tarn_file_info *file, struct tarn_error *err)
{
    (void)err;
    struct sums *sums = arg;
    sums->files++;
    sums->bytes += file->size;
    for (size_t i = 0; i < file->path.size; i++) {
        sums->hash = sums->hash * 31 + (unsigned char)file->path.data[i];
    }
    return TARN_OK;
}

static enum tarn_status see_commit(void *arg, const struct tarn_commit_info *commit, struct tarn_error *err)
{
    (void)err;
    *(uint64_t *)arg += commit->files_added;
    return TARN_OK;
}

/* Asks for the bounds of every column of every file. */
static void ask_statistics(struct tarn_snapshot *snapshot)
{
    const struct tarn_schema *schema = tarn_snapshot_schema(snapshot);
    struct tarn__pool_reader reader;
    struct tarn_arena arena;
    tarn__pool_reader_init(&reader, &snapshot->files.statistics);
    tarn__arena_init(&arena, snapshot->env);
    for (uint32_t f = 0; f < snapshot->files.count; f++) {
        struct tarn_text text;
        if (tarn__pool_reader_get(&reader, tarn__file_set_at(&snapshot->files, f)->statistics, &text, NULL) != TARN_OK || text.size == 0) {
            continue;
        }
        for (uint32_t c = 0; c < schema->field_count; c++) {
            struct tarn__bounds_wanted wanted = {.depth = 1, .index = &c, .type = schema->fields[c].type};
            if (snapshot->format->bounds(snapshot, text, &arena, 1, &wanted, NULL) == TARN_OK && wanted.known &&
                wanted.bounds.has_null_count) {
                demand(wanted.bounds.null_count <= wanted.bounds.rows, "more nulls than rows");
            }
        }
    }
    tarn__arena_free(&arena);
    tarn__pool_reader_free(&reader);
}

static enum tarn_status load(struct tarn_env *env, int64_t version, struct sums *sums)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct tarn_snapshot_options options = TARN_SNAPSHOT_OPTIONS_INIT;
    options.version = version;
    struct tarn_snapshot *snapshot;
    const enum tarn_status status = tarn_snapshot_load(env, TARN_TEXT("/t"), &options, &snapshot, &err);
    demand(status == TARN_OK || status == err.code, "status and error differ");
    if (status == TARN_OK) {
        demand(tarn_snapshot_files(snapshot, add_file, sums, &err) == TARN_OK, "files of a snapshot");
        demand(sums->files == tarn_snapshot_info(snapshot).file_count, "count of files");
        ask_statistics(snapshot);
        tarn_snapshot_close(snapshot);
    }
    return status;
}

static bool can_be_stored(enum tarn_status status)
{
    return status == TARN_OK || status == TARN_CORRUPT || status == TARN_UNSUPPORTED || status == TARN_NOT_FOUND || status == TARN_LIMIT;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tarn_store *store = NULL;
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    options.memory_limit = (uint64_t)64 << 20;
    options.open_store = open_store;
    options.store_ctx = &store;
    struct tarn_env *env;
    demand(tarn_env_open(&options, &env, NULL) == TARN_OK, "env");
    demand(tarn_store_open_memory(env, 0, &store, NULL) == TARN_OK, "store");
    int64_t version = 0;
    while (size != 0 && version < MOST_COMMITS) {
        const uint8_t *end = memchr(data, 0, size);
        const size_t part = end != NULL ? (size_t)(end - data) : size;
        char key[TARN_DELTA_KEY];
        tarn__delta_commit_key(version, key);
        demand(tarn_store_put(store, tarn__text_of(key), (struct tarn_span){data, part}, TARN_PUT_IF_ABSENT, TARN_ROLE_COMMIT, NULL) ==
                   TARN_OK,
               "put");
        version++;
        data += part + (end != NULL);
        size -= part + (end != NULL);
    }
    for (int64_t v = -1; v < version; v++) {
        struct sums first = {0};
        struct sums second = {0};
        const enum tarn_status status = load(env, v, &first);
        demand(can_be_stored(status), "a status that stored bytes cannot have");
        demand(load(env, v, &second) == status && memcmp(&first, &second, sizeof(first)) == 0, "loading twice");
    }
    uint64_t added = 0;
    demand(can_be_stored(tarn_table_history(env, TARN_TEXT("/t"), 0, see_commit, &added, NULL)), "history");
    tarn_store_close(store);
    tarn_env_close(env);
    return 0;
}
