/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages and footers built. Specification: Arrow format/Message.fbs, format/File.fbs, "Encapsulated message format". SPEC: X-IPC-10.
 */
#include "format/arrow_ipc/ipc_build.h"

#include "format/base/bytes.h"

enum { PREFIX = 8 };

/* A flatbuffer of its own, whose positions count from its begin. */
struct message {
    struct tarn_text_builder flat;
    size_t header; /* the reference to it */
};

static void begin_message(struct message *message, struct tarn_env *env, enum tarn__ipc_header type, uint64_t body_size)
{
    static const uint8_t widths[] = {2, 1, 4, 8};
    tarn__builder_init(&message->flat, env);
    const size_t root = tarn__flat_begin(&message->flat);
    const struct tarn__flat_place place = tarn__flat_put_table(&message->flat, root, sizeof(widths), widths);
    tarn__flat_put_integer(&message->flat, place.field[TARN__IPC_MESSAGE_VERSION], 2, TARN__IPC_V5);
    tarn__flat_put_integer(&message->flat, place.field[TARN__IPC_MESSAGE_HEADER_TYPE], 1, type);
    tarn__flat_put_integer(&message->flat, place.field[TARN__IPC_MESSAGE_BODY], 8, (int64_t)body_size);
    message->header = place.field[TARN__IPC_MESSAGE_HEADER];
}

/* The message with its prefix, padded so that what follows begins at a multiple of the alignment. */
static void end_message(struct message *message, uint64_t at, struct tarn_text_builder *out)
{
    while ((at + PREFIX + message->flat.size) % TARN__IPC_ALIGNMENT != 0 && !message->flat.failed) {
        tarn__builder_add_char(&message->flat, '\0');
    }
    uint8_t prefix[PREFIX];
    tarn__store32(prefix, TARN__IPC_CONTINUATION);
    tarn__store32(prefix + 4, (uint32_t)message->flat.size);
    tarn__builder_add_bytes(out, prefix, sizeof(prefix));
    tarn__builder_add(out, tarn__builder_text(&message->flat));
    if (message->flat.failed) {
        out->failed = true;
        out->refused = message->flat.refused;
    }
    tarn__builder_free(&message->flat);
}

void tarn__ipc_put_schema(struct tarn_text_builder *out, uint64_t at, const struct ArrowSchema *schema)
{
    struct message message;
    begin_message(&message, out->env, TARN__IPC_SCHEMA, 0);
    tarn__ipc_schema_put(&message.flat, message.header, schema);
    end_message(&message, at, out);
}

static void put_structs(struct tarn_text_builder *flat, size_t reference, const struct tarn_text_builder *structs, size_t size)
{
    const size_t at = tarn__flat_put_vector(flat, reference, (uint32_t)(structs->size / size), size);
    if (!flat->failed && structs->size != 0) {
        memcpy(flat->data + at, structs->data, structs->size);
    }
}

static void put_batch(struct tarn_text_builder *flat, size_t reference, uint64_t rows, const struct tarn__ipc_body_builder *body)
{
    static const uint8_t compression_widths[] = {1, 1};
    const bool packed = body->codec != TARN__IPC_PLAIN;
    const uint8_t widths[] = {8, 4, 4, packed ? 4 : 0, body->variadic.size != 0 ? 4 : 0};
    const struct tarn__flat_place place = tarn__flat_put_table(flat, reference, sizeof(widths), widths);
    tarn__flat_put_integer(flat, place.field[TARN__IPC_RECORDS_LENGTH], 8, (int64_t)rows);
    put_structs(flat, place.field[TARN__IPC_RECORDS_NODES], &body->nodes, TARN__IPC_NODE);
    const size_t buffers =
        tarn__flat_put_vector(flat, place.field[TARN__IPC_RECORDS_BUFFERS], (uint32_t)body->segment_count, TARN__IPC_BUFFER);
    for (size_t i = 0; i < body->segment_count; i++) {
        tarn__flat_put_integer(flat, buffers + TARN__IPC_BUFFER * i, 8, (int64_t)body->segments[i].offset);
        tarn__flat_put_integer(flat, buffers + TARN__IPC_BUFFER * i + 8, 8, (int64_t)body->segments[i].size);
    }
    if (packed) {
        const struct tarn__flat_place compression =
            tarn__flat_put_table(flat, place.field[TARN__IPC_RECORDS_COMPRESSION], 2, compression_widths);
        tarn__flat_put_integer(flat, compression.field[0], 1, body->codec);
    }
    if (body->variadic.size != 0) {
        put_structs(flat, place.field[TARN__IPC_RECORDS_VARIADIC], &body->variadic, sizeof(int64_t));
    }
}

void tarn__ipc_put_records(struct tarn_text_builder *out, uint64_t at, uint64_t rows, const struct tarn__ipc_body_builder *body)
{
    struct message message;
    begin_message(&message, out->env, TARN__IPC_RECORDS, body->size);
    put_batch(&message.flat, message.header, rows, body);
    end_message(&message, at, out);
}

void tarn__ipc_put_dictionary(struct tarn_text_builder *out, uint64_t at, int64_t id, bool delta, uint64_t entries,
                              const struct tarn__ipc_body_builder *body)
{
    static const uint8_t widths[] = {8, 4, 1};
    struct message message;
    begin_message(&message, out->env, TARN__IPC_DICTIONARY, body->size);
    const struct tarn__flat_place place = tarn__flat_put_table(&message.flat, message.header, sizeof(widths), widths);
    tarn__flat_put_integer(&message.flat, place.field[TARN__IPC_DICTIONARY_ID], 8, id);
    tarn__flat_put_integer(&message.flat, place.field[TARN__IPC_DICTIONARY_DELTA], 1, delta);
    put_batch(&message.flat, place.field[TARN__IPC_DICTIONARY_DATA], entries, body);
    end_message(&message, at, out);
}

void tarn__ipc_put_end(struct tarn_text_builder *out)
{
    uint8_t mark[PREFIX] = {0};
    tarn__store32(mark, TARN__IPC_CONTINUATION);
    tarn__builder_add_bytes(out, mark, sizeof(mark));
}

/* ---- footers ---- */

void tarn__ipc_put_block(struct tarn_text_builder *blocks, uint64_t offset, uint32_t metadata_size, uint64_t body_size)
{
    uint8_t block[TARN__IPC_BLOCK] = {0};
    tarn__store64(block, offset);
    tarn__store32(block + 8, metadata_size);
    tarn__store64(block + 16, body_size);
    tarn__builder_add_bytes(blocks, block, sizeof(block));
}

void tarn__ipc_put_footer(struct tarn_text_builder *out, const struct ArrowSchema *schema, const struct tarn_text_builder *dictionaries,
                          const struct tarn_text_builder *records)
{
    static const uint8_t widths[] = {2, 4, 4, 4};
    struct tarn_text_builder flat;
    tarn__builder_init(&flat, out->env);
    const size_t root = tarn__flat_begin(&flat);
    const struct tarn__flat_place place = tarn__flat_put_table(&flat, root, sizeof(widths), widths);
    tarn__flat_put_integer(&flat, place.field[TARN__IPC_FOOTER_VERSION], 2, TARN__IPC_V5);
    tarn__ipc_schema_put(&flat, place.field[TARN__IPC_FOOTER_SCHEMA], schema);
    put_structs(&flat, place.field[TARN__IPC_FOOTER_DICTIONARIES], dictionaries, TARN__IPC_BLOCK);
    put_structs(&flat, place.field[TARN__IPC_FOOTER_RECORDS], records, TARN__IPC_BLOCK);
    tarn__flat_align(&flat, 8);
    uint8_t size[4];
    tarn__store32(size, (uint32_t)flat.size);
    tarn__builder_add(out, tarn__builder_text(&flat));
    tarn__builder_add_bytes(out, size, sizeof(size));
    tarn__builder_add_bytes(out, "ARROW1", TARN__IPC_MAGIC);
    if (flat.failed) {
        out->failed = true;
        out->refused = flat.refused;
    }
    tarn__builder_free(&flat);
}
