/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_ICEBERG_ICEBERG_SPEC_H
#define TARN_TXLOG_ICEBERG_ICEBERG_SPEC_H

#include "format/base/text.h"
#include "format/json/json_print.h"
#include "txlog/core/snapshot.h"

/*
 * Partition specs and sort orders, by the ids of the fields they are of; bound to a schema they are the model's.
 *
 * Everything lives in the arena of the call. A transform that is not known is kept as its word: such a table is read, not pruned by that
 * field, and not written.
 */
enum { TARN_ICEBERG_FIRST_PARTITION_ID = 1000 };

struct tarn__iceberg_partition_field {
    int32_t source_id; /* -1: several (source-ids) */
    int32_t id;
    struct tarn_text name;
    enum tarn__transform transform;
    int32_t parameter;
    struct tarn_text word; /* the transform as written */
};

struct tarn__iceberg_spec {
    int32_t id;
    uint32_t field_count;
    const struct tarn__iceberg_partition_field *fields;
    struct tarn_text json; /* as it was read, what is printed again; empty: a new one */
};

struct tarn__iceberg_sort_field {
    int32_t source_id; /* -1: several */
    enum tarn__transform transform;
    int32_t parameter;
    struct tarn_text word;
    bool descending;
    bool nulls_last;
};

struct tarn__iceberg_order {
    int32_t id;
    uint32_t field_count;
    const struct tarn__iceberg_sort_field *fields;
    struct tarn_text json; /* as it was read; empty: a new one */
};

/** "bucket[16]"; UNKNOWN for another word. Errors: CORRUPT transform (a known word with a parameter that cannot be). */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_transform_parse(struct tarn_text word, enum tarn__transform *transform, int32_t *parameter,
                                                                struct tarn_error *err);
void tarn__iceberg_transform_print(enum tarn__transform transform, int32_t parameter, struct tarn_text_builder *out);

/** {"spec-id":...,"fields":[...]}. Errors: CORRUPT partition_spec. */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_spec_parse(struct tarn_text json, struct tarn_arena *arena, struct tarn__iceberg_spec *out,
                                                           struct tarn_error *err);
/** The array of fields alone: version 1's partition-spec, and the key "partition-spec" of manifests. */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_spec_parse_fields(struct tarn_text json, int32_t id, struct tarn_arena *arena,
                                                                  struct tarn__iceberg_spec *out, struct tarn_error *err);
void tarn__iceberg_spec_print(const struct tarn__iceberg_spec *spec, struct tarn_json_printer *json);
/** The array of fields alone. */
void tarn__iceberg_spec_print_fields(const struct tarn__iceberg_spec *spec, struct tarn_json_printer *json);

/** {"order-id":...,"fields":[...]}. Errors: CORRUPT sort_order. */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_order_parse(struct tarn_text json, struct tarn_arena *arena,
                                                            struct tarn__iceberg_order *out, struct tarn_error *err);
void tarn__iceberg_order_print(const struct tarn__iceberg_order *order, struct tarn_json_printer *json);

/**
 * A spec from the user's words, one a field: `city`, `"odd name"`, `identity(city)`, `bucket(16, id)`, `truncate(4, name)`, `year(ts)`,
 * `month(ts)`, `day(ts)`, `hour(ts)` (also years ... hours). Names are looked up among the top-level fields of `schema`, which has ids;
 * fields are called as Java calls them and numbered from first_id.
 * Errors: INVALID partition_column, partition_transform; UNSUPPORTED iceberg.partition_type.
 */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_spec_make(struct tarn_arena *arena, const struct tarn_schema *schema, uint32_t count,
                                                          const struct tarn_text *words, int32_t spec_id, int32_t first_id,
                                                          struct tarn__iceberg_spec *out, struct tarn_error *err);

/** Finds the type of a field by id when the current schema has it no more; NULL: no schema had it. */
typedef const struct tarn_type *(*tarn__iceberg_old_type_fn)(void *arg, int32_t id);

/**
 * The model's spec over `schema`. A source that is no top-level field of it has column TARN_NO_COLUMN; its type then comes from `old`
 * (NULL: nobody knows). A field whose transform is unknown, or whose source nobody knows, has `type` NULL.
 */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_spec_bind(struct tarn_arena *arena, const struct tarn__iceberg_spec *spec,
                                                          const struct tarn_schema *schema, tarn__iceberg_old_type_fn old, void *arg,
                                                          struct tarn__partition_spec *out, struct tarn_error *err);
/** May new files be partitioned by it? Errors: UNSUPPORTED iceberg.partition_transform, iceberg.partition_source. */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_spec_admit(const struct tarn__iceberg_spec *spec, const struct tarn__partition_spec *bound,
                                                           struct tarn_error *err);
/** The model's order; fields whose source is not top-level have column TARN_NO_COLUMN. */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_order_bind(struct tarn_arena *arena, const struct tarn__iceberg_order *order,
                                                           const struct tarn_schema *schema, struct tarn__sort_order *out,
                                                           struct tarn_error *err);

#endif
