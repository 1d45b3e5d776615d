/* SPDX-License-Identifier: Apache-2.0
 *
 * CASE, COALESCE, NULLIF, GREATEST, LEAST, IS DISTINCT FROM, typeof: what chooses between values. SPEC: Q-COND-1 to Q-COND-3.
 *
 * Invariants
 *  1. CASE and COALESCE evaluate a branch only for the rows that need it, in the order written: CASE WHEN x <> 0 THEN 1 / x END is safe.
 *  2. `pending` lists the positions (in the call's rows) that have no answer yet; it only shrinks.
 */
#include "format/batch/compare.h"
#include "format/batch/flatten.h"
#include "format/batch/gather.h"
#include "format/batch/selection.h"
#include "query/functions/function.h"

/* Branches' answers, joined at the end: row i of the result is row from[i] of all parts one after the other. */
struct choice {
    struct tarn__call *call;
    uint32_t *pending; /* rows without answer */
    uint32_t pending_count;
    uint32_t *room;   /* positions among the batch's rows, of those asked for */
    uint32_t *base;   /* position of each row of the call among the batch's rows */
    uint32_t *answer; /* TARN_GATHER_NULL: null */
    struct tarn_vector **parts;
    uint32_t part_count;
    uint32_t part_rows;
};

static void choice_free(struct choice *choice)
{
    struct tarn_env *env = choice->call->env;
    for (uint32_t i = 0; i < choice->part_count; i++) {
        tarn_vector_release(choice->parts[i]);
    }
    tarn__free(env, choice->parts);
    tarn__free(env, choice->pending);
    tarn__free(env, choice->room);
    tarn__free(env, choice->base);
    tarn__free(env, choice->answer);
}

static enum tarn_status choice_init(struct choice *choice, struct tarn__call *call)
{
    const size_t bytes = tarn__selection_bytes(call->selection->rows);
    *choice = (struct choice){.call = call, .pending_count = call->rows};
    choice->pending = tarn__alloc(call->env, bytes);
    choice->room = tarn__alloc(call->env, bytes);
    choice->base = tarn__alloc(call->env, bytes);
    choice->answer = tarn__alloc(call->env, bytes);
    choice->parts = tarn__calloc(call->env, call->node->arg_count + 1u, sizeof(struct tarn_vector *));
    if (choice->pending == NULL || choice->room == NULL || choice->base == NULL || choice->answer == NULL || choice->parts == NULL) {
        return tarn__call_nomem(call);
    }
    const uint32_t *positions = tarn__selection_positions(call->selection, choice->base);
    if (positions != choice->base && call->rows != 0) {
        memcpy(choice->base, positions, (size_t)call->rows * sizeof(uint32_t));
    }
    for (uint32_t i = 0; i < call->rows; i++) {
        choice->pending[i] = i;
        choice->answer[i] = TARN_GATHER_NULL;
    }
    return TARN_OK;
}

/* Evaluates an argument for `count` rows of the call. */
static enum tarn_status evaluate(struct choice *choice, const struct tarn_expr_node *node, const uint32_t *rows, uint32_t count,
                                 struct tarn_vector **out)
{
    for (uint32_t i = 0; i < count; i++) {
        choice->room[i] = choice->base[rows[i]];
    }
    const struct tarn_selection selection = tarn__selection_of_positions(choice->call->selection->rows, count, choice->room);
    return tarn_expr_eval_node(choice->call->eval, node, &selection, out, choice->call->err);
}

/* Those `count` rows get the values of this vector. */
static void answer_with(struct choice *choice, const uint32_t *rows, uint32_t count, struct tarn_vector *values)
{
    choice->parts[choice->part_count++] = values;
    for (uint32_t i = 0; i < count; i++) {
        choice->answer[rows[i]] = choice->part_rows + i;
    }
    choice->part_rows += values->length;
}

static enum tarn_status choice_finish(struct choice *choice, struct tarn_vector **out)
{
    struct tarn__call *call = choice->call;
    struct tarn_vector *whole;
    if (choice->part_count == 0) {
        *out = tarn__vector_nulls(call->env, call->node->type, call->rows);
        return *out != NULL ? TARN_OK : tarn__call_nomem(call);
    }
    TARN_RETURN_IF_ERROR(tarn__vector_concat(call->env, call->node->type, choice->part_count, choice->parts, NULL, &whole, call->err));
    const enum tarn_status status = tarn__vector_gather(whole, choice->answer, call->rows, out, call->err);
    tarn_vector_release(whole);
    return status;
}

/* One WHEN .. THEN: moves the rows for which the condition is true out of `pending`. */
static enum tarn_status branch(struct choice *choice, const struct tarn_expr_node *condition, const struct tarn_expr_node *value)
{
    struct tarn_vector *truth;
    struct tarn_vector *values;
    struct tarn__operand operand;
    uint32_t kept = 0;
    uint32_t taken = 0;

    TARN_RETURN_IF_ERROR(evaluate(choice, condition, choice->pending, choice->pending_count, &truth));
    enum tarn_status status = tarn__operand_init(&operand, truth, choice->call->err);
    uint32_t *rows = status == TARN_OK ? tarn__alloc(choice->call->env, ((size_t)choice->pending_count + 1) * sizeof(uint32_t)) : NULL;
    if (status == TARN_OK && rows == NULL) {
        status = tarn__call_nomem(choice->call);
    }
    for (uint32_t i = 0; status == TARN_OK && i < choice->pending_count; i++) {
        if (!tarn__operand_null(&operand, i) && tarn__operand_bool_at(&operand, i)) {
            rows[taken++] = choice->pending[i];
        } else {
            choice->pending[kept++] = choice->pending[i];
        }
    }
    if (status == TARN_OK) {
        tarn__operand_free(&operand);
        choice->pending_count = kept;
        if (taken != 0) {
            status = evaluate(choice, value, rows, taken, &values);
            if (status == TARN_OK) {
                answer_with(choice, rows, taken, values);
            }
        }
    }
    tarn__free(choice->call->env, rows);
    tarn_vector_release(truth);
    return status;
}

/* args: condition, value, condition, value, ... [, otherwise] */
enum tarn_status tarn__run_case(struct tarn__call *call, struct tarn_vector **out)
{
    const struct tarn_expr_node *node = call->node;
    struct choice choice;
    enum tarn_status status = choice_init(&choice, call);
    for (uint32_t i = 0; status == TARN_OK && i + 1 < node->arg_count && choice.pending_count != 0; i += 2) {
        status = branch(&choice, node->args[i], node->args[i + 1]);
    }
    if (status == TARN_OK && node->arg_count % 2 != 0 && choice.pending_count != 0) {
        struct tarn_vector *values;
        status = evaluate(&choice, node->args[node->arg_count - 1], choice.pending, choice.pending_count, &values);
        if (status == TARN_OK) {
            answer_with(&choice, choice.pending, choice.pending_count, values);
        }
    }
    status = status == TARN_OK ? choice_finish(&choice, out) : status;
    choice_free(&choice);
    return status;
}

enum tarn_status tarn__run_coalesce(struct tarn__call *call, struct tarn_vector **out)
{
    struct choice choice;
    enum tarn_status status = choice_init(&choice, call);
    for (uint32_t i = 0; status == TARN_OK && i < call->node->arg_count && choice.pending_count != 0; i++) {
        struct tarn_vector *values;
        uint32_t kept = 0;
        status = evaluate(&choice, call->node->args[i], choice.pending, choice.pending_count, &values);
        if (status != TARN_OK) {
            break;
        }
        choice.parts[choice.part_count++] = values;
        for (uint32_t k = 0; k < choice.pending_count; k++) {
            if (tarn_vector_is_null(values, k)) {
                choice.pending[kept++] = choice.pending[k];
            } else {
                choice.answer[choice.pending[k]] = choice.part_rows + k;
            }
        }
        choice.part_rows += values->length;
        choice.pending_count = kept;
    }
    status = status == TARN_OK ? choice_finish(&choice, out) : status;
    choice_free(&choice);
    return status;
}

/* Builds rows picked from the arguments: pick(call, row) is the number of the argument, or -1 for null. */
static enum tarn_status pick_rows(struct tarn__call *call, int32_t (*pick)(const struct tarn__call *call, uint32_t row),
                                  struct tarn_vector **out)
{
    struct tarn_vector *whole;
    uint32_t *positions = tarn__alloc(call->env, ((size_t)call->rows + 1) * sizeof(uint32_t));
    if (positions == NULL) {
        return tarn__call_nomem(call);
    }
    for (uint32_t i = 0; i < call->rows; i++) {
        const int32_t which = pick(call, i);
        positions[i] = which < 0 ? TARN_GATHER_NULL : (uint32_t)which * call->rows + i;
    }
    enum tarn_status status = tarn__vector_concat(call->env, call->node->type, call->count, call->args, NULL, &whole, call->err);
    if (status == TARN_OK) {
        status = tarn__vector_gather(whole, positions, call->rows, out, call->err);
        tarn_vector_release(whole);
    }
    tarn__free(call->env, positions);
    return status;
}

static int32_t pick_greatest(const struct tarn__call *call, uint32_t row)
{
    int32_t best = -1;
    for (uint32_t i = 0; i < call->count; i++) {
        if (!tarn__operand_null(&call->operands[i], row) &&
            (best < 0 || tarn__vector_compare(call->args[i], row, call->args[best], row) > 0)) {
            best = (int32_t)i;
        }
    }
    return best;
}

static int32_t pick_least(const struct tarn__call *call, uint32_t row)
{
    int32_t best = -1;
    for (uint32_t i = 0; i < call->count; i++) {
        if (!tarn__operand_null(&call->operands[i], row) &&
            (best < 0 || tarn__vector_compare(call->args[i], row, call->args[best], row) < 0)) {
            best = (int32_t)i;
        }
    }
    return best;
}

enum tarn_status tarn__run_extreme(struct tarn__call *call, struct tarn_vector **out)
{
    return pick_rows(call, call->parameter != 0 ? pick_greatest : pick_least, out);
}

/* args: the value, and both in their common type */
enum tarn_status tarn__run_nullif(struct tarn__call *call, struct tarn_vector **out)
{
    uint32_t *positions = tarn__alloc(call->env, ((size_t)call->rows + 1) * sizeof(uint32_t));
    if (positions == NULL) {
        return tarn__call_nomem(call);
    }
    for (uint32_t i = 0; i < call->rows; i++) {
        const bool equal = !tarn__operand_null(&call->operands[1], i) && !tarn__operand_null(&call->operands[2], i) &&
                           tarn__vector_rows_equal(call->args[1], i, call->args[2], i);
        positions[i] = equal ? TARN_GATHER_NULL : i;
    }
    const enum tarn_status status = tarn__vector_gather(call->args[0], positions, call->rows, out, call->err);
    tarn__free(call->env, positions);
    return status;
}

enum tarn_status tarn__run_distinct_from(struct tarn__call *call, struct tarn_vector **out)
{
    struct tarn_buffer *bits = tarn__buffer_new_zeroed(call->env, tarn__bits_bytes(call->rows));
    if (bits == NULL) {
        return tarn__call_nomem(call);
    }
    for (uint32_t i = 0; i < call->rows; i++) {
        const bool a = tarn__operand_null(&call->operands[0], i);
        const bool b = tarn__operand_null(&call->operands[1], i);
        tarn__bit_put(bits->data, i, a || b ? a != b : !tarn__vector_rows_equal(call->args[0], i, call->args[1], i));
    }
    return tarn__call_bits(call, bits, NULL, out);
}

/* Comparison of what the tree itself does not compare (lists, structs, intervals): args[2] is the operator's number. */
enum tarn_status tarn__run_compare(struct tarn__call *call, struct tarn_vector **out)
{
    struct tarn_buffer *validity;
    TARN_RETURN_IF_ERROR(tarn__call_validity(call, &validity));
    struct tarn_buffer *bits = tarn__buffer_new_zeroed(call->env, tarn__bits_bytes(call->rows));
    const enum tarn_expr_op op = call->rows != 0 ? (enum tarn_expr_op)tarn__operand_i128_at(&call->operands[2], 0) : TARN_EXPR_EQ;
    for (uint32_t i = 0; bits != NULL && i < call->rows; i++) {
        if (tarn__row_valid(validity, i)) {
            const int order = tarn__vector_compare(call->args[0], i, call->args[1], i);
            tarn__bit_put(bits->data, i,
                          op == TARN_EXPR_EQ   ? order == 0
                          : op == TARN_EXPR_NE ? order != 0
                          : op == TARN_EXPR_LT ? order < 0
                          : op == TARN_EXPR_LE ? order <= 0
                          : op == TARN_EXPR_GT ? order > 0
                                               : order >= 0);
        }
    }
    return tarn__call_bits(call, bits, validity, out);
}

enum tarn_status tarn__run_type_of(struct tarn__call *call, struct tarn_vector **out)
{
    char name[512];
    const size_t size = tarn_type_format(call->node->args[0]->type, name, sizeof(name));
    const struct tarn_value value = {.type = call->node->type, .u.bytes = {name, size < sizeof(name) ? size : sizeof(name) - 1}};
    *out = tarn__vector_of_value(call->env, call->node->type, call->rows, &value);
    return *out != NULL ? TARN_OK : tarn__call_nomem(call);
}
