/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_STATE_H
#define TARN_TXLOG_DELTA_DELTA_STATE_H

#include "txlog/core/snapshot.h"
#include "txlog/delta/delta_feature.h"

/*
 * The state of a Delta table at one version, beside its files: protocol, metadata, application transactions, domains. Lives in the
 * snapshot's arena; `snapshot->state` points at it.
 */
enum tarn__delta_mapping { TARN_MAPPING_NONE = 0, TARN_MAPPING_NAME, TARN_MAPPING_ID };

struct tarn__delta_state {
    bool has_protocol;
    bool has_metadata;
    struct tarn__delta_protocol protocol;
    struct tarn__delta_metadata metadata;
    enum tarn__delta_mapping mapping;
    struct tarn__delta_txn *txns; /* the newest of each application */
    size_t txn_count;
    size_t txn_capacity;
    struct tarn__delta_domain *domains;
    size_t domain_count;
    size_t domain_capacity;
    bool has_in_commit_timestamp;
    int64_t in_commit_timestamp; /* of the version, milliseconds */
    uint64_t commit_size;        /* of the version's commit file; 0: it was not there */
    int64_t commit_modified;
};

static inline struct tarn__delta_state *tarn__delta_state_of(const struct tarn_snapshot *snapshot)
{
    return snapshot->state;
}

/** Of a file below the location, when that is an absolute path: the key relative to it. Else the path as it is. */
struct tarn_text tarn__delta_relative_path(const struct tarn_snapshot *snapshot, struct tarn_text path);
/** Types the values of a tuple, once a tuple. A column that it does not name is null. Errors: CORRUPT partition_value, NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_partition_values(const struct tarn_snapshot *snapshot, struct tarn_arena *arena,
                                                               struct tarn__partition *partition, struct tarn_error *err);
/** The value of a table property; empty when it is not set. */
struct tarn_text tarn__delta_property(const struct tarn__delta_state *state, struct tarn_text key);
bool tarn__delta_property_is_true(const struct tarn__delta_state *state, struct tarn_text key);

/** Which entries of a list the commit being read has named. */
struct tarn__delta_named {
    size_t begin;
    size_t fresh;
};

/**
 * Takes the actions of a log as they are read, instead of a state. Removed files, which a state does not keep, come with all their fields.
 */
struct tarn__delta_visitor {
    enum tarn_status (*action)(void *arg, int64_t version, const struct tarn__delta_action *action, struct tarn_error *err);
    void *arg;
    bool without_added; /* added files of checkpoints are not wanted, nor read */
    bool top_only;      /* sidecars of checkpoints are handed over as actions, not read */
};

/** Replays actions newest first into a snapshot: what is seen first counts. */
struct tarn__delta_replay {
    struct tarn_snapshot *snapshot;
    struct tarn__file_set removed; /* keys that newer commits took out */
    struct tarn_text_builder scratch;
    int64_t version; /* of the commit or checkpoint being read */
    bool checkpoint; /* no duplicates are looked for among its rows: the tail decides */
    bool commit_protocol;
    bool commit_metadata;     /* seen in the commit being read */
    bool metadata_only;       /* files, transactions and domains are passed over */
    bool changed_description; /* protocol or metadata were taken over */
    struct tarn__delta_named named_txns;
    struct tarn__delta_named named_domains;
    bool forward;                              /* commits come oldest first, onto a state that is there: what is seen last counts */
    const struct tarn__delta_visitor *visitor; /* takes every action; NULL: the state does */
};

TARN_WARN_UNUSED enum tarn_status tarn__delta_replay_begin(struct tarn__delta_replay *replay, struct tarn_snapshot *snapshot,
                                                           struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__delta_replay_action(struct tarn__delta_replay *replay, const struct tarn__delta_action *action,
                                                            struct tarn_error *err);
/** The same onto a snapshot that was derived from a filled one: commits come oldest first, and what is seen last counts. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_replay_begin_forward(struct tarn__delta_replay *replay, struct tarn_snapshot *snapshot,
                                                                   struct tarn_error *err);
/** What is replayed from now on is of another file of the log. */
void tarn__delta_replay_next(struct tarn__delta_replay *replay, int64_t version, bool checkpoint);
/** One commit file. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_replay_commit(struct tarn__delta_replay *replay, int64_t version, struct tarn_error *err);
/** One compaction of commits first .. last; its files are taken for those of the last. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_replay_compaction(struct tarn__delta_replay *replay, int64_t first, int64_t last,
                                                                struct tarn_error *err);
/** The end of a file of the log that was replayed action by action. Errors: CORRUPT duplicate_add, NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_replay_settle(struct tarn__delta_replay *replay, struct tarn_error *err);
void tarn__delta_replay_end(struct tarn__delta_replay *replay);

/** The same texts in the same order. */
bool tarn__delta_texts_equal(uint32_t count, const struct tarn_text *a, uint32_t other, const struct tarn_text *b);
bool tarn__delta_protocol_equal(const struct tarn__delta_protocol *a, const struct tarn__delta_protocol *b);
/** Copies that live in the arena. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_protocol_copy(struct tarn_arena *arena, const struct tarn__delta_protocol *from,
                                                            struct tarn__delta_protocol *to, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__delta_metadata_copy(struct tarn_arena *arena, const struct tarn__delta_metadata *from,
                                                            struct tarn__delta_metadata *to, struct tarn_error *err);

/** Schema, partition spec and values, protocol: everything that follows from the state once it is known. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_state_finish(struct tarn_snapshot *snapshot, struct tarn_error *err);
/** The schema and partition part of it, for a table that is being made. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_state_describe(struct tarn_snapshot *snapshot, struct tarn_error *err);

/** Types the partition values from tuple `from` on. Errors: CORRUPT partition_value. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_state_type_partitions(struct tarn_snapshot *snapshot, uint32_t from, struct tarn_error *err);

/** Are all features that a protocol asks of writers there? Errors: UNSUPPORTED delta.writer_*, CORRUPT protocol. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_protocol_supports(const struct tarn__delta_protocol *protocol, struct tarn_error *err);
/** What the table says about rows that are written, as rules of the snapshot. Errors: CORRUPT invariant, identity. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_rules(struct tarn_snapshot *snapshot, struct tarn_error *err);

/** May the table be read? Errors: UNSUPPORTED delta.reader_feature.NAME, CORRUPT protocol. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_protocol_admit_read(const struct tarn_snapshot *snapshot, struct tarn_error *err);
/** May it be written? Errors: UNSUPPORTED delta.writer_feature.NAME. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_protocol_admit_write(const struct tarn_snapshot *snapshot, bool removes,
                                                                   struct tarn_error *err);

#endif
