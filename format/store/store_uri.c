/* SPDX-License-Identifier: Apache-2.0
 *
 * From what a caller names to a store: the env's hook, or a path of the local file system.
 *
 * RFC 8089 (file URIs) in the forms that table formats write: file:/p, file:///p, file://localhost/p. SPEC: S-STORE-7.
 */
#include <string.h>

#include "format/base/bytes.h"
#include "format/store/store.h"

static bool is_scheme_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '+' || byte == '-' ||
           byte == '.';
}

/* The scheme before "://", or empty: a path may hold colons. */
static struct tarn_text scheme_of(struct tarn_text uri)
{
    size_t length = 0;
    while (length < uri.size && is_scheme_byte(uri.data[length])) {
        length++;
    }
    const struct tarn_text rest = {uri.data + length, uri.size - length};
    return (struct tarn_text){uri.data, length != 0 && tarn__text_starts(rest, TARN_TEXT("://")) ? length : 0};
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    const char lower = (char)(digit | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* In place; false at an escape without two digits. */
static bool decode_percent(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; from++, to++) {
        *to = *from;
        if (*from == '%') {
            const int high = hex_value(from[1]);
            const int low = high < 0 ? -1 : hex_value(from[2]);
            if (low < 0 || high * 16 + low == 0) {
                return false;
            }
            *to = (char)(high * 16 + low);
            from += 2;
        }
    }
    *to = '\0';
    return true;
}

enum tarn_status tarn__store_uri_path(struct tarn_env *env, struct tarn_text uri, char **out, struct tarn_error *err)
{
    *out = NULL;
    if (uri.size == 0 || memchr(uri.data, '\0', uri.size) != NULL) {
        return tarn__invalid(err, "path", "a folder has a path that is not empty and holds no NUL");
    }
    const struct tarn_text scheme = scheme_of(uri);
    const bool is_file = tarn__text_equal(scheme, TARN_TEXT("file"));
    if (scheme.size != 0 && !is_file) {
        return tarn__unsupported(err, "store.scheme", "no store for '%.*s' URIs is built in: give the env a hook open_store for it",
                                 TARN_TEXT_ARG(scheme));
    }
    struct tarn_text path = uri;
    const bool encoded = is_file || tarn__text_starts(uri, TARN_TEXT("file:/"));
    if (encoded) {
        path = (struct tarn_text){uri.data + strlen("file:"), uri.size - strlen("file:")};
    }
    if (is_file) {
        path = (struct tarn_text){path.data + 2, path.size - 2};
        if (tarn__text_starts(path, TARN_TEXT("localhost/"))) {
            path = (struct tarn_text){path.data + strlen("localhost"), path.size - strlen("localhost")};
        }
        if (path.size == 0 || path.data[0] != '/') {
            return tarn__invalid(err, "path", "'%.*s' names another host: only file:///path is read from this machine", TARN_TEXT_ARG(uri));
        }
    }
    char *copy = tarn__text_dup(env, path);
    if (copy == NULL) {
        return tarn__nomem(env, err, path.size + 1);
    }
    if (encoded && !decode_percent(copy)) {
        tarn__free(env, copy);
        return tarn__invalid(err, "path", "'%.*s' holds a '%%' that is not followed by two hexadecimal digits, or %%00",
                             TARN_TEXT_ARG(uri));
    }
    *out = copy;
    return TARN_OK;
}

enum tarn_status tarn_store_open(struct tarn_env *env, struct tarn_text uri, bool create, struct tarn_store **out, struct tarn_error *err)
{
    *out = NULL;
    const struct tarn_env_options *options = tarn__env_options(env);
    if (options->open_store == NULL) {
        return tarn_store_open_local(env, uri, create, out, err);
    }
    const enum tarn_status status = options->open_store(options->store_ctx, env, uri, create, out, err);
    if (status != TARN_OK) {
        *out = NULL;
        if (err != NULL && err->code != status) {
            tarn__error_set(err, status, "store", "the host's open_store failed and gave no reason");
        }
        tarn__error_at_object(err, uri);
    }
    return status;
}
