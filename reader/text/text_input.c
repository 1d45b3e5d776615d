/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes to UTF-8 text in three steps, each a source of spans for the next: chunks of the origin, unpacking, transcoding.
 *
 * Invariants
 *  1. Of an object one read is always under way while the chunk before it is used (`ahead`); each ticket is waited for once.
 *  2. A span is borrowed until the next one of the same step is asked for.
 *  3. What zstd holds beyond its handle is charged to the env as soon as it is known.
 */
#include "reader/text/text_input.h"

#include <zstd.h>
#include <zstd_errors.h>

#include "format/base/alloc.h"
#include "format/base/bytes.h"
#include "format/codec/inflate.h"

enum { CHUNK = 1 << 20, LEAST_CHUNK = 64, UNPACKED = 1 << 18, TRANSCODE_PIECE = 1 << 14, ZSTD_WINDOW_LOG = 27 };

enum compression { PLAIN, GZIP, ZSTD };

struct tarn_text_input {
    struct tarn_env *env;
    struct tarn_object *object;
    struct tarn_byte_stream stream;
    size_t chunk;
    uint8_t *chunks[2];
    int current; /* of `chunks`: the one in use */
    uint64_t offset;
    uint64_t bytes;
    uint64_t requests;
    bool ahead; /* a read into the other chunk is under way */
    uint64_t ticket;
    size_t ahead_size;
    struct tarn_span raw; /* read, not yet unpacked */
    bool raw_ended;

    enum compression compression;
    struct tarn_inflate *inflate;
    ZSTD_DStream *zstd;
    uint64_t charged;
    uint8_t *unpacked;
    bool zstd_between_frames;
    struct tarn_span plain; /* unpacked, not yet given out */
    bool plain_ended;

    struct tarn_text encoding;
    struct tarn_transcoder transcoder;
    char *text; /* transcoded, of which [text_at, text_size) is not yet given out */
    size_t text_at;
    size_t text_size;
    bool text_begun;
    bool text_ended;
};

/* ---- chunks of the origin ---- */

static enum tarn_status submit(struct tarn_text_input *input, struct tarn_error *err)
{
    const uint64_t size = tarn_object_info(input->object).size;
    const uint64_t left = size - input->offset;
    input->ahead_size = left < input->chunk ? (size_t)left : input->chunk;
    if (input->ahead_size == 0) {
        return TARN_OK;
    }
    const struct tarn_read_range range = {input->offset, input->ahead_size, input->chunks[!input->current]};
    TARN_RETURN_IF_ERROR(tarn_object_read_submit(input->object, 1, &range, &input->ticket, err));
    input->offset += input->ahead_size;
    input->requests++;
    input->ahead = true;
    return TARN_OK;
}

static enum tarn_status next_object_chunk(struct tarn_text_input *input, struct tarn_error *err)
{
    if (!input->ahead) {
        TARN_RETURN_IF_ERROR(submit(input, err)); /* the first; at the end nothing */
    }
    if (!input->ahead) {
        return TARN_OK;
    }
    input->ahead = false;
    TARN_RETURN_IF_ERROR(tarn_object_read_wait(input->object, input->ticket, err));
    input->current = !input->current;
    input->raw = (struct tarn_span){input->chunks[input->current], input->ahead_size};
    return submit(input, err);
}

static enum tarn_status next_stream_chunk(struct tarn_text_input *input, struct tarn_error *err)
{
    size_t filled = 0;
    while (filled < input->chunk) {
        size_t got = 0;
        TARN_RETURN_IF_ERROR(input->stream.read(input->stream.ctx, input->chunks[0] + filled, input->chunk - filled, &got, err));
        input->requests++;
        if (got > input->chunk - filled) {
            return tarn__invalid(err, "stream", "the stream says that it read more bytes than were asked for");
        }
        if (got == 0) {
            break;
        }
        filled += got;
    }
    input->raw = (struct tarn_span){input->chunks[0], filled};
    return TARN_OK;
}

/* More of the origin in `raw`; empty is the end. */
static enum tarn_status next_raw(struct tarn_text_input *input, struct tarn_error *err)
{
    input->raw = (struct tarn_span){NULL, 0};
    if (input->raw_ended) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(tarn__check_cancelled(input->env, err));
    TARN_RETURN_IF_ERROR(input->object != NULL ? next_object_chunk(input, err) : next_stream_chunk(input, err));
    input->bytes += input->raw.size;
    input->raw_ended = input->raw.size == 0;
    return TARN_OK;
}

/* ---- unpacking ---- */

static enum tarn_status raw_for_inflate(void *ctx, struct tarn_span *out, struct tarn_error *err)
{
    struct tarn_text_input *input = ctx;
    if (input->raw.size == 0) {
        TARN_RETURN_IF_ERROR(next_raw(input, err));
    }
    *out = input->raw;
    input->raw.size = 0;
    return TARN_OK;
}

static enum tarn_status charge_zstd(struct tarn_text_input *input, struct tarn_error *err)
{
    const uint64_t now = ZSTD_sizeof_DStream(input->zstd);
    if (now > input->charged) {
        if (!tarn__charge(input->env, now - input->charged)) {
            return tarn__nomem(input->env, err, now - input->charged);
        }
        input->charged = now;
    }
    return TARN_OK;
}

static enum tarn_status zstd_damaged(struct tarn_text_input *input, size_t code, struct tarn_error *err)
{
    if (ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation) {
        return tarn__nomem(input->env, err, 0);
    }
    if (ZSTD_getErrorCode(code) == ZSTD_error_frameParameter_windowTooLarge) {
        return tarn__error_set(err, TARN_LIMIT, "zstd.window", "the zstd file needs a window of more than 128 MiB: pack it without --long");
    }
    const enum tarn_status status =
        tarn__corrupt(err, "zstd", "%s: the zstd file is damaged or was not copied whole", ZSTD_getErrorName(code));
    tarn__error_at_offset(err, input->bytes - input->raw.size);
    return status;
}

static enum tarn_status next_of_zstd(struct tarn_text_input *input, struct tarn_error *err)
{
    ZSTD_outBuffer out = {input->unpacked, UNPACKED, 0};
    while (out.pos < out.size) {
        if (input->raw.size == 0) {
            TARN_RETURN_IF_ERROR(next_raw(input, err));
        }
        if (input->raw.size == 0) {
            /* what zstd still holds comes out without further input */
            const size_t before = out.pos;
            ZSTD_inBuffer none = {NULL, 0, 0};
            const size_t left = input->zstd_between_frames ? 0 : ZSTD_decompressStream(input->zstd, &out, &none);
            if (ZSTD_isError(left)) {
                return zstd_damaged(input, left, err);
            }
            input->zstd_between_frames = left == 0;
            if (out.pos != before && left != 0) {
                continue;
            }
            if (left != 0) {
                tarn__corrupt(err, "zstd.truncated", "the zstd file ends in the middle: it was not copied whole");
                tarn__error_at_offset(err, input->bytes);
                return TARN_CORRUPT;
            }
            break;
        }
        ZSTD_inBuffer in = {input->raw.data, input->raw.size, 0};
        const size_t left = ZSTD_decompressStream(input->zstd, &out, &in);
        if (ZSTD_isError(left)) {
            return zstd_damaged(input, left, err);
        }
        TARN_RETURN_IF_ERROR(charge_zstd(input, err));
        input->zstd_between_frames = left == 0;
        input->raw = (struct tarn_span){input->raw.data + in.pos, input->raw.size - in.pos};
    }
    input->plain = (struct tarn_span){input->unpacked, out.pos};
    return TARN_OK;
}

/* More unpacked bytes in `plain`; empty is the end. */
static enum tarn_status next_plain(struct tarn_text_input *input, struct tarn_error *err)
{
    input->plain = (struct tarn_span){NULL, 0};
    if (input->plain_ended) {
        return TARN_OK;
    }
    switch (input->compression) {
    case GZIP:
        TARN_RETURN_IF_ERROR(tarn__inflate_next(input->inflate, &input->plain, err));
        break;
    case ZSTD:
        TARN_RETURN_IF_ERROR(next_of_zstd(input, err));
        break;
    default:
        if (input->raw.size == 0) {
            TARN_RETURN_IF_ERROR(next_raw(input, err));
        }
        input->plain = input->raw;
        input->raw.size = 0;
    }
    input->plain_ended = input->plain.size == 0;
    return TARN_OK;
}

static enum tarn_status open_compression(struct tarn_text_input *input, struct tarn_error *err)
{
    const uint8_t *magic = input->raw.data;
    if (input->raw.size >= 3 && magic[0] == 0x1f && magic[1] == 0x8b && magic[2] == 8) {
        input->compression = GZIP;
        return tarn__inflate_open(input->env, raw_for_inflate, input, &input->inflate, err);
    }
    if (input->raw.size >= 4 && (tarn__load32(magic) == 0xfd2fb528u || (tarn__load32(magic) & 0xfffffff0u) == 0x184d2a50u)) {
        input->compression = ZSTD;
        input->zstd = ZSTD_createDStream();
        input->unpacked = tarn__alloc(input->env, UNPACKED);
        if (input->zstd == NULL || input->unpacked == NULL) {
            return tarn__nomem(input->env, err, UNPACKED);
        }
        ZSTD_DCtx_setParameter(input->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG);
        return charge_zstd(input, err);
    }
    return TARN_OK;
}

/* ---- encodings ---- */

static const struct {
    struct tarn_text name;
    enum tarn_text_encoding encoding;
    struct tarn_text shown;
} encodings[] = {
    {{"utf-8", 5}, TARN_ENCODING_UTF8, {"utf-8", 5}},
    {{"utf8", 4}, TARN_ENCODING_UTF8, {"utf-8", 5}},
    {{"utf-16le", 8}, TARN_ENCODING_UTF16LE, {"utf-16le", 8}},
    {{"utf-16be", 8}, TARN_ENCODING_UTF16BE, {"utf-16be", 8}},
    {{"latin1", 6}, TARN_ENCODING_LATIN1, {"latin1", 6}},
    {{"latin-1", 7}, TARN_ENCODING_LATIN1, {"latin1", 6}},
    {{"iso-8859-1", 10}, TARN_ENCODING_LATIN1, {"latin1", 6}},
    {{"windows-1252", 12}, TARN_ENCODING_WINDOWS1252, {"windows-1252", 12}},
    {{"cp1252", 6}, TARN_ENCODING_WINDOWS1252, {"windows-1252", 12}},
};

/* UTF-16 without a mark: nearly every second byte of Latin text is zero. */
static enum tarn_text_encoding sniff_encoding(struct tarn_span head)
{
    if (head.size >= 2 && head.data[0] == 0xff && head.data[1] == 0xfe) {
        return TARN_ENCODING_UTF16LE;
    }
    if (head.size >= 2 && head.data[0] == 0xfe && head.data[1] == 0xff) {
        return TARN_ENCODING_UTF16BE;
    }
    const size_t size = (head.size < 4096 ? head.size : 4096) & ~(size_t)1;
    size_t zeros[2] = {0, 0};
    for (size_t i = 0; i < size; i++) {
        zeros[i & 1] += head.data[i] == 0;
    }
    if (size >= 4 && zeros[1] > size / 5 && zeros[0] < size / 40 + 1) {
        return TARN_ENCODING_UTF16LE;
    }
    if (size >= 4 && zeros[0] > size / 5 && zeros[1] < size / 40 + 1) {
        return TARN_ENCODING_UTF16BE;
    }
    return TARN_ENCODING_UTF8;
}

static enum tarn_status choose_encoding(struct tarn_text_input *input, struct tarn_text name, struct tarn_error *err)
{
    const bool is_open = name.size == 0 || tarn__text_equal_caseless(name, TARN_TEXT("utf-16"));
    input->transcoder.from = is_open ? sniff_encoding(input->plain) : TARN_ENCODING_UTF8;
    for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++) {
        if (is_open ? encodings[i].encoding == input->transcoder.from : tarn__text_equal_caseless(name, encodings[i].name)) {
            input->transcoder.from = encodings[i].encoding;
            input->encoding = encodings[i].shown;
            return TARN_OK;
        }
    }
    return tarn__invalid(err, "encoding", "\"%.*s\" is no encoding tarn knows; say utf-8, utf-16le, utf-16be, latin1 or windows-1252",
                         TARN_TEXT_ARG(name));
}

/* More text in `text`; text_size == 0 is the end. */
static enum tarn_status next_text(struct tarn_text_input *input, struct tarn_error *err)
{
    input->text_at = 0;
    input->text_size = 0;
    while (input->text_size == 0 && !input->text_ended) {
        if (input->plain.size == 0) {
            TARN_RETURN_IF_ERROR(next_plain(input, err));
        }
        struct tarn_span piece = input->plain;
        piece.size = piece.size < TRANSCODE_PIECE ? piece.size : TRANSCODE_PIECE;
        input->plain = (struct tarn_span){piece.data + piece.size, input->plain.size - piece.size};
        input->text_ended = piece.size == 0;
        if (!tarn__transcode(&input->transcoder, piece, input->text_ended, input->text, &input->text_size)) {
            tarn__invalid(err, "encoding", "the bytes are not %.*s; say what they are with --encoding", TARN_TEXT_ARG(input->encoding));
            tarn__error_at_offset(err, input->transcoder.offset);
            return TARN_INVALID;
        }
    }
    if (!input->text_begun && input->text_size != 0) {
        input->text_begun = true;
        input->text_at = input->text_size >= 3 && memcmp(input->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    }
    return TARN_OK;
}

static enum tarn_status read_transcoded(struct tarn_text_input *input, uint8_t *into, size_t size, size_t *got, struct tarn_error *err)
{
    while (*got < size) {
        if (input->text_at == input->text_size) {
            TARN_RETURN_IF_ERROR(next_text(input, err));
            if (input->text_size == 0) {
                return TARN_OK;
            }
        }
        const size_t left = input->text_size - input->text_at;
        const size_t part = left < size - *got ? left : size - *got;
        memcpy(into + *got, input->text + input->text_at, part);
        input->text_at += part;
        *got += part;
    }
    return TARN_OK;
}

enum tarn_status tarn__text_input_read(struct tarn_text_input *input, uint8_t *into, size_t size, size_t *got, struct tarn_error *err)
{
    *got = 0;
    if (input->transcoder.from != TARN_ENCODING_UTF8) {
        return read_transcoded(input, into, size, got, err);
    }
    while (*got < size) {
        if (input->plain.size == 0) {
            TARN_RETURN_IF_ERROR(next_plain(input, err));
            if (input->plain.size == 0) {
                return TARN_OK;
            }
        }
        const size_t part = input->plain.size < size - *got ? input->plain.size : size - *got;
        memcpy(into + *got, input->plain.data, part);
        input->plain = (struct tarn_span){input->plain.data + part, input->plain.size - part};
        *got += part;
    }
    return TARN_OK;
}

/* ---- opening ---- */

static enum tarn_status begin(struct tarn_text_input *input, const struct tarn_text_origin *origin, struct tarn_text encoding,
                              struct tarn_error *err)
{
    if (origin->store != NULL) {
        TARN_RETURN_IF_ERROR(tarn_object_open(origin->store, origin->key, &input->object, err));
    }
    input->chunks[0] = tarn__alloc(input->env, input->chunk);
    input->chunks[1] = input->object != NULL ? tarn__alloc(input->env, input->chunk) : NULL;
    if (input->chunks[0] == NULL || (input->object != NULL && input->chunks[1] == NULL)) {
        return tarn__nomem(input->env, err, input->chunk);
    }
    TARN_RETURN_IF_ERROR(next_raw(input, err));
    TARN_RETURN_IF_ERROR(open_compression(input, err));
    TARN_RETURN_IF_ERROR(next_plain(input, err));
    TARN_RETURN_IF_ERROR(choose_encoding(input, encoding, err));
    if (input->transcoder.from == TARN_ENCODING_UTF8) {
        if (input->plain.size >= 3 && memcmp(input->plain.data, "\xef\xbb\xbf", 3) == 0) {
            input->plain = (struct tarn_span){input->plain.data + 3, input->plain.size - 3};
        }
        return TARN_OK;
    }
    const size_t bound = tarn__transcode_bound(TRANSCODE_PIECE);
    input->text = tarn__alloc(input->env, bound);
    return input->text != NULL ? TARN_OK : tarn__nomem(input->env, err, bound);
}

enum tarn_status tarn__text_input_open(const struct tarn_text_origin *origin, struct tarn_text encoding, struct tarn_text_input **out,
                                       struct tarn_error *err)
{
    *out = NULL;
    struct tarn_text_input *input = tarn__calloc(origin->env, 1, sizeof(*input));
    if (input == NULL) {
        return tarn__nomem(origin->env, err, sizeof(*input));
    }
    input->env = tarn__env_retain(origin->env);
    input->stream = origin->stream;
    input->chunk = origin->chunk == 0 ? CHUNK : origin->chunk < LEAST_CHUNK ? LEAST_CHUNK : origin->chunk;
    const enum tarn_status status = begin(input, origin, encoding, err);
    if (status != TARN_OK) {
        tarn__text_input_close(input);
        return status;
    }
    *out = input;
    return TARN_OK;
}

void tarn__text_input_close(struct tarn_text_input *input)
{
    if (input == NULL) {
        return;
    }
    struct tarn_env *env = input->env;
    if (input->ahead && tarn_object_read_wait(input->object, input->ticket, NULL) != TARN_OK) {
        input->ahead = false; /* its bytes are not wanted any more, nor is its error */
    }
    tarn_object_close(input->object);
    tarn__inflate_close(input->inflate);
    ZSTD_freeDStream(input->zstd);
    tarn__uncharge(env, input->charged);
    tarn__free(env, input->unpacked);
    tarn__free(env, input->chunks[0]);
    tarn__free(env, input->chunks[1]);
    tarn__free(env, input->text);
    tarn__free(env, input);
    tarn_env_close(env);
}

struct tarn_text tarn__text_input_encoding(const struct tarn_text_input *input)
{
    return input->encoding;
}

struct tarn_text tarn__text_input_compression(const struct tarn_text_input *input)
{
    switch (input->compression) {
    case GZIP:
        return TARN_TEXT("gzip");
    case ZSTD:
        return TARN_TEXT("zstd");
    default:
        return TARN_TEXT("");
    }
}

uint64_t tarn__text_input_bytes(const struct tarn_text_input *input, uint64_t *requests)
{
    *requests = input->requests;
    return input->bytes;
}
