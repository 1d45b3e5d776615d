/* SPDX-License-Identifier: Apache-2.0
 *
 * Values on their way into a page.
 *
 * Specification: Parquet Encodings.md "Plain", "Dictionary Encoding". SPEC: P-PAGE-WRITE-2, P-CHUNK-WRITE-2, P-CHUNK-WRITE-3.
 *
 * Invariants
 *  1. Codes are given in the order in which values appear among the rows, whatever order a batch's own dictionary has.
 *  2. While `dictionary_open`, `codes` holds the page's values and `plain` is empty; after it `plain` holds them.
 */
#include "format/column/page_values.h"

#include "format/base/checked.h"
#include "format/column/page_build.h"
#include "format/encoding/rle_writer.h"

enum { LENGTH_BYTES = 4, CODE_BYTES = 4, WIDE = 48 /* a text of up to so many bytes is moved at once */ };
#define NO_CODE UINT32_MAX

static enum tarn_status no_memory(const struct tarn__page_values *v, struct tarn_error *err)
{
    return tarn__nomem(v->env, err, v->plain != NULL ? v->plain->capacity : 0);
}

static bool is_byte_array(const struct tarn__page_values *v)
{
    return v->form.kind == TARN_KIND_BYTES;
}

enum tarn_status tarn__page_values_init(struct tarn__page_values *v, struct tarn_env *env, const struct tarn__leaf_form *form,
                                        uint32_t dictionary_bytes, struct tarn_error *err)
{
    *v = (struct tarn__page_values){.env = env, .form = *form, .plain = tarn__buffer_new(env, 0)};
    if (v->plain == NULL) {
        return no_memory(v, err);
    }
    if (dictionary_bytes == 0 || form->kind == TARN_KIND_BOOL || form->kind == TARN_KIND_NULL) {
        return TARN_OK;
    }
    const enum tarn_status status = tarn__dictionary_builder_init(&v->dictionary, env, form->width, dictionary_bytes, err);
    if (status != TARN_OK) {
        tarn__page_values_free(v);
        return status;
    }
    v->has_dictionary = true;
    v->dictionary_open = true;
    return TARN_OK;
}

void tarn__page_values_free(struct tarn__page_values *v)
{
    if (v->has_dictionary) {
        tarn__dictionary_builder_free(&v->dictionary);
    }
    tarn__buffer_release(v->plain);
    tarn__free(v->env, v->codes);
    tarn__free(v->env, v->page_of_code);
    tarn__free(v->env, v->batch_codes);
    tarn__free(v->env, v->scratch);
    tarn__free(v->env, v->scratch_rows);
    *v = (struct tarn__page_values){.env = v->env};
}

void tarn__page_values_begin_chunk(struct tarn__page_values *v)
{
    if (v->has_dictionary) {
        tarn__dictionary_builder_reset(&v->dictionary);
    }
    if (v->page_of_code != NULL) {
        memset(v->page_of_code, 0, v->page_of_code_capacity * sizeof(*v->page_of_code));
    }
    v->dictionary_open = v->has_dictionary;
    v->batch_dictionary = 0;
    tarn__page_values_begin_page(v);
}

void tarn__page_values_begin_page(struct tarn__page_values *v)
{
    v->count = 0;
    v->plain->size = 0;
}

/* ---- sizes ---- */

uint64_t tarn__page_values_size(const struct tarn__page_values *v)
{
    if (v->form.kind == TARN_KIND_BOOL) {
        return v->count; /* as whole bytes: no page of them gets large */
    }
    return v->dictionary_open ? (uint64_t)v->count * CODE_BYTES : v->plain->size;
}

/* Of a value of a kind that is not BYTES; of a code. */
static uint64_t fixed_size(const struct tarn__page_values *v)
{
    return v->dictionary_open ? CODE_BYTES : v->form.width != 0 ? v->form.width : 1;
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

uint64_t tarn__page_values_size_of(const struct tarn__page_values *v, const struct tarn__leaf_values *from, size_t i)
{
    if (is_byte_array(v) && !v->dictionary_open) {
        return LENGTH_BYTES + (uint64_t)text_of(from, i).size;
    }
    return fixed_size(v);
}

uint64_t tarn__page_values_size_of_all(const struct tarn__page_values *v, struct tarn__leaf_values from, size_t n)
{
    if (n == 0 || !is_byte_array(v) || v->dictionary_open) {
        return (uint64_t)n * fixed_size(v);
    }
    if (from.vector->shape == TARN_SHAPE_DICTIONARY) {
        return UINT64_MAX;
    }
    return (uint64_t)n * LENGTH_BYTES + tarn__leaf_bytes_sum(from, n);
}

/* ---- values, dictionary-encoded ---- */

/* The code of one value of a vector that is FLAT, STRINGS or VIEWS; *fits false: the dictionary is full. */
static enum tarn_status code_of(struct tarn__page_values *v, const struct tarn_vector *vector, uint32_t row, uint32_t *code, bool *fits,
                                struct tarn_error *err)
{
    if (is_byte_array(v)) {
        const struct tarn_text text = tarn__vector_leaf_text(vector, row);
        return tarn__dictionary_add_bytes(&v->dictionary, (struct tarn_span){(const uint8_t *)text.data, text.size}, code, fits, err);
    }
    size_t done = 0;
    if (!tarn__grow(v->env, &v->scratch, &v->scratch_capacity, v->form.width, 1)) {
        return no_memory(v, err);
    }
    TARN_RETURN_IF_ERROR(tarn__leaf_store(&v->form, (struct tarn__leaf_values){vector, NULL, row}, 1, v->scratch, err));
    TARN_RETURN_IF_ERROR(tarn__dictionary_add_fixed(&v->dictionary, v->scratch, 1, code, &done, err));
    *fits = done == 1;
    return TARN_OK;
}

/* Codes of a batch's own dictionary are translated; each entry is looked up once a dictionary, when a row first names it. */
static enum tarn_status code_dictionary_rows(struct tarn__page_values *v, struct tarn__leaf_values values, size_t n, uint32_t *codes,
                                             size_t *done, struct tarn_error *err)
{
    const struct tarn_dictionary *dictionary = values.vector->dictionary;
    const size_t entries = dictionary->values->length;

    if (v->batch_codes == NULL || v->batch_dictionary != dictionary->id) {
        if (!tarn__grow(v->env, &v->batch_codes, &v->batch_code_capacity, entries, sizeof(*v->batch_codes))) {
            return no_memory(v, err);
        }
        memset(v->batch_codes, 0xff, entries * sizeof(*v->batch_codes));
        v->batch_dictionary = dictionary->id;
    }
    for (size_t i = 0; i < n; i++) {
        const uint32_t entry = values.vector->u.codes[tarn__leaf_row(&values, i)];
        if (v->batch_codes[entry] == NO_CODE) {
            bool fits = false;
            uint32_t code = 0;
            TARN_RETURN_IF_ERROR(code_of(v, dictionary->values, entry, &code, &fits, err));
            if (!fits) {
                *done = i;
                return TARN_OK;
            }
            v->batch_codes[entry] = code;
        }
        codes[i] = v->batch_codes[entry];
    }
    *done = n;
    return TARN_OK;
}

static enum tarn_status code_text_rows(struct tarn__page_values *v, struct tarn__leaf_values values, size_t n, uint32_t *codes,
                                       size_t *done, struct tarn_error *err)
{
    uint32_t row_before = 0;

    if (values.vector->shape == TARN_SHAPE_STRINGS && !values.vector->wide_offsets) {
        const struct tarn__text_rows texts = {values.vector->bytes, values.vector->u.offsets, values.rows, values.first};
        return tarn__dictionary_add_texts(&v->dictionary, texts, n, codes, done, err);
    }
    for (size_t i = 0; i < n; i++) {
        const uint32_t row = tarn__leaf_row(&values, i);
        bool fits = true;
        if (i != 0 && row == row_before) { /* constants and runs name one row again and again */
            codes[i] = codes[i - 1];
            continue;
        }
        TARN_RETURN_IF_ERROR(code_of(v, values.vector, row, &codes[i], &fits, err));
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
static enum tarn_status append_codes(struct tarn__page_values *v, struct tarn__leaf_values values, size_t n, size_t *done,
                                     struct tarn_error *err)
{
    *done = 0;
    if (n == 0) {
        return TARN_OK;
    }
    if (!tarn__grow(v->env, &v->codes, &v->code_capacity, v->count + n, sizeof(*v->codes))) {
        return no_memory(v, err);
    }
    uint32_t *codes = v->codes + v->count;
    if (values.vector->shape == TARN_SHAPE_DICTIONARY) {
        return code_dictionary_rows(v, values, n, codes, done, err);
    }
    if (is_byte_array(v)) {
        return code_text_rows(v, values, n, codes, done, err);
    }
    const uint8_t *stored = tarn__leaf_stored(&v->form, values);
    if (stored == NULL) {
        if (!tarn__grow(v->env, &v->scratch, &v->scratch_capacity, n * v->form.width, 1)) {
            return no_memory(v, err);
        }
        TARN_RETURN_IF_ERROR(tarn__leaf_store(&v->form, values, n, v->scratch, err));
        stored = v->scratch;
    }
    return tarn__dictionary_add_fixed(&v->dictionary, stored, n, codes, done, err);
}

/* ---- values, plain ---- */

/* Rows of a DICTIONARY vector as rows of its entries. */
static enum tarn_status resolve_dictionary(struct tarn__page_values *v, struct tarn__leaf_values *values, size_t n, struct tarn_error *err)
{
    if (values->vector->shape != TARN_SHAPE_DICTIONARY) {
        return TARN_OK;
    }
    if (!tarn__grow(v->env, &v->scratch_rows, &v->scratch_row_capacity, n, sizeof(*v->scratch_rows))) {
        return no_memory(v, err);
    }
    for (size_t i = 0; i < n; i++) {
        v->scratch_rows[i] = values->vector->u.codes[tarn__leaf_row(values, i)];
    }
    *values = (struct tarn__leaf_values){values->vector->dictionary->values, v->scratch_rows, 0};
    return TARN_OK;
}

static enum tarn_status append_texts(struct tarn__page_values *v, struct tarn__leaf_values values, size_t n, struct tarn_error *err)
{
    struct tarn_buffer *plain = v->plain;
    const size_t begin = plain->size;
    size_t size;

    if (!tarn__add(begin + n * LENGTH_BYTES, tarn__leaf_bytes_sum(values, n), &size) || size > INT32_MAX) {
        return tarn__page_too_large(size, err);
    }
    if (!tarn__buffer_resize(plain, size + WIDE)) {
        return no_memory(v, err);
    }
    const struct tarn_vector *vector = values.vector;
    const bool strings = vector->shape == TARN_SHAPE_STRINGS;
    const uint64_t there = strings ? tarn__vector_offset(vector, vector->length) : 0;
    const uint8_t *wide_until = there >= WIDE ? vector->bytes + there - WIDE : NULL; /* WIDE bytes may be loaded up to here */
    uint8_t *to = plain->data + begin;
    for (size_t i = 0; i < n; i++) {
        const struct tarn_text text = tarn__vector_leaf_text(vector, tarn__leaf_row(&values, i));
        tarn__store32(to, (uint32_t)text.size);
        if (text.size <= WIDE && wide_until != NULL && (const uint8_t *)text.data <= wide_until) {
            memcpy(to + LENGTH_BYTES, text.data, WIDE);
        } else if (text.size != 0) {
            memcpy(to + LENGTH_BYTES, text.data, text.size);
        }
        to += LENGTH_BYTES + text.size;
    }
    return tarn__buffer_resize(plain, size) ? TARN_OK : no_memory(v, err);
}

static enum tarn_status append_plain(struct tarn__page_values *v, struct tarn__leaf_values values, size_t n, struct tarn_error *err)
{
    struct tarn_buffer *plain = v->plain;
    const size_t begin = plain->size;

    if (n == 0 || v->form.kind == TARN_KIND_NULL) {
        return TARN_OK;
    }
    TARN_RETURN_IF_ERROR(resolve_dictionary(v, &values, n, err));
    if (is_byte_array(v)) {
        return append_texts(v, values, n, err);
    }
    if (v->form.kind == TARN_KIND_BOOL) {
        const size_t end = tarn__bits_bytes((uint64_t)v->count + n);
        if (!tarn__buffer_resize(plain, end)) {
            return no_memory(v, err);
        }
        memset(plain->data + begin, 0, end - begin);
        tarn__leaf_store_bits(values, n, plain->data, v->count);
        return TARN_OK;
    }
    size_t bytes;
    if (!tarn__mul(n, (size_t)v->form.width, &bytes) || !tarn__add(bytes, begin, &bytes) || !tarn__buffer_resize(plain, bytes)) {
        return no_memory(v, err);
    }
    return tarn__leaf_store(&v->form, values, n, plain->data + begin, err);
}

enum tarn_status tarn__page_values_append(struct tarn__page_values *v, struct tarn__leaf_values from, size_t n, size_t *done,
                                          struct tarn_error *err)
{
    *done = n;
    return v->dictionary_open ? append_codes(v, from, n, done, err) : append_plain(v, from, n, err);
}

/* ---- the end of a page ---- */

uint64_t tarn__page_values_unencoded(const struct tarn__page_values *v)
{
    if (!is_byte_array(v)) {
        return 0;
    }
    if (!v->dictionary_open) {
        return v->plain->size - v->count * LENGTH_BYTES;
    }
    return tarn__dictionary_text_bytes(&v->dictionary, v->codes, v->count);
}

uint32_t tarn__page_values_max_code(const struct tarn__page_values *v)
{
    uint32_t bits = 0;
    for (size_t i = 0; v->dictionary_open && i < v->count; i++) {
        bits |= v->codes[i];
    }
    return bits;
}

/* The codes that the page names, each once, into `scratch_rows`. False: no memory. */
static bool distinct_codes(struct tarn__page_values *v, uint32_t page, size_t *count)
{
    const uint32_t number = page + 1;
    const size_t known = v->page_of_code_capacity;
    const size_t entries = v->dictionary.count;
    size_t n = 0;

    if (!tarn__grow(v->env, &v->page_of_code, &v->page_of_code_capacity, entries, sizeof(*v->page_of_code)) ||
        !tarn__grow(v->env, &v->scratch_rows, &v->scratch_row_capacity, tarn__min_size(v->count, entries) + 1, sizeof(*v->scratch_rows))) {
        return false;
    }
    memset(v->page_of_code + known, 0, (v->page_of_code_capacity - known) * sizeof(*v->page_of_code));
    uint32_t *codes = v->scratch_rows;
    uint32_t *page_of_code = v->page_of_code;
    if (entries <= 2 * v->count) { /* all are marked, then gathered: no branch depends on what the values are */
        for (size_t i = 0; i < v->count; i++) {
            page_of_code[v->codes[i]] = number;
        }
        for (size_t code = 0; code < entries; code++) {
            codes[n] = (uint32_t)code;
            n += page_of_code[code] == number;
        }
    } else {
        for (size_t i = 0; i < v->count; i++) {
            const uint32_t code = v->codes[i];
            codes[n] = code;
            n += page_of_code[code] != number;
            page_of_code[code] = number;
        }
    }
    *count = n;
    return true;
}

/* Bounds from the entries that the page names; each is looked at once a page. */
static bool scan_codes(struct tarn__page_values *v, uint32_t page, struct tarn__extremes *extremes)
{
    const size_t width = v->form.width;
    size_t count = 0;

    if (!distinct_codes(v, page, &count) || !tarn__grow(v->env, &v->scratch, &v->scratch_capacity, count * width + 1, 1)) {
        return false;
    }
    if (is_byte_array(v)) {
        for (size_t i = 0; i < count; i++) {
            tarn__extremes_add_bytes(extremes, tarn__dictionary_entry(&v->dictionary, v->scratch_rows[i]));
        }
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        memcpy(v->scratch + i * width, v->dictionary.plain->data + (size_t)v->scratch_rows[i] * width, width);
    }
    tarn__extremes_add_fixed(extremes, v->scratch, width, count);
    return true;
}

/* NaN is counted for each value, not for each entry. */
static bool scan_float_codes(struct tarn__page_values *v, struct tarn__extremes *extremes)
{
    const size_t width = v->form.width;

    if (!tarn__grow(v->env, &v->scratch, &v->scratch_capacity, v->count * width + 1, 1)) {
        return false;
    }
    for (size_t i = 0; i < v->count; i++) {
        memcpy(v->scratch + i * width, v->dictionary.plain->data + (size_t)v->codes[i] * width, width);
    }
    tarn__extremes_add_fixed(extremes, v->scratch, width, v->count);
    return true;
}

static void scan_plain(const struct tarn__page_values *v, struct tarn__extremes *extremes)
{
    if (!is_byte_array(v)) {
        tarn__extremes_add_fixed(extremes, v->plain->data, v->form.width, v->count);
        return;
    }
    const uint8_t *at = v->plain->data;
    for (size_t i = 0; i < v->count; i++) {
        const uint32_t length = tarn__load32(at);
        tarn__extremes_add_bytes(extremes, (struct tarn_span){at + LENGTH_BYTES, length});
        at += LENGTH_BYTES + length;
    }
}

bool tarn__page_values_scan(struct tarn__page_values *v, uint32_t page, struct tarn__extremes *extremes)
{
    bool ok = true;

    tarn__extremes_init(extremes, v->form.order);
    if (!v->dictionary_open) {
        scan_plain(v, extremes);
    } else {
        ok = tarn__stored_is_float(v->form.order) ? scan_float_codes(v, extremes) : scan_codes(v, page, extremes);
    }
    tarn__extremes_finish(extremes);
    return ok;
}
