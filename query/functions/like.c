/* SPDX-License-Identifier: Apache-2.0
 *
 * LIKE and ILIKE. SPEC: Q-LIKE-1 to Q-LIKE-3.
 *
 * Invariant: a % matches as little as it can; on failure only the last % is moved on, since whatever a former one could still take, the
 * last one can take as well.
 */
#include "query/functions/like.h"

#include "format/base/utf8.h"
#include "query/functions/function.h"

static size_t character_size(struct tarn_text text, size_t at)
{
    uint32_t point;
    const size_t size = tarn__utf8_decode(text, at, &point);
    return size != 0 ? size : 1;
}

static bool at_escape(struct tarn_text pattern, size_t at, struct tarn_text escape)
{
    return escape.size != 0 && pattern.size - at >= escape.size && memcmp(pattern.data + at, escape.data, escape.size) == 0;
}

bool tarn__like(struct tarn_text text, struct tarn_text pattern, struct tarn_text escape)
{
    size_t t = 0;
    size_t p = 0;
    size_t star_p = SIZE_MAX; /* behind the last % */
    size_t star_t = 0;        /* where what it takes ends */
    while (t < text.size) {
        size_t literal = p;
        bool matches = false;
        if (p < pattern.size) {
            const bool escaped = at_escape(pattern, p, escape) && pattern.size - p > escape.size;
            literal += escaped ? escape.size : 0;
            if (!escaped && pattern.data[p] == '%') {
                star_p = ++p;
                star_t = t;
                continue;
            }
            const size_t size = character_size(pattern, literal);
            if (!escaped && pattern.data[p] == '_') {
                matches = true;
                p = literal + 1;
                t += character_size(text, t);
            } else if (text.size - t >= size && memcmp(text.data + t, pattern.data + literal, size) == 0) {
                matches = true;
                p = literal + size;
                t += size;
            }
        }
        if (!matches) {
            if (star_p == SIZE_MAX) {
                return false;
            }
            star_t += character_size(text, star_t);
            t = star_t;
            p = star_p;
        }
    }
    while (p < pattern.size && pattern.data[p] == '%' && !at_escape(pattern, p, escape)) {
        p++;
    }
    return p == pattern.size;
}

bool tarn__like_is_broken(struct tarn_text pattern, struct tarn_text escape)
{
    for (size_t at = 0; at < pattern.size;) {
        if (at_escape(pattern, at, escape)) {
            at += escape.size;
            if (at >= pattern.size) {
                return true;
            }
        }
        at += character_size(pattern, at);
    }
    return false;
}

struct tarn_text tarn__like_prefix(struct tarn_text pattern, struct tarn_text escape, bool *exact, bool *rest_is_percent)
{
    size_t at = 0;
    while (at < pattern.size && pattern.data[at] != '%' && pattern.data[at] != '_' && !at_escape(pattern, at, escape)) {
        at++;
    }
    *exact = at == pattern.size;
    *rest_is_percent = at + 1 == pattern.size && pattern.data[at] == '%' && !at_escape(pattern, at, escape);
    return (struct tarn_text){pattern.data, at};
}

/* Lower-case copies for ILIKE. */
struct folded {
    struct tarn_text_builder text;
    struct tarn_text_builder pattern;
};

static struct tarn_text fold(struct tarn_text_builder *builder, struct tarn_text text)
{
    tarn__builder_clear(builder);
    char *to = tarn__builder_reserve(builder, text.size * 2 + 1);
    if (to != NULL) {
        builder->size += tarn__utf8_lower(text, to);
    }
    return tarn__builder_text(builder);
}

static enum tarn_status match_rows(struct tarn__call *call, const struct tarn_buffer *validity, uint8_t *bits, struct folded *folded)
{
    const bool caseless = call->parameter != 0;
    for (uint32_t i = 0; i < call->rows; i++) {
        if (!tarn__row_valid(validity, i)) {
            continue;
        }
        struct tarn_text text = tarn__operand_text(&call->operands[0], i);
        struct tarn_text pattern = tarn__operand_text(&call->operands[1], i);
        const struct tarn_text escape = call->count > 2 ? tarn__operand_text(&call->operands[2], i) : (struct tarn_text){NULL, 0};
        if (escape.size != 0 && character_size(escape, 0) != escape.size) {
            return tarn__call_invalid(call, "escape", "the ESCAPE text must be one character");
        }
        if (tarn__like_is_broken(pattern, escape)) {
            return tarn__call_invalid(call, "escape", "the LIKE pattern ends with its escape character");
        }
        if (caseless) {
            text = fold(&folded->text, text);
            pattern = fold(&folded->pattern, pattern);
            TARN_RETURN_IF_ERROR(tarn__builder_status(&folded->text, call->err));
            TARN_RETURN_IF_ERROR(tarn__builder_status(&folded->pattern, call->err));
        }
        tarn__bit_put(bits, i, tarn__like(text, pattern, escape));
    }
    return TARN_OK;
}

enum tarn_status tarn__run_like(struct tarn__call *call, struct tarn_vector **out)
{
    struct tarn_buffer *validity;
    struct folded folded;
    TARN_RETURN_IF_ERROR(tarn__call_validity(call, &validity));
    struct tarn_buffer *bits = tarn__buffer_new_zeroed(call->env, tarn__bits_bytes(call->rows));
    tarn__builder_init(&folded.text, call->env);
    tarn__builder_init(&folded.pattern, call->env);
    enum tarn_status status = bits != NULL ? match_rows(call, validity, bits->data, &folded) : tarn__call_nomem(call);
    if (status == TARN_OK) {
        status = tarn__call_bits(call, bits, validity, out);
    } else {
        tarn__buffer_release(bits);
        tarn__buffer_release(validity);
    }
    tarn__builder_free(&folded.text);
    tarn__builder_free(&folded.pattern);
    return status;
}
