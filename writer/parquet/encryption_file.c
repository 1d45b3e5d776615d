/* SPDX-License-Identifier: Apache-2.0
 *
 * Key files that say how to write. SPEC: P-CRYPT-WRITE-9.
 *
 * Invariants
 *  1. Keys stay in the key file's locked memory; the options point there.
 *  2. The name of a key is its key metadata: the key file that wrote a file opens it.
 */
#include "format/base/arena.h"
#include "format/crypt/key_file.h"
#include "format/json/json_pull.h"
#include "tarn/parquet_writer.h"

struct tarn_encryption_file {
    struct tarn_env *env;
    struct tarn_arena arena;
    struct tarn_key_file *keys;
    struct tarn_parquet_encryption options;
    struct tarn_parquet_column_key *columns;
    size_t column_count;
    struct tarn_text footer_name;
    bool has_columns; /* the file names them itself */
};

static enum tarn_status find(const struct tarn_encryption_file *file, struct tarn_text name, struct tarn_span *key, struct tarn_error *err)
{
    struct tarn_text found;
    for (size_t i = 0; tarn__key_file_key(file->keys, i, &found, key); i++) {
        if (tarn__text_equal(found, name)) {
            return TARN_OK;
        }
    }
    *key = (struct tarn_span){NULL, 0};
    return tarn__invalid(err, "key_file", "the key file has no key \"%.*s\"", TARN_TEXT_ARG(name));
}

static enum tarn_status copy(struct tarn_encryption_file *file, struct tarn_text from, struct tarn_text *out, struct tarn_error *err)
{
    *out = tarn__arena_text(&file->arena, from);
    return out->data != NULL ? TARN_OK : tarn__nomem(file->env, err, from.size);
}

static enum tarn_status add_column(struct tarn_encryption_file *file, struct tarn_text path, struct tarn_text name, struct tarn_span key,
                                   struct tarn_error *err)
{
    if (!tarn__arena_room(&file->arena, &file->columns, file->column_count, sizeof(*file->columns))) {
        return tarn__nomem(file->env, err, sizeof(*file->columns));
    }
    file->columns[file->column_count++] = (struct tarn_parquet_column_key){.name = path, .key = key, .metadata = tarn__span_of_text(name)};
    return TARN_OK;
}

/* ---- the member "encryption" ---- */

/* One of two words: is it the second? */
static enum tarn_status read_choice(struct tarn_json *json, const char *first, const char *second, bool *is_second, struct tarn_error *err)
{
    struct tarn_text word;
    TARN_RETURN_IF_ERROR(tarn__json_string(json, &word, NULL, err));
    *is_second = tarn__text_equal(word, tarn__text_of(second));
    return *is_second || tarn__text_equal(word, tarn__text_of(first))
               ? TARN_OK
               : tarn__invalid(err, "key_file", "\"%.*s\" is neither \"%s\" nor \"%s\"", TARN_TEXT_ARG(word), first, second);
}

static enum tarn_status read_columns(struct tarn_encryption_file *file, struct tarn_json *json, struct tarn_error *err)
{
    bool more = true;
    file->has_columns = true;
    TARN_RETURN_IF_ERROR(tarn__json_object(json, NULL, err));
    for (;;) {
        struct tarn_text path;
        struct tarn_text name = {NULL, 0};
        struct tarn_text word;
        struct tarn_span key = {NULL, 0};
        bool is_null;
        TARN_RETURN_IF_ERROR(tarn__json_key(json, &more, err));
        if (!more) {
            return TARN_OK;
        }
        TARN_RETURN_IF_ERROR(copy(file, json->text, &path, err));
        TARN_RETURN_IF_ERROR(tarn__json_string(json, &word, &is_null, err));
        if (!is_null) {
            TARN_RETURN_IF_ERROR(copy(file, word, &name, err));
            TARN_RETURN_IF_ERROR(find(file, name, &key, err));
        }
        TARN_RETURN_IF_ERROR(add_column(file, path, name, key, err));
    }
}

static enum tarn_status read_encryption(struct tarn_encryption_file *file, struct tarn_json *json, struct tarn_error *err)
{
    bool more = true;
    TARN_RETURN_IF_ERROR(tarn__json_object(json, NULL, err));
    for (;;) {
        struct tarn_text word;
        bool is_ctr;
        TARN_RETURN_IF_ERROR(tarn__json_key(json, &more, err));
        if (!more) {
            return TARN_OK;
        }
        if (tarn__json_is(json, "algorithm")) {
            TARN_RETURN_IF_ERROR(read_choice(json, "AES_GCM_V1", "AES_GCM_CTR_V1", &is_ctr, err));
            file->options.cipher = is_ctr ? TARN_CIPHER_AES_GCM_CTR : TARN_CIPHER_AES_GCM;
        } else if (tarn__json_is(json, "footer")) {
            TARN_RETURN_IF_ERROR(read_choice(json, "encrypted", "plain", &file->options.plaintext_footer, err));
        } else if (tarn__json_is(json, "footer_key")) {
            TARN_RETURN_IF_ERROR(tarn__json_string(json, &word, NULL, err));
            TARN_RETURN_IF_ERROR(copy(file, word, &file->footer_name, err));
        } else if (tarn__json_is(json, "columns")) {
            TARN_RETURN_IF_ERROR(read_columns(file, json, err));
        } else if (tarn__json_is(json, "aad_prefix")) {
            TARN_RETURN_IF_ERROR(read_choice(json, "stored", "apart", &file->options.aad_prefix_apart, err));
        } else {
            return tarn__invalid(err, "key_file", "\"%.*s\" says nothing of how to encrypt", TARN_TEXT_ARG(json->text));
        }
    }
}

static enum tarn_status read_file(struct tarn_encryption_file *file, struct tarn_json *json, struct tarn_error *err)
{
    bool more = true;
    TARN_RETURN_IF_ERROR(tarn__json_object(json, NULL, err));
    for (;;) {
        TARN_RETURN_IF_ERROR(tarn__json_key(json, &more, err));
        if (!more) {
            return TARN_OK;
        }
        if (tarn__json_is(json, "encryption")) {
            TARN_RETURN_IF_ERROR(read_encryption(file, json, err));
        } else {
            TARN_RETURN_IF_ERROR(tarn__json_skip(json, err));
        }
    }
}

/* ---- the whole ---- */

static enum tarn_status take_column_keys(struct tarn_encryption_file *file, struct tarn_error *err)
{
    static const struct tarn_text prefix = {"col:", 4};
    struct tarn_text name;
    struct tarn_span key;
    for (size_t i = 0; tarn__key_file_key(file->keys, i, &name, &key); i++) {
        if (tarn__text_starts(name, prefix)) {
            const struct tarn_text path = {name.data + prefix.size, name.size - prefix.size};
            TARN_RETURN_IF_ERROR(add_column(file, path, name, key, err));
        }
    }
    return TARN_OK;
}

static enum tarn_status fill(struct tarn_encryption_file *file, struct tarn_text text, struct tarn_error *err)
{
    static const struct tarn_parquet_encryption init = TARN_PARQUET_ENCRYPTION_INIT;
    const struct tarn_json_pull_options options = {.env = file->env, .failure = TARN_INVALID};
    struct tarn_json json;
    file->options = init;
    file->footer_name = TARN_TEXT("footer");
    TARN_RETURN_IF_ERROR(tarn_key_file_open(file->env, text, &file->keys, err));
    tarn__json_open(&json, &options, text);
    const enum tarn_status status = read_file(file, &json, err);
    tarn__json_close(&json);
    TARN_RETURN_IF_ERROR(status);
    if (!file->has_columns) {
        TARN_RETURN_IF_ERROR(take_column_keys(file, err));
    }
    TARN_RETURN_IF_ERROR(find(file, file->footer_name, &file->options.footer_key, err));
    file->options.footer_key_metadata = tarn__span_of_text(file->footer_name);
    file->options.aad_prefix = tarn__span_of_text(tarn__key_file_aad_prefix(file->keys));
    file->options.columns = file->columns;
    file->options.column_count = (uint32_t)file->column_count;
    return TARN_OK;
}

enum tarn_status tarn_encryption_file_open(struct tarn_env *env, struct tarn_text json, struct tarn_encryption_file **out,
                                           struct tarn_error *err)
{
    struct tarn_encryption_file *file = tarn__calloc(env, 1, sizeof(*file));
    *out = NULL;
    if (file == NULL) {
        return tarn__nomem(env, err, sizeof(*file));
    }
    file->env = tarn__env_retain(env);
    tarn__arena_init(&file->arena, env);
    const enum tarn_status status = fill(file, json, err);
    if (status != TARN_OK) {
        tarn_encryption_file_close(file);
        return status;
    }
    *out = file;
    return TARN_OK;
}

const struct tarn_parquet_encryption *tarn_encryption_file_options(const struct tarn_encryption_file *file)
{
    return &file->options;
}

void tarn_encryption_file_close(struct tarn_encryption_file *file)
{
    if (file != NULL) {
        struct tarn_env *env = file->env;
        tarn_key_file_close(file->keys);
        tarn__arena_free(&file->arena);
        tarn__free(env, file);
        tarn_env_close(env);
    }
}
