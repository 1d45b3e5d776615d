/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_WIDENING_H
#define TARN_TXLOG_DELTA_DELTA_WIDENING_H

#include "tarn/type.h"

/** May a column become one of another type, over files that stay as they are? Types as schemas name them; not for equal ones. */
bool tarn__delta_may_widen(struct tarn_text from, struct tarn_text to);
/** Is that a change that files of some writer went through? Also decimals with less room than the protocol asks for today. */
bool tarn__delta_was_widened(struct tarn_text from, struct tarn_text to);

/**
 * Looks at every change of type that columns say they went through (delta.typeChanges): one that is not known means files that cannot be
 * read rightly. Errors: UNSUPPORTED delta.type_change with the column, CORRUPT, NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__delta_type_changes_admit(struct tarn_env *env, uint32_t field_count,
                                                                 const struct tarn_field *fields, struct tarn_error *err);

#endif
