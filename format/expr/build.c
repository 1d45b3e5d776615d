/* SPDX-License-Identifier: Apache-2.0
 *
 * The builder of expressions: nodes and their types checked one by one, in the arena that the finished expression lives in.
 *
 * Invariants
 *  1. Every node that a maker returns keeps the rules of its op (arguments, types, literals where they belong): evaluation, pruning and
 *     encoding trust them.
 *  2. No node is deeper than MAX_DEPTH, no tree has more than MAX_NODES: whoever walks it may recurse, and ends.
 *  3. Each path is one column; a second mention of it has the same slot.
 *  4. After the first error nothing is made any more; finish reports that error.
 */
#include <stdatomic.h>

#include "format/base/arena.h"
#include "format/base/bytes.h"
#include "format/base/checked.h"
#include "format/batch/schema.h"
#include "format/expr/types.h"

enum { MAX_DEPTH = 400, MAX_NODES = 1 << 20 };

struct built_node {
    struct tarn_expr_node node; /* first: the two addresses are one */
    uint32_t depth;
    uint32_t size; /* nodes of the tree below, each as often as it is used */
};

struct owned_expr {
    struct tarn_expr expr; /* first: the two addresses are one */
    struct tarn_env *env;
    struct tarn_arena arena;
    atomic_uint_fast32_t references;
};

struct tarn_expr_builder {
    struct owned_expr *owner;
    struct tarn_expr_column *columns;
    size_t column_count;
    size_t column_capacity;
    enum tarn_status status;
    struct tarn_error error;
};

enum tarn_status tarn_expr_builder_open(struct tarn_env *env, struct tarn_expr_builder **out, struct tarn_error *err)
{
    struct tarn_expr_builder *b = tarn__calloc(env, 1, sizeof(*b));
    struct owned_expr *owner = tarn__calloc(env, 1, sizeof(*owner));
    *out = NULL;
    if (b == NULL || owner == NULL) {
        tarn__free(env, b);
        tarn__free(env, owner);
        return tarn__nomem(env, err, sizeof(*b) + sizeof(*owner));
    }
    owner->env = tarn__env_retain(env);
    tarn__arena_init(&owner->arena, env);
    atomic_init(&owner->references, 1);
    b->owner = owner;
    *out = b;
    return TARN_OK;
}

static struct tarn_env *env_of(const struct tarn_expr_builder *b)
{
    return b->owner->env;
}

static void keep_nomem(struct tarn_expr_builder *b)
{
    if (b->status == TARN_OK) {
        b->status = tarn__nomem(env_of(b), &b->error, 0);
    }
}

static const struct tarn_expr_node *refuse(struct tarn_expr_builder *b, const char *what)
{
    if (b->status == TARN_OK) {
        b->status = tarn__invalid(&b->error, "expression", "%s", what);
    }
    return NULL;
}

static const struct tarn_type *copy_type(struct tarn_expr_builder *b, const struct tarn_type *type)
{
    const struct tarn_type *copy = NULL;
    if (b->status == TARN_OK) {
        b->status = tarn__type_copy(&b->owner->arena, type, &copy, &b->error);
    }
    return copy;
}

static const struct tarn_type *boolean_type(void)
{
    static const struct tarn_type boolean = {.id = TARN_TYPE_BOOL};
    return &boolean;
}

static struct built_node *new_node(struct tarn_expr_builder *b, enum tarn_expr_op op, const struct tarn_type *type, uint32_t arg_count,
                                   const struct tarn_expr_node *const *args)
{
    if (b->status != TARN_OK) {
        return NULL;
    }
    uint32_t depth = 0;
    uint64_t size = 1;
    for (uint32_t i = 0; i < arg_count; i++) {
        if (args[i] == NULL) { /* its maker failed and has said why, or the caller passed NULL on */
            refuse(b, "an argument is missing");
            return NULL;
        }
        const struct built_node *below = (const struct built_node *)(const void *)args[i];
        depth = below->depth > depth ? below->depth : depth;
        size += below->size;
    }
    if (size > MAX_NODES) {
        b->status = tarn__error_set(&b->error, TARN_LIMIT, "expression_size", "an expression has more than %d nodes", (int)MAX_NODES);
        return NULL;
    }
    if (depth == MAX_DEPTH) {
        b->status =
            tarn__error_set(&b->error, TARN_LIMIT, "expression_depth", "an expression is nested deeper than %d levels", (int)MAX_DEPTH);
        return NULL;
    }
    struct built_node *made = tarn__arena_alloc(&b->owner->arena, sizeof(*made));
    const struct tarn_expr_node **copies = tarn__arena_calloc(&b->owner->arena, arg_count, sizeof(const struct tarn_expr_node *));
    if (made == NULL || copies == NULL) {
        keep_nomem(b);
        return NULL;
    }
    for (uint32_t i = 0; i < arg_count; i++) {
        copies[i] = args[i];
    }
    made->depth = depth + 1;
    made->size = (uint32_t)size;
    made->node.op = op;
    made->node.type = type;
    made->node.arg_count = arg_count;
    made->node.args = copies;
    made->node.place = UINT32_MAX;
    return made;
}

static const struct tarn_expr_node *node_of(const struct built_node *made)
{
    return made != NULL ? &made->node : NULL;
}

/* ---- columns and literals ---- */

static bool same_path(const struct tarn_path *a, const struct tarn_path *b)
{
    bool same = a->depth == b->depth;
    for (uint32_t i = 0; i < a->depth && same; i++) {
        same = a->steps[i].kind == b->steps[i].kind && a->steps[i].id == b->steps[i].id &&
               tarn__text_equal(a->steps[i].name, b->steps[i].name);
    }
    return same;
}

static bool copy_path(struct tarn_expr_builder *b, const struct tarn_path *path, struct tarn_path *out)
{
    struct tarn_arena *arena = &b->owner->arena;
    struct tarn_path_step *steps = tarn__arena_calloc(arena, path->depth, sizeof(*steps));
    for (uint32_t i = 0; i < path->depth && steps != NULL; i++) {
        steps[i] = path->steps[i];
        steps[i].name = tarn__arena_text(arena, path->steps[i].name);
        if (steps[i].name.data == NULL) {
            steps = NULL;
        }
    }
    if (steps == NULL) {
        keep_nomem(b);
        return false;
    }
    *out = (struct tarn_path){path->depth, steps};
    return true;
}

const struct tarn_expr_node *tarn_expr_make_column(struct tarn_expr_builder *b, const struct tarn_path *path, const struct tarn_type *type,
                                                   bool nullable)
{
    if (path->depth == 0 || path->depth > TARN_MAX_DEPTH || path->steps[0].kind != TARN_PATH_FIELD) {
        return refuse(b, "the path of a column begins with a name and has at most 64 steps");
    }
    size_t slot = 0;
    while (slot < b->column_count && !same_path(&b->columns[slot].path, path)) {
        slot++;
    }
    if (slot < b->column_count && !tarn_type_equal(b->columns[slot].type, type)) {
        return refuse(b, "one column is used with two types");
    }
    if (slot == b->column_count) {
        if (!tarn__grow(env_of(b), &b->columns, &b->column_capacity, b->column_count + 1, sizeof(*b->columns))) {
            keep_nomem(b);
            return NULL;
        }
        struct tarn_expr_column column = {.nullable = nullable, .type = copy_type(b, type)};
        if (column.type == NULL || !copy_path(b, path, &column.path)) {
            return NULL;
        }
        b->columns[b->column_count++] = column;
    }
    struct built_node *made = new_node(b, TARN_EXPR_COLUMN, b->columns[slot].type, 0, NULL);
    if (made != NULL) {
        made->node.slot = (uint32_t)slot;
    }
    return node_of(made);
}

/* Is the value one of its kind? An expression of foreign bytes may hold anything. */
static bool in_range(enum tarn_kind kind, const struct tarn_value *value)
{
    switch (kind) {
    case TARN_KIND_I8:
        return value->u.i64 >= INT8_MIN && value->u.i64 <= INT8_MAX;
    case TARN_KIND_I16:
        return value->u.i64 >= INT16_MIN && value->u.i64 <= INT16_MAX;
    case TARN_KIND_I32:
        return value->u.i64 >= INT32_MIN && value->u.i64 <= INT32_MAX;
    case TARN_KIND_U8:
        return value->u.u64 <= UINT8_MAX;
    case TARN_KIND_U16:
        return value->u.u64 <= UINT16_MAX;
    case TARN_KIND_U32:
        return value->u.u64 <= UINT32_MAX;
    default:
        return true;
    }
}

const struct tarn_expr_node *tarn_expr_make_literal(struct tarn_expr_builder *b, const struct tarn_value *value)
{
    const struct tarn_type *type = copy_type(b, value->type);
    if (type == NULL) {
        return NULL;
    }
    const enum tarn_kind kind = tarn_type_kind(type);
    if (kind == TARN_KIND_NESTED && !value->is_null) {
        return refuse(b, "a literal cannot be a list, struct, map or variant");
    }
    if (kind == TARN_KIND_FIXED && !value->is_null && value->u.bytes.size != tarn_type_width(type)) {
        return refuse(b, "a literal of fixed width has another number of bytes");
    }
    if (!value->is_null && !in_range(kind, value)) {
        return refuse(b, "a literal is out of the range of its type");
    }
    struct built_node *made = new_node(b, TARN_EXPR_LITERAL, type, 0, NULL);
    if (made == NULL) {
        return NULL;
    }
    made->node.value = *value;
    made->node.value.type = type;
    made->node.value.is_null = value->is_null || kind == TARN_KIND_NULL;
    if (made->node.value.is_null) {
        memset(&made->node.value.u, 0, sizeof(made->node.value.u));
    } else if (kind == TARN_KIND_BYTES || kind == TARN_KIND_FIXED) {
        made->node.value.u.bytes = tarn__arena_text(&b->owner->arena, value->u.bytes);
        if (made->node.value.u.bytes.data == NULL) {
            keep_nomem(b);
            return NULL;
        }
    }
    return &made->node;
}

/* ---- operators ---- */

bool tarn__expr_comparable(const struct tarn_type *a, const struct tarn_type *b)
{
    const enum tarn_kind kind = tarn_type_kind(a);
    if (kind != tarn_type_kind(b)) {
        return false;
    }
    switch (a->id) {
    case TARN_TYPE_STRING:
    case TARN_TYPE_JSON:
    case TARN_TYPE_ENUM:
        return b->id == TARN_TYPE_STRING || b->id == TARN_TYPE_JSON || b->id == TARN_TYPE_ENUM;
    case TARN_TYPE_BINARY:
    case TARN_TYPE_BSON:
        return b->id == TARN_TYPE_BINARY || b->id == TARN_TYPE_BSON;
    case TARN_TYPE_DECIMAL:
        return b->id == a->id && a->scale == b->scale;
    case TARN_TYPE_TIMESTAMP:
        return b->id == a->id && a->unit == b->unit && a->utc == b->utc; /* the zone is how it is shown, not what it is */
    default:
        return tarn_type_equal(a, b);
    }
}

static bool is_float(const struct tarn_type *type)
{
    return type->id == TARN_TYPE_F16 || type->id == TARN_TYPE_F32 || type->id == TARN_TYPE_F64;
}

/* What is wrong with the arguments of an op; NULL: nothing. */
static const char *check_arguments(enum tarn_expr_op op, uint32_t count, const struct tarn_expr_node *const *args)
{
    switch (op) {
    case TARN_EXPR_EQ:
    case TARN_EXPR_NE:
    case TARN_EXPR_LT:
    case TARN_EXPR_LE:
    case TARN_EXPR_GT:
    case TARN_EXPR_GE:
        if (count != 2 || !tarn__expr_comparable(args[0]->type, args[1]->type)) {
            return "a comparison needs two arguments of one type";
        }
        return args[0]->type->id == TARN_TYPE_INTERVAL && op != TARN_EXPR_EQ && op != TARN_EXPR_NE ? "intervals have no order" : NULL;
    case TARN_EXPR_IN:
        for (uint32_t i = 1; i < count; i++) {
            if (args[i]->op != TARN_EXPR_LITERAL || !tarn__expr_comparable(args[0]->type, args[i]->type)) {
                return "IN needs literals of the type of its first argument";
            }
        }
        return count < 2 || tarn_type_kind(args[0]->type) == TARN_KIND_NESTED ? "IN needs a plain argument and at least one literal" : NULL;
    case TARN_EXPR_IS_NULL:
        return count != 1 ? "IS NULL needs one argument" : NULL;
    case TARN_EXPR_IS_NAN:
        return count != 1 || !is_float(args[0]->type) ? "IS NAN needs one floating-point argument" : NULL;
    case TARN_EXPR_STARTS_WITH:
        return count != 2 || args[1]->op != TARN_EXPR_LITERAL || tarn_type_kind(args[0]->type) != TARN_KIND_BYTES ||
                       tarn_type_kind(args[1]->type) != TARN_KIND_BYTES
                   ? "STARTS_WITH needs a text and a literal text"
                   : NULL;
    case TARN_EXPR_AND:
    case TARN_EXPR_OR:
    case TARN_EXPR_NOT:
        for (uint32_t i = 0; i < count; i++) {
            if (args[i]->type->id != TARN_TYPE_BOOL) {
                return "AND, OR and NOT need BOOLEAN arguments";
            }
        }
        return count == 0 || (op == TARN_EXPR_NOT && count != 1) ? "AND and OR need at least one argument, NOT exactly one" : NULL;
    default:
        return "this op has a maker of its own";
    }
}

const struct tarn_expr_node *tarn_expr_make(struct tarn_expr_builder *b, enum tarn_expr_op op, uint32_t arg_count,
                                            const struct tarn_expr_node *const *args)
{
    for (uint32_t i = 0; i < arg_count; i++) {
        if (args[i] == NULL) {
            return refuse(b, "an argument is missing");
        }
    }
    const char *wrong = check_arguments(op, arg_count, args);
    return wrong != NULL ? refuse(b, wrong) : node_of(new_node(b, op, boolean_type(), arg_count, args));
}

const struct tarn_expr_node *tarn_expr_make_cast(struct tarn_expr_builder *b, const struct tarn_expr_node *arg,
                                                 const struct tarn_type *type)
{
    if (arg == NULL) {
        return refuse(b, "an argument is missing");
    }
    const struct tarn_type *copy = copy_type(b, type); /* first of all: only a type that keeps its rules may be looked into */
    if (copy == NULL) {
        return NULL;
    }
    if (!tarn_expr_cast_is_lossless(arg->type, copy)) {
        char from[64];
        char to[64];
        tarn_type_format(arg->type, from, sizeof(from));
        tarn_type_format(copy, to, sizeof(to));
        b->status = tarn__invalid(&b->error, "cast", "a cast from %s to %s may lose values: it takes a function", from, to);
        return NULL;
    }
    return node_of(new_node(b, TARN_EXPR_CAST, copy, 1, &arg));
}

const struct tarn_expr_node *tarn_expr_make_call(struct tarn_expr_builder *b, uint32_t function, const struct tarn_type *type,
                                                 uint32_t arg_count, const struct tarn_expr_node *const *args, uint32_t place)
{
    const struct tarn_type *copy = copy_type(b, type);
    struct built_node *made = copy != NULL ? new_node(b, TARN_EXPR_CALL, copy, arg_count, args) : NULL;
    if (made != NULL) {
        made->node.function = function;
        made->node.place = place;
    }
    return node_of(made);
}

/* ---- the finished expression ---- */

enum tarn_status tarn_expr_builder_finish(struct tarn_expr_builder *b, const struct tarn_expr_node *root, struct tarn_expr **out,
                                          struct tarn_error *err)
{
    struct owned_expr *owner = b->owner;
    *out = NULL;
    if (root == NULL) {
        refuse(b, "an expression has no root");
    }
    struct tarn_expr_column *columns = tarn__arena_calloc(&owner->arena, b->column_count, sizeof(*columns));
    if (columns == NULL) {
        keep_nomem(b);
    }
    if (b->status != TARN_OK) {
        const enum tarn_status status = b->status;
        if (err != NULL) {
            *err = b->error;
        }
        tarn_expr_builder_abort(b);
        return status;
    }
    for (size_t i = 0; i < b->column_count; i++) {
        columns[i] = b->columns[i];
    }
    owner->expr = (struct tarn_expr){root, (uint32_t)b->column_count, columns};
    tarn__free(owner->env, b->columns);
    tarn__free(owner->env, b);
    *out = &owner->expr;
    return TARN_OK;
}

void tarn_expr_builder_abort(struct tarn_expr_builder *b)
{
    if (b != NULL) {
        struct owned_expr *owner = b->owner;
        tarn__free(owner->env, b->columns);
        tarn__free(owner->env, b);
        tarn_expr_release(&owner->expr);
    }
}

static struct owned_expr *owner_of(const struct tarn_expr *expr)
{
    return (struct owned_expr *)(uintptr_t)expr;
}

struct tarn_expr *tarn_expr_retain(const struct tarn_expr *expr)
{
    if (expr != NULL) {
        atomic_fetch_add_explicit(&owner_of(expr)->references, 1, memory_order_relaxed);
    }
    return expr != NULL ? &owner_of(expr)->expr : NULL;
}

void tarn_expr_release(const struct tarn_expr *expr)
{
    if (expr != NULL && atomic_fetch_sub_explicit(&owner_of(expr)->references, 1, memory_order_acq_rel) == 1) {
        struct owned_expr *owner = owner_of(expr);
        struct tarn_env *env = owner->env;
        tarn__arena_free(&owner->arena);
        tarn__free(env, owner);
        tarn_env_close(env);
    }
}
