/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_SNAPSHOT_H
#define TARN_TXLOG_CORE_SNAPSHOT_H

#include <stdatomic.h>

#include "format/base/text.h"
#include "tarn/table.h"
#include "txlog/core/file_set.h"
#include "txlog/core/place.h"
#include "txlog/core/row_rule.h"

/*
 * One version of a table in the words of the model, which is as wide as the widest format: whoever reads a snapshot need not know which
 * format it came from. The format fills it in and keeps what only it understands behind `state`.
 *
 * Ownership: everything lives in `arena` or in `files`, and goes with the last reference. Threads: single while a format fills it; sealed
 * it is immutable and shareable, and the next version can be derived from it, which shares with it what is the same.
 */

struct tarn__table_format;

struct tarn__schema_version {
    int32_t id;
    struct tarn_schema *schema;
};

enum tarn__transform {
    TARN_TRANSFORM_IDENTITY = 0,
    TARN_TRANSFORM_BUCKET,
    TARN_TRANSFORM_TRUNCATE,
    TARN_TRANSFORM_YEAR,
    TARN_TRANSFORM_MONTH,
    TARN_TRANSFORM_DAY,
    TARN_TRANSFORM_HOUR,
    TARN_TRANSFORM_VOID,
    TARN_TRANSFORM_UNKNOWN, /* a word of a later specification: says nothing about rows */
};

/** A partition or sort field whose source is not a column of the current schema: dropped since, or a member of a struct. */
#define TARN_NO_COLUMN UINT32_MAX

struct tarn__partition_field {
    uint32_t column; /* index in the current schema, or TARN_NO_COLUMN */
    struct tarn_text name;
    enum tarn__transform transform;
    int32_t parameter; /* buckets, width */
    int32_t id;
    const struct tarn_type *type; /* of the partition value; NULL: not known */
};

struct tarn__partition_spec {
    int32_t id;
    uint32_t field_count;
    const struct tarn__partition_field *fields;
};

struct tarn__sort_field {
    uint32_t column;
    enum tarn__transform transform;
    int32_t parameter;
    bool descending;
    bool nulls_last;
};

struct tarn__sort_order {
    int32_t id;
    uint32_t field_count;
    const struct tarn__sort_field *fields;
};

struct tarn__ref {
    struct tarn_text name;
    int64_t snapshot_id;
    bool is_tag;
};

/** What a column is called in data files; children as the type's fields. */
struct tarn__physical {
    struct tarn_text name;
    int32_t id;           /* -1: none */
    uint32_t alias_count; /* names by which files without ids have it */
    const struct tarn_text *aliases;
    uint32_t child_count;
    const struct tarn__physical *children;
};

struct tarn_snapshot {
    struct tarn_env *env;
    atomic_uint references;
    struct tarn__place place;
    struct tarn_store *store; /* the place's */
    const struct tarn__table_format *format;
    struct tarn_arena arena;
    struct tarn_snapshot_info info; /* id = info.version, timestamp = info.timestamp, properties = info.properties */
    bool is_new;                    /* the table is being made: there is no version yet */
    int64_t position;               /* in the log, where the format counts that apart from versions */
    int64_t parent_id;
    int64_t sequence;
    uint32_t schema_count;
    struct tarn__schema_version *schemas;
    struct tarn_schema *schema; /* the current one; one of `schemas` */
    int32_t schema_id;
    uint32_t spec_count;
    const struct tarn__partition_spec *specs;
    const struct tarn__partition_spec *spec; /* for new files */
    uint32_t sort_order_count;
    const struct tarn__sort_order *sort_orders;
    uint32_t ref_count;
    const struct tarn__ref *refs;
    const struct tarn__physical *physical; /* one a field of `schema` */
    bool match_by_id;                      /* columns of files are found by id, not by name */
    bool has_aliases;                      /* and in files without ids by the aliases in `physical` */
    uint32_t rule_count;                   /* about rows that are written */
    const struct tarn__row_rule *rules;
    uint32_t variant_count;
    const struct tarn_path *variants;         /* where the table has VARIANTs, in the words of files: these may not say it of themselves */
    bool has_row_ids;                         /* rows have ids that stay when rows move */
    struct tarn__physical row_id_column;      /* what files call the column of ids that they store; no name and no id: they store none */
    struct tarn__physical row_version_column; /* the same of the versions of the rows' last writes */
    struct tarn__file_set files;
    void *state;                          /* the format's own, in `arena` */
    struct tarn__snapshot_ground *ground; /* what sealed versions have in their arenas and schemas */
    bool schemas_are_shared;              /* with the version that this one was derived from */
    bool is_sealed;
};

/** An empty snapshot with one reference; it copies the place. */
TARN_WARN_UNUSED enum tarn_status tarn__snapshot_new(const struct tarn__place *place, const struct tarn__table_format *format,
                                                     struct tarn_snapshot **out, struct tarn_error *err);

/** Makes `schema` (whose reference it takes over, also when it fails) one of the snapshot's, and the current one. */
TARN_WARN_UNUSED enum tarn_status tarn__snapshot_set_schema(struct tarn_snapshot *snapshot, int32_t id, struct tarn_schema *schema,
                                                            struct tarn_error *err);

/** Finds the VARIANTs of the current schema, once its physical names are there. Errors: NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__snapshot_find_variants(struct tarn_snapshot *snapshot, struct tarn_error *err);

/** Forgets the schemas, to be followed by others. */
void tarn__snapshot_drop_schemas(struct tarn_snapshot *snapshot);

/** Something that the reader of the version should know: it is told in `info` and in the env's log. Best effort. */
void tarn__snapshot_note(struct tarn_snapshot *snapshot, const char *format, ...) TARN_PRINTF(2, 3);

/** Counts files, bytes and rows into `info`. */
void tarn__snapshot_summarise(struct tarn_snapshot *snapshot);
/** The last step of filling: summarises, and makes the snapshot what never changes. Errors: NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__snapshot_seal(struct tarn_snapshot *snapshot, struct tarn_error *err);
/** A snapshot that is not sealed and is equal to one that is, but for notes: the begin of its next version. Errors: NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__snapshot_derive(const struct tarn_snapshot *from, struct tarn_snapshot **out,
                                                        struct tarn_error *err);

/** The partition spec with this id, or NULL. */
const struct tarn__partition_spec *tarn__snapshot_spec(const struct tarn_snapshot *snapshot, int32_t id);
/** The partition field that a column of the current schema is by identity, or NULL; *index is its place in the spec. */
const struct tarn__partition_field *tarn__spec_identity_of(const struct tarn__partition_spec *spec, uint32_t column, uint32_t *index);
/** The partition tuple of a file, with its values and the spec that they are of; NULL: not known. */
const struct tarn__partition *tarn__snapshot_partition(const struct tarn_snapshot *snapshot, const struct tarn__tracked_file *file);

/** What the public view of a file is made in; valid until its next use. */
struct tarn__file_view {
    struct tarn__pool_reader reader;
    struct tarn_text_builder text;
};

void tarn__file_view_init(struct tarn__file_view *view, const struct tarn_snapshot *snapshot);
void tarn__file_view_free(struct tarn__file_view *view);
/** The public view of a file. */
TARN_WARN_UNUSED enum tarn_status tarn__snapshot_file_info(const struct tarn_snapshot *snapshot, const struct tarn__tracked_file *file,
                                                           struct tarn__file_view *view, struct tarn_file_info *out,
                                                           struct tarn_error *err);

#endif
