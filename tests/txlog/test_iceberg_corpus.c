/* SPDX-License-Identifier: Apache-2.0
 * Table metadata that other engines wrote: every file of the corpus is read or refused for its reason, and what Java wrote as version 2 is
 * printed again byte for byte.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/base/bytes.h"
#include "tests/support/suite.h"
#include "txlog/iceberg/iceberg_metadata.h"

static struct tarn_error err;

static struct tarn_span read_file(struct tarn_arena *arena, const char *path)
{
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s", path);
    ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
    const long size = ftell(file);
    rewind(file);
    uint8_t *bytes = tarn__arena_alloc(arena, (size_t)size);
    ck_assert_uint_eq(fread(bytes, 1, (size_t)size, file), (size_t)size);
    fclose(file);
    return (struct tarn_span){bytes, (size_t)size};
}

/* ---- Java's own test files ---- */

static const struct {
    const char *name;
    enum tarn_status status;
    const char *detail;
} java[] = {
    {"TableMetadataV1Valid", TARN_OK, ""},
    {"TableMetadataV2Valid", TARN_OK, ""},
    {"TableMetadataV2ValidMinimal", TARN_OK, ""},
    {"TableMetadataStatisticsFiles", TARN_OK, ""},
    {"TableMetadataPartitionStatisticsFiles", TARN_OK, ""},
    {"TableMetadataV3ValidMinimal", TARN_UNSUPPORTED, "iceberg.format_version.3"},
    {"TableMetadataUnsupportedVersion", TARN_UNSUPPORTED, "iceberg.format_version"},
    {"TableMetadataV1MissingSchemaType", TARN_CORRUPT, "schema"},
    {"TableMetadataV2CurrentSchemaNotFound", TARN_CORRUPT, "metadata.current_schema"},
    {"TableMetadataV2MissingLastPartitionId", TARN_CORRUPT, "metadata.last_partition_id"},
    {"TableMetadataV2MissingPartitionSpecs", TARN_CORRUPT, "metadata.partition_specs"},
    {"TableMetadataV2MissingSchemas", TARN_CORRUPT, "metadata.schemas"},
    {"TableMetadataV2MissingSortOrder", TARN_CORRUPT, "metadata.sort_orders"},
};

static enum tarn_status read_metadata(struct tarn_env *env, struct tarn_arena *arena, struct tarn_span bytes,
                                      struct tarn__iceberg_metadata *metadata)
{
    struct tarn__iceberg_schema schema;
    TARN_RETURN_IF_ERROR(tarn__iceberg_metadata_parse(bytes, arena, metadata, &err));
    TARN_RETURN_IF_ERROR(tarn__iceberg_metadata_schema(metadata, env, metadata->current_schema_id, arena, &schema, &err));
    const struct tarn__partition_spec *specs;
    const struct tarn__sort_order *orders;
    ck_assert_ok(tarn__iceberg_metadata_bind(metadata, schema.schema, arena, &specs, &orders, &err), &err);
    for (uint32_t i = 0; i < metadata->spec_count; i++) {
        ck_assert_uint_eq(specs[i].field_count, metadata->specs[i].field_count);
        for (uint32_t f = 0; f < specs[i].field_count; f++) { /* nothing in the corpus is unknown */
            ck_assert(specs[i].fields[f].type != NULL || specs[i].fields[f].transform == TARN_TRANSFORM_VOID);
        }
    }
    for (uint32_t i = 0; i < metadata->snapshot_count; i++) {
        struct tarn__iceberg_snapshot snapshot;
        ck_assert_ok(tarn__iceberg_snapshot_parse(metadata->snapshots[i].json, arena, &snapshot, &err), &err);
        ck_assert_int_eq(snapshot.id, metadata->snapshots[i].id);
        ck_assert_int_eq(snapshot.parent_id, metadata->snapshots[i].parent_id);
        ck_assert_int_eq(snapshot.sequence, metadata->snapshots[i].sequence);
        ck_assert(snapshot.manifest_list.size != 0);
    }
    tarn_schema_release(schema.schema);
    return TARN_OK;
}

START_TEST(iceberg_corpus__java_test_files) /* T-ICEBERG-META-2 */
{
    if (tarn_test_corpus() == NULL) {
        printf("not run: TARN_CORPUS is not set\n");
        return;
    }
    struct tarn_env *env = tarn_test_env();
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    char path[512];
    snprintf(path, sizeof(path), "%s/iceberg/iceberg-java/%s.json", tarn_test_corpus(), java[_i].name);
    struct tarn__iceberg_metadata metadata;
    ck_assert_msg(read_metadata(env, &arena, read_file(&arena, path), &metadata) == java[_i].status, "%s: %s", java[_i].name, err.message);
    if (java[_i].status != TARN_OK) {
        ck_assert_str_eq(err.detail, java[_i].detail);
    }
    tarn__arena_free(&arena);
    tarn_test_env_close(env);
}
END_TEST

/* ---- what engines wrote ---- */

struct totals {
    unsigned read;
    unsigned same_bytes;
    unsigned refused;
};

static void check_file(struct tarn_env *env, const char *path, struct totals *totals)
{
    struct tarn_arena arena;
    tarn__arena_init(&arena, env);
    struct tarn__iceberg_metadata metadata;
    const struct tarn_span bytes = read_file(&arena, path);
    const enum tarn_status status = read_metadata(env, &arena, bytes, &metadata);
    if (status == TARN_UNSUPPORTED) {
        totals->refused++;
    } else {
        ck_assert_msg(status == TARN_OK, "%s: %s", path, err.message);
        totals->read++;
        struct tarn_text_builder first;
        struct tarn_text_builder second;
        tarn__builder_init(&first, env);
        tarn__builder_init(&second, env);
        tarn__iceberg_metadata_print(&metadata, &first);
        struct tarn__iceberg_metadata again;
        ck_assert_ok(tarn__iceberg_metadata_parse(tarn__span_of_text(tarn__builder_text(&first)), &arena, &again, &err), &err);
        tarn__iceberg_metadata_print(&again, &second);
        ck_assert_msg(tarn__text_equal(tarn__builder_text(&first), tarn__builder_text(&second)), "%s: printed twice", path);
        const struct tarn_text text = {(const char *)bytes.data, bytes.size};
        if (tarn__text_starts(text, TARN_TEXT("{\"format-version\":2,\"table-uuid\"")) && strstr(path, "duckdb") == NULL) { /* Java's */
            ck_assert_msg(tarn__text_equal(tarn__builder_text(&first), text), "%s: printed\n%.*s", path, (int)first.size, first.data);
            totals->same_bytes++;
        }
        tarn__builder_free(&first);
        tarn__builder_free(&second);
    }
    tarn__arena_free(&arena);
}

START_TEST(iceberg_corpus__metadata_of_engines) /* T-ICEBERG-META-6 */
{
    if (tarn_test_corpus() == NULL) {
        printf("not run: TARN_CORPUS is not set\n");
        return;
    }
    char folder[512];
    snprintf(folder, sizeof(folder), "%s/iceberg/engines", tarn_test_corpus());
    struct totals totals = {0};
    struct tarn_env *env = tarn_test_env();
    DIR *cases = opendir(folder);
    ck_assert_ptr_nonnull(cases);
    for (const struct dirent *entry = readdir(cases); entry != NULL; entry = readdir(cases)) {
        char inner[1024];
        snprintf(inner, sizeof(inner), "%s/%s/table/metadata", folder, entry->d_name);
        DIR *files = entry->d_name[0] != '.' ? opendir(inner) : NULL;
        for (const struct dirent *file = files != NULL ? readdir(files) : NULL; file != NULL; file = readdir(files)) {
            if (strstr(file->d_name, "metadata.json") != NULL && strstr(entry->d_name, "view") == NULL) {
                char path[2048];
                snprintf(path, sizeof(path), "%s/%s", inner, file->d_name);
                check_file(env, path, &totals);
            }
        }
        if (files != NULL) {
            closedir(files);
        }
    }
    closedir(cases);
    tarn_test_env_close(env);
    ck_assert_uint_gt(totals.read, 150);
    ck_assert_uint_gt(totals.same_bytes, 100);
    ck_assert_uint_gt(totals.refused, 10);
}
END_TEST

TARN_SUITE("txlog/iceberg_corpus", TARN_LOOP_TEST(iceberg_corpus__java_test_files, java), TARN_TEST(iceberg_corpus__metadata_of_engines))
