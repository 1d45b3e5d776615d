/* SPDX-License-Identifier: Apache-2.0
 *
 * Pages of a column chunk: found, verified, decompressed, split.
 *
 * Specification: parquet.thrift, DataPageHeader and DataPageHeaderV2; Parquet README, "Data Pages" and "Checksumming".
 * SPEC: P-PAGE-4 to P-PAGE-9, P-CRYPT-9.
 *
 * Invariants
 *  1. `rest` always begins at a page header and does not reach behind the chunk's end: no page does.
 *  2. The values of the data pages that were handed out and `values_left` sum to the chunk's num_values.
 *  3. repetition, definition and values of an opened page are disjoint and inside one body.
 */
#include "format/page/page.h"

#include "format/base/hash.h"

static enum tarn_status at_page(const struct tarn_page *page, enum tarn_status status, struct tarn_error *err)
{
    if (status != TARN_OK) {
        tarn__error_at_offset(err, page->offset);
    }
    return status;
}

static uint64_t bytes_left(const struct tarn_page_walk *walk)
{
    return walk->source.bring != NULL ? walk->end - walk->offset : walk->rest.size;
}

/* At least `size` bytes at `rest`, or as many as the chunk has left. */
static enum tarn_status need(struct tarn_page_walk *walk, uint64_t size, struct tarn_error *err)
{
    const uint64_t left = bytes_left(walk);
    size = size < left ? size : left;
    if (walk->rest.size >= size) {
        return TARN_OK;
    }
    struct tarn_span bytes;
    struct tarn_buffer *holder;
    TARN_RETURN_IF_ERROR(walk->source.bring(walk->source.ctx, walk->offset, (size_t)size, &bytes, &holder, err));
    tarn__buffer_release(walk->holder);
    walk->holder = holder;
    walk->rest = (struct tarn_span){bytes.data, bytes.size < left ? bytes.size : (size_t)left};
    return TARN_OK;
}

static enum tarn_status decode_header(struct tarn_page_walk *walk, struct tarn_page_header *header, struct tarn_error *err)
{
    enum { USUAL_HEADER = 128 };
    uint64_t wanted = USUAL_HEADER;
    for (;;) {
        bool truncated;
        TARN_RETURN_IF_ERROR(need(walk, wanted, err));
        const bool all = walk->rest.size >= bytes_left(walk);
        const enum tarn_status status = tarn__page_header_decode(walk->rest, walk->page_limit, header, &truncated, all ? err : NULL);
        if (status == TARN_OK || all) {
            return status;
        }
        if (!truncated) {
            return tarn__page_header_decode(walk->rest, walk->page_limit, header, &truncated, err);
        }
        wanted = (uint64_t)walk->rest.size * 2;
    }
}

/* Takes `size` bytes off the front, of which the last may not be at hand. */
static void pass(struct tarn_page_walk *walk, uint64_t size)
{
    walk->offset += size;
    if (size < walk->rest.size) {
        tarn__span_take(&walk->rest, (size_t)size);
    } else {
        walk->rest = (struct tarn_span){NULL, 0};
    }
}

/* The header of an encrypted page, which is a module by itself. */
static enum tarn_status decrypt_header(struct tarn_page_walk *walk, struct tarn_page_header *header, struct tarn_error *err)
{
    enum { USUAL_MODULE = 256 };
    struct tarn__page_header_module module;
    bool truncated;
    TARN_RETURN_IF_ERROR(need(walk, USUAL_MODULE, err));
    if (walk->rest.size >= 4) {
        TARN_RETURN_IF_ERROR(need(walk, (uint64_t)tarn__load32(walk->rest.data) + 4, err));
    }
    TARN_RETURN_IF_ERROR(
        tarn__column_cipher_page_header(walk->cipher, walk->rest, walk->page_ordinal, walk->page_ordinal == 0, &module, err));
    TARN_RETURN_IF_ERROR(tarn__page_header_decode(module.plain, walk->page_limit, header, &truncated, err));
    header->header_size = module.stored_size;
    const bool data = header->type == PARQUET_DATA_PAGE || header->type == PARQUET_DATA_PAGE_V2;
    if (module.is_dictionary ? header->type != PARQUET_DICTIONARY_PAGE : !data) {
        return tarn__corrupt(err, "page_header", "a page of type %s was encrypted as one of another",
                             tarn__parquet_page_type_name(header->type));
    }
    return TARN_OK;
}

static enum tarn_status next_header(struct tarn_page_walk *walk, struct tarn_page *page, struct tarn_error *err)
{
    TARN_RETURN_IF_ERROR(walk->cipher != NULL ? decrypt_header(walk, &page->header, err) : decode_header(walk, &page->header, err));
    const uint64_t size = (uint64_t)page->header.header_size + page->header.compressed_size;
    if (size > bytes_left(walk)) {
        return tarn__corrupt(err, "page_header", "a page of %llu bytes where %llu are left in the column chunk", (unsigned long long)size,
                             (unsigned long long)bytes_left(walk));
    }
    page->stored = (struct tarn_span){NULL, page->header.compressed_size};
    if (size <= walk->rest.size) {
        page->stored.data = walk->rest.data + page->header.header_size;
        page->holder = tarn__buffer_retain(walk->holder);
    }
    pass(walk, size);
    return TARN_OK;
}

static bool is_data(const struct tarn_page *page)
{
    return page->header.type == PARQUET_DATA_PAGE || page->header.type == PARQUET_DATA_PAGE_V2;
}

enum tarn_status tarn__page_next(struct tarn_page_walk *walk, struct tarn_page *page, bool *end, struct tarn_error *err)
{
    *end = false;
    for (;;) {
        *page = (struct tarn_page){.offset = walk->offset};
        if (walk->values_left == 0) {
            *end = true;
            return TARN_OK;
        }
        if (bytes_left(walk) == 0) {
            return at_page(
                page,
                tarn__corrupt(err, "page_header", "the column chunk ends where %llu values are due", (unsigned long long)walk->values_left),
                err);
        }
        TARN_RETURN_IF_ERROR(at_page(page, next_header(walk, page, err), err));
        if (is_data(page)) {
            break;
        }
        if (page->header.type == PARQUET_DICTIONARY_PAGE) {
            return TARN_OK;
        }
        tarn__page_release(page);
    }
    if (page->header.value_count > walk->values_left) {
        tarn__page_release(page);
        return at_page(page, tarn__corrupt(err, "page_header", "the pages hold more values than the column chunk says"), err);
    }
    walk->values_left -= page->header.value_count;
    page->ordinal = walk->page_ordinal++;
    return TARN_OK;
}

bool tarn__page_crc_ok(const struct tarn_page *page)
{
    const struct parquet_page_header *header = &page->header.thrift;
    return !header->has_crc || tarn__crc32(0, page->stored.data, page->stored.size) == (uint32_t)header->crc;
}

/* A buffer of `size` bytes: the one offered, when nobody else has it. */
static struct tarn_buffer *take_buffer(struct tarn_env *env, struct tarn_buffer **recycle, size_t size)
{
    struct tarn_buffer *offered = recycle != NULL ? *recycle : NULL;
    if (recycle != NULL) {
        *recycle = NULL;
    }
    if (offered != NULL && tarn__buffer_unshared(offered) && offered->capacity >= size && tarn__buffer_resize(offered, size)) {
        return offered;
    }
    tarn__buffer_release(offered);
    return tarn__buffer_new(env, size);
}

static bool is_compressed(const struct tarn_page_walk *walk, const struct tarn_page *page)
{
    return walk->codec != PARQUET_CODEC_UNCOMPRESSED && page->header.compressed;
}

/* The body as it was before it was encrypted: in `body` when that is all there is to do, else in the cipher's own memory. */
static enum tarn_status decrypt_body(struct tarn_page_walk *walk, struct tarn_page *page, struct tarn_buffer **recycle, size_t levels,
                                     struct tarn_span *plain, struct tarn_error *err)
{
    struct tarn__page_body_module module;
    const bool is_dictionary = page->header.type == PARQUET_DICTIONARY_PAGE;
    TARN_RETURN_IF_ERROR(tarn__column_cipher_body(walk->cipher, page->stored, levels, &module, err));
    if (module.plain_size < levels) {
        return tarn__corrupt(err, "page", "levels of %zu bytes in an encrypted page of %zu", levels, module.plain_size);
    }
    uint8_t *into;
    if (is_compressed(walk, page)) {
        into = tarn__column_cipher_room(walk->cipher, module.plain_size);
    } else {
        page->body = take_buffer(walk->env, recycle, module.plain_size);
        into = page->body != NULL ? page->body->data : NULL;
    }
    if (into == NULL) {
        return tarn__nomem(walk->env, err, module.plain_size);
    }
    *plain = (struct tarn_span){into, module.plain_size};
    return tarn__column_cipher_decrypt_body(walk->cipher, &module, is_dictionary, page->ordinal, into, err);
}

/* The body without compression: `stored`, or a buffer whose first `levels` bytes were stored as they are. */
static enum tarn_status open_body(struct tarn_page_walk *walk, struct tarn_page *page, struct tarn_buffer **recycle, size_t levels,
                                  struct tarn_span stored, struct tarn_span *body, struct tarn_error *err)
{
    const struct tarn_page_header *header = &page->header;
    *body = stored;
    if (!is_compressed(walk, page)) {
        return stored.size == header->uncompressed_size
                   ? TARN_OK
                   : tarn__corrupt(err, "page", "%zu bytes are stored where the header says %u", stored.size, header->uncompressed_size);
    }
    TARN_RETURN_IF_ERROR(tarn__codec_check(walk->codec, err));
    page->body = take_buffer(walk->env, recycle, header->uncompressed_size);
    if (page->body == NULL) {
        return tarn__nomem(walk->env, err, header->uncompressed_size);
    }
    if (levels != 0) {
        memcpy(page->body->data, stored.data, levels);
    }
    struct tarn_span in = stored;
    tarn__span_take(&in, levels);
    const size_t rest = header->uncompressed_size - levels;
    if (rest != 0 || in.size != 0) { /* no values at all are stored as no bytes, which no codec understands */
        TARN_RETURN_IF_ERROR(tarn__codec_decompress(walk->codec_context, walk->codec, in, page->body->data + levels, rest, err));
    }
    *body = tarn__buffer_span(page->body);
    return TARN_OK;
}

/* Levels of a DATA_PAGE: four bytes of size and the hybrid, or BIT_PACKED as many bytes as `count` levels take. */
static enum tarn_status split_levels(struct tarn_span *body, uint16_t maximum, uint32_t count, int32_t encoding, struct tarn_span *levels,
                                     bool *packed, struct tarn_error *err)
{
    *levels = (struct tarn_span){NULL, 0};
    *packed = encoding == PARQUET_ENCODING_BIT_PACKED;
    if (maximum == 0) {
        return TARN_OK;
    }
    if (encoding != PARQUET_ENCODING_RLE && encoding != PARQUET_ENCODING_BIT_PACKED) {
        return tarn__unsupported(err, "encoding.unknown", "levels of encoding number %d are not known to this build", (int)encoding);
    }
    if (!*packed && body->size < 4) {
        return tarn__corrupt(err, "page", "the page ends before its levels");
    }
    const unsigned width = 32u - (unsigned)__builtin_clz(maximum);
    const size_t size = *packed ? tarn__bits_bytes((uint64_t)count * width) : tarn__load32(tarn__span_take(body, 4).data);
    if (size > body->size) {
        return tarn__corrupt(err, "page", "levels of %zu bytes where %zu are left in the page", size, body->size);
    }
    *levels = tarn__span_take(body, size);
    return TARN_OK;
}

/* The body's bytes, when the header was all that was at hand. */
static enum tarn_status bring_body(const struct tarn_page_walk *walk, struct tarn_page *page, struct tarn_error *err)
{
    const size_t size = page->header.compressed_size;
    if (page->stored.data != NULL || size == 0) {
        return TARN_OK;
    }
    struct tarn_span bytes;
    TARN_RETURN_IF_ERROR(walk->source.bring(walk->source.ctx, page->offset + page->header.header_size, size, &bytes, &page->holder, err));
    page->stored = (struct tarn_span){bytes.data, size};
    return TARN_OK;
}

static enum tarn_status open_page(struct tarn_page_walk *walk, struct tarn_page *page, struct tarn_buffer **recycle, struct tarn_error *err)
{
    const struct tarn_page_header *header = &page->header;
    const struct parquet_data_page_header *v1 = &header->thrift.data_page_header;
    const size_t levels = (size_t)header->repetition_size + header->definition_size;
    struct tarn_span body;

    TARN_RETURN_IF_ERROR(bring_body(walk, page, err));
    if (!walk->no_crc && !tarn__page_crc_ok(page)) {
        return tarn__corrupt(err, "page_crc", "the page does not match its checksum");
    }
    struct tarn_span stored = page->stored;
    if (walk->cipher != NULL) {
        TARN_RETURN_IF_ERROR(decrypt_body(walk, page, recycle, levels, &stored, err));
    }
    TARN_RETURN_IF_ERROR(open_body(walk, page, recycle, levels, stored, &body, err));
    if (header->type == PARQUET_DATA_PAGE) {
        TARN_RETURN_IF_ERROR(split_levels(&body, walk->max_repetition, header->value_count, v1->repetition_level_encoding,
                                          &page->repetition, &page->repetition_packed, err));
        TARN_RETURN_IF_ERROR(split_levels(&body, walk->max_definition, header->value_count, v1->definition_level_encoding,
                                          &page->definition, &page->definition_packed, err));
    } else if (header->type == PARQUET_DATA_PAGE_V2) {
        page->repetition = tarn__span_take(&body, header->repetition_size);
        page->definition = tarn__span_take(&body, header->definition_size);
    }
    page->values = body;
    return TARN_OK;
}

enum tarn_status tarn__page_open(struct tarn_page_walk *walk, struct tarn_page *page, struct tarn_buffer **recycle, struct tarn_error *err)
{
    const enum tarn_status status = open_page(walk, page, recycle, err);
    if (status != TARN_OK) {
        tarn__page_release(page);
    }
    return at_page(page, status, err);
}

void tarn__page_release(struct tarn_page *page)
{
    tarn__buffer_release(page->body);
    page->body = NULL;
    if (page->holder != NULL) {
        tarn__buffer_release(page->holder);
        page->holder = NULL;
        page->stored.data = NULL;
    }
    page->repetition = page->definition = page->values = (struct tarn_span){NULL, 0};
}

void tarn__page_walk_seek(struct tarn_page_walk *walk, uint64_t offset, uint64_t end)
{
    if (offset >= walk->offset && offset - walk->offset < walk->rest.size) {
        tarn__span_take(&walk->rest, (size_t)(offset - walk->offset));
        walk->rest.size = end - offset < walk->rest.size ? (size_t)(end - offset) : walk->rest.size;
    } else {
        walk->rest = (struct tarn_span){NULL, 0};
    }
    walk->offset = offset;
    walk->end = end;
}

void tarn__page_walk_release(struct tarn_page_walk *walk)
{
    tarn__buffer_release(walk->holder);
    walk->holder = NULL;
    walk->rest = (struct tarn_span){NULL, 0};
}
