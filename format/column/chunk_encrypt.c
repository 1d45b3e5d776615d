/* SPDX-License-Identifier: Apache-2.0
 *
 * Column chunks, encrypted on their way into the file.
 *
 * Specification: parquet-format Encryption.md, 4.4 and 5. SPEC: P-CRYPT-WRITE-4 to P-CRYPT-WRITE-6.
 *
 * Invariants
 *  1. Nothing of an encrypted column is appended to the file but as a module.
 *  2. A page's body is one module, with its levels, also in DATA_PAGE_V2: as Encryption.md 5.2 has it, and parquet-cpp.
 *  3. The checksum in a page header is that of the body as stored.
 *  4. Of an encrypted column a footer in clear tells where it lies, how large it is and how it is encoded; nothing of its values.
 */
#include "format/column/chunk_encrypt.h"

#include "format/base/hash.h"

enum tarn_status tarn__chunk_encryptor_init(struct tarn__chunk_encryptor *encryptor, struct tarn_env *env, struct tarn__file_sealer *sealer,
                                            struct tarn_error *err)
{
    *encryptor = (struct tarn__chunk_encryptor){.env = env, .sealer = sealer};
    if (sealer == NULL) {
        return TARN_OK;
    }
    encryptor->module = tarn__buffer_new(env, 0);
    encryptor->plain = tarn__buffer_new(env, 0);
    encryptor->header = tarn__buffer_new(env, 0);
    if (encryptor->module == NULL || encryptor->plain == NULL || encryptor->header == NULL) {
        tarn__chunk_encryptor_free(encryptor);
        return tarn__nomem(env, err, sizeof(struct tarn_buffer));
    }
    return TARN_OK;
}

void tarn__chunk_encryptor_free(struct tarn__chunk_encryptor *encryptor)
{
    tarn__buffer_release(encryptor->module);
    tarn__buffer_release(encryptor->plain);
    tarn__buffer_release(encryptor->header);
    tarn__free(encryptor->env, encryptor->pages);
    *encryptor = (struct tarn__chunk_encryptor){.env = encryptor->env};
}

static bool is_in_clear(const struct tarn__chunk_place *place)
{
    return place->seal == NULL || place->seal->key == NULL;
}

static enum tarn_status no_ordinal(const char *what, uint64_t number, struct tarn_error *err)
{
    return tarn__invalid(err, "module_ordinal", "%s number %llu cannot be encrypted: the format numbers them up to %d; make %s larger",
                         what, (unsigned long long)number, (int)TARN__MODULE_MOST_ORDINAL, "row groups and pages");
}

/* `page` is 0 but for data pages. */
static enum tarn_status seal_of(const struct tarn__chunk_encryptor *encryptor, const struct tarn__chunk_place *place,
                                enum tarn__module_type type, uint32_t page, struct tarn__seal *seal, struct tarn_error *err)
{
    if (place->row_group > TARN__MODULE_MOST_ORDINAL) {
        return no_ordinal("row group", place->row_group, err);
    }
    if (place->leaf > TARN__MODULE_MOST_ORDINAL) {
        return no_ordinal("column", place->leaf, err);
    }
    if (page > TARN__MODULE_MOST_ORDINAL) {
        return no_ordinal("page", page, err);
    }
    *seal =
        (struct tarn__seal){encryptor->sealer, place->seal->key, {type, (uint16_t)place->row_group, (uint16_t)place->leaf, (uint16_t)page}};
    return TARN_OK;
}

/* ---- pages ---- */

struct page_sizes {
    uint32_t stored;       /* header and body in the file */
    uint32_t plain_header; /* bytes of the header before */
    uint32_t header;       /* and as stored */
};

/* Header and body of `page`, both sealed, into the file. */
static enum tarn_status encrypt_page(struct tarn__chunk_encryptor *encryptor, const struct tarn__chunk_place *place, bool is_dictionary,
                                     uint32_t number, struct tarn_span page, struct tarn_object_writer *file, struct page_sizes *sizes,
                                     struct tarn_error *err)
{
    struct tarn_page_header header;
    struct tarn__seal seal;
    bool truncated;

    TARN_RETURN_IF_ERROR(tarn__page_header_decode(page, 0, &header, &truncated, err));
    TARN_RETURN_IF_ERROR(
        seal_of(encryptor, place, is_dictionary ? TARN__MODULE_DICTIONARY_PAGE : TARN__MODULE_DATA_PAGE, number, &seal, err));
    encryptor->module->size = 0;
    tarn__span_take(&page, header.header_size);
    TARN_RETURN_IF_ERROR(tarn__seal_module(&seal, page, encryptor->module, err));
    const struct tarn_span body = tarn__buffer_span(encryptor->module);

    header.thrift.compressed_page_size = (int32_t)body.size;
    if (header.thrift.has_crc) {
        header.thrift.crc = (int32_t)tarn__crc32(0, body.data, body.size);
    }
    encryptor->plain->size = 0;
    encryptor->header->size = 0;
    TARN_RETURN_IF_ERROR(tarn__page_header_encode(&header.thrift, encryptor->plain, err));
    seal.place.type = is_dictionary ? TARN__MODULE_DICTIONARY_PAGE_HEADER : TARN__MODULE_DATA_PAGE_HEADER;
    TARN_RETURN_IF_ERROR(tarn__seal_module(&seal, tarn__buffer_span(encryptor->plain), encryptor->header, err));
    const size_t size = encryptor->header->size;
    if (body.size > INT32_MAX - size) {
        return tarn__page_too_large(body.size + size, err);
    }
    TARN_RETURN_IF_ERROR(tarn_object_writer_append(file, tarn__buffer_span(encryptor->header), err));
    TARN_RETURN_IF_ERROR(tarn_object_writer_append(file, body, err));
    *sizes = (struct page_sizes){(uint32_t)(size + body.size), header.header_size, (uint32_t)size};
    return TARN_OK;
}

static enum tarn_status encrypt_pages(struct tarn__chunk_encryptor *encryptor, const struct tarn__chunk_place *place,
                                      struct tarn__column_chunk *chunk, struct tarn_object_writer *file, struct tarn__chunk_size *size,
                                      struct tarn_error *err)
{
    struct page_sizes sizes;

    if (!tarn__grow(encryptor->env, &encryptor->pages, &encryptor->page_capacity, chunk->pages.count, sizeof(*encryptor->pages))) {
        return tarn__nomem(encryptor->env, err, chunk->pages.count * sizeof(*encryptor->pages));
    }
    if (chunk->dictionary_page.size != 0) {
        TARN_RETURN_IF_ERROR(encrypt_page(encryptor, place, true, 0, chunk->dictionary_page, file, &sizes, err));
        size->dictionary = sizes.stored;
        chunk->uncompressed_size += sizes.header - (uint64_t)sizes.plain_header;
    }
    for (uint32_t i = 0; i < chunk->pages.count; i++) {
        const struct tarn__page_facts *page = &chunk->pages.pages[i];
        const struct tarn_span stored = {chunk->data_pages.data + page->offset, page->stored};
        TARN_RETURN_IF_ERROR(encrypt_page(encryptor, place, false, i, stored, file, &sizes, err));
        encryptor->pages[i] = *page;
        encryptor->pages[i].offset = size->data;
        encryptor->pages[i].stored = sizes.stored;
        size->data += sizes.stored;
        chunk->uncompressed_size += sizes.header - (uint64_t)sizes.plain_header;
    }
    chunk->pages.pages = encryptor->pages;
    return TARN_OK;
}

enum tarn_status tarn__chunk_encrypt(struct tarn__chunk_encryptor *encryptor, const struct tarn__chunk_place *place,
                                     struct tarn__column_chunk *chunk, struct tarn_object_writer *file, struct tarn__chunk_size *size,
                                     struct tarn_error *err)
{
    *size = (struct tarn__chunk_size){0, 0};
    if (!is_in_clear(place)) {
        return encrypt_pages(encryptor, place, chunk, file, size, err);
    }
    *size = (struct tarn__chunk_size){chunk->dictionary_page.size, chunk->data_pages.size};
    if (chunk->dictionary_page.size != 0) {
        TARN_RETURN_IF_ERROR(tarn_object_writer_append(file, chunk->dictionary_page, err));
    }
    return tarn_object_writer_append(file, chunk->data_pages, err);
}

/* ---- what is no page ---- */

enum tarn_status tarn__chunk_encrypt_part(struct tarn__chunk_encryptor *encryptor, const struct tarn__chunk_place *place,
                                          enum tarn__module_type type, struct tarn_span plain, struct tarn_object_writer *file,
                                          uint64_t *size, struct tarn_error *err)
{
    struct tarn__seal seal;

    *size = plain.size;
    if (is_in_clear(place)) {
        return tarn_object_writer_append(file, plain, err);
    }
    TARN_RETURN_IF_ERROR(seal_of(encryptor, place, type, 0, &seal, err));
    encryptor->module->size = 0;
    TARN_RETURN_IF_ERROR(tarn__seal_module(&seal, plain, encryptor->module, err));
    *size = encryptor->module->size;
    return tarn_object_writer_append(file, tarn__buffer_span(encryptor->module), err);
}

/* Required fields stay, and what says where the chunk is. */
static void hide_values(struct parquet_column_metadata *metadata)
{
    metadata->has_statistics = false;
    metadata->has_encoding_stats = false;
    metadata->size_statistics = NULL;
    metadata->geospatial_statistics = NULL;
}

enum tarn_status tarn__chunk_encrypt_metadata(struct tarn__chunk_encryptor *encryptor, const struct tarn__chunk_place *place,
                                              bool plain_footer, struct tarn_arena *arena, struct parquet_column_chunk *chunk,
                                              struct tarn_error *err)
{
    struct tarn__seal seal;

    if (is_in_clear(place)) {
        return TARN_OK;
    }
    chunk->crypto_metadata = place->seal->crypto;
    if (!plain_footer && place->seal->crypto->id == PARQUET_ENCRYPTION_WITH_FOOTER_KEY) {
        return TARN_OK; /* the footer's key is theirs */
    }
    TARN_RETURN_IF_ERROR(seal_of(encryptor, place, TARN__MODULE_COLUMN_METADATA, 0, &seal, err));
    encryptor->plain->size = 0;
    encryptor->module->size = 0;
    TARN_RETURN_IF_ERROR(tarn__thrift_encode(&tarn__parquet_column_metadata, &chunk->meta_data, encryptor->plain, err));
    TARN_RETURN_IF_ERROR(tarn__seal_module(&seal, tarn__buffer_span(encryptor->plain), encryptor->module, err));
    chunk->encrypted_column_metadata = tarn__arena_span(arena, tarn__buffer_span(encryptor->module));
    if (chunk->encrypted_column_metadata.data == NULL) {
        return tarn__nomem(encryptor->env, err, encryptor->module->size);
    }
    chunk->has_encrypted_column_metadata = true;
    chunk->has_meta_data = plain_footer;
    hide_values(&chunk->meta_data);
    return TARN_OK;
}
