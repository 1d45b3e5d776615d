/* SPDX-License-Identifier: Apache-2.0
 *
 * The Arrow schema that a Parquet file keeps beside its own, so that a reader gives the types that were written.
 *
 * Specification: Arrow, "Columnar Format", Encapsulated message format; the key is a convention of Arrow's implementations.
 * SPEC: P-ARROW-3, P-ARROW-4.
 */
#include "writer/parquet/arrow_schema.h"

#include "format/arrow_ipc/ipc_build.h"
#include "format/base/bytes.h"
#include "format/column/footer.h"

bool tarn__is_own_key(struct tarn_text key)
{
    return !tarn__text_equal(key, TARN_TEXT(TARN_FOOTER_CHECKSUM_KEY)) && !tarn__text_equal(key, TARN_TEXT("ARROW:schema"));
}

/* ---- what Parquet has no word for ---- */

static bool field_loses(const struct tarn_field *field)
{
    const struct tarn_type *type = field->type;
    switch (type->id) {
    case TARN_TYPE_DURATION:
        return true;
    case TARN_TYPE_TIME:
        return type->unit == TARN_SECOND;
    case TARN_TYPE_TIMESTAMP:
        return type->unit == TARN_SECOND || (type->utc && type->zone.size != 0 && !tarn__text_equal(type->zone, TARN_TEXT("UTC")));
    default:
        break;
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (field_loses(&type->fields[i])) {
            return true;
        }
    }
    return false;
}

static bool schema_loses(const struct tarn_schema *schema)
{
    for (uint32_t i = 0; i < schema->field_count; i++) {
        if (field_loses(&schema->fields[i])) {
            return true;
        }
    }
    return false;
}

/* Formats that a reader of the Parquet schema alone would come to. */
static bool is_plain_format(const char *format)
{
    static const char *const same[] = {
        "n", "b",   "c",   "C",   "s",   "S",    "i",    "I",    "l",       "L",       "e",       "f",  "g",  "z",
        "u", "tdD", "ttm", "ttu", "ttn", "tsm:", "tsu:", "tsn:", "tsm:UTC", "tsu:UTC", "tsn:UTC", "+l", "+s", "+m"};
    if (format[0] == 'w') {
        return true; /* FIXED_LEN_BYTE_ARRAY */
    }
    if (format[0] == 'd') { /* decimals of 128 and 256 bits, by their digits */
        size_t commas = 0;
        for (const char *at = format; *at != '\0'; at++) {
            commas += *at == ',';
        }
        return commas < 2;
    }
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        if (strcmp(format, same[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Recursion is bounded: the schema was imported before. */
static bool arrow_loses(const struct ArrowSchema *schema, bool top)
{
    if (schema->dictionary != NULL || !is_plain_format(schema->format) || (!top && schema->metadata != NULL)) {
        return true;
    }
    for (int64_t i = 0; i < schema->n_children; i++) {
        if (arrow_loses(schema->children[i], false)) {
            return true;
        }
    }
    return false;
}

static bool needs_key(const struct tarn_type *type)
{
    if (type->id == TARN_TYPE_DURATION) {
        return true;
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (needs_key(type->fields[i].type)) {
            return true;
        }
    }
    return false;
}

/* ---- the value ---- */

static enum tarn_status base64(struct tarn_arena *arena, struct tarn_span bytes, struct tarn_text *out, struct tarn_error *err)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const size_t size = (bytes.size + 2) / 3 * 4;
    char *text = tarn__arena_alloc(arena, size + 1);
    if (text == NULL) {
        return tarn__nomem(arena->env, err, size + 1);
    }
    for (size_t i = 0, at = 0; i < bytes.size; i += 3, at += 4) {
        const size_t left = bytes.size - i;
        const uint32_t bits = (uint32_t)bytes.data[i] << 16 | (left > 1 ? (uint32_t)bytes.data[i + 1] << 8 : 0) |
                              (left > 2 ? (uint32_t)bytes.data[i + 2] : 0);
        text[at] = digits[bits >> 18];
        text[at + 1] = digits[bits >> 12 & 63];
        text[at + 2] = left > 1 ? digits[bits >> 6 & 63] : '=';
        text[at + 3] = left > 2 ? digits[bits & 63] : '=';
    }
    *out = (struct tarn_text){text, size};
    return TARN_OK;
}

static enum tarn_status put(struct tarn_arena *arena, const struct ArrowSchema *arrow, struct tarn_text *out, struct tarn_error *err)
{
    struct tarn_text_builder message;
    tarn__builder_init(&message, arena->env);
    tarn__ipc_put_schema(&message, 0, arrow);
    enum tarn_status status = tarn__builder_status(&message, err);
    if (status == TARN_OK) {
        status = base64(arena, tarn__span_of_text(tarn__builder_text(&message)), out, err);
    }
    tarn__builder_free(&message);
    return status;
}

/* The schema without the key itself, which may be that of another file. Its other properties stay: readers of the key look at no others. */
static enum tarn_status export_schema(struct tarn_arena *arena, const struct tarn_schema *schema, struct ArrowSchema *out,
                                      struct tarn_error *err)
{
    struct tarn_schema own = *schema;
    struct tarn_property *properties = tarn__arena_calloc(arena, (size_t)schema->property_count + 1, sizeof(*properties));
    if (properties == NULL) {
        return tarn__nomem(arena->env, err, schema->property_count * sizeof(*properties));
    }
    own.property_count = 0;
    own.properties = properties;
    for (uint32_t i = 0; i < schema->property_count; i++) {
        if (tarn__is_own_key(schema->properties[i].key)) {
            properties[own.property_count++] = schema->properties[i];
        }
    }
    return tarn_arrow_export_schema(arena->env, &own, NULL, out, err);
}

enum tarn_status tarn__arrow_schema_value(struct tarn_arena *arena, const struct tarn_schema *schema, const struct ArrowSchema *arrow,
                                          enum tarn_choice choice, struct tarn_text *out, struct tarn_error *err)
{
    struct ArrowSchema exported = {0};
    *out = (struct tarn_text){NULL, 0};
    if (choice == TARN_CHOICE_NO) {
        for (uint32_t i = 0; i < schema->field_count; i++) {
            if (needs_key(schema->fields[i].type)) {
                const enum tarn_status refused =
                    tarn__unsupported(err, "logical_type.duration",
                                      "Parquet has no type for durations but through the key ARROW:schema: leave arrow_schema to AUTO");
                tarn__error_at_column(err, schema->fields[i].name);
                return refused;
            }
        }
        return TARN_OK;
    }
    if (choice == TARN_CHOICE_AUTO && (arrow != NULL ? !arrow_loses(arrow, true) : !schema_loses(schema))) {
        return TARN_OK;
    }
    if (arrow == NULL) {
        TARN_RETURN_IF_ERROR(export_schema(arena, schema, &exported, err));
        arrow = &exported;
    }
    const enum tarn_status status = put(arena, arrow, out, err);
    if (exported.release != NULL) {
        exported.release(&exported);
    }
    return status;
}
