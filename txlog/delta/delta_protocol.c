/* SPDX-License-Identifier: Apache-2.0
 *
 * What a table's protocol asks of readers and writers, and whether we do it.
 *
 * Specification: Delta PROTOCOL.md, "Protocol Evolution", "Table Features", "Valid Feature Names in Table Features".
 *
 * Invariants
 *  1. What is done with a feature is said by delta_features.def alone. A reader feature that is not known there, or that is refused there,
 *     stops every read; a writer feature stops writes only, unless its line says that readers must not go on without it either.
 *  2. A feature that is listed but not in use does not stop a write where its line says IDLE: what counts is whether the rows written now
 *     would break it.
 */
#include <stdio.h>

#include "format/base/bytes.h"
#include "txlog/delta/delta_feature.h"
#include "txlog/delta/delta_state.h"

static enum tarn_status refuse(struct tarn_error *err, const char *kind, struct tarn_text name, const char *what)
{
    char detail[64];
    snprintf(detail, sizeof(detail), "delta.%s.%.*s", kind, TARN_TEXT_ARG(name));
    return tarn__unsupported(err, detail, "the table needs \"%.*s\" of its %s, which this version does not have", TARN_TEXT_ARG(name),
                             what);
}

enum tarn_status tarn__delta_protocol_admit_read(const struct tarn_snapshot *snapshot, struct tarn_error *err)
{
    const struct tarn__delta_state *state = tarn__delta_state_of(snapshot);
    const struct tarn__delta_protocol *protocol = &state->protocol;
    if (protocol->reader > 3) {
        return tarn__unsupported(err, "delta.reader_version", "the table needs reader version %d; this reads up to 3", protocol->reader);
    }
    if (protocol->reader == 3 && (!protocol->has_reader_features || protocol->writer != 7)) {
        return tarn__corrupt(err, "protocol", "reader version 3 without a list of reader features or with writer version %d instead of 7",
                             protocol->writer);
    }
    for (uint32_t i = 0; protocol->reader == 3 && i < protocol->reader_feature_count; i++) {
        const struct tarn__delta_feature *feature = tarn__delta_feature_find(protocol->reader_features[i]);
        if (feature == NULL || feature->read == TARN_DELTA_READ_REFUSES) {
            return refuse(err, "reader_feature", protocol->reader_features[i], "readers");
        }
    }
    for (uint32_t i = 0; protocol->writer == 7 && i < protocol->writer_feature_count; i++) {
        const struct tarn__delta_feature *feature = tarn__delta_feature_find(protocol->writer_features[i]);
        if (feature != NULL && feature->read == TARN_DELTA_READ_REFUSES) {
            return refuse(err, "reader_feature", protocol->writer_features[i], "readers");
        }
    }
    return TARN_OK;
}

/* Column metadata that asks something of a writer, anywhere in the schema. */
static enum tarn_status admit_fields(uint32_t count, const struct tarn_field *fields, struct tarn_error *err)
{
    static const struct {
        struct tarn_text key;
        struct tarn_text feature;
    } asks[] = {
        {{"__COLLATIONS", 12}, {"collations", 10}},
    };
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t p = 0; p < fields[i].property_count; p++) {
            for (size_t a = 0; a < sizeof(asks) / sizeof(asks[0]); a++) {
                if (tarn__text_equal(fields[i].properties[p].key, asks[a].key)) {
                    refuse(err, "writer_feature", asks[a].feature, "writers");
                    tarn__error_at_column(err, fields[i].name);
                    return TARN_UNSUPPORTED;
                }
            }
        }
        if (fields[i].type->id == TARN_TYPE_NULL) {
            tarn__unsupported(err, "delta.type.void", "a column of type void cannot be written; give it a type first");
            tarn__error_at_column(err, fields[i].name);
            return TARN_UNSUPPORTED;
        }
        TARN_RETURN_IF_ERROR(admit_fields(fields[i].type->field_count, fields[i].type->fields, err));
    }
    return TARN_OK;
}

enum tarn_status tarn__delta_protocol_supports(const struct tarn__delta_protocol *protocol, struct tarn_error *err)
{
    if (protocol->writer > 7) {
        return tarn__unsupported(err, "delta.writer_version", "the table needs writer version %d; this writes up to 7", protocol->writer);
    }
    if (protocol->writer == 7 && !protocol->has_writer_features) {
        return tarn__corrupt(err, "protocol", "writer version 7 without a list of writer features");
    }
    for (uint32_t i = 0; protocol->writer == 7 && i < protocol->writer_feature_count; i++) {
        const struct tarn__delta_feature *feature = tarn__delta_feature_find(protocol->writer_features[i]);
        if (feature == NULL || feature->write == TARN_DELTA_WRITE_REFUSES) {
            return refuse(err, "writer_feature", protocol->writer_features[i], "writers");
        }
    }
    return TARN_OK;
}

enum tarn_status tarn__delta_protocol_admit_write(const struct tarn_snapshot *snapshot, bool removes, struct tarn_error *err)
{
    const struct tarn__delta_state *state = tarn__delta_state_of(snapshot);
    const struct tarn__delta_protocol *protocol = &state->protocol;
    TARN_RETURN_IF_ERROR(tarn__delta_protocol_supports(protocol, err));
    for (uint32_t i = 0; i < state->metadata.property_count; i++) {
        if (tarn__text_starts(state->metadata.properties[i].key, TARN_TEXT("delta.universalFormat.")) ||
            tarn__text_starts(state->metadata.properties[i].key, TARN_TEXT("delta.enableIcebergCompat"))) {
            return refuse(err, "writer_feature", TARN_TEXT("icebergCompat"), "writers");
        }
    }
    if (removes && tarn__delta_property_is_true(state, TARN_TEXT("delta.appendOnly")) &&
        tarn__delta_protocol_has_writer(protocol, TARN_TEXT("appendOnly"))) {
        return tarn__invalid(err, "append_only",
                             "the table is append-only (delta.appendOnly is true): rows can be added, not changed or taken out");
    }
    return admit_fields(snapshot->schema->field_count, snapshot->schema->fields, err);
}
