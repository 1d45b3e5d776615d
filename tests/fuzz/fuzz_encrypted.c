/* SPDX-License-Identifier: Apache-2.0
 * An encrypted file of any bytes, read with known keys; a footer of any bytes, encrypted here, so that mutations get behind its tag; a key
 * file of any bytes. The first byte says which.
 */
#include <stdlib.h>

#include "format/base/buffer.h"
#include "format/thrift/parquet_thrift.h"
#include "tarn/keys.h"
#include "tarn/parquet.h"
#include "tarn/reader.h"

#ifndef TARN_MINIMAL
#include <openssl/evp.h>
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char footer_key[] = "0123456789012345";

static const struct tarn_parquet_key keys[] = {
    {TARN_KEY_FOOTER, {NULL, 0}, {(const uint8_t *)footer_key, 16}},
    {TARN_KEY_COLUMN, {"a", 1}, {(const uint8_t *)"abcdefghijklmnop", 16}},
    {TARN_KEY_ID, {"kt", 2}, {(const uint8_t *)"abcdefghijklmnopqrstuvwxyz012345", 32}},
};

static enum tarn_status give_key(void *ctx, const struct tarn_key_request *request, uint8_t key[TARN_KEY_LONGEST], size_t *size,
                                 struct tarn_error *err)
{
    (void)ctx;
    (void)err;
    *size = request->column.size == 0 ? 16 : 0;
    memcpy(key, footer_key, *size);
    return TARN_OK;
}

/* ---- a file ---- */

static void read_task(struct tarn_scan *scan, uint32_t task, uint32_t columns)
{
    struct tarn_cursor *cursor;
    uint32_t rows = 1;
    if (tarn_scan_open(scan, task, &cursor, NULL) != TARN_OK) {
        return;
    }
    for (int window = 0; window < 20 && rows != 0; window++) {
        if (tarn_cursor_next(cursor, 1000, &rows, NULL) != TARN_OK) {
            break;
        }
        for (uint32_t c = 0; c < columns && rows != 0; c++) {
            struct tarn_vector *vector;
            if (tarn_cursor_column(cursor, c, NULL, &vector, NULL) == TARN_OK && vector->length != rows) {
                abort();
            }
        }
    }
    tarn_cursor_close(cursor);
}

static void read_rows(struct tarn_source *source)
{
    enum { MOST = 16 };
    const struct tarn_schema *schema = tarn_source_schema(source);
    struct tarn_path_step steps[MOST];
    struct tarn_path paths[MOST];
    struct tarn_scan_request request = TARN_SCAN_REQUEST_INIT;
    struct tarn_scan *scan;
    for (; request.path_count < MOST && request.path_count < schema->field_count; request.path_count++) {
        steps[request.path_count] = (struct tarn_path_step){TARN_PATH_FIELD, schema->fields[request.path_count].name, -1};
        paths[request.path_count] = (struct tarn_path){1, &steps[request.path_count]};
    }
    request.paths = paths;
    if (tarn_source_scan(source, &request, &scan, NULL) == TARN_OK) {
        for (uint32_t task = 0; task < tarn_scan_task_count(scan) && task < 4; task++) {
            read_task(scan, task, request.path_count);
        }
        tarn_scan_close(scan);
    }
}

static enum tarn_status see(void *arg, const struct tarn_parquet_page_info *page, struct tarn_error *err)
{
    (void)page;
    (void)err;
    return ++*(unsigned *)arg > 100 ? TARN_CANCELLED : TARN_OK;
}

static void show(struct tarn_store *store)
{
    struct tarn_parquet_metadata *metadata;
    if (tarn_parquet_metadata_open(store, TARN_TEXT("f"), &metadata, NULL) != TARN_OK) {
        return;
    }
    const struct tarn_parquet_file_info info = tarn_parquet_file_info(metadata);
    unsigned pages = 0;
    for (uint32_t group = 0; group < info.row_group_count && group < 4; group++) {
        for (uint32_t leaf = 0; leaf < info.leaf_count && leaf < 16; leaf++) {
            struct tarn_parquet_chunk_info chunk;
            if (tarn_parquet_chunk_info(metadata, group, leaf, &chunk, NULL) == TARN_OK && chunk.path.data == NULL) {
                abort();
            }
            const enum tarn_status ended = tarn_parquet_pages(metadata, group, leaf, see, &pages, NULL);
            (void)ended;
        }
    }
    tarn_parquet_metadata_close(metadata);
}

static void read_file(struct tarn_env *env, struct tarn_span bytes)
{
    struct tarn_store *store;
    struct tarn_source *source;
    struct tarn_parquet_read_options options = TARN_PARQUET_READ_OPTIONS_INIT;
    options.keys = keys;
    options.key_count = 3;
    options.page_limit = 1 << 20;
    if (tarn_store_open_memory(env, 0, &store, NULL) != TARN_OK) {
        return;
    }
    if (tarn_store_put(store, TARN_TEXT("f"), bytes, TARN_PUT_OVERWRITE, TARN_ROLE_DATA, NULL) == TARN_OK) {
        if (tarn_parquet_open(store, TARN_TEXT("f"), &options, &source, NULL) == TARN_OK) {
            read_rows(source);
            tarn_source_close(source);
        }
        show(store);
    }
    tarn_store_close(store);
}

/* ---- a footer ---- */

#ifndef TARN_MINIMAL

/* FileCryptoMetaData of AES_GCM_V1 with the file identifier "u". */
static const uint8_t crypto[] = {0x1c, 0x1c, 0x28, 0x01, 'u', 0x00, 0x00, 0x00};

static void read_footer(struct tarn_env *env, struct tarn_span plain)
{
    static const uint8_t aad[] = {'u', 0};
    const size_t module = 4 + 12 + plain.size + 16;
    const size_t whole = 4 + sizeof(crypto) + module + 8;
    uint8_t *file = calloc(1, whole);
    int size;
    if (file == NULL) {
        return;
    }
    uint8_t *at = file + 4;
    memcpy(file, "PARE", 4);
    memcpy(at, crypto, sizeof(crypto));
    at += sizeof(crypto);
    tarn__store32(at, (uint32_t)(module - 4));
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    if (context == NULL || EVP_EncryptInit_ex(context, EVP_aes_128_gcm(), NULL, (const uint8_t *)footer_key, at + 4) != 1 ||
        EVP_EncryptUpdate(context, NULL, &size, aad, sizeof(aad)) != 1 ||
        (plain.size != 0 && EVP_EncryptUpdate(context, at + 16, &size, plain.data, (int)plain.size) != 1) ||
        EVP_EncryptFinal_ex(context, at + 16 + plain.size, &size) != 1 ||
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, at + 16 + plain.size) != 1) {
        abort();
    }
    EVP_CIPHER_CTX_free(context);
    at += module;
    tarn__store32(at, (uint32_t)(sizeof(crypto) + module));
    memcpy(at + 4, "PARE", 4);
    read_file(env, (struct tarn_span){file, whole});
    free(file);
}

#else

static void read_footer(struct tarn_env *env, struct tarn_span plain)
{
    (void)env;
    (void)plain;
}

#endif

/* ---- a key file ---- */

static void read_keys(struct tarn_env *env, struct tarn_text json)
{
    struct tarn_key_file *file;
    uint8_t key[TARN_KEY_LONGEST];
    size_t size;
    if (tarn_key_file_open(env, json, &file, NULL) != TARN_OK) {
        return;
    }
    const struct tarn_key_hooks hooks = tarn_key_file_hooks(file);
    struct tarn_key_request request = {sizeof(request), TARN_TEXT("f"), TARN_TEXT("c"), {(const uint8_t *)json.data, json.size}};
    if (hooks.key(hooks.ctx, &request, key, &size, NULL) == TARN_OK && size > sizeof(key)) {
        abort();
    }
    request.metadata = (struct tarn_span){NULL, 0};
    const enum tarn_status status = hooks.key(hooks.ctx, &request, key, &size, NULL);
    (void)status;
    tarn_key_file_close(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct tarn_key_hooks hooks = {sizeof(hooks), NULL, give_key, NULL};
    struct tarn_env_options options = TARN_ENV_OPTIONS_INIT;
    struct tarn_env *env;
    options.memory_limit = 64 << 20;
    options.keys = &hooks;
    if (size == 0 || tarn_env_open(&options, &env, NULL) != TARN_OK) {
        return 0;
    }
    const struct tarn_span rest = {data + 1, size - 1};
    switch (data[0]) {
    case 'F':
        read_footer(env, rest);
        break;
    case 'K':
        read_keys(env, (struct tarn_text){(const char *)rest.data, rest.size});
        break;
    default:
        read_file(env, rest);
        break;
    }
    tarn_env_close(env);
    return 0;
}
