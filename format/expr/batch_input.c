/* SPDX-License-Identifier: Apache-2.0
 *
 * A batch as an expression's input.
 */
#include "format/expr/batch_input.h"

#include "format/batch/gather.h"

static enum tarn_status give_column(void *ctx, uint32_t slot, const struct tarn_selection *selection, struct tarn_vector **out,
                                    struct tarn_error *err)
{
    struct tarn__batch_input *input = ctx;
    struct tarn_vector *whole = input->vectors[input->columns != NULL ? input->columns[slot] : slot];
    *out = whole;
    if (selection == NULL || selection->count == whole->length) {
        return TARN_OK;
    }
    *out = NULL;
    if (!tarn__grow(input->env, &input->given, &input->given_capacity, input->given_count + 1, sizeof(struct tarn_vector *))) {
        return tarn__nomem(input->env, err, 0);
    }
    TARN_RETURN_IF_ERROR(tarn__vector_select(whole, selection, out, err));
    input->given[input->given_count++] = *out;
    return TARN_OK;
}

void tarn__batch_input_open(struct tarn__batch_input *input, struct tarn_env *env, const uint32_t *columns)
{
    *input = (struct tarn__batch_input){.env = env, .columns = columns};
    input->input = (struct tarn_expr_input){input, 0, give_column};
}

static void forget(struct tarn__batch_input *input)
{
    while (input->given_count != 0) {
        tarn_vector_release(input->given[--input->given_count]);
    }
}

void tarn__batch_input_set(struct tarn__batch_input *input, uint32_t rows, struct tarn_vector *const *vectors)
{
    forget(input);
    input->input.rows = rows;
    input->vectors = vectors;
}

void tarn__batch_input_close(struct tarn__batch_input *input)
{
    forget(input);
    tarn__free(input->env, input->given);
    input->given = NULL;
    input->given_capacity = 0;
}
