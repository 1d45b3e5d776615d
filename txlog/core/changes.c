/* SPDX-License-Identifier: Apache-2.0
 *
 * Changes of a table between two versions. SPEC: T-CHANGES-1 to T-CHANGES-8.
 *
 * Invariants
 *  1. A set holds a file once for each commit and each way in which the commit changed its rows.
 *  2. Files are in the order of versions, and a source gives the files of a set in their order: changes come in the order of versions.
 *  3. What a row's change is comes from the log for derived changes, and from the file for recorded ones; never from both.
 */
#include "txlog/core/changes.h"

#include <string.h>

#include "format/base/bytes.h"
#include "tarn/expr.h"
#include "txlog/core/table_format.h"
#include "txlog/core/table_scan.h"

enum { OWN_COLUMNS = 3, TOLD = 0, RECORDED = 1 };

static const struct tarn_type type_of_change = {.id = TARN_TYPE_STRING};
static const struct tarn_type type_of_version = {.id = TARN_TYPE_I64};
static const struct tarn_type type_of_time = {.id = TARN_TYPE_TIMESTAMP, .unit = TARN_MICRO, .utc = true};

static const struct tarn_field own_columns[OWN_COLUMNS] = {
    {.name = {TARN_CHANGES_TYPE, sizeof(TARN_CHANGES_TYPE) - 1}, .type = &type_of_change, .id = -1},
    {.name = {TARN_CHANGES_VERSION, sizeof(TARN_CHANGES_VERSION) - 1}, .type = &type_of_version, .id = -1},
    {.name = {TARN_CHANGES_TIMESTAMP, sizeof(TARN_CHANGES_TIMESTAMP) - 1}, .type = &type_of_time, .id = -1},
};

/* The order of the columns as partition values: the one that only some files have comes last. */
static const uint32_t own_order[OWN_COLUMNS] = {1, 2, 0};

/* ---- the columns ---- */

static enum tarn_status add_columns(struct tarn_snapshot *snapshot, struct tarn_error *err)
{
    const struct tarn_schema *table = snapshot->schema;
    const uint32_t count = table->field_count;
    struct tarn_field *fields = tarn__arena_calloc(&snapshot->arena, (size_t)count + OWN_COLUMNS, sizeof(*fields));
    struct tarn__physical *physical = tarn__arena_calloc(&snapshot->arena, (size_t)count + OWN_COLUMNS, sizeof(*physical));
    if (fields == NULL || physical == NULL) {
        return tarn__nomem(snapshot->env, err, count * sizeof(*fields));
    }
    memcpy(fields, table->fields, count * sizeof(*fields));
    memcpy(physical, snapshot->physical, count * sizeof(*physical));
    for (uint32_t i = 0; i < OWN_COLUMNS; i++) {
        if (tarn_fields_find(count, table->fields, own_columns[i].name) >= 0) {
            return tarn__unsupported(err, "changes.schema", "the table has a column \"%.*s\", which changes have too",
                                     TARN_TEXT_ARG(own_columns[i].name));
        }
        fields[count + i] = own_columns[i];
        physical[count + i] = (struct tarn__physical){.name = own_columns[i].name, .id = -1};
    }
    struct tarn_schema *schema;
    TARN_RETURN_IF_ERROR(
        tarn_schema_make(snapshot->env, count + OWN_COLUMNS, fields, table->property_count, table->properties, &schema, err));
    TARN_RETURN_IF_ERROR(tarn__snapshot_set_schema(snapshot, snapshot->schema_id, schema, err));
    snapshot->physical = physical;
    return TARN_OK;
}

static enum tarn_status make_specs(struct tarn__change_set *set, struct tarn_error *err)
{
    struct tarn_snapshot *snapshot = set->snapshot;
    const struct tarn__partition_spec *own = snapshot->spec;
    const uint32_t columns = snapshot->schema->field_count - OWN_COLUMNS;
    struct tarn__partition_field *fields = tarn__arena_calloc(&snapshot->arena, (size_t)own->field_count + OWN_COLUMNS, sizeof(*fields));
    struct tarn__partition_spec *specs = tarn__arena_calloc(&snapshot->arena, 2, sizeof(*specs));
    if (fields == NULL || specs == NULL) {
        return tarn__nomem(snapshot->env, err, sizeof(*fields));
    }
    if (own->field_count != 0) {
        memcpy(fields, own->fields, own->field_count * sizeof(*fields));
    }
    for (uint32_t i = 0; i < OWN_COLUMNS; i++) {
        const struct tarn_field *field = &snapshot->schema->fields[columns + own_order[i]];
        fields[own->field_count + i] =
            (struct tarn__partition_field){.column = columns + own_order[i], .name = field->name, .id = -1, .type = field->type};
    }
    specs[TOLD] = (struct tarn__partition_spec){own->id, own->field_count + OWN_COLUMNS, fields};
    specs[RECORDED] = (struct tarn__partition_spec){own->id, own->field_count + OWN_COLUMNS - 1, fields};
    set->specs = specs;
    return TARN_OK;
}

enum tarn_status tarn__change_set_begin(struct tarn__change_set *set, struct tarn_error *err)
{
    struct tarn_snapshot *snapshot = set->snapshot;
    tarn__file_set_free(&snapshot->files);
    tarn__file_set_init(&snapshot->files, snapshot->env);
    snapshot->files.unindexed = true; /* a file may have come, and gone, and come again */
    TARN_RETURN_IF_ERROR(add_columns(snapshot, err));
    return make_specs(set, err);
}

/* ---- files ---- */

void tarn__change_set_version(struct tarn__change_set *set, int64_t version, int64_t time)
{
    set->version = version;
    set->time = time;
}

static enum tarn_status fill_tuple(struct tarn__change_set *set, enum tarn__change change, struct tarn_text raw,
                                   struct tarn__partition *partition, struct tarn_error *err)
{
    struct tarn_snapshot *snapshot = set->snapshot;
    struct tarn_arena *arena = &snapshot->files.arena;
    const struct tarn__partition_spec *spec = &set->specs[change == TARN_CHANGE_RECORDED ? RECORDED : TOLD];
    const uint32_t own = spec->field_count - (change == TARN_CHANGE_RECORDED ? OWN_COLUMNS - 1 : OWN_COLUMNS);
    struct tarn_value *values = tarn__arena_calloc(arena, spec->field_count, sizeof(*values));
    if (values == NULL) {
        return tarn__nomem(snapshot->env, err, spec->field_count * sizeof(*values));
    }
    struct tarn__partition own_values = {.raw = raw};
    TARN_RETURN_IF_ERROR(snapshot->format->partition_values(snapshot, arena, &own_values, err));
    if (own != 0) {
        memcpy(values, own_values.values, own * sizeof(*values));
    }
    for (uint32_t i = own; i < spec->field_count; i++) {
        values[i] = (struct tarn_value){.type = spec->fields[i].type};
    }
    values[own].u.i64 = set->version;
    values[own + 1].u.i64 = set->time;
    if (change != TARN_CHANGE_RECORDED) {
        values[own + 2].u.bytes = change == TARN_CHANGE_INSERT ? TARN_TEXT("insert") : TARN_TEXT("delete");
    }
    partition->spec = spec;
    partition->count = spec->field_count;
    partition->values = values;
    return TARN_OK;
}

enum tarn_status tarn__change_set_add(struct tarn__change_set *set, enum tarn__change change, const struct tarn__tracked_file *file,
                                      struct tarn_text partition, struct tarn_text statistics, struct tarn_error *err)
{
    struct tarn_snapshot *snapshot = set->snapshot;
    struct tarn__file_set *files = &snapshot->files;
    struct tarn__tracked_file tracked = *file;
    const char kind = (char)change;
    tarn__builder_clear(&set->raw);
    tarn__builder_add(&set->raw, partition);
    tarn__builder_add_bytes(&set->raw, &set->version, sizeof(set->version));
    tarn__builder_add_bytes(&set->raw, &kind, 1);
    TARN_RETURN_IF_ERROR(tarn__builder_status(&set->raw, err));
    TARN_RETURN_IF_ERROR(tarn__file_set_partition(files, tarn__builder_text(&set->raw), &tracked.partition, err));
    if (files->partitions[tracked.partition].values == NULL) {
        TARN_RETURN_IF_ERROR(fill_tuple(set, change, partition, &files->partitions[tracked.partition], err));
    }
    if (file->extra != NULL) {
        tracked.extra = tarn__file_extra_copy(&files->arena, file->extra);
        if (tracked.extra == NULL) {
            return tarn__nomem(snapshot->env, err, sizeof(*file->extra));
        }
    }
    tracked.sequence = set->version;
    TARN_RETURN_IF_ERROR(tarn__text_pool_add(&files->statistics, statistics, &tracked.statistics, err));
    return tarn__file_set_add(files, &tracked, err);
}

/* ---- older schemas ---- */

static enum tarn_status refuse(struct tarn_error *err, struct tarn_text column, const char *what)
{
    tarn__unsupported(err, "changes.schema", "a column %s within the range of versions; ask for the versions before and after apart", what);
    tarn__error_at_column(err, column);
    return TARN_UNSUPPORTED;
}

static bool may_become(const struct tarn_type *from, const struct tarn_type *to)
{
    return tarn_type_equal(from, to) || tarn_expr_cast_is_lossless(from, to) ||
           (from->id == TARN_TYPE_DATE && to->id == TARN_TYPE_TIMESTAMP && !to->utc);
}

/* The fields of an older schema among those of the newer. Elements of lists and maps are where they are. */
static enum tarn_status admit_fields(bool by_id, bool by_place, uint32_t count, const struct tarn_field *then,
                                     const struct tarn__physical *physical_then, uint32_t now_count, const struct tarn_field *now,
                                     const struct tarn__physical *physical_now, struct tarn_error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = by_place ? i : 0;
        while (!by_place && at < now_count &&
               !(by_id && physical_then[i].id >= 0 ? physical_now[at].id == physical_then[i].id
                                                   : tarn__text_equal(physical_now[at].name, physical_then[i].name))) {
            at++;
        }
        if (at >= now_count) {
            return refuse(err, then[i].name, "was dropped");
        }
        const struct tarn_type *from = then[i].type;
        const struct tarn_type *to = now[at].type;
        if (then[i].nullable && !now[at].nullable) {
            return refuse(err, then[i].name, "could be null and no longer can be");
        }
        if (from->field_count == 0 || from->id != to->id) {
            if (!may_become(from, to)) {
                return refuse(err, then[i].name, "changed its type");
            }
            continue;
        }
        TARN_RETURN_IF_ERROR(admit_fields(by_id, from->id != TARN_TYPE_STRUCT, from->field_count, from->fields, physical_then[i].children,
                                          to->field_count, to->fields, physical_now[at].children, err));
    }
    return TARN_OK;
}

enum tarn_status tarn__change_set_admit(const struct tarn__change_set *set, const struct tarn_snapshot *then, struct tarn_error *err)
{
    const struct tarn_snapshot *now = set->snapshot;
    bool same = then->spec->field_count == now->spec->field_count;
    for (uint32_t i = 0; same && i < now->spec->field_count; i++) {
        same = tarn__text_equal(then->spec->fields[i].name, now->spec->fields[i].name) &&
               then->spec->fields[i].transform == now->spec->fields[i].transform;
    }
    if (!same) {
        return tarn__unsupported(
            err, "changes.schema",
            "the table's partitioning changed within the range of versions; ask for the versions before and after apart");
    }
    return admit_fields(now->match_by_id, false, then->schema->field_count, then->schema->fields, then->physical,
                        now->schema->field_count - OWN_COLUMNS, now->schema->fields, now->physical, err);
}

/* ---- the source ---- */

static enum tarn_status adopt_options(const struct tarn_changes_options *given, struct tarn_changes_options *options,
                                      struct tarn_error *err)
{
    *options = (struct tarn_changes_options)TARN_CHANGES_OPTIONS_INIT;
    if (given == NULL || given->size < sizeof(uint32_t) || given->size > sizeof(*options)) {
        return tarn__invalid(err, "options", "changes are asked for with options, of this version of the library");
    }
    memcpy(options, given, given->size);
    if ((options->first_version == -1) == (options->first_time == INT64_MIN)) {
        return tarn__invalid(err, "range", "changes begin at a version or at a time: give one of them");
    }
    if (options->last_version != -1 && options->last_time != INT64_MIN) {
        return tarn__invalid(err, "range", "changes end at a version or at a time, not at both");
    }
    return TARN_OK;
}

static enum tarn_status fill_set(struct tarn__change_set *set, const struct tarn__table_format *format,
                                 const struct tarn_changes_options *options, struct tarn_error *err)
{
    if (format->changes == NULL) {
        return tarn__unsupported(err, "table.changes", "changes of tables of the format \"%s\" are not read", format->name);
    }
    TARN_RETURN_IF_ERROR(format->changes(set, options, err));
    return tarn__snapshot_seal(set->snapshot, err);
}

enum tarn_status tarn_changes_source(struct tarn_env *env, struct tarn_text uri, const struct tarn_changes_options *given,
                                     struct tarn_changes_info *info, struct tarn_source **out, struct tarn_error *err)
{
    struct tarn_changes_options options;
    struct tarn__place place;
    const struct tarn__table_format *format;
    struct tarn__change_set set = {0};
    *out = NULL;
    TARN_RETURN_IF_ERROR(adopt_options(given, &options, err));
    TARN_RETURN_IF_ERROR(tarn__table_find(env, uri, &place, &format, err));
    enum tarn_status status = tarn__snapshot_new(&place, format, &set.snapshot, err);
    tarn__place_close(&place);
    if (status != TARN_OK) {
        return status;
    }
    tarn__builder_init(&set.raw, env);
    status = fill_set(&set, format, &options, err);
    status = status == TARN_OK ? tarn__table_source(set.snapshot, NULL, 0, out, err) : status;
    if (status == TARN_OK && info != NULL) {
        *info = (struct tarn_changes_info){set.first_version, set.snapshot->info.version, set.snapshot->files.count};
    }
    tarn__builder_free(&set.raw);
    tarn_snapshot_close(set.snapshot);
    if (status != TARN_OK) {
        tarn__error_at_object(err, uri);
    }
    return status;
}
