/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TOOLS_TARN_ASK_WITNESS_H
#define TARN_TOOLS_TARN_ASK_WITNESS_H

#include "tarn/tarn.h"

/**
 * The second witness of a Parquet footer: the program tarn-footer-witness (Apache Thrift's C library), started under limits of memory and
 * time, prints the tree it reads, which is compared with tarn's line by line. Tells one finding: OK, an ERROR where the trees differ, or
 * OK "witness: none" when the program is not there or did not end well: it is no judge then. Files that are no Parquet are passed over.
 * Errors: those of reading the footer again; NOMEM.
 */
enum tarn_status witness_footer(struct tarn_store *store, struct tarn_text key, void (*fn)(void *arg, const struct tarn_finding *finding),
                                void *arg, struct tarn_error *err);

#endif
