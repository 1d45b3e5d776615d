/* SPDX-License-Identifier: Apache-2.0
 *
 * gzip members (RFC 1952) and DEFLATE blocks (RFC 1951), decoded by tables.
 *
 * Invariants
 *  1. `bits` holds the next `count` bits of the input, the first of them lowest; what stands above `count` are bits that come again.
 *  2. Behind the end of the input zeros are read, `padding` of them; whoever has used one (padding > count) has read a truncated file.
 *  3. out[0 .. position) are unpacked bytes, the last of them at most WINDOW old; a distance never leads before `member`.
 *  4. A step of the block loop adds at most MATCH bytes and begins only while that many and a word fit.
 */
#include "format/codec/inflate.h"

#include "format/base/bytes.h"
#include "format/base/hash.h"

enum {
    WINDOW = 32768,
    PIECE = 262144, /* bytes handed out at a time */
    MATCH = 258,
    SLACK = MATCH + 16,
    LITERAL_ROOT = 11,
    DISTANCE_ROOT = 8,
    LENGTH_ROOT = 7,
    /* A table has its root and, below it, subtables of at least two codes each. */
    LITERAL_ENTRIES = 2048 + 143 * 16,
    DISTANCE_ENTRIES = 256 + 15 * 128,
    LENGTH_ENTRIES = 128,
    LITERAL_CODES = 288,
    DISTANCE_CODES = 32,
};

/* An entry: bits of the code, of the extra bits (or of the subtable's index), what it is, and the literal, base or subtable. */
enum { KIND_LITERAL = 0, KIND_BASE = 1, KIND_END = 2, KIND_SUBTABLE = 3, KIND_NONE = 4 };

struct code_entry {
    uint8_t length;
    uint8_t extra;
    uint8_t kind;
    uint16_t value;
};

enum stage { STAGE_MEMBER, STAGE_BLOCK, STAGE_STORED, STAGE_CODES, STAGE_TRAILER, STAGE_END };

struct tarn_inflate {
    struct tarn_env *env;
    tarn_inflate_source source;
    void *ctx;
    const uint8_t *at;
    const uint8_t *end;
    uint64_t read; /* bytes of all spans taken so far */
    bool exhausted;
    enum tarn_status status; /* the first failure, which stays */
    struct tarn_error error;

    uint64_t bits;
    uint32_t count;
    uint64_t padding;

    enum stage stage;
    bool raw; /* DEFLATE alone: no header, no trailer, what is behind it is not looked at */
    bool last_block;
    bool first_member;
    uint32_t stored; /* bytes of a stored block that are still to come */
    uint32_t crc;
    uint32_t size;   /* of the member, modulo 2^32 */
    size_t position; /* end of what is unpacked */
    size_t member;   /* where the member begins, or its window */
    struct code_entry literals[LITERAL_ENTRIES];
    struct code_entry distances[DISTANCE_ENTRIES];
    struct code_entry lengths[LENGTH_ENTRIES];
    uint8_t out[WINDOW + PIECE + SLACK];
};

static enum tarn_status broken(struct tarn_inflate *in, const char *detail, const char *what)
{
    if (in->status != TARN_OK) {
        return in->status; /* the source's own error comes first */
    }
    if (in->padding > in->count) {
        detail = "gzip.truncated";
        what = "the gzip file ends in the middle";
    }
    in->status = tarn__corrupt(&in->error, detail, "%s: it is damaged or was not copied whole", what);
    const uint64_t ahead = (uint64_t)(in->end - in->at) + in->count / 8;
    tarn__error_at_offset(&in->error, in->read > ahead ? in->read - ahead : 0);
    return in->status;
}

/* ---- bits ---- */

static bool next_span(struct tarn_inflate *in)
{
    if (in->exhausted) {
        return false;
    }
    struct tarn_span span = {NULL, 0};
    const enum tarn_status status = in->source(in->ctx, &span, &in->error);
    if (status != TARN_OK) {
        in->status = status;
    }
    in->exhausted = status != TARN_OK || span.size == 0;
    if (in->exhausted) {
        in->at = in->end = NULL;
        return false;
    }
    in->at = span.data;
    in->end = span.data + span.size;
    in->read += span.size;
    return true;
}

static void refill_slowly(struct tarn_inflate *in)
{
    while (in->count < 56) { /* at most 63 then: the fast way counts on it */
        if (in->at == in->end && !next_span(in)) {
            in->bits &= in->count == 0 ? 0 : UINT64_MAX >> (64 - in->count);
            in->padding += 8;
        } else {
            in->bits |= (uint64_t)*in->at++ << in->count;
        }
        in->count += 8;
    }
}

/* At least 56 bits. */
static inline void refill(struct tarn_inflate *in)
{
    if (__builtin_expect(in->end - in->at >= 8, 1)) {
        in->bits |= tarn__load64(in->at) << in->count;
        in->at += (63 - in->count) >> 3;
        in->count |= 56;
    } else {
        refill_slowly(in);
    }
}

static inline uint32_t take(struct tarn_inflate *in, uint32_t n)
{
    const uint32_t value = (uint32_t)(in->bits & (((uint64_t)1 << n) - 1));
    in->bits >>= n;
    in->count -= n;
    return value;
}

/* Up to 32 bits, refilled before. */
static uint32_t read_bits(struct tarn_inflate *in, uint32_t n)
{
    refill(in);
    return take(in, n);
}

/* To the next whole byte; what the bit buffer holds of the following bytes stays in it. */
static void align(struct tarn_inflate *in)
{
    take(in, in->count & 7);
}

static bool overran(const struct tarn_inflate *in)
{
    return in->status != TARN_OK || in->padding > in->count;
}

/* ---- codes ---- */

static const uint16_t length_base[29] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                         31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
static const uint8_t length_extra[29] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
static const uint16_t distance_base[30] = {1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
                                           193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
static const uint8_t distance_extra[30] = {0, 0, 0, 0, 1, 1, 2, 2,  3,  3,  4,  4,  5,  5,  6,
                                           6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13};

enum alphabet { ALPHABET_LENGTHS, ALPHABET_LITERALS, ALPHABET_DISTANCES };

static struct code_entry entry_of(enum alphabet alphabet, uint32_t symbol)
{
    if (alphabet == ALPHABET_LENGTHS || (alphabet == ALPHABET_LITERALS && symbol < 256)) {
        return (struct code_entry){.kind = KIND_LITERAL, .value = (uint16_t)symbol};
    }
    if (alphabet == ALPHABET_LITERALS) {
        if (symbol == 256) {
            return (struct code_entry){.kind = KIND_END};
        }
        if (symbol < 286) {
            return (struct code_entry){.kind = KIND_BASE, .extra = length_extra[symbol - 257], .value = length_base[symbol - 257]};
        }
    } else if (symbol < 30) {
        return (struct code_entry){.kind = KIND_BASE, .extra = distance_extra[symbol], .value = distance_base[symbol]};
    }
    return (struct code_entry){.kind = KIND_NONE};
}

static uint32_t reversed(uint32_t code, uint32_t length)
{
    uint32_t out = 0;
    for (uint32_t i = 0; i < length; i++) {
        out = out << 1 | (code >> i & 1);
    }
    return out;
}

/*
 * The canonical code of the lengths as a table of 2^root entries with subtables behind. False when the lengths are no prefix code: more
 * codes than fit, or fewer (legal only for a single code of one bit, and for none at all when `may_be_empty`).
 */
static bool build(struct code_entry *table, uint32_t capacity, uint32_t root, enum alphabet alphabet, const uint8_t *lengths,
                  uint32_t symbols, bool may_be_empty)
{
    uint32_t counts[16] = {0};
    uint32_t next[16];
    for (uint32_t i = 0; i < symbols; i++) {
        counts[lengths[i]]++;
    }
    const uint32_t used = symbols - counts[0];
    counts[0] = 0;
    int32_t left = 1;
    uint32_t code = 0;
    for (uint32_t length = 1; length <= 15; length++) {
        left = left * 2 - (int32_t)counts[length];
        if (left < 0) {
            return false;
        }
        code = (code + counts[length - 1]) << 1;
        next[length] = code;
    }
    if (left > 0 && !(used == 1 && counts[1] == 1 && alphabet != ALPHABET_LENGTHS) && !(used == 0 && may_be_empty)) {
        return false;
    }
    for (uint32_t i = 0; i < (uint32_t)1 << root; i++) {
        table[i] = (struct code_entry){.length = 1, .kind = KIND_NONE};
    }
    uint32_t end = (uint32_t)1 << root;
    uint8_t deepest[1 << LITERAL_ROOT] = {0}; /* longest code below each root entry */
    uint16_t codes[LITERAL_CODES];
    for (uint32_t i = 0; i < symbols; i++) {
        const uint32_t length = lengths[i];
        if (length != 0) {
            codes[i] = (uint16_t)reversed(next[length]++, length);
            uint8_t *deep = &deepest[codes[i] & ((1u << root) - 1)];
            *deep = length > root && length > *deep ? (uint8_t)length : *deep;
        }
    }
    for (uint32_t i = 0; i < symbols; i++) {
        const uint32_t length = lengths[i];
        struct code_entry entry = entry_of(alphabet, i);
        entry.length = (uint8_t)length;
        if (length == 0) {
            continue;
        }
        if (length <= root) {
            for (uint32_t at = codes[i]; at < (uint32_t)1 << root; at += (uint32_t)1 << length) {
                table[at] = entry;
            }
            continue;
        }
        struct code_entry *link = &table[codes[i] & ((1u << root) - 1)];
        if (link->kind != KIND_SUBTABLE) {
            const uint32_t bits = deepest[link - table] - root;
            if (end + ((uint32_t)1 << bits) > capacity) {
                return false;
            }
            *link = (struct code_entry){.length = (uint8_t)root, .extra = (uint8_t)bits, .kind = KIND_SUBTABLE, .value = (uint16_t)end};
            for (uint32_t j = 0; j < (uint32_t)1 << bits; j++) {
                table[end + j] = (struct code_entry){.length = 1, .kind = KIND_NONE};
            }
            end += (uint32_t)1 << bits;
        }
        entry.length = (uint8_t)(length - root);
        for (uint32_t at = (uint32_t)codes[i] >> root; at < (uint32_t)1 << link->extra; at += (uint32_t)1 << entry.length) {
            table[link->value + at] = entry;
        }
    }
    return true;
}

static inline struct code_entry decode(struct tarn_inflate *in, const struct code_entry *table, uint32_t root)
{
    struct code_entry entry = table[in->bits & (((uint64_t)1 << root) - 1)];
    if (entry.kind == KIND_SUBTABLE) {
        take(in, root);
        entry = table[entry.value + (in->bits & (((uint64_t)1 << entry.extra) - 1))];
    }
    take(in, entry.length);
    return entry;
}

static enum tarn_status read_fixed_codes(struct tarn_inflate *in)
{
    uint8_t lengths[LITERAL_CODES];
    memset(lengths, 8, 144);
    memset(lengths + 144, 9, 112);
    memset(lengths + 256, 7, 24);
    memset(lengths + 280, 8, 8);
    bool good = build(in->literals, LITERAL_ENTRIES, LITERAL_ROOT, ALPHABET_LITERALS, lengths, LITERAL_CODES, false);
    memset(lengths, 5, DISTANCE_CODES);
    good = good && build(in->distances, DISTANCE_ENTRIES, DISTANCE_ROOT, ALPHABET_DISTANCES, lengths, DISTANCE_CODES, false);
    return good ? TARN_OK : tarn__internal(&in->error, "the fixed codes of DEFLATE are no code");
}

static enum tarn_status read_dynamic_codes(struct tarn_inflate *in)
{
    static const uint8_t order[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    uint8_t lengths[LITERAL_CODES + DISTANCE_CODES + 138] = {0};
    uint8_t small[19] = {0};
    refill(in);
    const uint32_t literals = take(in, 5) + 257;
    const uint32_t distances = take(in, 5) + 1;
    const uint32_t given = take(in, 4) + 4;
    if (literals > 286 || distances > 30) {
        return broken(in, "gzip.code", "a compressed block has more codes than there are");
    }
    for (uint32_t i = 0; i < given; i++) {
        small[order[i]] = (uint8_t)read_bits(in, 3);
    }
    if (overran(in) || !build(in->lengths, LENGTH_ENTRIES, LENGTH_ROOT, ALPHABET_LENGTHS, small, 19, false)) {
        return broken(in, "gzip.code", "the code lengths of a compressed block are no code");
    }
    for (uint32_t i = 0; i < literals + distances;) {
        refill(in);
        const struct code_entry entry = decode(in, in->lengths, LENGTH_ROOT);
        if (overran(in) || entry.kind == KIND_NONE) {
            return broken(in, "gzip.code", "a compressed block has an undefined code");
        }
        if (entry.value < 16) {
            lengths[i++] = (uint8_t)entry.value;
            continue;
        }
        if (entry.value == 16 && i == 0) {
            return broken(in, "gzip.code", "a compressed block repeats a code length before the first");
        }
        const uint8_t value = entry.value == 16 ? lengths[i - 1] : 0;
        const uint32_t times = entry.value == 16 ? 3 + take(in, 2) : entry.value == 17 ? 3 + take(in, 3) : 11 + take(in, 7);
        if (times > literals + distances - i) {
            return broken(in, "gzip.code", "a compressed block has more code lengths than it says");
        }
        memset(lengths + i, value, times);
        i += times;
    }
    if (lengths[256] == 0 || !build(in->literals, LITERAL_ENTRIES, LITERAL_ROOT, ALPHABET_LITERALS, lengths, literals, false) ||
        !build(in->distances, DISTANCE_ENTRIES, DISTANCE_ROOT, ALPHABET_DISTANCES, lengths + literals, distances, true)) {
        return broken(in, "gzip.code", "the codes of a compressed block are no code");
    }
    return TARN_OK;
}

/* ---- blocks ---- */

static inline void copy_match(uint8_t *to, size_t distance, size_t length)
{
    const uint8_t *from = to - distance;
    if (distance >= 8) {
        /* whole words: SLACK lies behind */
        for (size_t i = 0; i < length; i += 8) {
            memcpy(to + i, from + i, 8);
        }
    } else if (distance == 1) {
        memset(to, *from, length);
    } else {
        for (size_t i = 0; i < length; i++) {
            to[i] = from[i];
        }
    }
}

static enum tarn_status read_codes(struct tarn_inflate *in)
{
    while (in->position < WINDOW + PIECE) {
        refill(in);
        struct code_entry entry = decode(in, in->literals, LITERAL_ROOT);
        if (entry.kind == KIND_LITERAL) {
            in->out[in->position++] = (uint8_t)entry.value;
            entry = decode(in, in->literals, LITERAL_ROOT); /* 56 bits hold three codes */
            if (entry.kind == KIND_LITERAL) {
                in->out[in->position++] = (uint8_t)entry.value;
                if (__builtin_expect(in->padding > in->count, 0)) {
                    return broken(in, "gzip.truncated", "");
                }
                continue;
            }
            refill(in);
        }
        if (__builtin_expect(overran(in), 0)) {
            return broken(in, "gzip.truncated", "");
        }
        if (entry.kind == KIND_END) {
            in->stage = in->last_block ? STAGE_TRAILER : STAGE_BLOCK;
            return TARN_OK;
        }
        if (entry.kind != KIND_BASE) {
            return broken(in, "gzip.code", "a compressed block has an undefined code");
        }
        const size_t length = entry.value + take(in, entry.extra);
        entry = decode(in, in->distances, DISTANCE_ROOT);
        if (entry.kind != KIND_BASE) {
            return broken(in, "gzip.code", "a compressed block has an undefined distance code");
        }
        const size_t distance = entry.value + take(in, entry.extra);
        if (distance > in->position - in->member) {
            return broken(in, "gzip.distance", "a compressed block refers to bytes before its begin");
        }
        copy_match(in->out + in->position, distance, length);
        in->position += length;
    }
    return TARN_OK;
}

static enum tarn_status read_block_header(struct tarn_inflate *in)
{
    refill(in);
    in->last_block = take(in, 1) != 0;
    const uint32_t kind = take(in, 2);
    if (kind == 0) {
        align(in);
        const uint32_t size = read_bits(in, 16);
        const uint32_t check = read_bits(in, 16);
        if (overran(in) || (size ^ check) != 0xffff) {
            return broken(in, "gzip.block", "the length of a stored block does not fit its complement");
        }
        in->stored = size;
        in->stage = STAGE_STORED;
        return TARN_OK;
    }
    if (overran(in) || kind == 3) {
        return broken(in, "gzip.block", "a compressed block has an undefined kind");
    }
    TARN_RETURN_IF_ERROR(kind == 1 ? read_fixed_codes(in) : read_dynamic_codes(in));
    in->stage = STAGE_CODES;
    return TARN_OK;
}

static enum tarn_status read_stored(struct tarn_inflate *in)
{
    while (in->stored != 0 && in->position < WINDOW + PIECE) {
        if (in->count >= 8) {
            in->out[in->position++] = (uint8_t)take(in, 8);
            in->stored--;
            if (overran(in)) {
                return broken(in, "gzip.truncated", "");
            }
            continue;
        }
        in->bits = 0;
        in->count = 0;
        if (in->at == in->end && !next_span(in)) {
            in->padding = 1;
            return broken(in, "gzip.truncated", "");
        }
        size_t size = (size_t)(in->end - in->at);
        size = size < in->stored ? size : in->stored;
        size = size < WINDOW + PIECE - in->position ? size : WINDOW + PIECE - in->position;
        memcpy(in->out + in->position, in->at, size);
        in->at += size;
        in->position += size;
        in->stored -= (uint32_t)size;
    }
    if (in->stored == 0) {
        in->stage = in->last_block ? STAGE_TRAILER : STAGE_BLOCK;
    }
    return TARN_OK;
}

/* ---- members ---- */

static uint8_t header_byte(struct tarn_inflate *in, uint32_t *crc)
{
    const uint8_t byte = (uint8_t)read_bits(in, 8);
    *crc = tarn__crc32(*crc, &byte, 1);
    return byte;
}

static enum tarn_status skip_header_fields(struct tarn_inflate *in, uint8_t flags, uint32_t *crc)
{
    if ((flags & 4) != 0) {
        uint32_t size = header_byte(in, crc);
        size |= (uint32_t)header_byte(in, crc) << 8;
        while (size-- != 0 && !overran(in)) {
            header_byte(in, crc);
        }
    }
    for (uint8_t flag = 8; flag <= 16; flag = (uint8_t)(flag << 1)) { /* name, comment */
        while ((flags & flag) != 0 && header_byte(in, crc) != 0 && !overran(in)) {
        }
    }
    if ((flags & 2) != 0) {
        const uint32_t expected = *crc & 0xffff;
        uint32_t stored = header_byte(in, crc);
        stored |= (uint32_t)header_byte(in, crc) << 8;
        if (overran(in) || stored != expected) {
            return broken(in, "gzip.header", "the checksum of a gzip header does not match");
        }
    }
    return overran(in) ? broken(in, "gzip.truncated", "") : TARN_OK;
}

static enum tarn_status read_member_header(struct tarn_inflate *in)
{
    uint32_t crc = 0;
    uint8_t fixed[10];
    refill(in);
    while (!in->first_member && !overran(in) && (in->bits & 0xff) == 0) { /* zeros behind the last member: tape blocks */
        take(in, 8);
        refill(in);
    }
    if (in->status != TARN_OK) {
        return in->status;
    }
    if (!in->first_member && in->padding >= in->count) {
        in->stage = STAGE_END;
        return TARN_OK;
    }
    for (size_t i = 0; i < sizeof(fixed); i++) {
        fixed[i] = header_byte(in, &crc);
    }
    if (overran(in) || fixed[0] != 0x1f || fixed[1] != 0x8b || fixed[2] != 8 || (fixed[3] & 0xe0) != 0) {
        return broken(in, "gzip.header", "there is no gzip header where a member should begin");
    }
    TARN_RETURN_IF_ERROR(skip_header_fields(in, fixed[3], &crc));
    in->first_member = false;
    in->member = in->position;
    in->crc = 0;
    in->size = 0;
    in->stage = STAGE_BLOCK;
    return TARN_OK;
}

static enum tarn_status read_trailer(struct tarn_inflate *in)
{
    if (in->raw) {
        in->stage = STAGE_END;
        return overran(in) ? broken(in, "gzip.truncated", "") : TARN_OK;
    }
    align(in);
    const uint32_t crc = read_bits(in, 32);
    const uint32_t size = read_bits(in, 32);
    if (overran(in) || crc != in->crc) {
        return broken(in, "gzip.crc", "the checksum of the unpacked bytes does not match");
    }
    if (size != in->size) {
        return broken(in, "gzip.size", "the unpacked size does not match");
    }
    in->stage = STAGE_MEMBER;
    return TARN_OK;
}

static enum tarn_status step(struct tarn_inflate *in)
{
    switch (in->stage) {
    case STAGE_MEMBER:
        return read_member_header(in);
    case STAGE_BLOCK:
        return read_block_header(in);
    case STAGE_STORED:
        return read_stored(in);
    case STAGE_CODES:
        return read_codes(in);
    case STAGE_TRAILER:
        return read_trailer(in);
    default:
        return TARN_OK;
    }
}

static void keep_window(struct tarn_inflate *in)
{
    const size_t keep = in->position < WINDOW ? in->position : WINDOW;
    const size_t gone = in->position - keep;
    memmove(in->out, in->out + gone, keep);
    in->position = keep;
    in->member = in->member > gone ? in->member - gone : 0;
}

enum tarn_status tarn__inflate_next(struct tarn_inflate *in, struct tarn_span *out, struct tarn_error *err)
{
    *out = (struct tarn_span){NULL, 0};
    if (in->status == TARN_OK) {
        keep_window(in);
    }
    const size_t begin = in->position;
    while (in->status == TARN_OK && in->stage != STAGE_END && in->position < WINDOW + PIECE) {
        const size_t before = in->position;
        const enum tarn_status status = step(in);
        in->status = status;
        in->crc = tarn__crc32(in->crc, in->out + before, in->position - before);
        in->size += (uint32_t)(in->position - before);
    }
    if (in->status != TARN_OK) {
        if (err != NULL) {
            *err = in->error;
        }
        return in->status;
    }
    *out = (struct tarn_span){in->out + begin, in->position - begin};
    return TARN_OK;
}

enum tarn_status tarn__inflate_open(struct tarn_env *env, tarn_inflate_source source, void *ctx, struct tarn_inflate **out,
                                    struct tarn_error *err)
{
    struct tarn_inflate *in = tarn__alloc(env, sizeof(*in));
    *out = in;
    if (in == NULL) {
        return tarn__nomem(env, err, sizeof(*in));
    }
    memset(in, 0, offsetof(struct tarn_inflate, literals));
    in->error = (struct tarn_error)TARN_ERROR_INIT;
    in->env = env;
    in->source = source;
    in->ctx = ctx;
    in->first_member = true;
    return TARN_OK;
}

enum tarn_status tarn__inflate_open_raw(struct tarn_env *env, tarn_inflate_source source, void *ctx, struct tarn_inflate **out,
                                        struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tarn__inflate_open(env, source, ctx, out, err));
    (*out)->raw = true;
    (*out)->stage = STAGE_BLOCK;
    return TARN_OK;
}

void tarn__inflate_close(struct tarn_inflate *inflate)
{
    if (inflate != NULL) {
        tarn__free(inflate->env, inflate);
    }
}
