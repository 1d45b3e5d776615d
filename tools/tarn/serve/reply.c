/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers, and what errors are in HTTP.
 */
#include "tools/tarn/serve/reply.h"

#include <stdlib.h>
#include <string.h>

#include "tools/tarn/command.h"
#include "tools/tarn/file_input.h"

enum { MOST_IN_MEMORY = 1 << 20 };

/* The first row that fits; detail NULL: any. */
static const struct {
    enum tarn_status code;
    const char *detail;
    unsigned http;
} statuses[] = {
    {TARN_OK, NULL, 200},
    {TARN_INVALID, "accept", 406},
    {TARN_INVALID, "media_type", 415},
    {TARN_INVALID, "method", 405},
    {TARN_INVALID, "idempotency_key", 422}, /* used before for something else */
    {TARN_INVALID, NULL, 400},
    {TARN_AUTH, "token", 401},
    {TARN_AUTH, NULL, 403},
    {TARN_NOT_FOUND, NULL, 404},
    {TARN_EXISTS, NULL, 409},
    {TARN_CONFLICT, NULL, 409},
    {TARN_UNSUPPORTED, NULL, 422}, /* not 501: the same request will never work here, and nothing is broken */
    {TARN_LIMIT, "body", 413},
    {TARN_LIMIT, "busy", 503},
    {TARN_LIMIT, NULL, 422},
    {TARN_TIMEOUT, "receiving", 408},
    {TARN_TIMEOUT, NULL, 503},
    {TARN_THROTTLED, NULL, 503},
    {TARN_CANCELLED, NULL, 503},
    {TARN_NOMEM, NULL, 503},
};

unsigned http_status_of(const struct tarn_error *err)
{
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        if (statuses[i].code == err->code && (statuses[i].detail == NULL || strcmp(statuses[i].detail, err->detail) == 0)) {
            return statuses[i].http;
        }
    }
    return 500; /* CORRUPT, IO, COMMIT_UNKNOWN, INTERNAL: ours */
}

static enum tarn_status to_file(struct reply *reply, struct spool *spool, struct tarn_error *err)
{
    if (!reply->spooled) {
        TARN_TOOL_TRY(spool_file_open(spool, "", &reply->file, err));
        reply->spooled = true;
    }
    TARN_TOOL_TRY(spool_file_write(&reply->file, reply->data, reply->size, err));
    reply->size = 0;
    return TARN_OK;
}

enum tarn_status reply_add(struct reply *reply, struct spool *spool, uint64_t most, const void *bytes, size_t size, struct tarn_error *err)
{
    if (size > most || reply->total > most - size) {
        return tool_error(err, TARN_LIMIT, "answer", "the answer is larger than %llu bytes: ask for less, as with LIMIT",
                          (unsigned long long)most);
    }
    reply->total += size;
    if (reply->size + size > MOST_IN_MEMORY) {
        TARN_TOOL_TRY(to_file(reply, spool, err));
        if (size > MOST_IN_MEMORY) {
            return spool_file_write(&reply->file, bytes, size, err);
        }
    }
    if (reply->size + size > reply->room) {
        size_t room = reply->room * 2 > 4096 ? reply->room * 2 : 4096;
        room = room > reply->size + size ? room : reply->size + size;
        char *larger = realloc(reply->data, room);
        if (larger == NULL) {
            return tool_error(err, TARN_NOMEM, "memory", "no memory for the answer");
        }
        reply->data = larger;
        reply->room = room;
    }
    if (size != 0) {
        memcpy(reply->data + reply->size, bytes, size);
    }
    reply->size += size;
    return TARN_OK;
}

void reply_free(struct reply *reply)
{
    if (reply->spooled) {
        spool_file_end(&reply->file);
    }
    free(reply->data);
    memset(reply, 0, sizeof(*reply));
}

void reply_reset(struct reply *reply)
{
    reply_free(reply);
}

FILE *reply_document(struct reply *reply)
{
    reply_reset(reply);
    return open_memstream(&reply->data, &reply->size);
}

void reply_document_end(struct reply *reply, FILE *document, unsigned status, const char *type)
{
    const bool whole = document != NULL && fclose(document) == 0 && reply->data != NULL;
    reply->total = whole ? reply->size : 0;
    reply->room = whole ? reply->size : 0;
    reply->status = whole ? status : 500; /* what was done is done, and cannot be told */
    reply->type = type;
}

/* A text with every "LAKE/" and "CATALOG#" taken out of it. */
static void without_folder(const char *text, const char *lake, char *out, size_t room)
{
    const size_t size = strlen(lake);
    size_t at = 0;
    while (*text != '\0' && at + 1 < room) {
        if (size > 1 && strncmp(text, lake, size) == 0 && (text[size] == '/' || text[size] == '#')) {
            text += size + 1;
        } else {
            out[at++] = *text++;
        }
    }
    out[at] = '\0';
}

static void put_text(FILE *to, const char *name, const char *value, const char *lake)
{
    char text[512];
    without_folder(value, lake, text, sizeof(text));
    if (text[0] != '\0') {
        fprintf(to, ",\"%s\":", name);
        json_string(to, text_of(text));
    }
}

static void put_place(FILE *to, const char *name, int64_t value)
{
    if (value >= 0) {
        fprintf(to, ",\"%s\":%lld", name, (long long)value);
    }
}

void reply_error(struct reply *reply, const char *lake, const struct tarn_error *err)
{
    FILE *to = reply_document(reply);
    const struct tarn_error copy = *err;
    if (to != NULL) {
        fprintf(to, "{\"error\":{\"code\":\"%s\"", tarn_status_name(copy.code));
        put_text(to, "detail", copy.detail, lake);
        fputs(",\"message\":", to);
        char message[sizeof(copy.message)];
        without_folder(copy.message[0] != '\0' ? copy.message : tarn_status_meaning(copy.code), lake, message, sizeof(message));
        json_string(to, text_of(message));
        put_text(to, "object", copy.object, lake);
        put_text(to, "column", copy.column, lake);
        put_place(to, "row_group", copy.row_group);
        put_place(to, "row", copy.row);
        put_place(to, "offset", copy.offset);
        put_place(to, "version", copy.table_version);
        fputs("}}\n", to);
    }
    reply_document_end(reply, to, http_status_of(&copy), "application/json");
    reply->err = copy;
}
