/* SPDX-License-Identifier: Apache-2.0
 *
 * /query: one statement, confined to the lake's tables, its rows in the form that was asked for.
 *
 * Invariants
 *  1. Nothing is run unless the whole text is one statement.
 *  2. GET changes nothing, whatever the token.
 *  3. The answer is whole before it is sent (reply.h): rows that fail in the middle are an error, not a short answer.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tools/tarn/command.h"
#include "tools/tarn/file_input.h"
#include "tools/tarn/serve/query_body.h"
#include "tools/tarn/serve/request.h"

enum rows_form { ROWS_JSON, ROWS_CSV, ROWS_NDJSON, ROWS_ARROW, ROWS_FORMS };

static const struct {
    const char *word; /* of ?format= */
    const char *type;
    const char *content_type;
} forms[] = {
    [ROWS_JSON] = {"json", "application/json", "application/json"},
    [ROWS_CSV] = {"csv", "text/csv", "text/csv; charset=utf-8; header=present"},
    [ROWS_NDJSON] = {"ndjson", "application/x-ndjson", "application/x-ndjson"},
    [ROWS_ARROW] = {"arrow", "application/vnd.apache.arrow.stream", "application/vnd.apache.arrow.stream"},
};

/* ---- which form ---- */

/* One media range of Accept: does it take `type`? */
static bool range_takes(const char *range, size_t size, const char *type)
{
    const size_t group = (size_t)(strchr(type, '/') - type) + 1;
    return (size == 3 && memcmp(range, "*/*", 3) == 0) || (size == strlen(type) && strncasecmp(range, type, size) == 0) ||
           (size == group + 1 && range[group] == '*' && strncasecmp(range, type, group) == 0);
}

/* The quality behind a media range in thousandths. */
static int quality_of(const char *at, size_t size)
{
    for (size_t i = 0; i + 2 < size; i++) {
        if (at[i] == ';') {
            size_t k = i + 1;
            while (k < size && at[k] == ' ') {
                k++;
            }
            if (k + 2 < size && (at[k] == 'q' || at[k] == 'Q') && at[k + 1] == '=') {
                int quality = at[k + 2] == '1' ? 1000 : 0;
                int unit = 100;
                for (size_t d = k + 4; quality == 0 && d < size && at[d] >= '0' && at[d] <= '9' && unit > 0; d++, unit /= 10) {
                    quality += (at[d] - '0') * unit;
                }
                return quality;
            }
        }
    }
    return 1000;
}

static enum tarn_status form_by_accept(struct tarn_text accept, enum rows_form *out, struct tarn_error *err)
{
    int best = 0;
    for (size_t at = 0; at < accept.size;) {
        const char *range = accept.data + at;
        const char *comma = memchr(range, ',', accept.size - at);
        const size_t whole = comma != NULL ? (size_t)(comma - range) : accept.size - at;
        size_t first = 0;
        while (first < whole && (range[first] == ' ' || range[first] == '\t')) {
            first++;
        }
        size_t size = first;
        while (size < whole && range[size] != ';' && range[size] != ' ') {
            size++;
        }
        const int quality = quality_of(range, whole);
        for (int form = 0; form < ROWS_FORMS; form++) {
            if (quality > best && range_takes(range + first, size - first, forms[form].type)) {
                best = quality;
                *out = (enum rows_form)form;
            }
        }
        at += whole + 1;
    }
    return best > 0 ? TARN_OK
                    : tool_error(err, TARN_INVALID, "accept",
                                 "rows come as application/json, text/csv, application/x-ndjson or application/vnd.apache.arrow.stream");
}

static enum tarn_status form_asked(const struct request *request, enum rows_form *out, struct tarn_error *err)
{
    const struct tarn_text word = request_parameter(request, "format");
    const struct tarn_text accept = request_header(request, "Accept");
    *out = ROWS_JSON;
    for (int form = 0; word.data != NULL && form < ROWS_FORMS; form++) {
        if (word.size == strlen(forms[form].word) && memcmp(word.data, forms[form].word, word.size) == 0) {
            *out = (enum rows_form)form;
            return TARN_OK;
        }
    }
    return accept.size != 0 && word.data == NULL ? form_by_accept(accept, out, err) : TARN_OK;
}

/* ---- rows into the reply ---- */

static enum tarn_status add(struct request *request, const void *bytes, size_t size, struct tarn_error *err)
{
    return reply_add(&request->reply, &request->server->spool, request->server->limits.body, bytes, size, err);
}

static enum tarn_status write_reply(void *ctx, struct tarn_span bytes, struct tarn_error *err)
{
    return add(ctx, bytes.data, bytes.size, err);
}

static enum tarn_status open_sink(struct request *request, const struct tarn_schema *schema, enum rows_form form, struct tarn_sink **out,
                                  struct tarn_error *err)
{
    const struct tarn_byte_sink to = {request, write_reply};
    if (form == ROWS_CSV) {
        return tarn_csv_create_stream(request->env, to, schema, NULL, out, err);
    }
    if (form == ROWS_ARROW) {
        return tarn_arrow_ipc_create_stream(request->env, to, schema, NULL, out, err);
    }
    struct tarn_json_write_options options = TARN_JSON_WRITE_OPTIONS_INIT;
    options.array = form == ROWS_JSON;
    return tarn_json_create_stream(request->env, to, schema, &options, out, err);
}

/* {"columns":[...],"rows": */
static enum tarn_status begin_document(struct request *request, const struct tarn_schema *schema, struct tarn_error *err)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    if (to == NULL) {
        return tool_error(err, TARN_NOMEM, "memory", "no memory");
    }
    fputs("{\"columns\":[", to);
    for (uint32_t i = 0; i < schema->field_count; i++) {
        char type[2048];
        tarn_type_format(schema->fields[i].type, type, sizeof(type));
        fputs(i == 0 ? "{\"name\":" : ",{\"name\":", to);
        json_string(to, schema->fields[i].name);
        fputs(",\"type\":", to);
        json_string(to, text_of(type));
        fputc('}', to);
    }
    fputs("],\"rows\":", to);
    const bool whole = fclose(to) == 0;
    const enum tarn_status status = whole ? add(request, text, size, err) : tool_error(err, TARN_NOMEM, "memory", "no memory");
    free(text);
    return status;
}

static enum tarn_status copy_rows(struct request *request, struct tarn_query *query, struct tarn_sink *sink, uint64_t *rows,
                                  struct tarn_error *err)
{
    const uint64_t most = request->server->limits.rows;
    struct tarn_batch *batch = NULL;
    enum tarn_status status;
    while ((status = tarn_query_next(query, &batch, err)) == TARN_OK && batch != NULL) {
        *rows += batch->selection.count;
        if (*rows > most) {
            status = tool_error(err, TARN_LIMIT, "rows", "the answer has more than %llu rows: ask for less, as with LIMIT",
                                (unsigned long long)most);
            break;
        }
        status = tarn_sink_write(sink, batch, err);
        if (status != TARN_OK) {
            break;
        }
    }
    if (status != TARN_OK) {
        tarn_sink_abort(sink);
        return status;
    }
    return tarn_sink_finish(sink, err);
}

static enum tarn_status answer_rows(struct request *request, struct tarn_query *query, enum rows_form form, struct tarn_error *err)
{
    const struct tarn_schema *schema = tarn_query_schema(query);
    struct tarn_sink *sink = NULL;
    uint64_t rows = 0;
    reply_reset(&request->reply);
    if (form == ROWS_JSON) {
        TARN_TOOL_TRY(begin_document(request, schema, err));
    }
    TARN_TOOL_TRY(open_sink(request, schema, form, &sink, err));
    TARN_TOOL_TRY(copy_rows(request, query, sink, &rows, err));
    if (form == ROWS_JSON) {
        char end[64];
        const int size = snprintf(end, sizeof(end), ",\"row_count\":%llu}\n", (unsigned long long)rows);
        TARN_TOOL_TRY(add(request, end, (size_t)size, err));
    }
    request->reply.status = 200;
    request->reply.type = forms[form].content_type;
    request->server->metrics.rows_answered += rows;
    return TARN_OK;
}

static void answer_change(struct request *request, const struct tarn_query_info *info)
{
    static const char *const words[] = {[TARN_STATEMENT_DELETE] = "DELETE",
                                        [TARN_STATEMENT_UPDATE] = "UPDATE",
                                        [TARN_STATEMENT_INSERT] = "INSERT",
                                        [TARN_STATEMENT_CREATE] = "CREATE",
                                        [TARN_STATEMENT_ALTER] = "ALTER"};
    const char *word = info->kind <= TARN_STATEMENT_ALTER && words[info->kind] != NULL ? words[info->kind] : "OTHER";
    FILE *to = reply_document(&request->reply);
    if (to != NULL) {
        fprintf(to, "{\"statement\":\"%s\",\"rows_changed\":%llu,\"version\":", word, (unsigned long long)info->rows_changed);
        if (info->version != -1) {
            fprintf(to, "%lld}\n", (long long)info->version);
        } else {
            fputs("null}\n", to);
        }
    }
    reply_document_end(&request->reply, to, 200, "application/json");
}

/* ---- the statement ---- */

static enum tarn_status run(struct request *request, struct query_body *body, struct tarn_error *err)
{
    struct tarn_query_options options = TARN_QUERY_OPTIONS_INIT;
    struct tarn_query *query = NULL;
    enum rows_form form;
    TARN_TOOL_TRY(form_asked(request, &form, err));
    if (!is_plain_utf8(body->sql)) {
        return tool_error(err, TARN_INVALID, "sql", "the statement is no UTF-8");
    }
    options.lake = text_of(request->server->lake);
    options.confined = true;
    options.single = true;
    options.read_only = request->scope < SCOPE_WRITE || strcmp(request->route->method, "GET") == 0;
    options.parameters = body->parameters;
    options.parameter_count = body->parameter_count;
    enum tarn_status status = tarn_query_open(request->env, body->sql, &options, &query, err);
    if (status == TARN_INVALID && strcmp(err->detail, "read_only") == 0) {
        return tool_error(err, TARN_AUTH, "scope", "%s",
                          request->scope < SCOPE_WRITE ? "this token reads only" : "GET changes nothing: send the statement with POST");
    }
    if (status == TARN_OK) {
        const struct tarn_query_info info = tarn_query_info(query);
        if (info.kind == TARN_STATEMENT_NONE) {
            status = tool_error(err, TARN_INVALID, "sql", "there is no statement");
        } else if (tarn_query_schema(query)->field_count != 0) {
            status = answer_rows(request, query, form, err);
        } else {
            answer_change(request, &info);
        }
    }
    tarn_query_close(query);
    return status;
}

void endpoint_query(struct request *request)
{
    struct tarn_error err = TARN_ERROR_INIT;
    struct query_body body;
    enum tarn_status status = TARN_OK;
    if (request->route->body != NULL) {
        char empty[1] = "";
        status = query_body_parse(request->body != NULL ? request->body : empty, request->body_size, &body, &err);
    } else {
        memset(&body, 0, sizeof(body));
        body.sql = request_parameter(request, "sql");
    }
    status = status == TARN_OK ? run(request, &body, &err) : status;
    if (status != TARN_OK) {
        request_fail(request, &err);
    }
}
