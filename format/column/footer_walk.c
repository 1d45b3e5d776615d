/* SPDX-License-Identifier: Apache-2.0
 *
 * Column chunks and schema elements, read by hand.
 *
 * Specification: thrift-compact-protocol.md; parquet.thrift, ColumnChunk, ColumnMetaData, Statistics, SizeStatistics, SchemaElement. SPEC:
 * P-FOOTER-12.
 *
 * Invariants
 *  1. NULL is contagious: a place is NULL from the first unusual thing on, and nothing is read through it.
 *  2. A field header is read only before `end`; what follows it reads at most TARN_WALK_SLACK bytes on before the next look at `end`.
 *  3. Ids only ascend, by the short header: no field comes twice.
 */
#include "format/column/footer_walk.h"

/* Field types in the low four bits of a header. */
enum { I32 = TARN_THRIFT_I32, I64 = TARN_THRIFT_I64, BINARY = TARN_THRIFT_BINARY, LIST = TARN_THRIFT_LIST, STRUCT = TARN_THRIFT_STRUCT };

#define FIELD(id, type) ((uint32_t)(id) << 4 | (uint32_t)(type))
#define HIGH_BITS UINT64_C(0x8080808080808080)

/* ---- scalars ---- */

/* The seven low bits of each byte, moved together. */
static inline uint64_t gather_sevens(uint64_t word)
{
    word = (word & UINT64_C(0x007f007f007f007f)) | (word & UINT64_C(0x7f007f007f007f00)) >> 1;
    word = (word & UINT64_C(0x00003fff00003fff)) | (word & UINT64_C(0x3fff00003fff0000)) >> 2;
    return (word & UINT64_C(0x000000000fffffff)) | (word & UINT64_C(0x0fffffff00000000)) >> 4;
}

/* A varint of at most eight bytes; longer ones are unusual. */
static inline const uint8_t *take_varint(const uint8_t *at, uint64_t *out)
{
    if (*at < 0x80) {
        *out = *at;
        return at + 1;
    }
    const uint64_t word = tarn__load64(at);
    const uint64_t stops = ~word & HIGH_BITS;
    if (stops == 0) {
        return NULL;
    }
    *out = gather_sevens(word & (stops ^ (stops - 1)));
    return at + ((unsigned)__builtin_ctzll(stops) >> 3) + 1;
}

static inline const uint8_t *skip_varint(const uint8_t *at)
{
    if (*at < 0x80) {
        return at + 1;
    }
    const uint64_t stops = ~tarn__load64(at) & HIGH_BITS;
    return stops != 0 ? at + ((unsigned)__builtin_ctzll(stops) >> 3) + 1 : NULL;
}

static inline int64_t unzigzag(uint64_t raw)
{
    return (int64_t)((raw >> 1) ^ (0 - (raw & 1)));
}

static inline const uint8_t *take_i64(const uint8_t *at, int64_t *out)
{
    uint64_t raw = 0;
    at = take_varint(at, &raw);
    *out = unzigzag(raw);
    return at;
}

static inline const uint8_t *take_i32(const uint8_t *at, int32_t *out)
{
    uint64_t raw = 0;
    at = take_varint(at, &raw);
    *out = (int32_t)unzigzag(raw);
    return raw <= UINT32_MAX ? at : NULL;
}

static inline const uint8_t *skip_i32(const uint8_t *at)
{
    int32_t ignored;
    return take_i32(at, &ignored);
}

static inline const uint8_t *take_binary(const uint8_t *at, const uint8_t *end, struct tarn_text *out)
{
    uint64_t size = 0;
    at = take_varint(at, &size);
    if (at == NULL || size > INT32_MAX || (int64_t)size > end - at) {
        return NULL;
    }
    *out = (struct tarn_text){(const char *)at, (size_t)size};
    return at + size;
}

static inline const uint8_t *skip_binary(const uint8_t *at, const uint8_t *end)
{
    struct tarn_text ignored;
    return take_binary(at, end, &ignored);
}

/* A list's header, behind which `end` was looked at for as many bytes as there are elements. */
static inline const uint8_t *take_list(const uint8_t *at, const uint8_t *end, uint32_t element, uint32_t *count)
{
    const uint8_t byte = *at++;
    uint64_t many = byte >> 4;
    if (many == 15) {
        at = take_varint(at, &many);
    }
    *count = (uint32_t)many;
    return at != NULL && (int64_t)many <= end - at && (many == 0 || (byte & 15u) == element) ? at : NULL;
}

/* ---- lists ---- */

static const uint8_t *skip_i32_list(const uint8_t *at, const uint8_t *end)
{
    uint32_t count;
    at = take_list(at, end, I32, &count);
    if (at != NULL && count < 8 && (tarn__load64(at) & HIGH_BITS & ((UINT64_C(1) << 8 * count) - 1)) == 0) {
        return at + count; /* one byte each, as encodings are */
    }
    for (uint32_t i = 0; at != NULL && i < count; i++) {
        at = at < end ? skip_i32(at) : NULL;
    }
    return at;
}

static const uint8_t *skip_i64_list(const uint8_t *at, const uint8_t *end)
{
    uint32_t count;
    at = take_list(at, end, I64, &count);
    for (uint32_t i = 0; at != NULL && i < count; i++) {
        at = at < end ? skip_varint(at) : NULL;
    }
    return at;
}

static const uint8_t *skip_binary_list(const uint8_t *at, const uint8_t *end)
{
    uint32_t count;
    at = take_list(at, end, BINARY, &count);
    for (uint32_t i = 0; at != NULL && i < count; i++) {
        at = at < end ? skip_binary(at, end) : NULL;
    }
    return at;
}

/* PageEncodingStats: three i32, all required. */
static const uint8_t *skip_encoding_stats(const uint8_t *at, const uint8_t *end)
{
    enum { NEXT_I32 = 1 << 4 | I32 };
    uint32_t count;
    at = take_list(at, end, STRUCT, &count);
    for (uint32_t i = 0; at != NULL && i < count; i++) {
        if (at >= end) {
            return NULL;
        }
        if ((tarn__load64(at) & UINT64_C(0x00ff80ff80ff80ff)) == UINT64_C(0x0000001500150015)) {
            at += 7; /* each number one byte */
            continue;
        }
        for (unsigned field = 0; at != NULL && field < 3; field++) {
            at = at < end && *at == NEXT_I32 ? skip_i32(at + 1) : NULL;
        }
        at = at != NULL && at < end && *at == TARN_THRIFT_STOP ? at + 1 : NULL;
    }
    return at;
}

/* ---- structs: a loop over fields, by id and type at once ---- */

static inline const uint8_t *skip_statistics(const uint8_t *at, const uint8_t *end)
{
    uint32_t id = 0;
    while (at != NULL && at < end) {
        const uint8_t header = *at++;
        if (header == TARN_THRIFT_STOP) {
            return at;
        }
        if (header >> 4 == 0) {
            return NULL;
        }
        id += header >> 4;
        switch (FIELD(id, header & 15u)) {
        case FIELD(1, BINARY):
        case FIELD(2, BINARY):
        case FIELD(5, BINARY):
        case FIELD(6, BINARY):
            at = skip_binary(at, end);
            break;
        case FIELD(3, I64):
        case FIELD(4, I64):
        case FIELD(9, I64):
            at = skip_varint(at);
            break;
        case FIELD(7, TARN_THRIFT_TRUE):
        case FIELD(7, TARN_THRIFT_FALSE):
        case FIELD(8, TARN_THRIFT_TRUE):
        case FIELD(8, TARN_THRIFT_FALSE):
            break;
        default:
            return NULL;
        }
    }
    return NULL;
}

static const uint8_t *skip_size_statistics(const uint8_t *at, const uint8_t *end)
{
    uint32_t id = 0;
    while (at != NULL && at < end) {
        const uint8_t header = *at++;
        if (header == TARN_THRIFT_STOP) {
            return at;
        }
        if (header >> 4 == 0) {
            return NULL;
        }
        id += header >> 4;
        switch (FIELD(id, header & 15u)) {
        case FIELD(1, I64):
            at = skip_varint(at);
            break;
        case FIELD(2, LIST):
        case FIELD(3, LIST):
            at = skip_i64_list(at, end);
            break;
        default:
            return NULL;
        }
    }
    return NULL;
}

static inline const uint8_t *walk_metadata(const uint8_t *at, const uint8_t *end, struct tarn_chunk_facts *facts)
{
    const uint32_t required = 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 6 | 1u << 7 | 1u << 9;
    uint32_t seen = 0;
    uint32_t id = 0;
    int32_t codec = 0;
    while (at != NULL && at < end) {
        const uint8_t header = *at++;
        if (header == TARN_THRIFT_STOP) {
            facts->codec = codec;
            return (seen & required) == required ? at : NULL;
        }
        if (header >> 4 == 0) {
            return NULL;
        }
        id += header >> 4;
        seen |= 1u << (id & 31);
        switch (FIELD(id, header & 15u)) {
        case FIELD(1, I32):
            at = take_i32(at, &facts->type);
            break;
        case FIELD(2, LIST):
            at = skip_i32_list(at, end);
            break;
        case FIELD(3, LIST):
            at = skip_binary_list(at, end);
            break;
        case FIELD(4, I32):
            at = take_i32(at, &codec);
            break;
        case FIELD(5, I64):
            at = take_i64(at, &facts->num_values);
            break;
        case FIELD(6, I64):
            at = take_i64(at, &facts->total_uncompressed_size);
            break;
        case FIELD(7, I64):
            at = take_i64(at, &facts->total_compressed_size);
            break;
        case FIELD(9, I64):
            at = take_i64(at, &facts->data_page_offset);
            break;
        case FIELD(10, I64):
        case FIELD(14, I64):
            at = skip_varint(at);
            break;
        case FIELD(11, I64):
            facts->has_dictionary_page_offset = true;
            at = take_i64(at, &facts->dictionary_page_offset);
            break;
        case FIELD(12, STRUCT):
            at = skip_statistics(at, end);
            break;
        case FIELD(13, LIST):
            at = skip_encoding_stats(at, end);
            break;
        case FIELD(15, I32):
            at = skip_i32(at);
            break;
        case FIELD(16, STRUCT):
            at = skip_size_statistics(at, end);
            break;
        default:
            return NULL;
        }
    }
    return NULL;
}

const uint8_t *tarn__chunk_walk(const uint8_t *at, const uint8_t *end, struct tarn_chunk_facts *facts)
{
    uint32_t id = 0;
    bool has_file_offset = false;
    *facts = (struct tarn_chunk_facts){.has_meta_data = false};
    while (at != NULL && at < end) {
        const uint8_t header = *at++;
        if (header == TARN_THRIFT_STOP) {
            return has_file_offset ? at : NULL;
        }
        if (header >> 4 == 0) {
            return NULL;
        }
        id += header >> 4;
        switch (FIELD(id, header & 15u)) {
        case FIELD(2, I64):
            has_file_offset = true;
            at = skip_varint(at);
            break;
        case FIELD(3, STRUCT):
            facts->has_meta_data = true;
            at = walk_metadata(at, end, facts);
            break;
        case FIELD(4, I64):
            facts->has_offset_index_offset = true;
            at = take_i64(at, &facts->offset_index_offset);
            break;
        case FIELD(5, I32):
            facts->has_offset_index_length = true;
            at = take_i32(at, &facts->offset_index_length);
            break;
        case FIELD(6, I64):
            facts->has_column_index_offset = true;
            at = take_i64(at, &facts->column_index_offset);
            break;
        case FIELD(7, I32):
            facts->has_column_index_length = true;
            at = take_i32(at, &facts->column_index_length);
            break;
        default: /* a path or encryption facts too */
            return NULL;
        }
    }
    return NULL;
}

void tarn__chunk_facts_of(const struct parquet_column_chunk *chunk, struct tarn_chunk_facts *out)
{
    const struct parquet_column_metadata *metadata = &chunk->meta_data;
    *out = (struct tarn_chunk_facts){
        .has_meta_data = chunk->has_meta_data,
        .crypto = chunk->crypto_metadata != NULL || chunk->has_encrypted_column_metadata,
        .has_dictionary_page_offset = metadata->has_dictionary_page_offset,
        .has_offset_index_offset = chunk->has_offset_index_offset,
        .has_offset_index_length = chunk->has_offset_index_length,
        .has_column_index_offset = chunk->has_column_index_offset,
        .has_column_index_length = chunk->has_column_index_length,
        .type = metadata->type,
        .codec = metadata->codec,
        .offset_index_length = chunk->offset_index_length,
        .column_index_length = chunk->column_index_length,
        .num_values = metadata->num_values,
        .total_uncompressed_size = metadata->total_uncompressed_size,
        .total_compressed_size = metadata->total_compressed_size,
        .data_page_offset = metadata->data_page_offset,
        .dictionary_page_offset = metadata->dictionary_page_offset,
        .offset_index_offset = chunk->offset_index_offset,
        .column_index_offset = chunk->column_index_offset,
        .file_path = chunk->file_path,
    };
}

/* ---- schema elements ---- */

/* Types without parameters by hand, the others by the table. */
static const uint8_t *walk_logical_type(const uint8_t *at, const uint8_t *end, uint32_t depth, struct parquet_logical_type *out)
{
    const uint8_t id = *at >> 4;
    const struct tarn_thrift_struct *table = &tarn__parquet_logical_type;
    if ((*at & 15u) == STRUCT && id != 0 && id < table->field_count && table->fields[id].storage == TARN_THRIFT_EMPTY &&
        table->fields[id].name != NULL && at[1] == TARN_THRIFT_STOP && at[2] == TARN_THRIFT_STOP) {
        out->id = id;
        return at + 3;
    }
    struct tarn_thrift_progress progress;
    const struct tarn_span rest = {at, at < end ? (size_t)(end - at) : 0};
    const enum tarn_status status = tarn__thrift_decode_with(table, rest, depth, NULL, 0, NULL, out, &progress, NULL);
    return status == TARN_OK ? at + progress.used : NULL;
}

static inline const uint8_t *take_optional(const uint8_t *at, bool *has, int32_t *out)
{
    *has = true;
    return take_i32(at, out);
}

const uint8_t *tarn__schema_element_walk(const uint8_t *at, const uint8_t *end, uint32_t depth, struct parquet_schema_element *out)
{
    uint32_t id = 0;
    while (at != NULL && at < end) {
        const uint8_t header = *at++;
        if (header == TARN_THRIFT_STOP) {
            return out->name.data != NULL ? at : NULL;
        }
        if (header >> 4 == 0) {
            return NULL;
        }
        id += header >> 4;
        switch (FIELD(id, header & 15u)) {
        case FIELD(1, I32):
            at = take_optional(at, &out->has_type, &out->type);
            break;
        case FIELD(2, I32):
            at = take_optional(at, &out->has_type_length, &out->type_length);
            break;
        case FIELD(3, I32):
            at = take_optional(at, &out->has_repetition_type, &out->repetition_type);
            break;
        case FIELD(4, BINARY):
            at = take_binary(at, end, &out->name);
            break;
        case FIELD(5, I32):
            at = take_optional(at, &out->has_num_children, &out->num_children);
            break;
        case FIELD(6, I32):
            at = take_optional(at, &out->has_converted_type, &out->converted_type);
            break;
        case FIELD(7, I32):
            at = take_optional(at, &out->has_scale, &out->scale);
            break;
        case FIELD(8, I32):
            at = take_optional(at, &out->has_precision, &out->precision);
            break;
        case FIELD(9, I32):
            at = take_optional(at, &out->has_field_id, &out->field_id);
            break;
        case FIELD(10, STRUCT):
            out->has_logical_type = true;
            at = walk_logical_type(at, end, depth + 1, &out->logical_type);
            break;
        default:
            return NULL;
        }
    }
    return NULL;
}
