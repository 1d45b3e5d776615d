/* SPDX-License-Identifier: Apache-2.0
 *
 * The host of calls: from a node to its function, arguments evaluated, a dictionary argument computed once an entry.
 *
 * Invariants
 *  1. A function that is computed over the entries of a dictionary is total: an entry that no row has cannot fail the query.
 *  2. Null slots of what functions give are zero.
 */
#include "query/functions/function.h"

#include <stdarg.h>
#include <stdio.h>

#include "format/base/checked.h"
#include "format/base/datetime.h"
#include "format/batch/gather.h"
#include "query/bind/spark.h"
#include "query/sql/caret.h"
#include "tarn/query.h"

static const struct tarn__function functions[] = {
#define FUNCTION(id, name, rule, signature, flags, run, parameter)                                                                         \
    {id, name, TARN__RULE_##rule, signature, flags, parameter, tarn__run_##run},
#include "query/functions/functions.def"
#undef FUNCTION
};

enum { FUNCTION_COUNT = sizeof(functions) / sizeof(functions[0]), MAX_ARGUMENTS = 1024 };

uint32_t tarn__function_count(void)
{
    return FUNCTION_COUNT;
}

const struct tarn__function *tarn__function_at(uint32_t index)
{
    return &functions[index];
}

const struct tarn__function *tarn__function_find(uint32_t id)
{
    for (uint32_t i = 0; i < FUNCTION_COUNT; i++) {
        if (functions[i].id == id) {
            return &functions[i];
        }
    }
    return NULL;
}

const char *tarn_sql_function(uint32_t index)
{
    for (uint32_t i = 0; i < FUNCTION_COUNT; i++) {
        if ((functions[i].flags & TARN__FUNCTION_HIDDEN) == 0 && index-- == 0) {
            return functions[i].name;
        }
    }
    return NULL;
}

enum tarn_status tarn__call_invalid(const struct tarn__call *call, const char *detail, const char *format, ...)
{
    char message[256];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    (void)tarn__invalid(call->err, detail, "%s", message);
    if (call->node->place != TARN_NO_PLACE) {
        tarn__error_at_offset(call->err, call->node->place);
    }
    return TARN_INVALID;
}

void tarn__print_value(struct tarn_text_builder *out, const struct tarn_vector *vector, uint32_t row)
{
    if (tarn_vector_is_null(vector, row)) {
        tarn__builder_add_str(out, "NULL");
    } else {
        tarn__row_text(out, vector, row, TARN_STYLE_SQL);
    }
}

enum tarn_status tarn__call_nomem(const struct tarn__call *call)
{
    return tarn__nomem(call->env, call->err, 0);
}

enum tarn_status tarn__call_validity(const struct tarn__call *call, struct tarn_buffer **out)
{
    return tarn__operands_validity(call->env, call->count, call->operands, call->rows, out, call->err);
}

static enum tarn_status finish_flat(const struct tarn__call *call, struct tarn_buffer *values, struct tarn_buffer *validity,
                                    struct tarn_vector **out)
{
    *out = tarn__vector_flat(call->env, call->node->type, call->rows, values, validity);
    return *out != NULL ? TARN_OK : tarn__call_nomem(call);
}

/* The least and greatest value that a type holds. */
static void limits(const struct tarn_type *type, tarn_i128 *least, tarn_i128 *greatest)
{
    const uint32_t bits = tarn_type_width(type) * 8;
    if (type->id == TARN_TYPE_DECIMAL) {
        *greatest = 1;
        for (int32_t i = 0; i < type->precision; i++) {
            *greatest *= 10;
        }
        *greatest -= 1;
        *least = -*greatest;
    } else if (type->id >= TARN_TYPE_U8 && type->id <= TARN_TYPE_U64) {
        *least = 0;
        *greatest = ((tarn_i128)1 << bits) - 1;
    } else {
        *greatest = bits >= 128 ? TARN_I128_MAX : ((tarn_i128)1 << (bits - 1)) - 1;
        *least = -*greatest - 1;
    }
}

#define NARROW(type, from)                                                                                                                 \
    do {                                                                                                                                   \
        type *to = (type *)(void *)buffer->data;                                                                                           \
        for (uint32_t i = 0; i < call->rows; i++) {                                                                                        \
            to[i] = (type)(from)[i];                                                                                                       \
        }                                                                                                                                  \
    } while (0)

static void store_wide(struct tarn_buffer *buffer, const tarn_i128 *values, uint32_t rows)
{
    uint64_t *words = (uint64_t *)(void *)buffer->data;
    for (uint32_t i = 0; i < rows; i++) {
        words[2 * (size_t)i] = (uint64_t)values[i];
        words[2 * (size_t)i + 1] = (uint64_t)((tarn_u128)values[i] >> 64);
    }
}

enum tarn_status tarn__call_integers(const struct tarn__call *call, const int64_t *values, struct tarn_buffer *validity, uint32_t *bad,
                                     struct tarn_vector **out)
{
    const uint32_t width = tarn_type_width(call->node->type);
    tarn_i128 least;
    tarn_i128 greatest;
    *bad = UINT32_MAX;
    *out = NULL;
    limits(call->node->type, &least, &greatest);
    if (least > INT64_MIN || greatest < INT64_MAX) {
        const int64_t low = least < INT64_MIN ? INT64_MIN : (int64_t)least;
        const int64_t high = greatest > INT64_MAX ? INT64_MAX : (int64_t)greatest;
        for (uint32_t i = 0; i < call->rows; i++) {
            if ((values[i] < low || values[i] > high) && tarn__row_valid(validity, i)) {
                *bad = i;
                tarn__buffer_release(validity);
                return TARN_OK;
            }
        }
    }
    struct tarn_buffer *buffer = tarn__buffer_new(call->env, (size_t)call->rows * width);
    if (buffer == NULL) {
        tarn__buffer_release(validity);
        return tarn__call_nomem(call);
    }
    switch (width) {
    case 1:
        NARROW(int8_t, values);
        break;
    case 2:
        NARROW(int16_t, values);
        break;
    case 4:
        NARROW(int32_t, values);
        break;
    case 8:
        memcpy(buffer->data, values, (size_t)call->rows * 8);
        break;
    default: {
        uint64_t *words = (uint64_t *)(void *)buffer->data;
        for (uint32_t i = 0; i < call->rows; i++) {
            words[2 * (size_t)i] = (uint64_t)values[i];
            words[2 * (size_t)i + 1] = values[i] < 0 ? UINT64_MAX : 0;
        }
        break;
    }
    }
    tarn__clear_null_slots(buffer->data, width, validity, call->rows);
    return finish_flat(call, buffer, validity, out);
}

enum tarn_status tarn__call_wide(const struct tarn__call *call, const tarn_i128 *values, struct tarn_buffer *validity, uint32_t *bad,
                                 struct tarn_vector **out)
{
    const uint32_t width = tarn_type_width(call->node->type);
    tarn_i128 least;
    tarn_i128 greatest;
    *bad = UINT32_MAX;
    *out = NULL;
    limits(call->node->type, &least, &greatest);
    for (uint32_t i = 0; i < call->rows; i++) {
        if ((values[i] < least || values[i] > greatest) && tarn__row_valid(validity, i)) {
            *bad = i;
            tarn__buffer_release(validity);
            return TARN_OK;
        }
    }
    struct tarn_buffer *buffer = tarn__buffer_new(call->env, (size_t)call->rows * width);
    if (buffer == NULL) {
        tarn__buffer_release(validity);
        return tarn__call_nomem(call);
    }
    switch (width) {
    case 1:
        NARROW(int8_t, values);
        break;
    case 2:
        NARROW(int16_t, values);
        break;
    case 4:
        NARROW(int32_t, values);
        break;
    case 8:
        NARROW(int64_t, values);
        break;
    default:
        store_wide(buffer, values, call->rows);
        break;
    }
    tarn__clear_null_slots(buffer->data, width, validity, call->rows);
    return finish_flat(call, buffer, validity, out);
}

enum tarn_status tarn__call_doubles(const struct tarn__call *call, const double *values, struct tarn_buffer *validity,
                                    struct tarn_vector **out)
{
    const uint32_t width = tarn_type_width(call->node->type);
    struct tarn_buffer *buffer = tarn__buffer_new(call->env, (size_t)call->rows * width);
    *out = NULL;
    if (buffer == NULL) {
        tarn__buffer_release(validity);
        return tarn__call_nomem(call);
    }
    if (width == sizeof(float)) {
        NARROW(float, values);
    } else {
        memcpy(buffer->data, values, (size_t)call->rows * sizeof(double));
    }
    tarn__clear_null_slots(buffer->data, width, validity, call->rows);
    return finish_flat(call, buffer, validity, out);
}

enum tarn_status tarn__call_bits(const struct tarn__call *call, struct tarn_buffer *bits, struct tarn_buffer *validity,
                                 struct tarn_vector **out)
{
    if (bits != NULL && validity != NULL) {
        for (size_t i = 0; i < tarn__bits_bytes(call->rows); i++) {
            bits->data[i] &= validity->data[i];
        }
    }
    return finish_flat(call, bits, validity, out);
}

/* ---- the host ---- */

static void free_arguments(struct tarn__call *call)
{
    for (uint32_t i = 0; i < call->count; i++) {
        tarn__operand_free(&call->operands[i]);
        tarn_vector_release(call->args[i]);
    }
    tarn__free(call->env, call->args);
    tarn__free(call->env, call->operands);
}

static enum tarn_status read_arguments(struct tarn__call *call)
{
    for (uint32_t i = 0; i < call->count; i++) {
        TARN_RETURN_IF_ERROR(tarn__operand_init(&call->operands[i], call->args[i], call->err));
    }
    return TARN_OK;
}

/* The one dictionary argument when all others are constants and its entries are fewer than the rows; else -1. */
static int32_t dictionary_argument(const struct tarn__call *call)
{
    int32_t found = -1;
    for (uint32_t i = 0; i < call->count; i++) {
        const struct tarn_vector *arg = call->args[i];
        if (arg->shape == TARN_SHAPE_CONSTANT) {
            continue;
        }
        if (arg->shape != TARN_SHAPE_DICTIONARY || found >= 0 || arg->dictionary->values->length > arg->length) {
            return -1;
        }
        found = (int32_t)i;
    }
    return found;
}

/* Computes over the entries, then puts the answers where the codes are. */
static enum tarn_status run_entries(const struct tarn__function *function, struct tarn__call *call, uint32_t which,
                                    struct tarn_vector **out)
{
    struct tarn_vector *rows = call->args[which];
    const uint32_t count = rows->length;
    struct tarn_vector *answers = NULL;
    enum tarn_status status = TARN_OK;

    struct tarn__call inner = *call;
    struct tarn_vector *constants[MAX_ARGUMENTS];
    inner.rows = rows->dictionary->values->length;
    for (uint32_t i = 0; i < call->count; i++) {
        constants[i] = call->args[i];
    }
    constants[which] = rows->dictionary->values;
    inner.args = constants;
    for (uint32_t i = 0; i < call->count && status == TARN_OK; i++) {
        if (i == which) {
            status = tarn__operand_init(&inner.operands[i], constants[i], call->err);
        } else {
            status = tarn__operand_init(&inner.operands[i], call->args[i], call->err);
            inner.operands[i].rows = inner.rows;
        }
    }
    status = status == TARN_OK ? function->run(&inner, &answers) : status;
    if (status != TARN_OK) {
        return status;
    }
    uint32_t *positions = tarn__alloc(call->env, (size_t)(count + 1u) * sizeof(uint32_t));
    if (positions == NULL) {
        tarn_vector_release(answers);
        return tarn__call_nomem(call);
    }
    for (uint32_t i = 0; i < count; i++) {
        positions[i] = rows->validity != NULL && !tarn__bit_get(rows->validity, i) ? TARN_GATHER_NULL : rows->u.codes[i];
    }
    status = tarn__vector_gather(answers, positions, count, out, call->err);
    tarn__free(call->env, positions);
    tarn_vector_release(answers);
    return status;
}

static enum tarn_status host_call(void *ctx, struct tarn_expr_eval *eval, const struct tarn_expr_node *node,
                                  const struct tarn_selection *selection, struct tarn_vector **out, struct tarn_error *err)
{
    const struct tarn__function *function = tarn__function_find(node->function);
    struct tarn__call call = {
        .env = tarn_expr_eval_env(eval), .eval = eval, .node = node, .selection = selection, .rows = selection->count, .err = err};
    (void)ctx;
    *out = NULL;
    if (function == NULL || node->arg_count > MAX_ARGUMENTS) {
        return tarn__internal(err, "a call of function %u with %u arguments", node->function, node->arg_count);
    }
    call.parameter = function->parameter;
    if ((function->flags & TARN__FUNCTION_LAZY) != 0) {
        return function->run(&call, out);
    }
    call.args = tarn__calloc(call.env, node->arg_count + 1u, sizeof(struct tarn_vector *));
    call.operands = tarn__calloc(call.env, node->arg_count + 1u, sizeof(struct tarn__operand));
    enum tarn_status status = call.args == NULL || call.operands == NULL ? tarn__call_nomem(&call) : TARN_OK;
    while (status == TARN_OK && call.count < node->arg_count) {
        status = tarn_expr_eval_node(eval, node->args[call.count], selection, &call.args[call.count], err);
        call.count += status == TARN_OK;
    }
    if (status == TARN_OK) {
        const int32_t dictionary = (function->flags & TARN__FUNCTION_TOTAL) != 0 && (function->flags & TARN__FUNCTION_SEES_NULLS) == 0
                                       ? dictionary_argument(&call)
                                       : -1;
        if (dictionary >= 0) {
            status = run_entries(function, &call, (uint32_t)dictionary, out);
        } else {
            status = read_arguments(&call);
            status = status == TARN_OK ? function->run(&call, out) : status;
        }
    }
    free_arguments(&call);
    return status;
}

static const char *host_name(void *ctx, uint32_t function)
{
    const struct tarn__function *found = tarn__function_find(function);
    (void)ctx;
    return found != NULL ? found->name : "unknown";
}

const struct tarn_expr_host *tarn_query_expr_host(void)
{
    static const struct tarn_expr_host host = {sizeof(host), NULL, host_name, host_call, tarn__spark_compile};
    return &host;
}
