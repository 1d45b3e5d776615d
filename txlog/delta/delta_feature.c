/* SPDX-License-Identifier: Apache-2.0
 *
 * delta_features.def as data, and what protocols say in its words.
 *
 * Specification: Delta PROTOCOL.md, "Table Features", "Table Features for New and Existing Tables", "Valid Feature Names in Table
 * Features".
 */
#include "txlog/delta/delta_feature.h"

#include "format/base/bytes.h"

static const struct tarn__delta_feature features[] = {
#define DELTA_FEATURE(name, kind, reader, writer, read, write, property, requires, what)                                                   \
    {                                                                                                                                      \
        {name, sizeof(name) - 1},                                                                                                          \
        TARN_DELTA_FEATURE_##kind,                                                                                                         \
        reader,                                                                                                                            \
        writer,                                                                                                                            \
        TARN_DELTA_READ_##read,                                                                                                            \
        TARN_DELTA_WRITE_##write,                                                                                                          \
        {property, sizeof(property) - 1},                                                                                                  \
        {requires, sizeof(requires) - 1},                                                                                                  \
    },
#include "txlog/delta/delta_features.def"
#undef DELTA_FEATURE
};

enum { FEATURE_COUNT = sizeof(features) / sizeof(features[0]) };

uint32_t tarn__delta_feature_count(void)
{
    return FEATURE_COUNT;
}

const struct tarn__delta_feature *tarn__delta_feature_at(uint32_t index)
{
    return &features[index];
}

const struct tarn__delta_feature *tarn__delta_feature_find(struct tarn_text name)
{
    for (uint32_t i = 0; i < FEATURE_COUNT; i++) {
        if (tarn__text_equal(features[i].name, name)) {
            return &features[i];
        }
    }
    return NULL;
}

static bool is_listed(uint32_t count, const struct tarn_text *names, struct tarn_text name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (tarn__text_equal(names[i], name)) {
            return true;
        }
    }
    return false;
}

bool tarn__delta_protocol_has_writer(const struct tarn__delta_protocol *protocol, struct tarn_text feature)
{
    if (protocol->writer >= 7) {
        return is_listed(protocol->writer_feature_count, protocol->writer_features, feature);
    }
    const struct tarn__delta_feature *known = tarn__delta_feature_find(feature);
    return known != NULL && known->writer != 0 && protocol->writer >= known->writer;
}

bool tarn__delta_protocol_has_reader(const struct tarn__delta_protocol *protocol, struct tarn_text feature)
{
    if (protocol->reader >= 3) {
        return is_listed(protocol->reader_feature_count, protocol->reader_features, feature);
    }
    const struct tarn__delta_feature *known = tarn__delta_feature_find(feature);
    return known != NULL && known->reader != 0 && protocol->reader >= known->reader;
}
