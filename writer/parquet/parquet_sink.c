/* SPDX-License-Identifier: Apache-2.0
 *
 * Batches to a Parquet file.
 *
 * Specification: parquet-format README.md, parquet.thrift "FileMetaData". SPEC: P-FILE-WRITE-1 to P-FILE-WRITE-8.
 *
 * Invariants
 *  1. Nothing is visible before finish has committed the object; whatever fails before, the object writer is aborted.
 *  2. After the first failure the sink only repeats it.
 *  3. The file depends on the rows, the schema and the options alone: no time, no identity, no thread leaves a trace.
 */
#include "format/base/decimal.h"
#include "format/batch/half.h"
#include "format/batch/selection.h"
#include "format/column/footer.h"
#include "tarn/writer.h"
#include "writer/parquet/arrow_schema.h"
#include "writer/parquet/file_keys.h"
#include "writer/parquet/parquet_create.h"
#include "writer/parquet/row_group_writer.h"
#include "writer/parquet/row_storage.h"
#include "writer/parquet/verify_written.h"

enum { FOOTER_END = 8 /* its length and the magic */ };

struct parquet_sink {
    struct tarn_sink sink; /* first */
    struct tarn_store *store;
    struct tarn_arena arena;
    struct tarn_text key;
    struct tarn_text arrow_schema; /* value of the key ARROW:schema, empty: none */
    struct tarn__file_keys keys;   /* with room for that one */
    struct tarn_parquet_write_options options;
    struct tarn_object_writer *file; /* NULL once ended */
    struct tarn_file_schema *schema;
    uint32_t element_count;
    struct parquet_schema_element *elements;
    struct tarn__leaf_path *paths;
    struct tarn__file_encryption encryption;
    struct tarn__leaf_options *leaves;
    struct tarn__sorting sorting;
    struct tarn__row_storage storage;
    struct tarn__row_group_writer groups;
    uint32_t *positions; /* room for a batch's selection */
    size_t position_capacity;
    struct tarn_error failure; /* code is OK before there was one */
};

static struct parquet_sink *sink_of(struct tarn_sink *sink)
{
    return (struct parquet_sink *)(uintptr_t)sink;
}

static void close_sink(struct parquet_sink *s)
{
    struct tarn_env *env = s->sink.env;

    if (s->file != NULL) {
        tarn_object_writer_abort(s->file);
    }
    tarn__row_group_writer_free(&s->groups);
    tarn__sorting_free(&s->sorting);
    tarn__file_encryption_close(&s->encryption);
    tarn__row_storage_free(&s->storage);
    tarn__file_schema_free(s->schema);
    tarn__arena_free(&s->arena);
    tarn__free(env, s->positions);
    tarn_schema_release(s->sink.schema);
    tarn_store_close(s->store);
    tarn__free(env, s);
    tarn_env_close(env);
}

/* Adds the file to an error, and keeps the first one: later calls repeat it. */
static enum tarn_status fail(struct parquet_sink *s, enum tarn_status status, const struct tarn_error *failure, struct tarn_error *err)
{
    if (s->failure.code == TARN_OK) {
        s->failure = *failure;
        s->failure.code = status;
        tarn__error_at_object(&s->failure, s->key);
    }
    if (err != NULL) {
        *err = s->failure;
    }
    return status;
}

/* ---- creation ---- */

/* The schema as stored, and the leaves as this writer walks them, which must be the same. */
static enum tarn_status describe(struct parquet_sink *s, struct tarn_error *err)
{
    const struct tarn_schema *stored = &s->storage.stored;
    uint32_t leaf_count = 0;

    tarn__file_schema_free(s->schema);
    s->schema = NULL;
    TARN_RETURN_IF_ERROR(tarn__file_schema_write(&s->arena, stored, &s->element_count, &s->elements, err));
    TARN_RETURN_IF_ERROR(tarn__file_schema_read(&s->arena, s->element_count, s->elements, 0, NULL, &s->schema, err));
    TARN_RETURN_IF_ERROR(tarn__leaf_paths_make(stored, &s->arena, &s->paths, &leaf_count, err));
    tarn__row_storage_bind(&s->storage, s->schema);
    if (leaf_count != s->schema->leaf_count) {
        return tarn__internal(err, "the stored schema has %u leaves for %u", (unsigned)s->schema->leaf_count, (unsigned)leaf_count);
    }
    for (uint32_t i = 0; i < leaf_count; i++) {
        const struct tarn_leaf *leaf = &s->schema->leaves[i];
        struct tarn__leaf_form form;
        if (!tarn__leaf_form_of(tarn__leaf_field(&s->paths[i])->type, &form) || form.physical != leaf->physical ||
            form.width != leaf->width || s->paths[i].max_definition != leaf->max_definition ||
            s->paths[i].max_repetition != leaf->max_repetition) {
            return tarn__internal(err, "leaf \"%.*s\" is stored otherwise than its schema says", TARN_TEXT_ARG(leaf->path));
        }
    }
    return TARN_OK;
}

/* Pages of encrypted chunks are numbered with 15 bits. */
static void fit_pages(const struct parquet_sink *s, struct tarn__row_group_options *options)
{
    options->encryption = &s->encryption;
    for (uint32_t i = 0; i < s->schema->leaf_count; i++) {
        struct tarn__column_options *column = &s->leaves[i].column;
        column->page_rows = tarn__file_encryption_page_size(&s->encryption, column->page_rows, options->most_rows);
        column->page_bytes = tarn__file_encryption_page_size(&s->encryption, column->page_bytes, options->most_bytes);
    }
}

/* Once it is known how rows are stored. */
static enum tarn_status begin_rows(struct parquet_sink *s, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(
        tarn__leaf_options_resolve(&s->options, &s->storage.stored, s->paths, s->schema->leaf_count, &s->arena, &s->leaves, err));
    const struct tarn__profile *profile = tarn__profile_of(s->options.profile);
    TARN_RETURN_IF_ERROR(tarn__sorting_init(&s->sorting, &s->options, s->sink.schema, s->paths, s->schema->leaf_count, &s->arena, err));
    struct tarn__row_group_options options = {
        .leaves = s->leaves,
        .check = s->options.check,
        .sorting = &s->sorting,
        .most_rows = s->options.row_group_rows != 0 ? s->options.row_group_rows : profile->group_rows,
        .most_bytes = s->options.row_group_bytes != 0 ? s->options.row_group_bytes : profile->group_bytes,
    };
    fit_pages(s, &options);
    return tarn__row_group_writer_init(&s->groups, &s->arena, s->file, s->schema, s->paths, &options, err);
}

static bool keep_path(struct tarn_arena *arena, struct tarn_path *path)
{
    struct tarn_path_step *steps = tarn__arena_calloc(arena, (size_t)path->depth + 1, sizeof(*steps));
    for (uint32_t i = 0; steps != NULL && i < path->depth; i++) {
        steps[i] = path->steps[i];
        steps[i].name = tarn__arena_text(arena, steps[i].name);
        steps = steps[i].name.data != NULL ? steps : NULL;
    }
    path->steps = steps;
    return steps != NULL;
}

/* What is said of columns is looked at again once the first rows have shown what columns there are. */
static enum tarn_status keep_columns(struct parquet_sink *s, struct tarn_error *err)
{
    struct tarn_parquet_column_options *columns = tarn__arena_calloc(&s->arena, (size_t)s->options.column_count + 1, sizeof(*columns));
    struct tarn_parquet_sorting *sorting = tarn__arena_calloc(&s->arena, (size_t)s->options.sorting_count + 1, sizeof(*sorting));
    const char *at = (const char *)s->options.columns;
    bool kept = columns != NULL && sorting != NULL;
    for (uint32_t i = 0; kept && i < s->options.column_count; i++) {
        const struct tarn_parquet_column_options *given = (const struct tarn_parquet_column_options *)(const void *)at;
        columns[i] = (struct tarn_parquet_column_options)TARN_PARQUET_COLUMN_OPTIONS_INIT;
        memcpy(&columns[i], given, given->size < sizeof(*columns) ? given->size : sizeof(*columns));
        columns[i].size = sizeof(*columns);
        columns[i].shredding_type = NULL; /* it has been seen to */
        kept = keep_path(&s->arena, &columns[i].path);
        at += given->size;
    }
    for (uint32_t i = 0; kept && i < s->options.sorting_count; i++) {
        sorting[i] = s->options.sorting[i];
        kept = keep_path(&s->arena, &sorting[i].path);
    }
    s->options.columns = columns;
    s->options.sorting = sorting;
    return kept ? TARN_OK : tarn__nomem(s->sink.env, err, s->options.column_count * sizeof(*columns));
}

/* What begin_rows will find wrong in the options is told before any row is taken. */
static enum tarn_status check_columns(struct parquet_sink *s, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(
        tarn__leaf_options_resolve(&s->options, &s->storage.stored, s->paths, s->schema->leaf_count, &s->arena, &s->leaves, err));
    const enum tarn_status status =
        tarn__sorting_init(&s->sorting, &s->options, s->sink.schema, s->paths, s->schema->leaf_count, &s->arena, err);
    tarn__sorting_free(&s->sorting);
    return status;
}

/* Pages of version 2 are encrypted in one way by parquet-cpp and in another by parquet-java: those of version 1 are read by both. */
static enum tarn_status open_encryption(struct parquet_sink *s, struct tarn_error *err)
{
    if (s->options.encryption != NULL && s->options.page_version == 0) {
        s->options.page_version = 1;
    }
    TARN_RETURN_IF_ERROR(tarn__file_encryption_open(s->options.encryption, s->sink.schema, &s->arena, &s->encryption, err));
    s->options.encryption = NULL; /* what it points to is the caller's */
    return tarn__file_encryption_bind(&s->encryption, s->schema, s->paths, &s->arena, err);
}

static enum tarn_status begin_file(struct parquet_sink *s, const struct ArrowSchema *arrow, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tarn__write_options_check(&s->options, err));
    TARN_RETURN_IF_ERROR(tarn__file_keys_make(&s->arena, s->sink.schema, &s->options, &s->keys, err));
    TARN_RETURN_IF_ERROR(tarn__row_storage_init(&s->storage, &s->arena, s->sink.schema, &s->options, err));
    TARN_RETURN_IF_ERROR(describe(s, err));
    TARN_RETURN_IF_ERROR(tarn__arrow_schema_value(&s->arena, s->sink.schema, arrow, s->options.arrow_schema, &s->arrow_schema, err));
    TARN_RETURN_IF_ERROR(open_encryption(s, err));
    TARN_RETURN_IF_ERROR(check_columns(s, err));
    TARN_RETURN_IF_ERROR(keep_columns(s, err));
    TARN_RETURN_IF_ERROR(tarn_object_writer_open(s->store, s->key, TARN_ROLE_DATA, &s->file, err));
    if (s->storage.ready) {
        TARN_RETURN_IF_ERROR(begin_rows(s, err));
    }
    return tarn_object_writer_append(s->file, tarn__span_of_text(tarn__text_of(tarn__footer_magic(&s->encryption.footer))), err);
}

static const struct tarn_sink_ops sink_ops;

enum tarn_status tarn_parquet_create(struct tarn_store *store, struct tarn_text key, const struct tarn_schema *schema,
                                     const struct tarn_parquet_write_options *options, struct tarn_sink **out, struct tarn_error *err)
{
    return tarn__parquet_create(store, key, schema, options, NULL, out, err);
}

enum tarn_status tarn__parquet_create(struct tarn_store *store, struct tarn_text key, const struct tarn_schema *schema,
                                      const struct tarn_parquet_write_options *options, const struct ArrowSchema *arrow,
                                      struct tarn_sink **out, struct tarn_error *err)
{
    static const struct tarn_parquet_write_options defaults = TARN_PARQUET_WRITE_OPTIONS_INIT;
    struct tarn_env *env = store->env;

    *out = NULL;
    if (options == NULL) {
        options = &defaults;
    }
    if (options->size == 0) {
        return tarn__invalid(err, "options", "the options have no size; begin with TARN_PARQUET_WRITE_OPTIONS_INIT");
    }
    if (schema->field_count == 0) {
        return tarn__invalid(err, "schema", "a Parquet file needs at least one column");
    }
    struct parquet_sink *s = tarn__calloc(env, 1, sizeof(*s));
    if (s == NULL) {
        return tarn__nomem(env, err, sizeof(*s));
    }
    s->sink = (struct tarn_sink){&sink_ops, tarn__env_retain(env), tarn_schema_retain(schema)};
    s->store = tarn_store_retain(store);
    s->groups.env = env;
    tarn__arena_init(&s->arena, env);
    memcpy(&s->options, options, options->size < sizeof(s->options) ? options->size : sizeof(s->options));
    s->key = tarn__arena_text(&s->arena, key);
    s->options.created_by = tarn__arena_text(&s->arena, s->options.created_by);

    struct tarn_error failure = TARN_ERROR_INIT;
    const enum tarn_status status =
        s->key.data == NULL || s->options.created_by.data == NULL ? tarn__nomem(env, &failure, key.size) : begin_file(s, arrow, &failure);
    if (status != TARN_OK) {
        (void)fail(s, status, &failure, err);
        close_sink(s);
        return status;
    }
    *out = &s->sink;
    return TARN_OK;
}

/* ---- rows ---- */

static enum tarn_status write_converted(struct parquet_sink *s, const struct tarn_batch *batch, struct tarn_error *err)
{
    struct tarn_batch *stored;
    enum tarn_status status = tarn__row_storage_convert(&s->storage, batch, &stored, err);
    if (status != TARN_OK && err != NULL && err->row >= 0) {
        err->row += (int64_t)s->groups.rows;
    }
    if (status == TARN_OK) {
        status = tarn__row_group_writer_write(&s->groups, stored, NULL, stored->length, err);
    }
    tarn_batch_release(stored);
    return status;
}

/* The sample is complete: what was held back is written. */
static enum tarn_status end_sample(struct parquet_sink *s, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tarn__row_storage_decide(&s->storage, err));
    TARN_RETURN_IF_ERROR(describe(s, err));
    TARN_RETURN_IF_ERROR(tarn__file_encryption_bind(&s->encryption, s->schema, s->paths, &s->arena, err));
    TARN_RETURN_IF_ERROR(begin_rows(s, err));
    for (uint32_t i = 0; i < s->storage.held_count; i++) {
        TARN_RETURN_IF_ERROR(write_converted(s, s->storage.held[i], err));
    }
    tarn__row_storage_release_held(&s->storage);
    return TARN_OK;
}

static enum tarn_status hold_rows(struct parquet_sink *s, const struct tarn_batch *batch, struct tarn_error *err)
{
    bool enough;
    TARN_RETURN_IF_ERROR(tarn__row_storage_hold(&s->storage, batch, &enough, err));
    return enough ? end_sample(s, err) : TARN_OK;
}

static enum tarn_status write_rows(struct parquet_sink *s, const struct tarn_batch *batch, struct tarn_error *err)
{
    if (!s->storage.ready) {
        return hold_rows(s, batch, err);
    }
    if (s->storage.variant_count != 0) {
        return write_converted(s, batch, err);
    }
    const struct tarn_selection *selection = &batch->selection;
    const uint32_t *positions = NULL;

    if (selection->kind != TARN_SELECT_ALL) {
        if (!tarn__grow(s->sink.env, &s->positions, &s->position_capacity, tarn__selection_bytes(batch->length) / sizeof(uint32_t),
                        sizeof(*s->positions))) {
            return tarn__nomem(s->sink.env, err, batch->length * sizeof(*s->positions));
        }
        positions = tarn__selection_positions(selection, s->positions);
    }
    return tarn__row_group_writer_write(&s->groups, batch, positions, selection->count, err);
}

static enum tarn_status sink_write(struct tarn_sink *sink, const struct tarn_batch *batch, struct tarn_error *err)
{
    struct parquet_sink *s = sink_of(sink);
    struct tarn_error failure = TARN_ERROR_INIT;

    if (s->failure.code != TARN_OK) {
        return fail(s, s->failure.code, &s->failure, err);
    }
    const enum tarn_status status = write_rows(s, batch, &failure);
    return status == TARN_OK ? TARN_OK : fail(s, status, &failure, err);
}

/* ---- the end of the file ---- */

static enum tarn_status write_footer(struct parquet_sink *s, struct tarn_error *err)
{
    struct parquet_column_order *orders = tarn__arena_calloc(&s->arena, s->schema->leaf_count, sizeof(*orders));
    struct tarn_buffer *bytes = tarn__buffer_new(s->sink.env, 0);
    uint32_t key_count = s->keys.count;

    if (orders == NULL || bytes == NULL) {
        tarn__buffer_release(bytes);
        return tarn__nomem(s->sink.env, err, s->schema->leaf_count * sizeof(*orders));
    }
    if (s->arrow_schema.size != 0) {
        s->keys.items[key_count++] = (struct parquet_key_value){TARN_TEXT("ARROW:schema"), true, s->arrow_schema};
    }
    for (uint32_t i = 0; i < s->schema->leaf_count; i++) {
        const enum tarn__stored_order order = tarn__column_writer_form(s->groups.columns[i])->order;
        orders[i].id = tarn__stored_is_total(order) ? PARQUET_ORDER_IEEE_754_TOTAL : PARQUET_ORDER_TYPE;
    }
    const struct parquet_file_metadata metadata = {
        .version = 1,
        .schema = {s->element_count, s->elements},
        .num_rows = (int64_t)s->groups.rows,
        .row_groups = {s->groups.group_count, s->groups.groups},
        .has_key_value_metadata = key_count != 0,
        .key_value_metadata = {key_count, s->keys.items},
        .has_created_by = true,
        .created_by = s->options.created_by.size != 0 ? s->options.created_by : TARN_TEXT("tarn version " TARN_VERSION),
        .has_column_orders = true,
        .column_orders = {s->schema->leaf_count, orders},
    };
    enum tarn_status status = tarn__footer_write_sealed(&s->encryption.footer, &metadata, true, bytes, err);
    if (status == TARN_OK && s->options.check != TARN_CHECK_OFF && s->encryption.sealer == NULL) {
        const struct tarn_span footer = {bytes->data, bytes->size - FOOTER_END};
        status = tarn__verify_footer(s->sink.env, &metadata, footer, s->file->written, s->file->written + bytes->size, err);
    }
    if (status == TARN_OK) {
        status = tarn_object_writer_append(s->file, tarn__buffer_span(bytes), err);
    }
    tarn__buffer_release(bytes);
    return status;
}

/* Zeros of either sign are told as +0: the order of values here knows one zero. */
static struct tarn_value bound_value(const struct tarn_type *type, const struct tarn__leaf_form *form, struct tarn_span stored)
{
    struct tarn_value value = {.type = type};

    switch (form->kind) {
    case TARN_KIND_BOOL:
        value.u.boolean = stored.data[0] != 0;
        break;
    case TARN_KIND_I8:
    case TARN_KIND_I16:
    case TARN_KIND_I32:
        value.u.i64 = (int32_t)tarn__load32(stored.data);
        value.u.i64 /= form->storing == TARN_STORE_SECONDS ? 1000 : 1;
        break;
    case TARN_KIND_I64:
        value.u.i64 = (int64_t)tarn__load64(stored.data);
        value.u.i64 /= form->storing == TARN_STORE_SECONDS ? 1000 : 1;
        break;
    case TARN_KIND_U8:
    case TARN_KIND_U16:
    case TARN_KIND_U32:
        value.u.u64 = tarn__load32(stored.data);
        break;
    case TARN_KIND_U64:
        value.u.u64 = tarn__load64(stored.data);
        break;
    case TARN_KIND_F16:
        value.u.f64 = tarn__half_to_double(tarn__load16(stored.data)) + 0.0;
        break;
    case TARN_KIND_F32: {
        const uint32_t bits = tarn__load32(stored.data);
        float number;
        memcpy(&number, &bits, sizeof(number));
        value.u.f64 = (double)number + 0.0;
        break;
    }
    case TARN_KIND_F64: {
        const uint64_t bits = tarn__load64(stored.data);
        memcpy(&value.u.f64, &bits, sizeof(bits));
        value.u.f64 += 0.0;
        break;
    }
    case TARN_KIND_I128:
    case TARN_KIND_I256: {
        struct tarn_i256 number = {{0}};
        if (form->storing == TARN_STORE_TICKS) {
            const tarn_i128 count =
                (tarn_i128)((tarn_u128)(tarn_i128)(int32_t)tarn__load32(stored.data + 8) << 64 | tarn__load64(stored.data));
            const tarn_i128 nanos = count * (tarn_i128)form->ticks; /* it was stored from so many */
            number.words[0] = (uint64_t)nanos;
            number.words[1] = (uint64_t)((tarn_u128)nanos >> 64);
        } else {
            (void)tarn__i256_load_be(stored, &number); /* the same */
        }
        memcpy(value.u.words, number.words, sizeof(number.words));
        break;
    }
    default:
        value.u.bytes = (struct tarn_text){(const char *)stored.data, stored.size};
        break;
    }
    return value;
}

static struct tarn_leaf_result leaf_result(const struct parquet_sink *s, uint32_t leaf)
{
    const struct tarn__value_facts *facts = &s->groups.facts[leaf];
    const struct tarn__leaf_form *form = tarn__column_writer_form(s->groups.columns[leaf]);
    const struct tarn__leaf_path *path = &s->paths[leaf];
    const struct tarn_type *type = tarn__leaf_field(path)->type;
    /* the bytes of a decimal that no kind has room for are values of another order */
    const bool ordered = tarn__value_facts_has_numbers(facts) && !(type->id != TARN_TYPE_DECIMAL && type->precision != 0);
    const bool has_min = facts->has_min && ordered;
    const bool has_max = facts->has_max && ordered;
    struct tarn_leaf_result result = {
        .depth = path->depth,
        .index = path->index,
        .type = type,
        .bounds = {.rows = facts->slots,
                   .has_null_count = true,
                   .null_count = facts->slots - facts->values,
                   .has_nan_count = tarn__stored_is_float(form->order) && !s->leaves[leaf].column.no_statistics,
                   .nan_count = facts->nan_count,
                   .has_min = has_min,
                   .has_max = has_max,
                   .min_exact = facts->min_exact,
                   .max_exact = facts->max_exact},
        .compressed_size = s->groups.stored[leaf],
    };

    if (has_min) {
        result.bounds.min = bound_value(type, form, facts->min);
    }
    if (has_max) {
        result.bounds.max = bound_value(type, form, facts->max);
    }
    return result;
}

/* Made before the file is visible: no memory for it must not look like a failed write. */
static enum tarn_status make_results(struct parquet_sink *s, struct tarn_leaf_result **out, struct tarn_error *err)
{
    *out = NULL;
    if (s->options.finished == NULL) {
        return TARN_OK;
    }
    struct tarn_leaf_result *leaves = tarn__arena_calloc(&s->arena, s->schema->leaf_count, sizeof(*leaves));
    if (leaves == NULL) {
        return tarn__nomem(s->sink.env, err, s->schema->leaf_count * sizeof(*leaves));
    }
    for (uint32_t i = 0; i < s->schema->leaf_count; i++) {
        leaves[i] = leaf_result(s, i);
    }
    *out = leaves;
    return TARN_OK;
}

static enum tarn_status list_offsets(struct parquet_sink *s, const uint64_t **out, struct tarn_error *err)
{
    uint64_t *offsets = tarn__arena_calloc(&s->arena, (size_t)s->groups.group_count + 1, sizeof(*offsets));
    if (offsets == NULL) {
        return tarn__nomem(s->sink.env, err, s->groups.group_count * sizeof(*offsets));
    }
    for (uint32_t i = 0; i < s->groups.group_count; i++) {
        offsets[i] = (uint64_t)s->groups.groups[i].file_offset;
    }
    *out = offsets;
    return TARN_OK;
}

static enum tarn_status finish_file(struct parquet_sink *s, struct tarn_error *err)
{
    struct tarn_leaf_result *leaves;
    const uint64_t *offsets = NULL;

    if (!s->storage.ready) {
        TARN_RETURN_IF_ERROR(end_sample(s, err));
    }
    TARN_RETURN_IF_ERROR(tarn__row_group_writer_finish(&s->groups, err));
    TARN_RETURN_IF_ERROR(write_footer(s, err));
    TARN_RETURN_IF_ERROR(make_results(s, &leaves, err));
    TARN_RETURN_IF_ERROR(list_offsets(s, &offsets, err));
    struct tarn_object_writer *file = s->file;
    const uint64_t size = file->written;
    s->file = NULL; /* commit ends it whatever the answer */
    TARN_RETURN_IF_ERROR(tarn_object_writer_commit(file, s->options.mode, err));
    if (s->options.finished != NULL) {
        const struct tarn_parquet_result result = {s->groups.rows, size, s->groups.group_count, s->schema->leaf_count, leaves, offsets};
        s->options.finished(s->options.finished_arg, &result);
    }
    return TARN_OK;
}

static enum tarn_status sink_finish(struct tarn_sink *sink, struct tarn_error *err)
{
    struct parquet_sink *s = sink_of(sink);
    struct tarn_error failure = TARN_ERROR_INIT;
    enum tarn_status status = s->failure.code;

    if (status != TARN_OK) {
        failure = s->failure;
    } else {
        status = finish_file(s, &failure);
    }
    if (status != TARN_OK) {
        (void)fail(s, status, &failure, err);
    }
    close_sink(s);
    return status;
}

static void sink_abort(struct tarn_sink *sink)
{
    close_sink(sink_of(sink));
}

static const struct tarn_sink_ops sink_ops = {sizeof(struct tarn_sink_ops), "parquet", sink_write, sink_finish, sink_abort};
