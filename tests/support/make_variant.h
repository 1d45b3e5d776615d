/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TESTS_SUPPORT_MAKE_VARIANT_H
#define TARN_TESTS_SUPPORT_MAKE_VARIANT_H

#include "format/batch/vector_builder.h"

/*
 * Variants from a text like JSON: integers take the smallest form; 1.5 is a DOUBLE, 1.5f a FLOAT, 1.50d a decimal, with D and Q of the
 * wider forms; 'x' is binary; names are in the metadata in the order in which they come. For tests.
 */

/** Appends a row to a VARIANT column; NULL: a null. */
void tarn_test_add_variant(struct tarn_vector_builder *builder, struct tarn_env *env, const char *text);

#endif
