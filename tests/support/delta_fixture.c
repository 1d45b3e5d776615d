/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/delta_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/base/bytes.h"
#include "tarn/arrow.h"
#include "tarn/parquet_writer.h"
#include "tarn/reader.h"

/* A store in memory that counts what is asked of it. */
struct counting_store {
    struct tarn_store store;
    struct delta_fixture *fixture;
};

static struct tarn_store *inner_of(struct tarn_store *store)
{
    return ((struct counting_store *)store)->fixture->store;
}

static uint32_t capabilities(struct tarn_store *store)
{
    return tarn_store_capabilities(inner_of(store));
}

static enum tarn_status head(struct tarn_store *store, struct tarn_text key, struct tarn_object_info *info, struct tarn_error *err)
{
    ((struct counting_store *)store)->fixture->opens++;
    return tarn_store_head(inner_of(store), key, info, err);
}

struct counted_object {
    struct tarn_object object;
    struct tarn_object *inner;
};

static enum tarn_status open_object(struct tarn_store *store, struct tarn_text key, struct tarn_object **out, struct tarn_error *err)
{
    ((struct counting_store *)store)->fixture->opens++;
    struct tarn_object *inner;
    const enum tarn_status status = tarn_object_open(inner_of(store), key, &inner, err);
    if (status == TARN_OK) {
        struct counted_object *object = calloc(1, sizeof(*object));
        object->object.info = tarn_object_info(inner);
        object->inner = inner;
        *out = &object->object;
    }
    return status;
}

static enum tarn_status read_object(struct tarn_object *object, size_t n, const struct tarn_read_range *ranges, struct tarn_error *err)
{
    return tarn_object_read(((struct counted_object *)object)->inner, n, ranges, err);
}

static void close_object(struct tarn_object *object)
{
    tarn_object_close(((struct counted_object *)object)->inner);
    free(object);
}

static enum tarn_status list(struct tarn_store *store, struct tarn_text prefix, struct tarn_text start_after, tarn_list_fn fn, void *arg,
                             struct tarn_error *err)
{
    ((struct counting_store *)store)->fixture->lists++;
    return tarn_store_list(inner_of(store), prefix, start_after, fn, arg, err);
}

static void close_store(struct tarn_store *store)
{
    tarn_store_deinit(store);
    free(store);
}

static const struct tarn_store_ops counting_ops = {
    .size = sizeof(counting_ops),
    .name = "counting",
    .capabilities = capabilities,
    .head = head,
    .open = open_object,
    .read = read_object,
    .object_close = close_object,
    .list = list,
    .close = close_store,
};

static enum tarn_status open_store(void *ctx, struct tarn_env *env, struct tarn_text uri, bool create, struct tarn_store **out,
                                   struct tarn_error *err)
{
    (void)uri;
    (void)create;
    struct counting_store *store = calloc(1, sizeof(*store));
    store->fixture = ctx;
    const enum tarn_status status = tarn_store_init(&store->store, &counting_ops, env, err);
    ck_assert_int_eq(status, TARN_OK);
    *out = &store->store;
    return TARN_OK;
}

static int64_t clock_now(void *ctx)
{
    return ((struct delta_fixture *)ctx)->now;
}

void delta_open(struct delta_fixture *f)
{
    *f = (struct delta_fixture){.now = 1000000, .err = TARN_ERROR_INIT};
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    options.open_store = open_store;
    options.store_ctx = f;
    options.now = clock_now;
    options.clock_ctx = f;
    ck_assert_ok(tarn_env_open(&options, &f->env, &f->err), &f->err);
    ck_assert_ok(tarn_store_open_memory(f->env, 0, &f->store, &f->err), &f->err);
}

void delta_close(struct delta_fixture *f)
{
    tarn_store_close(f->store);
    tarn_test_env_close(f->env);
}

static struct tarn_text key_of(const char *name)
{
    static char key[256];
    snprintf(key, sizeof(key), "_delta_log/%s", name);
    return tarn__text_of(key);
}

void delta_put(struct delta_fixture *f, const char *name, const char *text)
{
    ck_assert_ok(
        tarn_store_put(f->store, key_of(name), tarn__span_of_text(tarn__text_of(text)), TARN_PUT_OVERWRITE, TARN_ROLE_COMMIT, &f->err),
        &f->err);
}

void delta_remove(struct delta_fixture *f, const char *name)
{
    ck_assert_ok(tarn_store_remove(f->store, key_of(name), &f->err), &f->err);
}

void delta_commit(struct delta_fixture *f, int version, const char *text)
{
    char name[64];
    snprintf(name, sizeof(name), "%020d.json", version);
    delta_put(f, name, text);
}

/* ---- Parquet ---- */

#define VECTOR_TYPE "STRUCT(storageType VARCHAR, pathOrInlineDv VARCHAR, \"offset\" INTEGER, sizeInBytes INTEGER, cardinality BIGINT)"

static const struct {
    const char *name;
    const char *type;
} columns[] = {
    {"add",
     "STRUCT(path VARCHAR, partitionValues MAP(VARCHAR, VARCHAR), size BIGINT, modificationTime BIGINT, dataChange BOOLEAN, stats VARCHAR, "
     "deletionVector " VECTOR_TYPE ")"},
    {"remove", "STRUCT(path VARCHAR, deletionTimestamp BIGINT, dataChange BOOLEAN, deletionVector " VECTOR_TYPE ")"},
    {"protocol", "STRUCT(minReaderVersion INTEGER, minWriterVersion INTEGER, readerFeatures VARCHAR[], writerFeatures VARCHAR[])"},
    {"metaData",
     "STRUCT(id VARCHAR, format STRUCT(provider VARCHAR, options MAP(VARCHAR, VARCHAR)), schemaString VARCHAR, partitionColumns VARCHAR[], "
     "configuration MAP(VARCHAR, VARCHAR), createdTime BIGINT)"},
    {"txn", "STRUCT(appId VARCHAR, version BIGINT)"},
    {"domainMetadata", "STRUCT(domain VARCHAR, configuration VARCHAR, removed BOOLEAN)"},
    {"sidecar", "STRUCT(path VARCHAR, sizeInBytes BIGINT, modificationTime BIGINT)"},
    {"checkpointMetadata", "STRUCT(version BIGINT, tags MAP(VARCHAR, VARCHAR))"},
};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static struct tarn_schema *checkpoint_schema(struct delta_fixture *f)
{
    struct tarn_schema *holders[COLUMNS];
    struct tarn_field fields[COLUMNS] = {0};
    for (size_t i = 0; i < COLUMNS; i++) {
        fields[i] = (struct tarn_field){.name = tarn__text_of(columns[i].name), .id = -1, .nullable = true};
        ck_assert_ok(tarn_type_parse(f->env, tarn__text_of(columns[i].type), &holders[i], &fields[i].type, &f->err), &f->err);
    }
    struct tarn_schema *schema;
    ck_assert_ok(tarn_schema_make(f->env, COLUMNS, fields, 0, NULL, &schema, &f->err), &f->err);
    for (size_t i = 0; i < COLUMNS; i++) {
        tarn_schema_release(holders[i]);
    }
    return schema;
}

void delta_put_checkpoint(struct delta_fixture *f, const char *name, const char *actions)
{
    static const struct tarn_text lines = {"lines.json", 10};
    char key[256];
    snprintf(key, sizeof(key), "_delta_log/%s", name);
    ck_assert_ok(tarn_store_put(f->store, lines, tarn__span_of_text(tarn__text_of(actions)), TARN_PUT_OVERWRITE, TARN_ROLE_DATA, &f->err),
                 &f->err);
    struct tarn_schema *schema = checkpoint_schema(f);
    struct tarn_json_options options = TARN_JSON_OPTIONS_INIT;
    options.schema = schema;
    struct tarn_source *source;
    struct tarn_batches *batches;
    struct tarn_sink *sink;
    uint64_t rows;
    ck_assert_ok(tarn_json_open(f->store, lines, &options, &source, &f->err), &f->err);
    ck_assert_ok(tarn_source_batches(source, NULL, &batches, &f->err), &f->err);
    ck_assert_ok(tarn_parquet_create(f->store, tarn__text_of(key), schema, NULL, &sink, &f->err), &f->err);
    ck_assert_ok(tarn_batches_copy(batches, sink, &rows, &f->err), &f->err);
    batches->close(batches);
    tarn_source_close(source);
    tarn_schema_release(schema);
}

/* ---- reading ---- */

enum tarn_status delta_load(struct delta_fixture *f, int64_t version, struct tarn_snapshot **out)
{
    struct tarn_snapshot_options options = TARN_SNAPSHOT_OPTIONS_INIT;
    options.version = version;
    return tarn_snapshot_load(f->env, TARN_TEXT("/t"), &options, out, &f->err);
}

enum { MOST_PATHS = 1000, MOST_PATH = 64 };

struct paths {
    char path[MOST_PATHS][MOST_PATH];
    size_t count;
};

static enum tarn_status add_path(void *arg, const struct tarn_file_info *file, struct tarn_error *error)
{
    (void)error;
    struct paths *paths = arg;
    ck_assert_uint_lt(paths->count, MOST_PATHS);
    snprintf(paths->path[paths->count++], MOST_PATH, "%.*s", (int)file->path.size, file->path.data);
    return TARN_OK;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(a, b);
}

const char *delta_live_of(struct delta_fixture *f, struct tarn_snapshot *snapshot)
{
    static struct paths paths;
    static char text[MOST_PATHS * MOST_PATH];
    paths.count = 0;
    ck_assert_ok(tarn_snapshot_files(snapshot, add_path, &paths, &f->err), &f->err);
    ck_assert_uint_eq(paths.count, tarn_snapshot_info(snapshot).file_count);
    qsort(paths.path, paths.count, MOST_PATH, compare_paths);
    size_t size = 0;
    text[0] = '\0';
    for (size_t i = 0; i < paths.count; i++) {
        size += (size_t)snprintf(text + size, sizeof(text) - size, "%s;", paths.path[i]);
    }
    return text;
}

const char *delta_live(struct delta_fixture *f, int64_t version)
{
    struct tarn_snapshot *snapshot;
    ck_assert_ok(delta_load(f, version, &snapshot), &f->err);
    const char *paths = delta_live_of(f, snapshot);
    tarn_snapshot_close(snapshot);
    return paths;
}

uint32_t delta_notes(struct delta_fixture *f, int64_t version, const char *text)
{
    struct tarn_snapshot *snapshot;
    ck_assert_ok(delta_load(f, version, &snapshot), &f->err);
    const struct tarn_snapshot_info info = tarn_snapshot_info(snapshot);
    bool found = text == NULL;
    for (uint32_t i = 0; i < info.note_count; i++) {
        found = found || strstr(info.notes[i].data, text) != NULL;
    }
    ck_assert_msg(found, "no note says \"%s\"; the first of %u: %s", text, info.note_count, info.note_count != 0 ? info.notes[0].data : "");
    tarn_snapshot_close(snapshot);
    return info.note_count;
}
