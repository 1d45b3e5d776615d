/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_SCHEMA_H
#define TARN_TXLOG_DELTA_DELTA_SCHEMA_H

#include "format/base/text.h"
#include "txlog/core/snapshot.h"

/*
 * The schema of a Delta table: JSON in metaData.schemaString, tarn_schema inside, and back.
 *
 * Column metadata becomes the field's properties: strings decoded, everything else as JSON text. Column mapping's id is the field's id;
 * its physical name goes into the tree of physical names.
 */
struct tarn__delta_schema {
    struct tarn_schema *schema;
    const struct tarn__physical *physical; /* in the caller's arena */
    bool mapped;                           /* some field has a physical name */
};

/** A type that is one word ("decimal(10,2)"). Texts of the type are the name's. Errors: CORRUPT schema, UNSUPPORTED delta.type.*. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_type_parse(struct tarn_text name, struct tarn_type *out, struct tarn_error *err);

/** `mapping`: physical names and ids count. Errors: CORRUPT schema, UNSUPPORTED delta.type.*, NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_schema_parse(struct tarn_env *env, struct tarn_text json, bool mapping,
                                                           struct tarn_arena *arena, struct tarn__delta_schema *out,
                                                           struct tarn_error *err);

/**
 * What a schema becomes in Delta: unsigned integers widened, texts of all kinds strings, fixed binaries binaries, timestamps in
 * microseconds. `narrow`: also what loses something (nanoseconds; u64 is decimal(20,0) either way). *timestamp_ntz: one of the types needs
 * that feature. Errors: UNSUPPORTED delta.type.*, INVALID (no columns, names equal without case).
 */
TARN_WARN_UNUSED enum tarn_status tarn__delta_schema_map(struct tarn_env *env, const struct tarn_schema *from, bool narrow,
                                                         struct tarn_schema **out, bool *timestamp_ntz, struct tarn_error *err);

/** Does a name need column mapping (characters that Parquet writers of other engines refuse)? */
bool tarn__delta_name_needs_mapping(struct tarn_text name);
bool tarn__delta_schema_needs_mapping(const struct tarn_schema *schema);

/** The tree of a table without column mapping: the names themselves. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_schema_identity(struct tarn_arena *arena, uint32_t count, const struct tarn_field *fields,
                                                              const struct tarn__physical **out, struct tarn_error *err);

/** schemaString; `mapping`: with ids and physical names out of the tree. */
void tarn__delta_schema_print(const struct tarn_schema *schema, const struct tarn__physical *physical, bool mapping,
                              struct tarn_text_builder *out);

#endif
