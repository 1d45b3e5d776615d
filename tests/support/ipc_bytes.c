/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/ipc_bytes.h"

#include <string.h>

#include "format/base/bytes.h"
#include "tests/support/suite.h"

enum { POOL = 128 };
static struct ArrowSchema schemas[POOL];
static struct ArrowSchema *pointers[POOL][2];
static int used;

static struct ArrowSchema *make(const struct tarn_ipc_shape *shape)
{
    ck_assert_int_lt(used, POOL);
    const int at = used++;
    struct ArrowSchema *schema = &schemas[at];
    *schema = (struct ArrowSchema){.format = shape->format,
                                   .name = shape->name != NULL ? shape->name : "a",
                                   .metadata = shape->metadata,
                                   .flags = shape->not_null ? 0 : ARROW_FLAG_NULLABLE,
                                   .children = pointers[at]};
    for (int i = 0; i < 2 && shape->children[i] != NULL; i++) {
        pointers[at][i] = make(shape->children[i]);
        schema->n_children++;
    }
    schema->dictionary = shape->dictionary != NULL ? make(shape->dictionary) : NULL;
    return schema;
}

void tarn_ipc_put_shape(struct tarn_text_builder *out, const struct tarn_ipc_shape *shape)
{
    used = 0;
    struct ArrowSchema *column = make(shape);
    const struct ArrowSchema rows = {.format = "+s", .name = "", .n_children = 1, .children = &column};
    tarn__ipc_put_schema(out, out->size, &rows);
}

static void add_int64(struct tarn_text_builder *out, int64_t value)
{
    uint8_t bytes[8];
    tarn__store64(bytes, (uint64_t)value);
    tarn__builder_add_bytes(out, bytes, sizeof(bytes));
}

void tarn_ipc_put_batch(struct tarn_text_builder *out, const struct tarn_ipc_batch *batch)
{
    struct tarn__ipc_segment segments[TARN_IPC_MOST];
    struct tarn__ipc_body_builder body;
    tarn__ipc_body_open(&body, out->env, NULL, batch->packed ? batch->codec : TARN__IPC_PLAIN, 0);
    for (int i = 0; i < batch->node_count; i++) {
        add_int64(&body.nodes, batch->nodes[i].length);
        add_int64(&body.nodes, batch->nodes[i].nulls);
    }
    for (int i = 0; i < batch->variadic_count; i++) {
        add_int64(&body.variadic, batch->variadic[i]);
    }
    uint64_t offset = 0;
    for (int i = 0; i < batch->buffer_count; i++) {
        segments[i].offset = offset + (uint64_t)batch->buffers[i].off;
        segments[i].size = batch->buffers[i].size + (uint64_t)batch->buffers[i].more;
        offset += (batch->buffers[i].size + 7) / 8 * 8;
    }
    body.segments = segments;
    body.segment_count = (size_t)batch->buffer_count;
    body.size = offset;
    if (batch->dictionary) {
        tarn__ipc_put_dictionary(out, out->size, batch->id, batch->delta, (uint64_t)batch->length, &body);
    } else {
        tarn__ipc_put_records(out, out->size, (uint64_t)batch->length, &body);
    }
    for (int i = 0; i < batch->buffer_count; i++) {
        if (batch->buffers[i].size != 0) {
            tarn__builder_add_bytes(out, batch->buffers[i].data, batch->buffers[i].size);
        }
        tarn__flat_align(out, 8);
    }
    body.segments = NULL;
    tarn__ipc_body_close(&body);
}
