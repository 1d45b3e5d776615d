/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_UPKEEP_H
#define TARN_TXLOG_CORE_UPKEEP_H

#include "tarn/upkeep.h"
#include "txlog/core/place.h"

struct tarn__table_format;

/*
 * What a table format does to keep its log (tarn/upkeep.h). Options and results are checked and never NULL. A function that is NULL: the
 * format has nothing of the kind.
 */
struct tarn__check {
    struct tarn_env *env;
    const struct tarn__place *place;
    const struct tarn__table_format *format;
    const struct tarn_check_options *options;
    void (*fn)(void *arg, const struct tarn_finding *finding);
    void *arg;
    struct tarn_check_result *result;
};

/** Tells a finding and counts it. */
void tarn__check_tell(struct tarn__check *check, enum tarn_finding_kind kind, const struct tarn_error *finding);

/** Sizes by kind and partition, being added up. */
struct tarn__usage_sums;
TARN_WARN_UNUSED enum tarn_status tarn__usage_add(struct tarn__usage_sums *sums, enum tarn_usage_kind kind, struct tarn_text partition,
                                                  uint64_t bytes, struct tarn_error *err);

struct tarn__table_upkeep {
    enum tarn_status (*checkpoint)(const struct tarn_snapshot *snapshot, const struct tarn_checkpoint_options *options,
                                   struct tarn_checkpoint_result *result, struct tarn_error *err);
    enum tarn_status (*compact_log)(const struct tarn__place *place, int64_t first, int64_t last, struct tarn_error *err);
    enum tarn_status (*clean_log)(const struct tarn_snapshot *newest, const struct tarn_log_clean_options *options, tarn_log_object_fn fn,
                                  void *arg, struct tarn_log_clean_result *result, struct tarn_error *err);
    enum tarn_status (*check)(struct tarn__check *check, struct tarn_error *err);
    enum tarn_status (*verify_chain)(const struct tarn_snapshot *newest, const struct tarn_chain_options *options, tarn_link_fn fn,
                                     void *arg, struct tarn_chain_result *result, struct tarn_error *err);
    enum tarn_status (*usage)(const struct tarn_snapshot *newest, struct tarn__usage_sums *sums, struct tarn_error *err);
};

#endif
