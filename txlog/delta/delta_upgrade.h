/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_UPGRADE_H
#define TARN_TXLOG_DELTA_DELTA_UPGRADE_H

#include "format/base/arena.h"
#include "txlog/delta/delta_action.h"

/*
 * Protocols as sets of features: what a protocol says, by lists or by numbers; what is added with all that it needs; and the protocol
 * again. Features that tarn does not know stay where they were.
 *
 * Ownership: in the arena. Threads: single.
 */
struct tarn__delta_feature_use {
    struct tarn_text name;
    bool reads; /* readers must have it too */
};

struct tarn__delta_features {
    struct tarn_arena *arena;
    uint32_t count;
    uint32_t capacity;
    struct tarn__delta_feature_use *items;
};

TARN_WARN_UNUSED enum tarn_status tarn__delta_features_of(struct tarn_arena *arena, const struct tarn__delta_protocol *protocol,
                                                          struct tarn__delta_features *out, struct tarn_error *err);
bool tarn__delta_features_have(const struct tarn__delta_features *features, struct tarn_text name);
/** With what it depends on. Errors: UNSUPPORTED delta.feature (a name that is not known). */
TARN_WARN_UNUSED enum tarn_status tarn__delta_features_add(struct tarn__delta_features *features, struct tarn_text name,
                                                           struct tarn_error *err);
/**
 * The least protocol that says just this and is not below `before` (writer 0: the table is new). Legacy numbers where they imply exactly
 * the set; else lists that name every feature, those that numbers implied too.
 */
TARN_WARN_UNUSED enum tarn_status tarn__delta_features_protocol(const struct tarn__delta_features *features,
                                                                const struct tarn__delta_protocol *before, struct tarn__delta_protocol *out,
                                                                struct tarn_error *err);

#endif
