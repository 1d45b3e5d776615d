/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_ICEBERG_ICEBERG_MANIFEST_H
#define TARN_TXLOG_ICEBERG_ICEBERG_MANIFEST_H

#include "format/base/text.h"
#include "tarn/value.h"
#include "txlog/iceberg/iceberg_manifest_list.h"

/*
 * Manifests: Avro files that list data and delete files, of format versions 1, 2 and 3 in reading, 2 in writing.
 *
 * Fields are found by their field id, whatever they are called and in whatever order they stand. Bounds and partition values are handed
 * through as stored; iceberg_value.h knows what bounds mean, tarn__iceberg_partition_read below what partition values mean.
 */
enum tarn__iceberg_status { TARN_ICEBERG_EXISTING = 0, TARN_ICEBERG_ADDED = 1, TARN_ICEBERG_DELETED = 2 };
enum tarn__iceberg_content { TARN_ICEBERG_DATA = 0, TARN_ICEBERG_POSITION_DELETES = 1, TARN_ICEBERG_EQUALITY_DELETES = 2 };

/** A column's number of bytes, values, nulls or NaNs. */
struct tarn__iceberg_count {
    int32_t field_id;
    int64_t count;
};

/** A column's bound as single-value bytes. */
struct tarn__iceberg_bound {
    int32_t field_id;
    struct tarn_span bytes;
};

struct tarn__iceberg_counts {
    bool is_there; /**< false: null or no such field; an empty map is there */
    uint32_t size;
    const struct tarn__iceberg_count *items;
};

struct tarn__iceberg_bounds {
    bool is_there;
    uint32_t size;
    const struct tarn__iceberg_bound *items;
};

/** One member of a partition tuple as Avro holds it. */
enum tarn__iceberg_stored {
    TARN_ICEBERG_NULL = 0,
    TARN_ICEBERG_INTEGER, /**< `integer`: boolean, int, long and their logical types */
    TARN_ICEBERG_REAL,    /**< `real`: float (widened), double */
    TARN_ICEBERG_BYTES,   /**< `bytes`: string, bytes, fixed; decimals and uuids big-endian */
};

struct tarn__iceberg_partition_value {
    int32_t field_id; /**< of the partition field */
    enum tarn__iceberg_stored stored;
    enum tarn__avro_kind kind; /**< of the stored value when read; not looked at in writing, as `logical` */
    enum tarn__avro_logical logical;
    int64_t integer;
    double real;
    struct tarn_span bytes;
};

struct tarn__iceberg_data_file {
    enum tarn__iceberg_content content;
    struct tarn_text path;   /**< as recorded */
    struct tarn_text format; /**< "PARQUET", "avro", ...: compare without case */
    uint32_t partition_count;
    const struct tarn__iceberg_partition_value *partition; /**< in the order of the manifest's partition type */
    int64_t record_count;
    int64_t size;
    struct tarn__iceberg_counts column_sizes;
    struct tarn__iceberg_counts value_counts;
    struct tarn__iceberg_counts null_counts;
    struct tarn__iceberg_counts nan_counts;
    struct tarn__iceberg_bounds lower_bounds;
    struct tarn__iceberg_bounds upper_bounds;
    bool has_key_metadata;
    struct tarn_span key_metadata;
    bool has_split_offsets;
    uint32_t split_offset_count;
    const int64_t *split_offsets;
    bool has_equality_ids;
    uint32_t equality_id_count;
    const int32_t *equality_ids;
    int32_t sort_order_id;                 /**< -1: none */
    int64_t first_row_id;                  /**< -1: none */
    struct tarn_text referenced_data_file; /**< empty: none */
    int64_t content_offset;                /**< -1: none; of a deletion vector */
    int64_t content_size;                  /**< -1: none */
};

struct tarn__iceberg_entry {
    enum tarn__iceberg_status status;
    bool has_snapshot_id;
    bool has_sequence_number; /**< the data sequence number */
    bool has_file_sequence_number;
    int64_t snapshot_id;
    int64_t sequence_number;
    int64_t file_sequence_number;
    struct tarn__iceberg_data_file file;
};

/* ---- reading ---- */

struct tarn__iceberg_manifest;

/** What a manifest says of itself. Texts are JSON, borrowed from the file. */
struct tarn__iceberg_manifest_info {
    int32_t format_version; /**< 1 when not said */
    enum tarn__iceberg_manifest_content content;
    struct tarn_text schema;         /**< empty: not said */
    int32_t schema_id;               /**< -1: not said */
    struct tarn_text partition_spec; /**< the array of its fields; empty: not said */
    int32_t spec_id;                 /**< -1: not said */
};

/** What the caller does not look at: it is skipped and not there in entries. */
enum {
    TARN_ICEBERG_SKIP_COUNTS = 1 << 0, /**< column_sizes, value_counts, null_counts, nan_counts */
    TARN_ICEBERG_SKIP_BOUNDS = 1 << 1,
    TARN_ICEBERG_SKIP_OFFSETS = 1 << 2, /**< split_offsets */
};

/**
 * Opens a manifest whose bytes are `file` (borrowed). Errors: as tarn__avro_open; CORRUPT iceberg.manifest (a field that is required is
 * missing or of another type); UNSUPPORTED iceberg.format_version above 3; NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_manifest_open(struct tarn_env *env, struct tarn_span file, unsigned skip,
                                                              struct tarn__iceberg_manifest **out, struct tarn_error *err);
/** NULL is legal. */
void tarn__iceberg_manifest_close(struct tarn__iceberg_manifest *manifest);
const struct tarn__iceberg_manifest_info *tarn__iceberg_manifest_info(const struct tarn__iceberg_manifest *manifest);

/**
 * The next entry as stored (nothing inherited), NULL behind the last. It and all it points at are borrowed until the next call; the
 * caller may change the entry itself. Deleted entries are handed out too. Errors: as tarn__avro_next; CORRUPT iceberg.manifest; NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_manifest_next(struct tarn__iceberg_manifest *manifest, struct tarn__iceberg_entry **entry,
                                                              struct tarn_error *err);

/** What the entries of one manifest inherit from its line in the manifest list. */
struct tarn__iceberg_inheritance {
    int64_t snapshot_id;
    int64_t sequence_number;
    int64_t next_row_id; /**< -1: the manifest has no first row id */
};

struct tarn__iceberg_inheritance tarn__iceberg_inheritance_of(const struct tarn__iceberg_manifest_file *manifest);

/**
 * Fills in what the entry does not say itself; called for each entry of the manifest in order. Behind it all three numbers are there.
 * Errors: CORRUPT iceberg.sequence_number (an entry that was not added by this manifest must have its own, unless the manifest's is 0).
 */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_entry_inherit(struct tarn__iceberg_entry *entry,
                                                              struct tarn__iceberg_inheritance *inheritance, struct tarn_error *err);

/**
 * The stored value as one of `type`, the type of the partition field in the table's spec now (which may be wider than that of the file):
 * boolean, int, long, float, double, decimal, date, time, timestamp, string, uuid, fixed, binary. Bytes stay borrowed.
 * Errors: CORRUPT iceberg.partition_value.
 */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_partition_read(const struct tarn__iceberg_partition_value *stored,
                                                               const struct tarn_type *type, struct tarn_value *out,
                                                               struct tarn_error *err);
/** The other way; the 16 bytes of `room` hold a decimal's. */
void tarn__iceberg_partition_store(int32_t field_id, const struct tarn_value *value, uint8_t room[16],
                                   struct tarn__iceberg_partition_value *out);

/* ---- writing, version 2 ---- */

struct tarn__iceberg_manifest_field {
    int32_t id;
    struct tarn_text name;
    const struct tarn_type *type; /**< of the partition value */
};

struct tarn__iceberg_manifest_options {
    enum tarn__iceberg_manifest_content content;
    struct tarn_text schema; /**< the table's schema as JSON */
    int32_t schema_id;
    struct tarn_text partition_spec; /**< the array of the spec's fields as JSON */
    int32_t spec_id;
    uint32_t field_count;
    const struct tarn__iceberg_manifest_field *fields; /**< of the partition tuple, in order */
    int32_t level;                                     /**< of deflate; 0: the default */
};

struct tarn__iceberg_manifest_writer;

/** The file goes to `out`, which must outlive the writer. Errors: INVALID (a type that no partition value has), NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_manifest_create(struct tarn_env *env, const struct tarn__iceberg_manifest_options *options,
                                                                struct tarn_text_builder *out,
                                                                struct tarn__iceberg_manifest_writer **writer, struct tarn_error *err);
/** NULL is legal; what was not finished is lost. */
void tarn__iceberg_manifest_writer_close(struct tarn__iceberg_manifest_writer *writer);

/**
 * Adds an entry. Partition values are found by field id; one that is missing is null. An ADDED entry without sequence numbers inherits
 * those of its commit; others must have them. Errors: INVALID, NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_manifest_add(struct tarn__iceberg_manifest_writer *writer,
                                                             const struct tarn__iceberg_entry *entry, struct tarn_error *err);

/**
 * Writes what is left and fills in `file` what the writer knows: length, spec id, content, the six counts, min_sequence_number and
 * sequence_number (TARN_ICEBERG_UNASSIGNED where they are those of the commit). Path, snapshot and partition summaries are the caller's.
 */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_manifest_finish(struct tarn__iceberg_manifest_writer *writer,
                                                                struct tarn__iceberg_manifest_file *file, struct tarn_error *err);

#endif
