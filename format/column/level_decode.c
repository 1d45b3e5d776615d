/* SPDX-License-Identifier: Apache-2.0
 *
 * Definition and repetition levels of a page.
 *
 * Specification: parquet-format README.md "Nested Encoding", Encodings.md "RLE", "Bit-packed (Deprecated)". SPEC: P-LVL-1 to P-LVL-6.
 *
 * Invariants
 *  1. `remaining` counts what was promised by the page and not yet taken; nobody takes more.
 *  2. Every level handed out is at most `max`: nesting is put together without further checks of this kind.
 */
#include "format/column/level_decode.h"

#include "format/batch/bitmap.h"

static enum tarn_status too_high(struct tarn_error *err, unsigned level, unsigned max)
{
    return tarn__corrupt(err, "level", "a level of %u where the schema allows at most %u", level, max);
}

enum tarn_status tarn__level_decoder_init(struct tarn__level_decoder *decoder, struct tarn_span bytes, uint8_t max, uint32_t count,
                                          struct tarn_error *err)
{
    *decoder = (struct tarn__level_decoder){.max = max, .remaining = count, .kernels = &tarn__decode_kernels_base};
    if (max == 0) {
        return TARN_OK;
    }
    decoder->width = (uint8_t)(32 - __builtin_clz(max));
    return tarn__rle_reader_init(&decoder->runs, bytes, decoder->width, count, err);
}

/* BIT_PACKED levels are one run of the hybrid without its header, but for the order of bits. */
enum tarn_status tarn__level_decoder_init_packed(struct tarn__level_decoder *decoder, struct tarn_span bytes, uint8_t max, uint32_t count,
                                                 bool low_first, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tarn__level_decoder_init(decoder, (struct tarn_span){NULL, 0}, max, count, err));
    if (max == 0) {
        return TARN_OK;
    }
    if (bytes.size < tarn__bits_bytes((uint64_t)count * decoder->width)) {
        return tarn__corrupt(err, "level", "%u packed levels of %u bits do not fit into %zu bytes", count, (unsigned)decoder->width,
                             bytes.size);
    }
    decoder->high_first = !low_first;
    decoder->run = (struct tarn__rle_run){.bits = bytes, .length = count, .packed = true};
    return TARN_OK;
}

/* Makes `run` hold at least one level that was not taken. */
static enum tarn_status refill(struct tarn__level_decoder *decoder, struct tarn_error *err)
{
    if (decoder->run_at < decoder->run.length) {
        return TARN_OK;
    }
    decoder->run_at = 0;
    TARN_RETURN_IF_ERROR(tarn__rle_reader_next(&decoder->runs, &decoder->run, err));
    if (decoder->run.length == 0) {
        return tarn__corrupt(err, "level", "%u levels are missing", decoder->remaining);
    }
    if (!decoder->run.packed && decoder->run.value > decoder->max) {
        return too_high(err, decoder->run.value, decoder->max);
    }
    return TARN_OK;
}

/* Level `at` of bit-packed ones, least significant bit first. */
static uint8_t unpack_one(struct tarn_span bits, unsigned width, uint32_t at)
{
    const uint64_t bit = (uint64_t)at * width;
    const size_t byte = (size_t)(bit >> 3);
    uint32_t word = bits.data[byte];
    if ((bit & 7) + width > 8) {
        word |= (uint32_t)bits.data[byte + 1] << 8;
    }
    return (uint8_t)(word >> (bit & 7) & ((1u << width) - 1));
}

/* Levels [at, at + count): those up to the next whole byte, then the others together. The highest one seen is returned. */
static unsigned unpack(const struct tarn__level_decoder *decoder, uint32_t at, uint32_t count, uint8_t *levels)
{
    const struct tarn_span bits = decoder->run.bits;
    uint32_t done = 0;
    for (; done < count && (at + done) % 8 != 0; done++) {
        levels[done] = unpack_one(bits, decoder->width, at + done);
    }
    if (done < count) {
        const size_t begin = (size_t)((uint64_t)(at + done) / 8 * decoder->width);
        decoder->kernels->unpack8(bits.data + begin, bits.size - begin, decoder->width, count - done, levels + done);
    }
    return decoder->kernels->largest8(levels, count);
}

/* The same, most significant bit first. */
static unsigned unpack_high_first(const struct tarn__level_decoder *decoder, uint32_t at, uint32_t count, uint8_t *levels)
{
    const struct tarn_span bits = decoder->run.bits;
    const unsigned width = decoder->width;
    const uint32_t mask = (1u << width) - 1;
    unsigned highest = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t bit = (uint64_t)(at + i) * width;
        const size_t byte = (size_t)(bit >> 3);
        uint32_t word = (uint32_t)bits.data[byte] << 8;
        if ((bit & 7) + width > 8) {
            word |= bits.data[byte + 1];
        }
        const unsigned level = word >> (16 - (bit & 7) - width) & mask;
        highest = level > highest ? level : highest;
        levels[i] = (uint8_t)level;
    }
    return highest;
}

enum tarn_status tarn__level_decoder_take(struct tarn__level_decoder *decoder, uint32_t count, uint8_t *levels, struct tarn_error *err)
{
    if (decoder->max == 0) {
        memset(levels, 0, count);
        decoder->remaining -= count;
        return TARN_OK;
    }
    while (count != 0) {
        TARN_RETURN_IF_ERROR(refill(decoder, err));
        const uint32_t left = decoder->run.length - decoder->run_at;
        const uint32_t part = left < count ? left : count;
        if (decoder->run.packed) {
            const unsigned highest = (decoder->high_first ? unpack_high_first : unpack)(decoder, decoder->run_at, part, levels);
            if (highest > decoder->max) {
                return too_high(err, highest, decoder->max);
            }
        } else {
            memset(levels, (int)decoder->run.value, part);
        }
        decoder->run_at += part;
        decoder->remaining -= part;
        levels += part;
        count -= part;
    }
    return TARN_OK;
}

/* Presence through the levels themselves, in pieces. */
static enum tarn_status presence_by_level(struct tarn__level_decoder *decoder, uint32_t count, uint8_t *bits, uint64_t at,
                                          uint32_t *present, struct tarn_error *err)
{
    uint8_t levels[256];
    while (count != 0) {
        const uint32_t part = count < sizeof(levels) ? count : (uint32_t)sizeof(levels);
        TARN_RETURN_IF_ERROR(tarn__level_decoder_take(decoder, part, levels, err));
        const struct tarn__level_rule rule = {0, UINT8_MAX, decoder->max};
        size_t set;
        decoder->kernels->level_slots(levels, NULL, part, rule, bits, at, &set);
        *present += (uint32_t)set;
        at += part;
        count -= part;
    }
    return TARN_OK;
}

enum tarn_status tarn__level_decoder_presence(struct tarn__level_decoder *decoder, uint32_t count, uint8_t *bits, uint64_t at,
                                              uint32_t *present, struct tarn_error *err)
{
    *present = 0;
    if (decoder->max == 0) {
        *present = count;
        decoder->remaining -= count;
        if (bits != NULL) {
            tarn__bitmap_fill(bits, at, count, true);
        }
        return TARN_OK;
    }
    while (count != 0) {
        TARN_RETURN_IF_ERROR(refill(decoder, err));
        const uint32_t left = decoder->run.length - decoder->run_at;
        const uint32_t part = left < count ? left : count;
        if (!decoder->run.packed) {
            const bool set = decoder->run.value == decoder->max;
            *present += set ? part : 0;
            if (set && bits != NULL) {
                tarn__bitmap_fill(bits, at, part, true);
            }
            decoder->run_at += part;
            decoder->remaining -= part;
        } else if (decoder->width == 1 && !decoder->high_first) { /* then the levels are the bits */
            *present += tarn__bitmap_count(decoder->run.bits.data, decoder->run_at, part);
            if (bits != NULL) {
                tarn__bitmap_append(bits, at, decoder->run.bits.data, decoder->run_at, part);
            }
            decoder->run_at += part;
            decoder->remaining -= part;
        } else {
            TARN_RETURN_IF_ERROR(presence_by_level(decoder, part, bits, at, present, err));
        }
        at += part;
        count -= part;
    }
    return TARN_OK;
}
