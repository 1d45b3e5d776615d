/* SPDX-License-Identifier: Apache-2.0
 *
 * Expressions as bytes. SPEC: X-EXPR-9, X-EXPR-10.
 *
 *   bytes   = version (1), varint column count, column..., node
 *   column  = nullable, type, varint steps, (kind, text name, varint id + 1)...
 *   node    = op, then by op
 *             COLUMN varint slot | LITERAL type null value | CAST type node | CALL varint function, varint place + 1, type, nodes |
 *             others nodes
 *   nodes   = varint count, node...
 *   type    = id, then by id
 *             DECIMAL varint precision, varint scale | TIME TIMESTAMP DURATION: unit + 4 utc + 8 wide, TIMESTAMP text zone |
 *             FIXED varint width | GEOMETRY GEOGRAPHY text crs | LIST STRUCT MAP varint count, (text name, nullable, varint id + 1,
 * type)... value   = (unless null) BOOL a byte; integers eight bytes; floats the eight of a double; I128 and I256 sixteen and thirty-two
 * bytes; all little-endian; texts and fixed bytes: text text    = varint size, bytes
 *
 * Varints are LEB128 of at most 64 bits. What is decoded goes through the builder, which checks it as it checks everybody's.
 */
#include "format/base/arena.h"
#include "format/base/bytes.h"
#include "format/base/text.h"
#include "tarn/expr.h"

enum { VERSION = 1, DEEPEST = 400, LARGEST = 64 << 20, WORDS_256 = 4, WORDS_128 = 2 };

/* ---- writing ---- */

static void put_byte(struct tarn_text_builder *out, unsigned byte)
{
    tarn__builder_add_char(out, (char)byte);
}

static void put_varint(struct tarn_text_builder *out, uint64_t value)
{
    for (; value >= 0x80; value >>= 7) {
        put_byte(out, (unsigned)(value & 0x7f) | 0x80);
    }
    put_byte(out, (unsigned)value);
}

static void put_text(struct tarn_text_builder *out, struct tarn_text text)
{
    put_varint(out, text.size);
    tarn__builder_add_bytes(out, text.data, text.size);
}

static void put_words(struct tarn_text_builder *out, const uint64_t *words, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        uint8_t bytes[8];
        tarn__store64(bytes, words[i]);
        tarn__builder_add_bytes(out, bytes, sizeof(bytes));
    }
}

static bool has_unit(enum tarn_type_id id)
{
    return id == TARN_TYPE_TIME || id == TARN_TYPE_TIMESTAMP || id == TARN_TYPE_DURATION;
}

static void put_type(struct tarn_text_builder *out, const struct tarn_type *type)
{
    put_byte(out, type->id);
    if (has_unit(type->id)) {
        put_byte(out, (unsigned)type->unit | (type->utc ? 4u : 0u) | (type->wide ? 8u : 0u));
    }
    switch (type->id) {
    case TARN_TYPE_DECIMAL:
        put_varint(out, (uint64_t)type->precision);
        put_varint(out, (uint64_t)type->scale);
        break;
    case TARN_TYPE_FIXED:
        put_varint(out, type->width);
        break;
    case TARN_TYPE_TIMESTAMP:
    case TARN_TYPE_GEOMETRY:
    case TARN_TYPE_GEOGRAPHY:
        put_text(out, type->zone);
        break;
    case TARN_TYPE_LIST:
    case TARN_TYPE_STRUCT:
    case TARN_TYPE_MAP:
        put_varint(out, type->field_count);
        for (uint32_t i = 0; i < type->field_count; i++) {
            put_text(out, type->fields[i].name);
            put_byte(out, type->fields[i].nullable);
            put_varint(out, (uint64_t)((int64_t)type->fields[i].id + 1));
            put_type(out, type->fields[i].type);
        }
        break;
    default:
        break;
    }
}

static void put_value(struct tarn_text_builder *out, const struct tarn_value *value)
{
    uint64_t bits;
    put_byte(out, value->is_null);
    if (value->is_null) {
        return;
    }
    switch (tarn_type_kind(value->type)) {
    case TARN_KIND_BOOL:
        put_byte(out, value->u.boolean);
        break;
    case TARN_KIND_I128:
        put_words(out, value->u.words, WORDS_128);
        break;
    case TARN_KIND_I256:
        put_words(out, value->u.words, WORDS_256);
        break;
    case TARN_KIND_FIXED:
    case TARN_KIND_BYTES:
        put_text(out, value->u.bytes);
        break;
    default:
        memcpy(&bits, &value->u.u64, sizeof(bits)); /* a double's too */
        put_words(out, &bits, 1);
        break;
    }
}

static void put_node(struct tarn_text_builder *out, const struct tarn_expr_node *node)
{
    put_byte(out, node->op);
    switch (node->op) {
    case TARN_EXPR_COLUMN:
        put_varint(out, node->slot);
        return;
    case TARN_EXPR_LITERAL:
        put_type(out, node->type);
        put_value(out, &node->value);
        return;
    case TARN_EXPR_CAST:
        put_type(out, node->type);
        put_node(out, node->args[0]);
        return;
    case TARN_EXPR_CALL:
        put_varint(out, node->function);
        put_varint(out, node->place == UINT32_MAX ? 0 : (uint64_t)node->place + 1);
        put_type(out, node->type);
        break;
    default:
        break;
    }
    put_varint(out, node->arg_count);
    for (uint32_t i = 0; i < node->arg_count; i++) {
        put_node(out, node->args[i]);
    }
}

static void put_column(struct tarn_text_builder *out, const struct tarn_expr_column *column)
{
    put_byte(out, column->nullable);
    put_type(out, column->type);
    put_varint(out, column->path.depth);
    for (uint32_t i = 0; i < column->path.depth; i++) {
        const struct tarn_path_step *step = &column->path.steps[i];
        put_byte(out, step->kind);
        put_text(out, step->name);
        put_varint(out, (uint64_t)((int64_t)step->id + 1));
    }
}

enum tarn_status tarn_expr_encode(struct tarn_env *env, const struct tarn_expr *expr, struct tarn_span *bytes, struct tarn_error *err)
{
    struct tarn_text_builder out;
    *bytes = (struct tarn_span){NULL, 0};
    tarn__builder_init(&out, env);
    put_byte(&out, VERSION);
    put_varint(&out, expr->column_count);
    for (uint32_t i = 0; i < expr->column_count; i++) {
        put_column(&out, &expr->columns[i]);
    }
    put_node(&out, expr->root);
    size_t size = 0;
    enum tarn_status status = tarn__builder_status(&out, err);
    char *taken = status == TARN_OK ? tarn__builder_take(&out, &size) : NULL;
    if (status == TARN_OK && taken == NULL) {
        status = tarn__nomem(env, err, 0);
    }
    tarn__builder_free(&out);
    *bytes = (struct tarn_span){(const uint8_t *)taken, taken != NULL ? size : 0};
    return status;
}

void tarn_expr_bytes_free(struct tarn_env *env, struct tarn_span bytes)
{
    tarn__free(env, (void *)(uintptr_t)bytes.data);
}

/* ---- reading ---- */

struct reader {
    struct tarn_span rest;
    struct tarn_span whole;
    struct tarn_arena *arena; /* what is needed until the builder has copied it */
    struct tarn_expr_builder *builder;
    uint32_t column_count;
    struct tarn_expr_column *columns;
    struct tarn_error *err;
};

static enum tarn_status corrupt(const struct reader *reader, const char *what)
{
    tarn__corrupt(reader->err, "expression", "the bytes of an expression are damaged: %s", what);
    tarn__error_at_offset(reader->err, (uint64_t)(reader->whole.size - reader->rest.size));
    return TARN_CORRUPT;
}

static enum tarn_status take_byte(struct reader *reader, unsigned limit, unsigned *out)
{
    if (reader->rest.size == 0) {
        return corrupt(reader, "they end early");
    }
    *out = *tarn__span_take(&reader->rest, 1).data;
    return *out < limit ? TARN_OK : corrupt(reader, "a number is out of range");
}

static enum tarn_status take_varint(struct reader *reader, uint64_t limit, uint64_t *out)
{
    uint64_t value = 0;
    unsigned shift = 0;
    unsigned byte;
    do {
        TARN_RETURN_IF_ERROR(take_byte(reader, 256, &byte));
        if (shift == 63 && byte > 1) {
            return corrupt(reader, "a number has more than 64 bits");
        }
        value |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while ((byte & 0x80) != 0);
    *out = value;
    return value < limit ? TARN_OK : corrupt(reader, "a number is out of range");
}

/* A count of things that take a byte each at least. */
static enum tarn_status take_count(struct reader *reader, uint32_t *out)
{
    uint64_t count;
    TARN_RETURN_IF_ERROR(take_varint(reader, UINT32_MAX, &count));
    *out = (uint32_t)count;
    return count <= reader->rest.size ? TARN_OK : corrupt(reader, "they end early");
}

static enum tarn_status take_text(struct reader *reader, struct tarn_text *out)
{
    uint32_t size;
    TARN_RETURN_IF_ERROR(take_count(reader, &size));
    const struct tarn_span bytes = tarn__span_take(&reader->rest, size);
    *out = (struct tarn_text){(const char *)bytes.data, bytes.size};
    return TARN_OK;
}

static enum tarn_status take_words(struct reader *reader, uint64_t *words, unsigned count)
{
    if (reader->rest.size < count * sizeof(uint64_t)) {
        return corrupt(reader, "they end early");
    }
    for (unsigned i = 0; i < count; i++) {
        words[i] = tarn__load64(tarn__span_take(&reader->rest, sizeof(uint64_t)).data);
    }
    return TARN_OK;
}

static void *room(struct reader *reader, size_t count, size_t size, enum tarn_status *status)
{
    void *block = tarn__arena_calloc(reader->arena, count, size);
    *status = block != NULL ? TARN_OK : tarn__nomem(reader->arena->env, reader->err, count * size);
    return block;
}

static enum tarn_status take_type(struct reader *reader, unsigned depth, const struct tarn_type **out);

static enum tarn_status take_id(struct reader *reader, int32_t *out)
{
    uint64_t id;
    TARN_RETURN_IF_ERROR(take_varint(reader, (uint64_t)INT32_MAX + 2, &id));
    *out = (int32_t)((int64_t)id - 1);
    return TARN_OK;
}

static enum tarn_status take_members(struct reader *reader, unsigned depth, struct tarn_type *type)
{
    enum tarn_status status;
    TARN_RETURN_IF_ERROR(take_count(reader, &type->field_count));
    struct tarn_field *fields = room(reader, type->field_count, sizeof(*fields), &status);
    type->fields = fields;
    for (uint32_t i = 0; i < type->field_count && status == TARN_OK; i++) {
        unsigned nullable;
        TARN_RETURN_IF_ERROR(take_text(reader, &fields[i].name));
        TARN_RETURN_IF_ERROR(take_byte(reader, 2, &nullable));
        fields[i].nullable = nullable != 0;
        TARN_RETURN_IF_ERROR(take_id(reader, &fields[i].id));
        status = take_type(reader, depth + 1, &fields[i].type);
    }
    return status;
}

static enum tarn_status take_type(struct reader *reader, unsigned depth, const struct tarn_type **out)
{
    enum tarn_status status;
    unsigned id;
    unsigned flags;
    uint64_t number;
    if (depth > TARN_MAX_DEPTH) {
        return corrupt(reader, "a type is nested too deep");
    }
    struct tarn_type *type = room(reader, 1, sizeof(*type), &status);
    if (status != TARN_OK) {
        return status;
    }
    *out = type;
    TARN_RETURN_IF_ERROR(take_byte(reader, TARN_TYPE_VARIANT + 1, &id));
    type->id = (enum tarn_type_id)id;
    if (has_unit(type->id)) {
        TARN_RETURN_IF_ERROR(take_byte(reader, 16, &flags));
        type->unit = (enum tarn_time_unit)(flags & 3);
        type->utc = (flags & 4) != 0;
        type->wide = (flags & 8) != 0;
    }
    switch (type->id) {
    case TARN_TYPE_DECIMAL:
        TARN_RETURN_IF_ERROR(take_varint(reader, INT32_MAX, &number));
        type->precision = (int32_t)number;
        TARN_RETURN_IF_ERROR(take_varint(reader, INT32_MAX, &number));
        type->scale = (int32_t)number;
        return TARN_OK;
    case TARN_TYPE_FIXED:
        TARN_RETURN_IF_ERROR(take_varint(reader, INT32_MAX, &number));
        type->width = (uint32_t)number;
        return TARN_OK;
    case TARN_TYPE_TIMESTAMP:
    case TARN_TYPE_GEOMETRY:
    case TARN_TYPE_GEOGRAPHY:
        return take_text(reader, &type->zone);
    case TARN_TYPE_LIST:
    case TARN_TYPE_STRUCT:
    case TARN_TYPE_MAP:
        return take_members(reader, depth, type);
    default:
        return TARN_OK;
    }
}

static enum tarn_status take_value(struct reader *reader, struct tarn_value *value)
{
    unsigned byte;
    TARN_RETURN_IF_ERROR(take_byte(reader, 2, &byte));
    value->is_null = byte != 0;
    if (value->is_null) {
        return TARN_OK;
    }
    switch (tarn_type_kind(value->type)) {
    case TARN_KIND_NULL:
    case TARN_KIND_NESTED:
        return corrupt(reader, "a literal of a type that has none");
    case TARN_KIND_BOOL:
        TARN_RETURN_IF_ERROR(take_byte(reader, 2, &byte));
        value->u.boolean = byte != 0;
        return TARN_OK;
    case TARN_KIND_I128: {
        TARN_RETURN_IF_ERROR(take_words(reader, value->u.words, WORDS_128));
        const uint64_t sign = value->u.words[1] >> 63 != 0 ? UINT64_MAX : 0;
        value->u.words[2] = sign;
        value->u.words[3] = sign;
        return TARN_OK;
    }
    case TARN_KIND_I256:
        return take_words(reader, value->u.words, WORDS_256);
    case TARN_KIND_FIXED:
    case TARN_KIND_BYTES:
        return take_text(reader, &value->u.bytes);
    default:
        return take_words(reader, value->u.words, 1);
    }
}

static enum tarn_status take_node(struct reader *reader, unsigned depth, const struct tarn_expr_node **out);

static enum tarn_status take_nodes(struct reader *reader, unsigned depth, uint32_t *count, const struct tarn_expr_node ***out)
{
    enum tarn_status status;
    TARN_RETURN_IF_ERROR(take_count(reader, count));
    *out = room(reader, *count, sizeof(const struct tarn_expr_node *), &status);
    for (uint32_t i = 0; i < *count && status == TARN_OK; i++) {
        status = take_node(reader, depth + 1, &(*out)[i]);
    }
    return status;
}

static enum tarn_status take_call(struct reader *reader, unsigned depth, const struct tarn_expr_node **out)
{
    uint64_t function;
    uint64_t place;
    uint32_t count;
    const struct tarn_type *type;
    const struct tarn_expr_node **args;
    TARN_RETURN_IF_ERROR(take_varint(reader, (uint64_t)UINT32_MAX + 1, &function));
    TARN_RETURN_IF_ERROR(take_varint(reader, (uint64_t)UINT32_MAX + 1, &place));
    TARN_RETURN_IF_ERROR(take_type(reader, 1, &type));
    TARN_RETURN_IF_ERROR(take_nodes(reader, depth, &count, &args));
    *out = tarn_expr_make_call(reader->builder, (uint32_t)function, type, count, args, place == 0 ? UINT32_MAX : (uint32_t)(place - 1));
    return TARN_OK;
}

/* A node that the builder refuses is NULL: the builder keeps the reason, and finish gives it. */
static enum tarn_status take_node(struct reader *reader, unsigned depth, const struct tarn_expr_node **out)
{
    unsigned op;
    uint64_t slot;
    uint32_t count;
    const struct tarn_type *type;
    const struct tarn_expr_node **args;
    const struct tarn_expr_node *arg;
    struct tarn_value value;
    *out = NULL;
    if (depth > DEEPEST) {
        return tarn__error_set(reader->err, TARN_LIMIT, "expression_depth", "an expression is nested deeper than %d levels", (int)DEEPEST);
    }
    TARN_RETURN_IF_ERROR(take_byte(reader, TARN_EXPR_CALL + 1, &op));
    switch ((enum tarn_expr_op)op) {
    case TARN_EXPR_COLUMN:
        TARN_RETURN_IF_ERROR(take_varint(reader, reader->column_count, &slot));
        *out =
            tarn_expr_make_column(reader->builder, &reader->columns[slot].path, reader->columns[slot].type, reader->columns[slot].nullable);
        return TARN_OK;
    case TARN_EXPR_LITERAL:
        memset(&value, 0, sizeof(value));
        TARN_RETURN_IF_ERROR(take_type(reader, 1, &value.type));
        TARN_RETURN_IF_ERROR(take_value(reader, &value));
        *out = tarn_expr_make_literal(reader->builder, &value);
        return TARN_OK;
    case TARN_EXPR_CAST:
        TARN_RETURN_IF_ERROR(take_type(reader, 1, &type));
        TARN_RETURN_IF_ERROR(take_node(reader, depth + 1, &arg));
        *out = tarn_expr_make_cast(reader->builder, arg, type);
        return TARN_OK;
    case TARN_EXPR_CALL:
        return take_call(reader, depth, out);
    default:
        TARN_RETURN_IF_ERROR(take_nodes(reader, depth, &count, &args));
        *out = tarn_expr_make(reader->builder, (enum tarn_expr_op)op, count, args);
        return TARN_OK;
    }
}

static enum tarn_status take_column(struct reader *reader, struct tarn_expr_column *column)
{
    enum tarn_status status;
    unsigned byte;
    TARN_RETURN_IF_ERROR(take_byte(reader, 2, &byte));
    column->nullable = byte != 0;
    TARN_RETURN_IF_ERROR(take_type(reader, 1, &column->type));
    TARN_RETURN_IF_ERROR(take_count(reader, &column->path.depth));
    struct tarn_path_step *steps = room(reader, column->path.depth, sizeof(*steps), &status);
    column->path.steps = steps;
    for (uint32_t i = 0; i < column->path.depth && status == TARN_OK; i++) {
        TARN_RETURN_IF_ERROR(take_byte(reader, TARN_PATH_VALUE + 1, &byte));
        steps[i].kind = (enum tarn_path_kind)byte;
        TARN_RETURN_IF_ERROR(take_text(reader, &steps[i].name));
        status = take_id(reader, &steps[i].id);
    }
    return status;
}

static enum tarn_status take_expression(struct reader *reader, const struct tarn_expr_node **root)
{
    enum tarn_status status;
    unsigned version;
    TARN_RETURN_IF_ERROR(take_byte(reader, 256, &version));
    if (version != VERSION) {
        return tarn__unsupported(reader->err, "expr.version", "an expression of version %u: this build knows version %d", version,
                                 (int)VERSION);
    }
    TARN_RETURN_IF_ERROR(take_count(reader, &reader->column_count));
    reader->columns = room(reader, reader->column_count, sizeof(*reader->columns), &status);
    for (uint32_t i = 0; i < reader->column_count && status == TARN_OK; i++) {
        struct tarn_expr_column *column = &reader->columns[i];
        TARN_RETURN_IF_ERROR(take_column(reader, column));
        const struct tarn_expr_node *node = tarn_expr_make_column(reader->builder, &column->path, column->type, column->nullable);
        if (node != NULL && node->slot != i) {
            return corrupt(reader, "a column is named twice");
        }
    }
    if (status == TARN_OK) {
        status = take_node(reader, 1, root);
    }
    return status == TARN_OK && reader->rest.size != 0 ? corrupt(reader, "something follows the end") : status;
}

enum tarn_status tarn_expr_decode(struct tarn_env *env, struct tarn_span bytes, struct tarn_expr **out, struct tarn_error *err)
{
    struct tarn_arena arena;
    struct reader reader = {.rest = bytes, .whole = bytes, .arena = &arena, .err = err};
    const struct tarn_expr_node *root = NULL;
    *out = NULL;
    if (bytes.size > LARGEST) {
        return tarn__error_set(err, TARN_LIMIT, "expression_size", "an expression of %zu bytes: at most %d are read", bytes.size,
                               (int)LARGEST);
    }
    TARN_RETURN_IF_ERROR(tarn_expr_builder_open(env, &reader.builder, err));
    tarn__arena_init(&arena, env);
    enum tarn_status status = take_expression(&reader, &root);
    if (status != TARN_OK) {
        tarn_expr_builder_abort(reader.builder);
    } else {
        struct tarn_error wrong = TARN_ERROR_INIT;
        status = tarn_expr_builder_finish(reader.builder, root, out, &wrong);
        if (status == TARN_INVALID) { /* the bytes' fault, not the caller's */
            status = tarn__corrupt(err, "expression", "the bytes of an expression are damaged: %s", wrong.message);
        } else if (status != TARN_OK && err != NULL) {
            *err = wrong;
        }
    }
    tarn__arena_free(&arena);
    return status;
}
