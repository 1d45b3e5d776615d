/* SPDX-License-Identifier: Apache-2.0
 *
 * Metrics of new files, collected as Java does, so that other engines prune by them.
 *
 * Specification: Iceberg table spec, "Data File Fields"; MetricsConfig, ParquetMetrics, UnicodeUtil and BinaryUtil of Iceberg Java for what
 * the text leaves open.
 *
 * Invariants
 *  1. Bounds hold: a cut lower one is a prefix, a cut upper one has its last unit raised, and is left out when that cannot be done.
 *  2. What is below lists and maps has counts and no bounds; NaN is no bound. A lower bound of zero is -0.0, an upper one 0.0.
 *  3. write.metadata.metrics.column.NAME decides for a column, else write.metadata.metrics.default, else truncate(16) for the first
 *     write.metadata.metrics.max-inferred-column-defaults columns (100) and none for the others.
 */
#include <string.h>

#include "format/base/bytes.h"
#include "format/base/utf8.h"
#include "txlog/iceberg/iceberg_state.h"
#include "txlog/iceberg/iceberg_statistics.h"
#include "txlog/iceberg/iceberg_value.h"

enum mode { MODE_NONE, MODE_COUNTS, MODE_TRUNCATE, MODE_FULL };
enum { DEFAULT_LENGTH = 16, DEFAULT_COLUMNS = 100 };

struct wish {
    enum mode mode;
    uint32_t length; /* of TRUNCATE: characters of texts, bytes of binaries */
};

static const struct wish default_wish = {MODE_TRUNCATE, DEFAULT_LENGTH};

static bool parse_wish(struct tarn_text text, struct wish *out)
{
    static const struct {
        struct tarn_text word;
        enum mode mode;
    } words[] = {{{"none", 4}, MODE_NONE}, {{"counts", 6}, MODE_COUNTS}, {{"full", 4}, MODE_FULL}};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (tarn__text_equal_caseless(text, words[i].word)) {
            *out = (struct wish){words[i].mode, 0};
            return true;
        }
    }
    const size_t head = sizeof("truncate(") - 1;
    uint64_t length;
    if (text.size < head + 2 || text.data[text.size - 1] != ')' ||
        !tarn__text_equal_caseless((struct tarn_text){text.data, head}, TARN_TEXT("truncate(")) ||
        tarn__uint64_parse((struct tarn_text){text.data + head, text.size - head - 1}, &length) != TARN_PARSED || length == 0 ||
        length > INT32_MAX) {
        return false;
    }
    *out = (struct wish){MODE_TRUNCATE, (uint32_t)length};
    return true;
}

/* "a.b", "list.element", "map.value"; and the field id. */
static int32_t name_leaf(const struct tarn_snapshot *snapshot, const struct tarn__leaf_statistics *leaf, struct tarn_text_builder *name)
{
    const struct tarn_field *fields = snapshot->schema->fields;
    const struct tarn__physical *physical = snapshot->physical;
    enum tarn_type_id parent = TARN_TYPE_STRUCT;
    int32_t id = -1;
    for (uint32_t d = 0; d < leaf->depth; d++) {
        const uint32_t at = leaf->index[d];
        if (d != 0) {
            tarn__builder_add_char(name, '.');
        }
        tarn__builder_add(name, parent == TARN_TYPE_LIST  ? TARN_TEXT("element")
                                : parent != TARN_TYPE_MAP ? fields[at].name
                                : at == 0                 ? TARN_TEXT("key")
                                                          : TARN_TEXT("value"));
        id = physical[at].id;
        parent = fields[at].type->id;
        physical = physical[at].children;
        fields = fields[at].type->fields;
    }
    return id;
}

static struct wish wish_of(const struct tarn__iceberg_metadata *metadata, struct tarn_text name, uint32_t number)
{
    struct wish wish = default_wish;
    static const char prefix[] = "write.metadata.metrics.column.";
    for (uint32_t i = 0; i < metadata->property_count; i++) {
        const struct tarn_property *property = &metadata->properties[i];
        if (property->key.size == sizeof(prefix) - 1 + name.size && memcmp(property->key.data, prefix, sizeof(prefix) - 1) == 0 &&
            memcmp(property->key.data + sizeof(prefix) - 1, name.data, name.size) == 0 && parse_wish(property->value, &wish)) {
            return wish;
        }
    }
    const struct tarn_text *given = tarn__iceberg_metadata_property(metadata, TARN_TEXT("write.metadata.metrics.default"));
    if (given != NULL && parse_wish(*given, &wish)) {
        return wish;
    }
    const struct tarn_text *most =
        tarn__iceberg_metadata_property(metadata, TARN_TEXT("write.metadata.metrics.max-inferred-column-defaults"));
    uint64_t columns = DEFAULT_COLUMNS;
    if (most != NULL && tarn__uint64_parse(*most, &columns) != TARN_PARSED) {
        columns = DEFAULT_COLUMNS;
    }
    return number < columns ? default_wish : (struct wish){MODE_NONE, 0};
}

/* ---- cutting ---- */

/* Raises the last character that can be raised, and drops what is behind it; false: none can be. */
static bool raise_text(struct tarn_text cut, struct tarn_text_builder *out)
{
    size_t end = cut.size;
    while (end > 0) {
        size_t begin = end - 1;
        while (begin > 0 && ((unsigned char)cut.data[begin] & 0xc0) == 0x80) {
            begin--;
        }
        uint32_t point;
        (void)tarn__utf8_decode(cut, begin, &point);
        if (point < 0x10ffff) {
            tarn__builder_add(out, (struct tarn_text){cut.data, begin});
            tarn__builder_add_point(out, point == 0xd7ff ? 0xe000 : point + 1);
            return true;
        }
        end = begin;
    }
    return false;
}

static bool raise_bytes(struct tarn_text cut, struct tarn_text_builder *out)
{
    size_t end = cut.size;
    while (end > 0 && (unsigned char)cut.data[end - 1] == 0xff) {
        end--;
    }
    if (end == 0) {
        return false;
    }
    tarn__builder_add(out, (struct tarn_text){cut.data, end - 1});
    tarn__builder_add_char(out, (char)((unsigned char)cut.data[end - 1] + 1));
    return true;
}

/* Appends the bound as single-value bytes; false: there is none to write. */
static bool add_bound(const struct tarn_value *value, bool is_upper, struct wish wish, struct tarn_text_builder *out)
{
    const enum tarn_type_id id = value->type->id;
    const bool is_text = id == TARN_TYPE_STRING;
    const struct tarn_text text = value->u.bytes;
    if (is_text && !tarn__utf8_is_valid(text)) {
        return false;
    }
    if ((id == TARN_TYPE_F32 || id == TARN_TYPE_F64) && value->u.f64 == 0) {
        struct tarn_value zero = *value; /* -0.0 is below 0.0 where bounds are compared, and may be among values that equal it */
        zero.u.f64 = is_upper ? 0.0 : -0.0;
        tarn__iceberg_value_encode(&zero, out);
        return true;
    }
    if (wish.mode == MODE_FULL || (!is_text && id != TARN_TYPE_BINARY && id != TARN_TYPE_FIXED)) {
        tarn__iceberg_value_encode(value, out);
        return true;
    }
    const size_t size = is_text ? tarn__utf8_offset(text, wish.length) : text.size < wish.length ? text.size : wish.length;
    const struct tarn_text cut = {text.data, size};
    if (size == text.size || !is_upper) {
        tarn__builder_add(out, cut);
        return true;
    }
    return is_text ? raise_text(cut, out) : raise_bytes(cut, out);
}

/* ---- all leaves ---- */

struct making {
    struct tarn_arena *arena;
    struct tarn__iceberg_data_file file;
    struct tarn__iceberg_count *values;
    struct tarn__iceberg_count *nulls;
    struct tarn__iceberg_count *nans;
    struct tarn__iceberg_count *sizes;
    struct tarn__iceberg_bound *lower;
    struct tarn__iceberg_bound *upper;
    struct tarn_text_builder name;
    struct tarn_text_builder bound;
};

static void count(struct tarn__iceberg_counts *counts, struct tarn__iceberg_count *items, int32_t id, uint64_t value)
{
    items[counts->size++] = (struct tarn__iceberg_count){id, value > INT64_MAX ? INT64_MAX : (int64_t)value};
}

static enum tarn_status make_bound(struct making *making, const struct tarn_value *value, bool is_upper, struct wish wish, int32_t id,
                                   struct tarn_error *err)
{
    struct tarn__iceberg_bounds *bounds = is_upper ? &making->file.upper_bounds : &making->file.lower_bounds;
    tarn__builder_clear(&making->bound);
    if (!add_bound(value, is_upper, wish, &making->bound)) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(tarn__builder_status(&making->bound, err));
    const struct tarn_text copy = tarn__arena_text(making->arena, tarn__builder_text(&making->bound));
    if (copy.data == NULL) {
        return tarn__nomem(making->arena->env, err, making->bound.size);
    }
    (is_upper ? making->upper : making->lower)[bounds->size++] = (struct tarn__iceberg_bound){id, {(const uint8_t *)copy.data, copy.size}};
    return TARN_OK;
}

static enum tarn_status make_leaf(struct making *making, const struct tarn_snapshot *snapshot, const struct tarn__leaf_statistics *leaf,
                                  uint32_t number, struct tarn_error *err)
{
    tarn__builder_clear(&making->name);
    const int32_t id = name_leaf(snapshot, leaf, &making->name);
    TARN_RETURN_IF_ERROR(tarn__builder_status(&making->name, err));
    const struct wish wish = wish_of(&tarn__iceberg_state_of(snapshot)->metadata, tarn__builder_text(&making->name), number);
    const struct tarn_bounds *bounds = &leaf->bounds;
    if (wish.mode == MODE_NONE) {
        return TARN_OK;
    }
    count(&making->file.column_sizes, making->sizes, id, leaf->stored);
    count(&making->file.value_counts, making->values, id, bounds->rows);
    if (bounds->has_null_count) {
        count(&making->file.null_counts, making->nulls, id, bounds->null_count);
    }
    const bool is_float = leaf->type->id == TARN_TYPE_F32 || leaf->type->id == TARN_TYPE_F64;
    if (is_float && bounds->has_nan_count) {
        count(&making->file.nan_counts, making->nans, id, bounds->nan_count);
    }
    if (wish.mode == MODE_COUNTS || leaf->repeated || (is_float && !bounds->has_nan_count)) {
        return TARN_OK;
    }
    if (bounds->has_min) {
        TARN_RETURN_IF_ERROR(make_bound(making, &bounds->min, false, wish, id, err));
    }
    return bounds->has_max ? make_bound(making, &bounds->max, true, wish, id, err) : TARN_OK;
}

/* Where readers may cut the file: at its row groups. */
static enum tarn_status make_offsets(struct making *making, const struct tarn__statistics_input *input, struct tarn_error *err)
{
    int64_t *offsets = tarn__arena_calloc(making->arena, (size_t)input->row_group_count + 1, sizeof(*offsets));
    if (offsets == NULL) {
        return tarn__nomem(making->arena->env, err, input->row_group_count * sizeof(*offsets));
    }
    for (uint32_t i = 0; i < input->row_group_count; i++) {
        offsets[i] = (int64_t)input->row_group_offsets[i];
    }
    making->file.has_split_offsets = input->row_group_count != 0;
    making->file.split_offset_count = input->row_group_count;
    making->file.split_offsets = offsets;
    return TARN_OK;
}

static enum tarn_status make_all(struct making *making, const struct tarn_snapshot *snapshot, const struct tarn__statistics_input *input,
                                 struct tarn_error *err)
{
    struct tarn__iceberg_data_file *file = &making->file;
    struct tarn__iceberg_counts *const counts[] = {&file->value_counts, &file->null_counts, &file->nan_counts, &file->column_sizes};
    struct tarn__iceberg_count **const items[] = {&making->values, &making->nulls, &making->nans, &making->sizes};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        *items[i] = tarn__arena_calloc(making->arena, (size_t)input->leaf_count + 1, sizeof(**items[i]));
        if (*items[i] == NULL) {
            return tarn__nomem(making->arena->env, err, input->leaf_count * sizeof(**items[i]));
        }
        *counts[i] = (struct tarn__iceberg_counts){true, 0, *items[i]};
    }
    making->lower = tarn__arena_calloc(making->arena, (size_t)input->leaf_count + 1, sizeof(*making->lower));
    making->upper = tarn__arena_calloc(making->arena, (size_t)input->leaf_count + 1, sizeof(*making->upper));
    if (making->lower == NULL || making->upper == NULL) {
        return tarn__nomem(making->arena->env, err, input->leaf_count * sizeof(*making->lower));
    }
    file->lower_bounds = (struct tarn__iceberg_bounds){true, 0, making->lower};
    file->upper_bounds = (struct tarn__iceberg_bounds){true, 0, making->upper};
    file->record_count = input->rows > INT64_MAX ? INT64_MAX : (int64_t)input->rows;
    for (uint32_t i = 0; i < input->leaf_count; i++) {
        TARN_RETURN_IF_ERROR(make_leaf(making, snapshot, &input->leaves[i], i, err));
    }
    return make_offsets(making, input, err);
}

enum tarn_status tarn__iceberg_statistics_make(const struct tarn_snapshot *snapshot, const struct tarn__statistics_input *input,
                                               struct tarn_text_builder *out, struct tarn_error *err)
{
    struct tarn_arena arena;
    tarn__arena_init(&arena, snapshot->env);
    struct making making = {.arena = &arena};
    tarn__builder_init(&making.name, snapshot->env);
    tarn__builder_init(&making.bound, snapshot->env);
    enum tarn_status status = make_all(&making, snapshot, input, err);
    if (status == TARN_OK) {
        tarn__iceberg_statistics_pack(&making.file, TARN_ICEBERG_PACK_ALL, out);
        status = tarn__builder_status(out, err);
    }
    tarn__builder_free(&making.name);
    tarn__builder_free(&making.bound);
    tarn__arena_free(&arena);
    return status;
}
