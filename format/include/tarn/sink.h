/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_SINK_H
#define TARN_SINK_H

#include "tarn/batch.h"
#include "tarn/value.h"

/*
 * Where rows go: a Parquet, CSV, JSON or Arrow file being written, a table being appended to. The counterpart of tarn/cursor.h.
 *
 * Threads: single. Ownership: the sink takes no batch; it has used it when `write` returns. finish and abort end the sink.
 */

struct tarn_sink;

struct tarn_sink_ops {
    uint32_t size;
    const char *name;
    /** Takes the selected rows. The batch has the sink's schema: same number of columns and equal types, in order. */
    enum tarn_status (*write)(struct tarn_sink *sink, const struct tarn_batch *batch, struct tarn_error *err);
    /** Completes what was written and makes it visible, or fails leaving nothing behind. Ends the sink whatever the answer. */
    enum tarn_status (*finish)(struct tarn_sink *sink, struct tarn_error *err);
    /** Leaves nothing behind. Ends the sink. */
    void (*abort)(struct tarn_sink *sink);
};

struct tarn_sink {
    const struct tarn_sink_ops *ops;
    struct tarn_env *env;
    const struct tarn_schema *schema; /**< the sink holds a reference */
};

TARN_BEGIN_DECLS

/** Errors: INVALID (wrong columns, a null where none may be), IO, NOMEM, LIMIT, CANCELLED, and the sink's own. */
TARN_CALL tarn_sink_write(struct tarn_sink *sink, const struct tarn_batch *batch, struct tarn_error *err);
TARN_CALL tarn_sink_finish(struct tarn_sink *sink, struct tarn_error *err);
TARN_API void tarn_sink_abort(struct tarn_sink *sink);

TARN_END_DECLS

#endif
