/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON text (RFC 8259), compact.
 *
 * Invariant: what comes out is UTF-8, whatever went in, and has no control character in it.
 */
#include "format/json/json_print.h"

#include "format/base/bytes.h"
#include "format/base/utf8.h"

/* The letter behind the backslash of a short escape; 0 when the character has none. */
static char short_escape(char c)
{
    switch (c) {
    case '"':
    case '\\':
        return c;
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return '\0';
    }
}

static bool is_plain(unsigned char c)
{
    return c >= ' ' && c != '"' && c != '\\';
}

static void put_escape(struct tarn_text_builder *out, char c)
{
    static const char digits[] = "0123456789abcdef";
    const char letter = short_escape(c);
    if (letter != '\0') {
        const char text[2] = {'\\', letter};
        tarn__builder_add_bytes(out, text, sizeof(text));
    } else {
        const char text[6] = {'\\', 'u', '0', '0', digits[(unsigned char)c >> 4], digits[c & 15]};
        tarn__builder_add_bytes(out, text, sizeof(text));
    }
}

static void put_well_formed(struct tarn_text_builder *out, struct tarn_text text)
{
    size_t at = 0;
    while (at < text.size) {
        const size_t begin = at;
        while (at < text.size && is_plain((unsigned char)text.data[at])) {
            at++;
        }
        tarn__builder_add_bytes(out, text.data + begin, at - begin);
        if (at < text.size) {
            put_escape(out, text.data[at++]);
        }
    }
}

void tarn__json_put_string(struct tarn_text_builder *out, struct tarn_text text)
{
    enum { REPLACEMENT = 0xfffd };
    tarn__builder_add_char(out, '"');
    while (text.size != 0) {
        const size_t good = tarn__utf8_check(text);
        put_well_formed(out, (struct tarn_text){text.data, good});
        text = (struct tarn_text){text.data + good, text.size - good};
        if (text.size != 0) {
            tarn__builder_add_point(out, REPLACEMENT);
            text = (struct tarn_text){text.data + 1, text.size - 1};
        }
    }
    tarn__builder_add_char(out, '"');
}

void tarn__json_printer_init(struct tarn_json_printer *printer, struct tarn_text_builder *out)
{
    *printer = (struct tarn_json_printer){.out = out};
}

/* Before a key or an element; a value behind a key has its comma before the key. */
static void separate(struct tarn_json_printer *printer)
{
    if (printer->comma) {
        tarn__builder_add_char(printer->out, ',');
    }
    printer->comma = true;
}

static void begin(struct tarn_json_printer *printer, char bracket)
{
    separate(printer);
    tarn__builder_add_char(printer->out, bracket);
    printer->comma = false;
}

static void end(struct tarn_json_printer *printer, char bracket)
{
    tarn__builder_add_char(printer->out, bracket);
    printer->comma = true;
}

void tarn__json_print_begin_object(struct tarn_json_printer *printer)
{
    begin(printer, '{');
}

void tarn__json_print_end_object(struct tarn_json_printer *printer)
{
    end(printer, '}');
}

void tarn__json_print_begin_array(struct tarn_json_printer *printer)
{
    begin(printer, '[');
}

void tarn__json_print_end_array(struct tarn_json_printer *printer)
{
    end(printer, ']');
}

void tarn__json_print_key(struct tarn_json_printer *printer, struct tarn_text key)
{
    separate(printer);
    tarn__json_put_string(printer->out, key);
    tarn__builder_add_char(printer->out, ':');
    printer->comma = false;
}

void tarn__json_print_string(struct tarn_json_printer *printer, struct tarn_text text)
{
    separate(printer);
    tarn__json_put_string(printer->out, text);
}

void tarn__json_print_str(struct tarn_json_printer *printer, const char *text)
{
    tarn__json_print_string(printer, tarn__text_of(text));
}

void tarn__json_print_int64(struct tarn_json_printer *printer, int64_t value)
{
    separate(printer);
    tarn__builder_add_int64(printer->out, value);
}

void tarn__json_print_uint64(struct tarn_json_printer *printer, uint64_t value)
{
    separate(printer);
    tarn__builder_add_uint64(printer->out, value);
}

void tarn__json_print_double(struct tarn_json_printer *printer, double value)
{
    separate(printer);
    tarn__builder_add_double(printer->out, value, &tarn__float_words_json);
}

void tarn__json_print_float(struct tarn_json_printer *printer, float value)
{
    separate(printer);
    tarn__builder_add_float(printer->out, value, &tarn__float_words_json);
}

void tarn__json_print_bool(struct tarn_json_printer *printer, bool value)
{
    separate(printer);
    tarn__builder_add_str(printer->out, value ? "true" : "false");
}

void tarn__json_print_null(struct tarn_json_printer *printer)
{
    separate(printer);
    tarn__builder_add(printer->out, TARN_TEXT("null"));
}

void tarn__json_print_raw(struct tarn_json_printer *printer, struct tarn_text json)
{
    separate(printer);
    tarn__builder_add(printer->out, json);
}

void tarn__json_print_hex(struct tarn_json_printer *printer, struct tarn_span bytes)
{
    separate(printer);
    tarn__builder_add(printer->out, TARN_TEXT("\"0x"));
    tarn__builder_add_hex(printer->out, bytes);
    tarn__builder_add_char(printer->out, '"');
}
