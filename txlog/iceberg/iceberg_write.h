/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_ICEBERG_ICEBERG_WRITE_H
#define TARN_TXLOG_ICEBERG_ICEBERG_WRITE_H

#include "txlog/core/transaction.h"
#include "txlog/iceberg/iceberg_state.h"

/*
 * The writing side: making tables (iceberg_create.c), the manifests of the next version (iceberg_manifests.c), its metadata and the moving
 * of the pointer (iceberg_commit.c), and what other commits mean for ours (iceberg_conflict.c).
 *
 * A commit stands on a base: the newest metadata that was seen and found compatible. Manifests that a transaction wrote once are kept over
 * attempts; the manifest list and the metadata are made for each.
 */

/** The version that is built on. */
struct tarn__iceberg_base {
    struct tarn__iceberg_metadata metadata;
    struct tarn__iceberg_metadata_name file;
    bool has_head;
    struct tarn__iceberg_snapshot head; /* of the ref */
    size_t manifest_count;
    struct tarn__iceberg_manifest_file *manifests; /* of the head */
};

/** An object that the transaction wrote beside its data files. */
struct tarn__iceberg_written {
    struct tarn_text key;
    bool used; /* by the attempt at hand */
};

/** A manifest of the base and what became of it. */
struct tarn__iceberg_replaced {
    struct tarn_text path; /* recorded, of the old one */
    struct tarn__iceberg_manifest_file file;
};

/** Behind transaction->state. */
struct tarn__iceberg_writing {
    int64_t snapshot_id;          /* of the snapshot to be made, the same for all attempts: whoever finds it in metadata finds our commit */
    struct tarn_arena base_arena; /* of a base that is not the transaction's own snapshot */
    struct tarn__iceberg_base base;
    uint32_t attempts;
    uint32_t manifests_named;
    bool has_added;
    struct tarn__iceberg_manifest_file added; /* the manifest of the new files */
    struct tarn__iceberg_replaced *replaced;
    size_t replaced_count;
    size_t replaced_capacity;
    struct tarn__iceberg_written *written;
    size_t written_count;
    size_t written_capacity;
};

static inline struct tarn__iceberg_writing *tarn__iceberg_writing_of(const struct tarn_transaction *transaction)
{
    return transaction->state;
}

/* ---- the seam ---- */

TARN_WARN_UNUSED enum tarn_status tarn__iceberg_create(struct tarn_snapshot *snapshot, const struct tarn_table_create_options *options,
                                                       struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_admit(const struct tarn_snapshot *snapshot, bool removes, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_begin(struct tarn_transaction *transaction, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_partition(const struct tarn_snapshot *snapshot, const struct tarn_value *values,
                                                          struct tarn_text_builder *raw, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_partition_values(const struct tarn_snapshot *snapshot, struct tarn_arena *arena,
                                                                 struct tarn__partition *partition, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_partition_text(const struct tarn__partition_field *field, const struct tarn_value *value,
                                                               struct tarn_text_builder *out, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_publish(struct tarn_transaction *transaction, struct tarn_error *err);
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_judge(struct tarn_transaction *transaction, enum tarn__verdict *verdict,
                                                      struct tarn_error *err);
void tarn__iceberg_settle(struct tarn_transaction *transaction);
void tarn__iceberg_end(struct tarn_transaction *transaction);
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_restore(struct tarn_transaction *transaction, const struct tarn_snapshot *target,
                                                        struct tarn_error *err);

/* ---- between the files ---- */

/** The version that a snapshot says the application committed with it; *found false: it says none. */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_app_version(struct tarn_text app_id, const struct tarn__iceberg_snapshot_entry *entry,
                                                            struct tarn_arena *arena, bool *found, int64_t *version,
                                                            struct tarn_error *err);
/** The newest version that the application has committed to what the transaction builds on; -1: none. */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_newest_app_version(const struct tarn_transaction *transaction, struct tarn_text app_id,
                                                                   int64_t *version, struct tarn_error *err);

/** Appends the location that is recorded for a key of the table. */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_record_location(const struct tarn__iceberg_base *base, struct tarn_arena *arena,
                                                                struct tarn_text key, struct tarn_text *out, struct tarn_error *err);

/** Writes an object of the log under a key that is told to the transaction first; the key must be the transaction's own. */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_put(struct tarn_transaction *transaction, struct tarn_text key, struct tarn_text bytes,
                                                    struct tarn_error *err);

/**
 * The manifests of the next version, in the transaction's arena: what stays of the base's, without the files that go, then those that came.
 * Errors: CONFLICT (a file that goes is not in the base), those of reading and writing.
 */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_next_manifests(struct tarn_transaction *transaction,
                                                               struct tarn__iceberg_manifest_file **out, size_t *count,
                                                               struct tarn_error *err);

#endif
