/* SPDX-License-Identifier: Apache-2.0
 *
 * Checkpoints written: the state of a version as Parquet (classic), or as a top file over sidecars (version 2).
 *
 * Specification: Delta PROTOCOL.md, "Checkpoints", "V1 Spec", "V2 Spec", "Checkpoint Schema".
 *
 * Invariants
 *  1. A checkpoint is made of a whole snapshot and of the tombstones that its log still protects, of nothing else.
 *  2. It is written under a name that no reader takes for a checkpoint, or into memory, read back by the code that reads logs, and compared
 *     with what went in, action by action by digest. Only then it gets its name, all at once, and only if nobody has it.
 *  3. Sidecars are there, and as durable as the env's mode says, before the file that names them.
 *  4. No more than a row group and a batch is in memory beside the snapshot.
 */
#include "txlog/delta/delta_checkpoint_write.h"

#include <stdio.h>

#include "format/base/bytes.h"
#include "format/base/datetime.h"
#include "format/base/hash.h"
#include "tarn/writer.h"
#include "txlog/delta/delta_action_print.h"
#include "txlog/delta/delta_checkpoint.h"
#include "txlog/delta/delta_checkpoint_rows.h"
#include "txlog/delta/delta_interval.h"
#include "txlog/delta/delta_visit.h"

enum {
    SIDECAR_FILES = 1 << 20,   /* file actions of one sidecar */
    IN_MEMORY_FILES = 1 << 15, /* checkpoints of so many file actions are made in memory */
    ROW_GROUP_ROWS = 1 << 17,
    ROW_GROUP_BYTES = 32 << 20,
    COPY_BYTES = 1 << 20,
    KEY_ROOM = 160,
};

/* What is in a checkpoint, for comparing what was meant with what is read. Sums do not depend on the order. */
struct tally {
    uint64_t added;
    uint64_t removed;
    uint64_t others;
    uint64_t bytes; /* of added files */
    uint64_t digest;
};

struct writing {
    const struct tarn_snapshot *snapshot;
    struct tarn_env *env;
    struct tarn_store *workshop; /* where it is made and read back: memory, or the table's own store */
    struct tarn__checkpoint_shape shape;
    struct tarn__file_set removed;
    struct tarn__pool_reader statistics;
    struct tarn_text_builder text;
    struct tarn_arena arena;
    int64_t now;
    struct tally meant;
    uint32_t next_live; /* how far the files have been written */
    uint32_t next_removed;
    struct tarn__checkpoint_sidecar *sidecars;
    uint32_t sidecar_count;
    uint64_t bytes;     /* of all files */
    char top[KEY_ROOM]; /* key in the workshop */
    char key[KEY_ROOM]; /* key in the table */
};

/* ---- tallies ---- */

static uint64_t mix_text(uint64_t hash, struct tarn_text text)
{
    return tarn__hash_combine(hash, tarn__hash_bytes(text.data, text.size, text.size));
}

static uint64_t hash_file(struct tarn_text path, struct tarn_text partition, uint64_t size, int64_t milliseconds,
                          struct tarn_text statistics, const struct tarn__file_extra *extra)
{
    uint64_t hash = mix_text(1, path);
    hash = mix_text(hash, partition);
    hash = tarn__hash_combine(hash, size);
    hash = tarn__hash_combine(hash, (uint64_t)milliseconds);
    hash = mix_text(hash, statistics);
    hash = tarn__hash_combine(hash, extra != NULL ? (uint64_t)extra->first_row_id : UINT64_MAX);
    hash = tarn__hash_combine(hash, extra != NULL ? (uint64_t)extra->row_version : UINT64_MAX);
    const struct tarn__deletion_vector *vector = extra != NULL ? extra->deletion_vector : NULL;
    if (vector != NULL) {
        hash = mix_text(mix_text(hash, vector->storage), vector->place);
        hash = tarn__hash_combine(hash, vector->has_offset ? vector->offset : UINT64_MAX);
        hash = tarn__hash_combine(hash, vector->size);
        hash = tarn__hash_combine(hash, vector->cardinality);
    }
    return hash;
}

static void tally_added(struct tally *tally, uint64_t hash, uint64_t size)
{
    tally->added++;
    tally->bytes += size;
    tally->digest += hash;
}

static void tally_removed(struct tally *tally, uint64_t hash)
{
    tally->removed++;
    tally->digest += tarn__hash_combine(2, hash);
}

/* An action that is not of a file, by what it says. */
static enum tarn_status tally_other(struct tally *tally, enum tarn__delta_action_kind kind, const struct tarn_text_builder *text,
                                    struct tarn_error *err)
{
    tally->others++;
    tally->digest += mix_text(16 + (uint64_t)kind, tarn__builder_text(text));
    return tarn__builder_status(text, err);
}

struct reading {
    const struct writing *writing;
    struct tally found;
    struct tarn_text_builder text;
};

static enum tarn_status see_action(void *arg, int64_t version, const struct tarn__delta_action *action, struct tarn_error *err)
{
    struct reading *reading = arg;
    struct tarn_text_builder *text = &reading->text;
    const struct tarn__delta_file *file = &action->u.file;
    struct tarn_json_printer json;
    (void)version;
    tarn__builder_clear(text);
    switch (action->kind) {
    case TARN_DELTA_ADD:
        tally_added(&reading->found,
                    hash_file(file->path, file->partition, file->size, file->modified,
                              reading->writing->shape.stats_json ? file->statistics : (struct tarn_text){NULL, 0}, &file->extra),
                    file->size);
        return TARN_OK;
    case TARN_DELTA_REMOVE:
        tally_removed(&reading->found,
                      hash_file(file->path, file->partition, file->size, file->modified, (struct tarn_text){NULL, 0}, &file->extra));
        return TARN_OK;
    case TARN_DELTA_PROTOCOL:
        tarn__delta_print_protocol(&action->u.protocol, text);
        return tally_other(&reading->found, action->kind, text, err);
    case TARN_DELTA_METADATA:
        tarn__delta_print_metadata(&action->u.metadata, 0, NULL, text);
        return tally_other(&reading->found, action->kind, text, err);
    case TARN_DELTA_TXN:
        tarn__json_printer_init(&json, text);
        tarn__delta_print_txn_fields(&json, &action->u.txn);
        return tally_other(&reading->found, action->kind, text, err);
    case TARN_DELTA_DOMAIN:
        tarn__json_printer_init(&json, text);
        tarn__delta_print_domain_fields(&json, &action->u.domain);
        return tally_other(&reading->found, action->kind, text, err);
    default:
        return TARN_OK;
    }
}

/* ---- rows ---- */

static enum tarn_status put_added(struct writing *writing, struct tarn__checkpoint_rows *rows, const struct tarn__tracked_file *file,
                                  struct tarn_error *err)
{
    struct tarn_text statistics;
    TARN_RETURN_IF_ERROR(tarn__pool_reader_get(&writing->statistics, file->statistics, &statistics, err));
    char rows_only[48];
    if (statistics.size == 0 && file->rows >= 0) {
        const int size = snprintf(rows_only, sizeof(rows_only), "{\"numRecords\":%lld}", (long long)file->rows);
        statistics = (struct tarn_text){rows_only, (size_t)size};
    }
    const struct tarn_text partition = writing->snapshot->files.partitions[file->partition].raw;
    tally_added(&writing->meant,
                hash_file(file->path, partition, file->size, tarn__floor_div(file->modified, 1000),
                          writing->shape.stats_json ? statistics : (struct tarn_text){NULL, 0}, file->extra),
                file->size);
    return tarn__checkpoint_put_add(rows, file, statistics, err);
}

static enum tarn_status put_removed(struct writing *writing, struct tarn__checkpoint_rows *rows, const struct tarn__tracked_file *file,
                                    struct tarn_error *err)
{
    const struct tarn_text partition = writing->removed.partitions[file->partition].raw;
    const bool extended = tarn__checkpoint_is_extended(writing->snapshot, &writing->removed, file);
    tally_removed(&writing->meant,
                  hash_file(file->path, extended ? partition : (struct tarn_text){NULL, 0}, file->rows >= 0 ? file->size : 0,
                            tarn__floor_div(file->modified, 1000), (struct tarn_text){NULL, 0}, file->extra));
    return tarn__checkpoint_put_remove(rows, &writing->removed, file, err);
}

/* The next file actions, at most `most`. */
static enum tarn_status put_files(struct writing *writing, struct tarn__checkpoint_rows *rows, uint64_t most, struct tarn_error *err)
{
    const struct tarn__file_set *live = &writing->snapshot->files;
    for (; most != 0 && writing->next_live < live->count; writing->next_live++, most--) {
        TARN_RETURN_IF_ERROR(put_added(writing, rows, tarn__file_set_at(live, writing->next_live), err));
    }
    for (; most != 0 && writing->next_removed < writing->removed.count; writing->next_removed++) {
        const struct tarn__tracked_file *file = tarn__file_set_at(&writing->removed, writing->next_removed);
        if (!tarn__delta_is_risen(file)) {
            most--;
            TARN_RETURN_IF_ERROR(put_removed(writing, rows, file, err));
        }
    }
    return TARN_OK;
}

static bool is_kept(const struct writing *writing, const struct tarn__delta_txn *txn)
{
    const int64_t retention = tarn__delta_property_interval(tarn__delta_state_of(writing->snapshot),
                                                            TARN_TEXT("delta.setTransactionRetentionDuration"), INT64_MAX);
    return txn->last_updated == 0 || retention == INT64_MAX || writing->now / 1000 - txn->last_updated <= retention / 1000;
}

/* Every action that is not of a file goes to one of these, as a row or as a line. */
struct others {
    struct tarn__checkpoint_rows *rows; /* NULL: lines */
    struct tarn_text_builder *lines;
};

static enum tarn_status put_state(struct writing *writing, const struct others *to, struct tarn_error *err)
{
    const struct tarn__delta_state *state = tarn__delta_state_of(writing->snapshot);
    struct tarn_text_builder *text = &writing->text;
    struct tarn_json_printer json;
    tarn__builder_clear(text);
    tarn__delta_print_protocol(&state->protocol, text);
    TARN_RETURN_IF_ERROR(tally_other(&writing->meant, TARN_DELTA_PROTOCOL, text, err));
    if (to->rows != NULL) {
        TARN_RETURN_IF_ERROR(tarn__checkpoint_put_protocol(to->rows, &state->protocol, err));
    } else {
        tarn__builder_add(to->lines, tarn__builder_text(text));
    }
    tarn__builder_clear(text);
    tarn__delta_print_metadata(&state->metadata, 0, NULL, text);
    TARN_RETURN_IF_ERROR(tally_other(&writing->meant, TARN_DELTA_METADATA, text, err));
    if (to->rows != NULL) {
        TARN_RETURN_IF_ERROR(tarn__checkpoint_put_metadata(to->rows, &state->metadata, err));
    } else {
        tarn__builder_add(to->lines, tarn__builder_text(text));
    }
    for (size_t i = 0; i < state->txn_count; i++) {
        if (!is_kept(writing, &state->txns[i])) {
            continue;
        }
        tarn__builder_clear(text);
        tarn__json_printer_init(&json, text);
        tarn__delta_print_txn_fields(&json, &state->txns[i]);
        TARN_RETURN_IF_ERROR(tally_other(&writing->meant, TARN_DELTA_TXN, text, err));
        if (to->rows != NULL) {
            TARN_RETURN_IF_ERROR(tarn__checkpoint_put_txn(to->rows, &state->txns[i], err));
        } else {
            begin_action(&json, to->lines, TARN_TEXT("txn"));
            tarn__delta_print_txn_fields(&json, &state->txns[i]);
            end_action(&json);
        }
    }
    for (size_t i = 0; i < state->domain_count; i++) {
        if (state->domains[i].removed) {
            continue;
        }
        tarn__builder_clear(text);
        tarn__json_printer_init(&json, text);
        tarn__delta_print_domain_fields(&json, &state->domains[i]);
        TARN_RETURN_IF_ERROR(tally_other(&writing->meant, TARN_DELTA_DOMAIN, text, err));
        if (to->rows != NULL) {
            TARN_RETURN_IF_ERROR(tarn__checkpoint_put_domain(to->rows, &state->domains[i], err));
        } else {
            begin_action(&json, to->lines, TARN_TEXT("domainMetadata"));
            tarn__delta_print_domain_fields(&json, &state->domains[i]);
            end_action(&json);
        }
    }
    return TARN_OK;
}

/* ---- files ---- */

/* Texts that are all different gain nothing by a dictionary, nor by bounds. */
static const struct tarn_path_step path_steps[] = {{TARN_PATH_FIELD, {"add", 3}, -1}, {TARN_PATH_FIELD, {"path", 4}, -1}};
static const struct tarn_path_step stats_steps[] = {{TARN_PATH_FIELD, {"add", 3}, -1}, {TARN_PATH_FIELD, {"stats", 5}, -1}};

/* A Parquet file in the workshop, filled by `put`. */
static enum tarn_status write_parquet(struct writing *writing, const char *key, bool files_only,
                                      enum tarn_status (*put)(struct writing *writing, struct tarn__checkpoint_rows *rows,
                                                              struct tarn_error *err),
                                      uint64_t *row_count, struct tarn_error *err)
{
    struct tarn__checkpoint_shape shape = writing->shape;
    shape.files_only = files_only;
    struct tarn__checkpoint_rows rows;
    enum tarn_status status = tarn__checkpoint_rows_open(&rows, writing->snapshot, shape, err);
    if (status == TARN_OK) {
        struct tarn_parquet_column_options columns[2] = {TARN_PARQUET_COLUMN_OPTIONS_INIT, TARN_PARQUET_COLUMN_OPTIONS_INIT};
        columns[0].path = (struct tarn_path){2, path_steps};
        columns[1].path = (struct tarn_path){2, stats_steps};
        for (int i = 0; i < 2; i++) {
            columns[i].encoding = TARN_ENCODING_PLAIN;
            columns[i].statistics = TARN_CHOICE_NO;
        }
        struct tarn_parquet_write_options options = TARN_PARQUET_WRITE_OPTIONS_INIT;
        options.profile = TARN_PROFILE_COMPAT;
        options.codec = TARN_CODEC_SNAPPY;
        options.row_group_rows = ROW_GROUP_ROWS;
        options.row_group_bytes = ROW_GROUP_BYTES;
        options.no_page_index = true;
        options.column_count = shape.stats_json ? 2 : 1;
        options.columns = columns;
        status = tarn_parquet_create(writing->workshop, tarn__text_of(key), rows.schema, &options, &rows.sink, err);
    }
    if (status == TARN_OK) {
        status = put(writing, &rows, err);
        if (status == TARN_OK) {
            status = tarn__checkpoint_flush(&rows, err);
        }
        if (status == TARN_OK) {
            status = tarn_sink_finish(rows.sink, err);
        } else {
            tarn_sink_abort(rows.sink);
        }
    }
    *row_count = rows.written;
    tarn__checkpoint_rows_close(&rows);
    return status;
}

static enum tarn_status put_whole(struct writing *writing, struct tarn__checkpoint_rows *rows, struct tarn_error *err)
{
    const struct others to = {.rows = rows};
    TARN_RETURN_IF_ERROR(put_state(writing, &to, err));
    return put_files(writing, rows, UINT64_MAX, err);
}

static enum tarn_status put_sidecar_files(struct writing *writing, struct tarn__checkpoint_rows *rows, struct tarn_error *err)
{
    return put_files(writing, rows, SIDECAR_FILES, err);
}

static enum tarn_status put_top(struct writing *writing, struct tarn__checkpoint_rows *rows, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tarn__checkpoint_put_version(rows, writing->snapshot->info.version, err));
    const struct others to = {.rows = rows};
    TARN_RETURN_IF_ERROR(put_state(writing, &to, err));
    for (uint32_t i = 0; i < writing->sidecar_count; i++) {
        TARN_RETURN_IF_ERROR(tarn__checkpoint_put_sidecar(rows, &writing->sidecars[i], err));
    }
    return TARN_OK;
}

static void sidecar_key(struct tarn_text name, char key[KEY_ROOM])
{
    snprintf(key, KEY_ROOM, TARN_DELTA_LOG "_sidecars/%.*s", TARN_TEXT_ARG(name));
}

static bool is_exhausted(const struct writing *writing)
{
    if (writing->next_live < writing->snapshot->files.count) {
        return false;
    }
    uint32_t i = writing->next_removed;
    while (i < writing->removed.count && tarn__delta_is_risen(tarn__file_set_at(&writing->removed, i))) {
        i++;
    }
    return i == writing->removed.count;
}

static enum tarn_status write_sidecars(struct writing *writing, uint64_t *actions, struct tarn_error *err)
{
    const uint64_t files = (uint64_t)writing->snapshot->files.count + writing->removed.count;
    writing->sidecars = tarn__arena_calloc(&writing->arena, (size_t)(files / SIDECAR_FILES) + 1, sizeof(*writing->sidecars));
    if (writing->sidecars == NULL) {
        return tarn__nomem(writing->env, err, sizeof(*writing->sidecars));
    }
    while (!is_exhausted(writing)) {
        char uuid[37];
        char name[48];
        char key[KEY_ROOM];
        tarn__uuid(writing->env, uuid);
        snprintf(name, sizeof(name), "%s.parquet", uuid);
        struct tarn__checkpoint_sidecar *sidecar = &writing->sidecars[writing->sidecar_count];
        sidecar->path = tarn__arena_text(&writing->arena, tarn__text_of(name));
        if (sidecar->path.data == NULL) {
            return tarn__nomem(writing->env, err, sizeof(name));
        }
        writing->sidecar_count++;
        sidecar_key(sidecar->path, key);
        uint64_t rows;
        struct tarn_object_info info;
        TARN_RETURN_IF_ERROR(write_parquet(writing, key, true, put_sidecar_files, &rows, err));
        TARN_RETURN_IF_ERROR(tarn_store_head(writing->workshop, tarn__text_of(key), &info, err));
        sidecar->size = info.size;
        sidecar->modified = tarn__floor_div(info.modified, 1000);
        writing->bytes += info.size;
        *actions += rows + 1; /* the sidecar action itself */
    }
    return TARN_OK;
}

static enum tarn_status write_top_lines(struct writing *writing, uint64_t *actions, struct tarn_error *err)
{
    struct tarn_text_builder lines;
    struct tarn_json_printer json;
    tarn__builder_init(&lines, writing->env);
    begin_action(&json, &lines, TARN_TEXT("checkpointMetadata"));
    key_int(&json, TARN_TEXT("version"), writing->snapshot->info.version);
    end_action(&json);
    const struct others to = {.lines = &lines};
    enum tarn_status status = put_state(writing, &to, err);
    for (uint32_t i = 0; i < writing->sidecar_count; i++) {
        begin_action(&json, &lines, TARN_TEXT("sidecar"));
        key_text(&json, TARN_TEXT("path"), writing->sidecars[i].path);
        key_int(&json, TARN_TEXT("sizeInBytes"), (int64_t)writing->sidecars[i].size);
        key_int(&json, TARN_TEXT("modificationTime"), writing->sidecars[i].modified);
        end_action(&json);
    }
    if (status == TARN_OK) {
        status = tarn__builder_status(&lines, err);
    }
    if (status == TARN_OK) {
        *actions += 1 + writing->meant.others;
        status = tarn_store_put(writing->workshop, tarn__text_of(writing->top), tarn__span_of_text(tarn__builder_text(&lines)),
                                TARN_PUT_IF_ABSENT, TARN_ROLE_DATA, err);
    }
    tarn__builder_free(&lines);
    return status;
}

static enum tarn_status write_files(struct writing *writing, bool parquet_top, uint64_t *actions, struct tarn_error *err)
{
    uint64_t rows = 0;
    if (!writing->shape.v2) {
        TARN_RETURN_IF_ERROR(write_parquet(writing, writing->top, false, put_whole, &rows, err));
    } else {
        TARN_RETURN_IF_ERROR(write_sidecars(writing, actions, err));
        if (!parquet_top) {
            TARN_RETURN_IF_ERROR(write_top_lines(writing, actions, err));
        } else {
            TARN_RETURN_IF_ERROR(write_parquet(writing, writing->top, false, put_top, &rows, err));
            rows -= writing->sidecar_count; /* counted already */
        }
    }
    *actions += rows;
    struct tarn_object_info info;
    TARN_RETURN_IF_ERROR(tarn_store_head(writing->workshop, tarn__text_of(writing->top), &info, err));
    writing->bytes += info.size;
    return TARN_OK;
}

/* ---- proof and publication ---- */

static enum tarn_status prove(const struct writing *writing, struct tarn_error *err)
{
    struct reading reading = {.writing = writing};
    tarn__builder_init(&reading.text, writing->env);
    const struct tarn__delta_visitor visitor = {.action = see_action, .arg = &reading};
    const struct tarn__delta_checkpoint checkpoint = {
        .version = writing->snapshot->info.version,
        .kind = writing->shape.v2 ? TARN_CHECKPOINT_UUID : TARN_CHECKPOINT_SINGLE,
        .key = tarn__text_of(writing->top),
    };
    const enum tarn_status status = tarn__delta_visit_checkpoint(writing->snapshot, writing->workshop, &checkpoint, &visitor, err);
    tarn__builder_free(&reading.text);
    TARN_RETURN_IF_ERROR(status);
    const struct tally *meant = &writing->meant;
    const struct tally *found = &reading.found;
    if (meant->added != found->added || meant->removed != found->removed || meant->others != found->others ||
        meant->bytes != found->bytes || meant->digest != found->digest) {
        return tarn__corrupt(err, "checkpoint_written",
                             "the checkpoint that was written reads as %llu live and %llu removed files, not as the %llu and %llu that it "
                             "was made of; it was not made visible",
                             (unsigned long long)found->added, (unsigned long long)found->removed, (unsigned long long)meant->added,
                             (unsigned long long)meant->removed);
    }
    return TARN_OK;
}

static enum tarn_status copy_bytes(struct tarn_object *from, struct tarn_object_writer *to, struct tarn_env *env, struct tarn_error *err)
{
    uint8_t *buffer = tarn__alloc(env, COPY_BYTES);
    if (buffer == NULL) {
        return tarn__nomem(env, err, COPY_BYTES);
    }
    const uint64_t size = tarn_object_info(from).size;
    enum tarn_status status = TARN_OK;
    for (uint64_t at = 0; status == TARN_OK && at < size;) {
        const struct tarn_read_range range = {at, size - at < COPY_BYTES ? (size_t)(size - at) : COPY_BYTES, buffer};
        status = tarn_object_read(from, 1, &range, err);
        if (status == TARN_OK) {
            status = tarn_object_writer_append(to, (struct tarn_span){buffer, range.size}, err);
        }
        at += range.size;
    }
    tarn__free(env, buffer);
    return status;
}

static enum tarn_status copy_object(struct tarn_store *from, const char *key, struct tarn_store *to, const char *to_key,
                                    struct tarn_error *err)
{
    struct tarn_object *object;
    struct tarn_object_writer *writer;
    TARN_RETURN_IF_ERROR(tarn_object_open(from, tarn__text_of(key), &object, err));
    enum tarn_status status = tarn_object_writer_open(to, tarn__text_of(to_key), TARN_ROLE_COMMIT, &writer, err);
    if (status == TARN_OK) {
        status = copy_bytes(object, writer, from->env, err);
        if (status == TARN_OK) {
            status = tarn_object_writer_commit(writer, TARN_PUT_IF_ABSENT, err);
        } else {
            tarn_object_writer_abort(writer);
        }
    }
    tarn_object_close(object);
    return status;
}

/* Gives what was proven its names. */
static enum tarn_status publish(struct writing *writing, struct tarn_error *err)
{
    struct tarn_store *store = writing->snapshot->store;
    for (uint32_t i = 0; writing->workshop != store && i < writing->sidecar_count; i++) {
        char key[KEY_ROOM];
        sidecar_key(writing->sidecars[i].path, key);
        TARN_RETURN_IF_ERROR(copy_object(writing->workshop, key, store, key, err));
    }
    return copy_object(writing->workshop, writing->top, store, writing->key, err);
}

static void remove_leftover(struct tarn_store *store, const char *key)
{
    if (tarn_store_remove(store, tarn__text_of(key), NULL) != TARN_OK) {
        tarn__log(store->env, TARN_LOG_WARN, "what is left of a checkpoint could not be removed: %s", key); /* a clean-up finds it */
    }
}

/* Takes out what has no name in the table, or never got one. */
static void clear_away(struct writing *writing, enum tarn_status status)
{
    struct tarn_store *store = writing->snapshot->store;
    if (writing->workshop == store && writing->top[0] != '\0') {
        remove_leftover(store, writing->top);
    }
    /* Whether a top file that was put with an unknown outcome is there, nobody knows: then its sidecars stay. */
    for (uint32_t i = 0; status != TARN_OK && status != TARN_COMMIT_UNKNOWN && status != TARN_TIMEOUT && i < writing->sidecar_count; i++) {
        char key[KEY_ROOM];
        sidecar_key(writing->sidecars[i].path, key);
        remove_leftover(store, key);
    }
}

static enum tarn_status make(struct writing *writing, const struct tarn_checkpoint_options *options, struct tarn_checkpoint_result *result,
                             struct tarn_error *err)
{
    const struct tarn_snapshot *snapshot = writing->snapshot;
    TARN_RETURN_IF_ERROR(tarn__delta_tombstones(snapshot, writing->now, &writing->removed, err));
    if ((uint64_t)snapshot->files.count + writing->removed.count <= IN_MEMORY_FILES) {
        TARN_RETURN_IF_ERROR(tarn_store_open_memory(writing->env, 0, &writing->workshop, err));
    } else {
        writing->workshop = tarn_store_retain(snapshot->store);
    }
    char uuid[37];
    const long long version = (long long)snapshot->info.version;
    const char *extension = writing->shape.v2 && !options->parquet_top ? "json" : "parquet";
    tarn__uuid(writing->env, uuid);
    snprintf(writing->top, sizeof(writing->top), TARN_DELTA_LOG TARN_DELTA_UNPROVEN "%s.%s", uuid, extension);
    if (writing->shape.v2) {
        tarn__uuid(writing->env, uuid);
        snprintf(writing->key, sizeof(writing->key), TARN_DELTA_LOG "%020lld.checkpoint.%s.%s", version, uuid, extension);
    } else {
        snprintf(writing->key, sizeof(writing->key), TARN_DELTA_LOG "%020lld.checkpoint.parquet", version);
    }
    enum tarn_status status = write_files(writing, options->parquet_top, &result->actions, err);
    if (status == TARN_OK) {
        status = prove(writing, err);
    }
    if (status == TARN_OK) {
        status = publish(writing, err);
    }
    clear_away(writing, status);
    return status;
}

static enum tarn_status choose_shape(const struct tarn_snapshot *snapshot, const struct tarn_checkpoint_options *options,
                                     struct tarn__checkpoint_shape *shape, struct tarn_error *err)
{
    const struct tarn__delta_state *state = tarn__delta_state_of(snapshot);
    const bool may_v2 = tarn__delta_protocol_has_writer(&state->protocol, TARN_TEXT("v2Checkpoint"));
    if (options->kind == TARN_CHECKPOINT_V2 && !may_v2) {
        return tarn__invalid(
            err, "checkpoint",
            "the table's protocol does not have v2Checkpoint, without which readers need not know checkpoints of version 2");
    }
    const struct tarn_text policy = tarn__delta_property(state, TARN_TEXT("delta.checkpointPolicy"));
    const bool stats_struct = tarn__delta_property_is_true(state, TARN_TEXT("delta.checkpoint.writeStatsAsStruct"));
    *shape = (struct tarn__checkpoint_shape){
        .v2 = options->kind == TARN_CHECKPOINT_V2 ||
              (options->kind == TARN_CHECKPOINT_BY_TABLE && may_v2 && tarn__text_equal(policy, TARN_TEXT("v2"))),
        .stats_json = !tarn__text_equal(tarn__delta_property(state, TARN_TEXT("delta.checkpoint.writeStatsAsJson")), TARN_TEXT("false")),
        .stats_struct = stats_struct,
        .partition_struct = stats_struct,
    };
    return TARN_OK;
}

static enum tarn_status has_checkpoint(const struct tarn_snapshot *snapshot, bool *has, struct tarn_error *err)
{
    struct tarn__delta_listing listing;
    *has = false;
    TARN_RETURN_IF_ERROR(tarn__delta_list(snapshot->store, snapshot->info.version, &listing, err));
    for (size_t i = 0; i < listing.checkpoint_count; i++) {
        *has = *has ||
               (listing.checkpoints[i].version == snapshot->info.version && tarn__delta_checkpoint_is_complete(&listing.checkpoints[i]));
    }
    tarn__delta_listing_free(&listing);
    return TARN_OK;
}

enum tarn_status tarn__delta_checkpoint_write(const struct tarn_snapshot *snapshot, const struct tarn_checkpoint_options *options,
                                              struct tarn_checkpoint_result *result, struct tarn_error *err)
{
    *result = (struct tarn_checkpoint_result){.version = snapshot->info.version, .files = snapshot->files.count};
    struct writing writing = {.snapshot = snapshot, .env = snapshot->env, .now = tarn__now(snapshot->env)};
    TARN_RETURN_IF_ERROR(choose_shape(snapshot, options, &writing.shape, err));
    TARN_RETURN_IF_ERROR(has_checkpoint(snapshot, &result->existed, err));
    if (result->existed) {
        return TARN_OK;
    }
    tarn__arena_init(&writing.arena, snapshot->env);
    tarn__builder_init(&writing.text, snapshot->env);
    tarn__pool_reader_init(&writing.statistics, &snapshot->files.statistics);
    tarn__file_set_init(&writing.removed, snapshot->env);
    struct tarn_error local = TARN_ERROR_INIT;
    enum tarn_status status = make(&writing, options, result, &local);
    result->removed = writing.meant.removed;
    result->bytes = writing.bytes;
    if (status == TARN_EXISTS) { /* somebody was first: theirs does as well */
        result->existed = true;
        status = TARN_OK;
    } else if (status == TARN_OK) {
        status = tarn__delta_hint_write(snapshot->store, result, &local);
    }
    if (status != TARN_OK && err != NULL) {
        *err = local;
    }
    tarn__file_set_free(&writing.removed);
    tarn__pool_reader_free(&writing.statistics);
    tarn__builder_free(&writing.text);
    tarn__arena_free(&writing.arena);
    tarn_store_close(writing.workshop);
    return status;
}
