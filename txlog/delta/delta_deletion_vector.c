/* SPDX-License-Identifier: Apache-2.0
 *
 * Deletion vectors: descriptors, files, bytes.
 *
 * Specification: Delta PROTOCOL.md, "Deletion Vectors", "Deletion Vector Descriptor Schema", "Deletion Vector Format".
 *
 * A file is a byte of version, 1, and any number of vectors: the size of the data (4 bytes, big-endian), the data, its CRC-32 (4 bytes,
 * big-endian). Data, also inline, is a magic number (4 bytes, little-endian) and a bitmap.
 *
 * Invariants
 *  1. No row is taken for deleted unless size, CRC and cardinality are all as they should be.
 *  2. The prefix of a relative place is a name as it is; an absolute place is a URI and percent-decoded. Neither leads out of the table.
 *  3. Nothing is read before it is known to lie inside the file, and no more than what the descriptor says.
 */
#include "txlog/delta/delta_deletion_vector.h"

#include <stdio.h>
#include <string.h>

#include "format/base/bytes.h"
#include "format/base/hash.h"
#include "format/base/utf8.h"
#include "format/base/z85.h"
#include "txlog/delta/delta_path.h"
#include "txlog/delta/delta_state.h"

enum { FILE_VERSION = 1, SIZE_BYTES = 4, CRC_BYTES = 4, MAGIC_BYTES = 4, ENCODED_UUID = 20, UUID_BYTES = 16, FIRST_OFFSET = 1 };
enum { MAGIC_NATIVE = 1681511376, MAGIC_PORTABLE = 1681511377 };

#define STORED_RELATIVE TARN_TEXT("u")
#define STORED_ABSOLUTE TARN_TEXT("p")
#define STORED_INLINE TARN_TEXT("i")

/* ---- where it lies ---- */

static void add_uuid(const uint8_t *bytes, struct tarn_text_builder *out)
{
    static const size_t dashes = 1u << 4 | 1u << 6 | 1u << 8 | 1u << 10;
    for (size_t i = 0; i < UUID_BYTES; i++) {
        if ((dashes >> i & 1) != 0) {
            tarn__builder_add_char(out, '-');
        }
        tarn__builder_add_hex(out, (struct tarn_span){bytes + i, 1});
    }
}

static enum tarn_status relative_path(struct tarn_text place, struct tarn_text_builder *out, struct tarn_error *err)
{
    struct tarn_text_builder uuid;
    if (place.size < ENCODED_UUID) {
        return tarn__corrupt(err, "deletion_vector_path", "the place \"%.*s\" of a deletion vector is too short to hold a UUID",
                             TARN_TEXT_ARG(place));
    }
    const size_t prefix = place.size - ENCODED_UUID;
    tarn__builder_init(&uuid, out->env);
    const bool legal = tarn__z85_decode((struct tarn_text){place.data + prefix, ENCODED_UUID}, &uuid);
    enum tarn_status status = tarn__builder_status(&uuid, err);
    if (status == TARN_OK && !legal) {
        status = tarn__corrupt(err, "deletion_vector_path", "the place \"%.*s\" of a deletion vector does not end with a UUID in Z85",
                               TARN_TEXT_ARG(place));
    }
    if (status == TARN_OK) {
        tarn__builder_add(out, (struct tarn_text){place.data, prefix});
        tarn__builder_add_str(out, prefix != 0 ? "/deletion_vector_" : "deletion_vector_");
        add_uuid((const uint8_t *)uuid.data, out);
        tarn__builder_add_str(out, ".bin");
    }
    tarn__builder_free(&uuid);
    return status;
}

enum tarn_status tarn__delta_vector_path(const struct tarn__deletion_vector *vector, struct tarn_text_builder *out, struct tarn_error *err)
{
    if (tarn__text_equal(vector->storage, STORED_RELATIVE)) {
        TARN_RETURN_IF_ERROR(relative_path(vector->place, out, err));
    } else if (tarn__text_equal(vector->storage, STORED_ABSOLUTE)) {
        const size_t begin = out->size;
        if (!tarn__delta_path_decode(vector->place, out) || (!out->failed && (out->size == begin || out->data[begin] != '/'))) {
            return tarn__corrupt(err, "deletion_vector_path", "the place \"%.*s\" of a deletion vector is no absolute path",
                                 TARN_TEXT_ARG(vector->place));
        }
    } else {
        return tarn__corrupt(err, "deletion_vector_storage", "a deletion vector is stored as \"%.*s\"; there are u, p and i",
                             TARN_TEXT_ARG(vector->storage));
    }
    return tarn__builder_status(out, err);
}

/* ---- its bytes ---- */

enum tarn_status tarn__delta_vector_parse(struct tarn_env *env, struct tarn_span data, uint64_t cardinality, struct tarn__roaring **out,
                                          struct tarn_error *err)
{
    struct tarn__roaring *rows = NULL;
    *out = NULL;
    if (data.size < MAGIC_BYTES) {
        return tarn__corrupt(err, "deletion_vector_size", "a deletion vector has %zu bytes", data.size);
    }
    const uint32_t magic = tarn__load32(tarn__span_take(&data, MAGIC_BYTES).data);
    if (magic == MAGIC_PORTABLE) {
        TARN_RETURN_IF_ERROR(tarn__roaring_parse(env, data, &rows, err));
    } else if (magic == MAGIC_NATIVE) {
        TARN_RETURN_IF_ERROR(tarn__roaring_parse_native(env, data, &rows, err));
    } else {
        return tarn__corrupt(err, "deletion_vector_magic", "a deletion vector begins with %u; there are %d and %d", magic, MAGIC_PORTABLE,
                             MAGIC_NATIVE);
    }
    if (rows->cardinality != cardinality) {
        const enum tarn_status status =
            tarn__corrupt(err, "deletion_vector_cardinality", "a deletion vector has %llu rows; the log says %llu",
                          (unsigned long long)rows->cardinality, (unsigned long long)cardinality);
        tarn__roaring_release(rows);
        return status;
    }
    *out = rows;
    return TARN_OK;
}

static enum tarn_status load_inline(struct tarn_env *env, const struct tarn__deletion_vector *vector, struct tarn__roaring **out,
                                    struct tarn_error *err)
{
    struct tarn_text_builder bytes;
    tarn__builder_init(&bytes, env);
    const bool legal = tarn__z85_decode(vector->place, &bytes);
    enum tarn_status status = tarn__builder_status(&bytes, err);
    if (status == TARN_OK && !legal) {
        status = tarn__corrupt(err, "deletion_vector_inline", "the text of an inline deletion vector is no Z85");
    }
    if (status == TARN_OK && (bytes.size < vector->size || bytes.size - vector->size >= MAGIC_BYTES)) {
        status = tarn__corrupt(err, "deletion_vector_size", "an inline deletion vector has %zu bytes; the log says %llu", bytes.size,
                               (unsigned long long)vector->size);
    }
    if (status == TARN_OK) {
        status = tarn__delta_vector_parse(env, (struct tarn_span){(const uint8_t *)bytes.data, (size_t)vector->size}, vector->cardinality,
                                          out, err);
    }
    tarn__builder_free(&bytes);
    return status;
}

/* The vector with its size in front and its CRC behind; `version`: the first byte of the file. */
static enum tarn_status check_stored(const struct tarn__deletion_vector *vector, const uint8_t *stored, uint8_t version,
                                     struct tarn_error *err)
{
    const uint8_t *data = stored + SIZE_BYTES;
    if (version != FILE_VERSION) {
        return tarn__corrupt(err, "deletion_vector_version", "a file of deletion vectors has version %u; there is only 1", version);
    }
    if (tarn__load32_be(stored) != vector->size) {
        return tarn__corrupt(err, "deletion_vector_size", "a deletion vector has %u bytes; the log says %llu", tarn__load32_be(stored),
                             (unsigned long long)vector->size);
    }
    const uint32_t crc = tarn__load32_be(data + vector->size);
    if (tarn__crc32(0, data, (size_t)vector->size) != crc) {
        return tarn__corrupt(err, "deletion_vector_crc", "the checksum of a deletion vector does not fit its bytes");
    }
    return TARN_OK;
}

static enum tarn_status read_stored(struct tarn_object *object, const struct tarn__deletion_vector *vector, struct tarn__roaring **out,
                                    struct tarn_error *err)
{
    struct tarn_env *env = object->store->env;
    const uint64_t around = SIZE_BYTES + CRC_BYTES;
    const uint64_t offset = vector->has_offset ? vector->offset : FIRST_OFFSET;
    const uint64_t bytes = tarn_object_info(object).size;
    if (offset < FIRST_OFFSET || offset > bytes || bytes - offset < around || vector->size > bytes - offset - around) {
        return tarn__corrupt(err, "deletion_vector_size", "a deletion vector of %llu bytes at offset %llu is not inside its file of %llu",
                             (unsigned long long)vector->size, (unsigned long long)offset, (unsigned long long)bytes);
    }
    uint8_t *stored = tarn__alloc(env, (size_t)(vector->size + around));
    if (stored == NULL) {
        return tarn__nomem(env, err, vector->size + around);
    }
    uint8_t version = 0;
    const struct tarn_read_range ranges[] = {{0, 1, &version}, {offset, (size_t)(vector->size + around), stored}};
    enum tarn_status status = tarn_object_read(object, 2, ranges, err);
    if (status == TARN_OK) {
        status = check_stored(vector, stored, version, err);
    }
    if (status == TARN_OK) {
        status =
            tarn__delta_vector_parse(env, (struct tarn_span){stored + SIZE_BYTES, (size_t)vector->size}, vector->cardinality, out, err);
    }
    tarn__free(env, stored);
    return status;
}

static enum tarn_status load_stored(const struct tarn_snapshot *snapshot, const struct tarn__deletion_vector *vector, struct tarn_text path,
                                    struct tarn__roaring **out, struct tarn_error *err)
{
    struct tarn_object *object = NULL;
    struct tarn_store *store;
    struct tarn_text key;
    TARN_RETURN_IF_ERROR(tarn__place_locate(&snapshot->place, tarn__delta_relative_path(snapshot, path), &store, &key, err));
    const enum tarn_status status = tarn_object_open(store, key, &object, err);
    if (status == TARN_NOT_FOUND) {
        return tarn__error_set(err, TARN_NOT_FOUND, "deletion_vector",
                               "a deletion vector of this version is gone: it was removed by a clean-up, or by hand");
    }
    TARN_RETURN_IF_ERROR(status);
    const enum tarn_status outcome = read_stored(object, vector, out, err);
    tarn_object_close(object);
    return outcome;
}

enum tarn_status tarn__delta_vector_load(const struct tarn_snapshot *snapshot, const struct tarn__deletion_vector *vector,
                                         struct tarn__roaring **out, struct tarn_error *err)
{
    *out = NULL;
    if (tarn__text_equal(vector->storage, STORED_INLINE)) {
        return load_inline(snapshot->env, vector, out, err);
    }
    struct tarn_text_builder path;
    tarn__builder_init(&path, snapshot->env);
    enum tarn_status status = tarn__delta_vector_path(vector, &path, err);
    if (status == TARN_OK) {
        status = load_stored(snapshot, vector, tarn__builder_text(&path), out, err);
        if (status != TARN_OK) {
            tarn__error_at_object(err, tarn__builder_text(&path));
        }
    }
    tarn__builder_free(&path);
    return status;
}

/* ---- writing ---- */

void tarn__delta_vector_file_begin(struct tarn__delta_vector_file *file, struct tarn_env *env)
{
    char uuid[37];
    uint8_t bytes[UUID_BYTES];
    struct tarn_text_builder place;
    tarn__builder_init(&file->bytes, env);
    tarn__builder_add_char(&file->bytes, FILE_VERSION);
    tarn__uuid(env, uuid);
    for (size_t i = 0, at = 0; i < UUID_BYTES; i++, at += 2) {
        at += uuid[at] == '-';
        bytes[i] = (uint8_t)(tarn__hex_value(uuid[at]) * 16 + tarn__hex_value(uuid[at + 1]));
    }
    tarn__builder_init(&place, env);
    tarn__z85_encode((struct tarn_span){bytes, UUID_BYTES}, &place);
    memset(file->place, 0, sizeof(file->place));
    if (!place.failed) {
        memcpy(file->place, place.data, ENCODED_UUID);
    }
    file->bytes.failed = file->bytes.failed || place.failed;
    tarn__builder_free(&place);
    snprintf(file->key, sizeof(file->key), "deletion_vector_%s.bin", uuid);
}

void tarn__delta_vector_file_free(struct tarn__delta_vector_file *file)
{
    tarn__builder_free(&file->bytes);
}

enum tarn_status tarn__delta_vector_file_add(struct tarn__delta_vector_file *file, const struct tarn__roaring *rows,
                                             struct tarn__deletion_vector *out, struct tarn_error *err)
{
    struct tarn_text_builder *bytes = &file->bytes;
    const size_t offset = bytes->size;
    uint8_t number[SIZE_BYTES + MAGIC_BYTES] = {0};
    tarn__store32(number + SIZE_BYTES, MAGIC_PORTABLE);
    tarn__builder_add_bytes(bytes, number, sizeof(number));
    TARN_RETURN_IF_ERROR(tarn__roaring_write(rows, bytes, err));
    const size_t size = bytes->size - offset - SIZE_BYTES;
    if (bytes->size > INT32_MAX) {
        return tarn__error_set(err, TARN_LIMIT, "deletion_vector", "the deletion vectors of one commit have more than 2 GiB");
    }
    uint8_t *data = (uint8_t *)bytes->data + offset;
    tarn__store32_be(data, (uint32_t)size);
    tarn__store32_be(number, tarn__crc32(0, data + SIZE_BYTES, size));
    tarn__builder_add_bytes(bytes, number, CRC_BYTES);
    *out = (struct tarn__deletion_vector){
        .storage = STORED_RELATIVE,
        .place = {file->place, ENCODED_UUID},
        .has_offset = true,
        .offset = offset,
        .size = size,
        .cardinality = rows->cardinality,
    };
    return tarn__builder_status(bytes, err);
}
