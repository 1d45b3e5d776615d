/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_ICEBERG_ICEBERG_MANIFEST_LIST_H
#define TARN_TXLOG_ICEBERG_ICEBERG_MANIFEST_LIST_H

#include "format/avro/avro_reader.h"
#include "format/base/text.h"

/*
 * Manifest lists: the Avro file of a snapshot that names its manifests, of format versions 1, 2 and 3 in reading, 2 in writing.
 *
 * Fields are found by their field id. `manifest_length` is what the writer believed: files that were edited since have another one.
 */
enum tarn__iceberg_manifest_content { TARN_ICEBERG_DATA_MANIFEST = 0, TARN_ICEBERG_DELETE_MANIFEST = 1 };

/** A sequence number that the commit which writes the list will give. */
enum { TARN_ICEBERG_UNASSIGNED = -1 };

/** One field of the partition tuple over all files of a manifest; bounds as single-value bytes. */
struct tarn__iceberg_field_summary {
    bool contains_null;
    int8_t contains_nan; /**< -1: not known */
    bool has_lower;
    bool has_upper;
    struct tarn_span lower;
    struct tarn_span upper;
};

struct tarn__iceberg_manifest_file {
    struct tarn_text path; /**< as recorded */
    int64_t length;
    int32_t spec_id;
    enum tarn__iceberg_manifest_content content;
    int64_t sequence_number;     /**< 0 in version 1 */
    int64_t min_sequence_number; /**< 0 in version 1 */
    int64_t added_snapshot_id;
    int32_t added_files; /**< counts of files and rows: -1 when not known (version 1) */
    int32_t existing_files;
    int32_t deleted_files;
    int64_t added_rows;
    int64_t existing_rows;
    int64_t deleted_rows;
    bool has_partitions;
    uint32_t partition_count;
    const struct tarn__iceberg_field_summary *partitions; /**< in the order of the spec's fields */
    bool has_key_metadata;
    struct tarn_span key_metadata;
    int64_t first_row_id; /**< -1: none */
};

/**
 * Reads a whole list; everything in *out is copied into the arena. Errors: as tarn__avro_open and tarn__avro_next; CORRUPT
 * iceberg.manifest_list (a field that is required is missing or of another type, a number out of range); NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_manifest_list_read(struct tarn_arena *arena, struct tarn_span file,
                                                                   struct tarn__iceberg_manifest_file **out, size_t *count,
                                                                   struct tarn_error *err);

struct tarn__iceberg_manifest_list_options {
    int64_t snapshot_id;
    bool has_parent;
    int64_t parent_snapshot_id;
    int64_t sequence_number; /**< of the commit: stands in for TARN_ICEBERG_UNASSIGNED */
    int32_t level;           /**< of deflate; 0: the default */
};

/** Appends a whole list of version 2 to `out`. Errors: INVALID (a count that is not known), NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_manifest_list_write(struct tarn_env *env,
                                                                    const struct tarn__iceberg_manifest_list_options *options,
                                                                    const struct tarn__iceberg_manifest_file *files, size_t count,
                                                                    struct tarn_text_builder *out, struct tarn_error *err);

#endif
