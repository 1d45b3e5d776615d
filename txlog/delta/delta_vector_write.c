/* SPDX-License-Identifier: Apache-2.0
 *
 * The deletion vectors of a transaction, all in one file.
 *
 * Specification: Delta PROTOCOL.md, "Deletion Vectors"; "Writer Requirements for Deletion Vectors".
 *
 * Invariants
 *  1. The file is told before it comes into being and is durable before the commit that names it is written.
 *  2. What a lost attempt has written stays until the transaction ends, and is written again only where it no longer fits.
 */
#include "format/base/bytes.h"
#include "txlog/delta/delta_deletion_vector.h"
#include "txlog/delta/delta_state.h"
#include "txlog/delta/delta_write.h"

bool tarn__delta_may_delete_rows(const struct tarn_snapshot *snapshot)
{
    const struct tarn__delta_state *state = tarn__delta_state_of(snapshot);
    return tarn__delta_property_is_true(state, TARN_TEXT("delta.enableDeletionVectors")) &&
           tarn__delta_protocol_has_writer(&state->protocol, TARN_TEXT("deletionVectors"));
}

static bool is_written(const struct tarn__row_deletion *deletion)
{
    return deletion->gone || deletion->after.size != 0;
}

static enum tarn_status fill(struct tarn_transaction *transaction, struct tarn__delta_vector_file *file, struct tarn__deletion_vector *made,
                             struct tarn_error *err)
{
    const struct tarn_text place = tarn__arena_text(&transaction->arena, tarn__text_of(file->place));
    if (place.data == NULL) {
        return tarn__nomem(transaction->env, err, sizeof(file->place));
    }
    for (size_t i = 0; i < transaction->deletion_count; i++) {
        if (!is_written(&transaction->deletions[i])) {
            TARN_RETURN_IF_ERROR(tarn__delta_vector_file_add(file, transaction->deletions[i].deleted, &made[i], err));
            made[i].place = place;
        }
    }
    return TARN_OK;
}

/* No version names the file yet: where the store does not say whether it is there, the attempt ends, and the next one writes another. */
static enum tarn_status put(struct tarn_transaction *transaction, const struct tarn__delta_vector_file *file, struct tarn_error *err)
{
    const struct tarn_text key = tarn__text_of(file->key);
    TARN_RETURN_IF_ERROR(tarn__transaction_stage(transaction, key, err));
    const enum tarn_status status = tarn_store_put(transaction->snapshot->store, key, tarn__span_of_text(tarn__builder_text(&file->bytes)),
                                                   TARN_PUT_OVERWRITE, TARN_ROLE_DATA, err);
    if (status != TARN_OK) {
        tarn__error_at_object(err, key);
    }
    return status == TARN_COMMIT_UNKNOWN || status == TARN_TIMEOUT ? tarn__error_recode(err, TARN_THROTTLED) : status;
}

enum tarn_status tarn__delta_stage_vectors(struct tarn_transaction *transaction, struct tarn_error *err)
{
    size_t missing = 0;
    for (size_t i = 0; i < transaction->deletion_count; i++) {
        missing += !is_written(&transaction->deletions[i]);
    }
    if (missing == 0) {
        return TARN_OK;
    }
    struct tarn__deletion_vector *made = tarn__calloc(transaction->env, transaction->deletion_count, sizeof(*made));
    if (made == NULL) {
        return tarn__nomem(transaction->env, err, transaction->deletion_count * sizeof(*made));
    }
    struct tarn__delta_vector_file file;
    tarn__delta_vector_file_begin(&file, transaction->env);
    enum tarn_status status = fill(transaction, &file, made, err);
    if (status == TARN_OK) {
        status = put(transaction, &file, err);
    }
    for (size_t i = 0; status == TARN_OK && i < transaction->deletion_count; i++) {
        if (!is_written(&transaction->deletions[i])) {
            transaction->deletions[i].after = made[i];
        }
    }
    tarn__delta_vector_file_free(&file);
    tarn__free(transaction->env, made);
    return status;
}
