/* SPDX-License-Identifier: Apache-2.0
 *
 * Batches that come once (a host's stream) as a source, so that whatever reads sources reads them: a query, say. SPEC: X-SOURCE-1.
 *
 * Invariants
 *  1. `dense` holds the rows that were taken from the batches and not moved past yet, from `at` on; the current rows are the `rows` at
 * `at`.
 *  2. What `column` handed out is kept in `handed` until the next move.
 */
#include <stdatomic.h>

#include "format/base/bytes.h"
#include "format/base/checked.h"
#include "format/batch/flatten.h"
#include "format/batch/gather.h"
#include "tarn/arrow.h"

struct batches_source {
    struct tarn_source base; /* first: the addresses are one, as in the structs below */
    struct tarn_batches *batches;
    atomic_bool taken;
};

/* A column, and the members below it. */
struct place {
    uint32_t depth;
    uint32_t index[TARN_MAX_DEPTH];
};

struct batches_scan {
    struct tarn_scan base;
    struct batches_source *source;
    struct place *places;
    const struct tarn_type **types;
    atomic_ullong rows;
};

struct batches_cursor {
    struct tarn_cursor base;
    struct batches_scan *scan;
    struct tarn_batch *dense;
    uint32_t at;
    uint32_t rows;
    struct tarn_vector **handed;
    size_t handed_count;
    size_t handed_capacity;
};

/* ---- cursor ---- */

static void forget_handed(struct batches_cursor *self)
{
    for (size_t i = 0; i < self->handed_count; i++) {
        tarn_vector_release(self->handed[i]);
    }
    self->handed_count = 0;
}

static enum tarn_status batches_next(struct tarn_cursor *cursor, uint32_t max_rows, uint32_t *rows, struct tarn_error *err)
{
    struct batches_cursor *self = (struct batches_cursor *)cursor;
    struct tarn_batches *batches = self->scan->source->batches;
    forget_handed(self);
    self->at += self->rows;
    self->rows = 0;
    while (self->dense == NULL || self->at == self->dense->length) {
        struct tarn_batch *batch;
        tarn_batch_release(self->dense);
        self->dense = NULL;
        self->at = 0;
        TARN_RETURN_IF_ERROR(tarn__check_cancelled(cursor->env, err));
        TARN_RETURN_IF_ERROR(batches->next(batches, &batch, err));
        if (batch == NULL) {
            return TARN_OK;
        }
        TARN_RETURN_IF_ERROR(tarn__batch_compact(cursor->env, batch, &self->dense, err));
    }
    self->rows = self->dense->length - self->at < max_rows ? self->dense->length - self->at : max_rows;
    atomic_fetch_add(&self->scan->rows, self->rows);
    *rows = self->rows;
    return TARN_OK;
}

/* Takes `vector` over, also when it cannot be kept. */
static enum tarn_status keep(struct batches_cursor *self, struct tarn_vector *vector, struct tarn_error *err)
{
    if (!tarn__grow(self->base.env, &self->handed, &self->handed_capacity, self->handed_count + 1, sizeof(struct tarn_vector *))) {
        tarn_vector_release(vector);
        return tarn__nomem(self->base.env, err, 0);
    }
    self->handed[self->handed_count++] = vector;
    return TARN_OK;
}

/* A member of structs; null where its struct is, whatever the member says there. */
static enum tarn_status member_of(struct tarn_env *env, struct tarn_vector *structs, uint32_t index, const struct tarn_type *type,
                                  struct tarn_vector **out, struct tarn_error *err)
{
    struct tarn_vector *flat;
    *out = NULL;
    TARN_RETURN_IF_ERROR(tarn__vector_flatten(structs, NULL, &flat, err));
    if (flat->shape == TARN_SHAPE_NULLS) {
        *out = tarn__vector_nulls(env, type, flat->length);
        tarn_vector_release(flat);
        return *out != NULL ? TARN_OK : tarn__nomem(env, err, 0);
    }
    enum tarn_status status = TARN_OK;
    if (flat->validity == NULL) {
        *out = tarn_vector_retain(flat->children[index]);
    } else {
        uint32_t *positions = tarn__calloc(env, (size_t)flat->length + 1, sizeof(*positions));
        for (uint32_t i = 0; positions != NULL && i < flat->length; i++) {
            positions[i] = tarn__bit_get(flat->validity, i) ? i : TARN_GATHER_NULL;
        }
        status =
            positions != NULL ? tarn__vector_gather(flat->children[index], positions, flat->length, out, err) : tarn__nomem(env, err, 0);
        tarn__free(env, positions);
    }
    tarn_vector_release(flat);
    return status;
}

static enum tarn_status batches_column(struct tarn_cursor *cursor, uint32_t handle, const struct tarn_selection *selection,
                                       struct tarn_vector **out, struct tarn_error *err)
{
    struct batches_cursor *self = (struct batches_cursor *)cursor;
    *out = NULL;
    if (handle >= self->scan->base.path_count || self->rows == 0) {
        return tarn__invalid(err, "cursor", "there is no such column, or there are no rows: call next first");
    }
    const struct place *place = &self->scan->places[handle];
    struct tarn_vector *vector;
    TARN_RETURN_IF_ERROR(tarn__vector_slice(self->dense->columns[place->index[0]], self->at, self->rows, &vector, err));
    for (uint32_t i = 1; i < place->depth; i++) {
        struct tarn_vector *member;
        const struct tarn_type *type = vector->type->fields[place->index[i]].type;
        const enum tarn_status status = member_of(cursor->env, vector, place->index[i], type, &member, err);
        tarn_vector_release(vector);
        TARN_RETURN_IF_ERROR(status);
        vector = member;
    }
    if (selection != NULL && selection->kind != TARN_SELECT_ALL) {
        struct tarn_vector *selected;
        const enum tarn_status status = tarn__vector_select(vector, selection, &selected, err);
        tarn_vector_release(vector);
        TARN_RETURN_IF_ERROR(status);
        vector = selected;
    }
    TARN_RETURN_IF_ERROR(keep(self, vector, err));
    *out = vector;
    return TARN_OK;
}

static void cursor_close(struct tarn_cursor *cursor)
{
    struct batches_cursor *self = (struct batches_cursor *)cursor;
    struct tarn_env *env = cursor->env;
    forget_handed(self);
    tarn_batch_release(self->dense);
    tarn__free(env, self->handed);
    tarn__free(env, self);
    tarn_env_close(env);
}

/* ---- scan ---- */

static uint32_t scan_task_count(struct tarn_scan *scan)
{
    (void)scan;
    return 1;
}

static enum tarn_status scan_open(struct tarn_scan *scan, uint32_t task, struct tarn_cursor **out, struct tarn_error *err)
{
    static const struct tarn_cursor_ops ops = {sizeof(ops), batches_next, batches_column, cursor_close};
    struct batches_scan *self = (struct batches_scan *)scan;
    (void)task;
    if (atomic_exchange(&self->source->taken, true)) {
        return tarn__invalid(err, "stream", "a stream can be read only once: save it to a file first");
    }
    struct batches_cursor *cursor = tarn__calloc(scan->env, 1, sizeof(*cursor));
    if (cursor == NULL) {
        return tarn__nomem(scan->env, err, sizeof(*cursor));
    }
    cursor->base = (struct tarn_cursor){&ops, tarn__env_retain(scan->env)};
    cursor->scan = self;
    *out = &cursor->base;
    return TARN_OK;
}

static void scan_stats(struct tarn_scan *scan, struct tarn_scan_stats *stats)
{
    stats->rows = atomic_load(&((struct batches_scan *)scan)->rows);
}

static void scan_close(struct tarn_scan *scan)
{
    struct batches_scan *self = (struct batches_scan *)scan;
    struct tarn_env *env = scan->env;
    tarn__free(env, self->places);
    tarn__free(env, self->types);
    tarn__free(env, self);
    tarn_env_close(env);
}

static enum tarn_status resolve(const struct tarn_schema *schema, const struct tarn_path *path, struct place *place,
                                const struct tarn_type **type, struct tarn_error *err)
{
    bool nullable;
    TARN_RETURN_IF_ERROR(tarn_path_resolve(schema, path, type, &nullable, place->index, err));
    place->depth = path->depth;
    for (uint32_t i = 0; i < path->depth; i++) {
        if (!tarn_path_step_is_member(&path->steps[i]) || place->index[i] == UINT32_MAX) {
            return tarn__invalid(err, "path",
                                 "rows of a stream have columns and members of structs; nothing inside lists and variants, no row index");
        }
    }
    return TARN_OK;
}

static enum tarn_status source_scan(struct tarn_source *source, const struct tarn_scan_request *request, struct tarn_scan **out,
                                    struct tarn_error *err)
{
    static const struct tarn_scan_ops ops = {sizeof(ops), scan_task_count, scan_open, scan_stats, scan_close, NULL};
    struct batches_scan *self = tarn__calloc(source->env, 1, sizeof(*self));
    if (self == NULL) {
        return tarn__nomem(source->env, err, sizeof(*self));
    }
    self->base = (struct tarn_scan){&ops, tarn__env_retain(source->env), request->path_count, NULL};
    self->source = (struct batches_source *)source;
    self->places = tarn__calloc(source->env, (size_t)request->path_count + 1, sizeof(*self->places));
    self->types = tarn__calloc(source->env, (size_t)request->path_count + 1, sizeof(*self->types));
    enum tarn_status status = self->places != NULL && self->types != NULL ? TARN_OK : tarn__nomem(source->env, err, 0);
    for (uint32_t i = 0; status == TARN_OK && i < request->path_count; i++) {
        status = resolve(self->source->batches->schema, &request->paths[i], &self->places[i], &self->types[i], err);
    }
    self->base.types = self->types;
    if (status != TARN_OK) {
        scan_close(&self->base);
        return status;
    }
    *out = &self->base;
    return TARN_OK;
}

/* ---- source ---- */

static const struct tarn_schema *source_schema(struct tarn_source *source)
{
    return ((struct batches_source *)source)->batches->schema;
}

static void source_close(struct tarn_source *source)
{
    struct batches_source *self = (struct batches_source *)source;
    struct tarn_env *env = source->env;
    self->batches->close(self->batches);
    tarn__free(env, self);
    tarn_env_close(env);
}

enum tarn_status tarn_batches_source(struct tarn_batches *batches, struct tarn_source **out, struct tarn_error *err)
{
    static const struct tarn_source_ops ops = {sizeof(ops), "batches", source_schema, NULL, source_scan, source_close, NULL};
    struct batches_source *self = tarn__calloc(batches->env, 1, sizeof(*self));
    *out = NULL;
    if (self == NULL) {
        const enum tarn_status status = tarn__nomem(batches->env, err, sizeof(*self));
        batches->close(batches);
        return status;
    }
    self->base = (struct tarn_source){&ops, tarn__env_retain(batches->env)};
    self->batches = batches;
    *out = &self->base;
    return TARN_OK;
}
