/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_METADATA_CHANGE_H
#define TARN_TXLOG_DELTA_DELTA_METADATA_CHANGE_H

#include "txlog/delta/delta_action.h"

/*
 * What one metaData changes of another, as far as it matters to a transaction that did not see it. Stateless; threads: any.
 */
enum tarn__delta_metadata_change {
    TARN_METADATA_SAME = 0,
    TARN_METADATA_MARKS,    /* how far identity columns have counted, and nothing else */
    TARN_METADATA_SETTINGS, /* properties that leave files good which were written without them, perhaps marks too */
    TARN_METADATA_OTHER,
};

/** Errors: NOMEM, CORRUPT (a schema). */
TARN_WARN_UNUSED enum tarn_status tarn__delta_metadata_compare(struct tarn_env *env, const struct tarn__delta_metadata *before,
                                                               const struct tarn__delta_metadata *after,
                                                               enum tarn__delta_metadata_change *out, struct tarn_error *err);

/** The value of a property; empty when it is not set. */
struct tarn_text tarn__delta_metadata_property(const struct tarn__delta_metadata *metadata, struct tarn_text key);
/** Does it turn something on that was not on before? */
bool tarn__delta_metadata_turns_on(const struct tarn__delta_metadata *before, const struct tarn__delta_metadata *after,
                                   struct tarn_text key);

#endif
