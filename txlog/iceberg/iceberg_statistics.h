/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_ICEBERG_ICEBERG_STATISTICS_H
#define TARN_TXLOG_ICEBERG_ICEBERG_STATISTICS_H

#include "txlog/core/ingest.h"
#include "txlog/core/table_format.h"
#include "txlog/iceberg/iceberg_manifest.h"

/*
 * Metrics of data files, packed: what `statistics` of tracked and of staged files are in an Iceberg table.
 *
 * The packed form lives in memory only. A snapshot keeps COUNTS and BOUNDS of its files, which is what pruning asks for; who writes entries
 * of files that were there before takes them from their manifests. New files have all parts.
 */
enum {
    TARN_ICEBERG_PACK_COUNTS = 1 << 0, /* value_counts, null_counts, nan_counts */
    TARN_ICEBERG_PACK_BOUNDS = 1 << 1,
    TARN_ICEBERG_PACK_SIZES = 1 << 2,   /* column_sizes */
    TARN_ICEBERG_PACK_OFFSETS = 1 << 3, /* split_offsets */
    TARN_ICEBERG_PACK_ALL = (1 << 4) - 1,
};

/** Appends the packed form of the file's record_count and the wanted parts of its metrics. */
void tarn__iceberg_statistics_pack(const struct tarn__iceberg_data_file *file, unsigned parts, struct tarn_text_builder *out);

/**
 * Fills record_count and the metrics that were packed; other members are left alone. Arrays live in the arena, bytes are borrowed.
 * Errors: INTERNAL (not a packed form), NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_statistics_unpack(struct tarn_text packed, struct tarn_arena *arena,
                                                                  struct tarn__iceberg_data_file *out, struct tarn_error *err);

/** Metrics of one column; -1: not known. */
struct tarn__iceberg_column_metrics {
    int64_t values;
    int64_t nulls;
    int64_t nans;
    bool has_lower;
    bool has_upper;
    struct tarn_span lower; /* single-value bytes, borrowed */
    struct tarn_span upper;
};

/** Those of one column out of a packed form, without unpacking the others. False: not a packed form; nothing is known then. */
bool tarn__iceberg_statistics_find(struct tarn_text packed, int32_t field_id, int64_t *rows, struct tarn__iceberg_column_metrics *out);

/** `statistics` of the seam: metrics of a new file as Java collects them, under the table's write.metadata.metrics.* properties. */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_statistics_make(const struct tarn_snapshot *snapshot,
                                                                const struct tarn__statistics_input *input, struct tarn_text_builder *out,
                                                                struct tarn_error *err);

/** `bounds` of the seam. */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_statistics_bounds(const struct tarn_snapshot *snapshot, struct tarn_text packed,
                                                                  struct tarn_arena *arena, uint32_t count,
                                                                  struct tarn__bounds_wanted *wanted, struct tarn_error *err);

/** `statistics_text` of the seam: JSON with numRecords, minValues, maxValues, nullCount by column name. */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_statistics_text(const struct tarn_snapshot *snapshot, struct tarn_text packed,
                                                                struct tarn_text_builder *out, struct tarn_error *err);

#endif
