/* SPDX-License-Identifier: Apache-2.0
 *
 * --key-file: keys of encrypted files, for every file that the command opens. --encrypt: those of the file that it writes.
 */
#include "tools/tarn/key_option.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/tarn/file_input.h"

enum { MOST_BYTES = 16 << 20 };

static enum tarn_status no_memory(struct tarn_error *err)
{
    return tool_error(err, TARN_NOMEM, "memory", "no memory for the key file");
}

/* The whole file, in memory that the caller wipes and frees. */
static enum tarn_status read_file(const char *path, char **out, size_t *size, struct tarn_error *err)
{
    FILE *file = fopen(path, "rbe");
    *out = NULL;
    *size = 0;
    if (file == NULL) {
        const enum tarn_status code = errno == ENOENT ? TARN_NOT_FOUND : TARN_IO;
        return tool_error(err, code, "key_file", "the key file %s cannot be opened: %s", path, strerror(errno));
    }
    setvbuf(file, NULL, _IONBF, 0); /* no copy that nobody wipes */
    char *bytes = malloc(MOST_BYTES + 1);
    if (bytes != NULL) {
        *size = fread(bytes, 1, MOST_BYTES + 1, file);
    }
    const bool failed = ferror(file) != 0;
    fclose(file);
    *out = bytes;
    return bytes == NULL        ? no_memory(err)
           : failed             ? tool_error(err, TARN_IO, "key_file", "the key file %s cannot be read", path)
           : *size > MOST_BYTES ? tool_error(err, TARN_LIMIT, "key_file", "the key file %s has more than 16 MiB", path)
                                : TARN_OK;
}

enum tarn_status keys_offer(struct session *session, struct tarn_env_options *options, struct tarn_error *err)
{
    char *bytes;
    size_t size;
    struct tarn_env *env = NULL;
    if (!has(session, OPTION_KEY_FILE)) {
        return TARN_OK;
    }
    enum tarn_status status = read_file(session->args.values[OPTION_KEY_FILE], &bytes, &size, err);
    if (status == TARN_OK) {
        status = tarn_env_open(NULL, &env, err); /* for the keys alone: the command's own env is made with them */
    }
    if (status == TARN_OK) {
        const struct tarn_text json = {bytes, size};
        status = tarn_key_file_open(env, json, &session->keys, err);
    }
    if (bytes != NULL) {
        explicit_bzero(bytes, size);
        free(bytes);
    }
    tarn_env_close(env);
    if (status == TARN_OK) {
        session->key_hooks = tarn_key_file_hooks(session->keys);
        options->keys = &session->key_hooks;
    }
    return status;
}

enum tarn_status encryption_read(struct session *session, struct tarn_encryption_file **out, struct tarn_error *err)
{
    char *bytes;
    size_t size;
    *out = NULL;
    if (!has(session, OPTION_ENCRYPT)) {
        return TARN_OK;
    }
    enum tarn_status status = read_file(session->args.values[OPTION_ENCRYPT], &bytes, &size, err);
    if (status == TARN_OK) {
        const struct tarn_text json = {bytes, size};
        status = tarn_encryption_file_open(session->env, json, out, err);
    }
    if (bytes != NULL) {
        explicit_bzero(bytes, size);
        free(bytes);
    }
    return status;
}
