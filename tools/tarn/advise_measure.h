/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TOOLS_TARN_ADVISE_MEASURE_H
#define TARN_TOOLS_TARN_ADVISE_MEASURE_H

#include "tools/tarn/command.h"

/*
 * What a Parquet file would be like with other options: a sample of its row groups, really written with them, into memory.
 */

/** Whole row groups, spread over the file, until they have as many rows as were asked for. */
struct sample {
    struct tarn_env *env;
    struct tarn_source *source;
    struct tarn_parquet_metadata *metadata;
    uint32_t group_count;
    uint32_t *groups;
    struct tarn_row_range *ranges;
    uint64_t rows;
    uint64_t group_rows;    /* of the largest one of them */
    uint64_t adjacent_rows; /* of the longest run of neighbours among them */
};

/** `metadata` and `source` are borrowed. */
enum tarn_status sample_take(struct tarn_env *env, struct tarn_source *source, struct tarn_parquet_metadata *metadata, uint64_t rows,
                             struct sample *out, struct tarn_error *err);
void sample_free(struct sample *sample);
/** The rows of the sample; to be closed. */
enum tarn_status sample_batches(const struct sample *sample, struct tarn_batches **out, struct tarn_error *err);

/** A leaf column of a written sample. Texts are terminated. */
struct measured_leaf {
    char path[256];
    char type[24];
    char encodings[96];
    char codec[16];
    uint64_t bytes;
};

struct measured {
    uint64_t bytes;       /* of the whole file, indexes and footer counted; 0: it is part of one */
    uint64_t chunk_bytes; /* of its column chunks alone */
    uint64_t rows;
    uint32_t page_version; /* of its first data page; 0: a part of a file */
    uint32_t leaf_count;
    struct measured_leaf *leaves;
};

/** The sample as it is stored now: sums over its row groups. */
enum tarn_status measure_stored(const struct sample *sample, struct measured *out, struct tarn_error *err);
/** The sample, or the result of a query over it called `sample` (`sql` not NULL), written with these options. */
enum tarn_status measure_written(const struct sample *sample, const char *sql, const struct tarn_parquet_write_options *options,
                                 struct measured *out, struct tarn_error *err);
void measured_free(struct measured *measured);
/** The one number that a query over `sample` gives. */
enum tarn_status sample_number(const struct sample *sample, const char *sql, uint64_t *out, struct tarn_error *err);

#endif
