/* SPDX-License-Identifier: Apache-2.0
 *
 * Bloom filters, made.
 *
 * Specification: parquet-format BloomFilter.md. SPEC: P-BLOOM-WRITE-1, P-BLOOM-WRITE-2.
 *
 * Invariants
 *  1. The number of blocks is a power of two: it can be halved to one, and readers that know no other can read it.
 *  2. False positives are counted, not estimated from a number of values: a hash is answered with yes when its bit is set in each of the
 *     eight words of its block, which for bits that are all alike likely is the product of the words' parts of set bits.
 */
#include "format/index/bloom_build.h"

enum { WORDS = 8, BLOCK_BYTES = WORDS * 4, BLOCK_BITS = BLOCK_BYTES * 8, WORD_BITS = 32, LENGTH_BYTES = 4 };

/* Bits a value that keep false positives at most so many, with room for blocks that get more than their share. */
static const struct {
    double false_positives;
    unsigned bits;
} rooms[] = {{0.25, 5}, {0.1, 7}, {0.05, 8}, {0.01, 11}, {0.001, 18}, {0.0001, 27}, {0.00001, 40}, {0, 64}};

static uint32_t first_blocks(uint64_t distinct, double false_positives)
{
    size_t i = 0;
    while (false_positives < rooms[i].false_positives) {
        i++;
    }
    const uint64_t most = TARN_BLOOM_MOST_BYTES / BLOCK_BYTES;
    const uint64_t needed = distinct < most * BLOCK_BYTES ? (distinct * rooms[i].bits + BLOCK_BITS - 1) / BLOCK_BITS : most;
    uint64_t blocks = 1;
    while (blocks < needed && blocks < most) {
        blocks *= 2;
    }
    return (uint32_t)blocks;
}

void tarn__bloom_builder_init(struct tarn__bloom_builder *builder, struct tarn_env *env, uint64_t distinct, double false_positives)
{
    *builder = (struct tarn__bloom_builder){
        .env = env, .false_positives = false_positives, .first_count = first_blocks(distinct, false_positives)};
}

void tarn__bloom_builder_free(struct tarn__bloom_builder *builder)
{
    tarn__buffer_release(builder->blocks);
    builder->blocks = NULL;
    builder->block_count = 0;
}

void tarn__bloom_builder_reset(struct tarn__bloom_builder *builder)
{
    builder->block_count = 0;
}

static bool begin(struct tarn__bloom_builder *builder)
{
    const size_t size = (size_t)builder->first_count * BLOCK_BYTES;

    if (builder->block_count != 0) {
        return true;
    }
    if (builder->blocks == NULL) {
        builder->blocks = tarn__buffer_new(builder->env, size);
        if (builder->blocks == NULL) {
            return false;
        }
    }
    memset(builder->blocks->data, 0, size);
    builder->block_count = builder->first_count;
    return true;
}

static inline void insert(struct tarn__bloom_builder *builder, uint64_t hash)
{
    static const uint32_t salts[WORDS] = {0x47b6137bu, 0x44974d91u, 0x8824ad5bu, 0xa2b7289du,
                                          0x705495c7u, 0x2df1424bu, 0x9efc4947u, 0x5c6bfb31u};
    uint8_t *block = builder->blocks->data + (size_t)((hash >> 32) * builder->block_count >> 32) * BLOCK_BYTES;
    const uint32_t key = (uint32_t)hash;
    for (unsigned i = 0; i < WORDS; i++) {
        tarn__store32(block + (size_t)4 * i, tarn__load32(block + (size_t)4 * i) | UINT32_C(1) << (key * salts[i] >> 27));
    }
}

bool tarn__bloom_builder_add_fixed(struct tarn__bloom_builder *builder, const uint8_t *values, size_t width, size_t count)
{
    if (count == 0) {
        return true;
    }
    if (!begin(builder)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        insert(builder, tarn__bloom_hash(values + i * width, width));
    }
    return true;
}

bool tarn__bloom_builder_add_bytes(struct tarn__bloom_builder *builder, struct tarn_span value)
{
    return tarn__bloom_builder_add_fixed(builder, value.data, value.size, 1);
}

bool tarn__bloom_builder_add_plain(struct tarn__bloom_builder *builder, const uint8_t *values, size_t count)
{
    if (count == 0) {
        return true;
    }
    if (!begin(builder)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const uint32_t size = tarn__load32(values);
        insert(builder, tarn__bloom_hash(values + LENGTH_BYTES, size));
        values += LENGTH_BYTES + (size_t)size;
    }
    return true;
}

/* ---- false positives ---- */

static inline unsigned bits_of_word(const uint8_t *block, unsigned word)
{
    return (unsigned)__builtin_popcount(tarn__load32(block + (size_t)4 * word));
}

double tarn__bloom_filter_false_positives(const struct tarn_bloom_filter *filter)
{
    double sum = 0;

    if (filter->block_count == 0) {
        return 1;
    }
    for (uint32_t b = 0; b < filter->block_count; b++) {
        double part = 1;
        for (unsigned i = 0; i < WORDS; i++) {
            part *= (double)bits_of_word(filter->blocks + (size_t)b * BLOCK_BYTES, i) / WORD_BITS;
        }
        sum += part;
    }
    return sum / filter->block_count;
}

/* What they would be after one fold. */
static double folded_false_positives(const uint8_t *blocks, uint32_t block_count)
{
    double sum = 0;

    for (uint32_t b = 0; b < block_count; b += 2) {
        double part = 1;
        for (unsigned i = 0; i < WORDS; i++) {
            const uint8_t *left = blocks + (size_t)b * BLOCK_BYTES + (size_t)4 * i;
            part *= (double)__builtin_popcount(tarn__load32(left) | tarn__load32(left + BLOCK_BYTES)) / WORD_BITS;
        }
        sum += part;
    }
    return sum * 2 / block_count; /* a power of two */
}

static void fold(uint8_t *blocks, uint32_t block_count)
{
    for (uint32_t b = 0; b < block_count; b += 2) {
        for (unsigned i = 0; i < WORDS; i++) {
            const uint8_t *left = blocks + (size_t)b * BLOCK_BYTES + (size_t)4 * i;
            tarn__store32(blocks + (size_t)b / 2 * BLOCK_BYTES + (size_t)4 * i, tarn__load32(left) | tarn__load32(left + BLOCK_BYTES));
        }
    }
}

void tarn__bloom_builder_finish(struct tarn__bloom_builder *builder, struct tarn_bloom_filter *out)
{
    *out = (struct tarn_bloom_filter){0};
    if (builder->block_count == 0) {
        return;
    }
    uint8_t *blocks = builder->blocks->data;
    while (builder->block_count > 1 && folded_false_positives(blocks, builder->block_count) <= builder->false_positives) {
        fold(blocks, builder->block_count);
        builder->block_count /= 2;
    }
    *out = (struct tarn_bloom_filter){.blocks = blocks, .block_count = builder->block_count};
}

enum tarn_status tarn__bloom_header_encode(const struct tarn_bloom_filter *filter, struct tarn_buffer *out, struct tarn_error *err)
{
    const struct parquet_bloom_filter_header header = {
        .num_bytes = (int32_t)(filter->block_count * BLOCK_BYTES), .algorithm = {1}, .hash = {1}, .compression = {1}};
    return tarn__thrift_encode(&tarn__parquet_bloom_filter_header, &header, out, err);
}
