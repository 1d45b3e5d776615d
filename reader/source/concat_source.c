/* SPDX-License-Identifier: Apache-2.0
 *
 * Several sources as one: tasks are numbered through all of them, in their order.
 *
 * Invariants
 *  1. `first_tasks[i]` is the number of the first task of part i, `first_tasks[count]` the number of tasks.
 *  2. A cursor of a part is handed out as it is: a path has the same handle in every part, since all got the same request.
 *  3. A column may be null when it may be null in any of the parts.
 */
#include "format/base/alloc.h"
#include "format/base/bytes.h"
#include "format/base/checked.h"
#include "format/batch/schema.h"
#include "tarn/reader.h"

struct concat_source {
    struct tarn_source source;
    struct tarn_schema *schema;
    uint32_t count;
    struct tarn_source *parts[];
};

struct concat_scan {
    struct tarn_scan scan;
    uint32_t count;
    uint32_t *first_tasks;
    struct tarn_scan *parts[];
};

static uint32_t concat_task_count(struct tarn_scan *handle)
{
    const struct concat_scan *scan = (const struct concat_scan *)handle;
    return scan->first_tasks[scan->count];
}

static enum tarn_status concat_open(struct tarn_scan *handle, uint32_t task, struct tarn_cursor **out, struct tarn_error *err)
{
    const struct concat_scan *scan = (const struct concat_scan *)handle;
    uint32_t low = 0;
    uint32_t high = scan->count;
    while (high - low > 1) {
        const uint32_t middle = low + (high - low) / 2;
        if (scan->first_tasks[middle] <= task) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return tarn_scan_open(scan->parts[low], task - scan->first_tasks[low], out, err);
}

static void concat_stats(struct tarn_scan *handle, struct tarn_scan_stats *stats)
{
    const struct concat_scan *scan = (const struct concat_scan *)handle;
    for (uint32_t i = 0; i < scan->count; i++) {
        struct tarn_scan_stats part = {.size = sizeof(part)};
        tarn_scan_stats(scan->parts[i], &part);
        tarn_scan_stats_add(stats, &part);
    }
}

/* Parts are numbered through all sources. */
static size_t concat_explain(struct tarn_scan *handle, uint32_t part, char *buffer, size_t size)
{
    const struct concat_scan *scan = (const struct concat_scan *)handle;
    for (uint32_t i = 0; i < scan->count; i++) {
        uint32_t own = 0;
        while (own < part && tarn_scan_explain(scan->parts[i], own, NULL, 0) != 0) {
            own++;
        }
        const size_t length = own == part ? tarn_scan_explain(scan->parts[i], part, buffer, size) : 0;
        if (length != 0) {
            return length;
        }
        part -= own;
    }
    return 0;
}

static void concat_scan_close(struct tarn_scan *handle)
{
    struct concat_scan *scan = (struct concat_scan *)handle;
    struct tarn_env *env = scan->scan.env;
    for (uint32_t i = 0; i < scan->count; i++) {
        tarn_scan_close(scan->parts[i]);
    }
    tarn__free(env, scan->first_tasks);
    tarn__free(env, scan);
}

static const struct tarn_scan_ops concat_scan_ops = {
    .size = sizeof(struct tarn_scan_ops),
    .task_count = concat_task_count,
    .open = concat_open,
    .stats = concat_stats,
    .close = concat_scan_close,
    .explain = concat_explain,
};

static const struct tarn_schema *concat_schema(struct tarn_source *handle)
{
    return ((struct concat_source *)handle)->schema;
}

static bool concat_row_count(struct tarn_source *handle, uint64_t *rows)
{
    const struct concat_source *source = (const struct concat_source *)handle;
    *rows = 0;
    for (uint32_t i = 0; i < source->count; i++) {
        uint64_t part;
        if (!tarn_source_row_count(source->parts[i], &part) || !tarn__add(*rows, part, rows)) {
            return false;
        }
    }
    return true;
}

static enum tarn_status scan_parts(const struct concat_source *source, const struct tarn_scan_request *request, struct concat_scan *scan,
                                   struct tarn_error *err)
{
    for (uint32_t i = 0; i < source->count; i++) {
        TARN_RETURN_IF_ERROR(tarn_source_scan(source->parts[i], request, &scan->parts[i], err));
        scan->count = i + 1;
        if (!tarn__add(scan->first_tasks[i], tarn_scan_task_count(scan->parts[i]), &scan->first_tasks[i + 1])) {
            return tarn__error_set(err, TARN_LIMIT, "tasks", "a scan of over 4,294,967,295 tasks; scan fewer files at a time");
        }
    }
    scan->scan.path_count = scan->parts[0]->path_count;
    scan->scan.types = scan->parts[0]->types;
    return TARN_OK;
}

static enum tarn_status concat_scan(struct tarn_source *handle, const struct tarn_scan_request *request, struct tarn_scan **out,
                                    struct tarn_error *err)
{
    const struct concat_source *source = (const struct concat_source *)handle;
    struct tarn_env *env = source->source.env;
    const size_t size = sizeof(struct concat_scan) + source->count * sizeof(struct tarn_scan *);
    struct concat_scan *scan = tarn__calloc(env, 1, size);
    uint32_t *first_tasks = tarn__calloc(env, (size_t)source->count + 1, sizeof(uint32_t));
    if (scan == NULL || first_tasks == NULL) {
        tarn__free(env, scan);
        tarn__free(env, first_tasks);
        return tarn__nomem(env, err, size);
    }
    scan->scan = (struct tarn_scan){.ops = &concat_scan_ops, .env = env};
    scan->first_tasks = first_tasks;
    const enum tarn_status status = scan_parts(source, request, scan, err);
    if (status != TARN_OK) {
        concat_scan_close(&scan->scan);
        return status;
    }
    *out = &scan->scan;
    return TARN_OK;
}

static void concat_close(struct tarn_source *handle)
{
    struct concat_source *source = (struct concat_source *)handle;
    struct tarn_env *env = source->source.env;
    for (uint32_t i = 0; i < source->count; i++) {
        tarn_source_close(source->parts[i]);
    }
    tarn_schema_release(source->schema);
    tarn__free(env, source);
}

static const struct tarn_source_ops concat_source_ops = {
    .size = sizeof(struct tarn_source_ops),
    .name = "concat",
    .schema = concat_schema,
    .row_count = concat_row_count,
    .scan = concat_scan,
    .close = concat_close,
};

static enum tarn_status check_equal(struct tarn_source *const *sources, uint32_t count, struct tarn_error *err)
{
    const struct tarn_schema *first = tarn_source_schema(sources[0]);
    for (uint32_t i = 1; i < count; i++) {
        const struct tarn_schema *other = tarn_source_schema(sources[i]);
        if (other->field_count != first->field_count) {
            return tarn__invalid(err, "schema", "source %u has %u columns and the first has %u", i + 1, other->field_count,
                                 first->field_count);
        }
        for (uint32_t f = 0; f < first->field_count; f++) {
            if (!tarn__text_equal(first->fields[f].name, other->fields[f].name) ||
                !tarn_type_equal(first->fields[f].type, other->fields[f].type)) {
                char one[80];
                char two[80];
                tarn_type_format(first->fields[f].type, one, sizeof(one));
                tarn_type_format(other->fields[f].type, two, sizeof(two));
                return tarn__invalid(err, "schema", "column %u is \"%.*s\" %s in the first source and \"%.*s\" %s in source %u", f + 1,
                                     TARN_TEXT_ARG(first->fields[f].name), one, TARN_TEXT_ARG(other->fields[f].name), two, i + 1);
            }
        }
    }
    return TARN_OK;
}

static bool is_nullable(struct tarn_source *const *sources, uint32_t count, uint32_t field)
{
    for (uint32_t i = 0; i < count; i++) {
        if (tarn_source_schema(sources[i])->fields[field].nullable) {
            return true;
        }
    }
    return false;
}

/* The first one's schema, with what may be null in others. */
static enum tarn_status make_schema(struct tarn_env *env, struct tarn_source *const *sources, uint32_t count, struct tarn_schema **out,
                                    struct tarn_error *err)
{
    const struct tarn_schema *first = tarn_source_schema(sources[0]);
    struct tarn_field *fields = tarn__calloc(env, (size_t)first->field_count + 1, sizeof(*fields));
    if (fields == NULL) {
        return tarn__nomem(env, err, first->field_count * sizeof(*fields));
    }
    for (uint32_t i = 0; i < first->field_count; i++) {
        fields[i] = first->fields[i];
        fields[i].nullable = is_nullable(sources, count, i);
    }
    const enum tarn_status status =
        tarn__schema_make_as_found(env, first->field_count, fields, first->property_count, first->properties, out, err);
    tarn__free(env, fields);
    return status;
}

static enum tarn_status concat(struct tarn_env *env, uint32_t count, struct tarn_source *const *sources, struct tarn_source **out,
                               struct tarn_error *err)
{
    if (count == 0) {
        return tarn__invalid(err, "sources", "no sources to put together");
    }
    TARN_RETURN_IF_ERROR(check_equal(sources, count, err));
    const size_t size = sizeof(struct concat_source) + count * sizeof(struct tarn_source *);
    struct concat_source *source = tarn__alloc(env, size);
    if (source == NULL) {
        return tarn__nomem(env, err, size);
    }
    source->source = (struct tarn_source){.ops = &concat_source_ops, .env = env};
    source->count = count;
    const enum tarn_status status = make_schema(env, sources, count, &source->schema, err);
    if (status != TARN_OK) {
        tarn__free(env, source);
        return status;
    }
    memcpy(source->parts, sources, count * sizeof(struct tarn_source *));
    *out = &source->source;
    return TARN_OK;
}

enum tarn_status tarn_source_concat(struct tarn_env *env, uint32_t count, struct tarn_source *const *sources, struct tarn_source **out,
                                    struct tarn_error *err)
{
    *out = NULL;
    const enum tarn_status status = concat(env, count, sources, out, err);
    for (uint32_t i = 0; status != TARN_OK && i < count; i++) {
        tarn_source_close(sources[i]);
    }
    return status;
}
