/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of what the server answers to, and looking things up in it.
 */
#include "tools/tarn/serve/routes.h"

#include <string.h>

#include "tools/tarn/file_input.h"

enum { MOST_NAME = 200, MOST_KEY_SIZE = 255 };

static const uint16_t fails_public[] = {400, 403, 405, 408, 413, 503, 0};
static const uint16_t fails_read[] = {400, 401, 403, 404, 405, 408, 413, 422, 500, 503, 0};
static const uint16_t fails_query[] = {400, 401, 403, 404, 405, 406, 408, 409, 413, 415, 422, 500, 503, 0};
static const uint16_t fails_ingest[] = {400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 500, 503, 0};

#define ANSWER(description, type, schema) "\"200\":{\"description\":\"" description "\",\"content\":{\"" type "\":{\"schema\":" schema "}}}"

#define TABLE_PARAMETER                                                                                                                    \
    {                                                                                                                                      \
        "table", IN_PATH, PARAMETER_TABLE, true, NULL, "a table of the lake: name, or namespace.name"                                      \
    }

static const char query_answers[] = "\"200\":{\"description\":\"the rows, or what a statement changed\",\"content\":{"
                                    "\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/QueryAnswer\"}},"
                                    "\"text/csv\":{\"schema\":{\"type\":\"string\"}},"
                                    "\"application/x-ndjson\":{\"schema\":{\"type\":\"string\"}},"
                                    "\"application/vnd.apache.arrow.stream\":{\"schema\":{\"type\":\"string\",\"contentMediaType\":"
                                    "\"application/vnd.apache.arrow.stream\"}}}}";

static const char ingest_answers[] =
    "\"200\":{\"description\":\"the rows are in the table and on disk; or they were before (replayed)\",\"content\":{\"application/json\":{"
    "\"schema\":{\"$ref\":\"#/components/schemas/Ingested\"}}}},"
    "\"201\":{\"description\":\"the table was made, with the rows\",\"content\":{\"application/json\":{"
    "\"schema\":{\"$ref\":\"#/components/schemas/Ingested\"}}}}";

static const char ingest_body[] =
    "{\"required\":true,\"description\":\"the rows: one file, or several of equal columns as multipart/form-data. Content-Encoding may be "
    "gzip or zstd for CSV and JSON\",\"content\":{"
    "\"text/csv\":{\"schema\":{}},"
    "\"text/tab-separated-values\":{\"schema\":{}},"
    "\"application/json\":{\"schema\":{\"oneOf\":[{\"type\":\"object\"},{\"type\":\"array\",\"items\":{\"type\":\"object\"}}]}},"
    "\"application/x-ndjson\":{\"schema\":{}},"
    "\"application/vnd.apache.parquet\":{\"schema\":{}},"
    "\"application/vnd.apache.arrow.stream\":{\"schema\":{}},"
    "\"application/octet-stream\":{\"schema\":{}},"
    "\"multipart/form-data\":{\"schema\":{\"type\":\"object\",\"minProperties\":1,\"additionalProperties\":{\"type\":\"string\","
    "\"contentMediaType\":\"application/octet-stream\"}}}}}";

static const char query_body[] =
    "{\"required\":true,\"content\":{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/Query\"}}}}";

const struct route routes[] = {
    {
        .method = "POST",
        .path = "/ingest/{table}",
        .name = "ingest",
        .scope = SCOPE_WRITE,
        .run = endpoint_ingest,
        .summary = "Put rows into a table, as one commit; the table is made when it is not there",
        .parameters = {TABLE_PARAMETER,
                       {"mode", IN_QUERY, PARAMETER_CHOICE, false, "append,overwrite,error",
                        "when the table is there: append (default), overwrite, or error"},
                       {"table_format", IN_QUERY, PARAMETER_CHOICE, false, "delta,iceberg", "format of a table that is made"},
                       {"Idempotency-Key", IN_HEADER, PARAMETER_KEY, false, NULL,
                        "the same key with the same rows is answered with the first result, whether or not its answer arrived; with "
                        "other rows it is refused with 422"}},
        .body = ingest_body,
        .answers = ingest_answers,
        .fails = fails_ingest,
    },
    {
        .method = "GET",
        .path = "/query",
        .name = "query",
        .scope = SCOPE_READ,
        .run = endpoint_query,
        .summary = "Run one SQL statement that changes nothing",
        .parameters = {{"sql", IN_QUERY, PARAMETER_TEXT, true, NULL, "the statement; tables go by their names"},
                       {"format", IN_QUERY, PARAMETER_CHOICE, false, "json,csv,ndjson,arrow", "form of the rows, over the Accept header"}},
        .answers = query_answers,
        .fails = fails_query,
    },
    {
        .method = "POST",
        .path = "/query",
        .name = "execute",
        .scope = SCOPE_READ,
        .run = endpoint_query,
        .summary = "Run one SQL statement with parameters; one that changes a table needs a write token",
        .parameters = {{"format", IN_QUERY, PARAMETER_CHOICE, false, "json,csv,ndjson,arrow", "form of the rows, over the Accept header"}},
        .body = query_body,
        .answers = query_answers,
        .fails = fails_query,
    },
    {
        .method = "GET",
        .path = "/tables",
        .name = "tables",
        .scope = SCOPE_READ,
        .run = endpoint_tables,
        .summary = "The tables of the lake",
        .answers = ANSWER("their names", "application/json", "{\"$ref\":\"#/components/schemas/Tables\"}"),
        .fails = fails_read,
    },
    {
        .method = "GET",
        .path = "/tables/{table}",
        .name = "table",
        .scope = SCOPE_READ,
        .run = endpoint_table,
        .summary = "One table: columns, version, size",
        .parameters = {TABLE_PARAMETER, {"version", IN_QUERY, PARAMETER_NUMBER, false, NULL, "as of this version"}},
        .answers = ANSWER("the table", "application/json", "{\"$ref\":\"#/components/schemas/Table\"}"),
        .fails = fails_read,
    },
    {
        .method = "GET",
        .path = "/tables/{table}/history",
        .name = "history",
        .scope = SCOPE_READ,
        .run = endpoint_history,
        .summary = "The commits of a table, newest first",
        .parameters = {TABLE_PARAMETER, {"limit", IN_QUERY, PARAMETER_NUMBER, false, NULL, "so many (default 100)"}},
        .answers = ANSWER("the commits", "application/json", "{\"$ref\":\"#/components/schemas/History\"}"),
        .fails = fails_read,
    },
    {
        .method = "GET",
        .path = "/healthz",
        .name = "health",
        .at_once = true,
        .run = endpoint_health,
        .summary = "Is the server there?",
        .answers = ANSWER("it is", "application/json", "{\"$ref\":\"#/components/schemas/Health\"}"),
        .fails = fails_public,
    },
    {
        .method = "GET",
        .path = "/metrics",
        .name = "metrics",
        .scope = SCOPE_READ,
        .at_once = true,
        .run = endpoint_metrics,
        .summary = "Counters for Prometheus",
        .answers = ANSWER("text exposition format 0.0.4", "text/plain", "{\"type\":\"string\"}"),
        .fails = fails_read,
    },
    {
        .method = "GET",
        .path = "/openapi.json",
        .name = "openapi",
        .at_once = true,
        .run = endpoint_openapi,
        .summary = "This description",
        .answers = ANSWER("OpenAPI 3.1", "application/json", "{\"type\":\"object\"}"),
        .fails = fails_public,
    },
    {
        .method = "GET",
        .path = "/",
        .name = "page",
        .at_once = true,
        .run = endpoint_page,
        .summary = "A page to try all this",
        .answers = ANSWER("the page", "text/html", "{\"type\":\"string\"}"),
        .fails = fails_public,
    },
    {
        .method = "GET",
        .path = "/page.js",
        .name = "page_script",
        .at_once = true,
        .run = endpoint_page_script,
        .summary = "The page's script",
        .answers = ANSWER("the script", "text/javascript", "{\"type\":\"string\"}"),
        .fails = fails_public,
    },
    {
        .method = "GET",
        .path = "/page.css",
        .name = "page_style",
        .at_once = true,
        .run = endpoint_page_style,
        .summary = "The page's style",
        .answers = ANSWER("the style", "text/css", "{\"type\":\"string\"}"),
        .fails = fails_public,
    },
};
const uint32_t route_count = (uint32_t)(sizeof(routes) / sizeof(routes[0]));

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool ends_with(const char *name, size_t size, const char *end)
{
    const size_t tail = strlen(end);
    return size >= tail && memcmp(name + size - tail, end, tail) == 0;
}

/*
 * Each part between dots begins with a letter or digit: no "..", nothing hidden, nothing that a table keeps for itself. A name that reads
 * as that of a metadata file would stand for the table of that file.
 */
bool table_name_is_legal(const char *name, size_t size)
{
    bool first = true;
    if (ends_with(name, size, ".metadata.json") || ends_with(name, size, ".metadata.json.gz")) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        const char c = name[i];
        if (!is_alphanumeric(c) && (first || (c != '_' && c != '-' && c != '.'))) {
            return false;
        }
        first = c == '.';
    }
    return size != 0 && size <= MOST_NAME && !first;
}

/* Does `path` match `pattern`? The segment that stands for {table} is handed out. */
static bool path_matches(const char *pattern, const char *path, const char **segment, size_t *size)
{
    while (*pattern != '\0') {
        if (*pattern == '{') {
            *segment = path;
            *size = strcspn(path, "/");
            path += *size;
            pattern += strcspn(pattern, "}") + 1;
            if (*size == 0) {
                return false;
            }
        } else if (*pattern++ != *path++) {
            return false;
        }
    }
    return *path == '\0';
}

enum tarn_status route_find(const char *method, const char *path, const struct route **out, char *table, size_t room, char *allow,
                            size_t allow_room, struct tarn_error *err)
{
    const char *segment = NULL;
    size_t size = 0;
    size_t at = 0;
    *out = NULL;
    table[0] = '\0';
    allow[0] = '\0';
    method = strcmp(method, "HEAD") == 0 ? "GET" : method;
    for (uint32_t i = 0; i < route_count && *out == NULL; i++) {
        if (!path_matches(routes[i].path, path, &segment, &size)) {
            continue;
        }
        if (strcmp(routes[i].method, method) == 0) {
            *out = &routes[i];
        } else if (at < allow_room) {
            at += (size_t)snprintf(allow + at, allow_room - at, "%s%s", at != 0 ? ", " : "", routes[i].method);
        }
    }
    if (*out == NULL) {
        return allow[0] != '\0'
                   ? tool_error(err, TARN_INVALID, "method", "this path takes %s", allow)
                   : tool_error(err, TARN_NOT_FOUND, "path", "there is nothing at this path; /openapi.json lists what there is");
    }
    if (segment != NULL) {
        if (!table_name_is_legal(segment, size) || size >= room) {
            return tool_error(err, TARN_INVALID, "table_name",
                              "a table's name is made of letters, digits, '_', '-' and '.', each part beginning with a letter or digit, %d "
                              "characters at most",
                              MOST_NAME);
        }
        memcpy(table, segment, size);
        table[size] = '\0';
    }
    return TARN_OK;
}

static bool is_choice(const char *choices, struct tarn_text value)
{
    while (*choices != '\0') {
        const size_t size = strcspn(choices, ",");
        if (size == value.size && memcmp(choices, value.data, size) == 0) {
            return true;
        }
        choices += size + (choices[size] == ',');
    }
    return false;
}

enum tarn_status parameter_check(const struct parameter *parameter, struct tarn_text value, struct tarn_error *err)
{
    bool good = true;
    int64_t number = 0;
    switch (parameter->kind) {
    case PARAMETER_TABLE:
    case PARAMETER_TEXT:
        break;
    case PARAMETER_NUMBER:
        good = value.size != 0;
        for (size_t i = 0; good && i < value.size; i++) {
            good = value.data[i] >= '0' && value.data[i] <= '9' && !__builtin_mul_overflow(number, 10, &number) &&
                   !__builtin_add_overflow(number, value.data[i] - '0', &number);
        }
        return good ? TARN_OK : tool_error(err, TARN_INVALID, "parameter", "%s is a whole number of 63 bits", parameter->name);
    case PARAMETER_CHOICE:
        return is_choice(parameter->choices, value)
                   ? TARN_OK
                   : tool_error(err, TARN_INVALID, "parameter", "%s is one of: %s", parameter->name, parameter->choices);
    case PARAMETER_KEY:
        good = value.size != 0 && value.size <= MOST_KEY_SIZE;
        for (size_t i = 0; good && i < value.size; i++) {
            good = value.data[i] > 0x20 && value.data[i] < 0x7f && value.data[i] != '"' && value.data[i] != '\\';
        }
        return good ? TARN_OK
                    : tool_error(err, TARN_INVALID, "parameter", "%s is made of visible ASCII without quotes and backslashes, 1 to %d",
                                 parameter->name, MOST_KEY_SIZE);
    }
    return TARN_OK;
}
