/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/encrypt.h"

#ifndef TARN_MINIMAL

#include <openssl/evp.h>
#include <stdlib.h>

#include "format/base/hash.h"
#include "format/column/footer.h"
#include "format/page/page.h"
#include "tests/support/parquet_file.h"
#include "tests/support/suite.h"

static const char unique[] = "unique##";

enum { FOOTER, COLUMN_METADATA, DATA, DICTIONARY, DATA_HEADER, DICTIONARY_HEADER, COLUMN_INDEX, OFFSET_INDEX };

struct encryptor {
    const struct tarn_test_encryption *how;
    struct tarn_test_encrypted *out;
    struct tarn_parquet_file plain;
    struct tarn_env *env;
    uint32_t nonces;
    uint16_t row_group;
    uint16_t column;
};

static struct tarn_error err;

static void append(struct encryptor *e, const void *bytes, size_t size)
{
    ck_assert(tarn__buffer_append(e->out->bytes, bytes, size));
}

static size_t aad_of(const struct encryptor *e, uint8_t type, uint16_t page, uint8_t out[256])
{
    size_t size = 0;
    if (e->how->prefix != NULL) {
        size = strlen(e->how->prefix);
        memcpy(out, e->how->prefix, size);
    }
    memcpy(out + size, unique, 8);
    size += 8;
    out[size++] = type;
    if (type != FOOTER) {
        const uint16_t ordinals[3] = {e->row_group, e->column, page};
        for (int i = 0; i < (type == DATA || type == DATA_HEADER ? 3 : 2); i++) {
            out[size++] = (uint8_t)ordinals[i];
            out[size++] = (uint8_t)(ordinals[i] >> 8);
        }
    }
    return size;
}

static const EVP_CIPHER *cipher_of(size_t key_size, bool ctr)
{
    return key_size == 16   ? (ctr ? EVP_aes_128_ctr() : EVP_aes_128_gcm())
           : key_size == 24 ? (ctr ? EVP_aes_192_ctr() : EVP_aes_192_gcm())
                            : (ctr ? EVP_aes_256_ctr() : EVP_aes_256_gcm());
}

/* nonce, ciphertext and tag of `text`, of which out[4..] is the rest of a module. Gives the size with the length. */
static size_t seal(struct encryptor *e, const char *key, uint8_t type, uint16_t page, struct tarn_span text, uint8_t *out)
{
    const bool ctr = e->how->algorithm == PARQUET_AES_GCM_CTR_V1 && (type == DATA || type == DICTIONARY);
    uint8_t aad[256];
    uint8_t counter[16] = {0};
    int size = 0;
    const size_t aad_size = aad_of(e, type, page, aad);
    tarn__store32(out + 4, ++e->nonces);
    tarn__store64(out + 8, UINT64_C(0x0102030405060708) * e->nonces);
    memcpy(counter, out + 4, 12);
    counter[15] = 1;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    ck_assert(EVP_EncryptInit_ex(context, cipher_of(strlen(key), ctr), NULL, (const uint8_t *)key, counter) == 1);
    ck_assert(ctr || EVP_EncryptUpdate(context, NULL, &size, aad, (int)aad_size) == 1);
    ck_assert(text.size == 0 || EVP_EncryptUpdate(context, out + 16, &size, text.data, (int)text.size) == 1);
    ck_assert(EVP_EncryptFinal_ex(context, out + 16 + text.size, &size) == 1);
    ck_assert(ctr || EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, out + 16 + text.size) == 1);
    EVP_CIPHER_CTX_free(context);
    const size_t whole = 16 + text.size + (ctr ? 0 : 16);
    tarn__store32(out, (uint32_t)(whole - 4));
    return whole;
}

/* Appends a module and notes its place. */
static size_t put_module(struct encryptor *e, const char *key, uint8_t type, uint16_t page, struct tarn_span text)
{
    uint8_t *module = malloc(text.size + 32);
    const size_t size = seal(e, key, type, page, text, module);
    ck_assert_uint_lt(e->out->module_count, sizeof(e->out->modules) / sizeof(e->out->modules[0]));
    e->out->modules[e->out->module_count++] = (struct tarn_test_module){type, e->row_group, e->column, page, e->out->bytes->size, size};
    append(e, module, size);
    free(module);
    return size;
}

static struct tarn_span encode(struct encryptor *e, const struct tarn_thrift_struct *of, const void *value, struct tarn_buffer **holder)
{
    *holder = tarn__buffer_new(e->env, 0);
    ck_assert_ok(tarn__thrift_encode(of, value, *holder, &err), &err);
    return tarn__buffer_span(*holder);
}

static void put_struct(struct encryptor *e, const char *key, uint8_t type, const struct tarn_thrift_struct *of, const void *value)
{
    struct tarn_buffer *holder;
    put_module(e, key, type, 0, encode(e, of, value, &holder));
    tarn__buffer_release(holder);
}

/* ---- columns ---- */

static const struct tarn_test_column_key *key_of(const struct encryptor *e, struct tarn_text path)
{
    static const struct tarn_test_column_key uniform = {NULL, NULL, NULL};
    for (uint32_t i = 0; i < e->how->column_count; i++) {
        if (tarn__text_equal(tarn__text_of(e->how->columns[i].path), path)) {
            return &e->how->columns[i];
        }
    }
    return e->how->column_count == 0 ? &uniform : NULL;
}

static void put_page(struct encryptor *e, const char *key, const struct tarn_page *page, uint16_t ordinal)
{
    const bool dictionary = page->header.type == PARQUET_DICTIONARY_PAGE;
    const size_t levels = page->header.repetition_size + (size_t)page->header.definition_size;
    const size_t clear = e->how->java_levels && page->header.type == PARQUET_DATA_PAGE_V2 ? levels : 0;
    const size_t overhead = e->how->algorithm == PARQUET_AES_GCM_CTR_V1 ? 16 : 32;
    struct parquet_page_header header = page->header.thrift;
    struct tarn_buffer *holder;
    struct tarn_span text = page->stored;
    uint8_t *body = malloc(page->stored.size + overhead);

    memcpy(body, page->stored.data, clear);
    tarn__span_take(&text, clear);
    const size_t size = clear + seal(e, key, dictionary ? DICTIONARY : DATA, ordinal, text, body + clear);
    ck_assert_uint_eq(size, page->stored.size + overhead);
    header.compressed_page_size = (int32_t)size;
    if (header.has_crc) {
        header.crc = (int32_t)tarn__crc32(0, body, size);
    }
    const struct tarn_span encoded = encode(e, &tarn__parquet_page_header, &header, &holder);
    put_module(e, key, dictionary ? DICTIONARY_HEADER : DATA_HEADER, ordinal, encoded);
    tarn__buffer_release(holder);
    e->out->modules[e->out->module_count++] = (struct tarn_test_module){dictionary ? DICTIONARY : DATA, e->row_group, e->column, ordinal,
                                                                        e->out->bytes->size + clear,    size - clear};
    append(e, body, size);
    free(body);
}

/* Pages, with their new places in the chunk's metadata and in `offsets`. */
static void put_pages(struct encryptor *e, const char *key, struct parquet_column_metadata *metadata, struct parquet_offset_index *offsets)
{
    const struct tarn_chunk_range range = tarn__footer_chunk_range(metadata);
    struct tarn_page_walk walk = {.env = e->env,
                                  .rest = {e->plain.bytes->data + range.begin, range.end - range.begin},
                                  .offset = range.begin,
                                  .values_left = (uint64_t)metadata->num_values};
    const size_t begin = e->out->bytes->size;
    uint16_t ordinal = 0;
    for (;;) {
        struct tarn_page page;
        bool end;
        ck_assert_ok(tarn__page_next(&walk, &page, &end, &err), &err);
        if (end) {
            break;
        }
        const bool dictionary = page.header.type == PARQUET_DICTIONARY_PAGE;
        const size_t at = e->out->bytes->size;
        if (key != NULL) {
            put_page(e, key, &page, ordinal);
        } else {
            append(e, e->plain.bytes->data + page.offset, page.header.header_size + page.stored.size);
        }
        if (dictionary) {
            metadata->dictionary_page_offset = (int64_t)at;
        } else {
            metadata->data_page_offset = ordinal == 0 ? (int64_t)at : metadata->data_page_offset;
            if (ordinal < offsets->page_locations.count) {
                offsets->page_locations.items[ordinal].offset = (int64_t)at;
                offsets->page_locations.items[ordinal].compressed_page_size = (int32_t)(e->out->bytes->size - at);
            }
            ordinal++;
        }
    }
    metadata->total_compressed_size = (int64_t)(e->out->bytes->size - begin);
}

static void put_index(struct encryptor *e, const char *key, uint8_t type, struct tarn_span plain, int64_t *offset, int32_t *length)
{
    *offset = (int64_t)e->out->bytes->size;
    if (key != NULL) {
        put_module(e, key, type, 0, plain);
    } else {
        append(e, plain.data, plain.size);
    }
    *length = (int32_t)(e->out->bytes->size - (size_t)*offset);
}

static void put_chunk(struct encryptor *e, struct tarn_text path, struct parquet_column_chunk *chunk)
{
    const struct tarn_test_column_key *column = key_of(e, path);
    const char *key = column == NULL ? NULL : column->key != NULL ? column->key : e->how->footer_key;
    struct parquet_offset_index offsets = {0};
    struct tarn_thrift_progress progress;
    struct tarn_buffer *holder;

    if (chunk->has_offset_index_offset) {
        const struct tarn_span stored = {e->plain.bytes->data + chunk->offset_index_offset, (size_t)chunk->offset_index_length};
        ck_assert_ok(tarn__thrift_decode(&tarn__parquet_offset_index, stored, &e->plain.arena, &offsets, &progress, &err), &err);
    }
    put_pages(e, key, &chunk->meta_data, &offsets);
    chunk->meta_data.has_bloom_filter_offset = chunk->meta_data.has_bloom_filter_length = false;
    if (chunk->has_column_index_offset) {
        const struct tarn_span stored = {e->plain.bytes->data + chunk->column_index_offset, (size_t)chunk->column_index_length};
        put_index(e, key, COLUMN_INDEX, stored, &chunk->column_index_offset, &chunk->column_index_length);
    }
    if (chunk->has_offset_index_offset) {
        const struct tarn_span plain = encode(e, &tarn__parquet_offset_index, &offsets, &holder);
        put_index(e, key, OFFSET_INDEX, plain, &chunk->offset_index_offset, &chunk->offset_index_length);
        tarn__buffer_release(holder);
    }
    if (column == NULL) {
        return;
    }
    struct parquet_column_crypto_metadata *crypto = tarn__arena_calloc(&e->plain.arena, 1, sizeof(*crypto));
    chunk->crypto_metadata = crypto;
    crypto->id = column->key != NULL ? PARQUET_ENCRYPTION_WITH_COLUMN_KEY : PARQUET_ENCRYPTION_WITH_FOOTER_KEY;
    if (column->key != NULL) {
        crypto->column_key.path_in_schema = chunk->meta_data.path_in_schema;
        crypto->column_key.has_key_metadata = column->id != NULL;
        crypto->column_key.key_metadata = column->id != NULL ? tarn__span_of_text(tarn__text_of(column->id)) : (struct tarn_span){NULL, 0};
    }
    if (column->key != NULL || e->how->plain_footer) {
        const struct tarn_span plain = encode(e, &tarn__parquet_column_metadata, &chunk->meta_data, &holder);
        uint8_t *module = tarn__arena_alloc(&e->plain.arena, plain.size + 32);
        chunk->has_encrypted_column_metadata = true;
        chunk->encrypted_column_metadata = (struct tarn_span){module, seal(e, key, COLUMN_METADATA, 0, plain, module)};
        tarn__buffer_release(holder);
        chunk->has_meta_data = e->how->plain_footer;
        chunk->meta_data.has_statistics = chunk->meta_data.has_encoding_stats = false;
        chunk->meta_data.size_statistics = NULL;
    }
}

/* ---- footers ---- */

static struct parquet_encryption_algorithm algorithm_of(const struct encryptor *e)
{
    const bool stored = e->how->prefix != NULL && !e->how->supply_prefix;
    return (struct parquet_encryption_algorithm){
        .id = e->how->algorithm,
        .aes = {.has_aad_prefix = stored,
                .has_aad_file_unique = true,
                .has_supply_aad_prefix = e->how->supply_prefix,
                .supply_aad_prefix = e->how->supply_prefix,
                .aad_prefix = stored ? tarn__span_of_text(tarn__text_of(e->how->prefix)) : (struct tarn_span){NULL, 0},
                .aad_file_unique = {(const uint8_t *)unique, 8}}};
}

static void put_footer(struct encryptor *e, struct parquet_file_metadata *metadata)
{
    const size_t begin = e->out->bytes->size;
    const struct tarn_span id =
        e->how->footer_id != NULL ? tarn__span_of_text(tarn__text_of(e->how->footer_id)) : (struct tarn_span){NULL, 0};
    struct tarn_buffer *holder;
    uint8_t length[4];
    if (e->how->plain_footer) {
        metadata->has_encryption_algorithm = true;
        metadata->encryption_algorithm = algorithm_of(e);
        metadata->has_footer_signing_key_metadata = id.data != NULL;
        metadata->footer_signing_key_metadata = id;
        const struct tarn_span plain = encode(e, &tarn__parquet_file_metadata, metadata, &holder);
        uint8_t *module = malloc(plain.size + 32);
        const size_t size = seal(e, e->how->footer_key, FOOTER, 0, plain, module);
        append(e, plain.data, plain.size);
        append(e, module + 4, 12);
        append(e, module + size - 16, 16);
        free(module);
        tarn__buffer_release(holder);
    } else {
        const struct parquet_file_crypto_metadata crypto = {algorithm_of(e), id.data != NULL, id};
        const struct tarn_span plain = encode(e, &tarn__parquet_file_crypto_metadata, &crypto, &holder);
        append(e, plain.data, plain.size);
        tarn__buffer_release(holder);
        e->row_group = e->column = 0;
        put_struct(e, e->how->footer_key, FOOTER, &tarn__parquet_file_metadata, metadata);
    }
    tarn__store32(length, (uint32_t)(e->out->bytes->size - begin));
    append(e, length, 4);
    append(e, e->how->plain_footer ? "PAR1" : "PARE", 4);
}

static void drop_checksum(struct parquet_file_metadata *metadata)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < metadata->key_value_metadata.count; i++) {
        if (!tarn__text_equal(metadata->key_value_metadata.items[i].key, tarn__text_of(TARN_FOOTER_CHECKSUM_KEY))) {
            metadata->key_value_metadata.items[kept++] = metadata->key_value_metadata.items[i];
        }
    }
    metadata->key_value_metadata.count = kept;
    metadata->has_key_value_metadata = kept != 0;
}

void tarn_test_encrypt(struct tarn_store *store, struct tarn_text key, const struct tarn_test_encryption *how,
                       struct tarn_test_encrypted *out)
{
    struct encryptor e = {.how = how, .out = out, .env = store->env};
    tarn_parquet_file_open(&e.plain, store, key);
    out->bytes = tarn__buffer_new(store->env, 0);
    out->module_count = 0;
    append(&e, how->plain_footer ? "PAR1" : "PARE", 4);
    struct parquet_file_metadata metadata = e.plain.footer->metadata;
    const uint32_t leaves = e.plain.footer->schema->leaf_count;
    for (uint32_t group = 0; group < metadata.row_groups.count; group++) {
        struct parquet_row_group *row_group = &metadata.row_groups.items[group];
        struct parquet_column_chunk *chunks = tarn__arena_calloc(&e.plain.arena, leaves, sizeof(*chunks));
        e.row_group = (uint16_t)group;
        row_group->has_ordinal = true;
        row_group->ordinal = (int16_t)group;
        row_group->has_file_offset = false;
        for (uint32_t leaf = 0; leaf < leaves; leaf++) {
            const struct parquet_column_chunk *chunk;
            e.column = (uint16_t)leaf;
            ck_assert_ok(tarn__footer_chunk(e.plain.footer, group, leaf, &e.plain.arena, &chunk, &err), &err);
            chunks[leaf] = *chunk;
            put_chunk(&e, e.plain.footer->schema->leaves[leaf].path, &chunks[leaf]);
        }
        row_group->columns.count = leaves;
        row_group->columns.items = chunks;
    }
    drop_checksum(&metadata);
    metadata.has_created_by = true;
    metadata.created_by = TARN_TEXT("an encryptor"); /* tarn's own footers are refused without a checksum */
    put_footer(&e, &metadata);
    tarn_parquet_file_close(&e.plain);
}

const struct tarn_test_module *tarn_test_module(const struct tarn_test_encrypted *file, uint8_t type, uint16_t row_group, uint16_t column,
                                                uint16_t page)
{
    for (uint32_t i = 0; i < file->module_count; i++) {
        const struct tarn_test_module *module = &file->modules[i];
        if (module->type == type && module->row_group == row_group && module->column == column && module->page == page) {
            return module;
        }
    }
    ck_abort_msg("no module of type %d at %d, %d, %d", type, row_group, column, page);
    return NULL;
}

#endif
