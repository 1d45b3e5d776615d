/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TOOLS_TARN_FILE_INPUT_H
#define TARN_TOOLS_TARN_FILE_INPUT_H

#include <stdio.h>

#include "tarn/tarn.h"

/*
 * A file whose rows are taken in: a CSV, JSON, Parquet or Arrow file, or standard input, opened with what is known of it, and opened again
 * with wider types when a later row breaks an inferred one. Who asked for it (a command line, a request) fills in what stands above the
 * line.
 */
struct input {
    struct tarn_env *env;
    const char *path;            /* "-": standard input */
    enum tarn_file_format asked; /* AUTO: by its first bytes and its name */
    struct tarn_csv_options csv;
    struct tarn_text records;   /* of JSON */
    struct tarn_schema *schema; /* that csv.schema, or a reopened source, was given; released by input_end */
    FILE *rejects;              /* NULL: the first bad row stops */
    /* ---- */
    enum tarn_file_format format;
    struct tarn_store *store; /* of the file, which counts the bytes that were read; NULL: standard input */
    struct tarn_source *source;
    uint64_t rejected;
    uint64_t bytes;  /* of the file; 0: not known */
    uint8_t head[8]; /* of standard input: read to see its format, handed on as its first bytes */
    size_t head_size;
    size_t head_used;
};

/** Returns from the caller unless the call is OK. */
#define TARN_TOOL_TRY(call)                                                                                                                \
    do {                                                                                                                                   \
        const enum tarn_status tool_status_ = (call);                                                                                      \
        if (tool_status_ != TARN_OK) {                                                                                                     \
            return tool_status_;                                                                                                           \
        }                                                                                                                                  \
    } while (0)

/** Fills in an error of the tool's own; returns its code. */
enum tarn_status tool_error(struct tarn_error *err, enum tarn_status code, const char *detail, const char *format, ...) TARN_PRINTF(4, 5);

/** Opens it, or opens it again, with a schema (NULL: as `csv` says); rejects begin anew. */
enum tarn_status input_open_file(struct input *input, const struct tarn_schema *schema, struct tarn_error *err);
/** Its columns are part of the file, not inferred from text. */
bool input_is_typed(const struct input *input);
void input_end(struct input *input);

/** A store for the folder of a path, and the key in it (allocated: free). */
enum tarn_status store_of_path(struct tarn_env *env, const char *path, bool create, struct tarn_store **store, char **key,
                               struct tarn_error *err);

#endif
