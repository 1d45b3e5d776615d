/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TESTS_SUPPORT_FOOTER_TWIN_H
#define TARN_TESTS_SUPPORT_FOOTER_TWIN_H

#include "format/column/footer.h"

/**
 * Decodes serialised FileMetaData twice: as tarn does, chunks on demand, and whole by the tables with every promise of footer.h checked
 * anew. Both must take it or both must refuse it, and what they see must be the same. NULL when it is so; else what differs.
 */
const char *tarn_test_footer_twin(struct tarn_env *env, struct tarn_span bytes, uint64_t offset, uint64_t file_size);

#endif
