/* SPDX-License-Identifier: Apache-2.0
 *
 * Members of structs and elements of lists. Positions in lists count from 1, negative ones from the end; beyond the list is NULL. SPEC:
 * Q-NEST-1.
 */
#include "format/batch/compare.h"
#include "format/batch/flatten.h"
#include "format/batch/gather.h"
#include "query/functions/function.h"

/* args: the struct, the number of the member */
enum tarn_status tarn__run_struct_extract(struct tarn__call *call, struct tarn_vector **out)
{
    struct tarn_vector *flat;
    if (call->rows == 0 || call->operands[0].all_null) {
        *out = tarn__vector_nulls(call->env, call->node->type, call->rows);
        return *out != NULL ? TARN_OK : tarn__call_nomem(call);
    }
    const uint32_t member = (uint32_t)tarn__operand_i128_at(&call->operands[1], 0);
    uint32_t *positions = tarn__alloc(call->env, ((size_t)call->rows + 1) * sizeof(uint32_t));
    if (positions == NULL) {
        return tarn__call_nomem(call);
    }
    for (uint32_t i = 0; i < call->rows; i++) {
        positions[i] = tarn__operand_null(&call->operands[0], i) ? TARN_GATHER_NULL : i;
    }
    enum tarn_status status = tarn__vector_flatten(call->args[0], NULL, &flat, call->err);
    if (status == TARN_OK) {
        status = tarn__vector_gather(flat->children[member], positions, call->rows, out, call->err);
        tarn_vector_release(flat);
    }
    tarn__free(call->env, positions);
    return status;
}

static int64_t list_size(const struct tarn__operand *list, uint32_t row)
{
    const uint32_t at = tarn__operand_at(list, row);
    return (int64_t)(tarn__vector_offset(list->leaf, at + 1) - tarn__vector_offset(list->leaf, at));
}

enum tarn_status tarn__run_list_extract(struct tarn__call *call, struct tarn_vector **out)
{
    const struct tarn__operand *list = &call->operands[0];
    if (list->all_null) {
        *out = tarn__vector_nulls(call->env, call->node->type, call->rows);
        return *out != NULL ? TARN_OK : tarn__call_nomem(call);
    }
    uint32_t *positions = tarn__alloc(call->env, ((size_t)call->rows + 1) * sizeof(uint32_t));
    if (positions == NULL) {
        return tarn__call_nomem(call);
    }
    for (uint32_t i = 0; i < call->rows; i++) {
        positions[i] = TARN_GATHER_NULL;
        if (!tarn__operand_null(list, i) && !tarn__operand_null(&call->operands[1], i)) {
            const int64_t size = list_size(list, i);
            const tarn_i128 index = tarn__operand_i128_at(&call->operands[1], i);
            const tarn_i128 at = index < 0 ? size + index : index - 1;
            if (at >= 0 && at < size) {
                positions[i] = (uint32_t)(tarn__vector_offset(list->leaf, tarn__operand_at(list, i)) + (uint64_t)at);
            }
        }
    }
    const enum tarn_status status = tarn__vector_gather(list->leaf->children[0], positions, call->rows, out, call->err);
    tarn__free(call->env, positions);
    return status;
}

enum tarn_status tarn__run_list_length(struct tarn__call *call, struct tarn_vector **out)
{
    struct tarn_buffer *validity;
    uint32_t bad;
    TARN_RETURN_IF_ERROR(tarn__call_validity(call, &validity));
    int64_t *to = tarn__calloc(call->env, (size_t)call->rows + 1, sizeof(int64_t));
    if (to == NULL) {
        tarn__buffer_release(validity);
        return tarn__call_nomem(call);
    }
    for (uint32_t i = 0; i < call->rows; i++) {
        to[i] = tarn__row_valid(validity, i) ? list_size(&call->operands[0], i) : 0;
    }
    const enum tarn_status status = tarn__call_integers(call, to, validity, &bad, out);
    tarn__free(call->env, to);
    return status;
}

enum tarn_status tarn__run_list_contains(struct tarn__call *call, struct tarn_vector **out)
{
    const struct tarn__operand *list = &call->operands[0];
    struct tarn_buffer *validity;
    TARN_RETURN_IF_ERROR(tarn__call_validity(call, &validity));
    struct tarn_buffer *bits = tarn__buffer_new_zeroed(call->env, tarn__bits_bytes(call->rows));
    for (uint32_t i = 0; bits != NULL && i < call->rows; i++) {
        if (!tarn__row_valid(validity, i)) {
            continue;
        }
        const uint32_t at = tarn__operand_at(list, i);
        const struct tarn_vector *elements = list->leaf->children[0];
        for (uint64_t k = tarn__vector_offset(list->leaf, at); k < tarn__vector_offset(list->leaf, at + 1); k++) {
            if (!tarn_vector_is_null(elements, (uint32_t)k) && tarn__vector_rows_equal(elements, (uint32_t)k, call->args[1], i)) {
                tarn__bit_set(bits->data, i);
                break;
            }
        }
    }
    return tarn__call_bits(call, bits, validity, out);
}

/* [a, b, ...]: the arguments side by side */
enum tarn_status tarn__run_list_value(struct tarn__call *call, struct tarn_vector **out)
{
    const struct tarn_type *element = call->node->type->fields[0].type;
    const size_t total = (size_t)call->rows * call->count;
    struct tarn_vector *whole = NULL;
    struct tarn_vector *child = NULL;
    enum tarn_status status = TARN_OK;
    uint32_t *positions = tarn__alloc(call->env, (total + 1) * sizeof(uint32_t));
    struct tarn_buffer *offsets = tarn__buffer_new(call->env, ((size_t)call->rows + 1) * sizeof(uint32_t));
    if (positions == NULL || offsets == NULL) {
        status = tarn__call_nomem(call);
    } else {
        for (uint32_t i = 0; i <= call->rows; i++) {
            ((uint32_t *)(void *)offsets->data)[i] = i * call->count;
            for (uint32_t k = 0; i < call->rows && k < call->count; k++) {
                positions[(size_t)i * call->count + k] = k * call->rows + i;
            }
        }
        if (call->count == 0) {
            child = tarn__vector_nulls(call->env, element, 0);
            status = child != NULL ? TARN_OK : tarn__call_nomem(call);
        } else {
            status = tarn__vector_concat(call->env, element, call->count, call->args, NULL, &whole, call->err);
            status = status == TARN_OK ? tarn__vector_gather(whole, positions, (uint32_t)total, &child, call->err) : status;
        }
    }
    if (status == TARN_OK) {
        *out = tarn__vector_list(call->env, call->node->type, call->rows, offsets, false, 1, &child, NULL);
        status = *out != NULL ? TARN_OK : tarn__call_nomem(call);
    } else {
        tarn__buffer_release(offsets);
    }
    tarn_vector_release(whole);
    tarn__free(call->env, positions);
    return status;
}
