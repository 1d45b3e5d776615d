/* SPDX-License-Identifier: Apache-2.0
 *
 * Footers, found and decoded; their checksum.
 *
 * Specification: Parquet README, "File format"; the tarn table profile, "Footer checksum". SPEC: P-FOOTER-1 to P-FOOTER-4, P-FOOTER-9,
 * P-FOOTER-10.
 *
 * Invariants
 *  1. The bytes of the metadata belong to the footer before they are decoded: what is decoded points into them.
 *  2. Nothing of a footer is handed out before footer_check.c has passed it.
 */
#include "format/column/footer.h"

#include <stdatomic.h>

#include "format/base/checked.h"
#include "format/base/hash.h"
#include "format/base/utf8.h"
#include "format/column/footer_check.h"
#include "format/column/footer_crypt.h"
#include "format/column/footer_pass.h"

enum {
    MAGIC = 4,
    TRAILER = 8,         /* length of the metadata, magic */
    TAIL = 64 << 10,     /* read at once, in the hope that the metadata is in it */
    CHECKSUM_DIGITS = 16 /* of the checksum's value */
};

struct owned_footer {
    struct tarn_footer footer; /* first: a footer's address is its owner's */
    atomic_uint references;
};

struct tarn_footer *tarn__footer_retain(struct tarn_footer *footer)
{
    atomic_fetch_add_explicit(&((struct owned_footer *)footer)->references, 1, memory_order_relaxed);
    return footer;
}

void tarn__footer_release(struct tarn_footer *footer)
{
    struct owned_footer *owned = (struct owned_footer *)footer;
    if (footer == NULL || atomic_fetch_sub_explicit(&owned->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    struct tarn_env *env = footer->env;
    tarn__file_cipher_close(footer->cipher);
    tarn__file_schema_free(footer->schema);
    tarn__arena_free(&footer->arena);
    tarn__free(env, (void *)(uintptr_t)footer->bytes.data);
    tarn__free(env, owned);
    tarn_env_close(env);
}

static enum tarn_status footer_new(struct tarn_env *env, struct tarn_footer **out, struct tarn_error *err)
{
    struct owned_footer *owned = tarn__calloc(env, 1, sizeof(*owned));
    *out = NULL;
    if (owned == NULL) {
        return tarn__nomem(env, err, sizeof(*owned));
    }
    atomic_init(&owned->references, 1);
    owned->footer.env = tarn__env_retain(env);
    tarn__arena_init(&owned->footer.arena, env);
    *out = &owned->footer;
    return TARN_OK;
}

/* ---- checksum ---- */

static void print_hex(uint64_t value, char out[CHECKSUM_DIGITS])
{
    for (int i = 0; i < CHECKSUM_DIGITS; i++) {
        out[i] = "0123456789abcdef"[value >> (60 - 4 * i) & 15];
    }
}

static const struct parquet_key_value *find_key(const struct parquet_file_metadata *metadata, struct tarn_text key)
{
    for (uint32_t i = 0; i < metadata->key_value_metadata.count; i++) {
        if (tarn__text_equal(metadata->key_value_metadata.items[i].key, key)) {
            return &metadata->key_value_metadata.items[i];
        }
    }
    return NULL;
}

struct tarn_text tarn__footer_key(const struct parquet_file_metadata *metadata, struct tarn_text key)
{
    const struct parquet_key_value *pair = find_key(metadata, key);
    return pair != NULL && pair->has_value ? pair->value : (struct tarn_text){NULL, 0};
}

/*
 * Was there a checksum before a flip hid it? In the name of its key, when tarn says that it wrote the footer; in what makes it a key (the
 * struct ends early, a field has another number), when the name still stands behind the row groups.
 */
static bool lost_checksum(const struct tarn_footer *footer)
{
    size_t behind = 0;
    if (footer->metadata.row_groups.count != 0) {
        const struct tarn_footer_group *last = &footer->groups[footer->metadata.row_groups.count - 1];
        behind = last->chunk_count != 0 ? last->offsets[last->chunk_count] : 0;
    }
    return tarn__text_starts(footer->metadata.created_by, TARN_TEXT("tarn version ")) ||
           memmem(footer->bytes.data + behind, footer->bytes.size - behind, TARN_FOOTER_CHECKSUM_KEY,
                  sizeof(TARN_FOOTER_CHECKSUM_KEY) - 1) != NULL;
}

/* `bytes` are the footer's own copy, in which the digits are zeros for as long as the hash takes. The signature behind a plain footer
 * was made of it with the checksum, and is no part of what that is of. */
static enum tarn_status verify_checksum(struct tarn_footer *footer, uint8_t *bytes, bool is_signed, struct tarn_error *err)
{
    const struct parquet_key_value *pair = find_key(&footer->metadata, tarn__text_of(TARN_FOOTER_CHECKSUM_KEY));
    char expected[CHECKSUM_DIGITS];
    char stored[CHECKSUM_DIGITS];
    if (pair == NULL) {
        return !lost_checksum(footer) ? TARN_OK : tarn__corrupt(err, "footer_checksum", "the footer is tarn's and has no checksum");
    }
    footer->has_checksum = true;
    if (!pair->has_value || pair->value.size != CHECKSUM_DIGITS) {
        return tarn__corrupt(err, "footer_checksum", "the footer's checksum is no number of %d digits", CHECKSUM_DIGITS);
    }
    const size_t behind = is_signed && footer->bytes.size > TARN__FOOTER_SIGNATURE ? TARN__FOOTER_SIGNATURE : 0;
    uint8_t *digits = bytes + ((const uint8_t *)pair->value.data - footer->bytes.data);
    memcpy(stored, digits, CHECKSUM_DIGITS);
    memset(digits, '0', CHECKSUM_DIGITS);
    print_hex(tarn__hash_bytes(footer->bytes.data, footer->bytes.size - behind, 0), expected);
    memcpy(digits, stored, CHECKSUM_DIGITS);
    return memcmp(stored, expected, CHECKSUM_DIGITS) == 0 ? TARN_OK
                                                          : tarn__corrupt(err, "footer_checksum", "the footer does not match its checksum");
}

/* ---- decoding ---- */

static enum tarn_status properties_of(struct tarn_footer *footer, struct tarn_property **out, struct tarn_error *err)
{
    const uint32_t count = footer->metadata.key_value_metadata.count;
    *out = tarn__arena_calloc(&footer->arena, count != 0 ? count : 1, sizeof(**out));
    if (*out == NULL) {
        return tarn__nomem(footer->env, err, (uint64_t)count * sizeof(**out));
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct parquet_key_value *pair = &footer->metadata.key_value_metadata.items[i];
        (*out)[i] = (struct tarn_property){pair->key, pair->has_value ? pair->value : TARN_TEXT("")};
    }
    return TARN_OK;
}

/* `bytes` are the footer's. */
static enum tarn_status decode(struct tarn_footer *footer, uint8_t *bytes, const struct tarn__given_keys *given, struct tarn_error *err)
{
    struct tarn_property *properties;
    struct tarn_footer_pass pass;
    const struct parquet_file_metadata *metadata = &footer->metadata;
    TARN_RETURN_IF_ERROR(tarn__footer_pass(footer, &pass, err));
    TARN_RETURN_IF_ERROR(tarn__footer_verify(footer, given, pass.used, err));
    const bool is_signed = metadata->has_encryption_algorithm && !footer->is_encrypted;
    if (footer->is_encrypted) {
        footer->metadata.has_encryption_algorithm = true;
        footer->metadata.encryption_algorithm = footer->algorithm;
    }
    TARN_RETURN_IF_ERROR(verify_checksum(footer, bytes, is_signed, err));
    TARN_RETURN_IF_ERROR(properties_of(footer, &properties, err));
    TARN_RETURN_IF_ERROR(tarn__file_schema_read(&footer->arena, metadata->schema.count, metadata->schema.items,
                                                metadata->key_value_metadata.count, properties, &footer->schema, err));
    TARN_RETURN_IF_ERROR(tarn__footer_check(footer, !tarn__footer_pass_is_proof(footer, &pass), err));
    footer->has_short_chunks = tarn__footer_has_short_chunks(metadata->created_by);
    if (footer->cipher != NULL) {
        tarn__file_cipher_set_shape(footer->cipher, metadata->row_groups.count, footer->schema->leaf_count);
    }
    return TARN_OK;
}

static enum tarn_status finish(struct tarn_footer *footer, uint8_t *bytes, const struct tarn__given_keys *given, enum tarn_status status,
                               struct tarn_footer **out, struct tarn_error *err)
{
    if (status == TARN_OK) {
        status = decode(footer, bytes, given, err);
    }
    if (status != TARN_OK) {
        tarn__footer_release(footer);
        return status;
    }
    *out = footer;
    return TARN_OK;
}

/* Room for the footer's bytes and the slack behind them; NULL: no memory. */
static uint8_t *new_bytes(struct tarn_footer *footer, size_t size)
{
    uint8_t *bytes = size <= SIZE_MAX - TARN_WALK_SLACK ? tarn__alloc(footer->env, size + TARN_WALK_SLACK) : NULL;
    if (bytes != NULL) {
        memset(bytes + size, 0, TARN_WALK_SLACK);
        footer->bytes = (struct tarn_span){bytes, size};
    }
    return bytes;
}

enum tarn_status tarn__footer_decode(struct tarn_env *env, struct tarn_span bytes, uint64_t offset, uint64_t file_size,
                                     struct tarn_footer **out, struct tarn_error *err)
{
    struct tarn_footer *footer;
    *out = NULL;
    TARN_RETURN_IF_ERROR(footer_new(env, &footer, err));
    uint8_t *copy = new_bytes(footer, bytes.size);
    if (copy == NULL) {
        tarn__footer_release(footer);
        return tarn__nomem(env, err, bytes.size);
    }
    if (bytes.size != 0) {
        memcpy(copy, bytes.data, bytes.size);
    }
    footer->offset = offset;
    footer->file_size = file_size;
    return finish(footer, copy, NULL, TARN_OK, out, err);
}

/* ---- reading ---- */

static enum tarn_status read_at(struct tarn_object *object, uint64_t offset, size_t size, uint8_t *into, struct tarn_error *err)
{
    return tarn_object_read(object, 1, &(struct tarn_read_range){offset, size, into}, err);
}

/* From the last eight bytes: how long the metadata is, and whether it is encrypted. */
static enum tarn_status read_trailer(const uint8_t *trailer, uint64_t file_size, uint64_t limit, uint32_t *length, bool *encrypted,
                                     struct tarn_error *err)
{
    *encrypted = memcmp(trailer + 4, "PARE", MAGIC) == 0;
    if (!*encrypted && memcmp(trailer + 4, "PAR1", MAGIC) != 0) {
        return tarn__corrupt(err, "magic", "the file does not end in PAR1: it is no Parquet file, or its end is missing");
    }
    *length = tarn__load32(trailer);
    if (*length == 0 || *length > file_size - TRAILER - MAGIC) {
        return tarn__corrupt(err, "footer_length", "a footer of %u bytes in a file of %llu", *length, (unsigned long long)file_size);
    }
    if (*length > limit) {
        return tarn__error_set(err, TARN_LIMIT, "footer_size", "a footer of %u bytes is larger than the limit of %llu", *length,
                               (unsigned long long)limit);
    }
    return TARN_OK;
}

/* Puts the decrypted footer in the place of the stored one. */
static enum tarn_status unlock(struct tarn_footer *footer, const struct tarn__given_keys *given, struct tarn_error *err)
{
    struct tarn_arena arena;
    struct tarn_span plain;
    const struct tarn_span stored = footer->bytes;
    tarn__arena_init(&arena, footer->env);
    enum tarn_status status = tarn__footer_unlock(footer, given, stored, &arena, &plain, err);
    if (status == TARN_OK) {
        uint8_t *bytes = new_bytes(footer, plain.size);
        if (bytes != NULL) {
            memcpy(bytes, plain.data, plain.size);
            tarn__free(footer->env, (void *)(uintptr_t)stored.data);
        } else {
            status = tarn__nomem(footer->env, err, plain.size);
        }
    }
    tarn__arena_free(&arena);
    return status;
}

/* The end of the file is in `tail`. */
static enum tarn_status read_metadata(struct tarn_object *object, struct tarn_footer *footer, const struct tarn_footer_options *options,
                                      const uint8_t *tail, size_t tail_size, struct tarn_error *err)
{
    uint32_t length = 0;
    bool encrypted;
    const uint64_t limit = options->limit != 0 ? options->limit : TARN_FOOTER_LIMIT;
    TARN_RETURN_IF_ERROR(read_trailer(tail + tail_size - TRAILER, footer->file_size, limit, &length, &encrypted, err));
    const size_t known = tarn__min_size(length, tail_size - TRAILER);
    footer->offset = footer->file_size - TRAILER - length;
    uint8_t *bytes = new_bytes(footer, length);
    if (bytes == NULL) {
        return tarn__nomem(footer->env, err, length);
    }
    memcpy(bytes + length - known, tail + tail_size - TRAILER - known, known);
    if (length > known) {
        TARN_RETURN_IF_ERROR(read_at(object, footer->offset, length - known, bytes, err));
    }
    return encrypted ? unlock(footer, options->keys, err) : TARN_OK;
}

static enum tarn_status read_tail(struct tarn_object *object, struct tarn_footer *footer, const struct tarn_footer_options *options,
                                  struct tarn_error *err)
{
    const uint64_t size = footer->file_size;
    const size_t tail_size = size < TAIL ? (size_t)size : TAIL;
    uint8_t *tail = tarn__alloc(footer->env, tail_size);
    if (tail == NULL) {
        return tarn__nomem(footer->env, err, tail_size);
    }
    enum tarn_status status = read_at(object, size - tail_size, tail_size, tail, err);
    if (status == TARN_OK) {
        status = read_metadata(object, footer, options, tail, tail_size, err);
    }
    tarn__free(footer->env, tail);
    return status;
}

static enum tarn_status read_footer(struct tarn_object *object, const struct tarn_footer_options *options, struct tarn_footer **out,
                                    struct tarn_error *err)
{
    struct tarn_footer *footer;
    const uint64_t size = tarn_object_info(object).size;
    if (size < MAGIC + TRAILER) {
        return tarn__corrupt(err, "magic", "a file of %llu bytes is no Parquet file", (unsigned long long)size);
    }
    TARN_RETURN_IF_ERROR(footer_new(object->store->env, &footer, err));
    footer->file_size = size;
    const enum tarn_status status = read_tail(object, footer, options, err);
    const uint64_t offset = footer->offset;
    const enum tarn_status finished = finish(footer, (uint8_t *)(uintptr_t)footer->bytes.data, options->keys, status, out, err);
    if (finished != TARN_OK && err != NULL && err->offset >= 0 && tarn__text_equal(tarn__text_of(err->detail), TARN_TEXT("thrift"))) {
        err->offset += (int64_t)offset; /* the decoder counts from the begin of the metadata */
    }
    return finished;
}

enum tarn_status tarn__footer_open(struct tarn_object *object, const struct tarn_footer_options *options, struct tarn_footer **out,
                                   struct tarn_error *err)
{
    static const struct tarn_footer_options none = {0, NULL};
    *out = NULL;
    return read_footer(object, options != NULL ? options : &none, out, err);
}

enum tarn_status tarn__footer_read(struct tarn_object *object, uint64_t limit, struct tarn_footer **out, struct tarn_error *err)
{
    return tarn__footer_open(object, &(struct tarn_footer_options){.limit = limit}, out, err);
}

/* ---- writing ---- */

/* The keys with the checksum's behind them, its value still zeros. */
static struct parquet_key_value *with_checksum_key(const struct parquet_file_metadata *metadata, struct tarn_env *env)
{
    const uint32_t count = metadata->has_key_value_metadata ? metadata->key_value_metadata.count : 0;
    struct parquet_key_value *keys = tarn__calloc(env, (size_t)count + 1, sizeof(*keys));
    if (keys != NULL) {
        if (count != 0) {
            memcpy(keys, metadata->key_value_metadata.items, count * sizeof(*keys));
        }
        keys[count] = (struct parquet_key_value){
            .key = tarn__text_of(TARN_FOOTER_CHECKSUM_KEY), .has_value = true, .value = TARN_TEXT("0000000000000000")};
    }
    return keys;
}

/* Looks for the value of the last key of an encoded footer: FileMetaData.key_value_metadata (5), KeyValue.value (2). */
struct digits {
    bool in_keys;
    struct tarn_span found;
};

static enum tarn_status look_for_digits(void *arg, const struct tarn_thrift_item *item, struct tarn_error *err)
{
    struct digits *digits = arg;
    (void)err;
    if (item->depth == 1) {
        digits->in_keys = item->id == 5 && item->event == TARN_THRIFT_BEGIN;
    } else if (digits->in_keys && item->depth == 3 && item->id == 2) {
        digits->found = item->bytes;
    }
    return TARN_OK;
}

static enum tarn_status put_checksum(struct tarn_buffer *out, size_t begin, struct tarn_error *err)
{
    struct digits digits = {.in_keys = false};
    struct tarn_thrift_progress progress;
    const struct tarn_span encoded = {out->data + begin, out->size - begin};
    TARN_RETURN_IF_ERROR(tarn__thrift_walk(encoded, look_for_digits, &digits, &progress, err));
    if (digits.found.size != CHECKSUM_DIGITS) {
        return tarn__internal(err, "the footer's checksum key is not where it was written");
    }
    char *to = (char *)out->data + (digits.found.data - out->data);
    print_hex(tarn__hash_bytes(encoded.data, encoded.size, 0), to);
    return TARN_OK;
}

enum tarn_status tarn__footer_encode(const struct parquet_file_metadata *metadata, bool checksum, struct tarn_buffer *out,
                                     struct tarn_error *err)
{
    const size_t begin = out->size;
    struct tarn_env *env = tarn__buffer_env(out);
    struct parquet_file_metadata copy = *metadata;
    if (!checksum) {
        return tarn__thrift_encode(&tarn__parquet_file_metadata, metadata, out, err);
    }
    if (find_key(metadata, tarn__text_of(TARN_FOOTER_CHECKSUM_KEY)) != NULL) {
        return tarn__invalid(err, "footer_checksum", "the key " TARN_FOOTER_CHECKSUM_KEY " is written by tarn alone");
    }
    struct parquet_key_value *keys = with_checksum_key(metadata, env);
    if (keys == NULL) {
        return tarn__nomem(env, err, sizeof(*keys));
    }
    copy.key_value_metadata.items = keys;
    copy.key_value_metadata.count = metadata->has_key_value_metadata ? metadata->key_value_metadata.count + 1 : 1;
    copy.has_key_value_metadata = true;
    const enum tarn_status status = tarn__thrift_encode(&tarn__parquet_file_metadata, &copy, out, err);
    tarn__free(env, keys);
    TARN_RETURN_IF_ERROR(status);
    return put_checksum(out, begin, err);
}

enum tarn_status tarn__footer_write(const struct parquet_file_metadata *metadata, bool checksum, struct tarn_buffer *out,
                                    struct tarn_error *err)
{
    uint8_t trailer[TRAILER];
    const size_t begin = out->size;
    TARN_RETURN_IF_ERROR(tarn__footer_encode(metadata, checksum, out, err));
    if (out->size - begin > UINT32_MAX) {
        return tarn__invalid(err, "footer_length", "a footer of more than 4 GiB");
    }
    tarn__store32(trailer, (uint32_t)(out->size - begin));
    memcpy(trailer + 4, "PAR1", MAGIC);
    return tarn__buffer_append(out, trailer, sizeof(trailer)) ? TARN_OK : tarn__nomem(tarn__buffer_env(out), err, sizeof(trailer));
}
