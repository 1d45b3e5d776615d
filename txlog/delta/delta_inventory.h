/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_INVENTORY_H
#define TARN_TXLOG_DELTA_DELTA_INVENTORY_H

#include "tarn/upkeep.h"
#include "txlog/delta/delta_state.h"

/*
 * Every object below _delta_log, by what it is: for those who clean and check it.
 *
 * Ascending by key; texts live in `arena`. Threads: single.
 */
struct tarn__delta_object {
    struct tarn_log_object facts;
    int64_t last; /* of a compaction */
    bool unknown; /* neither a log file nor anything that tarn leaves behind */
};

struct tarn__delta_inventory {
    struct tarn_arena arena;
    struct tarn__delta_object *objects;
    size_t count;
    size_t capacity;
};

TARN_WARN_UNUSED enum tarn_status tarn__delta_inventory_read(struct tarn_store *store, struct tarn__delta_inventory *out,
                                                             struct tarn_error *err);
void tarn__delta_inventory_free(struct tarn__delta_inventory *inventory);

/**
 * Adds the keys of the sidecars that a checkpoint names to a set that looks them up by path. Errors: those of reading the checkpoint.
 */
TARN_WARN_UNUSED enum tarn_status tarn__delta_note_sidecars(const struct tarn_snapshot *snapshot,
                                                            const struct tarn__delta_checkpoint *checkpoint, struct tarn__file_set *keys,
                                                            struct tarn_error *err);

#endif
