/* SPDX-License-Identifier: Apache-2.0
 *
 * Avro object container files, written.
 *
 * Specification: Avro 1.12, "Binary Encoding", "Object Container Files". SPEC: A-WRITE-1 to A-WRITE-3.
 *
 * Invariants
 *  1. `block` holds `data` whole data and what was put since; only end_datum and finish write blocks.
 *  2. A builder that ran out of memory stays failed: no file with a hole is finished.
 */
#include "format/avro/avro_writer.h"

#include "format/codec/deflate.h"

enum { BLOCK_SIZE = 1 << 16, VARINT_MOST = 10 };

static void add_long(struct tarn_text_builder *out, int64_t value)
{
    uint64_t bits = ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
    char *at = tarn__builder_reserve(out, VARINT_MOST);
    if (at == NULL) {
        return;
    }
    size_t size = 0;
    for (; bits >= 0x80; bits >>= 7) {
        at[size++] = (char)(bits | 0x80);
    }
    at[size++] = (char)bits;
    out->size += size;
}

static void add_sized(struct tarn_text_builder *out, const void *bytes, size_t size)
{
    add_long(out, (int64_t)size);
    tarn__builder_add_bytes(out, bytes, size);
}

static void add_pair(struct tarn_text_builder *out, struct tarn_text key, struct tarn_text value)
{
    add_sized(out, key.data, key.size);
    add_sized(out, value.data, value.size);
}

enum tarn_status tarn__avro_writer_open(struct tarn__avro_writer *writer, struct tarn_env *env,
                                        const struct tarn__avro_writer_options *options, struct tarn_text_builder *out,
                                        struct tarn_error *err)
{
    const bool deflate = options->codec == TARN_AVRO_CODEC_DEFLATE;
    *writer = (struct tarn__avro_writer){
        .env = env, .out = out, .level = options->level, .block_size = options->block_size != 0 ? options->block_size : BLOCK_SIZE};
    tarn__builder_init(&writer->block, env);
    if (deflate) {
        TARN_RETURN_IF_ERROR(tarn__deflate_check_level(options->level, err));
        TARN_RETURN_IF_ERROR(tarn__deflate_open(env, &writer->deflate, err));
    }
    tarn__random(env, writer->sync, sizeof(writer->sync));
    tarn__builder_add_bytes(out, "Obj\1", 4);
    add_long(out, (int64_t)options->pair_count + 2);
    add_pair(out, TARN_TEXT("avro.schema"), options->schema);
    add_pair(out, TARN_TEXT("avro.codec"), deflate ? TARN_TEXT("deflate") : TARN_TEXT("null"));
    for (size_t i = 0; i < options->pair_count; i++) {
        add_pair(out, options->pairs[i].key, options->pairs[i].value);
    }
    add_long(out, 0);
    tarn__builder_add_bytes(out, writer->sync, sizeof(writer->sync));
    const enum tarn_status status = tarn__builder_status(out, err);
    if (status != TARN_OK) {
        tarn__avro_writer_close(writer);
    }
    return status;
}

void tarn__avro_writer_close(struct tarn__avro_writer *writer)
{
    tarn__deflate_close(writer->deflate);
    writer->deflate = NULL;
    tarn__builder_free(&writer->block);
}

static enum tarn_status write_block(struct tarn__avro_writer *writer, struct tarn_error *err)
{
    struct tarn_text_builder packed;
    struct tarn_text bytes = tarn__builder_text(&writer->block);
    enum tarn_status status = TARN_OK;
    tarn__builder_init(&packed, writer->env);
    if (writer->deflate != NULL) {
        status = tarn__deflate_pack(writer->deflate, writer->level, tarn__span_of_text(bytes), &packed, err);
        bytes = tarn__builder_text(&packed);
    }
    if (status == TARN_OK) {
        add_long(writer->out, (int64_t)writer->data);
        add_sized(writer->out, bytes.data, bytes.size);
        tarn__builder_add_bytes(writer->out, writer->sync, sizeof(writer->sync));
        status = tarn__builder_status(writer->out, err);
    }
    tarn__builder_free(&packed);
    tarn__builder_clear(&writer->block);
    writer->data = 0;
    return status;
}

enum tarn_status tarn__avro_writer_end_datum(struct tarn__avro_writer *writer, struct tarn_error *err)
{
    writer->data++;
    TARN_RETURN_IF_ERROR(tarn__builder_status(&writer->block, err));
    return writer->block.size >= writer->block_size ? write_block(writer, err) : TARN_OK;
}

enum tarn_status tarn__avro_writer_finish(struct tarn__avro_writer *writer, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(tarn__builder_status(&writer->block, err));
    return writer->data != 0 ? write_block(writer, err) : TARN_OK;
}

void tarn__avro_put_long(struct tarn__avro_writer *writer, int64_t value)
{
    add_long(&writer->block, value);
}

void tarn__avro_put_branch(struct tarn__avro_writer *writer, uint32_t branch)
{
    add_long(&writer->block, branch);
}

void tarn__avro_put_items(struct tarn__avro_writer *writer, uint64_t count)
{
    add_long(&writer->block, (int64_t)count);
}

void tarn__avro_put_bool(struct tarn__avro_writer *writer, bool value)
{
    tarn__builder_add_char(&writer->block, value ? 1 : 0);
}

void tarn__avro_put_float(struct tarn__avro_writer *writer, float value)
{
    uint8_t bytes[sizeof(value)];
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    tarn__store32(bytes, bits);
    tarn__builder_add_bytes(&writer->block, bytes, sizeof(bytes));
}

void tarn__avro_put_double(struct tarn__avro_writer *writer, double value)
{
    uint8_t bytes[sizeof(value)];
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    tarn__store64(bytes, bits);
    tarn__builder_add_bytes(&writer->block, bytes, sizeof(bytes));
}

void tarn__avro_put_bytes(struct tarn__avro_writer *writer, struct tarn_span value)
{
    add_sized(&writer->block, value.data, value.size);
}

void tarn__avro_put_string(struct tarn__avro_writer *writer, struct tarn_text value)
{
    add_sized(&writer->block, value.data, value.size);
}

void tarn__avro_put_fixed(struct tarn__avro_writer *writer, struct tarn_span value)
{
    tarn__builder_add_bytes(&writer->block, value.data, value.size);
}
