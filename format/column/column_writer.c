/* SPDX-License-Identifier: Apache-2.0
 *
 * The writing of one column chunk: levels and values gathered into a page, pages cut at rows, a dictionary while it pays.
 *
 * Specification: parquet-format README.md (chunks, pages, levels), Encodings.md; parquet.thrift "ColumnMetaData".
 * SPEC: P-CHUNK-WRITE-1 to P-CHUNK-WRITE-5.
 *
 * Invariants
 *  1. A page begins and ends with a row. It is cut before the row that would bring it over `page_bytes`, or at `page_rows` rows; both
 *     are decided row by row, so that batches leave no trace in the file.
 *  2. Codes are given in the order in which values appear among the rows, whatever order a batch's own dictionary has.
 *  3. The dictionary ends for good when the next value does not fit, or when the first page shows that it makes the chunk larger; pages
 *     before it stay as they are, and in the latter case there are none. A row is never split over the two.
 *  4. Of a page that is being filled, `codes` (dictionary) or `plain` (else) holds the values, never both.
 */
#include "format/column/column_writer.h"

#include "format/base/checked.h"
#include "format/column/dictionary_builder.h"
#include "format/column/shred.h"
#include "format/encoding/rle_writer.h"

enum { LENGTH_BYTES = 4, CODE_BYTES = 4 };
#define NO_CODE UINT32_MAX

/* The page that is being filled. Levels are kept only where their greatest is not 0. */
struct open_page {
    size_t rows;
    size_t slots;
    size_t values;
    uint16_t *definition;
    uint16_t *repetition;
    uint32_t *codes;
    size_t definition_capacity;
    size_t repetition_capacity;
    size_t code_capacity;
    struct tarn_buffer *plain;
};

struct tarn__column_writer {
    struct tarn_env *env;
    const struct tarn__leaf_path *path;
    struct tarn__leaf_form form;
    struct tarn__column_options options;
    struct tarn__shredder shredder;
    struct tarn__page_builder builder;
    struct open_page page;

    bool dictionary_open; /* values still get codes */
    bool has_dictionary;  /* the builder below exists */
    struct tarn__dictionary_builder dictionary;
    uint32_t *page_of_code; /* number + 1 of the last page that had the code */
    size_t page_of_code_capacity;
    uint64_t batch_dictionary; /* whose entries `batch_codes` knows */
    uint32_t *batch_codes;
    size_t batch_code_capacity;

    uint8_t *scratch;
    size_t scratch_capacity;
    uint32_t *scratch_rows;
    size_t scratch_row_capacity;

    /* the chunk so far */
    struct tarn_buffer *pages;
    struct tarn_buffer *dictionary_page;
    struct tarn_arena arena; /* bounds of its pages */
    struct tarn__page_facts *facts;
    size_t fact_capacity;
    int64_t *definition_histograms;
    int64_t *repetition_histograms;
    size_t definition_histogram_capacity;
    size_t repetition_histogram_capacity;
    uint32_t page_count;
    uint32_t dictionary_encoded_pages;
    uint64_t rows;
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
    return w->form.kind == TARN_KIND_BYTES;
}

static bool has_plain_values(const struct tarn__column_writer *w)
{
    return w->form.kind != TARN_KIND_NULL;
}

static void start_chunk(struct tarn__column_writer *w)
{
    w->dictionary_open = w->has_dictionary;
    w->batch_dictionary = 0;
    w->page_count = 0;
    w->dictionary_encoded_pages = 0;
    w->rows = 0;
    w->uncompressed_size = 0;
    w->pages->size = 0;
    w->dictionary_page->size = 0;
    if (w->page_of_code != NULL) {
        memset(w->page_of_code, 0, w->page_of_code_capacity * sizeof(*w->page_of_code));
    }
    tarn__arena_free(&w->arena);
}

enum tarn_status tarn__column_writer_open(struct tarn_env *env, const struct tarn__leaf_path *path,
                                          const struct tarn__column_options *options, struct tarn__column_writer **out,
                                          struct tarn_error *err)
{
    *out = NULL;
    struct tarn__column_writer *w = tarn__calloc(env, 1, sizeof(*w));
    if (w == NULL) {
        return tarn__nomem(env, err, sizeof(*w));
    }
    w->env = env;
    w->path = path;
    w->options = *options;
    w->shredder.env = env;
    tarn__arena_init(&w->arena, env);
    if (!tarn__leaf_form_of(tarn__leaf_field(path)->type, &w->form)) {
        tarn__free(env, w);
        return tarn__internal(err, "a leaf without stored form was to be written");
    }
    w->page.plain = tarn__buffer_new(env, 0);
    w->pages = tarn__buffer_new(env, 0);
    w->dictionary_page = tarn__buffer_new(env, 0);
    enum tarn_status status = tarn__page_builder_init(&w->builder, env, err);
    if (status == TARN_OK && (w->page.plain == NULL || w->pages == NULL || w->dictionary_page == NULL)) {
        status = no_memory(w, err);
    }
    if (status == TARN_OK && options->dictionary_bytes != 0 && w->form.kind != TARN_KIND_BOOL && w->form.kind != TARN_KIND_NULL) {
        status = tarn__dictionary_builder_init(&w->dictionary, env, w->form.width, options->dictionary_bytes, err);
        w->has_dictionary = status == TARN_OK;
    }
    if (status != TARN_OK) {
        tarn__column_writer_close(w);
        return status;
    }
    w->builder.codec = options->codec;
    w->builder.codec_level = options->codec_level;
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
    if (w->has_dictionary) {
        tarn__dictionary_builder_free(&w->dictionary);
    }
    tarn__buffer_release(w->page.plain);
    tarn__buffer_release(w->pages);
    tarn__buffer_release(w->dictionary_page);
    tarn__arena_free(&w->arena);
    void *const blocks[] = {w->page.definition, w->page.repetition, w->page.codes, w->page_of_code,          w->batch_codes,
                            w->scratch,         w->scratch_rows,    w->facts,      w->definition_histograms, w->repetition_histograms};
    for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
        tarn__free(w->env, blocks[i]);
    }
    tarn__free(w->env, w);
}

void tarn__column_writer_reset(struct tarn__column_writer *w)
{
    if (w->has_dictionary) {
        tarn__dictionary_builder_reset(&w->dictionary);
    }
    start_chunk(w);
}

const struct tarn__leaf_form *tarn__column_writer_form(const struct tarn__column_writer *w)
{
    return &w->form;
}

/* Bytes of the open page before compression and without levels, as the cutting of pages counts them. */
static uint64_t page_size(const struct tarn__column_writer *w)
{
    if (w->form.kind == TARN_KIND_BOOL) {
        return w->page.values; /* as whole bytes: no page of them gets large */
    }
    return w->dictionary_open ? (uint64_t)w->page.values * CODE_BYTES : w->page.plain->size;
}

uint64_t tarn__column_writer_size(const struct tarn__column_writer *w)
{
    const unsigned level_kinds = (w->path->max_definition != 0 ? 1u : 0u) + (w->path->max_repetition != 0 ? 1u : 0u);
    const uint64_t levels = (uint64_t)w->page.slots * level_kinds / 4;
    return w->uncompressed_size + (w->has_dictionary ? w->dictionary.plain->size : 0) + page_size(w) + levels;
}

/* ---- the end of a page ---- */

static void count_levels(int64_t *histogram, const uint16_t *levels, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        histogram[levels[i]]++;
    }
}

/* A level that is 0 or 1 (definition) is told by the null count. */
static bool keeps_definition_histogram(const struct tarn__column_writer *w)
{
    return w->path->max_definition > 1;
}

static bool keeps_repetition_histogram(const struct tarn__column_writer *w)
{
    return w->path->max_repetition > 0;
}

static bool add_histograms(struct tarn__column_writer *w)
{
    const size_t definitions = w->path->max_definition + (size_t)1;
    const size_t repetitions = w->path->max_repetition + (size_t)1;
    const size_t pages = (size_t)w->page_count + 1;

    if (keeps_definition_histogram(w)) {
        if (!tarn__grow(w->env, &w->definition_histograms, &w->definition_histogram_capacity, pages * definitions, sizeof(int64_t))) {
            return false;
        }
        int64_t *row = w->definition_histograms + w->page_count * definitions;
        memset(row, 0, definitions * sizeof(*row));
        count_levels(row, w->page.definition, w->page.slots);
    }
    if (keeps_repetition_histogram(w)) {
        if (!tarn__grow(w->env, &w->repetition_histograms, &w->repetition_histogram_capacity, pages * repetitions, sizeof(int64_t))) {
            return false;
        }
        int64_t *row = w->repetition_histograms + w->page_count * repetitions;
        memset(row, 0, repetitions * sizeof(*row));
        count_levels(row, w->page.repetition, w->page.slots);
    }
    return true;
}

/* Bounds from the entries that the page names; each is looked at once a page. */
static bool scan_codes(struct tarn__column_writer *w, struct tarn__extremes *extremes)
{
    const uint32_t number = w->page_count + 1;
    const size_t known = w->page_of_code_capacity;

    if (!tarn__grow(w->env, &w->page_of_code, &w->page_of_code_capacity, w->dictionary.count, sizeof(*w->page_of_code))) {
        return false;
    }
    memset(w->page_of_code + known, 0, (w->page_of_code_capacity - known) * sizeof(*w->page_of_code));
    for (size_t i = 0; i < w->page.values; i++) {
        const uint32_t code = w->page.codes[i];
        if (w->page_of_code[code] == number) {
            continue;
        }
        w->page_of_code[code] = number;
        const struct tarn_span entry = tarn__dictionary_entry(&w->dictionary, code);
        if (is_byte_array(w)) {
            tarn__extremes_add_bytes(extremes, entry);
        } else if (!tarn__stored_is_float(w->form.order)) {
            tarn__extremes_add_fixed(extremes, entry.data, entry.size, 1);
        }
    }
    return true;
}

/* NaN is counted for each value, not for each entry. */
static bool scan_float_codes(struct tarn__column_writer *w, struct tarn__extremes *extremes)
{
    const size_t width = w->form.width;

    if (!tarn__grow(w->env, &w->scratch, &w->scratch_capacity, w->page.values * width + 1, 1)) {
        return false;
    }
    for (size_t i = 0; i < w->page.values; i++) {
        memcpy(w->scratch + i * width, w->dictionary.plain->data + (size_t)w->page.codes[i] * width, width);
    }
    tarn__extremes_add_fixed(extremes, w->scratch, width, w->page.values);
    return true;
}

static void scan_plain(const struct tarn__column_writer *w, struct tarn__extremes *extremes)
{
    if (!is_byte_array(w)) {
        tarn__extremes_add_fixed(extremes, w->page.plain->data, w->form.width, w->page.values);
        return;
    }
    const uint8_t *at = w->page.plain->data;
    for (size_t i = 0; i < w->page.values; i++) {
        const uint32_t length = tarn__load32(at);
        tarn__extremes_add_bytes(extremes, (struct tarn_span){at + LENGTH_BYTES, length});
        at += LENGTH_BYTES + length;
    }
}

static uint64_t unencoded_bytes(const struct tarn__column_writer *w)
{
    if (!is_byte_array(w)) {
        return 0;
    }
    if (!w->dictionary_open) {
        return w->page.plain->size - w->page.values * LENGTH_BYTES;
    }
    uint64_t sum = 0;
    for (size_t i = 0; i < w->page.values; i++) {
        sum += tarn__dictionary_entry(&w->dictionary, w->page.codes[i]).size;
    }
    return sum;
}

/* What is known of the open page, as the next of `facts`. */
static enum tarn_status describe_page(struct tarn__column_writer *w, struct tarn_error *err)
{
    if (!tarn__grow(w->env, &w->facts, &w->fact_capacity, (size_t)w->page_count + 1, sizeof(*w->facts)) || !add_histograms(w)) {
        return no_memory(w, err);
    }
    struct tarn__page_facts *facts = &w->facts[w->page_count];
    *facts = (struct tarn__page_facts){.values = {.slots = w->page.slots, .values = w->page.values},
                                       .offset = w->pages->size,
                                       .first_row = w->rows - w->page.rows,
                                       .unencoded_bytes = unencoded_bytes(w)};
    if (w->options.no_statistics || w->page.values == 0 || w->form.order == TARN_STORED_NONE) {
        return TARN_OK;
    }
    struct tarn__extremes extremes;
    bool ok = true;
    tarn__extremes_init(&extremes, w->form.order);
    if (!w->dictionary_open) {
        scan_plain(w, &extremes);
    } else {
        ok = tarn__stored_is_float(w->form.order) ? scan_float_codes(w, &extremes) : scan_codes(w, &extremes);
    }
    tarn__extremes_finish(&extremes);
    return ok && tarn__value_facts_bound(&facts->values, &extremes, &w->arena) ? TARN_OK : no_memory(w, err);
}

/* Spreads the open page's codes out into `plain`, and ends the dictionary. */
static enum tarn_status spread_codes(struct tarn__column_writer *w, struct tarn_error *err)
{
    struct tarn_buffer *plain = w->page.plain;
    const size_t prefix = is_byte_array(w) ? LENGTH_BYTES : 0;
    size_t size = 0;

    for (size_t i = 0; i < w->page.values; i++) {
        size += tarn__dictionary_entry(&w->dictionary, w->page.codes[i]).size + prefix;
    }
    if (!tarn__buffer_resize(plain, size)) {
        return no_memory(w, err);
    }
    uint8_t *to = plain->data;
    for (size_t i = 0; i < w->page.values; i++) {
        const struct tarn_span entry = tarn__dictionary_entry(&w->dictionary, w->page.codes[i]);
        memcpy(to, entry.data - prefix, entry.size + prefix); /* with the length that stands before it */
        to += entry.size + prefix;
    }
    w->dictionary_open = false;
    return TARN_OK;
}

/* Would the values of the first page be smaller without a dictionary? */
static bool dictionary_loses(const struct tarn__column_writer *w, uint32_t max_code)
{
    const uint64_t encoded = (uint64_t)w->page.values * tarn__bit_width(max_code) / 8 + w->dictionary.plain->size;
    const uint64_t plain =
        is_byte_array(w) ? unencoded_bytes(w) + (uint64_t)w->page.values * LENGTH_BYTES : (uint64_t)w->page.values * w->form.width;
    return encoded >= plain;
}

static uint32_t greatest(const uint32_t *codes, size_t n)
{
    uint32_t max = 0;
    for (size_t i = 0; i < n; i++) {
        max = codes[i] > max ? codes[i] : max;
    }
    return max;
}

static enum tarn_status flush_page(struct tarn__column_writer *w, struct tarn_codec_context *context, struct tarn_error *err)
{
    struct open_page *page = &w->page;

    if (page->rows == 0) {
        return TARN_OK;
    }
    uint32_t max_code = w->dictionary_open ? greatest(page->codes, page->values) : 0;
    if (w->dictionary_open && w->dictionary_encoded_pages == 0 && page->values != 0 && dictionary_loses(w, max_code)) {
        TARN_RETURN_IF_ERROR(spread_codes(w, err));
        tarn__dictionary_builder_reset(&w->dictionary);
    }
    TARN_RETURN_IF_ERROR(describe_page(w, err));
    if (page->slots > INT32_MAX) {
        return tarn__page_too_large(page->slots, err);
    }
    /* A page without values is PLAIN: it needs no dictionary, and so never asks for one that is empty. */
    const bool coded = w->dictionary_open && page->values != 0;
    const struct tarn__page_content content = {
        .slots = (uint32_t)page->slots,
        .values = (uint32_t)page->values,
        .definition = page->definition,
        .repetition = page->repetition,
        .codes = coded ? page->codes : NULL,
        .max_code = max_code,
        .plain = {page->plain->data, page->plain->size},
    };
    struct tarn__page_size size;
    TARN_RETURN_IF_ERROR(tarn__page_build_data(&w->builder, context, &content, w->pages, &size, err));
    w->facts[w->page_count].stored = size.stored;
    w->uncompressed_size += size.uncompressed;
    w->dictionary_encoded_pages += coded;
    w->page_count++;
    page->rows = 0;
    page->slots = 0;
    page->values = 0;
    page->plain->size = 0;
    return TARN_OK;
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

/* The text of a value, also of a DICTIONARY vector. */
static struct tarn_text text_of(const struct tarn__leaf_values *values, size_t i)
{
    const uint32_t row = tarn__leaf_row(values, i);
    if (values->vector->shape == TARN_SHAPE_DICTIONARY) {
        return tarn__vector_leaf_text(values->vector->dictionary->values, values->vector->u.codes[row]);
    }
    return tarn__vector_leaf_text(values->vector, row);
}

/* Bytes of the value in the open page, as page_size counts them. */
static uint64_t value_size(const struct tarn__column_writer *w, const struct position *at, size_t value)
{
    if (w->dictionary_open) {
        return CODE_BYTES;
    }
    if (is_byte_array(w)) {
        return LENGTH_BYTES + (uint64_t)text_of(&at->values, value).size;
    }
    return w->form.width != 0 ? w->form.width : 1;
}

/* Do the next `rows` rows of a flat column fit for certain, whatever their order? Then nobody need look at each. */
static bool surely_fits(const struct tarn__column_writer *w, const struct position *at, size_t rows, size_t values)
{
    const uint64_t used = page_size(w);
    uint64_t more;

    if (rows == 0 || used > w->options.page_bytes) {
        return false;
    }
    if (w->dictionary_open) {
        more = (uint64_t)values * CODE_BYTES;
    } else if (!is_byte_array(w)) {
        more = (uint64_t)values * (w->form.width != 0 ? w->form.width : 1);
    } else if (at->values.vector == NULL || at->values.vector->shape == TARN_SHAPE_DICTIONARY) {
        return values == 0;
    } else {
        more = (uint64_t)values * LENGTH_BYTES + tarn__leaf_bytes_sum(tarn__leaf_values_from(at->values, at->value), values);
    }
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
    uint64_t size = page_size(w);
    for (size_t slot = at->slot; slot < s->slots && span.rows < row_room;) {
        const size_t begin = slot;
        size_t values = span.values;
        do {
            if (slot_has_value(w, s, slot)) {
                size += value_size(w, at, at->value + values);
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
    struct open_page *page = &w->page;
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

/* ---- values, dictionary-encoded ---- */

/* The code of one value of a vector that is FLAT, STRINGS or VIEWS; *fits false: the dictionary is full. */
static enum tarn_status code_of(struct tarn__column_writer *w, const struct tarn_vector *vector, uint32_t row, uint32_t *code, bool *fits,
                                struct tarn_error *err)
{
    if (is_byte_array(w)) {
        const struct tarn_text text = tarn__vector_leaf_text(vector, row);
        return tarn__dictionary_add_bytes(&w->dictionary, (struct tarn_span){(const uint8_t *)text.data, text.size}, code, fits, err);
    }
    size_t done = 0;
    if (!tarn__grow(w->env, &w->scratch, &w->scratch_capacity, w->form.width, 1)) {
        return no_memory(w, err);
    }
    TARN_RETURN_IF_ERROR(tarn__leaf_store(&w->form, (struct tarn__leaf_values){vector, NULL, row}, 1, w->scratch, err));
    TARN_RETURN_IF_ERROR(tarn__dictionary_add_fixed(&w->dictionary, w->scratch, 1, code, &done, err));
    *fits = done == 1;
    return TARN_OK;
}

/* Codes of a batch's own dictionary are translated; each entry is looked up once a dictionary, when a row first names it. */
static enum tarn_status code_dictionary_rows(struct tarn__column_writer *w, struct tarn__leaf_values values, size_t n, uint32_t *codes,
                                             size_t *done, struct tarn_error *err)
{
    const struct tarn_dictionary *dictionary = values.vector->dictionary;
    const size_t entries = dictionary->values->length;

    if (w->batch_codes == NULL || w->batch_dictionary != dictionary->id) {
        if (!tarn__grow(w->env, &w->batch_codes, &w->batch_code_capacity, entries, sizeof(*w->batch_codes))) {
            return no_memory(w, err);
        }
        memset(w->batch_codes, 0xff, entries * sizeof(*w->batch_codes));
        w->batch_dictionary = dictionary->id;
    }
    for (size_t i = 0; i < n; i++) {
        const uint32_t entry = values.vector->u.codes[tarn__leaf_row(&values, i)];
        if (w->batch_codes[entry] == NO_CODE) {
            bool fits = false;
            uint32_t code = 0;
            TARN_RETURN_IF_ERROR(code_of(w, dictionary->values, entry, &code, &fits, err));
            if (!fits) {
                *done = i;
                return TARN_OK;
            }
            w->batch_codes[entry] = code;
        }
        codes[i] = w->batch_codes[entry];
    }
    *done = n;
    return TARN_OK;
}

static enum tarn_status code_text_rows(struct tarn__column_writer *w, struct tarn__leaf_values values, size_t n, uint32_t *codes,
                                       size_t *done, struct tarn_error *err)
{
    uint32_t row_before = 0;

    for (size_t i = 0; i < n; i++) {
        const uint32_t row = tarn__leaf_row(&values, i);
        bool fits = true;
        if (i != 0 && row == row_before) { /* constants and runs name one row again and again */
            codes[i] = codes[i - 1];
            continue;
        }
        TARN_RETURN_IF_ERROR(code_of(w, values.vector, row, &codes[i], &fits, err));
        if (!fits) {
            *done = i;
            return TARN_OK;
        }
        row_before = row;
    }
    *done = n;
    return TARN_OK;
}

/* The codes of `n` values behind those of the page; *done < n: the dictionary is full. */
static enum tarn_status append_codes(struct tarn__column_writer *w, struct tarn__leaf_values values, size_t n, size_t *done,
                                     struct tarn_error *err)
{
    *done = 0;
    if (n == 0) {
        return TARN_OK;
    }
    if (!tarn__grow(w->env, &w->page.codes, &w->page.code_capacity, w->page.values + n, sizeof(*w->page.codes))) {
        return no_memory(w, err);
    }
    uint32_t *codes = w->page.codes + w->page.values;
    if (values.vector->shape == TARN_SHAPE_DICTIONARY) {
        return code_dictionary_rows(w, values, n, codes, done, err);
    }
    if (is_byte_array(w)) {
        return code_text_rows(w, values, n, codes, done, err);
    }
    if (!tarn__grow(w->env, &w->scratch, &w->scratch_capacity, n * w->form.width, 1)) {
        return no_memory(w, err);
    }
    TARN_RETURN_IF_ERROR(tarn__leaf_store(&w->form, values, n, w->scratch, err));
    return tarn__dictionary_add_fixed(&w->dictionary, w->scratch, n, codes, done, err);
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

/* ---- values, plain ---- */

/* Rows of a DICTIONARY vector as rows of its entries. */
static enum tarn_status resolve_dictionary(struct tarn__column_writer *w, struct tarn__leaf_values *values, size_t n,
                                           struct tarn_error *err)
{
    if (values->vector->shape != TARN_SHAPE_DICTIONARY) {
        return TARN_OK;
    }
    if (!tarn__grow(w->env, &w->scratch_rows, &w->scratch_row_capacity, n, sizeof(*w->scratch_rows))) {
        return no_memory(w, err);
    }
    for (size_t i = 0; i < n; i++) {
        w->scratch_rows[i] = values->vector->u.codes[tarn__leaf_row(values, i)];
    }
    *values = (struct tarn__leaf_values){values->vector->dictionary->values, w->scratch_rows, 0};
    return TARN_OK;
}

static enum tarn_status append_texts(struct tarn__column_writer *w, struct tarn__leaf_values values, size_t n, struct tarn_error *err)
{
    struct tarn_buffer *plain = w->page.plain;
    const size_t begin = plain->size;
    size_t size;

    if (!tarn__add(begin + n * LENGTH_BYTES, tarn__leaf_bytes_sum(values, n), &size) || size > INT32_MAX) {
        return tarn__page_too_large(size, err);
    }
    if (!tarn__buffer_resize(plain, size)) {
        return no_memory(w, err);
    }
    uint8_t *to = plain->data + begin;
    for (size_t i = 0; i < n; i++) {
        const struct tarn_text text = tarn__vector_leaf_text(values.vector, tarn__leaf_row(&values, i));
        tarn__store32(to, (uint32_t)text.size);
        if (text.size != 0) {
            memcpy(to + LENGTH_BYTES, text.data, text.size);
        }
        to += LENGTH_BYTES + text.size;
    }
    return TARN_OK;
}

static enum tarn_status append_plain(struct tarn__column_writer *w, struct tarn__leaf_values values, size_t n, struct tarn_error *err)
{
    struct tarn_buffer *plain = w->page.plain;
    const size_t begin = plain->size;

    if (n == 0 || !has_plain_values(w)) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(resolve_dictionary(w, &values, n, err));
    if (is_byte_array(w)) {
        return append_texts(w, values, n, err);
    }
    if (w->form.kind == TARN_KIND_BOOL) {
        const size_t end = tarn__bits_bytes((uint64_t)w->page.values + n);
        if (!tarn__buffer_resize(plain, end)) {
            return no_memory(w, err);
        }
        memset(plain->data + begin, 0, end - begin);
        tarn__leaf_store_bits(values, n, plain->data, w->page.values);
        return TARN_OK;
    }
    size_t bytes;
    if (!tarn__mul(n, (size_t)w->form.width, &bytes) || !tarn__add(bytes, begin, &bytes) || !tarn__buffer_resize(plain, bytes)) {
        return no_memory(w, err);
    }
    return tarn__leaf_store(&w->form, values, n, plain->data + begin, err);
}

/* Appends the rows of `span`, or fewer when the dictionary is full: then the page ends, and values are PLAIN from here on. */
static enum tarn_status append_rows(struct tarn__column_writer *w, struct tarn_codec_context *context, struct position *at,
                                    struct row_span span, struct tarn_error *err)
{
    const struct tarn__leaf_values values = tarn__leaf_values_from(at->values, at->value);
    bool ends = false;

    if (w->dictionary_open) {
        size_t done = 0;
        TARN_RETURN_IF_ERROR(append_codes(w, values, span.values, &done, err));
        if (done < span.values) {
            span = rows_before_value(w, at, span, done);
            span.full = true;
            ends = true;
        }
    } else {
        TARN_RETURN_IF_ERROR(append_plain(w, values, span.values, err));
    }
    TARN_RETURN_IF_ERROR(append_levels(w, at, span.slots, err));
    w->page.rows += span.rows;
    w->page.slots += span.slots;
    w->page.values += span.values;
    w->rows += span.rows;
    at->slot += span.slots;
    at->value += span.values;
    if (span.full) {
        TARN_RETURN_IF_ERROR(flush_page(w, context, err));
    }
    w->dictionary_open = w->dictionary_open && !ends;
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

static const int64_t *sum_histograms(struct tarn__column_writer *w, const int64_t *pages, size_t levels)
{
    int64_t *sum = tarn__arena_calloc(&w->arena, levels, sizeof(*sum));
    for (size_t i = 0; sum != NULL && i < w->page_count * levels; i++) {
        sum[i % levels] += pages[i];
    }
    return sum;
}

enum tarn_status tarn__column_writer_finish(struct tarn__column_writer *w, struct tarn_codec_context *context,
                                            struct tarn__column_chunk *out, struct tarn_error *err)
{
    *out = (struct tarn__column_chunk){0};
    TARN_RETURN_IF_ERROR(flush_page(w, context, err));
    if (w->dictionary_encoded_pages != 0) {
        struct tarn__page_size size;
        TARN_RETURN_IF_ERROR(tarn__page_build_dictionary(&w->builder, context, tarn__buffer_span(w->dictionary.plain), w->dictionary.count,
                                                         w->dictionary_page, &size, err));
        w->uncompressed_size += size.uncompressed;
    }
    *out = (struct tarn__column_chunk){
        .dictionary_page = tarn__buffer_span(w->dictionary_page),
        .data_pages = tarn__buffer_span(w->pages),
        .uncompressed_size = w->uncompressed_size,
        .dictionary_encoded_pages = w->dictionary_encoded_pages,
        .plain_pages = w->page_count - w->dictionary_encoded_pages,
        .pages = {.count = w->page_count,
                  .pages = w->facts,
                  .order = w->options.no_statistics ? TARN_STORED_NONE : w->form.order,
                  .max_definition = w->path->max_definition,
                  .max_repetition = w->path->max_repetition,
                  .is_byte_array = is_byte_array(w)},
    };
    for (uint32_t i = 0; i < w->page_count; i++) {
        out->unencoded_bytes += w->facts[i].unencoded_bytes;
        if (!tarn__value_facts_merge(&out->facts, &w->facts[i].values, w->form.order, NULL)) {
            return no_memory(w, err);
        }
    }
    if (keeps_definition_histogram(w)) {
        out->pages.definition_histograms = w->definition_histograms;
        out->definition_histogram = sum_histograms(w, w->definition_histograms, w->path->max_definition + (size_t)1);
        if (out->definition_histogram == NULL) {
            return no_memory(w, err);
        }
    }
    if (keeps_repetition_histogram(w)) {
        out->pages.repetition_histograms = w->repetition_histograms;
        out->repetition_histogram = sum_histograms(w, w->repetition_histograms, w->path->max_repetition + (size_t)1);
        if (out->repetition_histogram == NULL) {
            return no_memory(w, err);
        }
    }
    return TARN_OK;
}
