/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TXLOG_DELTA_DELTA_ACTION_H
#define TARN_TXLOG_DELTA_DELTA_ACTION_H

#include "format/json/json_pull.h"
#include "txlog/core/file_set.h"
#include "txlog/delta/delta_log.h"

/*
 * The actions of a Delta log, one line of JSON each, read as a stream: a commit is never in memory as a whole.
 *
 * Unknown actions and unknown fields are passed over, as the protocol asks. Paths come decoded (delta_path.h).
 * Ownership: the texts of an action live until the stream goes on. Threads: single.
 */
enum tarn__delta_action_kind {
    TARN_DELTA_OTHER = 0, /* unknown */
    TARN_DELTA_PROTOCOL,
    TARN_DELTA_METADATA,
    TARN_DELTA_ADD,
    TARN_DELTA_REMOVE,
    TARN_DELTA_TXN,
    TARN_DELTA_DOMAIN,
    TARN_DELTA_COMMIT_INFO,
    TARN_DELTA_CDC,
    TARN_DELTA_SIDECAR,
    TARN_DELTA_CHECKPOINT_METADATA,
};

struct tarn__delta_protocol {
    int32_t reader;
    int32_t writer;
    bool has_reader_features;
    bool has_writer_features;
    uint32_t reader_feature_count;
    uint32_t writer_feature_count;
    struct tarn_text *reader_features;
    struct tarn_text *writer_features;
};

struct tarn__delta_metadata {
    struct tarn_text id;
    struct tarn_text name;
    struct tarn_text description;
    struct tarn_text provider;
    struct tarn_text schema;
    int64_t created; /* milliseconds; 0: not said */
    uint32_t partition_column_count;
    struct tarn_text *partition_columns;
    uint32_t property_count;
    struct tarn_property *properties;
};

/** add, remove and cdc. */
struct tarn__delta_file {
    struct tarn_text path; /* decoded */
    bool has_size;
    uint64_t size;
    int64_t modified; /* milliseconds; of a remove: deletionTimestamp */
    bool data_change;
    struct tarn_text partition;  /* raw form: see delta_partition.h */
    struct tarn_text statistics; /* empty: none */
    int64_t rows;                /* -1: not known */
    struct tarn__file_extra extra;
    struct tarn__deletion_vector vector; /* when extra.deletion_vector points here */
};

struct tarn__delta_txn {
    struct tarn_text app_id;
    int64_t version;
    int64_t last_updated; /* milliseconds; 0: not said */
};

struct tarn__delta_domain {
    struct tarn_text domain;
    struct tarn_text configuration;
    bool removed;
};

struct tarn__delta_commit_info {
    bool has_timestamp;
    int64_t timestamp; /* milliseconds */
    bool has_in_commit_timestamp;
    int64_t in_commit_timestamp;
    struct tarn_text operation;
    struct tarn_text parameters; /* raw JSON */
    struct tarn_text metrics;    /* raw JSON */
    struct tarn_text engine;
    struct tarn_text commit_id;
    struct tarn_text user_metadata;
    int64_t read_version; /* -1: not said */
    bool blind_append;
};

/** What a checkpoint of the second specification says of itself. */
struct tarn__delta_checkpoint_metadata {
    int64_t version; /* -1: not said */
    int64_t adds;    /* in its sidecars; -1: not said */
};

struct tarn__delta_action {
    enum tarn__delta_action_kind kind;
    union {
        struct tarn__delta_protocol protocol;
        struct tarn__delta_metadata metadata;
        struct tarn__delta_file file;
        struct tarn__delta_txn txn;
        struct tarn__delta_domain domain;
        struct tarn__delta_commit_info commit_info;
        struct tarn_text sidecar; /* file name */
        struct tarn__delta_checkpoint_metadata checkpoint;
    } u;
};

/** An action of the kind with nothing said yet. */
void tarn__delta_action_begin(struct tarn__delta_action *action, enum tarn__delta_action_kind kind);

/** Parses one line. `json` is opened with an arena and CORRUPT as its failure; texts live in the arena or in the line. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_action_parse(struct tarn_json *json, struct tarn_text line, uint64_t offset,
                                                           struct tarn__delta_action *action, struct tarn_error *err);

/** numRecords of a statistics text; -1 when it is not there or the text is no statistics. */
int64_t tarn__delta_statistics_rows(struct tarn_env *env, struct tarn_text statistics);

/** Reads an object of actions line by line. */
struct tarn__delta_stream {
    struct tarn_env *env;
    struct tarn_object *object;
    struct tarn_arena arena;
    struct tarn_json json;
    char *buffer;
    size_t capacity;
    size_t filled;         /* bytes of the object in the buffer */
    size_t at;             /* begin of the next line */
    uint64_t base;         /* offset in the object of the buffer's begin */
    uint64_t actions;      /* lines that held something */
    struct tarn_text line; /* that of the last action, as written */
    struct tarn_text key;
};

/** `key` must outlive the stream. Errors: of the store; CORRUPT commit_empty. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_stream_open(struct tarn__delta_stream *stream, struct tarn_store *store, struct tarn_text key,
                                                          struct tarn_error *err);
/** *more is false at the end. Errors: CORRUPT with the object and the offset, IO, LIMIT, NOMEM, CANCELLED. */
TARN_WARN_UNUSED enum tarn_status tarn__delta_stream_next(struct tarn__delta_stream *stream, struct tarn__delta_action *action, bool *more,
                                                          struct tarn_error *err);
void tarn__delta_stream_close(struct tarn__delta_stream *stream);

#endif
