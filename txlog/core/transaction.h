/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_TRANSACTION_H
#define TARN_TXLOG_CORE_TRANSACTION_H

#include "tarn/alter.h"
#include "tarn/expr.h"
#include "txlog/core/ingest.h"
#include "txlog/core/table_format.h"

/*
 * What a commit is made of, in the words of the model: the ref it moves (the snapshot's), files added and removed, what changes beside
 * files, and what was read. Formats read it to encode a commit, to judge those that came first, and to build on them.
 */
struct tarn__metric {
    struct tarn_text name;
    uint64_t value;
};

/** How much of what others do at the same time a transaction may leave unseen. */
enum tarn__isolation {
    TARN_ISOLATION_WRITE_SERIALIZABLE = 0, /* rows that others append blindly may count as written after it */
    TARN_ISOLATION_SERIALIZABLE,           /* nothing that it would have read */
    TARN_ISOLATION_SNAPSHOT,               /* only that its files are still there: the transaction changes no rows */
};

/** A named configuration that goes with the table and concerns those who know the name. */
struct tarn__domain_change {
    struct tarn_text domain;
    struct tarn_text configuration; /* empty when removed */
    bool removed;
};

/**
 * Changes of what is not files. Metadata and protocol are in the format's own form (in the transaction's arena), whole, as they will be:
 * what changes is the difference to the base snapshot, and a format that builds on a newer version takes it from there. NULL: no change.
 */
struct tarn__table_change {
    void *metadata; /* schema, layout, properties, name, comment */
    void *protocol; /* what readers and writers must know */
    struct tarn__domain_change *domains;
    size_t domain_count;
    size_t domain_capacity;
};

/** Rows of a file of the base that are deleted while the file stays (row_delete.h). */
struct tarn__row_deletion {
    uint32_t file; /* number in the base */
    uint64_t physical_rows;
    struct tarn__roaring *rows;                 /* that the transaction deletes, and the base has */
    struct tarn__roaring *deleted;              /* all that are deleted once it has committed */
    const struct tarn__deletion_vector *before; /* of the file in the newest version that is known; NULL: none */
    struct tarn__deletion_vector after;         /* as the format has written `deleted`; size 0: not yet */
    bool gone;                                  /* together with what others have deleted that is every row: the file goes */
};

/** The numbers of an identity column that the transaction gives out. */
struct tarn__identity {
    uint32_t column;
    int64_t step;
    int64_t next;
    int64_t mark; /* the last one that was given out */
    bool used;
    bool exhausted; /* there is no next one */
};

struct tarn_transaction {
    struct tarn_env *env;
    struct tarn_arena arena;
    struct tarn_snapshot *snapshot; /* the base: a reference. Version -1: the table is being made */
    struct tarn_snapshot *shape;    /* what new rows are written as: the base, or what the changes to schema and properties make of it */
    const struct tarn__table_format *format;
    const struct tarn_expr_host *host; /* NULL: the env's */

    /* options, copied */
    struct tarn_text operation;
    struct tarn_text parameters;
    struct tarn_text user_metadata;
    struct tarn_text app_id;
    int64_t app_version;
    int64_t deadline; /* duration */
    char commit_id[37];

    /* new files */
    struct tarn__staged_file *added;
    size_t added_count;
    size_t added_capacity;
    struct tarn_text *staging; /* keys that may exist in the store because of us */
    size_t staging_count;
    size_t staging_capacity;
    bool sink_open;
    size_t added_before_sink;
    bool rows_new;    /* a sink for new rows was opened */
    bool rows_copied; /* one for copied rows was */

    /* files that record what the rows of others were changed to and from */
    struct tarn__staged_file *recorded;
    size_t recorded_count;
    size_t recorded_capacity;
    bool change_sink_open;
    size_t recorded_before_sink;

    /* files that were selected, and those that go: a bit a file of the snapshot */
    uint32_t *selected;
    uint32_t selected_count;
    uint8_t *selected_bits;
    uint8_t *removed_bits;
    uint64_t removed_count;
    bool removes_all;
    struct tarn__row_deletion *deletions; /* in files that stay: one a file */
    size_t deletion_count;
    size_t deletion_capacity;

    const struct tarn_expr *replaces; /* new rows must meet it; NULL: any may come */
    const struct tarn_expr_host *replaces_host;
    bool replaces_partitions; /* those that new rows fall into */

    /* files of an older version that come back (restore): indexes into `revived_from` */
    const struct tarn_snapshot *revived_from;
    uint8_t *revived_bits;
    uint64_t revived_count;
    struct tarn_text revived_prefix; /* the folder that their paths are of, with its '/'; empty: the table's own */

    struct tarn__identity *identities;
    uint32_t identity_count;
    bool fills_missing; /* columns that rows do not have are null: the schema was merged */

    /* what was read */
    bool reads_all;
    const struct tarn_expr **predicates;
    size_t predicate_count;
    size_t predicate_capacity;

    struct tarn__metric *metrics;
    size_t metric_count;
    size_t metric_capacity;

    uint32_t *touched_slots; /* by path, of files selected or taken out: index + 1; made when first asked */
    uint32_t touched_slot_count;

    struct tarn_text *apps_read; /* applications whose transactions were looked at */
    size_t app_read_count;
    size_t app_read_capacity;

    struct tarn__table_change change;
    enum tarn__isolation isolation; /* that the table asks for; of the attempt: tarn__transaction_isolation */
    bool records;                   /* an entry of history, also when nothing changes */
    bool rearranges;                /* the rows stay what they are: files are only laid out anew */
    bool row_by_row;                /* each row was decided by itself, by a predicate that gives the same answer every time */

    void *state;         /* the format's own, in `arena`: what it knows of the newest version */
    int64_t position;    /* in the log: what was judged ends here */
    int64_t made;        /* the version that the last attempt makes or made */
    int64_t time;        /* of the attempt, microseconds since 1970 UTC */
    int64_t parent_time; /* of the newest commit below; what comes after must not be older */
    int64_t row_id_mark; /* the highest row id that the newest version below has given; -1: none */
};

/** Sets or removes a domain with the commit; the last word counts. */
TARN_WARN_UNUSED enum tarn_status tarn__transaction_set_domain(struct tarn_transaction *transaction, struct tarn_text domain,
                                                               struct tarn_text configuration, bool removed, struct tarn_error *err);

/** The number in the base of a selected file. Errors: INVALID. */
TARN_WARN_UNUSED enum tarn_status tarn__transaction_selected(const struct tarn_transaction *transaction, uint32_t file, uint32_t *index,
                                                             struct tarn_error *err);

/** A copy of what a sink handed over, behind the others of a list. */
TARN_WARN_UNUSED enum tarn_status tarn__transaction_keep_staged(struct tarn_transaction *transaction, const struct tarn__staged_file *file,
                                                                struct tarn__staged_file **list, size_t *count, size_t *capacity,
                                                                struct tarn_error *err);
/**
 * What rows carry unseen when they are copied to another file: columns whose fields have the names by which a scan gives them, in `arena`.
 * Errors: CORRUPT row_ids (the table does not say in which columns files store them).
 */
TARN_WARN_UNUSED enum tarn_status tarn__transaction_carried(const struct tarn_transaction *transaction, struct tarn_arena *arena,
                                                            uint32_t *count, const struct tarn__extra_column **columns,
                                                            struct tarn_error *err);
/** A sink for new or copied rows, with columns beside the table's, whatever is being replaced. One at a time. */
TARN_WARN_UNUSED enum tarn_status tarn__transaction_open_sink(struct tarn_transaction *transaction, uint32_t extra_count,
                                                              const struct tarn__extra_column *extra, struct tarn_sink **out,
                                                              struct tarn_error *err);
/** Tells of a key that may come into being because of us: it is removed when the commit is known to have failed. */
TARN_WARN_UNUSED enum tarn_status tarn__transaction_stage(struct tarn_transaction *transaction, struct tarn_text key,
                                                          struct tarn_error *err);
/** The same for new rows, which must meet the predicate of what they replace. What the table says about rows is not asked here. */
TARN_WARN_UNUSED enum tarn_status tarn__transaction_open_replacing(struct tarn_transaction *transaction, struct tarn_sink **out,
                                                                   struct tarn_error *err);

/* ---- what was read, for formats ---- */

/** What a transaction has to do with a file of its base. */
enum tarn__touch { TARN_TOUCH_NONE = 0, TARN_TOUCH_READ, TARN_TOUCH_ROWS /* some are deleted */, TARN_TOUCH_REMOVED };

/** How the attempt at hand is kept apart from others: what the table asks for, or less where the transaction changes no rows. */
enum tarn__isolation tarn__transaction_isolation(const struct tarn_transaction *transaction);
/** Can the transaction's reads have seen rows of a file with these partition values and statistics? True when unsure. */
bool tarn__transaction_reads_file(const struct tarn_transaction *transaction, const struct tarn__partition *partition, int64_t rows,
                                  struct tarn_text statistics);
/** A sink for some of the columns of the transaction's schema: see tarn_transaction_rows. `columns` NULL: all, in order. */
TARN_WARN_UNUSED enum tarn_status tarn__transaction_rows(struct tarn_transaction *transaction, const struct tarn_rows_options *rows,
                                                         struct tarn_sink **out, struct tarn_error *err);
/** Only new rows, nothing read: holds after any commit that leaves the schema alone. */
bool tarn__transaction_is_blind(const struct tarn_transaction *transaction);
/** What the transaction has done with the file at this path; *index is its number in the base, or TARN_FILE_NONE. Errors: NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__transaction_touch(struct tarn_transaction *transaction, struct tarn_text path,
                                                          enum tarn__touch *touch, int64_t *index, struct tarn_error *err);
/** Has the transaction looked at how far this application has come? */
bool tarn__transaction_reads_app(const struct tarn_transaction *transaction, struct tarn_text app_id);

#endif
