/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TARN_TOOLS_SERVE_TOKENS_H
#define TARN_TOOLS_SERVE_TOKENS_H

#include "tarn/tarn.h"

/*
 * Who may do what. A token is 256 random bits, shown once when it is made; kept is its BLAKE2b hash only, in memory and in the token file:
 *
 *     read blake2b:64 hexadecimal digits
 *     write blake2b:...
 */
enum scope { SCOPE_NONE = 0, SCOPE_READ = 1, SCOPE_WRITE = 2 };

enum { MOST_TOKENS = 64, TOKEN_HASH = 32, TOKEN_TEXT = 64 };

struct tokens {
    uint32_t count;
    struct {
        enum scope scope;
        unsigned char hash[TOKEN_HASH];
    } items[MOST_TOKENS];
};

/** A new token; `text` receives what is shown, once. Errors: LIMIT. */
enum tarn_status tokens_make(struct tokens *tokens, enum scope scope, char text[TOKEN_TEXT], struct tarn_error *err);
/** Reads a token file. Errors: NOT_FOUND, INVALID (with the line), IO. */
enum tarn_status tokens_read(struct tokens *tokens, const char *path, struct tarn_error *err);
/** Writes a new one, readable by its owner only. Errors: EXISTS, IO. */
enum tarn_status tokens_write(const struct tokens *tokens, const char *path, struct tarn_error *err);
/** What the bearer of a token may do; takes as long whatever the token. */
enum scope tokens_scope(const struct tokens *tokens, struct tarn_text token);

#endif
