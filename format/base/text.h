/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_FORMAT_BASE_TEXT_H
#define TARN_FORMAT_BASE_TEXT_H

#include "format/base/alloc.h"
#include "format/base/number.h"

/*
 * A growing text: what printers and generators write into.
 *
 * Once memory is refused the builder is `failed`, further additions do nothing, and tarn__builder_status says so: callers check
 * once, at the end. Threads: single. Ownership: the builder owns `data` until tarn__builder_free or tarn__builder_take.
 */
struct tarn_text_builder {
    struct tarn_env *env;
    char *data;
    size_t size;
    size_t capacity;
    bool failed;
    uint64_t refused; /**< bytes that there was no memory for */
};

void tarn__builder_init(struct tarn_text_builder *builder, struct tarn_env *env);
void tarn__builder_free(struct tarn_text_builder *builder);
/** Forgets the text, keeps the memory and clears `failed`. */
void tarn__builder_clear(struct tarn_text_builder *builder);
/** Room for `more` bytes behind the text: add them by hand and raise `size`. NULL when there is no memory. */
char *tarn__builder_reserve(struct tarn_text_builder *builder, size_t more);

void tarn__builder_add(struct tarn_text_builder *builder, struct tarn_text text);
void tarn__builder_add_bytes(struct tarn_text_builder *builder, const void *bytes, size_t size);
/** A terminated string. */
void tarn__builder_add_str(struct tarn_text_builder *builder, const char *text);
void tarn__builder_add_char(struct tarn_text_builder *builder, char c);
void tarn__builder_add_repeat(struct tarn_text_builder *builder, char c, size_t count);
void tarn__builder_add_int64(struct tarn_text_builder *builder, int64_t value);
void tarn__builder_add_uint64(struct tarn_text_builder *builder, uint64_t value);
/** With zeros in front up to `width` digits. */
void tarn__builder_add_uint_padded(struct tarn_text_builder *builder, uint64_t value, unsigned width);
/** As tarn__double_print; `words` NULL: nan inf -inf. */
void tarn__builder_add_double(struct tarn_text_builder *builder, double value, const struct tarn_float_words *words);
void tarn__builder_add_float(struct tarn_text_builder *builder, float value, const struct tarn_float_words *words);
/** Two lower-case digits a byte and a NUL: `to` has room for 2 * bytes.size + 1. */
void tarn__hex_print(struct tarn_span bytes, char *to);
/** Two lower-case digits a byte, without prefix. */
void tarn__builder_add_hex(struct tarn_text_builder *builder, struct tarn_span bytes);
/** A code point; U+FFFD for what is none. */
void tarn__builder_add_point(struct tarn_text_builder *builder, uint32_t point);

/** The text so far; valid until the next addition. */
static inline struct tarn_text tarn__builder_text(const struct tarn_text_builder *builder)
{
    return (struct tarn_text){builder->data, builder->size};
}

/** OK, or the error of the allocation that failed. */
TARN_WARN_UNUSED enum tarn_status tarn__builder_status(const struct tarn_text_builder *builder, struct tarn_error *err);
/** Hands the text over with a terminator behind (free with tarn__free); the builder is empty again. NULL: no memory. */
char *tarn__builder_take(struct tarn_text_builder *builder, size_t *size);

#endif
