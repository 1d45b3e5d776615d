/* SPDX-License-Identifier: Apache-2.0
 *
 * The live files of versions of a Delta table as JSON, one line a file, for an independent replay to compare with.
 *
 *   print_delta_files TABLE FIRST LAST     each version's files stand behind a line {"version": ..., "status": ..., "notes": ...}
 *
 * Each version is loaded; the newest is also come to by refreshing the first that loads, which must be the same as loading it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "format/json/json_print.h"
#include "txlog/core/snapshot.h"
#include "txlog/delta/delta_partition.h"

static struct tarn_error err = TARN_ERROR_INIT;

static void put_text(struct tarn_json_printer *json, const char *key, struct tarn_text text)
{
    tarn__json_print_key(json, tarn__text_of(key));
    tarn__json_print_string(json, text);
}

static void put_int(struct tarn_json_printer *json, const char *key, int64_t value)
{
    tarn__json_print_key(json, tarn__text_of(key));
    tarn__json_print_int64(json, value);
}

static void put_partition(struct tarn_json_printer *json, struct tarn_text raw)
{
    struct tarn_text key;
    struct tarn_text value;
    bool is_null;
    tarn__json_print_key(json, TARN_TEXT("partition"));
    tarn__json_print_begin_object(json);
    while (tarn__delta_partition_next(&raw, &key, &value, &is_null)) {
        tarn__json_print_key(json, key);
        if (is_null) {
            tarn__json_print_null(json);
        } else {
            tarn__json_print_string(json, value);
        }
    }
    tarn__json_print_end_object(json);
}

static void put_file(const struct tarn_snapshot *snapshot, const struct tarn__tracked_file *file, struct tarn_text_builder *out)
{
    struct tarn_json_printer json = {.out = out};
    const struct tarn__deletion_vector *vector = tarn__file_deletion_vector(file);
    tarn__json_print_begin_object(&json);
    put_text(&json, "path", file->path);
    put_int(&json, "size", (int64_t)file->size);
    put_int(&json, "rows", file->rows);
    if (vector != NULL) {
        put_text(&json, "storage", vector->storage);
        put_text(&json, "place", vector->place);
        put_int(&json, "offset", vector->has_offset ? (int64_t)vector->offset : -1);
    }
    put_partition(&json, snapshot->files.partitions[file->partition].raw);
    tarn__json_print_end_object(&json);
    tarn__builder_add_char(out, '\n');
}

static void print_version(int64_t version, enum tarn_status status, const char *how, struct tarn_snapshot *snapshot)
{
    const struct tarn_snapshot_info info = snapshot != NULL ? tarn_snapshot_info(snapshot) : (struct tarn_snapshot_info){0};
    printf("{\"version\":%lld,\"how\":\"%s\",\"status\":\"%s\",\"notes\":%u,\"files\":%llu}\n", (long long)version, how,
           tarn_status_name(status), info.note_count, (unsigned long long)info.file_count);
    if (snapshot == NULL) {
        return;
    }
    struct tarn_text_builder out;
    tarn__builder_init(&out, snapshot->env);
    for (uint32_t i = 0; i < snapshot->files.count; i++) {
        put_file(snapshot, tarn__file_set_at(&snapshot->files, i), &out);
    }
    fwrite(out.data, 1, out.size, stdout);
    tarn__builder_free(&out);
}

int main(int argc, char **argv)
{
    struct tarn_env *env;
    struct tarn_snapshot *first = NULL;
    if (argc != 4 || tarn_env_open(NULL, &env, &err) != TARN_OK) {
        fputs("usage: print_delta_files TABLE FIRST LAST\n", stderr);
        return 2;
    }
    const int64_t last = strtoll(argv[3], NULL, 10);
    for (int64_t version = strtoll(argv[2], NULL, 10); version <= last; version++) {
        struct tarn_snapshot_options options = TARN_SNAPSHOT_OPTIONS_INIT;
        struct tarn_snapshot *snapshot = NULL;
        options.version = version;
        const enum tarn_status status = tarn_snapshot_load(env, tarn__text_of(argv[1]), &options, &snapshot, &err);
        print_version(version, status, "loaded", snapshot);
        if (first == NULL) {
            first = tarn_snapshot_retain(snapshot);
        }
        tarn_snapshot_close(snapshot);
    }
    if (first != NULL) {
        struct tarn_snapshot *newest = NULL;
        const enum tarn_status status = tarn_snapshot_refresh(first, &newest, &err);
        print_version(last, status, "refreshed", newest);
        tarn_snapshot_close(newest);
    }
    tarn_snapshot_close(first);
    tarn_env_close(env);
    return 0;
}
