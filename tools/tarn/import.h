/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TOOLS_TARN_IMPORT_H
#define TARN_TOOLS_TARN_IMPORT_H

#include "tools/tarn/command.h"

/*
 * A file that import or convert reads: opened with the command line's options, told about, opened again with wider types, copied with
 * progress.
 */
struct input {
    const char *path; /* "-": standard input */
    enum tarn_file_format format;
    struct tarn_store *store; /* of the file, which counts the bytes that were read; NULL: standard input */
    struct tarn_source *source;
    struct tarn_csv_options csv;
    struct tarn_schema *schema; /* that csv.schema, or a reopened source, was given */
    FILE *rejects;              /* NULL: the first bad row stops */
    uint64_t rejected;
    uint64_t bytes; /* of the file; 0: not known */
};

/** Returns from the caller unless the call is OK. */
#define TARN_TOOL_TRY(call)                                                                                                                \
    do {                                                                                                                                   \
        const enum tarn_status tool_status_ = (call);                                                                                      \
        if (tool_status_ != TARN_OK) {                                                                                                     \
            return tool_status_;                                                                                                           \
        }                                                                                                                                  \
    } while (0)

/** 0, or the exit code of what was reported; input_end in both cases. */
int input_begin(struct session *session, struct input *input, const char *path);
void input_end(struct input *input);
/** Opens it again with a schema (NULL: as the command line says); rejects begin anew. */
enum tarn_status input_reopen(struct session *session, struct input *input, const struct tarn_schema *schema, struct tarn_error *err);
/** What was inferred, for a person. */
void input_tell(struct session *session, struct input *input);
/** tarn_batches_copy with a progress bar. */
enum tarn_status input_copy(struct session *session, struct input *input, struct tarn_batches *from, struct tarn_sink *sink, uint64_t *rows,
                            struct tarn_error *err);

#endif
