/* SPDX-License-Identifier: Apache-2.0
 *
 * Schemas as ArrowSchema. Specification: "The Arrow C data interface", format strings. SPEC: X-ARROW-1.
 *
 * Each node owns its strings and its children; a consumer may move children away and release them alone.
 */
#include <stdio.h>

#include "format/arrow/arrow_export.h"
#include "format/base/bytes.h"
#include "format/base/text.h"
#include "format/base/utf8.h"

enum { FORMAT_ROOM = 48 };

struct node {
    struct tarn_env *env;
    char *format;
    char *name;
    char *metadata;
    struct ArrowSchema *children;
    struct ArrowSchema **pointers;
    struct ArrowSchema *dictionary;
};

enum tarn_status tarn__arrow_options(const struct tarn_arrow_options *given, struct tarn_arrow_options *out, struct tarn_error *err)
{
    *out = (struct tarn_arrow_options)TARN_ARROW_OPTIONS_INIT;
    if (given != NULL && (given->size < sizeof(uint32_t) || given->size > sizeof(*out))) {
        return tarn__invalid(err, "options_size", "tarn_arrow_options.size is %u: set it with TARN_ARROW_OPTIONS_INIT", given->size);
    }
    if (given != NULL) {
        memcpy(out, given, given->size);
        out->size = sizeof(*out);
    }
    if ((unsigned)out->strings > TARN_ARROW_UTF8_VIEW) {
        return tarn__invalid(err, "strings", "%d is no way for strings to leave", (int)out->strings);
    }
    return TARN_OK;
}

static void release_node(struct ArrowSchema *schema)
{
    struct node *node = schema->private_data;
    struct tarn_env *env = node->env;
    for (int64_t i = 0; i < schema->n_children; i++) {
        if (schema->children[i]->release != NULL) {
            schema->children[i]->release(schema->children[i]);
        }
    }
    if (schema->dictionary != NULL && schema->dictionary->release != NULL) {
        schema->dictionary->release(schema->dictionary);
    }
    tarn__free(env, node->format);
    tarn__free(env, node->name);
    tarn__free(env, node->metadata);
    tarn__free(env, node->children);
    tarn__free(env, node->pointers);
    tarn__free(env, node->dictionary);
    tarn__free(env, node);
    schema->release = NULL;
    tarn_env_close(env);
}

/* ---- formats ---- */

static const char *text_format(const struct tarn_arrow_options *options, bool utf8)
{
    switch (options->strings) {
    case TARN_ARROW_LARGE_UTF8:
        return utf8 ? "U" : "Z";
    case TARN_ARROW_UTF8_VIEW:
        return utf8 ? "vu" : "vz";
    default:
        return utf8 ? "u" : "z";
    }
}

static const char *plain_format(const struct tarn_type *type, const struct tarn_arrow_options *options)
{
    switch (type->id) {
    case TARN_TYPE_NULL:
        return "n";
    case TARN_TYPE_BOOL:
        return "b";
    case TARN_TYPE_I8:
        return "c";
    case TARN_TYPE_I16:
        return "s";
    case TARN_TYPE_I32:
        return "i";
    case TARN_TYPE_I64:
        return "l";
    case TARN_TYPE_U8:
        return "C";
    case TARN_TYPE_U16:
        return "S";
    case TARN_TYPE_U32:
        return "I";
    case TARN_TYPE_U64:
        return "L";
    case TARN_TYPE_F16:
        return "e";
    case TARN_TYPE_F32:
        return "f";
    case TARN_TYPE_F64:
        return "g";
    case TARN_TYPE_DATE:
        return "tdD";
    case TARN_TYPE_INTERVAL:
        return "tin";
    case TARN_TYPE_STRING:
    case TARN_TYPE_JSON:
    case TARN_TYPE_ENUM:
        return text_format(options, true);
    case TARN_TYPE_BINARY:
    case TARN_TYPE_BSON:
    case TARN_TYPE_GEOMETRY:
    case TARN_TYPE_GEOGRAPHY:
        return text_format(options, false);
    case TARN_TYPE_UUID:
        return "w:16";
    case TARN_TYPE_LIST:
        return "+l";
    case TARN_TYPE_STRUCT:
    case TARN_TYPE_VARIANT:
        return "+s";
    case TARN_TYPE_MAP:
        return "+m";
    default:
        return NULL;
    }
}

static char *make_format(struct tarn_env *env, const struct tarn_type *type, const struct tarn_arrow_options *options)
{
    static const char units[] = {'s', 'm', 'u', 'n'};
    struct tarn_text_builder text;
    char head[FORMAT_ROOM];
    const char *plain = plain_format(type, options);
    if (plain != NULL) {
        return tarn__text_dup(env, tarn__text_of(plain));
    }
    switch (type->id) {
    case TARN_TYPE_DECIMAL: /* 32 and 64 bits are known to few consumers yet: they leave as 128 */
        snprintf(head, sizeof(head), "d:%d,%d%s", (int)type->precision, (int)type->scale, type->precision > 38 ? ",256" : "");
        break;
    case TARN_TYPE_TIME:
        snprintf(head, sizeof(head), "tt%c", units[type->unit]);
        break;
    case TARN_TYPE_DURATION:
        snprintf(head, sizeof(head), "tD%c", units[type->unit]);
        break;
    case TARN_TYPE_FIXED:
        snprintf(head, sizeof(head), "w:%u", type->width);
        break;
    default: /* TIMESTAMP; a wide one leaves in microseconds */
        snprintf(head, sizeof(head), "ts%c:", type->wide ? 'u' : units[type->unit]);
        break;
    }
    tarn__builder_init(&text, env);
    tarn__builder_add_str(&text, head);
    if (type->id == TARN_TYPE_TIMESTAMP && type->utc) {
        tarn__builder_add(&text, type->zone.size != 0 ? type->zone : TARN_TEXT("UTC"));
    }
    size_t size;
    char *format = tarn__builder_take(&text, &size);
    tarn__builder_free(&text);
    return format;
}

/* ---- metadata ---- */

static void put_text(struct tarn_text_builder *out, struct tarn_text text)
{
    const int32_t size = (int32_t)text.size;
    tarn__builder_add_bytes(out, &size, sizeof(size)); /* in the machine's order, says the specification */
    tarn__builder_add(out, text);
}

static const char *extension_name(const struct tarn_type *type)
{
    switch (type->id) {
    case TARN_TYPE_UUID:
        return "arrow.uuid";
    case TARN_TYPE_JSON:
        return "arrow.json";
    case TARN_TYPE_GEOMETRY:
    case TARN_TYPE_GEOGRAPHY:
        return "geoarrow.wkb";
    case TARN_TYPE_VARIANT:
        return "arrow.parquet.variant";
    default:
        return NULL;
    }
}

static void put_crs(struct tarn_text_builder *out, const struct tarn_type *type)
{
    for (size_t i = 0; i < type->zone.size; i++) {
        const char c = type->zone.data[i];
        if (c == '"' || c == '\\') {
            tarn__builder_add_char(out, '\\');
        }
        tarn__builder_add_char(out, (unsigned char)c < 0x20 ? ' ' : c);
    }
}

/* JSON: what geoarrow says of a column. */
static enum tarn_status geo_metadata(struct tarn_env *env, const struct tarn_type *type, char **out, struct tarn_error *err)
{
    struct tarn_text_builder text;
    tarn__builder_init(&text, env);
    tarn__builder_add_str(&text, "{");
    if (type->zone.size != 0) {
        tarn__builder_add_str(&text, "\"crs\":\"");
        put_crs(&text, type);
        tarn__builder_add_str(&text, "\"");
    }
    if (type->id == TARN_TYPE_GEOGRAPHY) {
        tarn__builder_add_str(&text, type->zone.size != 0 ? ",\"edges\":\"spherical\"" : "\"edges\":\"spherical\"");
    }
    tarn__builder_add_str(&text, "}");
    size_t size;
    *out = tarn__builder_take(&text, &size);
    tarn__builder_free(&text);
    return *out != NULL ? TARN_OK : tarn__nomem(env, err, 0);
}

static enum tarn_status make_metadata(struct tarn_env *env, const struct tarn_type *type, uint32_t count,
                                      const struct tarn_property *properties, int32_t id, char **out, struct tarn_error *err)
{
    const char *extension = extension_name(type);
    const bool geo = type->id == TARN_TYPE_GEOMETRY || type->id == TARN_TYPE_GEOGRAPHY;
    const bool long_decimal = (type->id == TARN_TYPE_BINARY || type->id == TARN_TYPE_FIXED) && type->precision != 0;
    const int32_t pairs = (int32_t)count + (id >= 0 ? 1 : 0) + (extension != NULL ? 2 : 0) + (long_decimal ? 1 : 0);
    char *parameters = NULL;
    *out = NULL;
    if (pairs == 0) {
        return TARN_OK;
    }
    if (geo) {
        TARN_RETURN_IF_ERROR(geo_metadata(env, type, &parameters, err));
    }
    struct tarn_text_builder text;
    tarn__builder_init(&text, env);
    tarn__builder_add_bytes(&text, &pairs, sizeof(pairs));
    for (uint32_t i = 0; i < count; i++) {
        put_text(&text, properties[i].key);
        put_text(&text, properties[i].value);
    }
    if (id >= 0) {
        char number[16];
        snprintf(number, sizeof(number), "%d", (int)id);
        put_text(&text, TARN_TEXT("PARQUET:field_id"));
        put_text(&text, tarn__text_of(number));
    }
    if (long_decimal) {
        char parameters_of[40];
        snprintf(parameters_of, sizeof(parameters_of), "%d,%d", (int)type->precision, (int)type->scale);
        put_text(&text, TARN_TEXT("PARQUET:decimal"));
        put_text(&text, tarn__text_of(parameters_of));
    }
    if (extension != NULL) {
        put_text(&text, TARN_TEXT("ARROW:extension:name"));
        put_text(&text, tarn__text_of(extension));
        put_text(&text, TARN_TEXT("ARROW:extension:metadata"));
        put_text(&text, geo ? tarn__text_of(parameters) : TARN_TEXT(""));
    }
    size_t size;
    *out = tarn__builder_take(&text, &size);
    tarn__builder_free(&text);
    tarn__free(env, parameters);
    return *out != NULL ? TARN_OK : tarn__nomem(env, err, 0);
}

/* ---- nodes ---- */

struct exporter {
    struct tarn_env *env;
    const struct tarn_arrow_options *options;
    struct tarn_error *err;
};

/* A node without children yet, released by its own release from now on. */
static enum tarn_status open_node(const struct exporter *exporter, struct tarn_text name, bool nullable, int64_t children,
                                  struct ArrowSchema *out)
{
    struct tarn_env *env = exporter->env;
    memset(out, 0, sizeof(*out));
    if ((name.size != 0 && memchr(name.data, 0, name.size) != NULL) || !tarn__utf8_is_valid(name)) {
        return tarn__invalid(exporter->err, "name", "the name of a column holds a NUL byte or is no UTF-8, which Arrow cannot show");
    }
    struct node *node = tarn__calloc(env, 1, sizeof(*node));
    if (node == NULL) {
        return tarn__nomem(env, exporter->err, sizeof(*node));
    }
    node->env = tarn__env_retain(env);
    out->private_data = node;
    out->release = release_node;
    out->flags = nullable ? ARROW_FLAG_NULLABLE : 0;
    node->name = tarn__text_dup(env, name);
    node->children = tarn__calloc(env, (size_t)children + 1, sizeof(struct ArrowSchema));
    node->pointers = tarn__calloc(env, (size_t)children + 1, sizeof(struct ArrowSchema *));
    out->name = node->name;
    out->children = children != 0 ? node->pointers : NULL;
    return node->name != NULL && node->children != NULL && node->pointers != NULL ? TARN_OK : tarn__nomem(env, exporter->err, 0);
}

static enum tarn_status export_field(const struct exporter *exporter, const struct tarn_field *field, bool top, struct ArrowSchema *out);

/* Appends a child; it counts once it has a release, so that a failure gives it back. */
static enum tarn_status add_child(const struct exporter *exporter, struct ArrowSchema *schema, const struct tarn_field *field, bool top)
{
    struct node *node = schema->private_data;
    struct ArrowSchema *child = &node->children[schema->n_children];
    node->pointers[schema->n_children] = child;
    schema->n_children++;
    return export_field(exporter, field, top, child);
}

static enum tarn_status set_format(const struct exporter *exporter, struct ArrowSchema *schema, const struct tarn_type *type)
{
    struct node *node = schema->private_data;
    node->format = make_format(exporter->env, type, exporter->options);
    schema->format = node->format;
    return node->format != NULL ? TARN_OK : tarn__nomem(exporter->env, exporter->err, 0);
}

static enum tarn_status export_map_entries(const struct exporter *exporter, const struct tarn_type *type, struct ArrowSchema *schema)
{
    static const struct tarn_type entries_type = {.id = TARN_TYPE_STRUCT};
    struct node *node = schema->private_data;
    struct ArrowSchema *entries = &node->children[0];
    node->pointers[0] = entries;
    schema->n_children = 1;
    TARN_RETURN_IF_ERROR(open_node(exporter, TARN_TEXT("entries"), false, 2, entries));
    TARN_RETURN_IF_ERROR(set_format(exporter, entries, &entries_type));
    TARN_RETURN_IF_ERROR(add_child(exporter, entries, &type->fields[0], false));
    return add_child(exporter, entries, &type->fields[1], false);
}

static enum tarn_status export_children(const struct exporter *exporter, const struct tarn_type *type, struct ArrowSchema *schema)
{
    static const struct tarn_type binary = {.id = TARN_TYPE_BINARY};
    static const struct tarn_field variant[] = {{.name = {"metadata", 8}, .type = &binary, .nullable = false, .id = -1},
                                                {.name = {"value", 5}, .type = &binary, .nullable = true, .id = -1}};
    if (type->id == TARN_TYPE_MAP) {
        return export_map_entries(exporter, type, schema);
    }
    const struct tarn_field *fields = type->id == TARN_TYPE_VARIANT ? variant : type->fields;
    const uint32_t count = type->id == TARN_TYPE_VARIANT ? 2 : type->field_count;
    for (uint32_t i = 0; i < count; i++) {
        TARN_RETURN_IF_ERROR(add_child(exporter, schema, &fields[i], false));
    }
    return TARN_OK;
}

/* The schema describes codes; what they stand for is described by a schema of its own. */
static enum tarn_status export_dictionary(const struct exporter *exporter, const struct tarn_type *type, struct ArrowSchema *schema)
{
    static const struct tarn_type codes = {.id = TARN_TYPE_I32};
    struct node *node = schema->private_data;
    node->dictionary = tarn__calloc(exporter->env, 1, sizeof(*node->dictionary));
    if (node->dictionary == NULL) {
        return tarn__nomem(exporter->env, exporter->err, sizeof(*node->dictionary));
    }
    schema->dictionary = node->dictionary;
    TARN_RETURN_IF_ERROR(open_node(exporter, TARN_TEXT(""), true, 0, node->dictionary));
    TARN_RETURN_IF_ERROR(set_format(exporter, node->dictionary, type));
    return set_format(exporter, schema, &codes);
}

static enum tarn_status export_field(const struct exporter *exporter, const struct tarn_field *field, bool top, struct ArrowSchema *out)
{
    const struct tarn_type *type = field->type;
    const int64_t children = type->id == TARN_TYPE_MAP ? 1 : type->id == TARN_TYPE_VARIANT ? 2 : type->field_count;
    TARN_RETURN_IF_ERROR(open_node(exporter, field->name, field->nullable, children, out));
    struct node *node = out->private_data;
    TARN_RETURN_IF_ERROR(
        make_metadata(exporter->env, type, field->property_count, field->properties, field->id, &node->metadata, exporter->err));
    out->metadata = node->metadata;
    if (top && tarn__arrow_keeps_dictionary(exporter->options, type)) {
        return export_dictionary(exporter, type, out);
    }
    TARN_RETURN_IF_ERROR(set_format(exporter, out, type));
    return export_children(exporter, type, out);
}

static enum tarn_status export_schema(const struct exporter *exporter, const struct tarn_schema *schema, struct ArrowSchema *out)
{
    static const struct tarn_type rows = {.id = TARN_TYPE_STRUCT};
    TARN_RETURN_IF_ERROR(open_node(exporter, TARN_TEXT(""), false, schema->field_count, out));
    TARN_RETURN_IF_ERROR(set_format(exporter, out, &rows));
    struct node *node = out->private_data;
    TARN_RETURN_IF_ERROR(
        make_metadata(exporter->env, &rows, schema->property_count, schema->properties, -1, &node->metadata, exporter->err));
    out->metadata = node->metadata;
    for (uint32_t i = 0; i < schema->field_count; i++) {
        TARN_RETURN_IF_ERROR(add_child(exporter, out, &schema->fields[i], true));
    }
    return TARN_OK;
}

enum tarn_status tarn_arrow_export_schema(struct tarn_env *env, const struct tarn_schema *schema, const struct tarn_arrow_options *given,
                                          struct ArrowSchema *out, struct tarn_error *err)
{
    struct tarn_arrow_options options;
    memset(out, 0, sizeof(*out));
    TARN_RETURN_IF_ERROR(tarn__arrow_options(given, &options, err));
    const struct exporter exporter = {env, &options, err};
    const enum tarn_status status = export_schema(&exporter, schema, out);
    if (status != TARN_OK && out->release != NULL) {
        out->release(out);
    }
    if (status != TARN_OK) {
        memset(out, 0, sizeof(*out));
    }
    return status;
}
