/* SPDX-License-Identifier: Apache-2.0
 *
 * Data pages of both versions and dictionary pages.
 *
 * Specification: parquet-format README.md "Data Pages", Encodings.md; parquet.thrift "PageHeader" (what the CRC covers).
 * SPEC: P-PAGE-WRITE-1, P-PAGE-WRITE-2.
 *
 * Invariants
 *  1. A body is repetition levels, definition levels, values; in version 1 each kind of level has four bytes of length before it and is
 *     left out where its greatest is 0; in version 2 levels have their lengths in the header and are never compressed.
 *  2. The codec is the chunk's: a page of version 1 cannot say that it is not compressed, but ZSTD has frames of raw blocks. A page
 *     without value bytes of version 2 is never compressed.
 *  3. Nothing but initialised bytes gets into a page.
 */
#include "format/column/page_build.h"

#include "format/base/hash.h"
#include "format/encoding/rle_writer.h"

enum { LENGTH_BYTES = 4 };

enum tarn_status tarn__page_builder_init(struct tarn__page_builder *builder, struct tarn_env *env, struct tarn_error *err)
{
    *builder = (struct tarn__page_builder){.env = env, .body = tarn__buffer_new(env, 0), .compressed = tarn__buffer_new(env, 0)};
    if (builder->body == NULL || builder->compressed == NULL) {
        tarn__page_builder_free(builder);
        return tarn__nomem(env, err, sizeof(struct tarn_buffer));
    }
    return TARN_OK;
}

void tarn__page_builder_free(struct tarn__page_builder *builder)
{
    tarn__buffer_release(builder->body);
    tarn__buffer_release(builder->compressed);
    *builder = (struct tarn__page_builder){.env = builder->env};
}

static enum tarn_status no_memory(const struct tarn__page_builder *builder, struct tarn_error *err)
{
    return tarn__nomem(builder->env, err, builder->body->size);
}

enum tarn_status tarn__page_too_large(uint64_t size, struct tarn_error *err)
{
    return tarn__invalid(err, "page_size", "a page would be %llu bytes, over the format's 2 GiB: one row holds too much; split its values",
                         (unsigned long long)size);
}

/* A page is left as it is unless compressing saves one part in so many. */
enum { LEAST_PAGE_SAVED = 32 };

/* Levels of one kind; in version 1 behind their length. */
static bool append_levels(const struct tarn__page_builder *builder, uint16_t max, uint32_t slots, const uint16_t *levels, int32_t *length)
{
    struct tarn_buffer *body = builder->body;
    static const uint8_t room[LENGTH_BYTES] = {0};
    const size_t prefix = builder->version == 1 ? LENGTH_BYTES : 0;
    const size_t begin = body->size;

    *length = 0;
    if (max == 0) {
        return true;
    }
    if (!tarn__buffer_append(body, room, prefix) || !tarn__rle_write16(body, tarn__bit_width(max), slots, levels)) {
        return false;
    }
    const uint32_t size = (uint32_t)(body->size - begin - prefix);
    if (prefix != 0) {
        tarn__store32(body->data + begin, size);
    }
    *length = (int32_t)size;
    return true;
}

static bool append_codes(struct tarn_buffer *body, const struct tarn__page_content *content)
{
    const uint8_t width = (uint8_t)tarn__bit_width(content->max_code);

    return tarn__buffer_append(body, &width, 1) && tarn__rle_write(body, width, content->values, content->codes);
}

/* What of a page the codec does not touch, what it may, and whether it shall. */
struct body {
    struct tarn_span levels; /* of version 2 */
    struct tarn_span values;
    bool compress;
    bool store; /* in the codec's form for bytes as they are */
};

static enum tarn_status store_body(struct tarn__page_builder *builder, const struct body *body, struct tarn_span *stored,
                                   struct tarn_error *err)
{
    builder->compressed->size = 0;
    if (!tarn__codec_store(builder->codec, body->values, builder->compressed)) {
        return no_memory(builder, err);
    }
    *stored = tarn__buffer_span(builder->compressed);
    return TARN_OK;
}

/* Compresses what may be into `compressed`. */
static enum tarn_status compress_body(struct tarn__page_builder *builder, struct tarn_codec_context *context, const struct body *body,
                                      struct tarn_span *stored, bool *packed, struct tarn_error *err)
{
    const size_t bound = tarn__codec_bound(builder->codec, body->values.size);
    size_t written = 0;

    if (bound == SIZE_MAX || !tarn__buffer_resize(builder->compressed, bound)) {
        return tarn__nomem(builder->env, err, bound);
    }
    TARN_RETURN_IF_ERROR(
        tarn__codec_compress(context, builder->codec, builder->codec_level, body->values, builder->compressed->data, &written, err));
    *stored = (struct tarn_span){builder->compressed->data, written};
    *packed = written < body->values.size - body->values.size / LEAST_PAGE_SAVED;
    return TARN_OK;
}

/* Completes and appends the header, and appends what is stored. */
static enum tarn_status append_page(struct tarn__page_builder *builder, struct tarn_codec_context *context, const struct body *body,
                                    struct parquet_page_header *header, struct tarn_buffer *out, struct tarn__page_size *size,
                                    struct tarn_error *err)
{
    const bool has_flag = header->has_data_page_header_v2;
    const uint64_t plain_size = (uint64_t)body->levels.size + body->values.size;
    struct tarn_span stored = body->values;
    bool packed = false;

    if (plain_size > INT32_MAX) {
        return tarn__page_too_large(plain_size, err);
    }
    const bool compress = body->compress && builder->codec != PARQUET_CODEC_UNCOMPRESSED && (body->values.size != 0 || !has_flag);
    if (compress && !body->store) {
        TARN_RETURN_IF_ERROR(compress_body(builder, context, body, &stored, &packed, err));
    }
    if (compress && !packed && has_flag) {
        stored = body->values;
    } else if (compress && !packed && tarn__codec_can_store(builder->codec)) {
        TARN_RETURN_IF_ERROR(store_body(builder, body, &stored, err));
    }
    header->data_page_header_v2.has_is_compressed = has_flag;
    header->data_page_header_v2.is_compressed = packed;
    if (body->levels.size + stored.size > INT32_MAX) {
        return tarn__page_too_large(stored.size, err);
    }
    header->uncompressed_page_size = (int32_t)plain_size;
    header->compressed_page_size = (int32_t)(body->levels.size + stored.size);
    header->has_crc = !builder->no_crc;
    header->crc = 0;
    if (header->has_crc) {
        const uint32_t levels = tarn__crc32(0, body->levels.data, body->levels.size);
        header->crc = (int32_t)tarn__crc32(levels, stored.data, stored.size);
    }
    const size_t begin = out->size;
    TARN_RETURN_IF_ERROR(tarn__page_header_encode(header, out, err));
    const size_t header_size = out->size - begin;
    if (!tarn__buffer_append(out, body->levels.data, body->levels.size) || !tarn__buffer_append(out, stored.data, stored.size)) {
        return tarn__nomem(builder->env, err, out->size + stored.size);
    }
    *size = (struct tarn__page_size){.stored = (uint32_t)(out->size - begin),
                                     .uncompressed = (uint32_t)(header_size + plain_size),
                                     .values = (uint32_t)stored.size,
                                     .packed = has_flag ? packed : compress};
    return TARN_OK;
}

static struct parquet_page_header data_header(const struct tarn__page_builder *builder, const struct tarn__page_content *content)
{
    const int32_t encoding = content->codes != NULL ? PARQUET_ENCODING_RLE_DICTIONARY : content->encoding;

    if (builder->version == 1) {
        return (struct parquet_page_header){.type = PARQUET_DATA_PAGE,
                                            .has_data_page_header = true,
                                            .data_page_header = {.num_values = (int32_t)content->slots,
                                                                 .encoding = encoding,
                                                                 .definition_level_encoding = PARQUET_ENCODING_RLE,
                                                                 .repetition_level_encoding = PARQUET_ENCODING_RLE}};
    }
    return (struct parquet_page_header){.type = PARQUET_DATA_PAGE_V2,
                                        .has_data_page_header_v2 = true,
                                        .data_page_header_v2 = {.num_values = (int32_t)content->slots,
                                                                .num_nulls = (int32_t)(content->slots - content->values),
                                                                .num_rows = (int32_t)content->rows,
                                                                .encoding = encoding}};
}

enum tarn_status tarn__page_build_data(struct tarn__page_builder *builder, struct tarn_codec_context *context,
                                       const struct tarn__page_content *content, bool compress, struct tarn_buffer *out,
                                       struct tarn__page_size *size, struct tarn_error *err)
{
    struct tarn_buffer *bytes = builder->body;
    struct parquet_page_header header = data_header(builder, content);
    struct parquet_data_page_header_v2 *v2 = &header.data_page_header_v2;

    if (content->slots > INT32_MAX || content->encoded.size > INT32_MAX) {
        return tarn__page_too_large(content->encoded.size > content->slots ? content->encoded.size : content->slots, err);
    }
    bytes->size = 0;
    if (!append_levels(builder, builder->max_repetition, content->slots, content->repetition, &v2->repetition_levels_byte_length) ||
        !append_levels(builder, builder->max_definition, content->slots, content->definition, &v2->definition_levels_byte_length)) {
        return no_memory(builder, err);
    }
    const size_t levels = bytes->size;
    const bool apart = levels == 0 || builder->version != 1; /* then the values are not copied behind the levels */
    if (content->codes != NULL ? !append_codes(bytes, content)
                               : !apart && !tarn__buffer_append(bytes, content->encoded.data, content->encoded.size)) {
        return no_memory(builder, err);
    }
    struct body body = {.values = tarn__buffer_span(bytes), .compress = compress};
    if (builder->version != 1) {
        body.levels = tarn__span_take(&body.values, levels);
    }
    if (content->codes == NULL && apart) {
        body.values = content->encoded;
    }
    return append_page(builder, context, &body, &header, out, size, err);
}

enum tarn_status tarn__page_build_dictionary(struct tarn__page_builder *builder, struct tarn_codec_context *context, struct tarn_span plain,
                                             uint32_t count, bool compress, struct tarn_buffer *out, struct tarn__page_size *size,
                                             struct tarn_error *err)
{
    const struct body body = {.values = plain, .compress = compress};
    struct parquet_page_header header = {
        .type = PARQUET_DICTIONARY_PAGE,
        .has_dictionary_page_header = true,
        .dictionary_page_header = {.num_values = (int32_t)count, .encoding = PARQUET_ENCODING_PLAIN},
    };

    return append_page(builder, context, &body, &header, out, size, err);
}

enum tarn_status tarn__page_recode(struct tarn__page_builder *builder, struct tarn_codec_context *context, struct tarn_span page, bool from,
                                   bool to, struct tarn_buffer *out, struct tarn__page_size *size, struct tarn_error *err)
{
    struct tarn_page_header header;
    bool truncated;

    TARN_RETURN_IF_ERROR(tarn__page_header_decode(page, 0, &header, &truncated, err));
    if (!tarn__buffer_resize(builder->body, header.uncompressed_size)) {
        return no_memory(builder, err);
    }
    const struct tarn_span stored = {page.data + header.header_size, header.compressed_size};
    TARN_RETURN_IF_ERROR(tarn__codec_decompress(context, from ? builder->codec : PARQUET_CODEC_UNCOMPRESSED, stored, builder->body->data,
                                                builder->body->size, err));
    const struct body body = {.values = tarn__buffer_span(builder->body), .compress = to, .store = tarn__codec_can_store(builder->codec)};
    return append_page(builder, context, &body, &header.thrift, out, size, err);
}
