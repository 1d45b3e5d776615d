/* SPDX-License-Identifier: Apache-2.0
 *
 * Iceberg manifests and manifest lists as JSON, one line an entry, for a foreign reader to compare with.
 *
 *   dump_manifest FILE...     each file's lines stand behind a line {"file": ..., "kind": "manifest" or "list"}
 *   dump_manifest -t N FILE   reads a manifest N times and says how many entries a second that is
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "format/json/json_print.h"
#include "txlog/iceberg/iceberg_manifest.h"

static struct tarn_error err = TARN_ERROR_INIT;

static void need(enum tarn_status status, const char *path)
{
    if (status != TARN_OK) {
        char text[1024];
        tarn_error_format(&err, text, sizeof(text));
        fprintf(stderr, "%s: %s\n", path, text);
        exit(EXIT_FAILURE);
    }
}

static void put_int(struct tarn_json_printer *json, const char *key, bool is_there, int64_t value)
{
    tarn__json_print_key(json, tarn__text_of(key));
    if (is_there) {
        tarn__json_print_int64(json, value);
    } else {
        tarn__json_print_null(json);
    }
}

static void put_bytes(struct tarn_json_printer *json, const char *key, bool is_there, struct tarn_span bytes)
{
    tarn__json_print_key(json, tarn__text_of(key));
    if (is_there) {
        tarn__json_print_hex(json, bytes);
    } else {
        tarn__json_print_null(json);
    }
}

static void put_counts(struct tarn_json_printer *json, const char *key, const struct tarn__iceberg_counts *counts)
{
    tarn__json_print_key(json, tarn__text_of(key));
    if (!counts->is_there) {
        tarn__json_print_null(json);
        return;
    }
    tarn__json_print_begin_array(json);
    for (uint32_t i = 0; i < counts->size; i++) {
        tarn__json_print_begin_array(json);
        tarn__json_print_int64(json, counts->items[i].field_id);
        tarn__json_print_int64(json, counts->items[i].count);
        tarn__json_print_end_array(json);
    }
    tarn__json_print_end_array(json);
}

static void put_bounds(struct tarn_json_printer *json, const char *key, const struct tarn__iceberg_bounds *bounds)
{
    tarn__json_print_key(json, tarn__text_of(key));
    if (!bounds->is_there) {
        tarn__json_print_null(json);
        return;
    }
    tarn__json_print_begin_array(json);
    for (uint32_t i = 0; i < bounds->size; i++) {
        tarn__json_print_begin_array(json);
        tarn__json_print_int64(json, bounds->items[i].field_id);
        tarn__json_print_hex(json, bounds->items[i].bytes);
        tarn__json_print_end_array(json);
    }
    tarn__json_print_end_array(json);
}

static void put_partition(struct tarn_json_printer *json, const struct tarn__iceberg_data_file *file)
{
    tarn__json_print_key(json, TARN_TEXT("partition"));
    tarn__json_print_begin_array(json);
    for (uint32_t i = 0; i < file->partition_count; i++) {
        const struct tarn__iceberg_partition_value *value = &file->partition[i];
        tarn__json_print_begin_array(json);
        tarn__json_print_int64(json, value->field_id);
        switch (value->stored) {
        case TARN_ICEBERG_INTEGER:
            tarn__json_print_int64(json, value->integer);
            break;
        case TARN_ICEBERG_REAL:
            tarn__json_print_double(json, value->real);
            break;
        case TARN_ICEBERG_BYTES:
            tarn__json_print_hex(json, value->bytes);
            break;
        default:
            tarn__json_print_null(json);
            break;
        }
        tarn__json_print_end_array(json);
    }
    tarn__json_print_end_array(json);
}

static void put_file(struct tarn_json_printer *json, const struct tarn__iceberg_data_file *file)
{
    put_int(json, "content", true, file->content);
    tarn__json_print_key(json, TARN_TEXT("file_path"));
    tarn__json_print_string(json, file->path);
    tarn__json_print_key(json, TARN_TEXT("file_format"));
    tarn__json_print_string(json, file->format);
    put_partition(json, file);
    put_int(json, "record_count", true, file->record_count);
    put_int(json, "file_size_in_bytes", true, file->size);
    put_counts(json, "column_sizes", &file->column_sizes);
    put_counts(json, "value_counts", &file->value_counts);
    put_counts(json, "null_value_counts", &file->null_counts);
    put_counts(json, "nan_value_counts", &file->nan_counts);
    put_bounds(json, "lower_bounds", &file->lower_bounds);
    put_bounds(json, "upper_bounds", &file->upper_bounds);
    put_bytes(json, "key_metadata", file->has_key_metadata, file->key_metadata);
    tarn__json_print_key(json, TARN_TEXT("split_offsets"));
    if (file->has_split_offsets) {
        tarn__json_print_begin_array(json);
        for (uint32_t i = 0; i < file->split_offset_count; i++) {
            tarn__json_print_int64(json, file->split_offsets[i]);
        }
        tarn__json_print_end_array(json);
    } else {
        tarn__json_print_null(json);
    }
    tarn__json_print_key(json, TARN_TEXT("equality_ids"));
    if (file->has_equality_ids) {
        tarn__json_print_begin_array(json);
        for (uint32_t i = 0; i < file->equality_id_count; i++) {
            tarn__json_print_int64(json, file->equality_ids[i]);
        }
        tarn__json_print_end_array(json);
    } else {
        tarn__json_print_null(json);
    }
    put_int(json, "sort_order_id", file->sort_order_id >= 0, file->sort_order_id);
    put_int(json, "first_row_id", file->first_row_id >= 0, file->first_row_id);
    tarn__json_print_key(json, TARN_TEXT("referenced_data_file"));
    if (file->referenced_data_file.size != 0) {
        tarn__json_print_string(json, file->referenced_data_file);
    } else {
        tarn__json_print_null(json);
    }
    put_int(json, "content_offset", file->content_offset >= 0, file->content_offset);
    put_int(json, "content_size_in_bytes", file->content_size >= 0, file->content_size);
}

static void dump_manifest(struct tarn_env *env, struct tarn_span bytes, const char *path, struct tarn_text_builder *out)
{
    struct tarn__iceberg_manifest *manifest;
    struct tarn__iceberg_entry *entry;
    need(tarn__iceberg_manifest_open(env, bytes, 0, &manifest, &err), path);
    for (;;) {
        struct tarn_json_printer json;
        need(tarn__iceberg_manifest_next(manifest, &entry, &err), path);
        if (entry == NULL) {
            break;
        }
        tarn__json_printer_init(&json, out);
        tarn__json_print_begin_object(&json);
        put_int(&json, "status", true, entry->status);
        put_int(&json, "snapshot_id", entry->has_snapshot_id, entry->snapshot_id);
        put_int(&json, "sequence_number", entry->has_sequence_number, entry->sequence_number);
        put_int(&json, "file_sequence_number", entry->has_file_sequence_number, entry->file_sequence_number);
        put_file(&json, &entry->file);
        tarn__json_print_end_object(&json);
        tarn__builder_add_char(out, '\n');
    }
    tarn__iceberg_manifest_close(manifest);
}

static void put_summaries(struct tarn_json_printer *json, const struct tarn__iceberg_manifest_file *file)
{
    tarn__json_print_key(json, TARN_TEXT("partitions"));
    if (!file->has_partitions) {
        tarn__json_print_null(json);
        return;
    }
    tarn__json_print_begin_array(json);
    for (uint32_t i = 0; i < file->partition_count; i++) {
        const struct tarn__iceberg_field_summary *summary = &file->partitions[i];
        tarn__json_print_begin_object(json);
        tarn__json_print_key(json, TARN_TEXT("contains_null"));
        tarn__json_print_bool(json, summary->contains_null);
        tarn__json_print_key(json, TARN_TEXT("contains_nan"));
        if (summary->contains_nan < 0) {
            tarn__json_print_null(json);
        } else {
            tarn__json_print_bool(json, summary->contains_nan != 0);
        }
        put_bytes(json, "lower_bound", summary->has_lower, summary->lower);
        put_bytes(json, "upper_bound", summary->has_upper, summary->upper);
        tarn__json_print_end_object(json);
    }
    tarn__json_print_end_array(json);
}

static void dump_list(struct tarn_env *env, struct tarn_span bytes, const char *path, struct tarn_text_builder *out)
{
    struct tarn_arena arena;
    struct tarn__iceberg_manifest_file *files;
    size_t count;
    tarn__arena_init(&arena, env);
    need(tarn__iceberg_manifest_list_read(&arena, bytes, &files, &count, &err), path);
    for (size_t i = 0; i < count; i++) {
        const struct tarn__iceberg_manifest_file *file = &files[i];
        struct tarn_json_printer json;
        tarn__json_printer_init(&json, out);
        tarn__json_print_begin_object(&json);
        tarn__json_print_key(&json, TARN_TEXT("manifest_path"));
        tarn__json_print_string(&json, file->path);
        put_int(&json, "manifest_length", true, file->length);
        put_int(&json, "partition_spec_id", true, file->spec_id);
        put_int(&json, "content", true, file->content);
        put_int(&json, "sequence_number", true, file->sequence_number);
        put_int(&json, "min_sequence_number", true, file->min_sequence_number);
        put_int(&json, "added_snapshot_id", true, file->added_snapshot_id);
        put_int(&json, "added_files_count", file->added_files >= 0, file->added_files);
        put_int(&json, "existing_files_count", file->existing_files >= 0, file->existing_files);
        put_int(&json, "deleted_files_count", file->deleted_files >= 0, file->deleted_files);
        put_int(&json, "added_rows_count", file->added_rows >= 0, file->added_rows);
        put_int(&json, "existing_rows_count", file->existing_rows >= 0, file->existing_rows);
        put_int(&json, "deleted_rows_count", file->deleted_rows >= 0, file->deleted_rows);
        put_summaries(&json, file);
        put_bytes(&json, "key_metadata", file->has_key_metadata, file->key_metadata);
        put_int(&json, "first_row_id", file->first_row_id >= 0, file->first_row_id);
        tarn__json_print_end_object(&json);
        tarn__builder_add_char(out, '\n');
    }
    tarn__arena_free(&arena);
}

static bool is_list(struct tarn_env *env, struct tarn_span bytes, const char *path)
{
    struct tarn__avro_reader reader;
    need(tarn__avro_open(env, bytes, &reader, &err), path);
    const struct tarn__avro_type *root = tarn__avro_root(&reader);
    const bool list = root->kind == TARN_AVRO_RECORD && tarn__avro_field_by_id(root, 500) >= 0;
    tarn__avro_close(&reader);
    return list;
}

static uint8_t *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    *size = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(*size + 1);
    if (bytes == NULL || fread(bytes, 1, *size, file) != *size) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    fclose(file);
    return bytes;
}

static int time_manifest(struct tarn_env *env, unsigned long times, const char *path)
{
    struct timespec begin;
    struct timespec end;
    uint64_t entries = 0;
    size_t size;
    uint8_t *bytes = read_file(path, &size);
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (unsigned long i = 0; i < times; i++) {
        struct tarn__iceberg_manifest *manifest;
        struct tarn__iceberg_entry *entry;
        need(tarn__iceberg_manifest_open(env, (struct tarn_span){bytes, size}, 0, &manifest, &err), path);
        for (;;) {
            need(tarn__iceberg_manifest_next(manifest, &entry, &err), path);
            if (entry == NULL) {
                break;
            }
            entries++;
        }
        tarn__iceberg_manifest_close(manifest);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    const double seconds = (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
    printf("%llu entries, %.3f s, %.0f entries/s\n", (unsigned long long)entries, seconds, (double)entries / seconds);
    free(bytes);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct tarn_env *env;
    need(tarn_env_open(NULL, &env, &err), "");
    if (argc == 4 && strcmp(argv[1], "-t") == 0) {
        const int code = time_manifest(env, strtoul(argv[2], NULL, 10), argv[3]);
        tarn_env_close(env);
        return code;
    }
    for (int i = 1; i < argc; i++) {
        struct tarn_text_builder out;
        struct tarn_json_printer json;
        size_t size;
        uint8_t *bytes = read_file(argv[i], &size);
        const struct tarn_span span = {bytes, size};
        const bool list = is_list(env, span, argv[i]);
        tarn__builder_init(&out, env);
        tarn__json_printer_init(&json, &out);
        tarn__json_print_begin_object(&json);
        tarn__json_print_key(&json, TARN_TEXT("file"));
        tarn__json_print_str(&json, argv[i]);
        tarn__json_print_key(&json, TARN_TEXT("kind"));
        tarn__json_print_str(&json, list ? "list" : "manifest");
        tarn__json_print_end_object(&json);
        tarn__builder_add_char(&out, '\n');
        (list ? dump_list : dump_manifest)(env, span, argv[i], &out);
        need(tarn__builder_status(&out, &err), argv[i]);
        fwrite(out.data, 1, out.size, stdout);
        tarn__builder_free(&out);
        free(bytes);
    }
    tarn_env_close(env);
    return EXIT_SUCCESS;
}
