/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables made like other tables: shallow, over the other's files where they lie, or deep, over copies of them.
 *
 * Invariants
 *  1. One commit makes the clone equal to a version of its source: files, schema, properties, and what else goes with the table. Only its
 * id is its own.
 *  2. A deep clone is named by its commit only when every file of it lies there with the size that the source says. A file that lies there
 *     already is not copied again: what was copied before a failure is used by the next attempt, so it is not removed.
 *  3. A clone that was written to since is not overwritten unless that is asked for.
 */
#include <stdio.h>

#include "format/base/bytes.h"
#include "format/json/json_print.h"
#include "tarn/maintain.h"
#include "txlog/core/commit.h"

enum { COPY_PIECE = 4 << 20 };

struct copy {
    struct tarn_text key;
    bool has_size; /* the log says it */
    uint64_t size;
    bool copied; /* and not found */
};

struct clone {
    struct tarn_env *env;
    struct tarn_clone_options options;
    struct tarn_clone_result *result;
    struct tarn_snapshot *source;
    struct tarn_transaction *transaction;
    struct tarn_arena arena;
    struct copy *copies; /* objects that the clone needs */
    size_t count;
    size_t capacity;
    struct tarn__file_set keys; /* of these */
};

/* ---- objects to copy ---- */

static enum tarn_status need_object(struct clone *clone, struct tarn_text key, bool has_size, uint64_t size, struct tarn_error *err)
{
    if (tarn__place_leads_out(key)) {
        return tarn__unsupported(err, "clone.outside", "a deep clone copies files that lie in the table's folder; \"%.*s\" does not",
                                 TARN_TEXT_ARG(key));
    }
    if (tarn__file_set_find(&clone->keys, key, NULL) != TARN_FILE_NONE) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(tarn__file_set_add(&clone->keys, &(struct tarn__tracked_file){.path = key, .rows = -1}, err));
    if (!tarn__grow(clone->env, &clone->copies, &clone->capacity, clone->count + 1, sizeof(*clone->copies))) {
        return tarn__nomem(clone->env, err, sizeof(*clone->copies));
    }
    const struct tarn_text own = tarn__arena_text(&clone->arena, key);
    if (own.data == NULL) {
        return tarn__nomem(clone->env, err, key.size);
    }
    clone->copies[clone->count++] = (struct copy){own, has_size, size, false};
    return TARN_OK;
}

static enum tarn_status need_file(struct clone *clone, const struct tarn__tracked_file *file, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(need_object(clone, file->path, true, file->size, err));
    const struct tarn__deletion_vector *vector = tarn__file_deletion_vector(file);
    if (vector == NULL || clone->source->format->vector_key == NULL) {
        return TARN_OK;
    }
    struct tarn_text_builder key;
    tarn__builder_init(&key, clone->env);
    enum tarn_status status = clone->source->format->vector_key(clone->source, vector, &key, err);
    status = status == TARN_OK ? tarn__builder_status(&key, err) : status;
    status = status == TARN_OK && key.size != 0 ? need_object(clone, tarn__builder_text(&key), false, 0, err) : status;
    tarn__builder_free(&key);
    return status;
}

/* ---- copying ---- */

static enum tarn_status copy_bytes(struct tarn_object *from, struct tarn_object_writer *to, uint8_t *piece, struct tarn_error *err)
{
    const uint64_t size = tarn_object_info(from).size;
    for (uint64_t at = 0; at < size;) {
        const size_t count = size - at < COPY_PIECE ? (size_t)(size - at) : COPY_PIECE;
        const struct tarn_read_range range = {at, count, piece};
        TARN_RETURN_IF_ERROR(tarn_object_read(from, 1, &range, err));
        TARN_RETURN_IF_ERROR(tarn_object_writer_append(to, (struct tarn_span){piece, count}, err));
        at += count;
    }
    return TARN_OK;
}

static enum tarn_status copy_object(struct clone *clone, const struct copy *copy, struct tarn_error *err)
{
    struct tarn_object *from;
    struct tarn_object_writer *to;
    enum tarn_status status = tarn_object_open(clone->source->store, copy->key, &from, err);
    if (status == TARN_NOT_FOUND) {
        return tarn__error_set(err, TARN_NOT_FOUND, "data_file",
                               "version %lld cannot be cloned: one of its files was removed by a clean-up",
                               (long long)clone->source->info.version);
    }
    TARN_RETURN_IF_ERROR(status);
    if (copy->has_size && tarn_object_info(from).size != copy->size) {
        status = tarn__corrupt(err, "file_size", "a file has %llu bytes; its table says %llu",
                               (unsigned long long)tarn_object_info(from).size, (unsigned long long)copy->size);
    }
    uint8_t *piece = status == TARN_OK ? tarn__alloc(clone->env, COPY_PIECE) : NULL;
    if (status == TARN_OK && piece == NULL) {
        status = tarn__nomem(clone->env, err, COPY_PIECE);
    }
    if (status == TARN_OK) {
        status = tarn_object_writer_open(clone->transaction->snapshot->store, copy->key, TARN_ROLE_DATA, &to, err);
    }
    if (status == TARN_OK) {
        status = copy_bytes(from, to, piece, err);
        if (status == TARN_OK) {
            status = tarn_object_writer_commit(to, TARN_PUT_OVERWRITE, err);
        } else {
            tarn_object_writer_abort(to);
        }
    }
    tarn__free(clone->env, piece);
    tarn_object_close(from);
    return status;
}

/* Does the object lie there, whole, from an earlier attempt? */
static enum tarn_status is_there(struct clone *clone, const struct copy *copy, bool *there, struct tarn_error *err)
{
    struct tarn_object_info info;
    struct tarn_object_info wanted;
    struct tarn_error local = TARN_ERROR_INIT;
    *there = false;
    enum tarn_status status = tarn_store_head(clone->transaction->snapshot->store, copy->key, &info, &local);
    if (status == TARN_NOT_FOUND) {
        return TARN_OK;
    }
    if (status == TARN_OK && !copy->has_size) {
        status = tarn_store_head(clone->source->store, copy->key, &wanted, &local);
    }
    if (status != TARN_OK) {
        if (err != NULL) {
            *err = local;
        }
        return status;
    }
    *there = info.size == (copy->has_size ? copy->size : wanted.size);
    return TARN_OK;
}

static enum tarn_status copy_one(void *arg, uint64_t i, uint32_t worker, struct tarn_error *err)
{
    (void)worker;
    struct clone *clone = arg;
    struct copy *copy = &clone->copies[i];
    bool there;
    enum tarn_status status = tarn__check_cancelled(clone->env, err);
    status = status == TARN_OK ? is_there(clone, copy, &there, err) : status;
    if (status == TARN_OK && !there) {
        copy->copied = true;
        status = copy_object(clone, copy, err);
    }
    if (status != TARN_OK) {
        tarn__error_at_object(err, copy->key);
    }
    return status;
}

/* ---- the difference ---- */

/* Files by their paths, each at its own number. */
static enum tarn_status index_files(const struct tarn_snapshot *snapshot, struct tarn_text prefix, struct tarn__file_set *index,
                                    struct tarn_error *err)
{
    struct tarn_text_builder path;
    tarn__builder_init(&path, snapshot->env);
    tarn__file_set_init(index, snapshot->env);
    enum tarn_status status = TARN_OK;
    for (uint32_t i = 0; status == TARN_OK && i < snapshot->files.count; i++) {
        const struct tarn__tracked_file *file = tarn__file_set_at(&snapshot->files, i);
        struct tarn__tracked_file key = {.path = file->path, .rows = -1};
        if (prefix.size != 0 && !tarn__place_leads_out(file->path)) {
            tarn__builder_clear(&path);
            tarn__builder_add(&path, prefix);
            tarn__builder_add(&path, file->path);
            key.path = tarn__builder_text(&path);
            status = tarn__builder_status(&path, err);
        }
        status = status == TARN_OK ? tarn__file_set_add(index, &key, err) : status;
    }
    tarn__builder_free(&path);
    return status;
}

/* Where a vector lies a shallow clone tells otherwise; how many rows it has and how long it is, it does not. */
static bool same_vector(const struct tarn__tracked_file *a, const struct tarn__tracked_file *b)
{
    const struct tarn__deletion_vector *x = tarn__file_deletion_vector(a);
    const struct tarn__deletion_vector *y = tarn__file_deletion_vector(b);
    return x == NULL || y == NULL ? x == y : x->cardinality == y->cardinality && x->size == y->size && x->offset == y->offset;
}

/* Notes what comes and what goes, so that the clone's files are those of the source. */
static enum tarn_status compare(struct clone *clone, struct tarn_error *err)
{
    struct tarn_transaction *transaction = clone->transaction;
    const struct tarn_snapshot *now = transaction->snapshot;
    struct tarn__file_set there;
    enum tarn_status status = index_files(now, (struct tarn_text){"", 0}, &there, err);
    struct tarn__file_set wanted;
    tarn__file_set_init(&wanted, clone->env);
    if (status == TARN_OK) {
        tarn__file_set_free(&wanted);
        status = index_files(clone->source, transaction->revived_prefix, &wanted, err);
    }
    for (uint32_t i = 0; status == TARN_OK && i < clone->source->files.count; i++) {
        const struct tarn__tracked_file *file = tarn__file_set_at(&clone->source->files, i);
        const int64_t at = tarn__file_set_find(&there, tarn__file_set_at(&wanted, i)->path, NULL);
        if (at != TARN_FILE_NONE && same_vector(file, tarn__file_set_at(&now->files, (uint32_t)at))) {
            clone->result->files_kept++;
            continue;
        }
        tarn__bit_set(transaction->revived_bits, i);
        transaction->revived_count++;
        clone->result->files_added++;
        clone->result->bytes_added += file->size;
        status = clone->options.shallow ? TARN_OK : need_file(clone, file, err);
    }
    for (uint32_t i = 0; status == TARN_OK && i < now->files.count; i++) {
        const int64_t at = tarn__file_set_find(&wanted, tarn__file_set_at(&there, i)->path, NULL);
        if (at == TARN_FILE_NONE ||
            !same_vector(tarn__file_set_at(&now->files, i), tarn__file_set_at(&clone->source->files, (uint32_t)at))) {
            clone->result->files_removed++;
            status = tarn__transaction_remove_index(transaction, i, err);
        }
    }
    tarn__file_set_free(&wanted);
    tarn__file_set_free(&there);
    return status;
}

/* The folder of the source as paths outside of a table are kept: absolute, or '/' and a URI. */
static enum tarn_status set_prefix(struct clone *clone, struct tarn_error *err)
{
    const struct tarn_text root = tarn_store_location(clone->source->store);
    if (root.size == 0) {
        return tarn__unsupported(err, "clone.location",
                                 "the store of the source does not say where it is, so that nobody could find its "
                                 "files: make a deep clone");
    }
    struct tarn_text_builder text;
    tarn__builder_init(&text, clone->env);
    tarn__builder_add_str(&text, root.data[0] != '/' ? "/" : "");
    tarn__builder_add(&text, root);
    tarn__builder_add_char(&text, '/');
    enum tarn_status status = tarn__builder_status(&text, err);
    if (status == TARN_OK) {
        clone->transaction->revived_prefix = tarn__arena_text(&clone->transaction->arena, tarn__builder_text(&text));
        status = clone->transaction->revived_prefix.data == NULL ? tarn__nomem(clone->env, err, text.size) : TARN_OK;
    }
    tarn__builder_free(&text);
    return status;
}

/* ---- the destination ---- */

static void print_parameters(const struct clone *clone, struct tarn_text_builder *out)
{
    struct tarn_json_printer json;
    char number[TARN_NUMBER_TEXT];
    const struct tarn_text root = tarn_store_location(clone->source->store);
    tarn__json_printer_init(&json, out);
    tarn__json_print_begin_object(&json);
    tarn__json_print_key(&json, TARN_TEXT("source"));
    tarn__json_print_string(&json, root.size != 0 ? root : clone->source->info.location);
    tarn__json_print_key(&json, TARN_TEXT("sourceVersion"));
    tarn__json_print_string(&json, (struct tarn_text){number, tarn__int64_print(clone->source->info.version, number)});
    tarn__json_print_key(&json, TARN_TEXT("isShallow"));
    tarn__json_print_string(&json, clone->options.shallow ? TARN_TEXT("true") : TARN_TEXT("false"));
    tarn__json_print_end_object(&json);
}

static enum tarn_status new_table(struct clone *clone, struct tarn_text uri, struct tarn_snapshot **out, struct tarn_error *err)
{
    struct tarn__place place;
    const struct tarn__table_format *format = clone->source->format;
    *out = NULL;
    if (format->clone == NULL) {
        return tarn__unsupported(err, "table.clone", "tables of the format \"%s\" cannot be cloned by this version", format->name);
    }
    TARN_RETURN_IF_ERROR(tarn__place_make(clone->env, uri, &place, err));
    enum tarn_status status = tarn__check_no_table(place.store, err);
    status = status == TARN_OK ? tarn__snapshot_new(&place, format, out, err) : status;
    tarn__place_close(&place);
    status = status == TARN_OK ? format->clone(*out, clone->source, err) : status;
    status = status == TARN_OK ? format->admit(*out, false, err) : status;
    if (status != TARN_OK) {
        tarn__error_at_object(err, uri);
        tarn_snapshot_close(*out);
        *out = NULL;
        return status;
    }
    tarn__snapshot_summarise(*out);
    return TARN_OK;
}

static enum tarn_status note_operation(void *arg, const struct tarn_commit_info *commit, struct tarn_error *err)
{
    (void)err;
    *(bool *)arg = tarn__text_equal(commit->operation, TARN_TEXT("CLONE"));
    return TARN_OK;
}

/* Is the table there a clone of the source, as the last clone left it? */
static enum tarn_status check_clone(const struct clone *clone, struct tarn_text uri, const struct tarn_snapshot *there,
                                    struct tarn_error *err)
{
    const struct tarn__table_format *format = clone->source->format;
    if (there->format != format || format->cloned_from == NULL ||
        !tarn__text_equal(format->cloned_from(there), clone->source->info.table_id)) {
        return tarn__error_set(err, TARN_EXISTS, "table", "there is a table in this folder already, and it is no clone of the source");
    }
    bool untouched = false;
    TARN_RETURN_IF_ERROR(tarn_table_history(clone->env, uri, 1, note_operation, &untouched, err));
    if (!untouched && !clone->options.force) {
        return tarn__invalid(
            err, "diverged",
            "the clone was changed since it was made; cloning again would take these changes out: force it if you mean to");
    }
    return TARN_OK;
}

static enum tarn_status open_destination(struct clone *clone, struct tarn_text uri, struct tarn_error *err)
{
    const char *there = NULL;
    struct tarn_snapshot *snapshot = NULL;
    TARN_RETURN_IF_ERROR(tarn_table_detect(clone->env, uri, &there, err));
    if (there == NULL) {
        TARN_RETURN_IF_ERROR(new_table(clone, uri, &snapshot, err));
    } else {
        TARN_RETURN_IF_ERROR(tarn_snapshot_load(clone->env, uri, NULL, &snapshot, err));
        const enum tarn_status status = check_clone(clone, uri, snapshot, err);
        if (status != TARN_OK) {
            tarn__error_at_object(err, uri);
            tarn_snapshot_close(snapshot);
            return status;
        }
    }
    struct tarn_text_builder parameters;
    struct tarn_transaction_options options = TARN_TRANSACTION_OPTIONS_INIT;
    tarn__builder_init(&parameters, clone->env);
    print_parameters(clone, &parameters);
    options.operation = "CLONE";
    options.parameters = tarn__builder_text(&parameters);
    enum tarn_status status = tarn__builder_status(&parameters, err);
    if (status == TARN_OK) {
        status = tarn__transaction_new(snapshot, &options, "CLONE", &clone->transaction, err);
    } else {
        tarn_snapshot_close(snapshot);
    }
    tarn__builder_free(&parameters);
    return status;
}

/* ---- the call ---- */

static enum tarn_status tell_metrics(const struct clone *clone, struct tarn_error *err)
{
    const struct {
        const char *name;
        uint64_t value;
    } metrics[] = {
        {"sourceTableSize", clone->source->info.total_bytes}, {"sourceNumOfFiles", clone->source->info.file_count},
        {"numRemovedFiles", clone->result->files_removed},    {"numCopiedFiles", clone->result->files_copied},
        {"copiedFilesSize", clone->result->bytes_copied},
    };
    for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
        TARN_RETURN_IF_ERROR(tarn_transaction_metric(clone->transaction, metrics[i].name, metrics[i].value, err));
    }
    return TARN_OK;
}

static enum tarn_status fill(struct clone *clone, struct tarn_error *err)
{
    struct tarn_transaction *transaction = clone->transaction;
    transaction->reads_all = true;
    transaction->revived_from = tarn_snapshot_retain(clone->source);
    transaction->revived_bits = tarn__calloc(clone->env, tarn__bits_bytes(clone->source->files.count) + 1, 1);
    if (transaction->revived_bits == NULL) {
        return tarn__nomem(clone->env, err, clone->source->files.count / 8);
    }
    if (clone->options.shallow) {
        TARN_RETURN_IF_ERROR(set_prefix(clone, err));
    }
    TARN_RETURN_IF_ERROR(compare(clone, err));
    TARN_RETURN_IF_ERROR(clone->source->format->clone_state(transaction, clone->source, err));
    if (clone->options.dry_run) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(tarn__parallel_for(clone->env, clone->count, copy_one, clone, err));
    for (size_t i = 0; i < clone->count; i++) {
        clone->result->files_copied += clone->copies[i].copied;
        clone->result->bytes_copied += clone->copies[i].copied ? clone->copies[i].size : 0;
    }
    return tell_metrics(clone, err);
}

static enum tarn_status run(struct clone *clone, struct tarn_text destination, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(open_destination(clone, destination, err));
    clone->result->version = clone->transaction->snapshot->info.version;
    const enum tarn_status status = fill(clone, err);
    if (status != TARN_OK || clone->options.dry_run) {
        tarn_transaction_abort(clone->transaction);
        return status;
    }
    struct tarn_commit_result committed;
    TARN_RETURN_IF_ERROR(tarn_transaction_commit(clone->transaction, &committed, err));
    clone->result->version = committed.version;
    return TARN_OK;
}

enum tarn_status tarn_table_clone(struct tarn_env *env, struct tarn_text source, struct tarn_text destination,
                                  const struct tarn_clone_options *options, struct tarn_clone_result *result, struct tarn_error *err)
{
    struct tarn_clone_result made = TARN_CLONE_RESULT_INIT;
    struct clone clone = {.env = env, .options = TARN_CLONE_OPTIONS_INIT, .result = &made};
    if (options != NULL) {
        if (options->size < sizeof(uint32_t) || options->size > sizeof(clone.options)) {
            return tarn__invalid(err, "options", "clone options of %u bytes are not of this version of the library", options->size);
        }
        memcpy(&clone.options, options, options->size);
    }
    struct tarn_snapshot_options wanted = TARN_SNAPSHOT_OPTIONS_INIT;
    wanted.version = clone.options.version;
    wanted.as_of = clone.options.as_of;
    TARN_RETURN_IF_ERROR(tarn_snapshot_load(env, source, &wanted, &clone.source, err));
    made.source_version = clone.source->info.version;
    tarn__arena_init(&clone.arena, env);
    tarn__file_set_init(&clone.keys, env);
    const enum tarn_status status = run(&clone, destination, err);
    if (result != NULL) {
        const uint32_t size = result->size < sizeof(made) ? result->size : (uint32_t)sizeof(made);
        memcpy(result, &made, size);
        result->size = size;
    }
    tarn__free(env, clone.copies);
    tarn__file_set_free(&clone.keys);
    tarn__arena_free(&clone.arena);
    tarn_snapshot_close(clone.source);
    return status;
}
