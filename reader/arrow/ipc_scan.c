/* SPDX-License-Identifier: Apache-2.0
 *
 * Scans of Arrow IPC. SPEC: X-IPC-9.
 *
 * Invariants
 *  1. A file's dictionaries are read before its first batch, since its batches may be opened in any order; a stream's come between its
 *     batches, and its cursor reads them.
 */
#include "reader/arrow/ipc_scan.h"

#include "format/base/bytes.h"

struct tarn__arrow_values *tarn__ipc_values_new(const struct tarn__ipc_source *source)
{
    return tarn__calloc(source->base.env, (size_t)source->schema.dictionary_count + 1, sizeof(struct tarn__arrow_values));
}

void tarn__ipc_values_free(const struct tarn__ipc_source *source, struct tarn__arrow_values *values)
{
    for (uint32_t i = 0; values != NULL && i < source->schema.dictionary_count; i++) {
        tarn__arrow_values_release(&values[i]);
    }
    tarn__free(source->base.env, values);
}

static uint32_t ipc_task_count(struct tarn_scan *scan)
{
    const struct tarn__ipc_source *source = tarn__ipc_scan_of(scan)->source;
    return source->file ? source->batch_count : 1;
}

static void ipc_stats(struct tarn_scan *scan, struct tarn_scan_stats *stats)
{
    struct tarn__ipc_scan *self = tarn__ipc_scan_of(scan);
    stats->files = 1;
    stats->requests = atomic_load(&self->counters.requests);
    stats->bytes_read = atomic_load(&self->counters.bytes);
    stats->row_groups = atomic_load(&self->counters.batches);
    stats->rows = atomic_load(&self->counters.rows);
}

static void ipc_scan_close(struct tarn_scan *scan)
{
    struct tarn__ipc_scan *self = tarn__ipc_scan_of(scan);
    struct tarn_env *env = scan->env;
    tarn__ipc_values_free(self->source, self->values);
    tarn__free(env, self->first_rows);
    tarn__free(env, self->wanted);
    tarn__free(env, self->paths);
    tarn__free(env, self->types);
    tarn__free(env, self);
    tarn_env_close(env);
}

static const struct tarn_scan_ops scan_ops = {sizeof(scan_ops), ipc_task_count, tarn__ipc_cursor_open, ipc_stats, ipc_scan_close, NULL};

/* ---- what is wanted ---- */

static void want_dictionaries(struct tarn__ipc_scan *self, const struct tarn__ipc_field *field)
{
    if (field->schema.dictionary != NULL) {
        self->wanted[field->dictionary] = true;
        want_dictionaries(self, tarn__ipc_field_of(field->schema.dictionary));
    }
    for (int64_t i = 0; i < field->schema.n_children; i++) {
        want_dictionaries(self, tarn__ipc_field_of(field->schema.children[i]));
    }
}

static enum tarn_status resolve(struct tarn__ipc_scan *self, const struct tarn_path *path, uint32_t i, struct tarn_error *err)
{
    struct tarn__ipc_path *found = &self->paths[i];
    bool nullable;
    TARN_RETURN_IF_ERROR(tarn_path_resolve(self->source->schema.schema, path, &self->types[i], &nullable, found->index, err));
    for (uint32_t step = 0; step < path->depth; step++) {
        if (!tarn_path_step_is_member(&path->steps[step]) || (step != 0 && found->index[step] == UINT32_MAX)) {
            return tarn__invalid(err, "path", "the path leads into a list, a map or a variant, of which only the whole can be read");
        }
    }
    found->depth = path->depth - 1;
    if (found->index[0] != TARN__IPC_ROW_INDEX) {
        want_dictionaries(self, tarn__ipc_field_of(self->source->schema.root->schema.children[found->index[0]]));
    }
    return TARN_OK;
}

static enum tarn_status resolve_paths(struct tarn__ipc_scan *self, const struct tarn_scan_request *request, bool *row_index,
                                      struct tarn_error *err)
{
    struct tarn_env *env = self->base.env;
    self->paths = tarn__calloc(env, (size_t)request->path_count + 1, sizeof(*self->paths));
    self->types = tarn__calloc(env, (size_t)request->path_count + 1, sizeof(*self->types));
    self->wanted = tarn__calloc(env, (size_t)self->source->schema.dictionary_count + 1, sizeof(*self->wanted));
    if (self->paths == NULL || self->types == NULL || self->wanted == NULL) {
        return tarn__nomem(env, err, 0);
    }
    for (uint32_t i = 0; i < request->path_count; i++) {
        TARN_RETURN_IF_ERROR(resolve(self, &request->paths[i], i, err));
        *row_index = *row_index || self->paths[i].index[0] == TARN__IPC_ROW_INDEX;
    }
    self->base.types = self->types;
    return TARN_OK;
}

/* ---- files ---- */

static enum tarn_status read_dictionaries(struct tarn__ipc_scan *self, struct tarn__ipc_input *input, struct tarn_error *err)
{
    struct tarn__ipc_source *source = self->source;
    struct tarn__ipc_array_reader reader = {source->base.env, NULL, tarn__ipc_input_body(input), self->values};
    TARN_RETURN_IF_ERROR(tarn__ipc_packer_open(source->base.env, &reader.packer, err));
    enum tarn_status status = TARN_OK;
    for (uint32_t i = 0; i < source->dictionary_count && status == TARN_OK; i++) {
        status = tarn__ipc_input_block(input, &source->dictionaries[i], TARN__IPC_DICTIONARY, err);
        status = status == TARN_OK ? tarn__ipc_dictionary_read(&reader, &source->schema, &input->message, self->wanted, true, err) : status;
    }
    tarn__ipc_packer_close(reader.packer);
    return status;
}

static enum tarn_status count_rows(struct tarn__ipc_scan *self, struct tarn__ipc_input *input, struct tarn_error *err)
{
    struct tarn__ipc_source *source = self->source;
    uint64_t row = 0;
    self->first_rows = tarn__calloc(source->base.env, (size_t)source->batch_count + 1, sizeof(*self->first_rows));
    if (self->first_rows == NULL) {
        return tarn__nomem(source->base.env, err, 0);
    }
    for (uint32_t i = 0; i < source->batch_count; i++) {
        struct tarn__ipc_records records;
        self->first_rows[i] = row;
        TARN_RETURN_IF_ERROR(tarn__ipc_input_block(input, &source->batches[i], TARN__IPC_RECORDS, err));
        TARN_RETURN_IF_ERROR(tarn__ipc_records_read(&input->message, &input->message.header, &records, err));
        row += records.length; /* below 2^31 each */
    }
    return TARN_OK;
}

static enum tarn_status prepare_file(struct tarn__ipc_scan *self, bool row_index, struct tarn_error *err)
{
    struct tarn__ipc_source *source = self->source;
    struct tarn__ipc_input input = tarn__ipc_source_input(source, &self->counters);
    bool any = false;
    for (uint32_t i = 0; i < source->schema.dictionary_count; i++) {
        any = any || self->wanted[i];
    }
    self->values = tarn__ipc_values_new(source);
    enum tarn_status status = self->values != NULL ? TARN_OK : tarn__nomem(source->base.env, err, 0);
    status = status == TARN_OK && any ? read_dictionaries(self, &input, err) : status;
    status = status == TARN_OK && row_index ? count_rows(self, &input, err) : status;
    tarn__ipc_input_close(&input);
    return tarn__ipc_source_failed(source, status, err);
}

enum tarn_status tarn__ipc_scan(struct tarn_source *source, const struct tarn_scan_request *request, struct tarn_scan **out,
                                struct tarn_error *err)
{
    struct tarn__ipc_scan *self = tarn__calloc(source->env, 1, sizeof(*self));
    bool row_index = false;
    *out = NULL;
    if (self == NULL) {
        return tarn__nomem(source->env, err, sizeof(*self));
    }
    self->base = (struct tarn_scan){&scan_ops, tarn__env_retain(source->env), request->path_count, NULL};
    self->source = tarn__ipc_source_of(source);
    self->batch_rows = request->batch_rows;
    enum tarn_status status = resolve_paths(self, request, &row_index, err);
    status = status == TARN_OK && self->source->file ? prepare_file(self, row_index, err) : status;
    if (status != TARN_OK) {
        ipc_scan_close(&self->base);
        return status;
    }
    *out = &self->base;
    return TARN_OK;
}
