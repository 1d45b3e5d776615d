/* SPDX-License-Identifier: Apache-2.0
 *
 * Avro object container files, read.
 *
 * Specification: Avro 1.12, "Binary Encoding", "Object Container Files". SPEC: A-FILE-1 to A-FILE-8, A-CODEC-1 to A-CODEC-4.
 *
 * Invariants
 *  1. at <= end, both in the file's bytes or in the unpacked block; nothing is read before it is known to lie before `end`.
 *  2. `left` data of the block were not begun yet; when it is 0 and the last one was read, `at` is `end`.
 *  3. A count is believed only where the bytes left can hold that many items; items without bytes are few.
 */
#include "format/avro/avro_reader.h"

#include <stdarg.h>
#include <stdio.h>

#include "format/base/checked.h"
#include "format/base/hash.h"
#include "format/base/text.h"
#include "format/base/utf8.h"
#include "format/codec/codec.h"
#include "format/codec/deflate.h"
#include "format/codec/snappy.h"

enum { SYNC = 16, MAGIC = 4, MOST_EMPTY = 1 << 20 };

enum codec { CODEC_NULL, CODEC_DEFLATE, CODEC_ZSTD, CODEC_SNAPPY };

struct pair {
    struct tarn_text key;
    struct tarn_text value;
};

struct tarn__avro_file {
    struct tarn_env *env;
    struct tarn_span bytes;
    size_t next; /* where the next block begins */
    const uint8_t *sync;
    enum codec codec;
    struct tarn_arena arena;
    struct pair *pairs;
    size_t pair_count;
    size_t pair_capacity;
    const struct tarn__avro_type *root;
    uint64_t left;        /* data of the block that were not begun */
    uint64_t block;       /* where the block's bytes begin in the file */
    const uint8_t *begin; /* of the block as it is read */
    bool packed;
    struct tarn_text_builder unpacked;
    struct tarn__deflate *deflate;
    struct tarn_codec_context *zstd;
};

static enum tarn_status fail_va(const struct tarn__avro_reader *reader, struct tarn_error *err, const char *detail, const char *format,
                                va_list args)
{
    const struct tarn__avro_file *file = reader->file;
    char what[256];
    vsnprintf(what, sizeof(what), format, args);
    const uint64_t at = (uint64_t)(reader->at - file->begin);
    if (file->packed) {
        tarn__corrupt(err, detail, "%s (byte %llu of the unpacked block)", what, (unsigned long long)at);
    } else {
        tarn__corrupt(err, detail, "%s", what);
    }
    tarn__error_at_offset(err, file->packed ? file->block : file->block + at);
    return TARN_CORRUPT;
}

enum tarn_status tarn__avro_fail(const struct tarn__avro_reader *reader, struct tarn_error *err, const char *detail, const char *format,
                                 ...)
{
    va_list args;
    va_start(args, format);
    fail_va(reader, err, detail, format, args);
    va_end(args);
    return TARN_CORRUPT;
}

static enum tarn_status bad_value(const struct tarn__avro_reader *reader, struct tarn_error *err, const char *what)
{
    return tarn__avro_fail(reader, err, "avro.value", "%s", what);
}

/* ---- values ---- */

static inline size_t rest(const struct tarn__avro_reader *reader)
{
    return (size_t)(reader->end - reader->at);
}

/* A zigzag varint of up to ten bytes, false when it does not end by then. Bits above the 64th are dropped: writers exist that set them. */
static inline bool take_long(struct tarn__avro_reader *reader, int64_t *out)
{
    const uint8_t *at = reader->at;
    const uint8_t *end = reader->end;
    uint64_t bits = 0;
    for (unsigned shift = 0; at != end && shift < 70; shift += 7) {
        const uint8_t byte = *at++;
        bits |= shift < 64 ? (uint64_t)(byte & 0x7f) << shift : 0;
        if (byte < 0x80) {
            reader->at = at;
            *out = (int64_t)(bits >> 1) ^ -(int64_t)(bits & 1);
            return true;
        }
    }
    return false;
}

enum tarn_status tarn__avro_long(struct tarn__avro_reader *reader, int64_t *out, struct tarn_error *err)
{
    if (take_long(reader, out)) {
        return TARN_OK;
    }
    *out = 0;
    return bad_value(reader, err, "a number of Avro is cut or longer than ten bytes");
}

enum tarn_status tarn__avro_int(struct tarn__avro_reader *reader, int32_t *out, struct tarn_error *err)
{
    int64_t value;
    *out = 0;
    TARN_RETURN_IF_ERROR(tarn__avro_long(reader, &value, err));
    if (value < INT32_MIN || value > INT32_MAX) {
        return bad_value(reader, err, "an int of Avro does not fit in 32 bits");
    }
    *out = (int32_t)value;
    return TARN_OK;
}

enum tarn_status tarn__avro_branch(struct tarn__avro_reader *reader, const struct tarn__avro_type *type,
                                   const struct tarn__avro_type **actual, struct tarn_error *err)
{
    *actual = type;
    if (type->kind != TARN_AVRO_UNION) {
        return TARN_OK;
    }
    int64_t branch;
    *actual = NULL;
    TARN_RETURN_IF_ERROR(tarn__avro_long(reader, &branch, err));
    if (branch < 0 || branch >= type->count) {
        return bad_value(reader, err, "a union of Avro has no such branch");
    }
    const struct tarn__avro_type *chosen = type->branches[branch];
    *actual = chosen->kind != TARN_AVRO_NULL ? chosen : NULL;
    return TARN_OK;
}

enum tarn_status tarn__avro_fixed(struct tarn__avro_reader *reader, uint32_t size, struct tarn_span *out, struct tarn_error *err)
{
    *out = (struct tarn_span){NULL, 0};
    if (size > rest(reader)) {
        return bad_value(reader, err, "a value of Avro is longer than its block");
    }
    *out = (struct tarn_span){reader->at, size};
    reader->at += size;
    return TARN_OK;
}

enum tarn_status tarn__avro_bool(struct tarn__avro_reader *reader, bool *out, struct tarn_error *err)
{
    struct tarn_span byte;
    *out = false;
    TARN_RETURN_IF_ERROR(tarn__avro_fixed(reader, 1, &byte, err));
    if (byte.data[0] > 1) {
        return bad_value(reader, err, "a boolean of Avro is neither 0 nor 1");
    }
    *out = byte.data[0] == 1;
    return TARN_OK;
}

enum tarn_status tarn__avro_float(struct tarn__avro_reader *reader, float *out, struct tarn_error *err)
{
    struct tarn_span bytes;
    *out = 0;
    TARN_RETURN_IF_ERROR(tarn__avro_fixed(reader, sizeof(*out), &bytes, err));
    const uint32_t bits = tarn__load32(bytes.data);
    memcpy(out, &bits, sizeof(*out));
    return TARN_OK;
}

enum tarn_status tarn__avro_double(struct tarn__avro_reader *reader, double *out, struct tarn_error *err)
{
    struct tarn_span bytes;
    *out = 0;
    TARN_RETURN_IF_ERROR(tarn__avro_fixed(reader, sizeof(*out), &bytes, err));
    const uint64_t bits = tarn__load64(bytes.data);
    memcpy(out, &bits, sizeof(*out));
    return TARN_OK;
}

enum tarn_status tarn__avro_bytes(struct tarn__avro_reader *reader, struct tarn_span *out, struct tarn_error *err)
{
    int64_t size;
    *out = (struct tarn_span){NULL, 0};
    TARN_RETURN_IF_ERROR(tarn__avro_long(reader, &size, err));
    if (size < 0 || (uint64_t)size > rest(reader)) {
        return bad_value(reader, err, "a string of Avro is longer than its block");
    }
    *out = (struct tarn_span){reader->at, (size_t)size};
    reader->at += size;
    return TARN_OK;
}

enum tarn_status tarn__avro_string(struct tarn__avro_reader *reader, struct tarn_text *out, struct tarn_error *err)
{
    struct tarn_span bytes;
    *out = (struct tarn_text){NULL, 0};
    TARN_RETURN_IF_ERROR(tarn__avro_bytes(reader, &bytes, err));
    const struct tarn_text text = {(const char *)bytes.data, bytes.size};
    if (!tarn__utf8_is_valid(text)) {
        return bad_value(reader, err, "a string of Avro is no UTF-8");
    }
    *out = text;
    return TARN_OK;
}

/* Can the bytes left hold so many items, each of at least `least` bytes? */
static enum tarn_status check_count(const struct tarn__avro_reader *reader, uint64_t count, uint64_t least, struct tarn_error *err)
{
    if (least == 0 && count > MOST_EMPTY) {
        tarn__avro_fail(reader, err, "avro.block", "there are more than %d values without bytes", MOST_EMPTY);
        return tarn__error_recode(err, TARN_LIMIT);
    }
    return least == 0 || count <= rest(reader) / least ? TARN_OK : bad_value(reader, err, "a block says that it holds more than its bytes");
}

/* The count of the next items. Where the file says what they take nothing follows from it: one that lies is read and skipped alike. */
static enum tarn_status take_count(struct tarn__avro_reader *reader, uint64_t least, uint64_t *count, struct tarn_error *err)
{
    int64_t stored;
    int64_t bytes;
    *count = 0;
    TARN_RETURN_IF_ERROR(tarn__avro_long(reader, &stored, err));
    if (stored < 0) {
        TARN_RETURN_IF_ERROR(tarn__avro_long(reader, &bytes, err));
        if (stored == INT64_MIN || bytes < 0 || (uint64_t)bytes > rest(reader)) {
            return bad_value(reader, err, "the items of an array or map are longer than their block");
        }
        stored = -stored;
    }
    TARN_RETURN_IF_ERROR(check_count(reader, (uint64_t)stored, least, err));
    *count = (uint64_t)stored;
    return TARN_OK;
}

static uint64_t least_item(const struct tarn__avro_type *type)
{
    const uint64_t least = type->element->least;
    return type->kind == TARN_AVRO_MAP && least != UINT64_MAX ? least + 1 : least;
}

enum tarn_status tarn__avro_items(struct tarn__avro_reader *reader, const struct tarn__avro_type *type, uint64_t *count,
                                  struct tarn_error *err)
{
    return take_count(reader, least_item(type), count, err);
}

static enum tarn_status skip_items(struct tarn__avro_reader *reader, const struct tarn__avro_type *type, struct tarn_error *err)
{
    const struct tarn__avro_type *element = type->element;
    struct tarn_span key;
    for (;;) {
        uint64_t count;
        TARN_RETURN_IF_ERROR(take_count(reader, least_item(type), &count, err));
        if (count == 0) {
            return TARN_OK;
        }
        if (type->kind == TARN_AVRO_ARRAY && element->constant) {
            reader->at += count * element->least; /* take_count has seen that they are there */
        } else {
            for (; count != 0; count--) {
                if (type->kind == TARN_AVRO_MAP) {
                    TARN_RETURN_IF_ERROR(tarn__avro_bytes(reader, &key, err));
                }
                TARN_RETURN_IF_ERROR(tarn__avro_skip(reader, element, err));
            }
        }
    }
}

/* Recursion is bounded by the depth of the schema. */
enum tarn_status tarn__avro_skip(struct tarn__avro_reader *reader, const struct tarn__avro_type *type, struct tarn_error *err)
{
    int64_t number;
    struct tarn_span bytes;
    const struct tarn__avro_type *actual;
    if (type->constant) {
        if (type->least > rest(reader)) {
            return bad_value(reader, err, "a value of Avro is longer than its block");
        }
        reader->at += type->least;
        return TARN_OK;
    }
    switch (type->kind) {
    case TARN_AVRO_INT:
    case TARN_AVRO_LONG:
    case TARN_AVRO_ENUM:
        return tarn__avro_long(reader, &number, err);
    case TARN_AVRO_BYTES:
    case TARN_AVRO_STRING:
        return tarn__avro_bytes(reader, &bytes, err);
    case TARN_AVRO_ARRAY:
    case TARN_AVRO_MAP:
        return skip_items(reader, type, err);
    case TARN_AVRO_UNION:
        TARN_RETURN_IF_ERROR(tarn__avro_branch(reader, type, &actual, err));
        return actual != NULL ? tarn__avro_skip(reader, actual, err) : TARN_OK;
    default:
        for (uint32_t i = 0; i < type->count; i++) {
            TARN_RETURN_IF_ERROR(tarn__avro_skip(reader, type->fields[i].type, err));
        }
        return TARN_OK;
    }
}

/* ---- blocks ---- */

static enum tarn_status bad_block(const struct tarn__avro_file *file, struct tarn_error *err, const char *detail, const char *what)
{
    tarn__corrupt(err, detail, "%s", what);
    tarn__error_at_offset(err, file->block);
    return TARN_CORRUPT;
}

static enum tarn_status need_codec(struct tarn__avro_file *file, struct tarn_error *err)
{
    if (file->codec == CODEC_DEFLATE && file->deflate == NULL) {
        return tarn__deflate_open(file->env, &file->deflate, err);
    }
    if (file->codec == CODEC_ZSTD && file->zstd == NULL) {
        return tarn__codec_context_open(file->env, &file->zstd, err);
    }
    return TARN_OK;
}

static enum tarn_status unpack_snappy(struct tarn__avro_file *file, struct tarn_span in, struct tarn_error *err)
{
    enum { CRC = 4, MOST_RATIO = 32 };
    size_t size;
    tarn__builder_clear(&file->unpacked);
    if (in.size < CRC) {
        return bad_block(file, err, "avro.codec", "a snappy block is too short for its checksum");
    }
    const uint32_t crc = tarn__load32_be(in.data + in.size - CRC);
    in.size -= CRC;
    if (!tarn__snappy_size(in, &size) || size / MOST_RATIO > in.size || size > TARN_AVRO_MOST_BLOCK) {
        return bad_block(file, err, "avro.codec", "a snappy block does not unpack: it is damaged");
    }
    char *at = tarn__builder_reserve(&file->unpacked, size);
    if (at == NULL) {
        return tarn__builder_status(&file->unpacked, err);
    }
    if (!tarn__snappy_decode(in, (uint8_t *)at, size)) {
        return bad_block(file, err, "avro.codec", "a snappy block does not unpack: it is damaged");
    }
    if (tarn__crc32(0, at, size) != crc) {
        return bad_block(file, err, "avro.crc", "the checksum of a snappy block does not match");
    }
    file->unpacked.size = size;
    return TARN_OK;
}

static enum tarn_status unpack(struct tarn__avro_file *file, struct tarn_span in, struct tarn_error *err)
{
    enum tarn_status status;
    TARN_RETURN_IF_ERROR(need_codec(file, err));
    switch (file->codec) {
    case CODEC_DEFLATE:
        status = tarn__deflate_unpack(file->deflate, TARN_DEFLATE_RAW, in, TARN_AVRO_MOST_BLOCK, &file->unpacked, err);
        break;
    case CODEC_ZSTD:
        status = tarn__codec_unpack_zstd(file->zstd, in, TARN_AVRO_MOST_BLOCK, &file->unpacked, err);
        break;
    default:
        return unpack_snappy(file, in, err);
    }
    if (status == TARN_CORRUPT) {
        return bad_block(file, err, "avro.codec", "a block does not unpack: it is damaged or cut");
    }
    return status;
}

/* `next` stands at a block. */
static enum tarn_status load_block(struct tarn__avro_reader *reader, struct tarn_error *err)
{
    struct tarn__avro_file *file = reader->file;
    struct tarn__avro_reader head = {file->bytes.data + file->next, file->bytes.data + file->bytes.size, file};
    int64_t count;
    int64_t size;
    file->block = file->next;
    if (!take_long(&head, &count) || !take_long(&head, &size)) {
        return bad_block(file, err, "avro.truncated", "the Avro file ends in the head of a block");
    }
    if (count < 0 || size < 0) {
        return bad_block(file, err, "avro.block", "a block of the Avro file has a negative count or size");
    }
    if ((uint64_t)size > rest(&head) || rest(&head) - (size_t)size < SYNC) {
        return bad_block(file, err, "avro.truncated", "the Avro file ends in the middle of a block");
    }
    const struct tarn_span stored = {head.at, (size_t)size};
    if (memcmp(stored.data + stored.size, file->sync, SYNC) != 0) {
        return bad_block(file, err, "avro.sync", "the marker behind a block is not that of the file");
    }
    file->next = (size_t)(stored.data - file->bytes.data) + stored.size + SYNC;
    file->block = (uint64_t)(stored.data - file->bytes.data);
    file->packed = file->codec != CODEC_NULL;
    struct tarn_span data = stored;
    if (file->packed) {
        TARN_RETURN_IF_ERROR(unpack(file, stored, err));
        data = (struct tarn_span){(const uint8_t *)file->unpacked.data, file->unpacked.size};
    }
    reader->at = file->begin = data.data;
    reader->end = data.data + data.size;
    TARN_RETURN_IF_ERROR(check_count(reader, (uint64_t)count, file->root->least, err));
    file->left = (uint64_t)count;
    return TARN_OK;
}

enum tarn_status tarn__avro_next(struct tarn__avro_reader *reader, bool *more, struct tarn_error *err)
{
    struct tarn__avro_file *file = reader->file;
    *more = false;
    while (file->left == 0) {
        if (reader->at != reader->end) {
            return tarn__avro_fail(reader, err, "avro.block", "a block has %zu bytes behind its last datum", rest(reader));
        }
        if (file->next == file->bytes.size) {
            return TARN_OK;
        }
        TARN_RETURN_IF_ERROR(tarn__check_cancelled(file->env, err));
        TARN_RETURN_IF_ERROR(load_block(reader, err));
    }
    file->left--;
    *more = true;
    return TARN_OK;
}

/* ---- the header ---- */

static enum tarn_status add_pair(struct tarn__avro_file *file, struct pair pair, struct tarn_error *err)
{
    if (!tarn__grow(file->env, &file->pairs, &file->pair_capacity, file->pair_count + 1, sizeof(pair))) {
        return tarn__nomem(file->env, err, (file->pair_count + 1) * sizeof(pair));
    }
    file->pairs[file->pair_count++] = pair;
    return TARN_OK;
}

static enum tarn_status read_pairs(struct tarn__avro_reader *reader, struct tarn_error *err)
{
    enum { LEAST_PAIR = 2 };
    for (;;) {
        uint64_t count;
        TARN_RETURN_IF_ERROR(take_count(reader, LEAST_PAIR, &count, err));
        if (count == 0) {
            return TARN_OK;
        }
        for (; count != 0; count--) {
            struct pair pair;
            struct tarn_span value;
            TARN_RETURN_IF_ERROR(tarn__avro_string(reader, &pair.key, err));
            TARN_RETURN_IF_ERROR(tarn__avro_bytes(reader, &value, err));
            pair.value = (struct tarn_text){(const char *)value.data, value.size};
            TARN_RETURN_IF_ERROR(add_pair(reader->file, pair, err));
        }
    }
}

static enum tarn_status read_codec(struct tarn__avro_reader *reader, struct tarn_error *err)
{
    static const char *const names[] = {"null", "deflate", "zstandard", "snappy"};
    struct tarn_text name = TARN_TEXT("null");
    tarn__avro_metadata(reader, TARN_TEXT("avro.codec"), &name);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (tarn__text_equal(name, tarn__text_of(names[i]))) {
            reader->file->codec = (enum codec)i;
            return TARN_OK;
        }
    }
    return tarn__unsupported(err, "avro.codec", "Avro files compressed with '%.*s' are not read; null, deflate, zstandard, snappy are",
                             TARN_TEXT_ARG(name));
}

static enum tarn_status read_header(struct tarn__avro_reader *reader, struct tarn_error *err)
{
    struct tarn__avro_file *file = reader->file;
    if (rest(reader) < MAGIC || memcmp(reader->at, "Obj\1", MAGIC) != 0) {
        return tarn__avro_fail(reader, err, "avro.header", "the file does not begin as an Avro file does");
    }
    reader->at += MAGIC;
    TARN_RETURN_IF_ERROR(read_pairs(reader, err));
    if (rest(reader) < SYNC) {
        return tarn__avro_fail(reader, err, "avro.truncated", "the Avro file ends in its header");
    }
    file->sync = reader->at;
    file->next = (size_t)(reader->at + SYNC - file->bytes.data);
    TARN_RETURN_IF_ERROR(read_codec(reader, err));
    struct tarn_text schema;
    if (!tarn__avro_metadata(reader, TARN_TEXT("avro.schema"), &schema)) {
        return tarn__avro_fail(reader, err, "avro.header", "the Avro file has no schema");
    }
    const uint64_t base = (uint64_t)((const uint8_t *)schema.data - file->bytes.data);
    return tarn__avro_schema_parse(&file->arena, schema, base, TARN_CORRUPT, &file->root, err);
}

enum tarn_status tarn__avro_open(struct tarn_env *env, struct tarn_span bytes, struct tarn__avro_reader *reader, struct tarn_error *err)
{
    *reader = (struct tarn__avro_reader){NULL, NULL, NULL};
    struct tarn__avro_file *file = tarn__calloc(env, 1, sizeof(*file));
    if (file == NULL) {
        return tarn__nomem(env, err, sizeof(*file));
    }
    bytes.data = bytes.data != NULL ? bytes.data : (const uint8_t *)"";
    file->env = env;
    file->bytes = bytes;
    file->begin = bytes.data;
    tarn__arena_init(&file->arena, env);
    tarn__builder_init(&file->unpacked, env);
    *reader = (struct tarn__avro_reader){bytes.data, bytes.data + bytes.size, file};
    const enum tarn_status status = read_header(reader, err);
    if (status != TARN_OK) {
        tarn__avro_close(reader);
        return status;
    }
    reader->at = reader->end = file->begin; /* before the first block */
    return TARN_OK;
}

void tarn__avro_close(struct tarn__avro_reader *reader)
{
    struct tarn__avro_file *file = reader->file;
    if (file != NULL) {
        tarn__deflate_close(file->deflate);
        tarn__codec_context_close(file->zstd);
        tarn__builder_free(&file->unpacked);
        tarn__free(file->env, file->pairs);
        tarn__arena_free(&file->arena);
        tarn__free(file->env, file);
    }
    *reader = (struct tarn__avro_reader){NULL, NULL, NULL};
}

bool tarn__avro_metadata(const struct tarn__avro_reader *reader, struct tarn_text key, struct tarn_text *value)
{
    struct tarn_text name;
    struct tarn_text found;
    for (size_t i = 0; tarn__avro_metadata_at(reader, i, &name, &found); i++) {
        if (tarn__text_equal(name, key)) {
            *value = found;
            return true;
        }
    }
    return false;
}

bool tarn__avro_metadata_at(const struct tarn__avro_reader *reader, size_t i, struct tarn_text *key, struct tarn_text *value)
{
    if (i >= reader->file->pair_count) {
        return false;
    }
    *key = reader->file->pairs[i].key;
    *value = reader->file->pairs[i].value;
    return true;
}

const struct tarn__avro_type *tarn__avro_root(const struct tarn__avro_reader *reader)
{
    return reader->file->root;
}
