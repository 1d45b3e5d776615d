/* SPDX-License-Identifier: Apache-2.0
 *
 * Data pages of version 1 and dictionary pages.
 *
 * Specification: parquet-format README.md "Data Pages", Encodings.md; parquet.thrift "PageHeader" (what the CRC covers).
 * SPEC: P-PAGE-WRITE-1, P-PAGE-WRITE-2.
 *
 * Invariants
 *  1. A body is repetition levels, definition levels, values; each kind of level has four bytes of length before it and is left out
 *     where its greatest is 0.
 *  2. The codec is the chunk's: a page of version 1 cannot say that it is not compressed.
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

static bool append_levels(struct tarn_buffer *body, uint16_t max, uint32_t slots, const uint16_t *levels)
{
    if (max == 0) {
        return true;
    }
    const size_t begin = body->size;
    static const uint8_t room[LENGTH_BYTES] = {0};
    if (!tarn__buffer_append(body, room, sizeof(room)) || !tarn__rle_write16(body, tarn__bit_width(max), slots, levels)) {
        return false;
    }
    tarn__store32(body->data + begin, (uint32_t)(body->size - begin - LENGTH_BYTES));
    return true;
}

static bool append_codes(struct tarn_buffer *body, const struct tarn__page_content *content)
{
    const uint8_t width = (uint8_t)tarn__bit_width(content->max_code);

    return tarn__buffer_append(body, &width, 1) && tarn__rle_write(body, width, content->values, content->codes);
}

/* Compresses `body`, completes and appends the header, and appends what is stored. */
static enum tarn_status append_page(struct tarn__page_builder *builder, struct tarn_codec_context *context, int32_t codec,
                                    struct tarn_span body, struct parquet_page_header *header, struct tarn_buffer *out,
                                    struct tarn__page_size *size, struct tarn_error *err)
{
    struct tarn_span stored = body;

    if (body.size > INT32_MAX) {
        return tarn__page_too_large(body.size, err);
    }
    if (codec != PARQUET_CODEC_UNCOMPRESSED) {
        const size_t bound = tarn__codec_bound(codec, body.size);
        if (bound == SIZE_MAX || !tarn__buffer_resize(builder->compressed, bound)) {
            return tarn__nomem(builder->env, err, bound);
        }
        size_t written = 0;
        TARN_RETURN_IF_ERROR(tarn__codec_compress(context, codec, builder->codec_level, body, builder->compressed->data, &written, err));
        stored = (struct tarn_span){builder->compressed->data, written};
        if (written > INT32_MAX) {
            return tarn__page_too_large(written, err);
        }
    }
    header->uncompressed_page_size = (int32_t)body.size;
    header->compressed_page_size = (int32_t)stored.size;
    header->has_crc = !builder->no_crc;
    header->crc = builder->no_crc ? 0 : (int32_t)tarn__crc32(0, stored.data, stored.size);

    const size_t begin = out->size;
    TARN_RETURN_IF_ERROR(tarn__page_header_encode(header, out, err));
    const size_t header_size = out->size - begin;
    if (!tarn__buffer_append(out, stored.data, stored.size)) {
        return tarn__nomem(builder->env, err, out->size + stored.size);
    }
    *size = (struct tarn__page_size){(uint32_t)(header_size + stored.size), (uint32_t)(header_size + body.size)};
    return TARN_OK;
}

enum tarn_status tarn__page_build_data(struct tarn__page_builder *builder, struct tarn_codec_context *context,
                                       const struct tarn__page_content *content, struct tarn_buffer *out, struct tarn__page_size *size,
                                       struct tarn_error *err)
{
    struct tarn_buffer *body = builder->body;
    const bool has_levels = builder->max_definition != 0 || builder->max_repetition != 0;
    struct parquet_page_header header = {
        .type = PARQUET_DATA_PAGE,
        .has_data_page_header = true,
        .data_page_header = {.num_values = (int32_t)content->slots,
                             .encoding = content->codes != NULL ? PARQUET_ENCODING_RLE_DICTIONARY : PARQUET_ENCODING_PLAIN,
                             .definition_level_encoding = PARQUET_ENCODING_RLE,
                             .repetition_level_encoding = PARQUET_ENCODING_RLE},
    };

    if (content->slots > INT32_MAX || content->plain.size > INT32_MAX) {
        return tarn__page_too_large(content->plain.size > content->slots ? content->plain.size : content->slots, err);
    }
    body->size = 0;
    if (!append_levels(body, builder->max_repetition, content->slots, content->repetition) ||
        !append_levels(body, builder->max_definition, content->slots, content->definition)) {
        return no_memory(builder, err);
    }
    if (content->codes != NULL) {
        if (!append_codes(body, content)) {
            return no_memory(builder, err);
        }
    } else if (!has_levels) {
        return append_page(builder, context, builder->codec, content->plain, &header, out, size,
                           err); /* the values are the body: no copy */
    } else if (!tarn__buffer_append(body, content->plain.data, content->plain.size)) {
        return no_memory(builder, err);
    }
    return append_page(builder, context, builder->codec, tarn__buffer_span(body), &header, out, size, err);
}

enum tarn_status tarn__page_build_dictionary(struct tarn__page_builder *builder, struct tarn_codec_context *context, struct tarn_span plain,
                                             uint32_t count, struct tarn_buffer *out, struct tarn__page_size *size, struct tarn_error *err)
{
    struct parquet_page_header header = {
        .type = PARQUET_DICTIONARY_PAGE,
        .has_dictionary_page_header = true,
        .dictionary_page_header = {.num_values = (int32_t)count, .encoding = PARQUET_ENCODING_PLAIN},
    };

    return append_page(builder, context, builder->codec, plain, &header, out, size, err);
}

enum tarn_status tarn__page_uncompress(struct tarn__page_builder *builder, struct tarn_codec_context *context, struct tarn_span page,
                                       struct tarn_buffer *out, struct tarn__page_size *size, struct tarn_error *err)
{
    struct tarn_page_header header;
    bool truncated;

    TARN_RETURN_IF_ERROR(tarn__page_header_decode(page, 0, &header, &truncated, err));
    if (!tarn__buffer_resize(builder->body, header.uncompressed_size)) {
        return no_memory(builder, err);
    }
    const struct tarn_span stored = {page.data + header.header_size, header.compressed_size};
    TARN_RETURN_IF_ERROR(tarn__codec_decompress(context, builder->codec, stored, builder->body->data, builder->body->size, err));
    return append_page(builder, context, PARQUET_CODEC_UNCOMPRESSED, tarn__buffer_span(builder->body), &header.thrift, out, size, err);
}
