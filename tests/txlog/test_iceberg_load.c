/* SPDX-License-Identifier: Apache-2.0
 * Iceberg tables made by hand in memory: which metadata is the newest, which snapshot is meant, what its files are, what is refused, what
 * damage does, what metrics say. Manifests come from the writer, metadata is written here word for word.
 */
#include <stdio.h>
#include <string.h>

#include "format/base/bytes.h"
#include "format/base/error.h"
#include "format/batch/vector.h"
#include "tarn/writer.h"
#include "tests/support/fault.h"
#include "tests/support/table_rows.h"
#include "txlog/core/table_format.h"
#include "txlog/iceberg/iceberg_state.h"
#include "txlog/iceberg/iceberg_statistics.h"

static const struct tarn_text uri = {"memory:t", 8};
static struct tarn_error err;

static const struct tarn_type i32 = {.id = TARN_TYPE_I32};
static const struct tarn_type i64 = {.id = TARN_TYPE_I64};

#define ROOT "file:/lake/t"

/* ---- making a table ---- */

struct made {
    struct tarn_fault *fault;
    struct tarn_env *env;
    struct tarn_store *store;
};

static struct made begin(void)
{
    struct made made = {.fault = tarn_fault_open()};
    made.env = tarn_fault_env(made.fault, NULL);
    ck_assert_ok(tarn_store_open(made.env, uri, true, &made.store, &err), &err);
    return made;
}

static void end(struct made *made)
{
    tarn_store_close(made->store);
    tarn_env_close(made->env);
    tarn_fault_close(made->fault);
}

static void put(const struct made *made, const char *key, struct tarn_text bytes)
{
    ck_assert_ok(tarn_store_put(made->store, tarn__text_of(key), tarn__span_of_text(bytes), TARN_PUT_OVERWRITE, TARN_ROLE_COMMIT, &err),
                 &err);
}

static void put_text(const struct made *made, const char *key, const char *text)
{
    put(made, key, tarn__text_of(text));
}

#define SCHEMA(id, name)                                                                                                                   \
    "{\"type\":\"struct\",\"schema-id\":" #id ",\"fields\":[{\"id\":1,\"name\":\"id\",\"required\":true,\"type\":\"long\"},"               \
    "{\"id\":2,\"name\":\"" name "\",\"required\":false,\"type\":\"int\"}]}"

static const char *more_properties = ""; /* behind the others */
static const char *transform = "identity";

/* Metadata of a table with two schemas (0: id, part; 1: id, kind), partitioned by `part` and, since spec 1, not at all. */
static void put_metadata(const struct made *made, const char *key, int64_t current, const char *snapshots, const char *more)
{
    static char text[16384];
    const int size = snprintf(
        text, sizeof(text),
        "{\"format-version\":2,\"table-uuid\":\"9c12d441-03fe-4693-9a96-a0705ddf69c1\",\"location\":\"" ROOT
        "\",\"last-sequence-number\":3,\"last-updated-ms\":1700000003000,\"last-column-id\":2,\"current-schema-id\":1,"
        "\"schemas\":[" SCHEMA(0, "part") "," SCHEMA(
            1, "kind") "],\"default-spec-id\":0,"
                       "\"partition-specs\":[{\"spec-id\":0,\"fields\":[{\"name\":\"part\",\"transform\":\"%s\",\"source-id\":2,"
                       "\"field-id\":1000}]},{\"spec-id\":1,\"fields\":[]}],\"last-partition-id\":1000,\"default-sort-order-id\":0,"
                       "\"sort-orders\":[{\"order-id\":0,\"fields\":[]}],\"properties\":{\"comment\":\"by hand\"%s},"
                       "\"current-snapshot-id\":%lld,\"snapshots\":[%s],\"metadata-log\":[]%s}",
        transform, more_properties, (long long)current, snapshots, more);
    ck_assert_int_lt(size, (int)sizeof(text));
    put(made, key, (struct tarn_text){text, (size_t)size});
}

#define SNAPSHOT(id, parent, ms, schema, list)                                                                                             \
    "{\"snapshot-id\":" #id parent ",\"sequence-number\":1,\"timestamp-ms\":" #ms ",\"manifest-list\":\"" ROOT "/metadata/" list           \
    "\",\"summary\":{\"operation\":\"append\",\"added-data-files\":\"2\",\"added-records\":\"7\",\"engine-name\":\"hand\"}"                \
    ",\"schema-id\":" #schema "}"

struct wanted_file {
    const char *path;
    enum tarn__iceberg_status status;
    enum tarn__iceberg_content content;
    const char *format;
    int64_t rows;
    int64_t size;
    int part; /* -1: null */
};

static void put_manifest(const struct made *made, const char *key, int32_t spec_id, const struct wanted_file *files, size_t count,
                         struct tarn__iceberg_manifest_file *line)
{
    static const struct tarn__iceberg_manifest_field field = {1000, {"part", 4}, &i32};
    const struct tarn__iceberg_manifest_options options = {
        .content = files[0].content == TARN_ICEBERG_DATA ? TARN_ICEBERG_DATA_MANIFEST : TARN_ICEBERG_DELETE_MANIFEST,
        .schema = TARN_TEXT(SCHEMA(0, "part")),
        .partition_spec = TARN_TEXT("[]"),
        .spec_id = spec_id,
        .field_count = spec_id == 0,
        .fields = &field,
    };
    struct tarn_text_builder out;
    tarn__builder_init(&out, made->env);
    struct tarn__iceberg_manifest_writer *writer;
    ck_assert_ok(tarn__iceberg_manifest_create(made->env, &options, &out, &writer, &err), &err);
    for (size_t i = 0; i < count; i++) {
        const int64_t low = files[i].rows;
        const int64_t high = files[i].rows * 2;
        uint8_t bytes[2][8];
        tarn__store64(bytes[0], (uint64_t)low);
        tarn__store64(bytes[1], (uint64_t)high);
        const struct tarn__iceberg_bound bounds[2] = {{1, {bytes[0], 8}}, {1, {bytes[1], 8}}};
        const struct tarn__iceberg_count values = {1, files[i].rows};
        const struct tarn__iceberg_count nulls = {1, 0};
        const struct tarn__iceberg_partition_value part = {
            .field_id = 1000, .stored = files[i].part < 0 ? TARN_ICEBERG_NULL : TARN_ICEBERG_INTEGER, .integer = files[i].part};
        static const int32_t equality = 1;
        const struct tarn__iceberg_entry entry = {
            .status = files[i].status,
            .has_snapshot_id = true,
            .snapshot_id = 10,
            .has_sequence_number = files[i].status != TARN_ICEBERG_ADDED,
            .has_file_sequence_number = files[i].status != TARN_ICEBERG_ADDED,
            .sequence_number = 1,
            .file_sequence_number = 1,
            .file = {.content = files[i].content,
                     .path = tarn__text_of(files[i].path),
                     .format = tarn__text_of(files[i].format),
                     .partition_count = spec_id == 0,
                     .partition = &part,
                     .record_count = files[i].rows,
                     .size = files[i].size,
                     .value_counts = {true, 1, &values},
                     .null_counts = {true, 1, &nulls},
                     .lower_bounds = {true, 1, &bounds[0]},
                     .upper_bounds = {true, 1, &bounds[1]},
                     .has_equality_ids = files[i].content == TARN_ICEBERG_EQUALITY_DELETES,
                     .equality_id_count = files[i].content == TARN_ICEBERG_EQUALITY_DELETES,
                     .equality_ids = &equality,
                     .sort_order_id = -1,
                     .first_row_id = -1,
                     .content_offset = -1,
                     .content_size = -1},
        };
        ck_assert_ok(tarn__iceberg_manifest_add(writer, &entry, &err), &err);
    }
    ck_assert_ok(tarn__iceberg_manifest_finish(writer, line, &err), &err);
    tarn__iceberg_manifest_writer_close(writer);
    put(made, key, tarn__builder_text(&out));
    tarn__builder_free(&out);
    line->added_snapshot_id = 10;
    line->first_row_id = -1;
}

static void put_list(const struct made *made, const char *key, const struct tarn__iceberg_manifest_file *lines, size_t count)
{
    const struct tarn__iceberg_manifest_list_options options = {.snapshot_id = 10, .sequence_number = 2};
    struct tarn_text_builder out;
    tarn__builder_init(&out, made->env);
    ck_assert_ok(tarn__iceberg_manifest_list_write(made->env, &options, lines, count, &out, &err), &err);
    put(made, key, tarn__builder_text(&out));
    tarn__builder_free(&out);
}

static const struct wanted_file first_files[] = {
    {ROOT "/data/a.parquet", TARN_ICEBERG_ADDED, TARN_ICEBERG_DATA, "PARQUET", 3, 30, 1},
    {"/lake/t/data/b.parquet", TARN_ICEBERG_EXISTING, TARN_ICEBERG_DATA, "parquet", 4, 40, -1},
    {ROOT "/data/gone.orc", TARN_ICEBERG_DELETED, TARN_ICEBERG_DATA, "ORC", 5, 50, 1},
};
static const struct wanted_file second_files[] = {
    {"file:///lake/t/data/c.parquet", TARN_ICEBERG_ADDED, TARN_ICEBERG_DATA, "PARQUET", 100, 60, 1},
};

/* Two manifests: of spec 0 with files a, b and one that went; of spec 1 with file c. Snapshot 10 has the first, 20 has both. */
static void put_table(const struct made *made)
{
    struct tarn__iceberg_manifest_file lines[2] = {{.path = {NULL, 0}}};
    put_manifest(made, "metadata/m1.avro", 0, first_files, 3, &lines[0]);
    lines[0].path = TARN_TEXT(ROOT "/metadata/m1.avro");
    put_manifest(made, "metadata/m2.avro", 1, second_files, 1, &lines[1]);
    lines[1].path = TARN_TEXT("/lake/t/metadata/m2.avro");
    put_list(made, "metadata/l10.avro", lines, 1);
    put_list(made, "metadata/l20.avro", lines, 2);
    put_metadata(
        made, "metadata/v3.metadata.json", 20,
        SNAPSHOT(10, "", 1700000001000, 0, "l10.avro") "," SNAPSHOT(20, ",\"parent-snapshot-id\":10", 1700000002000, 1, "l20.avro"),
        ",\"snapshot-log\":[{\"timestamp-ms\":1700000001000,\"snapshot-id\":10},{\"timestamp-ms\":1700000002000,\"snapshot-id\":20}],"
        "\"refs\":{\"main\":{\"snapshot-id\":20,\"type\":\"branch\"},\"old\":{\"snapshot-id\":10,\"type\":\"branch\"},"
        "\"v1\":{\"snapshot-id\":10,\"type\":\"tag\"}}");
}

static enum tarn_status load(const struct made *made, int64_t version, int64_t as_of, const char *ref, struct tarn_snapshot **out)
{
    struct tarn_snapshot_options options = TARN_SNAPSHOT_OPTIONS_INIT;
    options.version = version;
    options.as_of = as_of;
    options.ref = tarn__text_of(ref);
    err = (struct tarn_error)TARN_ERROR_INIT;
    return tarn_snapshot_load(made->env, uri, &options, out, &err);
}

static struct tarn_snapshot *load_ok(const struct made *made, int64_t version, int64_t as_of, const char *ref)
{
    struct tarn_snapshot *snapshot;
    const enum tarn_status status = load(made, version, as_of, ref, &snapshot);
    ck_assert_ok(status, &err);
    return snapshot;
}

/* ---- what a snapshot is ---- */

START_TEST(iceberg_load__files_partitions_and_facts) /* T-ICEBERG-LOAD-1 */
{
    struct made made = begin();
    put_table(&made);
    struct tarn_snapshot *snapshot = load_ok(&made, -1, INT64_MIN, "");
    const struct tarn_snapshot_info info = tarn_snapshot_info(snapshot);
    ck_assert_str_eq(info.format, "iceberg");
    ck_assert_int_eq(info.version, 20);
    ck_assert_int_eq(info.timestamp, 1700000002000000);
    ck_assert_uint_eq(info.file_count, 3);
    ck_assert_uint_eq(info.total_bytes, 130);
    ck_assert(info.has_row_count && info.row_count == 107);
    ck_assert_int_eq(info.reader_version, 2);
    ck_assert_uint_eq(info.partition_column_count, 1);
    ck_assert(tarn__text_equal(info.partition_columns[0], TARN_TEXT("kind"))); /* the column's name now */
    ck_assert(tarn__text_equal(info.comment, TARN_TEXT("by hand")));
    static const char *const paths[] = {"data/a.parquet", "data/b.parquet", "data/c.parquet"};
    for (uint32_t i = 0; i < 3; i++) {
        const struct tarn__tracked_file *file = tarn__file_set_at(&snapshot->files, i);
        ck_assert(tarn__text_equal(file->path, tarn__text_of(paths[i])));
        ck_assert_int_eq(file->spec_id, i == 2);
        ck_assert_int_eq(file->sequence, i == 1 ? 1 : 2); /* its own, or that of the commit */
        const struct tarn__partition *partition = tarn__snapshot_partition(snapshot, file);
        ck_assert_ptr_nonnull(partition);
        ck_assert_int_eq(partition->spec->id, file->spec_id);
        ck_assert_uint_eq(partition->count, i != 2);
    }
    const struct tarn__partition *first = tarn__snapshot_partition(snapshot, tarn__file_set_at(&snapshot->files, 0));
    const struct tarn__partition *second = tarn__snapshot_partition(snapshot, tarn__file_set_at(&snapshot->files, 1));
    ck_assert(!first->values[0].is_null && first->values[0].u.i64 == 1);
    ck_assert(second->values[0].is_null);
    ck_assert_uint_eq(snapshot->ref_count, 3);
    ck_assert(tarn__text_equal(tarn__iceberg_state_of(snapshot)->ref, TARN_TEXT("main")));
    tarn_snapshot_close(snapshot);
    end(&made);
}
END_TEST

START_TEST(iceberg_load__an_unknown_transform_says_nothing) /* T-ICEBERG-LOAD-1 */
{
    struct made made = begin();
    transform = "zorder[3]";
    put_table(&made);
    transform = "identity";
    struct tarn_snapshot *snapshot = load_ok(&made, -1, INT64_MIN, "");
    const struct tarn__partition *partition = tarn__snapshot_partition(snapshot, tarn__file_set_at(&snapshot->files, 0));
    ck_assert(partition->values[0].is_null && partition->values[0].type->id == TARN_TYPE_NULL);
    ck_assert(tarn__text_equal(tarn_snapshot_info(snapshot).partition_columns[0], TARN_TEXT("zorder(kind)")));
    ck_assert_uint_eq(tarn_snapshot_info(snapshot).file_count, 3);
    tarn_snapshot_close(snapshot);
    end(&made);
}
END_TEST

static const struct {
    int64_t version;
    int64_t as_of;
    const char *ref;
    enum tarn_status status;
    int64_t id;
    const char *column; /* the second one: by which schema */
    const char *writes; /* the branch that a transaction moves */
} choices[] = {
    {-1, INT64_MIN, "", TARN_OK, 20, "kind", "main"},
    {-1, INT64_MIN, "main", TARN_OK, 20, "kind", "main"},
    {-1, INT64_MIN, "old", TARN_OK, 10, "kind", "old"}, /* a branch: the table's schema */
    {-1, INT64_MIN, "v1", TARN_OK, 10, "part", ""},     /* a tag: the snapshot's own */
    {10, INT64_MIN, "", TARN_OK, 10, "part", ""},
    {20, INT64_MIN, "", TARN_OK, 20, "kind", ""},
    {-1, 1700000001999999, "", TARN_OK, 10, "part", ""},
    {-1, 1700000002000000, "", TARN_OK, 20, "kind", ""},
    {-1, 1700000000999999, "", TARN_NOT_FOUND, 0, "version", ""},
    {11, INT64_MIN, "", TARN_NOT_FOUND, 0, "version", ""},
    {-10, INT64_MIN, "", TARN_NOT_FOUND, 0, "version", ""},
    {-1, INT64_MIN, "new", TARN_NOT_FOUND, 0, "ref", ""},
    {10, INT64_MIN, "old", TARN_INVALID, 0, "options", ""},
    {-1, 1700000002000000, "old", TARN_INVALID, 0, "options", ""},
};

START_TEST(iceberg_load__snapshots_are_chosen) /* T-ICEBERG-LOAD-2 */
{
    struct made made = begin();
    put_table(&made);
    struct tarn_snapshot *snapshot;
    const enum tarn_status status = load(&made, choices[_i].version, choices[_i].as_of, choices[_i].ref, &snapshot);
    ck_assert_int_eq(status, choices[_i].status);
    if (status != TARN_OK) {
        ck_assert_str_eq(err.detail, choices[_i].column);
    } else {
        ck_assert_int_eq(tarn_snapshot_info(snapshot).version, choices[_i].id);
        ck_assert(tarn__text_equal(tarn_snapshot_schema(snapshot)->fields[1].name, tarn__text_of(choices[_i].column)));
        ck_assert(tarn__text_equal(tarn__iceberg_state_of(snapshot)->ref, tarn__text_of(choices[_i].writes)));
        ck_assert_uint_eq(tarn_snapshot_info(snapshot).file_count, choices[_i].id == 10 ? 2 : 3);
        tarn_snapshot_close(snapshot);
    }
    end(&made);
}
END_TEST

START_TEST(iceberg_load__a_table_without_snapshots_is_empty) /* T-ICEBERG-LOAD-3 */
{
    struct made made = begin();
    put_metadata(&made, "metadata/v1.metadata.json", -1, "", "");
    struct tarn_snapshot *snapshot = load_ok(&made, -1, INT64_MIN, "");
    ck_assert_int_eq(tarn_snapshot_info(snapshot).version, -1);
    ck_assert_uint_eq(tarn_snapshot_info(snapshot).file_count, 0);
    ck_assert(tarn__text_equal(tarn__iceberg_state_of(snapshot)->ref, TARN_TEXT("main")));
    tarn_snapshot_close(snapshot);
    end(&made);
}
END_TEST

START_TEST(iceberg_load__snapshots_of_version_1_name_their_manifests) /* T-ICEBERG-LOAD-7 */
{
    struct made made = begin();
    put_table(&made);
    put_metadata(&made, "metadata/v4.metadata.json", 30,
                 "{\"snapshot-id\":30,\"timestamp-ms\":1700000004000,\"manifests\":[\"" ROOT "/metadata/m1.avro\",\"" ROOT
                 "/metadata/m2.avro\"]}",
                 "");
    struct tarn_snapshot *snapshot = load_ok(&made, -1, INT64_MIN, "");
    ck_assert_uint_eq(tarn_snapshot_info(snapshot).file_count, 3);
    ck_assert_int_eq(tarn__file_set_at(&snapshot->files, 0)->sequence, 0);
    ck_assert_int_eq(tarn__file_set_at(&snapshot->files, 0)->spec_id, 0);
    ck_assert_int_eq(tarn__file_set_at(&snapshot->files, 2)->spec_id, 1); /* as the manifest itself says */
    tarn_snapshot_close(snapshot);
    ck_assert_ok(tarn_store_remove(made.store, TARN_TEXT("metadata/m2.avro"), &err), &err);
    ck_assert_int_eq(load(&made, -1, INT64_MIN, "", &snapshot), TARN_NOT_FOUND);
    end(&made);
}
END_TEST

/* ---- refusals and damage ---- */

/* The table with one more manifest that holds this file. */
static enum tarn_status load_with(struct made *made, struct wanted_file file, struct tarn_snapshot **out)
{
    put_table(made);
    struct tarn__iceberg_manifest_file line = {.path = {NULL, 0}};
    put_manifest(made, "metadata/m3.avro", 1, &file, 1, &line);
    line.path = TARN_TEXT(ROOT "/metadata/m3.avro");
    put_list(made, "metadata/l20.avro", &line, 1);
    return load(made, -1, INT64_MIN, "", out);
}

static const struct {
    struct wanted_file file;
    const char *detail; /* NULL: reads */
} refusals[] = {
    {{ROOT "/d", TARN_ICEBERG_ADDED, TARN_ICEBERG_DATA, "ORC", 1, 1, -1}, "iceberg.file.orc"},
    {{ROOT "/d", TARN_ICEBERG_ADDED, TARN_ICEBERG_DATA, "avro", 1, 1, -1}, "iceberg.file.avro"},
    {{ROOT "/d", TARN_ICEBERG_ADDED, TARN_ICEBERG_DATA, "vortex", 1, 1, -1}, "iceberg.file.other"},
    {{ROOT "/d", TARN_ICEBERG_ADDED, TARN_ICEBERG_POSITION_DELETES, "PARQUET", 1, 1, -1}, "iceberg.deletes.position"},
    {{ROOT "/d", TARN_ICEBERG_EXISTING, TARN_ICEBERG_EQUALITY_DELETES, "PARQUET", 1, 1, -1}, "iceberg.deletes.equality"},
    {{ROOT "/d", TARN_ICEBERG_ADDED, TARN_ICEBERG_POSITION_DELETES, "PUFFIN", 1, 1, -1}, "iceberg.deletes.vector"},
    {{ROOT "/d", TARN_ICEBERG_DELETED, TARN_ICEBERG_POSITION_DELETES, "PARQUET", 1, 1, -1}, NULL},
    {{ROOT "/d", TARN_ICEBERG_DELETED, TARN_ICEBERG_DATA, "ORC", 1, 1, -1}, NULL},
};

START_TEST(iceberg_load__what_is_not_read_is_refused_when_it_is_live) /* T-ICEBERG-LOAD-4 */
{
    struct made made = begin();
    struct tarn_snapshot *snapshot;
    const enum tarn_status status = load_with(&made, refusals[_i].file, &snapshot);
    if (refusals[_i].detail == NULL) {
        ck_assert_ok(status, &err);
    } else {
        ck_assert_int_eq(status, TARN_UNSUPPORTED);
        ck_assert_str_eq(err.detail, refusals[_i].detail);
    }
    tarn_snapshot_close(snapshot);
    snapshot = load_ok(&made, 10, INT64_MIN, ""); /* the one before has no such file */
    tarn_snapshot_close(snapshot);
    end(&made);
}
END_TEST

static const struct {
    const char *key;
    const char *text; /* NULL: removed; "cut": its first half */
    enum tarn_status status;
} damages[] = {
    {"metadata/v3.metadata.json", "", TARN_CORRUPT},
    {"metadata/v3.metadata.json", "{}", TARN_CORRUPT},
    {"metadata/v3.metadata.json", "cut", TARN_CORRUPT},
    {"metadata/v3.metadata.json", NULL, TARN_NOT_FOUND},
    {"metadata/l20.avro", NULL, TARN_NOT_FOUND},
    {"metadata/l20.avro", "cut", TARN_CORRUPT},
    {"metadata/l20.avro", "Obj\x01", TARN_CORRUPT},
    {"metadata/m1.avro", NULL, TARN_NOT_FOUND},
    {"metadata/m1.avro", "cut", TARN_CORRUPT},
    {"metadata/m2.avro", "", TARN_CORRUPT},
    {"metadata/m2.avro", "garbage that is no manifest at all", TARN_CORRUPT},
};

static void damage(const struct made *made, const char *key, const char *text)
{
    if (text == NULL) {
        ck_assert_ok(tarn_store_remove(made->store, tarn__text_of(key), &err), &err);
        return;
    }
    if (strcmp(text, "cut") != 0) {
        put_text(made, key, text);
        return;
    }
    struct tarn_arena arena;
    tarn__arena_init(&arena, made->env);
    struct tarn_span bytes;
    ck_assert_ok(tarn__iceberg_read_object(made->store, tarn__text_of(key), &arena, &bytes, &err), &err);
    put(made, key, (struct tarn_text){(const char *)bytes.data, bytes.size / 2});
    tarn__arena_free(&arena);
}

START_TEST(iceberg_load__damage_is_named) /* T-ICEBERG-LOAD-5 */
{
    struct made made = begin();
    put_table(&made);
    damage(&made, damages[_i].key, damages[_i].text);
    struct tarn_snapshot *snapshot;
    ck_assert_int_eq(load(&made, -1, INT64_MIN, "", &snapshot), damages[_i].status);
    if (damages[_i].text != NULL) {
        ck_assert_msg(strstr(err.object, damages[_i].key) != NULL, "%s", err.object);
    }
    end(&made);
}
END_TEST

START_TEST(iceberg_load__nothing_outside_is_opened) /* T-ICEBERG-LOAD-6 */
{
    struct made made = begin();
    put_table(&made);
    struct tarn__iceberg_manifest_file line = {.path = {NULL, 0}};
    put_manifest(&made, "metadata/m3.avro", 1, second_files, 1, &line);
    static const char *const paths[] = {"file:/other/metadata/m3.avro", ROOT "/../t/metadata/m3.avro", "s3://b/metadata/m3.avro"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        line.path = tarn__text_of(paths[i]);
        put_list(&made, "metadata/l20.avro", &line, 1);
        struct tarn_snapshot *snapshot;
        ck_assert_int_eq(load(&made, -1, INT64_MIN, "", &snapshot), TARN_AUTH);
        ck_assert_str_eq(err.detail, "outside_table");
    }
    end(&made);
}
END_TEST

/* ---- history, verify ---- */

struct told {
    int64_t versions[4];
    size_t count;
    char engine[16];
};

static enum tarn_status note_commit(void *arg, const struct tarn_commit_info *commit, struct tarn_error *error)
{
    struct told *told = arg;
    (void)error;
    told->versions[told->count++] = commit->version;
    ck_assert_uint_eq(commit->files_added, 2);
    ck_assert(commit->has_rows_added && commit->rows_added == 7);
    ck_assert(tarn__text_equal(commit->operation, TARN_TEXT("append")));
    ck_assert(tarn__text_equal(commit->engine, TARN_TEXT("hand")));
    ck_assert_int_eq(commit->read_version, commit->version == 20 ? 10 : -1);
    return TARN_OK;
}

START_TEST(iceberg_load__history_is_the_lineage) /* T-ICEBERG-HISTORY-1 */
{
    struct made made = begin();
    put_table(&made);
    struct told told = {{0}, 0, ""};
    ck_assert_ok(tarn_table_history(made.env, uri, 0, note_commit, &told, &err), &err);
    ck_assert_uint_eq(told.count, 2);
    ck_assert(told.versions[0] == 20 && told.versions[1] == 10);
    told.count = 0;
    ck_assert_ok(tarn_table_history(made.env, uri, 1, note_commit, &told, &err), &err);
    ck_assert_uint_eq(told.count, 1);
    end(&made);
}
END_TEST

static void note_finding(void *arg, const struct tarn_finding *finding)
{
    uint32_t *found = arg;
    found[finding->kind]++;
}

START_TEST(iceberg_load__verify_counts_what_lists_say) /* T-ICEBERG-VERIFY-1 */
{
    struct made made = begin();
    put_table(&made);
    struct tarn_snapshot *snapshot = load_ok(&made, -1, INT64_MIN, "");
    uint32_t found[3] = {0};
    ck_assert_ok(snapshot->format->verify(snapshot, note_finding, found, &err), &err);
    ck_assert_uint_eq(found[TARN_FINDING_ERROR], 0);
    ck_assert_uint_eq(found[TARN_FINDING_OK], 1);
    struct tarn__iceberg_manifest_file line = {.path = {NULL, 0}};
    put_manifest(&made, "metadata/m2.avro", 1, first_files, 2, &line); /* two files where the list says one */
    ck_assert_ok(snapshot->format->verify(snapshot, note_finding, found, &err), &err);
    ck_assert_uint_eq(found[TARN_FINDING_ERROR], 1);
    damage(&made, "metadata/l10.avro", NULL);
    ck_assert_ok(snapshot->format->verify(snapshot, note_finding, found, &err), &err);
    ck_assert_uint_eq(found[TARN_FINDING_ERROR], 3);
    tarn_snapshot_close(snapshot);
    end(&made);
}
END_TEST

/* ---- metrics ---- */

START_TEST(iceberg_load__metrics_prune) /* T-ICEBERG-METRICS-1 */
{
    struct made made = begin();
    put_table(&made);
    struct tarn_snapshot *snapshot = load_ok(&made, -1, INT64_MIN, "");
    struct tarn__pool_reader reader;
    tarn__pool_reader_init(&reader, &snapshot->files.statistics);
    struct tarn_arena arena;
    tarn__arena_init(&arena, made.env);
    const uint32_t first = 0;
    const uint32_t second = 1;
    struct tarn__bounds_wanted wanted[2] = {{.depth = 1, .index = &first, .type = &i64}, {.depth = 1, .index = &second, .type = &i32}};
    struct tarn_text packed;
    ck_assert_ok(tarn__pool_reader_get(&reader, tarn__file_set_at(&snapshot->files, 2)->statistics, &packed, &err), &err);
    ck_assert_ok(tarn__iceberg_statistics_bounds(snapshot, packed, &arena, 2, wanted, &err), &err);
    ck_assert(wanted[0].known && wanted[0].bounds.rows == 100);
    ck_assert(wanted[0].bounds.has_min && wanted[0].bounds.min.u.i64 == 100 && wanted[0].bounds.min_exact);
    ck_assert(wanted[0].bounds.has_max && wanted[0].bounds.max.u.i64 == 200);
    ck_assert(wanted[0].bounds.has_null_count && wanted[0].bounds.null_count == 0);
    ck_assert(!wanted[1].known);
    for (size_t cut = 0; cut < packed.size; cut++) { /* never trusted to be whole */
        const struct tarn_text half = {packed.data, cut};
        ck_assert_ok(tarn__iceberg_statistics_bounds(snapshot, half, &arena, 2, wanted, &err), &err);
        ck_assert(!wanted[0].known);
    }
    struct tarn_text_builder text;
    tarn__builder_init(&text, made.env);
    ck_assert_ok(tarn__iceberg_statistics_text(snapshot, packed, &text, &err), &err);
    ck_assert(
        tarn__text_equal(tarn__builder_text(&text),
                         TARN_TEXT("{\"numRecords\":100,\"minValues\":{\"id\":100},\"maxValues\":{\"id\":200},\"nullCount\":{\"id\":0}}")));
    tarn__builder_free(&text);
    tarn__arena_free(&arena);
    tarn__pool_reader_free(&reader);
    tarn_snapshot_close(snapshot);
    end(&made);
}
END_TEST

struct planned {
    uint32_t count;
    char last[64];
};

static enum tarn_status note_planned(void *arg, const struct tarn_file_info *file, struct tarn_error *e)
{
    (void)e;
    struct planned *planned = arg;
    planned->count++;
    snprintf(planned->last, sizeof(planned->last), "%.*s", TARN_TEXT_ARG(file->path));
    return file->statistics.size == 0 ? TARN_OK : TARN_INTERNAL;
}

START_TEST(iceberg_load__plans_the_files_that_can_match) /* T-ICEBERG-METRICS-1 */
{
    struct made made = begin();
    put_table(&made);
    struct tarn_snapshot *snapshot = load_ok(&made, -1, INT64_MIN, "");
    struct planned all = {0};
    ck_assert_ok(tarn_snapshot_plan_files(snapshot, NULL, note_planned, &all, &err), &err);
    ck_assert_uint_eq(all.count, snapshot->files.count);
    struct planned found[2] = {{0}, {0}};
    const int64_t ids[2] = {150, 5000}; /* the last file has 100 to 200 */
    for (int i = 0; i < 2; i++) {
        struct tarn_expr *predicate = tarn_test_id_equals(made.env, ids[i]);
        ck_assert_ok(tarn_snapshot_plan_files(snapshot, predicate, note_planned, &found[i], &err), &err);
        tarn_expr_release(predicate);
    }
    ck_assert_str_eq(found[0].last, all.last);
    ck_assert_uint_eq(found[0].count, found[1].count + 1);
    ck_assert_str_ne(found[1].last, all.last);
    tarn_snapshot_close(snapshot);
    end(&made);
}
END_TEST

static enum tarn_status note_statistics(void *arg, const struct tarn_file_info *file, struct tarn_error *error)
{
    (void)error;
    *(bool *)arg = *(bool *)arg || tarn__text_starts(file->statistics, TARN_TEXT("{\"numRecords\":100,\"minValues\":{\"id\":100}"));
    const bool other = tarn__text_equal(file->path, TARN_TEXT("data/c.parquet")); /* of another spec than the table's */
    ck_assert_uint_eq(file->partition_count, !other);
    return TARN_OK;
}

START_TEST(iceberg_load__metrics_are_text_for_people)
{
    struct made made = begin();
    put_table(&made);
    struct tarn_snapshot *snapshot = load_ok(&made, -1, INT64_MIN, "");
    bool found = false;
    ck_assert_ok(tarn_snapshot_files(snapshot, note_statistics, &found, &err), &err);
    ck_assert(found);
    tarn_snapshot_close(snapshot);
    end(&made);
}
END_TEST

/* ---- rows ---- */

static const struct {
    int32_t ids[3]; /* of the file's columns: BIGINT, VARCHAR, INTEGER */
    bool in_part;   /* under spec 0, in partition 1 */
    bool mapped;
    enum tarn_status status;
    const char *detail;
    int64_t kinds; /* sum of the column `kind` over four rows; -1: all null */
} scans[] = {
    {{1, 9, 2}, false, false, TARN_OK, "", 0 + 1 + 2},
    {{1, 9, 7}, false, false, TARN_OK, "", -1},                    /* not in the file: null */
    {{1, 9, 7}, true, false, TARN_OK, "", 4},                      /* not in the file: the partition's value */
    {{1, 9, 2}, true, false, TARN_OK, "", 0 + 1 + 2},              /* in the file: what is there */
    {{7, 9, 2}, false, false, TARN_CORRUPT, "required_column", 0}, /* never null, and not there */
    {{-1, -1, -1}, false, false, TARN_UNSUPPORTED, "scan.file_without_ids", 0},
    {{-1, -1, -1}, false, true, TARN_OK, "", 0 + 1 + 2}, /* by the table's name mapping */
};

/* Ids 0 .. 3, whose `part` is null, 1, 2, 0, under other names than the table's. */
static uint64_t put_rows(const struct made *made, const char *key, const int32_t ids[3])
{
    static const char *const names[] = {"was_id", "note", "was_part"};
    const struct tarn_schema *rows = tarn_test_rows_schema(made->env);
    struct tarn_field fields[3];
    for (int i = 0; i < 3; i++) {
        fields[i] = rows->fields[i];
        fields[i].name = tarn__text_of(names[i]);
        fields[i].id = ids[i];
    }
    struct tarn_schema *schema;
    ck_assert_ok(tarn_schema_make(made->env, 3, fields, 0, NULL, &schema, &err), &err);
    struct tarn_sink *sink;
    ck_assert_ok(tarn_parquet_create(made->store, tarn__text_of(key), schema, NULL, &sink, &err), &err);
    ck_assert_ok(tarn_test_rows_write(sink, 0, 4, &err), &err);
    tarn_schema_release(schema);
    struct tarn_object_info info;
    ck_assert_ok(tarn_store_head(made->store, tarn__text_of(key), &info, &err), &err);
    return info.size;
}

static enum tarn_status sum_rows(struct tarn_snapshot *snapshot, int64_t *ids, int64_t *kinds)
{
    struct tarn_source *source;
    TARN_RETURN_IF_ERROR(tarn_snapshot_source(snapshot, &source, &err));
    const struct tarn_path_step steps[2] = {{.kind = TARN_PATH_FIELD, .name = {"id", 2}, .id = -1},
                                            {.kind = TARN_PATH_FIELD, .name = {"kind", 4}, .id = -1}};
    const struct tarn_path paths[2] = {{1, &steps[0]}, {1, &steps[1]}};
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    request.path_count = 2;
    request.paths = paths;
    struct tarn_scan *scan = NULL;
    struct tarn_cursor *cursor = NULL;
    enum tarn_status status = tarn_source_scan(source, &request, &scan, &err);
    if (status == TARN_OK) {
        status = tarn_scan_open(scan, 0, &cursor, &err);
    }
    uint32_t rows = 0;
    if (status == TARN_OK) {
        status = tarn_cursor_next(cursor, 100, &rows, &err);
    }
    if (status == TARN_OK) {
        ck_assert_uint_eq(rows, 4);
        struct tarn_vector *columns[2];
        ck_assert_ok(tarn_cursor_column(cursor, 0, NULL, &columns[0], &err), &err);
        ck_assert_ok(tarn_cursor_column(cursor, 1, NULL, &columns[1], &err), &err);
        *ids = *kinds = 0;
        for (uint32_t i = 0; i < rows; i++) {
            *ids += tarn__vector_value(columns[0], i).u.i64;
            *kinds += tarn_vector_is_null(columns[1], i) ? 0 : tarn__vector_value(columns[1], i).u.i64;
        }
        *kinds = tarn_vector_null_count(columns[1]) == rows ? -1 : *kinds;
    }
    tarn_cursor_close(cursor);
    tarn_scan_close(scan);
    tarn_source_close(source);
    return status;
}

START_TEST(iceberg_load__columns_are_found_by_id) /* T-ICEBERG-SCAN-1 */
{
    struct made made = begin();
    more_properties = scans[_i].mapped ? ",\"schema.name-mapping.default\":\"[{\\\"field-id\\\":1,\\\"names\\\":[\\\"id\\\","
                                         "\\\"was_id\\\"]},{\\\"field-id\\\":2,\\\"names\\\":[\\\"was_part\\\"]}]\""
                                       : "";
    put_table(&made);
    const struct wanted_file file = {ROOT "/data/rows.parquet",
                                     TARN_ICEBERG_ADDED,
                                     TARN_ICEBERG_DATA,
                                     "PARQUET",
                                     4,
                                     (int64_t)put_rows(&made, "data/rows.parquet", scans[_i].ids),
                                     1};
    struct tarn__iceberg_manifest_file line = {.path = {NULL, 0}};
    put_manifest(&made, "metadata/m3.avro", scans[_i].in_part ? 0 : 1, &file, 1, &line);
    line.path = TARN_TEXT(ROOT "/metadata/m3.avro");
    put_list(&made, "metadata/l20.avro", &line, 1);
    struct tarn_snapshot *snapshot = load_ok(&made, -1, INT64_MIN, "");
    int64_t ids;
    int64_t kinds;
    const enum tarn_status status = sum_rows(snapshot, &ids, &kinds);
    ck_assert_int_eq(status, scans[_i].status);
    if (status == TARN_OK) {
        ck_assert_int_eq(ids, 0 + 1 + 2 + 3);
        ck_assert_int_eq(kinds, scans[_i].kinds);
    } else {
        ck_assert_str_eq(err.detail, scans[_i].detail);
    }
    tarn_snapshot_close(snapshot);
    more_properties = "";
    end(&made);
}
END_TEST

/* ---- threads ---- */

enum { MANIFESTS = 60 };

/* Paths of all files in order, after loading with so many threads. */
static void load_with_threads(const char *folder, uint32_t threads, struct tarn_text_builder *paths)
{
    struct tarn_pool *pool;
    ck_assert_ok(tarn_pool_open(threads, &pool, &err), &err);
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    const struct tarn_executor executor = tarn_pool_executor(pool);
    options.executor = &executor;
    struct tarn_env *env;
    ck_assert_ok(tarn_env_open(&options, &env, &err), &err);
    struct tarn_snapshot *snapshot;
    ck_assert_ok(tarn_snapshot_load(env, tarn__text_of(folder), NULL, &snapshot, &err), &err);
    for (uint32_t i = 0; i < snapshot->files.count; i++) {
        const struct tarn__tracked_file *file = tarn__file_set_at(&snapshot->files, i);
        const struct tarn__partition *partition = tarn__snapshot_partition(snapshot, file);
        tarn__builder_add(paths, file->path);
        tarn__builder_add_int64(paths, partition->values[0].is_null ? -1 : partition->values[0].u.i64);
        tarn__builder_add_int64(paths, file->rows);
    }
    ck_assert_uint_eq(snapshot->files.partition_count, 5);
    tarn_snapshot_close(snapshot);
    tarn_env_close(env);
    tarn_pool_close(pool);
}

START_TEST(iceberg_load__order_does_not_depend_on_threads) /* T-ICEBERG-LOAD-1 */
{
    const char *folder = tarn_test_folder();
    struct made made = {.env = tarn_test_env()};
    ck_assert_ok(tarn_store_open(made.env, tarn__text_of(folder), true, &made.store, &err), &err);
    static struct tarn__iceberg_manifest_file lines[MANIFESTS];
    static char keys[MANIFESTS][64];
    for (int m = 0; m < MANIFESTS; m++) {
        char path[64];
        char key[32];
        snprintf(path, sizeof(path), ROOT "/data/%d.parquet", m);
        snprintf(key, sizeof(key), "metadata/m%d.avro", m);
        const struct wanted_file file = {path, TARN_ICEBERG_ADDED, TARN_ICEBERG_DATA, "PARQUET", m + 1, 10, m % 5 - 1};
        put_manifest(&made, key, 0, &file, 1, &lines[m]);
        snprintf(keys[m], sizeof(keys[m]), ROOT "/%s", key);
        lines[m].path = tarn__text_of(keys[m]);
    }
    put_list(&made, "metadata/l10.avro", lines, MANIFESTS);
    put_metadata(&made, "metadata/v1.metadata.json", 10, SNAPSHOT(10, "", 1700000001000, 0, "l10.avro"), "");
    struct tarn_text_builder one;
    struct tarn_text_builder many;
    tarn__builder_init(&one, made.env);
    tarn__builder_init(&many, made.env);
    load_with_threads(folder, 1, &one);
    load_with_threads(folder, 4, &many);
    ck_assert(one.size != 0 && tarn__text_equal(tarn__builder_text(&one), tarn__builder_text(&many)));
    tarn__builder_free(&one);
    tarn__builder_free(&many);
    tarn_store_close(made.store);
    tarn_test_env_close(made.env);
}
END_TEST

/* ---- faults ---- */

static enum tarn_status load_faulty(void *ctx, struct tarn_fault *fault, struct tarn_env *env, struct tarn_error *error)
{
    (void)ctx;
    struct made made = {fault, env, NULL};
    tarn_fault_suspend(fault);
    ck_assert_ok(tarn_store_open(env, uri, true, &made.store, &err), &err);
    put_table(&made);
    put_text(&made, "metadata/version-hint.text", "2");
    tarn_fault_resume(fault);
    struct tarn_snapshot *snapshot;
    enum tarn_status status = tarn_snapshot_load(env, uri, NULL, &snapshot, error);
    if (status == TARN_OK) {
        ck_assert_uint_eq(tarn_snapshot_info(snapshot).file_count, 3);
        uint32_t found[3] = {0};
        status = snapshot->format->verify(snapshot, note_finding, found, error);
        tarn_snapshot_close(snapshot);
    }
    if (status == TARN_OK) {
        struct told told = {{0}, 0, ""};
        status = tarn_table_history(env, uri, 0, note_commit, &told, error);
    }
    tarn_store_close(made.store);
    return status;
}

START_TEST(iceberg_load__survives_every_fault)
{
    tarn_fault_sweep(load_faulty, NULL, TARN_FAULT_ALL_ALLOC | TARN_FAULT_IO_ONCE | TARN_FAULT_IO_FOREVER | TARN_FAULT_SHORT);
}
END_TEST

TARN_SUITE("txlog/iceberg_load", TARN_TEST(iceberg_load__files_partitions_and_facts),
           TARN_TEST(iceberg_load__an_unknown_transform_says_nothing), TARN_LOOP_TEST(iceberg_load__snapshots_are_chosen, choices),
           TARN_TEST(iceberg_load__a_table_without_snapshots_is_empty),
           TARN_TEST(iceberg_load__snapshots_of_version_1_name_their_manifests),
           TARN_LOOP_TEST(iceberg_load__what_is_not_read_is_refused_when_it_is_live, refusals),
           TARN_LOOP_TEST(iceberg_load__damage_is_named, damages), TARN_TEST(iceberg_load__nothing_outside_is_opened),
           TARN_TEST(iceberg_load__history_is_the_lineage), TARN_TEST(iceberg_load__verify_counts_what_lists_say),
           TARN_TEST(iceberg_load__metrics_prune), TARN_TEST(iceberg_load__plans_the_files_that_can_match),
           TARN_TEST(iceberg_load__metrics_are_text_for_people), TARN_LOOP_TEST(iceberg_load__columns_are_found_by_id, scans),
           TARN_TEST(iceberg_load__order_does_not_depend_on_threads), TARN_TEST(iceberg_load__survives_every_fault))
