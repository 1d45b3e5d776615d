/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes on their way out, in large pieces.
 */
#include "writer/text/text_output.h"

#include "format/batch/selection.h"

enum { PIECE = 256 * 1024 };

enum tarn_status tarn__text_output_open(struct tarn__text_output *output, struct tarn_store *store, struct tarn_text key,
                                        struct tarn_error *err)
{
    *output = (struct tarn__text_output){.env = store->env};
    tarn__builder_init(&output->text, store->env);
    return tarn_object_writer_open(store, key, TARN_ROLE_DATA, &output->writer, err);
}

void tarn__text_output_open_stream(struct tarn__text_output *output, struct tarn_env *env, struct tarn_byte_sink to)
{
    *output = (struct tarn__text_output){.env = env, .to = to};
    tarn__builder_init(&output->text, env);
}

enum tarn_status tarn__text_output_rows(struct tarn__text_output *output, const struct tarn_selection *selection,
                                        const uint32_t **positions, struct tarn_error *err)
{
    const size_t bytes = tarn__selection_bytes(selection->rows);
    *positions = NULL;
    if (!tarn__grow(output->env, &output->positions, &output->position_room, bytes / sizeof(uint32_t), sizeof(uint32_t))) {
        return tarn__nomem(output->env, err, bytes);
    }
    *positions = tarn__selection_positions(selection, output->positions);
    return TARN_OK;
}

enum tarn_status tarn__text_output_flush(struct tarn__text_output *output, bool all, struct tarn_error *err)
{
    if (output->text.size < PIECE && !all && !output->text.failed) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(tarn__builder_status(&output->text, err));
    const struct tarn_span bytes = tarn__span_of_text(tarn__builder_text(&output->text));
    if (bytes.size != 0) {
        TARN_RETURN_IF_ERROR(output->writer != NULL ? tarn_object_writer_append(output->writer, bytes, err)
                                                    : output->to.write(output->to.ctx, bytes, err));
    }
    tarn__builder_clear(&output->text);
    return tarn__check_cancelled(output->env, err);
}

enum tarn_status tarn__text_output_finish(struct tarn__text_output *output, struct tarn_error *err)
{
    enum tarn_status status = tarn__text_output_flush(output, true, err);
    if (status == TARN_OK && output->writer != NULL) {
        status = tarn_object_writer_commit(output->writer, output->mode, err);
        output->writer = NULL;
    }
    tarn__text_output_abort(output);
    return status;
}

void tarn__text_output_abort(struct tarn__text_output *output)
{
    if (output->writer != NULL) {
        tarn_object_writer_abort(output->writer);
        output->writer = NULL;
    }
    tarn__builder_free(&output->text);
    tarn__free(output->env, output->positions);
    output->positions = NULL;
}
