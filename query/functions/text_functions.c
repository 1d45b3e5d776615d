/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions of texts. Positions and lengths count characters (code points), from 1. SPEC: Q-TEXT-1 to Q-TEXT-3.
 */
#include <math.h>

#include "format/base/checked.h"
#include "format/base/utf8.h"
#include "format/batch/vector_builder.h"
#include "query/functions/function.h"

enum { MAX_TEXT = 1 << 30 };

/* What a function of texts appends for one row that has no null argument. */
typedef enum tarn_status (*append_row)(struct tarn__call *call, uint32_t row, struct tarn_text_builder *scratch);

/* Runs `append` for every row without nulls; `scratch` becomes the row's text. */
static enum tarn_status texts(struct tarn__call *call, append_row append, struct tarn_vector **out)
{
    struct tarn_vector_builder *builder = NULL;
    struct tarn_text_builder scratch;
    struct tarn_buffer *validity = NULL;
    enum tarn_status status = TARN_OK;

    if ((tarn__function_find(call->node->function)->flags & TARN__FUNCTION_SEES_NULLS) == 0) {
        TARN_RETURN_IF_ERROR(tarn__call_validity(call, &validity));
    }
    tarn__builder_init(&scratch, call->env);
    status = tarn__vector_builder_open(call->env, call->node->type, &builder, call->err);
    for (uint32_t i = 0; status == TARN_OK && i < call->rows; i++) {
        if (!tarn__row_valid(validity, i)) {
            tarn__vector_builder_null(builder);
            continue;
        }
        tarn__builder_clear(&scratch);
        status = append(call, i, &scratch);
        if (status == TARN_OK) {
            status = tarn__builder_status(&scratch, call->err);
            tarn__vector_builder_text(builder, tarn__builder_text(&scratch));
        }
    }
    status = status == TARN_OK ? tarn__vector_builder_finish(builder, out, call->err) : status;
    tarn__vector_builder_close_all(builder);
    tarn__builder_free(&scratch);
    tarn__buffer_release(validity);
    return status;
}

static struct tarn_text text_at(const struct tarn__call *call, uint32_t arg, uint32_t row)
{
    return tarn__operand_text(&call->operands[arg], row);
}

static int64_t integer_at(const struct tarn__call *call, uint32_t arg, uint32_t row)
{
    return (int64_t)tarn__operand_i128_at(&call->operands[arg], row);
}

/* Integers of texts: `measure` for every row without nulls. */
static enum tarn_status numbers(struct tarn__call *call, int64_t (*measure)(const struct tarn__call *call, uint32_t row),
                                struct tarn_vector **out)
{
    struct tarn_buffer *validity;
    uint32_t bad;
    TARN_RETURN_IF_ERROR(tarn__call_validity(call, &validity));
    int64_t *to = tarn__calloc(call->env, (size_t)call->rows + 1, sizeof(int64_t));
    if (to == NULL) {
        tarn__buffer_release(validity);
        return tarn__call_nomem(call);
    }
    for (uint32_t i = 0; i < call->rows; i++) {
        to[i] = tarn__row_valid(validity, i) ? measure(call, i) : 0;
    }
    const enum tarn_status status = tarn__call_integers(call, to, validity, &bad, out);
    tarn__free(call->env, to);
    return status;
}

static enum tarn_status tests(struct tarn__call *call, bool (*test)(const struct tarn__call *call, uint32_t row), struct tarn_vector **out)
{
    struct tarn_buffer *validity;
    TARN_RETURN_IF_ERROR(tarn__call_validity(call, &validity));
    struct tarn_buffer *bits = tarn__buffer_new_zeroed(call->env, tarn__bits_bytes(call->rows));
    for (uint32_t i = 0; bits != NULL && i < call->rows; i++) {
        if (tarn__row_valid(validity, i)) {
            tarn__bit_put(bits->data, i, test(call, i));
        }
    }
    return tarn__call_bits(call, bits, validity, out);
}

/* ---- length, strlen, ascii ---- */

static int64_t measure_text(const struct tarn__call *call, uint32_t row)
{
    const struct tarn_text text = text_at(call, 0, row);
    uint32_t point = 0;
    switch (call->parameter) {
    case 0:
        return (int64_t)tarn__utf8_count(text);
    case 1:
        return (int64_t)text.size;
    default:
        return text.size != 0 && tarn__utf8_decode(text, 0, &point) != 0 ? (int64_t)point : 0;
    }
}

enum tarn_status tarn__run_text_length(struct tarn__call *call, struct tarn_vector **out)
{
    return numbers(call, measure_text, out);
}

/* The byte where `needle` begins in `text`, from `from` on; SIZE_MAX: nowhere. */
static size_t find(struct tarn_text text, struct tarn_text needle, size_t from)
{
    if (needle.size == 0) {
        return from <= text.size ? from : SIZE_MAX;
    }
    if (from > text.size || text.size - from < needle.size) {
        return SIZE_MAX;
    }
    const char *found = memmem(text.data + from, text.size - from, needle.data, needle.size);
    return found != NULL ? (size_t)(found - text.data) : SIZE_MAX;
}

static int64_t measure_position(const struct tarn__call *call, uint32_t row)
{
    const struct tarn_text text = text_at(call, 0, row);
    const size_t at = find(text, text_at(call, 1, row), 0);
    return at == SIZE_MAX ? 0 : (int64_t)tarn__utf8_count((struct tarn_text){text.data, at}) + 1;
}

enum tarn_status tarn__run_text_position(struct tarn__call *call, struct tarn_vector **out)
{
    return numbers(call, measure_position, out);
}

static bool test_text(const struct tarn__call *call, uint32_t row)
{
    const struct tarn_text text = text_at(call, 0, row);
    const struct tarn_text part = text_at(call, 1, row);
    return call->parameter == 0   ? tarn__text_starts(text, part)
           : call->parameter == 1 ? tarn__text_ends(text, part)
                                  : find(text, part, 0) != SIZE_MAX;
}

enum tarn_status tarn__run_text_test(struct tarn__call *call, struct tarn_vector **out)
{
    return tests(call, test_text, out);
}

/* ---- upper, lower, reverse ---- */

static enum tarn_status append_mapped(struct tarn__call *call, uint32_t row, struct tarn_text_builder *scratch)
{
    const struct tarn_text text = text_at(call, 0, row);
    char *to = tarn__builder_reserve(scratch, text.size * 2 + 1);
    if (to == NULL) {
        return TARN_OK; /* the builder has failed and says so */
    }
    if (call->parameter == 0) {
        scratch->size += tarn__utf8_upper(text, to);
    } else if (call->parameter == 1) {
        scratch->size += tarn__utf8_lower(text, to);
    } else {
        size_t end = text.size;
        for (size_t at = 0; at < text.size;) {
            uint32_t point;
            const size_t size = tarn__utf8_decode(text, at, &point);
            const size_t bytes = size != 0 ? size : 1;
            end -= bytes;
            memcpy(to + end, text.data + at, bytes);
            at += bytes;
        }
        scratch->size += text.size;
    }
    return TARN_OK;
}

enum tarn_status tarn__run_text_map(struct tarn__call *call, struct tarn_vector **out)
{
    return texts(call, append_mapped, out);
}

/* ---- trim ---- */

static bool is_among(struct tarn_text set, const char *character, size_t size)
{
    return find(set, (struct tarn_text){character, size}, 0) != SIZE_MAX;
}

static enum tarn_status append_trimmed(struct tarn__call *call, uint32_t row, struct tarn_text_builder *scratch)
{
    const struct tarn_text set = call->count > 1 ? text_at(call, 1, row) : TARN_TEXT(" ");
    const struct tarn_text text = text_at(call, 0, row);
    size_t begin = 0;
    size_t end = text.size;
    uint32_t point;
    while ((call->parameter & 1) != 0 && begin < end) {
        const size_t size = tarn__utf8_decode(text, begin, &point);
        if (!is_among(set, text.data + begin, size != 0 ? size : 1)) {
            break;
        }
        begin += size != 0 ? size : 1;
    }
    while ((call->parameter & 2) != 0 && end > begin) {
        size_t last = end - 1;
        while (last > begin && ((unsigned char)text.data[last] & 0xc0u) == 0x80u) {
            last--;
        }
        if (!is_among(set, text.data + last, end - last)) {
            break;
        }
        end = last;
    }
    tarn__builder_add_bytes(scratch, text.data + begin, end - begin);
    return TARN_OK;
}

enum tarn_status tarn__run_trim(struct tarn__call *call, struct tarn_vector **out)
{
    return texts(call, append_trimmed, out);
}

/* ---- substr, left, right ---- */

/* Characters [from, to) of a text; both may lie outside. */
static void append_range(struct tarn_text_builder *scratch, struct tarn_text text, int64_t from, int64_t to)
{
    from = from < 0 ? 0 : from;
    if (to <= from) {
        return;
    }
    const size_t begin = tarn__utf8_offset(text, (size_t)from);
    const struct tarn_text rest = {text.data + begin, text.size - begin};
    tarn__builder_add_bytes(scratch, rest.data, tarn__utf8_offset(rest, (size_t)(to - from)));
}

static enum tarn_status append_substring(struct tarn__call *call, uint32_t row, struct tarn_text_builder *scratch)
{
    const struct tarn_text text = text_at(call, 0, row);
    const int64_t count = (int64_t)tarn__utf8_count(text);
    const int64_t n = integer_at(call, 1, row);
    int64_t from = 0;
    int64_t to = count;
    if (call->parameter == 1) { /* left: a negative number leaves so many at the end */
        to = n >= 0 ? n : n < -count ? 0 : count + n;
    } else if (call->parameter == 2) {
        from = n >= 0 ? (n > count ? 0 : count - n) : n < -count ? count : -n;
    } else {
        from = n > 0 ? n - 1 : n == 0 ? -1 : count + n; /* from the end when negative, from before the text too */
        if (call->count > 2) {
            const int64_t length = integer_at(call, 2, row);
            if (!tarn__add(from, length, &to)) {
                to = length < 0 ? INT64_MIN : count;
            }
            if (length < 0) { /* the characters before, as DuckDB has it */
                const int64_t end = from;
                from = to;
                to = end;
            }
        }
    }
    append_range(scratch, text, from, to > count ? count : to);
    return TARN_OK;
}

enum tarn_status tarn__run_substring(struct tarn__call *call, struct tarn_vector **out)
{
    return texts(call, append_substring, out);
}

/* ---- replace, concat, split_part, pad, repeat, chr ---- */

static enum tarn_status append_replaced(struct tarn__call *call, uint32_t row, struct tarn_text_builder *scratch)
{
    const struct tarn_text text = text_at(call, 0, row);
    const struct tarn_text from = text_at(call, 1, row);
    const struct tarn_text to = text_at(call, 2, row);
    size_t at = 0;
    while (from.size != 0) {
        const size_t next = find(text, from, at);
        if (next == SIZE_MAX) {
            break;
        }
        tarn__builder_add_bytes(scratch, text.data + at, next - at);
        tarn__builder_add(scratch, to);
        at = next + from.size;
    }
    tarn__builder_add_bytes(scratch, text.data + at, text.size - at);
    return TARN_OK;
}

enum tarn_status tarn__run_replace(struct tarn__call *call, struct tarn_vector **out)
{
    return texts(call, append_replaced, out);
}

/* concat and concat_ws skip nulls (a null separator counts as empty); || has no nulls here. */
static enum tarn_status append_joined(struct tarn__call *call, uint32_t row, struct tarn_text_builder *scratch)
{
    const bool separated = call->parameter == 1;
    bool first = true;
    for (uint32_t i = separated ? 1 : 0; i < call->count; i++) {
        if (tarn__operand_null(&call->operands[i], row)) {
            continue;
        }
        if (!first && separated && !tarn__operand_null(&call->operands[0], row)) {
            tarn__builder_add(scratch, text_at(call, 0, row));
        }
        first = false;
        tarn__row_text(scratch, call->args[i], row, TARN_STYLE_SQL);
    }
    return TARN_OK;
}

enum tarn_status tarn__run_concat(struct tarn__call *call, struct tarn_vector **out)
{
    return texts(call, append_joined, out);
}

static enum tarn_status append_split(struct tarn__call *call, uint32_t row, struct tarn_text_builder *scratch)
{
    const struct tarn_text text = text_at(call, 0, row);
    const struct tarn_text separator = text_at(call, 1, row);
    int64_t wanted = integer_at(call, 2, row);
    int64_t parts = 1;
    size_t at = 0;
    if (separator.size == 0) {
        if (wanted == 1 || wanted == -1) {
            tarn__builder_add(scratch, text);
        }
        return TARN_OK;
    }
    for (size_t next = find(text, separator, 0); next != SIZE_MAX; next = find(text, separator, next + separator.size)) {
        parts++;
    }
    wanted = wanted < 0 ? (wanted < -parts ? 0 : parts + wanted + 1) : wanted;
    for (int64_t part = 1; part <= parts; part++) {
        const size_t next = find(text, separator, at);
        const size_t end = next == SIZE_MAX ? text.size : next;
        if (part == wanted) {
            tarn__builder_add_bytes(scratch, text.data + at, end - at);
            break;
        }
        at = end + separator.size;
    }
    return TARN_OK;
}

enum tarn_status tarn__run_split_part(struct tarn__call *call, struct tarn_vector **out)
{
    return texts(call, append_split, out);
}

static enum tarn_status too_long(const struct tarn__call *call)
{
    return tarn__call_invalid(call, "text_size", "the text would be longer than 2^30 bytes");
}

static enum tarn_status append_padded(struct tarn__call *call, uint32_t row, struct tarn_text_builder *scratch)
{
    const struct tarn_text text = text_at(call, 0, row);
    const int64_t width = integer_at(call, 1, row);
    const struct tarn_text pad = text_at(call, 2, row);
    const int64_t count = (int64_t)tarn__utf8_count(text);
    if (width > MAX_TEXT / 4) {
        return too_long(call);
    }
    if (width <= count) {
        append_range(scratch, text, 0, width);
        return TARN_OK;
    }
    if (pad.size == 0) {
        return tarn__call_invalid(call, "pad", "the padding text is empty");
    }
    if (call->parameter == 1) {
        tarn__builder_add(scratch, text);
    }
    const int64_t pad_count = (int64_t)tarn__utf8_count(pad);
    for (int64_t left = width - count; left > 0; left -= pad_count) {
        append_range(scratch, pad, 0, left < pad_count ? left : pad_count);
    }
    if (call->parameter == 0) {
        tarn__builder_add(scratch, text);
    }
    return TARN_OK;
}

enum tarn_status tarn__run_pad(struct tarn__call *call, struct tarn_vector **out)
{
    return texts(call, append_padded, out);
}

static enum tarn_status append_repeated(struct tarn__call *call, uint32_t row, struct tarn_text_builder *scratch)
{
    const struct tarn_text text = text_at(call, 0, row);
    const int64_t times = integer_at(call, 1, row);
    if (times > 0 && text.size != 0 && times > MAX_TEXT / (int64_t)text.size) {
        return too_long(call);
    }
    for (int64_t i = 0; i < times && text.size != 0; i++) {
        tarn__builder_add(scratch, text);
    }
    return TARN_OK;
}

enum tarn_status tarn__run_repeat(struct tarn__call *call, struct tarn_vector **out)
{
    return texts(call, append_repeated, out);
}

static enum tarn_status append_character(struct tarn__call *call, uint32_t row, struct tarn_text_builder *scratch)
{
    const int64_t point = integer_at(call, 0, row);
    char bytes[4];
    const size_t size = point >= 0 && point <= 0x10ffff ? tarn__utf8_encode((uint32_t)point, bytes) : 0;
    if (size == 0) {
        return tarn__call_invalid(call, "code_point", "%lld is no character's number", (long long)point);
    }
    tarn__builder_add_bytes(scratch, bytes, size);
    return TARN_OK;
}

enum tarn_status tarn__run_chr(struct tarn__call *call, struct tarn_vector **out)
{
    return texts(call, append_character, out);
}
