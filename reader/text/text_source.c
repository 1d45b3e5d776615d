/* SPDX-License-Identifier: Apache-2.0
 *
 * The common ground of CSV and JSON sources.
 */
#include "reader/text/text_source.h"

#include "format/base/alloc.h"
#include "format/base/bytes.h"

enum { WINDOW = 4 << 20, LEAST_WINDOW = 64 };

enum tarn_status tarn__text_source_init(struct tarn_text_source *source, const struct tarn_source_ops *ops,
                                        const struct tarn_text_origin *origin, struct tarn_error *err)
{
    source->base.ops = ops;
    source->base.env = tarn__env_retain(origin->env);
    source->origin = *origin;
    if (origin->store != NULL) {
        tarn_store_retain(origin->store);
        source->key = tarn__text_dup(origin->env, origin->key);
        source->origin.key.data = source->key;
        if (source->key == NULL) {
            return tarn__nomem(origin->env, err, origin->key.size);
        }
    }
    return TARN_OK;
}

void tarn__text_source_deinit(struct tarn_text_source *source)
{
    struct tarn_env *env = source->base.env;
    tarn__text_input_close(source->input);
    tarn_schema_release(atomic_load(&source->wider));
    tarn__free(env, source->sample);
    tarn__free(env, source->key);
    if (source->origin.store != NULL) {
        tarn_store_close(source->origin.store);
    }
}

enum tarn_status tarn__text_source_sample(struct tarn_text_source *source, size_t size, bool *ended, struct tarn_error *err)
{
    struct tarn_env *env = source->base.env;
    size_t got;
    *ended = false;
    if (source->input == NULL) {
        TARN_RETURN_IF_ERROR(tarn__text_input_open(&source->origin, source->encoding, &source->input, err));
    }
    if (size > source->sample_capacity || source->sample == NULL) {
        uint8_t *larger = tarn__realloc(env, source->sample, size + TARN_TEXT_PADDING);
        if (larger == NULL) {
            return tarn__nomem(env, err, size);
        }
        source->sample = larger;
        source->sample_capacity = size;
    }
    TARN_RETURN_IF_ERROR(tarn__text_input_read(source->input, source->sample + source->sample_size, size - source->sample_size, &got, err));
    *ended = got < size - source->sample_size;
    source->sample_size += got;
    memset(source->sample + source->sample_size, 0, TARN_TEXT_PADDING);
    return TARN_OK;
}

void tarn__text_source_sampled(struct tarn_text_source *source)
{
    if (source->origin.store != NULL) {
        tarn__text_input_close(source->input);
        tarn__free(source->base.env, source->sample);
        source->input = NULL;
        source->sample = NULL;
        source->sample_size = 0;
        source->sample_capacity = 0;
    }
}

void tarn__text_source_widen(struct tarn_text_source *source, struct tarn_schema *wider)
{
    struct tarn_schema *none = NULL;
    if (!atomic_compare_exchange_strong(&source->wider, &none, wider)) {
        tarn_schema_release(wider);
    }
}

bool tarn_source_wider_schema(struct tarn_source *source, struct tarn_schema **wider)
{
    *wider = NULL;
    const struct tarn_text name = {source->ops->name, strlen(source->ops->name)};
    if (!tarn__text_equal(name, TARN_TEXT("csv")) && !tarn__text_equal(name, TARN_TEXT("json"))) {
        return false;
    }
    struct tarn_text_source *text = (struct tarn_text_source *)(void *)source;
    struct tarn_schema *found = atomic_load(&text->wider);
    *wider = found != NULL ? tarn_schema_retain(found) : NULL;
    return found != NULL;
}

enum tarn_status tarn__text_check_utf8(struct tarn_span text, uint64_t line, struct tarn_error *err)
{
    const struct tarn_text all = {(const char *)text.data, text.size};
    const size_t bad = tarn__utf8_check(all);
    if (bad == text.size) {
        return TARN_OK;
    }
    for (size_t i = 0; i < bad; i++) {
        line += text.data[i] == '\n';
    }
    return tarn__invalid(
        err, "encoding",
        "line %llu has bytes that are not UTF-8 (0x%02x); if the file is in a Western encoding say --encoding windows-1252",
        (unsigned long long)line, text.data[bad]);
}

/* ---- windows ---- */

enum tarn_status tarn__text_window_open(struct tarn_text_source *source, size_t capacity, struct tarn_text_window *window,
                                        struct tarn_error *err)
{
    memset(window, 0, sizeof(*window));
    window->env = source->base.env;
    if (source->origin.store == NULL) {
        if (atomic_exchange(&source->taken, true)) {
            return tarn__invalid(err, "stream", "a stream can be read only once: save it to a file first");
        }
        window->input = source->input;
        window->data = source->sample;
        window->size = source->sample_size;
        window->capacity = source->sample_capacity;
        source->input = NULL;
        source->sample = NULL;
        return TARN_OK;
    }
    window->capacity = capacity == 0 ? WINDOW : capacity < LEAST_WINDOW ? LEAST_WINDOW : capacity;
    window->data = tarn__alloc(window->env, window->capacity + TARN_TEXT_PADDING);
    enum tarn_status status = window->data != NULL ? TARN_OK : tarn__nomem(window->env, err, window->capacity);
    if (status == TARN_OK) {
        memset(window->data, 0, TARN_TEXT_PADDING);
        status = tarn__text_input_open(&source->origin, source->encoding, &window->input, err);
    }
    if (status != TARN_OK) {
        tarn__text_window_close(window);
    }
    return status;
}

void tarn__text_window_close(struct tarn_text_window *window)
{
    tarn__text_input_close(window->input);
    tarn__free(window->env, window->data);
    window->input = NULL;
    window->data = NULL;
}

enum tarn_status tarn__text_window_fill(struct tarn_text_window *window, size_t limit, struct tarn_error *err)
{
    size_t got;
    const size_t rest = window->size - window->begin;
    if (window->ended) {
        return TARN_OK;
    }
    if (window->begin != 0) {
        memmove(window->data, window->data + window->begin, rest);
        window->base += window->begin;
        window->begin = 0;
        window->size = rest;
    }
    if (rest == window->capacity && window->capacity >= limit) {
        return tarn__error_set(err, TARN_LIMIT, "text.record", "a record is longer than %llu MiB; is a quote or bracket never closed?",
                               (unsigned long long)(limit >> 20));
    }
    if (rest > window->capacity / 2 && window->capacity < limit) { /* less than half would be new: records are long here */
        const size_t larger = window->capacity * 2 < limit ? window->capacity * 2 : limit;
        uint8_t *grown = tarn__realloc(window->env, window->data, larger + TARN_TEXT_PADDING);
        if (grown == NULL) {
            return tarn__nomem(window->env, err, larger);
        }
        window->data = grown;
        window->capacity = larger;
    }
    TARN_RETURN_IF_ERROR(tarn__text_input_read(window->input, window->data + window->size, window->capacity - window->size, &got, err));
    window->ended = got < window->capacity - window->size;
    window->size += got;
    memset(window->data + window->size, 0, TARN_TEXT_PADDING);
    return TARN_OK;
}
