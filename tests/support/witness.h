/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TESTS_SUPPORT_WITNESS_H
#define TARN_TESTS_SUPPORT_WITNESS_H

#include "format/thrift/compact.h"

/*
 * Thrift structs held against a second opinion: Apache Thrift's own C library, in a process of its own under resource limits
 * (tools/footer_witness). Where it was not built, only tarn's two readings are compared.
 */

/** Who wrote the bytes: tarn's own must come back byte by byte; a foreigner's may hold what the table does not know. */
enum tarn_test_author { TARN_TEST_OURS = 0, TARN_TEST_FOREIGN };

/**
 * Fails the test unless the tree that the witness prints is the tree that tarn's reader walks, and (OURS) decoding into structs by `of` and
 * encoding again gives the same bytes; FOREIGN: gives bytes that decode and encode to themselves. `name` is for messages.
 */
void tarn_test_witness(const struct tarn_thrift_struct *of, struct tarn_span bytes, enum tarn_test_author author, const char *name);

/** False: the witness was not built, and a test about it says "not run". */
bool tarn_test_has_witness(void);

#endif
