/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_ICEBERG_ICEBERG_SCHEMA_H
#define TARN_TXLOG_ICEBERG_ICEBERG_SCHEMA_H

#include "format/base/text.h"
#include "format/json/json_print.h"
#include "txlog/core/snapshot.h"

/*
 * Schemas of an Iceberg table: JSON in the metadata, tarn_schema inside, and back.
 *
 * Every field has its id, elements, keys and values of nested types too: in tarn_field.id, and in the tree of physical names. A field's
 * `doc` is its property "comment".
 */
struct tarn__iceberg_schema {
    int32_t id;                            /* 0 where a table of version 1 has none */
    struct tarn_schema *schema;            /* a reference; tarn_schema_release */
    const struct tarn__physical *physical; /* in the caller's arena */
    uint32_t identifier_count;
    const int32_t *identifier_ids;
    int32_t highest_id; /* of all fields, 0 without any */
};

/**
 * Errors: CORRUPT schema, single_value (with the column), UNSUPPORTED iceberg.type.* (types of version 3) and iceberg.default (columns with
 * an initial default), NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_schema_parse(struct tarn_env *env, struct tarn_text json, struct tarn_arena *arena,
                                                             struct tarn__iceberg_schema *out, struct tarn_error *err);

/** One type alone, as it stands in a schema: "int", {"type":"list",...}. It lives in the arena. Errors: as above. */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_type_parse(struct tarn_text json, struct tarn_arena *arena, const struct tarn_type **out,
                                                           struct tarn_error *err);

/** {"type":"struct","schema-id":...,"fields":[...]} as Java writes it. */
void tarn__iceberg_schema_print(const struct tarn__iceberg_schema *schema, struct tarn_json_printer *json);
/** The word or object of a type, with the ids of its fields. */
void tarn__iceberg_type_print(const struct tarn_type *type, struct tarn_json_printer *json);

/**
 * What a schema becomes in Iceberg: small integers int, unsigned ones widened, texts of all kinds strings, times and timestamps in
 * microseconds. `narrow`: also what loses something (nanoseconds). The result has no ids yet. Errors: UNSUPPORTED iceberg.type.*,
 * INVALID (no columns, names equal without case).
 */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_schema_map(struct tarn_env *env, const struct tarn_schema *from, bool narrow,
                                                           struct tarn_schema **out, struct tarn_error *err);

/**
 * Gives every field a new id above *last_id, in Java's order: all fields of a struct, then what lies in each. *last_id becomes the highest.
 * `out` has its own schema and, in the arena, the physical tree.
 */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_schema_assign(struct tarn_env *env, struct tarn_arena *arena,
                                                              const struct tarn_schema *from, int32_t schema_id, int32_t *last_id,
                                                              struct tarn__iceberg_schema *out, struct tarn_error *err);

/** The tree of names and ids of fields that have ids. */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_schema_physical(struct tarn_arena *arena, uint32_t count, const struct tarn_field *fields,
                                                                const struct tarn__physical **out, struct tarn_error *err);

/** The field with this id among `fields` and in them, or NULL. */
const struct tarn_field *tarn__iceberg_field_find(uint32_t count, const struct tarn_field *fields, int32_t id);
/** The same in a schema; *top (may be NULL) is the index of the top-level field it is in or is. */
const struct tarn_field *tarn__iceberg_schema_find(const struct tarn_schema *schema, int32_t id, uint32_t *top);

/* ---- name mapping: ids for columns of files that have none ---- */

struct tarn__iceberg_mapped_field {
    int32_t id; /* -1: none */
    uint32_t name_count;
    const struct tarn_text *names;
    uint32_t child_count;
    const struct tarn__iceberg_mapped_field *children;
};

struct tarn__iceberg_name_mapping {
    uint32_t field_count;
    const struct tarn__iceberg_mapped_field *fields;
};

/** Property schema.name-mapping.default. Errors: CORRUPT name_mapping, NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_name_mapping_parse(struct tarn_text json, struct tarn_arena *arena,
                                                                   struct tarn__iceberg_name_mapping *out, struct tarn_error *err);
#endif
