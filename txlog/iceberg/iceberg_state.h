/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_ICEBERG_ICEBERG_STATE_H
#define TARN_TXLOG_ICEBERG_ICEBERG_STATE_H

#include "txlog/core/snapshot.h"
#include "txlog/iceberg/iceberg_location.h"
#include "txlog/iceberg/iceberg_manifest.h"
#include "txlog/iceberg/iceberg_metadata.h"

/*
 * What an Iceberg snapshot knows beyond the model; and the steps from a place to its metadata, from there to manifests and to entries,
 * which loading, judging and committing share.
 */

/** The name of a metadata file. */
struct tarn__iceberg_metadata_name {
    struct tarn_text key;      /* "metadata/v3.metadata.json" */
    struct tarn_text location; /* as the catalog has it: what a swap expects; empty without a catalog */
    int64_t number;            /* v<N>, <NNNNN>-...; -1: the name has none */
    bool is_counted;           /* v<N>: the name of the next one is known, and whoever makes it first has committed */
};

struct tarn__iceberg_state {
    struct tarn__iceberg_metadata metadata;
    struct tarn__iceberg_metadata_name file; /* where it was read; key empty: the table is being made */
    struct tarn_text ref; /* the branch that a transaction moves; empty: the snapshot was not opened by one, not writable */
    bool has_snapshot;
    struct tarn__iceberg_snapshot current; /* of the ref; when has_snapshot */
    size_t manifest_count;
    struct tarn__iceberg_manifest_file *manifests; /* of `current` */
    struct tarn__iceberg_schema schema;            /* what the snapshot is read with; its reference is one of the snapshot's */
};

static inline struct tarn__iceberg_state *tarn__iceberg_state_of(const struct tarn_snapshot *snapshot)
{
    return snapshot->state;
}

/** Microseconds of the model's times; what lies beyond is the last there is. */
static inline int64_t tarn__iceberg_micros(int64_t milliseconds)
{
    const int64_t most = INT64_MAX / 1000;
    return milliseconds > most ? INT64_MAX : milliseconds < -most ? -INT64_MAX : milliseconds * 1000;
}

/** Reads number and form out of a key; `location` is left empty, `key` borrowed. False: it is no metadata file's. */
bool tarn__iceberg_metadata_name_parse(struct tarn_text key, struct tarn__iceberg_metadata_name *out);

/**
 * The newest metadata of a place: what its catalog points at (`ask`: the catalog is asked again, else what it said when the place was
 * found), else the place's entry, else by the version hint and what follows it, else the highest number in the folder. Texts live in the
 * arena. Errors: NOT_FOUND (table), CONFLICT (the catalog points into another folder by now), those of stores and catalogs.
 */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_newest(const struct tarn__place *place, bool ask, struct tarn_arena *arena,
                                                       struct tarn__iceberg_metadata_name *out, struct tarn_error *err);

/** A whole object in the arena. Errors: AUTH outside_table (the key leads out), those of stores, LIMIT, NOMEM. */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_read_object(struct tarn_store *store, struct tarn_text key, struct tarn_arena *arena,
                                                            struct tarn_span *out, struct tarn_error *err);

/** Errors: as tarn__iceberg_metadata_parse, with the object. */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_read_metadata(struct tarn_store *store, struct tarn_text key, struct tarn_arena *arena,
                                                              struct tarn__iceberg_metadata *out, struct tarn_error *err);

/** The manifests of a snapshot: from its list, or, version 1, those it names itself. In the arena. */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_read_manifests(const struct tarn__iceberg_root *root,
                                                               const struct tarn__iceberg_snapshot *snapshot, struct tarn_arena *arena,
                                                               struct tarn__iceberg_manifest_file **out, size_t *count,
                                                               struct tarn_error *err);

/** The entry and all it points at are valid during the call. */
typedef enum tarn_status (*tarn__iceberg_entry_fn)(void *arg, struct tarn__iceberg_entry *entry, struct tarn_error *err);

/**
 * Reads one manifest from end to end, deleted entries too, with what entries inherit filled in. `skip`: TARN_ICEBERG_SKIP_*.
 * Errors: as the reader's, with the object; those of `fn`.
 */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_read_manifest(const struct tarn__iceberg_root *root,
                                                              const struct tarn__iceberg_manifest_file *manifest, unsigned skip,
                                                              tarn__iceberg_entry_fn fn, void *arg, struct tarn_error *err);

static inline struct tarn__iceberg_root tarn__iceberg_root_of(const struct tarn__iceberg_metadata *metadata, struct tarn_store *store)
{
    return (struct tarn__iceberg_root){metadata->location, store};
}

/**
 * What follows from metadata and schema in a snapshot: state->schema, schema, physical, specs, spec, sort orders, refs, info. `schema_id`:
 * the one to read with. state->metadata and info.version are set before. For tables being made too.
 */
TARN_WARN_UNUSED enum tarn_status tarn__iceberg_state_describe(struct tarn_snapshot *snapshot, int32_t schema_id, struct tarn_error *err);

#endif
