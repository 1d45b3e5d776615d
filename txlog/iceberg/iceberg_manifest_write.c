/* SPDX-License-Identifier: Apache-2.0
 *
 * Manifests and manifest lists of version 2, written.
 *
 * Specification: Iceberg, "Manifests", "Manifest Lists", "Sequence Number Inheritance", appendix A.
 * SPEC: T-ICEBERG-MANIFEST-WRITE-1 to T-ICEBERG-MANIFEST-WRITE-5.
 *
 * Invariants
 *  1. Values are put in the order of the tables in iceberg_manifest_schema.c.
 *  2. An entry is judged before its first value is put: a refused one leaves nothing behind.
 */
#include <stdio.h>

#include "format/avro/avro_writer.h"
#include "format/base/checked.h"
#include "format/base/decimal.h"
#include "txlog/iceberg/iceberg_manifest_schema.h"

enum { ABSENT = 0, PRESENT = 1, NUMBER_TEXT = 24 };

struct tarn__iceberg_manifest_writer {
    struct tarn_env *env;
    struct tarn_arena arena;
    struct tarn_text_builder *out;
    size_t begin; /* of the file in `out` */
    struct tarn__avro_writer avro;
    uint32_t field_count;
    const struct tarn__iceberg_manifest_field *fields;
    int32_t spec_id;
    enum tarn__iceberg_manifest_content content;
    int32_t files[3]; /* by status */
    int64_t rows[3];
    int64_t min_sequence_number;
};

static struct tarn_text number_text(int64_t number, char room[NUMBER_TEXT])
{
    return (struct tarn_text){room, (size_t)snprintf(room, NUMBER_TEXT, "%lld", (long long)number)};
}

/* ---- opening ---- */

/* A deep copy: the options need not outlive the call. */
static enum tarn_status keep_fields(struct tarn__iceberg_manifest_writer *writer, const struct tarn__iceberg_manifest_options *options,
                                    struct tarn_error *err)
{
    struct tarn__iceberg_manifest_field *fields = tarn__arena_calloc(&writer->arena, options->field_count, sizeof(*fields));
    struct tarn_type *types = tarn__arena_calloc(&writer->arena, options->field_count, sizeof(*types));
    if (options->field_count != 0 && (fields == NULL || types == NULL)) {
        return tarn__nomem(writer->env, err, options->field_count * (sizeof(*fields) + sizeof(*types)));
    }
    for (uint32_t i = 0; i < options->field_count; i++) {
        types[i] = *options->fields[i].type; /* no nested one gets here, nor its zone is looked at */
        fields[i] = (struct tarn__iceberg_manifest_field){.id = options->fields[i].id, .type = &types[i]};
    }
    writer->fields = fields;
    writer->field_count = options->field_count;
    return TARN_OK;
}

static enum tarn_status open_avro(struct tarn__iceberg_manifest_writer *writer, const struct tarn__iceberg_manifest_options *options,
                                  struct tarn_text avro, struct tarn_text iceberg, struct tarn_error *err)
{
    char schema_id[NUMBER_TEXT];
    char spec_id[NUMBER_TEXT];
    const struct tarn__avro_pair pairs[] = {
        {TARN_TEXT("schema"), options->schema},
        {TARN_TEXT("schema-id"), number_text(options->schema_id, schema_id)},
        {TARN_TEXT("partition-spec"), options->partition_spec},
        {TARN_TEXT("partition-spec-id"), number_text(options->spec_id, spec_id)},
        {TARN_TEXT("format-version"), TARN_TEXT("2")},
        {TARN_TEXT("content"), options->content == TARN_ICEBERG_DATA_MANIFEST ? TARN_TEXT("data") : TARN_TEXT("deletes")},
        {TARN_TEXT("iceberg.schema"), iceberg},
    };
    const struct tarn__avro_writer_options file = {.schema = avro,
                                                   .codec = TARN_AVRO_CODEC_DEFLATE,
                                                   .level = options->level,
                                                   .pairs = pairs,
                                                   .pair_count = sizeof(pairs) / sizeof(pairs[0])};
    return tarn__avro_writer_open(&writer->avro, writer->env, &file, writer->out, err);
}

enum tarn_status tarn__iceberg_manifest_create(struct tarn_env *env, const struct tarn__iceberg_manifest_options *options,
                                               struct tarn_text_builder *out, struct tarn__iceberg_manifest_writer **writer,
                                               struct tarn_error *err)
{
    struct tarn_text_builder avro;
    struct tarn_text_builder iceberg;
    struct tarn__iceberg_manifest_writer *made = tarn__calloc(env, 1, sizeof(*made));
    *writer = NULL;
    if (made == NULL) {
        return tarn__nomem(env, err, sizeof(*made));
    }
    made->env = env;
    made->out = out;
    made->begin = out->size;
    made->spec_id = options->spec_id;
    made->content = options->content;
    made->min_sequence_number = TARN_ICEBERG_UNASSIGNED;
    tarn__arena_init(&made->arena, env);
    tarn__builder_init(&avro, env);
    tarn__builder_init(&iceberg, env);
    enum tarn_status status = tarn__iceberg_manifest_schemas(options->field_count, options->fields, &avro, &iceberg, err);
    status = status == TARN_OK ? keep_fields(made, options, err) : status;
    status = status == TARN_OK ? open_avro(made, options, tarn__builder_text(&avro), tarn__builder_text(&iceberg), err) : status;
    tarn__builder_free(&avro);
    tarn__builder_free(&iceberg);
    if (status != TARN_OK) {
        tarn__arena_free(&made->arena);
        tarn__free(env, made);
        return status;
    }
    *writer = made;
    return TARN_OK;
}

void tarn__iceberg_manifest_writer_close(struct tarn__iceberg_manifest_writer *writer)
{
    if (writer != NULL) {
        tarn__avro_writer_close(&writer->avro);
        tarn__arena_free(&writer->arena);
        tarn__free(writer->env, writer);
    }
}

/* ---- partition values ---- */

static const struct tarn__iceberg_partition_value *find_value(const struct tarn__iceberg_data_file *file, int32_t id)
{
    for (uint32_t i = 0; i < file->partition_count; i++) {
        if (file->partition[i].field_id == id) {
            return file->partition[i].stored != TARN_ICEBERG_NULL ? &file->partition[i] : NULL;
        }
    }
    return NULL;
}

static void put_decimal(struct tarn__avro_writer *avro, const struct tarn_value *value)
{
    uint8_t room[16];
    const size_t width = tarn__decimal_width((unsigned)value->type->precision);
    const tarn_i128 unscaled = tarn_type_kind(value->type) == TARN_KIND_I128
                                   ? (tarn_i128)((tarn_u128)value->u.words[1] << 64 | value->u.words[0])
                                   : (tarn_i128)value->u.i64;
    tarn__i128_store_be(unscaled, room, width); /* a value of the precision fits */
    tarn__avro_put_fixed(avro, (struct tarn_span){room, width});
}

static void put_partition_value(struct tarn__avro_writer *avro, const struct tarn_value *value)
{
    switch (tarn_type_kind(value->type)) {
    case TARN_KIND_BOOL:
        tarn__avro_put_bool(avro, value->u.boolean);
        return;
    case TARN_KIND_F32:
        tarn__avro_put_float(avro, (float)value->u.f64);
        return;
    case TARN_KIND_F64:
        tarn__avro_put_double(avro, value->u.f64);
        return;
    case TARN_KIND_BYTES:
        tarn__avro_put_string(avro, value->u.bytes);
        return;
    case TARN_KIND_FIXED:
        if (value->type->id == TARN_TYPE_UUID) {
            tarn__avro_put_fixed(avro, tarn__span_of_text(value->u.bytes));
        } else {
            tarn__avro_put_string(avro, value->u.bytes);
        }
        return;
    default:
        tarn__avro_put_long(avro, value->u.i64);
        return;
    }
}

static void put_partition(struct tarn__iceberg_manifest_writer *writer, const struct tarn__iceberg_data_file *file)
{
    for (uint32_t i = 0; i < writer->field_count; i++) {
        const struct tarn__iceberg_partition_value *stored = find_value(file, writer->fields[i].id);
        struct tarn_value value;
        if (stored == NULL || tarn__iceberg_partition_read(stored, writer->fields[i].type, &value, NULL) != TARN_OK) {
            tarn__avro_put_branch(&writer->avro, ABSENT); /* check_entry has seen that all can be read */
            continue;
        }
        tarn__avro_put_branch(&writer->avro, PRESENT);
        if (value.type->id == TARN_TYPE_DECIMAL) {
            put_decimal(&writer->avro, &value);
        } else {
            put_partition_value(&writer->avro, &value);
        }
    }
}

/* ---- entries ---- */

static void put_optional_long(struct tarn__avro_writer *avro, bool is_there, int64_t number)
{
    tarn__avro_put_branch(avro, is_there ? PRESENT : ABSENT);
    if (is_there) {
        tarn__avro_put_long(avro, number);
    }
}

static void put_optional_bytes(struct tarn__avro_writer *avro, bool is_there, struct tarn_span bytes)
{
    tarn__avro_put_branch(avro, is_there ? PRESENT : ABSENT);
    if (is_there) {
        tarn__avro_put_bytes(avro, bytes);
    }
}

/* False when there is none to put. */
static bool begin_items(struct tarn__avro_writer *avro, bool is_there, uint32_t size)
{
    tarn__avro_put_branch(avro, is_there ? PRESENT : ABSENT);
    if (is_there && size != 0) {
        tarn__avro_put_items(avro, size);
    }
    return is_there;
}

static void put_counts(struct tarn__avro_writer *avro, const struct tarn__iceberg_counts *counts)
{
    if (begin_items(avro, counts->is_there, counts->size)) {
        for (uint32_t i = 0; i < counts->size; i++) {
            tarn__avro_put_long(avro, counts->items[i].field_id);
            tarn__avro_put_long(avro, counts->items[i].count);
        }
        tarn__avro_put_items(avro, 0);
    }
}

static void put_bounds(struct tarn__avro_writer *avro, const struct tarn__iceberg_bounds *bounds)
{
    if (begin_items(avro, bounds->is_there, bounds->size)) {
        for (uint32_t i = 0; i < bounds->size; i++) {
            tarn__avro_put_long(avro, bounds->items[i].field_id);
            tarn__avro_put_bytes(avro, bounds->items[i].bytes);
        }
        tarn__avro_put_items(avro, 0);
    }
}

static void put_file(struct tarn__iceberg_manifest_writer *writer, const struct tarn__iceberg_data_file *file)
{
    struct tarn__avro_writer *avro = &writer->avro;
    tarn__avro_put_long(avro, file->content);
    tarn__avro_put_string(avro, file->path);
    tarn__avro_put_string(avro, file->format);
    put_partition(writer, file);
    tarn__avro_put_long(avro, file->record_count);
    tarn__avro_put_long(avro, file->size);
    put_counts(avro, &file->column_sizes);
    put_counts(avro, &file->value_counts);
    put_counts(avro, &file->null_counts);
    put_counts(avro, &file->nan_counts);
    put_bounds(avro, &file->lower_bounds);
    put_bounds(avro, &file->upper_bounds);
    put_optional_bytes(avro, file->has_key_metadata, file->key_metadata);
    if (begin_items(avro, file->has_split_offsets, file->split_offset_count)) {
        for (uint32_t i = 0; i < file->split_offset_count; i++) {
            tarn__avro_put_long(avro, file->split_offsets[i]);
        }
        tarn__avro_put_items(avro, 0);
    }
    if (begin_items(avro, file->has_equality_ids, file->equality_id_count)) {
        for (uint32_t i = 0; i < file->equality_id_count; i++) {
            tarn__avro_put_long(avro, file->equality_ids[i]);
        }
        tarn__avro_put_items(avro, 0);
    }
    put_optional_long(avro, file->sort_order_id >= 0, file->sort_order_id);
    put_optional_bytes(avro, file->referenced_data_file.size != 0, tarn__span_of_text(file->referenced_data_file));
}

static enum tarn_status check_entry(const struct tarn__iceberg_manifest_writer *writer, const struct tarn__iceberg_entry *entry,
                                    struct tarn_error *err)
{
    const struct tarn__iceberg_data_file *file = &entry->file;
    if (entry->status != TARN_ICEBERG_ADDED &&
        (!entry->has_snapshot_id || !entry->has_sequence_number || !entry->has_file_sequence_number)) {
        return tarn__invalid(err, "iceberg.manifest", "the entry of %.*s is not new and lacks its snapshot or a sequence number",
                             TARN_TEXT_ARG(file->path));
    }
    if (file->path.size == 0 || file->format.size == 0 || file->record_count < 0 || file->size < 0) {
        return tarn__invalid(err, "iceberg.manifest", "an entry lacks its path, format, rows or size");
    }
    if ((file->content == TARN_ICEBERG_DATA) != (writer->content == TARN_ICEBERG_DATA_MANIFEST)) {
        return tarn__invalid(err, "iceberg.manifest", "%.*s does not belong in a manifest of %s", TARN_TEXT_ARG(file->path),
                             writer->content == TARN_ICEBERG_DATA_MANIFEST ? "data files" : "delete files");
    }
    for (uint32_t i = 0; i < writer->field_count; i++) {
        const struct tarn__iceberg_partition_value *stored = find_value(file, writer->fields[i].id);
        struct tarn_value value;
        if (stored != NULL) {
            const enum tarn_status status = tarn__iceberg_partition_read(stored, writer->fields[i].type, &value, err);
            if (status != TARN_OK) {
                return tarn__error_recode(err, TARN_INVALID);
            }
        }
    }
    return TARN_OK;
}

enum tarn_status tarn__iceberg_manifest_add(struct tarn__iceberg_manifest_writer *writer, const struct tarn__iceberg_entry *entry,
                                            struct tarn_error *err)
{
    struct tarn__avro_writer *avro = &writer->avro;
    int64_t rows;
    TARN_RETURN_IF_ERROR(check_entry(writer, entry, err));
    if (!tarn__add(writer->rows[entry->status], entry->file.record_count, &rows)) {
        return tarn__invalid(err, "iceberg.manifest", "the rows of the manifest's files do not fit in 64 bits");
    }
    tarn__avro_put_long(avro, entry->status);
    put_optional_long(avro, entry->has_snapshot_id, entry->snapshot_id);
    put_optional_long(avro, entry->has_sequence_number, entry->sequence_number);
    put_optional_long(avro, entry->has_file_sequence_number, entry->file_sequence_number);
    put_file(writer, &entry->file);
    writer->rows[entry->status] = rows;
    writer->files[entry->status]++;
    if (entry->status != TARN_ICEBERG_DELETED && entry->has_sequence_number &&
        (writer->min_sequence_number == TARN_ICEBERG_UNASSIGNED || entry->sequence_number < writer->min_sequence_number)) {
        writer->min_sequence_number = entry->sequence_number;
    }
    return tarn__avro_writer_end_datum(avro, err);
}

enum tarn_status tarn__iceberg_manifest_finish(struct tarn__iceberg_manifest_writer *writer, struct tarn__iceberg_manifest_file *file,
                                               struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tarn__avro_writer_finish(&writer->avro, err));
    file->length = (int64_t)(writer->out->size - writer->begin);
    file->spec_id = writer->spec_id;
    file->content = writer->content;
    file->sequence_number = TARN_ICEBERG_UNASSIGNED;
    file->min_sequence_number = writer->min_sequence_number;
    file->added_files = writer->files[TARN_ICEBERG_ADDED];
    file->existing_files = writer->files[TARN_ICEBERG_EXISTING];
    file->deleted_files = writer->files[TARN_ICEBERG_DELETED];
    file->added_rows = writer->rows[TARN_ICEBERG_ADDED];
    file->existing_rows = writer->rows[TARN_ICEBERG_EXISTING];
    file->deleted_rows = writer->rows[TARN_ICEBERG_DELETED];
    file->first_row_id = -1;
    return TARN_OK;
}

/* ---- manifest lists ---- */

static void put_summaries(struct tarn__avro_writer *avro, const struct tarn__iceberg_manifest_file *file)
{
    if (!begin_items(avro, file->has_partitions, file->partition_count)) {
        return;
    }
    for (uint32_t i = 0; i < file->partition_count; i++) {
        const struct tarn__iceberg_field_summary *summary = &file->partitions[i];
        tarn__avro_put_bool(avro, summary->contains_null);
        tarn__avro_put_branch(avro, summary->contains_nan >= 0 ? PRESENT : ABSENT);
        if (summary->contains_nan >= 0) {
            tarn__avro_put_bool(avro, summary->contains_nan != 0);
        }
        put_optional_bytes(avro, summary->has_lower, summary->lower);
        put_optional_bytes(avro, summary->has_upper, summary->upper);
    }
    tarn__avro_put_items(avro, 0);
}

static enum tarn_status put_manifest(struct tarn__avro_writer *avro, const struct tarn__iceberg_manifest_list_options *options,
                                     const struct tarn__iceberg_manifest_file *file, struct tarn_error *err)
{
    const bool own = file->sequence_number == TARN_ICEBERG_UNASSIGNED;
    const bool own_min = file->min_sequence_number == TARN_ICEBERG_UNASSIGNED;
    if (file->path.size == 0 || file->length < 0 || file->added_files < 0 || file->existing_files < 0 || file->deleted_files < 0 ||
        file->added_rows < 0 || file->existing_rows < 0 || file->deleted_rows < 0) {
        return tarn__invalid(err, "iceberg.manifest_list", "the manifest %.*s lacks a number that lists of version 2 have",
                             TARN_TEXT_ARG(file->path));
    }
    tarn__avro_put_string(avro, file->path);
    tarn__avro_put_long(avro, file->length);
    tarn__avro_put_long(avro, file->spec_id);
    tarn__avro_put_long(avro, file->content);
    tarn__avro_put_long(avro, own ? options->sequence_number : file->sequence_number);
    tarn__avro_put_long(avro, own_min ? options->sequence_number : file->min_sequence_number);
    tarn__avro_put_long(avro, file->added_snapshot_id);
    tarn__avro_put_long(avro, file->added_files);
    tarn__avro_put_long(avro, file->existing_files);
    tarn__avro_put_long(avro, file->deleted_files);
    tarn__avro_put_long(avro, file->added_rows);
    tarn__avro_put_long(avro, file->existing_rows);
    tarn__avro_put_long(avro, file->deleted_rows);
    put_summaries(avro, file);
    put_optional_bytes(avro, file->has_key_metadata, file->key_metadata);
    return tarn__avro_writer_end_datum(avro, err);
}

static enum tarn_status write_list(struct tarn_env *env, const struct tarn__iceberg_manifest_list_options *options,
                                   const struct tarn__avro_writer_options *file_options, const struct tarn__iceberg_manifest_file *files,
                                   size_t count, struct tarn_text_builder *out, struct tarn_error *err)
{
    struct tarn__avro_writer avro;
    TARN_RETURN_IF_ERROR(tarn__avro_writer_open(&avro, env, file_options, out, err));
    enum tarn_status status = TARN_OK;
    for (size_t i = 0; i < count && status == TARN_OK; i++) {
        status = put_manifest(&avro, options, &files[i], err);
    }
    status = status == TARN_OK ? tarn__avro_writer_finish(&avro, err) : status;
    tarn__avro_writer_close(&avro);
    return status;
}

enum tarn_status tarn__iceberg_manifest_list_write(struct tarn_env *env, const struct tarn__iceberg_manifest_list_options *options,
                                                   const struct tarn__iceberg_manifest_file *files, size_t count,
                                                   struct tarn_text_builder *out, struct tarn_error *err)
{
    struct tarn_text_builder avro;
    struct tarn_text_builder iceberg;
    char snapshot[NUMBER_TEXT];
    char parent[NUMBER_TEXT];
    char sequence[NUMBER_TEXT];
    tarn__builder_init(&avro, env);
    tarn__builder_init(&iceberg, env);
    enum tarn_status status = tarn__iceberg_manifest_list_schemas(&avro, &iceberg, err);
    if (status == TARN_OK) {
        const struct tarn__avro_pair pairs[] = {
            {TARN_TEXT("snapshot-id"), number_text(options->snapshot_id, snapshot)},
            {TARN_TEXT("parent-snapshot-id"), options->has_parent ? number_text(options->parent_snapshot_id, parent) : TARN_TEXT("null")},
            {TARN_TEXT("sequence-number"), number_text(options->sequence_number, sequence)},
            {TARN_TEXT("format-version"), TARN_TEXT("2")},
            {TARN_TEXT("iceberg.schema"), tarn__builder_text(&iceberg)},
        };
        const struct tarn__avro_writer_options file = {.schema = tarn__builder_text(&avro),
                                                       .codec = TARN_AVRO_CODEC_DEFLATE,
                                                       .level = options->level,
                                                       .pairs = pairs,
                                                       .pair_count = sizeof(pairs) / sizeof(pairs[0])};
        status = write_list(env, options, &file, files, count, out, err);
    }
    tarn__builder_free(&avro);
    tarn__builder_free(&iceberg);
    return status;
}
