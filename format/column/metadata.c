/* SPDX-License-Identifier: Apache-2.0
 *
 * tarn/parquet.h: what a file says of itself, out of its footer and page headers.
 *
 * Invariants
 *  1. Everything that is handed out was made when the handle was: calls change nothing, hence the handle is shareable.
 *  2. A walk over pages never holds more than one page, and never reads outside the chunk that the footer was checked for.
 */
#include "format/column/metadata.h"

#include "format/base/checked.h"
#include "format/base/hash.h"
#include "format/column/footer_check.h"
#include "format/column/statistics.h"
#include "format/page/page_header.h"

/* Read first of each page: most headers are smaller. */
enum { HEADER_WINDOW = 4096, ENCODING_BITS = 32 };

/* The encodings of chunks as text, one for each set that occurs. */
struct tarn_encodings_text {
    uint32_t mask;
    struct tarn_text text;
};

/* ---- texts ---- */

static uint32_t mask_of(const parquet_i32_list *encodings)
{
    uint32_t mask = 0;
    for (uint32_t i = 0; i < encodings->count; i++) {
        const int32_t encoding = encodings->items[i];
        mask |= UINT32_C(1) << (encoding >= 0 && encoding < ENCODING_BITS - 1 ? encoding : ENCODING_BITS - 1);
    }
    return mask;
}

static const struct tarn_encodings_text *find_encodings(const struct tarn_parquet_metadata *metadata, uint32_t mask)
{
    for (size_t i = 0; i < metadata->encodings_count; i++) {
        if (metadata->encodings[i].mask == mask) {
            return &metadata->encodings[i];
        }
    }
    return NULL;
}

static enum tarn_status add_encodings(struct tarn_parquet_metadata *metadata, uint32_t mask, struct tarn_error *err)
{
    char text[ENCODING_BITS * 26]; /* DELTA_LENGTH_BYTE_ARRAY, comma, space */
    size_t size = 0;
    for (int32_t encoding = 0; encoding < ENCODING_BITS; encoding++) {
        if ((mask >> encoding & 1) != 0) {
            const struct tarn_text name = tarn__text_of(tarn__parquet_encoding_name(encoding));
            memcpy(text + size, ", ", 2);
            size += size != 0 ? 2 : 0;
            memcpy(text + size, name.data, name.size);
            size += name.size;
        }
    }
    if (!tarn__grow(metadata->env, &metadata->encodings, &metadata->encodings_capacity, metadata->encodings_count + 1,
                    sizeof(*metadata->encodings))) {
        return tarn__nomem(metadata->env, err, sizeof(*metadata->encodings));
    }
    const struct tarn_text kept = tarn__arena_text(&metadata->arena, (struct tarn_text){text, size});
    if (kept.data == NULL) {
        return tarn__nomem(metadata->env, err, size);
    }
    metadata->encodings[metadata->encodings_count++] = (struct tarn_encodings_text){mask, kept};
    return TARN_OK;
}

/* A chunk that cannot be looked into (it is encrypted) has no encodings here. */
static enum tarn_status note_encodings(struct tarn_parquet_metadata *metadata, uint32_t row_group, uint32_t leaf, struct tarn_error *err)
{
    const struct parquet_column_chunk *chunk;
    struct tarn_arena arena;
    tarn__arena_init(&arena, metadata->env);
    enum tarn_status status = tarn__footer_chunk(metadata->footer, row_group, leaf, &arena, &chunk, err);
    if (status == TARN_OK) {
        const uint32_t mask = mask_of(&chunk->meta_data.encodings);
        status = find_encodings(metadata, mask) == NULL ? add_encodings(metadata, mask, err) : TARN_OK;
    }
    tarn__arena_free(&arena);
    return status == TARN_UNSUPPORTED || status == TARN_AUTH ? TARN_OK : status;
}

/* What can be known of a chunk; *out NULL with OK: there is no key for it, and nothing stands in clear. */
static enum tarn_status known_chunk(const struct tarn_parquet_metadata *metadata, uint32_t row_group, uint32_t leaf,
                                    struct tarn_arena *arena, const struct parquet_column_chunk **out, struct tarn_error *err)
{
    const enum tarn_status status = tarn__footer_chunk(metadata->footer, row_group, leaf, arena, out, err);
    if (metadata->footer->cipher != NULL && (status == TARN_AUTH || status == TARN_UNSUPPORTED)) {
        *out = NULL;
        return TARN_OK;
    }
    return status;
}

static enum tarn_status make_texts(struct tarn_parquet_metadata *metadata, struct tarn_error *err)
{
    const struct parquet_file_metadata *file = &metadata->footer->metadata;
    const struct tarn_file_schema *schema = metadata->footer->schema;
    struct tarn_text *types = tarn__arena_calloc(&metadata->arena, schema->leaf_count + (size_t)1, sizeof(*types));
    if (types == NULL) {
        return tarn__nomem(metadata->env, err, (uint64_t)schema->leaf_count * sizeof(*types));
    }
    for (uint32_t leaf = 0; leaf < schema->leaf_count; leaf++) {
        const struct parquet_schema_element *element = &file->schema.items[schema->leaves[leaf].element];
        TARN_RETURN_IF_ERROR(tarn__logical_type_text(&metadata->arena, element, &types[leaf], err));
    }
    metadata->logical_types = types;
    for (uint32_t group = 0; group < file->row_groups.count; group++) {
        for (uint32_t leaf = 0; leaf < schema->leaf_count; leaf++) {
            TARN_RETURN_IF_ERROR(note_encodings(metadata, group, leaf, err));
        }
    }
    return TARN_OK;
}

/* ---- opening ---- */

void tarn_parquet_metadata_close(struct tarn_parquet_metadata *metadata)
{
    if (metadata == NULL) {
        return;
    }
    struct tarn_env *env = metadata->env;
    tarn__footer_release(metadata->footer);
    tarn_object_close(metadata->object);
    tarn__free(env, metadata->encodings);
    tarn__arena_free(&metadata->arena);
    tarn__free(env, metadata);
    tarn_env_close(env);
}

static enum tarn_status fill(struct tarn_parquet_metadata *metadata, struct tarn_store *store, struct tarn_text key, struct tarn_error *err)
{
    metadata->key = tarn__arena_text(&metadata->arena, key);
    if (metadata->key.data == NULL) {
        return tarn__nomem(metadata->env, err, key.size);
    }
    TARN_RETURN_IF_ERROR(tarn_object_open(store, key, &metadata->object, err));
    const struct tarn__given_keys keys = {.object = key};
    TARN_RETURN_IF_ERROR(tarn__footer_open(metadata->object, &(struct tarn_footer_options){.keys = &keys}, &metadata->footer, err));
    TARN_RETURN_IF_ERROR(make_texts(metadata, err));
    return tarn__metadata_prepare(metadata, err);
}

enum tarn_status tarn_parquet_metadata_open(struct tarn_store *store, struct tarn_text key, struct tarn_parquet_metadata **out,
                                            struct tarn_error *err)
{
    struct tarn_parquet_metadata *metadata = tarn__calloc(store->env, 1, sizeof(*metadata));
    *out = NULL;
    if (metadata == NULL) {
        return tarn__nomem(store->env, err, sizeof(*metadata));
    }
    metadata->env = tarn__env_retain(store->env);
    tarn__arena_init(&metadata->arena, metadata->env);
    const enum tarn_status status = fill(metadata, store, key, err);
    if (status != TARN_OK) {
        tarn__error_at_object(err, key);
        tarn_parquet_metadata_close(metadata);
        return status;
    }
    *out = metadata;
    return TARN_OK;
}

/* ---- facts ---- */

struct tarn_parquet_file_info tarn_parquet_file_info(const struct tarn_parquet_metadata *metadata)
{
    const struct tarn_footer *footer = metadata->footer;
    return (struct tarn_parquet_file_info){
        .version = footer->metadata.version,
        .file_size = footer->file_size,
        .footer_size = footer->bytes.size,
        .row_count = (uint64_t)footer->metadata.num_rows,
        .row_group_count = footer->metadata.row_groups.count,
        .leaf_count = footer->schema->leaf_count,
        .created_by = footer->metadata.created_by,
        .footer_checksum_present = footer->has_checksum,
        .footer_encrypted = footer->is_encrypted,
        .footer_signed = footer->is_verified,
    };
}

struct tarn_span tarn_parquet_footer_bytes(const struct tarn_parquet_metadata *metadata)
{
    return metadata->footer->bytes;
}

const struct tarn_schema *tarn_parquet_schema(const struct tarn_parquet_metadata *metadata)
{
    return metadata->footer->schema->schema;
}

static enum tarn_status find_group(const struct tarn_parquet_metadata *metadata, uint32_t row_group, const struct parquet_row_group **out,
                                   struct tarn_error *err)
{
    const struct parquet_file_metadata *file = &metadata->footer->metadata;
    *out = NULL;
    if (row_group >= file->row_groups.count) {
        return tarn__invalid(err, "row_group", "there is no row group %u: the file has %u", row_group, file->row_groups.count);
    }
    *out = &file->row_groups.items[row_group];
    return TARN_OK;
}

static enum tarn_status check_place(const struct tarn_parquet_metadata *metadata, uint32_t row_group, uint32_t leaf, struct tarn_error *err)
{
    const struct parquet_row_group *group;
    const uint32_t count = metadata->footer->schema->leaf_count;
    TARN_RETURN_IF_ERROR(find_group(metadata, row_group, &group, err));
    if (leaf >= count) {
        return tarn__invalid(err, "column", "there is no column %u: the file has %u", leaf, count);
    }
    return TARN_OK;
}

enum tarn_status tarn__metadata_find_chunk(const struct tarn_parquet_metadata *metadata, uint32_t row_group, uint32_t leaf,
                                           struct tarn_arena *arena, const struct parquet_column_chunk **out, struct tarn_error *err)
{
    *out = NULL;
    TARN_RETURN_IF_ERROR(check_place(metadata, row_group, leaf, err));
    return tarn__footer_chunk(metadata->footer, row_group, leaf, arena, out, err);
}

enum tarn_status tarn_parquet_row_group_info(const struct tarn_parquet_metadata *metadata, uint32_t row_group,
                                             struct tarn_parquet_row_group_info *out, struct tarn_error *err)
{
    const struct parquet_row_group *group;
    *out = (struct tarn_parquet_row_group_info){.row_count = 0};
    TARN_RETURN_IF_ERROR(find_group(metadata, row_group, &group, err));
    uint64_t begin = UINT64_MAX;
    bool hidden = false;
    for (uint32_t leaf = 0; leaf < metadata->footer->schema->leaf_count; leaf++) {
        struct tarn_chunk_range range;
        struct tarn_chunk_facts facts;
        hidden = hidden || (metadata->footer->cipher != NULL &&
                            tarn__footer_chunk_facts(metadata->footer, row_group, leaf, &facts, NULL) == TARN_OK && !facts.has_meta_data);
        if (tarn__footer_chunk_place(metadata->footer, row_group, leaf, &range)) {
            begin = range.begin < begin ? range.begin : begin;
            out->total_compressed_size += range.end - range.begin;
        }
    }
    if (hidden && group->has_total_compressed_size && group->total_compressed_size > 0) {
        out->total_compressed_size = (uint64_t)group->total_compressed_size; /* as stated: some chunks do not show theirs */
    }
    out->row_count = (uint64_t)group->num_rows;
    out->total_byte_size = group->total_byte_size > 0 ? (uint64_t)group->total_byte_size : 0;
    out->file_offset = begin != UINT64_MAX ? begin : 0;
    return TARN_OK;
}

static struct tarn_text encodings_text(const struct tarn_parquet_metadata *metadata, uint32_t mask)
{
    const struct tarn_encodings_text *encodings = find_encodings(metadata, mask);
    return encodings != NULL ? encodings->text : TARN_TEXT(""); /* none: its key came only later */
}

/* Of a chunk that shows nothing without its key. */
static void fill_hidden_info(const struct tarn_parquet_metadata *metadata, uint32_t leaf, struct tarn_parquet_chunk_info *out)
{
    const struct tarn_leaf *described = &metadata->footer->schema->leaves[leaf];
    *out = (struct tarn_parquet_chunk_info){
        .path = described->path,
        .physical_type = tarn__parquet_type_name(described->physical),
        .logical_type = metadata->logical_types[leaf],
        .codec = "",
        .encodings = TARN_TEXT(""),
        .encrypted = true,
    };
}

/* Bounds that are texts lie in what was decrypted for this call alone. */
static void forget_texts(struct tarn_bounds *bounds, const struct tarn_type *type)
{
    const enum tarn_kind kind = tarn_type_kind(type);
    if (kind == TARN_KIND_BYTES || kind == TARN_KIND_FIXED) {
        bounds->has_min = false;
        bounds->has_max = false;
    }
}

static void fill_chunk_info(const struct tarn_parquet_metadata *metadata, uint32_t leaf, const struct parquet_column_chunk *chunk,
                            struct tarn_parquet_chunk_info *out)
{
    const struct parquet_column_metadata *column = &chunk->meta_data;
    const struct tarn_leaf *described = &metadata->footer->schema->leaves[leaf];
    *out = (struct tarn_parquet_chunk_info){
        .path = described->path,
        .physical_type = tarn__parquet_type_name(column->type),
        .logical_type = metadata->logical_types[leaf],
        .codec = tarn__parquet_codec_name(column->codec),
        .encodings = encodings_text(metadata, mask_of(&column->encodings)),
        .value_count = (uint64_t)column->num_values,
        .compressed_size = (uint64_t)column->total_compressed_size,
        .uncompressed_size = (uint64_t)column->total_uncompressed_size,
        .data_page_offset = column->data_page_offset > 0 ? (uint64_t)column->data_page_offset : 0,
        .dictionary_page_offset =
            column->has_dictionary_page_offset && column->dictionary_page_offset > 0 ? (uint64_t)column->dictionary_page_offset : 0,
        .has_column_index = chunk->has_column_index_offset,
        .has_offset_index = chunk->has_offset_index_offset,
        .has_bloom_filter = column->has_bloom_filter_offset,
        .encrypted = chunk->crypto_metadata != NULL,
    };
    tarn__statistics_bounds(described, tarn__column_order(&metadata->footer->metadata, leaf), &column->statistics,
                            (uint64_t)column->num_values, &out->bounds);
}

enum tarn_status tarn_parquet_chunk_info(const struct tarn_parquet_metadata *metadata, uint32_t row_group, uint32_t leaf,
                                         struct tarn_parquet_chunk_info *out, struct tarn_error *err)
{
    const struct parquet_column_chunk *chunk;
    struct tarn_arena arena;
    *out = (struct tarn_parquet_chunk_info){.physical_type = "", .codec = ""};
    TARN_RETURN_IF_ERROR(check_place(metadata, row_group, leaf, err));
    tarn__arena_init(&arena, metadata->env);
    const enum tarn_status status = known_chunk(metadata, row_group, leaf, &arena, &chunk, err);
    if (status == TARN_OK && chunk != NULL) {
        struct tarn__column_cipher *cipher;
        fill_chunk_info(metadata, leaf, chunk, out);
        if (chunk->has_encrypted_column_metadata) {
            forget_texts(&out->bounds, metadata->footer->schema->leaves[leaf].type);
        }
        out->has_key = tarn__footer_cipher(metadata->footer, row_group, leaf, &cipher, NULL) == TARN_OK;
        tarn__column_cipher_close(cipher);
    } else if (status == TARN_OK) {
        fill_hidden_info(metadata, leaf, out);
    }
    tarn__arena_free(&arena);
    return status;
}

/* ---- pages ---- */

struct page_walk {
    const struct tarn_parquet_metadata *metadata;
    struct tarn_buffer *bytes; /* of the page that is looked at, header and body */
    uint64_t offset;           /* where it begins */
    uint64_t end;              /* of the chunk */
    uint64_t values_left;
    struct tarn__column_cipher *cipher; /* NULL: it is not encrypted */
    uint32_t ordinal;                   /* of the next data page */
};

static enum tarn_status fetch(struct page_walk *walk, size_t size, struct tarn_error *err)
{
    if (!tarn__buffer_resize(walk->bytes, size)) {
        return tarn__nomem(walk->metadata->env, err, size);
    }
    return tarn_object_read(walk->metadata->object, 1, &(struct tarn_read_range){walk->offset, size, walk->bytes->data}, err);
}

static enum tarn_status fetch_header(struct page_walk *walk, struct tarn_page_header *header, struct tarn_error *err)
{
    const size_t left = (size_t)(walk->end - walk->offset);
    for (size_t window = HEADER_WINDOW;; window = window > left / 2 ? left : window * 2) {
        bool truncated;
        const size_t size = tarn__min_size(window, left);
        TARN_RETURN_IF_ERROR(fetch(walk, size, err));
        const enum tarn_status status = tarn__page_header_decode(tarn__buffer_span(walk->bytes), 0, header, &truncated, err);
        if (!truncated || size == left) {
            return status;
        }
    }
}

static enum tarn_status fetch_encrypted(struct page_walk *walk, struct tarn_page_header *header, struct tarn_error *err)
{
    const size_t left = (size_t)(walk->end - walk->offset);
    struct tarn__page_header_module module;
    bool truncated;
    TARN_RETURN_IF_ERROR(fetch(walk, tarn__min_size(HEADER_WINDOW, left), err));
    const uint64_t whole = left >= 4 ? (uint64_t)tarn__load32(walk->bytes->data) + 4 : 0;
    if (whole > walk->bytes->size && whole <= left) {
        TARN_RETURN_IF_ERROR(fetch(walk, (size_t)whole, err));
    }
    TARN_RETURN_IF_ERROR(
        tarn__column_cipher_page_header(walk->cipher, tarn__buffer_span(walk->bytes), walk->ordinal, walk->ordinal == 0, &module, err));
    TARN_RETURN_IF_ERROR(tarn__page_header_decode(module.plain, 0, header, &truncated, err));
    header->header_size = module.stored_size;
    return TARN_OK;
}

static enum tarn_status next_page(struct page_walk *walk, struct tarn_parquet_page_info *out, struct tarn_error *err)
{
    struct tarn_page_header header;
    TARN_RETURN_IF_ERROR(walk->cipher != NULL ? fetch_encrypted(walk, &header, err) : fetch_header(walk, &header, err));
    const uint64_t size = (uint64_t)header.header_size + header.compressed_size;
    if (size > walk->end - walk->offset) {
        return tarn__corrupt(err, "page_header", "a page of %llu bytes where %llu are left in the column chunk", (unsigned long long)size,
                             (unsigned long long)(walk->end - walk->offset));
    }
    const bool data = header.type == PARQUET_DATA_PAGE || header.type == PARQUET_DATA_PAGE_V2;
    if (data && header.value_count > walk->values_left) {
        return tarn__corrupt(err, "page_header", "the pages hold more values than the column chunk says");
    }
    walk->values_left -= data ? header.value_count : 0;
    walk->ordinal += data;
    *out = (struct tarn_parquet_page_info){
        .type = tarn__parquet_page_type_name(header.type),
        .encoding = tarn__parquet_encoding_name(header.encoding),
        .offset = walk->offset,
        .header_size = header.header_size,
        .compressed_size = header.compressed_size,
        .uncompressed_size = header.uncompressed_size,
        .value_count = header.value_count,
        .has_crc = header.thrift.has_crc,
    };
    if (out->has_crc) {
        TARN_RETURN_IF_ERROR(fetch(walk, (size_t)size, err));
        out->crc_ok = tarn__crc32(0, walk->bytes->data + header.header_size, header.compressed_size) == (uint32_t)header.thrift.crc;
    }
    walk->offset += size;
    return TARN_OK;
}

static enum tarn_status walk_pages(struct page_walk *walk,
                                   enum tarn_status (*fn)(void *arg, const struct tarn_parquet_page_info *page, struct tarn_error *err),
                                   void *arg, struct tarn_error *err)
{
    const bool empty = walk->values_left == 0; /* but for a dictionary, perhaps */
    while (walk->values_left != 0 || (empty && walk->offset < walk->end)) {
        struct tarn_parquet_page_info page;
        const uint64_t begin = walk->offset;
        const enum tarn_status status = begin < walk->end
                                            ? next_page(walk, &page, err)
                                            : tarn__corrupt(err, "page_header", "the column chunk ends where %llu values are due",
                                                            (unsigned long long)walk->values_left);
        if (status != TARN_OK) {
            tarn__error_at_offset(err, begin);
            return status;
        }
        TARN_RETURN_IF_ERROR(fn(arg, &page, err));
    }
    return TARN_OK;
}

/* A chunk without values need not lie anywhere, or has a dictionary and nothing else. */
static struct tarn_chunk_range walk_range(const struct tarn_footer *footer, const struct parquet_column_metadata *chunk)
{
    struct tarn_chunk_range range = tarn__footer_chunk_range(chunk);
    if (chunk->num_values == 0) {
        const int64_t begin = chunk->has_dictionary_page_offset ? chunk->dictionary_page_offset : chunk->data_page_offset;
        const bool inside = tarn__footer_is_inside(footer, begin, chunk->total_compressed_size);
        range.begin = inside ? (uint64_t)begin : 0;
        range.end = inside ? (uint64_t)begin + (uint64_t)chunk->total_compressed_size : 0;
    }
    return range;
}

enum tarn_status tarn_parquet_pages(const struct tarn_parquet_metadata *metadata, uint32_t row_group, uint32_t leaf,
                                    enum tarn_status (*fn)(void *arg, const struct tarn_parquet_page_info *page, struct tarn_error *err),
                                    void *arg, struct tarn_error *err)
{
    const struct parquet_column_chunk *chunk;
    struct tarn_arena arena;
    struct page_walk walk = {.metadata = metadata};
    TARN_RETURN_IF_ERROR(check_place(metadata, row_group, leaf, err));
    tarn__arena_init(&arena, metadata->env);
    enum tarn_status status = tarn__footer_chunk(metadata->footer, row_group, leaf, &arena, &chunk, err);
    if (status == TARN_OK) {
        status = tarn__footer_cipher(metadata->footer, row_group, leaf, &walk.cipher, err);
    }
    if (status == TARN_OK) {
        const struct tarn_chunk_range range = walk_range(metadata->footer, &chunk->meta_data);
        walk.offset = range.begin;
        walk.end = range.end;
        walk.values_left = (uint64_t)chunk->meta_data.num_values;
        walk.bytes = tarn__buffer_new(metadata->env, HEADER_WINDOW);
        status = walk.bytes != NULL ? walk_pages(&walk, fn, arg, err) : tarn__nomem(metadata->env, err, HEADER_WINDOW);
    }
    tarn__arena_free(&arena);
    tarn__column_cipher_close(walk.cipher);
    if (status != TARN_OK) {
        tarn__error_at_object(err, metadata->key);
        tarn__error_at_row_group(err, (int32_t)row_group);
        tarn__error_at_column(err, metadata->footer->schema->leaves[leaf].path);
    }
    tarn__buffer_release(walk.bytes);
    return status;
}
