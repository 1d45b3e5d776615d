/* SPDX-License-Identifier: Apache-2.0
 *
 * What is not files, taken over from an older version of the same table.
 *
 * Specification: Delta PROTOCOL.md, "Protocol Evolution"; Spark's RestoreTableCommand.
 *
 * Invariants
 *  1. A restore takes no feature out of the protocol: what readers and writers had to know since, they go on knowing. A feature that was
 *     dropped since comes back with the files and properties that were written under it.
 *  2. Row ids go on from where they are: the mark of the newest version stays.
 */
#include "format/base/bytes.h"
#include "txlog/delta/delta_clone.h"
#include "txlog/delta/delta_upgrade.h"
#include "txlog/delta/delta_write.h"

static enum tarn_status restore_protocol(struct tarn_transaction *transaction, const struct tarn__delta_protocol *now,
                                         const struct tarn__delta_protocol *then, struct tarn_error *err)
{
    struct tarn_arena *arena = &transaction->arena;
    struct tarn__delta_features have;
    struct tarn__delta_features back;
    bool more = false;
    TARN_RETURN_IF_ERROR(tarn__delta_features_of(arena, now, &have, err));
    TARN_RETURN_IF_ERROR(tarn__delta_features_of(arena, then, &back, err));
    for (uint32_t i = 0; i < back.count; i++) {
        if (!tarn__delta_features_have(&have, back.items[i].name)) {
            TARN_RETURN_IF_ERROR(tarn__delta_features_add(&have, back.items[i].name, err));
            more = true;
        }
    }
    if (!more) {
        return TARN_OK;
    }
    struct tarn__delta_protocol *joined = tarn__arena_alloc(arena, sizeof(*joined));
    if (joined == NULL) {
        return tarn__nomem(transaction->env, err, sizeof(*joined));
    }
    transaction->change.protocol = joined;
    return tarn__delta_features_protocol(&have, now, joined, err);
}

enum tarn_status tarn__delta_restore(struct tarn_transaction *transaction, const struct tarn_snapshot *target, struct tarn_error *err)
{
    const struct tarn__delta_state *now = tarn__delta_state_of(transaction->snapshot);
    const struct tarn__delta_state *then = tarn__delta_state_of(target);
    TARN_RETURN_IF_ERROR(restore_protocol(transaction, &now->protocol, &then->protocol, err));
    TARN_RETURN_IF_ERROR(tarn__delta_take_domains(transaction, then, false, err));
    if (tarn__delta_metadata_same(&now->metadata, &then->metadata)) {
        return TARN_OK;
    }
    struct tarn__delta_metadata *copy = tarn__arena_alloc(&transaction->arena, sizeof(*copy));
    if (copy == NULL) {
        return tarn__nomem(transaction->env, err, sizeof(*copy));
    }
    transaction->change.metadata = copy;
    return tarn__delta_metadata_copy(&transaction->arena, &then->metadata, copy, err);
}
