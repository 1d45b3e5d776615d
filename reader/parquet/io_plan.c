/* SPDX-License-Identifier: Apache-2.0
 *
 * The one planner of a Parquet scan's reading.
 *
 * SPEC: P-IO-1 to P-IO-4.
 *
 * Invariants
 *  1. The pieces of a chunk ascend and do not overlap; each is a buffer of its own, read by one request.
 *  2. A piece that is in flight is waited for before its buffer is looked at, used again or freed.
 *  3. A byte that a walk asks for is brought whether it was planned or not: a plan can only save.
 */
#include "reader/parquet/io_plan.h"

#include <string.h>

#include "format/base/alloc.h"
#include "format/base/buffer.h"
#include "format/base/error.h"

enum {
    GAP = 32 << 10, /* bytes that are not wanted but lie between bytes that are: read with them, since a request costs more */
    WINDOW_LEAST = 64 << 10,
    WINDOW_MOST = 4 << 20,
    FOLLOW_MOST = 1 << 20,
};

struct request {
    uint32_t references;
    bool done;
    enum tarn_status status;
    uint64_t ticket;
};

struct piece {
    uint64_t begin;
    uint64_t end;
    struct tarn_buffer *bytes;
    struct request *request; /**< NULL: there */
};

struct stream {
    struct tarn__reads *reads;
    struct tarn_chunk_range range;
    struct piece *pieces;
    size_t piece_count;
    size_t piece_capacity;
    struct tarn__read_want *spans; /**< what was planned and is read window by window */
    size_t span_count;
    size_t span_capacity;
    size_t window;          /**< bytes of the next read that nobody planned */
    bool windowed;          /**< the next window is read ahead */
    uint64_t followed_end;  /**< of the last piecemeal read */
    uint64_t follow_window; /**< bytes to be read ahead of piecemeal reads */
};

struct tarn__reads {
    struct tarn__read_pool *pool;
    uint32_t count;
    struct stream streams[];
};

/* ---- buffers and counters ---- */

void tarn__read_pool_init(struct tarn__read_pool *pool, struct tarn_env *env, struct tarn_object *object, struct tarn_buffer *whole)
{
    *pool = (struct tarn__read_pool){
        .env = env, .object = object, .whole = whole, .limit = whole != NULL ? UINT64_MAX : TARN_PARQUET_READ_LIMIT};
    pthread_mutex_init(&pool->lock, NULL); /* default attributes: it cannot fail on the systems tarn knows */
}

void tarn__read_pool_free(struct tarn__read_pool *pool)
{
    for (uint32_t i = 0; i < pool->spare_count; i++) {
        tarn__buffer_release(pool->spare[i]);
    }
    pthread_mutex_destroy(&pool->lock);
}

/* A buffer of `size` bytes that nobody else has; NULL: no memory. */
static struct tarn_buffer *take_buffer(struct tarn__read_pool *pool, size_t size)
{
    struct tarn_buffer *taken = NULL;
    pthread_mutex_lock(&pool->lock);
    for (uint32_t i = 0; i < pool->spare_count && taken == NULL; i++) {
        struct tarn_buffer *spare = pool->spare[i];
        if (spare->capacity >= size && spare->capacity / 4 <= size && tarn__buffer_unshared(spare)) {
            taken = spare;
            pool->spare_bytes -= spare->capacity;
            pool->spare[i] = pool->spare[--pool->spare_count];
        }
    }
    pthread_mutex_unlock(&pool->lock);
    if (taken != NULL && tarn__buffer_resize(taken, size)) {
        return taken;
    }
    tarn__buffer_release(taken);
    return tarn__buffer_new(pool->env, size);
}

/* Takes the reference over. Vectors may still look at the bytes: take_buffer waits until they do not. */
static void give_buffer(struct tarn__read_pool *pool, struct tarn_buffer *buffer)
{
    enum { SPARES = sizeof(pool->spare) / sizeof(pool->spare[0]) };
    pthread_mutex_lock(&pool->lock);
    const bool keep = pool->spare_count < SPARES && pool->spare_bytes + buffer->capacity <= pool->limit;
    if (keep) {
        pool->spare[pool->spare_count++] = buffer;
        pool->spare_bytes += buffer->capacity;
    }
    pthread_mutex_unlock(&pool->lock);
    if (!keep) {
        tarn__buffer_release(buffer);
    }
}

static void count_read(struct tarn__read_pool *pool, size_t n, const struct tarn_read_range *ranges)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < n; i++) {
        bytes += ranges[i].size;
    }
    atomic_fetch_add(&pool->requests, 1);
    atomic_fetch_add(&pool->bytes, bytes);
}

enum tarn_status tarn__read_pool_read(struct tarn__read_pool *pool, size_t n, const struct tarn_read_range *ranges, struct tarn_error *err)
{
    count_read(pool, n, ranges);
    return tarn_object_read(pool->object, n, ranges, err);
}

/* ---- requests and pieces ---- */

static enum tarn_status wait_for(struct stream *stream, struct piece *piece, struct tarn_error *err)
{
    struct request *request = piece->request;
    if (request == NULL) {
        return TARN_OK;
    }
    enum tarn_status status = request->status;
    if (!request->done) {
        status = tarn_object_read_wait(stream->reads->pool->object, request->ticket, err);
        request->status = status;
        request->done = true;
    } else if (status != TARN_OK) {
        tarn__error_set(err, status, "read", "the bytes could not be read");
    }
    piece->request = NULL;
    if (--request->references == 0) {
        tarn__free(stream->reads->pool->env, request);
    }
    return status;
}

static void drop_piece(struct stream *stream, size_t i)
{
    struct piece *piece = &stream->pieces[i];
    /* The store writes into the buffer until the read has ended, however it ends. */
    const enum tarn_status ended = wait_for(stream, piece, NULL);
    (void)ended;
    if (stream->reads->pool->whole != NULL) {
        tarn__buffer_release(piece->bytes); /* a part of what is not ours to write */
    } else {
        give_buffer(stream->reads->pool, piece->bytes);
    }
    stream->piece_count--;
    memmove(piece, piece + 1, (stream->piece_count - i) * sizeof(*piece));
}

/* The number of the first piece that ends behind `offset`. */
static size_t piece_at(const struct stream *stream, uint64_t offset)
{
    size_t i = 0;
    while (i < stream->piece_count && stream->pieces[i].end <= offset) {
        i++;
    }
    return i;
}

/* Memory for a piece; of an object in memory the piece itself, with the room behind it that buffers have. */
static struct tarn_buffer *bytes_for(struct tarn__read_pool *pool, uint64_t begin, uint64_t end)
{
    enum { PADDING = 64 };
    const size_t size = (size_t)(end - begin);
    if (pool->whole == NULL) {
        return take_buffer(pool, size);
    }
    if (pool->whole->size - end >= PADDING) {
        return tarn__buffer_slice(pool->whole, (size_t)begin, size);
    }
    struct tarn_buffer *copy = tarn__buffer_new(pool->env, size);
    if (copy != NULL && size != 0) {
        memcpy(copy->data, pool->whole->data + begin, size);
    }
    return copy;
}

/* Room for a piece at its place; NULL: no memory. */
static struct piece *insert_piece(struct stream *stream, uint64_t begin, uint64_t end)
{
    struct tarn__read_pool *pool = stream->reads->pool;
    if (!tarn__grow(pool->env, &stream->pieces, &stream->piece_capacity, stream->piece_count + 1, sizeof(*stream->pieces))) {
        return NULL;
    }
    struct tarn_buffer *bytes = bytes_for(pool, begin, end);
    if (bytes == NULL) {
        return NULL;
    }
    const size_t at = piece_at(stream, begin);
    memmove(&stream->pieces[at + 1], &stream->pieces[at], (stream->piece_count - at) * sizeof(*stream->pieces));
    stream->piece_count++;
    stream->pieces[at] = (struct piece){begin, end, bytes, NULL};
    return &stream->pieces[at];
}

/* Takes the pieces that `wants` name out again, whose read could not begin. */
static void take_back(struct tarn__reads *reads, uint32_t count, const struct tarn__read_want *wants)
{
    for (uint32_t i = 0; i < count; i++) {
        struct stream *stream = &reads->streams[wants[i].slot];
        const size_t at = piece_at(stream, wants[i].begin);
        if (at < stream->piece_count && stream->pieces[at].begin == wants[i].begin) {
            drop_piece(stream, at);
        }
    }
}

static enum tarn_status submit_ranges(struct tarn__reads *reads, uint32_t count, const struct tarn__read_want *wants,
                                      struct tarn_read_range *ranges, struct request *request, struct tarn_error *err)
{
    struct tarn__read_pool *pool = reads->pool;
    for (uint32_t i = 0; i < count; i++) {
        const struct piece *piece = insert_piece(&reads->streams[wants[i].slot], wants[i].begin, wants[i].end);
        if (piece == NULL) {
            take_back(reads, i, wants);
            return tarn__nomem(pool->env, err, wants[i].end - wants[i].begin);
        }
        ranges[i] = (struct tarn_read_range){wants[i].begin, piece->bytes->size, piece->bytes->data};
    }
    const enum tarn_status status = tarn_object_read_submit(pool->object, count, ranges, &request->ticket, err);
    if (status != TARN_OK) {
        take_back(reads, count, wants);
        return status;
    }
    request->references = count;
    for (uint32_t i = 0; i < count; i++) {
        struct stream *stream = &reads->streams[wants[i].slot];
        stream->pieces[piece_at(stream, wants[i].begin)].request = request;
    }
    count_read(pool, count, ranges);
    return TARN_OK;
}

static enum tarn_status slice_ranges(struct tarn__reads *reads, uint32_t count, const struct tarn__read_want *wants, struct tarn_error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        if (insert_piece(&reads->streams[wants[i].slot], wants[i].begin, wants[i].end) == NULL) {
            return tarn__nomem(reads->pool->env, err, sizeof(struct piece));
        }
        atomic_fetch_add(&reads->pool->bytes, wants[i].end - wants[i].begin);
    }
    atomic_fetch_add(&reads->pool->requests, 1);
    return TARN_OK;
}

/* One request for pieces that are not there. */
static enum tarn_status submit(struct tarn__reads *reads, uint32_t count, const struct tarn__read_want *wants, struct tarn_error *err)
{
    struct tarn_env *env = reads->pool->env;
    if (count == 0) {
        return TARN_OK;
    }
    if (reads->pool->whole != NULL) {
        return slice_ranges(reads, count, wants, err);
    }
    struct tarn_read_range *ranges = tarn__calloc(env, count, sizeof(*ranges));
    struct request *request = tarn__calloc(env, 1, sizeof(*request));
    enum tarn_status status = ranges != NULL && request != NULL ? TARN_OK : tarn__nomem(env, err, count * sizeof(*ranges));
    if (status == TARN_OK) {
        status = submit_ranges(reads, count, wants, ranges, request, err);
    }
    if (status != TARN_OK) {
        tarn__free(env, request);
    }
    tarn__free(env, ranges);
    return status;
}

/* ---- planning ---- */

static void list_want(struct tarn__reads *reads, struct tarn__read_list *list, struct tarn__read_want want)
{
    struct tarn__read_want *last = list->count != 0 ? &list->wants[list->count - 1] : NULL;
    const struct stream *stream = &reads->streams[want.slot];
    if (last != NULL && last->slot == want.slot && want.begin - last->end <= GAP &&
        piece_at(stream, last->end) == piece_at(stream, want.begin)) {
        last->end = want.end;
        return;
    }
    if (!tarn__grow(reads->pool->env, &list->wants, &list->capacity, list->count + 1, sizeof(*list->wants))) {
        list->failed = true;
        return;
    }
    list->wants[list->count++] = want;
}

/* Rows survive one after the other: what follows will be wanted soon. */
static uint64_t follow(struct stream *stream, uint64_t begin, uint64_t end, uint64_t limit)
{
    const bool follows = begin >= stream->followed_end && begin - stream->followed_end <= GAP;
    stream->follow_window = !follows ? 0 : stream->follow_window == 0 ? (uint64_t)WINDOW_LEAST : stream->follow_window * 2;
    stream->follow_window = stream->follow_window < FOLLOW_MOST ? stream->follow_window : (uint64_t)FOLLOW_MOST;
    stream->followed_end = limit - end > stream->follow_window ? end + stream->follow_window : limit;
    return stream->followed_end;
}

void tarn__reads_add(struct tarn__reads *reads, uint32_t slot, uint64_t begin, uint64_t end, uint64_t limit, struct tarn__read_list *list)
{
    struct stream *stream = &reads->streams[slot];
    const struct tarn__read_want *last = list->count != 0 ? &list->wants[list->count - 1] : NULL;
    bool first = true;
    if (last != NULL && last->slot == slot && begin < last->end) {
        begin = last->end;
    }
    for (uint64_t at = begin; at < end;) {
        const size_t i = piece_at(stream, at);
        const struct piece *piece = i < stream->piece_count ? &stream->pieces[i] : NULL;
        if (piece != NULL && piece->begin <= at) {
            at = piece->end;
            continue;
        }
        if (first) {
            end = follow(stream, at, end, limit);
            first = false;
        }
        const uint64_t to = piece != NULL && piece->begin < end ? piece->begin : end;
        list_want(reads, list, (struct tarn__read_want){slot, at, to});
        at = to;
    }
}

static bool keep_span(struct stream *stream, const struct tarn__read_want *want)
{
    if (!tarn__grow(stream->reads->pool->env, &stream->spans, &stream->span_capacity, stream->span_count + 1, sizeof(*stream->spans))) {
        return false;
    }
    stream->spans[stream->span_count++] = *want;
    return true;
}

/* Keeps the list as a plan, and leaves in it the first window of each chunk. */
static enum tarn_status plan_windows(struct tarn__reads *reads, struct tarn__read_list *list, uint64_t window, struct tarn_error *err)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct tarn__read_want want = list->wants[i];
        struct stream *stream = &reads->streams[want.slot];
        stream->window = (size_t)window;
        stream->windowed = true;
        if (!keep_span(stream, &want)) {
            return tarn__nomem(reads->pool->env, err, sizeof(want));
        }
        if (kept == 0 || list->wants[kept - 1].slot != want.slot) {
            list->wants[kept] = want;
            if (want.end - want.begin > window) {
                list->wants[kept].end = want.begin + window;
            }
            kept++;
        }
    }
    list->count = kept;
    return TARN_OK;
}

static enum tarn_status begin_list(struct tarn__reads *reads, struct tarn__read_list *list, struct tarn_error *err)
{
    uint64_t total = 0;
    uint32_t slots = 0;
    if (list->failed || list->count > UINT32_MAX) {
        return tarn__nomem(reads->pool->env, err, list->count * sizeof(*list->wants));
    }
    for (size_t i = 0; i < list->count; i++) {
        total += list->wants[i].end - list->wants[i].begin;
        slots += i == 0 || list->wants[i].slot != list->wants[i - 1].slot;
    }
    if (total > reads->pool->limit) {
        uint64_t window = reads->pool->limit / ((uint64_t)slots * 2);
        window = window < WINDOW_LEAST ? (uint64_t)WINDOW_LEAST : window > WINDOW_MOST ? (uint64_t)WINDOW_MOST : window;
        TARN_RETURN_IF_ERROR(plan_windows(reads, list, window, err));
    }
    return submit(reads, (uint32_t)list->count, list->wants, err);
}

enum tarn_status tarn__reads_begin(struct tarn__reads *reads, struct tarn__read_list *list, struct tarn_error *err)
{
    const enum tarn_status status = begin_list(reads, list, err);
    tarn__free(reads->pool->env, list->wants);
    *list = (struct tarn__read_list){NULL, 0, 0, false};
    return status;
}

bool tarn__reads_begun(const struct tarn__reads *reads, uint32_t slot)
{
    return reads->streams[slot].piece_count != 0 || reads->streams[slot].span_count != 0;
}

/* ---- bringing ---- */

/* Where a read at `offset` ends at the latest: with the plan it is part of, else with the chunk. */
static uint64_t plan_end(const struct stream *stream, uint64_t offset)
{
    for (size_t i = 0; i < stream->span_count; i++) {
        if (stream->spans[i].begin <= offset && offset < stream->spans[i].end) {
            return stream->spans[i].end;
        }
    }
    return stream->range.end;
}

/* Begins to read from `offset`, of which no piece is there, `least` bytes and a window. */
static enum tarn_status read_window(struct stream *stream, uint64_t offset, uint64_t least, struct tarn_error *err)
{
    const uint64_t planned = plan_end(stream, offset);
    uint64_t end = planned - offset > stream->window ? offset + stream->window : planned;
    end = end < offset + least ? offset + least : end;
    const size_t next = piece_at(stream, offset);
    if (next < stream->piece_count && stream->pieces[next].begin < end) {
        end = stream->pieces[next].begin;
    }
    const struct tarn__read_want want = {(uint32_t)(stream - stream->reads->streams), offset, end};
    return submit(stream->reads, 1, &want, err);
}

static void read_ahead(struct stream *stream, uint64_t offset)
{
    const size_t next = piece_at(stream, offset);
    const bool there = next < stream->piece_count && stream->pieces[next].begin == offset;
    if (stream->windowed && !there && offset < stream->range.end && plan_end(stream, offset - 1) != offset) {
        const enum tarn_status begun = read_window(stream, offset, 1, NULL);
        (void)begun; /* what fails now fails again, with its reason, when it is needed */
    }
}

/* One piece behind is kept, for a step back. */
static void drop_behind(struct stream *stream, uint64_t offset)
{
    for (size_t behind = piece_at(stream, offset); behind > 1; behind--) {
        drop_piece(stream, 0);
    }
}

/* The piece that holds the byte at `offset`, waited for. */
static enum tarn_status need_piece(struct stream *stream, uint64_t offset, uint64_t least, struct piece **out, struct tarn_error *err)
{
    size_t i = piece_at(stream, offset);
    if (i == stream->piece_count || stream->pieces[i].begin > offset) {
        TARN_RETURN_IF_ERROR(read_window(stream, offset, least, err));
        i = piece_at(stream, offset);
    }
    TARN_RETURN_IF_ERROR(wait_for(stream, &stream->pieces[i], err));
    *out = &stream->pieces[i];
    return TARN_OK;
}

/* Bytes that lie in several pieces, put together. */
static enum tarn_status assemble(struct stream *stream, uint64_t offset, size_t size, struct tarn_buffer **out, struct tarn_error *err)
{
    struct tarn_env *env = stream->reads->pool->env;
    struct tarn_buffer *whole = tarn__buffer_new(env, size);
    if (whole == NULL) {
        return tarn__nomem(env, err, size);
    }
    for (size_t done = 0; done < size;) {
        struct piece *piece;
        const enum tarn_status status = need_piece(stream, offset + done, size - done, &piece, err);
        if (status != TARN_OK) {
            tarn__buffer_release(whole);
            return status;
        }
        const uint64_t there = piece->end - (offset + done);
        const size_t part = there < size - done ? (size_t)there : size - done;
        memcpy(whole->data + done, piece->bytes->data + (offset + done - piece->begin), part);
        done += part;
    }
    *out = whole;
    return TARN_OK;
}

static enum tarn_status bring(void *ctx, uint64_t offset, size_t least, struct tarn_span *bytes, struct tarn_buffer **holder,
                              struct tarn_error *err)
{
    struct stream *stream = ctx;
    struct piece *piece;
    if (offset < stream->range.begin || offset > stream->range.end || least > stream->range.end - offset) {
        return tarn__corrupt(err, "page_header", "a page leads out of its column chunk");
    }
    drop_behind(stream, offset);
    TARN_RETURN_IF_ERROR(need_piece(stream, offset, least, &piece, err));
    if (piece->end - offset >= least) {
        *bytes = (struct tarn_span){piece->bytes->data + (offset - piece->begin), (size_t)(piece->end - offset)};
        *holder = tarn__buffer_retain(piece->bytes);
        read_ahead(stream, piece->end);
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(assemble(stream, offset, least, holder, err));
    *bytes = tarn__buffer_span(*holder);
    return TARN_OK;
}

struct tarn_page_source tarn__reads_source(struct tarn__reads *reads, uint32_t slot)
{
    return (struct tarn_page_source){&reads->streams[slot], bring};
}

/* ---- the reads ---- */

enum tarn_status tarn__reads_open(struct tarn__read_pool *pool, uint32_t count, const struct tarn_chunk_range *ranges,
                                  struct tarn__reads **out, struct tarn_error *err)
{
    const uint64_t size = sizeof(struct tarn__reads) + (uint64_t)count * sizeof(struct stream);
    struct tarn__reads *reads = tarn__calloc(pool->env, 1, (size_t)size);
    *out = NULL;
    if (reads == NULL) {
        return tarn__nomem(pool->env, err, size);
    }
    reads->pool = pool;
    reads->count = count;
    for (uint32_t i = 0; i < count; i++) {
        reads->streams[i] = (struct stream){.reads = reads, .range = ranges[i], .window = WINDOW_LEAST, .followed_end = UINT64_MAX};
    }
    *out = reads;
    return TARN_OK;
}

void tarn__reads_close(struct tarn__reads *reads)
{
    if (reads == NULL) {
        return;
    }
    struct tarn_env *env = reads->pool->env;
    for (uint32_t i = 0; i < reads->count; i++) {
        struct stream *stream = &reads->streams[i];
        while (stream->piece_count != 0) {
            drop_piece(stream, stream->piece_count - 1);
        }
        tarn__free(env, stream->pieces);
        tarn__free(env, stream->spans);
    }
    tarn__free(env, reads);
}
