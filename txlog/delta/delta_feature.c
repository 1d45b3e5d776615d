/* SPDX-License-Identifier: Apache-2.0
 *
 * delta_features.def as data, and what protocols say in its words.
 *
 * Specification: Delta PROTOCOL.md, "Table Features", "Table Features for New and Existing Tables", "Valid Feature Names in Table
 * Features".
 *
 * Invariants
 *  1. A protocol that is made here has a writer feature list, a reader feature list exactly when its reader version is 3, and in them every
 *     feature once: a version lost in an upgrade would free writers of duties that the table still has.
 */
#include "txlog/delta/delta_feature.h"

#include <string.h>

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

/* Both lists, filled without duplicates. */
struct lists {
    struct tarn_arena *arena;
    struct tarn__delta_protocol *protocol;
    uint32_t room;
};

static enum tarn_status list(struct lists *lists, struct tarn_text name, bool reader, struct tarn_error *err)
{
    struct tarn__delta_protocol *protocol = lists->protocol;
    struct tarn_text *names = reader ? protocol->reader_features : protocol->writer_features;
    uint32_t *count = reader ? &protocol->reader_feature_count : &protocol->writer_feature_count;
    if (is_listed(*count, names, name)) {
        return TARN_OK;
    }
    const struct tarn_text copy = tarn__arena_text(lists->arena, name);
    if (copy.data == NULL) {
        return tarn__nomem(lists->arena->env, err, name.size);
    }
    names[(*count)++] = copy;
    return TARN_OK;
}

static enum tarn_status list_known(struct lists *lists, const struct tarn__delta_feature *feature, struct tarn_error *err)
{
    struct tarn_text rest = feature->requires;
    while (rest.size != 0) {
        const char *space = memchr(rest.data, ' ', rest.size);
        const size_t size = space != NULL ? (size_t)(space - rest.data) : rest.size;
        TARN_RETURN_IF_ERROR(list_known(lists, tarn__delta_feature_find((struct tarn_text){rest.data, size}), err));
        rest.data += space != NULL ? size + 1 : size;
        rest.size -= space != NULL ? size + 1 : size;
    }
    TARN_RETURN_IF_ERROR(list(lists, feature->name, false, err));
    return feature->kind == TARN_DELTA_FEATURE_BOTH ? list(lists, feature->name, true, err) : TARN_OK;
}

/* What the protocol has already, however it says so. */
static enum tarn_status list_present(struct lists *lists, const struct tarn__delta_protocol *from, struct tarn_error *err)
{
    for (uint32_t i = 0; i < from->writer_feature_count; i++) {
        TARN_RETURN_IF_ERROR(list(lists, from->writer_features[i], false, err));
    }
    for (uint32_t i = 0; i < from->reader_feature_count; i++) {
        TARN_RETURN_IF_ERROR(list(lists, from->reader_features[i], true, err));
    }
    for (uint32_t i = 0; i < FEATURE_COUNT; i++) {
        if (tarn__delta_protocol_has_writer(from, features[i].name)) {
            TARN_RETURN_IF_ERROR(list(lists, features[i].name, false, err));
        }
        if (tarn__delta_protocol_has_reader(from, features[i].name)) {
            TARN_RETURN_IF_ERROR(list(lists, features[i].name, true, err));
        }
    }
    return TARN_OK;
}

/* The lowest reader version that says what the reader list says. */
static int32_t reader_version(const struct tarn__delta_protocol *protocol)
{
    int32_t version = 1;
    for (uint32_t i = 0; i < protocol->reader_feature_count; i++) {
        const struct tarn__delta_feature *known = tarn__delta_feature_find(protocol->reader_features[i]);
        const int32_t needed = known != NULL && known->reader != 0 ? known->reader : 3;
        version = needed > version ? needed : version;
    }
    return version;
}

enum tarn_status tarn__delta_protocol_add(struct tarn_arena *arena, const struct tarn__delta_protocol *from, struct tarn_text feature,
                                          struct tarn__delta_protocol *to, struct tarn_error *err)
{
    const struct tarn__delta_feature *known = tarn__delta_feature_find(feature);
    *to = *from;
    if (known == NULL) {
        return tarn__invalid(err, "table_feature", "there is no table feature \"%.*s\"", TARN_TEXT_ARG(feature));
    }
    struct lists lists = {arena, to, from->writer_feature_count + from->reader_feature_count + FEATURE_COUNT};
    to->writer_features = tarn__arena_calloc(arena, (size_t)lists.room + 1, sizeof(*to->writer_features));
    to->reader_features = tarn__arena_calloc(arena, (size_t)lists.room + 1, sizeof(*to->reader_features));
    to->writer_feature_count = 0;
    to->reader_feature_count = 0;
    if (to->writer_features == NULL || to->reader_features == NULL) {
        return tarn__nomem(arena->env, err, lists.room * sizeof(*to->writer_features));
    }
    TARN_RETURN_IF_ERROR(list_present(&lists, from, err));
    const uint32_t writers = to->writer_feature_count;
    const uint32_t readers = to->reader_feature_count;
    TARN_RETURN_IF_ERROR(list_known(&lists, known, err));
    if (to->writer_feature_count == writers && to->reader_feature_count == readers) {
        *to = *from;
        return TARN_OK;
    }
    to->writer = 7;
    to->has_writer_features = true;
    to->reader = from->reader >= 3 ? from->reader : reader_version(to);
    to->has_reader_features = to->reader >= 3;
    if (!to->has_reader_features) {
        to->reader_feature_count = 0;
    }
    return TARN_OK;
}
