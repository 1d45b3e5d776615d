/* SPDX-License-Identifier: Apache-2.0
 *
 * Pages that wait for their encoding: held as PLAIN, sampled, and given back as they were chosen to be written.
 *
 * SPEC: P-CHOICE-1 to P-CHOICE-4.
 *
 * Invariants
 *  1. What is chosen follows from the held values and the chunk's options alone: never from batches, threads or a clock.
 *  2. The dictionary is the chunk's one (page_values.h). It is begun with the held values, and emptied again when they do not take it.
 */
#include "format/column/held_pages.h"

#include "format/base/bytes.h"
#include "format/base/checked.h"

bool tarn__held_pages_init(struct tarn__held_pages *held, struct tarn_env *env)
{
    *held = (struct tarn__held_pages){.env = env, .scratch = {tarn__buffer_new(env, 0), tarn__buffer_new(env, 0)}};
    return held->scratch.encoded != NULL && held->scratch.compressed != NULL;
}

void tarn__held_pages_free(struct tarn__held_pages *held)
{
    for (unsigned i = 0; i < TARN_HELD_PAGES; i++) {
        tarn__open_page_free(held->env, &held->pages[i].page);
        tarn__buffer_release(held->pages[i].plain);
    }
    tarn__buffer_release(held->scratch.encoded);
    tarn__buffer_release(held->scratch.compressed);
    tarn__free(held->env, held->codes);
}

static enum tarn_status no_memory(const struct tarn__held_pages *held, struct tarn_error *err)
{
    return tarn__nomem(held->env, err, held->code_capacity * sizeof(*held->codes));
}

enum tarn_status tarn__held_pages_put(struct tarn__held_pages *held, struct tarn__open_page *page, struct tarn__page_values *values,
                                      struct tarn_error *err)
{
    struct tarn__held_page *next = &held->pages[held->count];
    struct tarn_buffer *plain = next->plain != NULL ? next->plain : tarn__buffer_new(held->env, 0);
    const struct tarn__open_page empty = next->page;

    if (plain == NULL) {
        return no_memory(held, err);
    }
    *next = (struct tarn__held_page){*page, values->plain, values->count};
    *page = empty;
    page->rows = 0;
    page->slots = 0;
    values->plain = plain;
    tarn__page_values_begin_page(values);
    held->count++;
    return TARN_OK;
}

enum tarn_status tarn__held_pages_take(struct tarn__held_pages *held, uint32_t i, const uint32_t *codes, struct tarn__open_page *page,
                                       struct tarn__page_values *values, struct tarn_error *err)
{
    struct tarn__held_page *from = &held->pages[i];
    const struct tarn__open_page empty = *page;
    struct tarn_buffer *plain = values->plain;

    *page = from->page;
    values->plain = from->plain;
    values->count = from->values;
    from->page = empty;
    from->plain = plain;
    if (codes != NULL) {
        if (!tarn__grow(held->env, &values->codes, &values->code_capacity, values->count, sizeof(*codes))) {
            return no_memory(held, err);
        }
        if (values->count != 0) { /* a page of nulls has no codes, and there may be no room for any */
            memcpy(values->codes, codes, values->count * sizeof(*codes));
        }
        values->plain->size = 0;
    }
    return TARN_OK;
}

/* ---- the sample ---- */

/* Values of a page that lie together, from the begin of its part number `part` of `parts` on, as many as a run may have. */
static struct tarn__choice_run run_of(const struct tarn__leaf_form *form, const struct tarn__held_page *page, const uint32_t *codes,
                                      uint32_t part, uint32_t parts)
{
    enum { RUN_VALUES = 1024, RUN_BYTES = 1 << 16 };
    const struct tarn_span plain = tarn__buffer_span(page->plain);
    const size_t first = page->values / parts * part / 8 * 8; /* where BOOLEAN begins a byte */
    const size_t end = part + 1 == parts ? page->values : page->values / parts * (part + 1) / 8 * 8;
    size_t count = tarn__min_size(RUN_VALUES, end - first);
    struct tarn__choice_run run = {.codes = codes != NULL ? codes + first : NULL};

    if (form->kind == TARN_KIND_BOOL) {
        run.plain = (struct tarn_span){plain.data + first / 8, tarn__bits_bytes(count)};
    } else if (form->kind != TARN_KIND_BYTES) {
        const size_t width = form->width;
        count = tarn__min_size(count, RUN_BYTES / width + 1);
        run.plain = (struct tarn_span){plain.data + first * width, count * width};
    } else {
        size_t at = 0;
        for (size_t i = 0; i < first; i++) {
            at += sizeof(uint32_t) + tarn__load32(plain.data + at);
        }
        const size_t begin = at;
        size_t taken = 0;
        while (taken < count && at - begin < RUN_BYTES) {
            at += sizeof(uint32_t) + tarn__load32(plain.data + at);
            taken++;
        }
        count = taken;
        run.plain = (struct tarn_span){plain.data + begin, at - begin};
    }
    run.count = (uint32_t)count;
    return run;
}

/* Runs that are spread over the held pages; `codes` are those of all their values, or NULL. */
static void take_sample(const struct tarn__held_pages *held, const uint32_t *codes, struct tarn__choice_sample *sample)
{
    const uint32_t parts = TARN_CHOICE_RUNS / held->count;
    size_t before = 0;

    for (uint32_t i = 0; i < held->count; i++) {
        for (uint32_t part = 0; part < parts; part++) {
            const uint32_t *of_page = codes != NULL ? codes + before : NULL;
            const struct tarn__choice_run run = run_of(sample->form, &held->pages[i], of_page, part, parts);
            if (run.count != 0) {
                sample->runs[sample->run_count++] = run;
            }
        }
        before += held->pages[i].values;
    }
}

/* Gives the held values codes, and says how many distinct ones there were after half of them; *all false: they do not pay for certain, or
 * do not fit. */
static enum tarn_status code_held(struct tarn__held_pages *held, struct tarn__dictionary_builder *dictionary, size_t total, uint64_t *half,
                                  bool *all, struct tarn_error *err)
{
    enum { SURE = 1 << 14, MOSTLY_NEW = 64 };
    size_t coded = 0;

    *all = false;
    *half = 0;
    tarn__dictionary_builder_reset(dictionary);
    if (!tarn__grow(held->env, &held->codes, &held->code_capacity, total, sizeof(*held->codes))) {
        return no_memory(held, err);
    }
    for (uint32_t i = 0; i < held->count; i++) {
        const struct tarn__held_page *page = &held->pages[i];
        const struct tarn_span plain = tarn__buffer_span(page->plain);
        size_t done = 0;
        TARN_RETURN_IF_ERROR(tarn__dictionary_add_plain(dictionary, plain, page->values, held->codes + coded, &done, err));
        coded += done;
        if (done < page->values || (coded >= SURE && dictionary->count > coded - coded / MOSTLY_NEW)) {
            return TARN_OK;
        }
    }
    for (size_t i = 0; i < total / 2; i++) { /* codes are given as values appear: there are as many as the largest says */
        *half = held->codes[i] >= *half ? held->codes[i] + (uint64_t)1 : *half;
    }
    *all = true;
    return TARN_OK;
}

/* Describes the dictionary that the held values begin. */
static void foresee_dictionary(const struct tarn__held_pages *held, const struct tarn__dictionary_builder *dictionary,
                               const struct tarn__held_chunk *chunk, size_t total, uint64_t half, struct tarn__choice_sample *sample)
{
    uint64_t rows = 0;

    for (uint32_t i = 0; i < held->count; i++) {
        rows += held->pages[i].page.rows;
    }
    if (!chunk->ends && chunk->group_rows > rows) {
        const uint64_t group = chunk->group_rows < UINT32_MAX ? chunk->group_rows : UINT32_MAX;
        sample->chunk_values = total / rows * group + total % rows * group / rows;
    }
    sample->entries = tarn__distinct_forecast(half, dictionary->count, total, sample->chunk_values);
    sample->dictionary = tarn__buffer_span(dictionary->plain);
    sample->dictionary_bytes = dictionary->count != 0 ? dictionary->plain->size / dictionary->count * sample->entries : 0;
}

enum tarn_status tarn__held_pages_choose(struct tarn__held_pages *held, struct tarn__page_values *values,
                                         const struct tarn__held_chunk *chunk, struct tarn_codec_context *context,
                                         struct tarn__encoding_choice *choice, const uint32_t **codes, uint64_t *foreseen,
                                         struct tarn_error *err)
{
    struct tarn__choice_sample sample = {.form = &values->form};
    const bool may_code = !chunk->dictionary_spent && (chunk->options.encodings & TARN_ENCODING_BIT(PARQUET_ENCODING_RLE_DICTIONARY)) != 0;
    size_t total = 0;
    bool has_codes = false;

    *codes = NULL;
    *foreseen = 0;
    for (uint32_t i = 0; i < held->count; i++) {
        total += held->pages[i].values;
    }
    sample.chunk_values = total;
    if (may_code && total != 0) {
        uint64_t half;
        TARN_RETURN_IF_ERROR(code_held(held, &values->dictionary, total, &half, &has_codes, err));
        foresee_dictionary(held, &values->dictionary, chunk, total, half, &sample);
        has_codes = has_codes && sample.dictionary_bytes <= chunk->dictionary_bytes;
    }
    take_sample(held, has_codes ? held->codes : NULL, &sample);
    TARN_RETURN_IF_ERROR(tarn__encoding_choose(&sample, &chunk->options, context, &held->scratch, choice, err));
    if (total != 0 && choice->encoding == PARQUET_ENCODING_RLE_DICTIONARY) {
        *codes = held->codes;
        *foreseen = sample.dictionary_bytes;
    } else if (values->has_dictionary && !chunk->dictionary_spent) {
        tarn__dictionary_builder_reset(&values->dictionary);
    }
    return TARN_OK;
}
