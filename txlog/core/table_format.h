/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_CORE_TABLE_FORMAT_H
#define TARN_TXLOG_CORE_TABLE_FORMAT_H

#include "format/base/text.h"
#include "tarn/alter.h"
#include "txlog/core/roaring.h"
#include "txlog/core/snapshot.h"

/*
 * What a table format does for the core: one constant struct a format, all of them listed in tarn__table_formats.
 *
 * Reading: detect, load, history, bounds. Writing: admit (may we write this table?), create, statistics, partition, publish (one attempt at
 * a commit), judge (what other commits mean for ours), settle. The core owns the order of things: staging, the loop of attempts, what is
 * removed when. What a version is called (a counter, a random id) and how it is made (one object, a tree of them, a row of a catalog) is
 * the format's.
 */

/** A column that bounds are wanted of: the way through the current schema, and back the bounds. */
struct tarn__bounds_wanted {
    uint32_t depth;
    const uint32_t *index; /* positions in the schema's fields, then in each struct's */
    const struct tarn_type *type;
    bool known;
    struct tarn_bounds bounds; /* texts live in the arena of the call */
};

/** What a clean-up is told. Keys are valid during the call; one may come more than once. */
struct tarn__clean_visitor {
    void *arg;
    enum tarn_status (*keep)(void *arg, struct tarn_text key, struct tarn_error *err);
    enum tarn_status (*gone)(void *arg, struct tarn_text key, struct tarn_error *err); /* NULL: not wanted */
};

/** What the commits that came first mean for ours. */
enum tarn__verdict {
    TARN_VERDICT_NOT_THERE = 0, /* there is none that was not judged yet */
    TARN_VERDICT_OURS,          /* one is our own: the store had done what it would not say */
    TARN_VERDICT_COMPATIBLE,    /* ours holds after it */
};

/** What there is after a version. */
enum tarn__later {
    TARN_LATER_NOTHING = 0,
    TARN_LATER_VERSIONS, /* that go on from it */
    TARN_LATER_UNKNOWN,  /* the table is to be loaded anew */
};

struct tarn__statistics_input; /* txlog/core/ingest.h */
struct tarn__layout;           /* txlog/core/maintain/layout.h */
struct tarn__table_upkeep;     /* txlog/core/upkeep.h */
struct tarn__change_set;       /* txlog/core/changes.h */
struct tarn_changes_options;   /* tarn/changes.h */

struct tarn__table_format {
    const char *name;
    const char *data_folder;      /* what keys of new data files begin with: "", or a folder with its '/' */
    bool has_metadata_files;      /* a table may be named by one of its metadata files, and live in a catalog */
    bool keeps_partition_columns; /* data files hold the columns that they are partitioned by */

    enum tarn_status (*detect)(struct tarn_store *store, bool *is, struct tarn_error *err);
    /** Fills an empty snapshot, from where snapshot->place says. */
    enum tarn_status (*load)(struct tarn_snapshot *snapshot, const struct tarn_snapshot_options *options, struct tarn_error *err);
    /** Is there anything after the snapshot's version? NULL, with advance: always loaded anew. */
    enum tarn_status (*look)(const struct tarn_snapshot *snapshot, enum tarn__later *later, struct tarn_error *err);
    /** Takes a snapshot that was derived from a loaded one to the newest version. *advanced false: not possible, it is to be loaded anew.
     */
    enum tarn_status (*advance)(struct tarn_snapshot *snapshot, bool *advanced, struct tarn_error *err);
    enum tarn_status (*history)(struct tarn_env *env, const struct tarn__place *place, uint64_t limit, tarn_commit_fn fn, void *arg,
                                struct tarn_error *err);
    /**
     * Fills a set whose snapshot is empty with the changes of a range of versions (options are checked); sets its first version. NULL: the
     * format has none. Errors: those of tarn_changes_source.
     */
    enum tarn_status (*changes)(struct tarn__change_set *set, const struct tarn_changes_options *options, struct tarn_error *err);
    /** Bounds of some columns out of a file's statistics. What is not understood is not known: damage here never fails a query. */
    enum tarn_status (*bounds)(const struct tarn_snapshot *snapshot, struct tarn_text statistics, struct tarn_arena *arena, uint32_t count,
                               struct tarn__bounds_wanted *wanted, struct tarn_error *err);
    /** The rows that a deletion vector names, all proved; *out is a reference. NULL: the format's snapshots have none. */
    enum tarn_status (*deleted_rows)(const struct tarn_snapshot *snapshot, const struct tarn__deletion_vector *vector,
                                     struct tarn__roaring **out, struct tarn_error *err);
    /** A file's statistics as JSON for people. NULL: they are that as they are kept. */
    enum tarn_status (*statistics_text)(const struct tarn_snapshot *snapshot, struct tarn_text statistics, struct tarn_text_builder *out,
                                        struct tarn_error *err);

    /** Refuses tables that need a writer we are not. `removes`: the transaction takes files out. */
    enum tarn_status (*admit)(const struct tarn_snapshot *snapshot, bool removes, struct tarn_error *err);
    /** The same for the begin of a transaction. Errors also: EXISTS (app_transaction). */
    enum tarn_status (*begin)(struct tarn_transaction *transaction, struct tarn_error *err);
    /** Fills an empty snapshot for a table that is to be made; sets its `is_new`. */
    enum tarn_status (*create)(struct tarn_snapshot *snapshot, const struct tarn_table_create_options *options, struct tarn_error *err);
    /** The statistics of a new file. */
    enum tarn_status (*statistics)(const struct tarn_snapshot *snapshot, const struct tarn__statistics_input *input,
                                   struct tarn_text_builder *out, struct tarn_error *err);
    /** The raw form of a tuple of partition values (tarn__partition.raw), and each value as text for the folder's name; null: empty. */
    enum tarn_status (*partition)(const struct tarn_snapshot *snapshot, const struct tarn_value *values, struct tarn_text_builder *raw,
                                  struct tarn_error *err);
    /** Fills `spec`, `count` and `values` of a tuple out of its raw form; the values live in the arena. */
    enum tarn_status (*partition_values)(const struct tarn_snapshot *snapshot, struct tarn_arena *arena, struct tarn__partition *partition,
                                         struct tarn_error *err);
    enum tarn_status (*partition_text)(const struct tarn__partition_field *field, const struct tarn_value *value,
                                       struct tarn_text_builder *out, struct tarn_error *err);
    /** The value that a folder's name, decoded, stands for. NULL: files cannot be adopted into tables of the format. */
    enum tarn_status (*partition_value)(const struct tarn_type *type, struct tarn_text text, struct tarn_arena *arena,
                                        struct tarn_value *out, struct tarn_error *err);
    /** A name for a folder or a part of one, with what file systems and URIs cannot have escaped. */
    void (*folder_name)(struct tarn_text text, struct tarn_text_builder *out);
    /** How a null partition value is spelled in a folder's name. */
    const char *null_folder;

    /** Must rows that are changed be recorded, in files of their own? NULL: never. */
    bool (*records_changes)(const struct tarn_snapshot *snapshot);
    const char *change_folder; /* what keys of these files begin with */

    /**
     * One attempt to make the version after the newest that is known; on success `transaction->made` is its name. Keys of objects that it
     * writes on the way are told to tarn__transaction_stage first. Errors: EXISTS (someone was first), COMMIT_UNKNOWN and TIMEOUT (the
     * outcome is open), THROTTLED (nothing happened: again); any other means that nothing was made.
     */
    enum tarn_status (*publish)(struct tarn_transaction *transaction, struct tarn_error *err);
    /**
     * Reads the next commit that was not judged yet, or all of them at once, and moves the transaction's place behind it. For our own
     * commit `transaction->made` is set. Errors: CONFLICT, EXISTS (app_transaction, table), CORRUPT, IO; a failure to read is no answer.
     */
    enum tarn_status (*judge)(struct tarn_transaction *transaction, enum tarn__verdict *verdict, struct tarn_error *err);
    /** After a commit that is known to have landed: hints, objects of lost attempts. Best effort, changes nothing. NULL: nothing to do. */
    void (*settle)(struct tarn_transaction *transaction);
    /** The newest transaction of an application in what the transaction builds on; -1: none. */
    enum tarn_status (*app_version)(const struct tarn_transaction *transaction, struct tarn_text app_id, int64_t *version,
                                    struct tarn_error *err);
    /** Frees what begin and judge made outside the transaction's arena; called once, also when begin failed. NULL: nothing. */
    void (*end)(struct tarn_transaction *transaction);
    /** Does the table let rows be deleted by deletion vectors, which `publish` then writes? NULL: never. */
    bool (*may_delete_rows)(const struct tarn_snapshot *snapshot);
    /**
     * Makes a change to schema, properties or layout part of the transaction: a new `shape`, and what the commit needs in `metadata`. The
     * rows that are there are the core's affair. NULL: tables of this format cannot be changed so.
     */
    enum tarn_status (*alter)(struct tarn_transaction *transaction, const struct tarn_table_change *change, struct tarn_error *err);
    /** Notes the numbers that were given out (transaction->identities) for the commit. NULL: there are no such columns. */
    enum tarn_status (*number)(struct tarn_transaction *transaction, struct tarn_error *err);
    /** Takes over what is not files (schema, properties) from an older snapshot. */
    enum tarn_status (*restore)(struct tarn_transaction *transaction, const struct tarn_snapshot *target, struct tarn_error *err);
    /** The order of rows that the table asks for; none: no columns. Paths live in the arena. NULL: tables of the format ask for none. */
    enum tarn_status (*layout)(const struct tarn_snapshot *snapshot, struct tarn_arena *arena, struct tarn__layout *out,
                               struct tarn_error *err);
    /** What a new file of the table says of its layout, the same for all of one `group`. NULL: files say nothing of it. */
    enum tarn_status (*layout_tags)(const struct tarn_snapshot *snapshot, const struct tarn__layout *layout, const char *group,
                                    struct tarn_text_builder *out, struct tarn_error *err);
    bool (*has_layout)(const struct tarn_snapshot *snapshot, const struct tarn__tracked_file *file, const struct tarn__layout *layout);
    /** The size that files of the table are to have; 0: it does not say. NULL: no table does. */
    uint64_t (*target_size)(const struct tarn_snapshot *snapshot);
    /** Fills an empty snapshot for a table that is made like another one, with an id of its own; sets its `is_new`. NULL: none is. */
    enum tarn_status (*clone)(struct tarn_snapshot *snapshot, const struct tarn_snapshot *source, struct tarn_error *err);
    /** Takes over what is neither files nor the table's own from the table that it is made like, at its begin and again later. */
    enum tarn_status (*clone_state)(struct tarn_transaction *transaction, const struct tarn_snapshot *source, struct tarn_error *err);
    /** The id of the table that this one was made like; empty: of none. */
    struct tarn_text (*cloned_from)(const struct tarn_snapshot *snapshot);
    /** Appends the key of the object that a deletion vector lies in; nothing for one that lies in the log. NULL: there are none. */
    enum tarn_status (*vector_key)(const struct tarn_snapshot *snapshot, const struct tarn__deletion_vector *vector,
                                   struct tarn_text_builder *out, struct tarn_error *err);
    /**
     * Tells which objects of the store the version needs, or readers of older ones that are not past `horizon` yet, and, when `gone` is
     * asked for, which ones the log has let go of before. Errors: INVALID log_pruned (the log does not reach back far enough to say the
     * latter). NULL: tables of the format cannot be cleaned up.
     */
    enum tarn_status (*clean)(const struct tarn_snapshot *snapshot, int64_t horizon, const struct tarn__clean_visitor *visitor,
                              struct tarn_error *err);
    /** A clean-up with this horizon has come to its end: what the next one may go by. Best effort. */
    void (*cleaned)(const struct tarn_snapshot *snapshot, int64_t horizon);
    /** Is a file or folder of this name none of the table's data, and left alone with all below it? */
    bool (*is_hidden)(const struct tarn_snapshot *snapshot, struct tarn_text name);
    /** For how long files that a table has let go of are kept, microseconds. */
    int64_t (*file_retention)(const struct tarn_snapshot *snapshot);
    /** Proves the log itself: every file of it is read. */
    enum tarn_status (*verify)(const struct tarn_snapshot *snapshot, void (*fn)(void *arg, const struct tarn_finding *finding), void *arg,
                               struct tarn_error *err);
    const struct tarn__table_upkeep *upkeep; /* of its log; NULL: there is none to be kept */
};

/** Finds a table's place and its format. The place is the caller's to close. Errors: NOT_FOUND (there is no table), those of the store. */
TARN_WARN_UNUSED enum tarn_status tarn__table_find(struct tarn_env *env, struct tarn_text uri, struct tarn__place *place,
                                                   const struct tarn__table_format **format, struct tarn_error *err);

/** Ended by NULL. Defined where all formats are known. */
extern const struct tarn__table_format *const tarn__table_formats[];

#endif
