/* SPDX-License-Identifier: Apache-2.0
 *
 * Keys from JSON, as hooks. SPEC: P-CRYPT-10, P-CRYPT-11.
 *
 * Invariants
 *  1. After tarn_key_file_open nothing changes: the hooks may be called on any thread.
 *  2. Keys go from the text straight into locked memory.
 */
#include "format/crypt/key_file.h"

#include "format/crypt/key_material.h"
#include "format/json/json_pull.h"

#ifndef TARN_MINIMAL
#include <sodium.h>
#endif

#ifdef TARN_MINIMAL

enum tarn_status tarn_key_file_open(struct tarn_env *env, struct tarn_text json, struct tarn_key_file **out, struct tarn_error *err)
{
    (void)env;
    (void)json;
    *out = NULL;
    return tarn__unsupported(err, "encryption", "keys were given: this build has no libcrypto to use them with");
}

struct tarn_key_hooks tarn_key_file_hooks(struct tarn_key_file *keys)
{
    (void)keys;
    return (struct tarn_key_hooks){.size = sizeof(struct tarn_key_hooks)};
}

void tarn_key_file_close(struct tarn_key_file *keys)
{
    (void)keys;
}

bool tarn__key_file_key(const struct tarn_key_file *keys, size_t number, struct tarn_text *name, struct tarn_span *key)
{
    (void)keys;
    (void)number;
    *name = (struct tarn_text){NULL, 0};
    *key = (struct tarn_span){NULL, 0};
    return false;
}

struct tarn_text tarn__key_file_aad_prefix(const struct tarn_key_file *keys)
{
    (void)keys;
    return (struct tarn_text){NULL, 0};
}

#else

struct named_key {
    struct tarn_text name;
    const struct tarn__key *key;
};

/* Names with keys, in the order of the file. */
struct keys {
    struct named_key *items;
    size_t count;
};

struct material {
    struct tarn_text reference;
    struct tarn_text json;
};

struct tarn_key_file {
    struct tarn_env *env;
    struct tarn_arena arena;
    struct tarn__key_store store;
    struct tarn__aes_library *library;
    struct keys keys;
    struct keys masters;
    struct material *materials;
    size_t material_count;
    struct tarn_text aad_prefix;
};

/* ---- reading ---- */

static const struct tarn__key *find(const struct keys *keys, struct tarn_text prefix, struct tarn_text name)
{
    for (size_t i = 0; i < keys->count; i++) {
        const struct tarn_text whole = keys->items[i].name;
        if (tarn__text_starts(whole, prefix) &&
            tarn__text_equal((struct tarn_text){whole.data + prefix.size, whole.size - prefix.size}, name)) {
            return keys->items[i].key;
        }
    }
    return NULL;
}

static enum tarn_status add_key(struct tarn_key_file *file, struct keys *keys, struct tarn_text name, struct tarn_text hex,
                                struct tarn_error *err)
{
    struct tarn__key *key = tarn__key_store_add(&file->store);
    const char *end = NULL;
    if (key == NULL || !tarn__arena_room(&file->arena, &keys->items, keys->count, sizeof(*keys->items))) {
        return tarn__nomem(file->env, err, sizeof(*key));
    }
    if (sodium_hex2bin(key->bytes, sizeof(key->bytes), hex.data, hex.size, NULL, &key->size, &end) != 0 || end != hex.data + hex.size) {
        return tarn__invalid(err, "key_file", "the key of '%.*s' is no hexadecimal number of at most %d bytes", TARN_TEXT_ARG(name),
                             (int)TARN_KEY_LONGEST);
    }
    const struct tarn__key *before = find(keys, TARN_TEXT(""), name);
    if (before != NULL && !tarn__key_equal(before, key)) {
        return tarn__invalid(err, "key_file", "'%.*s' has two keys", TARN_TEXT_ARG(name));
    }
    keys->items[keys->count++] = (struct named_key){name, key};
    return TARN_OK;
}

static enum tarn_status read_keys(struct tarn_key_file *file, struct tarn_json *json, struct keys *keys, struct tarn_error *err)
{
    bool more = true;
    TARN_RETURN_IF_ERROR(tarn__json_object(json, NULL, err));
    for (;;) {
        TARN_RETURN_IF_ERROR(tarn__json_key(json, &more, err));
        if (!more) {
            return TARN_OK;
        }
        struct tarn_text hex;
        const struct tarn_text name = tarn__arena_text(&file->arena, json->text);
        if (name.data == NULL) {
            return tarn__nomem(file->env, err, json->text.size);
        }
        TARN_RETURN_IF_ERROR(tarn__json_string(json, &hex, NULL, err));
        TARN_RETURN_IF_ERROR(add_key(file, keys, name, hex, err));
    }
}

/* References to key material, which is JSON, or a text that holds JSON. */
static enum tarn_status read_materials(struct tarn_key_file *file, struct tarn_json *json, struct tarn_error *err)
{
    bool more = true;
    TARN_RETURN_IF_ERROR(tarn__json_object(json, NULL, err));
    for (;;) {
        TARN_RETURN_IF_ERROR(tarn__json_key(json, &more, err));
        if (!more) {
            return TARN_OK;
        }
        enum tarn_json_event event;
        struct material material = {.reference = tarn__arena_text(&file->arena, json->text)};
        TARN_RETURN_IF_ERROR(tarn__json_next(json, &event, err));
        struct tarn_text raw = json->text;
        if (event != TARN_JSON_STRING) {
            const size_t begin = json->offset;
            TARN_RETURN_IF_ERROR(tarn__json_skip(json, err));
            raw = tarn__json_since(json, begin);
        }
        material.json = tarn__arena_text(&file->arena, raw);
        if (material.reference.data == NULL || material.json.data == NULL ||
            !tarn__arena_room(&file->arena, &file->materials, file->material_count, sizeof(material))) {
            return tarn__nomem(file->env, err, raw.size);
        }
        file->materials[file->material_count++] = material;
    }
}

static enum tarn_status read_prefix(struct tarn_key_file *file, struct tarn_json *json, struct tarn_error *err)
{
    struct tarn_text prefix;
    bool is_null;
    TARN_RETURN_IF_ERROR(tarn__json_string(json, &prefix, &is_null, err));
    if (!is_null) {
        file->aad_prefix = tarn__arena_text(&file->arena, prefix);
        if (file->aad_prefix.data == NULL) {
            return tarn__nomem(file->env, err, prefix.size);
        }
    }
    return TARN_OK;
}

static enum tarn_status read_file(struct tarn_key_file *file, struct tarn_json *json, struct tarn_error *err)
{
    bool more = true;
    TARN_RETURN_IF_ERROR(tarn__json_object(json, NULL, err));
    for (;;) {
        TARN_RETURN_IF_ERROR(tarn__json_key(json, &more, err));
        if (!more) {
            return TARN_OK;
        }
        if (tarn__json_is(json, "keys")) {
            TARN_RETURN_IF_ERROR(read_keys(file, json, &file->keys, err));
        } else if (tarn__json_is(json, "master_keys")) {
            TARN_RETURN_IF_ERROR(read_keys(file, json, &file->masters, err));
        } else if (tarn__json_is(json, "key_material")) {
            TARN_RETURN_IF_ERROR(read_materials(file, json, err));
        } else if (tarn__json_is(json, "aad_prefix")) {
            TARN_RETURN_IF_ERROR(read_prefix(file, json, err));
        } else {
            TARN_RETURN_IF_ERROR(tarn__json_skip(json, err));
        }
    }
}

enum tarn_status tarn_key_file_open(struct tarn_env *env, struct tarn_text text, struct tarn_key_file **out, struct tarn_error *err)
{
    const struct tarn_json_pull_options options = {.env = env, .failure = TARN_INVALID};
    struct tarn_json json;
    struct tarn_key_file *file = tarn__calloc(env, 1, sizeof(*file));
    *out = NULL;
    if (file == NULL) {
        return tarn__nomem(env, err, sizeof(*file));
    }
    file->env = tarn__env_retain(env);
    tarn__arena_init(&file->arena, env);
    tarn__key_store_init(&file->store, env);
    tarn__json_open(&json, &options, text);
    enum tarn_status status = read_file(file, &json, err);
    tarn__json_close(&json);
    if (status == TARN_OK && file->masters.count != 0) {
        status = tarn__aes_library_open(env, &file->library, err);
    }
    if (status != TARN_OK) {
        tarn_key_file_close(file);
        return status;
    }
    *out = file;
    return TARN_OK;
}

void tarn_key_file_close(struct tarn_key_file *file)
{
    if (file != NULL) {
        struct tarn_env *env = file->env;
        tarn__aes_library_close(file->library);
        tarn__key_store_free(&file->store);
        tarn__arena_free(&file->arena);
        tarn__free(env, file);
        tarn_env_close(env);
    }
}

/* ---- hooks ---- */

/* The material itself, wherever it is kept. False: there is none. */
static enum tarn_status find_material(const struct tarn_key_file *file, struct tarn_text metadata, struct tarn_arena *arena, bool *found,
                                      struct tarn__key_material *out, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tarn__key_material_parse(metadata, arena, found, out, err));
    if (!*found || out->internal) {
        return TARN_OK;
    }
    const struct tarn_text reference = out->reference;
    *found = false;
    for (size_t i = 0; i < file->material_count; i++) {
        if (tarn__text_equal(file->materials[i].reference, reference)) {
            TARN_RETURN_IF_ERROR(tarn__key_material_parse(file->materials[i].json, arena, found, out, err));
            *found = *found && out->internal;
            break;
        }
    }
    return TARN_OK;
}

static enum tarn_status unwrap(const struct tarn_key_file *file, struct tarn_text metadata, struct tarn__key *key, struct tarn_error *err)
{
    struct tarn_arena arena;
    struct tarn__key_material material;
    bool found;
    tarn__arena_init(&arena, file->env);
    enum tarn_status status = find_material(file, metadata, &arena, &found, &material, err);
    const struct tarn__key *master = status == TARN_OK && found ? find(&file->masters, TARN_TEXT(""), material.master_key) : NULL;
    if (master != NULL) {
        status = tarn__aes_key_size_ok(master->size)
                     ? tarn__key_material_unwrap(&material, file->library, master, file->env, key, err)
                     : tarn__invalid(err, "key_length", "a master key of %zu bytes was given: keys of AES have 16, 24 or 32", master->size);
    }
    tarn__arena_free(&arena);
    return status;
}

static enum tarn_status give_key(void *ctx, const struct tarn_key_request *request, uint8_t bytes[TARN_KEY_LONGEST], size_t *size,
                                 struct tarn_error *err)
{
    const struct tarn_key_file *file = ctx;
    const struct tarn_text metadata = {(const char *)request->metadata.data, request->metadata.size};
    const struct tarn__key *key = metadata.data != NULL ? find(&file->keys, TARN_TEXT(""), metadata) : NULL;
    struct tarn__key_store desk;
    enum tarn_status status = TARN_OK;
    tarn__key_store_init(&desk, file->env);
    if (key == NULL) {
        key = request->column.size != 0 ? find(&file->keys, TARN_TEXT("col:"), request->column)
                                        : find(&file->keys, TARN_TEXT(""), TARN_TEXT("footer"));
    }
    if (key == NULL && file->library != NULL) {
        struct tarn__key *opened = tarn__key_store_add(&desk);
        status = opened != NULL ? unwrap(file, metadata, opened, err) : tarn__nomem(file->env, err, sizeof(*opened));
        key = opened;
    }
    *size = 0;
    if (status == TARN_OK && key != NULL) {
        *size = key->size;
        memcpy(bytes, key->bytes, TARN_KEY_LONGEST);
    }
    tarn__key_store_free(&desk);
    return status;
}

static enum tarn_status give_prefix(void *ctx, struct tarn_text object, void *into, size_t room, size_t *size, struct tarn_error *err)
{
    const struct tarn_key_file *file = ctx;
    (void)object;
    (void)err;
    *size = file->aad_prefix.size;
    if (*size != 0) {
        memcpy(into, file->aad_prefix.data, *size < room ? *size : room);
    }
    return TARN_OK;
}

struct tarn_key_hooks tarn_key_file_hooks(struct tarn_key_file *file)
{
    return (struct tarn_key_hooks){.size = sizeof(struct tarn_key_hooks), .ctx = file, .key = give_key, .aad_prefix = give_prefix};
}

/* ---- for writers ---- */

bool tarn__key_file_key(const struct tarn_key_file *file, size_t number, struct tarn_text *name, struct tarn_span *key)
{
    if (number >= file->keys.count) {
        return false;
    }
    *name = file->keys.items[number].name;
    *key = tarn__key_span(file->keys.items[number].key);
    return true;
}

struct tarn_text tarn__key_file_aad_prefix(const struct tarn_key_file *file)
{
    return file->aad_prefix;
}

#endif
