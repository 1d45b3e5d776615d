/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening what is to be read: by what was asked or by what is found, with a schema or without, as often as types have to be widened.
 */
#include "tools/tarn/file_input.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum tarn_status tool_error(struct tarn_error *err, enum tarn_status code, const char *detail, const char *format, ...)
{
    va_list args;
    if (err == NULL) {
        return code;
    }
    *err = (struct tarn_error)TARN_ERROR_INIT;
    err->code = code;
    snprintf(err->detail, sizeof(err->detail), "%s", detail);
    va_start(args, format);
    vsnprintf(err->message, sizeof(err->message), format, args);
    va_end(args);
    return code;
}

static struct tarn_text text_from(const char *terminated)
{
    return (struct tarn_text){terminated, strlen(terminated)};
}

enum tarn_status store_of_path(struct tarn_env *env, const char *path, bool create, struct tarn_store **store, char **key,
                               struct tarn_error *err)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL ? strdup(".") : slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
    *key = strdup(slash == NULL ? path : slash + 1);
    *store = NULL;
    enum tarn_status status = TARN_NOMEM;
    if (folder != NULL && *key != NULL) {
        status = tarn_store_open(env, text_from(folder), create, store, err);
    }
    if (status != TARN_OK) {
        free(*key);
        *key = NULL;
    }
    free(folder);
    return status;
}

static void reject_row(void *arg, const struct tarn_reject *reject)
{
    struct input *input = arg;
    input->rejected++;
    fprintf(input->rejects, "%" PRIu64 ",%" PRIu32 ",", reject->line, reject->column);
    const struct tarn_text texts[] = {reject->column_name, reject->text, reject->reason, reject->raw};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        fputc('"', input->rejects);
        for (size_t c = 0; c < texts[i].size; c++) {
            if (texts[i].data[c] == '"') {
                fputc('"', input->rejects);
            }
            fputc(texts[i].data[c], input->rejects);
        }
        fputs(i + 1 < sizeof(texts) / sizeof(texts[0]) ? "\"," : "\"\n", input->rejects);
    }
}

static enum tarn_status read_stdin(void *ctx, uint8_t *into, size_t size, size_t *got, struct tarn_error *err)
{
    struct input *input = ctx;
    if (input->head_used < input->head_size) {
        *got = input->head_size - input->head_used < size ? input->head_size - input->head_used : size;
        memcpy(into, input->head + input->head_used, *got);
        input->head_used += *got;
        return TARN_OK;
    }
    const ssize_t count = read(STDIN_FILENO, into, size);
    *got = count > 0 ? (size_t)count : 0;
    return count < 0 ? tool_error(err, TARN_IO, "read", "standard input cannot be read") : TARN_OK;
}

/* Arrow is known by its first bytes; of texts nothing says what they are, and CSV is what they mostly are. */
static enum tarn_status stdin_format(struct input *input, enum tarn_file_format *out, struct tarn_error *err)
{
    *out = TARN_FILE_CSV;
    while (input->head_size < sizeof(input->head)) {
        const ssize_t count = read(STDIN_FILENO, input->head + input->head_size, sizeof(input->head) - input->head_size);
        if (count < 0) {
            return tool_error(err, TARN_IO, "read", "standard input cannot be read");
        }
        if (count == 0) {
            break;
        }
        input->head_size += (size_t)count;
    }
    if (input->head_size == sizeof(input->head) &&
        (memcmp(input->head, "ARROW1\0\0", 8) == 0 || memcmp(input->head, "\xff\xff\xff\xff", 4) == 0)) {
        *out = TARN_FILE_ARROW;
    }
    return TARN_OK;
}

static enum tarn_status open_source(struct input *input, struct tarn_text key, const struct tarn_schema *schema, struct tarn_error *err)
{
    const struct tarn_byte_stream stream = {input, read_stdin};
    const bool is_stdin = input->store == NULL;
    if (input->format == TARN_FILE_CSV) {
        struct tarn_csv_options options = input->csv;
        options.schema = schema != NULL ? schema : options.schema;
        options.reject = input->rejects != NULL ? reject_row : NULL;
        options.reject_arg = input;
        return is_stdin ? tarn_csv_open_stream(input->env, stream, &options, &input->source, err)
                        : tarn_csv_open(input->store, key, &options, &input->source, err);
    }
    if (input->format == TARN_FILE_JSON) {
        struct tarn_json_options options = TARN_JSON_OPTIONS_INIT;
        options.schema = schema != NULL ? schema : input->csv.schema;
        options.records = input->records;
        options.reject = input->rejects != NULL ? reject_row : NULL;
        options.reject_arg = input;
        return is_stdin ? tarn_json_open_stream(input->env, stream, &options, &input->source, err)
                        : tarn_json_open(input->store, key, &options, &input->source, err);
    }
    if (is_stdin && input->format == TARN_FILE_ARROW) {
        return tarn_arrow_ipc_open_stream(input->env, stream, NULL, &input->source, err);
    }
    if (is_stdin) {
        return tool_error(err, TARN_INVALID, "stream", "Parquet is read from its end: give it as a file, not on standard input");
    }
    return tarn_file_open(input->store, key, input->format, &input->source, err);
}

static enum tarn_status begin_rejects(struct input *input, struct tarn_error *err)
{
    input->rejected = 0;
    if (input->rejects == NULL) {
        return TARN_OK;
    }
    if (fflush(input->rejects) != 0 || ftruncate(fileno(input->rejects), 0) != 0) {
        return tool_error(err, TARN_IO, "rejects", "the file of rejects cannot be emptied");
    }
    rewind(input->rejects);
    fputs("line,column,column_name,text,reason,row\n", input->rejects);
    return TARN_OK;
}

enum tarn_status input_open_file(struct input *input, const struct tarn_schema *schema, struct tarn_error *err)
{
    char *key = NULL;
    tarn_source_close(input->source);
    tarn_store_close(input->store);
    input->source = NULL;
    input->store = NULL;
    TARN_TOOL_TRY(begin_rejects(input, err));
    input->format = input->asked;
    if (strcmp(input->path, "-") == 0) {
        if (input->asked == TARN_FILE_AUTO) {
            TARN_TOOL_TRY(stdin_format(input, &input->format, err));
        }
        return open_source(input, (struct tarn_text){NULL, 0}, schema, err);
    }
    struct tarn_object_info info;
    enum tarn_status status = store_of_path(input->env, input->path, false, &input->store, &key, err);
    if (status == TARN_OK && input->format == TARN_FILE_AUTO) {
        status = tarn_file_format_detect(input->store, text_from(key), &input->format, err);
    }
    if (status == TARN_OK && tarn_store_head(input->store, text_from(key), &info, NULL) == TARN_OK) {
        input->bytes = info.size;
    }
    status = status == TARN_OK ? open_source(input, text_from(key), schema, err) : status;
    free(key);
    return status;
}

bool input_is_typed(const struct input *input)
{
    return input->format != TARN_FILE_CSV && input->format != TARN_FILE_JSON;
}

void input_end(struct input *input)
{
    tarn_source_close(input->source);
    tarn_store_close(input->store);
    tarn_schema_release(input->schema);
    if (input->rejects != NULL) {
        fclose(input->rejects);
    }
}
