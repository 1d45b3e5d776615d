/* SPDX-License-Identifier: Apache-2.0
 *
 * Histograms of levels, a row of counts a page.
 */
#include "format/column/level_histograms.h"

#include <string.h>

#include "format/base/alloc.h"

void tarn__level_histograms_free(struct tarn__level_histograms *histograms)
{
    tarn__free(histograms->env, histograms->counts);
    histograms->counts = NULL;
    histograms->capacity = 0;
}

bool tarn__level_histograms_add(struct tarn__level_histograms *histograms, uint32_t page, const uint16_t *levels, size_t n)
{
    const size_t count = histograms->levels;
    if (count == 0) {
        return true;
    }
    if (!tarn__grow(histograms->env, &histograms->counts, &histograms->capacity, ((size_t)page + 1) * count, sizeof(int64_t))) {
        return false;
    }
    int64_t *row = histograms->counts + page * count;
    memset(row, 0, count * sizeof(*row));
    for (size_t i = 0; i < n; i++) {
        row[levels[i]]++;
    }
    return true;
}

const int64_t *tarn__level_histograms_sum(const struct tarn__level_histograms *histograms, uint32_t pages, struct tarn_arena *arena)
{
    int64_t *sum = tarn__arena_calloc(arena, histograms->levels, sizeof(*sum));
    for (size_t i = 0; sum != NULL && i < pages * histograms->levels; i++) {
        sum[i % histograms->levels] += histograms->counts[i];
    }
    return sum;
}
