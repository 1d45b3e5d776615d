/* SPDX-License-Identifier: Apache-2.0
 *
 * Commits that vouch for those before them: records written and read.
 *
 * Invariants
 *  1. A record never keeps a commit from landing, but where the table asks for signatures or a key is given: what cannot be read below is
 *     left out, and told by whoever verifies.
 *  2. The digest that is signed covers every byte of the commit but the signature's own digits.
 */
#include "txlog/delta/delta_seal.h"

#include <stdio.h>
#include <stdlib.h>

#include "format/base/bytes.h"
#include "format/json/json_print.h"
#include "txlog/delta/delta_action.h"

enum { MOST_OTHERS = 1000, READ_BYTES = 1 << 20 };
static const uint64_t most_commit = UINT64_C(1) << 31;

enum tarn_status tarn__delta_commit_bytes(struct tarn_store *store, int64_t version, char **bytes, size_t *size, struct tarn_error *err)
{
    char key[TARN_DELTA_KEY];
    tarn__delta_commit_key(version, key);
    return tarn__delta_read_object(store, tarn__text_of(key), most_commit, bytes, size, NULL, err);
}

/* ---- reading ---- */

static bool hex_bytes(struct tarn_text text, uint8_t *out, size_t size)
{
    for (size_t i = 0; i < text.size; i++) {
        const char c = text.data[i];
        const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0 || text.size != 2 * size) {
            return false;
        }
        out[i / 2] = (uint8_t)(i % 2 == 0 ? digit << 4 : out[i / 2] | digit);
    }
    return text.size == 2 * size;
}

static enum tarn_status read_record(struct tarn_json *json, struct tarn__seal_record *out, struct tarn_error *err)
{
    const struct {
        struct tarn_text name;
        uint8_t *bytes;
        size_t size;
        bool *has;
    } parts[] = {
        {{"prev", 4}, out->prev, sizeof(out->prev), &out->has_prev},
        {{"others", 6}, out->others, sizeof(out->others), NULL},
        {{"files", 5}, out->files, sizeof(out->files), &out->has_files},
        {{"key", 3}, out->key, sizeof(out->key), NULL},
        {{"sig", 3}, out->signature, sizeof(out->signature), &out->has_signature},
    };
    TARN_RETURN_IF_ERROR(tarn__json_object(json, NULL, err));
    for (bool more = true;;) {
        TARN_RETURN_IF_ERROR(tarn__json_key(json, &more, err));
        if (!more) {
            out->there = true;
            return TARN_OK;
        }
        size_t at = 0;
        while (at < sizeof(parts) / sizeof(parts[0]) && !tarn__text_equal(json->text, parts[at].name)) {
            at++;
        }
        if (at < sizeof(parts) / sizeof(parts[0])) {
            struct tarn_text text;
            TARN_RETURN_IF_ERROR(tarn__json_string(json, &text, NULL, err));
            if (!hex_bytes(text, parts[at].bytes, parts[at].size)) {
                return tarn__json_fail(json, err, "seal", "a digest, key or signature of another length or of other digits");
            }
            if (parts[at].has != NULL) {
                *parts[at].has = true;
            }
        } else if (tarn__json_is(json, "since")) {
            TARN_RETURN_IF_ERROR(tarn__json_int64(json, &out->since, NULL, err));
        } else if (tarn__json_is(json, "content")) {
            TARN_RETURN_IF_ERROR(tarn__json_raw(json, &out->content, err));
        } else {
            TARN_RETURN_IF_ERROR(tarn__json_skip(json, err));
        }
    }
}

/* The member `name` of the object that comes next, to be read; *found is false behind the object's end. */
static enum tarn_status find_member(struct tarn_json *json, const char *name, bool *found, struct tarn_error *err)
{
    *found = false;
    TARN_RETURN_IF_ERROR(tarn__json_object(json, NULL, err));
    for (bool more = true;;) {
        TARN_RETURN_IF_ERROR(tarn__json_key(json, &more, err));
        if (!more) {
            return TARN_OK;
        }
        if (tarn__text_equal(json->text, tarn__text_of(name))) {
            *found = true;
            return TARN_OK;
        }
        TARN_RETURN_IF_ERROR(tarn__json_skip(json, err));
    }
}

static struct tarn_text first_line(struct tarn_text commit)
{
    const char *end = commit.size != 0 ? memchr(commit.data, '\n', commit.size) : NULL;
    return (struct tarn_text){commit.data, end != NULL ? (size_t)(end - commit.data) : commit.size};
}

enum tarn_status tarn__seal_read(struct tarn_env *env, struct tarn_text commit, struct tarn__seal_record *out, struct tarn_error *err)
{
    *out = (struct tarn__seal_record){.since = -1};
    struct tarn_json json;
    bool found = false;
    tarn__json_open(&json, &(struct tarn_json_pull_options){.env = env, .failure = TARN_CORRUPT}, first_line(commit));
    enum tarn_status status = find_member(&json, "commitInfo", &found, err);
    if (status == TARN_OK && found) {
        status = find_member(&json, "tarn", &found, err);
    }
    if (status == TARN_OK && found) {
        status = read_record(&json, out, err);
    }
    tarn__json_close(&json);
    return status;
}

bool tarn__seal_message(struct tarn_env *env, char *commit, size_t size, int64_t version, char message[160], size_t *message_size)
{
    static const char name[] = "\"sig\":\"";
    (void)env;
    const struct tarn_text line = first_line((struct tarn_text){commit, size});
    char *at = NULL;
    for (char *next = memmem(commit, line.size, name, sizeof(name) - 1); next != NULL;
         next = memmem(next + 1, line.size - (size_t)(next + 1 - commit), name, sizeof(name) - 1)) {
        at = next; /* the record is the last member: so is its signature */
    }
    if (at == NULL || (size_t)(commit + line.size - at) < sizeof(name) - 1 + TARN__HEX_SIGNATURE) {
        return false;
    }
    at += sizeof(name) - 1;
    char digits[TARN__HEX_SIGNATURE];
    uint8_t digest[TARN__BLAKE2B_SIZE];
    memcpy(digits, at, sizeof(digits));
    memset(at, '0', sizeof(digits));
    const bool done = tarn__blake2b((struct tarn_span){(const uint8_t *)commit, size}, digest);
    memcpy(at, digits, sizeof(digits));
    const size_t used = (size_t)snprintf(message, 160, "tarn commit %lld ", (long long)version);
    tarn__hex_print((struct tarn_span){digest, TARN__BLAKE2B_SIZE}, message + used);
    *message_size = used + TARN__HEX_DIGEST;
    return done;
}

enum tarn_status tarn__seal_object(struct tarn_store *store, struct tarn_text key, uint8_t out[TARN__BLAKE2B_SIZE], struct tarn_error *err)
{
    struct tarn__blake2b digest;
    struct tarn_object *object;
    TARN_RETURN_IF_ERROR(tarn_object_open(store, key, &object, err));
    uint8_t *buffer = tarn__alloc(store->env, READ_BYTES);
    enum tarn_status status = buffer == NULL ? tarn__nomem(store->env, err, READ_BYTES) : TARN_OK;
    if (status == TARN_OK && !tarn__blake2b_begin(&digest)) {
        status = tarn__unsupported(err, "encryption", "this build has no digests: it was made without libsodium");
    }
    const uint64_t size = tarn_object_info(object).size;
    for (uint64_t at = 0; status == TARN_OK && at < size;) {
        const struct tarn_read_range range = {at, size - at < READ_BYTES ? (size_t)(size - at) : READ_BYTES, buffer};
        status = tarn_object_read(object, 1, &range, err);
        if (status == TARN_OK) {
            tarn__blake2b_add(&digest, buffer, range.size);
        }
        at += range.size;
    }
    if (status == TARN_OK) {
        tarn__blake2b_end(&digest, out);
    }
    tarn__free(store->env, buffer);
    tarn_object_close(object);
    return status;
}

enum tarn_status tarn__seal_others(struct tarn_store *store, int64_t first, int64_t last, uint8_t out[TARN__BLAKE2B_SIZE],
                                   struct tarn_error *err)
{
    struct tarn__blake2b all;
    if (!tarn__blake2b_begin(&all)) {
        return tarn__unsupported(err, "encryption", "this build has no digests: it was made without libsodium");
    }
    for (int64_t version = first; version <= last; version++) {
        char key[TARN_DELTA_KEY];
        uint8_t digest[TARN__BLAKE2B_SIZE];
        tarn__delta_commit_key(version, key);
        TARN_RETURN_IF_ERROR(tarn__seal_object(store, tarn__text_of(key), digest, err));
        tarn__blake2b_add(&all, digest, sizeof(digest));
    }
    tarn__blake2b_end(&all, out);
    return TARN_OK;
}

/* ---- files ---- */

struct lines {
    struct tarn_arena arena;
    struct tarn_text *lines;
    size_t count;
    size_t capacity;
};

static int compare_lines(const void *a, const void *b)
{
    return tarn__text_compare(*(const struct tarn_text *)a, *(const struct tarn_text *)b);
}

/* The digest that `content` has of a path, as hex; empty: none. */
static struct tarn_text content_of(struct tarn_env *env, struct tarn_text content, struct tarn_text path, struct tarn_arena *arena)
{
    struct tarn_text found = {"", 0};
    struct tarn_json json;
    if (content.size == 0) {
        return found;
    }
    tarn__json_open(&json, &(struct tarn_json_pull_options){.env = env, .arena = arena, .failure = TARN_CORRUPT}, content);
    bool more = true;
    enum tarn_status status = tarn__json_object(&json, NULL, NULL);
    while (status == TARN_OK && more && found.size == 0) {
        status = tarn__json_key(&json, &more, NULL);
        if (status != TARN_OK || !more) {
            break;
        }
        const bool same = tarn__text_equal(json.text, path);
        status = same ? tarn__json_string(&json, &found, NULL, NULL) : tarn__json_skip(&json, NULL);
    }
    tarn__json_close(&json);
    return status == TARN_OK ? found : (struct tarn_text){"", 0};
}

static enum tarn_status add_line(struct lines *lines, const struct tarn__delta_file *file, struct tarn_text content, struct tarn_error *err)
{
    struct tarn_env *env = lines->arena.env;
    if (!tarn__grow(env, &lines->lines, &lines->capacity, lines->count + 1, sizeof(*lines->lines))) {
        return tarn__nomem(env, err, sizeof(*lines->lines));
    }
    struct tarn_text_builder line;
    tarn__builder_init(&line, env);
    tarn__builder_add(&line, file->path);
    tarn__builder_add_char(&line, '\0');
    tarn__builder_add_uint64(&line, file->size);
    tarn__builder_add_char(&line, '\0');
    tarn__builder_add(&line, content_of(env, content, file->path, &lines->arena));
    tarn__builder_add_char(&line, '\n');
    enum tarn_status status = tarn__builder_status(&line, err);
    if (status == TARN_OK) {
        lines->lines[lines->count] = tarn__arena_text(&lines->arena, tarn__builder_text(&line));
        status = lines->lines[lines->count].data == NULL ? tarn__nomem(env, err, line.size) : TARN_OK;
        lines->count += status == TARN_OK;
    }
    tarn__builder_free(&line);
    return status;
}

/* Hands each added file of a commit to `fn`. */
static enum tarn_status each_added(struct tarn_env *env, struct tarn_text commit,
                                   enum tarn_status (*fn)(void *arg, const struct tarn__delta_file *file, struct tarn_error *err),
                                   void *arg, struct tarn_error *err)
{
    struct tarn_arena arena;
    struct tarn_json json;
    tarn__arena_init(&arena, env);
    tarn__json_open(&json, &(struct tarn_json_pull_options){.env = env, .arena = &arena, .failure = TARN_CORRUPT},
                    (struct tarn_text){"", 0});
    enum tarn_status status = TARN_OK;
    while (status == TARN_OK && commit.size != 0) {
        const struct tarn_text line = first_line(commit);
        if (tarn__text_starts(line, TARN_TEXT("{\"add\":"))) {
            struct tarn__delta_action action;
            status = tarn__delta_action_parse(&json, line, 0, &action, err);
            if (status == TARN_OK && action.kind == TARN_DELTA_ADD) {
                status = fn(arg, &action.u.file, err);
            }
            tarn__arena_free(&arena);
        }
        const size_t used = line.size < commit.size ? line.size + 1 : line.size;
        commit = (struct tarn_text){commit.data + used, commit.size - used};
    }
    tarn__json_close(&json);
    tarn__arena_free(&arena);
    return status;
}

struct adding {
    struct lines lines;
    struct tarn_text content;
};

static enum tarn_status note_added(void *arg, const struct tarn__delta_file *file, struct tarn_error *err)
{
    struct adding *adding = arg;
    return add_line(&adding->lines, file, adding->content, err);
}

enum tarn_status tarn__seal_files(struct tarn_env *env, struct tarn_text commit, struct tarn_text content, uint8_t out[TARN__BLAKE2B_SIZE],
                                  struct tarn_error *err)
{
    struct adding adding = {.content = content};
    struct tarn__blake2b digest;
    tarn__arena_init(&adding.lines.arena, env);
    enum tarn_status status = each_added(env, commit, note_added, &adding, err);
    if (status == TARN_OK && !tarn__blake2b_begin(&digest)) {
        status = tarn__unsupported(err, "encryption", "this build has no digests: it was made without libsodium");
    }
    if (status == TARN_OK) {
        if (adding.lines.count != 0) {
            qsort(adding.lines.lines, adding.lines.count, sizeof(*adding.lines.lines), compare_lines);
        }
        for (size_t i = 0; i < adding.lines.count; i++) {
            tarn__blake2b_add(&digest, adding.lines.lines[i].data, adding.lines.lines[i].size);
        }
        tarn__blake2b_end(&digest, out);
    }
    tarn__free(env, adding.lines.lines);
    tarn__arena_free(&adding.lines.arena);
    return status;
}

/* ---- writing ---- */

struct sealing {
    struct tarn_transaction *transaction;
    struct tarn_json_printer *content;
    struct tarn__file_set staged;
    bool any;
};

static void key_hex(struct tarn_json_printer *json, struct tarn_text key, const uint8_t *bytes, size_t size)
{
    tarn__json_print_key(json, key);
    tarn__builder_add_char(json->out, '"');
    tarn__builder_add_hex(json->out, (struct tarn_span){bytes, size});
    tarn__builder_add_char(json->out, '"');
    json->comma = true;
}

/* Files that came with this transaction are read back: what was written is what is vouched for. */
static enum tarn_status digest_added(void *arg, const struct tarn__delta_file *file, struct tarn_error *err)
{
    struct sealing *sealing = arg;
    uint8_t digest[TARN__BLAKE2B_SIZE];
    if (tarn__file_set_find(&sealing->staged, file->path, NULL) == TARN_FILE_NONE) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(tarn__seal_object(sealing->transaction->snapshot->store, file->path, digest, err));
    key_hex(sealing->content, file->path, digest, sizeof(digest));
    sealing->any = true;
    return TARN_OK;
}

static enum tarn_status print_content(struct tarn_transaction *transaction, struct tarn_text commit, struct tarn_text_builder *out,
                                      struct tarn_error *err)
{
    struct tarn_json_printer json;
    struct sealing sealing = {.transaction = transaction, .content = &json};
    tarn__file_set_init(&sealing.staged, transaction->env);
    tarn__json_printer_init(&json, out);
    tarn__json_print_begin_object(&json);
    enum tarn_status status = TARN_OK;
    for (size_t i = 0; status == TARN_OK && i < transaction->staging_count; i++) {
        const struct tarn__tracked_file file = {.path = transaction->staging[i], .rows = -1};
        if (tarn__file_set_find(&sealing.staged, file.path, NULL) == TARN_FILE_NONE) {
            status = tarn__file_set_add(&sealing.staged, &file, err);
        }
    }
    if (status == TARN_OK) {
        status = each_added(transaction->env, commit, digest_added, &sealing, err);
    }
    tarn__json_print_end_object(&json);
    if (!sealing.any) {
        tarn__builder_clear(out);
    }
    tarn__file_set_free(&sealing.staged);
    return status;
}

/* What the commit has to say of the one below, and of those of other writers under it. */
static enum tarn_status print_below(struct tarn_transaction *transaction, struct tarn_json_printer *json, struct tarn_error *err)
{
    struct tarn_store *store = transaction->snapshot->store;
    struct tarn__seal_record record = {.there = false};
    uint8_t digest[TARN__BLAKE2B_SIZE];
    const int64_t below = transaction->made - 1;
    int64_t since = below;
    for (int64_t version = below; version >= 0 && below - version < MOST_OTHERS && !record.there; version--) {
        char *bytes;
        size_t size;
        TARN_RETURN_IF_ERROR(tarn__delta_commit_bytes(store, version, &bytes, &size, err));
        if (version == below && tarn__blake2b((struct tarn_span){(const uint8_t *)bytes, size}, digest)) {
            key_hex(json, TARN_TEXT("prev"), digest, sizeof(digest));
        }
        if (tarn__seal_read(transaction->env, (struct tarn_text){bytes, size}, &record, NULL) != TARN_OK) {
            record.there = false; /* told by whoever verifies */
        }
        since = record.there ? since : version;
        tarn__free(transaction->env, bytes);
    }
    if (since < below) {
        TARN_RETURN_IF_ERROR(tarn__seal_others(store, since, below - 1, digest, err));
        tarn__json_print_key(json, TARN_TEXT("since"));
        tarn__json_print_int64(json, since);
        key_hex(json, TARN_TEXT("others"), digest, sizeof(digest));
    }
    return TARN_OK;
}

static enum tarn_status print_record(struct tarn_transaction *transaction, struct tarn_text commit, const struct tarn_signing_key *key,
                                     struct tarn_text_builder *out, struct tarn_error *err)
{
    struct tarn_json_printer json;
    struct tarn_text_builder content;
    uint8_t digest[TARN__BLAKE2B_SIZE];
    struct tarn_error local = TARN_ERROR_INIT;
    tarn__builder_add_str(out, ",\"tarn\":");
    tarn__json_printer_init(&json, out);
    tarn__json_print_begin_object(&json);
    tarn__json_print_key(&json, TARN_TEXT("v"));
    tarn__json_print_int64(&json, 1);
    enum tarn_status status = print_below(transaction, &json, &local);
    if (status != TARN_OK) {
        if (key != NULL || status == TARN_NOMEM || status == TARN_LIMIT || status == TARN_CANCELLED) {
            if (err != NULL) {
                *err = local;
            }
            /* Nothing was made yet: an answer that would leave the outcome open must not come from here. */
            return status == TARN_COMMIT_UNKNOWN || status == TARN_TIMEOUT || status == TARN_EXISTS ? tarn__error_recode(err, TARN_IO)
                                                                                                    : status;
        }
        tarn__log(transaction->env, TARN_LOG_WARN, "version %lld does not vouch for the commits below it: %s", (long long)transaction->made,
                  local.message);
    }
    tarn__builder_init(&content, transaction->env);
    status = key != NULL ? print_content(transaction, commit, &content, err) : TARN_OK;
    if (status == TARN_OK) {
        status = tarn__builder_status(&content, err);
    }
    if (status == TARN_OK) {
        status = tarn__seal_files(transaction->env, commit, tarn__builder_text(&content), digest, err);
    }
    if (status == TARN_OK) {
        key_hex(&json, TARN_TEXT("files"), digest, sizeof(digest));
        if (content.size != 0) {
            tarn__json_print_key(&json, TARN_TEXT("content"));
            tarn__json_print_raw(&json, tarn__builder_text(&content));
        }
    }
    tarn__builder_free(&content);
    if (status == TARN_OK && key != NULL) {
        uint8_t public_key[TARN_PUBLIC_KEY_SIZE];
        static const uint8_t zeros[TARN_SIGNATURE_SIZE];
        tarn_signing_key_public(key, public_key);
        key_hex(&json, TARN_TEXT("key"), public_key, sizeof(public_key));
        key_hex(&json, TARN_TEXT("sig"), zeros, sizeof(zeros));
    }
    tarn__json_print_end_object(&json);
    return status;
}

/* Puts the signature where its zeros are. */
static enum tarn_status sign(const struct tarn_signing_key *key, int64_t version, struct tarn_text_builder *commit, size_t sig_end,
                             struct tarn_error *err)
{
    char message[160];
    size_t size;
    uint8_t signature[TARN_SIGNATURE_SIZE];
    char hex[TARN__HEX_SIGNATURE + 1];
    if (!tarn__seal_message(commit->env, commit->data, commit->size, version, message, &size)) {
        return tarn__internal(err, "a commit that is to be signed has no room for its signature");
    }
    TARN_RETURN_IF_ERROR(tarn_signing_key_sign(key, (struct tarn_span){(const uint8_t *)message, size}, signature, err));
    tarn__hex_print((struct tarn_span){signature, TARN_SIGNATURE_SIZE}, hex);
    memcpy(commit->data + sig_end - TARN__HEX_SIGNATURE, hex, TARN__HEX_SIGNATURE);
    return TARN_OK;
}

enum tarn_status tarn__delta_seal(struct tarn_transaction *transaction, struct tarn_text_builder *commit, struct tarn_error *err)
{
    const struct tarn_signing_key *key = tarn__env_options(transaction->env)->signing_key;
    uint8_t unused[TARN__BLAKE2B_SIZE];
    if (key == NULL && tarn__delta_property_is_true(tarn__delta_state_of(transaction->snapshot), TARN_TEXT("tarn.requireSignature"))) {
        return tarn__invalid(err, "signature", "the table takes signed commits only (tarn.requireSignature): give a key to sign with");
    }
    TARN_RETURN_IF_ERROR(tarn__builder_status(commit, err));
    const struct tarn_text line = first_line(tarn__builder_text(commit));
    if (!tarn__text_starts(line, TARN_TEXT("{\"commitInfo\":{")) || !tarn__text_ends(line, TARN_TEXT("}}")) ||
        !tarn__blake2b((struct tarn_span){NULL, 0}, unused)) {
        return key == NULL ? TARN_OK : tarn__internal(err, "a commit that is to be signed has no commitInfo");
    }
    const size_t at = line.size - 2;
    struct tarn_text_builder record;
    tarn__builder_init(&record, transaction->env);
    enum tarn_status status = print_record(transaction, tarn__builder_text(commit), key, &record, err);
    if (status == TARN_OK) {
        status = tarn__builder_status(&record, err);
    }
    if (status == TARN_OK && tarn__builder_reserve(commit, record.size) == NULL) {
        status = tarn__builder_status(commit, err);
    }
    if (status == TARN_OK) {
        memmove(commit->data + at + record.size, commit->data + at, commit->size - at);
        memcpy(commit->data + at, record.data, record.size);
        commit->size += record.size;
        if (key != NULL) { /* the record ends with sig":"..."} */
            status = sign(key, transaction->made, commit, at + record.size - 2, err);
        }
    }
    tarn__builder_free(&record);
    return status;
}
