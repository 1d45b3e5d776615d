/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_TABLE_FORMAT_H
#define TARN_TXLOG_CORE_TABLE_FORMAT_H

#include "format/base/text.h"
#include "txlog/core/snapshot.h"

/*
 * What a table format does for the core: one constant struct a format, all of them listed in tarn__table_formats.
 *
 * Reading: detect, load, history, bounds. Writing: admit (may we write this table?), create, statistics, encode (one commit as bytes),
 * judge (what another commit means for ours). The core owns the order of things: staging, the loop of attempts, what is removed when.
 */

/** A column that bounds are wanted of: the way through the current schema, and back the bounds. */
struct tarn__bounds_wanted {
    uint32_t depth;
    const uint32_t *index; /* positions in the schema's fields, then in each struct's */
    const struct tarn_type *type;
    bool known;
    struct tarn_bounds bounds; /* texts live in the arena of the call */
};

/** What a commit that came first means for ours. */
enum tarn__verdict {
    TARN_VERDICT_NOT_THERE = 0, /* there is no such version */
    TARN_VERDICT_OURS,          /* it is our own: the store had done what it would not say */
    TARN_VERDICT_COMPATIBLE,    /* ours holds after it */
};

struct tarn__statistics_input; /* txlog/core/ingest.h */

struct tarn__table_format {
    const char *name;
    enum tarn_status (*detect)(struct tarn_store *store, bool *is, struct tarn_error *err);
    /** Fills an empty snapshot. */
    enum tarn_status (*load)(struct tarn_snapshot *snapshot, const struct tarn_snapshot_options *options, struct tarn_error *err);
    enum tarn_status (*history)(struct tarn_store *store, uint64_t limit, tarn_commit_fn fn, void *arg, struct tarn_error *err);
    /** Bounds of some columns out of a file's statistics. What is not understood is not known: damage here never fails a query. */
    enum tarn_status (*bounds)(const struct tarn_snapshot *snapshot, struct tarn_text statistics, struct tarn_arena *arena, uint32_t count,
                               struct tarn__bounds_wanted *wanted, struct tarn_error *err);

    /** Refuses tables that need a writer we are not. `removes`: the transaction takes files out. */
    enum tarn_status (*admit)(const struct tarn_snapshot *snapshot, bool removes, struct tarn_error *err);
    /** The same for the begin of a transaction. Errors also: EXISTS (app_transaction). */
    enum tarn_status (*begin)(struct tarn_transaction *transaction, struct tarn_error *err);
    /** Fills an empty snapshot of version -1 for a table that is to be made. */
    enum tarn_status (*create)(struct tarn_snapshot *snapshot, const struct tarn_table_create_options *options, struct tarn_error *err);
    /** The statistics of a new file. */
    enum tarn_status (*statistics)(const struct tarn_snapshot *snapshot, const struct tarn__statistics_input *input,
                                   struct tarn_text_builder *out, struct tarn_error *err);
    /** The raw form of a tuple of partition values (tarn__partition.raw), and each value as text for the folder's name; null: empty. */
    enum tarn_status (*partition)(const struct tarn_snapshot *snapshot, const struct tarn_value *values, struct tarn_text_builder *raw,
                                  struct tarn_error *err);
    enum tarn_status (*partition_text)(const struct tarn_value *value, struct tarn_text_builder *out, struct tarn_error *err);
    /** A name for a folder or a part of one, with what file systems and URIs cannot have escaped. */
    void (*folder_name)(struct tarn_text text, struct tarn_text_builder *out);
    /** The key of the object that makes a version. */
    void (*commit_key)(int64_t version, char key[64]);
    enum tarn_status (*encode)(struct tarn_transaction *transaction, int64_t version, struct tarn_text_builder *out,
                               struct tarn_error *err);
    /** Reads version `version`. Errors: CONFLICT, EXISTS (app_transaction), CORRUPT, IO; a failure to read is not an answer. */
    enum tarn_status (*judge)(struct tarn_transaction *transaction, int64_t version, enum tarn__verdict *verdict, struct tarn_error *err);
    /** The newest version there is, at least `from`. */
    enum tarn_status (*newest)(struct tarn_store *store, int64_t from, int64_t *version, struct tarn_error *err);
    /** Takes over what is not files (schema, properties) from an older snapshot. */
    enum tarn_status (*restore)(struct tarn_transaction *transaction, const struct tarn_snapshot *target, struct tarn_error *err);
    /** Proves the log itself: every file of it is read. */
    enum tarn_status (*verify)(const struct tarn_snapshot *snapshot, void (*fn)(void *arg, const struct tarn_finding *finding), void *arg,
                               struct tarn_error *err);
};

/** Ended by NULL. Defined where all formats are known. */
extern const struct tarn__table_format *const tarn__table_formats[];

#endif
