/* SPDX-License-Identifier: Apache-2.0
 *
 * Bodies as they arrive: which media types there are, multipart, limits, into the spool. Nothing is parsed here that could take long.
 */
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tools/tarn/command.h"
#include "tools/tarn/file_input.h"
#include "tools/tarn/serve/request.h"

enum { FORM_BUFFER = 64 * 1024 };

static const struct {
    const char *name;
    enum tarn_file_format format;
    char delimiter;
} media_types[] = {
    {"text/csv", TARN_FILE_CSV, 0},
    {"application/csv", TARN_FILE_CSV, 0},
    {"text/tab-separated-values", TARN_FILE_CSV, '\t'},
    {"application/json", TARN_FILE_JSON, 0},
    {"application/x-ndjson", TARN_FILE_JSON, 0},
    {"application/ndjson", TARN_FILE_JSON, 0},
    {"application/jsonl", TARN_FILE_JSON, 0},
    {"application/x-jsonlines", TARN_FILE_JSON, 0},
    {"application/vnd.apache.parquet", TARN_FILE_PARQUET, 0},
    {"application/x-parquet", TARN_FILE_PARQUET, 0},
    {"application/parquet", TARN_FILE_PARQUET, 0},
    {"application/vnd.apache.arrow.stream", TARN_FILE_ARROW, 0},
    {"application/vnd.apache.arrow.file", TARN_FILE_ARROW, 0},
    {"application/octet-stream", TARN_FILE_AUTO, 0},
};

static const struct {
    const char *name;
    const char *encoding; /* as the CSV reader calls it */
} charsets[] = {{"utf-8", "utf-8"},   {"utf8", "utf-8"},        {"us-ascii", "utf-8"},    {"iso-8859-1", "latin1"},
                {"latin1", "latin1"}, {"utf-16le", "utf-16le"}, {"utf-16be", "utf-16be"}, {"windows-1252", "windows-1252"}};

/* The value of `name` behind a media type ("; charset=utf-8"), without quotes; empty: not there. */
static struct tarn_text type_parameter(struct tarn_text type, const char *name)
{
    const size_t size = strlen(name);
    for (size_t i = 0; i < type.size; i++) {
        if (type.data[i] != ';') {
            continue;
        }
        size_t at = i + 1;
        while (at < type.size && (type.data[at] == ' ' || type.data[at] == '\t')) {
            at++;
        }
        if (type.size - at > size && strncasecmp(type.data + at, name, size) == 0 && type.data[at + size] == '=') {
            at += size + 1;
            const bool quoted = at < type.size && type.data[at] == '"';
            at += quoted;
            size_t end = at;
            while (end < type.size && type.data[end] != '"' && type.data[end] != ';' && type.data[end] != ' ') {
                end++;
            }
            return (struct tarn_text){type.data + at, end - at};
        }
    }
    return (struct tarn_text){NULL, 0};
}

static bool is_word(struct tarn_text text, const char *word)
{
    return text.size == strlen(word) && strncasecmp(text.data, word, text.size) == 0;
}

/* The type itself, without parameters and spaces. */
static struct tarn_text bare_type(struct tarn_text type)
{
    size_t size = 0;
    while (size < type.size && type.data[size] != ';' && type.data[size] != ' ' && type.data[size] != '\t') {
        size++;
    }
    return (struct tarn_text){type.data, size};
}

static enum tarn_status take_type(struct tarn_text type, struct part *part, struct tarn_error *err)
{
    const struct tarn_text bare = bare_type(type);
    bool known = false;
    for (size_t i = 0; !known && i < sizeof(media_types) / sizeof(media_types[0]); i++) {
        known = is_word(bare, media_types[i].name);
        part->format = known ? media_types[i].format : part->format;
        part->delimiter = known ? media_types[i].delimiter : part->delimiter;
    }
    if (!known) {
        return tool_error(err, TARN_INVALID, "media_type",
                          "Content-Type \"%.*s\" is none that can be taken in: say text/csv, application/json, application/x-ndjson, "
                          "application/vnd.apache.parquet, application/vnd.apache.arrow.stream or multipart/form-data",
                          (int)(bare.size > 100 ? 100 : bare.size), bare.data);
    }
    const struct tarn_text charset = type_parameter(type, "charset");
    if (charset.size != 0) {
        known = false;
        for (size_t i = 0; !known && i < sizeof(charsets) / sizeof(charsets[0]); i++) {
            known = is_word(charset, charsets[i].name);
            snprintf(part->encoding, sizeof(part->encoding), "%s", charsets[i].encoding);
        }
        if (!known || (part->format != TARN_FILE_CSV && strcmp(part->encoding, "utf-8") != 0)) {
            return tool_error(err, TARN_INVALID, "media_type", "charset \"%.*s\" is none that can be taken in",
                              (int)(charset.size > 40 ? 40 : charset.size), charset.data);
        }
    }
    const struct tarn_text header = type_parameter(type, "header");
    part->header = is_word(header, "present") ? TARN_CHOICE_YES : is_word(header, "absent") ? TARN_CHOICE_NO : TARN_CHOICE_AUTO;
    return TARN_OK;
}

/* ".csv" of "export.csv" and of "export.csv.gz". */
static void ending_of(const char *name, char ending[16])
{
    size_t size = strlen(name);
    if (size > 3 && strcasecmp(name + size - 3, ".gz") == 0) {
        size -= 3;
    } else if (size > 4 && strcasecmp(name + size - 4, ".zst") == 0) {
        size -= 4;
    }
    size_t dot = size;
    while (dot > 0 && name[dot - 1] != '.' && name[dot - 1] != '/') {
        dot--;
    }
    ending[0] = '\0';
    if (dot > 0 && name[dot - 1] == '.' && size - dot < 10) {
        snprintf(ending, 16, "%.*s", (int)(size - dot + 1), name + dot - 1);
    }
}

static enum tarn_status new_part(struct request *request, const char *name, struct part **out, struct tarn_error *err)
{
    char ending[16];
    if (request->part_count == MOST_PARTS) {
        return tool_error(err, TARN_LIMIT, "body", "more than %d files in one request", MOST_PARTS);
    }
    struct part *larger = realloc(request->parts, (request->part_count + 1) * sizeof(*larger));
    if (larger == NULL) {
        return tool_error(err, TARN_NOMEM, "memory", "no memory for the body");
    }
    request->parts = larger;
    ending_of(name, ending);
    *out = &request->parts[request->part_count];
    memset(*out, 0, sizeof(**out));
    TARN_TOOL_TRY(spool_file_open(&request->server->spool, ending, &(*out)->file, err));
    request->part_count++;
    return request_header(request, "Idempotency-Key").size != 0 ? spool_file_hash(&(*out)->file, err) : TARN_OK;
}

/* ---- multipart/form-data ---- */

static enum tarn_status take_form(struct request *request, const char *key, const char *name, const char *type, const char *data,
                                  uint64_t offset, size_t size)
{
    struct part *part = request->part_count != 0 ? &request->parts[request->part_count - 1] : NULL;
    if (name == NULL) {
        return tool_error(&request->err, TARN_INVALID, "form", "the form's field \"%.60s\" is no file; parameters go into the query string",
                          key != NULL ? key : "");
    }
    if (offset == 0) {
        TARN_TOOL_TRY(new_part(request, name, &part, &request->err));
        const struct tarn_text text = text_of(type != NULL ? type : "");
        const struct tarn_text bare = bare_type(text);
        /* Browsers say text/plain of what they do not know: then the name and the bytes decide. */
        if (bare.size != 0 && !is_word(bare, "text/plain") && !is_word(bare, "application/vnd.ms-excel")) {
            TARN_TOOL_TRY(take_type(text, part, &request->err));
        }
    }
    return part == NULL ? TARN_OK : spool_file_write(&part->file, data, size, &request->err);
}

static enum MHD_Result on_form_data(void *cls, enum MHD_ValueKind kind, const char *key, const char *name, const char *type,
                                    const char *encoding, const char *data, uint64_t offset, size_t size)
{
    struct request *request = cls;
    (void)kind;
    (void)encoding;
    return take_form(request, key, name, type, data, offset, size) == TARN_OK ? MHD_YES : MHD_NO;
}

/* ---- the body of a request ---- */

static enum tarn_status begin_ingest(struct request *request, struct tarn_error *err)
{
    const struct tarn_text type = request_header(request, "Content-Type");
    const struct tarn_text encoding = request_header(request, "Content-Encoding");
    const bool plain = encoding.size == 0 || is_word(encoding, "identity");
    struct part *part;
    if (!plain && !is_word(encoding, "gzip") && !is_word(encoding, "zstd")) {
        return tool_error(err, TARN_INVALID, "media_type", "Content-Encoding is gzip, zstd or identity");
    }
    if (is_word(bare_type(type), "multipart/form-data")) {
        if (!plain) {
            return tool_error(err, TARN_INVALID, "media_type", "a form cannot be compressed as a whole; its files can");
        }
        request->multipart = MHD_create_post_processor(request->connection, FORM_BUFFER, on_form_data, request);
        return request->multipart != NULL ? TARN_OK : tool_error(err, TARN_INVALID, "media_type", "multipart/form-data without a boundary");
    }
    struct part probe = {0};
    TARN_TOOL_TRY(take_type(type, &probe, err));
    if (!plain && (probe.format == TARN_FILE_PARQUET || probe.format == TARN_FILE_ARROW)) {
        return tool_error(err, TARN_INVALID, "media_type",
                          "Parquet and Arrow have compression of their own: send them without Content-Encoding");
    }
    TARN_TOOL_TRY(new_part(request, "", &part, err));
    probe.file = part->file;
    probe.gzip = is_word(encoding, "gzip");
    *part = probe;
    return TARN_OK;
}

static uint64_t body_limit(const struct request *request)
{
    const uint64_t most = request->server->limits.body;
    return request->route != NULL && request->route->run == endpoint_ingest ? most : most < MOST_QUERY_BODY ? most : MOST_QUERY_BODY;
}

static enum tarn_status too_large(const struct request *request, struct tarn_error *err)
{
    return tool_error(err, TARN_LIMIT, "body", "the body is larger than %llu bytes", (unsigned long long)body_limit(request));
}

enum tarn_status body_begin(struct request *request, struct tarn_error *err)
{
    const struct tarn_text length = request_header(request, "Content-Length");
    uint64_t bytes = 0;
    for (size_t i = 0; i < length.size && length.data[i] >= '0' && length.data[i] <= '9' && bytes < UINT64_MAX / 16; i++) {
        bytes = bytes * 10 + (uint64_t)(length.data[i] - '0');
    }
    if (bytes > body_limit(request)) {
        return too_large(request, err);
    }
    if (request->route->run == endpoint_ingest) {
        return begin_ingest(request, err);
    }
    if (request->route->body != NULL && !is_word(bare_type(request_header(request, "Content-Type")), "application/json")) {
        return tool_error(err, TARN_INVALID, "media_type", "Content-Type: application/json is wanted, with {\"sql\": \"...\"}");
    }
    return TARN_OK;
}

enum tarn_status body_take(struct request *request, const char *bytes, size_t size, struct tarn_error *err)
{
    request->received += size;
    if (request->received > body_limit(request)) {
        return too_large(request, err);
    }
    if (request->multipart != NULL) {
        const enum MHD_Result taken = MHD_post_process(request->multipart, bytes, size);
        if (request->err.code != TARN_OK) {
            *err = request->err;
            return err->code;
        }
        return taken == MHD_YES ? TARN_OK : tool_error(err, TARN_INVALID, "form", "the body is no multipart/form-data");
    }
    if (request->part_count != 0) {
        return spool_file_write(&request->parts[0].file, bytes, size, err);
    }
    if (request->route->body == NULL) {
        return TARN_OK; /* a body where none is wanted: passed over */
    }
    char *larger = realloc(request->body, request->body_size + size + 1);
    if (larger == NULL) {
        return tool_error(err, TARN_NOMEM, "memory", "no memory for the body");
    }
    memcpy(larger + request->body_size, bytes, size);
    request->body = larger;
    request->body_size += size;
    request->body[request->body_size] = '\0';
    return TARN_OK;
}

enum tarn_status body_end(struct request *request, struct tarn_error *err)
{
    if (request->multipart != NULL) {
        const enum MHD_Result whole = MHD_destroy_post_processor(request->multipart);
        request->multipart = NULL;
        if (request->err.code != TARN_OK) {
            *err = request->err;
            return err->code;
        }
        if (whole != MHD_YES) {
            return tool_error(err, TARN_INVALID, "form", "the form ends before its last boundary");
        }
    }
    if (request->route->run != endpoint_ingest) {
        return TARN_OK;
    }
    for (uint32_t i = 0; i < request->part_count; i++) {
        const struct part *part = &request->parts[i];
        if (part->file.size == 0) {
            return tool_error(err, TARN_INVALID, "body", "there is nothing in the body");
        }
        if (part->gzip && (part->file.size < 2 || part->file.first[0] != 0x1f || part->file.first[1] != 0x8b)) {
            return tool_error(err, TARN_INVALID, "body", "the body is said to be gzip, and is not");
        }
    }
    return request->part_count != 0 ? TARN_OK : tool_error(err, TARN_INVALID, "form", "the form holds no file");
}

void body_free(struct request *request)
{
    if (request->multipart != NULL) {
        MHD_destroy_post_processor(request->multipart);
        request->multipart = NULL;
    }
    for (uint32_t i = 0; i < request->part_count; i++) {
        spool_file_end(&request->parts[i].file);
    }
    free(request->parts);
    request->parts = NULL;
    request->part_count = 0;
    free(request->body);
    request->body = NULL;
}
