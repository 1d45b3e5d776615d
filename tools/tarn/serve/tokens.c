/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens: random, hashed, compared without telling by the time it takes how much of one was right.
 *
 * Invariant: the text of a token is in this process only while it is made and while a request that bears it is looked at.
 */
#include "tools/tarn/serve/tokens.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/tarn/file_input.h"

enum { TOKEN_BYTES = 32 };

static const char hash_name[] = "blake2b:";

static void hash_token(unsigned char hash[TOKEN_HASH], const char *token, size_t size)
{
    crypto_generichash(hash, TOKEN_HASH, (const unsigned char *)token, size, NULL, 0);
}

enum tarn_status tokens_make(struct tokens *tokens, enum scope scope, char text[TOKEN_TEXT], struct tarn_error *err)
{
    unsigned char bytes[TOKEN_BYTES];
    if (tokens->count == MOST_TOKENS) {
        return tool_error(err, TARN_LIMIT, "tokens", "there are %d tokens already", MOST_TOKENS);
    }
    randombytes_buf(bytes, sizeof(bytes));
    sodium_bin2base64(text, TOKEN_TEXT, bytes, sizeof(bytes), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(bytes, sizeof(bytes));
    tokens->items[tokens->count].scope = scope;
    hash_token(tokens->items[tokens->count].hash, text, strlen(text));
    tokens->count++;
    return TARN_OK;
}

static bool read_line(struct tokens *tokens, char *line)
{
    enum scope scope = SCOPE_NONE;
    size_t size = 0;
    char *at = line;
    if (strncmp(at, "read ", 5) == 0) {
        scope = SCOPE_READ;
        at += 5;
    } else if (strncmp(at, "write ", 6) == 0) {
        scope = SCOPE_WRITE;
        at += 6;
    }
    if (scope == SCOPE_NONE || strncmp(at, hash_name, sizeof(hash_name) - 1) != 0 || tokens->count == MOST_TOKENS) {
        return false;
    }
    at += sizeof(hash_name) - 1;
    tokens->items[tokens->count].scope = scope;
    const char *end = NULL;
    if (sodium_hex2bin(tokens->items[tokens->count].hash, TOKEN_HASH, at, strlen(at), NULL, &size, &end) != 0 || size != TOKEN_HASH ||
        *end != '\0') {
        return false;
    }
    tokens->count++;
    return true;
}

enum tarn_status tokens_read(struct tokens *tokens, const char *path, struct tarn_error *err)
{
    char line[256];
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return errno == ENOENT ? tool_error(err, TARN_NOT_FOUND, "token_file", "there is no token file %s", path)
                               : tool_error(err, TARN_IO, "token_file", "the token file %s cannot be read", path);
    }
    enum tarn_status status = TARN_OK;
    for (int number = 1; status == TARN_OK && fgets(line, sizeof(line), file) != NULL; number++) {
        line[strcspn(line, "\r\n")] = '\0';
        if (line[0] != '\0' && line[0] != '#' && !read_line(tokens, line)) {
            /* The line itself is not shown: someone may have put a token there. */
            status = tool_error(err, TARN_INVALID, "token_file", "%s, line %d: say \"read blake2b:HASH\" or \"write blake2b:HASH\"", path,
                                number);
        }
    }
    if (status == TARN_OK && ferror(file)) {
        status = tool_error(err, TARN_IO, "token_file", "the token file %s cannot be read", path);
    }
    fclose(file);
    if (status == TARN_OK && tokens->count == 0) {
        status = tool_error(err, TARN_INVALID, "token_file", "the token file %s holds no token", path);
    }
    return status;
}

enum tarn_status tokens_write(const struct tokens *tokens, const char *path, struct tarn_error *err)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (file == NULL) {
        if (fd >= 0) {
            close(fd);
        }
        return tool_error(err, errno == EEXIST ? TARN_EXISTS : TARN_IO, "token_file", "the token file %s cannot be made", path);
    }
    for (uint32_t i = 0; i < tokens->count; i++) {
        char hex[2 * TOKEN_HASH + 1];
        sodium_bin2hex(hex, sizeof(hex), tokens->items[i].hash, TOKEN_HASH);
        fprintf(file, "%s %s%s\n", tokens->items[i].scope == SCOPE_WRITE ? "write" : "read", hash_name, hex);
    }
    const bool good = fflush(file) == 0 && fsync(fd) == 0;
    if (fclose(file) != 0 || !good) {
        unlink(path);
        return tool_error(err, TARN_IO, "token_file", "the token file %s cannot be written", path);
    }
    return TARN_OK;
}

enum scope tokens_scope(const struct tokens *tokens, struct tarn_text token)
{
    unsigned char hash[TOKEN_HASH];
    enum scope scope = SCOPE_NONE;
    hash_token(hash, token.data, token.size);
    for (uint32_t i = 0; i < tokens->count; i++) { /* all of them, whichever it is */
        const bool same = sodium_memcmp(hash, tokens->items[i].hash, TOKEN_HASH) == 0;
        scope = same && tokens->items[i].scope > scope ? tokens->items[i].scope : scope;
    }
    return scope;
}
