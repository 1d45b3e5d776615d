/* SPDX-License-Identifier: Apache-2.0
 *
 * URIs of SQL catalogs.
 *
 * SPEC: C-SQL-URI-1 to C-SQL-URI-4.
 *
 * Invariants
 *  1. Decoding never makes a text longer: all texts fit into one block of the URI's size and a few bytes.
 *  2. The path that comes out is a file's for SQLite: never empty, ":memory:" or "file:...".
 */
#include "txlog/catalog/sql_uri.h"

#include <stdio.h>
#include <string.h>

enum { DEFAULT_TIMEOUT = 5000, MOST_SECONDS = 3600 };

static bool take_prefix(struct tarn_text *text, const char *prefix)
{
    const size_t size = strlen(prefix);
    if (text->size < size || memcmp(text->data, prefix, size) != 0) {
        return false;
    }
    text->data += size;
    text->size -= size;
    return true;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

enum decoding { AS_IT_STANDS, OF_A_PATH, OF_A_QUERY };

/* Appends the text, decoded, and a terminator. A '%' before anything but two digits stands for itself, as SQLAlchemy has it. */
static bool decode(struct tarn_text text, enum decoding decoding, char **out)
{
    char *at = *out;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (decoding == OF_A_QUERY && c == '+') {
            c = ' ';
        } else if (decoding != AS_IT_STANDS && c == '%' && i + 2 < text.size) {
            const int high = hex_digit(text.data[i + 1]);
            const int low = hex_digit(text.data[i + 2]);
            if (high >= 0 && low >= 0) {
                c = (char)(high * 16 + low);
                i += 2;
            }
        }
        if (c == '\0') {
            return false;
        }
        *at++ = c;
    }
    *at++ = '\0';
    *out = at;
    return true;
}

/* Up to a character, which is taken too. */
static struct tarn_text take_until(struct tarn_text *rest, char end)
{
    const char *found = rest->size != 0 ? memchr(rest->data, end, rest->size) : NULL;
    const struct tarn_text part = {rest->data, found != NULL ? (size_t)(found - rest->data) : rest->size};
    const size_t taken = part.size + (found != NULL ? 1 : 0);
    rest->data += taken;
    rest->size -= taken;
    return part;
}

static enum tarn_status invalid(struct tarn_error *err, const char *what)
{
    return tarn_error_set(err, TARN_INVALID, "catalog_uri",
                          "%s: the URI of a catalog is sqlite:///PATH or jdbc:sqlite:PATH, and behind a '?' warehouse=FOLDER, name=NAME, "
                          "timeout=SECONDS with '&' between",
                          what);
}

static bool parse_seconds(const char *text, int *milliseconds)
{
    int seconds = 0;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at < '0' || *at > '9' || seconds > MOST_SECONDS) {
            return false;
        }
        seconds = seconds * 10 + (*at - '0');
    }
    *milliseconds = seconds * 1000;
    return text[0] != '\0' && seconds <= MOST_SECONDS;
}

static enum tarn_status parse_parameters(struct tarn_text rest, struct tarn__sql_uri *out, char *at, struct tarn_error *err)
{
    while (rest.size != 0) {
        struct tarn_text value = take_until(&rest, '&');
        const struct tarn_text key = take_until(&value, '=');
        char *text = at;
        if (key.size == 0) {
            continue;
        }
        if (!decode(value, OF_A_QUERY, &at)) {
            return invalid(err, "there is a NUL in it");
        }
        if (key.size == 9 && memcmp(key.data, "warehouse", 9) == 0) {
            out->warehouse = text;
        } else if (key.size == 4 && memcmp(key.data, "name", 4) == 0) {
            out->name = text;
        } else if (key.size == 7 && memcmp(key.data, "timeout", 7) == 0) {
            if (!parse_seconds(text, &out->timeout)) {
                return invalid(err, "timeout is no number of seconds up to 3600");
            }
        } else {
            char what[96];
            snprintf(what, sizeof(what), "the parameter '%.*s' is not known", (int)(key.size < 48 ? key.size : 48), key.data);
            return invalid(err, what);
        }
    }
    return TARN_OK;
}

/* What stands behind the scheme: the path, as it is to be decoded. False: the form is wrong. */
static bool take_scheme(struct tarn_text *rest, enum decoding *decoding, bool *is)
{
    struct tarn_text other = *rest;
    *is = true;
    if (take_prefix(rest, "jdbc:sqlite:")) {
        *decoding = AS_IT_STANDS;
        return true;
    }
    *decoding = OF_A_PATH;
    if (take_prefix(rest, "sqlite:")) {
        return take_prefix(rest, "///");
    }
    if (take_prefix(rest, "sqlite+")) {
        take_until(rest, ':'); /* the driver, which is Python's business */
        return take_prefix(rest, "///");
    }
    *rest = other;
    *is = false;
    return true;
}

static enum tarn_status parse(struct tarn_text rest, enum decoding decoding, struct tarn__sql_uri *out, struct tarn_error *err)
{
    char *at = out->block;
    struct tarn_text path = take_until(&rest, '?');
    memcpy(at, "./", 2); /* before a path that SQLite would take for a URI */
    out->path = at + 2;
    at += 2;
    if (!decode(path, decoding, &at)) {
        return invalid(err, "there is a NUL in it");
    }
    if (out->path[0] == '\0' || strcmp(out->path, ":memory:") == 0) {
        return invalid(err, "no file is named");
    }
    if (strncmp(out->path, "file:", 5) == 0) {
        out->path -= 2;
    }
    *at = '\0';
    out->name = at;
    out->warehouse = at;
    return parse_parameters(rest, out, at + 1, err);
}

enum tarn_status tarn__sql_uri_parse(struct tarn_env *env, struct tarn_text uri, struct tarn__sql_uri *out, bool *is,
                                     struct tarn_error *err)
{
    enum decoding decoding;
    *out = (struct tarn__sql_uri){.timeout = DEFAULT_TIMEOUT};
    const bool well_formed = take_scheme(&uri, &decoding, is);
    if (!*is) {
        return TARN_OK;
    }
    if (!well_formed) {
        return invalid(err, "three slashes are to stand before the path");
    }
    out->block = tarn_env_alloc(env, uri.size + 8); /* "./", the terminators of path and nothing; those of values are the URI's '=' */
    if (out->block == NULL) {
        return tarn_env_nomem(env, uri.size + 8, err);
    }
    const enum tarn_status status = parse(uri, decoding, out, err);
    if (status != TARN_OK) {
        tarn__sql_uri_end(env, out);
    }
    return status;
}

void tarn__sql_uri_end(struct tarn_env *env, struct tarn__sql_uri *uri)
{
    tarn_env_free(env, uri->block);
    *uri = (struct tarn__sql_uri){NULL, NULL, NULL, NULL, 0};
}
