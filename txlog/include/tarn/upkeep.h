/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_UPKEEP_H
#define TARN_UPKEEP_H

#include "tarn/table.h"

/*
 * Keeping a table's log: what makes it quick to open, small, and provably whole. Nothing here changes the rows of a version, but for
 * repairs that are asked for by name.
 *
 * Where a table's format has nothing of the kind the answer is INVALID `table_format`. Options and results may be NULL; the caller sets
 * `size`. Threads: each call single; the snapshots it is given are shareable.
 */

/* ---- checkpoints ---- */

enum tarn_checkpoint_kind {
    TARN_CHECKPOINT_BY_TABLE = 0, /**< as the table's properties say */
    TARN_CHECKPOINT_CLASSIC,
    TARN_CHECKPOINT_V2, /**< with sidecars; INVALID where the table's protocol does not have it */
};

struct tarn_checkpoint_options {
    uint32_t size;
    enum tarn_checkpoint_kind kind;
    bool parquet_top; /**< V2: the top file is Parquet, else JSON */
};

#define TARN_CHECKPOINT_OPTIONS_INIT                                                                                                       \
    {                                                                                                                                      \
        sizeof(struct tarn_checkpoint_options), TARN_CHECKPOINT_BY_TABLE, false                                                            \
    }

struct tarn_checkpoint_result {
    int64_t version;
    bool existed;     /**< the version has a checkpoint already: nothing was written */
    uint64_t files;   /**< live files in it */
    uint64_t removed; /**< files that were removed, and are kept for those who still read them */
    uint64_t actions;
    uint64_t bytes;
};

/* ---- objects of a log ---- */

enum tarn_log_object_kind {
    TARN_LOG_COMMIT = 0,
    TARN_LOG_CHECKPOINT,
    TARN_LOG_SIDECAR, /**< part of a checkpoint of version 2 */
    TARN_LOG_COMPACTION,
    TARN_LOG_CHECKSUM,
    TARN_LOG_UNFINISHED, /**< what a writer that died left behind */
};

/** Borrowed during the call. */
struct tarn_log_object {
    enum tarn_log_object_kind kind;
    struct tarn_text key;
    uint64_t size;
    int64_t version;  /**< -1: of none */
    int64_t modified; /**< microseconds since 1970 UTC */
};

typedef enum tarn_status (*tarn_log_object_fn)(void *arg, const struct tarn_log_object *object, struct tarn_error *err);

struct tarn_log_clean_options {
    uint32_t size;
    int64_t retention; /**< microseconds that old versions are kept for; -1: as the table says */
    bool dry_run;      /**< tell what would go, remove nothing */
};

#define TARN_LOG_CLEAN_OPTIONS_INIT                                                                                                        \
    {                                                                                                                                      \
        sizeof(struct tarn_log_clean_options), -1, false                                                                                   \
    }

struct tarn_log_clean_result {
    int64_t first_version; /**< oldest version that can still be read afterwards */
    uint64_t objects;
    uint64_t bytes;
};

/* ---- checking and repairing ---- */

struct tarn_check_options {
    uint32_t size;
    bool repair;        /**< do what needs no decision: nothing that was acknowledged is lost by it */
    bool drop_missing;  /**< with `repair`: commit the removal of files that are gone; their rows are lost already */
    bool dry_run;       /**< with `repair`: say what would be done, do nothing */
    int64_t orphan_age; /**< files that no version names are told from this age on, microseconds; -1: a day */
};

#define TARN_CHECK_OPTIONS_INIT                                                                                                            \
    {                                                                                                                                      \
        sizeof(struct tarn_check_options), false, false, false, -1                                                                         \
    }

struct tarn_check_result {
    uint64_t damages;   /**< what makes versions unreadable or wrong */
    uint64_t blemishes; /**< what costs time or space only */
    uint64_t repaired;  /**< of both */
};

/* ---- sizes ---- */

enum tarn_usage_kind {
    TARN_USAGE_LIVE = 0, /**< files of the newest version, and of what goes with them */
    TARN_USAGE_RETAINED, /**< files of older versions, which the log still protects */
    TARN_USAGE_ORPHANED, /**< files that nothing names */
    TARN_USAGE_LOG,
    TARN_USAGE_CHECKPOINTS,
    TARN_USAGE_KINDS
};

/** `partition`: as in the paths of data files, "p=1/q=2"; empty: of the whole table, or not of a partition. */
struct tarn_usage {
    enum tarn_usage_kind kind;
    struct tarn_text partition;
    uint64_t objects;
    uint64_t bytes;
};

typedef enum tarn_status (*tarn_usage_fn)(void *arg, const struct tarn_usage *usage, struct tarn_error *err);

/* ---- the sealed log ---- */

enum tarn_link_state {
    TARN_LINK_SIGNED = 0, /**< by the key that is told */
    TARN_LINK_RECORDED,   /**< of tarn, unsigned; a later commit vouches for it unless it is the newest */
    TARN_LINK_SEALED,     /**< of another writer; a later commit of tarn vouches for it */
    TARN_LINK_OPEN,       /**< of another writer, and nothing vouches for it yet */
    TARN_LINK_BROKEN,     /**< not what was vouched for, or wrongly signed */
};

/** One commit of the chain, the oldest first. Borrowed during the call. */
struct tarn_link {
    int64_t version;
    enum tarn_link_state state;
    bool has_key;
    uint8_t key[32];         /**< public; that of the signature */
    struct tarn_text reason; /**< of BROKEN */
};

typedef enum tarn_status (*tarn_link_fn)(void *arg, const struct tarn_link *link, struct tarn_error *err);

struct tarn_chain_options {
    uint32_t size;
    uint32_t key_count;
    const uint8_t (*keys)[32]; /**< public keys that may sign; none: any, as long as it does not change */
    bool require;              /**< unsigned commits are broken, as with the property tarn.requireSignature */
    bool shallow;              /**< data files are not read */
    int64_t anchor;            /**< a version that is known from elsewhere; -1: none */
    uint8_t anchor_digest[32]; /**< and the digest of its commit */
};

#define TARN_CHAIN_OPTIONS_INIT                                                                                                            \
    {                                                                                                                                      \
        sizeof(struct tarn_chain_options), 0, NULL, false, false, -1,                                                                      \
        {                                                                                                                                  \
            0                                                                                                                              \
        }                                                                                                                                  \
    }

struct tarn_chain_result {
    int64_t first;
    int64_t newest;
    uint64_t signed_count;
    uint64_t recorded;
    uint64_t sealed;
    uint64_t open;
    uint64_t broken;
    uint8_t head[32]; /**< digest of the newest commit: kept elsewhere it is an anchor */
};

TARN_BEGIN_DECLS

/**
 * Writes a checkpoint of the snapshot's version: its state in one place, so that readers need no commits before it. It is read back and
 * compared with the snapshot before anybody can see it.
 * Errors: INVALID, CORRUPT (what was read back differs: nothing was made visible), IO, NOMEM, CANCELLED.
 * Cost: the number of files; memory beside the snapshot's does not grow with it.
 */
TARN_CALL tarn_snapshot_checkpoint(struct tarn_snapshot *snapshot, const struct tarn_checkpoint_options *options,
                                   struct tarn_checkpoint_result *result, struct tarn_error *err);

/**
 * Writes one object that stands for the commits of versions first .. last, which stay. Errors: INVALID (fewer than two versions),
 * NOT_FOUND (a version), EXISTS, CORRUPT, IO, NOMEM.
 */
TARN_CALL tarn_table_compact_log(struct tarn_env *env, struct tarn_text uri, int64_t first, int64_t last, struct tarn_error *err);

/**
 * Removes what no version needs that is younger than the retention: old commits below a checkpoint, older checkpoints, what belongs to
 * them, and what dead writers left. The newest version, and every version since the retention, can be read afterwards as before. `fn` is
 * told each object before it goes.
 */
TARN_CALL tarn_table_clean_log(struct tarn_env *env, struct tarn_text uri, const struct tarn_log_clean_options *options,
                               tarn_log_object_fn fn, void *arg, struct tarn_log_clean_result *result, struct tarn_error *err);

/**
 * Looks for everything that can be wrong with a table short of reading its rows, and says what it did about it when asked to. Works on
 * tables that cannot be opened. `fn` is told each finding: ERROR is damage, WARNING a blemish, OK what was looked at or repaired.
 */
TARN_CALL tarn_table_check(struct tarn_env *env, struct tarn_text uri, const struct tarn_check_options *options,
                           void (*fn)(void *arg, const struct tarn_finding *finding), void *arg, struct tarn_check_result *result,
                           struct tarn_error *err);

/**
 * Follows the records that commits of tarn carry: each commit is what the next ones say it was, signatures are right, files hold what was
 * signed. What is broken is told and counted; the call fails only when it could not go on. Cost: the log, and the files of signed commits.
 */
TARN_CALL tarn_table_verify_chain(struct tarn_env *env, struct tarn_text uri, const struct tarn_chain_options *options, tarn_link_fn fn,
                                  void *arg, struct tarn_chain_result *result, struct tarn_error *err);

/** What a table's bytes are used for: a sum for each kind, then one for each kind and partition of a partitioned table. */
TARN_CALL tarn_table_usage(struct tarn_env *env, struct tarn_text uri, tarn_usage_fn fn, void *arg, struct tarn_error *err);

TARN_END_DECLS

#endif
