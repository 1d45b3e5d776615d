/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TOOLS_TARN_IMPORT_H
#define TARN_TOOLS_TARN_IMPORT_H

#include "tools/tarn/command.h"
#include "tools/tarn/file_input.h"

/* What import and convert share: files opened with the options of the command line, told about, copied with progress. */

/** 0, or the exit code of what was reported; input_end in both cases. */
int input_begin(struct session *session, struct input *input, const char *path);
/** What was inferred, for a person. */
void input_tell(struct session *session, struct input *input);
/** tarn_batches_copy with a progress bar. */
enum tarn_status input_copy(struct session *session, struct input *input, struct tarn_batches *from, struct tarn_sink *sink, uint64_t *rows,
                            struct tarn_error *err);

#endif
