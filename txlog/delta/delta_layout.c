/* SPDX-License-Identifier: Apache-2.0
 *
 * Clustering in Delta's words.
 *
 * Specification: Delta PROTOCOL.md, "Clustered Table" (domain delta.clustering, clusteringColumns: paths of physical names;
 * add.clusteringProvider); tags ZCUBE_ID, ZCUBE_ZORDER_BY, ZCUBE_ZORDER_CURVE as Spark writes them, which readers pass over.
 *
 * Invariant: what is not understood of a file's tags means that it is not clustered: it is then only clustered again.
 */
#include "txlog/delta/delta_layout.h"

#include "format/base/bytes.h"
#include "format/base/utf8.h"
#include "format/json/json_print.h"
#include "format/json/json_pull.h"
#include "txlog/delta/delta_state.h"

static const struct tarn_text domain_name = {"delta.clustering", 16};

static const struct tarn__delta_domain *clustering_domain(const struct tarn_snapshot *snapshot)
{
    const struct tarn__delta_state *state = tarn__delta_state_of(snapshot);
    for (size_t i = 0; i < state->domain_count; i++) {
        if (!state->domains[i].removed && tarn__text_equal(state->domains[i].domain, domain_name)) {
            return &state->domains[i];
        }
    }
    return NULL;
}

bool tarn__delta_is_clustered(const struct tarn_snapshot *snapshot)
{
    return clustering_domain(snapshot) != NULL;
}

/* ---- columns by their physical names ---- */

struct level {
    uint32_t count;
    const struct tarn_field *fields;
    const struct tarn__physical *physical;
};

static int64_t find_physical(const struct level *level, struct tarn_text name)
{
    for (uint32_t i = 0; i < level->count; i++) {
        if (tarn__text_equal(level->physical[i].name, name)) {
            return i;
        }
    }
    return -1;
}

static enum tarn_status read_path(struct tarn_json *json, const struct tarn_snapshot *snapshot, struct tarn_arena *arena,
                                  struct tarn_path *out, struct tarn_error *err)
{
    struct level level = {snapshot->schema->field_count, snapshot->schema->fields, snapshot->physical};
    struct tarn_path_step *steps = tarn__arena_calloc(arena, TARN_MAX_DEPTH, sizeof(*steps));
    bool more;
    *out = (struct tarn_path){0, steps};
    if (steps == NULL) {
        return tarn__nomem(arena->env, err, TARN_MAX_DEPTH * sizeof(*steps));
    }
    TARN_RETURN_IF_ERROR(tarn__json_array(json, NULL, err));
    for (;;) {
        struct tarn_text name;
        TARN_RETURN_IF_ERROR(tarn__json_element(json, &more, err));
        if (!more) {
            break;
        }
        TARN_RETURN_IF_ERROR(tarn__json_string(json, &name, NULL, err));
        const int64_t at = out->depth < TARN_MAX_DEPTH ? find_physical(&level, name) : -1;
        if (at < 0) {
            return tarn__corrupt(err, "clustering", "the table is clustered by \"%.*s\", which is none of its columns",
                                 TARN_TEXT_ARG(name));
        }
        const struct tarn_field *field = &level.fields[at];
        steps[out->depth++] = (struct tarn_path_step){.kind = TARN_PATH_FIELD, .name = field->name, .id = -1};
        level = (struct level){field->type->id == TARN_TYPE_STRUCT ? field->type->field_count : 0, field->type->fields,
                               level.physical[at].children};
    }
    return out->depth != 0 ? TARN_OK : tarn__corrupt(err, "clustering", "a clustering column without a name");
}

static enum tarn_status read_columns(struct tarn_json *json, const struct tarn_snapshot *snapshot, struct tarn_arena *arena,
                                     struct tarn__layout *out, struct tarn_error *err)
{
    bool more;
    TARN_RETURN_IF_ERROR(tarn__json_array(json, NULL, err));
    for (;;) {
        TARN_RETURN_IF_ERROR(tarn__json_element(json, &more, err));
        if (!more) {
            return TARN_OK;
        }
        if (out->column_count == TARN_CLUSTER_MOST_COLUMNS) {
            return tarn__unsupported(err, "delta.clustering_columns", "the table is clustered by more than %d columns",
                                     TARN_CLUSTER_MOST_COLUMNS);
        }
        TARN_RETURN_IF_ERROR(read_path(json, snapshot, arena, &out->columns[out->column_count], err));
        out->column_count++;
    }
}

enum tarn_status tarn__delta_layout(const struct tarn_snapshot *snapshot, struct tarn_arena *arena, struct tarn__layout *out,
                                    struct tarn_error *err)
{
    const struct tarn__delta_domain *domain = clustering_domain(snapshot);
    *out = (struct tarn__layout){.curve = TARN_CURVE_HILBERT};
    if (domain == NULL) {
        return TARN_OK;
    }
    struct tarn_json json;
    tarn__json_open(&json, &(struct tarn_json_pull_options){.env = snapshot->env, .arena = arena, .failure = TARN_CORRUPT},
                    domain->configuration);
    bool more;
    enum tarn_status status = tarn__json_object(&json, NULL, err);
    while (status == TARN_OK) {
        status = tarn__json_key(&json, &more, err);
        if (status != TARN_OK || !more) {
            break;
        }
        status = tarn__json_is(&json, "clusteringColumns") ? read_columns(&json, snapshot, arena, out, err) : tarn__json_skip(&json, err);
    }
    tarn__json_close(&json);
    return status;
}

/* ---- tags ---- */

/* ["a","s.b"], of physical names, as files say it. */
static void print_columns(const struct tarn_snapshot *snapshot, const struct tarn__layout *layout, struct tarn_text_builder *out)
{
    struct tarn_text_builder name;
    tarn__builder_init(&name, snapshot->env);
    struct tarn_json_printer json;
    tarn__json_printer_init(&json, out);
    tarn__json_print_begin_array(&json);
    for (uint32_t c = 0; c < layout->column_count; c++) {
        const struct tarn_path *path = &layout->columns[c];
        struct level level = {snapshot->schema->field_count, snapshot->schema->fields, snapshot->physical};
        tarn__builder_clear(&name);
        for (uint32_t d = 0; d < path->depth; d++) {
            const int32_t at = tarn_fields_find(level.count, level.fields, path->steps[d].name);
            tarn__builder_add_str(&name, d != 0 ? "." : "");
            tarn__builder_add(&name, at >= 0 ? level.physical[at].name : path->steps[d].name);
            if (at >= 0) {
                const struct tarn_field *field = &level.fields[at];
                level = (struct level){field->type->field_count, field->type->fields, level.physical[at].children};
            }
        }
        tarn__json_print_string(&json, tarn__builder_text(&name));
    }
    tarn__json_print_end_array(&json);
    out->failed = out->failed || name.failed;
    tarn__builder_free(&name);
}

static struct tarn_text curve_name(const struct tarn__layout *layout)
{
    return layout->curve == TARN_CURVE_HILBERT ? TARN_TEXT("hilbert") : TARN_TEXT("zorder");
}

enum tarn_status tarn__delta_layout_tags(const struct tarn_snapshot *snapshot, const struct tarn__layout *layout, const char *group,
                                         struct tarn_text_builder *out, struct tarn_error *err)
{
    struct tarn_text_builder columns;
    tarn__builder_init(&columns, snapshot->env);
    print_columns(snapshot, layout, &columns);
    struct tarn_json_printer json;
    tarn__json_printer_init(&json, out);
    tarn__json_print_begin_object(&json);
    tarn__json_print_key(&json, TARN_TEXT("ZCUBE_ID"));
    tarn__json_print_string(&json, tarn__text_of(group));
    tarn__json_print_key(&json, TARN_TEXT("ZCUBE_ZORDER_BY"));
    tarn__json_print_string(&json, tarn__builder_text(&columns));
    tarn__json_print_key(&json, TARN_TEXT("ZCUBE_ZORDER_CURVE"));
    tarn__json_print_string(&json, curve_name(layout));
    tarn__json_print_end_object(&json);
    const enum tarn_status status = tarn__builder_status(&columns, err);
    tarn__builder_free(&columns);
    return status;
}

bool tarn__delta_has_layout(const struct tarn_snapshot *snapshot, const struct tarn__tracked_file *file, const struct tarn__layout *layout)
{
    if (file->extra == NULL || file->extra->tags.size == 0) {
        return false;
    }
    struct tarn_text_builder columns;
    tarn__builder_init(&columns, snapshot->env);
    print_columns(snapshot, layout, &columns);
    struct tarn_json json;
    tarn__json_open(&json, &(struct tarn_json_pull_options){.env = snapshot->env, .failure = TARN_CORRUPT}, file->extra->tags);
    unsigned said = 0;
    bool more;
    enum tarn_status status = tarn__json_object(&json, NULL, NULL);
    while (status == TARN_OK && tarn__json_key(&json, &more, NULL) == TARN_OK && more) {
        const bool by = tarn__json_is(&json, "ZCUBE_ZORDER_BY");
        const bool curve = tarn__json_is(&json, "ZCUBE_ZORDER_CURVE");
        if (!by && !curve) {
            status = tarn__json_skip(&json, NULL);
            continue;
        }
        struct tarn_text value;
        bool is_null = false;
        status = tarn__json_string(&json, &value, &is_null, NULL);
        said += status == TARN_OK && tarn__text_equal(value, by ? tarn__builder_text(&columns) : curve_name(layout));
    }
    tarn__json_close(&json);
    const bool same = status == TARN_OK && said == 2 && !columns.failed;
    tarn__builder_free(&columns);
    return same;
}

uint64_t tarn__delta_target_size(const struct tarn_snapshot *snapshot)
{
    static const struct {
        struct tarn_text name;
        uint64_t bytes;
    } units[] = {{{"", 0}, 1},
                 {{"b", 1}, 1},
                 {{"k", 1}, UINT64_C(1) << 10},
                 {{"kb", 2}, UINT64_C(1) << 10},
                 {{"m", 1}, UINT64_C(1) << 20},
                 {{"mb", 2}, UINT64_C(1) << 20},
                 {{"g", 1}, UINT64_C(1) << 30},
                 {{"gb", 2}, UINT64_C(1) << 30}};
    const struct tarn_text text = tarn__delta_property(tarn__delta_state_of(snapshot), TARN_TEXT("delta.targetFileSize"));
    uint64_t number = 0;
    size_t at = 0;
    for (; at < text.size && tarn__is_digit(text.data[at]) && number < UINT64_C(1) << 50; at++) {
        number = number * 10 + (uint64_t)(text.data[at] - '0');
    }
    const struct tarn_text unit = {text.data + at, text.size - at};
    for (size_t i = 0; at != 0 && i < sizeof(units) / sizeof(units[0]); i++) {
        if (tarn__text_equal_caseless(unit, units[i].name) && number < UINT64_MAX / units[i].bytes) {
            return number * units[i].bytes;
        }
    }
    return 0;
}
