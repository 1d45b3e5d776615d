/* SPDX-License-Identifier: Apache-2.0
 *
 * Iceberg manifests and a manifest list of every shape, for foreign readers: data.avro, deletes.avro, list.avro in the folder.
 *
 *   write_manifests FOLDER
 *   write_manifests FOLDER N      one manifest of N entries alone: many.avro
 */
#include <stdio.h>
#include <stdlib.h>

#include "txlog/iceberg/iceberg_manifest.h"

static struct tarn_error err = TARN_ERROR_INIT;
static struct tarn_env *env;

static void need(enum tarn_status status)
{
    if (status != TARN_OK) {
        char text[1024];
        tarn_error_format(&err, text, sizeof(text));
        fprintf(stderr, "write_manifests: %s\n", text);
        exit(EXIT_FAILURE);
    }
}

static const struct tarn_type types[] = {
    {.id = TARN_TYPE_BOOL},
    {.id = TARN_TYPE_I32},
    {.id = TARN_TYPE_I64},
    {.id = TARN_TYPE_F32},
    {.id = TARN_TYPE_F64},
    {.id = TARN_TYPE_DECIMAL, .precision = 9, .scale = 2},
    {.id = TARN_TYPE_DECIMAL, .precision = 38, .scale = 10},
    {.id = TARN_TYPE_DATE},
    {.id = TARN_TYPE_TIME, .unit = TARN_MICRO},
    {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO},
    {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO, .utc = true},
    {.id = TARN_TYPE_STRING},
    {.id = TARN_TYPE_UUID},
    {.id = TARN_TYPE_BINARY},
    {.id = TARN_TYPE_FIXED, .width = 5},
    {.id = TARN_TYPE_DECIMAL, .precision = 9, .scale = 2}, /* named a second time */
    {.id = TARN_TYPE_UUID},
};
enum { FIELDS = sizeof(types) / sizeof(types[0]), FIRST_ID = 1000 };
static const char *const names[FIELDS] = {"b",  "i",  "l", "f",  "d",   "dc", "wide dc", "dt", "t.t",
                                          "ts", "tz", "s", "1u", "bin", "fx", "dc2",     "u2"};

static void make_values(struct tarn_value values[FIELDS])
{
    for (uint32_t i = 0; i < FIELDS; i++) {
        values[i] = (struct tarn_value){.type = &types[i]};
    }
    values[0].u.boolean = true;
    values[1].u.i64 = -7;
    values[2].u.i64 = INT64_MIN;
    values[3].u.f64 = 1.5;
    values[4].u.f64 = -0.25; /* exact in 32 bits: PyIceberg narrows what it reads */
    values[5].u.i64 = -12345;
    values[6].u.words[0] = 1234567890123456789u;
    values[6].u.words[1] = 99;
    values[7].u.i64 = 19000;
    values[8].u.i64 = 86399999999;
    values[9].u.i64 = -1;
    values[10].u.i64 = 1700000000000000;
    values[11].u.bytes = TARN_TEXT("a\xc3\xa4/b");
    values[12].u.bytes = TARN_TEXT("0123456789abcdef");
    values[13].u.bytes = TARN_TEXT("\xff\x01\xfe");
    values[14].u.bytes = TARN_TEXT("fixed");
    values[15].u.i64 = 999999999;
    values[16].u.bytes = TARN_TEXT("fedcba9876543210");
}

static void save(const char *folder, const char *name, const struct tarn_text_builder *bytes)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes->data, 1, bytes->size, file) != bytes->size || fclose(file) != 0) {
        perror(path);
        exit(EXIT_FAILURE);
    }
}

static const struct tarn__iceberg_count counts[] = {{1, 3}, {2, 4611686018427387904}, {2147483546, 0}};
static const struct tarn__iceberg_bound bounds[] = {{1, {(const uint8_t *)"\1\0\0\0", 4}}, {2, {(const uint8_t *)"", 0}}};
static const int64_t offsets[] = {4, 134217728};
static const int32_t equality_ids[] = {1, 2};

static struct tarn__iceberg_entry sample_entry(void)
{
    return (struct tarn__iceberg_entry){.status = TARN_ICEBERG_ADDED,
                                        .has_snapshot_id = true,
                                        .snapshot_id = -653171173268680982,
                                        .file = {.path = TARN_TEXT("file:///t/data/\xc3\xa4.parquet"),
                                                 .format = TARN_TEXT("PARQUET"),
                                                 .record_count = 3,
                                                 .size = 1234567890123,
                                                 .column_sizes = {true, 3, counts},
                                                 .value_counts = {true, 2, counts},
                                                 .null_counts = {true, 1, counts},
                                                 .nan_counts = {true, 0, NULL},
                                                 .lower_bounds = {true, 2, bounds},
                                                 .upper_bounds = {true, 1, bounds},
                                                 .has_split_offsets = true,
                                                 .split_offset_count = 2,
                                                 .split_offsets = offsets,
                                                 .sort_order_id = 0,
                                                 .first_row_id = -1,
                                                 .content_offset = -1,
                                                 .content_size = -1}};
}

static void write_data(const char *folder, uint64_t count, struct tarn__iceberg_manifest_file *line)
{
    struct tarn__iceberg_manifest_field fields[FIELDS];
    struct tarn__iceberg_partition_value stored[FIELDS];
    struct tarn_value values[FIELDS];
    uint8_t rooms[FIELDS][16];
    make_values(values);
    for (uint32_t i = 0; i < FIELDS; i++) {
        const int32_t id = FIRST_ID + (int32_t)i;
        fields[i] = (struct tarn__iceberg_manifest_field){id, tarn__text_of(names[i]), &types[i]};
        tarn__iceberg_partition_store(id, &values[i], rooms[i], &stored[FIELDS - 1 - i]);
    }
    const struct tarn__iceberg_manifest_options options = {
        .schema =
            TARN_TEXT("{\"type\":\"struct\",\"schema-id\":3,\"fields\":[{\"id\":1,\"name\":\"a\",\"required\":false,\"type\":\"int\"}]}"),
        .schema_id = 3,
        .partition_spec = TARN_TEXT("[]"),
        .spec_id = 1,
        .field_count = count == 0 ? FIELDS : 0,
        .fields = fields};
    struct tarn__iceberg_manifest_writer *writer;
    struct tarn_text_builder bytes;
    tarn__builder_init(&bytes, env);
    need(tarn__iceberg_manifest_create(env, &options, &bytes, &writer, &err));
    struct tarn__iceberg_entry entry = sample_entry();
    for (uint64_t i = 0; i < count; i++) {
        entry.file.record_count = (int64_t)i;
        need(tarn__iceberg_manifest_add(writer, &entry, &err));
    }
    if (count == 0) {
        entry.file.partition = stored;
        entry.file.partition_count = FIELDS;
        need(tarn__iceberg_manifest_add(writer, &entry, &err));
        entry.file.partition_count = 0; /* all null */
        entry.file.column_sizes = entry.file.value_counts = entry.file.null_counts = entry.file.nan_counts =
            (struct tarn__iceberg_counts){false, 0, NULL};
        entry.file.lower_bounds = entry.file.upper_bounds = (struct tarn__iceberg_bounds){false, 0, NULL};
        entry.file.has_split_offsets = false;
        entry.file.sort_order_id = -1;
        entry.status = TARN_ICEBERG_EXISTING;
        entry.has_sequence_number = entry.has_file_sequence_number = true;
        entry.sequence_number = 5;
        entry.file_sequence_number = 6;
        need(tarn__iceberg_manifest_add(writer, &entry, &err));
        entry.status = TARN_ICEBERG_DELETED;
        entry.sequence_number = 2;
        need(tarn__iceberg_manifest_add(writer, &entry, &err));
    }
    need(tarn__iceberg_manifest_finish(writer, line, &err));
    tarn__iceberg_manifest_writer_close(writer);
    save(folder, count == 0 ? "data.avro" : "many.avro", &bytes);
    tarn__builder_free(&bytes);
}

static void write_deletes(const char *folder, struct tarn__iceberg_manifest_file *line)
{
    const struct tarn__iceberg_manifest_options options = {.content = TARN_ICEBERG_DELETE_MANIFEST,
                                                           .schema = TARN_TEXT("{\"type\":\"struct\",\"schema-id\":0,\"fields\":[]}"),
                                                           .partition_spec = TARN_TEXT("[]"),
                                                           .level = 9};
    struct tarn__iceberg_manifest_writer *writer;
    struct tarn_text_builder bytes;
    tarn__builder_init(&bytes, env);
    need(tarn__iceberg_manifest_create(env, &options, &bytes, &writer, &err));
    struct tarn__iceberg_entry entry = sample_entry();
    entry.file.content = TARN_ICEBERG_EQUALITY_DELETES;
    entry.file.has_equality_ids = true;
    entry.file.equality_ids = equality_ids;
    entry.file.equality_id_count = 2;
    need(tarn__iceberg_manifest_add(writer, &entry, &err));
    entry.file.content = TARN_ICEBERG_POSITION_DELETES;
    entry.file.has_equality_ids = false;
    entry.file.referenced_data_file = TARN_TEXT("file:///t/data/a.parquet");
    entry.file.has_key_metadata = true;
    entry.file.key_metadata = (struct tarn_span){(const uint8_t *)"key", 3};
    need(tarn__iceberg_manifest_add(writer, &entry, &err));
    need(tarn__iceberg_manifest_finish(writer, line, &err));
    tarn__iceberg_manifest_writer_close(writer);
    save(folder, "deletes.avro", &bytes);
    tarn__builder_free(&bytes);
}

static void write_list(const char *folder, struct tarn__iceberg_manifest_file lines[2])
{
    const struct tarn__iceberg_manifest_list_options options = {
        .snapshot_id = 77, .has_parent = true, .parent_snapshot_id = -5, .sequence_number = 9};
    static const struct tarn__iceberg_field_summary summary = {
        true, 0, true, true, {(const uint8_t *)"\1", 1}, {(const uint8_t *)"\xff\xff", 2}};
    struct tarn__iceberg_field_summary summaries[FIELDS];
    char paths[2][4096];
    struct tarn_text_builder bytes;
    for (uint32_t i = 0; i < FIELDS; i++) {
        summaries[i] = i % 2 == 0 ? summary : (struct tarn__iceberg_field_summary){.contains_nan = -1};
    }
    for (int i = 0; i < 2; i++) {
        snprintf(paths[i], sizeof(paths[i]), "%s/%s", folder, i == 0 ? "data.avro" : "deletes.avro");
        lines[i].path = tarn__text_of(paths[i]);
        lines[i].added_snapshot_id = 77;
    }
    lines[0].has_partitions = true;
    lines[0].partitions = summaries;
    lines[0].partition_count = FIELDS;
    tarn__builder_init(&bytes, env);
    need(tarn__iceberg_manifest_list_write(env, &options, lines, 2, &bytes, &err));
    save(folder, "list.avro", &bytes);
    tarn__builder_free(&bytes);
}

int main(int argc, char **argv)
{
    struct tarn__iceberg_manifest_file lines[2] = {{.length = 0}};
    if (argc < 2) {
        fputs("usage: write_manifests FOLDER [N]\n", stderr);
        return EXIT_FAILURE;
    }
    need(tarn_env_open(NULL, &env, &err));
    write_data(argv[1], argc > 2 ? strtoull(argv[2], NULL, 10) : 0, &lines[0]);
    if (argc == 2) {
        write_deletes(argv[1], &lines[1]);
        write_list(argv[1], lines);
    }
    tarn_env_close(env);
    return EXIT_SUCCESS;
}
