/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_WRITER_TEXT_TEXT_OUTPUT_H
#define TARN_WRITER_TEXT_TEXT_OUTPUT_H

#include "format/base/text.h"
#include "tarn/store.h"
#include "tarn/writer.h"

/*
 * Where the sinks of CSV, JSON and Arrow IPC put their bytes: an object of a store, invisible until the end, or a host's byte sink. What is
 * put into `text` goes out in pieces of about 256 KiB.
 *
 * Ownership: borrows the byte sink, keeps the object writer. Threads: single.
 */
struct tarn__text_output {
    struct tarn_env *env;
    struct tarn_text_builder text;
    struct tarn_object_writer *writer; /**< NULL: the byte sink */
    struct tarn_byte_sink to;
    enum tarn_put_mode mode; /**< OVERWRITE unless it is set */
    uint32_t *positions;     /**< room for those of a batch */
    size_t position_room;
};

TARN_WARN_UNUSED enum tarn_status tarn__text_output_open(struct tarn__text_output *output, struct tarn_store *store, struct tarn_text key,
                                                         struct tarn_error *err);
void tarn__text_output_open_stream(struct tarn__text_output *output, struct tarn_env *env, struct tarn_byte_sink to);
/** The selected rows of a batch, in order; borrowed until the next call. Errors: NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__text_output_rows(struct tarn__text_output *output, const struct tarn_selection *selection,
                                                         const uint32_t **positions, struct tarn_error *err);
/** To be called between additions: sends the text on when there is enough of it. Errors: NOMEM, and those of the destination. */
TARN_WARN_UNUSED enum tarn_status tarn__text_output_flush(struct tarn__text_output *output, bool all, struct tarn_error *err);
/** Sends the rest and makes the object visible. Ends the output whatever the answer. */
TARN_WARN_UNUSED enum tarn_status tarn__text_output_finish(struct tarn__text_output *output, struct tarn_error *err);
void tarn__text_output_abort(struct tarn__text_output *output);

#endif
