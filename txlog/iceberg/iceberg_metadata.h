/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_ICEBERG_ICEBERG_METADATA_H
#define TARN_TXLOG_ICEBERG_ICEBERG_METADATA_H

#include "txlog/iceberg/iceberg_schema.h"
#include "txlog/iceberg/iceberg_spec.h"

/*
 * Table metadata: one JSON file, the state of an Iceberg table above its manifests.
 *
 * What a commit leaves alone is kept as the text it was read as: schemas, specs, orders, snapshots, statistics, and fields that tarn does
 * not know, so that writing the metadata again loses nothing. To change something, change a copy of the struct: put a new array in place of
 * an old one, and a new text in place of an old text.
 *
 * Ownership: everything lives in the arena of the call or is borrowed from the bytes that were parsed. Threads: single, then immutable.
 */

/** Something with an id, as it stands in the file. */
struct tarn__iceberg_text_by_id {
    int32_t id;
    struct tarn_text json;
};

/** A snapshot's facts that are wanted of all; the rest with tarn__iceberg_snapshot_parse. 72 bytes. */
struct tarn__iceberg_snapshot_entry {
    int64_t id;
    int64_t parent_id; /* -1: none */
    int64_t sequence;  /* 0 in version 1 */
    int64_t timestamp_ms;
    int32_t schema_id; /* -1: not said */
    struct tarn_text json;
};

struct tarn__iceberg_snapshot {
    int64_t id;
    int64_t parent_id; /* -1: none */
    int64_t sequence;
    int64_t timestamp_ms;
    int32_t schema_id;              /* -1: not said */
    struct tarn_text manifest_list; /* empty: `manifests` */
    uint32_t manifest_count;        /* version 1: locations in the snapshot itself */
    const struct tarn_text *manifests;
    uint32_t summary_count;
    const struct tarn_property *summary; /* without "operation" */
    struct tarn_text operation;          /* empty: not said */
};

struct tarn__iceberg_ref {
    struct tarn_text name;
    int64_t snapshot_id;
    bool is_tag;
    int64_t min_snapshots_to_keep; /* each -1: not said */
    int64_t max_snapshot_age_ms;
    int64_t max_ref_age_ms;
};

struct tarn__iceberg_log_entry {
    int64_t timestamp_ms;
    int64_t snapshot_id;   /* snapshot-log */
    struct tarn_text file; /* metadata-log */
};

struct tarn__iceberg_unknown {
    struct tarn_text key;
    struct tarn_text json;
};

struct tarn__iceberg_metadata {
    int32_t format_version;      /* 1 or 2 */
    struct tarn_text table_uuid; /* empty: a table of version 1 may have none */
    struct tarn_text location;
    int64_t last_sequence;
    int64_t last_updated_ms;
    int32_t last_column_id;
    int32_t current_schema_id;
    uint32_t schema_count;
    const struct tarn__iceberg_text_by_id *schemas;
    int32_t default_spec_id;
    int32_t last_partition_id;
    uint32_t spec_count;
    const struct tarn__iceberg_spec *specs;
    int32_t default_order_id;
    uint32_t order_count;
    const struct tarn__iceberg_order *orders;
    uint32_t property_count;
    const struct tarn_property *properties;
    int64_t current_snapshot_id; /* -1: none */
    uint32_t snapshot_count;
    const struct tarn__iceberg_snapshot_entry *snapshots;
    uint32_t ref_count;
    const struct tarn__iceberg_ref *refs; /* "main" is there when there is a current snapshot */
    uint32_t snapshot_log_count;
    const struct tarn__iceberg_log_entry *snapshot_log;
    uint32_t metadata_log_count;
    const struct tarn__iceberg_log_entry *metadata_log;
    struct tarn_text statistics; /* JSON arrays; empty: none */
    struct tarn_text partition_statistics;
    uint32_t unknown_count;
    const struct tarn__iceberg_unknown *unknown;
};

/**
 * Reads metadata, plain or gzip (unpacked into the arena; else the result borrows from `bytes`).
 * Errors: CORRUPT metadata.* (what is missing or contradicts itself, by name), those of JSON and gzip; UNSUPPORTED
 * iceberg.format_version.3, iceberg.format_version; LIMIT, NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_metadata_parse(struct tarn_span bytes, struct tarn_arena *arena,
                                                               struct tarn__iceberg_metadata *out, struct tarn_error *err);

/** In Java's shape and order, version 2. A table of version 1 is only read: its writer asks format_version first. */
void tarn__iceberg_metadata_print(const struct tarn__iceberg_metadata *metadata, struct tarn_text_builder *out);

/** The schema with this id. Errors: CORRUPT metadata.schema_id (there is none), those of tarn__iceberg_schema_parse. */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_metadata_schema(const struct tarn__iceberg_metadata *metadata, struct tarn_env *env,
                                                                int32_t id, struct tarn_arena *arena, struct tarn__iceberg_schema *out,
                                                                struct tarn_error *err);

/**
 * All partition specs, and the sort orders, bound to `schema` (the one the snapshot is read with); types of sources that it has no more
 * come from the older schemas.
 */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_metadata_bind(const struct tarn__iceberg_metadata *metadata,
                                                              const struct tarn_schema *schema, struct tarn_arena *arena,
                                                              const struct tarn__partition_spec **specs,
                                                              const struct tarn__sort_order **orders, struct tarn_error *err);

/** Each NULL when there is none. */
const struct tarn__iceberg_spec *tarn__iceberg_metadata_spec(const struct tarn__iceberg_metadata *metadata, int32_t id);
const struct tarn__iceberg_snapshot_entry *tarn__iceberg_metadata_snapshot(const struct tarn__iceberg_metadata *metadata, int64_t id);
const struct tarn__iceberg_ref *tarn__iceberg_metadata_ref(const struct tarn__iceberg_metadata *metadata, struct tarn_text name);
const struct tarn_text *tarn__iceberg_metadata_property(const struct tarn__iceberg_metadata *metadata, struct tarn_text key);
/** By the snapshot log: the snapshot that was current at a time, -1 when there was none yet. */
int64_t tarn__iceberg_metadata_as_of(const struct tarn__iceberg_metadata *metadata, int64_t timestamp_ms);

/** All of a snapshot. Errors: CORRUPT metadata.snapshot, NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_snapshot_parse(struct tarn_text json, struct tarn_arena *arena,
                                                               struct tarn__iceberg_snapshot *out, struct tarn_error *err);
/** As Java writes it: what an entry's `json` is made of. */
void tarn__iceberg_snapshot_print(const struct tarn__iceberg_snapshot *snapshot, struct tarn_json_printer *json);

#endif
