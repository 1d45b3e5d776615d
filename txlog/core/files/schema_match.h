/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_FILES_SCHEMA_MATCH_H
#define TARN_TXLOG_CORE_FILES_SCHEMA_MATCH_H

#include "format/column/footer.h"

/**
 * Do the pages of `from` hold what the schema of `to` says? `leaves`, of to's leaf count, receives for each leaf of `to` its number in
 * `from`. Columns and members of structs may stand in another order; names, stored types, meaning and nullability are the same, and so are
 * field ids where both have one. `exact`: the order too.
 * Errors: INVALID detail "schema", naming the column; NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__schema_match(const struct tarn_footer *to, const struct tarn_footer *from, bool exact,
                                                     uint32_t *leaves, struct tarn_error *err);

#endif
