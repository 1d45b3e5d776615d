/* SPDX-License-Identifier: Apache-2.0
 *
 * The growing text.
 *
 * Invariants
 *  1. size <= capacity; `data` is NULL only while capacity is 0.
 *  2. Once `failed`, nothing is appended: what is there is the begin of the text, never one with a hole.
 */
#include "format/base/text.h"

#include "format/base/bytes.h"
#include "format/base/checked.h"
#include "format/base/utf8.h"

void tarn__builder_init(struct tarn_text_builder *builder, struct tarn_env *env)
{
    *builder = (struct tarn_text_builder){.env = env};
}

void tarn__builder_free(struct tarn_text_builder *builder)
{
    if (builder->env != NULL) {
        tarn__free(builder->env, builder->data);
    }
    *builder = (struct tarn_text_builder){.env = builder->env};
}

void tarn__builder_clear(struct tarn_text_builder *builder)
{
    builder->size = 0;
    builder->failed = false;
}

/* The sizes asked for are at least SHORTEST, so that a first short addition is not followed by many. */
char *tarn__builder_reserve(struct tarn_text_builder *builder, size_t more)
{
    enum { SHORTEST = 64 };
    if (builder->failed) {
        return NULL;
    }
    if (builder->data == NULL || more > builder->capacity - builder->size) {
        const size_t needed = more < SIZE_MAX - builder->size ? tarn__max_size(builder->size + more, SHORTEST) : SIZE_MAX;
        if (!tarn__grow(builder->env, &builder->data, &builder->capacity, needed, 1)) {
            builder->failed = true;
            builder->refused = tarn__max_size(needed, builder->capacity + builder->capacity / 2);
            return NULL;
        }
    }
    return builder->data + builder->size;
}

void tarn__builder_add_bytes(struct tarn_text_builder *builder, const void *bytes, size_t size)
{
    char *at = size != 0 ? tarn__builder_reserve(builder, size) : NULL;
    if (at != NULL) {
        memcpy(at, bytes, size);
        builder->size += size;
    }
}

void tarn__builder_add(struct tarn_text_builder *builder, struct tarn_text text)
{
    tarn__builder_add_bytes(builder, text.data, text.size);
}

void tarn__builder_add_str(struct tarn_text_builder *builder, const char *text)
{
    tarn__builder_add_bytes(builder, text, strlen(text));
}

void tarn__builder_add_char(struct tarn_text_builder *builder, char c)
{
    char *at = tarn__builder_reserve(builder, 1);
    if (at != NULL) {
        *at = c;
        builder->size++;
    }
}

void tarn__builder_add_repeat(struct tarn_text_builder *builder, char c, size_t count)
{
    char *at = tarn__builder_reserve(builder, count);
    if (at != NULL) {
        memset(at, c, count);
        builder->size += count;
    }
}

void tarn__builder_add_int64(struct tarn_text_builder *builder, int64_t value)
{
    char *at = tarn__builder_reserve(builder, TARN_NUMBER_TEXT);
    if (at != NULL) {
        builder->size += tarn__int64_print(value, at);
    }
}

void tarn__builder_add_uint64(struct tarn_text_builder *builder, uint64_t value)
{
    char *at = tarn__builder_reserve(builder, TARN_NUMBER_TEXT);
    if (at != NULL) {
        builder->size += tarn__uint64_print(value, at);
    }
}

void tarn__builder_add_uint_padded(struct tarn_text_builder *builder, uint64_t value, unsigned width)
{
    char digits[TARN_NUMBER_TEXT];
    const size_t size = tarn__uint64_print(value, digits);
    tarn__builder_add_repeat(builder, '0', width > size ? width - size : 0);
    tarn__builder_add_bytes(builder, digits, size);
}

void tarn__builder_add_double(struct tarn_text_builder *builder, double value, const struct tarn_float_words *words)
{
    char *at = tarn__builder_reserve(builder, TARN_NUMBER_TEXT);
    if (at != NULL) {
        builder->size += tarn__double_print(value, words, at);
    }
}

void tarn__builder_add_float(struct tarn_text_builder *builder, float value, const struct tarn_float_words *words)
{
    char *at = tarn__builder_reserve(builder, TARN_NUMBER_TEXT);
    if (at != NULL) {
        builder->size += tarn__float_print(value, words, at);
    }
}

static char *put_hex(struct tarn_span bytes, char *to)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.size; i++) {
        *to++ = digits[bytes.data[i] >> 4];
        *to++ = digits[bytes.data[i] & 15];
    }
    return to;
}

void tarn__hex_print(struct tarn_span bytes, char *to)
{
    *put_hex(bytes, to) = '\0';
}

void tarn__builder_add_hex(struct tarn_text_builder *builder, struct tarn_span bytes)
{
    size_t size;
    if (!tarn__mul(bytes.size, (size_t)2, &size)) {
        builder->failed = true;
        builder->refused = UINT64_MAX;
        return;
    }
    char *at = tarn__builder_reserve(builder, size);
    if (at != NULL) {
        put_hex(bytes, at);
        builder->size += size;
    }
}

void tarn__builder_add_point(struct tarn_text_builder *builder, uint32_t point)
{
    enum { REPLACEMENT = 0xfffd };
    char *at = tarn__builder_reserve(builder, 4);
    if (at != NULL) {
        const size_t size = tarn__utf8_encode(point, at);
        builder->size += size != 0 ? size : tarn__utf8_encode(REPLACEMENT, at);
    }
}

enum tarn_status tarn__builder_status(const struct tarn_text_builder *builder, struct tarn_error *err)
{
    return builder->failed ? tarn__nomem(builder->env, err, builder->refused) : TARN_OK;
}

char *tarn__builder_take(struct tarn_text_builder *builder, size_t *size)
{
    *size = 0;
    char *end = tarn__builder_reserve(builder, 1);
    if (end == NULL) {
        return NULL;
    }
    *end = '\0';
    char *data = builder->data;
    *size = builder->size;
    *builder = (struct tarn_text_builder){.env = builder->env};
    return data;
}
