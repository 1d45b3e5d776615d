/* SPDX-License-Identifier: Apache-2.0
 *
 * A store whose one object continues another.
 *
 * Invariants
 *  1. `held` is the last piece that was appended; everything before it is in the object already.
 *  2. The first piece is the magic of the part's begin, which the object has.
 */
#include "txlog/core/files/part_store.h"

#include <string.h>

#include "format/base/alloc.h"
#include "format/base/buffer.h"
#include "format/base/bytes.h"
#include "format/base/error.h"

enum { MAGIC = 4, TRAILER = 8 };

struct part_store {
    struct tarn_store store; /* first */
    struct tarn_object_writer *into;
    struct tarn_buffer *held;
    size_t footer_begin; /* in `held` */
    bool committed;
};

struct part_writer {
    struct tarn_object_writer writer; /* first */
    struct part_store *part;
    bool begun;
};

static struct part_store *part_of(struct tarn_store *store)
{
    return (struct part_store *)store;
}

static uint32_t capabilities(struct tarn_store *store)
{
    (void)store;
    return TARN_STORE_CAN_WRITE;
}

static enum tarn_status nothing_there(struct tarn_error *err)
{
    return tarn__error_set(err, TARN_NOT_FOUND, "object", "what is written to it cannot be read back");
}

static enum tarn_status part_head(struct tarn_store *store, struct tarn_text key, struct tarn_object_info *info, struct tarn_error *err)
{
    (void)store;
    (void)key;
    memset(info, 0, sizeof(*info));
    return nothing_there(err);
}

static enum tarn_status part_open(struct tarn_store *store, struct tarn_text key, struct tarn_object **out, struct tarn_error *err)
{
    (void)store;
    (void)key;
    *out = NULL;
    return nothing_there(err);
}

static enum tarn_status part_read(struct tarn_object *object, size_t n, const struct tarn_read_range *ranges, struct tarn_error *err)
{
    (void)object;
    (void)n;
    (void)ranges;
    return nothing_there(err);
}

static void part_object_close(struct tarn_object *object)
{
    (void)object; /* none was ever opened */
}

static enum tarn_status part_put(struct tarn_store *store, struct tarn_text key, struct tarn_span bytes, enum tarn_put_mode mode,
                                 enum tarn_object_role role, struct tarn_error *err)
{
    (void)store;
    (void)key;
    (void)bytes;
    (void)mode;
    (void)role;
    return tarn__internal(err, "a part is written in pieces");
}

static enum tarn_status part_list(struct tarn_store *store, struct tarn_text prefix, struct tarn_text start_after, tarn_list_fn fn,
                                  void *arg, struct tarn_error *err)
{
    (void)store;
    (void)prefix;
    (void)start_after;
    (void)fn;
    (void)arg;
    (void)err;
    return TARN_OK;
}

static enum tarn_status part_remove(struct tarn_store *store, struct tarn_text key, struct tarn_error *err)
{
    (void)store;
    (void)key;
    (void)err;
    return TARN_OK;
}

static void part_close(struct tarn_store *store)
{
    struct part_store *part = part_of(store);
    struct tarn_env *env = tarn__env_retain(store->env);
    tarn__buffer_release(part->held);
    tarn_store_deinit(store);
    tarn__free(env, part);
    tarn_env_close(env);
}

/* ---- the writer ---- */

static enum tarn_status part_writer_open(struct tarn_store *store, struct tarn_text key, enum tarn_object_role role,
                                         struct tarn_object_writer **out, struct tarn_error *err)
{
    struct part_writer *writer = tarn__calloc(store->env, 1, sizeof(*writer));
    (void)key;
    (void)role;
    if (writer == NULL) {
        return tarn__nomem(store->env, err, sizeof(*writer));
    }
    writer->part = part_of(store);
    *out = &writer->writer;
    return TARN_OK;
}

static enum tarn_status hold(struct part_store *part, struct tarn_span bytes, struct tarn_error *err)
{
    if (part->held->size != 0) {
        TARN_RETURN_IF_ERROR(tarn_object_writer_append(part->into, tarn__buffer_span(part->held), err));
    }
    if (!tarn__buffer_resize(part->held, 0) || !tarn__buffer_append(part->held, bytes.data, bytes.size)) {
        return tarn__nomem(part->store.env, err, bytes.size);
    }
    return TARN_OK;
}

static enum tarn_status part_writer_append(struct tarn_object_writer *writer, struct tarn_span bytes, struct tarn_error *err)
{
    struct part_writer *w = (struct part_writer *)writer;
    if (w->begun) {
        return hold(w->part, bytes, err);
    }
    if (bytes.size != MAGIC || w->part->into->written < MAGIC) {
        return tarn__internal(err, "a part begins with its magic alone");
    }
    w->begun = true;
    writer->written = w->part->into->written - MAGIC; /* the store adds what was appended */
    return TARN_OK;
}

static enum tarn_status commit(struct part_store *part, struct tarn_error *err)
{
    const struct tarn_span held = tarn__buffer_span(part->held);
    const size_t length = held.size >= TRAILER ? tarn__load32(held.data + held.size - TRAILER) : 0;
    if (length == 0 || length > held.size - TRAILER || memcmp(held.data + held.size - MAGIC, "PAR1", MAGIC) != 0) {
        return tarn__internal(err, "a part ends with its footer in one piece");
    }
    part->footer_begin = held.size - TRAILER - length;
    if (part->footer_begin != 0) {
        TARN_RETURN_IF_ERROR(tarn_object_writer_append(part->into, (struct tarn_span){held.data, part->footer_begin}, err));
    }
    part->committed = true;
    return TARN_OK;
}

static enum tarn_status part_writer_commit(struct tarn_object_writer *writer, enum tarn_put_mode mode, struct tarn_error *err)
{
    struct part_writer *w = (struct part_writer *)writer;
    const enum tarn_status status = commit(w->part, err);
    (void)mode;
    tarn__free(w->part->store.env, w);
    return status;
}

static void part_writer_abort(struct tarn_object_writer *writer)
{
    struct part_writer *w = (struct part_writer *)writer;
    tarn__free(w->part->store.env, w);
}

static const struct tarn_store_ops part_ops = {
    .size = sizeof(struct tarn_store_ops),
    .name = "part",
    .capabilities = capabilities,
    .head = part_head,
    .open = part_open,
    .read = part_read,
    .object_close = part_object_close,
    .put = part_put,
    .writer_open = part_writer_open,
    .writer_append = part_writer_append,
    .writer_commit = part_writer_commit,
    .writer_abort = part_writer_abort,
    .list = part_list,
    .remove = part_remove,
    .close = part_close,
};

enum tarn_status tarn__part_store_open(struct tarn_env *env, struct tarn_object_writer *into, struct tarn_store **out,
                                       struct tarn_error *err)
{
    struct part_store *part = tarn__calloc(env, 1, sizeof(*part));
    *out = NULL;
    if (part == NULL) {
        return tarn__nomem(env, err, sizeof(*part));
    }
    part->into = into;
    part->held = tarn__buffer_new(env, 0);
    const enum tarn_status status = part->held != NULL ? tarn_store_init(&part->store, &part_ops, env, err) : tarn__nomem(env, err, 1);
    if (status != TARN_OK) {
        tarn__buffer_release(part->held);
        tarn__free(env, part);
        return status;
    }
    *out = &part->store;
    return TARN_OK;
}

enum tarn_status tarn__part_store_footer(struct tarn_store *store, struct tarn_span *out, struct tarn_error *err)
{
    const struct part_store *part = part_of(store);
    *out = (struct tarn_span){NULL, 0};
    if (!part->committed) {
        return tarn__internal(err, "the part is not finished");
    }
    *out = (struct tarn_span){part->held->data + part->footer_begin, part->held->size - part->footer_begin - TRAILER};
    return TARN_OK;
}
