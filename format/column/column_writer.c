/* SPDX-License-Identifier: Apache-2.0
 *
 * The writing of one column chunk: levels and values gathered into a page, pages cut at rows, each in the encoding that pays.
 *
 * Specification: parquet-format README.md (chunks, pages, levels), Encodings.md; parquet.thrift "ColumnMetaData".
 * SPEC: P-CHUNK-WRITE-1 to P-CHUNK-WRITE-6.
 *
 * Invariants
 *  1. A page begins and ends with a row. It is cut before the row that would bring it over `page_bytes`, or at `page_rows` rows; both
 *     are decided row by row, so that batches leave no trace in the file.
 *  2. Pages are held as PLAIN values until there are enough of them to choose an encoding by (encoding_choice.h); then they are written,
 *     and the pages behind them in the same encoding, until one comes out much larger or smaller than the sample promised, or the
 *     dictionary ends: then pages are held again. Pages begin and end there, so that all of it follows from the rows.
 *  3. A chunk has one dictionary. It ends for good when the next value does not fit, or when it has grown far beyond what was foreseen.
 *     A row is never split over two encodings.
 *  4. The codec is the chunk's. Pages that it does not help are made without; in the end they are brought into a form that the chunk's
 *     codec allows, or the chunk has none.
 */
#include "format/column/column_writer.h"

#include "format/base/checked.h"
#include "format/column/held_pages.h"
#include "format/column/level_histograms.h"
#include "format/column/shred.h"
#include "format/column/value_encode.h"

/* A codec stays when it makes the chunk smaller by at least one part in so many. */
enum { LEAST_SAVED = 32 };

/* How often a chunk changes its mind, how far a page is from its promise then, and from which size on. */
enum { MOST_CHOICES = 8, FAR_BYTES = 512 };

/* A dictionary page is compressed when that saves one part in so many. */
enum { LEAST_DICTIONARY_SAVED = 8 };

struct tarn__column_writer {
    struct tarn_env *env;
    const struct tarn__leaf_path *path;
    struct tarn__column_options options;
    struct tarn__shredder shredder;
    struct tarn__page_builder builder;
    struct tarn__open_page page;
    struct tarn__page_values values;
    struct tarn__leaf_digest digest;
    struct tarn__chunk_sketch sketch;
    struct tarn_buffer *encoded; /* scratch: the values of a page */

    /* the choice */
    bool chosen;
    struct tarn__encoding_choice choice;
    uint32_t choices;
    bool dictionary_spent; /* the chunk can have no other */
    uint64_t dictionary_foreseen;
    struct tarn__held_pages held;

    /* the chunk so far */
    struct tarn_buffer *pages;
    struct tarn_buffer *dictionary_page;
    struct tarn_buffer *spare; /* of pages that are made a second time; NULL before */
    int32_t codec;
    struct tarn_arena arena; /* bounds of its pages */
    struct tarn__page_facts *facts;
    size_t fact_capacity;
    struct tarn__level_histograms definitions;
    struct tarn__level_histograms repetitions;
    uint32_t page_count;
    uint32_t packed_pages;
    uint32_t pages_of[TARN_ENCODING_COUNT];
    uint64_t rows; /* of its pages */
    uint64_t uncompressed_size;
};

/* Where a call stands in what was shredded. */
struct position {
    const struct tarn__shredded *shredded;
    struct tarn__leaf_values values;
    size_t slot;
    size_t value;
};

/* Whole rows from the position on. */
struct row_span {
    size_t rows;
    size_t slots;
    size_t values;
    bool full; /* the page is to be cut behind them */
};

static enum tarn_status no_memory(const struct tarn__column_writer *w, struct tarn_error *err)
{
    return tarn__nomem(w->env, err, w->pages != NULL ? w->pages->capacity : 0);
}

static bool is_byte_array(const struct tarn__column_writer *w)
{
    return w->values.form.kind == TARN_KIND_BYTES;
}

static void start_chunk(struct tarn__column_writer *w)
{
    tarn__page_values_begin_chunk(&w->values);
    w->values.dictionary_open = w->options.dictionary_first && w->values.has_dictionary;
    w->digest.sums = (struct tarn__leaf_sums){0};
    w->chosen = w->values.dictionary_open;
    w->choice = (struct tarn__encoding_choice){.encoding = PARQUET_ENCODING_RLE_DICTIONARY, .compress = true};
    w->choices = 0;
    w->dictionary_spent = !w->values.has_dictionary || w->options.dictionary_first;
    w->dictionary_foreseen = UINT64_MAX;
    w->held.count = 0;
    w->page_count = 0;
    w->packed_pages = 0;
    memset(w->pages_of, 0, sizeof(w->pages_of));
    w->rows = 0;
    w->uncompressed_size = 0;
    w->pages->size = 0;
    w->dictionary_page->size = 0;
    w->codec = w->options.codec;
    tarn__chunk_sketch_reset(&w->sketch);
    tarn__arena_free(&w->arena);
}

enum tarn_status tarn__column_writer_open(struct tarn_env *env, const struct tarn__leaf_path *path,
                                          const struct tarn__column_options *options, struct tarn__column_writer **out,
                                          struct tarn_error *err)
{
    struct tarn__leaf_form form;

    *out = NULL;
    if (!tarn__leaf_form_of(tarn__leaf_field(path)->type, &form)) {
        return tarn__internal(err, "a leaf without stored form was to be written");
    }
    form.order = options->total_order ? tarn__stored_total(form.order) : form.order;
    struct tarn__column_writer *w = tarn__calloc(env, 1, sizeof(*w));
    if (w == NULL) {
        return tarn__nomem(env, err, sizeof(*w));
    }
    w->env = env;
    w->path = path;
    w->options = *options;
    w->shredder.env = env;
    w->values.env = env;
    w->digest.env = env;
    struct tarn__bloom_options bloom = options->bloom;
    bloom.distinct = bloom.distinct != 0 ? bloom.distinct : options->group_rows;
    tarn__chunk_sketch_init(&w->sketch, env, tarn__leaf_field(path)->type, &form, &bloom);
    tarn__arena_init(&w->arena, env);
    w->pages = tarn__buffer_new(env, 0);
    w->dictionary_page = tarn__buffer_new(env, 0);
    w->encoded = tarn__buffer_new(env, 0);
    /* A level that is 0 or 1 (definition) is told by the null count. */
    w->definitions = (struct tarn__level_histograms){.env = env, .levels = path->max_definition > 1 ? path->max_definition + (size_t)1 : 0};
    w->repetitions = (struct tarn__level_histograms){.env = env, .levels = path->max_repetition > 0 ? path->max_repetition + (size_t)1 : 0};
    const bool has_held = tarn__held_pages_init(&w->held, env);
    enum tarn_status status = tarn__page_builder_init(&w->builder, env, err);
    if (status == TARN_OK) {
        status = w->pages != NULL && w->dictionary_page != NULL && w->encoded != NULL && has_held
                     ? tarn__page_values_init(
                           &w->values, env, &form,
                           options->encodings & TARN_ENCODING_BIT(PARQUET_ENCODING_RLE_DICTIONARY) ? options->dictionary_bytes : 0, err)
                     : no_memory(w, err);
    }
    if (status != TARN_OK) {
        tarn__column_writer_close(w);
        return status;
    }
    w->builder.codec = options->codec;
    w->builder.codec_level = options->codec_level;
    w->builder.version = options->page_version;
    w->builder.no_crc = options->no_crc;
    w->builder.max_definition = path->max_definition;
    w->builder.max_repetition = path->max_repetition;
    start_chunk(w);
    *out = w;
    return TARN_OK;
}

void tarn__column_writer_close(struct tarn__column_writer *w)
{
    if (w == NULL) {
        return;
    }
    tarn__shredder_free(&w->shredder);
    tarn__page_builder_free(&w->builder);
    tarn__page_values_free(&w->values);
    tarn__leaf_digest_free(&w->digest);
    tarn__chunk_sketch_free(&w->sketch);
    tarn__buffer_release(w->pages);
    tarn__buffer_release(w->dictionary_page);
    tarn__buffer_release(w->spare);
    tarn__buffer_release(w->encoded);
    tarn__arena_free(&w->arena);
    tarn__open_page_free(w->env, &w->page);
    tarn__held_pages_free(&w->held);
    tarn__free(w->env, w->facts);
    tarn__level_histograms_free(&w->definitions);
    tarn__level_histograms_free(&w->repetitions);
    tarn__free(w->env, w);
}

void tarn__column_writer_reset(struct tarn__column_writer *w)
{
    start_chunk(w);
}

const struct tarn__leaf_form *tarn__column_writer_form(const struct tarn__column_writer *w)
{
    return &w->values.form;
}

static uint64_t level_size(const struct tarn__column_writer *w, size_t slots)
{
    const unsigned level_kinds = (w->path->max_definition != 0 ? 1u : 0u) + (w->path->max_repetition != 0 ? 1u : 0u);
    return (uint64_t)slots * level_kinds / 4;
}

uint64_t tarn__column_writer_size(const struct tarn__column_writer *w)
{
    const uint64_t dictionary = w->values.has_dictionary ? w->values.dictionary.plain->size : 0;
    uint64_t held = 0;
    for (uint32_t i = 0; i < w->held.count; i++) {
        held += w->held.pages[i].plain->size + level_size(w, w->held.pages[i].page.slots);
    }
    return w->uncompressed_size + dictionary + held + tarn__page_values_size(&w->values) + level_size(w, w->page.slots);
}

/* ---- the end of a page ---- */

/* What is known of the open page, as the next of `facts`. */
static enum tarn_status describe_page(struct tarn__column_writer *w, struct tarn_error *err)
{
    if (!tarn__grow(w->env, &w->facts, &w->fact_capacity, (size_t)w->page_count + 1, sizeof(*w->facts)) ||
        !tarn__level_histograms_add(&w->definitions, w->page_count, w->page.definition, w->page.slots) ||
        !tarn__level_histograms_add(&w->repetitions, w->page_count, w->page.repetition, w->page.slots)) {
        return no_memory(w, err);
    }
    struct tarn__page_facts *facts = &w->facts[w->page_count];
    *facts = (struct tarn__page_facts){.values = {.slots = w->page.slots, .values = w->values.count},
                                       .offset = w->pages->size,
                                       .first_row = w->rows,
                                       .unencoded_bytes = tarn__page_values_unencoded(&w->values)};
    if (!w->values.dictionary_open && !tarn__chunk_sketch_add_plain(&w->sketch, &w->values.form, w->values.plain->data, w->values.count)) {
        return no_memory(w, err);
    }
    if (w->options.no_statistics || w->values.count == 0 || w->values.form.order == TARN_STORED_NONE) {
        return TARN_OK;
    }
    const struct tarn__bound_rule rule = {w->options.bound_bytes, w->values.form.width};
    struct tarn__extremes extremes;
    const bool ok = tarn__page_values_scan(&w->values, w->page_count, &extremes);
    return ok && tarn__value_facts_bound(&facts->values, &extremes, rule, &w->arena) ? TARN_OK : no_memory(w, err);
}

/* The values of the open page as they are to be stored; without codes. */
static enum tarn_status encode_values(struct tarn__column_writer *w, struct tarn__page_content *content, struct tarn_error *err)
{
    /* A page without values is PLAIN: it needs no dictionary, and so never asks for one that is empty. Not among pages of streams, which
     * are no longer without values either: Polars 2.1 fails over the change in nested columns. */
    const bool is_split = w->choice.encoding == PARQUET_ENCODING_BYTE_STREAM_SPLIT;
    content->encoding = w->values.count != 0 || is_split ? w->choice.encoding : PARQUET_ENCODING_PLAIN;
    content->encoded = tarn__buffer_span(w->values.plain);
    if (content->encoding != PARQUET_ENCODING_PLAIN) {
        w->encoded->size = 0;
        TARN_RETURN_IF_ERROR(tarn__values_encode(&w->values.form, content->encoding, content->encoded, content->values, w->encoded, err));
        content->encoded = tarn__buffer_span(w->encoded);
    }
    return TARN_OK;
}

/* Is what the page took so far from what the sample promised that another choice may be better? */
static bool is_far(const struct tarn__column_writer *w, size_t values, uint64_t bytes)
{
    if (w->choice.values == 0 || w->choices >= MOST_CHOICES) {
        return false;
    }
    const uint64_t promised = w->choice.bytes * values / w->choice.values;
    return bytes > promised + promised / 2 + FAR_BYTES || bytes + bytes + FAR_BYTES < promised;
}

/* After a page: does the choice hold? */
static void review_choice(struct tarn__column_writer *w, size_t values, uint64_t bytes)
{
    if (w->values.dictionary_open) {
        if (w->values.dictionary.plain->size > w->dictionary_foreseen) {
            w->values.dictionary_open = false;
            w->chosen = false;
        }
    } else if (is_far(w, values, bytes)) {
        w->chosen = false;
    }
}

/* Writes the open page as it was chosen. */
static enum tarn_status write_page(struct tarn__column_writer *w, struct tarn_codec_context *context, struct tarn_error *err)
{
    struct tarn__open_page *page = &w->page;

    TARN_RETURN_IF_ERROR(describe_page(w, err));
    if (page->slots > INT32_MAX) {
        return tarn__page_too_large(page->slots, err);
    }
    const bool coded = w->values.dictionary_open && w->values.count != 0;
    struct tarn__page_content content = {
        .rows = (uint32_t)page->rows,
        .slots = (uint32_t)page->slots,
        .values = (uint32_t)w->values.count,
        .definition = page->definition,
        .repetition = page->repetition,
        .codes = coded ? w->values.codes : NULL,
        .max_code = coded ? tarn__page_values_max_code(&w->values) : 0,
        .encoding = PARQUET_ENCODING_RLE_DICTIONARY,
    };
    if (!coded) {
        TARN_RETURN_IF_ERROR(encode_values(w, &content, err));
    }
    struct tarn__page_size size;
    TARN_RETURN_IF_ERROR(tarn__page_build_data(&w->builder, context, &content, w->choice.compress, w->pages, &size, err));
    w->facts[w->page_count].stored = size.stored;
    w->facts[w->page_count].packed = size.packed;
    w->packed_pages += size.packed;
    w->uncompressed_size += size.uncompressed;
    w->pages_of[content.encoding]++;
    w->page_count++;
    w->rows += page->rows;
    page->rows = 0;
    page->slots = 0;
    const size_t values = w->values.count;
    tarn__page_values_begin_page(&w->values);
    const uint64_t levels = level_size(w, content.slots);
    review_choice(w, values, size.values > levels ? size.values - levels : 0);
    return TARN_OK;
}

/* Chooses how the pages that wait are written, and writes them. `ends`: the chunk has no more. */
static enum tarn_status choose(struct tarn__column_writer *w, struct tarn_codec_context *context, bool ends, struct tarn_error *err)
{
    const struct tarn__held_chunk chunk = {
        .options = {w->options.encodings, w->options.codec, w->options.codec_level, w->options.decode_weight},
        .dictionary_bytes = w->options.dictionary_bytes,
        .dictionary_spent = w->dictionary_spent,
        .group_rows = w->options.group_rows,
        .ends = ends,
    };
    const uint32_t count = w->held.count;
    const uint32_t *codes;
    uint64_t foreseen;
    size_t total = 0;

    if (count == 0) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(tarn__held_pages_choose(&w->held, &w->values, &chunk, context, &w->choice, &codes, &foreseen, err));
    const bool coded = codes != NULL;
    if (coded) {
        w->dictionary_spent = true;
        w->dictionary_foreseen = 2 * foreseen + FAR_BYTES;
    }
    w->held.count = 0;
    for (uint32_t i = 0; i < count; i++) {
        const size_t values = w->held.pages[i].values;
        w->values.dictionary_open = coded;
        TARN_RETURN_IF_ERROR(tarn__held_pages_take(&w->held, i, codes, &w->page, &w->values, err));
        TARN_RETURN_IF_ERROR(write_page(w, context, err));
        codes = coded ? codes + values : NULL;
        total += values;
    }
    w->values.dictionary_open = coded; /* pages of the sample itself prove nothing against it */
    w->choices += total != 0;
    w->chosen = total != 0;
    return TARN_OK;
}

/* Ends the open page. */
static enum tarn_status flush_page(struct tarn__column_writer *w, struct tarn_codec_context *context, struct tarn_error *err)
{
    if (w->page.rows == 0) {
        return TARN_OK;
    }
    if (w->chosen) {
        return write_page(w, context, err);
    }
    return tarn__held_pages_put(&w->held, &w->page, &w->values, err);
}

/* ---- rows into the open page ---- */

static bool slot_has_value(const struct tarn__column_writer *w, const struct tarn__shredded *s, size_t slot)
{
    return s->definition == NULL ? s->values != 0 : s->definition[slot] == w->path->max_definition;
}

static size_t count_values(const struct tarn__column_writer *w, const struct tarn__shredded *s, size_t slot, size_t n)
{
    if (s->definition == NULL) {
        return s->values != 0 ? n : 0;
    }
    size_t values = 0;
    for (size_t i = 0; i < n; i++) {
        values += s->definition[slot + i] == w->path->max_definition;
    }
    return values;
}

/* Do the next `rows` rows of a flat column fit for certain, whatever their order? Then nobody need look at each. */
static bool surely_fits(const struct tarn__column_writer *w, const struct position *at, size_t rows, size_t values)
{
    const uint64_t used = tarn__page_values_size(&w->values);
    if (rows == 0 || used > w->options.page_bytes) {
        return false;
    }
    const uint64_t more = tarn__page_values_size_of_all(&w->values, tarn__leaf_values_from(at->values, at->value), values);
    return more <= w->options.page_bytes - used;
}

/* The rows from the position on that the open page has room for; at least one when it is empty. */
static struct row_span rows_that_fit(const struct tarn__column_writer *w, const struct position *at)
{
    const struct tarn__shredded *s = at->shredded;
    const size_t row_room = w->options.page_rows - w->page.rows;
    struct row_span span = {0};

    if (s->repetition == NULL) {
        const size_t rows = tarn__min_size(row_room, s->slots - at->slot);
        const size_t values = count_values(w, s, at->slot, rows);
        if (surely_fits(w, at, rows, values)) {
            return (struct row_span){rows, rows, values, rows == row_room};
        }
    }
    uint64_t size = tarn__page_values_size(&w->values);
    for (size_t slot = at->slot; slot < s->slots && span.rows < row_room;) {
        const size_t begin = slot;
        size_t values = span.values;
        do {
            if (slot_has_value(w, s, slot)) {
                size += tarn__page_values_size_of(&w->values, &at->values, at->value + values);
                values++;
            }
            slot++;
        } while (slot < s->slots && s->repetition != NULL && s->repetition[slot] != 0);
        if (size > w->options.page_bytes && w->page.rows + span.rows != 0) {
            span.full = true;
            return span;
        }
        span.rows++;
        span.slots += slot - begin;
        span.values = values;
    }
    span.full = span.rows == row_room;
    return span;
}

static bool append_level(struct tarn_env *env, uint16_t **levels, size_t *capacity, size_t used, const uint16_t *from, uint16_t same,
                         size_t n)
{
    if (n == 0) {
        return true;
    }
    if (!tarn__grow(env, levels, capacity, used + n, sizeof(**levels))) {
        return false;
    }
    if (from != NULL) {
        memcpy(*levels + used, from, n * sizeof(**levels));
        return true;
    }
    for (size_t i = 0; i < n; i++) {
        (*levels)[used + i] = same;
    }
    return true;
}

static enum tarn_status append_levels(struct tarn__column_writer *w, const struct position *at, size_t n, struct tarn_error *err)
{
    const struct tarn__shredded *s = at->shredded;
    struct tarn__open_page *page = &w->page;
    const uint16_t *definition = s->definition != NULL ? s->definition + at->slot : NULL;
    const uint16_t *repetition = s->repetition != NULL ? s->repetition + at->slot : NULL;

    if (w->path->max_definition != 0 &&
        !append_level(w->env, &page->definition, &page->definition_capacity, page->slots, definition, w->path->max_definition, n)) {
        return no_memory(w, err);
    }
    if (w->path->max_repetition != 0 &&
        !append_level(w->env, &page->repetition, &page->repetition_capacity, page->slots, repetition, 0, n)) {
        return no_memory(w, err);
    }
    return TARN_OK;
}

/* Of `span`, the whole rows whose values are among the first `values`. */
static struct row_span rows_before_value(const struct tarn__column_writer *w, const struct position *at, struct row_span span,
                                         size_t values)
{
    const struct tarn__shredded *s = at->shredded;
    struct row_span whole = {0};
    struct row_span next = {0};

    for (size_t i = 0; i < span.slots; i++) {
        if (i != 0 && (s->repetition == NULL || s->repetition[at->slot + i] == 0)) {
            next.rows++;
            whole = next;
        }
        if (slot_has_value(w, s, at->slot + i)) {
            if (next.values == values) {
                return whole;
            }
            next.values++;
        }
        next.slots++;
    }
    return span; /* not reached: there are more values than `values` */
}

/* Appends the rows of `span`, or fewer when the dictionary is full: then the page ends, and values are PLAIN from here on. */
static enum tarn_status append_rows(struct tarn__column_writer *w, struct tarn_codec_context *context, struct position *at,
                                    struct row_span span, struct tarn_error *err)
{
    const struct tarn__leaf_values values = tarn__leaf_values_from(at->values, at->value);
    size_t done = 0;

    TARN_RETURN_IF_ERROR(tarn__page_values_append(&w->values, values, span.values, &done, err));
    const bool dictionary_ends = done < span.values;
    if (dictionary_ends) {
        span = rows_before_value(w, at, span, done);
        span.full = true;
    }
    TARN_RETURN_IF_ERROR(append_levels(w, at, span.slots, err));
    if (w->options.digest) {
        const struct tarn__shredded *s = at->shredded;
        tarn__leaf_digest_levels(&w->digest, s->definition != NULL ? s->definition + at->slot : NULL,
                                 s->repetition != NULL ? s->repetition + at->slot : NULL, w->path->max_definition, span.slots);
        TARN_RETURN_IF_ERROR(tarn__leaf_digest_values(&w->digest, &w->values.form, values, span.values, err));
    }
    w->page.rows += span.rows;
    w->page.slots += span.slots;
    w->values.count += span.values;
    at->slot += span.slots;
    at->value += span.values;
    if (span.full) {
        TARN_RETURN_IF_ERROR(flush_page(w, context, err));
    }
    if (dictionary_ends) {
        w->values.dictionary_open = false;
        w->dictionary_spent = true;
        w->chosen = false;
    }
    return TARN_OK;
}

enum tarn_status tarn__column_writer_write(struct tarn__column_writer *w, struct tarn_codec_context *context,
                                           const struct tarn_vector *column, const uint32_t *positions, uint32_t first, uint32_t count,
                                           struct tarn_error *err)
{
    struct tarn__shredded shredded;
    const struct tarn__shred_rows take = {positions, first, count};

    if (count == 0) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(tarn__shred(&w->shredder, w->path, column, take, &shredded, err));
    struct position at = {.shredded = &shredded, .values = {shredded.vector, shredded.rows, shredded.first_row}};
    while (at.slot < shredded.slots) {
        if (w->held.count == TARN_HELD_PAGES) { /* only now: a chunk that ends with these pages is known as a whole */
            TARN_RETURN_IF_ERROR(choose(w, context, false, err));
        }
        const struct row_span span = rows_that_fit(w, &at);
        if (span.rows == 0) {
            TARN_RETURN_IF_ERROR(flush_page(w, context, err));
        } else {
            TARN_RETURN_IF_ERROR(append_rows(w, context, &at, span, err));
        }
    }
    return TARN_OK;
}

/* ---- the end of a chunk ---- */

/* The histograms by page, and that of the chunk; NULL where none are kept. */
static bool sum_levels(const struct tarn__level_histograms *histograms, struct tarn__column_writer *w, const int64_t **pages,
                       const int64_t **chunk)
{
    if (histograms->levels == 0) {
        return true;
    }
    *pages = histograms->counts;
    *chunk = tarn__level_histograms_sum(histograms, w->page_count, &w->arena);
    return *chunk != NULL;
}

/* Reading what compression hardly made smaller would cost time for nothing. Pages of version 2 were asked one by one. */
static bool compression_loses(const struct tarn__column_writer *w)
{
    const uint64_t stored = (uint64_t)w->pages->size + w->dictionary_page->size;
    return w->codec != PARQUET_CODEC_UNCOMPRESSED && w->options.page_version == 1 &&
           stored > w->uncompressed_size - w->uncompressed_size / LEAST_SAVED;
}

static void swap(struct tarn_buffer **a, struct tarn_buffer **b)
{
    struct tarn_buffer *was = *a;
    *a = *b;
    *b = was;
}

/* Makes all pages again, of version 1, with the codec or without. */
static enum tarn_status recode_chunk(struct tarn__column_writer *w, struct tarn_codec_context *context, bool dictionary_packed, bool to,
                                     struct tarn_error *err)
{
    struct tarn__page_size size;
    uint64_t total = 0;

    if (w->spare == NULL) {
        w->spare = tarn__buffer_new(w->env, 0);
        if (w->spare == NULL) {
            return no_memory(w, err);
        }
    }
    w->spare->size = 0;
    for (uint32_t i = 0; i < w->page_count; i++) {
        struct tarn__page_facts *facts = &w->facts[i];
        const struct tarn_span page = {w->pages->data + facts->offset, facts->stored};
        facts->offset = w->spare->size;
        TARN_RETURN_IF_ERROR(tarn__page_recode(&w->builder, context, page, facts->packed, to, w->spare, &size, err));
        facts->stored = size.stored;
        facts->packed = to;
        total += size.uncompressed;
    }
    swap(&w->pages, &w->spare);
    w->spare->size = 0;
    if (w->dictionary_page->size != 0) {
        TARN_RETURN_IF_ERROR(
            tarn__page_recode(&w->builder, context, tarn__buffer_span(w->dictionary_page), dictionary_packed, to, w->spare, &size, err));
        swap(&w->dictionary_page, &w->spare);
        total += size.uncompressed;
    }
    w->uncompressed_size = total;
    return TARN_OK;
}

/* Is the dictionary all that readers need to know which values there are? */
static bool all_values_coded(const struct tarn__column_writer *w)
{
    uint32_t without_values = 0;
    for (uint32_t i = 0; i < w->page_count; i++) {
        without_values += w->facts[i].values.values == 0;
    }
    return w->pages_of[PARQUET_ENCODING_RLE_DICTIONARY] != 0 &&
           w->pages_of[PARQUET_ENCODING_RLE_DICTIONARY] + without_values == w->page_count;
}

/* The dictionary's page: compressed when other pages are, or when that gains much. */
static enum tarn_status build_dictionary(struct tarn__column_writer *w, struct tarn_codec_context *context, bool *packed,
                                         struct tarn_error *err)
{
    struct tarn__page_size size;

    *packed = false;
    if (w->pages_of[PARQUET_ENCODING_RLE_DICTIONARY] == 0) {
        return TARN_OK;
    }
    const struct tarn_span plain = tarn__buffer_span(w->values.dictionary.plain);
    if (!tarn__chunk_sketch_add_dictionary(&w->sketch, &w->values.form, &w->values.dictionary)) {
        return no_memory(w, err);
    }
    TARN_RETURN_IF_ERROR(
        tarn__page_build_dictionary(&w->builder, context, plain, w->values.dictionary.count, true, w->dictionary_page, &size, err));
    *packed = size.packed;
    if (size.packed && w->packed_pages == 0 && plain.size - plain.size / LEAST_DICTIONARY_SAVED < size.values) {
        w->dictionary_page->size = 0;
        *packed = false;
        TARN_RETURN_IF_ERROR(
            tarn__page_build_dictionary(&w->builder, context, plain, w->values.dictionary.count, false, w->dictionary_page, &size, err));
    }
    w->uncompressed_size += size.uncompressed;
    return TARN_OK;
}

/* Brings all pages under one codec. */
static enum tarn_status settle_codec(struct tarn__column_writer *w, struct tarn_codec_context *context, bool dictionary_packed,
                                     struct tarn_error *err)
{
    if (w->packed_pages == 0 && !dictionary_packed) {
        w->codec = PARQUET_CODEC_UNCOMPRESSED;
        return TARN_OK;
    }
    if (compression_loses(w)) {
        w->codec = PARQUET_CODEC_UNCOMPRESSED;
        return recode_chunk(w, context, dictionary_packed, false, err);
    }
    const bool mixed = w->packed_pages < w->page_count || (w->dictionary_page->size != 0 && !dictionary_packed);
    return mixed && w->options.page_version == 1 ? recode_chunk(w, context, dictionary_packed, true, err) : TARN_OK;
}

enum tarn_status tarn__column_writer_finish(struct tarn__column_writer *w, struct tarn_codec_context *context,
                                            struct tarn__column_chunk *out, struct tarn_error *err)
{
    bool dictionary_packed;

    *out = (struct tarn__column_chunk){0};
    TARN_RETURN_IF_ERROR(flush_page(w, context, err));
    TARN_RETURN_IF_ERROR(choose(w, context, true, err));
    TARN_RETURN_IF_ERROR(build_dictionary(w, context, &dictionary_packed, err));
    TARN_RETURN_IF_ERROR(settle_codec(w, context, dictionary_packed, err));
    *out = (struct tarn__column_chunk){
        .dictionary_page = tarn__buffer_span(w->dictionary_page),
        .data_pages = tarn__buffer_span(w->pages),
        .codec = w->codec,
        .uncompressed_size = w->uncompressed_size,
        .page_version = w->options.page_version,
        .sums = w->digest.sums,
        .pages = {.count = w->page_count,
                  .pages = w->facts,
                  .order = w->options.no_statistics ? TARN_STORED_NONE : w->values.form.order,
                  .max_definition = w->path->max_definition,
                  .max_repetition = w->path->max_repetition,
                  .is_byte_array = is_byte_array(w),
                  .no_nan_counts = w->options.no_nan_counts},
    };
    memcpy(out->pages_of, w->pages_of, sizeof(out->pages_of));
    for (uint32_t i = 0; i < w->page_count; i++) {
        out->unencoded_bytes += w->facts[i].unencoded_bytes;
        if (!tarn__value_facts_merge(&out->facts, &w->facts[i].values, w->values.form.order, NULL)) {
            return no_memory(w, err);
        }
    }
    if (!sum_levels(&w->definitions, w, &out->pages.definition_histograms, &out->definition_histogram) ||
        !sum_levels(&w->repetitions, w, &out->pages.repetition_histograms, &out->repetition_histogram)) {
        return no_memory(w, err);
    }
    const struct tarn__chunk_outline outline = {
        .pages = &out->pages, .all_dictionary = all_values_coded(w), .stored_bytes = out->dictionary_page.size + out->data_pages.size};
    tarn__chunk_sketch_bloom(&w->sketch, &outline, &out->bloom);
    out->geo = w->sketch.has_geo ? &w->sketch.geo : NULL;
    return TARN_OK;
}
