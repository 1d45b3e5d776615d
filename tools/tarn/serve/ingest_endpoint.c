/* SPDX-License-Identifier: Apache-2.0
 *
 * /ingest/{table}: the files of a request into a table, as one commit.
 *
 * Invariants
 *  1. 200 and 201 are said when the commit is on disk, and never before; any other status, and no answer at all after a lost connection
 *     apart, means that nothing of the request is in the table.
 *  2. One Idempotency-Key is one commit of a table, however often and to however many servers it is sent: the key is in the table's log
 *     (app transaction "tarn-serve:KEY"), and beside it, in the commit's user metadata, the hash of what came with it. The same key with
 *     other rows is refused, since to answer with the first result would be a lie.
 *  3. One request at a time makes a certain table, so that a failed one can take its empty folder away; the others then find it and append.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/tarn/command.h"
#include "tools/tarn/file_input.h"
#include "tools/tarn/serve/lake_table.h"
#include "tools/tarn/serve/request.h"
#include "tools/tarn/table_import.h"

enum { MOST_TRIES = 8, MOST_COMMITS_LOOKED_AT = 100000, HASH_TEXT = 2 * crypto_generichash_BYTES + 1 };

struct ingest {
    struct request *request;
    struct table_import import;
    struct input *inputs;
    char app_id[MOST_KEY + 16];
    char metadata[MOST_KEY + HASH_TEXT + 64]; /* {"idempotency_key":"...","request":"..."} */
    size_t key_size;                          /* of metadata, up to the end of the key */
};

/* ---- keys ---- */

/* What makes two requests the same: the files' bytes, and how they were to be taken in. Boundaries and spelling of forms do not count. */
static void hash_request(const struct request *request, char out[HASH_TEXT])
{
    static const char *const words[] = {"mode", "table_format"};
    unsigned char hash[crypto_generichash_BYTES];
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, sizeof(hash));
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const struct tarn_text value = request_parameter(request, words[i]);
        crypto_generichash_update(&state, (const unsigned char *)value.data, value.size);
        crypto_generichash_update(&state, (const unsigned char *)"", 1);
    }
    for (uint32_t i = 0; i < request->part_count; i++) {
        const struct part *part = &request->parts[i];
        const unsigned char form[] = {(unsigned char)part->format, (unsigned char)part->delimiter, (unsigned char)part->header};
        crypto_generichash_state bytes = *part->file.hash; /* there, since there is a key */
        crypto_generichash_update(&state, form, sizeof(form));
        crypto_generichash_update(&state, (const unsigned char *)part->encoding, sizeof(part->encoding));
        crypto_generichash_final(&bytes, hash, sizeof(hash));
        crypto_generichash_update(&state, hash, sizeof(hash));
    }
    crypto_generichash_final(&state, hash, sizeof(hash));
    sodium_bin2hex(out, HASH_TEXT, hash, sizeof(hash));
}

static void take_key(struct ingest *ingest)
{
    const struct tarn_text key = request_header(ingest->request, "Idempotency-Key");
    char hash[HASH_TEXT];
    if (key.size == 0) {
        return;
    }
    hash_request(ingest->request, hash);
    snprintf(ingest->app_id, sizeof(ingest->app_id), "tarn-serve:%.*s", (int)key.size, key.data);
    const int size = snprintf(ingest->metadata, sizeof(ingest->metadata), "{\"idempotency_key\":\"%.*s\"", (int)key.size, key.data);
    ingest->key_size = (size_t)size;
    snprintf(ingest->metadata + size, sizeof(ingest->metadata) - (size_t)size, ",\"request\":\"%s\"}", hash);
    ingest->import.app_id = text_of(ingest->app_id);
    ingest->import.app_version = 1;
    ingest->import.user_metadata = text_of(ingest->metadata);
}

struct first_result {
    const struct ingest *ingest;
    bool found;
    bool same; /* it was the same request */
    int64_t version;
    bool has_rows;
    uint64_t rows;
};

static enum tarn_status look_at_commit(void *arg, const struct tarn_commit_info *commit, struct tarn_error *err)
{
    struct first_result *first = arg;
    const struct ingest *ingest = first->ingest;
    (void)err;
    if (!first->found && commit->user_metadata.size > ingest->key_size &&
        memcmp(commit->user_metadata.data, ingest->metadata, ingest->key_size) == 0) {
        first->found = true;
        first->same = commit->user_metadata.size == strlen(ingest->metadata) &&
                      memcmp(commit->user_metadata.data, ingest->metadata, commit->user_metadata.size) == 0;
        first->version = commit->version;
        first->has_rows = commit->has_rows_added;
        first->rows = commit->rows_added;
    }
    return TARN_OK;
}

static void put_number(FILE *to, const char *name, bool known, long long value)
{
    if (known) {
        fprintf(to, ",\"%s\":%lld", name, value);
    } else {
        fprintf(to, ",\"%s\":null", name);
    }
}

/* This key has been here: what came of it then. */
static enum tarn_status answer_again(struct ingest *ingest, struct tarn_error *err)
{
    struct request *request = ingest->request;
    struct first_result first = {.ingest = ingest, .version = -1};
    TARN_TOOL_TRY(tarn_table_history(request->env, text_of(ingest->import.table), MOST_COMMITS_LOOKED_AT, look_at_commit, &first, err));
    if (first.found && !first.same) {
        return tool_error(err, TARN_INVALID, "idempotency_key",
                          "this Idempotency-Key was used before with other rows or another mode; nothing was written now");
    }
    FILE *to = reply_document(&request->reply);
    if (to != NULL) {
        fputs("{\"table\":", to);
        json_string(to, text_of(request->table));
        put_number(to, "version", first.found, first.version);
        put_number(to, "rows", first.found && first.has_rows, (long long)first.rows);
        fputs(",\"created\":false,\"replayed\":true}\n", to);
    }
    reply_document_end(&request->reply, to, 200, "application/json");
    request->server->metrics.replays++;
    return TARN_OK;
}

/* Was it committed before? Asked first, since then neither the mode nor the rows matter. */
static enum tarn_status was_done(struct ingest *ingest, bool *yes, struct tarn_error *err)
{
    struct tarn_transaction_options options = TARN_TRANSACTION_OPTIONS_INIT;
    struct tarn_transaction *transaction = NULL;
    struct tarn_snapshot *snapshot = NULL;
    options.app_id = ingest->import.app_id;
    options.app_version = ingest->import.app_version;
    *yes = false;
    TARN_TOOL_TRY(tarn_snapshot_load(ingest->request->env, text_of(ingest->import.table), NULL, &snapshot, err));
    const enum tarn_status status = tarn_transaction_open(snapshot, &options, &transaction, err);
    tarn_transaction_abort(transaction);
    tarn_snapshot_close(snapshot);
    *yes = status == TARN_EXISTS && strcmp(err->detail, "app_transaction") == 0;
    return *yes ? TARN_OK : status;
}

/* ---- one try ---- */

static enum tarn_status open_inputs(struct ingest *ingest, struct tarn_error *err)
{
    const struct request *request = ingest->request;
    static const struct tarn_csv_options csv = TARN_CSV_OPTIONS_INIT;
    for (uint32_t i = 0; i < request->part_count; i++) {
        const struct part *part = &request->parts[i];
        struct input *input = &ingest->inputs[i];
        *input = (struct input){.env = request->env, .path = part->file.path, .asked = part->format, .csv = csv};
        input->csv.delimiter = part->delimiter;
        input->csv.header = part->header;
        input->csv.encoding = text_of(part->encoding);
        ingest->import.count = i + 1;
        const enum tarn_status status = input_open_file(input, NULL, err);
        if (status != TARN_OK) {
            return status;
        }
        if (tarn_source_schema(input->source)->field_count == 0) {
            return tool_error(err, TARN_INVALID, "columns", "there are no columns in the body");
        }
    }
    return TARN_OK;
}

static void end_inputs(struct ingest *ingest)
{
    for (size_t i = 0; i < ingest->import.count; i++) {
        input_end(&ingest->inputs[i]);
    }
    ingest->import.count = 0;
}

static enum tarn_status import_once(struct ingest *ingest, struct tarn_error *err)
{
    struct table_import *import = &ingest->import;
    enum tarn_status status = table_import_look(import, err);
    if (status == TARN_EXISTS) {
        return tool_error(err, TARN_EXISTS, "table", "the table is already there: say ?mode=append or ?mode=overwrite");
    }
    status = status == TARN_OK ? open_inputs(ingest, err) : status;
    status = status == TARN_OK ? table_import_fit(import, err) : status;
    status = status == TARN_OK ? table_import_run(import, err) : status;
    end_inputs(ingest);
    table_import_end(import, status != TARN_OK);
    return status;
}

/* Someone else made or changed the table meanwhile, and nothing of ours is there: the request still means what it meant. */
static bool worth_another_try(const struct ingest *ingest, enum tarn_status status, const struct tarn_error *err)
{
    return status == TARN_CONFLICT || (status == TARN_EXISTS && strcmp(err->detail, "table") == 0 && ingest->import.mode != IMPORT_ERROR);
}

static void answer(struct ingest *ingest)
{
    struct request *request = ingest->request;
    const struct table_import *import = &ingest->import;
    FILE *to = reply_document(&request->reply);
    if (to != NULL) {
        fputs("{\"table\":", to);
        json_string(to, text_of(request->table));
        put_number(to, "version", true, import->result.version);
        put_number(to, "rows", true, (long long)import->rows);
        put_number(to, "files", true, (long long)import->result.files_added);
        put_number(to, "bytes", true, (long long)import->result.bytes_added);
        fprintf(to, ",\"created\":%s,\"replayed\":false}\n", import->exists ? "false" : "true");
    }
    reply_document_end(&request->reply, to, import->exists ? 200 : 201, "application/json");
    request->server->metrics.rows_ingested += import->rows;
}

static enum tarn_status run_at(struct ingest *ingest, bool exists, struct tarn_error *err)
{
    bool done = false;
    if (exists && ingest->key_size != 0) {
        TARN_TOOL_TRY(was_done(ingest, &done, err));
    }
    enum tarn_status status = done ? TARN_OK : import_once(ingest, err);
    for (int tries = 1; tries < MOST_TRIES && worth_another_try(ingest, status, err); tries++) {
        status = import_once(ingest, err);
    }
    if (done || (status == TARN_EXISTS && strcmp(err->detail, "app_transaction") == 0)) {
        return answer_again(ingest, err);
    }
    if (status == TARN_OK) {
        answer(ingest);
    }
    return status;
}

/* ---- the request ---- */

static pthread_mutex_t *creation_lock(struct server *server, const char *uri)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (; *uri != '\0'; uri++) {
        hash = (hash ^ (unsigned char)*uri) * 16777619u;
    }
    return &server->creating[hash % CREATION_LOCKS];
}

static enum tarn_status run(struct ingest *ingest, struct tarn_error *err)
{
    struct request *request = ingest->request;
    char *uri = NULL;
    bool exists;
    TARN_TOOL_TRY(lake_table_find(request->env, request->server->lake, request->table, &uri, &exists, err));
    pthread_mutex_t *making = exists ? NULL : creation_lock(request->server, uri);
    enum tarn_status status = TARN_OK;
    if (making != NULL) {
        pthread_mutex_lock(making);
        free(uri);
        status = lake_table_find(request->env, request->server->lake, request->table, &uri, &exists, err);
        if (exists) {
            pthread_mutex_unlock(making);
            making = NULL;
        }
    }
    if (status == TARN_OK) {
        ingest->import.table = uri;
        status = run_at(ingest, exists, err);
    }
    if (making != NULL) {
        pthread_mutex_unlock(making);
    }
    free(uri);
    return status;
}

/* Damage in what was sent is the sender's, damage in the table ours: only the second is an error of the server. */
static void blame(const struct request *request, struct tarn_error *err)
{
    bool sent = false;
    for (uint32_t i = 0; i < request->part_count; i++) {
        const char *name = strrchr(request->parts[i].file.path, '/');
        sent = sent || (name != NULL && strstr(err->object, name + 1) != NULL);
    }
    if (err->code == TARN_CORRUPT && (sent || err->object[0] == '\0')) {
        err->code = TARN_INVALID;
    }
    if (sent) {
        err->object[0] = '\0'; /* the name of a file that the client knows nothing of */
    }
}

void endpoint_ingest(struct request *request)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct ingest ingest = {.request = request};
    const struct tarn_text mode = request_parameter(request, "mode");
    const struct tarn_text format = request_parameter(request, "table_format");
    ingest.import = (struct table_import){.env = request->env, .mode = IMPORT_APPEND, .format = format.data};
    if (mode.size != 0 && mode.data[0] != 'a') {
        ingest.import.mode = mode.data[0] == 'o' ? IMPORT_OVERWRITE : IMPORT_ERROR;
    }
    ingest.inputs = calloc(request->part_count, sizeof(*ingest.inputs));
    ingest.import.inputs = ingest.inputs;
    take_key(&ingest);
    const enum tarn_status status = ingest.inputs != NULL ? run(&ingest, &err) : tool_error(&err, TARN_NOMEM, "memory", "no memory");
    free(ingest.inputs);
    if (status != TARN_OK) {
        blame(request, &err);
        request_fail(request, &err);
    }
}
