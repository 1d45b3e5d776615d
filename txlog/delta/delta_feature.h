/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_FEATURE_H
#define TARN_TXLOG_DELTA_DELTA_FEATURE_H

#include "txlog/delta/delta_action.h"

/*
 * The table features that are known (delta_features.def), and protocols as sets of them.
 *
 * A protocol names its features by list (reader version 3, writer version 7), or implies them by lower versions; here both are the same.
 */
enum tarn__delta_feature_kind { TARN_DELTA_FEATURE_WRITER = 0, TARN_DELTA_FEATURE_BOTH };
enum tarn__delta_read { TARN_DELTA_READ_REFUSES = 0, TARN_DELTA_READ_PLAIN, TARN_DELTA_READ_READS };
enum tarn__delta_write { TARN_DELTA_WRITE_REFUSES = 0, TARN_DELTA_WRITE_IDLE, TARN_DELTA_WRITE_WRITES };

struct tarn__delta_feature {
    struct tarn_text name;
    enum tarn__delta_feature_kind kind;
    int32_t reader; /* legacy versions that imply it; 0: none */
    int32_t writer;
    enum tarn__delta_read read;
    enum tarn__delta_write write;
    struct tarn_text property; /* that puts it to use; empty: none */
    struct tarn_text requires; /* names apart by a space */
};

uint32_t tarn__delta_feature_count(void);
/** `index` < count; in the order of the table. */
const struct tarn__delta_feature *tarn__delta_feature_at(uint32_t index);
/** NULL: not known. */
const struct tarn__delta_feature *tarn__delta_feature_find(struct tarn_text name);

/** Does the protocol have this feature for its writers: by list, or by a legacy version? */
bool tarn__delta_protocol_has_writer(const struct tarn__delta_protocol *protocol, struct tarn_text feature);
/** The same for its readers. */
bool tarn__delta_protocol_has_reader(const struct tarn__delta_protocol *protocol, struct tarn_text feature);

#endif
