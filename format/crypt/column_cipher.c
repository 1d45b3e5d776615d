/* SPDX-License-Identifier: Apache-2.0
 *
 * The encryption of a column chunk: metadata, pages, indexes.
 *
 * Specification: parquet-format Encryption.md, 4.4 and 5; the layouts of encrypted pages of version 2 are those of parquet-cpp and
 * parquet-java. SPEC: P-CRYPT-3, P-CRYPT-7, P-CRYPT-9.
 *
 * Invariants
 *  1. Every module is decrypted for the place it is read from; that it fits another place is found out only to tell it.
 */
#include "format/crypt/file_cipher_parts.h"

#include "format/base/checked.h"

enum {
    MOST_TRIES = 4096,          /* places where a module is looked for that is not in its own */
    MOST_TRIED_BYTES = 64 << 20 /* and what decrypting it there may come to */
};

struct tarn__column_cipher {
    const struct tarn__file_cipher *file;
    struct tarn__aes *gcm;
    struct tarn__aes *ctr; /* NULL: pages are GCM too */
    uint16_t row_group;
    uint16_t column;
    bool own_key;
    struct tarn_buffer *header;
    struct tarn_buffer *room;
};

/* ---- keys ---- */

static enum tarn_status find_key(const struct tarn__file_cipher *file, const struct tarn__chunk_crypto *chunk, const struct tarn__key **out,
                                 struct tarn_error *err)
{
    *out = NULL;
    if (chunk->crypto->id == PARQUET_ENCRYPTION_WITH_FOOTER_KEY) {
        *out = file->footer_key;
        return TARN_OK;
    }
    if (chunk->crypto->id != PARQUET_ENCRYPTION_WITH_COLUMN_KEY) {
        return tarn__unsupported(err, "encryption", "the column is encrypted in a way that is not known to this build");
    }
    const struct parquet_encryption_with_column_key *own = &chunk->crypto->column_key;
    const struct tarn__key_wish wish = {
        .number = chunk->leaf + 1,
        .column = chunk->path,
        .metadata = own->has_key_metadata ? own->key_metadata : (struct tarn_span){NULL, 0},
    };
    return tarn__key_ring_find(file->ring, &wish, out, err);
}

enum tarn_status tarn__file_cipher_find_key(const struct tarn__file_cipher *file, const struct tarn__chunk_crypto *chunk, bool *found,
                                            struct tarn_error *err)
{
    const struct tarn__key *key = NULL;
    const enum tarn_status status = chunk->crypto != NULL ? find_key(file, chunk, &key, err) : TARN_OK;
    *found = status == TARN_OK && key != NULL;
    if (status != TARN_OK) {
        tarn__error_at_column(err, chunk->path);
    }
    return status;
}

static enum tarn_status open_aes(struct tarn__column_cipher *cipher, const struct tarn__chunk_crypto *chunk, struct tarn_error *err)
{
    const struct tarn__file_cipher *file = cipher->file;
    const struct tarn__key *key;
    if (chunk->row_group > TARN__MODULE_MOST_ORDINAL || chunk->leaf > TARN__MODULE_MOST_ORDINAL) {
        return tarn__corrupt(err, "module_ordinal", "row group %u, column %u: encrypted files have at most %d of either", chunk->row_group,
                             chunk->leaf, TARN__MODULE_MOST_ORDINAL + 1);
    }
    TARN_RETURN_IF_ERROR(find_key(file, chunk, &key, err));
    if (key == NULL) {
        return tarn__error_set(err, TARN_AUTH, "key_missing", "the column is encrypted, and no key was given for it");
    }
    TARN_RETURN_IF_ERROR(tarn__file_cipher_check_prefix(file, err));
    TARN_RETURN_IF_ERROR(tarn__aes_open(file->library, TARN__AES_GCM, tarn__key_span(key), &cipher->gcm, err));
    return file->ctr ? tarn__aes_open(file->library, TARN__AES_CTR, tarn__key_span(key), &cipher->ctr, err) : TARN_OK;
}

enum tarn_status tarn__column_cipher_open(const struct tarn__file_cipher *file, const struct tarn__chunk_crypto *chunk,
                                          struct tarn__column_cipher **out, struct tarn_error *err)
{
    *out = NULL;
    if (chunk->crypto == NULL) {
        return TARN_OK;
    }
    struct tarn__column_cipher *cipher = tarn__calloc(file->env, 1, sizeof(*cipher));
    if (cipher == NULL) {
        return tarn__nomem(file->env, err, sizeof(*cipher));
    }
    *cipher = (struct tarn__column_cipher){
        .file = file,
        .row_group = (uint16_t)chunk->row_group,
        .column = (uint16_t)chunk->leaf,
        .own_key = chunk->crypto->id == PARQUET_ENCRYPTION_WITH_COLUMN_KEY,
    };
    const enum tarn_status status = open_aes(cipher, chunk, err);
    if (status != TARN_OK) {
        tarn__error_at_column(err, chunk->path);
        tarn__column_cipher_close(cipher);
        return status;
    }
    *out = cipher;
    return TARN_OK;
}

void tarn__column_cipher_close(struct tarn__column_cipher *cipher)
{
    if (cipher != NULL) {
        tarn__aes_close(cipher->gcm);
        tarn__aes_close(cipher->ctr);
        tarn__buffer_release(cipher->header);
        tarn__buffer_release(cipher->room);
        tarn__free(cipher->file->env, cipher);
    }
}

/* ---- modules ---- */

static struct tarn__module_place place_of(const struct tarn__column_cipher *cipher, enum tarn__module_type type, uint32_t page)
{
    return (struct tarn__module_place){type, cipher->row_group, cipher->column, (uint16_t)page};
}

static bool decrypt(const struct tarn__column_cipher *cipher, const struct tarn__module *module, const struct tarn__module_place *place,
                    uint8_t *out)
{
    return tarn__module_decrypt(cipher->gcm, module, cipher->file->aad, place, out);
}

/* Where the module would be right: the same but for one ordinal. */
static bool find_place(const struct tarn__column_cipher *cipher, const struct tarn__module *module, struct tarn__module_place place,
                       uint8_t *scratch, struct tarn__module_place *out)
{
    const bool paged = place.type == TARN__MODULE_DATA_PAGE || place.type == TARN__MODULE_DATA_PAGE_HEADER;
    const uint32_t counts[3] = {paged ? UINT32_MAX : 0, cipher->file->columns, cipher->file->row_groups};
    size_t tried = 0;
    for (uint32_t i = 0; i < MOST_TRIES / 3 && tried < MOST_TRIED_BYTES; i++) {
        for (unsigned which = 0; which < 3; which++) {
            *out = place;
            uint16_t *ordinal = which == 0 ? &out->page : which == 1 ? &out->column : &out->row_group;
            if (i >= counts[which] || *ordinal == i) {
                continue;
            }
            *ordinal = (uint16_t)i;
            tried += module->text.size + TARN__AES_TAG;
            if (decrypt(cipher, module, out, scratch)) {
                return true;
            }
        }
    }
    return false;
}

/* The tag is wrong. `scratch` has room for the text. */
static enum tarn_status wrong_tag(const struct tarn__column_cipher *cipher, const struct tarn__module *module,
                                  const struct tarn__module_place *place, uint8_t *scratch, struct tarn_error *err)
{
    struct tarn__module_place other;
    if (place->type == TARN__MODULE_COLUMN_METADATA && cipher->own_key) {
        return tarn__error_set(err, TARN_AUTH, "column_key",
                               "the column's metadata cannot be decrypted: its key is wrong, or they were changed or moved");
    }
    if (err != NULL && find_place(cipher, module, *place, scratch, &other)) {
        memset(scratch, 0, module->text.size);
        return tarn__corrupt(
            err, "module_moved",
            "an encrypted module stands where another belongs: it is of row group %u, column %u, page %u, and stands at %u, %u, %u",
            other.row_group, other.column, other.page, place->row_group, place->column, place->page);
    }
    return tarn__corrupt(err, "module_tag", "an encrypted module was changed, or is of another place or file: its tag is wrong");
}

enum tarn_status tarn__column_cipher_module(struct tarn__column_cipher *cipher, enum tarn__module_type type, struct tarn_span stored,
                                            struct tarn_arena *arena, struct tarn_span *plain, size_t *stored_size, struct tarn_error *err)
{
    struct tarn__module module;
    *plain = stored;
    if (stored_size != NULL) {
        *stored_size = stored.size;
    }
    if (cipher == NULL) {
        return TARN_OK;
    }
    const struct tarn__module_place place = place_of(cipher, type, 0);
    *plain = (struct tarn_span){NULL, 0};
    TARN_RETURN_IF_ERROR(tarn__module_parse(stored, true, &module, err));
    uint8_t *out = tarn__arena_alloc(arena, module.text.size + 1);
    if (out == NULL) {
        return tarn__nomem(cipher->file->env, err, module.text.size);
    }
    if (!decrypt(cipher, &module, &place, out)) {
        return wrong_tag(cipher, &module, &place, out, err);
    }
    if (stored_size != NULL) {
        *stored_size = module.stored_size;
    }
    *plain = (struct tarn_span){out, module.text.size};
    return TARN_OK;
}

/* ---- pages ---- */

static uint8_t *buffer_room(const struct tarn__column_cipher *cipher, struct tarn_buffer **buffer, size_t size)
{
    if (*buffer == NULL) {
        *buffer = tarn__buffer_new(cipher->file->env, size);
        return *buffer != NULL ? (*buffer)->data : NULL;
    }
    return tarn__buffer_resize(*buffer, size) ? (*buffer)->data : NULL;
}

uint8_t *tarn__column_cipher_room(struct tarn__column_cipher *cipher, size_t size)
{
    return buffer_room(cipher, &cipher->room, size);
}

enum tarn_status tarn__column_cipher_page_header(struct tarn__column_cipher *cipher, struct tarn_span stored, uint32_t page,
                                                 bool dictionary_first, struct tarn__page_header_module *out, struct tarn_error *err)
{
    struct tarn__module module;
    if (page > TARN__MODULE_MOST_ORDINAL) {
        return tarn__corrupt(err, "module_ordinal", "an encrypted column chunk with more than %d data pages",
                             TARN__MODULE_MOST_ORDINAL + 1);
    }
    TARN_RETURN_IF_ERROR(tarn__module_parse(stored, true, &module, err));
    uint8_t *plain = buffer_room(cipher, &cipher->header, module.text.size);
    if (plain == NULL) {
        return tarn__nomem(cipher->file->env, err, module.text.size);
    }
    const struct tarn__module_place data = place_of(cipher, TARN__MODULE_DATA_PAGE_HEADER, page);
    const struct tarn__module_place dictionary = place_of(cipher, TARN__MODULE_DICTIONARY_PAGE_HEADER, 0);
    const struct tarn__module_place *first = dictionary_first ? &dictionary : &data;
    const struct tarn__module_place *second = dictionary_first ? &data : &dictionary;
    const struct tarn__module_place *right = decrypt(cipher, &module, first, plain)    ? first
                                             : decrypt(cipher, &module, second, plain) ? second
                                                                                       : NULL;
    if (right == NULL) {
        return wrong_tag(cipher, &module, &data, plain, err);
    }
    *out = (struct tarn__page_header_module){{plain, module.text.size}, (uint32_t)module.stored_size, right == &dictionary};
    return TARN_OK;
}

static bool is_module_of(struct tarn_span stored, size_t at)
{
    return stored.size >= at && stored.size - at >= 4 && tarn__load32(stored.data + at) == stored.size - at - 4;
}

enum tarn_status tarn__column_cipher_body(const struct tarn__column_cipher *cipher, struct tarn_span stored, size_t levels,
                                          struct tarn__page_body_module *out, struct tarn_error *err)
{
    const bool java = levels != 0 && is_module_of(stored, levels);
    const bool whole = is_module_of(stored, 0);
    *out = (struct tarn__page_body_module){.stored = stored};
    out->clear = java && !whole ? levels : 0;
    out->maybe_clear = java && whole ? levels : 0;
    struct tarn_span rest = stored;
    tarn__span_take(&rest, out->clear);
    if (!java && !whole) {
        return tarn__corrupt(err, "module_length", "the encrypted page of %zu bytes holds no module of that length", stored.size);
    }
    TARN_RETURN_IF_ERROR(tarn__module_parse(rest, cipher->ctr == NULL, &out->module, err));
    out->plain_size = out->clear + out->module.text.size;
    return TARN_OK;
}

/* With `clear` bytes before the module, as body->clear says, or the other way round. */
static bool decrypt_from(struct tarn__column_cipher *cipher, const struct tarn__page_body_module *body,
                         const struct tarn__module_place *place, uint8_t *out)
{
    if (body->clear != 0) {
        memcpy(out, body->stored.data, body->clear);
    }
    return cipher->ctr != NULL ? tarn__aes_ctr_decrypt(cipher->ctr, body->module.nonce, body->module.text, out + body->clear)
                               : decrypt(cipher, &body->module, place, out + body->clear);
}

enum tarn_status tarn__column_cipher_decrypt_body(struct tarn__column_cipher *cipher, const struct tarn__page_body_module *body,
                                                  bool is_dictionary, uint32_t page, uint8_t *out, struct tarn_error *err)
{
    const struct tarn__module_place place =
        is_dictionary ? place_of(cipher, TARN__MODULE_DICTIONARY_PAGE, 0) : place_of(cipher, TARN__MODULE_DATA_PAGE, page);
    if (decrypt_from(cipher, body, &place, out)) {
        return TARN_OK;
    }
    if (body->maybe_clear != 0 && cipher->ctr == NULL) {
        struct tarn__page_body_module other = {.stored = body->stored, .clear = body->maybe_clear};
        struct tarn_span rest = body->stored;
        tarn__span_take(&rest, other.clear);
        if (tarn__module_parse(rest, true, &other.module, NULL) == TARN_OK && decrypt_from(cipher, &other, &place, out)) {
            return TARN_OK;
        }
    }
    if (cipher->ctr != NULL) {
        return tarn__internal(err, "libcrypto refused to decrypt");
    }
    return wrong_tag(cipher, &body->module, &place, out, err);
}
