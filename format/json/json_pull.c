/* SPDX-License-Identifier: Apache-2.0
 *
 * The JSON pull parser (RFC 8259).
 *
 * Invariants
 *  1. Between calls `at` stands behind the last event's token, and `expect` says what may come: the two, the depth and one bit a
 *     level are the whole state.
 *  2. Nothing is read before it is known to lie before `end`; nothing is written to the text.
 *  3. A string is checked whole (end, control characters, UTF-8) before it is decoded, so decoding never meets the end of the text.
 *  4. A decoded string is no longer than the text it is made from: one reservation, with room for whole steps of copying, is enough.
 */
#include "format/json/json_pull.h"

#include <stdarg.h>
#include <stdio.h>

#include "format/base/utf8.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum expect {
    EXPECT_VALUE,  /* a value: at the begin, behind a key */
    EXPECT_FIRST,  /* a key or value, or the end of the object or array just begun */
    EXPECT_BEHIND, /* a comma or the end of the object or array; at the top: the end of the text */
};

enum { DEFAULT_DEPTH = 128 };

static enum tarn_status fail_va(const struct tarn_json *json, const char *at, struct tarn_error *err, enum tarn_status status,
                                const char *detail, const char *format, va_list args)
{
    char what[256];
    vsnprintf(what, sizeof(what), format, args);
    tarn__error_set(err, status, detail, "JSON: %s", what);
    tarn__error_at_offset(err, json->options.base + (uint64_t)(at - json->begin));
    return status;
}

static enum tarn_status fail_at(const struct tarn_json *json, const char *at, struct tarn_error *err, const char *detail,
                                const char *format, ...) TARN_PRINTF(5, 6);

static enum tarn_status fail_at(const struct tarn_json *json, const char *at, struct tarn_error *err, const char *detail,
                                const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const enum tarn_status status = fail_va(json, at, err, json->options.failure, detail, format, args);
    va_end(args);
    return status;
}

enum tarn_status tarn__json_fail(const struct tarn_json *json, struct tarn_error *err, const char *detail, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const enum tarn_status status = fail_va(json, json->begin + json->offset, err, json->options.failure, detail, format, args);
    va_end(args);
    return status;
}

static enum tarn_status fail_truncated(const struct tarn_json *json, const char *what, struct tarn_error *err)
{
    return fail_at(json, json->end, err, "json.truncated", "the text ends where %s is due", what);
}

/* Something else stands where `what` is due. */
static enum tarn_status fail_syntax(const struct tarn_json *json, const char *what, struct tarn_error *err)
{
    if (json->at == json->end) {
        return fail_truncated(json, what, err);
    }
    const unsigned char found = (unsigned char)*json->at;
    if (found > ' ' && found < 0x7f) {
        return fail_at(json, json->at, err, "json.syntax", "'%c' where %s is due", found, what);
    }
    return fail_at(json, json->at, err, "json.syntax", "byte 0x%02x where %s is due", found, what);
}

void tarn__json_open(struct tarn_json *json, const struct tarn_json_pull_options *options, struct tarn_text text)
{
    memset(json, 0, sizeof(*json));
    json->options = *options;
    if (json->options.max_depth == 0) {
        json->options.max_depth = DEFAULT_DEPTH;
    } else if (json->options.max_depth > TARN_JSON_MOST_DEPTH) {
        json->options.max_depth = TARN_JSON_MOST_DEPTH;
    }
    if (json->options.env == NULL && json->options.arena != NULL) {
        json->options.env = json->options.arena->env;
    }
    tarn__builder_init(&json->scratch, json->options.env);
    tarn__json_reopen(json, text, options->base);
}

void tarn__json_reopen(struct tarn_json *json, struct tarn_text text, uint64_t base)
{
    json->options.base = base;
    json->begin = text.size != 0 ? text.data : "";
    json->at = json->begin;
    json->end = json->begin + text.size;
    json->text = (struct tarn_text){NULL, 0};
    json->offset = 0;
    json->event = TARN_JSON_END;
    json->depth = 0;
    json->expect = EXPECT_VALUE;
    json->skipping = false;
}

void tarn__json_close(struct tarn_json *json)
{
    tarn__builder_free(&json->scratch);
}

static void skip_space(struct tarn_json *json)
{
    while (json->at < json->end && (*json->at == ' ' || *json->at == '\n' || *json->at == '\r' || *json->at == '\t')) {
        json->at++;
    }
}

/* ---- strings ---- */

#if defined(__SSE2__)

enum { STEP = 16 };

/* One bit a byte: quotes, backslashes and control characters; *tops: bytes of 0x80 and above. */
static unsigned special_bytes(const char *at, unsigned *tops)
{
    const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
    const __m128i quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    const __m128i slashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    const __m128i controls = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(' ' - 1)), bytes);
    *tops = (unsigned)_mm_movemask_epi8(bytes);
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quotes, slashes), controls));
}

#else

enum { STEP = 8 };

/* The top bit of each byte as one bit. */
static unsigned gather_tops(uint64_t word)
{
    return (unsigned)((word >> 7 & 0x0101010101010101u) * 0x0102040810204080u >> 56);
}

/* The same for eight bytes: a byte minus one (or ' ') borrows into its top bit. Beside the first hit, what is set may be a borrow. */
static unsigned special_bytes(const char *at, unsigned *tops)
{
    const uint64_t ones = 0x0101010101010101u;
    const uint64_t word = tarn__load64(at);
    const uint64_t quotes = word ^ ones * '"';
    const uint64_t slashes = word ^ ones * '\\';
    *tops = gather_tops(word);
    return gather_tops(((quotes - ones) & ~quotes) | ((slashes - ones) & ~slashes) | ((word - ones * ' ') & ~word));
}

#endif

/* Four hex digits at `at`, which lie before the closing quote when `last` does; -1 when they are none. */
static int32_t hex4(const char *at, const char *last)
{
    int32_t value = 0;
    if (last - at < 4) {
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        const int digit = tarn__hex_value(at[i]);
        if (digit < 0) {
            return -1;
        }
        value = value << 4 | digit;
    }
    return value;
}

/* The character that `\uXXXX` (or a pair of them) at `at` stands for; its length in the text, 0 when it is none. */
static size_t take_unicode_escape(const char *at, const char *last, uint32_t *point)
{
    const int32_t unit = hex4(at + 2, last);
    if (unit < 0 || (unit >= 0xdc00 && unit <= 0xdfff)) {
        return 0;
    }
    *point = (uint32_t)unit;
    if (unit < 0xd800 || unit > 0xdfff) {
        return 6;
    }
    const int32_t low = last - at >= 12 && at[6] == '\\' && at[7] == 'u' ? hex4(at + 8, last) : -1;
    if (low < 0xdc00 || low > 0xdfff) {
        return 0;
    }
    *point = 0x10000 + (((uint32_t)unit - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
    return 12;
}

/* What the letter behind a backslash stands for; 0: not that alone. */
static char simple_escape(char c)
{
    static const char escapes[128] = {
        ['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t',
    };
    return (signed char)c >= 0 ? escapes[(unsigned char)c] : '\0';
}

/* Copies up to the first escape in [at, last) or all; returns how many bytes. May write up to STEP bytes more than that. */
static size_t copy_plain(const char *at, const char *last, char *out)
{
    const char *begin = at;
    while (last - at >= STEP) {
        unsigned tops;
        memcpy(out, at, STEP);
        const unsigned hits = special_bytes(at, &tops);
        if (hits != 0) {
            return (size_t)(at - begin) + (unsigned)__builtin_ctz(hits);
        }
        at += STEP;
        out += STEP;
    }
    while (at < last && *at != '\\') {
        *out++ = *at++;
    }
    return (size_t)(at - begin);
}

static size_t plain_size(const char *at, const char *last)
{
    const char *slash = memchr(at, '\\', (size_t)(last - at));
    return (size_t)((slash != NULL ? slash : last) - at);
}

/*
 * Decodes [at, last) to `out`, which has room for STEP bytes more. Returns the length, or SIZE_MAX with *bad at the escape that is
 * none. `out` NULL: checks only, the length means nothing.
 */
static size_t decode_string(const char *at, const char *last, char *out, const char **bad)
{
    char discarded[STEP];
    size_t size = 0;
    for (;;) {
        const size_t plain = out != NULL ? copy_plain(at, last, out + size) : plain_size(at, last);
        at += plain;
        size += out != NULL ? plain : 0;
        if (at == last) {
            return size;
        }
        char *to = out != NULL ? out + size : discarded;
        *to = simple_escape(at[1]); /* the closing quote follows at the latest: at[1] is there */
        size_t made = 1;
        size_t taken = 2;
        if (*to == '\0') {
            uint32_t point;
            taken = at[1] == 'u' ? take_unicode_escape(at, last, &point) : 0;
            if (taken == 0) {
                *bad = at;
                return SIZE_MAX;
            }
            made = tarn__utf8_encode(point, to);
        }
        size += out != NULL ? made : 0;
        at += taken;
    }
}

/* A string with escapes between `first` and the quote at `last`. */
static enum tarn_status take_escaped(struct tarn_json *json, const char *first, const char *last, struct tarn_error *err)
{
    const size_t most = (size_t)(last - first) + STEP;
    const char *bad = first;
    char *out = NULL;
    if (!json->skipping) {
        tarn__builder_clear(&json->scratch);
        out = json->options.arena != NULL ? tarn__arena_alloc(json->options.arena, most) : tarn__builder_reserve(&json->scratch, most);
        if (out == NULL) {
            return tarn__nomem(json->options.env, err, json->scratch.failed ? json->scratch.refused : most);
        }
    }
    const size_t size = decode_string(first, last, out, &bad);
    if (size == SIZE_MAX) {
        return fail_at(json, bad, err, "json.escape", "an escape that JSON does not know, or half of a surrogate pair");
    }
    json->text = (struct tarn_text){out, size};
    return TARN_OK;
}

/* What was seen on the way through a string. */
struct seen {
    bool escape;
    bool high; /* a byte of 0x80 or above */
};

/*
 * The closing quote from `at` on; or the control character that must not be there; or `end`. The byte behind a backslash is passed
 * over: decoding looks at it.
 */
static const char *find_quote(const char *at, const char *end, struct seen *seen)
{
    while (end - at > STEP) {
        unsigned tops;
        unsigned hits = special_bytes(at, &tops);
        size_t step = STEP;
        while (hits != 0) {
            const unsigned place = (unsigned)__builtin_ctz(hits);
            const unsigned char c = (unsigned char)at[place];
            if (c == '\\') {
                seen->escape = true;
                seen->high |= (unsigned char)at[place + 1] >= 0x80;
                step = place + 2 > STEP ? place + 2 : STEP;
                hits &= ~(3u << place);
            } else if (c == '"' || c < ' ') {
                seen->high |= (tops & ((1u << place) - 1)) != 0;
                return at + place;
            } else {
                hits &= hits - 1; /* a borrow, see special_bytes */
            }
        }
        seen->high |= tops != 0;
        at += step;
    }
    while (at < end && *at != '"' && (unsigned char)*at >= ' ') {
        const size_t step = *at == '\\' && end - at > 1 ? 2 : 1;
        seen->escape |= *at == '\\';
        seen->high |= (unsigned char)at[0] >= 0x80 || (unsigned char)at[step - 1] >= 0x80;
        at += step;
    }
    return at;
}

/* The string whose opening quote is at `at`; `at` goes behind its closing one. */
static enum tarn_status take_string(struct tarn_json *json, struct tarn_error *err)
{
    struct seen seen = {false, false};
    const char *first = json->at + 1;
    const char *last = find_quote(first, json->end, &seen);
    if (last == json->end) {
        return fail_truncated(json, "the end of a string", err);
    }
    if (*last != '"') {
        return fail_at(json, last, err, "json.string", "control character 0x%02x in a string: it must be escaped", (unsigned char)*last);
    }
    json->text = (struct tarn_text){first, (size_t)(last - first)};
    if (seen.high) {
        const size_t good = tarn__utf8_check(json->text);
        if (good != json->text.size) {
            return fail_at(json, first + good, err, "json.utf8", "byte 0x%02x in a string is not UTF-8", (unsigned char)first[good]);
        }
    }
    if (seen.escape) {
        TARN_RETURN_IF_ERROR(take_escaped(json, first, last, err));
    }
    json->at = last + 1;
    return TARN_OK;
}

/* ---- numbers and words ---- */

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && tarn__is_digit(*at)) {
        at++;
    }
    return at;
}

/* -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)? */
static enum tarn_status take_number(struct tarn_json *json, struct tarn_error *err)
{
    const char *end = json->end;
    const char *at = json->at + (*json->at == '-');
    const char *digits = at;
    bool good;

    at = skip_digits(at, end);
    good = at > digits && (*digits != '0' || at == digits + 1);
    if (good && at < end && *at == '.') {
        digits = ++at;
        at = skip_digits(at, end);
        good = at > digits;
    }
    if (good && at < end && (*at == 'e' || *at == 'E')) {
        at++;
        at += at < end && (*at == '+' || *at == '-');
        digits = at;
        at = skip_digits(at, end);
        good = at > digits;
    }
    if (!good) {
        return at == end && at == digits ? fail_truncated(json, "a digit", err)
                                         : fail_at(json, json->at, err, "json.number", "not a number as JSON has them");
    }
    json->text = (struct tarn_text){json->at, (size_t)(at - json->at)};
    json->at = at;
    return TARN_OK;
}

static enum tarn_status take_word(struct tarn_json *json, const char *word, size_t size, struct tarn_error *err)
{
    if ((size_t)(json->end - json->at) < size || memcmp(json->at, word, size) != 0) {
        return fail_at(json, json->at, err, "json.syntax", "a word that is not true, false or null");
    }
    json->at += size;
    return TARN_OK;
}

/* ---- structure ---- */

static bool inside_object(const struct tarn_json *json)
{
    const uint32_t level = json->depth - 1;
    return json->depth != 0 && (json->is_object[level / 64] >> (level % 64) & 1) != 0;
}

static enum tarn_status begin(struct tarn_json *json, bool object, enum tarn_json_event *event, struct tarn_error *err)
{
    const uint32_t level = json->depth;
    if (level == json->options.max_depth) {
        tarn__error_set(err, TARN_LIMIT, "json.depth", "JSON: nested deeper than %u levels", json->options.max_depth);
        tarn__error_at_offset(err, json->options.base + json->offset);
        return TARN_LIMIT;
    }
    const uint64_t bit = (uint64_t)1 << (level % 64);
    uint64_t *word = &json->is_object[level / 64];
    *word = object ? *word | bit : *word & ~bit;
    json->depth++;
    json->at++;
    json->expect = EXPECT_FIRST;
    *event = object ? TARN_JSON_OBJECT_BEGIN : TARN_JSON_ARRAY_BEGIN;
    return TARN_OK;
}

static enum tarn_status take_value(struct tarn_json *json, enum tarn_json_event *event, struct tarn_error *err)
{
    const char c = json->at < json->end ? *json->at : '\0';
    json->offset = (size_t)(json->at - json->begin);
    if (c == '{' || c == '[') {
        return begin(json, c == '{', event, err);
    }
    enum tarn_status status;
    if (c == '"') {
        status = take_string(json, err);
        *event = TARN_JSON_STRING;
    } else if (c == '-' || tarn__is_digit(c)) {
        status = take_number(json, err);
        *event = TARN_JSON_NUMBER;
    } else if (c == 't') {
        status = take_word(json, "true", 4, err);
        *event = TARN_JSON_TRUE;
    } else if (c == 'f') {
        status = take_word(json, "false", 5, err);
        *event = TARN_JSON_FALSE;
    } else if (c == 'n') {
        status = take_word(json, "null", 4, err);
        *event = TARN_JSON_NULL;
    } else {
        status = fail_syntax(json, "a value", err);
    }
    if (status == TARN_OK) {
        json->expect = EXPECT_BEHIND;
    }
    return status;
}

static enum tarn_status take_key(struct tarn_json *json, enum tarn_json_event *event, struct tarn_error *err)
{
    if (json->at == json->end || *json->at != '"') {
        return fail_syntax(json, "a key", err);
    }
    json->offset = (size_t)(json->at - json->begin);
    TARN_RETURN_IF_ERROR(take_string(json, err));
    skip_space(json);
    if (json->at == json->end || *json->at != ':') {
        return fail_syntax(json, "':'", err);
    }
    json->at++;
    json->expect = EXPECT_VALUE;
    *event = TARN_JSON_KEY;
    return TARN_OK;
}

/* Inside an object or array, at something else than a comma that belongs there. */
static enum tarn_status take_end(struct tarn_json *json, bool object, enum tarn_json_event *event, struct tarn_error *err)
{
    if (json->at == json->end || *json->at != (object ? '}' : ']')) {
        return fail_syntax(json, object ? "',' or '}'" : "',' or ']'", err);
    }
    json->offset = (size_t)(json->at - json->begin);
    json->at++;
    json->depth--;
    json->expect = EXPECT_BEHIND;
    *event = object ? TARN_JSON_OBJECT_END : TARN_JSON_ARRAY_END;
    return TARN_OK;
}

/* At the top, behind a value, or before the first one of many. */
static enum tarn_status take_top(struct tarn_json *json, enum tarn_json_event *event, struct tarn_error *err)
{
    if (json->at == json->end && (json->expect == EXPECT_BEHIND || json->options.many)) {
        json->offset = (size_t)(json->at - json->begin);
        *event = TARN_JSON_END;
        return TARN_OK;
    }
    if (json->expect == EXPECT_BEHIND && !json->options.many) {
        return fail_syntax(json, "the end of the text", err);
    }
    return take_value(json, event, err);
}

static enum tarn_status take_event(struct tarn_json *json, enum tarn_json_event *event, struct tarn_error *err)
{
    skip_space(json);
    if (json->depth == 0) {
        return take_top(json, event, err);
    }
    if (json->expect == EXPECT_VALUE) {
        return take_value(json, event, err);
    }
    const bool object = inside_object(json);
    const char c = json->at < json->end ? *json->at : '\0';
    if (json->expect == EXPECT_FIRST) {
        if (c == (object ? '}' : ']')) {
            return take_end(json, object, event, err);
        }
        return object ? take_key(json, event, err) : take_value(json, event, err);
    }
    if (c != ',') {
        return take_end(json, object, event, err);
    }
    const char *comma = json->at++;
    skip_space(json);
    const enum tarn_status status = object ? take_key(json, event, err) : take_value(json, event, err);
    if (status != TARN_OK) {
        json->at = comma; /* asked again, the reader finds the same mistake */
    }
    return status;
}

enum tarn_status tarn__json_next(struct tarn_json *json, enum tarn_json_event *event, struct tarn_error *err)
{
    enum tarn_json_event found = TARN_JSON_END;
    const enum tarn_status status = take_event(json, &found, err);
    json->event = status == TARN_OK ? found : TARN_JSON_END;
    *event = json->event;
    return status;
}

/* ---- values as a whole ---- */

enum tarn_status tarn__json_skip(struct tarn_json *json, struct tarn_error *err)
{
    enum tarn_json_event event = json->event;
    enum tarn_status status = TARN_OK;
    json->skipping = true;
    if (event == TARN_JSON_KEY) {
        status = tarn__json_next(json, &event, err);
    }
    if (status == TARN_OK && (event == TARN_JSON_OBJECT_BEGIN || event == TARN_JSON_ARRAY_BEGIN)) {
        const uint32_t outside = json->depth - 1;
        while (status == TARN_OK && json->depth != outside) {
            status = tarn__json_next(json, &event, err);
        }
    }
    json->skipping = false;
    return status;
}

enum tarn_status tarn__json_raw(struct tarn_json *json, struct tarn_text *raw, struct tarn_error *err)
{
    *raw = (struct tarn_text){NULL, 0};
    if (json->event == TARN_JSON_KEY) {
        enum tarn_json_event event;
        json->skipping = true;
        const enum tarn_status status = tarn__json_next(json, &event, err);
        json->skipping = false;
        TARN_RETURN_IF_ERROR(status);
    }
    const char *first = json->begin + json->offset;
    TARN_RETURN_IF_ERROR(tarn__json_skip(json, err));
    *raw = (struct tarn_text){first, (size_t)(json->at - first)};
    return TARN_OK;
}

static const char *const event_names[] = {
    "the end", "an object", "the end of an object", "an array", "the end of an array", "a key", "a string", "a number", "true",
    "false",   "null"};

/* The next event must be `wanted`, or null where the caller takes it. */
static enum tarn_status expect_value(struct tarn_json *json, enum tarn_json_event wanted, bool *is_null, struct tarn_error *err)
{
    enum tarn_json_event event;
    TARN_RETURN_IF_ERROR(tarn__json_next(json, &event, err));
    if (is_null != NULL) {
        *is_null = event == TARN_JSON_NULL;
        if (*is_null) {
            return TARN_OK;
        }
    }
    return event == wanted ? TARN_OK
                           : tarn__json_fail(json, err, "json.type", "%s where %s is due", event_names[event], event_names[wanted]);
}

enum tarn_status tarn__json_string(struct tarn_json *json, struct tarn_text *out, bool *is_null, struct tarn_error *err)
{
    *out = (struct tarn_text){NULL, 0};
    TARN_RETURN_IF_ERROR(expect_value(json, TARN_JSON_STRING, is_null, err));
    if (json->event == TARN_JSON_STRING) {
        *out = json->text;
    }
    return TARN_OK;
}

enum tarn_status tarn__json_int64(struct tarn_json *json, int64_t *out, bool *is_null, struct tarn_error *err)
{
    *out = 0;
    TARN_RETURN_IF_ERROR(expect_value(json, TARN_JSON_NUMBER, is_null, err));
    if (json->event != TARN_JSON_NUMBER) {
        return TARN_OK;
    }
    switch (tarn__int64_parse(json->text, out)) {
    case TARN_PARSED:
        return TARN_OK;
    case TARN_PARSED_RANGE:
        return tarn__json_fail(json, err, "json.range", "%.*s does not fit 64 bits", TARN_TEXT_ARG(json->text));
    default:
        return tarn__json_fail(json, err, "json.type", "%.*s where a whole number is due", TARN_TEXT_ARG(json->text));
    }
}

enum tarn_status tarn__json_bool(struct tarn_json *json, bool *out, bool *is_null, struct tarn_error *err)
{
    enum tarn_json_event event;
    *out = false;
    TARN_RETURN_IF_ERROR(tarn__json_next(json, &event, err));
    if (is_null != NULL) {
        *is_null = event == TARN_JSON_NULL;
        if (*is_null) {
            return TARN_OK;
        }
    }
    *out = event == TARN_JSON_TRUE;
    return *out || event == TARN_JSON_FALSE ? TARN_OK
                                            : tarn__json_fail(json, err, "json.type", "%s where true or false is due", event_names[event]);
}

enum tarn_status tarn__json_object(struct tarn_json *json, bool *is_null, struct tarn_error *err)
{
    return expect_value(json, TARN_JSON_OBJECT_BEGIN, is_null, err);
}

enum tarn_status tarn__json_array(struct tarn_json *json, bool *is_null, struct tarn_error *err)
{
    return expect_value(json, TARN_JSON_ARRAY_BEGIN, is_null, err);
}

enum tarn_status tarn__json_key(struct tarn_json *json, bool *more, struct tarn_error *err)
{
    enum tarn_json_event event;
    *more = false;
    TARN_RETURN_IF_ERROR(tarn__json_next(json, &event, err));
    *more = event == TARN_JSON_KEY;
    return *more || event == TARN_JSON_OBJECT_END ? TARN_OK
                                                  : tarn__json_fail(json, err, "json.type", "%s where a key is due", event_names[event]);
}

enum tarn_status tarn__json_element(struct tarn_json *json, bool *more, struct tarn_error *err)
{
    skip_space(json);
    *more = json->at == json->end || *json->at != ']' || json->expect == EXPECT_VALUE;
    if (*more) {
        return TARN_OK;
    }
    enum tarn_json_event event;
    return tarn__json_next(json, &event, err);
}
