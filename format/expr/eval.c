/* SPDX-License-Identifier: Apache-2.0
 *
 * Evaluation of expressions over vectors. SPEC: X-EXPR-1 to X-EXPR-9.
 *
 * Two ways through a tree: `node` gives a node's values as a vector; `narrow` gives the rows for which a predicate is true (or false).
 * They agree: narrow(p, true) are the rows where node(p) is true.
 *
 * Invariants
 *  1. Selections are always of the input's rows, however deep in the tree.
 *  2. A test against literals is decided once an entry of a dictionary, and what it came to is kept until another dictionary comes:
 *     nothing here spreads a dictionary out.
 *  3. AND and OR ask an argument only for the rows that the arguments before have not decided.
 */
#include "format/base/bytes.h"
#include "format/base/checked.h"
#include "format/batch/bitmap.h"
#include "format/batch/compare.h"
#include "format/batch/selection.h"
#include "format/batch/vector.h"
#include "format/expr/cast.h"
#include "format/expr/predicate.h"

/* What is kept of a node between runs. */
struct learned {
    const struct tarn_expr_node *node;
    bool opened; /* `predicate` */
    struct tarn__predicate predicate;
    struct tarn_vector *literal; /* LITERAL: one row */
    bool known;                  /* `dictionary` was met */
    uint64_t dictionary;
    uint8_t *chosen; /* a byte an entry: does it pass? */
    size_t chosen_capacity;
    struct tarn_dictionary *cast; /* CAST: its entries as the other type */
};

struct tarn_expr_eval {
    struct tarn_env *env;
    struct tarn_expr *expr;
    const struct tarn_expr_host *host;
    const struct tarn__kernels *kernels;
    const struct tarn_expr_input *input; /* during a run */
    uint64_t flattened;
    struct learned *learned;
    size_t learned_count;
    size_t learned_capacity;
    uint32_t *passed; /* positions that filter handed out */
    size_t passed_capacity;
};

static const struct tarn_type boolean = {.id = TARN_TYPE_BOOL};

static enum tarn_status nomem(struct tarn_expr_eval *eval, struct tarn_error *err)
{
    return tarn__nomem(eval->env, err, 0);
}

static enum tarn_status made(struct tarn_expr_eval *eval, struct tarn_vector *vector, struct tarn_vector **out, struct tarn_error *err)
{
    *out = vector;
    return vector != NULL ? TARN_OK : nomem(eval, err);
}

/* ---- opening ---- */

/* Makes a place for each node that learns, so that their addresses stay. */
static bool gather_nodes(struct tarn_expr_eval *eval, const struct tarn_expr_node *node)
{
    if (node->op == TARN_EXPR_LITERAL || node->op == TARN_EXPR_CAST || tarn__predicate_fits(node)) {
        if (!tarn__grow(eval->env, &eval->learned, &eval->learned_capacity, eval->learned_count + 1, sizeof(*eval->learned))) {
            return false;
        }
        eval->learned[eval->learned_count++] = (struct learned){.node = node};
    }
    const bool test = tarn__predicate_fits(node);
    for (uint32_t i = 0; i < node->arg_count; i++) {
        const bool asked = !test || i == 0 || node->args[i]->op != TARN_EXPR_LITERAL; /* IN may have thousands of literals */
        if (asked && !gather_nodes(eval, node->args[i])) {
            return false;
        }
    }
    return true;
}

static struct learned *learned_of(struct tarn_expr_eval *eval, const struct tarn_expr_node *node)
{
    for (size_t i = 0; i < eval->learned_count; i++) {
        if (eval->learned[i].node == node) {
            return &eval->learned[i];
        }
    }
    return NULL;
}

enum tarn_status tarn_expr_eval_open(struct tarn_env *env, const struct tarn_expr *expr, const struct tarn_expr_host *host,
                                     struct tarn_expr_eval **out, struct tarn_error *err)
{
    *out = NULL;
    struct tarn_expr_eval *eval = tarn__calloc(env, 1, sizeof(*eval));
    if (eval == NULL) {
        return tarn__nomem(env, err, sizeof(*eval));
    }
    eval->env = tarn__env_retain(env);
    eval->expr = tarn_expr_retain(expr);
    eval->host = host != NULL ? host : tarn__env_options(env)->expr_host;
    eval->kernels = tarn__kernels_of(env);
    if (!gather_nodes(eval, expr->root)) {
        tarn_expr_eval_close(eval);
        return tarn__nomem(env, err, 0);
    }
    *out = eval;
    return TARN_OK;
}

void tarn_expr_eval_close(struct tarn_expr_eval *eval)
{
    if (eval == NULL) {
        return;
    }
    struct tarn_env *env = eval->env;
    for (size_t i = 0; i < eval->learned_count; i++) {
        struct learned *learned = &eval->learned[i];
        if (learned->opened) {
            tarn__predicate_close(&learned->predicate);
        }
        tarn_vector_release(learned->literal);
        tarn__free(env, learned->chosen);
        tarn__dictionary_release(learned->cast);
    }
    tarn__free(env, eval->learned);
    tarn__free(env, eval->passed);
    tarn_expr_release(eval->expr);
    tarn__free(env, eval);
    tarn_env_close(env);
}

struct tarn_env *tarn_expr_eval_env(struct tarn_expr_eval *eval)
{
    return eval->env;
}

uint64_t tarn_expr_eval_flattened(const struct tarn_expr_eval *eval)
{
    return eval->flattened;
}

/* ---- tests against literals ---- */

/* A FLAT BOOL of `bits` for the rows that have a value. Takes `bits` over. */
static enum tarn_status flat_boolean(struct tarn_expr_eval *eval, struct tarn_buffer *bits, const uint8_t *validity, uint32_t rows,
                                     struct tarn_vector **out, struct tarn_error *err)
{
    struct tarn_buffer *copy = NULL;
    if (bits != NULL && validity != NULL) {
        copy = tarn__buffer_new(eval->env, tarn__bits_bytes(rows));
        if (copy == NULL) {
            tarn__buffer_release(bits);
            return nomem(eval, err);
        }
        tarn__bitmap_copy(copy->data, validity, 0, rows);
        eval->kernels->bits_and(bits->data, copy->data, copy->size, bits->data);
    }
    return made(eval, tarn__vector_flat(eval->env, &boolean, rows, bits, copy), out, err);
}

/* Where the bit is not set the row becomes null: IN with a null among its literals. Takes `tested` over. */
static enum tarn_status misses_to_nulls(struct tarn_expr_eval *eval, struct tarn_vector *tested, struct tarn_vector **out,
                                        struct tarn_error *err)
{
    struct tarn_buffer *bits = tarn__bitmap_new(eval->env, tested->length, false);
    struct tarn_buffer *validity = tarn__bitmap_new(eval->env, tested->length, false);
    for (uint32_t i = 0; i < tested->length && bits != NULL && validity != NULL; i++) {
        const struct tarn__vector_place place = tarn__vector_locate(tested, i);
        if (!place.is_null && tarn__bit_get(place.vector->u.values, place.row)) {
            tarn__bit_set(bits->data, i);
            tarn__bit_set(validity->data, i);
        }
    }
    const uint32_t length = tested->length;
    tarn_vector_release(tested);
    if (validity == NULL) {
        tarn__buffer_release(bits);
        bits = NULL;
    }
    return made(eval, tarn__vector_flat(eval->env, &boolean, length, bits, validity), out, err);
}

static enum tarn_status test_entries(struct tarn_expr_eval *eval, struct learned *learned, const struct tarn_dictionary *dictionary,
                                     struct tarn_error *err)
{
    const uint32_t count = dictionary->values->length;
    if (learned->known && learned->dictionary == dictionary->id) {
        return TARN_OK;
    }
    struct tarn_buffer *bits = tarn__buffer_new(eval->env, tarn__bits_bytes(count));
    if (bits == NULL || !tarn__grow(eval->env, &learned->chosen, &learned->chosen_capacity, (size_t)count + 1, 1)) {
        tarn__buffer_release(bits);
        return nomem(eval, err);
    }
    tarn__predicate_test(&learned->predicate, eval->kernels, dictionary->values, bits->data);
    for (uint32_t i = 0; i < count; i++) {
        learned->chosen[i] = tarn__bit_get(bits->data, i);
    }
    learned->known = true;
    learned->dictionary = dictionary->id;
    tarn__buffer_release(bits);
    return TARN_OK;
}

static enum tarn_status test_vector(struct tarn_expr_eval *eval, struct learned *learned, struct tarn_vector *vector,
                                    struct tarn_vector **out, struct tarn_error *err);

/* One child row stands for many: test the child, and let it stand for as many again. */
static enum tarn_status test_child(struct tarn_expr_eval *eval, struct learned *learned, struct tarn_vector *vector,
                                   struct tarn_vector **out, struct tarn_error *err)
{
    struct tarn_vector *child = NULL;
    struct tarn_vector *tested;
    const bool constant = vector->shape == TARN_SHAPE_CONSTANT;
    const uint32_t rows = constant ? (vector->length != 0) : vector->run_count;
    TARN_RETURN_IF_ERROR(tarn__vector_slice(vector->children[0], 0, rows, &child, err));
    const enum tarn_status status = test_vector(eval, learned, child, &tested, err);
    tarn_vector_release(child);
    if (status != TARN_OK) {
        return status;
    }
    if (constant) {
        return made(eval, tarn__vector_constant(eval->env, &boolean, vector->length, tested), out, err);
    }
    struct tarn_vector *runs = tarn__vector_with_children(vector, &tested);
    tarn_vector_release(tested);
    *out = runs != NULL ? tarn__vector_retype(runs, &boolean) : NULL;
    tarn_vector_release(runs);
    return *out != NULL ? TARN_OK : nomem(eval, err);
}

static enum tarn_status test_vector(struct tarn_expr_eval *eval, struct learned *learned, struct tarn_vector *vector,
                                    struct tarn_vector **out, struct tarn_error *err)
{
    struct tarn_buffer *bits;
    switch (vector->shape) {
    case TARN_SHAPE_NULLS:
        return made(eval, tarn__vector_nulls(eval->env, &boolean, vector->length), out, err);
    case TARN_SHAPE_CONSTANT:
    case TARN_SHAPE_RUNS:
        return test_child(eval, learned, vector, out, err);
    case TARN_SHAPE_DICTIONARY:
        if (vector->dictionary->values->length == 0) { /* then every row is null */
            return made(eval, tarn__vector_nulls(eval->env, &boolean, vector->length), out, err);
        }
        TARN_RETURN_IF_ERROR(test_entries(eval, learned, vector->dictionary, err));
        bits = tarn__buffer_new(eval->env, tarn__bits_bytes(vector->length));
        if (bits != NULL) {
            eval->kernels->lookup(vector->u.codes, vector->length, learned->chosen, bits->data);
        }
        return flat_boolean(eval, bits, vector->validity, vector->length, out, err);
    default:
        bits = tarn__buffer_new(eval->env, tarn__bits_bytes(vector->length));
        if (bits != NULL) {
            tarn__predicate_test(&learned->predicate, eval->kernels, vector, bits->data);
        }
        return flat_boolean(eval, bits, vector->validity, vector->length, out, err);
    }
}

static enum tarn_status node_test(struct tarn_expr_eval *eval, const struct tarn_expr_node *node, const struct tarn_selection *selection,
                                  struct tarn_vector **out, struct tarn_error *err)
{
    struct learned *learned = learned_of(eval, node);
    if (!learned->opened) {
        TARN_RETURN_IF_ERROR(tarn__predicate_open(eval->env, node, &learned->predicate, err));
        learned->opened = true;
    }
    if (learned->predicate.never_known) {
        return made(eval, tarn__vector_nulls(eval->env, &boolean, selection->count), out, err);
    }
    struct tarn_vector *subject;
    TARN_RETURN_IF_ERROR(tarn_expr_eval_node(eval, learned->predicate.subject, selection, &subject, err));
    enum tarn_status status = test_vector(eval, learned, subject, out, err);
    tarn_vector_release(subject);
    if (status == TARN_OK && learned->predicate.miss_is_null) {
        status = misses_to_nulls(eval, *out, out, err);
    }
    return status;
}

/* ---- other tests ---- */

static enum tarn_status node_is_null(struct tarn_expr_eval *eval, const struct tarn_expr_node *node, const struct tarn_selection *selection,
                                     struct tarn_vector **out, struct tarn_error *err)
{
    struct tarn_vector *subject;
    TARN_RETURN_IF_ERROR(tarn_expr_eval_node(eval, node->args[0], selection, &subject, err));
    const uint32_t rows = subject->length;
    const bool per_row = subject->shape == TARN_SHAPE_RUNS || subject->shape == TARN_SHAPE_CONSTANT || subject->shape == TARN_SHAPE_NULLS;
    struct tarn_buffer *bits = tarn__bitmap_new(eval->env, rows, false);
    if (bits != NULL && per_row) {
        for (uint32_t i = 0; i < rows; i++) {
            tarn__bit_put(bits->data, i, tarn_vector_is_null(subject, i));
        }
    } else if (bits != NULL && subject->validity != NULL) {
        eval->kernels->bits_not(subject->validity, tarn__bits_bytes(rows), bits->data);
        for (uint64_t i = rows; i < (uint64_t)bits->size * 8; i++) {
            tarn__bit_clear(bits->data, i);
        }
    }
    tarn_vector_release(subject);
    return made(eval, tarn__vector_flat(eval->env, &boolean, rows, bits, NULL), out, err);
}

static bool holds(enum tarn_expr_op op, int order)
{
    return op == TARN_EXPR_EQ   ? order == 0
           : op == TARN_EXPR_NE ? order != 0
           : op == TARN_EXPR_LT ? order < 0
           : op == TARN_EXPR_LE ? order <= 0
           : op == TARN_EXPR_GT ? order > 0
                                : order >= 0;
}

#define COMPARE_FLAT(kind, c_type)                                                                                                         \
    case kind:                                                                                                                             \
        for (uint32_t i = 0; i < a->length; i++) {                                                                                         \
            const c_type x = ((const c_type *)a->u.values)[i];                                                                             \
            const c_type y = ((const c_type *)b->u.values)[i];                                                                             \
            tarn__bit_put(bits, i, holds(op, (x > y) - (x < y)));                                                                          \
        }                                                                                                                                  \
        return true

/* Whole numbers of two flat columns, without a look at each row's place; false: not such columns. */
static bool compare_flat(enum tarn_expr_op op, const struct tarn_vector *a, const struct tarn_vector *b, uint8_t *bits)
{
    if (a->shape != TARN_SHAPE_FLAT || b->shape != TARN_SHAPE_FLAT) {
        return false;
    }
    switch (tarn_type_kind(a->type)) {
        COMPARE_FLAT(TARN_KIND_I32, int32_t);
        COMPARE_FLAT(TARN_KIND_I64, int64_t);
    default:
        return false;
    }
}

/* Two columns, row by row where they lie. */
static enum tarn_status compare_vectors(struct tarn_expr_eval *eval, enum tarn_expr_op op, const struct tarn_vector *a,
                                        const struct tarn_vector *b, struct tarn_vector **out, struct tarn_error *err)
{
    struct tarn_buffer *bits = tarn__bitmap_new(eval->env, a->length, false);
    struct tarn_buffer *validity = tarn__bitmap_new(eval->env, a->length, false);
    if (bits == NULL || validity == NULL) {
        tarn__buffer_release(bits);
        tarn__buffer_release(validity);
        return nomem(eval, err);
    }
    const bool compared = compare_flat(op, a, b, bits->data);
    for (uint32_t i = 0; i < a->length; i++) {
        const bool valid = !tarn_vector_is_null(a, i) && !tarn_vector_is_null(b, i);
        tarn__bit_put(validity->data, i, valid);
        if (!valid) {
            tarn__bit_clear(bits->data, i);
        } else if (!compared) {
            tarn__bit_put(bits->data, i, holds(op, tarn__vector_compare(a, i, b, i)));
        }
    }
    return made(eval, tarn__vector_flat(eval->env, &boolean, a->length, bits, validity), out, err);
}

static enum tarn_status node_comparison(struct tarn_expr_eval *eval, const struct tarn_expr_node *node,
                                        const struct tarn_selection *selection, struct tarn_vector **out, struct tarn_error *err)
{
    struct tarn_vector *a;
    struct tarn_vector *b = NULL;
    TARN_RETURN_IF_ERROR(tarn_expr_eval_node(eval, node->args[0], selection, &a, err));
    enum tarn_status status = tarn_expr_eval_node(eval, node->args[1], selection, &b, err);
    if (status == TARN_OK) {
        status = compare_vectors(eval, node->op, a, b, out, err);
    }
    tarn_vector_release(a);
    tarn_vector_release(b);
    return status;
}

/* ---- logic ---- */

/* What a row of a BOOL vector is. */
enum outcome { IS_FALSE = 0, IS_TRUE = 1, IS_UNKNOWN = 2 };

static enum outcome outcome_of(const struct tarn_vector *vector, uint32_t row)
{
    const struct tarn__vector_place place = tarn__vector_locate(vector, row);
    return place.is_null ? IS_UNKNOWN : tarn__bit_get(place.vector->u.values, place.row) ? IS_TRUE : IS_FALSE;
}

static enum tarn_status outcomes_to_vector(struct tarn_expr_eval *eval, const uint8_t *outcomes, uint32_t rows, struct tarn_vector **out,
                                           struct tarn_error *err)
{
    struct tarn_buffer *bits = tarn__bitmap_new(eval->env, rows, false);
    struct tarn_buffer *validity = tarn__bitmap_new(eval->env, rows, false);
    for (uint32_t i = 0; i < rows && bits != NULL && validity != NULL; i++) {
        tarn__bit_put(bits->data, i, outcomes[i] == IS_TRUE);
        tarn__bit_put(validity->data, i, outcomes[i] != IS_UNKNOWN);
    }
    if (validity == NULL) {
        tarn__buffer_release(bits);
        bits = NULL;
    }
    return made(eval, tarn__vector_flat(eval->env, &boolean, rows, bits, validity), out, err);
}

/* Rows that are not decided yet: their positions in the input and in the result. */
struct open_rows {
    uint32_t count;
    uint32_t *positions;
    uint32_t *places;
};

static enum tarn_status node_and_or(struct tarn_expr_eval *eval, const struct tarn_expr_node *node, const struct tarn_selection *selection,
                                    struct tarn_vector **out, struct tarn_error *err)
{
    const enum outcome decisive = node->op == TARN_EXPR_AND ? IS_FALSE : IS_TRUE;
    const uint32_t rows = selection->count;
    struct open_rows open = {rows, tarn__alloc(eval->env, tarn__selection_bytes(rows)),
                             tarn__alloc(eval->env, tarn__selection_bytes(rows))};
    uint8_t *outcomes = tarn__alloc(eval->env, (size_t)rows + 1);
    enum tarn_status status = open.positions != NULL && open.places != NULL && outcomes != NULL ? TARN_OK : nomem(eval, err);
    if (status == TARN_OK) {
        const uint32_t *positions = tarn__selection_positions(selection, open.positions);
        for (uint32_t i = 0; i < rows; i++) {
            open.positions[i] = positions[i];
            open.places[i] = i;
            outcomes[i] = (uint8_t)!decisive;
        }
    }
    for (uint32_t arg = 0; arg < node->arg_count && open.count != 0 && status == TARN_OK; arg++) {
        const struct tarn_selection left = tarn__selection_of_positions(selection->rows, open.count, open.positions);
        struct tarn_vector *vector;
        status = tarn_expr_eval_node(eval, node->args[arg], &left, &vector, err);
        uint32_t kept = 0;
        for (uint32_t i = 0; i < open.count && status == TARN_OK; i++) {
            const enum outcome outcome = outcome_of(vector, i);
            if (outcome == decisive || outcome == IS_UNKNOWN) {
                outcomes[open.places[i]] = (uint8_t)outcome;
            }
            if (outcome != decisive) {
                open.positions[kept] = open.positions[i];
                open.places[kept++] = open.places[i];
            }
        }
        open.count = kept;
        if (status == TARN_OK) {
            tarn_vector_release(vector);
        }
    }
    if (status == TARN_OK) {
        status = outcomes_to_vector(eval, outcomes, rows, out, err);
    }
    tarn__free(eval->env, open.positions);
    tarn__free(eval->env, open.places);
    tarn__free(eval->env, outcomes);
    return status;
}

static enum tarn_status node_not(struct tarn_expr_eval *eval, const struct tarn_expr_node *node, const struct tarn_selection *selection,
                                 struct tarn_vector **out, struct tarn_error *err)
{
    struct tarn_vector *vector;
    TARN_RETURN_IF_ERROR(tarn_expr_eval_node(eval, node->args[0], selection, &vector, err));
    const uint32_t rows = vector->length;
    uint8_t *outcomes = tarn__alloc(eval->env, (size_t)rows + 1);
    enum tarn_status status = outcomes != NULL ? TARN_OK : nomem(eval, err);
    for (uint32_t i = 0; i < rows && status == TARN_OK; i++) {
        const enum outcome outcome = outcome_of(vector, i);
        outcomes[i] = (uint8_t)(outcome == IS_UNKNOWN ? IS_UNKNOWN : !outcome);
    }
    if (status == TARN_OK) {
        status = outcomes_to_vector(eval, outcomes, rows, out, err);
    }
    tarn__free(eval->env, outcomes);
    tarn_vector_release(vector);
    return status;
}

/* ---- columns, literals, casts, calls ---- */

static enum tarn_status node_column(struct tarn_expr_eval *eval, const struct tarn_expr_node *node, const struct tarn_selection *selection,
                                    struct tarn_vector **out, struct tarn_error *err)
{
    struct tarn_vector *borrowed = NULL;
    TARN_RETURN_IF_ERROR(eval->input->column(eval->input->ctx, node->slot, selection, &borrowed, err));
    if (borrowed == NULL || borrowed->length != selection->count || tarn_type_kind(borrowed->type) != tarn_type_kind(node->type)) {
        return tarn__internal(err, "a column of an expression has other rows or another type than it was asked for");
    }
    *out = tarn_vector_retain(borrowed);
    return TARN_OK;
}

static enum tarn_status node_literal(struct tarn_expr_eval *eval, const struct tarn_expr_node *node, const struct tarn_selection *selection,
                                     struct tarn_vector **out, struct tarn_error *err)
{
    struct learned *learned = learned_of(eval, node);
    if (node->value.is_null) {
        return made(eval, tarn__vector_nulls(eval->env, node->type, selection->count), out, err);
    }
    if (learned->literal == NULL) {
        learned->literal = tarn__vector_of_value(eval->env, node->type, 1, &node->value);
    }
    return made(eval, tarn__vector_constant(eval->env, node->type, selection->count, tarn_vector_retain(learned->literal)), out, err);
}

static enum tarn_status node_cast(struct tarn_expr_eval *eval, const struct tarn_expr_node *node, const struct tarn_selection *selection,
                                  struct tarn_vector **out, struct tarn_error *err)
{
    struct learned *learned = learned_of(eval, node);
    struct tarn_vector *vector;
    TARN_RETURN_IF_ERROR(tarn_expr_eval_node(eval, node->args[0], selection, &vector, err));
    enum tarn_status status;
    if (vector->shape == TARN_SHAPE_DICTIONARY && learned->known && learned->dictionary == vector->dictionary->id) {
        status = made(eval, tarn__vector_with_dictionary(vector, learned->cast, node->type), out, err);
    } else {
        status = tarn__vector_cast(vector, node->type, out, err);
        if (status == TARN_OK && vector->shape == TARN_SHAPE_DICTIONARY) {
            tarn__dictionary_release(learned->cast);
            learned->cast = tarn__dictionary_retain((*out)->dictionary);
            learned->dictionary = vector->dictionary->id;
            learned->known = true;
        }
    }
    tarn_vector_release(vector);
    return status;
}

static enum tarn_status node_call(struct tarn_expr_eval *eval, const struct tarn_expr_node *node, const struct tarn_selection *selection,
                                  struct tarn_vector **out, struct tarn_error *err)
{
    if (eval->host == NULL || eval->host->call == NULL) {
        return tarn__unsupported(err, "expr.function", "function %u is needed, and no host lends functions", node->function);
    }
    TARN_RETURN_IF_ERROR(eval->host->call(eval->host->ctx, eval, node, selection, out, err));
    if (*out == NULL || (*out)->length != selection->count || tarn_type_kind((*out)->type) != tarn_type_kind(node->type)) {
        tarn_vector_release(*out);
        *out = NULL;
        return tarn__internal(err, "function %u gave other rows or another type than it was asked for", node->function);
    }
    return TARN_OK;
}

enum tarn_status tarn_expr_eval_node(struct tarn_expr_eval *eval, const struct tarn_expr_node *node, const struct tarn_selection *selection,
                                     struct tarn_vector **out, struct tarn_error *err)
{
    *out = NULL;
    switch (node->op) {
    case TARN_EXPR_COLUMN:
        return node_column(eval, node, selection, out, err);
    case TARN_EXPR_LITERAL:
        return node_literal(eval, node, selection, out, err);
    case TARN_EXPR_IS_NULL:
        return node_is_null(eval, node, selection, out, err);
    case TARN_EXPR_AND:
    case TARN_EXPR_OR:
        return node_and_or(eval, node, selection, out, err);
    case TARN_EXPR_NOT:
        return node_not(eval, node, selection, out, err);
    case TARN_EXPR_CAST:
        return node_cast(eval, node, selection, out, err);
    case TARN_EXPR_CALL:
        return node_call(eval, node, selection, out, err);
    default:
        return tarn__predicate_fits(node) ? node_test(eval, node, selection, out, err) : node_comparison(eval, node, selection, out, err);
    }
}

enum tarn_status tarn_expr_eval_run(struct tarn_expr_eval *eval, const struct tarn_expr_input *input,
                                    const struct tarn_selection *selection, struct tarn_vector **out, struct tarn_error *err)
{
    const struct tarn_selection all = tarn_selection_all(input->rows);
    eval->input = input;
    const enum tarn_status status = tarn_expr_eval_node(eval, eval->expr->root, selection != NULL ? selection : &all, out, err);
    eval->input = NULL;
    return status;
}

/* ---- filters ---- */

/* Rows that are left of the input: all of them, or the first `count` of `positions`. */
struct rows {
    bool all;
    uint32_t count;
    uint32_t *positions; /* room for all */
};

static struct tarn_selection selection_of(const struct tarn_expr_eval *eval, const struct rows *rows)
{
    return rows->all ? tarn_selection_all(eval->input->rows)
                     : tarn__selection_of_positions(eval->input->rows, rows->count, rows->positions);
}

/* Keeps the rows whose outcome is `wanted`. In place: a row moves to the front only. */
static enum tarn_status keep_rows(struct tarn_expr_eval *eval, const struct tarn_vector *vector, bool wanted, struct rows *rows,
                                  struct tarn_error *err)
{
    uint32_t kept = 0;
    if (vector->shape == TARN_SHAPE_NULLS) {
        rows->all = false;
        rows->count = 0;
        return TARN_OK;
    }
    if (vector->shape == TARN_SHAPE_CONSTANT) {
        if (vector->length == 0 || outcome_of(vector, 0) != (wanted ? IS_TRUE : IS_FALSE)) {
            rows->all = false;
            rows->count = 0;
        }
        return TARN_OK;
    }
    if (vector->shape != TARN_SHAPE_FLAT) {
        for (uint32_t i = 0; i < rows->count; i++) {
            if (outcome_of(vector, i) == (wanted ? IS_TRUE : IS_FALSE)) {
                rows->positions[kept++] = rows->all ? i : rows->positions[i];
            }
        }
    } else {
        const size_t bytes = tarn__bits_bytes(rows->count);
        struct tarn_buffer *bits = tarn__bitmap_new(eval->env, rows->count, true);
        if (bits == NULL) {
            return nomem(eval, err);
        }
        if (wanted) {
            eval->kernels->bits_and(bits->data, vector->u.values, bytes, bits->data);
        } else {
            eval->kernels->bits_and_not(bits->data, vector->u.values, bytes, bits->data);
        }
        if (vector->validity != NULL) {
            eval->kernels->bits_and(bits->data, vector->validity, bytes, bits->data);
        }
        if (rows->all) {
            kept = tarn__mask_positions(bits->data, rows->count, rows->positions);
        } else {
            for (uint32_t i = 0; i < rows->count; i++) {
                rows->positions[kept] = rows->positions[i];
                kept += tarn__bit_get(bits->data, i);
            }
        }
        tarn__buffer_release(bits);
    }
    rows->all = rows->all && kept == rows->count;
    rows->count = kept;
    return TARN_OK;
}

static enum tarn_status narrow(struct tarn_expr_eval *eval, const struct tarn_expr_node *node, bool wanted, struct rows *rows,
                               struct tarn_error *err);

/* The rows for which one argument at least is `wanted`: each is asked for those that no argument before has taken. */
static enum tarn_status narrow_any(struct tarn_expr_eval *eval, const struct tarn_expr_node *node, bool wanted, struct rows *rows,
                                   struct tarn_error *err)
{
    const uint32_t input_rows = eval->input->rows;
    struct rows left = {rows->all, rows->count, tarn__alloc(eval->env, tarn__selection_bytes(input_rows))};
    struct rows asked = {false, 0, tarn__alloc(eval->env, tarn__selection_bytes(input_rows))};
    struct tarn_buffer *taken = tarn__bitmap_new(eval->env, input_rows, false);
    enum tarn_status status = left.positions != NULL && asked.positions != NULL && taken != NULL ? TARN_OK : nomem(eval, err);
    for (uint32_t i = 0; i < rows->count && status == TARN_OK; i++) {
        left.positions[i] = rows->all ? i : rows->positions[i];
    }
    for (uint32_t arg = 0; arg < node->arg_count && left.count != 0 && status == TARN_OK; arg++) {
        asked.all = left.all;
        asked.count = left.count;
        memcpy(asked.positions, left.positions, left.count * sizeof(*left.positions));
        status = narrow(eval, node->args[arg], wanted, &asked, err);
        if (status != TARN_OK || asked.count == 0) {
            continue;
        }
        for (uint32_t i = 0; i < asked.count; i++) {
            tarn__bit_set(taken->data, asked.all ? i : asked.positions[i]);
        }
        uint32_t kept = 0;
        for (uint32_t i = 0; i < left.count; i++) {
            left.positions[kept] = left.positions[i];
            kept += !tarn__bit_get(taken->data, left.positions[i]);
        }
        left.all = left.all && kept == left.count;
        left.count = kept;
    }
    if (status == TARN_OK) {
        const uint32_t before = rows->count;
        rows->count = tarn__mask_positions(taken->data, input_rows, rows->positions);
        rows->all = rows->all && rows->count == before;
    }
    tarn__free(eval->env, left.positions);
    tarn__free(eval->env, asked.positions);
    tarn__buffer_release(taken);
    return status;
}

static enum tarn_status narrow(struct tarn_expr_eval *eval, const struct tarn_expr_node *node, bool wanted, struct rows *rows,
                               struct tarn_error *err)
{
    if (node->op == TARN_EXPR_NOT) {
        return narrow(eval, node->args[0], !wanted, rows, err);
    }
    if (node->op == TARN_EXPR_AND || node->op == TARN_EXPR_OR) {
        if ((node->op == TARN_EXPR_OR) == wanted) { /* by de Morgan: an AND is false where any argument is */
            return narrow_any(eval, node, wanted, rows, err);
        }
        for (uint32_t arg = 0; arg < node->arg_count && rows->count != 0; arg++) {
            TARN_RETURN_IF_ERROR(narrow(eval, node->args[arg], wanted, rows, err));
        }
        return TARN_OK;
    }
    const struct tarn_selection selection = selection_of(eval, rows);
    struct tarn_vector *vector;
    TARN_RETURN_IF_ERROR(tarn_expr_eval_node(eval, node, &selection, &vector, err));
    const enum tarn_status status = keep_rows(eval, vector, wanted, rows, err);
    tarn_vector_release(vector);
    return status;
}

enum tarn_status tarn_expr_eval_filter(struct tarn_expr_eval *eval, const struct tarn_expr_input *input,
                                       const struct tarn_selection *selection, struct tarn_selection *out, struct tarn_error *err)
{
    *out = tarn_selection_all(0);
    if (eval->expr->root->type->id != TARN_TYPE_BOOL) {
        return tarn__invalid(err, "filter_type", "a filter must be BOOLEAN");
    }
    const size_t room = tarn__selection_bytes(input->rows) / sizeof(*eval->passed);
    if (!tarn__grow(eval->env, &eval->passed, &eval->passed_capacity, room, sizeof(*eval->passed))) {
        return nomem(eval, err);
    }
    struct rows rows = {true, input->rows, eval->passed};
    if (selection != NULL && selection->count != input->rows) {
        const uint32_t *positions = tarn__selection_positions(selection, eval->passed);
        if (positions != eval->passed) {
            memmove(eval->passed, positions, selection->count * sizeof(*positions));
        }
        rows = (struct rows){false, selection->count, eval->passed};
    }
    eval->input = input;
    const enum tarn_status status = rows.count != 0 ? narrow(eval, eval->expr->root, true, &rows, err) : TARN_OK;
    if (status == TARN_OK) {
        *out = selection_of(eval, &rows);
    }
    eval->input = NULL;
    return status;
}
