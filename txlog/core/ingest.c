/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows into staged files.
 *
 * Invariants
 *  1. Every key is told to the transaction before its file is opened: nothing that may exist is unknown.
 *  2. At most MOST_WRITERS files are open; the one that was written to longest ago is finished to make room.
 *  3. A file is handed over once, complete. A failed sink hands over nothing more, and its open files are aborted.
 */
#include "txlog/core/ingest.h"

#include <stdio.h>
#include <string.h>

#include "format/base/bytes.h"
#include "format/base/hash.h"
#include "format/base/text.h"
#include "format/batch/gather.h"
#include "format/batch/vector.h"
#include "txlog/core/partition_transform.h"
#include "txlog/core/table_format.h"

enum { MOST_WRITERS = 100, MOST_FOLDER_NAME = 150 };

/* A file that has taken so many bytes of batches is finished, and the next rows begin another. */
static const uint64_t most_bytes = (uint64_t)1 << 30;

struct open_file {
    struct ingest *ingest;
    struct tarn_sink *sink;
    struct tarn_text partition; /* raw form; own memory */
    uint64_t hash;
    char *key;
    uint64_t bytes;
    uint64_t last_used;
    uint32_t *positions; /* rows of the batch at hand */
    uint32_t position_count;
    size_t position_capacity;
    enum tarn_status status; /* of handing over */
    struct tarn_error error;
};

struct ingest {
    struct tarn_sink base;
    struct tarn__ingest_options options;
    struct tarn_arena arena;
    struct tarn_schema *file_schema;
    uint32_t *file_columns; /* of each file column its column in the table */
    struct open_file *files[MOST_WRITERS];
    uint32_t file_count;
    uint32_t made;
    uint64_t clock;
    struct tarn_value *values;             /* of the row at hand, by partition field */
    struct tarn_vector **partition_values; /* of the batch at hand, by partition field; references */
    struct tarn_text_builder raw;
};

/* ---- the schema of files: physical names, ids, no partition columns ---- */

static const struct tarn_type *physical_type(struct tarn_arena *arena, const struct tarn_type *type, const struct tarn__physical *physical)
{
    if (type->field_count == 0) {
        return type;
    }
    struct tarn_type *copy = tarn__arena_alloc(arena, sizeof(*copy));
    struct tarn_field *fields = tarn__arena_calloc(arena, type->field_count, sizeof(*fields));
    if (copy == NULL || fields == NULL) {
        return NULL;
    }
    *copy = *type;
    copy->fields = fields;
    for (uint32_t i = 0; i < type->field_count; i++) {
        const struct tarn__physical *member = &physical->children[i];
        fields[i] = (struct tarn_field){
            .name = type->id == TARN_TYPE_STRUCT ? member->name : type->fields[i].name,
            .type = physical_type(arena, type->fields[i].type, member),
            .nullable = type->fields[i].nullable,
            .id = member->id,
        };
        if (fields[i].type == NULL) {
            return NULL;
        }
    }
    return copy;
}

/* The table's columns, and what rows bring beside them. */
static enum tarn_status make_row_schema(struct ingest *ingest, struct tarn_error *err)
{
    const struct tarn_schema *table = ingest->options.snapshot->schema;
    const uint32_t extra = ingest->options.extra_count;
    if (extra == 0) {
        ingest->base.schema = tarn_schema_retain(table);
        return TARN_OK;
    }
    struct tarn_field *fields = tarn__arena_calloc(&ingest->arena, (size_t)table->field_count + extra, sizeof(*fields));
    if (fields == NULL) {
        return tarn__nomem(ingest->base.env, err, table->field_count * sizeof(*fields));
    }
    memcpy(fields, table->fields, table->field_count * sizeof(*fields));
    for (uint32_t i = 0; i < extra; i++) {
        fields[table->field_count + i] = ingest->options.extra[i].field;
    }
    struct tarn_schema *schema;
    TARN_RETURN_IF_ERROR(tarn_schema_make(ingest->base.env, table->field_count + extra, fields, 0, NULL, &schema, err));
    ingest->base.schema = schema;
    return TARN_OK;
}

static enum tarn_status make_file_schema(struct ingest *ingest, struct tarn_error *err)
{
    const struct tarn_snapshot *snapshot = ingest->options.snapshot;
    struct tarn_arena *arena = &ingest->arena;
    const uint32_t count = snapshot->schema->field_count;
    const uint32_t extra = ingest->options.extra_count;
    struct tarn_field *fields = tarn__arena_calloc(arena, (size_t)count + extra, sizeof(*fields));
    ingest->file_columns = tarn__arena_calloc(arena, (size_t)count + extra, sizeof(*ingest->file_columns));
    if (fields == NULL || ingest->file_columns == NULL) {
        return tarn__nomem(arena->env, err, count * sizeof(*fields));
    }
    uint32_t made = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t place;
        if (!snapshot->format->keeps_partition_columns && tarn__spec_identity_of(snapshot->spec, i, &place) != NULL) {
            continue;
        }
        ingest->file_columns[made] = i;
        fields[made] = (struct tarn_field){
            .name = snapshot->physical[i].name,
            .type = physical_type(arena, snapshot->schema->fields[i].type, &snapshot->physical[i]),
            .nullable = snapshot->schema->fields[i].nullable,
            .id = snapshot->physical[i].id,
        };
        if (fields[made].type == NULL) {
            return tarn__nomem(arena->env, err, sizeof(*fields));
        }
        made++;
    }
    for (uint32_t i = 0; i < extra; i++) {
        const struct tarn__extra_column *column = &ingest->options.extra[i];
        ingest->file_columns[made] = count + i;
        fields[made++] =
            (struct tarn_field){.name = column->in_file, .type = column->field.type, .nullable = column->field.nullable, .id = column->id};
    }
    return tarn_schema_make(arena->env, made, fields, 0, NULL, &ingest->file_schema, err);
}

/* The same vector under the file's names, at every level. A new reference. */
static struct tarn_vector *under_file_names(struct tarn_vector *vector, const struct tarn_type *type)
{
    if (vector->type == type || type->field_count == 0) {
        return vector->type == type ? tarn_vector_retain(vector) : tarn__vector_retype(vector, type);
    }
    const bool spread = vector->shape == TARN_SHAPE_CONSTANT || vector->shape == TARN_SHAPE_RUNS;
    if (!spread && vector->shape != TARN_SHAPE_LIST && vector->shape != TARN_SHAPE_STRUCT) {
        return tarn__vector_retype(vector, type);
    }
    struct tarn_env *env = tarn__vector_env(vector);
    struct tarn_vector **children = tarn__calloc(env, (size_t)vector->child_count + 1, sizeof(struct tarn_vector *));
    bool whole = children != NULL;
    for (uint32_t i = 0; whole && i < vector->child_count; i++) {
        children[i] = under_file_names(vector->children[i], spread ? type : type->fields[i].type);
        whole = children[i] != NULL;
    }
    struct tarn_vector *again = whole ? tarn__vector_with_children(vector, children) : NULL;
    struct tarn_vector *typed = again != NULL ? tarn__vector_retype(again, type) : NULL;
    tarn_vector_release(again);
    for (uint32_t i = 0; children != NULL && i < vector->child_count; i++) {
        tarn_vector_release(children[i]);
    }
    tarn__free(env, children);
    return typed;
}

/* ---- one file ---- */

static enum tarn_status copy_leaves(struct ingest *ingest, const struct tarn_parquet_result *result, struct tarn_arena *arena,
                                    struct tarn__statistics_input *input, struct tarn_error *err)
{
    struct tarn__leaf_statistics *leaves = tarn__arena_calloc(arena, (size_t)result->leaf_count + 1, sizeof(*leaves));
    if (leaves == NULL) {
        return tarn__nomem(arena->env, err, result->leaf_count * sizeof(*leaves));
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < result->leaf_count; i++) {
        const struct tarn_leaf_result *leaf = &result->leaves[i];
        if (ingest->file_columns[leaf->index[0]] >= ingest->options.snapshot->schema->field_count) {
            continue; /* no column of the table */
        }
        uint32_t *index = tarn__arena_calloc(arena, (size_t)leaf->depth + 1, sizeof(*index));
        if (index == NULL) {
            return tarn__nomem(arena->env, err, leaf->depth * sizeof(*index));
        }
        memcpy(index, leaf->index, leaf->depth * sizeof(*index));
        index[0] = ingest->file_columns[leaf->index[0]];
        struct tarn__leaf_statistics *statistics = &leaves[count++];
        *statistics = (struct tarn__leaf_statistics){
            .depth = leaf->depth, .index = index, .type = leaf->type, .bounds = leaf->bounds, .stored = leaf->compressed_size};
        const struct tarn_type *type = ingest->options.snapshot->schema->fields[index[0]].type;
        for (uint32_t d = 0; d < leaf->depth; d++) {
            statistics->repeated = statistics->repeated || type->id == TARN_TYPE_LIST || type->id == TARN_TYPE_MAP;
            type = d + 1 < leaf->depth && index[d + 1] < type->field_count ? type->fields[index[d + 1]].type : type;
        }
    }
    *input = (struct tarn__statistics_input){
        .rows = result->rows,
        .leaf_count = count,
        .leaves = leaves,
        .row_group_count = result->row_groups,
        .row_group_offsets = result->row_group_offsets,
    };
    return TARN_OK;
}

static enum tarn_status hand_over(struct open_file *file, const struct tarn_parquet_result *result, struct tarn_error *err)
{
    struct ingest *ingest = file->ingest;
    const struct tarn_snapshot *snapshot = ingest->options.snapshot;
    struct tarn_arena arena;
    tarn__arena_init(&arena, ingest->base.env);
    struct tarn_text_builder statistics;
    tarn__builder_init(&statistics, ingest->base.env);
    struct tarn__statistics_input input;
    enum tarn_status status = ingest->options.no_statistics ? TARN_OK : copy_leaves(ingest, result, &arena, &input, err);
    if (status == TARN_OK && !ingest->options.no_statistics) {
        status = snapshot->format->statistics(snapshot, &input, &statistics, err);
    }
    if (status == TARN_OK) {
        const struct tarn__staged_file staged = {
            .path = tarn__text_of(file->key),
            .size = result->bytes,
            .rows = result->rows,
            .modified = tarn__now(ingest->base.env),
            .partition = file->partition,
            .statistics = tarn__builder_text(&statistics),
        };
        status = ingest->options.staged(ingest->options.arg, &staged, err);
    }
    tarn__builder_free(&statistics);
    tarn__arena_free(&arena);
    return status;
}

static void file_finished(void *arg, const struct tarn_parquet_result *result)
{
    struct open_file *file = arg;
    file->status = hand_over(file, result, &file->error);
}

static void free_file(struct ingest *ingest, struct open_file *file)
{
    tarn_sink_abort(file->sink);
    tarn__free(ingest->base.env, (void *)(uintptr_t)file->partition.data);
    tarn__free(ingest->base.env, file->key);
    tarn__free(ingest->base.env, file->positions);
    tarn__free(ingest->base.env, file);
}

/* Completes file number `at` and forgets it. */
static enum tarn_status finish_file(struct ingest *ingest, uint32_t at, struct tarn_error *err)
{
    struct open_file *file = ingest->files[at];
    ingest->files[at] = ingest->files[--ingest->file_count];
    struct tarn_sink *sink = file->sink;
    file->sink = NULL;
    enum tarn_status status = tarn_sink_finish(sink, err);
    if (status == TARN_OK && file->status != TARN_OK) {
        status = file->status;
        if (err != NULL) {
            *err = file->error;
        }
    }
    if (status != TARN_OK) {
        tarn__error_at_object(err, tarn__text_of(file->key));
    }
    free_file(ingest, file);
    return status;
}

/* "a=1/b=x%2Fy/part-00000-UUID.zstd.parquet"; folder names are for people, the partition values count. */
static enum tarn_status make_key(struct ingest *ingest, const struct tarn_value *values, char **out, struct tarn_error *err)
{
    const struct tarn_snapshot *snapshot = ingest->options.snapshot;
    struct tarn_text_builder key;
    struct tarn_text_builder text;
    tarn__builder_init(&key, ingest->base.env);
    tarn__builder_init(&text, ingest->base.env);
    tarn__builder_add_str(&key, ingest->options.folder != NULL ? ingest->options.folder : snapshot->format->data_folder);
    enum tarn_status status = TARN_OK;
    for (uint32_t i = 0; status == TARN_OK && i < snapshot->spec->field_count; i++) {
        const size_t begin = key.size;
        snapshot->format->folder_name(snapshot->spec->fields[i].name, &key);
        tarn__builder_add_char(&key, '=');
        tarn__builder_clear(&text);
        if (!values[i].is_null) {
            status = snapshot->format->partition_text(&snapshot->spec->fields[i], &values[i], &text, err);
        }
        if (values[i].is_null || text.size == 0) {
            tarn__builder_add_str(&key, snapshot->format->null_folder);
        } else {
            snapshot->format->folder_name(tarn__builder_text(&text), &key);
        }
        if (key.size - begin > MOST_FOLDER_NAME) {
            key.size = begin + MOST_FOLDER_NAME;
            while (key.size > begin && ((unsigned char)key.data[key.size - 1] & 0xc0) == 0x80) {
                key.size--; /* not in the middle of a character */
            }
            key.size -= key.size > begin && ((unsigned char)key.data[key.size - 1] & 0x80) != 0;
        }
        tarn__builder_add_char(&key, '/');
    }
    char name[96];
    char uuid[37];
    tarn__uuid(ingest->base.env, uuid);
    snprintf(name, sizeof(name), "part-%05u-%s.zstd.parquet", ingest->made, uuid);
    tarn__builder_add_str(&key, name);
    tarn__builder_free(&text);
    size_t size;
    if (status == TARN_OK) {
        status = tarn__builder_status(&key, err);
    }
    *out = status == TARN_OK ? tarn__builder_take(&key, &size) : NULL;
    tarn__builder_free(&key);
    return status == TARN_OK && *out == NULL ? tarn__nomem(ingest->base.env, err, 0) : status;
}

static enum tarn_status open_parquet(struct ingest *ingest, struct open_file *file, struct tarn_error *err)
{
    struct tarn_parquet_write_options options = TARN_PARQUET_WRITE_OPTIONS_INIT;
    options.mode = TARN_PUT_IF_ABSENT;
    options.finished = file_finished;
    options.finished_arg = file;
    TARN_RETURN_IF_ERROR(ingest->options.staging(ingest->options.arg, tarn__text_of(file->key), err));
    const enum tarn_status status =
        tarn_parquet_create(ingest->options.snapshot->store, tarn__text_of(file->key), ingest->file_schema, &options, &file->sink, err);
    if (status != TARN_OK) {
        tarn__error_at_object(err, tarn__text_of(file->key));
    }
    return status;
}

static enum tarn_status make_room(struct ingest *ingest, struct tarn_error *err)
{
    if (ingest->file_count < MOST_WRITERS) {
        return TARN_OK;
    }
    uint32_t oldest = 0;
    for (uint32_t i = 1; i < ingest->file_count; i++) {
        oldest = ingest->files[i]->last_used < ingest->files[oldest]->last_used ? i : oldest;
    }
    return finish_file(ingest, oldest, err);
}

/* The open file of a partition; made when there is none. `values` are those behind the raw form. */
static enum tarn_status file_of(struct ingest *ingest, struct tarn_text raw, const struct tarn_value *values, struct open_file **out,
                                struct tarn_error *err)
{
    const uint64_t hash = tarn__hash_text(raw);
    for (uint32_t i = 0; i < ingest->file_count; i++) {
        if (ingest->files[i]->hash == hash && tarn__text_equal(ingest->files[i]->partition, raw)) {
            *out = ingest->files[i];
            (*out)->last_used = ++ingest->clock;
            return TARN_OK;
        }
    }
    TARN_RETURN_IF_ERROR(make_room(ingest, err));
    struct open_file *file = tarn__calloc(ingest->base.env, 1, sizeof(*file));
    if (file == NULL) {
        return tarn__nomem(ingest->base.env, err, sizeof(*file));
    }
    *file = (struct open_file){.ingest = ingest, .hash = hash, .last_used = ++ingest->clock, .error = TARN_ERROR_INIT};
    char *copy = tarn__text_dup(ingest->base.env, raw);
    file->partition = (struct tarn_text){copy, raw.size};
    enum tarn_status status = copy == NULL ? tarn__nomem(ingest->base.env, err, raw.size) : make_key(ingest, values, &file->key, err);
    if (status == TARN_OK) {
        status = open_parquet(ingest, file, err);
    }
    if (status != TARN_OK) {
        free_file(ingest, file);
        return status;
    }
    ingest->made++;
    ingest->files[ingest->file_count++] = file;
    *out = file;
    return TARN_OK;
}

/* ---- batches ---- */

static enum tarn_status check_nulls(const struct ingest *ingest, const struct tarn_batch *batch, struct tarn_error *err)
{
    const struct tarn_schema *schema = ingest->base.schema;
    for (uint32_t c = 0; c < schema->field_count; c++) {
        if (schema->fields[c].nullable || tarn_vector_null_count(batch->columns[c]) == 0) {
            continue;
        }
        for (uint32_t row = 0; row < batch->length; row++) {
            if (tarn_vector_is_null(batch->columns[c], row)) {
                tarn__invalid(err, "not_null", "a null in a column that may not have any");
                tarn__error_at_column(err, schema->fields[c].name);
                tarn__error_at_row(err, row);
                return TARN_INVALID;
            }
        }
    }
    return TARN_OK;
}

static uint64_t batch_bytes(const struct tarn_batch *batch)
{
    uint64_t bytes = 0;
    for (uint32_t c = 0; c < batch->column_count; c++) {
        const struct tarn_vector *vector = batch->columns[c];
        if (vector->shape == TARN_SHAPE_STRINGS && vector->length != 0) {
            bytes += tarn__vector_offset(vector, vector->length) - tarn__vector_offset(vector, 0);
        } else if (vector->shape == TARN_SHAPE_LIST || vector->shape == TARN_SHAPE_STRUCT || vector->shape == TARN_SHAPE_VIEWS) {
            bytes += (uint64_t)vector->length * 32;
        } else {
            bytes += (uint64_t)vector->length * 4;
        }
    }
    return bytes;
}

static enum tarn_status make_file_batch(const struct ingest *ingest, const struct tarn_batch *batch, struct tarn_batch **out,
                                        struct tarn_error *err)
{
    const uint32_t count = ingest->file_schema->field_count;
    struct tarn_vector **columns = tarn__calloc(ingest->base.env, (size_t)count + 1, sizeof(struct tarn_vector *));
    if (columns == NULL) {
        return tarn__nomem(ingest->base.env, err, count * sizeof(struct tarn_vector *));
    }
    for (uint32_t c = 0; c < count; c++) {
        columns[c] = under_file_names(batch->columns[ingest->file_columns[c]], ingest->file_schema->fields[c].type);
    }
    const enum tarn_status status = tarn__batch_adopt(ingest->base.env, ingest->file_schema, batch->length, columns, out, err);
    tarn__free(ingest->base.env, columns);
    return status;
}

static enum tarn_status write_rows(struct ingest *ingest, struct open_file *file, const struct tarn_batch *batch, uint64_t bytes,
                                   struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tarn_sink_write(file->sink, batch, err));
    file->bytes += bytes;
    if (file->bytes < (ingest->options.file_bytes != 0 ? ingest->options.file_bytes : most_bytes)) {
        return TARN_OK;
    }
    for (uint32_t i = 0; i < ingest->file_count; i++) {
        if (ingest->files[i] == file) {
            return finish_file(ingest, i, err);
        }
    }
    return TARN_OK;
}

static void release_partition_values(struct ingest *ingest)
{
    for (uint32_t f = 0; f < ingest->options.snapshot->spec->field_count; f++) {
        tarn_vector_release(ingest->partition_values[f]);
        ingest->partition_values[f] = NULL;
    }
}

/* What the batch's rows are partitioned by. */
static enum tarn_status transform_rows(struct ingest *ingest, const struct tarn_batch *table, struct tarn_error *err)
{
    const struct tarn__partition_spec *spec = ingest->options.snapshot->spec;
    for (uint32_t f = 0; f < spec->field_count; f++) {
        const struct tarn__partition_field *field = &spec->fields[f];
        if (field->transform == TARN_TRANSFORM_VOID) {
            continue; /* always null, also when the source is gone */
        }
        if (field->column == TARN_NO_COLUMN) {
            return tarn__unsupported(err, "table.partition_source", "the table is partitioned by what is not a column of its own: \"%.*s\"",
                                     TARN_TEXT_ARG(field->name));
        }
        const enum tarn_status status = tarn__transform_vector(field->transform, field->parameter, table->columns[field->column],
                                                               field->type, &ingest->partition_values[f], err);
        if (status != TARN_OK) {
            tarn__error_at_column(err, ingest->base.schema->fields[field->column].name);
            return status;
        }
    }
    return TARN_OK;
}

static enum tarn_status write_partitioned(struct ingest *ingest, struct tarn_batch *batch, struct tarn_error *err)
{
    const struct tarn_snapshot *snapshot = ingest->options.snapshot;
    const uint32_t fields = snapshot->spec->field_count;
    struct open_file *file = NULL;
    struct tarn_text_builder *raw = &ingest->raw;
    const uint64_t bytes = batch_bytes(batch);
    uint32_t row = 0;
    while (row < batch->length) {
        /* As many rows as fit the open files: a batch with more partitions than that goes in several rounds. */
        uint32_t files = 0;
        const uint32_t begin = row;
        for (uint32_t i = 0; i < ingest->file_count; i++) {
            ingest->files[i]->position_count = 0;
        }
        for (; row < batch->length; row++) {
            for (uint32_t f = 0; f < fields; f++) {
                ingest->values[f] = (struct tarn_value){.is_null = true};
                if (ingest->partition_values[f] != NULL) {
                    ingest->values[f] = tarn__vector_value(ingest->partition_values[f], row);
                }
                ingest->values[f].type = snapshot->spec->fields[f].type;
            }
            tarn__builder_clear(raw);
            TARN_RETURN_IF_ERROR(snapshot->format->partition(snapshot, ingest->values, raw, err));
            if (file == NULL || row == begin || !tarn__text_equal(file->partition, tarn__builder_text(raw))) {
                if (files >= MOST_WRITERS - 1) {
                    break;
                }
                TARN_RETURN_IF_ERROR(file_of(ingest, tarn__builder_text(raw), ingest->values, &file, err));
            }
            files += file->position_count == 0;
            if (!tarn__grow(ingest->base.env, &file->positions, &file->position_capacity, (size_t)file->position_count + 1,
                            sizeof(*file->positions))) {
                return tarn__nomem(ingest->base.env, err, sizeof(*file->positions));
            }
            file->positions[file->position_count++] = row;
        }
        for (uint32_t i = 0; i < ingest->file_count;) {
            struct open_file *one = ingest->files[i];
            const uint32_t count = one->position_count;
            if (count == 0) {
                i++;
                continue;
            }
            one->position_count = 0;
            batch->selection = (struct tarn_selection){.kind = TARN_SELECT_POSITIONS, .rows = batch->length, .count = count};
            batch->selection.u.positions = one->positions;
            TARN_RETURN_IF_ERROR(write_rows(ingest, one, batch, bytes * count / batch->length + 1, err));
            i += i < ingest->file_count && ingest->files[i] == one; /* a finished file's place is taken by another */
        }
        file = NULL;
    }
    return TARN_OK;
}

static enum tarn_status write_compact(struct ingest *ingest, const struct tarn_batch *table, struct tarn_error *err)
{
    if (table->length == 0) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(check_nulls(ingest, table, err));
    struct tarn_batch *batch;
    TARN_RETURN_IF_ERROR(make_file_batch(ingest, table, &batch, err));
    enum tarn_status status;
    if (ingest->options.snapshot->spec->field_count == 0) {
        struct open_file *file;
        status = file_of(ingest, (struct tarn_text){"", 0}, NULL, &file, err);
        if (status == TARN_OK) {
            status = write_rows(ingest, file, batch, batch_bytes(batch), err);
        }
    } else {
        status = transform_rows(ingest, table, err);
        if (status == TARN_OK) {
            status = write_partitioned(ingest, batch, err);
        }
        release_partition_values(ingest);
    }
    tarn_batch_release(batch);
    return status;
}

enum tarn_status tarn__batch_dense(struct tarn_env *env, const struct tarn_schema *schema, const struct tarn_batch *batch,
                                   struct tarn_batch **out, struct tarn_error *err)
{
    struct tarn_vector **columns = tarn__calloc(env, (size_t)batch->column_count + 1, sizeof(struct tarn_vector *));
    if (columns == NULL) {
        return tarn__nomem(env, err, batch->column_count);
    }
    enum tarn_status status = TARN_OK;
    const bool all = batch->selection.kind == TARN_SELECT_ALL || batch->selection.count == batch->length;
    for (uint32_t c = 0; status == TARN_OK && c < batch->column_count; c++) {
        if (all) {
            columns[c] = tarn_vector_retain(batch->columns[c]);
        } else {
            status = tarn__vector_select(batch->columns[c], &batch->selection, &columns[c], err);
        }
    }
    if (status == TARN_OK) {
        status = tarn__batch_adopt(env, schema, all ? batch->length : batch->selection.count, columns, out, err);
    } else {
        for (uint32_t c = 0; c < batch->column_count; c++) {
            tarn_vector_release(columns[c]);
        }
    }
    tarn__free(env, columns);
    return status;
}

static enum tarn_status ingest_write(struct tarn_sink *base, const struct tarn_batch *batch, struct tarn_error *err)
{
    struct ingest *ingest = (struct ingest *)base;
    TARN_RETURN_IF_ERROR(tarn__check_cancelled(base->env, err));
    if (batch->column_count != base->schema->field_count) {
        return tarn__invalid(err, "columns", "the table has %u columns, the rows have %u", base->schema->field_count, batch->column_count);
    }
    if (batch->selection.kind == TARN_SELECT_ALL || batch->selection.count == batch->length) {
        return write_compact(ingest, batch, err);
    }
    struct tarn_batch *dense;
    TARN_RETURN_IF_ERROR(tarn__batch_dense(base->env, base->schema, batch, &dense, err));
    const enum tarn_status status = write_compact(ingest, dense, err);
    tarn_batch_release(dense);
    return status;
}

static void end_ingest(struct ingest *ingest, bool finished)
{
    struct tarn_env *env = ingest->base.env;
    while (ingest->file_count != 0) {
        free_file(ingest, ingest->files[--ingest->file_count]);
    }
    if (ingest->options.ended != NULL) {
        ingest->options.ended(ingest->options.arg, finished);
    }
    tarn_schema_release(ingest->file_schema);
    tarn_schema_release(ingest->base.schema);
    tarn__builder_free(&ingest->raw);
    tarn__arena_free(&ingest->arena);
    tarn_snapshot_close(ingest->options.snapshot);
    tarn__free(env, ingest);
    tarn_env_close(env);
}

static enum tarn_status ingest_finish(struct tarn_sink *base, struct tarn_error *err)
{
    struct ingest *ingest = (struct ingest *)base;
    enum tarn_status status = TARN_OK;
    while (status == TARN_OK && ingest->file_count != 0) {
        status = finish_file(ingest, ingest->file_count - 1, err);
    }
    end_ingest(ingest, status == TARN_OK);
    return status;
}

static void ingest_abort(struct tarn_sink *base)
{
    end_ingest((struct ingest *)base, false);
}

static const struct tarn_sink_ops ingest_ops = {sizeof(struct tarn_sink_ops), "table", ingest_write, ingest_finish, ingest_abort};

enum tarn_status tarn__ingest_open(const struct tarn__ingest_options *options, struct tarn_sink **out, struct tarn_error *err)
{
    *out = NULL;
    struct tarn_env *env = options->snapshot->env;
    struct ingest *ingest = tarn__calloc(env, 1, sizeof(*ingest));
    if (ingest == NULL) {
        return tarn__nomem(env, err, sizeof(*ingest));
    }
    ingest->base = (struct tarn_sink){&ingest_ops, tarn__env_retain(env), NULL};
    ingest->options = *options;
    ingest->options.ended = NULL; /* until it is open, nobody need hear of its end */
    tarn_snapshot_retain(options->snapshot);
    tarn__arena_init(&ingest->arena, env);
    tarn__builder_init(&ingest->raw, env);
    enum tarn_status status = make_row_schema(ingest, err);
    status = status == TARN_OK ? make_file_schema(ingest, err) : status;
    if (status == TARN_OK) {
        ingest->values = tarn__arena_calloc(&ingest->arena, (size_t)options->snapshot->spec->field_count + 1, sizeof(*ingest->values));
        ingest->partition_values =
            tarn__arena_calloc(&ingest->arena, (size_t)options->snapshot->spec->field_count + 1, sizeof(struct tarn_vector *));
        status = ingest->values == NULL || ingest->partition_values == NULL ? tarn__nomem(env, err, sizeof(*ingest->values)) : TARN_OK;
    }
    if (status != TARN_OK) {
        end_ingest(ingest, false);
        return status;
    }
    ingest->options.ended = options->ended;
    *out = &ingest->base;
    return TARN_OK;
}
