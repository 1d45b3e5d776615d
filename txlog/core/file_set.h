/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_FILE_SET_H
#define TARN_TXLOG_CORE_FILE_SET_H

#include <stdatomic.h>

#include "tarn/value.h"
#include "txlog/core/text_pool.h"

/*
 * Tracked files: what a table version consists of, kept small enough for millions.
 *
 * A file takes 80 bytes, its path, and its compressed statistics; what only some files have (row ids, deletion vectors, ...) lies in
 * `extra`, one pointer; tuples of partition values are kept once each. Lookup by (path, deletion vector) is one hash probe.
 * Threads: single while it grows; sealed it is shareable. Ownership: everything handed out lives as long as the set.
 *
 * A sealed set never changes. The next version of it is derived: it shares segments, index, paths, statistics and partitions with the one
 * before, and costs what is added and taken out.
 */
struct tarn__partition_spec;

enum tarn__file_kind { TARN_FILE_DATA = 0, TARN_FILE_POSITION_DELETES, TARN_FILE_EQUALITY_DELETES };

/** Rows of a file that are gone, as the table names them. */
struct tarn__deletion_vector {
    struct tarn_text storage; /* the format's own word for where it lies */
    struct tarn_text place;   /* path, or the bytes themselves, by `storage` */
    bool has_offset;
    uint64_t offset;
    uint64_t size;
    uint64_t cardinality;
};

/** Facts that most files do not have. Immutable, may be shared. */
struct tarn__file_extra {
    enum tarn__file_kind kind;
    int32_t sort_order_id;
    int64_t first_row_id;  /* -1: none */
    int64_t row_version;   /* sequence number of rows that do not say their own; -1: none */
    int64_t file_sequence; /* -1: as `sequence` */
    const struct tarn__deletion_vector *deletion_vector;
    const struct tarn__deletion_vector *only_rows; /* of changes: rows of it alone count; NULL: all */
    uint32_t equality_id_count;
    const int32_t *equality_ids;
    struct tarn_span key_metadata;
    struct tarn_text tags;        /* JSON object that goes with the file unread; empty: none */
    struct tarn_text laid_out_by; /* who chose which rows lie together in the file: goes with it unread; empty: nobody */
};

struct tarn__tracked_file {
    struct tarn_text path; /* key in the table's store */
    uint64_t size;
    int64_t modified; /* microseconds since 1970 UTC */
    int64_t rows;     /* physical; -1: not known */
    int64_t sequence; /* of the commit that added it; of a file that came out of a checkpoint: at least that */
    int32_t spec_id;
    uint32_t partition; /* tuple of the set */
    struct tarn__pool_ref statistics;
    const struct tarn__file_extra *extra; /* NULL: a data file without any */
};

/** A tuple of partition values, once in a set. */
struct tarn__partition {
    struct tarn_text raw;                    /* as the format wrote it: the identity of the tuple */
    const struct tarn__partition_spec *spec; /* that the values are of */
    uint32_t count;
    const struct tarn_value *values; /* in the order of the spec's fields; NULL until the format fills them */
};

enum { TARN_FILE_SEGMENT = 1 << 11, TARN_FILE_NONE = -1, TARN_FILE_LEVELS = 32 };

/** A run of files; sets that were derived from one another share those that are alike. */
struct tarn__file_segment {
    atomic_uint references;
    struct tarn__tracked_file files[TARN_FILE_SEGMENT];
};

struct tarn__file_index;  /* hash of a path -> place: file_set.c */
struct tarn__file_ground; /* what the files of a sealed set lie in, counted by reference: file_set.c */

struct tarn__file_set {
    struct tarn_env *env;
    struct tarn_arena arena; /* what was added since the set was begun or derived */
    struct tarn__file_segment **segments;
    size_t segment_capacity;
    uint32_t count;
    char *path_room; /* rest of the block that paths are put into */
    size_t path_left;
    size_t path_block;
    struct tarn__file_index *levels[TARN_FILE_LEVELS]; /* the last is the newest */
    uint32_t level_count;
    bool level_is_own;   /* the last level may be written */
    bool level_is_stale; /* it may have entries for places behind the files, which are not to come to life again */
    uint32_t indexed;    /* files in front that the index knows */
    uint32_t *waiting;   /* hashes of the files behind those */
    size_t waiting_capacity;
    struct tarn__text_pool statistics;
    struct tarn__partition *partitions;
    size_t partition_capacity;
    uint32_t partition_count;
    uint32_t *partition_slots;
    uint32_t partition_slot_count;
    bool partitions_are_shared; /* with the set that this one was derived from */
    struct tarn__file_ground *ground;
    uint64_t bytes; /* sum of sizes */
    uint64_t rows;  /* sum of live rows of the files that say how many they have */
    uint32_t rows_unknown;
    uint32_t vectors; /* files with a deletion vector */
    bool unindexed;   /* files are added, and not looked for */
    bool waits;       /* files are indexed when they are settled: not to be looked for until then */
    bool is_sealed;   /* what it points at is the ground's */
};

void tarn__file_set_init(struct tarn__file_set *set, struct tarn_env *env);
void tarn__file_set_free(struct tarn__file_set *set);

/** Index < count. */
static inline struct tarn__tracked_file *tarn__file_set_at(const struct tarn__file_set *set, uint32_t index)
{
    return &set->segments[index / TARN_FILE_SEGMENT]->files[index % TARN_FILE_SEGMENT];
}

static inline const struct tarn__deletion_vector *tarn__file_deletion_vector(const struct tarn__tracked_file *file)
{
    return file->extra != NULL ? file->extra->deletion_vector : NULL;
}

/** By what a deletion vector is known; 0: there is none. */
uint64_t tarn__deletion_vector_hash(const struct tarn__deletion_vector *vector);

/** The indexed file with this path and deletion vector (NULL: none); TARN_FILE_NONE when there is none. */
int64_t tarn__file_set_find(const struct tarn__file_set *set, struct tarn_text path, const struct tarn__deletion_vector *vector);
/** What is known of a path: one lookup for all questions. */
struct tarn__file_seek {
    uint32_t hash;
    int64_t found; /* the file with this path and deletion vector; or TARN_FILE_NONE */
    bool fresh;    /* a file with this path, whatever its deletion vector, came with the sequence number */
};

struct tarn__file_seek tarn__file_set_seek(const struct tarn__file_set *set, struct tarn_text path,
                                           const struct tarn__deletion_vector *vector, int64_t sequence);

/**
 * Adds a file that is not there yet. The path is copied; `extra` must live in the set's arena (tarn__file_extra_copy), `statistics` and
 * `partition` in the set. Errors: NOMEM, LIMIT (more than 2^31 files).
 */
TARN_WARN_UNUSED enum tarn_status tarn__file_set_add(struct tarn__file_set *set, const struct tarn__tracked_file *file,
                                                     struct tarn_error *err);
/** The same after a lookup, whose hash it takes. */
TARN_WARN_UNUSED enum tarn_status tarn__file_set_add_sought(struct tarn__file_set *set, const struct tarn__tracked_file *file,
                                                            uint32_t hash, struct tarn_error *err);

/** Indexes what was added unindexed. Errors: NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__file_set_index(struct tarn__file_set *set, struct tarn_error *err);
/**
 * Indexes what was added to a set that `waits`, which is faster than one by one. Of files with one key the first that was settled stays.
 * `twin` given: *twin is the place of a file whose path another file of the same sequence number has, whatever their vectors, and the set
 * is then of no more use; or TARN_FILE_NONE. Errors: NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__file_set_settle(struct tarn__file_set *set, int64_t *twin, struct tarn_error *err);

/** The tuple with this raw form, added when it is new. */
TARN_WARN_UNUSED enum tarn_status tarn__file_set_partition(struct tarn__file_set *set, struct tarn_text raw, uint32_t *partition,
                                                           struct tarn_error *err);

/**
 * Moves all files of `from` behind those of `set`, with their paths, statistics and partitions; both are unindexed. `from` is empty
 * afterwards, also on failure. So a set can be filled by several threads, each a part of its own. Errors: NOMEM, LIMIT.
 */
TARN_WARN_UNUSED enum tarn_status tarn__file_set_absorb(struct tarn__file_set *set, struct tarn__file_set *from, struct tarn_error *err);

/* ---- versions of a set ---- */

/** Ends the filling: from now on the set may be read by any thread and derived from. Errors: NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__file_set_seal(struct tarn__file_set *set, struct tarn_error *err);
/**
 * Makes `set`, which is empty, equal to `from`, which is sealed and stays as it is: both share what is alike, and either may go first. What
 * is not yet indexed of `from` is, once; else the cost does not depend on the files but for a pointer a segment. Errors: NOMEM.
 */
TARN_WARN_UNUSED enum tarn_status tarn__file_set_derive(struct tarn__file_set *set, const struct tarn__file_set *from,
                                                        struct tarn_error *err);
/** How many derivations the set's files hang on, and thereby how much may be kept that no file uses any more. */
uint32_t tarn__file_set_depth(const struct tarn__file_set *set);
/** Takes a file out; the last one moves into its place. The set is wholly indexed. Errors: NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__file_set_remove(struct tarn__file_set *set, uint32_t index, struct tarn_error *err);
/** Gives a file other facts under the same key: its path stays. Errors: NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__file_set_replace(struct tarn__file_set *set, uint32_t index, const struct tarn__tracked_file *file,
                                                         struct tarn_error *err);
/** Makes the partitions' array the set's own, so that their values can be set anew. Errors: NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__file_set_own_partitions(struct tarn__file_set *set, struct tarn_error *err);

/** A deep copy in the set's arena; NULL: no memory. */
struct tarn__file_extra *tarn__file_extra_copy(struct tarn_arena *arena, const struct tarn__file_extra *extra);

#endif
