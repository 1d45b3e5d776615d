/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_FOOTER_CHECK_H
#define TARN_FORMAT_COLUMN_FOOTER_CHECK_H

#include "format/column/footer.h"

/** What footer.h promises of row groups and column chunks. Errors: CORRUPT detail "footer", UNSUPPORTED. Places: row group, column. */
TARN_WARN_UNUSED enum tarn_status tarn__footer_check(const struct tarn_footer *footer, struct tarn_error *err);

#endif
