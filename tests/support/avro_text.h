/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TESTS_SUPPORT_AVRO_TEXT_H
#define TARN_TESTS_SUPPORT_AVRO_TEXT_H

#include "format/avro/avro_reader.h"
#include "format/base/text.h"

/*
 * Avro data as JSON, one line a datum: records as objects in the schema's order, bytes and fixed as "0x..." texts, maps as arrays of pairs.
 * Unions leave no trace. Everything is read through the pull interface, nothing is skipped.
 */
enum tarn_status tarn_avro_print(struct tarn__avro_reader *reader, const struct tarn__avro_type *type, struct tarn_text_builder *out,
                                 struct tarn_error *err);

/** All data of a file; *count of them. */
enum tarn_status tarn_avro_print_file(struct tarn_env *env, struct tarn_span file, struct tarn_text_builder *out, uint64_t *count,
                                      struct tarn_error *err);

/** The same file passed over with tarn__avro_skip. */
enum tarn_status tarn_avro_skip_file(struct tarn_env *env, struct tarn_span file, uint64_t *count, struct tarn_error *err);

#endif
