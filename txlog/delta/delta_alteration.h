/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_ALTERATION_H
#define TARN_TXLOG_DELTA_DELTA_ALTERATION_H

#include "txlog/delta/delta_state.h"
#include "txlog/delta/delta_tree.h"
#include "txlog/delta/delta_upgrade.h"

/*
 * What a Delta table is, taken apart to be changed: its schema as a tree, its properties, its features; and put together again as metadata
 * and protocol. For tables that are being made and for those that are there.
 *
 * Ownership: in the arena. Threads: single.
 */
struct tarn__alteration {
    struct tarn_env *env;
    struct tarn_arena *arena;
    bool is_new;    /* no version yet: nothing has been written under the old schema */
    bool has_files; /* rows are there that nobody looks at */
    enum tarn__delta_mapping mapping;
    int64_t most_id; /* of column mapping */
    struct tarn__delta_protocol before;
    struct tarn__delta_metadata metadata;
    uint32_t property_capacity;
    struct tarn__delta_features features;
    struct tarn__tree_type *tree;
    bool metadata_changed;
};

/** Takes a table apart. Errors: CORRUPT (its schema), NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__alteration_begin(struct tarn_arena *arena, const struct tarn__delta_state *state, bool is_new,
                                                         bool has_files, struct tarn__alteration *out, struct tarn_error *err);
/** What columns must have (mapping, features) is added; then metadata and protocol as they will be. */
TARN_WARN_UNUSED enum tarn_status tarn__alteration_finish(struct tarn__alteration *alteration, struct tarn__delta_metadata *metadata,
                                                          struct tarn__delta_protocol *protocol, struct tarn_error *err);

/** The value of a property; NULL: it is not set. The name is found exactly, or without case when it begins with "delta.". */
const struct tarn_property *tarn__alteration_property(const struct tarn__alteration *alteration, struct tarn_text key);
/** Without any check. The texts are copied. */
TARN_WARN_UNUSED enum tarn_status tarn__alteration_put(struct tarn__alteration *alteration, struct tarn_text key, struct tarn_text value,
                                                       struct tarn_error *err);
bool tarn__alteration_take(struct tarn__alteration *alteration, struct tarn_text key);
/** As the table's owner sets one, with all that follows from it. Errors: INVALID property, UNSUPPORTED delta.property, delta.feature. */
TARN_WARN_UNUSED enum tarn_status tarn__alteration_set(struct tarn__alteration *alteration, struct tarn_text key, struct tarn_text value,
                                                       struct tarn_error *err);

/** From here on columns have ids and physical names; those of files that are there keep the names they have in them. */
TARN_WARN_UNUSED enum tarn_status tarn__alteration_map(struct tarn__alteration *alteration, struct tarn_error *err);
/** Ids and new physical names for a column that is added, and for its members, where the table maps columns. */
TARN_WARN_UNUSED enum tarn_status tarn__alteration_name(struct tarn__alteration *alteration, struct tarn__tree_field *field,
                                                        struct tarn_error *err);

#endif
