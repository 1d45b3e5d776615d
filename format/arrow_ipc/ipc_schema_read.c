/* SPDX-License-Identifier: Apache-2.0
 *
 * Schema.fbs read. Specification: Arrow format/Schema.fbs. SPEC: X-IPC-3.
 *
 * Invariants
 *  1. A tree has no more fields than its bytes could hold apart from each other, and no more levels than a schema of tarn's: tables that
 * are referred to many times cannot make it grow.
 *  2. Texts are terminated copies without NUL, as the C data interface needs them.
 */
#include "format/arrow_ipc/ipc_schema.h"

#include "format/base/bytes.h"

enum { LEAST_FIELD_BYTES = 8, MOST_PAIRS = 1 << 16, MOST_DICTIONARIES = 1 << 14, LEAST_TEXT = 1 << 16, TEXT_SHARING = 16 };

struct schema_reader {
    struct tarn__ipc_schema *schema;
    struct tarn_error *err;
    size_t fields_left;
    size_t text_left; /* names and metadata may share their bytes, but not to grow beyond measure */
};

static void keep_schema(struct ArrowSchema *schema)
{
    (void)schema; /* its memory is the arena's */
}

static enum tarn_status nomem(const struct schema_reader *reader)
{
    return tarn__nomem(reader->schema->arena.env, reader->err, 0);
}

static enum tarn_status broken(const struct schema_reader *reader, const char *what)
{
    return tarn__corrupt(reader->err, "arrow_ipc", "an Arrow schema is damaged: %s", what);
}

static enum tarn_status take_text(struct schema_reader *reader, size_t size)
{
    if (size > reader->text_left) {
        return broken(reader, "its names and key-value pairs are larger than the schema");
    }
    reader->text_left -= size;
    return TARN_OK;
}

static enum tarn_status keep_text(struct schema_reader *reader, struct tarn_text text, const char **out)
{
    TARN_RETURN_IF_ERROR(take_text(reader, text.size + 1));
    if (text.size != 0 && memchr(text.data, '\0', text.size) != NULL) {
        return broken(reader, "a name or type holds a NUL byte");
    }
    *out = tarn__arena_text(&reader->schema->arena, text).data;
    return *out != NULL ? TARN_OK : nomem(reader);
}

/* ---- metadata ---- */

static void put_text(struct tarn_text_builder *out, struct tarn_text text)
{
    const int32_t size = (int32_t)text.size;
    tarn__builder_add_bytes(out, &size, sizeof(size)); /* in the machine's order, says the C data interface */
    tarn__builder_add(out, text);
}

/* KeyValues in the form of ArrowSchema.metadata. */
static enum tarn_status read_metadata(struct schema_reader *reader, const struct tarn__flat_table *table, unsigned slot, const char **out)
{
    const struct tarn__flat_vector pairs = tarn__flat_vector(table, slot, sizeof(uint32_t));
    const int32_t count = (int32_t)pairs.count;
    struct tarn_text_builder text;
    *out = NULL;
    if (pairs.count == 0) {
        return TARN_OK;
    }
    if (pairs.count > MOST_PAIRS) {
        return broken(reader, "it has too many key-value pairs");
    }
    enum tarn_status status = TARN_OK;
    tarn__builder_init(&text, reader->schema->arena.env);
    tarn__builder_add_bytes(&text, &count, sizeof(count));
    for (uint32_t i = 0; i < pairs.count && status == TARN_OK; i++) {
        const struct tarn__flat_table pair = tarn__flat_element(&pairs, i);
        const struct tarn_text key = tarn__flat_string(&pair, 0);
        const struct tarn_text value = tarn__flat_string(&pair, 1);
        status = take_text(reader, key.size + value.size);
        if (status == TARN_OK) {
            put_text(&text, key);
            put_text(&text, value);
        }
    }
    status = status == TARN_OK ? tarn__builder_status(&text, reader->err) : status;
    if (status == TARN_OK) {
        *out = tarn__arena_text(&reader->schema->arena, tarn__builder_text(&text)).data;
        status = *out != NULL ? TARN_OK : nomem(reader);
    }
    tarn__builder_free(&text);
    return status;
}

/* ---- fields ---- */

static enum tarn_status read_format(struct schema_reader *reader, unsigned type_type, const struct tarn__flat_table *type,
                                    struct tarn__ipc_field *field)
{
    struct tarn_text_builder text;
    tarn__builder_init(&text, reader->schema->arena.env);
    enum tarn_status status = tarn__ipc_format_read(type_type, type, &text, reader->err);
    status = status == TARN_OK ? tarn__builder_status(&text, reader->err) : status;
    status = status == TARN_OK ? keep_text(reader, tarn__builder_text(&text), &field->schema.format) : status;
    tarn__builder_free(&text);
    TARN_RETURN_IF_ERROR(status);
    field->schema.release = keep_schema;
    field->nodes = 1;
    return tarn__ipc_blame_file(tarn__arrow_format_read(field->schema.format, &field->format, reader->err), reader->err);
}

static enum tarn_status read_field(struct schema_reader *reader, const struct tarn__flat_table *table, unsigned depth,
                                   struct tarn__ipc_field *out);

static enum tarn_status read_children(struct schema_reader *reader, const struct tarn__flat_vector *children, unsigned depth,
                                      struct tarn__ipc_field *field)
{
    struct tarn_arena *arena = &reader->schema->arena;
    if (depth > TARN_MAX_DEPTH || children->count > reader->fields_left) {
        return broken(reader, depth > TARN_MAX_DEPTH ? "it is nested too deeply" : "it has more fields than it has room for");
    }
    reader->fields_left -= children->count;
    struct tarn__ipc_field *fields = tarn__arena_calloc(arena, (size_t)children->count + 1, sizeof(*fields));
    struct ArrowSchema **pointers = tarn__arena_calloc(arena, (size_t)children->count + 1, sizeof(struct ArrowSchema *));
    if (fields == NULL || pointers == NULL) {
        return nomem(reader);
    }
    for (uint32_t i = 0; i < children->count; i++) {
        const struct tarn__flat_table child = tarn__flat_element(children, i);
        TARN_RETURN_IF_ERROR(read_field(reader, &child, depth, &fields[i]));
        pointers[i] = &fields[i].schema;
        field->nodes += fields[i].nodes;
    }
    field->schema.n_children = children->count;
    field->schema.children = pointers;
    return TARN_OK;
}

/* The number of the dictionary that a field's codes are of; the first field with an id says what its values are. */
static enum tarn_status note_dictionary(struct schema_reader *reader, int64_t id, const struct tarn__ipc_field *values, uint32_t *out)
{
    struct tarn__ipc_schema *schema = reader->schema;
    *out = tarn__ipc_dictionary_find(schema, id);
    if (*out != UINT32_MAX) {
        return TARN_OK;
    }
    if (schema->dictionary_count == MOST_DICTIONARIES) {
        return tarn__error_set(reader->err, TARN_LIMIT, "arrow_dictionaries", "an Arrow schema of over %d dictionaries",
                               (int)MOST_DICTIONARIES);
    }
    if (schema->dictionary_count == schema->dictionary_room) {
        const uint32_t room = schema->dictionary_room * 2 + 8;
        struct tarn__ipc_dictionary *larger = tarn__arena_calloc(&schema->arena, room, sizeof(*larger));
        if (larger == NULL) {
            return nomem(reader);
        }
        if (schema->dictionary_count != 0) {
            memcpy(larger, schema->dictionaries, schema->dictionary_count * sizeof(*larger));
        }
        schema->dictionaries = larger;
        schema->dictionary_room = room;
    }
    *out = schema->dictionary_count++;
    schema->dictionaries[*out] = (struct tarn__ipc_dictionary){.id = id, .values = values};
    return TARN_OK;
}

/* A field of codes: the type that stands in it is that of the values. */
static enum tarn_status read_encoding(struct schema_reader *reader, const struct tarn__flat_table *encoding, struct tarn__ipc_field *field)
{
    static const unsigned int_type = 2;
    struct tarn__ipc_field *values = tarn__arena_alloc(&reader->schema->arena, sizeof(*values));
    if (values == NULL) {
        return nomem(reader);
    }
    *values = *field;
    values->schema.name = "";
    values->schema.metadata = NULL;
    values->schema.flags |= ARROW_FLAG_NULLABLE;
    field->schema.dictionary = &values->schema;
    field->schema.n_children = 0;
    field->schema.children = NULL;
    field->schema.flags |= tarn__flat_integer(encoding, TARN__IPC_ENCODING_ORDERED, 1, 0) != 0 ? ARROW_FLAG_DICTIONARY_ORDERED : 0;
    const struct tarn__flat_table index = tarn__flat_table_at(encoding, TARN__IPC_ENCODING_INDEX);
    if (index.vtable_size != 0) {
        TARN_RETURN_IF_ERROR(read_format(reader, int_type, &index, field));
    } else { /* none is said: signed, 32 bits */
        field->schema.format = "i";
        TARN_RETURN_IF_ERROR(tarn__arrow_format_read("i", &field->format, reader->err));
    }
    field->nodes = 1;
    return note_dictionary(reader, tarn__flat_integer(encoding, TARN__IPC_ENCODING_ID, 8, 0), values, &field->dictionary);
}

static enum tarn_status read_field(struct schema_reader *reader, const struct tarn__flat_table *table, unsigned depth,
                                   struct tarn__ipc_field *out)
{
    const unsigned type_type = (uint8_t)tarn__flat_integer(table, TARN__IPC_FIELD_TYPE_TYPE, 1, 0);
    const struct tarn__flat_table type = tarn__flat_table_at(table, TARN__IPC_FIELD_TYPE);
    const struct tarn__flat_vector children = tarn__flat_vector(table, TARN__IPC_FIELD_CHILDREN, sizeof(uint32_t));
    const struct tarn__flat_table encoding = tarn__flat_table_at(table, TARN__IPC_FIELD_DICTIONARY);
    const struct tarn_text name = tarn__flat_string(table, TARN__IPC_FIELD_NAME);
    if (table->flat->damaged) {
        return broken(reader, "a field leads out of it");
    }
    TARN_RETURN_IF_ERROR(keep_text(reader, name, &out->schema.name));
    enum tarn_status status = read_format(reader, type_type, &type, out);
    status = status == TARN_OK ? read_metadata(reader, table, TARN__IPC_FIELD_METADATA, &out->schema.metadata) : status;
    out->schema.flags = tarn__flat_integer(table, TARN__IPC_FIELD_NULLABLE, 1, 0) != 0 ? ARROW_FLAG_NULLABLE : 0;
    status = status == TARN_OK ? read_children(reader, &children, depth + 1, out) : status;
    status = status == TARN_OK && encoding.vtable_size != 0 ? read_encoding(reader, &encoding, out) : status;
    if (status != TARN_OK) {
        tarn__error_at_column(reader->err, name);
    }
    return status;
}

/* ---- the whole ---- */

enum tarn_status tarn__ipc_blame_file(enum tarn_status status, struct tarn_error *err)
{
    if (status != TARN_INVALID) {
        return status;
    }
    return tarn__error_recode(err, TARN_CORRUPT);
}

/* What tarn cannot have is no damage: two columns of one name are legal in Arrow. */
static enum tarn_status import_schema(struct tarn_env *env, const struct ArrowSchema *schema, struct tarn_schema **out,
                                      struct tarn_error *err)
{
    struct tarn_error own = TARN_ERROR_INIT;
    const enum tarn_status status = tarn_arrow_import_schema(env, schema, out, &own);
    if (status == TARN_INVALID && strcmp(own.detail, "duplicate_name") == 0) {
        return tarn__unsupported(err, "arrow.duplicate_name", "%s", own.message);
    }
    if (status != TARN_OK && err != NULL) {
        *err = own;
    }
    return tarn__ipc_blame_file(status, err);
}

static enum tarn_status import_dictionary(struct tarn__ipc_schema *schema, struct tarn__ipc_dictionary *dictionary, const char *metadata,
                                          struct tarn_error *err)
{
    struct ArrowSchema column = dictionary->values->schema;
    struct ArrowSchema *columns[] = {&column};
    const struct ArrowSchema rows = {.format = "+s", .name = "", .n_children = 1, .children = columns, .release = keep_schema};
    column.metadata = metadata; /* extensions are said of the field, and mean its values */
    return import_schema(schema->arena.env, &rows, &dictionary->schema, err);
}

/* The schemas of all dictionaries' values, found by the fields that have them. */
static enum tarn_status import_dictionaries(struct tarn__ipc_schema *schema, const struct tarn__ipc_field *field, struct tarn_error *err)
{
    const struct tarn__ipc_field *values = field->schema.dictionary != NULL ? tarn__ipc_field_of(field->schema.dictionary) : field;
    if (values != field && schema->dictionaries[field->dictionary].schema == NULL) {
        TARN_RETURN_IF_ERROR(import_dictionary(schema, &schema->dictionaries[field->dictionary], field->schema.metadata, err));
    }
    for (int64_t i = 0; i < values->schema.n_children; i++) {
        TARN_RETURN_IF_ERROR(import_dictionaries(schema, tarn__ipc_field_of(values->schema.children[i]), err));
    }
    return TARN_OK;
}

enum tarn_status tarn__ipc_schema_read(struct tarn_env *env, const struct tarn__flat_table *table, struct tarn__ipc_schema *out,
                                       struct tarn_error *err)
{
    struct schema_reader reader = {out, err, table->flat->size / LEAST_FIELD_BYTES, table->flat->size * TEXT_SHARING + LEAST_TEXT};
    *out = (struct tarn__ipc_schema){.schema = NULL};
    tarn__arena_init(&out->arena, env);
    if (tarn__flat_integer(table, TARN__IPC_SCHEMA_ENDIANNESS, 2, 0) != 0) {
        return tarn__unsupported(err, "arrow.big_endian", "the Arrow data is big-endian");
    }
    out->root = tarn__arena_calloc(&out->arena, 1, sizeof(*out->root));
    if (out->root == NULL) {
        return nomem(&reader);
    }
    const struct tarn__flat_vector fields = tarn__flat_vector(table, TARN__IPC_SCHEMA_FIELDS, sizeof(uint32_t));
    out->root->schema.format = "+s";
    out->root->schema.name = "";
    out->root->schema.release = keep_schema;
    out->root->nodes = 0;
    TARN_RETURN_IF_ERROR(tarn__arrow_format_read("+s", &out->root->format, err));
    TARN_RETURN_IF_ERROR(read_metadata(&reader, table, TARN__IPC_SCHEMA_METADATA, &out->root->schema.metadata));
    TARN_RETURN_IF_ERROR(read_children(&reader, &fields, 1, out->root));
    if (table->flat->damaged) {
        return broken(&reader, "something leads out of it");
    }
    TARN_RETURN_IF_ERROR(import_schema(env, &out->root->schema, &out->schema, err));
    return import_dictionaries(out, out->root, err);
}

void tarn__ipc_schema_close(struct tarn__ipc_schema *schema)
{
    tarn_schema_release(schema->schema);
    for (uint32_t i = 0; i < schema->dictionary_count; i++) {
        tarn_schema_release(schema->dictionaries[i].schema);
    }
    if (schema->arena.env != NULL) {
        tarn__arena_free(&schema->arena);
    }
}

uint32_t tarn__ipc_dictionary_find(const struct tarn__ipc_schema *schema, int64_t id)
{
    for (uint32_t i = 0; i < schema->dictionary_count; i++) {
        if (schema->dictionaries[i].id == id) {
            return i;
        }
    }
    return UINT32_MAX;
}
