/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_COLUMN_OPEN_PAGE_H
#define TARN_FORMAT_COLUMN_OPEN_PAGE_H

#include "format/base/alloc.h"

/*
 * Rows and levels of a page that is being filled. Levels are kept only where their greatest is not 0; its values stand elsewhere.
 *
 * Ownership: the levels are the page's. Threads: single.
 */
struct tarn__open_page {
    size_t rows;
    size_t slots;
    uint16_t *definition;
    uint16_t *repetition;
    size_t definition_capacity;
    size_t repetition_capacity;
};

static inline void tarn__open_page_free(struct tarn_env *env, struct tarn__open_page *page)
{
    tarn__free(env, page->definition);
    tarn__free(env, page->repetition);
}

#endif
