/* SPDX-License-Identifier: Apache-2.0
 *
 * From the columns of a schema to those of its file. SPEC: P-VARSHRED-5 to P-VARSHRED-7.
 *
 * Invariants
 *  1. The sample is the first SAMPLE_ROWS rows, or the steps up to SAMPLE_BYTES of variants: the same whatever batches they come in.
 *  2. Variants are numbered depth first in the logical schema, and every walk counts all of them.
 */
#include "writer/parquet/row_storage.h"

#include "format/base/bytes.h"
#include "format/batch/gather.h"
#include "format/batch/schema.h"
#include "format/variant/variant_shred.h"

enum {
    SAMPLE_ROWS = 4096, /* a multiple of SAMPLE_STEP */
    SAMPLE_STEP = 64,
    SAMPLE_BYTES = 8 << 20,
    LEAST_ROWS = 128, /* of a sample: fewer rows pay for no more columns, unless they are asked for */
};

struct tarn__stored_variant {
    const struct tarn_type *logical;
    const struct tarn_type *stored; /* with members when it is shredded */
    const struct tarn_variant_column *column;
    enum tarn_choice shredding;
    bool inferred;
    struct tarn__variant_sketch sketch;
};

/* ---- variants of the schema ---- */

static uint32_t count_variants(const struct tarn_type *type)
{
    uint32_t count = type->id == TARN_TYPE_VARIANT ? 1 : 0;
    for (uint32_t i = 0; i < type->field_count; i++) {
        count += count_variants(type->fields[i].type);
    }
    return count;
}

/* Does `type` hold the variant, or is it the variant itself? Types of a schema are each their own. */
static bool holds(const struct tarn_type *type, const struct tarn_type *variant)
{
    if (type == variant) {
        return true;
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (holds(type->fields[i].type, variant)) {
            return true;
        }
    }
    return false;
}

static void list_variants(struct tarn__row_storage *storage, const struct tarn_type *type, uint32_t *next)
{
    if (type->id == TARN_TYPE_VARIANT) {
        storage->variants[(*next)++] = (struct tarn__stored_variant){.logical = type, .stored = type};
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        list_variants(storage, type->fields[i].type, next);
    }
}

/* What the options say of each variant. The last one that says anything decides. */
static enum tarn_status apply_options(struct tarn__row_storage *storage, const struct tarn_parquet_write_options *options,
                                      struct tarn_error *err)
{
    const char *at = (const char *)options->columns;
    for (uint32_t i = 0; i < options->column_count; i++) {
        struct tarn_parquet_column_options column = TARN_PARQUET_COLUMN_OPTIONS_INIT;
        const struct tarn_parquet_column_options *given = (const struct tarn_parquet_column_options *)(const void *)at;
        const struct tarn_type *type;
        bool nullable;
        if (given->size == 0) {
            return tarn__invalid(err, "options", "the options of a column have no size; begin with TARN_PARQUET_COLUMN_OPTIONS_INIT");
        }
        memcpy(&column, given, given->size < sizeof(column) ? given->size : sizeof(column));
        at += given->size;
        TARN_RETURN_IF_ERROR(tarn_path_resolve(storage->logical, &column.path, &type, &nullable, NULL, err));
        for (uint32_t k = 0; k < storage->variant_count; k++) {
            struct tarn__stored_variant *variant = &storage->variants[k];
            if (!holds(type, variant->logical)) {
                continue;
            }
            variant->shredding = column.shredding != TARN_CHOICE_AUTO ? column.shredding : variant->shredding;
            if (column.shredding_type != NULL) {
                const struct tarn_type *typed;
                TARN_RETURN_IF_ERROR(tarn__type_copy(storage->arena, column.shredding_type, &typed, err));
                TARN_RETURN_IF_ERROR(tarn__variant_storage_type(storage->arena, typed, &variant->stored, err));
            }
        }
    }
    return TARN_OK;
}

/* ---- types ---- */

static enum tarn_status store_type(struct tarn__row_storage *storage, const struct tarn_type *type, uint32_t *next,
                                   const struct tarn_type **out, struct tarn_error *err);

static enum tarn_status store_fields(struct tarn__row_storage *storage, uint32_t count, const struct tarn_field *fields, uint32_t *next,
                                     const struct tarn_field **out, struct tarn_error *err)
{
    struct tarn_field *stored = tarn__arena_calloc(storage->arena, (size_t)count + 1, sizeof(*stored));
    if (stored == NULL) {
        return tarn__nomem(storage->env, err, count * sizeof(*stored));
    }
    for (uint32_t i = 0; i < count; i++) {
        stored[i] = fields[i];
        TARN_RETURN_IF_ERROR(store_type(storage, fields[i].type, next, &stored[i].type, err));
    }
    *out = stored;
    return TARN_OK;
}

static enum tarn_status store_type(struct tarn__row_storage *storage, const struct tarn_type *type, uint32_t *next,
                                   const struct tarn_type **out, struct tarn_error *err)
{
    *out = type;
    if (type->id == TARN_TYPE_VARIANT) {
        *out = storage->variants[(*next)++].stored;
        return TARN_OK;
    }
    if (count_variants(type) == 0) {
        return TARN_OK;
    }
    struct tarn_type *stored = tarn__arena_calloc(storage->arena, 1, sizeof(*stored));
    if (stored == NULL) {
        return tarn__nomem(storage->env, err, sizeof(*stored));
    }
    *stored = *type;
    *out = stored;
    return store_fields(storage, type->field_count, type->fields, next, &stored->fields, err);
}

static enum tarn_status make_stored(struct tarn__row_storage *storage, struct tarn_error *err)
{
    uint32_t next = 0;
    storage->stored = *storage->logical;
    return storage->variant_count == 0
               ? TARN_OK
               : store_fields(storage, storage->logical->field_count, storage->logical->fields, &next, &storage->stored.fields, err);
}

enum tarn_status tarn__row_storage_init(struct tarn__row_storage *storage, struct tarn_arena *arena, const struct tarn_schema *schema,
                                        const struct tarn_parquet_write_options *options, struct tarn_error *err)
{
    uint32_t next = 0;
    *storage = (struct tarn__row_storage){.env = arena->env, .arena = arena, .logical = schema, .ready = true};
    for (uint32_t i = 0; i < schema->field_count; i++) {
        storage->variant_count += count_variants(schema->fields[i].type);
    }
    storage->variants = tarn__arena_calloc(arena, (size_t)storage->variant_count + 1, sizeof(*storage->variants));
    if (storage->variants == NULL) {
        return tarn__nomem(storage->env, err, storage->variant_count * sizeof(*storage->variants));
    }
    for (uint32_t i = 0; i < schema->field_count; i++) {
        list_variants(storage, schema->fields[i].type, &next);
    }
    if (storage->variant_count != 0) {
        TARN_RETURN_IF_ERROR(apply_options(storage, options, err));
    }
    for (uint32_t i = 0; i < storage->variant_count; i++) {
        struct tarn__stored_variant *variant = &storage->variants[i];
        const bool wanted =
            variant->shredding == TARN_CHOICE_YES || (variant->shredding == TARN_CHOICE_AUTO && options->profile != TARN_PROFILE_COMPAT);
        variant->stored = variant->shredding == TARN_CHOICE_NO ? variant->logical : variant->stored;
        variant->inferred = wanted && variant->stored == variant->logical && options->encryption == NULL; /* keys are given out before */
        storage->ready = storage->ready && !variant->inferred;
        tarn__variant_sketch_init(&variant->sketch, arena);
    }
    return make_stored(storage, err);
}

void tarn__row_storage_release_held(struct tarn__row_storage *storage)
{
    for (uint32_t i = 0; i < storage->held_count; i++) {
        tarn_batch_release(storage->held[i]);
    }
    storage->held_count = 0;
}

void tarn__row_storage_free(struct tarn__row_storage *storage)
{
    tarn__row_storage_release_held(storage);
    if (storage->env != NULL) {
        tarn__free(storage->env, storage->held);
    }
    *storage = (struct tarn__row_storage){.env = NULL};
}

/* ---- what the file's schema makes of the variants ---- */

static void bind_node(struct tarn__row_storage *storage, const struct tarn_node *node, uint32_t *next)
{
    if (node->kind == TARN_NODE_VARIANT) {
        struct tarn__stored_variant *variant = &storage->variants[(*next)++];
        variant->column = variant->stored->field_count != 0 ? node->variant : NULL;
        return;
    }
    for (uint32_t i = 0; i < node->child_count; i++) {
        bind_node(storage, &node->children[i], next);
    }
}

void tarn__row_storage_bind(struct tarn__row_storage *storage, const struct tarn_file_schema *schema)
{
    uint32_t next = 0;
    bind_node(storage, &schema->root, &next);
}

/* ---- rows ---- */

/*
 * A walk over a vector and its type with the rows of it that count (NULL: all): `visit` gets each VARIANT vector and gives another one, a
 * new reference, or the same.
 */
struct walk {
    struct tarn__row_storage *storage;
    uint32_t next;
    enum tarn_status (*visit)(struct walk *walk, uint32_t variant, struct tarn_vector *vector, const uint8_t *live,
                              struct tarn_vector **out, struct tarn_error *err);
};

static enum tarn_status walk_vector(struct walk *walk, const struct tarn_type *type, struct tarn_vector *vector, const uint8_t *live,
                                    struct tarn_vector **out, struct tarn_error *err);

/* The elements that live lists name. */
static enum tarn_status live_elements(struct tarn__row_storage *storage, const struct tarn_vector *list, const uint8_t *live, uint8_t **out,
                                      struct tarn_error *err)
{
    const uint32_t length = list->children[0]->length;
    *out = tarn__calloc(storage->env, tarn__bits_bytes(length) + 1, 1);
    if (*out == NULL) {
        return tarn__nomem(storage->env, err, length);
    }
    for (uint32_t row = 0; row < list->length; row++) {
        if ((live != NULL && !tarn__bit_get(live, row)) || (list->validity != NULL && !tarn__bit_get(list->validity, row))) {
            continue;
        }
        const uint64_t end = tarn__vector_offset(list, row + 1);
        for (uint64_t i = tarn__vector_offset(list, row); i < end; i++) {
            tarn__bit_set(*out, i);
        }
    }
    return TARN_OK;
}

static enum tarn_status live_members(struct tarn__row_storage *storage, const struct tarn_vector *vector, const uint8_t *live,
                                     uint8_t **out, struct tarn_error *err)
{
    *out = NULL;
    if (live == NULL && vector->validity == NULL) {
        return TARN_OK;
    }
    *out = tarn__calloc(storage->env, tarn__bits_bytes(vector->length) + 1, 1);
    if (*out == NULL) {
        return tarn__nomem(storage->env, err, vector->length);
    }
    for (uint32_t row = 0; row < vector->length; row++) {
        if ((live == NULL || tarn__bit_get(live, row)) && (vector->validity == NULL || tarn__bit_get(vector->validity, row))) {
            tarn__bit_set(*out, row);
        }
    }
    return TARN_OK;
}

static enum tarn_status walk_children(struct walk *walk, const struct tarn_type *type, struct tarn_vector *vector, const uint8_t *live,
                                      struct tarn_vector **out, struct tarn_error *err)
{
    struct tarn_env *env = walk->storage->env;
    const bool shell = vector->shape == TARN_SHAPE_CONSTANT || vector->shape == TARN_SHAPE_RUNS;
    uint8_t *below = NULL;
    struct tarn_vector **children = tarn__calloc(env, (size_t)vector->child_count + 1, sizeof(struct tarn_vector *));
    enum tarn_status status = children != NULL ? TARN_OK : tarn__nomem(env, err, 0);
    if (status == TARN_OK && vector->shape == TARN_SHAPE_LIST) {
        status = live_elements(walk->storage, vector, live, &below, err);
    } else if (status == TARN_OK && !shell) {
        status = live_members(walk->storage, vector, live, &below, err);
    }
    for (uint32_t i = 0; i < vector->child_count && status == TARN_OK; i++) {
        status = walk_vector(walk, shell ? type : type->fields[i].type, vector->children[i], below, &children[i], err);
    }
    if (status != TARN_OK && err != NULL) {
        err->row = -1; /* that was one of the elements */
    }
    if (status == TARN_OK) {
        *out = tarn__vector_with_children(vector, children);
        status = *out != NULL ? TARN_OK : tarn__nomem(env, err, 0);
    }
    for (uint32_t i = 0; children != NULL && i < vector->child_count; i++) {
        tarn_vector_release(children[i]);
    }
    tarn__free(env, children);
    tarn__free(env, below);
    return status;
}

static enum tarn_status walk_vector(struct walk *walk, const struct tarn_type *type, struct tarn_vector *vector, const uint8_t *live,
                                    struct tarn_vector **out, struct tarn_error *err)
{
    const uint32_t variants = count_variants(type);
    *out = NULL;
    if (variants == 0 || vector->shape == TARN_SHAPE_NULLS) {
        walk->next += variants;
        *out = tarn_vector_retain(vector);
        return TARN_OK;
    }
    if (type->id == TARN_TYPE_VARIANT) {
        return walk->visit(walk, walk->next++, vector, live, out, err);
    }
    const bool shell = vector->shape == TARN_SHAPE_CONSTANT || vector->shape == TARN_SHAPE_RUNS;
    if (!shell && ((vector->shape != TARN_SHAPE_LIST && vector->shape != TARN_SHAPE_STRUCT) || vector->child_count != type->field_count)) {
        return tarn__invalid(err, "vector", "a nested column was given a vector whose shape its type cannot have");
    }
    return walk_children(walk, type, vector, live, out, err);
}

static enum tarn_status walk_columns(struct walk *walk, struct tarn_vector *const *columns, struct tarn_vector **out,
                                     struct tarn_error *err)
{
    const struct tarn_schema *schema = walk->storage->logical;
    for (uint32_t i = 0; i < schema->field_count; i++) {
        const enum tarn_status status = walk_vector(walk, schema->fields[i].type, columns[i], NULL, &out[i], err);
        if (status != TARN_OK) {
            tarn__error_at_column(err, schema->fields[i].name);
            return status;
        }
    }
    return TARN_OK;
}

/* ---- the sample ---- */

static enum tarn_status sketch_rows(struct tarn__row_storage *storage, struct tarn__stored_variant *variant,
                                    const struct tarn_vector *vector, const uint8_t *live, struct tarn_error *err)
{
    struct tarn__variant_reader reader = {.env = storage->env};
    enum tarn_status status = TARN_OK;
    for (uint32_t row = 0; row < vector->length && status == TARN_OK; row++) {
        struct tarn_variant value;
        const struct tarn__vector_place place = tarn__vector_locate(vector, row);
        if (place.is_null || (live != NULL && !tarn__bit_get(live, row))) {
            continue;
        }
        if (place.vector->shape != TARN_SHAPE_STRUCT || place.vector->child_count != 2) {
            status = tarn__invalid(err, "vector", "a VARIANT column was given a vector whose shape it cannot have");
        } else {
            status = tarn__variant_reader_row(&reader, place.vector, place.row, &value, err);
        }
        if (status == TARN_OK) {
            storage->sampled_bytes += value.bytes.size;
            status = tarn__variant_sketch_add(&variant->sketch, &value, err);
        } else {
            tarn__error_at_row(err, row);
        }
    }
    tarn__variant_reader_free(&reader);
    return status;
}

static enum tarn_status visit_sample(struct walk *walk, uint32_t number, struct tarn_vector *vector, const uint8_t *live,
                                     struct tarn_vector **out, struct tarn_error *err)
{
    struct tarn__stored_variant *variant = &walk->storage->variants[number];
    *out = tarn_vector_retain(vector);
    const enum tarn_status status = variant->inferred ? sketch_rows(walk->storage, variant, vector, live, err) : TARN_OK;
    if (status != TARN_OK) {
        tarn_vector_release(*out);
        *out = NULL;
    }
    return status;
}

static enum tarn_status sample_rows(struct tarn__row_storage *storage, const struct tarn_batch *batch, uint32_t first, uint32_t rows,
                                    struct tarn_vector **columns, struct tarn_vector **scratch, struct tarn_error *err)
{
    struct walk walk = {.storage = storage, .visit = visit_sample};
    const uint32_t count = batch->column_count;
    enum tarn_status status = TARN_OK;
    for (uint32_t i = 0; i < count && status == TARN_OK; i++) {
        status = tarn__vector_slice(batch->columns[i], first, rows, &columns[i], err);
    }
    if (status == TARN_OK) {
        status = walk_columns(&walk, columns, scratch, err);
    }
    for (uint32_t i = 0; i < count; i++) {
        tarn_vector_release(columns[i]);
        tarn_vector_release(scratch[i]);
        columns[i] = scratch[i] = NULL;
    }
    if (status != TARN_OK && err != NULL && err->row >= 0) {
        err->row += (int64_t)storage->sampled;
    }
    storage->sampled += rows;
    return status;
}

/* Looked at only where a step ends, which batches do not move. */
static bool has_enough(const struct tarn__row_storage *storage)
{
    return storage->sampled % SAMPLE_STEP == 0 && (storage->sampled >= SAMPLE_ROWS || storage->sampled_bytes >= SAMPLE_BYTES);
}

static enum tarn_status sample_batch(struct tarn__row_storage *storage, const struct tarn_batch *batch, struct tarn_error *err)
{
    struct tarn_vector **columns = tarn__calloc(storage->env, 2 * (size_t)batch->column_count + 1, sizeof(struct tarn_vector *));
    enum tarn_status status = columns != NULL ? TARN_OK : tarn__nomem(storage->env, err, 0);
    for (uint32_t row = 0; row < batch->length && status == TARN_OK && !has_enough(storage);) {
        const uint32_t step = SAMPLE_STEP - (uint32_t)(storage->sampled % SAMPLE_STEP);
        const uint32_t rows = batch->length - row < step ? batch->length - row : step;
        status = sample_rows(storage, batch, row, rows, columns, columns + batch->column_count, err);
        row += rows;
    }
    tarn__free(storage->env, columns);
    return status;
}

/* The selected rows, referring to the sink's own schema: the batch's source may be gone when they are written. */
static enum tarn_status own_rows(struct tarn__row_storage *storage, const struct tarn_batch *batch, struct tarn_batch **out,
                                 struct tarn_error *err)
{
    const uint32_t count = storage->logical->field_count;
    struct tarn_vector **columns = tarn__calloc(storage->env, (size_t)count + 1, sizeof(struct tarn_vector *));
    enum tarn_status status = columns != NULL ? TARN_OK : tarn__nomem(storage->env, err, 0);
    for (uint32_t i = 0; i < count && status == TARN_OK; i++) {
        struct tarn_vector *selected;
        status = tarn__vector_select(batch->columns[i], &batch->selection, &selected, err);
        if (status == TARN_OK) {
            columns[i] = tarn__vector_retype(selected, storage->logical->fields[i].type);
            tarn_vector_release(selected);
            status = columns[i] != NULL ? TARN_OK : tarn__nomem(storage->env, err, 0);
        }
    }
    if (status == TARN_OK) {
        status = tarn_batch_make(storage->env, storage->logical, batch->selection.count, columns, out, err);
    }
    for (uint32_t i = 0; columns != NULL && i < count; i++) {
        tarn_vector_release(columns[i]);
    }
    tarn__free(storage->env, columns);
    return status;
}

enum tarn_status tarn__row_storage_hold(struct tarn__row_storage *storage, const struct tarn_batch *batch, bool *enough,
                                        struct tarn_error *err)
{
    struct tarn_batch *own;
    *enough = false;
    if (!tarn__grow(storage->env, &storage->held, &storage->held_room, (size_t)storage->held_count + 1, sizeof(struct tarn_batch *))) {
        return tarn__nomem(storage->env, err, sizeof(struct tarn_batch *));
    }
    TARN_RETURN_IF_ERROR(own_rows(storage, batch, &own, err));
    storage->held[storage->held_count++] = own;
    TARN_RETURN_IF_ERROR(sample_batch(storage, own, err));
    *enough = has_enough(storage);
    return TARN_OK;
}

enum tarn_status tarn__row_storage_decide(struct tarn__row_storage *storage, struct tarn_error *err)
{
    for (uint32_t i = 0; i < storage->variant_count; i++) {
        struct tarn__stored_variant *variant = &storage->variants[i];
        const struct tarn_type *typed = NULL;
        if (variant->inferred && (variant->shredding == TARN_CHOICE_YES || variant->sketch.rows >= LEAST_ROWS)) {
            TARN_RETURN_IF_ERROR(tarn__variant_sketch_type(&variant->sketch, &typed, err));
        }
        if (typed != NULL) {
            TARN_RETURN_IF_ERROR(tarn__variant_storage_type(storage->arena, typed, &variant->stored, err));
        }
    }
    storage->ready = true;
    return make_stored(storage, err);
}

/* ---- conversion ---- */

static enum tarn_status visit_convert(struct walk *walk, uint32_t number, struct tarn_vector *vector, const uint8_t *live,
                                      struct tarn_vector **out, struct tarn_error *err)
{
    const struct tarn__stored_variant *variant = &walk->storage->variants[number];
    return tarn__variant_shred(walk->storage->env, variant->column, variant->stored, vector, live, out, err);
}

enum tarn_status tarn__row_storage_convert(struct tarn__row_storage *storage, const struct tarn_batch *batch, struct tarn_batch **out,
                                           struct tarn_error *err)
{
    struct walk walk = {.storage = storage, .visit = visit_convert};
    struct tarn_batch *own;
    *out = NULL;
    TARN_RETURN_IF_ERROR(own_rows(storage, batch, &own, err));
    struct tarn_vector **columns = tarn__calloc(storage->env, (size_t)own->column_count + 1, sizeof(struct tarn_vector *));
    enum tarn_status status = columns != NULL ? TARN_OK : tarn__nomem(storage->env, err, 0);
    if (status == TARN_OK) {
        status = walk_columns(&walk, own->columns, columns, err);
    }
    if (status == TARN_OK) {
        status = tarn_batch_make(storage->env, storage->logical, own->length, columns, out, err);
    }
    for (uint32_t i = 0; columns != NULL && i < own->column_count; i++) {
        tarn_vector_release(columns[i]);
    }
    tarn__free(storage->env, columns);
    tarn_batch_release(own);
    return status;
}
