/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_ICEBERG_ICEBERG_FORMAT_H
#define TARN_TXLOG_ICEBERG_ICEBERG_FORMAT_H

#include "txlog/core/table_format.h"

/** Iceberg, format versions 1 (reading) and 2. Specification: Apache Iceberg format/spec.md. */
extern const struct tarn__table_format tarn__iceberg_format;

/* What it is made of; see txlog/core/table_format.h. */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_detect(struct tarn_store *store, bool *is, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_load(struct tarn_snapshot *snapshot, const struct tarn_snapshot_options *options,
                                                     struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_history(struct tarn_env *env, const struct tarn__place *place, uint64_t limit,
                                                        tarn_commit_fn fn, void *arg, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_verify(const struct tarn_snapshot *snapshot,
                                                       void (*fn)(void *arg, const struct tarn_finding *finding), void *arg,
                                                       struct tarn_error *err);

#endif
