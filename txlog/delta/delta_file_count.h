/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_FILE_COUNT_H
#define TARN_TXLOG_DELTA_DELTA_FILE_COUNT_H

#include "tarn/table.h"
#include "txlog/delta/delta_action.h"

/*
 * What a commit did to files and rows, out of its adds and removes. A file that is taken out and put back with another deletion vector is
 * neither added nor removed: the rows between the two vectors are. Threads: single.
 */
struct tarn__delta_file_count {
    struct tarn_env *env;
    struct tarn__delta_counted *counted; /* adds and removes */
    size_t count;
    size_t capacity;
    bool with_vectors;
};

/** Notes one add or remove. `count` begins as {env}. Errors: NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_count_file(struct tarn__delta_file_count *count, const struct tarn__delta_action *action,
                                                         struct tarn_error *err);
/** After the last: adds what they come to, and ends the count. */
void tarn__delta_count_end(struct tarn__delta_file_count *count, struct tarn_commit_info *commit);

#endif
