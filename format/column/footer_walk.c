/* SPDX-License-Identifier: Apache-2.0
 *
 * Column chunks and schema elements, read by hand.
 *
 * Specification: thrift-compact-protocol.md; parquet.thrift, ColumnChunk, ColumnMetaData, Statistics, SizeStatistics, SchemaElement. SPEC:
 * P-FOOTER-12.
 *
 * How: the key of a field is its id and type in one number. From the last field's id and the next header's byte one addition makes the next
 * key, so that a chunk is a chain of comparisons that nearly always go the same way. The long form of a header, an id that does not ascend
 * and every other type give a key that the rest of the chain does not have, which leaves something else than a stop at its end.
 *
 * Invariants
 *  1. Places only move on. Between two comparisons with `end` (at every binary, at every element of a list that is no short one, at the end
 *     of every struct) at most 20 scalars of at most ten bytes are passed, which is less than TARN_WALK_SLACK.
 *  2. What is wrong without moving the place wrongly is gathered in `bad`; what would move it wrongly ends the walk.
 *  3. Ids only ascend, by the short header: no field comes twice.
 */
#include "format/column/footer_walk.h"

/* Field types in the low four bits of a header. */
enum { I32 = TARN_THRIFT_I32, I64 = TARN_THRIFT_I64, BINARY = TARN_THRIFT_BINARY, LIST = TARN_THRIFT_LIST, STRUCT = TARN_THRIFT_STRUCT };

#define FIELD(id, type) ((uint32_t)(id) << 4 | (uint32_t)(type))
/* A walk that is only ever seen by inlined functions lives in registers. */
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define HIGH_BITS UINT64_C(0x8080808080808080)

/* ---- scalars ---- */

struct walk {
    const uint8_t *at;
    const uint8_t *end;
    uint64_t bad; /* not 0: unusual */
};

/* The seven low bits of each byte, moved together. */
static inline uint64_t gather_sevens(uint64_t word)
{
    word = (word & UINT64_C(0x007f007f007f007f)) | (word & UINT64_C(0x7f007f007f007f00)) >> 1;
    word = (word & UINT64_C(0x00003fff00003fff)) | (word & UINT64_C(0x3fff00003fff0000)) >> 2;
    return (word & UINT64_C(0x000000000fffffff)) | (word & UINT64_C(0x0fffffff00000000)) >> 4;
}

/* A varint of at most eight bytes; longer ones are unusual. */
static ALWAYS_INLINE uint64_t take_varint(struct walk *w)
{
    const uint64_t first = *w->at;
    if (first < 0x80) {
        w->at++;
        return first;
    }
    const uint64_t word = tarn__load64(w->at);
    const uint64_t stops = ~word & HIGH_BITS;
    if (stops == 0) {
        w->bad = 1;
        return 0;
    }
    w->at += ((unsigned)__builtin_ctzll(stops) >> 3) + 1;
    return gather_sevens(word & (stops ^ (stops - 1)));
}

static ALWAYS_INLINE void skip_varint(struct walk *w)
{
    if (*w->at < 0x80) {
        w->at++;
        return;
    }
    const uint64_t stops = ~tarn__load64(w->at) & HIGH_BITS;
    w->bad |= stops == 0;
    w->at += stops != 0 ? ((unsigned)__builtin_ctzll(stops) >> 3) + 1 : 0;
}

static inline int64_t unzigzag(uint64_t raw)
{
    return (int64_t)((raw >> 1) ^ (0 - (raw & 1)));
}

static ALWAYS_INLINE int64_t take_i64(struct walk *w)
{
    return unzigzag(take_varint(w));
}

static ALWAYS_INLINE int32_t take_i32(struct walk *w)
{
    const uint64_t raw = take_varint(w);
    w->bad |= raw >> 32;
    return (int32_t)unzigzag(raw);
}

/* False: the walk ends here. */
static ALWAYS_INLINE bool take_binary(struct walk *w, struct tarn_text *out)
{
    const uint64_t size = take_varint(w);
    if (size > INT32_MAX || (int64_t)size > w->end - w->at) {
        return false;
    }
    *out = (struct tarn_text){(const char *)w->at, (size_t)size};
    w->at += size;
    return true;
}

static ALWAYS_INLINE bool skip_binary(struct walk *w)
{
    struct tarn_text ignored;
    return take_binary(w, &ignored);
}

/* ---- lists; false: the walk ends here ---- */

static ALWAYS_INLINE bool take_list(struct walk *w, uint32_t element, uint32_t *count)
{
    const uint8_t byte = *w->at++;
    const uint64_t many = byte >> 4 == 15 ? take_varint(w) : byte >> 4;
    *count = (uint32_t)many;
    return many <= INT32_MAX && (int64_t)many <= w->end - w->at && (many == 0 || (byte & 15u) == element);
}

/* Up to seven numbers of one byte each, as encodings and small histograms are. */
static ALWAYS_INLINE bool skip_short(struct walk *w, uint32_t count)
{
    if (count < 8 && (tarn__load64(w->at) & HIGH_BITS & ((UINT64_C(1) << 8 * count) - 1)) == 0) {
        w->at += count;
        return true;
    }
    return false;
}

/* From a copy, so that the walk's address goes nowhere. NULL: unusual. */
static __attribute__((noinline)) const uint8_t *skip_long(struct walk walk, uint32_t count, uint64_t too_much)
{
    for (uint32_t i = 0; i < count && walk.bad == 0 && walk.at < walk.end; i++) {
        walk.bad |= take_varint(&walk) & too_much;
        walk.bad |= i + 1 < count && walk.at >= walk.end;
    }
    return walk.bad == 0 ? walk.at : NULL;
}

static ALWAYS_INLINE bool skip_numbers(struct walk *w, uint32_t count, uint64_t too_much)
{
    if (skip_short(w, count)) {
        return true;
    }
    const uint8_t *at = skip_long(*w, count, too_much);
    w->at = at != NULL ? at : w->at;
    return at != NULL;
}

static ALWAYS_INLINE bool skip_i32_list(struct walk *w)
{
    uint32_t count;
    return take_list(w, I32, &count) && skip_numbers(w, count, UINT64_C(0xffffffff00000000));
}

static ALWAYS_INLINE bool skip_i64_list(struct walk *w)
{
    uint32_t count;
    return take_list(w, I64, &count) && skip_numbers(w, count, 0);
}

static ALWAYS_INLINE bool skip_binary_list(struct walk *w)
{
    uint32_t count;
    bool fits = take_list(w, BINARY, &count);
    for (uint32_t i = 0; fits && i < count; i++) {
        fits = w->at < w->end && w->bad == 0 && skip_binary(w);
    }
    return fits;
}

/* PageEncodingStats: three i32, all required. */
static ALWAYS_INLINE bool skip_encoding_stats(struct walk *w)
{
    enum { NEXT_I32 = 1 << 4 | I32 };
    uint32_t count;
    if (!take_list(w, STRUCT, &count)) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (w->at >= w->end) {
            return false;
        }
        if ((tarn__load64(w->at) & UINT64_C(0x00ff80ff80ff80ff)) == UINT64_C(0x0000001500150015)) {
            w->at += 7; /* each number one byte */
            continue;
        }
        for (unsigned field = 0; field < 3; field++) {
            w->bad |= *w->at++ != NEXT_I32;
            take_i32(w);
        }
        w->bad |= *w->at++ != TARN_THRIFT_STOP;
    }
    return true;
}

/* ---- structs ---- */

/* With the last field's id: the key of the field that is next. */
#define NEXT(last) (FIELD(last, 0) + *w->at++)

static ALWAYS_INLINE bool skip_statistics(struct walk *w)
{
    uint32_t last = 0;
    uint32_t key = NEXT(0);
    for (uint32_t id = 1; id <= 2; id++) { /* max, min: the deprecated pair */
        if (key == FIELD(id, BINARY)) {
            if (!skip_binary(w)) {
                return false;
            }
            last = id;
            key = NEXT(id);
        }
    }
    for (uint32_t id = 3; id <= 4; id++) { /* null_count, distinct_count */
        if (key == FIELD(id, I64)) {
            skip_varint(w);
            last = id;
            key = NEXT(id);
        }
    }
    for (uint32_t id = 5; id <= 6; id++) { /* max_value, min_value */
        if (key == FIELD(id, BINARY)) {
            if (!skip_binary(w)) {
                return false;
            }
            last = id;
            key = NEXT(id);
        }
    }
    for (uint32_t id = 7; id <= 8; id++) { /* are they exact? */
        if (key == FIELD(id, TARN_THRIFT_TRUE) || key == FIELD(id, TARN_THRIFT_FALSE)) {
            last = id;
            key = NEXT(id);
        }
    }
    if (key == FIELD(9, I64)) { /* nan_count */
        skip_varint(w);
        last = 9;
        key = NEXT(9);
    }
    return key == FIELD(last, TARN_THRIFT_STOP) && w->at <= w->end;
}

static ALWAYS_INLINE bool skip_size_statistics(struct walk *w)
{
    uint32_t last = 0;
    uint32_t key = NEXT(0);
    if (key == FIELD(1, I64)) { /* unencoded_byte_array_data_bytes */
        skip_varint(w);
        last = 1;
        key = NEXT(1);
    }
    for (uint32_t id = 2; id <= 3; id++) { /* histograms */
        if (key == FIELD(id, LIST)) {
            if (!skip_i64_list(w)) {
                return false;
            }
            last = id;
            key = NEXT(id);
        }
    }
    return key == FIELD(last, TARN_THRIFT_STOP) && w->at <= w->end;
}

/* Fields 10 and up, all optional, behind field 9. */
static ALWAYS_INLINE bool walk_metadata_end(struct walk *w, struct tarn_chunk_facts *facts)
{
    uint32_t last = 9;
    uint32_t key = NEXT(9);
    if (key == FIELD(10, I64)) { /* index_page_offset */
        skip_varint(w);
        last = 10;
        key = NEXT(10);
    }
    if (key == FIELD(11, I64)) {
        facts->has_dictionary_page_offset = true;
        facts->dictionary_page_offset = take_i64(w);
        last = 11;
        key = NEXT(11);
    }
    if (key == FIELD(12, STRUCT)) {
        if (!skip_statistics(w)) {
            return false;
        }
        last = 12;
        key = NEXT(12);
    }
    if (key == FIELD(13, LIST)) {
        if (!skip_encoding_stats(w)) {
            return false;
        }
        last = 13;
        key = NEXT(13);
    }
    if (key == FIELD(14, I64)) { /* bloom_filter_offset */
        skip_varint(w);
        last = 14;
        key = NEXT(14);
    }
    if (key == FIELD(15, I32)) { /* bloom_filter_length */
        take_i32(w);
        last = 15;
        key = NEXT(15);
    }
    if (key == FIELD(16, STRUCT)) {
        if (!skip_size_statistics(w)) {
            return false;
        }
        last = 16;
        key = NEXT(16);
    }
    return key == FIELD(last, TARN_THRIFT_STOP);
}

/* Fields 1 to 9 are required, but for 8, which is unusual. */
static ALWAYS_INLINE bool walk_metadata(struct walk *w, struct tarn_chunk_facts *facts)
{
    if (NEXT(0) != FIELD(1, I32)) {
        return false;
    }
    facts->type = take_i32(w);
    if (NEXT(1) != FIELD(2, LIST) || !skip_i32_list(w) || NEXT(2) != FIELD(3, LIST) || !skip_binary_list(w) || NEXT(3) != FIELD(4, I32)) {
        return false;
    }
    facts->codec = take_i32(w);
    if (NEXT(4) != FIELD(5, I64)) {
        return false;
    }
    facts->num_values = take_i64(w);
    if (NEXT(5) != FIELD(6, I64)) {
        return false;
    }
    facts->total_uncompressed_size = take_i64(w);
    if (NEXT(6) != FIELD(7, I64)) {
        return false;
    }
    facts->total_compressed_size = take_i64(w);
    if (NEXT(7) != FIELD(9, I64)) {
        return false;
    }
    facts->data_page_offset = take_i64(w);
    return walk_metadata_end(w, facts);
}

/* Fields 4 to 7 of a chunk. */
static ALWAYS_INLINE bool walk_indexes(struct walk *w, struct tarn_chunk_facts *facts)
{
    uint32_t last = 3;
    uint32_t key = NEXT(3);
    if (key == FIELD(4, I64)) {
        facts->has_offset_index_offset = true;
        facts->offset_index_offset = take_i64(w);
        last = 4;
        key = NEXT(4);
    }
    if (key == FIELD(5, I32)) {
        facts->has_offset_index_length = true;
        facts->offset_index_length = take_i32(w);
        last = 5;
        key = NEXT(5);
    }
    if (key == FIELD(6, I64)) {
        facts->has_column_index_offset = true;
        facts->column_index_offset = take_i64(w);
        last = 6;
        key = NEXT(6);
    }
    if (key == FIELD(7, I32)) {
        facts->has_column_index_length = true;
        facts->column_index_length = take_i32(w);
        last = 7;
        key = NEXT(7);
    }
    return key == FIELD(last, TARN_THRIFT_STOP);
}

const uint8_t *tarn__chunk_walk(const uint8_t *at, const uint8_t *end, struct tarn_chunk_facts *facts)
{
    struct walk walk = {at, end, 0};
    struct walk *w = &walk;
    *facts = (struct tarn_chunk_facts){.has_meta_data = true};
    if (NEXT(0) != FIELD(2, I64)) { /* file_offset; before it is only a path, which is unusual */
        return NULL;
    }
    skip_varint(w);
    const bool usual = NEXT(2) == FIELD(3, STRUCT) && walk_metadata(w, facts) && walk_indexes(w, facts);
    return usual && walk.bad == 0 && walk.at <= end ? walk.at : NULL;
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
static bool walk_logical_type(struct walk *w, uint32_t depth, struct parquet_logical_type *out)
{
    const uint8_t *at = w->at;
    const uint8_t id = *at >> 4;
    const struct tarn_thrift_struct *table = &tarn__parquet_logical_type;
    if ((*at & 15u) == STRUCT && id != 0 && id < table->field_count && table->fields[id].storage == TARN_THRIFT_EMPTY &&
        table->fields[id].name != NULL && at[1] == TARN_THRIFT_STOP && at[2] == TARN_THRIFT_STOP) {
        out->id = id;
        w->at += 3;
        return true;
    }
    struct tarn_thrift_progress progress;
    const struct tarn_span rest = {at, at < w->end ? (size_t)(w->end - at) : 0};
    if (tarn__thrift_decode_with(table, rest, depth, NULL, 0, NULL, out, &progress, NULL) != TARN_OK) {
        return false;
    }
    w->at += progress.used;
    return true;
}

const uint8_t *tarn__schema_element_walk(const uint8_t *at, const uint8_t *end, uint32_t depth, struct parquet_schema_element *out)
{
    struct walk walk = {at, end, 0};
    struct walk *w = &walk;
    uint32_t last = 0;
    uint32_t key = NEXT(0);
#define TAKE_OPTIONAL(id, member)                                                                                                          \
    if (key == FIELD(id, I32)) {                                                                                                           \
        out->has_##member = true;                                                                                                          \
        out->member = take_i32(w);                                                                                                         \
        last = id;                                                                                                                         \
        key = NEXT(id);                                                                                                                    \
    }
    TAKE_OPTIONAL(1, type)
    TAKE_OPTIONAL(2, type_length)
    TAKE_OPTIONAL(3, repetition_type)
    if (key != FIELD(4, BINARY) || !take_binary(w, &out->name)) {
        return NULL;
    }
    last = 4;
    key = NEXT(4);
    TAKE_OPTIONAL(5, num_children)
    TAKE_OPTIONAL(6, converted_type)
    TAKE_OPTIONAL(7, scale)
    TAKE_OPTIONAL(8, precision)
    TAKE_OPTIONAL(9, field_id)
#undef TAKE_OPTIONAL
    if (key == FIELD(10, STRUCT)) {
        out->has_logical_type = true;
        if (!walk_logical_type(w, depth + 1, &out->logical_type)) {
            return NULL;
        }
        last = 10;
        key = NEXT(10);
    }
    return key == FIELD(last, TARN_THRIFT_STOP) && walk.bad == 0 && walk.at <= end ? walk.at : NULL;
}
