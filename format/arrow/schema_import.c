/* SPDX-License-Identifier: Apache-2.0
 *
 * ArrowSchema as a schema. SPEC: X-ARROW-4, X-ARROW-5.
 *
 * An ArrowSchema is memory of the same process, so its pointers are believed; its numbers and words are not.
 */
#include "format/arrow/arrow_import.h"
#include "format/base/arena.h"
#include "format/base/bytes.h"
#include "format/base/number.h"

enum { MOST_CHILDREN = 1 << 20, MOST_PAIRS = 1 << 16 };

struct importer {
    struct tarn_arena *arena;
    struct tarn_error *err;
};

static enum tarn_status nomem(const struct importer *importer)
{
    return tarn__nomem(importer->arena->env, importer->err, 0);
}

/* ---- metadata ---- */

static int32_t take_int32(const char **at)
{
    int32_t value;
    memcpy(&value, *at, sizeof(value));
    *at += sizeof(value);
    return value;
}

/* What the metadata of a field says: extension, field id, and the rest as properties. */
struct metadata {
    uint32_t count;
    struct tarn_property *properties;
    int32_t id;
    struct tarn_text extension;
    struct tarn_text parameters;
};

static bool take_pair(const char **at, struct tarn_property *pair)
{
    struct tarn_text *parts[] = {&pair->key, &pair->value};
    for (int i = 0; i < 2; i++) {
        const int32_t size = take_int32(at);
        if (size < 0) {
            return false;
        }
        *parts[i] = (struct tarn_text){*at, (size_t)size};
        *at += size;
    }
    return true;
}

static enum tarn_status read_metadata(const struct importer *importer, const char *bytes, struct metadata *out)
{
    *out = (struct metadata){.id = -1};
    if (bytes == NULL) {
        return TARN_OK;
    }
    const int32_t pairs = take_int32(&bytes);
    if (pairs < 0 || pairs > MOST_PAIRS) {
        return tarn__invalid(importer->err, "arrow_metadata", "the metadata of an ArrowSchema has %d pairs", (int)pairs);
    }
    out->properties = tarn__arena_calloc(importer->arena, (size_t)pairs, sizeof(*out->properties));
    if (out->properties == NULL) {
        return nomem(importer);
    }
    for (int32_t i = 0; i < pairs; i++) {
        struct tarn_property pair;
        int64_t id;
        if (!take_pair(&bytes, &pair)) {
            return tarn__invalid(importer->err, "arrow_metadata", "a text in the metadata of an ArrowSchema has a negative length");
        }
        if (tarn__text_equal(pair.key, TARN_TEXT("ARROW:extension:name"))) {
            out->extension = pair.value;
        } else if (tarn__text_equal(pair.key, TARN_TEXT("ARROW:extension:metadata"))) {
            out->parameters = pair.value;
        } else if (tarn__text_equal(pair.key, TARN_TEXT("PARQUET:field_id")) && tarn__int64_parse(pair.value, &id) == TARN_PARSED &&
                   id >= 0 && id <= INT32_MAX) {
            out->id = (int32_t)id;
        } else {
            out->properties[out->count++] = pair;
        }
    }
    return TARN_OK;
}

/* The text of "crs":"..." in geoarrow's JSON, when it is as plain as we write it. */
static struct tarn_text plain_crs(struct tarn_text json)
{
    static const char key[] = "\"crs\":\"";
    for (size_t i = 0; i + sizeof(key) - 1 <= json.size; i++) {
        if (memcmp(json.data + i, key, sizeof(key) - 1) == 0) {
            const struct tarn_text rest = {json.data + i + sizeof(key) - 1, json.size - i - (sizeof(key) - 1)};
            const char *end = rest.size != 0 ? memchr(rest.data, '"', rest.size) : NULL;
            return end != NULL ? (struct tarn_text){rest.data, (size_t)(end - rest.data)} : (struct tarn_text){NULL, 0};
        }
    }
    return (struct tarn_text){NULL, 0};
}

/* An extension that we know, on the storage that it belongs to, makes another type; any other is its storage. */
static void apply_extension(const struct metadata *metadata, struct tarn_type *type)
{
    const struct tarn_text name = metadata->extension;
    if (tarn__text_equal(name, TARN_TEXT("arrow.uuid")) && type->id == TARN_TYPE_FIXED && type->width == 16) {
        *type = (struct tarn_type){.id = TARN_TYPE_UUID};
    } else if (tarn__text_equal(name, TARN_TEXT("arrow.json")) && type->id == TARN_TYPE_STRING) {
        type->id = TARN_TYPE_JSON;
    } else if (tarn__text_equal(name, TARN_TEXT("geoarrow.wkb")) && type->id == TARN_TYPE_BINARY) {
        static const char spherical[] = "\"spherical\"";
        type->id = TARN_TYPE_GEOMETRY;
        type->zone = plain_crs(metadata->parameters);
        if (memmem(metadata->parameters.data != NULL ? metadata->parameters.data : "", metadata->parameters.size, spherical,
                   sizeof(spherical) - 1) != NULL) {
            type->id = TARN_TYPE_GEOGRAPHY;
        }
    }
}

/* ---- fields ---- */

static enum tarn_status import_field(const struct importer *importer, const struct ArrowSchema *schema, unsigned depth,
                                     struct tarn_field *out);

static enum tarn_status import_children(const struct importer *importer, const struct ArrowSchema *schema, unsigned depth, int64_t wanted,
                                        struct tarn_field **out)
{
    *out = NULL;
    if (schema->n_children < 0 || schema->n_children > MOST_CHILDREN || (wanted >= 0 && schema->n_children != wanted) ||
        (schema->n_children != 0 && schema->children == NULL)) {
        return tarn__invalid(importer->err, "arrow_children", "an ArrowSchema of format \"%.32s\" has %lld children", schema->format,
                             (long long)schema->n_children);
    }
    struct tarn_field *fields = tarn__arena_calloc(importer->arena, (size_t)schema->n_children, sizeof(*fields));
    if (fields == NULL) {
        return nomem(importer);
    }
    for (int64_t i = 0; i < schema->n_children; i++) {
        if (schema->children[i] == NULL || schema->children[i]->release == NULL) {
            return tarn__invalid(importer->err, "arrow_children", "a child of an ArrowSchema is missing or released");
        }
        TARN_RETURN_IF_ERROR(import_field(importer, schema->children[i], depth + 1, &fields[i]));
    }
    *out = fields;
    return TARN_OK;
}

static enum tarn_status import_map(const struct importer *importer, const struct ArrowSchema *schema, unsigned depth,
                                   struct tarn_type *type)
{
    struct tarn_field *entries;
    TARN_RETURN_IF_ERROR(import_children(importer, schema, depth, 1, &entries));
    if (entries->type->id != TARN_TYPE_STRUCT || entries->type->field_count != 2) {
        return tarn__invalid(importer->err, "arrow_map", "the entries of a map are a struct of key and value");
    }
    struct tarn_field *fields = tarn__arena_calloc(importer->arena, 2, sizeof(*fields));
    if (fields == NULL) {
        return nomem(importer);
    }
    fields[0] = entries->type->fields[0];
    fields[1] = entries->type->fields[1];
    fields[0].nullable = false;
    type->fields = fields;
    type->field_count = 2;
    return TARN_OK;
}

static enum tarn_status import_type(const struct importer *importer, const struct ArrowSchema *schema, unsigned depth,
                                    const struct metadata *metadata, const struct tarn_type **out)
{
    struct tarn__arrow_format format;
    struct tarn_field *fields;
    if (depth > TARN_MAX_DEPTH) {
        return tarn__invalid(importer->err, "depth", "an ArrowSchema is nested deeper than %d levels", (int)TARN_MAX_DEPTH);
    }
    if (schema->dictionary != NULL) { /* the codes are a matter of layout */
        return import_type(importer, schema->dictionary, depth + 1, metadata, out);
    }
    TARN_RETURN_IF_ERROR(tarn__arrow_format_read(schema->format, &format, importer->err));
    struct tarn_type *type = tarn__arena_alloc(importer->arena, sizeof(*type));
    if (type == NULL) {
        return nomem(importer);
    }
    *type = format.type;
    *out = type;
    switch (format.layout) {
    case TARN__ARROW_LIST:
    case TARN__ARROW_LARGE_LIST:
    case TARN__ARROW_FIXED_LIST:
    case TARN__ARROW_LIST_VIEW:
    case TARN__ARROW_LARGE_LIST_VIEW:
        TARN_RETURN_IF_ERROR(import_children(importer, schema, depth, 1, &fields));
        type->fields = fields;
        type->field_count = 1;
        return TARN_OK;
    case TARN__ARROW_STRUCT:
        TARN_RETURN_IF_ERROR(import_children(importer, schema, depth, -1, &fields));
        type->fields = fields;
        type->field_count = (uint32_t)schema->n_children;
        if (tarn__text_equal(metadata->extension, TARN_TEXT("arrow.parquet.variant")) && type->field_count == 2 &&
            fields[0].type->id == TARN_TYPE_BINARY && fields[1].type->id == TARN_TYPE_BINARY) {
            *type = (struct tarn_type){.id = TARN_TYPE_VARIANT};
        }
        return TARN_OK;
    case TARN__ARROW_MAP:
        return import_map(importer, schema, depth, type);
    case TARN__ARROW_RUNS:
        TARN_RETURN_IF_ERROR(import_children(importer, schema, depth, 2, &fields));
        *out = fields[1].type;
        return TARN_OK;
    default:
        TARN_RETURN_IF_ERROR(import_children(importer, schema, depth, 0, &fields));
        apply_extension(metadata, type);
        return TARN_OK;
    }
}

static enum tarn_status import_field(const struct importer *importer, const struct ArrowSchema *schema, unsigned depth,
                                     struct tarn_field *out)
{
    struct metadata metadata;
    *out = (struct tarn_field){.name = tarn__text_of(schema->name != NULL ? schema->name : ""),
                               .nullable = (schema->flags & ARROW_FLAG_NULLABLE) != 0};
    enum tarn_status status = read_metadata(importer, schema->metadata, &metadata);
    if (status == TARN_OK) {
        out->id = metadata.id;
        out->property_count = metadata.count;
        out->properties = metadata.properties;
        status = import_type(importer, schema, depth, &metadata, &out->type);
    }
    if (status != TARN_OK) {
        tarn__error_at_column(importer->err, out->name);
    }
    return status;
}

enum tarn_status tarn_arrow_import_schema(struct tarn_env *env, const struct ArrowSchema *schema, struct tarn_schema **out,
                                          struct tarn_error *err)
{
    struct tarn_arena arena;
    const struct importer importer = {&arena, err};
    struct tarn_field rows;
    *out = NULL;
    if (schema->release == NULL) {
        return tarn__invalid(err, "arrow_released", "the ArrowSchema has been released");
    }
    tarn__arena_init(&arena, env);
    enum tarn_status status = import_field(&importer, schema, 0, &rows);
    if (status == TARN_OK && (rows.type->id != TARN_TYPE_STRUCT || schema->dictionary != NULL)) {
        status = tarn__invalid(err, "arrow_format", "rows come as a struct, not as \"%.32s\"", schema->format);
    }
    if (status == TARN_OK) {
        status = tarn_schema_make(env, rows.type->field_count, rows.type->fields, rows.property_count, rows.properties, out, err);
    }
    tarn__arena_free(&arena);
    return status;
}
