/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of features.def as data.
 */
#include "format/base/features.h"

#include "format/base/bytes.h"

static const struct tarn_feature features[] = {
#define FEATURE(name, where, what) {name, where, what},
#include "format/base/features.def"
#undef FEATURE
};

uint32_t tarn__feature_count(void)
{
    return sizeof(features) / sizeof(features[0]);
}

const struct tarn_feature *tarn__feature_at(uint32_t index)
{
    return &features[index];
}

const struct tarn_feature *tarn__feature_find(struct tarn_text name)
{
    for (uint32_t i = 0; i < tarn__feature_count(); i++) {
        if (tarn__text_equal(tarn__text_of(features[i].name), name)) {
            return &features[i];
        }
    }
    return NULL;
}
