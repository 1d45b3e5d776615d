/* SPDX-License-Identifier: Apache-2.0
 *
 * The Arrow schema that writers keep in a Parquet file.
 *
 * Specification: Arrow, "Columnar Format", Encapsulated message format; the key ARROW:schema holds one with a Schema, in base64.
 * SPEC: P-ARROW-1, P-ARROW-2.
 *
 * Invariants
 *  1. A refined type stores and orders its values as the type that it refines does, but for GEOMETRY and GEOGRAPHY, which have no order.
 *  2. Nothing that the key holds makes a file unreadable.
 */
#include "format/column/arrow_refine.h"

#include <string.h>

#include "format/arrow_ipc/ipc_message.h"
#include "format/arrow_ipc/ipc_schema.h"
#include "format/base/bytes.h"
#include "format/batch/schema.h"

/* So many fields of other names are looked for by name; more are taken by their place alone. */
enum { FEW_FIELDS = 256 };

struct refiner {
    struct tarn_arena *arena; /* of the schema */
    bool zones;
    bool no_memory;
};

/* ---- the key ---- */

static int sextet(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Into `out`, which has room for three bytes of every four. False: no base64. */
static bool base64_decode(struct tarn_text text, uint8_t *out, size_t *size)
{
    uint32_t bits = 0;
    unsigned count = 0;
    *size = 0;
    while (text.size != 0 && text.data[text.size - 1] == '=') {
        text.size--;
    }
    for (size_t i = 0; i < text.size; i++) {
        const int six = sextet(text.data[i]);
        if (six < 0) {
            return false;
        }
        bits = bits << 6 | (uint32_t)six;
        count += 6;
        if (count >= 8) {
            count -= 8;
            out[(*size)++] = (uint8_t)(bits >> count);
        }
    }
    return true;
}

/* The metadata of an encapsulated message; older ones lack the marker. */
static struct tarn_span message_of(struct tarn_span bytes)
{
    const struct tarn_span none = {NULL, 0};
    if (bytes.size >= 4 && tarn__load32(bytes.data) == UINT32_MAX) {
        tarn__span_take(&bytes, 4);
    }
    if (bytes.size < 4) {
        return none;
    }
    const uint32_t size = tarn__load32(bytes.data);
    tarn__span_take(&bytes, 4);
    return size <= bytes.size ? (struct tarn_span){bytes.data, size} : none;
}

/* ---- types ---- */

static bool copy_zone(struct refiner *refiner, struct tarn_text zone, struct tarn_text *out)
{
    const struct tarn_text copy = tarn__arena_text(refiner->arena, zone);
    refiner->no_memory = refiner->no_memory || copy.data == NULL;
    if (copy.data != NULL) {
        *out = copy;
    }
    return copy.data != NULL;
}

static void refine_type(struct refiner *refiner, const struct tarn_type *seen, const struct tarn_type *arrow);

static const struct tarn_field *partner(const struct tarn_type *arrow, uint32_t at, struct tarn_text name)
{
    if (at < arrow->field_count && tarn__text_equal(arrow->fields[at].name, name)) {
        return &arrow->fields[at];
    }
    const int32_t found = arrow->field_count <= FEW_FIELDS ? tarn_fields_find(arrow->field_count, arrow->fields, name) : -1;
    return found >= 0 ? &arrow->fields[found] : NULL;
}

static void refine_members(struct refiner *refiner, const struct tarn_type *type, const struct tarn_type *arrow)
{
    for (uint32_t i = 0; type->id == arrow->id && i < type->field_count; i++) {
        const struct tarn_field *other = type->id == TARN_TYPE_STRUCT ? partner(arrow, i, type->fields[i].name)
                                         : i < arrow->field_count     ? &arrow->fields[i]
                                                                      : NULL;
        if (other != NULL) {
            refine_type(refiner, type->fields[i].type, other->type);
        }
    }
}

static void refine_type(struct refiner *refiner, const struct tarn_type *seen, const struct tarn_type *arrow)
{
    struct tarn_type *type = (struct tarn_type *)(uintptr_t)seen; /* of a schema that nobody else has seen */
    switch (type->id) {
    case TARN_TYPE_TIMESTAMP:
        if (refiner->zones && type->utc && arrow->id == TARN_TYPE_TIMESTAMP && arrow->utc && arrow->zone.size != 0) {
            copy_zone(refiner, arrow->zone, &type->zone);
        }
        return;
    case TARN_TYPE_I64:
        if (arrow->id == TARN_TYPE_DURATION) {
            *type = (struct tarn_type){.id = TARN_TYPE_DURATION, .unit = arrow->unit};
        }
        return;
    case TARN_TYPE_FIXED:
        if (arrow->id == TARN_TYPE_UUID && type->width == 16) {
            *type = (struct tarn_type){.id = TARN_TYPE_UUID};
        }
        return;
    case TARN_TYPE_STRING:
        type->id = arrow->id == TARN_TYPE_JSON ? TARN_TYPE_JSON : type->id;
        return;
    case TARN_TYPE_BINARY:
        if ((arrow->id == TARN_TYPE_GEOMETRY || arrow->id == TARN_TYPE_GEOGRAPHY) && copy_zone(refiner, arrow->zone, &type->zone)) {
            type->id = arrow->id;
        }
        return;
    default:
        refine_members(refiner, type, arrow);
        return;
    }
}

/* ---- the whole ---- */

/* Could anything of the schema be refined? Most of what is written is not, and its Arrow schema is left alone. */
static bool is_worth_it(const struct tarn_file_schema *schema, struct tarn_span bytes)
{
    static const char extension[] = "ARROW:extension:name";
    for (uint32_t i = 0; i < schema->leaf_count; i++) {
        const struct tarn_type *type = schema->leaves[i].type;
        if (type->id == TARN_TYPE_I64 || (type->id == TARN_TYPE_TIMESTAMP && type->utc)) {
            return true;
        }
    }
    return memmem(bytes.data, bytes.size, extension, sizeof(extension) - 1) != NULL;
}

static void refine_with(struct refiner *refiner, struct tarn_file_schema *schema, const struct tarn_schema *arrow)
{
    const struct tarn_type file_rows = {
        .id = TARN_TYPE_STRUCT, .field_count = schema->schema->field_count, .fields = schema->schema->fields};
    const struct tarn_type arrow_rows = {.id = TARN_TYPE_STRUCT, .field_count = arrow->field_count, .fields = arrow->fields};
    refine_members(refiner, &file_rows, &arrow_rows);
    for (uint32_t i = 0; i < schema->leaf_count; i++) {
        struct tarn_leaf *leaf = (struct tarn_leaf *)(uintptr_t)&schema->leaves[i];
        if (leaf->type->id == TARN_TYPE_GEOMETRY || leaf->type->id == TARN_TYPE_GEOGRAPHY) {
            leaf->order = TARN_ORDER_UNDEFINED;
        }
    }
}

static enum tarn_status refine(struct tarn_env *env, struct tarn_file_schema *schema, bool zones, struct tarn_span bytes,
                               struct tarn_error *err)
{
    struct tarn_error own = TARN_ERROR_INIT;
    struct tarn__ipc_message message;
    struct tarn__ipc_schema arrow;
    const struct tarn_span metadata = message_of(bytes);
    if (metadata.data == NULL || !is_worth_it(schema, bytes) ||
        tarn__ipc_message_read(metadata, 0, metadata.size, &message, &own) != TARN_OK || message.header_type != TARN__IPC_SCHEMA) {
        return TARN_OK;
    }
    struct refiner refiner = {tarn__schema_arena(schema->schema), zones, false};
    enum tarn_status status = tarn__ipc_schema_read(env, &message.header, &arrow, &own);
    if (status == TARN_OK) {
        refine_with(&refiner, schema, arrow.schema);
    }
    tarn__ipc_schema_close(&arrow);
    return status == TARN_NOMEM || refiner.no_memory ? tarn__nomem(env, err, bytes.size) : TARN_OK;
}

enum tarn_status tarn__arrow_refine(struct tarn_env *env, struct tarn_file_schema *schema, bool zones, struct tarn_error *err)
{
    struct tarn_text text = {NULL, 0};
    for (uint32_t i = 0; i < schema->schema->property_count; i++) {
        if (tarn__text_equal(schema->schema->properties[i].key, TARN_TEXT("ARROW:schema"))) {
            text = schema->schema->properties[i].value;
        }
    }
    if (text.size == 0) {
        return TARN_OK;
    }
    size_t size;
    uint8_t *bytes = tarn__alloc(env, text.size);
    if (bytes == NULL) {
        return tarn__nomem(env, err, text.size);
    }
    const enum tarn_status status =
        base64_decode(text, bytes, &size) ? refine(env, schema, zones, (struct tarn_span){bytes, size}, err) : TARN_OK;
    tarn__free(env, bytes);
    return status;
}
