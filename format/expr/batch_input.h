/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_EXPR_BATCH_INPUT_H
#define TARN_FORMAT_EXPR_BATCH_INPUT_H

#include "format/base/alloc.h"
#include "tarn/expr.h"

/*
 * The vectors of a batch as the input of an expression: gathers what is selected, and keeps what it gave until the rows change.
 * Threads: single.
 */
struct tarn__batch_input {
    struct tarn_expr_input input; /**< for tarn_expr_eval_run and _filter */
    struct tarn_env *env;
    const uint32_t *columns; /**< of the batch, by slot; NULL: slot i is column i */
    struct tarn_vector *const *vectors;
    struct tarn_vector **given;
    size_t given_count;
    size_t given_capacity;
};

void tarn__batch_input_open(struct tarn__batch_input *input, struct tarn_env *env, const uint32_t *columns);
/** Other rows: `vectors` of `rows` rows each, borrowed until the next call. */
void tarn__batch_input_set(struct tarn__batch_input *input, uint32_t rows, struct tarn_vector *const *vectors);
void tarn__batch_input_close(struct tarn__batch_input *input);

#endif
