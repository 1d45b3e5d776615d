/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages and footers read. Specification: Arrow format/Message.fbs, format/File.fbs. SPEC: X-IPC-2, X-IPC-4.
 *
 * Invariants
 *  1. Every number is checked before it is used as a size: rows and sizes are not negative, buffers lie in the body, blocks in the file.
 */
#include "format/arrow_ipc/ipc_message.h"

#include <stdarg.h>
#include <stdio.h>

#include "format/base/bytes.h"
#include "format/base/checked.h"

enum { WORDS = 256 };

enum tarn_status tarn__ipc_damaged(struct tarn_error *err, uint64_t at, const char *format, ...)
{
    char words[WORDS];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof(words), format, arguments);
    va_end(arguments);
    tarn__corrupt(err, "arrow_ipc", "%s", words);
    tarn__error_at_offset(err, at);
    return TARN_CORRUPT;
}

static enum tarn_status check_version(int64_t version, struct tarn_error *err)
{
    if (version < TARN__IPC_V4 || version > TARN__IPC_V5) {
        return tarn__unsupported(err, "arrow.version", "Arrow data of metadata version V%lld; V4 and V5 are read", (long long)version + 1);
    }
    return TARN_OK;
}

enum tarn_status tarn__ipc_message_read(struct tarn_span metadata, uint64_t at, uint64_t body_at, struct tarn__ipc_message *out,
                                        struct tarn_error *err)
{
    *out = (struct tarn__ipc_message){.flat = {metadata.data, metadata.size, false, 0}, .at = at, .body_at = body_at};
    const struct tarn__flat_table root = tarn__flat_root(&out->flat);
    const int64_t version = tarn__flat_integer(&root, TARN__IPC_MESSAGE_VERSION, 2, 0);
    const int64_t body = tarn__flat_integer(&root, TARN__IPC_MESSAGE_BODY, 8, 0);
    uint64_t end;
    out->header_type = (uint8_t)tarn__flat_integer(&root, TARN__IPC_MESSAGE_HEADER_TYPE, 1, 0);
    out->header = tarn__flat_table_at(&root, TARN__IPC_MESSAGE_HEADER);
    if (out->flat.damaged) {
        return tarn__ipc_damaged(err, at + out->flat.damaged_at, "the metadata of an Arrow message leads out of itself");
    }
    TARN_RETURN_IF_ERROR(check_version(version, err));
    if (out->header_type == TARN__IPC_TENSOR || out->header_type == TARN__IPC_SPARSE_TENSOR) {
        return tarn__unsupported(err, "arrow.tensor", "the Arrow stream holds a tensor");
    }
    if (out->header_type < TARN__IPC_SCHEMA || out->header_type > TARN__IPC_RECORDS || out->header.vtable_size == 0) {
        return tarn__ipc_damaged(err, at, "an Arrow message has no header, or one of kind %u", out->header_type);
    }
    if (body < 0 || !tarn__add(body_at, (uint64_t)body, &end) || end > INT64_MAX) {
        return tarn__ipc_damaged(err, at, "an Arrow message has a body of %lld bytes", (long long)body);
    }
    out->body_size = (uint64_t)body;
    return TARN_OK;
}

/* ---- record batches ---- */

static enum tarn_status read_codec(const struct tarn__ipc_message *message, const struct tarn__flat_table *records,
                                   enum tarn__ipc_codec *out, struct tarn_error *err)
{
    const struct tarn__flat_table compression = tarn__flat_table_at(records, TARN__IPC_RECORDS_COMPRESSION);
    *out = TARN__IPC_PLAIN;
    if (compression.vtable_size == 0) {
        return TARN_OK;
    }
    const int64_t codec = tarn__flat_integer(&compression, 0, 1, TARN__IPC_LZ4_FRAME);
    const int64_t method = tarn__flat_integer(&compression, 1, 1, 0);
    if (method != 0 || codec < TARN__IPC_LZ4_FRAME || codec > TARN__IPC_ZSTD) {
        tarn__unsupported(err, "arrow.codec", "an Arrow body compressed by codec %lld, method %lld", (long long)codec, (long long)method);
        tarn__error_at_offset(err, message->at);
        return TARN_UNSUPPORTED;
    }
    *out = (enum tarn__ipc_codec)codec;
    return TARN_OK;
}

enum tarn_status tarn__ipc_records_read(const struct tarn__ipc_message *message, const struct tarn__flat_table *table,
                                        struct tarn__ipc_records *out, struct tarn_error *err)
{
    const int64_t length = tarn__flat_integer(table, TARN__IPC_RECORDS_LENGTH, 8, 0);
    *out = (struct tarn__ipc_records){.message = message};
    TARN_RETURN_IF_ERROR(read_codec(message, table, &out->codec, err));
    out->nodes = tarn__flat_vector(table, TARN__IPC_RECORDS_NODES, TARN__IPC_NODE);
    out->buffers = tarn__flat_vector(table, TARN__IPC_RECORDS_BUFFERS, TARN__IPC_BUFFER);
    out->variadic = tarn__flat_vector(table, TARN__IPC_RECORDS_VARIADIC, sizeof(int64_t));
    if (table->flat->damaged) {
        return tarn__ipc_damaged(err, message->at + table->flat->damaged_at, "an Arrow record batch leads out of its message");
    }
    if (length < 0) {
        return tarn__ipc_damaged(err, message->at, "an Arrow record batch has %lld rows", (long long)length);
    }
    if (length > INT32_MAX) {
        return tarn__error_set(err, TARN_LIMIT, "arrow_rows", "an Arrow record batch of %lld rows; the most that are read at once are %d",
                               (long long)length, INT32_MAX);
    }
    out->length = (uint32_t)length;
    return TARN_OK;
}

enum tarn_status tarn__ipc_records_range(const struct tarn__ipc_records *records, uint32_t i, struct tarn__ipc_range *out,
                                         struct tarn_error *err)
{
    const int64_t offset = tarn__flat_int64(&records->buffers, TARN__IPC_BUFFER, i, 0);
    const int64_t size = tarn__flat_int64(&records->buffers, TARN__IPC_BUFFER, i, 8);
    const uint64_t body = records->message->body_size;
    *out = (struct tarn__ipc_range){0, 0};
    if (size == 0) { /* where nothing lies says nothing */
        return TARN_OK;
    }
    if (size < 0 || offset < 0 || (uint64_t)size > body || (uint64_t)offset > body - (uint64_t)size) {
        return tarn__ipc_damaged(err, records->message->at, "buffer %u of an Arrow record batch (%lld bytes at %lld) leads out of its body",
                                 i, (long long)size, (long long)offset);
    }
    *out = (struct tarn__ipc_range){(uint64_t)offset, (uint64_t)size};
    return TARN_OK;
}

/* ---- footers ---- */

enum tarn_status tarn__ipc_footer_read(struct tarn_span bytes, uint64_t at, struct tarn__ipc_footer *out, struct tarn_error *err)
{
    *out = (struct tarn__ipc_footer){.flat = {bytes.data, bytes.size, false, 0}};
    const struct tarn__flat_table root = tarn__flat_root(&out->flat);
    const int64_t version = tarn__flat_integer(&root, TARN__IPC_FOOTER_VERSION, 2, 0);
    out->schema = tarn__flat_table_at(&root, TARN__IPC_FOOTER_SCHEMA);
    out->dictionaries = tarn__flat_vector(&root, TARN__IPC_FOOTER_DICTIONARIES, TARN__IPC_BLOCK);
    out->records = tarn__flat_vector(&root, TARN__IPC_FOOTER_RECORDS, TARN__IPC_BLOCK);
    if (out->flat.damaged || out->schema.vtable_size == 0) {
        return tarn__ipc_damaged(err, at + out->flat.damaged_at, "the footer of an Arrow file leads out of itself, or has no schema");
    }
    return check_version(version, err);
}

enum tarn_status tarn__ipc_block_read(const struct tarn__flat_vector *blocks, uint32_t i, uint64_t limit, struct tarn__ipc_block *out,
                                      struct tarn_error *err)
{
    const int64_t offset = tarn__flat_int64(blocks, TARN__IPC_BLOCK, i, 0);
    const int32_t metadata = (int32_t)tarn__flat_int64(blocks, TARN__IPC_BLOCK, i, 8);
    const int64_t body = tarn__flat_int64(blocks, TARN__IPC_BLOCK, i, 16);
    uint64_t size;
    *out = (struct tarn__ipc_block){0, 0, 0};
    if (offset < TARN__IPC_HEAD || metadata < 8 || body < 0 || !tarn__add((uint64_t)metadata, (uint64_t)body, &size) || size > limit ||
        (uint64_t)offset > limit - size) {
        return tarn__ipc_damaged(err, limit, "block %u of an Arrow file (%d and %lld bytes at %lld) leads out of the file", i,
                                 (int)metadata, (long long)body, (long long)offset);
    }
    *out = (struct tarn__ipc_block){(uint64_t)offset, (uint32_t)metadata, (uint64_t)body};
    return TARN_OK;
}
