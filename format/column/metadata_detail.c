/* SPDX-License-Identifier: Apache-2.0
 *
 * tarn/parquet.h, the metadata as stored: the file's keys, schema elements and row groups.
 *
 * Specification: parquet.thrift, FileMetaData, SchemaElement, LogicalType, RowGroup. SPEC: P-META-1, P-META-2.
 */
#include "format/column/logical_type.h"
#include "format/column/metadata.h"
#include "format/column/statistics.h"

/* ---- made when the handle is ---- */

const struct tarn_parquet_key_value *tarn__metadata_key_values(struct tarn_arena *arena, uint32_t count,
                                                               const struct parquet_key_value *pairs)
{
    struct tarn_parquet_key_value *made = tarn__arena_calloc(arena, (size_t)count + 1, sizeof(*made));
    for (uint32_t i = 0; made != NULL && i < count; i++) {
        made[i] = (struct tarn_parquet_key_value){pairs[i].key, pairs[i].has_value, pairs[i].value};
    }
    return made;
}

/* The tree has the shape that parquet_schema_read.c has checked: a group's children follow it. */
static void place_elements(const struct parquet_file_metadata *file, struct tarn_element_place *places, uint32_t *left)
{
    uint32_t leaves = 0;
    uint32_t group = 0; /* that is being filled */
    places[0] = (struct tarn_element_place){0, UINT32_MAX, 0, 0};
    left[0] = file->schema.items[0].has_num_children ? (uint32_t)file->schema.items[0].num_children : 0;
    for (uint32_t i = 1; i < file->schema.count; i++) {
        const struct parquet_schema_element *element = &file->schema.items[i];
        const int32_t repetition = element->has_repetition_type ? element->repetition_type : PARQUET_REQUIRED;
        while (left[group] == 0 && group != 0) {
            group = places[group].parent;
        }
        left[group]--;
        places[i] = (struct tarn_element_place){
            .parent = group,
            .leaf = UINT32_MAX,
            .definition = (uint16_t)(places[group].definition + (repetition == PARQUET_OPTIONAL || repetition == PARQUET_REPEATED)),
            .repetition = (uint16_t)(places[group].repetition + (repetition == PARQUET_REPEATED))};
        if (element->has_type) {
            places[i].leaf = leaves++;
        } else {
            left[i] = element->has_num_children && element->num_children > 0 ? (uint32_t)element->num_children : 0;
            group = i;
        }
    }
}

static enum tarn_status copy_sorting(struct tarn_parquet_metadata *metadata, struct tarn_error *err)
{
    const struct parquet_file_metadata *file = &metadata->footer->metadata;
    const struct tarn_parquet_sorting_column **all = tarn__arena_calloc(&metadata->arena, (size_t)file->row_groups.count + 1, sizeof(*all));
    if (all == NULL) {
        return tarn__nomem(metadata->env, err, (uint64_t)file->row_groups.count * sizeof(*all));
    }
    for (uint32_t g = 0; g < file->row_groups.count; g++) {
        const struct parquet_row_group *group = &file->row_groups.items[g];
        struct tarn_parquet_sorting_column *columns =
            tarn__arena_calloc(&metadata->arena, (size_t)group->sorting_columns.count + 1, sizeof(*columns));
        if (columns == NULL) {
            return tarn__nomem(metadata->env, err, (uint64_t)group->sorting_columns.count * sizeof(*columns));
        }
        for (uint32_t i = 0; i < group->sorting_columns.count; i++) {
            const struct parquet_sorting_column *column = &group->sorting_columns.items[i];
            columns[i] = (struct tarn_parquet_sorting_column){column->column_idx, column->descending, column->nulls_first};
        }
        all[g] = columns;
    }
    metadata->sorting_columns = all;
    return TARN_OK;
}

enum tarn_status tarn__metadata_prepare(struct tarn_parquet_metadata *metadata, struct tarn_error *err)
{
    const struct parquet_file_metadata *file = &metadata->footer->metadata;
    struct tarn_element_place *places = tarn__arena_calloc(&metadata->arena, file->schema.count, sizeof(*places));
    uint32_t *left = tarn__calloc(metadata->env, file->schema.count, sizeof(*left));
    metadata->key_values = tarn__metadata_key_values(&metadata->arena, file->key_value_metadata.count, file->key_value_metadata.items);
    if (places == NULL || left == NULL || metadata->key_values == NULL) {
        tarn__free(metadata->env, left);
        return tarn__nomem(metadata->env, err, (uint64_t)file->schema.count * sizeof(*places));
    }
    place_elements(file, places, left);
    tarn__free(metadata->env, left);
    metadata->elements = places;
    return copy_sorting(metadata, err);
}

/* ---- the file ---- */

struct tarn_parquet_file_detail tarn_parquet_file_detail(const struct tarn_parquet_metadata *metadata)
{
    const struct parquet_file_metadata *file = &metadata->footer->metadata;
    const struct parquet_encryption_algorithm *algorithm = &file->encryption_algorithm;
    static const struct tarn_span none = {NULL, 0};
    return (struct tarn_parquet_file_detail){
        .element_count = file->schema.count,
        .key_value_count = file->key_value_metadata.count,
        .key_values = metadata->key_values,
        .column_order_count = file->has_column_orders ? file->column_orders.count : 0,
        .encryption_algorithm = !file->has_encryption_algorithm           ? ""
                                : algorithm->id == PARQUET_AES_GCM_V1     ? "AES_GCM_V1"
                                : algorithm->id == PARQUET_AES_GCM_CTR_V1 ? "AES_GCM_CTR_V1"
                                                                          : "UNKNOWN",
        .aad_prefix = algorithm->aes.has_aad_prefix ? algorithm->aes.aad_prefix : none,
        .aad_file_unique = algorithm->aes.has_aad_file_unique ? algorithm->aes.aad_file_unique : none,
        .supply_aad_prefix = algorithm->aes.has_supply_aad_prefix && algorithm->aes.supply_aad_prefix,
        .footer_signing_key_metadata = file->has_footer_signing_key_metadata ? file->footer_signing_key_metadata : none,
    };
}

/* ---- schema elements ---- */

static const char *unit_name(int32_t unit)
{
    static const char *const names[] = {"UNKNOWN", "MILLIS", "MICROS", "NANOS"};
    return names[unit >= PARQUET_UNIT_MILLIS && unit <= PARQUET_UNIT_NANOS ? unit : 0];
}

static const char *algorithm_name(int32_t algorithm)
{
    static const char *const names[] = {"SPHERICAL", "VINCENTY", "THOMAS", "ANDOYER", "KARNEY"};
    return algorithm >= PARQUET_EDGE_SPHERICAL && algorithm <= PARQUET_EDGE_KARNEY ? names[algorithm] : "UNKNOWN";
}

static void fill_logical_type(const struct parquet_logical_type *type, struct tarn_parquet_logical_type *out)
{
    out->name = tarn__parquet_logical_type_name(type->id);
    out->id = type->id;
    switch (type->id) {
    case PARQUET_LOGICAL_DECIMAL:
        out->precision = type->u.decimal.precision;
        out->scale = type->u.decimal.scale;
        break;
    case PARQUET_LOGICAL_TIME:
    case PARQUET_LOGICAL_TIMESTAMP:
        out->is_adjusted_to_utc = type->u.time.is_adjusted_to_utc;
        out->unit = unit_name(type->u.time.unit.id);
        break;
    case PARQUET_LOGICAL_INTEGER:
        out->bit_width = type->u.integer.bit_width;
        out->is_signed = type->u.integer.is_signed;
        break;
    case PARQUET_LOGICAL_VARIANT:
        out->specification_version = type->u.variant.has_specification_version ? type->u.variant.specification_version : 1;
        break;
    case PARQUET_LOGICAL_GEOMETRY:
        out->has_crs = type->u.geometry.has_crs;
        out->crs = type->u.geometry.crs;
        break;
    case PARQUET_LOGICAL_GEOGRAPHY:
        out->has_crs = type->u.geography.has_crs;
        out->crs = type->u.geography.crs;
        out->has_algorithm = type->u.geography.has_algorithm;
        out->algorithm = out->has_algorithm ? algorithm_name(type->u.geography.algorithm) : "";
        break;
    default:
        break;
    }
}

static const char *repetition_name(const struct parquet_schema_element *element)
{
    static const char *const names[] = {"REQUIRED", "OPTIONAL", "REPEATED"};
    const int32_t repetition = element->repetition_type;
    return !element->has_repetition_type                                      ? ""
           : repetition >= PARQUET_REQUIRED && repetition <= PARQUET_REPEATED ? names[repetition]
                                                                              : "UNKNOWN";
}

static const char *order_name(const struct parquet_file_metadata *file, uint32_t leaf)
{
    static const char *const names[] = {"UNKNOWN", "TYPE_ORDER", "IEEE_754_TOTAL_ORDER", "INT96_TIMESTAMP_ORDER"};
    const int32_t order = tarn__column_order(file, leaf);
    return !file->has_column_orders || leaf >= file->column_orders.count           ? ""
           : order >= PARQUET_ORDER_TYPE && order <= PARQUET_ORDER_INT96_TIMESTAMP ? names[order]
                                                                                   : names[0];
}

enum tarn_status tarn_parquet_element_info(const struct tarn_parquet_metadata *metadata, uint32_t element, struct tarn_parquet_element *out,
                                           struct tarn_error *err)
{
    const struct parquet_file_metadata *file = &metadata->footer->metadata;
    *out = (struct tarn_parquet_element){.repetition = "", .physical_type = "", .converted_type = "", .column_order = ""};
    out->logical_type = (struct tarn_parquet_logical_type){.name = "", .unit = "", .algorithm = ""};
    if (element >= file->schema.count) {
        return tarn__invalid(err, "element", "there is no schema element %u: the file has %u", element, file->schema.count);
    }
    const struct parquet_schema_element *stored = &file->schema.items[element];
    const struct tarn_element_place *place = &metadata->elements[element];
    out->name = stored->name;
    out->repetition = repetition_name(stored);
    out->parent = place->parent;
    out->leaf = place->leaf;
    out->max_definition = place->definition;
    out->max_repetition = place->repetition;
    out->child_count = stored->has_num_children && stored->num_children > 0 ? (uint32_t)stored->num_children : 0;
    if (place->leaf != UINT32_MAX) {
        out->physical_type = tarn__parquet_type_name(stored->type);
        out->column_order = order_name(file, place->leaf);
    }
    if (stored->has_converted_type) {
        out->converted_type = tarn__parquet_converted_type_name(stored->converted_type);
    }
    if (stored->has_logical_type) {
        fill_logical_type(&stored->logical_type, &out->logical_type);
    }
    out->has_type_length = stored->has_type_length;
    out->has_precision = stored->has_precision;
    out->has_scale = stored->has_scale;
    out->has_field_id = stored->has_field_id;
    out->type_length = stored->type_length;
    out->precision = stored->precision;
    out->scale = stored->scale;
    out->field_id = stored->field_id;
    return TARN_OK;
}

/* ---- row groups ---- */

enum tarn_status tarn_parquet_row_group_detail(const struct tarn_parquet_metadata *metadata, uint32_t row_group,
                                               struct tarn_parquet_row_group_detail *out, struct tarn_error *err)
{
    const struct parquet_file_metadata *file = &metadata->footer->metadata;
    *out = (struct tarn_parquet_row_group_detail){.total_byte_size = 0};
    if (row_group >= file->row_groups.count) {
        return tarn__invalid(err, "row_group", "there is no row group %u: the file has %u", row_group, file->row_groups.count);
    }
    const struct parquet_row_group *group = &file->row_groups.items[row_group];
    *out = (struct tarn_parquet_row_group_detail){
        .total_byte_size = group->total_byte_size,
        .has_file_offset = group->has_file_offset,
        .has_total_compressed_size = group->has_total_compressed_size,
        .has_ordinal = group->has_ordinal,
        .file_offset = group->file_offset,
        .total_compressed_size = group->total_compressed_size,
        .ordinal = group->ordinal,
        .has_sorting_columns = group->has_sorting_columns,
        .sorting_column_count = group->sorting_columns.count,
        .sorting_columns = metadata->sorting_columns[row_group],
    };
    return TARN_OK;
}
