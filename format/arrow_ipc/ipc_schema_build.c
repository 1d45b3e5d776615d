/* SPDX-License-Identifier: Apache-2.0
 *
 * Schema.fbs built. Specification: Arrow format/Schema.fbs. SPEC: X-IPC-10.
 */
#include "format/arrow_ipc/ipc_schema.h"

#include "format/base/bytes.h"

/* ArrowSchema.metadata as KeyValues. */
static void put_metadata(struct tarn_text_builder *builder, size_t reference, const char *metadata)
{
    static const uint8_t pair_widths[] = {4, 4};
    int32_t count;
    memcpy(&count, metadata, sizeof(count));
    metadata += sizeof(count);
    const size_t pairs = tarn__flat_put_vector(builder, reference, (uint32_t)count, sizeof(uint32_t));
    for (int32_t i = 0; i < count; i++) {
        const struct tarn__flat_place pair = tarn__flat_put_table(builder, pairs + sizeof(uint32_t) * (size_t)i, 2, pair_widths);
        for (unsigned part = 0; part < 2; part++) {
            int32_t size;
            memcpy(&size, metadata, sizeof(size));
            metadata += sizeof(size);
            tarn__flat_put_string(builder, pair.field[part], (struct tarn_text){metadata, (size_t)size});
            metadata += size;
        }
    }
}

static void put_encoding(struct tarn_text_builder *builder, size_t reference, const struct ArrowSchema *schema, int64_t id)
{
    static const uint8_t widths[] = {8, 4, 1};
    const struct tarn__flat_place place = tarn__flat_put_table(builder, reference, 3, widths);
    tarn__flat_put_integer(builder, place.field[TARN__IPC_ENCODING_ID], 8, id);
    tarn__flat_put_integer(builder, place.field[TARN__IPC_ENCODING_ORDERED], 1, (schema->flags & ARROW_FLAG_DICTIONARY_ORDERED) != 0);
    tarn__ipc_format_put(builder, place.field[TARN__IPC_ENCODING_INDEX], schema->format);
}

/* `id`: that of its dictionary, should it have one. `next`: of those below it, all different. */
static void put_field(struct tarn_text_builder *builder, size_t reference, const struct ArrowSchema *schema, int64_t id, int64_t *next)
{
    const struct ArrowSchema *values = schema->dictionary != NULL ? schema->dictionary : schema;
    const uint8_t widths[] = {4, 1, 1, 4, schema->dictionary != NULL ? 4 : 0, 4, schema->metadata != NULL ? 4 : 0};
    const struct tarn__flat_place place = tarn__flat_put_table(builder, reference, sizeof(widths), widths);
    tarn__flat_put_string(builder, place.field[TARN__IPC_FIELD_NAME], tarn__text_of(schema->name));
    tarn__flat_put_integer(builder, place.field[TARN__IPC_FIELD_NULLABLE], 1, (schema->flags & ARROW_FLAG_NULLABLE) != 0);
    tarn__flat_put_integer(builder, place.field[TARN__IPC_FIELD_TYPE_TYPE], 1, tarn__ipc_format_type(values->format));
    tarn__ipc_format_put(builder, place.field[TARN__IPC_FIELD_TYPE], values->format);
    if (schema->dictionary != NULL) {
        put_encoding(builder, place.field[TARN__IPC_FIELD_DICTIONARY], schema, id);
    }
    const size_t children =
        tarn__flat_put_vector(builder, place.field[TARN__IPC_FIELD_CHILDREN], (uint32_t)values->n_children, sizeof(uint32_t));
    for (int64_t i = 0; i < values->n_children; i++) {
        put_field(builder, children + sizeof(uint32_t) * (size_t)i, values->children[i], (*next)++, next);
    }
    if (schema->metadata != NULL) {
        put_metadata(builder, place.field[TARN__IPC_FIELD_METADATA], schema->metadata);
    }
}

void tarn__ipc_schema_put(struct tarn_text_builder *builder, size_t reference, const struct ArrowSchema *schema)
{
    const uint8_t widths[] = {2, 4, schema->metadata != NULL ? 4 : 0};
    const struct tarn__flat_place place = tarn__flat_put_table(builder, reference, sizeof(widths), widths);
    const size_t fields =
        tarn__flat_put_vector(builder, place.field[TARN__IPC_SCHEMA_FIELDS], (uint32_t)schema->n_children, sizeof(uint32_t));
    int64_t next = schema->n_children;
    for (int64_t i = 0; i < schema->n_children && !builder->failed; i++) {
        put_field(builder, fields + sizeof(uint32_t) * (size_t)i, schema->children[i], i, &next);
    }
    if (schema->metadata != NULL) {
        put_metadata(builder, place.field[TARN__IPC_SCHEMA_METADATA], schema->metadata);
    }
}
