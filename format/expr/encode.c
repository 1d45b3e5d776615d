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
 *   type, value, text: see coded.c
 *
 * Varints are LEB128 of at most 64 bits. What is decoded goes through the builder, which checks it as it checks everybody's.
 */
#include "format/base/arena.h"
#include "format/base/bytes.h"
#include "format/base/text.h"
#include "format/expr/coded.h"
#include "tarn/expr.h"

enum { VERSION = 1, DEEPEST = 400, LARGEST = 64 << 20 };

/* ---- writing ---- */

static void put_node(struct tarn_text_builder *out, const struct tarn_expr_node *node)
{
    tarn__coded_put_byte(out, node->op);
    switch (node->op) {
    case TARN_EXPR_COLUMN:
        tarn__coded_put_varint(out, node->slot);
        return;
    case TARN_EXPR_LITERAL:
        tarn__coded_put_type(out, node->type);
        tarn__coded_put_value(out, &node->value);
        return;
    case TARN_EXPR_CAST:
        tarn__coded_put_type(out, node->type);
        put_node(out, node->args[0]);
        return;
    case TARN_EXPR_CALL:
        tarn__coded_put_varint(out, node->function);
        tarn__coded_put_varint(out, node->place == UINT32_MAX ? 0 : (uint64_t)node->place + 1);
        tarn__coded_put_type(out, node->type);
        break;
    default:
        break;
    }
    tarn__coded_put_varint(out, node->arg_count);
    for (uint32_t i = 0; i < node->arg_count; i++) {
        put_node(out, node->args[i]);
    }
}

static void put_column(struct tarn_text_builder *out, const struct tarn_expr_column *column)
{
    tarn__coded_put_byte(out, column->nullable);
    tarn__coded_put_type(out, column->type);
    tarn__coded_put_varint(out, column->path.depth);
    for (uint32_t i = 0; i < column->path.depth; i++) {
        const struct tarn_path_step *step = &column->path.steps[i];
        tarn__coded_put_byte(out, step->kind);
        tarn__coded_put_text(out, step->name);
        tarn__coded_put_varint(out, (uint64_t)((int64_t)step->id + 1));
    }
}

enum tarn_status tarn_expr_encode(struct tarn_env *env, const struct tarn_expr *expr, struct tarn_span *bytes, struct tarn_error *err)
{
    struct tarn_text_builder out;
    *bytes = (struct tarn_span){NULL, 0};
    tarn__builder_init(&out, env);
    tarn__coded_put_byte(&out, VERSION);
    tarn__coded_put_varint(&out, expr->column_count);
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
    struct tarn__coded coded; /* what its arena holds is needed until the builder has copied it */
    struct tarn_expr_builder *builder;
    uint32_t column_count;
    struct tarn_expr_column *columns;
};

static enum tarn_status take_node(struct reader *reader, unsigned depth, const struct tarn_expr_node **out);

static enum tarn_status take_nodes(struct reader *reader, unsigned depth, uint32_t *count, const struct tarn_expr_node ***out)
{
    enum tarn_status status;
    TARN_RETURN_IF_ERROR(tarn__coded_take_count(&reader->coded, count));
    *out = tarn__coded_room(&reader->coded, *count, sizeof(const struct tarn_expr_node *), &status);
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
    TARN_RETURN_IF_ERROR(tarn__coded_take_varint(&reader->coded, (uint64_t)UINT32_MAX + 1, &function));
    TARN_RETURN_IF_ERROR(tarn__coded_take_varint(&reader->coded, (uint64_t)UINT32_MAX + 1, &place));
    TARN_RETURN_IF_ERROR(tarn__coded_take_type(&reader->coded, 1, &type));
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
        return tarn__error_set(reader->coded.err, TARN_LIMIT, "expression_depth", "an expression is nested deeper than %d levels",
                               (int)DEEPEST);
    }
    TARN_RETURN_IF_ERROR(tarn__coded_take_byte(&reader->coded, TARN_EXPR_CALL + 1, &op));
    switch ((enum tarn_expr_op)op) {
    case TARN_EXPR_COLUMN:
        TARN_RETURN_IF_ERROR(tarn__coded_take_varint(&reader->coded, reader->column_count, &slot));
        *out =
            tarn_expr_make_column(reader->builder, &reader->columns[slot].path, reader->columns[slot].type, reader->columns[slot].nullable);
        return TARN_OK;
    case TARN_EXPR_LITERAL:
        memset(&value, 0, sizeof(value));
        TARN_RETURN_IF_ERROR(tarn__coded_take_type(&reader->coded, 1, &value.type));
        TARN_RETURN_IF_ERROR(tarn__coded_take_value(&reader->coded, &value));
        *out = tarn_expr_make_literal(reader->builder, &value);
        return TARN_OK;
    case TARN_EXPR_CAST:
        TARN_RETURN_IF_ERROR(tarn__coded_take_type(&reader->coded, 1, &type));
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
    TARN_RETURN_IF_ERROR(tarn__coded_take_byte(&reader->coded, 2, &byte));
    column->nullable = byte != 0;
    TARN_RETURN_IF_ERROR(tarn__coded_take_type(&reader->coded, 1, &column->type));
    TARN_RETURN_IF_ERROR(tarn__coded_take_count(&reader->coded, &column->path.depth));
    struct tarn_path_step *steps = tarn__coded_room(&reader->coded, column->path.depth, sizeof(*steps), &status);
    column->path.steps = steps;
    for (uint32_t i = 0; i < column->path.depth && status == TARN_OK; i++) {
        TARN_RETURN_IF_ERROR(tarn__coded_take_byte(&reader->coded, TARN_PATH_VALUE + 1, &byte));
        steps[i].kind = (enum tarn_path_kind)byte;
        TARN_RETURN_IF_ERROR(tarn__coded_take_text(&reader->coded, &steps[i].name));
        status = tarn__coded_take_id(&reader->coded, &steps[i].id);
    }
    return status;
}

static enum tarn_status take_expression(struct reader *reader, const struct tarn_expr_node **root)
{
    enum tarn_status status;
    unsigned version;
    TARN_RETURN_IF_ERROR(tarn__coded_take_byte(&reader->coded, 256, &version));
    if (version != VERSION) {
        return tarn__unsupported(reader->coded.err, "expr.version", "an expression of version %u: this build knows version %d", version,
                                 (int)VERSION);
    }
    TARN_RETURN_IF_ERROR(tarn__coded_take_count(&reader->coded, &reader->column_count));
    reader->columns = tarn__coded_room(&reader->coded, reader->column_count, sizeof(*reader->columns), &status);
    for (uint32_t i = 0; i < reader->column_count && status == TARN_OK; i++) {
        struct tarn_expr_column *column = &reader->columns[i];
        TARN_RETURN_IF_ERROR(take_column(reader, column));
        const struct tarn_expr_node *node = tarn_expr_make_column(reader->builder, &column->path, column->type, column->nullable);
        if (node != NULL && node->slot != i) {
            return tarn__coded_damaged(&reader->coded, "a column is named twice");
        }
    }
    if (status == TARN_OK) {
        status = take_node(reader, 1, root);
    }
    return status == TARN_OK && reader->coded.rest.size != 0 ? tarn__coded_damaged(&reader->coded, "something follows the end") : status;
}

enum tarn_status tarn_expr_decode(struct tarn_env *env, struct tarn_span bytes, struct tarn_expr **out, struct tarn_error *err)
{
    struct tarn_arena arena;
    struct reader reader = {.coded = {bytes, bytes, &arena, "expression", "an expression", err}};
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
