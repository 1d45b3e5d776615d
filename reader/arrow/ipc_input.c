/* SPDX-License-Identifier: Apache-2.0
 *
 * The framing of Arrow IPC. Specification: Arrow "Columnar format", "Encapsulated message format", "IPC streaming format". SPEC: X-IPC-1.
 *
 * Invariants
 *  1. `at` is behind the current message's body, where the next message begins.
 *  2. Memory for bytes of a stream, whose length nobody knows, grows as they arrive.
 */
#include "reader/arrow/ipc_input.h"

#include "format/base/bytes.h"
#include "format/base/checked.h"

enum { STREAM_PIECE = 1 << 20, NEAR = 1 << 16, PREFIX = 4 };

void tarn__ipc_input_close(struct tarn__ipc_input *input)
{
    tarn__buffer_release(input->metadata);
    tarn__buffer_release(input->body);
    input->metadata = NULL;
    input->body = NULL;
}

static void count(struct tarn__ipc_input *input, uint64_t requests, uint64_t bytes)
{
    if (input->counters != NULL) {
        atomic_fetch_add_explicit(&input->counters->requests, requests, memory_order_relaxed);
        atomic_fetch_add_explicit(&input->counters->bytes, bytes, memory_order_relaxed);
    }
}

static enum tarn_status truncated(const struct tarn__ipc_input *input, struct tarn_error *err)
{
    return tarn__ipc_damaged(err, input->at, "the Arrow data ends in the middle of a message: it was not written whole");
}

enum tarn_status tarn__ipc_input_bytes(struct tarn__ipc_input *input, uint8_t *into, size_t size, size_t *got, struct tarn_error *err)
{
    *got = 0;
    if (input->object != NULL) {
        const uint64_t left = input->limit > input->at ? input->limit - input->at : 0;
        const struct tarn_read_range range = {input->at, left < size ? (size_t)left : size, into};
        if (range.size != 0) {
            TARN_RETURN_IF_ERROR(tarn_object_read(input->object, 1, &range, err));
            count(input, 1, range.size);
        }
        *got = range.size;
        input->at += range.size;
        return TARN_OK;
    }
    while (*got < size) {
        size_t part = 0;
        TARN_RETURN_IF_ERROR(input->stream.read(input->stream.ctx, into + *got, size - *got, &part, err));
        if (part == 0) {
            break;
        }
        *got += part;
        input->at += part;
    }
    count(input, 0, *got);
    return TARN_OK;
}

/* A buffer of exactly `size` bytes from `at` on. */
static enum tarn_status read_buffer(struct tarn__ipc_input *input, uint64_t size, struct tarn_buffer **out, struct tarn_error *err)
{
    const uint64_t at_once = input->object != NULL ? size : STREAM_PIECE;
    *out = NULL;
    if (input->object != NULL && (input->at > input->limit || size > input->limit - input->at)) {
        return truncated(input, err);
    }
    struct tarn_buffer *buffer = tarn__buffer_new(input->env, (size_t)(size < at_once ? size : at_once));
    if (buffer == NULL) {
        return tarn__nomem(input->env, err, size);
    }
    enum tarn_status status = TARN_OK;
    for (uint64_t have = 0; have < size && status == TARN_OK;) {
        const size_t part = (size_t)(size - have < at_once ? size - have : at_once);
        size_t got = 0;
        status = tarn__buffer_resize(buffer, (size_t)have + part) ? TARN_OK : tarn__nomem(input->env, err, size);
        status = status == TARN_OK ? tarn__ipc_input_bytes(input, buffer->data + have, part, &got, err) : status;
        status = status == TARN_OK && got < part ? truncated(input, err) : status;
        have += part;
    }
    if (status != TARN_OK) {
        tarn__buffer_release(buffer);
        return status;
    }
    *out = buffer;
    return TARN_OK;
}

/* A file that arrives as a stream: its messages come in the order of a stream, behind the magic. */
static enum tarn_status skip_magic(struct tarn__ipc_input *input, struct tarn_error *err)
{
    uint8_t rest[TARN__IPC_HEAD - PREFIX];
    size_t got;
    TARN_RETURN_IF_ERROR(tarn__ipc_input_bytes(input, rest, sizeof(rest), &got, err));
    if (got < sizeof(rest)) {
        return truncated(input, err);
    }
    return memcmp(rest, "W1", 2) == 0 ? TARN_OK : tarn__ipc_damaged(err, 0, "the bytes are no Arrow data");
}

/* The size of the metadata that follows; 0 at the end. */
static enum tarn_status read_prefix(struct tarn__ipc_input *input, uint32_t *size, struct tarn_error *err)
{
    uint8_t bytes[PREFIX];
    size_t got;
    *size = 0;
    TARN_RETURN_IF_ERROR(tarn__ipc_input_bytes(input, bytes, sizeof(bytes), &got, err));
    if (input->object == NULL && input->at == sizeof(bytes) && memcmp(bytes, "ARRO", sizeof(bytes)) == 0) {
        TARN_RETURN_IF_ERROR(skip_magic(input, err));
        TARN_RETURN_IF_ERROR(tarn__ipc_input_bytes(input, bytes, sizeof(bytes), &got, err));
    }
    if (got == 0) { /* the mark of the end may be left out */
        return TARN_OK;
    }
    if (got == sizeof(bytes) && tarn__load32(bytes) == TARN__IPC_CONTINUATION) { /* else the size itself, as before version 0.15 */
        TARN_RETURN_IF_ERROR(tarn__ipc_input_bytes(input, bytes, sizeof(bytes), &got, err));
    }
    if (got < sizeof(bytes)) {
        return truncated(input, err);
    }
    *size = tarn__load32(bytes);
    if (*size > INT32_MAX) {
        return tarn__ipc_damaged(err, input->at - sizeof(bytes), "an Arrow message has metadata of %lld bytes", (long long)(int32_t)*size);
    }
    if (*size > input->metadata_limit) {
        return tarn__error_set(err, TARN_LIMIT, "arrow_metadata", "an Arrow message has metadata of %u bytes; the limit is %llu", *size,
                               (unsigned long long)input->metadata_limit);
    }
    return TARN_OK;
}

static enum tarn_status read_metadata(struct tarn__ipc_input *input, uint32_t size, struct tarn_error *err)
{
    const uint64_t at = input->at;
    tarn__ipc_input_close(input);
    TARN_RETURN_IF_ERROR(read_buffer(input, size, &input->metadata, err));
    return tarn__ipc_message_read(tarn__buffer_span(input->metadata), at, input->at, &input->message, err);
}

enum tarn_status tarn__ipc_input_next(struct tarn__ipc_input *input, bool *found, struct tarn_error *err)
{
    uint32_t size;
    *found = false;
    TARN_RETURN_IF_ERROR(tarn__check_cancelled(input->env, err));
    TARN_RETURN_IF_ERROR(read_prefix(input, &size, err));
    if (size == 0) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(read_metadata(input, size, err));
    if (input->object == NULL) {
        TARN_RETURN_IF_ERROR(read_buffer(input, input->message.body_size, &input->body, err));
    } else if (input->message.body_size > input->limit - input->at) {
        return truncated(input, err);
    } else {
        input->at += input->message.body_size;
    }
    *found = true;
    return TARN_OK;
}

enum tarn_status tarn__ipc_input_block(struct tarn__ipc_input *input, const struct tarn__ipc_block *block, unsigned header_type,
                                       struct tarn_error *err)
{
    uint32_t size;
    TARN_RETURN_IF_ERROR(tarn__check_cancelled(input->env, err));
    input->at = block->offset;
    TARN_RETURN_IF_ERROR(read_prefix(input, &size, err));
    if (size == 0 || input->at + size > block->offset + block->metadata_size) {
        return tarn__ipc_damaged(err, block->offset, "a message of an Arrow file is larger than its footer says, or empty");
    }
    TARN_RETURN_IF_ERROR(read_metadata(input, size, err));
    input->message.body_at = block->offset + block->metadata_size;
    if (input->message.header_type != header_type || input->message.body_size > block->body_size) {
        return tarn__ipc_damaged(err, block->offset, "a message of an Arrow file is not what its footer says");
    }
    return TARN_OK;
}

/* ---- bodies ---- */

/* Parts of a stream's body, which is in memory as a whole. */
static enum tarn_status slice_body(struct tarn__ipc_input *input, uint32_t count, const struct tarn__ipc_range *ranges,
                                   struct tarn_buffer **out, struct tarn_error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        out[i] = ranges[i].size != 0 ? tarn__buffer_slice(input->body, (size_t)ranges[i].offset, (size_t)ranges[i].size) : NULL;
        if (ranges[i].size != 0 && out[i] == NULL) {
            return tarn__nomem(input->env, err, 0);
        }
    }
    return TARN_OK;
}

/* How many ranges from `first` on lie one after the other, close enough to be read as one: *end is behind the last of them. */
static uint32_t run_of(uint32_t first, uint32_t count, const struct tarn__ipc_range *ranges, uint64_t *end)
{
    uint32_t next = first;
    *end = ranges[first].offset;
    for (; next < count; next++) {
        const struct tarn__ipc_range *range = &ranges[next];
        if (range->size != 0 && next != first && (range->offset < *end || range->offset - *end > NEAR)) {
            break;
        }
        *end = range->size != 0 ? range->offset + range->size : *end;
    }
    return next - first;
}

static enum tarn_status read_run(struct tarn__ipc_input *input, const struct tarn__ipc_message *message, uint32_t count,
                                 const struct tarn__ipc_range *ranges, uint64_t end, struct tarn_buffer **out, struct tarn_error *err)
{
    const uint64_t begin = ranges[0].offset;
    struct tarn_buffer *whole;
    input->at = message->body_at + begin;
    TARN_RETURN_IF_ERROR(read_buffer(input, end - begin, &whole, err));
    enum tarn_status status = TARN_OK;
    for (uint32_t i = 0; i < count && status == TARN_OK; i++) {
        out[i] = ranges[i].size != 0 ? tarn__buffer_slice(whole, (size_t)(ranges[i].offset - begin), (size_t)ranges[i].size) : NULL;
        status = ranges[i].size == 0 || out[i] != NULL ? TARN_OK : tarn__nomem(input->env, err, 0);
    }
    tarn__buffer_release(whole);
    return status;
}

static enum tarn_status read_runs(struct tarn__ipc_input *input, const struct tarn__ipc_message *message, uint32_t count,
                                  const struct tarn__ipc_range *ranges, struct tarn_buffer **out, struct tarn_error *err)
{
    for (uint32_t i = 0; i < count;) {
        uint64_t end;
        if (ranges[i].size == 0) {
            i++;
            continue;
        }
        const uint32_t run = run_of(i, count, ranges, &end);
        TARN_RETURN_IF_ERROR(read_run(input, message, run, ranges + i, end, out + i, err));
        i += run;
    }
    return TARN_OK;
}

static enum tarn_status read_parts(void *ctx, const struct tarn__ipc_message *message, uint32_t count, const struct tarn__ipc_range *ranges,
                                   struct tarn_buffer **out, struct tarn_error *err)
{
    struct tarn__ipc_input *input = ctx;
    const uint64_t next = input->at;
    memset(out, 0, count * sizeof(struct tarn_buffer *));
    const enum tarn_status status =
        input->object == NULL ? slice_body(input, count, ranges, out, err) : read_runs(input, message, count, ranges, out, err);
    input->at = next;
    for (uint32_t i = 0; i < count && status != TARN_OK; i++) {
        tarn__buffer_release(out[i]);
        out[i] = NULL;
    }
    return status;
}

struct tarn__ipc_body tarn__ipc_input_body(struct tarn__ipc_input *input)
{
    return (struct tarn__ipc_body){input, read_parts};
}
