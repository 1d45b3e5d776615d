/* SPDX-License-Identifier: Apache-2.0
 *
 * Protocols and the features that they name.
 *
 * Specification: Delta PROTOCOL.md, "Table Features for New and Existing Tables", "Valid Feature Names in Table Features".
 *
 * Invariants
 *  1. An upgrade loses no feature: what numbers implied is listed when lists take their place.
 *  2. A reader feature stands in both lists, a writer feature in one; reader version 3 comes with writer version 7 only.
 *  3. No version goes down.
 */
#include "txlog/delta/delta_upgrade.h"

#include <string.h>

#include "format/base/bytes.h"
#include "txlog/delta/delta_feature.h"

enum { MAPPING_WRITER = 5, MAPPING_READER = 2, LIST_READER = 3, LIST_WRITER = 7 };

bool tarn__delta_features_have(const struct tarn__delta_features *features, struct tarn_text name)
{
    for (uint32_t i = 0; i < features->count; i++) {
        if (tarn__text_equal(features->items[i].name, name)) {
            return true;
        }
    }
    return false;
}

static enum tarn_status push(struct tarn__delta_features *features, struct tarn_text name, bool reads, struct tarn_error *err)
{
    for (uint32_t i = 0; i < features->count; i++) {
        if (tarn__text_equal(features->items[i].name, name)) {
            features->items[i].reads = features->items[i].reads || reads;
            return TARN_OK;
        }
    }
    if (features->count == features->capacity) {
        const uint32_t capacity = features->capacity == 0 ? 16 : features->capacity * 2;
        struct tarn__delta_feature_use *grown = tarn__arena_calloc(features->arena, capacity, sizeof(*grown));
        if (grown == NULL) {
            return tarn__nomem(features->arena->env, err, capacity * sizeof(*grown));
        }
        if (features->count != 0) {
            memcpy(grown, features->items, features->count * sizeof(*grown));
        }
        features->items = grown;
        features->capacity = capacity;
    }
    features->items[features->count++] = (struct tarn__delta_feature_use){name, reads};
    return TARN_OK;
}

enum tarn_status tarn__delta_features_of(struct tarn_arena *arena, const struct tarn__delta_protocol *protocol,
                                         struct tarn__delta_features *out, struct tarn_error *err)
{
    *out = (struct tarn__delta_features){.arena = arena};
    for (uint32_t i = 0; i < tarn__delta_feature_count() && protocol->writer < LIST_WRITER; i++) {
        const struct tarn__delta_feature *one = tarn__delta_feature_at(i);
        if (one->writer != 0 && one->writer <= protocol->writer) {
            const bool reads = one->kind == TARN_DELTA_FEATURE_BOTH && protocol->reader >= MAPPING_READER;
            TARN_RETURN_IF_ERROR(push(out, one->name, reads, err));
        }
    }
    for (uint32_t i = 0; i < protocol->writer_feature_count && protocol->writer >= LIST_WRITER; i++) {
        const struct tarn_text name = protocol->writer_features[i];
        TARN_RETURN_IF_ERROR(
            push(out, name, protocol->reader == MAPPING_READER && tarn__text_equal(name, TARN_TEXT("columnMapping")), err));
    }
    for (uint32_t i = 0; i < protocol->reader_feature_count && protocol->reader >= LIST_READER; i++) {
        TARN_RETURN_IF_ERROR(push(out, protocol->reader_features[i], true, err));
    }
    return TARN_OK;
}

enum tarn_status tarn__delta_features_add(struct tarn__delta_features *features, struct tarn_text name, struct tarn_error *err)
{
    const struct tarn__delta_feature *one = tarn__delta_feature_find(name);
    if (one == NULL) {
        return tarn__unsupported(err, "delta.feature", "there is no table feature \"%.*s\" that this version could switch on",
                                 TARN_TEXT_ARG(name));
    }
    TARN_RETURN_IF_ERROR(push(features, one->name, one->kind == TARN_DELTA_FEATURE_BOTH, err));
    struct tarn_text rest = one->requires;
    while (rest.size != 0) {
        const char *space = memchr(rest.data, ' ', rest.size);
        const size_t size = space != NULL ? (size_t)(space - rest.data) : rest.size;
        TARN_RETURN_IF_ERROR(tarn__delta_features_add(features, (struct tarn_text){rest.data, size}, err));
        rest.data += size + (space != NULL);
        rest.size -= size + (space != NULL);
    }
    return TARN_OK;
}

/* The writer version that implies exactly these features; 0: none. */
static int32_t legacy_version(const struct tarn__delta_features *features)
{
    int32_t version = 1;
    for (uint32_t i = 0; i < features->count; i++) {
        const struct tarn__delta_feature *one = tarn__delta_feature_find(features->items[i].name);
        if (one == NULL || one->writer == 0) {
            return 0;
        }
        version = one->writer > version ? one->writer : version;
    }
    uint32_t implied = 0;
    for (uint32_t i = 0; i < tarn__delta_feature_count(); i++) {
        const int32_t writer = tarn__delta_feature_at(i)->writer;
        implied += writer != 0 && writer <= version;
    }
    return implied == features->count ? version : 0;
}

static enum tarn_status list(const struct tarn__delta_features *features, bool readers, uint32_t *count, struct tarn_text **out,
                             struct tarn_error *err)
{
    *count = 0;
    *out = tarn__arena_calloc(features->arena, (size_t)features->count + 1, sizeof(**out));
    if (*out == NULL) {
        return tarn__nomem(features->arena->env, err, features->count * sizeof(**out));
    }
    for (uint32_t i = 0; i < features->count; i++) {
        if (!readers || features->items[i].reads) {
            (*out)[(*count)++] = features->items[i].name;
        }
    }
    return TARN_OK;
}

/* A new table that only maps its columns has the numbers that every reader of mapped columns knows. */
static bool is_plain_mapping(const struct tarn__delta_features *features)
{
    return features->count == 3 && tarn__delta_features_have(features, TARN_TEXT("appendOnly")) &&
           tarn__delta_features_have(features, TARN_TEXT("invariants")) && tarn__delta_features_have(features, TARN_TEXT("columnMapping"));
}

enum tarn_status tarn__delta_features_protocol(const struct tarn__delta_features *features, const struct tarn__delta_protocol *before,
                                               struct tarn__delta_protocol *out, struct tarn_error *err)
{
    int32_t reader = before->reader > 1 ? before->reader : 1;
    for (uint32_t i = 0; i < features->count; i++) {
        if (features->items[i].reads) {
            const bool mapping = tarn__text_equal(features->items[i].name, TARN_TEXT("columnMapping"));
            const int32_t needed = mapping ? MAPPING_READER : LIST_READER;
            reader = needed > reader ? needed : reader;
        }
    }
    const int32_t legacy = before->writer == 0 && is_plain_mapping(features) ? MAPPING_WRITER : legacy_version(features);
    if (legacy != 0 && before->writer < LIST_WRITER && reader < LIST_READER) {
        *out = (struct tarn__delta_protocol){.reader = reader, .writer = legacy > before->writer ? legacy : before->writer};
        return TARN_OK;
    }
    *out = (struct tarn__delta_protocol){
        .reader = reader, .writer = LIST_WRITER, .has_reader_features = reader == LIST_READER, .has_writer_features = true};
    TARN_RETURN_IF_ERROR(list(features, false, &out->writer_feature_count, &out->writer_features, err));
    return reader == LIST_READER ? list(features, true, &out->reader_feature_count, &out->reader_features, err) : TARN_OK;
}
