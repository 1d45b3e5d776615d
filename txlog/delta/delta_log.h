/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_LOG_H
#define TARN_TXLOG_DELTA_DELTA_LOG_H

#include "format/base/arena.h"
#include "tarn/store.h"

/*
 * The files of a Delta log: their names, and a listing in the order of versions.
 *
 * Commits `%020d.json`; checkpoints `%020d.checkpoint.parquet` (one part), `%020d.checkpoint.<part>.<parts>.parquet` (several),
 * `%020d.checkpoint.<uuid>.{json,parquet}` (version 2, with sidecars); compactions `%020d.%020d.compacted.json`, which stand for the
 * commits from the one version to the other; version checksums `%020d.crc`. Everything else in the folder is passed over.
 */
#define TARN_DELTA_LOG "_delta_log/"
/* What checkpoints are called, below the log, until they are proven: a name that no engine takes for part of a log. */
#define TARN_DELTA_UNPROVEN "_unproven_"

enum { TARN_DELTA_KEY = 64 };

struct tarn__delta_commit {
    int64_t version;
    int64_t modified; /* microseconds, by the store */
    int64_t time;     /* the same, made to rise from commit to commit by at least a millisecond */
    uint64_t size;
};

enum tarn__delta_checkpoint_kind { TARN_CHECKPOINT_SINGLE = 0, TARN_CHECKPOINT_PARTS, TARN_CHECKPOINT_UUID };

struct tarn__delta_checkpoint {
    int64_t version;
    enum tarn__delta_checkpoint_kind kind;
    uint32_t parts;       /* PARTS: how many there must be */
    uint32_t parts_there; /* PARTS: how many were listed */
    struct tarn_text key; /* SINGLE, UUID */
    int64_t modified;
};

/** Stands for the commits first .. last. */
struct tarn__delta_compaction {
    int64_t first;
    int64_t last;
    uint64_t size;
};

/** Ascending by version; compactions by their last one, then by their first. Lives in `arena`. */
struct tarn__delta_listing {
    struct tarn_arena arena;
    struct tarn__delta_commit *commits;
    size_t commit_count;
    size_t commit_capacity;
    struct tarn__delta_checkpoint *checkpoints;
    size_t checkpoint_count;
    size_t checkpoint_capacity;
    struct tarn__delta_compaction *compactions;
    size_t compaction_count;
    size_t compaction_capacity;
    int64_t *checksums; /* versions that have one */
    size_t checksum_count;
    size_t checksum_capacity;
};

void tarn__delta_commit_key(int64_t version, char key[TARN_DELTA_KEY]);
void tarn__delta_compaction_key(int64_t first, int64_t last, char key[TARN_DELTA_KEY * 2]);
void tarn__delta_checksum_key(int64_t version, char key[TARN_DELTA_KEY]);
void tarn__delta_part_key(int64_t version, uint32_t part, uint32_t parts, char key[TARN_DELTA_KEY * 2]);

/** Lists the log from version `from` on. An empty listing is OK. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_list(struct tarn_store *store, int64_t from, struct tarn__delta_listing *out,
                                                   struct tarn_error *err);
void tarn__delta_listing_free(struct tarn__delta_listing *listing);

/** The listing's index of a commit, or -1. */
int64_t tarn__delta_listing_find(const struct tarn__delta_listing *listing, int64_t version);

bool tarn__delta_listing_has_checksum(const struct tarn__delta_listing *listing, int64_t version);
/** The longest compaction of at least two commits that ends with `last` and does not begin before `first`; NULL: none. */
const struct tarn__delta_compaction *tarn__delta_listing_compaction(const struct tarn__delta_listing *listing, int64_t first, int64_t last);

/** What `_last_checkpoint` says; -1 when it is missing or makes no sense: it is a hint. */
int64_t tarn__delta_checkpoint_hint(struct tarn_store *store);

/** A whole small object. *bytes is freed with tarn__free. Errors: those of the store, LIMIT. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_read_object(struct tarn_store *store, struct tarn_text key, uint64_t limit, char **bytes,
                                                          size_t *size, struct tarn_object_info *info, struct tarn_error *err);

#endif
