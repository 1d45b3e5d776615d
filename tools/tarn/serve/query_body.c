/* SPDX-License-Identifier: Apache-2.0
 *
 * The JSON of POST /query (RFC 8259): one object with two members, whose values are texts, numbers, booleans and null. Strict, of no depth,
 * in place.
 *
 * Invariants
 *  1. `at` never passes `end`, where a NUL stands.
 *  2. A text takes no more bytes decoded than written, so that it can be decoded where it stands.
 */
#include "tools/tarn/serve/query_body.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "tools/tarn/file_input.h"

struct reader {
    char *begin;
    char *at;
    char *end;
    struct query_body *out;
    struct tarn_error *err;
};

static const struct tarn_type text_type = {.id = TARN_TYPE_STRING};
static const struct tarn_type int_type = {.id = TARN_TYPE_I64};
static const struct tarn_type double_type = {.id = TARN_TYPE_F64};
static const struct tarn_type bool_type = {.id = TARN_TYPE_BOOL};

bool is_plain_utf8(struct tarn_text text)
{
    for (size_t i = 0; i < text.size;) {
        utf8proc_int32_t code;
        const utf8proc_ssize_t took = utf8proc_iterate((const utf8proc_uint8_t *)text.data + i, (utf8proc_ssize_t)(text.size - i), &code);
        if (took <= 0 || code == 0) {
            return false;
        }
        i += (size_t)took;
    }
    return true;
}

static enum tarn_status wrong(const struct reader *r, const char *what)
{
    tool_error(r->err, TARN_INVALID, "json", "the body is not as it should be: %s", what);
    r->err->offset = r->at - r->begin;
    return TARN_INVALID;
}

static void skip_space(struct reader *r)
{
    while (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r') {
        r->at++;
    }
}

static bool accept(struct reader *r, char c)
{
    skip_space(r);
    const bool there = r->at < r->end && *r->at == c;
    r->at += there;
    return there;
}

static int hex4(const char *at)
{
    int value = 0;
    for (int i = 0; i < 4; i++) {
        const char c = at[i];
        const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
        if (digit < 0) {
            return -1; /* also at the NUL behind the end */
        }
        value = value * 16 + digit;
    }
    return value;
}

/* \uXXXX, or two of them for one character; r->at stands behind the 'u'. */
static enum tarn_status take_unicode(struct reader *r, char **to)
{
    int code = hex4(r->at);
    if (code >= 0) {
        r->at += 4;
    }
    if (code >= 0xd800 && code < 0xdc00 && r->at[0] == '\\' && r->at[1] == 'u') {
        const int low = hex4(r->at + 2);
        code = low >= 0xdc00 && low < 0xe000 ? 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00) : -1;
        r->at += 6;
    }
    if (code <= 0 || (code >= 0xd800 && code < 0xe000)) {
        return wrong(r, "\\u stands for no character");
    }
    *to += utf8proc_encode_char(code, (utf8proc_uint8_t *)*to);
    return TARN_OK;
}

static enum tarn_status take_text(struct reader *r, struct tarn_text *out)
{
    static const char escapes[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    if (!accept(r, '"')) {
        return wrong(r, "a text is wanted");
    }
    char *to = r->at;
    out->data = to;
    while (*r->at != '"') {
        if ((unsigned char)*r->at < 0x20) {
            return wrong(r, r->at == r->end ? "a text has no end" : "a control character in a text");
        }
        if (*r->at != '\\') {
            *to++ = *r->at++;
            continue;
        }
        r->at++;
        const char *which = *r->at != '\0' ? strchr(escapes, *r->at) : NULL;
        if (which != NULL) {
            *to++ = meanings[which - escapes];
            r->at++;
        } else if (*r->at == 'u') {
            r->at++;
            TARN_TOOL_TRY(take_unicode(r, &to));
        } else {
            return wrong(r, "an escape that is none");
        }
    }
    out->size = (size_t)(to - out->data);
    r->at++;
    return TARN_OK;
}

static size_t digits(const char *at)
{
    size_t count = 0;
    while (at[count] >= '0' && at[count] <= '9') {
        count++;
    }
    return count;
}

static enum tarn_status take_number(struct reader *r, struct tarn_value *out)
{
    const char *start = r->at;
    const char *at = start + (*start == '-');
    const size_t whole = digits(at);
    if (whole == 0 || (whole > 1 && *at == '0')) {
        return wrong(r, "a value is wanted");
    }
    at += whole;
    bool integer = true;
    if (*at == '.') {
        integer = false;
        if (digits(at + 1) == 0) {
            return wrong(r, "a number ends with its point");
        }
        at += 1 + digits(at + 1);
    }
    if (*at == 'e' || *at == 'E') {
        integer = false;
        at += at[1] == '+' || at[1] == '-' ? 2 : 1;
        if (digits(at) == 0) {
            return wrong(r, "a number without exponent");
        }
        at += digits(at);
    }
    errno = 0;
    if (integer) {
        out->type = &int_type;
        out->u.i64 = strtoll(start, NULL, 10);
    }
    if (!integer || errno == ERANGE) {
        out->type = &double_type; /* the process has the locale "C" */
        out->u.f64 = strtod(start, NULL);
        if (!isfinite(out->u.f64)) {
            return wrong(r, "a number too large for a DOUBLE");
        }
    }
    r->at += at - start;
    return TARN_OK;
}

static bool take_word(struct reader *r, const char *word)
{
    const size_t size = strlen(word);
    const bool there = (size_t)(r->end - r->at) >= size && memcmp(r->at, word, size) == 0;
    r->at += there ? size : 0;
    return there;
}

static enum tarn_status take_value(struct reader *r, struct tarn_value *out)
{
    *out = (struct tarn_value){.type = &text_type};
    skip_space(r);
    if (*r->at == '"') {
        return take_text(r, &out->u.bytes);
    }
    if (take_word(r, "null")) {
        out->is_null = true;
        return TARN_OK;
    }
    if (take_word(r, "true") || take_word(r, "false")) {
        out->type = &bool_type;
        out->u.boolean = r->at[-2] == 'u';
        return TARN_OK;
    }
    return take_number(r, out);
}

static enum tarn_status take_parameters(struct reader *r)
{
    struct query_body *out = r->out;
    const bool named = accept(r, '{');
    if (!named && !accept(r, '[')) {
        return wrong(r, "params is an object or an array");
    }
    const char close = named ? '}' : ']';
    if (accept(r, close)) {
        return TARN_OK;
    }
    do {
        if (out->parameter_count == MOST_QUERY_PARAMETERS) {
            return wrong(r, "too many parameters");
        }
        struct tarn_parameter *p = &out->parameters[out->parameter_count];
        if (named) {
            TARN_TOOL_TRY(take_text(r, &p->name));
            for (uint32_t i = 0; i < out->parameter_count; i++) {
                if (out->parameters[i].name.size == p->name.size && memcmp(out->parameters[i].name.data, p->name.data, p->name.size) == 0) {
                    return wrong(r, "a parameter is given twice");
                }
            }
            if (!accept(r, ':')) {
                return wrong(r, "':' is wanted");
            }
        } else {
            const int size = snprintf(out->numbers[out->parameter_count], sizeof(out->numbers[0]), "%u", out->parameter_count + 1);
            p->name = (struct tarn_text){out->numbers[out->parameter_count], (size_t)size};
        }
        TARN_TOOL_TRY(take_value(r, &p->value));
        out->parameter_count++;
    } while (accept(r, ','));
    return accept(r, close) ? TARN_OK : wrong(r, "the parameters have no end");
}

static bool is_name(struct tarn_text text, const char *name)
{
    return text.size == strlen(name) && memcmp(text.data, name, text.size) == 0;
}

static enum tarn_status take_document(struct reader *r)
{
    bool has_parameters = false;
    if (!accept(r, '{')) {
        return wrong(r, "an object is wanted: {\"sql\": \"...\"}");
    }
    if (!accept(r, '}')) {
        do {
            struct tarn_text name;
            TARN_TOOL_TRY(take_text(r, &name));
            if (!accept(r, ':')) {
                return wrong(r, "':' is wanted");
            }
            if (is_name(name, "sql") && r->out->sql.data == NULL) {
                TARN_TOOL_TRY(take_text(r, &r->out->sql));
            } else if (is_name(name, "params") && !has_parameters) {
                has_parameters = true;
                TARN_TOOL_TRY(take_parameters(r));
            } else {
                return wrong(r, "the members are sql and params, each once");
            }
        } while (accept(r, ','));
        if (!accept(r, '}')) {
            return wrong(r, "'}' is wanted");
        }
    }
    skip_space(r);
    if (r->at != r->end) {
        return wrong(r, "something follows the object");
    }
    return r->out->sql.size != 0 ? TARN_OK : wrong(r, "sql is missing");
}

enum tarn_status query_body_parse(char *json, size_t size, struct query_body *out, struct tarn_error *err)
{
    struct reader r = {json, json, json + size, out, err};
    memset(out, 0, sizeof(*out));
    if (!is_plain_utf8((struct tarn_text){json, size})) {
        return wrong(&r, "no UTF-8");
    }
    return take_document(&r);
}
