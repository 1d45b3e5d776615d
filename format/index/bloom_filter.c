/* SPDX-License-Identifier: Apache-2.0
 *
 * Bloom filters, read and asked.
 *
 * Specification: parquet-format BloomFilter.md; parquet.thrift, BloomFilterHeader. SPEC: P-BLOOM-1 to P-BLOOM-5.
 *
 * Invariants
 *  1. `blocks` has block_count * 32 bytes; a hash leads to a block below block_count.
 *  2. A value is denied only when every way to store a value equal to it has the hash that was asked for.
 *  3. No size out of the file is used before it was held against the file and the limit.
 */
#include "format/index/bloom_filter.h"

#include "format/base/checked.h"
#include "format/base/decimal.h"
#include "format/batch/value_decimal.h"

enum { WORDS = 8, BLOCK_BYTES = WORDS * 4, FIRST_READ = 4096, DECIMAL_BYTES = 32 };

/* ---- reading ---- */

enum tarn_status tarn__bloom_header_decode(struct tarn_span bytes, struct tarn_bloom_header *out, bool *truncated, struct tarn_error *err)
{
    struct parquet_bloom_filter_header header;
    struct tarn_thrift_progress progress;
    *out = (struct tarn_bloom_header){0, 0};
    const enum tarn_status status = tarn__thrift_decode(&tarn__parquet_bloom_filter_header, bytes, NULL, &header, &progress, err);
    *truncated = status != TARN_OK && progress.truncated;
    if (status == TARN_CORRUPT) {
        return tarn__corrupt(err, "bloom_filter", "the header of a bloom filter %s", progress.truncated ? "is cut" : "is damaged");
    }
    TARN_RETURN_IF_ERROR(status);
    if (header.num_bytes <= 0 || header.num_bytes % BLOCK_BYTES != 0 || progress.used > UINT32_MAX) {
        return tarn__corrupt(err, "bloom_filter", "a bloom filter of %d bytes, which is no number of blocks", (int)header.num_bytes);
    }
    if (header.algorithm.id != 1 || header.hash.id != 1 || header.compression.id != 1) {
        return tarn__unsupported(err, "bloom_filter", "a bloom filter of algorithm %d, hash %d, compression %d is not known to this build",
                                 (int)header.algorithm.id, (int)header.hash.id, (int)header.compression.id);
    }
    *out = (struct tarn_bloom_header){(uint32_t)progress.used, (uint32_t)header.num_bytes};
    return TARN_OK;
}

enum tarn_status tarn__bloom_filter_view(const struct tarn_bloom_header *header, struct tarn_span bits, struct tarn_bloom_filter *out,
                                         struct tarn_error *err)
{
    *out = (struct tarn_bloom_filter){0};
    if (bits.size != header->bits_bytes || bits.size == 0) {
        return tarn__corrupt(err, "bloom_filter", "%zu bytes of a bloom filter whose header says %u", bits.size, header->bits_bytes);
    }
    *out = (struct tarn_bloom_filter){.blocks = bits.data, .block_count = header->bits_bytes / BLOCK_BYTES};
    return TARN_OK;
}

bool tarn__bloom_filter_place(const struct parquet_column_metadata *chunk, uint64_t file_size, uint64_t *offset, uint64_t *most)
{
    if (!chunk->has_bloom_filter_offset || chunk->bloom_filter_offset <= 0 || (uint64_t)chunk->bloom_filter_offset >= file_size) {
        return false;
    }
    *offset = (uint64_t)chunk->bloom_filter_offset;
    *most = file_size - *offset;
    if (chunk->has_bloom_filter_length && chunk->bloom_filter_length > 0 && (uint64_t)chunk->bloom_filter_length < *most) {
        *most = (uint64_t)chunk->bloom_filter_length;
    }
    return true;
}

static enum tarn_status read_range(struct tarn_object *object, uint64_t offset, size_t size, uint8_t *into, struct tarn_error *err)
{
    const struct tarn_read_range range = {offset, size, into};
    return tarn_object_read(object, 1, &range, err);
}

/* `first` bytes of the filter are in `buffer` already; gets the others. */
static enum tarn_status read_bits(struct tarn_object *object, uint64_t offset, uint64_t most, uint64_t limit, struct tarn_buffer *buffer,
                                  struct tarn_bloom_filter *out, struct tarn_error *err)
{
    struct tarn_bloom_header header;
    bool truncated;
    const size_t first = buffer->size;
    TARN_RETURN_IF_ERROR(read_range(object, offset, first, buffer->data, err));
    TARN_RETURN_IF_ERROR(tarn__bloom_header_decode(tarn__buffer_span(buffer), &header, &truncated, err));
    if (header.bits_bytes > limit) {
        return tarn__error_set(err, TARN_LIMIT, "bloom_filter", "a bloom filter of %u bytes is larger than the limit", header.bits_bytes);
    }
    if (header.bits_bytes > most - header.size) {
        return tarn__corrupt(err, "bloom_filter", "a bloom filter of %u bytes where the file has room for %llu", header.bits_bytes,
                             (unsigned long long)(most - header.size));
    }
    const size_t whole = (size_t)header.size + header.bits_bytes;
    if (whole > first) {
        if (!tarn__buffer_resize(buffer, whole)) {
            return tarn__nomem(tarn__buffer_env(buffer), err, whole);
        }
        TARN_RETURN_IF_ERROR(read_range(object, offset + first, whole - first, buffer->data + first, err));
    }
    return tarn__bloom_filter_view(&header, (struct tarn_span){buffer->data + header.size, header.bits_bytes}, out, err);
}

enum tarn_status tarn__bloom_filter_read(struct tarn_object *object, const struct parquet_column_metadata *chunk, struct tarn_env *env,
                                         uint64_t limit, struct tarn_bloom_filter *out, struct tarn_error *err)
{
    uint64_t offset;
    uint64_t most;
    *out = (struct tarn_bloom_filter){0};
    limit = limit != 0 ? limit : TARN_BLOOM_LIMIT;
    if (!chunk->has_bloom_filter_offset) {
        return TARN_OK;
    }
    if (!tarn__bloom_filter_place(chunk, tarn_object_info(object).size, &offset, &most)) {
        return tarn__corrupt(err, "bloom_filter", "a bloom filter lies outside of the file");
    }
    const bool stated = chunk->has_bloom_filter_length && most <= limit && most == (uint64_t)chunk->bloom_filter_length;
    const size_t first = (size_t)(stated || most < FIRST_READ ? most : FIRST_READ);
    struct tarn_buffer *buffer = tarn__buffer_new(env, first);
    if (buffer == NULL) {
        return tarn__nomem(env, err, first);
    }
    const enum tarn_status status = read_bits(object, offset, most, limit, buffer, out, err);
    if (status != TARN_OK) {
        tarn__buffer_release(buffer);
        tarn__error_at_offset(err, offset);
        return status;
    }
    out->buffer = buffer;
    return TARN_OK;
}

void tarn__bloom_filter_release(struct tarn_bloom_filter *filter)
{
    tarn__buffer_release(filter->buffer);
    *filter = (struct tarn_bloom_filter){0};
}

/* ---- asking ---- */

bool tarn__bloom_filter_probe(const struct tarn_bloom_filter *filter, uint64_t hash)
{
    static const uint32_t salts[WORDS] = {0x47b6137bu, 0x44974d91u, 0x8824ad5bu, 0xa2b7289du,
                                          0x705495c7u, 0x2df1424bu, 0x9efc4947u, 0x5c6bfb31u};
    if (filter->block_count == 0) {
        return true;
    }
    const uint8_t *block = filter->blocks + (size_t)((hash >> 32) * filter->block_count >> 32) * BLOCK_BYTES;
    const uint32_t key = (uint32_t)hash;
    uint32_t missing = 0;
    for (unsigned i = 0; i < WORDS; i++) {
        missing |= ~tarn__load32(block + (size_t)4 * i) & UINT32_C(1) << (key * salts[i] >> 27);
    }
    return missing == 0;
}

/* A whole number as its leaf stores it. False: it does not fit, or nothing is known of the leaf's form. */
static bool number_hash(const struct tarn_leaf *leaf, struct tarn_i256 number, uint64_t *hash)
{
    uint8_t bytes[DECIMAL_BYTES];
    const bool fixed = leaf->physical == PARQUET_FIXED_LEN_BYTE_ARRAY;
    const bool narrow = leaf->physical == PARQUET_INT32;
    const size_t width = fixed ? (size_t)leaf->type_length : narrow ? 4 : 8;
    if ((!fixed && !narrow && leaf->physical != PARQUET_INT64) || width > sizeof(bytes) || !tarn__i256_store_be(number, bytes, width)) {
        return false;
    }
    if (narrow) {
        tarn__store32(bytes, tarn__load32_be(bytes));
    } else if (!fixed) {
        tarn__store64(bytes, tarn__load64_be(bytes));
    }
    *hash = tarn__bloom_hash(bytes, width);
    return true;
}

/* Bits of an integer type and whether it has a sign; 0: no integer. */
static unsigned integer_bits(const struct tarn_type *type, bool *is_signed)
{
    *is_signed = type->id >= TARN_TYPE_I8 && type->id <= TARN_TYPE_I64;
    switch (type->id) {
    case TARN_TYPE_I8:
    case TARN_TYPE_U8:
        return 8;
    case TARN_TYPE_I16:
    case TARN_TYPE_U16:
        return 16;
    case TARN_TYPE_I32:
    case TARN_TYPE_U32:
        return 32;
    case TARN_TYPE_I64:
    case TARN_TYPE_U64:
        return 64;
    default:
        return 0;
    }
}

/* Of a literal of any integer type: its value counts, not its width. */
static bool integer_hash(const struct tarn_leaf *leaf, const struct tarn_value *value, uint64_t *hash)
{
    bool is_signed;
    bool literal_signed;
    uint8_t bytes[8];
    const unsigned bits = integer_bits(leaf->type, &is_signed);
    if (integer_bits(value->type, &literal_signed) == 0 || (leaf->physical != PARQUET_INT32 && leaf->physical != PARQUET_INT64)) {
        return false;
    }
    const tarn_i128 number = literal_signed ? (tarn_i128)value->u.i64 : (tarn_i128)value->u.u64;
    const tarn_i128 least = is_signed ? -((tarn_i128)1 << (bits - 1)) : 0;
    const tarn_i128 most = ((tarn_i128)1 << (bits - is_signed)) - 1;
    if (number < least || number > most) {
        return false;
    }
    tarn__store64(bytes, (uint64_t)number);
    *hash = tarn__bloom_hash(bytes, leaf->physical == PARQUET_INT32 ? 4 : 8);
    return true;
}

static bool float_hash(const struct tarn_leaf *leaf, const struct tarn_value *value, uint64_t *hash)
{
    uint8_t bytes[8];
    const enum tarn_type_id id = value->type->id;
    const double number = value->u.f64;
    if ((id != TARN_TYPE_F32 && id != TARN_TYPE_F64) || number == 0.0 || number != number) {
        return false; /* there are two zeros, and many NaN */
    }
    if (leaf->physical == PARQUET_DOUBLE) {
        uint64_t bits;
        memcpy(&bits, &number, sizeof(bits));
        tarn__store64(bytes, bits);
        *hash = tarn__bloom_hash(bytes, 8);
        return true;
    }
    const float narrow = (float)number;
    uint32_t bits;
    memcpy(&bits, &narrow, sizeof(bits));
    tarn__store32(bytes, bits);
    *hash = tarn__bloom_hash(bytes, 4);
    return leaf->physical == PARQUET_FLOAT && (double)narrow == number;
}

static bool decimal_hash(const struct tarn_leaf *leaf, const struct tarn_value *value, uint64_t *hash)
{
    struct tarn_i256 number;
    if (value->type->id != TARN_TYPE_DECIMAL || value->type->scale != leaf->type->scale) {
        return false;
    }
    if (tarn__value_is_words(value)) {
        memcpy(number.words, value->u.words, sizeof(number.words));
    } else {
        number = tarn__i256_of(value->u.i64);
    }
    return number_hash(leaf, number, hash);
}

static bool bytes_hash(const struct tarn_leaf *leaf, const struct tarn_value *value, uint64_t *hash)
{
    const enum tarn_kind kind = tarn_type_kind(value->type);
    const bool fixed = leaf->physical == PARQUET_FIXED_LEN_BYTE_ARRAY;
    if ((!fixed && leaf->physical != PARQUET_BYTE_ARRAY) || (kind != TARN_KIND_BYTES && kind != TARN_KIND_FIXED) ||
        (fixed && value->u.bytes.size != (size_t)leaf->type_length)) {
        return false;
    }
    *hash = tarn__bloom_hash(value->u.bytes.data, value->u.bytes.size);
    return true;
}

bool tarn__bloom_value_hash(const struct tarn_leaf *leaf, const struct tarn_value *value, uint64_t *hash)
{
    const struct tarn_type *type = leaf->type;
    if (value->is_null || value->type == NULL || type == NULL || leaf->unsupported != NULL) {
        return false;
    }
    switch (type->id) {
    case TARN_TYPE_I8:
    case TARN_TYPE_I16:
    case TARN_TYPE_I32:
    case TARN_TYPE_I64:
    case TARN_TYPE_U8:
    case TARN_TYPE_U16:
    case TARN_TYPE_U32:
    case TARN_TYPE_U64:
        return integer_hash(leaf, value, hash);
    case TARN_TYPE_F32:
    case TARN_TYPE_F64:
        return float_hash(leaf, value, hash);
    case TARN_TYPE_DECIMAL:
        return decimal_hash(leaf, value, hash);
    case TARN_TYPE_DATE:
    case TARN_TYPE_TIME:
    case TARN_TYPE_TIMESTAMP: /* Parquet stores no seconds: such a leaf holds other numbers than its type says */
        return value->type->id == type->id && value->type->unit == type->unit && value->type->utc == type->utc && !type->wide &&
               !value->type->wide && (type->id == TARN_TYPE_DATE || type->unit != TARN_SECOND) &&
               leaf->physical != PARQUET_FIXED_LEN_BYTE_ARRAY && number_hash(leaf, tarn__i256_of(value->u.i64), hash);
    case TARN_TYPE_STRING:
    case TARN_TYPE_JSON:
    case TARN_TYPE_ENUM:
    case TARN_TYPE_BINARY:
    case TARN_TYPE_BSON:
    case TARN_TYPE_FIXED:
    case TARN_TYPE_UUID:
        return bytes_hash(leaf, value, hash);
    default:
        return false;
    }
}

bool tarn__bloom_filter_may_hold(const struct tarn_bloom_filter *filter, const struct tarn_leaf *leaf, const struct tarn_value *value)
{
    uint64_t hash;
    return filter->block_count == 0 || !tarn__bloom_value_hash(leaf, value, &hash) || tarn__bloom_filter_probe(filter, hash);
}
